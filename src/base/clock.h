/* SPDX-License-Identifier: BSD-3-Clause */
/* clock.h - what time it is, and how times are written. */
#pragma once

#include "base/buf.h"

#include <time.h>

sp_nsec sp_clock_realtime(void);  /* since 1970-01-01 UTC */
sp_nsec sp_clock_monotonic(void); /* since some start; never goes back */
sp_nsec sp_clock_files(void);     /* the clock that local files are stamped with: it goes in ticks,
                                     and may lag behind sp_clock_realtime by some milliseconds */

/* What the kernel tells, in nanoseconds. */
sp_nsec sp_clock_nsec(struct timespec time);

/* "2026-11-21 11:27:55" in local time, without allocation. */
struct sp_clock_text {
    char text[40];
};

struct sp_clock_text sp_clock_local(sp_nsec realtime);

/* "2026-11-21T11:27:55.123Z": for journals. */
struct sp_clock_text sp_clock_iso(sp_nsec realtime);

/* Read what sp_clock_iso writes; false for anything else. */
bool sp_clock_parse_iso(struct sp_str text, sp_nsec *out);

/* A duration for people: "0.42s", "12.3s", "3:07", "1:02:45". */
struct sp_clock_text sp_clock_duration(sp_nsec duration);

/* A duration as Stimela prints it: "0:00:12". */
struct sp_clock_text sp_clock_hms(sp_nsec duration);
