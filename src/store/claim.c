/* SPDX-License-Identifier: BSD-3-Clause */
/* claim.c - keys that are being computed: a locked file each under running/. */
#include "store/store_internal.h"

#include <unistd.h>

#define TRIES 100

enum sp_rc sp_store_claim(struct sp_store *store,
                          const struct sp_digest *key,
                          struct sp_lock **out,
                          struct sp_err *err)
{
    struct sp_store_path path = sp_store_flat_path(store, "running", key);
    enum sp_rc rc = sp_store_check_writable(store, err);

    /* A claim that ends takes its file with it: then the lock that we got is on nothing. */
    for (int i = 0; !rc && i < TRIES; i++) {
        struct sp_lock *lock = NULL;
        rc = sp_lock_take(path.text, &lock, err);
        if (!rc && access(path.text, F_OK) == 0) {
            *out = lock;
            return SP_OK;
        }
        sp_lock_release(lock);
    }
    return rc ? rc : sp_fail(err, SP_BUSY, "'%s' comes and goes", path.text);
}

void sp_store_unclaim(struct sp_store *store, const struct sp_digest *key, struct sp_lock *claim)
{
    struct sp_store_path path = sp_store_flat_path(store, "running", key);

    if (!claim)
        return;
    (void)unlink(path.text);
    sp_lock_release(claim);
}
