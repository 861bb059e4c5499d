/* SPDX-License-Identifier: BSD-3-Clause */
/* substitute.h - texts with {}-fields, in Python's syntax: {name.name[key]!r:spec}. */
#pragma once

#include "lang/lookup.h"

struct sp_field {
    struct sp_str source; /* "{...}" as written, for messages */
    struct sp_reference reference;
    char conversion;                /* r, s, a or 0 */
    const struct sp_template *spec; /* NULL when not given */
};

struct sp_segment {
    struct sp_str literal;        /* comes before the field */
    const struct sp_field *field; /* NULL at the end */
};

struct sp_template {
    struct sp_segment *segments;
    size_t len;
};

/* NULL and *fault on bad syntax. Pieces of `text` are borrowed. */
struct sp_template *sp_template_parse(struct sp_arena *arena,
                                      struct sp_str text,
                                      struct sp_eval_fault *fault);

/* TEXT, or UNRESOLVED or ERROR. `forgiving`: fields that fail are empty. */
struct sp_value sp_template_render(struct sp_eval *eval,
                                   const struct sp_template *template,
                                   bool forgiving);

typedef void (*sp_reference_fn)(void *arg, const struct sp_reference *reference);

void sp_template_references(const struct sp_template *template, sp_reference_fn each, void *arg);
