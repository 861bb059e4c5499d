/* SPDX-License-Identifier: BSD-3-Clause */
#include "store/file_digest.h"

#include <assert.h>

#define FILE_DOMAIN   "spoor.file.1"
#define CHUNK_DOMAIN  "spoor.file.1 chunk"
#define CHUNKS_DOMAIN "spoor.file.1 chunks"

static void init_chunks(struct sp_hasher *hasher, uint64_t size)
{
    sp_hasher_init(hasher, CHUNKS_DOMAIN);
    sp_hasher_add_number(hasher, size);
}

void sp_file_hasher_init(struct sp_file_hasher *hasher, uint64_t size)
{
    hasher->size = size;
    hasher->done = 0;
    if (size <= SP_CHUNK_SIZE) {
        sp_hasher_init(&hasher->whole, FILE_DOMAIN);
        return;
    }
    init_chunks(&hasher->whole, size);
    sp_hasher_init(&hasher->chunk, CHUNK_DOMAIN);
}

static void end_chunk(struct sp_file_hasher *hasher)
{
    struct sp_digest digest = sp_hasher_end(&hasher->chunk);

    sp_hasher_add_digest(&hasher->whole, &digest);
    sp_hasher_init(&hasher->chunk, CHUNK_DOMAIN);
}

void sp_file_hasher_update(struct sp_file_hasher *hasher, const void *data, size_t len)
{
    const char *at = data;

    if (hasher->size <= SP_CHUNK_SIZE) {
        sp_hasher_update(&hasher->whole, data, len);
        hasher->done += len;
        return;
    }
    while (len > 0) {
        uint64_t room = SP_CHUNK_SIZE - hasher->done % SP_CHUNK_SIZE;
        size_t part = (size_t)SP_MIN(room, (uint64_t)len);
        sp_hasher_update(&hasher->chunk, at, part);
        hasher->done += part;
        at += part;
        len -= part;
        if (part == room)
            end_chunk(hasher);
    }
}

struct sp_digest sp_file_hasher_end(struct sp_file_hasher *hasher)
{
    assert(hasher->done == hasher->size);
    if (hasher->size > SP_CHUNK_SIZE && hasher->done % SP_CHUNK_SIZE != 0)
        end_chunk(hasher);
    return sp_hasher_end(&hasher->whole);
}

struct sp_digest sp_file_digest(struct sp_str data)
{
    struct sp_file_hasher hasher;

    sp_file_hasher_init(&hasher, data.len);
    sp_file_hasher_update(&hasher, data.ptr, data.len);
    return sp_file_hasher_end(&hasher);
}

struct sp_digest sp_chunk_digest(struct sp_str chunk)
{
    struct sp_hasher hasher;

    sp_hasher_init(&hasher, CHUNK_DOMAIN);
    sp_hasher_update(&hasher, chunk.ptr, chunk.len);
    return sp_hasher_end(&hasher);
}

struct sp_digest sp_chunks_digest(uint64_t size, const struct sp_digest *chunks, size_t len)
{
    struct sp_hasher hasher;

    init_chunks(&hasher, size);
    for (size_t i = 0; i < len; i++)
        sp_hasher_add_digest(&hasher, &chunks[i]);
    return sp_hasher_end(&hasher);
}
