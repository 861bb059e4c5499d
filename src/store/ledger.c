/* SPDX-License-Identifier: BSD-3-Clause */
#include "store/ledger.h"

#include "base/fault.h"

#include "store/ledger_internal.h"
#include "sys/file.h"

#include <fcntl.h>
#include <unistd.h>

#define INLINE_MAX  4096 /* bytes of a tree that stand in the line itself */
#define GARBAGE_MIN 256  /* lines out of date before it is worth writing anew */

/* --- the file ----------------------------------------------------------------------------- */

/* Does a path hold what is off its chain? That cannot be said in few lines. */
static bool can_compact(const struct sp_ledger *ledger)
{
    SP_MAP_EACH (entry, &ledger->holds) {
        const struct sp_hold *hold = entry->value;
        if (!sp_version_eq(&hold->version, &hold->chain.items[hold->index].version))
            return false;
    }
    return true;
}

static enum sp_rc compact(struct sp_ledger *ledger, struct sp_err *err)
{
    size_t live = 0;

    SP_MAP_EACH (entry, &ledger->holds)
        live += 1 + ((const struct sp_hold *)entry->value)->chain.len;
    live += ledger->tasks.len;
    if (ledger->lines < 2 * live + GARBAGE_MIN || !can_compact(ledger))
        return SP_OK;
    sp_ledger_say_everything(ledger);
    enum sp_rc rc = sp_file_write(ledger->path.ptr, sp_buf_str(&ledger->said), err);
    ledger->size = ledger->said.len;
    ledger->lines = live;
    sp_buf_clear(&ledger->said);
    return rc;
}

enum sp_rc sp_ledger_sync(struct sp_ledger *ledger, struct sp_err *err)
{
    if (!ledger->writing)
        sp_buf_clear(&ledger->said); /* it stays among us */
    if (!ledger->said.len)
        return SP_OK;
    if (ledger->fd < 0)
        ledger->fd = SP_FAULT("ledger.open", EACCES)
                         ? -1
                         : open(ledger->path.ptr, O_WRONLY | O_CREAT | O_APPEND | O_CLOEXEC, 0666);
    if (ledger->fd < 0)
        return sp_fail_errno(err, "open %s", ledger->path.ptr);
    /* Behind the whole lines there may be what an earlier write left. */
    if (ftruncate(ledger->fd, (off_t)ledger->size) < 0)
        return sp_fail_errno(err, "write %s", ledger->path.ptr);
    enum sp_rc rc = SP_OK;
    if (SP_FAULT("ledger.write", ENOSPC))
        rc = sp_fail_errno(err, "write");
    else
        rc = sp_write_all(ledger->fd, sp_buf_str(&ledger->said), err);
    if (rc)
        return sp_err_wrap(err, "%s", ledger->path.ptr);
    ledger->size += ledger->said.len;
    sp_buf_clear(&ledger->said);
    return SP_OK;
}

/* --- opening ------------------------------------------------------------------------------ */

enum sp_rc sp_ledger_open(const char *dir,
                          bool writing,
                          struct sp_ledger **out,
                          size_t *damaged,
                          struct sp_err *err)
{
    struct sp_ledger *ledger = sp_alloc(sizeof *ledger);
    size_t lost = 0;

    ledger->arena = sp_arena_new();
    ledger->dir = sp_arena_str(ledger->arena, sp_str_of(dir));
    ledger->path = sp_arena_printf(ledger->arena, "%s/ledger", dir);
    ledger->fd = -1;
    ledger->writing = writing;
    ledger->said = SP_BUF(SP_BUF_LARGE);
    enum sp_rc rc = sp_ledger_read(ledger, &lost, err);
    /* Damaged lines stay: they tell that something is missing. */
    if (rc == SP_OK && writing && !lost)
        rc = compact(ledger, err);
    if (rc) {
        sp_ledger_close(ledger);
        return rc;
    }
    if (damaged)
        *damaged = lost;
    *out = ledger;
    return SP_OK;
}

void sp_ledger_close(struct sp_ledger *ledger)
{
    if (!ledger)
        return;
    SP_MAP_EACH (entry, &ledger->holds)
        SP_VEC_FINI(&((struct sp_hold *)entry->value)->chain);
    sp_map_fini(&ledger->holds);
    sp_map_fini(&ledger->tasks);
    sp_buf_fini(&ledger->said);
    if (ledger->fd >= 0)
        (void)close(ledger->fd);
    sp_arena_free(ledger->arena);
    free(ledger);
}

/* --- trees -------------------------------------------------------------------------------- */

/* Where the tree of a path is if it is large. */
static struct sp_str tree_file(const struct sp_ledger *ledger,
                               struct sp_arena *arena,
                               struct sp_str path)
{
    struct sp_digest name = sp_blake3(path);

    return sp_arena_printf(arena, "%s/trees/%s", ledger->dir.ptr, sp_digest_hex(&name).text);
}

bool sp_ledger_tree(const struct sp_ledger *ledger,
                    const struct sp_hold *hold,
                    struct sp_arena *arena,
                    struct sp_tree *out)
{
    sp_auto_buf struct sp_buf text = SP_BUF(SP_BUF_LARGE);
    struct sp_err err = SP_ERR_INIT;

    if (!hold->stat.len)
        return false;
    if (hold->stat.ptr[0] != '@')
        return sp_tree_read(hold->stat, arena, out, &err) == SP_OK;
    if (sp_file_read(tree_file(ledger, arena, hold->path).ptr, &text, &err))
        return false;
    struct sp_digest found = sp_blake3(sp_buf_str(&text));
    if (!sp_str_eq(sp_str_slice(hold->stat, 1, hold->stat.len),
                   sp_str_of(sp_digest_hex(&found).text)))
        return false;
    return sp_tree_read(sp_arena_str(arena, sp_buf_str(&text)), arena, out, &err) == SP_OK;
}

/* --- statements --------------------------------------------------------------------------- */

struct sp_hold *sp_ledger_source(struct sp_ledger *ledger,
                                 struct sp_str path,
                                 const struct sp_version *version)
{
    struct sp_hold *hold = sp_ledger_do_source(ledger, path, version);

    sp_ledger_say_source(ledger, hold);
    return hold;
}

void sp_ledger_kept(struct sp_ledger *ledger,
                    struct sp_hold *hold,
                    size_t index,
                    const struct sp_digest *tree)
{
    sp_ledger_do_kept(hold, index, tree);
    sp_ledger_say_kept(ledger, hold, index);
}

static bool is_same(const struct sp_passage *a, const struct sp_passage *b)
{
    return a->absent == b->absent && sp_version_eq(&a->version, &b->version) &&
           a->kept == b->kept && sp_digest_eq(&a->tree, &b->tree) &&
           sp_digest_eq(&a->key, &b->key) && sp_str_eq(a->recipe, b->recipe) &&
           sp_str_eq(a->task, b->task);
}

void sp_ledger_made(struct sp_ledger *ledger,
                    struct sp_hold *hold,
                    size_t after,
                    const struct sp_passage *passage)
{
    if (after + 1 < hold->chain.len && is_same(&hold->chain.items[after + 1], passage))
        return;
    sp_ledger_do_made(ledger, hold, after, passage);
    sp_ledger_say_made(ledger, hold, after + 1);
}

/* Without a sync, and not atomically: the line of the ledger has its digest, and one that is torn
 * or lost is as good as none. A file under a new name costs less than one in place of another. */
static enum sp_rc write_tree(struct sp_ledger *ledger,
                             struct sp_str path,
                             const struct sp_buf *text,
                             struct sp_err *err)
{
    struct sp_str dir = sp_arena_printf(ledger->arena, "%s/trees", ledger->dir.ptr);
    struct sp_str file = tree_file(ledger, ledger->arena, path);
    enum sp_rc rc = sp_make_dirs(dir.ptr, err);

    if (rc)
        return rc;
    (void)unlink(file.ptr);
    sp_auto_fd int fd = SP_FAULT("ledger.tree", ENOSPC)
                            ? -1
                            : open(file.ptr, O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, 0666);
    if (fd < 0)
        return sp_fail_errno(err, "write '%s'", file.ptr);
    rc = sp_write_all(fd, sp_buf_str(text), err);
    return rc ? sp_err_wrap(err, "write '%s'", file.ptr) : SP_OK;
}

enum sp_rc sp_ledger_hold(struct sp_ledger *ledger,
                          struct sp_hold *hold,
                          size_t index,
                          const struct sp_tree *tree,
                          struct sp_err *err)
{
    sp_auto_buf struct sp_buf text = SP_BUF(SP_BUF_LARGE);
    struct sp_str stat = SP_STR("");

    if (tree) {
        sp_tree_write(tree, true, &text);
        stat = sp_buf_str(&text);
    }
    if (stat.len > INLINE_MAX && ledger->writing) {
        struct sp_digest digest = sp_blake3(stat);
        enum sp_rc rc = write_tree(ledger, hold->path, &text, err);
        if (rc)
            return rc;
        stat = sp_arena_printf(ledger->arena, "@%s", sp_digest_hex(&digest).text);
    }
    sp_ledger_do_hold(ledger, hold, index, stat);
    sp_ledger_say_hold(ledger, hold);
    return SP_OK;
}

void sp_ledger_touch(struct sp_ledger *ledger,
                     struct sp_hold *hold,
                     enum sp_hold_state state,
                     struct sp_str run,
                     struct sp_str task)
{
    sp_ledger_do_touch(ledger, hold, state, run, task);
    sp_ledger_say_touch(ledger, hold);
}

void sp_ledger_task(struct sp_ledger *ledger,
                    struct sp_str recipe,
                    struct sp_str task,
                    const struct sp_digest *key,
                    struct sp_str run)
{
    struct sp_str name = sp_ledger_task_name(ledger, recipe, task);
    const struct sp_ledger_newest *before = sp_map_find(&ledger->tasks, name);

    if (before && sp_digest_eq(&before->key, key))
        return;
    sp_ledger_do_task(ledger, name, key, run);
    sp_ledger_say_task(ledger, name, key, run);
}

void sp_ledger_begun(struct sp_ledger *ledger,
                     struct sp_str recipe,
                     struct sp_str task,
                     int64_t clock)
{
    struct sp_str name = sp_ledger_task_name(ledger, recipe, task);

    if (sp_ledger_begun_at(ledger, recipe, task) == clock)
        return;
    sp_ledger_task_of(ledger, name)->begun = clock;
    sp_ledger_say_begun(ledger, name, clock);
}

void sp_ledger_drop(struct sp_ledger *ledger, struct sp_str path)
{
    sp_ledger_say_drop(ledger, path);
    sp_ledger_do_drop(ledger, path);
}
