/* SPDX-License-Identifier: BSD-3-Clause */
/* fault.h - let the n-th risky operation fail, so that tests can try every failure in turn.
 *
 *     ssize_t n = SP_FAULT("journal.write", ENOSPC) ? -1 : write(fd, data, len);
 *
 * A site costs one load and a predicted branch while nothing is armed. Not for threads: whoever
 * has some does the work in one while sp_fault_armed_count is not 0.
 *
 * Of whole programs the environment decides, see sp_fault_arm_environment: tests list the sites
 * that a command reaches, then let each fail, or kill, in turn.
 */
#pragma once

#include <stdbool.h>

extern unsigned sp_fault_armed_count;

/* True if this site is the one to fail; then errno is set to `number`. */
#define SP_FAULT(site, number) (sp_fault_armed_count != 0 && sp_fault_hit((site), (number)))
bool sp_fault_hit(const char *site, int number);

/* Let the nth site that is reached from now on fail (1 is the next); 0 switches off. */
void sp_fault_arm(unsigned nth);

/* Let the program die (SIGKILL) at the nth arrival at the site `name`, or at any ("*"): what is
 * left is what a crash at that instant leaves. `name` is borrowed. */
void sp_fault_arm_kill(const char *name, unsigned nth);

/* From the environment, one of
 *
 *     SPOOR_FAULT_KILL=NAME:N    die at the Nth arrival at NAME ("*": at any)
 *     SPOOR_FAULT=NAME:N         let it fail, once
 *     SPOOR_FAULT_LIST=FILE      append the names of all sites in the order of arrival
 *
 * Returns the name of a variable that makes no sense, or NULL. */
const char *sp_fault_arm_environment(void);

/* Name of the site that failed since arming, or NULL. */
const char *sp_fault_fired(void);
