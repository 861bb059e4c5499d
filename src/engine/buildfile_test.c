/* SPDX-License-Identifier: BSD-3-Clause */
#include "engine/buildfile.h"

#include "base/tap.h"

#define HEAD "name: spoor/x\nversion: '1'\nsuite: bookworm\n"

/* `want`: "line:column text|hint"; NULL: fine. */
static const struct {
    const char *name, *text, *want;
} cases[] = {
    { "smallest", HEAD, NULL },
    { "all",
      "name: x\nfrom: base.yml\ninfo: x\npackages: [a+b, g++=4:12.2-3~x, c:amd64]\n"
      "files: {/usr/bin/x: x}\nenv: {A: 1, B_2: x y}\n",
      NULL },
    { "nothing", "", "0:0 'd/x.yml' needs a key 'name': that of the image|" },
    { "a list", "- a\n", "1:1 a build file is a mapping, not a list|" },
    { "no ground", "name: x\n",
      "1:1 a build file needs 'suite' (of Debian: bookworm) or 'from' (another build file)|" },
    { "two grounds", HEAD "from: x.yml\n",
      "3:8 'suite' is that of the image in 'from': only one of them can be there|" },
    { "a key that is none", HEAD "package: [x]\n",
      "4:1 unknown key 'package' in a build file|did you mean 'packages'?" },
    { "a type", HEAD "packages: x\n",
      "4:11 'packages' in a build file must be a list of texts, not a text|" },
    { "bad suite", "name: x\nsuite: ../x\n", "2:8 '../x' is no suite of Debian|" },
    { "bad package", HEAD "packages:\n- x\n- -o Debug\n",
      "6:3 '-o Debug' is no Debian package: NAME or NAME=VERSION|" },
    { "a pattern", HEAD "packages: ['?all']\n",
      "4:13 '?all' is no Debian package: NAME or NAME=VERSION|" },
    { "place outside", HEAD "files: {/a/../../b: x}\n",
      "4:9 '/a/../../b' is no place in an image: an absolute path of a file without '..'|" },
    { "relative place", HEAD "files: {a: x}\n",
      "4:9 'a' is no place in an image: an absolute path of a file without '..'|" },
    { "no source", HEAD "files: {/a: [x]}\n",
      "4:9 'files' says TARGET: SOURCE; the source of '/a' is no name of a file|" },
    { "bad variable", HEAD "env: {A=B: x}\n",
      "4:7 'env' says NAME: VALUE, both texts, not 'A=B'|" },
    { "name with a digest",
      "name: "
      "x@sha256:e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855\nsuite: x\n",
      "1:7 an image is built under a name, not "
      "'x@sha256:e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855'|" },
    { "name with capitals", "name: X\nsuite: x\n",
      "1:7 image 'X', column 1: names of images have no capital letters (tags may have)|" },
};

static void run_case(size_t number)
{
    sp_auto_arena struct sp_arena *arena = sp_arena_new();
    struct sp_places places = { .cargo = SP_STR("/c"), .cabs = SP_STR("/l") };
    struct sp_origins *origins = sp_origins_new();
    struct sp_err err = SP_ERR_INIT;
    struct sp_str got = SP_STR("");
    struct sp_buildfile file = { .path = SP_STR("d/x.yml") };
    struct sp_diags diags;

    sp_diags_init(&diags, arena, origins);
    enum sp_rc rc = sp_buildfile_parse(arena, origins, &places, sp_str_of(cases[number].text),
                                       &diags, &file, &err);
    if (diags.len) {
        struct sp_origin at = { 0 };
        (void)sp_origins_get(origins, diags.items[0].origin, &at);
        got = sp_arena_printf(arena, "%u:%u %s|%s", at.line, at.column, diags.items[0].text,
                              diags.items[0].hint ? diags.items[0].hint : "");
    }
    bool fine = cases[number].want ? rc == SP_INVALID && sp_str_is(got, cases[number].want)
                                   : rc == SP_OK && !got.len;
    if (!tap_ok(fine, "%s", cases[number].name))
        printf("# got %d: %s (%s)\n", rc, got.ptr, err.text);
    sp_diags_fini(&diags);
    sp_origins_free(origins);
}

static void test_places(void)
{
    sp_auto_arena struct sp_arena *arena = sp_arena_new();
    struct sp_places places = { .cargo = SP_STR("/c"), .cabs = SP_STR("/l") };
    struct sp_origins *origins = sp_origins_new();
    struct sp_err err = SP_ERR_INIT;
    struct sp_buildfile file = { .path = SP_STR("d/x.yml") };
    struct sp_diags diags;

    sp_diags_init(&diags, arena, origins);
    enum sp_rc rc = sp_buildfile_parse(
        arena, origins, &places,
        SP_STR("name: h.org/x\nversion: 2\nfrom: base.yml\n"
               "files: {/a: (cargo)simms, /b: (cabs)x.py, /c: y, /d: /z}\nenv: {N: 3}\n"),
        &diags, &file, &err);
    tap_ok(rc == SP_OK && sp_str_is(file.name, "h.org/x:2") && sp_str_is(file.from, "d/base.yml"),
           "name and from");
    tap_ok(rc == SP_OK && file.file_count == 4 && sp_str_is(file.files[0].source, "/c/simms") &&
               sp_str_is(file.files[1].source, "/l/x.py") &&
               sp_str_is(file.files[2].source, "d/y") && sp_str_is(file.files[3].source, "/z"),
           "sources");
    tap_ok(rc == SP_OK && sp_str_is(sp_dict_text(file.env, "N"), "3"), "numbers are texts");
    sp_diags_fini(&diags);
    sp_origins_free(origins);
}

int main(void)
{
    for (size_t i = 0; i < SP_COUNT(cases); i++)
        run_case(i);
    test_places();
    return tap_done();
}
