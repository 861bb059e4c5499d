/* SPDX-License-Identifier: BSD-3-Clause */
/* catalogue_internal.h - what the files of catalogue.h share. */
#pragma once

#include "base/checksum.h"

#include "engine/catalogue.h"
#include "journal/journal.h"
#include "store/sql.h"

/* One row of the table `runs`. */
struct sp_catalogue_run {
    struct sp_str id;
    int64_t inode, size, mtime; /* of the journal when it was read */
    struct sp_journal_place place;
    struct sp_run_summary summary; /* no steps; GOING: it has no end */
};

/* Queries that are asked often. */
enum sp_catalogue_query {
    SP_CATALOGUE_GET_RUN,
    SP_CATALOGUE_PUT_RUN,
    SP_CATALOGUE_ADD_STEP,
    SP_CATALOGUE_END_STEP,
    SP_CATALOGUE_KEY_STEP,
    SP_CATALOGUE_OPEN_STEPS,
    SP_CATALOGUE_ADD_VERSION,
    SP_CATALOGUE_GET_STATES,
    SP_CATALOGUE_QUERIES
};

struct sp_catalogue {
    const struct sp_workspace *workspace;
    struct sp_arena *arena; /* that of the workspace */
    struct sp_sql *sql;
    struct sp_sql_query *queries[SP_CATALOGUE_QUERIES];
};

/* Rows end with a checksum of the columns before it, which are numbers and texts: SQLite finds
 * damage of its own structures only. `count` is without it. */
struct sp_checksum_text sp_catalogue_guard(const struct sp_value *columns, size_t count);

/* The current row of a query as `count` columns and their checksum. SP_CORRUPT: it does not fit. */
enum sp_rc sp_catalogue_row(struct sp_catalogue *catalogue,
                            const struct sp_sql_query *query,
                            struct sp_value *columns,
                            size_t count,
                            struct sp_err *err) SP_MUST_USE;

/* Do one of the queries that give no rows. */
enum sp_rc sp_catalogue_do(struct sp_catalogue *catalogue,
                           enum sp_catalogue_query query,
                           const struct sp_value *args,
                           size_t count,
                           struct sp_err *err) SP_MUST_USE;

/* The row of a run. SP_NOT_FOUND; SP_CORRUPT: it is damaged. */
enum sp_rc sp_catalogue_get(struct sp_catalogue *catalogue,
                            struct sp_str id,
                            struct sp_catalogue_run *out,
                            struct sp_err *err) SP_MUST_USE;

/* Read what is new in the journal of a run. Inside a transaction. */
enum sp_rc sp_catalogue_follow(struct sp_catalogue *catalogue, struct sp_str id, struct sp_err *err)
    SP_MUST_USE;
