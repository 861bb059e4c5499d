/* SPDX-License-Identifier: BSD-3-Clause */
#include "recipe/image.h"

#include "base/nearest.h"

#include "recipe/fields.h"

static const struct {
    const char *name;
    size_t offset;
} image_fields[] = {
    { "name", offsetof(struct sp_image, name) },
    { "registry", offsetof(struct sp_image, registry) },
    { "version", offsetof(struct sp_image, version) },
    { "path", offsetof(struct sp_image, path) },
};

static struct sp_str *field_of(struct sp_image *image, size_t i)
{
    return (struct sp_str *)(void *)((char *)image + image_fields[i].offset);
}

/* --- reading ------------------------------------------------------------------------------ */

static void cut_registry(struct sp_str text, struct sp_image *out)
{
    size_t slash = sp_str_rfind(text, '/');
    size_t colon = sp_str_rfind(text, ':');

    if (slash != SIZE_MAX && colon != SIZE_MAX && colon < slash)
        colon = SIZE_MAX; /* the port of the registry */
    size_t start = slash == SIZE_MAX ? 0 : slash + 1;
    size_t end = colon == SIZE_MAX ? text.len : colon;
    if (slash != SIZE_MAX)
        out->registry = sp_str_slice(text, 0, slash);
    out->name = sp_str_slice(text, start, end);
    out->version = colon == SIZE_MAX ? SP_STR("") : sp_str_slice(text, colon + 1, text.len);
}

static enum sp_rc read_text(struct sp_str text, struct sp_image *out, struct sp_err *err)
{
    size_t at = sp_str_find(text, '@');

    if (at != SIZE_MAX)
        out->digest = sp_str_slice(text, at + 1, text.len);
    cut_registry(sp_str_slice(text, 0, at), out);
    if (!out->name.len)
        return sp_fail(err, SP_INVALID, "image '" SP_STR_FMT "' has no name", SP_STR_ARG(text));
    if (!out->version.len && !out->digest.len)
        out->version = SP_STR("latest");
    return SP_OK;
}

static enum sp_rc unknown_key(struct sp_str key, struct sp_err *err)
{
    struct sp_nearest nearest = SP_NEAREST(key);

    for (size_t i = 0; i < SP_COUNT(image_fields); i++)
        sp_nearest_offer(&nearest, sp_str_of(image_fields[i].name));
    return sp_nearest_fail(&nearest, "there are name, registry, version, path", err, SP_INVALID,
                           "unknown key '" SP_STR_FMT "' of an image", SP_STR_ARG(key));
}

static enum sp_rc read_entry(struct sp_arena *arena,
                             const struct sp_dict_entry *entry,
                             struct sp_image *out,
                             struct sp_err *err)
{
    for (size_t i = 0; i < SP_COUNT(image_fields); i++) {
        if (!sp_str_is(entry->key, image_fields[i].name))
            continue;
        if (entry->value.kind == SP_NULL || sp_field_text(arena, entry->value, field_of(out, i)))
            return SP_OK;
        return sp_fail(err, SP_INVALID, "%s of an image must be a text, not a %s",
                       image_fields[i].name, sp_kind_name(entry->value.kind));
    }
    return unknown_key(entry->key, err);
}

static struct sp_str base_name(struct sp_str path)
{
    size_t slash = sp_str_rfind(path, '/');

    return slash == SIZE_MAX ? path : sp_str_slice(path, slash + 1, path.len);
}

/* `name: x@sha256:...` is no reason to refuse. */
static void cut_digest(struct sp_image *image)
{
    struct sp_str *where = image->version.len ? &image->version : &image->name;
    size_t at = sp_str_find(*where, '@');

    if (at == SIZE_MAX)
        return;
    image->digest = sp_str_slice(*where, at + 1, where->len);
    *where = sp_str_slice(*where, 0, at);
}

enum sp_rc sp_image_read(struct sp_arena *arena,
                         struct sp_value value,
                         struct sp_image *out,
                         struct sp_err *err)
{
    struct sp_image image = { 0 };
    enum sp_rc rc = SP_OK;

    if (value.kind == SP_NULL || (sp_is_text(value) && !sp_str_trim(value.text).len))
        return sp_fail(err, SP_NOT_FOUND, "there is no image");
    if (sp_is_text(value)) {
        rc = read_text(sp_str_trim(value.text), &image, err);
    } else if (value.kind != SP_DICT) {
        rc = sp_fail(err, SP_INVALID, "an image must be a text or a mapping, not a %s",
                     sp_kind_name(value.kind));
    } else {
        SP_DICT_EACH(entry, value.dict)
        if (rc == SP_OK)
            rc = read_entry(arena, entry, &image, err);
        if (!image.name.len)
            image.name = base_name(image.path);
        cut_digest(&image);
        if (rc == SP_OK && !image.name.len)
            rc = sp_fail(err, SP_INVALID, "an image needs a name or a path");
    }
    if (rc == SP_OK)
        *out = image;
    return rc;
}

/* --- defaults ----------------------------------------------------------------------------- */

static struct sp_value default_image(const struct sp_config *config, const char *name)
{
    const struct sp_value *images = sp_dict_get(config->root, "images");
    const struct sp_value *value =
        images && images->kind == SP_DICT ? sp_dict_get(images->dict, name) : NULL;

    return value ? *value : sp_null();
}

/* What `image` leaves out is taken from `other`. A digest stands for a version. */
static void fill(struct sp_image *image, const struct sp_image *other)
{
    struct sp_image from = *other;

    if (image->digest.len)
        from.version = SP_STR("");
    if (image->path.len)
        from.path = SP_STR("");
    for (size_t i = 0; i < SP_COUNT(image_fields); i++)
        if (!field_of(image, i)->len)
            *field_of(image, i) = *field_of(&from, i);
}

enum sp_rc sp_image_of_cab(const struct sp_config *config,
                           const struct sp_cab *cab,
                           struct sp_image *out,
                           struct sp_err *err)
{
    bool python = cab->flavour == SP_FLAVOUR_PYTHON || cab->flavour == SP_FLAVOUR_PYTHON_CODE;
    struct sp_image image, otherwise;
    struct sp_err none = SP_ERR_INIT;
    const char *name = python                            ? "default-python"
                       : cab->flavour == SP_FLAVOUR_CASA ? "default-casa"
                                                         : NULL;

    enum sp_rc rc = sp_image_read(config->arena, cab->image, &image, err);
    if (name && (rc == SP_NOT_FOUND || (rc == SP_OK && python))) {
        enum sp_rc found =
            sp_image_read(config->arena, default_image(config, name), &otherwise, &none);
        if (found == SP_INVALID)
            return sp_fail(err, SP_INVALID, "images.%s: %s", name, none.text);
        if (found == SP_OK && rc == SP_OK)
            fill(&image, &otherwise);
        else if (found == SP_OK)
            image = otherwise;
        if (rc == SP_NOT_FOUND)
            rc = found;
    }
    if (rc == SP_OK)
        *out = image;
    return rc;
}

/* --- references --------------------------------------------------------------------------- */

static struct sp_str setting(struct sp_value backend, const char *key)
{
    const struct sp_value *value = backend.kind == SP_DICT ? sp_dict_get(backend.dict, key) : NULL;

    return value && sp_is_text(*value) ? value->text : SP_STR("");
}

static struct sp_str overridden(struct sp_value backend, struct sp_str registry)
{
    const struct sp_value *table =
        backend.kind == SP_DICT ? sp_dict_get(backend.dict, "override_registries") : NULL;
    const struct sp_value *other =
        table && table->kind == SP_DICT ? sp_dict_find(table->dict, registry) : NULL;

    return other && sp_is_text(*other) ? other->text : registry;
}

struct sp_str sp_image_reference(struct sp_arena *arena,
                                 const struct sp_image *image,
                                 struct sp_value backend)
{
    struct sp_str registry = image->registry;
    struct sp_str version = image->version.len ? image->version : SP_STR("latest");

    if (!registry.len || sp_str_is(registry, "DEFAULT"))
        registry = setting(backend, "default_registry");
    else if (sp_str_is(registry, "LOCAL"))
        registry = SP_STR("");
    registry = overridden(backend, registry);
    return sp_arena_printf(arena, SP_STR_FMT "%s" SP_STR_FMT "%s" SP_STR_FMT, SP_STR_ARG(registry),
                           registry.len ? "/" : "", SP_STR_ARG(image->name),
                           image->digest.len ? "@" : ":",
                           SP_STR_ARG(image->digest.len ? image->digest : version));
}

struct sp_str sp_image_file_name(struct sp_arena *arena, struct sp_str reference)
{
    struct sp_str name = sp_arena_printf(arena, SP_STR_FMT ".simg", SP_STR_ARG(reference));

    for (char *c = (char *)name.ptr; *c; c++) /* ours: made in the line above */
        if (*c == '/')
            *c = '-';
    return name;
}
