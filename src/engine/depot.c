/* SPDX-License-Identifier: BSD-3-Clause */
#include "engine/depot.h"

#include "lang/path.h"
#include "store/ledger.h"
#include "store/listing.h"
#include "sys/file.h"
#include "sys/lock.h"
#include "value/json.h"

#include <stdio.h>
#include <unistd.h>

struct sp_str sp_depot_dir(const struct sp_session *session)
{
    const struct sp_value *dir = sp_dict_walk(session->config.root, SP_STR("opts.store.dir"));

    return dir && sp_is_text(*dir) && dir->text.len
               ? sp_path_expand_home(session->arena, dir->text, session->world.home)
               : SP_STR(".spoor/store");
}

/* --- ledgers -------------------------------------------------------------------------------- */

/* Is there anything at the path? `workspace` is a state directory: paths are relative to the one it
 * is in. */
static bool is_there(struct sp_arena *arena, const char *workspace, struct sp_str path)
{
    struct sp_str full = sp_str_starts(path, "/") ? path
                                                  : sp_arena_printf(arena, "%s/../" SP_STR_FMT,
                                                                    workspace, SP_STR_ARG(path));

    return sp_file_kind(sp_arena_cstr(arena, full)) != SP_FILE_NONE;
}

/* A path that is being changed will have to be brought back, but holds nothing now. One that
 * somebody has removed needs nothing. */
static unsigned needs_of(struct sp_arena *arena, const char *workspace, const struct sp_hold *hold)
{
    if (hold->state != SP_HOLD_TRUSTED)
        return SP_NEED_CHANGING;
    return is_there(arena, workspace, hold->path) ? SP_NEED_HEAD : 0;
}

/* What a chain begins with is what runs start from: none of them makes it, even if one has once
 * (--on-top, an edit that was adopted). */
static void add_hold(struct sp_depot *depot, const char *workspace, const struct sp_hold *hold)
{
    for (size_t i = 0; i < hold->chain.len; i++) {
        const struct sp_passage *passage = &hold->chain.items[i];
        if (!passage->absent)
            sp_stock_add_hold(depot->stock, &passage->version.id,
                              passage->kept ? &passage->tree : NULL, i ? 0 : SP_NEED_SOURCE);
    }
    if (!hold->absent)
        sp_stock_add_hold(depot->stock, &hold->version.id, NULL,
                          needs_of(depot->arena, workspace, hold));
}

static void add_task(void *arg, const struct sp_digest *key)
{
    struct sp_stock *stock = arg;

    sp_stock_need_record(stock, key, SP_NEED_CONSUMED);
}

static enum sp_rc ask(struct sp_depot *depot, const char *workspace, struct sp_err *err)
{
    struct sp_ledger *ledger = NULL;
    size_t damaged = 0;

    enum sp_rc rc = sp_ledger_open(workspace, false, &ledger, &damaged, err);
    if (rc)
        return sp_err_wrap(err, "what '%s' needs is not known", workspace);
    if (damaged) {
        sp_ledger_close(ledger);
        return sp_fail(err, SP_INVALID,
                       "the ledger of '%s' has lost %zu lines: what they named could be removed. "
                       "'spoor fsck --repair' there takes them out",
                       workspace, damaged);
    }
    SP_MAP_EACH (entry, sp_ledger_holds(ledger))
        add_hold(depot, workspace, entry->value);
    sp_ledger_each_task(ledger, add_task, depot->stock);
    sp_ledger_close(ledger);
    return SP_OK;
}

static enum sp_rc ask_all(struct sp_depot *depot, const char *workspace, struct sp_err *err)
{
    struct sp_str own = sp_real_path(depot->arena, sp_str_of(workspace));
    bool is_known = false;

    enum sp_rc rc = sp_roster_read(sp_store_dir(depot->store), depot->arena, &depot->workspaces,
                                   &depot->workspaces_len, err);
    for (size_t i = 0; i < depot->workspaces_len && rc == SP_OK; i++) {
        const struct sp_roster_entry *entry = &depot->workspaces[i];
        is_known |= sp_str_eq(entry->path, own);
        if (entry->state == SP_ROSTER_HIDDEN)
            return sp_fail(err, SP_INVALID,
                           "workspace '" SP_STR_FMT "' uses this store, but cannot be looked at "
                           "(" SP_STR_FMT "): what it needs could be removed. If it is gone for "
                           "good, remove '" SP_STR_FMT "'",
                           SP_STR_ARG(entry->path), SP_STR_ARG(entry->why),
                           SP_STR_ARG(entry->file));
        if (entry->state == SP_ROSTER_THERE)
            rc = ask(depot, sp_arena_cstr(depot->arena, entry->path), err);
    }
    if (rc == SP_OK && !is_known && sp_file_kind(own.ptr) == SP_FILE_DIR)
        rc = ask(depot, own.ptr, err);
    return rc;
}

/* --- opening -------------------------------------------------------------------------------- */

/* Whoever writes has a directory with a lock under tmp/: that says who it is. */
static enum sp_rc find_user(void *arg, const struct sp_listing_item *item, struct sp_err *err)
{
    struct sp_lock_holder *holder = arg;
    sp_auto_buf struct sp_buf lock = SP_BUF(SP_BUF_SMALL);

    (void)err;
    sp_buf_addf(&lock, "%s/lock", item->path);
    if (!holder->pid && !sp_lock_find_holder(lock.ptr, holder))
        holder->pid = 0;
    return SP_OK;
}

static enum sp_rc fail_busy(const char *dir, struct sp_err *err)
{
    struct sp_lock_holder holder = { 0 };
    sp_auto_buf struct sp_buf tmp = SP_BUF(SP_BUF_SMALL);
    struct sp_err ignored = SP_ERR_INIT;

    sp_buf_addf(&tmp, "%s/tmp", dir);
    if (sp_listing_each(tmp.ptr, SP_LISTING_FLAT, find_user, &holder, &ignored) || !holder.pid)
        return SP_BUSY;
    return sp_fail(err, SP_BUSY,
                   "the store '%s' is in use (pid %d on %s, since %s): wait until that "
                   "has ended",
                   dir, holder.pid, holder.host, holder.since);
}

enum sp_rc sp_depot_open(struct sp_arena *arena,
                         const char *dir,
                         const char *workspace,
                         enum sp_store_use use,
                         struct sp_depot *out,
                         struct sp_err *err)
{
    struct sp_depot depot = { .arena = arena };
    struct sp_store_options options = {
        .run = sp_arena_printf(arena, "gc-%d", (int)getpid()).ptr,
    };
    struct sp_err ignored = SP_ERR_INIT;

    if (sp_file_kind(dir) == SP_FILE_NONE)
        return sp_fail(err, SP_NOT_FOUND, "there is no store at '%s'", dir);
    enum sp_rc rc = sp_store_open(dir, use, &options, &depot.store, err);
    if (rc)
        return rc == SP_BUSY ? fail_busy(dir, err) : rc;
    depot.stock = sp_stock_new();
    rc = sp_sweep_read(depot.store, depot.stock, &depot.found, err);
    if (rc == SP_OK)
        rc = ask_all(&depot, workspace, err);
    if (rc) {
        if (sp_depot_release(&depot, &ignored) == SP_OK || ignored.code)
            sp_depot_fini(&depot);
        return rc;
    }
    sp_stock_settle(depot.stock);
    *out = depot;
    return SP_OK;
}

enum sp_rc sp_depot_release(struct sp_depot *depot, struct sp_err *err)
{
    struct sp_store *store = SP_TAKE(depot->store);

    return store ? sp_store_close(store, err) : SP_OK;
}

void sp_depot_fini(struct sp_depot *depot)
{
    sp_stock_free(SP_TAKE(depot->stock));
}

/* --- what is what --------------------------------------------------------------------------- */

struct sp_dict *sp_depot_record(struct sp_depot *depot, const struct sp_digest *key)
{
    sp_auto_buf struct sp_buf text = SP_BUF(SP_BUF_LARGE);
    struct sp_err ignored = SP_ERR_INIT;
    struct sp_value value;

    if (sp_store_get_record(depot->store, key, &text, &ignored) ||
        sp_json_decode(depot->arena, sp_arena_str(depot->arena, sp_buf_str(&text)), &value,
                       &ignored) ||
        value.kind != SP_DICT)
        return NULL;
    return value.dict;
}

static void describe_output(struct sp_depot *depot,
                            const struct sp_stock_claim *claim,
                            uint32_t tree,
                            struct sp_dict *out)
{
    const struct sp_dict *record =
        sp_depot_record(depot, &depot->stock->records[claim->record].key);
    const struct sp_value *outputs = record ? sp_dict_get(record, "outputs") : NULL;
    const char *hex = sp_digest_hex(&depot->stock->trees[tree].id).text;

    if (!outputs || !sp_is_list(*outputs))
        return;
    SP_LIST_EACH(output, outputs->list)
    {
        if (output->kind == SP_DICT && sp_str_is(sp_dict_text(output->dict, "tree"), hex)) {
            sp_dict_put_text(depot->arena, out, "path", sp_dict_text(output->dict, "path"));
            break;
        }
    }
    sp_dict_put_text(depot->arena, out, "recipe", sp_dict_text(record, "recipe"));
    sp_dict_put_text(depot->arena, out, "task", sp_dict_text(record, "task"));
    sp_dict_put_text(depot->arena, out, "time", sp_dict_text(record, "time"));
}

struct sp_value sp_depot_describe(struct sp_depot *depot, uint32_t tree)
{
    struct sp_value out = sp_dict_new(depot->arena);
    const struct sp_stock *stock = depot->stock;
    uint32_t at = stock->trees[tree].first_claim;

    if (at == SP_STOCK_NONE)
        return out;
    uint32_t version = stock->claims[at].version;
    sp_dict_put_text(
        depot->arena, out.dict, "version",
        sp_arena_str(depot->arena, sp_str_of(sp_digest_hex(&stock->versions[version].id).text)));
    for (; at != SP_STOCK_NONE; at = stock->claims[at].next_of_tree)
        if (stock->claims[at].record != SP_STOCK_NONE) {
            describe_output(depot, &stock->claims[at], tree, out.dict);
            return out;
        }
    sp_dict_put(depot->arena, out.dict, "source", sp_bool(true));
    return out;
}
