/* SPDX-License-Identifier: BSD-3-Clause */
#include "image/lockfile.h"

#include "base/fault.h"
#include "base/tap.h"

#include "sys/file.h"

#include <stdlib.h>

#define HEX  "0123456789abcdef0123456789abcdef0123456789abcdef0123456789abcdef"
#define HEAD "{\"format\": \"spoor image lock\", \"version\": 1, \"images\": "

static const struct {
    const char *text, *want; /* what is wrong, or NULL */
    size_t len;
} cases[] = {
    { HEAD "{}}", NULL, 0 },
    { HEAD "{\"a:1\": {\"digest\": \"sha256:" HEX "\"}, \"h.org/b:2\": {\"digest\": \"sha256:" HEX
           "\", \"pinned\": \"x\"}}}",
      NULL, 2 },
    { HEAD "[]}", "images: it is not an object", 0 },
    { HEAD "{\"A:1\": {\"digest\": \"sha256:" HEX "\"}}}", "column 1", 0 },
    { HEAD "{\"a:1\": {\"digest\": \"" HEX "\"}}}", "image 'a:1': its digest is not", 0 },
    { HEAD "{\"a:1\": \"sha256:" HEX "\"}}", "image 'a:1': its digest is not", 0 },
    { "{\"format\": \"spoor image lock\", \"version\": 2, \"images\": {}}", "newer spoor", 0 },
    { "{\"format\": \"spoor image lock\", \"images\": {}}", "version: it is not a number", 0 },
    { "{\"version\": 1, \"images\": {}}", "it is no lock file of images", 0 },
    { "", "line", 0 },
};

static void test_parse(struct sp_arena *arena)
{
    for (size_t i = 0; i < SP_COUNT(cases); i++) {
        struct sp_lockfile lockfile = { .len = 77 };
        struct sp_err err = SP_ERR_INIT;
        enum sp_rc rc = sp_lockfile_parse(arena, sp_str_of(cases[i].text), &lockfile, &err);
        bool fine = cases[i].want
                        ? rc == SP_INVALID && strstr(err.text, cases[i].want) && lockfile.len == 77
                        : rc == SP_OK && lockfile.len == cases[i].len;
        if (!tap_ok(fine, "lock file %zu", i))
            printf("# %s\n", err.text);
    }
}

static void test_set(struct sp_arena *arena)
{
    struct sp_lockfile lockfile = { .arena = arena }, again;
    struct sp_pinned_image image = { .name = SP_STR("a:1"), .pinned = SP_STR("now") };
    sp_auto_buf struct sp_buf text = SP_BUF(SP_BUF_LARGE), second = SP_BUF(SP_BUF_LARGE);
    struct sp_err err = SP_ERR_INIT;

    memcpy(image.digest.hex, HEX, sizeof HEX);
    for (size_t i = 0; i < 20; i++) {
        image.name = sp_arena_printf(arena, "a:%zu", i);
        sp_lockfile_set(&lockfile, &image);
    }
    image.name = SP_STR("a:3");
    image.digest.hex[0] = 'f';
    sp_lockfile_set(&lockfile, &image);
    tap_ok(lockfile.len == 20 && lockfile.items[3].digest.hex[0] == 'f', "replaced in place");
    tap_ok(!sp_lockfile_find(&lockfile, SP_STR("a:20")), "not pinned");
    sp_lockfile_format(&lockfile, &text);
    tap_ok(sp_lockfile_parse(arena, sp_buf_str(&text), &again, &err) == SP_OK && again.len == 20,
           "what is written can be read");
    sp_lockfile_format(&again, &second);
    tap_ok(sp_str_eq(sp_buf_str(&text), sp_buf_str(&second)), "to the same text");
}

static void test_faults(struct sp_arena *arena)
{
    char dir[] = "/tmp/spoor-lockfile-XXXXXX";
    struct sp_lockfile old = { .arena = arena }, new = { .arena = arena }, got;
    struct sp_pinned_image image = { .name = SP_STR("a:1") };
    struct sp_err err = SP_ERR_INIT;
    unsigned n = 1;

    if (!mkdtemp(dir))
        return;
    const char *path = sp_arena_printf(arena, "%s/r.yml.lock", dir).ptr;
    memcpy(image.digest.hex, HEX, sizeof HEX);
    sp_lockfile_set(&new, &image);
    tap_ok(sp_lockfile_read(path, arena, &got, &err) == SP_NOT_FOUND, "there is none");
    tap_ok(sp_lockfile_write(&old, path, &err) == SP_OK, "written");
    for (;; n++) {
        sp_fault_arm(n);
        enum sp_rc rc = sp_lockfile_write(&new, path, &err);
        const char *site = sp_fault_fired();
        sp_fault_arm(0);
        if (!site)
            break;
        enum sp_rc read = sp_lockfile_read(path, arena, &got, &err);
        tap_ok(rc != SP_OK && read == SP_OK && got.len <= 1, "%s fails: it is whole", site);
    }
    tap_ok(n > 3 && sp_lockfile_read(path, arena, &got, &err) == SP_OK && got.len == 1,
           "then it is written");
    if (sp_remove_tree(dir, &err))
        printf("# %s\n", err.text);
}

int main(void)
{
    sp_auto_arena struct sp_arena *arena = sp_arena_new();

    test_parse(arena);
    test_set(arena);
    test_faults(arena);
    return tap_done();
}
