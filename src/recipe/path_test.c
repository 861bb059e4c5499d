/* SPDX-License-Identifier: BSD-3-Clause */
#include "base/tap.h"

#include "lang/world_fake.h"
#include "recipe/params.h"

/* The table of the specification, 2.6 step 3; the working directory is /work. */
static const struct {
    const char *text, *want;
    bool remote;
} cases[] = {
    { "f1", "f1", false },
    { "./f1", "f1", false },
    { "/work/f1", "f1", false },
    { "../work/f1", "f1", false },
    { "a/../f1", "f1", false },
    { "a//b/", "a/b", false },
    { "file:f1", "f1", false },
    { "file:///work/f1", "f1", false },
    { "file://host/work/f1", "f1", false },
    { "FILE:f1", "f1", false },
    { "file:a%20b?query#part", "a b", false },
    { "file:a%zz%2", "a%zz%2", false },
    { "file:a%00b", "a%00b", false },
    { "file:", ".", false },
    { ".", ".", false },
    { "/work", ".", false },
    { "/work/", ".", false },
    { "", ".", false },
    { "..", "/", false },
    { "/data/x.ms", "/data/x.ms", false },
    { "/workshop/x", "/workshop/x", false },
    { "../other/x", "/other/x", false },
    { "~", "/home/user", false },
    { "~/x", "/home/user/x", false },
    { "~other/x", "~other/x", false },
    { "a~", "a~", false },
    /* names, not URIs */
    { "a#b", "a#b", false },
    { "a?b", "a?b", false },
    { "name:with:colon", "name:with:colon", false },
    { "c:/x", "c:/x", false },
    { "10:30:00.txt", "10:30:00.txt", false },
    { ":x", ":x", false },
    { "100%", "100%", false },
    /* URIs */
    { "s3://bucket/key?x#y", "s3://bucket/key?x#y", true },
    { "https://example.org/a b", "https://example.org/a b", true },
    { "1x://y", "1x:/y", false },
};

int main(void)
{
    struct sp_world_fake fake = { 0 };
    struct sp_world world;

    sp_world_fake_init(&world, &fake);
    for (size_t i = 0; i < SP_COUNT(cases); i++) {
        sp_auto_arena struct sp_arena *arena = sp_arena_new();
        bool remote = !cases[i].remote;
        struct sp_str got = sp_path_normalise(arena, &world, sp_str_of(cases[i].text), &remote);
        if (!tap_ok(sp_str_is(got, cases[i].want) && remote == cases[i].remote, "<%s>",
                    cases[i].text))
            printf("# got <" SP_STR_FMT ">%s\n", SP_STR_ARG(got), remote ? " remote" : "");
        bool again_remote;
        struct sp_str again = sp_path_normalise(arena, &world, got, &again_remote);
        /* A decoded file: URI may look like anything; all others keep their form. */
        tap_ok(sp_str_eq(again, got) && again_remote == remote, "<%s> a second time",
               cases[i].text);
    }
    sp_world_fake_fini(&fake);
    return tap_done();
}
