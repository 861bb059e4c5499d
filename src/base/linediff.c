/* SPDX-License-Identifier: BSD-3-Clause */
#include "base/linediff.h"

#include "base/vec.h"

#define CONTEXT   3
#define EDITS_MAX 1000 /* memory grows with its square: 8 MB */

struct lines {
    struct sp_str *items;
    size_t len, capacity;
    bool open_end; /* the last one has no line end */
};

/* One line of the result: of both, of `from` only, or of `to` only. */
struct edit {
    char mark;
    size_t from, to; /* line numbers there, from 0 */
};

struct script {
    struct lines from, to;
    SP_VEC(struct edit) edits; /* first to last */
};

static struct lines split(struct sp_str text)
{
    struct lines lines = { .open_end = text.len && text.ptr[text.len - 1] != '\n' };

    while (text.ptr && text.len)
        *SP_VEC_ADD(&lines) = sp_str_cut(&text, '\n');
    return lines;
}

/* A last line without an end is another line than one with it. */
static bool same(const struct script *script, size_t from, size_t to)
{
    bool from_open = script->from.open_end && from + 1 == script->from.len;
    bool to_open = script->to.open_end && to + 1 == script->to.len;

    return from_open == to_open && sp_str_eq(script->from.items[from], script->to.items[to]);
}

static void add_edit(struct script *script, char mark, size_t from, size_t to)
{
    *SP_VEC_ADD(&script->edits) = (struct edit){ mark, from, to };
}

/* --- the shortest script ------------------------------------------------------------------- */

/* The part of the texts between equal beginnings and ends. */
struct window {
    size_t from, from_len, to, to_len;
};

/* Furthest x on each diagonal k = x - y after d edits: row d has the diagonals -d .. d, at offset
 * d * d + d + k. */
static long *reach(long *rows, long d, long k)
{
    return &rows[d * d + d + k];
}

/* Start of the d-th edit on diagonal k; *down: it adds a line of `to`. */
static long begin_edit(long *rows, long d, long k, bool *down)
{
    *down = k == -d || (k != d && *reach(rows, d - 1, k - 1) < *reach(rows, d - 1, k + 1));
    return *down ? *reach(rows, d - 1, k + 1) : *reach(rows, d - 1, k - 1) + 1;
}

/* Number of edits, or -1 when there are too many. */
static long search(const struct script *script, const struct window *window, long *rows)
{
    long width = (long)window->from_len;
    long height = (long)window->to_len;

    for (long d = 0; d <= EDITS_MAX; d++) {
        for (long k = -d; k <= d; k += 2) {
            bool down;
            long x = d ? begin_edit(rows, d, k, &down) : 0;
            while (x < width && x - k < height && x >= k &&
                   same(script, window->from + (size_t)x, window->to + (size_t)(x - k)))
                x++;
            *reach(rows, d, k) = x;
            if (x >= width && x - k >= height)
                return d;
        }
    }
    return -1;
}

static void reverse(struct edit *edits, size_t len)
{
    for (size_t i = 0; i < len / 2; i++) {
        struct edit kept = edits[i];
        edits[i] = edits[len - 1 - i];
        edits[len - 1 - i] = kept;
    }
}

/* Walk the path back from its end. */
static void trace(struct script *script, const struct window *window, long *rows, long d)
{
    size_t first = script->edits.len;
    long x = (long)window->from_len;
    long k = x - (long)window->to_len;

    for (; d >= 0; d--) {
        bool down = false;
        long start = d ? begin_edit(rows, d, k, &down) : 0;
        for (; x > start; x--)
            add_edit(script, ' ', window->from + (size_t)x - 1, window->to + (size_t)(x - k) - 1);
        if (!d)
            break;
        if (down) {
            add_edit(script, '+', window->from + (size_t)x, window->to + (size_t)(x - k) - 1);
            k++;
        } else {
            add_edit(script, '-', window->from + (size_t)x - 1, window->to + (size_t)(x - k));
            k--;
            x--;
        }
    }
    reverse(script->edits.items + first, script->edits.len - first);
}

static void replace(struct script *script, const struct window *window)
{
    for (size_t i = 0; i < window->from_len; i++)
        add_edit(script, '-', window->from + i, window->to);
    for (size_t i = 0; i < window->to_len; i++)
        add_edit(script, '+', window->from + window->from_len, window->to + i);
}

static void compare(struct script *script)
{
    struct window window = { .from_len = script->from.len, .to_len = script->to.len };
    size_t tail = 0;

    while (window.from_len && window.to_len && same(script, window.from, window.to)) {
        add_edit(script, ' ', window.from++, window.to++);
        window.from_len--;
        window.to_len--;
    }
    while (window.from_len && window.to_len &&
           same(script, window.from + window.from_len - 1, window.to + window.to_len - 1)) {
        tail++;
        window.from_len--;
        window.to_len--;
    }
    size_t most = SP_MIN(window.from_len + window.to_len, (size_t)EDITS_MAX);
    sp_auto_free long *rows = sp_alloc((most + 1) * (most + 1) * sizeof *rows);
    long d = search(script, &window, rows);
    if (d < 0)
        replace(script, &window);
    else
        trace(script, &window, rows, d);
    for (size_t i = 0; i < tail; i++)
        add_edit(script, ' ', window.from + window.from_len + i, window.to + window.to_len + i);
}

/* --- as text ------------------------------------------------------------------------------- */

static void add_line(const struct script *script, const struct edit *edit, struct sp_buf *out)
{
    bool added = edit->mark == '+';
    const struct lines *lines = added ? &script->to : &script->from;
    size_t number = added ? edit->to : edit->from;

    sp_buf_addf(out, "%c" SP_STR_FMT "\n", edit->mark, SP_STR_ARG(lines->items[number]));
    if (lines->open_end && number + 1 == lines->len)
        sp_buf_adds(out, "\\ No newline at end of file\n");
}

/* As diff counts: from 1, and of nothing the line before. */
static void add_range(char mark, size_t start, size_t len, struct sp_buf *out)
{
    sp_buf_addf(out, " %c%zu", mark, len ? start + 1 : start);
    if (len != 1)
        sp_buf_addf(out, ",%zu", len);
}

static void add_hunk(const struct script *script, size_t first, size_t last, struct sp_buf *out)
{
    const struct edit *edits = script->edits.items;
    size_t removed = 0;
    size_t added = 0;

    for (size_t i = first; i < last; i++) {
        removed += edits[i].mark != '+';
        added += edits[i].mark != '-';
    }
    sp_buf_adds(out, "@@");
    add_range('-', edits[first].from, removed, out);
    add_range('+', edits[first].to, added, out);
    sp_buf_adds(out, " @@\n");
    for (size_t i = first; i < last; i++)
        add_line(script, &edits[i], out);
}

/* Changes with at most twice the context between them are one hunk. */
static void add_hunks(const struct script *script, struct sp_buf *out)
{
    const struct edit *edits = script->edits.items;
    size_t len = script->edits.len;
    size_t i = 0;

    while (i < len) {
        if (edits[i].mark == ' ') {
            i++;
            continue;
        }
        size_t first = i > CONTEXT ? i - CONTEXT : 0;
        size_t last = i + 1; /* behind the last change */
        for (size_t j = last; j < len && j <= last + 2 * CONTEXT; j++)
            if (edits[j].mark != ' ')
                last = j + 1;
        add_hunk(script, first, SP_MIN(last + CONTEXT, len), out);
        i = last;
    }
}

void sp_linediff(struct sp_str from, struct sp_str to, struct sp_buf *out)
{
    struct script script = { .from = split(from), .to = split(to) };

    compare(&script);
    add_hunks(&script, out);
    SP_VEC_FINI(&script.edits);
    SP_VEC_FINI(&script.from);
    SP_VEC_FINI(&script.to);
}
