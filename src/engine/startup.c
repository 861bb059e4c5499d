/* SPDX-License-Identifier: BSD-3-Clause */
#include "engine/startup.h"

#include "base/clock.h"

#include "engine/package.h"
#include "lang/path.h"
#include "plan/offer.h"
#include "sys/env.h"
#include "sys/file.h"

#include <stdio.h>
#include <unistd.h>

/* What is in force before any configuration file is read (spec stimela2.md 1.9). */
static const char builtin_config[] = "images:\n"
                                     "  default-python: {registry: quay.io/stimela2,"
                                     " name: python-astro, version: cc0.2.0}\n"
                                     "  default-casa: {registry: quay.io/stimela2,"
                                     " name: casa, version: cc0.2.0}\n"
                                     "lib: {params: {}, recipes: {}, steps: {}, misc: {},"
                                     " wisdom: {}}\n"
                                     "cabs: {}\n"
                                     "vars: {}\n"
                                     "run: {}\n"
                                     "opts:\n"
                                     "  backend: {select: '" SP_SELECT_DEFAULT "'}\n"
                                     "  backend_varieties: {}\n"
                                     "  log:\n"
                                     "    enable: true\n"
                                     "    name: 'log-{info.fqname}'\n"
                                     "    ext: .txt\n"
                                     "    dir: .\n"
                                     "    symlink: null\n"
                                     "    nest: 999\n"
                                     "    level: INFO\n"
                                     "  include: []\n"
                                     "  runtime:\n"
                                     "    casa: {path: casa, wrapper: xvfb-run -a,\n"
                                     "      opts: [--log2term, --nologger, --nologfile]}\n"
                                     "  profile: {print_depth: 9999, unroll_loops: false}\n"
                                     "  disable_skips: {fresh: false, exist: false}\n";

/* --- the `run` section -------------------------------------------------------------------- */

static void set_text(struct sp_session *session, struct sp_dict *dict, const char *key, char *text)
{
    sp_dict_set(session->arena, dict, sp_str_of(key), sp_text(sp_str_of(text)));
}

static struct sp_value environment(struct sp_arena *arena)
{
    struct sp_value env = sp_dict_new(arena);

    for (char **entry = environ; *entry; entry++) {
        struct sp_str rest = sp_str_of(*entry);
        struct sp_str name = sp_str_cut(&rest, '=');
        if (rest.ptr)
            sp_dict_set(arena, env.dict, name, sp_text(rest));
    }
    return env;
}

/* Of the first core, from a list like "0,64" or "0-1"; all are taken to be like it. */
static int64_t threads_of_core(void)
{
    sp_auto_buf struct sp_buf text = SP_BUF(SP_BUF_SMALL);
    struct sp_err err = SP_ERR_INIT;
    int64_t threads = 0;

    if (sp_file_read("/sys/devices/system/cpu/cpu0/topology/thread_siblings_list", &text, &err))
        return 1;
    for (struct sp_str rest = sp_str_trim(sp_buf_str(&text)); rest.ptr;) {
        struct sp_str last = sp_str_cut(&rest, ',');
        struct sp_str first = sp_str_cut(&last, '-');
        int64_t from;
        int64_t to;
        if (!sp_str_int(first, &from))
            return 1;
        threads += last.ptr && sp_str_int(last, &to) && to >= from ? to - from + 1 : 1;
    }
    return SP_MAX(threads, (int64_t)1);
}

static void fill_run_section(struct sp_session *session)
{
    struct sp_arena *arena = session->arena;
    struct sp_dict *run = sp_dict_new(arena).dict;
    struct sp_clock_text now = sp_clock_local(sp_clock_realtime());
    char host[256] = "localhost";
    char date[9];
    char time[7];

    /* "2026-11-21 11:27:55" to "20261121" and "112755" */
    (void)snprintf(date, sizeof date, "%.4s%.2s%.2s", now.text, now.text + 5, now.text + 8);
    (void)snprintf(time, sizeof time, "%.2s%.2s%.2s", now.text + 11, now.text + 14, now.text + 17);
    (void)gethostname(host, sizeof host - 1);
    struct sp_str node = sp_str_of(host);
    node = sp_str_cut(&node, '.');

    set_text(session, run, "date", sp_arena_cstr(arena, sp_str_of(date)));
    set_text(session, run, "time", sp_arena_cstr(arena, sp_str_of(time)));
    sp_dict_set(arena, run, SP_STR("datetime"),
                sp_text(sp_arena_printf(arena, "%s-%s", date, time)));
    int64_t cpus = (int64_t)sysconf(_SC_NPROCESSORS_ONLN);
    int64_t cores = SP_MAX(cpus / threads_of_core(), (int64_t)1);
    sp_dict_set(arena, run, SP_STR("ncpu"), sp_int(cpus));
    sp_dict_set(arena, run, SP_STR("ncpu-logical"), sp_int(cpus));
    sp_dict_set(arena, run, SP_STR("ncpu-physical"), sp_int(cores));
    sp_dict_set(arena, run, SP_STR("node"), sp_text(sp_arena_str(arena, node)));
    set_text(session, run, "hostname", sp_arena_cstr(arena, sp_str_of(host)));
    sp_dict_set(arena, run, SP_STR("env"), environment(arena));
    sp_dict_set(arena, session->config.root, SP_STR("run"),
                (struct sp_value){ .kind = SP_DICT, .dict = run });
}

/* --- files -------------------------------------------------------------------------------- */

static void add_builtin(struct sp_session *session)
{
    struct sp_err err = SP_ERR_INIT;
    struct sp_value document;

    if (sp_compose_text(&session->composer, SP_STR("<built in>"), session->world.cwd,
                        sp_str_of(builtin_config), SP_NO_SOURCES, &document, &err) == SP_OK)
        sp_config_add(&session->config, document);
}

/* Errors found since `before` stop nobody. */
static void make_warnings(struct sp_diags *diags, size_t before)
{
    for (size_t i = before; i < diags->len; i++)
        if (diags->items[i].severity == SP_ERROR_FOUND) {
            diags->items[i].severity = SP_WARNING;
            diags->errors--;
        }
}

/* What was known before stays what is known when the file is no good. */
static void add_if_there(struct sp_session *session, struct sp_str path)
{
    struct sp_diags *diags = &session->diags;
    struct sp_config *config = &session->config;
    struct sp_err err = SP_ERR_INIT;
    size_t before = diags->len;
    size_t errors = diags->errors;

    if (session->files_world.kind(session->files_world.arg, path) != SP_PATH_FILE)
        return;
    struct sp_dict *root = sp_dict_clone(session->arena, config->root);
    struct sp_dict *loaded = session->loaded;
    enum sp_rc rc = sp_session_load(session, path, &err);
    if (rc == SP_OK && diags->errors == errors)
        return;
    config->root = root;
    session->loaded = loaded;
    make_warnings(diags, before);
    sp_diag_warning(diags, SP_DIAG_FILE, 0,
                    "start-up configuration file '" SP_STR_FMT "' cannot be loaded and is left out",
                    SP_STR_ARG(path));
    if (diags->len == before + 1)
        sp_diag_hint(diags, "%s", err.text);
}

static void add_in(struct sp_session *session, struct sp_str dir, const char *name)
{
    if (dir.len)
        add_if_there(session,
                     sp_arena_printf(session->arena, SP_STR_FMT "/%s", SP_STR_ARG(dir), name));
}

static void add_of_package(struct sp_session *session, struct sp_str package)
{
    struct sp_str dir;

    if (sp_package_find(session->places.packages, package, &dir))
        add_in(session, dir, "stimela.conf");
}

static void add_files(struct sp_session *session)
{
    struct sp_str xdg = sp_env_get(SP_STR("XDG_CONFIG_HOME"));
    struct sp_str home = session->world.home;

    add_in(session, SP_STR("/etc/spoor"), "spoor.conf");
    add_of_package(session, SP_STR("stimela"));
    add_if_there(session, SP_STR("stimela.conf"));
    add_in(session, sp_env_get(SP_STR("VIRTUAL_ENV")), "stimela.conf");
    add_in(session, home, ".stimela/stimela.conf");
    add_of_package(session, SP_STR("cultcargo"));
    add_in(session, home, ".config/stimela.conf");
    if (xdg.len)
        add_in(session, xdg, "spoor/spoor.conf");
    else
        add_in(session, home, ".config/spoor/spoor.conf");
    add_if_there(session, SP_STR("spoor.conf"));
}

/* --- where relative includes are looked for ------------------------------------------------ */

#define PATH_MAX_DIRS 256

struct search_path {
    struct sp_arena *arena;
    struct sp_str *dirs;
    size_t len;
};

static void add_dir(struct search_path *path, struct sp_str dir)
{
    if (dir.len && path->len < PATH_MAX_DIRS)
        path->dirs[path->len++] = sp_arena_str(path->arena, dir);
}

static void add_below(struct search_path *path, struct sp_str dir, const char *name)
{
    if (dir.len)
        add_dir(path, sp_arena_printf(path->arena, SP_STR_FMT "%s", SP_STR_ARG(dir), name));
}

/* "~/x": the shell leaves it alone in lists, and in files there is none. */
static void add_expanded(struct search_path *path, struct sp_str home, struct sp_str dir)
{
    add_dir(path, sp_path_expand_home(path->arena, dir, home));
}

/* spec stimela2.md 1.8, our own cab library last */
static void set_include_path(struct sp_session *session)
{
    const struct sp_session_options *options = session->options;
    const struct sp_value *more = sp_config_option(&session->config, "include");
    struct sp_str listed = sp_env_get(SP_STR("STIMELA_INCLUDE"));
    struct sp_str environment = sp_env_get(SP_STR("VIRTUAL_ENV"));
    struct sp_str home = session->world.home;
    struct search_path path = {
        .arena = session->arena,
        .dirs = SP_ARENA_NEW(session->arena, struct sp_str, PATH_MAX_DIRS),
    };

    for (size_t i = 0; i < options->include_len; i++)
        add_expanded(&path, home, sp_str_of(options->include[i]));
    while (listed.ptr)
        add_expanded(&path, home, sp_str_cut(&listed, ':'));
    add_below(&path, home, "/.stimela");
    add_below(&path, environment, "/lib/stimela");
    add_dir(&path, environment);
    add_below(&path, home, "/lib/stimela");
    add_dir(&path, SP_STR("/usr/lib/stimela"));
    add_dir(&path, SP_STR("/usr/local/lib/stimela"));
    if (more && sp_is_list(*more))
        SP_LIST_EACH(dir, more->list)
    if (sp_is_text(*dir))
        add_expanded(&path, home, dir->text);
    add_dir(&path, session->places.cabs);
    session->composer.include_path = path.dirs;
    session->composer.include_path_len = path.len;
}

/* --- all of it ---------------------------------------------------------------------------- */

void sp_start_up(struct sp_session *session)
{
    set_include_path(session);
    add_builtin(session);
    fill_run_section(session);
    if (!session->options->no_system_config)
        add_files(session);
}

void sp_start_up_done(struct sp_session *session)
{
    set_include_path(session);
}
