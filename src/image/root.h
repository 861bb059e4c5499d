/* SPDX-License-Identifier: BSD-3-Clause */
/* root.h - the file system of an image, unpacked once: VAULT/roots/HEX/rootfs, named by its chain.
 *
 * It is made under tmp/ and renamed when it is whole and synced; whoever sees it sees all of it. It
 * is read-only by agreement: what runs in it must not be able to write there. */
#pragma once

#include "image/pull.h"
#include "image/unpack.h"

struct sp_root {
    struct sp_str path; /* of the directory "rootfs" */
    uint64_t files, bytes, skipped;
    bool made; /* just now */
};

/* Is it unpacked? */
bool sp_root_is_there(const struct sp_vault *vault, const struct sp_sha_digest *chain);

/* What root.json says. SP_NOT_FOUND; SP_CORRUPT. */
enum sp_rc sp_root_find(const struct sp_vault *vault,
                        const struct sp_sha_digest *chain,
                        struct sp_arena *arena,
                        struct sp_root *out,
                        struct sp_err *err) SP_MUST_USE;

/* Unpack it unless it is there; waits for whoever is at it already. `layer` (may be NULL) is told
 * which one is begun, from 1. SP_CORRUPT: a layer is not what its digests say; SP_INVALID: one has
 * entries that no image may have; SP_LIMIT. */
struct sp_root_options {
    uint64_t max_entries, max_bytes; /* 0: those of unpack.h */
    void (*layer)(void *arg, size_t number, size_t count);
    void *arg;
};

enum sp_rc sp_root_make(struct sp_vault *vault,
                        const struct sp_image_found *image,
                        const struct sp_root_options *options,
                        struct sp_arena *arena,
                        struct sp_root *out,
                        struct sp_err *err) SP_MUST_USE;

/* What is in `rootfs`, links followed as they are inside: is there anything at `path`; is a program
 * of that name (with a slash: a path) in `search_path`? */
bool sp_root_has(const char *rootfs, const char *path);
bool sp_root_has_program(const char *rootfs, const char *name, const char *search_path);
