/* SPDX-License-Identifier: BSD-3-Clause */
#include "plan/walk.h"

#include "plan/alias.h"
#include "plan/dryworld.h"
#include "plan/fork.h"
#include "plan/loop.h"
#include "plan/override.h"
#include "plan/passage.h"
#include "plan/renew.h"
#include "plan/select.h"
#include "plan/state.h"
#include "plan/step.h"
#include "plan/syntax.h"

#include <assert.h>
#include <stdlib.h>

/* What a phase has come to. */
enum turn {
    TURN_ON,     /* nothing to show: go on with the frame on top */
    TURN_ACTION, /* *out is filled */
};

static enum turn act(struct sp_walk *walk,
                     struct sp_action *out,
                     enum sp_action_kind kind,
                     bool with_task)
{
    *out = (struct sp_action){
        .kind = kind,
        .position = &walk->position,
        .task = with_task ? &walk->task : NULL,
    };
    return TURN_ACTION;
}

/* The walk is over: what went wrong, in a line, if no tool has said it. */
static enum turn act_fail(struct sp_walk *walk, struct sp_action *out, bool with_task)
{
    const struct sp_diags *diags = walk->diags;

    walk->over = true;
    if (!walk->why && diags->len)
        walk->why = sp_strdup(diags->items[diags->len - 1].text);
    return act(walk, out, SP_ACTION_FAIL, with_task);
}

static struct sp_step_node *current_step(const struct sp_frame *frame)
{
    return frame->step < frame->node->step_count ? sp_frame_step(frame) : NULL;
}

static void next_step(struct sp_frame *frame)
{
    frame->step++;
    frame->phase = SP_PHASE_STEP;
}

/* --- failure ------------------------------------------------------------------------------- */

/* A run ends with the first failure. Before a run all mistakes are wanted: the walk goes on as if
 * the step had worked, and only its end tells that it cannot. */
static enum turn fail_step(struct sp_walk *walk, struct sp_frame *frame, struct sp_action *out)
{
    bool announced = frame->phase == SP_PHASE_DONE || frame->phase == SP_PHASE_RUN;

    sp_frame_locate(walk, frame, current_step(frame));
    if (walk->mode == SP_MODE_RUN) {
        (void)act_fail(walk, out, announced && walk->task.cab);
        out->at_step = true;
        return TURN_ACTION;
    }
    walk->mistakes = true;
    sp_step_give_up(walk, frame);
    next_step(frame);
    (void)act(walk, out, SP_ACTION_SKIP, false);
    out->reason = SP_STR("it has errors");
    return TURN_ACTION;
}

static enum turn fail_recipe(struct sp_walk *walk, struct sp_frame *frame, struct sp_action *out)
{
    struct sp_frame *outer = frame->outer;

    if (outer && walk->mode != SP_MODE_RUN) {
        sp_frame_pop(walk);
        return fail_step(walk, outer, out);
    }
    sp_frame_locate(walk, frame, NULL);
    walk->mistakes = true;
    return act_fail(walk, out, false);
}

/* --- phases -------------------------------------------------------------------------------- */

static enum turn enter(struct sp_walk *walk, struct sp_frame *frame, struct sp_action *out)
{
    struct sp_frame *outer = frame->outer;
    bool ok = sp_passage_enter(walk, frame, outer ? outer->step_params : NULL) &&
              sp_loop_prepare(walk, frame);

    /* Before a run the steps are looked at all the same, except where nothing is known. */
    if (!ok && (walk->mode == SP_MODE_RUN || outer))
        return fail_recipe(walk, frame, out);
    walk->mistakes = walk->mistakes || !ok;
    frame->phase = SP_PHASE_LOOP;
    if (frame->node->bare)
        return TURN_ON;
    sp_frame_locate(walk, frame, NULL);
    return act(walk, out, SP_ACTION_ENTER, false);
}

/* Hand out the iterations of a loop; they are walks of their own. */
static enum turn scatter(struct sp_walk *walk, struct sp_frame *frame, struct sp_action *out)
{
    assert(frame->over);
    size_t count = frame->over->len;
    size_t width = frame->scatter > 0 ? (size_t)frame->scatter : count;

    sp_gather_begin(walk, frame);
    frame->phase = SP_PHASE_SCATTER;
    sp_frame_locate(walk, frame, NULL);
    (void)act(walk, out, SP_ACTION_SCATTER, false);
    out->count = count;
    out->width = SP_MIN(width, count);
    return TURN_ACTION;
}

static enum turn gather(struct sp_walk *walk, struct sp_frame *frame, struct sp_action *out)
{
    if (!sp_gather_end(walk, frame))
        return fail_recipe(walk, frame, out);
    walk->top->phase = SP_PHASE_LEAVE;
    return TURN_ON;
}

static enum turn loop(struct sp_walk *walk, struct sp_frame *frame, struct sp_action *out)
{
    bool is_fork = frame == walk->fork;
    bool is_apart = frame->over && frame->scatter && !is_fork && sp_loop_has_next(walk, frame);

    if (frame->over && !is_fork)
        frame = sp_walk_renew(walk);
    if (is_apart && walk->parallel && walk->mode == SP_MODE_RUN)
        return scatter(walk, frame, out);
    if (is_apart)
        frame = sp_loop_set_apart(walk, frame);
    if (!sp_loop_next(walk, frame)) {
        frame->phase = SP_PHASE_LEAVE;
        return TURN_ON;
    }
    frame->phase = SP_PHASE_STEP;
    if (!frame->over)
        return TURN_ON;
    if (!sp_assign_recipe(walk, frame))
        return fail_recipe(walk, frame, out);
    sp_frame_locate(walk, frame, NULL);
    return act(walk, out, SP_ACTION_ITERATION, false);
}

static enum turn end_iteration(struct sp_walk *walk, struct sp_frame *frame, struct sp_action *out)
{
    frame->phase = SP_PHASE_LOOP;
    if (!sp_loop_collect(walk, frame))
        return fail_recipe(walk, frame, out);
    if (frame == walk->fork)
        walk->over = walk->finished = true;
    return TURN_ON;
}

static enum turn step(struct sp_walk *walk, struct sp_frame *frame, struct sp_action *out)
{
    const struct sp_step_node *node = current_step(frame);
    struct sp_str reason = SP_STR("");

    if (!node)
        return end_iteration(walk, frame, out);
    enum sp_step_verdict verdict = sp_step_begin(walk, frame, &reason);
    if (verdict == SP_STEP_FAILED)
        return fail_step(walk, frame, out);
    sp_frame_locate(walk, frame, node);
    if (verdict == SP_STEP_RUNS) {
        frame->phase = SP_PHASE_RUN;
        return sp_step_needs_notice(node) ? act(walk, out, SP_ACTION_STEP, !node->recipe) : TURN_ON;
    }
    next_step(frame);
    (void)act(walk, out, SP_ACTION_SKIP, false);
    out->unselected = node->disabled;
    out->reason = reason;
    return TURN_ACTION;
}

static enum turn run(struct sp_walk *walk, struct sp_frame *frame, struct sp_action *out)
{
    const struct sp_step_node *node = sp_frame_step(frame);

    if (!sp_step_prepare(walk, frame))
        return fail_step(walk, frame, out);
    if (node->recipe) {
        frame->phase = SP_PHASE_INSIDE;
        (void)sp_frame_push(walk, node->recipe, sp_frame_step_params(walk, frame, node));
        return TURN_ON;
    }
    walk->outcome = (struct sp_outcome){ 0 };
    frame->phase = SP_PHASE_WAIT;
    return act(walk, out, SP_ACTION_RUN, true);
}

/* The caller went on without an answer: nobody knows what the tool did. */
static enum turn wait(struct sp_walk *walk, struct sp_frame *frame, struct sp_action *out)
{
    static const struct sp_outcome silence = { .why = "its outcome was not told" };

    (void)frame;
    (void)out;
    sp_walk_done(walk, &silence);
    return TURN_ON;
}

static void report_failure(struct sp_walk *walk, const struct sp_frame *frame)
{
    const struct sp_step_node *node = sp_frame_step(frame);
    const char *why = walk->why ? walk->why : "no reason was given";

    sp_diag_error(walk->diags, SP_DIAG_FAILED, node->step->origin,
                  "step '" SP_STR_FMT "' has failed: %s", SP_STR_ARG(node->fqname), why);
}

static enum turn done(struct sp_walk *walk, struct sp_frame *frame, struct sp_action *out)
{
    if (!walk->outcome.success)
        report_failure(walk, frame);
    if (!walk->outcome.success || !sp_step_finish(walk, frame))
        return fail_step(walk, frame, out);
    sp_frame_locate(walk, frame, sp_frame_step(frame));
    next_step(frame);
    return act(walk, out, SP_ACTION_END, true);
}

/* The frame of a nested recipe is gone, its outputs are in walk->found. */
static enum turn inside(struct sp_walk *walk, struct sp_frame *frame, struct sp_action *out)
{
    if (!sp_step_finish_recipe(walk, frame, walk->found))
        return fail_step(walk, frame, out);
    next_step(frame);
    return TURN_ON;
}

static enum turn leave(struct sp_walk *walk, struct sp_frame *frame, struct sp_action *out)
{
    struct sp_dict *outputs;

    sp_loop_end(walk, frame);
    if (!sp_passage_leave(walk, frame, &outputs))
        return fail_recipe(walk, frame, out);
    if (!frame->node->bare)
        sp_frame_locate(walk, frame, NULL);
    walk->found = outputs;
    sp_frame_pop(walk);
    if (!walk->top)
        walk->over = true;
    if (!walk->top && walk->mistakes)
        return act(walk, out, SP_ACTION_FAIL, false);
    if (frame->node->bare)
        return TURN_ON;
    (void)act(walk, out, SP_ACTION_LEAVE, false);
    out->outputs = outputs;
    return TURN_ACTION;
}

typedef enum turn (*phase_fn)(struct sp_walk *walk, struct sp_frame *frame, struct sp_action *out);

static const phase_fn phases[] = {
    [SP_PHASE_ENTER] = enter,   [SP_PHASE_LOOP] = loop,   [SP_PHASE_STEP] = step,
    [SP_PHASE_RUN] = run,       [SP_PHASE_WAIT] = wait,   [SP_PHASE_DONE] = done,
    [SP_PHASE_INSIDE] = inside, [SP_PHASE_LEAVE] = leave, [SP_PHASE_SCATTER] = gather,
};

bool sp_walk_next(struct sp_walk *walk, struct sp_action *out)
{
    while (!walk->over && walk->top)
        if (phases[walk->top->phase](walk, walk->top, out) == TURN_ACTION)
            return true;
    return false;
}

static struct sp_dict *copy_outputs(struct sp_arena *arena, const struct sp_dict *outputs)
{
    struct sp_dict *copy = sp_dict_new(arena).dict;

    SP_DICT_EACH(entry, outputs)
    sp_dict_set(arena, copy, sp_arena_str(arena, entry->key), sp_value_copy(arena, entry->value));
    return copy;
}

void sp_walk_done(struct sp_walk *walk, const struct sp_outcome *outcome)
{
    struct sp_frame *frame = walk->top;

    if (!frame || frame->phase != SP_PHASE_WAIT)
        return;
    walk->outcome.success = outcome->success;
    sp_freep(&walk->why);
    walk->why = outcome->why ? sp_strdup(outcome->why) : NULL;
    walk->found = NULL;
    if (outcome->outputs)
        walk->found = copy_outputs(walk->arena, outcome->outputs);
    frame->phase = SP_PHASE_DONE;
}

/* --- begin and end ------------------------------------------------------------------------- */

#define SCRATCH_MAX ((size_t)256 * 1024) /* bytes kept before starting anew: a few chunks */

struct sp_arena *sp_walk_scratch(struct sp_walk *walk)
{
    if (walk->scratch && sp_arena_used(walk->scratch) > SCRATCH_MAX) {
        sp_arena_free(walk->scratch);
        walk->scratch = NULL;
    }
    if (!walk->scratch)
        walk->scratch = sp_arena_new();
    return walk->scratch;
}

/* CONFIG as assignments on the way may change it, apart from what the caller has. */
static void start_view(struct sp_walk *walk)
{
    sp_config_fini(&walk->view);
    walk->view = (struct sp_config){
        .arena = walk->arena,
        .diags = walk->diags,
        .root = sp_dict_clone(walk->arena, walk->source->root),
        .top_level = walk->source->top_level,
        .default_name = walk->source->default_name,
    };
    walk->config = &walk->view;
}

static void start(struct sp_walk *walk, enum sp_walk_mode mode)
{
    sp_command_fini(&walk->task.command);
    walk->task = (struct sp_task){ 0 };
    if (walk->arena != walk->base)
        sp_arena_free(walk->arena);
    walk->arena = sp_arena_new();
    walk->live = 0;
    start_view(walk);
    walk->deep = sp_dict_new(walk->arena).dict;
    walk->mode = mode;
    walk->top = NULL;
    walk->over = walk->mistakes = walk->passed_over = false;
    walk->findings = walk->diags->len;
    walk->something_ran = false;
    walk->found = NULL;
    sp_path_order_fini(&walk->promised_order);
    sp_map_fini(&walk->promised);
    (void)sp_frame_push(walk, walk->root, walk->params);
}

/* A walk that shows nothing and only finds mistakes. */
static void rehearse(struct sp_walk *walk, enum sp_walk_mode mode)
{
    static const struct sp_outcome fine = { .success = true };
    struct sp_action action;

    start(walk, mode);
    while (sp_walk_next(walk, &action))
        if (action.kind == SP_ACTION_RUN)
            sp_walk_done(walk, &fine);
}

static struct sp_walk *new_walk(const struct sp_walk_options *options)
{
    struct sp_walk *walk = sp_alloc(sizeof *walk);

    walk->base = walk->arena = sp_arena_new();
    walk->cache = sp_eval_cache_new();
    walk->source = walk->config = options->config;
    walk->spare = options->spare;
    walk->parallel = options->parallel && !options->dry;
    walk->planning = options->planning;
    walk->outside = options->world;
    walk->diags = options->diags;
    walk->offers = options->offers;
    walk->python = options->python;
    walk->log = options->log;
    walk->log_arg = options->log_arg;
    walk->selection = options->selection;
    walk->past = options->past;
    walk->nodes = SP_ARENA_NEW(walk->arena, struct sp_nodes, 1);
    *walk->nodes = (struct sp_nodes){ .arena = walk->base,
                                      .diags = options->diags,
                                      .dynamic = sp_dynamic_new(walk->base, options->world) };
    walk->params = sp_dict_new(walk->arena).dict;
    walk->fixed = sp_dict_new(walk->arena).dict;
    walk->log_set = sp_dict_new(walk->arena).dict;
    sp_dryworld_init(walk);
    return walk;
}

static enum sp_rc build(struct sp_walk *walk,
                        const struct sp_walk_options *options,
                        struct sp_err *err)
{
    const struct sp_recipe *recipe = options->recipe;

    walk->root = recipe ? sp_node_build(walk->nodes, recipe, recipe->name, NULL)
                        : sp_node_build_cab(walk->nodes, options->cab);
    if (walk->root && sp_select_steps(walk->nodes, walk->root, options->selection)) {
        sp_alias_relax(walk->nodes, walk->root);
        sp_override_apply(walk, options->params);
        sp_syntax_check(walk);
        if (!options->prepare || walk->diags->errors)
            rehearse(walk, SP_MODE_CHECK);
        if (walk->diags->errors && options->dry)
            rehearse(walk, SP_MODE_DRY); /* all mistakes are wanted, not only the obvious ones */
    }
    size_t found = walk->diags->errors;
    if (!found)
        return SP_OK;
    struct sp_str name = recipe ? recipe->name : options->cab->name;
    return sp_fail(err, SP_INVALID, "%s '" SP_STR_FMT "' cannot run: %zu error%s found",
                   recipe ? "recipe" : "cab", SP_STR_ARG(name), found, found == 1 ? "" : "s");
}

enum sp_rc sp_walk_new(const struct sp_walk_options *options,
                       struct sp_walk **out,
                       struct sp_err *err)
{
    struct sp_walk *walk = new_walk(options);
    enum sp_rc rc = build(walk, options, err);

    *out = walk;
    if (rc) {
        walk->over = true;
        return rc;
    }
    if (!options->dry)
        walk->world = *walk->outside;
    start(walk, options->dry ? SP_MODE_DRY : SP_MODE_RUN);
    return SP_OK;
}

/* After a finding, what follows from the value in question was not looked at either. */
void sp_walk_check_rest(struct sp_walk *walk)
{
    if (walk->passed_over || walk->diags->len > walk->findings)
        rehearse(walk, SP_MODE_CHECK);
    walk->over = true;
}

bool sp_walk_has_nothing(const struct sp_walk *walk)
{
    for (size_t i = 0; i < walk->root->step_count; i++)
        if (!walk->root->steps[i].disabled)
            return false;
    return walk->root->step_count > 0;
}

void sp_walk_free(struct sp_walk *walk)
{
    if (!walk)
        return;
    sp_command_fini(&walk->task.command);
    sp_nodes_fini(walk->root);
    sp_dynamic_free(walk->nodes->dynamic);
    sp_path_order_fini(&walk->promised_order);
    sp_map_fini(&walk->promised);
    sp_map_fini(&walk->kinds);
    sp_map_fini(&walk->real_paths);
    sp_map_fini(&walk->fixed_step);
    sp_eval_cache_free(walk->cache);
    sp_config_fini(&walk->view);
    sp_arena_free(walk->scratch);
    if (walk->arena != walk->base)
        sp_arena_free(walk->arena);
    sp_arena_free(walk->base);
    free(walk->why);
    free(walk);
}

const struct sp_schema *sp_walk_schema(const struct sp_walk *walk)
{
    if (!walk->root)
        return NULL;
    if (walk->root->bare)
        return walk->root->steps[0].schema;
    sp_recipe_node_expand(walk->nodes, walk->root);
    return &walk->root->schema;
}
