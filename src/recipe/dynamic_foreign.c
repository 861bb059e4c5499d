/* SPDX-License-Identifier: BSD-3-Clause */
/* Dynamic schemas by functions of somebody else: the question as JSON, the answer as JSON. */
#include "recipe/dynamic_internal.h"
#include "value/json.h"

#define REQUEST_MAX ((size_t)16 * 1024 * 1024)

/* --- definitions as they would be written -------------------------------------------------- */

static void put_tristate(struct sp_arena *arena,
                         struct sp_dict *dict,
                         const char *key,
                         enum sp_tristate state)
{
    if (state != SP_UNDECIDED)
        sp_dict_put(arena, dict, key, sp_bool(state == SP_YES));
}

static void put_list(struct sp_arena *arena,
                     struct sp_dict *dict,
                     const char *key,
                     const struct sp_list *list)
{
    if (list)
        sp_dict_put(arena, dict, key,
                    (struct sp_value){ .kind = SP_LIST, .list = (struct sp_list *)list });
}

/* What a function may want to look at; what it does not change stays as it was written. */
static struct sp_value definition_of(struct sp_arena *arena, const struct sp_param *param)
{
    struct sp_value definition = sp_dict_new(arena);
    struct sp_dict *dict = definition.dict;

    sp_dict_put_text(arena, dict, "info", param->info);
    sp_dict_put_text(arena, dict, "dtype", param->dtype_text);
    if (param->has_default)
        sp_dict_put(arena, dict, "default", param->default_value);
    if (param->has_implicit)
        sp_dict_put(arena, dict, "implicit", param->implicit);
    put_tristate(arena, dict, "required", param->required);
    put_tristate(arena, dict, "must_exist", param->must_exist);
    put_list(arena, dict, "choices", param->choices);
    put_list(arena, dict, "element_choices", param->element_choices);
    sp_dict_put_text(arena, dict, "nom_de_guerre", param->nom_de_guerre);
    if (param->writable)
        sp_dict_put(arena, dict, "writable", sp_bool(true));
    if (param->mkdir)
        sp_dict_put(arena, dict, "mkdir", sp_bool(true));
    return definition;
}

static struct sp_value section_of(struct sp_arena *arena,
                                  const struct sp_schema *schema,
                                  bool outputs)
{
    struct sp_value section = sp_dict_new(arena);

    SP_MAP_EACH (entry, &schema->params) {
        const struct sp_param *param = entry->value;
        if (param->is_output == outputs)
            sp_dict_set(arena, section.dict, param->name, definition_of(arena, param));
    }
    return section;
}

static struct sp_str request_of(struct sp_arena *arena,
                                const struct sp_cab *cab,
                                const struct sp_dict *params)
{
    sp_auto_buf struct sp_buf text = SP_BUF(REQUEST_MAX);
    struct sp_value request = sp_dict_new(arena);

    sp_dict_put(arena, request.dict, "function", sp_text(cab->dynamic_schema));
    sp_dict_put(arena, request.dict, "params",
                (struct sp_value){ .kind = SP_DICT, .dict = (struct sp_dict *)params });
    sp_dict_put(arena, request.dict, "inputs", section_of(arena, &cab->schema, false));
    sp_dict_put(arena, request.dict, "outputs", section_of(arena, &cab->schema, true));
    sp_json_encode(request, SP_JSON_COMPACT, &text);
    return sp_arena_str(arena, sp_buf_str(&text));
}

/* --- the answer ---------------------------------------------------------------------------- */

/* One section of the answer; parameters that it does not name are gone. */
static enum sp_rc take_section(struct sp_dynamic_call *call,
                               const struct sp_dict *answer,
                               bool outputs,
                               struct sp_schema *schema,
                               struct sp_err *err)
{
    const char *name = outputs ? "outputs" : "inputs";
    const struct sp_value *section = sp_dict_get(answer, name);

    if (!section || section->kind != SP_DICT)
        return sp_fail(err, SP_INVALID, "its answer has no mapping of %s", name);
    SP_DICT_EACH(entry, section->dict)
    {
        struct sp_param *known = sp_schema_find(&call->cab->schema, entry->key);
        struct sp_dict *one = sp_dict_new(call->arena).dict;
        if (entry->value.kind == SP_NULL && known && known->is_output == outputs) {
            sp_schema_add(schema, known);
            continue;
        }
        sp_dict_set(call->arena, one, entry->key, entry->value);
        enum sp_rc rc =
            sp_dynamic_add(call, outputs ? NULL : one, outputs ? one : NULL, schema, err);
        if (rc)
            return rc;
    }
    return SP_OK;
}

enum sp_rc sp_dynamic_foreign(struct sp_dynamic_call *call,
                              struct sp_schema *schema,
                              struct sp_err *err)
{
    const struct sp_world *world = call->world;
    struct sp_str request = request_of(call->arena, call->cab, call->params);
    struct sp_str text;
    struct sp_value answer;

    if (!world->call)
        return sp_fail(err, SP_INVALID, "nothing here can run Python functions");
    enum sp_rc rc = world->call(world->arg, request, call->arena, &text, err);
    if (rc == SP_OK)
        rc = sp_json_decode(call->arena, text, &answer, err);
    if (rc)
        return rc;
    if (answer.kind != SP_DICT)
        return sp_fail(err, SP_INVALID, "its answer is not a mapping");
    rc = take_section(call, answer.dict, false, schema, err);
    return rc ? rc : take_section(call, answer.dict, true, schema, err);
}
