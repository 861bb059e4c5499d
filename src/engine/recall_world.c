/* SPDX-License-Identifier: BSD-3-Clause */
/* recall_world.c - the world as the steps so far have made it.
 *
 * Reused results need not be on disk. Whether something is there is answered from what the heads
 * say; who wants to know more (times, patterns, contents) gets it brought to disk first. */
#include "engine/recall_internal.h"
#include "sys/file.h"

static const struct sp_world *real_world(const struct sp_recall *recall)
{
    return &recall->options.session->world;
}

static void settle(struct sp_recall *recall, struct sp_head *head)
{
    struct sp_digest lost = { 0 };
    struct sp_err err = SP_ERR_INIT;

    /* What cannot be brought back is not there; the next task that needs it says so. */
    enum sp_rc rc = sp_heads_settle(recall->heads, head, &lost, &err);
    if (rc == SP_NOT_FOUND)
        (void)sp_recall_force(recall, &lost);
    else if (rc == SP_BUSY)
        (void)sp_recall_is_disturbed(recall, &err);
}

/* Everything at, in or around the path. */
static void settle_around(struct sp_recall *recall, struct sp_str path)
{
    sp_auto_arena struct sp_arena *arena = sp_arena_new();
    const struct sp_world *world = real_world(recall);
    struct sp_digest lost = { 0 };
    struct sp_err err = SP_ERR_INIT;

    if (!sp_heads_unsettled(recall->heads) || recall->options.dry)
        return;
    struct sp_str real = world->real(world->arg, path, arena);
    enum sp_rc rc = sp_heads_settle_all(recall->heads, real, &lost, &err);
    if (rc == SP_NOT_FOUND)
        (void)sp_recall_force(recall, &lost);
    else if (rc == SP_BUSY)
        (void)sp_recall_is_disturbed(recall, &err);
}

/* What its maker said of it. */
static enum sp_path_kind made_kind(struct sp_recall *recall, const struct sp_passage *passage)
{
    sp_auto_arena struct sp_arena *arena = sp_arena_new();
    sp_auto_buf struct sp_buf text = SP_BUF(SP_BUF_LARGE);
    struct sp_err err = SP_ERR_INIT;
    struct sp_product product;

    if (sp_store_get_record(recall->store, &passage->key, &text, &err) ||
        sp_product_read(sp_buf_str(&text), SP_PRODUCT_RESULT, arena, &product, &err))
        return SP_PATH_NONE;
    for (size_t i = 0; i < product.output_count; i++)
        if (sp_version_eq(&product.outputs[i].version, &passage->version))
            return product.outputs[i].is_dir ? SP_PATH_DIR : SP_PATH_FILE;
    return SP_PATH_NONE;
}

/* What a path that is not on disk is: a manifest tells. Of what is not kept, and will be made again
 * when it is needed, the record; if that is lost, too, it is what another state of it is. */
static enum sp_path_kind kept_kind(struct sp_recall *recall,
                                   const struct sp_passage *passage,
                                   struct sp_str path)
{
    sp_auto_arena struct sp_arena *arena = sp_arena_new();
    const struct sp_world *world = real_world(recall);
    struct sp_tree tree;
    struct sp_err err = SP_ERR_INIT;

    if (passage->absent)
        return SP_PATH_NONE;
    if (passage->kept && sp_store_fetch(recall->store, &passage->tree, arena, &tree, &err) == SP_OK)
        return tree.entries[0].type == SP_TREE_DIR ? SP_PATH_DIR : SP_PATH_FILE;
    enum sp_path_kind kind = made_kind(recall, passage);
    if (kind == SP_PATH_NONE)
        kind = world->kind(world->arg, path);
    return kind == SP_PATH_NONE ? SP_PATH_FILE : kind;
}

/* A directory that is there, and no part of what is to be brought back, stays one: whoever asks for
 * the place of a file must not move data. */
static bool is_place(struct sp_recall *recall, struct sp_str real, struct sp_str path)
{
    const struct sp_world *world = real_world(recall);
    struct sp_head *head;

    for (size_t at = 0; sp_heads_each_unsettled(recall->heads, &at, &head);)
        if (sp_head_contains(recall->heads, head, real))
            return false;
    return world->kind(world->arg, path) == SP_PATH_DIR;
}

static enum sp_path_kind world_kind(void *arg, struct sp_str path)
{
    struct sp_recall *recall = arg;
    const struct sp_world *world = real_world(recall);

    if (sp_heads_unsettled(recall->heads)) {
        sp_auto_arena struct sp_arena *arena = sp_arena_new();
        struct sp_str real = world->real(world->arg, path, arena);
        const struct sp_head *head = sp_heads_find(recall->heads, real);
        if (head && !sp_head_is_settled(head) && !head->writer)
            return kept_kind(recall, sp_head_passage(head), path);
        if (!head && !is_place(recall, real, path))
            settle_around(recall, path);
    }
    return world->kind(world->arg, path);
}

/* A state that was brought back has the times of its making; what is older than it is out of date
 * all the same. */
static sp_nsec world_mtime(void *arg, struct sp_str path)
{
    sp_auto_arena struct sp_arena *arena = sp_arena_new();

    settle_around(arg, path);
    return sp_tree_changed(sp_arena_cstr(arena, path));
}

static bool world_writable(void *arg, struct sp_str path)
{
    struct sp_recall *recall = arg;
    const struct sp_world *world = real_world(recall);

    /* What is brought back will be. */
    return world->kind(world->arg, path) == SP_PATH_NONE ? world_kind(arg, path) != SP_PATH_NONE
                                                         : world->writable(world->arg, path);
}

static struct sp_str world_real(void *arg, struct sp_str path, struct sp_arena *arena)
{
    return sp_recall_real(arg, path, arena);
}

/* Could the pattern find the path, or something in it? */
static bool concerns(struct sp_str pattern, struct sp_str path)
{
    size_t slash = sp_str_rfind(pattern, '/');
    struct sp_str dir = slash == SIZE_MAX ? SP_STR("") : sp_str_slice(pattern, 0, slash);

    return sp_str_match(pattern, path) || sp_str_has_wildcard(dir) ||
           (dir.len >= path.len && sp_str_eq(sp_str_slice(dir, 0, path.len), path));
}

static struct sp_paths world_glob(void *arg, struct sp_str pattern, struct sp_arena *arena)
{
    struct sp_recall *recall = arg;
    const struct sp_world *world = real_world(recall);
    struct sp_head *head;

    if (sp_heads_unsettled(recall->heads) && !recall->options.dry) {
        struct sp_str real = world->real(world->arg, pattern, arena);
        for (size_t at = 0; sp_heads_each_unsettled(recall->heads, &at, &head);)
            if (!head->writer &&
                concerns(real, sp_heads_absolute(recall->heads, arena, head->path)))
                settle(recall, head);
    }
    return world->glob(world->arg, pattern, arena);
}

static enum sp_rc world_read(void *arg,
                             struct sp_str path,
                             struct sp_arena *arena,
                             struct sp_str *out,
                             struct sp_err *err)
{
    struct sp_recall *recall = arg;

    settle_around(recall, path);
    return real_world(recall)->read(real_world(recall)->arg, path, arena, out, err);
}

static bool world_package(void *arg, struct sp_str name, struct sp_arena *arena, struct sp_str *out)
{
    const struct sp_world *world = real_world(arg);

    return world->package(world->arg, name, arena, out);
}

static enum sp_rc world_call(void *arg,
                             struct sp_str request,
                             struct sp_arena *arena,
                             struct sp_str *answer,
                             struct sp_err *err)
{
    const struct sp_world *world = real_world(arg);

    return world->call(world->arg, request, arena, answer, err);
}

static struct sp_str world_env(void *arg, struct sp_str name)
{
    const struct sp_world *world = real_world(arg);

    return world->env(world->arg, name);
}

static void world_fact(void *arg, struct sp_str name)
{
    const struct sp_world *world = real_world(arg);

    world->fact(world->arg, name);
}

void sp_recall_open_world(struct sp_recall *recall)
{
    recall->world = *real_world(recall);
    if (recall->off)
        return;
    recall->world.arg = recall;
    recall->world.read = world_read;
    recall->world.kind = world_kind;
    recall->world.mtime = world_mtime;
    recall->world.writable = world_writable;
    recall->world.real = world_real;
    recall->world.glob = world_glob;
    recall->world.package = world_package;
    recall->world.call = world_call;
    recall->world.env = world_env;
    recall->world.fact = recall->world.fact ? world_fact : NULL;
}

const struct sp_world *sp_recall_world(struct sp_recall *recall)
{
    return &recall->world;
}
