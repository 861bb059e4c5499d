/* SPDX-License-Identifier: BSD-3-Clause */
#include "base/blake3.h"

#include <blake3.h>

_Static_assert(sizeof(blake3_hasher) <= sizeof(struct sp_hasher), "state of the library fits");
_Static_assert(_Alignof(blake3_hasher) <= _Alignof(struct sp_hasher), "and is aligned");
_Static_assert(SP_DIGEST_SIZE == BLAKE3_OUT_LEN, "plain BLAKE3");

static blake3_hasher *state_of(struct sp_hasher *hasher)
{
    return (blake3_hasher *)(void *)hasher->state;
}

void sp_hasher_init(struct sp_hasher *hasher, const char *domain)
{
    if (domain)
        blake3_hasher_init_derive_key(state_of(hasher), domain);
    else
        blake3_hasher_init(state_of(hasher));
}

void sp_hasher_update(struct sp_hasher *hasher, const void *data, size_t len)
{
    if (len > 0)
        blake3_hasher_update(state_of(hasher), data, len);
}

void sp_hasher_add(struct sp_hasher *hasher, struct sp_str text)
{
    sp_hasher_add_number(hasher, text.len);
    sp_hasher_update(hasher, text.ptr, text.len);
}

void sp_hasher_add_number(struct sp_hasher *hasher, uint64_t number)
{
    unsigned char bytes[8];

    for (size_t i = 0; i < sizeof bytes; i++)
        bytes[i] = (unsigned char)(number >> (8 * i));
    blake3_hasher_update(state_of(hasher), bytes, sizeof bytes);
}

void sp_hasher_add_digest(struct sp_hasher *hasher, const struct sp_digest *digest)
{
    blake3_hasher_update(state_of(hasher), digest->bytes, sizeof digest->bytes);
}

struct sp_digest sp_hasher_end(struct sp_hasher *hasher)
{
    struct sp_digest digest;

    blake3_hasher_finalize(state_of(hasher), digest.bytes, sizeof digest.bytes);
    return digest;
}

struct sp_digest sp_blake3(struct sp_str data)
{
    struct sp_hasher hasher;

    sp_hasher_init(&hasher, NULL);
    sp_hasher_update(&hasher, data.ptr, data.len);
    return sp_hasher_end(&hasher);
}

bool sp_digest_eq(const struct sp_digest *a, const struct sp_digest *b)
{
    return memcmp(a->bytes, b->bytes, sizeof a->bytes) == 0;
}

bool sp_digest_is_zero(const struct sp_digest *digest)
{
    return sp_digest_eq(digest, &(struct sp_digest){ { 0 } });
}

struct sp_digest_text sp_digest_hex(const struct sp_digest *digest)
{
    static const char digits[] = "0123456789abcdef";
    struct sp_digest_text out;

    for (size_t i = 0; i < SP_DIGEST_SIZE; i++) {
        out.text[2 * i] = digits[digest->bytes[i] >> 4];
        out.text[2 * i + 1] = digits[digest->bytes[i] & 15];
    }
    out.text[SP_DIGEST_HEX] = '\0';
    return out;
}

/* -1: not a lower-case digit. */
static int value_of(char digit)
{
    if (digit >= '0' && digit <= '9')
        return digit - '0';
    return digit >= 'a' && digit <= 'f' ? digit - 'a' + 10 : -1;
}

bool sp_digest_parse(struct sp_str hex, struct sp_digest *out)
{
    struct sp_digest digest;

    if (hex.len != SP_DIGEST_HEX)
        return false;
    for (size_t i = 0; i < SP_DIGEST_SIZE; i++) {
        int high = value_of(hex.ptr[2 * i]);
        int low = value_of(hex.ptr[2 * i + 1]);
        if (high < 0 || low < 0)
            return false;
        digest.bytes[i] = (unsigned char)(high * 16 + low);
    }
    *out = digest;
    return true;
}
