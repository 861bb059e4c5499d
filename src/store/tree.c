/* SPDX-License-Identifier: BSD-3-Clause */
/* tree.c - walking, comparing and searching trees; their text form is in tree_text.c.
 *
 * The walk needs one descriptor at a time however deep the tree is: directories found are opened by
 * their path from the root, in the order in which they were found.
 *
 * A file that changed in the very tick of the clock in which it was looked at could change once
 * more without its times telling (unless the file system is a fine one: tick.h). Therefore a walk
 * that meets such files waits for the next tick and walks again: what it returns can be told from
 * everything that comes later.
 */
#include "store/tree.h"

#include "base/clock.h"
#include "base/fault.h"
#include "base/vec.h"

#include "store/tick.h"
#include "sys/witness.h"

#include <dirent.h>
#include <fcntl.h>
#include <limits.h>
#include <stdlib.h>
#include <sys/stat.h>
#include <sys/vfs.h>
#include <time.h>
#include <unistd.h>

#define WALKS_MAX 4
#define WAIT_MAX  (3 * SP_NSEC_PER_SEC) /* clocks further ahead than this are not waited for */

/* How far the clock of a file server may be behind ours. */
#define SERVER_LAG SP_NSEC_PER_SEC

/* Times of old file systems, and of ext4 with small inodes, are whole seconds (FAT: two). */
#define COARSE_TICK (2 * SP_NSEC_PER_SEC)

struct walk {
    SP_VEC(struct sp_tree_entry) entries;
    const char *path;
    struct sp_arena *arena;
    int root;
    uint64_t bytes;
};

/* --- clocks -------------------------------------------------------------------------------- */

static bool is_remote(int fd)
{
    static const unsigned long types[] = {
        0x6969 /* NFS */,        0xff534d42 /* CIFS */,   0xfe534d42 /* SMB2 */,
        0x00c36400 /* Ceph */,   0x0bd00bd0 /* Lustre */, 0x47504653 /* GPFS */,
        0x19830326 /* BeeGFS */, 0x65735546 /* FUSE */,   0x01021997 /* 9P */,
        0x5346414f /* AFS */,
    };
    struct statfs info;

    if (fstatfs(fd, &info) < 0)
        return true;
    for (size_t i = 0; i < SP_COUNT(types); i++)
        if ((unsigned long)info.f_type == types[i])
            return true;
    return false;
}

/* Could a file with this ctime change again, after a look at `scanned`, and keep it? */
static bool is_fresh(sp_nsec changed, sp_nsec scanned)
{
    return changed >= scanned - (changed % SP_NSEC_PER_SEC == 0 ? COARSE_TICK : 0);
}

/* --- the walk ------------------------------------------------------------------------------ */

static enum sp_rc read_target(int dir,
                              const char *name,
                              struct walk *walk,
                              struct sp_str *out,
                              struct sp_err *err)
{
    char target[PATH_MAX];
    ssize_t len =
        SP_FAULT("tree.readlink", EIO) ? -1 : readlinkat(dir, name, target, sizeof target);

    if (len < 0)
        return sp_fail_errno(err, "read link '%s'", name);
    *out = sp_arena_str(walk->arena, (struct sp_str){ target, (size_t)len });
    return SP_OK;
}

static const char *describe_special(mode_t mode)
{
    switch (mode & S_IFMT) {
    case S_IFSOCK: return "a socket";
    case S_IFIFO: return "a pipe";
    case S_IFCHR:
    case S_IFBLK: return "a device";
    default: return "neither a file nor a directory nor a link";
    }
}

static struct sp_tree_entry *add_entry(struct walk *walk,
                                       struct sp_str path,
                                       const struct stat *info)
{
    struct sp_tree_entry *entry = SP_VEC_ADD(&walk->entries);

    *entry = (struct sp_tree_entry){
        .path = path,
        .type = S_ISREG(info->st_mode)   ? SP_TREE_FILE
                : S_ISDIR(info->st_mode) ? SP_TREE_DIR
                                         : SP_TREE_LINK,
        .mode = info->st_mode & 07777,
        .size = S_ISREG(info->st_mode) ? (uint64_t)info->st_size : 0,
        .mtime = sp_clock_nsec(info->st_mtim),
        .changed = sp_clock_nsec(info->st_ctim),
        .dev = info->st_dev,
        .ino = info->st_ino,
    };
    walk->bytes += entry->size;
    return entry;
}

static enum sp_rc add_name(struct walk *walk,
                           int dir,
                           struct sp_str parent,
                           const char *name,
                           struct sp_err *err)
{
    struct stat info;
    bool failed = SP_FAULT("tree.stat", EIO) || fstatat(dir, name, &info, AT_SYMLINK_NOFOLLOW) < 0;

    if (failed && errno == ENOENT)
        return SP_OK; /* it went away just now */
    if (failed)
        return sp_fail_errno(err, "look at '%s'", name);
    if (!S_ISREG(info.st_mode) && !S_ISDIR(info.st_mode) && !S_ISLNK(info.st_mode))
        return sp_fail(err, SP_INVALID, "'%s' is %s, which cannot be kept", name,
                       describe_special(info.st_mode));
    struct sp_str path = sp_str_is(parent, ".")
                             ? sp_arena_str(walk->arena, sp_str_of(name))
                             : sp_arena_join(walk->arena, parent, "/", sp_str_of(name));
    struct sp_str target = SP_STR("");
    if (S_ISLNK(info.st_mode)) {
        enum sp_rc rc = read_target(dir, name, walk, &target, err);
        if (rc)
            return rc;
    }
    add_entry(walk, path, &info)->target = target;
    return SP_OK;
}

static void close_stream(DIR **stream)
{
    if (*stream)
        (void)closedir(*stream);
}

/* `parent` is the path of a directory whose entry is there already. */
static enum sp_rc add_children(struct walk *walk, struct sp_str parent, struct sp_err *err)
{
    sp_auto_fd int fd =
        SP_FAULT("tree.open", EMFILE)
            ? -1
            : openat(walk->root, parent.ptr, O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC);
    if (fd < 0 && (errno == ENOENT || errno == ENOTDIR || errno == ELOOP))
        return sp_fail(err, SP_BUSY, "it changes while it is looked at");
    if (fd < 0)
        return sp_fail_errno(err, "list it");
    SP_CLEANUP(close_stream) DIR *stream = fdopendir(fd);
    if (!stream)
        return sp_fail_errno(err, "list it");
    int dir = sp_take_fd(&fd);

    for (;;) {
        errno = SP_FAULT("tree.list", EIO) ? EIO : 0;
        const struct dirent *item = errno ? NULL : readdir(stream);
        if (!item && errno)
            return sp_fail_errno(err, "list it");
        if (!item)
            return SP_OK;
        if (strcmp(item->d_name, ".") == 0 || strcmp(item->d_name, "..") == 0)
            continue;
        enum sp_rc rc = add_name(walk, dir, parent, item->d_name, err);
        if (rc)
            return rc;
    }
}

static enum sp_rc walk_tree(struct walk *walk, const struct stat *root, struct sp_err *err)
{
    (void)add_entry(walk, SP_STR("."), root);
    for (size_t i = 0; i < walk->entries.len; i++) {
        struct sp_str path = walk->entries.items[i].path; /* the array may move meanwhile */
        if (walk->entries.items[i].type != SP_TREE_DIR)
            continue;
        enum sp_rc rc = add_children(walk, path, err);
        if (rc && i > 0)
            return sp_err_wrap(err, "'%s/" SP_STR_FMT "'", walk->path, SP_STR_ARG(path));
        if (rc)
            return sp_err_wrap(err, "'%s'", walk->path);
    }
    return SP_OK;
}

static int by_path(const void *a, const void *b)
{
    const struct sp_tree_entry *left = a;
    const struct sp_tree_entry *right = b;

    return sp_str_cmp(left->path, right->path);
}

/* Entries into the arena, the root first: "." need not be first in byte order ("+x"). */
static void finish(const struct walk *walk, sp_nsec scanned, struct sp_tree *out)
{
    size_t len = walk->entries.len;

    *out = (struct sp_tree){
        .entries = SP_ARENA_NEW(walk->arena, struct sp_tree_entry, len),
        .len = len,
        .capacity = len,
        .bytes = walk->bytes,
        .scanned = scanned,
        .arena = walk->arena,
    };
    memcpy(out->entries, walk->entries.items, len * sizeof *out->entries);
    qsort(out->entries + 1, len - 1, sizeof *out->entries, by_path);
}

static sp_nsec newest_change(const struct walk *walk)
{
    sp_nsec newest = 0;

    for (size_t i = 0; i < walk->entries.len; i++)
        if (walk->entries.items[i].type == SP_TREE_FILE)
            newest = SP_MAX(newest, walk->entries.items[i].changed);
    return newest;
}

/* Sleep until `clock` has passed `time`; false if that is too long. */
static bool wait_until(sp_nsec time)
{
    for (sp_nsec left; (left = time - sp_clock_files()) >= 0;) {
        if (left > WAIT_MAX)
            return false;
        struct timespec pause = { .tv_sec = left / SP_NSEC_PER_SEC,
                                  .tv_nsec = (left + SP_NSEC_PER_MS) % SP_NSEC_PER_SEC };
        (void)nanosleep(&pause, NULL);
    }
    return true;
}

/* *fd stays -1 when there is nothing. */
static enum sp_rc open_root(const char *path, int *fd, struct stat *info, struct sp_err *err)
{
    /* O_PATH: a file that may not be read can be looked at; a pipe does not hold us up. */
    *fd = SP_FAULT("tree.root", EMFILE) ? -1 : open(path, O_PATH | O_CLOEXEC);
    if (*fd < 0 && (errno == ENOENT || errno == ENOTDIR))
        return SP_OK;
    if (*fd < 0 || fstat(*fd, info) < 0)
        return sp_fail_errno(err, "look at '%s'", path);
    if (!S_ISREG(info->st_mode) && !S_ISDIR(info->st_mode))
        return sp_fail(err, SP_INVALID, "'%s' is %s, which cannot be kept", path,
                       describe_special(info->st_mode));
    return SP_OK;
}

static bool is_on_one_device(const struct walk *walk)
{
    for (size_t i = 1; i < walk->entries.len; i++)
        if (walk->entries.items[i].dev != walk->entries.items[0].dev)
            return false;
    return true;
}

/* Would any later change have other times than those that the walk has found? */
static bool is_fine(const struct walk *walk, const struct stat *root)
{
    sp_auto_free char *dir = sp_strdup(walk->path);
    char *slash = strrchr(dir, '/');

    if (!is_on_one_device(walk))
        return false;
    if (S_ISDIR(root->st_mode))
        return sp_tick_is_fine(walk->path, root->st_dev);
    if (slash)
        slash[slash == dir] = '\0';
    return sp_tick_is_fine(slash ? dir : ".", root->st_dev);
}

/* The time that the tree is valid for: *again is what to wait for before it can be told from what
 * comes later, or 0. */
static sp_nsec date_walk(const struct walk *walk,
                         const struct stat *root,
                         sp_nsec begin,
                         sp_nsec *again)
{
    sp_nsec newest = newest_change(walk);

    *again = 0;
    if (!is_fresh(newest, begin - SERVER_LAG))
        return begin - SERVER_LAG; /* old, whatever the file system is */
    sp_nsec lag = is_remote(walk->root) ? SERVER_LAG : 0;
    if (!is_fresh(newest, begin - lag))
        return begin - lag;
    if (!lag && !is_fresh(newest, newest + 1) && is_fine(walk, root))
        return newest + 1;
    *again = newest + lag + (newest % SP_NSEC_PER_SEC == 0 ? COARSE_TICK : 0);
    return begin - lag;
}

/* One walk; see date_walk for *again. */
static enum sp_rc scan_once(const char *path,
                            struct sp_arena *arena,
                            struct sp_tree *out,
                            sp_nsec *again,
                            struct sp_err *err)
{
    struct walk walk = { .path = path, .arena = arena, .root = -1 };
    struct stat info;
    sp_auto_fd int root = -1;
    sp_nsec begin = sp_clock_files();

    enum sp_rc rc = open_root(path, &root, &info, err);
    if (rc)
        return rc;
    if (root < 0) {
        *out = (struct sp_tree){ .arena = arena, .scanned = begin };
        *again = 0;
        return SP_OK;
    }
    walk.root = root;
    rc = walk_tree(&walk, &info, err);
    if (!rc)
        finish(&walk, date_walk(&walk, &info, begin, again), out);
    SP_VEC_FINI(&walk.entries);
    return rc;
}

enum sp_rc sp_tree_scan(const char *path,
                        struct sp_arena *arena,
                        struct sp_tree *out,
                        struct sp_err *err)
{
    sp_witness_tree(path, false);
    for (int walks = 1;; walks++) {
        sp_nsec again = 0;
        enum sp_rc rc = scan_once(path, arena, out, &again, err);
        if (rc)
            return rc;
        if (again == 0 || walks == WALKS_MAX || !wait_until(again))
            return SP_OK;
    }
}

/* --- comparing ----------------------------------------------------------------------------- */

/* The root is first in every tree, whatever else is there. */
static int compare_paths(struct sp_str a, struct sp_str b)
{
    int left_is_root = sp_str_is(a, ".");
    int right_is_root = sp_str_is(b, ".");

    return left_is_root || right_is_root ? right_is_root - left_is_root : sp_str_cmp(a, b);
}

/* Step through two trees side by side: NULL for the one that lacks the path. */
struct pair {
    const struct sp_tree *now, *old;
    size_t now_at, old_at;
    struct sp_tree_entry *left;
    const struct sp_tree_entry *right;
};

static bool next_pair(struct pair *pair)
{
    bool more_now = pair->now_at < pair->now->len;
    bool more_old = pair->old_at < pair->old->len;

    if (!more_now && !more_old)
        return false;
    int order = !more_now   ? 1
                : !more_old ? -1
                            : compare_paths(pair->now->entries[pair->now_at].path,
                                            pair->old->entries[pair->old_at].path);
    pair->left = order <= 0 ? &pair->now->entries[pair->now_at++] : NULL;
    pair->right = order >= 0 ? &pair->old->entries[pair->old_at++] : NULL;
    return true;
}

static bool is_untouched(const struct sp_tree_entry *now,
                         const struct sp_tree_entry *old,
                         sp_nsec scanned)
{
    return now->type == old->type && now->ino == old->ino && now->dev == old->dev &&
           now->size == old->size && now->mtime == old->mtime && now->changed == old->changed &&
           now->mode == old->mode && sp_str_eq(now->target, old->target) &&
           !is_fresh(old->changed, scanned);
}

size_t sp_tree_carry(struct sp_tree *now, const struct sp_tree *old, uint64_t *bytes_changed)
{
    struct pair pair = { .now = now, .old = old };
    size_t changed = 0;
    uint64_t bytes = 0;

    while (next_pair(&pair)) {
        struct sp_tree_entry *entry = pair.left;
        if (!entry || entry->type == SP_TREE_DIR)
            continue;
        if (pair.right && is_untouched(entry, pair.right, old->scanned)) {
            entry->has = pair.right->has;
            entry->exact = pair.right->exact;
            entry->meaning = pair.right->meaning;
            entry->object = pair.right->object;
        } else if (entry->type == SP_TREE_FILE) {
            changed++;
            bytes += entry->size;
        }
    }
    if (bytes_changed)
        *bytes_changed = bytes;
    return changed;
}

static bool counts(const struct sp_tree_entry *entry)
{
    return !((entry->has & SP_TREE_MEANING) && sp_digest_is_zero(&entry->meaning));
}

/* Same data, as far as the digests tell that both have; without any, by what lstat says. */
static bool has_same_data(const struct sp_tree_entry *now,
                          const struct sp_tree_entry *old,
                          sp_nsec scanned)
{
    unsigned both = now->has & old->has;

    if (both & SP_TREE_MEANING)
        return sp_digest_eq(&now->meaning, &old->meaning);
    if (both & SP_TREE_EXACT)
        return sp_digest_eq(&now->exact, &old->exact);
    if (both & SP_TREE_OBJECT)
        return sp_digest_eq(&now->object, &old->object);
    if (old->has)
        return false;
    return old->ino ? is_untouched(now, old, scanned)
                    : now->size == old->size && now->mtime == old->mtime;
}

static bool is_same(const struct sp_tree_entry *now,
                    const struct sp_tree_entry *old,
                    sp_nsec scanned)
{
    if (now->type != old->type)
        return false;
    switch (now->type) {
    case SP_TREE_DIR: return true;
    case SP_TREE_LINK: return sp_str_eq(now->target, old->target);
    case SP_TREE_FILE: break;
    }
    return !(counts(now) || counts(old)) ||
           ((now->mode & S_IXUSR) == (old->mode & S_IXUSR) && has_same_data(now, old, scanned));
}

/* What one tree lacks is the same if it does not count. */
static bool is_same_pair(const struct pair *pair, sp_nsec scanned)
{
    if (pair->left && pair->right)
        return is_same(pair->left, pair->right, scanned);
    return pair->left ? !counts(pair->left) : pair->right && !counts(pair->right);
}

struct sp_str sp_tree_difference(const struct sp_tree *now,
                                 const struct sp_tree *old,
                                 size_t *count)
{
    struct pair pair = { .now = now, .old = old };
    struct sp_str first = SP_STR("");
    size_t differ = 0;

    while (next_pair(&pair)) {
        if (is_same_pair(&pair, old->scanned))
            continue;
        const struct sp_tree_entry *any = pair.left ? pair.left : pair.right;
        if (differ++ == 0 && any)
            first = any->path;
    }
    if (count)
        *count = differ;
    return first;
}

const struct sp_tree_entry *sp_tree_find(const struct sp_tree *tree, struct sp_str path)
{
    size_t low = 0;
    size_t high = tree->len;

    while (low < high) {
        size_t middle = low + (high - low) / 2;
        int order = compare_paths(tree->entries[middle].path, path);
        if (order == 0)
            return &tree->entries[middle];
        if (order < 0)
            low = middle + 1;
        else
            high = middle;
    }
    return NULL;
}
