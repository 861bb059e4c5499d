/* SPDX-License-Identifier: BSD-3-Clause */
#include "exec/sandbox/trial.h"

#include "base/clock.h"

#include "exec/sandbox/sandbox.h"
#include "sys/file.h"
#include "sys/loop.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/stat.h>
#include <sys/sysmacros.h>
#include <unistd.h>

#define PATIENCE (30 * SP_NSEC_PER_SEC)

static void on_report(void *arg, const struct sp_report *report)
{
    struct sp_trial *trial = arg;

    if (report->state != SP_JOB_DONE)
        return;
    trial->done = true;
    trial->status = report->exit_status;
    trial->failure = report->failure;
    (void)snprintf(trial->reason, sizeof trial->reason, "%s", report->reason ? report->reason : "");
    (void)snprintf(trial->fault, sizeof trial->fault, "%s", report->fault ? report->fault : "");
}

static void on_line(void *arg, enum sp_stream stream, struct sp_str text, bool partial)
{
    struct sp_trial *trial = arg;

    (void)stream;
    (void)partial;
    sp_buf_add(&trial->output, text);
    sp_buf_addc(&trial->output, '\n');
}

const char *sp_trial_path(const struct sp_trial *trial, const char *name, struct sp_arena *arena)
{
    return sp_arena_printf(arena, "%s/ws%s%s", trial->top, *name ? "/" : "", name).ptr;
}

void sp_trial_put_file(const char *path, const char *text)
{
    FILE *file = fopen(path, "w");

    if (!file || fputs(text, file) < 0 || fclose(file) != 0)
        printf("# cannot make %s\n", path);
}

/* Workspace as every job finds it. */
void sp_trial_reset(const struct sp_trial *trial)
{
    static const char *const dirs[] = { "", "table", "sub", "private" };

    static const struct {
        const char *name, *text;
    } files[] = {
        { "in", "input" },          { "old", "old" },         { "other", "other" },
        { "table/data", "data" },   { "sub/there", "there" }, { "private/f", "f" },
        { "readonly", "readonly" },
    };
    sp_auto_arena struct sp_arena *arena = sp_arena_new();
    struct sp_err err = SP_ERR_INIT;

    if (sp_remove_tree(sp_trial_path(trial, "", arena), &err))
        printf("# %s\n", err.text);
    for (size_t i = 0; i < SP_COUNT(dirs); i++)
        (void)mkdir(sp_trial_path(trial, dirs[i], arena), 0755);
    for (size_t i = 0; i < SP_COUNT(files); i++)
        sp_trial_put_file(sp_trial_path(trial, files[i].name, arena), files[i].text);
    if (symlink("other", sp_trial_path(trial, "link", arena)) < 0)
        printf("# cannot make a link\n");
    /* The null device. Only root can. */
    if (mknod(sp_trial_path(trial, "node", arena), S_IFCHR | 0666, makedev(1, 3)) < 0 &&
        geteuid() == 0)
        printf("# cannot make a device file\n");
}

const char *const sp_trial_declared[] = { "old", "new", "table", "sub/new", "made/deep", NULL };

enum sp_rc sp_trial_submit(struct sp_trial *trial,
                           const struct sp_job *job,
                           struct sp_handle *handle,
                           struct sp_err *err)
{
    const struct sp_observer observer = { trial, on_report, on_line };

    trial->done = false;
    sp_buf_clear(&trial->output);
    return trial->ops->submit(trial->backend, job, &observer, handle, err);
}

enum sp_rc sp_trial_run(struct sp_trial *trial,
                        const char *script,
                        void (*tune)(struct sp_box *box),
                        const char *word)
{
    sp_auto_arena struct sp_arena *arena = sp_arena_new();
    const char *writes[SP_COUNT(sp_trial_declared)];
    static const char *const shows[] = { NULL };
    static const char *const env[] = { "PATH=/usr/bin:/bin:/usr/sbin:/sbin", "HOME=/tmp/home",
                                       NULL };
    const char *const argv[] = {
        trial->shell, "-c", script, word ? word : "box", trial->top, NULL
    };
    struct sp_box box = { .root = trial->root,
                          .scratch = sp_arena_printf(arena, "%s/boxes/job", trial->top).ptr,
                          .writes = writes,
                          .shows = shows };
    const struct sp_job job = { "box", argv, env, sp_trial_path(trial, "", arena), .box = &box };
    struct sp_handle handle;
    struct sp_err err = SP_ERR_INIT;

    for (size_t i = 0; sp_trial_declared[i]; i++)
        writes[i] = sp_trial_path(trial, sp_trial_declared[i], arena);
    writes[SP_COUNT(sp_trial_declared) - 1] = NULL;
    if (tune)
        tune(&box);
    enum sp_rc rc = sp_trial_submit(trial, &job, &handle, &err);
    if (rc) {
        (void)snprintf(trial->reason, sizeof trial->reason, "%s", err.text);
        return rc;
    }
    sp_nsec limit = sp_clock_monotonic() + PATIENCE;
    while (!trial->done && sp_clock_monotonic() < limit)
        (void)sp_loop_turn(trial->loop, 1000);
    return SP_OK;
}

bool sp_trial_holds(const struct sp_trial *trial, const char *name, const char *want)
{
    sp_auto_arena struct sp_arena *arena = sp_arena_new();
    sp_auto_buf struct sp_buf text = SP_BUF(SP_BUF_SMALL);
    struct sp_err err = SP_ERR_INIT;

    if (sp_file_read(sp_trial_path(trial, name, arena), &text, &err))
        return want == NULL;
    return want && strcmp(text.ptr, want) == 0;
}

bool sp_trial_left_nothing(const struct sp_trial *trial)
{
    sp_auto_arena struct sp_arena *arena = sp_arena_new();

    return sp_file_kind(sp_arena_printf(arena, "%s/boxes/job", trial->top).ptr) == SP_FILE_NONE;
}

void sp_trial_explain(const struct sp_trial *trial)
{
    printf("# status %d, reason '%s', fault '%s'\n", trial->status, trial->reason, trial->fault);
    for (struct sp_str rest = sp_buf_str(&trial->output); rest.len;) {
        struct sp_str line = sp_str_cut(&rest, '\n');
        printf("# said: " SP_STR_FMT "\n", SP_STR_ARG(line));
    }
}

bool sp_trial_said(const struct sp_trial *trial, const char *words)
{
    return strstr(trial->output.ptr, words) != NULL;
}

bool sp_trial_become(int argc, char **argv)
{
    return argc < 2 || strcmp(argv[1], "nobody") != 0 || geteuid() != 0 ||
           (setgid(65534) == 0 && setuid(65534) == 0 && prctl(PR_SET_DUMPABLE, 1) == 0);
}

enum sp_rc sp_trial_begin(struct sp_trial *trial, char *top, struct sp_err *err)
{
    if (!mkdtemp(top))
        return sp_fail_errno(err, "make a temporary directory");
    trial->top = top;
    trial->output = SP_BUF(SP_BUF_LARGE);
    sp_auto_arena struct sp_arena *arena = sp_arena_new();
    enum sp_rc rc = sp_make_dirs(sp_arena_printf(arena, "%s/boxes", top).ptr, err);
    if (rc == SP_OK)
        rc = sp_loop_new(&trial->loop, err);
    if (rc == SP_OK)
        rc = trial->ops->open(trial->loop, &trial->backend, err);
    if (rc == SP_OK)
        sp_sandbox_set_grace(trial->backend, 50);
    return rc;
}

void sp_trial_end(struct sp_trial *trial)
{
    struct sp_err err = SP_ERR_INIT;

    trial->ops->close(trial->backend);
    sp_loop_free(trial->loop);
    sp_buf_fini(&trial->output);
    if (sp_remove_tree(trial->top, &err))
        printf("# %s\n", err.text);
}
