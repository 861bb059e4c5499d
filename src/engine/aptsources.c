/* SPDX-License-Identifier: BSD-3-Clause */
#include "engine/aptsources.h"

/* One entry, however it was written. Texts are views; empty: not said. */
struct source {
    struct sp_str types, uris, suites, components, signed_by, trusted, enabled;
};

static const struct {
    const char *stanza, *option; /* the names of one thing in either format */
    size_t offset;
} keys[] = {
    { "Types", NULL, offsetof(struct source, types) },
    { "URIs", NULL, offsetof(struct source, uris) },
    { "Suites", NULL, offsetof(struct source, suites) },
    { "Components", NULL, offsetof(struct source, components) },
    { "Signed-By", "signed-by", offsetof(struct source, signed_by) },
    { "Trusted", "trusted", offsetof(struct source, trusted) },
    { "Enabled", NULL, offsetof(struct source, enabled) },
};

static struct sp_str *slot(struct source *source, size_t key)
{
    return (struct sp_str *)(void *)((char *)source + keys[key].offset);
}

static bool is_blank(char c)
{
    return c == ' ' || c == '\t' || c == '\n' || c == '\r';
}

/* The next word; empty at the end. */
static struct sp_str cut_word(struct sp_str *rest)
{
    size_t from = 0, to;

    while (from < rest->len && is_blank(rest->ptr[from]))
        from++;
    for (to = from; to < rest->len && !is_blank(rest->ptr[to]);)
        to++;
    struct sp_str word = sp_str_slice(*rest, from, to);
    *rest = sp_str_slice(*rest, to, rest->len);
    return word;
}

static bool has_word(struct sp_str text, const char *wanted)
{
    for (struct sp_str word = cut_word(&text); word.len; word = cut_word(&text))
        if (sp_str_is(word, wanted))
            return true;
    return false;
}

/* --- what is picked ------------------------------------------------------------------------- */

static bool is_of_suite(struct sp_str word, struct sp_str suite)
{
    struct sp_str rest = sp_str_slice(word, suite.len, word.len);

    return sp_str_eq(sp_str_slice(word, 0, suite.len), suite) &&
           (!rest.len || sp_str_is(rest, "-updates") || sp_str_is(rest, "-security"));
}

static void add_line(struct sp_buf *out, const char *key, struct sp_str value)
{
    if (value.len)
        sp_buf_addf(out, "%s: " SP_STR_FMT "\n", key, SP_STR_ARG(value));
}

static size_t add_source(const struct source *source, struct sp_str suite, struct sp_buf *out)
{
    sp_auto_buf struct sp_buf suites = SP_BUF(SP_BUF_SMALL);
    struct sp_str rest = source->suites;

    if (!has_word(source->types, "deb") || !source->uris.len ||
        sp_str_is_nocase(source->enabled, "no") || sp_str_is_nocase(source->enabled, "false"))
        return 0;
    for (struct sp_str word = cut_word(&rest); word.len; word = cut_word(&rest))
        if (is_of_suite(word, suite))
            sp_buf_addf(&suites, "%s" SP_STR_FMT, suites.len ? " " : "", SP_STR_ARG(word));
    if (!suites.len)
        return 0;
    add_line(out, "Types", SP_STR("deb"));
    add_line(out, "URIs", source->uris);
    add_line(out, "Suites", sp_buf_str(&suites));
    add_line(out, "Components", source->components);
    add_line(out, "Signed-By", source->signed_by);
    add_line(out, "Trusted", source->trusted);
    sp_buf_addc(out, '\n');
    return 1;
}

/* --- lines ---------------------------------------------------------------------------------- */

/* "[ arch=amd64 signed-by=/usr/share/keyrings/x.gpg ]" at the begin of *rest. */
static void take_options(struct sp_str *rest, struct source *source)
{
    *rest = sp_str_trim(*rest);
    size_t end = sp_str_starts(*rest, "[") ? sp_str_find(*rest, ']') : SIZE_MAX;
    if (end == SIZE_MAX)
        return;
    struct sp_str options = sp_str_slice(*rest, 1, end);
    *rest = sp_str_slice(*rest, end + 1, rest->len);
    for (struct sp_str word = cut_word(&options); word.len; word = cut_word(&options)) {
        struct sp_str name = sp_str_cut(&word, '=');
        for (size_t i = 0; i < SP_COUNT(keys); i++)
            if (keys[i].option && sp_str_is_nocase(name, keys[i].option))
                *slot(source, i) = sp_str_trim(word);
    }
}

static size_t pick_line(struct sp_str line, struct sp_str suite, struct sp_buf *out)
{
    struct source source = { 0 };

    line = sp_str_slice(line, 0, sp_str_find(line, '#'));
    source.types = cut_word(&line);
    take_options(&line, &source);
    source.uris = cut_word(&line);
    source.suites = cut_word(&line);
    source.components = sp_str_trim(line);
    return add_source(&source, suite, out);
}

/* --- stanzas -------------------------------------------------------------------------------- */

/* One stanza off *rest: "Key: value" and lines that begin with a blank and belong to the one
 * before. Comments between them have been taken out. False at the end. */
static bool cut_stanza(struct sp_str *rest, struct source *out)
{
    struct sp_str *value = NULL;
    bool any = false;

    *out = (struct source){ 0 };
    while (rest->ptr) {
        struct sp_str line = sp_str_cut(rest, '\n');
        if (!sp_str_trim(line).len) {
            if (any)
                return true;
            continue;
        }
        any = true;
        if (is_blank(line.ptr[0])) {
            if (value)
                value->len = (size_t)(line.ptr + line.len - value->ptr);
            continue;
        }
        struct sp_str name = sp_str_cut(&line, ':');
        value = NULL;
        for (size_t i = 0; line.ptr && i < SP_COUNT(keys); i++)
            if (sp_str_is_nocase(name, keys[i].stanza)) {
                value = slot(out, i);
                *value = sp_str_trim(line);
                if (!value->len) /* what follows are its lines */
                    *value = (struct sp_str){ line.ptr, 0 };
            }
    }
    return any;
}

static void drop_comments(struct sp_str text, struct sp_buf *out)
{
    while (text.ptr) {
        struct sp_str line = sp_str_cut(&text, '\n');
        if (!sp_str_starts(line, "#")) {
            sp_buf_add(out, line);
            sp_buf_addc(out, '\n');
        }
    }
}

size_t sp_apt_sources_pick(struct sp_str text,
                           bool is_stanzas,
                           struct sp_str suite,
                           struct sp_buf *out)
{
    sp_auto_buf struct sp_buf plain = SP_BUF(SP_BUF_LARGE);
    struct source source;
    size_t count = 0;

    if (!is_stanzas) {
        while (text.ptr)
            count += pick_line(sp_str_cut(&text, '\n'), suite, out);
        return count;
    }
    drop_comments(text, &plain);
    struct sp_str rest = sp_buf_str(&plain);
    while (cut_stanza(&rest, &source))
        count += add_source(&source, suite, out);
    return count;
}
