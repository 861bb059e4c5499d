/* SPDX-License-Identifier: BSD-3-Clause */
#include "engine/debris.h"

#include "base/clock.h"
#include "base/map.h"
#include "base/vec.h"

#include "journal/journal.h"
#include "sys/file.h"

#define SLACK (2 * SP_NSEC_PER_SEC) /* between the last write of a tool and the end of its step */

/* One path that a tool was going to make. */
struct made {
    struct sp_debris_item item;
    bool partial;  /* the last step that wrote it did not end well */
    bool good;     /* it was made by a step that did */
    sp_nsec ended; /* of the step that failed; 0: it was killed */
};

struct fold {
    struct sp_arena *arena;
    struct sp_str run;
    struct sp_map made;  /* path -> struct made * */
    struct sp_map tasks; /* task of this run that has not ended -> its step-start */
};

static const struct sp_list *list_of(const struct sp_dict *event, const char *key)
{
    static const struct sp_list none;
    const struct sp_value *value = sp_dict_get(event, key);

    return value && sp_is_list(*value) ? value->list : &none;
}

/* Nothing outside the workspace is ours. */
static bool is_inside(struct sp_str path)
{
    if (!path.len || path.ptr[0] == '/' || sp_str_is(path, ".") || sp_str_is(path, ".spoor") ||
        sp_str_starts(path, ".spoor/"))
        return false;
    for (struct sp_str rest = path; rest.ptr && rest.len;) {
        struct sp_str part = sp_str_cut(&rest, '/');
        if (sp_str_is(part, ".."))
            return false;
    }
    return true;
}

static void note_start(struct fold *fold, const struct sp_dict *event)
{
    SP_LIST_EACH(path, list_of(event, "creates"))
    {
        if (!sp_is_text(*path) || !is_inside(path->text))
            continue;
        struct made *made = SP_ARENA_NEW(fold->arena, struct made, 1);
        made->item = (struct sp_debris_item){ .path = path->text,
                                              .run = fold->run,
                                              .step = sp_dict_text(event, "step") };
        sp_map_set(&fold->made, path->text, made);
    }
    /* Until the step has ended, what it writes is in doubt, if it was not in order before. */
    SP_LIST_EACH(path, list_of(event, "writes"))
    {
        struct made *made = sp_is_text(*path) ? sp_map_find(&fold->made, path->text) : NULL;
        if (!made)
            continue;
        made->partial = !made->good;
        made->ended = 0;
    }
}

static void note_end(struct fold *fold, const struct sp_dict *start, const struct sp_dict *event)
{
    const struct sp_value *success = sp_dict_get(event, "success");
    bool good = success && sp_truth(*success);
    sp_nsec time = 0;

    (void)sp_clock_parse_iso(sp_dict_text(event, "time"), &time);
    SP_LIST_EACH(path, list_of(start, "writes"))
    {
        struct made *made = sp_is_text(*path) ? sp_map_find(&fold->made, path->text) : NULL;
        if (!made)
            continue;
        made->good = made->good || good;
        made->partial = !made->good;
        made->ended = time;
    }
}

static bool fold_event(const struct sp_dict *event, void *arg)
{
    struct fold *fold = arg;
    struct sp_str name = sp_dict_text(event, "event");
    struct sp_str task = sp_dict_text(event, "task");

    if (sp_str_is(name, "step-start")) {
        sp_map_set(&fold->tasks, task, (void *)event); /* only read */
        note_start(fold, event);
    } else if (sp_str_is(name, "step-end")) {
        const struct sp_dict *start = sp_map_find(&fold->tasks, task);
        if (start)
            note_end(fold, start, event);
    }
    return true;
}

static bool is_debris(struct made *made)
{
    char *path = (char *)made->item.path.ptr; /* arena text, terminated */

    if (!made->partial || sp_file_kind(path) == SP_FILE_NONE)
        return false;
    return made->ended == 0 || sp_tree_mtime(path) <= made->ended + SLACK;
}

enum sp_rc sp_debris_find(const struct sp_workspace *workspace,
                          struct sp_debris *out,
                          struct sp_err *err)
{
    struct fold fold = { .arena = workspace->arena };
    struct sp_str *ids;
    size_t count = sp_workspace_runs(workspace, &ids);
    enum sp_rc rc = SP_OK;

    *out = (struct sp_debris){ 0 };
    for (size_t i = 0; i < count && rc == SP_OK; i++) {
        fold.run = ids[i];
        sp_map_fini(&fold.tasks);
        rc = sp_journal_read(sp_workspace_journal(workspace, ids[i]).ptr, workspace->arena,
                             fold_event, &fold, err);
        if (rc == SP_NOT_FOUND)
            rc = SP_OK; /* killed before it wrote a line */
    }
    out->items = SP_ARENA_NEW(workspace->arena, struct sp_debris_item, fold.made.len);
    SP_MAP_EACH (entry, &fold.made) {
        struct made *made = entry->value;
        made->item.path = sp_arena_str(workspace->arena, made->item.path);
        if (rc || !is_debris(made))
            continue;
        made->item.size = sp_tree_size(made->item.path.ptr);
        out->items[out->len++] = made->item;
    }
    sp_map_fini(&fold.made);
    sp_map_fini(&fold.tasks);
    return rc;
}

size_t sp_debris_old_runs(const struct sp_workspace *workspace,
                          size_t keep,
                          struct sp_debris_item **out)
{
    struct sp_str *ids;
    size_t count = sp_workspace_runs(workspace, &ids);
    size_t old = count > keep ? count - keep : 0;

    *out = SP_ARENA_NEW(workspace->arena, struct sp_debris_item, old);
    for (size_t i = 0; i < old; i++) {
        struct sp_str path = sp_arena_join(workspace->arena, workspace->dir, "/runs/", ids[i]);
        (*out)[i] =
            (struct sp_debris_item){ .path = path, .run = ids[i], .size = sp_tree_size(path.ptr) };
    }
    return old;
}
