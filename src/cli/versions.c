/* SPDX-License-Identifier: BSD-3-Clause */
#include "engine/versions.h"

#include "cli/command.h"
#include "cli/table.h"
#include "engine/depot.h"
#include "engine/session.h"
#include "sys/tty.h"
#include "value/json.h"

#include <stdio.h>
#include <unistd.h>

struct versions_args {
    bool help;
    bool json;
};

static const struct sp_option options[] = {
    SP_HELP_OPTION(struct versions_args),
    SP_OPT_FLAG(NULL, "json", struct versions_args, json, "print one JSON document"),
    SP_OPT_END,
};

/* A version with what the store says of it. */
struct row {
    const struct sp_version_entry *entry;
    bool unknown; /* the store cannot be asked */
    bool kept, pinned;
    uint64_t bytes;
};

struct source {
    struct sp_store *store; /* NULL: there is none, or it is closed */
    bool closed;            /* there is one, but it cannot be opened */
};

static struct row look_at(struct sp_arena *arena,
                          const struct source *source,
                          const struct sp_version_entry *entry)
{
    struct sp_store *store = source->store;
    struct row row = { .entry = entry, .unknown = source->closed, .bytes = entry->bytes };
    struct sp_tree tree;
    struct sp_err err = SP_ERR_INIT;

    if (!store)
        return row;
    row.kept = entry->has_tree && sp_store_has(store, &entry->tree);
    row.pinned = sp_store_is_pinned(store, &entry->version.id);
    if (!row.bytes && row.kept && sp_store_fetch(store, &entry->tree, arena, &tree, &err) == SP_OK)
        row.bytes = tree.bytes;
    return row;
}

static const char *made_by(struct sp_arena *arena, const struct sp_version_entry *entry)
{
    if (entry->is_source || !entry->task.len)
        return "source";
    return sp_arena_cstr(arena, entry->task);
}

static void add_row(struct sp_arena *arena, struct sp_table *table, const struct row *row)
{
    const struct sp_version_entry *entry = row->entry;

    sp_table_add(table, "%zu%s", entry->number, entry->is_now ? " *" : "");
    sp_table_add(table, "%.12s", sp_digest_hex(&entry->version.id).text);
    sp_table_add(table, "%s", made_by(arena, entry));
    sp_table_add(table, SP_STR_FMT, SP_STR_ARG(entry->run));
    sp_table_add(table, "%s", sp_size_text(row->bytes).text);
    sp_table_add(table, "%s%s",
                 row->kept       ? "kept"
                 : entry->is_now ? "on disk"
                 : row->unknown  ? "not known"
                                 : "not kept",
                 row->pinned ? ", pinned" : "");
}

static struct sp_value row_value(struct sp_arena *arena, const struct row *row)
{
    const struct sp_version_entry *entry = row->entry;
    struct sp_value value = sp_dict_new(arena);

    sp_dict_put(arena, value.dict, "number", sp_int((int64_t)entry->number));
    sp_dict_put(arena, value.dict, "version",
                sp_text(sp_arena_str(arena, sp_str_of(sp_digest_hex(&entry->version.id).text))));
    sp_dict_put(arena, value.dict, "now", sp_bool(entry->is_now));
    sp_dict_put(arena, value.dict, "source", sp_bool(entry->is_source));
    sp_dict_put_text(arena, value.dict, "task", entry->is_source ? SP_STR("") : entry->task);
    sp_dict_put_text(arena, value.dict, "recipe", entry->recipe);
    sp_dict_put_text(arena, value.dict, "run", entry->run);
    sp_dict_put_text(arena, value.dict, "time", entry->time);
    sp_dict_put(arena, value.dict, "bytes", sp_int((int64_t)row->bytes));
    if (row->unknown)
        return value;
    sp_dict_put(arena, value.dict, "kept", sp_bool(row->kept));
    sp_dict_put(arena, value.dict, "pinned", sp_bool(row->pinned));
    return value;
}

static void show(struct sp_arena *arena,
                 const struct sp_versions *versions,
                 const struct source *source,
                 bool json)
{
    static const struct sp_column columns[] = {
        { "version", true }, { "id", false },  { "made by", false },
        { "run", false },    { "size", true }, { "state", false },
    };
    sp_auto_table struct sp_table *table = sp_table_new(columns, SP_COUNT(columns));
    sp_auto_buf struct sp_buf text = SP_BUF(SP_BUF_LARGE);
    struct sp_value list = sp_list_new(arena);

    for (size_t i = 0; i < versions->len; i++) {
        struct row row = look_at(arena, source, &versions->items[i]);
        add_row(arena, table, &row);
        sp_list_add(arena, list.list, row_value(arena, &row));
    }
    if (json)
        sp_json_encode(list, SP_JSON_PRETTY, &text);
    else
        sp_table_format(table, sp_tty_is(STDOUT_FILENO) ? sp_tty_width(STDOUT_FILENO) : 0,
                        sp_tty_colour(STDOUT_FILENO), &text);
    (void)printf("%s%s", text.ptr, json ? "\n" : "");
}

/* Without a store the versions are known all the same; none is kept. What cannot be opened may keep
 * them, and somebody should know. */
static enum sp_rc list_versions(struct sp_session *session,
                                const char *path,
                                bool json,
                                struct sp_err *err)
{
    struct sp_store_options store_options = { 0 };
    struct sp_workspace workspace;
    struct sp_ledger *ledger = NULL;
    struct source source = { 0 };
    struct sp_versions versions;
    struct sp_err none = SP_ERR_INIT;

    enum sp_rc rc = sp_workspace_read(session->arena, ".", &workspace, err);
    if (rc == SP_OK)
        rc = sp_ledger_open(workspace.dir.ptr, false, &ledger, NULL, err);
    if (rc == SP_OK)
        rc = sp_versions_read(&workspace, ledger, sp_str_of(path), &versions, err);
    if (rc == SP_OK) {
        enum sp_rc opened = sp_store_open(sp_depot_dir(session).ptr, SP_STORE_READ, &store_options,
                                          &source.store, err);
        if (opened)
            source.store = NULL;
        source.closed = opened && opened != SP_NOT_FOUND;
        show(session->arena, &versions, &source, json);
        rc = source.closed ? opened : SP_OK;
        (void)!sp_store_close(source.store, &none);
    }
    sp_ledger_close(ledger);
    return rc;
}

static int run_versions(const struct sp_cli_command *self, int argc, char **argv)
{
    struct versions_args args = { 0 };
    sp_auto_words struct sp_words words = { 0 };
    struct sp_session_options none = { 0 };
    struct sp_session session;
    struct sp_err err = SP_ERR_INIT;

    int status = sp_command_parse(self, argc, argv, &args, &words);
    if (status < 0)
        status = sp_command_refuse_words(self, &words, 1);
    if (status < 0)
        status = sp_command_need_word(self, &words, "of what? Give a path");
    if (status >= 0)
        return status;
    sp_session_init(&session, &none);
    enum sp_rc rc = list_versions(&session, words.items[0], args.json, &err);
    if (rc)
        (void)fprintf(stderr, "spoor: %s\n", err.text);
    sp_session_fini(&session);
    return rc ? SP_EXIT_FAILED : SP_EXIT_DONE;
}

const struct sp_cli_command sp_command_versions = {
    .usage = {
        .name = "spoor versions",
        .summary = "list the states that a file or dataset has had",
        .synopsis = "PATH",
        .description = "Oldest first, with what made them; '*' is the one that is there now. Those that "
                       "are kept come back\nwith 'spoor restore PATH@VERSION'.",
        .options = options,
        .examples = "  spoor versions my.ms\n"
                    "      every state of my.ms, and which step of which run made it",
    },
    .run = run_versions,
};
