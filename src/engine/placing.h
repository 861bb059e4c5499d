/* SPDX-License-Identifier: BSD-3-Clause */
/* placing.h - files of this machine that go into an image: what they are, and putting them there.
 */
#pragma once

#include "engine/buildfile.h"
#include "image/digest.h"

/* Of the content and whether it can be executed; of a directory of all that is in it. Times do not
 * count. */
enum sp_rc sp_placing_digest(const struct sp_build_entry *entry,
                             struct sp_sha_digest *out,
                             struct sp_err *err) SP_MUST_USE;

/* Copy it into the directory `tree` of an image; files there are replaced, directories filled.
 * `scratch`: a name for a file that is not there. SP_INVALID: a link in the image leads its place
 * out of the image. */
enum sp_rc sp_placing_put(const struct sp_build_entry *entry,
                          const char *tree,
                          const char *scratch,
                          struct sp_err *err) SP_MUST_USE;
