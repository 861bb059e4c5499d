/* SPDX-License-Identifier: BSD-3-Clause */
/* vault.h - the images of a user on disk (doc/design/images.md 3): blobs, names, roots.
 *
 *     sp_vault_open(dir, SP_VAULT_SHARE, &vault, &err);
 *     sp_vault_intake(vault, &digest, size, &intake, &err);      a blob
 *     sp_intake_add(intake, data, &err); ...
 *     sp_intake_finish(intake, &err);                            is there now, and only now
 *     sp_vault_put_name(vault, &name, &err);                     last
 *     sp_vault_close(vault);
 *
 * Any number of processes may use one vault. Whatever is written goes under tmp/, is synced, and
 * gets its name in one step; nothing is changed afterwards.
 */
#pragma once

#include "base/arena.h"
#include "base/buf.h"
#include "base/err.h"

#include "image/digest.h"

struct sp_vault;
struct sp_lock;

enum sp_vault_use {
    SP_VAULT_READ,  /* nothing is made: SP_NOT_FOUND when there is none */
    SP_VAULT_SHARE, /* made if need be */
    SP_VAULT_ALONE  /* for gc: SP_BUSY while anybody else uses it */
};

/* SP_INVALID: made by a newer spoor, or no vault. The caller owns *out. */
enum sp_rc sp_vault_open(const char *dir,
                         enum sp_vault_use use,
                         struct sp_vault **out,
                         struct sp_err *err) SP_MUST_USE;
void sp_vault_close(struct sp_vault *vault); /* accepts NULL */
const char *sp_vault_dir(const struct sp_vault *vault);

/* A path under the directory of the vault: "blobs/sha256/HEX". */
struct sp_str sp_vault_path(const struct sp_vault *vault,
                            struct sp_arena *arena,
                            const char *kind,
                            const char *name);

/* A new empty directory under tmp/, which goes with its last user. */
enum sp_rc sp_vault_scratch(struct sp_vault *vault,
                            struct sp_arena *arena,
                            struct sp_str *out,
                            struct sp_err *err) SP_MUST_USE;

/* Wait until nobody else makes what has this digest. Released by sp_lock_release. */
enum sp_rc sp_vault_claim(struct sp_vault *vault,
                          const struct sp_sha_digest *digest,
                          struct sp_lock **out,
                          struct sp_err *err) SP_MUST_USE;

/* --- blobs ---------------------------------------------------------------------------------- */

/* Is it there, with this size? (UINT64_MAX: any) */
bool sp_vault_has(const struct sp_vault *vault, const struct sp_sha_digest *digest, uint64_t size);

/* A small one, read and checked. SP_NOT_FOUND; SP_CORRUPT; SP_LIMIT. */
enum sp_rc sp_vault_read(const struct sp_vault *vault,
                         const struct sp_sha_digest *digest,
                         size_t max,
                         struct sp_arena *arena,
                         struct sp_str *out,
                         struct sp_err *err) SP_MUST_USE;

/* For reading; the caller owns *out_fd. SP_NOT_FOUND. */
enum sp_rc sp_vault_open_blob(const struct sp_vault *vault,
                              const struct sp_sha_digest *digest,
                              int *out_fd,
                              struct sp_err *err) SP_MUST_USE;

/* Read it all: SP_CORRUPT if its bytes are not those of its name. */
enum sp_rc sp_vault_verify(const struct sp_vault *vault,
                           const struct sp_sha_digest *digest,
                           struct sp_err *err) SP_MUST_USE;

/* A blob on its way in. `size` UINT64_MAX: not known. `digest` with an empty text: not known. The
 * caller owns *out. */
struct sp_intake;
enum sp_rc sp_vault_intake(struct sp_vault *vault,
                           const struct sp_sha_digest *digest,
                           uint64_t size,
                           struct sp_intake **out,
                           struct sp_err *err) SP_MUST_USE;

/* SP_CORRUPT: more than was promised. */
enum sp_rc sp_intake_add(struct sp_intake *intake, struct sp_str data, struct sp_err *err)
    SP_MUST_USE;

/* Bytes so far. */
uint64_t sp_intake_size(const struct sp_intake *intake);

/* Compare with what was promised, sync, rename. SP_CORRUPT says both digests or sizes. `out` (may
 * be NULL): its digest. The intake is gone in any case. */
enum sp_rc sp_intake_finish(struct sp_intake *intake, struct sp_sha_digest *out, struct sp_err *err)
    SP_MUST_USE;
void sp_intake_drop(struct sp_intake *intake); /* accepts NULL */

/* Text as a blob. */
enum sp_rc sp_vault_put_text(struct sp_vault *vault,
                             struct sp_str text,
                             struct sp_sha_digest *out,
                             struct sp_err *err) SP_MUST_USE;

/* --- names ---------------------------------------------------------------------------------- */

struct sp_vault_name {
    struct sp_str name;            /* as sp_image_name_format has it */
    struct sp_sha_digest digest;   /* what the name stands for: an index or a manifest */
    struct sp_sha_digest manifest; /* for this machine */
    sp_nsec time;                  /* when it was fetched */
};

struct sp_vault_names {
    struct sp_vault_name *items; /* by name, in byte order */
    size_t len;
    size_t damaged; /* files that cannot be read */
};

enum sp_rc sp_vault_put_name(struct sp_vault *vault,
                             const struct sp_vault_name *name,
                             struct sp_err *err) SP_MUST_USE;
/* SP_NOT_FOUND; SP_CORRUPT. */
enum sp_rc sp_vault_get_name(const struct sp_vault *vault,
                             struct sp_str name,
                             struct sp_arena *arena,
                             struct sp_vault_name *out,
                             struct sp_err *err) SP_MUST_USE;
/* SP_NOT_FOUND. */
enum sp_rc sp_vault_drop_name(struct sp_vault *vault, struct sp_str name, struct sp_err *err)
    SP_MUST_USE;
enum sp_rc sp_vault_list_names(const struct sp_vault *vault,
                               struct sp_arena *arena,
                               struct sp_vault_names *out,
                               struct sp_err *err) SP_MUST_USE;

/* What a name's file says. SP_INVALID. */
enum sp_rc sp_vault_name_parse(struct sp_arena *arena,
                               struct sp_str text,
                               struct sp_vault_name *out,
                               struct sp_err *err) SP_MUST_USE;

/* Names of the files in a directory of the vault ("roots"), in byte order. */
enum sp_rc sp_vault_list(const struct sp_vault *vault,
                         const char *kind,
                         struct sp_arena *arena,
                         struct sp_str **out,
                         size_t *out_len,
                         struct sp_err *err) SP_MUST_USE;

static inline void sp_vault_closep(struct sp_vault **vault)
{
    sp_vault_close(*vault);
}

static inline void sp_intake_dropp(struct sp_intake **intake)
{
    sp_intake_drop(*intake);
}

#define sp_auto_vault  SP_CLEANUP(sp_vault_closep)
#define sp_auto_intake SP_CLEANUP(sp_intake_dropp)
