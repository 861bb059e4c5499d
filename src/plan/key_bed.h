/* SPDX-License-Identifier: BSD-3-Clause */
/* key_bed.h - what the tests of roles and keys stand on: a recipe is walked to the step `r.s`,
 * whose roles and key are taken. For test programs only. */
#pragma once

#include "base/tap.h"

#include "lang/compose.h"
#include "lang/path.h"
#include "lang/world_fake.h"
#include "plan/hidden.h"
#include "plan/key.h"

#include <assert.h>

#define BED_FILES 24

/* What may be different from one time to the next. */
struct bed_setting {
    const char *recipe;
    struct sp_world_file files[BED_FILES]; /* their texts are their versions; of a directory that of
                                              its file "version" */
    const char *cwd, *home;
    struct sp_world_pair env[4];
    const char *program, *salt;
    const char *library; /* YAML of cabs/effects.yml; NULL: none */
    bool in_image;
};

struct bed_result {
    bool ran; /* the step was reached */
    struct sp_roles roles;
    struct sp_preimage preimage;
    bool reusable;
    struct sp_str why;
    const char *findings;
};

static inline struct sp_str bed_version(void *arg,
                                        struct sp_arena *arena,
                                        const struct sp_role *role)
{
    const struct sp_world *world = arg;
    struct sp_err ignored = SP_ERR_INIT;
    struct sp_str text = SP_STR("");

    if (world->kind(world->arg, role->path) == SP_PATH_DIR)
        (void)!world->read(world->arg, sp_arena_join(arena, role->path, "/", SP_STR("version")),
                           arena, &text, &ignored);
    else
        (void)!world->read(world->arg, role->path, arena, &text, &ignored);
    for (size_t i = 0; i < role->read_count; i++) /* a column has the version of the whole here */
        text = sp_arena_join(arena, text, "/", role->reads[i]);
    return text;
}

static inline void bed_take(struct sp_arena *arena,
                            const struct bed_setting *setting,
                            const struct sp_world *world,
                            const struct sp_task *task,
                            const struct sp_effects_library *library,
                            struct bed_result *out)
{
    struct sp_key_memo memo = { 0 };
    struct sp_roles_request roles = {
        .arena = arena,
        .world = world,
        .cab = task->cab,
        .values = task->inputs,
        .effects = sp_effects_of(arena, library, task->cab, task->command.short_name),
        .in_image = setting->in_image,
    };

    roles.effects = sp_hidden_ignore(&roles);
    sp_roles_collect(&roles, &out->roles);
    out->reusable = sp_roles_reusable(&roles, &out->roles, &out->why);
    struct sp_key_request request = {
        .arena = arena,
        .memo = &memo,
        .task = task,
        .roles = &out->roles,
        .effects = roles.effects,
        .world = world,
        .version = bed_version,
        .version_arg = (void *)(uintptr_t)world,
        .program = sp_str_of(setting->program),
        .salt = sp_str_of(setting->salt),
    };
    sp_key_make(&request, &out->preimage);
    struct sp_preimage again;
    sp_key_make(&request, &again); /* now the cab is remembered */
    assert(sp_digest_eq(&again.key, &out->preimage.key));
    sp_key_memo_fini(&memo);
    out->ran = true;
}

static inline void bed_walk(struct sp_arena *arena,
                            const struct bed_setting *setting,
                            const struct sp_world *world,
                            struct sp_config *config,
                            struct bed_result *out)
{
    struct sp_effects_library library = { 0 };
    struct sp_value document = sp_null();
    struct sp_err err = SP_ERR_INIT;
    struct sp_walk_options options = {
        .config = config,
        .world = world,
        .diags = config->diags,
        .recipe = sp_config_recipe(config, SP_STR("r")),
        .params = sp_dict_new(arena).dict,
    };
    struct sp_walk *walk = NULL;
    struct sp_action action;

    struct sp_origins *origins = sp_origins_new();
    if (setting->library &&
        sp_yaml_parse(arena, origins, SP_STR("effects.yml"), sp_str_of(setting->library),
                      SP_YAML_CONFIG, config->diags, &document, &err) == SP_OK)
        sp_effects_library_load(arena, document, &library, config->diags);
    bool ok = sp_walk_new(&options, &walk, &err) == SP_OK;
    while (ok && sp_walk_next(walk, &action)) {
        struct sp_outcome outcome = { .success = true };
        if (action.kind == SP_ACTION_RUN && sp_str_is(action.position->label, "s") && !out->ran)
            bed_take(arena, setting, world, action.task, &library, out);
        if (action.kind == SP_ACTION_RUN)
            sp_walk_done(walk, &outcome);
    }
    sp_walk_free(walk);
    sp_effects_library_fini(&library);
    sp_origins_free(origins);
}

/* Results live in `arena`; pointers to parameters in roles do not outlive this. */
static inline struct bed_result bed_run(struct sp_arena *arena, const struct bed_setting *setting)
{
    struct bed_result out = { .findings = "" };
    struct sp_world_fake fake = {
        .files = setting->files, .cwd = setting->cwd, .home = setting->home, .env = setting->env
    };
    struct sp_origins *origins = sp_origins_new();
    struct sp_world world;
    struct sp_diags diags;
    struct sp_config config;
    struct sp_value document = sp_null();
    struct sp_err err = SP_ERR_INIT;

    while (fake.len < BED_FILES && setting->files[fake.len].path)
        fake.len++;
    while (fake.env_len < SP_COUNT(setting->env) && setting->env[fake.env_len].name)
        fake.env_len++;
    sp_world_fake_init(&world, &fake);
    sp_diags_init(&diags, arena, origins);
    sp_config_init(&config, arena, &diags);
    struct sp_composer composer = {
        .arena = arena, .origins = origins, .diags = &diags, .world = &world
    };
    if (sp_compose_text(&composer, SP_STR("recipe.yml"), world.cwd, sp_str_of(setting->recipe),
                        SP_NO_SOURCES, &document, &err) == SP_OK) {
        sp_config_add(&config, document);
        bed_walk(arena, setting, &world, &config, &out);
    }
    for (size_t i = 0; i < diags.len && !out.ran; i++)
        out.findings = sp_arena_printf(arena, "%s# %s\n", out.findings, diags.items[i].text).ptr;
    sp_composer_fini(&composer);
    sp_config_fini(&config);
    sp_diags_fini(&diags);
    sp_origins_free(origins);
    sp_world_fake_fini(&fake);
    return out;
}
