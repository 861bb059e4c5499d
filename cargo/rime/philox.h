/* SPDX-License-Identifier: BSD-3-Clause */
/* philox.h - Philox4x32-10, a random number generator without state.
 *
 * 128 bits of counter and 64 bits of key give 128 random bits (Salmon, Moraes, Dror and Shaw,
 * "Parallel random numbers: as easy as 1, 2, 3", SC 2011). Any number of the stream can be had
 * at any time in any thread.
 */
#pragma once

#include <stdint.h>

#define PHILOX_ROUNDS 10
#define PHILOX_M0     UINT32_C(0xD2511F53)
#define PHILOX_M1     UINT32_C(0xCD9E8D57)
#define PHILOX_W0     UINT32_C(0x9E3779B9)
#define PHILOX_W1     UINT32_C(0xBB67AE85)

/* Last word of the counter: what the numbers are for. Streams of one seed never meet. */
enum philox_use {
    PHILOX_NOISE = 1,
    PHILOX_GAINS = 2
};

static inline void philox(const uint32_t counter[4], const uint32_t key[2], uint32_t out[4])
{
    uint32_t c[4] = { counter[0], counter[1], counter[2], counter[3] };
    uint32_t k[2] = { key[0], key[1] };

    for (int round = 0; round < PHILOX_ROUNDS; round++) {
        const uint64_t a = (uint64_t)PHILOX_M0 * c[0];
        const uint64_t b = (uint64_t)PHILOX_M1 * c[2];

        c[0] = (uint32_t)(b >> 32) ^ c[1] ^ k[0];
        c[1] = (uint32_t)b;
        c[2] = (uint32_t)(a >> 32) ^ c[3] ^ k[1];
        c[3] = (uint32_t)a;
        k[0] += PHILOX_W0;
        k[1] += PHILOX_W1;
    }
    for (int i = 0; i < 4; i++)
        out[i] = c[i];
}
