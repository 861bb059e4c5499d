/* SPDX-License-Identifier: BSD-3-Clause */
#include "lang/substitute.h"

#include "base/vec.h"

#include "value/text.h"
#include "value/utf8.h"

#define SPEC_DEPTH_MAX 2 /* fields in the specification of a field, as in Python */

struct scanner {
    struct sp_arena *arena;
    struct sp_str text;
    size_t at;
    unsigned depth;
    struct sp_eval_fault *fault;
};

static struct sp_template *parse_template(struct scanner *scanner, bool in_spec);

/* --- parsing ------------------------------------------------------------------------------ */

static void *fail_at(struct scanner *scanner, size_t at, size_t length, const char *message)
{
    scanner->fault->offset = SP_MIN(at, scanner->text.len);
    scanner->fault->length = SP_MAX(length, (size_t)1);
    scanner->fault->message = sp_str_of(message);
    return NULL;
}

static bool at_end(const struct scanner *scanner)
{
    return scanner->at >= scanner->text.len;
}

static char peek(const struct scanner *scanner)
{
    if (at_end(scanner))
        return '\0';
    return scanner->text.ptr[scanner->at];
}

static bool is_one_of(char c, const char *set)
{
    return c != '\0' && strchr(set, c);
}

static bool accept(struct scanner *scanner, char c)
{
    if (at_end(scanner) || peek(scanner) != c)
        return false;
    scanner->at++;
    return true;
}

/* The first name, or one behind a dot. */
static struct sp_str take_name(struct scanner *scanner)
{
    size_t start = scanner->at;

    while (!at_end(scanner) && !is_one_of(peek(scanner), ".[]{}!:"))
        scanner->at++;
    return sp_str_slice(scanner->text, start, scanner->at);
}

/* The names of a field as they are found. */
struct names {
    struct sp_component items[SP_REFERENCE_MAX];
    size_t len;
};

static bool add_name(struct scanner *scanner, struct names *names, struct sp_component name)
{
    if (name.name.len == 0)
        return fail_at(scanner, scanner->at, 1,
                       names->len ? "Empty attribute in format string"
                                  : "a field needs a name: {recipe.name}") != NULL;
    if (names->len == SP_REFERENCE_MAX)
        return fail_at(scanner, scanner->at, 1, "field of too many names") != NULL;
    names->items[names->len++] = name;
    return true;
}

/* "[key]", from behind the bracket. */
static bool take_bracket(struct scanner *scanner, struct sp_component *component)
{
    struct sp_str rest = sp_str_slice(scanner->text, scanner->at, scanner->text.len);
    size_t end = sp_str_find(rest, ']');

    if (end == SIZE_MAX)
        return fail_at(scanner, scanner->at - 1, 1, "Missing ']' in format string") != NULL;
    *component = (struct sp_component){ .name = sp_str_slice(rest, 0, end), .bracket = true };
    scanner->at += end + 1;
    char next = peek(scanner);
    if (!at_end(scanner) && !is_one_of(next, ".[}!:"))
        return fail_at(scanner, scanner->at, 1,
                       "Only '.' or '[' may follow ']' in format field specifier") != NULL;
    return true;
}

static bool parse_reference(struct scanner *scanner, struct sp_reference *reference)
{
    size_t start = scanner->at;
    struct sp_component component = { .name = take_name(scanner) };
    struct names names;

    names.len = 0;
    while (add_name(scanner, &names, component)) {
        if (accept(scanner, '.')) {
            component = (struct sp_component){ .name = take_name(scanner) };
        } else if (accept(scanner, '[')) {
            if (!take_bracket(scanner, &component))
                return false;
        } else {
            reference->text = sp_str_slice(scanner->text, start, scanner->at);
            reference->items = SP_ARENA_NEW(scanner->arena, struct sp_component, names.len);
            memcpy(reference->items, names.items, names.len * sizeof *names.items);
            reference->len = names.len;
            return true;
        }
    }
    return false;
}

static bool parse_conversion(struct scanner *scanner, struct sp_field *field)
{
    if (!accept(scanner, '!'))
        return true;
    field->conversion = peek(scanner);
    if (at_end(scanner) || !is_one_of(field->conversion, "rsa"))
        return fail_at(scanner, scanner->at, 1, "conversion must be !r, !s or !a") != NULL;
    scanner->at++;
    if (peek(scanner) != ':' && peek(scanner) != '}')
        return fail_at(scanner, scanner->at, 1, "expected ':' after conversion specifier") != NULL;
    return true;
}

/* Behind "{". */
static struct sp_field *parse_field(struct scanner *scanner)
{
    struct sp_field *field = SP_ARENA_NEW(scanner->arena, struct sp_field, 1);
    size_t start = scanner->at - 1;

    if (at_end(scanner))
        return fail_at(scanner, start, 1, "Single '{' encountered in format string");
    if (!parse_reference(scanner, &field->reference) || !parse_conversion(scanner, field))
        return NULL;
    if (accept(scanner, ':')) {
        if (scanner->depth >= SPEC_DEPTH_MAX)
            return fail_at(scanner, start, 1, "format specifications nested too deeply");
        scanner->depth++;
        field->spec = parse_template(scanner, true);
        scanner->depth--;
        if (!field->spec)
            return NULL;
    }
    if (peek(scanner) == '{')
        return fail_at(scanner, scanner->at, 1, "unexpected '{' in field name");
    if (!accept(scanner, '}'))
        return fail_at(scanner, at_end(scanner) ? start : scanner->at, 1,
                       "expected '}' before end of string");
    field->source = sp_str_slice(scanner->text, start, scanner->at);
    return field;
}

/* Literal text up to a field or the end; doubled braces count as one, except in a specification,
 * which ends at the first closing brace. */
static bool take_literal(struct scanner *scanner, bool in_spec, struct sp_str *out)
{
    size_t start = scanner->at;
    struct sp_str text = scanner->text;

    while (!at_end(scanner) && peek(scanner) != '{' && peek(scanner) != '}')
        scanner->at++;
    *out = sp_str_slice(text, start, scanner->at);
    if (in_spec || at_end(scanner))
        return true;
    bool doubled = scanner->at + 1 < text.len && text.ptr[scanner->at + 1] == text.ptr[scanner->at];
    if (doubled) { /* this brace ends the literal, its twin is dropped */
        *out = sp_str_slice(text, start, scanner->at + 1);
        scanner->at += 2;
        return true;
    }
    if (peek(scanner) == '}')
        return fail_at(scanner, scanner->at, 1, "Single '}' encountered in format string") != NULL;
    return true;
}

static struct sp_template *parse_template(struct scanner *scanner, bool in_spec)
{
    SP_VEC(struct sp_segment) segments = { 0 };
    struct sp_template *template = SP_ARENA_NEW(scanner->arena, struct sp_template, 1);
    bool good = true;

    while (good && !at_end(scanner) && !(in_spec && peek(scanner) == '}')) {
        struct sp_segment segment = { 0 };
        size_t start = scanner->at;
        good = take_literal(scanner, in_spec, &segment.literal);
        bool doubled = scanner->at - start > segment.literal.len;
        if (good && !doubled && accept(scanner, '{')) {
            segment.field = parse_field(scanner);
            good = segment.field != NULL;
        }
        *SP_VEC_ADD(&segments) = segment;
    }
    template->len = segments.len;
    template->segments = SP_ARENA_NEW(scanner->arena, struct sp_segment, segments.len);
    if (segments.len)
        memcpy(template->segments, segments.items, segments.len * sizeof *segments.items);
    SP_VEC_FINI(&segments);
    return good ? template : NULL;
}

struct sp_template *sp_template_parse(struct sp_arena *arena,
                                      struct sp_str text,
                                      struct sp_eval_fault *fault)
{
    struct scanner scanner = { .arena = arena, .text = text, .fault = fault };

    return parse_template(&scanner, false);
}

/* --- rendering ---------------------------------------------------------------------------- */

/* Python's ascii(): repr() with everything beyond ASCII escaped. */
static void add_ascii(struct sp_value value, struct sp_buf *out)
{
    sp_auto_buf struct sp_buf whole = SP_BUF(SP_EVAL_TEXT_MAX);
    struct sp_str repr;

    sp_value_repr(value, &whole);
    repr = sp_buf_str(&whole);
    for (size_t at = 0, len; at < repr.len; at += len) {
        uint32_t code = sp_utf8_decode(repr, at, &len);
        if (code < 0x80)
            sp_buf_addc(out, (char)code);
        else
            sp_buf_addf(out,
                        code < 0x100     ? "\\x%02x"
                        : code < 0x10000 ? "\\u%04x"
                                         : "\\U%08x",
                        code);
    }
}

static void convert(char conversion, struct sp_value value, struct sp_buf *out)
{
    if (conversion == 's')
        sp_value_str(value, out);
    else if (conversion == 'r')
        sp_value_repr(value, out);
    else
        add_ascii(value, out);
}

/* Append the value of a field to *out; false with *failure set. */
static bool render_field(struct sp_eval *eval,
                         const struct sp_field *field,
                         struct sp_buf *out,
                         struct sp_value *failure)
{
    sp_auto_buf struct sp_buf converted = SP_BUF(SP_EVAL_TEXT_MAX);
    struct sp_err err = SP_ERR_INIT;
    struct sp_value value = sp_lookup(eval, &field->reference, SP_LOOKUP_FIELD);
    struct sp_value spec =
        field->spec ? sp_template_render(eval, field->spec, false) : sp_text(SP_STR(""));

    if (!sp_is_value(value) || !sp_is_value(spec)) {
        *failure = sp_is_value(value) ? spec : value;
        return false;
    }
    if (field->conversion) {
        convert(field->conversion, value, &converted);
        value = sp_text(sp_buf_str(&converted));
        sp_eval_touch(eval, value);
    }
    size_t before = out->len;
    if (!sp_value_format(value, spec.text, out, &err)) {
        if (sp_buf_ok(out) && sp_eval_charge_text(eval, out->len - before))
            return true;
        *failure = sp_eval_exhausted(eval);
        return false;
    }
    *failure = sp_eval_error(eval, SP_STR_FMT ": %s", SP_STR_ARG(field->source), err.text);
    return false;
}

struct sp_value sp_template_render(struct sp_eval *eval,
                                   const struct sp_template *template,
                                   bool forgiving)
{
    sp_auto_buf struct sp_buf text = SP_BUF(SP_EVAL_TEXT_MAX);
    struct sp_value failure;

    if (!sp_eval_charge(eval, template->len))
        return sp_eval_exhausted(eval);
    for (size_t i = 0; i < template->len; i++) {
        const struct sp_segment *segment = &template->segments[i];
        sp_buf_add(&text, segment->literal);
        size_t before = text.len;
        if (!segment->field || render_field(eval, segment->field, &text, &failure))
            continue;
        if (!forgiving)
            return failure;
        sp_buf_truncate(&text, before);
    }
    if (!sp_buf_ok(&text) || !sp_eval_charge_text(eval, text.len))
        return sp_eval_exhausted(eval);
    return sp_text(sp_arena_str(eval->arena, sp_buf_str(&text)));
}

void sp_template_references(const struct sp_template *template, sp_reference_fn each, void *arg)
{
    for (size_t i = 0; i < template->len; i++) {
        const struct sp_field *field = template->segments[i].field;
        if (!field)
            continue;
        each(arg, &field->reference);
        if (field->spec)
            sp_template_references(field->spec, each, arg);
    }
}
