/* SPDX-License-Identifier: BSD-3-Clause */
#include "engine/package.h"

#include "engine/python.h"
#include "sys/env.h"
#include "sys/file.h"
#include "sys/glob.h"

struct dirs {
    struct sp_str *items; /* arena texts: terminated */
    size_t len;
};

#define DIRS_MAX 256 /* more are not searched; nobody has as many */

/* What is known about a name. */
struct known {
    struct sp_str name;
    struct sp_str dir; /* empty: not found */
    bool asked;
    struct known *next;
};

struct sp_packages {
    struct sp_arena *arena;
    const char *const *first;
    size_t first_len;
    struct sp_str self;
    bool listed, followed;  /* is `sites` (`linked`) filled? */
    struct dirs sites;      /* where packages are installed */
    struct dirs linked;     /* what .pth files there point to */
    struct sp_str *finders; /* __editable___*_finder.py: name and place of editable packages */
    size_t finder_count;
    struct known *known;
};

struct sp_packages *sp_packages_new(struct sp_arena *arena,
                                    const char *const *first,
                                    size_t first_len,
                                    struct sp_str self)
{
    struct sp_packages *packages = SP_ARENA_NEW(arena, struct sp_packages, 1);

    packages->arena = arena;
    packages->first = first;
    packages->first_len = first_len;
    packages->self = self;
    packages->sites.items = SP_ARENA_NEW(arena, struct sp_str, DIRS_MAX);
    packages->linked.items = SP_ARENA_NEW(arena, struct sp_str, DIRS_MAX);
    packages->finders = SP_ARENA_NEW(arena, struct sp_str, DIRS_MAX);
    return packages;
}

#define PTH_MAX ((size_t)1024 * 1024)

static bool read_text(const char *path, struct sp_buf *out)
{
    struct sp_err err = SP_ERR_INIT;

    return sp_file_read(path, out, &err) == SP_OK;
}

/* --- where packages are installed ---------------------------------------------------------- */

static void add_dir(struct sp_packages *packages, struct dirs *dirs, struct sp_str dir)
{
    if (dir.len == 0 || dirs->len == DIRS_MAX)
        return;
    for (size_t i = 0; i < dirs->len; i++)
        if (sp_str_eq(dirs->items[i], dir))
            return;
    dirs->items[dirs->len++] = sp_arena_str(packages->arena, dir);
}

static void add_pattern(struct sp_packages *packages, struct sp_str prefix, const char *pattern)
{
    struct sp_glob found =
        sp_glob_find(packages->arena, sp_arena_printf(packages->arena, SP_STR_FMT "%s",
                                                      SP_STR_ARG(prefix), pattern));

    for (size_t i = 0; i < found.len; i++)
        add_dir(packages, &packages->sites, found.items[i]);
}

static struct sp_str directory_of(struct sp_str path)
{
    size_t slash = sp_str_rfind(path, '/');

    return slash == SIZE_MAX ? SP_STR(".") : sp_str_slice(path, 0, slash);
}

#define LINE_MAX_BYTES ((size_t)4096)

/* ROOT/shims/python3 is a script that picks ROOT/versions/VERSION. */
static void add_pyenv(struct sp_packages *packages, struct sp_str root)
{
    sp_auto_buf struct sp_buf text = SP_BUF(LINE_MAX_BYTES);
    struct sp_str version = sp_env_get(SP_STR("PYENV_VERSION"));
    struct sp_str file = sp_arena_printf(packages->arena, SP_STR_FMT "/version", SP_STR_ARG(root));

    if (version.len == 0 && read_text(file.ptr, &text)) {
        struct sp_str rest = sp_buf_str(&text);
        version = sp_str_trim(sp_str_cut(&rest, '\n'));
    }
    if (version.len)
        add_pattern(packages, sp_arena_join(packages->arena, root, "/versions/", version),
                    "/lib/python3*/site-packages");
}

/* PREFIX/bin/NAME in PATH. A virtual environment's python3 is a link to another installation's:
 * its own place counts first, then what it points to. */
static void add_installation(struct sp_packages *packages, const char *program)
{
    sp_auto_buf struct sp_buf path = SP_BUF(SP_BUF_SMALL);
    struct sp_str search = sp_env_get(SP_STR("PATH"));

    if (!search.ptr || !sp_find_program(program, search.ptr, &path))
        return;
    struct sp_str real = sp_real_path(packages->arena, sp_buf_str(&path));
    if (sp_str_eq(real, packages->self))
        return;
    struct sp_str dir = directory_of(sp_buf_str(&path));
    if (sp_str_ends(dir, "/shims"))
        add_pyenv(packages, directory_of(dir));
    add_pattern(packages, directory_of(dir), "/lib/python3*/site-packages");
    add_pattern(packages, directory_of(directory_of(real)), "/lib/python3*/site-packages");
}

static void list_sites(struct sp_packages *packages)
{
    struct sp_str python_path = sp_env_get(SP_STR("PYTHONPATH"));
    struct sp_str environment = sp_env_get(SP_STR("VIRTUAL_ENV"));
    struct sp_str home = sp_env_get(SP_STR("HOME"));

    packages->listed = true;
    for (size_t i = 0; i < packages->first_len; i++)
        add_dir(packages, &packages->sites, sp_str_of(packages->first[i]));
    while (python_path.ptr)
        add_dir(packages, &packages->sites, sp_str_cut(&python_path, ':'));
    if (environment.len)
        add_pattern(packages, environment, "/lib/python3*/site-packages");
    add_installation(packages, "python3");
    add_installation(packages, "stimela");
    if (home.len)
        add_pattern(packages, home, "/.local/lib/python3*/site-packages");
    add_pattern(packages, SP_STR("/usr/local/lib"), "/python3*/dist-packages");
    add_pattern(packages, SP_STR("/usr/local/lib"), "/python3*/site-packages");
    add_pattern(packages, SP_STR("/usr/lib"), "/python3*/dist-packages");
}

/* --- what .pth files point to -------------------------------------------------------------- */

/* Each line a directory, absolute or beside the file; "import ..." is code, for Python only. */
static void follow_pth(struct sp_packages *packages, struct sp_str site, const char *path)
{
    sp_auto_buf struct sp_buf text = SP_BUF(PTH_MAX);

    if (!read_text(path, &text))
        return;
    for (struct sp_str rest = sp_buf_str(&text); rest.ptr;) {
        struct sp_str line = sp_str_trim(sp_str_cut(&rest, '\n'));
        if (line.len == 0 || line.ptr[0] == '#' || sp_str_starts(line, "import ") ||
            sp_str_starts(line, "import\t"))
            continue;
        if (line.ptr[0] != '/')
            line = sp_arena_join(packages->arena, site, "/", line);
        add_dir(packages, &packages->linked, line);
    }
}

static void follow_links(struct sp_packages *packages)
{
    packages->followed = true;
    for (size_t i = 0; i < packages->sites.len; i++) {
        struct sp_str site = packages->sites.items[i];
        struct sp_glob pth =
            sp_glob_find(packages->arena,
                         sp_arena_printf(packages->arena, SP_STR_FMT "/*.pth", SP_STR_ARG(site)));
        for (size_t k = 0; k < pth.len; k++)
            follow_pth(packages, site, pth.items[k].ptr);
        struct sp_glob finders =
            sp_glob_find(packages->arena,
                         sp_arena_printf(packages->arena, SP_STR_FMT "/__editable___*_finder.py",
                                         SP_STR_ARG(site)));
        for (size_t k = 0; k < finders.len && packages->finder_count < DIRS_MAX; k++)
            packages->finders[packages->finder_count++] = finders.items[k];
    }
}

/* --- one package --------------------------------------------------------------------------- */

static bool is_kind(struct sp_packages *packages,
                    struct sp_str path,
                    const char *ending,
                    enum sp_file_kind kind)
{
    struct sp_str full =
        sp_arena_printf(packages->arena, SP_STR_FMT "%s", SP_STR_ARG(path), ending);

    return sp_file_kind(full.ptr) == kind;
}

/* At `path` (without .py): a package, or a module? *spare: a directory that would do if there is
 * nothing better anywhere. */
static bool try_path(struct sp_packages *packages,
                     struct sp_str path,
                     struct sp_str *spare,
                     struct sp_str *out)
{
    if (is_kind(packages, path, "", SP_FILE_DIR)) {
        if (is_kind(packages, path, "/__init__.py", SP_FILE_REGULAR)) {
            *out = path;
            return true;
        }
        if (!spare->len)
            *spare = path;
    }
    if (!is_kind(packages, path, ".py", SP_FILE_REGULAR))
        return false;
    *out = sp_arena_str(packages->arena, directory_of(path));
    return true;
}

static bool try_dirs(struct sp_packages *packages,
                     const struct dirs *dirs,
                     struct sp_str path,
                     struct sp_str *spare,
                     struct sp_str *out)
{
    for (size_t i = 0; i < dirs->len; i++)
        if (try_path(packages, sp_arena_join(packages->arena, dirs->items[i], "/", path), spare,
                     out))
            return true;
    return false;
}

/* setuptools writes "MAPPING: dict[str, str] = {'name': '/its/place', ...}". */
static bool find_mapping(struct sp_str text, struct sp_str quoted, struct sp_str *out)
{
    while (text.ptr) {
        struct sp_str line = sp_str_cut(&text, '\n');
        size_t at = sp_str_starts(line, "MAPPING") ? sp_str_find_str(line, quoted) : SIZE_MAX;
        if (at == SIZE_MAX)
            continue;
        struct sp_str rest = sp_str_slice(line, at + quoted.len, line.len);
        *out = sp_str_cut(&rest, '\'');
        return rest.ptr != NULL;
    }
    return false;
}

/* `path` is "first/second": the finder knows where "first" is. */
static bool try_finders(struct sp_packages *packages,
                        struct sp_str path,
                        struct sp_str *spare,
                        struct sp_str *out)
{
    struct sp_str rest = path;
    struct sp_str first = sp_str_cut(&rest, '/');
    struct sp_str quoted =
        sp_arena_printf(packages->arena, "'" SP_STR_FMT "': '", SP_STR_ARG(first));

    for (size_t i = 0; i < packages->finder_count; i++) {
        sp_auto_buf struct sp_buf text = SP_BUF(PTH_MAX);
        struct sp_str place;
        if (!read_text(packages->finders[i].ptr, &text) ||
            !find_mapping(sp_buf_str(&text), quoted, &place))
            continue;
        struct sp_str full =
            sp_arena_printf(packages->arena, SP_STR_FMT "%s" SP_STR_FMT, SP_STR_ARG(place),
                            rest.ptr ? "/" : "", SP_STR_ARG(rest.ptr ? rest : SP_STR("")));
        if (try_path(packages, full, spare, out))
            return true;
    }
    return false;
}

static bool search(struct sp_packages *packages, struct sp_str name, struct sp_str *out)
{
    char *path = sp_arena_cstr(packages->arena, name);
    struct sp_str spare = { NULL, 0 };

    for (char *c = path; *c; c++)
        if (*c == '.')
            *c = '/';
    if (!packages->listed)
        list_sites(packages);
    if (try_dirs(packages, &packages->sites, sp_str_of(path), &spare, out))
        return true;
    if (!packages->followed)
        follow_links(packages);
    if (try_dirs(packages, &packages->linked, sp_str_of(path), &spare, out) ||
        try_finders(packages, sp_str_of(path), &spare, out))
        return true;
    *out = spare;
    return spare.len > 0;
}

/* Parts of letters, digits and '_', joined by dots: nothing that is a path, or code. */
static bool is_name(struct sp_str name)
{
    bool start = true;

    for (size_t i = 0; i < name.len; i++) {
        char c = name.ptr[i];
        bool letter = (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || c == '_' || c < 0;
        if (!letter && (start || c < '0' || c > '9') && (start || c != '.'))
            return false;
        start = c == '.';
    }
    return name.len > 0 && !start;
}

static struct known *known_of(struct sp_packages *packages, struct sp_str name)
{
    struct known *known = packages->known;

    while (known && !sp_str_eq(known->name, name))
        known = known->next;
    if (known)
        return known;
    known = SP_ARENA_NEW(packages->arena, struct known, 1);
    *known = (struct known){ .name = sp_arena_str(packages->arena, name), .next = packages->known };
    packages->known = known;
    if (is_name(name))
        (void)search(packages, name, &known->dir);
    else
        known->asked = true;
    return known;
}

bool sp_package_find(struct sp_packages *packages, struct sp_str name, struct sp_str *out)
{
    const struct known *known = known_of(packages, name);

    if (known->dir.len == 0)
        return false;
    *out = known->dir;
    return true;
}

bool sp_package_ask(struct sp_packages *packages, struct sp_str name, struct sp_str *out)
{
    struct known *known = known_of(packages, name);

    if (known->dir.len == 0 && !known->asked) {
        known->asked = true;
        (void)sp_python_package(packages->arena, known->name, &known->dir);
    }
    return sp_package_find(packages, name, out);
}

void sp_package_set(struct sp_packages *packages, struct sp_str name, struct sp_str dir)
{
    struct known *known = SP_ARENA_NEW(packages->arena, struct known, 1);

    *known = (struct known){ .name = sp_arena_str(packages->arena, name),
                             .dir = sp_arena_str(packages->arena, dir),
                             .asked = true,
                             .next = packages->known };
    packages->known = known;
}

struct sp_value sp_packages_known(const struct sp_packages *packages, struct sp_arena *arena)
{
    struct sp_value dict = sp_dict_new(arena);

    for (const struct known *known = packages->known; known; known = known->next)
        if (known->dir.len && !sp_dict_find(dict.dict, known->name))
            sp_dict_set(arena, dict.dict, sp_arena_str(arena, known->name),
                        sp_text(sp_arena_str(arena, known->dir)));
    return dict;
}
