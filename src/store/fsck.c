/* SPDX-License-Identifier: BSD-3-Clause */
#include "store/fsck.h"

#include "base/checksum.h"
#include "base/fault.h"

#include "store/checked.h"
#include "store/listing.h"
#include "store/stock.h"
#include "store/sweep.h"
#include "sys/file.h"
#include "sys/lock.h"

#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

struct checker {
    struct sp_store *store;
    const struct sp_fsck_options *options;
    struct sp_fsck *fsck;
    struct sp_stock *stock; /* here the bytes of an object are its size */
    struct sp_arena *arena; /* of one manifest at a time */
    struct sp_checked *checked;
    bool *bad; /* objects; by index, once all are known */
    uint64_t all;
};

static const char *const kinds[] = {
    [SP_FSCK_RECORD] = "record", [SP_FSCK_TREE] = "tree",   [SP_FSCK_OBJECT] = "object",
    [SP_FSCK_LOST] = "lost",     [SP_FSCK_STRAY] = "stray", [SP_FSCK_LEFTOVER] = "leftover",
    [SP_FSCK_LEDGER] = "ledger",
};

const char *sp_fsck_kind_name(enum sp_fsck_kind kind)
{
    return kinds[kind];
}

size_t sp_fsck_count(const struct sp_fsck *fsck, size_t *open)
{
    size_t count = 0, left = 0;

    for (size_t i = 0; i < fsck->findings.len; i++) {
        const struct sp_fsck_finding *finding = &fsck->findings.items[i];
        if (finding->kind == SP_FSCK_STRAY || finding->kind == SP_FSCK_LEFTOVER)
            continue;
        count++;
        left += !finding->repaired;
    }
    if (open)
        *open = left;
    return count;
}

void sp_fsck_fini(struct sp_fsck *fsck)
{
    SP_VEC_FINI(&fsck->findings);
}

static struct sp_fsck_finding *find(struct sp_fsck *fsck,
                                    enum sp_fsck_kind kind,
                                    struct sp_str name)
{
    struct sp_fsck_finding *finding = SP_VEC_ADD(&fsck->findings);

    finding->kind = kind;
    finding->name = sp_arena_str(fsck->arena, name);
    return finding;
}

static struct sp_fsck_finding *find_id(struct sp_fsck *fsck,
                                       enum sp_fsck_kind kind,
                                       const struct sp_digest *id)
{
    return find(fsck, kind, sp_str_of(sp_digest_hex(id).text));
}

/* --- files ---------------------------------------------------------------------------------- */

static void find_stray(struct checker *checker, const struct sp_listing_item *item)
{
    find(checker->fsck, SP_FSCK_STRAY, sp_str_of(item->path))->text =
        SP_STR("does not belong there");
}

static enum sp_rc look_at_object(void *arg, const struct sp_listing_item *item, struct sp_err *err)
{
    struct checker *checker = arg;

    (void)err;
    if (!item->named) {
        find_stray(checker, item);
        return SP_OK;
    }
    checker->fsck->objects++;
    checker->all += item->size;
    sp_stock_add_object(checker->stock, &item->id, item->size);
    return SP_OK;
}

static enum sp_rc look_at_tree(void *arg, const struct sp_listing_item *item, struct sp_err *err)
{
    struct checker *checker = arg;
    struct sp_err fault = SP_ERR_INIT;
    struct sp_tree tree = { 0 };

    if (!item->named) {
        find_stray(checker, item);
        return SP_OK;
    }
    checker->fsck->trees++;
    sp_arena_reset(checker->arena);
    enum sp_rc rc = sp_store_fetch(checker->store, &item->id, checker->arena, &tree, &fault);
    if (rc == SP_NOT_FOUND)
        return SP_OK;
    if (rc && rc != SP_CORRUPT) {
        *err = fault;
        return rc;
    }
    sp_stock_add_tree(checker->stock, &item->id,
                      &(struct sp_stock_file){ .tree = rc ? NULL : &tree, .bytes = item->size });
    return SP_OK;
}

static enum sp_rc look_at_record(void *arg, const struct sp_listing_item *item, struct sp_err *err)
{
    struct checker *checker = arg;
    sp_auto_buf struct sp_buf text = SP_BUF(SP_BUF_LARGE);
    struct sp_err fault = SP_ERR_INIT;

    if (!item->named) {
        find_stray(checker, item);
        return SP_OK;
    }
    checker->fsck->records++;
    enum sp_rc rc = sp_store_get_record(checker->store, &item->id, &text, &fault);
    bool is_moved = rc == SP_CORRUPT && checker->options->repair; /* the store has done it */
    if (rc == SP_OK)
        rc = sp_stock_add_record(checker->stock, &item->id, sp_buf_str(&text), &fault);
    if (rc == SP_OK || rc == SP_NOT_FOUND)
        return SP_OK;
    if (rc != SP_CORRUPT && rc != SP_INVALID) {
        *err = fault;
        return rc;
    }
    struct sp_fsck_finding *finding = find_id(checker->fsck, SP_FSCK_RECORD, &item->id);
    finding->text = sp_arena_str(checker->fsck->arena, sp_str_of(fault.text));
    finding->repaired = is_moved;
    if (!checker->options->repair || is_moved)
        return SP_OK;
    rc = sp_sweep_discard(sp_store_dir(checker->store), "records", &item->id, err);
    finding->repaired = rc == SP_OK;
    return rc;
}

static enum sp_rc look_at_leftover(void *arg,
                                   const struct sp_listing_item *item,
                                   struct sp_err *err)
{
    struct checker *checker = arg;
    struct sp_lock_holder holder;
    sp_auto_buf struct sp_buf lock = SP_BUF(SP_BUF_SMALL);

    (void)err;
    sp_buf_addf(&lock, "%s/lock", item->path);
    if (!sp_lock_find_holder(lock.ptr, &holder))
        find(checker->fsck, SP_FSCK_LEFTOVER, sp_str_of(item->path))->text =
            SP_STR("of a process that died");
    return SP_OK;
}

/* --- objects of trees ----------------------------------------------------------------------- */

static enum sp_rc check_object(struct checker *checker,
                               const struct sp_tree_entry *entry,
                               uint32_t object,
                               struct sp_err *err)
{
    const struct sp_stock_object *there = &checker->stock->objects[object];
    struct sp_fsck *fsck = checker->fsck;
    enum sp_checked_state state = SP_CHECKED_GOOD;

    if (there->bytes != entry->size) {
        find_id(fsck, SP_FSCK_OBJECT, &there->id)->text = sp_arena_printf(
            fsck->arena, "%" PRIu64 " bytes instead of %" PRIu64, there->bytes, entry->size);
        checker->bad[object] = true;
        return SP_OK;
    }
    if (!checker->options->data)
        return SP_OK;
    struct sp_str path = sp_store_object_path(checker->store, checker->arena, &there->id);
    enum sp_rc rc = sp_checked_file(checker->checked, path.ptr, &there->id,
                                    entry->has & SP_TREE_EXACT ? &entry->exact : NULL, &state, err);
    if (rc == SP_NOT_FOUND)
        return SP_OK;
    if (rc)
        return rc;
    fsck->bytes += state == SP_CHECKED_BEFORE ? 0 : there->bytes;
    fsck->first_digests += state == SP_CHECKED_FIRST;
    if (state == SP_CHECKED_BAD) {
        find_id(fsck, SP_FSCK_OBJECT, &there->id)->text = SP_STR("its bytes have changed");
        checker->bad[object] = true;
    }
    if (checker->options->progress)
        checker->options->progress(checker->options->arg, fsck->bytes, checker->all);
    return SP_OK;
}

static enum sp_rc check_entries(struct checker *checker,
                                const struct sp_tree *tree,
                                size_t *lost,
                                struct sp_str *first,
                                struct sp_err *err)
{
    for (size_t i = 0; i < tree->len; i++) {
        const struct sp_tree_entry *entry = &tree->entries[i];
        if (entry->type != SP_TREE_FILE)
            continue;
        uint32_t object = entry->has & SP_TREE_OBJECT
                              ? sp_stock_find_object(checker->stock, &entry->object)
                              : SP_STOCK_NONE;
        bool is_there = object != SP_STOCK_NONE && checker->stock->objects[object].present;
        enum sp_rc rc =
            is_there && !checker->bad[object] ? check_object(checker, entry, object, err) : SP_OK;
        if (rc)
            return rc;
        if (is_there && !checker->bad[object])
            continue;
        if (!(*lost)++)
            *first = sp_arena_str(checker->fsck->arena, entry->path);
    }
    return SP_OK;
}

/* --- repairs -------------------------------------------------------------------------------- */

/* Every record that says that this tree is kept is told that it is not. */
static enum sp_rc disown(struct checker *checker, uint32_t tree, struct sp_err *err)
{
    const struct sp_stock *stock = checker->stock;
    uint32_t at = stock->trees[tree].first_claim;
    enum sp_rc rc = SP_OK;

    for (; at != SP_STOCK_NONE && rc == SP_OK; at = stock->claims[at].next_of_tree)
        if (stock->claims[at].record != SP_STOCK_NONE && stock->claims[at].kept)
            rc = sp_sweep_disown(checker->store, &stock->records[stock->claims[at].record].key,
                                 &stock->trees[tree].id, 1, err);
    return rc;
}

static bool is_made(const struct sp_stock *stock, uint32_t tree)
{
    uint32_t at = stock->trees[tree].first_claim;

    for (; at != SP_STOCK_NONE; at = stock->claims[at].next_of_tree)
        if (stock->claims[at].record != SP_STOCK_NONE)
            return true;
    return false;
}

static bool is_kept(const struct sp_stock *stock, uint32_t tree)
{
    uint32_t at = stock->trees[tree].first_claim;

    for (; at != SP_STOCK_NONE; at = stock->claims[at].next_of_tree)
        if (stock->claims[at].kept)
            return true;
    return false;
}

/* `finding` is about this tree, which is of no use as it is. */
static enum sp_rc repair_tree(struct checker *checker,
                              uint32_t tree,
                              struct sp_fsck_finding *finding,
                              struct sp_err *err)
{
    const struct sp_stock_tree *there = &checker->stock->trees[tree];
    size_t at = (size_t)(finding - checker->fsck->findings.items);

    finding->source = is_kept(checker->stock, tree) && !is_made(checker->stock, tree);
    if (!checker->options->repair || (finding->source && !there->damaged))
        return SP_OK;
    enum sp_rc rc = disown(checker, tree, err);
    if (rc == SP_OK && there->present)
        rc = sp_sweep_discard(sp_store_dir(checker->store), "trees", &there->id, err);
    checker->fsck->findings.items[at].repaired = rc == SP_OK;
    return rc;
}

static enum sp_rc check_tree(struct checker *checker, uint32_t tree, struct sp_err *err)
{
    const struct sp_stock_tree *there = &checker->stock->trees[tree];
    struct sp_fsck *fsck = checker->fsck;
    struct sp_tree contents = { 0 };
    struct sp_str first = SP_STR("");
    size_t lost = 0;

    if (!there->present) {
        if (!is_kept(checker->stock, tree))
            return SP_OK;
        struct sp_fsck_finding *finding = find_id(fsck, SP_FSCK_LOST, &there->id);
        finding->text = SP_STR("a manifest that is said to be kept is not there");
        return repair_tree(checker, tree, finding, err);
    }
    if (there->damaged) {
        struct sp_fsck_finding *finding = find_id(fsck, SP_FSCK_TREE, &there->id);
        finding->text = SP_STR("the manifest is damaged");
        return repair_tree(checker, tree, finding, err);
    }
    sp_arena_reset(checker->arena);
    enum sp_rc rc = sp_store_fetch(checker->store, &there->id, checker->arena, &contents, err);
    if (rc == SP_OK)
        rc = check_entries(checker, &contents, &lost, &first, err);
    if (rc || !lost)
        return rc == SP_NOT_FOUND ? SP_OK : rc;
    struct sp_fsck_finding *finding = find_id(fsck, SP_FSCK_LOST, &there->id);
    finding->text = sp_arena_printf(
        fsck->arena, "files of it that are lost or damaged: %zu, first '" SP_STR_FMT "'", lost,
        SP_STR_ARG(first));
    return repair_tree(checker, tree, finding, err);
}

/* What is damaged goes, after nothing names it any more. */
static enum sp_rc discard_objects(struct checker *checker, struct sp_err *err)
{
    struct sp_fsck *fsck = checker->fsck;
    enum sp_rc rc = SP_OK;

    for (size_t i = 0; i < fsck->findings.len && rc == SP_OK; i++) {
        struct sp_fsck_finding *finding = &fsck->findings.items[i];
        struct sp_digest id;
        if (finding->kind != SP_FSCK_OBJECT || !sp_digest_parse(finding->name, &id))
            continue;
        rc = sp_sweep_discard(sp_store_dir(checker->store), "objects", &id, err);
        finding->repaired = rc == SP_OK;
    }
    return rc;
}

/* --- all of it ------------------------------------------------------------------------------ */

static enum sp_rc look_everywhere(struct checker *checker, struct sp_err *err)
{
    static const struct {
        const char *folder;
        enum sp_listing_shape shape;
        sp_listing_fn each;
    } folders[] = {
        { "tmp", SP_LISTING_FLAT, look_at_leftover },
        { "objects", SP_LISTING_SHARDED, look_at_object },
        { "trees", SP_LISTING_SHARDED, look_at_tree },
        { "records", SP_LISTING_SHARDED, look_at_record },
    };
    enum sp_rc rc = SP_OK;

    for (size_t i = 0; i < SP_COUNT(folders) && rc == SP_OK; i++) {
        sp_auto_buf struct sp_buf folder = SP_BUF(SP_BUF_SMALL);
        sp_buf_addf(&folder, "%s/%s", sp_store_dir(checker->store), folders[i].folder);
        rc = sp_listing_each(folder.ptr, folders[i].shape, folders[i].each, checker, err);
    }
    return rc;
}

static enum sp_rc check_all(struct checker *checker, struct sp_err *err)
{
    enum sp_rc rc = look_everywhere(checker, err);

    if (rc)
        return rc;
    checker->bad = sp_alloc(checker->stock->objects_len + 1);
    for (uint32_t t = 0; t < checker->stock->trees_len && rc == SP_OK; t++)
        rc = check_tree(checker, t, err);
    if (rc == SP_OK && checker->options->repair)
        rc = discard_objects(checker, err);
    if (rc == SP_OK && checker->options->data)
        rc = sp_checked_save(checker->checked, err);
    return rc;
}

enum sp_rc sp_fsck_store(struct sp_store *store,
                         const struct sp_fsck_options *options,
                         struct sp_fsck *fsck,
                         struct sp_err *err)
{
    sp_auto_arena struct sp_arena *arena = sp_arena_new();
    sp_auto_stock struct sp_stock *stock = sp_stock_new();
    struct checker checker = {
        .store = store,
        .options = options,
        .fsck = fsck,
        .stock = stock,
        .arena = arena,
        .checked = sp_checked_open(sp_store_dir(store)),
    };

    enum sp_rc rc = check_all(&checker, err);
    sp_checked_close(checker.checked);
    free(checker.bad);
    return rc;
}

/* --- the ledger ----------------------------------------------------------------------------- */

static bool is_sound(struct sp_str line)
{
    if (line.len <= SP_CHECKSUM_HEX || line.ptr[SP_CHECKSUM_HEX] != '\t')
        return false;
    struct sp_checksum_text sum = sp_checksum(sp_str_slice(line, SP_CHECKSUM_HEX + 1, line.len));
    return memcmp(sum.text, line.ptr, SP_CHECKSUM_HEX) == 0;
}

static enum sp_rc split_ledger(const char *path,
                               struct sp_str good,
                               struct sp_str bad,
                               struct sp_err *err)
{
    sp_auto_buf struct sp_buf aside = SP_BUF(SP_BUF_SMALL);

    sp_buf_addf(&aside, "%s.damaged", path);
    enum sp_rc rc = sp_file_write(aside.ptr, bad, err);
    return rc ? rc : sp_file_write(path, good, err);
}

enum sp_rc sp_fsck_ledger(const char *dir,
                          const struct sp_fsck_options *options,
                          struct sp_fsck *fsck,
                          struct sp_err *err)
{
    sp_auto_buf struct sp_buf path = SP_BUF(SP_BUF_SMALL);
    sp_auto_buf struct sp_buf text = SP_BUF(SP_BUF_LARGE);
    sp_auto_buf struct sp_buf good = SP_BUF(SP_BUF_LARGE);
    sp_auto_buf struct sp_buf bad = SP_BUF(SP_BUF_LARGE);
    size_t first = fsck->findings.len;

    sp_buf_addf(&path, "%s/ledger", dir);
    enum sp_rc rc = sp_file_read(path.ptr, &text, err);
    if (rc)
        return rc == SP_NOT_FOUND ? SP_OK : rc;
    struct sp_str rest = sp_buf_str(&text);
    for (size_t number = 1; rest.len; number++) {
        struct sp_str line = sp_str_cut(&rest, '\n');
        bool sound = is_sound(line);
        struct sp_buf *side = sound ? &good : &bad;
        sp_buf_add(side, line);
        sp_buf_addc(side, '\n');
        fsck->lines++;
        if (!sound)
            find(fsck, SP_FSCK_LEDGER, sp_buf_str(&path))->text =
                sp_arena_printf(fsck->arena, "line %zu is damaged", number);
    }
    if (first == fsck->findings.len || !options->repair)
        return SP_OK;
    rc = split_ledger(path.ptr, sp_buf_str(&good), sp_buf_str(&bad), err);
    for (size_t i = first; i < fsck->findings.len && rc == SP_OK; i++)
        fsck->findings.items[i].repaired = true;
    return rc;
}
