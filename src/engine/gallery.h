/* SPDX-License-Identifier: BSD-3-Clause */
/* gallery.h - the images of a session: where they are kept, what its settings say of them, and
 * which ones its recipe names. */
#pragma once

#include "engine/session.h"
#include "image/pull.h"

/* Directory of the vault: opts.store.images, else beneath $XDG_DATA_HOME or ~/.local/share. */
struct sp_str sp_gallery_dir(const struct sp_session *session);

/* What a person or a cab calls an image, by the rules of Stimela and opts.backend (recipe/image.h):
 * "wsclean:1" may be "quay.io/stimela2/wsclean:1". *full lives in the session. SP_INVALID. */
enum sp_rc sp_gallery_name(struct sp_session *session,
                           struct sp_str text,
                           struct sp_image_name *out,
                           struct sp_str *full,
                           struct sp_err *err) SP_MUST_USE;

/* The image of a task, under its backend's settings. `guessed`: it is an archive, and nobody says
 * who has written it; it is called "docker-archive" then. SP_NOT_FOUND: its cab names none. */
enum sp_rc sp_gallery_of_task(struct sp_session *session,
                              const struct sp_task *task,
                              struct sp_image_name *out,
                              struct sp_str *full,
                              bool *guessed,
                              struct sp_err *err) SP_MUST_USE;

/* Where passwords are, and whether this registry speaks plain HTTP (opts.store.plain_http: a list
 * of hosts). */
struct sp_source_options sp_gallery_source(struct sp_session *session,
                                           const struct sp_image_name *name);

/* Full names of the images of the selected steps, each once, in the order of the steps, whatever
 * their backends; with `all_steps` also of those that are skipped. Findings go to session->diags;
 * SP_INVALID when there are errors. */
struct sp_gallery {
    struct sp_str *names;
    size_t len, capacity;
    size_t without; /* steps that name none */
};

enum sp_rc sp_gallery_list(struct sp_session *session,
                           bool all_steps,
                           struct sp_gallery *out,
                           struct sp_err *err) SP_MUST_USE;
