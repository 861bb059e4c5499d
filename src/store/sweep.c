/* SPDX-License-Identifier: BSD-3-Clause */
#include "store/sweep.h"

#include "base/fault.h"

#include "store/listing.h"
#include "sys/file.h"
#include "value/json.h"

#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

/* --- reading -------------------------------------------------------------------------------- */

struct reader {
    struct sp_store *store;
    struct sp_stock *stock;
    struct sp_sweep_found *found;
    struct sp_arena *arena; /* of one manifest at a time */
};

static enum sp_rc read_object(void *arg, const struct sp_listing_item *item, struct sp_err *err)
{
    struct reader *reader = arg;

    (void)err;
    reader->found->strays += !item->named;
    reader->found->objects += item->named;
    if (item->named)
        sp_stock_add_object(reader->stock, &item->id, item->bytes);
    return SP_OK;
}

static enum sp_rc read_tree(void *arg, const struct sp_listing_item *item, struct sp_err *err)
{
    struct reader *reader = arg;
    struct sp_tree tree = { 0 };
    struct sp_err fault = SP_ERR_INIT;

    if (!item->named) {
        reader->found->strays++;
        return SP_OK;
    }
    sp_arena_reset(reader->arena);
    enum sp_rc rc = sp_store_fetch(reader->store, &item->id, reader->arena, &tree, &fault);
    if (rc == SP_NOT_FOUND)
        return SP_OK;
    if (rc && rc != SP_CORRUPT) { /* cannot be read now: that says nothing about it */
        *err = fault;
        return rc;
    }
    reader->found->trees += !rc;
    reader->found->damaged_trees += rc == SP_CORRUPT;
    sp_stock_add_tree(reader->stock, &item->id,
                      &(struct sp_stock_file){
                          .tree = rc ? NULL : &tree, .bytes = item->bytes, .used = item->mtime });
    return SP_OK;
}

/* Behind the reason come lines "tree DIGITS": the pinned data stay even when no record of them is
 * left. */
static enum sp_rc read_pin(void *arg, const struct sp_listing_item *item, struct sp_err *err)
{
    struct reader *reader = arg;
    sp_auto_buf struct sp_buf text = SP_BUF(SP_BUF_SMALL);
    struct sp_digest tree;

    if (!item->named) {
        reader->found->strays++;
        return SP_OK;
    }
    enum sp_rc rc = sp_file_read(item->path, &text, err);
    if (rc)
        return rc;
    sp_stock_add_hold(reader->stock, &item->id, NULL, SP_NEED_PIN);
    struct sp_str rest = sp_buf_str(&text);
    while (rest.ptr) {
        struct sp_str line = sp_str_cut(&rest, '\n');
        if (sp_str_starts(line, "tree ") && sp_digest_parse(sp_str_slice(line, 5, line.len), &tree))
            sp_stock_add_hold(reader->stock, &item->id, &tree, SP_NEED_PIN);
    }
    return SP_OK;
}

static bool read_record(void *arg, const struct sp_digest *key, struct sp_str text)
{
    struct reader *reader = arg;
    struct sp_err fault = SP_ERR_INIT;

    if (sp_stock_add_record(reader->stock, key, text, &fault))
        reader->found->damaged_records++;
    else
        reader->found->records++;
    return true;
}

enum sp_rc sp_sweep_read(struct sp_store *store,
                         struct sp_stock *stock,
                         struct sp_sweep_found *found,
                         struct sp_err *err)
{
    static const struct {
        const char *folder;
        enum sp_listing_shape shape;
        sp_listing_fn each;
    } folders[] = {
        { "objects", SP_LISTING_SHARDED, read_object },
        { "trees", SP_LISTING_SHARDED, read_tree },
        { "pins", SP_LISTING_FLAT, read_pin },
    };
    sp_auto_arena struct sp_arena *arena = sp_arena_new();
    sp_auto_arena struct sp_arena *names = sp_arena_new();
    struct reader reader = { store, stock, found, arena };
    size_t damaged = 0;
    enum sp_rc rc = SP_OK;

    *found = (struct sp_sweep_found){ 0 };
    for (size_t i = 0; i < SP_COUNT(folders) && rc == SP_OK; i++) {
        struct sp_str folder =
            sp_arena_printf(names, "%s/%s", sp_store_dir(store), folders[i].folder);
        rc = sp_listing_each(folder.ptr, folders[i].shape, folders[i].each, &reader, err);
    }
    if (rc == SP_OK)
        rc = sp_store_each_record(store, read_record, &reader, &damaged, err);
    found->damaged_records += damaged;
    return rc;
}

/* --- records -------------------------------------------------------------------------------- */

static bool is_among(struct sp_str hex, const struct sp_digest *trees, size_t len)
{
    struct sp_digest tree;

    if (!sp_digest_parse(hex, &tree))
        return false;
    for (size_t i = 0; i < len; i++)
        if (sp_digest_eq(&tree, &trees[i]))
            return true;
    return false;
}

static bool disown_outputs(struct sp_value *record, const struct sp_digest *trees, size_t len)
{
    struct sp_value *outputs =
        record->kind == SP_DICT ? sp_dict_get(record->dict, "outputs") : NULL;
    bool changed = false;

    if (!outputs || !sp_is_list(*outputs))
        return false;
    SP_LIST_EACH(output, outputs->list)
    {
        struct sp_value *kept = output->kind == SP_DICT ? sp_dict_get(output->dict, "kept") : NULL;
        if (!kept || !sp_truth(*kept) || !is_among(sp_dict_text(output->dict, "tree"), trees, len))
            continue;
        *kept = sp_bool(false);
        changed = true;
    }
    return changed;
}

enum sp_rc sp_sweep_disown(struct sp_store *store,
                           const struct sp_digest *key,
                           const struct sp_digest *trees,
                           size_t len,
                           struct sp_err *err)
{
    sp_auto_arena struct sp_arena *arena = sp_arena_new();
    sp_auto_buf struct sp_buf text = SP_BUF(SP_BUF_LARGE);
    struct sp_value record;

    enum sp_rc rc = sp_store_get_record(store, key, &text, err);
    if (rc)
        return rc == SP_NOT_FOUND || rc == SP_CORRUPT ? SP_OK : rc; /* lost: it says nothing */
    rc = sp_json_decode(arena, sp_buf_str(&text), &record, err);
    if (rc)
        return rc;
    if (!disown_outputs(&record, trees, len))
        return SP_OK;
    sp_buf_clear(&text);
    sp_json_encode(record, SP_JSON_COMPACT, &text);
    if (SP_FAULT("sweep.record", ENOSPC))
        return sp_fail_errno(err, "write record");
    return sp_store_put_record(store, key, sp_buf_str(&text), err);
}

/* Of a record all outputs at once: it is written once. */
struct loss {
    uint32_t record, tree;
};

static int compare_losses(const void *a, const void *b)
{
    const struct loss *left = a;
    const struct loss *right = b;

    return left->record < right->record ? -1 : left->record > right->record;
}

static struct loss *find_losses(const struct sp_stock *stock,
                                const struct sp_eviction_plan *plan,
                                size_t *len)
{
    struct loss *losses = sp_alloc((stock->claims_len + 1) * sizeof *losses);

    *len = 0;
    for (size_t k = 0; k < plan->len; k++) {
        uint32_t at = stock->trees[plan->items[k].tree].first_claim;
        for (; at != SP_STOCK_NONE; at = stock->claims[at].next_of_tree)
            if (stock->claims[at].record != SP_STOCK_NONE && stock->claims[at].kept)
                losses[(*len)++] = (struct loss){ stock->claims[at].record, plan->items[k].tree };
    }
    if (*len > 1)
        qsort(losses, *len, sizeof *losses, compare_losses);
    return losses;
}

static enum sp_rc disown_all(struct sp_store *store,
                             const struct sp_stock *stock,
                             const struct sp_eviction_plan *plan,
                             struct sp_err *err)
{
    size_t len;
    struct loss *losses = find_losses(stock, plan, &len);
    struct sp_digest *trees = sp_alloc((len + 1) * sizeof *trees);
    enum sp_rc rc = SP_OK;

    for (size_t i = 0, count; i < len && rc == SP_OK; i += count) {
        for (count = 0; i + count < len && losses[i + count].record == losses[i].record; count++)
            trees[count] = stock->trees[losses[i + count].tree].id;
        rc = sp_sweep_disown(store, &stock->records[losses[i].record].key, trees, count, err);
    }
    free(trees);
    free(losses);
    return rc;
}

/* --- trash ---------------------------------------------------------------------------------- */

enum sp_rc sp_sweep_discard(const char *store,
                            const char *kind,
                            const struct sp_digest *id,
                            struct sp_err *err)
{
    sp_auto_buf struct sp_buf from = SP_BUF(SP_BUF_SMALL);
    sp_auto_buf struct sp_buf to = SP_BUF(SP_BUF_SMALL);
    struct sp_digest_text hex = sp_digest_hex(id);

    sp_buf_addf(&from, "%s/%s/%.2s/%s", store, kind, hex.text, hex.text + 2);
    sp_buf_addf(&to, "%s/trash/%s-%s", store, kind, hex.text);
    int rc = SP_FAULT("sweep.rename", EIO) ? -1 : rename(from.ptr, to.ptr);
    if (rc < 0 && errno == ENOENT && sp_file_kind(from.ptr) != SP_FILE_NONE) {
        sp_buf_clear(&to);
        sp_buf_addf(&to, "%s/trash", store);
        if (sp_make_dirs(to.ptr, err))
            return err->code;
        sp_buf_addf(&to, "/%s-%s", kind, hex.text);
        rc = rename(from.ptr, to.ptr);
    }
    return rc == 0 || errno == ENOENT ? SP_OK : sp_fail_errno(err, "move '%s' to trash", from.ptr);
}

/* By listing it is found whatever the names are. */
struct emptying {
    size_t removed;
};

static enum sp_rc remove_one(void *arg, const struct sp_listing_item *item, struct sp_err *err)
{
    struct emptying *emptying = arg;

    if (SP_FAULT("sweep.unlink", EIO))
        return sp_fail_errno(err, "remove '%s'", item->path);
    enum sp_rc rc = sp_remove_tree(item->path, err);
    emptying->removed += rc == SP_OK;
    return rc;
}

enum sp_rc sp_sweep_empty_trash(const char *store, size_t *removed, struct sp_err *err)
{
    sp_auto_buf struct sp_buf folder = SP_BUF(SP_BUF_SMALL);
    struct emptying emptying = { 0 };

    sp_buf_addf(&folder, "%s/trash", store);
    enum sp_rc rc = sp_listing_each(folder.ptr, SP_LISTING_FLAT, remove_one, &emptying, err);
    if (rc == SP_OK && removed)
        *removed = emptying.removed;
    return rc;
}

/* --- carrying out --------------------------------------------------------------------------- */

enum sp_rc sp_sweep_carry_out(struct sp_store *store,
                              const struct sp_stock *stock,
                              const struct sp_eviction_plan *plan,
                              struct sp_err *err)
{
    const char *dir = sp_store_dir(store);

    enum sp_rc rc = disown_all(store, stock, plan, err);
    for (size_t i = 0; i < plan->len && rc == SP_OK; i++)
        rc = sp_sweep_discard(dir, "trees", &stock->trees[plan->items[i].tree].id, err);
    for (size_t i = 0; i < plan->objects_len && rc == SP_OK; i++)
        rc = sp_sweep_discard(dir, "objects", &stock->objects[plan->objects[i]].id, err);
    return rc;
}
