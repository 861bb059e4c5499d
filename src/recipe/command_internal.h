/* SPDX-License-Identifier: BSD-3-Clause */
/* command_internal.h - what the flavours share when they build a command line. */
#pragma once

#include "recipe/command.h"

/* One command line under construction. */
struct sp_building {
    struct sp_arena *arena;
    const struct sp_cab *cab;
    const struct sp_dict *params;
    struct sp_eval *eval;
    const char *python;
    struct sp_str virtual_env;
    struct sp_list *words; /* the argument vector so far: texts */
    struct sp_str display; /* set by the flavour; empty: the words, quoted */
    struct sp_str short_name;
    struct sp_wranglers *wranglers;
    struct sp_list *resolved; /* see sp_command */
    struct sp_err *err;
};

/* One parameter that goes to the tool. */
struct sp_passed {
    const struct sp_param *param;
    struct sp_value value; /* null also for one that is absent */
};

struct sp_passed_list {
    struct sp_passed *items;
    size_t len;
};

/* The parameters that the tool gets, in schema order (spec 3.5). With policy pass_missing_as_none
 * absent ones are among them as null. SP_INVALID: a required one is missing. */
enum sp_rc sp_arguments_select(struct sp_building *build, struct sp_passed_list *out) SP_MUST_USE;

/* Words for the selected parameters appended to `build->words`: head positionals, options,
 * positionals (arguments.c). */
enum sp_rc sp_arguments_build(struct sp_building *build) SP_MUST_USE;

/* Parameters as keywords of a Python function: name -> value. `identifiers`: '-' becomes '_' and
 * '.' becomes '__'. */
enum sp_rc sp_arguments_keywords(struct sp_building *build, bool identifiers, struct sp_dict **out)
    SP_MUST_USE;

/* "a-b.c" -> "a_b__c". */
struct sp_str sp_arguments_identifier(struct sp_arena *arena, struct sp_str name);

void sp_building_add(struct sp_building *build, struct sp_str word);

/* {}-substitution of a text of the cab. SP_INVALID if it fails. */
enum sp_rc sp_building_subst(struct sp_building *build,
                             struct sp_str text,
                             uint32_t origin,
                             struct sp_str *out) SP_MUST_USE;

/* An option of the flavour, or NULL. */
const struct sp_value *sp_building_option(const struct sp_building *build, const char *name);

/* Wranglers of the flavour itself: one pattern, its actions ended by NULL. */
struct sp_wranglers *sp_building_wranglers(struct sp_building *build,
                                           const char *pattern,
                                           const char *const *actions);

/* The flavours. Each appends to build->words and sets display and short_name. */
enum sp_rc sp_flavour_binary(struct sp_building *build) SP_MUST_USE;
enum sp_rc sp_flavour_python(struct sp_building *build) SP_MUST_USE;
enum sp_rc sp_flavour_python_code(struct sp_building *build) SP_MUST_USE;
enum sp_rc sp_flavour_casa(struct sp_building *build) SP_MUST_USE;
