/* SPDX-License-Identifier: BSD-3-Clause */
#include "recipe/dtype.h"

#include "base/buf.h"
#include "base/nearest.h"

#include "recipe/dtype_internal.h"
#include "recipe/words.h"
#include "value/text.h"

#define DEPTH_MAX 32
#define TEXT_MAX  4096
#define SHOWN_MAX 80 /* bytes of a type in a message */

/* How many arguments stand in the brackets. */
enum arity {
    NO_ARGS,
    MAYBE_ONE,
    MAYBE_TWO,
    EXACTLY_ONE,
    AT_LEAST_ONE,
    MAYBE_MANY,
    VALUES
};

static const struct type_name {
    const char *name, *canonical;
    enum sp_dtype_kind kind;
    enum arity arity;
} type_names[] = {
    { "str", "str", SP_DT_STR, NO_ARGS },
    { "int", "int", SP_DT_INT, NO_ARGS },
    { "float", "float", SP_DT_FLOAT, NO_ARGS },
    { "bool", "bool", SP_DT_BOOL, NO_ARGS },
    { "complex", "complex", SP_DT_COMPLEX, NO_ARGS },
    { "File", "File", SP_DT_FILE, NO_ARGS },
    { "Directory", "Directory", SP_DT_DIRECTORY, NO_ARGS },
    { "MS", "MS", SP_DT_MS, NO_ARGS },
    { "URI", "URI", SP_DT_URI, NO_ARGS },
    { "Any", "Any", SP_DT_ANY, NO_ARGS },
    { "any", "Any", SP_DT_ANY, NO_ARGS }, /* a slip that published cabs rely on */
    { "None", "None", SP_DT_NONE, NO_ARGS },
    { "List", "List", SP_DT_LIST, MAYBE_ONE },
    { "list", "List", SP_DT_LIST, MAYBE_ONE },
    { "Set", "Set", SP_DT_SET, MAYBE_ONE },
    { "set", "Set", SP_DT_SET, MAYBE_ONE },
    { "Tuple", "Tuple", SP_DT_TUPLE, MAYBE_MANY },
    { "tuple", "Tuple", SP_DT_TUPLE, MAYBE_MANY },
    { "Dict", "Dict", SP_DT_DICT, MAYBE_TWO },
    { "dict", "Dict", SP_DT_DICT, MAYBE_TWO },
    { "Optional", "Optional", SP_DT_OPTIONAL, EXACTLY_ONE },
    { "Union", "Union", SP_DT_UNION, AT_LEAST_ONE },
    { "Literal", "Literal", SP_DT_LITERAL, VALUES },
};

struct parser {
    struct sp_arena *arena;
    struct sp_str text;
    size_t at;
    unsigned depth;
    struct sp_err *err;
};

static enum sp_rc parse_type(struct parser *parser, const struct sp_dtype **out);

static void skip_blanks(struct parser *parser)
{
    while (parser->at < parser->text.len && strchr(" \t\r\n", parser->text.ptr[parser->at]) &&
           parser->text.ptr[parser->at])
        parser->at++;
}

static bool accept(struct parser *parser, const char *token)
{
    skip_blanks(parser);
    if (!sp_str_starts(sp_str_slice(parser->text, parser->at, SIZE_MAX), token))
        return false;
    parser->at += strlen(token);
    return true;
}

static bool is_name_char(char c)
{
    return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') || c == '_';
}

static struct sp_str take_name(struct parser *parser)
{
    skip_blanks(parser);
    size_t start = parser->at;
    while (parser->at < parser->text.len && is_name_char(parser->text.ptr[parser->at]))
        parser->at++;
    return sp_str_slice(parser->text, start, parser->at);
}

/* The whole type for a message, cut when it is very long. */
static struct sp_str shown(const struct parser *parser)
{
    if (parser->text.len <= SHOWN_MAX)
        return parser->text;
    return sp_arena_printf(parser->arena, SP_STR_FMT "...", SHOWN_MAX, parser->text.ptr);
}

static enum sp_rc refuse(struct parser *parser, const char *why)
{
    struct sp_str text = shown(parser);

    return sp_fail(parser->err, SP_INVALID, "'" SP_STR_FMT "' is not a valid dtype: %s",
                   SP_STR_ARG(text), why);
}

/* What people write who come from other languages. */
static const char *const synonyms[][2] = {
    { "string", "str" },   { "text", "str" },     { "integer", "int" }, { "boolean", "bool" },
    { "double", "float" }, { "number", "float" }, { "Path", "File" },   { "path", "File" },
    { "array", "List" },   { "mapping", "Dict" }, { "map", "Dict" },
};

static enum sp_rc refuse_name(struct parser *parser, struct sp_str name)
{
    struct sp_nearest nearest = SP_NEAREST(name);

    for (size_t i = 0; i < SP_COUNT(type_names); i++)
        sp_nearest_offer(&nearest, sp_str_of(type_names[i].name));
    for (size_t i = 0; i < SP_COUNT(synonyms); i++)
        if (sp_str_is_nocase(name, synonyms[i][0]))
            nearest.best = sp_str_of(synonyms[i][1]);
    struct sp_str whole = shown(parser);
    return sp_nearest_fail(&nearest, NULL, parser->err, SP_INVALID,
                           "'" SP_STR_FMT "' is not a valid dtype: there is no type '" SP_STR_FMT
                           "'",
                           SP_STR_ARG(whole), (int)SP_MIN(name.len, (size_t)SHOWN_MAX), name.ptr);
}

/* --- arguments in brackets ---------------------------------------------------------------- */

static void add_arg(struct parser *parser, struct sp_dtype *dtype, const struct sp_dtype *arg)
{
    size_t count = dtype->arg_count;

    if ((count & (count - 1)) == 0) { /* full at 0, 1, 2, 4, 8 ... */
        const struct sp_dtype **args =
            SP_ARENA_NEW(parser->arena, const struct sp_dtype *, count ? count * 2 : 1);
        if (count)
            memcpy(args, dtype->args, count * sizeof(struct sp_dtype *));
        dtype->args = args;
    }
    dtype->args[dtype->arg_count++] = arg;
}

static enum sp_rc check_arity(struct parser *parser, const struct sp_dtype *dtype, enum arity arity)
{
    size_t count = dtype->arg_count;

    if (arity == MAYBE_ONE && count != 1)
        return refuse(parser, "a list or set has one element type");
    if (arity == MAYBE_TWO && count != 2)
        return refuse(parser, "a Dict has a key type and a value type");
    if (arity == EXACTLY_ONE && count != 1)
        return refuse(parser, "Optional has exactly one type");
    if (dtype->ellipsis && count != 1)
        return refuse(parser, "'...' stands behind exactly one type");
    return SP_OK;
}

static enum sp_rc parse_types(struct parser *parser, struct sp_dtype *dtype)
{
    if (dtype->kind == SP_DT_TUPLE && accept(parser, "(")) /* Tuple[()]: the empty one */
        return accept(parser, ")") && accept(parser, "]") ? SP_OK : refuse(parser, "')]' expected");
    do {
        const struct sp_dtype *arg;
        if (dtype->kind == SP_DT_TUPLE && accept(parser, "...")) {
            dtype->ellipsis = true;
            break;
        }
        enum sp_rc rc = parse_type(parser, &arg);
        if (rc)
            return rc;
        add_arg(parser, dtype, arg);
    } while (accept(parser, ","));
    return accept(parser, "]") ? SP_OK : refuse(parser, "']' or ',' expected");
}

/* The brackets of Literal hold Python values: find their end, then let the value reader work. */
static enum sp_rc parse_values(struct parser *parser, struct sp_dtype *dtype)
{
    size_t start = parser->at;
    char quote = '\0';
    struct sp_value values;

    for (; parser->at < parser->text.len; parser->at++) {
        char c = parser->text.ptr[parser->at];
        if (quote && c == quote)
            quote = '\0';
        else if (quote)
            continue;
        else if (c == '\'' || c == '"')
            quote = c;
        else if (c == ']')
            break;
    }
    struct sp_str inside = sp_str_slice(parser->text, start, parser->at);
    struct sp_str list = sp_arena_printf(parser->arena, "[" SP_STR_FMT "]", SP_STR_ARG(inside));
    struct sp_err why = SP_ERR_INIT;
    if (!accept(parser, "]"))
        return refuse(parser, "']' expected");
    if (sp_value_parse_literal(parser->arena, list, &values, &why) || values.list->len == 0)
        return refuse(parser, "Literal has values in brackets, texts in quotes");
    dtype->choices = values.list;
    return SP_OK;
}

static enum sp_rc parse_brackets(struct parser *parser, struct sp_dtype *dtype, enum arity arity)
{
    if (!accept(parser, "[")) {
        dtype->bare = true;
        return arity == EXACTLY_ONE || arity == AT_LEAST_ONE || arity == VALUES
                   ? refuse(parser, "types in brackets are missing")
                   : SP_OK;
    }
    if (arity == NO_ARGS)
        return refuse(parser, "only containers have brackets");
    if (arity == VALUES)
        return parse_values(parser, dtype);
    if (++parser->depth > DEPTH_MAX)
        return refuse(parser, "nested too deeply");
    enum sp_rc rc = parse_types(parser, dtype);
    parser->depth--;
    return rc ? rc : check_arity(parser, dtype, arity);
}

/* --- types -------------------------------------------------------------------------------- */

static enum sp_rc parse_single(struct parser *parser, const struct sp_dtype **out)
{
    size_t start = parser->at;
    struct sp_str name = take_name(parser);

    for (size_t i = 0; i < SP_COUNT(type_names); i++) {
        if (!sp_str_is(name, type_names[i].name))
            continue;
        struct sp_dtype *dtype = SP_ARENA_NEW(parser->arena, struct sp_dtype, 1);
        dtype->kind = type_names[i].kind;
        dtype->name = type_names[i].canonical;
        *out = dtype;
        return parse_brackets(parser, dtype, type_names[i].arity);
    }
    return name.len ? refuse_name(parser, name)
                    : refuse_name(parser, sp_str_trim(sp_str_slice(parser->text, start, SIZE_MAX)));
}

/* type { "|" type } */
static enum sp_rc parse_type(struct parser *parser, const struct sp_dtype **out)
{
    const struct sp_dtype *member;
    struct sp_dtype *either = NULL;
    enum sp_rc rc = parse_single(parser, &member);

    while (rc == SP_OK && accept(parser, "|")) {
        if (!either) {
            either = SP_ARENA_NEW(parser->arena, struct sp_dtype, 1);
            *either = (struct sp_dtype){ .kind = SP_DT_UNION, .name = "Union" };
            add_arg(parser, either, member);
        }
        rc = parse_single(parser, &member);
        if (rc == SP_OK)
            add_arg(parser, either, member);
    }
    if (rc == SP_OK)
        *out = either ? either : member;
    return rc;
}

enum sp_rc sp_dtype_parse(struct sp_arena *arena,
                          struct sp_str text,
                          const struct sp_dtype **out,
                          struct sp_err *err)
{
    struct parser parser = { .arena = arena, .text = sp_str_trim(text), .err = err };
    const struct sp_dtype *dtype;

    if (text.len > TEXT_MAX)
        return sp_fail(err, SP_INVALID, "a text of %zu bytes is not a valid dtype", text.len);
    if (text.len && memchr(text.ptr, '\0', text.len))
        return sp_fail(err, SP_INVALID, "a text with a NUL byte is not a valid dtype");
    enum sp_rc rc = parse_type(&parser, &dtype);
    if (rc)
        return rc;
    skip_blanks(&parser);
    if (parser.at < parser.text.len)
        return refuse(&parser, "it goes on behind the type");
    *out = dtype;
    return SP_OK;
}

/* --- questions ---------------------------------------------------------------------------- */

/* A file type itself, or the file type in List[...]; NULL for anything else. */
static const struct sp_dtype *file_of(const struct sp_dtype *dtype)
{
    if (sp_dtype_is_file_list(dtype))
        return dtype->args[0];
    return sp_dtype_is_file(dtype) ? dtype : NULL;
}

bool sp_dtype_is_file(const struct sp_dtype *dtype)
{
    return sp_dtype_kind_is_file(dtype->kind);
}

bool sp_dtype_is_file_list(const struct sp_dtype *dtype)
{
    return dtype->kind == SP_DT_LIST && dtype->arg_count == 1 && sp_dtype_is_file(dtype->args[0]);
}

bool sp_dtype_has_file(const struct sp_dtype *dtype)
{
    if (sp_dtype_kind_is_file(dtype->kind))
        return true;
    for (size_t i = 0; i < dtype->arg_count; i++)
        if (dtype->args[i] && sp_dtype_has_file(dtype->args[i]))
            return true;
    return false;
}

bool sp_dtype_is(const struct sp_dtype *dtype, const char *name)
{
    if (sp_dtype_is_file_list(dtype))
        dtype = dtype->args[0];
    return dtype->arg_count == 0 && strcmp(dtype->name, name) == 0;
}

bool sp_dtype_of_directories(const struct sp_dtype *dtype)
{
    const struct sp_dtype *file = file_of(dtype);

    return file && (file->kind == SP_DT_DIRECTORY || file->kind == SP_DT_MS);
}

bool sp_dtype_of_plain_files(const struct sp_dtype *dtype)
{
    const struct sp_dtype *file = file_of(dtype);

    return file && file->kind == SP_DT_FILE;
}

bool sp_dtype_is_list(const struct sp_dtype *dtype)
{
    return dtype->kind == SP_DT_LIST;
}

void sp_dtype_format(const struct sp_dtype *dtype, struct sp_buf *out)
{
    size_t count = dtype->choices ? dtype->choices->len : dtype->arg_count;

    sp_buf_adds(out, dtype->name);
    if (count == 0) {
        if (dtype->kind == SP_DT_TUPLE && !dtype->bare)
            sp_buf_adds(out, "[()]");
        return;
    }
    sp_buf_addc(out, '[');
    for (size_t i = 0; i < count; i++) {
        if (i)
            sp_buf_adds(out, ", ");
        if (dtype->choices)
            sp_value_repr(dtype->choices->items[i], out);
        else
            sp_dtype_format(dtype->args[i], out);
    }
    sp_buf_adds(out, dtype->ellipsis ? ", ...]" : "]");
}

const char *sp_dtype_name(size_t i)
{
    return i < SP_COUNT(type_names) ? type_names[i].name : NULL;
}
