/* SPDX-License-Identifier: BSD-3-Clause */
#include "base/checksum.h"

#include <inttypes.h>
#include <xxhash.h>

struct sp_checksum_text sp_checksum(struct sp_str data)
{
    struct sp_checksum_text out;
    uint64_t sum = XXH3_64bits(data.len > 0 ? data.ptr : "", data.len);

    (void)snprintf(out.text, sizeof out.text, "%016" PRIx64, sum);
    return out;
}
