/* SPDX-License-Identifier: BSD-3-Clause */
/* Any YAML text, taken as a recipe and walked through dry and as if run: it ends, nothing crashes,
 * actions come in an order that makes sense. */
#include "lang/compose.h"
#include "lang/world_fake.h"
#include "plan/walk.h"

#include <stdlib.h>

#define MAX_ACTIONS 2000
#define MAX_TEXT    20000

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static const struct sp_world_file files[] = {
    { "a.ms", NULL },
    { "b.ms", NULL },
    { "in.txt", "", .mtime = 5 },
    { "out.txt", "", .mtime = 7 },
};

/* Recipes are entered and left in pairs, a cab step runs between its STEP and its end. */
struct order {
    unsigned depth;
    bool in_step, over;
};

static void check_order(struct order *order, const struct sp_action *action)
{
    if (order->over || !action->position)
        abort();
    if (order->in_step && action->kind != SP_ACTION_RUN && action->kind != SP_ACTION_END &&
        action->kind != SP_ACTION_FAIL && action->kind != SP_ACTION_SKIP)
        abort();
    if (action->kind == SP_ACTION_RUN && (!order->in_step || !action->task->command.argv))
        abort();
    if (action->kind == SP_ACTION_STEP)
        order->in_step = true;
    else if (action->kind != SP_ACTION_RUN)
        order->in_step = false;
    if (action->kind == SP_ACTION_ENTER)
        order->depth++;
    if (action->kind == SP_ACTION_LEAVE && order->depth-- == 0)
        abort();
    order->over = action->kind == SP_ACTION_FAIL;
}

static void walk_through(struct sp_config *config, const struct sp_world *world, bool dry)
{
    static const struct sp_outcome fine = { .success = true };
    struct sp_walk_options options = {
        .config = config, .world = world, .diags = config->diags, .dry = dry
    };
    struct sp_walk *walk = NULL;
    struct sp_action action;
    struct sp_err err = SP_ERR_INIT;
    struct order order = { 0 };

    if (!config->top_level->len)
        return;
    options.recipe = sp_config_recipe(config, config->top_level->items[0].text);
    if (!options.recipe)
        return;
    bool usable = sp_walk_new(&options, &walk, &err) == SP_OK;
    for (unsigned i = 0; i < MAX_ACTIONS && sp_walk_next(walk, &action); i++) {
        if (!usable)
            abort();
        check_order(&order, &action);
        if (action.kind == SP_ACTION_RUN)
            sp_walk_done(walk, &fine);
    }
    (void)sp_walk_schema(walk);
    sp_walk_free(walk);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    struct sp_world_fake fake = { .files = files, .len = SP_COUNT(files) };
    struct sp_arena *arena = sp_arena_new();
    struct sp_origins *origins = sp_origins_new();
    struct sp_str text = { (const char *)data, size };
    struct sp_value document = sp_null();
    struct sp_err err = SP_ERR_INIT;
    struct sp_world world;
    struct sp_diags diags;

    sp_world_fake_init(&world, &fake);
    sp_diags_init(&diags, arena, origins);
    struct sp_composer composer = {
        .arena = arena, .origins = origins, .diags = &diags, .world = &world
    };
    if (size <= MAX_TEXT && sp_compose_text(&composer, SP_STR("fuzz.yml"), SP_STR("/work"), text,
                                            SP_NO_SOURCES, &document, &err) == SP_OK) {
        for (unsigned dry = 0; dry < 2; dry++) {
            struct sp_config config;
            sp_diags_fini(&diags);
            sp_config_init(&config, arena, &diags);
            sp_config_add(&config, document);
            walk_through(&config, &world, dry == 0);
            sp_config_fini(&config);
        }
    }
    sp_composer_fini(&composer);
    sp_diags_fini(&diags);
    sp_world_fake_fini(&fake);
    sp_origins_free(origins);
    sp_arena_free(arena);
    return 0;
}
