/* SPDX-License-Identifier: BSD-3-Clause */
/* layer.h - read a tar archive, entry by entry, through libarchive: plain, gzip or zstd.
 *
 *     sp_layer_open(fd, SP_MEDIA_TAR_GZIP, &layer, &err);
 *     while (sp_layer_next(layer, &entry, &more, &err) == SP_OK && more)
 *         while (sp_layer_read(layer, &block, &err) == SP_OK && block.data.len) ...
 *     sp_layer_finish(layer, &diff_id, &err);
 *
 * Nothing here writes anything: names and targets are as the archive says, hostile or not.
 * SP_CORRUPT: truncated or damaged.
 */
#pragma once

#include "image/manifest.h"

struct sp_layer;

enum sp_entry_type {
    SP_ENTRY_FILE,
    SP_ENTRY_DIR,
    SP_ENTRY_SYMLINK,
    SP_ENTRY_HARDLINK,
    SP_ENTRY_OTHER /* device, pipe, socket */
};

struct sp_layer_entry {
    struct sp_str path, target; /* valid until the next one */
    enum sp_entry_type type;
    uint32_t mode;
    uint64_t size;
    sp_nsec mtime;
};

struct sp_layer_block {
    struct sp_str data; /* empty: the end */
    uint64_t offset;    /* what is left out between blocks is zeros */
};

/* From the current position of `fd`, which stays the caller's. SP_MEDIA_OTHER: whatever its bytes
 * say. The caller owns *out. */
enum sp_rc sp_layer_open(int fd, enum sp_media media, struct sp_layer **out, struct sp_err *err)
    SP_MUST_USE;
void sp_layer_close(struct sp_layer *layer); /* accepts NULL */

enum sp_rc sp_layer_next(struct sp_layer *layer,
                         struct sp_layer_entry *out,
                         bool *more,
                         struct sp_err *err) SP_MUST_USE;
enum sp_rc sp_layer_read(struct sp_layer *layer, struct sp_layer_block *out, struct sp_err *err)
    SP_MUST_USE;

/* Read what is left; SHA-256 of the archive before compression. */
enum sp_rc sp_layer_finish(struct sp_layer *layer, struct sp_sha_digest *out, struct sp_err *err)
    SP_MUST_USE;

static inline void sp_layer_closep(struct sp_layer **layer)
{
    sp_layer_close(*layer);
}

#define sp_auto_layer SP_CLEANUP(sp_layer_closep)
