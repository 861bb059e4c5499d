/* SPDX-License-Identifier: BSD-3-Clause */
/* effects.h - what a tool reads, changes and depends on beyond what its parameters say: the section
 * `recompute` of a cab (doc/design/store.md 5; an extension of the language).
 *
 * For well-known tools whose cabs say nothing, cabs/effects.yml says it, by the name of the
 * program; each field that a cab writes itself counts instead. Names of parameters there may be
 * those of any cab of the program, or the tool's own names of its options.
 */
#pragma once

#include "base/map.h"

#include "lang/diag.h"
#include "recipe/policy.h"

struct sp_cab;
struct sp_param;
struct sp_schema;

enum sp_effects_field {
    SP_EFFECTS_READS,
    SP_EFFECTS_ENVIRONMENT,
    SP_EFFECTS_IGNORE,
    SP_EFFECTS_COLUMNS,
    SP_EFFECTS_PATH_SENSITIVE,
    SP_EFFECTS_REUSE,
    SP_EFFECTS_SALT,
    SP_EFFECTS_COMPARE,
    SP_EFFECTS_FIELDS
};

/* Columns of the table that a parameter names. Texts as written: they may be formulas. */
struct sp_column_effects {
    struct sp_str param;
    const struct sp_list *reads;  /* NULL: all of the table */
    const struct sp_list *writes; /* NULL: all of the table */
};

struct sp_effects {
    const struct sp_list *reads;       /* hidden inputs: paths, patterns, formulas; NULL: none */
    const struct sp_list *environment; /* names of variables; NULL: none */
    const struct sp_list *ignore;      /* names of parameters, formulas of such; NULL: none */
    struct sp_column_effects *columns;
    size_t column_count;
    bool path_sensitive;
    bool never; /* reuse: false */
    struct sp_str salt;
    const struct sp_dict *compare; /* output -> tolerance, texts; NULL: none */
    unsigned written;              /* 1 << enum sp_effects_field: those that were written */
};

/* From a `recompute` mapping. Unknown fields, wrong types, and names of parameters that `schema`
 * does not have (NULL: not checked) are findings; what is usable is loaded. `what`: "cab
 * 'wsclean'". */
struct sp_effects *sp_effects_load(struct sp_arena *arena,
                                   const struct sp_dict *dict,
                                   const struct sp_schema *schema,
                                   const char *what,
                                   struct sp_diags *diags);

/* cabs/effects.yml: a mapping `effects` of programs to such sections; of tasks of CASA as
 * casa.TASK, with `casa` for all. */
struct sp_effects_library {
    struct sp_map by_program; /* name -> struct sp_effects * */
};

void sp_effects_library_load(struct sp_arena *arena,
                             struct sp_value document,
                             struct sp_effects_library *out,
                             struct sp_diags *diags);
void sp_effects_library_fini(struct sp_effects_library *library);

/* What goes for the cab whose program (task of CASA) is called so ("/usr/bin/wsclean", "tclean"):
 * its own section, and where that is silent, the library's (which may be NULL). Never NULL; may
 * live in the cab. */
const struct sp_effects *sp_effects_of(struct sp_arena *arena,
                                       const struct sp_effects_library *library,
                                       const struct sp_cab *cab,
                                       struct sp_str program);

/* Does the parameter not matter for the result? */
bool sp_effects_ignore(const struct sp_effects *effects, const struct sp_param *param);

/* The columns of the table that the parameter names; NULL: nothing is said. */
const struct sp_column_effects *sp_effects_columns(const struct sp_effects *effects,
                                                   const struct sp_param *param);
