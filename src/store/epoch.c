/* SPDX-License-Identifier: BSD-3-Clause */
/* epoch.c - what a power cut may cost.
 *
 * Syncing every object would cost more than writing it. So what is written belongs to an epoch,
 * whose marker unsynced/<boot>.<run>.<start>-<pid>-<number> is made and synced before its first
 * write, locked while its writer lives, and removed when the file system has been synced: after
 * EPOCH_COUNT writes, after EPOCH_TIME, and when the store is closed.
 *
 * A marker that nobody holds tells that its writer died. In this boot of the machine: the kernel
 * has all it wrote, which only needs syncing. In another: what was written since may be torn. Then
 * records of that epoch are dropped, and objects and manifests that are not older than the marker
 * are checked against their names; those that have no digest in their name are dropped.
 */
#include "base/clock.h"
#include "base/fault.h"

#include "store/object.h"
#include "store/store_internal.h"
#include "sys/file.h"

#include <assert.h>
#include <dirent.h>
#include <fcntl.h>
#include <inttypes.h>
#include <stdio.h>
#include <sys/stat.h>
#include <unistd.h>

#define EPOCH_COUNT 256
#define EPOCH_TIME  (5 * SP_NSEC_PER_SEC)
#define NAMES_TRIED 1000

/* How far the clocks of a file server and ours may be apart. */
#define CLOCK_SLACK (60 * SP_NSEC_PER_SEC)

#define BOOT_ID "/proc/sys/kernel/random/boot_id"

/* --- names --------------------------------------------------------------------------------- */

void sp_epoch_init(struct sp_store *store)
{
    sp_auto_buf struct sp_buf text = SP_BUF(SP_BUF_SMALL);
    struct sp_err err = SP_ERR_INIT;
    enum sp_rc rc = sp_file_read(BOOT_ID, &text, &err);
    struct sp_str boot = rc ? SP_STR("unknown") : sp_str_trim(sp_buf_str(&text));
    sp_auto_buf struct sp_buf copy = SP_BUF(SP_BUF_SMALL);

    sp_buf_add(&copy, sp_str_slice(boot, 0, 36)); /* a UUID; it has no '.' */
    store->epoch.boot = sp_buf_take(&copy);
    store->epoch.name = NULL;
}

void sp_epoch_fini(struct sp_store *store)
{
    sp_lock_release(store->epoch.lock);
    free(store->epoch.boot);
    free(store->epoch.name);
}

static struct sp_store_path marker_path(const struct sp_store *store, const char *name)
{
    struct sp_store_path path;
    int len = snprintf(path.text, sizeof path.text, "%s/unsynced/%s", store->dir, name);

    assert(len > 0 && (size_t)len < sizeof path.text);
    return path;
}

static void set_name(struct sp_store *store)
{
    sp_auto_buf struct sp_buf name = SP_BUF(SP_BUF_SMALL);

    sp_buf_addf(&name, "%s.%.150s.%" PRId64 "-%d-%u", store->epoch.boot, store->run,
                sp_clock_realtime() / SP_NSEC_PER_SEC, (int)getpid(), store->epoch.number);
    free(store->epoch.name);
    store->epoch.name = sp_buf_take(&name);
}

const char *sp_store_epoch(const struct sp_store *store)
{
    return store->epoch.name ? store->epoch.name : "";
}

/* --- syncing ------------------------------------------------------------------------------- */

static enum sp_rc sync_path(const char *path, const char *site, struct sp_err *err)
{
    sp_auto_fd int fd = open(path, O_RDONLY | O_CLOEXEC);

    if (SP_FAULT(site, EIO) || fd < 0 || fsync(fd) < 0)
        return sp_fail_errno(err, "sync '%s'", path);
    return SP_OK;
}

static enum sp_rc sync_all(const struct sp_store *store, struct sp_err *err)
{
    sp_auto_fd int fd = open(store->dir, O_RDONLY | O_DIRECTORY | O_CLOEXEC);

    if (SP_FAULT("epoch.sync", EIO) || fd < 0 || syncfs(fd) < 0)
        return sp_fail_errno(err, "sync '%s'", store->dir);
    return SP_OK;
}

enum sp_rc sp_epoch_begin(struct sp_store *store, struct sp_err *err)
{
    enum sp_rc rc = sp_store_check_writable(store, err);

    if (rc || store->epoch.lock)
        return rc;
    struct sp_lock *lock = NULL;
    struct sp_store_path path;
    for (unsigned i = 0;; i++) {
        set_name(store);
        path = marker_path(store, store->epoch.name);
        rc = sp_store_lock_new(path.text, &lock, err);
        if (rc != SP_BUSY || i == NAMES_TRIED)
            break;
        store->epoch.number++;
    }
    if (rc)
        return rc;
    struct sp_store_path folder = marker_path(store, "");
    rc = sync_path(path.text, "epoch.sync-marker", err);
    if (!rc)
        rc = sync_path(folder.text, "epoch.sync-folder", err);
    if (rc) {
        (void)unlink(path.text);
        sp_lock_release(lock);
        return rc;
    }
    store->epoch.lock = lock;
    store->epoch.written = 0;
    store->epoch.since = sp_clock_monotonic();
    return SP_OK;
}

enum sp_rc sp_epoch_end(struct sp_store *store, struct sp_err *err)
{
    if (!store->epoch.lock || store->no_sync)
        return SP_OK;
    enum sp_rc rc = sync_all(store, err);
    if (rc)
        return rc; /* the marker stays: after a power cut this epoch is checked */
    struct sp_store_path path = marker_path(store, store->epoch.name);
    if (SP_FAULT("epoch.unlink", EIO) || unlink(path.text) < 0)
        return sp_fail_errno(err, "remove '%s'", path.text);
    sp_lock_release(SP_TAKE(store->epoch.lock));
    store->epoch.number++;
    set_name(store);
    return SP_OK;
}

enum sp_rc sp_epoch_wrote(struct sp_store *store, size_t count, struct sp_err *err)
{
    store->epoch.written += count;
    if (store->epoch.written < EPOCH_COUNT &&
        sp_clock_monotonic() - store->epoch.since < EPOCH_TIME)
        return SP_OK;
    return sp_epoch_end(store, err);
}

/* --- after a power cut ----------------------------------------------------------------------- */

struct recovery {
    struct sp_store *store;
    struct sp_str epoch;
    sp_nsec since; /* when the epoch began */
};

static sp_nsec changed_at(const struct stat *info)
{
    return sp_clock_nsec(info->st_ctim);
}

static bool drop_record(void *arg, const struct sp_digest *key, const char *path)
{
    const struct recovery *recovery = arg;
    sp_auto_buf struct sp_buf file = SP_BUF(SP_BUF_LARGE);
    struct sp_err err = SP_ERR_INIT;
    struct sp_str text;
    struct sp_str epoch;

    (void)key;
    if (sp_file_read(path, &file, &err) == SP_OK &&
        (!sp_record_split(sp_buf_str(&file), &text, &epoch) || sp_str_eq(epoch, recovery->epoch)))
        sp_store_discard(recovery->store, path);
    return true;
}

static bool check_object(void *arg, const struct sp_digest *name, const char *path)
{
    const struct recovery *recovery = arg;
    struct stat info;

    if (stat(path, &info) == 0 && changed_at(&info) >= recovery->since &&
        !sp_object_is_sound(name, path))
        sp_store_discard(recovery->store, path);
    return true;
}

static bool check_tree(void *arg, const struct sp_digest *name, const char *path)
{
    const struct recovery *recovery = arg;
    sp_auto_buf struct sp_buf text = SP_BUF(SP_BUF_LARGE);
    struct sp_err err = SP_ERR_INIT;
    struct stat info;

    if (stat(path, &info) < 0 || changed_at(&info) < recovery->since)
        return true;
    bool read = sp_file_read(path, &text, &err) == SP_OK;
    struct sp_digest digest = sp_blake3(sp_buf_str(&text));
    if (!read || !sp_digest_eq(&digest, name))
        sp_store_discard(recovery->store, path);
    return true;
}

/* From the name: a marker's own times change with locks on it. Of a name that makes no sense: 0, so
 * that everything is checked. */
static sp_nsec start_of(const char *name)
{
    struct sp_str rest = sp_str_of(name);
    size_t dot = sp_str_rfind(rest, '.');
    int64_t seconds;

    if (dot == SIZE_MAX)
        return 0;
    rest = sp_str_slice(rest, dot + 1, rest.len);
    if (!sp_str_int(sp_str_cut(&rest, '-'), &seconds) || seconds < 0 ||
        seconds > INT64_MAX / SP_NSEC_PER_SEC)
        return 0;
    return seconds * SP_NSEC_PER_SEC - CLOCK_SLACK;
}

static bool is_of_this_boot(const struct sp_store *store, const char *name)
{
    size_t len = strlen(store->epoch.boot);

    return strncmp(name, store->epoch.boot, len) == 0 && name[len] == '.';
}

/* *synced: this recovery has synced everything already. */
static enum sp_rc recover_marker(struct sp_store *store,
                                 const char *name,
                                 bool *synced,
                                 struct sp_err *err)
{
    struct sp_store_path path = marker_path(store, name);
    struct recovery recovery = { .store = store, .epoch = sp_str_of(name) };
    struct sp_lock *lock = NULL;
    struct sp_err held = SP_ERR_INIT;
    bool dead = !is_of_this_boot(store, name);

    if (store->no_sync && !dead)
        return SP_OK;
    if (access(path.text, F_OK) < 0 || sp_lock_share(path.text, &lock, &held))
        return SP_OK; /* gone; or its writer lives */
    recovery.since = start_of(name);
    enum sp_rc rc = SP_OK;
    if (dead)
        rc = sp_store_each_name(store, "records", drop_record, &recovery, err);
    if (dead && !rc)
        rc = sp_store_each_name(store, "objects", check_object, &recovery, err);
    if (dead && !rc)
        rc = sp_store_each_name(store, "trees", check_tree, &recovery, err);
    if (!rc && !*synced)
        rc = sync_all(store, err);
    if (!rc) {
        *synced = true;
        (void)unlink(path.text);
    }
    sp_lock_release(lock);
    return rc;
}

static void close_dir(DIR **dir)
{
    if (*dir)
        (void)closedir(*dir);
}

enum sp_rc sp_epoch_recover(struct sp_store *store, struct sp_err *err)
{
    struct sp_store_path folder = marker_path(store, "");
    SP_CLEANUP(close_dir) DIR *stream = opendir(folder.text);

    bool synced = false;

    set_name(store);
    if (!stream)
        return sp_fail_errno(err, "list '%s'", folder.text);
    for (const struct dirent *item; (item = readdir(stream));) {
        if (item->d_name[0] == '.')
            continue;
        enum sp_rc rc = recover_marker(store, item->d_name, &synced, err);
        if (rc)
            return rc;
    }
    return SP_OK;
}
