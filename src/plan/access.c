/* SPDX-License-Identifier: BSD-3-Clause */
#include "plan/access.h"

#include "plan/paths.h"

struct visit {
    struct sp_walk *walk;
    const struct sp_frame *frame;
    struct sp_list *writes, *remove;
    size_t errors;
};

static enum sp_path_kind kind_of(const struct sp_walk *walk, struct sp_str path)
{
    return walk->outside->kind(walk->outside->arg, path);
}

static uint32_t origin_of(const struct visit *visit, const struct sp_param *param)
{
    const struct sp_value *value = sp_dict_find(visit->frame->step_params, param->name);

    return value && value->origin ? value->origin : sp_frame_step(visit->frame)->step->origin;
}

/* --- what it writes ------------------------------------------------------------------------ */

static void collect(void *arg, const struct sp_param *param, struct sp_str path)
{
    struct visit *visit = arg;
    struct sp_arena *arena = visit->walk->arena;

    if (!param->is_output && !param->writable)
        return;
    sp_list_add(arena, visit->writes, sp_text(path));
    if (param->is_output && param->paths.remove_if_exists && sp_dtype_is_file(param->dtype) &&
        kind_of(visit->walk, path) != SP_PATH_NONE)
        sp_list_add(arena, visit->remove, sp_text(path));
}

void sp_access_collect(struct sp_walk *walk, const struct sp_frame *frame, struct sp_task *task)
{
    struct visit visit = {
        .walk = walk,
        .frame = frame,
        .writes = sp_list_new(walk->arena).list,
        .remove = sp_list_new(walk->arena).list,
    };

    sp_paths_each(sp_frame_schema(frame), frame->step_params, collect, &visit);
    task->writes = visit.writes;
    task->remove = visit.remove->len ? visit.remove : NULL;
}

/* --- whether it may ------------------------------------------------------------------------ */

static struct sp_str parent_of(struct sp_str path)
{
    size_t slash = sp_str_rfind(path, '/');

    if (slash == SIZE_MAX)
        return SP_STR(".");
    return sp_str_slice(path, 0, SP_MAX(slash, (size_t)1));
}

/* Who only wants to know what would be run need not be the one who may run it. */
static void refuse(struct visit *visit,
                   const struct sp_param *param,
                   const char *fmt,
                   struct sp_str path)
{
    const struct sp_step_node *step = sp_frame_step(visit->frame);

    bool planning = visit->walk->planning;

    sp_diag_say(visit->walk->diags, planning ? SP_WARNING : SP_ERROR_FOUND, SP_DIAG_PATH,
                origin_of(visit, param),
                "step '" SP_STR_FMT "': %s '" SP_STR_FMT "' %s '" SP_STR_FMT "'",
                SP_STR_ARG(step->fqname), param->is_output ? "output" : "input",
                SP_STR_ARG(param->name), fmt, SP_STR_ARG(path));
    visit->errors += !planning;
}

static void check(void *arg, const struct sp_param *param, struct sp_str path)
{
    struct visit *visit = arg;
    const struct sp_world *outside = visit->walk->outside;
    struct sp_str parent = parent_of(path);

    if ((!param->is_output && !param->writable) || !param->paths.check_permissions)
        return;
    if (kind_of(visit->walk, path) != SP_PATH_NONE) {
        if (!outside->writable(outside->arg, path))
            refuse(visit, param, "is not writable at", path);
        return;
    }
    if (param->is_output && kind_of(visit->walk, parent) == SP_PATH_DIR &&
        !outside->writable(outside->arg, parent))
        refuse(visit, param, "parent directory is not writable:", parent);
}

bool sp_access_check(struct sp_walk *walk, const struct sp_frame *frame)
{
    struct visit visit = { .walk = walk, .frame = frame };

    if (walk->mode == SP_MODE_CHECK)
        return true;
    sp_paths_each(sp_frame_schema(frame), frame->step_params, check, &visit);
    return visit.errors == 0;
}

/* --- whether it has ------------------------------------------------------------------------ */

static void check_made(void *arg, const struct sp_param *param, struct sp_str path)
{
    struct visit *visit = arg;

    if (!param->is_output || param->must_exist != SP_YES || !sp_param_is_file_type(param) ||
        kind_of(visit->walk, path) != SP_PATH_NONE)
        return;
    sp_diag_error(visit->walk->diags, SP_DIAG_OUTPUT, origin_of(visit, param),
                  "step '" SP_STR_FMT "': the tool ended well but did not make output '" SP_STR_FMT
                  "': " SP_STR_FMT,
                  SP_STR_ARG(sp_frame_step(visit->frame)->fqname), SP_STR_ARG(param->name),
                  SP_STR_ARG(path));
    visit->errors++;
}

bool sp_access_check_made(struct sp_walk *walk, const struct sp_frame *frame)
{
    struct visit visit = { .walk = walk, .frame = frame };

    sp_paths_each(sp_frame_schema(frame), frame->step_params, check_made, &visit);
    return visit.errors == 0;
}
