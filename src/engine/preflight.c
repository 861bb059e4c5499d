/* SPDX-License-Identifier: BSD-3-Clause */
#include "engine/preflight.h"

#include "base/map.h"

#include "engine/imagebox.h"
#include "engine/images.h"
#include "engine/jobspec.h"
#include "engine/tools.h"
#include "image/root.h"
#include "sys/env.h"

struct preflight {
    struct sp_session *session;
    struct sp_str path;
    struct sp_map looked_up; /* programs, so that each is searched once */
};

/* One program that a step needs. */
struct need {
    const struct sp_cab *cab;
    struct sp_str program;
    struct sp_str path; /* where it is looked up */
    struct sp_str step;
    bool is_wrapper; /* it is Slurm's srun, in front of the tool */
};

static bool was_looked_up(struct preflight *p, const struct need *need)
{
    struct sp_str key = need->program;

    /* Another path is another place to look at. */
    if (!sp_str_eq(need->path, p->path))
        key = sp_arena_join(p->session->arena, need->program, " in ", need->path);
    if (sp_map_has(&p->looked_up, key))
        return true;
    sp_map_set(&p->looked_up, sp_arena_str(p->session->arena, key), p);
    return false;
}

static void check_program(struct preflight *p, const struct need *need)
{
    struct sp_diags *diags = &p->session->diags;
    struct sp_err err = SP_ERR_INIT;
    enum sp_severity severity = p->session->planning ? SP_WARNING : SP_ERROR_FOUND;

    if (need->program.len == 0 || was_looked_up(p, need) ||
        sp_tools_get(need->program, need->path, &err) == SP_OK)
        return;
    if (need->is_wrapper)
        sp_diag_say(diags, severity, SP_DIAG_TOOL, need->cab->command_origin,
                    "slurm is enabled for step '" SP_STR_FMT "', but '" SP_STR_FMT
                    "' is not installed",
                    SP_STR_ARG(need->step), SP_STR_ARG(need->program));
    else
        sp_diag_say(diags, severity, SP_DIAG_TOOL, need->cab->command_origin,
                    "the program '" SP_STR_FMT "' of cab '" SP_STR_FMT
                    "' is not installed (step '" SP_STR_FMT "' needs it)",
                    SP_STR_ARG(need->program), SP_STR_ARG(need->cab->name), SP_STR_ARG(need->step));
    const char *remedy = sp_tools_remedy(need->program);
    if (remedy)
        sp_diag_hint(diags, "%s", remedy);
    else if (strstr(err.text, "did you mean"))
        sp_diag_hint(diags, "%s", err.text);
    else
        sp_diag_hint(diags, "install it, or put its directory into PATH");
}

static void check_limits(struct preflight *p, const struct sp_action *action)
{
    const struct sp_limit *limits;
    size_t count;
    struct sp_err err = SP_ERR_INIT;

    if (action->task->limits &&
        sp_jobspec_limits(p->session->arena, action->task, &limits, &count, &err))
        sp_diag_error(&p->session->diags, SP_DIAG_BACKEND, action->position->origin,
                      "step '" SP_STR_FMT "': %s", SP_STR_ARG(action->position->fqname), err.text);
}

/* --- in an image ---------------------------------------------------------------------------- */

/* Where `native.virtual_env` is set, if it says; else the step. */
static uint32_t origin_of_venv(const struct sp_action *action)
{
    const struct sp_dict *backend = action->task->backend.dict;
    const struct sp_value *section = sp_dict_get(backend, "native");
    const struct sp_value *value =
        section && section->kind == SP_DICT ? sp_dict_get(section->dict, "virtual_env") : NULL;

    return value && value->origin ? value->origin : action->position->origin;
}

static void check_inside(struct preflight *p,
                         const struct sp_action *action,
                         const struct sp_step_image *image)
{
    static const char *const none[] = { NULL };
    struct sp_arena *arena = p->session->arena;
    const struct sp_task *task = action->task;
    struct sp_imagebox_request request = { .arena = arena, .task = task, .image = image };
    struct sp_str key = sp_arena_join(arena, image->name, " has ", task->command.short_name);

    if (!image->root.path || !task->command.argc || sp_map_has(&p->looked_up, key))
        return;
    sp_map_set(&p->looked_up, key, p);
    const char *const *env =
        sp_imagebox_environment(arena, image->config, task->command.env ? task->command.env : none);
    const char *program = sp_imagebox_command(&request, task->command.argv, env)[0];
    /* With a slash it may lie in the working directory, or be bound. */
    if (strchr(program, '/') ||
        sp_root_has_program(image->root.path, program, sp_env_find(env, "PATH")))
        return;
    sp_diag_say(&p->session->diags, p->session->planning ? SP_WARNING : SP_ERROR_FOUND,
                SP_DIAG_TOOL, task->cab->command_origin,
                "there is no program '%s' in image '" SP_STR_FMT "' of cab '" SP_STR_FMT
                "' (step '" SP_STR_FMT "' needs it)",
                program, SP_STR_ARG(image->name), SP_STR_ARG(task->cab->name),
                SP_STR_ARG(action->position->fqname));
}

static void check_image(struct preflight *p, const struct sp_action *action)
{
    const struct sp_task *task = action->task;
    const struct sp_step_image *image;
    struct sp_err err = SP_ERR_INIT;

    if (task->virtual_env.len) {
        sp_diag_error(&p->session->diags, SP_DIAG_BACKEND, origin_of_venv(action),
                      "step '" SP_STR_FMT "' has an image and a virtual environment, which cannot "
                      "be seen in there",
                      SP_STR_ARG(action->position->fqname));
        sp_diag_hint(&p->session->diags,
                     "take one of them away, or say 'backend: {select: native}'");
        return;
    }
    enum sp_rc rc = sp_images_find(p->session->images, task, &image, &err);
    if (rc == SP_OK) {
        check_inside(p, action, image);
        return;
    }
    if (rc == SP_NOT_FOUND)
        (void)sp_fail(&err, SP_NOT_FOUND,
                      "backend '" SP_STR_FMT "' needs an image, and it has none",
                      SP_STR_ARG(task->backend_name));
    sp_diag_error(&p->session->diags, SP_DIAG_BACKEND,
                  task->cab->image.origin ? task->cab->image.origin : task->cab->origin,
                  "image of cab '" SP_STR_FMT "': %s", SP_STR_ARG(task->cab->name), err.text);
}

/* --- tools ---------------------------------------------------------------------------------- */

/* A program that cannot be known yet ("{recipe.tool}" of a later value) is left to the run. */
static void check_tool(struct preflight *p, const struct sp_action *action)
{
    const struct sp_command *command = &action->task->command;

    if (sp_images_take(p->session->images, action->task)) {
        check_image(p, action);
        check_limits(p, action);
        return;
    }

    struct need need = {
        .cab = action->task->cab,
        .program = sp_str_of(command->argc ? command->argv[0] : NULL),
        .path = sp_jobspec_path(p->session->arena, p->session, p->path, action->task),
        .step = action->position->fqname,
        .is_wrapper = action->task->is_wrapped,
    };

    check_program(p, &need);
    check_limits(p, action);
}

/* The first word of a plain command; empty for what only evaluation can tell. */
static struct sp_str plain_program(struct sp_arena *arena, const struct sp_cab *cab)
{
    struct sp_str rest = sp_str_trim(cab->command);

    if (cab->flavour != SP_FLAVOUR_BINARY || sp_str_starts(rest, "=") ||
        strpbrk(sp_arena_cstr(arena, rest), "{}\"'\\"))
        return SP_STR("");
    return sp_arena_str(arena, sp_str_cut(&rest, ' '));
}

#define NESTING_MAX 16 /* a recipe may contain itself: that is one of the mistakes */

/* The walk cannot begin because of other mistakes: look at the steps as they are written, so that
 * missing tools are told together with the rest. */
static void check_written_tools(struct preflight *p, const struct sp_recipe *recipe, int depth)
{
    for (size_t i = 0; recipe && depth < NESTING_MAX && i < recipe->step_count; i++) {
        const struct sp_step *step = &recipe->steps[i];
        struct need need = { .cab = step->cab, .path = p->path, .step = step->label };
        if (step->cab && step->skip.kind == SP_NULL) {
            need.program = plain_program(p->session->arena, step->cab);
            check_program(p, &need);
        }
        if (step->skip.kind == SP_NULL)
            check_written_tools(p, step->recipe, depth + 1);
    }
}

static void visit(struct preflight *p, const struct sp_action *action, struct sp_preflight *out)
{
    if (action->kind == SP_ACTION_ITERATION && sp_str_is(action->position->loop_status, "?"))
        out->exact = false;
    if (action->kind == SP_ACTION_SKIP)
        out->skipped++;
    if (action->kind != SP_ACTION_RUN)
        return;
    out->tasks++;
    check_tool(p, action);
}

static void find_pitfalls(struct sp_session *session, unsigned flags)
{
    const struct sp_value *opts = sp_dict_get(session->config.root, "opts");
    struct sp_pitfall_search search = {
        .arena = session->arena,
        .origins = session->origins,
        .diags = &session->diags,
        .recipe = session->recipe,
        .cab = session->cab,
        .params = session->params,
        .settings = opts && opts->kind == SP_DICT ? opts->dict : NULL,
        .flags = flags,
    };

    sp_pitfalls_find(&search);
}

static enum sp_rc summary(const struct sp_session *session, struct sp_err *err)
{
    size_t errors = session->diags.errors;

    if (errors == 0)
        return SP_OK;
    return sp_fail(err, SP_INVALID, "%zu error%s found", errors, errors == 1 ? "" : "s");
}

/* NOLINTNEXTLINE(readability-function-size): what to look at, whom to tell, what comes out */
enum sp_rc sp_preflight(struct sp_session *session,
                        unsigned pitfalls,
                        sp_preflight_fn fn,
                        void *arg,
                        struct sp_preflight *out,
                        struct sp_err *err)
{
    struct preflight p = { .session = session,
                           .path = sp_tools_path(session->arena, &session->places) };
    struct sp_walk_options options = sp_session_walk_options(session);
    struct sp_walk *walk = NULL;
    struct sp_action action;

    options.offers = sp_tools_offers(session->arena, p.path);
    options.python = sp_tools_python(p.path);
    options.past = sp_past_questions(session->past);
    options.dry = true;
    options.planning = session->planning;
    options.prepare = true;
    *out = (struct sp_preflight){ .exact = true };
    enum sp_rc rc = sp_walk_new(&options, &walk, err);
    while (rc == SP_OK && sp_walk_next(walk, &action)) {
        struct sp_outcome outcome = { .success = true };
        if (fn)
            fn(arg, &action, &outcome);
        visit(&p, &action, out);
        if (action.kind == SP_ACTION_RUN)
            sp_walk_done(walk, &outcome);
    }
    out->nothing = rc == SP_OK && sp_walk_has_nothing(walk);
    if (rc == SP_OK)
        sp_walk_check_rest(walk);
    if (session->diags.errors && sp_selection_is_empty(session->selection))
        check_written_tools(&p, session->recipe, 0);
    sp_walk_free(walk);
    find_pitfalls(session, pitfalls);
    sp_map_fini(&p.looked_up);
    return rc && session->diags.errors == 0 ? rc : summary(session, err);
}
