/* SPDX-License-Identifier: BSD-3-Clause */
#include "cli/storeargs.h"
#include "cli/table.h"
#include "engine/pick.h"
#include "engine/versions.h"
#include "sys/tty.h"
#include "value/json.h"

#include <stdio.h>
#include <unistd.h>

struct pin_args {
    struct sp_store_args store;
    const char *why;
};

static const struct sp_option pin_options[] = {
    SP_OPT_FLAG("h", "help", struct pin_args, store.load.help, "show this help"),
    SP_OPT_TEXT("w", "why", struct pin_args, why, "TEXT", "for those who find the pin later"),
    SP_OPT_FLAG(NULL, "json", struct pin_args, store.load.json, "print one JSON document"),
    SP_STORE_OPTIONS,
    SP_LOAD_OPTIONS,
    SP_OPT_END,
};

static const struct sp_option unpin_options[] = {
    SP_OPT_FLAG("h", "help", struct pin_args, store.load.help, "show this help"),
    SP_STORE_OPTIONS,
    SP_LOAD_OPTIONS,
    SP_OPT_END,
};

static void show_table(const struct sp_list *pins)
{
    static const struct sp_column columns[] = {
        { "version", false }, { "stored", false }, { "path", false },
        { "step", false },    { "why", false },
    };
    sp_auto_table struct sp_table *table = sp_table_new(columns, SP_COUNT(columns));
    sp_auto_buf struct sp_buf text = SP_BUF(SP_BUF_LARGE);

    SP_LIST_EACH(pin, pins)
    {
        struct sp_str version = sp_dict_text(pin->dict, "version");
        sp_table_add(table, SP_STR_FMT, SP_STR_ARG(sp_str_slice(version, 0, 12)));
        sp_table_add(table, "%s", sp_dict_truth(pin->dict, "stored") ? "yes" : "no");
        sp_table_add(table, SP_STR_FMT, SP_STR_ARG(sp_dict_text(pin->dict, "path")));
        sp_table_add(table, SP_STR_FMT, SP_STR_ARG(sp_dict_text(pin->dict, "task")));
        sp_table_add(table, SP_STR_FMT, SP_STR_ARG(sp_dict_text(pin->dict, "why")));
    }
    sp_table_format(table, sp_tty_is(STDOUT_FILENO) ? sp_tty_width(STDOUT_FILENO) : 0,
                    sp_tty_colour(STDOUT_FILENO), &text);
    (void)fputs(pins->len ? text.ptr : "nothing is pinned\n", stdout);
}

static enum sp_rc list(struct sp_depot *depot, bool json, struct sp_err *err)
{
    sp_auto_buf struct sp_buf text = SP_BUF(SP_BUF_LARGE);
    struct sp_value pins;

    enum sp_rc rc = sp_pick_list(depot, &pins, err);
    if (rc)
        return rc;
    if (json) {
        sp_json_encode(pins, SP_JSON_PRETTY, &text);
        (void)printf("%s\n", text.ptr);
    } else {
        show_table(pins.list);
    }
    return SP_OK;
}

/* All words are looked up before anything is done. */
static enum sp_rc change(struct sp_depot *depot,
                         const struct sp_words *words,
                         const char *why,
                         bool pins,
                         struct sp_err *err)
{
    uint32_t *versions = SP_ARENA_NEW(depot->arena, uint32_t, words->len);
    enum sp_rc rc = SP_OK;

    for (size_t i = 0; i < words->len && rc == SP_OK; i++) {
        struct sp_str digits;
        rc = sp_versions_digits(depot->arena, sp_str_of(words->items[i]), &digits, err);
        if (rc == SP_OK)
            rc = sp_pick_version(depot, digits, &versions[i], err);
    }
    for (size_t i = 0; i < words->len && rc == SP_OK; i++) {
        const struct sp_digest *id = &depot->stock->versions[versions[i]].id;
        rc = pins ? sp_pick_pin(depot, versions[i], sp_str_of(why), err)
                  : sp_store_unpin(depot->store, id, err);
        if (rc == SP_NOT_FOUND)
            return sp_fail(err, rc, "version '%s' is not pinned", words->items[i]);
        if (rc == SP_OK)
            (void)printf("%s %.12s\n", pins ? "pinned" : "unpinned", sp_digest_hex(id).text);
    }
    return rc;
}

static int act(struct pin_args *args, const struct sp_words *words, bool pins)
{
    struct sp_session session = { 0 };
    struct sp_depot depot;
    struct sp_err err = SP_ERR_INIT;
    const char *dir;

    int status = sp_store_args_load(&args->store, &session, &dir);
    if (status < 0) {
        enum sp_store_use use = words->len ? SP_STORE_RUN : SP_STORE_READ;
        enum sp_rc rc = sp_depot_open(session.arena, dir, SP_STATE_DIR, use, &depot, &err);
        if (rc == SP_OK) {
            struct sp_err closing = SP_ERR_INIT;
            rc = words->len ? change(&depot, words, args->why, pins, &err)
                            : list(&depot, args->store.load.json, &err);
            if (sp_depot_release(&depot, &closing) && rc == SP_OK) {
                err = closing;
                rc = err.code;
            }
            sp_depot_fini(&depot);
        }
        status = rc ? sp_store_fault(&err) : SP_EXIT_DONE;
    }
    sp_session_fini(&session);
    return status;
}

static int run_pin(const struct sp_cli_command *self, int argc, char **argv)
{
    struct pin_args args = { .why = "" };
    sp_auto_words struct sp_words words = { 0 };

    int status = sp_command_parse(self, argc, argv, &args, &words);
    if (status < 0)
        status = act(&args, &words, true);
    sp_load_args_fini(&args.store.load);
    return status;
}

static int run_unpin(const struct sp_cli_command *self, int argc, char **argv)
{
    struct pin_args args = { .why = "" };
    sp_auto_words struct sp_words words = { 0 };
    struct sp_err err = SP_ERR_INIT;

    int status = sp_command_parse(self, argc, argv, &args, &words);
    if (status < 0 && !words.len) {
        (void)sp_fail(&err, SP_INVALID, "which version? 'spoor pin' lists those that are pinned");
        status = sp_command_fault(self, &err);
    }
    if (status < 0)
        status = act(&args, &words, false);
    sp_load_args_fini(&args.store.load);
    return status;
}

const struct sp_cli_command sp_command_pin = {
    .usage = {
        .name = "spoor pin",
        .summary = "keep versions of data, or list those that are kept",
        .synopsis = "[--why TEXT] [VERSION...]",
        .description = "'spoor gc' never removes what is pinned. A version is PATH@NUMBER "
                       "('spoor versions PATH'), or its\nfirst digits, four or more. "
                       "One that is not stored any more can be\npinned too: then what it would be "
                       "computed from stays.",
        .options = pin_options,
        .examples = "  spoor pin my.ms@3 --why 'data of the paper'\n"
                    "      keep it until 'spoor unpin my.ms@3'\n"
                    "  spoor pin\n"
                    "      what is pinned?",
    },
    .run = run_pin,
};

const struct sp_cli_command sp_command_unpin = {
    .usage = {
        .name = "spoor unpin",
        .summary = "let 'spoor gc' remove versions again",
        .synopsis = "VERSION...",
        .options = unpin_options,
        .examples = "  spoor unpin 3fa2b1\n"
                    "      it may go when the store is too big",
    },
    .run = run_unpin,
};
