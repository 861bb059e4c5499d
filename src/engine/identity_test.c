/* SPDX-License-Identifier: BSD-3-Clause */
/* A tree of small programs; what makes another identity of them and what does not. Each time a new
 * memory, as in another process; what is remembered on disk is tested at the end. */
#include "engine/identity.h"

#include "base/checksum.h"
#include "base/fault.h"
#include "base/tap.h"

#include "engine/loaded.h"
#include "engine/package.h"
#include "sys/file.h"
#include "sys/glob.h"

#include <stdlib.h>
#include <sys/stat.h>
#include <unistd.h>

static struct sp_session session;
static const char *path;   /* PATH of the jobs */
static const char *memory; /* directory of what is remembered, or NULL */

static void put(const char *name, const char *text)
{
    sp_auto_arena struct sp_arena *arena = sp_arena_new();
    struct sp_err err = SP_ERR_INIT;
    struct sp_str dir = sp_str_of(name);
    size_t slash = sp_str_rfind(dir, '/');

    if (slash != SIZE_MAX && sp_make_dirs(sp_arena_cstr(arena, sp_str_slice(dir, 0, slash)), &err))
        printf("# %s\n", err.text);
    if (sp_file_write(name, sp_str_of(text), &err) || chmod(name, 0755) < 0)
        printf("# %s\n", err.text);
}

static void copy_program(const char *from, const char *to, const char *more)
{
    sp_auto_buf struct sp_buf bytes = SP_BUF(SP_BUF_LARGE);
    struct sp_err err = SP_ERR_INIT;

    if (sp_file_read(from, &bytes, &err))
        printf("# %s\n", err.text);
    sp_buf_adds(&bytes, more);
    if (sp_file_write(to, sp_buf_str(&bytes), &err) || chmod(to, 0755) < 0)
        printf("# %s\n", err.text);
}

struct question {
    const char *command; /* of the cab */
    enum sp_flavour flavour;
    const char *argv[4]; /* of Python and CASA */
};

static enum sp_rc ask(struct sp_arena *arena,
                      const struct question *question,
                      struct sp_str *out,
                      struct sp_err *err)
{
    static const char *const no_env[] = { NULL };
    struct sp_cab cab = { .command = sp_str_of(question->command), .flavour = question->flavour };
    struct sp_task task = { .cab = &cab };
    struct sp_str rest = cab.command;
    struct sp_identities *identities = sp_identities_new(memory);

    task.command.argv = (const char **)(uintptr_t)question->argv;
    while (task.command.argc < SP_COUNT(question->argv) && question->argv[task.command.argc])
        task.command.argc++;
    task.command.env = no_env;
    task.command.short_name =
        question->flavour == SP_FLAVOUR_BINARY ? sp_str_cut(&rest, ' ') : cab.command;
    enum sp_rc rc = sp_identity_of(identities, arena, &session, sp_str_of(path), &task, out, err);
    sp_identities_free(identities);
    return rc;
}

static const char *identity(struct sp_arena *arena, const struct question *question)
{
    struct sp_err err = SP_ERR_INIT;
    struct sp_str text = SP_STR("");

    if (ask(arena, question, &text, &err))
        return sp_arena_printf(arena, "! %s", err.text).ptr;
    return text.ptr;
}

/* --- changes ------------------------------------------------------------------------------- */

static void change_program(void)
{
    copy_program("/bin/true", "bin/prog", "x");
}

static void change_script(void)
{
    put("bin/script", "#!/bin/sh\ntrue\n");
}

static void rewrite_script(void)
{
    put("bin/script", "#!/bin/sh\nexit 0\n");
}

static void change_inner(void)
{
    put("bin/inner", "#!/bin/sh\n# another\n");
}

static void wake_inner(void)
{
    (void)chmod("first/tardy", 0755);
}

static void earlier_inner(void)
{
    put("first/inner", "#!/bin/sh\n# found before\n");
}

static void change_word(void)
{
    put("work.sh", "true\n");
}

static void change_module(void)
{
    put("lib/pack/deep/b.py", "x = 2\n");
}

static void new_module(void)
{
    put("lib/pack/deep/c.py", "x = 2\n");
}

static void lose_module(void)
{
    (void)unlink("lib/pack/deep/b.py");
}

static void compile_module(void)
{
    put("lib/pack/__pycache__/a.pyc", "bytes");
}

static void other_module(void)
{
    put("lib/other.py", "y = 1\n");
}

/* Which one Python loads depends on whether the directory has an __init__.py. */
static void shadow_module(void)
{
    put("lib/single/__init__.py", "x = 3\n");
}

static void shadow_local(void)
{
    put("helper/__init__.py", "x = 3\n");
}

static void shadow_package(void)
{
    put("local.py", "x = 3\n");
}

static void new_package(void)
{
    put("venv/lib/python3.11/site-packages/numpy-2.0.dist-info/METADATA", "");
}

static void change_editable(void)
{
    put("source/eds/code.py", "z = 2\n");
}

static void change_local(void)
{
    put("helper.py", "h = 2\n");
}

static void unrelated(void)
{
    put("bin/unrelated", "#!/bin/sh\n");
}

#define PY(text, kind)                    \
    {                                     \
        text, kind,                       \
        {                                 \
            "python3", "-u", "-c", "code" \
        }                                 \
    }

static const struct {
    const char *what;
    struct question question;
    void (*change)(void);
    const char *before; /* how the text starts */
    bool same;
} rows[] = {
    { "a program", { "prog" }, change_program, "program:prog=", false },
    { "another file beside it", { "prog" }, unrelated, "program:prog=", true },
    { "a script", { "script -x" }, change_script, "script:script=", false },
    { "a script written again", { "script" }, rewrite_script, "script:script=", true },
    { "the interpreter of a script", { "outer" }, change_inner, "script:outer=", false },
    { "another interpreter that is found first",
      { "outer" },
      earlier_inner,
      "script:outer=",
      false },
    { "an interpreter that was no program yet", { "late" }, wake_inner, "script:late=", false },
    { "behind a wrapper", { "wrap prog" }, change_program, "script:wrap=", false },
    { "in the text for a shell", { "wrap 'a; prog|b'" }, change_program, "script:wrap=", false },
    { "a file that the command names", { "wrap work.sh" }, change_word, "script:wrap=", false },
    { "a file deep in a package", PY("pack.a.f", SP_FLAVOUR_PYTHON), change_module,
      "program:python3=", false },
    { "a new file in a package", PY("pack.a.f", SP_FLAVOUR_PYTHON), new_module,
      "program:python3=", false },
    { "a lost file of a package", PY("pack.a.f", SP_FLAVOUR_PYTHON), lose_module,
      "program:python3=", false },
    { "what Python compiles", PY("pack.a.f", SP_FLAVOUR_PYTHON), compile_module,
      "program:python3=", true },
    { "a module beside a package", PY("pack.a.f", SP_FLAVOUR_PYTHON), other_module,
      "program:python3=", true },
    { "a module beside a module", PY("single.f", SP_FLAVOUR_PYTHON), other_module,
      "program:python3=", false },
    { "a module beside a file", PY("(lib/single.py)f", SP_FLAVOUR_PYTHON), other_module,
      "program:python3=", false },
    { "a package of the name of a module", PY("single.f", SP_FLAVOUR_PYTHON), shadow_module,
      "program:python3=", false },
    { "and one in the working directory", PY("helper.f", SP_FLAVOUR_PYTHON), shadow_local,
      "program:python3=", false },
    { "a module of the name of a package", PY("local.f", SP_FLAVOUR_PYTHON), shadow_package,
      "program:python3=", false },
    { "an installed package", PY("pack.a.f", SP_FLAVOUR_PYTHON), new_package,
      "program:python3=", false },
    { "a package under development", PY("x = 1", SP_FLAVOUR_PYTHON_CODE), change_editable,
      "program:python3=", false },
    { "a local module that code imports",
      PY("import os, helper as h\nx = 1", SP_FLAVOUR_PYTHON_CODE), change_local,
      "program:python3=", false },
    { "one that it does not import", PY("import os\nx = 1", SP_FLAVOUR_PYTHON_CODE), change_local,
      "program:python3=", true },
    { "from a local module", PY("from helper import h", SP_FLAVOUR_PYTHON_CODE), change_local,
      "program:python3=", false },
    { "the program of CASA",
      { "tclean", SP_FLAVOUR_CASA, { "wrap", "script", "-c", "tclean()" } },
      change_script,
      "script:wrap=",
      false },
};

static void make_tree(void)
{
    struct sp_err err = SP_ERR_INIT;

    (void)unlink("local.py");
    if (sp_remove_tree("helper", &err) || sp_remove_tree("first", &err) ||
        sp_remove_tree("venv", &err) || sp_remove_tree("lib", &err))
        printf("# %s\n", err.text);
    put("first/nothing", "");
    put("bin/script", "#!/bin/sh\nexit 0\n");
    put("bin/wrap", "#!/bin/sh\n");
    put("bin/inner", "#!/bin/sh\n");
    put("bin/outer", "#!/usr/bin/env -S inner\n");
    put("bin/tardy", "#!/bin/sh\n");
    put("bin/late", "#!/usr/bin/env -S tardy\n");
    put("first/tardy", "#!/bin/sh\n# not executable\n");
    (void)chmod("first/tardy", 0644);
    put("bin/lost", "#!/usr/bin/env no-such-program\n");
    put("work.sh", "exit\n");
    put("helper.py", "h = 1\n");
    put("local/a.py", "x = 1\n");
    put("lib/pack/__init__.py", "");
    put("lib/pack/a.py", "x = 1\n");
    put("lib/pack/deep/b.py", "x = 1\n");
    put("lib/single.py", "x = 1\n");
    put("lib/other.py", "");
    put("source/eds/code.py", "z = 1\n");
    put("venv/lib/python3.11/site-packages/numpy-1.0.dist-info/METADATA", "");
    put("venv/lib/python3.11/site-packages/eds.pth", "../../../../source\n");
    put("venv/bin/nothing", "");
    copy_program("/bin/true", "bin/prog", "");
    copy_program("/bin/true", "venv/bin/python3", "");
}

static void check_changes(void)
{
    for (size_t i = 0; i < SP_COUNT(rows); i++) {
        sp_auto_arena struct sp_arena *arena = sp_arena_new();
        make_tree();
        const char *before = identity(arena, &rows[i].question);
        const char *again = identity(arena, &rows[i].question);
        rows[i].change();
        const char *after = identity(arena, &rows[i].question);
        bool starts = strncmp(before, rows[i].before, strlen(rows[i].before)) == 0;
        if (!tap_ok(starts && strcmp(before, again) == 0 && *after != '!' &&
                        (strcmp(before, after) == 0) == rows[i].same,
                    "%s: %s", rows[i].what, rows[i].same ? "the same" : "another"))
            printf("# %s\n# %s\n# %s\n", before, again, after);
    }
}

/* --- what is not there --------------------------------------------------------------------- */

static void check_failures(void)
{
    static const struct {
        struct question question;
        const char *text;
    } cases[] = {
        { { "no-such-tool" }, "no program 'no-such-tool' in PATH" },
        { { "lost" }, "is not known: /usr/bin/env no-such-program" },
        { PY("no_such_module.f", SP_FLAVOUR_PYTHON), "there is no Python module 'no_such_module'" },
        { PY("(no/such.py)f", SP_FLAVOUR_PYTHON), "there is no file 'no/such.py'" },
        { { "x", SP_FLAVOUR_PYTHON_CODE, { "no-such", "-c", "x" } }, "no program of 'no-such'" },
    };

    make_tree();
    for (size_t i = 0; i < SP_COUNT(cases); i++) {
        sp_auto_arena struct sp_arena *arena = sp_arena_new();
        struct sp_err err = SP_ERR_INIT;
        struct sp_str text = SP_STR("untouched");
        enum sp_rc rc = ask(arena, &cases[i].question, &text, &err);
        if (!tap_ok(rc == SP_NOT_FOUND && strstr(err.text, cases[i].text) &&
                        sp_str_is(text, "untouched"),
                    "%s: %s", cases[i].question.command, cases[i].text))
            printf("# %d %s\n", rc, err.text);
    }
}

/* --- what is remembered -------------------------------------------------------------------- */

static struct sp_str memo_file(struct sp_arena *arena)
{
    struct sp_glob found = sp_glob_find(arena, SP_STR("memory/*"));

    return found.len ? found.items[0] : SP_STR("");
}

/* Replace a part of the file, with the checksum made right or not. */
static void tamper(struct sp_arena *arena, const char *from, const char *to, bool sealed)
{
    sp_auto_buf struct sp_buf text = SP_BUF(SP_BUF_LARGE);
    sp_auto_buf struct sp_buf out = SP_BUF(SP_BUF_LARGE);
    struct sp_err err = SP_ERR_INIT;
    struct sp_str file = memo_file(arena);

    if (sp_file_read(file.ptr, &text, &err))
        printf("# %s\n", err.text);
    struct sp_str rest = sp_buf_str(&text);
    struct sp_str head = sp_str_cut(&rest, '\n');
    size_t at = sp_str_find_str(rest, sp_str_of(from));
    sp_buf_add(&out, sp_str_slice(rest, 0, at));
    sp_buf_adds(&out, at == SIZE_MAX ? "" : to);
    sp_buf_add(&out, sp_str_slice(rest, at == SIZE_MAX ? rest.len : at + strlen(from), rest.len));
    struct sp_str body = sp_arena_str(arena, sp_buf_str(&out));
    sp_buf_clear(&out);
    if (sealed)
        sp_buf_addf(&out, "spoor-memo 1 %s\n", sp_checksum(body).text);
    else
        sp_buf_addf(&out, SP_STR_FMT "\n", SP_STR_ARG(head));
    sp_buf_add(&out, body);
    if (sp_file_write(file.ptr, sp_buf_str(&out), &err))
        printf("# %s\n", err.text);
}

static void check_memory(void)
{
    static const struct question question = { "/bin/true" };
    sp_auto_arena struct sp_arena *arena = sp_arena_new();

    memory = NULL;
    const char *right = identity(arena, &question);
    memory = "memory";
    tap_ok(strcmp(identity(arena, &question), right) == 0 && memo_file(arena).len,
           "it is written down");
    tamper(arena, "text program", "text remembered", true);
    tap_ok(strncmp(identity(arena, &question), "remembered:", 11) == 0, "and read");
    tamper(arena, "text remembered", "text damaged", false);
    tap_ok(strcmp(identity(arena, &question), right) == 0, "damage is noticed");
    tap_ok(strcmp(identity(arena, &question), right) == 0, "and mended");
    tamper(arena, "name program /bin", "name program /sbin", true);
    tap_ok(strcmp(identity(arena, &question), right) == 0, "of another name");
    tamper(arena, "\ntext ", "\ntex ", true);
    tap_ok(strcmp(identity(arena, &question), right) == 0, "of another form");
    tamper(arena, " - /etc/ld.so.preload", " - ", true);
    tap_ok(strcmp(identity(arena, &question), right) == 0, "with a line cut short");
    memory = NULL;
}

/* Nothing that fails while it is written down does any harm. */
static void check_faults(void)
{
    static const struct question question = { "/bin/true" };
    sp_auto_arena struct sp_arena *arena = sp_arena_new();
    struct sp_err err = SP_ERR_INIT;

    memory = NULL;
    const char *right = identity(arena, &question);
    memory = "faulty";
    for (unsigned nth = 1; nth < 200; nth++) {
        if (sp_remove_tree("faulty", &err))
            printf("# %s\n", err.text);
        sp_fault_arm(nth);
        const char *got = identity(arena, &question);
        const char *site = sp_fault_fired();
        sp_fault_arm(0);
        if (!site) {
            tap_ok(nth > 3 && strcmp(got, right) == 0, "no fault is left after %u", nth - 1);
            break;
        }
        bool fine = strcmp(site, "memo.open") == 0 || strcmp(site, "memo.read") == 0
                        ? *got == '!'
                        : strcmp(got, right) == 0;
        if (!fine)
            tap_ok(false, "fault at %s: %s", site, got);
        if (strcmp(identity(arena, &question), right) != 0)
            tap_ok(false, "after a fault at %s all is well", site);
    }
    memory = NULL;
}

/* --- objects ------------------------------------------------------------------------------- */

struct counted {
    size_t objects, guards;
    bool has_libc;
};

static void count(void *arg, const char *file, bool content)
{
    struct counted *counted = arg;

    *(content ? &counted->objects : &counted->guards) += 1;
    counted->has_libc = counted->has_libc || (content && strstr(file, "/libc.so"));
}

/* Cut anywhere, a program is still read without harm. */
static void check_objects(void)
{
    sp_auto_buf struct sp_buf bytes = SP_BUF(SP_BUF_LARGE);
    struct sp_err err = SP_ERR_INIT;
    struct counted whole = { 0 };
    bool fine = true;

    sp_elf_each("/bin/true", SP_STR(""), SP_STR(""), count, &whole);
    tap_ok(whole.objects >= 3 && whole.guards >= 2 && whole.has_libc,
           "a program, its libraries and what loads them: %zu", whole.objects);
    if (sp_file_read("/bin/true", &bytes, &err))
        printf("# %s\n", err.text);
    for (size_t len = 0; len < bytes.len; len += bytes.len / 150 + 1) {
        struct counted part = { 0 };
        if (sp_file_write("part", sp_str_slice(sp_buf_str(&bytes), 0, len), &err))
            printf("# %s\n", err.text);
        sp_elf_each("part", SP_STR(""), SP_STR(""), count, &part);
        fine = fine && part.objects <= whole.objects;
    }
    tap_ok(fine, "parts of one");
    tap_ok(!sp_elf_is_program(SP_STR("#!/bin/sh\n")) && !sp_elf_is_program(SP_STR("")),
           "what is none");
}

int main(void)
{
    char dir[] = "/tmp/spoor-identity-XXXXXX";
    sp_auto_arena struct sp_arena *arena = sp_arena_new();
    struct sp_err err = SP_ERR_INIT;

    if (!mkdtemp(dir) || chdir(dir) < 0)
        return 99;
    const char *const first[] = { sp_arena_printf(arena, "%s/lib", dir).ptr };
    session.world.cwd = sp_real_path(arena, SP_STR("."));
    path = sp_arena_printf(arena, "%s/first:%s/bin:%s/venv/bin:/usr/bin:/bin", dir, dir, dir).ptr;
    if (setenv("HOME", dir, 1) < 0 || unsetenv("PYTHONPATH") < 0 || unsetenv("VIRTUAL_ENV") < 0)
        return 99;
    session.places.packages = sp_packages_new(arena, first, SP_COUNT(first), SP_STR(""));
    put("lib/pack/__init__.py", "");
    check_changes();
    check_failures();
    check_memory();
    check_faults();
    check_objects();
    tap_ok(chdir("/") == 0 && sp_remove_tree(dir, &err) == SP_OK, "clean up");
    return tap_done();
}
