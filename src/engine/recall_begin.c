/* SPDX-License-Identifier: BSD-3-Clause */
/* recall_begin.c - before a task: what it touches, its key, an earlier result or what it needs to
 * run. */
#include "base/vec.h"

#include "engine/identity.h"
#include "engine/images.h"
#include "engine/leftover.h"
#include "engine/recall_internal.h"
#include "plan/hidden.h"
#include "sys/file.h"

/* --- one task: what it touches ------------------------------------------------------------ */

static struct sp_str key_version(void *arg, struct sp_arena *arena, const struct sp_role *role)
{
    const struct sp_recalled *recalled = arg;
    const struct sp_head *head = recalled->heads[role - recalled->roles.items];

    if (!head || sp_head_passage(head)->absent)
        return SP_STR("");
    struct sp_digest view =
        sp_version_view(&sp_head_passage(head)->version, role->reads, role->read_count);
    return sp_arena_str(arena, sp_str_of(sp_digest_hex(&view).text));
}

static void refuse_reuse(struct sp_recalled *recalled, struct sp_arena *arena, struct sp_str why)
{
    struct sp_list *list = sp_list_new(arena).list;

    if (recalled->why)
        return;
    sp_list_add(arena, list, sp_text(why));
    recalled->why = list;
}

/* The tree of what the path is now, on disk or not. */
static bool head_tree(struct sp_recall *recall,
                      const struct sp_head *head,
                      struct sp_arena *arena,
                      struct sp_tree *out)
{
    const struct sp_passage *now = sp_head_passage(head);
    struct sp_err err = SP_ERR_INIT;

    if (now->absent)
        return false;
    if (sp_head_is_settled(head) || (recall->options.dry && !now->kept)) {
        *out = head->tree;
        return true;
    }
    return now->kept && sp_store_fetch(recall->store, &now->tree, arena, out, &err) == SP_OK;
}

/* A directory that is not a table may hold more than what the tool makes: it is changed, not
 * written anew. */
static bool is_container(struct sp_recall *recall, const struct sp_head *head)
{
    sp_auto_arena struct sp_arena *arena = sp_arena_new();
    struct sp_tree tree;

    return head_tree(recall, head, arena, &tree) && tree.len &&
           tree.entries[0].type == SP_TREE_DIR && !sp_tree_find(&tree, SP_STR("table.dat"));
}

/* NULL for what cannot be an artefact. */
static enum sp_rc touch_role(struct sp_recall *recall,
                             struct sp_arena *arena,
                             struct sp_recalled *recalled,
                             size_t at,
                             struct sp_head **head,
                             struct sp_err *err)
{
    struct sp_role *role = &recalled->roles.items[at];

    if (sp_heads_is_outside(recall->heads, role->real)) {
        refuse_reuse(recalled, arena,
                     sp_arena_printf(arena, "'" SP_STR_FMT "' is the workspace as a whole",
                                     SP_STR_ARG(role->path)));
        return SP_OK;
    }
    enum sp_rc rc = sp_recall_enter_place(recall, arena, &recalled->roles, at, err);
    role = &recalled->roles.items[at];
    if (rc == SP_OK && role->is_place)
        return SP_OK;
    if (role->kind == SP_ROLE_WRITES && role->param && role->param->has_implicit)
        sp_recall_disown(recall, role->real);
    if (rc == SP_OK)
        rc = sp_recall_drop_link(recall, arena, role, err);
    if (rc == SP_OK)
        rc = sp_heads_touch(recall->heads, role->real, head, err);
    if (rc == SP_INVALID) { /* a device, a pipe */
        refuse_reuse(recalled, arena, sp_arena_printf(arena, "%s", err->text));
        err->code = SP_OK;
        return SP_OK;
    }
    if (rc)
        return rc;
    rc = sp_heads_claim(recall->heads, *head, sp_role_changes(role), err);
    if (rc)
        return rc;
    if (role->kind == SP_ROLE_HIDDEN)
        return sp_heads_take_disk(recall->heads, *head, err);
    /* What an earlier step of this run has made may be gone on with. */
    if (role->kind == SP_ROLE_WRITES &&
        ((*head)->index > (*head)->start || is_container(recall, *head)))
        role->kind = SP_ROLE_MUTATES;
    return SP_OK;
}

static void refuse_composites(struct sp_arena *arena, struct sp_recalled *recalled)
{
    for (size_t i = 0; i < recalled->roles.len; i++) {
        const struct sp_role *role = &recalled->roles.items[i];
        if (sp_role_changes(role) && recalled->heads[i] && recalled->heads[i]->composite)
            refuse_reuse(recalled, arena,
                         sp_arena_printf(arena,
                                         "'" SP_STR_FMT "' lies in or around what other steps make",
                                         SP_STR_ARG(role->path)));
    }
}

/* The roles become more on the way: those of tables behind tables, and what is in directories. */
static enum sp_rc touch_roles(struct sp_recall *recall,
                              struct sp_arena *arena,
                              struct sp_recalled *recalled,
                              struct sp_err *err)
{
    struct sp_roles *roles = &recalled->roles;
    SP_VEC(struct sp_head *) heads = { 0 };
    enum sp_rc rc = SP_OK;

    for (size_t i = 0; i < roles->len && rc == SP_OK; i++) {
        /* NOLINTNEXTLINE(bugprone-sizeof-expression): an array of pointers */
        struct sp_head **head = SP_VEC_ADD(&heads);
        rc = touch_role(recall, arena, recalled, i, head, err);
        if (rc == SP_OK && *head)
            rc = sp_recall_add_parents(recall, arena, roles, i, *head, err);
    }
    recalled->heads = SP_ARENA_NEW(arena, struct sp_head *, heads.len + 1);
    recalled->changes = SP_ARENA_NEW(arena, size_t, heads.len + 1);
    if (heads.len)
        memcpy(recalled->heads, heads.items, heads.len * sizeof(struct sp_head *));
    SP_VEC_FINI(&heads);
    if (rc == SP_OK)
        refuse_composites(arena, recalled);
    return rc;
}

/* --- who else is at it -------------------------------------------------------------------- */

bool sp_role_changes(const struct sp_role *role)
{
    return role->kind == SP_ROLE_WRITES || role->kind == SP_ROLE_MUTATES;
}

static bool is_busy(const struct sp_recalled *recalled)
{
    for (size_t i = 0; i < recalled->roles.len; i++) {
        const struct sp_head *head = recalled->heads[i];
        if (head && (head->writer || (sp_role_changes(&recalled->roles.items[i]) && head->readers)))
            return true;
    }
    return false;
}

static void occupy(struct sp_recalled *recalled)
{
    for (size_t i = 0; i < recalled->roles.len; i++) {
        struct sp_head *head = recalled->heads[i];
        if (head && sp_role_changes(&recalled->roles.items[i]))
            head->writer = true;
        else if (head)
            head->readers++;
    }
    for (size_t i = 0; i < recalled->roles.len; i++)
        if (recalled->heads[i])
            recalled->changes[i] = recalled->heads[i]->changes;
    recalled->running = true;
}

void sp_recall_vacate(struct sp_recalled *recalled)
{
    for (size_t i = 0; i < recalled->roles.len && recalled->running; i++) {
        struct sp_head *head = recalled->heads[i];
        if (head && sp_role_changes(&recalled->roles.items[i]))
            head->writer = false;
        else if (head)
            head->readers--;
    }
    recalled->running = false;
}

/* --- looking it up ------------------------------------------------------------------------ */

static void make_key(struct sp_recall *recall,
                     struct sp_arena *arena,
                     const struct sp_action *action,
                     struct sp_recalled *recalled)
{
    struct sp_err cause = SP_ERR_INIT;
    struct sp_key_request request = {
        .arena = arena,
        .memo = &recall->key_memo,
        .task = action->task,
        .roles = &recalled->roles,
        .effects = recalled->effects,
        .world = &recall->world,
        .version = key_version,
        .version_arg = recalled,
        .salt = recall->salt,
    };

    if (recalled->why)
        return;
    if (sp_identity_of(recall->identities, arena, recall->options.session, recall->options.path,
                       action->task, &request.program, &cause)) {
        refuse_reuse(recalled, arena,
                     sp_arena_printf(arena, "its program is not known: %s", cause.text));
        return;
    }
    recalled->program = request.program;
    sp_key_make(&request, &recalled->preimage);
}

static bool look_up(struct sp_recall *recall, struct sp_arena *arena, struct sp_recalled *recalled)
{
    sp_auto_buf struct sp_buf text = SP_BUF(SP_BUF_LARGE);
    struct sp_err err = SP_ERR_INIT;
    const struct sp_digest *key = &recalled->preimage.key;

    enum sp_rc rc = sp_store_get_record(recall->store, key, &text, &err);
    if (rc == SP_OK)
        rc = sp_product_read(sp_buf_str(&text), SP_PRODUCT_RESULT, arena, &recalled->product, &err);
    if (rc == SP_OK && !sp_digest_eq(&recalled->product.key, key)) /* somebody has moved files */
        rc = sp_fail(&err, SP_CORRUPT, "the record under %s is of another key",
                     sp_digest_hex(key).text);
    if (rc == SP_OK)
        return true;
    if (rc != SP_NOT_FOUND)
        sp_recall_note(
            recall, true,
            sp_arena_printf(arena, "the record of an earlier result cannot be used: %s", err.text));
    return false;
}

/* What is different from the last time. */
static const struct sp_list *reasons(struct sp_recall *recall,
                                     struct sp_arena *arena,
                                     const struct sp_position *position,
                                     const struct sp_recalled *recalled,
                                     bool found)
{
    sp_auto_buf struct sp_buf text = SP_BUF(SP_BUF_LARGE);
    struct sp_list *why = sp_list_new(arena).list;
    struct sp_err err = SP_ERR_INIT;
    struct sp_digest last;
    struct sp_product product;
    struct sp_preimage before;
    const char *line = NULL;

    if (found && recall->options.fresh)
        line = "it was asked for (--fresh)";
    else if (found && sp_recall_is_forced(recall, &recalled->preimage.key))
        line = "what it makes is needed, and was not kept";
    else if (found)
        line = sp_recall_misfit(recall, arena, recalled);
    else if (!sp_ledger_key_of(recall->ledger, recall->options.recipe, position->taskname, &last))
        line = "there is no earlier result of it that could be reused";
    else if (sp_digest_eq(&last, &recalled->preimage.key))
        line = "its result is no longer in the store";
    else if (sp_store_get_record(recall->store, &last, &text, &err) ||
             sp_product_read(sp_buf_str(&text), SP_PRODUCT_ALL, arena, &product, &err) ||
             !sp_preimage_from_dict(arena, product.preimage, &before))
        line = "something is different from the last time; what, is no longer known";
    if (!line)
        return sp_preimage_differences(arena, &before, &recalled->preimage, &recalled->roles);
    sp_list_add(arena, why, sp_text(sp_str_of(line)));
    return why;
}

/* --- a result that is there --------------------------------------------------------------- */

static struct sp_passage passage_of(const struct sp_recall *recall,
                                    const struct sp_product *product,
                                    const struct sp_product_path *path,
                                    struct sp_str task)
{
    return (struct sp_passage){
        .absent = path->absent,
        .version = path->version,
        .kept = path->kept,
        .tree = path->tree,
        .key = product->key,
        .recipe = recall->options.recipe,
        .task = task,
        .run = product->run,
    };
}

static enum sp_rc reuse(struct sp_recall *recall,
                        struct sp_arena *arena,
                        const struct sp_position *position,
                        struct sp_recalled *recalled,
                        struct sp_err *err)
{
    for (size_t i = 0; i < recalled->product.output_count; i++) {
        const struct sp_product_path *made = &recalled->product.outputs[i];
        struct sp_passage passage =
            passage_of(recall, &recalled->product, made, position->taskname);
        struct sp_head *head;
        enum sp_rc rc = sp_heads_touch(
            recall->heads, sp_recall_place_of(recall, arena, recalled, made), &head, err);
        if (rc)
            return rc;
        bool left = made->absent && !made->mutated; /* what was there is still there */
        if (!head->composite && !left)
            sp_heads_advance(recall->heads, head, &passage);
    }
    for (size_t i = 0; i < recalled->roles.len && !recall->options.dry; i++) {
        const struct sp_role *role = &recalled->roles.items[i];
        enum sp_rc rc = role->is_place && sp_role_changes(role)
                            ? sp_make_dirs(sp_arena_cstr(arena, role->real), err)
                            : SP_OK;
        if (rc)
            return rc;
    }
    sp_ledger_task(recall->ledger, recall->options.recipe, position->taskname,
                   &recalled->product.key, recall->options.run);
    sp_ledger_begun(recall->ledger, recall->options.recipe, position->taskname, 0);
    recalled->verdict = SP_RECALL_REUSED;
    return SP_OK;
}

/* --- a task that must run ----------------------------------------------------------------- */

/* Does the disk have what a reader of some columns needs? */
bool sp_recall_has_columns(const struct sp_role *role, const struct sp_head *head)
{
    const struct sp_passage *want = sp_head_passage(head);

    if (role->kind != SP_ROLE_READS || !role->read_count || head->disk != SP_DISK_HELD ||
        head->hold->absent || want->absent)
        return false;
    struct sp_digest there = sp_version_view(&head->hold->version, role->reads, role->read_count);
    struct sp_digest wanted = sp_version_view(&want->version, role->reads, role->read_count);
    return sp_digest_eq(&there, &wanted);
}

/* A snapshot before it is changed. That there is no room for it is no reason not to work. */
static enum sp_rc keep_before(struct sp_recall *recall,
                              struct sp_arena *arena,
                              struct sp_head *head,
                              struct sp_err *err)
{
    if (recall->method == SP_SNAPSHOT_NONE || head->composite)
        return SP_OK;
    enum sp_rc rc = sp_heads_keep(recall->heads, head, err);
    if (rc != SP_LIMIT && rc != SP_IO)
        return rc;
    sp_recall_note(recall, true,
                   sp_arena_printf(arena,
                                   "no snapshot of " SP_STR_FMT
                                   " before it is changed: %s. Should the step "
                                   "fail, it has to be brought back from elsewhere",
                                   SP_STR_ARG(head->path), err->text));
    err->code = SP_OK;
    return SP_OK;
}

/* Where the tool is going to write. What this recipe has made there before is not there in a clean
 * run; what was there before this recipe is, and the tool may leave it. */
static enum sp_rc clear_way(struct sp_recall *recall, struct sp_head *head, struct sp_err *err)
{
    struct sp_digest lost = { 0 };

    if (sp_head_passage(head)->absent)
        return sp_heads_clear(recall->heads, head, err);
    enum sp_rc rc = sp_heads_settle(recall->heads, head, &lost, err);
    if (rc != SP_NOT_FOUND)
        return rc;
    err->code = SP_OK; /* most likely it will be written over */
    return sp_heads_clear(recall->heads, head, err);
}

static enum sp_rc prepare_role(struct sp_recall *recall,
                               struct sp_arena *arena,
                               const struct sp_position *position,
                               const struct sp_role *role,
                               struct sp_head *head,
                               struct sp_err *err)
{
    struct sp_digest lost = { 0 };
    enum sp_rc rc = sp_heads_check(recall->heads, head, err);

    if (rc)
        return rc;
    if (role->kind == SP_ROLE_HIDDEN)
        return SP_OK;
    if (role->kind == SP_ROLE_WRITES)
        rc = clear_way(recall, head, err);
    else if (sp_recall_has_columns(role, head))
        return SP_OK;
    else
        rc = sp_heads_settle(recall->heads, head, &lost, err);
    if (rc == SP_NOT_FOUND && sp_recall_force(recall, &lost))
        return SP_OK; /* starts over */
    if (rc == SP_OK && sp_role_changes(role) && sp_head_is_settled(head))
        rc = keep_before(recall, arena, head, err);
    if (rc == SP_OK && sp_role_changes(role))
        rc = sp_heads_unshare(recall->heads, head, position->taskname, err);
    return rc;
}

static enum sp_rc prepare(struct sp_recall *recall,
                          struct sp_arena *arena,
                          const struct sp_position *position,
                          struct sp_recalled *recalled,
                          struct sp_err *err)
{
    struct sp_digest lost = { 0 };
    enum sp_rc rc = SP_OK;

    /* Whoever declares nothing may look at anything. */
    if (!recalled->roles.len && sp_heads_unsettled(recall->heads)) {
        rc = sp_heads_settle_all(recall->heads, SP_STR(""), &lost, err);
        if (rc == SP_NOT_FOUND && sp_recall_force(recall, &lost))
            rc = SP_OK;
    }
    for (size_t i = 0; i < recalled->roles.len && rc == SP_OK && !recall->starts_over; i++)
        if (recalled->heads[i])
            rc = prepare_role(recall, arena, position, &recalled->roles.items[i],
                              recalled->heads[i], err);
    for (size_t i = 0; i < recalled->roles.len && rc == SP_OK && !recall->starts_over; i++)
        rc = sp_recall_clear_place(recall, arena, &recalled->roles.items[i], err);
    if (rc == SP_BUSY && sp_recall_is_disturbed(recall, err))
        rc = SP_OK;
    if (rc || recall->starts_over)
        return rc;
    for (size_t i = 0; i < recalled->roles.len; i++)
        if (recalled->heads[i] && sp_role_changes(&recalled->roles.items[i]))
            sp_heads_changing(recall->heads, recalled->heads[i], position->taskname);
    if (sp_recall_is_open(recalled))
        sp_ledger_begun(recall->ledger, recall->options.recipe, position->taskname,
                        sp_file_clock_of(sp_arena_cstr(arena, recall->heads_options.cwd)));
    return sp_ledger_sync(recall->ledger, err);
}

/* --- asking ------------------------------------------------------------------------------- */

static void collect(struct sp_recall *recall,
                    struct sp_arena *arena,
                    const struct sp_task *task,
                    struct sp_recalled *out)
{
    struct sp_roles_request request = {
        .arena = arena,
        .world = &recall->world,
        .cab = task->cab,
        .values = task->inputs,
        .effects =
            sp_effects_of(arena, sp_recall_library(recall), task->cab, sp_identity_program(task)),
        .in_image = sp_images_take(recall->options.session->images, task),
    };
    struct sp_str why;

    out->cab = task->cab;
    request.effects = out->effects = sp_hidden_ignore(&request);
    sp_roles_collect(&request, &out->roles);
    if (!sp_roles_reusable(&request, &out->roles, &why))
        refuse_reuse(out, arena, why);
}

/* Somebody else may be computing the very same. */
static bool is_claimed_elsewhere(struct sp_recall *recall, struct sp_recalled *recalled)
{
    struct sp_err err = SP_ERR_INIT;

    if (!recall->shared || !recalled->preimage.len)
        return false;
    enum sp_rc rc = sp_store_claim(recall->store, &recalled->preimage.key, &recalled->claim, &err);
    recalled->claimed = rc == SP_OK;
    return rc == SP_BUSY;
}

void sp_recall_unclaim(struct sp_recall *recall, struct sp_recalled *recalled)
{
    if (recalled->claimed)
        sp_store_unclaim(recall->store, &recalled->preimage.key, recalled->claim);
    recalled->claimed = false;
}

/* May what was found be used? */
static bool may_reuse(struct sp_recall *recall,
                      struct sp_arena *arena,
                      const struct sp_recalled *recalled)
{
    return !recall->options.fresh && !sp_recall_is_forced(recall, &recalled->preimage.key) &&
           !sp_recall_misfit(recall, arena, recalled);
}

static enum sp_rc start(struct sp_recall *recall,
                        struct sp_arena *arena,
                        const struct sp_position *position,
                        struct sp_recalled *recalled,
                        struct sp_err *err)
{
    if (is_busy(recalled)) {
        recalled->verdict = SP_RECALL_WAITS;
        return SP_OK;
    }
    if (is_claimed_elsewhere(recall, recalled)) {
        recalled->verdict = SP_RECALL_WAITS;
        recalled->waits_elsewhere = true;
        return SP_OK;
    }
    enum sp_rc rc = prepare(recall, arena, position, recalled, err);
    if (rc || recall->starts_over) {
        sp_recall_unclaim(recall, recalled);
        recalled->verdict = SP_RECALL_STARTS_OVER;
        return rc;
    }
    occupy(recalled);
    recalled->verdict = SP_RECALL_RUNS;
    return SP_OK;
}

/* Dry. What is only made again (it was not kept, or all is to run) is taken to come out as before.
 */
static enum sp_rc foresee(struct sp_recall *recall,
                          struct sp_arena *arena,
                          const struct sp_position *position,
                          struct sp_recalled *recalled,
                          bool found,
                          struct sp_err *err)
{
    bool same = found && !sp_recall_misfit(recall, arena, recalled);

    sp_recall_foresee(recall, position, recalled, !same);
    enum sp_recall_verdict verdict = recalled->verdict;
    enum sp_rc rc = same ? reuse(recall, arena, position, recalled, err) : SP_OK;
    if (!same)
        recalled->product = (struct sp_product){ 0 };
    recalled->verdict = verdict;
    return rc;
}

enum sp_rc sp_recall_begin(struct sp_recall *recall,
                           struct sp_arena *arena,
                           const struct sp_action *action,
                           struct sp_recalled *out,
                           struct sp_err *err)
{
    bool found = false;

    *out = (struct sp_recalled){ .verdict = SP_RECALL_RUNS };
    if (recall->off)
        return SP_OK;
    if (recall->starts_over) {
        out->verdict = SP_RECALL_STARTS_OVER;
        return SP_OK;
    }
    sp_heads_turn(recall->heads);
    recall->begun =
        sp_ledger_begun_at(recall->ledger, recall->options.recipe, action->position->taskname);
    collect(recall, arena, action->task, out);
    enum sp_rc rc = touch_roles(recall, arena, out, err);
    if (rc)
        return rc;
    if (is_busy(out)) {
        out->verdict = SP_RECALL_WAITS;
        return SP_OK;
    }
    if (recall->options.dry && sp_recall_awaits(recall, arena, action, out)) {
        sp_recall_foresee(recall, action->position, out, true);
        return SP_OK;
    }
    make_key(recall, arena, action, out);
    if (out->preimage.len)
        found = look_up(recall, arena, out);
    if (found && may_reuse(recall, arena, out))
        return reuse(recall, arena, action->position, out, err);
    if (out->preimage.len)
        out->why = reasons(recall, arena, action->position, out, found);
    return recall->options.dry ? foresee(recall, arena, action->position, out, found, err)
                               : start(recall, arena, action->position, out, err);
}
