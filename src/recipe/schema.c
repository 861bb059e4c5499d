/* SPDX-License-Identifier: BSD-3-Clause */
#include "recipe/schema.h"

#include "base/nearest.h"

#include "recipe/fields.h"
#include "recipe/words.h"
#include "value/text.h"

#include <assert.h>

/* --- parameter definitions ---------------------------------------------------------------- */

/* A definition as written, before it is checked against itself. */
struct definition {
    struct sp_param param;
    struct sp_value implicit, category;
    const struct sp_dict *policies, *path_policies;
    /* deprecated spellings of path policies */
    enum sp_tristate remove_if_exists, access_parent_dir, write_parent_dir;
    enum sp_tristate skip_freshness_checks;
};

#define FIELD(name, kind, member)                         \
    {                                                     \
        (name), kind, offsetof(struct definition, member) \
    }

static const struct sp_field field_table[] = {
    FIELD("info", SP_FIELD_TEXT, param.info),
    FIELD("dtype", SP_FIELD_TEXT, param.dtype_text),
    FIELD("default", SP_FIELD_IGNORED, param), /* null is a value here */
    FIELD("required", SP_FIELD_TRISTATE, param.required),
    FIELD("implicit", SP_FIELD_ANY, implicit),
    FIELD("choices", SP_FIELD_LIST, param.choices),
    FIELD("element_choices", SP_FIELD_LIST, param.element_choices),
    FIELD("aliases", SP_FIELD_TEXTS, param.aliases),
    FIELD("writable", SP_FIELD_BOOL, param.writable),
    FIELD("must_exist", SP_FIELD_TRISTATE, param.must_exist),
    FIELD("mkdir", SP_FIELD_BOOL, param.mkdir),
    FIELD("path_policies", SP_FIELD_MAPPING, path_policies),
    FIELD("remove_if_exists", SP_FIELD_TRISTATE, remove_if_exists),
    FIELD("access_parent_dir", SP_FIELD_TRISTATE, access_parent_dir),
    FIELD("write_parent_dir", SP_FIELD_TRISTATE, write_parent_dir),
    FIELD("skip_freshness_checks", SP_FIELD_TRISTATE, skip_freshness_checks),
    FIELD("nom_de_guerre", SP_FIELD_TEXT, param.nom_de_guerre),
    FIELD("policies", SP_FIELD_MAPPING, policies),
    FIELD("category", SP_FIELD_ANY, category),
    FIELD("metavar", SP_FIELD_TEXT, param.metavar),
    FIELD("abbreviation", SP_FIELD_TEXT, param.abbreviation),
    FIELD("tags", SP_FIELD_IGNORED, param),
    FIELD("suppress_cli_default", SP_FIELD_IGNORED, param),
    FIELD("metadata", SP_FIELD_IGNORED, param),
};

#undef FIELD

/* clang-format off */
#define PATH_FIELD(name) { #name, SP_FIELD_BOOL, offsetof(struct sp_path_policies, name) }
/* clang-format on */

static const struct sp_field path_field_table[] = {
    PATH_FIELD(mkdir_parent),     PATH_FIELD(access_parent),     PATH_FIELD(write_parent),
    PATH_FIELD(remove_if_exists), PATH_FIELD(check_permissions),
};

#undef PATH_FIELD

static const char *const category_names[SP_CATEGORIES] = {
    [SP_REQUIRED] = "Required", [SP_OPTIONAL] = "Optional", [SP_IMPLICIT] = "Implicit",
    [SP_OBSCURE] = "Obscure",   [SP_HIDDEN] = "Hidden",
};

const char *sp_category_name(enum sp_category category)
{
    return category_names[category];
}

bool sp_schema_is_field(struct sp_str key)
{
    for (size_t i = 0; i < SP_COUNT(field_table); i++)
        if (sp_str_is(key, field_table[i].name))
            return true;
    return false;
}

/* --- loading ------------------------------------------------------------------------------ */

struct loader {
    struct sp_arena *arena;
    struct sp_schema *schema;
    struct sp_diags *diags;
    const char *what; /* "cab 'simms'" */
    bool outputs;
};

static void load_section(struct loader *loader, struct sp_str prefix, const struct sp_dict *dict);

static void load_category(struct loader *loader, const struct definition *def, struct sp_param *out)
{
    struct sp_value given = def->category;

    if (given.kind == SP_NULL) {
        out->category = out->required == SP_YES ? SP_REQUIRED
                        : out->has_implicit     ? SP_IMPLICIT
                                                : SP_OPTIONAL;
        return;
    }
    for (unsigned i = 0; i < SP_CATEGORIES; i++)
        if ((sp_is_text(given) && sp_str_is(given.text, category_names[i])) ||
            (given.kind == SP_INT && given.integer == i)) {
            out->has_category = true;
            out->category = i;
            return;
        }
    sp_diag_error(loader->diags, SP_DIAG_SCHEMA, given.origin ? given.origin : out->origin,
                  "category of parameter '" SP_STR_FMT
                  "' must be Required, Optional, Implicit, Obscure or Hidden",
                  SP_STR_ARG(out->name));
}

static void load_dtype(struct loader *loader, struct sp_param *param, uint32_t origin)
{
    struct sp_err err = SP_ERR_INIT;

    if (!param->dtype_text.ptr)
        param->dtype_text = SP_STR("str");
    if (sp_dtype_parse(loader->arena, param->dtype_text, &param->dtype, &err) == SP_OK)
        return;
    sp_diag_error(loader->diags, SP_DIAG_DTYPE, origin, "parameter '" SP_STR_FMT "' of %s: %s",
                  SP_STR_ARG(param->name), loader->what, err.text);
    /* Anything goes from here on, so that one mistake is one finding. */
    enum sp_rc rc = sp_dtype_parse(loader->arena, SP_STR("Any"), &param->dtype, &err);
    assert(rc == SP_OK);
    (void)rc;
}

static void load_paths(struct loader *loader, const struct definition *def, struct sp_param *param)
{
    param->paths = (struct sp_path_policies){ .mkdir_parent = true, .check_permissions = true };
    if (def->remove_if_exists)
        param->paths.remove_if_exists = def->remove_if_exists == SP_YES;
    if (def->access_parent_dir)
        param->paths.access_parent = def->access_parent_dir == SP_YES;
    if (def->write_parent_dir)
        param->paths.write_parent = def->write_parent_dir == SP_YES;
    if (!def->path_policies)
        return;
    struct sp_fields fields = { path_field_table, SP_COUNT(path_field_table),
                                sp_arena_printf(loader->arena, "path_policies of '" SP_STR_FMT "'",
                                                SP_STR_ARG(param->name))
                                    .ptr };
    sp_fields_read(loader->arena, &fields, def->path_policies, &param->paths, loader->diags);
}

static void add_param(struct loader *loader, const struct sp_param *param)
{
    const struct sp_param *other = sp_map_find(&loader->schema->params, param->name);

    if (other) {
        sp_diag_error(loader->diags, SP_DIAG_SCHEMA, param->origin,
                      "parameter '" SP_STR_FMT "' of %s is defined twice%s",
                      SP_STR_ARG(param->name), loader->what,
                      other->is_output == param->is_output ? "" : ", as input and as output");
        return;
    }
    struct sp_param *kept = SP_ARENA_NEW(loader->arena, struct sp_param, 1);
    *kept = *param;
    sp_schema_add(loader->schema, kept);
}

static void load_shorthand(struct loader *loader,
                           struct sp_str name,
                           const struct sp_dict_entry *entry)
{
    struct sp_shorthand found;
    struct definition def = { 0 };

    def.param =
        (struct sp_param){ .name = name, .is_output = loader->outputs, .origin = entry->origin };
    if (!sp_shorthand_parse(entry->value.text, &found)) {
        sp_diag_error(loader->diags, SP_DIAG_DTYPE, entry->value.origin,
                      "parameter '" SP_STR_FMT "' of %s: '" SP_STR_FMT "' is not a valid dtype",
                      SP_STR_ARG(name), loader->what, SP_STR_ARG(entry->value.text));
        sp_diag_hint(loader->diags, "write the type first: int = 5 \"what it means\"");
        return;
    }
    def.param.info = found.info;
    def.param.dtype_text = found.dtype;
    def.param.required = found.required ? SP_YES : SP_UNDECIDED;
    def.param.has_default = found.has_default && !sp_str_is(found.default_text, "UNSET");
    if (def.param.has_default)
        def.param.default_value = sp_at(sp_text(found.default_text), entry->value.origin);
    load_dtype(loader, &def.param, entry->value.origin);
    load_paths(loader, &def, &def.param);
    load_category(loader, &def, &def.param);
    add_param(loader, &def.param);
}

/* The text UNSET stands for no default. */
static bool is_written(struct sp_value value)
{
    return value.kind != SP_UNSET && !(sp_is_text(value) && sp_str_is(value.text, "UNSET"));
}

/* Known keys only; unknown ones were reported before. */
static struct sp_dict *known_fields(struct loader *loader, const struct sp_dict *dict)
{
    struct sp_dict *known = sp_dict_new(loader->arena).dict;

    SP_DICT_EACH(entry, dict)
    if (sp_schema_is_field(entry->key))
        sp_dict_set_at(loader->arena, known, entry->key, entry->origin, entry->value);
    return known;
}

static void load_definition(struct loader *loader,
                            struct sp_str name,
                            const struct sp_dict_entry *entry)
{
    const struct sp_dict *dict = known_fields(loader, entry->value.dict);
    struct definition def = { 0 };
    struct sp_param *param = &def.param;
    struct sp_fields fields = { field_table, SP_COUNT(field_table),
                                sp_arena_printf(loader->arena, "parameter '" SP_STR_FMT "' of %s",
                                                SP_STR_ARG(name), loader->what)
                                    .ptr };

    param->name = name;
    param->is_output = loader->outputs;
    param->origin = entry->origin;
    sp_fields_read(loader->arena, &fields, dict, &def, loader->diags);

    const struct sp_value *written = sp_dict_get(dict, "default");
    param->has_default = written && is_written(*written);
    if (param->has_default)
        param->default_value = *written;
    param->has_implicit = def.implicit.kind != SP_NULL;
    param->implicit = def.implicit;
    param->skip_freshness_checks = def.skip_freshness_checks == SP_YES;

    const struct sp_value *dtype = sp_dict_get(dict, "dtype");
    param->dtype_text = sp_str_trim(param->dtype_text);
    load_dtype(loader, param, dtype && dtype->origin ? dtype->origin : entry->origin);
    sp_policies_load(def.policies, &param->policies, loader->diags);
    load_paths(loader, &def, param);
    load_category(loader, &def, param);
    add_param(loader, param);
}

/* --- one parameter, or a section of them -------------------------------------------------- */

static struct sp_str first_unknown(const struct sp_dict *dict)
{
    SP_DICT_EACH(entry, dict)
    if (!sp_schema_is_field(entry->key))
        return entry->key;
    return (struct sp_str){ 0 };
}

/* Could this stand as the definition of a parameter (or as a section of such)? */
static bool is_definition(struct loader *loader, struct sp_value value)
{
    struct sp_shorthand found;
    const struct sp_dtype *dtype;
    struct sp_err err = SP_ERR_INIT;

    if (sp_is_text(value))
        return sp_shorthand_parse(value.text, &found) &&
               sp_dtype_parse(loader->arena, found.dtype, &dtype, &err) == SP_OK;
    if (value.kind != SP_DICT)
        return false;
    if (!first_unknown(value.dict).ptr)
        return true;
    SP_DICT_EACH(entry, value.dict)
    if (!is_definition(loader, entry->value))
        return false;
    return true;
}

/* A mapping with unknown keys is a section by the rules of the language. With `dtype` among the
 * keys and something that cannot be a definition, a parameter with a slip in it was meant. */
static bool is_section(struct loader *loader, struct sp_value value)
{
    if (!first_unknown(value.dict).ptr)
        return false;
    return !sp_dict_get(value.dict, "dtype") || is_definition(loader, value);
}

static void offer_fields(struct sp_nearest *nearest)
{
    for (size_t i = 0; i < SP_COUNT(field_table); i++)
        sp_nearest_offer(nearest, sp_str_of(field_table[i].name));
}

static void warn_unknown_fields(struct loader *loader,
                                struct sp_str name,
                                const struct sp_dict *dict)
{
    SP_DICT_EACH(entry, dict)
    {
        if (sp_schema_is_field(entry->key))
            continue;
        struct sp_nearest nearest = SP_NEAREST(entry->key);
        offer_fields(&nearest);
        sp_diag_warning(loader->diags, SP_DIAG_UNKNOWN_KEY, entry->origin,
                        "unknown key '" SP_STR_FMT "' of parameter '" SP_STR_FMT "' is ignored",
                        SP_STR_ARG(entry->key), SP_STR_ARG(name));
        sp_diag_hint_nearest(loader->diags, &nearest);
    }
}

static void load_nested(struct loader *loader,
                        struct sp_str name,
                        const struct sp_dict_entry *entry)
{
    size_t before = loader->diags->errors;
    struct sp_nearest nearest = SP_NEAREST(first_unknown(entry->value.dict));

    load_section(loader, name, entry->value.dict);
    if (loader->diags->errors == before)
        return;
    sp_diag_error(loader->diags, SP_DIAG_SCHEMA, entry->origin,
                  "'" SP_STR_FMT "' was interpreted as nested section, but contains errors",
                  SP_STR_ARG(name));
    offer_fields(&nearest);
    if (nearest.best.ptr)
        sp_diag_hint(loader->diags,
                     "if it is meant as one parameter: '" SP_STR_FMT
                     "' is not a field of parameters; did you mean '" SP_STR_FMT "'?",
                     SP_STR_ARG(nearest.wanted), SP_STR_ARG(nearest.best));
    else
        sp_diag_hint(loader->diags,
                     "if it is meant as one parameter: '" SP_STR_FMT
                     "' is not a field of parameters",
                     SP_STR_ARG(nearest.wanted));
}

static void load_entry(struct loader *loader, struct sp_str name, const struct sp_dict_entry *entry)
{
    if (sp_is_text(entry->value)) {
        load_shorthand(loader, name, entry);
    } else if (entry->value.kind != SP_DICT) {
        sp_diag_error(loader->diags, SP_DIAG_SCHEMA,
                      entry->value.origin ? entry->value.origin : entry->origin,
                      "'" SP_STR_FMT "' of %s is not a valid schema, but %s", SP_STR_ARG(name),
                      loader->what, sp_kind_name(entry->value.kind));
        sp_diag_hint(loader->diags,
                     "write a type (\"int = 5\") or a mapping with dtype, info, default ...");
    } else if (is_section(loader, entry->value)) {
        load_nested(loader, name, entry);
    } else {
        warn_unknown_fields(loader, name, entry->value.dict);
        load_definition(loader, name, entry);
    }
}

static void load_section(struct loader *loader, struct sp_str prefix, const struct sp_dict *dict)
{
    SP_DICT_EACH(entry, dict)
    {
        if (sp_str_is(entry->key, "subsection"))
            continue;
        struct sp_str name =
            prefix.len ? sp_arena_join(loader->arena, prefix, ".", entry->key) : entry->key;
        load_entry(loader, name, entry);
    }
}

void sp_schema_load(struct sp_arena *arena,
                    const struct sp_dict *inputs,
                    const struct sp_dict *outputs,
                    const char *what,
                    struct sp_schema *out,
                    struct sp_diags *diags)
{
    struct loader loader = { .arena = arena, .schema = out, .diags = diags, .what = what };

    *out = (struct sp_schema){ 0 };
    if (inputs)
        load_section(&loader, SP_STR(""), inputs);
    loader.outputs = true;
    if (outputs)
        load_section(&loader, SP_STR(""), outputs);
}

/* --- the set ------------------------------------------------------------------------------ */

void sp_schema_add(struct sp_schema *schema, struct sp_param *param)
{
    struct sp_str name = param->name;

    sp_map_set(&schema->params, name, param);
    for (size_t dot = sp_str_rfind(name, '.'); dot != SIZE_MAX; dot = sp_str_rfind(name, '.')) {
        name = sp_str_slice(name, 0, dot);
        if (sp_map_has(&schema->sections, name))
            return;
        sp_map_set(&schema->sections, name, param);
    }
}

void sp_schema_fini(struct sp_schema *schema)
{
    sp_map_fini(&schema->params);
    sp_map_fini(&schema->sections);
}

/* --- questions ---------------------------------------------------------------------------- */

bool sp_param_is_named_output(const struct sp_param *param)
{
    return param->is_output && !param->has_implicit && sp_dtype_is_file(param->dtype);
}

bool sp_param_is_file_type(const struct sp_param *param)
{
    return sp_dtype_is_file(param->dtype) || sp_dtype_is_file_list(param->dtype);
}

struct sp_param *sp_schema_find(const struct sp_schema *schema, struct sp_str name)
{
    return sp_map_find(&schema->params, name);
}

bool sp_schema_has_section(const struct sp_schema *schema, struct sp_str name)
{
    return sp_map_has(&schema->sections, name);
}

/* --- supplied values ---------------------------------------------------------------------- */

static void flatten(struct sp_arena *arena,
                    const struct sp_schema *schema,
                    struct sp_str prefix,
                    const struct sp_dict *values,
                    struct sp_dict *out)
{
    SP_DICT_EACH(entry, values)
    {
        struct sp_str name =
            prefix.len ? sp_arena_join(arena, prefix, ".", entry->key) : entry->key;
        if (entry->value.kind == SP_DICT && sp_schema_has_section(schema, name))
            flatten(arena, schema, name, entry->value.dict, out);
        else
            sp_dict_set_at(arena, out, name, entry->origin, entry->value);
    }
}

struct sp_dict *sp_schema_flatten(struct sp_arena *arena,
                                  const struct sp_schema *schema,
                                  const struct sp_dict *values)
{
    struct sp_dict *flat = sp_dict_new(arena).dict;

    if (values)
        flatten(arena, schema, SP_STR(""), values, flat);
    return flat;
}

const char *sp_param_field_name(size_t i)
{
    return i < SP_COUNT(field_table) ? field_table[i].name : NULL;
}

const char *sp_path_policy_name(size_t i)
{
    return i < SP_COUNT(path_field_table) ? path_field_table[i].name : NULL;
}
