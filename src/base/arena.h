/* SPDX-License-Identifier: BSD-3-Clause */
/* arena.h - memory that is given back all at once.
 *
 * One arena per recipe, plan, request or run; nothing in it is freed singly, and no pointer out
 * of it goes into anything that lives longer. Out of memory ends the program (see defs.h):
 * whatever sizes come from outside must have been bounded before (files, documents, formulas).
 */
#pragma once

#include "base/str.h"

#include <stdarg.h>

struct sp_arena;

struct sp_arena *sp_arena_new(void);

/* Accepts NULL. */
void sp_arena_free(struct sp_arena *arena);

/* Zeroed, aligned for any type, valid until the arena is freed. */
void *sp_arena_alloc(struct sp_arena *arena, size_t size) __attribute__((returns_nonnull));

/* Array of `count` zeroed items. */
#define SP_ARENA_NEW(arena, type, count) \
    ((type *)sp_arena_alloc_array((arena), (count), sizeof(type)))
void *sp_arena_alloc_array(struct sp_arena *arena, size_t count, size_t item_size)
    __attribute__((returns_nonnull));

/* Copies, terminated by NUL (which is not counted in the length). */
struct sp_str sp_arena_str(struct sp_arena *arena, struct sp_str text);
char *sp_arena_cstr(struct sp_arena *arena, struct sp_str text);
struct sp_str sp_arena_join(struct sp_arena *arena,
                            struct sp_str left,
                            const char *separator,
                            struct sp_str right);
struct sp_str sp_arena_printf(struct sp_arena *arena, const char *fmt, ...) SP_PRINTF(2, 3);
struct sp_str sp_arena_vprintf(struct sp_arena *arena, const char *fmt, va_list args)
    SP_PRINTF(2, 0);

/* Bytes handed out so far. */
size_t sp_arena_used(const struct sp_arena *arena);

/* Does this address lie in memory that the arena has handed out? */
bool sp_arena_owns(const struct sp_arena *arena, const void *ptr);

/* Give everything back but keep a chunk for what comes next: for work that is done over and over.
 */
void sp_arena_reset(struct sp_arena *arena);

static inline void sp_arena_freep(struct sp_arena **arena)
{
    sp_arena_free(*arena);
}

#define sp_auto_arena SP_CLEANUP(sp_arena_freep)
