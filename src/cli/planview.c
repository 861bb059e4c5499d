/* SPDX-License-Identifier: BSD-3-Clause */
#include "cli/planview.h"

#include "cli/command.h"
#include "engine/forecast.h"
#include "engine/images.h"
#include "plan/key.h"
#include "sys/tty.h"
#include "value/json.h"

#include <stdio.h>
#include <unistd.h>

struct view {
    struct sp_session *session;
    struct sp_buf text;
    bool colour;
    size_t unselected;
    struct sp_list *steps; /* for JSON */
    size_t number;
};

static void indent(struct view *view, const struct sp_position *position)
{
    sp_buf_add_repeat(&view->text, ' ', 2 * (size_t)position->depth);
}

static void add_step(struct view *view, const struct sp_position *position, const char *tail)
{
    indent(view, position);
    sp_buf_addf(&view->text, "%s" SP_STR_FMT "%s", view->colour ? "\033[1m" : "",
                SP_STR_ARG(position->taskname), view->colour ? "\033[0m" : "");
    if (position->loop_status.len)
        sp_buf_addf(&view->text, " (" SP_STR_FMT ")", SP_STR_ARG(position->loop_status));
    sp_buf_addf(&view->text, "  " SP_STR_FMT "%s", SP_STR_ARG(position->title), tail);
    if (position->info.len)
        sp_buf_addf(&view->text, ": " SP_STR_FMT, SP_STR_ARG(position->info));
    sp_buf_addc(&view->text, '\n');
}

static const struct sp_step_image *image_of(const struct view *view, const struct sp_task *task)
{
    const struct sp_step_image *image;
    struct sp_err ignored = SP_ERR_INIT; /* a finding has said it */

    return sp_images_take(view->session->images, task) &&
                   sp_images_find(view->session->images, task, &image, &ignored) == SP_OK
               ? image
               : NULL;
}

static void add_image(struct view *view, const struct sp_action *action)
{
    const struct sp_step_image *image = image_of(view, action->task);

    if (!image)
        return;
    indent(view, action->position);
    sp_buf_addf(&view->text, "  in image " SP_STR_FMT "%s%.12s%s\n", SP_STR_ARG(image->name),
                image->digest.hex[0] ? " sha256:" : "", image->digest.hex,
                image->is_here ? "..." : ", which would be pulled");
}

/* What the cab and the settings put around the command. */
static void add_surroundings(struct view *view, const struct sp_action *action)
{
    const struct sp_task *task = action->task;

    add_image(view, action);
    if (task->virtual_env.len) {
        indent(view, action->position);
        sp_buf_addf(&view->text, "  virtual environment " SP_STR_FMT "\n",
                    SP_STR_ARG(task->virtual_env));
    }
    for (size_t i = 0; task->command.env && task->command.env[i]; i++) {
        indent(view, action->position);
        sp_buf_addf(&view->text, "  with %s\n", task->command.env[i]);
    }
}

/* "would run: size: 1024 is now 2048" */
static void add_foretold(struct view *view,
                         const struct sp_position *position,
                         const struct sp_foretold *told)
{
    static const char *const words[] = {
        [SP_FORETOLD_RUNS] = "would run",
        [SP_FORETOLD_DEPENDS] = "would run",
        [SP_FORETOLD_STOPS] = "would stop",
        [SP_FORETOLD_UNCLEAR] = "not clear",
    };

    if (told->state == SP_FORETOLD_KNOWN) {
        indent(view, position);
        sp_buf_addf(&view->text, "  %sknown%s: made in run " SP_STR_FMT "\n",
                    view->colour ? "\033[32m" : "", view->colour ? "\033[0m" : "",
                    SP_STR_ARG(told->of));
        return;
    }
    if (!told->why || !words[told->state])
        return;
    const struct sp_list *lines = sp_preimage_sum_up(view->session->arena, told->why);
    SP_LIST_EACH(line, lines)
    {
        indent(view, position);
        sp_buf_addf(&view->text, "  %s: " SP_STR_FMT "\n", words[told->state],
                    SP_STR_ARG(line->text));
    }
}

static void add_run(struct view *view,
                    const struct sp_action *action,
                    const struct sp_foretold *told)
{
    view->number++;
    add_step(view, action->position, "");
    indent(view, action->position);
    sp_buf_addf(&view->text, "  %s$ " SP_STR_FMT "%s\n", view->colour ? "\033[36m" : "",
                SP_STR_ARG(action->task->command.display), view->colour ? "\033[0m" : "");
    add_surroundings(view, action);
    add_foretold(view, action->position, told);
}

static void add_skip(struct view *view, const struct sp_action *action)
{
    add_step(view, action->position, "  (skipped)");
    indent(view, action->position);
    sp_buf_addf(&view->text, "  " SP_STR_FMT "\n", SP_STR_ARG(action->reason));
}

static void note_image(const struct view *view, const struct sp_task *task, struct sp_dict *step)
{
    const struct sp_step_image *image = image_of(view, task);
    struct sp_arena *arena = view->session->arena;

    if (!image)
        return;
    struct sp_value dict = image->is_here ? sp_step_image_value(image, arena) : sp_dict_new(arena);
    sp_dict_put_text(arena, dict.dict, "name", image->name);
    sp_dict_put(arena, dict.dict, "here", sp_bool(image->is_here));
    sp_dict_put(arena, step, "image", dict);
}

static void note_surroundings(struct sp_arena *arena,
                              const struct sp_task *task,
                              struct sp_dict *step)
{
    struct sp_value env = sp_list_new(arena);

    if (task->backend_name.len)
        sp_dict_set(arena, step, SP_STR("backend"), sp_text(task->backend_name));
    if (task->virtual_env.len)
        sp_dict_set(arena, step, SP_STR("virtual_env"),
                    sp_text(sp_arena_str(arena, task->virtual_env)));
    for (size_t i = 0; task->command.env && task->command.env[i]; i++)
        sp_list_add(arena, env.list, sp_text(sp_arena_str(arena, sp_str_of(task->command.env[i]))));
    if (env.list->len)
        sp_dict_set(arena, step, SP_STR("env"), env);
}

static void note_foretold(struct sp_arena *arena,
                          const struct sp_foretold *told,
                          struct sp_dict *step)
{
    sp_dict_set(arena, step, SP_STR("state"), sp_text(sp_str_of(sp_foretold_name(told->state))));
    if (told->of.len)
        sp_dict_set(arena, step, SP_STR("of"), sp_text(sp_arena_str(arena, told->of)));
    if (told->why)
        sp_dict_set(arena, step, SP_STR("why"),
                    sp_value_copy(arena, (struct sp_value){ .kind = SP_LIST,
                                                            .list = (struct sp_list *)told->why }));
}

static void note_json(struct view *view,
                      const struct sp_action *action,
                      const struct sp_foretold *told)
{
    struct sp_arena *arena = view->session->arena;
    struct sp_value step = sp_dict_new(arena);
    bool skipped = action->kind == SP_ACTION_SKIP;

    sp_dict_set(arena, step.dict, SP_STR("task"),
                sp_text(sp_arena_str(arena, action->position->taskname)));
    sp_dict_set(arena, step.dict, SP_STR("cab"),
                sp_text(sp_arena_str(arena, action->position->title)));
    sp_dict_set(arena, step.dict, SP_STR("skipped"), sp_bool(skipped));
    if (skipped) {
        sp_dict_set(arena, step.dict, SP_STR("why"), sp_text(sp_arena_str(arena, action->reason)));
    } else {
        struct sp_value argv = sp_list_new(arena);
        for (size_t i = 0; i < action->task->command.argc; i++)
            sp_list_add(arena, argv.list,
                        sp_text(sp_arena_str(arena, sp_str_of(action->task->command.argv[i]))));
        sp_dict_set(arena, step.dict, SP_STR("argv"), argv);
        note_surroundings(arena, action->task, step.dict);
        note_image(view, action->task, step.dict);
        struct sp_value inputs = { .kind = SP_DICT, .dict = action->task->inputs };
        sp_dict_set(arena, step.dict, SP_STR("inputs"), sp_value_copy(arena, inputs));
        note_foretold(arena, told, step.dict);
    }
    sp_list_add(arena, view->steps, step);
}

static void on_action(void *arg, const struct sp_action *action, const struct sp_foretold *told)
{
    struct view *view = arg;

    if (action->kind == SP_ACTION_ENTER && action->position->depth == 0)
        sp_buf_addf(&view->text, SP_STR_FMT "\n", SP_STR_ARG(action->position->title));
    if (action->kind == SP_ACTION_RUN)
        add_run(view, action, told);
    if (action->kind == SP_ACTION_SKIP && action->unselected)
        view->unselected++;
    else if (action->kind == SP_ACTION_SKIP)
        add_skip(view, action);
    if (action->kind == SP_ACTION_RUN || action->kind == SP_ACTION_SKIP)
        note_json(view, action, told);
}

static void on_again(void *arg)
{
    struct view *view = arg;

    sp_buf_clear(&view->text);
    view->steps = sp_list_new(view->session->arena).list;
    view->unselected = view->number = 0;
}

static void print_json(struct view *view, const struct sp_forecast *forecast, bool fine)
{
    const struct sp_preflight *plan = &forecast->plan;
    struct sp_arena *arena = view->session->arena;
    struct sp_value document = sp_dict_new(arena);
    sp_auto_buf struct sp_buf text = SP_BUF(SP_BUF_LARGE);
    struct sp_value steps = { .kind = SP_LIST, .list = view->steps };

    sp_dict_set(arena, document.dict, SP_STR("valid"), sp_bool(fine));
    sp_dict_set(arena, document.dict, SP_STR("exact"), sp_bool(plan->exact));
    sp_dict_set(arena, document.dict, SP_STR("runs"), sp_int((int64_t)plan->tasks));
    sp_dict_set(arena, document.dict, SP_STR("known"), sp_int((int64_t)forecast->known));
    sp_dict_set(arena, document.dict, SP_STR("notes"),
                (struct sp_value){ .kind = SP_LIST, .list = forecast->notes });
    sp_dict_set(arena, document.dict, SP_STR("steps"), steps);
    sp_json_encode(document, SP_JSON_PRETTY, &text);
    (void)printf("%s\n", text.ptr);
}

static void print_plan(const struct view *view, const struct sp_forecast *forecast)
{
    const struct sp_preflight *plan = &forecast->plan;

    (void)fputs(view->text.ptr, stdout);
    SP_LIST_EACH(note, forecast->notes)
    (void)printf("note: " SP_STR_FMT "\n", SP_STR_ARG(note->text));
    (void)printf("%zu tool run%s%s", plan->tasks, plan->tasks == 1 ? "" : "s",
                 plan->exact ? "" : " or more (a loop's length is known only when it runs)");
    if (forecast->known)
        (void)printf(" (%zu would run, %zu known)", forecast->runs, forecast->known);
    if (plan->skipped > view->unselected)
        (void)printf(", %zu skipped", plan->skipped - view->unselected);
    if (view->unselected)
        (void)printf(", %zu not selected", view->unselected);
    (void)printf("; nothing was run\n");
    if (plan->nothing)
        (void)printf("no steps have been selected for execution\n");
}

int sp_show_plan(struct sp_session *session, const struct sp_plan_options *options)
{
    bool json = options->json;
    struct view view = {
        .session = session,
        .text = SP_BUF(SP_BUF_LARGE),
        .colour = !json && sp_tty_colour(STDOUT_FILENO),
        .steps = sp_list_new(session->arena).list,
    };
    struct sp_forecast_options asked = {
        .fresh = options->fresh,
        .on_top = options->on_top,
        .edits = options->edits,
        .each = on_action,
        .again = on_again,
        .arg = &view,
    };
    struct sp_forecast forecast;
    struct sp_err err = SP_ERR_INIT;

    session->planning = true;
    enum sp_rc rc = sp_forecast(session, &asked, &forecast, &err);
    if (json)
        print_json(&view, &forecast, rc == SP_OK);
    else
        print_plan(&view, &forecast);
    (void)fflush(stdout);
    sp_show_findings(session);
    if (rc)
        (void)fprintf(stderr, "spoor: %s\n", err.text);
    sp_buf_fini(&view.text);
    return rc ? SP_MAX(sp_findings_status(session), SP_EXIT_FAILED) : SP_EXIT_DONE;
}
