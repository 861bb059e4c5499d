/* SPDX-License-Identifier: BSD-3-Clause */
#include "engine/imagebox.h"

#include "base/tap.h"

#include "image/root.h"
#include "sys/file.h"

#include <stdio.h>
#include <stdlib.h>
#include <sys/stat.h>
#include <unistd.h>

static struct sp_session session;
static struct sp_str here; /* real path of the test's directory */

/* --- variables ------------------------------------------------------------------------------ */

#define USUAL "PATH=/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin"

static const struct {
    const char *name;
    const char *image[4], *own[4];
    const char *want;
} environments[] = {
    { "nothing", { NULL }, { NULL }, USUAL },
    { "of the image", { "A=1", "B=x=y" }, { NULL }, USUAL "|A=1|B=x=y" },
    { "PATH of the image", { "PATH=/opt/bin" }, { NULL }, "PATH=/opt/bin" },
    { "ours over it", { "A=1", "PATH=/opt/bin" }, { "A=2", "C=3" }, "PATH=/opt/bin|A=2|C=3" },
    { "twice the same", { "A=1", "A=2" }, { NULL }, USUAL "|A=2" },
    { "one is the beginning of another", { "AB=1", "A=2" }, { "ABC=3" }, USUAL "|AB=1|A=2|ABC=3" },
    { "no variable", { "nonsense", "" }, { NULL }, USUAL },
};

static void check_environment(struct sp_arena *arena, size_t row)
{
    struct sp_value config = sp_dict_new(arena), env = sp_list_new(arena);
    sp_auto_buf struct sp_buf got = SP_BUF(SP_BUF_SMALL);

    for (size_t i = 0; environments[row].image[i]; i++)
        sp_list_add(arena, env.list, sp_text(sp_str_of(environments[row].image[i])));
    sp_dict_put(arena, config.dict, "Env", env);
    const char *const *all = sp_imagebox_environment(arena, config.dict, environments[row].own);
    for (size_t i = 0; all[i]; i++)
        sp_buf_addf(&got, "%s%s", i ? "|" : "", all[i]);
    if (!tap_ok(strcmp(got.ptr, environments[row].want) == 0, "variables: %s",
                environments[row].name))
        printf("# %s\n", got.ptr);
}

/* --- links and directories ------------------------------------------------------------------ */

/* "SOURCE>TARGET" in order, '@' is the test's directory, "!" in front: writable. */
static const char *mounts_of(struct sp_arena *arena, const struct sp_imagebox *imagebox)
{
    static const char *const none[] = { NULL };
    struct sp_box box = { .writes = none, .shows = none };
    sp_auto_buf struct sp_buf text = SP_BUF(SP_BUF_SMALL);

    sp_imagebox_finish(imagebox, &box);
    for (size_t i = 0; i < box.mount_count; i++) {
        const char *ends[] = { box.mounts[i].source, box.mounts[i].target };
        sp_buf_adds(&text, i ? " " : "");
        for (size_t k = 0; k < SP_COUNT(ends); k++) {
            bool mine = strncmp(ends[k], here.ptr, here.len) == 0;
            sp_buf_addf(&text, "%s%s%s%s", k ? ">" : "",
                        k == 0 && box.mounts[i].writable ? "!" : "", mine ? "@" : "",
                        ends[k] + (mine ? here.len : 0));
        }
    }
    return sp_arena_cstr(arena, sp_buf_str(&text));
}

static const struct {
    const char *name, *path;
    bool writable;
    const char *want;
} ways[] = {
    { "a file", "@/out/file", false, "@/out/file>@/out/file" },
    { "in the working directory", "in", false, "" },
    { "nothing is there", "@/out/nothing", true, "" },
    { "a link outside", "@/out/link", true, "!@/out/file>@/out/link @/out/file>@/out/file" },
    { "a link in the working directory", "link", false, "@/out/file>@/out/file" },
    { "through two, one outside", "far", false, "@/out/file>@/out/link @/out/file>@/out/file" },
    { "a directory that is a link", "@/dirlink/file", false,
      "@/out/file>@/dirlink/file @/out/file>@/out/file" },
    { "a link in a directory", "@/tree", false, "@/tree>@/tree @/out/file>@/out/file" },
    { "a link to itself", "@/out/loop", false, "" },
    { "the box's own /tmp", "/tmp", true, "" },
    { "... by another name", "/var/../tmp/", true, "" },
    { "the root", "/", false, "" },
    { "devices", "/dev", false, "" },
    { "the kernel", "/sys", false, "" },
    { "a link to /tmp", "@/tmplink", false, "/tmp>@/tmplink" },
};

static struct sp_str placed(struct sp_arena *arena, const char *path)
{
    return path[0] == '@' ? sp_arena_join(arena, here, "", sp_str_of(path + 1)) : sp_str_of(path);
}

static void check_way(struct sp_arena *arena, size_t row)
{
    const struct sp_step_image image = { .is_here = true };
    struct sp_imagebox_request request = { .arena = arena, .session = &session, .image = &image };
    struct sp_imagebox *box = sp_imagebox_new(&request);

    sp_imagebox_name(box, placed(arena, ways[row].path), ways[row].writable);
    const char *got = mounts_of(arena, box);
    if (!tap_ok(strcmp(got, ways[row].want) == 0, "way: %s", ways[row].name))
        printf("# %s\n", got);
    sp_imagebox_free(box);
}

/* --- programs ------------------------------------------------------------------------------- */

static const struct {
    const char *name, *path;
    bool want;
} programs[] = {
    { "tool", "/bin", true },     { "tool", "/sbin:/usr/bin:/bin", true },
    { "tool", "/sbin", false },   { "tool", NULL, false },
    { "text", "/bin", false },    /* not executable */
    { "absolute", "/bin", true }, /* -> /bin/tool, inside */
    { "outside", "/bin", false }, /* -> ../../../bin/sh, which is beneath the root */
    { "/bin/tool", NULL, true },  { "bin", "/", false }, /* a directory */
};

static void touch(const char *path, mode_t mode)
{
    struct sp_err err = SP_ERR_INIT;

    if (sp_file_write(path, SP_STR("x"), &err) || chmod(path, mode) < 0)
        tap_ok(false, "make %s: %s", path, err.text);
}

static void link_to(const char *target, const char *path)
{
    if (symlink(target, path) < 0)
        tap_ok(false, "make link %s", path);
}

static void make_files(struct sp_arena *arena)
{
    static const char *const dirs[] = { "work", "out", "tree", "root/bin", "root/etc" };
    struct sp_err err = SP_ERR_INIT;

    for (size_t i = 0; i < SP_COUNT(dirs); i++)
        if (sp_make_dirs(dirs[i], &err))
            tap_ok(false, "make %s: %s", dirs[i], err.text);
    touch("work/in", 0644);
    touch("out/file", 0644);
    touch("root/bin/tool", 0755);
    touch("root/bin/text", 0644);
    link_to("/bin/tool", "root/bin/absolute");
    link_to("../../../../../../../../bin/sh", "root/bin/outside");
    link_to("file", "out/link");
    link_to("loop", "out/loop");
    link_to("../out/link", "work/far");
    link_to("../out/file", "work/link");
    link_to("out", "dirlink");
    link_to("/tmp", "tmplink");
    link_to("../out/file", "tree/l");
    session.world.cwd = sp_arena_join(arena, here, "/", SP_STR("work"));
}

int main(void)
{
    sp_auto_arena struct sp_arena *arena = sp_arena_new();
    char dir[] = "/tmp/spoor-imagebox-XXXXXX";
    struct sp_err err = SP_ERR_INIT;

    if (!mkdtemp(dir) || chdir(dir) < 0)
        return 99;
    here = sp_real_path(arena, sp_str_of(dir));
    make_files(arena);
    for (size_t i = 0; i < SP_COUNT(environments); i++)
        check_environment(arena, i);
    for (size_t i = 0; i < SP_COUNT(ways); i++)
        check_way(arena, i);
    for (size_t i = 0; i < SP_COUNT(programs); i++)
        tap_ok(sp_root_has_program("root", programs[i].name, programs[i].path) == programs[i].want,
               "program '%s' in %s", programs[i].name,
               programs[i].path ? programs[i].path : "none");
    tap_ok(sp_root_has("root", "/etc") && !sp_root_has("root", "/usr/bin/env"),
           "what is outside is not inside");
    if (chdir("/") < 0 || sp_remove_tree(dir, &err))
        tap_ok(false, "clean up: %s", err.text);
    return tap_done();
}
