/* SPDX-License-Identifier: BSD-3-Clause */
#include "engine/dossier.h"

#include "base/buf.h"

/* Copy what an event says under these names, NULL at the end; a second name is what it is called
 * here. */
struct field {
    const char *event, *here;
};

static void copy_fields(struct sp_arena *arena,
                        struct sp_dict *out,
                        const struct sp_dict *event,
                        const struct field *fields)
{
    if (!event)
        return;
    for (; fields->event; fields++) {
        const struct sp_value *value = sp_dict_get(event, fields->event);
        if (value)
            sp_dict_put(arena, out, fields->here ? fields->here : fields->event, *value);
    }
}

/* --- steps --------------------------------------------------------------------------------- */

static struct sp_value cost_of(struct sp_arena *arena, const struct sp_step_summary *step)
{
    static const struct field fields[] = {
        { "wall", NULL },  { "cpu", NULL },  { "memory", NULL }, { "read", NULL },
        { "write", NULL }, { "exit", NULL }, { "signal", NULL }, { NULL, NULL },
    };
    struct sp_value cost = sp_dict_new(arena);

    copy_fields(arena, cost.dict, step->end, fields);
    return cost;
}

struct sp_value sp_dossier_step(struct sp_arena *arena,
                                const struct sp_run_summary *run,
                                const struct sp_step_summary *step)
{
    static const struct field of_start[] = {
        { "argv", "command" }, { "env", NULL }, { "virtual_env", NULL }, { "inputs", "parameters" },
        { "output", NULL },    { "log", NULL }, { "image", NULL },       { NULL, NULL },
    };
    static const struct field of_key[] = {
        { "key", NULL },    { "of", NULL },    { "why", "reasons" }, { "program", NULL },
        { "inputs", NULL }, { "image", NULL }, { NULL, NULL },
    };
    static const struct field of_outputs[] = { { "outputs", "values" }, { NULL, NULL } };
    static const struct field of_versions[] = { { "outputs", NULL }, { NULL, NULL } };
    static const struct field of_end[] = { { "failure", NULL },
                                           { "attempts", NULL },
                                           { NULL, NULL } };
    struct sp_value dict = sp_dict_new(arena);

    sp_dict_put_text(arena, dict.dict, "task", step->task);
    sp_dict_put_text(arena, dict.dict, "cab", step->cab);
    sp_dict_put_text(arena, dict.dict, "loop", step->loop);
    sp_dict_put(arena, dict.dict, "result", sp_text(sp_str_of(sp_step_state_name(run, step))));
    sp_dict_put_text(arena, dict.dict, "why", step->why);
    copy_fields(arena, dict.dict, step->start, of_start);
    copy_fields(arena, dict.dict, step->key, of_key);
    copy_fields(arena, dict.dict, step->versions, of_versions);
    copy_fields(arena, dict.dict, step->outputs, of_outputs);
    copy_fields(arena, dict.dict, step->end, of_end);
    if (step->end)
        sp_dict_put(arena, dict.dict, "cost", cost_of(arena, step));
    return dict;
}

/* --- the run ------------------------------------------------------------------------------- */

static void add_events(struct sp_arena *arena,
                       struct sp_dict *out,
                       const char *name,
                       struct sp_value events)
{
    static const struct field fields[] = {
        { "time", NULL },  { "path", NULL },    { "found", NULL }, { "action", NULL },
        { "attic", NULL }, { "version", NULL }, { "bytes", NULL }, { NULL, NULL },
    };
    struct sp_value list = sp_list_new(arena);

    SP_LIST_EACH(event, events.list)
    {
        struct sp_value dict = sp_dict_new(arena);
        copy_fields(arena, dict.dict, event->dict, fields);
        sp_list_add(arena, list.list, dict);
    }
    if (list.list->len)
        sp_dict_put(arena, out, name, list);
}

struct sp_value sp_dossier_outline(struct sp_arena *arena, const struct sp_run_summary *run)
{
    static const struct field of_start[] = {
        { "cwd", NULL },       { "host", NULL },           { "spoor", NULL },
        { "argv", "command" }, { "files", "named" },       { "loaded", "files" },
        { "rerun", NULL },     { "params", "parameters" }, { "given", NULL },
        { "selection", NULL }, { "settings", NULL },       { "images", NULL },
        { NULL, NULL },
    };
    struct sp_value dict = sp_dict_new(arena);

    sp_dict_put(arena, dict.dict, "run", sp_text(run->id));
    sp_dict_put_text(arena, dict.dict, "recipe", run->recipe);
    sp_dict_put(arena, dict.dict, "state", sp_text(sp_str_of(sp_run_state_name(run->state))));
    sp_dict_put_text(arena, dict.dict, "time", run->time);
    sp_dict_put(arena, dict.dict, "wall", sp_float(run->wall));
    sp_dict_put_text(arena, dict.dict, "why", run->why);
    copy_fields(arena, dict.dict, run->start, of_start);
    sp_dict_put(arena, dict.dict, "programs", run->programs);
    sp_dict_put(arena, dict.dict, "steps", sp_list_new(arena));
    add_events(arena, dict.dict, "edits", run->edits);
    add_events(arena, dict.dict, "restores", run->restores);
    if (run->outputs.kind == SP_DICT)
        sp_dict_put(arena, dict.dict, "outputs", run->outputs);
    return dict;
}

struct sp_value sp_dossier_of(struct sp_arena *arena, const struct sp_run_summary *run)
{
    struct sp_value dict = sp_dossier_outline(arena, run);
    struct sp_list *steps = sp_dict_get(dict.dict, "steps")->list;

    for (size_t i = 0; i < run->step_count; i++)
        sp_list_add(arena, steps, sp_dossier_step(arena, run, &run->steps[i]));
    return dict;
}

/* --- nested mappings ----------------------------------------------------------------------- */

static void flatten(struct sp_arena *arena,
                    struct sp_dict *out,
                    struct sp_str prefix,
                    const struct sp_dict *dict)
{
    SP_DICT_EACH(entry, dict)
    {
        struct sp_str name =
            prefix.len ? sp_arena_join(arena, prefix, ".", entry->key) : entry->key;
        if (entry->value.kind == SP_DICT && entry->value.dict->len)
            flatten(arena, out, name, entry->value.dict);
        else
            sp_dict_set(arena, out, name, entry->value);
    }
}

struct sp_value sp_dossier_flat(struct sp_arena *arena, const struct sp_dict *dict)
{
    struct sp_value flat = sp_dict_new(arena);

    if (dict)
        flatten(arena, flat.dict, SP_STR(""), dict);
    return flat;
}
