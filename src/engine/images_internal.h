/* SPDX-License-Identifier: BSD-3-Clause */
/* images_internal.h - what images.c (looking) and images_fetch.c (fetching) share. */
#pragma once

#include "engine/images.h"
#include "image/lockfile.h"
#include "image/root.h"

struct image {
    struct sp_step_image public;
    struct sp_image_name parsed; /* of public.name */
    struct sp_image_found found; /* when it is here */
    bool guessed;                /* an archive of which nobody knows yet who has written it */
    uint32_t origin;             /* of the first that asked */
    struct sp_str asker;         /* name of that cab */
};

struct sp_images {
    struct sp_session *session;
    struct sp_vault *vault; /* NULL: not open, or there is none */
    bool shared;            /* things may be added to it */
    struct sp_map known;    /* what cabs say -> struct image * */
    struct sp_lockfile lock;
    struct sp_str lock_path;
    bool has_read_lock;
    const struct sp_offer *offers;
};

/* The entry for what the task's cab says; as sp_images_find. */
enum sp_rc sp_images_ask(struct sp_images *images,
                         const struct sp_task *task,
                         struct image **out,
                         struct sp_err *err) SP_MUST_USE;

/* Look into the vault; `image` then says what is there. */
enum sp_rc sp_images_look(struct sp_images *images, struct image *image, struct sp_err *err)
    SP_MUST_USE;

/* What was found or fetched. */
void sp_images_settle(struct image *image, const struct sp_image_found *found);

/* It is unpacked there. */
void sp_images_place(const struct sp_images *images,
                     struct image *image,
                     const struct sp_root *root);

/* The name with this digest in place of its tag. */
struct sp_str sp_images_exact(struct sp_arena *arena,
                              const struct sp_image_name *name,
                              const struct sp_sha_digest *digest);
