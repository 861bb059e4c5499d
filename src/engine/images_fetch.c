/* SPDX-License-Identifier: BSD-3-Clause */
/* images_fetch.c - bringing images here, and unpacking them; declared in images.h. */
#include "engine/gallery.h"
#include "engine/images_internal.h"
#include "image/layer.h"
#include "sys/witness.h"

#include <fcntl.h>

/* Whom to tell of one image. */
struct telling {
    const struct sp_images_watch *watch; /* may be NULL */
    struct sp_str name;
};

static void on_pull(void *arg, const struct sp_pull_progress *progress)
{
    const struct telling *telling = arg;

    if (telling->watch && telling->watch->pull)
        telling->watch->pull(telling->watch->arg, telling->name, progress);
}

static void on_layer(void *arg, size_t number, size_t count)
{
    const struct telling *telling = arg;

    if (telling->watch && telling->watch->layer)
        telling->watch->layer(telling->watch->arg, telling->name, number, count);
}

/* --- archives ------------------------------------------------------------------------------- */

/* Has whoever wrote the archive written a layout? */
static enum sp_rc look_inside(const struct sp_image_name *name, bool *is_layout, struct sp_err *err)
{
    sp_auto_arena struct sp_arena *arena = sp_arena_new();
    sp_auto_layer struct sp_layer *layer = NULL;
    struct sp_layer_entry entry;
    bool more = true;
    sp_auto_fd int fd = open(sp_arena_cstr(arena, name->file), O_RDONLY | O_CLOEXEC);

    *is_layout = false;
    enum sp_rc rc = fd < 0 ? sp_fail_errno(err, "open '" SP_STR_FMT "'", SP_STR_ARG(name->file))
                           : sp_layer_open(fd, SP_MEDIA_OTHER, &layer, err);
    while (rc == SP_OK && more && !*is_layout) {
        rc = sp_layer_next(layer, &entry, &more, err);
        if (rc == SP_OK && more)
            *is_layout =
                sp_str_is(entry.path, "oci-layout") || sp_str_is(entry.path, "./oci-layout");
    }
    return rc;
}

static enum sp_rc settle_guess(struct sp_images *images, struct image *image, struct sp_err *err)
{
    bool is_layout = false;

    if (!image->guessed)
        return SP_OK;
    enum sp_rc rc = look_inside(&image->parsed, &is_layout, err);
    if (rc)
        return sp_err_wrap(err, "image '" SP_STR_FMT "'", SP_STR_ARG(image->parsed.file));
    image->guessed = false;
    if (!is_layout)
        return SP_OK;
    image->parsed.transport = SP_IMAGE_OCI_ARCHIVE;
    image->public.name = sp_image_name_format(images->session->arena, &image->parsed);
    return SP_OK;
}

/* --- pulling -------------------------------------------------------------------------------- */

/* The vault, held by somebody who adds to it. */
static enum sp_rc share_vault(struct sp_images *images, struct sp_err *err)
{
    if (images->shared)
        return SP_OK;
    sp_vault_close(SP_TAKE(images->vault));
    enum sp_rc rc =
        sp_vault_open(sp_gallery_dir(images->session).ptr, SP_VAULT_SHARE, &images->vault, err);
    images->shared = rc == SP_OK;
    return rc;
}

/* What a registry keeps can be asked for by its digest, what a file has is compared. */
static enum sp_rc name_to_pull(const struct sp_images *images,
                               const struct image *image,
                               struct sp_image_name *out,
                               struct sp_err *err)
{
    const struct sp_step_image *wanted = &image->public;

    *out = image->parsed;
    if (image->parsed.transport)
        return SP_OK;
    if (!image->parsed.host.len)
        return sp_fail(err, SP_NOT_FOUND,
                       "image '" SP_STR_FMT "' is not here, and its name has no registry",
                       SP_STR_ARG(wanted->name));
    if (!wanted->pinned_by)
        return SP_OK;
    struct sp_str exact = sp_images_exact(images->session->arena, &image->parsed, &wanted->pinned);
    return sp_image_name_parse(exact, out, err);
}

static enum sp_rc check_pin(const struct image *image,
                            const struct sp_image_found *found,
                            struct sp_err *err)
{
    const struct sp_step_image *wanted = &image->public;

    if (!wanted->pinned_by || sp_sha_eq(&found->name.digest, &wanted->pinned) ||
        sp_sha_eq(&found->name.manifest, &wanted->pinned))
        return SP_OK;
    return sp_fail(err, SP_CORRUPT,
                   "image '" SP_STR_FMT "' is sha256:%.12s... now; %s asks for sha256:%.12s...",
                   SP_STR_ARG(wanted->name), found->name.digest.hex, wanted->pinned_by,
                   wanted->pinned.hex);
}

static enum sp_rc pull(struct sp_images *images,
                       struct image *image,
                       struct telling *telling,
                       struct sp_err *err)
{
    struct sp_arena *arena = images->session->arena;
    struct sp_pull_options options = { .progress = on_pull, .arg = telling };
    struct sp_image_found found;
    struct sp_image_name name;

    enum sp_rc rc = settle_guess(images, image, err);
    if (rc == SP_OK)
        rc = name_to_pull(images, image, &name, err);
    if (rc)
        return rc;
    telling->name = image->public.name;
    options.source = sp_gallery_source(images->session, &name);
    rc = sp_image_pull(images->vault, &name, &options, arena, &found, err);
    if (rc == SP_OK)
        rc = check_pin(image, &found, err);
    if (rc == SP_OK)
        sp_images_settle(image, &found);
    return rc;
}

static enum sp_rc fetch(struct sp_images *images,
                        struct image *image,
                        const struct sp_images_watch *watch,
                        struct sp_err *err)
{
    struct telling telling = { watch, image->public.name };
    struct sp_root_options options = { .layer = on_layer, .arg = &telling };
    struct sp_root root;

    if (image->public.root.path)
        return SP_OK;
    sp_witness_blind(); /* something is made */
    enum sp_rc rc = share_vault(images, err);
    if (rc == SP_OK && !image->public.is_here)
        rc = sp_images_look(images, image, err); /* somebody may have fetched it meanwhile */
    if (rc == SP_OK && !image->public.is_here)
        rc = pull(images, image, &telling, err);
    if (rc == SP_OK && !image->public.root.path) {
        rc = sp_root_make(images->vault, &image->found, &options, images->session->arena, &root,
                          err);
        if (rc == SP_OK)
            sp_images_place(images, image, &root);
    }
    return rc;
}

/* --- what to do about it -------------------------------------------------------------------- */

static const char *advice(struct sp_arena *arena, const struct image *image, enum sp_rc rc)
{
    const char *name = sp_arena_cstr(arena, image->public.name);

    if (rc == SP_CORRUPT && image->public.pinned_by)
        return "'spoor image pin --update' asks the registry anew";
    if (rc == SP_CORRUPT || rc == SP_INVALID)
        return NULL;
    if (sp_str_find_str(image->public.name, SP_STR("spoor/")) == 0)
        return "'make images' in the source of Spoor makes it";
    if (!image->parsed.host.len && !image->parsed.transport)
        return sp_arena_printf(arena,
                               "give it that name with 'spoor image pull ... --as LOCAL/%s', or "
                               "run the step with what is installed here: '--backend native'",
                               name)
            .ptr;
    return sp_arena_printf(arena,
                           "'spoor image pull %s' fetches it once there is a network; what is "
                           "installed here is used with '--backend native'",
                           name)
        .ptr;
}

static void complain(struct sp_images *images, const struct image *image, const struct sp_err *err)
{
    struct sp_diags *diags = &images->session->diags;
    const char *hint = advice(images->session->arena, image, err->code);

    sp_diag_error(diags, SP_DIAG_BACKEND, image->origin, "cab '" SP_STR_FMT "': %s",
                  SP_STR_ARG(image->asker), err->text);
    if (hint)
        sp_diag_hint(diags, "%s", hint);
}

enum sp_rc sp_images_fetch(struct sp_images *images,
                           const struct sp_images_watch *watch,
                           struct sp_err *err)
{
    enum sp_rc rc = SP_OK;

    SP_MAP_EACH (entry, &images->known) {
        struct sp_err cause = SP_ERR_INIT;
        struct image *image = entry->value;
        if (fetch(images, image, watch, &cause) == SP_OK)
            continue;
        complain(images, image, &cause);
        if (rc == SP_OK)
            rc = sp_fail(err, cause.code, "%s", cause.text);
    }
    return rc;
}

enum sp_rc sp_images_get(struct sp_images *images,
                         const struct sp_task *task,
                         const struct sp_step_image **out,
                         struct sp_err *err)
{
    struct image *image;

    enum sp_rc rc = sp_images_ask(images, task, &image, err);
    if (rc == SP_OK)
        rc = fetch(images, image, NULL, err);
    if (rc == SP_OK)
        *out = &image->public;
    return rc;
}
