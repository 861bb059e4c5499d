/* SPDX-License-Identifier: BSD-3-Clause */
#include "engine/versions.h"

#include "base/nearest.h"

#include "engine/catalogue.h"
#include "journal/journal.h"
#include "sys/file.h"
#include "value/value.h"

struct fold {
    struct sp_arena *arena;
    struct sp_str path;
    SP_VEC(struct sp_version_entry) found;
    struct sp_map ids; /* id -> number of the entry + 1 */
    struct sp_str run, recipe;
    bool known;
    bool seeks_name;      /* nobody knows the path: only the nearest name is looked for */
    struct sp_str inside; /* then also: a file below the path */
    struct sp_nearest nearest;
};

/* --- folding ------------------------------------------------------------------------------ */

static struct sp_version_entry *entry_of(struct fold *fold, const struct sp_version *version)
{
    struct sp_str id = sp_str_of(sp_digest_hex(&version->id).text);
    uintptr_t number = (uintptr_t)sp_map_find(&fold->ids, id);

    return number ? &fold->found.items[number - 1] : NULL;
}

static struct sp_version_entry *add_entry(struct fold *fold, const struct sp_version *version)
{
    struct sp_version_entry *entry = SP_VEC_ADD(&fold->found);
    struct sp_str id = sp_arena_str(fold->arena, sp_str_of(sp_digest_hex(&version->id).text));

    entry->number = fold->found.len;
    entry->version = *version;
    sp_map_set(&fold->ids, id, (void *)(uintptr_t)fold->found.len);
    return entry;
}

static void fold_state(struct fold *fold, const struct sp_catalogue_state *state)
{
    struct sp_version version;

    fold->known = true;
    if (!sp_version_read(state->version, fold->arena, &version))
        return;
    struct sp_version_entry *entry = entry_of(fold, &version);
    if (!entry) {
        entry = add_entry(fold, &version);
        entry->is_source = state->is_source;
        entry->run = fold->run;
        entry->recipe = sp_arena_str(fold->arena, state->recipe);
        entry->task = sp_arena_str(fold->arena, state->task);
        entry->time = sp_arena_str(fold->arena, state->time);
        entry->bytes = state->bytes;
    }
    if (!entry->has_tree)
        entry->has_tree = sp_digest_parse(state->tree, &entry->tree);
}

/* --- from journals -------------------------------------------------------------------------- */

/* A path that nobody knows may be a directory whose files are known. */
static void offer_name(struct fold *fold, struct sp_str path)
{
    sp_nearest_offer(&fold->nearest, path);
    if (!fold->inside.len && path.len > fold->path.len && path.ptr[fold->path.len] == '/' &&
        sp_str_eq(sp_str_slice(path, 0, fold->path.len), fold->path))
        fold->inside = path;
}

static void fold_artefact(struct fold *fold,
                          const struct sp_dict *event,
                          const struct sp_dict *artefact,
                          bool is_output)
{
    struct sp_str path = sp_dict_text(artefact, "path");
    struct sp_catalogue_state state = {
        .recipe = fold->recipe,
        .task = sp_dict_text(event, "task"),
        .time = sp_dict_text(event, "time"),
        .version = sp_dict_text(artefact, "version"),
        .tree = sp_dict_text(artefact, "tree"),
        .bytes = (uint64_t)sp_dict_number(artefact, "bytes"),
        .is_source = !is_output && sp_dict_truth(artefact, "source"),
    };

    if (fold->seeks_name)
        offer_name(fold, sp_arena_str(fold->arena, path));
    else if (sp_str_eq(path, fold->path))
        fold_state(fold, &state);
}

static void fold_states(struct fold *fold, const struct sp_dict *event, const char *key)
{
    const struct sp_value *list = sp_dict_get(event, key);

    if (!list || list->kind != SP_LIST)
        return;
    SP_LIST_EACH(artefact, list->list)
    if (artefact->kind == SP_DICT)
        fold_artefact(fold, event, artefact->dict, sp_str_is(sp_str_of(key), "outputs"));
}

static bool fold_event(const struct sp_dict *event, void *arg)
{
    struct fold *fold = arg;
    struct sp_str name = sp_dict_text(event, "event");

    if (sp_str_is(name, "run-start"))
        fold->recipe = sp_arena_str(fold->arena, sp_dict_text(event, "recipe"));
    if (!sp_str_is(name, "step-versions"))
        return true;
    fold_states(fold, event, "inputs");
    fold_states(fold, event, "outputs");
    return true;
}

/* A journal that cannot be read tells nothing beyond the place where that shows. */
static void read_journal(struct fold *fold, const struct sp_workspace *workspace)
{
    static const char *const wanted[] = { "run-start", "step-versions", NULL };
    struct sp_err ignored = SP_ERR_INIT;

    fold->recipe = SP_STR("");
    (void)!sp_journal_scan(sp_workspace_journal(workspace, fold->run).ptr, wanted, fold_event, fold,
                           &ignored);
}

/* --- from the index ------------------------------------------------------------------------- */

static enum sp_rc ask_index(struct fold *fold, struct sp_catalogue *catalogue)
{
    struct sp_err ignored = SP_ERR_INIT;
    struct sp_catalogue_state *states;
    size_t count;

    enum sp_rc rc =
        sp_catalogue_states(catalogue, fold->run, fold->path, &states, &count, &ignored);
    for (size_t i = 0; i < count && rc == SP_OK; i++)
        fold_state(fold, &states[i]);
    return rc;
}

/* The index answers for the runs that it knows. */
static void read_runs(struct fold *fold, const struct sp_workspace *workspace)
{
    struct sp_err ignored = SP_ERR_INIT;
    struct sp_catalogue *catalogue = NULL;
    bool damaged = false;
    struct sp_str *ids;
    size_t count = sp_workspace_runs(workspace, &ids);

    if (count && !fold->seeks_name && sp_catalogue_open(workspace, &catalogue, &ignored))
        catalogue = NULL;
    for (size_t i = 0; i < count; i++) {
        fold->run = ids[i];
        enum sp_rc rc = catalogue ? ask_index(fold, catalogue) : SP_NOT_FOUND;
        damaged |= rc == SP_CORRUPT;
        if (rc)
            read_journal(fold, workspace);
    }
    sp_catalogue_close(catalogue);
    if (damaged)
        (void)!sp_catalogue_rebuild(workspace, &ignored);
}

/* --- from the ledger ------------------------------------------------------------------------ */

/* What no journal says: snapshots of sources, and sources of steps that did not end well. */
static void add_chain(struct fold *fold, const struct sp_hold *hold)
{
    for (size_t i = 0; i < hold->chain.len; i++) {
        const struct sp_passage *passage = &hold->chain.items[i];
        if (passage->absent)
            continue;
        struct sp_version_entry *entry = entry_of(fold, &passage->version);
        if (!entry) {
            entry = add_entry(fold, &passage->version);
            entry->is_source = i == 0;
            entry->run = passage->run;
            entry->recipe = passage->recipe;
            entry->task = passage->task;
        }
        if (!entry->has_tree && passage->kept) {
            entry->has_tree = true;
            entry->tree = passage->tree;
        }
    }
}

static void mark_now(struct fold *fold, const struct sp_hold *hold)
{
    if (hold->absent || hold->state != SP_HOLD_TRUSTED)
        return;
    struct sp_version_entry *entry = entry_of(fold, &hold->version);
    if (entry)
        entry->is_now = true;
}

/* As the ledger has it. */
static struct sp_str ledger_path(struct sp_arena *arena, struct sp_str path)
{
    struct sp_str real = sp_real_path(arena, path);
    struct sp_str cwd = sp_real_path(arena, SP_STR("."));

    if (real.len > cwd.len + 1 && sp_str_eq(sp_str_slice(real, 0, cwd.len), cwd) &&
        real.ptr[cwd.len] == '/')
        return sp_str_slice(real, cwd.len + 1, real.len);
    return real;
}

enum sp_rc sp_versions_read(const struct sp_workspace *workspace,
                            const struct sp_ledger *ledger,
                            struct sp_str path,
                            struct sp_versions *out,
                            struct sp_err *err)
{
    struct sp_arena *arena = workspace->arena;
    struct fold fold = { .arena = arena, .path = ledger_path(arena, path) };
    const struct sp_hold *hold = sp_ledger_find(ledger, fold.path);

    read_runs(&fold, workspace);
    if (hold) {
        add_chain(&fold, hold);
        mark_now(&fold, hold);
    }
    *out = (struct sp_versions){ .path = fold.path, .len = fold.found.len };
    out->items = SP_ARENA_NEW(arena, struct sp_version_entry, fold.found.len + 1);
    for (size_t i = 0; i < fold.found.len; i++)
        out->items[i] = fold.found.items[i];
    SP_VEC_FINI(&fold.found);
    sp_map_fini(&fold.ids);
    if (hold || fold.known)
        return SP_OK;
    fold.nearest = SP_NEAREST(fold.path);
    fold.seeks_name = true;
    read_runs(&fold, workspace);
    if (fold.inside.len)
        return sp_fail(err, SP_NOT_FOUND,
                       "'" SP_STR_FMT
                       "' is a directory in which each file has versions of its own: "
                       "name one, such as '" SP_STR_FMT "'",
                       SP_STR_ARG(fold.path), SP_STR_ARG(fold.inside));
    return sp_nearest_fail(&fold.nearest, NULL, err, SP_NOT_FOUND,
                           "no run here has read or made '" SP_STR_FMT "'", SP_STR_ARG(fold.path));
}

/* --- finding ------------------------------------------------------------------------------ */

static const struct sp_version_entry *find_now(const struct sp_versions *versions)
{
    for (size_t i = 0; i < versions->len; i++)
        if (versions->items[i].is_now)
            return &versions->items[i];
    return NULL;
}

static enum sp_rc find_digits(const struct sp_versions *versions,
                              struct sp_str digits,
                              const struct sp_version_entry **out,
                              struct sp_err *err)
{
    *out = NULL;
    for (size_t i = 0; i < versions->len; i++) {
        struct sp_digest_text id = sp_digest_hex(&versions->items[i].version.id);
        if (!sp_str_eq(sp_str_slice(sp_str_of(id.text), 0, digits.len), digits))
            continue;
        if (*out)
            return sp_fail(err, SP_INVALID,
                           "several versions of " SP_STR_FMT " begin with '" SP_STR_FMT
                           "': numbers %zu and %zu",
                           SP_STR_ARG(versions->path), SP_STR_ARG(digits), (*out)->number,
                           versions->items[i].number);
        *out = &versions->items[i];
    }
    return SP_OK;
}

enum sp_rc sp_versions_find(const struct sp_versions *versions,
                            struct sp_str name,
                            const struct sp_version_entry **out,
                            struct sp_err *err)
{
    int64_t number;
    enum sp_rc rc = SP_OK;

    *out = NULL;
    if (sp_str_is(name, "now") || !name.len)
        *out = find_now(versions);
    else if (sp_str_is(name, "last"))
        *out = versions->len ? &versions->items[versions->len - 1] : NULL;
    else if (name.len < 6 && sp_str_int(name, &number))
        *out =
            number >= 1 && (uint64_t)number <= versions->len ? &versions->items[number - 1] : NULL;
    else if (name.len >= 4)
        rc = find_digits(versions, name, out, err);
    if (rc || *out)
        return rc;
    if (sp_str_is(name, "now") || !name.len)
        return sp_fail(err, SP_NOT_FOUND, SP_STR_FMT " holds none of its known versions",
                       SP_STR_ARG(versions->path));
    return sp_fail(err, SP_NOT_FOUND,
                   SP_STR_FMT " has no version '" SP_STR_FMT
                              "': there are 1 to %zu ('spoor versions " SP_STR_FMT "')",
                   SP_STR_ARG(versions->path), SP_STR_ARG(name), versions->len,
                   SP_STR_ARG(versions->path));
}

void sp_versions_split(struct sp_str word, struct sp_str *path, struct sp_str *version)
{
    size_t at = sp_str_rfind(word, '@');

    *path = word;
    *version = SP_STR("");
    if (at == SIZE_MAX || at == 0)
        return;
    *path = sp_str_slice(word, 0, at);
    *version = sp_str_slice(word, at + 1, word.len);
}

enum sp_rc sp_versions_digits(struct sp_arena *arena,
                              struct sp_str word,
                              struct sp_str *digits,
                              struct sp_err *err)
{
    const struct sp_version_entry *entry;
    struct sp_str path, version;
    struct sp_workspace workspace;
    struct sp_ledger *ledger = NULL;
    struct sp_versions versions;

    *digits = word;
    sp_versions_split(word, &path, &version);
    if (path.len == word.len)
        return SP_OK;
    enum sp_rc rc = sp_workspace_read(arena, ".", &workspace, err);
    if (rc == SP_OK)
        rc = sp_ledger_open(workspace.dir.ptr, false, &ledger, NULL, err);
    if (rc == SP_OK)
        rc = sp_versions_read(&workspace, ledger, path, &versions, err);
    if (rc == SP_OK)
        rc = sp_versions_find(&versions, version, &entry, err);
    if (rc == SP_OK)
        *digits = sp_arena_str(arena, sp_str_of(sp_digest_hex(&entry->version.id).text));
    sp_ledger_close(ledger);
    return rc;
}
