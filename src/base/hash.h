/* SPDX-License-Identifier: BSD-3-Clause */
/* hash.h - the hash of in-memory tables. Never for identity, never written to disk. */
#pragma once

#include "base/str.h"

uint64_t sp_hash(struct sp_str text);

/* The index behind an ordered array of named entries: slots hold entry number + 1, 0 is free;
 * `slot_count` is a power of two at least twice the number of entries. The entries start with
 * their key (`struct sp_str`), `stride` bytes apart. */
struct sp_index {
    uint32_t *slots;
    size_t slot_count;
};

/* Entry number of `key`, or SIZE_MAX. */
size_t sp_index_find(struct sp_index index, const void *entries, size_t stride, struct sp_str key);

/* Fill empty slots from the first `len` entries. */
void sp_index_fill(struct sp_index index, const void *entries, size_t stride, size_t len);

/* Note entry number `at`, which is not there yet. */
void sp_index_add(struct sp_index index, struct sp_str key, size_t at);
