/* SPDX-License-Identifier: BSD-3-Clause */
#include "engine/recall.h"

#include "engine/depot.h"
#include "engine/identity.h"
#include "engine/library.h"
#include "engine/recall_internal.h"
#include "store/roster.h"
#include "sys/file.h"

#include <pwd.h>
#include <stdlib.h>
#include <unistd.h>

/* --- settings ----------------------------------------------------------------------------- */

#define GIB ((uint64_t)1 << 30)

static const struct sp_value *setting(const struct sp_session *session, const char *name)
{
    const struct sp_value *store = sp_config_option(&session->config, "store");

    return store && store->kind == SP_DICT ? sp_dict_get(store->dict, name) : NULL;
}

static bool is_off(const struct sp_value *value)
{
    return value && value->kind == SP_BOOL && !value->boolean;
}

static enum sp_rc choose(const struct sp_value *value,
                         const char *name,
                         const char *const *names,
                         int *out,
                         struct sp_err *err)
{
    struct sp_str text = value && value->kind == SP_TEXT ? value->text : SP_STR("");

    for (int i = 0; names[i] && text.len; i++)
        if (sp_str_is(text, names[i])) {
            *out = i;
            return SP_OK;
        }
    if (!text.len)
        return SP_OK;
    sp_auto_buf struct sp_buf list = SP_BUF(SP_BUF_SMALL);
    for (int i = 0; names[i]; i++)
        sp_buf_addf(&list, "%s%s", i ? ", " : "", names[i]);
    return sp_fail(err, SP_INVALID, "%s cannot be '" SP_STR_FMT "': it is one of %s", name,
                   SP_STR_ARG(text), list.ptr);
}

static enum sp_rc read_settings(struct sp_recall *recall,
                                struct sp_store_options *store,
                                struct sp_heads_options *heads,
                                struct sp_err *err)
{
    static const char *const methods[] = { "auto", "clone", "copy", "none", NULL };
    static const char *const edits[] = { "refuse", "adopt", "restore", NULL };
    const struct sp_session *session = recall->options.session;
    const struct sp_value *limit = setting(session, "digest_limit");
    const struct sp_value *salt = setting(session, "salt");
    struct sp_value edit =
        recall->options.edits ? sp_text(sp_str_of(recall->options.edits)) : sp_null();
    int method = SP_SNAPSHOT_AUTO, policy = SP_EDITS_REFUSE;

    enum sp_rc rc =
        choose(setting(session, "snapshot"), "opts.store.snapshot", methods, &method, err);
    if (rc == SP_OK)
        rc = choose(setting(session, "edits"), "opts.store.edits", edits, &policy, err);
    if (rc == SP_OK)
        rc = choose(&edit, "--edits", edits, &policy, err);
    if (rc)
        return rc;
    store->method = (enum sp_snapshot_method)method;
    store->no_sync = is_off(setting(session, "sync"));
    heads->edits = (enum sp_edits)policy;
    /* A cab that is run directly works on what is there, whoever made it so. */
    if (!recall->options.recipe.len && !recall->options.edits)
        heads->edits = SP_EDITS_ADOPT;
    heads->digest_limit =
        limit && limit->kind == SP_INT ? (uint64_t)limit->integer * GIB : 64 * GIB;
    recall->salt = salt && sp_is_text(*salt) ? salt->text : SP_STR("");
    recall->method = store->method;
    return SP_OK;
}

/* --- opening ------------------------------------------------------------------------------ */

void sp_recall_note(struct sp_recall *recall, bool warning, struct sp_str text)
{
    recall->options.note(recall->options.arg, warning, text);
}

static enum sp_rc open_store(struct sp_recall *recall,
                             const struct sp_store_options *options,
                             struct sp_err *err)
{
    struct sp_session *session = recall->options.session;
    const struct sp_value *dir = setting(session, "dir");
    struct sp_store_options own = *options;
    struct sp_str path = sp_depot_dir(session);

    own.run = sp_arena_cstr(recall->arena, recall->options.run);
    own.shared = recall->shared = dir && sp_is_text(*dir) && dir->text.len;
    recall->store_dir = sp_arena_str(recall->arena, path);
    if (recall->options.dry)
        return sp_store_open(recall->store_dir.ptr, SP_STORE_READ, &own, &recall->store, err);
    enum sp_rc rc = sp_store_open(recall->store_dir.ptr, SP_STORE_RUN, &own, &recall->store, err);
    if (rc)
        return rc;
    /* gc must know whom to ask before it takes anything away. */
    return sp_roster_add(recall->store_dir.ptr,
                         sp_arena_cstr(recall->arena, recall->options.state_dir), err);
}

/* Where the lines are that fsck has taken out. */
static const char *scar(struct sp_recall *recall)
{
    return sp_arena_join(recall->arena, recall->options.state_dir, "/", SP_STR("ledger.damaged"))
        .ptr;
}

static bool find_any(void *arg, const struct sp_digest *key, struct sp_str text)
{
    (void)key;
    (void)text;
    *(bool *)arg = true;
    return false;
}

/* Steps have run here, and nobody has written down what they did. From now on it is known that
 * something is missing. */
static bool ledger_is_gone(struct sp_recall *recall)
{
    struct sp_err ignored = SP_ERR_INIT;
    size_t damaged;
    bool found = false;

    if (recall->shared || sp_ledger_holds(recall->ledger)->len ||
        sp_store_each_record(recall->store, find_any, &found, &damaged, &ignored) || !found)
        return false;
    if (!recall->options.dry)
        (void)!sp_file_write(scar(recall), SP_STR("the ledger was lost\n"), &ignored);
    return true;
}

static enum sp_rc open_ledger(struct sp_recall *recall, bool *forgetful, struct sp_err *err)
{
    size_t damaged = 0;
    enum sp_rc rc = sp_ledger_open(sp_arena_cstr(recall->arena, recall->options.state_dir),
                                   !recall->options.dry, &recall->ledger, &damaged, err);

    if (rc)
        return rc;
    if (damaged)
        sp_recall_note(
            recall, true,
            sp_arena_printf(recall->arena,
                            "damaged lines of the ledger are lost (%zu): some steps may run again "
                            "('spoor fsck --repair' takes them out)",
                            damaged));
    else if (ledger_is_gone(recall))
        sp_recall_note(recall, true,
                       SP_STR("the ledger of this workspace is gone (.spoor/ledger): what is here "
                              "is looked for among the results that are known"));
    *forgetful = damaged || sp_file_kind(scar(recall)) != SP_FILE_NONE;
    return SP_OK;
}

static void note_place(struct sp_recall *recall)
{
    const struct passwd *user = getpwuid(getuid());
    char host[72] = "";

    (void)gethostname(host, sizeof host - 1);
    recall->host = sp_arena_str(recall->arena, sp_str_of(host));
    recall->user = user ? sp_arena_str(recall->arena, sp_str_of(user->pw_name))
                        : sp_arena_printf(recall->arena, "%u", (unsigned)getuid());
}

/* Nothing is remembered, for the reason given. */
static void go_without(struct sp_recall *recall, const char *why)
{
    recall->off = sp_arena_cstr(recall->arena, sp_str_of(why));
}

static enum sp_rc open_all(struct sp_recall *recall, struct sp_err *err)
{
    struct sp_store_options store = { 0 };
    struct sp_heads_options heads = {
        .cwd = recall->options.session->world.cwd,
        .attic = sp_arena_join(recall->arena, recall->options.state_dir, "/", SP_STR("attic")),
        .recipe = recall->options.recipe,
        .run = recall->options.run,
        .on_top = recall->options.on_top,
        .definition = recall->options.session->recipe,
        .dry = recall->options.dry,
        .note = recall->options.note,
        .event = recall->options.event,
        .arg = recall->options.arg,
    };

    if (is_off(setting(recall->options.session, "enable"))) {
        go_without(recall, "opts.store.enable is false");
        return SP_OK;
    }
    enum sp_rc rc = read_settings(recall, &store, &heads, err);
    if (rc == SP_OK)
        rc = open_store(recall, &store, err);
    if (rc == SP_NOT_FOUND && recall->options.dry) {
        go_without(recall, "nothing has been remembered yet");
        err->code = SP_OK;
        return SP_OK;
    }
    if (rc == SP_OK)
        rc = open_ledger(recall, &heads.forgetful, err);
    if (rc)
        return rc;
    note_place(recall);
    heads.shared = recall->shared;
    heads.keeps = !recall->options.dry && recall->method != SP_SNAPSHOT_NONE;
    heads.ledger = recall->ledger;
    heads.store = recall->store;
    recall->heads_options = heads;
    recall->heads = sp_heads_new(&heads);
    sp_recall_find_links(recall);
    recall->identities = sp_identities_new(
        sp_arena_join(recall->arena, recall->store_dir, "/", SP_STR("identities")).ptr);
    if (recall->options.dry)
        sp_identities_only_read(recall->identities);
    return SP_OK;
}

enum sp_rc sp_recall_open(const struct sp_recall_options *options,
                          struct sp_recall **out,
                          struct sp_err *err)
{
    struct sp_recall *recall = sp_alloc(sizeof *recall);
    struct sp_err ignored = SP_ERR_INIT;

    recall->options = *options;
    recall->arena = sp_arena_new();
    recall->method = SP_SNAPSHOT_AUTO;
    enum sp_rc rc = open_all(recall, err);
    if (rc) {
        (void)!sp_recall_close(recall, &ignored);
        return rc;
    }
    sp_recall_open_world(recall);
    *out = recall;
    return SP_OK;
}

enum sp_rc sp_recall_close(struct sp_recall *recall, struct sp_err *err)
{
    if (!recall)
        return SP_OK;
    enum sp_rc rc = recall->ledger ? sp_ledger_sync(recall->ledger, err) : SP_OK;
    struct sp_err second = SP_ERR_INIT;
    if (sp_store_close(recall->store, rc ? &second : err) && rc == SP_OK)
        rc = err->code;
    sp_heads_free(recall->heads);
    sp_ledger_close(recall->ledger);
    sp_identities_free(recall->identities);
    sp_key_memo_fini(&recall->key_memo);
    sp_map_fini(&recall->forced);
    sp_map_fini(&recall->unborn);
    sp_map_fini(&recall->links);
    sp_map_fini(&recall->plain);
    sp_effects_library_fini(&recall->library);
    sp_arena_free(recall->arena);
    free(recall);
    return rc;
}

void sp_recall_rewind(struct sp_recall *recall)
{
    if (recall->off)
        return;
    sp_map_fini(&recall->unborn);
    sp_heads_free(recall->heads);
    recall->heads = sp_heads_new(&recall->heads_options);
    sp_map_fini(&recall->links);
    sp_recall_find_links(recall);
    recall->starts_over = false;
}

const char *sp_recall_off(const struct sp_recall *recall)
{
    return recall->off;
}

/* --- what is said about well-known programs ------------------------------------------------ */

const struct sp_effects_library *sp_recall_library(struct sp_recall *recall)
{
    struct sp_session *session = recall->options.session;
    struct sp_diags diags;

    if (recall->has_library)
        return &recall->library;
    recall->has_library = true;
    sp_diags_init(&diags, recall->arena, session->origins);
    sp_library_effects(recall->arena, &session->places, session->origins, &recall->library, &diags);
    sp_diags_fini(&diags);
    return &recall->library;
}

/* --- what is needed but not kept ---------------------------------------------------------- */

/* A task that has to run, though its result is known. */
struct forced {
    bool has_run; /* and what it made is kept: the walk may start over without running it again */
};

bool sp_recall_force(struct sp_recall *recall, const struct sp_digest *lost)
{
    struct sp_str key = sp_str_of(sp_digest_hex(lost).text);

    if (sp_digest_is_zero(lost) || sp_map_has(&recall->forced, key))
        return false;
    sp_map_set(&recall->forced, sp_arena_str(recall->arena, key),
               SP_ARENA_NEW(recall->arena, struct forced, 1));
    recall->starts_over = true;
    return true;
}

bool sp_recall_is_forced(const struct sp_recall *recall, const struct sp_digest *key)
{
    const struct forced *forced = sp_map_find(&recall->forced, sp_str_of(sp_digest_hex(key).text));

    return forced && !forced->has_run;
}

void sp_recall_has_run(struct sp_recall *recall, const struct sp_product *product)
{
    struct forced *forced =
        sp_map_find(&recall->forced, sp_str_of(sp_digest_hex(&product->key).text));

    if (!forced)
        return;
    forced->has_run = true;
    for (size_t i = 0; i < product->output_count; i++)
        if (!product->outputs[i].absent && !product->outputs[i].kept)
            forced->has_run = false;
}

/* --- somebody else ------------------------------------------------------------------------ */

#define DISTURBANCES_MAX 3

bool sp_recall_is_disturbed(struct sp_recall *recall, struct sp_err *err)
{
    if (!sp_heads_are_disturbed(recall->heads) || recall->disturbances++ >= DISTURBANCES_MAX)
        return false;
    sp_recall_note(recall, true,
                   sp_arena_printf(recall->arena, "%s: everything is looked at again", err->text));
    err->code = SP_OK;
    recall->starts_over = true;
    return true;
}

/* --- steps that are left out -------------------------------------------------------------- */

bool sp_recall_is_task_of(struct sp_str task, struct sp_str name)
{
    return sp_str_eq(task, name) || (task.len > name.len && task.ptr[name.len] == '.' &&
                                     sp_str_eq(sp_str_slice(task, 0, name.len), name));
}

static bool does_follow(const struct sp_recall *recall,
                        const struct sp_hold *hold,
                        struct sp_str task)
{
    for (size_t i = 1; i < hold->chain.len; i++)
        if (sp_recall_is_task_of(hold->chain.items[i].task, task) &&
            sp_str_eq(hold->chain.items[i].recipe, recall->options.recipe))
            return true;
    return false;
}

void sp_recall_skip(struct sp_recall *recall, const struct sp_position *position)
{
    sp_auto_arena struct sp_arena *arena = sp_arena_new();
    struct sp_err err = SP_ERR_INIT;

    if (recall->off || !recall->options.recipe.len)
        return;
    sp_recall_keep_links(recall, position->taskname);
    const struct sp_map *holds = sp_ledger_holds(recall->ledger);
    for (size_t i = 0; i < holds->len; i++) {
        struct sp_hold *hold = holds->entries[i].value;
        struct sp_head *head;
        if (!does_follow(recall, hold, position->taskname) ||
            sp_heads_touch(recall->heads, sp_heads_absolute(recall->heads, arena, hold->path),
                           &head, &err))
            continue;
        while (
            head->index + 1 < head->hold->chain.len &&
            sp_recall_is_task_of(head->hold->chain.items[head->index + 1].task,
                                 position->taskname) &&
            sp_heads_follow(recall->heads, head, head->hold->chain.items[head->index + 1].task)) {}
    }
}

/* --- the end ------------------------------------------------------------------------------ */

enum sp_rc sp_recall_finish(struct sp_recall *recall, bool *over, struct sp_err *err)
{
    struct sp_digest lost = { 0 };

    *over = false;
    if (recall->off)
        return SP_OK;
    if (recall->options.dry) {
        sp_recall_foresee_end(recall, over);
        return SP_OK;
    }
    sp_recall_note_gone(recall);
    sp_heads_turn(recall->heads);
    enum sp_rc rc = sp_heads_settle_all(recall->heads, SP_STR(""), &lost, err);
    if (rc == SP_NOT_FOUND && sp_recall_force(recall, &lost)) {
        *over = true;
        return SP_OK;
    }
    if (rc == SP_BUSY && sp_recall_is_disturbed(recall, err)) {
        *over = true;
        return SP_OK;
    }
    if (rc == SP_OK)
        rc = sp_heads_conclude(recall->heads, err);
    struct sp_err second = SP_ERR_INIT;
    enum sp_rc synced = sp_ledger_sync(recall->ledger, rc ? &second : err);
    return rc ? rc : synced;
}

/* --- for the journal ---------------------------------------------------------------------- */

void sp_recall_describe_key(struct sp_arena *arena,
                            const struct sp_recalled *recalled,
                            struct sp_dict *out)
{
    bool hit = recalled->verdict == SP_RECALL_REUSED;

    if (recalled->preimage.len)
        sp_dict_put_text(
            arena, out, "key",
            sp_arena_str(arena, sp_str_of(sp_digest_hex(&recalled->preimage.key).text)));
    sp_dict_put(arena, out, "hit", sp_bool(hit));
    if (hit)
        sp_dict_put_text(arena, out, "of", recalled->product.run);
    else if (recalled->why)
        sp_dict_put(arena, out, "why",
                    (struct sp_value){ .kind = SP_LIST, .list = (struct sp_list *)recalled->why });
    sp_dict_put_text(arena, out, "program", recalled->program);
}

void sp_recall_describe_versions(struct sp_arena *arena,
                                 const struct sp_recalled *recalled,
                                 struct sp_dict *out)
{
    const struct sp_product *product = &recalled->product;

    sp_dict_put(arena, out, "inputs",
                sp_product_paths(arena, product->inputs, product->input_count, false));
    sp_dict_put(arena, out, "outputs",
                sp_product_paths(arena, product->outputs, product->output_count, true));
}
