/* SPDX-License-Identifier: BSD-3-Clause */
/* examples.h - one example of each function and operator of formulas, for `spoor help` and the
 * manual. The test evaluates every one of them, with these names and files:
 *
 *     recipe.n = 3   recipe.image = maps/m31.fits   recipe.bands = [UHF, L]   a.ms, b.ms
 */
#pragma once

#include <stddef.h>

struct sp_example {
    const char *name;    /* of the function, or symbol of the operator */
    const char *summary; /* of operators; NULL for functions, whose table has one */
    const char *formula; /* without the "=" in front */
    const char *result;  /* as text */
};

/* In the order of sp_eval_functions. */
const struct sp_example *sp_function_examples(size_t *count);

/* Operators from weak to strong; "- " in front of a value is called "- x". */
const struct sp_example *sp_operator_examples(size_t *count);
