/* SPDX-License-Identifier: BSD-3-Clause */
#include "lang/operators.h"

#include "lang/lookup.h"

#include <ctype.h>
#include <math.h>
#include <strings.h>

/* --- kinds of operands -------------------------------------------------------------------- */

static bool is_integer(struct sp_value value)
{
    return value.kind == SP_INT || value.kind == SP_BOOL;
}

static bool is_number(struct sp_value value)
{
    return is_integer(value) || value.kind == SP_FLOAT;
}

static int64_t integer_of(struct sp_value value)
{
    return value.kind == SP_BOOL ? value.boolean : value.integer;
}

static double real_of(struct sp_value value)
{
    return value.kind == SP_FLOAT ? value.real : (double)integer_of(value);
}

static struct sp_value mismatch(struct sp_eval *eval,
                                const struct sp_operator *op,
                                struct sp_value a,
                                struct sp_value b)
{
    return sp_eval_error(eval, "'%s' does not work on %s and %s", op->symbol, sp_kind_name(a.kind),
                         sp_kind_name(b.kind));
}

static struct sp_value overflow(struct sp_eval *eval,
                                const struct sp_operator *op,
                                struct sp_value a,
                                struct sp_value b)
{
    return sp_eval_error(eval, "integer overflow: %lld %s %lld does not fit into 64 bits",
                         (long long)integer_of(a), op->symbol, (long long)integer_of(b));
}

/* --- arithmetic --------------------------------------------------------------------------- */

static struct sp_value join_texts(struct sp_eval *eval, struct sp_str a, struct sp_str b)
{
    if (a.len + b.len > SP_EVAL_TEXT_MAX || !sp_eval_charge_text(eval, a.len + b.len))
        return sp_eval_exhausted(eval);
    char *text = sp_arena_alloc(eval->arena, a.len + b.len + 1);
    if (a.len)
        memcpy(text, a.ptr, a.len);
    if (b.len)
        memcpy(text + a.len, b.ptr, b.len);
    return sp_text((struct sp_str){ text, a.len + b.len });
}

static struct sp_value repeat_list(struct sp_eval *eval,
                                   const struct sp_list *list,
                                   size_t times,
                                   enum sp_kind kind)
{
    struct sp_value result = sp_list_new(eval->arena);
    size_t total;

    result.kind = kind;
    if (__builtin_mul_overflow(list->len, times, &total) || total > SP_EVAL_LIST_MAX ||
        !sp_eval_charge(eval, total))
        return sp_eval_exhausted(eval);
    for (size_t i = 0; i < total; i++)
        sp_list_add(eval->arena, result.list, list->items[i % list->len]);
    return sp_eval_weighed(eval, result);
}

static struct sp_value join_lists(struct sp_eval *eval, struct sp_value a, struct sp_value b)
{
    size_t total = a.list->len + b.list->len;
    struct sp_value result = sp_list_new(eval->arena);

    if (total > SP_EVAL_LIST_MAX || !sp_eval_charge(eval, total))
        return sp_eval_exhausted(eval);
    result.kind = a.kind;
    SP_LIST_EACH(item, a.list)
    sp_list_add(eval->arena, result.list, *item);
    SP_LIST_EACH(item, b.list)
    sp_list_add(eval->arena, result.list, *item);
    return sp_eval_weighed(eval, result);
}

static struct sp_value apply_add(struct sp_eval *eval,
                                 const struct sp_operator *op,
                                 struct sp_value a,
                                 struct sp_value b)
{
    int64_t sum;

    if (is_integer(a) && is_integer(b))
        return __builtin_add_overflow(integer_of(a), integer_of(b), &sum) ? overflow(eval, op, a, b)
                                                                          : sp_int(sum);
    if (is_number(a) && is_number(b))
        return sp_float(real_of(a) + real_of(b));
    if (sp_is_text(a) && sp_is_text(b))
        return join_texts(eval, a.text, b.text);
    if (sp_is_list(a) && a.kind == b.kind)
        return join_lists(eval, a, b);
    return mismatch(eval, op, a, b);
}

static struct sp_value apply_subtract(struct sp_eval *eval,
                                      const struct sp_operator *op,
                                      struct sp_value a,
                                      struct sp_value b)
{
    int64_t difference;

    if (is_integer(a) && is_integer(b))
        return __builtin_sub_overflow(integer_of(a), integer_of(b), &difference)
                   ? overflow(eval, op, a, b)
                   : sp_int(difference);
    if (is_number(a) && is_number(b))
        return sp_float(real_of(a) - real_of(b));
    return mismatch(eval, op, a, b);
}

static struct sp_value repeat_text(struct sp_eval *eval, struct sp_str text, size_t times)
{
    size_t total;

    if (__builtin_mul_overflow(text.len, times, &total) || total > SP_EVAL_TEXT_MAX ||
        !sp_eval_charge_text(eval, total))
        return sp_eval_exhausted(eval);
    char *copy = sp_arena_alloc(eval->arena, total + 1);
    for (size_t at = 0; at < total; at += text.len)
        memcpy(copy + at, text.ptr, text.len);
    return sp_text((struct sp_str){ copy, total });
}

static struct sp_value apply_multiply(struct sp_eval *eval,
                                      const struct sp_operator *op,
                                      struct sp_value a,
                                      struct sp_value b)
{
    int64_t product;

    if (is_integer(a) && is_integer(b))
        return __builtin_mul_overflow(integer_of(a), integer_of(b), &product)
                   ? overflow(eval, op, a, b)
                   : sp_int(product);
    if (is_number(a) && is_number(b))
        return sp_float(real_of(a) * real_of(b));
    if (is_integer(a) && !is_number(b)) {
        struct sp_value swapped = a;
        a = b;
        b = swapped;
    }
    if (!is_integer(b) || (!sp_is_text(a) && !sp_is_list(a)))
        return mismatch(eval, op, a, b);
    size_t times = integer_of(b) > 0 ? (size_t)integer_of(b) : 0;
    return sp_is_text(a) ? repeat_text(eval, a.text, times)
                         : repeat_list(eval, a.list, times, a.kind);
}

static bool is_zero(struct sp_value value)
{
    return is_integer(value) ? integer_of(value) == 0 : value.real <= 0 && value.real >= 0;
}

static struct sp_value apply_divide(struct sp_eval *eval,
                                    const struct sp_operator *op,
                                    struct sp_value a,
                                    struct sp_value b)
{
    if (!is_number(a) || !is_number(b))
        return mismatch(eval, op, a, b);
    if (is_zero(b))
        return sp_eval_error(eval, "division by zero");
    return sp_float(real_of(a) / real_of(b));
}

/* Python's floor and remainder: the remainder has the sign of the divisor. */
static void divide_reals(double a, double b, double *quotient, double *remainder)
{
    double rest = fmod(a, b);
    double whole = (a - rest) / b;

    if (rest < 0 || rest > 0) {
        if ((b < 0) != (rest < 0)) {
            rest += b;
            whole -= 1;
        }
    } else {
        rest = copysign(0.0, b);
    }
    double floored = floor(whole);
    *quotient = whole < 0 || whole > 0 ? (whole - floored > 0.5 ? floored + 1 : floored)
                                       : copysign(0.0, a / b);
    *remainder = rest;
}

static struct sp_value apply_floor_divide(struct sp_eval *eval,
                                          const struct sp_operator *op,
                                          struct sp_value a,
                                          struct sp_value b)
{
    double quotient;
    double remainder;

    if (!is_number(a) || !is_number(b))
        return mismatch(eval, op, a, b);
    if (is_zero(b))
        return sp_eval_error(eval, "integer division or modulo by zero");
    if (is_integer(a) && is_integer(b)) {
        int64_t x = integer_of(a);
        int64_t y = integer_of(b);
        if (y == -1)
            return x == INT64_MIN ? overflow(eval, op, a, b) : sp_int(-x);
        return sp_int(x / y - (x % y != 0 && (x % y < 0) != (y < 0)));
    }
    divide_reals(real_of(a), real_of(b), &quotient, &remainder);
    return sp_float(quotient);
}

static struct sp_value apply_modulo(struct sp_eval *eval,
                                    const struct sp_operator *op,
                                    struct sp_value a,
                                    struct sp_value b)
{
    double quotient;
    double remainder;

    if (!is_number(a) || !is_number(b))
        return mismatch(eval, op, a, b);
    if (is_zero(b))
        return sp_eval_error(eval, "integer division or modulo by zero");
    if (is_integer(a) && is_integer(b)) {
        int64_t y = integer_of(b);
        int64_t rest = y == -1 ? 0 : integer_of(a) % y;
        return sp_int(rest != 0 && (rest < 0) != (y < 0) ? rest + y : rest);
    }
    divide_reals(real_of(a), real_of(b), &quotient, &remainder);
    return sp_float(remainder);
}

static bool power_of_integers(int64_t base, int64_t exponent, int64_t *out)
{
    int64_t result = 1;

    while (exponent > 0) {
        if (exponent & 1 && __builtin_mul_overflow(result, base, &result))
            return false;
        exponent >>= 1;
        if (exponent && __builtin_mul_overflow(base, base, &base))
            return false;
    }
    *out = result;
    return true;
}

static struct sp_value apply_power(struct sp_eval *eval,
                                   const struct sp_operator *op,
                                   struct sp_value a,
                                   struct sp_value b)
{
    int64_t power;

    if (!is_number(a) || !is_number(b))
        return mismatch(eval, op, a, b);
    if (is_integer(a) && is_integer(b) && integer_of(b) >= 0)
        return power_of_integers(integer_of(a), integer_of(b), &power) ? sp_int(power)
                                                                       : overflow(eval, op, a, b);
    double base = real_of(a);
    double exponent = real_of(b);
    if (is_zero(a) && exponent < 0)
        return sp_eval_error(eval, "0.0 cannot be raised to a negative power");
    if (base < 0 && isfinite(base) && isfinite(exponent) && exponent != trunc(exponent))
        return sp_eval_error(eval, "a negative number has no fractional power");
    double result = pow(base, exponent);
    if (isinf(result) && isfinite(base) && isfinite(exponent))
        return sp_eval_error(eval, "result of '**' is too large");
    return sp_float(result);
}

/* --- bits --------------------------------------------------------------------------------- */

static struct sp_value apply_shift(struct sp_eval *eval,
                                   const struct sp_operator *op,
                                   struct sp_value a,
                                   struct sp_value b)
{
    if (!is_integer(a) || !is_integer(b))
        return mismatch(eval, op, a, b);
    int64_t x = integer_of(a);
    int64_t count = integer_of(b);
    if (count < 0)
        return sp_eval_error(eval, "negative shift count");
    if (op->symbol[0] == '>')
        return sp_int(x >> SP_MIN(count, (int64_t)63));
    int64_t factor = count < 63 ? INT64_C(1) << count : 0;
    int64_t shifted = 0;
    if (x != 0 && (factor == 0 || __builtin_mul_overflow(x, factor, &shifted)))
        return overflow(eval, op, a, b);
    return sp_int(shifted);
}

static struct sp_value apply_bits(struct sp_eval *eval,
                                  const struct sp_operator *op,
                                  struct sp_value a,
                                  struct sp_value b)
{
    if (!is_integer(a) || !is_integer(b))
        return mismatch(eval, op, a, b);
    int64_t x = integer_of(a);
    int64_t y = integer_of(b);
    int64_t bits = op->symbol[0] == '|' ? (x | y) : op->symbol[0] == '^' ? (x ^ y) : (x & y);
    return a.kind == SP_BOOL && b.kind == SP_BOOL ? sp_bool(bits != 0) : sp_int(bits);
}

/* --- comparison and logic ----------------------------------------------------------------- */

static enum sp_order order_of(int sign)
{
    return sign < 0 ? SP_ORDER_LESS : sign > 0 ? SP_ORDER_GREATER : SP_ORDER_EQUAL;
}

static enum sp_order order_reals(double a, double b)
{
    if (isnan(a) || isnan(b))
        return SP_ORDER_NONE;
    return order_of((a > b) - (a < b));
}

/* By the first items that differ, as Python does. */
static enum sp_order order_lists(const struct sp_list *a, const struct sp_list *b)
{
    for (size_t i = 0; i < a->len && i < b->len; i++)
        if (!sp_value_eq(a->items[i], b->items[i]))
            return sp_value_order(a->items[i], b->items[i]);
    return order_of((a->len > b->len) - (a->len < b->len));
}

enum sp_order sp_value_order(struct sp_value a, struct sp_value b)
{
    if (is_integer(a) && is_integer(b))
        return order_of((integer_of(a) > integer_of(b)) - (integer_of(a) < integer_of(b)));
    if (is_number(a) && is_number(b))
        return order_reals(real_of(a), real_of(b));
    if (sp_is_text(a) && sp_is_text(b))
        return order_of(sp_str_cmp(a.text, b.text));
    if (sp_is_list(a) && a.kind == b.kind)
        return order_lists(a.list, b.list);
    return SP_ORDER_MISMATCH;
}

static struct sp_value apply_compare(struct sp_eval *eval,
                                     const struct sp_operator *op,
                                     struct sp_value a,
                                     struct sp_value b)
{
    if (!sp_eval_weigh(eval, a) || !sp_eval_weigh(eval, b))
        return sp_eval_exhausted(eval);
    if (op->symbol[1] == '=' && (op->symbol[0] == '=' || op->symbol[0] == '!'))
        return sp_bool(sp_value_eq(a, b) == (op->symbol[0] == '='));
    enum sp_order order = sp_value_order(a, b);
    if (order == SP_ORDER_MISMATCH)
        return mismatch(eval, op, a, b);
    enum sp_order wanted = op->symbol[0] == '<' ? SP_ORDER_LESS : SP_ORDER_GREATER;
    return sp_bool(order == wanted || (op->symbol[1] == '=' && order == SP_ORDER_EQUAL));
}

static bool list_has(const struct sp_list *list, struct sp_value wanted)
{
    SP_LIST_EACH(item, list)
    if (sp_value_eq(*item, wanted))
        return true;
    return false;
}

static struct sp_value apply_in(struct sp_eval *eval,
                                const struct sp_operator *op,
                                struct sp_value a,
                                struct sp_value b)
{
    bool found;

    if (sp_is_list(b) && !sp_eval_weigh(eval, b))
        return sp_eval_exhausted(eval);
    if (sp_is_list(b))
        found = list_has(b.list, a);
    else if (b.kind == SP_DICT)
        found = sp_is_text(a) && sp_dict_find(b.dict, a.text);
    else if (sp_is_text(b) && sp_is_text(a))
        found = sp_str_find_str(b.text, a.text) != SIZE_MAX;
    else
        return mismatch(eval, op, a, b);
    return sp_bool(found == (op->symbol[0] == 'i'));
}

static struct sp_value apply_logic(struct sp_eval *eval,
                                   const struct sp_operator *op,
                                   struct sp_value a,
                                   struct sp_value b)
{
    (void)eval;
    return sp_truth(a) == (op->symbol[0] == 'a') ? b : a;
}

/* --- in front ----------------------------------------------------------------------------- */

static struct sp_value apply_not(struct sp_eval *eval,
                                 const struct sp_operator *op,
                                 struct sp_value a,
                                 struct sp_value b)
{
    (void)eval;
    (void)op;
    (void)b;
    return sp_bool(!sp_truth(a));
}

static struct sp_value apply_sign(struct sp_eval *eval,
                                  const struct sp_operator *op,
                                  struct sp_value a,
                                  struct sp_value b)
{
    (void)b;
    bool fits = op->symbol[0] == '~' ? is_integer(a) : is_number(a);
    if (!fits)
        return sp_eval_error(eval, "'%s' in front does not work on %s", op->symbol,
                             sp_kind_name(a.kind));
    if (a.kind == SP_FLOAT)
        return sp_float(op->symbol[0] == '-' ? -a.real : a.real);
    int64_t x = integer_of(a);
    if (op->symbol[0] == '-' && x == INT64_MIN)
        return sp_eval_error(eval, "integer overflow: -(%lld) does not fit into 64 bits",
                             (long long)x);
    return sp_int(op->symbol[0] == '-' ? -x : op->symbol[0] == '~' ? ~x : x);
}

/* --- the tables --------------------------------------------------------------------------- */

static const struct sp_operator binary[] = {
    { "and", SP_LEVEL_LOGIC, apply_logic },    { "or", SP_LEVEL_LOGIC, apply_logic },
    { "in", SP_LEVEL_IN, apply_in },           { "not in", SP_LEVEL_IN, apply_in },
    { "==", SP_LEVEL_COMPARE, apply_compare }, { "!=", SP_LEVEL_COMPARE, apply_compare },
    { "<<", SP_LEVEL_SHIFT, apply_shift },     { ">>", SP_LEVEL_SHIFT, apply_shift },
    { "<=", SP_LEVEL_COMPARE, apply_compare }, { ">=", SP_LEVEL_COMPARE, apply_compare },
    { "<", SP_LEVEL_COMPARE, apply_compare },  { ">", SP_LEVEL_COMPARE, apply_compare },
    { "|", SP_LEVEL_OR, apply_bits },          { "^", SP_LEVEL_XOR, apply_bits },
    { "&", SP_LEVEL_AND, apply_bits },         { "+", SP_LEVEL_SUM, apply_add },
    { "-", SP_LEVEL_SUM, apply_subtract },     { "**", SP_LEVEL_POWER, apply_power },
    { "*", SP_LEVEL_PRODUCT, apply_multiply }, { "//", SP_LEVEL_PRODUCT, apply_floor_divide },
    { "/", SP_LEVEL_PRODUCT, apply_divide },   { "%", SP_LEVEL_PRODUCT, apply_modulo },
};

static const struct sp_operator prefix[] = {
    { "not", SP_LEVEL_NOT, apply_not },
    { "-", SP_LEVEL_SIGN, apply_sign },
    { "+", SP_LEVEL_SIGN, apply_sign },
    { "~", SP_LEVEL_SIGN, apply_sign },
};

static size_t blanks_in(struct sp_str text)
{
    size_t count = 0;

    while (count < text.len && text.ptr[count] && strchr(" \t\r\n", text.ptr[count]))
        count++;
    return count;
}

static size_t letters_in(struct sp_str text)
{
    size_t count = 0;

    while (count < text.len && (isalnum((unsigned char)text.ptr[count]) || text.ptr[count] == '_'))
        count++;
    return count;
}

/* "not in" with any blanks between: the length of it, or of the "not" alone. */
static size_t not_in(struct sp_str text, size_t len)
{
    struct sp_str rest = sp_str_slice(text, len, text.len);
    size_t blanks = blanks_in(rest);

    rest = sp_str_slice(rest, blanks, rest.len);
    bool in = blanks && sp_str_is_nocase(sp_str_slice(rest, 0, letters_in(rest)), "in");
    return in ? len + blanks + 2 : len;
}

static const struct sp_operator *find(const struct sp_operator *table,
                                      size_t count,
                                      struct sp_str symbol)
{
    for (size_t i = 0; i < count; i++)
        if (sp_str_is_nocase(symbol, table[i].symbol))
            return &table[i];
    return NULL;
}

/* The longest symbol of one or two characters that `text` starts with. */
static const struct sp_operator *find_sign(const struct sp_operator *table,
                                           size_t count,
                                           struct sp_str text,
                                           size_t *len)
{
    for (*len = SP_MIN(text.len, (size_t)2); *len > 0; --*len) {
        const struct sp_operator *op = find(table, count, sp_str_slice(text, 0, *len));
        if (op)
            return op;
    }
    return NULL;
}

const struct sp_operator *sp_operator_binary(struct sp_str text, size_t *len)
{
    *len = letters_in(text);
    if (*len == 0)
        return find_sign(binary, SP_COUNT(binary), text, len);
    struct sp_str word = sp_str_slice(text, 0, *len);
    if (!sp_str_is_nocase(word, "not"))
        return find(binary, SP_COUNT(binary), word);
    *len = not_in(text, *len);
    return *len > word.len ? find(binary, SP_COUNT(binary), SP_STR("not in")) : NULL;
}

const struct sp_operator *sp_operator_prefix(struct sp_str text, size_t *len)
{
    *len = letters_in(text);
    if (*len == 0)
        return find_sign(prefix, SP_COUNT(prefix), text, len);
    return find(prefix, SP_COUNT(prefix), sp_str_slice(text, 0, *len));
}
