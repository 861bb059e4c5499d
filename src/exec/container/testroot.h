/* SPDX-License-Identifier: BSD-3-Clause */
/* testroot.h - a small root of an image for test programs: busybox with its commands. */
#pragma once

#include "exec/box.h"

struct sp_testroot {
    struct sp_box_root root;
    char path[40];
};

/* In a directory of its own in /tmp. False, with a failed or skipped check: it cannot be made. */
bool sp_testroot_make(struct sp_testroot *root);
void sp_testroot_remove(struct sp_testroot *root);
