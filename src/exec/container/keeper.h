/* SPDX-License-Identifier: BSD-3-Clause */
/* keeper.h - the process between Spoor and a program that makes a container.
 *
 *     Spoor                 keeper                  PROGRAM run             container
 *       | -- fork ----------> |                          |
 *       |                     | -- fork, exec ---------> | -- makes it, or ----> |
 *       | -- signal numbers > | -- fork, exec PROGRAM kill ------------------> |
 *       |                     | <---------------- ends - x                       x
 *       | <------ ENDED ----- x
 *
 * A container is not a child of the program that was asked for it, but of a monitor or a daemon,
 * and lives on without that. The keeper adopts the monitor and so, where there is no daemon, the
 * container: what the job uses is seen below it, and signals go there. To a container of a daemon
 * they go by `PROGRAM kill`; when there is no container yet, the program itself gets them. When the
 * container has to go at once (SIGKILL is asked for), when Spoor has died (the leash comes to its
 * end), and when the program has died of a signal, the keeper runs `PROGRAM rm`.
 *
 * In the keeper there are system calls only: Spoor may have had other threads. */
#pragma once

#include "base/err.h"

#include <stdbool.h>
#include <stdint.h>
#include <sys/types.h>

#define SP_KEEPER_DIGITS 4 /* "64" and more */

#define SP_KEEPER_LIMITS 24

struct sp_keeper_limit {
    int resource;
    uint64_t most;
    bool is_hard; /* else a soft limit */
};

struct sp_keeper_plan {
    const char *const *run; /* argument vector, as the others: the first word is a full path */
    const struct sp_keeper_limit *limits; /* of `run` */
    size_t limit_count;
    const char *const *kill;   /* NULL: signals are for the program */
    char *number;              /* word of `kill`, that the keeper writes: SP_KEEPER_DIGITS */
    const char *const *remove; /* NULL: a container goes with the program */
    const char *const *env;    /* of the program itself */
    const char *dir;           /* where it works: monitors leave files there */
    int out, err;              /* of `run` */
    int status;                /* where messages go */
    int leash;                 /* signal numbers; its end: Spoor has died */
};

struct sp_keeper_message {
    enum {
        SP_KEEPER_FAILED, /* the program could not be started */
        SP_KEEPER_ENDED
    } kind;

    int number; /* errno; status as from waitpid(2) */
};

/* Fork it, as the first process of a group of its own. SP_IO, SP_BUSY. */
enum sp_rc sp_keeper_fork(const struct sp_keeper_plan *plan, pid_t *out, struct sp_err *err)
    SP_MUST_USE;
