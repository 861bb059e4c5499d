/* SPDX-License-Identifier: BSD-3-Clause */
/* hidden.h - what the section `recompute` of a cab says with formulas: the inputs that no parameter
 * names, the columns of a table, the parameters that do not matter. */
#pragma once

#include "plan/role.h"

/* Paths of hidden inputs (texts); patterns are replaced by what matches, "measures" by what
 * plan/measures.h says. False: they cannot be told; *why is the reason, for people. */
bool sp_hidden_paths(const struct sp_roles_request *request,
                     struct sp_list *out,
                     struct sp_str *why);

/* Names of columns, evaluated (texts). False: they cannot be told. `names` NULL is false, too. */
bool sp_hidden_columns(const struct sp_roles_request *request,
                       const struct sp_list *names,
                       struct sp_list *out);

/* request->effects with names of ignored parameters in place of formulas. What cannot be told is
 * not ignored. */
const struct sp_effects *sp_hidden_ignore(const struct sp_roles_request *request);
