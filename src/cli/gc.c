/* SPDX-License-Identifier: BSD-3-Clause */
#include "base/amount.h"
#include "base/clock.h"

#include "cli/storeargs.h"
#include "cli/table.h"
#include "engine/reclaim.h"
#include "recipe/setting.h"
#include "sys/tty.h"
#include "value/json.h"

#include <stdio.h>
#include <unistd.h>

#define ROWS_MAX 20

struct gc_args {
    struct sp_store_args store;
    const char *budget, *keep_free, *older_than;
    bool all, dry_run, last_runs, sources, attic;
};

static const struct sp_option options[] = {
    SP_OPT_FLAG("h", "help", struct gc_args, store.load.help, "show this help"),
    SP_OPT_TEXT("b",
                "budget",
                struct gc_args,
                budget,
                "SIZE",
                "the store may have SIZE (50G, 1.5TiB) or a share of its file system (20%); else "
                "opts.store.budget"),
    SP_OPT_TEXT(NULL,
                "keep-free",
                struct gc_args,
                keep_free,
                "SIZE",
                "SIZE or a share of the file system shall be free; else opts.store.keep_free"),
    SP_OPT_FLAG(NULL, "all", struct gc_args, all, "remove all that may go, whatever the budget"),
    SP_OPT_TEXT(NULL,
                "older-than",
                struct gc_args,
                older_than,
                "TIME",
                "only what nobody has made or read for TIME (30d, 12h, 2w)"),
    SP_OPT_FLAG(NULL,
                "last-runs",
                struct gc_args,
                last_runs,
                "what the last runs have read and made may go too: it is computed again when it is "
                "needed"),
    SP_OPT_FLAG(NULL,
                "sources",
                struct gc_args,
                sources,
                "so may what nobody can compute again: earlier states of source data"),
    SP_OPT_FLAG(NULL,
                "attic",
                struct gc_args,
                attic,
                "empty the attic (.spoor/attic) and .spoor/undeclared, also of what has been "
                "there for less than 30 days"),
    SP_OPT_FLAG("d",
                "dry-run",
                struct gc_args,
                dry_run,
                "only say what would go, and what it would cost to compute it again"),
    SP_OPT_FLAG(NULL, "json", struct gc_args, store.load.json, "print one JSON document"),
    SP_STORE_OPTIONS,
    SP_LOAD_OPTIONS,
    SP_OPT_END,
};

static uint64_t bytes_of(const struct sp_dict *dict, const char *key)
{
    const struct sp_value *value = sp_dict_get(dict, key);

    return value && value->kind == SP_INT ? (uint64_t)value->integer : 0;
}

static const char *size_of(const struct sp_dict *dict, const char *key, struct sp_amount_text *text)
{
    *text = sp_size_text(bytes_of(dict, key));
    return text->text;
}

static void add_item(struct sp_table *table, const struct sp_dict *item)
{
    const struct sp_value *seconds = sp_dict_get(item, "seconds");
    struct sp_str version = sp_dict_text(item, "version");
    struct sp_amount_text size;

    sp_table_add(table, SP_STR_FMT, SP_STR_ARG(sp_str_slice(version, 0, 12)));
    sp_table_add(table, "%s", size_of(item, "bytes", &size));
    if (seconds->kind == SP_FLOAT)
        sp_table_add(table, "%s", sp_clock_duration((sp_nsec)(seconds->real * 1e9)).text);
    else
        sp_table_add(table, "never");
    sp_table_add(table, SP_STR_FMT, SP_STR_ARG(sp_dict_text(item, "path")));
    sp_table_add(table, SP_STR_FMT, SP_STR_ARG(sp_dict_text(item, "task")));
}

/* Orphans are one line: nobody knows what they were. */
static void show_items(const struct sp_dict *report)
{
    static const struct sp_column columns[] = { { "version", false },
                                                { "frees", true },
                                                { "to compute", true },
                                                { "path", false },
                                                { "step", false } };
    const struct sp_list *items = sp_dict_get(report, "items")->list;
    sp_auto_table struct sp_table *table = sp_table_new(columns, SP_COUNT(columns));
    sp_auto_buf struct sp_buf text = SP_BUF(SP_BUF_LARGE);
    struct sp_amount_text size;
    size_t shown = 0, rest = 0;

    SP_LIST_EACH(item, items)
    {
        if (sp_dict_truth(item->dict, "orphan"))
            continue;
        if (shown < ROWS_MAX) {
            add_item(table, item->dict);
            shown++;
        } else {
            rest++;
        }
    }
    if (shown)
        sp_table_format(table, sp_tty_is(STDOUT_FILENO) ? sp_tty_width(STDOUT_FILENO) : 0,
                        sp_tty_colour(STDOUT_FILENO), &text);
    (void)fputs(text.ptr, stdout);
    if (rest)
        (void)printf("... and %zu more (--json lists all)\n", rest);
    if (bytes_of(report, "orphans"))
        (void)printf("left over, named by nothing: %s\n", size_of(report, "orphans", &size));
}

static void show_kept(const struct sp_dict *kept)
{
    static const struct {
        const char *key, *text;
    } rows[] = {
        { "pinned", "pinned" },
        { "heads", "what paths hold now" },
        { "last_runs", "read or made by the last runs (--last-runs)" },
        { "ancestors", "what these would be computed from" },
        { "sources", "cannot be computed again (--sources)" },
        { "logs", "logs of tools" },
        { "rest", "may go, but need not (--all)" },
    };

    for (size_t i = 0; i < SP_COUNT(rows); i++)
        if (bytes_of(kept, rows[i].key))
            (void)printf("  stays: %8s  %s\n", sp_size_text(bytes_of(kept, rows[i].key)).text,
                         rows[i].text);
}

/* What lies beside the store: what goes, and in a dry run also what stays. */
static void show_attic(const struct sp_dict *attic, bool dry_run)
{
    const struct sp_list *items = sp_dict_get(attic, "items")->list;
    struct sp_amount_text size;

    SP_LIST_EACH(item, items)
    {
        bool goes = sp_dict_truth(item->dict, "goes");
        long long days = (long long)bytes_of(item->dict, "days");
        if (goes || dry_run)
            (void)printf("%s " SP_STR_FMT " (%s, %lld day%s old)%s\n",
                         !goes     ? "keeps"
                         : dry_run ? "would remove"
                                   : "removed",
                         SP_STR_ARG(sp_dict_text(item->dict, "path")),
                         size_of(item->dict, "bytes", &size), days, days == 1 ? "" : "s",
                         goes ? "" : ": --attic removes it");
    }
}

static void show(const struct sp_dict *report)
{
    struct sp_amount_text used, freed, missing;

    show_items(report);
    (void)printf("%s %s of %s in %.*s\n", sp_dict_truth(report, "dry_run") ? "would free" : "freed",
                 bytes_of(report, "freed") ? size_of(report, "freed", &freed) : "nothing",
                 size_of(report, "used", &used), SP_STR_ARG(sp_dict_text(report, "store")));
    show_kept(sp_dict_get(report, "kept")->dict);
    show_attic(sp_dict_get(report, "attic")->dict, sp_dict_truth(report, "dry_run"));
    if (bytes_of(report, "missing"))
        (void)printf("%s too many: what stays is needed\n", size_of(report, "missing", &missing));
    if (bytes_of(report, "damaged_records") || bytes_of(report, "damaged_trees"))
        (void)printf("the store is damaged, so that nothing goes that damaged records may have "
                     "named: 'spoor fsck --repair' takes them out\n");
}

static int collect(const struct gc_args *args,
                   const struct sp_session *session,
                   const char *dir,
                   sp_nsec unused)
{
    struct sp_reclaim_options reclaim = {
        .store = dir,
        .workspace = SP_STATE_DIR,
        .all = args->all,
        .budget =
            args->budget ? sp_str_of(args->budget) : sp_store_setting(session, "opts.store.budget"),
        .keep_free = args->keep_free ? sp_str_of(args->keep_free)
                                     : sp_store_setting(session, "opts.store.keep_free"),
        .unused = unused,
        .ignore = (args->last_runs ? (unsigned)SP_NEED_CONSUMED : 0) |
                  (args->sources ? (unsigned)SP_NEED_SOURCE : 0),
        .attic = args->attic,
        .dry_run = args->dry_run,
        .items_max = args->store.load.json ? SIZE_MAX : 1000,
    };
    sp_auto_buf struct sp_buf text = SP_BUF(SP_BUF_LARGE);
    struct sp_value report;
    struct sp_err err = SP_ERR_INIT;

    if (sp_reclaim(session->arena, &reclaim, &report, &err))
        return sp_store_fault(&err);
    if (args->store.load.json) {
        sp_json_encode(report, SP_JSON_PRETTY, &text);
        (void)printf("%s\n", text.ptr);
    } else {
        show(report.dict);
    }
    return bytes_of(report.dict, "missing") ? SP_EXIT_FAILED : SP_EXIT_DONE;
}

/* -1 to go on. */
static int check_options(const struct sp_cli_command *self,
                         const struct gc_args *args,
                         sp_nsec *unused)
{
    const struct {
        const char *setting, *option, *value;
    } sizes[] = {
        { "opts.store.budget", "--budget", args->budget },
        { "opts.store.keep_free", "--keep-free", args->keep_free },
    };
    struct sp_err err = SP_ERR_INIT;
    enum sp_rc rc = SP_OK;

    for (size_t i = 0; i < SP_COUNT(sizes) && rc == SP_OK; i++)
        if (sizes[i].value)
            rc = sp_setting_check_as(sizes[i].setting, sizes[i].option,
                                     sp_text(sp_str_of(sizes[i].value)), &err);
    if (rc == SP_OK && args->older_than)
        rc = sp_amount_duration(sp_str_of(args->older_than), unused, &err);
    return rc ? sp_command_fault(self, &err) : -1;
}

static int run_gc(const struct sp_cli_command *self, int argc, char **argv)
{
    struct gc_args args = { 0 };
    sp_auto_words struct sp_words words = { 0 };
    struct sp_session session = { 0 };
    const char *dir;
    sp_nsec unused = 0;

    int status = sp_command_parse(self, argc, argv, &args, &words);
    if (status < 0)
        status = sp_command_refuse_words(self, &words, 0);
    if (status < 0)
        status = check_options(self, &args, &unused);
    if (status < 0) {
        status = sp_store_args_load(&args.store, &session, &dir);
        if (status < 0)
            status = collect(&args, &session, dir, unused);
        sp_session_fini(&session);
    }
    sp_load_args_fini(&args.store.load);
    return status;
}

const struct sp_cli_command sp_command_gc = {
    .usage = {
        .name = "spoor gc",
        .summary = "make the store smaller, at the least cost",
        .synopsis = "[--budget SIZE] [--keep-free SIZE] [--all] [--dry-run]",
        .description = "Always removed is what interrupted runs have left in the store. Beyond that, "
                       "until the store is\nwithin its budget: states of data that can be computed "
                       "again, first those that take the least\ntime to compute for the space they "
                       "free and that nobody has used for long. Their records stay:\nwhen such a "
                       "state is needed, it is computed again.\n"
                       "What stays: what paths hold now, what the last run of each recipe has read "
                       "and made, what is\npinned, and source data. Exit status 1: what stays is "
                       "more than the budget.\n"
                       "Of this workspace also goes what has been in .spoor/attic or "
                       ".spoor/undeclared for 30 days,\nand what 'spoor verify' has left in "
                       ".spoor/verify.",
        .options = options,
        .examples = "  spoor gc --dry-run --all\n"
                    "      what could go, and what would it cost?\n"
                    "  spoor gc --budget 200G\n"
                    "      until the store has no more than 200 GB\n"
                    "  spoor gc --keep-free 10% --older-than 30d\n"
                    "      until a tenth of the disk is free; nothing used in the last 30 days",
    },
    .run = run_gc,
};
