/* SPDX-License-Identifier: BSD-3-Clause */
/* yaml.h - YAML text to values with positions.
 *
 * The dialect is that of Stimela: YAML 1.1 as PyYAML's safe loader reads it, with OmegaConf's
 * number rules (spec stimela2.md 1.2). Parsing is done by libfyaml's events; the tree, duplicate
 * keys, anchors, merge keys and limits are ours (its document API is quadratic).
 *
 * Limits: 64 MiB of text, depth 200, two million nodes after expansion of aliases.
 */
#pragma once

#include "lang/diag.h"
#include "value/value.h"

/* Rules for plain scalars. */
enum sp_yaml_dialect {
    SP_YAML_CONFIG,       /* files, and -c -C -s on the command line: 1e3 is a number */
    SP_YAML_COMMAND_LINE, /* PARAM=VALUE: PyYAML proper, 1e3 is text */
};

/* Parse one document. Every value and key has an origin in `origins`; `name` is the file as shown
 * to people. On a syntax error: SP_INVALID, a finding is added to `diags`, `err` has its text.
 * Empty text gives an empty mapping, on the command line null. */
enum sp_rc sp_yaml_parse(struct sp_arena *arena,
                         struct sp_origins *origins,
                         struct sp_str name,
                         struct sp_str text,
                         enum sp_yaml_dialect dialect,
                         struct sp_diags *diags,
                         struct sp_value *out,
                         struct sp_err *err) SP_MUST_USE;

/* The value of one plain (unquoted) scalar: "12" is an int, "yes" a bool, "foo" text. */
struct sp_value sp_yaml_scalar(struct sp_arena *arena,
                               struct sp_str text,
                               enum sp_yaml_dialect dialect);
