/* SPDX-License-Identifier: BSD-3-Clause */
#include "store/roster.h"

#include "base/blake3.h"
#include "base/fault.h"
#include "base/vec.h"

#include "sys/file.h"

#include <dirent.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/stat.h>

#define FOLDER "workspaces"

/* --- mount points --------------------------------------------------------------------------- */

static struct sp_str parent_of(struct sp_str path)
{
    size_t slash = sp_str_rfind(path, '/');

    return slash == SIZE_MAX || slash == 0 ? SP_STR("/") : sp_str_slice(path, 0, slash);
}

static bool stat_of(struct sp_arena *arena, struct sp_str path, struct stat *out)
{
    return stat(sp_arena_cstr(arena, path), out) == 0;
}

/* The topmost directory above `path` that is on the same file system without a break. */
static struct sp_str mount_of(struct sp_arena *arena, struct sp_str path)
{
    struct stat here, above;

    if (!stat_of(arena, path, &here))
        return SP_STR("/");
    while (path.len > 1) {
        struct sp_str parent = parent_of(path);
        if (!stat_of(arena, parent, &above) || above.st_dev != here.st_dev)
            break;
        path = parent;
    }
    return path;
}

static bool is_mounted(struct sp_arena *arena, struct sp_str mount)
{
    struct stat here, above;

    if (sp_str_is(mount, "/"))
        return true;
    return stat_of(arena, mount, &here) && stat_of(arena, parent_of(mount), &above) &&
           here.st_dev != above.st_dev;
}

/* --- adding --------------------------------------------------------------------------------- */

enum sp_rc sp_roster_add(const char *store, const char *workspace, struct sp_err *err)
{
    sp_auto_arena struct sp_arena *arena = sp_arena_new();
    sp_auto_buf struct sp_buf there = SP_BUF(SP_BUF_SMALL);
    struct sp_err ignored = SP_ERR_INIT;
    struct sp_str path = sp_real_path(arena, sp_str_of(workspace));
    struct sp_str mount = mount_of(arena, path);
    struct sp_digest name = sp_blake3(path);
    const char *dir = sp_arena_printf(arena, "%s/" FOLDER, store).ptr;
    const char *file = sp_arena_printf(arena, "%s/%s", dir, sp_digest_hex(&name).text).ptr;
    struct sp_str text = sp_arena_printf(arena, SP_STR_FMT "\n" SP_STR_FMT "\n", SP_STR_ARG(path),
                                         SP_STR_ARG(mount));

    if (sp_str_find(path, '\n') != SIZE_MAX)
        return sp_fail(err, SP_INVALID,
                       "the name of the workspace has a line break: it cannot be "
                       "told to the store '%s'",
                       store);
    if (sp_file_read(file, &there, &ignored) == SP_OK && sp_str_eq(sp_buf_str(&there), text))
        return SP_OK;
    if (SP_FAULT("roster.folder", EACCES))
        return sp_fail_errno(err, "create directory '%s'", dir);
    enum sp_rc rc = sp_make_dirs(dir, err);
    return rc ? rc : sp_file_write(file, text, err);
}

/* --- reading -------------------------------------------------------------------------------- */

static void look_at(struct sp_arena *arena, struct sp_str mount, struct sp_roster_entry *entry)
{
    struct stat info;

    if (stat_of(arena, entry->path, &info)) {
        entry->state = S_ISDIR(info.st_mode) ? SP_ROSTER_THERE : SP_ROSTER_GONE;
        return;
    }
    int number = errno;
    bool gone = number == ENOENT || number == ENOTDIR;
    entry->state = gone && is_mounted(arena, mount) ? SP_ROSTER_GONE : SP_ROSTER_HIDDEN;
    if (entry->state == SP_ROSTER_HIDDEN)
        entry->why =
            gone ? sp_arena_printf(arena, "'" SP_STR_FMT "' is not mounted", SP_STR_ARG(mount))
                 : sp_arena_printf(arena, "%s", strerrordesc_np(number));
}

static struct sp_roster_entry read_entry(struct sp_arena *arena, struct sp_str file)
{
    struct sp_roster_entry entry = { .file = file, .path = file, .state = SP_ROSTER_HIDDEN };
    sp_auto_buf struct sp_buf text = SP_BUF(SP_BUF_SMALL);
    struct sp_err err = SP_ERR_INIT;

    if (sp_file_read(file.ptr, &text, &err)) {
        entry.why = sp_arena_str(arena, sp_str_of(err.text));
        return entry;
    }
    struct sp_str rest = sp_arena_str(arena, sp_buf_str(&text));
    struct sp_str path = sp_str_cut(&rest, '\n');
    struct sp_str mount = rest.ptr ? sp_str_cut(&rest, '\n') : SP_STR("");
    if (!sp_str_starts(path, "/") || !sp_str_starts(mount, "/")) {
        entry.why = SP_STR("it is damaged");
        return entry;
    }
    entry.path = path;
    look_at(arena, mount, &entry);
    return entry;
}

static int compare_entries(const void *a, const void *b)
{
    const struct sp_roster_entry *left = a;
    const struct sp_roster_entry *right = b;

    return sp_str_cmp(left->path, right->path);
}

static void close_dirp(DIR **dir)
{
    if (*dir)
        (void)closedir(*dir);
}

enum sp_rc sp_roster_read(const char *store,
                          struct sp_arena *arena,
                          struct sp_roster_entry **out,
                          size_t *len,
                          struct sp_err *err)
{
    const char *folder = sp_arena_printf(arena, "%s/" FOLDER, store).ptr;
    SP_VEC(struct sp_roster_entry) entries = { 0 };
    SP_CLEANUP(close_dirp) DIR *dir = SP_FAULT("roster.open", EACCES) ? NULL : opendir(folder);

    *out = NULL;
    *len = 0;
    if (!dir)
        return errno == ENOENT ? SP_OK : sp_fail_errno(err, "open directory '%s'", folder);
    for (;;) {
        errno = 0;
        const struct dirent *item = readdir(dir);
        if (!item && errno) {
            SP_VEC_FINI(&entries);
            return sp_fail_errno(err, "read directory '%s'", folder);
        }
        if (!item)
            break;
        if (strlen(item->d_name) != SP_DIGEST_HEX)
            continue; /* ".", "..", a temporary file */
        *SP_VEC_ADD(&entries) =
            read_entry(arena, sp_arena_printf(arena, "%s/%s", folder, item->d_name));
    }
    *out = SP_ARENA_NEW(arena, struct sp_roster_entry, entries.len + 1);
    *len = entries.len;
    if (entries.len) {
        memcpy(*out, entries.items, entries.len * sizeof **out);
        qsort(*out, *len, sizeof **out, compare_entries);
    }
    SP_VEC_FINI(&entries);
    return SP_OK;
}
