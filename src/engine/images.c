/* SPDX-License-Identifier: BSD-3-Clause */
#include "engine/images.h"

#include "engine/gallery.h"
#include "engine/images_internal.h"
#include "engine/tools.h"
#include "sys/file.h"

#include <stdlib.h>

#define TICK (20 * SP_NSEC_PER_MS) /* of the clock of files */

struct sp_images *sp_images_new(struct sp_session *session)
{
    struct sp_images *images = sp_alloc(sizeof *images);

    images->session = session;
    return images;
}

void sp_images_free(struct sp_images *images)
{
    if (!images)
        return;
    sp_map_fini(&images->known);
    sp_vault_close(images->vault);
    free(images);
}

bool sp_images_take(struct sp_images *images, const struct sp_task *task)
{
    if (!images || !task->backend_name.len)
        return false;
    struct sp_session *session = images->session;
    if (!images->offers)
        images->offers =
            sp_tools_offers(session->arena, sp_tools_path(session->arena, &session->places));
    for (const struct sp_offer *offer = images->offers; offer->name; offer++)
        if (sp_str_is(task->backend_name, offer->name))
            return offer->needs_image && !offer->is_remote;
    return false;
}

struct sp_str sp_images_exact(struct sp_arena *arena,
                              const struct sp_image_name *name,
                              const struct sp_sha_digest *digest)
{
    struct sp_image_name exact = *name;

    exact.tag = SP_STR("");
    exact.digest = sp_arena_printf(arena, "sha256:%s", digest->hex);
    return sp_image_name_format(arena, &exact);
}

/* --- what it has to be ---------------------------------------------------------------------- */

static bool pin(struct image *image, struct sp_str digest, const char *by)
{
    image->public.pinned_by = by;
    return sp_sha_parse(digest, &image->public.pinned);
}

static enum sp_rc read_lock(struct sp_images *images, struct sp_err *err)
{
    const struct sp_session *session = images->session;
    const struct sp_list *files = session->files;

    if (images->has_read_lock || session->options->replay || !files->len ||
        !sp_is_text(files->items[0]))
        return SP_OK;
    images->lock_path = sp_lockfile_path(session->arena, files->items[0].text);
    enum sp_rc rc = sp_lockfile_read(images->lock_path.ptr, session->arena, &images->lock, err);
    if (rc == SP_NOT_FOUND) {
        *err = SP_ERR_INIT;
        rc = SP_OK;
    }
    images->has_read_lock = rc == SP_OK;
    return rc;
}

/* The digest that is asked for, if one is. */
static enum sp_rc find_pin(struct sp_images *images, struct image *image, struct sp_err *err)
{
    const struct sp_session_options *options = images->session->options;
    const struct sp_value *recorded =
        options->images ? sp_dict_find(options->images, image->public.name) : NULL;

    if (recorded && sp_is_text(*recorded) && pin(image, recorded->text, options->images_of))
        return SP_OK;
    enum sp_rc rc = read_lock(images, err);
    const struct sp_pinned_image *pinned =
        rc == SP_OK ? sp_lockfile_find(&images->lock, image->public.name) : NULL;
    if (pinned) {
        image->public.pinned = pinned->digest;
        image->public.pinned_by = images->lock_path.ptr;
    }
    return rc;
}

/* --- what is there -------------------------------------------------------------------------- */

static enum sp_rc open_vault(struct sp_images *images, struct sp_err *err)
{
    if (images->vault)
        return SP_OK;
    enum sp_rc rc =
        sp_vault_open(sp_gallery_dir(images->session).ptr, SP_VAULT_READ, &images->vault, err);
    if (rc != SP_NOT_FOUND)
        return rc;
    *err = SP_ERR_INIT;
    return SP_OK;
}

/* The file or directory that a name of one means, without its tag. */
static const char *file_of(struct sp_arena *arena, const struct sp_image_name *name)
{
    struct sp_str file = name->file;

    while (sp_file_kind(sp_arena_cstr(arena, file)) == SP_FILE_NONE) {
        size_t colon = sp_str_rfind(file, ':');
        if (colon == SIZE_MAX)
            return NULL;
        file = sp_str_slice(file, 0, colon);
    }
    return sp_arena_cstr(arena, file);
}

/* Has somebody written the file since we read it? */
static bool is_stale(struct sp_images *images,
                     const struct image *image,
                     const struct sp_image_found *found)
{
    const char *file =
        image->parsed.transport ? file_of(images->session->arena, &image->parsed) : NULL;

    return file && sp_tree_changed(file) + TICK >= found->name.time;
}

static bool is_asked_for(const struct image *image, const struct sp_image_found *found)
{
    const struct sp_sha_digest *pinned = &image->public.pinned;

    return !image->public.pinned_by || sp_sha_eq(&found->name.digest, pinned) ||
           sp_sha_eq(&found->name.manifest, pinned);
}

/* By its own name; else by the digest, under whatever name. */
static enum sp_rc find_in_vault(struct sp_images *images,
                                const struct image *image,
                                struct sp_image_found *out,
                                struct sp_err *err)
{
    struct sp_arena *arena = images->session->arena;

    enum sp_rc rc = sp_image_find(images->vault, image->public.name, arena, out, err);
    if (rc == SP_OK && is_asked_for(image, out))
        return !image->public.pinned_by && is_stale(images, image, out) ? SP_NOT_FOUND : SP_OK;
    if ((rc && rc != SP_NOT_FOUND) || !image->public.pinned_by)
        return rc;
    *err = SP_ERR_INIT;
    struct sp_str exact = sp_images_exact(arena, &image->parsed, &image->public.pinned);
    return sp_image_find(images->vault, exact, arena, out, err);
}

void sp_images_settle(struct image *image, const struct sp_image_found *found)
{
    image->found = *found;
    image->public.digest = found->name.digest;
    image->public.manifest = found->name.manifest;
    image->public.config = found->config.run;
    image->public.is_here = true;
}

void sp_images_place(const struct sp_images *images,
                     struct image *image,
                     const struct sp_root *root)
{
    struct sp_arena *arena = images->session->arena;

    image->public.root = (struct sp_box_root){
        .path = sp_arena_cstr(arena, root->path),
        .name = sp_arena_cstr(arena, image->public.name),
        .key = sp_arena_cstr(arena, sp_str_of(image->found.chain.hex)),
    };
}

enum sp_rc sp_images_look(struct sp_images *images, struct image *image, struct sp_err *err)
{
    struct sp_arena *arena = images->session->arena;
    struct sp_image_found found;
    struct sp_root root;

    enum sp_rc rc = open_vault(images, err);
    if (rc || !images->vault)
        return rc;
    rc = find_in_vault(images, image, &found, err);
    if (rc == SP_NOT_FOUND && image->guessed) { /* nobody says who has written the archive */
        struct image other = *image;
        *err = SP_ERR_INIT;
        other.parsed.transport = SP_IMAGE_OCI_ARCHIVE;
        other.public.name = sp_image_name_format(arena, &other.parsed);
        rc = find_in_vault(images, &other, &found, err);
        if (rc == SP_OK)
            *image = other;
    }
    if (rc == SP_NOT_FOUND) {
        *err = SP_ERR_INIT;
        return SP_OK;
    }
    if (rc)
        return rc;
    sp_images_settle(image, &found);
    image->guessed = false;
    rc = sp_root_is_there(images->vault, &found.chain)
             ? sp_root_find(images->vault, &found.chain, arena, &root, err)
             : SP_NOT_FOUND;
    if (rc == SP_OK)
        sp_images_place(images, image, &root);
    if (rc != SP_NOT_FOUND)
        return rc;
    *err = SP_ERR_INIT;
    return SP_OK;
}

/* --- asking --------------------------------------------------------------------------------- */

enum sp_rc sp_images_ask(struct sp_images *images,
                         const struct sp_task *task,
                         struct image **out,
                         struct sp_err *err)
{
    struct sp_session *session = images->session;
    struct sp_image_name name;
    bool guessed = false;
    struct sp_str full;

    enum sp_rc rc = sp_gallery_of_task(session, task, &name, &full, &guessed, err);
    if (rc)
        return rc;
    *out = sp_map_find(&images->known, full);
    if (*out)
        return SP_OK;
    struct image *image = SP_ARENA_NEW(session->arena, struct image, 1);
    *image = (struct image){
        .public = { .name = sp_arena_str(session->arena, full) },
        .guessed = guessed,
        .origin = task->cab->image.origin ? task->cab->image.origin : task->cab->origin,
        .asker = task->cab->name,
    };
    rc = sp_image_name_parse(image->public.name, &image->parsed, err);
    if (rc == SP_OK)
        rc = find_pin(images, image, err);
    if (rc == SP_OK)
        rc = sp_images_look(images, image, err);
    if (rc)
        return rc;
    sp_map_set(&images->known, sp_arena_str(session->arena, full), image);
    *out = image;
    return SP_OK;
}

enum sp_rc sp_images_find(struct sp_images *images,
                          const struct sp_task *task,
                          const struct sp_step_image **out,
                          struct sp_err *err)
{
    struct image *image;
    enum sp_rc rc = sp_images_ask(images, task, &image, err);

    if (rc == SP_OK)
        *out = &image->public;
    return rc;
}

struct sp_list *sp_images_missing(const struct sp_images *images, struct sp_arena *arena)
{
    struct sp_list *names = sp_list_new(arena).list;

    SP_MAP_EACH (entry, &images->known) {
        const struct image *image = entry->value;
        if (!image->public.is_here)
            sp_list_add(arena, names, sp_text(image->public.name));
    }
    return names;
}

struct sp_value sp_images_list(const struct sp_images *images, struct sp_arena *arena)
{
    struct sp_value list = sp_list_new(arena);

    SP_MAP_EACH (entry, &images->known) {
        const struct image *image = entry->value;
        if (image->public.is_here)
            sp_list_add(arena, list.list, sp_step_image_value(&image->public, arena));
    }
    return list;
}

struct sp_value sp_step_image_value(const struct sp_step_image *image, struct sp_arena *arena)
{
    struct sp_value dict = sp_dict_new(arena);

    sp_dict_put_text(arena, dict.dict, "name", image->name);
    sp_dict_put_text(arena, dict.dict, "digest",
                     sp_arena_printf(arena, "sha256:%s", image->digest.hex));
    sp_dict_put_text(arena, dict.dict, "manifest",
                     sp_arena_printf(arena, "sha256:%s", image->manifest.hex));
    return dict;
}
