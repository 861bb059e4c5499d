/* SPDX-License-Identifier: BSD-3-Clause */
/* eval_internal.h - what the files of the evaluator share.
 *
 *   formula.c     text -> tree          substitute.c  {}-text -> template, template -> text
 *   operators.c   a + b                 functions.c   IF(...), builtins.c LEN(...)
 *   lookup.c      recipe.a.b -> value   params.c      sets whose members refer to each other
 *   parsed.c      the cache of trees    limits.c      so that everything ends
 *   eval.c        the tree walked, limits, errors, the public functions
 *
 * Inside, SP_UNRESOLVED is the soft failure: it passes through operators, IFSET() and TRY() may
 * catch it, and only at the end it becomes SP_ERROR unless the context is tolerant.
 */
#pragma once

#include "lang/eval.h"

#define SP_EVAL_DEPTH_MAX 2000
#define SP_EVAL_STEPS_MAX UINT64_C(2000000)
#define SP_EVAL_TEXT_MAX  ((size_t)16 << 20)
#define SP_EVAL_LIST_MAX  1000000
#define SP_EVAL_NEST_MAX  200 /* lists in lists */

struct sp_node;
struct sp_template;

/* A text being evaluated; the innermost is eval->frame. Where a text is met again on the way
 * out, references run in a circle. */
struct sp_eval_frame {
    struct sp_str text;
    struct sp_str name; /* "current.a"; may be empty */
    struct sp_eval_frame *outer;
};

/* ERROR with a message. */
struct sp_value sp_eval_error(struct sp_eval *eval, const char *fmt, ...) SP_PRINTF(2, 3);

/* Account for work; false when the evaluation has used up its share. */
bool sp_eval_charge(struct sp_eval *eval, size_t steps);
bool sp_eval_charge_text(struct sp_eval *eval, size_t bytes);

/* Account for looking at all of a value once: an operand, an argument. */
void sp_eval_touch(struct sp_eval *eval, struct sp_value value);

/* Account for everything inside a value; false when it is too much or nested too deeply. */
bool sp_eval_weigh(struct sp_eval *eval, struct sp_value value);

/* A value just built, or what sp_eval_exhausted() gives. */
struct sp_value sp_eval_weighed(struct sp_eval *eval, struct sp_value value);

/* What a used-up share gives. */
struct sp_value sp_eval_exhausted(struct sp_eval *eval);

/* Value of a node of a formula. */
struct sp_value sp_eval_node(struct sp_eval *eval, const struct sp_node *node);

/* Evaluate `text` (formula, template or plain) that was found under `name`; finds cycles. */
struct sp_value sp_eval_named(struct sp_eval *eval, struct sp_value text, struct sp_str name);

/* The same, but a formula stays text. */
struct sp_value sp_eval_named_subst(struct sp_eval *eval, struct sp_value text, struct sp_str name);

/* Any value; lists and mappings through and through. */
struct sp_value sp_eval_whole(struct sp_eval *eval, struct sp_value value, struct sp_str name);

/* Soft failures become ERROR unless tolerant. */
struct sp_value sp_eval_settle(struct sp_eval *eval, struct sp_value value);

/* A template of `text`, from the cache if there is one; NULL and *fault on bad syntax. */
const struct sp_template *sp_eval_template(struct sp_eval *eval,
                                           struct sp_str text,
                                           struct sp_eval_fault *fault);

/* The same for a formula (without its "="). */
const struct sp_node *sp_eval_formula(struct sp_eval *eval,
                                      struct sp_str text,
                                      struct sp_eval_fault *fault);

/* `text` for a message, not longer than a line. */
struct sp_str sp_eval_brief(struct sp_eval *eval, struct sp_str text);
