/* SPDX-License-Identifier: BSD-3-Clause */
#include "engine/forget.h"

#include "base/nearest.h"
#include "base/vec.h"

#include "store/eviction.h"
#include "store/ledger.h"
#include "sys/file.h"
#include "value/json.h"

#include <stdlib.h>

#define DIGITS_MIN 6

struct forgetting {
    struct sp_depot *depot;
    const struct sp_forget_options *options;
    struct sp_arena *scratch; /* of one record */
    struct sp_str workspace;  /* directory that recipes run in, absolute */
    struct sp_map keys; /* of the tasks of this workspace, also if others have computed them */
    size_t *hits;       /* by word */
    struct sp_nearest *nearest;
    struct sp_list *records;
    SP_VEC(uint32_t) dropped;
};

/* --- what words mean ------------------------------------------------------------------------ */

static bool is_digits(struct sp_str word)
{
    bool good = word.len >= DIGITS_MIN && word.len <= SP_DIGEST_HEX;

    for (size_t i = 0; i < word.len && good; i++)
        good = strchr("0123456789abcdef", word.ptr[i]);
    return good;
}

/* "gcal", "selfcal.gcal" and "selfcal.*" all mean the task "selfcal.gcal". */
static bool means_task(struct sp_str word, struct sp_str task)
{
    size_t dot = sp_str_rfind(task, '.');

    return sp_str_match(word, task) ||
           (dot != SIZE_MAX && sp_str_match(word, sp_str_slice(task, dot + 1, task.len)));
}

static bool means_output(struct sp_str word, const struct sp_dict *record, const char *field)
{
    const struct sp_value *outputs = sp_dict_get(record, "outputs");
    bool by_start = strcmp(field, "version") == 0;

    if (!outputs || !sp_is_list(*outputs))
        return false;
    SP_LIST_EACH(output, outputs->list)
    {
        struct sp_str text =
            output->kind == SP_DICT ? sp_dict_text(output->dict, field) : SP_STR("");
        if (by_start ? sp_str_eq(word, sp_str_slice(text, 0, word.len)) : sp_str_eq(word, text))
            return true;
    }
    return false;
}

static bool is_ours(const struct forgetting *at,
                    const struct sp_digest *key,
                    const struct sp_dict *record)
{
    return sp_str_eq(sp_dict_text(record, "workspace"), at->workspace) ||
           sp_map_has(&at->keys, sp_str_of(sp_digest_hex(key).text));
}

static bool means(const struct forgetting *at,
                  struct sp_str word,
                  const struct sp_digest *key,
                  const struct sp_dict *record)
{
    if (is_digits(word) && means_output(word, record, "version"))
        return true;
    return is_ours(at, key, record) &&
           (means_task(word, sp_dict_text(record, "task")) ||
            sp_str_eq(word, sp_dict_text(record, "run")) || means_output(word, record, "path"));
}

/* --- records -------------------------------------------------------------------------------- */

static struct sp_value paths_of(struct sp_arena *arena, const struct sp_dict *record)
{
    struct sp_value list = sp_list_new(arena);
    const struct sp_value *outputs = sp_dict_get(record, "outputs");

    if (!outputs || !sp_is_list(*outputs))
        return list;
    SP_LIST_EACH(output, outputs->list)
    {
        if (output->kind == SP_DICT && sp_dict_text(output->dict, "path").len)
            sp_list_add(arena, list.list,
                        sp_text(sp_arena_str(arena, sp_dict_text(output->dict, "path"))));
    }
    return list;
}

static void add_record(struct forgetting *at,
                       const struct sp_digest *key,
                       const struct sp_dict *record)
{
    static const char *const fields[] = { "recipe", "task", "run", "time" };
    struct sp_arena *arena = at->depot->arena;
    struct sp_value value = sp_dict_new(arena);
    uint32_t index = sp_stock_find_record(at->depot->stock, key);
    struct sp_digest_text hex = sp_digest_hex(key);

    if (index == SP_STOCK_NONE)
        return;
    *SP_VEC_ADD(&at->dropped) = index;
    sp_dict_put_text(arena, value.dict, "key", sp_arena_str(arena, sp_str_of(hex.text)));
    for (size_t i = 0; i < SP_COUNT(fields); i++)
        sp_dict_put_text(arena, value.dict, fields[i],
                         sp_arena_str(arena, sp_dict_text(record, fields[i])));
    sp_dict_put(arena, value.dict, "paths", paths_of(arena, record));
    sp_list_add(arena, at->records, value);
}

static bool look_at(void *arg, const struct sp_digest *key, struct sp_str text)
{
    struct forgetting *at = arg;
    struct sp_value value;
    struct sp_err ignored = SP_ERR_INIT;
    bool is_meant = false;

    sp_arena_reset(at->scratch);
    if (sp_json_decode(at->scratch, text, &value, &ignored) || value.kind != SP_DICT)
        return true;
    for (size_t i = 0; i < at->options->words_len; i++) {
        bool hit = means(at, sp_str_of(at->options->words[i]), key, value.dict);
        at->hits[i] += hit;
        is_meant |= hit;
        if (is_ours(at, key, value.dict))
            sp_nearest_offer(&at->nearest[i],
                             sp_arena_str(at->depot->arena, sp_dict_text(value.dict, "task")));
    }
    if (is_meant)
        add_record(at, key, value.dict);
    return true;
}

static void note_key(void *arg, const struct sp_digest *key)
{
    struct forgetting *at = arg;
    struct sp_digest_text hex = sp_digest_hex(key);

    sp_map_set(&at->keys, sp_arena_str(at->depot->arena, sp_str_of(hex.text)), at);
}

static enum sp_rc find_records(struct forgetting *at, struct sp_err *err)
{
    struct sp_ledger *ledger = NULL;
    size_t damaged = 0;

    enum sp_rc rc = sp_ledger_open(at->options->workspace, false, &ledger, &damaged, err);
    if (rc)
        return rc;
    sp_ledger_each_task(ledger, note_key, at);
    sp_ledger_close(ledger);
    rc = sp_store_each_record(at->depot->store, look_at, at, &damaged, err);
    for (size_t i = 0; i < at->options->words_len && rc == SP_OK; i++)
        if (!at->hits[i])
            rc = sp_nearest_fail(&at->nearest[i], NULL, err, SP_NOT_FOUND,
                                 "the store has no step, run, path or version '%s'",
                                 at->options->words[i]);
    return rc;
}

/* --- dropping ------------------------------------------------------------------------------- */

static uint64_t plan_orphans(const struct sp_depot *depot, struct sp_eviction_plan *plan)
{
    struct sp_eviction_options options = { .keep_orphans = sp_sweep_is_damaged(&depot->found) };

    sp_eviction_plan(depot->stock, &options, plan);
    return plan->orphans;
}

/* Data go after the records: whoever is killed in between leaves orphans to the next gc. */
static enum sp_rc drop(struct forgetting *at, uint64_t *freed, struct sp_err *err)
{
    struct sp_stock *stock = at->depot->stock;
    struct sp_eviction_plan plan;
    enum sp_rc rc = SP_OK;

    uint64_t before = plan_orphans(at->depot, &plan);
    sp_eviction_fini(&plan);
    for (size_t i = 0; i < at->dropped.len && rc == SP_OK; i++) {
        uint32_t record = at->dropped.items[i];
        if (!at->options->dry_run)
            rc = sp_store_drop_record(at->depot->store, &stock->records[record].key, err);
        sp_stock_drop_record(stock, record);
    }
    if (rc)
        return rc;
    sp_stock_settle(stock);
    *freed = plan_orphans(at->depot, &plan) - before;
    if (!at->options->dry_run)
        rc = sp_sweep_carry_out(at->depot->store, stock, &plan, err);
    sp_eviction_fini(&plan);
    return rc;
}

enum sp_rc sp_forget(struct sp_depot *depot,
                     const struct sp_forget_options *options,
                     struct sp_value *report,
                     struct sp_err *err)
{
    sp_auto_arena struct sp_arena *scratch = sp_arena_new();
    struct sp_value records = sp_list_new(depot->arena);
    struct sp_str state = sp_real_path(depot->arena, sp_str_of(options->workspace));
    struct forgetting at = {
        .depot = depot,
        .options = options,
        .scratch = scratch,
        .workspace = sp_str_slice(state, 0, sp_str_rfind(state, '/')),
        .hits = SP_ARENA_NEW(depot->arena, size_t, options->words_len),
        .nearest = SP_ARENA_NEW(depot->arena, struct sp_nearest, options->words_len),
        .records = records.list,
    };
    uint64_t freed = 0;

    for (size_t i = 0; i < options->words_len; i++)
        at.nearest[i] = SP_NEAREST(sp_str_of(options->words[i]));
    enum sp_rc rc = find_records(&at, err);
    if (rc == SP_OK)
        rc = drop(&at, &freed, err);
    sp_map_fini(&at.keys);
    SP_VEC_FINI(&at.dropped);
    if (rc)
        return rc;
    *report = sp_dict_new(depot->arena);
    sp_dict_put(depot->arena, report->dict, "records", records);
    sp_dict_put(depot->arena, report->dict, "freed", sp_int((int64_t)freed));
    sp_dict_put(depot->arena, report->dict, "dry_run", sp_bool(options->dry_run));
    return SP_OK;
}
