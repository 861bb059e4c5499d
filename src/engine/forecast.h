/* SPDX-License-Identifier: BSD-3-Clause */
/* forecast.h - what a run would do: which steps would run, and why, which results are known.
 *
 * A dry walk (preflight.h) that asks what earlier runs have made (recall.h), and touches nothing:
 * it works while a run is going, and where nothing can be written. What would be made by a step
 * that would run is not known, so whoever depends on it would run as well; in the run it may turn
 * out that the result is the same as before, and that they need not.
 */
#pragma once

#include "engine/preflight.h"

enum sp_foretold_state {
    SP_FORETOLD_NOTHING, /* nothing is remembered here: all would run */
    SP_FORETOLD_KNOWN,   /* `of`: the run in which it was made */
    SP_FORETOLD_RUNS,    /* `why` */
    SP_FORETOLD_DEPENDS, /* it would run, unless what others make comes out as before; `why` */
    SP_FORETOLD_STOPS,   /* the run would stop there: a file was changed by hand; `why` */
    SP_FORETOLD_UNCLEAR  /* only the run can tell; `why` */
};

struct sp_foretold {
    enum sp_foretold_state state;
    struct sp_str of;
    const struct sp_list *why; /* texts; NULL: there are none */
};

struct sp_forecast_options {
    bool fresh, on_top;
    const char *edits; /* as of a run (run.h) */

    /* For each action of the dry walk; `told` is NULL but for RUN. */
    void (*each)(void *arg, const struct sp_action *action, const struct sp_foretold *told);
    /* Forget all: the walk begins anew, because something that is needed was not kept. */
    void (*again)(void *arg);
    void *arg;
};

struct sp_forecast {
    struct sp_preflight plan;
    size_t known, runs;    /* of plan.tasks; all other tasks: nothing is remembered, or unclear */
    struct sp_list *notes; /* texts: what the run would say about files that have changed */
};

const char *sp_foretold_name(enum sp_foretold_state state);

/* Findings go to session->diags; SP_INVALID when there are errors. */
enum sp_rc sp_forecast(struct sp_session *session,
                       const struct sp_forecast_options *options,
                       struct sp_forecast *out,
                       struct sp_err *err) SP_MUST_USE;
