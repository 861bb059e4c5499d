/* SPDX-License-Identifier: BSD-3-Clause */
/* shortage.h - what a job that has failed had run out of: memory, room on a disk, processes.
 *
 * Tools say so in one of their last lines. Lines are only copied while the job runs, and looked at
 * when it has failed. */
#pragma once

#include "base/str.h"

#define SP_LAST_LINES 24

struct sp_shortage {
    uint64_t limit; /* of memory, in bytes; 0: only what the machine has */

    struct {
        unsigned char len;
        char text[255];
    } lines[SP_LAST_LINES]; /* a ring */

    size_t heard;
};

/* A line of its output. */
void sp_shortage_hear(struct sp_shortage *shortage, struct sp_str line);

/* For people, in `text`: what it had run out of, with figures ("ended: ..." if it has not ended by
 * itself); false: nothing is known of that.
 * `status` is as from waitpid(2), `peak` the most memory that was seen, or 0. */
bool sp_shortage_explain(const struct sp_shortage *shortage,
                         int status,
                         uint64_t peak,
                         char *text,
                         size_t size);
