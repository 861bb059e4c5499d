/* SPDX-License-Identifier: BSD-3-Clause */
/* path.c - what file.h says about names: links resolved, programs found. */
#include "base/nearest.h"

#include "sys/file.h"
#include "sys/witness.h"

#include <dirent.h>
#include <fcntl.h>
#include <limits.h>
#include <stdio.h>
#include <sys/stat.h>
#include <unistd.h>

/* What execvp(3) and the shells use when PATH is not set. */
#define SYSTEM_PATH "/usr/local/bin:/bin:/usr/bin"

/* --- links --------------------------------------------------------------------------------- */

/* Append the components of `rest` to the absolute path in `out`, without touching any file. */
static void append_lexically(struct sp_buf *out, struct sp_str rest)
{
    while (rest.ptr) {
        struct sp_str part = sp_str_cut(&rest, '/');
        if (part.len == 0 || sp_str_is(part, "."))
            continue;
        if (sp_str_is(part, "..")) {
            size_t slash = sp_str_rfind(sp_buf_str(out), '/');
            sp_buf_truncate(out, slash == SIZE_MAX || slash == 0 ? 1 : slash);
            continue;
        }
        if (out->len > 1)
            sp_buf_addc(out, '/');
        sp_buf_add(out, part);
    }
}

/* Length of the part of `path` before its last component: at least the leading slash. */
static size_t parent_len(struct sp_str path)
{
    while (path.len > 1 && path.ptr[path.len - 1] == '/')
        path.len--;
    while (path.len > 1 && path.ptr[path.len - 1] != '/')
        path.len--;
    while (path.len > 1 && path.ptr[path.len - 1] == '/')
        path.len--;
    return path.len;
}

#define LINKS_MAX 40 /* as in the kernel */

/* `full`[0, len) is a link that leads nowhere: its text takes its place. */
static bool follow(struct sp_buf *full, size_t len)
{
    sp_auto_buf struct sp_buf out = SP_BUF(SP_BUF_LARGE);
    sp_auto_free char *front = sp_alloc(len + 1);
    char target[PATH_MAX];

    memcpy(front, full->ptr, len);
    ssize_t got = readlink(front, target, sizeof target);
    if (got <= 0)
        return false;
    if (target[0] != '/')
        sp_buf_addf(&out, SP_STR_FMT "/", (int)parent_len((struct sp_str){ front, len }), front);
    sp_buf_add(&out, (struct sp_str){ target, (size_t)got });
    sp_buf_add(&out, sp_str_slice(sp_buf_str(full), len, full->len));
    sp_buf_clear(full);
    sp_buf_add(full, sp_buf_str(&out));
    return true;
}

/* Where a path leads depends on everything on the way. */
static void testify(struct sp_buf *path)
{
    for (size_t i = 1; i <= path->len; i++) {
        char end = path->ptr[i];
        if (end && end != '/')
            continue;
        path->ptr[i] = '\0';
        sp_witness_path(path->ptr);
        path->ptr[i] = end;
    }
}

struct sp_str sp_real_path(struct sp_arena *arena, struct sp_str path)
{
    unsigned links = 0;

    sp_auto_buf struct sp_buf full = SP_BUF(SP_BUF_LARGE);
    sp_auto_buf struct sp_buf out = SP_BUF(SP_BUF_LARGE);
    char resolved[PATH_MAX];

    if (path.len == 0 || path.ptr[0] != '/') {
        sp_buf_adds(&full, getcwd(resolved, sizeof resolved) ? resolved : "");
        sp_buf_addc(&full, '/');
    }
    sp_buf_add(&full, path);
    testify(&full);

    /* The longest front part that exists is the kernel's business, the rest is text. */
    size_t len = full.len;
    while (len > 1 && full.ptr[len - 1] == '/')
        len--;
    for (;;) {
        sp_auto_free char *front = sp_alloc(len + 1);
        memcpy(front, full.ptr, len);
        if (realpath(front, resolved)) {
            sp_buf_adds(&out, resolved);
            break;
        }
        if (len <= 1) {
            sp_buf_addc(&out, '/');
            break;
        }
        if (errno == ENOENT && links < LINKS_MAX && follow(&full, len)) {
            links++;
            len = full.len;
            testify(&full);
        } else {
            len = parent_len((struct sp_str){ full.ptr, len });
        }
    }
    append_lexically(&out, sp_str_slice(sp_buf_str(&full), len, full.len));
    return sp_arena_str(arena, sp_buf_str(&out));
}

/* --- programs ------------------------------------------------------------------------------ */

static bool is_program(const char *path)
{
    struct stat info;

    sp_witness_path(path);
    return stat(path, &info) == 0 && S_ISREG(info.st_mode) &&
           faccessat(AT_FDCWD, path, X_OK, AT_EACCESS) == 0;
}

/* "dir/name" in `out`, relative to `cwd` if that is given. */
static void build_candidate(const char *cwd,
                            struct sp_str dir,
                            const char *name,
                            struct sp_buf *out)
{
    struct sp_str first = dir.len ? dir : sp_str_of(name);

    sp_buf_clear(out);
    if (cwd && !sp_str_starts(first, "/")) {
        sp_buf_adds(out, cwd);
        sp_buf_addc(out, '/');
    }
    if (dir.len) {
        sp_buf_add(out, dir);
        sp_buf_addc(out, '/');
    }
    sp_buf_adds(out, name);
}

static bool find_in(const char *name, const char *search_path, const char *cwd, struct sp_buf *out)
{
    sp_auto_buf struct sp_buf candidate = SP_BUF(SP_BUF_SMALL);

    if (name[0] == '\0')
        return false;
    if (strchr(name, '/')) {
        build_candidate(cwd, SP_STR(""), name, &candidate);
        if (!is_program(candidate.ptr))
            return false;
        sp_buf_add(out, sp_buf_str(&candidate));
        return true;
    }
    struct sp_str rest = sp_str_of(search_path ? search_path : SYSTEM_PATH);
    while (rest.ptr) {
        struct sp_str dir = sp_str_cut(&rest, ':');
        build_candidate(cwd, dir.len ? dir : SP_STR("."), name, &candidate);
        if (sp_buf_ok(&candidate) && is_program(candidate.ptr)) {
            sp_buf_add(out, sp_buf_str(&candidate));
            return true;
        }
    }
    return false;
}

bool sp_find_program(const char *name, const char *search_path, struct sp_buf *out)
{
    return find_in(name, search_path, NULL, out);
}

static void offer_programs(struct sp_str dir, struct sp_arena *arena, struct sp_nearest *nearest)
{
    const char *path = sp_arena_cstr(arena, dir);

    sp_witness_names(path);
    DIR *stream = opendir(path);
    if (!stream)
        return;
    for (const struct dirent *entry; (entry = readdir(stream));) {
        if (entry->d_name[0] != '.')
            sp_nearest_offer(nearest, sp_arena_str(arena, sp_str_of(entry->d_name)));
    }
    (void)closedir(stream);
}

static enum sp_rc fail_missing(const char *name, const char *search_path, struct sp_err *err)
{
    sp_auto_arena struct sp_arena *arena = sp_arena_new();
    struct sp_nearest nearest = SP_NEAREST(sp_str_of(name));
    struct sp_str rest = sp_str_of(search_path ? search_path : SYSTEM_PATH);

    while (rest.ptr)
        offer_programs(sp_str_cut(&rest, ':'), arena, &nearest);
    return sp_nearest_fail(&nearest, NULL, err, SP_NOT_FOUND, "no program '%s' in PATH", name);
}

enum sp_rc sp_program_get(const char *name,
                          const char *search_path,
                          const char *cwd,
                          struct sp_buf *out,
                          struct sp_err *err)
{
    sp_auto_buf struct sp_buf candidate = SP_BUF(SP_BUF_SMALL);

    if (name[0] == '\0')
        return sp_fail(err, SP_NOT_FOUND, "the name of the program is empty");
    if (find_in(name, search_path, cwd, out))
        return SP_OK;
    if (!strchr(name, '/'))
        return fail_missing(name, search_path, err);

    build_candidate(cwd, SP_STR(""), name, &candidate);
    switch (sp_file_kind(candidate.ptr)) {
    case SP_FILE_NONE: return sp_fail(err, SP_NOT_FOUND, "there is no program '%s'", name);
    case SP_FILE_DIR: return sp_fail(err, SP_NOT_FOUND, "'%s' is a directory, no program", name);
    case SP_FILE_REGULAR:
    case SP_FILE_OTHER: break;
    }
    return sp_fail(err, SP_NOT_FOUND, "'%s' is not executable (chmod +x it?)", name);
}

enum sp_rc sp_program_path(struct sp_buf *out, struct sp_err *err)
{
    char target[PATH_MAX];
    ssize_t len = readlink("/proc/self/exe", target, sizeof target);

    if (len < 0)
        return sp_fail_errno(err, "find out which program is running");
    struct sp_str path = { target, (size_t)len };
    static const char gone[] = " (deleted)"; /* upgraded while it runs */
    if (sp_str_ends(path, gone))
        path.len -= sizeof gone - 1;
    sp_buf_add(out, path);
    sp_witness_path(out->ptr);
    return SP_OK;
}
