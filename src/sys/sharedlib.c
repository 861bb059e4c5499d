/* SPDX-License-Identifier: BSD-3-Clause */
#include "sys/sharedlib.h"

#include <dlfcn.h>
#include <string.h>

enum sp_rc sp_sharedlib_load(const char *file,
                             const char *const *names,
                             void *table,
                             struct sp_err *err)
{
    void *zero = NULL;

    if (memcmp(table, &zero, sizeof zero) != 0) /* it has been loaded */
        return SP_OK;
    void *library = dlopen(file, RTLD_NOW | RTLD_LOCAL);
    if (!library)
        return sp_fail(err, SP_NOT_FOUND, "the library %s cannot be loaded: %s", file, dlerror());
    /* Backwards: the first one tells that all are there. */
    size_t i = 0;
    while (names[i])
        i++;
    while (i > 0) {
        void *address = dlsym(library, names[--i]);
        if (!address)
            return sp_fail(err, SP_NOT_FOUND, "the library %s is too old: it has no %s", file,
                           names[i]);
        memcpy((char *)table + i * sizeof address, &address, sizeof address);
    }
    return SP_OK;
}
