/* SPDX-License-Identifier: BSD-3-Clause */
#include "engine/pick.h"

#include "store/listing.h"
#include "sys/file.h"

#define DIGITS_MIN 4

static enum sp_rc check_digits(struct sp_str word, struct sp_err *err)
{
    bool good = word.len >= DIGITS_MIN && word.len <= SP_DIGEST_HEX;

    for (size_t i = 0; i < word.len && good; i++)
        good = strchr("0123456789abcdef", word.ptr[i]);
    if (good)
        return SP_OK;
    return sp_fail(err, SP_INVALID,
                   "'" SP_STR_FMT "' is no version: give the first %d or more of its digits",
                   SP_STR_ARG(word), DIGITS_MIN);
}

enum sp_rc sp_pick_version(const struct sp_depot *depot,
                           struct sp_str word,
                           uint32_t *version,
                           struct sp_err *err)
{
    uint32_t found = SP_STOCK_NONE;

    enum sp_rc rc = check_digits(word, err);
    for (uint32_t i = 0; i < depot->stock->versions_len && rc == SP_OK; i++) {
        struct sp_digest_text hex = sp_digest_hex(&depot->stock->versions[i].id);
        if (memcmp(hex.text, word.ptr, word.len) != 0)
            continue;
        if (found != SP_STOCK_NONE)
            return sp_fail(err, SP_INVALID,
                           "several versions begin with '" SP_STR_FMT "': give more digits",
                           SP_STR_ARG(word));
        found = i;
    }
    if (rc)
        return rc;
    if (found == SP_STOCK_NONE)
        return sp_fail(err, SP_NOT_FOUND, "no version begins with '" SP_STR_FMT "'",
                       SP_STR_ARG(word));
    *version = found;
    return SP_OK;
}

/* A tree that has its data, or NONE. */
static uint32_t tree_of(const struct sp_stock *stock, uint32_t version)
{
    uint32_t at = stock->versions[version].first_claim;

    for (; at != SP_STOCK_NONE; at = stock->claims[at].next_of_version)
        if (stock->claims[at].kept && stock->claims[at].tree != SP_STOCK_NONE &&
            stock->trees[stock->claims[at].tree].present)
            return stock->claims[at].tree;
    return SP_STOCK_NONE;
}

enum sp_rc sp_pick_pin(struct sp_depot *depot,
                       uint32_t version,
                       struct sp_str why,
                       struct sp_err *err)
{
    sp_auto_buf struct sp_buf text = SP_BUF(SP_BUF_SMALL);
    uint32_t tree = tree_of(depot->stock, version);

    if (sp_str_find(why, '\n') != SIZE_MAX)
        return sp_fail(err, SP_INVALID, "the reason has more than one line");
    sp_buf_add(&text, why);
    sp_buf_addc(&text, '\n');
    if (tree != SP_STOCK_NONE)
        sp_buf_addf(&text, "tree %s\n", sp_digest_hex(&depot->stock->trees[tree].id).text);
    return sp_store_pin(depot->store, &depot->stock->versions[version].id, sp_buf_str(&text), err);
}

struct lister {
    struct sp_depot *depot;
    struct sp_list *list;
};

static enum sp_rc list_pin(void *arg, const struct sp_listing_item *item, struct sp_err *err)
{
    struct lister *lister = arg;
    struct sp_depot *depot = lister->depot;
    sp_auto_buf struct sp_buf text = SP_BUF(SP_BUF_SMALL);

    if (!item->named)
        return SP_OK;
    enum sp_rc rc = sp_file_read(item->path, &text, err);
    if (rc)
        return rc;
    uint32_t version = sp_stock_find_version(depot->stock, &item->id);
    uint32_t tree = version == SP_STOCK_NONE ? SP_STOCK_NONE : tree_of(depot->stock, version);
    struct sp_value value =
        tree == SP_STOCK_NONE ? sp_dict_new(depot->arena) : sp_depot_describe(depot, tree);
    struct sp_str rest = sp_buf_str(&text);
    struct sp_digest_text hex = sp_digest_hex(&item->id);
    sp_dict_put_text(depot->arena, value.dict, "version",
                     sp_arena_str(depot->arena, sp_str_of(hex.text)));
    sp_dict_put_text(depot->arena, value.dict, "why",
                     sp_arena_str(depot->arena, sp_str_cut(&rest, '\n')));
    sp_dict_put(depot->arena, value.dict, "stored", sp_bool(tree != SP_STOCK_NONE));
    sp_list_add(depot->arena, lister->list, value);
    return SP_OK;
}

enum sp_rc sp_pick_list(struct sp_depot *depot, struct sp_value *out, struct sp_err *err)
{
    struct sp_value list = sp_list_new(depot->arena);
    struct lister lister = { depot, list.list };
    struct sp_str folder = sp_arena_printf(depot->arena, "%s/pins", sp_store_dir(depot->store));

    enum sp_rc rc = sp_listing_each(folder.ptr, SP_LISTING_FLAT, list_pin, &lister, err);
    if (rc == SP_OK)
        *out = list;
    return rc;
}
