/* SPDX-License-Identifier: BSD-3-Clause */
#include "cli/planview.h"

#include "cli/command.h"
#include "engine/preflight.h"
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

/* What the cab and the settings put around the command. */
static void add_surroundings(struct view *view, const struct sp_action *action)
{
    const struct sp_task *task = action->task;

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

static void add_run(struct view *view, const struct sp_action *action)
{
    view->number++;
    add_step(view, action->position, "");
    indent(view, action->position);
    sp_buf_addf(&view->text, "  %s$ " SP_STR_FMT "%s\n", view->colour ? "\033[36m" : "",
                SP_STR_ARG(action->task->command.display), view->colour ? "\033[0m" : "");
    add_surroundings(view, action);
}

static void add_skip(struct view *view, const struct sp_action *action)
{
    add_step(view, action->position, "  (skipped)");
    indent(view, action->position);
    sp_buf_addf(&view->text, "  " SP_STR_FMT "\n", SP_STR_ARG(action->reason));
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

static void note_json(struct view *view, const struct sp_action *action)
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
        struct sp_value inputs = { .kind = SP_DICT, .dict = action->task->inputs };
        sp_dict_set(arena, step.dict, SP_STR("inputs"), sp_value_copy(arena, inputs));
    }
    sp_list_add(arena, view->steps, step);
}

static void on_action(void *arg, const struct sp_action *action)
{
    struct view *view = arg;

    if (action->kind == SP_ACTION_ENTER && action->position->depth == 0)
        sp_buf_addf(&view->text, SP_STR_FMT "\n", SP_STR_ARG(action->position->title));
    if (action->kind == SP_ACTION_RUN)
        add_run(view, action);
    if (action->kind == SP_ACTION_SKIP && action->unselected)
        view->unselected++;
    else if (action->kind == SP_ACTION_SKIP)
        add_skip(view, action);
    if (action->kind == SP_ACTION_RUN || action->kind == SP_ACTION_SKIP)
        note_json(view, action);
}

static void print_json(struct view *view, const struct sp_preflight *plan, bool fine)
{
    struct sp_arena *arena = view->session->arena;
    struct sp_value document = sp_dict_new(arena);
    sp_auto_buf struct sp_buf text = SP_BUF(SP_BUF_LARGE);
    struct sp_value steps = { .kind = SP_LIST, .list = view->steps };

    sp_dict_set(arena, document.dict, SP_STR("valid"), sp_bool(fine));
    sp_dict_set(arena, document.dict, SP_STR("exact"), sp_bool(plan->exact));
    sp_dict_set(arena, document.dict, SP_STR("runs"), sp_int((int64_t)plan->tasks));
    sp_dict_set(arena, document.dict, SP_STR("steps"), steps);
    sp_json_encode(document, SP_JSON_PRETTY, &text);
    (void)printf("%s\n", text.ptr);
}

static void print_plan(const struct view *view, const struct sp_preflight *plan)
{
    (void)fputs(view->text.ptr, stdout);
    (void)printf("%zu tool run%s%s", plan->tasks, plan->tasks == 1 ? "" : "s",
                 plan->exact ? "" : " or more (a loop's length is known only when it runs)");
    if (plan->skipped > view->unselected)
        (void)printf(", %zu skipped", plan->skipped - view->unselected);
    if (view->unselected)
        (void)printf(", %zu not selected", view->unselected);
    (void)printf("; nothing was run\n");
    if (plan->nothing)
        (void)printf("no steps have been selected for execution\n");
}

int sp_show_plan(struct sp_session *session, bool json)
{
    struct view view = {
        .session = session,
        .text = SP_BUF(SP_BUF_LARGE),
        .colour = !json && sp_tty_colour(STDOUT_FILENO),
        .steps = sp_list_new(session->arena).list,
    };
    struct sp_preflight plan;
    struct sp_err err = SP_ERR_INIT;

    session->planning = true;
    enum sp_rc rc = sp_preflight(session, SP_PITFALLS_RESULTS, on_action, &view, &plan, &err);
    if (json)
        print_json(&view, &plan, rc == SP_OK);
    else
        print_plan(&view, &plan);
    (void)fflush(stdout);
    sp_show_findings(session);
    if (rc)
        (void)fprintf(stderr, "spoor: %s\n", err.text);
    sp_buf_fini(&view.text);
    return rc ? SP_MAX(sp_findings_status(session), SP_EXIT_FAILED) : SP_EXIT_DONE;
}
