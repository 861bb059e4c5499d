/* SPDX-License-Identifier: BSD-3-Clause */
#include "cli/command.h"
#include "engine/imagebuild.h"

#include <stdio.h>

struct build_args {
    struct sp_load_args load;
    bool rebuild;
    bool all_steps;
    bool dry_run;
};

static const struct sp_option options[] = {
    SP_OPT_FLAG("h", "help", struct build_args, load.help, "show this help"),
    SP_OPT_FLAG("r", "rebuild", struct build_args, rebuild, "build images anew that are there"),
    SP_OPT_FLAG("a", "all-steps", struct build_args, all_steps, "also for steps that are skipped"),
    SP_OPT_FLAG("d", "dry-run", struct build_args, dry_run, "show the images, build nothing"),
    SP_SELECT_OPTIONS,
    SP_ASSIGN_OPTIONS_AS(NULL),
    SP_LOAD_OPTIONS,
    SP_OPT_END,
};

static void print_line(void *arg, struct sp_str text)
{
    (void)arg;
    (void)printf("# " SP_STR_FMT "\n", SP_STR_ARG(text));
    (void)fflush(stdout);
}

static int exit_status(enum sp_rc rc)
{
    return rc == SP_NOT_FOUND ? SP_EXIT_BACKEND
           : rc == SP_BUSY    ? SP_EXIT_INTERRUPTED
                              : SP_EXIT_FAILED;
}

static int build_one(struct sp_session *session,
                     const struct sp_image_need *need,
                     const struct build_args *args)
{
    struct sp_image_options image_options = { .rebuild = args->rebuild, .line = print_line };
    enum sp_image_outcome outcome;
    struct sp_err err = SP_ERR_INIT;

    (void)printf(SP_STR_FMT " (step " SP_STR_FMT ")\n", SP_STR_ARG(need->reference),
                 SP_STR_ARG(need->step));
    (void)fflush(stdout);
    if (args->dry_run) {
        (void)printf("  " SP_STR_FMT "\n", SP_STR_ARG(need->file));
        return SP_EXIT_DONE;
    }
    enum sp_rc rc = sp_image_build(session, need, &image_options, &outcome, &err);
    if (rc) {
        (void)fprintf(stderr, "spoor: image " SP_STR_FMT ": %s\n", SP_STR_ARG(need->reference),
                      err.text);
        return exit_status(rc);
    }
    (void)printf("  " SP_STR_FMT ": %s\n", SP_STR_ARG(need->file),
                 outcome == SP_IMAGE_BUILT ? "built" : "is there");
    return SP_EXIT_DONE;
}

static int build(const struct sp_cli_command *self, struct sp_session *session, const void *given)
{
    const struct build_args *args = given;
    struct sp_image_needs needs;
    struct sp_err err = SP_ERR_INIT;
    int status = SP_EXIT_DONE;

    (void)self;
    enum sp_rc rc = sp_images_needed(session, args->all_steps, &needs, &err);
    sp_show_findings(session);
    if (rc) {
        (void)fprintf(stderr, "spoor: %s\n", err.text);
        return SP_MAX(sp_findings_status(session), SP_EXIT_FAILED);
    }
    for (size_t i = 0; i < needs.len && status == SP_EXIT_DONE; i++)
        status = build_one(session, &needs.items[i], args);
    if (status == SP_EXIT_DONE && needs.native)
        (void)printf("%zu step%s on the native backend: no image needed\n", needs.native,
                     needs.native == 1 ? " runs" : "s run");
    if (status == SP_EXIT_DONE && !needs.len && !needs.native)
        (void)printf("no step is selected: nothing to build\n");
    return status;
}

static int run_build(const struct sp_cli_command *self, int argc, char **argv)
{
    struct build_args args = { 0 };

    return sp_command_act(self, argc, argv, &args, build);
}

const struct sp_cli_command sp_command_image_build = {
    .usage = {
        .name = "spoor build",
        .summary = "build the container images that the steps of a recipe need",
        .synopsis = "[OPTIONS] FILE... [RECIPE] [NAME=VALUE...]",
        .description = "For each selected step whose backend is Singularity (or Apptainer): its "
                       "image is built into\nopts.backend.singularity.image_dir unless it is there. "
                       "A build that fails or is interrupted\nleaves no image behind. Steps of the "
                       "native backend need none.",
        .options = options,
        .examples = "  spoor build -S recipe.yml\n"
                    "      all images of the recipe, before its first run",
    },
    .run = run_build,
};
