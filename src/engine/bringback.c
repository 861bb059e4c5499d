/* SPDX-License-Identifier: BSD-3-Clause */
#include "engine/bringback.h"

#include "engine/depot.h"
#include "engine/head.h"
#include "engine/leftover.h"
#include "sys/file.h"

struct bringback {
    const struct sp_bringback_options *options;
    struct sp_bringback *out;
    struct sp_arena *arena;
    struct sp_workspace workspace;
    struct sp_ledger *ledger;
    struct sp_store *store;
    struct sp_heads *heads;
};

static void on_note(void *arg, bool warning, struct sp_str text)
{
    struct bringback *b = arg;
    (void)warning;

    sp_list_add(b->arena, b->out->said, sp_text(sp_arena_str(b->arena, text)));
}

static enum sp_rc open_all(struct bringback *b, struct sp_err *err)
{
    struct sp_store_options store = { .run = "restore" };
    enum sp_rc rc = sp_workspace_read(b->arena, ".", &b->workspace, err);

    if (rc == SP_OK)
        rc = sp_workspace_open(b->arena, ".", &b->workspace, err);
    if (rc == SP_OK)
        rc = sp_lost_tools(&b->workspace, b->out->said, err);
    if (rc == SP_OK)
        rc = sp_ledger_open(b->workspace.dir.ptr, true, &b->ledger, NULL, err);
    if (rc == SP_OK)
        rc = sp_store_open(sp_depot_dir(b->options->session).ptr, SP_STORE_RUN, &store, &b->store,
                           err);
    return rc;
}

static enum sp_rc close_all(struct bringback *b, enum sp_rc rc, struct sp_err *err)
{
    struct sp_err second = SP_ERR_INIT;
    enum sp_rc closed = sp_store_close(b->store, rc ? &second : err);

    sp_heads_free(b->heads);
    sp_ledger_close(b->ledger);
    sp_workspace_close(&b->workspace);
    return rc ? rc : closed;
}

/* What is to be done about a state that is not there any more. */
static const char *remedy(const struct sp_version_entry *entry)
{
    return entry->is_source ? "no step can make it again: put it back from where it came"
                            : "running its step again makes it again";
}

static enum sp_rc find_version(struct bringback *b, struct sp_err *err)
{
    const struct sp_version_entry *entry;
    struct sp_versions versions;
    enum sp_rc rc = sp_versions_read(&b->workspace, b->ledger, b->options->path, &versions, err);

    if (rc == SP_OK)
        rc = sp_versions_find(&versions, b->options->version, &entry, err);
    if (rc)
        return rc;
    b->out->path = versions.path;
    b->out->version = *entry;
    if (!entry->has_tree || !sp_store_has(b->store, &entry->tree)) {
        if (entry->is_now)
            return SP_OK; /* there it is */
        return sp_fail(err, SP_NOT_FOUND, "version %zu of " SP_STR_FMT " is not in the store; %s",
                       entry->number, SP_STR_ARG(versions.path), remedy(entry));
    }
    return SP_OK;
}

/* Somewhere else: the workspace does not change. */
static enum sp_rc copy_out(struct bringback *b, struct sp_err *err)
{
    struct sp_str to = b->options->to;
    const struct sp_tree nothing = { 0 };
    struct sp_tree wanted;

    if (sp_file_kind(to.ptr) != SP_FILE_NONE)
        return sp_fail(err, SP_EXISTS, SP_STR_FMT " is there already", SP_STR_ARG(to));
    if (!b->out->version.has_tree)
        return sp_fail(err, SP_NOT_FOUND, "version %zu of " SP_STR_FMT " is not in the store",
                       b->out->version.number, SP_STR_ARG(b->out->path));
    enum sp_rc rc = sp_store_fetch(b->store, &b->out->version.tree, b->arena, &wanted, err);
    b->out->bytes = rc ? 0 : wanted.bytes;
    if (rc || b->options->dry)
        return rc;
    return sp_store_restore(b->store, &wanted, to.ptr, &nothing, err);
}

static struct sp_passage passage_of(const struct sp_version_entry *entry)
{
    return (struct sp_passage){ .version = entry->version,
                                .kept = entry->has_tree,
                                .tree = entry->tree,
                                .task = entry->is_source ? SP_STR("") : entry->task };
}

/* What is there now must not be lost: it is kept, or goes to the attic. */
static enum sp_rc put_back(struct bringback *b, struct sp_head *head, struct sp_err *err)
{
    struct sp_passage passage = passage_of(&b->out->version);
    struct sp_digest lost;
    enum sp_rc rc = SP_OK;

    if (head->disk == SP_DISK_HELD && sp_head_is_settled(head))
        rc = sp_heads_keep(b->heads, head, err);
    if (rc == SP_LIMIT || rc == SP_IO) {
        head->disk = SP_DISK_FOREIGN;
        rc = SP_OK;
    }
    if (rc == SP_OK)
        rc = sp_heads_place(b->heads, head, &passage, err);
    if (rc == SP_OK)
        rc = sp_heads_settle(b->heads, head, &lost, err);
    if (rc == SP_OK)
        rc = sp_ledger_sync(b->ledger, err);
    return rc;
}

static enum sp_rc in_place(struct bringback *b, struct sp_err *err)
{
    const struct sp_session *session = b->options->session;
    struct sp_heads_options options = {
        .ledger = b->ledger,
        .store = b->store,
        .cwd = session->world.cwd,
        .attic = sp_arena_join(b->arena, b->workspace.dir, "/", SP_STR("attic")),
        .run = SP_STR("restore"),
        .edits = SP_EDITS_RESTORE,
        .digest_limit = UINT64_MAX,
        .shared = !sp_str_is(sp_depot_dir(session), ".spoor/store"),
        .note = on_note,
        .arg = b,
    };
    struct sp_head *head;

    b->heads = sp_heads_new(&options);
    enum sp_rc rc =
        sp_heads_touch(b->heads, sp_heads_absolute(b->heads, b->arena, b->out->path), &head, err);
    if (rc)
        return rc;
    if (head->composite)
        return sp_fail(err, SP_INVALID,
                       SP_STR_FMT " lies in or around other data: restore those, or use --to",
                       SP_STR_ARG(b->out->path));
    b->out->was_there = head->disk == SP_DISK_HELD && !head->hold->absent &&
                        sp_version_eq(&head->hold->version, &b->out->version.version);
    b->out->bytes = b->out->version.bytes;
    if (b->out->was_there || b->options->dry)
        return SP_OK;
    return put_back(b, head, err);
}

/* sp_heads_settle takes what is damaged for what is not there. */
static enum sp_rc explain(const struct bringback *b, enum sp_rc rc, struct sp_err *err)
{
    const struct sp_version_entry *entry = &b->out->version;
    struct sp_err cause = *err;

    if (rc != SP_CORRUPT && !(rc == SP_NOT_FOUND && entry->has_tree))
        return rc;
    return sp_fail(err, rc,
                   "version %zu of " SP_STR_FMT
                   " cannot be brought back, %s ('spoor fsck' looks for more damage): %s",
                   entry->number, SP_STR_ARG(b->out->path), remedy(entry), cause.text);
}

enum sp_rc sp_bringback(const struct sp_bringback_options *options,
                        struct sp_bringback *out,
                        struct sp_err *err)
{
    struct bringback b = { .options = options, .out = out, .arena = options->session->arena };

    *out = (struct sp_bringback){ .said = sp_list_new(b.arena).list };
    enum sp_rc rc = open_all(&b, err);
    if (rc == SP_OK)
        rc = find_version(&b, err);
    if (rc == SP_OK)
        rc = explain(&b, options->to.len ? copy_out(&b, err) : in_place(&b, err), err);
    return close_all(&b, rc, err);
}
