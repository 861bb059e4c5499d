/* SPDX-License-Identifier: BSD-3-Clause */
/* vec.h - growing arrays.
 *
 *     SP_VEC(struct sp_step) steps = { 0 };
 *     *SP_VEC_ADD(&steps) = step;               pointers into the array die at the next add
 *     for (size_t i = 0; i < steps.len; i++) use(&steps.items[i]);
 *     SP_VEC_FINI(&steps);                      frees the array, not what its items own
 */
#pragma once

#include "base/defs.h"

#include <stdlib.h>
#include <string.h>

#define SP_VEC(type)     \
    struct {             \
        type *items;     \
        size_t len;      \
        size_t capacity; \
    }

/* Pointer to a new zeroed last item. */
#define SP_VEC_ADD(vec)                                                                \
    __extension__({                                                                    \
        __typeof__(vec) v_ = (vec);                                                    \
        v_->items = sp_grow(v_->items, &v_->capacity, v_->len + 1, sizeof *v_->items); \
        memset(&v_->items[v_->len], 0, sizeof *v_->items);                             \
        &v_->items[v_->len++];                                                         \
    })

#define SP_VEC_FINI(vec)                  \
    do {                                  \
        free((vec)->items);               \
        (vec)->items = NULL;              \
        (vec)->len = (vec)->capacity = 0; \
    } while (0)
