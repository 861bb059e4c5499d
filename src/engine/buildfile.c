/* SPDX-License-Identifier: BSD-3-Clause */
#include "engine/buildfile.h"

#include "lang/path.h"
#include "lang/yaml.h"
#include "recipe/fields.h"
#include "sys/file.h"
#include "value/imagename.h"

/* As it stands in the file. */
struct written {
    struct sp_str name, version, suite, from, info;
    const struct sp_list *packages;
    const struct sp_dict *files, *env;
};

static const struct sp_field field_items[] = {
    { "name", SP_FIELD_TEXT, offsetof(struct written, name) },
    { "version", SP_FIELD_TEXT, offsetof(struct written, version) },
    { "info", SP_FIELD_TEXT, offsetof(struct written, info) },
    { "suite", SP_FIELD_TEXT, offsetof(struct written, suite) },
    { "from", SP_FIELD_TEXT, offsetof(struct written, from) },
    { "packages", SP_FIELD_TEXTS, offsetof(struct written, packages) },
    { "files", SP_FIELD_MAPPING, offsetof(struct written, files) },
    { "env", SP_FIELD_MAPPING, offsetof(struct written, env) },
};

static const struct sp_fields fields = { field_items, SP_COUNT(field_items), "a build file" };

struct reading {
    struct sp_arena *arena;
    const struct sp_places *places;
    struct sp_diags *diags;
    struct sp_str path, dir; /* of the build file */
    const struct sp_dict *dict;
    struct sp_buildfile *out;
};

/* Where the value of `key` stands; the whole file if it is not there. */
static uint32_t origin_of(const struct reading *reading, const char *key)
{
    const struct sp_value *value = sp_dict_get(reading->dict, key);

    return value && value->origin ? value->origin : reading->out->origin;
}

/* A path as seen from the directory of the build file. */
static struct sp_str beside(const struct reading *reading, struct sp_str path)
{
    if (sp_str_starts(path, "/") || !reading->dir.len)
        return path;
    return sp_arena_join(reading->arena, reading->dir, "/", path);
}

/* --- parts ---------------------------------------------------------------------------------- */

static bool only_has(struct sp_str text, const char *more)
{
    for (size_t i = 0; i < text.len; i++) {
        char c = text.ptr[i];
        bool plain = (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9');
        if (!plain && !strchr(more, c))
            return false;
    }
    return text.len > 0;
}

static void check_name(struct reading *reading, const struct written *written)
{
    struct sp_image_name name;
    struct sp_err err = SP_ERR_INIT;

    if (!written->name.len) {
        sp_diag_error(reading->diags, SP_DIAG_DOCUMENT, reading->out->origin,
                      "'" SP_STR_FMT "' needs a key 'name': that of the image",
                      SP_STR_ARG(reading->path));
        return;
    }
    reading->out->name = written->version.len
                             ? sp_arena_join(reading->arena, written->name, ":", written->version)
                             : written->name;
    if (sp_image_name_parse(reading->out->name, &name, &err))
        sp_diag_error(reading->diags, SP_DIAG_DOCUMENT, origin_of(reading, "name"), "%s", err.text);
    else if (name.transport || name.digest.len)
        sp_diag_error(reading->diags, SP_DIAG_DOCUMENT, origin_of(reading, "name"),
                      "an image is built under a name, not '" SP_STR_FMT "'",
                      SP_STR_ARG(reading->out->name));
    else
        reading->out->name = sp_image_name_format(reading->arena, &name);
}

static void check_ground(struct reading *reading, const struct written *written)
{
    if (written->suite.len && written->from.len)
        sp_diag_error(reading->diags, SP_DIAG_DOCUMENT, origin_of(reading, "suite"),
                      "'suite' is that of the image in 'from': only one of them can be there");
    else if (!written->suite.len && !written->from.len)
        sp_diag_error(reading->diags, SP_DIAG_DOCUMENT, reading->out->origin,
                      "a build file needs 'suite' (of Debian: bookworm) or 'from' (another build "
                      "file)");
    else if (written->suite.len && !only_has(written->suite, "-._"))
        sp_diag_error(reading->diags, SP_DIAG_DOCUMENT, origin_of(reading, "suite"),
                      "'" SP_STR_FMT "' is no suite of Debian", SP_STR_ARG(written->suite));
    reading->out->suite = written->suite;
    reading->out->from_origin = origin_of(reading, "from");
    if (written->from.len)
        reading->out->from = beside(reading, written->from);
}

/* A name as apt takes it, so that nothing else gets on its command line: "g++:amd64=4:12.2.0-3". */
static void check_packages(struct reading *reading, const struct written *written)
{
    static const struct sp_list none = { 0 };

    reading->out->packages = written->packages ? written->packages : &none;
    SP_LIST_EACH(item, reading->out->packages)
    {
        struct sp_str text = item->text;
        struct sp_str name = sp_str_cut(&text, '=');
        bool fine = only_has(name, "+-.:") && strchr("+-.:", name.ptr[0]) == NULL &&
                    (!text.ptr || only_has(text, "+-.:~"));
        if (!fine)
            sp_diag_error(reading->diags, SP_DIAG_DOCUMENT, item->origin,
                          "'" SP_STR_FMT "' is no Debian package: NAME or NAME=VERSION",
                          SP_STR_ARG(item->text));
    }
}

/* "(cargo)simms", "(cabs)x.py", "x.py" beside the build file. */
static struct sp_str source_path(const struct reading *reading, struct sp_str text)
{
    static const char cargo[] = "(cargo)", cabs[] = "(cabs)";
    struct sp_arena *arena = reading->arena;

    if (sp_str_starts(text, cargo))
        return sp_arena_join(arena, reading->places->cargo, "/",
                             sp_str_slice(text, strlen(cargo), text.len));
    if (sp_str_starts(text, cabs))
        return sp_arena_join(arena, reading->places->cabs, "/",
                             sp_str_slice(text, strlen(cabs), text.len));
    return beside(reading, text);
}

static bool climbs(struct sp_str path)
{
    while (path.ptr)
        if (sp_str_is(sp_str_cut(&path, '/'), ".."))
            return true;
    return false;
}

static void check_files(struct reading *reading, const struct written *written)
{
    struct sp_buildfile *out = reading->out;

    out->files = SP_ARENA_NEW(reading->arena, struct sp_build_entry,
                              (written->files ? written->files->len : 0) + 1);
    if (!written->files)
        return;
    SP_DICT_EACH(entry, written->files)
    {
        if (!sp_is_text(entry->value) || !entry->value.text.len)
            sp_diag_error(reading->diags, SP_DIAG_TYPE, entry->origin,
                          "'files' says TARGET: SOURCE; the source of '" SP_STR_FMT
                          "' is no name of a file",
                          SP_STR_ARG(entry->key));
        else if (!sp_str_starts(entry->key, "/") || climbs(entry->key) ||
                 sp_str_ends(entry->key, "/"))
            sp_diag_error(reading->diags, SP_DIAG_DOCUMENT, entry->origin,
                          "'" SP_STR_FMT "' is no place in an image: an absolute path of a file "
                          "without '..'",
                          SP_STR_ARG(entry->key));
        else
            out->files[out->file_count++] = (struct sp_build_entry){
                .source = source_path(reading, entry->value.text),
                .target = entry->key,
                .origin = entry->value.origin ? entry->value.origin : entry->origin,
            };
    }
}

static void check_env(struct reading *reading, const struct written *written)
{
    struct sp_value env = sp_dict_new(reading->arena);

    reading->out->env = env.dict;
    if (!written->env)
        return;
    SP_DICT_EACH(entry, written->env)
    {
        struct sp_str text;
        if (!only_has(entry->key, "_") || !sp_field_text(reading->arena, entry->value, &text))
            sp_diag_error(reading->diags, SP_DIAG_TYPE, entry->origin,
                          "'env' says NAME: VALUE, both texts, not '" SP_STR_FMT "'",
                          SP_STR_ARG(entry->key));
        else
            sp_dict_set(reading->arena, env.dict, entry->key, sp_text(text));
    }
}

/* --- the file ------------------------------------------------------------------------------- */

enum sp_rc sp_buildfile_parse(struct sp_arena *arena,
                              struct sp_origins *origins,
                              const struct sp_places *places,
                              struct sp_str text,
                              struct sp_diags *diags,
                              struct sp_buildfile *out,
                              struct sp_err *err)
{
    struct sp_buildfile file = { .path = out->path };
    struct sp_str path = out->path;
    struct reading reading = {
        .arena = arena,
        .places = places,
        .diags = diags,
        .path = path,
        .dir = sp_path_dirname(path),
        .out = &file,
    };
    struct written written = { 0 };
    struct sp_value value;
    size_t before = diags->len, errors = diags->errors;

    enum sp_rc rc = sp_yaml_parse(arena, origins, path, text, SP_YAML_CONFIG, diags, &value, err);
    if (rc)
        return rc;
    file.origin = value.origin;
    if (value.kind != SP_DICT) {
        sp_diag_error(diags, SP_DIAG_DOCUMENT, value.origin, "a build file is a mapping, not a %s",
                      sp_kind_name(value.kind));
        return sp_diags_fail(diags, before, err);
    }
    reading.dict = value.dict;
    sp_fields_read(arena, &fields, value.dict, &written, diags);
    if (diags->errors == errors) {
        check_name(&reading, &written);
        check_ground(&reading, &written);
        check_packages(&reading, &written);
        check_files(&reading, &written);
        check_env(&reading, &written);
        file.info = written.info;
    }
    if (diags->errors > errors)
        return sp_diags_fail(diags, before, err);
    *out = file;
    return SP_OK;
}

enum sp_rc sp_buildfile_read(struct sp_arena *arena,
                             struct sp_origins *origins,
                             const struct sp_places *places,
                             struct sp_str path,
                             struct sp_diags *diags,
                             struct sp_buildfile *out,
                             struct sp_err *err)
{
    sp_auto_buf struct sp_buf text = SP_BUF(SP_BUF_LARGE);
    size_t errors = diags->errors;

    enum sp_rc rc = sp_file_read(sp_arena_cstr(arena, path), &text, err);
    if (rc)
        return rc;
    struct sp_buildfile file = { .path = path };
    rc = sp_buildfile_parse(arena, origins, places, sp_buf_str(&text), diags, &file, err);
    if (rc)
        return rc;
    for (size_t i = 0; i < file.file_count; i++) {
        const struct sp_build_entry *entry = &file.files[i];
        if (sp_file_kind(sp_arena_cstr(arena, entry->source)) == SP_FILE_NONE)
            sp_diag_error(diags, SP_DIAG_FILE, entry->origin, "there is no '" SP_STR_FMT "'",
                          SP_STR_ARG(entry->source));
    }
    if (diags->errors > errors)
        return sp_diags_fail(diags, diags->len - 1, err);
    *out = file;
    return SP_OK;
}
