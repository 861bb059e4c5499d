/* SPDX-License-Identifier: BSD-3-Clause */
/* rerun_inputs.c - the data that a run started from: as they are today, from the store, or lost. */
#include "engine/bringback.h"
#include "engine/depot.h"
#include "engine/head.h"
#include "engine/rerun_internal.h"
#include "engine/supply.h"
#include "engine/tools.h"
#include "sys/file.h"

struct inputs {
    struct sp_rerun *rerun;
    const struct sp_session *session;
    struct sp_ledger *ledger;
    struct sp_store *store; /* NULL: nothing is kept */
    struct sp_heads *heads;
    struct sp_supplier supplier;
};

static const struct sp_list *list_in(const struct sp_dict *dict, const char *key)
{
    static const struct sp_list none;
    const struct sp_value *value = dict ? sp_dict_get(dict, key) : NULL;

    return value && sp_is_list(*value) ? value->list : &none;
}

/* --- one path ----------------------------------------------------------------------------- */

/* Would the recipe start from that version, if it ran now? */
static bool is_start(const struct inputs *inputs,
                     struct sp_str path,
                     const struct sp_version *version)
{
    struct sp_arena *arena = inputs->rerun->arena;
    struct sp_head *head;
    struct sp_err err = SP_ERR_INIT;

    return sp_heads_touch(inputs->heads, sp_heads_absolute(inputs->heads, arena, path), &head,
                          &err) == SP_OK &&
           !sp_head_passage(head)->absent &&
           sp_version_eq(&sp_head_passage(head)->version, version);
}

/* Would the recipe find anything there, if it ran now? What it has made itself does not count. */
static bool starts_with_it(const struct inputs *inputs, struct sp_str path)
{
    struct sp_arena *arena = inputs->rerun->arena;
    struct sp_head *head;
    struct sp_err err = SP_ERR_INIT;

    return inputs->heads &&
           sp_heads_touch(inputs->heads, sp_heads_absolute(inputs->heads, arena, path), &head,
                          &err) == SP_OK &&
           !sp_head_passage(head)->absent;
}

static void note_restore(struct sp_rerun *rerun, struct sp_str path, struct sp_str version)
{
    struct sp_value dict = sp_dict_new(rerun->arena);

    sp_dict_put(rerun->arena, dict.dict, "path", sp_text(path));
    sp_dict_put(rerun->arena, dict.dict, "version", sp_text(version));
    sp_list_add(rerun->arena, rerun->restores, dict);
}

/* `versioned`: what has no version was not there then, such as a ~/.casarc. */
static void consider(struct inputs *inputs, const struct sp_dict *input, bool versioned)
{
    struct sp_rerun *rerun = inputs->rerun;
    struct sp_arena *arena = rerun->arena;
    struct sp_str path = sp_arena_str(arena, sp_dict_text(input, "path"));
    bool is_there = sp_file_kind(path.ptr) != SP_FILE_NONE;
    struct sp_version version;
    struct sp_digest tree = { 0 };
    struct sp_supply supply = { 0 };
    struct sp_supply_wish wish = { .path = path, .version = &version, .tree = &tree };

    if (versioned && !sp_dict_get(input, "version")) {
        if (is_there && starts_with_it(inputs, path))
            sp_rerun_differ(rerun, "input", path, SP_STR_FMT ": it was not there then",
                            SP_STR_ARG(path));
        return;
    }
    if (!inputs->store || !sp_version_read(sp_dict_text(input, "version"), arena, &version)) {
        if (!is_there)
            sp_rerun_differ(rerun, "input", path, SP_STR_FMT ": it is not there any more",
                            SP_STR_ARG(path));
        return;
    }
    (void)sp_digest_parse(sp_dict_text(input, "tree"), &tree);
    if (is_there && is_start(inputs, path, &version))
        return;
    sp_supply_find(&inputs->supplier, &wish, &supply);
    if (supply.from == SP_SUPPLY_STORE)
        note_restore(rerun, path, sp_arena_str(arena, sp_str_of(sp_digest_hex(&version.id).text)));
    else if (supply.from == SP_SUPPLY_NOWHERE)
        sp_rerun_differ(rerun, "input", path, SP_STR_FMT ": it is not %s, and was not kept",
                        SP_STR_ARG(path), is_there ? "what it was then" : "there any more");
}

/* --- all of them -------------------------------------------------------------------------- */

static void open_all(struct inputs *inputs)
{
    const struct sp_session *session = inputs->session;
    struct sp_arena *arena = inputs->rerun->arena;
    struct sp_store_options store = { 0 };
    struct sp_err none = SP_ERR_INIT;

    if (sp_ledger_open(inputs->rerun->workspace->dir.ptr, false, &inputs->ledger, NULL, &none) ||
        sp_store_open(sp_depot_dir(session).ptr, SP_STORE_READ, &store, &inputs->store, &none))
        return;
    struct sp_heads_options heads = {
        .ledger = inputs->ledger,
        .store = inputs->store,
        .cwd = session->world.cwd,
        .recipe = session->recipe ? session->recipe->name : SP_STR(""),
        .edits = SP_EDITS_ADOPT,
        .digest_limit = UINT64_MAX,
        .dry = true,
    };
    inputs->heads = sp_heads_new(&heads);
    inputs->supplier = (struct sp_supplier){
        .arena = arena,
        .workspace = inputs->rerun->workspace,
        .ledger = inputs->ledger,
        .store = inputs->store,
        .cwd = session->world.cwd,
        .path = sp_tools_path(arena, &session->places),
    };
}

static void close_all(struct inputs *inputs)
{
    struct sp_err ignored = SP_ERR_INIT;

    sp_heads_free(inputs->heads);
    sp_ledger_close(inputs->ledger);
    (void)!sp_store_close(inputs->store, &ignored);
}

static void consider_inputs(struct inputs *inputs,
                            const struct sp_step_summary *step,
                            struct sp_map *seen)
{
    bool versions = step->versions && sp_dict_get(step->versions, "inputs");

    SP_LIST_EACH(input, list_in(versions ? step->versions : step->key, "inputs"))
    {
        struct sp_str path =
            input->kind == SP_DICT ? sp_dict_text(input->dict, "path") : SP_STR("");
        if (!path.len || sp_map_has(seen, path))
            continue;
        sp_map_set(seen, path, inputs);
        consider(inputs, input->dict, versions);
    }
}

/* Whoever reads it later reads what the run has made. */
static void pass_outputs(const struct sp_step_summary *step, struct sp_map *seen)
{
    SP_LIST_EACH(output, list_in(step->versions, "outputs"))
    if (output->kind == SP_DICT)
        sp_map_set(seen, sp_dict_text(output->dict, "path"), seen);
}

/* What its steps have read that none of them had made before. */
void sp_rerun_compare_inputs(struct sp_rerun *rerun, const struct sp_session *session)
{
    struct inputs inputs = { .rerun = rerun, .session = session };
    sp_auto_map struct sp_map seen = { 0 };

    open_all(&inputs);
    for (size_t i = 0; i < rerun->run->step_count; i++) {
        consider_inputs(&inputs, &rerun->run->steps[i], &seen);
        pass_outputs(&rerun->run->steps[i], &seen);
    }
    close_all(&inputs);
}

enum sp_rc sp_rerun_bring(const struct sp_rerun *rerun,
                          struct sp_session *session,
                          struct sp_err *err)
{
    SP_LIST_EACH(restore, rerun->restores)
    {
        struct sp_bringback_options options = {
            .session = session,
            .path = sp_dict_text(restore->dict, "path"),
            .version = sp_dict_text(restore->dict, "version"),
        };
        struct sp_bringback out;
        enum sp_rc rc = sp_bringback(&options, &out, err);
        if (rc)
            return sp_err_wrap(err, "bring back what the run had");
    }
    return SP_OK;
}
