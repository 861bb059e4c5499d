/* SPDX-License-Identifier: BSD-3-Clause */
#include "engine/profile.h"

#include "base/clock.h"
#include "base/map.h"
#include "base/vec.h"

#include "journal/journal.h"

#include <ctype.h>

struct node {
    struct sp_profile_row row;
    size_t parent; /* its number; SIZE_MAX: none */
    bool is_recipe;
    double first, last; /* seconds since 1970: of what is in it */
};

struct fold {
    struct sp_arena *arena;
    SP_VEC(struct node) nodes;
    struct sp_map known;   /* path -> struct index * */
    struct sp_map started; /* task -> struct start * */
    bool unroll_loops;
};

struct index {
    size_t number;
};

struct start {
    double at;
};

/* --- reading events ----------------------------------------------------------------------- */

static double seconds_of(struct sp_str time)
{
    sp_nsec moment = 0;

    (void)sp_clock_parse_iso(time, &moment);
    return (double)moment / 1e9;
}

/* --- the tree ----------------------------------------------------------------------------- */

static bool is_number(struct sp_str text)
{
    for (size_t i = 0; i < text.len; i++)
        if (!isdigit((unsigned char)text.ptr[i]))
            return false;
    return text.len > 0;
}

static size_t find_node(struct fold *fold, struct sp_str path, struct sp_str name, size_t parent)
{
    const struct index *index = sp_map_find(&fold->known, path);

    if (index)
        return index->number;
    struct index *own = SP_ARENA_NEW(fold->arena, struct index, 1);
    own->number = fold->nodes.len;
    path = sp_arena_str(fold->arena, path);
    sp_map_set(&fold->known, path, own);
    struct node *node = SP_VEC_ADD(&fold->nodes);
    *node = (struct node){
        .row = { .name = is_number(name)
                             ? sp_arena_printf(fold->arena, "(" SP_STR_FMT ")", SP_STR_ARG(name))
                             : sp_arena_str(fold->arena, name),
                 .path = path,
                 .depth = parent == SIZE_MAX ? 0 : fold->nodes.items[parent].row.depth + 1 },
        .parent = parent,
    };
    return own->number;
}

/* The node of a task, those around it made as well. */
static size_t enter(struct fold *fold, struct sp_str path)
{
    size_t parent = SIZE_MAX;

    for (size_t at = 0; at <= path.len;) {
        struct sp_str rest = sp_str_slice(path, at, path.len);
        struct sp_str name = sp_str_cut(&rest, '.');
        if (parent != SIZE_MAX)
            fold->nodes.items[parent].is_recipe = true;
        parent = find_node(fold, sp_str_slice(path, 0, at + name.len), name, parent);
        at += name.len + 1;
    }
    return parent;
}

static struct sp_str path_of(const struct fold *fold, const struct sp_dict *event)
{
    return sp_dict_text(event, fold->unroll_loops ? "task" : "step");
}

static void fold_start(struct fold *fold, const struct sp_dict *event)
{
    struct start *start = SP_ARENA_NEW(fold->arena, struct start, 1);

    start->at = seconds_of(sp_dict_text(event, "time"));
    sp_map_set(&fold->started, sp_dict_text(event, "task"), start);
    (void)enter(fold, path_of(fold, event));
}

static void add_usage(struct sp_profile_row *row, const struct sp_dict *event)
{
    double wall = sp_dict_number(event, "wall");
    double cpu = sp_dict_number(event, "cpu");
    double read = sp_dict_number(event, "read");
    double write = sp_dict_number(event, "write");
    uint64_t memory = (uint64_t)sp_dict_number(event, "memory");

    row->runs++;
    row->wall += wall;
    row->cpu += cpu;
    row->read += (uint64_t)read;
    row->write += (uint64_t)write;
    row->peak_memory = SP_MAX(row->peak_memory, memory);
    if (wall < 0.01)
        return; /* the clocks of the kernel are too coarse for rates */
    row->peak_cpu = SP_MAX(row->peak_cpu, cpu / wall);
    row->peak_read = SP_MAX(row->peak_read, read / wall);
    row->peak_write = SP_MAX(row->peak_write, write / wall);
}

static void fold_end(struct fold *fold, const struct sp_dict *event)
{
    const struct start *start = sp_map_find(&fold->started, sp_dict_text(event, "task"));
    double end = seconds_of(sp_dict_text(event, "time"));

    if (!start)
        return;
    for (size_t i = enter(fold, path_of(fold, event)); i != SIZE_MAX;) {
        struct node *node = &fold->nodes.items[i];
        node->first = node->row.runs ? SP_MIN(node->first, start->at) : start->at;
        node->last = node->row.runs ? SP_MAX(node->last, end) : end;
        add_usage(&node->row, event);
        i = node->parent;
    }
}

static bool fold_event(const struct sp_dict *event, void *arg)
{
    struct fold *fold = arg;
    struct sp_str name = sp_dict_text(event, "event");

    if (sp_str_is(name, "step-start"))
        fold_start(fold, event);
    else if (sp_str_is(name, "step-end"))
        fold_end(fold, event);
    else if (sp_str_is(name, "run-end") && fold->nodes.len) {
        struct node *root = &fold->nodes.items[0];
        root->first = 0;
        root->last = sp_dict_number(event, "wall");
    }
    return true;
}

enum sp_rc sp_profile_run(const struct sp_workspace *workspace,
                          struct sp_str id,
                          bool unroll_loops,
                          struct sp_profile *out,
                          struct sp_err *err)
{
    struct fold fold = { .arena = workspace->arena, .unroll_loops = unroll_loops };
    struct sp_str path = sp_workspace_journal(workspace, id);

    enum sp_rc rc = sp_journal_read(path.ptr, workspace->arena, fold_event, &fold, err);
    if (rc == SP_OK) {
        out->len = fold.nodes.len;
        out->rows = SP_ARENA_NEW(workspace->arena, struct sp_profile_row, fold.nodes.len);
        for (size_t i = 0; i < fold.nodes.len; i++) {
            const struct node *node = &fold.nodes.items[i];
            out->rows[i] = node->row;
            if (node->is_recipe)
                out->rows[i].wall = node->last - node->first;
        }
    }
    sp_map_fini(&fold.known);
    sp_map_fini(&fold.started);
    SP_VEC_FINI(&fold.nodes);
    return rc;
}

/* --- as a value --------------------------------------------------------------------------- */

struct sp_value sp_profile_value(struct sp_arena *arena, const struct sp_profile *profile)
{
    struct sp_value list = sp_list_new(arena);

    for (size_t i = 0; i < profile->len; i++) {
        const struct sp_profile_row *row = &profile->rows[i];

        const struct {
            const char *name;
            struct sp_value value;
        } fields[] = {
            { "task", sp_text(row->path) },
            { "runs", sp_int((int64_t)row->runs) },
            { "wall", sp_float(row->wall) },
            { "cpu", sp_float(row->cpu) },
            { "read", sp_int((int64_t)row->read) },
            { "write", sp_int((int64_t)row->write) },
            { "peak_cpu", sp_float(row->peak_cpu) },
            { "peak_memory", sp_int((int64_t)row->peak_memory) },
            { "peak_read_rate", sp_float(row->peak_read) },
            { "peak_write_rate", sp_float(row->peak_write) },
        };
        struct sp_value dict = sp_dict_new(arena);
        for (size_t k = 0; k < SP_COUNT(fields); k++)
            sp_dict_set(arena, dict.dict, sp_str_of(fields[k].name), fields[k].value);
        sp_list_add(arena, list.list, dict);
    }
    return list;
}
