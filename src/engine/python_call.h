/* SPDX-License-Identifier: BSD-3-Clause */
/* python_call.h - functions that cabs name as their dynamic_schema, run by Python.
 *
 * The interpreter is $VIRTUAL_ENV/bin/python, or python3 or python in PATH: the one in which the
 * package of the cab is installed. The working directory is searched for modules last.
 */
#pragma once

#include "base/arena.h"
#include "base/err.h"

/* As sp_world's `call`. SP_INVALID: there is no Python, the function cannot be imported, it has
 * raised an exception (its text, and where), or it has not answered in a minute. */
enum sp_rc sp_python_call(void *arg,
                          struct sp_str request,
                          struct sp_arena *arena,
                          struct sp_str *answer,
                          struct sp_err *err) SP_MUST_USE;
