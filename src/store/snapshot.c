/* SPDX-License-Identifier: BSD-3-Clause */
/* snapshot.c - a tree into the store: objects first, then the manifest that names them. */
#include "base/amount.h"
#include "base/clock.h"
#include "base/fault.h"

#include "store/copy.h"
#include "store/object.h"
#include "store/store_internal.h"
#include "sys/file.h"
#include "sys/pool.h"

#include <fcntl.h>
#include <stdatomic.h>
#include <sys/stat.h>
#include <unistd.h>

struct keep {
    struct sp_store *store;
    const char *path;
    struct sp_tree *tree;
    int root; /* O_PATH on the tree */
    enum sp_snapshot_method method;
    SP_VEC(size_t) missing;  /* entries without an object */
    struct sp_digest *added; /* objects made now, to be taken back when there is no room */
    atomic_size_t added_len;
};

static bool is_missing(const struct sp_tree_entry *entry)
{
    return entry->type == SP_TREE_FILE && !(entry->has & SP_TREE_OBJECT);
}

uint64_t sp_store_missing(const struct sp_store *store, const struct sp_tree *tree)
{
    uint64_t bytes = 0;

    for (size_t i = 0; i < tree->len; i++) {
        const struct sp_tree_entry *entry = &tree->entries[i];
        if (is_missing(entry) &&
            !((entry->has & SP_TREE_EXACT) && sp_object_has(store, &entry->exact, entry->size)))
            bytes += entry->size;
    }
    return bytes;
}

/* --- one file ------------------------------------------------------------------------------ */

static bool is_as_scanned(const struct sp_tree_entry *entry, const struct stat *info)
{
    return entry->dev == info->st_dev && entry->ino == info->st_ino &&
           entry->size == (uint64_t)info->st_size && entry->mtime == sp_clock_nsec(info->st_mtim) &&
           entry->changed == sp_clock_nsec(info->st_ctim);
}

static enum sp_rc open_source(const struct keep *keep,
                              const struct sp_tree_entry *entry,
                              int *fd,
                              struct sp_err *err)
{
    const int flags = O_RDONLY | O_CLOEXEC | O_NONBLOCK | O_NOCTTY;

    /* The root may be a file, which an O_PATH descriptor gives back only through /proc. */
    if (SP_FAULT("keep.open", EMFILE))
        *fd = -1;
    else if (sp_str_is(entry->path, "."))
        *fd = open(keep->path, flags);
    else
        *fd = openat(keep->root, entry->path.ptr, flags | O_NOFOLLOW);
    if (*fd < 0 && (errno == ENOENT || errno == ENOTDIR || errno == ELOOP))
        return sp_fail(err, SP_BUSY, "it went away meanwhile");
    return *fd < 0 ? sp_fail_errno(err, "open it") : SP_OK;
}

static enum sp_rc check_unchanged(const struct sp_tree_entry *entry, int fd, struct sp_err *err)
{
    struct stat info;

    if (SP_FAULT("keep.stat", EIO) || fstat(fd, &info) < 0)
        return sp_fail_errno(err, "look at it");
    return is_as_scanned(entry, &info) ? SP_OK : sp_fail(err, SP_BUSY, "it changed meanwhile");
}

static enum sp_rc keep_file(struct keep *keep, struct sp_tree_entry *entry, struct sp_err *err)
{
    sp_auto_fd int fd = -1;
    struct sp_object_result result;

    enum sp_rc rc = open_source(keep, entry, &fd, err);
    if (!rc)
        rc = check_unchanged(entry, fd, err);
    if (rc)
        return rc;
    struct sp_object_source source = {
        .fd = fd, .size = entry->size, .known = entry->has & SP_TREE_EXACT, .exact = entry->exact
    };
    rc = sp_object_keep(keep->store, &source, keep->method, &result, err);
    if (rc)
        return rc;
    if (result.added)
        keep->added[atomic_fetch_add(&keep->added_len, 1)] = result.object;
    rc = check_unchanged(entry, fd, err);
    if (rc)
        return rc;
    entry->object = result.object;
    entry->has |= SP_TREE_OBJECT;
    if (result.known) {
        entry->exact = result.exact;
        entry->has |= SP_TREE_EXACT;
    }
    return SP_OK;
}

static enum sp_rc keep_item(void *arg, size_t at, struct sp_err *err)
{
    struct keep *keep = arg;
    struct sp_tree_entry *entry = &keep->tree->entries[keep->missing.items[at]];
    enum sp_rc rc = keep_file(keep, entry, err);

    return rc ? sp_err_wrap(err, "'" SP_STR_FMT "'", SP_STR_ARG(entry->path)) : SP_OK;
}

/* --- the tree ------------------------------------------------------------------------------ */

static bool is_as_before(const struct sp_tree_entry *a, const struct sp_tree_entry *b)
{
    return sp_str_eq(a->path, b->path) && a->type == b->type && a->ino == b->ino &&
           (a->type == SP_TREE_DIR || (a->size == b->size && a->changed == b->changed));
}

/* Nothing has come, gone or changed since the scan. */
static enum sp_rc check_tree(const struct keep *keep, struct sp_err *err)
{
    sp_auto_arena struct sp_arena *arena = sp_arena_new();
    const struct sp_tree *tree = keep->tree;
    struct sp_tree now;

    enum sp_rc rc = sp_tree_scan(keep->path, arena, &now, err);
    if (rc)
        return rc;
    for (size_t i = 0; i < tree->len || i < now.len; i++) {
        if (i < tree->len && i < now.len && is_as_before(&tree->entries[i], &now.entries[i]))
            continue;
        struct sp_str path = i < now.len ? now.entries[i].path : tree->entries[i].path;
        return sp_fail(err, SP_BUSY, "'" SP_STR_FMT "' changed meanwhile", SP_STR_ARG(path));
    }
    return SP_OK;
}

static enum sp_rc write_manifest(const struct keep *keep, struct sp_digest *id, struct sp_err *err)
{
    sp_auto_buf struct sp_buf text = SP_BUF(SP_BUF_LARGE);

    sp_tree_write(keep->tree, false, &text);
    if (!sp_buf_ok(&text))
        return sp_fail(err, SP_LIMIT, "it has too many files: its list is larger than %zu bytes",
                       SP_BUF_LARGE);
    struct sp_digest name = sp_blake3(sp_buf_str(&text));
    struct sp_store_path path = sp_store_path(keep->store, "trees", &name);
    enum sp_rc rc = SP_OK;
    if (access(path.text, F_OK) < 0)
        rc = sp_store_write(keep->store, path.text, sp_buf_str(&text), err);
    if (!rc)
        *id = name;
    return rc;
}

static enum sp_rc check_room(struct keep *keep, struct sp_err *err)
{
    uint64_t bytes = sp_store_missing(keep->store, keep->tree);

    if (keep->method == SP_SNAPSHOT_AUTO && bytes > 0)
        keep->method = sp_store_method(keep->store, keep->path) == SP_SNAPSHOT_COPY
                           ? SP_SNAPSHOT_COPY
                           : SP_SNAPSHOT_AUTO;
    uint64_t room = sp_store_room(keep->store, keep->path);
    if (keep->method != SP_SNAPSHOT_COPY || bytes <= room)
        return SP_OK;
    return sp_fail(
        err, SP_LIMIT,
        "no room for %s in the store '%s', which may take %s more ('spoor gc' makes room)",
        sp_amount_text(bytes).text, keep->store->dir, sp_amount_text(room).text);
}

static void take_back(const struct keep *keep)
{
    for (size_t i = 0; i < atomic_load(&keep->added_len); i++)
        (void)unlink(sp_store_path(keep->store, "objects", &keep->added[i]).text);
}

static enum sp_rc keep_all(struct keep *keep, struct sp_digest *id, struct sp_err *err)
{
    enum sp_rc rc = check_room(keep, err);

    if (!rc)
        rc = sp_epoch_begin(keep->store, err);
    if (rc)
        return sp_room_error(err);
    rc = sp_pool_try(keep->missing.len, keep_item, keep, err);
    if (!rc)
        rc = check_tree(keep, err);
    if (!rc)
        rc = write_manifest(keep, id, err);
    if (rc)
        rc = sp_room_error(err);
    if (rc == SP_LIMIT)
        take_back(keep);
    return rc ? rc : sp_epoch_wrote(keep->store, atomic_load(&keep->added_len) + 1, err);
}

enum sp_rc sp_store_keep(struct sp_store *store,
                         const char *path,
                         struct sp_tree *tree,
                         struct sp_digest *id,
                         struct sp_err *err)
{
    struct keep keep = { .store = store, .path = path, .tree = tree, .method = store->method };
    /* Digests and objects are outputs: a failure leaves `tree` as it was. */
    size_t size = tree->len * sizeof *tree->entries;
    struct sp_tree copy = *tree;

    if (store->method == SP_SNAPSHOT_NONE)
        return sp_fail(err, SP_INVALID, "keep '%s': snapshots are switched off", path);
    sp_auto_fd int root = open(path, O_PATH | O_CLOEXEC);
    if (root < 0 && tree->len > 0)
        return sp_fail_errno(err, "keep '%s'", path);
    sp_auto_free struct sp_tree_entry *entries = sp_alloc(size);
    sp_auto_free struct sp_digest *added = sp_alloc(tree->len * sizeof *added);
    if (size > 0)
        memcpy(entries, tree->entries, size);
    copy.entries = entries;
    keep.tree = &copy;
    keep.root = root;
    keep.added = added;
    for (size_t i = 0; i < tree->len; i++)
        if (is_missing(&entries[i]))
            *SP_VEC_ADD(&keep.missing) = i;
    enum sp_rc rc = keep_all(&keep, id, err);
    SP_VEC_FINI(&keep.missing);
    if (rc)
        return sp_err_wrap(err, "keep '%s'", path);
    if (size > 0)
        memcpy(tree->entries, entries, size);
    return SP_OK;
}

/* --- back again ---------------------------------------------------------------------------- */

enum sp_rc sp_store_fetch(struct sp_store *store,
                          const struct sp_digest *id,
                          struct sp_arena *arena,
                          struct sp_tree *out,
                          struct sp_err *err)
{
    struct sp_store_path path = sp_store_path(store, "trees", id);
    sp_auto_buf struct sp_buf text = SP_BUF(SP_BUF_LARGE);

    enum sp_rc rc = SP_FAULT("fetch.read", EIO) ? sp_fail_errno(err, "read '%s'", path.text)
                                                : sp_file_read(path.text, &text, err);
    if (rc)
        return rc;
    struct sp_digest digest = sp_blake3(sp_buf_str(&text));
    if (!sp_digest_eq(&digest, id)) {
        sp_store_discard(store, path.text);
        return sp_fail(err, SP_CORRUPT, "the manifest '%s' is damaged", path.text);
    }
    if (sp_tree_read(sp_buf_str(&text), arena, out, err) == SP_OK)
        return SP_OK;
    (void)sp_err_wrap(err, "'%s'", path.text);
    return err->code = SP_CORRUPT;
}

bool sp_store_has(struct sp_store *store, const struct sp_digest *id)
{
    sp_auto_arena struct sp_arena *arena = sp_arena_new();
    struct sp_err err = SP_ERR_INIT;
    struct sp_tree tree;

    if (sp_store_fetch(store, id, arena, &tree, &err))
        return false;
    for (size_t i = 0; i < tree.len; i++) {
        const struct sp_tree_entry *entry = &tree.entries[i];
        if (entry->type == SP_TREE_FILE &&
            (!(entry->has & SP_TREE_OBJECT) || !sp_object_has(store, &entry->object, entry->size)))
            return false;
    }
    return true;
}
