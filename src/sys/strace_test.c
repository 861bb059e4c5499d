/* SPDX-License-Identifier: BSD-3-Clause */
#include "sys/strace.h"

#include "base/buf.h"
#include "base/tap.h"

static void on_touch(void *arg, enum sp_touch touch, struct sp_str path)
{
    static const char letters[] = {
        [SP_TOUCH_READ] = 'r', [SP_TOUCH_WRITE] = 'w', [SP_TOUCH_MISSED] = '?'
    };

    sp_buf_addf(arg, "%c" SP_STR_FMT "\n", letters[touch], SP_STR_ARG(path));
}

static const struct {
    const char *name, *lines, *want;
} rows[] = {
    { "nothing", "", "" },
    { "opened for reading, links resolved",
      "7 openat(AT_FDCWD</w>, \"a\", O_RDONLY|O_CLOEXEC) = 3</w/real>", "r/w/real\n" },
    { "for writing", "7 openat(AT_FDCWD</w>, \"a\", O_WRONLY|O_CREAT|O_TRUNC, 0666) = 3</w/a>",
      "w/w/a\n" },
    { "for both, which may be reading only", "7 open(\"a\", O_RDWR) = 3</w/a>", "r/w/a\n" },
    { "for both, and made", "7 open(\"a\", O_RDWR|O_CREAT, 0666) = 3</w/a>", "w/w/a\n" },
    { "a directory is none", "7 openat(AT_FDCWD</w>, \".\", O_RDONLY|O_DIRECTORY) = 3</w>", "" },
    { "not there", "7 openat(AT_FDCWD</w>, \"x/../y\", O_RDONLY) = -1 ENOENT (No such file)",
      "?/w/y\n" },
    { "not allowed", "7 openat(AT_FDCWD</w>, \"y\", O_RDONLY) = -1 EACCES (Permission denied)",
      "" },
    { "removed by nobody", "7 unlink(\"y\") = -1 ENOENT (No such file or directory)", "" },
    { "a look at what is there",
      "7 newfstatat(AT_FDCWD</w>, \"y\", {st_mode=S_IFREG|0644, ...}, 0) = 0", "" },
    { "and is not", "7 newfstatat(AT_FDCWD</w>, \"y\", 0x7ffc, 0) = -1 ENOENT (No)", "?/w/y\n" },
    { "a program", "7 execve(\"/bin/sh\", [\"sh\", \"-c\", \"a, b)\"], 0x55 /* 3 vars */) = 0",
      "r/bin/sh\n" },
    { "quotes and other bytes", "7 mkdir(\"a\\\"b\\\\c\\n\\303\\244\\1x, (\", 0777) = 0",
      "w/w/a\"b\\c\n\303\244\001x, (\n" },
    { "a '>' in a name", "7 openat(AT_FDCWD</w>, \"c>d\", O_RDONLY) = 3</w/c\\76d>", "r/w/c>d\n" },
    { "renamed", "7 rename(\"a\", \"/b/./c//d\") = 0", "w/w/a\nw/b/c/d\n" },
    { "renamed, relative to descriptors",
      "7 renameat2(3</p>, \"a\", 4</q>, \"b\", RENAME_NOREPLACE) = 0", "w/p/a\nw/q/b\n" },
    { "a link", "7 symlink(\"target\", \"l\") = 0", "w/w/l\n" },
    { "an empty name", "7 newfstatat(3</w/a>, \"\", 0x7f, AT_EMPTY_PATH) = -1 ENOENT (No)", "" },
    { "a name that was cut", "7 mkdir(\"abc\"..., 0777) = 0", "" },
    { "no name", "7 utimensat(3</w/a>, NULL, NULL, 0) = 0", "" },
    { "chdir", "7 chdir(\"sub\") = 0\n7 mkdir(\"x\", 0777) = 0", "w/w/sub/x\n" },
    { "fchdir", "7 fchdir(5</other>) = 0\n7 mkdir(\"x\", 0777) = 0", "w/other/x\n" },
    { "a directory that is told by the way",
      "7 newfstatat(AT_FDCWD</now>, \"x\", {...}, 0) = 0\n7 mkdir(\"x\", 0777) = 0", "w/now/x\n" },
    { "a child is where its parent is",
      "7 chdir(\"/p\") = 0\n7 clone(child_stack=NULL, flags=SIGCHLD) = 8\n8 mkdir(\"x\", 0) = 0\n"
      "8 chdir(\"/q\") = 0\n7 mkdir(\"y\", 0) = 0",
      "w/p/x\nw/p/y\n" },
    { "also if it speaks first",
      "7 chdir(\"/p\") = 0\n7 vfork( <unfinished ...>\n8 mkdir(\"x\", 0) = 0\n"
      "7 <... vfork resumed>)              = 8",
      "w/p/x\n" },
    { "a call in two lines",
      "7 openat(AT_FDCWD</w>, \"a\", O_RDONLY <unfinished ...>\n8 mkdir(\"/m\", 0) = 0\n"
      "7 <... openat resumed>) = 3</w/a>",
      "w/m\nr/w/a\n" },
    { "signals and ends", "7 --- SIGCHLD {si_signo=SIGCHLD} ---\n7 +++ exited with 0 +++", "" },
    { "calls that nobody asked about", "7 readlink(\"a\", \"b\", 10) = 1", "" },
    { "a line that is cut", "7 openat(AT_FDCWD</w>, \"a\", O_RDO", "" },
    { "a note that is cut", "7 fchdir(3<", "" },
    { "no number", "openat(AT_FDCWD</w>, \"a\", O_RDONLY) = 3</w/a>", "" },
    { "above the root", "7 mkdir(\"/../../x\", 0) = 0", "w/x\n" },
    { "a removed file", "7 openat(AT_FDCWD</w>, \"a\", O_RDONLY) = 3</w/a>(deleted)", "r/w/a\n" },
};

static void test_rows(void)
{
    for (size_t i = 0; i < SP_COUNT(rows); i++) {
        sp_auto_buf struct sp_buf got = SP_BUF(SP_BUF_SMALL);
        struct sp_strace *trace = sp_strace_new(SP_STR("/w"), on_touch, &got);
        for (struct sp_str rest = sp_str_of(rows[i].lines); rest.ptr;)
            sp_strace_line(trace, sp_str_cut(&rest, '\n'));
        if (!tap_ok(sp_str_eq(sp_buf_str(&got), sp_str_of(rows[i].want)), "%s", rows[i].name))
            printf("# got %s\n", got.ptr);
        sp_strace_free(trace);
    }
}

static void test_words(void)
{
    sp_auto_arena struct sp_arena *arena = sp_arena_new();
    const char *const argv[] = { "cat", "a b", NULL };
    const char *const *words = sp_strace_wrap(arena, "/usr/bin/strace", "/t", argv);
    sp_auto_buf struct sp_buf line = SP_BUF(SP_BUF_SMALL);

    for (; *words; words++)
        sp_buf_addf(&line, "[%s]", *words);
    tap_ok(sp_str_starts(sp_buf_str(&line), "[/usr/bin/strace]") &&
               sp_str_ends(sp_buf_str(&line), "[-o][/t][--][cat][a b]"),
           "the command comes last");
}

int main(void)
{
    test_rows();
    test_words();
    return tap_done();
}
