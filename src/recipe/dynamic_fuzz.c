/* SPDX-License-Identifier: BSD-3-Clause */
/* dynamic_fuzz.c - any text as what a Python function answers about the parameters of a cab: the
 * variant is whole, or the answer is refused with a reason. */
#include "lang/origin.h"
#include "lang/world_fake.h"
#include "lang/yaml.h"
#include "recipe/dynamic.h"

#include <stdlib.h>

#define INPUT_MAX ((size_t)8192)

static const char cab_text[] = "command: tool\n"
                               "dynamic_schema: pkg.module.schema\n"
                               "inputs: {n: int, name: {dtype: str, default: x}}\n"
                               "outputs: {image: {dtype: File, implicit: 'o.fits'}}\n";

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static struct sp_str reply;

static enum sp_rc answer(void *arg,
                         struct sp_str request,
                         struct sp_arena *arena,
                         struct sp_str *out,
                         struct sp_err *err)
{
    (void)arg;
    (void)request;
    (void)err;
    *out = sp_arena_str(arena, reply);
    return SP_OK;
}

static void require(bool ok)
{
    if (!ok)
        abort();
}

static void check_variant(const struct sp_cab *cab)
{
    SP_MAP_EACH (entry, &cab->schema.params) {
        const struct sp_param *param = entry->value;
        require(param->dtype && sp_str_eq(param->name, entry->key));
    }
}

static void ask(struct sp_arena *arena, const struct sp_cab *cab)
{
    struct sp_world_fake fake = { 0 };
    struct sp_world world;
    struct sp_err err = SP_ERR_INIT;
    const struct sp_cab *variant = NULL;

    sp_world_fake_init(&world, &fake);
    world.call = answer;
    struct sp_dynamic *dynamic = sp_dynamic_new(arena, &world);
    if (sp_dynamic_variant(dynamic, cab, sp_dict_new(arena).dict, &variant, &err) == SP_OK)
        check_variant(variant);
    else
        require(!variant && err.text[0]);
    sp_dynamic_free(dynamic);
    sp_world_fake_fini(&fake);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    sp_auto_arena struct sp_arena *arena = sp_arena_new();
    struct sp_origins *origins = sp_origins_new();
    struct sp_diags diags;
    struct sp_err err = SP_ERR_INIT;
    struct sp_value value;

    reply = (struct sp_str){ (const char *)data, SP_MIN(size, INPUT_MAX) };
    sp_diags_init(&diags, arena, origins);
    if (sp_yaml_parse(arena, origins, SP_STR("cab.yml"), sp_str_of(cab_text), SP_YAML_CONFIG,
                      &diags, &value, &err) == SP_OK) {
        struct sp_cab *cab = sp_cab_load(arena, SP_STR("tool"), value, &diags);
        require(cab);
        ask(arena, cab);
        sp_cab_fini(cab);
    }
    sp_diags_fini(&diags);
    sp_origins_free(origins);
    return 0;
}
