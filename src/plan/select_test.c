/* SPDX-License-Identifier: BSD-3-Clause */
/* Conformance: spec stimela2.md 6.4 and Appendix A. The recipe is ours, its structure is that of
 * the appendix: s1 (always), s2, s3 (never, foo), s4 (foo) are used twice nested, s5 is skipped. */
#include "plan/select.h"

#include "base/tap.h"

#include "lang/compose.h"
#include "lang/world_fake.h"
#include "plan/walk.h"

static const char recipe[] = "cabs:\n"
                             "  say: {command: echo, inputs: {n: {dtype: int, default: 1}}}\n"
                             "  wants: {command: echo, inputs: {n: {dtype: int, required: true}}}\n"
                             "top:\n"
                             "  steps:\n"
                             "    s1: {cab: say, tags: [always]}\n"
                             "    s2: {recipe: middle}\n"
                             "    s3: {recipe: middle, tags: [never, foo]}\n"
                             "    s4: {recipe: middle, tags: [foo]}\n"
                             "    s5: {cab: say, skip: true}\n"
                             "middle:\n"
                             "  steps:\n"
                             "    t1: {cab: say, tags: [always]}\n"
                             "    t2: {cab: say, tags: [never, foo]}\n"
                             "    t3: {cab: say}\n"
                             "    t4: {cab: say, tags: [foo, bar]}\n"
                             "    t5: {cab: say, tags: [bar]}\n"
                             "    t6: {cab: say, skip: true}\n"
                             "    t7: {recipe: inner}\n"
                             "inner:\n"
                             "  steps:\n"
                             "    r1: {cab: say, tags: [always]}\n"
                             "    r2: {cab: say, tags: [never]}\n"
                             "    r3: {cab: say, tags: [foo]}\n"
                             "    r4: {cab: say, skip: true}\n"
                             "dots:\n"
                             "  steps:\n"
                             "    a: {recipe: plain}\n"
                             "    a.b: {recipe: plain}\n"
                             "    a.b.x: {cab: say}\n"
                             "plain: {steps: {x: {cab: say}, y: {cab: say}}}\n"
                             "nobody: {steps: {x: {cab: say, tags: [never]}}}\n"
                             "empty: {steps: {}}\n"
                             "loop:\n"
                             "  for_loop: {var: i, over: [1, 2]}\n"
                             "  steps: {x: {cab: say}, y: {cab: say}}\n"
                             "needy:\n"
                             "  steps: {x: {cab: say}, y: {cab: wants}}\n";

struct bed {
    struct sp_arena *arena;
    struct sp_origins *origins;
    struct sp_diags diags;
    struct sp_config config;
    struct sp_world_fake fake;
    struct sp_world world;
    struct sp_composer composer;
};

static void open_bed(struct bed *bed)
{
    struct sp_value document;
    struct sp_err err = SP_ERR_INIT;

    *bed = (struct bed){ .arena = sp_arena_new(), .origins = sp_origins_new() };
    sp_world_fake_init(&bed->world, &bed->fake);
    sp_diags_init(&bed->diags, bed->arena, bed->origins);
    sp_config_init(&bed->config, bed->arena, &bed->diags);
    bed->composer = (struct sp_composer){
        .arena = bed->arena, .origins = bed->origins, .diags = &bed->diags, .world = &bed->world
    };
    if (sp_compose_text(&bed->composer, SP_STR("recipe.yml"), SP_STR("/work"), sp_str_of(recipe),
                        SP_NO_SOURCES, &document, &err) == SP_OK)
        sp_config_add(&bed->config, document);
}

static void close_bed(struct bed *bed)
{
    sp_composer_fini(&bed->composer);
    sp_config_fini(&bed->config);
    sp_diags_fini(&bed->diags);
    sp_world_fake_fini(&bed->fake);
    sp_origins_free(bed->origins);
    sp_arena_free(bed->arena);
}

static const struct sp_option options[] = {
    SP_OPT_WORDS("s", "step", struct sp_selection, steps, "S", ""),
    SP_OPT_WORDS("k", "skip-step", struct sp_selection, skip_steps, "S", ""),
    SP_OPT_WORDS("t", "tags", struct sp_selection, tags, "T", ""),
    SP_OPT_WORDS(NULL, "skip-tags", struct sp_selection, skip_tags, "T", ""),
    SP_OPT_WORDS("e", "enable-step", struct sp_selection, enable, "S", ""),
    SP_OPT_END,
};

static void parse(struct bed *bed, const char *text, struct sp_selection *out)
{
    char *argv[32] = { (char *)"run" };
    int argc = 1;
    struct sp_words words = { 0 };
    struct sp_err err = SP_ERR_INIT;

    for (struct sp_str rest = sp_str_of(text); rest.ptr && argc < 32;) {
        struct sp_str word = sp_str_cut(&rest, ' ');
        if (word.len)
            argv[argc++] = sp_arena_cstr(bed->arena, word);
    }
    tap_ok(sp_option_parse(options, argc, argv, out, &words, &err) == SP_OK, "options '%s'", text);
    sp_words_fini(&words);
}

static void walk_through(struct bed *bed,
                         const char *name,
                         const struct sp_selection *selection,
                         struct sp_buf *out)
{
    static const struct sp_outcome fine = { .success = true };
    struct sp_walk_options walk_options = {
        .config = &bed->config,
        .world = &bed->world,
        .diags = &bed->diags,
        .recipe = sp_config_recipe(&bed->config, sp_str_of(name)),
        .params = sp_dict_new(bed->arena).dict,
        .selection = selection,
    };
    struct sp_walk *walk = NULL;
    struct sp_action action;
    struct sp_err err = SP_ERR_INIT;

    enum sp_rc rc = sp_walk_new(&walk_options, &walk, &err);
    if (rc == SP_OK && sp_walk_has_nothing(walk))
        sp_buf_adds(out, "nothing");
    while (rc == SP_OK && sp_walk_next(walk, &action)) {
        if (action.kind != SP_ACTION_RUN)
            continue;
        struct sp_str task = action.position->taskname;
        sp_buf_addf(out, "%s" SP_STR_FMT, out->len ? " " : "",
                    SP_STR_ARG(sp_str_slice(task, strlen(name) + 1, task.len)));
        sp_walk_done(walk, &fine);
    }
    for (size_t i = 0; i < bed->diags.len; i++)
        sp_buf_addf(out, "%s%s%s%s", out->len ? " " : "", bed->diags.items[i].text,
                    bed->diags.items[i].hint ? "; " : "",
                    bed->diags.items[i].hint ? bed->diags.items[i].hint : "");
    sp_walk_free(walk);
}

static void check(const char *name, const char *text, const char *want)
{
    struct bed bed;
    struct sp_selection selection = { 0 };
    sp_auto_buf struct sp_buf got = SP_BUF(SP_BUF_SMALL);

    open_bed(&bed);
    parse(&bed, text, &selection);
    walk_through(&bed, name, &selection, &got);
    if (!tap_ok(strcmp(got.ptr, want) == 0, "%s %s", name, text))
        printf("#   want: %s\n#   got:  %s\n", want, got.ptr);
    sp_selection_fini(&selection);
    close_bed(&bed);
}

/* The leaf steps that run, in order: Appendix A. */
static const struct {
    const char *options, *want;
} appendix[] = {
    { "",
      "s1 s2.t1 s2.t3 s2.t4 s2.t5 s2.t7.r1 s2.t7.r3 s4.t1 s4.t3 s4.t4 s4.t5 s4.t7.r1 s4.t7.r3" },
    { "-t foo",
      "s1 s2.t1 s2.t7.r1 s3.t1 s3.t3 s3.t4 s3.t5 s3.t7.r1 s3.t7.r3 s4.t1 s4.t3 s4.t4 s4.t5 s4.t7.r1 s4.t7.r3" },
    { "-t s2.bar", "s1 s2.t1 s2.t4 s2.t5 s2.t7.r1 s4.t1 s4.t7.r1" },
    { "-t s2.t7.foo", "s1 s2.t1 s2.t7.r1 s2.t7.r3 s4.t1 s4.t7.r1" },
    { "-t s2.foo", "s1 s2.t1 s2.t2 s2.t4 s2.t7.r1 s4.t1 s4.t7.r1" },
    { "--skip-tags foo", "s1 s2.t1 s2.t3 s2.t4 s2.t5 s2.t7.r1 s2.t7.r3" },
    { "--skip-tags s2.bar",
      "s1 s2.t1 s2.t3 s2.t7.r1 s2.t7.r3 s4.t1 s4.t3 s4.t4 s4.t5 s4.t7.r1 s4.t7.r3" },
    { "--skip-tags s2.t7.foo",
      "s1 s2.t1 s2.t3 s2.t4 s2.t5 s2.t7.r1 s4.t1 s4.t3 s4.t4 s4.t5 s4.t7.r1 s4.t7.r3" },
    { "-s s3", "s1 s2.t1 s2.t7.r1 s3.t1 s3.t3 s3.t4 s3.t5 s3.t7.r1 s3.t7.r3 s4.t1 s4.t7.r1" },
    { "-s s3.t3", "s1 s2.t1 s2.t7.r1 s3.t1 s3.t3 s3.t7.r1 s4.t1 s4.t7.r1" },
    { "-s s2.t7.r2", "s1 s2.t1 s2.t7.r1 s2.t7.r2 s4.t1 s4.t7.r1" },
    { "-s s3.t6", "s1 s2.t1 s2.t7.r1 s3.t1 s3.t6 s3.t7.r1 s4.t1 s4.t7.r1" },
    { "-s s2:s3", "s1 s2.t1 s2.t3 s2.t4 s2.t5 s2.t7.r1 s2.t7.r3 s4.t1 s4.t7.r1" },
    { "-s s2.t2:t6", "s1 s2.t1 s2.t3 s2.t4 s2.t5 s2.t7.r1 s4.t1 s4.t7.r1" },
    { "-s s2.t7.r2:r4", "s1 s2.t1 s2.t7.r1 s2.t7.r3 s4.t1 s4.t7.r1" },
    { "-s s3:", "s1 s2.t1 s2.t7.r1 s4.t1 s4.t3 s4.t4 s4.t5 s4.t7.r1 s4.t7.r3" },
    { "-s :s2", "s1 s2.t1 s2.t3 s2.t4 s2.t5 s2.t7.r1 s2.t7.r3 s4.t1 s4.t7.r1" },
    { "-s s3.t5:", "s1 s2.t1 s2.t7.r1 s4.t1 s4.t3 s4.t4 s4.t5 s4.t7.r1 s4.t7.r3" },
    { "-s s2.:t4", "s1 s2.t1 s2.t3 s2.t4 s2.t7.r1 s4.t1 s4.t7.r1" },
    { "-s s2.t7.r3:", "s1 s2.t1 s2.t7.r1 s2.t7.r3 s4.t1 s4.t3 s4.t4 s4.t5 s4.t7.r1 s4.t7.r3" },
    { "-s s2.t7.:r1", "s1 s2.t1 s2.t3 s2.t4 s2.t5 s2.t7.r1 s4.t1 s4.t7.r1" },
    { "-k s2", "s1 s4.t1 s4.t3 s4.t4 s4.t5 s4.t7.r1 s4.t7.r3" },
    { "-k s2.t3",
      "s1 s2.t1 s2.t4 s2.t5 s2.t7.r1 s2.t7.r3 s4.t1 s4.t3 s4.t4 s4.t5 s4.t7.r1 s4.t7.r3" },
    { "-k s2.t7.r1",
      "s1 s2.t1 s2.t3 s2.t4 s2.t5 s2.t7.r3 s4.t1 s4.t3 s4.t4 s4.t5 s4.t7.r1 s4.t7.r3" },
    { "-k s1:s2", "s4.t1 s4.t3 s4.t4 s4.t5 s4.t7.r1 s4.t7.r3" },
    { "-k s2.t3:t4", "s1 s2.t1 s2.t5 s2.t7.r1 s2.t7.r3 s4.t1 s4.t3 s4.t4 s4.t5 s4.t7.r1 s4.t7.r3" },
    { "-k s4.t7.r1:r4", "s1 s2.t1 s2.t3 s2.t4 s2.t5 s2.t7.r1 s2.t7.r3 s4.t1 s4.t3 s4.t4 s4.t5" },
    { "-k s2:", "s1" },
    { "-k :s2", "s4.t1 s4.t3 s4.t4 s4.t5 s4.t7.r1 s4.t7.r3" },
    { "-k s2.t4:", "s1 s2.t1 s2.t3" },
    { "-k s2.:t3", "s2.t4 s2.t5 s2.t7.r1 s2.t7.r3 s4.t1 s4.t3 s4.t4 s4.t5 s4.t7.r1 s4.t7.r3" },
    { "-k s2.t7.r3:", "s1 s2.t1 s2.t3 s2.t4 s2.t5 s2.t7.r1" },
    { "-k s2.t7.:r2", "s2.t7.r3 s4.t1 s4.t3 s4.t4 s4.t5 s4.t7.r1 s4.t7.r3" },
    { "-e s5",
      "s1 s2.t1 s2.t3 s2.t4 s2.t5 s2.t7.r1 s2.t7.r3 s4.t1 s4.t3 s4.t4 s4.t5 s4.t7.r1 s4.t7.r3 s5" },
    { "-e s4.t6",
      "s1 s2.t1 s2.t3 s2.t4 s2.t5 s2.t7.r1 s2.t7.r3 s4.t1 s4.t3 s4.t4 s4.t5 s4.t6 s4.t7.r1 s4.t7.r3" },
    { "-e s4.t7.r4",
      "s1 s2.t1 s2.t3 s2.t4 s2.t5 s2.t7.r1 s2.t7.r3 s4.t1 s4.t3 s4.t4 s4.t5 s4.t7.r1 s4.t7.r3 s4.t7.r4" },
    { "-e s2.t6:",
      "s1 s2.t1 s2.t3 s2.t4 s2.t5 s2.t6 s2.t7.r1 s2.t7.r3 s2.t7.r4 s4.t1 s4.t3 s4.t4 s4.t5 s4.t6 s4.t7.r1 s4.t7.r3 s4.t7.r4 s5" },
    { "-e s3.:t3",
      "s1 s2.t1 s2.t3 s2.t4 s2.t5 s2.t6 s2.t7.r1 s2.t7.r3 s2.t7.r4 s4.t1 s4.t3 s4.t4 s4.t5 s4.t7.r1 s4.t7.r3" },
    { "-e s2.t7.r4:",
      "s1 s2.t1 s2.t3 s2.t4 s2.t5 s2.t7.r1 s2.t7.r3 s2.t7.r4 s4.t1 s4.t3 s4.t4 s4.t5 s4.t6 s4.t7.r1 s4.t7.r3 s4.t7.r4 s5" },
    { "-e s4.t7.:r1",
      "s1 s2.t1 s2.t3 s2.t4 s2.t5 s2.t6 s2.t7.r1 s2.t7.r3 s2.t7.r4 s4.t1 s4.t3 s4.t4 s4.t5 s4.t6 s4.t7.r1 s4.t7.r3" },
};

static const struct {
    const char *recipe, *options, *want;
} further[] = {
    /* several names in one option, several options, blanks, the order does not matter */
    { "plain", "-s x,y", "x y" },
    { "plain", "-s y -s x", "x y" },
    { "plain", "-s ,x,", "x" },
    { "plain", "-s x -k x", "nothing" },
    { "plain", "-k x -s x", "nothing" },
    { "plain", "-k x:y", "nothing" },
    { "plain", "-s x: -k y", "x" },
    { "plain", "-s x:x", "x" },
    { "plain", "-s :", "x y" },
    { "nobody", "", "nothing" },
    { "nobody", "-s x", "x" },
    { "nobody", "-s x:", "nothing" },
    { "nobody", "-t never", "x" },
    { "empty", "", "" },
    { "loop", "-s y", "0.y 1.y" },
    /* one in commas is as good as one alone: its skip does not count */
    { "top", "-s s5,s3: --skip-tags foo", "s1 s2.t1 s2.t7.r1 s5" },
    /* off wins over on, whatever it is in */
    { "top", "-k s2 -s s2.t3", "s1 s4.t1 s4.t7.r1" },
    /* labels with dots: the longest that fits */
    { "dots", "-s a.x", "a.x" },
    { "dots", "-s a.b.y", "a.b.y" },
    { "dots", "-s a.b.x", "a.b.x" },
    { "dots", "-s a.b", "a.b.x a.b.y" },
    /* what is not there */
    { "top", "-s s9", "Step/steps 's9' not in 'top'; did you mean 's1'?" },
    { "top", "-s t3", "Step/steps 't3' not in 'top'; did you mean 's2.t3'?" },
    { "plain", "-s nosuch", "Step/steps 'nosuch' not in 'plain'; 'spoor plan' lists the steps" },
    { "top", "-k s2.t8:t9", "Step/steps 't8:t9' not in 'top.s2'; did you mean 't1'?" },
    { "top", "-e s1.x", "Step/steps 's1.x' not in 'top'; 'spoor plan' lists the steps" },
    { "top", "-s ssr", "Step/steps 'ssr' not in 'top'; 'spoor plan' lists the steps" },
    { "top", "-t fooo", "'fooo' is not a valid tag of 'top'; did you mean 'foo'?" },
    { "top", "-t bar", "'bar' is not a valid tag of 'top'; did you mean 's2.bar'?" },
    { "top", "--skip-tags s2.t7.bar",
      "'bar' is not a valid tag of 'top.s2.t7'; did you mean 's2.bar'?" },
    { "top", "-s s3:s2",
      "there is no step in the range 's3:s2': 's3' comes after 's2'; turn it round: 's2:s3'" },
    /* a parameter that only a step needs that does not run is not missing */
    { "needy", "-s x", "x only steps that are skipped or not selected need: 'y.n'" },
};

int main(void)
{
    for (size_t i = 0; i < SP_COUNT(appendix); i++)
        check("top", appendix[i].options, appendix[i].want);
    for (size_t i = 0; i < SP_COUNT(further); i++)
        check(further[i].recipe, further[i].options, further[i].want);
    return tap_done();
}
