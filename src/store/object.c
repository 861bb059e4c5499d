/* SPDX-License-Identifier: BSD-3-Clause */
#include "store/object.h"

#include "base/fault.h"

#include "store/copy.h"
#include "store/file_digest.h"
#include "store/store_internal.h"
#include "sys/clone.h"

#include <fcntl.h>
#include <sys/random.h>
#include <sys/stat.h>
#include <unistd.h>

/* Smaller files are copied even where they could be cloned: that takes no longer, gives them a
 * digest, and so each content is kept once and can be checked. */
#define CLONE_MIN ((uint64_t)64 * 1024)

/* A unique name ends in so many zero bytes: no digest does. */
#define UNIQUE_ZEROS 8

/* --- names --------------------------------------------------------------------------------- */

bool sp_object_is_digest(const struct sp_digest *object)
{
    static const unsigned char zeros[UNIQUE_ZEROS];

    return memcmp(object->bytes + SP_DIGEST_SIZE - UNIQUE_ZEROS, zeros, UNIQUE_ZEROS) != 0;
}

static enum sp_rc make_unique(struct sp_digest *out, struct sp_err *err)
{
    *out = (struct sp_digest){ 0 };
    if (getrandom(out->bytes, SP_DIGEST_SIZE - UNIQUE_ZEROS, 0) < 0)
        return sp_fail_errno(err, "get a random name");
    return SP_OK;
}

bool sp_object_has(const struct sp_store *store, const struct sp_digest *object, uint64_t size)
{
    struct sp_store_path path = sp_store_path(store, "objects", object);
    struct stat info;

    return stat(path.text, &info) == 0 && S_ISREG(info.st_mode) && (uint64_t)info.st_size == size;
}

struct sp_str sp_store_object_path(const struct sp_store *store,
                                   struct sp_arena *arena,
                                   const struct sp_digest *object)
{
    return sp_arena_str(arena, sp_str_of(sp_store_path(store, "objects", object).text));
}

/* --- into the store ------------------------------------------------------------------------ */

static enum sp_rc clone_into(const struct sp_object_source *source,
                             int to,
                             enum sp_snapshot_method method,
                             bool *cloned,
                             struct sp_err *err)
{
    *cloned = false;
    if (method == SP_SNAPSHOT_COPY || (method == SP_SNAPSHOT_AUTO && source->size < CLONE_MIN))
        return SP_OK;
    if (sp_clone_file(source->fd, to)) {
        *cloned = true;
        return SP_OK;
    }
    if (!sp_clone_refused(errno)) {
        (void)sp_fail_errno(err, "clone it into the store");
        return sp_room_error(err);
    }
    if (method == SP_SNAPSHOT_CLONE) {
        (void)sp_fail_errno(err,
                            "clone it into the store (the snapshot method 'auto' would copy it)");
        err->code = SP_INVALID;
        return err->code;
    }
    return SP_OK;
}

/* The bytes of `source` into the new file `to`; *out but for `added`. */
static enum sp_rc fill(const struct sp_object_source *source,
                       enum sp_snapshot_method method,
                       int to,
                       struct sp_object_result *out,
                       struct sp_err *err)
{
    bool cloned;
    enum sp_rc rc = clone_into(source, to, method, &cloned, err);

    if (rc)
        return rc;
    out->known = source->known;
    out->exact = source->exact;
    if (!cloned) {
        rc = sp_copy_file(source->fd, to, source->size, &out->exact, err);
        if (rc)
            return rc;
        if (source->known && !sp_digest_eq(&out->exact, &source->exact))
            return sp_fail(err, SP_BUSY, "its bytes are not those that were read before");
        out->known = true;
    }
    out->object = out->exact;
    if (!out->known)
        rc = make_unique(&out->object, err);
    if (!rc && (SP_FAULT("object.mode", EPERM) || fchmod(to, 0444) < 0))
        rc = sp_fail_errno(err, "set the mode of an object");
    return rc;
}

enum sp_rc sp_object_keep(struct sp_store *store,
                          const struct sp_object_source *source,
                          enum sp_snapshot_method method,
                          struct sp_object_result *out,
                          struct sp_err *err)
{
    if (source->known && sp_object_has(store, &source->exact, source->size)) {
        *out = (struct sp_object_result){ .object = source->exact,
                                          .known = true,
                                          .exact = source->exact };
        return SP_OK;
    }
    struct sp_object_result result = { 0 };
    struct sp_store_path from = sp_store_temporary(store);
    sp_auto_fd int to = SP_FAULT("object.create", ENOSPC)
                            ? -1
                            : open(from.text, O_RDWR | O_CREAT | O_EXCL | O_CLOEXEC, 0600);
    if (to < 0) {
        (void)sp_fail_errno(err, "create '%s'", from.text);
        return sp_room_error(err);
    }
    enum sp_rc rc = fill(source, method, to, &result, err);
    if (rc) {
        (void)unlink(from.text);
        return rc;
    }
    if (sp_object_has(store, &result.object, source->size)) {
        (void)unlink(from.text);
    } else {
        struct sp_store_path path = sp_store_path(store, "objects", &result.object);
        rc = sp_store_move_in(from.text, path.text, err);
        result.added = true;
    }
    if (!rc)
        *out = result;
    return rc;
}

enum sp_rc sp_store_put_file(struct sp_store *store,
                             const char *path,
                             struct sp_digest *object,
                             struct sp_err *err)
{
    struct sp_object_result result = { 0 };
    struct stat info;
    sp_auto_fd int fd = open(path, O_RDONLY | O_CLOEXEC | O_NONBLOCK);

    if (fd < 0 || fstat(fd, &info) < 0)
        return sp_fail_errno(err, "keep '%s'", path);
    if (!S_ISREG(info.st_mode))
        return sp_fail(err, SP_INVALID, "keep '%s': it is no file", path);
    struct sp_object_source source = { .fd = fd, .size = (uint64_t)info.st_size };
    enum sp_rc rc = sp_epoch_begin(store, err);
    if (!rc)
        rc = sp_object_keep(store, &source, SP_SNAPSHOT_COPY, &result, err);
    if (!rc)
        rc = sp_epoch_wrote(store, result.added, err);
    if (rc)
        return sp_err_wrap(err, "keep '%s'", path);
    *object = result.object;
    return SP_OK;
}

/* --- out of the store ---------------------------------------------------------------------- */

static enum sp_rc fail_damaged(struct sp_store *store, const char *path, struct sp_err *err)
{
    sp_store_discard(store, path);
    return sp_fail(err, SP_CORRUPT, "the object '%s' is damaged", path);
}

/* What its bytes should be; NULL when nobody has read them. */
static const struct sp_digest *known_digest(const struct sp_tree_entry *entry)
{
    if (entry->has & SP_TREE_EXACT)
        return &entry->exact;
    return sp_object_is_digest(&entry->object) ? &entry->object : NULL;
}

enum sp_rc sp_object_give(struct sp_store *store,
                          const struct sp_tree_entry *entry,
                          int to,
                          struct sp_err *err)
{
    struct sp_store_path path = sp_store_path(store, "objects", &entry->object);
    const struct sp_digest *want = known_digest(entry);
    struct sp_digest exact;
    struct stat info;
    sp_auto_fd int from = SP_FAULT("object.open", EIO) ? -1 : open(path.text, O_RDONLY | O_CLOEXEC);

    if (from < 0 || fstat(from, &info) < 0)
        return sp_fail_errno(err, "open '%s'", path.text);
    if ((uint64_t)info.st_size != entry->size)
        return fail_damaged(store, path.text, err);
    /* Of a large clone the digest would cost what the clone has saved. */
    bool clone = store->method != SP_SNAPSHOT_COPY && (entry->size >= CLONE_MIN || !want);
    if (clone && sp_clone_file(from, to))
        return SP_OK;
    if (clone && !sp_clone_refused(errno)) {
        (void)sp_fail_errno(err, "clone '%s'", path.text);
        return sp_room_error(err);
    }
    enum sp_rc rc = sp_copy_file(from, to, entry->size, &exact, err);
    if (rc)
        return sp_err_wrap(err, "copy '%s'", path.text);
    return want && !sp_digest_eq(&exact, want) ? fail_damaged(store, path.text, err) : SP_OK;
}

static bool hash_file(int fd, uint64_t size, struct sp_digest *out)
{
    struct sp_file_hasher hasher;
    sp_auto_free char *block = sp_alloc((size_t)1024 * 1024);

    sp_file_hasher_init(&hasher, size);
    for (uint64_t done = 0; done < size;) {
        ssize_t got = read(fd, block, (size_t)SP_MIN(size - done, (uint64_t)1024 * 1024));
        if (got <= 0)
            return false;
        sp_file_hasher_update(&hasher, block, (size_t)got);
        done += (uint64_t)got;
    }
    *out = sp_file_hasher_end(&hasher);
    return true;
}

bool sp_object_is_sound(const struct sp_digest *object, const char *path)
{
    struct stat info;
    struct sp_digest digest;
    sp_auto_fd int fd = open(path, O_RDONLY | O_CLOEXEC);

    return fd >= 0 && fstat(fd, &info) == 0 && sp_object_is_digest(object) &&
           hash_file(fd, (uint64_t)info.st_size, &digest) && sp_digest_eq(&digest, object);
}

void sp_object_weed(struct sp_store *store, const struct sp_tree_entry *entry)
{
    struct sp_store_path path = sp_store_path(store, "objects", &entry->object);
    const struct sp_digest *want = known_digest(entry);
    struct sp_digest digest;
    struct stat info;
    sp_auto_fd int fd = open(path.text, O_RDONLY | O_CLOEXEC);

    if (!(entry->has & SP_TREE_OBJECT) || fd < 0 || fstat(fd, &info) < 0)
        return;
    bool sound = (uint64_t)info.st_size == entry->size &&
                 (!want || (hash_file(fd, entry->size, &digest) && sp_digest_eq(&digest, want)));
    if (!sound)
        sp_store_discard(store, path.text);
}
