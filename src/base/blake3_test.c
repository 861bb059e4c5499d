/* SPDX-License-Identifier: BSD-3-Clause */
#include "base/blake3.h"

#include "base/tap.h"

#include <stdlib.h>

/* The input of the official test vectors: byte i is i % 251. Lengths around the ends of blocks
 * (64), chunks (1024) and of what the vector units take at once; digests by b3sum. */
static const struct {
    size_t len;
    const char *want;
} vectors[] = {
    { 0, "af1349b9f5f9a1a6a0404dea36dcc9499bcb25c9adc112b7cc9a93cae41f3262" },
    { 1, "2d3adedff11b61f14c886e35afa036736dcd87a74d27b5c1510225d0f592e213" },
    { 63, "e9bc37a594daad83be9470df7f7b3798297c3d834ce80ba85d6e207627b7db7b" },
    { 64, "4eed7141ea4a5cd4b788606bd23f46e212af9cacebacdc7d1f4c6dc7f2511b98" },
    { 65, "de1e5fa0be70df6d2be8fffd0e99ceaa8eb6e8c93a63f2d8d1c30ecb6b263dee" },
    { 1023, "10108970eeda3eb932baac1428c7a2163b0e924c9a9e25b35bba72b28f70bd11" },
    { 1024, "42214739f095a406f3fc83deb889744ac00df831c10daa55189b5d121c855af7" },
    { 1025, "d00278ae47eb27b34faecf67b4fe263f82d5412916c1ffd97c8cb7fb814b8444" },
    { 2049, "5f4d72f40d7a5f82b15ca2b2e44b1de3c2ef86c426c95c1af0b6879522563030" },
    { 3072, "b98cb0ff3623be03326b373de6b9095218513e64f1ee2edd2525c7ad1e5cffd2" },
    { 16385, "1dabe216be2578830263b049de1639f39f05a4da616b9b78c7a5e4e41662fd1f" },
    { 102400, "bc3e3d41a1146b069abffad3c0d44860cf664390afce4d9661f7902e7943e085" },
    { 4194305, "0460893a0170917e0d568bb27c0287984d4f7e9d59eafb95e6fb3c01ec611eab" },
};

/* b3sum --derive-key. */
static const struct {
    const char *domain, *text, *want;
} domains[] = {
    { NULL, "abc", "6437b3ac38465133ffb63b75273a8db548c558465d79db03fd359c6cd5bd9d85" },
    { "spoor.key.1", "abc", "4101039a5e4c85e8d18154f46a9a2e80ff80f7adea514e280a321e90cb250c2b" },
    { "spoor.tree.1", "", "43bfd0ffa20ca4bd7b7883716be9e8b8c2ff20c0979ea311b7f7adfae060a8d4" },
};

static bool is(const struct sp_digest *got, const char *want)
{
    struct sp_digest_text text = sp_digest_hex(got);
    bool same = strcmp(text.text, want) == 0;

    if (!same)
        printf("# got  %s\n# want %s\n", text.text, want);
    return same;
}

static void test_vectors(void)
{
    size_t most = vectors[SP_COUNT(vectors) - 1].len;
    sp_auto_free char *input = sp_try_alloc(most, 1);

    if (!tap_ok(input, "memory"))
        return;
    for (size_t i = 0; i < most; i++)
        input[i] = (char)(i % 251);
    for (size_t i = 0; i < SP_COUNT(vectors); i++) {
        struct sp_digest got = sp_blake3((struct sp_str){ input, vectors[i].len });
        tap_ok(is(&got, vectors[i].want), "%zu bytes", vectors[i].len);

        struct sp_hasher hasher;
        sp_hasher_init(&hasher, NULL);
        for (size_t at = 0, step = 1; at < vectors[i].len; at += step, step = step * 3 + 1) {
            step = SP_MIN(step, vectors[i].len - at);
            sp_hasher_update(&hasher, input + at, step);
        }
        got = sp_hasher_end(&hasher);
        tap_ok(is(&got, vectors[i].want), "%zu bytes in pieces", vectors[i].len);
    }
}

static void test_domains(void)
{
    for (size_t i = 0; i < SP_COUNT(domains); i++) {
        struct sp_hasher hasher;
        sp_hasher_init(&hasher, domains[i].domain);
        sp_hasher_update(&hasher, domains[i].text, strlen(domains[i].text));
        struct sp_digest got = sp_hasher_end(&hasher);
        tap_ok(is(&got, domains[i].want), "domain %s",
               domains[i].domain ? domains[i].domain : "none");
    }
}

static struct sp_digest of_parts(struct sp_str a, struct sp_str b)
{
    struct sp_hasher hasher;

    sp_hasher_init(&hasher, "spoor.test");
    sp_hasher_add(&hasher, a);
    sp_hasher_add(&hasher, b);
    return sp_hasher_end(&hasher);
}

static void test_parts(void)
{
    struct sp_digest one = of_parts(SP_STR("ab"), SP_STR("c"));
    struct sp_digest same = of_parts(SP_STR("ab"), SP_STR("c"));
    struct sp_digest two = of_parts(SP_STR("a"), SP_STR("bc"));
    struct sp_digest three = of_parts((struct sp_str){ NULL, 0 }, SP_STR("abc"));

    tap_ok(sp_digest_eq(&one, &same), "the same parts, the same digest");
    tap_ok(!sp_digest_eq(&one, &two), "where a part ends counts");
    tap_ok(!sp_digest_eq(&one, &three) && !sp_digest_eq(&two, &three), "an empty part counts");

    struct sp_hasher hasher;
    sp_hasher_init(&hasher, NULL);
    sp_hasher_add_number(&hasher, UINT64_C(0x0706050403020100));
    sp_hasher_add_digest(&hasher, &one);
    struct sp_digest got = sp_hasher_end(&hasher);
    char bytes[8 + SP_DIGEST_SIZE] = { 0, 1, 2, 3, 4, 5, 6, 7 };
    memcpy(bytes + 8, one.bytes, SP_DIGEST_SIZE);
    struct sp_digest want = sp_blake3((struct sp_str){ bytes, sizeof bytes });
    tap_ok(sp_digest_eq(&got, &want), "numbers are little endian, digests go in as they are");
}

static void test_text(void)
{
    static const struct {
        const char *label, *text;
        bool good;
    } cases[] = {
        { "64 digits", "00ff56789abcdef00123456789abcdef00123456789abcdef00123456789abcd", true },
        { "upper case", "00FF56789abcdef00123456789abcdef00123456789abcdef00123456789abcd", false },
        { "63 digits", "00ff56789abcdef00123456789abcdef00123456789abcdef00123456789abc", false },
        { "65 digits", "00ff56789abcdef00123456789abcdef00123456789abcdef00123456789abcde", false },
        { "a g", "00ff56789abcdef00123456789abcdef00123456789abcdef00123456789abcg", false },
        { "a blank", "00ff56789abcdef00123456789abcdef00123456789abcdef00123456789abc ", false },
        { "nothing", "", false },
    };
    struct sp_digest zero = { { 0 } };

    for (size_t i = 0; i < SP_COUNT(cases); i++) {
        struct sp_digest digest = zero;
        bool got = sp_digest_parse(sp_str_of(cases[i].text), &digest);
        tap_ok(got == cases[i].good, "parse %s", cases[i].label);
        if (got)
            tap_ok(is(&digest, cases[i].text), "and write it");
        else
            tap_ok(sp_digest_is_zero(&digest), "which writes nothing");
    }
    tap_ok(sp_digest_is_zero(&zero), "zero");
    zero.bytes[SP_DIGEST_SIZE - 1] = 1;
    tap_ok(!sp_digest_is_zero(&zero), "not zero in the last byte");
}

int main(void)
{
    test_vectors();
    test_domains();
    test_parts();
    test_text();
    return tap_done();
}
