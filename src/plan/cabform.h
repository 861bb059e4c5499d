/* SPDX-License-Identifier: BSD-3-Clause */
/* cabform.h - what of a cab's definition can reach its tool, as digests.
 *
 * How a cab is written does not matter (shorthand or mapping, order of keys, help texts), nor does
 * what the values of a task show anyway (defaults, choices). Inputs without a value do not count,
 * so that a cab may learn new ones.
 */
#pragma once

#include "base/blake3.h"

#include "recipe/cab.h"

/* First digits of a digest: enough to notice a change, short enough to be kept in every record. */
struct sp_form_text {
    char text[17];
};

struct sp_cab_form {
    struct sp_form_text command, flavour, policies, wranglers;
    struct sp_map params; /* name -> struct sp_form_text * */
};

/* In `arena`; give back with sp_cab_form_fini. */
struct sp_cab_form *sp_cab_form_make(struct sp_arena *arena, const struct sp_cab *cab);
void sp_cab_form_fini(struct sp_cab_form *form);
