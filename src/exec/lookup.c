/* SPDX-License-Identifier: BSD-3-Clause */
#include "exec/lookup.h"

#include "base/buf.h"

#include "exec/box.h"
#include "exec/pathname.h"
#include "sys/env.h"
#include "sys/file.h"

#include <fcntl.h>
#include <linux/openat2.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <unistd.h>

#define SYSTEM_PATH "/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin"
#define ANY_EXECUTE (S_IXUSR | S_IXGRP | S_IXOTH)

enum finding {
    MISSING,
    DIRECTORY,
    NO_PROGRAM, /* not executable */
    PROGRAM
};

static enum finding judge(const struct stat *info)
{
    if (S_ISDIR(info->st_mode))
        return DIRECTORY;
    return S_ISREG(info->st_mode) && (info->st_mode & ANY_EXECUTE) ? PROGRAM : NO_PROGRAM;
}

static enum finding look_inside(int root, const char *path)
{
    struct open_how how = { .flags = O_PATH | O_CLOEXEC,
                            .resolve = RESOLVE_IN_ROOT | RESOLVE_NO_MAGICLINKS };
    sp_auto_fd int fd = (int)syscall(SYS_openat2, root, path, &how, sizeof how);
    struct stat info;

    return fd < 0 || fstat(fd, &info) < 0 ? MISSING : judge(&info);
}

/* Is a path of the machine's to be seen in the box? Under other names only by `mounts`. */
static const char *shown_as(const struct sp_job *job, const char *path, struct sp_buf *out)
{
    const struct sp_box *box = job->box;

    if (sp_pathname_is_in(path, job->cwd))
        return path;
    for (size_t i = 0; box->shows[i]; i++)
        if (sp_pathname_is_in(path, box->shows[i]))
            return path;
    for (size_t i = 0; box->writes[i]; i++)
        if (sp_pathname_is_in(path, box->writes[i]))
            return path;
    for (size_t i = 0; i < box->mount_count; i++)
        if (sp_pathname_is_in(path, box->mounts[i].target)) {
            sp_buf_clear(out);
            sp_buf_addf(out, "%s%s", box->mounts[i].source, path + strlen(box->mounts[i].target));
            return out->ptr;
        }
    return NULL;
}

static enum finding look(const struct sp_job *job, int root, const char *path)
{
    sp_auto_buf struct sp_buf text = SP_BUF(SP_BUF_SMALL);
    const char *here = shown_as(job, path, &text);
    struct stat info;

    if (here && stat(here, &info) == 0)
        return judge(&info);
    return look_inside(root, path);
}

static enum sp_rc fail(const struct sp_job *job,
                       const char *path,
                       enum finding finding,
                       struct sp_err *err)
{
    static const char *const texts[] = {
        [MISSING] = "there is no such file",
        [DIRECTORY] = "it is a directory",
        [NO_PROGRAM] = "it is not executable",
    };

    return sp_fail(err, SP_NOT_FOUND, "start '%s' in image '%s': %s", path, job->box->root->name,
                   texts[finding]);
}

static enum sp_rc search(const struct sp_job *job, int root, struct sp_err *err)
{
    const char *variable = sp_env_find(job->env, "PATH");
    sp_auto_buf struct sp_buf path = SP_BUF(SP_BUF_SMALL);

    for (struct sp_str rest = sp_str_of(variable ? variable : SYSTEM_PATH); rest.ptr;) {
        struct sp_str dir = sp_str_cut(&rest, ':');
        sp_buf_clear(&path);
        sp_buf_addf(&path, SP_STR_FMT "/%s", SP_STR_ARG(dir), job->argv[0]);
        if (sp_str_starts(dir, "/") && look(job, root, path.ptr) == PROGRAM)
            return SP_OK;
    }
    return sp_fail(err, SP_NOT_FOUND, "there is no program '%s' in PATH of image '%s'",
                   job->argv[0], job->box->root->name);
}

enum sp_rc sp_lookup_program(const struct sp_job *job, struct sp_err *err)
{
    sp_auto_fd int root = open(job->box->root->path, O_PATH | O_DIRECTORY | O_CLOEXEC);
    sp_auto_buf struct sp_buf path = SP_BUF(SP_BUF_SMALL);

    if (root < 0)
        return sp_fail_errno(err, "open the root of image '%s'", job->box->root->name);
    if (!job->argv[0][0])
        return sp_fail(err, SP_NOT_FOUND, "the name of the program is empty");
    if (!strchr(job->argv[0], '/'))
        return search(job, root, err);
    sp_buf_addf(&path, "%s%s%s", job->argv[0][0] == '/' ? "" : job->cwd,
                job->argv[0][0] == '/' ? "" : "/", job->argv[0]);
    enum finding finding = look(job, root, path.ptr);
    return finding == PROGRAM ? SP_OK : fail(job, job->argv[0], finding, err);
}
