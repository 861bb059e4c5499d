/* SPDX-License-Identifier: BSD-3-Clause */
/* box.h - what a job may touch (doc/design/boxes.md). Part of struct sp_job; whoever fills it
 * knows what the step declares, whoever reads it knows nothing of steps. */
#pragma once

#include "base/defs.h"

#include <stdbool.h>
#include <stddef.h>

/* A part of the machine that is to be seen at another place. */
struct sp_box_mount {
    const char *source, *target; /* absolute; `source` is there */
    bool writable;
};

/* The file system of an image, in place of the machine's. */
struct sp_box_root {
    const char *path; /* of the directory; nobody writes there */
    const char *name; /* of the image, for people */
    const char *key;  /* names what is in `path`, for whoever keeps a copy of it: [0-9a-f]+ */
};

/* How the program that makes the box is to be called, for backends that have one. */
struct sp_box_program {
    const char *executable;     /* its name or path; NULL: the usual one, from PATH */
    const char *runtime;        /* its OCI runtime; NULL: one that works here */
    const char *const *options; /* NULL-terminated: further ones of its 'run' or 'exec' */
};

/* What new files that are not declared mean; litter never means anything. */
enum sp_box_undeclared {
    SP_UNDECLARED_FAIL, /* the job has failed; they go to `keep` */
    SP_UNDECLARED_DROP, /* nothing: they are removed */
    SP_UNDECLARED_KEEP  /* nothing: they go where they were made, as without a box */
};

/* All paths absolute, with links resolved as far as they exist. */
struct sp_box {
    const struct sp_box_root *root; /* NULL: the machine's own, read-only. With one, nothing of the
                                     * machine is to be seen but the working directory, `writes`,
                                     * `shows` and `mounts` */
    const struct sp_box_program *program; /* NULL: nothing is said */
    const char *scratch; /* directory that the backend makes for itself, and removes; its parent is
                          * there */
    const char *const *writes; /* NULL-terminated: may be made, changed, removed; everything in it,
                                * if it is a directory */
    const char *const *shows; /* NULL-terminated: to be seen where else nothing is, as below /tmp */
    const struct sp_box_mount *mounts;
    size_t mount_count;
    const char *keep; /* directory for new files that are not declared, when the job fails because
                       * of them; made when it is needed; NULL: they are removed */
    const char *const *litter; /* NULL-terminated patterns of names: new files that nobody misses,
                                * with '/' at the end new directories; NULL: none */
    enum sp_box_undeclared undeclared;
    const char *home;   /* the user's home directory: of `shows`, what is in there is also in the
                         * box's own; NULL: not known */
    unsigned flags;     /* of enum sp_box_flags */
    uint64_t memory;    /* bytes, of all its processes together; 0: no limit */
    uint64_t file_size; /* bytes; 0: no limit */
    uint64_t keep_free; /* bytes that it has to leave on the disk; 0: none */
    unsigned processes; /* and threads; 0: no limit */
    double cpus;        /* as many as it may keep busy; 0: no limit */
};

enum sp_box_flags {
    SP_BOX_NETWORK = 1 << 0,
    SP_BOX_OPEN = 1 << 1,    /* new files beside those in `writes`, and in the working directory,
                              * are outputs, too, whatever their names */
    SP_BOX_LENIENT = 1 << 2, /* run it even if nothing can be enforced */
};
