/* SPDX-License-Identifier: BSD-3-Clause */
/* coerce.c - values converted to dtypes, as pydantic's lax mode does (spec stimela2.md 2.5).
 *
 * Each conversion says how close it was, so that a Union can take the member that changes the
 * value least: EXACT is the same type, CLOSE changes no information (5 to 5.0), LAX reads a text
 * or a bool as a number. Ties go to the member that stands first. */
#include "base/buf.h"

#include "recipe/dtype.h"
#include "recipe/dtype_internal.h"
#include "recipe/fields.h"
#include "recipe/yaml_value.h"
#include "value/text.h"

#include <assert.h>
#include <errno.h>
#include <math.h>

enum fit {
    MISFIT,
    LAX,
    CLOSE,
    EXACT
};

struct coercion {
    struct sp_arena *arena;
    struct sp_err *err; /* filled by every MISFIT */
};

static enum fit fit_value(const struct coercion *ctx,
                          const struct sp_dtype *dtype,
                          struct sp_value value,
                          struct sp_value *out);

/* --- messages ----------------------------------------------------------------------------- */

static void describe(const struct sp_dtype *dtype, struct sp_buf *out)
{
    if (dtype->kind == SP_DT_OPTIONAL) {
        describe(dtype->args[0], out);
        sp_buf_adds(out, " or nothing");
    } else if (dtype->kind == SP_DT_UNION) {
        for (size_t i = 0; i < dtype->arg_count; i++) {
            if (i)
                sp_buf_adds(out, i + 1 < dtype->arg_count ? ", " : " or ");
            sp_dtype_format(dtype->args[i], out);
        }
    } else {
        sp_buf_adds(out, dtype->kind == SP_DT_INT || dtype->kind == SP_DT_MS ? "an " : "a ");
        sp_dtype_format(dtype, out);
    }
}

static void describe_value(struct sp_value value, struct sp_buf *out)
{
    if (value.kind == SP_NULL) {
        sp_buf_adds(out, "nothing (null)");
        return;
    }
    sp_buf_addf(out, "%s ", sp_kind_name(value.kind));
    if (sp_is_text(value))
        sp_buf_addc(out, '\'');
    sp_value_brief(value, 60, out);
    if (sp_is_text(value))
        sp_buf_addc(out, '\'');
}

static enum fit misfit(const struct coercion *ctx,
                       const struct sp_dtype *dtype,
                       struct sp_value value)
{
    sp_auto_buf struct sp_buf text = SP_BUF(SP_BUF_SMALL);

    sp_buf_adds(&text, "expects ");
    describe(dtype, &text);
    sp_buf_adds(&text, ", got ");
    describe_value(value, &text);
    (void)sp_fail(ctx->err, SP_INVALID, "%s", text.ptr);
    return MISFIT;
}

/* --- numbers ------------------------------------------------------------------------------ */

/* Text of a number without the underscores between digits that Python allows. False if there are
 * other underscores, or too many characters. */
static bool plain_number(struct sp_str text, char *out, size_t size)
{
    size_t len = 0;
    struct sp_str body = sp_str_trim(text);

    for (size_t i = 0; i < body.len; i++) {
        char c = body.ptr[i];
        if (c == '_') {
            bool between = i > 0 && i + 1 < body.len && body.ptr[i - 1] >= '0' &&
                           body.ptr[i - 1] <= '9' && body.ptr[i + 1] >= '0' &&
                           body.ptr[i + 1] <= '9';
            if (!between)
                return false;
            continue;
        }
        if (len + 1 >= size || !c)
            return false;
        out[len++] = c;
    }
    out[len] = '\0';
    return len > 0;
}

static bool text_to_int(struct sp_str text, int64_t *out)
{
    char number[128];

    if (!plain_number(text, number, sizeof number))
        return false;
    char *dot = strchr(number, '.'); /* "5.0" is an integer, "5.5" and "." are not */
    if (dot) {
        size_t zeros = strspn(dot + 1, "0");
        if (dot == number || zeros == 0 || dot[1 + zeros])
            return false;
        *dot = '\0';
    }
    char *digits = number + (*number == '+' || *number == '-');
    if (!*digits || digits[strspn(digits, "0123456789")])
        return false;
    errno = 0;
    long long integer = strtoll(number, NULL, 10);
    *out = integer;
    return errno == 0;
}

static bool text_to_float(struct sp_str text, double *out)
{
    char number[512];

    return plain_number(text, number, sizeof number) &&
           !strchr(number, '(') && /* nan(...) is C's, not Python's */
           sp_str_float(sp_str_of(number), out);
}

static bool float_to_int(double real, int64_t *out)
{
    /* 2^63 itself does not fit; both bounds are exact doubles. */
    if (!(real >= -9223372036854775808.0 && real < 9223372036854775808.0) || trunc(real) < real ||
        trunc(real) > real)
        return false;
    *out = (int64_t)real;
    return true;
}

static enum fit fit_int(const struct coercion *ctx,
                        const struct sp_dtype *dtype,
                        struct sp_value value,
                        struct sp_value *out)
{
    int64_t integer = 0;
    bool ok = false;

    if (value.kind == SP_INT) {
        *out = value;
        return EXACT;
    }
    if (value.kind == SP_BOOL) {
        integer = value.boolean;
        ok = true;
    } else if (value.kind == SP_FLOAT) {
        ok = float_to_int(value.real, &integer);
    } else if (sp_is_text(value)) {
        ok = text_to_int(value.text, &integer);
    }
    if (!ok)
        return misfit(ctx, dtype, value);
    *out = sp_int(integer);
    return LAX;
}

static enum fit fit_float(const struct coercion *ctx,
                          const struct sp_dtype *dtype,
                          struct sp_value value,
                          struct sp_value *out)
{
    double real = 0;

    if (value.kind == SP_FLOAT) {
        *out = value;
        return EXACT;
    }
    if (value.kind == SP_INT) {
        *out = sp_float((double)value.integer);
        return CLOSE;
    }
    if (value.kind == SP_BOOL)
        real = value.boolean;
    else if (!sp_is_text(value) || !text_to_float(value.text, &real))
        return misfit(ctx, dtype, value);
    *out = sp_float(real);
    return LAX;
}

/* There is no complex kind: a number stays one, "1+2j" stays the text that it is, checked. */
static bool is_complex_text(struct sp_str text)
{
    char number[512];
    char *end;

    if (!plain_number(text, number, sizeof number))
        return false;
    char *start = number;
    size_t len = strlen(number);
    if (*start == '(' && number[len - 1] == ')') {
        number[len - 1] = '\0';
        start++;
    }
    (void)strtod(start, &end);
    if (end == start)
        return strcmp(start, "j") == 0;
    if (!*end || strcmp(end, "j") == 0)
        return true;
    char *second = end;
    if (*second != '+' && *second != '-')
        return false;
    (void)strtod(second, &end);
    if (end == second)
        end++; /* "1+j" */
    return strcmp(end, "j") == 0;
}

static enum fit fit_complex(const struct coercion *ctx,
                            const struct sp_dtype *dtype,
                            struct sp_value value,
                            struct sp_value *out)
{
    if (value.kind != SP_INT && value.kind != SP_FLOAT && value.kind != SP_BOOL &&
        !(sp_is_text(value) && is_complex_text(value.text)))
        return misfit(ctx, dtype, value);
    *out = value;
    return sp_is_text(value) || value.kind == SP_BOOL ? LAX : CLOSE;
}

/* --- other simple types ------------------------------------------------------------------- */

static enum fit fit_bool(const struct coercion *ctx,
                         const struct sp_dtype *dtype,
                         struct sp_value value,
                         struct sp_value *out)
{
    struct sp_value given = value;
    bool boolean;

    if (value.kind == SP_FLOAT && float_to_int(value.real, &given.integer))
        given.kind = SP_INT;
    if (!sp_field_bool(given, &boolean))
        return misfit(ctx, dtype, value);
    *out = sp_bool(boolean);
    return value.kind == SP_BOOL ? EXACT : LAX;
}

static enum fit fit_str(const struct coercion *ctx,
                        const struct sp_dtype *dtype,
                        struct sp_value value,
                        struct sp_value *out)
{
    if (value.kind == SP_TEXT || value.kind == SP_PATH) {
        *out = sp_text(value.text);
        return value.kind == SP_TEXT ? EXACT : CLOSE;
    }
    if (value.kind != SP_INT && value.kind != SP_FLOAT)
        return misfit(ctx, dtype, value);
    *out = sp_text(sp_value_text(ctx->arena, value));
    return LAX;
}

static enum fit fit_path(const struct coercion *ctx,
                         const struct sp_dtype *dtype,
                         struct sp_value value,
                         struct sp_value *out)
{
    if (!sp_is_text(value))
        return misfit(ctx, dtype, value);
    *out = value;
    out->kind = SP_PATH;
    return value.kind == SP_PATH ? EXACT : CLOSE;
}

static enum fit fit_none(const struct coercion *ctx,
                         const struct sp_dtype *dtype,
                         struct sp_value value,
                         struct sp_value *out)
{
    if (value.kind != SP_NULL)
        return misfit(ctx, dtype, value);
    *out = value;
    return EXACT;
}

static enum fit fit_any(const struct coercion *ctx,
                        const struct sp_dtype *dtype,
                        struct sp_value value,
                        struct sp_value *out)
{
    (void)ctx;
    (void)dtype;
    *out = value;
    return EXACT;
}

static enum fit fit_literal(const struct coercion *ctx,
                            const struct sp_dtype *dtype,
                            struct sp_value value,
                            struct sp_value *out)
{
    SP_LIST_EACH(choice, dtype->choices)
    {
        bool same_kind = sp_is_text(value) ? sp_is_text(*choice) : value.kind == choice->kind;
        if (same_kind && sp_value_eq(value, *choice)) {
            *out = value;
            return EXACT;
        }
    }
    return misfit(ctx, dtype, value);
}

/* --- containers --------------------------------------------------------------------------- */

static enum fit element_misfit(const struct coercion *ctx, size_t index)
{
    (void)sp_err_wrap(ctx->err, "element %zu", index + 1);
    return MISFIT;
}

/* Element type of position `i`; NULL: anything. */
static const struct sp_dtype *element_type(const struct sp_dtype *dtype, size_t i)
{
    if (dtype->arg_count == 0)
        return NULL;
    return dtype->kind == SP_DT_TUPLE && !dtype->ellipsis ? dtype->args[i] : dtype->args[0];
}

static bool holds(const struct sp_list *list, struct sp_value value)
{
    for (size_t i = 0; i < list->len; i++)
        if (sp_value_eq(list->items[i], value))
            return true;
    return false;
}

static enum fit fit_list(const struct coercion *ctx,
                         const struct sp_dtype *dtype,
                         struct sp_value value,
                         struct sp_value *out)
{
    struct sp_value result = sp_list_new(ctx->arena);
    enum fit fit = EXACT;

    if (!sp_is_list(value))
        return misfit(ctx, dtype, value);
    if (dtype->kind == SP_DT_TUPLE && !dtype->ellipsis && !dtype->bare &&
        value.list->len != dtype->arg_count) {
        (void)misfit(ctx, dtype, value);
        (void)sp_err_wrap(ctx->err, "%zu elements instead of %zu", value.list->len,
                          dtype->arg_count);
        return MISFIT;
    }
    if (dtype->kind == SP_DT_LIST ? value.kind != SP_LIST : value.kind != SP_TUPLE)
        fit = LAX;
    for (size_t i = 0; i < value.list->len; i++) {
        const struct sp_dtype *type = element_type(dtype, i);
        struct sp_value item = value.list->items[i];
        if (type && sp_is_value(item)) {
            enum fit one = fit_value(ctx, type, item, &item);
            if (one == MISFIT)
                return element_misfit(ctx, i);
            fit = SP_MIN(fit, one);
        }
        if (dtype->kind != SP_DT_SET || !holds(result.list, item))
            sp_list_add(ctx->arena, result.list, sp_at(item, value.list->items[i].origin));
    }
    result.kind = dtype->kind == SP_DT_TUPLE ? SP_TUPLE : SP_LIST;
    *out = result;
    return fit;
}

static enum fit fit_dict(const struct coercion *ctx,
                         const struct sp_dtype *dtype,
                         struct sp_value value,
                         struct sp_value *out)
{
    struct sp_value result = sp_dict_new(ctx->arena);
    enum fit fit = EXACT;

    if (value.kind != SP_DICT)
        return misfit(ctx, dtype, value);
    SP_DICT_EACH(entry, value.dict)
    {
        struct sp_value item = entry->value;
        struct sp_value key = sp_text(entry->key);
        if (dtype->arg_count == 2) {
            enum fit one = fit_value(ctx, dtype->args[0], key, &key);
            if (one != MISFIT && sp_is_value(item))
                one = SP_MIN(one, fit_value(ctx, dtype->args[1], item, &item));
            if (one == MISFIT) {
                (void)sp_err_wrap(ctx->err, "key '" SP_STR_FMT "'", SP_STR_ARG(entry->key));
                return MISFIT;
            }
            fit = SP_MIN(fit, one);
        }
        sp_dict_set_at(ctx->arena, result.dict, entry->key, entry->origin,
                       sp_at(item, entry->value.origin));
    }
    *out = result;
    return fit;
}

/* --- choices of types --------------------------------------------------------------------- */

static enum fit fit_optional(const struct coercion *ctx,
                             const struct sp_dtype *dtype,
                             struct sp_value value,
                             struct sp_value *out)
{
    if (value.kind == SP_NULL) {
        *out = value;
        return EXACT;
    }
    return fit_value(ctx, dtype->args[0], value, out);
}

static enum fit fit_union(const struct coercion *ctx,
                          const struct sp_dtype *dtype,
                          struct sp_value value,
                          struct sp_value *out)
{
    enum fit best = MISFIT;
    struct sp_err ignored = SP_ERR_INIT;
    struct coercion quiet = { ctx->arena, &ignored };

    for (size_t i = 0; i < dtype->arg_count && best != EXACT; i++) {
        struct sp_value result;
        enum fit fit = fit_value(&quiet, dtype->args[i], value, &result);
        if (fit > best) {
            best = fit;
            *out = result;
        }
    }
    return best == MISFIT ? misfit(ctx, dtype, value) : best;
}

static enum fit (*const fitters[SP_DT_COUNT])(const struct coercion *,
                                              const struct sp_dtype *,
                                              struct sp_value,
                                              struct sp_value *) = {
    [SP_DT_ANY] = fit_any,           [SP_DT_NONE] = fit_none,   [SP_DT_BOOL] = fit_bool,
    [SP_DT_INT] = fit_int,           [SP_DT_FLOAT] = fit_float, [SP_DT_COMPLEX] = fit_complex,
    [SP_DT_STR] = fit_str,           [SP_DT_FILE] = fit_path,   [SP_DT_DIRECTORY] = fit_path,
    [SP_DT_MS] = fit_path,           [SP_DT_URI] = fit_path,    [SP_DT_LIST] = fit_list,
    [SP_DT_TUPLE] = fit_list,        [SP_DT_SET] = fit_list,    [SP_DT_DICT] = fit_dict,
    [SP_DT_OPTIONAL] = fit_optional, [SP_DT_UNION] = fit_union, [SP_DT_LITERAL] = fit_literal,
};

static enum fit fit_value(const struct coercion *ctx,
                          const struct sp_dtype *dtype,
                          struct sp_value value,
                          struct sp_value *out)
{
    assert(dtype->kind < SP_DT_COUNT);
    return fitters[dtype->kind](ctx, dtype, value, out);
}

/* --- containers written as text ----------------------------------------------------------- */

/* Would the type, or a member of it, take a value of this kind as container? */
static bool takes_container(const struct sp_dtype *dtype, enum sp_kind kind)
{
    switch (dtype->kind) {
    case SP_DT_LIST:
    case SP_DT_TUPLE:
    case SP_DT_SET: return kind == SP_LIST || kind == SP_TUPLE;
    case SP_DT_DICT: return kind == SP_DICT;
    case SP_DT_OPTIONAL:
    case SP_DT_UNION:
        for (size_t i = 0; i < dtype->arg_count; i++)
            if (takes_container(dtype->args[i], kind))
                return true;
        return false;
    case SP_DT_ANY:
    case SP_DT_NONE:
    case SP_DT_BOOL:
    case SP_DT_INT:
    case SP_DT_FLOAT:
    case SP_DT_COMPLEX:
    case SP_DT_STR:
    case SP_DT_FILE:
    case SP_DT_DIRECTORY:
    case SP_DT_MS:
    case SP_DT_URI:
    case SP_DT_LITERAL:
    case SP_DT_COUNT: break;
    }
    return false;
}

static struct sp_value parse_container(struct sp_arena *arena,
                                       const struct sp_dtype *dtype,
                                       struct sp_value text)
{
    struct sp_err err = SP_ERR_INIT;
    struct sp_value parsed;

    if (!takes_container(dtype, SP_LIST) && !takes_container(dtype, SP_DICT))
        return text;
    bool ok = sp_value_parse_literal(arena, text.text, &parsed, &err) == SP_OK &&
              takes_container(dtype, parsed.kind);
    if (!ok)
        ok = sp_yaml_value(arena, text.text, text.origin, &parsed) &&
             takes_container(dtype, parsed.kind);
    if (!ok)
        return text;
    sp_value_set_origins(&parsed, text.origin);
    return parsed;
}

/* A bool becomes text only as a whole parameter, never as element of a container. */
static bool is_bool_for_str(const struct sp_dtype *dtype, struct sp_value value)
{
    while (dtype->kind == SP_DT_OPTIONAL)
        dtype = dtype->args[0];
    return dtype->kind == SP_DT_STR && value.kind == SP_BOOL;
}

enum sp_rc sp_dtype_coerce(struct sp_arena *arena,
                           const struct sp_dtype *dtype,
                           struct sp_value value,
                           struct sp_value *out,
                           struct sp_err *err)
{
    struct coercion ctx = { arena, err };
    struct sp_value given = value;

    if (!sp_is_value(value)) {
        *out = value;
        return SP_OK;
    }
    if (value.kind == SP_TEXT)
        given = parse_container(arena, dtype, value);
    else if (is_bool_for_str(dtype, value))
        given = sp_text(sp_value_text(arena, value));

    struct sp_value result;
    if (fit_value(&ctx, dtype, given, &result) == MISFIT)
        return SP_INVALID;
    *out = sp_at(result, value.origin);
    return SP_OK;
}
