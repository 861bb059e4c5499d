/* SPDX-License-Identifier: BSD-3-Clause */
#include "base/amount.h"

#include "base/tap.h"

#define UNTOUCHED 4711

static const struct {
    const char *text;
    bool good;
    uint64_t bytes;
} sizes[] = {
    { "0", true, 0 },
    { "512", true, 512 },
    { "512B", true, 512 },
    { "50G", true, UINT64_C(50000000000) },
    { "50 GB", true, UINT64_C(50000000000) },
    { "1.5k", true, 1500 },
    { "1KiB", true, 1024 },
    { "0.5tib", true, UINT64_C(1) << 39 },
    { "9P", true, UINT64_C(9000000000000000) },
    { "", false, 0 },
    { "B", false, 0 },
    { "G", false, 0 },
    { "-1", false, 0 },
    { "5X", false, 0 },
    { "5GG", false, 0 },
    { "1.2.3", false, 0 },
    { "10000P", false, 0 },
    { "10%", false, 0 },
};

static const struct {
    const char *text;
    bool good;
    double seconds;
} durations[] = {
    { "30d", true, 30.0 * 86400 },
    { "0s", true, 0 },
    { "12 h", true, 43200 },
    { "5min", true, 300 },
    { "2w", true, 1209600 },
    { "1y", true, 31557600 },
    { "30", false, 0 },
    { "d", false, 0 },
    { "", false, 0 },
    { "5m", false, 0 },
    { "900y", false, 0 },
};

static const struct {
    const char *text;
    bool good;
    uint64_t bytes; /* of 1000 */
} shares[] = {
    { "20%", true, 200 }, { "0%", true, 0 },      { "100 %", true, 1000 },
    { "5k", true, 5000 }, { "100.1%", false, 0 }, { "-1%", false, 0 },
    { "%", false, 0 },    { "nan%", false, 0 },   { "huge", false, 0 },
};

static void test_shares(void)
{
    for (size_t i = 0; i < SP_COUNT(shares); i++) {
        struct sp_err err = SP_ERR_INIT;
        uint64_t got = UNTOUCHED;
        enum sp_rc rc = sp_amount_share(sp_str_of(shares[i].text), 1000, &got, &err);
        bool good = shares[i].good ? rc == SP_OK && got == shares[i].bytes
                                   : rc == SP_INVALID && got == UNTOUCHED;
        if (!tap_ok(good, "share '%s'", shares[i].text))
            printf("# %d, %ju\n", (int)rc, (uintmax_t)got);
    }
}

static const struct {
    uint64_t bytes;
    const char *text;
} texts[] = {
    { 0, "0 B" },
    { 1, "1 B" },
    { 999, "999 B" },
    { 1000, "1.0 kB" },
    { 9949, "9.9 kB" },
    { 9950, "10 kB" },
    { 999499, "999 kB" },
    { 999500, "1.0 MB" },
    { 50000000, "50 MB" },
    { UINT64_C(1200000000), "1.2 GB" },
    { UINT64_MAX, "18447 PB" },
};

static void test_texts(void)
{
    for (size_t i = 0; i < SP_COUNT(texts); i++) {
        struct sp_amount_text got = sp_amount_text(texts[i].bytes);
        if (!tap_ok(strcmp(got.text, texts[i].text) == 0, "text of %ju", (uintmax_t)texts[i].bytes))
            printf("# '%s'\n", got.text);
    }
}

int main(void)
{
    test_texts();
    test_shares();
    for (size_t i = 0; i < SP_COUNT(sizes); i++) {
        struct sp_err err = SP_ERR_INIT;
        uint64_t got = UNTOUCHED;
        enum sp_rc rc = sp_amount_bytes(sp_str_of(sizes[i].text), &got, &err);
        bool good = sizes[i].good ? rc == SP_OK && got == sizes[i].bytes
                                  : rc == SP_INVALID && got == UNTOUCHED;
        if (!tap_ok(good, "'%s'", sizes[i].text))
            printf("# %d, %ju\n", (int)rc, (uintmax_t)got);
    }
    for (size_t i = 0; i < SP_COUNT(durations); i++) {
        struct sp_err err = SP_ERR_INIT;
        sp_nsec got = UNTOUCHED;
        enum sp_rc rc = sp_amount_duration(sp_str_of(durations[i].text), &got, &err);
        bool good = durations[i].good ? rc == SP_OK && got == (sp_nsec)(durations[i].seconds * 1e9)
                                      : rc == SP_INVALID && got == UNTOUCHED;
        if (!tap_ok(good, "'%s'", durations[i].text))
            printf("# %d, %jd\n", (int)rc, (intmax_t)got);
    }
    return tap_done();
}
