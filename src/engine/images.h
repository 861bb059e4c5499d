/* SPDX-License-Identifier: BSD-3-Clause */
/* images.h - the images that the steps of a session run in: which ones, whether they are here, and
 * that they stay (doc/design/images.md 10).
 *
 *     sp_images_find     which image a task runs in, from settings, recorded digests, lock file and
 *                        vault; nothing is fetched
 *     sp_images_fetch    before the first step: what was asked for and is not here
 *     sp_images_get      for a job: the same image, unpacked
 *
 * Which digest a name stands for, the first that says so: the run that is repeated
 * (session->options->replay), RECIPE.yml.lock, the vault, the registry.
 *
 * The vault is held from the first question to the end of the session, so nobody takes an image
 * away from under a step.
 */
#pragma once

#include "engine/session.h"
#include "exec/box.h"
#include "image/pull.h"

struct sp_images;

struct sp_step_image {
    struct sp_str name;            /* in full: "quay.io/stimela2/wsclean:1" */
    struct sp_sha_digest pinned;   /* it has to be this; empty: whatever the name stands for */
    const char *pinned_by;         /* file or run that says so; NULL: none */
    struct sp_sha_digest digest;   /* of an index or a manifest; empty: not known before a pull */
    struct sp_sha_digest manifest; /* for this machine, names what runs; empty: not known */
    bool is_here;                  /* in the vault; else it has to be fetched */
    const struct sp_dict *config;  /* "Env", "Entrypoint" ... of the image; NULL: none */
    struct sp_box_root root;       /* path NULL: it is not unpacked yet */
};

/* One a session, which outlives it. */
struct sp_images *sp_images_new(struct sp_session *session);
void sp_images_free(struct sp_images *images); /* accepts NULL */

/* Is the task given to a backend of this machine that runs images? No images, no such task. */
bool sp_images_take(struct sp_images *images, const struct sp_task *task);

/* *out is the collection's and stays as it is, but for what sp_images_fetch and sp_images_get find
 * out. SP_NOT_FOUND: the cab names none; SP_INVALID: the name, or the lock file, is malformed;
 * SP_CORRUPT: the vault is damaged. */
enum sp_rc sp_images_find(struct sp_images *images,
                          const struct sp_task *task,
                          const struct sp_step_image **out,
                          struct sp_err *err) SP_MUST_USE;

struct sp_images_watch {
    void (*pull)(void *arg, struct sp_str name, const struct sp_pull_progress *progress);
    void (*layer)(void *arg, struct sp_str name, size_t number, size_t count);
    void *arg;
};

/* All that were asked for so far are here and unpacked afterwards. What cannot be had is a finding
 * of the session, with what to do. `watch` may be NULL. */
enum sp_rc sp_images_fetch(struct sp_images *images,
                           const struct sp_images_watch *watch,
                           struct sp_err *err) SP_MUST_USE;

/* Of a task whose image could not be known before: fetched now, if need be. */
enum sp_rc sp_images_get(struct sp_images *images,
                         const struct sp_task *task,
                         const struct sp_step_image **out,
                         struct sp_err *err) SP_MUST_USE;

/* Names (texts) of those that would have to be fetched. */
struct sp_list *sp_images_missing(const struct sp_images *images, struct sp_arena *arena);

/* For the journal: {name, digest, manifest}, and a list of these: all whose digests are known. */
struct sp_value sp_step_image_value(const struct sp_step_image *image, struct sp_arena *arena);
struct sp_value sp_images_list(const struct sp_images *images, struct sp_arena *arena);
