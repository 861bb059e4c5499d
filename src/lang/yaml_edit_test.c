/* SPDX-License-Identifier: BSD-3-Clause */
#include "lang/yaml_edit.h"

#include "base/tap.h"

static const struct {
    const char *text, *path, *value, *want; /* want NULL: refused */
} cases[] = {
    { "", "a", "1", "a: 1\n" },
    { "", "opts.log.dir", "logs", "opts:\n  log:\n    dir: logs\n" },
    { "a: 1\n", "a", "2", "a: 2\n" },
    { "a: 1", "b", "2", "a: 1\nb: 2\n" },
    { "# top\na: 1   # why\nb: 2\n", "a", "x", "# top\na: x   # why\nb: 2\n" },
    { "a:\n  b: 1\nc: 2\n", "a.d", "3", "a:\n  b: 1\n  d: 3\nc: 2\n" },
    { "a:\n    b: 1\n\n# about c\nc: 2\n", "a.d.e", "3",
      "a:\n    b: 1\n    d:\n      e: 3\n\n# about c\nc: 2\n" },
    { "a:\n  # only this\nc: 2 # x\n", "a.b", "1", "a:\n  b: 1\n  # only this\nc: 2 # x\n" },
    { "'a':\n  \"b\": 1\n", "a.b", "2", "'a':\n  \"b\": 2\n" },
    { "a: {b: 1}\n", "a.b", "2", "a:\n  b: 2\n" },
    { "a: {b: 1} # flow\n", "a.b", "2", NULL },
    { "a: &x {b: 1}\nc: *x\n", "a.b", "2", "a:\n  b: 2\nc:\n  b: 1\n" },
    { "a:\n- 1\n- 2\nb: 3\n", "b", "4", "a:\n- 1\n- 2\nb: 4\n" },
    { "a: [1,\n  2] # two\nb: 3\n", "a", "5", NULL },
    { "a: |\n  text\n  b: 1\nb: 2 # x\n", "b", "3", "a: |\n  text\n  b: 1\nb: 3 # x\n" },
    { "a: 'it # is'\n", "a", "2", "a: 2\n" },
    { "a: 1\n", "a.b", "2", NULL },
    { "[1]\n", "a", "2", NULL },
    { "a: [\n", "a", "2", NULL },
    { "ab: 1\n", "a", "2", "ab: 1\na: 2\n" },
    { "a: 1\n", "a", "[1, x]", "a: [1, \"x\"]\n" },
    { "a: 1\n", "a", "'yes'", "a: \"yes\"\n" },
    { "a: 1\n", "a", "'5'", "a: \"5\"\n" },
    { "a: 1\n", "a", "null", "a: null\n" },
    { "a: 1\n", "a", "'{x} y'", "a: \"{x} y\"\n" },
    { "a: 1\n", "a", "~/images", "a: ~/images\n" },
    { "a: 1\r\nb: 2\r\n", "b", "3", "a: 1\r\nb: 3\n" },
    { "a: 1\n", "\xff", "1", NULL },
    { "a: 1\n", "vars.b \xff:", "1", NULL },
    { "a: 1\n", "it is:", "1", "a: 1\n\"it is:\": 1\n" },
};

static struct sp_value value_of(struct sp_arena *arena, const char *text)
{
    struct sp_origins *origins = sp_origins_new();
    struct sp_diags diags;
    struct sp_value value;
    struct sp_err err = SP_ERR_INIT;

    sp_diags_init(&diags, arena, origins);
    if (sp_yaml_parse(arena, origins, SP_STR("v"), sp_str_of(text), SP_YAML_COMMAND_LINE, &diags,
                      &value, &err))
        value = sp_null();
    sp_diags_fini(&diags);
    sp_origins_free(origins);
    return value;
}

int main(void)
{
    for (size_t i = 0; i < SP_COUNT(cases); i++) {
        sp_auto_arena struct sp_arena *arena = sp_arena_new();
        sp_auto_buf struct sp_buf out = SP_BUF(SP_BUF_SMALL);
        struct sp_err err = SP_ERR_INIT;
        enum sp_rc rc =
            sp_yaml_edit(arena, SP_STR("f.yml"), sp_str_of(cases[i].text), sp_str_of(cases[i].path),
                         value_of(arena, cases[i].value), &out, &err);
        bool fine = cases[i].want ? rc == SP_OK && strcmp(out.ptr, cases[i].want) == 0
                                  : rc != SP_OK && out.len == 0;
        if (!tap_ok(fine, "%s: %s = %s", cases[i].text, cases[i].path, cases[i].value))
            printf("# got %s%s\n", out.ptr, err.text);
    }
    return tap_done();
}
