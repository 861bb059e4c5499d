/* SPDX-License-Identifier: BSD-3-Clause */
/* head_relearn.c - what a path holds when the ledger does not know: it may have lost lines, all or
 * (in a power cut) the last. The records of the store say
 * which step made which version of it, and from which: what is on disk is looked for among them,
 * and the chain up to it is told to the ledger again. */
#include "base/vec.h"

#include "engine/head_internal.h"
#include "engine/product.h"

/* A step has turned `from` into `to`. */
struct edge {
    bool from_absent;
    struct sp_version from;
    bool from_kept;
    struct sp_digest from_tree;
    struct sp_passage to;
    struct sp_str time;
};

struct search {
    const struct sp_heads *heads;
    const struct sp_head *head;
    struct sp_arena *arena;
    SP_VEC(struct edge) edges;
};

static const struct sp_product_path *input_at(const struct sp_product *product, struct sp_str path)
{
    for (size_t i = 0; i < product->input_count; i++)
        if (sp_str_eq(product->inputs[i].path, path))
            return &product->inputs[i];
    return NULL;
}

static void add_edge(struct search *search,
                     const struct sp_product *product,
                     const struct sp_product_path *output)
{
    const struct sp_product_path *input = output->mutated ? input_at(product, output->path) : NULL;
    struct edge *edge = SP_VEC_ADD(&search->edges);

    *edge = (struct edge){
        .from_absent = !input || input->absent,
        .time = product->time,
        .to = { .absent = output->absent,
                .version = output->version,
                .kept = output->kept,
                .tree = output->tree,
                .key = product->key,
                .recipe = product->recipe,
                .task = product->task,
                .run = product->run },
    };
    if (edge->from_absent)
        return;
    edge->from = input->version;
    edge->from_kept = !sp_digest_is_zero(&input->tree);
    edge->from_tree = input->tree;
}

static bool on_record(void *arg, const struct sp_digest *key, struct sp_str text)
{
    struct search *search = arg;
    const struct sp_heads_options *options = &search->heads->options;
    struct sp_err ignored = SP_ERR_INIT;
    struct sp_product product;

    (void)key;
    if (sp_product_read(text, SP_PRODUCT_RESULT, search->arena, &product, &ignored) ||
        (options->shared && !sp_str_eq(product.workspace, options->cwd)))
        return true;
    for (size_t i = 0; i < product.output_count; i++)
        if (sp_str_eq(product.outputs[i].path, search->head->path))
            add_edge(search, &product, &product.outputs[i]);
    return true;
}

/* The newest step that made it, but not from itself; NULL: none. */
static const struct edge *find_maker(const struct search *search, const struct sp_version *version)
{
    const struct edge *found = NULL;

    for (size_t i = 0; i < search->edges.len; i++) {
        const struct edge *edge = &search->edges.items[i];
        bool makes = !edge->to.absent && sp_version_eq(&edge->to.version, version) &&
                     (edge->from_absent || !sp_version_eq(&edge->from, version));
        if (makes && (!found || sp_str_cmp(edge->time, found->time) > 0))
            found = edge;
    }
    return found;
}

static bool is_known(const struct search *search, const struct sp_version *version)
{
    for (size_t i = 0; i < search->edges.len; i++) {
        const struct edge *edge = &search->edges.items[i];
        if (!edge->from_absent && sp_version_eq(&edge->from, version))
            return true;
    }
    return find_maker(search, version) != NULL;
}

/* From what is on disk back to the source; edges in that order. */
static size_t walk_back(const struct search *search,
                        const struct sp_version *version,
                        const struct edge **way)
{
    size_t len = 0;
    const struct edge *edge = find_maker(search, version);

    while (edge && len < search->edges.len) {
        way[len++] = edge;
        edge = edge->from_absent ? NULL : find_maker(search, &edge->from);
    }
    return len;
}

/* Tell the ledger how the path came to `now`, the last of the chain. */
static void say_chain(struct sp_heads *heads,
                      struct sp_head *head,
                      const struct search *search,
                      const struct sp_version *now)
{
    struct sp_ledger *ledger = heads->options.ledger;
    const struct edge **way =
        SP_ARENA_NEW(search->arena, const struct edge *, search->edges.len + 1);
    size_t len = walk_back(search, now, way);
    const struct edge *first = len ? way[len - 1] : NULL;
    const struct sp_version *source = !first ? now : first->from_absent ? NULL : &first->from;

    head->hold = sp_ledger_source(ledger, head->path, source);
    for (size_t i = 0; i < search->edges.len && source; i++) {
        const struct edge *edge = &search->edges.items[i];
        if (edge->from_kept && sp_version_eq(&edge->from, source)) {
            sp_ledger_kept(ledger, head->hold, 0, &edge->from_tree);
            break;
        }
    }
    for (size_t i = 0; i < len; i++)
        sp_ledger_made(ledger, head->hold, i, &way[len - 1 - i]->to);
    head->index = len;
}

static enum sp_rc take_known(struct sp_heads *heads,
                             struct sp_head *head,
                             const struct search *search,
                             const struct sp_version *now,
                             struct sp_err *err)
{
    say_chain(heads, head, search, now);
    const struct sp_passage *last = &head->hold->chain.items[head->index];
    head->disk = SP_DISK_HELD;
    sp_heads_note(
        heads, false,
        sp_arena_printf(heads->arena, SP_STR_FMT " is %s" SP_STR_FMT ", as the records say",
                        SP_STR_ARG(head->path), head->index ? "what was made by " : "the source",
                        SP_STR_ARG(head->index ? last->task : SP_STR(""))));
    return sp_ledger_hold(heads->options.ledger, head->hold, head->index, &head->tree, err);
}

static enum sp_rc fail_unclear(const struct sp_head *head, struct sp_err *err)
{
    return sp_fail(err, SP_BUSY,
                   "what " SP_STR_FMT
                   " holds is no longer known: the ledger has lost lines, and no record has its "
                   "content, though steps have made or changed it; 'spoor restore " SP_STR_FMT
                   "@VERSION' brings a version back, --edits adopt takes it as it is",
                   SP_STR_ARG(head->path), SP_STR_ARG(head->path));
}

enum sp_rc sp_head_relearn(struct sp_heads *heads,
                           struct sp_head *head,
                           bool *found,
                           struct sp_err *err)
{
    sp_auto_arena struct sp_arena *arena = sp_arena_new();
    struct search search = { .heads = heads, .head = head, .arena = arena };
    bool forgetful = heads->options.forgetful;
    struct sp_version now;
    size_t damaged;

    *found = false;
    if (!head->tree.len)
        return SP_OK;
    enum sp_rc rc = sp_head_name(heads, head, &now, err);
    if (rc == SP_OK)
        rc = sp_store_each_record(heads->options.store, on_record, &search, &damaged, err);
    *found =
        rc == SP_OK && (forgetful ? is_known(&search, &now) : find_maker(&search, &now) != NULL);
    if (*found)
        rc = take_known(heads, head, &search, &now, err);
    else if (rc == SP_OK && forgetful && search.edges.len && heads->options.edits != SP_EDITS_ADOPT)
        rc = fail_unclear(head, err);
    SP_VEC_FINI(&search.edges);
    return rc;
}

enum sp_rc sp_head_retrace(struct sp_heads *heads,
                           struct sp_head *head,
                           const struct sp_version *version,
                           bool *found,
                           struct sp_err *err)
{
    sp_auto_arena struct sp_arena *arena = sp_arena_new();
    struct search search = { .heads = heads, .head = head, .arena = arena };
    size_t damaged;

    enum sp_rc rc = sp_store_each_record(heads->options.store, on_record, &search, &damaged, err);
    *found = rc == SP_OK && find_maker(&search, version);
    if (*found)
        say_chain(heads, head, &search, version);
    SP_VEC_FINI(&search.edges);
    return rc;
}
