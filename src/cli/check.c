/* SPDX-License-Identifier: BSD-3-Clause */
#include "cli/command.h"
#include "engine/images.h"
#include "engine/preflight.h"
#include "value/json.h"

#include <stdio.h>

struct check_args {
    struct sp_load_args load;
    struct sp_words ignore;
};

static const struct sp_option options[] = {
    SP_OPT_FLAG("h", "help", struct sp_load_args, help, "show this help"),
    SP_OPT_FLAG(NULL, "json", struct sp_load_args, json, "print one JSON document"),
    SP_OPT_WORDS(NULL,
                 "ignore",
                 struct check_args,
                 ignore,
                 "CODE",
                 "do not tell warnings and notes of this kind, e.g. R0703; may be repeated, or "
                 "name several with commas"),
    SP_SELECT_OPTIONS,
    SP_ASSIGN_OPTIONS,
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
    struct sp_value pulls = { .kind = SP_LIST, .list = sp_images_missing(session->images, arena) };
    sp_dict_set(arena, document.dict, SP_STR("pulls"), pulls);
    sp_json_encode(document, SP_JSON_PRETTY, &text);
    (void)printf("%s\n", text.ptr);
}

static size_t count(const struct sp_session *session, enum sp_severity severity)
{
    size_t found = 0;

    for (size_t i = 0; i < session->diags.len; i++)
        found += session->diags.items[i].severity == severity;
    return found;
}

static void print_verdict(const struct sp_session *session, const struct sp_preflight *plan)
{
    size_t warnings = count(session, SP_WARNING);
    size_t notes = count(session, SP_NOTE);
    const struct sp_list *pulls = sp_images_missing(session->images, session->arena);
    struct sp_str name = session->recipe ? session->recipe->name : session->cab->name;

    if (session->diags.errors)
        (void)printf(SP_STR_FMT ": %zu error%s", SP_STR_ARG(name), session->diags.errors,
                     session->diags.errors == 1 ? "" : "s");
    else
        (void)printf(SP_STR_FMT ": fine, %zu tool run%s%s", SP_STR_ARG(name), plan->tasks,
                     plan->tasks == 1 ? "" : "s", plan->exact ? "" : " or more");
    if (warnings)
        (void)printf(", %zu warning%s", warnings, warnings == 1 ? "" : "s");
    if (notes)
        (void)printf(", %zu note%s", notes, notes == 1 ? "" : "s");
    if (pulls->len == 1)
        (void)printf(", image " SP_STR_FMT " would be pulled", SP_STR_ARG(pulls->items[0].text));
    else if (pulls->len)
        (void)printf(", %zu images would be pulled", pulls->len);
    (void)printf("\n");
}

/* -1 to go on, else the exit status. */
static int ignore(const struct sp_cli_command *self,
                  const struct sp_words *codes,
                  struct sp_diags *diags)
{
    struct sp_err err = SP_ERR_INIT;

    for (size_t i = 0; i < codes->len; i++) {
        struct sp_str rest = sp_str_of(codes->items[i]);
        while (rest.ptr) {
            struct sp_str code = sp_str_trim(sp_str_cut(&rest, ','));
            if (sp_diags_ignore(diags, code))
                continue;
            (void)sp_fail(&err, SP_INVALID, "there is no finding '" SP_STR_FMT "'",
                          SP_STR_ARG(code));
            return sp_command_fault(self, &err);
        }
    }
    return -1;
}

static int check(const struct sp_cli_command *self, struct sp_session *session, const void *given)
{
    const struct check_args *args = given;
    struct sp_preflight plan;
    struct sp_err err = SP_ERR_INIT;
    unsigned pitfalls = SP_PITFALLS_RESULTS | SP_PITFALLS_OTHER;
    enum sp_rc rc = sp_preflight(session, pitfalls, NULL, NULL, &plan, &err);

    int status = ignore(self, &args->ignore, &session->diags);
    if (status >= 0)
        return status;
    if (args->load.json) {
        print_json(session, &plan);
    } else {
        sp_show_findings(session);
        print_verdict(session, &plan);
    }
    return rc ? SP_MAX(sp_findings_status(session), SP_EXIT_FAILED) : SP_EXIT_DONE;
}

static int run_check(const struct sp_cli_command *self, int argc, char **argv)
{
    struct check_args args = { 0 };
    int status = sp_command_act(self, argc, argv, &args, check);

    sp_words_fini(&args.ignore);
    return status;
}

const struct sp_cli_command sp_command_check = {
    .usage = {
        .name = "spoor check",
        .summary = "find mistakes in a recipe without running it",
        .synopsis = "[OPTIONS] FILE... [RECIPE] [NAME=VALUE...]",
        .description = "Shows all findings at once, each with its place, the line, and what to do. "
                       "Exit status 1\nwhen there are errors, 0 when there are only warnings and notes. "
                       "A note is about\nwhat works here and not in Stimela.",
        .options = options,
        .examples = "  spoor check recipe.yml ms=my.ms\n"
                    "      would this run go through?",
    },
    .run = run_check,
};
