/* SPDX-License-Identifier: BSD-3-Clause */
#include "lang/examples.h"

#include "base/defs.h"

/* clang-format off */
static const struct sp_example functions[] = {
    { "IF", NULL, "IF(recipe.n > 2, 'many', 'few')", "many" },
    { "IFSET", NULL, "IFSET(recipe.nothing, SELF, 'none')", "none" },
    { "CASES", NULL, "CASES(recipe.n > 5, 'a', recipe.n > 2, 'b', 'c')", "b" },
    { "TRY", NULL, "TRY(recipe.nothing, recipe.n)", "3" },
    { "VALID", NULL, "VALID(1 / 0)", "False" },
    { "ERROR", NULL, "IF(recipe.n < 0, ERROR('n is negative'), 1)", "1" },
    { "ABORT", NULL, "IF(recipe.n < 0, ABORT('n is negative'), 1)", "1" },
    { "LOG", NULL, "LOG('n is {recipe.n}', 'no-repeat')", "n is 3" },
    { "LOG_INFO", NULL, "LOG_INFO('n is {recipe.n}')", "n is 3" },
    { "LOG_WARNING", NULL, "LOG_WARNING('n is {recipe.n}')", "n is 3" },
    { "LOG_ERROR", NULL, "LOG_ERROR('n is {recipe.n}')", "n is 3" },
    { "LOG_CRITICAL", NULL, "LOG_CRITICAL('n is {recipe.n}')", "n is 3" },
    { "LIST", NULL, "LIST(1, 'a', recipe.n)", "[1, 'a', 3]" },
    { "LEN", NULL, "LEN(recipe.bands)", "2" },
    { "RANGE", NULL, "RANGE(1, 10, recipe.n)", "[1, 4, 7]" },
    { "MIN", NULL, "MIN(5, recipe.n)", "3" },
    { "MAX", NULL, "MAX(LIST(5, recipe.n))", "5" },
    { "SORT", NULL, "SORT(recipe.bands)", "['L', 'UHF']" },
    { "RSORT", NULL, "RSORT(LIST(1, 3, 2))", "[3, 2, 1]" },
    { "SLICE", NULL, "SLICE(RANGE(10), 1, 8, recipe.n)", "[1, 4, 7]" },
    { "GETITEM", NULL, "GETITEM(recipe.bands, 1)", "L" },
    { "IS_STR", NULL, "IS_STR(recipe.image)", "True" },
    { "IS_NUM", NULL, "IS_NUM(recipe.image)", "False" },
    { "GLOB", NULL, "GLOB(*.ms)", "['a.ms', 'b.ms']" },
    { "EXISTS", NULL, "EXISTS('{recipe.image}')", "False" },
    { "DIRNAME", NULL, "DIRNAME(recipe.image)", "maps" },
    { "BASENAME", NULL, "BASENAME(recipe.image)", "m31.fits" },
    { "EXTENSION", NULL, "EXTENSION(recipe.image)", ".fits" },
    { "STRIPEXT", NULL, "STRIPEXT(recipe.image)", "maps/m31" },
    { "NOSUBST", NULL, "NOSUBST('{recipe.n}')", "{recipe.n}" },
};

static const struct sp_example operators[] = {
    { "and", "the second value if the first is true, else the first", "recipe.n > 2 and 'yes'", "yes" },
    { "or", "the first value if it is true, else the second", "0 or recipe.n", "3" },
    { "not", "the opposite truth value", "not recipe.n > 2", "False" },
    { "in", "is it an element, a part of the text, or a key?", "'L' in recipe.bands", "True" },
    { "not in", "the opposite of in", "'fits' not in recipe.image", "False" },
    { "==", "equal", "recipe.n == 3", "True" },
    { "!=", "not equal", "recipe.n != 3", "False" },
    { "<", "less", "recipe.n < 3", "False" },
    { "<=", "less or equal", "recipe.n <= 3", "True" },
    { ">", "greater", "recipe.n > 3", "False" },
    { ">=", "greater or equal", "recipe.n >= 3", "True" },
    { "|", "bits of either", "recipe.n | 4", "7" },
    { "^", "bits of one of both", "recipe.n ^ 1", "2" },
    { "&", "bits of both", "recipe.n & 6", "2" },
    { "<<", "shift left", "1 << recipe.n", "8" },
    { ">>", "shift right", "16 >> recipe.n", "2" },
    { "+", "sum; texts and lists are joined", "'n' + '-{recipe.n}'", "n-3" },
    { "-", "difference; after a name it needs a blank", "recipe.n - 1", "2" },
    { "*", "product, also of a text and a number; after a name it needs a blank", "recipe.n * 'ab'", "ababab" },
    { "/", "quotient", "recipe.n / 2", "1.5" },
    { "//", "quotient, rounded down", "recipe.n // 2", "1" },
    { "%", "remainder, with the sign of the second value", "-recipe.n % 2", "1" },
    { "- x", "negative", "-recipe.n", "-3" },
    { "+ x", "the number itself", "+recipe.n", "3" },
    { "~ x", "all bits inverted", "~recipe.n", "-4" },
    { "**", "power; from the left: 2**3**2 is 64", "2 ** recipe.n", "8" },
    { "x[i]", "element; negative numbers count from the end", "recipe.bands[0][-1]", "F" },
    { "x[i:j]", "elements from i, j not included; either may be omitted", "recipe.image[-4:]", "fits" },
    { "x[i:j:k]", "every k-th of them; backwards if k is negative", "RANGE(10)[::recipe.n]", "[0, 3, 6, 9]" },
};

/* clang-format on */

const struct sp_example *sp_function_examples(size_t *count)
{
    *count = SP_COUNT(functions);
    return functions;
}

const struct sp_example *sp_operator_examples(size_t *count)
{
    *count = SP_COUNT(operators);
    return operators;
}
