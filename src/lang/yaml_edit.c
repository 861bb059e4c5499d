/* SPDX-License-Identifier: BSD-3-Clause */
#include "lang/yaml_edit.h"

#include "value/json.h"

#include <ctype.h>

#define STEP 2 /* columns of indentation for new levels */

/* --- reading ------------------------------------------------------------------------------ */

static enum sp_rc parse(struct sp_arena *arena,
                        struct sp_str name,
                        struct sp_str text,
                        struct sp_value *out,
                        struct sp_err *err)
{
    struct sp_origins *origins = sp_origins_new();
    struct sp_diags diags;

    sp_diags_init(&diags, arena, origins);
    enum sp_rc rc = sp_yaml_parse(arena, origins, name, text, SP_YAML_CONFIG, &diags, out, err);
    sp_diags_fini(&diags);
    sp_origins_free(origins);
    if (rc == SP_OK && out->kind == SP_NULL)
        *out = sp_dict_new(arena);
    if (rc == SP_OK && out->kind != SP_DICT)
        rc = sp_fail(err, SP_INVALID, SP_STR_FMT " is not a mapping", SP_STR_ARG(name));
    return rc;
}

/* What the file is to say: shares nothing with `base`. */
static enum sp_rc set_path(struct sp_arena *arena,
                           struct sp_dict *dict,
                           struct sp_str path,
                           struct sp_value value,
                           struct sp_err *err)
{
    struct sp_str rest = path;
    struct sp_str key = sp_str_cut(&rest, '.');
    struct sp_value *inner = sp_dict_find(dict, key);

    if (!rest.ptr) {
        sp_dict_set(arena, dict, key, value);
        return SP_OK;
    }
    if (!inner || inner->kind == SP_NULL) {
        sp_dict_set(arena, dict, key, sp_dict_new(arena));
        inner = sp_dict_find(dict, key);
    }
    if (inner->kind != SP_DICT)
        return sp_fail(err, SP_INVALID, "'" SP_STR_FMT "' is a %s there, not a mapping",
                       SP_STR_ARG(key), sp_kind_name(inner->kind));
    return set_path(arena, inner->dict, rest, value, err);
}

/* --- writing ------------------------------------------------------------------------------ */

/* Text that YAML reads as that very text without quotes. */
static bool is_plain(struct sp_arena *arena, struct sp_str text)
{
    if (!text.len || !(isalpha((unsigned char)text.ptr[0]) || strchr("./~", text.ptr[0])))
        return false;
    for (size_t i = 0; i < text.len; i++)
        if (!isalnum((unsigned char)text.ptr[i]) && !strchr("._/~-", text.ptr[i]))
            return false;
    struct sp_value read = sp_yaml_scalar(arena, text, SP_YAML_CONFIG);
    return read.kind == SP_TEXT && sp_str_eq(read.text, text);
}

void sp_yaml_flow(struct sp_arena *arena, struct sp_value value, struct sp_buf *out)
{
    if (sp_is_text(value) && is_plain(arena, value.text))
        sp_buf_add(out, value.text);
    else
        sp_json_encode(value, SP_JSON_COMPACT, out);
}

/* "key:" at the start of a line that is indented by `indent`. */
static void add_key(struct sp_arena *arena, struct sp_buf *out, size_t indent, struct sp_str key)
{
    sp_buf_add_repeat(out, ' ', indent);
    sp_yaml_flow(arena, sp_text(key), out);
    sp_buf_addc(out, ':');
}

static void add_lines(struct sp_arena *arena,
                      struct sp_buf *out,
                      size_t indent,
                      struct sp_str path,
                      struct sp_value value)
{
    struct sp_str rest = path;

    for (;; indent += STEP) {
        struct sp_str key = sp_str_cut(&rest, '.');
        add_key(arena, out, indent, key);
        if (!rest.ptr)
            break;
        sp_buf_addc(out, '\n');
    }
    sp_buf_addc(out, ' ');
    sp_yaml_flow(arena, value, out);
    sp_buf_addc(out, '\n');
}

static void add_block(struct sp_arena *arena,
                      struct sp_buf *out,
                      size_t indent,
                      const struct sp_dict *dict)
{
    SP_DICT_EACH(entry, dict)
    {
        add_key(arena, out, indent, entry->key);
        if (entry->value.kind == SP_DICT && entry->value.dict->len) {
            sp_buf_addc(out, '\n');
            add_block(arena, out, indent + STEP, entry->value.dict);
            continue;
        }
        sp_buf_addc(out, ' ');
        sp_yaml_flow(arena, entry->value, out);
        sp_buf_addc(out, '\n');
    }
}

/* --- lines -------------------------------------------------------------------------------- */

struct line {
    size_t start, end; /* bytes; `end` is that of the line's text */
    size_t indent;     /* SIZE_MAX: empty, or a comment */
};

struct lines {
    struct line *items;
    size_t len;
    struct sp_str text;
};

static struct lines split(struct sp_arena *arena, struct sp_str text)
{
    struct lines lines = { .text = text };
    size_t count = 1;

    for (size_t i = 0; i < text.len; i++)
        count += text.ptr[i] == '\n';
    lines.items = SP_ARENA_NEW(arena, struct line, count);
    for (size_t start = 0; start < text.len;) {
        struct sp_str rest = sp_str_slice(text, start, text.len);
        struct sp_str line = sp_str_cut(&rest, '\n');
        size_t indent = 0;
        while (indent < line.len && line.ptr[indent] == ' ')
            indent++;
        bool is_blank = indent == line.len || strchr("#\r\t", line.ptr[indent]);
        lines.items[lines.len++] =
            (struct line){ start, start + line.len, is_blank ? SIZE_MAX : indent };
        start += line.len + 1;
    }
    return lines;
}

/* Does the line begin with that key, plain or quoted? Then *value is where its value starts. */
static bool has_key(const struct lines *lines, size_t i, struct sp_str key, size_t *value)
{
    const struct line *line = &lines->items[i];
    struct sp_str text = sp_str_slice(lines->text, line->start + line->indent, line->end);
    char quote = text.len && strchr("'\"", text.ptr[0]) ? text.ptr[0] : '\0';
    size_t at = quote ? 1 : 0;

    if (text.len < at + key.len || !sp_str_eq(sp_str_slice(text, at, at + key.len), key))
        return false;
    at += key.len;
    if (quote && (at >= text.len || text.ptr[at++] != quote))
        return false;
    if (at >= text.len || text.ptr[at] != ':' || (at + 1 < text.len && text.ptr[at + 1] != ' '))
        return false;
    *value = line->start + line->indent + at + 1;
    return true;
}

/* The lines from `first` up to the next one that is indented less than `indent`. */
static size_t block_end(const struct lines *lines, size_t first, size_t indent)
{
    size_t end = first;

    for (size_t i = first; i < lines->len; i++) {
        if (lines->items[i].indent == SIZE_MAX)
            continue; /* belongs to the block if something of it follows */
        if (lines->items[i].indent < indent)
            break;
        end = i + 1;
    }
    return end;
}

/* Indentation of the first key of a block; 0: there is none. */
static size_t block_indent(const struct lines *lines, size_t first)
{
    for (size_t i = first; i < lines->len; i++)
        if (lines->items[i].indent != SIZE_MAX)
            return lines->items[i].indent;
    return 0;
}

/* Comment behind a value, with the blanks before it; empty if there is none. */
static struct sp_str comment_of(struct sp_str rest)
{
    size_t at = sp_str_find_str(rest, SP_STR(" #"));
    bool quoted = sp_str_find(rest, '"') < at || sp_str_find(rest, '\'') < at;

    if (at == SIZE_MAX || quoted)
        return SP_STR("");
    while (at > 0 && rest.ptr[at - 1] == ' ')
        at--;
    return sp_str_slice(rest, at, rest.len);
}

static void replace_line(struct sp_arena *arena,
                         const struct lines *lines,
                         size_t i,
                         size_t at,
                         struct sp_value value,
                         struct sp_buf *out)
{
    struct sp_str text = lines->text;

    sp_buf_add(out, sp_str_slice(text, 0, at));
    sp_buf_addc(out, ' ');
    sp_yaml_flow(arena, value, out);
    sp_buf_add(out, comment_of(sp_str_slice(text, at, lines->items[i].end)));
    sp_buf_add(out, sp_str_slice(text, lines->items[i].end, text.len));
}

static void insert_lines(struct sp_arena *arena,
                         const struct lines *lines,
                         size_t before,
                         size_t indent,
                         struct sp_str path,
                         struct sp_value value,
                         struct sp_buf *out)
{
    struct sp_str text = lines->text;
    size_t at = before ? SP_MIN(lines->items[before - 1].end + 1, text.len) : 0;

    sp_buf_add(out, sp_str_slice(text, 0, at));
    if (out->len && out->ptr[out->len - 1] != '\n')
        sp_buf_addc(out, '\n');
    add_lines(arena, out, indent, path, value);
    sp_buf_add(out, sp_str_slice(text, at, text.len));
}

/* An attempt: whether it is right is checked by reading it. */
static void edit_text(struct sp_arena *arena,
                      struct sp_str text,
                      struct sp_str path,
                      struct sp_value value,
                      struct sp_buf *out)
{
    struct lines lines = split(arena, text);
    size_t first = 0;
    size_t indent = 0;
    size_t end = lines.len;

    for (;;) {
        struct sp_str rest = path;
        struct sp_str key = sp_str_cut(&rest, '.');
        size_t i = first;
        size_t at = 0;
        while (i < end && !(lines.items[i].indent == indent && has_key(&lines, i, key, &at)))
            i++;
        if (i == end) {
            insert_lines(arena, &lines, end, indent, path, value, out);
            return;
        }
        if (!rest.ptr) {
            replace_line(arena, &lines, i, at, value, out);
            return;
        }
        path = rest;
        first = i + 1;
        size_t inner = block_indent(&lines, first);
        end = inner > indent ? block_end(&lines, first, inner) : first;
        indent = inner > indent ? inner : indent + STEP;
    }
}

static bool has_comment(struct sp_str text)
{
    return sp_str_starts(text, "#") || sp_str_find_str(text, SP_STR("\n#")) != SIZE_MAX ||
           sp_str_find_str(text, SP_STR(" #")) != SIZE_MAX;
}

static bool reads_as(struct sp_arena *arena,
                     struct sp_str name,
                     const struct sp_buf *text,
                     struct sp_value wanted)
{
    struct sp_value got;
    struct sp_err none = SP_ERR_INIT;

    return parse(arena, name, sp_buf_str(text), &got, &none) == SP_OK && sp_value_eq(got, wanted);
}

enum sp_rc sp_yaml_edit(struct sp_arena *arena,
                        struct sp_str name,
                        struct sp_str text,
                        struct sp_str path,
                        struct sp_value value,
                        struct sp_buf *out,
                        struct sp_err *err)
{
    sp_auto_buf struct sp_buf edited = SP_BUF(SP_BUF_LARGE);
    struct sp_value wanted;

    enum sp_rc rc = parse(arena, name, text, &wanted, err);
    if (rc == SP_OK) {
        wanted = sp_value_copy(arena, wanted); /* anchors share */
        rc = set_path(arena, wanted.dict, path, value, err);
    }
    if (rc)
        return rc;
    edit_text(arena, text, path, value, &edited);
    bool right = reads_as(arena, name, &edited, wanted);
    if (!right && has_comment(text))
        return sp_fail(err, SP_LIMIT,
                       SP_STR_FMT " has comments, and is laid out in a way that Spoor cannot "
                                  "change without losing them; set '" SP_STR_FMT
                                  "' in it with an editor",
                       SP_STR_ARG(name), SP_STR_ARG(path));
    if (!right) {
        sp_buf_clear(&edited);
        add_block(arena, &edited, 0, wanted.dict);
        right = reads_as(arena, name, &edited, wanted);
    }
    if (!right)
        return sp_fail(err, SP_INVALID,
                       "'" SP_STR_FMT "' cannot be set in " SP_STR_FMT
                       ": YAML has no way to write it",
                       SP_STR_ARG(path), SP_STR_ARG(name));
    sp_buf_add(out, sp_buf_str(&edited));
    return SP_OK;
}
