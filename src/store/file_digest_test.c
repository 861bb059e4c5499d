/* SPDX-License-Identifier: BSD-3-Clause */
#include "store/file_digest.h"

#include "base/tap.h"
#include "base/vec.h"

#define CHUNK ((size_t)SP_CHUNK_SIZE)

static struct sp_digest in_steps(const char *data, size_t size, size_t step)
{
    struct sp_file_hasher hasher;

    sp_file_hasher_init(&hasher, size);
    for (size_t at = 0; at < size; at += step)
        sp_file_hasher_update(&hasher, data + at, SP_MIN(step, size - at));
    return sp_file_hasher_end(&hasher);
}

static struct sp_digest in_chunks(const char *data, size_t size)
{
    struct sp_digest digests[8];
    size_t len = 0;

    for (size_t at = 0; at < size; at += CHUNK)
        digests[len++] = sp_chunk_digest((struct sp_str){ data + at, SP_MIN(CHUNK, size - at) });
    return sp_chunks_digest(size, digests, len);
}

int main(void)
{
    static const size_t sizes[] = { CHUNK + 1, 2 * CHUNK, 2 * CHUNK + 7, 3 * CHUNK - 1 };
    static const size_t steps[] = { 1000003, CHUNK, 3 * CHUNK };
    sp_auto_free char *data = sp_alloc(3 * CHUNK);

    for (size_t i = 0; i < 3 * CHUNK; i++)
        data[i] = (char)(i * 7 + i / 1000);
    for (size_t i = 0; i < SP_COUNT(sizes); i++)
        for (size_t k = 0; k < SP_COUNT(steps); k++) {
            struct sp_digest a = in_steps(data, sizes[i], steps[k]);
            struct sp_digest b = in_chunks(data, sizes[i]);
            tap_ok(sp_digest_eq(&a, &b), "%zu bytes by %zu", sizes[i], steps[k]);
        }
    struct sp_digest whole = in_steps(data, CHUNK, CHUNK);
    struct sp_digest again = in_steps(data, CHUNK, 777);
    struct sp_digest chunks = in_chunks(data, CHUNK);
    tap_ok(sp_digest_eq(&whole, &again) && !sp_digest_eq(&whole, &chunks),
           "one chunk is a file as a whole");
    struct sp_digest none = in_steps(data, 0, 1);
    tap_ok(!sp_digest_is_zero(&none) && !sp_digest_eq(&none, &whole), "an empty file");
    data[CHUNK + 5]++;
    struct sp_digest changed = in_chunks(data, 2 * CHUNK);
    data[CHUNK + 5]--;
    struct sp_digest former = in_chunks(data, 2 * CHUNK);
    tap_ok(!sp_digest_eq(&changed, &former), "every byte counts");
    return tap_done();
}
