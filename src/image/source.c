/* SPDX-License-Identifier: BSD-3-Clause */
#include "image/source.h"

#include "sys/file.h"

/* "DIR:TAG": the longest part in front of a colon that exists. */
static enum sp_rc split_file(const struct sp_image_name *name,
                             struct sp_arena *arena,
                             const char **file,
                             struct sp_str *tag,
                             struct sp_err *err)
{
    struct sp_str front = name->file;

    while (front.len) {
        const char *path = sp_arena_cstr(arena, front);
        if (sp_file_kind(path) != SP_FILE_NONE) {
            *file = path;
            *tag = sp_str_slice(name->file, front.len + 1, name->file.len);
            return SP_OK;
        }
        size_t colon = sp_str_rfind(front, ':');
        front = sp_str_slice(front, 0, colon == SIZE_MAX ? 0 : colon);
    }
    return sp_fail(err, SP_NOT_FOUND, "there is no file '" SP_STR_FMT "'", SP_STR_ARG(name->file));
}

enum sp_rc sp_image_source_open(const struct sp_image_name *name,
                                const struct sp_source_options *options,
                                const char *scratch,
                                struct sp_image_source **out,
                                struct sp_err *err)
{
    sp_auto_arena struct sp_arena *arena = sp_arena_new();
    const char *file = NULL;
    struct sp_str tag = SP_STR("");

    if (name->transport == SP_IMAGE_REGISTRY)
        return sp_registry_open(name, options, out, err);
    enum sp_rc rc = split_file(name, arena, &file, &tag, err);
    if (rc)
        return rc;
    bool is_dir = sp_file_kind(file) == SP_FILE_DIR;
    if (is_dir != (name->transport == SP_IMAGE_OCI_DIR))
        return sp_fail(err, SP_INVALID, "'%s' is %s", file,
                       is_dir ? "a directory, not an archive: 'oci:' reads those"
                              : "no directory: 'oci-archive:' and 'docker-archive:' read files");
    return is_dir ? sp_layout_open(file, tag, out, err)
                  : sp_archive_open(file, tag, name->transport, scratch, out, err);
}

void sp_image_source_close(struct sp_image_source *source)
{
    if (source)
        source->ops->close(source);
}
