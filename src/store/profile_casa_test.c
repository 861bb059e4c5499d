/* SPDX-License-Identifier: BSD-3-Clause */
/* Files put together as casacore writes them; that casacore does so is for
 * tests/science/profiles.py. */
#include "base/buf.h"
#include "base/tap.h"

#include "store/profile.h"
#include "store/tree.h"
#include "sys/file.h"

#include <stdlib.h>
#include <sys/stat.h>
#include <unistd.h>

/* A case is the plain table or record but for a field or two. */
#pragma GCC diagnostic ignored "-Woverride-init"

struct table {
    unsigned version; /* 2, or 3 with long row counts */
    uint64_t rows[2];
    uint32_t columns;
    const char *kind;
    const char *note; /* somewhere in the description */
    int column_set;   /* -2, or -3 */
    const char *tail;
};

#define TABLE                                                                        \
    .version = 2, .rows = { 3, 3 }, .columns = 2, .kind = "PlainTable", .note = "n", \
    .column_set = -2, .tail = "managers"

static void add_number(struct sp_buf *out, uint64_t number, size_t size)
{
    while (size-- > 0)
        sp_buf_addc(out, (char)(number >> (8 * size)));
}

static void add_string(struct sp_buf *out, const char *text)
{
    add_number(out, strlen(text), 4);
    sp_buf_adds(out, text);
}

static void add_object(struct sp_buf *out, const char *name, unsigned version, struct sp_buf *body)
{
    add_number(out, 4 + 4 + strlen(name) + 4 + body->len, 4);
    add_string(out, name);
    add_number(out, version, 4);
    sp_buf_add(out, sp_buf_str(body));
    sp_buf_clear(body);
}

static void write_dat_with(const struct table *table, struct sp_str tail, struct sp_buf *out)
{
    sp_auto_buf struct sp_buf body = SP_BUF(SP_BUF_SMALL);
    sp_auto_buf struct sp_buf desc = SP_BUF(SP_BUF_SMALL);
    sp_auto_buf struct sp_buf record = SP_BUF(SP_BUF_SMALL);

    for (int i = 0; i < 3; i++)
        add_string(&desc, table->note);
    sp_buf_adds(&record, "keywords");
    add_object(&desc, "TableRecord", 1, &record);
    add_object(&desc, "TableRecord", 1, &record);
    add_number(&desc, table->columns, 4);
    sp_buf_adds(&desc, "columns");

    add_number(&body, table->rows[0], table->version == 3 ? 8 : 4);
    add_number(&body, 1, 4);
    add_string(&body, table->kind);
    add_object(&body, "TableDesc", 2, &desc);
    add_number(&body, (uint32_t)table->column_set, 4);
    add_number(&body, table->rows[1], table->column_set == -3 ? 8 : 4);
    sp_buf_add(&body, tail);
    sp_buf_adds(out, "\xbe\xbe\xbe\xbe");
    add_object(out, "Table", table->version, &body);
}

static void write_dat(const struct table *table, struct sp_buf *out)
{
    write_dat_with(table, sp_str_of(table->tail), out);
}

struct lock {
    bool empty;    /* the list only */
    bool none;     /* not even that */
    unsigned rest; /* bytes behind */
    unsigned version;
    uint64_t rows;
    uint32_t columns, changes;
    const char *name;
    char list; /* fills the list of processes */
};

#define LOCK .version = 1, .rows = 3, .columns = 2, .changes = 7, .name = "sync"

static void write_lock(const struct lock *lock, struct sp_buf *out)
{
    sp_auto_buf struct sp_buf body = SP_BUF(SP_BUF_SMALL);
    sp_auto_buf struct sp_buf sync = SP_BUF(SP_BUF_SMALL);

    if (lock->none)
        return;
    sp_buf_add_repeat(out, lock->list, 260);
    if (lock->empty)
        return;
    add_number(&body, lock->rows, lock->version == 2 ? 8 : 4);
    add_number(&body, lock->columns, 4);
    add_number(&body, lock->changes, 4);
    sp_buf_adds(&sync, "\xbe\xbe\xbe\xbe");
    add_object(&sync, lock->name, lock->version, &body);
    add_number(out, sync.len, 4);
    sp_buf_add(out, sp_buf_str(&sync));
    sp_buf_add_repeat(out, 'r', lock->rest);
}

/* Zero: not understood. */
static struct sp_digest meaning_of(const struct table *table, const struct lock *lock)
{
    sp_auto_buf struct sp_buf dat = SP_BUF(SP_BUF_SMALL);
    sp_auto_buf struct sp_buf text = SP_BUF(SP_BUF_SMALL);
    struct sp_digest meaning;

    write_dat(table, &dat);
    write_lock(lock, &text);
    if (sp_casa_meaning(sp_buf_str(&dat), sp_buf_str(&text), &meaning))
        return meaning;
    return (struct sp_digest){ { 0 } };
}

enum outcome {
    SAME,
    OTHER,
    NOT_UNDERSTOOD
};

/* Against a table of 3 rows that says so everywhere. */
static const struct {
    const char *label;
    struct table table;
    struct lock lock;
    enum outcome outcome;
} cases[] = {
    { "the table itself", { TABLE }, { LOCK }, SAME },
    { "stale counts", { TABLE, .rows = { 0, 9 } }, { LOCK }, SAME },
    { "another stale count", { TABLE, .rows = { 3, 9 } }, { LOCK }, SAME },
    { "processes that waited", { TABLE }, { LOCK, .list = 1 }, SAME },
    { "changes", { TABLE }, { LOCK, .changes = 8 }, SAME },
    { "the end of a longer record", { TABLE }, { LOCK, .rest = 9 }, SAME },
    { "a count of 8 bytes", { TABLE }, { LOCK, .version = 2 }, SAME },
    { "columns that are not said", { TABLE }, { LOCK, .columns = UINT32_MAX }, SAME },
    { "no record", { TABLE }, { .empty = true }, SAME },
    { "no table.lock", { TABLE }, { .none = true }, SAME },
    { "rows in table.lock", { TABLE }, { LOCK, .rows = 4 }, OTHER },
    { "rows in table.lock, 8 bytes",
      { TABLE },
      { LOCK, .version = 2, .rows = ((uint64_t)1 << 32) + 3 },
      OTHER },
    { "rows in table.dat without a record", { TABLE, .rows = { 4, 3 } }, { .empty = true }, OTHER },
    { "rows in table.dat without table.lock",
      { TABLE, .rows = { 4, 4 } },
      { .none = true },
      OTHER },
    { "description", { TABLE, .note = "m" }, { LOCK }, OTHER },
    { "storage managers", { TABLE, .tail = "manager " }, { LOCK }, OTHER },
    { "columns", { TABLE, .columns = 3 }, { LOCK, .columns = 3 }, OTHER },
    { "other columns in table.lock", { TABLE }, { LOCK, .columns = 3 }, NOT_UNDERSTOOD },
    { "another record", { TABLE }, { LOCK, .name = "sinc" }, NOT_UNDERSTOOD },
    { "a newer record", { TABLE }, { LOCK, .version = 3 }, NOT_UNDERSTOOD },
    { "a reference table", { TABLE, .kind = "RefTable" }, { LOCK }, NOT_UNDERSTOOD },
    { "an old table", { TABLE, .version = 1 }, { LOCK }, NOT_UNDERSTOOD },
    { "a newer table", { TABLE, .version = 4 }, { LOCK }, NOT_UNDERSTOOD },
    { "old storage managers", { TABLE, .column_set = 3 }, { LOCK }, NOT_UNDERSTOOD },
    { "newer storage managers", { TABLE, .column_set = -4 }, { LOCK }, NOT_UNDERSTOOD },
};

static void test_cases(void)
{
    struct sp_digest plain = meaning_of(&(struct table){ TABLE }, &(struct lock){ LOCK });

    for (size_t i = 0; i < SP_COUNT(cases); i++) {
        struct sp_digest got = meaning_of(&cases[i].table, &cases[i].lock);
        enum outcome outcome = sp_digest_is_zero(&got)      ? NOT_UNDERSTOOD
                               : sp_digest_eq(&plain, &got) ? SAME
                                                            : OTHER;
        tap_ok(outcome == cases[i].outcome, "%s: %s", cases[i].label,
               cases[i].outcome == SAME    ? "the same"
               : cases[i].outcome == OTHER ? "other data"
                                           : "not understood");
    }

    struct table wide = { TABLE, .version = 3, .column_set = -3 };
    struct sp_digest one = meaning_of(&wide, &(struct lock){ LOCK });
    wide.rows[0] = wide.rows[1] = UINT64_MAX;
    struct sp_digest two = meaning_of(&wide, &(struct lock){ LOCK });
    tap_ok(!sp_digest_is_zero(&one) && sp_digest_eq(&one, &two), "counts of 8 bytes in table.dat");
}

/* Cut anywhere, with a byte more anywhere, each byte flipped: nothing but the two counts is left
 * out. */
static void test_damage(void)
{
    sp_auto_buf struct sp_buf dat = SP_BUF(SP_BUF_SMALL);
    sp_auto_buf struct sp_buf lock = SP_BUF(SP_BUF_SMALL);
    struct sp_digest want, got;
    size_t same = 0, understood = 0;

    write_dat(&(struct table){ TABLE }, &dat);
    write_lock(&(struct lock){ LOCK }, &lock);
    struct sp_str dat_text = sp_buf_str(&dat), lock_text = sp_buf_str(&lock);
    if (!tap_ok(sp_casa_meaning(dat_text, lock_text, &want), "a good table"))
        return;
    for (size_t i = 0; i < dat.len; i++) {
        dat.ptr[i] ^= 1;
        same += sp_casa_meaning(dat_text, lock_text, &got) && sp_digest_eq(&want, &got);
        dat.ptr[i] ^= 1;
        understood += sp_casa_meaning((struct sp_str){ dat.ptr, i }, lock_text, &got);
    }
    tap_ok(same == 8, "of %zu bytes of table.dat %zu do not count", dat.len, same);
    tap_ok(understood == 0, "a table.dat that is cut is not understood");
    sp_buf_addc(&dat, '\0');
    tap_ok(!sp_casa_meaning(sp_buf_str(&dat), lock_text, &got), "nor one with a byte more");
    sp_buf_truncate(&dat, dat.len - 1);

    understood = 0;
    for (size_t i = 1; i < lock.len; i++)
        understood +=
            i != 260 && sp_casa_meaning(sp_buf_str(&dat), (struct sp_str){ lock.ptr, i }, &got);
    tap_ok(understood == 0, "a table.lock that is cut is not understood");
    tap_ok(!sp_casa_meaning((struct sp_str){ "", 0 }, lock_text, &got), "nothing at all");
}

static void test_info(void)
{
    static const struct {
        const char *label;
        const char *one, *two;
        bool same;
    } infos[] = {
        { "text below", "Type = A\nSubType = B\n\nx\n", "Type = A\nSubType = B\n", true },
        { "type", "Type = A\nSubType = B\n", "Type = C\nSubType = B\n", false },
        { "subtype", "Type = A\nSubType = B\n", "Type = A\nSubType = \n", false },
        { "where the type ends", "Type = A\nSubType = B\n", "Type = \nSubType = AB\n", false },
    };
    struct sp_digest a, b;

    for (size_t i = 0; i < SP_COUNT(infos); i++)
        tap_ok(sp_casa_info_meaning(sp_str_of(infos[i].one), &a) &&
                   sp_casa_info_meaning(sp_str_of(infos[i].two), &b) &&
                   sp_digest_eq(&a, &b) == infos[i].same,
               "table.info: %s", infos[i].label);
    tap_ok(!sp_casa_info_meaning(SP_STR(""), &a) && !sp_casa_info_meaning(SP_STR("Type = A"), &a) &&
               !sp_casa_info_meaning(SP_STR("SubType = A\nType = B\n"), &a),
           "other files are not understood");
}

/* Names as casacore makes them relative, and what they come to. */
static void test_parents(void)
{
    static const struct {
        const char *name, *want;
    } names[] = {
        { "./a.ms", "dir/a.ms" },       { "././A", "dir/ref.ms/A" },
        { "/data/a.ms", "/data/a.ms" }, { "a.ms", "a.ms" },
        { "ref.ms/.", "dir" },          { "other/.", "other/." },
        { "dir/ref.ms/.", "." },        { "./", "dir/" },
    };
    struct sp_err err = SP_ERR_INIT;

    for (size_t i = 0; i < SP_COUNT(names); i++) {
        sp_auto_arena struct sp_arena *arena = sp_arena_new();
        sp_auto_buf struct sp_buf dat = SP_BUF(SP_BUF_SMALL);
        sp_auto_buf struct sp_buf body = SP_BUF(SP_BUF_SMALL);
        sp_auto_buf struct sp_buf ref = SP_BUF(SP_BUF_SMALL);
        struct sp_casa_parents parents;

        add_string(&ref, names[i].name);
        add_number(&body, 1, 4);
        add_number(&body, 0, 4);
        add_string(&body, "RefTable");
        add_object(&body, "RefTable", 2, &ref);
        sp_buf_adds(&dat, "\xbe\xbe\xbe\xbe");
        add_object(&dat, "Table", 2, &body);
        if (sp_make_dirs("dir/ref.ms", &err) ||
            sp_file_write("dir/ref.ms/table.dat", sp_buf_str(&dat), &err) ||
            sp_casa_parents("dir/ref.ms/", arena, &parents, &err)) {
            tap_ok(false, "%s", err.text);
            return;
        }
        bool good = parents.len == 1 && sp_str_is(parents.items[0], names[i].want);
        if (!tap_ok(good, "parent '%s'", names[i].name) && parents.len > 0)
            printf("# got " SP_STR_FMT "\n", SP_STR_ARG(parents.items[0]));
    }
}

/* --- in trees ------------------------------------------------------------------------------- */

#define BOTH (SP_TREE_EXACT | SP_TREE_MEANING)

static void write_text(const char *path, const struct sp_buf *text)
{
    struct sp_err err = SP_ERR_INIT;

    if (sp_file_write(path, sp_buf_str(text), &err))
        printf("# %s\n", err.text);
}

static void put_dat(const struct table *table)
{
    sp_auto_buf struct sp_buf text = SP_BUF(SP_BUF_SMALL);

    write_dat(table, &text);
    write_text("t/table.dat", &text);
}

static void put_lock(const struct lock *lock)
{
    sp_auto_buf struct sp_buf text = SP_BUF(SP_BUF_SMALL);

    write_lock(lock, &text);
    write_text("t/table.lock", &text);
}

static void lock_changes(void)
{
    put_lock(&(struct lock){ LOCK, .rows = 4 });
}

static void lock_goes(void)
{
    (void)unlink("t/table.lock");
}

static void lock_becomes_garbage(void)
{
    put_lock(&(struct lock){ LOCK, .name = "junk" });
}

static void lock_becomes_a_link(void)
{
    lock_goes();
    (void)symlink("table.info", "t/table.lock");
}

static void dat_changes(void)
{
    put_dat(&(struct table){ TABLE, .rows = { 9, 9 } });
}

static void dat_becomes_garbage(void)
{
    put_dat(&(struct table){ TABLE, .version = 9 });
}

static void dat_goes(void)
{
    (void)unlink("t/table.dat");
}

static void nothing_changes(void) {}

static bool name_of(const char *path,
                    const struct sp_tree *before,
                    struct sp_arena *arena,
                    struct sp_tree *tree,
                    struct sp_digest *out)
{
    struct sp_err err = SP_ERR_INIT;

    if (sp_tree_scan(path, arena, tree, &err))
        return tap_ok(false, "%s", err.text);
    if (before)
        (void)sp_tree_carry(tree, before, NULL);
    if (sp_tree_digest(tree, path, BOTH, &err))
        return tap_ok(false, "%s", err.text);
    *out = sp_tree_content(tree);
    return true;
}

/* The content follows from the files alone, not from what was known of them before. */
static void test_carried(void)
{
    static const struct {
        const char *label;
        void (*change)(void);
        bool other;
    } changes[] = {
        { "nothing changes", nothing_changes, false },
        { "table.lock changes", lock_changes, true },
        { "table.lock goes", lock_goes, false },
        { "table.lock becomes garbage", lock_becomes_garbage, true },
        { "table.lock becomes a link", lock_becomes_a_link, true },
        { "table.dat gets another stale count", dat_changes, false },
        { "table.dat becomes garbage", dat_becomes_garbage, true },
        { "table.dat goes", dat_goes, true },
    };
    struct sp_err err = SP_ERR_INIT;

    for (size_t i = 0; i < SP_COUNT(changes); i++) {
        sp_auto_arena struct sp_arena *arena = sp_arena_new();
        sp_auto_buf struct sp_buf info = SP_BUF(SP_BUF_SMALL);
        struct sp_tree old, now, fresh;
        struct sp_digest before, carried, want;

        sp_buf_adds(&info, "Type = \nSubType = \n");
        if (sp_make_dirs("t", &err))
            printf("# %s\n", err.text);
        put_dat(&(struct table){ TABLE });
        lock_goes();
        put_lock(&(struct lock){ LOCK });
        write_text("t/table.info", &info);
        if (!name_of("t", NULL, arena, &old, &before))
            return;
        changes[i].change();
        if (!name_of("t", &old, arena, &now, &carried) || !name_of("t", NULL, arena, &fresh, &want))
            return;
        tap_ok(sp_digest_eq(&carried, &want), "%s: the content of the files", changes[i].label);
        tap_ok(sp_digest_eq(&before, &want) != changes[i].other, "which is %s",
               changes[i].other ? "another" : "as before");
    }
}

/* --- columns ------------------------------------------------------------------------------ */

enum shape {
    SCALAR,
    ANY_SHAPE,
    FIXED_SHAPE
};

static const struct {
    const char *name;
    uint32_t manager;
    enum shape shape;
} columns[] = {
    { "UVW", 4, FIXED_SHAPE }, { "FLAG_CATEGORY", 0, ANY_SHAPE }, { "ANTENNA1", 1, SCALAR },
    { "", 2, SCALAR },         { "DATA", 70000, FIXED_SHAPE },    { "TIME", 2, SCALAR },
};

static void write_columns(struct sp_buf *out)
{
    sp_auto_buf struct sp_buf shape = SP_BUF(SP_BUF_SMALL);

    add_number(out, 5, 4);
    add_number(out, 2, 4);
    for (uint32_t i = 0; i < 2; i++) {
        add_string(out, "StandardStMan");
        add_number(out, i, 4);
    }
    for (size_t i = 0; i < SP_COUNT(columns); i++) {
        add_number(out, 2, 4);
        add_string(out, columns[i].name);
        add_number(out, 1, 4);
        add_number(out, columns[i].manager, 4);
        if (columns[i].shape == SCALAR)
            continue;
        add_number(out, columns[i].shape == FIXED_SHAPE, 1);
        add_number(&shape, 1, 4);
        add_number(&shape, 3, 4);
        if (columns[i].shape == FIXED_SHAPE)
            add_object(out, "IPosition", 1, &shape);
        sp_buf_clear(&shape);
    }
}

static void test_columns(void)
{
    const struct table table = { TABLE, .columns = SP_COUNT(columns) };
    sp_auto_arena struct sp_arena *arena = sp_arena_new();
    sp_auto_buf struct sp_buf tail = SP_BUF(SP_BUF_SMALL);
    sp_auto_buf struct sp_buf dat = SP_BUF(SP_BUF_SMALL);
    struct sp_casa_columns got = { 0 };
    size_t understood = 0;

    write_columns(&tail);
    write_dat_with(&table, sp_buf_str(&tail), &dat);
    bool good = sp_casa_columns(sp_buf_str(&dat), arena, &got) && got.len == SP_COUNT(columns);
    for (size_t i = 0; i < SP_COUNT(columns) && good; i++)
        tap_ok(sp_str_is(got.items[i].name, columns[i].name) &&
                   got.items[i].manager == columns[i].manager,
               "column '%s'", columns[i].name);
    tap_ok(good, "all columns");
    for (size_t len = 0; len < tail.len; len++) {
        sp_buf_clear(&dat);
        write_dat_with(&table, sp_str_slice(sp_buf_str(&tail), 0, len), &dat);
        understood += sp_casa_columns(sp_buf_str(&dat), arena, &got);
    }
    tap_ok(understood == 0, "none of what is cut off is understood: %zu", understood);
    sp_buf_clear(&dat);
    write_dat(&(struct table){ TABLE }, &dat);
    tap_ok(!sp_casa_columns(sp_buf_str(&dat), arena, &got), "nor is something else");
}

int main(void)
{
    char dir[] = "/tmp/spoor-casa-XXXXXX";
    struct sp_err err = SP_ERR_INIT;

    if (!mkdtemp(dir) || chdir(dir) < 0)
        return 1;
    test_cases();
    test_damage();
    test_info();
    test_parents();
    test_columns();
    test_carried();
    if (chdir("/") < 0 || sp_remove_tree(dir, &err))
        return 1;
    return tap_done();
}
