/* SPDX-License-Identifier: BSD-3-Clause */
#include "image/assemble.h"

#include "base/clock.h"

#include "image/tarball.h"
#include "sys/file.h"
#include "value/json.h"

#include <fcntl.h>
#include <unistd.h>

/* Of 410 MB gzip (level 6) makes 148 MB, zstd 141 MB in a seventh of the time, and it is read five
 * times as fast. Podman 3 and docker 23 know it. */
#define LAYER_MEDIA SP_MEDIA_TAR_ZSTD

struct assembling {
    struct sp_vault *vault;
    const struct sp_assembly *assembly;
    struct sp_arena *arena;
    struct sp_descriptor layer, config;
    struct sp_sha_digest diff_id;
};

/* --- the layer ------------------------------------------------------------------------------ */

static enum sp_rc take(void *arg, struct sp_str data, struct sp_err *err)
{
    return sp_intake_add(arg, data, err);
}

static enum sp_rc put_layer(struct assembling *work, struct sp_err *err)
{
    static const struct sp_sha_digest unknown = { "" };
    const char *lower_path = work->assembly->lower;
    sp_auto_intake struct sp_intake *intake = NULL;
    sp_auto_fd int tree = open(work->assembly->tree, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
    sp_auto_fd int lower = lower_path ? open(lower_path, O_RDONLY | O_DIRECTORY | O_CLOEXEC) : -1;

    if (tree < 0 || (lower_path && lower < 0))
        return sp_fail_errno(err, "open '%s'", tree < 0 ? work->assembly->tree : lower_path);
    const struct sp_tarball tarball = {
        .tree_fd = tree,
        .lower_fd = lower,
        .media = LAYER_MEDIA,
        .latest = work->assembly->latest,
    };
    enum sp_rc rc = sp_vault_intake(work->vault, &unknown, UINT64_MAX, &intake, err);
    if (rc == SP_OK)
        rc = sp_tarball_write(&tarball, take, intake, &work->diff_id, err);
    if (rc)
        return rc;
    work->layer.media = LAYER_MEDIA;
    work->layer.size = sp_intake_size(intake);
    return sp_intake_finish(SP_TAKE(intake), &work->layer.digest, err);
}

/* --- documents ------------------------------------------------------------------------------ */

static struct sp_value digest_value(struct sp_arena *arena, const struct sp_sha_digest *digest)
{
    return sp_text(sp_arena_printf(arena, "sha256:%s", digest->hex));
}

/* What the configuration of the image below says under "history". */
static enum sp_rc take_history(struct assembling *work, struct sp_list *out, struct sp_err *err)
{
    const struct sp_image_found *from = work->assembly->from;
    struct sp_value config;
    struct sp_str text;

    if (!from)
        return SP_OK;
    enum sp_rc rc = sp_vault_read(work->vault, &from->manifest.config.digest, SP_IMAGE_CONFIG_MAX,
                                  work->arena, &text, err);
    if (rc == SP_OK)
        rc = sp_json_decode(work->arena, text, &config, err);
    if (rc)
        return rc;
    const struct sp_value *history = sp_dict_get(config.dict, "history");
    if (history && sp_is_list(*history))
        SP_LIST_EACH(item, history->list)
    sp_list_add(work->arena, out, *item);
    return SP_OK;
}

static enum sp_rc put_document(struct assembling *work,
                               struct sp_value value,
                               enum sp_media media,
                               struct sp_descriptor *out,
                               struct sp_err *err)
{
    sp_auto_buf struct sp_buf text = SP_BUF(SP_IMAGE_CONFIG_MAX);

    sp_json_encode(value, SP_JSON_COMPACT, &text);
    out->media = media;
    out->size = text.len;
    return sp_vault_put_text(work->vault, sp_buf_str(&text), &out->digest, err);
}

static enum sp_rc put_config(struct assembling *work, struct sp_err *err)
{
    const struct sp_assembly *assembly = work->assembly;
    struct sp_arena *arena = work->arena;
    struct sp_str created = sp_arena_printf(arena, "%s", sp_clock_iso(assembly->latest).text);
    struct sp_value config = sp_dict_new(arena), rootfs = sp_dict_new(arena);
    struct sp_value ids = sp_list_new(arena), history = sp_list_new(arena);
    struct sp_value step = sp_dict_new(arena);

    for (size_t i = 0; assembly->from && i < assembly->from->config.len; i++)
        sp_list_add(arena, ids.list, digest_value(arena, &assembly->from->config.diff_ids[i]));
    sp_list_add(arena, ids.list, digest_value(arena, &work->diff_id));
    enum sp_rc rc = take_history(work, history.list, err);
    if (rc)
        return rc;
    sp_dict_put_text(arena, step.dict, "created", created);
    sp_dict_put_text(arena, step.dict, "created_by", assembly->history);
    sp_list_add(arena, history.list, step);
    sp_dict_put_text(arena, rootfs.dict, "type", SP_STR("layers"));
    sp_dict_put(arena, rootfs.dict, "diff_ids", ids);
    sp_dict_put_text(arena, config.dict, "created", created);
    sp_dict_put_text(arena, config.dict, "architecture", sp_str_of(sp_image_architecture()));
    sp_dict_put_text(arena, config.dict, "os", SP_STR("linux"));
    sp_dict_put(arena, config.dict, "config",
                (struct sp_value){ .kind = SP_DICT, .dict = (struct sp_dict *)assembly->run });
    sp_dict_put(arena, config.dict, "rootfs", rootfs);
    sp_dict_put(arena, config.dict, "history", history);
    return put_document(work, config, SP_MEDIA_CONFIG, &work->config, err);
}

static struct sp_value descriptor_value(struct sp_arena *arena, const struct sp_descriptor *what)
{
    struct sp_value dict = sp_dict_new(arena);

    sp_dict_put_text(arena, dict.dict, "mediaType", sp_str_of(sp_media_type(what->media)));
    sp_dict_put(arena, dict.dict, "digest", digest_value(arena, &what->digest));
    sp_dict_put(arena, dict.dict, "size", sp_int((int64_t)what->size));
    return dict;
}

static enum sp_rc put_manifest(struct assembling *work,
                               struct sp_descriptor *out,
                               struct sp_err *err)
{
    const struct sp_image_found *from = work->assembly->from;
    struct sp_arena *arena = work->arena;
    struct sp_value manifest = sp_dict_new(arena), layers = sp_list_new(arena);

    for (size_t i = 0; from && i < from->manifest.len; i++)
        sp_list_add(arena, layers.list, descriptor_value(arena, &from->manifest.items[i]));
    sp_list_add(arena, layers.list, descriptor_value(arena, &work->layer));
    sp_dict_put(arena, manifest.dict, "schemaVersion", sp_int(2));
    sp_dict_put_text(arena, manifest.dict, "mediaType",
                     sp_str_of(sp_media_type(SP_MEDIA_MANIFEST)));
    sp_dict_put(arena, manifest.dict, "config", descriptor_value(arena, &work->config));
    sp_dict_put(arena, manifest.dict, "layers", layers);
    return put_document(work, manifest, SP_MEDIA_MANIFEST, out, err);
}

/* --- together ------------------------------------------------------------------------------- */

enum sp_rc sp_image_assemble(struct sp_vault *vault,
                             const struct sp_assembly *assembly,
                             struct sp_arena *arena,
                             struct sp_image_found *out,
                             struct sp_err *err)
{
    struct assembling work = { .vault = vault, .assembly = assembly, .arena = arena };
    struct sp_descriptor manifest = { 0 };

    enum sp_rc rc = put_layer(&work, err);
    if (rc == SP_OK)
        rc = put_config(&work, err);
    if (rc == SP_OK)
        rc = put_manifest(&work, &manifest, err);
    if (rc)
        return rc;
    const struct sp_vault_name name = {
        .name = assembly->name,
        .digest = manifest.digest,
        .manifest = manifest.digest,
        .time = sp_clock_realtime(),
    };
    rc = sp_vault_put_name(vault, &name, err);
    return rc ? rc : sp_image_find(vault, assembly->name, arena, out, err);
}
