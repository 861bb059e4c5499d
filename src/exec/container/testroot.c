/* SPDX-License-Identifier: BSD-3-Clause */
#include "exec/container/testroot.h"

#include "base/tap.h"

#include "exec/container/ask.h"
#include "sys/file.h"

#include <stdlib.h>
#include <sys/stat.h>
#include <unistd.h>

static const char *const dirs[] = { "bin", "etc", "usr", "usr/bin", "proc",
                                    "sys", "dev", "tmp", "run",     "var" };

static bool put_file(struct sp_arena *arena, const char *top, const char *name, const char *text)
{
    FILE *file = fopen(sp_arena_printf(arena, "%s/%s", top, name).ptr, "w");

    return file && fputs(text, file) >= 0 && fclose(file) == 0;
}

/* Links, each named as a command; "/bin" in the root of an image is found by its own links only. */
static bool link_commands(struct sp_arena *arena, const char *top)
{
    sp_auto_buf struct sp_buf names = SP_BUF(SP_BUF_SMALL);
    const char *program = sp_arena_printf(arena, "%s/bin/busybox", top).ptr;
    const char *const list[] = { program, "--list", NULL };

    if (sp_ask(list, 10000, &names, &names) != 0)
        return false;
    for (struct sp_str rest = sp_buf_str(&names); rest.len;) {
        struct sp_str name = sp_str_cut(&rest, '\n');
        if (name.len && !sp_str_is(name, "busybox") &&
            symlink("busybox",
                    sp_arena_printf(arena, "%s/bin/" SP_STR_FMT, top, SP_STR_ARG(name)).ptr) < 0)
            return false;
    }
    return true;
}

static bool fill(struct sp_arena *arena, const char *top)
{
    const char *program = sp_arena_printf(arena, "%s/bin/busybox", top).ptr;
    sp_auto_buf struct sp_buf text = SP_BUF(SP_BUF_LARGE);
    struct sp_err err = SP_ERR_INIT;

    for (size_t i = 0; i < SP_COUNT(dirs); i++)
        if (mkdir(sp_arena_printf(arena, "%s/%s", top, dirs[i]).ptr, 0755) < 0)
            return false;
    return sp_file_read("/bin/busybox", &text, &err) == SP_OK &&
           sp_file_write(program, sp_buf_str(&text), &err) == SP_OK && chmod(program, 0755) == 0 &&
           link_commands(arena, top) &&
           put_file(arena, top, "etc/passwd", "root:x:0:0:root:/:/bin/sh\n") &&
           put_file(arena, top, "etc/group", "root:x:0:\n") && chmod(top, 0755) == 0;
}

bool sp_testroot_make(struct sp_testroot *root)
{
    sp_auto_arena struct sp_arena *arena = sp_arena_new();

    *root = (struct sp_testroot){ .path = "/tmp/spoor-root-XXXXXX" };
    if (!mkdtemp(root->path) || !fill(arena, root->path)) {
        tap_ok(false, "a root with busybox (busybox-static) in %s", root->path);
        return false;
    }
    root->root = (struct sp_box_root){ .path = root->path, .name = "busybox:test", .key = "0" };
    return true;
}

void sp_testroot_remove(struct sp_testroot *root)
{
    struct sp_err err = SP_ERR_INIT;

    if (sp_remove_tree(root->path, &err))
        printf("# %s\n", err.text);
}
