/* SPDX-License-Identifier: BSD-3-Clause */
/* schema.h - what parameters a cab or recipe has.
 *
 * Loaded from the `inputs` and `outputs` sections: shorthand texts, full definitions and nested
 * sections, flattened to dotted names (spec stimela2.md 2.1-2.4). Immutable after loading, except
 * that recipes add aliased parameters while they are prepared.
 */
#pragma once

#include "base/map.h"

#include "lang/diag.h"
#include "recipe/dtype.h"
#include "recipe/policy.h"

enum sp_tristate {
    SP_UNDECIDED,
    SP_NO,
    SP_YES
};

enum sp_category {
    SP_REQUIRED,
    SP_OPTIONAL,
    SP_IMPLICIT,
    SP_OBSCURE,
    SP_HIDDEN
};

#define SP_CATEGORIES 5

/* "Required", "Optional" ... */
const char *sp_category_name(enum sp_category category);

struct sp_path_policies {
    bool mkdir_parent, access_parent, write_parent, remove_if_exists, check_permissions;
};

struct sp_param {
    struct sp_str name; /* dotted */
    struct sp_str info;
    struct sp_str dtype_text;
    const struct sp_dtype *dtype;
    bool is_output;
    bool has_default; /* a null default is a default; UNSET is none */
    struct sp_value default_value;
    enum sp_tristate required;
    bool has_implicit;
    struct sp_value implicit;              /* text as written, or a constant */
    const struct sp_list *choices;         /* NULL: anything */
    const struct sp_list *element_choices; /* NULL: anything */
    const struct sp_list *aliases;         /* texts; recipe level only; NULL: none */
    bool writable;
    enum sp_tristate must_exist;
    bool mkdir;
    bool skip_freshness_checks;
    struct sp_path_policies paths;
    struct sp_str nom_de_guerre; /* empty: none */
    struct sp_policies policies;
    bool has_category;
    enum sp_category category; /* as written, else derived */
    struct sp_str metavar, abbreviation;
    uint32_t origin; /* of the name */
};

/* A file-type output whose name the caller gives: not implicit, not a list. */
bool sp_param_is_named_output(const struct sp_param *param);
bool sp_param_is_file_type(const struct sp_param *param); /* file or file list */

struct sp_schema {
    struct sp_map params; /* name -> struct sp_param *, inputs first, in order; see sp_schema_add */
    struct sp_map sections; /* private: "a" and "a.b" of a parameter "a.b.c" */
};

/* The parameter and its name are not copied. One of the same name is replaced. */
void sp_schema_add(struct sp_schema *schema, struct sp_param *param);
void sp_schema_fini(struct sp_schema *schema);

struct sp_param *sp_schema_find(const struct sp_schema *schema, struct sp_str name);

/* Are there parameters called "NAME.something"? */
bool sp_schema_has_section(const struct sp_schema *schema, struct sp_str name);

/* Load both sections (either may be NULL). Findings go to diags; what is usable is loaded. `what`
 * names the owner in messages: "cab 'simms'". */
void sp_schema_load(struct sp_arena *arena,
                    const struct sp_dict *inputs,
                    const struct sp_dict *outputs,
                    const char *what,
                    struct sp_schema *out,
                    struct sp_diags *diags);

/* Flatten supplied values: a mapping under N is descended if the schema has names that start with
 * "N." (spec 2.4). Keeps order and origins. */
struct sp_dict *sp_schema_flatten(struct sp_arena *arena,
                                  const struct sp_schema *schema,
                                  const struct sp_dict *values);

/* One shorthand text: "int = 5 \"help\"" (spec 2.2). */
struct sp_shorthand {
    struct sp_str dtype, info, default_text;
    bool has_default, required;
};

bool sp_shorthand_parse(struct sp_str text, struct sp_shorthand *out);

/* Is `key` a field of a parameter definition? */
bool sp_schema_is_field(struct sp_str key);
