/* SPDX-License-Identifier: BSD-3-Clause */
/* literal.c - Python literals, as ast.literal_eval() reads them.
 *
 * Beyond that: a set becomes a list, keys of dictionaries become their text, integers must fit
 * into 64 bits. Complex numbers and bytes are refused. */
#include "value/text.h"
#include "value/utf8.h"

#include <ctype.h>

#define DEPTH_MAX 100

struct reader {
    struct sp_arena *arena;
    struct sp_str text;
    size_t at;
    unsigned depth;
    struct sp_err *err;
};

static enum sp_rc read_value(struct reader *reader, struct sp_value *out);

static enum sp_rc fault(struct reader *reader, const char *what)
{
    return sp_fail(reader->err, SP_INVALID, "not a literal: %s at character %zu", what,
                   sp_utf8_count(sp_str_slice(reader->text, 0, reader->at)) + 1);
}

static char peek(const struct reader *reader)
{
    if (reader->at >= reader->text.len)
        return '\0';
    return reader->text.ptr[reader->at];
}

static void skip_blanks(struct reader *reader)
{
    while (reader->at < reader->text.len && strchr(" \t\r\n\f", peek(reader)) && peek(reader))
        reader->at++;
}

static bool accept(struct reader *reader, char c)
{
    skip_blanks(reader);
    if (reader->at >= reader->text.len || peek(reader) != c)
        return false;
    reader->at++;
    return true;
}

/* --- text --------------------------------------------------------------------------------- */

static int hex_value(char c)
{
    if (c >= '0' && c <= '9')
        return c - '0';
    if (c >= 'a' && c <= 'f')
        return c - 'a' + 10;
    return c >= 'A' && c <= 'F' ? c - 'A' + 10 : -1;
}

static enum sp_rc read_hex(struct reader *reader, unsigned digits, struct sp_buf *out)
{
    uint32_t code = 0;

    for (unsigned i = 0; i < digits; i++) {
        int value = hex_value(peek(reader));
        if (value < 0 || code > 0x10FFFF)
            return fault(reader, "bad escape");
        code = code * 16 + (uint32_t)value;
        reader->at++;
    }
    if (code > 0x10FFFF)
        return fault(reader, "bad escape");
    sp_utf8_encode(code, out);
    return SP_OK;
}

static void read_octal(struct reader *reader, struct sp_buf *out)
{
    uint32_t code = 0;

    for (unsigned i = 0; i < 3 && peek(reader) >= '0' && peek(reader) <= '7'; i++) {
        code = code * 8 + (uint32_t)(peek(reader) - '0');
        reader->at++;
    }
    sp_utf8_encode(code, out);
}

/* Behind a backslash. */
static enum sp_rc read_escape(struct reader *reader, struct sp_buf *out)
{
    static const char from[] = "\\'\"abfnrtv";
    static const char to[] = "\\'\"\a\b\f\n\r\t\v";
    char c = peek(reader);
    const char *simple = c ? strchr(from, c) : NULL;

    if (c >= '0' && c <= '7') {
        read_octal(reader, out);
        return SP_OK;
    }
    if (reader->at < reader->text.len)
        reader->at++;
    if (simple)
        sp_buf_addc(out, to[simple - from]);
    else if (c == 'x' || c == 'u' || c == 'U')
        return read_hex(reader, c == 'x' ? 2 : c == 'u' ? 4 : 8, out);
    else if (c != '\n') {
        sp_buf_addc(out, '\\');
        sp_buf_addc(out, c);
    }
    return SP_OK;
}

/* From the opening quote up to and including the closing one. */
static enum sp_rc read_quoted(struct reader *reader, bool raw, struct sp_buf *out)
{
    struct sp_str rest = sp_str_slice(reader->text, reader->at, reader->text.len);
    char quote = peek(reader);
    bool triple = rest.len >= 3 && rest.ptr[1] == quote && rest.ptr[2] == quote;
    struct sp_str end = sp_str_slice(rest, 0, triple ? 3 : 1);

    reader->at += end.len;
    for (;;) {
        struct sp_str here = sp_str_slice(reader->text, reader->at, reader->text.len);
        if (here.len == 0 || (!triple && here.ptr[0] == '\n'))
            return fault(reader, "text without closing quote");
        if (sp_str_eq(sp_str_slice(here, 0, end.len), end)) {
            reader->at += end.len;
            return SP_OK;
        }
        reader->at++;
        if (here.ptr[0] != '\\' || here.len < 2) {
            sp_buf_addc(out, here.ptr[0]);
        } else if (raw) {
            sp_buf_add(out, sp_str_slice(here, 0, 2));
            reader->at++;
        } else if (read_escape(reader, out)) {
            return SP_INVALID;
        }
    }
}

static size_t prefix_length(const struct reader *reader)
{
    struct sp_str rest = sp_str_slice(reader->text, reader->at, reader->text.len);
    size_t len = rest.len && strchr("rRuU", rest.ptr[0]) && rest.ptr[0] ? 1 : 0;

    return rest.len > len && (rest.ptr[len] == '\'' || rest.ptr[len] == '"') ? len : SIZE_MAX;
}

/* One or more texts side by side. */
static enum sp_rc read_text(struct reader *reader, struct sp_value *out)
{
    sp_auto_buf struct sp_buf text = SP_BUF(SP_BUF_LARGE);

    for (size_t prefix; (prefix = prefix_length(reader)) != SIZE_MAX; skip_blanks(reader)) {
        bool raw = prefix && (peek(reader) == 'r' || peek(reader) == 'R');
        reader->at += prefix;
        if (read_quoted(reader, raw, &text))
            return SP_INVALID;
    }
    *out = sp_text(sp_arena_str(reader->arena, sp_buf_str(&text)));
    return SP_OK;
}

/* --- numbers and words -------------------------------------------------------------------- */

/* The characters of a number, with underscores between digits taken out; false if there is one
 * elsewhere or the number is unreasonably long. */
static bool copy_number(struct sp_str word, char text[static 400])
{
    size_t len = 0;

    for (size_t i = 0; i < word.len; i++) {
        bool inside = i > 0 && i + 1 < word.len && isxdigit((unsigned char)word.ptr[i + 1]) &&
                      isalnum((unsigned char)word.ptr[i - 1]);
        if (word.ptr[i] == '_' && inside)
            continue;
        if (word.ptr[i] == '_' || len >= 399)
            return false;
        text[len++] = word.ptr[i];
    }
    text[len] = '\0';
    return len > 0;
}

static struct sp_str number_word(struct reader *reader)
{
    size_t start = reader->at;
    bool hex = false;
    char last = '\0';

    for (char c; (c = peek(reader)); reader->at++, last = c) {
        hex = hex || ((c == 'x' || c == 'X') && reader->at == start + 1);
        bool sign = (c == '+' || c == '-') && (last == 'e' || last == 'E') && !hex;
        if (!isalnum((unsigned char)c) && c != '.' && c != '_' && !sign)
            break;
    }
    return sp_str_slice(reader->text, start, reader->at);
}

static unsigned base_of(const char *text)
{
    static const struct {
        char letter;
        unsigned base;
    } bases[] = { { 'x', 16 }, { 'o', 8 }, { 'b', 2 } };

    for (size_t i = 0; text[0] == '0' && i < SP_COUNT(bases); i++)
        if (tolower((unsigned char)text[1]) == bases[i].letter)
            return bases[i].base;
    return 10;
}

static bool leading_zero(const char *text)
{
    return text[0] == '0' && strspn(text, "0") != strlen(text);
}

static enum sp_rc read_integer(struct reader *reader,
                               const char *text,
                               bool negative,
                               struct sp_value *out)
{
    unsigned base = base_of(text);
    int64_t number = 0;

    if (base == 10 && leading_zero(text))
        return fault(reader, "number with leading zero");
    const char *digits = base == 10 ? text : text + 2;
    if (!*digits)
        return fault(reader, "number without digits");
    for (; *digits; digits++) {
        int digit = hex_value(*digits);
        if (digit < 0 || (unsigned)digit >= base)
            return fault(reader, "malformed number");
        if (__builtin_mul_overflow(number, (int64_t)base, &number) ||
            __builtin_add_overflow(number, (int64_t)(negative ? -digit : digit), &number))
            return sp_fail(reader->err, SP_INVALID, "integer '%s' does not fit into 64 bits", text);
    }
    *out = sp_int(number);
    return SP_OK;
}

static enum sp_rc read_number(struct reader *reader, bool negative, struct sp_value *out)
{
    struct sp_str word = number_word(reader);
    char text[400];
    double real;

    if (!copy_number(word, text))
        return fault(reader, "malformed number");
    if (base_of(text) != 10 || !strpbrk(text, ".eE"))
        return read_integer(reader, text, negative, out);
    if (!sp_str_float(sp_str_of(text), &real))
        return fault(reader, "malformed number");
    *out = sp_float(negative ? -real : real);
    return SP_OK;
}

static enum sp_rc read_signed(struct reader *reader, struct sp_value *out)
{
    bool negative = false;

    while (peek(reader) == '-' || peek(reader) == '+') {
        negative = negative != (peek(reader) == '-');
        reader->at++;
        skip_blanks(reader);
    }
    if (!isdigit((unsigned char)peek(reader)) && peek(reader) != '.')
        return fault(reader, "expected a number");
    return read_number(reader, negative, out);
}

static enum sp_rc read_word(struct reader *reader, struct sp_value *out)
{
    static const struct {
        const char *word;
        struct sp_value value;
    } words[] = { { "None", { .kind = SP_NULL } },
                  { "True", { .kind = SP_BOOL, .boolean = true } },
                  { "False", { .kind = SP_BOOL, .boolean = false } } };

    size_t end = reader->at;

    while (end < reader->text.len &&
           (isalnum((unsigned char)reader->text.ptr[end]) || reader->text.ptr[end] == '_'))
        end++;
    struct sp_str word = sp_str_slice(reader->text, reader->at, end);
    for (size_t i = 0; i < SP_COUNT(words); i++) {
        if (!sp_str_is(word, words[i].word))
            continue;
        *out = words[i].value;
        reader->at = end;
        return SP_OK;
    }
    return fault(reader, reader->at < reader->text.len ? "unexpected text" : "unexpected end");
}

/* --- lists, tuples, sets, dictionaries ---------------------------------------------------- */

/* Items up to `close`; *comma says whether one stood behind the last: (1) is not (1,). */
static enum sp_rc read_items(struct reader *reader, char close, struct sp_list *list, bool *comma)
{
    *comma = true;
    while (!accept(reader, close)) {
        struct sp_value item = sp_null();
        if (!*comma)
            return fault(reader, "expected ',' or a closing bracket");
        if (read_value(reader, &item))
            return SP_INVALID;
        sp_list_add(reader->arena, list, item);
        *comma = accept(reader, ',');
    }
    return SP_OK;
}

static enum sp_rc read_list(struct reader *reader, char close, struct sp_value *out)
{
    struct sp_value list = sp_list_new(reader->arena);
    bool comma;

    if (read_items(reader, close, list.list, &comma))
        return SP_INVALID;
    if (close == ')' && list.list->len == 1 && !comma) {
        *out = list.list->items[0];
        return SP_OK;
    }
    list.kind = close == ')' ? SP_TUPLE : SP_LIST;
    *out = list;
    return SP_OK;
}

static enum sp_rc read_pair(struct reader *reader, struct sp_value key, struct sp_dict *dict)
{
    struct sp_value value = sp_null();

    if (sp_is_list(key) || key.kind == SP_DICT)
        return fault(reader, "a key must be a text or a number");
    if (read_value(reader, &value))
        return SP_INVALID;
    sp_dict_set(reader->arena, dict, sp_value_text(reader->arena, key), value);
    return SP_OK;
}

/* Behind "{": the first ':' decides whether it is a dictionary or a set. */
static enum sp_rc read_braces(struct reader *reader, struct sp_value *out)
{
    struct sp_value dict = sp_dict_new(reader->arena);
    struct sp_value set = sp_list_new(reader->arena);
    struct sp_value key = sp_null();

    for (bool comma = true; !accept(reader, '}'); comma = accept(reader, ',')) {
        if (!comma)
            return fault(reader, "expected ',' or '}'");
        if (read_value(reader, &key))
            return SP_INVALID;
        if (set.list->len == 0 && accept(reader, ':')) {
            if (read_pair(reader, key, dict.dict))
                return SP_INVALID;
        } else if (dict.dict->len) {
            return fault(reader, "expected ':'");
        } else {
            sp_list_add(reader->arena, set.list, key);
        }
    }
    *out = set.list->len ? set : dict;
    return SP_OK;
}

static enum sp_rc read_bracketed(struct reader *reader, struct sp_value *out)
{
    char open = peek(reader);

    if (reader->depth >= DEPTH_MAX)
        return sp_fail(reader->err, SP_INVALID, "literal nested deeper than %d levels", DEPTH_MAX);
    reader->depth++;
    reader->at++;
    enum sp_rc rc =
        open == '{' ? read_braces(reader, out) : read_list(reader, open == '[' ? ']' : ')', out);
    reader->depth--;
    return rc;
}

static enum sp_rc read_value(struct reader *reader, struct sp_value *out)
{
    skip_blanks(reader);
    char c = peek(reader);
    if (c && strchr("[({", c))
        return read_bracketed(reader, out);
    if (prefix_length(reader) != SIZE_MAX)
        return read_text(reader, out);
    if (c && strchr("+-.0123456789", c))
        return read_signed(reader, out);
    return read_word(reader, out);
}

/* A value, or several with commas between them, which make a tuple. */
static enum sp_rc read_all(struct reader *reader, struct sp_value *out)
{
    enum sp_rc rc = read_value(reader, out);

    if (rc || !accept(reader, ','))
        return rc;
    struct sp_value tuple = sp_list_new(reader->arena);
    tuple.kind = SP_TUPLE;
    sp_list_add(reader->arena, tuple.list, *out);
    for (bool comma = true; comma; comma = accept(reader, ',')) {
        struct sp_value item = sp_null();
        skip_blanks(reader);
        if (reader->at >= reader->text.len)
            break;
        if (read_value(reader, &item))
            return SP_INVALID;
        sp_list_add(reader->arena, tuple.list, item);
    }
    *out = tuple;
    return SP_OK;
}

enum sp_rc sp_value_parse_literal(struct sp_arena *arena,
                                  struct sp_str text,
                                  struct sp_value *out,
                                  struct sp_err *err)
{
    struct reader reader = { .arena = arena, .text = text, .err = err };
    struct sp_value value = sp_null();
    enum sp_rc rc = read_all(&reader, &value);

    if (rc)
        return rc;
    skip_blanks(&reader);
    if (reader.at < text.len)
        return fault(&reader, "unexpected text");
    *out = value;
    return SP_OK;
}
