/* SPDX-License-Identifier: BSD-3-Clause */
/* replay.h - recipe and configuration files as a run read them, put where a session can load them.
 *
 * They are written under `root` by their absolute names: /home/me/x.yml to ROOT/home/me/x.yml. A
 * world that a composer asks looks only there. So every include leads to what it led to then,
 * whatever lies in its place today; and what lies in the way today, but did not then, is not seen.
 * What was in the workspace is looked for in the workspace, also if that has been moved.
 */
#pragma once

#include "engine/workspace.h"
#include "lang/world.h"
#include "value/value.h"

struct sp_replay {
    const struct sp_workspace *workspace;
    struct sp_arena *arena;      /* borrowed */
    const struct sp_dict *start; /* the run's first event */
    struct sp_str root;          /* absolute */
    struct sp_str cwd, old_cwd;  /* of the workspace, now and then */
    const struct sp_world *base; /* for all that is no recipe; borrowed */
};

/* Called for each file whose content is not what it was; `why` for people. */
typedef void (*sp_replay_fn)(void *arg, struct sp_str path, const char *why);

/* Write the files of the run that began with `start`; `root` is emptied before. Where the content
 * of then cannot be had, what lies there today stands in for it, and `missing` is told. */
enum sp_rc sp_replay_files(const struct sp_workspace *workspace,
                           const struct sp_dict *start,
                           const char *root,
                           sp_replay_fn missing,
                           void *arg,
                           struct sp_replay *out,
                           struct sp_err *err) SP_MUST_USE;

/* Where the file or directory that was called `path` lies under the root; arena text. */
struct sp_str sp_replay_place(const struct sp_replay *replay, struct sp_str path);

/* The other way; what does not lie there stays as it is. */
struct sp_str sp_replay_name(const struct sp_replay *replay, struct sp_str place);

/* A world in which recipe files are those of then. It borrows `replay` and `base`. */
struct sp_world sp_replay_world(struct sp_replay *replay, const struct sp_world *base);
