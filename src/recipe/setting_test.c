/* SPDX-License-Identifier: BSD-3-Clause */
#include "recipe/setting.h"

#include "recipe/config.h"
#include "recipe/test_bed.h"

static const struct {
    const char *path, *value, *error; /* NULL: fine */
} cases[] = {
    { "opts.log.dir", "logs", NULL },
    { "opts.log.dir", "5", NULL },
    { "opts.log.dir", "[a]", "opts.log.dir must be a text, not a list" },
    { "opts.log.enable", "yes", NULL },
    { "opts.log.enable", "'{recipe.x}'", NULL },
    { "opts.log.enable", "maybe", "opts.log.enable must be true or false, not 'maybe'" },
    { "opts.log.nest", "3", NULL },
    { "opts.log.nest", "3.5", "must be a whole number, not '3.5'" },
    { "opts.log.level", "debug", NULL },
    { "opts.log.level", "loud", "must be DEBUG, INFO" },
    { "opts.log.symlink", "~", NULL },
    { "opts.store.edits", "adopt", NULL },
    { "opts.store.edits", "Adopt", "did you mean 'adopt'?" },
    { "opts.store.edits", "'{recipe.x}'", "must be refuse, adopt or restore, not '{recipe.x}'" },
    { "opts.store.edits", "true", "must be refuse, adopt or restore, not 'True'" },
    { "opts.store.edits", "[adopt]", "must be refuse, adopt or restore, not a list" },
    { "opts.store.snapshot", "none", NULL },
    { "opts.store.snapshot", "cloen", "auto, clone, copy or none, not 'cloen'; did you mean" },
    { "opts.store.enable", "off", NULL },
    { "opts.store.enable", "'=recipe.x'", "must be true or false" },
    { "opts.store.digest_limit", "0", NULL },
    { "opts.store.digest_limit", "-1", "must be a whole number from 0, not '-1'" },
    { "opts.store.budget", "500G", NULL },
    { "opts.store.budget", "20%", NULL },
    { "opts.store.budget", "1000000", NULL },
    { "opts.store.budget", "''", NULL },
    { "opts.store.budget", "-5", "must be a size (500G) or a share (20%), not '-5'" },
    { "opts.store.keep_free", "200%", "must be a size" },
    { "opts.store.keep_free", "much", "must be a size" },
    { "opts.backend.select", "native", NULL },
    { "opts.backend.select", "[singularity, native]", NULL },
    { "opts.backend.select", "[[native]]", "a text or a list of texts" },
    { "opts.backend.rlimits", "{NOFILE: 5}", NULL },
    { "opts.backend.rlimits", "5", "must be a mapping, not '5'" },
    { "opts.backend.rlimits.NOFILE", "5", NULL },
    { "opts.backend.kube.namespace", "x", NULL },
    { "opts.log.dri", "logs", "did you mean 'opts.log.dir'?" },
    { "opts.log", "logs", "there is no setting 'opts.log'" },
    { "opts.zzzzz.zzzzz", "1", "'spoor config --known' lists all" },
    { "vars.a.b", "1", NULL },
    { "vars", "1", "there is no setting 'vars'" },
    { "images.default-python.version", "v2", NULL },
    { "cabs.x.command", "y", "write it into a recipe" },
    { "run.ncpu", "3", "found out at each start" },
};

static void test_checks(void)
{
    for (size_t i = 0; i < SP_COUNT(cases); i++) {
        struct bed bed;
        struct sp_err err = SP_ERR_INIT;
        struct sp_value value = sp_null();
        bed_init(&bed);
        if (strcmp(cases[i].value, "~") != 0)
            value = *sp_dict_get(
                bed_yaml(&bed, sp_arena_printf(bed.arena, "v: %s", cases[i].value).ptr).dict, "v");
        enum sp_rc rc = sp_setting_check(sp_str_of(cases[i].path), value, &err);
        bool fine = cases[i].error ? rc != SP_OK && strstr(err.text, cases[i].error) : rc == SP_OK;
        if (!tap_ok(fine, "%s = %s", cases[i].path, cases[i].value))
            printf("# got %s\n", err.text);
        bed_fini(&bed);
    }
}

static void test_backend(void)
{
    static const struct {
        const char *what, *section, *findings;
    } rows[] = {
        { NULL, "{select: native, rlimits: {ANY: 5}, variety: v, verbose: 1}", "" },
        { NULL, "{nosuch: 1}", "error|unknown key 'nosuch' in 'opts.backend'|\n" },
        { NULL, "{slect: native}",
          "error|unknown key 'slect' in 'opts.backend'|did you mean 'select'?\n" },
        { NULL, "{native: {enable: true, virtual_envv: x}}",
          "error|unknown key 'virtual_envv' in 'opts.backend.native'|did you mean "
          "'virtual_env'?\n" },
        { "step 'r.a'", "{singularity: {bind_dir: {}}}",
          "error|unknown key 'bind_dir' in 'backend.singularity' of step 'r.a'|did you mean "
          "'bind_dirs'?\n" },
        { NULL, "{singularity: {bind_dirs: {any: {host: /x}}, env: {ANY: 1}}}", "" },
        { NULL, "{kube: {nosuch: {at: all}, x: 1}}", "" },
        { NULL, "{docker: {x: 1}}", "error|unknown key 'x' in 'opts.backend.docker'|\n" },
        { NULL, "{'{recipe.x}': 1}", "" },
        { NULL, "{native: null, slurm: null, rlimits: null}", "" },
        { NULL, "native", "" },
    };

    for (size_t i = 0; i < SP_COUNT(rows); i++) {
        struct bed bed;
        bed_init(&bed);
        struct sp_value section = *sp_dict_get(
            bed_yaml(&bed, sp_arena_printf(bed.arena, "v: %s", rows[i].section).ptr).dict, "v");
        sp_setting_check_backend(&bed.diags, rows[i].what, section);
        if (!tap_ok(strcmp(bed_findings(&bed), rows[i].findings) == 0, "backend: %s",
                    rows[i].section))
            printf("# got %s\n", bed_findings(&bed));
        bed_fini(&bed);
    }
}

static void test_values(void)
{
    static const struct {
        const char *opts, *findings;
    } rows[] = {
        { "{}", "" },
        { "5", "" }, /* somebody else says so */
        { "{store: {edits: adopt, snapshot: ~}, log: ~, nosuch: [1]}", "" },
        { "{store: {edits: adotp}}", "error|opts.store.edits must be refuse, adopt or restore, not "
                                     "'adotp'|did you mean 'adopt'?\n" },
        { "{store: false}", "error|opts.store must be a mapping, not 'False'|\n" },
        { "{log: [a]}", "error|opts.log must be a mapping, not a list|\n" },
        { "{log: {enable: maybe}, profile: {print_depth: x}}",
          "error|opts.log.enable must be true or false, not 'maybe'|\n"
          "error|opts.profile.print_depth must be a whole number, not 'x'|\n" },
        { "{backend: {native: {enable: '{recipe.x}'}, kube: {any: thing}}}", "" },
        { "{backend: {singularity: {bind_tmp: {a: b}}}, runtime: {other: 5}}",
          "error|opts.backend.singularity.bind_tmp must be a text or a list of texts, not a "
          "mapping|\n" },
    };

    for (size_t i = 0; i < SP_COUNT(rows); i++) {
        struct bed bed;
        bed_init(&bed);
        struct sp_value opts = *sp_dict_get(
            bed_yaml(&bed, sp_arena_printf(bed.arena, "v: %s", rows[i].opts).ptr).dict, "v");
        sp_setting_check_values(&bed.diags, opts);
        if (!tap_ok(strcmp(bed_findings(&bed), rows[i].findings) == 0, "values: %s", rows[i].opts))
            printf("# got %s\n", bed_findings(&bed));
        bed_fini(&bed);
    }
}

/* A text for true or false becomes what it means; nobody else would take "off" for false. */
static void test_words_for_truth(void)
{
    struct bed bed;

    bed_init(&bed);
    struct sp_value opts = bed_yaml(&bed, "{store: {enable: 'off', sync: 'Yes', salt: 'on'}}");
    const struct sp_dict *store = sp_dict_get(opts.dict, "store")->dict;
    sp_setting_check_values(&bed.diags, opts);
    tap_ok(sp_dict_get(store, "enable")->kind == SP_BOOL && !sp_dict_truth(store, "enable"), "off");
    tap_ok(sp_dict_get(store, "sync")->kind == SP_BOOL && sp_dict_truth(store, "sync"), "Yes");
    tap_ok(sp_is_text(*sp_dict_get(store, "salt")), "only where a truth is wanted");
    bed_fini(&bed);
}

/* Each leaf of the built-in configuration is in the table. */
static void test_built_in(const struct sp_dict *dict, const char *prefix)
{
    SP_DICT_EACH(entry, dict)
    {
        sp_auto_buf struct sp_buf path = SP_BUF(SP_BUF_SMALL);
        struct sp_err err = SP_ERR_INIT;
        sp_buf_addf(&path, "%s." SP_STR_FMT, prefix, SP_STR_ARG(entry->key));
        if (entry->value.kind == SP_DICT)
            test_built_in(entry->value.dict, path.ptr);
        else
            tap_ok(sp_setting_check(sp_buf_str(&path), entry->value, &err) == SP_OK, "%s",
                   path.ptr);
    }
}

int main(void)
{
    struct bed bed;
    struct sp_config config;

    test_checks();
    test_backend();
    test_values();
    test_words_for_truth();
    bed_init(&bed);
    sp_config_init(&config, bed.arena, &bed.diags);
    test_built_in(sp_dict_get(config.root, "opts")->dict, "opts");
    sp_config_fini(&config);
    bed_fini(&bed);
    return tap_done();
}
