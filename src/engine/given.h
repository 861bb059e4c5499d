/* SPDX-License-Identifier: BSD-3-Clause */
/* given.h - parameters as people give them: in files and as NAME=VALUE. */
#pragma once

#include "engine/session.h"

/* Set `name`, dotted as written at `origin`. Inside a mapping that a file has given ("a: {b: 1}",
 * then a.b=2) its entry is set. */
void sp_given_set(struct sp_arena *arena,
                  struct sp_dict *given,
                  struct sp_str name,
                  uint32_t origin,
                  struct sp_value value);

/* Everything in a YAML file of parameters; values are read as those of NAME=VALUE. SP_NOT_FOUND
 * with the nearest name, SP_INVALID. */
enum sp_rc sp_given_add_file(struct sp_session *session, const char *path, struct sp_err *err)
    SP_MUST_USE;
