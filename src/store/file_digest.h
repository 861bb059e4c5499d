/* SPDX-License-Identifier: BSD-3-Clause */
/* file_digest.h - the exact digest of one file (doc/design/store.md 3), as its bytes come by:
 * whoever copies a file gets its digest on the way.
 *
 * Up to SP_CHUNK_SIZE bytes it is the BLAKE3 of the bytes; of more, of the size and of the digests
 * of the chunks, which several threads can make.
 */
#pragma once

#include "base/blake3.h"

#define SP_CHUNK_SIZE ((uint64_t)4 * 1024 * 1024)

struct sp_file_hasher {
    struct sp_hasher whole; /* of a small file; of the digests of chunks else */
    struct sp_hasher chunk;
    uint64_t size, done;
};

/* `size` is the number of bytes that will come. */
void sp_file_hasher_init(struct sp_file_hasher *hasher, uint64_t size);
void sp_file_hasher_update(struct sp_file_hasher *hasher, const void *data, size_t len);

/* Exactly `size` bytes have come. */
struct sp_digest sp_file_hasher_end(struct sp_file_hasher *hasher);

/* The same of a file in memory. */
struct sp_digest sp_file_digest(struct sp_str data);

/* For threads: digest of one chunk of a file of more than SP_CHUNK_SIZE bytes, and of all of them.
 */
struct sp_digest sp_chunk_digest(struct sp_str chunk);
struct sp_digest sp_chunks_digest(uint64_t size, const struct sp_digest *chunks, size_t len);
