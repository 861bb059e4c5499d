/* SPDX-License-Identifier: BSD-3-Clause */
#include "base/clock.h"

#include <inttypes.h>
#include <stdio.h>

sp_nsec sp_clock_nsec(struct timespec time)
{
    return (sp_nsec)time.tv_sec * SP_NSEC_PER_SEC + time.tv_nsec;
}

static sp_nsec read_clock(clockid_t id)
{
    struct timespec now;

    (void)clock_gettime(id, &now);
    return sp_clock_nsec(now);
}

sp_nsec sp_clock_files(void)
{
    return read_clock(CLOCK_REALTIME_COARSE);
}

sp_nsec sp_clock_realtime(void)
{
    return read_clock(CLOCK_REALTIME);
}

sp_nsec sp_clock_monotonic(void)
{
    return read_clock(CLOCK_MONOTONIC);
}

struct sp_clock_text sp_clock_local(sp_nsec realtime)
{
    struct sp_clock_text out = { "" };
    time_t seconds = (time_t)(realtime / SP_NSEC_PER_SEC);
    struct tm parts;

    if (localtime_r(&seconds, &parts))
        (void)strftime(out.text, sizeof out.text, "%Y-%m-%d %H:%M:%S", &parts);
    return out;
}

struct sp_clock_text sp_clock_iso(sp_nsec realtime)
{
    struct sp_clock_text out = { "" };
    time_t seconds = (time_t)(realtime / SP_NSEC_PER_SEC);
    int millis = (int)(realtime % SP_NSEC_PER_SEC / SP_NSEC_PER_MS);
    struct tm parts;

    if (gmtime_r(&seconds, &parts)) {
        size_t len = strftime(out.text, sizeof out.text, "%Y-%m-%dT%H:%M:%S", &parts);
        (void)snprintf(out.text + len, sizeof out.text - len, ".%03dZ", millis);
    }
    return out;
}

/* Number of `count` digits; -1 when they are not digits. */
static int64_t digits_at(struct sp_str text, size_t start, size_t count)
{
    int64_t number = 0;

    for (size_t i = start; i < start + count; i++) {
        if (text.ptr[i] < '0' || text.ptr[i] > '9')
            return -1;
        number = 10 * number + (text.ptr[i] - '0');
    }
    return number;
}

bool sp_clock_parse_iso(struct sp_str text, sp_nsec *out)
{
    static const struct {
        size_t start, count;
        int64_t most;
    } fields[] = { { 0, 4, 9999 }, { 5, 2, 12 },  { 8, 2, 31 },  { 11, 2, 23 },
                   { 14, 2, 59 },  { 17, 2, 60 }, { 20, 3, 999 } };

    static const char separators[] = "    -  -  T  :  :  .   Z";
    int64_t v[SP_COUNT(fields)];

    if (text.len != sizeof separators - 1)
        return false;
    for (size_t i = 0; i < text.len; i++)
        if (separators[i] != ' ' && separators[i] != text.ptr[i])
            return false;
    for (size_t i = 0; i < SP_COUNT(fields); i++) {
        v[i] = digits_at(text, fields[i].start, fields[i].count);
        if (v[i] < 0 || v[i] > fields[i].most)
            return false;
    }
    struct tm parts = {
        .tm_year = (int)v[0] - 1900,
        .tm_mon = (int)v[1] - 1,
        .tm_mday = (int)v[2],
        .tm_hour = (int)v[3],
        .tm_min = (int)v[4],
        .tm_sec = (int)v[5],
    };
    int64_t seconds = timegm(&parts);
    const int64_t most = INT64_MAX / SP_NSEC_PER_SEC; /* September 1677 to April 2262 */
    if (seconds <= -most || seconds >= most)
        return false;
    *out = seconds * SP_NSEC_PER_SEC + v[6] * SP_NSEC_PER_MS;
    return true;
}

struct sp_clock_text sp_clock_hms(sp_nsec duration)
{
    struct sp_clock_text out;
    int64_t seconds = duration / SP_NSEC_PER_SEC;

    (void)snprintf(out.text, sizeof out.text, "%" PRId64 ":%02d:%02d", seconds / 3600,
                   (int)(seconds / 60 % 60), (int)(seconds % 60));
    return out;
}

struct sp_clock_text sp_clock_duration(sp_nsec duration)
{
    struct sp_clock_text out;
    double seconds = (double)duration / (double)SP_NSEC_PER_SEC;
    int64_t whole = duration / SP_NSEC_PER_SEC;

    if (whole >= 3600)
        return sp_clock_hms(duration);
    if (whole >= 60)
        (void)snprintf(out.text, sizeof out.text, "%d:%02d", (int)(whole / 60), (int)(whole % 60));
    else
        (void)snprintf(out.text, sizeof out.text, seconds < 9.995 ? "%.2fs" : "%.1fs", seconds);
    return out;
}
