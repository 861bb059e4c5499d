/* SPDX-License-Identifier: BSD-3-Clause */
#include "sys/env.h"

#include "sys/witness.h"

#include <unistd.h>

static const char *find_value(const char *const *env, struct sp_str name)
{
    for (; env && *env; env++) {
        if (strncmp(*env, name.ptr, name.len) == 0 && (*env)[name.len] == '=')
            return *env + name.len + 1;
    }
    return NULL;
}

struct sp_str sp_env_get(struct sp_str name)
{
    sp_witness_variable(name);
    const char *value = find_value((const char *const *)environ, name);

    return value ? sp_str_of(value) : (struct sp_str){ NULL, 0 };
}

const char *sp_env_find(const char *const *env, const char *name)
{
    return find_value(env, sp_str_of(name));
}
