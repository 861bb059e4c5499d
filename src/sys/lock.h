/* SPDX-License-Identifier: BSD-3-Clause */
/* lock.h - one process at a time, or many that share.
 *
 * An advisory lock (of the open file: fcntl(2), F_OFD_SETLK) on a file that also says who holds it.
 * The kernel lets go of it when the holder ends, however it ends: what the file says counts only
 * while the lock is held. The file stays when the lock is given back, because removing it could
 * pull it away from under somebody who is just taking it.
 */
#pragma once

#include "base/err.h"

struct sp_lock;

struct sp_lock_holder {
    int pid;
    char since[32]; /* local time: "2026-11-21 11:27:55" */
    char host[72];
};

/* Take the lock at `path`; the file is made if need be, its directory exists. SP_BUSY: "another
 * spoor (pid 123 on host, since 2026-11-21 11:27:55) is running here". The caller owns *out. */
enum sp_rc sp_lock_take(const char *path, struct sp_lock **out, struct sp_err *err) SP_MUST_USE;

/* Hold it together with others who share it, but with nobody who has taken it (SP_BUSY). Also where
 * nothing can be written, if the file is there. */
enum sp_rc sp_lock_share(const char *path, struct sp_lock **out, struct sp_err *err) SP_MUST_USE;

/* Do locks keep anybody out in this directory? Some network file systems grant all of them. Tried
 * with a file of its own. */
enum sp_rc sp_lock_probe(const char *dir, bool *works, struct sp_err *err) SP_MUST_USE;

/* Accepts NULL. */
void sp_lock_release(struct sp_lock *lock);

/* Who holds the lock now; false when nobody does. */
bool sp_lock_find_holder(const char *path, struct sp_lock_holder *out);
