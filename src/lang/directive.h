/* SPDX-License-Identifier: BSD-3-Clause */
/* directive.h - the keys of a configuration file that are instructions.
 *
 *     _include _use _scrub              at the top of a mapping: below all ordinary keys
 *     _include_post _use_post ...       at its end: above everything else
 *     _include_SUFFIX _use_SUFFIX ...   anywhere: above the keys before, below the keys behind
 */
#pragma once

#include "lang/diag.h"
#include "value/value.h"

enum sp_directive_kind {
    SP_DIRECTIVE_NONE, /* an ordinary key */
    SP_DIRECTIVE_INCLUDE,
    SP_DIRECTIVE_USE,
    SP_DIRECTIVE_SCRUB,
    SP_DIRECTIVE_FLATTEN, /* of old documentation; does nothing */
};

enum sp_directive_place {
    SP_DIRECTIVE_TOP,
    SP_DIRECTIVE_MIDDLE,
    SP_DIRECTIVE_END,
};

struct sp_directive {
    enum sp_directive_kind kind;
    enum sp_directive_place place; /* MIDDLE for an ordinary key */
    struct sp_str suffix;          /* "" for a bare one, "post", ... */
};

struct sp_directive sp_directive_of(struct sp_str key);

/* Has the mapping a directive of this kind and suffix? */
bool sp_directive_has(const struct sp_dict *dict, struct sp_directive directive);

/* The entry of the _scrub that belongs to this _include or _use, or NULL. The bare _scrub
 * belongs to _include where there are both. */
const struct sp_dict_entry *sp_directive_scrub(const struct sp_dict *dict,
                                               struct sp_directive directive);

/* Check where directives stand, in a tree as it was read from a file: once mappings are merged
 * the order of keys means nothing. Findings are warnings, or errors if `strict`. Of directives in
 * the wrong place there is one warning a file, and none for files of installed packages. */
void sp_directive_check(struct sp_value tree, bool strict, struct sp_diags *diags);
