/* SPDX-License-Identifier: BSD-3-Clause */
/* flavour_casa.c - a task of monolithic CASA (spec stimela2.md 3.8). Where the options of the
 * cab are silent, `opts.runtime.casa` of the configuration speaks, then the defaults below. */
#include "recipe/command_internal.h"
#include "value/text.h"

#define CALL_MAX ((size_t)1 << 20)

/* CASA ends with 0 whatever happens. A missing leap second table is none of the user's errors. */
static const char error_pattern[] =
    "(?:\\tSEVERE\\s+|ABORTING|\\*\\*\\* Error \\*\\*\\*)(?!.*MeasTable::dUTC)(?P<rest>.*)";
static const char *const error_actions[] = { "ERROR:CASA error: {rest}", NULL };

/* A setting, or NULL when nobody has made it. */
static const struct sp_value *find_setting(const struct sp_building *build, const char *name)
{
    const struct sp_value *own = sp_building_option(build, name);
    const struct sp_namespace *config =
        build->eval->scope ? sp_scope_find(build->eval->scope, SP_STR("config")) : NULL;

    if (own || !config || !config->dict)
        return own;
    struct sp_str path = sp_arena_printf(build->arena, "opts.runtime.casa.%s", name);
    const struct sp_value *general = sp_dict_walk(config->dict, path);
    return general && general->kind != SP_NULL ? general : NULL;
}

/* A list as it is, a text (substituted) split into words. */
static enum sp_rc add_setting(struct sp_building *build, const char *name, const char *fallback)
{
    const struct sp_value *setting = find_setting(build, name);
    struct sp_value value = setting ? *setting : sp_text(sp_str_of(fallback));
    struct sp_str text;

    if (setting) /* it may come from the configuration */
        sp_list_add(build->arena, build->resolved, sp_text(sp_value_text(build->arena, value)));
    if (sp_is_list(value)) {
        SP_LIST_EACH(item, value.list)
        {
            enum sp_rc rc =
                sp_building_subst(build, sp_value_text(build->arena, *item), item->origin, &text);
            if (rc)
                return rc;
            sp_building_add(build, text);
        }
        return SP_OK;
    }
    enum sp_rc rc =
        sp_building_subst(build, sp_value_text(build->arena, value), value.origin, &text);
    return rc ? rc : sp_shell_split(build->arena, text, build->words, build->err);
}

enum sp_rc sp_flavour_casa(struct sp_building *build)
{
    sp_auto_buf struct sp_buf call = SP_BUF(CALL_MAX);
    struct sp_dict *params;
    struct sp_str task;
    enum sp_rc rc =
        sp_building_subst(build, build->cab->command, build->cab->command_origin, &task);

    if (rc)
        return rc;
    build->short_name = sp_str_trim(task);
    if ((rc = sp_arguments_keywords(build, true, &params)) ||
        (rc = add_setting(build, "wrapper", "xvfb-run -a")) ||
        (rc = add_setting(build, "path", "casa")) ||
        (rc = add_setting(build, "opts", "--log2term --nologger --nologfile")))
        return rc;
    sp_buf_addf(&call, SP_STR_FMT "(**", SP_STR_ARG(build->short_name));
    sp_value_repr((struct sp_value){ .kind = SP_DICT, .dict = params }, &call);
    sp_buf_addc(&call, ')');
    if (!sp_buf_ok(&call))
        return sp_fail(build->err, SP_LIMIT, "the parameters of cab '" SP_STR_FMT "' are too long",
                       SP_STR_ARG(build->cab->name));
    sp_building_add(build, SP_STR("-c"));
    sp_building_add(build, sp_arena_str(build->arena, sp_buf_str(&call)));
    build->wranglers = sp_building_wranglers(build, error_pattern, error_actions);
    return SP_OK;
}
