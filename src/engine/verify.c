/* SPDX-License-Identifier: BSD-3-Clause */
#include "engine/depot.h"
#include "engine/identity.h"
#include "engine/library.h"
#include "engine/preflight.h"
#include "engine/tools.h"
#include "engine/verify_internal.h"
#include "sys/file.h"
#include "sys/lock.h"

#include <signal.h>

/* --- running ------------------------------------------------------------------------------ */

static void on_signal(int signo, void *arg)
{
    struct sp_verify *verify = arg;
    (void)signo;

    verify->out->interrupted = true;
    if (verify->task)
        sp_taskrun_cancel(verify->task);
}

static void on_done(void *arg)
{
    struct sp_verify *verify = arg;

    verify->done = true;
}

static struct sp_list *translate_list(const struct sp_trial *trial, const struct sp_list *paths)
{
    struct sp_list *out = sp_list_new(trial->arena).list;

    if (paths)
        SP_LIST_EACH(path, paths)
        {
            struct sp_str place = sp_trial_translate(trial, path->text);
            if (!sp_str_starts(place, "/"))
                place = sp_arena_join(trial->arena, trial->work, "/", place);
            sp_list_add(trial->arena, out, sp_text(place));
        }
    return out;
}

static const char **translate_words(const struct sp_trial *trial,
                                    const char *const *words,
                                    size_t len)
{
    const char **out = SP_ARENA_NEW(trial->arena, const char *, len + 1);

    for (size_t i = 0; i < len; i++)
        out[i] = sp_arena_cstr(trial->arena, sp_trial_translate(trial, sp_str_of(words[i])));
    return out;
}

static size_t count_words(const char *const *words)
{
    size_t len = 0;

    while (words && words[len])
        len++;
    return len;
}

/* Directories elsewhere are those of outputs that have a place here. */
static struct sp_list *translate_dirs(const struct sp_trial *trial, const struct sp_list *paths)
{
    struct sp_list *out = sp_list_new(trial->arena).list;

    const struct sp_list *all = translate_list(trial, paths);

    SP_LIST_EACH(path, all)
    if (sp_supply_may_write(&trial->verify->supplier, path->text))
        sp_list_add(trial->arena, out, *path);
    return out;
}

/* The same task among the copies. */
static struct sp_task translate(const struct sp_trial *trial)
{
    struct sp_task task = *trial->action->task;
    const char *const *env = task.command.env;
    const struct sp_verify_watch *watch = trial->verify->options->watch;

    task.make_dirs = translate_dirs(trial, task.make_dirs);
    task.remove = NULL; /* there is nothing */
    task.command.argv = translate_words(trial, task.command.argv, task.command.argc);
    if (watch) {
        task.command.argv = watch->command(trial->verify->options->arg, trial, task.command.argv);
        task.command.argc = count_words(task.command.argv);
    }
    if (env)
        task.command.env = translate_words(trial, env, count_words(env));
    return task;
}

static enum sp_rc run_tool(struct sp_trial *trial,
                           struct sp_taskrun_result *out,
                           struct sp_err *err)
{
    struct sp_verify *verify = trial->verify;
    struct sp_session session = verify->session;
    struct sp_task task = translate(trial);
    struct sp_logbook *book = sp_logbook_new("SPOOR");
    const struct sp_run_event base = { .position = trial->action->position };
    struct sp_taskrun_options options = {
        .session = &session,
        .arena = trial->arena,
        .loop = verify->loop,
        .ops = verify->ops,
        .backend = verify->backend,
        .logbook = book,
        .path = verify->supplier.path,
        .output_file = sp_arena_join(trial->arena, verify->dir, "/", SP_STR("output.log")),
        .done = on_done,
        .done_arg = verify,
        .base = &base,
    };

    session.world.cwd = trial->work;
    verify->done = false;
    enum sp_rc rc = sp_taskrun_start(&options, &task, &verify->task, err);
    while (rc == SP_OK && !verify->done)
        (void)sp_loop_turn(verify->loop, -1);
    if (rc == SP_OK) {
        sp_taskrun_result(verify->task, out);
        sp_taskrun_free(SP_TAKE(verify->task));
    }
    sp_logbook_free(book);
    return rc;
}

/* --- one step ----------------------------------------------------------------------------- */

static bool read_product(struct sp_trial *trial, struct sp_product *out)
{
    sp_auto_buf struct sp_buf text = SP_BUF(SP_BUF_LARGE);
    struct sp_err err = SP_ERR_INIT;
    struct sp_digest key;

    if (!trial->step->key || !sp_digest_parse(sp_dict_text(trial->step->key, "key"), &key)) {
        trial->unknown = trial->step->skipped ? "it did not run" : "its result was not remembered";
        return false;
    }
    if (sp_store_get_record(trial->verify->supplier.store, &key, &text, &err) == SP_OK &&
        sp_product_read(sp_buf_str(&text), SP_PRODUCT_RESULT, trial->arena, out, &err) == SP_OK) {
        trial->product = out;
        return true;
    }
    trial->unknown = "its result is no longer remembered";
    return false;
}

static void note_program(struct sp_trial *trial)
{
    struct sp_verify *verify = trial->verify;
    struct sp_identities *identities = sp_identities_new(NULL);
    struct sp_err err = SP_ERR_INIT;
    struct sp_str now;

    if (sp_identity_of(identities, trial->arena, &verify->session, verify->supplier.path,
                       trial->action->task, &now, &err) == SP_OK &&
        !sp_str_eq(now, trial->product->program))
        sp_list_add(trial->arena, trial->lines,
                    sp_text(SP_STR("its program is another one today than then")));
    sp_identities_free(identities);
}

/* Does it run the programs of this machine? */
static bool is_local(const struct sp_task *task)
{
    struct sp_str name = task->backend_name.len ? task->backend_name : SP_STR("native");
    sp_auto_arena struct sp_arena *arena = sp_arena_new();
    const struct sp_backend_ops *ops = sp_backend_find(sp_arena_cstr(arena, name));

    return ops && ops->is_local;
}

static void try_again(struct sp_trial *trial)
{
    struct sp_taskrun_result result = { 0 };
    struct sp_err err = SP_ERR_INIT;

    trial->effects = sp_effects_of(trial->arena, &trial->verify->library, trial->action->task->cab,
                                   sp_identity_program(trial->action->task));
    if (trial->verify->options->watch && !is_local(trial->action->task)) {
        trial->unknown = "it runs in an image, where it cannot be watched";
        return;
    }
    if (trial->effects->never && !trial->verify->options->watch) {
        trial->unknown = "its cab says that it never gives the same (reuse: false)";
        return;
    }
    if (!sp_trial_prepare(trial))
        return;
    note_program(trial);
    if (run_tool(trial, &result, &err))
        trial->unknown = sp_arena_cstr(trial->arena, sp_str_of(err.text));
    else if (trial->verify->out->interrupted)
        trial->unknown = "interrupted";
    else if (!result.success)
        trial->failed = result.why;
    if (!trial->unknown && !trial->verify->options->watch)
        sp_trial_judge(trial, result.outputs);
}

static void verify_step(struct sp_trial *trial)
{
    struct sp_verify *verify = trial->verify;
    struct sp_err ignored = SP_ERR_INIT;

    trial->lines = sp_list_new(trial->arena).list;
    if (trial->product)
        try_again(trial);
    if (verify->out->interrupted)
        return;
    if (verify->options->watch) {
        verify->options->told(verify->options->arg,
                              verify->options->watch->judge(verify->options->arg, trial));
        return;
    }
    struct sp_dict *event = sp_trial_event(trial);
    verify->out->counts[sp_verified_outcome(event)]++;
    /* What cannot be noted has been told all the same. */
    if (!trial->unknown)
        (void)!sp_verified_add(verify->options->workspace, event, &ignored);
    verify->options->told(verify->options->arg, event);
}

/* --- the walk ----------------------------------------------------------------------------- */

static void on_action(void *arg, const struct sp_action *action, struct sp_outcome *outcome)
{
    struct sp_verify *verify = arg;
    struct sp_product product;
    struct sp_trial trial = { .verify = verify, .action = action };

    if (action->kind != SP_ACTION_RUN || verify->out->interrupted)
        return;
    trial.step = sp_map_find(&verify->steps, action->position->taskname);
    if (!trial.step)
        return;
    trial.arena = sp_arena_new();
    if (read_product(&trial, &product) && product.values)
        outcome->outputs =
            sp_value_copy(
                verify->arena,
                (struct sp_value){ .kind = SP_DICT, .dict = (struct sp_dict *)product.values })
                .dict;
    if (verify->options->wanted(verify->options->arg, action->position->taskname))
        verify_step(&trial);
    sp_arena_free(trial.arena);
}

/* --- opening ------------------------------------------------------------------------------ */

static enum sp_rc open_loop(struct sp_verify *verify, struct sp_err *err)
{
    static const int signals[] = { SIGINT, SIGTERM, SIGHUP };
    struct sp_watch *watch;
    enum sp_rc rc = sp_loop_new(&verify->loop, err);

    for (size_t i = 0; i < SP_COUNT(signals) && rc == SP_OK; i++)
        rc = sp_loop_add_signal(verify->loop, signals[i], on_signal, verify, &watch, err);
    verify->ops = sp_backend_find("native");
    return rc ? rc : verify->ops->open(verify->loop, &verify->backend, err);
}

static enum sp_rc open_supplier(struct sp_verify *verify, struct sp_err *err)
{
    struct sp_session *session = &verify->session;
    struct sp_store_options options = { .run = "verify" };
    struct sp_ledger *ledger = NULL;

    verify->supplier = (struct sp_supplier){
        .arena = verify->arena,
        .workspace = verify->options->workspace,
        .cwd = session->world.cwd,
        .path = sp_tools_path(verify->arena, &session->places),
        .scratch = verify->dir,
    };
    enum sp_rc rc = sp_ledger_open(verify->options->workspace->dir.ptr, false, &ledger, NULL, err);
    verify->supplier.ledger = ledger;
    return rc ? rc
              : sp_store_open(sp_depot_dir(session).ptr, SP_STORE_RUN, &options,
                              &verify->supplier.store, err);
}

static enum sp_rc open_all(struct sp_verify *verify, struct sp_err *err)
{
    const struct sp_run_summary *run = verify->options->run;
    enum sp_rc rc = sp_rerun_begin(verify->options->workspace, run, &verify->rerun, err);

    if (rc)
        return rc;
    rc = sp_rerun_session(verify->rerun, &verify->session, err);
    verify->session.planning = true;
    sp_library_effects(verify->arena, &verify->session.places, verify->session.origins,
                       &verify->library, &verify->session.diags);
    for (size_t i = 0; i < run->step_count; i++)
        sp_map_set(&verify->steps, run->steps[i].task, &run->steps[i]);
    if (rc == SP_OK)
        rc = open_loop(verify, err);
    return rc ? rc : open_supplier(verify, err);
}

/* Of what the recipe of then is found wrong with today, the first. */
static enum sp_rc explain(const struct sp_verify *verify, enum sp_rc rc, struct sp_err *err)
{
    const struct sp_diags *diags = &verify->session.diags;

    for (size_t i = 0; i < diags->len; i++)
        if (diags->items[i].severity == SP_ERROR_FOUND)
            return sp_fail(err, rc, "%s", diags->items[i].text);
    return rc;
}

static void close_all(struct sp_verify *verify)
{
    struct sp_err ignored = SP_ERR_INIT;

    if (verify->backend)
        verify->ops->close(verify->backend);
    sp_loop_free(verify->loop);
    (void)!sp_store_close(verify->supplier.store, &ignored);
    sp_ledger_close((struct sp_ledger *)(uintptr_t)verify->supplier.ledger);
    sp_effects_library_fini(&verify->library);
    sp_map_fini(&verify->steps);
    if (!verify->options->keep)
        (void)!sp_remove_tree(verify->dir.ptr, &ignored);
    if (verify->rerun)
        sp_session_fini(&verify->session);
    sp_rerun_end(verify->rerun);
}

enum sp_rc sp_verify(const struct sp_verify_options *options,
                     struct sp_verify_result *out,
                     struct sp_err *err)
{
    struct sp_arena *arena = options->workspace->arena;
    struct sp_verify verify = { .options = options, .out = out, .arena = arena };
    struct sp_str state = sp_real_path(arena, options->workspace->dir);
    struct sp_lock *lock = NULL;
    struct sp_preflight preflight;

    *out = (struct sp_verify_result){ 0 };
    verify.dir = sp_arena_join(arena, state, "/", SP_STR("verify"));
    enum sp_rc rc =
        sp_lock_take(sp_arena_join(arena, state, "/", SP_STR("verify.lock")).ptr, &lock, err);
    if (rc)
        return rc;
    rc = open_all(&verify, err);
    if (rc == SP_OK)
        rc =
            sp_preflight(&verify.session, SP_PITFALLS_RESULTS, on_action, &verify, &preflight, err);
    if (rc && verify.rerun)
        rc = explain(&verify, rc, err);
    close_all(&verify);
    sp_lock_release(lock);
    return rc;
}
