/* SPDX-License-Identifier: BSD-3-Clause */
#include "store/sql.h"

#include <sqlite3.h>
#include <stdlib.h>

#define BUSY_MS 10000

struct sp_sql {
    sqlite3 *handle;
};

struct sp_sql_query {
    struct sp_sql *sql;
    sqlite3_stmt *statement;
};

static enum sp_rc fail(const struct sp_sql *sql, int code, struct sp_err *err)
{
    static const struct {
        int sqlite;
        enum sp_rc rc;
    } table[] = {
        { SQLITE_CORRUPT, SP_CORRUPT },
        { SQLITE_NOTADB, SP_CORRUPT },
        { SQLITE_SCHEMA, SP_CORRUPT },
        { SQLITE_ERROR, SP_CORRUPT }, /* a table is not what it should be */
        { SQLITE_BUSY, SP_BUSY },
        { SQLITE_LOCKED, SP_BUSY },
    };

    const char *text = sql->handle ? sqlite3_errmsg(sql->handle) : sqlite3_errstr(code);

    for (size_t i = 0; i < SP_COUNT(table); i++)
        if (table[i].sqlite == (code & 0xff))
            return sp_fail(err, table[i].rc, "index: %s", text);
    return sp_fail(err, SP_IO, "index: %s", text);
}

enum sp_rc sp_sql_open(const char *path, struct sp_sql **out, struct sp_err *err)
{
    struct sp_sql *sql = sp_alloc(sizeof *sql);

    int code =
        sqlite3_open_v2(path ? path : ":memory:", &sql->handle,
                        SQLITE_OPEN_READWRITE | SQLITE_OPEN_CREATE | SQLITE_OPEN_NOMUTEX, NULL);
    if (code == SQLITE_OK)
        code = sqlite3_busy_timeout(sql->handle, BUSY_MS);
    if (code == SQLITE_OK)
        code = sqlite3_extended_result_codes(sql->handle, 0);
    if (code != SQLITE_OK) {
        enum sp_rc rc = fail(sql, code, err);
        sp_sql_close(sql);
        return rc;
    }
    *out = sql;
    return SP_OK;
}

void sp_sql_close(struct sp_sql *sql)
{
    if (!sql)
        return;
    sqlite3_close(sql->handle);
    free(sql);
}

enum sp_rc sp_sql_run(struct sp_sql *sql, const char *script, struct sp_err *err)
{
    int code = sqlite3_exec(sql->handle, script, NULL, NULL, NULL);

    return code == SQLITE_OK ? SP_OK : fail(sql, code, err);
}

enum sp_rc sp_sql_prepare(struct sp_sql *sql,
                          const char *text,
                          struct sp_sql_query **out,
                          struct sp_err *err)
{
    sqlite3_stmt *statement = NULL;
    int code =
        sqlite3_prepare_v3(sql->handle, text, -1, SQLITE_PREPARE_PERSISTENT, &statement, NULL);

    if (code != SQLITE_OK)
        return fail(sql, code, err);
    *out = sp_alloc(sizeof **out);
    **out = (struct sp_sql_query){ sql, statement };
    return SP_OK;
}

void sp_sql_finish(struct sp_sql_query *query)
{
    if (!query)
        return;
    sqlite3_finalize(query->statement);
    free(query);
}

static int bind(sqlite3_stmt *statement, int at, struct sp_value value)
{
    switch (value.kind) {
    case SP_BOOL: return sqlite3_bind_int64(statement, at, value.boolean);
    case SP_INT: return sqlite3_bind_int64(statement, at, value.integer);
    case SP_FLOAT: return sqlite3_bind_double(statement, at, value.real);
    case SP_TEXT:
    case SP_PATH:
        return sqlite3_bind_text64(statement, at, value.text.ptr, value.text.len, SQLITE_STATIC,
                                   SQLITE_UTF8);
    case SP_NULL:
    case SP_LIST:
    case SP_TUPLE:
    case SP_DICT:
    case SP_UNSET:
    case SP_MISSING:
    case SP_UNRESOLVED:
    case SP_SKIPPED:
    case SP_ERROR: break;
    }
    return sqlite3_bind_null(statement, at);
}

enum sp_rc sp_sql_start(struct sp_sql_query *query,
                        const struct sp_value *args,
                        size_t count,
                        bool *row,
                        struct sp_err *err)
{
    /* The outcome of reset is that of the last step, which has been told. */
    (void)sqlite3_reset(query->statement);
    for (size_t i = 0; i < count; i++) {
        int code = bind(query->statement, (int)i + 1, args[i]);
        if (code != SQLITE_OK)
            return fail(query->sql, code, err);
    }
    return sp_sql_next(query, row, err);
}

enum sp_rc sp_sql_next(struct sp_sql_query *query, bool *row, struct sp_err *err)
{
    int code = sqlite3_step(query->statement);

    if (code != SQLITE_ROW && code != SQLITE_DONE) {
        enum sp_rc rc = fail(query->sql, code, err);
        (void)sqlite3_reset(query->statement);
        return rc;
    }
    *row = code == SQLITE_ROW;
    if (code == SQLITE_DONE)
        (void)sqlite3_reset(query->statement);
    return SP_OK;
}

int sp_sql_columns(const struct sp_sql_query *query)
{
    return sqlite3_column_count(query->statement);
}

struct sp_value sp_sql_value(const struct sp_sql_query *query, int column, struct sp_arena *arena)
{
    switch (sqlite3_column_type(query->statement, column)) {
    case SQLITE_INTEGER: return sp_int(sqlite3_column_int64(query->statement, column));
    case SQLITE_FLOAT: return sp_float(sqlite3_column_double(query->statement, column));
    case SQLITE_TEXT: {
        const char *text = (const char *)sqlite3_column_text(query->statement, column);
        size_t len = (size_t)sqlite3_column_bytes(query->statement, column);
        return sp_text(sp_arena_str(arena, (struct sp_str){ text, len }));
    }
    default: return sp_null();
    }
}
