/* SPDX-License-Identifier: BSD-3-Clause */
#include "plan/key.h"

#include "base/vec.h"

#include "lang/path.h"
#include "plan/cabform.h"
#include "plan/measures.h"
#include "value/json.h"
#include "value/text.h"

#define TEXT_MAX ((size_t)512) /* of a component; what is longer becomes a digest */

struct making {
    const struct sp_key_request *request;
    struct sp_arena *arena;
    const struct sp_cab *cab;
    struct sp_cab_form *own_form; /* not remembered */
    SP_VEC(struct sp_key_part) parts;
};

/* --- parts --------------------------------------------------------------------------------- */

/* Code and long lists are not kept whole in every record. */
static struct sp_str shortened(struct sp_arena *arena, struct sp_str text)
{
    struct sp_hasher hasher;

    if (text.len <= TEXT_MAX)
        return sp_arena_str(arena, text);
    sp_hasher_init(&hasher, "spoor.text.1");
    sp_hasher_add(&hasher, text);
    struct sp_digest digest = sp_hasher_end(&hasher);
    return sp_arena_printf(arena, SP_STR_FMT "... (%zu bytes, %s)",
                           SP_STR_ARG(sp_str_slice(text, 0, 60)), text.len,
                           sp_digest_hex(&digest).text);
}

static void add(struct making *making, const char *space, struct sp_str name, struct sp_str text)
{
    struct sp_key_part *part = SP_VEC_ADD(&making->parts);

    part->component =
        name.len ? sp_arena_join(making->arena, sp_str_of(space), ".", name) : sp_str_of(space);
    part->text = shortened(making->arena, text);
}

static void add_if(struct making *making, const char *space, const char *name, struct sp_str text)
{
    if (text.len)
        add(making, space, sp_str_of(name), text);
}

/* --- the cab ------------------------------------------------------------------------------- */

static const struct sp_cab_form *form_of(struct making *making)
{
    struct sp_key_memo *memo = making->request->memo;
    struct sp_str name = { (const char *)&making->cab, sizeof(struct sp_cab *) };

    if (making->cab->dynamic_schema.len) { /* a variant, which lives no longer than a walk */
        making->own_form = sp_cab_form_make(making->arena, making->cab);
        return making->own_form;
    }
    struct sp_cab_form *form = sp_map_find(&memo->cabs, name);
    if (form)
        return form;
    if (!memo->arena)
        memo->arena = sp_arena_new();
    form = sp_cab_form_make(memo->arena, making->cab);
    sp_map_set(&memo->cabs, sp_arena_str(memo->arena, name), form);
    return form;
}

void sp_key_memo_fini(struct sp_key_memo *memo)
{
    SP_MAP_EACH (entry, &memo->cabs)
        sp_cab_form_fini(entry->value);
    sp_map_fini(&memo->cabs);
    sp_arena_free(memo->arena);
    *memo = (struct sp_key_memo){ 0 };
}

static bool has_value(const struct making *making, const struct sp_param *param)
{
    const struct sp_value *value = sp_dict_find(making->request->task->inputs, param->name);

    return value && value->kind != SP_NULL && value->kind != SP_UNSET;
}

/* Python functions may be given None for what has no value. */
static bool counts(const struct making *making, const struct sp_param *param)
{
    if (param->is_output)
        return true;
    if (!param->writable && sp_effects_ignore(making->request->effects, param))
        return false;
    return has_value(making, param) || sp_policy_is_set(&param->policies, &making->cab->policies,
                                                        SP_POLICY_PASS_MISSING_AS_NONE);
}

static int by_text(const void *a, const void *b)
{
    return sp_str_cmp(((const struct sp_value *)a)->text, ((const struct sp_value *)b)->text);
}

/* "NAME:DIGITS NAME:DIGITS", sorted. Not shortened: these are names of parameters. */
static void add_definitions(struct making *making, const struct sp_cab_form *form, bool outputs)
{
    struct sp_list list = { 0 };
    sp_auto_buf struct sp_buf text = SP_BUF(SP_BUF_LARGE);

    SP_MAP_EACH (entry, &making->cab->schema.params) {
        const struct sp_param *param = entry->value;
        const struct sp_form_text *digits = sp_map_find(&form->params, entry->key);
        if (param->is_output == outputs && counts(making, param))
            sp_list_add(
                making->arena, &list,
                sp_text(sp_arena_join(making->arena, entry->key, ":", sp_str_of(digits->text))));
    }
    if (list.len)
        qsort(list.items, list.len, sizeof *list.items, by_text);
    SP_LIST_EACH(item, &list)
    {
        sp_buf_adds(&text, text.len ? " " : "");
        sp_buf_add(&text, item->text);
    }
    struct sp_key_part *part = SP_VEC_ADD(&making->parts);
    part->component = outputs ? SP_STR("cab.outputs") : SP_STR("cab.inputs");
    part->text = sp_arena_str(making->arena, sp_buf_str(&text));
}

static void add_cab(struct making *making)
{
    const struct sp_command *command = &making->request->task->command;
    const struct sp_cab_form *form = form_of(making);

    add_if(making, "cab", "command", sp_str_of(form->command.text));
    add_if(making, "cab", "flavour", sp_str_of(form->flavour.text));
    add_if(making, "cab", "policies", sp_str_of(form->policies.text));
    add_if(making, "cab", "wranglers", sp_str_of(form->wranglers.text));
    add_definitions(making, form, false);
    add_definitions(making, form, true);
    for (size_t i = 0; command->resolved && i < command->resolved->len; i++)
        add(making, "command", sp_arena_printf(making->arena, "%03zu", i),
            command->resolved->items[i].text);
}

/* --- values -------------------------------------------------------------------------------- */

static bool is_tracked(const struct making *making,
                       const struct sp_param *param,
                       struct sp_str name)
{
    const struct sp_roles *roles = making->request->roles;

    for (size_t i = 0; i < roles->use_count; i++)
        if (roles->uses[i].param == param && !roles->uses[i].by_text &&
            sp_str_eq(roles->uses[i].name, name))
            return true;
    return false;
}

/* The value as text that says its type and cannot be mistaken for another one; paths that have a
 * role of their own are "path". *own: something in it is a value proper. */
static void write_value(struct making *making,
                        const struct sp_param *param,
                        struct sp_str name,
                        struct sp_value value,
                        struct sp_buf *out);

static void write_list(struct making *making,
                       const struct sp_param *param,
                       struct sp_str name,
                       const struct sp_list *list,
                       struct sp_buf *out)
{
    size_t i = 0;

    sp_buf_adds(out, "list [");
    SP_LIST_EACH(item, list)
    {
        sp_buf_adds(out, i ? ", " : "");
        write_value(making, param,
                    sp_arena_printf(making->arena, SP_STR_FMT "[%zu]", SP_STR_ARG(name), i++),
                    *item, out);
    }
    sp_buf_addc(out, ']');
}

static void write_dict(struct making *making,
                       const struct sp_param *param,
                       struct sp_str name,
                       const struct sp_dict *dict,
                       struct sp_buf *out)
{
    size_t i = 0;

    sp_buf_adds(out, "mapping {");
    SP_DICT_EACH(entry, dict)
    {
        sp_buf_adds(out, i++ ? ", " : "");
        sp_json_quote(entry->key, out);
        sp_buf_adds(out, ": ");
        write_value(making, param,
                    sp_arena_printf(making->arena, SP_STR_FMT "[" SP_STR_FMT "]", SP_STR_ARG(name),
                                    SP_STR_ARG(entry->key)),
                    entry->value, out);
    }
    sp_buf_addc(out, '}');
}

static void write_value(struct making *making,
                        const struct sp_param *param,
                        struct sp_str name,
                        struct sp_value value,
                        struct sp_buf *out)
{
    static const char *const kinds[] = {
        [SP_NULL] = "null",    [SP_BOOL] = "bool ", [SP_INT] = "int ",
        [SP_FLOAT] = "float ", [SP_TEXT] = "text ", [SP_PATH] = "path ",
    };

    if (sp_is_list(value)) {
        write_list(making, param, name, value.list, out);
    } else if (value.kind == SP_DICT) {
        write_dict(making, param, name, value.dict, out);
    } else if (sp_is_text(value) && is_tracked(making, param, name)) {
        sp_buf_adds(out, "path");
    } else {
        sp_buf_adds(out, value.kind < SP_COUNT(kinds) ? kinds[value.kind] : "nothing");
        if (sp_is_text(value))
            sp_json_quote(value.text, out);
        else if (value.kind != SP_NULL && sp_is_value(value))
            sp_value_repr(value, out);
    }
}

/* A path, or a list of nothing but paths: their roles say all. */
static bool is_all_paths(const struct making *making,
                         const struct sp_param *param,
                         struct sp_value value)
{
    if (!sp_is_list(value))
        return sp_is_text(value) && is_tracked(making, param, param->name);
    for (size_t i = 0; i < value.list->len; i++) {
        struct sp_str name =
            sp_arena_printf(making->arena, SP_STR_FMT "[%zu]", SP_STR_ARG(param->name), i);
        if (!sp_is_text(value.list->items[i]) || !is_tracked(making, param, name))
            return false;
    }
    return value.list->len > 0;
}

/* Outputs that the tool is told about. What others are follows from the rest. */
static bool is_given(const struct making *making, const struct sp_param *param)
{
    const struct sp_policies *cab = &making->cab->policies;
    struct sp_value skip = sp_policy(&param->policies, cab, SP_POLICY_SKIP);
    struct sp_value skip_implicits = sp_policy(&param->policies, cab, SP_POLICY_SKIP_IMPLICITS);

    if (!param->is_output || !param->has_implicit)
        return true;
    return (skip.kind != SP_NULL && !sp_truth(skip)) ||
           (skip_implicits.kind != SP_NULL && !sp_truth(skip_implicits));
}

static void add_params(struct making *making)
{
    SP_DICT_EACH(entry, making->request->task->inputs)
    {
        const struct sp_param *param = sp_schema_find(&making->cab->schema, entry->key);
        sp_auto_buf struct sp_buf text = SP_BUF(SP_BUF_LARGE);
        if (!param || !counts(making, param) || !has_value(making, param) ||
            !is_given(making, param) || !sp_is_value(entry->value) ||
            is_all_paths(making, param, entry->value))
            continue;
        write_value(making, param, param->name, entry->value, &text);
        add(making, "param", param->name, sp_buf_str(&text));
    }
}

/* --- paths --------------------------------------------------------------------------------- */

/* Without what is this user's or this workspace's. */
static struct sp_str portable(const struct making *making, struct sp_str path)
{
    const struct sp_world *world = making->request->world;
    struct sp_str home = world->home;
    struct sp_str cwd = world->cwd;

    if (cwd.len > 1 && path.len > cwd.len && path.ptr[cwd.len] == '/' &&
        sp_str_eq(sp_str_slice(path, 0, cwd.len), cwd))
        return sp_str_slice(path, cwd.len + 1, path.len);
    if (home.len > 1 && path.len > home.len && path.ptr[home.len] == '/' &&
        sp_str_eq(sp_str_slice(path, 0, home.len), home))
        return sp_arena_join(making->arena, SP_STR("~"), "",
                             sp_str_slice(path, home.len, path.len));
    return path;
}

static struct sp_str name_of_path(const struct making *making, const struct sp_role *role)
{
    return making->request->effects->path_sensitive ? portable(making, role->path)
                                                    : sp_path_extension(role->path);
}

static struct sp_str version_of(const struct making *making, const struct sp_role *role)
{
    const struct sp_key_request *request = making->request;
    struct sp_str version = request->version(request->version_arg, making->arena, role);

    return version.len ? version : SP_STR("nothing");
}

/* The first use of the same role, if that is another one: two names of one thing. */
static const struct sp_role_use *first_use(const struct making *making,
                                           const struct sp_role_use *use)
{
    const struct sp_roles *roles = making->request->roles;

    for (size_t i = 0; i < roles->use_count; i++)
        if (roles->uses[i].role == use->role && !roles->uses[i].by_text)
            return &roles->uses[i];
    return use;
}

static void add_output(struct making *making,
                       const struct sp_role_use *use,
                       const struct sp_role *role)
{
    const struct sp_role_use *first = first_use(making, use);
    struct sp_str text = name_of_path(making, role);

    if (first != use)
        text = sp_arena_printf(making->arena, SP_STR_FMT " as " SP_STR_FMT, SP_STR_ARG(text),
                               SP_STR_ARG(first->name));
    if (is_given(making, use->param))
        add(making, "out", use->name, text);
    /* What a changed output holds before counts, and so does that there was nothing. */
    if (role->kind == SP_ROLE_MUTATES && first == use)
        add(making, "in", use->name, version_of(making, role));
}

static void add_path(struct making *making, const struct sp_role_use *use)
{
    const struct sp_role *role = &making->request->roles->items[use->role];

    if (!use->param) {
        add(making, "hidden", portable(making, role->path), version_of(making, role));
    } else if (use->by_text) {
        add(making, "in",
            sp_arena_join(making->arena, use->name, ":", portable(making, role->path)),
            version_of(making, role));
    } else if (use->param->is_output) {
        add_output(making, use, role);
    } else {
        struct sp_str suffix = name_of_path(making, role);
        add(making, "in", use->name,
            sp_arena_printf(making->arena, SP_STR_FMT " " SP_STR_FMT, SP_STR_ARG(suffix),
                            SP_STR_ARG(version_of(making, role))));
    }
}

/* --- the environment ----------------------------------------------------------------------- */

/* Set by cabs and settings for speed and comfort. */
static const char *const harmless[] = {
    "OMP_NUM_THREADS",
    "OPENBLAS_NUM_THREADS",
    "MKL_NUM_THREADS",
    "NUMEXPR_NUM_THREADS",
    "NUMEXPR_MAX_THREADS",
    "NUMBA_NUM_THREADS",
    "VECLIB_MAXIMUM_THREADS",
    "BLIS_NUM_THREADS",
    "OMP_PROC_BIND",
    "OMP_PLACES",
    "OMP_WAIT_POLICY",
    "OMP_STACKSIZE",
    "GOMP_CPU_AFFINITY",
    "PYTHONUNBUFFERED",
    "PYTHONDONTWRITEBYTECODE",
    "TMPDIR",
    "NUMBA_CACHE_DIR",
    "MPLCONFIGDIR",
    "DISPLAY",
    "QT_QPA_PLATFORM",
    "COLUMNS",
    "TERM",
    "NO_COLOR",
};

static const char *const usual[] = { "LANG", "LC_ALL", "TZ" };

static bool is_harmless(struct sp_str name)
{
    for (size_t i = 0; i < SP_COUNT(harmless); i++)
        if (sp_str_is(name, harmless[i]))
            return true;
    return false;
}

/* Each variable once: those of the cab win over what is inherited. */
static void add_variable(struct making *making, struct sp_map *known, struct sp_str name)
{
    const struct sp_world *world = making->request->world;
    struct sp_str value = world->env(world->arg, name);

    if (!sp_map_has(known, name) && value.ptr)
        add(making, "env", name, value);
    sp_map_set(known, name, making);
}

static bool asks(const struct sp_effects *effects, struct sp_str name)
{
    if (effects->environment)
        SP_LIST_EACH(item, effects->environment)
    if (sp_str_eq(item->text, name))
        return true;
    return false;
}

static bool reads_measures(const struct sp_effects *effects)
{
    if (effects->reads)
        SP_LIST_EACH(item, effects->reads)
    if (sp_str_is(item->text, "measures"))
        return true;
    return false;
}

static void add_environment(struct making *making)
{
    const struct sp_effects *effects = making->request->effects;
    const char *const *env = making->request->task->command.env;
    sp_auto_map struct sp_map known = { 0 };

    for (; env && *env; env++) {
        struct sp_str value = sp_str_of(*env);
        struct sp_str name = sp_str_cut(&value, '=');
        if (is_harmless(name) && !asks(effects, name))
            continue;
        add(making, "env", name, value);
        sp_map_set(&known, name, making);
    }
    for (size_t i = 0; i < SP_COUNT(usual); i++)
        add_variable(making, &known, sp_str_of(usual[i]));
    for (size_t i = 0; reads_measures(effects) && sp_measures_variable(i); i++)
        add_variable(making, &known, sp_str_of(sp_measures_variable(i)));
    if (effects->environment)
        SP_LIST_EACH(name, effects->environment)
    add_variable(making, &known, name->text);
}

/* --- all of it ----------------------------------------------------------------------------- */

void sp_key_make(const struct sp_key_request *request, struct sp_preimage *out)
{
    struct making making = {
        .request = request,
        .arena = request->arena,
        .cab = request->task->cab,
    };

    add(&making, "format", SP_STR(""), SP_STR("1"));
    add_if(&making, "salt", "workspace", request->salt);
    add_if(&making, "salt", "cab", request->effects->salt);
    add_cab(&making);
    add_if(&making, "program", "", request->program);
    add_params(&making);
    for (size_t i = 0; i < request->roles->use_count; i++)
        add_path(&making, &request->roles->uses[i]);
    add_environment(&making);
    sp_preimage_seal(request->arena, making.parts.items, making.parts.len, out);
    SP_VEC_FINI(&making.parts);
    if (making.own_form)
        sp_cab_form_fini(making.own_form);
}
