/* SPDX-License-Identifier: BSD-3-Clause */
/* Any YAML text, taken as a recipe and walked through dry and as if run, with scattered iterations
 * in a muddled order: it ends, nothing crashes, actions come in an order that makes sense. */
#include "lang/compose.h"
#include "lang/world_fake.h"
#include "plan/walk.h"
#include "recipe/pitfall.h"

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
        action->kind != SP_ACTION_FAIL && action->kind != SP_ACTION_SKIP &&
        action->kind != SP_ACTION_ENTER)
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
    if (action->kind == SP_ACTION_SCATTER && (action->width == 0 || action->width > action->count))
        abort();
    order->over = action->kind == SP_ACTION_FAIL;
}

#define MAX_WIDTH 5 /* iterations under way */

static unsigned actions; /* so far */

static void scatter(struct sp_walk *walk, size_t count);

/* False: the walk is over. */
static bool one_action(struct sp_walk *walk, struct order *order)
{
    static const struct sp_outcome fine = { .success = true };
    static const struct sp_outcome failure = { .why = "it is the 7th" };
    struct sp_action action;

    if (actions++ > MAX_ACTIONS || !sp_walk_next(walk, &action))
        return false;
    check_order(order, &action);
    if (action.kind == SP_ACTION_RUN)
        sp_walk_done(walk, actions % 7 ? &fine : &failure);
    if (action.kind == SP_ACTION_SCATTER)
        scatter(walk, action.count);
    return true;
}

/* From the last to the first, some of them for a while side by side; beyond the limit of actions
 * some are never opened. */
static void scatter(struct sp_walk *walk, size_t count)
{
    while (count && actions < MAX_ACTIONS) {
        struct sp_walk *children[MAX_WIDTH];
        struct order orders[MAX_WIDTH] = { 0 };
        size_t width = SP_MIN(count, (size_t)MAX_WIDTH);
        size_t open = width;
        for (size_t i = 0; i < width; i++)
            children[i] = sp_walk_fork(walk, --count);
        while (open)
            for (size_t i = 0; i < width; i++)
                if (children[i] && !one_action(children[i], &orders[i])) {
                    sp_walk_join(walk, SP_TAKE(children[i]), NULL);
                    open--;
                }
    }
}

/* Findings that are no errors, each with a text. */
static void find_pitfalls(struct sp_config *config,
                          const struct sp_recipe *recipe,
                          struct sp_origins *origins)
{
    struct sp_diags *diags = config->diags;
    size_t errors = diags->errors;
    struct sp_pitfall_search search = {
        .arena = config->arena,
        .origins = origins,
        .diags = diags,
        .recipe = recipe,
        .flags = SP_PITFALLS_RESULTS | SP_PITFALLS_OTHER,
    };
    sp_auto_buf struct sp_buf shown = SP_BUF(SP_BUF_LARGE);

    sp_pitfalls_find(&search);
    if (diags->errors != errors)
        abort();
    sp_diags_format(diags, false, &shown);
}

static void walk_through(struct sp_config *config,
                         const struct sp_world *world,
                         struct sp_origins *origins,
                         bool dry)
{
    struct sp_walk_options options = {
        .config = config,
        .world = world,
        .diags = config->diags,
        .dry = dry,
        .parallel = true,
        .spare = 1, /* memory is renewed as often as can be */
    };
    struct sp_walk *walk = NULL;
    struct sp_err err = SP_ERR_INIT;
    struct order order = { 0 };

    if (!config->top_level->len)
        return;
    options.recipe = sp_config_recipe(config, config->top_level->items[0].text);
    if (!options.recipe)
        return;
    bool usable = sp_walk_new(&options, &walk, &err) == SP_OK;
    actions = 0;
    while (one_action(walk, &order))
        if (!usable)
            abort();
    (void)sp_walk_schema(walk);
    sp_walk_free(walk);
    if (dry)
        find_pitfalls(config, options.recipe, origins);
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
            walk_through(&config, &world, origins, dry == 0);
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
