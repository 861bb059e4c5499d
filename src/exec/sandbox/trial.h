/* SPDX-License-Identifier: BSD-3-Clause */
/* trial.h - scripts in boxes, for tests: a workspace as every job finds it, what jobs may write
 * there, and what has come of one. */
#pragma once

#include "base/arena.h"
#include "base/buf.h"

#include "exec/backend.h"
#include "exec/box.h"

struct sp_trial {
    struct sp_loop *loop;
    const struct sp_backend_ops *ops;
    struct sp_backend *backend;
    const char *top;                /* temporary directory; in it the workspace "ws" and "boxes" */
    const char *shell;              /* that runs the scripts */
    const struct sp_box_root *root; /* NULL: the machine's own */

    /* of the last job */
    bool done;
    int status;
    enum sp_failure_class failure;
    char reason[2000], fault[2000];
    struct sp_buf output;
};

/* What every job may write in the workspace; "made" is not there. Ends with NULL. */
extern const char *const sp_trial_declared[];

/* Path of something in the workspace; "": its own. */
const char *sp_trial_path(const struct sp_trial *trial, const char *name, struct sp_arena *arena);

void sp_trial_put_file(const char *path, const char *text);

/* The workspace as every job finds it. */
void sp_trial_reset(const struct sp_trial *trial);

/* Start a job, reporting to the trial, without waiting. */
enum sp_rc sp_trial_submit(struct sp_trial *trial,
                           const struct sp_job *job,
                           struct sp_handle *handle,
                           struct sp_err *err) SP_MUST_USE;

/* Run a script to its end, in a box; `tune` changes what it may, or NULL. In the script $0 is
 * `word` and $1 is `top`. What submit says; its text is in `reason`. */
enum sp_rc sp_trial_run(struct sp_trial *trial,
                        const char *script,
                        void (*tune)(struct sp_box *box),
                        const char *word);

/* Is that what the file in the workspace has in it? NULL: it is not there. */
bool sp_trial_holds(const struct sp_trial *trial, const char *name, const char *want);

/* Nothing of the box is left. */
bool sp_trial_left_nothing(const struct sp_trial *trial);

/* As comments in TAP. */
void sp_trial_explain(const struct sp_trial *trial);

/* Whether the words are in what the last job has said. */
bool sp_trial_said(const struct sp_trial *trial, const char *words);

/* With "nobody" as argument and as root: become a user without privileges. */
bool sp_trial_become(int argc, char **argv);

/* Make the temporary directory (`top` is a template as of mkdtemp), the loop and the backend. */
enum sp_rc sp_trial_begin(struct sp_trial *trial, char *top, struct sp_err *err) SP_MUST_USE;
void sp_trial_end(struct sp_trial *trial);
