/* SPDX-License-Identifier: BSD-3-Clause */
/* paths.h - the files that validated parameters name. */
#pragma once

#include "recipe/schema.h"

typedef void (*sp_path_fn)(void *arg, const struct sp_param *param, struct sp_str path);

/* Every local path in the values of file-like parameters, also within lists, tuples and unions,
 * in order of the values. Remote URIs are left out. */
void sp_paths_each(const struct sp_schema *schema,
                   const struct sp_dict *params,
                   sp_path_fn fn,
                   void *arg);
