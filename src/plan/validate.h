/* SPDX-License-Identifier: BSD-3-Clause */
/* validate.h - parameter sets of steps and recipes, checked as the mode of the walk asks for
 * (spec stimela2.md 2.7 "When each happens"). */
#pragma once

#include "plan/state.h"

struct sp_validation {
    const struct sp_schema *schema;
    const struct sp_dict *defaults; /* may be NULL */
    struct sp_str owner;            /* full name */
    const struct sp_dict *raw;      /* values as given */
    struct sp_dict *params;         /* results; changed in place, so that others may hold it */
    uint32_t origin;                /* of the step */
    struct sp_str doc_name;         /* what `spoor doc` knows it by; may be empty */
    bool is_recipe;                 /* the outermost: missing parameters are counted elsewhere */
    bool loose;                     /* the step is skipped: nothing in here can fail */
    bool conditional;               /* in CHECK: it may be skipped, so names may be missing */
    bool unneeded;                  /* it is skipped in any case: nothing is missed */
    struct sp_list *make_dirs;      /* filled; NULL: none wanted */
};

/* Before a step or recipe runs: inputs and named outputs, then, leniently, other outputs. The
 * result goes to `params` (emptied first). False: there are errors in diags. */
bool sp_validate_before(struct sp_walk *walk,
                        struct sp_frame *frame,
                        struct sp_validation *validation);

/* After it has run: `params` holds what was found; implicit outputs are evaluated again. */
bool sp_validate_after(struct sp_walk *walk,
                       struct sp_frame *frame,
                       struct sp_validation *validation);

/* A single value for a single parameter, changed in place. */
bool sp_validate_one(struct sp_walk *walk,
                     struct sp_frame *frame,
                     const struct sp_param *param,
                     struct sp_value *value);
