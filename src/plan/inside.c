/* SPDX-License-Identifier: BSD-3-Clause */
#include "plan/inside.h"

bool sp_inside_is_own(struct sp_str path)
{
    /* /var/run is a link to /run, here or in the image. */
    static const char *const own[] = { "/",    "/tmp",     "/var/tmp", "/run", "/var/run",
                                       "/dev", "/dev/shm", "/proc",    "/sys" };

    for (size_t i = 0; i < SP_COUNT(own); i++)
        if (sp_str_is(path, own[i]))
            return true;
    return false;
}
