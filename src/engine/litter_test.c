/* SPDX-License-Identifier: BSD-3-Clause */
#include "engine/litter.h"

#include "base/tap.h"

static const char *const *patterns(struct sp_arena *arena, const struct sp_value *setting)
{
    const char *const *out = NULL;
    struct sp_err err = SP_ERR_INIT;

    return sp_litter_patterns(arena, setting, &out, &err) == SP_OK ? out : NULL;
}

static size_t count(const char *const *all)
{
    size_t len = 0;

    while (all && all[len])
        len++;
    return len;
}

static bool matches(const char *const *all, const char *name)
{
    for (; *all; all++)
        if (sp_str_match(sp_str_of(*all), sp_str_of(name)))
            return true;
    return false;
}

static void test_built_in(struct sp_arena *arena)
{
    static const struct {
        const char *name;
        bool litter;
    } rows[] = {
        { "casa-20260102-030405.log", true },
        { "tclean.last", true },
        { "core", true },
        { "core.1234", true },
        { "core.fits", false },
        { "cores", false },
        { "image.log", false },
        { "nohup.out", false },
        { "__pycache__/", true },
        { ".nfs000000001", true },
    };

    const char *const *all = patterns(arena, NULL);

    for (size_t i = 0; i < SP_COUNT(rows); i++)
        tap_ok(matches(all, rows[i].name) == rows[i].litter, "'%s' is %slitter", rows[i].name,
               rows[i].litter ? "" : "no ");
}

static void test_settings(struct sp_arena *arena)
{
    struct sp_value list = sp_list_new(arena);
    size_t built_in = count(patterns(arena, NULL));

    tap_ok(count(patterns(arena, &list)) == 0, "an empty list: nothing is litter");
    sp_list_add(arena, list.list, sp_text(SP_STR("*.tmp")));
    tap_ok(count(patterns(arena, &list)) == 1, "a list takes the place of the built-in one");
    sp_list_add(arena, list.list, sp_text(SP_STR("default")));
    tap_ok(count(patterns(arena, &list)) == built_in + 1, "'default' stands for that");
    sp_list_add(arena, list.list, sp_int(3));
    tap_ok(!patterns(arena, &list), "a number is no pattern");
    struct sp_value text = sp_text(SP_STR("*.tmp"));
    tap_ok(count(patterns(arena, &text)) == 1, "a text is a list of one");
    text = sp_text(SP_STR(""));
    tap_ok(!patterns(arena, &text), "nothing is no pattern");
}

int main(void)
{
    sp_auto_arena struct sp_arena *arena = sp_arena_new();

    test_built_in(arena);
    test_settings(arena);
    return tap_done();
}
