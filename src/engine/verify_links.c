/* SPDX-License-Identifier: BSD-3-Clause */
/* verify_links.c - what leads out of a copy: symbolic links, and the tables behind a table.
 *
 * What is copied as well is found among the copies; all else stays where it is and is read there,
 * if it still is what it was then. A step that changes what a copy leads to outside of the scratch
 * directory is not run at all.
 */
#include "engine/verify_internal.h"
#include "store/profile.h"
#include "sys/file.h"

#include <unistd.h>

/* Where the trial finds what is at this canonical path; the path itself when it stays. */
static struct sp_str moved(const struct sp_trial *trial, struct sp_str real)
{
    struct sp_str cwd = trial->verify->supplier.cwd;

    for (size_t i = 0; i < trial->len; i++) {
        const struct sp_replica *replica = &trial->replicas[i];
        struct sp_str from = replica->role.real;
        if (!replica->in_place && (sp_str_eq(real, from) || sp_trial_is_below(real, from)))
            return sp_arena_join(trial->arena, replica->place, "",
                                 sp_str_slice(real, from.len, real.len));
    }
    if (sp_trial_is_below(real, cwd))
        return sp_arena_join(trial->arena, trial->work, "", sp_str_slice(real, cwd.len, real.len));
    return real;
}

static bool refuse_change(struct sp_trial *trial, struct sp_str name, struct sp_str target)
{
    return sp_trial_give_up(
        trial, sp_arena_printf(trial->arena,
                               SP_STR_FMT " leads to " SP_STR_FMT
                                          ", outside of the workspace, which the tool might change",
                               SP_STR_ARG(name), SP_STR_ARG(target)));
}

static bool point_to(struct sp_trial *trial, struct sp_str link, struct sp_str target)
{
    const struct sp_supplier *supplier = &trial->verify->supplier;
    struct sp_str dir = sp_str_slice(link, 0, sp_str_rfind(link, '/'));

    if (sp_supply_may_write(supplier, dir) && unlink(link.ptr) == 0 &&
        symlink(sp_arena_cstr(trial->arena, target), link.ptr) == 0)
        return true;
    return sp_trial_give_up(trial, sp_arena_printf(trial->arena,
                                                   "the link '" SP_STR_FMT "' cannot be made: %s",
                                                   SP_STR_ARG(link), strerror(errno)));
}

/* In the copy at `place` of what lies at `real`. */
static bool mend_link(struct sp_trial *trial,
                      const struct sp_copy *copy,
                      const struct sp_tree_entry *entry)
{
    struct sp_arena *arena = trial->arena;
    struct sp_str link = sp_arena_join(arena, copy->place, "/", entry->path);
    size_t slash = sp_str_rfind(entry->path, '/');
    struct sp_str dir = copy->real;
    struct sp_str target = entry->target;

    if (slash != SIZE_MAX)
        dir = sp_arena_join(arena, dir, "/", sp_str_slice(entry->path, 0, slash));
    if (!sp_str_starts(target, "/"))
        target = sp_arena_join(arena, dir, "/", target);
    struct sp_str real = sp_real_path(arena, target);
    target =
        sp_str_eq(real, copy->real) || sp_trial_is_below(real, copy->real)
            ? sp_arena_join(arena, copy->place, "", sp_str_slice(real, copy->real.len, real.len))
            : moved(trial, real);
    if (copy->changes && !sp_trial_is_below(target, trial->verify->dir))
        return refuse_change(trial, sp_arena_join(arena, copy->real, "/", entry->path), real);
    return sp_str_eq(sp_real_path(arena, link), target) || point_to(trial, link, target);
}

/* Tables are named in a table by their paths, which stay. */
static bool check_tables(struct sp_trial *trial, const struct sp_copy *copy)
{
    struct sp_casa_parents parents;
    struct sp_err err = SP_ERR_INIT;

    if (sp_casa_parents(copy->place.ptr, trial->arena, &parents, &err))
        return sp_trial_give_up(trial, sp_str_of(err.text));
    for (size_t i = 0; i < parents.len; i++) {
        struct sp_str real = sp_real_path(trial->arena, parents.items[i]);
        if (sp_trial_is_below(real, trial->verify->dir))
            continue;
        if (copy->changes)
            return refuse_change(trial, copy->real, real);
        if (!sp_trial_stays(trial, real))
            return false;
    }
    return true;
}

bool sp_trial_check_copy(struct sp_trial *trial, const struct sp_copy *copy)
{
    struct sp_err err = SP_ERR_INIT;
    struct sp_tree tree;

    if (sp_tree_scan(copy->place.ptr, trial->arena, &tree, &err))
        return sp_trial_give_up(trial, sp_str_of(err.text));
    for (size_t i = 0; i < tree.len; i++)
        if (tree.entries[i].type == SP_TREE_LINK && !mend_link(trial, copy, &tree.entries[i]))
            return false;
    return check_tables(trial, copy);
}
