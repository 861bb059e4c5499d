/* SPDX-License-Identifier: BSD-3-Clause */
#include "base/clock.h"

#include <inttypes.h>
#include <stdio.h>
#include <time.h>

static sp_nsec read_clock(clockid_t id)
{
    struct timespec now;

    (void)clock_gettime(id, &now);
    return now.tv_sec * SP_NSEC_PER_SEC + now.tv_nsec;
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
