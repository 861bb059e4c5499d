/* SPDX-License-Identifier: BSD-3-Clause */
/* verify.h - do steps of a run give the same when they run again?
 *
 * Each is run once more, as the run had it, on copies (clones) of what it read then, in a directory
 * of its own, .spoor/verify; what comes out is compared with what is remembered. Paths of the
 * workspace in the command line are turned into those of the copies. Data outside of the workspace
 * that are only read, also those that no parameter names, are read where they are, if they still
 * are what they were then. Nothing is written outside of that directory: a step that would is not
 * run, as far as that can be told; whether a tool did all the same is looked at afterwards.
 *
 * The outcome is remembered (verified.h).
 */
#pragma once

#include "engine/compare.h"
#include "engine/verified.h"

struct sp_trial; /* a step that runs again: engine/verify_internal.h */

/* Another use of steps that run again on copies: how each runs, and what is told of it in place of
 * a verdict. Nothing is compared or remembered. */
struct sp_verify_watch {
    const char **(*command)(void *arg, const struct sp_trial *trial, const char *const *argv);
    const struct sp_dict *(*judge)(void *arg, struct sp_trial *trial);
};

struct sp_verify_options {
    const struct sp_workspace *workspace;
    const struct sp_run_summary *run;
    bool (*wanted)(void *arg, struct sp_str task);           /* which steps */
    void (*told)(void *arg, const struct sp_dict *verified); /* after each: the event */
    void *arg;
    const struct sp_tolerance *tolerance; /* NULL: as the cabs say */
    const struct sp_verify_watch *watch;  /* NULL: it is verified; has the same arg */
    bool keep;                            /* the directory stays */
};

struct sp_verify_result {
    size_t counts[SP_VERIFY_UNKNOWN + 1];
    bool interrupted;
};

/* SP_BUSY: another verify is at work here. */
enum sp_rc sp_verify(const struct sp_verify_options *options,
                     struct sp_verify_result *out,
                     struct sp_err *err) SP_MUST_USE;
