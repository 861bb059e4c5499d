/* SPDX-License-Identifier: BSD-3-Clause */
#include "plan/refs.h"

#include "base/nearest.h"

/* Where the search for a name ended. */
struct search {
    const struct sp_dict *dict;
    struct sp_str name;
};

/* Does `path` lead somewhere within `dict`? Keys may contain dots; below something that is not a
 * mapping anything may follow (attributes, values to come). */
static bool leads(const struct sp_dict *dict, struct sp_str path, struct search *search)
{
    const struct sp_value *value = sp_dict_find(dict, path);

    if (value || sp_str_has_wildcard(path) || sp_str_find(path, '[') != SIZE_MAX)
        return true;
    for (size_t at = path.len; at-- > 0;) {
        if (path.ptr[at] != '.')
            continue;
        value = sp_dict_find(dict, sp_str_slice(path, 0, at));
        if (!value)
            continue;
        if (value->kind != SP_DICT)
            return true;
        return leads(value->dict, sp_str_slice(path, at + 1, path.len), search);
    }
    search->dict = dict;
    search->name = path;
    return false;
}

/* Tools that have pretended to run may have results that no schema declares. */
static bool is_vague(const struct sp_frame *frame)
{
    for (; frame; frame = frame->outer)
        if (frame->vague)
            return true;
    return false;
}

/* Does it name a result of a step? */
static bool is_result(struct sp_str ref)
{
    struct sp_str rest = ref;
    struct sp_str head = sp_str_cut(&rest, '.');

    return sp_str_is(head, "previous") || sp_str_is(head, "steps") ||
           (rest.ptr && sp_str_starts(rest, "steps."));
}

/* Is `ref` in no namespace? */
static bool is_unknown(struct sp_frame *frame, struct sp_str ref, struct search *search)
{
    struct sp_str rest = ref;
    struct sp_str head = sp_str_cut(&rest, '.');
    const struct sp_namespace *space = sp_scope_find(&frame->scope, head);

    if (sp_str_find(head, '[') != SIZE_MAX)
        return false;
    if (!space) {
        *search = (struct search){ .name = head };
        return true;
    }
    return rest.ptr && !leads(space->dict, rest, search);
}

/* Functions that make use of names which may not be there */
static const char *const guards[] = { "IF", "TRY", "VALID", "CASES" };

bool sp_refs_is_guarded(struct sp_str text)
{
    if (!sp_str_starts(text, "="))
        return false;
    for (size_t i = 0; i < SP_COUNT(guards); i++)
        if (sp_str_find_str(text, sp_str_of(guards[i])) != SIZE_MAX)
            return true;
    return false;
}

static void report_no_namespace(struct sp_walk *walk,
                                const struct sp_frame *frame,
                                struct sp_value text,
                                struct sp_str owner,
                                const struct search *search)
{
    struct sp_nearest nearest = SP_NEAREST(search->name);

    for (size_t i = 0; i < frame->scope.len; i++)
        sp_nearest_offer(&nearest, frame->scope.items[i].name);
    sp_diag_error(walk->diags, SP_DIAG_SUBSTITUTION, text.origin,
                  "'" SP_STR_FMT "': there is no namespace '" SP_STR_FMT "'", SP_STR_ARG(owner),
                  SP_STR_ARG(search->name));
    if (sp_str_has_wildcard(search->name))
        sp_diag_hint(walk->diags, "a pattern that looks like a name must be put in quotes");
    else if (nearest.best.ptr)
        sp_diag_hint_nearest(walk->diags, &nearest);
    else if (!sp_str_starts(text.text, "="))
        sp_diag_hint(walk->diags, "if the braces are meant as they stand, double them: {{ }}");
}

/* Why a name that is known has nothing to show; NULL for one that is not known. */
static const char *why_empty(const struct sp_frame *frame,
                             struct sp_str ref,
                             const struct search *search)
{
    struct sp_str rest = ref;
    struct sp_str head = sp_str_cut(&rest, '.');
    struct sp_str inner;

    if (sp_str_is(head, "recipe") && sp_schema_find(&frame->node->schema, rest))
        return "has no value";
    bool is_step = sp_str_is(head, "steps") && sp_recipe_node_step(frame->node, rest, &inner);
    if (is_step && search->name.len > inner.len) /* the search ended at the label */
        return "is of a step that runs later";
    return NULL;
}

/* `search` ended at the label of a step that is not there. */
static void report_no_step(struct sp_walk *walk,
                           const struct sp_frame *frame,
                           struct sp_value text,
                           struct sp_str owner,
                           const struct search *search)
{
    struct sp_str rest = search->name;
    struct sp_str label = sp_str_cut(&rest, '.');
    struct sp_nearest nearest = SP_NEAREST(label);

    for (size_t i = 0; i < frame->node->step_count; i++)
        sp_nearest_offer(&nearest, frame->node->steps[i].step->label);
    sp_diag_error(walk->diags, SP_DIAG_SUBSTITUTION, text.origin,
                  "'" SP_STR_FMT "': recipe '" SP_STR_FMT "' has no step '" SP_STR_FMT "'",
                  SP_STR_ARG(owner), SP_STR_ARG(frame->node->fqname), SP_STR_ARG(label));
    sp_diag_hint_nearest(walk->diags, &nearest);
}

static void report(struct sp_walk *walk,
                   struct sp_frame *frame,
                   struct sp_value text,
                   struct sp_str owner,
                   struct sp_str ref,
                   const struct search *search)
{
    struct sp_nearest nearest = SP_NEAREST(search->name);
    const char *why = why_empty(frame, ref, search);
    struct sp_str rest;
    enum sp_severity severity = walk->planning ? SP_WARNING : SP_ERROR_FOUND;

    if (why) {
        sp_diag_say(walk->diags, severity, SP_DIAG_SUBSTITUTION, text.origin,
                    "'" SP_STR_FMT "': '" SP_STR_FMT "' %s", SP_STR_ARG(owner), SP_STR_ARG(ref),
                    why);
        return;
    }
    if (sp_str_starts(ref, "steps.") && search->name.len + strlen("steps.") == ref.len &&
        !sp_recipe_node_step(frame->node, search->name, &rest)) {
        report_no_step(walk, frame, text, owner, search);
        return;
    }
    SP_DICT_EACH(entry, search->dict)
    sp_nearest_offer(&nearest, entry->key);
    sp_diag_say(walk->diags, severity, SP_DIAG_SUBSTITUTION, text.origin,
                "'" SP_STR_FMT "': there is no '" SP_STR_FMT "' in '" SP_STR_FMT "'",
                SP_STR_ARG(owner), SP_STR_ARG(search->name), SP_STR_ARG(ref));
    sp_diag_hint_nearest(walk->diags, &nearest);
}

static size_t check_text(struct sp_walk *walk,
                         struct sp_frame *frame,
                         struct sp_value text,
                         struct sp_str owner)
{
    struct sp_list *refs = sp_list_new(walk->arena).list;
    size_t errors = 0;

    if (!sp_is_text(text) || !sp_is_expression(text) || sp_refs_is_guarded(text.text))
        return 0;
    sp_eval_references(walk->arena, text.text, refs);
    SP_LIST_EACH(ref, refs)
    {
        struct search search = { 0 };
        if (!is_unknown(frame, ref->text, &search) || (is_result(ref->text) && is_vague(frame)))
            continue;
        if (search.dict)
            report(walk, frame, text, owner, ref->text, &search);
        else
            report_no_namespace(walk, frame, text, owner, &search);
        errors++;
    }
    return errors;
}

static bool awaits_result(struct sp_walk *walk, struct sp_frame *frame, struct sp_value value)
{
    struct sp_list *refs = sp_list_new(walk->arena).list;
    struct search search;

    if (!sp_is_text(value) || !sp_is_expression(value))
        return false;
    sp_eval_references(walk->arena, value.text, refs);
    SP_LIST_EACH(ref, refs)
    if (is_result(ref->text) && is_unknown(frame, ref->text, &search))
        return true;
    return false;
}

void sp_refs_postpone(struct sp_walk *walk, struct sp_frame *frame, struct sp_dict *params)
{
    if (walk->mode == SP_MODE_RUN || !is_vague(frame))
        return;
    SP_DICT_EACH(entry, params)
    if (awaits_result(walk, frame, entry->value))
        entry->value = sp_at(sp_no_value(walk->arena, SP_UNRESOLVED, "a result of an earlier step"),
                             entry->value.origin);
}

static const struct sp_value *raw_value(const struct sp_validation *validation, struct sp_str name)
{
    const struct sp_param *param = sp_schema_find(validation->schema, name);
    const struct sp_value *value = sp_dict_find(validation->raw, name);

    if (!value && validation->defaults)
        value = sp_dict_find(validation->defaults, name);
    if (!value && param && param->has_implicit)
        value = &param->implicit;
    if (!value && param && param->has_default)
        value = &param->default_value;
    return value;
}

/* Evaluation has found fault with it already. */
static bool is_reported(const struct sp_walk *walk, uint32_t origin)
{
    for (size_t i = 0; i < walk->diags->len; i++)
        if (walk->diags->items[i].origin == origin)
            return true;
    return false;
}

/* Does it refer to parameters of the same set? */
static bool depends_on_siblings(struct sp_walk *walk, struct sp_value value)
{
    struct sp_list *refs = sp_list_new(walk->arena).list;

    if (!sp_is_text(value) || !sp_is_expression(value))
        return false;
    sp_eval_references(walk->arena, value.text, refs);
    SP_LIST_EACH(ref, refs)
    if (sp_str_starts(ref->text, "current.") || sp_str_starts(ref->text, "root."))
        return true;
    return false;
}

static size_t check_value(struct sp_walk *walk,
                          struct sp_frame *frame,
                          struct sp_value value,
                          struct sp_str owner,
                          bool faulty)
{
    size_t errors = 0;

    if (sp_is_list(value))
        SP_LIST_EACH(item, value.list)
    errors += check_value(walk, frame, *item, owner, faulty);
    if (value.kind == SP_DICT)
        SP_DICT_EACH(entry, value.dict)
    errors += check_value(walk, frame, entry->value, owner, faulty);
    if (is_reported(walk, value.origin) || (faulty && depends_on_siblings(walk, value)))
        return errors;
    return errors + check_text(walk, frame, value, owner);
}

size_t sp_refs_check(struct sp_walk *walk,
                     struct sp_frame *frame,
                     const struct sp_validation *validation,
                     bool faulty)
{
    size_t errors = 0;

    SP_DICT_EACH(entry, validation->params)
    {
        const struct sp_param *param = sp_schema_find(validation->schema, entry->key);
        if (entry->value.kind != SP_UNRESOLVED && entry->value.kind != SP_MISSING)
            continue;
        if (param && param->is_output && param->has_implicit)
            continue;
        const struct sp_value *raw = raw_value(validation, entry->key);
        struct sp_str owner = sp_arena_join(walk->arena, validation->owner, ".", entry->key);
        if (raw)
            errors += check_value(walk, frame, *raw, owner, faulty);
    }
    return errors;
}

bool sp_refs_reject(struct sp_walk *walk,
                    struct sp_frame *frame,
                    struct sp_value value,
                    struct sp_str owner)
{
    if (walk->mode == SP_MODE_RUN || frame->conditional)
        return false;
    return is_reported(walk, value.origin) || check_text(walk, frame, value, owner) > 0;
}
