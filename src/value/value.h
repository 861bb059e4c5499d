/* SPDX-License-Identifier: BSD-3-Clause */
/* value.h - what recipes, parameters, formulas and records are made of.
 *
 * A value is 24 bytes, passed by copy. Texts, lists and dictionaries live in an arena and are
 * shared by copies; whoever builds one may change it, everyone else treats it as constant.
 * Dictionaries keep the order of insertion, which is part of the language (steps run in key
 * order).
 *
 * Besides values proper there are five ways of not having one. They are kept apart because they
 * behave differently:
 *   UNSET       the keyword UNSET: removes a parameter, or falls back to its default
 *   MISSING     a lookup found nothing; text says what. Passes through operators; an error if it
 *               reaches a parameter
 *   UNRESOLVED  cannot be known yet (before a run), or failed to evaluate in a tolerant context
 *   SKIPPED     output of a step that was skipped; an error only when used
 *   ERROR       evaluation failed; text is the message for people
 *
 * `origin` says where the value was written (lang/origin.h); 0 is nowhere.
 */
#pragma once

#include "base/arena.h"
#include "base/hash.h"

enum sp_kind {
    SP_NULL,
    SP_BOOL,
    SP_INT,
    SP_FLOAT,
    SP_TEXT,
    SP_PATH, /* text that was validated as a file name: has attributes (NAME, DIR, EXT ...) */
    SP_LIST,
    SP_TUPLE, /* a list that prints as (1, 2) */
    SP_DICT,
    SP_UNSET,
    SP_MISSING,
    SP_UNRESOLVED,
    SP_SKIPPED,
    SP_ERROR,
};

struct sp_list;
struct sp_dict;

struct sp_value {
    enum sp_kind kind;
    uint32_t origin;

    union {
        bool boolean;
        int64_t integer;
        double real;
        struct sp_str text;   /* TEXT, PATH, and the reason of MISSING .. ERROR */
        struct sp_list *list; /* LIST, TUPLE */
        struct sp_dict *dict;
    };
};

struct sp_list {
    struct sp_value *items;
    size_t len;
    size_t capacity;
};

struct sp_dict_entry {
    struct sp_str key;
    uint32_t origin; /* of the key */
    struct sp_value value;
};

struct sp_dict {
    struct sp_dict_entry *entries; /* read freely, in order */
    size_t len;
    size_t capacity;
    struct sp_index index; /* private; only for more than a few entries */
};

/* (An empty one has no array; NULL + 0 is undefined in C.) */
/* NOLINTBEGIN(bugprone-macro-parentheses): a declared name cannot stand in parentheses */
#define SP_LIST_EACH(item, list_)                                                 \
    for (struct sp_value *item = (list_)->items,                                  \
                         *end_##item = (list_)->len ? item + (list_)->len : item; \
         item != end_##item; item++)
#define SP_DICT_EACH(entry, dict_)                                                        \
    for (struct sp_dict_entry *entry = (dict_)->entries,                                  \
                              *end_##entry = (dict_)->len ? entry + (dict_)->len : entry; \
         entry != end_##entry; entry++)

/* NOLINTEND(bugprone-macro-parentheses) */

static inline struct sp_value sp_null(void)
{
    return (struct sp_value){ .kind = SP_NULL };
}

static inline struct sp_value sp_bool(bool boolean)
{
    return (struct sp_value){ .kind = SP_BOOL, .boolean = boolean };
}

static inline struct sp_value sp_int(int64_t integer)
{
    return (struct sp_value){ .kind = SP_INT, .integer = integer };
}

static inline struct sp_value sp_float(double real)
{
    return (struct sp_value){ .kind = SP_FLOAT, .real = real };
}

/* `text` is borrowed: it must live as long as the value. */
static inline struct sp_value sp_text(struct sp_str text)
{
    return (struct sp_value){ .kind = SP_TEXT, .text = text };
}

static inline struct sp_value sp_unset(void)
{
    return (struct sp_value){ .kind = SP_UNSET, .text = { "UNSET", 5 } };
}

/* MISSING, UNRESOLVED, SKIPPED or ERROR with its reason, which is printed into the arena. */
struct sp_value sp_no_value(struct sp_arena *arena, enum sp_kind kind, const char *fmt, ...)
    SP_PRINTF(3, 4);

/* A value proper, not one of the five. */
static inline bool sp_is_value(struct sp_value value)
{
    return value.kind < SP_UNSET;
}

static inline bool sp_is_text(struct sp_value value)
{
    return value.kind == SP_TEXT || value.kind == SP_PATH;
}

static inline bool sp_is_list(struct sp_value value)
{
    return value.kind == SP_LIST || value.kind == SP_TUPLE;
}

/* The same value with another origin. */
static inline struct sp_value sp_at(struct sp_value value, uint32_t origin)
{
    value.origin = origin;
    return value;
}

/* "text", "list", ... as people call the kind in messages. */
const char *sp_kind_name(enum sp_kind kind);

/* Python's truth: empty, zero and null are false; what is not a value is false. */
bool sp_truth(struct sp_value value);

/* Python's ==: 1 == 1.0 == True; lists and dictionaries by content (order of keys ignored); text
 * equals a path of the same text. */
bool sp_value_eq(struct sp_value a, struct sp_value b);

/* Deep copy of lists, dictionaries and texts into `arena`. */
struct sp_value sp_value_copy(struct sp_arena *arena, struct sp_value value);

/* --- lists -------------------------------------------------------------------------------- */

struct sp_value sp_list_new(struct sp_arena *arena);
void sp_list_add(struct sp_arena *arena, struct sp_list *list, struct sp_value value);

/* --- dictionaries ------------------------------------------------------------------------- */

struct sp_value sp_dict_new(struct sp_arena *arena);

/* The value under `key`, or NULL; may be changed in place, valid until the next set or remove. */
struct sp_value *sp_dict_find(const struct sp_dict *dict, struct sp_str key);
struct sp_value *sp_dict_get(const struct sp_dict *dict, const char *key);

/* The entry under `key`, or NULL: for the origin of the key. */
struct sp_dict_entry *sp_dict_entry_of(const struct sp_dict *dict, struct sp_str key);

/* Add at the end or replace in place. `key` is borrowed (arena text). */
void sp_dict_set(struct sp_arena *arena,
                 struct sp_dict *dict,
                 struct sp_str key,
                 struct sp_value value);

/* The same with the origin of the key. */
void sp_dict_set_at(struct sp_arena *arena,
                    struct sp_dict *dict,
                    struct sp_str key,
                    uint32_t key_origin,
                    struct sp_value value);

/* The same with a literal key; put_text leaves an empty text out. */
void sp_dict_put(struct sp_arena *arena,
                 struct sp_dict *dict,
                 const char *key,
                 struct sp_value value);
void sp_dict_put_text(struct sp_arena *arena,
                      struct sp_dict *dict,
                      const char *key,
                      struct sp_str text);

/* What a record says under `key`; empty, 0 or false when it is not there or of another kind. */
struct sp_str sp_dict_text(const struct sp_dict *dict, const char *key);
double sp_dict_number(const struct sp_dict *dict, const char *key);
bool sp_dict_truth(const struct sp_dict *dict, const char *key);

/* True if it was there; the order of the others stays. */
bool sp_dict_remove(struct sp_arena *arena, struct sp_dict *dict, struct sp_str key);

/* Shallow copy: own entries, shared values. */
struct sp_dict *sp_dict_clone(struct sp_arena *arena, const struct sp_dict *dict);

/* Walk a dotted path ("a.b.c") through nested dictionaries; at each level the longest key that
 * itself contains dots is not tried: keys are split at every dot. NULL when it is not there. */
struct sp_value *sp_dict_walk(const struct sp_dict *dict, struct sp_str path);
