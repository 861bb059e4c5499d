/* SPDX-License-Identifier: BSD-3-Clause */
#include "image/digest.h"

#include "base/sha256.h"
#include "base/tap.h"

#include <stdlib.h>

#define HEX "0123456789abcdef0123456789abcdef0123456789abcdef0123456789abcdef"

static const struct {
    const char *text;
    bool valid;
} texts[] = {
    { "sha256:" HEX, true },
    { "sha256:" HEX "0", false },
    { "sha256:", false },
    { "", false },
    { HEX, false },
    { "sha512:" HEX, false },
    { "sha256:0123456789ABCDEF0123456789abcdef0123456789abcdef0123456789abcdef", false },
    { "sha256:../3456789abcdef0123456789abcdef0123456789abcdef0123456789abcdef0", false },
};

/* Two libraries agree, however the data come. */
static void test_parts(void)
{
    static char data[100000];
    sp_auto_sha struct sp_sha *sha = sp_sha_new();

    for (size_t i = 0; i < sizeof data; i++)
        data[i] = (char)(i * 31 + i / 251);
    for (size_t part = 1; part < 70000; part = part * 7 + 1) {
        for (size_t at = 0; at < sizeof data; at += part)
            sp_sha_add(sha, (struct sp_str){ data + at, SP_MIN(part, sizeof data - at) });
        struct sp_sha_digest got = sp_sha_end(sha);
        tap_ok(strcmp(got.hex, sp_sha256((struct sp_str){ data, sizeof data }).text) == 0,
               "in parts of %zu", part);
    }
    struct sp_sha_digest none = sp_sha_end(sha);
    tap_ok(strcmp(none.hex, sp_sha256(SP_STR("")).text) == 0, "nothing");
}

/* From the specification: Chain(L0) = L0, Chain(L0..Ln) = SHA256(Chain(L0..Ln-1) + " " + Ln). */
static void test_chain(void)
{
    struct sp_sha_digest ids[3];

    for (size_t i = 0; i < 3; i++)
        (void)snprintf(ids[i].hex, sizeof ids[i].hex, "%064zu", i);
    struct sp_sha_digest one = sp_sha_chain(ids, 1), two = sp_sha_chain(ids, 2);
    struct sp_sha_digest three = sp_sha_chain(ids, 3);
    char text[200];
    (void)snprintf(text, sizeof text, "sha256:%s sha256:%s", ids[0].hex, ids[1].hex);
    struct sp_sha_digest want = sp_sha_of(sp_str_of(text));
    tap_ok(sp_sha_eq(&one, &ids[0]), "one layer");
    tap_ok(sp_sha_eq(&two, &want), "two layers");
    (void)snprintf(text, sizeof text, "sha256:%s sha256:%s", want.hex, ids[2].hex);
    want = sp_sha_of(sp_str_of(text));
    tap_ok(sp_sha_eq(&three, &want), "three layers");
}

int main(void)
{
    for (size_t i = 0; i < SP_COUNT(texts); i++) {
        struct sp_sha_digest digest = { "untouched" };
        bool valid = sp_sha_parse(sp_str_of(texts[i].text), &digest);
        tap_ok(valid == texts[i].valid && (valid || strcmp(digest.hex, "untouched") == 0), "'%s'",
               texts[i].text);
    }
    test_parts();
    test_chain();
    return tap_done();
}
