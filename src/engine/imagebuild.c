/* SPDX-License-Identifier: BSD-3-Clause */
#include "engine/imagebuild.h"

#include "engine/tools.h"
#include "exec/backend.h"
#include "lang/path.h"
#include "plan/slurm.h"
#include "recipe/fields.h"
#include "recipe/image.h"
#include "sys/file.h"
#include "sys/lock.h"
#include "sys/loop.h"

#include <signal.h>
#include <stdio.h>
#include <sys/wait.h>
#include <unistd.h>

#define WAIT_MS 200 /* between two looks at a lock that somebody else holds */

/* --- settings ----------------------------------------------------------------------------- */

static const struct sp_value *setting(const struct sp_dict *settings, const char *path)
{
    return settings ? sp_dict_walk(settings, sp_str_of(path)) : NULL;
}

static struct sp_str text_setting(const struct sp_dict *settings, const char *path)
{
    const struct sp_value *value = setting(settings, path);

    return value && sp_is_text(*value) ? value->text : SP_STR("");
}

static bool bool_setting(const struct sp_dict *settings, const char *path, bool otherwise)
{
    const struct sp_value *value = setting(settings, path);
    bool truth;

    return value && sp_field_bool(*value, &truth) ? truth : otherwise;
}

/* --- what is needed ----------------------------------------------------------------------- */

void sp_recipe_forget_skips(struct sp_recipe *recipe, bool all_steps, int depth)
{
    for (size_t i = 0; recipe && depth < 16 && i < recipe->step_count; i++) {
        recipe->steps[i].skip_if_outputs = SP_SKIP_NEVER;
        if (all_steps)
            recipe->steps[i].skip = sp_null();
        sp_recipe_forget_skips(recipe->steps[i].recipe, all_steps, depth + 1);
    }
}

static void add_need(struct sp_arena *arena,
                     struct sp_image_needs *needs,
                     const struct sp_image_need *need)
{
    for (size_t i = 0; i < needs->len; i++)
        if (sp_str_eq(needs->items[i].file, need->file))
            return;
    if (needs->len == needs->capacity) {
        size_t capacity = 2 * needs->capacity + 16;
        struct sp_image_need *items = SP_ARENA_NEW(arena, struct sp_image_need, capacity);
        for (size_t i = 0; i < needs->len; i++)
            items[i] = needs->items[i];
        needs->items = items;
        needs->capacity = capacity;
    }
    needs->items[needs->len++] = *need;
}

static struct sp_str image_file(const struct sp_session *session,
                                const struct sp_image *image,
                                const struct sp_dict *settings,
                                struct sp_str reference)
{
    struct sp_str dir = text_setting(settings, "singularity.image_dir");

    if (image->path.len)
        return sp_path_expand_home(session->arena, image->path, session->world.home);
    dir = sp_path_expand_home(session->arena, dir.len ? dir : SP_STR("~/.singularity"),
                              session->world.home);
    return sp_arena_join(session->arena, dir, "/", sp_image_file_name(session->arena, reference));
}

static void visit(struct sp_session *session,
                  const struct sp_action *action,
                  struct sp_image_needs *out)
{
    const struct sp_task *task = action->task;
    struct sp_image image;
    struct sp_err err = SP_ERR_INIT;

    if (!sp_str_is(task->backend_name, "singularity")) {
        out->native++;
        return;
    }
    if (sp_image_of_cab(&session->config, task->cab, &image, &err)) {
        sp_diag_error(&session->diags, SP_DIAG_CAB, task->cab->origin,
                      "image of cab '" SP_STR_FMT "': %s", SP_STR_ARG(task->cab->name), err.text);
        return;
    }
    struct sp_value settings = sp_value_copy(session->arena, task->backend);
    struct sp_image_need need = {
        .step = sp_arena_str(session->arena, action->position->fqname),
        .reference = sp_image_reference(session->arena, &image, settings),
        .prebuilt = image.path.len > 0,
        .settings = settings.kind == SP_DICT ? settings.dict : NULL,
    };
    need.file = image_file(session, &image, need.settings, need.reference);
    add_need(session->arena, out, &need);
}

enum sp_rc sp_images_needed(struct sp_session *session,
                            bool all_steps,
                            struct sp_image_needs *out,
                            struct sp_err *err)
{
    /* Whether the program is there is asked when there is something to build. */
    static const struct sp_offer offers[] = {
        { .name = "singularity", .needs_image = true },
        { .name = "native" },
        { .name = NULL },
    };
    static const struct sp_outcome fine = { .success = true };
    struct sp_walk_options options = sp_session_walk_options(session);
    struct sp_walk *walk = NULL;
    struct sp_action action;

    options.offers = offers;
    options.dry = true;
    *out = (struct sp_image_needs){ 0 };
    sp_recipe_forget_skips(session->recipe, all_steps, 0);
    enum sp_rc rc = sp_walk_new(&options, &walk, err);
    while (rc == SP_OK && sp_walk_next(walk, &action)) {
        out->skipped += action.kind == SP_ACTION_SKIP;
        if (action.kind != SP_ACTION_RUN)
            continue;
        visit(session, &action, out);
        sp_walk_done(walk, &fine);
    }
    sp_walk_free(walk);
    if (rc == SP_OK && session->diags.errors)
        rc = sp_fail(err, SP_INVALID, "%zu error%s found", session->diags.errors,
                     session->diags.errors == 1 ? "" : "s");
    return rc;
}

/* --- running the program ------------------------------------------------------------------ */

struct build {
    struct sp_session *session;
    const struct sp_image_need *need;
    const struct sp_image_options *options;
    struct sp_loop *loop;
    const struct sp_backend_ops *ops;
    struct sp_backend *backend;
    struct sp_handle handle;
    bool running, interrupted;
    int exit_status;
    const char *reason;
};

static void on_report(void *arg, const struct sp_report *report)
{
    struct build *build = arg;

    if (report->state != SP_JOB_DONE)
        return;
    build->running = false;
    build->exit_status = report->exit_status;
    build->reason =
        report->reason ? sp_arena_cstr(build->session->arena, sp_str_of(report->reason)) : NULL;
}

static void on_line(void *arg, enum sp_stream stream, struct sp_str text, bool partial)
{
    struct build *build = arg;

    (void)stream;
    if (!partial && build->options->line)
        build->options->line(build->options->arg, text);
}

static void on_signal(int signo, void *arg)
{
    struct build *build = arg;

    (void)signo;
    build->interrupted = true;
    if (build->running)
        build->ops->cancel(build->backend, &build->handle);
}

static enum sp_rc open_build(struct build *build, struct sp_err *err)
{
    static const int signals[] = { SIGINT, SIGTERM, SIGHUP };
    struct sp_watch *watch;

    enum sp_rc rc = sp_loop_new(&build->loop, err);
    for (size_t i = 0; i < SP_COUNT(signals) && rc == SP_OK; i++)
        rc = sp_loop_add_signal(build->loop, signals[i], on_signal, build, &watch, err);
    if (rc == SP_OK)
        rc = build->ops->open(build->loop, &build->backend, err);
    return rc;
}

static void close_build(struct build *build)
{
    if (build->backend)
        build->ops->close(build->backend);
    sp_loop_free(build->loop);
}

/* The program that the settings name, else the first of the two in PATH. */
static enum sp_rc find_program(const struct build *build,
                               struct sp_str path,
                               struct sp_str *out,
                               struct sp_err *err)
{
    static const char *const names[] = { "singularity", "apptainer" };
    struct sp_str named = text_setting(build->need->settings, "singularity.executable");

    if (named.len) {
        *out = sp_path_expand_home(build->session->arena, named, build->session->world.home);
        return sp_tools_get(*out, path, err) == SP_OK
                   ? SP_OK
                   : sp_fail(err, SP_NOT_FOUND,
                             "backend.singularity.executable: no program '" SP_STR_FMT "'",
                             SP_STR_ARG(named));
    }
    for (size_t i = 0; i < SP_COUNT(names); i++)
        if (sp_tools_has(names[i], path.ptr)) {
            *out = sp_str_of(names[i]);
            return SP_OK;
        }
    return sp_fail(err, SP_NOT_FOUND,
                   "neither 'singularity' nor 'apptainer' is installed (not in PATH); install "
                   "one of them, or set opts.backend.singularity.executable");
}

/* "srun --K V ... PROGRAM build FILE docker://REFERENCE" */
static enum sp_rc make_command(const struct build *build,
                               struct sp_str program,
                               const char *file,
                               struct sp_command *out,
                               struct sp_err *err)
{
    struct sp_arena *arena = build->session->arena;
    const struct sp_dict *settings = build->need->settings;
    const char **argv = SP_ARENA_NEW(arena, const char *, 5);

    argv[0] = sp_arena_cstr(arena, program);
    argv[1] = "build";
    argv[2] = file;
    argv[3] =
        sp_arena_printf(arena, "docker://" SP_STR_FMT, SP_STR_ARG(build->need->reference)).ptr;
    *out = (struct sp_command){ .argv = argv, .argc = 4 };
    if (!sp_slurm_is_enabled(settings) || bool_setting(settings, "slurm.build_local", true))
        return SP_OK;
    const struct sp_value *own = setting(settings, "slurm.srun_opts_build");
    if (own && own->kind == SP_DICT) {
        struct sp_value copy = sp_value_copy(
            arena, (struct sp_value){ .kind = SP_DICT, .dict = (struct sp_dict *)settings });
        sp_dict_set(arena, sp_dict_get(copy.dict, "slurm")->dict, SP_STR("srun_opts"), *own);
        settings = copy.dict;
    }
    return sp_slurm_wrap(arena, settings, build->need->step, out, err);
}

static enum sp_rc run_program(struct build *build, const char *file, struct sp_err *err)
{
    struct sp_session *session = build->session;
    struct sp_str path = sp_tools_path(session->arena, &session->places);
    struct sp_observer observer = { .arg = build, .report = on_report, .line = on_line };
    struct sp_command command = { 0 };
    struct sp_str program;

    enum sp_rc rc = find_program(build, path, &program, err);
    if (rc == SP_OK)
        rc = make_command(build, program, file, &command, err);
    if (rc)
        return rc;
    struct sp_job job = {
        .name = "build",
        .argv = command.argv,
        .env = sp_tools_environment(session->arena, path, NULL),
        .cwd = sp_arena_cstr(session->arena, session->world.cwd),
    };
    rc = build->ops->submit(build->backend, &job, &observer, &build->handle, err);
    build->running = rc == SP_OK;
    while (build->running && sp_loop_turn(build->loop, -1)) {}
    if (rc)
        return rc;
    if (build->interrupted)
        return sp_fail(err, SP_BUSY, "interrupted");
    if (build->exit_status == 0)
        return SP_OK;
    if (WIFEXITED(build->exit_status))
        return sp_fail(err, SP_INVALID, "'%s build' returned exit code %d", command.argv[0],
                       WEXITSTATUS(build->exit_status));
    return sp_fail(err, SP_INVALID, "'%s build' has failed%s%s", command.argv[0],
                   build->reason ? ": " : "", build->reason ? build->reason : "");
}

/* --- one image ---------------------------------------------------------------------------- */

static enum sp_rc build_file(struct build *build, struct sp_err *err)
{
    const char *file = sp_arena_cstr(build->session->arena, build->need->file);
    const char *part = sp_arena_printf(build->session->arena, "%s.part", file).ptr;
    struct sp_err ignored = SP_ERR_INIT;

    /* We hold the lock: what has that name was left by a build that was killed. */
    enum sp_rc rc = sp_remove_tree(part, err);
    if (rc == SP_OK)
        rc = run_program(build, part, err);
    if (rc == SP_OK && sp_file_kind(part) == SP_FILE_NONE)
        rc = sp_fail(err, SP_INVALID, "the build succeeded, but made no image");
    if (rc == SP_OK && rename(part, file) != 0)
        rc = sp_fail_errno(err, "rename %s", part);
    if (rc && sp_remove_tree(part, &ignored))
        (void)sp_err_wrap(err, "%s", ignored.text);
    return rc;
}

/* *lock is NULL when somebody else has built the image in the meantime. */
static enum sp_rc take_lock(struct build *build, struct sp_lock **lock, struct sp_err *err)
{
    const char *file = sp_arena_cstr(build->session->arena, build->need->file);
    const char *path = sp_arena_printf(build->session->arena, "%s.lock", file).ptr;
    bool waited = false;

    *lock = NULL;
    for (;;) {
        enum sp_rc rc = sp_lock_take(path, lock, err);
        if (rc == SP_OK && waited && sp_file_kind(file) != SP_FILE_NONE) {
            sp_lock_release(SP_TAKE(*lock));
            return SP_OK;
        }
        if (rc != SP_BUSY)
            return rc;
        struct sp_str text = sp_arena_printf(build->session->arena, "waiting: %s", err->text);
        if (!waited && build->options->line)
            build->options->line(build->options->arg, text);
        waited = true;
        (void)sp_loop_turn(build->loop, WAIT_MS);
        if (build->interrupted)
            return sp_fail(err, SP_BUSY, "interrupted");
    }
}

static enum sp_rc make_image_dir(struct build *build, struct sp_err *err)
{
    size_t slash = sp_str_rfind(build->need->file, '/');

    if (slash == SIZE_MAX || slash == 0)
        return SP_OK;
    return sp_make_dirs(
        sp_arena_cstr(build->session->arena, sp_str_slice(build->need->file, 0, slash)), err);
}

enum sp_rc sp_image_build(struct sp_session *session,
                          const struct sp_image_need *need,
                          const struct sp_image_options *options,
                          enum sp_image_outcome *out,
                          struct sp_err *err)
{
    struct build build = {
        .session = session,
        .need = need,
        .options = options,
        .ops = sp_backend_find("native"),
    };
    struct sp_lock *lock = NULL;
    bool there = sp_file_kind(sp_arena_cstr(session->arena, need->file)) != SP_FILE_NONE;
    bool rebuild = options->rebuild || bool_setting(need->settings, "singularity.rebuild", false);

    if (need->prebuilt && !there)
        return sp_fail(err, SP_INVALID, "there is no image file '" SP_STR_FMT "'",
                       SP_STR_ARG(need->file));
    *out = SP_IMAGE_THERE;
    if (there && (need->prebuilt || !rebuild))
        return SP_OK;
    enum sp_rc rc = make_image_dir(&build, err);
    if (rc == SP_OK)
        rc = open_build(&build, err);
    if (rc == SP_OK)
        rc = take_lock(&build, &lock, err);
    if (rc == SP_OK && lock) {
        rc = build_file(&build, err);
        *out = SP_IMAGE_BUILT;
    }
    sp_lock_release(lock);
    close_build(&build);
    return rc;
}
