/* SPDX-License-Identifier: BSD-3-Clause */
#include "cli/command.h"
#include "cli/table.h"
#include "engine/bringback.h"
#include "value/json.h"

#include <stdio.h>

struct restore_args {
    bool help;
    bool json;
    bool dry_run;
    const char *to;
};

static const struct sp_option options[] = {
    SP_HELP_OPTION(struct restore_args),
    SP_OPT_TEXT("t", "to", struct restore_args, to, "PATH", "put it there, and leave PATH alone"),
    SP_OPT_FLAG("d", "dry-run", struct restore_args, dry_run, "only say what would be done"),
    SP_OPT_FLAG(NULL, "json", struct restore_args, json, "print one JSON document"),
    SP_OPT_END,
};

static void show_value(struct sp_arena *arena,
                       const struct sp_bringback *done,
                       const struct restore_args *args)
{
    sp_auto_buf struct sp_buf text = SP_BUF(SP_BUF_LARGE);
    struct sp_value value = sp_dict_new(arena);

    sp_dict_put(arena, value.dict, "path", sp_text(done->path));
    sp_dict_put(arena, value.dict, "number", sp_int((int64_t)done->version.number));
    sp_dict_put(
        arena, value.dict, "version",
        sp_text(sp_arena_str(arena, sp_str_of(sp_digest_hex(&done->version.version.id).text))));
    sp_dict_put_text(arena, value.dict, "to", sp_str_of(args->to));
    sp_dict_put(arena, value.dict, "changed", sp_bool(!done->was_there && !args->dry_run));
    sp_dict_put(arena, value.dict, "said",
                (struct sp_value){ .kind = SP_LIST, .list = done->said });
    sp_json_encode(value, SP_JSON_PRETTY, &text);
    (void)printf("%s\n", text.ptr);
}

static void show_text(const struct sp_bringback *done, const struct restore_args *args)
{
    SP_LIST_EACH(line, done->said)
    (void)printf(SP_STR_FMT "\n", SP_STR_ARG(line->text));
    if (done->was_there) {
        (void)printf(SP_STR_FMT " holds version %zu already\n", SP_STR_ARG(done->path),
                     done->version.number);
        return;
    }
    (void)printf("%s " SP_STR_FMT "%s%s: version %zu", args->dry_run ? "would restore" : "restored",
                 SP_STR_ARG(done->path), args->to ? " to " : "", args->to ? args->to : "",
                 done->version.number);
    if (done->version.task.len && !done->version.is_source)
        (void)printf(", made by " SP_STR_FMT " in run " SP_STR_FMT, SP_STR_ARG(done->version.task),
                     SP_STR_ARG(done->version.run));
    (void)printf("\n");
}

static int restore(struct sp_session *session, struct sp_str word, const struct restore_args *args)
{
    struct sp_bringback_options wanted = {
        .session = session,
        .to = sp_str_of(args->to),
        .dry = args->dry_run,
    };
    struct sp_bringback done;
    struct sp_err err = SP_ERR_INIT;

    sp_versions_split(word, &wanted.path, &wanted.version);
    if (sp_bringback(&wanted, &done, &err)) {
        (void)fprintf(stderr, "spoor: %s\n", err.text);
        return err.code == SP_BUSY ? SP_EXIT_STORE : SP_EXIT_FAILED;
    }
    if (args->json)
        show_value(session->arena, &done, args);
    else
        show_text(&done, args);
    return SP_EXIT_DONE;
}

static int run_restore(const struct sp_cli_command *self, int argc, char **argv)
{
    struct restore_args args = { 0 };
    sp_auto_words struct sp_words words = { 0 };
    struct sp_session_options none = { 0 };
    struct sp_session session;

    int status = sp_command_parse(self, argc, argv, &args, &words);
    if (status < 0)
        status = sp_command_refuse_words(self, &words, 1);
    if (status < 0)
        status = sp_command_need_word(
            self, &words, "what? PATH@VERSION; 'spoor versions PATH' lists what there is");
    if (status >= 0)
        return status;
    sp_session_init(&session, &none);
    status = restore(&session, sp_str_of(words.items[0]), &args);
    sp_session_fini(&session);
    return status;
}

const struct sp_cli_command sp_command_restore = {
    .usage = {
        .name = "spoor restore",
        .summary = "bring an earlier state of a file or dataset back",
        .synopsis = "[--to PATH] PATH@VERSION",
        .description = "VERSION is a number ('spoor versions PATH'), 'last', or the first digits of "
                       "its id. Recipes that are\nrun afterwards go on from there; the one that has "
                       "made it starts from what it started from\nthen. What is at PATH and is not "
                       "in the store is kept in .spoor/attic.",
        .options = options,
        .examples = "  spoor restore my.ms@2\n"
                    "      my.ms as it was when version 2 was made\n"
                    "  spoor restore --to before.ms my.ms@1\n"
                    "      a copy of the first version beside it",
    },
    .run = run_restore,
};
