/* SPDX-License-Identifier: BSD-3-Clause */
/* init.h - the first process of a box: it builds the box around itself, starts the tool, waits.
 *
 *     Spoor                        first process                     tool
 *       | ---------- clone ----------> |
 *       |                              | mounts, no more privileges
 *       |                              | ---------- fork -----------> |
 *       |                              |                              | limits, seccomp, exec
 *       | <----- STARTED, FAILED ----- | <---------- failed --------- |
 *       | ------ signal numbers -----> | -------- kill(group) ------> |
 *       | <---------- ENDED ---------- | <---------------------------- x
 *                                      x  and all that is left in the box with it
 *
 * Everything here is a system call on what sp_box_plan holds: no memory is taken, no lock, since
 * Spoor may have had other threads. The first process dies when Spoor dies.
 */
#pragma once

#include "base/err.h"

#include "exec/scratch.h"
#include "sys/limit.h"

#include <sched.h>

struct sock_fprog; /* linux/filter.h */

/* A part of the host that has to be put somewhere in the box. */
struct sp_box_bind {
    const char *source; /* on the host */
    const char *path;   /* in the box */
    bool writable;
    bool is_dir;
    bool device;   /* it works as one; nowhere else do device files */
    bool optional; /* no harm if it cannot be put there */
    bool late;     /* after the scratch directories: it may be in one */
    int fd;        /* the first process's */
};

/* A directory of an image that is made anew in memory: what the image has in it, and room for
 * what it has not. */
struct sp_box_shell {
    const char *path; /* in the image, without links, and in the box */

    struct sp_shell_entry {
        const char *name;
        const char *link; /* where a symbolic link leads; NULL: it is none */
        bool is_dir;
    } * entries;

    size_t len;
    int fd, made; /* the first process's: the image's, the new one */
};

/* A small file of the box's own. */
struct sp_box_text {
    const char *path; /* in the image, without links */
    struct sp_str text;
};

/* The file system of an image, in place of the host's. */
struct sp_box_image {
    const char *path;            /* of the directory */
    const char *station;         /* a directory of the host where its double may be mounted */
    struct sp_box_shell *shells; /* parents before children; the first one is "/" */
    size_t shell_count;
    const struct sp_box_text *texts;
    size_t text_count;
    int old; /* the first process's: the root of the host */
};

enum sp_box_features {
    SP_BOX_NAMESPACES = 1 << 0, /* user, if need be, mount, pid, ipc, uts */
    SP_BOX_USER_NS = 1 << 1,
    SP_BOX_NET_NS = 1 << 2,
    SP_BOX_PROC = 1 << 3, /* a new /proc can be mounted */
    SP_BOX_LANDLOCK = 1 << 4,
    SP_BOX_SECCOMP = 1 << 5,
    SP_BOX_OWN_PID_MAX = 1 << 6, /* a pid namespace has a pid_max of its own */
};

struct sp_box_plan {
    unsigned features;
    unsigned uid, gid;
    const char *tmp;                /* private directory for /tmp and /var/tmp; NULL: in memory */
    const struct sp_open_dir *dirs; /* parents before children */
    size_t dir_count;
    int *dir_fds, *scratch_fds; /* as many; the first process's */
    struct sp_box_bind *binds;  /* parents before children */
    size_t bind_count;
    struct sp_box_image *image;      /* NULL: the host's own file system */
    const struct sock_fprog *filter; /* NULL: none */
    const char *const *programs;     /* NULL-terminated; the first that is there is run */
    const char *const *argv, *const *env;
    const char *cwd;
    const struct sp_limit *limits;
    size_t limit_count;
    struct sp_limit ceilings[4]; /* of the box: soft and hard */
    size_t ceiling_count;
    unsigned processes;    /* 0: no limit */
    const cpu_set_t *cpus; /* on which it runs; NULL: on all */
    int landlock;          /* version of Landlock in the kernel */
    int out, err;          /* of the tool */
    int in;                /* -1: /dev/null */
    int status;            /* where struct sp_box_message goes */
    int leash;             /* signal numbers; its end: Spoor has died */
    int grace_ms;          /* for what the tool leaves behind */
};

struct sp_box_message {
    enum {
        SP_BOX_STARTED,
        SP_BOX_FAILED,
        SP_BOX_ENDED
    } kind;

    int number;        /* errno; status as from waitpid(2) */
    const char *what;  /* FAILED: which step; a literal, so the same in both processes */
    const char *where; /* FAILED: a path of the plan, or NULL */
    char needs[64];    /* FAILED to start: the interpreter of a script */
    bool is_dir;       /* FAILED to start: what has the program's name */
    bool left;         /* ENDED: something was still running when the tool had ended ... */
    bool was_ended;    /* ... and did not end by itself */
};

/* Fork the first process. What it says comes through plan->status. SP_IO, SP_BUSY. */
enum sp_rc sp_box_clone(struct sp_box_plan *plan, int *out_pid, struct sp_err *err) SP_MUST_USE;
