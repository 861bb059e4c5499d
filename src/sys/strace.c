/* SPDX-License-Identifier: BSD-3-Clause */
#include "sys/strace.h"

#include "base/buf.h"
#include "base/map.h"

#include <stdio.h>
#include <stdlib.h>

#define NUMBER_SIZE    24 /* of an int64_t, as text */
#define ARGS_MAX       6
#define PATH_MAX_BYTES ((size_t)16 * 1024)
#define LINE_MAX_BYTES ((size_t)1024 * 1024)

/* --- what calls mean ----------------------------------------------------------------------- */

enum meaning {
    OPENS,   /* reads or writes, by its flags */
    RUNS,    /* a program */
    CHANGES, /* writes */
    LOOKS,   /* matters only if nothing is there */
    GOES,    /* chdir */
    STARTS,  /* a process */
};

/* Numbers of arguments; -1: none. */
static const struct call {
    const char *name;
    enum meaning meaning;
    int dir, path;   /* a descriptor, and what is relative to it */
    int dir2, path2; /* another */
    int flags;
} calls[] = {
    { "open", OPENS, -1, 0, -1, -1, 1 },        { "openat", OPENS, 0, 1, -1, -1, 2 },
    { "openat2", OPENS, 0, 1, -1, -1, 2 },      { "creat", CHANGES, -1, 0, -1, -1, -1 },
    { "execve", RUNS, -1, 0, -1, -1, -1 },      { "execveat", RUNS, 0, 1, -1, -1, -1 },
    { "mkdir", CHANGES, -1, 0, -1, -1, -1 },    { "mkdirat", CHANGES, 0, 1, -1, -1, -1 },
    { "mknod", CHANGES, -1, 0, -1, -1, -1 },    { "mknodat", CHANGES, 0, 1, -1, -1, -1 },
    { "rename", CHANGES, -1, 0, -1, 1, -1 },    { "renameat", CHANGES, 0, 1, 2, 3, -1 },
    { "renameat2", CHANGES, 0, 1, 2, 3, -1 },   { "link", CHANGES, -1, 1, -1, -1, -1 },
    { "linkat", CHANGES, 2, 3, -1, -1, -1 },    { "symlink", CHANGES, -1, 1, -1, -1, -1 },
    { "symlinkat", CHANGES, 1, 2, -1, -1, -1 }, { "unlink", CHANGES, -1, 0, -1, -1, -1 },
    { "rmdir", CHANGES, -1, 0, -1, -1, -1 },    { "unlinkat", CHANGES, 0, 1, -1, -1, -1 },
    { "truncate", CHANGES, -1, 0, -1, -1, -1 }, { "chmod", CHANGES, -1, 0, -1, -1, -1 },
    { "fchmodat", CHANGES, 0, 1, -1, -1, -1 },  { "utime", CHANGES, -1, 0, -1, -1, -1 },
    { "utimes", CHANGES, -1, 0, -1, -1, -1 },   { "utimensat", CHANGES, 0, 1, -1, -1, -1 },
    { "access", LOOKS, -1, 0, -1, -1, -1 },     { "faccessat", LOOKS, 0, 1, -1, -1, -1 },
    { "faccessat2", LOOKS, 0, 1, -1, -1, -1 },  { "stat", LOOKS, -1, 0, -1, -1, -1 },
    { "lstat", LOOKS, -1, 0, -1, -1, -1 },      { "newfstatat", LOOKS, 0, 1, -1, -1, -1 },
    { "statx", LOOKS, 0, 1, -1, -1, -1 },       { "chdir", GOES, -1, 0, -1, -1, -1 },
    { "fchdir", GOES, 0, -1, -1, -1, -1 },      { "fork", STARTS, -1, -1, -1, -1, -1 },
    { "vfork", STARTS, -1, -1, -1, -1, -1 },    { "clone", STARTS, -1, -1, -1, -1, -1 },
    { "clone3", STARTS, -1, -1, -1, -1, -1 },
};

const char **sp_strace_wrap(struct sp_arena *arena,
                            const char *program,
                            const char *file,
                            const char *const *argv)
{
    /* All that have a name of a file, and what relative names need. */
    const char *const front[] = {
        program, "-f",          "-y", "-qq", "-e", "trace=%file,fchdir,?fork,?vfork,clone,?clone3",
        "-e",    "signal=none", "-o", file,  "--",
    };
    size_t len = 0;

    while (argv[len])
        len++;
    const char **words = SP_ARENA_NEW(arena, const char *, SP_COUNT(front) + len + 1);
    memcpy(words, front, sizeof front);
    memcpy(words + SP_COUNT(front), argv, len * sizeof *argv);
    return words;
}

/* --- processes ----------------------------------------------------------------------------- */

struct process {
    char number[NUMBER_SIZE];
    struct sp_buf cwd;
    struct sp_buf begun; /* a call that is not finished yet; empty: none */
};

struct sp_strace {
    sp_touch_fn fn;
    void *arg;
    struct sp_map processes;      /* number -> struct process * */
    struct sp_buf first;          /* directory of the first */
    const struct process *parent; /* the last that has begun to start one */
    struct sp_buf line, text, path;
};

struct sp_strace *sp_strace_new(struct sp_str cwd, sp_touch_fn fn, void *arg)
{
    struct sp_strace *trace = sp_alloc(sizeof *trace);

    *trace = (struct sp_strace){
        .fn = fn,
        .arg = arg,
        .first = SP_BUF(PATH_MAX_BYTES),
        .line = SP_BUF(LINE_MAX_BYTES),
        .text = SP_BUF(PATH_MAX_BYTES),
        .path = SP_BUF(PATH_MAX_BYTES),
    };
    sp_buf_add(&trace->first, cwd);
    return trace;
}

void sp_strace_free(struct sp_strace *trace)
{
    if (!trace)
        return;
    SP_MAP_EACH (entry, &trace->processes) {
        struct process *process = entry->value;
        sp_buf_fini(&process->cwd);
        sp_buf_fini(&process->begun);
        free(process);
    }
    sp_map_fini(&trace->processes);
    sp_buf_fini(&trace->first);
    sp_buf_fini(&trace->line);
    sp_buf_fini(&trace->text);
    sp_buf_fini(&trace->path);
    free(trace);
}

static void set(struct sp_buf *buf, struct sp_str text)
{
    sp_buf_clear(buf);
    sp_buf_add(buf, text);
}

static struct process *process_of(struct sp_strace *trace, int64_t pid)
{
    char number[NUMBER_SIZE];

    (void)snprintf(number, sizeof number, "%lld", (long long)pid);
    struct process *process = sp_map_find(&trace->processes, sp_str_of(number));
    if (process)
        return process;
    process = sp_alloc(sizeof *process);
    *process = (struct process){ .cwd = SP_BUF(PATH_MAX_BYTES), .begun = SP_BUF(LINE_MAX_BYTES) };
    memcpy(process->number, number, sizeof number);
    sp_buf_add(&process->cwd, sp_buf_str(trace->parent ? &trace->parent->cwd : &trace->first));
    sp_map_set(&trace->processes, sp_str_of(process->number), process);
    return process;
}

/* --- texts --------------------------------------------------------------------------------- */

static bool is_octal(char c)
{
    return c >= '0' && c <= '7';
}

/* As in C; the bytes of `raw`, which is without quotes. */
static void unescape(struct sp_str raw, struct sp_buf *out)
{
    static const char names[] = "abtnvfr";

    sp_buf_clear(out);
    for (size_t i = 0; i < raw.len; i++) {
        char c = raw.ptr[i];
        if (c != '\\' || i + 1 == raw.len) {
            sp_buf_addc(out, c);
            continue;
        }
        c = raw.ptr[++i];
        const char *name = c ? strchr(names, c) : NULL;
        unsigned value = 0;
        size_t digits = 0;
        while (digits < 3 && i + digits < raw.len && is_octal(raw.ptr[i + digits]))
            value = value * 8 + (unsigned)(raw.ptr[i + digits++] - '0');
        if (digits) {
            sp_buf_addc(out, (char)value);
            i += digits - 1;
        } else {
            sp_buf_addc(out, name ? (char)('\a' + (name - names)) : c);
        }
    }
}

/* Behind the closing quote of the text whose opening one is at `at`. */
static size_t end_of_quoted(struct sp_str line, size_t at)
{
    for (size_t i = at + 1; i < line.len; i++)
        if (line.ptr[i] == '\\')
            i++;
        else if (line.ptr[i] == '"')
            return i + 1;
    return line.len;
}

/* Behind the '>' of "3</a/b>": strace writes one in a name as \76. */
static size_t end_of_note(struct sp_str line, size_t at)
{
    while (at < line.len && line.ptr[at] != '>')
        at++;
    return at < line.len ? at + 1 : at;
}

/* "/a/b" of "3</a/b>" or "AT_FDCWD</a/b>"; empty: it is none of a file. */
static struct sp_str note_of(struct sp_str argument)
{
    size_t from = sp_str_find(argument, '<');
    size_t to = from == SIZE_MAX ? from : end_of_note(argument, from);

    if (to == SIZE_MAX || argument.ptr[to - 1] != '>' || argument.ptr[from + 1] != '/')
        return SP_STR("");
    return sp_str_slice(argument, from + 1, to - 1);
}

/* --- calls --------------------------------------------------------------------------------- */

struct parsed {
    struct sp_str name;
    struct sp_str args[ARGS_MAX];
    size_t count;
    struct sp_str result; /* "3</a/b>", "-1 ENOENT (No such file or directory)" */
};

/* Cut the arguments; *at is behind the ')' afterwards. False: the line ends before. */
static bool cut_arguments(struct sp_str line, size_t *at, struct parsed *out)
{
    size_t from = *at, depth = 0;

    for (size_t i = from; i < line.len;) {
        char c = line.ptr[i];
        bool ends = depth == 0 && (c == ',' || c == ')');
        if (ends && out->count < ARGS_MAX)
            out->args[out->count++] = sp_str_trim(sp_str_slice(line, from, i));
        if (ends && c == ')') {
            *at = i + 1;
            return true;
        }
        if (ends)
            from = i + 1;
        if (c == '"')
            i = end_of_quoted(line, i);
        else if (c == '<' && i > 0 && strchr("0123456789D", line.ptr[i - 1]))
            i = end_of_note(line, i);
        else
            i++;
        depth += c == '(' || c == '[' || c == '{';
        depth -= depth && (c == ')' || c == ']' || c == '}');
    }
    return false;
}

static bool parse(struct sp_str line, struct parsed *out)
{
    size_t at = sp_str_find(line, '(');

    *out = (struct parsed){ 0 };
    if (at == SIZE_MAX)
        return false;
    out->name = sp_str_slice(line, 0, at++);
    if (!cut_arguments(line, &at, out))
        return false;
    struct sp_str rest = sp_str_trim(sp_str_slice(line, at, line.len));
    if (!sp_str_starts(rest, "="))
        return false;
    out->result = sp_str_trim(sp_str_slice(rest, 1, rest.len));
    return true;
}

static const struct call *find_call(struct sp_str name)
{
    for (size_t i = 0; i < SP_COUNT(calls); i++)
        if (sp_str_is(name, calls[i].name))
            return &calls[i];
    return NULL;
}

/* --- names --------------------------------------------------------------------------------- */

/* Without "." and "..", as far as that can be said without looking at links. */
static void normalise(struct sp_str path, struct sp_buf *out)
{
    sp_buf_clear(out);
    for (struct sp_str rest = path; rest.ptr;) {
        struct sp_str part = sp_str_cut(&rest, '/');
        if (!part.len || sp_str_is(part, "."))
            continue;
        if (sp_str_is(part, "..")) {
            struct sp_str before = sp_buf_str(out);
            size_t slash = sp_str_rfind(before, '/');
            sp_buf_truncate(out, slash == SIZE_MAX ? 0 : slash);
            continue;
        }
        sp_buf_addc(out, '/');
        sp_buf_add(out, part);
    }
    if (!out->len)
        sp_buf_addc(out, '/');
}

/* Argument `path`, relative to the directory of argument `dir`: to trace->path. False: it is none.
 */
static bool resolve(struct sp_strace *trace,
                    const struct process *process,
                    const struct parsed *call,
                    int dir,
                    int path)
{
    sp_auto_buf struct sp_buf whole = SP_BUF(2 * PATH_MAX_BYTES);
    struct sp_str base = SP_STR("");

    if (path < 0 || (size_t)path >= call->count)
        return false;
    struct sp_str raw = call->args[path];
    if (raw.len < 2 || raw.ptr[0] != '"' || raw.ptr[raw.len - 1] != '"')
        return false; /* NULL, an address, a text that was cut */
    if (dir >= 0 && (size_t)dir < call->count) {
        unescape(note_of(call->args[dir]), &trace->text);
        base = sp_buf_str(&trace->text);
    }
    if (!base.len)
        base = sp_buf_str(&process->cwd);
    sp_buf_add(&whole, base);
    sp_buf_addc(&whole, '/');
    unescape(sp_str_slice(raw, 1, raw.len - 1), &trace->path);
    if (!trace->path.len)
        return false; /* AT_EMPTY_PATH: the descriptor itself */
    if (trace->path.ptr[0] == '/')
        sp_buf_clear(&whole);
    sp_buf_add(&whole, sp_buf_str(&trace->path));
    normalise(sp_buf_str(&whole), &trace->path);
    return true;
}

static void tell(struct sp_strace *trace, enum sp_touch touch)
{
    trace->fn(trace->arg, touch, sp_buf_str(&trace->path));
}

static bool has_flag(struct sp_str flags, const char *name)
{
    return sp_str_find_str(flags, sp_str_of(name)) != SIZE_MAX;
}

static void tell_open(struct sp_strace *trace, const struct call *call, const struct parsed *parsed)
{
    size_t at = (size_t)call->flags;
    struct sp_str flags = at < parsed->count ? parsed->args[at] : SP_STR("");
    struct sp_str real = note_of(parsed->result);
    bool makes = has_flag(flags, "O_CREAT") || has_flag(flags, "O_TRUNC");
    /* O_RDWR alone is what casacore takes for whatever may be written, whether it does or not. */
    bool writes = has_flag(flags, "O_WRONLY") || (makes && has_flag(flags, "O_RDWR"));

    if (has_flag(flags, "O_DIRECTORY") || has_flag(flags, "O_PATH"))
        return;
    if (real.len) {
        unescape(real, &trace->text);
        normalise(sp_buf_str(&trace->text), &trace->path);
    }
    tell(trace, writes ? SP_TOUCH_WRITE : SP_TOUCH_READ);
}

static void go(struct sp_strace *trace,
               struct process *process,
               const struct call *call,
               const struct parsed *parsed)
{
    if (call->path >= 0 && resolve(trace, process, parsed, call->dir, call->path))
        set(&process->cwd, sp_buf_str(&trace->path));
    else if (call->path < 0 && parsed->count && note_of(parsed->args[0]).len) {
        unescape(note_of(parsed->args[0]), &trace->text);
        set(&process->cwd, sp_buf_str(&trace->text));
    }
}

static void start(struct sp_strace *trace, const struct process *parent, struct sp_str result)
{
    int64_t pid;

    if (!sp_str_int(sp_str_cut(&result, ' '), &pid))
        return;
    trace->parent = parent;
    (void)process_of(trace, pid);
    trace->parent = NULL;
}

static void take(struct sp_strace *trace, struct process *process, struct sp_str line)
{
    struct parsed parsed;
    const struct call *call = parse(line, &parsed) ? find_call(parsed.name) : NULL;

    if (!call)
        return;
    if (parsed.count && sp_str_starts(parsed.args[0], "AT_FDCWD<")) {
        unescape(note_of(parsed.args[0]), &trace->text);
        set(&process->cwd, sp_buf_str(&trace->text));
    }
    bool failed = sp_str_starts(parsed.result, "-1") || sp_str_starts(parsed.result, "?");
    if (failed && sp_str_starts(parsed.result, "-1 ENOENT") && call->meaning != CHANGES) {
        if (resolve(trace, process, &parsed, call->dir, call->path))
            tell(trace, SP_TOUCH_MISSED);
        return;
    }
    if (failed)
        return;
    switch (call->meaning) {
    case GOES: go(trace, process, call, &parsed); return;
    case STARTS: start(trace, process, parsed.result); return;
    case LOOKS: return;
    case OPENS:
        if (resolve(trace, process, &parsed, call->dir, call->path))
            tell_open(trace, call, &parsed);
        return;
    case RUNS:
    case CHANGES:
        if (resolve(trace, process, &parsed, call->dir, call->path))
            tell(trace, call->meaning == RUNS ? SP_TOUCH_READ : SP_TOUCH_WRITE);
        if (resolve(trace, process, &parsed, call->dir2, call->path2))
            tell(trace, SP_TOUCH_WRITE);
        return;
    }
}

/* --- lines --------------------------------------------------------------------------------- */

#define UNFINISHED "<unfinished ...>"
#define RESUMED    " resumed>"

void sp_strace_line(struct sp_strace *trace, struct sp_str line)
{
    struct sp_str rest = line;
    struct sp_str number = sp_str_cut(&rest, ' ');
    int64_t pid;

    if (!sp_str_int(number, &pid) || !rest.ptr)
        return;
    rest = sp_str_trim(rest);
    struct process *process = process_of(trace, pid);
    if (sp_str_ends(rest, UNFINISHED)) {
        set(&process->begun, sp_str_slice(rest, 0, rest.len - strlen(UNFINISHED)));
        const struct call *call = find_call(sp_str_slice(rest, 0, sp_str_find(rest, '(')));
        if (call && call->meaning == STARTS)
            trace->parent = process;
        return;
    }
    size_t resumed =
        sp_str_starts(rest, "<... ") ? sp_str_find_str(rest, SP_STR(RESUMED)) : SIZE_MAX;
    if (resumed == SIZE_MAX) {
        take(trace, process, rest);
        return;
    }
    set(&trace->line, sp_buf_str(&process->begun));
    sp_buf_add(&trace->line, sp_str_slice(rest, resumed + strlen(RESUMED), rest.len));
    sp_buf_clear(&process->begun);
    take(trace, process, sp_buf_str(&trace->line));
}
