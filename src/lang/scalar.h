/* SPDX-License-Identifier: BSD-3-Clause */
/* scalar.h - what an unquoted YAML text stands for.
 *
 * YAML 1.1 as PyYAML reads it: yes/no/on/off are bools, 017 is octal, 1:30 is base sixty. The
 * dialect of files adds numbers like 1e3 (OmegaConf), and in no dialect is there a date.
 */
#pragma once

#include "lang/yaml.h"

/* "<<" or "=": no value at all, only a key. */
bool sp_scalar_is_reserved(struct sp_str text);

/* An integer in YAML's notation that does not fit into 64 bits (it is kept as text). */
bool sp_scalar_is_huge(struct sp_str text);
