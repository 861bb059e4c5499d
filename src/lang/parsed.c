/* SPDX-License-Identifier: BSD-3-Clause */
/* parsed.c - texts as trees: once, if there is a cache; for checking; for their references. */
#include "base/buf.h"
#include "base/map.h"

#include "lang/eval_internal.h"
#include "lang/formula.h"
#include "lang/substitute.h"

#define CACHE_ENTRIES_MAX 20000
#define CACHE_TEXT_MAX    ((size_t)4096)

struct sp_eval_cache {
    struct sp_arena *arena;
    struct sp_map formulas;  /* text without "=" -> struct sp_node */
    struct sp_map templates; /* text -> struct sp_template */
};

struct sp_eval_cache *sp_eval_cache_new(void)
{
    struct sp_eval_cache *cache = sp_alloc(sizeof *cache);

    cache->arena = sp_arena_new();
    return cache;
}

void sp_eval_cache_free(struct sp_eval_cache *cache)
{
    if (!cache)
        return;
    sp_map_fini(&cache->formulas);
    sp_map_fini(&cache->templates);
    sp_arena_free(cache->arena);
    free(cache);
}

typedef void *(*parse_fn)(struct sp_arena *arena, struct sp_str text, struct sp_eval_fault *fault);

static void *parse_formula(struct sp_arena *arena, struct sp_str text, struct sp_eval_fault *fault)
{
    return sp_formula_parse(arena, text, fault);
}

static void *parse_template(struct sp_arena *arena, struct sp_str text, struct sp_eval_fault *fault)
{
    return sp_template_parse(arena, text, fault);
}

/* Trees of bad texts are not kept: they are shown and forgotten. */
static const void *parse_cached(struct sp_eval *eval,
                                struct sp_map *known,
                                parse_fn parse,
                                struct sp_str text,
                                struct sp_eval_fault *fault)
{
    /* A tree takes some 16 bytes for each of its text. */
    eval->steps += text.len / 4;
    if (!known || text.len > CACHE_TEXT_MAX)
        return parse(eval->arena, text, fault);
    void *tree = sp_map_find(known, text);
    if (tree)
        return tree;
    struct sp_eval_cache *cache = eval->cache;
    if (known->len >= CACHE_ENTRIES_MAX)
        return parse(eval->arena, text, fault);
    struct sp_str kept = sp_arena_str(cache->arena, text);
    void *parsed = parse(cache->arena, kept, fault);
    if (parsed)
        sp_map_set(known, kept, parsed);
    return parsed;
}

const struct sp_template *sp_eval_template(struct sp_eval *eval,
                                           struct sp_str text,
                                           struct sp_eval_fault *fault)
{
    return parse_cached(eval, eval->cache ? &eval->cache->templates : NULL, parse_template, text,
                        fault);
}

const struct sp_node *sp_eval_formula(struct sp_eval *eval,
                                      struct sp_str text,
                                      struct sp_eval_fault *fault)
{
    return parse_cached(eval, eval->cache ? &eval->cache->formulas : NULL, parse_formula, text,
                        fault);
}

/* --- checking and references --------------------------------------------------------------- */

/* Tree of a formula or template; *shift is where it starts in `text`. Both NULL for plain text. */
struct parsed {
    const struct sp_node *node;
    const struct sp_template *template;
};

static bool parse_any(struct sp_arena *arena,
                      struct sp_str text,
                      struct parsed *out,
                      struct sp_eval_fault *fault)
{
    bool formula = sp_str_starts(text, "=") && !sp_str_starts(text, "==");
    size_t shift = sp_str_starts(text, "=");
    struct sp_str body = sp_str_slice(text, shift, text.len);

    *out = (struct parsed){ 0 };
    if (!formula && sp_str_find(body, '{') == SIZE_MAX)
        return true;
    if (formula)
        out->node = sp_formula_parse(arena, body, fault);
    else
        out->template = sp_template_parse(arena, body, fault);
    if (!out->node && !out->template)
        fault->offset += shift;
    return out->node || out->template;
}

bool sp_eval_check(struct sp_arena *arena, struct sp_str text, struct sp_eval_fault *fault)
{
    struct parsed parsed;
    struct sp_eval_fault found = { 0 };

    if (parse_any(arena, text, &parsed, &found))
        return true;
    *fault = found;
    return false;
}

struct collector {
    struct sp_arena *arena;
    struct sp_list *refs;
};

/* Names up to the first [index], once each. */
static void collect(void *arg, const struct sp_reference *reference)
{
    struct collector *collector = arg;
    sp_auto_buf struct sp_buf path = SP_BUF(SP_BUF_LARGE);
    int64_t index;

    for (size_t i = 0; i < reference->len; i++) {
        struct sp_component item = reference->items[i];
        if (item.bracket && sp_str_int(item.name, &index))
            break;
        if (i)
            sp_buf_addc(&path, '.');
        sp_buf_add(&path, item.name);
    }
    SP_LIST_EACH(known, collector->refs)
    if (sp_is_text(*known) && sp_str_eq(known->text, sp_buf_str(&path)))
        return;
    sp_list_add(collector->arena, collector->refs,
                sp_text(sp_arena_str(collector->arena, sp_buf_str(&path))));
}

void sp_eval_references(struct sp_arena *arena, struct sp_str text, struct sp_list *refs)
{
    struct collector collector = { arena, refs };
    struct sp_eval_fault fault;
    struct parsed parsed;

    if (!parse_any(arena, text, &parsed, &fault))
        return;
    if (parsed.node)
        sp_formula_references(parsed.node, collect, &collector);
    if (parsed.template)
        sp_template_references(parsed.template, collect, &collector);
}
