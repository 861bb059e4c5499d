/* SPDX-License-Identifier: BSD-3-Clause */
/* schema_fuzz.c - any text as a shorthand, and as YAML of an inputs section: what is loaded is
 * whole, what is refused has a finding, supplied values are flattened to the same names twice. */
#include "lang/origin.h"
#include "lang/yaml.h"
#include "recipe/schema.h"

#include <stdlib.h>

#define INPUT_MAX 16384

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void require(bool ok)
{
    if (!ok)
        abort();
}

static bool is_part(struct sp_str part, struct sp_str whole)
{
    return part.len == 0 || (part.ptr >= whole.ptr && part.ptr + part.len <= whole.ptr + whole.len);
}

static void check_shorthand(struct sp_str text)
{
    struct sp_shorthand found = { .required = true, .has_default = true };

    if (!sp_shorthand_parse(text, &found)) {
        require(found.required && found.has_default);
        return;
    }
    require(found.dtype.len && !(found.required && found.has_default));
    require(is_part(found.dtype, text) && is_part(found.info, text));
    require(is_part(found.default_text, text));
}

static void check_params(const struct sp_schema *schema)
{
    SP_MAP_EACH (entry, &schema->params) {
        const struct sp_param *param = entry->value;
        require(param->dtype && sp_str_eq(param->name, entry->key));
        require(sp_schema_find(schema, entry->key) == param);
        require(param->category <= SP_HIDDEN);
    }
}

static void check_flatten(struct sp_arena *arena,
                          const struct sp_schema *schema,
                          const struct sp_dict *values)
{
    const struct sp_dict *once = sp_schema_flatten(arena, schema, values);
    const struct sp_dict *twice = sp_schema_flatten(arena, schema, once);

    SP_DICT_EACH(entry, once)
    require(entry->value.kind == SP_DICT || sp_dict_find(twice, entry->key));
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    struct sp_str text = { (const char *)data, SP_MIN(size, (size_t)INPUT_MAX) };
    sp_auto_arena struct sp_arena *arena = sp_arena_new();
    struct sp_origins *origins = sp_origins_new();
    struct sp_schema schema = { 0 };
    struct sp_diags diags;
    struct sp_err err = SP_ERR_INIT;
    struct sp_value value;

    check_shorthand(text);
    sp_diags_init(&diags, arena, origins);
    if (sp_yaml_parse(arena, origins, SP_STR("schema.yml"), text, SP_YAML_CONFIG, &diags, &value,
                      &err) == SP_OK &&
        value.kind == SP_DICT) {
        sp_schema_load(arena, value.dict, NULL, "cab 'fuzz'", &schema, &diags);
        check_params(&schema);
        check_flatten(arena, &schema, value.dict);
    }
    sp_schema_fini(&schema);
    sp_diags_fini(&diags);
    sp_origins_free(origins);
    return 0;
}
