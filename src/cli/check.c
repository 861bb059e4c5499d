/* SPDX-License-Identifier: BSD-3-Clause */
#include "cli/command.h"
#include "engine/preflight.h"
#include "value/json.h"

#include <stdio.h>

static const struct sp_option options[] = {
    SP_OPT_FLAG("h", "help", struct sp_load_args, help, "show this help"),
    SP_OPT_FLAG(NULL, "json", struct sp_load_args, json, "print one JSON document"),
    SP_SELECT_OPTIONS,
    SP_LOAD_OPTIONS,
    SP_OPT_END,
};

static struct sp_value finding_value(struct sp_session *session, const struct sp_diag *diag)
{
    static const char *const severities[] = {
        [SP_ERROR_FOUND] = "error", [SP_WARNING] = "warning", [SP_NOTE] = "note"
    };
    struct sp_arena *arena = session->arena;
    struct sp_value value = sp_dict_new(arena);
    struct sp_origin origin;

#define PUT(key, what) sp_dict_set(arena, value.dict, SP_STR(key), what)
    PUT("severity", sp_text(sp_str_of(severities[diag->severity])));
    PUT("code", sp_text(sp_str_of(sp_diag_code_text(diag->code))));
    PUT("text", sp_text(sp_str_of(diag->text)));
    if (diag->hint)
        PUT("hint", sp_text(sp_str_of(diag->hint)));
    if (sp_origins_get(session->origins, diag->origin, &origin)) {
        PUT("file", sp_text(sp_arena_str(arena, origin.file)));
        PUT("line", sp_int(origin.line));
        PUT("column", sp_int(origin.column));
    }
#undef PUT
    return value;
}

static void print_json(struct sp_session *session, const struct sp_preflight *plan)
{
    struct sp_arena *arena = session->arena;
    struct sp_value document = sp_dict_new(arena);
    struct sp_value findings = sp_list_new(arena);
    sp_auto_buf struct sp_buf text = SP_BUF(SP_BUF_LARGE);

    for (size_t i = 0; i < session->diags.len; i++)
        sp_list_add(arena, findings.list, finding_value(session, &session->diags.items[i]));
    sp_dict_set(arena, document.dict, SP_STR("valid"), sp_bool(session->diags.errors == 0));
    sp_dict_set(arena, document.dict, SP_STR("runs"), sp_int((int64_t)plan->tasks));
    sp_dict_set(arena, document.dict, SP_STR("findings"), findings);
    sp_json_encode(document, SP_JSON_PRETTY, &text);
    (void)printf("%s\n", text.ptr);
}

static void print_verdict(const struct sp_session *session, const struct sp_preflight *plan)
{
    size_t warnings = session->diags.len - session->diags.errors;
    struct sp_str name = session->recipe ? session->recipe->name : session->cab->name;

    if (session->diags.errors)
        (void)printf(SP_STR_FMT ": %zu error%s", SP_STR_ARG(name), session->diags.errors,
                     session->diags.errors == 1 ? "" : "s");
    else
        (void)printf(SP_STR_FMT ": fine, %zu tool run%s%s", SP_STR_ARG(name), plan->tasks,
                     plan->tasks == 1 ? "" : "s", plan->exact ? "" : " or more");
    if (warnings)
        (void)printf(", %zu warning%s", warnings, warnings == 1 ? "" : "s");
    (void)printf("\n");
}

static int run_check(const struct sp_cli_command *self, int argc, char **argv)
{
    struct sp_load_args args = { 0 };
    sp_auto_words struct sp_words words = { 0 };
    struct sp_session session = { 0 };
    struct sp_preflight plan;
    struct sp_err err = SP_ERR_INIT;

    int status = sp_command_parse(self, argc, argv, &args, &words);
    if (status < 0) {
        status = sp_command_load(self, &args, &words, &session);
        if (status < 0) {
            enum sp_rc rc = sp_preflight(&session, NULL, NULL, &plan, &err);
            status = rc ? SP_MAX(sp_findings_status(&session), SP_EXIT_FAILED) : SP_EXIT_DONE;
            if (args.json) {
                print_json(&session, &plan);
            } else {
                sp_show_findings(&session);
                print_verdict(&session, &plan);
            }
        }
        sp_session_fini(&session);
    }
    sp_load_args_fini(&args);
    return status;
}

const struct sp_cli_command sp_command_check = {
    .usage = {
        .name = "spoor check",
        .summary = "find mistakes in a recipe without running it",
        .synopsis = "[OPTIONS] FILE... [RECIPE] [NAME=VALUE...]",
        .description = "Shows all findings at once, each with its place, the line, and what to do. "
                       "Exit status 1\nwhen there are errors, 0 when there are only warnings.",
        .options = options,
        .examples = "  spoor check recipe.yml ms=my.ms\n"
                    "      would this run go through?",
    },
    .run = run_check,
};
