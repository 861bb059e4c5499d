/* SPDX-License-Identifier: BSD-3-Clause */
/* Calibration programs have a set of parameters for each Jones term that is named (spec
 * stimela2.md 10.5). What the set is, a file of the installed cult-cargo says. */
#include "recipe/dynamic_internal.h"

/* "G,B", "[G, B]" and lists of such; blanks do not count. */
static void add_terms(struct sp_arena *arena, struct sp_value value, struct sp_list *terms)
{
    if (sp_is_list(value)) {
        SP_LIST_EACH(item, value.list)
        add_terms(arena, *item, terms);
        return;
    }
    if (!sp_is_text(value) || sp_str_starts(value.text, "="))
        return; /* a formula says nothing yet */
    for (struct sp_str rest = value.text; rest.ptr;) {
        struct sp_str term = sp_str_cut(&rest, ',');
        while (term.len && strchr(" \t[]'\"", term.ptr[0]))
            term = sp_str_slice(term, 1, term.len);
        while (term.len && strchr(" \t[]'\"", term.ptr[term.len - 1]))
            term.len--;
        if (term.len)
            sp_list_add(arena, terms, sp_text(term));
    }
}

/* The terms that are asked for; without any, those that the cab has by default. */
static struct sp_list *list_terms(struct sp_dynamic_call *call, const char *name)
{
    struct sp_list *terms = sp_list_new(call->arena).list;
    const struct sp_value *value = sp_dynamic_value(call, name);
    const struct sp_param *param = sp_schema_find(&call->cab->schema, sp_str_of(name));

    if (!value && call->cab->defaults)
        value = sp_dict_get(call->cab->defaults, name);
    if (!value && param && param->has_default)
        value = &param->default_value;
    if (value)
        add_terms(call->arena, *value, terms);
    return terms;
}

static struct sp_str lower(struct sp_arena *arena, struct sp_str text)
{
    char *copy = sp_arena_cstr(arena, text);

    for (size_t i = 0; i < text.len; i++)
        if (copy[i] >= 'A' && copy[i] <= 'Z')
            copy[i] = (char)(copy[i] - 'A' + 'a');
    return (struct sp_str){ copy, text.len };
}

static void add_set(struct sp_dynamic_call *call, struct sp_str term, const struct sp_dict *set)
{
    SP_DICT_EACH(entry, set)
    sp_dict_set(call->arena, call->inputs, sp_arena_join(call->arena, term, ".", entry->key),
                entry->value);
}

enum sp_rc sp_dynamic_quartical(struct sp_dynamic_call *call, struct sp_err *err)
{
    const struct sp_list *terms = list_terms(call, "solver.terms");
    const struct sp_dict *set;

    if (!terms->len)
        return SP_OK;
    enum sp_rc rc = sp_dynamic_template(call, "cultcargo.genesis.quartical", "gain_schema.yaml",
                                        "gain", &set, err);
    if (rc)
        return rc;
    SP_LIST_EACH(term, terms)
    add_set(call, term->text, set);
    return SP_OK;
}

enum sp_rc sp_dynamic_cubical(struct sp_dynamic_call *call, struct sp_err *err)
{
    const struct sp_list *terms = list_terms(call, "sol.jones");
    const struct sp_dict *set;

    if (!terms->len)
        return SP_OK;
    enum sp_rc rc = sp_dynamic_template(call, "cultcargo.genesis.cubical",
                                        "schema_JONES_TEMPLATE.yaml", "JONES_TEMPLATE", &set, err);
    if (rc)
        return rc;
    SP_LIST_EACH(term, terms)
    add_set(call, lower(call->arena, term->text), set);
    return SP_OK;
}

/* The example that Stimela's own tests have. */
enum sp_rc sp_dynamic_example(struct sp_dynamic_call *call, struct sp_err *err)
{
    static const char *const names[] = { "t_int", "f_int" };
    struct sp_dict *set = sp_dict_new(call->arena).dict;

    (void)err;
    for (size_t i = 0; i < SP_COUNT(names); i++) {
        struct sp_dict *definition = sp_dict_new(call->arena).dict;
        sp_dict_set(call->arena, definition, SP_STR("dtype"), sp_text(SP_STR("Union[str, int]")));
        sp_dict_set(call->arena, set, sp_str_of(names[i]),
                    (struct sp_value){ .kind = SP_DICT, .dict = definition });
    }
    const struct sp_list *terms = list_terms(call, "jones");
    SP_LIST_EACH(term, terms)
    add_set(call, term->text, set);
    return SP_OK;
}
