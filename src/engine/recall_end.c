/* SPDX-License-Identifier: BSD-3-Clause */
/* recall_end.c - after a task: what came out of it, and the record of that. */
#include "base/clock.h"

#include "engine/columns.h"
#include "engine/images.h"
#include "engine/recall_internal.h"
#include "sys/file.h"

/* --- what came out ------------------------------------------------------------------------ */

#define CHEAP_BYTES      ((uint64_t)64 << 20)
#define BYTES_PER_SECOND 1e9 /* that data are read, or copied, with */

struct harvest {
    struct sp_recall *recall;
    struct sp_arena *arena;
    struct sp_recalled *recalled;
    const struct sp_position *position;
    const struct sp_recall_done *done;
    double wall;
    bool has_links;  /* where results should be */
    size_t capacity; /* of product.outputs */
};

static bool is_worth(double seconds, uint64_t bytes, double share)
{
    return bytes <= CHEAP_BYTES || (double)bytes / BYTES_PER_SECOND < seconds * share;
}

/* Is what a tool was allowed to change as it was? `head` still has the tree of before. */
static bool is_same_data(const struct sp_head *head, const struct sp_tree *now)
{
    struct sp_digest before, after;

    return sp_tree_find_content(&head->tree, &before) && sp_tree_find_content(now, &after) &&
           sp_digest_eq(&before, &after);
}

static struct sp_version name_product(const struct harvest *harvest,
                                      const struct sp_role *role,
                                      const struct sp_head *head,
                                      const struct sp_tree *tree,
                                      bool was_read)
{
    const struct sp_passage *before = sp_head_passage(head);
    const struct sp_digest *key = &harvest->recalled->preimage.key;

    if (was_read && !before->absent && is_same_data(head, tree))
        return before->version; /* it could have, but did not */
    if (was_read) {
        struct sp_version content = sp_version_plain(sp_tree_content(tree));
        bool splits = role->kind == SP_ROLE_MUTATES && role->write_count && !before->absent;
        if (!splits)
            return content;
    }
    if (role->kind == SP_ROLE_MUTATES && role->write_count && !before->absent)
        return sp_version_change(harvest->arena, &before->version, key, role->name, role->writes,
                                 role->write_count);
    return sp_version_made(key, role->name);
}

/* Will it be remembered? What is not must be known by content: made again it may be another one. */
static bool is_sound(const struct harvest *harvest)
{
    return harvest->recalled->preimage.len && !harvest->recalled->changed &&
           !harvest->done->is_unsound && !harvest->has_links;
}

/* Read it when that is cheap beside what it took to make; small files always, since it is in these
 * that programs leave noise. */
static enum sp_rc read_product(const struct harvest *harvest,
                               const char *path,
                               struct sp_tree *tree,
                               bool *was_read,
                               struct sp_err *err)
{
    bool copies = sp_store_method(harvest->recall->store, path) == SP_SNAPSHOT_COPY;

    *was_read = copies || !is_sound(harvest) ||
                is_worth(harvest->wall, sp_store_missing(harvest->recall->store, tree), 0.05);
    return *was_read ? sp_tree_digest(tree, path, SP_TREE_MEANING, err)
                     : sp_tree_digest_small(tree, path, err);
}

static enum sp_rc keep_product(const struct harvest *harvest,
                               const char *path,
                               struct sp_tree *tree,
                               struct sp_passage *passage,
                               struct sp_err *err)
{
    struct sp_recall *recall = harvest->recall;
    uint64_t missing = sp_store_missing(recall->store, tree);
    bool clones = sp_store_method(recall->store, path) == SP_SNAPSHOT_CLONE;

    if (recall->method == SP_SNAPSHOT_NONE || (!clones && !is_worth(harvest->wall, missing, 1.0)))
        return SP_OK;
    enum sp_rc rc = sp_store_keep(recall->store, path, tree, &passage->tree, err);
    passage->kept = rc == SP_OK;
    if (rc != SP_LIMIT && rc != SP_IO)
        return rc;
    sp_recall_note(
        recall, true,
        sp_arena_printf(harvest->arena, "%s is not kept in the store: %s", path, err->text));
    err->code = SP_OK;
    return SP_OK;
}

/* The tool has changed what its cab does not declare: such a result is not reused. */
static void add_changed(struct harvest *harvest, struct sp_str what)
{
    struct sp_recalled *recalled = harvest->recalled;
    struct sp_list *list = recalled->changed ? recalled->changed : sp_list_new(harvest->arena).list;

    sp_list_add(harvest->arena, list, sp_text(what));
    recalled->changed = list;
}

/* Has it written other columns than it says? Then the table as a whole is another one. */
static enum sp_rc review_columns(struct harvest *harvest,
                                 struct sp_role *role,
                                 const struct sp_head *head,
                                 const char *path,
                                 struct sp_tree *tree,
                                 struct sp_err *err)
{
    struct sp_arena *arena = harvest->arena;
    sp_auto_buf struct sp_buf dat = SP_BUF(SP_BUF_LARGE);
    struct sp_err none = SP_ERR_INIT;

    if (role->kind != SP_ROLE_MUTATES || !role->write_count || sp_head_passage(head)->absent ||
        sp_file_read(sp_arena_printf(arena, "%s/table.dat", path).ptr, &dat, &none))
        return SP_OK;
    struct sp_str what = sp_columns_undeclared(arena, role, &head->tree, tree, sp_buf_str(&dat));
    if (!what.len)
        return SP_OK;
    add_changed(harvest, sp_arena_join(arena, head->path, "/", what));
    sp_recall_note(harvest->recall, true,
                   sp_arena_printf(arena,
                                   "step '" SP_STR_FMT "' has changed " SP_STR_FMT " of " SP_STR_FMT
                                   ", which its cab does not declare: its result is not reused "
                                   "(recompute.columns.writes says which columns it changes)",
                                   SP_STR_ARG(harvest->position->label), SP_STR_ARG(what),
                                   SP_STR_ARG(head->path)));
    role->write_count = 0;
    return sp_tree_digest(tree, path, SP_TREE_MEANING, err);
}

static enum sp_rc harvest_role(struct harvest *harvest,
                               struct sp_role *role,
                               struct sp_head *head,
                               struct sp_product_path *out,
                               struct sp_err *err)
{
    struct sp_recall *recall = harvest->recall;
    struct sp_arena *arena = sp_arena_new();
    struct sp_tree tree = { .arena = arena };
    struct sp_str path = sp_heads_absolute(recall->heads, harvest->arena, head->path);
    struct sp_passage passage = {
        .key = harvest->recalled->preimage.key,
        .recipe = recall->options.recipe,
        .task = harvest->position->taskname,
        .run = recall->options.run,
    };
    bool was_read = false;

    enum sp_rc rc = sp_tree_scan(path.ptr, arena, &tree, err);
    passage.absent = rc == SP_OK && tree.len == 0;
    if (rc == SP_OK && !passage.absent) {
        (void)sp_tree_carry(&tree, &head->tree, NULL);
        rc = read_product(harvest, path.ptr, &tree, &was_read, err);
    }
    if (rc == SP_OK && !passage.absent) {
        size_t declared = role->write_count;
        rc = review_columns(harvest, role, head, path.ptr, &tree, err);
        was_read = was_read || role->write_count < declared;
    }
    if (rc == SP_OK && !passage.absent) {
        passage.version = name_product(harvest, role, head, &tree, was_read);
        rc = keep_product(harvest, path.ptr, &tree, &passage, err);
    }
    if (rc) {
        sp_arena_free(arena);
        return rc;
    }
    *out = (struct sp_product_path){
        .role = role->name,
        .path = head->path,
        .absent = passage.absent,
        .is_dir = tree.len && tree.entries[0].type == SP_TREE_DIR,
        .mutated = role->kind == SP_ROLE_MUTATES || tree.len == 0,
        .kept = passage.kept,
        .version = passage.version,
        .tree = passage.tree,
        .bytes = tree.bytes,
    };
    tree.arena = arena;
    return sp_heads_arrive(recall->heads, head, &passage, &tree, err);
}

/* Did the tool change what it was only to read? */
static enum sp_rc review_inputs(struct harvest *harvest, struct sp_err *err)
{
    struct sp_recalled *recalled = harvest->recalled;

    recalled->changed = NULL;
    for (size_t i = 0; i < recalled->roles.len; i++) {
        const struct sp_role *role = &recalled->roles.items[i];
        struct sp_head *head = recalled->heads[i];
        struct sp_str file = SP_STR("");
        bool differs = false;
        if (!head || sp_role_changes(role))
            continue;
        enum sp_rc rc = sp_heads_review(harvest->recall->heads, head, harvest->position->taskname,
                                        &differs, &file, err);
        if (rc)
            return rc;
        if (!differs && head->changes == recalled->changes[i])
            continue;
        bool whole = !file.len || sp_str_is(file, ".");
        struct sp_str name =
            sp_arena_printf(harvest->arena, SP_STR_FMT "%s" SP_STR_FMT, SP_STR_ARG(head->path),
                            whole ? "" : "/", SP_STR_ARG(whole ? SP_STR("") : file));
        add_changed(harvest, name);
        sp_recall_note(harvest->recall, true,
                       sp_arena_printf(harvest->arena,
                                       SP_STR_FMT " has changed while step '" SP_STR_FMT
                                                  "' ran, whose cab declares it as read only: the "
                                                  "result is not reused (writable: true, if the "
                                                  "step changes it)",
                                       SP_STR_ARG(name), SP_STR_ARG(harvest->position->label)));
    }
    return SP_OK;
}

/* What was there before, and was not written, is not what the tool has made. */
static enum sp_rc is_bystander(struct sp_recall *recall,
                               const struct sp_role *before,
                               struct sp_head *head,
                               bool *bystander,
                               struct sp_err *err)
{
    *bystander = false;
    if (!before || (before->kind != SP_ROLE_WRITES && !before->is_inside) || head->composite)
        return SP_OK;
    return sp_heads_recheck(recall->heads, head, bystander, err);
}

static struct sp_product_path *next_output(struct harvest *harvest)
{
    struct sp_product *product = &harvest->recalled->product;

    if (product->output_count >= harvest->capacity) {
        harvest->capacity = 2 * product->output_count + 8;
        struct sp_product_path *outputs =
            SP_ARENA_NEW(harvest->arena, struct sp_product_path, harvest->capacity);
        if (product->output_count)
            memcpy(outputs, product->outputs, product->output_count * sizeof *outputs);
        product->outputs = outputs;
    }
    return &product->outputs[product->output_count];
}

static enum sp_rc harvest_output(struct harvest *harvest, struct sp_role role, struct sp_err *err)
{
    struct sp_heads *heads = harvest->recall->heads;
    struct sp_product *product = &harvest->recalled->product;
    const struct sp_role *before = sp_roles_find(&harvest->recalled->roles, role.real);
    struct sp_head *head;
    bool bystander = false;

    if (!sp_role_changes(&role) || sp_heads_is_outside(heads, role.real))
        return SP_OK;
    if (before)
        role.kind = before->kind;
    enum sp_rc rc = before && !before->is_place ? sp_heads_touch(heads, role.real, &head, err)
                                                : sp_heads_appear(heads, role.real, &head, err);
    if (rc == SP_OK)
        rc = is_bystander(harvest->recall, before, head, &bystander, err);
    if (rc)
        return rc;
    if (bystander && before && (before->is_inside || !sp_head_passage(head)->absent))
        return SP_OK;
    struct sp_product_path *out = next_output(harvest);
    *out = (struct sp_product_path){ .role = role.name, .path = head->path, .absent = true };
    if (!bystander)
        rc = harvest_role(harvest, &role, head, out, err);
    product->output_count += rc == SP_OK;
    return rc;
}

/* What is in a directory now that the tool was given. False: it turned out to be a dataset. */
static enum sp_rc harvest_place(struct harvest *harvest,
                                const struct sp_role *place,
                                bool *is_place,
                                struct sp_err *err)
{
    struct sp_recall *recall = harvest->recall;
    struct sp_arena *arena = harvest->arena;
    struct sp_list paths = { 0 };
    enum sp_rc rc = sp_recall_list_place(recall, arena, place->real, &paths, is_place, err);

    for (size_t i = 0; i < paths.len && *is_place && rc == SP_OK; i++) {
        struct sp_str path = paths.items[i].text;
        rc = harvest_output(harvest,
                            (struct sp_role){
                                .kind = SP_ROLE_WRITES,
                                .name = sp_arena_join(arena, place->name, "/", path),
                                .real = sp_arena_join(arena, place->real, "/", path),
                                .param = place->param,
                            },
                            err);
    }
    return rc;
}

static enum sp_rc harvest_any(struct harvest *harvest, struct sp_role role, struct sp_err *err)
{
    const struct sp_role *before = sp_roles_find(&harvest->recalled->roles, role.real);
    bool is_place = false;
    enum sp_rc rc = before && before->is_place && sp_role_changes(&role)
                        ? harvest_place(harvest, &role, &is_place, err)
                        : SP_OK;

    return rc || is_place ? rc : harvest_output(harvest, role, err);
}

/* All that the task says, now that it has ended, it has written or changed; and the tables behind
 * those that it changed. */
static enum sp_rc harvest_outputs(struct harvest *harvest,
                                  const struct sp_task *task,
                                  struct sp_err *err)
{
    const struct sp_roles *before = &harvest->recalled->roles;
    struct sp_roles roles;
    struct sp_roles_request request = {
        .arena = harvest->arena,
        .world = &harvest->recall->world,
        .cab = task->cab,
        .values = sp_roles_values(harvest->arena, task),
        .effects = harvest->recalled->effects,
        .in_image = sp_images_take(harvest->recall->options.session->images, task),
    };
    enum sp_rc rc = SP_OK;

    sp_roles_collect(&request, &roles);
    harvest->has_links = sp_recall_take_out_links(harvest->recall, harvest->arena,
                                                  harvest->recalled, harvest->position, &roles);
    for (size_t i = 0; i < roles.len && rc == SP_OK; i++)
        rc = harvest_any(harvest, roles.items[i], err);
    for (size_t i = 0; i < before->len && rc == SP_OK; i++)
        if (before->items[i].by_table && !sp_roles_find(&roles, before->items[i].real))
            rc = harvest_output(harvest, before->items[i], err);
    return rc;
}

static void describe_inputs(struct harvest *harvest, struct sp_product *product)
{
    const struct sp_recalled *recalled = harvest->recalled;

    product->inputs = SP_ARENA_NEW(harvest->arena, struct sp_product_path, recalled->roles.len + 1);
    for (size_t i = 0; i < recalled->roles.len; i++) {
        const struct sp_role *role = &recalled->roles.items[i];
        const struct sp_head *head = recalled->heads[i];
        if (!head || role->kind == SP_ROLE_WRITES)
            continue;
        const struct sp_passage *passage = sp_head_passage(head);
        product->inputs[product->input_count++] = (struct sp_product_path){
            .role = role->name,
            .path = head->path,
            .absent = passage->absent,
            .version = passage->version,
            .kept = passage->kept,
            .tree = passage->tree,
            .is_source = head->index == 0,
        };
    }
}

static void describe(struct harvest *harvest,
                     const struct sp_task *task,
                     struct sp_product *product)
{
    struct sp_recall *recall = harvest->recall;
    struct sp_arena *arena = harvest->arena;
    struct sp_list *argv = sp_list_new(arena).list;

    for (size_t i = 0; task->command.argv[i]; i++)
        sp_list_add(arena, argv, sp_text(sp_str_of(task->command.argv[i])));
    product->key = harvest->recalled->preimage.key;
    product->task = harvest->position->taskname;
    product->recipe = recall->options.recipe;
    product->cab = task->cab->name;
    product->run = recall->options.run;
    product->epoch = sp_arena_str(arena, sp_str_of(sp_store_epoch(recall->store)));
    product->host = recall->host;
    product->user = recall->user;
    product->time = sp_arena_str(arena, sp_str_of(sp_clock_iso(sp_clock_realtime()).text));
    product->workspace = recall->options.session->world.cwd;
    product->program = harvest->recalled->program;
    product->preimage = sp_preimage_to_dict(arena, &harvest->recalled->preimage);
    product->values = harvest->done->found;
    product->argv = argv;
    product->wall = harvest->wall;
    product->cpu = (double)(harvest->done->usage.cpu_user + harvest->done->usage.cpu_system) / 1e9;
    product->memory = harvest->done->usage.peak_memory;
}

/* The result is as good as any; that it cannot be remembered costs time later, not now. */
static void remember(struct harvest *harvest, const struct sp_task *task)
{
    struct sp_recall *recall = harvest->recall;
    struct sp_product *product = &harvest->recalled->product;
    sp_auto_buf struct sp_buf text = SP_BUF(SP_BUF_LARGE);
    struct sp_err err = SP_ERR_INIT;
    struct sp_digest log;

    describe(harvest, task, product);
    if (sp_file_kind(harvest->done->output.ptr) == SP_FILE_REGULAR &&
        sp_store_put_file(recall->store, harvest->done->output.ptr, &log, &err) == SP_OK)
        product->log = sp_arena_str(harvest->arena, sp_str_of(sp_digest_hex(&log).text));
    sp_product_write(harvest->arena, product, &text);
    if (sp_store_put_record(recall->store, &product->key, sp_buf_str(&text), &err) == SP_OK) {
        sp_ledger_task(recall->ledger, recall->options.recipe, harvest->position->taskname,
                       &product->key, recall->options.run);
        sp_recall_has_run(recall, product);
    } else
        sp_recall_note(recall, true,
                       sp_arena_printf(harvest->arena,
                                       "the result of step '" SP_STR_FMT "' is not remembered: %s",
                                       SP_STR_ARG(harvest->position->label), err.text));
}

enum sp_rc sp_recall_end(struct sp_recall *recall,
                         struct sp_arena *arena,
                         struct sp_recalled *recalled,
                         const struct sp_action *action,
                         const struct sp_recall_done *done,
                         struct sp_err *err)
{
    struct harvest harvest = {
        .recall = recall,
        .arena = arena,
        .recalled = recalled,
        .position = action->position,
        .done = done,
        .wall = (double)done->usage.wall / 1e9,
    };

    if (recall->off || !recalled->running)
        return SP_OK;
    enum sp_rc rc = SP_OK;
    if (done->success) {
        recalled->product = (struct sp_product){ 0 };
        describe_inputs(&harvest, &recalled->product);
        rc = review_inputs(&harvest, err);
        if (rc == SP_OK)
            rc = harvest_outputs(&harvest, action->task, err);
        if (rc == SP_OK && is_sound(&harvest))
            remember(&harvest, action->task);
        if (rc == SP_OK)
            sp_ledger_begun(recall->ledger, recall->options.recipe, action->position->taskname, 0);
    }
    sp_recall_vacate(recalled); /* not before: nobody else is to tidy up what was just made */
    sp_recall_unclaim(recall, recalled);
    struct sp_err second = SP_ERR_INIT;
    enum sp_rc synced = sp_ledger_sync(recall->ledger, rc ? &second : err);
    return rc ? rc : synced;
}
