/* SPDX-License-Identifier: BSD-3-Clause */
#include "store/ledger.h"

#include "base/checksum.h"
#include "base/fault.h"

#include "store/escape.h"
#include "sys/file.h"

#include <fcntl.h>
#include <inttypes.h>
#include <unistd.h>

#define FIELDS_MAX  10
#define INLINE_MAX  4096 /* bytes of a tree that stand in the line itself */
#define GARBAGE_MIN 256  /* lines out of date before it is worth writing anew */

struct task_key {
    struct sp_digest key; /* zero: it has never ended well */
    struct sp_str run;
    int64_t begun; /* it has not ended well since; 0: it has */
};

struct sp_ledger {
    struct sp_arena *arena;
    struct sp_str dir, path;
    int fd; /* O_APPEND; -1: for reading, or nothing was said yet */
    bool writing;
    struct sp_map holds; /* path -> struct sp_hold */
    struct sp_map tasks; /* "recipe\ttask" -> struct task_key */
    struct sp_buf said;  /* lines not written yet */
    size_t lines;        /* in the file */
    uint64_t size;       /* of its whole lines */
};

/* --- lines -------------------------------------------------------------------------------- */

/* An empty field is "%". */
static void add_field(struct sp_buf *line, struct sp_str text)
{
    sp_buf_addc(line, '\t');
    if (!text.len)
        sp_buf_addc(line, '%');
    sp_escape_add(line, text);
}

static bool read_field(struct sp_arena *arena, struct sp_str field, struct sp_str *out)
{
    *out = SP_STR("");
    return sp_str_is(field, "%") || sp_escape_read(field, arena, out);
}

static void begin(struct sp_buf *line, const char *verb)
{
    sp_buf_clear(line);
    sp_buf_adds(line, verb);
}

static void end(struct sp_ledger *ledger, const struct sp_buf *line)
{
    sp_buf_adds(&ledger->said, sp_checksum(sp_buf_str(line)).text);
    sp_buf_addc(&ledger->said, '\t');
    sp_buf_add(&ledger->said, sp_buf_str(line));
    sp_buf_addc(&ledger->said, '\n');
}

static void add_number(struct sp_buf *line, size_t number)
{
    sp_buf_addf(line, "\t%zu", number);
}

static void add_version(struct sp_buf *line, bool absent, const struct sp_version *version)
{
    sp_auto_buf struct sp_buf text = SP_BUF(SP_BUF_SMALL);

    if (absent)
        sp_buf_adds(&text, "-");
    else
        sp_version_write(version, &text);
    add_field(line, sp_buf_str(&text));
}

static void add_digest(struct sp_buf *line, bool there, const struct sp_digest *digest)
{
    sp_buf_addf(line, "\t%s", there ? sp_digest_hex(digest).text : "-");
}

/* --- what statements do ------------------------------------------------------------------- */

static struct sp_hold *hold_of(struct sp_ledger *ledger, struct sp_str path)
{
    struct sp_hold *hold = sp_map_find(&ledger->holds, path);

    if (hold)
        return hold;
    hold = SP_ARENA_NEW(ledger->arena, struct sp_hold, 1);
    hold->path = sp_arena_str(ledger->arena, path);
    hold->state = SP_HOLD_CHANGING;
    sp_map_set(&ledger->holds, hold->path, hold);
    return hold;
}

static struct sp_version copy_version(struct sp_arena *arena, const struct sp_version *version)
{
    struct sp_version out = *version;

    if (!version->len)
        return out;
    out.columns = SP_ARENA_NEW(arena, struct sp_version_column, version->len);
    for (size_t i = 0; i < version->len; i++) {
        out.columns[i] = version->columns[i];
        out.columns[i].name = sp_arena_str(arena, version->columns[i].name);
    }
    return out;
}

static struct sp_hold *do_source(struct sp_ledger *ledger,
                                 struct sp_str path,
                                 const struct sp_version *version)
{
    struct sp_hold *hold = hold_of(ledger, path);

    hold->chain.len = 0;
    struct sp_passage *first = SP_VEC_ADD(&hold->chain);
    first->absent = !version;
    if (version)
        first->version = copy_version(ledger->arena, version);
    hold->index = 0;
    hold->state = SP_HOLD_CHANGING;
    hold->absent = first->absent;
    hold->version = first->version;
    hold->stat = SP_STR("");
    return hold;
}

static void do_kept(struct sp_hold *hold, size_t index, const struct sp_digest *tree)
{
    hold->chain.items[index].kept = true;
    hold->chain.items[index].tree = *tree;
}

static void do_made(struct sp_ledger *ledger,
                    struct sp_hold *hold,
                    size_t after,
                    const struct sp_passage *passage)
{
    struct sp_arena *arena = ledger->arena;

    hold->chain.len = SP_MIN(hold->chain.len, after + 1);
    struct sp_passage *last = SP_VEC_ADD(&hold->chain);
    *last = *passage;
    last->version = copy_version(arena, &passage->version);
    last->recipe = sp_arena_str(arena, passage->recipe);
    last->task = sp_arena_str(arena, passage->task);
    last->run = sp_arena_str(arena, passage->run);
    hold->index = SP_MIN(hold->index, hold->chain.len - 1);
}

static void do_hold(struct sp_ledger *ledger,
                    struct sp_hold *hold,
                    size_t index,
                    struct sp_str stat)
{
    hold->index = index;
    hold->absent = hold->chain.items[index].absent;
    hold->version = hold->chain.items[index].version;
    hold->state = SP_HOLD_TRUSTED;
    hold->stat = sp_arena_str(ledger->arena, stat);
    hold->run = hold->task = SP_STR("");
}

static void do_touch(struct sp_ledger *ledger,
                     struct sp_hold *hold,
                     enum sp_hold_state state,
                     struct sp_str run,
                     struct sp_str task)
{
    hold->state = state;
    hold->run = sp_arena_str(ledger->arena, run);
    hold->task = sp_arena_str(ledger->arena, task);
}

static struct sp_str task_name(struct sp_ledger *ledger, struct sp_str recipe, struct sp_str task)
{
    return sp_arena_join(ledger->arena, recipe, "\t", task);
}

static struct task_key *task_of(struct sp_ledger *ledger, struct sp_str name)
{
    struct task_key *entry = sp_map_find(&ledger->tasks, name);

    if (!entry) {
        entry = SP_ARENA_NEW(ledger->arena, struct task_key, 1);
        sp_map_set(&ledger->tasks, name, entry);
    }
    return entry;
}

static void do_task(struct sp_ledger *ledger,
                    struct sp_str name,
                    const struct sp_digest *key,
                    struct sp_str run)
{
    struct task_key *entry = task_of(ledger, name);

    entry->key = *key;
    entry->run = sp_arena_str(ledger->arena, run);
}

/* --- reading ------------------------------------------------------------------------------ */

static bool read_version(struct sp_ledger *ledger,
                         struct sp_str field,
                         bool *absent,
                         struct sp_version *out)
{
    *absent = sp_str_is(field, "-");
    *out = (struct sp_version){ 0 };
    return *absent || sp_version_read(field, ledger->arena, out);
}

static bool read_digest(struct sp_str field, bool *there, struct sp_digest *out)
{
    *there = !sp_str_is(field, "-");
    *out = (struct sp_digest){ 0 };
    return !*there || sp_digest_parse(field, out);
}

static bool read_index(struct sp_str field, size_t most, size_t *out)
{
    int64_t number;

    if (!sp_str_int(field, &number) || number < 0 || (uint64_t)number > most)
        return false;
    *out = (size_t)number;
    return true;
}

static bool read_source(struct sp_ledger *ledger, const struct sp_str *fields)
{
    struct sp_version version;
    struct sp_digest tree;
    bool absent, kept;

    if (!read_version(ledger, fields[1], &absent, &version) ||
        !read_digest(fields[2], &kept, &tree))
        return false;
    struct sp_hold *hold = do_source(ledger, fields[0], absent ? NULL : &version);
    if (kept)
        do_kept(hold, 0, &tree);
    return true;
}

static bool read_kept(struct sp_ledger *ledger, const struct sp_str *fields)
{
    struct sp_hold *hold = sp_ledger_find(ledger, fields[0]);
    struct sp_digest tree;
    size_t index;

    if (!hold || !read_index(fields[1], hold->chain.len - 1, &index) ||
        !sp_digest_parse(fields[2], &tree))
        return false;
    do_kept(hold, index, &tree);
    return true;
}

static bool read_made(struct sp_ledger *ledger, const struct sp_str *fields)
{
    struct sp_hold *hold = sp_ledger_find(ledger, fields[0]);
    struct sp_passage passage = { .recipe = fields[5], .task = fields[6], .run = fields[7] };
    bool has_key;
    size_t after;

    if (!hold || !read_index(fields[1], hold->chain.len - 1, &after) ||
        !read_version(ledger, fields[2], &passage.absent, &passage.version) ||
        !read_digest(fields[3], &passage.kept, &passage.tree) ||
        !read_digest(fields[4], &has_key, &passage.key))
        return false;
    do_made(ledger, hold, after, &passage);
    return true;
}

static bool read_hold(struct sp_ledger *ledger, const struct sp_str *fields)
{
    struct sp_hold *hold = sp_ledger_find(ledger, fields[0]);
    size_t index;

    if (!hold || !read_index(fields[1], hold->chain.len - 1, &index))
        return false;
    do_hold(ledger, hold, index, fields[2]);
    return true;
}

static bool read_touch(struct sp_ledger *ledger, const struct sp_str *fields)
{
    struct sp_hold *hold = sp_ledger_find(ledger, fields[0]);
    bool restoring = sp_str_is(fields[1], "restoring");

    if (!hold || (!restoring && !sp_str_is(fields[1], "changing")))
        return false;
    do_touch(ledger, hold, restoring ? SP_HOLD_RESTORING : SP_HOLD_CHANGING, fields[2], fields[3]);
    return true;
}

static bool read_task(struct sp_ledger *ledger, const struct sp_str *fields)
{
    struct sp_str name = task_name(ledger, fields[0], fields[1]);
    struct sp_digest key;

    if (sp_str_is(fields[2], "-"))
        return sp_str_int(fields[3], &task_of(ledger, name)->begun);
    if (!sp_digest_parse(fields[2], &key))
        return false;
    do_task(ledger, name, &key, fields[3]);
    return true;
}

static bool read_drop(struct sp_ledger *ledger, const struct sp_str *fields)
{
    struct sp_hold *hold = sp_ledger_find(ledger, fields[0]);

    if (hold) {
        SP_VEC_FINI(&hold->chain);
        sp_map_remove(&ledger->holds, hold->path);
    }
    return true;
}

static const struct {
    const char *verb;
    size_t fields;
    bool (*read)(struct sp_ledger *ledger, const struct sp_str *fields);
} verbs[] = {
    { "source", 3, read_source }, { "kept", 3, read_kept },   { "made", 8, read_made },
    { "hold", 3, read_hold },     { "touch", 4, read_touch }, { "task", 4, read_task },
    { "drop", 1, read_drop },
};

static bool read_statement(struct sp_ledger *ledger, struct sp_str line)
{
    struct sp_str fields[FIELDS_MAX];
    struct sp_str guard = sp_str_cut(&line, '\t');
    size_t len = 0;

    if (!line.ptr || !sp_str_is(guard, sp_checksum(line).text))
        return false;
    struct sp_str verb = sp_str_cut(&line, '\t');
    while (line.ptr && len < FIELDS_MAX)
        if (!read_field(ledger->arena, sp_str_cut(&line, '\t'), &fields[len++]))
            return false;
    for (size_t i = 0; i < SP_COUNT(verbs); i++)
        if (sp_str_is(verb, verbs[i].verb))
            return len == verbs[i].fields && verbs[i].read(ledger, fields);
    return false;
}

static enum sp_rc read_all(struct sp_ledger *ledger, size_t *damaged, struct sp_err *err)
{
    sp_auto_buf struct sp_buf text = SP_BUF(SP_BUF_LARGE);
    enum sp_rc rc = sp_file_read(ledger->path.ptr, &text, err);

    if (rc == SP_NOT_FOUND) {
        err->code = SP_OK;
        return SP_OK;
    }
    if (rc)
        return sp_err_wrap(err, "ledger of the workspace");
    struct sp_str rest = sp_buf_str(&text);
    for (size_t end = sp_str_find(rest, '\n'); end != SIZE_MAX; end = sp_str_find(rest, '\n')) {
        *damaged += !read_statement(ledger, sp_str_slice(rest, 0, end));
        rest = sp_str_slice(rest, end + 1, rest.len);
        ledger->lines++;
    }
    ledger->size = text.len - rest.len; /* what is behind is torn */
    return SP_OK;
}

/* --- writing ------------------------------------------------------------------------------ */

static void say_source(struct sp_ledger *ledger, const struct sp_hold *hold)
{
    sp_auto_buf struct sp_buf line = SP_BUF(SP_BUF_LARGE);
    const struct sp_passage *first = &hold->chain.items[0];

    begin(&line, "source");
    add_field(&line, hold->path);
    add_version(&line, first->absent, &first->version);
    add_digest(&line, first->kept, &first->tree);
    end(ledger, &line);
}

static void say_made(struct sp_ledger *ledger, const struct sp_hold *hold, size_t index)
{
    sp_auto_buf struct sp_buf line = SP_BUF(SP_BUF_LARGE);
    const struct sp_passage *passage = &hold->chain.items[index];

    begin(&line, "made");
    add_field(&line, hold->path);
    add_number(&line, index - 1);
    add_version(&line, passage->absent, &passage->version);
    add_digest(&line, passage->kept, &passage->tree);
    add_digest(&line, !sp_digest_is_zero(&passage->key), &passage->key);
    add_field(&line, passage->recipe);
    add_field(&line, passage->task);
    add_field(&line, passage->run);
    end(ledger, &line);
}

static void say_hold(struct sp_ledger *ledger, const struct sp_hold *hold)
{
    sp_auto_buf struct sp_buf line = SP_BUF(SP_BUF_LARGE);

    begin(&line, "hold");
    add_field(&line, hold->path);
    add_number(&line, hold->index);
    add_field(&line, hold->stat);
    end(ledger, &line);
}

static void say_touch(struct sp_ledger *ledger, const struct sp_hold *hold)
{
    sp_auto_buf struct sp_buf line = SP_BUF(SP_BUF_LARGE);

    begin(&line, "touch");
    add_field(&line, hold->path);
    sp_buf_adds(&line, hold->state == SP_HOLD_RESTORING ? "\trestoring" : "\tchanging");
    add_field(&line, hold->run);
    add_field(&line, hold->task);
    end(ledger, &line);
}

/* `key` NULL: when it has begun. */
static void say_task(struct sp_ledger *ledger,
                     struct sp_str name,
                     const struct sp_digest *key,
                     struct sp_str text)
{
    sp_auto_buf struct sp_buf line = SP_BUF(SP_BUF_LARGE);
    struct sp_str recipe = sp_str_cut(&name, '\t');

    begin(&line, "task");
    add_field(&line, recipe);
    add_field(&line, name);
    add_digest(&line, key, key);
    add_field(&line, text);
    end(ledger, &line);
}

static void say_begun(struct sp_ledger *ledger, struct sp_str name, int64_t begun)
{
    say_task(ledger, name, NULL, sp_arena_printf(ledger->arena, "%" PRId64, begun));
}

/* All that is known, as few lines as possible. */
static void say_everything(struct sp_ledger *ledger)
{
    SP_MAP_EACH (entry, &ledger->holds) {
        const struct sp_hold *hold = entry->value;
        say_source(ledger, hold);
        for (size_t i = 1; i < hold->chain.len; i++)
            say_made(ledger, hold, i);
        say_hold(ledger,
                 hold); /* also where on its chain it was when somebody began to change it */
        if (hold->state != SP_HOLD_TRUSTED)
            say_touch(ledger, hold);
    }
    SP_MAP_EACH (entry, &ledger->tasks) {
        const struct task_key *task = entry->value;
        if (!sp_digest_is_zero(&task->key))
            say_task(ledger, entry->key, &task->key, task->run);
        if (task->begun)
            say_begun(ledger, entry->key, task->begun);
    }
}

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
    say_everything(ledger);
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
    enum sp_rc rc = read_all(ledger, &lost, err);
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

/* --- questions ---------------------------------------------------------------------------- */

struct sp_hold *sp_ledger_find(const struct sp_ledger *ledger, struct sp_str path)
{
    return sp_map_find(&ledger->holds, path);
}

const struct sp_map *sp_ledger_holds(const struct sp_ledger *ledger)
{
    return &ledger->holds;
}

static const struct task_key *find_task(const struct sp_ledger *ledger,
                                        struct sp_str recipe,
                                        struct sp_str task)
{
    sp_auto_buf struct sp_buf name = SP_BUF(SP_BUF_SMALL);

    sp_buf_addf(&name, SP_STR_FMT "\t" SP_STR_FMT, SP_STR_ARG(recipe), SP_STR_ARG(task));
    return sp_map_find(&ledger->tasks, sp_buf_str(&name));
}

bool sp_ledger_key_of(const struct sp_ledger *ledger,
                      struct sp_str recipe,
                      struct sp_str task,
                      struct sp_digest *key)
{
    const struct task_key *entry = find_task(ledger, recipe, task);

    if (!entry || sp_digest_is_zero(&entry->key))
        return false;
    *key = entry->key;
    return true;
}

int64_t sp_ledger_begun_at(const struct sp_ledger *ledger, struct sp_str recipe, struct sp_str task)
{
    const struct task_key *entry = find_task(ledger, recipe, task);

    return entry ? entry->begun : 0;
}

void sp_ledger_each_task(const struct sp_ledger *ledger, sp_ledger_task_fn each, void *arg)
{
    SP_MAP_EACH (entry, &ledger->tasks) {
        const struct task_key *task = entry->value;
        if (!sp_digest_is_zero(&task->key))
            each(arg, &task->key);
    }
}

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
    struct sp_hold *hold = do_source(ledger, path, version);

    say_source(ledger, hold);
    return hold;
}

void sp_ledger_kept(struct sp_ledger *ledger,
                    struct sp_hold *hold,
                    size_t index,
                    const struct sp_digest *tree)
{
    sp_auto_buf struct sp_buf line = SP_BUF(SP_BUF_LARGE);

    do_kept(hold, index, tree);
    begin(&line, "kept");
    add_field(&line, hold->path);
    add_number(&line, index);
    add_digest(&line, true, tree);
    end(ledger, &line);
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
    do_made(ledger, hold, after, passage);
    say_made(ledger, hold, after + 1);
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
    do_hold(ledger, hold, index, stat);
    say_hold(ledger, hold);
    return SP_OK;
}

void sp_ledger_touch(struct sp_ledger *ledger,
                     struct sp_hold *hold,
                     enum sp_hold_state state,
                     struct sp_str run,
                     struct sp_str task)
{
    do_touch(ledger, hold, state, run, task);
    say_touch(ledger, hold);
}

void sp_ledger_task(struct sp_ledger *ledger,
                    struct sp_str recipe,
                    struct sp_str task,
                    const struct sp_digest *key,
                    struct sp_str run)
{
    struct sp_str name = task_name(ledger, recipe, task);
    const struct task_key *before = sp_map_find(&ledger->tasks, name);

    if (before && sp_digest_eq(&before->key, key))
        return;
    do_task(ledger, name, key, run);
    say_task(ledger, name, key, run);
}

void sp_ledger_begun(struct sp_ledger *ledger,
                     struct sp_str recipe,
                     struct sp_str task,
                     int64_t clock)
{
    struct sp_str name = task_name(ledger, recipe, task);

    if (sp_ledger_begun_at(ledger, recipe, task) == clock)
        return;
    task_of(ledger, name)->begun = clock;
    say_begun(ledger, name, clock);
}

void sp_ledger_drop(struct sp_ledger *ledger, struct sp_str path)
{
    sp_auto_buf struct sp_buf line = SP_BUF(SP_BUF_LARGE);

    begin(&line, "drop");
    add_field(&line, path);
    end(ledger, &line);
    (void)read_drop(ledger, &path);
}
