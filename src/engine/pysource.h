/* SPDX-License-Identifier: BSD-3-Clause */
/* pysource.h - what a Python program is made of besides its interpreter, as far as it can be seen
 * from outside: the distributions that are installed, the source files of a module. */
#pragma once

#include "base/err.h"

#include "engine/memo.h"
#include "engine/package.h"

/* Digest of the names of all distributions that the interpreter `python` (not resolved: that of a
 * virtual environment counts) can see, and of the sources of those that are installed for
 * development. SP_LIMIT: too many files. */
enum sp_rc sp_pysource_packages(struct sp_memo_entry *entry,
                                struct sp_arena *arena,
                                struct sp_str python,
                                struct sp_digest *out,
                                struct sp_err *err) SP_MUST_USE;

/* Digest of the source files of the package or module `name` (its first part counts), found as
 * engine/package.h does, else in the working directory. SP_NOT_FOUND, SP_LIMIT. */
enum sp_rc sp_pysource_module(struct sp_memo_entry *entry,
                              struct sp_arena *arena,
                              struct sp_packages *packages,
                              struct sp_str name,
                              struct sp_digest *out,
                              struct sp_err *err) SP_MUST_USE;

/* Digest of a file and of the other modules in its directory, which it may import. */
enum sp_rc sp_pysource_file(struct sp_memo_entry *entry,
                            struct sp_arena *arena,
                            struct sp_str path,
                            struct sp_digest *out,
                            struct sp_err *err) SP_MUST_USE;

/* Is the module `name` in the working directory, or in one of PYTHONPATH? No distribution speaks
 * for it then. */
bool sp_pysource_is_own(struct sp_arena *arena, struct sp_str name);
