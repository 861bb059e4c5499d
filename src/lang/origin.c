/* SPDX-License-Identifier: BSD-3-Clause */
#include "lang/origin.h"

#include "base/vec.h"

#include "lang/offset.h"
#include "value/utf8.h"

/* 12 bytes each: a document of a mebibyte has some hundred thousand. */
struct span {
    uint32_t file_and_style; /* file id << 3 | enum sp_scalar_style */
    uint32_t start;          /* WHOLE_FILE: no position */
    uint32_t end;
};

#define STYLE_BITS 3
#define STYLE_MASK ((1U << STYLE_BITS) - 1)
#define WHOLE_FILE UINT32_MAX

struct file {
    struct sp_str path;
    struct sp_str text;
    uint32_t *lines; /* offset of the start of each line; made when first asked for */
    size_t line_count;
};

struct sp_origins {
    struct sp_arena *arena;
    SP_VEC(struct file) files;
    SP_VEC(struct span) spans; /* 0 is nowhere */
};

struct sp_origins *sp_origins_new(void)
{
    struct sp_origins *origins = sp_alloc(sizeof *origins);

    origins->arena = sp_arena_new();
    (void)SP_VEC_ADD(&origins->spans);
    return origins;
}

void sp_origins_free(struct sp_origins *origins)
{
    if (!origins)
        return;
    sp_arena_free(origins->arena);
    SP_VEC_FINI(&origins->files);
    SP_VEC_FINI(&origins->spans);
    free(origins);
}

static void index_lines(struct sp_origins *origins, struct file *file)
{
    const char *end = file->text.ptr + file->text.len;
    size_t count = 1;

    for (const char *at = file->text.ptr; (at = memchr(at, '\n', (size_t)(end - at))); at++)
        count++;
    file->lines = SP_ARENA_NEW(origins->arena, uint32_t, count);
    file->line_count = count;
    count = 1;
    for (const char *at = file->text.ptr; (at = memchr(at, '\n', (size_t)(end - at))); at++)
        file->lines[count++] = (uint32_t)(at + 1 - file->text.ptr);
}

uint32_t sp_origins_add_file(struct sp_origins *origins, struct sp_str path, struct sp_str text)
{
    struct file *file = SP_VEC_ADD(&origins->files);

    file->path = sp_arena_str(origins->arena, path);
    file->text = sp_arena_str(origins->arena, text);
    index_lines(origins, file);
    return (uint32_t)origins->files.len - 1;
}

struct sp_str sp_origins_file_text(const struct sp_origins *origins, uint32_t file)
{
    return file < origins->files.len ? origins->files.items[file].text : SP_STR("");
}

uint32_t sp_origins_add_scalar(struct sp_origins *origins,
                               uint32_t file,
                               size_t start,
                               size_t end,
                               enum sp_scalar_style style)
{
    if (file >= origins->files.len || origins->spans.len >= UINT32_MAX)
        return 0;
    size_t len = origins->files.items[file].text.len;
    struct span *span = SP_VEC_ADD(&origins->spans);
    span->file_and_style = file << STYLE_BITS | (uint32_t)style;
    span->start = start == SIZE_MAX ? WHOLE_FILE : (uint32_t)SP_MIN(start, len);
    span->end = (uint32_t)SP_MIN(SP_MAX(end, start), len);
    return (uint32_t)(origins->spans.len - 1);
}

uint32_t sp_origins_add(struct sp_origins *origins, uint32_t file, size_t start, size_t end)
{
    return sp_origins_add_scalar(origins, file, start, end, SP_SCALAR_EXACT);
}

uint32_t sp_origins_part(struct sp_origins *origins, uint32_t inside, size_t start, size_t length)
{
    if (inside == 0 || inside >= origins->spans.len)
        return 0;
    struct span span = origins->spans.items[inside];
    if (span.start == WHOLE_FILE)
        return inside;
    uint32_t file = span.file_and_style >> STYLE_BITS;
    struct sp_scalar_source source = {
        .text = sp_str_slice(origins->files.items[file].text, span.start, span.end),
        .style = (enum sp_scalar_style)(span.file_and_style & STYLE_MASK),
    };
    size_t from = sp_scalar_offset(&source, start);
    size_t to = length ? sp_scalar_offset(&source, start + length - 1) + 1 : from;
    return sp_origins_add(origins, file, span.start + from, span.start + to);
}

/* Index of the last line that starts at or before `offset`. */
static size_t line_of(const struct file *file, uint32_t offset)
{
    size_t low = 0;
    size_t high = file->line_count;

    while (high - low > 1) {
        size_t middle = low + (high - low) / 2;
        if (file->lines[middle] <= offset)
            low = middle;
        else
            high = middle;
    }
    return low;
}

/* A block is shown from its first word on, not from the blanks before it. */
static uint32_t shown_start(const struct file *file, struct span span)
{
    unsigned style = span.file_and_style & STYLE_MASK;
    uint32_t start = span.start;

    if (style != SP_SCALAR_LITERAL && style != SP_SCALAR_FOLDED)
        return start;
    while (start < span.end && strchr(" \t\r\n", file->text.ptr[start]))
        start++;
    return start < span.end ? start : span.start;
}

static bool is_continuation(char c)
{
    return ((unsigned char)c & 0xC0) == 0x80;
}

bool sp_origins_get(const struct sp_origins *origins, uint32_t id, struct sp_origin *out)
{
    if (id == 0 || id >= origins->spans.len)
        return false;
    struct span span = origins->spans.items[id];
    const struct file *file = &origins->files.items[span.file_and_style >> STYLE_BITS];
    if (span.start == WHOLE_FILE) {
        *out = (struct sp_origin){ .file = file->path, .length = 1, .source = SP_STR("") };
        return true;
    }
    span.start = shown_start(file, span);
    size_t line = line_of(file, span.start);
    size_t begin = file->lines[line];
    size_t end = line + 1 < file->line_count ? file->lines[line + 1] - (size_t)1 : file->text.len;
    if (end > begin && file->text.ptr[end - 1] == '\r')
        end--;
    size_t start = SP_MIN((size_t)span.start, end);
    size_t stop = SP_MAX(start, SP_MIN((size_t)span.end, end));
    /* Offsets count bytes; a mark takes whole characters. */
    while (start > begin && start < end && is_continuation(file->text.ptr[start]))
        start--;
    while (stop < end && is_continuation(file->text.ptr[stop]))
        stop++;
    unsigned marked = (unsigned)sp_utf8_count(sp_str_slice(file->text, start, stop));
    *out = (struct sp_origin){
        .file = file->path,
        .line = (unsigned)line + 1,
        .column = (unsigned)sp_utf8_count(sp_str_slice(file->text, begin, start)) + 1,
        .length = SP_MAX(marked, 1U),
        .source = sp_str_slice(file->text, begin, end),
    };
    return true;
}
