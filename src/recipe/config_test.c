/* SPDX-License-Identifier: BSD-3-Clause */
#include "recipe/config.h"

#include "base/tap.h"

#include "lang/yaml.h"

static struct sp_arena *arena;
static struct sp_origins *origins;
static struct sp_diags diags;
static struct sp_config config;

static void begin(void)
{
    arena = sp_arena_new();
    origins = sp_origins_new();
    sp_diags_init(&diags, arena, origins);
    sp_config_init(&config, arena, &diags);
}

static void end(void)
{
    sp_config_fini(&config);
    sp_diags_fini(&diags);
    sp_origins_free(origins);
    sp_arena_free(arena);
}

static void add(const char *yaml)
{
    struct sp_value document = sp_null();
    struct sp_err err = SP_ERR_INIT;

    if (sp_yaml_parse(arena, origins, SP_STR("test.yml"), sp_str_of(yaml), SP_YAML_CONFIG, &diags,
                      &document, &err) == SP_OK)
        sp_config_add(&config, document);
}

/* --- what a document may not say ----------------------------------------------------------------
 */

static const struct {
    const char *yaml, *finding, *hint; /* the first finding */
} mistakes[] = {
    { "cabs: 5", "section 'cabs' must be a mapping, not a int", NULL },
    { "lib: {step: {}}", "unknown key 'step' in 'lib'", "did you mean 'steps'?" },
    { "opts: {logs: {}}", "unknown key 'logs' in 'opts'", "did you mean 'log'?" },
    { "DEFAULT: [a]", "DEFAULT must be the name of a recipe or cab", NULL },
    { "cab: 1",
      "top-level key 'cab' is neither configuration nor a recipe: a mapping is expected, not a int",
      "did you mean 'cabs'?" },
    { "[1, 2]", "the document must be a mapping, not a list", NULL },
};

static void test_mistakes(void)
{
    for (size_t i = 0; i < SP_COUNT(mistakes); i++) {
        begin();
        add(mistakes[i].yaml);
        bool same = diags.errors == 1 && strcmp(diags.items[0].text, mistakes[i].finding) == 0;
        const char *hint = diags.len ? diags.items[0].hint : NULL;
        bool hinted = mistakes[i].hint ? hint && strcmp(hint, mistakes[i].hint) == 0 : !hint;
        if (!tap_ok(same && hinted, "%s", mistakes[i].yaml))
            printf("# got %s, %s\n", diags.len ? diags.items[0].text : "nothing", hint ? hint : "");
        end();
    }
}

/* --- what it is made into
 * ------------------------------------------------------------------------- */

static void test_sections(void)
{
    begin();
    add("cabs: {c: {command: one}}\nDEFAULT: r\nr: {steps: {s: {cab: c}}}\nvars: {a: {b: 1}}\n"
        "images:\n");
    add("r: {steps: {s: {params: {}}, t: {cab: c}}}\nq: {}\nvars: {a: {c: 2}}\n");
    tap_ok(diags.errors == 0, "two documents without findings");
    tap_ok(config.top_level->len == 2 && sp_str_is(config.top_level->items[0].text, "r") &&
               sp_str_is(config.top_level->items[1].text, "q"),
           "recipes at top level, in order, once each");
    tap_ok(sp_str_is(config.default_name, "r"), "DEFAULT");
    const struct sp_value *b = sp_dict_walk(config.root, SP_STR("vars.a.b"));
    const struct sp_value *c = sp_dict_walk(config.root, SP_STR("vars.a.c"));
    tap_ok(b && c && b->integer == 1 && c->integer == 2, "sections are merged");

    struct sp_recipe *r = sp_config_recipe(&config, SP_STR("r"));
    tap_ok(r && r->step_count == 2 && r->steps[0].cab && r->steps[0].cab == r->steps[1].cab,
           "a later document adds steps; one cab object for both");
    tap_ok(sp_config_recipe(&config, SP_STR("r")) == r, "the same recipe again");
    tap_ok(sp_config_recipe(&config, SP_STR("lib.recipes.q")) != NULL, "by its path");
    tap_ok(!sp_config_recipe(&config, SP_STR("nosuch")) &&
               !sp_config_recipe(&config, SP_STR("vars.a.b.c")) &&
               !sp_config_cab(&config, SP_STR("nosuch")),
           "what is not there is NULL");
    tap_ok(diags.len == 0, "and no finding");

    add("cabs: {c: {command: two}}\n");
    struct sp_cab *cab = sp_config_cab(&config, SP_STR("c"));
    tap_ok(cab && sp_str_is(cab->command, "two"), "what was typed before is typed anew");
    end();
}

static const struct {
    const char *path, *error; /* NULL: accepted */
} settings[] = {
    { "opts.log.dir", NULL },
    { "vars.new.deep.x", NULL },
    { "opts.nosuch.x", "setting 'opts.nosuch.x': unknown key 'nosuch' in 'opts'" },
    { "opt.log.dir", "setting 'opt.log.dir': there is no section 'opt'; did you mean 'opts'?" },
    { "what",
      "setting 'what': there is no section 'what'; there are images, lib, cabs, opts, vars, run" },
    { "opts", "setting 'opts': name a setting within it" },
    { "", "setting '': there is no section ''; there are images, lib, cabs, opts, vars, run" },
};

static void test_set(void)
{
    for (size_t i = 0; i < SP_COUNT(settings); i++) {
        struct sp_err err = SP_ERR_INIT;
        begin();
        enum sp_rc rc = sp_config_set(&config, sp_str_of(settings[i].path), sp_int(7), &err);
        const struct sp_value *value = sp_dict_walk(config.root, sp_str_of(settings[i].path));
        bool right = settings[i].error
                         ? rc == SP_INVALID && strcmp(err.text, settings[i].error) == 0
                         : rc == SP_OK && value && value->integer == 7;
        if (!tap_ok(right, "set '%s'", settings[i].path))
            printf("# got %s\n", err.text);
        end();
    }
}

static void test_options(void)
{
    begin();
    const struct sp_value *ext = sp_config_option(&config, "log.ext");
    tap_ok(ext && sp_str_is(ext->text, ".txt"), "built-in log.ext");
    tap_ok(sp_config_option(&config, "opts.log.ext") == ext, "the same by its full path");
    tap_ok(!sp_config_option(&config, "log.nosuch"), "no such option");
    end();
}

int main(void)
{
    test_mistakes();
    test_sections();
    test_set();
    test_options();
    return tap_done();
}
