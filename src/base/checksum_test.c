/* SPDX-License-Identifier: BSD-3-Clause */
#include "base/checksum.h"

#include "base/tap.h"

/* By xxhsum -H3; byte i is i % 251. */
static const struct {
    size_t len;
    const char *want;
} cases[] = {
    { 0, "2d06800538d394c2" },  { 1, "c44bdff4074eecdb" },    { 63, "aaa5f0fb98a36ae8" },
    { 64, "6187eb9089b0ed55" }, { 1025, "e95c42288f28186e" }, { 16385, "fea38d9173737a4b" },
};

int main(void)
{
    char input[16385];

    for (size_t i = 0; i < sizeof input; i++)
        input[i] = (char)(i % 251);
    for (size_t i = 0; i < SP_COUNT(cases); i++) {
        struct sp_checksum_text got = sp_checksum((struct sp_str){ input, cases[i].len });
        if (!tap_ok(strcmp(got.text, cases[i].want) == 0, "%zu bytes", cases[i].len))
            printf("# got %s\n", got.text);
    }
    struct sp_checksum_text none = sp_checksum((struct sp_str){ NULL, 0 });
    tap_ok(strcmp(none.text, cases[0].want) == 0, "no text at all");
    struct sp_checksum_text abc = sp_checksum(SP_STR("abc"));
    tap_ok(strcmp(abc.text, "78af5f94892f3950") == 0, "abc");
    return tap_done();
}
