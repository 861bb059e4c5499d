/* SPDX-License-Identifier: BSD-3-Clause */
/* box.h - what a job may touch (doc/design/boxes.md). Part of struct sp_job; whoever fills it
 * knows what the step declares, whoever reads it knows nothing of steps. */
#pragma once

#include "base/defs.h"

#include <stddef.h>

/* All paths absolute, with links resolved as far as they exist. */
struct sp_box {
    const char *scratch; /* directory that the backend makes for itself, and removes; its parent is
                          * there */
    const char *const *writes; /* NULL-terminated: may be made, changed, removed; everything in it,
                                * if it is a directory */
    const char *const *shows; /* NULL-terminated: to be seen where else nothing is, as below /tmp */
    const char *home;   /* the user's home directory: of `shows`, what is in there is also in the
                         * box's own; NULL: not known */
    unsigned flags;     /* of enum sp_box_flags */
    uint64_t memory;    /* bytes, of all its processes together; 0: no limit */
    uint64_t file_size; /* bytes; 0: no limit */
    uint64_t keep_free; /* bytes that it has to leave on the disk; 0: none */
    unsigned processes; /* and threads; 0: no limit */
};

enum sp_box_flags {
    SP_BOX_NETWORK = 1 << 0,
    SP_BOX_OPEN = 1 << 1,    /* new files beside those in `writes`, and in the working directory,
                              * are outputs, too, whatever their names */
    SP_BOX_LENIENT = 1 << 2, /* run it even if nothing can be enforced */
};
