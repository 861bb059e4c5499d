/* SPDX-License-Identifier: BSD-3-Clause */
#include "engine/rundiff.h"

#include "base/linediff.h"
#include "base/map.h"

#include "engine/dossier.h"
#include "engine/recorded.h"
#include "journal/journal.h"

struct pair {
    struct sp_arena *arena;
    const struct sp_dict *from, *to;
};

static const struct sp_dict none;

static const struct sp_dict *dict_of(const struct sp_dict *dict, const char *key)
{
    const struct sp_value *value = sp_dict_get(dict, key);

    return value && value->kind == SP_DICT ? value->dict : &none;
}

static const struct sp_list *list_of(const struct sp_dict *dict, const char *key)
{
    static const struct sp_list empty;
    const struct sp_value *value = sp_dict_get(dict, key);

    return value && sp_is_list(*value) ? value->list : &empty;
}

static void put_pair(struct sp_arena *arena,
                     struct sp_dict *out,
                     struct sp_str name,
                     const struct sp_value *from,
                     const struct sp_value *to)
{
    struct sp_value change = sp_dict_new(arena);

    if (from)
        sp_dict_put(arena, change.dict, "from", *from);
    if (to)
        sp_dict_put(arena, change.dict, "to", *to);
    sp_dict_set(arena, out, name, change);
}

static bool same_type(struct sp_value a, struct sp_value b)
{
    return a.kind == b.kind || (sp_is_text(a) && sp_is_text(b)) || (sp_is_list(a) && sp_is_list(b));
}

/* What is not the same in two mappings; 1, 1.0 and true are three things. */
static struct sp_value compare(struct pair pair)
{
    struct sp_value out = sp_dict_new(pair.arena);

    SP_DICT_EACH(entry, pair.from)
    {
        const struct sp_value *other = sp_dict_find(pair.to, entry->key);
        if (!other || !same_type(entry->value, *other) || !sp_value_eq(entry->value, *other))
            put_pair(pair.arena, out.dict, entry->key, &entry->value, other);
    }
    SP_DICT_EACH(entry, pair.to)
    if (!sp_dict_find(pair.from, entry->key))
        put_pair(pair.arena, out.dict, entry->key, NULL, &entry->value);
    return out;
}

static void put_if_any(struct sp_arena *arena,
                       struct sp_dict *out,
                       const char *name,
                       struct sp_value found)
{
    if (found.kind == SP_DICT ? found.dict->len : found.list->len)
        sp_dict_put(arena, out, name, found);
}

static struct pair section(struct pair pair, const char *name)
{
    return (struct pair){ pair.arena, dict_of(pair.from, name), dict_of(pair.to, name) };
}

/* Only these fields, and only where both have them. */
static struct sp_value compare_fields(struct pair pair, const char *const *names)
{
    struct sp_value out = sp_dict_new(pair.arena);

    for (; *names; names++) {
        const struct sp_value *from = sp_dict_get(pair.from, *names);
        const struct sp_value *to = sp_dict_get(pair.to, *names);
        if (from && to && !sp_value_eq(*from, *to))
            put_pair(pair.arena, out.dict, sp_str_of(*names), from, to);
    }
    return out;
}

/* --- files --------------------------------------------------------------------------------- */

static struct sp_value by_path(struct sp_arena *arena, const struct sp_dict *run)
{
    struct sp_value out = sp_dict_new(arena);

    SP_LIST_EACH(file, list_of(run, "files"))
    if (file->kind == SP_DICT)
        sp_dict_set(arena, out.dict, sp_dict_text(file->dict, "path"), *file);
    return out;
}

/* `diff` when both contents are known. */
static void put_text_diff(struct pair pair,
                          const struct sp_workspace *workspace,
                          struct sp_dict *out)
{
    struct sp_err ignored = SP_ERR_INIT;
    sp_auto_buf struct sp_buf text = SP_BUF(SP_BUF_LARGE);
    struct sp_str from = SP_STR("");
    struct sp_str to = SP_STR("");

    if ((pair.from->len && sp_recorded_text(workspace, pair.from, &from, &ignored)) ||
        (pair.to->len && sp_recorded_text(workspace, pair.to, &to, &ignored)))
        return;
    sp_linediff(from, to, &text);
    sp_dict_put_text(pair.arena, out, "diff", sp_arena_str(pair.arena, sp_buf_str(&text)));
}

static void add_file(struct pair pair, const struct sp_workspace *workspace, struct sp_list *out)
{
    struct sp_value dict = sp_dict_new(pair.arena);
    struct sp_str from = sp_dict_text(pair.from, "sha256");
    struct sp_str to = sp_dict_text(pair.to, "sha256");

    if (pair.from->len && pair.to->len && sp_str_eq(from, to))
        return;
    sp_dict_put_text(pair.arena, dict.dict, "path",
                     sp_dict_text(pair.from->len ? pair.from : pair.to, "path"));
    sp_dict_put(pair.arena, dict.dict, "change",
                sp_text(!pair.from->len ? SP_STR("added")
                        : !pair.to->len ? SP_STR("removed")
                                        : SP_STR("changed")));
    sp_dict_put_text(pair.arena, dict.dict, "from", from);
    sp_dict_put_text(pair.arena, dict.dict, "to", to);
    put_text_diff(pair, workspace, dict.dict);
    sp_list_add(pair.arena, out, dict);
}

static struct sp_value compare_files(struct pair runs, const struct sp_workspace *workspace)
{
    struct sp_value out = sp_list_new(runs.arena);
    const struct sp_dict *from = by_path(runs.arena, runs.from).dict;
    const struct sp_dict *to = by_path(runs.arena, runs.to).dict;

    SP_DICT_EACH(entry, from)
    {
        const struct sp_value *other = sp_dict_find(to, entry->key);
        add_file((struct pair){ runs.arena, entry->value.dict, other ? other->dict : &none },
                 workspace, out.list);
    }
    SP_DICT_EACH(entry, to)
    if (!sp_dict_find(from, entry->key))
        add_file((struct pair){ runs.arena, &none, entry->value.dict }, workspace, out.list);
    return out;
}

/* --- steps --------------------------------------------------------------------------------- */

/* Role -> version; of several of one role also the path counts. */
static const struct sp_dict *versions_of(struct sp_arena *arena,
                                         const struct sp_dict *step,
                                         const char *name)
{
    struct sp_dict *out = sp_dict_new(arena).dict;

    SP_LIST_EACH(artefact, list_of(step, name))
    {
        if (artefact->kind != SP_DICT)
            continue;
        struct sp_str role = sp_dict_text(artefact->dict, "role");
        if (sp_dict_find(out, role))
            role = sp_arena_join(arena, role, " ", sp_dict_text(artefact->dict, "path"));
        sp_dict_set(arena, out, role, sp_text(sp_dict_text(artefact->dict, "version")));
    }
    return out;
}

static struct sp_value compare_versions(struct pair steps, const char *name)
{
    struct pair versions = { steps.arena, versions_of(steps.arena, steps.from, name),
                             versions_of(steps.arena, steps.to, name) };

    if (!versions.from->len || !versions.to->len)
        return sp_dict_new(steps.arena);
    return compare(versions);
}

static bool ended_well(const struct sp_dict *step)
{
    struct sp_str result = sp_dict_text(step, "result");

    return sp_str_is(result, "done") || sp_str_is(result, "reused");
}

static struct sp_value compare_step(struct pair steps)
{
    static const char *const always[] = { "cab",         "command", "program", "key",
                                          "virtual_env", "env",     NULL };
    static const char *const results[] = { "result", "why", NULL };
    struct sp_value out = compare_fields(steps, always);
    struct pair parameters = section(steps, "parameters");
    struct pair values = section(steps, "values");

    if (!ended_well(steps.from) || !ended_well(steps.to)) {
        struct sp_value found = compare_fields(steps, results);
        SP_DICT_EACH(entry, found.dict)
        sp_dict_set(steps.arena, out.dict, entry->key, entry->value);
    }
    if (parameters.from != &none && parameters.to != &none)
        put_if_any(steps.arena, out.dict, "parameters", compare(parameters));
    put_if_any(steps.arena, out.dict, "inputs", compare_versions(steps, "inputs"));
    put_if_any(steps.arena, out.dict, "outputs", compare_versions(steps, "outputs"));
    if (values.from != &none && values.to != &none)
        put_if_any(steps.arena, out.dict, "values", compare(values));
    return out;
}

static void add_step(struct sp_arena *arena,
                     struct sp_list *out,
                     struct sp_str task,
                     const char *change,
                     struct sp_value details)
{
    struct sp_value dict = sp_dict_new(arena);

    sp_dict_put(arena, dict.dict, "task", sp_text(task));
    sp_dict_put(arena, dict.dict, "change", sp_text(sp_str_of(change)));
    SP_DICT_EACH(entry, details.dict)
    sp_dict_set(arena, dict.dict, entry->key, entry->value);
    sp_list_add(arena, out, dict);
}

/* A run whose steps are looked at one by one. */
struct side {
    const struct sp_run_summary *run;
    struct sp_journal_picker *events;
    struct sp_map last; /* task -> struct sp_step_summary *: the last of each name counts */
};

static enum sp_rc open_side(const struct sp_workspace *workspace,
                            const struct sp_run_summary *run,
                            struct side *side,
                            struct sp_err *err)
{
    *side = (struct side){ .run = run };
    for (size_t i = 0; i < run->step_count; i++)
        sp_map_set(&side->last, run->steps[i].task, &run->steps[i]);
    return sp_history_open(workspace, run, &side->events, err);
}

static void close_side(struct side *side)
{
    sp_journal_picker_close(side->events);
    sp_map_fini(&side->last);
}

static enum sp_rc load_step(const struct side *side,
                            const struct sp_step_summary *step,
                            struct sp_arena *arena,
                            const struct sp_dict **out,
                            struct sp_err *err)
{
    struct sp_step_summary loaded;
    enum sp_rc rc = sp_history_load(side->events, step, arena, &loaded, err);

    if (rc == SP_OK)
        *out = sp_dossier_step(arena, side->run, &loaded).dict;
    return rc;
}

/* `arena` for what is found; two steps at a time are in memory. */
static enum sp_rc compare_both(struct sp_arena *arena,
                               const struct side *from,
                               const struct side *to,
                               struct sp_list *out,
                               struct sp_err *err)
{
    sp_auto_arena struct sp_arena *scratch = sp_arena_new();
    enum sp_rc rc = SP_OK;

    SP_MAP_EACH (entry, &from->last) {
        const struct sp_step_summary *other = sp_map_find(&to->last, entry->key);
        struct pair steps = { .arena = scratch };
        if (!other) {
            add_step(arena, out, entry->key, "removed", sp_dict_new(arena));
            continue;
        }
        sp_arena_reset(scratch);
        rc = load_step(from, entry->value, scratch, &steps.from, err);
        if (rc == SP_OK)
            rc = load_step(to, other, scratch, &steps.to, err);
        if (rc)
            return rc;
        struct sp_value found = compare_step(steps);
        if (found.dict->len)
            add_step(arena, out, entry->key, "changed", sp_value_copy(arena, found));
    }
    return rc;
}

static enum sp_rc compare_steps(const struct sp_workspace *workspace,
                                const struct sp_run_summary *from,
                                const struct sp_run_summary *to,
                                struct sp_value *out,
                                struct sp_err *err)
{
    struct sp_arena *arena = workspace->arena;
    struct side left, right = { 0 };

    *out = sp_list_new(arena);
    enum sp_rc rc = open_side(workspace, from, &left, err);
    if (rc == SP_OK)
        rc = open_side(workspace, to, &right, err);
    if (rc == SP_OK)
        rc = compare_both(arena, &left, &right, out->list, err);
    SP_MAP_EACH (entry, &right.last)
        if (rc == SP_OK && !sp_map_has(&left.last, entry->key))
            add_step(arena, out->list, entry->key, "added", sp_dict_new(arena));
    close_side(&left);
    close_side(&right);
    return rc;
}

/* --- runs ---------------------------------------------------------------------------------- */

/* Settings one by one: "log.dir". */
static struct sp_value compare_settings(struct pair runs)
{
    struct pair settings = section(runs, "settings");
    struct pair flat = { runs.arena, sp_dossier_flat(runs.arena, settings.from).dict,
                         sp_dossier_flat(runs.arena, settings.to).dict };

    return compare(flat);
}

enum sp_rc sp_rundiff(const struct sp_workspace *workspace,
                      const struct sp_run_summary *from,
                      const struct sp_run_summary *to,
                      struct sp_value *result,
                      struct sp_err *err)
{
    static const char *const around[] = { "host", "cwd", "spoor", NULL };
    static const char *const about[] = { "recipe", NULL };
    struct sp_arena *arena = workspace->arena;
    struct pair runs = { arena, sp_dossier_outline(arena, from).dict,
                         sp_dossier_outline(arena, to).dict };
    struct sp_value out = sp_dict_new(arena);
    struct sp_value steps;

    enum sp_rc rc = compare_steps(workspace, from, to, &steps, err);
    if (rc)
        return rc;
    sp_dict_put(arena, out.dict, "from", sp_text(from->id));
    sp_dict_put(arena, out.dict, "to", sp_text(to->id));
    sp_dict_put(arena, out.dict, "same", sp_bool(false));
    size_t before = out.dict->len;
    SP_DICT_EACH(entry, compare_fields(runs, about).dict)
    sp_dict_set(arena, out.dict, entry->key, entry->value);
    put_if_any(arena, out.dict, "files", compare_files(runs, workspace));
    put_if_any(arena, out.dict, "parameters", compare(section(runs, "parameters")));
    put_if_any(arena, out.dict, "selection", compare(section(runs, "selection")));
    put_if_any(arena, out.dict, "settings", compare_settings(runs));
    put_if_any(arena, out.dict, "programs", compare(section(runs, "programs")));
    put_if_any(arena, out.dict, "steps", steps);
    sp_dict_put(arena, out.dict, "same", sp_bool(out.dict->len == before));
    put_if_any(arena, out.dict, "around", compare_fields(runs, around));
    *result = out;
    return SP_OK;
}
