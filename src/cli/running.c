/* SPDX-License-Identifier: BSD-3-Clause */
#include "cli/running.h"

#include "cli/display.h"
#include "cli/imageargs.h"
#include "cli/profileview.h"
#include "cli/program.h"
#include "engine/images.h"
#include "engine/repeat.h"
#include "sys/tty.h"

#include <signal.h>
#include <stdio.h>
#include <unistd.h>

#define DEPTH_UNSET 9999 /* opts.profile.print_depth as built in */

static int exit_status(const struct sp_session *session,
                       const struct sp_run_result *result,
                       enum sp_rc rc)
{
    if (result->interrupted)
        return SP_EXIT_INTERRUPTED;
    if (rc == SP_OK)
        return SP_EXIT_DONE;
    if (result->backend_failed)
        return SP_EXIT_BACKEND;
    if (result->workspace_failed)
        return SP_EXIT_STORE;
    return result->id.len ? SP_EXIT_FAILED : SP_MAX(sp_findings_status(session), SP_EXIT_FAILED);
}

/* When the depth was given, or is configured: the table of steps that is shown in any case says
 * most of it. */
static bool shows_profile(const struct sp_session *session,
                          const struct sp_running_options *options)
{
    const struct sp_value *depth = sp_config_option(&session->config, "profile.print_depth");

    return !options->json && depth && depth->kind == SP_INT &&
           (options->profile || depth->integer < DEPTH_UNSET);
}

static void show_profile(const struct sp_session *session,
                         const struct sp_running_options *options,
                         struct sp_str id)
{
    const struct sp_value *depth = sp_config_option(&session->config, "profile.print_depth");
    const struct sp_value *unroll = sp_config_option(&session->config, "profile.unroll_loops");
    struct sp_workspace workspace;
    struct sp_profile profile = { 0 };
    struct sp_err err = SP_ERR_INIT;

    if (!id.len || !shows_profile(session, options))
        return;
    enum sp_rc rc = sp_workspace_read(session->arena, ".", &workspace, &err);
    if (rc == SP_OK)
        rc = sp_profile_run(&workspace, id, unroll && sp_truth(*unroll), &profile, &err);
    if (rc)
        (void)fprintf(stderr, "%s: %s\n", sp_program()->name, err.text);
    else
        sp_profile_show(&profile, depth->integer,
                        sp_tty_is(STDOUT_FILENO) ? sp_tty_width(STDOUT_FILENO) : 0,
                        sp_tty_colour(STDOUT_FILENO));
}

/* --- images -------------------------------------------------------------------------------- */

static void turn_to(struct sp_image_progress *progress, struct sp_str name)
{
    if (!sp_str_eq(progress->name, name))
        sp_image_progress_end(progress);
    progress->name = name;
}

static void on_pull(void *arg, struct sp_str name, const struct sp_pull_progress *progress)
{
    turn_to(arg, name);
    sp_image_progress_pull(arg, progress);
}

static void on_layer(void *arg, struct sp_str name, size_t number, size_t count)
{
    turn_to(arg, name);
    sp_image_progress_layer(arg, number, count);
    if (number == count)
        sp_image_progress_end(arg);
}

/* A reader that has gone away ("| head") must not leave a tool without its engine. */
static void outlive_readers(void)
{
    (void)signal(SIGPIPE, SIG_IGN);
}

bool sp_running_repeated(const struct sp_repeat_request *request)
{
    sp_auto_arena struct sp_arena *arena = sp_arena_new();
    struct sp_display_options display_options = { .plain = sp_program()->no_display };
    struct sp_display *display = sp_display_new(&display_options);
    struct sp_run_options run_options = {
        .watch = sp_display_event,
        .arg = display,
        .request = request,
    };
    struct sp_run_result result;

    outlive_readers();
    bool done = sp_repeat_run(arena, &run_options, &result);
    sp_display_free(display);
    return done;
}

int sp_running(struct sp_session *session, const struct sp_running_options *options)
{
    struct sp_display_options display_options = {
        .json = options->json,
        .quiet = options->quiet,
        .plain = sp_program()->no_display,
    };
    struct sp_display *display = sp_display_new(&display_options);
    struct sp_image_progress progress = { 0 };
    const struct sp_images_watch watch = { .pull = on_pull, .layer = on_layer, .arg = &progress };
    struct sp_run_options run_options = {
        .watch = sp_display_event,
        .arg = display,
        .images = options->json ? NULL : &watch,
        .argc = sp_program()->argc,
        .argv = sp_program()->argv,
        .logger = sp_program()->is_stimela ? "STIMELA" : "SPOOR",
        .name = sp_program()->is_stimela ? "stimela" : NULL,
        .rerun = options->rerun,
        .fresh = options->fresh,
        .on_top = options->on_top,
        .edits = options->edits,
        .wait = options->wait,
        .verbose = options->verbose,
        .request = shows_profile(session, options) ? NULL : options->request,
    };
    struct sp_run_result result;
    struct sp_err err = SP_ERR_INIT;

    outlive_readers();
    enum sp_rc rc = sp_run(session, &run_options, &result, &err);
    sp_image_progress_end(&progress);
    sp_display_free(display);
    show_profile(session, options, result.id);
    if (!result.interrupted) /* what was stopped on request is no mistake in the recipe */
        sp_show_findings(session);
    if (rc && !result.interrupted &&
        !(result.id.len && session->diags.errors)) /* else a finding has said it */
        (void)fprintf(stderr, "%s: %s\n", sp_program()->name, err.text);
    if (result.nothing)
        (void)printf("no steps have been selected for execution\n");
    if (rc && result.id.len)
        (void)fprintf(stderr,
                      "%s: 'spoor status' shows the steps, 'spoor log STEP' what a tool said\n",
                      sp_program()->name);
    int status = exit_status(session, &result, rc);
    if (sp_program()->is_stimela && status != SP_EXIT_DONE) /* scripts look for these words */
        (void)printf("run failed, exiting with error code %d\n", status);
    return status;
}
