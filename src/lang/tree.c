/* SPDX-License-Identifier: BSD-3-Clause */
#include "lang/tree.h"

#include "base/nearest.h"

#include <assert.h>
#include <stdlib.h>

#define DUPLICATES_MAX 20 /* findings about duplicate keys; more help nobody */

struct sp_tree_frame {
    struct sp_value node;
    struct anchor *anchor; /* NULL: has no name */
    size_t nodes_before;
    size_t height; /* levels below this one */
    struct sp_str key;
    uint32_t key_origin;
    bool has_key;
    bool is_merge;
    struct sp_list *merges; /* mappings to merge, in the order of application; may be NULL */
};

struct anchor {
    struct sp_value value;
    size_t nodes;
    size_t height;
    bool is_open; /* its node is not finished */
};

void sp_tree_init(struct sp_tree *tree, struct sp_arena *arena, struct sp_diags *diags)
{
    *tree = (struct sp_tree){ .arena = arena, .diags = diags };
}

void sp_tree_fini(struct sp_tree *tree)
{
    free(tree->frames);
    sp_map_fini(&tree->anchors);
}

static struct sp_tree_frame *top(const struct sp_tree *tree)
{
    return tree->depth ? &tree->frames[tree->depth - 1] : NULL;
}

/* The same where one must be open. */
static struct sp_tree_frame *innermost(const struct sp_tree *tree)
{
    assert(tree->depth > 0);
    return &tree->frames[tree->depth - 1];
}

bool sp_tree_wants_key(const struct sp_tree *tree)
{
    const struct sp_tree_frame *frame = top(tree);

    return frame && frame->node.kind == SP_DICT && !frame->has_key;
}

uint32_t sp_tree_innermost(const struct sp_tree *tree)
{
    return tree->depth ? innermost(tree)->node.origin : 0;
}

uint32_t sp_tree_key_origin(const struct sp_tree *tree)
{
    const struct sp_tree_frame *frame = top(tree);

    return frame && frame->has_key ? frame->key_origin : 0;
}

/* --- limits -------------------------------------------------------------------------------- */

static bool count_nodes(struct sp_tree *tree, size_t nodes, uint32_t origin)
{
    tree->nodes += nodes;
    if (tree->nodes <= SP_TREE_NODES_MAX)
        return true;
    sp_diag_error(tree->diags, SP_DIAG_YAML, origin,
                  "the document expands to more than %d values here", SP_TREE_NODES_MAX);
    sp_diag_hint(tree->diags, "every use of an alias counts as if it were written out");
    return false;
}

static bool check_depth(struct sp_tree *tree, size_t depth, uint32_t origin)
{
    if (depth <= SP_TREE_DEPTH_MAX)
        return true;
    sp_diag_error(tree->diags, SP_DIAG_YAML, origin, "nested deeper than %d levels",
                  SP_TREE_DEPTH_MAX);
    return false;
}

/* --- placing values ------------------------------------------------------------------------ */

static void refuse_merge(struct sp_tree *tree, uint32_t origin)
{
    sp_diag_error(tree->diags, SP_DIAG_YAML, origin,
                  "the value of '<<' must be a mapping or a list of mappings");
}

/* PyYAML's order: of a list the last comes first, so that earlier ones win. */
static void add_merge(struct sp_tree *tree, struct sp_tree_frame *frame, struct sp_value value)
{
    if (!frame->merges)
        frame->merges = sp_list_new(tree->arena).list;
    if (value.kind == SP_DICT) {
        sp_list_add(tree->arena, frame->merges, value);
        return;
    }
    if (value.kind != SP_LIST) {
        refuse_merge(tree, value.origin);
        return;
    }
    for (size_t i = value.list->len; i-- > 0;) {
        if (value.list->items[i].kind == SP_DICT)
            sp_list_add(tree->arena, frame->merges, value.list->items[i]);
        else
            refuse_merge(tree, value.list->items[i].origin);
    }
}

/* Put a finished value of `height` levels where it belongs. */
static void place(struct sp_tree *tree, struct sp_value value, size_t height)
{
    struct sp_tree_frame *frame = top(tree);

    if (!frame) {
        tree->root = value;
        return;
    }
    frame->height = SP_MAX(frame->height, height + 1);
    if (frame->node.kind == SP_LIST) {
        sp_list_add(tree->arena, frame->node.list, value);
        return;
    }
    if (frame->is_merge)
        add_merge(tree, frame, value);
    else
        sp_dict_set_at(tree->arena, frame->node.dict, frame->key, frame->key_origin, value);
    frame->has_key = frame->is_merge = false;
}

static struct anchor *new_anchor(struct sp_tree *tree, struct sp_str name)
{
    struct anchor *anchor = SP_ARENA_NEW(tree->arena, struct anchor, 1);

    sp_map_set(&tree->anchors, sp_arena_str(tree->arena, name), anchor);
    return anchor;
}

void sp_tree_anchor(struct sp_tree *tree, struct sp_str anchor, struct sp_value value)
{
    if (anchor.len)
        *new_anchor(tree, anchor) = (struct anchor){ .value = value, .nodes = 1 };
}

bool sp_tree_add(struct sp_tree *tree, struct sp_value value, struct sp_str anchor)
{
    if (!count_nodes(tree, 1, value.origin))
        return false;
    sp_tree_anchor(tree, anchor, value);
    place(tree, value, 0);
    return true;
}

/* --- keys ---------------------------------------------------------------------------------- */

bool sp_tree_key_text(struct sp_arena *arena, struct sp_value value, struct sp_str *out)
{
    if (value.kind == SP_TEXT)
        *out = value.text;
    else if (value.kind == SP_BOOL)
        *out = value.boolean ? SP_STR("True") : SP_STR("False");
    else if (value.kind == SP_INT)
        *out = sp_arena_printf(arena, "%lld", (long long)value.integer);
    else
        return false;
    return true;
}

static bool report_duplicate(struct sp_tree *tree,
                             struct sp_str key,
                             uint32_t origin,
                             uint32_t first)
{
    struct sp_origin place;

    sp_diag_error(tree->diags, SP_DIAG_DUPLICATE_KEY, origin,
                  "found duplicate key '" SP_STR_FMT "'", SP_STR_ARG(key));
    if (tree->diags->origins && sp_origins_get(tree->diags->origins, first, &place))
        sp_diag_hint(tree->diags, "it stands already on line %u", place.line);
    return ++tree->duplicates < DUPLICATES_MAX;
}

bool sp_tree_key(struct sp_tree *tree, struct sp_str key, uint32_t origin)
{
    struct sp_tree_frame *frame = innermost(tree);
    const struct sp_dict_entry *first = sp_dict_entry_of(frame->node.dict, key);

    frame->key = key;
    frame->key_origin = origin;
    frame->has_key = true;
    return !first || report_duplicate(tree, key, origin, first->origin);
}

bool sp_tree_merge_key(struct sp_tree *tree, uint32_t origin)
{
    struct sp_tree_frame *frame = innermost(tree);

    frame->key_origin = origin;
    frame->has_key = frame->is_merge = true;
    return true;
}

/* --- collections --------------------------------------------------------------------------- */

bool sp_tree_open(struct sp_tree *tree, enum sp_kind kind, struct sp_str anchor, uint32_t origin)
{
    if (!count_nodes(tree, 1, origin) || !check_depth(tree, tree->depth + 1, origin))
        return false;
    tree->frames = sp_grow(tree->frames, &tree->capacity, tree->depth + 1, sizeof *tree->frames);
    struct sp_tree_frame *frame = &tree->frames[tree->depth++];
    *frame = (struct sp_tree_frame){
        .node =
            sp_at(kind == SP_DICT ? sp_dict_new(tree->arena) : sp_list_new(tree->arena), origin),
        .anchor = anchor.len ? new_anchor(tree, anchor) : NULL,
        .nodes_before = tree->nodes - 1,
    };
    if (frame->anchor)
        frame->anchor->is_open = true;
    return true;
}

/* The merged mappings first, then what the mapping says itself. */
static struct sp_value apply_merges(struct sp_tree *tree, const struct sp_tree_frame *frame)
{
    struct sp_value merged = sp_at(sp_dict_new(tree->arena), frame->node.origin);

    sp_list_add(tree->arena, frame->merges, frame->node);
    SP_LIST_EACH(source, frame->merges)
    {
        SP_DICT_EACH(entry, source->dict)
        sp_dict_set_at(tree->arena, merged.dict, entry->key, entry->origin, entry->value);
    }
    return merged;
}

bool sp_tree_close(struct sp_tree *tree)
{
    struct sp_tree_frame *frame = innermost(tree);
    struct sp_value value = frame->merges ? apply_merges(tree, frame) : frame->node;
    size_t height = frame->height;

    if (frame->anchor)
        *frame->anchor = (struct anchor){
            .value = value,
            .nodes = tree->nodes - frame->nodes_before,
            .height = height,
        };
    tree->depth--;
    place(tree, value, height);
    return true;
}

/* --- aliases ------------------------------------------------------------------------------- */

static bool report_unknown_alias(struct sp_tree *tree, struct sp_str name, uint32_t origin)
{
    struct sp_nearest nearest = SP_NEAREST(name);

    SP_MAP_EACH (entry, &tree->anchors)
        sp_nearest_offer(&nearest, entry->key);
    sp_diag_error(tree->diags, SP_DIAG_YAML, origin,
                  "no anchor '&" SP_STR_FMT "' stands before this alias", SP_STR_ARG(name));
    if (nearest.best.ptr)
        sp_diag_hint_nearest(tree->diags, &nearest);
    else
        sp_diag_hint(tree->diags, "put a text that begins with '*' in quotes");
    return false;
}

/* An alias as key stands for the text of a scalar. */
static bool alias_key(struct sp_tree *tree, const struct anchor *anchor, uint32_t origin)
{
    struct sp_str key;

    if (sp_tree_key_text(tree->arena, anchor->value, &key))
        return sp_tree_key(tree, key, origin);
    sp_diag_error(tree->diags, SP_DIAG_YAML, origin, "this alias is no text and cannot be a key");
    return false;
}

bool sp_tree_alias(struct sp_tree *tree, struct sp_str name, uint32_t origin)
{
    const struct anchor *anchor = sp_map_find(&tree->anchors, name);

    if (!anchor)
        return report_unknown_alias(tree, name, origin);
    if (anchor->is_open) {
        sp_diag_error(tree->diags, SP_DIAG_YAML, origin,
                      "alias '*" SP_STR_FMT "' refers to the section that it stands in",
                      SP_STR_ARG(name));
        return false;
    }
    if (sp_tree_wants_key(tree))
        return alias_key(tree, anchor, origin);
    if (!count_nodes(tree, anchor->nodes, origin) ||
        !check_depth(tree, tree->depth + anchor->height, origin))
        return false;
    place(tree, anchor->value, anchor->height);
    return true;
}
