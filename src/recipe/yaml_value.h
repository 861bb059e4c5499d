/* SPDX-License-Identifier: BSD-3-Clause */
/* yaml_value.h - a value that stands as YAML inside some text: of a parameter ("[a, b]"), or in
 * the output of a tool. */
#pragma once

#include "value/value.h"

/* False if `text` is not YAML. All parts of the value get `origin`. */
bool sp_yaml_value(struct sp_arena *arena,
                   struct sp_str text,
                   uint32_t origin,
                   struct sp_value *out);

/* Give a value and all its parts one origin. */
void sp_value_set_origins(struct sp_value *value, uint32_t origin);
