/* SPDX-License-Identifier: BSD-3-Clause */
#include "engine/printout.h"

#include "engine/depot.h"
#include "engine/product.h"
#include "journal/journal.h"
#include "sys/file.h"

static bool is_there(struct sp_str path)
{
    return path.len && sp_file_kind(path.ptr) == SP_FILE_REGULAR;
}

static bool read_record(struct sp_store *store,
                        struct sp_arena *arena,
                        const struct sp_digest *key,
                        struct sp_product *out)
{
    sp_auto_buf struct sp_buf text = SP_BUF(SP_BUF_LARGE);
    struct sp_err err = SP_ERR_INIT;

    return sp_store_get_record(store, key, &text, &err) == SP_OK &&
           sp_product_read(sp_buf_str(&text), SP_PRODUCT_RESULT, arena, out, &err) == SP_OK;
}

/* The step of the run that made the result. */
static void find_in_run(struct sp_printouts *printouts, struct sp_str task, struct sp_printout *out)
{
    const struct sp_workspace *workspace = printouts->workspace;
    struct sp_run_summary *maker = &printouts->maker;
    struct sp_err err = SP_ERR_INIT;

    if (!sp_str_eq(maker->id, out->run)) {
        *maker = (struct sp_run_summary){ 0 };
        if (sp_history_run(workspace, out->run, SP_HISTORY_OUTLINE, maker, &err))
            *maker = (struct sp_run_summary){ .id = out->run };
    }
    for (size_t i = 0; i < maker->step_count; i++) {
        const struct sp_step_summary *step = &maker->steps[i];
        if (!sp_str_eq(step->task, task) || step->reused)
            continue;
        out->command = step->command;
        struct sp_str path = sp_str_of(sp_arena_cstr(workspace->arena, step->output));
        if (!out->path.len && is_there(path))
            out->path = path;
    }
}

static void find_object(const struct sp_printouts *printouts,
                        const struct sp_product *product,
                        struct sp_printout *out)
{
    struct sp_digest object;

    if (!sp_digest_parse(product->log, &object))
        return;
    struct sp_str path =
        sp_store_object_path(printouts->store, printouts->workspace->arena, &object);
    if (is_there(path))
        out->path = path;
}

static void find_reused(struct sp_printouts *printouts,
                        const struct sp_step_summary *step,
                        struct sp_printout *out)
{
    struct sp_product product = { .task = step->task };
    struct sp_step_summary loaded;
    struct sp_err ignored = SP_ERR_INIT;
    struct sp_digest key;

    if (!step->key && printouts->events &&
        sp_history_load(printouts->events, step, printouts->workspace->arena, &loaded, &ignored) ==
            SP_OK)
        step = &loaded;

    out->run = step->key ? sp_dict_text(step->key, "of") : SP_STR("");
    if (printouts->store && step->key && sp_digest_parse(sp_dict_text(step->key, "key"), &key) &&
        read_record(printouts->store, printouts->workspace->arena, &key, &product))
        find_object(printouts, &product, out);
    find_in_run(printouts, product.task.len ? product.task : step->task, out);
}

void sp_printouts_open(struct sp_session *session,
                       const struct sp_workspace *workspace,
                       const struct sp_run_summary *run,
                       struct sp_printouts *out)
{
    struct sp_store_options options = { 0 };
    struct sp_err none = SP_ERR_INIT;

    *out = (struct sp_printouts){ .workspace = workspace, .run = run };
    if (sp_store_open(sp_depot_dir(session).ptr, SP_STORE_READ, &options, &out->store, &none))
        out->store = NULL;
    if (sp_history_open(workspace, run, &out->events, &none))
        out->events = NULL;
}

void sp_printouts_close(struct sp_printouts *printouts)
{
    struct sp_err ignored = SP_ERR_INIT;

    (void)!sp_store_close(SP_TAKE(printouts->store), &ignored);
    sp_journal_picker_close(SP_TAKE(printouts->events));
}

void sp_printouts_find(struct sp_printouts *printouts,
                       const struct sp_step_summary *step,
                       struct sp_printout *out)
{
    *out = (struct sp_printout){ .run = printouts->run->id, .command = step->command };
    if (step->reused) {
        find_reused(printouts, step, out);
        return;
    }
    struct sp_str path = sp_str_of(sp_arena_cstr(printouts->workspace->arena, step->output));
    if (is_there(path))
        out->path = path;
}
