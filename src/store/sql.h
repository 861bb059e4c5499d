/* SPDX-License-Identifier: BSD-3-Clause */
/* sql.h - SQLite: the only file that knows it.
 *
 *     sp_sql_open("index.sqlite", &db, &err);
 *     sp_sql_prepare(db, "SELECT name FROM t WHERE n = ?", &query, &err);
 *     struct sp_value args[] = { sp_int(3) };
 *     for (rc = sp_sql_start(query, args, 1, &row, &err); rc == SP_OK && row; rc =
 * sp_sql_next(query, &row, &err)) use(sp_sql_value(query, 0, arena));
 *
 * Everywhere: SP_CORRUPT: the file is no database, or a damaged one; SP_BUSY: another process had
 * it for longer than ten seconds.
 */
#pragma once

#include "base/err.h"

#include "value/value.h"

struct sp_sql;
struct sp_sql_query;

/* Made if it is not there; NULL: in memory. The caller owns *out. */
enum sp_rc sp_sql_open(const char *path, struct sp_sql **out, struct sp_err *err) SP_MUST_USE;

/* All queries are finished. Accepts NULL. */
void sp_sql_close(struct sp_sql *sql);

/* Statements without arguments and results, with semicolons between. */
enum sp_rc sp_sql_run(struct sp_sql *sql, const char *script, struct sp_err *err) SP_MUST_USE;

/* Each '?' of `text` is an argument. The caller owns *out. */
enum sp_rc sp_sql_prepare(struct sp_sql *sql,
                          const char *text,
                          struct sp_sql_query **out,
                          struct sp_err *err) SP_MUST_USE;

/* Accepts NULL. */
void sp_sql_finish(struct sp_sql_query *query);

/* From the start, with these arguments (null, bool, int, float, text). *row: is there a (first,
 * next) row? */
enum sp_rc sp_sql_start(struct sp_sql_query *query,
                        const struct sp_value *args,
                        size_t count,
                        bool *row,
                        struct sp_err *err) SP_MUST_USE;
enum sp_rc sp_sql_next(struct sp_sql_query *query, bool *row, struct sp_err *err) SP_MUST_USE;

/* A column of the current row; texts are copied into `arena`. */
struct sp_value sp_sql_value(const struct sp_sql_query *query, int column, struct sp_arena *arena);
int sp_sql_columns(const struct sp_sql_query *query);
