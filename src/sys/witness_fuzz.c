/* SPDX-License-Identifier: BSD-3-Clause */
/* The input is a testimony as it may be found. Property: looking at it ends; none of random bytes
 * is true. */
#include "sys/witness.h"

#include <stdlib.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    if (sp_witness_holds((struct sp_str){ (const char *)data, size }))
        abort();
    return 0;
}
