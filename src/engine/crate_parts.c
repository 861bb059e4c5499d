/* SPDX-License-Identifier: BSD-3-Clause */
#include "base/vec.h"

#include "engine/crate_internal.h"
#include "engine/dossier.h"
#include "engine/recorded.h"
#include "store/tree.h"
#include "sys/file.h"
#include "value/json.h"

#include <stdio.h>

/* --- names in the crate ---------------------------------------------------------------------- */

/* Below `dir`: "cabs.yml" as it is, "/usr/share/x.yml" and "../x.yml" without what leads out. */
static struct sp_str inside_name(struct sp_crate *crate, const char *dir, struct sp_str path)
{
    sp_auto_buf struct sp_buf name = SP_BUF(SP_BUF_LARGE);
    struct sp_str rest = path;

    sp_buf_adds(&name, dir);
    while (rest.ptr) {
        struct sp_str part = sp_str_cut(&rest, '/');
        if (part.len && !sp_str_is(part, ".") && !sp_str_is(part, ".."))
            sp_buf_addf(&name, "/" SP_STR_FMT, SP_STR_ARG(part));
    }
    struct sp_str plain = sp_arena_str(crate->arena, sp_buf_str(&name));
    struct sp_str unique = plain;
    for (int n = 2; sp_map_has(&crate->names, unique); n++)
        unique = sp_arena_printf(crate->arena, SP_STR_FMT "-%d", SP_STR_ARG(plain), n);
    return unique;
}

static struct sp_crate_part *add_part(struct sp_crate *crate,
                                      enum sp_crate_role role,
                                      const char *dir,
                                      struct sp_str path)
{
    struct sp_crate_part *part = SP_VEC_ADD(crate);

    *part = (struct sp_crate_part){ .role = role,
                                    .name = inside_name(crate, dir, path),
                                    .about = path };
    sp_map_set(&crate->names, part->name, crate);
    return part;
}

/* --- recipe files ---------------------------------------------------------------------------- */

static bool is_named(const struct sp_crate *crate, struct sp_str path)
{
    const struct sp_value *named = sp_dict_get(crate->run->start, "files");

    if (named && sp_is_list(*named))
        SP_LIST_EACH(file, named->list)
    if (sp_is_text(*file) && sp_str_eq(file->text, path))
        return true;
    return false;
}

/* The last one named is what the recipe is looked for in; a file whose content is lost is left out.
 */
static void add_recipes(struct sp_crate *crate)
{
    const struct sp_value *files = sp_dict_get(crate->run->start, "loaded");
    size_t main = SIZE_MAX;

    if (!files || !sp_is_list(*files))
        return;
    SP_LIST_EACH(file, files->list)
    {
        struct sp_err ignored = SP_ERR_INIT;
        struct sp_str text;
        if (file->kind != SP_DICT ||
            sp_recorded_text(crate->workspace, file->dict, &text, &ignored))
            continue;
        struct sp_str path = sp_dict_text(file->dict, "path");
        struct sp_crate_part *part = add_part(crate, SP_CRATE_RECIPE, "recipe", path);
        part->text = text;
        part->title = path;
        part->format = "application/yaml";
        if (is_named(crate, path))
            main = crate->len - 1;
    }
    if (main != SIZE_MAX)
        crate->items[main].main = true;
}

/* --- the run --------------------------------------------------------------------------------- */

static void add_json(struct sp_crate *crate,
                     const char *name,
                     const char *title,
                     struct sp_value value)
{
    sp_auto_buf struct sp_buf text = SP_BUF(SP_BUF_LARGE);
    struct sp_crate_part *part = add_part(crate, SP_CRATE_DETAILS, "run", sp_str_of(name));

    sp_json_encode(value, SP_JSON_PRETTY, &text);
    sp_buf_addc(&text, '\n');
    part->text = sp_arena_str(crate->arena, sp_buf_str(&text));
    part->title = sp_str_of(title);
    part->format = "application/json";
}

static void add_details(struct sp_crate *crate)
{
    struct sp_value details = sp_dossier_of(crate->arena, crate->run);
    const struct sp_value *params = sp_dict_get(details.dict, "parameters");
    const struct sp_value *settings = sp_dict_get(details.dict, "settings");
    struct sp_crate_part *journal =
        add_part(crate, SP_CRATE_DETAILS, "run", SP_STR("journal.jsonl"));

    journal->source = sp_workspace_journal(crate->workspace, crate->run->id);
    journal->title = SP_STR("Journal of the run: its events, one JSON object a line");
    journal->format = "application/jsonl";
    add_json(crate, "run.json", "What the run was made of, and what each step read and left",
             details);
    if (params)
        add_json(crate, "parameters.json", "Parameters that were given", *params);
    if (settings)
        add_json(crate, "settings.json", "Settings in force", *settings);
}

static void add_log(struct sp_crate *crate, struct sp_str path, struct sp_str title)
{
    struct sp_str full = sp_arena_str(crate->arena, path);

    if (!path.len || sp_map_has(&crate->paths, path) || sp_file_kind(full.ptr) != SP_FILE_REGULAR)
        return;
    size_t slash = sp_str_rfind(path, '/');
    struct sp_str base = slash == SIZE_MAX ? path : sp_str_slice(path, slash + 1, path.len);
    struct sp_crate_part *part = add_part(crate, SP_CRATE_LOG, "logs", base);
    part->source = full;
    part->about = full;
    part->title = title;
    part->format = "text/plain";
    struct sp_str *name = SP_ARENA_NEW(crate->arena, struct sp_str, 1);
    *name = part->name;
    sp_map_set(&crate->paths, full, name);
}

static void add_logs(struct sp_crate *crate)
{
    for (size_t i = 0; i < crate->run->step_count; i++) {
        const struct sp_step_summary *step = &crate->run->steps[i];
        add_log(crate, step->output,
                sp_arena_printf(crate->arena, "Raw output of step " SP_STR_FMT,
                                SP_STR_ARG(step->task)));
        add_log(crate, step->log,
                sp_arena_printf(crate->arena, "Log of step " SP_STR_FMT, SP_STR_ARG(step->task)));
    }
}

/* --- products -------------------------------------------------------------------------------- */

/* The files of a directory: on disk below `root->source`, or objects of the store. */
static void add_files(struct sp_crate *crate, size_t root, const struct sp_tree *tree)
{
    struct sp_crate_part above = crate->items[root];

    for (size_t i = 0; i < tree->len; i++) {
        const struct sp_tree_entry *entry = &tree->entries[i];
        if (entry->type != SP_TREE_FILE)
            continue;
        struct sp_crate_part *part = SP_VEC_ADD(crate);
        *part = (struct sp_crate_part){
            .role = SP_CRATE_PRODUCT,
            .name = sp_arena_join(crate->arena, above.name, "", entry->path),
            .source = above.source.len ? sp_arena_join(crate->arena, above.source, "/", entry->path)
                                       : sp_store_object_path(crate->supplier.store, crate->arena,
                                                              &entry->object),
            .inner = true,
        };
    }
}

static struct sp_crate_part *begin_product(struct sp_crate *crate, struct sp_str path, bool is_dir)
{
    struct sp_crate_part *part = add_part(crate, SP_CRATE_PRODUCT, "data", path);
    struct sp_str *name = SP_ARENA_NEW(crate->arena, struct sp_str, 1);

    if (is_dir)
        part->name = sp_arena_join(crate->arena, part->name, "/", SP_STR(""));
    part->title = path;
    *name = part->name;
    sp_map_set(&crate->paths, path, name);
    return part;
}

/* As it lies in the workspace. */
static enum sp_rc add_from_disk(struct sp_crate *crate, struct sp_str path, struct sp_err *err)
{
    enum sp_file_kind kind = sp_file_kind(path.ptr);
    struct sp_tree tree = { 0 };

    if (sp_map_has(&crate->paths, path) || (kind != SP_FILE_REGULAR && kind != SP_FILE_DIR))
        return SP_OK;
    enum sp_rc rc = kind == SP_FILE_DIR ? sp_tree_scan(path.ptr, crate->arena, &tree, err) : SP_OK;
    begin_product(crate, path, kind == SP_FILE_DIR)->source = path;
    if (rc == SP_OK)
        add_files(crate, crate->len - 1, &tree);
    return rc;
}

/* As a run has left it. */
static enum sp_rc add_from_store(struct sp_crate *crate,
                                 struct sp_str path,
                                 const struct sp_digest *id,
                                 struct sp_err *err)
{
    struct sp_tree tree;
    enum sp_rc rc = sp_store_fetch(crate->supplier.store, id, crate->arena, &tree, err);

    if (rc || !tree.len)
        return rc;
    bool is_dir = tree.entries[0].type == SP_TREE_DIR;
    struct sp_crate_part *part = begin_product(crate, path, is_dir);
    part->size = tree.bytes;
    if (is_dir)
        add_files(crate, crate->len - 1, &tree);
    else
        part->source =
            sp_store_object_path(crate->supplier.store, crate->arena, &tree.entries[0].object);
    return SP_OK;
}

/* What is neither kept nor on disk as it was then is left out. */
static enum sp_rc add_version(struct sp_crate *crate,
                              struct sp_str path,
                              const struct sp_dict *state,
                              struct sp_err *err)
{
    struct sp_supply supply;
    struct sp_version version;
    struct sp_digest tree = { 0 };
    struct sp_supply_wish wish = { .path = path, .version = &version, .tree = &tree };

    if (!sp_version_read(sp_dict_text(state, "version"), crate->arena, &version))
        return SP_OK;
    (void)sp_digest_parse(sp_dict_text(state, "tree"), &tree);
    sp_supply_find(&crate->supplier, &wish, &supply);
    if (supply.from == SP_SUPPLY_STORE)
        return add_from_store(crate, path, &supply.tree, err);
    return supply.from == SP_SUPPLY_DISK ? add_from_disk(crate, path, err) : SP_OK;
}

static const struct sp_list *outputs_of(const struct sp_step_summary *step)
{
    static const struct sp_list none;
    const struct sp_value *outputs = step->versions ? sp_dict_get(step->versions, "outputs") : NULL;

    return outputs && sp_is_list(*outputs) ? outputs->list : &none;
}

/* Of each path what the last step has made of it. */
static enum sp_rc add_versions(struct sp_crate *crate, struct sp_err *err)
{
    sp_auto_map struct sp_map last = { 0 };
    enum sp_rc rc = SP_OK;

    for (size_t i = 0; i < crate->run->step_count; i++)
        SP_LIST_EACH(output, outputs_of(&crate->run->steps[i]))
    if (output->kind == SP_DICT)
        sp_map_set(&last, sp_arena_str(crate->arena, sp_dict_text(output->dict, "path")),
                   output->dict);
    SP_MAP_EACH (entry, &last)
        if (rc == SP_OK && crate->supplier.ledger)
            rc = add_version(crate, entry->key, entry->value, err);
        else if (rc == SP_OK)
            rc = add_from_disk(crate, entry->key, err);
    return rc;
}

/* What steps that ended well have written, and nobody has named, and is there. */
static enum sp_rc add_written(struct sp_crate *crate, struct sp_err *err)
{
    enum sp_rc rc = SP_OK;

    for (size_t i = 0; i < crate->run->step_count && rc == SP_OK; i++) {
        const struct sp_step_summary *step = &crate->run->steps[i];
        const struct sp_value *writes = step->start ? sp_dict_get(step->start, "writes") : NULL;
        if (!step->success || step->versions || !writes || !sp_is_list(*writes))
            continue;
        for (size_t k = 0; k < writes->list->len && rc == SP_OK; k++)
            if (sp_is_text(writes->list->items[k]))
                rc = add_from_disk(crate, sp_arena_str(crate->arena, writes->list->items[k].text),
                                   err);
    }
    return rc;
}

static enum sp_rc add_products(struct sp_crate *crate, struct sp_err *err)
{
    enum sp_rc rc = add_versions(crate, err);

    return rc ? rc : add_written(crate, err);
}

enum sp_rc sp_crate_find_parts(struct sp_crate *crate, struct sp_err *err)
{
    if (!crate->run->start)
        return sp_fail(err, SP_INVALID, "run " SP_STR_FMT " has not begun",
                       SP_STR_ARG(crate->run->id));
    add_recipes(crate);
    add_details(crate);
    add_logs(crate);
    return crate->options->data ? add_products(crate, err) : SP_OK;
}
