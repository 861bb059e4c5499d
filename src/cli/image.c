/* SPDX-License-Identifier: BSD-3-Clause */
/* image.c - the word "image" of the command line: the commands behind it are in image*.c. */
#include "cli/imageargs.h"

static const struct sp_cli_command *const parts[] = {
    &sp_command_image_pull,
    &sp_command_image_make,
    &sp_command_image_list,
    &sp_command_image_show,
    &sp_command_image_pin,
    &sp_command_image_gc,
    NULL,
};

struct group_args {
    bool help;
};

static const struct sp_option options[] = {
    SP_HELP_OPTION(struct group_args),
    SP_OPT_END,
};

const struct sp_cli_command sp_command_image = {
    .usage = {
        .name = "spoor image",
        .summary = "fetch, build, check and keep the container images that steps run in",
        .synopsis = "pull|build|list|show|pin|gc [ARGUMENT...]",
        .description = "Images are kept per user, each layer and each unpacked image once; what "
                       "they hold is checked\nagainst their digests. No podman, docker or "
                       "apptainer is needed.",
        .options = options,
        .examples = "  spoor image pull quay.io/stimela2/wsclean:cc0.2.1\n"
                    "      fetch it and unpack it\n"
                    "  spoor image pin recipe.yml\n"
                    "      write down which images the recipe means, by their digests",
    },
    .run = sp_command_run_part,
    .parts = parts,
};
