/* SPDX-License-Identifier: BSD-3-Clause */
/* jsonstream.h - a JSON document with a list that is too long to be in memory. It is printed as
 * sp_json_encode writes it (SP_JSON_PRETTY). */
#pragma once

#include "value/value.h"

struct sp_json_stream {
    const char *key; /* of the list in the mapping; what it holds there is not printed */
    size_t count;
    void *arg;

    /* Item number `i`, in `arena`, which is emptied for the next; false: it cannot be had, and the
     * list ends there. */
    bool (*item)(void *arg, size_t i, struct sp_arena *arena, struct sp_value *out);
};

/* To stdout. False if an item could not be had: the document is whole, but the list is not. */
bool sp_json_stream(const struct sp_dict *dict, const struct sp_json_stream *stream);
