/* SPDX-License-Identifier: BSD-3-Clause */
#include "base/map.h"

#include "engine/catalogue_internal.h"
#include "value/json.h"

#include <sys/stat.h>

#define RUN_COLUMNS     20
#define VERSION_COLUMNS 14

/* A step that has begun: its number in the journal. */
struct begun {
    int64_t seq;
};

struct fold {
    struct sp_catalogue *catalogue;
    struct sp_arena *arena; /* of this fold */
    struct sp_catalogue_run *run;
    struct sp_map open; /* task -> struct begun *, newest of each name */
    enum sp_rc rc;      /* of the database */
    struct sp_err *err;
};

static struct sp_value number(const struct sp_dict *event, const char *key)
{
    const struct sp_value *value = sp_dict_get(event, key);

    return value ? *value : sp_null();
}

static int64_t seq_of(const struct sp_dict *event)
{
    return (int64_t)sp_dict_number(event, "seq");
}

static void execute(struct fold *fold,
                    enum sp_catalogue_query query,
                    const struct sp_value *args,
                    size_t count)
{
    if (fold->rc == SP_OK)
        fold->rc = sp_catalogue_do(fold->catalogue, query, args, count, fold->err);
}

static void remember(struct fold *fold, struct sp_map *map, struct sp_str task, int64_t seq)
{
    struct begun *begun = sp_map_find(map, task);

    if (!begun) {
        begun = SP_ARENA_NEW(fold->arena, struct begun, 1);
        sp_map_set(map, sp_arena_str(fold->arena, task), begun);
    }
    begun->seq = seq;
}

/* --- steps ------------------------------------------------------------------------------------ */

static void add_step(struct fold *fold, const struct sp_dict *event, const char *result)
{
    bool keyed = sp_str_is(sp_dict_text(event, "event"), "step-key");
    struct sp_value args[] = {
        sp_text(fold->run->id),
        sp_int(seq_of(event)),
        sp_text(sp_dict_text(event, "task")),
        sp_text(sp_dict_text(event, "cab")),
        sp_text(sp_str_of(result)),
        keyed ? number(event, "key") : sp_null(),
        keyed ? number(event, "program") : sp_null(),
    };

    execute(fold, SP_CATALOGUE_ADD_STEP, args, SP_COUNT(args));
}

static struct sp_value text_at(const struct sp_dict *dict, const char *key)
{
    struct sp_str text = sp_dict_text(dict, key);

    return sp_text(text.ptr ? text : SP_STR(""));
}

static void add_version(struct fold *fold,
                        const struct sp_dict *event,
                        const char *direction,
                        const struct sp_dict *artefact)
{
    bool is_state = sp_str_is(sp_dict_text(event, "event"), "step-versions");
    struct sp_value args[VERSION_COLUMNS + 1] = {
        sp_text(fold->run->id),
        sp_int(seq_of(event)),
        text_at(event, "task"),
        sp_text(sp_str_of(direction)),
        text_at(artefact, "role"),
        text_at(artefact, "path"),
        text_at(artefact, "version"),
        text_at(artefact, "kind"),
        sp_int((int64_t)sp_dict_number(artefact, "bytes")),
        sp_int(sp_dict_truth(artefact, "kept")),
        sp_int(is_state),
        sp_int(sp_dict_truth(artefact, "source")),
        text_at(artefact, "tree"),
        text_at(event, "time"),
    };
    struct sp_checksum_text guard = sp_catalogue_guard(args, VERSION_COLUMNS);

    args[VERSION_COLUMNS] = sp_text(sp_str_of(guard.text));
    execute(fold, SP_CATALOGUE_ADD_VERSION, args, SP_COUNT(args));
}

static void add_versions(struct fold *fold,
                         const struct sp_dict *event,
                         const char *direction,
                         const char *field)
{
    const struct sp_value *list = sp_dict_get(event, field);

    if (list && sp_is_list(*list))
        SP_LIST_EACH(artefact, list->list)
    if (artefact->kind == SP_DICT)
        add_version(fold, event, direction, artefact->dict);
}

static void on_step_start(struct fold *fold, const struct sp_dict *event)
{
    const struct sp_value *writes = sp_dict_get(event, "writes");

    add_step(fold, event, "running");
    remember(fold, &fold->open, sp_dict_text(event, "task"), seq_of(event));
    if (!writes || !sp_is_list(*writes))
        return;
    SP_LIST_EACH(path, writes->list)
    {
        struct sp_dict *artefact = sp_dict_new(fold->arena).dict;
        sp_dict_put(fold->arena, artefact, "path", *path);
        if (sp_is_text(*path))
            add_version(fold, event, "out", artefact);
    }
}

static void on_step_key(struct fold *fold, const struct sp_dict *event)
{
    struct sp_str task = sp_dict_text(event, "task");
    const struct begun *begun = sp_map_find(&fold->open, task);

    add_versions(fold, event, "in", "inputs");
    if (sp_dict_truth(event, "hit")) {
        add_step(fold, event, "reused");
        fold->run->summary.reused++;
    } else if (begun) {
        struct sp_value args[] = { number(event, "key"), number(event, "program"),
                                   sp_text(fold->run->id), sp_int(begun->seq) };
        execute(fold, SP_CATALOGUE_KEY_STEP, args, SP_COUNT(args));
    }
}

static void on_step_versions(struct fold *fold, const struct sp_dict *event)
{
    add_versions(fold, event, "in", "inputs");
    add_versions(fold, event, "out", "outputs");
}

static void on_step_end(struct fold *fold, const struct sp_dict *event)
{
    struct sp_str task = sp_dict_text(event, "task");
    const struct begun *begun = sp_map_find(&fold->open, task);
    bool success = sp_dict_truth(event, "success");

    if (!begun)
        return;
    struct sp_value args[] = {
        sp_text(success                                                ? SP_STR("done")
                : sp_str_is(sp_dict_text(event, "why"), "interrupted") ? SP_STR("interrupted")
                                                                       : SP_STR("failed")),
        number(event, "wall"),
        number(event, "cpu"),
        number(event, "memory"),
        sp_text(fold->run->id),
        sp_int(begun->seq),
    };
    execute(fold, SP_CATALOGUE_END_STEP, args, SP_COUNT(args));
    (void)sp_map_remove(&fold->open, task);
    fold->run->summary.done++;
    fold->run->summary.failed += !success;
}

static void on_step_skip(struct fold *fold, const struct sp_dict *event)
{
    add_step(fold, event, "skipped");
    fold->run->summary.skipped++;
    fold->run->summary.unselected += sp_dict_truth(event, "unselected");
}

static void on_step_refuse(struct fold *fold, const struct sp_dict *event)
{
    add_step(fold, event, "failed");
}

/* --- the run ---------------------------------------------------------------------------------- */

/* Texts of events live as long as the event. */
static struct sp_str kept(struct fold *fold, const struct sp_dict *event, const char *key)
{
    return sp_arena_str(fold->arena, sp_dict_text(event, key));
}

static void on_run_start(struct fold *fold, const struct sp_dict *event)
{
    struct sp_run_summary *run = &fold->run->summary;
    const struct sp_value *selection = sp_dict_get(event, "selection");

    run->recipe = kept(fold, event, "recipe");
    run->time = kept(fold, event, "time");
    run->cwd = kept(fold, event, "cwd");
    run->host = kept(fold, event, "host");
    run->total = (size_t)sp_dict_number(event, "total");
    if (selection)
        run->selection = sp_value_copy(fold->arena, *selection);
}

static void on_run_end(struct fold *fold, const struct sp_dict *event)
{
    struct sp_run_summary *run = &fold->run->summary;

    run->wall = sp_dict_number(event, "wall");
    run->why = kept(fold, event, "why");
    run->state = sp_dict_truth(event, "success")       ? SP_RUN_SUCCEEDED
                 : sp_dict_truth(event, "interrupted") ? SP_RUN_INTERRUPTED
                                                       : SP_RUN_FAILED;
}

static void on_run_lost(struct fold *fold, const struct sp_dict *event)
{
    (void)event;
    fold->run->summary.state = SP_RUN_LOST;
}

static bool on_event(const struct sp_dict *event, void *arg)
{
    static const struct {
        const char *name;
        void (*fold)(struct fold *fold, const struct sp_dict *event);
    } table[] = {
        { "run-start", on_run_start },         { "step-start", on_step_start },
        { "step-key", on_step_key },           { "step-end", on_step_end },
        { "step-versions", on_step_versions }, { "step-skip", on_step_skip },
        { "step-refuse", on_step_refuse },     { "run-end", on_run_end },
        { "run-lost", on_run_lost },
    };
    struct fold *fold = arg;
    struct sp_str name = sp_dict_text(event, "event");

    for (size_t i = 0; i < SP_COUNT(table); i++)
        if (sp_str_is(name, table[i].name))
            table[i].fold(fold, event);
    return fold->rc == SP_OK;
}

/* --- rows ------------------------------------------------------------------------------------- */

static enum sp_rc put_run(struct sp_catalogue *catalogue,
                          const struct sp_catalogue_run *run,
                          struct sp_err *err)
{
    const struct sp_run_summary *s = &run->summary;
    sp_auto_buf struct sp_buf selection = SP_BUF(SP_BUF_LARGE);

    if (s->selection.kind == SP_DICT)
        sp_json_encode(s->selection, SP_JSON_COMPACT, &selection);
    struct sp_value args[RUN_COLUMNS + 1] = {
        sp_text(run->id),
        sp_int(run->inode),
        sp_int(run->size),
        sp_int(run->mtime),
        sp_int((int64_t)run->place.seq),
        sp_int((int64_t)run->place.offset),
        sp_text(s->recipe),
        sp_int(s->state),
        sp_text(s->time),
        sp_text(s->cwd),
        sp_text(s->host),
        sp_text(s->why),
        sp_float(s->wall),
        sp_int((int64_t)s->total),
        sp_int((int64_t)s->done),
        sp_int((int64_t)s->reused),
        sp_int((int64_t)s->skipped),
        sp_int((int64_t)s->failed),
        sp_int((int64_t)s->unselected),
        sp_text(sp_buf_str(&selection)),
    };

    for (size_t i = 0; i < RUN_COLUMNS; i++)
        if (sp_is_text(args[i]) && !args[i].text.ptr)
            args[i] = sp_text(SP_STR(""));
    struct sp_checksum_text guard = sp_catalogue_guard(args, RUN_COLUMNS);
    args[RUN_COLUMNS] = sp_text(sp_str_of(guard.text));
    return sp_catalogue_do(catalogue, SP_CATALOGUE_PUT_RUN, args, SP_COUNT(args), err);
}

static enum sp_rc find_open_steps(struct fold *fold, struct sp_err *err)
{
    struct sp_sql_query *query = fold->catalogue->queries[SP_CATALOGUE_OPEN_STEPS];
    struct sp_value key = sp_text(fold->run->id);
    bool row = false;

    enum sp_rc rc = sp_sql_start(query, &key, 1, &row, err);
    while (rc == SP_OK && row) {
        struct sp_str task = sp_sql_value(query, 0, fold->arena).text;
        remember(fold, &fold->open, task, sp_sql_value(query, 1, fold->arena).integer);
        rc = sp_sql_next(query, &row, err);
    }
    return rc;
}

/* Nothing of what is known of it counts. */
static enum sp_rc forget(struct sp_catalogue *catalogue, struct sp_str id, struct sp_err *err)
{
    static const char *const tables[] = { "DELETE FROM steps WHERE run = ?",
                                          "DELETE FROM versions WHERE run = ?" };
    struct sp_value key = sp_text(id);
    enum sp_rc rc = SP_OK;
    bool row;

    for (size_t i = 0; i < SP_COUNT(tables) && rc == SP_OK; i++) {
        struct sp_sql_query *query = NULL;
        rc = sp_sql_prepare(catalogue->sql, tables[i], &query, err);
        if (rc == SP_OK)
            rc = sp_sql_start(query, &key, 1, &row, err);
        sp_sql_finish(query);
    }
    return rc;
}

/* A journal only grows; one that does not is another one. */
static bool has_grown(const struct sp_catalogue_run *run, const struct stat *info)
{
    return run->inode == (int64_t)info->st_ino && run->size < (int64_t)info->st_size &&
           run->place.offset > 0;
}

static int64_t mtime_of(const struct stat *info)
{
    return (int64_t)info->st_mtim.tv_sec * 1000000000 + info->st_mtim.tv_nsec;
}

static enum sp_rc read_on(struct sp_catalogue *catalogue,
                          struct sp_catalogue_run *run,
                          const char *path,
                          struct sp_err *err)
{
    sp_auto_arena struct sp_arena *arena = sp_arena_new();
    struct fold fold = { .catalogue = catalogue, .arena = arena, .run = run, .err = err };
    struct sp_err bad = SP_ERR_INIT;

    enum sp_rc rc =
        run->place.offset ? find_open_steps(&fold, err) : forget(catalogue, run->id, err);
    if (rc == SP_OK && sp_journal_read_on(path, &run->place, NULL, on_event, &fold, &bad)) {
        /* What is wrong with it is all that there is to say; it is read anew when it has changed.
         */
        run->summary = (struct sp_run_summary){ .id = run->id, .state = SP_RUN_LOST };
        run->summary.why = sp_arena_str(catalogue->arena, sp_str_of(bad.text));
        run->place = (struct sp_journal_place){ 0 };
        if (fold.rc == SP_OK)
            fold.rc = forget(catalogue, run->id, err);
    }
    if (rc == SP_OK)
        rc = fold.rc;
    if (rc == SP_OK)
        rc = put_run(catalogue, run, err);
    sp_map_fini(&fold.open);
    return rc;
}

enum sp_rc sp_catalogue_follow(struct sp_catalogue *catalogue, struct sp_str id, struct sp_err *err)
{
    struct sp_str path = sp_workspace_journal(catalogue->workspace, id);
    struct sp_catalogue_run run = { .id = id };
    struct sp_err none = SP_ERR_INIT;
    struct stat info;

    if (stat(path.ptr, &info) < 0)
        return SP_OK; /* it went away just now */
    enum sp_rc rc = sp_catalogue_get(catalogue, id, &run, &none);
    if (rc == SP_OK && run.inode == (int64_t)info.st_ino && run.size == (int64_t)info.st_size &&
        run.mtime == mtime_of(&info))
        return SP_OK;
    if (rc && rc != SP_NOT_FOUND)
        return sp_fail(err, rc, "%s", none.text);
    if (rc == SP_NOT_FOUND || !has_grown(&run, &info))
        run = (struct sp_catalogue_run){ .id = id, .summary = { .id = id } };
    run.inode = (int64_t)info.st_ino;
    run.size = (int64_t)info.st_size;
    run.mtime = mtime_of(&info);
    return read_on(catalogue, &run, path.ptr, err);
}
