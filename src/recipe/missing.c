/* SPDX-License-Identifier: BSD-3-Clause */
#include "recipe/missing.h"

void sp_missing_params_add(struct sp_missing_params *missing, const struct sp_param *param)
{
    bool more = missing->count++ > 0;

    if (!more)
        missing->origin = param->origin;
    sp_buf_addf(&missing->names, "%s'" SP_STR_FMT "'", more ? ", " : "", SP_STR_ARG(param->name));
    sp_buf_addf(&missing->hint, "%s'" SP_STR_FMT "' (" SP_STR_FMT ")", more ? "; " : "",
                SP_STR_ARG(param->name), SP_STR_ARG(param->dtype_text));
    if (param->info.len)
        sp_buf_addf(&missing->hint, ": " SP_STR_FMT, SP_STR_ARG(sp_str_trim(param->info)));
}

void sp_missing_params_fini(struct sp_missing_params *missing)
{
    sp_buf_fini(&missing->names);
    sp_buf_fini(&missing->hint);
}
