/* SPDX-License-Identifier: BSD-3-Clause */
/* audit.h - does a step touch what its cab does not say?
 *
 * It runs once more, on copies, as `spoor verify` has it (verify.h), but under strace, natively,
 * whatever its backend. Told of each step is a mapping:
 *
 *     run task cab      texts
 *     unknown           why it could not be run; then there is nothing else
 *     failed            why the tool has failed; what it has done until then is told
 *     reads             list of {path, files, count}: read, and not declared; `path` is a directory
 *                       when several files in it were read, the first of which are in `files`
 *     missed            list of texts: files of the workspace that it has looked for, and that are
 *                       not among the copies, since nobody declares them
 *     writes            list of {path, kind}: made or changed, still there, and not declared
 *     unused            list of {input, path}: declared, and never opened
 *
 * Paths are relative to the workspace, below "~", or absolute. What belongs to the system and to
 * the program (libraries, locales, Python's own modules) is left out.
 */
#pragma once

#include "engine/history.h"
#include "engine/workspace.h"

struct sp_audit_options {
    const struct sp_workspace *workspace;
    const struct sp_run_summary *run;
    bool (*wanted)(void *arg, struct sp_str task);
    void (*told)(void *arg, const struct sp_dict *finding);
    void *arg;
    bool keep; /* copies and trace stay in .spoor/verify */
};

struct sp_audit_result {
    size_t steps, findings; /* reads, missed and writes */
    size_t unknown;
    bool interrupted;
};

/* SP_NOT_FOUND: there is no strace; err says how to get it. SP_BUSY as sp_verify. */
enum sp_rc sp_audit(const struct sp_audit_options *options,
                    struct sp_audit_result *out,
                    struct sp_err *err) SP_MUST_USE;
