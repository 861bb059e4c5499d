/* SPDX-License-Identifier: BSD-3-Clause */
/* ledger.h - what the paths of a workspace hold, and how it came about (doc/design/store.md 7).
 *
 * Of each path the ledger knows its *chain*: the version it had before any step of ours (or none),
 * then what each step made of it. The path holds one version now; usually one of the chain.
 *
 * Statements collect in memory until sp_ledger_sync writes them with one write(2); a killed process
 * loses at most those. The file is read once, at open.
 */
#pragma once

#include "base/map.h"
#include "base/vec.h"

#include "store/tree.h"
#include "store/version.h"

enum sp_hold_state {
    SP_HOLD_TRUSTED,  /* as the tree says */
    SP_HOLD_CHANGING, /* a tool was at it: in no known state unless that run goes on */
    SP_HOLD_RESTORING,
    SP_HOLD_LINKED /* the tool has left a link there, which is no state of the path */
};

/* A state of a path. */
struct sp_passage {
    bool absent; /* nothing was there */
    struct sp_version version;
    bool kept; /* `tree` is its manifest in the store */
    struct sp_digest tree;
    /* by what; empty texts and a zero key for the first of a chain */
    struct sp_digest key;
    struct sp_str recipe, task, run;
};

struct sp_hold {
    struct sp_str path;              /* canonical */
    SP_VEC(struct sp_passage) chain; /* never empty */
    size_t index;                    /* where in the chain the path is; below chain.len */
    bool absent;                     /* what it holds: nothing */
    struct sp_version version;
    enum sp_hold_state state;
    struct sp_str run, task; /* of all states but TRUSTED */
    struct sp_str stat;      /* private: the tree, or "@" and the digest of its file */
};

struct sp_ledger;

/* Of the state directory `dir` (".spoor"). `writing`: the caller has the lock of the workspace. A
 * ledger that is not there is empty. `damaged` (may be NULL): lines that were lost. Without
 * `writing`, what is said stays in memory. */
enum sp_rc sp_ledger_open(const char *dir,
                          bool writing,
                          struct sp_ledger **out,
                          size_t *damaged,
                          struct sp_err *err) SP_MUST_USE;

/* What was not synced is lost. Accepts NULL. */
void sp_ledger_close(struct sp_ledger *ledger);

/* NULL: nothing is known of the path. */
struct sp_hold *sp_ledger_find(const struct sp_ledger *ledger, struct sp_str path);

/* Path -> struct sp_hold *. */
const struct sp_map *sp_ledger_holds(const struct sp_ledger *ledger);

/* The files that made up the artefact when it was last vouched for, whatever has happened to it
 * since; false when that is not known any more. */
bool sp_ledger_tree(const struct sp_ledger *ledger,
                    const struct sp_hold *hold,
                    struct sp_arena *arena,
                    struct sp_tree *out);

/* The newest key under which a task has run or been reused; false: never. */
bool sp_ledger_key_of(const struct sp_ledger *ledger,
                      struct sp_str recipe,
                      struct sp_str task,
                      struct sp_digest *key);

/* When the task has begun, if it has not ended well since; else 0. */
int64_t sp_ledger_begun_at(const struct sp_ledger *ledger,
                           struct sp_str recipe,
                           struct sp_str task);

/* Call `each` with the newest key of every task. */
typedef void (*sp_ledger_task_fn)(void *arg, const struct sp_digest *key);
void sp_ledger_each_task(const struct sp_ledger *ledger, sp_ledger_task_fn each, void *arg);

/* --- statements ---------------------------------------------------------------------------- */

/* A chain starts anew: `version` NULL for a path where nothing was. Its state is unknown until
 * sp_ledger_hold. Texts are copied everywhere. */
struct sp_hold *sp_ledger_source(struct sp_ledger *ledger,
                                 struct sp_str path,
                                 const struct sp_version *version);

/* There is a snapshot of entry `index` of the chain. */
void sp_ledger_kept(struct sp_ledger *ledger,
                    struct sp_hold *hold,
                    size_t index,
                    const struct sp_digest *tree);

/* Behind entry number `after` of the chain comes `passage`; what was behind is off the chain. Says
 * nothing if it is there already. */
void sp_ledger_made(struct sp_ledger *ledger,
                    struct sp_hold *hold,
                    size_t after,
                    const struct sp_passage *passage);

/* The path is at entry `index` of its chain; `tree` is what is there (NULL: not known, or nothing).
 * Large trees go to a file of their own. */
enum sp_rc sp_ledger_hold(struct sp_ledger *ledger,
                          struct sp_hold *hold,
                          size_t index,
                          const struct sp_tree *tree,
                          struct sp_err *err) SP_MUST_USE;

/* Somebody is at it. */
void sp_ledger_touch(struct sp_ledger *ledger,
                     struct sp_hold *hold,
                     enum sp_hold_state state,
                     struct sp_str run,
                     struct sp_str task);

void sp_ledger_task(struct sp_ledger *ledger,
                    struct sp_str recipe,
                    struct sp_str task,
                    const struct sp_digest *key,
                    struct sp_str run);

/* A task that may leave files whose names nobody knows beforehand begins at that time of the clock
 * of files; 0: it has ended well. */
void sp_ledger_begun(struct sp_ledger *ledger,
                     struct sp_str recipe,
                     struct sp_str task,
                     int64_t clock);

/* Forget a path. */
void sp_ledger_drop(struct sp_ledger *ledger, struct sp_str path);

/* Write what was said since. Not synced to the disk: a power cut can at most make a path look
 * edited. */
enum sp_rc sp_ledger_sync(struct sp_ledger *ledger, struct sp_err *err) SP_MUST_USE;
