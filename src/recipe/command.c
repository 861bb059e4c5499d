/* SPDX-License-Identifier: BSD-3-Clause */
#include "recipe/command.h"

#include "recipe/command_internal.h"
#include "value/text.h"

#define DISPLAY_MAX ((size_t)1 << 20)

static enum sp_rc (*const flavours[])(struct sp_building *build) = {
    [SP_FLAVOUR_BINARY] = sp_flavour_binary,
    [SP_FLAVOUR_PYTHON] = sp_flavour_python,
    [SP_FLAVOUR_PYTHON_CODE] = sp_flavour_python_code,
    [SP_FLAVOUR_CASA] = sp_flavour_casa,
};

/* --- for the flavours --------------------------------------------------------------------- */

void sp_building_add(struct sp_building *build, struct sp_str word)
{
    sp_list_add(build->arena, build->words, sp_text(word));
}

enum sp_rc sp_building_subst(struct sp_building *build,
                             struct sp_str text,
                             uint32_t origin,
                             struct sp_str *out)
{
    struct sp_value value = sp_eval_subst(build->eval, sp_at(sp_text(text), origin), false);

    if (value.kind == SP_UNRESOLVED && build->eval->tolerant) {
        *out = text; /* shown as it is written; it cannot run yet anyway */
        return SP_OK;
    }
    if (!sp_is_value(value))
        return sp_fail(build->err, SP_INVALID, "command of cab '" SP_STR_FMT "': " SP_STR_FMT,
                       SP_STR_ARG(build->cab->name), SP_STR_ARG(value.text));
    *out = sp_value_text(build->arena, value);
    if (!sp_str_eq(*out, text))
        sp_list_add(build->arena, build->resolved, sp_text(*out));
    return SP_OK;
}

const struct sp_value *sp_building_option(const struct sp_building *build, const char *name)
{
    const struct sp_dict *options = build->cab->flavour_options;
    const struct sp_value *value = options ? sp_dict_get(options, name) : NULL;

    return value && value->kind != SP_NULL ? value : NULL;
}

struct sp_wranglers *sp_building_wranglers(struct sp_building *build,
                                           const char *pattern,
                                           const char *const *actions)
{
    struct sp_dict *rules = sp_dict_new(build->arena).dict;
    struct sp_value list = sp_list_new(build->arena);
    struct sp_diags diags; /* stays empty: the rules are ours */

    for (; *actions; actions++)
        sp_list_add(build->arena, list.list, sp_text(sp_str_of(*actions)));
    sp_dict_set(build->arena, rules, sp_str_of(pattern), list);
    sp_diags_init(&diags, build->arena, NULL);
    struct sp_wranglers *wranglers = sp_wranglers_load(build->arena, rules, &diags);
    sp_diags_fini(&diags);
    return wranglers;
}

/* --- the result --------------------------------------------------------------------------- */

static enum sp_rc finish_words(const struct sp_building *build, struct sp_command *out)
{
    out->argc = build->words->len;
    out->argv = SP_ARENA_NEW(build->arena, const char *, out->argc + 1);
    for (size_t i = 0; i < out->argc; i++) {
        struct sp_str word = build->words->items[i].text;
        if (word.len && memchr(word.ptr, '\0', word.len))
            return sp_fail(build->err, SP_INVALID, "word %zu of the command contains a NUL byte",
                           i + 1);
        out->argv[i] = sp_arena_cstr(build->arena, word);
    }
    return SP_OK;
}

/* management.environment, substituted. */
static enum sp_rc finish_environment(const struct sp_building *build, struct sp_command *out)
{
    const struct sp_dict *environment = build->cab->environment;
    size_t len = 0;
    const char **env =
        SP_ARENA_NEW(build->arena, const char *, (environment ? environment->len : 0) + 1);

    if (environment)
        SP_DICT_EACH(entry, environment)
        {
            struct sp_value value = sp_eval_value(build->eval, entry->value);
            if (value.kind == SP_UNSET || value.kind == SP_NULL)
                continue;
            if (!sp_is_value(value) && !build->eval->tolerant)
                return sp_fail(build->err, SP_INVALID,
                               "environment variable '" SP_STR_FMT "': " SP_STR_FMT,
                               SP_STR_ARG(entry->key), SP_STR_ARG(value.text));
            env[len++] =
                sp_arena_join(build->arena, entry->key, "=", sp_value_text(build->arena, value))
                    .ptr;
        }
    out->env = env;
    return SP_OK;
}

static struct sp_str quote_words(const struct sp_building *build)
{
    sp_auto_buf struct sp_buf text = SP_BUF(DISPLAY_MAX);

    sp_shell_join(build->words, &text);
    return sp_arena_str(build->arena, sp_buf_str(&text));
}

enum sp_rc sp_command_build(const struct sp_command_request *request,
                            struct sp_command *out,
                            struct sp_err *err)
{
    struct sp_building build = {
        .arena = request->arena,
        .cab = request->cab,
        .params = request->params,
        .eval = request->eval,
        .python = request->python ? request->python : "python",
        .virtual_env = request->virtual_env,
        .words = sp_list_new(request->arena).list,
        .resolved = sp_list_new(request->arena).list,
        .err = err,
    };
    struct sp_command command = { 0 };
    enum sp_rc rc = flavours[build.cab->flavour](&build);

    if (rc == SP_OK)
        rc = finish_words(&build, &command);
    if (rc == SP_OK)
        rc = finish_environment(&build, &command);
    if (rc) {
        sp_wranglers_free(build.wranglers);
        return rc;
    }
    command.display = build.display.len ? build.display : quote_words(&build);
    command.short_name = build.short_name;
    command.wranglers = build.wranglers;
    command.resolved = build.resolved;
    *out = command;
    return SP_OK;
}

void sp_command_fini(struct sp_command *command)
{
    sp_wranglers_free(command->wranglers);
    command->wranglers = NULL;
}
