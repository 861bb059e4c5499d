/* SPDX-License-Identifier: BSD-3-Clause */
#include "sky/skymodel.h"

#include "base/nearest.h"

#include "sky/sky_reader.h"

#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

#define FILE_MAX ((off_t)256 * 1024 * 1024)

/* In order of guessing: the last one takes everything. */
static const struct sky_format *const formats[] = {
    &sky_format_lsm, &sky_format_tigger, &sky_format_bbs, &sky_format_wsclean, &sky_format_plain,
};

static enum sp_rc find_format(const char *name,
                              const char *path,
                              struct sp_str text,
                              const struct sky_format **out,
                              struct sp_err *err)
{
    const bool named = name && *name && strcmp(name, "auto") != 0;
    struct sp_nearest nearest = SP_NEAREST(sp_str_of(name));

    for (size_t i = 0; i < SP_COUNT(formats); i++) {
        if (named ? strcmp(formats[i]->name, name) == 0 : formats[i]->guess(path, text)) {
            *out = formats[i];
            return SP_OK;
        }
        sp_nearest_offer(&nearest, sp_str_of(formats[i]->name));
    }
    return sp_fail(err, SP_NOT_FOUND,
                   "sky model format '%s' is unknown%s" SP_STR_FMT
                   "%s; known: auto, plain, tigger, lsm.html, wsclean, bbs",
                   name, nearest.best.ptr ? "; did you mean '" : "", SP_STR_ARG(nearest.best),
                   nearest.best.ptr ? "'?" : "");
}

enum sp_rc sky_model_parse(struct sp_arena *arena,
                           const char *path,
                           struct sp_str text,
                           const char *format,
                           struct sky_model *out,
                           struct sp_err *err)
{
    const struct sky_format *found = NULL;
    struct sky_reader reader = { .arena = arena, .path = path, .text = text, .rest = text };

    enum sp_rc rc = find_format(format, path, text, &found, err);
    if (rc)
        return rc;
    if (memchr(text.ptr, '\0', text.len))
        return sp_fail(err, SP_INVALID, "%s: not a text file", path);
    rc = found->parse(&reader, err);
    if (!rc && reader.sources.len == 0)
        rc = sp_fail(err, SP_INVALID, "%s: no sources (read as format '%s')", path, found->name);
    if (!rc) {
        struct sky_source *sources = SP_ARENA_NEW(arena, struct sky_source, reader.sources.len);
        memcpy(sources, reader.sources.items, reader.sources.len * sizeof *sources);
        *out = (struct sky_model){ sources, reader.sources.len, found->name };
    }
    SP_VEC_FINI(&reader.sources);
    return rc;
}

static enum sp_rc read_all(int fd, char *to, size_t size, size_t *out, struct sp_err *err)
{
    size_t len = 0;

    while (len < size) {
        ssize_t n = read(fd, to + len, size - len);
        if (n < 0 && errno == EINTR)
            continue;
        if (n < 0)
            return sp_fail_errno(err, "read");
        if (n == 0)
            break;
        len += (size_t)n;
    }
    *out = len;
    return SP_OK;
}

enum sp_rc sky_model_read(struct sp_arena *arena,
                          const char *path,
                          const char *format,
                          struct sky_model *out,
                          struct sp_err *err)
{
    struct stat info;
    size_t len = 0;
    sp_auto_fd int fd = open(path, O_RDONLY | O_CLOEXEC);

    if (fd < 0 || fstat(fd, &info) < 0)
        return sp_fail_errno(err, "sky model '%s'", path);
    if (!S_ISREG(info.st_mode))
        return sp_fail(err, SP_INVALID, "sky model '%s': not a regular file", path);
    if (info.st_size > FILE_MAX)
        return sp_fail(err, SP_LIMIT, "sky model '%s': larger than 256 MiB", path);
    char *text = sp_arena_alloc(arena, (size_t)info.st_size + 1);
    if (read_all(fd, text, (size_t)info.st_size, &len, err))
        return sp_err_wrap(err, "sky model '%s'", path);
    return sky_model_parse(arena, path, (struct sp_str){ text, len }, format, out, err);
}
