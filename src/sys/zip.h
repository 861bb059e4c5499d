/* SPDX-License-Identifier: BSD-3-Clause */
/* zip.h - archives that everybody can open (APPNOTE.TXT 6.3): members as they are, without
 * compression.
 *
 * The file appears under its name when it is whole. Times are left out (1980-01-01), so that equal
 * members make equal archives. Sizes beyond 4 GiB are fine (ZIP64).
 */
#pragma once

#include "base/err.h"
#include "base/str.h"

struct sp_zip;

/* The caller owns *out. */
enum sp_rc sp_zip_create(const char *path, struct sp_zip **out, struct sp_err *err) SP_MUST_USE;

/* `name` has slashes between directories and none at its begin; those that end with one are
 * directories. */
enum sp_rc sp_zip_add_text(struct sp_zip *zip,
                           struct sp_str name,
                           struct sp_str text,
                           struct sp_err *err) SP_MUST_USE;
enum sp_rc sp_zip_add_file(struct sp_zip *zip,
                           struct sp_str name,
                           const char *path,
                           struct sp_err *err) SP_MUST_USE;

/* Write the table of contents and give the file its name. `zip` is gone in any case. */
enum sp_rc sp_zip_finish(struct sp_zip *zip, struct sp_err *err) SP_MUST_USE;

/* Nothing stays. Accepts NULL. */
void sp_zip_drop(struct sp_zip *zip);
