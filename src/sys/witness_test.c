/* SPDX-License-Identifier: BSD-3-Clause */
#include "sys/witness.h"

#include "base/tap.h"

#include "sys/env.h"
#include "sys/file.h"

#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/stat.h>
#include <sys/time.h>
#include <unistd.h>

static void run(const char *command)
{
    if (system(command) != 0) /* NOLINT(cert-env33-c): a shell makes the files of a test */
        tap_ok(false, "cannot %s", command);
}

/* A directory as each case finds it; old enough to be believed. */
static void set_stage(void)
{
    run("rm -rf * && mkdir d d/deep && echo a >a && echo b >b && echo x >d/x && echo y >d/deep/y && "
        "ln -s a link && ln -s d dirlink && ln -s nowhere dangling && sleep 0.05");
}

static bool ask_all(struct sp_buf *out)
{
    sp_witness_begin();
    sp_witness_path("a");
    sp_witness_path("./a");
    sp_witness_path("link");
    sp_witness_path("dangling");
    sp_witness_path("absent");
    sp_witness_path("a/below");
    sp_witness_path("dirlink/x");
    sp_witness_names("d");
    sp_witness_tree("d/deep", false);
    return sp_witness_end(out);
}

struct row {
    const char *name, *change;
    bool holds;
};

static const struct row rows[] = {
    { "nothing", ":", true },
    { "read", "cat a d/x >/dev/null", true },
    { "a file that nobody asked about", "echo b >>b; echo x >>d/x.new; rm d/x.new", true },
    { "content", "echo a >>a", false },
    { "the same size, times set back", "touch -r a t; echo z >a; touch -r t a; rm t", false },
    { "times", "touch a", false },
    { "mode", "chmod 600 a", false },
    { "another file in its place", "cp -p a c && mv c a", false },
    { "gone", "rm a", false },
    { "what a link points to", "ln -sfn b link", false },
    { "a link that is one no longer", "rm link && cp -p a link", false },
    { "a dangling link dangles elsewhere", "ln -sfn elsewhere dangling", false },
    { "it does not dangle", "touch nowhere", false },
    { "what was absent", "touch absent", false },
    { "a directory where a file was", "rm a && mkdir a", false },
    { "a link on the way", "mkdir e && cp -p d/x e && ln -sfn e dirlink", false },
    { "a name more", "touch d/new", false },
    { "a name less", "mv d/x d/deep", false },
    { "a name for another", "mv d/x d/z", false },
    { "deep in a tree", "echo more >>d/deep/y", false },
    { "new in a tree", "mkdir d/deep/new", false },
    { "the times of a directory only", "touch d/deep/t && rm d/deep/t && touch d", true },
    { "another directory of that name", "cp -a d e && rm -r d && mv e d", false },
};

static void check_row(const struct row *row)
{
    sp_auto_buf struct sp_buf heard = SP_BUF(SP_BUF_LARGE);

    set_stage();
    if (!tap_ok(ask_all(&heard), "%s: heard", row->name))
        return;
    run(row->change);
    tap_ok(sp_witness_holds(sp_buf_str(&heard)) == row->holds, "%s: %s", row->name,
           row->holds ? "holds" : "does not hold");
}

/* Of directories, where they matter. */
static void test_times(void)
{
    sp_auto_buf struct sp_buf heard = SP_BUF(SP_BUF_LARGE);

    set_stage();
    sp_witness_begin();
    sp_witness_tree("d", true);
    tap_ok(sp_witness_end(&heard) && sp_witness_holds(sp_buf_str(&heard)), "times: heard");
    run("touch d/deep/t && rm d/deep/t");
    tap_ok(!sp_witness_holds(sp_buf_str(&heard)), "times: those of a directory below");
}

/* What was asked about a directory before makes no question about its tree superfluous. */
static void test_order(void)
{
    static const struct {
        const char *name, *change;
        bool first_a_tree, times;
    } orders[] = {
        { "names, then the tree", "echo more >>d/deep/y", false, false },
        { "names, then the tree with times", "touch d/deep/t; rm d/deep/t", false, true },
        { "the tree, then with times", "touch d/deep/t; rm d/deep/t", true, true },
    };

    for (size_t i = 0; i < SP_COUNT(orders); i++) {
        sp_auto_buf struct sp_buf heard = SP_BUF(SP_BUF_LARGE);
        set_stage();
        sp_witness_begin();
        if (orders[i].first_a_tree)
            sp_witness_tree("d", false);
        else
            sp_witness_names("d");
        sp_witness_tree("d", orders[i].times);
        tap_ok(sp_witness_end(&heard), "%s: heard", orders[i].name);
        run(orders[i].change);
        tap_ok(!sp_witness_holds(sp_buf_str(&heard)), "%s: does not hold", orders[i].name);
    }
}

/* Of one directory, also through a link. */
static void test_own_times(void)
{
    static const char *const names[] = { "d", "dirlink" };

    for (size_t i = 0; i < SP_COUNT(names); i++) {
        sp_auto_buf struct sp_buf heard = SP_BUF(SP_BUF_LARGE);
        set_stage();
        sp_witness_begin();
        sp_witness_times(names[i]);
        sp_witness_times("a");
        sp_witness_times("absent");
        tap_ok(sp_witness_end(&heard) && sp_witness_holds(sp_buf_str(&heard)), "times of %s",
               names[i]);
        run("touch d/deep/t; rm d/deep/t");
        tap_ok(sp_witness_holds(sp_buf_str(&heard)), "times of %s: not of one below", names[i]);
        run("touch d/t; rm d/t");
        tap_ok(!sp_witness_holds(sp_buf_str(&heard)), "times of %s: its own", names[i]);
    }
}

/* What glob(3) has seen to be a plain file it does not ask about. */
static void test_names(void)
{
    static const struct row cases[] = {
        { "another file of that name", "rm d/x; echo >d/x", true },
        { "a directory of that name", "rm d/x; mkdir d/x", false },
        { "a link of that name", "mv d/x x; ln -s ../x d/x", false },
        { "another link of that name", "ln -s a d/m; ln -s b d/n; mv -T d/n d/l; rm d/m", false },
    };

    for (size_t i = 0; i < SP_COUNT(cases); i++) {
        sp_auto_buf struct sp_buf heard = SP_BUF(SP_BUF_LARGE);
        set_stage();
        run("ln -s a d/l");
        sp_witness_begin();
        sp_witness_names("d");
        tap_ok(sp_witness_end(&heard), "names alone: heard");
        run(cases[i].change);
        tap_ok(sp_witness_holds(sp_buf_str(&heard)) == cases[i].holds, "names alone: %s",
               cases[i].name);
    }
}

static void test_worthless(void)
{
    sp_auto_buf struct sp_buf heard = SP_BUF(SP_BUF_LARGE);

    set_stage();
    tap_ok(!sp_witness_end(&heard) && !heard.len, "nothing was begun");
    sp_witness_begin();
    run("echo >young");
    sp_witness_path("young");
    tap_ok(!sp_witness_end(&heard), "a file that is too young");
    sp_witness_begin();
    sp_witness_path("a");
    sp_witness_blind();
    tap_ok(!sp_witness_end(&heard), "something that is not about files");
    sp_witness_begin();
    {
        SP_WITNESS_PAUSED;
        sp_witness_blind();
        sp_witness_path("absent");
    }
    sp_witness_path("a");
    tap_ok(sp_witness_end(&heard), "housekeeping does not count");
    run("touch absent");
    tap_ok(sp_witness_holds(sp_buf_str(&heard)), "nor what it has asked");
}

/* Between the question and what follows from it: the answer is the older one. */
static void test_race(void)
{
    sp_auto_buf struct sp_buf heard = SP_BUF(SP_BUF_LARGE);
    sp_auto_buf struct sp_buf content = SP_BUF(SP_BUF_SMALL);
    struct sp_err err = SP_ERR_INIT;

    set_stage();
    sp_witness_begin();
    sp_witness_path("a");
    run("echo newer >a");
    tap_ok(sp_file_read("a", &content, &err) == SP_OK && sp_witness_end(&heard),
           "a file is changed after it was asked about");
    tap_ok(!sp_witness_holds(sp_buf_str(&heard)), "that is found");
}

/* By what sys/ does on its own. */
static void test_functions(void)
{
    sp_auto_arena struct sp_arena *arena = sp_arena_new();
    sp_auto_buf struct sp_buf heard = SP_BUF(SP_BUF_LARGE);
    sp_auto_buf struct sp_buf program = SP_BUF(SP_BUF_SMALL);

    set_stage();
    run("mkdir p1 p2 && printf '#!/bin/sh\\n' >p2/tool && chmod +x p2/tool && sleep 0.05");
    sp_witness_begin();
    tap_ok(sp_find_program("tool", "p1:p2", &program), "a program is found");
    tap_ok(sp_witness_end(&heard), "what was asked for it");
    run("cp p2/tool p1");
    tap_ok(!sp_witness_holds(sp_buf_str(&heard)), "one that comes before it");

    sp_buf_clear(&heard);
    sp_witness_begin();
    (void)sp_real_path(arena, SP_STR("dirlink/deep/y"));
    tap_ok(sp_witness_end(&heard), "a path");
    run("cp -a d e && ln -sfn e dirlink");
    tap_ok(!sp_witness_holds(sp_buf_str(&heard)), "it leads elsewhere");
}

static void test_variables(void)
{
    static const struct {
        const char *name, *before, *after;
        bool holds;
    } cases[] = {
        { "as it was", "x", "x", true },          { "another value", "x", "y", false },
        { "not set any more", "x", NULL, false }, { "set", NULL, "x", false },
        { "set to nothing", NULL, "", false },    { "still not set", NULL, NULL, true },
    };

    for (size_t i = 0; i < SP_COUNT(cases); i++) {
        sp_auto_buf struct sp_buf heard = SP_BUF(SP_BUF_LARGE);
        (void)(cases[i].before ? setenv("SOMETHING", cases[i].before, 1) : unsetenv("SOMETHING"));
        sp_witness_begin();
        (void)sp_env_get(SP_STR("SOMETHING"));
        bool good = sp_witness_end(&heard);
        (void)(cases[i].after ? setenv("SOMETHING", cases[i].after, 1) : unsetenv("SOMETHING"));
        tap_ok(good && sp_witness_holds(sp_buf_str(&heard)) == cases[i].holds, "variable: %s",
               cases[i].name);
    }
}

/* What was not written so. */
static void test_damaged(void)
{
    sp_auto_buf struct sp_buf heard = SP_BUF(SP_BUF_LARGE);
    size_t wrong = 0;

    set_stage();
    tap_ok(ask_all(&heard), "heard");
    for (size_t len = 0; len < heard.len; len++) {
        /* Whole questions are one testimony, too: of fewer of them. */
        struct sp_str front = { heard.ptr, len };
        sp_auto_buf struct sp_buf copy = SP_BUF(SP_BUF_LARGE);
        sp_buf_add(&copy, front);
        sp_buf_add_repeat(&copy, '?', 40); /* more than may happen to be the rest of an answer */
        wrong += sp_witness_holds(sp_buf_str(&copy));
    }
    tap_ok(wrong == 0, "cut anywhere, and something behind: %zu hold", wrong);
    tap_ok(!sp_witness_holds(SP_STR("")), "nothing");
}

int main(void)
{
    char dir[] = "/tmp/spoor-witness-XXXXXX";

    if (!mkdtemp(dir) || chdir(dir))
        return 1;
    for (size_t i = 0; i < SP_COUNT(rows); i++)
        check_row(&rows[i]);
    test_times();
    test_names();
    test_order();
    test_own_times();
    test_worthless();
    test_race();
    test_functions();
    test_variables();
    test_damaged();
    run("rm -rf *");
    if (chdir("/") || rmdir(dir))
        return 1;
    return tap_done();
}
