/* SPDX-License-Identifier: BSD-3-Clause */
/* profile_casa.c - as much of casacore's files as tells noise from data.
 *
 * table.dat is one AipsIO object: magic, then nested objects (length, name, version, contents), all
 * big endian; a length counts from its own first byte. Of a plain table:
 *
 *     be be be be  length  "Table" 2  ROWS  byte order  "PlainTable"
 *     length "TableDesc" ...                                     columns and keywords
 *     -2  ROWS  ...                                              the storage managers
 *
 * With "Table" 3 and -3 (newer writers) the two have 8 bytes instead of 4. table.lock begins with a
 * list of 260 bytes of those who wait; then the length of one object, "sync": rows, columns, and
 * counters of changes. (casacore: PlainTable, ColumnSet, LockFile, TableSyncData.)
 */
#include "base/map.h"
#include "base/vec.h"

#include "store/profile.h"
#include "sys/file.h"

#include <limits.h>

#define LOCK_LIST     260 /* bytes of table.lock about processes */
#define DAT_MAX       ((size_t)1 << 30)
#define STRING_MAX    PATH_MAX
#define CASA_DOMAIN   "spoor.casa.1"
#define INFO_DOMAIN   "spoor.casa.info.1"
#define COLUMNS_UNSET UINT32_MAX /* a "sync" record without columns says -1 */

/* --- AipsIO ---------------------------------------------------------------------------------- */

/* Reading position; `bad` is sticky, and then everything read is 0 or empty. */
struct aips {
    struct sp_str data;
    size_t at;
    bool bad;
};

static const unsigned char *take(struct aips *in, size_t len)
{
    if (in->bad || len > in->data.len - in->at) {
        in->bad = true;
        return NULL;
    }
    in->at += len;
    return (const unsigned char *)in->data.ptr + in->at - len;
}

static uint64_t take_number(struct aips *in, size_t size)
{
    const unsigned char *bytes = take(in, size);
    uint64_t number = 0;

    for (size_t i = 0; bytes && i < size; i++)
        number = number << 8 | bytes[i];
    return number;
}

static uint32_t take_u32(struct aips *in)
{
    return (uint32_t)take_number(in, 4);
}

static struct sp_str take_string(struct aips *in)
{
    uint32_t len = take_u32(in);
    const unsigned char *bytes = take(in, len);

    return bytes ? (struct sp_str){ (const char *)bytes, len } : (struct sp_str){ "", 0 };
}

/* Enter an object called `name`: *end is where it ends. Returns its version. */
static uint32_t enter(struct aips *in, struct sp_str name, size_t *end)
{
    size_t start = in->at;
    uint32_t len = take_u32(in);

    if (len > in->data.len - start)
        in->bad = true;
    if (!sp_str_eq(take_string(in), name))
        in->bad = true;
    *end = start + (in->bad ? 0 : len);
    uint32_t version = take_u32(in);
    if (in->at > *end)
        in->bad = true;
    return version;
}

/* Leave it, wherever we are inside. */
static void leave(struct aips *in, size_t end)
{
    if (in->at > end)
        in->bad = true;
    if (!in->bad)
        in->at = end;
}

static void skip_object(struct aips *in, struct sp_str name)
{
    size_t end;

    (void)enter(in, name, &end);
    leave(in, end);
}

static void take_magic(struct aips *in)
{
    if (take_u32(in) != 0xbebebebe)
        in->bad = true;
}

/* --- table.dat ------------------------------------------------------------------------------- */

struct field {
    size_t at, size;
};

/* The head that all kinds of tables share. */
static struct sp_str enter_table(struct aips *in, struct field *rows, size_t *end)
{
    take_magic(in);
    uint32_t version = enter(in, SP_STR("Table"), end);
    if (version != 2 && version != 3)
        in->bad = true;
    *rows = (struct field){ in->at, version == 3 ? 8 : 4 };
    (void)take(in, rows->size);
    (void)take_u32(in); /* byte order */
    return take_string(in);
}

/* Where a plain table has its numbers of rows, and how many columns. */
struct plain {
    struct field rows[2];
    uint32_t columns;
};

static bool read_plain(struct sp_str dat, struct plain *out)
{
    struct aips in = { .data = dat };
    size_t end, desc_end;

    struct sp_str kind = enter_table(&in, &out->rows[0], &end);
    if (in.bad || end != dat.len || !sp_str_eq(kind, SP_STR("PlainTable")))
        return false;

    if (enter(&in, SP_STR("TableDesc"), &desc_end) != 2)
        return false;
    for (int i = 0; i < 3; i++)
        (void)take_string(&in); /* name, version, comment */
    skip_object(&in, SP_STR("TableRecord"));
    skip_object(&in, SP_STR("TableRecord"));
    out->columns = take_u32(&in);
    leave(&in, desc_end);

    uint32_t version = take_u32(&in);
    if (version != (uint32_t)-2 && version != (uint32_t)-3)
        return false;
    out->rows[1] = (struct field){ in.at, version == (uint32_t)-3 ? 8 : 4 };
    (void)take(&in, out->rows[1].size);
    return !in.bad;
}

/* Columns are described one after the other: 2, name, 1, number of the storage manager; of arrays
 * whether they have a fixed shape, and if so, which. Nothing says which are arrays but what comes
 * next. */
static bool take_column(struct aips *in, struct sp_casa_column *out)
{
    if (take_u32(in) != 2)
        return false;
    out->name = take_string(in);
    if (take_u32(in) != 1)
        return false;
    out->manager = take_u32(in);
    return !in->bad;
}

static void skip_shape(struct aips *in)
{
    struct aips ahead = *in;

    if (in->bad || take_u32(&ahead) == 2 || ahead.bad)
        return; /* the next column, or the end */
    if (take_number(in, 1) == 1)
        skip_object(in, SP_STR("IPosition"));
}

bool sp_casa_columns(struct sp_str dat, struct sp_arena *arena, struct sp_casa_columns *out)
{
    struct aips in = { .data = dat };
    struct plain plain;

    if (!read_plain(dat, &plain) || plain.columns > dat.len / 16)
        return false;
    in.at = plain.rows[1].at + plain.rows[1].size;
    (void)take_u32(&in); /* the next number that is free */
    uint32_t managers = take_u32(&in);
    for (uint32_t i = 0; i < managers && !in.bad; i++) {
        (void)take_string(&in);
        (void)take_u32(&in);
    }
    out->items = SP_ARENA_NEW(arena, struct sp_casa_column, plain.columns + 1);
    out->len = plain.columns;
    for (size_t i = 0; i < out->len; i++) {
        if (!take_column(&in, &out->items[i]))
            return false;
        if (i + 1 < out->len)
            skip_shape(&in);
    }
    return !in.bad;
}

static uint64_t rows_of(struct sp_str dat, struct field field)
{
    struct aips in = { .data = dat, .at = field.at };

    return take_number(&in, field.size);
}

/* --- table.lock ------------------------------------------------------------------------------ */

/* What its "sync" record says; *there is false if it has none, as that of a table which nobody has
 * written to since the file was made. */
static bool read_lock(struct sp_str lock, bool *there, uint64_t *rows, uint32_t *columns)
{
    struct aips in = { .data = lock, .at = LOCK_LIST };
    size_t end;

    *there = false;
    if (lock.len == 0 || lock.len == LOCK_LIST)
        return true;
    if (lock.len < LOCK_LIST)
        return false;
    size_t len = take_u32(&in);
    if (!in.bad && len == 0)
        return true;
    if (in.bad || len > lock.len - in.at)
        return false;
    in.data.len = in.at + len; /* a longer one before has left its end behind */
    take_magic(&in);
    uint32_t version = enter(&in, SP_STR("sync"), &end);
    if (version != 1 && version != 2)
        return false;
    *rows = take_number(&in, version == 2 ? 8 : 4);
    *columns = take_u32(&in);
    (void)take_u32(&in); /* counter of changes */
    leave(&in, end);
    *there = true;
    return !in.bad && in.at == in.data.len;
}

bool sp_casa_meaning(struct sp_str dat, struct sp_str lock, struct sp_digest *out)
{
    struct plain plain;
    struct sp_hasher hasher;
    uint64_t rows;
    uint32_t columns;
    bool there;
    size_t at = 0;

    if (!read_plain(dat, &plain) || !read_lock(lock, &there, &rows, &columns))
        return false;
    if (there && columns != plain.columns && columns != COLUMNS_UNSET)
        return false;
    if (!there)
        rows = rows_of(dat, plain.rows[0]);

    sp_hasher_init(&hasher, CASA_DOMAIN);
    sp_hasher_add_number(&hasher, rows);
    for (size_t i = 0; i < SP_COUNT(plain.rows); i++) {
        sp_hasher_add(&hasher, (struct sp_str){ dat.ptr + at, plain.rows[i].at - at });
        at = plain.rows[i].at + plain.rows[i].size;
    }
    sp_hasher_add(&hasher, (struct sp_str){ dat.ptr + at, dat.len - at });
    *out = sp_hasher_end(&hasher);
    return true;
}

/* --- the rest of a table --------------------------------------------------------------------- */

/* A line "Type = ..." of a table.info. */
static bool take_line(struct sp_str *rest, struct sp_str key, struct sp_str *line)
{
    if (!rest->ptr)
        return false;
    *line = sp_str_cut(rest, '\n');
    return line->len >= key.len && memcmp(line->ptr, key.ptr, key.len) == 0;
}

bool sp_casa_info_meaning(struct sp_str info, struct sp_digest *out)
{
    struct sp_str rest = info;
    struct sp_str type, subtype;
    struct sp_hasher hasher;

    if (!take_line(&rest, SP_STR("Type = "), &type) ||
        !take_line(&rest, SP_STR("SubType = "), &subtype))
        return false;
    sp_hasher_init(&hasher, INFO_DOMAIN);
    sp_hasher_add(&hasher, type);
    sp_hasher_add(&hasher, subtype);
    *out = sp_hasher_end(&hasher);
    return true;
}

/* Is `text` in there, as AipsIO writes it: after its length? */
static bool has_string(struct sp_str data, struct sp_str text)
{
    char image[64] = { 0, 0, 0, (char)text.len };

    memcpy(image + 4, text.ptr, text.len);
    return memmem(data.ptr, data.len, image, text.len + 4) != NULL;
}

bool sp_casa_has_history(struct sp_str dat)
{
    return has_string(dat, SP_STR("././HISTORY"));
}

bool sp_casa_is_history(struct sp_str dat)
{
    static const struct sp_str columns[] = {
        { "TIME", 4 },         { "OBSERVATION_ID", 14 }, { "MESSAGE", 7 },
        { "PRIORITY", 8 },     { "ORIGIN", 6 },          { "OBJECT_ID", 9 },
        { "APPLICATION", 11 }, { "CLI_COMMAND", 11 },    { "APP_PARAMS", 10 },
    };
    struct plain plain;

    if (!read_plain(dat, &plain))
        return false;
    for (size_t i = 0; i < SP_COUNT(columns); i++)
        if (!has_string(dat, columns[i]))
            return false;
    return true;
}

/* --- parents --------------------------------------------------------------------------------- */

struct search {
    struct sp_arena *arena;
    SP_VEC(struct sp_str) found;
};

static struct sp_str without_slashes(struct sp_str path)
{
    while (path.len > 1 && path.ptr[path.len - 1] == '/')
        path.len--;
    return path;
}

/* Directory part of `path`: "." of a plain name. */
static struct sp_str directory_of(struct sp_str path)
{
    size_t len = path.len;

    while (len > 0 && path.ptr[len - 1] != '/')
        len--;
    if (len == 0)
        return SP_STR(".");
    return without_slashes((struct sp_str){ path.ptr, len });
}

/* As casacore writes names of other tables into `table`: "././x" is in it, "./x" beside it, "x/y/."
 * is what remains of the name of `table` without "x/y/", anything else is a path of its own. */
static struct sp_str resolve(struct sp_arena *arena, struct sp_str table, struct sp_str name)
{
    struct sp_str rest = name;
    size_t dots = 0;

    while (rest.len >= 2 && rest.ptr[0] == '.' && rest.ptr[1] == '/') {
        rest = (struct sp_str){ rest.ptr + 2, rest.len - 2 };
        dots++;
    }
    if (dots > 0)
        return sp_arena_join(arena, dots == 1 ? directory_of(table) : table, "/", rest);
    if (rest.len >= 3 && rest.ptr[rest.len - 2] == '/' && rest.ptr[rest.len - 1] == '.') {
        struct sp_str tail = without_slashes((struct sp_str){ rest.ptr, rest.len - 2 });
        if (table.len >= tail.len &&
            memcmp(table.ptr + table.len - tail.len, tail.ptr, tail.len) == 0)
            return table.len == tail.len
                       ? SP_STR(".")
                       : sp_arena_str(arena, without_slashes((struct sp_str){
                                                 table.ptr, table.len - tail.len }));
    }
    return sp_arena_str(arena, rest);
}

static enum sp_rc add_parent(struct search *search,
                             struct sp_str table,
                             struct sp_str name,
                             struct sp_err *err)
{
    if (name.len == 0 || name.len >= STRING_MAX || memchr(name.ptr, '\0', name.len))
        return SP_OK;
    struct sp_str parent = resolve(search->arena, table, name);
    for (size_t i = 0; i < search->found.len; i++)
        if (sp_str_eq(search->found.items[i], parent))
            return SP_OK;
    if (search->found.len == SP_CASA_PARENTS_MAX)
        return sp_fail(err, SP_LIMIT, "more than %d tables behind one", SP_CASA_PARENTS_MAX);
    *SP_VEC_ADD(&search->found) = parent;
    return SP_OK;
}

/* The names in the table.dat of the table `table`. */
static enum sp_rc add_parents(struct search *search,
                              struct sp_str table,
                              struct sp_str dat,
                              struct sp_err *err)
{
    struct aips in = { .data = dat };
    struct field rows;
    size_t end;
    uint32_t count = 1;

    struct sp_str kind = enter_table(&in, &rows, &end);
    if (sp_str_eq(kind, SP_STR("RefTable"))) {
        (void)enter(&in, kind, &end);
    } else if (sp_str_eq(kind, SP_STR("ConcatTable"))) {
        (void)enter(&in, kind, &end);
        count = take_u32(&in);
    } else {
        return SP_OK;
    }
    for (uint32_t i = 0; i < count && !in.bad; i++) {
        struct sp_str name = take_string(&in);
        if (!in.bad && add_parent(search, table, name, err))
            return err->code;
    }
    return SP_OK;
}

static enum sp_rc look_at(struct search *search, struct sp_str table, struct sp_err *err)
{
    sp_auto_buf struct sp_buf dat = SP_BUF(DAT_MAX);
    struct sp_str path = sp_arena_join(search->arena, table, "/", SP_STR("table.dat"));
    struct sp_err none = SP_ERR_INIT;

    if (sp_file_read(path.ptr, &dat, &none))
        return SP_OK; /* not there, or not readable: whoever uses it as an input will say so */
    return add_parents(search, table, sp_buf_str(&dat), err);
}

static void hand_over(struct search *search, enum sp_rc rc, struct sp_casa_parents *out)
{
    if (rc == SP_OK) {
        out->items = SP_ARENA_NEW(search->arena, struct sp_str, search->found.len);
        out->len = search->found.len;
        if (out->len > 0)
            memcpy(out->items, search->found.items, out->len * sizeof *out->items);
    }
    SP_VEC_FINI(&search->found);
}

enum sp_rc sp_casa_own_parents(struct sp_str table,
                               struct sp_str dat,
                               struct sp_arena *arena,
                               struct sp_casa_parents *out,
                               struct sp_err *err)
{
    struct search search = { .arena = arena };
    enum sp_rc rc = add_parents(&search, without_slashes(table), dat, err);

    hand_over(&search, rc, out);
    return rc;
}

enum sp_rc sp_casa_parents(const char *path,
                           struct sp_arena *arena,
                           struct sp_casa_parents *out,
                           struct sp_err *err)
{
    struct search search = { .arena = arena };
    enum sp_rc rc = look_at(&search, without_slashes(sp_str_of(path)), err);

    for (size_t i = 0; rc == SP_OK && i < search.found.len; i++)
        rc = look_at(&search, search.found.items[i], err);
    hand_over(&search, rc, out);
    return rc;
}
