/* SPDX-License-Identifier: BSD-3-Clause */
/* tree.h - a YAML document under construction.
 *
 * The parser tells what comes, in the order of the file; this builds the value and does what
 * belongs to a document as a whole: keys (their text, duplicates), anchors and aliases, merge
 * keys, and the limits. An alias shares the value of its anchor; every use counts as if it were
 * written out, so that a small file cannot stand for an enormous tree.
 *
 * Functions return false when parsing must stop; the reason is then a finding. Other findings
 * (a duplicate key, say) let it go on.
 */
#pragma once

#include "base/map.h"

#include "lang/diag.h"
#include "value/value.h"

#define SP_TREE_DEPTH_MAX 200
#define SP_TREE_NODES_MAX 2000000

struct sp_tree_frame;

struct sp_tree {
    struct sp_arena *arena;
    struct sp_diags *diags;
    struct sp_value root; /* null until something is added */

    /* private */
    struct sp_tree_frame *frames; /* open collections, outermost first */
    size_t depth;
    size_t capacity;
    struct sp_map anchors;
    size_t nodes;
    unsigned duplicates;
};

void sp_tree_init(struct sp_tree *tree, struct sp_arena *arena, struct sp_diags *diags);
void sp_tree_fini(struct sp_tree *tree);

/* Is a key expected next? */
bool sp_tree_wants_key(const struct sp_tree *tree);

/* Start a list or a mapping; `anchor` may be empty (here and below). */
bool sp_tree_open(struct sp_tree *tree, enum sp_kind kind, struct sp_str anchor, uint32_t origin);

/* End the innermost list or mapping. */
bool sp_tree_close(struct sp_tree *tree);

/* Key of the next value: arena text. */
bool sp_tree_key(struct sp_tree *tree, struct sp_str key, uint32_t origin);

/* The key "<<": what follows is merged into this mapping. */
bool sp_tree_merge_key(struct sp_tree *tree, uint32_t origin);

/* A scalar, as value or list item. */
bool sp_tree_add(struct sp_tree *tree, struct sp_value value, struct sp_str anchor);

/* Name a scalar without adding it (a key). */
void sp_tree_anchor(struct sp_tree *tree, struct sp_str anchor, struct sp_value value);

/* What an alias stands for, as key, value or list item. */
bool sp_tree_alias(struct sp_tree *tree, struct sp_str name, uint32_t origin);

/* Origin of the innermost open collection, 0 outside. */
uint32_t sp_tree_innermost(const struct sp_tree *tree);

/* Origin of the key whose value comes next, or 0. */
uint32_t sp_tree_key_origin(const struct sp_tree *tree);

/* Text of a scalar as key: "3", "True". False for null and for what is no scalar. */
bool sp_tree_key_text(struct sp_arena *arena, struct sp_value value, struct sp_str *out);
