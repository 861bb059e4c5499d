/* SPDX-License-Identifier: BSD-3-Clause */
#include "lang/examples.h"

#include "base/tap.h"

#include "lang/eval.h"
#include "lang/world_fake.h"
#include "value/json.h"
#include "value/text.h"

static const struct sp_world_file files[] = { { "a.ms", NULL }, { "b.ms", NULL } };

static struct sp_dict *names(struct sp_arena *arena)
{
    static const char text[] =
        "{\"n\": 3, \"image\": \"maps/m31.fits\", \"bands\": [\"UHF\", \"L\"]}";
    struct sp_value value;
    struct sp_err err = SP_ERR_INIT;

    return sp_json_decode(arena, sp_str_of(text), &value, &err) ? NULL : value.dict;
}

static void check(struct sp_eval *eval, const struct sp_example *example)
{
    struct sp_str formula = sp_arena_printf(eval->arena, "=%s", example->formula);
    struct sp_value value = sp_eval_value(eval, sp_text(formula));
    struct sp_str text = sp_value_text(eval->arena, value);

    tap_ok(sp_str_is(text, example->result), "%s: =%s is %s, not " SP_STR_FMT, example->name,
           example->formula, example->result, SP_STR_ARG(text));
}

int main(void)
{
    struct sp_arena *arena = sp_arena_new();
    struct sp_world_fake fake = { .files = files, .len = SP_COUNT(files) };
    struct sp_world world;
    struct sp_scope scope = { 0 };
    struct sp_eval eval = { .arena = arena, .world = &world, .scope = &scope };
    size_t function_count, operator_count, help_count;
    const struct sp_example *functions = sp_function_examples(&function_count);
    const struct sp_example *operators = sp_operator_examples(&operator_count);
    const struct sp_function_help *help = sp_eval_functions(&help_count);

    sp_world_fake_init(&world, &fake);
    sp_scope_set(&scope, "recipe", names(arena), true);
    tap_ok(function_count == help_count, "an example for every function");
    for (size_t i = 0; i < function_count && i < help_count; i++) {
        tap_ok(strcmp(functions[i].name, help[i].name) == 0, "in their order: %s", help[i].name);
        check(&eval, &functions[i]);
    }
    for (size_t i = 0; i < operator_count; i++)
        check(&eval, &operators[i]);
    sp_world_fake_fini(&fake);
    sp_arena_free(arena);
    return tap_done();
}
