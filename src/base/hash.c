/* SPDX-License-Identifier: BSD-3-Clause */
#include "base/hash.h"

/* Multiply-and-fold over 8-byte words, in the manner of wyhash; good mixing, one multiply a word.
 */
static uint64_t fold(uint64_t a, uint64_t b)
{
    __extension__ unsigned __int128 product = (unsigned __int128)a * b;
    return (uint64_t)product ^ (uint64_t)(product >> 64);
}

uint64_t sp_hash(struct sp_str text)
{
    uint64_t hash = UINT64_C(0x9E3779B97F4A7C15) ^ text.len;
    size_t at = 0;

    for (; at + 8 <= text.len; at += 8) {
        uint64_t word;
        memcpy(&word, text.ptr + at, 8);
        hash = fold(hash ^ word, UINT64_C(0xA0761D6478BD642F));
    }
    if (at < text.len) {
        uint64_t word = 0;
        memcpy(&word, text.ptr + at, text.len - at);
        hash = fold(hash ^ word, UINT64_C(0xE7037ED1A0B428DB));
    }
    return fold(hash, UINT64_C(0x8EBC6AF09C88C6E3));
}

static struct sp_str key_at(const void *entries, size_t stride, size_t at)
{
    struct sp_str key;

    memcpy(&key, (const char *)entries + stride * at, sizeof key);
    return key;
}

size_t sp_index_find(struct sp_index index, const void *entries, size_t stride, struct sp_str key)
{
    if (index.slot_count == 0)
        return SIZE_MAX;
    size_t mask = index.slot_count - 1;
    for (size_t slot = sp_hash(key) & mask; index.slots[slot]; slot = (slot + 1) & mask) {
        size_t at = index.slots[slot] - 1;
        if (sp_str_eq(key_at(entries, stride, at), key))
            return at;
    }
    return SIZE_MAX;
}

void sp_index_add(struct sp_index index, struct sp_str key, size_t at)
{
    size_t mask = index.slot_count - 1;
    size_t slot = sp_hash(key) & mask;

    while (index.slots[slot])
        slot = (slot + 1) & mask;
    index.slots[slot] = (uint32_t)at + 1;
}

void sp_index_fill(struct sp_index index, const void *entries, size_t stride, size_t len)
{
    for (size_t at = 0; at < len; at++)
        sp_index_add(index, key_at(entries, stride, at), at);
}
