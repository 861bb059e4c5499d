/* SPDX-License-Identifier: BSD-3-Clause */
/* A tree of fake Python installations: what is found, where, and what goes before what. */
#include "engine/package.h"

#include "base/err.h"
#include "base/tap.h"

#include "sys/file.h"

#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

/* Relative to the root of the tree; "@" in a text is that root. */
static const struct {
    const char *path, *text;
} files[] = {
    { "first/alpha/__init__.py", "" },
    { "path1/spaces/name.yml", "" }, /* a namespace package */
    { "path1/both/x.yml", "" },
    { "path2/both/__init__.py", "" },
    { "path2/single.py", "" },
    { "path2/pack/__init__.py", "" },
    { "path2/pack/deep/er/__init__.py", "" },
    { "path2/pack/mod.py", "" },
    { "venv/lib/python3.11/site-packages/alpha/__init__.py", "" },
    { "venv/lib/python3.11/site-packages/beta/__init__.py", "" },
    { "venv/lib/python3.11/site-packages/links.pth",
      "# a comment\n\nimport os; nothing\n@/linked\nbeside\n/nowhere/at/all\n" },
    { "venv/lib/python3.11/site-packages/beside/delta/__init__.py", "" },
    { "venv/lib/python3.11/site-packages/__editable___epsilon_1_0_finder.py",
      "import sys\nMAPPING: dict[str, str] = {'zeta': '@/src/z', 'epsilon': '@/src/eps'}\n" },
    { "linked/gamma/__init__.py", "" },
    { "src/eps/__init__.py", "" },
    { "src/eps/sub/__init__.py", "" },
    { "installed/bin/python3", "#!/bin/sh\nexit 1\n" },
    { "installed/lib/python3.9/site-packages/eta/__init__.py", "" },
    { "pipx/bin/stimela", "#!/bin/sh\nexit 1\n" },
    { "pipx/lib/python3.12/site-packages/theta/__init__.py", "" },
    { "env/shims/python3", "#!/bin/sh\nexit 1\n" },
    { "env/version", "3.11.4\nsystem\n" },
    { "env/versions/3.11.4/lib/python3.11/site-packages/lambda_/__init__.py", "" },
    { "env/versions/3.12.0/lib/python3.12/site-packages/mu/__init__.py", "" },
    { "home/.local/lib/python3.10/site-packages/iota/__init__.py", "" },
};

static const struct {
    const char *name, *want; /* NULL: nowhere */
} rows[] = {
    { "alpha", "first/alpha" }, /* -I before the environment */
    { "beta", "venv/lib/python3.11/site-packages/beta" },
    { "gamma", "linked/gamma" }, /* .pth, absolute */
    { "delta", "venv/lib/python3.11/site-packages/beside/delta" },
    { "epsilon", "src/eps" }, /* editable */
    { "epsilon.sub", "src/eps/sub" },
    { "eta", "installed/lib/python3.9/site-packages/eta" }, /* python3 in PATH */
    { "theta", "pipx/lib/python3.12/site-packages/theta" }, /* another stimela in PATH */
    { "iota", "home/.local/lib/python3.10/site-packages/iota" },
    { "spaces", "path1/spaces" }, /* without __init__.py */
    { "both", "path2/both" },     /* with __init__.py, though later */
    { "single", "path2" },        /* a module: its directory */
    { "pack", "path2/pack" },
    { "pack.deep.er", "path2/pack/deep/er" },
    { "pack.deep", "path2/pack/deep" },
    { "pack.mod", "path2/pack" },
    { "pack.none", NULL },
    { "kappa", NULL },
    { "zeta", NULL }, /* its place is gone */
    { "", NULL },
    { ".", NULL },
    { "..", NULL },
    { "pack.", NULL },
    { ".pack", NULL },
    { "pack..mod", NULL },
    { "../path2/pack", NULL },
    { "pack/deep", NULL },
    { "1pack", NULL },
    { "p*", NULL },
};

static void write_file(const char *root, const char *path, const char *text)
{
    sp_auto_buf struct sp_buf full = SP_BUF(SP_BUF_SMALL);
    sp_auto_buf struct sp_buf content = SP_BUF(SP_BUF_SMALL);
    struct sp_err err = SP_ERR_INIT;

    sp_buf_addf(&full, "%s/%s", root, path);
    *strrchr(full.ptr, '/') = '\0';
    if (sp_make_dirs(full.ptr, &err))
        abort();
    full.ptr[strlen(full.ptr)] = '/';
    for (const char *c = text; *c; c++) {
        if (*c == '@')
            sp_buf_adds(&content, root);
        else
            sp_buf_addc(&content, *c);
    }
    if (sp_file_write(full.ptr, sp_buf_str(&content), &err))
        abort();
    if (strstr(text, "#!/bin/sh") && chmod(full.ptr, 0755) != 0)
        abort();
}

static void set_env(const char *name, const char *root, const char *const *parts)
{
    sp_auto_buf struct sp_buf value = SP_BUF(SP_BUF_SMALL);

    for (size_t i = 0; parts[i]; i++)
        sp_buf_addf(&value, "%s%s/%s", i ? ":" : "", root, parts[i]);
    (void)setenv(name, value.ptr, 1);
}

static void test_tree(const char *root)
{
    sp_auto_arena struct sp_arena *arena = sp_arena_new();
    const char *first[] = { sp_arena_printf(arena, "%s/first", root).ptr };
    struct sp_packages *packages = sp_packages_new(arena, first, 1, SP_STR("/usr/bin/spoor"));

    set_env("PYTHONPATH", root, (const char *const[]){ "path1", "path2", "gone", NULL });
    set_env("VIRTUAL_ENV", root, (const char *const[]){ "venv", NULL });
    set_env("PATH", root, (const char *const[]){ "installed/bin", "pipx/bin", NULL });
    set_env("HOME", root, (const char *const[]){ "home", NULL });
    for (size_t i = 0; i < SP_COUNT(rows); i++) {
        struct sp_str got = { NULL, 0 };
        struct sp_str want = { NULL, 0 };
        if (rows[i].want)
            want = sp_arena_printf(arena, "%s/%s", root, rows[i].want);
        bool found = sp_package_find(packages, sp_str_of(rows[i].name), &got);
        if (!tap_ok(found == (want.len > 0) && sp_str_eq(got, want), "(%s)", rows[i].name))
            printf("# got '" SP_STR_FMT "'\n", SP_STR_ARG(got));
    }
    struct sp_str got;
    tap_ok(!sp_package_ask(packages, SP_STR("kappa"), &got), "a Python that fails finds nothing");
}

/* Our own program may be called stimela: it has no packages beside it. */
static void test_self(const char *root)
{
    sp_auto_arena struct sp_arena *arena = sp_arena_new();
    struct sp_str self = sp_real_path(arena, sp_arena_printf(arena, "%s/pipx/bin/stimela", root));
    struct sp_packages *packages = sp_packages_new(arena, NULL, 0, self);
    struct sp_str got;

    tap_ok(!sp_package_find(packages, SP_STR("theta"), &got), "not beside ourselves");
}

/* pyenv: ROOT/shims/python3 is a script. */
static void test_pyenv(const char *root)
{
    sp_auto_arena struct sp_arena *arena = sp_arena_new();
    struct sp_packages *packages = sp_packages_new(arena, NULL, 0, SP_STR(""));
    struct sp_str got;

    set_env("PATH", root, (const char *const[]){ "env/shims", NULL });
    tap_ok(sp_package_find(packages, SP_STR("lambda_"), &got), "pyenv: the version in its file");
    tap_ok(!sp_package_find(packages, SP_STR("mu"), &got), "pyenv: no other version");
    (void)setenv("PYENV_VERSION", "3.12.0", 1);
    packages = sp_packages_new(arena, NULL, 0, SP_STR(""));
    tap_ok(sp_package_find(packages, SP_STR("mu"), &got), "pyenv: $PYENV_VERSION");
    (void)unsetenv("PYENV_VERSION");
}

static void test_python(const char *path)
{
    sp_auto_arena struct sp_arena *arena = sp_arena_new();
    struct sp_packages *packages = sp_packages_new(arena, NULL, 0, SP_STR(""));
    struct sp_str got = { NULL, 0 };

    (void)setenv("PATH", path, 1);
    (void)unsetenv("PYTHONPATH");
    if (access("/usr/bin/python3", X_OK) != 0) {
        tap_skip("there is no Python to ask");
        return;
    }
    tap_ok(!sp_package_find(packages, SP_STR("json.decoder"), &got), "not among what is installed");
    tap_ok(sp_package_ask(packages, SP_STR("json.decoder"), &got) && sp_str_ends(got, "/json"),
           "Python is asked: it knows its own library");
    tap_ok(!sp_package_ask(packages, SP_STR("no_such_package"), &got), "Python does not know it");
}

int main(void)
{
    char root[] = "/tmp/spoor-package-XXXXXX";
    struct sp_err err = SP_ERR_INIT;
    sp_auto_arena struct sp_arena *arena = sp_arena_new();
    const char *path = sp_arena_cstr(arena, sp_str_of(getenv("PATH")));

    if (!mkdtemp(root))
        abort();
    for (size_t i = 0; i < SP_COUNT(files); i++)
        write_file(root, files[i].path, files[i].text);
    test_tree(root);
    test_self(root);
    test_pyenv(root);
    test_python(path);
    if (sp_remove_tree(root, &err))
        abort();
    return tap_done();
}
