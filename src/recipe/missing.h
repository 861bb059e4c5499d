/* SPDX-License-Identifier: BSD-3-Clause */
/* missing.h - required parameters that nobody gave, told in one finding: names, then what they
 * are. */
#pragma once

#include "recipe/schema.h"

struct sp_missing_params {
    size_t count;
    uint32_t origin;     /* of the first: its declaration, or the step that wants it */
    struct sp_buf names; /* "'ms', 'size'" */
    struct sp_buf hint;  /* "'ms' (MS): what to image; 'size' (int)" */
};

#define SP_MISSING_PARAMS \
    ((struct sp_missing_params){ .names = SP_BUF(SP_BUF_SMALL), .hint = SP_BUF(SP_BUF_SMALL) })

void sp_missing_params_add(struct sp_missing_params *missing, const struct sp_param *param);
void sp_missing_params_fini(struct sp_missing_params *missing);
#define sp_auto_missing_params SP_CLEANUP(sp_missing_params_fini)
