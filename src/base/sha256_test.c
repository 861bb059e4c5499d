/* SPDX-License-Identifier: BSD-3-Clause */
#include "base/sha256.h"

#include "base/tap.h"

#include <stdlib.h>

/* FIPS 180-4 examples, and lengths around the ends of blocks (by sha256sum). */
static const struct {
    const char *text;
    size_t repeat;
    const char *want;
} cases[] = {
    { "", 1, "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855" },
    { "abc", 1, "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad" },
    { "abcdbcdecdefdefgefghfghighijhijkijkljklmklmnlmnomnopnopq", 1,
      "248d6a61d20638b8e5c026930c3e6039a33ce45964ff2167f6ecedd419db06c1" },
    { "a", 55, "9f4390f8d30c2dd92ec9f095b65e2b9ae9b0a925a5258e241c9f1e910f734318" },
    { "a", 56, "b35439a4ac6f0948b6d6f9e3c6af0f5f590ce20f1bde7090ef7970686ec6738a" },
    { "a", 64, "ffe054fe7ae0cb6dc65c3af9b61d5209f439851db43d0ba5997337df154668eb" },
    { "a", 1000000, "cdc76e5c9914fb9281a1c7e284d73e67f1809a48a497200e046d39ccc7112cd0" },
};

int main(void)
{
    for (size_t i = 0; i < SP_COUNT(cases); i++) {
        size_t len = strlen(cases[i].text) * cases[i].repeat;
        char *data = malloc(len + 1);
        if (!data)
            return 1;
        for (size_t k = 0; k < cases[i].repeat; k++)
            memcpy(data + k * strlen(cases[i].text), cases[i].text, strlen(cases[i].text));
        struct sp_sha256_text got = sp_sha256((struct sp_str){ data, len });
        if (!tap_ok(strcmp(got.text, cases[i].want) == 0, "%zu bytes", len))
            printf("# got %s\n", got.text);
        free(data);
    }
    return tap_done();
}
