/* SPDX-License-Identifier: BSD-3-Clause */
#include "plan/loop.h"

#include "plan/refs.h"
#include "value/text.h"

/* --- what to loop over --------------------------------------------------------------------- */

static struct sp_list *one_element(struct sp_walk *walk, struct sp_value value)
{
    struct sp_list *list = sp_list_new(walk->arena).list;

    sp_list_add(walk->arena, list, value);
    return list;
}

/* Parameters and variables called for_loop.over and for_loop.scatter take the place of what is
 * written there; null when there is none. */
static struct sp_value find_override(const struct sp_frame *frame, struct sp_str name)
{
    const struct sp_value *set = sp_dict_find(frame->vars, name);

    if (!set)
        set = sp_dict_walk(frame->vars, name);
    return set && set->kind != SP_UNSET ? *set : sp_null();
}

static struct sp_value find_over(struct sp_walk *walk, struct sp_frame *frame)
{
    const struct sp_for_loop *loop = &frame->node->recipe->loop;
    struct sp_value over = find_override(frame, SP_STR("for_loop.over"));
    struct sp_eval eval = sp_frame_eval(walk, frame);

    if (over.kind == SP_NULL)
        over = loop->over;
    if (sp_is_text(over)) {
        const struct sp_value *value = sp_dict_find(frame->vars, over.text);
        if (value)
            return *value;
        return sp_no_value(walk->arena, SP_UNRESOLVED, "'" SP_STR_FMT "' has no value",
                           SP_STR_ARG(over.text));
    }
    return sp_is_expression(over) ? sp_eval_value(&eval, over) : over;
}

/* The same for for_loop.scatter; what is written in the clause was checked when it was loaded. */
static bool find_scatter(struct sp_walk *walk, struct sp_frame *frame)
{
    const struct sp_for_loop *loop = &frame->node->recipe->loop;
    struct sp_value scatter = find_override(frame, SP_STR("for_loop.scatter"));

    frame->scatter = loop->scatter;
    if (scatter.kind == SP_BOOL)
        scatter = sp_int(scatter.boolean ? -1 : 0);
    if (scatter.kind == SP_INT)
        frame->scatter = scatter.integer;
    if (scatter.kind == SP_INT || scatter.kind == SP_NULL)
        return true;
    struct sp_str what = sp_arena_printf(walk->arena, "for_loop.scatter of recipe '" SP_STR_FMT "'",
                                         SP_STR_ARG(frame->node->fqname));
    if (sp_frame_reject(walk, scatter, loop->origin, what.ptr))
        return false;
    if (!sp_is_value(scatter))
        return true; /* only a run can tell; before it, the order is the same in any case */
    sp_diag_error(walk->diags, SP_DIAG_LOOP, loop->origin,
                  SP_STR_FMT " must be a number (0: one after the other, -1: all at once) or "
                             "true or false, not a %s",
                  SP_STR_ARG(what), sp_kind_name(scatter.kind));
    return false;
}

bool sp_loop_prepare(struct sp_walk *walk, struct sp_frame *frame)
{
    const struct sp_for_loop *loop = &frame->node->recipe->loop;

    frame->iteration = 0;
    if (!loop->present)
        return true;
    if (!find_scatter(walk, frame))
        return false;
    struct sp_value over = find_over(walk, frame);
    struct sp_str what = sp_arena_printf(walk->arena, "for_loop of recipe '" SP_STR_FMT "'",
                                         SP_STR_ARG(frame->node->fqname));
    if (sp_frame_reject(walk, over, loop->origin, what.ptr))
        return false;
    if (sp_is_list(over))
        frame->over = over.list;
    else if (over.kind == SP_NULL)
        frame->over = sp_list_new(walk->arena).list;
    else
        frame->over = one_element(walk, over);
    walk->passed_over = walk->passed_over || !frame->over->len;
    /* Before a run, an empty list may only mean that nothing is there yet; a look at the steps
     * does no harm. */
    if (walk->mode == SP_MODE_CHECK && !frame->over->len)
        frame->over = one_element(
            walk, sp_no_value(walk->arena, SP_UNRESOLVED, "the list to loop over is empty"));
    if (loop->output_elements) {
        frame->elements = sp_dict_new(walk->arena).dict;
        SP_DICT_EACH(entry, loop->output_elements)
        sp_dict_set_at(walk->arena, frame->elements, entry->key, entry->origin,
                       sp_list_new(walk->arena));
    }
    return true;
}

/* --- status -------------------------------------------------------------------------------- */

static void format_field(struct sp_str field, const struct sp_dict *fields, struct sp_buf *out)
{
    struct sp_err err = SP_ERR_INIT;
    struct sp_str spec = field;
    struct sp_str name = sp_str_cut(&spec, ':');
    const struct sp_value *value = sp_dict_find(fields, name);

    if (!value) {
        sp_buf_addf(out, "{" SP_STR_FMT "}", SP_STR_ARG(field));
        return;
    }
    if (spec.ptr && sp_value_format(*value, spec, out, &err) == SP_OK)
        return;
    sp_value_str(*value, out);
}

/* "{index1}/{total}" filled in: fields var, value, index0, index1, total, each with an optional
 * :format. Unknown fields stay as they are. */
static struct sp_str fill_in(struct sp_arena *arena,
                             struct sp_str pattern,
                             const struct sp_dict *fields)
{
    sp_auto_buf struct sp_buf out = SP_BUF(SP_BUF_SMALL);

    for (size_t i = 0; i < pattern.len; i++) {
        char c = pattern.ptr[i];
        struct sp_str rest = sp_str_slice(pattern, i + 1, pattern.len);
        size_t close = sp_str_find(rest, '}');
        if ((c == '{' || c == '}') && rest.len && rest.ptr[0] == c) {
            sp_buf_addc(&out, c);
            i++;
        } else if (c == '{' && close != SIZE_MAX) {
            format_field(sp_str_slice(rest, 0, close), fields, &out);
            i += close + 1;
        } else {
            sp_buf_addc(&out, c);
        }
    }
    return sp_arena_str(arena, sp_buf_str(&out));
}

static struct sp_str status(struct sp_walk *walk,
                            const struct sp_frame *frame,
                            struct sp_value value)
{
    const struct sp_for_loop *loop = &frame->node->recipe->loop;
    struct sp_dict *fields = sp_dict_new(walk->arena).dict;
    int64_t index = (int64_t)frame->iteration;

    if (!sp_is_value(value))
        return SP_STR("?");
    sp_dict_set(walk->arena, fields, SP_STR("var"), sp_text(loop->var));
    sp_dict_set(walk->arena, fields, SP_STR("value"), value);
    sp_dict_set(walk->arena, fields, SP_STR("index0"), sp_int(index));
    sp_dict_set(walk->arena, fields, SP_STR("index1"), sp_int(index + 1));
    sp_dict_set(walk->arena, fields, SP_STR("total"), sp_int((int64_t)frame->over->len));
    return fill_in(walk->arena, loop->display_status, fields);
}

/* --- iterations ---------------------------------------------------------------------------- */

static struct sp_str base_taskname(struct sp_walk *walk, const struct sp_frame *frame)
{
    if (!frame->outer)
        return frame->node->fqname;
    return sp_arena_join(walk->arena, frame->outer->taskname, ".",
                         frame->node->parent->step->label);
}

static struct sp_str outer_worker(const struct sp_frame *frame)
{
    return frame->outer ? frame->outer->worker : SP_STR("");
}

static void set_element(struct sp_walk *walk, struct sp_frame *frame, struct sp_value value)
{
    const struct sp_for_loop *loop = &frame->node->recipe->loop;
    const struct sp_alias *alias = sp_map_find(&frame->node->aliases, loop->var);
    struct sp_str index = sp_arena_printf(walk->arena, SP_STR_FMT "@index", SP_STR_ARG(loop->var));

    sp_dict_set(walk->arena, frame->vars, loop->var, value);
    sp_dict_set(walk->arena, frame->vars, index,
                sp_is_value(value) ? sp_int((int64_t)frame->iteration) : value);
    if (alias) {
        sp_dict_set(walk->arena, frame->params, loop->var, value);
        sp_frame_push_alias(walk, frame, alias, value);
    }
}

bool sp_loop_has_next(const struct sp_walk *walk, const struct sp_frame *frame)
{
    size_t count = frame->over ? frame->over->len : 1;

    if (walk->mode == SP_MODE_CHECK)
        count = SP_MIN(count, (size_t)1);
    return frame->iteration < count;
}

bool sp_loop_next(struct sp_walk *walk, struct sp_frame *frame)
{
    if (!sp_loop_has_next(walk, frame))
        return false;
    frame->step = 0;
    frame->stale = true;
    if (frame->over) {
        struct sp_value value = frame->over->items[frame->iteration];
        struct sp_str base = base_taskname(walk, frame);
        frame->taskname =
            sp_arena_printf(walk->arena, SP_STR_FMT ".%zu", SP_STR_ARG(base), frame->iteration);
        if (frame->scatter)
            frame->worker = sp_arena_printf(walk->arena, SP_STR_FMT ".%zu",
                                            SP_STR_ARG(outer_worker(frame)), frame->iteration);
        frame->loop_status = status(walk, frame, value);
        set_element(walk, frame, value);
    }
    frame->iteration++;
    sp_frame_set_info(walk, frame, NULL);
    return true;
}

struct sp_frame *sp_loop_set_apart(struct sp_walk *walk, struct sp_frame *frame)
{
    struct sp_frame *pristine = frame->pristine ? frame->pristine : frame;

    if (!frame->pristine) {
        pristine->config = walk->view.root;
        pristine->deep = walk->deep;
    }
    walk->view.root = sp_dict_clone(walk->arena, pristine->config);
    walk->deep = sp_dict_clone(walk->arena, pristine->deep);
    walk->top = sp_frame_fork(walk, pristine);
    walk->top->pristine = pristine;
    walk->top->iteration = frame->iteration;
    walk->top->vague = frame->vague;
    return walk->top;
}

void sp_loop_end(struct sp_walk *walk, struct sp_frame *frame)
{
    if (!frame->over)
        return;
    if (frame->pristine) {
        walk->view.root = frame->pristine->config;
        walk->deep = frame->pristine->deep;
        sp_scope_set(&frame->scope, "config", walk->view.root, false);
        frame->pristine = NULL;
    }
    frame->taskname = base_taskname(walk, frame);
    frame->loop_status = SP_STR("");
    frame->worker = outer_worker(frame);
    frame->iteration = 0;
    sp_frame_set_info(walk, frame, NULL);
}

bool sp_loop_collect(struct sp_walk *walk, struct sp_frame *frame)
{
    const struct sp_dict *expressions = frame->node->recipe->loop.output_elements;
    bool ok = true;

    if (!frame->elements)
        return true;
    sp_scope_set(&frame->scope, "current", frame->params, true);
    SP_DICT_EACH(entry, expressions)
    {
        struct sp_eval eval = sp_frame_eval(walk, frame);
        struct sp_value value = sp_eval_value(&eval, entry->value);
        struct sp_str what = sp_arena_printf(walk->arena, "output_elements '" SP_STR_FMT "'",
                                             SP_STR_ARG(entry->key));
        struct sp_str owner =
            sp_arena_printf(walk->arena, SP_STR_FMT ".output_elements." SP_STR_FMT,
                            SP_STR_ARG(frame->node->fqname), SP_STR_ARG(entry->key));
        bool open = value.kind == SP_UNRESOLVED || value.kind == SP_MISSING;
        if (sp_frame_reject(walk, value, entry->value.origin, what.ptr) ||
            (open && sp_refs_reject(walk, frame, entry->value, owner)))
            ok = false;
        else
            sp_list_add(walk->arena, sp_dict_find(frame->elements, entry->key)->list, value);
    }
    return ok;
}
