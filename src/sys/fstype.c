/* SPDX-License-Identifier: BSD-3-Clause */
#include "sys/fstype.h"

#include "base/defs.h"

#include <sys/vfs.h>

const char *sp_file_system_name(const char *path)
{
    static const struct {
        unsigned long type;
        const char *name;
    } names[] = {
        { 0xef53, "ext4" },       { 0x58465342, "xfs" },      { 0x9123683e, "btrfs" },
        { 0x01021994, "tmpfs" },  { 0x794c7630, "overlay" },  { 0x6969, "nfs" },
        { 0x2fc12fc1, "zfs" },    { 0xca451a4e, "bcachefs" }, { 0xf2f52010, "f2fs" },
        { 0x0bd00bd0, "lustre" }, { 0x47504653, "gpfs" },     { 0x19830326, "beegfs" },
        { 0x00c36400, "ceph" },   { 0xff534d42, "cifs" },     { 0xfe534d42, "smb2" },
        { 0x65735546, "fuse" },   { 0x01021997, "9p" },       { 0x4d44, "fat" },
    };
    struct statfs info;

    if (statfs(path, &info) < 0)
        return "unknown";
    for (size_t i = 0; i < SP_COUNT(names); i++)
        if ((unsigned long)info.f_type == names[i].type)
            return names[i].name;
    return "unknown";
}
