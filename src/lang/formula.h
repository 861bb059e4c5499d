/* SPDX-License-Identifier: BSD-3-Clause */
/* formula.h - formulas as trees.
 *
 * A Pratt parser over the operator table (operators.h) and the function table (functions.h):
 *
 *   level   operators                    level   operators
 *   1       and or                       8       << >>
 *   2       not                          9       + -
 *   3       in, not in                   10      * // / %
 *   4       == != >= <= > <              11      - + ~ in front
 *   5       |                            12      **
 *   6       ^                            13      x[i] x[i:j] x[i:j:k]
 *   7       &
 * All binary operators associate to the left, "**" too; "and" and "or" share a level and both
 * sides are evaluated. Names may contain - * ? @ behind their first letter: blanks matter.
 */
#pragma once

#include "lang/substitute.h"

struct sp_function;
struct sp_operator;

enum sp_node_kind {
    SP_NODE_CONSTANT,
    SP_NODE_TEXT, /* in quotes; with a template when it has fields */
    SP_NODE_LOOKUP,
    SP_NODE_PREFIX,
    SP_NODE_CHAIN, /* operators of one level, from left to right: a + b - c */
    SP_NODE_INDEX,
    SP_NODE_SLICE,
    SP_NODE_CALL,
    SP_NODE_SELF, /* the word, as an argument of IFSET() */
};

struct sp_link {
    const struct sp_operator *op;
    size_t at; /* of the operator: offset in the formula */
    const struct sp_node *operand;
};

struct sp_node {
    enum sp_node_kind kind;
    size_t at;      /* offset in the formula: of a constant or a call its first letter */
    unsigned depth; /* of the tree below, 1 for a leaf; at most SP_FORMULA_DEPTH_MAX * 2 */

    union {
        struct sp_value constant;
        struct sp_reference lookup;

        struct {
            struct sp_str raw;
            const struct sp_template *template; /* NULL: no fields */
        } text;

        struct {
            const struct sp_operator *op;
            const struct sp_node *operand;
        } prefix;

        struct {
            const struct sp_node *first;
            struct sp_link *links;
            size_t len;
            size_t capacity;
        } chain;

        struct {
            const struct sp_node *base;
            const struct sp_node *from; /* the index */
            const struct sp_node *to;   /* of a slice; what is not given is NULL */
            const struct sp_node *step;
        } item;

        struct {
            const struct sp_function *function;
            const struct sp_node **args;
            size_t len;
        } call;
    };
};

#define SP_FORMULA_DEPTH_MAX 500
#define SP_FORMULA_MAX       ((size_t)1 << 20) /* bytes */

/* `text` is the formula without its "=". NULL and *fault (offsets into `text`) if it is none. */
struct sp_node *sp_formula_parse(struct sp_arena *arena,
                                 struct sp_str text,
                                 struct sp_eval_fault *fault);

void sp_formula_references(const struct sp_node *node, sp_reference_fn each, void *arg);
