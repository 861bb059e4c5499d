/* SPDX-License-Identifier: BSD-3-Clause */
#include "lang/path.h"
#include "plan/state.h"

static const struct sp_dict *log_settings(const struct sp_walk *walk)
{
    const struct sp_value *log = sp_config_option(walk->config, "log");

    return log && log->kind == SP_DICT ? log->dict : NULL;
}

static struct sp_dict *clone_or_new(struct sp_arena *arena, const struct sp_dict *dict)
{
    return dict ? sp_dict_clone(arena, dict) : sp_dict_new(arena).dict;
}

static struct sp_str join_names(struct sp_walk *walk, struct sp_str a, struct sp_str b)
{
    return sp_arena_join(walk->arena, a, ".", b);
}

struct sp_step_node *sp_frame_step(const struct sp_frame *frame)
{
    return &frame->node->steps[frame->step];
}

const struct sp_schema *sp_frame_schema(const struct sp_frame *frame)
{
    return frame->cab ? &frame->cab->schema : sp_frame_step(frame)->schema;
}

/* --- push and pop -------------------------------------------------------------------------- */

static void set_scope(struct sp_walk *walk, struct sp_frame *frame)
{
    struct sp_scope *scope = &frame->scope;

    sp_scope_set(scope, "config", walk->config->root, false);
    sp_scope_set(scope, "current", frame->vars, true);
    sp_scope_set(scope, "root", walk->root_vars, true);
    if (frame->node->bare)
        return;
    sp_scope_set(scope, "recipe", frame->vars, true);
    sp_scope_set(scope, "steps", frame->results, false);
    sp_scope_set(scope, "previous", frame->previous, false);
    if (frame->outer)
        sp_scope_set(scope, "parent", frame->outer->vars, true);
}

static void set_builtin(struct sp_walk *walk,
                        struct sp_frame *frame,
                        const char *key,
                        struct sp_dict *dict)
{
    if (sp_schema_find(&frame->node->schema, sp_str_of(key)))
        return; /* a parameter of that name wins */
    sp_dict_set(walk->arena, frame->vars, sp_str_of(key),
                (struct sp_value){ .kind = SP_DICT, .dict = dict });
}

static void set_builtins(struct sp_walk *walk, struct sp_frame *frame)
{
    set_scope(walk, frame);
    set_builtin(walk, frame, "steps", frame->results);
    set_builtin(walk, frame, "log", frame->log);
}

/* What assignments of recipes around have set in the steps. */
static void set_deep(struct sp_walk *walk, struct sp_frame *frame)
{
    for (size_t i = 0; walk->deep->len && i < frame->node->step_count; i++) {
        const struct sp_step_node *step = &frame->node->steps[i];
        const struct sp_value *set = sp_dict_find(walk->deep, step->fqname);
        if (set)
            SP_DICT_EACH(entry, set->dict)
        sp_dict_set_at(walk->arena, sp_frame_step_params(walk, frame, step), entry->key,
                       entry->origin, entry->value);
    }
}

struct sp_frame *sp_frame_push(struct sp_walk *walk,
                               struct sp_recipe_node *node,
                               struct sp_dict *supplied)
{
    struct sp_frame *frame = SP_ARENA_NEW(walk->arena, struct sp_frame, 1);
    struct sp_frame *outer = walk->top;

    frame->outer = outer;
    frame->node = node;
    frame->supplied = supplied;
    frame->vars = sp_dict_new(walk->arena).dict;
    frame->results = sp_dict_new(walk->arena).dict;
    frame->previous = sp_dict_new(walk->arena).dict;
    frame->own = sp_dict_new(walk->arena).dict;
    frame->states = SP_ARENA_NEW(walk->arena, struct sp_step_state, node->step_count);
    frame->log = clone_or_new(walk->arena, outer ? outer->step_log : log_settings(walk));
    frame->step_log = frame->log;
    frame->taskname = node->fqname;
    frame->stale = frame->entering = true;
    if (outer) {
        frame->taskname = join_names(walk, outer->taskname, node->parent->step->label);
        frame->conditional = outer->conditional || node->parent->step->skip.kind != SP_NULL;
        frame->vague = outer->vague;
        frame->worker = outer->worker;
    } else {
        walk->root_vars = frame->vars;
    }
    set_builtins(walk, frame);
    set_deep(walk, frame);
    walk->top = frame;
    return frame;
}

struct sp_frame *sp_frame_fork(struct sp_walk *walk, const struct sp_frame *origin)
{
    struct sp_frame *frame = SP_ARENA_NEW(walk->arena, struct sp_frame, 1);
    size_t count = origin->node->step_count;
    struct sp_dict **const own[] = { &frame->params, &frame->vars, &frame->results, &frame->log,
                                     &frame->own };

    *frame = *origin;
    for (size_t i = 0; i < SP_COUNT(own); i++)
        *own[i] = sp_dict_clone(walk->arena, *own[i]);
    frame->states = SP_ARENA_NEW(walk->arena, struct sp_step_state, count);
    for (size_t i = 0; i < count; i++)
        if (origin->states[i].params)
            frame->states[i].params = sp_dict_clone(walk->arena, origin->states[i].params);
    frame->step_log = frame->log;
    frame->info = NULL;
    frame->gather = NULL;
    if (!frame->outer)
        walk->root_vars = frame->vars;
    set_builtins(walk, frame);
    sp_scope_set(&frame->scope, "current", frame->params, true);
    return frame;
}

void sp_frame_pop(struct sp_walk *walk)
{
    walk->top = walk->top->outer;
}

struct sp_dict *sp_frame_step_params(struct sp_walk *walk,
                                     struct sp_frame *frame,
                                     const struct sp_step_node *step)
{
    struct sp_step_state *state = &frame->states[step->index];

    if (!state->params)
        state->params = sp_dict_clone(walk->arena, step->params);
    return state->params;
}

/* --- info and position --------------------------------------------------------------------- */

static struct sp_value split_label(struct sp_walk *walk, struct sp_str label)
{
    struct sp_value parts = sp_list_new(walk->arena);

    for (struct sp_str rest = label; rest.ptr;)
        sp_list_add(walk->arena, parts.list, sp_text(sp_str_cut(&rest, '-')));
    return parts;
}

static void fill_info(struct sp_walk *walk,
                      struct sp_dict *info,
                      struct sp_str fqname,
                      struct sp_str label)
{
    struct sp_value parts = split_label(walk, label);
    struct sp_value suffix = sp_text(SP_STR(""));

    if (parts.list->len > 1)
        suffix = parts.list->items[parts.list->len - 1];
    sp_dict_set(walk->arena, info, SP_STR("fqname"), sp_text(fqname));
    sp_dict_set(walk->arena, info, SP_STR("taskname"), sp_text(fqname));
    sp_dict_set(walk->arena, info, SP_STR("label"), sp_text(label));
    sp_dict_set(walk->arena, info, SP_STR("label_parts"), parts);
    sp_dict_set(walk->arena, info, SP_STR("suffix"), suffix);
    sp_dict_set(walk->arena, info, SP_STR("subprocess"), sp_text(SP_STR("")));
}

static struct sp_dict *recipe_info(struct sp_walk *walk, struct sp_frame *frame)
{
    const struct sp_recipe_node *node = frame->node;

    if (!frame->info) {
        frame->info = sp_dict_new(walk->arena).dict;
        fill_info(walk, frame->info, node->fqname,
                  node->parent ? node->parent->step->label : node->fqname);
    }
    return frame->info;
}

static struct sp_dict *step_info(struct sp_walk *walk,
                                 struct sp_frame *frame,
                                 const struct sp_step_node *step)
{
    struct sp_step_state *state = &frame->states[step->index];

    if (!state->info) {
        state->info = sp_dict_new(walk->arena).dict;
        fill_info(walk, state->info, step->fqname, step->step->label);
    }
    return state->info;
}

void sp_frame_set_info(struct sp_walk *walk,
                       struct sp_frame *frame,
                       const struct sp_step_node *step)
{
    struct sp_dict *info = step ? step_info(walk, frame, step) : recipe_info(walk, frame);
    struct sp_str taskname = frame->taskname;

    if (step && !frame->node->bare)
        taskname = join_names(walk, frame->taskname, step->step->label);
    sp_dict_get(info, "taskname")->text = taskname;
    sp_dict_get(info, "subprocess")->text = frame->worker;
    sp_scope_set(&frame->scope, "info", info, false);
    sp_scope_set(&frame->scope, "self", info, false);
}

static const char *const log_texts[] = { "dir", "name", "ext", "symlink", "level" };

static const struct sp_dict *evaluate_log(struct sp_walk *walk,
                                          struct sp_frame *frame,
                                          const struct sp_dict *log)
{
    struct sp_eval eval = sp_frame_eval(walk, frame);
    struct sp_dict *out = sp_dict_clone(walk->arena, log);

    eval.for_log = true;
    for (size_t i = 0; i < SP_COUNT(log_texts); i++) {
        struct sp_value *value = sp_dict_get(out, log_texts[i]);
        if (!value || !sp_is_text(*value) || sp_str_find(value->text, '{') == SIZE_MAX)
            continue;
        struct sp_value result = sp_eval_subst(&eval, *value, true);
        *value = sp_is_text(result) ? result : sp_text(SP_STR(""));
    }
    return out;
}

static unsigned depth_of(const struct sp_frame *frame)
{
    unsigned depth = 0;

    for (; frame->outer; frame = frame->outer)
        depth++;
    return depth;
}

/* What a cab without a name is called: the file name of its program, or its kind of code. */
static struct sp_str title_of_inline(const struct sp_cab *cab)
{
    struct sp_str rest = sp_str_trim(cab->command);
    struct sp_str line = sp_str_cut(&rest, '\n');
    struct sp_str program = sp_path_basename(sp_str_cut(&line, ' '));

    if (cab->flavour == SP_FLAVOUR_PYTHON_CODE)
        return SP_STR("python-code");
    return program.len ? program : cab->name;
}

static struct sp_str title_of(const struct sp_step_node *step)
{
    const struct sp_step *definition = step->step;

    if (definition->target.len)
        return definition->target;
    if (definition->cab)
        return title_of_inline(definition->cab);
    return definition->recipe ? definition->recipe->title : definition->label;
}

/* The innermost loop around, or NULL. */
static const struct sp_frame *find_loop(const struct sp_frame *frame)
{
    for (; frame; frame = frame->outer)
        if (frame->over)
            return frame;
    return NULL;
}

void sp_frame_locate(struct sp_walk *walk, struct sp_frame *frame, const struct sp_step_node *step)
{
    const struct sp_recipe_node *node = frame->node;
    struct sp_dict *info = step ? step_info(walk, frame, step) : recipe_info(walk, frame);
    struct sp_position *at = &walk->position;
    const struct sp_frame *loop = find_loop(frame);

    *at = (struct sp_position){
        .fqname = step ? step->fqname : node->fqname,
        .taskname = sp_dict_get(info, "taskname")->text,
        .label = sp_dict_get(info, "label")->text,
        .title = step ? title_of(step) : node->recipe->title,
        .info = step ? step->step->info : node->recipe->info,
        .loop_status = loop ? loop->loop_status : SP_STR(""),
        .worker = frame->worker,
        .iteration = loop ? (int64_t)loop->iteration - 1 : -1,
        .depth = depth_of(frame) + (step && !node->bare ? 1 : 0),
        .step_number = step ? step->index + 1 : 0,
        .step_count = node->step_count,
        .origin = step ? step->step->origin : node->recipe->origin,
    };
    if (!step && node->parent) {
        at->step_number = node->parent->index + 1;
        at->step_count = node->parent->owner->step_count;
        at->origin = node->parent->step->origin;
        if (node->parent->step->info.len)
            at->info = node->parent->step->info;
    }
    sp_scope_set(&frame->scope, "info", info, false);
    sp_scope_set(&frame->scope, "self", info, false);
    if (!step)
        at->log = evaluate_log(walk, frame, frame->log);
    else if (!frame->shown_log)
        frame->shown_log = evaluate_log(walk, frame, frame->step_log);
    if (step)
        at->log = frame->shown_log;
}

/* --- values -------------------------------------------------------------------------------- */

struct sp_eval sp_frame_eval(struct sp_walk *walk, struct sp_frame *frame)
{
    return (struct sp_eval){
        .arena = walk->arena,
        .world = &walk->world,
        .scope = &frame->scope,
        .tolerant = walk->mode != SP_MODE_RUN,
        .log = walk->mode == SP_MODE_CHECK ? NULL : walk->log,
        .log_arg = walk->log_arg,
        .cache = walk->cache,
    };
}

/* Values that are kept as nested mappings are set under dotted names. Whoever else has one of the
 * mappings keeps it as it is (state.h, M2). */
static void set_nested(struct sp_arena *arena,
                       struct sp_dict *dict,
                       struct sp_str path,
                       struct sp_value value)
{
    struct sp_str rest = path;

    for (;;) {
        struct sp_str key = sp_str_cut(&rest, '.');
        if (!rest.ptr) {
            sp_dict_set_at(arena, dict, key, value.origin, value);
            return;
        }
        const struct sp_value *known = sp_dict_find(dict, key);
        struct sp_value inner = sp_dict_new(arena);
        if (known && known->kind == SP_DICT)
            inner.dict = sp_dict_clone(arena, known->dict);
        sp_dict_set(arena, dict, key, inner);
        dict = inner.dict;
    }
}

void sp_frame_set_var(struct sp_walk *walk,
                      struct sp_frame *frame,
                      struct sp_str name,
                      struct sp_value value)
{
    struct sp_str rest = name;
    struct sp_str section = sp_str_cut(&rest, '.');

    if (!rest.ptr || sp_schema_has_section(&frame->node->schema, section))
        sp_dict_set(walk->arena, frame->vars, name, value);
    else
        set_nested(walk->arena, frame->vars, name, value);
}

void sp_frame_push_alias(struct sp_walk *walk,
                         struct sp_frame *frame,
                         const struct sp_alias *alias,
                         struct sp_value value)
{
    if (alias->is_implicit || value.kind == SP_SKIPPED)
        return;
    for (size_t i = 0; i < alias->target_count; i++) {
        const struct sp_alias_target *target = &alias->targets[i];
        struct sp_dict *params = sp_frame_step_params(walk, frame, target->step);
        if (value.kind == SP_UNSET)
            (void)sp_dict_remove(walk->arena, params, target->param);
        else
            sp_dict_set(walk->arena, params, target->param, value);
    }
}

bool sp_frame_reject(struct sp_walk *walk, struct sp_value value, uint32_t origin, const char *what)
{
    if (sp_is_value(value) || value.kind == SP_UNSET)
        return false;
    if (value.kind != SP_ERROR && walk->mode != SP_MODE_RUN)
        return false;
    sp_diag_error(walk->diags, value.kind == SP_ERROR ? SP_DIAG_EVALUATION : SP_DIAG_SUBSTITUTION,
                  origin, "%s: " SP_STR_FMT, what, SP_STR_ARG(value.text));
    return true;
}
