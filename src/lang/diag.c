/* SPDX-License-Identifier: BSD-3-Clause */
#include "lang/diag.h"

#include "base/nearest.h"

#include "value/utf8.h"

#include <stdlib.h>

#define SOURCE_WIDTH 110 /* characters of the source line shown; more would wrap */
#define SOURCE_LEAD  30  /* shown before the mark when a line is cut at the left */

static const struct {
    const char *code, *title;
} codes[] = {

#define SP_DIAG_ROW(name, code, title) [name] = { code, title },
    SP_DIAG_CODES(SP_DIAG_ROW)
#undef SP_DIAG_ROW
};

static const struct {
    const char *name, *colour;
} severities[] = {
    [SP_ERROR_FOUND] = { "error", "\033[1;31m" },
    [SP_WARNING] = { "warning", "\033[1;35m" },
    [SP_NOTE] = { "note", "\033[1;36m" },
};

#define COLOUR_BOLD  "\033[1m"
#define COLOUR_MARK  "\033[1;32m"
#define COLOUR_RESET "\033[0m"

const char *sp_diag_code_text(enum sp_diag_code code)
{
    return (size_t)code < SP_COUNT(codes) ? codes[code].code : "R????";
}

const char *sp_diag_code_title(enum sp_diag_code code)
{
    return (size_t)code < SP_COUNT(codes) ? codes[code].title : "unknown";
}

void sp_diags_init(struct sp_diags *diags, struct sp_arena *arena, const struct sp_origins *origins)
{
    *diags = (struct sp_diags){ .arena = arena, .origins = origins };
}

void sp_diags_fini(struct sp_diags *diags)
{
    free(diags->items);
    sp_map_fini(&diags->known);
    diags->items = NULL;
    diags->len = diags->capacity = diags->errors = diags->last = 0;
}

/* Names come from files: whatever a terminal would obey is made harmless. */
static void make_printable(char *text)
{
    for (; *text; text++) {
        if (*text == '\n' || *text == '\t' || *text == '\r')
            *text = ' ';
        else if ((unsigned char)*text < ' ' || *text == 0x7F)
            *text = '?';
    }
}

static SP_PRINTF(2, 0) char *format_text(struct sp_arena *arena, const char *fmt, va_list args)
{
    struct sp_str text = sp_arena_vprintf(arena, fmt, args);
    char *copy = sp_arena_cstr(arena, text);

    make_printable(copy);
    return copy;
}

/* Number of the same finding, SIZE_MAX if it is new; then it is noted with the next number. */
static size_t find_known(struct sp_diags *diags, const struct sp_diag *diag)
{
    struct sp_str key = sp_arena_printf(diags->arena, "%u %d %d %s", diag->origin, (int)diag->code,
                                        (int)diag->severity, diag->text);
    uintptr_t number = (uintptr_t)sp_map_find(&diags->known, key);

    if (number && number <= diags->len)
        return number - 1;
    sp_map_set(&diags->known, key, (void *)(uintptr_t)(diags->len + 1));
    return SIZE_MAX;
}

static void add(struct sp_diags *diags, struct sp_diag diag)
{
    size_t known = find_known(diags, &diag);

    diags->last = known;
    if (known != SIZE_MAX)
        return;
    diags->items = sp_grow(diags->items, &diags->capacity, diags->len + 1, sizeof *diags->items);
    diags->last = diags->len;
    diags->items[diags->len++] = diag;
    diags->errors += diag.severity == SP_ERROR_FOUND;
}

void sp_diags_truncate(struct sp_diags *diags, size_t len)
{
    for (size_t i = diags->known.len; i-- > 0;)
        if ((uintptr_t)diags->known.entries[i].value > len)
            sp_map_remove(&diags->known, diags->known.entries[i].key);
    while (diags->len > len)
        diags->errors -= diags->items[--diags->len].severity == SP_ERROR_FOUND;
    diags->last = SIZE_MAX;
}

void sp_diag_add(struct sp_diags *diags,
                 enum sp_severity severity,
                 enum sp_diag_code code,
                 uint32_t origin,
                 const char *fmt,
                 va_list args)
{
    const char *text = format_text(diags->arena, fmt, args);

    add(diags, (struct sp_diag){ severity, code, origin, text, NULL });
}

void sp_diag_say(struct sp_diags *diags,
                 enum sp_severity severity,
                 enum sp_diag_code code,
                 uint32_t origin,
                 const char *fmt,
                 ...)
{
    va_list args;

    va_start(args, fmt);
    sp_diag_add(diags, severity, code, origin, fmt, args);
    va_end(args);
}

bool sp_diags_ignore(struct sp_diags *diags, struct sp_str code)
{
    size_t kept = 0;
    bool exists = false;

    for (size_t i = 0; i < SP_COUNT(codes); i++)
        exists = exists || sp_str_is(code, codes[i].code);
    for (size_t i = 0; i < diags->len; i++) {
        const struct sp_diag *diag = &diags->items[i];
        if (diag->severity == SP_ERROR_FOUND || !sp_str_is(code, codes[diag->code].code))
            diags->items[kept++] = *diag;
    }
    if (kept != diags->len)
        sp_map_fini(&diags->known);
    diags->len = kept;
    return exists;
}

void sp_diag_hint(struct sp_diags *diags, const char *fmt, ...)
{
    va_list args;

    if (diags->last >= diags->len)
        return;
    va_start(args, fmt);
    diags->items[diags->last].hint = format_text(diags->arena, fmt, args);
    va_end(args);
}

void sp_diag_hint_nearest(struct sp_diags *diags, const struct sp_nearest *nearest)
{
    if (nearest->best.ptr)
        sp_diag_hint(diags, "did you mean '" SP_STR_FMT "'?", SP_STR_ARG(nearest->best));
}

enum sp_rc sp_diags_fail(const struct sp_diags *diags, size_t before, struct sp_err *err)
{
    const struct sp_diag *diag = NULL;
    struct sp_origin place;

    for (size_t i = before; i < diags->len && !diag; i++)
        if (diags->items[i].severity == SP_ERROR_FOUND)
            diag = &diags->items[i];
    if (!diag)
        return sp_fail(err, SP_INVALID, "the configuration is not valid");
    if (!diags->origins || !sp_origins_get(diags->origins, diag->origin, &place))
        return sp_fail(err, SP_INVALID, "%s", diag->text);
    if (place.line == 0)
        return sp_fail(err, SP_INVALID, SP_STR_FMT ": %s", SP_STR_ARG(place.file), diag->text);
    return sp_fail(err, SP_INVALID, SP_STR_FMT ":%u:%u: %s", SP_STR_ARG(place.file), place.line,
                   place.column, diag->text);
}

/* --- printing ------------------------------------------------------------------------------ */

struct printer {
    struct sp_buf *out;
    bool colour;
};

static void paint(const struct printer *printer, const char *escape)
{
    if (printer->colour)
        sp_buf_adds(printer->out, escape);
}

static void add_printable(struct sp_buf *out, struct sp_str text)
{
    for (size_t i = 0; i < text.len; i++) {
        char c = text.ptr[i];
        if (((unsigned char)c < ' ' && c != '\t') || c == 0x7F)
            c = '?';
        sp_buf_addc(out, c);
    }
}

/* The part of a long line that is shown, by characters. */
struct window {
    size_t first; /* characters cut at the left */
    bool cut_right;
    struct sp_str text;
};

static struct window choose_window(const struct sp_origin *origin)
{
    struct window window = { 0 };
    size_t column = origin->column - (size_t)1;

    if (column + 1 > SOURCE_WIDTH - 20)
        window.first = column - SOURCE_LEAD;
    size_t from = sp_utf8_offset(origin->source, window.first);
    struct sp_str rest = sp_str_slice(origin->source, from, origin->source.len);
    size_t to = sp_utf8_offset(rest, SOURCE_WIDTH);
    window.text = sp_str_slice(rest, 0, to);
    window.cut_right = to < rest.len;
    return window;
}

/* "      |       ^~~~": tabs are kept, so that the mark stands below its text. */
static void format_mark(const struct printer *printer,
                        const struct sp_origin *origin,
                        const struct window *window)
{
    size_t lead = origin->column - (size_t)1 - window->first;
    size_t at = 0;

    sp_buf_adds(printer->out, "      | ");
    if (window->first)
        sp_buf_adds(printer->out, "   ");
    for (size_t i = 0; i < lead; i++) {
        bool tab = at < window->text.len && window->text.ptr[at] == '\t';
        sp_buf_addc(printer->out, tab ? '\t' : ' ');
        size_t size = 0;
        if (at < window->text.len)
            (void)sp_utf8_decode(window->text, at, &size);
        at += size;
    }
    size_t length = SP_MIN((size_t)origin->length, SOURCE_WIDTH - SP_MIN(lead, SOURCE_WIDTH - 1));
    paint(printer, COLOUR_MARK);
    sp_buf_addc(printer->out, '^');
    sp_buf_add_repeat(printer->out, '~', length - 1);
    paint(printer, COLOUR_RESET);
    sp_buf_addc(printer->out, '\n');
}

static void format_source(const struct printer *printer, const struct sp_origin *origin)
{
    if (origin->line == 0 || origin->source.len == 0)
        return;
    struct window window = choose_window(origin);
    sp_buf_addf(printer->out, "%5u | %s", origin->line, window.first ? "..." : "");
    add_printable(printer->out, window.text);
    sp_buf_adds(printer->out, window.cut_right ? "...\n" : "\n");
    format_mark(printer, origin, &window);
}

static void format_place(const struct printer *printer, const struct sp_origin *origin)
{
    paint(printer, COLOUR_BOLD);
    add_printable(printer->out, origin->file);
    if (origin->line)
        sp_buf_addf(printer->out, ":%u:%u", origin->line, origin->column);
    sp_buf_adds(printer->out, ":");
    paint(printer, COLOUR_RESET);
    sp_buf_addc(printer->out, ' ');
}

static void format_diag(const struct sp_diags *diags,
                        const struct sp_diag *diag,
                        bool colour,
                        struct sp_buf *out)
{
    struct printer printer = { .out = out, .colour = colour };
    struct sp_origin origin;
    bool placed = diags->origins && sp_origins_get(diags->origins, diag->origin, &origin);

    if (placed)
        format_place(&printer, &origin);
    paint(&printer, severities[diag->severity].colour);
    sp_buf_addf(out, "%s:", severities[diag->severity].name);
    paint(&printer, COLOUR_RESET);
    sp_buf_addf(out, " %s [%s]\n", diag->text, sp_diag_code_text(diag->code));
    if (placed)
        format_source(&printer, &origin);
    if (diag->hint)
        sp_buf_addf(out, "hint: %s\n", diag->hint);
}

void sp_diags_format(const struct sp_diags *diags, bool colour, struct sp_buf *out)
{
    for (size_t i = 0; i < diags->len; i++)
        format_diag(diags, &diags->items[i], colour, out);
}
