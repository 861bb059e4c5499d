/* SPDX-License-Identifier: BSD-3-Clause */
#include "base/arena.h"

#include <assert.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/mman.h>

#define CHUNK_MIN  ((size_t)1024) /* there are arenas for one text, many thousands of them */
#define CHUNK_SIZE ((size_t)64 * 1024)
#define HUGE_PAGE  ((size_t)2 * 1024 * 1024) /* of a chunk in a large arena, with its head */
#define HUGE_FROM  (2 * HUGE_PAGE)           /* bytes used that make an arena large */
#define ALIGNMENT  ((size_t)16)

struct chunk {
    struct chunk *next;
    size_t size;
    size_t used;
    bool is_huge;
    _Alignas(16) char bytes[];
};

struct sp_arena {
    struct chunk *chunks; /* the first one is being filled */
    size_t used;
};

struct sp_arena *sp_arena_new(void)
{
    return sp_alloc(sizeof(struct sp_arena));
}

/* --- chunks -------------------------------------------------------------------------------- */

/* A whole huge page, where the system has them: entering small ones one by one takes longer than
 * filling them. NULL if there is no room. */
static struct chunk *new_huge_chunk(void)
{
    char *start =
        mmap(NULL, 2 * HUGE_PAGE, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);

    if (start == MAP_FAILED)
        return NULL;
    size_t lead = -(uintptr_t)start & (HUGE_PAGE - 1);
    if (lead)
        (void)munmap(start, lead);
    (void)munmap(start + lead + HUGE_PAGE, HUGE_PAGE - lead);
    (void)madvise(start + lead, HUGE_PAGE, MADV_HUGEPAGE); /* small pages do, too */
    struct chunk *chunk = (void *)(start + lead);
    chunk->size = HUGE_PAGE - sizeof *chunk;
    chunk->is_huge = true;
    return chunk;
}

static struct chunk *new_chunk(size_t size)
{
    struct chunk *chunk = sp_alloc(sizeof *chunk + size);

    chunk->size = size;
    return chunk;
}

static void free_chunk(struct chunk *chunk)
{
    if (chunk->is_huge)
        (void)munmap(chunk, HUGE_PAGE);
    else
        free(chunk);
}

void sp_arena_free(struct sp_arena *arena)
{
    if (!arena)
        return;
    for (struct chunk *chunk = arena->chunks; chunk;) {
        struct chunk *next = chunk->next;
        free_chunk(chunk);
        chunk = next;
    }
    free(arena);
}

/* Half of all there is when it is the newest. */
static size_t size_of_next(const struct sp_arena *arena)
{
    return SP_MIN(SP_MAX(arena->used, CHUNK_MIN), CHUNK_SIZE);
}

/* A block that is larger than a chunk gets one of its own behind the one being filled. */
static struct chunk *add_chunk(struct sp_arena *arena, size_t size)
{
    struct chunk *chunk = NULL;

    if (size > CHUNK_SIZE && arena->chunks) {
        chunk = new_chunk(size);
        chunk->next = arena->chunks->next;
        arena->chunks->next = chunk;
        return chunk;
    }
    if (arena->used >= HUGE_FROM)
        chunk = new_huge_chunk();
    if (!chunk)
        chunk = new_chunk(SP_MAX(size, size_of_next(arena)));
    chunk->next = arena->chunks;
    arena->chunks = chunk;
    return chunk;
}

void *sp_arena_alloc(struct sp_arena *arena, size_t size)
{
    if (size > SIZE_MAX / 2)
        abort();
    size_t rounded = (SP_MAX(size, (size_t)1) + ALIGNMENT - 1) & ~(ALIGNMENT - 1);
    struct chunk *chunk = arena->chunks;

    if (!chunk || rounded > chunk->size - chunk->used)
        chunk = add_chunk(arena, rounded);
    void *ptr = chunk->bytes + chunk->used;
    chunk->used += rounded;
    arena->used += rounded;
    return ptr;
}

void *sp_arena_alloc_array(struct sp_arena *arena, size_t count, size_t item_size)
{
    size_t bytes;

    if (__builtin_mul_overflow(count, item_size, &bytes))
        abort();
    return sp_arena_alloc(arena, bytes);
}

char *sp_arena_cstr(struct sp_arena *arena, struct sp_str text)
{
    char *copy = sp_arena_alloc(arena, text.len + 1);

    if (text.len)
        memcpy(copy, text.ptr, text.len);
    return copy;
}

struct sp_str sp_arena_str(struct sp_arena *arena, struct sp_str text)
{
    return (struct sp_str){ sp_arena_cstr(arena, text), text.len };
}

struct sp_str sp_arena_join(struct sp_arena *arena,
                            struct sp_str left,
                            const char *separator,
                            struct sp_str right)
{
    const struct sp_str parts[] = { left, sp_str_of(separator), right };
    struct sp_str out = { NULL, 0 };
    size_t len = parts[0].len + parts[1].len + parts[2].len;
    char *text = sp_arena_alloc(arena, len + 1);

    for (size_t i = 0; i < SP_COUNT(parts); i++) {
        if (parts[i].len)
            memcpy(text + out.len, parts[i].ptr, parts[i].len);
        out.len += parts[i].len;
    }
    out.ptr = text;
    return out;
}

/* Printed right where it will stand if there is room; only otherwise measured first. */
struct sp_str sp_arena_vprintf(struct sp_arena *arena, const char *fmt, va_list args)
{
    struct chunk *chunk = arena->chunks;
    size_t room = chunk ? chunk->size - chunk->used : 0;
    char *text = chunk ? chunk->bytes + chunk->used : NULL;
    va_list again;

    assert(fmt);
    va_copy(again, args);
    int wanted = vsnprintf(text, room, fmt, again);
    va_end(again);
    if (wanted < 0)
        return SP_STR("");
    bool fits = (size_t)wanted < room;
    if (!fits && room)
        memset(text, 0, room); /* what is not given out yet is zero */
    text = sp_arena_alloc(arena, (size_t)wanted + 1);
    if (!fits)
        (void)vsnprintf(text, (size_t)wanted + 1, fmt, args);
    return (struct sp_str){ text, (size_t)wanted };
}

struct sp_str sp_arena_printf(struct sp_arena *arena, const char *fmt, ...)
{
    va_list args;

    va_start(args, fmt);
    struct sp_str text = sp_arena_vprintf(arena, fmt, args);
    va_end(args);
    return text;
}

size_t sp_arena_used(const struct sp_arena *arena)
{
    return arena->used;
}

bool sp_arena_owns(const struct sp_arena *arena, const void *ptr)
{
    uintptr_t at = (uintptr_t)ptr;

    for (const struct chunk *chunk = arena->chunks; chunk; chunk = chunk->next) {
        uintptr_t start = (uintptr_t)chunk->bytes;
        if (at >= start && at - start < chunk->used)
            return true;
    }
    return false;
}

void sp_arena_reset(struct sp_arena *arena)
{
    struct chunk *kept = NULL;

    for (struct chunk *chunk = arena->chunks, *next; chunk; chunk = next) {
        next = chunk->next;
        if (!kept && chunk->size <= CHUNK_SIZE) /* the newest of them is the largest */
            kept = chunk;
        else
            free_chunk(chunk);
    }
    if (kept) {
        memset(kept->bytes, 0, kept->used);
        kept->used = 0;
        kept->next = NULL;
    }
    arena->chunks = kept;
    arena->used = 0;
}
