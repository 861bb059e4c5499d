/* SPDX-License-Identifier: BSD-3-Clause */
#include "engine/provenance.h"

#include "base/clock.h"
#include "base/map.h"
#include "base/sha256.h"

#include "engine/package.h"
#include "engine/recorded.h"
#include "engine/replay.h"

static void put(struct sp_arena *arena, struct sp_value dict, const char *key, const char *text)
{
    sp_dict_set(arena, dict.dict, sp_str_of(key), sp_text(sp_arena_str(arena, sp_str_of(text))));
}

/* `known` (may be NULL) is what a repeated run has noted: it stands as long as the content is that.
 */
static struct sp_value file_value(const struct sp_session *session,
                                  struct sp_str path,
                                  const struct sp_value *known)
{
    struct sp_arena *arena = session->arena;
    const struct sp_world *world = &session->files_world;
    struct sp_value dict = sp_dict_new(arena);
    struct sp_err err = SP_ERR_INIT;
    struct sp_str text;
    const char *name = sp_arena_cstr(arena, path);

    while (name[0] == '.' && name[1] == '/' && name[2]) /* one name for one file */
        name += 2;
    put(arena, dict, "path", name);
    put(arena, dict, "mtime", sp_clock_iso(world->mtime(world->arg, path)).text);
    if (world->read(world->arg, path, arena, &text, &err))
        return dict;
    struct sp_sha256_text digest = sp_sha256(text);
    if (known && sp_str_is(sp_dict_text(known->dict, "sha256"), digest.text))
        return *known;
    put(arena, dict, "sha256", digest.text);
    return dict;
}

/* Of a repetition: what the run that it repeats has noted. */
static const struct sp_value *noted(const struct sp_session *session, struct sp_str path)
{
    const struct sp_replay *replay = session->options->replay;
    const struct sp_value *files = replay ? sp_dict_get(replay->start, "loaded") : NULL;
    struct sp_str place = replay ? sp_replay_place(replay, path) : path;

    if (files && sp_is_list(*files))
        SP_LIST_EACH(file, files->list)
    if (file->kind == SP_DICT &&
        sp_str_eq(sp_replay_place(replay, sp_dict_text(file->dict, "path")), place))
        return file;
    return NULL;
}

struct sp_value sp_provenance_files(const struct sp_session *session)
{
    struct sp_arena *arena = session->arena;
    struct sp_value list = sp_list_new(arena);
    struct sp_map seen = { 0 };

    for (size_t i = 0; i < session->composer.dependency_count; i++) {
        const struct sp_dependency *file = &session->composer.dependencies[i];
        if (!file->found || sp_map_has(&seen, file->path))
            continue;
        sp_map_set(&seen, file->path, &seen);
        sp_list_add(arena, list.list, file_value(session, file->path, noted(session, file->path)));
    }
    sp_map_fini(&seen);
    return list;
}

enum sp_rc sp_provenance_keep(const struct sp_session *session,
                              const struct sp_workspace *workspace,
                              struct sp_err *err)
{
    const struct sp_world *world = &session->files_world;
    enum sp_rc rc = SP_OK;

    for (size_t i = 0; i < session->composer.dependency_count && rc == SP_OK; i++) {
        const struct sp_dependency *file = &session->composer.dependencies[i];
        struct sp_err unreadable = SP_ERR_INIT;
        struct sp_str text;
        if (file->found &&
            world->read(world->arg, file->path, session->arena, &text, &unreadable) == SP_OK)
            rc = sp_recorded_keep(workspace, text, err);
    }
    return rc;
}

/* --- what the command line said ------------------------------------------------------------ */

static void put_words(struct sp_arena *arena,
                      struct sp_dict *dict,
                      const char *key,
                      const char *const *words,
                      size_t count)
{
    struct sp_value list = sp_list_new(arena);

    for (size_t i = 0; i < count; i++)
        sp_list_add(arena, list.list, sp_text(sp_arena_str(arena, sp_str_of(words[i]))));
    if (count)
        sp_dict_put(arena, dict, key, list);
}

struct sp_value sp_provenance_given(const struct sp_session *session)
{
    struct sp_arena *arena = session->arena;
    const struct sp_session_options *options = session->options;
    struct sp_value given = sp_dict_new(arena);

    const struct {
        const char *key;
        bool said;
    } flags[] = {
        { "slurm", options->slurm },
        { "verbose", options->verbose },
        { "strict", options->strict },
        { "no_system_config", options->no_system_config },
    };

    put_words(arena, given.dict, "config", options->config, options->config_len);
    put_words(arena, given.dict, "settings", options->settings, options->settings_len);
    if (options->settings_early)
        sp_dict_put(arena, given.dict, "settings_early", sp_int((int64_t)options->settings_early));
    put_words(arena, given.dict, "config_pairs", options->config_pairs, options->config_pairs_len);
    put_words(arena, given.dict, "include", options->include, options->include_len);
    sp_dict_put_text(arena, given.dict, "backend", sp_str_of(options->backend));
    for (size_t i = 0; i < SP_COUNT(flags); i++)
        if (flags[i].said)
            sp_dict_put(arena, given.dict, flags[i].key, sp_bool(true));
    return given;
}

struct sp_value sp_provenance_packages(const struct sp_session *session)
{
    struct sp_arena *arena = session->arena;
    struct sp_value packages = sp_packages_known(session->places.packages, arena);
    const struct sp_replay *replay = session->options->replay;
    const struct sp_value *then = replay ? sp_dict_get(replay->start, "packages") : NULL;

    if (then)
        return *then;
    sp_dict_put_text(arena, packages.dict, "spoor", sp_arena_str(arena, session->places.cabs));
    return packages;
}
