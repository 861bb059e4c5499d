/* SPDX-License-Identifier: BSD-3-Clause */
/* crate.h - a run as a research object: RO-Crate 1.1, profiles Process Run Crate and Workflow Run
 * Crate 0.5.
 *
 * In the crate: recipe and configuration files as they were, the journal, what `spoor show` says,
 * raw output and logs of the steps, and if wanted what the run has made. All is described in
 * ro-crate-metadata.json.
 *
 *   crate_parts.c   which files, and what they are called in the crate
 *   crate_graph.c   the description
 *   crate.c         both into a directory or a ZIP file
 */
#pragma once

#include "engine/history.h"

struct sp_crate_options {
    const char *name;    /* NULL: "Run ID of RECIPE" */
    const char *license; /* address or text; NULL: the crate says that none was stated */
    const char *author;  /* NULL: not said */
    bool data;           /* what the run has made as well, as it was at its end */
    const char *store;   /* directory of the store */
};

/* `target` is a ZIP file if it ends with ".zip", else a directory, which must not be there or be
 * empty: SP_EXISTS. It appears when it is whole. */
enum sp_rc sp_crate_write(const struct sp_workspace *workspace,
                          const struct sp_run_summary *run,
                          const struct sp_crate_options *options,
                          const char *target,
                          struct sp_err *err) SP_MUST_USE;
