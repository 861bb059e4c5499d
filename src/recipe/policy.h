/* SPDX-License-Identifier: BSD-3-Clause */
/* policy.h - how parameter values become words of a command line (spec stimela2.md 3.4). */
#pragma once

#include "lang/diag.h"
#include "value/value.h"

enum sp_policy_id {
    SP_POLICY_PREFIX,
    SP_POLICY_REPLACE,
    SP_POLICY_KEY_VALUE,
    SP_POLICY_POSITIONAL,
    SP_POLICY_POSITIONAL_HEAD,
    SP_POLICY_REPEAT,
    SP_POLICY_SKIP,
    SP_POLICY_SKIP_IMPLICITS,
    SP_POLICY_EXPLICIT_TRUE,
    SP_POLICY_EXPLICIT_FALSE,
    SP_POLICY_NEGATE, /* Spoor's own: "no-" makes a false x "--no-x" */
    SP_POLICY_SPLIT,
    SP_POLICY_FORMAT,
    SP_POLICY_FORMAT_LIST,
    SP_POLICY_FORMAT_LIST_SCALAR,
    SP_POLICY_PASS_MISSING_AS_NONE,
    SP_POLICY_DISABLE_SUBSTITUTIONS,
    SP_POLICY_EXPLICIT_FLAG,
    SP_POLICY_IS_FLAG,
    SP_POLICY_COUNT,
};

/* Values as written; null where not set. */
struct sp_policies {
    struct sp_value items[SP_POLICY_COUNT];
};

/* From a `policies` mapping (may be NULL); unknown names and wrong types are findings. */
void sp_policies_load(const struct sp_dict *dict, struct sp_policies *out, struct sp_diags *diags);

/* The parameter's own setting if not null, else the cab's; null: the default. */
struct sp_value sp_policy(const struct sp_policies *own,
                          const struct sp_policies *cab,
                          enum sp_policy_id id);

/* The same for policies that are true or false: set, and true. */
bool sp_policy_is_set(const struct sp_policies *own,
                      const struct sp_policies *cab,
                      enum sp_policy_id id);
