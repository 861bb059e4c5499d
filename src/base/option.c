/* SPDX-License-Identifier: BSD-3-Clause */
#include "base/option.h"

#include "base/nearest.h"

#include <stdlib.h>
#include <string.h>

void sp_words_fini(struct sp_words *words)
{
    free(words->items);
    *words = (struct sp_words){ 0 };
}

void sp_words_add(struct sp_words *words, const char *word)
{
    words->items = sp_grow(words->items, &words->capacity, words->len + 1, sizeof *words->items);
    words->items[words->len++] = word;
}

void sp_words_put_first(struct sp_words *words, const struct sp_words *front)
{
    if (front->len == 0)
        return;
    words->items =
        sp_grow(words->items, &words->capacity, words->len + front->len, sizeof *words->items);
    memmove(words->items + front->len, words->items, words->len * sizeof *words->items);
    memcpy(words->items, front->items, front->len * sizeof *words->items);
    words->len += front->len;
}

/* --- parsing ------------------------------------------------------------------------------ */

struct parser {
    const struct sp_option *options;
    int argc;
    char **argv;
    int at; /* the word being read */
    char *out;
    struct sp_err *err;
};

static enum sp_rc store_number(struct parser *p, const struct sp_option *option, const char *value)
{
    struct sp_str text = sp_str_of(value);
    void *field = p->out + option->offset;
    bool fine = option->kind == SP_OPTION_INT ? sp_str_int(text, field) : sp_str_float(text, field);

    if (fine)
        return SP_OK;
    return sp_fail(p->err, SP_INVALID, "option --%s: '%s' is not a%s number", option->name, value,
                   option->kind == SP_OPTION_INT ? " whole" : "");
}

static enum sp_rc store(struct parser *p, const struct sp_option *option, const char *value)
{
    void *field = p->out + option->offset;

    switch (option->kind) {
    case SP_OPTION_FLAG: *(bool *)field = true; return SP_OK;
    case SP_OPTION_TEXT:
    case SP_OPTION_MAYBE: *(const char **)field = value; return SP_OK;
    case SP_OPTION_WORDS:
    case SP_OPTION_PAIRS: sp_words_add(field, value); return SP_OK;
    case SP_OPTION_INT:
    case SP_OPTION_FLOAT: return store_number(p, option, value);
    case SP_OPTION_END:
    case SP_OPTION_GROUP: break;
    }
    return sp_fail(p->err, SP_INVALID, "not an option: %s", value);
}

/* The value of an option: behind '=' or in the next word. A pair goes on in the word after. */
static enum sp_rc take_value(struct parser *p, const struct sp_option *option, const char *inline_)
{
    const char *word = p->argv[p->at];
    int wanted = option->kind == SP_OPTION_PAIRS ? 2 : 1;

    if (p->argc - 1 - p->at < wanted - (inline_ ? 1 : 0))
        return sp_fail(p->err, SP_INVALID, "option %s needs %s: %s", word,
                       wanted > 1 ? "two values" : "a value", option->metavar);
    for (; wanted > 0; wanted--, inline_ = NULL) {
        enum sp_rc rc = store(p, option, inline_ ? inline_ : p->argv[++p->at]);
        if (rc)
            return rc;
    }
    return SP_OK;
}

static enum sp_rc unknown_long(struct parser *p, struct sp_str name)
{
    struct sp_nearest nearest = SP_NEAREST(name);

    for (const struct sp_option *o = p->options; o->kind; o++)
        if (o->name)
            sp_nearest_offer(&nearest, sp_str_of(o->name));
    if (nearest.best.ptr)
        return sp_fail(p->err, SP_INVALID,
                       "unknown option --" SP_STR_FMT "; did you mean --" SP_STR_FMT "?",
                       SP_STR_ARG(name), SP_STR_ARG(nearest.best));
    return sp_fail(p->err, SP_INVALID, "unknown option --" SP_STR_FMT, SP_STR_ARG(name));
}

/* The option called `name`, or the only one whose name starts so. */
static enum sp_rc find_long(struct parser *p, struct sp_str name, const struct sp_option **out)
{
    const struct sp_option *found = NULL;

    if (name.len == 0)
        return unknown_long(p, name);
    for (const struct sp_option *o = p->options; o->kind; o++) {
        if (!o->name || strncmp(o->name, name.ptr, name.len) != 0)
            continue;
        if (strlen(o->name) == name.len) {
            *out = o;
            return SP_OK;
        }
        if (found)
            return sp_fail(p->err, SP_INVALID,
                           "option --" SP_STR_FMT " is ambiguous: --%s or --%s?", SP_STR_ARG(name),
                           found->name, o->name);
        found = o;
    }
    if (!found)
        return unknown_long(p, name);
    *out = found;
    return SP_OK;
}

static enum sp_rc parse_long(struct parser *p)
{
    const char *word = p->argv[p->at] + 2;
    const char *equals = strchr(word, '=');
    struct sp_str name = { word, equals ? (size_t)(equals - word) : strlen(word) };
    const struct sp_option *option = NULL;

    if (sp_str_starts(name, "no-")) {
        struct sp_str positive = sp_str_slice(name, 3, name.len);
        for (const struct sp_option *o = p->options; o->kind; o++)
            if (o->kind == SP_OPTION_FLAG && o->name && sp_str_is(positive, o->name) && !equals) {
                *(bool *)(void *)(p->out + o->offset) = false;
                return SP_OK;
            }
    }
    enum sp_rc rc = find_long(p, name, &option);
    if (rc || !option)
        return rc;
    if (option->kind == SP_OPTION_MAYBE)
        return store(p, option, equals ? equals + 1 : "");
    if (option->kind != SP_OPTION_FLAG)
        return take_value(p, option, equals ? equals + 1 : NULL);
    if (equals)
        return sp_fail(p->err, SP_INVALID, "option --%s takes no value", option->name);
    return store(p, option, NULL);
}

static const struct sp_option *find_letters(const struct sp_option *options, struct sp_str letters)
{
    for (const struct sp_option *o = options; o->kind; o++)
        if (o->letters && sp_str_is(letters, o->letters))
            return o;
    return NULL;
}

/* "-pf VALUE", "-pf=VALUE", "-sd": the whole word names one option. */
static enum sp_rc parse_whole(struct parser *p, const struct sp_option *option, const char *equals)
{
    if (option->kind != SP_OPTION_FLAG)
        return take_value(p, option, equals ? equals + 1 : NULL);
    if (equals)
        return sp_fail(p->err, SP_INVALID, "option -%s takes no value", option->letters);
    return store(p, option, NULL);
}

static enum sp_rc parse_short(struct parser *p)
{
    const char *letters = p->argv[p->at] + 1;
    const char *equals = strchr(letters, '=');
    size_t len = equals ? (size_t)(equals - letters) : strlen(letters);
    const struct sp_option *whole = find_letters(p->options, (struct sp_str){ letters, len });

    /* -I=x keeps its '=': with one letter the value may follow at once. */
    if (whole && (len > 1 || !equals))
        return parse_whole(p, whole, equals);
    for (; *letters; letters++) {
        const struct sp_option *option = find_letters(p->options, (struct sp_str){ letters, 1 });
        if (!option)
            return sp_fail(p->err, SP_INVALID, "unknown option -%c", *letters);
        if (option->kind != SP_OPTION_FLAG)
            return take_value(p, option, letters[1] ? letters + 1 : NULL);
        enum sp_rc rc = store(p, option, NULL);
        if (rc)
            return rc;
    }
    return SP_OK;
}

/* Numbers are words, not options. */
static bool is_option(const char *word)
{
    double ignored;

    return word[0] == '-' && word[1] != '\0' && !sp_str_float(sp_str_of(word), &ignored);
}

static enum sp_rc parse_option(struct parser *p)
{
    return p->argv[p->at][1] == '-' ? parse_long(p) : parse_short(p);
}

enum sp_rc sp_option_parse(const struct sp_option *options,
                           int argc,
                           char **argv,
                           void *out,
                           struct sp_words *words,
                           struct sp_err *err)
{
    struct parser p = { options, argc, argv, 1, out, err };

    for (; p.at < argc; p.at++) {
        enum sp_rc rc = SP_OK;
        if (strcmp(argv[p.at], "--") == 0) {
            while (++p.at < argc)
                sp_words_add(words, argv[p.at]);
            break;
        }
        if (is_option(argv[p.at]))
            rc = parse_option(&p);
        else
            sp_words_add(words, argv[p.at]);
        if (rc)
            return rc;
    }
    return SP_OK;
}

enum sp_rc sp_option_parse_front(const struct sp_option *options,
                                 int argc,
                                 char **argv,
                                 void *out,
                                 int *used,
                                 struct sp_err *err)
{
    struct parser p = { options, argc, argv, 1, out, err };

    for (; p.at < argc && is_option(argv[p.at]); p.at++) {
        if (strcmp(argv[p.at], "--") == 0) {
            p.at++;
            break;
        }
        enum sp_rc rc = parse_option(&p);
        if (rc)
            return rc;
    }
    *used = p.at;
    return SP_OK;
}

/* --- help --------------------------------------------------------------------------------- */

/* Append `text` in lines of at most `width` columns; all lines but the first are indented. */
static void wrap(struct sp_buf *out, struct sp_str text, int indent, int width)
{
    int column = indent;

    for (struct sp_str rest = text; rest.ptr;) {
        struct sp_str word = sp_str_cut(&rest, ' ');
        if (word.len == 0)
            continue;
        if (column > indent && column + 1 + (int)word.len > width) {
            sp_buf_addc(out, '\n');
            sp_buf_add_repeat(out, ' ', (size_t)indent);
            column = indent;
        } else if (column > indent) {
            sp_buf_addc(out, ' ');
            column++;
        }
        sp_buf_add(out, word);
        column += (int)word.len;
    }
}

static void add_option_name(const struct sp_option *option, struct sp_buf *out)
{
    if (option->letters)
        sp_buf_addf(out, "-%s", option->letters);
    else
        sp_buf_adds(out, "  ");
    if (option->name)
        sp_buf_addf(out, "%s --%s", option->letters ? "," : " ", option->name);
    if (option->metavar && option->kind == SP_OPTION_MAYBE)
        sp_buf_addf(out, "[=%s]", option->metavar);
    else if (option->metavar)
        sp_buf_addf(out, " %s", option->metavar);
}

#define HELP_COLUMN 30

static void add_option_help(const struct sp_option *option, int width, struct sp_buf *out)
{
    if (option->kind == SP_OPTION_GROUP) {
        sp_buf_addf(out, "\n%s:\n", option->help);
        return;
    }
    size_t start = out->len;
    sp_buf_adds(out, "  ");
    add_option_name(option, out);
    if (out->len - start > HELP_COLUMN - 2) {
        sp_buf_addc(out, '\n');
        start = out->len;
    }
    sp_buf_add_repeat(out, ' ', HELP_COLUMN - (out->len - start));
    wrap(out, sp_str_of(option->help), HELP_COLUMN, width);
    sp_buf_addc(out, '\n');
}

void sp_usage_help(const struct sp_usage *usage, int width, struct sp_buf *out)
{
    width = SP_MAX(SP_MIN(width, 100), 60);
    sp_buf_addf(out, "usage: %s %s\n\n%s\n", usage->name, usage->synopsis, usage->summary);
    if (usage->description)
        sp_buf_addf(out, "\n%s\n", usage->description);
    if (usage->options->kind && usage->options->kind != SP_OPTION_GROUP)
        sp_buf_adds(out, "\noptions:\n");
    for (const struct sp_option *o = usage->options; o->kind; o++)
        add_option_help(o, width, out);
    if (usage->examples)
        sp_buf_addf(out, "\nexamples:\n%s\n", usage->examples);
}

/* --- man page ----------------------------------------------------------------------------- */

/* Text in roff: '-' and '\' escaped, no control character at the start of a line. */
static void add_roff(struct sp_buf *out, const char *text)
{
    bool line_start = true;

    for (; *text; text++) {
        if (line_start && (*text == '.' || *text == '\''))
            sp_buf_adds(out, "\\&");
        line_start = *text == '\n';
        if (*text == '-')
            sp_buf_adds(out, "\\-");
        else if (*text == '\\')
            sp_buf_adds(out, "\\e");
        else
            sp_buf_addc(out, *text);
    }
}

static void add_roff_option(struct sp_buf *out, const struct sp_option *option)
{
    if (option->kind == SP_OPTION_GROUP) {
        sp_buf_adds(out, ".SS ");
        add_roff(out, option->help);
        sp_buf_addc(out, '\n');
        return;
    }
    sp_auto_buf struct sp_buf name = SP_BUF(SP_BUF_SMALL);
    add_option_name(option, &name);
    sp_buf_adds(out, ".TP\n\\fB");
    add_roff(out, name.ptr + strspn(name.ptr, " "));
    sp_buf_adds(out, "\\fR\n");
    add_roff(out, option->help);
    sp_buf_addc(out, '\n');
}

static void add_roff_section(struct sp_buf *out, const char *title, const char *text)
{
    if (!text)
        return;
    sp_buf_addf(out, ".SH %s\n.nf\n", title);
    add_roff(out, text);
    sp_buf_adds(out, "\n.fi\n");
}

void sp_usage_page_name(const struct sp_usage *usage, struct sp_buf *out)
{
    for (const char *c = usage->name; *c; c++) {
        if (*c == ' ')
            sp_buf_addc(out, '-');
        else
            sp_buf_addc(out, *c);
    }
}

void sp_usage_man(const struct sp_usage *usage, struct sp_buf *out)
{
    sp_buf_adds(out, ".SH NAME\n");
    sp_usage_page_name(usage, out);
    sp_buf_adds(out, " \\- ");
    add_roff(out, usage->summary);
    sp_buf_adds(out, "\n.SH SYNOPSIS\n.B ");
    add_roff(out, usage->name);
    sp_buf_adds(out, "\n");
    add_roff(out, usage->synopsis);
    sp_buf_addc(out, '\n');
    add_roff_section(out, "DESCRIPTION", usage->description);
    sp_buf_adds(out, ".SH OPTIONS\n");
    for (const struct sp_option *o = usage->options; o->kind; o++)
        add_roff_option(out, o);
    add_roff_section(out, "EXAMPLES", usage->examples);
}
