/* SPDX-License-Identifier: BSD-3-Clause */
/* listing.h - the files in a folder of a store, one by one, as they are: for gc and fsck. */
#pragma once

#include "base/blake3.h"
#include "base/err.h"

struct sp_listing_item {
    const char *path; /* "STORE/objects/ab/cdef...", valid during the call */
    bool named;       /* the name is a digest: `id`; else it does not belong there */
    bool regular;     /* a file */
    struct sp_digest id;
    uint64_t size;  /* bytes in it */
    uint64_t bytes; /* on disk */
    sp_nsec mtime;
};

/* Anything but SP_OK ends the listing, which then returns that. */
typedef enum sp_rc (*sp_listing_fn)(void *arg,
                                    const struct sp_listing_item *item,
                                    struct sp_err *err);

enum sp_listing_shape {
    SP_LISTING_FLAT,   /* files named by 64 digits */
    SP_LISTING_SHARDED /* ab/<62 digits> */
};

/* In no order. A folder that is not there is empty. */
enum sp_rc sp_listing_each(const char *folder,
                           enum sp_listing_shape shape,
                           sp_listing_fn each,
                           void *arg,
                           struct sp_err *err) SP_MUST_USE;
