/* SPDX-License-Identifier: BSD-3-Clause */
#include "engine/imagemake.h"

#include "base/clock.h"
#include "base/fault.h"

#include "engine/placing.h"
#include "engine/stage.h"
#include "engine/tidy.h"
#include "engine/tools.h"
#include "image/assemble.h"
#include "image/layer.h"
#include "image/tarball.h"
#include "image/unpack.h"
#include "sys/env.h"
#include "sys/file.h"
#include "sys/lock.h"

#include <fcntl.h>
#include <unistd.h>

#define REVISION  "1" /* of how images are built: a new one makes all of them anew */
#define LABEL     "spoor.build"
#define DEPTH_MAX 10 /* images from images */
#define PATH_ENV  "PATH=/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin"

/* One that this maker has looked at. */
struct known {
    struct sp_str path;
    struct sp_str suite;
    struct sp_made made;
};

struct sp_maker {
    struct sp_session *session;
    struct sp_vault *vault;
    struct sp_make_options options;
    struct sp_arena *arena;
    struct sp_str cache, path;
    const char *log;
    int log_fd;
    struct sp_lock *lock;
    struct sp_debian *debian; /* of the suite below; NULL: none yet */
    struct sp_str suite;
    struct known known[64];
    size_t known_count;
};

/* One image on its way. */
struct making {
    struct sp_maker *maker;
    struct sp_buildfile file;
    struct sp_str name, suite;
    struct known *from; /* NULL: none */
    bool forced;        /* to be built although it is up to date */
    struct sp_debian_choice choice;
    struct sp_sha_digest key;
    const char *stage; /* for programs; NULL: none made */
    const char *tree;
};

/* --- opening -------------------------------------------------------------------------------- */

static struct sp_str cache_dir(const struct sp_session *session)
{
    struct sp_str cache = sp_env_get(SP_STR("XDG_CACHE_HOME"));

    if (cache.len && cache.ptr[0] == '/')
        return sp_arena_join(session->arena, cache, "/", SP_STR("spoor"));
    return sp_arena_join(session->arena, session->world.home, "/", SP_STR(".cache/spoor"));
}

static void tell(const struct sp_maker *maker, const char *what)
{
    if (maker->options.progress)
        maker->options.progress(maker->options.arg, what, 0, 0);
}

static void say_waiting(void *arg)
{
    tell(arg, "waiting for another spoor that builds");
}

enum sp_rc sp_maker_open(struct sp_session *session,
                         struct sp_vault *vault,
                         const struct sp_make_options *options,
                         struct sp_maker **out,
                         struct sp_err *err)
{
    struct sp_maker *maker = sp_arena_alloc(session->arena, sizeof *maker);

    *maker = (struct sp_maker){
        .session = session,
        .vault = vault,
        .options = *options,
        .arena = session->arena,
        .cache = cache_dir(session),
        .log_fd = -1,
    };
    maker->log = sp_arena_join(maker->arena, maker->cache, "/", SP_STR("image-build.log")).ptr;
    maker->path = sp_tools_path(maker->arena, &session->places);
    *out = maker;
    enum sp_rc rc =
        sp_stage_lock(maker->arena, maker->cache, say_waiting, maker, &maker->lock, err);
    if (rc == SP_OK)
        rc = sp_stage_clear(maker->arena, maker->cache, maker->path, err);
    if (rc)
        return rc;
    maker->log_fd = SP_FAULT("make.log", ENOSPC)
                        ? -1
                        : open(maker->log, O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0644);
    return maker->log_fd < 0 ? sp_fail_errno(err, "open '%s'", maker->log) : SP_OK;
}

void sp_maker_close(struct sp_maker *maker)
{
    if (!maker)
        return;
    sp_fd_closep(&maker->log_fd);
    sp_lock_release(maker->lock);
}

const char *sp_maker_log(const struct sp_maker *maker)
{
    return maker->log;
}

/* --- is it up to date? ---------------------------------------------------------------------- */

static const struct sp_value *run_value(const struct sp_image_found *image, const char *key)
{
    return image->config.run ? sp_dict_get(image->config.run, key) : NULL;
}

static enum sp_rc make_key(struct making *making, struct sp_err *err)
{
    sp_auto_buf struct sp_buf text = SP_BUF(SP_BUF_LARGE);
    const struct sp_buildfile *file = &making->file;

    sp_buf_addf(&text, "spoor image " REVISION "\nsuite " SP_STR_FMT "\nfrom %s\n",
                SP_STR_ARG(making->suite),
                making->from ? making->from->made.image.name.manifest.hex : "");
    SP_DICT_EACH(entry, file->env)
    sp_buf_addf(&text, "env " SP_STR_FMT "=" SP_STR_FMT "\n", SP_STR_ARG(entry->key),
                SP_STR_ARG(entry->value.text));
    for (size_t i = 0; i < making->choice.len; i++)
        sp_buf_addf(&text, "package " SP_STR_FMT " " SP_STR_FMT "\n",
                    SP_STR_ARG(making->choice.items[i].file),
                    SP_STR_ARG(making->choice.items[i].sha256));
    for (size_t i = 0; i < file->file_count; i++) {
        struct sp_sha_digest digest;
        enum sp_rc rc = sp_placing_digest(&file->files[i], &digest, err);
        if (rc)
            return rc;
        sp_buf_addf(&text, "file " SP_STR_FMT " %s\n", SP_STR_ARG(file->files[i].target),
                    digest.hex);
    }
    making->key = sp_sha_of(sp_buf_str(&text));
    return SP_OK;
}

static bool is_up_to_date(const struct making *making, struct sp_image_found *out)
{
    struct sp_maker *maker = making->maker;
    struct sp_err err = SP_ERR_INIT;

    if (sp_image_find(maker->vault, making->name, maker->arena, out, &err))
        return false;
    for (size_t i = 0; i < out->manifest.len; i++)
        if (!sp_vault_has(maker->vault, &out->manifest.items[i].digest,
                          out->manifest.items[i].size))
            return false;
    const struct sp_value *labels = run_value(out, "Labels");
    return labels && labels->kind == SP_DICT &&
           sp_str_is(sp_dict_text(labels->dict, LABEL), making->key.hex);
}

/* --- the tree ------------------------------------------------------------------------------- */

static enum sp_rc write_to(void *arg, struct sp_str data, struct sp_err *err)
{
    return sp_write_all(*(int *)arg, data, err);
}

/* The root of the image below, as an archive for the programs. */
static enum sp_rc write_below(const struct making *making, const char *path, struct sp_err *err)
{
    struct sp_tarball all = { .lower_fd = -1, .media = SP_MEDIA_TAR, .latest = SP_DEBIAN_EPOCH };
    struct sp_sha_digest digest;
    sp_auto_fd int dir = open(making->from->made.root.path.ptr, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
    sp_auto_fd int fd = SP_FAULT("make.below", ENOSPC)
                            ? -1
                            : open(path, O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, 0644);

    if (dir < 0 || fd < 0)
        return sp_fail_errno(err, "open '%s'", dir < 0 ? making->from->made.root.path.ptr : path);
    all.tree_fd = dir;
    return sp_tarball_write(&all, write_to, &fd, &digest, err);
}

static enum sp_rc unpack(const char *archive, const char *tree, struct sp_err *err)
{
    sp_auto_layer struct sp_layer *layer = NULL;
    sp_auto_fd int fd = open(archive, O_RDONLY | O_CLOEXEC);
    sp_auto_fd int dir = open(tree, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
    struct sp_unpack work = {
        .root_fd = dir,
        .max_entries = SP_UNPACK_ENTRIES_MAX,
        .max_bytes = SP_UNPACK_BYTES_MAX,
    };

    if (fd < 0 || dir < 0)
        return sp_fail_errno(err, "open '%s'", fd < 0 ? archive : tree);
    enum sp_rc rc = sp_layer_open(fd, SP_MEDIA_TAR, &layer, err);
    return rc ? rc : sp_unpack_files(&work, layer, err);
}

static enum sp_rc install(struct making *making, struct sp_err *err)
{
    struct sp_maker *maker = making->maker;
    const char *below = sp_arena_printf(maker->arena, "%s/below.tar", making->stage).ptr;
    const char *archive = below;
    enum sp_rc rc = SP_OK;

    if (making->from)
        rc = write_below(making, below, err);
    if (rc == SP_OK && making->choice.len) {
        const struct sp_debian_job job = {
            .choice = &making->choice,
            .below = making->from ? below : NULL,
            .stage = making->stage,
        };
        rc = sp_debian_install(maker->debian, &job, err);
        archive = sp_arena_printf(maker->arena, "%s/out.tar", making->stage).ptr;
    }
    tell(maker, "packing");
    if (rc == SP_OK)
        rc = unpack(archive, making->tree, err);
    return rc == SP_OK ? sp_tidy(making->tree, making->suite, err) : rc;
}

static enum sp_rc fill_tree(struct making *making,
                            const struct sp_debian_wish *wish,
                            struct sp_err *err)
{
    struct sp_maker *maker = making->maker;
    const char *scratch = sp_arena_printf(maker->arena, "%s/files.tar", making->stage).ptr;

    enum sp_rc rc = sp_debian_fetch(maker->debian, wish, &making->choice, err);
    if (rc == SP_OK)
        rc = install(making, err);
    for (size_t i = 0; i < making->file.file_count && rc == SP_OK; i++)
        rc = sp_placing_put(&making->file.files[i], making->tree, scratch, err);
    return rc;
}

/* --- the image ------------------------------------------------------------------------------ */

static bool same_variable(struct sp_str a, struct sp_str b)
{
    return sp_str_eq(sp_str_cut(&a, '='), sp_str_cut(&b, '='));
}

/* Later ones replace earlier ones of the same name. */
static void set_variable(struct sp_arena *arena, struct sp_list *env, struct sp_str text)
{
    SP_LIST_EACH(item, env)
    if (sp_is_text(*item) && same_variable(item->text, text)) {
        item->text = text;
        return;
    }
    sp_list_add(arena, env, sp_text(text));
}

static const struct sp_dict *run_config(const struct making *making)
{
    struct sp_arena *arena = making->maker->arena;
    struct sp_value run = sp_dict_new(arena), labels = sp_dict_new(arena);
    struct sp_value env = sp_list_new(arena), command = sp_list_new(arena);
    const struct sp_value *old = making->from ? run_value(&making->from->made.image, "Env") : NULL;

    sp_list_add(arena, env.list, sp_text(SP_STR(PATH_ENV)));
    if (old && sp_is_list(*old))
        SP_LIST_EACH(item, old->list)
    if (sp_is_text(*item))
        set_variable(arena, env.list, item->text);
    SP_DICT_EACH(entry, making->file.env)
    set_variable(arena, env.list, sp_arena_join(arena, entry->key, "=", entry->value.text));
    sp_list_add(arena, command.list, sp_text(SP_STR("/bin/sh")));
    sp_dict_put_text(arena, labels.dict, LABEL, sp_arena_printf(arena, "%s", making->key.hex));
    sp_dict_put(arena, run.dict, "Env", env);
    sp_dict_put(arena, run.dict, "Cmd", command);
    sp_dict_put(arena, run.dict, "Labels", labels);
    return run.dict;
}

static struct sp_str history_of(const struct making *making)
{
    sp_auto_buf struct sp_buf text = SP_BUF(SP_BUF_LARGE);

    sp_buf_addf(&text, "spoor image build: Debian " SP_STR_FMT, SP_STR_ARG(making->suite));
    for (size_t i = 0; i < making->choice.len; i++)
        sp_buf_addf(&text, "%s " SP_STR_FMT "=" SP_STR_FMT, i ? "" : ":",
                    SP_STR_ARG(making->choice.items[i].name),
                    SP_STR_ARG(making->choice.items[i].version));
    for (size_t i = 0; i < making->file.file_count; i++)
        sp_buf_addf(&text, "%s " SP_STR_FMT,
                    i ? "" : "; files:", SP_STR_ARG(making->file.files[i].target));
    return sp_arena_str(making->maker->arena, sp_buf_str(&text));
}

static enum sp_rc assemble(struct making *making, struct sp_image_found *out, struct sp_err *err)
{
    const struct sp_assembly assembly = {
        .name = making->name,
        .from = making->from ? &making->from->made.image : NULL,
        .tree = making->tree,
        .lower = making->from ? making->from->made.root.path.ptr : NULL,
        .run = run_config(making),
        .history = history_of(making),
        .latest = SP_DEBIAN_EPOCH,
    };

    return sp_image_assemble(making->maker->vault, &assembly, making->maker->arena, out, err);
}

/* Directories for it, the image, and the directories gone again. */
static enum sp_rc build(struct making *making,
                        const struct sp_debian_wish *wish,
                        struct sp_image_found *out,
                        struct sp_err *err)
{
    struct sp_maker *maker = making->maker;
    struct sp_err leftover = SP_ERR_INIT;
    struct sp_str scratch = SP_STR("");

    enum sp_rc rc = sp_stage_make(maker->arena, maker->cache, &making->stage, err);
    if (rc == SP_OK)
        rc = sp_vault_scratch(maker->vault, maker->arena, &scratch, err);
    making->tree = scratch.ptr;
    if (rc == SP_OK)
        rc = fill_tree(making, wish, err);
    if (rc == SP_OK)
        rc = assemble(making, out, err);
    if (scratch.len && sp_remove_tree(scratch.ptr, &leftover) && !rc) {
        *err = leftover;
        rc = err->code;
    }
    if (sp_stage_clear(maker->arena, maker->cache, maker->path, &leftover) && !rc) {
        *err = leftover;
        rc = err->code;
    }
    return rc;
}

/* --- in order ------------------------------------------------------------------------------- */

static enum sp_rc open_debian(struct making *making, struct sp_err *err)
{
    struct sp_maker *maker = making->maker;
    const struct sp_debian_options options = {
        .arena = maker->arena,
        .path = maker->path,
        .cache = maker->cache,
        .suite = making->suite,
        .mirror = maker->options.mirror,
        .refresh = maker->options.refresh,
        .log_fd = maker->log_fd,
        .progress = maker->options.progress,
        .arg = maker->options.arg,
    };

    if (maker->debian && sp_str_eq(maker->suite, making->suite))
        return SP_OK;
    enum sp_rc rc = sp_debian_open(&options, &maker->debian, err);
    if (rc == SP_OK)
        maker->suite = making->suite;
    return rc;
}

/* A package that nobody knows is a fault of the build file, with its place. */
static enum sp_rc fail_missing(struct making *making, struct sp_str missing, struct sp_err *err)
{
    struct sp_session *session = making->maker->session;
    struct sp_str nearest = sp_debian_nearest(making->maker->debian, missing);
    size_t before = session->diags.len;
    uint32_t origin = making->file.origin;

    SP_LIST_EACH(item, making->file.packages)
    {
        struct sp_str text = item->text;
        if (sp_str_eq(sp_str_cut(&text, '='), missing))
            origin = item->origin;
    }
    sp_diag_error(&session->diags, SP_DIAG_NOT_FOUND, origin,
                  "Debian " SP_STR_FMT " has no package '" SP_STR_FMT "'",
                  SP_STR_ARG(making->suite), SP_STR_ARG(missing));
    if (nearest.len)
        sp_diag_hint(&session->diags, "did you mean '" SP_STR_FMT "'?", SP_STR_ARG(nearest));
    return sp_diags_fail(&session->diags, before, err);
}

static enum sp_rc make_image(struct making *making, struct sp_made *out, struct sp_err *err)
{
    static const struct sp_root_options as_usual = { 0 };
    struct sp_maker *maker = making->maker;
    struct sp_debian_wish wish = { .packages = making->file.packages };
    struct sp_str missing = SP_STR("");

    enum sp_rc rc = open_debian(making, err);
    if (rc)
        return rc;
    wish.below = making->from ? making->from->made.root.path.ptr : NULL;
    tell(maker, "choosing packages");
    rc = sp_debian_solve(maker->debian, &wish, &making->choice, &missing, err);
    if (rc == SP_NOT_FOUND && missing.len)
        return fail_missing(making, missing, err);
    if (rc == SP_OK)
        rc = make_key(making, err);
    if (rc)
        return rc;
    out->packages = making->choice.len;
    if (making->forced || !is_up_to_date(making, &out->image)) {
        rc = build(making, &wish, &out->image, err);
        out->built = true;
    }
    if (rc)
        return rc;
    tell(maker, "unpacking");
    rc = sp_root_make(maker->vault, &out->image, &as_usual, maker->arena, &out->root, err);
    if (rc == SP_OK)
        out->layer = out->image.manifest.items[out->image.manifest.len - 1].size;
    return rc;
}

/* Those that were asked for, not those below. */
static bool is_forced(const struct sp_maker *maker, unsigned depth)
{
    return maker->options.force && depth == 0;
}

static struct known *find_known(struct sp_maker *maker, struct sp_str path)
{
    for (size_t i = 0; i < maker->known_count; i++)
        if (sp_str_eq(maker->known[i].path, path))
            return &maker->known[i];
    return NULL;
}

static enum sp_rc make(struct sp_maker *maker,
                       struct sp_str path,
                       unsigned depth,
                       struct known **out,
                       struct sp_err *err);

/* NOLINTNEXTLINE(misc-no-recursion): DEPTH_MAX */
static enum sp_rc make_from(struct making *making, unsigned depth, struct sp_err *err)
{
    struct sp_session *session = making->maker->session;
    size_t before = session->diags.len;

    if (!making->file.from.len)
        return SP_OK;
    if (depth == DEPTH_MAX) {
        sp_diag_error(&session->diags, SP_DIAG_DOCUMENT, making->file.from_origin,
                      "this is the image number %d of those that are built on one another: does "
                      "one of them stand on itself?",
                      DEPTH_MAX);
        return sp_diags_fail(&session->diags, before, err);
    }
    enum sp_rc rc = make(making->maker, making->file.from, depth + 1, &making->from, err);
    if (rc == SP_NOT_FOUND && sp_file_kind(making->file.from.ptr) == SP_FILE_NONE) {
        sp_diag_error(&session->diags, SP_DIAG_FILE, making->file.from_origin,
                      "there is no build file '" SP_STR_FMT "'", SP_STR_ARG(making->file.from));
        return sp_diags_fail(&session->diags, before, err);
    }
    if (rc == SP_OK)
        making->suite = making->from->suite;
    return rc;
}

/* NOLINTNEXTLINE(misc-no-recursion): DEPTH_MAX */
static enum sp_rc make(struct sp_maker *maker,
                       struct sp_str path,
                       unsigned depth,
                       struct known **out,
                       struct sp_err *err)
{
    struct sp_session *session = maker->session;
    struct making making = { .maker = maker, .forced = is_forced(maker, depth) };
    struct sp_str real = sp_real_path(maker->arena, path);
    sp_nsec began = sp_clock_monotonic();

    *out = find_known(maker, real);
    if (*out && ((*out)->made.built || !is_forced(maker, depth)))
        return SP_OK;
    if (maker->known_count == SP_COUNT(maker->known))
        return sp_fail(err, SP_LIMIT, "more than %zu images at once", SP_COUNT(maker->known));
    enum sp_rc rc = sp_buildfile_read(maker->arena, session->origins, &session->places, path,
                                      &session->diags, &making.file, err);
    if (rc)
        return rc;
    making.suite = making.file.suite;
    making.name = depth == 0 && maker->options.as.len ? maker->options.as : making.file.name;
    rc = make_from(&making, depth, err);
    if (rc)
        return rc;
    struct known known = { .path = real };
    rc = make_image(&making, &known.made, err);
    if (rc)
        return sp_err_wrap(err, "image '" SP_STR_FMT "'", SP_STR_ARG(making.name));
    known.suite = making.suite;
    known.made.took = sp_clock_monotonic() - began;
    maker->known[maker->known_count] = known;
    *out = &maker->known[maker->known_count++];
    return SP_OK;
}

enum sp_rc sp_maker_make(struct sp_maker *maker,
                         struct sp_str path,
                         struct sp_made *out,
                         struct sp_err *err)
{
    struct known *known;
    enum sp_rc rc = make(maker, sp_arena_str(maker->arena, path), 0, &known, err);

    if (rc == SP_OK)
        *out = known->made;
    return rc;
}
