/* SPDX-License-Identifier: BSD-3-Clause */
#include "base/nearest.h"

#include "cli/program.h"
#include "cli/table.h"
#include "lang/yaml_edit.h"
#include "recipe/setting.h"
#include "sys/env.h"
#include "sys/file.h"
#include "sys/tty.h"
#include "value/json.h"

#include <errno.h>
#include <stdio.h>
#include <unistd.h>

struct config_args {
    struct sp_load_args load;
    bool origin;
    bool known;
    bool local;
    bool user;
    bool virtual_env;
};

static const struct sp_option options[] = {
    SP_OPT_FLAG("h", "help", struct config_args, load.help, "show this help"),
    SP_OPT_GROUP("showing"),
    SP_OPT_FLAG(NULL, "json", struct config_args, load.json, "print one JSON document"),
    SP_OPT_FLAG(NULL,
                "origin",
                struct config_args,
                origin,
                "say where each value was set (unless --no-origin)"),
    SP_OPT_FLAG(NULL, "known", struct config_args, known, "list the settings there are"),
    SP_OPT_GROUP("setting"),
    SP_OPT_FLAG("l", "local", struct config_args, local, "write ./spoor.conf (the default)"),
    SP_OPT_FLAG("u", "user", struct config_args, user, "write ~/.config/spoor/spoor.conf"),
    SP_OPT_FLAG("v",
                "virtual-env",
                struct config_args,
                virtual_env,
                "write $VIRTUAL_ENV/stimela.conf"),
    SP_LOAD_OPTIONS,
    SP_OPT_END,
};

/* Sections in which there are settings; the others hold recipes, cabs and facts. */
static const char *const sections[] = { "opts", "images", "vars" };
static const char *const further[] = { "lib", "cabs", "run" };

/* --- keys --------------------------------------------------------------------------------- */

/* "log.dir" is short for "opts.log.dir". */
static struct sp_str full_key(struct sp_arena *arena, struct sp_str key)
{
    struct sp_str rest = key;
    struct sp_str first = sp_str_cut(&rest, '.');

    for (size_t i = 0; i < SP_COUNT(sections); i++)
        if (sp_str_is(first, sections[i]))
            return key;
    for (size_t i = 0; i < SP_COUNT(further); i++)
        if (sp_str_is(first, further[i]))
            return key;
    return sp_arena_printf(arena, "opts." SP_STR_FMT, SP_STR_ARG(key));
}

/* One value that was set, wherever it stands. */
struct leaf {
    struct sp_str key;
    struct sp_value value;
};

struct leaves {
    struct sp_arena *arena;
    struct leaf *items;
    size_t len, capacity;
};

static void add_leaf(struct leaves *leaves, struct sp_str key, struct sp_value value)
{
    if (leaves->len == leaves->capacity) {
        size_t capacity = 2 * leaves->capacity + 64;
        struct leaf *items = SP_ARENA_NEW(leaves->arena, struct leaf, capacity);
        for (size_t i = 0; i < leaves->len; i++)
            items[i] = leaves->items[i];
        leaves->items = items;
        leaves->capacity = capacity;
    }
    leaves->items[leaves->len++] = (struct leaf){ key, value };
}

static void collect(struct leaves *leaves, struct sp_str key, struct sp_value value)
{
    if (value.kind != SP_DICT || !value.dict->len) {
        add_leaf(leaves, key, value);
        return;
    }
    SP_DICT_EACH(entry, value.dict)
    {
        struct sp_value inner = entry->value;
        if (!inner.origin)
            inner.origin = entry->origin;
        collect(leaves, sp_arena_join(leaves->arena, key, ".", entry->key), inner);
    }
}

static enum sp_rc no_such_key(const struct sp_session *session,
                              struct sp_str key,
                              struct sp_err *err)
{
    struct leaves leaves = { .arena = session->arena };
    struct sp_nearest nearest = SP_NEAREST(key);

    for (size_t i = 0; i < SP_COUNT(sections); i++)
        collect(&leaves, sp_str_of(sections[i]), *sp_dict_get(session->config.root, sections[i]));
    for (size_t i = 0; i < leaves.len; i++)
        sp_nearest_offer(&nearest, leaves.items[i].key);
    return sp_nearest_fail(&nearest, "'spoor config --known' lists what can be", err, SP_NOT_FOUND,
                           "'" SP_STR_FMT "' is not set", SP_STR_ARG(key));
}

static enum sp_rc collect_key(struct leaves *leaves,
                              const struct sp_session *session,
                              struct sp_str key,
                              struct sp_err *err)
{
    const struct sp_value *value = sp_dict_walk(session->config.root, key);
    struct sp_err unknown = SP_ERR_INIT;

    if (value)
        collect(leaves, key, *value);
    else if (sp_setting_check(key, sp_null(), &unknown) == SP_OK)
        add_leaf(leaves, key, sp_null()); /* it exists, and nobody has set it */
    else
        return no_such_key(session, key, err);
    return SP_OK;
}

/* --- showing ------------------------------------------------------------------------------ */

/* Does "opts.log" or "opts.log.dir" cover "opts.log.dir"? */
static bool covers(struct sp_str path, struct sp_str key)
{
    return sp_str_eq(path, sp_str_slice(key, 0, path.len)) &&
           (key.len == path.len || key.ptr[path.len] == '.');
}

static bool words_cover(const struct sp_words *words, size_t step, struct sp_str key)
{
    for (size_t i = 0; i < words->len; i += step) {
        struct sp_str rest = sp_str_of(words->items[i]);
        if (covers(sp_str_cut(&rest, '='), key))
            return true;
    }
    return false;
}

static bool load_covers(const struct sp_load_args *load, struct sp_str key)
{
    bool backend = load->backend || load->native || load->singularity || load->kube;

    return words_cover(&load->settings, 1, key) || words_cover(&load->config, 1, key) ||
           words_cover(&load->config_pairs, 2, key) ||
           (backend && sp_str_is(key, "opts.backend.select")) ||
           (load->slurm && sp_str_is(key, "opts.backend.slurm.enable")) ||
           (load->verbose && sp_str_is(key, "opts.log.level"));
}

static bool is_on_command_line(const struct sp_load_args *load, struct sp_str key)
{
    return load_covers(load, key) || load_covers(&sp_program()->load, key);
}

static bool file_origin(const struct sp_session *session,
                        const struct leaf *leaf,
                        struct sp_origin *out)
{
    return sp_origins_get(session->origins, leaf->value.origin, out) && out->file.len &&
           out->file.ptr[0] != '<';
}

static struct sp_str origin_text(const struct sp_session *session,
                                 const struct sp_load_args *load,
                                 const struct leaf *leaf)
{
    struct sp_origin at;

    if (file_origin(session, leaf, &at))
        return sp_arena_printf(session->arena, SP_STR_FMT ":%u:%u", SP_STR_ARG(at.file), at.line,
                               at.column);
    if (is_on_command_line(load, leaf->key) ||
        (sp_origins_get(session->origins, leaf->value.origin, &at) &&
         sp_str_is(at.file, "<command line>")))
        return SP_STR("command line");
    if (sp_str_starts(leaf->key, "run.env."))
        return SP_STR("environment");
    if (sp_str_starts(leaf->key, "run."))
        return SP_STR("this machine");
    return leaf->value.kind == SP_NULL ? SP_STR("not set") : SP_STR("built in");
}

static void show_table(const struct sp_session *session,
                       const struct config_args *args,
                       const struct leaves *leaves)
{
    static const struct sp_column columns[] = { { "setting", false },
                                                { "value", false },
                                                { "from", false } };
    size_t count = args->origin ? 3 : 2;
    sp_auto_table struct sp_table *table = sp_table_new(columns, count);
    sp_auto_buf struct sp_buf text = SP_BUF(SP_BUF_LARGE);

    for (size_t i = 0; i < leaves->len; i++) {
        const struct leaf *leaf = &leaves->items[i];
        sp_buf_clear(&text);
        sp_yaml_flow(session->arena, leaf->value, &text);
        sp_table_add(table, SP_STR_FMT, SP_STR_ARG(leaf->key));
        sp_table_add(table, "%s", text.ptr);
        if (args->origin)
            sp_table_add(table, SP_STR_FMT, SP_STR_ARG(origin_text(session, &args->load, leaf)));
    }
    sp_buf_clear(&text);
    sp_table_format(table, 0, sp_tty_colour(STDOUT_FILENO), &text);
    (void)fputs(text.ptr, stdout);
}

static void show_json(const struct sp_session *session,
                      const struct config_args *args,
                      const struct leaves *leaves)
{
    struct sp_arena *arena = session->arena;
    sp_auto_buf struct sp_buf text = SP_BUF(SP_BUF_LARGE);
    struct sp_value all = sp_dict_new(arena);

    for (size_t i = 0; i < leaves->len; i++) {
        const struct leaf *leaf = &leaves->items[i];
        struct sp_value item = sp_dict_new(arena);
        struct sp_origin at;
        sp_dict_set(arena, item.dict, SP_STR("value"), leaf->value);
        if (file_origin(session, leaf, &at)) {
            sp_dict_set(arena, item.dict, SP_STR("file"), sp_text(at.file));
            sp_dict_set(arena, item.dict, SP_STR("line"), sp_int(at.line));
            sp_dict_set(arena, item.dict, SP_STR("column"), sp_int(at.column));
        } else {
            sp_dict_set(arena, item.dict, SP_STR("from"),
                        sp_text(origin_text(session, &args->load, leaf)));
        }
        sp_dict_set(arena, all.dict, leaf->key, item);
    }
    sp_json_encode(all, SP_JSON_PRETTY, &text);
    (void)printf("%s\n", text.ptr);
}

static int show(const struct sp_cli_command *self,
                const struct config_args *args,
                struct sp_session *session,
                const struct sp_words *words,
                size_t first)
{
    struct leaves leaves = { .arena = session->arena };
    struct sp_err err = SP_ERR_INIT;
    enum sp_rc rc = SP_OK;
    bool named = false;

    for (size_t i = first; i < words->len && rc == SP_OK; i++)
        if (sp_session_is_file(sp_str_of(words->items[i])))
            rc = sp_session_add_words(session, &words->items[i], 1, &err);
    for (size_t i = first; i < words->len && rc == SP_OK; i++) {
        struct sp_str word = sp_str_of(words->items[i]);
        if (sp_session_is_file(word))
            continue;
        named = true;
        rc = collect_key(&leaves, session, full_key(session->arena, word), &err);
    }
    for (size_t i = 0; i < SP_COUNT(sections) && !named && rc == SP_OK; i++) {
        const struct sp_value *section = sp_dict_get(session->config.root, sections[i]);
        if (section->kind == SP_DICT && section->dict->len)
            collect(&leaves, sp_str_of(sections[i]), *section);
    }
    sp_setting_check_values(&session->diags, *sp_dict_get(session->config.root, "opts"));
    sp_show_findings(session);
    if (rc)
        return session->diags.errors ? SP_EXIT_USAGE : sp_command_fault(self, &err);
    if (args->load.json)
        show_json(session, args, &leaves);
    else
        show_table(session, args, &leaves);
    return sp_findings_status(session);
}

static int show_known(void)
{
    static const struct sp_column columns[] = { { "setting", false },
                                                { "takes", false },
                                                { "", false } };
    sp_auto_table struct sp_table *table = sp_table_new(columns, SP_COUNT(columns));
    sp_auto_buf struct sp_buf text = SP_BUF(SP_BUF_LARGE);
    size_t count;
    const struct sp_setting *known = sp_settings_known(&count);

    for (size_t i = 0; i < count; i++) {
        sp_table_add(table, "%s", known[i].path);
        sp_buf_clear(&text);
        sp_setting_takes(&known[i], &text);
        sp_table_add(table, "%s", text.ptr);
        sp_table_add(table, "%s", known[i].info);
    }
    sp_buf_clear(&text);
    sp_table_format(table, 0, sp_tty_colour(STDOUT_FILENO), &text);
    (void)fputs(text.ptr, stdout);
    return SP_EXIT_DONE;
}

/* --- setting ------------------------------------------------------------------------------ */

static enum sp_rc choose_file(struct sp_arena *arena,
                              const struct config_args *args,
                              struct sp_str *out,
                              struct sp_err *err)
{
    struct sp_str venv = sp_env_get(SP_STR("VIRTUAL_ENV"));
    struct sp_str xdg = sp_env_get(SP_STR("XDG_CONFIG_HOME"));
    struct sp_str home = sp_env_get(SP_STR("HOME"));

    if (args->local + args->user + args->virtual_env > 1)
        return sp_fail(err, SP_INVALID, "--local, --user and --virtual-env exclude each other");
    if (args->virtual_env && !venv.len)
        return sp_fail(err, SP_INVALID, "--virtual-env: no virtual environment is active");
    if (args->user && !xdg.len && !home.len)
        return sp_fail(err, SP_INVALID, "--user: neither XDG_CONFIG_HOME nor HOME is set");
    if (args->virtual_env)
        *out = sp_arena_printf(arena, SP_STR_FMT "/stimela.conf", SP_STR_ARG(venv));
    else if (args->user && xdg.len)
        *out = sp_arena_printf(arena, SP_STR_FMT "/spoor/spoor.conf", SP_STR_ARG(xdg));
    else if (args->user)
        *out = sp_arena_printf(arena, SP_STR_FMT "/.config/spoor/spoor.conf", SP_STR_ARG(home));
    else
        *out = SP_STR("spoor.conf");
    return SP_OK;
}

static enum sp_rc set_one(struct sp_session *session,
                          const char *word,
                          struct sp_str file,
                          struct sp_buf *text,
                          struct sp_buf *report,
                          struct sp_err *err)
{
    sp_auto_buf struct sp_buf next = SP_BUF(SP_BUF_LARGE);
    struct sp_str written = sp_str_of(word);
    struct sp_str key = sp_str_cut(&written, '=');
    struct sp_value value;

    if (!written.ptr || !key.len)
        return sp_fail(err, SP_INVALID, "'%s': write KEY=VALUE", word);
    key = full_key(session->arena, sp_str_trim(key));
    enum sp_rc rc = sp_yaml_parse(session->arena, session->origins, SP_STR("<command line>"),
                                  sp_arena_str(session->arena, written), SP_YAML_COMMAND_LINE,
                                  &session->diags, &value, err);
    /* Numbers are read as files are read. */
    if (rc == SP_OK && value.kind == SP_TEXT)
        value = sp_is_text(value) && sp_str_eq(value.text, sp_str_trim(written))
                    ? sp_yaml_scalar(session->arena, value.text, SP_YAML_CONFIG)
                    : value;
    if (rc == SP_OK)
        rc = sp_setting_check(key, value, err);
    if (rc == SP_OK)
        rc = sp_yaml_edit(session->arena, file, sp_buf_str(text), key, value, &next, err);
    if (rc)
        return rc;
    sp_buf_clear(text);
    sp_buf_add(text, sp_buf_str(&next));
    sp_buf_clear(&next);
    sp_yaml_flow(session->arena, value, &next);
    sp_buf_addf(report, SP_STR_FMT ": %s\n", SP_STR_ARG(key), next.ptr);
    return SP_OK;
}

static enum sp_rc write_file(struct sp_arena *arena,
                             struct sp_str file,
                             const struct sp_buf *text,
                             struct sp_err *err)
{
    size_t slash = sp_str_rfind(file, '/');

    if (slash != SIZE_MAX && slash > 0) {
        enum sp_rc rc = sp_make_dirs(sp_arena_cstr(arena, sp_str_slice(file, 0, slash)), err);
        if (rc)
            return rc;
    }
    return sp_file_write(file.ptr, sp_buf_str(text), err);
}

/* All or nothing: a mistake in the third word leaves the file as it was. */
static int set(const struct sp_cli_command *self,
               const struct config_args *args,
               struct sp_session *session,
               const struct sp_words *words,
               size_t first)
{
    sp_auto_buf struct sp_buf text = SP_BUF(SP_BUF_LARGE);
    sp_auto_buf struct sp_buf report = SP_BUF(SP_BUF_LARGE);
    struct sp_err err = SP_ERR_INIT;
    struct sp_str file;

    enum sp_rc rc = choose_file(session->arena, args, &file, &err);
    if (rc == SP_OK && first == words->len)
        rc = sp_fail(&err, SP_INVALID, "name a setting: KEY=VALUE");
    if (rc == SP_OK && sp_file_kind(file.ptr) != SP_FILE_NONE)
        rc = sp_file_read(file.ptr, &text, &err);
    for (size_t i = first; i < words->len && rc == SP_OK; i++)
        rc = set_one(session, words->items[i], file, &text, &report, &err);
    if (rc)
        return sp_command_fault(self, &err);
    rc = write_file(session->arena, file, &text, &err);
    if (rc) {
        (void)fprintf(stderr, "spoor: %s\n", err.text);
        return SP_EXIT_FAILED;
    }
    (void)printf("%swritten to %s\n", report.ptr, file.ptr);
    return SP_EXIT_DONE;
}

/* --- the command -------------------------------------------------------------------------- */

static int run_config(const struct sp_cli_command *self, int argc, char **argv)
{
    struct config_args args = { .origin = true };
    sp_auto_words struct sp_words words = { 0 };
    struct sp_session session = { 0 };

    int status = sp_command_parse(self, argc, argv, &args, &words);
    if (status < 0 && args.known)
        status = show_known();
    if (status < 0) {
        struct sp_session_options session_options = sp_load_args_session(&args.load);
        sp_session_init(&session, &session_options);
        bool shows = words.len && strcmp(words.items[0], "show") == 0;
        bool sets = words.len && strcmp(words.items[0], "set") == 0;
        bool assigns = words.len && strchr(words.items[0], '='); /* as in Stimela */
        status = sets || assigns ? set(self, &args, &session, &words, sets)
                                 : show(self, &args, &session, &words, shows);
        sp_session_fini(&session);
    }
    sp_load_args_fini(&args.load);
    return status;
}

const struct sp_cli_command sp_command_config = {
    .usage = {
        .name = "spoor config",
        .summary = "show the settings in force and where they come from, or change them",
        .synopsis = "[show] [OPTIONS] [FILE...] [KEY...] | set [-l|-u|-v] KEY=VALUE...",
        .description =
            "Without KEY all settings are shown; with FILEs those that hold for these recipes. "
            "'opts.' in front\nof a KEY may be left out. What is set is checked, and written so "
            "that comments and layout of the\nfile stay.",
        .options = options,
        .examples = "  spoor config log\n"
                    "      where do log files go, and who says so?\n"
                    "  spoor config set --user log.dir=logs backend.select=native\n"
                    "      change two settings for everything that you run",
    },
    .run = run_config,
};
