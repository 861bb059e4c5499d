/* SPDX-License-Identifier: BSD-3-Clause */
#include "lang/origin.h"
#include "lang/yaml.h"
#include "recipe/dynamic_internal.h"
#include "recipe/fields.h"
#include "value/json.h"

#include <stdlib.h>

#define QUESTION_MAX  ((size_t)1024 * 1024)
#define ARGUMENTS_MAX 12

/* --- the functions that are built in ------------------------------------------------------- */

static const struct builtin {
    const char *name; /* as cabs write it */
    sp_dynamic_fn fn;
    const char *looks_at[ARGUMENTS_MAX];
} builtins[] = {
    { "cultcargo.genesis.wsclean.make_stimela_schema",
      sp_dynamic_wsclean,
      { "predict", "nchan", "intervals-out", "pol", "niter", "multi.chan", "multi.stokes",
        "multi.pol", "multi.interval", "make-psf", "make-psf-only", "no-dirty" } },
    { "cultcargo.genesis.quartical.external.make_stimela_schema",
      sp_dynamic_quartical,
      { "solver.terms" } },
    { "cultcargo.genesis.cubical.make_stimela_schema.make_stimela_schema",
      sp_dynamic_cubical,
      { "sol.jones" } },
    { "tests.example_dynschema.cubical_schema", sp_dynamic_example, { "jones" } },
};

static const struct builtin *find_builtin(struct sp_str function)
{
    for (size_t i = 0; i < SP_COUNT(builtins); i++)
        if (sp_str_is(function, builtins[i].name))
            return &builtins[i];
    return NULL;
}

bool sp_dynamic_looks_at(const struct sp_cab *cab, struct sp_str name)
{
    const struct builtin *builtin = find_builtin(cab->dynamic_schema);

    if (!cab->dynamic_schema.len)
        return false;
    if (!builtin)
        return true;
    for (size_t i = 0; i < ARGUMENTS_MAX && builtin->looks_at[i]; i++)
        if (sp_str_is(name, builtin->looks_at[i]))
            return true;
    return false;
}

const struct sp_value *sp_dynamic_value(const struct sp_dynamic_call *call, const char *name)
{
    const struct sp_value *value = sp_dict_get(call->params, name);

    return value && value->kind != SP_NULL ? value : NULL;
}

bool sp_dynamic_flag(const struct sp_dynamic_call *call, const char *name)
{
    const struct sp_value *value = sp_dynamic_value(call, name);
    bool flag;

    if (!value)
        return false;
    return sp_field_bool(*value, &flag) ? flag : sp_truth(*value);
}

/* --- answers so far ------------------------------------------------------------------------ */

struct sp_dynamic {
    struct sp_arena *arena;
    const struct sp_world *world;
    struct sp_origins *origins; /* of templates: keeps their texts */
    struct sp_map variants;     /* question -> struct sp_cab * */
    struct sp_map templates;    /* package/file/section -> const struct sp_dict * */
};

struct sp_dynamic *sp_dynamic_new(struct sp_arena *arena, const struct sp_world *world)
{
    struct sp_dynamic *dynamic = sp_alloc(sizeof *dynamic);

    *dynamic = (struct sp_dynamic){ .arena = arena, .world = world };
    return dynamic;
}

void sp_dynamic_free(struct sp_dynamic *dynamic)
{
    if (!dynamic)
        return;
    SP_MAP_EACH (entry, &dynamic->variants)
        sp_schema_fini(&((struct sp_cab *)entry->value)->schema);
    sp_map_fini(&dynamic->variants);
    sp_map_fini(&dynamic->templates);
    sp_origins_free(dynamic->origins);
    free(dynamic);
}

/* --- templates ----------------------------------------------------------------------------- */

/* Positions in a file of a package mean nothing to the table of the recipe's files. */
static void drop_origins(struct sp_value *value)
{
    value->origin = 0;
    if (sp_is_list(*value))
        SP_LIST_EACH(item, value->list)
    drop_origins(item);
    if (value->kind == SP_DICT)
        SP_DICT_EACH(entry, value->dict)
        {
            entry->origin = 0;
            drop_origins(&entry->value);
        }
}

static enum sp_rc read_template(struct sp_dynamic *dynamic,
                                struct sp_str path,
                                const char *section,
                                const struct sp_dict **out,
                                struct sp_err *err)
{
    const struct sp_world *world = dynamic->world;
    struct sp_diags diags;
    struct sp_str text;
    struct sp_value document;

    enum sp_rc rc = world->read(world->arg, path, dynamic->arena, &text, err);
    if (rc)
        return sp_err_wrap(err, SP_STR_FMT, SP_STR_ARG(path));
    if (!dynamic->origins)
        dynamic->origins = sp_origins_new();
    sp_diags_init(&diags, dynamic->arena, dynamic->origins);
    rc = sp_yaml_parse(dynamic->arena, dynamic->origins, path, text, SP_YAML_CONFIG, &diags,
                       &document, err);
    sp_diags_fini(&diags);
    if (rc)
        return sp_err_wrap(err, SP_STR_FMT, SP_STR_ARG(path));
    drop_origins(&document);
    const struct sp_value *found =
        document.kind == SP_DICT ? sp_dict_get(document.dict, section) : NULL;
    if (!found || found->kind != SP_DICT)
        return sp_fail(err, SP_INVALID, SP_STR_FMT ": there is no section '%s' in it",
                       SP_STR_ARG(path), section);
    *out = found->dict;
    return SP_OK;
}

enum sp_rc sp_dynamic_template(struct sp_dynamic_call *call,
                               const char *package,
                               const char *file,
                               const char *section,
                               const struct sp_dict **out,
                               struct sp_err *err)
{
    struct sp_dynamic *dynamic = call->dynamic;
    const struct sp_world *world = dynamic->world;
    struct sp_str key = sp_arena_printf(call->arena, "%s/%s/%s", package, file, section);
    struct sp_str dir;

    *out = sp_map_find(&dynamic->templates, key);
    if (*out)
        return SP_OK;
    if (!world->package(world->arg, sp_str_of(package), dynamic->arena, &dir))
        return sp_fail(err, SP_NOT_FOUND,
                       "there is no Python package '%s' with the file %s; install cult-cargo, or "
                       "name the virtual environment that has it in VIRTUAL_ENV",
                       package, file);
    struct sp_str path = sp_arena_printf(dynamic->arena, SP_STR_FMT "/%s", SP_STR_ARG(dir), file);
    enum sp_rc rc = read_template(dynamic, path, section, out, err);
    if (rc == SP_OK)
        sp_map_set(&dynamic->templates, sp_arena_str(dynamic->arena, key), (void *)*out);
    return rc;
}

/* --- putting an answer together ------------------------------------------------------------ */

enum sp_rc sp_dynamic_add(struct sp_dynamic_call *call,
                          const struct sp_dict *inputs,
                          const struct sp_dict *outputs,
                          struct sp_schema *schema,
                          struct sp_err *err)
{
    struct sp_schema added;
    struct sp_diags diags;
    enum sp_rc rc = SP_OK;
    const char *what =
        sp_arena_printf(call->arena, "cab '" SP_STR_FMT "'", SP_STR_ARG(call->cab->name)).ptr;

    sp_diags_init(&diags, call->arena, NULL);
    sp_schema_load(call->arena, inputs, outputs, what, &added, &diags);
    if (diags.errors)
        rc = sp_fail(err, SP_INVALID, "%s", diags.items[0].text);
    sp_diags_fini(&diags);
    SP_MAP_EACH (entry, &added.params) {
        struct sp_param *param = entry->value;
        if (!param->origin)
            param->origin = call->cab->origin;
        sp_schema_add(schema, param);
    }
    sp_schema_fini(&added);
    return rc;
}

static void copy_schema(const struct sp_schema *from, struct sp_schema *to)
{
    SP_MAP_EACH (entry, &from->params)
        sp_schema_add(to, entry->value);
}

static enum sp_rc evaluate(struct sp_dynamic_call *call,
                           const struct builtin *builtin,
                           struct sp_schema *schema,
                           struct sp_err *err)
{
    if (!builtin)
        return sp_dynamic_foreign(call, schema, err);
    copy_schema(&call->cab->schema, schema);
    enum sp_rc rc = builtin->fn(call, err);
    return rc ? rc : sp_dynamic_add(call, call->inputs, call->outputs, schema, err);
}

/* UNSET stands for no value. */
static bool is_given(struct sp_value value)
{
    return sp_is_value(value) && !(sp_is_text(value) && sp_str_is(value.text, "UNSET"));
}

/* What the function looks at, in a fixed order for a built-in one. */
static struct sp_dict *arguments(struct sp_arena *arena,
                                 const struct builtin *builtin,
                                 const struct sp_dict *params)
{
    struct sp_dict *found = sp_dict_new(arena).dict;

    if (!builtin) {
        SP_DICT_EACH(entry, params)
        if (is_given(entry->value))
            sp_dict_set(arena, found, entry->key, entry->value);
        return found;
    }
    for (size_t i = 0; i < ARGUMENTS_MAX && builtin->looks_at[i]; i++) {
        const struct sp_value *value = sp_dict_get(params, builtin->looks_at[i]);
        if (value && is_given(*value))
            sp_dict_set(arena, found, sp_str_of(builtin->looks_at[i]), *value);
    }
    return found;
}

/* The function, the cab, and the arguments as JSON. */
static struct sp_str question(struct sp_arena *arena,
                              const struct sp_cab *cab,
                              const struct sp_dict *params)
{
    sp_auto_buf struct sp_buf text = SP_BUF(QUESTION_MAX);
    struct sp_value value = { .kind = SP_DICT, .dict = (struct sp_dict *)params };

    sp_buf_addf(&text, "%p ", (const void *)cab);
    sp_json_encode(value, SP_JSON_COMPACT, &text);
    return sp_arena_str(arena, sp_buf_str(&text));
}

static enum sp_rc make_variant(struct sp_dynamic *dynamic,
                               const struct sp_cab *cab,
                               const struct builtin *builtin,
                               const struct sp_dict *params,
                               struct sp_cab **out,
                               struct sp_err *err)
{
    struct sp_arena *arena = dynamic->arena;
    struct sp_value copy = sp_value_copy(
        arena, (struct sp_value){ .kind = SP_DICT, .dict = (struct sp_dict *)params });
    struct sp_dynamic_call call = {
        .arena = arena,
        .dynamic = dynamic,
        .world = dynamic->world,
        .cab = cab,
        .params = copy.dict,
        .inputs = sp_dict_new(arena).dict,
        .outputs = sp_dict_new(arena).dict,
    };
    struct sp_schema schema = { 0 };

    enum sp_rc rc = evaluate(&call, builtin, &schema, err);
    if (rc) {
        sp_schema_fini(&schema);
        return sp_err_wrap(err, "error evaluating dynamic schema " SP_STR_FMT,
                           SP_STR_ARG(cab->dynamic_schema));
    }
    *out = SP_ARENA_NEW(arena, struct sp_cab, 1);
    **out = *cab;
    (*out)->schema = schema;
    (*out)->defaults = sp_schema_flatten(arena, &schema, cab->defaults);
    return SP_OK;
}

/* Questions are asked once an iteration of a loop: one that has an answer leaves nothing behind. */
enum sp_rc sp_dynamic_variant(struct sp_dynamic *dynamic,
                              const struct sp_cab *cab,
                              const struct sp_dict *params,
                              const struct sp_cab **out,
                              struct sp_err *err)
{
    const struct builtin *builtin = find_builtin(cab->dynamic_schema);
    struct sp_arena *asking = sp_arena_new();
    struct sp_cab *variant = NULL;
    enum sp_rc rc = SP_OK;

    if (cab->dynamic_schema.len) {
        struct sp_dict *known = arguments(asking, builtin, params);
        struct sp_str key = question(asking, cab, known);
        variant = sp_map_find(&dynamic->variants, key);
        if (!variant)
            rc = make_variant(dynamic, cab, builtin, known, &variant, err);
        if (variant && !sp_map_has(&dynamic->variants, key))
            sp_map_set(&dynamic->variants, sp_arena_str(dynamic->arena, key), variant);
    }
    sp_arena_free(asking);
    if (rc == SP_OK)
        *out = variant ? variant : cab;
    return rc;
}
