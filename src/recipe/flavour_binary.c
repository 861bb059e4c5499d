/* SPDX-License-Identifier: BSD-3-Clause */
/* flavour_binary.c - a program with a command line (spec stimela2.md 3.2): words of the command,
 * `args`, then the parameters. */
#include "recipe/command_internal.h"
#include "value/text.h"

static enum sp_rc add_args(struct sp_building *build)
{
    struct sp_str word;

    if (!build->cab->args)
        return SP_OK;
    SP_LIST_EACH(arg, build->cab->args)
    {
        enum sp_rc rc = sp_building_subst(build, arg->text, arg->origin, &word);
        if (rc)
            return rc;
        sp_building_add(build, word);
    }
    return SP_OK;
}

enum sp_rc sp_flavour_binary(struct sp_building *build)
{
    struct sp_str command;
    enum sp_rc rc =
        sp_building_subst(build, build->cab->command, build->cab->command_origin, &command);

    if (rc)
        return rc;
    rc = sp_shell_split(build->arena, command, build->words, build->err);
    if (rc)
        return sp_err_wrap(build->err, "command of cab '" SP_STR_FMT "'",
                           SP_STR_ARG(build->cab->name));
    if (!build->words->len || !build->words->items[0].text.len)
        return sp_fail(build->err, SP_INVALID, "command of cab '" SP_STR_FMT "' is empty",
                       SP_STR_ARG(build->cab->name));
    build->short_name = build->words->items[0].text;
    rc = add_args(build);
    return rc ? rc : sp_arguments_build(build);
}
