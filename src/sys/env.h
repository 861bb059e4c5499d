/* SPDX-License-Identifier: BSD-3-Clause */
/* env.h - environment variables: ours, and those of a process to be started. */
#pragma once

#include "base/str.h"

/* Value of a variable of ours, ptr NULL if it is not set; valid until the environment changes. */
struct sp_str sp_env_get(struct sp_str name);

/* Value of `name` in a list of "NAME=value" that ends with NULL, or NULL; points into the list. */
const char *sp_env_find(const char *const *env, const char *name);
