/* SPDX-License-Identifier: BSD-3-Clause */
#include "store/fsck.h"

#include "cli/storeargs.h"
#include "cli/table.h"
#include "engine/catalogue.h"
#include "engine/workspace.h"
#include "store/ledger.h"
#include "sys/tty.h"
#include "value/json.h"

#include <stdio.h>
#include <unistd.h>

struct fsck_args {
    struct sp_store_args store;
    bool repair, data, reindex;
};

static const struct sp_option options[] = {
    SP_OPT_FLAG("h", "help", struct fsck_args, store.load.help, "show this help"),
    SP_OPT_FLAG(NULL,
                "repair",
                struct fsck_args,
                repair,
                "take out what is damaged, so that it is computed again when it is needed"),
    SP_OPT_FLAG(NULL,
                "data",
                struct fsck_args,
                data,
                "read all data too: finds bits that have changed on the disk"),
    SP_OPT_FLAG(NULL,
                "reindex",
                struct fsck_args,
                reindex,
                "only make the index of the workspace anew (.spoor/index.sqlite)"),
    SP_OPT_FLAG(NULL, "json", struct fsck_args, store.load.json, "print one JSON document"),
    SP_STORE_OPTIONS,
    SP_LOAD_OPTIONS,
    SP_OPT_END,
};

/* --- checking ------------------------------------------------------------------------------- */

static void show_progress(void *arg, uint64_t done, uint64_t all)
{
    uint64_t *shown = arg;
    struct sp_amount_text whole = sp_size_text(all);

    if (done - *shown < 100000000)
        return;
    *shown = done;
    (void)fprintf(stderr, "\rread %s of %s ", sp_size_text(done).text, whole.text);
}

static enum sp_rc check_store(const char *dir,
                              const struct sp_fsck_options *what,
                              struct sp_fsck *fsck,
                              struct sp_err *err)
{
    struct sp_store_options store_options = { .run = "fsck" };
    struct sp_store *store = NULL;
    struct sp_err closing = SP_ERR_INIT;

    enum sp_rc rc = sp_store_open(dir, what->repair ? SP_STORE_ALONE : SP_STORE_READ,
                                  &store_options, &store, err);
    if (rc)
        return rc;
    rc = sp_fsck_store(store, what, fsck, err);
    enum sp_rc closed = sp_store_close(store, &closing);
    if (rc == SP_OK && closed) {
        *err = closing;
        return closed;
    }
    return rc;
}

static enum sp_rc check_ledger(struct sp_arena *arena,
                               const struct sp_fsck_options *what,
                               struct sp_fsck *fsck,
                               struct sp_err *err)
{
    struct sp_workspace workspace = { 0 };
    struct sp_err ignored = SP_ERR_INIT;

    enum sp_rc rc = sp_workspace_read(arena, ".", &workspace, &ignored);
    if (rc == SP_NOT_FOUND)
        return SP_OK;
    if (what->repair)
        rc = sp_workspace_open(arena, ".", &workspace, err);
    if (rc == SP_OK)
        rc = sp_fsck_ledger(SP_STATE_DIR, what, fsck, err);
    sp_workspace_close(&workspace);
    return rc;
}

/* A digest tells nobody which of the data it is: the state of which path, if the ledger has it. */
static void name_path(struct sp_arena *arena,
                      const struct sp_ledger *ledger,
                      struct sp_fsck_finding *finding)
{
    struct sp_digest id;

    if (!sp_digest_parse(finding->name, &id))
        return;
    SP_MAP_EACH (entry, sp_ledger_holds(ledger)) {
        const struct sp_hold *hold = entry->value;
        for (size_t i = 0; i < hold->chain.len; i++) {
            const struct sp_passage *passage = &hold->chain.items[i];
            if (passage->absent || !sp_digest_eq(&passage->tree, &id))
                continue;
            finding->text = sp_arena_printf(
                arena, SP_STR_FMT " (version %.12s of " SP_STR_FMT ")", SP_STR_ARG(finding->text),
                sp_digest_hex(&passage->version.id).text, SP_STR_ARG(hold->path));
            return;
        }
    }
}

static void name_paths(struct sp_arena *arena, struct sp_fsck *fsck)
{
    struct sp_ledger *ledger = NULL;
    struct sp_err ignored = SP_ERR_INIT;

    if (!fsck->findings.len || sp_ledger_open(SP_STATE_DIR, false, &ledger, NULL, &ignored))
        return;
    for (size_t i = 0; i < fsck->findings.len; i++)
        if (fsck->findings.items[i].kind == SP_FSCK_LOST ||
            fsck->findings.items[i].kind == SP_FSCK_TREE)
            name_path(arena, ledger, &fsck->findings.items[i]);
    sp_ledger_close(ledger);
}

/* --- showing -------------------------------------------------------------------------------- */

static void show_json(struct sp_arena *arena, const struct sp_fsck *fsck)
{
    struct sp_value report = sp_dict_new(arena);
    struct sp_value list = sp_list_new(arena);
    sp_auto_buf struct sp_buf text = SP_BUF(SP_BUF_LARGE);

    const struct {
        const char *name;
        uint64_t value;
    } counts[] = {
        { "records", fsck->records },  { "trees", fsck->trees },
        { "objects", fsck->objects },  { "ledger_lines", fsck->lines },
        { "bytes_read", fsck->bytes }, { "first_digests", fsck->first_digests },
    };

    for (size_t i = 0; i < SP_COUNT(counts); i++)
        sp_dict_put(arena, report.dict, counts[i].name, sp_int((int64_t)counts[i].value));
    for (size_t i = 0; i < fsck->findings.len; i++) {
        const struct sp_fsck_finding *finding = &fsck->findings.items[i];
        struct sp_value value = sp_dict_new(arena);
        sp_dict_put(arena, value.dict, "kind",
                    sp_text(sp_str_of(sp_fsck_kind_name(finding->kind))));
        sp_dict_put(arena, value.dict, "name", sp_text(finding->name));
        sp_dict_put(arena, value.dict, "text", sp_text(finding->text));
        sp_dict_put(arena, value.dict, "source", sp_bool(finding->source));
        sp_dict_put(arena, value.dict, "repaired", sp_bool(finding->repaired));
        sp_list_add(arena, list.list, value);
    }
    sp_dict_put(arena, report.dict, "findings", list);
    sp_json_encode(report, SP_JSON_PRETTY, &text);
    (void)printf("%s\n", text.ptr);
}

/* Is there anything that --repair would take out? */
static bool can_repair(const struct sp_fsck *fsck)
{
    for (size_t i = 0; i < fsck->findings.len; i++) {
        const struct sp_fsck_finding *finding = &fsck->findings.items[i];
        if (!finding->repaired && !finding->source && finding->kind != SP_FSCK_LEFTOVER &&
            finding->kind != SP_FSCK_STRAY)
            return true;
    }
    return false;
}

static void show(const struct sp_fsck *fsck)
{
    size_t open;
    size_t count = sp_fsck_count(fsck, &open);

    for (size_t i = 0; i < fsck->findings.len; i++) {
        const struct sp_fsck_finding *finding = &fsck->findings.items[i];
        (void)printf("%s " SP_STR_FMT ": " SP_STR_FMT "%s%s\n", sp_fsck_kind_name(finding->kind),
                     SP_STR_ARG(finding->name), SP_STR_ARG(finding->text),
                     finding->source ? "; nobody can compute it again" : "",
                     finding->repaired ? " (taken out)" : "");
    }
    (void)printf("%zu records, %zu manifests, %zu objects, %zu lines of the ledger: ",
                 fsck->records, fsck->trees, fsck->objects, fsck->lines);
    if (!count)
        (void)printf("all is well\n");
    else if (open && can_repair(fsck))
        (void)printf("%zu damaged ('spoor fsck --repair' takes out what can be computed again)\n",
                     open);
    else if (open)
        (void)printf(
            "%zu damaged, which nobody can compute again: if you have those data elsewhere, "
            "put them back\n",
            open);
    else
        (void)printf("%zu damaged, all taken out\n", count);
    if (fsck->first_digests)
        (void)printf("%zu objects had no digest and have one now: from the next time on changes of "
                     "them are found\n",
                     fsck->first_digests);
}

/* --- the command ---------------------------------------------------------------------------- */

static int check(const struct fsck_args *args, const struct sp_session *session, const char *dir)
{
    uint64_t shown = 0;
    struct sp_fsck_options what = {
        .data = args->data,
        .repair = args->repair,
        .progress = sp_tty_is(STDERR_FILENO) ? show_progress : NULL,
        .arg = &shown,
    };
    struct sp_fsck fsck = { .arena = session->arena };
    struct sp_err err = SP_ERR_INIT;
    size_t open;

    enum sp_rc rc = check_store(dir, &what, &fsck, &err);
    if (shown)
        (void)fputs("\r\033[K", stderr);
    if (rc == SP_OK)
        rc = check_ledger(session->arena, &what, &fsck, &err);
    if (rc == SP_OK)
        name_paths(session->arena, &fsck);
    if (rc == SP_OK && args->store.load.json)
        show_json(session->arena, &fsck);
    else if (rc == SP_OK)
        show(&fsck);
    (void)sp_fsck_count(&fsck, &open);
    sp_fsck_fini(&fsck);
    if (rc == SP_OK)
        return open ? SP_EXIT_STORE : SP_EXIT_DONE;
    (void)fprintf(stderr, "spoor: %s\n", err.text);
    return rc == SP_NOT_FOUND ? SP_EXIT_FAILED : SP_EXIT_STORE;
}

static int reindex(struct sp_arena *arena)
{
    struct sp_workspace workspace;
    struct sp_err err = SP_ERR_INIT;

    enum sp_rc rc = sp_workspace_read(arena, ".", &workspace, &err);
    if (rc == SP_OK)
        rc = sp_catalogue_rebuild(&workspace, &err);
    if (rc == SP_OK)
        return SP_EXIT_DONE;
    (void)fprintf(stderr, "spoor: %s\n", err.text);
    return rc == SP_NOT_FOUND ? SP_EXIT_FAILED : SP_EXIT_STORE;
}

static int run_fsck(const struct sp_cli_command *self, int argc, char **argv)
{
    struct fsck_args args = { 0 };
    sp_auto_words struct sp_words words = { 0 };
    struct sp_session session = { 0 };
    const char *dir;

    int status = sp_command_parse(self, argc, argv, &args, &words);
    if (status < 0)
        status = sp_command_refuse_words(self, &words, 0);
    if (status < 0) {
        status = sp_store_args_load(&args.store, &session, &dir);
        if (status < 0)
            status = args.reindex ? reindex(session.arena) : check(&args, &session, dir);
        sp_session_fini(&session);
    }
    sp_load_args_fini(&args.store.load);
    return status;
}

const struct sp_cli_command sp_command_fsck = {
    .usage = {
        .name = "spoor fsck",
        .summary = "check the store and the ledger of this workspace for damage",
        .synopsis = "[--data] [--repair]",
        .description = "Looks at every record, manifest and object of the store and at every line of "
                       "the ledger. Damage\ncosts computing time, never results: with --repair what "
                       "is damaged is taken out, and the next run\ncomputes it again. Only sources "
                       "cannot be computed; what is left of them stays.\n"
                       "Exit status: 0 if all is well or was repaired, 4 if there is damage.",
        .options = options,
        .examples = "  spoor fsck\n"
                    "      is everything there?\n"
                    "  spoor fsck --data --repair\n"
                    "      read all data as well, take out what is damaged",
    },
    .run = run_fsck,
};
