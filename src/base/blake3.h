/* SPDX-License-Identifier: BSD-3-Clause */
/* blake3.h - digests that name data: BLAKE3 with 32 bytes of output.
 *
 *     struct sp_hasher hasher;
 *     sp_hasher_init(&hasher, "spoor.key.1");
 *     sp_hasher_add(&hasher, text);              length-prefixed: "ab","c" is not "a","bc"
 *     struct sp_digest key = sp_hasher_end(&hasher);
 */
#pragma once

#include "base/str.h"

#define SP_DIGEST_SIZE 32
#define SP_DIGEST_HEX  64

struct sp_digest {
    unsigned char bytes[SP_DIGEST_SIZE];
};

struct sp_digest_text {
    char text[SP_DIGEST_HEX + 1]; /* lower-case hexadecimal */
};

struct sp_hasher {
    _Alignas(
        64) unsigned char state[1920]; /* private: that of the library, checked when compiled */
};

/* `domain` keeps digests of different things apart; NULL: plain BLAKE3 of what is added, as b3sum
 * prints it. */
void sp_hasher_init(struct sp_hasher *hasher, const char *domain);

/* Bytes as they are. */
void sp_hasher_update(struct sp_hasher *hasher, const void *data, size_t len);

/* The length (8 bytes, little endian), then the bytes. */
void sp_hasher_add(struct sp_hasher *hasher, struct sp_str text);
void sp_hasher_add_number(struct sp_hasher *hasher, uint64_t number);
void sp_hasher_add_digest(struct sp_hasher *hasher, const struct sp_digest *digest);

struct sp_digest sp_hasher_end(struct sp_hasher *hasher);

/* Of text in memory, without a domain. */
struct sp_digest sp_blake3(struct sp_str data);

bool sp_digest_eq(const struct sp_digest *a, const struct sp_digest *b);
bool sp_digest_is_zero(const struct sp_digest *digest);
struct sp_digest_text sp_digest_hex(const struct sp_digest *digest);

/* Exactly 64 hexadecimal digits, lower-case. */
bool sp_digest_parse(struct sp_str hex, struct sp_digest *out);
