/* SPDX-License-Identifier: BSD-3-Clause */
/* pin.c - versions that are never collected: a file each under pins/, whose text says why. */
#include "base/fault.h"

#include "store/store_internal.h"

#include <unistd.h>

enum sp_rc sp_store_pin(struct sp_store *store,
                        const struct sp_digest *version,
                        struct sp_str why,
                        struct sp_err *err)
{
    struct sp_store_path path = sp_store_flat_path(store, "pins", version);
    enum sp_rc rc = sp_epoch_begin(store, err);

    if (!rc)
        rc = sp_store_write(store, path.text, why, err);
    if (rc)
        return sp_err_wrap(err, "pin a version");
    return sp_epoch_wrote(store, 1, err);
}

enum sp_rc sp_store_unpin(struct sp_store *store,
                          const struct sp_digest *version,
                          struct sp_err *err)
{
    struct sp_store_path path = sp_store_flat_path(store, "pins", version);
    enum sp_rc rc = sp_store_check_writable(store, err);

    if (rc)
        return rc;
    if (SP_FAULT("pin.unlink", EIO) || unlink(path.text) < 0)
        return sp_fail_errno(err, "unpin '%s'", path.text);
    return SP_OK;
}

bool sp_store_is_pinned(const struct sp_store *store, const struct sp_digest *version)
{
    return access(sp_store_flat_path(store, "pins", version).text, F_OK) == 0;
}
