/* SPDX-License-Identifier: BSD-3-Clause */
/* profile.h - what of a file is data (doc/design/store.md 3): casacore tables and FITS.
 *
 * Everything here judges by content alone and trusts none of it: `false` means "not understood",
 * and then all bytes count. A difference that is none costs a computation; two different data with
 * one meaning would be a wrong result. So only what was seen to be noise is left out.
 */
#pragma once

#include "base/arena.h"
#include "base/blake3.h"
#include "base/err.h"

/* --- casacore tables: profile_casa.c ---------------------------------------------------------
 *
 * How many rows a table has stands twice in its table.dat, and in the "sync" record of its
 * table.lock, which is the one that counts; which of the three are up to date depends on how the
 * last writer ended. The meaning of table.dat has that of table.lock in place of its own two, and
 * table.lock then means nothing.
 */

/* Meaning of the table.dat `dat` of a plain table, next to the table.lock `lock` (empty: there is
 * none). */
bool sp_casa_meaning(struct sp_str dat, struct sp_str lock, struct sp_digest *out);

/* Which storage manager has each column of the plain table `dat` is of: the data of number N are in
 * the files "table.fN...". False: not understood. */
struct sp_casa_column {
    struct sp_str name; /* shared with `dat` */
    uint32_t manager;
};

struct sp_casa_columns {
    struct sp_casa_column *items; /* arena */
    size_t len;
};

bool sp_casa_columns(struct sp_str dat, struct sp_arena *arena, struct sp_casa_columns *out);

/* Meaning of a table.info: type and subtype, without the text below them. */
bool sp_casa_info_meaning(struct sp_str info, struct sp_digest *out);

/* Do these table.dat belong to a table that has a subtable HISTORY, and to that of a Measurement
 * Set or the like? */
bool sp_casa_has_history(struct sp_str dat);
bool sp_casa_is_history(struct sp_str dat);

/* Paths of the tables that the table at `path` refers to: of a reference table or a concatenation
 * its parents, and theirs. Its data are in those. None for anything else. Not resolved: they may
 * not exist. SP_LIMIT: more than SP_CASA_PARENTS_MAX. */
#define SP_CASA_PARENTS_MAX 10000

struct sp_casa_parents {
    struct sp_str *items; /* arena; each once, in order of their being found */
    size_t len;
};

enum sp_rc sp_casa_parents(const char *path,
                           struct sp_arena *arena,
                           struct sp_casa_parents *out,
                           struct sp_err *err) SP_MUST_USE;

/* The same of one table alone, from its table.dat `dat`. */
enum sp_rc sp_casa_own_parents(struct sp_str table,
                               struct sp_str dat,
                               struct sp_arena *arena,
                               struct sp_casa_parents *out,
                               struct sp_err *err) SP_MUST_USE;

/* --- FITS: profile_fits.c --------------------------------------------------------------------
 *
 * Of all headers the cards DATE, ORIGIN, CHECKSUM, DATASUM, COMMENT and HISTORY are left out, with
 * the CONTINUE cards that belong to them; but not HISTORY that starts with AIPS: there programs
 * look for the beam.
 */

#define SP_FITS_BLOCK 2880

/* Read exactly `len` bytes at `at`; false if that is not possible. */
typedef bool (*sp_fits_read_fn)(void *arg, uint64_t at, char *buffer, size_t len);

/* Header and data of one part; also whatever follows the last one, with `cards` all zero. */
struct sp_fits_part {
    struct sp_digest cards; /* of the cards that are kept */
    uint64_t data_at, data_len;
};

struct sp_fits {
    struct sp_fits_part *parts; /* owned */
    size_t len, capacity;
};

/* Could this be FITS? `head`: the first bytes of the file. */
bool sp_fits_is(struct sp_str head);

/* Find the parts of a file of `size` bytes. The caller owns *out on true. */
bool sp_profile_fits_scan(sp_fits_read_fn read, void *arg, uint64_t size, struct sp_fits *out);
void sp_fits_fini(struct sp_fits *fits);

/* Meaning, from the exact digests (store/file_digest.h) of the data of each part. */
struct sp_digest sp_fits_meaning(const struct sp_fits *fits, const struct sp_digest *data);
