/* SPDX-License-Identifier: BSD-3-Clause */
#include "engine/forecast.h"

#include "engine/recall.h"
#include "engine/tools.h"

struct forecast {
    struct sp_session *session;
    const struct sp_forecast_options *options;
    struct sp_forecast *out;
    struct sp_recall *recall; /* NULL: it cannot be asked */
    struct sp_arena *arena;   /* of one step */
    size_t opening;           /* so many notes before the walk */
    bool over;
};

const char *sp_foretold_name(enum sp_foretold_state state)
{
    static const char *const names[] = {
        [SP_FORETOLD_NOTHING] = "runs", [SP_FORETOLD_KNOWN] = "known",
        [SP_FORETOLD_RUNS] = "runs",    [SP_FORETOLD_DEPENDS] = "depends",
        [SP_FORETOLD_STOPS] = "stops",  [SP_FORETOLD_UNCLEAR] = "unclear",
    };

    return names[state];
}

/* --- asking ------------------------------------------------------------------------------- */

static void on_note(void *arg, bool warning, struct sp_str text)
{
    struct forecast *forecast = arg;
    struct sp_arena *arena = forecast->session->arena;
    (void)warning;

    sp_list_add(arena, forecast->out->notes, sp_text(sp_arena_str(arena, text)));
}

static enum sp_rc open_recall(struct forecast *forecast, struct sp_err *err)
{
    struct sp_session *session = forecast->session;
    struct sp_recall_options options = {
        .session = session,
        .state_dir = SP_STR(".spoor"),
        .run = SP_STR("forecast"),
        .recipe = session->recipe ? session->recipe->name : SP_STR(""),
        .path = sp_tools_path(session->arena, &session->places),
        .fresh = forecast->options->fresh,
        .on_top = forecast->options->on_top,
        .edits = forecast->options->edits,
        .dry = true,
        .note = on_note,
        .arg = forecast,
    };

    return sp_recall_open(&options, &forecast->recall, err);
}

static const struct sp_list *line_of(struct sp_arena *arena, const char *text)
{
    struct sp_list *list = sp_list_new(arena).list;

    sp_list_add(arena, list, sp_text(sp_arena_str(arena, sp_str_of(text))));
    return list;
}

static struct sp_foretold judge(struct forecast *forecast, const struct sp_recalled *recalled)
{
    struct sp_foretold told = { .state = SP_FORETOLD_RUNS, .why = recalled->why };

    if (recalled->verdict == SP_RECALL_REUSED) {
        told = (struct sp_foretold){ .state = SP_FORETOLD_KNOWN, .of = recalled->product.run };
        forecast->out->known++;
        return told;
    }
    forecast->out->runs++;
    if (recalled->depends)
        told.state = SP_FORETOLD_DEPENDS;
    return told;
}

static struct sp_foretold foretell(struct forecast *forecast,
                                   const struct sp_action *action,
                                   struct sp_outcome *outcome)
{
    struct sp_foretold told = { 0 };
    struct sp_recalled recalled;
    struct sp_err err = SP_ERR_INIT;

    if (!forecast->recall || sp_recall_off(forecast->recall))
        return told;
    enum sp_rc rc = sp_recall_begin(forecast->recall, forecast->arena, action, &recalled, &err);
    if (rc)
        return (struct sp_foretold){
            .state = rc == SP_LIMIT ? SP_FORETOLD_UNCLEAR : SP_FORETOLD_STOPS,
            .why = line_of(forecast->arena, err.text),
        };
    if (recalled.verdict == SP_RECALL_STARTS_OVER) {
        forecast->over = true;
        return told;
    }
    told = judge(forecast, &recalled);
    outcome->outputs = recalled.product.values;
    return told;
}

static void on_action(void *arg, const struct sp_action *action, struct sp_outcome *outcome)
{
    struct forecast *forecast = arg;
    struct sp_foretold told;

    if (action->kind == SP_ACTION_SKIP && action->unselected && forecast->recall)
        sp_recall_skip(forecast->recall, action->position);
    if (action->kind != SP_ACTION_RUN) {
        forecast->options->each(forecast->options->arg, action, NULL);
        return;
    }
    /* The values of a result are taken over by the walk at once, but after this. */
    sp_arena_reset(forecast->arena);
    told = foretell(forecast, action, outcome);
    forecast->options->each(forecast->options->arg, action, &told);
}

/* --- walking ------------------------------------------------------------------------------ */

static enum sp_rc walk(struct forecast *forecast, struct sp_err *err)
{
    struct sp_err last = SP_ERR_INIT;
    bool over = false;

    forecast->over = false;
    forecast->out->known = forecast->out->runs = 0;
    forecast->out->notes->len = forecast->opening;
    enum sp_rc rc = sp_preflight(forecast->session, SP_PITFALLS_RESULTS, on_action, forecast,
                                 &forecast->out->plan, err);
    if (forecast->recall && !forecast->over && sp_recall_finish(forecast->recall, &over, &last))
        over = false;
    forecast->over = forecast->over || over;
    return rc;
}

static enum sp_rc walk_through(struct forecast *forecast, struct sp_err *err)
{
    struct sp_diags *diags = &forecast->session->diags;
    size_t findings = diags->len;

    for (;;) {
        enum sp_rc rc = walk(forecast, err);
        if (!forecast->over)
            return rc;
        sp_diags_truncate(diags, findings);
        sp_recall_rewind(forecast->recall);
        forecast->options->again(forecast->options->arg);
        err->code = SP_OK;
    }
}

enum sp_rc sp_forecast(struct sp_session *session,
                       const struct sp_forecast_options *options,
                       struct sp_forecast *out,
                       struct sp_err *err)
{
    struct sp_err cause = SP_ERR_INIT;
    struct forecast forecast = {
        .session = session, .options = options, .out = out, .arena = sp_arena_new()
    };

    *out = (struct sp_forecast){ .notes = sp_list_new(session->arena).list };
    /* That it cannot be asked is no reason not to plan. */
    if (!session->diags.errors && open_recall(&forecast, &cause))
        sp_diag_warning(&session->diags, SP_DIAG_FILE, 0, "what is known cannot be told: %s",
                        cause.text);
    forecast.opening = out->notes->len;
    enum sp_rc rc = walk_through(&forecast, err);
    if (forecast.recall && sp_recall_close(forecast.recall, &cause))
        sp_diag_warning(&session->diags, SP_DIAG_FILE, 0, "%s", cause.text);
    sp_arena_free(forecast.arena);
    return rc;
}
