/* SPDX-License-Identifier: BSD-3-Clause */
#include "engine/preflight.h"

#include "base/map.h"

#include "engine/tools.h"

struct preflight {
    struct sp_session *session;
    struct sp_str path;
    struct sp_map looked_up; /* programs, so that each is searched once */
};

static void check_program(struct preflight *p,
                          const struct sp_cab *cab,
                          struct sp_str program,
                          struct sp_str step)
{
    if (program.len == 0 || sp_map_has(&p->looked_up, program))
        return;
    sp_map_set(&p->looked_up, program, p);
    if (sp_tools_has(program.ptr, p->path.ptr))
        return;
    struct sp_diags *diags = &p->session->diags;
    sp_diag_error(diags, SP_DIAG_TOOL, cab->command_origin,
                  "the program '" SP_STR_FMT "' of cab '" SP_STR_FMT
                  "' is not installed (step '" SP_STR_FMT "' needs it)",
                  SP_STR_ARG(program), SP_STR_ARG(cab->name), SP_STR_ARG(step));
    const char *remedy = sp_tools_remedy(program);
    if (remedy)
        sp_diag_hint(diags, "%s", remedy);
    else
        sp_diag_hint(diags, "install it, or put its directory into PATH");
}

/* A program that cannot be known yet ("{recipe.tool}" of a later value) is left to the run. */
static void check_tool(struct preflight *p, const struct sp_action *action)
{
    const struct sp_command *command = &action->task->command;

    check_program(p, action->task->cab, sp_str_of(command->argc ? command->argv[0] : NULL),
                  action->position->fqname);
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
        if (step->cab && step->skip.kind == SP_NULL)
            check_program(p, step->cab, plain_program(p->session->arena, step->cab), step->label);
        check_written_tools(p, step->recipe, depth + 1);
    }
}

static void visit(struct preflight *p,
                  struct sp_walk *walk,
                  const struct sp_action *action,
                  struct sp_preflight *out)
{
    static const struct sp_outcome fine = { .success = true };

    if (action->kind == SP_ACTION_ITERATION && sp_str_is(action->position->loop_status, "?"))
        out->exact = false;
    if (action->kind == SP_ACTION_SKIP)
        out->skipped++;
    if (action->kind != SP_ACTION_RUN)
        return;
    out->tasks++;
    check_tool(p, action);
    sp_walk_done(walk, &fine);
}

static enum sp_rc summary(const struct sp_session *session, struct sp_err *err)
{
    size_t errors = session->diags.errors;

    if (errors == 0)
        return SP_OK;
    return sp_fail(err, SP_INVALID, "%zu error%s found", errors, errors == 1 ? "" : "s");
}

enum sp_rc sp_preflight(struct sp_session *session,
                        sp_preflight_fn fn,
                        void *arg,
                        struct sp_preflight *out,
                        struct sp_err *err)
{
    struct preflight p = { .session = session,
                           .path = sp_tools_path(session->arena, &session->places) };
    struct sp_walk_options options = {
        .config = &session->config,
        .world = &session->world,
        .diags = &session->diags,
        .recipe = session->recipe,
        .cab = session->cab,
        .params = session->params,
        .selection = session->selection,
        .dry = true,
    };
    struct sp_walk *walk = NULL;
    struct sp_action action;

    *out = (struct sp_preflight){ .exact = true };
    enum sp_rc rc = sp_walk_new(&options, &walk, err);
    while (rc == SP_OK && sp_walk_next(walk, &action)) {
        if (fn)
            fn(arg, &action);
        visit(&p, walk, &action, out);
    }
    out->nothing = rc == SP_OK && sp_walk_has_nothing(walk);
    if (rc && sp_selection_is_empty(session->selection))
        check_written_tools(&p, session->recipe, 0);
    sp_walk_free(walk);
    sp_map_fini(&p.looked_up);
    return rc && session->diags.errors == 0 ? rc : summary(session, err);
}
