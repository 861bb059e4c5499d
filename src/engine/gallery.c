/* SPDX-License-Identifier: BSD-3-Clause */
#include "engine/gallery.h"

#include "engine/imagebuild.h"
#include "lang/path.h"
#include "recipe/image.h"
#include "sys/env.h"
#include "sys/file.h"

#define DOCKER "docker://"

/* --- settings ------------------------------------------------------------------------------- */

static const struct sp_value *setting(const struct sp_session *session, const char *path)
{
    return sp_dict_walk(session->config.root, sp_str_of(path));
}

struct sp_str sp_gallery_dir(const struct sp_session *session)
{
    const struct sp_value *dir = setting(session, "opts.store.images");
    struct sp_str data = sp_env_get(SP_STR("XDG_DATA_HOME"));

    if (dir && sp_is_text(*dir) && dir->text.len)
        return sp_path_expand_home(session->arena, dir->text, session->world.home);
    if (data.len && data.ptr[0] == '/')
        return sp_arena_join(session->arena, data, "/", SP_STR("spoor/images"));
    return sp_arena_join(session->arena, session->world.home, "/",
                         SP_STR(".local/share/spoor/images"));
}

static bool is_plain(const struct sp_session *session, struct sp_str host)
{
    const struct sp_value *hosts = setting(session, "opts.store.plain_http");

    if (!hosts)
        return false;
    if (sp_is_text(*hosts))
        return sp_str_eq(hosts->text, host);
    if (sp_is_list(*hosts))
        SP_LIST_EACH(item, hosts->list)
    if (sp_is_text(*item) && sp_str_eq(item->text, host))
        return true;
    return false;
}

struct sp_source_options sp_gallery_source(struct sp_session *session,
                                           const struct sp_image_name *name)
{
    struct sp_arena *arena = session->arena;
    struct sp_str file = sp_env_get(SP_STR("REGISTRY_AUTH_FILE"));
    struct sp_str runtime = sp_env_get(SP_STR("XDG_RUNTIME_DIR"));
    struct sp_str docker = sp_env_get(SP_STR("DOCKER_CONFIG"));
    const char **files = SP_ARENA_NEW(arena, const char *, 4);
    size_t len = 0;

    if (file.len)
        files[len++] = sp_arena_cstr(arena, file);
    if (runtime.len)
        files[len++] = sp_arena_join(arena, runtime, "/", SP_STR("containers/auth.json")).ptr;
    files[len++] =
        docker.len
            ? sp_arena_join(arena, docker, "/", SP_STR("config.json")).ptr
            : sp_arena_join(arena, session->world.home, "/", SP_STR(".docker/config.json")).ptr;
    return (struct sp_source_options){
        .plain_http = is_plain(session, name->host),
        .auth_files = files,
    };
}

/* --- names ---------------------------------------------------------------------------------- */

static struct sp_value backend_settings(const struct sp_session *session)
{
    const struct sp_value *backend = setting(session, "opts.backend");

    return backend ? *backend : sp_null();
}

enum sp_rc sp_gallery_name(struct sp_session *session,
                           struct sp_str text,
                           struct sp_image_name *out,
                           struct sp_str *full,
                           struct sp_err *err)
{
    struct sp_image_name name;
    struct sp_image image;
    enum sp_rc rc = SP_OK;

    if (sp_str_starts(text, DOCKER))
        text = sp_str_slice(text, strlen(DOCKER), text.len);
    struct sp_str reference = sp_arena_str(session->arena, text);
    if (sp_image_name_parse(reference, &name, err) == SP_OK && name.transport) {
        /* The same file from wherever one stands. */
        name.file = sp_real_path(session->arena, name.file);
        *out = name;
        *full = sp_image_name_format(session->arena, &name);
        return SP_OK;
    }
    *err = SP_ERR_INIT;
    rc = sp_image_read(session->arena, sp_text(reference), &image, err);
    if (rc == SP_OK) {
        reference = sp_image_reference(session->arena, &image, backend_settings(session));
        rc = sp_image_name_parse(reference, &name, err);
    }
    if (rc)
        return rc == SP_NOT_FOUND ? sp_fail(err, SP_INVALID, "an image has no name") : rc;
    *out = name;
    *full = sp_image_name_format(session->arena, &name);
    return SP_OK;
}

/* `path` of an image: a layout, an archive, or the name of one with its transport. */
static enum sp_rc read_path(struct sp_session *session,
                            struct sp_str path,
                            struct sp_image_name *out,
                            bool *guessed,
                            struct sp_err *err)
{
    struct sp_err none = SP_ERR_INIT;

    path = sp_path_expand_home(session->arena, path, session->world.home);
    if (sp_image_name_parse(path, out, &none) == SP_OK && out->transport)
        return SP_OK;
    enum sp_file_kind kind = sp_file_kind(sp_arena_cstr(session->arena, path));
    *out = (struct sp_image_name){
        .transport = kind == SP_FILE_DIR ? SP_IMAGE_OCI_DIR : SP_IMAGE_DOCKER_ARCHIVE,
        .file = path,
    };
    *guessed = kind == SP_FILE_REGULAR;
    if (kind == SP_FILE_NONE)
        return sp_fail(err, SP_INVALID, "there is no image '" SP_STR_FMT "'", SP_STR_ARG(path));
    if (sp_str_ends(path, ".sif") || sp_str_ends(path, ".simg"))
        return sp_fail(err, SP_INVALID,
                       "'" SP_STR_FMT "' is a file of Singularity, which only that can read: save "
                       "the image as an OCI archive",
                       SP_STR_ARG(path));
    return SP_OK;
}

enum sp_rc sp_gallery_of_task(struct sp_session *session,
                              const struct sp_task *task,
                              struct sp_image_name *out,
                              struct sp_str *full,
                              bool *guessed,
                              struct sp_err *err)
{
    struct sp_image image;

    *guessed = false;
    enum sp_rc rc = sp_image_of_cab(&session->config, task->cab, &image, err);
    if (rc)
        return rc;
    if (image.path.len)
        rc = read_path(session, image.path, out, guessed, err);
    else
        rc = sp_image_name_parse(sp_image_reference(session->arena, &image, task->backend), out,
                                 err);
    if (rc)
        return rc;
    if (out->transport)
        out->file = sp_real_path(session->arena, out->file);
    *full = sp_image_name_format(session->arena, out);
    return SP_OK;
}

/* --- of a recipe ---------------------------------------------------------------------------- */

static void add_name(struct sp_arena *arena, struct sp_gallery *gallery, struct sp_str name)
{
    for (size_t i = 0; i < gallery->len; i++)
        if (sp_str_eq(gallery->names[i], name))
            return;
    if (gallery->len == gallery->capacity) {
        size_t capacity = 2 * gallery->capacity + 16;
        struct sp_str *names = SP_ARENA_NEW(arena, struct sp_str, capacity);
        for (size_t i = 0; i < gallery->len; i++)
            names[i] = gallery->names[i];
        gallery->names = names;
        gallery->capacity = capacity;
    }
    gallery->names[gallery->len++] = name;
}

static void add_image(struct sp_session *session,
                      const struct sp_action *action,
                      struct sp_gallery *out)
{
    const struct sp_cab *cab = action->task->cab;
    struct sp_image_name name;
    struct sp_image image;
    struct sp_err err = SP_ERR_INIT;

    enum sp_rc rc = sp_image_of_cab(&session->config, cab, &image, &err);
    if (rc == SP_NOT_FOUND || (rc == SP_OK && image.path.len)) {
        out->without++; /* an image that is a file here is what it is */
        return;
    }
    if (rc == SP_OK) {
        struct sp_value settings = sp_value_copy(session->arena, action->task->backend);
        struct sp_str reference = sp_image_reference(session->arena, &image, settings);
        rc = sp_image_name_parse(reference, &name, &err);
    }
    if (rc)
        sp_diag_error(&session->diags, SP_DIAG_CAB, cab->origin,
                      "image of cab '" SP_STR_FMT "': %s", SP_STR_ARG(cab->name), err.text);
    else
        add_name(session->arena, out, sp_image_name_format(session->arena, &name));
}

enum sp_rc sp_gallery_list(struct sp_session *session,
                           bool all_steps,
                           struct sp_gallery *out,
                           struct sp_err *err)
{
    /* Where a step would run is not asked here: all of them are on offer. */
    static const struct sp_offer offers[] = {
        { .name = "native" },
        { .name = "sandbox" },
        { .name = "container", .needs_image = true },
        { .name = "podman", .needs_image = true },
        { .name = "docker", .needs_image = true },
        { .name = "singularity", .needs_image = true },
        { .name = "kube", .needs_image = true },
        { .name = NULL },
    };
    static const struct sp_outcome fine = { .success = true };
    struct sp_walk_options options = sp_session_walk_options(session);
    struct sp_walk *walk = NULL;
    struct sp_action action;

    options.offers = offers;
    options.dry = true;
    *out = (struct sp_gallery){ 0 };
    sp_recipe_forget_skips(session->recipe, all_steps, 0);
    enum sp_rc rc = sp_walk_new(&options, &walk, err);
    while (rc == SP_OK && sp_walk_next(walk, &action)) {
        if (action.kind != SP_ACTION_RUN)
            continue;
        add_image(session, &action, out);
        sp_walk_done(walk, &fine);
    }
    sp_walk_free(walk);
    if (rc == SP_OK && session->diags.errors)
        rc = sp_fail(err, SP_INVALID, "%zu error%s found", session->diags.errors,
                     session->diags.errors == 1 ? "" : "s");
    return rc;
}
