/* SPDX-License-Identifier: BSD-3-Clause */
/* defs.h - the few compiler extensions and macros that the whole project shares.
 *
 * Extensions are limited to what stands here: scope cleanup, typeof, and format, result and
 * overflow checking. GCC and Clang are the supported compilers.
 */
#pragma once

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#define SP_MUST_USE      __attribute__((warn_unused_result))
#define SP_NORETURN      __attribute__((noreturn))
#define SP_PRINTF(f, a)  __attribute__((format(printf, f, a)))
#define SP_CLEANUP(func) __attribute__((cleanup(func)))

#define SP_COUNT(array) (sizeof(array) / sizeof((array)[0]))
#define SP_MIN(a, b)    ((a) < (b) ? (a) : (b))
#define SP_MAX(a, b)    ((a) > (b) ? (a) : (b))

/* Hand an owned pointer over: the variable becomes NULL, so that its scope cleanup does nothing. */
#define SP_TAKE(ptr)                    \
    __extension__({                     \
        __typeof__(ptr) taken_ = (ptr); \
        (ptr) = NULL;                   \
        taken_;                         \
    })

/* Time everywhere: nanoseconds, either since 1970 (realtime) or since some start (monotonic). */
typedef int64_t sp_nsec;

#define SP_NSEC_PER_SEC INT64_C(1000000000)
#define SP_NSEC_PER_MS  INT64_C(1000000)

/* `sp_auto_free char *text = ...`: freed when the scope ends. */
void sp_freep(void *ptr_to_ptr);
#define sp_auto_free SP_CLEANUP(sp_freep)

/* `sp_auto_fd int fd = -1`: closed when the scope ends, -1 is fine. */
void sp_fd_closep(int *fd);
#define sp_auto_fd SP_CLEANUP(sp_fd_closep)

/* Return *fd and set it to -1. */
static inline int sp_take_fd(int *fd)
{
    int taken = *fd;
    *fd = -1;
    return taken;
}

/* Small fixed allocations: zeroed, never NULL; out of memory ends the program with one line. */
void *sp_alloc(size_t size) __attribute__((malloc, returns_nonnull));

/* Grow an array to hold `need` items (amortised doubling). Never NULL; the caller owns it. */
void *sp_grow(void *items, size_t *capacity, size_t need, size_t item_size)
    __attribute__((returns_nonnull));

/* Anything whose size comes from outside: zeroed, NULL when it cannot be had. */
void *sp_try_alloc(size_t count, size_t item_size) SP_MUST_USE;

/* Owned copy of `text`. */
char *sp_strdup(const char *text) __attribute__((malloc, returns_nonnull));
