/* SPDX-License-Identifier: BSD-3-Clause */
/* eval_test.c - sets of parameters, containers, references, logging, limits. The language itself
 * is tested by formula_test.c. */
#include "lang/eval.h"

#include "base/tap.h"

#include "value/json.h"
#include "value/text.h"

static struct sp_value json(struct sp_arena *arena, const char *text)
{
    struct sp_err err = SP_ERR_INIT;
    struct sp_value value = sp_null();

    if (sp_json_decode(arena, sp_str_of(text), &value, &err))
        printf("# bad JSON in a test: %s\n", err.text);
    return value;
}

/* --- sets of parameters ------------------------------------------------------------------- */

struct set_case {
    const char *name;
    const char *params;
    const char *defaults; /* or NULL */
    const char *want;     /* keys and values in order; "!text" for an error with that text */
};

static const struct set_case set_cases[] = {
    { "plain values stay", "{\"a\": 1, \"b\": \"x\"}", NULL, "a=1 b='x'" },
    { "later sees earlier", "{\"a\": 1, \"b\": \"=current.a + 1\"}", NULL, "a=1 b=2" },
    { "earlier sees later", "{\"b\": \"=current.a + 1\", \"a\": 1}", NULL, "b=2 a=1" },
    { "formula of a formula", "{\"a\": \"=current.b + 'x'\", \"b\": \"=recipe.p\"}", NULL,
      "a='Px' b='P'" },
    { "any order, same result", "{\"b\": \"=recipe.p\", \"a\": \"=current.b + 'x'\"}", NULL,
      "b='P' a='Px'" },
    { "field of a formula", "{\"a\": \"<{current.b}>\", \"b\": \"=1 + 1\"}", NULL, "a='<2>' b=2" },
    { "chain", "{\"a\": \"{current.b}a\", \"b\": \"{current.c}b\", \"c\": \"c\"}", NULL,
      "a='cba' b='cb' c='c'" },
    { "types are kept", "{\"a\": \"=current.b\", \"b\": [1, 2.5]}", NULL, "a=[1, 2.5] b=[1, 2.5]" },
    { "UNSET removes", "{\"a\": \"=UNSET\", \"b\": 2}", NULL, "b=2" },
    { "UNSET by IFSET", "{\"a\": \"=IFSET(recipe.nope)\", \"b\": 2}", NULL, "b=2" },
    { "UNSET takes the default", "{\"a\": \"=UNSET\"}", "{\"a\": 7}", "a=7" },
    { "the default is evaluated", "{\"a\": \"=UNSET\"}", "{\"a\": \"{recipe.p}x\"}", "a='Px'" },
    { "the same default is no default", "{\"a\": \"=UNSET\"}", "{\"a\": \"=UNSET\"}", "" },
    { "a default may be UNSET too", "{\"a\": \"=UNSET\"}", "{\"a\": \"=IFSET(recipe.nope)\"}", "" },
    { "removed is not there", "{\"b\": \"=IFSET(current.a, 1, 2)\", \"a\": \"=UNSET\"}", NULL,
      "b=2" },
    { "removed, looked up", "{\"b\": \"=current.a\", \"a\": \"=UNSET\"}", NULL,
      "b=!'current.a' is not set" },
    { "default, looked up", "{\"b\": \"=current.a\", \"a\": \"=UNSET\"}", "{\"a\": 3}", "b=3 a=3" },
    { "self", "{\"a\": \"=current.a\"}", NULL, "a=!self-referencing formula or substitution" },
    { "self in a field", "{\"a\": \"{current.a}\"}", NULL, "a=!is a cyclic substition" },
    { "self among others", "{\"a\": \"x{current.a}\", \"b\": 1}", NULL,
      "a=!self-referencing formula or substitution b=1" },
    { "circle", "{\"a\": \"=current.b\", \"b\": \"=current.a\"}", NULL,
      "a=!is a cyclic substition b=!is a cyclic substition" },
    { "circle of three, with one beside",
      "{\"a\": \"{current.b}\", \"b\": \"=current.c\", \"c\": \"{current.a}\", \"d\": 1}", NULL,
      "a=!is a cyclic substition b=!is a cyclic substition c=!is a cyclic substition d=1" },
    { "circle that is not taken",
      "{\"a\": \"=IF(current.c, current.b, 1)\", \"b\": \"=current.a\", \"c\": false}", NULL,
      "a=1 b=1 c=False" },
    { "own text again", "{\"a\": \"=recipe.own\"}", NULL,
      "a=!self-referencing formula or substitution" },
    { "nested", "{\"a\": {\"x\": \"=current.b\", \"y\": [\"{current.b}\"]}, \"b\": 5}", NULL,
      "a={'x': 5, 'y': ['5']} b=5" },
    { "nested sees itself", "{\"a\": {\"x\": 1, \"y\": \"=current.a.x + 1\"}}", NULL,
      "a={'x': 1, 'y': 2}" },
    { "nested sees a formula of itself",
      "{\"a\": {\"y\": \"=current.a.x + 1\", \"x\": \"=2 * 3\"}}", NULL, "a={'y': 7, 'x': 6}" },
    { "nested circle", "{\"a\": {\"y\": \"=current.a.x\", \"x\": \"=current.a.y\"}}", NULL,
      "a=!is a cyclic substition" },
    { "UNSET inside", "{\"a\": [1, \"=UNSET\"]}", NULL, "a=!item 1: UNSET not allowed here" },
    { "missing inside", "{\"a\": {\"k\": \"=recipe.nope\"}}", NULL,
      "a=!key k: 'recipe.nope' is not set" },
    { "error", "{\"a\": \"=1 +\", \"b\": \"=current.a\"}", NULL,
      "a=!error parsing formula b=!unresolved substitution for current.a" },
    { "missing", "{\"a\": \"=recipe.nope\", \"b\": \"=IFSET(current.a, 1, 2)\"}", NULL,
      "a=!'recipe.nope' is not set b=2" },
    { "braces collapse once", "{\"a\": \"{{x}}\", \"b\": \"{current.a}\"}", NULL,
      "a='{x}' b='{x}'" },
    { "escaped formula", "{\"a\": \"==x\", \"b\": \"=current.a + 'y'\"}", NULL, "a='=x' b='=xy'" },
    { "dotted names", "{\"a.b\": \"=current.a.c + 1\", \"a.c\": \"=2\"}", NULL, "a.b=3 a.c=2" },
    { "NOSUBST sees the value", "{\"a\": \"=NOSUBST(current.b)\", \"b\": \"{recipe.p}\"}", NULL,
      "a='P' b='P'" },
};

/* "a=1 b=!some error": what came out, against `want`. */
static bool set_matches(const struct sp_dict *params, const char *want)
{
    struct sp_str rest = sp_str_of(want);

    SP_DICT_EACH(entry, params)
    {
        sp_auto_buf struct sp_buf value = SP_BUF(SP_BUF_SMALL);
        size_t key = entry->key.len;
        bool failed = !sp_is_value(entry->value);
        if (!sp_str_eq(sp_str_slice(rest, 0, key), entry->key))
            return false;
        rest = sp_str_slice(rest, key + 1 + failed, rest.len);
        sp_value_repr(entry->value, &value);
        /* An error may be followed by the next key: find where that starts. */
        struct sp_str part = rest;
        if (entry + 1 != params->entries + params->len) {
            sp_auto_buf struct sp_buf next = SP_BUF(SP_BUF_SMALL);
            sp_buf_addf(&next, " " SP_STR_FMT "=", SP_STR_ARG(entry[1].key));
            part.len = sp_str_find_str(rest, sp_buf_str(&next));
            if (part.len == SIZE_MAX)
                return false;
        }
        if (failed ? sp_str_find_str(sp_buf_str(&value), part) == SIZE_MAX
                   : !sp_str_eq(sp_buf_str(&value), part))
            return false;
        rest = sp_str_slice(rest, part.len + 1, rest.len);
    }
    return rest.len == 0;
}

static void show_set(const struct sp_dict *params)
{
    SP_DICT_EACH(entry, params)
    {
        sp_auto_buf struct sp_buf value = SP_BUF(SP_BUF_SMALL);
        sp_value_repr(entry->value, &value);
        printf("# " SP_STR_FMT " = %s\n", SP_STR_ARG(entry->key), value.ptr);
    }
}

/* `apart`: the parameters are a part of the namespace's dictionary, in one of their own. */
static void check_set(const struct set_case *test, bool apart)
{
    sp_auto_arena struct sp_arena *arena = sp_arena_new();
    struct sp_scope scope = { 0 };
    struct sp_eval eval = { .arena = arena, .scope = &scope };
    struct sp_value params = json(arena, test->params);
    struct sp_value defaults = json(arena, test->defaults ? test->defaults : "{}");
    struct sp_value recipe = json(arena, "{\"p\": \"P\", \"own\": \"=recipe.own\"}");
    struct sp_dict *current = apart ? sp_dict_clone(arena, params.dict) : params.dict;

    if (apart)
        sp_dict_set(arena, current, SP_STR("other"), sp_int(9));
    sp_scope_set(&scope, "recipe", recipe.dict, true);
    sp_scope_set(&scope, "current", current, true);
    sp_eval_params(&eval, params.dict, test->defaults ? defaults.dict : NULL);
    if (!tap_ok(set_matches(params.dict, test->want), "%s%s", test->name, apart ? ", apart" : ""))
        show_set(params.dict);
    if (!apart)
        return;
    bool same = current->len == params.dict->len + 1;
    SP_DICT_EACH(entry, params.dict)
    {
        const struct sp_value *other = sp_dict_find(current, entry->key);
        same = same && other && other->kind == entry->value.kind;
    }
    tap_ok(same, "%s: the namespace has the results too", test->name);
}

static void check_other_space(void)
{
    sp_auto_arena struct sp_arena *arena = sp_arena_new();
    struct sp_scope scope = { 0 };
    struct sp_eval eval = { .arena = arena, .scope = &scope };
    struct sp_value recipe = json(arena, "{\"a\": \"=recipe.b + 1\", \"b\": \"=1\"}");

    sp_scope_set(&scope, "recipe", recipe.dict, true);
    sp_eval_params_of(&eval, "recipe", recipe.dict, NULL);
    tap_ok(set_matches(recipe.dict, "a=2 b=1"), "a set of another namespace");
}

/* --- single values ------------------------------------------------------------------------ */

static void check_containers(void)
{
    sp_auto_arena struct sp_arena *arena = sp_arena_new();
    struct sp_scope scope = { 0 };
    struct sp_eval eval = { .arena = arena, .scope = &scope };
    struct sp_value recipe = json(arena, "{\"a\": 1}");
    struct sp_value plain = json(arena, "{\"x\": [1, \"y\"]}");
    struct sp_value mixed = json(arena, "{\"x\": [1, \"{recipe.a}\"], \"y\": \"=recipe.a\"}");
    struct sp_value path = { .kind = SP_PATH, .text = SP_STR("{recipe.a}") };

    sp_scope_set(&scope, "recipe", recipe.dict, true);
    tap_ok(sp_eval_value(&eval, plain).dict == plain.dict, "nothing to do: the same mapping");
    mixed.origin = 5;
    struct sp_value result = sp_eval_value(&eval, mixed);
    tap_ok(sp_str_is(sp_value_text(arena, result), "{'x': [1, '1'], 'y': 1}") && result.origin == 5,
           "through and through");
    tap_ok(sp_str_is(sp_value_text(arena, mixed), "{'x': [1, '{recipe.a}'], 'y': '=recipe.a'}"),
           "the original is untouched");
    tap_ok(sp_eval_value(&eval, path).kind == SP_PATH, "a path is left alone");
    tap_ok(sp_eval_value(&eval, sp_int(3)).integer == 3, "a number is left alone");
    eval.scope = NULL;
    tap_ok(sp_eval_value(&eval, sp_text(SP_STR("=recipe.a"))).kind == SP_ERROR, "no scope at all");
}

static void check_subst(void)
{
    static const struct {
        const char *text, *want;
        bool forgiving;
    } cases[] = {
        { "=recipe.a", "=recipe.a", false },        { "=={recipe.a}", "==1", false },
        { "{recipe.a}-{recipe.nope}", "1-", true }, { "{recipe.a:q}x", "x", true },
        { "{no.such.thing}x", "x", true },          { "{recipe.a}x", "1x", true },
    };
    sp_auto_arena struct sp_arena *arena = sp_arena_new();
    struct sp_scope scope = { 0 };
    struct sp_eval eval = { .arena = arena, .scope = &scope };

    sp_scope_set(&scope, "recipe", json(arena, "{\"a\": 1}").dict, true);
    for (size_t i = 0; i < SP_COUNT(cases); i++) {
        struct sp_value got =
            sp_eval_subst(&eval, sp_text(sp_str_of(cases[i].text)), cases[i].forgiving);
        if (!tap_ok(got.kind == SP_TEXT && sp_str_is(got.text, cases[i].want), "subst %s",
                    cases[i].text))
            printf("# got " SP_STR_FMT "\n", SP_STR_ARG(got.text));
    }
    struct sp_value strict = sp_eval_subst(&eval, sp_text(SP_STR("{recipe.nope}")), false);
    tap_ok(strict.kind == SP_ERROR, "not forgiving");
}

static void check_references(void)
{
    static const struct {
        const char *text, *want;
    } cases[] = {
        { "plain", "[]" },
        { "=recipe.a + steps.x.y", "['recipe.a', 'steps.x.y']" },
        { "{recipe.a}/{current.b:{recipe.w}}", "['recipe.a', 'current.b', 'recipe.w']" },
        { "=IF(recipe.a, recipe.a, 'x{recipe.c}')", "['recipe.a', 'recipe.c']" },
        { "=GLOB({recipe.ms}*.fits)[recipe.i]", "['recipe.ms', 'recipe.i']" },
        { "=recipe.l[0:recipe.n]", "['recipe.l', 'recipe.n']" },
        { "{steps[image-1].out}", "['steps.image-1.out']" },
        { "{recipe.l[0].x}", "['recipe.l']" },
        { "=-recipe.x ** recipe.y", "['recipe.x', 'recipe.y']" },
        { "==recipe.a{recipe.b}", "['recipe.b']" },
        { "=NOSUBST('{recipe.a}')", "[]" },
        { "=recipe.a +", "[]" },
        { "{{recipe.a}}", "[]" },
    };
    sp_auto_arena struct sp_arena *arena = sp_arena_new();

    for (size_t i = 0; i < SP_COUNT(cases); i++) {
        struct sp_value refs = sp_list_new(arena);
        sp_eval_references(arena, sp_str_of(cases[i].text), refs.list);
        struct sp_str got = sp_value_text(arena, refs);
        if (!tap_ok(sp_str_is(got, cases[i].want), "references of %s", cases[i].text))
            printf("# got " SP_STR_FMT "\n", SP_STR_ARG(got));
    }
}

/* --- LOG and ABORT ------------------------------------------------------------------------ */

struct logged {
    enum sp_log_level level;
    unsigned flags;
    unsigned count;
};

static void note(void *arg, enum sp_log_level level, struct sp_str text, unsigned flags)
{
    struct logged *logged = arg;

    (void)text;
    *logged = (struct logged){ level, flags, logged->count + 1 };
}

static void check_log(void)
{
    static const struct {
        const char *formula;
        enum sp_log_level level;
        unsigned flags;
    } cases[] = {
        { "=LOG('x')", SP_LOG_INFO, 0 },
        { "=LOG('x', 'debug')", SP_LOG_DEBUG, 0 },
        { "=LOG('x', 'warning')", SP_LOG_WARNING, SP_LOG_SUMMARY },
        { "=LOG('x', 'warning, no-summary')", SP_LOG_WARNING, 0 },
        { "=LOG('x', 'summary')", SP_LOG_INFO, SP_LOG_SUMMARY },
        { "=LOG('x', 'error', 'no-repeat')", SP_LOG_ERROR, SP_LOG_SUMMARY | SP_LOG_NO_REPEAT },
        { "=LOG('x', 'only-summary')", SP_LOG_INFO, SP_LOG_SUMMARY | SP_LOG_SUMMARY_ONLY },
        { "=LOG_INFO('x')", SP_LOG_INFO, 0 },
        { "=LOG_WARNING('x')", SP_LOG_WARNING, SP_LOG_SUMMARY },
        { "=LOG_ERROR('x')", SP_LOG_ERROR, SP_LOG_SUMMARY },
        { "=LOG_CRITICAL('x')", SP_LOG_CRITICAL, SP_LOG_SUMMARY },
    };
    sp_auto_arena struct sp_arena *arena = sp_arena_new();
    struct sp_scope scope = { 0 };

    for (size_t i = 0; i < SP_COUNT(cases); i++) {
        struct logged logged = { 0 };
        struct sp_eval eval = { .arena = arena, .scope = &scope, .log = note, .log_arg = &logged };
        struct sp_value formula = sp_text(sp_str_of(cases[i].formula));
        (void)sp_eval_value(&eval, formula);
        tap_ok(logged.count == 1 && logged.level == cases[i].level &&
                   logged.flags == cases[i].flags,
               "%s", cases[i].formula);
        eval.tolerant = true;
        (void)sp_eval_value(&eval, formula);
        tap_ok(logged.count == 1, "%s is silent before a run", cases[i].formula);
    }
}

static void check_abort(void)
{
    sp_auto_arena struct sp_arena *arena = sp_arena_new();
    struct sp_scope scope = { 0 };
    struct sp_eval eval = { .arena = arena, .scope = &scope, .tolerant = true };
    struct sp_value formula = sp_text(SP_STR("=ABORT(that is all)"));

    tap_ok(sp_eval_value(&eval, formula).kind == SP_UNRESOLVED && !eval.aborted,
           "ABORT before a run");
    eval.tolerant = false;
    struct sp_value got = sp_eval_value(&eval, formula);
    tap_ok(got.kind == SP_ERROR && eval.aborted && sp_str_is(got.text, "ABORT: that is all"),
           "ABORT in a run");
}

/* --- limits ------------------------------------------------------------------------------- */

static struct sp_value repeated(struct sp_eval *eval,
                                const char *start,
                                const char *part,
                                size_t times,
                                const char *middle,
                                const char *end_part)
{
    sp_auto_buf struct sp_buf text = SP_BUF(SP_BUF_LARGE);

    sp_buf_adds(&text, start);
    for (size_t i = 0; i < times; i++)
        sp_buf_adds(&text, part);
    sp_buf_adds(&text, middle);
    for (size_t i = 0; i < times; i++)
        sp_buf_adds(&text, end_part);
    return sp_eval_value(eval, sp_text(sp_arena_str(eval->arena, sp_buf_str(&text))));
}

static void check_depth(void)
{
    static const struct {
        const char *part, *middle, *end;
        size_t good, bad;
    } cases[] = {
        { "(", "1", ")", 240, 100000 },     { "-", "1", "", 240, 100000 },
        { "not ", "1", "", 240, 100000 },   { "IF(1,", "1", ",2)", 240, 100000 },
        { "LIST(", "1", ")", 190, 100000 }, { "GLOB(", "'x'", ")", 0, 100000 },
        { "1+(", "1", ")", 240, 100000 },   { "recipe.l", "", "[0]", 1, 100000 },
        { "1+", "1", "", 100000, 0 },       { "1**", "1", "", 100000, 0 },
    };
    sp_auto_arena struct sp_arena *arena = sp_arena_new();
    struct sp_scope scope = { 0 };
    struct sp_eval eval = { .arena = arena, .scope = &scope };

    sp_scope_set(&scope, "recipe", json(arena, "{\"l\": [[1]]}").dict, true);
    for (size_t i = 0; i < SP_COUNT(cases); i++) {
        struct sp_value got =
            repeated(&eval, "=", cases[i].part, cases[i].good, cases[i].middle, cases[i].end);
        if (cases[i].good &&
            !tap_ok(got.kind != SP_ERROR, "%zu times %s", cases[i].good, cases[i].part))
            printf("# got " SP_STR_FMT "\n", SP_STR_ARG(got.text));
        if (!cases[i].bad)
            continue;
        got = repeated(&eval, "=", cases[i].part, cases[i].bad, cases[i].middle, cases[i].end);
        tap_ok(got.kind == SP_ERROR, "%zu times %s", cases[i].bad, cases[i].part);
    }
    struct sp_value items = repeated(&eval, "=", "", 100000, "LIST(1)", "[0]");
    tap_ok(items.kind == SP_ERROR && sp_str_find_str(items.text, SP_STR("nested")) != SIZE_MAX,
           "a hundred thousand indices");
}

/* a0 = "{current.a1}", a1 = "{current.a2}" ... */
static struct sp_dict *chain(struct sp_arena *arena, size_t count, const char *format)
{
    struct sp_dict *dict = sp_dict_new(arena).dict;

    for (size_t i = 0; i < count; i++) {
        sp_auto_buf struct sp_buf text = SP_BUF(SP_BUF_SMALL);
        for (const char *c = format; *c; c++) {
            if (*c == '#')
                sp_buf_addf(&text, "{current.a%zu}", i + 1);
            else
                sp_buf_addc(&text, *c);
        }
        sp_dict_set(arena, dict, sp_arena_printf(arena, "a%zu", i),
                    sp_text(sp_arena_str(arena, sp_buf_str(&text))));
    }
    sp_dict_set(arena, dict, sp_arena_printf(arena, "a%zu", count), sp_text(SP_STR("")));
    return dict;
}

static void check_chains(void)
{
    static const struct {
        size_t count;
        const char *format, *want; /* NULL: fine */
    } cases[] = {
        { 200, "#", NULL },
        { 5000, "#", "references nested deeper" },
        { 15, "##", NULL },
        { 60, "##", "evaluation takes more than" },
        { 60, "x##", "evaluation takes more than" },
    };
    sp_auto_arena struct sp_arena *arena = sp_arena_new();

    for (size_t i = 0; i < SP_COUNT(cases); i++) {
        struct sp_scope scope = { 0 };
        struct sp_eval eval = { .arena = arena, .scope = &scope };
        sp_scope_set(&scope, "current", chain(arena, cases[i].count, cases[i].format), true);
        struct sp_value got = sp_eval_value(&eval, sp_text(SP_STR("{current.a0}")));
        bool good = cases[i].want
                        ? got.kind == SP_ERROR &&
                              sp_str_find_str(got.text, sp_str_of(cases[i].want)) != SIZE_MAX
                        : got.kind == SP_TEXT;
        if (!tap_ok(good, "chain of %zu: %s", cases[i].count, cases[i].format))
            printf("# got " SP_STR_FMT "\n", SP_STR_ARG(got.text));
        tap_ok(eval.depth == 0 && eval.frame == NULL, "and nothing is left behind");
    }
}

/* In a set each member is evaluated once, so that doubling does no harm. */
static void check_doubling_set(void)
{
    sp_auto_arena struct sp_arena *arena = sp_arena_new();
    struct sp_scope scope = { 0 };
    struct sp_eval eval = { .arena = arena, .scope = &scope };
    struct sp_dict *params = chain(arena, 60, "##");

    sp_scope_set(&scope, "current", params, true);
    sp_eval_params(&eval, params, NULL);
    tap_ok(sp_dict_get(params, "a0")->kind == SP_TEXT, "a set evaluates each member once");
}

/* Each list holds the next one twice: small in memory, endless when written. */
static void check_sharing(void)
{
    enum {
        COUNT = 60
    };
    sp_auto_arena struct sp_arena *arena = sp_arena_new();
    struct sp_scope scope = { 0 };
    struct sp_eval eval = { .arena = arena, .scope = &scope };
    struct sp_dict *params = sp_dict_new(arena).dict;

    for (unsigned i = 0; i < COUNT; i++)
        sp_dict_set(arena, params, sp_arena_printf(arena, "a%u", i),
                    sp_text(sp_arena_printf(arena,
                                            i % 2 ? "=LIST(current.a%u, current.a%u)"
                                                  : "=current.a%u + current.a%u",
                                            i + 1, i + 1)));
    sp_dict_set(arena, params, sp_arena_printf(arena, "a%d", COUNT), sp_list_new(arena));
    sp_list_add(arena, sp_dict_find(params, sp_arena_printf(arena, "a%d", COUNT))->list, sp_int(1));
    sp_scope_set(&scope, "current", params, true);
    sp_eval_params(&eval, params, NULL);
    struct sp_value top = *sp_dict_get(params, "a0");
    struct sp_value small = *sp_dict_get(params, "a50");
    tap_ok(top.kind == SP_ERROR, "lists that hold others twice");
    tap_ok(small.kind == SP_LIST, "and up to a point they are fine");
}

static void check_functions(void)
{
    size_t count;
    const struct sp_function_help *help = sp_eval_functions(&count);
    bool complete = count > 0;

    for (size_t i = 0; i < count; i++)
        complete = complete && help[i].name[0] && help[i].summary[0] && help[i].arguments;
    tap_ok(complete && count == 30, "every function has help: %zu", count);
}

int main(void)
{
    for (size_t i = 0; i < SP_COUNT(set_cases); i++) {
        check_set(&set_cases[i], false);
        check_set(&set_cases[i], true);
    }
    check_other_space();
    check_containers();
    check_subst();
    check_references();
    check_log();
    check_abort();
    check_depth();
    check_chains();
    check_doubling_set();
    check_sharing();
    check_functions();
    return tap_done();
}
