/* SPDX-License-Identifier: BSD-3-Clause */
#include "engine/leftover.h"

#include "base/amount.h"
#include "base/clock.h"
#include "base/vec.h"

#include "draw/fits_scan.h"
#include "journal/journal.h"
#include "sys/file.h"
#include "sys/loop.h"
#include "sys/procmark.h"

#include <fcntl.h>
#include <stdlib.h>
#include <sys/stat.h>
#include <time.h>

sp_nsec sp_file_clock_of(const char *dir)
{
    struct stat info;
    sp_auto_fd int fd = open(dir, O_TMPFILE | O_WRONLY | O_CLOEXEC, 0600);

    if (fd < 0 || fstat(fd, &info) < 0)
        return sp_clock_files();
    return sp_clock_nsec(info.st_ctim);
}

/* --- after a failure ---------------------------------------------------------------------- */

struct sp_list *sp_leftovers(struct sp_arena *arena, const struct sp_task *task, sp_nsec started)
{
    struct sp_list *lines = sp_list_new(arena).list;

    if (!task->writes)
        return lines;
    SP_LIST_EACH(path, task->writes)
    {
        const char *name = sp_arena_cstr(arena, path->text);
        if (sp_file_kind(name) == SP_FILE_NONE)
            continue;
        bool changed = sp_tree_mtime(name) >= started;
        struct sp_amount_text size = sp_amount_text(sp_tree_size(name));
        struct sp_str line = sp_arena_printf(
            arena, "%s: '%s' (%s) %s", changed ? "left behind" : "unharmed", name, size.text,
            changed ? "was written by the step that did not finish; do not trust it"
                    : "was not changed");
        sp_list_add(arena, lines, sp_text(line));
    }
    return lines;
}

/* --- useless outputs ---------------------------------------------------------------------- */

static enum sp_rc check_image(struct sp_arena *arena,
                              struct sp_str name,
                              struct sp_str path,
                              struct sp_err *err)
{
    struct sp_fits_scan scan;
    struct sp_err ignored = SP_ERR_INIT;
    sp_auto_fd int fd = open(sp_arena_cstr(arena, path), O_RDONLY | O_CLOEXEC);

    if (fd < 0 || sp_fits_scan(fd, &scan, &ignored) || !scan.is_image || !scan.all_blank)
        return SP_OK;
    return sp_fail(err, SP_INVALID,
                   "output '" SP_STR_FMT "': the image " SP_STR_FMT
                   " has no valid pixel, all are NaN; probably all data are flagged or have zero "
                   "weight",
                   SP_STR_ARG(name), SP_STR_ARG(path));
}

static enum sp_rc check_output(struct sp_arena *arena,
                               const struct sp_dict_entry *entry,
                               struct sp_err *err)
{
    enum sp_rc rc = SP_OK;

    if (sp_is_text(entry->value) && sp_str_ends(entry->value.text, ".fits"))
        return check_image(arena, entry->key, entry->value.text, err);
    if (!sp_is_list(entry->value))
        return SP_OK;
    SP_LIST_EACH(item, entry->value.list)
    if (rc == SP_OK && sp_is_text(*item) && sp_str_ends(item->text, ".fits"))
        rc = check_image(arena, entry->key, item->text, err);
    return rc;
}

enum sp_rc sp_outputs_check(struct sp_arena *arena, const struct sp_task *task, struct sp_err *err)
{
    enum sp_rc rc = SP_OK;

    if (!task->outputs)
        return SP_OK;
    SP_DICT_EACH(entry, task->outputs)
    if (rc == SP_OK)
        rc = check_output(arena, entry, err);
    return rc;
}

/* --- runs that never ended ---------------------------------------------------------------- */

/* A step that began and did not end; its texts are its own, since a journal can be long. */
struct lost_step {
    char *task, *backend, *handle;
};

/* What the journal of such a run says. */
struct lost {
    SP_VEC(struct lost_step) steps; /* in the order in which they began */
    bool ended;
};

static struct lost_step *find_step(struct lost *lost, struct sp_str task)
{
    for (size_t i = lost->steps.len; i-- > 0;)
        if (sp_str_is(task, lost->steps.items[i].task))
            return &lost->steps.items[i];
    return NULL;
}

static void clear_step(struct lost_step *step)
{
    free(step->task);
    free(step->backend);
    free(step->handle);
    *step = (struct lost_step){ 0 };
}

static void end_step(struct lost *lost, struct sp_str task)
{
    struct lost_step *step = find_step(lost, task);

    if (!step)
        return;
    clear_step(step);
    size_t at = (size_t)(step - lost->steps.items);
    lost->steps.len--;
    memmove(&lost->steps.items[at], &lost->steps.items[at + 1],
            (lost->steps.len - at) * sizeof *lost->steps.items);
}

static char *copy_of(const struct sp_dict *event, const char *key)
{
    struct sp_str text = sp_dict_text(event, key);

    return strndup(text.len ? text.ptr : "", text.len);
}

static void note_handle(struct lost_step *step, const struct sp_dict *event)
{
    if (!step || step->handle)
        return;
    step->backend = copy_of(event, "backend");
    step->handle = copy_of(event, "handle");
}

/* Another attempt begins. */
static void forget_handle(struct lost_step *step)
{
    if (!step)
        return;
    free(SP_TAKE(step->backend));
    free(SP_TAKE(step->handle));
}

static bool fold_event(const struct sp_dict *event, void *arg)
{
    struct lost *lost = arg;
    struct sp_str name = sp_dict_text(event, "event");
    struct sp_str task = sp_dict_text(event, "task");

    if (sp_str_is(name, "step-start"))
        SP_VEC_ADD(&lost->steps)->task = copy_of(event, "task");
    else if (sp_str_is(name, "step-handle"))
        note_handle(find_step(lost, task), event);
    else if (sp_str_is(name, "step-retry"))
        forget_handle(find_step(lost, task));
    else if (sp_str_is(name, "step-end"))
        end_step(lost, task);
    else if (sp_str_is(name, "run-end") || sp_str_is(name, "run-lost"))
        lost->ended = true;
    return true;
}

/* Two tools must not write to one file: the one whose engine has gone is ended. */
static bool end_orphan(const struct lost_step *lost,
                       const struct sp_backend_ops *ops,
                       struct sp_backend *backend)
{
    struct sp_handle handle = { 0 };

    size_t len = lost->handle ? strlen(lost->handle) : 0;

    if (len == 0 || len >= sizeof handle.text || strcmp(lost->backend, ops->name) != 0 ||
        !ops->is_alive)
        return false;
    memcpy(handle.text, lost->handle, len);
    if (!ops->is_alive(backend, &handle))
        return false;
    ops->kill(backend, &handle);
    return true;
}

static void note_lost(const char *path, struct sp_err *err)
{
    struct sp_journal *journal = NULL;

    if (sp_journal_open(path, &journal, err) == SP_OK &&
        sp_journal_append(journal, "run-lost", NULL, SP_JOURNAL_SYNC, err) == SP_OK)
        err->code = SP_OK;
    sp_journal_close(journal);
}

static void add_line(struct sp_arena *arena, struct sp_list *lines, struct sp_str line)
{
    sp_list_add(arena, lines, sp_text(line));
}

#define NAMED_MAX 20

static void report_run(struct sp_arena *arena,
                       const struct lost *lost,
                       struct sp_str id,
                       struct sp_list *lines)
{
    sp_auto_buf struct sp_buf names = SP_BUF(SP_BUF_SMALL);
    bool many = lost->steps.len > 1;

    if (lost->steps.len == 0) {
        add_line(arena, lines,
                 sp_arena_printf(arena, "the previous run %s did not end: its spoor was killed",
                                 id.ptr));
        return;
    }
    for (size_t i = 0; i < lost->steps.len && i < NAMED_MAX; i++)
        sp_buf_addf(&names, "%s%s", i ? ", " : "", lost->steps.items[i].task);
    if (lost->steps.len > NAMED_MAX)
        sp_buf_addf(&names, " and %zu more", lost->steps.len - NAMED_MAX);
    add_line(arena, lines,
             sp_arena_printf(arena,
                             "the previous run %s did not end: its spoor was killed while running "
                             "step%s %s; what %s wrote may be incomplete",
                             id.ptr, many ? "s" : "", names.ptr,
                             many ? "those steps" : "that step"));
}

static void report_orphan(struct sp_arena *arena,
                          const struct lost *lost,
                          const struct lost_step *step,
                          struct sp_list *lines)
{
    struct sp_str pid = sp_str_of(step->handle);
    struct sp_str which = SP_STR("that step");

    pid = sp_str_cut(&pid, ':');
    if (lost->steps.len > 1)
        which = sp_arena_printf(arena, "step %s", step->task);
    add_line(arena, lines,
             sp_arena_printf(arena,
                             "the tool of " SP_STR_FMT " was still running (" SP_STR_FMT
                             "); it has been ended",
                             SP_STR_ARG(which), SP_STR_ARG(pid)));
}

/* Most have, and say so in their last line. */
static bool has_ended(const char *path)
{
    sp_auto_arena struct sp_arena *arena = sp_arena_new();
    struct sp_err ignored = SP_ERR_INIT;
    const struct sp_dict *last;

    if (sp_journal_last(path, arena, &last, &ignored))
        return false;
    struct sp_str event = sp_dict_text(last, "event");
    return sp_str_is(event, "run-end") || sp_str_is(event, "run-lost");
}

/* Two tools must not write to one file, and what is still being written is no result. */
static enum sp_rc end_tools(const struct lost *lost,
                            struct sp_workspace *workspace,
                            struct sp_str id,
                            const struct sp_backend_ops *ops,
                            struct sp_backend *backend,
                            struct sp_list *lines,
                            struct sp_err *err)
{
    pid_t stubborn;

    for (size_t i = 0; i < lost->steps.len; i++)
        if (end_orphan(&lost->steps.items[i], ops, backend))
            report_orphan(workspace->arena, lost, &lost->steps.items[i], lines);
    /* Also those of which nobody could say any more that they had been started. */
    size_t count = sp_procmark_end(sp_workspace_mark(workspace, id).ptr, &stubborn);
    if (count && !stubborn)
        add_line(workspace->arena, lines,
                 sp_arena_printf(workspace->arena,
                                 "%zu process%s that it had started %s still running; %s been "
                                 "ended",
                                 count, count > 1 ? "es" : "", count > 1 ? "were" : "was",
                                 count > 1 ? "they have" : "it has"));
    if (!stubborn)
        return SP_OK;
    return sp_fail(err, SP_BUSY,
                   "process %d, which the previous run " SP_STR_FMT
                   " has started, is still running and cannot be ended: it may go on writing here",
                   (int)stubborn, SP_STR_ARG(id));
}

enum sp_rc sp_lost_runs(struct sp_workspace *workspace,
                        const struct sp_backend_ops *ops,
                        struct sp_backend *backend,
                        struct sp_list *lines,
                        struct sp_err *err)
{
    struct sp_err ignored = SP_ERR_INIT;
    struct lost lost = { 0 };
    struct sp_str *ids;

    /* Each run looks at the one before it, so only the newest can be unknown. */
    size_t count = sp_workspace_runs(workspace, &ids);
    if (count == 0)
        return SP_OK;
    struct sp_str path = sp_workspace_journal(workspace, ids[count - 1]);
    if (has_ended(path.ptr))
        return SP_OK;
    enum sp_rc rc = sp_journal_read(path.ptr, NULL, fold_event, &lost, &ignored);
    if (rc == SP_OK && !lost.ended) {
        report_run(workspace->arena, &lost, ids[count - 1], lines);
        rc = end_tools(&lost, workspace, ids[count - 1], ops, backend, lines, err);
        if (rc == SP_OK)
            note_lost(path.ptr, &ignored);
    }
    for (size_t i = 0; i < lost.steps.len; i++)
        clear_step(&lost.steps.items[i]);
    SP_VEC_FINI(&lost.steps);
    return rc == SP_BUSY ? rc : SP_OK;
}

enum sp_rc sp_lost_tools(struct sp_workspace *workspace, struct sp_list *lines, struct sp_err *err)
{
    const struct sp_backend_ops *ops = sp_backend_find("native");
    struct sp_backend *backend = NULL;
    struct sp_loop *loop = NULL;

    enum sp_rc rc = sp_loop_new(&loop, err);
    if (rc == SP_OK)
        rc = ops->open(loop, &backend, err);
    if (rc == SP_OK)
        rc = sp_lost_runs(workspace, ops, backend, lines, err);
    if (backend)
        ops->close(backend);
    sp_loop_free(loop);
    return rc;
}
