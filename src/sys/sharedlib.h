/* SPDX-License-Identifier: BSD-3-Clause */
/* sharedlib.h - a shared library that is loaded when it is first needed. libcurl and libarchive
 * bring forty others: linked to the program, they would make each start of it 9 ms longer.
 *
 *     #define CALLS(X) X(curl_easy_init) X(curl_easy_cleanup)
 *     static struct { CALLS(SP_SHAREDLIB_MEMBER) } lib;
 *     static const char *const names[] = { CALLS(SP_SHAREDLIB_NAME) NULL };
 *
 *     sp_sharedlib_load("libcurl.so.4", names, &lib, &err) == SP_OK
 *     lib.curl_easy_init()
 */
#pragma once

#include "base/err.h"

#define SP_SHAREDLIB_MEMBER(call) __typeof__(call) *(call);
#define SP_SHAREDLIB_NAME(call)   #call,

/* Put the addresses of `names` (NULL-terminated) one after the other into `table`, once; the
 * library stays. From one thread at a time. SP_NOT_FOUND: it is not installed, or an old one. */
enum sp_rc sp_sharedlib_load(const char *file,
                             const char *const *names,
                             void *table,
                             struct sp_err *err) SP_MUST_USE;
