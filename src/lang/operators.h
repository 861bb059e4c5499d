/* SPDX-License-Identifier: BSD-3-Clause */
/* operators.h - what the operators of formulas do, one table row each.
 *
 * Python's meaning on int (64 bits; overflow is an error), float, bool, text and list. Operands
 * are values proper; who calls has dealt with the others.
 */
#pragma once

#include "lang/eval_internal.h"

enum sp_operator_level {
    SP_LEVEL_LOGIC = 1,
    SP_LEVEL_NOT,
    SP_LEVEL_IN,
    SP_LEVEL_COMPARE,
    SP_LEVEL_OR,
    SP_LEVEL_XOR,
    SP_LEVEL_AND,
    SP_LEVEL_SHIFT,
    SP_LEVEL_SUM,
    SP_LEVEL_PRODUCT,
    SP_LEVEL_SIGN,
    SP_LEVEL_POWER,
    SP_LEVEL_POSTFIX,
};

struct sp_operator {
    const char *symbol; /* words in any case; "not in" with any blanks between */
    enum sp_operator_level level;
    struct sp_value (*apply)(struct sp_eval *eval,
                             const struct sp_operator *op,
                             struct sp_value a,
                             struct sp_value b); /* prefix: b is null */
};

/* The operator at the start of `text` and in *len its length; NULL if there is none. */
const struct sp_operator *sp_operator_binary(struct sp_str text, size_t *len);
const struct sp_operator *sp_operator_prefix(struct sp_str text, size_t *len);

enum sp_order {
    SP_ORDER_LESS,
    SP_ORDER_EQUAL,
    SP_ORDER_GREATER,
    SP_ORDER_NONE,     /* nan */
    SP_ORDER_MISMATCH, /* text and number, mappings ... */
};

enum sp_order sp_value_order(struct sp_value a, struct sp_value b);
