/* SPDX-License-Identifier: BSD-3-Clause */
/* fields.h - mappings of fixed shape, read by table.
 *
 * Sections such as a step or a loop have a closed set of keys. Each is described by a table; what
 * is read lands in a struct. Numbers and booleans are accepted where text is expected and become
 * their text, null counts as not written (spec stimela2.md 1.9). Unknown keys and wrong types are
 * findings; what is usable is read all the same.
 */
#pragma once

#include "lang/diag.h"
#include "value/value.h"

enum sp_field_kind {
    SP_FIELD_TEXT,     /* struct sp_str */
    SP_FIELD_MAPPING,  /* const struct sp_dict * */
    SP_FIELD_TEXTS,    /* const struct sp_list *, of texts */
    SP_FIELD_ANY,      /* struct sp_value, as written */
    SP_FIELD_IGNORED,  /* accepted, not read here */
    SP_FIELD_LIST,     /* const struct sp_list *, of any values */
    SP_FIELD_BOOL,     /* bool; also the texts yes, no, on, off, true, false, y, n, t, f, 1, 0 */
    SP_FIELD_TRISTATE, /* enum sp_tristate */
};

struct sp_field {
    const char *name;
    enum sp_field_kind kind;
    size_t offset; /* in the struct */
};

struct sp_fields {
    const struct sp_field *items;
    size_t len;
    const char *what; /* for messages: "step 'image'" */
};

/* Read `dict` into `out`, which was zeroed by the caller. */
void sp_fields_read(struct sp_arena *arena,
                    const struct sp_fields *fields,
                    const struct sp_dict *dict,
                    void *out,
                    struct sp_diags *diags);

/* A bool, 0 or 1, or one of the words above; false for everything else. */
bool sp_field_bool(struct sp_value value, bool *out);

/* Texts become themselves, numbers and booleans their text; false for everything else. */
bool sp_field_text(struct sp_arena *arena, struct sp_value value, struct sp_str *out);
