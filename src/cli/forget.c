/* SPDX-License-Identifier: BSD-3-Clause */
#include "engine/forget.h"

#include "cli/storeargs.h"
#include "cli/table.h"
#include "engine/versions.h"
#include "value/json.h"

#include <stdio.h>

struct forget_args {
    struct sp_store_args store;
    bool yes, dry_run;
};

static const struct sp_option options[] = {
    SP_OPT_FLAG("h", "help", struct forget_args, store.load.help, "show this help"),
    SP_OPT_FLAG("y", "yes", struct forget_args, yes, "do not ask"),
    SP_OPT_FLAG("d", "dry-run", struct forget_args, dry_run, "only say what would be forgotten"),
    SP_OPT_FLAG(NULL, "json", struct forget_args, store.load.json, "print one JSON document"),
    SP_STORE_OPTIONS,
    SP_LOAD_OPTIONS,
    SP_OPT_END,
};

static void show(const struct sp_dict *report)
{
    const struct sp_list *records = sp_dict_get(report, "records")->list;

    SP_LIST_EACH(record, records)
    (void)printf(SP_STR_FMT " (run " SP_STR_FMT ")\n",
                 SP_STR_ARG(sp_dict_text(record->dict, "task")),
                 SP_STR_ARG(sp_dict_text(record->dict, "run")));
    (void)printf("%s %zu result%s, %s of data\n",
                 sp_dict_truth(report, "dry_run") ? "would forget" : "forgot", records->len,
                 records->len == 1 ? "" : "s",
                 sp_size_text((uint64_t)sp_dict_number(report, "freed")).text);
}

static void print(const struct sp_value *report, bool json)
{
    sp_auto_buf struct sp_buf text = SP_BUF(SP_BUF_LARGE);

    if (!json) {
        show(report->dict);
        return;
    }
    sp_json_encode(*report, SP_JSON_PRETTY, &text);
    (void)printf("%s\n", text.ptr);
}

static enum sp_rc forget(struct sp_session *session,
                         const char *dir,
                         const struct sp_forget_options *what,
                         struct sp_value *report,
                         struct sp_err *err)
{
    struct sp_depot depot;
    struct sp_err closing = SP_ERR_INIT;
    enum sp_store_use use = what->dry_run ? SP_STORE_READ : SP_STORE_ALONE;

    enum sp_rc rc = sp_depot_open(session->arena, dir, SP_STATE_DIR, use, &depot, err);
    if (rc)
        return rc;
    rc = sp_forget(&depot, what, report, err);
    enum sp_rc closed = sp_depot_release(&depot, &closing);
    sp_depot_fini(&depot);
    if (rc == SP_OK && closed) {
        *err = closing;
        return closed;
    }
    if (rc || what->dry_run)
        return rc;
    return sp_sweep_empty_trash(dir, NULL, err);
}

/* What will go is shown before the question. */
static int act(const struct forget_args *args,
               struct sp_session *session,
               const char *dir,
               const struct sp_words *words)
{
    const char **digits = SP_ARENA_NEW(session->arena, const char *, words->len + 1);
    struct sp_forget_options what = {
        .words = digits, .words_len = words->len, .workspace = SP_STATE_DIR, .dry_run = true
    };
    struct sp_value report;
    struct sp_err err = SP_ERR_INIT;

    for (size_t i = 0; i < words->len; i++) {
        struct sp_str text;
        if (sp_versions_digits(session->arena, sp_str_of(words->items[i]), &text, &err))
            return sp_store_fault(&err);
        digits[i] = sp_arena_cstr(session->arena, text);
    }
    if (args->dry_run || !args->yes) {
        if (forget(session, dir, &what, &report, &err))
            return sp_store_fault(&err);
        if (args->dry_run || !args->store.load.json)
            print(&report, args->store.load.json);
        if (args->dry_run)
            return SP_EXIT_DONE;
    }
    int status = sp_store_confirm("forget this?", args->yes);
    if (status >= 0)
        return status;
    what.dry_run = false;
    if (forget(session, dir, &what, &report, &err))
        return sp_store_fault(&err);
    print(&report, args->store.load.json);
    return SP_EXIT_DONE;
}

static int run_forget(const struct sp_cli_command *self, int argc, char **argv)
{
    struct forget_args args = { 0 };
    sp_auto_words struct sp_words words = { 0 };
    struct sp_session session = { 0 };
    const char *dir;

    int status = sp_command_parse(self, argc, argv, &args, &words);
    if (status < 0)
        status = sp_command_need_word(self, &words,
                                      "what? A step, a run, a path, or digits of a version");
    if (status < 0) {
        status = sp_store_args_load(&args.store, &session, &dir);
        if (status < 0)
            status = act(&args, &session, dir, &words);
        sp_session_fini(&session);
    }
    sp_load_args_fini(&args.store.load);
    return status;
}

const struct sp_cli_command sp_command_forget = {
    .usage = {
        .name = "spoor forget",
        .summary = "drop results from the store, so that they are computed again",
        .synopsis = "[--dry-run] [--yes] STEP|RUN|PATH|VERSION...",
        .description = "Forgotten are all results of a STEP (with its recipe or without, also with * "
                       "and ?), all that a\nRUN has computed, all that was made at a PATH, or what "
                       "has made a VERSION (PATH@2, or six digits or more).\nTheir data are removed from the "
                       "store, unless something else needs them: other results, pins, what\npaths "
                       "hold. Files of the workspace stay as they are.",
        .options = options,
        .examples = "  spoor forget --dry-run gcal\n"
                    "      what does the store know of step gcal?\n"
                    "  spoor forget --yes 'selfcal.*'\n"
                    "      compute every step of selfcal again next time",
    },
    .run = run_forget,
};
