/* SPDX-License-Identifier: BSD-3-Clause */
/* repeat.h - a run that has nothing to do, found out before anything is loaded
 * (doc/design/repeat.md).
 *
 *     sp_repeat_ask(&request, argc, argv);
 *     if (sp_repeat_run(&options, &result)) ...      nothing to do, as in the run before: it is in
 *                                                    the journal, the watcher has been told
 *     sp_witness_begin();
 *     ... sp_run(session, &options with .request) ... keeps what it has heard, if it ran nothing
 *
 * A run is determined by what was asked (command line, directory, process, machine) and by what the
 * file system and the environment have answered to its questions. When a run has reused every step,
 * said nothing, and asked nothing else, .spoor/repeat keeps all of these with what it came to. If
 * the next one is asked the same, and every question has the same answer, it comes to the same.
 */
#pragma once

#include "base/blake3.h"

#include "engine/run.h"

struct sp_workspace;

/* What is asked of a run, apart from files. */
struct sp_repeat_request {
    struct sp_digest digest;
};

void sp_repeat_ask(struct sp_repeat_request *request, int argc, char **argv);

/* True: there was nothing to do in what options->request asks (never NULL here); the run is in the
 * journal, and the watcher was told. False: this has to be found out in the usual way; nothing has
 * been done. What `result` points to lives in `arena`. */
bool sp_repeat_run(struct sp_arena *arena,
                   const struct sp_run_options *options,
                   struct sp_run_result *result);

/* At the end of a run that went well and is in the journal: if it has done nothing, keep how it can
 * be known again. The workspace is still ours. What cannot be kept is not, without a word. */
void sp_repeat_keep(const struct sp_workspace *workspace,
                    const struct sp_run_options *options,
                    const struct sp_run_result *result,
                    size_t total);
