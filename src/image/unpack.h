/* SPDX-License-Identifier: BSD-3-Clause */
/* unpack.h - put the layers of an image on top of each other in a directory (doc/design/images.md
 * 5).
 *
 * Invariants, whatever the archive says:
 *   1  nothing outside the directory is made, changed or removed (openat2(2), RESOLVE_IN_ROOT);
 *   2  there are only files, directories and links in it, all of them ours, none set-user-id;
 *   3  no more entries and bytes than the limits allow.
 *
 * The directory is private to this process meanwhile. A layer that is refused leaves it half done:
 * the caller throws it away.
 */
#pragma once

#include "image/layer.h"

struct sp_unpack {
    int root_fd; /* borrowed */
    uint64_t max_entries, max_bytes;
    uint64_t entries; /* made so far */
    uint64_t bytes;   /* written so far */
    uint64_t skipped; /* devices, pipes, sockets: left out */
};

#define SP_UNPACK_ENTRIES_MAX ((uint64_t)2000000)
#define SP_UNPACK_BYTES_MAX   ((uint64_t)256 * 1024 * 1024 * 1024)

/* Do what the whiteouts of this layer say to the layers below: before sp_unpack_files, and not for
 * the lowest. SP_CORRUPT, SP_INVALID: the layer is refused; err names the entry. */
enum sp_rc sp_unpack_whiteouts(struct sp_unpack *unpack, struct sp_layer *layer, struct sp_err *err)
    SP_MUST_USE;

/* Everything else. SP_LIMIT besides. */
enum sp_rc sp_unpack_files(struct sp_unpack *unpack, struct sp_layer *layer, struct sp_err *err)
    SP_MUST_USE;
