/* SPDX-License-Identifier: BSD-3-Clause */
#include "lang/world_fake.h"

/* Drop the last component of "/a/b"; "/" stays. */
static size_t parent_length(const char *path, size_t len)
{
    while (len > 0 && path[len - 1] != '/')
        len--;
    return len > 1 ? len - 1 : len;
}

/* Absolute, without "." and "..", "//" and an ending "/". */
static struct sp_str normal(const struct sp_world_fake *fake,
                            struct sp_str path,
                            struct sp_arena *arena)
{
    struct sp_str cwd = sp_str_of(fake->cwd);
    struct sp_str rest =
        path.len && path.ptr[0] == '/' ? path : sp_arena_join(arena, cwd, "/", path);
    char *out = sp_arena_alloc(arena, rest.len + 2);
    size_t len = 0;

    while (rest.ptr) {
        struct sp_str part = sp_str_cut(&rest, '/');
        if (part.len == 0 || sp_str_is(part, "."))
            continue;
        if (sp_str_is(part, "..")) {
            while (len > 0 && out[--len] != '/') {}
            continue;
        }
        out[len++] = '/';
        memcpy(out + len, part.ptr, part.len);
        len += part.len;
    }
    if (len == 0)
        out[len++] = '/';
    return (struct sp_str){ out, len };
}

/* Is `path` the directory `dir` or inside it? */
static bool is_inside(struct sp_str path, struct sp_str dir)
{
    if (path.len < dir.len || memcmp(path.ptr, dir.ptr, dir.len) != 0)
        return false;
    return dir.len == 1 || path.len == dir.len || path.ptr[dir.len] == '/';
}

static const struct sp_world_file *find_file(struct sp_world_fake *fake, struct sp_str path)
{
    struct sp_str wanted = normal(fake, path, fake->scratch);

    for (size_t i = 0; i < fake->len; i++)
        if (sp_str_eq(normal(fake, sp_str_of(fake->files[i].path), fake->scratch), wanted))
            return &fake->files[i];
    return NULL;
}

static enum sp_rc fake_read(void *arg,
                            struct sp_str path,
                            struct sp_arena *arena,
                            struct sp_str *out,
                            struct sp_err *err)
{
    const struct sp_world_file *file = find_file(arg, path);

    if (!file)
        return sp_fail(err, SP_NOT_FOUND, "read '" SP_STR_FMT "': it does not exist",
                       SP_STR_ARG(path));
    if (!file->text)
        return sp_fail(err, SP_IO, "read '" SP_STR_FMT "': it is a directory", SP_STR_ARG(path));
    size_t len = file->text_length ? file->text_length : strlen(file->text);
    *out = sp_arena_str(arena, (struct sp_str){ file->text, len });
    return SP_OK;
}

static enum sp_path_kind fake_kind(void *arg, struct sp_str path)
{
    struct sp_world_fake *fake = arg;
    const struct sp_world_file *file = find_file(fake, path);

    if (file)
        return file->text ? SP_PATH_FILE : SP_PATH_DIR;
    struct sp_str wanted = normal(fake, path, fake->scratch);
    if (is_inside(normal(fake, sp_str_of(fake->cwd), fake->scratch), wanted))
        return SP_PATH_DIR;
    for (size_t i = 0; i < fake->len; i++)
        if (is_inside(normal(fake, sp_str_of(fake->files[i].path), fake->scratch), wanted))
            return SP_PATH_DIR;
    return SP_PATH_NONE;
}

static sp_nsec fake_mtime(void *arg, struct sp_str path)
{
    struct sp_world_fake *fake = arg;
    struct sp_str wanted = normal(fake, path, fake->scratch);
    sp_nsec newest = 0;

    for (size_t i = 0; i < fake->len; i++) {
        const struct sp_world_file *file = &fake->files[i];
        if (is_inside(normal(fake, sp_str_of(file->path), fake->scratch), wanted))
            newest = SP_MAX(newest, SP_MAX(file->mtime, (sp_nsec)1));
    }
    return newest;
}

static bool fake_writable(void *arg, struct sp_str path)
{
    const struct sp_world_file *file = find_file(arg, path);

    return file ? !file->read_only : fake_kind(arg, path) != SP_PATH_NONE;
}

static struct sp_str fake_real(void *arg, struct sp_str path, struct sp_arena *arena)
{
    return normal(arg, path, arena);
}

/* Pattern and path component by component; '*' takes no '/' and no leading dot. */
static bool glob_matches(struct sp_str pattern, struct sp_str path)
{
    while (pattern.ptr && path.ptr) {
        struct sp_str want = sp_str_cut(&pattern, '/');
        struct sp_str have = sp_str_cut(&path, '/');
        bool hidden = have.len && have.ptr[0] == '.' && want.len && want.ptr[0] != '.';
        if (hidden || !sp_str_match(want, have))
            return false;
    }
    return !pattern.ptr && !path.ptr;
}

static void add_sorted(struct sp_paths *paths, struct sp_str path)
{
    size_t at = paths->len;

    for (size_t i = 0; i < paths->len; i++)
        if (sp_str_eq(paths->items[i], path))
            return;
    for (; at > 0 && sp_str_cmp(paths->items[at - 1], path) > 0; at--)
        paths->items[at] = paths->items[at - 1];
    paths->items[at] = path;
    paths->len++;
}

/* The absolute path in the form in which the pattern was written. */
static struct sp_str as_written(const struct sp_world_fake *fake,
                                struct sp_str pattern,
                                struct sp_str path,
                                struct sp_arena *arena)
{
    struct sp_str cwd = normal(fake, SP_STR("."), arena);

    if (sp_str_starts(pattern, "/") || !is_inside(path, cwd) || path.len == cwd.len)
        return sp_arena_str(arena, path);
    size_t skip = cwd.len == 1 ? 1 : cwd.len + 1;
    return sp_arena_printf(arena, "%s" SP_STR_FMT, sp_str_starts(pattern, "./") ? "./" : "",
                           SP_STR_ARG(sp_str_slice(path, skip, path.len)));
}

static size_t count_candidates(const struct sp_world_fake *fake)
{
    size_t count = 0;

    for (size_t i = 0; i < fake->len; i++) {
        struct sp_str path = normal(fake, sp_str_of(fake->files[i].path), fake->scratch);
        for (size_t at = 0; at < path.len; at++)
            count += path.ptr[at] == '/';
    }
    return count;
}

static struct sp_paths fake_glob(void *arg, struct sp_str pattern, struct sp_arena *arena)
{
    struct sp_world_fake *fake = arg;
    struct sp_str full = normal(fake, pattern, fake->scratch);
    struct sp_paths found = { .items = SP_ARENA_NEW(arena, struct sp_str, count_candidates(fake)) };

    for (size_t i = 0; i < fake->len; i++) {
        struct sp_str path = normal(fake, sp_str_of(fake->files[i].path), fake->scratch);
        for (; path.len > 1; path.len = parent_length(path.ptr, path.len))
            if (glob_matches(full, path))
                add_sorted(&found, as_written(fake, pattern, path, arena));
    }
    return found;
}

static struct sp_str find_pair(const struct sp_world_pair *pairs, size_t len, struct sp_str name)
{
    for (size_t i = 0; i < len; i++)
        if (sp_str_is(name, pairs[i].name))
            return sp_str_of(pairs[i].value);
    return (struct sp_str){ NULL, 0 };
}

static bool fake_package(void *arg, struct sp_str name, struct sp_arena *arena, struct sp_str *out)
{
    const struct sp_world_fake *fake = arg;
    struct sp_str dir = find_pair(fake->packages, fake->packages_len, name);

    if (!dir.ptr)
        return false;
    *out = sp_arena_str(arena, dir);
    return true;
}

static struct sp_str fake_env(void *arg, struct sp_str name)
{
    const struct sp_world_fake *fake = arg;

    return find_pair(fake->env, fake->env_len, name);
}

void sp_world_fake_init(struct sp_world *world, struct sp_world_fake *fake)
{
    if (!fake->cwd)
        fake->cwd = "/work";
    if (!fake->home)
        fake->home = "/home/user";
    if (!fake->scratch)
        fake->scratch = sp_arena_new();
    *world = (struct sp_world){
        .arg = fake,
        .read = fake_read,
        .kind = fake_kind,
        .mtime = fake_mtime,
        .writable = fake_writable,
        .real = fake_real,
        .glob = fake_glob,
        .package = fake_package,
        .env = fake_env,
        .cwd = sp_str_of(fake->cwd),
        .home = sp_str_of(fake->home),
    };
}

void sp_world_fake_fini(struct sp_world_fake *fake)
{
    sp_arena_free(fake->scratch);
    fake->scratch = NULL;
}
