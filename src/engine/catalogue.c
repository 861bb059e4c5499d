/* SPDX-License-Identifier: BSD-3-Clause */
#include "base/fault.h"
#include "base/map.h"
#include "base/vec.h"

#include "engine/catalogue_internal.h"
#include "sys/file.h"
#include "value/json.h"

#include <stdlib.h>
#include <unistd.h>

#define VERSION    2
#define SHRINK_MIN 64 /* pages of 4 KiB that nobody uses before it is worth writing it anew */

/* `state` of a version: one that a step has told of when it was over (step-versions), not what it
 * meant to write. */
static const char schema[] =
    "CREATE TABLE runs (id TEXT PRIMARY KEY, inode INT, size INT, mtime INT, seq INT, offset INT,"
    " recipe TEXT, state INT, time TEXT, cwd TEXT, host TEXT, why TEXT, wall REAL, total INT,"
    " done INT, reused INT, skipped INT, failed INT, unselected INT, selection TEXT, guard TEXT)"
    " WITHOUT ROWID;"
    "CREATE TABLE steps (run TEXT, seq INT, task TEXT, cab TEXT, result TEXT, wall REAL, cpu REAL,"
    " memory INT, key TEXT, program TEXT, PRIMARY KEY (run, seq)) WITHOUT ROWID;"
    "CREATE TABLE versions (run TEXT, seq INT, task TEXT, direction TEXT, role TEXT, path TEXT,"
    " version TEXT, kind TEXT, bytes INT, kept INT, state INT, source INT, tree TEXT, time TEXT,"
    " guard TEXT);"
    "CREATE INDEX versions_of_path ON versions (path, run, seq);"
    "CREATE INDEX versions_of_run ON versions (run);"
    "PRAGMA user_version = 2;";
_Static_assert(VERSION == 2, "the schema sets it");

static const char *const texts[SP_CATALOGUE_QUERIES] = {
    [SP_CATALOGUE_GET_RUN] = "SELECT * FROM runs WHERE id = ?",
    [SP_CATALOGUE_PUT_RUN] =
        "INSERT OR REPLACE INTO runs VALUES (?,?,?,?,?,?,?,?,?,?,?,?,?,?,?,?,?,?,?,?,?)",
    [SP_CATALOGUE_ADD_STEP] = "INSERT INTO steps (run, seq, task, cab, result, key, program)"
                              " VALUES (?,?,?,?,?,?,?)",
    [SP_CATALOGUE_END_STEP] = "UPDATE steps SET result = ?, wall = ?, cpu = ?, memory = ?"
                              " WHERE run = ? AND seq = ?",
    [SP_CATALOGUE_KEY_STEP] = "UPDATE steps SET key = ?, program = ? WHERE run = ? AND seq = ?",
    [SP_CATALOGUE_OPEN_STEPS] =
        "SELECT task, seq FROM steps WHERE run = ? AND result = 'running' ORDER BY seq",
    [SP_CATALOGUE_ADD_VERSION] = "INSERT INTO versions VALUES (?,?,?,?,?,?,?,?,?,?,?,?,?,?,?)",
    [SP_CATALOGUE_GET_STATES] = "SELECT * FROM versions WHERE path = ? AND run = ? AND state"
                                " ORDER BY seq, rowid",
};

/* --- the file --------------------------------------------------------------------------------- */

static void finish_queries(struct sp_catalogue *catalogue)
{
    for (size_t i = 0; i < SP_CATALOGUE_QUERIES; i++) {
        sp_sql_finish(catalogue->queries[i]);
        catalogue->queries[i] = NULL;
    }
}

static enum sp_rc one_number(struct sp_sql *sql, const char *text, int64_t *out, struct sp_err *err)
{
    sp_auto_arena struct sp_arena *arena = sp_arena_new();
    struct sp_sql_query *query = NULL;
    bool row = false;

    enum sp_rc rc = sp_sql_prepare(sql, text, &query, err);
    if (rc == SP_OK)
        rc = sp_sql_start(query, NULL, 0, &row, err);
    if (rc == SP_OK)
        *out = row ? sp_sql_value(query, 0, arena).integer : 0;
    sp_sql_finish(query);
    return rc;
}

static enum sp_rc prepare(struct sp_catalogue *catalogue, struct sp_err *err)
{
    int64_t version = 0;

    enum sp_rc rc = sp_sql_run(catalogue->sql, "PRAGMA synchronous = NORMAL; BEGIN IMMEDIATE", err);
    if (rc == SP_OK)
        rc = one_number(catalogue->sql, "PRAGMA user_version", &version, err);
    if (rc == SP_OK && version == 0)
        rc = sp_sql_run(catalogue->sql, schema, err);
    else if (rc == SP_OK && version != VERSION)
        rc = sp_fail(err, SP_CORRUPT, "index: of version %d", (int)version);
    for (size_t i = 0; i < SP_CATALOGUE_QUERIES && rc == SP_OK; i++)
        rc = sp_sql_prepare(catalogue->sql, texts[i], &catalogue->queries[i], err);
    return rc;
}

/* --- bringing up to date ------------------------------------------------------------------------
 */

/* Rows of runs whose directories are gone. */
static enum sp_rc forget_runs(struct sp_catalogue *catalogue,
                              const struct sp_map *there,
                              struct sp_err *err)
{
    static const char *const tables[] = { "DELETE FROM runs WHERE id = ?",
                                          "DELETE FROM steps WHERE run = ?",
                                          "DELETE FROM versions WHERE run = ?" };
    SP_VEC(struct sp_value) gone = { 0 };
    struct sp_sql_query *query = NULL;
    bool row = false;

    enum sp_rc rc = sp_sql_prepare(catalogue->sql, "SELECT id FROM runs", &query, err);
    if (rc == SP_OK)
        rc = sp_sql_start(query, NULL, 0, &row, err);
    while (rc == SP_OK && row) {
        struct sp_value id = sp_sql_value(query, 0, catalogue->arena);
        if (!sp_is_text(id) || !sp_map_has(there, id.text))
            *SP_VEC_ADD(&gone) = id;
        rc = sp_sql_next(query, &row, err);
    }
    sp_sql_finish(query);
    for (size_t t = 0; t < SP_COUNT(tables) && gone.len && rc == SP_OK; t++) {
        query = NULL;
        rc = sp_sql_prepare(catalogue->sql, tables[t], &query, err);
        for (size_t i = 0; i < gone.len && rc == SP_OK; i++)
            rc = sp_sql_start(query, &gone.items[i], 1, &row, err);
        sp_sql_finish(query);
    }
    SP_VEC_FINI(&gone);
    return rc;
}

static enum sp_rc update(struct sp_catalogue *catalogue, struct sp_err *err)
{
    sp_auto_map struct sp_map there = { 0 };
    struct sp_str *ids;
    size_t count = sp_workspace_runs(catalogue->workspace, &ids);
    enum sp_rc rc = SP_OK;

    for (size_t i = 0; i < count && rc == SP_OK; i++) {
        sp_map_set(&there, ids[i], &there);
        rc = sp_catalogue_follow(catalogue, ids[i], err);
    }
    if (rc == SP_OK)
        rc = forget_runs(catalogue, &there, err);
    return rc ? rc : sp_sql_run(catalogue->sql, "COMMIT", err);
}

static enum sp_rc try_open(const struct sp_workspace *workspace,
                           const char *path,
                           struct sp_catalogue **out,
                           struct sp_err *err)
{
    struct sp_catalogue *catalogue = sp_alloc(sizeof *catalogue);

    *catalogue = (struct sp_catalogue){ .workspace = workspace, .arena = workspace->arena };
    enum sp_rc rc = SP_FAULT("catalogue.open", EIO) ? sp_fail_errno(err, "index")
                                                    : sp_sql_open(path, &catalogue->sql, err);
    if (rc == SP_OK)
        rc = prepare(catalogue, err);
    if (rc == SP_OK)
        rc = SP_FAULT("catalogue.update", ENOSPC) ? sp_fail_errno(err, "index")
                                                  : update(catalogue, err);
    if (rc) {
        sp_catalogue_close(catalogue);
        return rc;
    }
    *out = catalogue;
    return SP_OK;
}

/* What another process has open stays readable for it. */
static void remove_file(const struct sp_workspace *workspace)
{
    static const char *const endings[] = { "", "-journal", "-wal", "-shm" };

    for (size_t i = 0; i < SP_COUNT(endings); i++)
        (void)unlink(
            sp_arena_printf(workspace->arena, "%s/index.sqlite%s", workspace->dir.ptr, endings[i])
                .ptr);
}

enum sp_rc sp_catalogue_open(const struct sp_workspace *workspace,
                             struct sp_catalogue **out,
                             struct sp_err *err)
{
    struct sp_str path = sp_arena_printf(workspace->arena, "%s/index.sqlite", workspace->dir.ptr);
    struct sp_err ignored = SP_ERR_INIT;
    bool writable = access(workspace->dir.ptr, W_OK) == 0;

    enum sp_rc rc = writable ? try_open(workspace, path.ptr, out, &ignored) : SP_IO;
    if (rc == SP_CORRUPT) {
        remove_file(workspace);
        rc = try_open(workspace, path.ptr, out, &ignored);
    }
    return rc ? try_open(workspace, NULL, out, err) : SP_OK;
}

/* What runs leave that are gone is used again, but given back by VACUUM alone. If it cannot be done
 * now, because somebody is reading or the disk is full, whoever closes the index next does it. */
static void shrink(struct sp_catalogue *catalogue)
{
    struct sp_err ignored = SP_ERR_INIT;
    int64_t free_pages = 0;
    int64_t pages = 0;

    enum sp_rc rc = one_number(catalogue->sql, "PRAGMA freelist_count", &free_pages, &ignored);
    if (rc == SP_OK)
        rc = one_number(catalogue->sql, "PRAGMA page_count", &pages, &ignored);
    if (rc == SP_OK && free_pages >= SHRINK_MIN && free_pages > pages / 2 &&
        !SP_FAULT("catalogue.shrink", ENOSPC))
        (void)!sp_sql_run(catalogue->sql, "PRAGMA busy_timeout = 0; VACUUM", &ignored);
}

void sp_catalogue_close(struct sp_catalogue *catalogue)
{
    if (!catalogue)
        return;
    finish_queries(catalogue);
    if (catalogue->sql)
        shrink(catalogue);
    sp_sql_close(catalogue->sql);
    free(catalogue);
}

enum sp_rc sp_catalogue_rebuild(const struct sp_workspace *workspace, struct sp_err *err)
{
    struct sp_str path = sp_arena_printf(workspace->arena, "%s/index.sqlite", workspace->dir.ptr);
    struct sp_catalogue *catalogue = NULL;

    remove_file(workspace);
    enum sp_rc rc = try_open(workspace, path.ptr, &catalogue, err);
    sp_catalogue_close(catalogue);
    return rc;
}

/* --- rows ------------------------------------------------------------------------------------- */

enum sp_rc sp_catalogue_do(struct sp_catalogue *catalogue,
                           enum sp_catalogue_query query,
                           const struct sp_value *args,
                           size_t count,
                           struct sp_err *err)
{
    bool row;

    return sp_sql_start(catalogue->queries[query], args, count, &row, err);
}

struct sp_checksum_text sp_catalogue_guard(const struct sp_value *columns, size_t count)
{
    sp_auto_buf struct sp_buf text = SP_BUF(SP_BUF_LARGE);

    for (size_t i = 0; i < count; i++) {
        sp_json_encode(columns[i], SP_JSON_COMPACT, &text);
        sp_buf_addc(&text, ' ');
    }
    return sp_checksum(sp_buf_str(&text));
}

/* The guard covers what the columns are, so a good row has them all as they were written. */
enum sp_rc sp_catalogue_row(struct sp_catalogue *catalogue,
                            const struct sp_sql_query *query,
                            struct sp_value *columns,
                            size_t count,
                            struct sp_err *err)
{
    if (sp_sql_columns(query) != (int)count + 1)
        return sp_fail(err, SP_CORRUPT, "index: not the table it should be");
    for (size_t i = 0; i < count; i++)
        columns[i] = sp_sql_value(query, (int)i, catalogue->arena);
    struct sp_value guard = sp_sql_value(query, (int)count, catalogue->arena);
    if (!sp_is_text(guard) || !sp_str_is(guard.text, sp_catalogue_guard(columns, count).text))
        return sp_fail(err, SP_CORRUPT, "index: a damaged row");
    return SP_OK;
}

static size_t size_at(const struct sp_value *value)
{
    return value->kind == SP_INT && value->integer > 0 ? (size_t)value->integer : 0;
}

#define RUN_COLUMNS 20

static struct sp_catalogue_run run_of(struct sp_arena *arena, const struct sp_value *c)
{
    struct sp_catalogue_run run = {
        .id = c[0].text,
        .inode = c[1].integer,
        .size = c[2].integer,
        .mtime = c[3].integer,
        .place = { size_at(&c[4]), size_at(&c[5]) },
        .summary = { .id = c[0].text,
                     .recipe = c[6].text,
                     .state = (enum sp_run_state)c[7].integer,
                     .time = c[8].text,
                     .cwd = c[9].text,
                     .host = c[10].text,
                     .why = c[11].text,
                     .wall = c[12].real,
                     .total = size_at(&c[13]),
                     .done = size_at(&c[14]),
                     .reused = size_at(&c[15]),
                     .skipped = size_at(&c[16]),
                     .failed = size_at(&c[17]),
                     .unselected = size_at(&c[18]) },
    };
    struct sp_err ignored = SP_ERR_INIT;

    if (c[19].text.len && sp_json_decode(arena, c[19].text, &run.summary.selection, &ignored))
        run.summary.selection = sp_null();
    return run;
}

enum sp_rc sp_catalogue_get(struct sp_catalogue *catalogue,
                            struct sp_str id,
                            struct sp_catalogue_run *out,
                            struct sp_err *err)
{
    struct sp_value key = sp_text(id);
    struct sp_sql_query *query = catalogue->queries[SP_CATALOGUE_GET_RUN];
    struct sp_value columns[RUN_COLUMNS];
    bool row = false;

    enum sp_rc rc = sp_sql_start(query, &key, 1, &row, err);
    if (rc)
        return rc;
    if (!row)
        return sp_fail(err, SP_NOT_FOUND, "index: no run " SP_STR_FMT, SP_STR_ARG(id));
    rc = sp_catalogue_row(catalogue, query, columns, RUN_COLUMNS, err);
    if (rc == SP_OK)
        *out = run_of(catalogue->arena, columns);
    return rc;
}

/* --- questions ----------------------------------------------------------------------------------
 */

static enum sp_rc find_writers(struct sp_catalogue *catalogue,
                               struct sp_str path,
                               struct sp_map *out,
                               struct sp_err *err)
{
    struct sp_value args[] = { sp_text(path) };
    struct sp_sql_query *query = NULL;
    bool row = false;

    enum sp_rc rc = sp_sql_prepare(catalogue->sql,
                                   "SELECT DISTINCT run FROM versions"
                                   " WHERE path = ? AND direction = 'out'",
                                   &query, err);
    if (rc == SP_OK)
        rc = sp_sql_start(query, args, 1, &row, err);
    while (rc == SP_OK && row) {
        sp_map_set(out, sp_sql_value(query, 0, catalogue->arena).text, catalogue);
        rc = sp_sql_next(query, &row, err);
    }
    sp_sql_finish(query);
    return rc;
}

static bool is_wanted(const struct sp_catalogue_filter *filter,
                      const struct sp_map *writers,
                      const struct sp_run_summary *run)
{
    return (!filter->recipe.len || sp_str_eq(filter->recipe, run->recipe)) &&
           (!filter->wrote.len || sp_map_has(writers, run->id));
}

static void reverse(struct sp_run_summary *runs, size_t count)
{
    for (size_t i = 0; i < count / 2; i++) {
        struct sp_run_summary kept = runs[i];
        runs[i] = runs[count - 1 - i];
        runs[count - 1 - i] = kept;
    }
}

enum sp_rc sp_catalogue_runs(struct sp_catalogue *catalogue,
                             const struct sp_catalogue_filter *filter,
                             struct sp_run_summary **out,
                             size_t *count,
                             struct sp_err *err)
{
    sp_auto_map struct sp_map writers = { 0 };
    struct sp_str *ids;
    size_t all = sp_workspace_runs(catalogue->workspace, &ids);
    struct sp_run_summary *runs = SP_ARENA_NEW(catalogue->arena, struct sp_run_summary, all);
    size_t found = 0;

    enum sp_rc rc =
        filter->wrote.len ? find_writers(catalogue, filter->wrote, &writers, err) : SP_OK;
    for (size_t i = all; i-- > 0 && rc == SP_OK && (!filter->limit || found < filter->limit);) {
        struct sp_catalogue_run run;
        rc = sp_catalogue_get(catalogue, ids[i], &run, err);
        if (rc == SP_NOT_FOUND) { /* it has begun just now */
            rc = SP_OK;
            continue;
        }
        if (rc || !is_wanted(filter, &writers, &run.summary))
            continue;
        runs[found] = run.summary;
        if (run.summary.state == SP_RUN_GOING)
            runs[found].state = sp_history_open_state(catalogue->workspace);
        found++;
    }
    if (rc)
        return rc;
    reverse(runs, found);
    *out = runs;
    *count = found;
    return SP_OK;
}

#define VERSION_COLUMNS 14

static struct sp_catalogue_state state_of(const struct sp_catalogue_run *run,
                                          const struct sp_value *c)
{
    return (struct sp_catalogue_state){
        .recipe = run->summary.recipe,
        .task = c[2].text,
        .version = c[6].text,
        .bytes = size_at(&c[8]),
        .is_source = sp_str_is(c[3].text, "in") && c[11].integer,
        .tree = c[12].text,
        .time = c[13].text,
    };
}

enum sp_rc sp_catalogue_states(struct sp_catalogue *catalogue,
                               struct sp_str id,
                               struct sp_str path,
                               struct sp_catalogue_state **out,
                               size_t *count,
                               struct sp_err *err)
{
    const struct sp_value args[] = { sp_text(path), sp_text(id) };
    struct sp_sql_query *query = catalogue->queries[SP_CATALOGUE_GET_STATES];
    SP_VEC(struct sp_catalogue_state) found = { 0 };
    struct sp_catalogue_run run;
    bool row = false;

    enum sp_rc rc = sp_catalogue_get(catalogue, id, &run, err);
    if (rc == SP_OK && !run.place.offset)
        rc = sp_fail(err, SP_NOT_FOUND, "index: run " SP_STR_FMT " cannot be read", SP_STR_ARG(id));
    if (rc == SP_OK)
        rc = sp_sql_start(query, args, SP_COUNT(args), &row, err);
    while (rc == SP_OK && row) {
        struct sp_value columns[VERSION_COLUMNS];
        rc = sp_catalogue_row(catalogue, query, columns, VERSION_COLUMNS, err);
        if (rc == SP_OK)
            *SP_VEC_ADD(&found) = state_of(&run, columns);
        if (rc == SP_OK)
            rc = sp_sql_next(query, &row, err);
    }
    if (rc == SP_OK) {
        *out = SP_ARENA_NEW(catalogue->arena, struct sp_catalogue_state, found.len + 1);
        for (size_t i = 0; i < found.len; i++)
            (*out)[i] = found.items[i];
        *count = found.len;
    }
    SP_VEC_FINI(&found);
    return rc;
}

/* Damage in what only a question looks at shows now: once more, from the journals. */
enum sp_rc sp_catalogue_ask(const struct sp_workspace *workspace,
                            const struct sp_catalogue_filter *filter,
                            struct sp_run_summary **out,
                            size_t *count,
                            struct sp_err *err)
{
    enum sp_rc rc = SP_CORRUPT;

    for (int turn = 0; turn < 2 && rc == SP_CORRUPT; turn++) {
        struct sp_catalogue *catalogue = NULL;
        if (turn)
            remove_file(workspace);
        rc = sp_catalogue_open(workspace, &catalogue, err);
        if (rc == SP_OK)
            rc = sp_catalogue_runs(catalogue, filter, out, count, err);
        sp_catalogue_close(catalogue);
    }
    return rc;
}
