/* SPDX-License-Identifier: BSD-3-Clause */
/* params_internal.h - what the parts of parameter validation share. */
#pragma once

#include "recipe/params.h"

/* "demo.image.ms" for messages. */
const char *sp_params_full_name(const struct sp_params_check *check, const struct sp_param *param);

/* Best place to point at for a value: its own, else the check's, else the schema's. */
uint32_t sp_params_origin(const struct sp_params_check *check,
                          const struct sp_param *param,
                          const struct sp_value *value);

/* Is this one of the parameters that the check's flags select? */
bool sp_params_selected(const struct sp_params_check *check, const struct sp_param *param);

/* Rewrite a value of file type or file-list type, and check kind and existence. False after a
 * finding; then *value is as it was. */
bool sp_params_check_paths(const struct sp_params_check *check,
                           const struct sp_param *param,
                           struct sp_value *value);

/* Rewrite the paths inside a value of another type (Optional[File], Tuple[File, int] ...). */
void sp_params_rewrite_paths(const struct sp_params_check *check, struct sp_value *value);

/* Add the directories that must be there before the tool writes this output. */
void sp_params_collect_dirs(struct sp_params_check *check,
                            const struct sp_param *param,
                            struct sp_value value);

/* choices and element_choices. */
void sp_params_check_choices(const struct sp_params_check *check,
                             const struct sp_param *param,
                             struct sp_value value);
