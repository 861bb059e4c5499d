/* SPDX-License-Identifier: BSD-3-Clause */
#include "engine/repeat.h"

#include "base/checksum.h"
#include "base/clock.h"
#include "base/fault.h"

#include "engine/record.h"
#include "engine/workspace.h"
#include "journal/journal.h"
#include "plan/walk.h"
#include "sys/file.h"
#include "sys/witness.h"
#include "value/json.h"

#include <fcntl.h>
#include <inttypes.h>
#include <limits.h>
#include <locale.h>
#include <stdio.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <unistd.h>

#define VERSION  1
#define FILE_MAX ((size_t)1 << 30)

/* --- what is asked ------------------------------------------------------------------------- */

/* What the kernel grants this process, and how it reads letters: "?" in a pattern is one. */
static void add_process(struct sp_hasher *hasher)
{
    gid_t groups[NGROUPS_MAX];
    int count = getgroups(SP_COUNT(groups), groups);

    sp_hasher_add_number(hasher, geteuid());
    sp_hasher_add_number(hasher, getegid());
    sp_hasher_add_number(hasher, (uint64_t)count);
    for (int i = 0; i < count; i++)
        sp_hasher_add_number(hasher, groups[i]);
    for (int i = 0; i < RLIM_NLIMITS; i++) {
        struct rlimit limit = { 0 };
        (void)getrlimit((__rlimit_resource_t)i, &limit);
        sp_hasher_add_number(hasher, limit.rlim_max);
    }
    sp_hasher_add(hasher, sp_str_of(setlocale(LC_CTYPE, NULL)));
}

void sp_repeat_ask(struct sp_repeat_request *request, int argc, char **argv)
{
    char here[PATH_MAX] = "", host[HOST_NAME_MAX + 1] = "";
    struct sp_hasher hasher;

    sp_hasher_init(&hasher, "spoor.repeat.1");
    sp_hasher_add(&hasher, SP_STR(SPOOR_VERSION));
    sp_hasher_add_number(&hasher, (uint64_t)argc);
    for (int i = 0; i < argc; i++)
        sp_hasher_add(&hasher, sp_str_of(argv[i]));
    sp_hasher_add(&hasher, sp_str_of(getcwd(here, sizeof here)));
    (void)gethostname(host, sizeof host - 1);
    sp_hasher_add(&hasher, sp_str_of(host));
    sp_hasher_add_number(&hasher, (uint64_t)sysconf(_SC_NPROCESSORS_ONLN));
    add_process(&hasher);
    request->digest = sp_hasher_end(&hasher);
}

/* --- the file ------------------------------------------------------------------------------ */

/* .spoor/repeat: a checksum of the rest in hexadecimal and a line end; one line of JSON; what the
 * witness has heard. */
static struct sp_str file_of(const struct sp_workspace *workspace)
{
    return sp_arena_join(workspace->arena, workspace->dir, "/", SP_STR("repeat"));
}

/* What tells a file from one with other content. */
static struct sp_str stamp_of(struct sp_arena *arena, const char *path)
{
    struct stat info;

    if (stat(path, &info) < 0)
        return SP_STR("");
    return sp_arena_printf(arena, "%ju:%ju:%jd:%jd.%09ld", (uintmax_t)info.st_dev,
                           (uintmax_t)info.st_ino, (intmax_t)info.st_size,
                           (intmax_t)info.st_ctim.tv_sec, info.st_ctim.tv_nsec);
}

/* Of no use after a power cut, so it is not synced; the checksum tells. */
static void write_file(const char *path, struct sp_str text)
{
    struct sp_err ignored = SP_ERR_INIT;
    char temporary[PATH_MAX];

    if (snprintf(temporary, sizeof temporary, "%s~", path) >= (int)sizeof temporary)
        return;
    sp_auto_fd int fd =
        SP_FAULT("repeat.create", ENOSPC)
            ? -1
            : open(temporary, O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC | O_NOFOLLOW, 0666);
    bool good = fd >= 0 && sp_write_all(fd, text, &ignored) == SP_OK &&
                !SP_FAULT("repeat.rename", EIO) && rename(temporary, path) == 0;
    if (!good && fd >= 0)
        (void)unlink(temporary);
}

static void put_line(const struct sp_workspace *workspace,
                     const struct sp_run_options *options,
                     const struct sp_run_result *result,
                     size_t total,
                     struct sp_buf *out)
{
    struct sp_arena *arena = workspace->arena;
    struct sp_value line = sp_dict_new(arena);
    struct sp_str journal = sp_workspace_journal(workspace, result->id);

    sp_dict_put(arena, line.dict, "v", sp_int(VERSION));
    sp_dict_put_text(arena, line.dict, "request",
                     sp_str_of(sp_digest_hex(&options->request->digest).text));
    sp_dict_put_text(arena, line.dict, "run", result->id);
    sp_dict_put_text(arena, line.dict, "journal", stamp_of(arena, journal.ptr));
    sp_dict_put(arena, line.dict, "total", sp_int((int64_t)total));
    sp_dict_put(arena, line.dict, "done", sp_int((int64_t)result->done));
    sp_dict_put_text(arena, line.dict, "log-dir", result->log_dir);
    if (result->outputs)
        sp_dict_put(arena, line.dict, "outputs",
                    (struct sp_value){ .kind = SP_DICT,
                                       .dict = (struct sp_dict *)(uintptr_t)result->outputs });
    sp_json_encode(line, SP_JSON_COMPACT, out);
    sp_buf_addc(out, '\n');
}

/* JSON brings back what it was given. */
static bool can_be_told(const struct sp_dict *outputs)
{
    if (outputs)
        SP_DICT_EACH(entry, outputs)
    if (!sp_is_value(entry->value) || entry->value.kind == SP_FLOAT)
        return false;
    return true;
}

void sp_repeat_keep(const struct sp_workspace *workspace,
                    const struct sp_run_options *options,
                    const struct sp_run_result *result,
                    size_t total)
{
    sp_auto_buf struct sp_buf text = SP_BUF(FILE_MAX);
    sp_auto_buf struct sp_buf file = SP_BUF(FILE_MAX + SP_CHECKSUM_HEX + 1);
    struct sp_str path = file_of(workspace);

    if (!options->request || !result->done || result->done != result->reused || result->skipped ||
        !can_be_told(result->outputs))
        return;
    put_line(workspace, options, result, total, &text);
    if (!sp_witness_end(&text))
        return;
    sp_buf_addf(&file, "%s\n", sp_checksum(sp_buf_str(&text)).text);
    sp_buf_add(&file, sp_buf_str(&text));
    if (sp_buf_ok(&file))
        write_file(path.ptr, sp_buf_str(&file));
}

/* --- known again --------------------------------------------------------------------------- */

struct repeat {
    struct sp_arena *arena;
    const struct sp_run_options *options;
    struct sp_run_result *result;
    struct sp_workspace workspace;
    const struct sp_dict *line;
    struct sp_str testimony; /* in the text of the file */
    struct sp_str model;     /* journal of the run that is repeated */
    struct sp_journal *journal;
    sp_nsec started;
};

static size_t number(const struct repeat *repeat, const char *key)
{
    const struct sp_value *value = sp_dict_get(repeat->line, key);

    return value && value->kind == SP_INT && value->integer > 0 ? (size_t)value->integer : 0;
}

static bool read_file(struct repeat *repeat, struct sp_buf *out)
{
    struct sp_err ignored = SP_ERR_INIT;
    struct sp_value value;

    if (sp_file_read(file_of(&repeat->workspace).ptr, out, &ignored))
        return false;
    struct sp_str rest = sp_buf_str(out);
    struct sp_str sum = sp_str_cut(&rest, '\n');
    if (!rest.ptr || !sp_str_is(sum, sp_checksum(rest).text))
        return false;
    struct sp_str line = sp_str_cut(&rest, '\n');
    if (!rest.ptr || sp_json_decode(repeat->arena, line, &value, &ignored) || value.kind != SP_DICT)
        return false;
    repeat->line = value.dict;
    repeat->testimony = rest;
    repeat->model = sp_workspace_journal(&repeat->workspace, sp_dict_text(repeat->line, "run"));
    return number(repeat, "v") == VERSION &&
           sp_str_is(sp_dict_text(repeat->line, "request"),
                     sp_digest_hex(&repeat->options->request->digest).text);
}

/* Whoever was interrupted has to be reported, and cleared up after. */
static bool has_newest_ended(struct repeat *repeat)
{
    struct sp_err ignored = SP_ERR_INIT;
    const struct sp_dict *last = NULL;
    struct sp_str *ids;
    size_t len = sp_workspace_runs(&repeat->workspace, &ids);

    if (!len || sp_journal_last(sp_workspace_journal(&repeat->workspace, ids[len - 1]).ptr,
                                repeat->arena, &last, &ignored))
        return false;
    return sp_str_is(sp_dict_text(last, "event"), "run-end");
}

static bool is_as_it_was(struct repeat *repeat)
{
    return has_newest_ended(repeat) &&
           sp_str_eq(stamp_of(repeat->arena, repeat->model.ptr),
                     sp_dict_text(repeat->line, "journal")) &&
           sp_witness_holds(repeat->testimony);
}

/* --- the run ------------------------------------------------------------------------------- */

static bool take_first(const struct sp_dict *event, void *arg)
{
    struct sp_dict **first = arg;

    *first = (struct sp_dict *)(uintptr_t)event;
    return false;
}

/* As that of the model, but for what is of this run. */
static struct sp_dict *build_start(struct repeat *repeat, struct sp_err *err)
{
    static const char *const envelope[] = { "v", "seq", "time", "event" };
    struct sp_arena *arena = repeat->arena;
    struct sp_dict *first = NULL;

    if (sp_journal_read(repeat->model.ptr, arena, take_first, &first, err) || !first)
        return NULL;
    for (size_t i = 0; i < SP_COUNT(envelope); i++)
        (void)sp_dict_remove(arena, first, sp_str_of(envelope[i]));
    sp_dict_put_text(arena, first, "run", repeat->result->id);
    sp_dict_put_text(arena, first, "repeats", sp_dict_text(repeat->line, "run"));
    sp_dict_put(arena, first, "pid", sp_int(getpid()));
    sp_dict_put(arena, first, "clock", sp_int(sp_clock_files()));
    return first;
}

static enum sp_rc write_journal(struct repeat *repeat, struct sp_err *err)
{
    struct sp_str path = sp_workspace_journal(&repeat->workspace, repeat->result->id);
    struct sp_dict *first = build_start(repeat, err);

    if (!first)
        return sp_fail(err, SP_CORRUPT, "the journal has no first event");
    enum sp_rc rc = sp_journal_create(path.ptr, &repeat->journal, err);
    if (rc == SP_OK)
        rc = sp_journal_append(repeat->journal, "run-start", first, SP_JOURNAL_LAZY, err);
    if (rc == SP_OK)
        rc = sp_journal_take_over(repeat->journal, repeat->model.ptr, err);
    if (rc == SP_OK)
        rc = sp_journal_append(repeat->journal, "run-end",
                               sp_record_run_end(repeat->arena, true, false, NULL,
                                                 sp_clock_monotonic() - repeat->started),
                               SP_JOURNAL_LAZY, err);
    return rc;
}

static void tell(const struct repeat *repeat)
{
    const struct sp_run_options *options = repeat->options;
    const struct sp_value *outputs = sp_dict_get(repeat->line, "outputs");
    struct sp_position top = { 0 };
    struct sp_run_event event = {
        .kind = SP_RUN_START,
        .level = SP_LOG_INFO,
        .run_id = repeat->result->id,
        .total = number(repeat, "total"),
    };

    if (!options->watch)
        return;
    options->watch(options->arg, &event);
    event.done = event.reused = repeat->result->done;
    event.kind = SP_RUN_LEAVE;
    event.position = &top;
    event.outputs = outputs && outputs->kind == SP_DICT ? outputs->dict : NULL;
    options->watch(options->arg, &event);
    event.kind = SP_RUN_END;
    event.position = NULL;
    event.outputs = NULL;
    event.success = true;
    event.log_dir = repeat->result->log_dir;
    event.usage.wall = sp_clock_monotonic() - repeat->started;
    options->watch(options->arg, &event);
}

/* False: the way to find out more is the usual one, and this has left no trace. */
static bool begin_and_end(struct repeat *repeat)
{
    struct sp_err err = SP_ERR_INIT;
    struct sp_str dir;

    if (sp_workspace_new_run(&repeat->workspace, &repeat->result->id, &dir, &err))
        return false;
    enum sp_rc rc = write_journal(repeat, &err);
    sp_journal_close(SP_TAKE(repeat->journal));
    if (rc) {
        err.code = SP_OK;
        (void)!sp_remove_tree(dir.ptr, &err);
        return false;
    }
    repeat->result->done = repeat->result->reused = number(repeat, "done");
    repeat->result->log_dir = sp_dict_text(repeat->line, "log-dir");
    tell(repeat);
    return true;
}

bool sp_repeat_run(struct sp_arena *arena,
                   const struct sp_run_options *options,
                   struct sp_run_result *result)
{
    sp_auto_buf struct sp_buf text = SP_BUF(FILE_MAX);
    struct sp_err ignored = SP_ERR_INIT;
    struct repeat repeat = {
        .arena = arena,
        .options = options,
        .result = result,
        .started = sp_clock_monotonic(),
    };

    *result = (struct sp_run_result){ 0 };
    if (sp_workspace_read(arena, ".", &repeat.workspace, &ignored) || !read_file(&repeat, &text))
        return false;
    ignored.code = SP_OK;
    if (sp_workspace_open(arena, ".", &repeat.workspace, &ignored))
        return false; /* another run is going; what comes says so */
    bool done = is_as_it_was(&repeat) && begin_and_end(&repeat);
    sp_workspace_close(&repeat.workspace);
    if (!done)
        *result = (struct sp_run_result){ 0 };
    return done;
}
