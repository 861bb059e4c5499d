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

static enum sp_rc add_tree(struct sp_crate *crate, size_t root, struct sp_err *err)
{
    struct sp_crate_part above = crate->items[root];
    struct sp_tree tree;

    enum sp_rc rc = sp_tree_scan(above.source.ptr, crate->arena, &tree, err);
    for (size_t i = 0; i < tree.len && rc == SP_OK; i++) {
        const struct sp_tree_entry *entry = &tree.entries[i];
        if (entry->type != SP_TREE_FILE)
            continue;
        struct sp_crate_part *part = SP_VEC_ADD(crate);
        *part = (struct sp_crate_part){
            .role = SP_CRATE_PRODUCT,
            .name = sp_arena_join(crate->arena, above.name, "", entry->path),
            .source = sp_arena_join(crate->arena, above.source, "/", entry->path),
            .inner = true,
        };
    }
    return rc;
}

static enum sp_rc add_product(struct sp_crate *crate, struct sp_str path, struct sp_err *err)
{
    struct sp_str full = sp_arena_str(crate->arena, path);
    enum sp_file_kind kind = sp_file_kind(full.ptr);

    if (sp_map_has(&crate->paths, full) || (kind != SP_FILE_REGULAR && kind != SP_FILE_DIR))
        return SP_OK;
    struct sp_crate_part *part = add_part(crate, SP_CRATE_PRODUCT, "data", full);
    if (kind == SP_FILE_DIR)
        part->name = sp_arena_join(crate->arena, part->name, "/", SP_STR(""));
    part->source = full;
    part->title = full;
    struct sp_str *name = SP_ARENA_NEW(crate->arena, struct sp_str, 1);
    *name = part->name;
    sp_map_set(&crate->paths, full, name);
    return kind == SP_FILE_DIR ? add_tree(crate, crate->len - 1, err) : SP_OK;
}

/* What steps that ended well have written and is there. */
static enum sp_rc add_products(struct sp_crate *crate, struct sp_err *err)
{
    enum sp_rc rc = SP_OK;

    for (size_t i = 0; i < crate->run->step_count && rc == SP_OK; i++) {
        const struct sp_step_summary *step = &crate->run->steps[i];
        const struct sp_value *writes = step->start ? sp_dict_get(step->start, "writes") : NULL;
        const struct sp_value *outputs =
            step->versions ? sp_dict_get(step->versions, "outputs") : NULL;
        if (step->success && writes && sp_is_list(*writes))
            for (size_t k = 0; k < writes->list->len && rc == SP_OK; k++)
                if (sp_is_text(writes->list->items[k]))
                    rc = add_product(crate, writes->list->items[k].text, err);
        if (outputs && sp_is_list(*outputs))
            for (size_t k = 0; k < outputs->list->len && rc == SP_OK; k++)
                if (outputs->list->items[k].kind == SP_DICT)
                    rc =
                        add_product(crate, sp_dict_text(outputs->list->items[k].dict, "path"), err);
    }
    return rc;
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
