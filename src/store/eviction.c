/* SPDX-License-Identifier: BSD-3-Clause */
#include "store/eviction.h"

#include <math.h>
#include <stdlib.h>

#define HALF_LIFE (30.0 * 24 * 3600 * 1e9)

/* Beyond so many records the price is "at least": a chain that long is dear enough. */
#define SEGMENT_MAX 4096

#define HELD (SP_NEED_HEAD | SP_NEED_CHANGING)

struct candidate {
    double price;
    uint32_t tree;
};

struct planner {
    struct sp_stock *stock;
    const struct sp_eviction_options *options;
    struct sp_eviction_plan *plan;
    uint32_t *stored; /* claims on a version whose trees are there now */
    uint32_t *refs;   /* trees that hold an object now */
    uint32_t *mix;    /* XOR of those trees: when there is one, that one */
    bool *stays;      /* objects: a tree that stays, or a log, has it */
    bool *gone;       /* trees */
    bool *may_go;     /* trees */
    uint32_t *mark;   /* records: last walk that came here */
    uint32_t marks;
    uint32_t *stack;
    struct candidate *heap;
    size_t heap_len, heap_capacity;
};

/* --- what is stored ------------------------------------------------------------------------- */

static bool is_live_claim(const struct sp_stock *stock, const struct sp_stock_claim *claim)
{
    return claim->kept && claim->tree != SP_STOCK_NONE && stock->trees[claim->tree].present &&
           !stock->trees[claim->tree].damaged;
}

bool sp_stock_is_stored(const struct sp_stock *stock, uint32_t version)
{
    uint32_t at = stock->versions[version].first_claim;

    for (; at != SP_STOCK_NONE; at = stock->claims[at].next_of_version)
        if (is_live_claim(stock, &stock->claims[at]))
            return true;
    return false;
}

/* The next claim on a tree that counts; NONE at the end. */
static uint32_t next_claim(const struct sp_stock *stock, uint32_t tree, uint32_t at)
{
    at = at == SP_STOCK_NONE ? stock->trees[tree].first_claim : stock->claims[at].next_of_tree;
    while (at != SP_STOCK_NONE && !stock->claims[at].kept)
        at = stock->claims[at].next_of_tree;
    return at;
}

/* The first claim on a tree that is kept; further ones with next_claim. */
static uint32_t first_claim(const struct sp_stock *stock, uint32_t tree)
{
    return next_claim(stock, tree, SP_STOCK_NONE);
}

static void count_stored(struct planner *at)
{
    const struct sp_stock *stock = at->stock;

    for (uint32_t t = 0; t < stock->trees_len; t++) {
        if (!stock->trees[t].present || stock->trees[t].damaged)
            continue;
        for (uint32_t claim = first_claim(stock, t); claim != SP_STOCK_NONE;
             claim = next_claim(stock, t, claim))
            at->stored[stock->claims[claim].version]++;
        for (uint32_t i = 0; i < stock->trees[t].objects; i++) {
            uint32_t object = stock->parts[stock->trees[t].first_object + i];
            at->refs[object]++;
            at->mix[object] ^= t;
        }
    }
}

/* --- what is needed ------------------------------------------------------------------------- */

/* Versions that cannot be computed again: nobody makes them, or what their maker reads is neither
 * there nor can be computed. */
static void need_sources(struct planner *at)
{
    struct sp_stock *stock = at->stock;
    bool *can = sp_alloc(stock->versions_len + 1); /* be had again, if it went */

    for (size_t i = 0; i < stock->versions_len; i++) {
        uint32_t v = stock->order[i];
        struct sp_stock_version *version = &stock->versions[v];
        can[v] = version->maker != SP_STOCK_NONE;
        const struct sp_stock_record *maker = can[v] ? &stock->records[version->maker] : NULL;
        for (uint32_t k = 0; can[v] && k < maker->inputs; k++) {
            uint32_t input = stock->inputs[maker->first_input + k];
            can[v] =
                can[input] || at->stored[input] || (stock->versions[input].needs & SP_NEED_HEAD);
        }
        if (!can[v] && at->stored[v])
            version->needs |= SP_NEED_SOURCE;
    }
    free(can);
}

/* From what is needed and not stored back to what is. */
static void need_ancestors(struct planner *at)
{
    struct sp_stock *stock = at->stock;
    const unsigned roots =
        (SP_NEED_HEAD | SP_NEED_CHANGING | SP_NEED_PIN | SP_NEED_CONSUMED) & ~at->options->ignore;
    size_t depth = 0;
    uint32_t *stack = sp_alloc((stock->versions_len + 1) * sizeof *stack);
    bool *seen = sp_alloc(stock->versions_len + 1);

    for (uint32_t v = 0; v < stock->versions_len; v++)
        if (stock->versions[v].needs & roots) {
            seen[v] = true;
            stack[depth++] = v;
        }
    while (depth) {
        uint32_t v = stack[--depth];
        uint32_t maker = stock->versions[v].maker;
        if (at->stored[v] || maker == SP_STOCK_NONE)
            continue;
        const struct sp_stock_record *record = &stock->records[maker];
        for (uint32_t i = 0; i < record->inputs; i++) {
            uint32_t input = stock->inputs[record->first_input + i];
            stock->versions[input].needs |= SP_NEED_ANCESTOR;
            if (!seen[input]) {
                seen[input] = true;
                stack[depth++] = input;
            }
        }
    }
    free(stack);
    free(seen);
}

static unsigned needs_of(const struct planner *at, uint32_t tree)
{
    unsigned needs = 0;

    for (uint32_t claim = first_claim(at->stock, tree); claim != SP_STOCK_NONE;
         claim = next_claim(at->stock, tree, claim))
        needs |= at->stock->versions[at->stock->claims[claim].version].needs;
    return needs & ~at->options->ignore;
}

static sp_nsec used_of(const struct planner *at, uint32_t tree)
{
    sp_nsec used = at->stock->trees[tree].used;

    for (uint32_t claim = first_claim(at->stock, tree); claim != SP_STOCK_NONE;
         claim = next_claim(at->stock, tree, claim)) {
        sp_nsec time = at->stock->versions[at->stock->claims[claim].version].used;
        used = SP_MAX(used, time);
    }
    return used;
}

static bool is_orphan(const struct sp_stock_tree *tree)
{
    return tree->present && (!tree->named || tree->damaged);
}

static void choose_candidates(struct planner *at)
{
    const struct sp_stock *stock = at->stock;
    sp_nsec before = at->options->now - at->options->unused;

    for (uint32_t i = 0; i < stock->objects_len; i++)
        at->stays[i] = stock->objects[i].held;
    for (uint32_t t = 0; t < stock->trees_len; t++) {
        const struct sp_stock_tree *tree = &stock->trees[t];
        if (!tree->present || (is_orphan(tree) && !at->options->keep_orphans))
            continue;
        at->may_go[t] = !is_orphan(tree) && !needs_of(at, t) &&
                        (!at->options->unused || used_of(at, t) <= before);
        for (uint32_t i = 0; !at->may_go[t] && i < tree->objects; i++)
            at->stays[stock->parts[tree->first_object + i]] = true;
    }
}

/* --- prices --------------------------------------------------------------------------------- */

/* Add the time of the records that would run to have `version` again; 0 when it is there. The walk
 * goes back to what is stored or on disk. */
static double seconds_of(struct planner *at, uint32_t version)
{
    const struct sp_stock *stock = at->stock;
    double seconds = 0;
    size_t depth = 0, seen = 0;

    at->marks++;
    at->stack[depth++] = version;
    while (depth && seen < SEGMENT_MAX) {
        uint32_t v = at->stack[--depth];
        uint32_t maker = stock->versions[v].maker;
        if (at->stored[v] || (v != version && stock->versions[v].needs & SP_NEED_HEAD))
            continue;
        if (maker == SP_STOCK_NONE)
            return (double)INFINITY;
        if (at->mark[maker] == at->marks)
            continue;
        at->mark[maker] = at->marks;
        seen++;
        seconds += stock->records[maker].seconds;
        for (uint32_t i = 0; i < stock->records[maker].inputs; i++)
            at->stack[depth++] = stock->inputs[stock->records[maker].first_input + i];
    }
    return seconds;
}

/* Take a tree away (step -1) or put it back (1). */
static void shift_stored(struct planner *at, uint32_t tree, int step)
{
    for (uint32_t claim = first_claim(at->stock, tree); claim != SP_STOCK_NONE;
         claim = next_claim(at->stock, tree, claim))
        at->stored[at->stock->claims[claim].version] += (uint32_t)step;
}

/* Of a tree that is taken away: the dearest of what it holds. */
static double seconds_of_gone(struct planner *at, uint32_t tree)
{
    double seconds = 0;
    uint32_t last = SP_STOCK_NONE;

    for (uint32_t claim = first_claim(at->stock, tree); claim != SP_STOCK_NONE;
         claim = next_claim(at->stock, tree, claim)) {
        uint32_t version = at->stock->claims[claim].version;
        if (version != last)
            seconds = fmax(seconds, seconds_of(at, version));
        last = version;
    }
    return seconds;
}

/* Its part of what would become free. */
static double share_of(const struct planner *at, uint32_t tree)
{
    const struct sp_stock *stock = at->stock;
    double share = 0;

    for (uint32_t i = 0; i < stock->trees[tree].objects; i++) {
        uint32_t object = stock->parts[stock->trees[tree].first_object + i];
        if (!at->stays[object] && at->refs[object])
            share += (double)stock->objects[object].bytes / at->refs[object];
    }
    return share;
}

static double price_of(struct planner *at, uint32_t tree)
{
    double share = share_of(at, tree);
    double age = fmax(0, (double)(at->options->now - used_of(at, tree)));

    shift_stored(at, tree, -1);
    double seconds = seconds_of_gone(at, tree);
    shift_stored(at, tree, 1);
    if (share <= 0)
        return (double)INFINITY; /* nothing would become free */
    return fmin(seconds, 1e15) / share * exp2(-age / HALF_LIFE);
}

/* --- cheapest first ------------------------------------------------------------------------- */

/* By price, then by tree, so that plans can be repeated. */
static bool is_before(const struct candidate *a, const struct candidate *b)
{
    return a->price < b->price || (a->price <= b->price && a->tree < b->tree);
}

static void push(struct planner *at, uint32_t tree, double price)
{
    at->heap = sp_grow(at->heap, &at->heap_capacity, at->heap_len + 1, sizeof *at->heap);
    size_t i = at->heap_len++;
    struct candidate item = { price, tree };

    for (; i && is_before(&item, &at->heap[(i - 1) / 2]); i = (i - 1) / 2)
        at->heap[i] = at->heap[(i - 1) / 2];
    at->heap[i] = item;
}

static struct candidate pop(struct planner *at)
{
    struct candidate first = at->heap[0];
    struct candidate item = at->heap[--at->heap_len];
    size_t i = 0;

    for (size_t child = 1; child < at->heap_len; child = 2 * i + 1) {
        if (child + 1 < at->heap_len && is_before(&at->heap[child + 1], &at->heap[child]))
            child++;
        if (!is_before(&at->heap[child], &item))
            break;
        at->heap[i] = at->heap[child];
        i = child;
    }
    at->heap[i] = item;
    return first;
}

/* The tree goes; bytes of it that nothing else has. Whoever is left alone with an object has become
 * cheaper and is offered again. */
static uint64_t take(struct planner *at, uint32_t tree)
{
    const struct sp_stock *stock = at->stock;
    uint64_t bytes = stock->trees[tree].bytes;

    at->gone[tree] = true;
    shift_stored(at, tree, -1);
    for (uint32_t i = 0; i < stock->trees[tree].objects; i++) {
        uint32_t object = stock->parts[stock->trees[tree].first_object + i];
        at->refs[object]--;
        at->mix[object] ^= tree;
        if (!at->refs[object] && !at->stays[object])
            bytes += stock->objects[object].bytes;
    }
    return bytes;
}

static void offer_heirs(struct planner *at, uint32_t tree)
{
    const struct sp_stock *stock = at->stock;
    uint32_t last = SP_STOCK_NONE;

    for (uint32_t i = 0; i < stock->trees[tree].objects; i++) {
        uint32_t object = stock->parts[stock->trees[tree].first_object + i];
        uint32_t heir = at->mix[object];
        if (at->refs[object] != 1 || at->stays[object] || heir == last || !at->may_go[heir])
            continue;
        last = heir;
        push(at, heir, price_of(at, heir));
    }
}

static void add_item(struct planner *at, const struct sp_eviction_item *item)
{
    struct sp_eviction_plan *plan = at->plan;

    plan->items = sp_grow(plan->items, &plan->capacity, plan->len + 1, sizeof *plan->items);
    plan->items[plan->len++] = *item;
    plan->freed += item->bytes;
}

/* Prices only rise as others go, but for heirs, which are offered again: an entry whose price is
 * still no higher than the next is the cheapest. */
static void evict(struct planner *at)
{
    bool all = at->options->goal == UINT64_MAX;

    for (uint32_t t = 0; t < at->stock->trees_len; t++)
        if (at->may_go[t])
            push(at, t, price_of(at, t));
    while (at->heap_len && at->plan->freed < at->options->goal) {
        struct candidate first = pop(at);
        if (at->gone[first.tree])
            continue;
        double price = all ? first.price : price_of(at, first.tree);
        struct candidate now = { price, first.tree };
        if (!all && at->heap_len && price > first.price && is_before(&at->heap[0], &now)) {
            push(at, first.tree, price);
            continue;
        }
        if (isinf(price))
            continue; /* its files stay in any case */
        struct sp_eviction_item item = { .tree = first.tree, .price = price };
        item.bytes = take(at, first.tree);
        add_item(at, &item);
        if (!all)
            offer_heirs(at, first.tree);
    }
}

/* Put `tree` back; bytes that are needed for it again. */
static uint64_t bytes_back(const struct planner *at, uint32_t tree)
{
    const struct sp_stock *stock = at->stock;
    uint64_t bytes = stock->trees[tree].bytes;

    for (uint32_t i = 0; i < stock->trees[tree].objects; i++) {
        uint32_t object = stock->parts[stock->trees[tree].first_object + i];
        if (!at->refs[object] && !at->stays[object])
            bytes += stock->objects[object].bytes;
    }
    return bytes;
}

/* The last one to go may have been a big one, so that others need not have gone: the dearest of
 * them stay after all. */
static void reprieve(struct planner *at)
{
    struct sp_eviction_plan *plan = at->plan;
    const struct sp_stock *stock = at->stock;
    bool *back = sp_alloc(plan->len + 1);

    for (size_t k = plan->len; k-- && plan->freed > at->options->goal;) {
        uint32_t tree = plan->items[k].tree;
        uint64_t bytes = bytes_back(at, tree);
        if (plan->items[k].orphan || plan->freed - at->options->goal < bytes)
            continue;
        back[k] = true;
        plan->freed -= bytes;
        at->gone[tree] = false;
        shift_stored(at, tree, 1);
        for (uint32_t i = 0; i < stock->trees[tree].objects; i++)
            at->refs[stock->parts[stock->trees[tree].first_object + i]]++;
    }
    size_t len = 0;
    for (size_t k = 0; k < plan->len; k++)
        if (!back[k])
            plan->items[len++] = plan->items[k];
    plan->len = len;
    free(back);
}

/* --- the plan ------------------------------------------------------------------------------- */

static void take_orphans(struct planner *at)
{
    const struct sp_stock *stock = at->stock;
    struct sp_eviction_plan *plan = at->plan;

    if (at->options->keep_orphans)
        return;
    for (uint32_t i = 0; i < stock->objects_len; i++)
        if (stock->objects[i].present && !stock->objects[i].held && !at->refs[i]) {
            plan->objects[plan->objects_len++] = i;
            plan->freed += stock->objects[i].bytes;
        }
    plan->orphan_objects = plan->objects_len;
    for (uint32_t t = 0; t < stock->trees_len; t++)
        if (is_orphan(&stock->trees[t])) {
            struct sp_eviction_item item = { .tree = t, .orphan = true };
            item.bytes = stock->trees[t].damaged ? stock->trees[t].bytes : take(at, t);
            at->gone[t] = true;
            add_item(at, &item);
        }
    plan->orphans = plan->freed;
}

/* What it comes to when all of it has gone, and which objects. */
static void settle_plan(struct planner *at)
{
    const struct sp_stock *stock = at->stock;
    struct sp_eviction_plan *plan = at->plan;

    for (size_t k = 0; k < plan->len; k++) {
        const struct sp_stock_tree *tree = &stock->trees[plan->items[k].tree];
        plan->items[k].bytes = tree->bytes;
        plan->items[k].seconds =
            plan->items[k].orphan ? 0 : seconds_of_gone(at, plan->items[k].tree);
        for (uint32_t i = 0; i < tree->objects; i++) {
            uint32_t object = stock->parts[tree->first_object + i];
            if (at->refs[object] || at->stays[object])
                continue;
            at->stays[object] = true; /* counted */
            if (!stock->objects[object].present)
                continue;
            plan->items[k].bytes += stock->objects[object].bytes;
            plan->objects[plan->objects_len++] = object;
        }
    }
}

static uint64_t *kept_by(struct sp_eviction_kept *kept, unsigned needs)
{
    return needs & SP_NEED_PIN        ? &kept->pinned
           : needs & HELD             ? &kept->heads
           : needs & SP_NEED_CONSUMED ? &kept->consumed
           : needs & SP_NEED_ANCESTOR ? &kept->ancestors
           : needs & SP_NEED_SOURCE   ? &kept->sources
                                      : &kept->rest;
}

/* What several trees share counts for the first. */
static void count_tree(struct planner *at, uint32_t tree, bool *counted)
{
    const struct sp_stock *stock = at->stock;
    const struct sp_stock_tree *it = &stock->trees[tree];
    uint64_t *bytes = kept_by(&at->plan->kept, needs_of(at, tree));

    *bytes += it->bytes;
    for (uint32_t i = 0; i < it->objects; i++) {
        uint32_t object = stock->parts[it->first_object + i];
        *bytes += counted[object] ? 0 : stock->objects[object].bytes;
        counted[object] = true;
    }
}

static void count_kept(struct planner *at)
{
    const struct sp_stock *stock = at->stock;
    static const unsigned ranks[] = { SP_NEED_PIN,      HELD,           SP_NEED_CONSUMED,
                                      SP_NEED_ANCESTOR, SP_NEED_SOURCE, ~0U };
    bool *counted = sp_alloc(stock->objects_len + 1);
    bool *seen = sp_alloc(stock->trees_len + 1);

    for (size_t rank = 0; rank < SP_COUNT(ranks); rank++)
        for (uint32_t t = 0; t < stock->trees_len; t++) {
            if (!stock->trees[t].present || at->gone[t] || seen[t] ||
                (ranks[rank] != ~0U && !(needs_of(at, t) & ranks[rank])))
                continue;
            seen[t] = true;
            count_tree(at, t, counted);
        }
    for (uint32_t i = 0; i < stock->objects_len; i++)
        if (!counted[i] &&
            (stock->objects[i].held || (at->options->keep_orphans && !stock->objects[i].refs)))
            *(stock->objects[i].held ? &at->plan->kept.logs : &at->plan->kept.rest) +=
                stock->objects[i].bytes;
    free(counted);
    free(seen);
}

static void count_used(struct sp_eviction_plan *plan, const struct sp_stock *stock)
{
    for (uint32_t i = 0; i < stock->objects_len; i++)
        plan->used += stock->objects[i].bytes;
    for (uint32_t t = 0; t < stock->trees_len; t++)
        plan->used += stock->trees[t].bytes;
}

void sp_eviction_plan(struct sp_stock *stock,
                      const struct sp_eviction_options *options,
                      struct sp_eviction_plan *out)
{
    struct planner at = {
        .stock = stock,
        .options = options,
        .plan = out,
        .stored = sp_alloc((stock->versions_len + 1) * sizeof *at.stored),
        .refs = sp_alloc((stock->objects_len + 1) * sizeof *at.refs),
        .mix = sp_alloc((stock->objects_len + 1) * sizeof *at.mix),
        .stays = sp_alloc(stock->objects_len + 1),
        .gone = sp_alloc(stock->trees_len + 1),
        .may_go = sp_alloc(stock->trees_len + 1),
        .mark = sp_alloc((stock->records_len + 1) * sizeof *at.mark),
        .stack = sp_alloc((stock->inputs_len + 1) * sizeof *at.stack),
    };

    *out = (struct sp_eviction_plan){
        .objects = sp_alloc((stock->objects_len + 1) * sizeof *out->objects),
    };
    count_used(out, stock);
    count_stored(&at);
    need_sources(&at);
    need_ancestors(&at);
    choose_candidates(&at);
    take_orphans(&at);
    evict(&at);
    reprieve(&at);
    count_kept(&at);
    settle_plan(&at);
    free(at.stored);
    free(at.refs);
    free(at.mix);
    free(at.stays);
    free(at.gone);
    free(at.may_go);
    free(at.mark);
    free(at.stack);
    free(at.heap);
}

void sp_eviction_fini(struct sp_eviction_plan *plan)
{
    free(plan->items);
    free(plan->objects);
    *plan = (struct sp_eviction_plan){ 0 };
}
