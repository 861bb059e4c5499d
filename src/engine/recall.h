/* SPDX-License-Identifier: BSD-3-Clause */
/* recall.h - has this been done before? (doc/design/store.md)
 *
 * One a run. For each task the engine asks before it starts the tool, and tells when the tool has
 * ended:
 *
 *     sp_recall_begin(recall, arena, &action, &recalled, &err)
 *         SP_RECALL_RUNS         run the tool, then sp_recall_end
 *         SP_RECALL_REUSED       do not: recalled.product is what came out, the heads of its
 * outputs have moved SP_RECALL_WAITS        a tool under way is at the same files: ask again when
 * one has ended SP_RECALL_STARTS_OVER  what is needed is not kept: walk from the beginning
 * (sp_recall_rewind) sp_recall_end(recall, arena, &recalled, &action, &done, &err)
 *     sp_recall_finish(recall, &err)     everything on disk as the run has left it
 *
 * Without a store (opts.store.enable: false) every task runs, and nothing is remembered.
 *
 * Dry, it only says what would happen, for engine/forecast: nothing is written, brought back, or
 * even locked. RUNS then means "would run": sp_recall_end is not called, and whoever depends on
 * what the task would make, would run too.
 */
#pragma once

#include "engine/head.h"
#include "engine/product.h"
#include "engine/session.h"
#include "exec/backend.h"

struct sp_recall;
struct sp_lock;

struct sp_recall_options {
    struct sp_session *session;
    struct sp_str state_dir; /* of the workspace: ".spoor", absolute or relative */
    struct sp_str run;
    struct sp_str recipe; /* empty: a cab is run directly */
    struct sp_str path;   /* PATH of jobs */
    bool fresh;           /* nothing is reused */
    bool on_top;
    bool dry;
    const char *edits; /* refuse, adopt, restore; NULL: as configured */
    void (*note)(void *arg, bool warning, struct sp_str text);
    void (*event)(void *arg, const char *name, struct sp_dict *fields);
    void *arg;
};

enum sp_recall_verdict {
    SP_RECALL_RUNS,
    SP_RECALL_REUSED,
    SP_RECALL_WAITS,
    SP_RECALL_STARTS_OVER
};

/* What is known of a task under way; lives in the arena of sp_recall_begin. */
struct sp_recalled {
    enum sp_recall_verdict verdict;
    bool waits_elsewhere;        /* WAITS: for another spoor; nobody will wake us */
    bool depends;                /* dry, RUNS: because of tasks that would run, as `why` says */
    struct sp_preimage preimage; /* len 0: it cannot be reused; `why` says why */
    const struct sp_list *why;   /* RUNS: texts; what has changed */
    struct sp_product product;   /* REUSED, and after sp_recall_end */
    struct sp_list *changed;     /* after sp_recall_end: what the tool has changed undeclared */

    /* private */
    const struct sp_cab *cab;
    const struct sp_effects *effects;
    struct sp_roles roles;
    struct sp_head **heads; /* one a role; NULL: not an artefact */
    size_t *changes;        /* of each, when the tool started */
    struct sp_str program;
    struct sp_lock *claim;
    bool claimed, running;
};

/* How it went; as the engine knows. */
struct sp_recall_done {
    bool success;
    const struct sp_dict *found; /* values that the tool said */
    struct sp_usage_stats usage;
    struct sp_str output; /* file of its raw output; may not exist */
    bool is_unsound;      /* somebody may have been writing: it is not remembered */
};

/* SP_INVALID: settings; the store's errors. */
enum sp_rc sp_recall_open(const struct sp_recall_options *options,
                          struct sp_recall **out,
                          struct sp_err *err) SP_MUST_USE;

/* What is not on disk yet stays so. Accepts NULL. */
enum sp_rc sp_recall_close(struct sp_recall *recall, struct sp_err *err) SP_MUST_USE;

/* The world as the steps so far have made it; what is asked about goes to disk when need be. */
const struct sp_world *sp_recall_world(struct sp_recall *recall);

enum sp_rc sp_recall_begin(struct sp_recall *recall,
                           struct sp_arena *arena,
                           const struct sp_action *action,
                           struct sp_recalled *out,
                           struct sp_err *err) SP_MUST_USE;

enum sp_rc sp_recall_end(struct sp_recall *recall,
                         struct sp_arena *arena,
                         struct sp_recalled *recalled,
                         const struct sp_action *action,
                         const struct sp_recall_done *done,
                         struct sp_err *err) SP_MUST_USE;

/* After an attempt of a task that has failed, before sp_recall_end: can what it has changed be
 * taken back, so that it can be begun anew? Else *why. */
bool sp_recall_can_retry(const struct sp_recall *recall,
                         struct sp_arena *arena,
                         const struct sp_recalled *recalled,
                         const struct sp_task *task,
                         struct sp_str *why);

/* A task is left out or skipped: what it has done before counts as done. */
void sp_recall_skip(struct sp_recall *recall, const struct sp_position *position);

/* Why nothing is remembered; NULL: it is. */
const char *sp_recall_off(const struct sp_recall *recall);

/* Before the walk begins anew. */
void sp_recall_rewind(struct sp_recall *recall);

/* At the end: all heads to disk. *over: something is not kept; start over. */
enum sp_rc sp_recall_finish(struct sp_recall *recall, bool *over, struct sp_err *err) SP_MUST_USE;

/* For the journal: fields of `step-key` and `step-versions`, besides those of all steps. */
void sp_recall_describe_key(struct sp_arena *arena,
                            const struct sp_recalled *recalled,
                            struct sp_dict *out);
void sp_recall_describe_versions(struct sp_arena *arena,
                                 const struct sp_recalled *recalled,
                                 struct sp_dict *out);
