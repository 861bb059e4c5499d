/* SPDX-License-Identifier: BSD-3-Clause */
#include "engine/record.h"

#include "base/clock.h"

#include "engine/images.h"
#include "engine/provenance.h"
#include "engine/retry.h"
#include "sys/file.h"

#include <sys/wait.h>
#include <unistd.h>

struct record {
    struct sp_arena *arena;
    struct sp_dict *dict;
};

static struct record begin(struct sp_arena *arena)
{
    return (struct record){ arena, sp_dict_new(arena).dict };
}

static void put(struct record r, const char *key, struct sp_value value)
{
    sp_dict_put(r.arena, r.dict, key, value);
}

/* Texts are copied: positions live only until the next action. */
static void put_text(struct record r, const char *key, struct sp_str text)
{
    if (text.len)
        put(r, key, sp_text(sp_arena_str(r.arena, text)));
}

static void put_seconds(struct record r, const char *key, sp_nsec duration)
{
    put(r, key, sp_float((double)duration / 1e9));
}

static void put_words(struct record r, const char *key, const char *const *words, size_t count)
{
    struct sp_value list = sp_list_new(r.arena);

    for (size_t i = 0; i < count; i++)
        sp_list_add(r.arena, list.list, sp_text(sp_arena_str(r.arena, sp_str_of(words[i]))));
    put(r, key, list);
}

static void put_list(struct record r, const char *key, const char *const *words)
{
    size_t count = 0;

    while (words && words[count])
        count++;
    if (count)
        put_words(r, key, words, count);
}

static void put_dict(struct record r, const char *key, const struct sp_dict *dict)
{
    struct sp_value value = sp_dict_new(r.arena);

    if (!dict)
        return;
    SP_DICT_EACH(entry, dict)
    sp_dict_set(r.arena, value.dict, entry->key, entry->value);
    put(r, key, value);
}

static void put_position(struct record r, const struct sp_position *position)
{
    put_text(r, "step", position->fqname);
    put_text(r, "task", position->taskname);
    put_text(r, "loop", position->loop_status);
    if (position->iteration >= 0)
        put(r, "iteration", sp_int(position->iteration));
    put_text(r, "worker", position->worker);
}

/* What the options say, as given; nothing when they say nothing. */
static void put_selection(struct record r, const struct sp_selection *selection)
{
    struct record given = begin(r.arena);

    if (!selection)
        return;

    const struct {
        const char *key;
        const struct sp_words *words;
    } options[] = {
        { "step", &selection->steps },         { "skip-step", &selection->skip_steps },
        { "tags", &selection->tags },          { "skip-tags", &selection->skip_tags },
        { "enable-step", &selection->enable },
    };

    for (size_t i = 0; i < SP_COUNT(options); i++)
        if (options[i].words->len)
            put_words(given, options[i].key, options[i].words->items, options[i].words->len);
    if (selection->ignore_fresh)
        put(given, "disable-fresh-skips", sp_bool(true));
    if (selection->ignore_exist)
        put(given, "disable-exist-skips", sp_bool(true));
    if (given.dict->len)
        put_dict(r, "selection", given.dict);
}

/* JSON has no UNSET; as a formula it means the same when it is read back. */
static void put_params(struct record r, const struct sp_dict *params)
{
    struct sp_dict *copy = sp_dict_clone(r.arena, params);

    for (size_t i = 0; i < copy->len; i++)
        if (copy->entries[i].value.kind == SP_UNSET)
            copy->entries[i].value = sp_text(SP_STR("=UNSET"));
    put_dict(r, "params", copy);
}

struct sp_dict *sp_record_run_start(struct sp_session *session,
                                    const struct sp_run_options *options,
                                    struct sp_str run_id,
                                    size_t total)
{
    struct record r = begin(session->arena);
    struct sp_value files = { .kind = SP_LIST, .list = session->files };
    const struct sp_value *run = sp_dict_get(session->config.root, "run");
    const struct sp_value *host =
        run && run->kind == SP_DICT ? sp_dict_get(run->dict, "hostname") : NULL;

    put_text(r, "run", run_id);
    put_text(r, "recipe", session->recipe ? session->recipe->name : session->cab->name);
    put(r, "files", files);
    put_params(r, session->params);
    put_words(r, "argv", (const char *const *)options->argv, (size_t)options->argc);
    put_text(r, "cwd", session->world.cwd);
    put_text(r, "spoor", SP_STR(SPOOR_VERSION));
    put(r, "loaded", sp_provenance_files(session));
    put(r, "packages", sp_provenance_packages(session));
    put(r, "given", sp_provenance_given(session));
    if (session->asked.variables->len)
        put_dict(r, "environment", session->asked.variables);
    put_text(r, "rerun", sp_str_of(options->rerun));
    const struct sp_value *settings = sp_dict_get(session->config.root, "opts");
    put_dict(r, "settings", settings && settings->kind == SP_DICT ? settings->dict : NULL);
    put_text(r, "host", host && sp_is_text(*host) ? host->text : SP_STR(""));
    put(r, "pid", sp_int(getpid()));
    put(r, "clock", sp_int(sp_clock_files()));
    put_selection(r, session->selection);
    put(r, "total", sp_int((int64_t)total));
    struct sp_value images = sp_images_list(session->images, session->arena);
    if (images.list->len)
        put(r, "images", images);
    return r.dict;
}

/* What the tool may write; and what of that is not there yet, so that it is all of its making. */
static void put_writes(struct record r, const struct sp_task *task)
{
    struct sp_value writes = sp_list_new(r.arena);
    struct sp_value creates = sp_list_new(r.arena);

    if (!task->writes || !task->writes->len)
        return;
    SP_LIST_EACH(path, task->writes)
    {
        struct sp_value copy = sp_text(sp_arena_str(r.arena, path->text));
        sp_list_add(r.arena, writes.list, copy);
        if (sp_file_kind(copy.text.ptr) == SP_FILE_NONE)
            sp_list_add(r.arena, creates.list, copy);
    }
    put(r, "writes", writes);
    if (creates.list->len)
        put(r, "creates", creates);
}

struct sp_dict *sp_record_step(struct sp_arena *arena, const struct sp_position *position)
{
    struct record r = begin(arena);

    put_position(r, position);
    return r.dict;
}

void sp_record_image(struct sp_arena *arena,
                     struct sp_session *session,
                     const struct sp_task *task,
                     struct sp_dict *out)
{
    const struct sp_step_image *image;
    struct sp_err ignored = SP_ERR_INIT;

    if (sp_images_take(session->images, task) &&
        sp_images_find(session->images, task, &image, &ignored) == SP_OK && image->is_here)
        sp_dict_put(arena, out, "image", sp_step_image_value(image, arena));
}

struct sp_dict *sp_record_step_start(struct sp_arena *arena,
                                     const struct sp_action *action,
                                     struct sp_str output_file,
                                     struct sp_str log_file)
{
    struct record r = begin(arena);
    const struct sp_task *task = action->task;

    put_position(r, action->position);
    put_text(r, "cab", task->cab->name);
    put_words(r, "argv", task->command.argv, task->command.argc);
    put_list(r, "env", task->command.env);
    put_text(r, "virtual_env", task->virtual_env);
    put_dict(r, "inputs", task->inputs);
    put_writes(r, task);
    put(r, "clock", sp_int(sp_clock_files()));
    put_text(r, "output", output_file);
    put_text(r, "log", log_file);
    return r.dict;
}

struct sp_dict *sp_record_step_handle(struct sp_arena *arena,
                                      const struct sp_action *action,
                                      const char *backend,
                                      const struct sp_handle *handle)
{
    struct record r = begin(arena);

    put_position(r, action->position);
    put_text(r, "backend", sp_str_of(backend));
    put_text(r, "handle", sp_str_of(handle->text));
    return r.dict;
}

struct sp_dict *sp_record_step_end(struct sp_arena *arena,
                                   const struct sp_position *position,
                                   bool success,
                                   const char *why,
                                   int exit_status,
                                   const struct sp_usage_stats *usage)
{
    struct record r = begin(arena);

    put_position(r, position);
    put(r, "success", sp_bool(success));
    put(r, "clock", sp_int(sp_clock_files()));
    put_text(r, "why", sp_str_of(why));
    if (WIFEXITED(exit_status))
        put(r, "exit", sp_int(WEXITSTATUS(exit_status)));
    else if (exit_status >= 0 && WIFSIGNALED(exit_status))
        put(r, "signal", sp_int(WTERMSIG(exit_status)));
    put_seconds(r, "wall", usage->wall);
    put_seconds(r, "cpu", usage->cpu_user + usage->cpu_system);
    put(r, "memory", sp_int((int64_t)usage->peak_memory));
    put(r, "read", sp_int((int64_t)usage->read_bytes));
    put(r, "write", sp_int((int64_t)usage->write_bytes));
    return r.dict;
}

struct sp_dict *sp_record_attempt(struct sp_arena *arena,
                                  const char *why,
                                  enum sp_failure_class failure,
                                  const struct sp_usage_stats *usage)
{
    struct record r = begin(arena);

    put_text(r, "why", sp_str_of(why));
    put_text(r, "failure", sp_str_of(sp_failure_name(failure)));
    put_seconds(r, "wall", usage->wall);
    return r.dict;
}

struct sp_dict *sp_record_step_retry(struct sp_arena *arena,
                                     const struct sp_position *position,
                                     unsigned attempt,
                                     unsigned of,
                                     const struct sp_list *failed)
{
    struct record r = begin(arena);

    put_position(r, position);
    put(r, "attempt", sp_int(attempt));
    put(r, "of", sp_int(of));
    put(r, "after", failed->items[failed->len - 1]);
    return r.dict;
}

void sp_record_attempts(struct sp_arena *arena,
                        struct sp_dict *out,
                        enum sp_failure_class failure,
                        const struct sp_list *failed)
{
    struct record r = { .arena = arena, .dict = out };

    put_text(r, "failure", sp_str_of(sp_failure_name(failure)));
    if (failed)
        put(r, "attempts", (struct sp_value){ .kind = SP_LIST, .list = (struct sp_list *)failed });
}

struct sp_dict *sp_record_step_refuse(struct sp_arena *arena,
                                      const struct sp_position *position,
                                      const char *why)
{
    struct record r = begin(arena);

    put_position(r, position);
    put_text(r, "why", sp_str_of(why));
    return r.dict;
}

struct sp_dict *sp_record_step_skip(struct sp_arena *arena, const struct sp_action *action)
{
    struct record r = begin(arena);

    put_position(r, action->position);
    put_text(r, "why", action->reason);
    if (action->unselected)
        put(r, "unselected", sp_bool(true));
    return r.dict;
}

struct sp_dict *sp_record_outputs(struct sp_arena *arena,
                                  const struct sp_position *position,
                                  const struct sp_dict *outputs)
{
    struct record r = begin(arena);

    put_position(r, position);
    put_dict(r, "outputs", outputs);
    return r.dict;
}

struct sp_dict *sp_record_run_end(struct sp_arena *arena,
                                  bool success,
                                  bool interrupted,
                                  const char *why,
                                  sp_nsec wall)
{
    struct record r = begin(arena);

    put(r, "success", sp_bool(success));
    put(r, "interrupted", sp_bool(interrupted));
    put_text(r, "why", sp_str_of(why));
    put_seconds(r, "wall", wall);
    return r.dict;
}
