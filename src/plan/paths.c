/* SPDX-License-Identifier: BSD-3-Clause */
#include "plan/paths.h"

struct visit {
    const struct sp_param *param;
    sp_path_fn fn;
    void *arg;
};

static void visit_value(const struct visit *visit, struct sp_value value)
{
    if (value.kind == SP_PATH && sp_str_find_str(value.text, SP_STR("://")) == SIZE_MAX)
        visit->fn(visit->arg, visit->param, value.text);
    if (sp_is_list(value))
        SP_LIST_EACH(item, value.list)
    visit_value(visit, *item);
    if (value.kind == SP_DICT)
        SP_DICT_EACH(entry, value.dict)
    visit_value(visit, entry->value);
}

void sp_paths_each(const struct sp_schema *schema,
                   const struct sp_dict *params,
                   sp_path_fn fn,
                   void *arg)
{
    SP_DICT_EACH(entry, params)
    {
        struct visit visit = { sp_schema_find(schema, entry->key), fn, arg };
        if (visit.param)
            visit_value(&visit, entry->value);
    }
}
