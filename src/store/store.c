/* SPDX-License-Identifier: BSD-3-Clause */
/* store.c - opening, closing, and what all other files of the store write with.
 *
 * Each process that writes has a directory of its own under tmp/ with a lock in it. What has no
 * lock belongs to a process that died and is removed when somebody opens the store.
 */
#include "base/fault.h"

#include "store/copy.h"
#include "store/store_internal.h"
#include "sys/file.h"

#include <assert.h>
#include <dirent.h>
#include <fcntl.h>
#include <inttypes.h>
#include <stdio.h>
#include <sys/stat.h>
#include <unistd.h>

#define FORMAT        "spoor-store "
#define FORMAT_NUMBER 1
#define NAMES_TRIED   1000
#define BELOW_MAX     320 /* longest name below the directory of a store: a run id and some */

static const char *const folders[] = { "objects", "trees", "records", "pins",    "identities",
                                       "tmp",     "trash", "running", "unsynced" };

/* --- names --------------------------------------------------------------------------------- */

static struct sp_store_path join(const struct sp_store *store, const char *folder, const char *name)
{
    struct sp_store_path path;
    int len = snprintf(path.text, sizeof path.text, "%s/%s/%s", store->dir, folder, name);

    assert(len > 0 && (size_t)len < sizeof path.text);
    return path;
}

struct sp_store_path sp_store_path(const struct sp_store *store,
                                   const char *kind,
                                   const struct sp_digest *name)
{
    struct sp_digest_text hex = sp_digest_hex(name);
    char split[SP_DIGEST_HEX + 2];

    (void)snprintf(split, sizeof split, "%.2s/%s", hex.text, hex.text + 2);
    return join(store, kind, split);
}

struct sp_store_path sp_store_flat_path(const struct sp_store *store,
                                        const char *kind,
                                        const struct sp_digest *name)
{
    return join(store, kind, sp_digest_hex(name).text);
}

struct sp_store_path sp_store_temporary(struct sp_store *store)
{
    struct sp_store_path path;
    int len = snprintf(path.text, sizeof path.text, "%s/%u", store->tmp,
                       atomic_fetch_add(&store->serial, 1));

    assert(len > 0 && (size_t)len < sizeof path.text);
    return path;
}

const char *sp_store_dir(const struct sp_store *store)
{
    return store->dir;
}

/* --- writing ------------------------------------------------------------------------------- */

enum sp_rc sp_store_check_writable(const struct sp_store *store, struct sp_err *err)
{
    if (store->use == SP_STORE_READ)
        return sp_fail(err, SP_INVALID, "the store '%s' was opened for reading only", store->dir);
    return SP_OK;
}

static int rename_in(const char *from, const char *to)
{
    return SP_FAULT("store.rename", EIO) ? -1 : rename(from, to);
}

enum sp_rc sp_store_move_in(const char *from, const char *to, struct sp_err *err)
{
    if (rename_in(from, to) == 0)
        return SP_OK;
    if (errno == ENOENT) {
        sp_auto_free char *dir = sp_strdup(to);
        *strrchr(dir, '/') = '\0';
        if ((SP_FAULT("store.mkdir", ENOSPC) || mkdir(dir, 0777) < 0) && errno != EEXIST) {
            (void)sp_fail_errno(err, "create '%s'", dir);
            (void)unlink(from);
            return sp_room_error(err);
        }
        if (rename_in(from, to) == 0)
            return SP_OK;
    }
    (void)sp_fail_errno(err, "move '%s' to '%s'", from, to);
    (void)unlink(from);
    return sp_room_error(err);
}

static enum sp_rc fill(const char *path, struct sp_str text, struct sp_err *err)
{
    sp_auto_fd int fd = SP_FAULT("store.create", ENOSPC)
                            ? -1
                            : open(path, O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, 0444);
    if (fd < 0)
        return sp_fail_errno(err, "create '%s'", path);
    enum sp_rc rc = sp_write_all(fd, text, err);
    return rc ? sp_err_wrap(err, "'%s'", path) : SP_OK;
}

enum sp_rc sp_store_write(struct sp_store *store,
                          const char *to,
                          struct sp_str text,
                          struct sp_err *err)
{
    struct sp_store_path from = sp_store_temporary(store);

    if (fill(from.text, text, err)) {
        (void)unlink(from.text);
        return sp_room_error(err);
    }
    return sp_store_move_in(from.text, to, err);
}

void sp_store_discard(struct sp_store *store, const char *path)
{
    char name[2 * SP_DIGEST_HEX];

    if (store->use == SP_STORE_READ)
        return;
    const char *last = strrchr(path, '/') + 1;
    (void)snprintf(name, sizeof name, "%.64s.%" PRId64, last, sp_clock_realtime());
    struct sp_store_path to = join(store, "trash", name);
    if (rename(path, to.text) < 0)
        (void)unlink(path);
}

enum sp_rc sp_store_lock_new(const char *path, struct sp_lock **out, struct sp_err *err)
{
    struct sp_lock *lock = NULL;
    enum sp_rc rc = sp_lock_take(path, &lock, err);

    if (rc)
        return rc == SP_NOT_FOUND ? sp_fail(err, SP_BUSY, "'%s' was cleared away", path) : rc;
    if (access(path, F_OK) < 0) { /* cleared away between its making and our lock on it */
        sp_lock_release(lock);
        return sp_fail(err, SP_BUSY, "'%s' was cleared away", path);
    }
    *out = lock;
    return SP_OK;
}

/* --- going through ------------------------------------------------------------------------- */

static void close_dir(DIR **dir)
{
    if (*dir)
        (void)closedir(*dir);
}

/* Names of 62 digits in the directory of the first two. */
static enum sp_rc each_in(const char *dir,
                          const char *two,
                          sp_store_name_fn each,
                          void *arg,
                          bool *more,
                          struct sp_err *err)
{
    SP_CLEANUP(close_dir) DIR *stream = opendir(dir);
    char path[PATH_MAX + 256];
    struct sp_digest name;

    if (!stream)
        return errno == ENOENT ? SP_OK : sp_fail_errno(err, "list '%s'", dir);
    for (const struct dirent *item; *more && (item = readdir(stream));) {
        char hex[SP_DIGEST_HEX + 1];
        int len = snprintf(hex, sizeof hex, "%s%s", two, item->d_name);
        if (len != SP_DIGEST_HEX || !sp_digest_parse(sp_str_of(hex), &name))
            continue;
        (void)snprintf(path, sizeof path, "%s/%s", dir, item->d_name);
        *more = each(arg, &name, path);
    }
    return SP_OK;
}

enum sp_rc sp_store_each_name(const struct sp_store *store,
                              const char *kind,
                              sp_store_name_fn each,
                              void *arg,
                              struct sp_err *err)
{
    bool more = true;

    for (unsigned i = 0; more && i < 256; i++) {
        char two[4];
        (void)snprintf(two, sizeof two, "%02x", i & 0xff);
        struct sp_store_path dir = join(store, kind, two);
        enum sp_rc rc = each_in(dir.text, two, each, arg, &more, err);
        if (rc)
            return rc;
    }
    return SP_OK;
}

/* --- the format ---------------------------------------------------------------------------- */

/* Nothing in it but what a write of ours may have left behind? */
static bool is_empty(const char *path)
{
    SP_CLEANUP(close_dir) DIR *stream = opendir(path);

    if (!stream)
        return false;
    for (const struct dirent *item; (item = readdir(stream));)
        if (strcmp(item->d_name, ".") != 0 && strcmp(item->d_name, "..") != 0 &&
            strncmp(item->d_name, ".tmp-", 5) != 0)
            return false;
    return true;
}

static enum sp_rc check_format(const struct sp_store *store, const char *path, struct sp_err *err)
{
    sp_auto_buf struct sp_buf text = SP_BUF(SP_BUF_SMALL);
    int64_t number;
    enum sp_rc rc = sp_file_read(path, &text, err);

    if (rc)
        return rc;
    struct sp_str line = sp_str_trim(sp_buf_str(&text));
    if (!sp_str_starts(line, FORMAT) ||
        !sp_str_int(sp_str_slice(line, sizeof FORMAT - 1, line.len), &number) || number < 1)
        return sp_fail(err, SP_INVALID,
                       "'%s' is damaged, or '%s' is not a store: if it is one, write '" FORMAT
                       "%d' into that file, else name another (opts.store.dir)",
                       path, store->dir, FORMAT_NUMBER);
    if (number > FORMAT_NUMBER)
        return sp_fail(err, SP_INVALID,
                       "the store '%s' was written by a newer spoor (format %" PRId64
                       ", this one knows %d): use that one, or another store (opts.store.dir)",
                       store->dir, number, FORMAT_NUMBER);
    return SP_OK;
}

static enum sp_rc make_format(const struct sp_store *store, const char *path, struct sp_err *err)
{
    char text[64];

    enum sp_rc rc = sp_make_dirs(store->dir, err);
    if (rc)
        return rc;
    if (!is_empty(store->dir))
        return sp_fail(err, SP_INVALID,
                       "'%s' is not a store, and not empty either: if it is one, write '" FORMAT
                       "%d' into '%s', else name another (opts.store.dir)",
                       store->dir, FORMAT_NUMBER, path);
    (void)snprintf(text, sizeof text, FORMAT "%d\n", FORMAT_NUMBER);
    return sp_file_write(path, sp_str_of(text), err);
}

static enum sp_rc make_folders(const struct sp_store *store, struct sp_err *err)
{
    struct sp_store_path format;

    (void)snprintf(format.text, sizeof format.text, "%s/format", store->dir);
    enum sp_rc rc = check_format(store, format.text, err);
    if (rc == SP_NOT_FOUND && store->use == SP_STORE_RUN)
        rc = make_format(store, format.text, err);
    else if (rc == SP_NOT_FOUND)
        return sp_fail(err, SP_NOT_FOUND, "there is no store at '%s'", store->dir);
    for (size_t i = 0; !rc && store->use != SP_STORE_READ && i < SP_COUNT(folders); i++) {
        struct sp_store_path folder;
        (void)snprintf(folder.text, sizeof folder.text, "%s/%s", store->dir, folders[i]);
        rc = sp_make_dirs(folder.text, err);
    }
    return rc;
}

/* --- tmp/ ---------------------------------------------------------------------------------- */

static void clear_if_dead(const char *dir)
{
    struct sp_lock *lock = NULL;
    struct sp_err err = SP_ERR_INIT;
    sp_auto_buf struct sp_buf path = SP_BUF(SP_BUF_SMALL);

    sp_buf_addf(&path, "%s/lock", dir);
    if (sp_lock_take(path.ptr, &lock, &err))
        return; /* alive, or not ours to remove */
    (void)!sp_remove_tree(dir, &err);
    sp_lock_release(lock);
}

static void clear_dead(const struct sp_store *store)
{
    struct sp_store_path tmp = join(store, "tmp", "");
    SP_CLEANUP(close_dir) DIR *stream = opendir(tmp.text);
    char path[PATH_MAX + 256];

    if (!stream)
        return;
    for (const struct dirent *item; (item = readdir(stream));) {
        if (item->d_name[0] == '.')
            continue;
        (void)snprintf(path, sizeof path, "%s%s", tmp.text, item->d_name);
        clear_if_dead(path);
    }
}

static enum sp_rc make_tmp(struct sp_store *store, struct sp_err *err)
{
    for (unsigned i = 0; i < NAMES_TRIED; i++) {
        char name[BELOW_MAX];
        (void)snprintf(name, sizeof name, "%.200s.%d.%u", store->run, (int)getpid(), i);
        struct sp_store_path dir = join(store, "tmp", name);
        struct sp_store_path path;
        int len = snprintf(path.text, sizeof path.text, "%.*s/lock", PATH_MAX - 8, dir.text);
        assert(len > 0);
        bool failed = SP_FAULT("store.mkdir", ENOSPC) || mkdir(dir.text, 0777) < 0;
        if (failed && errno == EEXIST)
            continue;
        if (failed)
            return sp_fail_errno(err, "create '%s'", dir.text);
        enum sp_rc rc = sp_store_lock_new(path.text, &store->tmp_lock, err);
        if (rc == SP_BUSY)
            continue;
        if (rc)
            (void)rmdir(dir.text);
        else
            store->tmp = sp_strdup(dir.text);
        return rc;
    }
    return sp_fail(err, SP_BUSY, "no free name in '%s/tmp'", store->dir);
}

/* --- open and close ------------------------------------------------------------------------ */

static enum sp_rc lock_store(struct sp_store *store, struct sp_err *err)
{
    struct sp_store_path path;
    (void)snprintf(path.text, sizeof path.text, "%s/lock", store->dir);

    if (store->use == SP_STORE_ALONE)
        return sp_lock_take(path.text, &store->lock, err);
    enum sp_rc rc = sp_lock_share(path.text, &store->lock, err);
    /* Who only reads can do without where there is none and none can be made. */
    return rc && rc != SP_BUSY && store->use == SP_STORE_READ ? SP_OK : rc;
}

static enum sp_rc check_locks(const struct sp_store *store, struct sp_err *err)
{
    bool works = false;
    enum sp_rc rc = sp_lock_probe(store->dir, &works, err);

    if (rc)
        return rc;
    if (!works || SP_FAULT("store.probe-lock", 0))
        return sp_fail(
            err, SP_INVALID,
            "locks do not keep anybody out in '%s', so that it cannot be shared: its file "
            "system needs locks (NFS: mount without nolock), or use a store of your own",
            store->dir);
    return SP_OK;
}

static enum sp_rc open_store(struct sp_store *store, bool shared, struct sp_err *err)
{
    if (strlen(store->dir) + BELOW_MAX >= PATH_MAX)
        return sp_fail(err, SP_LIMIT, "its path is too long");
    enum sp_rc rc = make_folders(store, err);
    if (!rc && shared && store->use != SP_STORE_READ)
        rc = check_locks(store, err);
    if (!rc)
        rc = lock_store(store, err);
    if (rc || store->use == SP_STORE_READ)
        return rc;
    clear_dead(store);
    rc = make_tmp(store, err);
    return rc ? rc : sp_epoch_recover(store, err);
}

static void free_store(struct sp_store *store)
{
    struct sp_err err = SP_ERR_INIT;

    sp_epoch_fini(store);
    if (store->tmp)
        (void)!sp_remove_tree(store->tmp, &err);
    sp_lock_release(store->tmp_lock);
    sp_lock_release(store->lock);
    SP_VEC_FINI(&store->probes);
    free(store->tmp);
    free(store->run);
    free(store->dir);
    free(store);
}

enum sp_rc sp_store_open(const char *dir,
                         enum sp_store_use use,
                         const struct sp_store_options *options,
                         struct sp_store **out,
                         struct sp_err *err)
{
    sp_auto_arena struct sp_arena *arena = sp_arena_new();
    struct sp_str full = sp_real_path(arena, sp_str_of(dir));
    struct sp_store *store = sp_alloc(sizeof *store);

    store->dir = sp_strdup(full.ptr);
    store->use = use;
    store->method = options->method;
    store->no_sync = options->no_sync;
    store->run = sp_strdup(options->run && options->run[0] ? options->run : "spoor");
    for (char *c = store->run; *c; c++)
        if (*c == '/')
            *c = '_';
    sp_epoch_init(store);
    enum sp_rc rc = open_store(store, options->shared, err);
    if (rc) {
        free_store(store);
        return sp_err_wrap(err, "open the store '%s'", dir);
    }
    *out = store;
    return SP_OK;
}

enum sp_rc sp_store_close(struct sp_store *store, struct sp_err *err)
{
    if (!store)
        return SP_OK;
    enum sp_rc rc = sp_epoch_end(store, err);
    if (rc)
        (void)sp_err_wrap(err, "close the store '%s'", store->dir);
    free_store(store);
    return rc;
}
