/* SPDX-License-Identifier: BSD-3-Clause */
/* dynamic_internal.h - what the dynamic schema functions share. */
#pragma once

#include "recipe/dynamic.h"

/* One question. Definitions that are to be added, as they would be written in a cab, go to
 * `inputs` and `outputs`. */
struct sp_dynamic_call {
    struct sp_arena *arena;
    struct sp_dynamic *dynamic;
    const struct sp_world *world;
    const struct sp_cab *cab;
    const struct sp_dict *params; /* values only */
    struct sp_dict *inputs, *outputs;
};

typedef enum sp_rc (*sp_dynamic_fn)(struct sp_dynamic_call *call, struct sp_err *err);

/* The value of a parameter, or NULL. */
const struct sp_value *sp_dynamic_value(const struct sp_dynamic_call *call, const char *name);

/* Is it set to something true? Words such as "yes" count as what they say. */
bool sp_dynamic_flag(const struct sp_dynamic_call *call, const char *name);

/* The mapping `section` of a YAML file in an installed Python package; read once.
 * SP_NOT_FOUND: there is no such package or file. */
enum sp_rc sp_dynamic_template(struct sp_dynamic_call *call,
                               const char *package,
                               const char *file,
                               const char *section,
                               const struct sp_dict **out,
                               struct sp_err *err) SP_MUST_USE;

/* dynamic_wsclean.c, dynamic_terms.c: the functions that are built in. */
enum sp_rc sp_dynamic_wsclean(struct sp_dynamic_call *call, struct sp_err *err) SP_MUST_USE;
enum sp_rc sp_dynamic_quartical(struct sp_dynamic_call *call, struct sp_err *err) SP_MUST_USE;
enum sp_rc sp_dynamic_cubical(struct sp_dynamic_call *call, struct sp_err *err) SP_MUST_USE;
enum sp_rc sp_dynamic_example(struct sp_dynamic_call *call, struct sp_err *err) SP_MUST_USE;

/* dynamic_foreign.c: ask a function of somebody else's. The answer has for each section a mapping
 * of names to definitions, null for one that is as it was. */
enum sp_rc sp_dynamic_foreign(struct sp_dynamic_call *call,
                              struct sp_schema *schema,
                              struct sp_err *err) SP_MUST_USE;

/* Load definitions into `schema`; those of a name that it has are replaced. SP_INVALID: the first
 * thing that is wrong with them. */
enum sp_rc sp_dynamic_add(struct sp_dynamic_call *call,
                          const struct sp_dict *inputs,
                          const struct sp_dict *outputs,
                          struct sp_schema *schema,
                          struct sp_err *err) SP_MUST_USE;
