/* SPDX-License-Identifier: BSD-3-Clause */
/* Fuzz target: the input is a few files, separated by 0x1E. Composing them either fails with a
 * finding, or gives a tree in which no directive is left; and it is the same each time. */
#include "lang/compose.h"
#include "lang/directive.h"
#include "lang/world_fake.h"
#include "value/text.h"

#include <stdlib.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

#define FILES_MAX  5
#define REPR_MAX   ((size_t)256 * 1024)
#define INPUT_MAX  ((size_t)64 * 1024)
#define VALUES_MAX ((size_t)20000)

static const char *const names[FILES_MAX] = {
    "r.yml", "A.yml", "B.yaml", "sub/C.yml", "/opt/pkg/D.yml",
};

struct result {
    enum sp_rc rc;
    struct sp_buf tree; /* its repr, cut */
};

static void expect(bool truth)
{
    if (!truth)
        abort();
}

static void check_clean(struct sp_value value, size_t *left)
{
    if (*left == 0)
        return;
    --*left;
    if (value.kind == SP_DICT) {
        SP_DICT_EACH(entry, value.dict)
        {
            expect(sp_directive_of(entry->key).kind == SP_DIRECTIVE_NONE);
            expect(!sp_str_is(entry->key, "_requires") && !sp_str_is(entry->key, "_contingent"));
            check_clean(entry->value, left);
        }
    } else if (sp_is_list(value)) {
        SP_LIST_EACH(item, value.list)
        check_clean(*item, left);
    }
}

static void compose(const struct sp_world *world, bool strict, struct result *result)
{
    struct sp_arena *arena = sp_arena_new();
    struct sp_origins *origins = sp_origins_new();
    struct sp_diags diags;
    struct sp_err err = SP_ERR_INIT;
    struct sp_value value = sp_int(42);
    struct sp_composer composer = {
        .arena = arena,
        .origins = origins,
        .diags = &diags,
        .world = world,
        .strict = strict,
    };
    size_t left = VALUES_MAX;
    sp_auto_buf struct sp_buf shown = SP_BUF(SP_BUF_LARGE);

    sp_diags_init(&diags, arena, origins);
    result->rc = sp_compose_file(&composer, SP_STR("r.yml"), SP_NO_SOURCES, &value, &err);
    expect((result->rc == SP_OK) == (diags.errors == 0));
    expect(result->rc == SP_OK || (err.text[0] && value.integer == 42));
    sp_diags_format(&diags, false, &shown);
    check_clean(value, &left);
    if (left)
        sp_value_repr(value, &result->tree);
    sp_composer_fini(&composer);
    sp_diags_fini(&diags);
    sp_origins_free(origins);
    sp_arena_free(arena);
}

static size_t split(struct sp_str text, struct sp_world_file *files)
{
    size_t count = 0;

    while (text.ptr && count < FILES_MAX) {
        struct sp_str part = sp_str_cut(&text, '\x1e');
        files[count] = (struct sp_world_file){
            .path = names[count],
            .text = part.len ? part.ptr : "",
            .text_length = part.len,
        };
        count++;
    }
    return count;
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    static const struct sp_world_pair packages[] = { { "pkg", "/opt/pkg" } };
    static const struct sp_world_pair env[] = { { "NAME", "value" } };
    struct sp_world_file files[FILES_MAX];
    struct sp_world_fake fake = {
        .files = files,
        .env = env,
        .env_len = SP_COUNT(env),
        .packages = packages,
        .packages_len = SP_COUNT(packages),
    };
    struct sp_world world;
    struct result lenient = { .tree = SP_BUF(REPR_MAX) };
    struct result strict = { .tree = SP_BUF(REPR_MAX) };

    if (size == 0 || size > INPUT_MAX)
        return 0;
    fake.len = split((struct sp_str){ (const char *)data, size }, files);
    sp_world_fake_init(&world, &fake);
    compose(&world, false, &lenient);
    compose(&world, true, &strict);
    /* What is right strictly is right leniently, and means the same. */
    if (strict.rc == SP_OK)
        expect(lenient.rc == SP_OK && strcmp(lenient.tree.ptr, strict.tree.ptr) == 0);
    sp_buf_fini(&lenient.tree);
    sp_buf_fini(&strict.tree);
    sp_world_fake_fini(&fake);
    return 0;
}
