/* SPDX-License-Identifier: BSD-3-Clause */
/* pool.h - work for several cores: pieces that share nothing.
 *
 *     static bool digest_piece(void *arg, size_t piece, unsigned worker) ...
 *     if (!sp_pool_run(count, sp_pool_cores(), digest_piece, &job)) ...   all are done, or one
 * failed
 *
 * The threads live for one call; they take the pieces in order, so that pieces that need
 * neighbouring bytes of a disk are done at about the same time. All signals are blocked in them.
 * While fault.h has a site armed everything is done in the calling thread.
 */
#pragma once

#include "base/err.h"

/* Do piece number `piece`; `worker` (from 0) tells the threads apart, for memory of their own.
 * False: it failed, and pieces that nobody has begun are left out. */
typedef bool (*sp_pool_fn)(void *arg, size_t piece, unsigned worker);

#define SP_POOL_MAX 256

/* Call `fn` for each piece from 0 to `count` - 1, in at most `threads` threads, of which the
 * calling one is the first. The pieces before a failed one are all done when this returns false. */
bool sp_pool_run(size_t count, unsigned threads, sp_pool_fn fn, void *arg) SP_MUST_USE;

/* The same on all cores, for pieces that say why they failed: *err is that of one of them. */
typedef enum sp_rc (*sp_pool_try_fn)(void *arg, size_t piece, struct sp_err *err);
enum sp_rc sp_pool_try(size_t count, sp_pool_try_fn fn, void *arg, struct sp_err *err) SP_MUST_USE;

/* Cores that this process may use: at least 1. */
unsigned sp_pool_cores(void);
