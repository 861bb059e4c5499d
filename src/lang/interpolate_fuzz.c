/* SPDX-License-Identifier: BSD-3-Clause */
/* interpolate_fuzz.c - YAML with ${...}: what has none stays as it is, and what is resolved without
 * a finding is the same each time. */
#include "lang/interpolate.h"
#include "lang/origin.h"
#include "lang/world_fake.h"
#include "lang/yaml.h"
#include "value/text.h"

#include <stdlib.h>

#define INPUT_MAX ((size_t)8192)

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void require(bool ok)
{
    if (!ok)
        abort();
}

static struct sp_str shown(struct sp_arena *arena, struct sp_value value)
{
    sp_auto_buf struct sp_buf text = SP_BUF(SP_BUF_LARGE);

    sp_value_repr(value, &text);
    return sp_arena_str(arena, sp_buf_str(&text));
}

static void resolve(const struct sp_interpolation *how, struct sp_str text, struct sp_value tree)
{
    size_t before = how->diags->len;
    struct sp_str written = shown(how->arena, tree);
    struct sp_value first = sp_interpolate(how, tree);

    require(sp_str_eq(shown(how->arena, tree), written));
    if (sp_str_find_str(text, SP_STR("$")) == SIZE_MAX)
        require(how->diags->len == before && sp_str_eq(shown(how->arena, first), written));
    if (how->diags->len == before)
        require(sp_str_eq(shown(how->arena, sp_interpolate(how, tree)), shown(how->arena, first)));
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    static const struct sp_world_pair env[] = { { "HOME", "/home/user" }, { "N", "12" } };
    struct sp_str text = { (const char *)data, SP_MIN(size, INPUT_MAX) };
    sp_auto_arena struct sp_arena *arena = sp_arena_new();
    struct sp_world_fake fake = { .env = env, .env_len = SP_COUNT(env) };
    struct sp_world world;
    struct sp_diags diags;
    struct sp_value tree;
    struct sp_err err = SP_ERR_INIT;
    struct sp_interpolation how = {
        .arena = arena,
        .origins = sp_origins_new(),
        .diags = &diags,
        .world = &world,
        .path = SP_STR("/data/dir/fuzz.yml"),
        .dir = SP_STR("/data/dir"),
    };

    sp_world_fake_init(&world, &fake);
    sp_diags_init(&diags, arena, how.origins);
    if (sp_yaml_parse(arena, how.origins, SP_STR("fuzz.yml"), text, SP_YAML_CONFIG, &diags, &tree,
                      &err) == SP_OK)
        resolve(&how, text, tree);
    sp_diags_fini(&diags);
    sp_world_fake_fini(&fake);
    sp_origins_free(how.origins);
    return 0;
}
