/* SPDX-License-Identifier: BSD-3-Clause */
/* interpolate.h - ${...} in configuration files, as OmegaConf reads it.
 *
 * Resolved in one file against that file alone, before includes. A text that is nothing but one
 * ${...} becomes the value itself, also a whole section; elsewhere its text is put in. "\${" is
 * an ordinary "${".
 *
 *     ${a.b} ${a[0]} ${.sibling}             another node of the file
 *     ${self:path|dirname|basename}          of the file
 *     ${oc.env:NAME} ${oc.env:NAME,default}  the environment
 *     ${oc.select:a.b,default} ${oc.decode:text} ${oc.create:text}
 *     ${oc.dict.keys:a} ${oc.dict.values:a} ${oc.deprecated:a.b}
 */
#pragma once

#include "lang/diag.h"
#include "lang/world.h"
#include "value/value.h"

struct sp_interpolation {
    struct sp_arena *arena;
    struct sp_origins *origins;
    struct sp_diags *diags;
    const struct sp_world *world; /* for the environment; NULL: nothing is set */
    struct sp_str path;           /* of the file */
    struct sp_str dir;
};

/* The tree with everything resolved; parts without ${ are shared. What fails is a finding and
 * stays as written. */
struct sp_value sp_interpolate(const struct sp_interpolation *how, struct sp_value root);
