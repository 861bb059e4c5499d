/* SPDX-License-Identifier: BSD-3-Clause */
#include "store/stock.h"

#include "base/clock.h"

#include "value/json.h"

#include <stdlib.h>

/* Open addressing over names, which are random already: slots hold index + 1, 0 is free. */
struct table {
    uint32_t *slots;
    size_t slot_count;
};

struct sp_stock_index {
    struct table versions, records, trees, objects;
    struct sp_arena *scratch; /* one record or manifest at a time */
};

struct sp_stock *sp_stock_new(void)
{
    struct sp_stock *stock = sp_alloc(sizeof *stock);

    stock->indices = sp_alloc(sizeof *stock->indices);
    stock->indices->scratch = sp_arena_new();
    return stock;
}

void sp_stock_free(struct sp_stock *stock)
{
    if (!stock)
        return;
    free(stock->versions);
    free(stock->records);
    free(stock->claims);
    free(stock->trees);
    free(stock->objects);
    free(stock->inputs);
    free(stock->parts);
    free(stock->order);
    free(stock->indices->versions.slots);
    free(stock->indices->records.slots);
    free(stock->indices->trees.slots);
    free(stock->indices->objects.slots);
    sp_arena_free(stock->indices->scratch);
    free(stock->indices);
    free(stock);
}

/* --- names to indices ----------------------------------------------------------------------- */

static size_t slot_of(const struct sp_digest *id, size_t slot_count)
{
    uint64_t word;

    memcpy(&word, id->bytes, sizeof word);
    return (size_t)word & (slot_count - 1);
}

static struct sp_digest name_at(const void *items, size_t stride, size_t at)
{
    struct sp_digest id;

    memcpy(&id, (const char *)items + stride * at, sizeof id);
    return id;
}

static uint32_t find(const struct table *table,
                     const void *items,
                     size_t stride,
                     const struct sp_digest *id)
{
    if (!table->slot_count)
        return SP_STOCK_NONE;
    size_t slot = slot_of(id, table->slot_count);
    for (; table->slots[slot]; slot = (slot + 1) & (table->slot_count - 1)) {
        struct sp_digest there = name_at(items, stride, table->slots[slot] - 1);
        if (sp_digest_eq(&there, id))
            return table->slots[slot] - 1;
    }
    return SP_STOCK_NONE;
}

static void place(struct table *table, const struct sp_digest *id, size_t at)
{
    size_t slot = slot_of(id, table->slot_count);

    while (table->slots[slot])
        slot = (slot + 1) & (table->slot_count - 1);
    table->slots[slot] = (uint32_t)at + 1;
}

/* Note item number `len` - 1, which was added just now. */
static void note(struct table *table, const void *items, size_t stride, size_t len)
{
    struct sp_digest id = name_at(items, stride, len - 1);

    if (2 * len <= table->slot_count) {
        place(table, &id, len - 1);
        return;
    }
    free(table->slots);
    table->slot_count = table->slot_count ? 2 * table->slot_count : 64;
    table->slots = sp_alloc(table->slot_count * sizeof *table->slots);
    for (size_t i = 0; i < len; i++) {
        id = name_at(items, stride, i);
        place(table, &id, i);
    }
}

/* New zeroed last item of an array of the stock. */
#define ADD(stock, name)                                                                           \
    __extension__({                                                                                \
        (stock)->name = sp_grow((stock)->name, &(stock)->name##_capacity, (stock)->name##_len + 1, \
                                sizeof *(stock)->name);                                            \
        memset(&(stock)->name[(stock)->name##_len], 0, sizeof *(stock)->name);                     \
        &(stock)->name[(stock)->name##_len++];                                                     \
    })

#define FIND(stock, name, id) \
    find(&(stock)->indices->name, (stock)->name, sizeof *(stock)->name, (id))
#define NOTE(stock, name) \
    note(&(stock)->indices->name, (stock)->name, sizeof *(stock)->name, (stock)->name##_len)

uint32_t sp_stock_find_version(const struct sp_stock *stock, const struct sp_digest *id)
{
    return FIND(stock, versions, id);
}

uint32_t sp_stock_find_record(const struct sp_stock *stock, const struct sp_digest *key)
{
    return FIND(stock, records, key);
}

uint32_t sp_stock_find_tree(const struct sp_stock *stock, const struct sp_digest *id)
{
    return FIND(stock, trees, id);
}

uint32_t sp_stock_find_object(const struct sp_stock *stock, const struct sp_digest *id)
{
    return FIND(stock, objects, id);
}

static uint32_t version_of(struct sp_stock *stock, const struct sp_digest *id)
{
    uint32_t at = FIND(stock, versions, id);

    if (at != SP_STOCK_NONE)
        return at;
    struct sp_stock_version *version = ADD(stock, versions);
    version->id = *id;
    version->maker = version->first_claim = SP_STOCK_NONE;
    NOTE(stock, versions);
    return (uint32_t)stock->versions_len - 1;
}

static uint32_t tree_of(struct sp_stock *stock, const struct sp_digest *id)
{
    uint32_t at = FIND(stock, trees, id);

    if (at != SP_STOCK_NONE)
        return at;
    struct sp_stock_tree *tree = ADD(stock, trees);
    tree->id = *id;
    tree->first_claim = SP_STOCK_NONE;
    NOTE(stock, trees);
    return (uint32_t)stock->trees_len - 1;
}

static uint32_t object_of(struct sp_stock *stock, const struct sp_digest *id)
{
    uint32_t at = FIND(stock, objects, id);

    if (at != SP_STOCK_NONE)
        return at;
    ADD(stock, objects)->id = *id;
    NOTE(stock, objects);
    return (uint32_t)stock->objects_len - 1;
}

/* --- trees and objects ---------------------------------------------------------------------- */

void sp_stock_add_object(struct sp_stock *stock, const struct sp_digest *id, uint64_t bytes)
{
    uint32_t at = object_of(stock, id); /* the array may move */

    stock->objects[at].present = true;
    stock->objects[at].bytes = bytes;
}

static int compare_parts(const void *a, const void *b)
{
    uint32_t left, right;

    memcpy(&left, a, sizeof left);
    memcpy(&right, b, sizeof right);
    return left < right ? -1 : left > right;
}

void sp_stock_add_tree(struct sp_stock *stock,
                       const struct sp_digest *id,
                       const struct sp_stock_file *file)
{
    uint32_t at = tree_of(stock, id);
    uint32_t first = (uint32_t)stock->parts_len;

    if (stock->trees[at].present)
        return;
    for (size_t i = 0; file->tree && i < file->tree->len; i++)
        if (file->tree->entries[i].has & SP_TREE_OBJECT) {
            uint32_t object = object_of(stock, &file->tree->entries[i].object);
            *ADD(stock, parts) = object;
        }
    size_t len = stock->parts_len - first;
    uint32_t *parts = stock->parts + first;
    if (len > 1)
        qsort(parts, len, sizeof *parts, compare_parts);
    size_t kept = 0;
    for (size_t i = 0; i < len; i++)
        if (i == 0 || parts[i] != parts[kept - 1]) {
            parts[kept++] = parts[i];
            stock->objects[parts[i]].refs++;
        }
    stock->parts_len = first + kept;
    struct sp_stock_tree *tree = &stock->trees[at];
    tree->present = true;
    tree->damaged = !file->tree;
    tree->bytes = file->bytes;
    tree->used = file->used;
    tree->first_object = first;
    tree->objects = (uint32_t)kept;
}

/* --- records and ledgers -------------------------------------------------------------------- */

static void claim(struct sp_stock *stock,
                  uint32_t version,
                  uint32_t tree,
                  uint32_t record,
                  bool kept)
{
    uint32_t at = (uint32_t)stock->claims_len;

    *ADD(stock, claims) = (struct sp_stock_claim){
        .version = version,
        .tree = tree,
        .record = record,
        .kept = kept,
        .next_of_tree = tree == SP_STOCK_NONE ? SP_STOCK_NONE : stock->trees[tree].first_claim,
        .next_of_version = stock->versions[version].first_claim,
    };
    if (tree != SP_STOCK_NONE)
        stock->trees[tree].first_claim = at;
    stock->versions[version].first_claim = at;
}

void sp_stock_add_hold(struct sp_stock *stock,
                       const struct sp_digest *version,
                       const struct sp_digest *tree,
                       unsigned needs)
{
    uint32_t at = version_of(stock, version);

    stock->versions[at].needs |= needs;
    if (tree)
        claim(stock, at, tree_of(stock, tree), SP_STOCK_NONE, true);
}

/* The id of a version begins its text, which goes on with columns. */
static bool read_version(const struct sp_dict *dict, struct sp_digest *out)
{
    return sp_digest_parse(sp_str_slice(sp_dict_text(dict, "version"), 0, SP_DIGEST_HEX), out);
}

static const struct sp_list *list_of(const struct sp_dict *dict, const char *key)
{
    static const struct sp_list none;
    const struct sp_value *value = sp_dict_get(dict, key);

    return value && sp_is_list(*value) ? value->list : &none;
}

/* Before anything is added. An output of which nothing was left (kind none) has no version. */
static enum sp_rc check_list(const struct sp_dict *record, const char *key, struct sp_err *err)
{
    const struct sp_value *value = sp_dict_get(record, key);
    struct sp_digest ignored;

    if (value && !sp_is_list(*value))
        return sp_fail(err, SP_INVALID, "'%s' is no list", key);
    SP_LIST_EACH(item, list_of(record, key))
    {
        if (item->kind != SP_DICT)
            return sp_fail(err, SP_INVALID, "'%s' has an item that is no object", key);
        struct sp_str tree = sp_dict_text(item->dict, "tree");
        if (sp_dict_text(item->dict, "version").len && !read_version(item->dict, &ignored))
            return sp_fail(err, SP_INVALID, "'%s' has a version that is no digest", key);
        if (tree.len && !sp_digest_parse(tree, &ignored))
            return sp_fail(err, SP_INVALID, "'%s' has a tree that is no digest", key);
    }
    return SP_OK;
}

static void used_at(struct sp_stock *stock, uint32_t version, sp_nsec time)
{
    if (stock->versions[version].used < time)
        stock->versions[version].used = time;
}

static void add_inputs(struct sp_stock *stock,
                       struct sp_stock_record *record,
                       const struct sp_list *list)
{
    struct sp_digest id, tree;

    record->first_input = (uint32_t)stock->inputs_len;
    SP_LIST_EACH(item, list)
    {
        if (!read_version(item->dict, &id))
            continue;
        uint32_t version = version_of(stock, &id);
        *ADD(stock, inputs) = version;
        record->inputs++;
        used_at(stock, version, record->time);
        if (!sp_dict_truth(item->dict, "source"))
            continue;
        stock->versions[version].source = true;
        if (sp_digest_parse(sp_dict_text(item->dict, "tree"), &tree))
            claim(stock, version, tree_of(stock, &tree), SP_STOCK_NONE, true);
    }
}

static void add_outputs(struct sp_stock *stock,
                        struct sp_stock_record *record,
                        const struct sp_list *list)
{
    struct sp_digest id, tree;

    record->first_claim = (uint32_t)stock->claims_len;
    SP_LIST_EACH(item, list)
    {
        if (!read_version(item->dict, &id))
            continue;
        uint32_t version = version_of(stock, &id);
        bool has_tree = sp_digest_parse(sp_dict_text(item->dict, "tree"), &tree);
        claim(stock, version, has_tree ? tree_of(stock, &tree) : SP_STOCK_NONE,
              (uint32_t)stock->records_len, sp_dict_truth(item->dict, "kept"));
        record->outputs++;
        used_at(stock, version, record->time);
    }
}

enum sp_rc sp_stock_add_record(struct sp_stock *stock,
                               const struct sp_digest *key,
                               struct sp_str text,
                               struct sp_err *err)
{
    struct sp_stock_record record = { .key = *key };
    struct sp_value value;
    struct sp_digest log;

    if (FIND(stock, records, key) != SP_STOCK_NONE)
        return SP_OK;
    sp_arena_reset(stock->indices->scratch);
    enum sp_rc rc = sp_json_decode(stock->indices->scratch, text, &value, err);
    if (rc)
        return rc;
    if (value.kind != SP_DICT)
        return sp_fail(err, SP_INVALID, "it is no object");
    rc = check_list(value.dict, "inputs", err);
    if (rc == SP_OK)
        rc = check_list(value.dict, "outputs", err);
    if (rc)
        return rc;
    record.seconds = sp_dict_number(value.dict, "wall");
    (void)sp_clock_parse_iso(sp_dict_text(value.dict, "time"), &record.time);
    if (sp_digest_parse(sp_dict_text(value.dict, "log"), &log)) {
        uint32_t at = object_of(stock, &log);
        stock->objects[at].held = true;
    }
    add_inputs(stock, &record, list_of(value.dict, "inputs"));
    add_outputs(stock, &record, list_of(value.dict, "outputs"));
    *ADD(stock, records) = record;
    NOTE(stock, records);
    return SP_OK;
}

void sp_stock_need_record(struct sp_stock *stock, const struct sp_digest *key, unsigned needs)
{
    uint32_t at = FIND(stock, records, key);

    if (at == SP_STOCK_NONE)
        return;
    const struct sp_stock_record *record = &stock->records[at];
    for (uint32_t i = 0; i < record->inputs; i++)
        stock->versions[stock->inputs[record->first_input + i]].needs |= needs;
    for (uint32_t i = 0; i < record->outputs; i++)
        stock->versions[stock->claims[record->first_claim + i].version].needs |= needs;
}

/* --- who makes what ------------------------------------------------------------------------- */

/* A step that changes nothing makes the version that it has read, so records can go round in
 * circles. Versions are reached from those that nobody makes, then from sources; a record that is
 * reached becomes the maker of what nothing before it has made. */
struct reach {
    struct sp_stock *stock;
    uint32_t *first_reader, *next_reader; /* chains of inputs by version */
    uint32_t *reader;                     /* record of an input */
    uint32_t *missing;                    /* inputs of a record not reached yet */
    uint32_t *queue;                      /* versions reached */
    bool *reached;
    size_t head, tail;
};

static void reach(struct reach *at, uint32_t version)
{
    if (at->reached[version])
        return;
    at->reached[version] = true;
    at->queue[at->tail++] = version;
}

static void reach_outputs(struct reach *at, uint32_t record)
{
    const struct sp_stock_record *maker = &at->stock->records[record];

    for (uint32_t i = 0; i < maker->outputs; i++) {
        uint32_t version = at->stock->claims[maker->first_claim + i].version;
        if (!at->reached[version])
            at->stock->versions[version].maker = record;
        reach(at, version);
    }
}

static void follow(struct reach *at)
{
    while (at->head < at->tail) {
        uint32_t version = at->queue[at->head++];
        uint32_t input = at->first_reader[version];
        for (; input != SP_STOCK_NONE; input = at->next_reader[input])
            if (--at->missing[at->reader[input]] == 0)
                reach_outputs(at, at->reader[input]);
    }
}

static void find_makers(struct reach *at, const bool *is_made)
{
    struct sp_stock *stock = at->stock;

    for (uint32_t r = 0; r < stock->records_len; r++) {
        const struct sp_stock_record *record = &stock->records[r];
        at->missing[r] = record->inputs;
        for (uint32_t i = record->first_input; i < record->first_input + record->inputs; i++) {
            at->reader[i] = r;
            at->next_reader[i] = at->first_reader[stock->inputs[i]];
            at->first_reader[stock->inputs[i]] = i;
        }
    }
    for (uint32_t r = 0; r < stock->records_len; r++)
        if (!stock->records[r].inputs)
            reach_outputs(at, r);
    for (uint32_t v = 0; v < stock->versions_len; v++)
        if (!is_made[v])
            reach(at, v);
    follow(at);
    for (uint32_t v = 0; v < stock->versions_len; v++)
        if (stock->versions[v].source) {
            reach(at, v);
            follow(at);
        }
    for (uint32_t v = 0; v < stock->versions_len; v++)
        reach(at, v); /* in circles that nothing leads into */
}

static uint32_t *array_of(size_t len, int fill)
{
    uint32_t *array = sp_alloc((len + 1) * sizeof *array);

    memset(array, fill, (len + 1) * sizeof *array);
    return array;
}

void sp_stock_drop_record(struct sp_stock *stock, uint32_t record)
{
    struct sp_stock_record *dropped = &stock->records[record];

    for (uint32_t i = 0; i < dropped->outputs; i++) {
        stock->claims[dropped->first_claim + i].record = SP_STOCK_NONE;
        stock->claims[dropped->first_claim + i].kept = false;
    }
    dropped->outputs = dropped->inputs = 0;
}

void sp_stock_settle(struct sp_stock *stock)
{
    bool *is_made = sp_alloc(stock->versions_len + 1);
    struct reach at = {
        .stock = stock,
        .first_reader = array_of(stock->versions_len, 0xff),
        .next_reader = array_of(stock->inputs_len, 0xff),
        .reader = array_of(stock->inputs_len, 0),
        .missing = array_of(stock->records_len, 0),
        .queue = array_of(stock->versions_len, 0),
        .reached = sp_alloc(stock->versions_len + 1),
    };

    for (size_t i = 0; i < stock->versions_len; i++)
        stock->versions[i].maker = SP_STOCK_NONE;
    for (size_t i = 0; i < stock->trees_len; i++)
        stock->trees[i].named = false;
    for (size_t i = 0; i < stock->claims_len; i++) {
        const struct sp_stock_claim *claim = &stock->claims[i];
        if (claim->record != SP_STOCK_NONE)
            is_made[claim->version] = true;
        if (claim->tree != SP_STOCK_NONE && claim->kept)
            stock->trees[claim->tree].named = true;
    }
    find_makers(&at, is_made);
    free(is_made);
    free(at.first_reader);
    free(at.next_reader);
    free(at.reader);
    free(at.missing);
    free(stock->order);
    stock->order = at.queue;
    free(at.reached);
}
