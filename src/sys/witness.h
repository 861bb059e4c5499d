/* SPDX-License-Identifier: BSD-3-Clause */
/* witness.h - what the file system and the environment were asked, so that the same questions can
 * be asked once more.
 *
 *     sp_witness_begin();
 *     ...                                   everything that looks at a file says so beforehand
 *     sp_witness_end(&testimony);           false: it cannot be repeated
 *
 *     sp_witness_holds(testimony)           later, in another process: are all answers the same?
 *
 * If they are, whatever follows from files and variables alone has not changed. The functions of
 * sys/ and the scan of store/tree.h testify on their own; who opens a file by other means calls
 * sp_witness_path before that (doc/design/repeat.md; tests/cli/t33-repeat.t compares with what
 * strace sees).
 *
 * An answer is: type, device, inode, mode, size, time of modification and of change; of a directory
 * all but size and times; of a link both its own and those of what it points to; or that there is
 * nothing. It is taken before the question proper is put, so that a change in between is found
 * later. A change that leaves all of these as they were is possible only within one tick of the
 * file system's clock: files changed since sp_witness_begin, or just before, make a testimony
 * worthless.
 *
 * One testimony at a time and thread; other threads are not heard, so they may look only at what
 * was looked at before.
 */
#pragma once

#include "base/buf.h"

/* Begin. What was heard so far is forgotten. */
void sp_witness_begin(void);

/* Append what was heard to `out`, in the byte order of this machine. False: something cannot be
 * asked again, or a file is too young; or nothing was begun. In any case it has ended. `out` may be
 * NULL. */
bool sp_witness_end(struct sp_buf *out);

/* Ask again, in several threads. False also for a text that sp_witness_end cannot have written. */
bool sp_witness_holds(struct sp_str testimony);

/* --- for those who look ------------------------------------------------------------------- */

/* What is at `path` is about to be looked at, or read. */
void sp_witness_path(const char *path);

/* The same; if it is a directory, its times count as well. */
void sp_witness_times(const char *path);

/* The names in the directory `path` are about to be read. */
void sp_witness_names(const char *path);

/* The whole tree at `path` is about to be walked, links in it not followed. `times`: those of
 * directories count. */
void sp_witness_tree(const char *path, bool times);

/* The variable of the environment is about to be looked up; sp_env_get says so. */
void sp_witness_variable(struct sp_str name);

/* Something is about to be asked that may have another answer each time: a program, the clock. */
void sp_witness_blind(void);

/* What is asked until the scope ends is no part of it: one's own housekeeping. */
unsigned *sp_witness_pause(void);
void sp_witness_resume(unsigned **paused);
#define SP_WITNESS_PAUSED         \
    SP_CLEANUP(sp_witness_resume) \
    __attribute__((unused)) unsigned *paused_witness = sp_witness_pause()
