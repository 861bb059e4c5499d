/* SPDX-License-Identifier: BSD-3-Clause */
/* forget.h - drop records, so that what they say is computed again: `spoor forget`. */
#pragma once

#include "engine/depot.h"

struct sp_forget_options {
    const char *const
        *words; /* each a step (also with * ?), a run, a path, or digits of a version */
    size_t words_len;
    const char *workspace; /* state directory: steps, runs and paths are those of this workspace */
    bool dry_run;
};

/* Drop the records that the words mean, and the data that nothing else names, is pinned, or held by
 * a path. The depot is open, SP_STORE_ALONE unless dry_run; of no use afterwards. `report`:
 * {records:
 * [{key, recipe, task, run, time, paths}], freed}. SP_NOT_FOUND: a word means nothing; nothing is
 * done. */
enum sp_rc sp_forget(struct sp_depot *depot,
                     const struct sp_forget_options *options,
                     struct sp_value *report,
                     struct sp_err *err) SP_MUST_USE;
