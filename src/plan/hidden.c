/* SPDX-License-Identifier: BSD-3-Clause */
#include "plan/hidden.h"

#include "lang/path.h"
#include "plan/measures.h"
#include "plan/node.h"

/* The texts that `written` comes to: itself, a list, or none for UNSET and null. */
static bool evaluate(const struct sp_roles_request *request,
                     struct sp_value written,
                     struct sp_list *out,
                     struct sp_str *why)
{
    struct sp_scope scope = { 0 };
    struct sp_eval eval = { .arena = request->arena, .world = request->world, .scope = &scope };

    sp_scope_set(&scope, "current", sp_dict_clone(request->arena, request->values), false);
    struct sp_value value = sp_is_expression(written) ? sp_eval_value(&eval, written) : written;
    if (value.kind == SP_UNSET || value.kind == SP_NULL)
        return true;
    if (sp_is_text(value)) {
        sp_list_add(request->arena, out, sp_text(value.text));
        return true;
    }
    bool all_texts = sp_is_list(value);
    if (all_texts)
        SP_LIST_EACH(item, value.list)
        {
            all_texts = all_texts && sp_is_text(*item);
            sp_list_add(request->arena, out, *item);
        }
    if (!all_texts)
        *why =
            sp_is_value(value) ? SP_STR("it gives neither a text nor a list of texts") : value.text;
    return all_texts;
}

/* --- inputs -------------------------------------------------------------------------------- */

static bool add_path(const struct sp_roles_request *request,
                     struct sp_str text,
                     struct sp_list *out,
                     struct sp_str *why)
{
    const struct sp_world *world = request->world;
    struct sp_str path = sp_path_expand_home(request->arena, text, world->home);

    if (sp_str_is(text, "measures")) {
        sp_measures_paths(request->arena, world, out);
        return true;
    }
    if (!sp_str_has_wildcard(path)) {
        sp_list_add(request->arena, out, sp_text(path));
        return true;
    }
    struct sp_paths found = world->glob(world->arg, path, request->arena);
    for (size_t i = 0; i < found.len; i++)
        sp_list_add(request->arena, out, sp_text(found.items[i]));
    if (found.too_many)
        *why = SP_STR("too many files match");
    return !found.too_many;
}

bool sp_hidden_paths(const struct sp_roles_request *request,
                     struct sp_list *out,
                     struct sp_str *why)
{
    struct sp_list texts = { 0 };
    struct sp_str reason = SP_STR("");

    if (!request->effects->reads)
        return true;
    SP_LIST_EACH(written, request->effects->reads)
    {
        texts.len = 0;
        bool known = evaluate(request, *written, &texts, &reason);
        for (size_t i = 0; i < texts.len && known; i++)
            known = add_path(request, texts.items[i].text, out, &reason);
        if (known)
            continue;
        *why = sp_arena_printf(
            request->arena,
            "recompute.reads of cab '" SP_STR_FMT "': '" SP_STR_FMT "': " SP_STR_FMT,
            SP_STR_ARG(request->cab->name), SP_STR_ARG(written->text), SP_STR_ARG(reason));
        return false;
    }
    return true;
}

/* --- columns ------------------------------------------------------------------------------- */

bool sp_hidden_columns(const struct sp_roles_request *request,
                       const struct sp_list *names,
                       struct sp_list *out)
{
    struct sp_str ignored;

    if (!names)
        return false;
    SP_LIST_EACH(written, names)
    if (!evaluate(request, *written, out, &ignored))
        return false;
    return true;
}

/* --- what does not matter ------------------------------------------------------------------ */

const struct sp_effects *sp_hidden_ignore(const struct sp_roles_request *request)
{
    const struct sp_effects *effects = request->effects;
    struct sp_effects *out;
    struct sp_list *names;
    struct sp_str ignored;

    if (!effects->ignore || !sp_is_expression((struct sp_value){
                                .kind = SP_LIST, .list = (struct sp_list *)effects->ignore }))
        return effects;
    names = sp_list_new(request->arena).list;
    SP_LIST_EACH(written, effects->ignore)
    {
        struct sp_list some = { 0 };
        if (!evaluate(request, *written, &some, &ignored))
            continue;
        SP_LIST_EACH(name, &some)
        sp_list_add(request->arena, names, *name);
    }
    out = SP_ARENA_NEW(request->arena, struct sp_effects, 1);
    *out = *effects;
    out->ignore = names;
    return out;
}
