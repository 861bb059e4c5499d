/* SPDX-License-Identifier: BSD-3-Clause */
/* imageargs.h - what the commands share that look after images: spoor image pull, list ... */
#pragma once

#include "cli/command.h"
#include "engine/gallery.h"

extern const struct sp_cli_command sp_command_image_pull, sp_command_image_list,
    sp_command_image_show, sp_command_image_pin, sp_command_image_gc, sp_command_image_make;

/* First member of the arguments. */
struct sp_image_args {
    struct sp_load_args load;
    const char *images;
};

#define SP_IMAGES_OPTIONS                                                                          \
    SP_OPT_GROUP("which images"), SP_OPT_TEXT(NULL, "images", struct sp_image_args, images, "DIR", \
                                              "the images in DIR; else opts.store.images, or "     \
                                              "~/.local/share/spoor/images")

/* Where they are, of a session that is open. */
const char *sp_image_args_dir(const struct sp_image_args *args, const struct sp_session *session);

/* Load the settings; -1 to go on, else the exit status (findings are shown). The session must be
 * closed in any case. */
int sp_image_args_load(struct sp_image_args *args, struct sp_session *session, const char **dir);

/* Show what went wrong; returns the exit status. */
int sp_image_fault(const struct sp_err *err);

/* "sha256:HEX", in the arena. */
struct sp_value sp_digest_value(struct sp_arena *arena, const struct sp_sha_digest *digest);

/* An image as JSON: the names and digests, what it is, whether it is unpacked and where. */
struct sp_value sp_image_value(struct sp_arena *arena,
                               const struct sp_vault *vault,
                               const struct sp_image_found *image);

/* --- progress ------------------------------------------------------------------------------- */

/* A status line on a terminal, else a line for each blob that was fetched, on stderr. */
struct sp_image_progress {
    struct sp_str name;
    sp_nsec shown; /* when the status line was drawn last */
    bool line;     /* there is one */
};

void sp_image_progress_pull(void *arg, const struct sp_pull_progress *progress);
void sp_image_progress_layer(void *arg, size_t number, size_t count);
void sp_image_progress_draw(struct sp_image_progress *progress, const char *text);
void sp_image_progress_end(struct sp_image_progress *progress);
