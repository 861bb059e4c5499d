/* SPDX-License-Identifier: BSD-3-Clause */
#include "exec/testroot.h"

#include "base/arena.h"
#include "base/buf.h"

#include "sys/file.h"

#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#define BUSYBOX "/bin/busybox"

static const char *below(struct sp_arena *arena, const char *dir, const char *name)
{
    return sp_arena_join(arena, sp_str_of(dir), "/", sp_str_of(name)).ptr;
}

/* It knows its names. */
static enum sp_rc install_names(const char *dir, struct sp_err *err)
{
    int status = -1;
    pid_t pid = fork();

    if (pid == 0) {
        (void)execl(BUSYBOX, "busybox", "--install", "-s", dir, (char *)NULL);
        _exit(127);
    }
    if (pid < 0 || waitpid(pid, &status, 0) < 0 || status != 0)
        return sp_fail(err, SP_IO, "busybox --install '%s' has failed", dir);
    return SP_OK;
}

enum sp_rc sp_testroot_make(const char *dir, struct sp_err *err)
{
    static const char *const dirs[] = { "usr/bin", "etc", "tmp", "proc", "home" };

    static const struct {
        const char *name, *text;
    } files[] = {
        { "etc/passwd", "root:x:0:0:root:/root:/bin/sh\nother:x:1234:1234::/home/other:/bin/sh\n" },
        { "etc/group", "root:x:0:\nother:x:1234:\n" },
        { "etc/image", "busybox\n" },
    };
    sp_auto_arena struct sp_arena *arena = sp_arena_new();
    sp_auto_buf struct sp_buf program = SP_BUF(SP_BUF_LARGE);
    const char *target = below(arena, dir, "usr/bin/busybox");

    enum sp_rc rc = sp_file_read(BUSYBOX, &program, err);
    for (size_t i = 0; i < SP_COUNT(dirs) && rc == SP_OK; i++)
        rc = sp_make_dirs(below(arena, dir, dirs[i]), err);
    for (size_t i = 0; i < SP_COUNT(files) && rc == SP_OK; i++)
        rc = sp_file_write(below(arena, dir, files[i].name), sp_str_of(files[i].text), err);
    if (rc == SP_OK)
        rc = sp_file_write(target, sp_buf_str(&program), err);
    if (rc == SP_OK &&
        (chmod(target, 0755) < 0 || symlink("usr/bin", below(arena, dir, "bin")) < 0))
        rc = sp_fail_errno(err, "make '%s'", target);
    return rc ? rc : install_names(below(arena, dir, "usr/bin"), err);
}
