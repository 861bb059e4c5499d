/* SPDX-License-Identifier: BSD-3-Clause */
#include "sys/clone.h"

#include "base/fault.h"

#include <errno.h>
#include <linux/fs.h>
#include <sys/ioctl.h>

bool sp_clone_file(int from, int to)
{
    if (SP_FAULT("clone.device", EXDEV) || SP_FAULT("clone.unsupported", EOPNOTSUPP) ||
        SP_FAULT("clone.full", ENOSPC))
        return false;
    return ioctl(to, FICLONE, from) == 0;
}

bool sp_clone_refused(int number)
{
    switch (number) {
    case EXDEV:
    case EOPNOTSUPP:
    case ENOSYS:
    case ENOTTY:
    case EINVAL: /* swap files, other checksum settings */
    case EPERM:
    case ETXTBSY: return true;
    default: return false;
    }
}
