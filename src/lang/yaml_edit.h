/* SPDX-License-Identifier: BSD-3-Clause */
/* yaml_edit.h - set one value in the text of a YAML file and leave the rest as it is.
 *
 * Comments, order and layout stay: a line is replaced, or lines are added. The result is read
 * again and compared with what was meant before it is given back, so that a file which is laid out
 * in ways this does not understand (flow style, anchors) is refused, never spoilt. A file without
 * comments is then written anew.
 */
#pragma once

#include "lang/yaml.h"

/* `path` is dotted ("opts.log.dir"); `name` is the file as shown to people. SP_INVALID: the text
 * is not YAML, a value on the way is not a mapping, or YAML cannot hold the name or the value
 * (bytes that are no UTF-8). SP_LIMIT: the file would lose comments. */
enum sp_rc sp_yaml_edit(struct sp_arena *arena,
                        struct sp_str name,
                        struct sp_str text,
                        struct sp_str path,
                        struct sp_value value,
                        struct sp_buf *out,
                        struct sp_err *err) SP_MUST_USE;

/* A value as one line of YAML. */
void sp_yaml_flow(struct sp_arena *arena, struct sp_value value, struct sp_buf *out);
