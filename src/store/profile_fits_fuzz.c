/* SPDX-License-Identifier: BSD-3-Clause */
/* FITS of whoever: parts lie in the file, one behind the other, and a kept header or byte of data
 * that changes is another meaning. */
#include "store/profile.h"

#include <stdlib.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

struct source {
    const uint8_t *data;
    size_t size;
};

static bool read_source(void *arg, uint64_t at, char *buffer, size_t len)
{
    const struct source *source = arg;

    if (at > source->size || len > source->size - at)
        return false;
    memcpy(buffer, source->data + at, len);
    return true;
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    struct source source = { data, size };
    struct sp_fits fits;
    uint64_t at = 0;

    (void)sp_fits_is((struct sp_str){ (const char *)data, size });
    if (!sp_profile_fits_scan(read_source, &source, size, &fits))
        return 0;
    for (size_t i = 0; i < fits.len; i++) {
        const struct sp_fits_part *part = &fits.parts[i];
        bool rest = sp_digest_is_zero(&part->cards);
        if (part->data_at < at + (rest ? 0 : SP_FITS_BLOCK) || part->data_at > size ||
            part->data_len > size - part->data_at || (rest && i + 1 < fits.len))
            abort();
        at = part->data_at + part->data_len;
    }
    if (at != size)
        abort();
    sp_fits_fini(&fits);
    return 0;
}
