/* SPDX-License-Identifier: BSD-3-Clause */
/* checked.h - digests of the objects that got none when they were put into the store (clones are
 * not read): made the first time that somebody reads them all, compared from then on.
 *
 * They are in STORE/checked, lines "XXH3 TAB OBJECT EXACT": not in manifests, whose names would
 * change with them, and records and ledgers name manifests. Losing the file costs that knowledge
 * only.
 */
#pragma once

#include "base/blake3.h"
#include "base/err.h"

struct sp_checked;

enum sp_checked_state {
    SP_CHECKED_GOOD,
    SP_CHECKED_BAD,
    SP_CHECKED_FIRST, /* it had no digest: now it has */
    SP_CHECKED_BEFORE /* this object was read already, by this process */
};

/* A file that is not there, or damaged, is empty. */
struct sp_checked *sp_checked_open(const char *store);
void sp_checked_close(struct sp_checked *checked); /* accepts NULL */

/* Read the object in the file `path`; `exact` is what it should be, NULL when that is not known.
 * SP_NOT_FOUND: it is not there. */
enum sp_rc sp_checked_file(struct sp_checked *checked,
                           const char *path,
                           const struct sp_digest *object,
                           const struct sp_digest *exact,
                           enum sp_checked_state *out,
                           struct sp_err *err) SP_MUST_USE;

/* Write what is new; objects that were not met since the opening are left out. */
enum sp_rc sp_checked_save(struct sp_checked *checked, struct sp_err *err) SP_MUST_USE;
