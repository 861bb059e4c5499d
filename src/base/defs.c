/* SPDX-License-Identifier: BSD-3-Clause */
#include "base/defs.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

void sp_freep(void *ptr_to_ptr)
{
    void *ptr;

    memcpy(&ptr, ptr_to_ptr, sizeof ptr);
    free(ptr);
}

void sp_fd_closep(int *fd)
{
    if (*fd >= 0)
        (void)close(*fd);
    *fd = -1;
}

static SP_NORETURN void out_of_memory(size_t size)
{
    (void)fprintf(stderr, "spoor: out of memory (%zu bytes)\n", size);
    abort();
}

void *sp_alloc(size_t size)
{
    void *ptr = calloc(1, size ? size : 1);
    if (!ptr)
        out_of_memory(size);
    return ptr;
}

void *sp_try_alloc(size_t count, size_t item_size)
{
    return calloc(count ? count : 1, item_size ? item_size : 1);
}

void *sp_grow(void *items, size_t *capacity, size_t need, size_t item_size)
{
    if (need <= *capacity && items)
        return items;
    size_t wanted = SP_MAX(SP_MAX(*capacity * 2, need), (size_t)8);
    size_t bytes;
    if (__builtin_mul_overflow(wanted, item_size, &bytes))
        out_of_memory(SIZE_MAX);
    void *grown = realloc(items, bytes);
    if (!grown)
        out_of_memory(bytes);
    *capacity = wanted;
    return grown;
}

char *sp_strdup(const char *text)
{
    size_t size = strlen(text) + 1;
    char *copy = sp_alloc(size);

    memcpy(copy, text, size);
    return copy;
}
