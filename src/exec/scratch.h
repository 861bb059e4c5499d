/* SPDX-License-Identifier: BSD-3-Clause */
/* scratch.h - the directories in which the new files of a job are made (doc/design/boxes.md 3).
 *
 *     sp_scratch_make     before: one scratch directory for each open one, with what was there
 *     ... the first process of the box puts them in their places, see sandbox/init.h
 *     sp_scratch_harvest  after: what is declared goes to its place
 *     sp_scratch_free     what is left is removed
 *
 * Invariants
 *  1. Nothing that was there before is moved, and nothing in a scratch directory is its only copy.
 *  2. What a crash leaves is found again through `box->scratch`: see sp_scratch_reap.
 */
#pragma once

#include "base/arena.h"
#include "base/err.h"

#include "exec/box.h"

#include <sys/types.h>

struct sp_strays; /* exec/stray.h */

struct sp_scratch_entry {
    const char *name;

    enum {
        SP_ENTRY_BOUND,    /* read-only, by a mount */
        SP_ENTRY_WRITABLE, /* a mount, too */
        SP_ENTRY_LINKED,   /* the same file */
        SP_ENTRY_SYMLINK,  /* another link like it */
        SP_ENTRY_OPEN      /* a scratch directory of its own */
    } kind;

    bool is_dir;
};

/* A directory that is replaced by a scratch directory in the box. */
struct sp_open_dir {
    const char *path;    /* of the directory */
    const char *scratch; /* of what takes its place; NULL: it is wide */
    bool is_root;        /* it has to be mounted: its scratch directory is in no other */
    size_t root_len; /* of `scratch`, what no tool can move or replace: up to where it is mounted */
    size_t files;    /* wide: how many, too many to show them one by one: it is there itself, and
                      * can be written, but for the directories in it */
    struct sp_scratch_entry *entries; /* by name */
    size_t len;
};

struct sp_scratch {
    struct sp_arena *arena;
    const struct sp_box *box;
    const char *cwd;
    struct sp_open_dir *dirs; /* parents before children */
    size_t len;
    const char *tmp, *home; /* private directories */
};

#define SP_OPEN_FILES_MAX   2000 /* each is a mount: 40 us, so more of them make a directory wide */
#define SP_OPEN_ENTRIES_MAX 20000 /* the kernel takes 100,000 mounts in all */

/* SP_INVALID: something declared cannot be written by the user, or `cwd` is not there. SP_LIMIT:
 * too many directories in an open one. *out is the caller's; the box has to outlive it. */
enum sp_rc sp_scratch_make(const struct sp_box *box,
                           const char *cwd,
                           struct sp_scratch **out,
                           struct sp_err *err) SP_MUST_USE;

/* Move what is declared; all else is for `strays`. */
enum sp_rc sp_scratch_harvest(const struct sp_scratch *scratch,
                              struct sp_strays *strays,
                              struct sp_err *err) SP_MUST_USE;

/* The first wide directory; NULL: none. */
const struct sp_open_dir *sp_scratch_wide(const struct sp_scratch *scratch);

/* Remove the directories. Accepts NULL. */
void sp_scratch_free(struct sp_scratch *scratch);

/* Remove the directories that the file names, one a line, whose own names begin with `hidden`.
 * There need be no such file. */
enum sp_rc sp_scratch_remove_listed(const char *list, const char *hidden, struct sp_err *err)
    SP_MUST_USE;

/* Remove all that jobs of processes that died have left below `dir`, the parent of their
 * box->scratch. */
enum sp_rc sp_scratch_reap(const char *dir, struct sp_err *err) SP_MUST_USE;
