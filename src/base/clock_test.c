/* SPDX-License-Identifier: BSD-3-Clause */
#include "base/clock.h"

#include "base/fault.h"
#include "base/tap.h"

#include <stdlib.h>
#include <time.h>

static void test_durations(void)
{
    static const struct {
        double seconds;
        const char *text, *hms;
    } cases[] = {
        { 0, "0.00s", "0:00:00" },      { 0.42, "0.42s", "0:00:00" },
        { 9.99, "9.99s", "0:00:09" },   { 12.34, "12.3s", "0:00:12" },
        { 59.9, "59.9s", "0:00:59" },   { 60, "1:00", "0:01:00" },
        { 187, "3:07", "0:03:07" },     { 3599, "59:59", "0:59:59" },
        { 3600, "1:00:00", "1:00:00" }, { 360000, "100:00:00", "100:00:00" },
    };

    for (size_t i = 0; i < SP_COUNT(cases); i++) {
        sp_nsec duration = (sp_nsec)(cases[i].seconds * 1e9);
        struct sp_clock_text text = sp_clock_duration(duration);
        struct sp_clock_text hms = sp_clock_hms(duration);
        if (!tap_ok(strcmp(text.text, cases[i].text) == 0 && strcmp(hms.text, cases[i].hms) == 0,
                    "%g s is %s", cases[i].seconds, cases[i].text))
            printf("# got %s, %s\n", text.text, hms.text);
    }
}

static void test_moments(void)
{
    sp_nsec moment = INT64_C(1795260475123) * SP_NSEC_PER_MS;

    (void)setenv("TZ", "UTC", 1);
    tzset();
    tap_ok(strcmp(sp_clock_iso(moment).text, "2026-11-21T11:27:55.123Z") == 0, "ISO time");
    sp_nsec read = 0;
    tap_ok(sp_clock_parse_iso(SP_STR("2026-11-21T11:27:55.123Z"), &read) && read == moment,
           "ISO time read");
    tap_ok(!sp_clock_parse_iso(SP_STR("2026-11-21T11:27:55.123"), &read) &&
               !sp_clock_parse_iso(SP_STR("2026-13-21T11:27:55.123Z"), &read) &&
               !sp_clock_parse_iso(SP_STR("2026-1x-21T11:27:55.123Z"), &read) &&
               !sp_clock_parse_iso(SP_STR("4052-11-21T11:27:55.123Z"), &read) &&
               !sp_clock_parse_iso(SP_STR("0001-11-21T11:27:55.123Z"), &read) &&
               !sp_clock_parse_iso(SP_STR(""), &read) && read == moment,
           "what is no ISO time");
    tap_ok(strcmp(sp_clock_local(moment).text, "2026-11-21 11:27:55") == 0, "local time");
    sp_nsec before = sp_clock_monotonic();
    tap_ok(before <= sp_clock_monotonic(), "monotonic does not go back");
}

static void test_faults(void)
{
    int failed_at = 0;

    sp_fault_arm(3);
    for (int i = 1; i <= 5; i++)
        if (SP_FAULT("site", 28))
            failed_at = i;
    tap_ok(failed_at == 3 && strcmp(sp_fault_fired(), "site") == 0, "the third site fails, once");
    sp_fault_arm(0);
    tap_ok(!sp_fault_fired(), "switched off");
}

int main(void)
{
    test_durations();
    test_moments();
    test_faults();
    return tap_done();
}
