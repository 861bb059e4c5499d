/* SPDX-License-Identifier: BSD-3-Clause */
/* select_fuzz.c - lines of "s", "k", "t", "T" or "e" and the word behind that option. Which steps
 * are to run does not depend on the order of the lines. */
#include "lang/compose.h"
#include "lang/world_fake.h"
#include "plan/select.h"
#include "plan/walk.h"

#include <stdlib.h>

#define INPUT_MAX ((size_t)512)
#define LINES_MAX 16

static const char recipe[] = "cabs:\n"
                             "  say: {command: echo}\n"
                             "top:\n"
                             "  steps:\n"
                             "    s1: {cab: say, tags: [always]}\n"
                             "    s2: {recipe: middle}\n"
                             "    s3: {recipe: middle, tags: [never, foo]}\n"
                             "    s4: {cab: say, skip: true}\n"
                             "middle:\n"
                             "  steps:\n"
                             "    t1: {cab: say, tags: [foo, bar]}\n"
                             "    t2: {cab: say, tags: [never]}\n"
                             "    t3: {recipe: inner}\n"
                             "inner: {steps: {r1: {cab: say, tags: [foo]}, r2: {cab: say}}}\n";

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void require(bool ok)
{
    if (!ok)
        abort();
}

/* A line without one of the letters counts for nothing. */
static void add_line(struct sp_selection *selection, struct sp_arena *arena, struct sp_str line)
{
    const struct {
        char letter;
        struct sp_words *words;
    } options[] = {
        { 's', &selection->steps },     { 'k', &selection->skip_steps }, { 't', &selection->tags },
        { 'T', &selection->skip_tags }, { 'e', &selection->enable },
    };

    for (size_t i = 0; i < SP_COUNT(options) && line.len > 1; i++)
        if (line.ptr[0] == options[i].letter)
            sp_words_add(options[i].words, sp_arena_cstr(arena, sp_str_slice(line, 1, line.len)));
}

static void list_steps(struct sp_config *config,
                       struct sp_world *world,
                       const struct sp_selection *selection,
                       struct sp_buf *out)
{
    static const struct sp_outcome fine = { .success = true };
    struct sp_walk_options options = {
        .config = config,
        .world = world,
        .diags = config->diags,
        .recipe = sp_config_recipe(config, SP_STR("top")),
        .params = sp_dict_new(config->arena).dict,
        .selection = selection,
    };
    struct sp_walk *walk = NULL;
    struct sp_action action;
    struct sp_err err = SP_ERR_INIT;

    enum sp_rc rc = sp_walk_new(&options, &walk, &err);
    if (rc)
        sp_buf_adds(out, "refused");
    while (rc == SP_OK && sp_walk_next(walk, &action)) {
        if (action.kind != SP_ACTION_RUN)
            continue;
        sp_buf_add(out, action.position->taskname);
        sp_buf_addc(out, ' ');
        sp_walk_done(walk, &fine);
    }
    sp_walk_free(walk);
}

static void select_steps(const struct sp_str *lines,
                         size_t count,
                         bool backwards,
                         struct sp_buf *out)
{
    sp_auto_arena struct sp_arena *arena = sp_arena_new();
    struct sp_origins *origins = sp_origins_new();
    struct sp_world_fake fake = { 0 };
    struct sp_world world;
    struct sp_diags diags;
    struct sp_config config;
    struct sp_value document;
    struct sp_selection selection = { 0 };
    struct sp_err err = SP_ERR_INIT;

    sp_world_fake_init(&world, &fake);
    sp_diags_init(&diags, arena, origins);
    sp_config_init(&config, arena, &diags);
    struct sp_composer composer = {
        .arena = arena, .origins = origins, .diags = &diags, .world = &world
    };
    for (size_t i = 0; i < count; i++)
        add_line(&selection, arena, lines[backwards ? count - 1 - i : i]);
    require(sp_compose_text(&composer, SP_STR("recipe.yml"), SP_STR("/data"), sp_str_of(recipe),
                            SP_NO_SOURCES, &document, &err) == SP_OK);
    sp_config_add(&config, document);
    list_steps(&config, &world, &selection, out);
    sp_selection_fini(&selection);
    sp_composer_fini(&composer);
    sp_config_fini(&config);
    sp_diags_fini(&diags);
    sp_world_fake_fini(&fake);
    sp_origins_free(origins);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    struct sp_str rest = { (const char *)data, size };
    struct sp_str lines[LINES_MAX];
    size_t count = 0;
    sp_auto_buf struct sp_buf there = SP_BUF(SP_BUF_SMALL);
    sp_auto_buf struct sp_buf back = SP_BUF(SP_BUF_SMALL);

    /* Words of a command line have no NUL in them. */
    if (size > INPUT_MAX || (size && memchr(data, '\0', size)))
        return 0;
    while (rest.ptr && count < LINES_MAX)
        lines[count++] = sp_str_cut(&rest, '\n');
    select_steps(lines, count, false, &there);
    select_steps(lines, count, true, &back);
    require(sp_str_eq(sp_buf_str(&there), sp_buf_str(&back)));
    return 0;
}
