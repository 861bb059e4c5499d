/* SPDX-License-Identifier: BSD-3-Clause */
/* The input is YAML with `effects`, as in cabs/effects.yml, and `cabs` with sections `recompute`.
 * Properties: what is wrong is a finding with a text; of each cab and program what the cab says
 * itself counts, then what the library says, and all of it can be asked for each parameter. */
#include "lang/origin.h"
#include "lang/yaml.h"
#include "recipe/cab.h"
#include "recipe/effects.h"

#include <stdlib.h>

#define INPUT_MAX 16384

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void require(bool ok)
{
    if (!ok)
        abort();
}

static bool says(const struct sp_effects *effects, enum sp_effects_field field)
{
    return effects && (effects->written & (1U << field));
}

static void check_texts(const struct sp_list *list)
{
    if (list)
        SP_LIST_EACH(item, list)
    require(sp_is_text(*item));
}

static void check_effects(const struct sp_effects *effects)
{
    const struct sp_list *const lists[] = { effects->reads, effects->environment, effects->ignore };

    for (size_t i = 0; i < SP_COUNT(lists); i++)
        check_texts(lists[i]);
    for (size_t i = 0; i < effects->column_count; i++) {
        check_texts(effects->columns[i].reads);
        check_texts(effects->columns[i].writes);
    }
    require(!effects->never || says(effects, SP_EFFECTS_REUSE));
    require(!effects->compare || says(effects, SP_EFFECTS_COMPARE));
}

static void check_merged(const struct sp_effects *own,
                         const struct sp_effects *general,
                         const struct sp_effects *merged)
{
    unsigned both = (own ? own->written : 0) | (general ? general->written : 0);
    const struct sp_effects *reuse = says(own, SP_EFFECTS_REUSE) ? own : general;
    const struct sp_effects *columns = says(own, SP_EFFECTS_COLUMNS) ? own : general;

    require(merged->written == both);
    require(merged->never == (reuse && reuse->never));
    require(merged->column_count == (columns ? columns->column_count : 0));
}

static void check_cab(struct sp_arena *arena,
                      const struct sp_effects_library *library,
                      const struct sp_cab *cab)
{
    check_effects(sp_effects_of(arena, library, cab, cab->command));
    SP_MAP_EACH (program, &library->by_program) {
        const struct sp_effects *effects = sp_effects_of(arena, library, cab, program->key);
        check_effects(effects);
        if (cab->flavour != SP_FLAVOUR_CASA && sp_str_find(program->key, '/') == SIZE_MAX)
            check_merged(cab->effects, program->value, effects);
        SP_MAP_EACH (entry, &cab->schema.params) {
            const struct sp_column_effects *columns = sp_effects_columns(effects, entry->value);
            require(!columns || columns->param.len);
            (void)sp_effects_ignore(effects, entry->value);
        }
    }
}

static void check_document(struct sp_arena *arena, struct sp_value value, struct sp_diags *diags)
{
    struct sp_effects_library library;
    const struct sp_value *cabs = value.kind == SP_DICT ? sp_dict_get(value.dict, "cabs") : NULL;

    sp_effects_library_load(arena, value, &library, diags);
    SP_MAP_EACH (program, &library.by_program)
        check_effects(program->value);
    if (cabs && cabs->kind == SP_DICT)
        SP_DICT_EACH(entry, cabs->dict)
        {
            struct sp_cab *cab = sp_cab_load(arena, entry->key, entry->value, diags);
            require(cab || diags->errors);
            if (cab)
                check_cab(arena, &library, cab);
            sp_cab_fini(cab);
        }
    sp_effects_library_fini(&library);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    struct sp_str text = { (const char *)data, SP_MIN(size, (size_t)INPUT_MAX) };
    sp_auto_arena struct sp_arena *arena = sp_arena_new();
    struct sp_origins *origins = sp_origins_new();
    struct sp_diags diags;
    struct sp_err err = SP_ERR_INIT;
    struct sp_value value;

    sp_diags_init(&diags, arena, origins);
    if (sp_yaml_parse(arena, origins, SP_STR("effects.yml"), text, SP_YAML_CONFIG, &diags, &value,
                      &err) == SP_OK)
        check_document(arena, value, &diags);
    for (size_t i = 0; i < diags.len; i++)
        require(diags.items[i].text && diags.items[i].text[0]);
    sp_diags_fini(&diags);
    sp_origins_free(origins);
    return 0;
}
