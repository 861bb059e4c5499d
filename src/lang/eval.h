/* SPDX-License-Identifier: BSD-3-Clause */
/* eval.h - the texts in recipes that stand for values: {}-substitutions and =formulas.
 *
 * "==x" is the text "=x" (with substitution), "=f" a formula, any other text a substitution if it
 * contains '{' (spec stimela2.md 5). Lists and mappings are evaluated through and through.
 *
 * Evaluation never fails as a C function: what goes wrong becomes a value of kind SP_ERROR,
 * SP_MISSING, SP_UNSET or SP_UNRESOLVED, whose text is the message. It always ends: formulas have
 * no loops, recursion through references is limited and cycles are found.
 */
#pragma once

#include "lang/world.h"
#include "value/value.h"

/* One name at the head of a reference: "recipe", "current", "config" ... */
struct sp_namespace {
    struct sp_str name;
    struct sp_dict *dict; /* live: later changes are seen */
    bool recursive;       /* texts found here are substituted in turn */
};

#define SP_NAMESPACE_MAX 12

struct sp_scope {
    struct sp_namespace items[SP_NAMESPACE_MAX];
    size_t len;
};

/* Set or replace a namespace. */
void sp_scope_set(struct sp_scope *scope, const char *name, struct sp_dict *dict, bool recursive);
struct sp_namespace *sp_scope_find(struct sp_scope *scope, struct sp_str name);

enum sp_log_level {
    SP_LOG_DEBUG,
    SP_LOG_INFO,
    SP_LOG_WARNING,
    SP_LOG_ERROR,
    SP_LOG_CRITICAL
};

/* LOG(...) in formulas. `repeat`: show again in the summary at the end of the run. */
typedef void (*sp_log_fn)(void *arg, enum sp_log_level level, struct sp_str text, unsigned flags);

enum sp_log_flags {
    SP_LOG_SUMMARY = 1 << 0,      /* repeat at the end */
    SP_LOG_SUMMARY_ONLY = 1 << 1, /* only at the end */
    SP_LOG_NO_REPEAT = 1 << 2,    /* once for each logger and message */
    SP_LOG_ONCE = 1 << 3,         /* once for each message, whoever says it */
};

/* Parsed texts, kept between evaluations: a loop evaluates the same texts many times. Optional;
 * serves any number of sp_eval, one at a time, and outlives their arenas. */
struct sp_eval_cache;
struct sp_eval_cache *sp_eval_cache_new(void);

/* Accepts NULL. */
void sp_eval_cache_free(struct sp_eval_cache *cache);

struct sp_eval {
    struct sp_arena *arena;
    /* For GLOB and EXISTS; NULL: they give UNRESOLVED. Asked for each variable of the environment
     * that is looked up (config.run.env), so that it knows what is used; its answer is not. */
    const struct sp_world *world;
    struct sp_scope *scope; /* NULL: no names are known */
    bool tolerant;          /* before a run: what is not known yet gives UNRESOLVED, not ERROR */
    /* With `tolerant`: what a skipped step has not given will never be known, hence ERROR. */
    bool skips_are_final;
    bool for_log;  /* only a log file depends on it: facts about the run may be looked up freely */
    sp_log_fn log; /* may be NULL */
    void *log_arg;
    struct sp_eval_cache *cache; /* may be NULL */
    /* ABORT() was called; its message. Set by evaluation, read by preamble and epilogue. */
    bool aborted;

    /* private: state of the evaluation in progress */
    struct sp_eval_set *set;
    struct sp_eval_frame *frame;
    unsigned depth;
    uint64_t steps;
    const struct sp_dict *variables; /* config.run.env, once a reference has ended there */
    bool raw;                        /* inside NOSUBST() */
    bool final;                      /* an error that VALID() must not hide */
};

/* Evaluate one value: text as above, lists and mappings element by element, everything else
 * unchanged. The result carries the origin of `value`.
 *
 *   what went wrong                                   strict          tolerant
 *   a formula looks up a name that is not there       MISSING         MISSING
 *   a {}-field names what is not there; a name that   ERROR           UNRESOLVED
 *     is not there has further names behind it; a
 *     value that is UNRESOLVED, SKIPPED or in error
 *   ERROR(), ABORT()                                  ERROR           UNRESOLVED
 *   wrong types, division by zero, overflow, bad      ERROR           ERROR
 *     syntax, cycles, limits
 * A list or mapping with one such element is itself ERROR or UNRESOLVED; UNSET inside one is an
 * ERROR. In a tolerant context a condition that is UNRESOLVED leaves IF, IFSET, CASES and TRY
 * UNRESOLVED; when strict it counts as unset.
 *
 * Limits, each with its own message: formulas nest 500 deep, evaluation 2000 (a reference counts
 * four), a text has at most 16 MiB, a list a million items and 200 levels, one evaluation takes at
 * most two million steps (a step is an operation, an item of a list or 16 bytes of text). */
struct sp_value sp_eval_value(struct sp_eval *eval, struct sp_value value);

/* Only {}-substitution, never a formula: commands, log names. `forgiving`: what is unknown gives
 * empty text. */
struct sp_value sp_eval_subst(struct sp_eval *eval, struct sp_value value, bool forgiving);

/* Evaluate a set of parameters that may refer to each other through `current` (spec 5.4).
 * `params` is that namespace's dictionary or part of it: its values are replaced by results in
 * place, in order, dependencies on demand; a reference cycle gives ERROR "is a cyclic
 * substition" or "self-referencing formula or substitution". A parameter that evaluates to the
 * keyword UNSET restarts with its entry in `defaults` (may be NULL) if that differs, else it is
 * removed. */
void sp_eval_params(struct sp_eval *eval, struct sp_dict *params, const struct sp_dict *defaults);

/* The same for a set that belongs to another namespace, such as "recipe". */
void sp_eval_params_of(struct sp_eval *eval,
                       const char *space,
                       struct sp_dict *params,
                       const struct sp_dict *defaults);

/* Only the syntax: false and a message with the offset of the fault for a text that cannot be
 * parsed as substitution or formula. For checking before anything runs. */
struct sp_eval_fault {
    size_t offset; /* in bytes from the start of the text */
    size_t length;
    struct sp_str message;
};

bool sp_eval_check(struct sp_arena *arena, struct sp_str text, struct sp_eval_fault *fault);

/* Every reference in a text ("recipe.a.b", "steps.x.y"), appended to `refs`: for dependencies. */
void sp_eval_references(struct sp_arena *arena, struct sp_str text, struct sp_list *refs);

/* Names, arguments and one line of help of all functions: for the manual and for completion. */
struct sp_function_help {
    const char *name, *arguments, *summary;
};
const struct sp_function_help *sp_eval_functions(size_t *count);
