/* SPDX-License-Identifier: BSD-3-Clause */
/* buildfile.h - what an image is built from, as people write it (doc/manual/images.md):
 *
 *     name: spoor/wsclean
 *     version: bookworm
 *     from: base.yml              or suite: bookworm
 *     packages: [wsclean]
 *     files: {/usr/local/bin/x: bin/x}
 *     env: {OMP_NUM_THREADS: 1}
 *
 * All faults are findings, with their places.
 */
#pragma once

#include "engine/place.h"
#include "lang/diag.h"
#include "value/value.h"

struct sp_build_entry {
    struct sp_str source; /* a file or directory here: absolute, or relative to ours */
    struct sp_str target; /* absolute in the image; without "." and ".." */
    uint32_t origin;
};

struct sp_buildfile {
    struct sp_str path;
    struct sp_str name;  /* of the image, with its version */
    struct sp_str suite; /* of Debian; empty: that of `from` */
    struct sp_str from;  /* another build file; empty: none */
    struct sp_str info;
    uint32_t from_origin, origin;   /* of the file as a whole */
    const struct sp_list *packages; /* texts: "wsclean", "wsclean=3.1-3" */
    struct sp_build_entry *files;
    size_t file_count;
    const struct sp_dict *env; /* texts */
};

/* SP_INVALID: there are findings. Everything lives in `arena`. */
enum sp_rc sp_buildfile_read(struct sp_arena *arena,
                             struct sp_origins *origins,
                             const struct sp_places *places,
                             struct sp_str path,
                             struct sp_diags *diags,
                             struct sp_buildfile *out,
                             struct sp_err *err) SP_MUST_USE;

/* The same of a text, of the file out->path: nothing is looked at but what it says. */
enum sp_rc sp_buildfile_parse(struct sp_arena *arena,
                              struct sp_origins *origins,
                              const struct sp_places *places,
                              struct sp_str text,
                              struct sp_diags *diags,
                              struct sp_buildfile *out,
                              struct sp_err *err) SP_MUST_USE;
