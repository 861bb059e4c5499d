/* SPDX-License-Identifier: BSD-3-Clause */
#include "lang/interpolate.h"

#include "base/tap.h"

#include "lang/world_fake.h"
#include "lang/yaml.h"
#include "value/text.h"

struct bench {
    struct sp_arena *arena;
    struct sp_origins *origins;
    struct sp_diags diags;
};

static struct sp_value interpolate(struct bench *bench, struct sp_str text)
{
    static const struct sp_world_pair env[] = { { "NAME", "value" }, { "NUMBER", "12" } };
    struct sp_world_fake fake = { .env = env, .env_len = SP_COUNT(env) };
    struct sp_world world;
    struct sp_value value = sp_null();
    struct sp_err err = SP_ERR_INIT;

    sp_world_fake_init(&world, &fake);
    bench->arena = sp_arena_new();
    bench->origins = sp_origins_new();
    sp_diags_init(&bench->diags, bench->arena, bench->origins);
    struct sp_interpolation how = {
        .arena = bench->arena,
        .origins = bench->origins,
        .diags = &bench->diags,
        .world = &world,
        .path = SP_STR("./sub/C.yml"),
        .dir = SP_STR("./sub"),
    };
    if (sp_yaml_parse(bench->arena, bench->origins, SP_STR("f.yml"), text, SP_YAML_CONFIG,
                      &bench->diags, &value, &err))
        printf("# %s\n", err.text);
    else
        value = sp_interpolate(&how, value);
    sp_world_fake_fini(&fake);
    return value;
}

static void close_bench(struct bench *bench)
{
    sp_diags_fini(&bench->diags);
    sp_origins_free(bench->origins);
    sp_arena_free(bench->arena);
}

static const struct {
    const char *text, *want;
} values[] = {
    { "a: 5\nb: ${a}\n", "{'a': 5, 'b': 5}" },
    { "b: ${a.x}\na: {x: 1.5}\n", "{'b': 1.5, 'a': {'x': 1.5}}" },
    { "a: {x: 1}\nb: ${a}\n", "{'a': {'x': 1}, 'b': {'x': 1}}" },
    { "a: [p, q]\nb: ${a[1]}\nc: ${a.0}\nd: ${a[-1]}\n",
      "{'a': ['p', 'q'], 'b': 'q', 'c': 'p', 'd': 'q'}" },
    { "a: {b c: 1}\nd: ${a[b c]}\n", "{'a': {'b c': 1}, 'd': 1}" },
    { "a: 5\nb: \"x${a}y${a}\"\n", "{'a': 5, 'b': 'x5y5'}" },
    { "a: ~\nb: true\nc: 1.0\nd: \"${a} ${b} ${c}\"\n",
      "{'a': None, 'b': True, 'c': 1.0, 'd': 'None True 1.0'}" },
    { "a: ${b}\nb: ${c}\nc: 1\n", "{'a': 1, 'b': 1, 'c': 1}" },
    { "a: {x: \"${b}\"}\nb: 2\nc: ${a}\n", "{'a': {'x': 2}, 'b': 2, 'c': {'x': 2}}" },
    { "a: ${b}\nb: {x: 1}\nc: ${a.x}\n", "{'a': {'x': 1}, 'b': {'x': 1}, 'c': 1}" },
    { "s: {a: 1, b: \"${.a}\", t: {c: \"${..a}\"}}\n", "{'s': {'a': 1, 'b': 1, 't': {'c': 1}}}" },
    { "n: x\nx: 3\na: ${${n}}\n", "{'n': 'x', 'x': 3, 'a': 3}" },
    { "l: [\"${a}\", 2]\na: 1\n", "{'l': [1, 2], 'a': 1}" },
    /* escapes */
    { "a: \\${b}\n", "{'a': '${b}'}" },
    { "b: 1\na: x\\\\${b}\n", "{'b': 1, 'a': 'x\\\\1'}" },
    { "b: 1\na: \\\\\\${b} ${b}\n", "{'b': 1, 'a': '\\\\${b} 1'}" },
    { "a: $b {c} $\n", "{'a': '$b {c} $'}" },
    /* resolvers */
    { "a: ${self:path}\nb: ${self:dirname}\nc: ${self:basename}\n",
      "{'a': './sub/C.yml', 'b': './sub', 'c': 'C.yml'}" },
    { "a: ${oc.env:NAME}/x\nb: ${oc.env:NUMBER}\n", "{'a': 'value/x', 'b': '12'}" },
    { "a: ${oc.env:NOPE,5}\nb: ${oc.env:NOPE,null}\nc: \"${oc.env:NOPE,'a, b}'}\"\n",
      "{'a': '5', 'b': None, 'c': 'a, b}'}" },
    { "d: dd\na: ${oc.env:NOPE,${d}}\n", "{'d': 'dd', 'a': 'dd'}" },
    { "a: ${oc.select:b}\nc: ${oc.select:x,7}\nd: ${oc.select:x}\nb: 1\n",
      "{'a': 1, 'c': 7, 'd': None, 'b': 1}" },
    { "a: ${oc.decode:${oc.env:NUMBER}}\nb: \"${oc.create:[1, x]}\"\nc: ${oc.decode:'7'}\n",
      "{'a': 12, 'b': [1, 'x'], 'c': '7'}" },
    { "m: {p: 1, q: 2}\nk: ${oc.dict.keys:m}\nv: ${oc.dict.values:m}\n",
      "{'m': {'p': 1, 'q': 2}, 'k': ['p', 'q'], 'v': [1, 2]}" },
};

static void test_values(void)
{
    for (size_t i = 0; i < SP_COUNT(values); i++) {
        struct bench bench;
        sp_auto_buf struct sp_buf got = SP_BUF(SP_BUF_SMALL);
        struct sp_value value = interpolate(&bench, sp_str_of(values[i].text));
        sp_value_repr(value, &got);
        if (!tap_ok(strcmp(got.ptr, values[i].want) == 0 && bench.diags.len == 0, "%s",
                    values[i].want))
            printf("# got %s, %s\n", got.ptr,
                   bench.diags.len ? bench.diags.items[0].text : "no finding");
        close_bench(&bench);
    }
}

static const struct {
    const char *text;
    const char *want; /* "line:column+length text" */
    const char *hint;
} faults[] = {
    { "telescope: 1\na: x ${telescop}\n", "2:6+11 this file has no key 'telescop'",
      "did you mean 'telescope'?" },
    { "s: {ab: 1}\na: ${s.abc}\n", "2:4+8 this file has no key 's.abc'", "did you mean 'ab'?" },
    { "s: [1]\na: ${s[1]}\n", "2:4+7 this file has no key 's[1]'", "an ordinary '${'" },
    { "a: ${a}\n", "1:4+4 this ${...} refers to itself", NULL },
    { "a: ${b}\nb: ${a}\n", "1:4+4 this ${...} refers to itself", NULL },
    { "a: {b: \"${a}\"}\n", "1:9+4 this ${...} refers to itself", NULL },
    { "a: \"${b\"\n", "1:5+2 this '${' is not closed", "'\\${'" },
    { "a: ${self:file}\n", "1:4+12 ${self:...} does not know 'file'", "path, dirname" },
    { "a: ${oc.env:NOPE}\n", "1:4+14 environment variable is not set: 'NOPE'", "default" },
    { "a: ${oc.evn:NOPE}\n", "1:4+14 unknown resolver 'oc.evn'", "did you mean 'oc.env'?" },
    { "a: \"x${m}\"\nm: {}\n", "1:6+2 a mapping cannot be put into a text", NULL },
    { "a: ${..b}\n", "1:4+6 there is nothing above the top of the file for '..b'", NULL },
    { "a: ${oc.dict.keys:b}\nb: 1\n", "1:4+17 this is not a mapping: 'b'", NULL },
    { "a: ${oc.deprecated:b}\nb: 1\n", "1:4+18 this key is deprecated, use 'b'", NULL },
};

static void test_faults(void)
{
    for (size_t i = 0; i < SP_COUNT(faults); i++) {
        struct bench bench;
        struct sp_origin at = { 0 };
        struct sp_str got = SP_STR("nothing");
        (void)interpolate(&bench, sp_str_of(faults[i].text));
        const struct sp_diag *diag = bench.diags.len ? &bench.diags.items[0] : NULL;
        if (diag) {
            (void)sp_origins_get(bench.origins, diag->origin, &at);
            got = sp_arena_printf(bench.arena, "%u:%u+%u %s", at.line, at.column, at.length,
                                  diag->text);
        }
        bool hinted = !faults[i].hint || (diag && diag->hint && strstr(diag->hint, faults[i].hint));
        if (!tap_ok(sp_str_is(got, faults[i].want) && hinted, "%s", faults[i].want))
            printf("# got " SP_STR_FMT ", hint %s\n", SP_STR_ARG(got),
                   diag && diag->hint ? diag->hint : "none");
        close_bench(&bench);
    }
}

static void check_limit(const char *name, struct sp_buf *text, const char *want)
{
    struct bench bench;

    (void)interpolate(&bench, sp_buf_str(text));
    if (!tap_ok(bench.diags.len && strstr(bench.diags.items[0].text, want), "%s", name))
        printf("# got %s\n", bench.diags.len ? bench.diags.items[0].text : "nothing");
    close_bench(&bench);
    sp_buf_clear(text);
}

static void test_limits(void)
{
    sp_auto_buf struct sp_buf text = SP_BUF(SP_BUF_LARGE);

    for (int i = 0; i < 40; i++)
        sp_buf_addf(&text, "a%d: \"${a%d}${a%d}\"\n", i, i + 1, i + 1);
    sp_buf_adds(&text, "a40: xxxxxxxxxxxxxxxx\n");
    check_limit("texts that double", &text, "expand to too much");
    for (int i = 0; i < 40; i++)
        sp_buf_addf(&text, "a%d: {x: \"${a%d}\", y: \"${a%d}\"}\n", i, i + 1, i + 1);
    sp_buf_adds(&text, "a40: 1\n");
    check_limit("sections that double", &text, "expand to too much");
    for (int i = 0; i < 1000; i++)
        sp_buf_addf(&text, "a%d: \"${a%d}\"\n", i, i + 1);
    sp_buf_adds(&text, "a1000: 1\n");
    check_limit("a long chain", &text, "more than 64 times");
    sp_buf_adds(&text, "a: \"");
    for (int i = 0; i < 5000; i++)
        sp_buf_adds(&text, "${");
    sp_buf_add_repeat(&text, '}', 5000);
    sp_buf_adds(&text, "\"\n");
    check_limit("endless nesting", &text, "expand to too much");
}

int main(void)
{
    test_values();
    test_faults();
    test_limits();
    return tap_done();
}
