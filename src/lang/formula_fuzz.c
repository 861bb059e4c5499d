/* SPDX-License-Identifier: BSD-3-Clause */
/* formula_fuzz.c - fuzz target; also fed the saved corpus by the test suite.
 *
 * The input is a text; its lines are also a set of parameters a, b, c ... Evaluation ends, leaves
 * no state behind, gives the same with and without the cache, and agrees with sp_eval_check. */
#include "lang/eval.h"
#include "value/json.h"
#include "value/text.h"

#include <stdlib.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static const char recipe_json[] =
    "{\"a\": 1, \"f\": 2.5, \"s\": \"text\", \"b\": \"{recipe.a}b\", \"l\": [1, [2, 3], \"x\"],"
    " \"d\": {\"k\": \"v\", \"n\": {\"m\": 7}}, \"e\": \"\", \"t\": true, \"n\": null,"
    " \"x-1\": 1, \"x-2\": 2, \"loop\": \"{recipe.loop2}\", \"loop2\": \"{recipe.loop}\"}";

static void require(bool holds)
{
    if (!holds)
        abort();
}

/* As much of the value as tells it from another. */
static struct sp_str repr_of(struct sp_arena *arena, struct sp_value value)
{
    sp_auto_buf struct sp_buf text = SP_BUF(SP_BUF_SMALL);

    sp_value_repr(value, &text);
    return sp_arena_str(arena, sp_buf_str(&text));
}

static void check_state(const struct sp_eval *eval, struct sp_value result)
{
    require(eval->depth == 0 && !eval->frame && !eval->set && !eval->raw);
    require(result.kind != SP_SKIPPED && (eval->tolerant || result.kind != SP_UNRESOLVED));
    require(sp_is_value(result) || result.text.len > 0);
}

static void check_text(struct sp_arena *arena, struct sp_scope *scope, struct sp_value text)
{
    struct sp_eval_cache *cache = sp_eval_cache_new();
    struct sp_eval eval = { .arena = arena, .scope = scope };
    struct sp_eval_fault fault = { 0 };
    bool good = sp_eval_check(arena, text.text, &fault);

    struct sp_value plain = sp_eval_value(&eval, text);
    check_state(&eval, plain);
    require(good != (plain.kind == SP_ERROR && sp_str_starts(plain.text, "error parsing")));
    require(good || (fault.message.len > 0 && fault.offset <= text.text.len));
    eval.cache = cache;
    for (int round = 0; round < 2; round++) {
        struct sp_value cached = sp_eval_value(&eval, text);
        check_state(&eval, cached);
        require(cached.kind == plain.kind &&
                sp_str_eq(repr_of(arena, plain), repr_of(arena, cached)));
    }
    eval.tolerant = true;
    check_state(&eval, sp_eval_value(&eval, text));
    struct sp_value forgiven = sp_eval_subst(&eval, text, true);
    check_state(&eval, forgiven);
    struct sp_value refs = sp_list_new(arena);
    sp_eval_references(arena, text.text, refs.list);
    require(good || refs.list->len == 0);
    sp_eval_cache_free(cache);
}

static void check_set(struct sp_arena *arena, struct sp_scope *scope, struct sp_str lines)
{
    struct sp_eval eval = { .arena = arena, .scope = scope };
    struct sp_dict *params = sp_dict_new(arena).dict;

    for (size_t i = 0; lines.ptr && i < 26; i++) {
        struct sp_str line = sp_str_cut(&lines, '\n');
        sp_dict_set(arena, params, sp_arena_printf(arena, "%c", (int)('a' + i)), sp_text(line));
    }
    sp_scope_set(scope, "current", params, true);
    sp_eval_params(&eval, params, NULL);
    SP_DICT_EACH(entry, params)
    check_state(&eval, entry->value);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    sp_auto_arena struct sp_arena *arena = sp_arena_new();
    struct sp_scope scope = { 0 };
    struct sp_err err = SP_ERR_INIT;
    struct sp_value recipe;
    struct sp_str text = sp_arena_str(arena, (struct sp_str){ (const char *)data, size });

    require(sp_json_decode(arena, sp_str_of(recipe_json), &recipe, &err) == SP_OK);
    sp_scope_set(&scope, "recipe", recipe.dict, true);
    check_text(arena, &scope, sp_text(text));
    check_set(arena, &scope, text);
    return 0;
}
