/* SPDX-License-Identifier: BSD-3-Clause */
/* confine.h - what the processes of a box may ask of the kernel: no capabilities, a filter of
 * system calls, Landlock. All but the first function are called in the box; system calls only. */
#pragma once

#include "exec/sandbox/init.h"

/* The filter, made once; valid for ever. `inet` false: no sockets of the internet, for boxes
 * without a network of their own. NULL: this kind of machine is not known. */
const struct sock_fprog *sp_confine_make_filter(bool inet);

/* Version of Landlock in this kernel; 0: none. */
int sp_confine_landlock_version(void);

/* No capabilities, none to be had, no_new_privs. */
bool sp_confine_drop(void);

bool sp_confine_filter(const struct sock_fprog *filter);

/* Writes only where the plan says. NULL on success; else which step failed, *where the path. */
const char *sp_confine_landlock(const struct sp_box_plan *plan, const char **where);
