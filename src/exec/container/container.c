/* SPDX-License-Identifier: BSD-3-Clause */
#include "exec/container/container.h"

#include "base/fault.h"

#include "exec/children.h"
#include "exec/container/ask.h"
#include "exec/container/keeper.h"
#include "exec/guard.h"
#include "exec/lookup.h"
#include "exec/pipes.h"
#include "sys/env.h"
#include "sys/file.h"
#include "sys/limit.h"
#include "sys/procmark.h"
#include "sys/procstat.h"
#include "sys/spawn.h"
#include "sys/witness.h"

#include <fcntl.h>
#include <inttypes.h>
#include <signal.h>
#include <stdio.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#define ASK_MS      20000
#define ENDING_MS   15000 /* for the keeper of an engine that died, to remove its container */
#define CANNOT_MAKE 125

/* What the instance keeps. */
struct settings {
    const struct sp_container_kind *kind;
    unsigned count; /* of containers so far */
};

/* What a job keeps. */
struct contained {
    const struct sp_container_kind *kind;
    struct sp_arena *arena;
    struct sp_guard guard;
    const struct sp_job *job;
    int status, leash; /* our ends */
    char said[400];    /* the last thing that the program said itself */
};

bool sp_container_find(const char *program, struct sp_buf *out)
{
    return sp_find_program(program, sp_env_get(SP_STR("PATH")).ptr, out);
}

/* --- names ----------------------------------------------------------------------------------- */

struct prefix {
    char text[64];
};

/* Of the containers of all engines that can see each other's processes. */
static struct prefix prefix_of_names(void)
{
    struct sp_boot_id boot = sp_boot_id();
    struct prefix prefix;
    struct stat space;

    if (stat("/proc/self/ns/pid", &space) < 0)
        space.st_ino = 0;
    (void)snprintf(prefix.text, sizeof prefix.text, "spoor-%.8s-%" PRIu64 "-", boot.text,
                   (uint64_t)space.st_ino);
    return prefix;
}

static const char *name_container(struct sp_arena *arena, struct settings *settings)
{
    struct sp_procstat own = { 0 };
    struct prefix prefix = prefix_of_names();

    (void)sp_procstat_read(getpid(), &own);
    return sp_arena_printf(arena, "%s%d-%" PRIu64 "-%u", prefix.text, (int)getpid(), own.start,
                           ++settings->count)
        .ptr;
}

/* Does the engine live that has given this name? `rest` is what follows the prefix. */
static bool has_living_engine(struct sp_str rest)
{
    struct sp_procstat engine;
    int64_t pid, start;

    if (!sp_str_int(sp_str_cut(&rest, '-'), &pid) || !sp_str_int(sp_str_cut(&rest, '-'), &start))
        return true; /* not one of ours */
    return pid > 0 && pid <= INT32_MAX && sp_procstat_read((pid_t)pid, &engine) &&
           engine.start == (uint64_t)start;
}

/* --- beginning ------------------------------------------------------------------------------- */

static void forget(void *own)
{
    struct contained *contained = own;

    if (!contained)
        return;
    sp_guard_fini(&contained->guard);
    sp_fd_closep(&contained->status);
    sp_fd_closep(&contained->leash);
    sp_arena_free(contained->arena);
    free(contained);
}

static enum sp_rc check_job(const struct sp_container_kind *kind,
                            const struct sp_job *job,
                            struct sp_err *err)
{
    if (!job->box || !job->box->root)
        return sp_fail(err, SP_INVALID,
                       "start '%s': backend '%s' runs images only, and this step names none",
                       job->argv[0], kind->name);
    if (sp_file_kind(job->cwd) != SP_FILE_DIR)
        return sp_fail(err, SP_INVALID, "start '%s': there is no working directory '%s'",
                       job->argv[0], job->cwd);
    return sp_lookup_program(job, err);
}

static enum sp_rc find_program(const struct sp_container_kind *kind,
                               struct sp_call *call,
                               struct sp_err *err)
{
    const struct sp_box_program *wanted = call->job->box->program;
    const char *why = NULL;

    if (wanted && wanted->executable) {
        sp_auto_buf struct sp_buf path = SP_BUF(SP_BUF_SMALL);
        enum sp_rc rc =
            sp_program_get(wanted->executable, sp_env_get(SP_STR("PATH")).ptr, NULL, &path, err);
        if (rc)
            return sp_err_wrap(err, "opts.backend.%s.executable", kind->name);
        call->program = sp_arena_cstr(call->arena, sp_buf_str(&path));
        return SP_OK;
    }
    call->program = kind->find(&why);
    return why ? sp_fail(err, SP_IO, "backend '%s': %s", kind->name, why) : SP_OK;
}

static struct sp_argv removal_of(const struct sp_container_kind *kind, const struct sp_call *call)
{
    struct sp_argv words = { 0 };

    if (!kind->removal)
        return words;
    sp_argv_add(&words, call->program);
    sp_argv_add_all(&words, kind->removal);
    sp_argv_add(&words, call->name);
    sp_argv_add(&words, NULL);
    return words;
}

/* "kill --signal N NAME"; whoever runs it writes the number. */
static struct sp_argv killing_of(const struct sp_container_kind *kind,
                                 const struct sp_call *call,
                                 const char *number)
{
    struct sp_argv words = { 0 };

    if (!kind->is_remote)
        return words;
    sp_argv_add_all(&words, (const char *const[]){ call->program, "kill", "--signal", number,
                                                   call->name, NULL });
    sp_argv_add(&words, NULL);
    return words;
}

static struct sp_argv environment_of(const struct sp_call *call)
{
    struct sp_argv words = { 0 };

    for (size_t i = 0; i < call->env.len; i++)
        sp_argv_add(&words, call->env.items[i]);
    sp_argv_add_all(&words, (const char *const *)environ);
    sp_argv_add(&words, NULL);
    return words;
}

/* For programs that cannot be told. Not of memory: the program itself would not have enough. */
static size_t set_limits(const struct sp_job *job, struct sp_keeper_limit *out)
{
    const struct sp_box *box = job->box;
    size_t count = 0;

    if (box->file_size)
        out[count++] = (struct sp_keeper_limit){ RLIMIT_FSIZE, box->file_size, true };
    if (box->processes)
        out[count++] = (struct sp_keeper_limit){ RLIMIT_NPROC, box->processes, true };
    for (size_t i = 0; i < job->limit_count && count < SP_KEEPER_LIMITS; i++)
        out[count++] =
            (struct sp_keeper_limit){ job->limits[i].resource, job->limits[i].soft, false };
    return count;
}

static enum sp_rc fork_keeper(struct contained *contained,
                              struct sp_call *call,
                              struct sp_pipe pipes[static SP_PIPES],
                              struct sp_process *out,
                              struct sp_err *err)
{
    struct sp_argv remove = removal_of(contained->kind, call);
    struct sp_argv env = environment_of(call);
    char number[SP_KEEPER_DIGITS] = "0";
    struct sp_keeper_limit limits[SP_KEEPER_LIMITS];
    size_t count = contained->kind->has_groups ? 0 : set_limits(call->job, limits);
    struct sp_argv killing = killing_of(contained->kind, call, number);
    const struct sp_keeper_plan plan = {
        .limits = limits,
        .limit_count = count,
        .run = call->run.items,
        .kill = killing.items,
        .number = number,
        .remove = remove.items,
        .env = env.items,
        .dir = call->scratch ? call->scratch->box->scratch : "/",
        .out = pipes[SP_PIPE_OUT].writer,
        .err = pipes[SP_PIPE_ERR].writer,
        .status = pipes[SP_PIPE_STATUS].writer,
        .leash = pipes[SP_PIPE_LEASH].reader,
    };
    pid_t pid;

    sp_witness_blind();
    enum sp_rc rc = sp_keeper_fork(&plan, &pid, err);
    sp_argv_fini(&remove);
    sp_argv_fini(&killing);
    sp_argv_fini(&env);
    if (rc)
        return rc;
    sp_pipes_take(pipes, pid, out, &contained->status, &contained->leash);
    return SP_OK;
}

static enum sp_rc start_container(struct contained *contained,
                                  struct sp_call *call,
                                  struct sp_process *out,
                                  struct sp_err *err)
{
    struct sp_pipe pipes[SP_PIPES];
    enum sp_rc rc = sp_binds_make(call->arena, call->job, call->scratch, &call->binds, err);

    if (rc == SP_OK)
        rc = contained->kind->fill(call, err);
    if (rc)
        return rc;
    sp_argv_add(&call->run, NULL);
    rc = sp_pipes_open(pipes, err);
    if (rc == SP_OK)
        rc = fork_keeper(contained, call, pipes, out, err);
    sp_pipes_close(pipes);
    return rc;
}

static enum sp_rc start(void *arg,
                        const struct sp_job *job,
                        struct sp_process *out,
                        void **own,
                        struct sp_err *err)
{
    struct settings *settings = arg;

    enum sp_rc rc = check_job(settings->kind, job, err);
    if (rc)
        return rc;
    struct contained *contained = sp_alloc(sizeof *contained);
    *contained = (struct contained){ .kind = settings->kind,
                                     .arena = sp_arena_new(),
                                     .guard = { .box = job->box },
                                     .job = job,
                                     .status = -1,
                                     .leash = -1 };
    struct sp_call call = { .arena = contained->arena, .job = job };
    rc = find_program(settings->kind, &call, err);
    if (rc == SP_OK && job->box->scratch)
        rc = sp_scratch_make(job->box, job->cwd, &contained->guard.scratch, err);
    call.scratch = contained->guard.scratch;
    call.name = name_container(contained->arena, settings);
    if (rc == SP_OK)
        rc = start_container(contained, &call, out, err);
    sp_argv_fini(&call.run);
    sp_argv_fini(&call.env);
    if (rc) {
        forget(contained);
        return rc;
    }
    *own = contained;
    return SP_OK;
}

/* --- meanwhile ------------------------------------------------------------------------------- */

/* The container of a keeper: below a monitor, which is below the keeper, or below the program. */
static pid_t find_top(const struct sp_proclist *list, pid_t keeper, bool has_monitor)
{
    for (size_t i = 0; i < list->len; i++) {
        const struct sp_procstat *process = &list->items[i];
        if (process->ppid != keeper)
            continue;
        if (!has_monitor)
            return process->pid;
        for (size_t k = 0; k < list->len; k++)
            if (list->items[k].ppid == process->pid && list->items[k].pgrp != process->pgrp &&
                process->pgrp == process->pid)
                return list->items[k].pid;
    }
    return 0;
}

static pid_t find_container(const struct contained *contained,
                            const struct sp_proclist *list,
                            pid_t keeper)
{
    return contained->kind->is_remote ? 0 : find_top(list, keeper, contained->kind->removal);
}

/* Straight to the first process of the container, if it is below the keeper: programs are slow to
 * pass signals on, or lose the exit status over it. */
static bool signal_container(const struct contained *contained, pid_t keeper, int signo)
{
    sp_auto_proclist struct sp_proclist list = { 0 };

    sp_proclist_scan(&list);
    pid_t top = find_container(contained, &list, keeper);
    if (!top || kill(top, signo) < 0)
        return false;
    (void)kill(top, SIGCONT); /* or a stopped one would never notice */
    return true;
}

static void send_signal(void *own, pid_t pid, int signo)
{
    const struct contained *contained = own;
    unsigned char byte = (unsigned char)signo;

    if (signo != SIGKILL && signal_container(contained, pid, signo))
        return;
    if (write(contained->leash, &byte, 1) != 1)
        (void)kill(-pid, SIGKILL);
}

static void measure(void *own, const struct sp_proclist *list, pid_t pid, struct sp_procsum *sum)
{
    const struct contained *contained = own;
    pid_t top = find_container(contained, list, pid);

    *sum = (struct sp_procsum){ 0 };
    if (top)
        sp_proclist_sum(list, top, sum);
}

static const char *oversee(void *own, const struct sp_procsum *sum)
{
    struct contained *contained = own;

    return sp_guard_oversee(&contained->guard, sum);
}

static void hear(void *own, struct sp_str text)
{
    struct contained *contained = own;

    for (size_t i = 0; contained->kind->begins[i]; i++)
        if (sp_str_starts(text, contained->kind->begins[i])) {
            struct sp_str line = sp_str_trim(sp_str_slice(text, 0, sizeof contained->said - 1));
            (void)snprintf(contained->said, sizeof contained->said, SP_STR_FMT, SP_STR_ARG(line));
        }
    sp_guard_hear(&contained->guard, text);
}

/* --- the end --------------------------------------------------------------------------------- */

static bool says(const struct contained *contained, const char *const *words)
{
    for (size_t i = 0; words[i]; i++)
        if (strcasestr(contained->said, words[i]))
            return true;
    return false;
}

/* The program has failed, not what it was to run. */
static void explain_failure(struct contained *contained, int code, struct sp_child_end *end)
{
    static const char *const faults_of_job[] = { "not found", "no such file", "permission denied",
                                                 "exec format", NULL };
    const struct sp_job *job = contained->job;
    bool is_tool = code != CANNOT_MAKE && says(contained, faults_of_job);

    if (is_tool)
        (void)snprintf(contained->guard.text, sizeof contained->guard.text,
                       "'%s' of image '%s' cannot be started (its interpreter or loader may be "
                       "missing, or it is for another machine): %s",
                       job->argv[0], job->box->root->name, contained->said);
    else
        (void)snprintf(contained->guard.text, sizeof contained->guard.text,
                       "%s could not make the container: %s", contained->kind->name,
                       contained->said);
    end->reason = contained->guard.text;
    end->failure = is_tool ? SP_FAILURE_TOOL : SP_FAILURE_INFRASTRUCTURE;
}

static bool has_failed(const struct contained *contained, int code)
{
    for (const struct sp_container_failure *f = contained->kind->failures; f->with; f++)
        if (code >= f->from && code <= f->to && strstr(contained->said, f->with))
            return true;
    return false;
}

/* As of the tool itself: the program adds 128 to the number of a signal. */
static void explain_status(struct contained *contained, struct sp_child_end *end)
{
    const struct sp_box *box = contained->job->box;
    int code = WIFEXITED(end->status) ? WEXITSTATUS(end->status) : 0;

    if (has_failed(contained, code) && !end->cancelled)
        explain_failure(contained, code, end);
    if (code > 128 && code < 128 + NSIG)
        end->status = code - 128;
    if (!end->cancelled && WIFSIGNALED(end->status) && WTERMSIG(end->status) == SIGKILL &&
        box->memory && contained->kind->holds_memory()) {
        (void)snprintf(contained->guard.text, sizeof contained->guard.text,
                       "ended: it has most probably used more than %.0f MB of memory, which is its "
                       "limit (opts.backend.box.memory)",
                       (double)box->memory / 1e6);
        end->reason = contained->guard.text;
        end->failure = SP_FAILURE_RESOURCE;
    }
}

static void take_status(struct contained *contained, struct sp_child_end *end)
{
    struct sp_keeper_message message;
    bool told = false;

    while (read(contained->status, &message, sizeof message) == (ssize_t)sizeof message) {
        told = true;
        if (message.kind == SP_KEEPER_ENDED) {
            end->status = message.number;
        } else {
            (void)snprintf(contained->said, sizeof contained->said, "it cannot be started: %s",
                           strerrordesc_np(message.number));
            end->status = CANNOT_MAKE << 8;
            explain_failure(contained, CANNOT_MAKE, end);
            return;
        }
    }
    if (told)
        explain_status(contained, end);
}

static void end_container(void *own, struct sp_child_end *end)
{
    struct contained *contained = own;
    bool explained;

    take_status(contained, end);
    explained = end->reason != NULL;
    if (explained) /* the guard has but one text */
        end->reason = sp_arena_cstr(contained->arena, sp_str_of(end->reason));
    sp_guard_take_files(&contained->guard, end);
    if (!explained)
        sp_guard_explain(&contained->guard, end);
}

/* --- the backend ----------------------------------------------------------------------------- */

static const struct sp_child_kind children = {
    .start = start,
    .signal = send_signal,
    .signals_kill = true,
    .measure = measure,
    .oversee = oversee,
    .hear = hear,
    .end = end_container,
    .forget = forget,
};

enum sp_rc sp_container_open(const struct sp_container_kind *kind,
                             struct sp_loop *loop,
                             struct sp_backend **out,
                             struct sp_err *err)
{
    struct settings *settings = sp_alloc(sizeof *settings);

    (void)err;
    settings->kind = kind;
    *out = sp_children_new(&children, settings, loop);
    return SP_OK;
}

void sp_container_close(struct sp_backend *backend)
{
    struct settings *settings = backend ? sp_children_arg(backend) : NULL;

    sp_children_close(backend);
    free(settings);
}

unsigned sp_container_caps(const struct sp_backend *backend)
{
    const struct settings *settings = sp_children_arg(backend);

    return SP_BACKEND_SHARED_FS | SP_BACKEND_CONTAINERS | SP_BACKEND_LIVE_OUTPUT |
           SP_BACKEND_CONFINES | (settings->kind->holds_memory() ? SP_BACKEND_ENFORCES_MEM : 0U);
}

const char *sp_container_refusal(const struct sp_container_kind *kind)
{
    const char *why = NULL;

    (void)kind->find(&why);
    return why;
}

/* --- of engines that died --------------------------------------------------------------------- */

static void remove_named(const struct sp_container_kind *kind,
                         const char *program,
                         struct sp_arena *arena,
                         struct sp_str names)
{
    sp_auto_buf struct sp_buf ignored = SP_BUF(SP_BUF_SMALL);
    struct prefix prefix = prefix_of_names();
    struct sp_argv words = { 0 };

    sp_argv_add(&words, program);
    sp_argv_add_all(&words, kind->removal);
    size_t before = words.len;
    while (names.len) {
        struct sp_str name = sp_str_trim(sp_str_cut(&names, '\n'));
        if (sp_str_starts(name, prefix.text) &&
            !has_living_engine(sp_str_slice(name, strlen(prefix.text), name.len)))
            sp_argv_add(&words, sp_arena_cstr(arena, name));
    }
    bool any = words.len > before;
    sp_argv_add(&words, NULL);
    if (any)
        (void)sp_ask(words.items, ASK_MS, &ignored, &ignored);
    sp_argv_fini(&words);
}

/* What of containers is still there whose engine is not. Whether the program can make any is not
 * asked: that takes longer. */
static void remove_orphans(const struct sp_container_kind *kind)
{
    sp_auto_arena struct sp_arena *arena = sp_arena_new();
    sp_auto_buf struct sp_buf names = SP_BUF(SP_BUF_LARGE);
    sp_auto_buf struct sp_buf ignored = SP_BUF(SP_BUF_SMALL);
    sp_auto_buf struct sp_buf program = SP_BUF(SP_BUF_SMALL);
    struct prefix prefix = prefix_of_names();

    if (!kind->removal || !sp_container_find(kind->name, &program))
        return;
    const char *const list[] = { program.ptr,
                                 "ps",
                                 "--all",
                                 "--filter",
                                 sp_arena_printf(arena, "name=^%s", prefix.text).ptr,
                                 "--format",
                                 "{{.Names}}",
                                 NULL };
    if (sp_ask(list, ASK_MS, &names, &ignored) == 0)
        remove_named(kind, program.ptr, arena, sp_buf_str(&names));
}

enum sp_rc sp_container_reap(const struct sp_container_kind *kind,
                             const char *dir,
                             struct sp_err *err)
{
    remove_orphans(kind);
    return sp_scratch_reap(dir, err);
}

/* The keeper may be at work already, since it has lost its engine. */
void sp_container_kill(struct sp_backend *backend, const struct sp_handle *handle)
{
    const struct settings *settings = sp_children_arg(backend);
    struct sp_str rest = sp_str_of(handle->text);
    int64_t keeper;

    if (sp_children_is_alive(backend, handle) && sp_str_int(sp_str_cut(&rest, ':'), &keeper))
        (void)kill((pid_t)keeper, SIGTERM);
    for (int waited = 0; waited < ENDING_MS && sp_children_is_alive(backend, handle); waited += 50)
        (void)usleep(50 * 1000);
    sp_children_kill(backend, handle);
    remove_orphans(settings->kind);
}
