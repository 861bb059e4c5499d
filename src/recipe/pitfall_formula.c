/* SPDX-License-Identifier: BSD-3-Clause */
#include "lang/formula.h"
#include "lang/functions.h"
#include "lang/operators.h"
#include "lang/substitute.h"
#include "recipe/pitfall_internal.h"

struct look {
    struct sp_pitfalls *p;
    struct sp_value text; /* the whole, with its "=" */
};

static uint32_t place(const struct look *look, size_t at, size_t length)
{
    return sp_pitfall_place(look->p, look->text, at + 1, length);
}

/* --- operators ------------------------------------------------------------------------------- */

static void look_at_comparisons(const struct look *look, const struct sp_node *node)
{
    const struct sp_link *second = &node->chain.links[1];

    if (sp_pitfall(look->p, SP_DIAG_COMPARE_CHAIN,
                   place(look, second->at, strlen(second->op->symbol)),
                   "comparisons go from left to right: this one compares True or False"))
        sp_diag_hint(look->p->search->diags, "write: a < b and b < c");
}

static void look_at_powers(const struct look *look, const struct sp_node *node)
{
    const struct sp_link *second = &node->chain.links[1];

    if (sp_pitfall(look->p, SP_DIAG_POWER_CHAIN, place(look, second->at, 2),
                   "'**' goes from left to right: a**b**c is (a**b)**c"))
        sp_diag_hint(look->p->search->diags, "Python reads a**(b**c): write parentheses");
}

static bool is_and(const struct sp_operator *op)
{
    return sp_str_is_nocase(sp_str_of(op->symbol), "and");
}

/* a and b or c means the same everywhere; a or b and c does not. */
static void look_at_logic(const struct look *look, const struct sp_node *node)
{
    for (size_t i = 1; i < node->chain.len; i++) {
        if (!is_and(node->chain.links[i].op) || is_and(node->chain.links[i - 1].op))
            continue;
        if (sp_pitfall(look->p, SP_DIAG_LOGIC_MIX, place(look, node->chain.links[i].at, 3),
                       "'and' and 'or' go from left to right: this is (... or ...) and ..."))
            sp_diag_hint(look->p->search->diags, "Python takes 'and' first: write parentheses");
        return;
    }
}

static const struct {
    enum sp_operator_level level;
    void (*look)(const struct look *look, const struct sp_node *node);
} chains[] = {
    { SP_LEVEL_COMPARE, look_at_comparisons },
    { SP_LEVEL_POWER, look_at_powers },
    { SP_LEVEL_LOGIC, look_at_logic },
};

static void look_at_chain(const struct look *look, const struct sp_node *node)
{
    for (size_t i = 0; i < SP_COUNT(chains) && node->chain.len > 1; i++)
        if (node->chain.links[0].op->level == chains[i].level)
            chains[i].look(look, node);
}

/* --- calls ------------------------------------------------------------------------------------ */

struct guess {
    const struct sp_pitfalls *p;
    bool unset;
};

/* An input that nobody needs to set, and that has no default. */
static void guess_unset(void *arg, const struct sp_reference *ref)
{
    struct guess *guess = arg;

    if (!guess->p->recipe || ref->len != 2 || !sp_str_is(ref->items[0].name, "recipe"))
        return;
    const struct sp_recipe *recipe = guess->p->recipe;
    struct sp_str name = ref->items[1].name;
    const struct sp_param *param = sp_schema_find(&recipe->schema, name);
    if (param && !param->is_output && !param->has_default && !param->has_implicit &&
        param->required != SP_YES && !param->aliases &&
        !(recipe->defaults && sp_dict_find(recipe->defaults, name)) &&
        !(recipe->assign && sp_dict_find(recipe->assign, name)) && !recipe->assign_based_on)
        guess->unset = true;
}

static void look_at_cases(const struct look *look, const struct sp_node *call)
{
    for (size_t i = 0; i + 1 < call->call.len; i += 2) {
        const struct sp_node *condition = call->call.args[i];
        struct guess guess = { .p = look->p };
        if (condition->kind == SP_NODE_CALL)
            continue;
        sp_formula_references(condition, guess_unset, &guess);
        if (guess.unset &&
            sp_pitfall(look->p, SP_DIAG_CASES_UNSET, place(look, call->at, 5),
                       "a condition of CASES() may be unset: it counts as false here, and as true "
                       "in Stimela"))
            sp_diag_hint(look->p->search->diags, "give the input a default, or write IFSET()");
        if (guess.unset)
            return;
    }
}

static void look_at_call(const struct look *look, const struct sp_node *node)
{
    const char *name = node->call.function->name;

    if (strcmp(name, "CASES") == 0)
        look_at_cases(look, node);
    if (strcmp(name, "IF") == 0 && node->call.len == 2 && !look->p->conditions &&
        sp_pitfall(look->p, SP_DIAG_IF_WITHOUT_ELSE, place(look, node->at, 2),
                   "IF() without a third argument gives True when the condition is false"))
        sp_diag_hint(look->p->search->diags, "write what it shall give: IF(condition, a, UNSET)");
}

/* --- all nodes -------------------------------------------------------------------------------- */

static void look_at(const struct look *look, const struct sp_node *node)
{
    if (!node)
        return;
    switch (node->kind) {
    case SP_NODE_LOOKUP: sp_pitfall_name(look->p, look->text, &node->lookup); break;
    case SP_NODE_CONSTANT:
        if (node->constant.kind == SP_TEXT &&
            sp_pitfall(look->p, SP_DIAG_EMPTY, place(look, node->at, strlen("EMPTY")),
                       "EMPTY is the empty text here; Stimela makes it the word 'EMPTY'"))
            sp_diag_hint(look->p->search->diags, "'' is the empty text everywhere");
        break;
    case SP_NODE_PREFIX: look_at(look, node->prefix.operand); break;
    case SP_NODE_CHAIN:
        look_at_chain(look, node);
        look_at(look, node->chain.first);
        for (size_t i = 0; i < node->chain.len; i++)
            look_at(look, node->chain.links[i].operand);
        break;
    case SP_NODE_INDEX:
    case SP_NODE_SLICE:
        look_at(look, node->item.base);
        look_at(look, node->item.from);
        look_at(look, node->item.to);
        look_at(look, node->item.step);
        break;
    case SP_NODE_CALL:
        look_at_call(look, node);
        for (size_t i = 0; i < node->call.len; i++)
            look_at(look, node->call.args[i]);
        break;
    case SP_NODE_TEXT:
    case SP_NODE_SELF: break;
    }
}

static void note_mention(void *arg, const struct sp_reference *ref)
{
    struct sp_pitfalls *p = arg;

    if (ref->len > 1)
        sp_map_set(&p->mentions, ref->items[1].name, p);
}

static void look_at_template(struct sp_pitfalls *p, struct sp_str text)
{
    struct sp_eval_fault fault = { 0 };
    const struct sp_template *template = sp_template_parse(p->arena, text, &fault);

    if (template)
        sp_template_references(template, note_mention, p);
}

static void look_at_formula(struct sp_pitfalls *p, struct sp_value text)
{
    struct look look = { p, text };
    struct sp_eval_fault fault = { 0 };
    const struct sp_node *node =
        sp_formula_parse(p->arena, sp_str_slice(text.text, 1, text.text.len), &fault);

    if (!node)
        return;
    sp_formula_references(node, note_mention, p);
    look_at(&look, node);
}

static void look_at_text(struct sp_pitfalls *p, struct sp_value text)
{
    bool equals = sp_str_starts(text.text, "=");

    if (equals && !sp_str_starts(text.text, "=="))
        look_at_formula(p, text);
    else if (sp_str_find(text.text, '{') != SIZE_MAX)
        look_at_template(p, sp_str_slice(text.text, equals, text.text.len));
}

/* {recipe.x} without quotes: a mapping with the name as key and nothing under it. */
static void look_at_mapping(struct sp_pitfalls *p, struct sp_value value)
{
    const struct sp_dict_entry *entry = value.dict->entries;
    static const char *const starts[] = { "recipe.", "current.", "root.", "parent.", "previous.",
                                          "steps.",  "info.",    "self.", "config." };

    for (size_t i = 0; value.dict->len == 1 && i < SP_COUNT(starts); i++)
        if (entry->value.kind == SP_NULL && sp_str_starts(entry->key, starts[i]) &&
            sp_pitfall(p, SP_DIAG_BRACES, entry->origin,
                       "{" SP_STR_FMT "} without quotes is a YAML mapping, not a substitution",
                       SP_STR_ARG(entry->key)))
            sp_diag_hint(p->search->diags, "write \"{" SP_STR_FMT "}\" in quotes",
                         SP_STR_ARG(entry->key));
}

#define DEPTH_MAX 200

static void look_into(struct sp_pitfalls *p, struct sp_value value, unsigned depth)
{
    if (sp_is_text(value))
        look_at_text(p, value);
    if (depth == DEPTH_MAX)
        return;
    if (sp_is_list(value))
        SP_LIST_EACH(item, value.list)
    look_into(p, *item, depth + 1);
    if (value.kind != SP_DICT)
        return;
    look_at_mapping(p, value);
    SP_DICT_EACH(entry, value.dict)
    look_into(p, entry->value, depth + 1);
}

void sp_pitfall_value(struct sp_pitfalls *p, struct sp_value value)
{
    look_into(p, value, 0);
}

void sp_pitfall_values(struct sp_pitfalls *p, const struct sp_dict *dict)
{
    if (dict)
        SP_DICT_EACH(entry, dict)
    look_into(p, entry->value, 0);
}

void sp_pitfall_hooks(struct sp_pitfalls *p,
                      const struct sp_dict *preamble,
                      const struct sp_dict *epilogue)
{
    p->conditions = true;
    sp_pitfall_values(p, preamble);
    sp_pitfall_values(p, epilogue);
    p->conditions = false;
}
