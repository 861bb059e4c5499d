/* SPDX-License-Identifier: BSD-3-Clause */
#include "engine/versions.h"

#include "base/nearest.h"

#include "journal/journal.h"
#include "sys/file.h"
#include "value/value.h"

struct fold {
    struct sp_arena *arena;
    struct sp_str path;
    SP_VEC(struct sp_version_entry) found;
    struct sp_map ids; /* id -> number of the entry + 1 */
    struct sp_str run, recipe;
    struct sp_nearest nearest; /* among all paths */
    bool known;
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

static void fold_state(struct fold *fold,
                       const struct sp_dict *event,
                       const struct sp_dict *state,
                       bool is_output)
{
    struct sp_version version;
    struct sp_str path = sp_dict_text(state, "path");

    sp_nearest_offer(&fold->nearest, sp_arena_str(fold->arena, path));
    if (!sp_str_eq(path, fold->path))
        return;
    fold->known = true;
    if (!sp_version_read(sp_dict_text(state, "version"), fold->arena, &version))
        return;
    struct sp_version_entry *entry = entry_of(fold, &version);
    if (!entry) {
        entry = add_entry(fold, &version);
        entry->is_source = !is_output && sp_dict_truth(state, "source");
        entry->run = sp_arena_str(fold->arena, fold->run);
        entry->recipe = sp_arena_str(fold->arena, fold->recipe);
        entry->task = sp_arena_str(fold->arena, sp_dict_text(event, "task"));
        entry->time = sp_arena_str(fold->arena, sp_dict_text(event, "time"));
        entry->bytes = (uint64_t)sp_dict_number(state, "bytes");
    }
    if (!entry->has_tree)
        entry->has_tree = sp_digest_parse(sp_dict_text(state, "tree"), &entry->tree);
}

static void fold_states(struct fold *fold, const struct sp_dict *event, const char *key)
{
    const struct sp_value *list = sp_dict_get(event, key);

    if (!list || list->kind != SP_LIST)
        return;
    SP_LIST_EACH(state, list->list)
    if (state->kind == SP_DICT)
        fold_state(fold, event, state->dict, sp_str_is(sp_str_of(key), "outputs"));
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
    struct sp_str *ids;
    size_t count = sp_workspace_runs(workspace, &ids);

    fold.nearest = SP_NEAREST(fold.path);
    for (size_t i = 0; i < count; i++) {
        struct sp_err ignored = SP_ERR_INIT;
        fold.run = ids[i];
        /* A journal that cannot be read tells nothing. */
        (void)!sp_journal_read(sp_workspace_journal(workspace, ids[i]).ptr, NULL, fold_event, &fold,
                               &ignored);
    }
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
