/* SPDX-License-Identifier: BSD-3-Clause */
#include "base/arena.h"

#include <assert.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>

#define CHUNK_SIZE ((size_t)64 * 1024)   /* of the first chunks */
#define CHUNK_MAX  ((size_t)1024 * 1024) /* of those of large arenas: fresh pages, zero already */
#define ALIGNMENT  ((size_t)16)

struct chunk {
    struct chunk *next;
    size_t size;
    size_t used;
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

void sp_arena_free(struct sp_arena *arena)
{
    if (!arena)
        return;
    for (struct chunk *chunk = arena->chunks; chunk;) {
        struct chunk *next = chunk->next;
        free(chunk);
        chunk = next;
    }
    free(arena);
}

/* Chunks grow with the arena, so that a large one consists of few. */
static size_t next_size(const struct sp_arena *arena)
{
    return arena->used < 4 * CHUNK_MAX ? CHUNK_SIZE : CHUNK_MAX;
}

/* A large block gets a chunk of its own behind the one being filled. */
static struct chunk *add_chunk(struct sp_arena *arena, size_t size)
{
    struct chunk *chunk = sp_alloc(sizeof *chunk + size);
    chunk->size = size;
    if (arena->chunks && size > next_size(arena)) {
        chunk->next = arena->chunks->next;
        arena->chunks->next = chunk;
    } else {
        chunk->next = arena->chunks;
        arena->chunks = chunk;
    }
    return chunk;
}

void *sp_arena_alloc(struct sp_arena *arena, size_t size)
{
    if (size > SIZE_MAX / 2)
        abort();
    size_t rounded = (SP_MAX(size, (size_t)1) + ALIGNMENT - 1) & ~(ALIGNMENT - 1);
    struct chunk *chunk = arena->chunks;

    if (!chunk || rounded > chunk->size - chunk->used)
        chunk = add_chunk(arena, SP_MAX(rounded, next_size(arena)));
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
        if (!kept && chunk->size == CHUNK_SIZE)
            kept = chunk;
        else
            free(chunk);
    }
    if (kept) {
        memset(kept->bytes, 0, kept->used);
        kept->used = 0;
        kept->next = NULL;
    }
    arena->chunks = kept;
    arena->used = 0;
}
