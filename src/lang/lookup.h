/* SPDX-License-Identifier: BSD-3-Clause */
/* lookup.h - references: "recipe.a.b", "steps.image-*", "current.ms.BASENAME", "x.list[0]".
 *
 * The first name is a namespace, the others lead through dictionaries (a key that contains dots
 * is found as if it were nested), with [n] through lists and texts, and end in an attribute of a
 * path. A name that is not there but contains * or ? stands for its last match in alphabetical
 * order.
 */
#pragma once

#include "lang/eval_internal.h"

struct sp_component {
    struct sp_str name; /* as written; digits for an index */
    bool bracket;       /* written [name] */
};

struct sp_reference {
    struct sp_str text; /* as written */
    struct sp_component *items;
    size_t len;
};

#define SP_REFERENCE_MAX 64 /* names in one reference */

enum sp_lookup_style {
    SP_LOOKUP_FORMULA, /* last name not there: MISSING */
    SP_LOOKUP_FIELD,   /* anything not there: UNRESOLVED, "{a.b}: invalid key b" */
};

/* The value, with {}-substitution where the namespace asks for it. */
struct sp_value sp_lookup(struct sp_eval *eval,
                          const struct sp_reference *reference,
                          enum sp_lookup_style style);

/* x[index] on lists, texts and mappings; ERROR with Python's meaning. */
struct sp_value sp_lookup_item(struct sp_eval *eval, struct sp_value base, struct sp_value index);

/* Of x[from:to:step]; SP_NULL for what is not given. */
struct sp_slice {
    struct sp_value from, to, step;
};

/* As Python does it: negative bounds count from the end, those outside are no error, a negative
 * step goes backwards. */
struct sp_value sp_lookup_slice(struct sp_eval *eval,
                                struct sp_value base,
                                const struct sp_slice *slice);
