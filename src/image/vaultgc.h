/* SPDX-License-Identifier: BSD-3-Clause */
/* vaultgc.h - remove from a vault what no name leads to.
 *
 * Reachable: the document of a name, the manifest chosen from it, its configuration and layers, and
 * the root of its chain. A name that cannot be read keeps everything where it is: nobody knows what
 * it stands for (SP_CORRUPT; `damaged` removes such names first).
 */
#pragma once

#include "image/vault.h"

struct sp_vault_sweep_options {
    bool dry_run;
    bool
        damaged; /* remove names that cannot be read, and blobs that are not what they are called */
    sp_nsec before;            /* names fetched before that time go too; 0: none */
    const struct sp_str *drop; /* names that go */
    size_t drop_len;
};

struct sp_vault_swept {
    size_t names, blobs, roots;
    uint64_t bytes;
};

/* The vault was opened with SP_VAULT_ALONE, or for a dry run in any way. SP_NOT_FOUND: there is no
 * name like one to be dropped; nothing was done then. */
enum sp_rc sp_vault_sweep(struct sp_vault *vault,
                          const struct sp_vault_sweep_options *options,
                          struct sp_vault_swept *out,
                          struct sp_err *err) SP_MUST_USE;
