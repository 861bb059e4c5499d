/* SPDX-License-Identifier: BSD-3-Clause */
#include "engine/pysource.h"

#include "base/vec.h"

#include "sys/env.h"
#include "sys/file.h"
#include "sys/glob.h"
#include "sys/witness.h"

#include <dirent.h>
#include <sys/stat.h>

#define FILES_MAX 5000
#define DEPTH_MAX 12
#define PTH_MAX   ((size_t)1024 * 1024)

struct gathering {
    struct sp_memo_entry *entry;
    struct sp_arena *arena;
    struct sp_hasher hasher;
    size_t count;
    bool deep; /* directories below as well */
    bool unreadable;
};

/* --- files --------------------------------------------------------------------------------- */

static void add_file(struct gathering *all, struct sp_str name, struct sp_str path)
{
    struct sp_digest digest;

    all->count++;
    sp_hasher_add(&all->hasher, name);
    if (sp_memo_file(all->entry, sp_arena_cstr(all->arena, path), &digest))
        sp_hasher_add_digest(&all->hasher, &digest);
    else
        all->unreadable = true;
}

/* The names in a directory, in byte order; none when it cannot be read. */
static struct sp_glob names_in(struct sp_arena *arena, const char *path)
{
    SP_VEC(struct sp_str) names = { 0 };
    struct dirent **found = NULL;
    struct sp_glob out = { 0 };

    sp_witness_names(path);
    int count = scandir(path, &found, NULL, NULL);

    for (int i = 0; i < count; i++) {
        *SP_VEC_ADD(&names) = sp_arena_str(arena, sp_str_of(found[i]->d_name));
        free(found[i]);
    }
    free(found);
    out.len = names.len;
    out.items = SP_ARENA_NEW(arena, struct sp_str, names.len);
    if (names.len)
        memcpy(out.items, names.items, names.len * sizeof *names.items);
    SP_VEC_FINI(&names);
    return out;
}

static int by_text(const void *a, const void *b)
{
    return sp_str_cmp(*(const struct sp_str *)a, *(const struct sp_str *)b);
}

static bool is_source(struct sp_str name)
{
    return sp_str_ends(name, ".py") || sp_str_ends(name, ".so") || sp_str_ends(name, ".pyx") ||
           sp_str_ends(name, ".yml") || sp_str_ends(name, ".yaml");
}

static void add_sources(struct gathering *all, struct sp_str dir, struct sp_str prefix, int depth)
{
    const char *path = sp_arena_cstr(all->arena, dir);
    struct sp_glob names = names_in(all->arena, path);

    sp_memo_guard(all->entry, path);
    if (names.len)
        qsort(names.items, names.len, sizeof *names.items, by_text);
    for (size_t i = 0; i < names.len && all->count <= FILES_MAX; i++) {
        struct sp_str name = sp_arena_join(all->arena, prefix, "/", names.items[i]);
        struct sp_str full = sp_arena_join(all->arena, dir, "/", names.items[i]);
        if (sp_str_starts(names.items[i], ".") || sp_str_is(names.items[i], "__pycache__"))
            continue;
        enum sp_file_kind kind = sp_file_kind(full.ptr);
        if (kind == SP_FILE_REGULAR && is_source(names.items[i]))
            add_file(all, name, full);
        else if (kind == SP_FILE_DIR && all->deep && depth < DEPTH_MAX)
            add_sources(all, full, name, depth + 1);
    }
}

static enum sp_rc finish(struct gathering *all,
                         struct sp_str what,
                         struct sp_digest *out,
                         struct sp_err *err)
{
    if (all->count > FILES_MAX)
        return sp_fail(err, SP_LIMIT, "'" SP_STR_FMT "' has more than %d source files",
                       SP_STR_ARG(what), FILES_MAX);
    if (all->unreadable)
        return sp_fail(err, SP_IO, "cannot read all source files of '" SP_STR_FMT "'",
                       SP_STR_ARG(what));
    *out = sp_hasher_end(&all->hasher);
    return SP_OK;
}

static struct gathering gather(struct sp_memo_entry *entry, struct sp_arena *arena, bool deep)
{
    struct gathering all = { .entry = entry, .arena = arena, .deep = deep };

    sp_hasher_init(&all.hasher, "spoor.source.1");
    return all;
}

/* --- distributions ------------------------------------------------------------------------- */

/* Directories named in a .pth file, and in the MAPPING of a finder of setuptools. */
static void follow(struct gathering *all, struct sp_str site, struct sp_str path)
{
    sp_auto_buf struct sp_buf text = SP_BUF(PTH_MAX);
    struct sp_err ignored = SP_ERR_INIT;
    bool is_pth = sp_str_ends(path, ".pth");

    if (sp_file_read(path.ptr, &text, &ignored))
        return;
    for (struct sp_str rest = sp_buf_str(&text); rest.ptr;) {
        struct sp_str line = sp_str_trim(sp_str_cut(&rest, '\n'));
        if (is_pth && line.len && !sp_str_starts(line, "#") && !sp_str_starts(line, "import")) {
            if (line.ptr[0] != '/')
                line = sp_arena_join(all->arena, site, "/", line);
            add_sources(all, line, SP_STR("pth"), 0);
        }
        while (!is_pth && sp_str_starts(line, "MAPPING") && line.ptr) {
            struct sp_str piece = sp_str_cut(&line, '\'');
            if (sp_str_starts(piece, "/"))
                add_sources(all, piece, SP_STR("finder"), 0);
            if (line.ptr && !sp_str_starts(line, "MAPPING"))
                line = sp_arena_join(all->arena, SP_STR("MAPPING"), "'", line);
        }
    }
}

static void add_site(struct gathering *all, struct sp_str site)
{
    struct sp_glob names = names_in(all->arena, site.ptr);

    sp_memo_guard(all->entry, site.ptr);
    if (names.len)
        qsort(names.items, names.len, sizeof *names.items, by_text);
    for (size_t i = 0; i < names.len; i++) {
        struct sp_str name = names.items[i];
        struct sp_str path = sp_arena_join(all->arena, site, "/", name);
        bool finder = sp_str_starts(name, "__editable___") && sp_str_ends(name, "_finder.py");
        if (sp_str_ends(name, ".dist-info") || sp_str_ends(name, ".egg-info"))
            sp_hasher_add(&all->hasher, name);
        if (finder || sp_str_ends(name, ".pth")) {
            add_file(all, name, path);
            follow(all, site, path);
        }
    }
}

static void add_pattern(struct gathering *all, struct sp_str prefix, const char *pattern)
{
    struct sp_glob found = sp_glob_find(
        all->arena, sp_arena_printf(all->arena, SP_STR_FMT "%s", SP_STR_ARG(prefix), pattern));

    for (size_t i = 0; i < found.len; i++)
        add_site(all, found.items[i]);
}

static struct sp_str parent_of(struct sp_str path)
{
    size_t slash = sp_str_rfind(path, '/');

    return sp_str_slice(path, 0, slash == SIZE_MAX ? 0 : slash);
}

enum sp_rc sp_pysource_packages(struct sp_memo_entry *entry,
                                struct sp_arena *arena,
                                struct sp_str python,
                                struct sp_digest *out,
                                struct sp_err *err)
{
    static const char *const own[] = { "/lib/python3*/site-packages", "/lib/python3*/dist-packages",
                                       "/lib/python3/dist-packages" };
    struct gathering all = gather(entry, arena, true);
    struct sp_str home = sp_env_get(SP_STR("HOME"));
    struct sp_str prefixes[] = { parent_of(parent_of(python)),
                                 parent_of(parent_of(sp_real_path(arena, python))),
                                 SP_STR("/usr/local"), SP_STR("/usr") };
    size_t count = SP_COUNT(prefixes);

    for (size_t i = 0; i < count; i++) {
        bool known = false;
        for (size_t k = 0; k < i; k++)
            known = known || sp_str_eq(prefixes[k], prefixes[i]);
        for (size_t k = 0; k < SP_COUNT(own) && !known; k++)
            add_pattern(&all, prefixes[i], own[k]);
    }
    if (home.len)
        add_pattern(&all, home, "/.local/lib/python3*/site-packages");
    return finish(&all, python, out, err);
}

/* --- modules ------------------------------------------------------------------------------- */

/* `path` without ".py": a package, or a module? Both, if somebody has put one beside the other:
 * which of them it is that Python loads depends on what is in the package. */
static bool add_module(struct gathering *all, struct sp_str path)
{
    struct sp_str file = sp_arena_join(all->arena, path, "", SP_STR(".py"));
    bool is_package = sp_file_kind(sp_arena_cstr(all->arena, path)) == SP_FILE_DIR;
    bool is_file = sp_file_kind(file.ptr) == SP_FILE_REGULAR;

    if (is_package)
        add_sources(all, path, SP_STR("package"), 0);
    if (is_file) {
        all->deep = false; /* what it can import lies beside it */
        add_file(all, SP_STR("module"), file);
        add_sources(all, parent_of(path), SP_STR("beside"), 0);
    } else {
        sp_memo_guard(all->entry, file.ptr);
    }
    return is_file || is_package;
}

static struct sp_str first_part(struct sp_str name)
{
    return sp_str_slice(name, 0, sp_str_find(name, '.'));
}

static struct sp_str local_path(struct sp_arena *arena, struct sp_str name)
{
    return sp_arena_join(arena, SP_STR("."), "/", first_part(name));
}

static bool is_module(struct sp_arena *arena, struct sp_str path)
{
    struct sp_str file = sp_arena_join(arena, path, "", SP_STR(".py"));

    return sp_file_kind(file.ptr) == SP_FILE_REGULAR ||
           sp_file_kind(sp_arena_cstr(arena, path)) == SP_FILE_DIR;
}

bool sp_pysource_is_own(struct sp_arena *arena, struct sp_str name)
{
    struct sp_str path = sp_env_get(SP_STR("PYTHONPATH"));

    if (is_module(arena, local_path(arena, name)))
        return true;
    while (path.ptr && path.len) {
        struct sp_str dir = sp_str_cut(&path, ':');
        if (dir.len && is_module(arena, sp_arena_join(arena, dir, "/", first_part(name))))
            return true;
    }
    return false;
}

enum sp_rc sp_pysource_module(struct sp_memo_entry *entry,
                              struct sp_arena *arena,
                              struct sp_packages *packages,
                              struct sp_str name,
                              struct sp_digest *out,
                              struct sp_err *err)
{
    struct gathering all = gather(entry, arena, true);
    struct sp_str first = first_part(name);
    struct sp_str dir;
    bool found = sp_package_ask(packages, first, &dir);

    if (found) {
        struct sp_str module = sp_arena_join(arena, dir, "/", first);
        struct sp_str file = sp_arena_join(arena, module, "", SP_STR(".py"));
        found = add_module(&all, sp_file_kind(file.ptr) == SP_FILE_REGULAR ? module : dir);
    }
    if (!found && !add_module(&all, local_path(arena, name)))
        return sp_fail(err, SP_NOT_FOUND, "there is no Python module '" SP_STR_FMT "'",
                       SP_STR_ARG(first));
    return finish(&all, name, out, err);
}

enum sp_rc sp_pysource_file(struct sp_memo_entry *entry,
                            struct sp_arena *arena,
                            struct sp_str path,
                            struct sp_digest *out,
                            struct sp_err *err)
{
    struct gathering all = gather(entry, arena, false);
    struct sp_str dir = parent_of(path);

    if (sp_file_kind(sp_arena_cstr(arena, path)) != SP_FILE_REGULAR)
        return sp_fail(err, SP_NOT_FOUND, "there is no file '" SP_STR_FMT "'", SP_STR_ARG(path));
    add_file(&all, SP_STR("file"), path);
    add_sources(&all, dir.len ? dir : SP_STR("."), SP_STR("beside"), 0);
    return finish(&all, path, out, err);
}
