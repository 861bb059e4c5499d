/* SPDX-License-Identifier: BSD-3-Clause */
/* tarball.h - a directory as the layer of an image, through libarchive.
 *
 * Invariants:
 *   1  the same trees give the same bytes: entries by name in byte order, all of owner 0, no time
 *      later than `latest`, nothing of the machine or the moment;
 *   2  unpacked above `lower`, it gives the tree: what both have alike is left out, what only
 *      `lower` has is whited out.
 *
 * Alike are entries of the same type, mode and content; times do not count. Devices, pipes and
 * sockets are left out, as image/unpack.h does.
 */
#pragma once

#include "image/source.h"

struct sp_tarball {
    int tree_fd;         /* the directory; borrowed */
    int lower_fd;        /* the one below; borrowed; -1: none */
    enum sp_media media; /* SP_MEDIA_TAR, SP_MEDIA_TAR_GZIP, SP_MEDIA_TAR_ZSTD */
    sp_nsec latest;
};

/* Hand the bytes to `sink`. *diff_id: of the archive before compression. SP_INVALID: the tree has a
 * name that means a whiteout; SP_LIMIT: it is deeper than 100 levels; what the sink returned. */
enum sp_rc sp_tarball_write(const struct sp_tarball *tarball,
                            sp_blob_sink sink,
                            void *arg,
                            struct sp_sha_digest *diff_id,
                            struct sp_err *err) SP_MUST_USE;
