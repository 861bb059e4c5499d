/* SPDX-License-Identifier: BSD-3-Clause */
/* oom.h - what the kernel does when memory runs out. */
#pragma once

#include "base/str.h"

/* How many processes it has ended for that, on this machine and in our control group, as far as
 * they tell; only good for seeing whether it has become more. */
uint64_t sp_oom_kills(void);

/* The number behind "oom_kill " in /proc/vmstat, memory.events or memory.oom_control; 0: none. */
uint64_t sp_oom_parse(struct sp_str text);

/* Bytes that there are for us: of the machine, or of our control group if that may have less. */
uint64_t sp_memory_total(void);
