/* SPDX-License-Identifier: BSD-3-Clause */
/* tools.h - finding the programs that jobs start, and saying how to get missing ones. */
#pragma once

#include "base/err.h"

#include "engine/place.h"
#include "plan/offer.h"

/* PATH of jobs: our cargo programs, then the user's PATH. */
struct sp_str sp_tools_path(struct sp_arena *arena, const struct sp_places *places);

/* Is `program` an executable on that path (or a path to one)? */
bool sp_tools_has(const char *program, const char *path);

/* Like sp_program_get of sys/file.h: says what is wrong with a program that cannot be run. */
enum sp_rc sp_tools_get(struct sp_str program, struct sp_str path, struct sp_err *err) SP_MUST_USE;

/* The backends of this machine. */
const struct sp_offer *sp_tools_offers(struct sp_arena *arena, struct sp_str path);

/* The Python of cabs that name none: "python", or "python3" where only that is there. */
const char *sp_tools_python(struct sp_str path);

/* How to install it: "apt-get install wsclean", or NULL when we do not know. */
const char *sp_tools_remedy(struct sp_str program);

/* The whole environment of a job: ours with PATH as above, HOME set if it was not (casacore fails
 * without), then `additions` ("NAME=value"). NULL-terminated, arena. */
const char *const *sp_tools_environment(struct sp_arena *arena,
                                        struct sp_str path,
                                        const char *const *additions);

/* The environment `env` with NAME=value set. */
const char *const *sp_tools_with_variable(struct sp_arena *arena,
                                          const char *const *env,
                                          const char *variable);
