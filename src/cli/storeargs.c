/* SPDX-License-Identifier: BSD-3-Clause */
#include "cli/storeargs.h"

#include "engine/depot.h"
#include "recipe/setting.h"
#include "sys/tty.h"

#include <stdio.h>
#include <unistd.h>

int sp_store_args_load(struct sp_store_args *args, struct sp_session *session, const char **dir)
{
    struct sp_session_options options = sp_load_args_session(&args->load);

    sp_session_init(session, &options);
    sp_setting_check_values(&session->diags, *sp_dict_get(session->config.root, "opts"));
    sp_show_findings(session);
    *dir = args->store ? args->store : sp_depot_dir(session).ptr;
    return session->diags.errors ? sp_findings_status(session) : -1;
}

struct sp_str sp_store_setting(const struct sp_session *session, const char *path)
{
    const struct sp_value *value = sp_dict_walk(session->config.root, sp_str_of(path));

    if (!value || value->kind == SP_NULL)
        return SP_STR("");
    return value->kind == SP_INT
               ? sp_arena_printf(session->arena, "%lld", (long long)value->integer)
               : (sp_is_text(*value) ? value->text : SP_STR(""));
}

int sp_store_fault(const struct sp_err *err)
{
    (void)fprintf(stderr, "spoor: %s\n", err->text);
    return err->code == SP_INVALID || err->code == SP_NOT_FOUND ? SP_EXIT_FAILED : SP_EXIT_STORE;
}

int sp_store_confirm(const char *question, bool yes)
{
    char answer[16] = "";

    if (yes)
        return -1;
    if (!isatty(STDIN_FILENO)) {
        (void)fprintf(stderr,
                      "spoor: nothing was done: there is no terminal to ask on; say --yes\n");
        return SP_EXIT_USAGE;
    }
    (void)fprintf(stderr, "%s [y/N] ", question);
    if (fgets(answer, sizeof answer, stdin) && (answer[0] == 'y' || answer[0] == 'Y'))
        return -1;
    (void)fprintf(stderr, "nothing was done\n");
    return SP_EXIT_FAILED;
}
