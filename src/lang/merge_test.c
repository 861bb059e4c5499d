/* SPDX-License-Identifier: BSD-3-Clause */
#include "base/tap.h"

#include "lang/compose.h"
#include "value/text.h"

struct row {
    const char *base, *other, *want;
    const char *finding; /* NULL: none */
};

/* Base, overlay, result. */
static const struct row merges[] = {
    { "{a: 1, b: 2}", "{c: 3, b: 4}", "{'a': 1, 'b': 4, 'c': 3}", NULL },
    { "{a: {x: 1, y: 2}}", "{a: {y: 3, z: 4}}", "{'a': {'x': 1, 'y': 3, 'z': 4}}", NULL },
    { "{a: [1, 2, 3]}", "{a: [4]}", "{'a': [4]}", NULL },
    { "{a: [1]}", "{a: []}", "{'a': []}", NULL },
    { "{a: 1}", "{a: x}", "{'a': 'x'}", NULL },
    { "{a: {x: 1}}", "{a: 5}", "{'a': 5}", NULL },
    { "{a: [1]}", "{a: 5}", "{'a': 5}", NULL },
    { "{a: 5}", "{a: {x: 1}}", "{'a': {'x': 1}}", NULL },
    { "{a: 5}", "{a: [1]}", "{'a': [1]}", NULL },
    { "{a: ~}", "{a: {x: 1}}", "{'a': {'x': 1}}", NULL },
    { "{a: {x: 1}, b: 2}", "{a: ~, b: ~}", "{'a': None, 'b': None}", NULL },
    { "{a: 1, b: {x: 1}}", "{a: '?\?\?', b: '?\?\?', c: '?\?\?'}",
      "{'a': 1, 'b': {'x': 1}, 'c': '?\?\?'}", NULL },
    { "{a: '?\?\?'}", "{a: 1}", "{'a': 1}", NULL },
    { "{a: {x: 1}}", "{a: {}}", "{'a': {'x': 1}}", NULL },
    { "{}", "{b: 1, a: 2}", "{'b': 1, 'a': 2}", NULL },
    { "{a: {x: 1}, b: 1}", "{a: [1], b: 2}", "{'a': {'x': 1}, 'b': 2}",
      "a list cannot be merged with a mapping" },
    { "{a: [1]}", "{a: {x: 1}}", "{'a': [1]}", "a mapping cannot be merged with a list" },
    { "1", "{a: 1}", "{'a': 1}", NULL },
    { "{a: 1}", "2", "2", NULL },
};

/* Tree, patterns, what remains. */
static const struct row scrubs[] = {
    { "{a: 1, b: 2, c: 3}", "b", "{'a': 1, 'c': 3}", NULL },
    { "{a: 1, b: 2, c: 3}", "[a, c]", "{'b': 2}", NULL },
    { "{a: {x: 1, y: 2}, b: 2}", "a.x", "{'a': {'y': 2}, 'b': 2}", NULL },
    { "{a1: {x: 1, y: 1}, a2: {x: 2}, b: {x: 3}}", "a?.x",
      "{'a1': {'y': 1}, 'a2': {}, 'b': {'x': 3}}", NULL },
    { "{a: 1, b: 2}", "'*'", "{}", NULL },
    { "{a: {x: 1}, b: {x: 2, y: 3}}", "'*.x'", "{'a': {}, 'b': {'y': 3}}", NULL },
    { "{ab: 1, ac: 2, ad: 3}", "'a[bc]'", "{'ad': 3}", NULL },
    { "{a: 1, b: {x: 1}}", "'*.x'", "{'a': 1, 'b': {}}", NULL },
    /* a pattern that matches nothing does not end the list */
    { "{a: 1, b: 2}", "['x*', b]", "{'a': 1}", NULL },
    { "{a: 1, b: 2}", "'*.x.y'", "{'a': 1, 'b': 2}", NULL },
    { "{a: 1}", "[]", "{'a': 1}", NULL },
    { "{telescope: 1}", "telescop", "{'telescope': 1}", "no entry matching 'telescop'" },
    { "{a: {x: 1}}", "a.y", "{'a': {'x': 1}}", "no entry matching 'y'" },
    { "{a: 1}", "a.x", "{'a': 1}", "'a' does not refer to a subsection" },
    { "{a: 1}", "3", "{'a': 1}", "_scrub takes names of keys" },
    { "{a: 1}", "[{b: 1}]", "{'a': 1}", "_scrub takes names of keys" },
    { "[1]", "a", "[1]", NULL },
};

static struct sp_value parse(struct sp_arena *arena,
                             struct sp_diags *diags,
                             struct sp_origins *origins,
                             const char *text)
{
    struct sp_value value = sp_null();
    struct sp_err err = SP_ERR_INIT;

    if (sp_yaml_parse(arena, origins, SP_STR("f.yml"), sp_str_of(text), SP_YAML_CONFIG, diags,
                      &value, &err))
        printf("# %s\n", err.text);
    return value;
}

static void check(const char *what, const struct row *row, bool scrub)
{
    sp_auto_arena struct sp_arena *arena = sp_arena_new();
    struct sp_origins *origins = sp_origins_new();
    struct sp_diags diags;
    sp_auto_buf struct sp_buf got = SP_BUF(SP_BUF_SMALL);
    sp_auto_buf struct sp_buf before = SP_BUF(SP_BUF_SMALL);
    sp_auto_buf struct sp_buf after = SP_BUF(SP_BUF_SMALL);

    sp_diags_init(&diags, arena, origins);
    struct sp_value base = parse(arena, &diags, origins, row->base);
    struct sp_value other = parse(arena, &diags, origins, row->other);
    sp_value_repr(base, &before);
    struct sp_value result =
        scrub ? sp_scrub(arena, base, other, &diags) : sp_merge(arena, base, other, &diags);
    sp_value_repr(result, &got);
    sp_value_repr(base, &after);
    bool found =
        row->finding ? diags.len == 1 && strstr(diags.items[0].text, row->finding) : diags.len == 0;
    if (!tap_ok(strcmp(got.ptr, row->want) == 0 && found && strcmp(before.ptr, after.ptr) == 0,
                "%s %s: %s", what, row->base, row->other))
        printf("# got %s, %s\n", got.ptr, diags.len ? diags.items[0].text : "no finding");
    sp_diags_fini(&diags);
    sp_origins_free(origins);
}

int main(void)
{
    for (size_t i = 0; i < SP_COUNT(merges); i++)
        check("merge", &merges[i], false);
    for (size_t i = 0; i < SP_COUNT(scrubs); i++)
        check("scrub", &scrubs[i], true);
    return tap_done();
}
