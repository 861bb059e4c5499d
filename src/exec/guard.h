/* SPDX-License-Identifier: BSD-3-Clause */
/* guard.h - what is watched while a confined job runs, and said of it afterwards: what backends
 * that confine share, whatever they confine with. */
#pragma once

#include "exec/box.h"
#include "exec/children.h"
#include "exec/scratch.h"
#include "exec/stray.h"

struct sp_guard {
    const struct sp_box *box;   /* NULL: none was given */
    struct sp_scratch *scratch; /* NULL: no new files */
    struct sp_strays *strays;   /* once files have been taken */
    char hint[400];             /* a line of output that tells of a refused write; empty: none */
    bool is_certain;            /* ... and of nothing else */
    char text[1400];            /* of what is told */
};

/* Removes the scratch directories. */
void sp_guard_fini(struct sp_guard *guard);

/* Why a job that uses so much has to be ended, or NULL: memory, or room on the disk. */
const char *sp_guard_oversee(struct sp_guard *guard, const struct sp_procsum *sum);

/* A line of its output. */
void sp_guard_hear(struct sp_guard *guard, struct sp_str text);

/* Nothing of it runs any more: take its new files out of the scratch directories, and say of it if
 * it has written what it may not. */
void sp_guard_take_files(struct sp_guard *guard, struct sp_child_end *end);

/* A tool may go on when it could not write, and end well: but not as its cab says. */
void sp_guard_explain(struct sp_guard *guard, struct sp_child_end *end);
