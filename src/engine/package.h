/* SPDX-License-Identifier: BSD-3-Clause */
/* package.h - where Python keeps a package, found without Python.
 *
 * Cabs and recipes come as data inside Python packages: "(cultcargo)wsclean.yml". Their
 * directories are looked for where Python would look, in this order:
 *
 *   1. directories given by the caller (-I)
 *   2. $PYTHONPATH
 *   3. the active virtual environment, $VIRTUAL_ENV
 *   4. the installation that `python3` in PATH belongs to, then that of `stimela` in PATH (its own
 *      environment, as pipx makes them)
 *   5. ~/.local/lib/python3*, /usr/local/lib/python3*, /usr/lib/python3
 *
 * then in directories and editable installs that .pth files there name. What is not found so can
 * be asked of Python itself: slow (tens of milliseconds), once a name.
 *
 * Dots are directories: cultcargo.genesis.cubical is cultcargo/genesis/cubical. As in Python, a
 * directory with __init__.py, or a module (its directory is what counts), anywhere on the way goes
 * before a directory without (a namespace package).
 */
#pragma once

#include "value/value.h"

struct sp_packages;

/* `first`: directories searched before all others; borrowed. Nothing is looked at yet. `arena`
 * outlives the result. `self`: our own program, which is no other `stimela`. */
struct sp_packages *sp_packages_new(struct sp_arena *arena,
                                    const char *const *first,
                                    size_t first_len,
                                    struct sp_str self);

/* Directory of the package `name`. False if it is in none of these places. */
bool sp_package_find(struct sp_packages *packages, struct sp_str name, struct sp_str *out);

/* The same, and then ask Python. */
bool sp_package_ask(struct sp_packages *packages, struct sp_str name, struct sp_str *out);

/* From now on `name` is in `dir`, wherever else it may be. Both are copied. */
void sp_package_set(struct sp_packages *packages, struct sp_str name, struct sp_str dir);

/* What was found of what was asked for: a mapping from names to directories. */
struct sp_value sp_packages_known(const struct sp_packages *packages, struct sp_arena *arena);
