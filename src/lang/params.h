/* SPDX-License-Identifier: BSD-3-Clause */
/* params.h - parameters that refer to each other, evaluated on demand. */
#pragma once

#include "lang/eval_internal.h"

enum sp_param_state {
    SP_PARAM_NONE,    /* not a member of the set under evaluation */
    SP_PARAM_PENDING, /* never returned by sp_params_demand */
    SP_PARAM_RUNNING, /* being evaluated further out */
    SP_PARAM_DONE,    /* has its final value, or is gone */
};

/* `key` of `dict` is looked up: evaluate it first if it is a member still waiting. */
enum sp_param_state sp_params_demand(struct sp_eval *eval,
                                     const struct sp_dict *dict,
                                     struct sp_str key);
