/* SPDX-License-Identifier: BSD-3-Clause */
#include "engine/rerun.h"

#include "base/map.h"

#include "engine/dossier.h"
#include "engine/identity.h"
#include "engine/images.h"
#include "engine/preflight.h"
#include "engine/rerun_internal.h"
#include "engine/tools.h"
#include "sys/env.h"
#include "sys/file.h"
#include "sys/lock.h"

#include <stdlib.h>

/* --- differences --------------------------------------------------------------------------- */

void sp_rerun_differ(struct sp_rerun *rerun,
                     const char *kind,
                     struct sp_str name,
                     const char *fmt,
                     ...)
{
    struct sp_value dict = sp_dict_new(rerun->arena);
    va_list args;

    va_start(args, fmt);
    struct sp_str text = sp_arena_vprintf(rerun->arena, fmt, args);
    va_end(args);
    sp_dict_put(rerun->arena, dict.dict, "kind", sp_text(sp_str_of(kind)));
    sp_dict_put(rerun->arena, dict.dict, "name", sp_text(sp_arena_str(rerun->arena, name)));
    sp_dict_put(rerun->arena, dict.dict, "text", sp_text(text));
    sp_list_add(rerun->arena, rerun->differences, dict);
}

static void missing_file(void *arg, struct sp_str path, const char *why)
{
    sp_rerun_differ(arg, "file", path, "%s", why);
}

/* --- how it was loaded ---------------------------------------------------------------------- */

static const struct sp_dict *dict_in(const struct sp_dict *dict, const char *key)
{
    static const struct sp_dict none;
    const struct sp_value *value = sp_dict_get(dict, key);

    return value && value->kind == SP_DICT ? value->dict : &none;
}

static const struct sp_list *list_in(const struct sp_dict *dict, const char *key)
{
    static const struct sp_list none;
    const struct sp_value *value = sp_dict_get(dict, key);

    return value && sp_is_list(*value) ? value->list : &none;
}

static const char *const *words_in(struct sp_arena *arena,
                                   const struct sp_dict *dict,
                                   const char *key,
                                   size_t *len)
{
    const struct sp_list *list = list_in(dict, key);
    const char **words = SP_ARENA_NEW(arena, const char *, list->len + 1);

    *len = 0;
    SP_LIST_EACH(word, list)
    if (sp_is_text(*word))
        words[(*len)++] = sp_arena_cstr(arena, word->text);
    return words;
}

static void read_options(struct sp_rerun *rerun)
{
    struct sp_arena *arena = rerun->arena;
    struct sp_session_options *options = &rerun->options;
    const struct sp_dict *given = dict_in(rerun->run->start, "given");
    struct sp_str backend = sp_dict_text(given, "backend");

    options->include = words_in(arena, given, "include", &options->include_len);
    options->config = words_in(arena, given, "config", &options->config_len);
    options->settings = words_in(arena, given, "settings", &options->settings_len);
    options->settings_early =
        SP_MIN((size_t)sp_dict_number(given, "settings_early"), options->settings_len);
    options->config_pairs = words_in(arena, given, "config_pairs", &options->config_pairs_len);
    options->backend = backend.len ? sp_arena_cstr(arena, backend) : NULL;
    options->slurm = sp_dict_truth(given, "slurm");
    options->verbose = sp_dict_truth(given, "verbose");
    options->strict = sp_dict_truth(given, "strict");
    options->no_system_config = sp_dict_truth(given, "no_system_config");
    options->replay = &rerun->replay;
}

static void add_image(struct sp_dict *images, struct sp_arena *arena, const struct sp_dict *image)
{
    struct sp_str name = sp_dict_text(image, "name"), digest = sp_dict_text(image, "digest");

    if (name.len && digest.len)
        sp_dict_set(arena, images, name, sp_text(digest));
}

/* The images of then, whatever their names stand for today. */
static void read_images(struct sp_rerun *rerun)
{
    struct sp_dict *images = sp_dict_new(rerun->arena).dict;
    const struct sp_run_summary *run = rerun->run;

    SP_LIST_EACH(image, list_in(run->start, "images"))
    if (image->kind == SP_DICT)
        add_image(images, rerun->arena, image->dict);
    for (size_t i = 0; i < run->step_count; i++) { /* those that nobody knew before */
        if (run->steps[i].start)
            add_image(images, rerun->arena, dict_in(run->steps[i].start, "image"));
        if (run->steps[i].key)
            add_image(images, rerun->arena, dict_in(run->steps[i].key, "image"));
    }
    rerun->options.images = images;
    rerun->options.images_of =
        sp_arena_printf(rerun->arena, "run " SP_STR_FMT, SP_STR_ARG(run->id)).ptr;
}

static void read_selection(struct sp_rerun *rerun)
{
    const struct sp_dict *given = dict_in(rerun->run->start, "selection");
    struct sp_selection *selection = &rerun->selection;

    const struct {
        const char *key;
        struct sp_words *words;
    } options[] = {
        { "step", &selection->steps },         { "skip-step", &selection->skip_steps },
        { "tags", &selection->tags },          { "skip-tags", &selection->skip_tags },
        { "enable-step", &selection->enable },
    };

    for (size_t i = 0; i < SP_COUNT(options); i++)
        SP_LIST_EACH(word, list_in(given, options[i].key))
    if (sp_is_text(*word))
        sp_words_add(options[i].words, sp_arena_cstr(rerun->arena, word->text));
    selection->ignore_fresh = sp_dict_truth(given, "disable-fresh-skips");
    selection->ignore_exist = sp_dict_truth(given, "disable-exist-skips");
}

enum sp_rc sp_rerun_begin(const struct sp_workspace *workspace,
                          const struct sp_run_summary *run,
                          struct sp_rerun **out,
                          struct sp_err *err)
{
    struct sp_arena *arena = workspace->arena;

    if (!run->start)
        return sp_fail(err, SP_INVALID, "run " SP_STR_FMT " has not begun", SP_STR_ARG(run->id));
    struct sp_rerun *rerun = sp_alloc(sizeof *rerun);
    *rerun = (struct sp_rerun){
        .workspace = workspace,
        .run = run,
        .arena = arena,
        .differences = sp_list_new(arena).list,
        .restores = sp_list_new(arena).list,
        .dir =
            sp_arena_printf(arena, "%s/rerun/" SP_STR_FMT, workspace->dir.ptr, SP_STR_ARG(run->id)),
    };
    struct sp_str above = sp_arena_printf(arena, "%s/rerun", workspace->dir.ptr);
    struct sp_str lock = sp_arena_printf(arena, "%s.lock", rerun->dir.ptr);
    enum sp_rc rc = sp_make_dirs(above.ptr, err);
    if (rc == SP_OK)
        rc = sp_lock_take(lock.ptr, &rerun->lock, err);
    if (rc == SP_OK)
        rc = sp_replay_files(workspace, run->start, rerun->dir.ptr, missing_file, rerun,
                             &rerun->replay, err);
    if (rc) {
        sp_rerun_end(rerun);
        return rc;
    }
    read_options(rerun);
    read_images(rerun);
    read_selection(rerun);
    *out = rerun;
    return SP_OK;
}

void sp_rerun_end(struct sp_rerun *rerun)
{
    struct sp_err ignored = SP_ERR_INIT;

    if (!rerun)
        return;
    /* What cannot be removed now is removed by the next repetition. */
    if (rerun->lock && sp_remove_tree(rerun->dir.ptr, &ignored) == SP_OK)
        ignored.code = SP_OK;
    sp_lock_release(rerun->lock);
    sp_selection_fini(&rerun->selection);
    free(rerun);
}

/* --- the session --------------------------------------------------------------------------- */

enum sp_rc sp_rerun_session(struct sp_rerun *rerun, struct sp_session *session, struct sp_err *err)
{
    const struct sp_dict *start = rerun->run->start;
    const struct sp_dict *params = dict_in(start, "params");
    enum sp_rc rc = SP_OK;

    sp_session_init(session, &rerun->options);
    session->selection = &rerun->selection;
    SP_DICT_EACH(entry, params)
    sp_dict_set(session->arena, session->params, sp_arena_str(session->arena, entry->key),
                sp_value_copy(session->arena, entry->value));
    const struct sp_list *files = list_in(start, "files");
    for (size_t i = 0; i < files->len && rc == SP_OK; i++) {
        if (!sp_is_text(files->items[i]))
            continue;
        struct sp_str path = sp_arena_str(session->arena, files->items[i].text);
        sp_list_add(session->arena, session->files, sp_text(path));
        rc = sp_session_load(session, path, err);
    }
    session->name = sp_arena_str(session->arena, sp_dict_text(start, "recipe"));
    return rc ? rc : sp_session_pick(session, err);
}

/* --- what is no longer the same -------------------------------------------------------------- */

static void compare_files(struct sp_rerun *rerun, const struct sp_session *session)
{
    sp_auto_map struct sp_map read = { 0 };

    for (size_t i = 0; i < session->composer.dependency_count; i++)
        if (session->composer.dependencies[i].found)
            sp_map_set(&read,
                       sp_replay_place(&rerun->replay, session->composer.dependencies[i].path),
                       &read);
    SP_LIST_EACH(file, list_in(rerun->run->start, "loaded"))
    {
        struct sp_str path = file->kind == SP_DICT ? sp_dict_text(file->dict, "path") : SP_STR("");
        if (path.len && !sp_map_has(&read, sp_replay_place(&rerun->replay, path)))
            sp_rerun_differ(rerun, "file", path, SP_STR_FMT ": it was read then, and is not now",
                            SP_STR_ARG(path));
    }
}

static void compare_settings(struct sp_rerun *rerun, const struct sp_session *session)
{
    const struct sp_value *opts = sp_dict_get(session->config.root, "opts");
    const struct sp_dict *then =
        sp_dossier_flat(rerun->arena, dict_in(rerun->run->start, "settings")).dict;
    const struct sp_dict *now =
        sp_dossier_flat(rerun->arena, opts && opts->kind == SP_DICT ? opts->dict : NULL).dict;

    SP_DICT_EACH(entry, then)
    {
        const struct sp_value *value = sp_dict_find(now, entry->key);
        if (!value || !sp_value_eq(*value, entry->value))
            sp_rerun_differ(rerun, "setting", entry->key,
                            "setting " SP_STR_FMT " has another value", SP_STR_ARG(entry->key));
    }
    SP_DICT_EACH(entry, now)
    if (!sp_dict_find(then, entry->key))
        sp_rerun_differ(rerun, "setting", entry->key, "setting " SP_STR_FMT " was not there then",
                        SP_STR_ARG(entry->key));
}

static void compare_spoor(struct sp_rerun *rerun)
{
    struct sp_str then = sp_dict_text(rerun->run->start, "spoor");

    if (!sp_str_is(then, SPOOR_VERSION))
        sp_rerun_differ(rerun, "spoor", SP_STR("spoor"),
                        "spoor is " SPOOR_VERSION ", it was " SP_STR_FMT, SP_STR_ARG(then));
}

/* Variables that formulas and settings have asked for. */
static void compare_environment(struct sp_rerun *rerun)
{
    const struct sp_value *then = &rerun->run->environment;

    if (then->kind == SP_DICT)
        SP_DICT_EACH(entry, then->dict)
        {
            struct sp_str now = sp_env_get(entry->key);
            bool same =
                sp_is_text(entry->value) ? now.ptr && sp_str_eq(now, entry->value.text) : !now.ptr;
            if (!same)
                sp_rerun_differ(rerun, "environment", entry->key, "variable " SP_STR_FMT " %s",
                                SP_STR_ARG(entry->key),
                                !now.ptr                   ? "is not set any more"
                                : sp_is_text(entry->value) ? "has another value"
                                                           : "was not set then");
        }
}

/* Will the run fetch it, by the digest of then? */
static bool is_fetched(const struct sp_session *session, const struct sp_task *task)
{
    const struct sp_step_image *image;
    struct sp_err ignored = SP_ERR_INIT;

    return sp_images_take(session->images, task) &&
           sp_images_find(session->images, task, &image, &ignored) == SP_OK && !image->is_here &&
           image->pinned_by;
}

/* --- programs --------------------------------------------------------------------------------- */

struct programs {
    struct sp_rerun *rerun;
    const struct sp_session *session;
    struct sp_identities *identities;
    struct sp_str path;
    struct sp_map then; /* task -> const struct sp_dict *, its event step-key */
    struct sp_map told; /* names of programs that differ */
};

static void compare_program(void *arg, const struct sp_action *action, struct sp_outcome *outcome)
{
    struct programs *programs = arg;
    struct sp_arena *arena = programs->rerun->arena;
    struct sp_err err = SP_ERR_INIT;
    struct sp_str now;

    (void)outcome;
    if (action->kind != SP_ACTION_RUN)
        return;
    const struct sp_dict *key = sp_map_find(&programs->then, action->position->taskname);
    struct sp_str then = key ? sp_dict_text(key, "program") : SP_STR("");
    struct sp_str name = sp_identity_program(action->task);
    if (!then.len || sp_map_has(&programs->told, name) ||
        is_fetched(programs->session, action->task))
        return;
    bool known = sp_identity_of(programs->identities, arena, programs->session, programs->path,
                                action->task, &now, &err) == SP_OK;
    if (known && sp_str_eq(now, then))
        return;
    sp_map_set(&programs->told, sp_arena_str(arena, name), programs);
    sp_rerun_differ(programs->rerun, "program", name, SP_STR_FMT ": %s", SP_STR_ARG(name),
                    known ? "it is another program than then" : err.text);
}

static enum sp_rc walk_dry(struct sp_rerun *rerun, struct sp_session *session, struct sp_err *err)
{
    struct sp_preflight preflight;
    struct programs programs = {
        .rerun = rerun,
        .session = session,
        .identities = sp_identities_new(NULL),
        .path = sp_tools_path(session->arena, &session->places),
    };

    for (size_t i = 0; i < rerun->run->step_count; i++)
        if (rerun->run->steps[i].key)
            sp_map_set(&programs.then, rerun->run->steps[i].task,
                       (struct sp_dict *)rerun->run->steps[i].key);
    enum sp_rc rc =
        sp_preflight(session, SP_PITFALLS_RESULTS, compare_program, &programs, &preflight, err);
    sp_map_fini(&programs.then);
    sp_map_fini(&programs.told);
    sp_identities_free(programs.identities);
    return rc;
}

/* Does the finding speak of what will be brought back? */
static bool is_restored(const struct sp_rerun *rerun, const struct sp_diag *finding)
{
    SP_LIST_EACH(restore, rerun->restores)
    if (strstr(finding->text, sp_arena_cstr(rerun->arena, sp_dict_text(restore->dict, "path"))))
        return true;
    return false;
}

/* Findings of the dry walk: a missing tool, an input that is not there. */
static void compare_findings(struct sp_rerun *rerun, const struct sp_session *session)
{
    for (size_t i = 0; i < session->diags.len; i++) {
        const struct sp_diag *finding = &session->diags.items[i];
        bool lacks = finding->code == SP_DIAG_TOOL ||
                     (finding->code == SP_DIAG_PATH && !is_restored(rerun, finding));
        if (lacks || finding->severity == SP_ERROR_FOUND)
            sp_rerun_differ(rerun, "recipe", rerun->run->recipe, "%s", finding->text);
    }
}

void sp_rerun_compare(struct sp_rerun *rerun)
{
    struct sp_session session;
    struct sp_err err = SP_ERR_INIT;

    compare_spoor(rerun);
    enum sp_rc rc = sp_rerun_session(rerun, &session, &err);
    if (rc == SP_OK) {
        compare_files(rerun, &session);
        compare_settings(rerun, &session);
        compare_environment(rerun);
        sp_rerun_compare_inputs(rerun, &session);
        session.planning = true; /* what is missing may be brought back */
        rc = walk_dry(rerun, &session, &err);
    }
    size_t before = rerun->differences->len;
    compare_findings(rerun, &session);
    if (rc && rerun->differences->len == before)
        sp_rerun_differ(rerun, "recipe", rerun->run->recipe, "%s", err.text);
    sp_session_fini(&session);
}
