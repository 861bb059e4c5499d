/* SPDX-License-Identifier: BSD-3-Clause */
#include "plan/dryworld.h"

#include "plan/paths.h"

static enum sp_rc read_file(void *arg,
                            struct sp_str path,
                            struct sp_arena *arena,
                            struct sp_str *out,
                            struct sp_err *err)
{
    const struct sp_world *outside = ((const struct sp_walk *)arg)->outside;

    return outside->read(outside->arg, path, arena, out, err);
}

static sp_nsec mtime(void *arg, struct sp_str path)
{
    const struct sp_world *outside = ((const struct sp_walk *)arg)->outside;

    return outside->mtime(outside->arg, path);
}

static bool writable(void *arg, struct sp_str path)
{
    const struct sp_world *outside = ((const struct sp_walk *)arg)->outside;

    return outside->writable(outside->arg, path);
}

/* Thousands of steps name the same few paths, and nothing changes before a run: each is looked at
 * once. */
static struct sp_str real(void *arg, struct sp_str path, struct sp_arena *arena)
{
    struct sp_walk *walk = arg;
    struct sp_str *known = sp_map_find(&walk->real_paths, path);

    (void)arena;
    if (!known) {
        known = SP_ARENA_NEW(walk->base, struct sp_str, 1);
        *known = walk->outside->real(walk->outside->arg, path, walk->base);
        sp_map_set(&walk->real_paths, sp_arena_str(walk->base, path), known);
    }
    return *known;
}

static enum sp_path_kind kind_outside(struct sp_walk *walk, struct sp_str path)
{
    enum sp_path_kind *known = sp_map_find(&walk->kinds, path);

    if (!known) {
        known = SP_ARENA_NEW(walk->base, enum sp_path_kind, 1);
        *known = walk->outside->kind(walk->outside->arg, path);
        sp_map_set(&walk->kinds, sp_arena_str(walk->base, path), known);
    }
    return *known;
}

static bool package(void *arg, struct sp_str name, struct sp_arena *arena, struct sp_str *out)
{
    const struct sp_world *outside = ((const struct sp_walk *)arg)->outside;

    return outside->package(outside->arg, name, arena, out);
}

static void fact(void *arg, struct sp_str name)
{
    const struct sp_world *outside = ((const struct sp_walk *)arg)->outside;

    if (outside->fact)
        outside->fact(outside->arg, name);
}

static struct sp_str env(void *arg, struct sp_str name)
{
    const struct sp_world *outside = ((const struct sp_walk *)arg)->outside;

    return outside->env(outside->arg, name);
}

static bool is_under_promised(const struct sp_walk *walk, struct sp_str path)
{
    for (size_t at = path.len; at-- > 1;)
        if (path.ptr[at] == '/' && sp_map_has(&walk->promised, sp_str_slice(path, 0, at)))
            return true;
    return false;
}

/* What will be there. Of something inside a promised directory only the name is known: with an
 * extension it is taken for a file, without one for a directory (a subtable, a group). */
static enum sp_path_kind kind(void *arg, struct sp_str path)
{
    struct sp_walk *walk = arg;
    enum sp_path_kind found = kind_outside(walk, path);
    size_t slash = sp_str_rfind(path, '/');
    size_t dot = sp_str_rfind(path, '.');

    if (found != SP_PATH_NONE || !walk->promised.len || !is_under_promised(walk, path))
        return found;
    return dot != SIZE_MAX && dot > slash ? SP_PATH_FILE : SP_PATH_DIR;
}

static size_t count_slashes(struct sp_str path)
{
    size_t count = 0;

    for (size_t i = 0; i < path.len; i++)
        count += path.ptr[i] == '/';
    return count;
}

static bool has_path(const struct sp_paths *paths, struct sp_str path)
{
    for (size_t i = 0; i < paths->len; i++)
        if (sp_str_eq(paths->items[i], path))
            return true;
    return false;
}

/* A search among what is promised. */
struct search {
    struct sp_arena *arena;
    struct sp_str pattern;
    size_t slashes; /* in the pattern: `*` does not match them */
    const struct sp_paths *found;
    struct sp_paths all;
    size_t capacity;
};

/* Put a path where it belongs in the sorted list. */
static void insert(struct search *search, struct sp_str path)
{
    struct sp_paths *all = &search->all;
    size_t at = all->len;

    if (all->len == search->capacity) {
        struct sp_str *items = SP_ARENA_NEW(search->arena, struct sp_str, 2 * search->capacity + 8);
        if (all->len)
            memcpy(items, all->items, all->len * sizeof *items);
        all->items = items;
        search->capacity = 2 * search->capacity + 8;
    }
    for (; at > 0 && sp_str_cmp(all->items[at - 1], path) > 0; at--)
        all->items[at] = all->items[at - 1];
    all->items[at] = path;
    all->len++;
}

static void consider(void *arg, struct sp_str path)
{
    struct search *search = arg;

    if (count_slashes(path) == search->slashes && sp_str_match(search->pattern, path) &&
        !has_path(search->found, path))
        insert(search, path);
}

/* The part of a pattern that stands for itself. */
static struct sp_str literal_start(struct sp_str pattern)
{
    size_t len = 0;

    while (len < pattern.len && !strchr("*?[", pattern.ptr[len]))
        len++;
    return sp_str_slice(pattern, 0, len);
}

static struct sp_paths glob(void *arg, struct sp_str pattern, struct sp_arena *arena)
{
    struct sp_walk *walk = arg;
    struct sp_paths found = walk->outside->glob(walk->outside->arg, pattern, arena);
    struct search search = { arena, pattern, count_slashes(pattern), &found, found, found.len };

    sp_path_order_each(&walk->promised_order, &walk->promised, literal_start(pattern), consider,
                       &search);
    if (!search.all.len)
        walk->glob_was_empty = true;
    return search.all;
}

void sp_dryworld_init(struct sp_walk *walk)
{
    walk->world = (struct sp_world){
        .arg = walk,
        .read = read_file,
        .kind = kind,
        .mtime = mtime,
        .writable = writable,
        .real = real,
        .glob = glob,
        .package = package,
        .env = env,
        .fact = fact,
        .cwd = walk->outside->cwd,
        .home = walk->outside->home,
    };
}

static void promise(void *arg, const struct sp_param *param, struct sp_str path)
{
    struct sp_walk *walk = arg;

    if ((param->is_output || param->writable) && !sp_map_has(&walk->promised, path))
        sp_map_set(&walk->promised, sp_arena_str(walk->base, path), walk);
}

void sp_dryworld_promise(struct sp_walk *walk,
                         const struct sp_schema *schema,
                         const struct sp_dict *params)
{
    sp_paths_each(schema, params, promise, walk);
}
