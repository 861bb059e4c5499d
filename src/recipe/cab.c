/* SPDX-License-Identifier: BSD-3-Clause */
#include "recipe/cab.h"

#include "base/nearest.h"

#include "recipe/effects.h"
#include "recipe/fields.h"
#include "recipe/setting.h"
#include "recipe/words.h"

/* --- the sections of a cab ---------------------------------------------------------------- */

struct written {
    struct sp_cab cab;
    const struct sp_dict *inputs, *outputs, *defaults, *policies, *management, *recompute;
    struct sp_value command, flavour;
    struct sp_str parameter_passing;
};

struct management {
    const struct sp_dict *environment, *wranglers;
};

/* clang-format off */
#define FIELD(name, kind, member) { (name), kind, offsetof(struct written, member) }
#define MANAGEMENT(name, kind, member) { (name), kind, offsetof(struct management, member) }
/* clang-format on */

static const struct sp_field cab_fields[] = {
    FIELD("name", SP_FIELD_IGNORED, cab),
    FIELD("fqname", SP_FIELD_IGNORED, cab),
    FIELD("info", SP_FIELD_TEXT, cab.info),
    FIELD("extra_info", SP_FIELD_MAPPING, cab.extra_info),
    FIELD("command", SP_FIELD_ANY, command),
    FIELD("args", SP_FIELD_TEXTS, cab.args),
    FIELD("flavour", SP_FIELD_ANY, flavour),
    FIELD("image", SP_FIELD_ANY, cab.image),
    FIELD("inputs", SP_FIELD_MAPPING, inputs),
    FIELD("outputs", SP_FIELD_MAPPING, outputs),
    FIELD("defaults", SP_FIELD_MAPPING, defaults),
    FIELD("dynamic_schema", SP_FIELD_TEXT, cab.dynamic_schema),
    FIELD("policies", SP_FIELD_MAPPING, policies),
    FIELD("parameter_passing", SP_FIELD_TEXT, parameter_passing),
    FIELD("management", SP_FIELD_MAPPING, management),
    FIELD("backend", SP_FIELD_ANY, cab.backend),
    FIELD("preamble", SP_FIELD_MAPPING, cab.preamble),
    FIELD("epilogue", SP_FIELD_MAPPING, cab.epilogue),
    FIELD("recompute", SP_FIELD_MAPPING, recompute), /* ours */
    /* of earlier versions of the language; a finding says where they went */
    FIELD("virtual_env", SP_FIELD_IGNORED, cab),
    FIELD("runtime", SP_FIELD_IGNORED, cab),
};

static const struct sp_field management_fields[] = {
    MANAGEMENT("environment", SP_FIELD_MAPPING, environment),
    MANAGEMENT("wranglers", SP_FIELD_MAPPING, wranglers),
    MANAGEMENT("cleanup", SP_FIELD_IGNORED, environment),
};

#undef FIELD
#undef MANAGEMENT

/* --- flavours ----------------------------------------------------------------------------- */

#define PYTHON_OPTIONS "interpreter_binary", "interpreter_command", "pre_commands", "post_commands"

static const struct flavour {
    const char *name;
    enum sp_flavour flavour;
    const char *options[10];
} flavours[] = {
    { "binary", SP_FLAVOUR_BINARY, { NULL } },
    { "python", SP_FLAVOUR_PYTHON, { "output", "output_dict", PYTHON_OPTIONS } },
    { "python-code",
      SP_FLAVOUR_PYTHON_CODE,
      { "input_vars", "input_dict", "output_vars", "subst", PYTHON_OPTIONS } },
    { "casa-task", SP_FLAVOUR_CASA, { "path", "opts", "wrapper", "output", "output_dict" } },
};

#undef PYTHON_OPTIONS

static const struct flavour *find_flavour(struct sp_value kind, struct sp_nearest *nearest)
{
    for (size_t i = 0; i < SP_COUNT(flavours); i++) {
        if (sp_is_text(kind) && sp_str_is(kind.text, flavours[i].name))
            return &flavours[i];
        sp_nearest_offer(nearest, sp_str_of(flavours[i].name));
    }
    return NULL;
}

static void check_flavour_options(const struct flavour *flavour,
                                  const struct sp_dict *options,
                                  struct sp_diags *diags)
{
    SP_DICT_EACH(entry, options)
    {
        bool known = sp_str_is(entry->key, "kind");
        struct sp_nearest nearest = SP_NEAREST(entry->key);
        for (size_t i = 0; i < SP_COUNT(flavour->options) && flavour->options[i]; i++) {
            known = known || sp_str_is(entry->key, flavour->options[i]);
            sp_nearest_offer(&nearest, sp_str_of(flavour->options[i]));
        }
        if (known)
            continue;
        sp_diag_error(diags, SP_DIAG_UNKNOWN_KEY, entry->origin,
                      "unknown option '" SP_STR_FMT "' of flavour %s", SP_STR_ARG(entry->key),
                      flavour->name);
        sp_diag_hint_nearest(diags, &nearest);
    }
}

static bool is_set(const struct sp_dict *options, const char *name)
{
    const struct sp_value *value = options ? sp_dict_get(options, name) : NULL;

    return value && sp_truth(*value);
}

static void load_flavour(struct sp_cab *cab, struct sp_value flavour, struct sp_diags *diags)
{
    struct sp_value kind = flavour;
    uint32_t origin = flavour.origin ? flavour.origin : cab->origin;

    if (flavour.kind == SP_NULL)
        return;
    if (flavour.kind == SP_DICT) {
        const struct sp_value *written = sp_dict_get(flavour.dict, "kind");
        if (!written) {
            sp_diag_error(diags, SP_DIAG_CAB, origin,
                          "flavour of cab '" SP_STR_FMT "' has no 'kind'", SP_STR_ARG(cab->name));
            return;
        }
        kind = *written;
        cab->flavour_options = flavour.dict;
    }
    struct sp_nearest nearest = SP_NEAREST(sp_is_text(kind) ? kind.text : SP_STR(""));
    const struct flavour *found = find_flavour(kind, &nearest);
    if (!found) {
        sp_diag_error(diags, SP_DIAG_CAB, kind.origin ? kind.origin : origin,
                      "cab '" SP_STR_FMT "' has unknown flavour '" SP_STR_FMT "'",
                      SP_STR_ARG(cab->name), SP_STR_ARG(nearest.wanted));
        sp_diag_hint_nearest(diags, &nearest);
        return;
    }
    cab->flavour = found->flavour;
    if (cab->flavour_options)
        check_flavour_options(found, cab->flavour_options, diags);
    if (is_set(cab->flavour_options, "output") && is_set(cab->flavour_options, "output_dict"))
        sp_diag_error(diags, SP_DIAG_CAB, origin,
                      "flavour of cab '" SP_STR_FMT "' has both output and output_dict",
                      SP_STR_ARG(cab->name));
}

/* --- the rest ----------------------------------------------------------------------------- */

static void load_management(struct sp_arena *arena,
                            struct sp_cab *cab,
                            const struct sp_dict *dict,
                            struct sp_diags *diags)
{
    struct management management = { 0 };
    struct sp_fields fields = { management_fields, SP_COUNT(management_fields), "management" };

    if (dict)
        sp_fields_read(arena, &fields, dict, &management, diags);
    cab->environment = management.environment;
    cab->wranglers = sp_wranglers_load(arena, management.wranglers, diags);
}

static void load_passing(struct sp_cab *cab, struct sp_str passing, struct sp_diags *diags)
{
    cab->pass_as_yaml = sp_str_is(passing, "yaml");
    if (passing.len && !cab->pass_as_yaml && !sp_str_is(passing, "args"))
        sp_diag_error(diags, SP_DIAG_CAB, cab->origin,
                      "parameter_passing of cab '" SP_STR_FMT
                      "' must be args or yaml, not '" SP_STR_FMT "'",
                      SP_STR_ARG(cab->name), SP_STR_ARG(passing));
}

static void check_default(const struct sp_cab *cab,
                          const struct sp_dict_entry *entry,
                          struct sp_diags *diags)
{
    const struct sp_param *param = sp_schema_find(&cab->schema, entry->key);

    if (param && param->has_implicit) {
        sp_diag_error(diags, SP_DIAG_IMPLICIT, entry->origin,
                      "implicit parameter '" SP_STR_FMT "' of cab '" SP_STR_FMT
                      "' cannot have a default",
                      SP_STR_ARG(entry->key), SP_STR_ARG(cab->name));
    } else if (!param && !cab->dynamic_schema.len) {
        struct sp_nearest nearest = SP_NEAREST(entry->key);
        SP_MAP_EACH (known, &cab->schema.params)
            sp_nearest_offer(&nearest, known->key);
        sp_diag_warning(diags, SP_DIAG_UNKNOWN_PARAM, entry->origin,
                        "default for '" SP_STR_FMT "', which is no parameter of cab '" SP_STR_FMT
                        "'",
                        SP_STR_ARG(entry->key), SP_STR_ARG(cab->name));
        sp_diag_hint_nearest(diags, &nearest);
    }
}

static void warn_obsolete(const struct sp_cab *cab,
                          const struct sp_dict *dict,
                          struct sp_diags *diags)
{
    static const struct {
        const char *key, *hint;
    } obsolete[] = {
        { "virtual_env", "write backend: {native: {virtual_env: ...}}" },
        { "runtime", "write the settings under backend" },
    };

    for (size_t i = 0; i < SP_COUNT(obsolete); i++) {
        const struct sp_dict_entry *entry = sp_dict_entry_of(dict, sp_str_of(obsolete[i].key));
        if (!entry || entry->value.kind == SP_NULL)
            continue;
        sp_diag_warning(diags, SP_DIAG_CAB, entry->origin,
                        "'%s' of cab '" SP_STR_FMT "' is obsolete and ignored", obsolete[i].key,
                        SP_STR_ARG(cab->name));
        sp_diag_hint(diags, "%s", obsolete[i].hint);
    }
}

static bool load_command(struct sp_arena *arena,
                         struct sp_cab *cab,
                         struct sp_value command,
                         struct sp_diags *diags)
{
    if (command.kind != SP_NULL && sp_field_text(arena, command, &cab->command) &&
        sp_str_trim(cab->command).len) {
        cab->command_origin = command.origin;
        return true;
    }
    sp_diag_error(diags, SP_DIAG_CAB, command.origin ? command.origin : cab->origin,
                  "cab '" SP_STR_FMT "' has no command", SP_STR_ARG(cab->name));
    return false;
}

struct sp_cab *sp_cab_load(struct sp_arena *arena,
                           struct sp_str name,
                           struct sp_value value,
                           struct sp_diags *diags)
{
    struct written *written = SP_ARENA_NEW(arena, struct written, 1);
    struct sp_cab *cab = &written->cab;
    const char *what = sp_arena_printf(arena, "cab '" SP_STR_FMT "'", SP_STR_ARG(name)).ptr;
    struct sp_fields fields = { cab_fields, SP_COUNT(cab_fields), what };

    if (value.kind != SP_DICT) {
        sp_diag_error(diags, SP_DIAG_CAB, value.origin, "%s must be a mapping, not a %s", what,
                      sp_kind_name(value.kind));
        return NULL;
    }
    cab->name = name;
    cab->origin = value.origin;
    cab->written = value.dict;
    sp_fields_read(arena, &fields, value.dict, written, diags);
    if (!load_command(arena, cab, written->command, diags))
        return NULL;
    warn_obsolete(cab, value.dict, diags);
    sp_setting_check_backend(diags, what, cab->backend);
    load_flavour(cab, written->flavour, diags);
    load_passing(cab, written->parameter_passing, diags);
    load_management(arena, cab, written->management, diags);
    sp_policies_load(written->policies, &cab->policies, diags);
    sp_schema_load(arena, written->inputs, written->outputs, what, &cab->schema, diags);
    cab->defaults = sp_schema_flatten(arena, &cab->schema, written->defaults);
    SP_DICT_EACH(entry, cab->defaults)
    check_default(cab, entry, diags);
    if (written->recompute)
        cab->effects = sp_effects_load(arena, written->recompute,
                                       cab->dynamic_schema.len ? NULL : &cab->schema, what, diags);
    return cab;
}

void sp_cab_fini(struct sp_cab *cab)
{
    if (!cab)
        return;
    sp_wranglers_free(cab->wranglers);
    cab->wranglers = NULL;
    sp_schema_fini(&cab->schema);
}

const char *sp_cab_field_name(size_t i)
{
    return i < SP_COUNT(cab_fields) ? cab_fields[i].name : NULL;
}

const char *sp_management_field_name(size_t i)
{
    return i < SP_COUNT(management_fields) ? management_fields[i].name : NULL;
}

const char *sp_flavour_name(size_t i)
{
    return i < SP_COUNT(flavours) ? flavours[i].name : NULL;
}
