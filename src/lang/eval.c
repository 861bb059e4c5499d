/* SPDX-License-Identifier: BSD-3-Clause */
#include "lang/eval.h"

#include "lang/formula.h"
#include "lang/functions.h"
#include "lang/operators.h"
#include "lang/params.h"
#include "value/text.h"

#include <stdarg.h>

#define DEPTH_OF_TEXT 4 /* what one reference costs of SP_EVAL_DEPTH_MAX */

/* --- scope -------------------------------------------------------------------------------- */

struct sp_namespace *sp_scope_find(struct sp_scope *scope, struct sp_str name)
{
    for (size_t i = 0; i < scope->len; i++)
        if (sp_str_eq(scope->items[i].name, name))
            return &scope->items[i];
    return NULL;
}

void sp_scope_set(struct sp_scope *scope, const char *name, struct sp_dict *dict, bool recursive)
{
    struct sp_namespace *space = sp_scope_find(scope, sp_str_of(name));

    if (!space) {
        if (scope->len == SP_NAMESPACE_MAX)
            abort(); /* names are literals in our own code */
        space = &scope->items[scope->len++];
    }
    *space = (struct sp_namespace){ sp_str_of(name), dict, recursive };
}

/* --- walking the tree --------------------------------------------------------------------- */

/* Text that says UNSET is the keyword: recipes pass it on that way. */
static struct sp_value keyword_or(struct sp_value value)
{
    return value.kind == SP_TEXT && sp_str_is(value.text, "UNSET") ? sp_unset() : value;
}

static struct sp_value eval_text_node(struct sp_eval *eval, const struct sp_node *node)
{
    if (!node->text.template || eval->raw)
        return keyword_or(sp_text(node->text.raw));
    return sp_template_render(eval, node->text.template, false);
}

/* The operand that decides: an error, else the first that is unset; null when both are values. */
static struct sp_value unset_of(struct sp_value a, struct sp_value b)
{
    if (a.kind == SP_ERROR || (!sp_is_value(a) && b.kind != SP_ERROR))
        return a;
    return sp_is_value(b) ? sp_null() : b;
}

static struct sp_value eval_chain(struct sp_eval *eval, const struct sp_node *node)
{
    struct sp_value left = sp_eval_node(eval, node->chain.first);

    for (size_t i = 0; i < node->chain.len && left.kind != SP_ERROR; i++) {
        const struct sp_operator *op = node->chain.links[i].op;
        struct sp_value right = sp_eval_node(eval, node->chain.links[i].operand);
        struct sp_value unset = unset_of(left, right);
        sp_eval_touch(eval, left);
        sp_eval_touch(eval, right);
        left = sp_is_value(unset) ? op->apply(eval, op, left, right) : unset;
    }
    return left;
}

static struct sp_value eval_prefix(struct sp_eval *eval, const struct sp_node *node)
{
    struct sp_value operand = sp_eval_node(eval, node->prefix.operand);

    if (!sp_is_value(operand))
        return operand;
    return node->prefix.op->apply(eval, node->prefix.op, operand, sp_null());
}

static struct sp_value eval_part(struct sp_eval *eval, const struct sp_node *node)
{
    return node ? sp_eval_node(eval, node) : sp_null();
}

static struct sp_value eval_item(struct sp_eval *eval, const struct sp_node *node)
{
    struct sp_value base = sp_eval_node(eval, node->item.base);
    struct sp_slice slice = { eval_part(eval, node->item.from), eval_part(eval, node->item.to),
                              eval_part(eval, node->item.step) };
    const struct sp_value parts[] = { slice.from, slice.to, slice.step };
    struct sp_value unset = unset_of(base, sp_null());

    for (size_t i = 0; i < SP_COUNT(parts); i++)
        unset = sp_is_value(unset) ? unset_of(parts[i], sp_null()) : unset_of(unset, parts[i]);
    if (!sp_is_value(unset))
        return unset;
    sp_eval_touch(eval, base);
    return node->kind == SP_NODE_INDEX ? sp_lookup_item(eval, base, slice.from)
                                       : sp_lookup_slice(eval, base, &slice);
}

static struct sp_value walk(struct sp_eval *eval, const struct sp_node *node)
{
    switch (node->kind) {
    case SP_NODE_CONSTANT: return node->constant;
    case SP_NODE_TEXT: return eval_text_node(eval, node);
    case SP_NODE_LOOKUP: return keyword_or(sp_lookup(eval, &node->lookup, SP_LOOKUP_FORMULA));
    case SP_NODE_PREFIX: return eval_prefix(eval, node);
    case SP_NODE_CHAIN: return eval_chain(eval, node);
    case SP_NODE_INDEX:
    case SP_NODE_SLICE: return eval_item(eval, node);
    case SP_NODE_CALL: return sp_function_call(eval, node);
    case SP_NODE_SELF: break; /* IFSET() has seen to it */
    }
    return sp_null();
}

struct sp_value sp_eval_node(struct sp_eval *eval, const struct sp_node *node)
{
    if (!sp_eval_charge(eval, 1))
        return sp_eval_exhausted(eval);
    if (eval->depth >= SP_EVAL_DEPTH_MAX) {
        eval->final = true;
        return sp_eval_error(eval, "evaluation nested deeper than %d levels", SP_EVAL_DEPTH_MAX);
    }
    eval->depth++;
    struct sp_value value = walk(eval, node);
    eval->depth--;
    return value;
}

/* --- texts -------------------------------------------------------------------------------- */

static struct sp_value bad_syntax(struct sp_eval *eval,
                                  const char *what,
                                  struct sp_str text,
                                  struct sp_eval_fault fault)
{
    struct sp_str brief = sp_eval_brief(eval, text);

    return sp_eval_error(eval, "%s '" SP_STR_FMT "': " SP_STR_FMT " (at character %zu)", what,
                         SP_STR_ARG(brief), SP_STR_ARG(fault.message), fault.offset + 1);
}

static struct sp_value eval_formula(struct sp_eval *eval, struct sp_str text)
{
    struct sp_eval_fault fault = { 0 };
    const struct sp_node *node = sp_eval_formula(eval, sp_str_slice(text, 1, text.len), &fault);

    fault.offset++;
    if (!node)
        return bad_syntax(eval, "error parsing formula", text, fault);
    struct sp_value value = sp_eval_node(eval, node);
    /* ABORT() speaks for itself. */
    if (value.kind != SP_ERROR && value.kind != SP_UNRESOLVED)
        return value;
    if (sp_str_starts(value.text, "ABORT: "))
        return value;
    struct sp_str brief = sp_eval_brief(eval, text);
    return sp_no_value(eval->arena, value.kind,
                       "evaluation of '" SP_STR_FMT "' failed: " SP_STR_FMT, SP_STR_ARG(brief),
                       SP_STR_ARG(value.text));
}

static struct sp_value eval_template(struct sp_eval *eval, struct sp_str text, bool forgiving)
{
    struct sp_eval_fault fault = { 0 };

    if (sp_str_find(text, '{') == SIZE_MAX)
        return sp_text(text);
    const struct sp_template *template = sp_eval_template(eval, text, &fault);
    return template ? sp_template_render(eval, template, forgiving)
                    : bad_syntax(eval, "error parsing substitution", text, fault);
}

/* --- references in a circle --------------------------------------------------------------- */

/* "a -> b -> a" for the frames from the innermost out to `found`. */
static struct sp_str circle(struct sp_eval *eval, const struct sp_eval_frame *found)
{
    struct sp_str path = found->name;

    for (const struct sp_eval_frame *frame = eval->frame; frame; frame = frame->outer) {
        path = sp_arena_join(eval->arena, frame->name, " -> ", path);
        if (frame == found)
            break;
    }
    return path;
}

/* An error if `text` is being evaluated already, else null. */
static struct sp_value check_cycle(struct sp_eval *eval, struct sp_str text, struct sp_str name)
{
    for (const struct sp_eval_frame *frame = eval->frame; frame; frame = frame->outer) {
        if (frame->text.ptr != text.ptr || frame->text.len != text.len)
            continue;
        eval->final = true;
        if (frame == eval->frame)
            return sp_eval_error(eval,
                                 "self-referencing formula or substitution: '" SP_STR_FMT
                                 "' is a cyclic substition",
                                 SP_STR_ARG(name));
        struct sp_str path = circle(eval, frame);
        return sp_eval_error(eval, "'" SP_STR_FMT "' is a cyclic substition (" SP_STR_FMT ")",
                             SP_STR_ARG(name), SP_STR_ARG(path));
    }
    return sp_null();
}

enum manner {
    MANNER_FULL,      /* formulas and fields */
    MANNER_SUBST,     /* fields only */
    MANNER_FORGIVING, /* fields only, those that fail are empty */
};

static struct sp_value eval_in_frame(struct sp_eval *eval, struct sp_str text, enum manner manner)
{
    if (manner != MANNER_FULL || !sp_str_starts(text, "="))
        return eval_template(eval, text, manner == MANNER_FORGIVING);
    if (sp_str_starts(text, "=="))
        return eval_template(eval, sp_str_slice(text, 1, text.len), false);
    return eval_formula(eval, text);
}

static struct sp_value eval_text(struct sp_eval *eval,
                                 struct sp_value value,
                                 struct sp_str name,
                                 enum manner manner)
{
    struct sp_eval_frame frame = { .text = value.text, .name = name, .outer = eval->frame };
    bool formula = manner == MANNER_FULL && sp_str_starts(value.text, "=");

    if (!formula && sp_str_find(value.text, '{') == SIZE_MAX)
        return value;
    struct sp_value cycle = check_cycle(eval, value.text, name);
    if (cycle.kind == SP_ERROR)
        return cycle;
    if (eval->depth + DEPTH_OF_TEXT >= SP_EVAL_DEPTH_MAX) {
        eval->final = true;
        return sp_eval_error(eval, "references nested deeper than %d levels",
                             SP_EVAL_DEPTH_MAX / DEPTH_OF_TEXT);
    }
    eval->depth += DEPTH_OF_TEXT;
    eval->frame = &frame;
    struct sp_value result = eval_in_frame(eval, value.text, manner);
    eval->frame = frame.outer;
    eval->depth -= DEPTH_OF_TEXT;
    return sp_at(result, value.origin);
}

struct sp_value sp_eval_named(struct sp_eval *eval, struct sp_value text, struct sp_str name)
{
    return eval_text(eval, text, name, MANNER_FULL);
}

struct sp_value sp_eval_named_subst(struct sp_eval *eval, struct sp_value text, struct sp_str name)
{
    return eval_text(eval, text, name, MANNER_SUBST);
}

/* --- lists and mappings ------------------------------------------------------------------- */

static struct sp_value eval_any(struct sp_eval *eval,
                                struct sp_value value,
                                struct sp_str name,
                                enum manner manner);

/* What a part that failed makes of its container; null if it is fine. */
static struct sp_value check_part(struct sp_eval *eval,
                                  struct sp_value part,
                                  const char *what,
                                  struct sp_str key)
{
    if (sp_is_value(part))
        return sp_null();
    if (part.kind == SP_UNSET)
        return sp_eval_error(eval, "%s " SP_STR_FMT ": UNSET not allowed here", what,
                             SP_STR_ARG(key));
    return sp_no_value(eval->arena, part.kind == SP_ERROR ? SP_ERROR : SP_UNRESOLVED,
                       "%s " SP_STR_FMT ": " SP_STR_FMT, what, SP_STR_ARG(key),
                       SP_STR_ARG(part.text));
}

static bool same_value(struct sp_value a, struct sp_value b)
{
    if (a.kind != b.kind)
        return false;
    if (sp_is_list(a))
        return a.list == b.list;
    if (a.kind == SP_DICT)
        return a.dict == b.dict;
    return !sp_is_text(a) || (a.text.ptr == b.text.ptr && a.text.len == b.text.len);
}

/* The same list if nothing in it changed. */
static struct sp_value eval_list(struct sp_eval *eval,
                                 struct sp_value value,
                                 struct sp_str name,
                                 enum manner manner)
{
    struct sp_value result = value;

    for (size_t i = 0; i < value.list->len; i++) {
        struct sp_value item = value.list->items[i];
        struct sp_value part = eval_any(eval, item, name, manner);
        struct sp_value failure =
            sp_is_value(part)
                ? sp_null()
                : check_part(eval, part, "item", sp_arena_printf(eval->arena, "%zu", i));
        if (!sp_is_value(failure))
            return failure;
        if (same_value(item, part))
            continue;
        if (result.list == value.list) {
            result.list = sp_list_new(eval->arena).list;
            for (size_t k = 0; k < value.list->len; k++)
                sp_list_add(eval->arena, result.list, value.list->items[k]);
        }
        result.list->items[i] = part;
    }
    return result;
}

static struct sp_value eval_dict(struct sp_eval *eval,
                                 struct sp_value value,
                                 struct sp_str name,
                                 enum manner manner)
{
    struct sp_value result = value;

    for (size_t i = 0; i < value.dict->len; i++) {
        struct sp_dict_entry *entry = &value.dict->entries[i];
        struct sp_value part = eval_any(eval, entry->value, name, manner);
        struct sp_value failure = check_part(eval, part, "key", entry->key);
        if (!sp_is_value(failure))
            return failure;
        if (same_value(entry->value, part))
            continue;
        if (result.dict == value.dict)
            result.dict = sp_dict_clone(eval->arena, value.dict);
        result.dict->entries[i].value = part;
    }
    return result;
}

static struct sp_value eval_any(struct sp_eval *eval,
                                struct sp_value value,
                                struct sp_str name,
                                enum manner manner)
{
    struct sp_value result;

    if (value.kind == SP_TEXT)
        return eval_text(eval, value, name, manner);
    if (!sp_is_list(value) && value.kind != SP_DICT)
        return value;
    if (eval->depth >= SP_EVAL_DEPTH_MAX)
        return sp_eval_error(eval, "value nested deeper than %d levels", SP_EVAL_DEPTH_MAX);
    eval->depth++;
    result = value.kind == SP_DICT ? eval_dict(eval, value, name, manner)
                                   : eval_list(eval, value, name, manner);
    eval->depth--;
    return sp_at(result, value.origin);
}

/* A container with new parts is weighed: they may be large, or hold others many times. */
static struct sp_value eval_weighed(struct sp_eval *eval,
                                    struct sp_value value,
                                    struct sp_str name,
                                    enum manner manner)
{
    struct sp_value result = eval_any(eval, value, name, manner);
    bool container = sp_is_list(result) || result.kind == SP_DICT;

    if (!container || same_value(value, result))
        return result;
    return sp_at(sp_eval_weighed(eval, result), value.origin);
}

struct sp_value sp_eval_whole(struct sp_eval *eval, struct sp_value value, struct sp_str name)
{
    return eval_weighed(eval, value, name, MANNER_FULL);
}

/* --- public ------------------------------------------------------------------------------- */

static struct sp_value start(struct sp_eval *eval, struct sp_value value, enum manner manner)
{
    if (!eval->frame) {
        eval->steps = 0;
        eval->final = false;
    }
    return sp_eval_settle(eval, eval_weighed(eval, value, SP_STR("this text"), manner));
}

struct sp_value sp_eval_value(struct sp_eval *eval, struct sp_value value)
{
    struct sp_value result = start(eval, value, MANNER_FULL);
    bool formula =
        value.kind == SP_TEXT && sp_str_starts(value.text, "=") && !sp_str_starts(value.text, "==");

    if (formula && result.kind == SP_TEXT && sp_str_eq(result.text, value.text))
        return sp_at(sp_eval_error(eval,
                                   "'" SP_STR_FMT "': self-referencing formula or substitution",
                                   SP_STR_ARG(sp_eval_brief(eval, value.text))),
                     value.origin);
    return result;
}

struct sp_value sp_eval_subst(struct sp_eval *eval, struct sp_value value, bool forgiving)
{
    return start(eval, value, forgiving ? MANNER_FORGIVING : MANNER_SUBST);
}
