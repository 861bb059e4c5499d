/* SPDX-License-Identifier: BSD-3-Clause */
/* functions.h - the functions of formulas: one table with arity, manner and help. */
#pragma once

#include "lang/formula.h"

enum sp_function_flags {
    SP_FUNCTION_ANY_TEXT = 1 << 0, /* one argument, which may be text without quotes */
    SP_FUNCTION_RAW = 1 << 1,      /* texts in the arguments are not parsed as templates */
};

struct sp_function {
    const char *name;
    unsigned min, max; /* arguments */
    unsigned flags;

    /* Arguments are values proper: whoever passes an unset one gets that one back. */
    struct sp_value (*eager)(struct sp_eval *eval, const struct sp_list *args);

    /* Instead of `eager`: evaluates its arguments itself. */
    struct sp_value (*lazy)(struct sp_eval *eval, const struct sp_node *call);
};

/* NULL if there is none. */
const struct sp_function *sp_function_find(struct sp_str name);

/* Offers all names to a search for the nearest. */
struct sp_nearest;
void sp_function_offer(struct sp_nearest *nearest);

struct sp_value sp_function_call(struct sp_eval *eval, const struct sp_node *call);
