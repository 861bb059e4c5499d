/* SPDX-License-Identifier: BSD-3-Clause */
#include "engine/audit.h"

#include "base/vec.h"

#include "engine/tools.h"
#include "engine/verify_internal.h"
#include "sys/env.h"
#include "sys/file.h"
#include "sys/strace.h"

#include <stdlib.h>

#define TRACE_MAX ((size_t)4 * 1024 * 1024 * 1024)
#define NAMED_MAX 5 /* files of a directory */

struct audit {
    const struct sp_audit_options *options;
    struct sp_audit_result *out;
    const char *strace;
};

/* A path that was touched, and how. */
struct touched {
    bool read, written, missed;
};

/* One step. */
struct look {
    struct sp_arena *arena;
    struct sp_trial *trial;
    struct sp_map paths; /* absolute -> struct touched * */
    bool *opened;        /* of each replica */
    struct sp_str home;
};

/* --- what is nobody's finding -------------------------------------------------------------- */

/* The system's, and in what a program is known by (engine/identity), or the same wherever it is. */
static const char *const system_dirs[] = {
    "/usr/lib",
    "/usr/lib32",
    "/usr/lib64",
    "/usr/libexec",
    "/usr/bin",
    "/usr/sbin",
    "/usr/local/bin",
    "/usr/local/lib",
    "/lib",
    "/lib64",
    "/bin",
    "/sbin",
    "/proc",
    "/sys",
    "/dev",
    "/run",
    "/usr/share/locale",
    "/usr/share/zoneinfo",
    "/usr/share/fonts",
    "/usr/share/fontconfig",
    "/usr/share/python3",
    "/usr/share/perl",
    "/usr/share/perl5",
    "/usr/share/terminfo",
    "/usr/share/mime",
    "/usr/share/misc",
    "/etc/ssl",
    "/etc/fonts",
    "/etc/terminfo",
    "/etc/ld.so.cache",
    "/etc/ld.so.preload",
    "/etc/localtime",
    "/etc/locale.alias",
    "/etc/nsswitch.conf",
    "/etc/passwd",
    "/etc/group",
    "/etc/hosts",
    "/etc/host.conf",
    "/etc/resolv.conf",
    "/etc/gai.conf",
    "/etc/mime.types",
    "/etc/inputrc",
    "/etc/python3.11",
    "/etc/OpenCL",
};

static const char *const scratch_dirs[] = { "/tmp", "/var/tmp", "/dev/shm", "/proc", "/dev" };

static bool is_within(struct sp_str path, struct sp_str dir)
{
    return sp_str_eq(path, dir) || sp_trial_is_below(path, dir);
}

static bool is_in_one(struct sp_str path, const char *const *dirs, size_t len)
{
    for (size_t i = 0; i < len; i++)
        if (is_within(path, sp_str_of(dirs[i])))
            return true;
    return false;
}

/* Modules, wherever Python is installed. */
static bool is_python(struct sp_str path)
{
    size_t at = sp_str_find_str(path, SP_STR("/lib/python3"));

    return at != SIZE_MAX || sp_str_ends(path, "/pyvenv.cfg") || sp_str_ends(path, ".pyc");
}

static bool is_system(const struct look *look, struct sp_str path)
{
    const struct sp_session *session = &look->trial->verify->session;
    const struct sp_task *task = look->trial->action->task;
    const struct sp_str own[] = { session->places.cargo, session->places.cabs,
                                  task->virtual_env.len
                                      ? sp_real_path(look->arena, task->virtual_env)
                                      : SP_STR("") };

    for (size_t i = 0; i < SP_COUNT(own); i++)
        if (own[i].len && is_within(path, own[i]))
            return true;
    return is_in_one(path, system_dirs, SP_COUNT(system_dirs)) || is_python(path);
}

/* --- what is declared ---------------------------------------------------------------------- */

/* For that use; also what lies in it. */
static bool is_declared(const struct look *look, struct sp_str path, bool written)
{
    const struct sp_trial *trial = look->trial;
    bool found = false;

    for (size_t i = 0; i < trial->len; i++) {
        const struct sp_replica *replica = &trial->replicas[i];
        if (!is_within(path, replica->place) && !is_within(path, replica->role.real) &&
            !is_within(path, sp_real_path(look->arena, replica->place)))
            continue;
        look->opened[i] = true;
        found = found || !written || replica->role.kind >= SP_ROLE_WRITES;
    }
    for (size_t i = 0; i < trial->product->input_count && !found && !written; i++) {
        const struct sp_product_path *input = &trial->product->inputs[i];
        found = is_within(path, sp_trial_place(trial, input->role, input->path));
    }
    for (size_t i = 0; i < trial->product->output_count && !found; i++) {
        const struct sp_product_path *output = &trial->product->outputs[i];
        found = is_within(path, sp_trial_place(trial, output->role, output->path));
    }
    return found;
}

/* --- names --------------------------------------------------------------------------------- */

/* As a recipe would name it. */
static struct sp_str name_of(const struct look *look, struct sp_str path)
{
    const struct sp_str dirs[] = { look->trial->work, look->trial->verify->supplier.cwd };

    for (size_t i = 0; i < SP_COUNT(dirs); i++)
        if (sp_trial_is_below(path, dirs[i]))
            return sp_str_slice(path, dirs[i].len + 1, path.len);
    if (look->home.len && sp_trial_is_below(path, look->home))
        return sp_arena_join(look->arena, SP_STR("~"), "",
                             sp_str_slice(path, look->home.len, path.len));
    return path;
}

static struct sp_str dir_of(struct sp_str path)
{
    size_t slash = sp_str_rfind(path, '/');

    return slash == SIZE_MAX ? SP_STR("") : sp_str_slice(path, 0, slash);
}

/* Nobody would declare all of it. */
static bool is_too_much(struct sp_str dir)
{
    static const char *const all[] = { "", "~", "/etc", "/usr", "/usr/share", "/home", "/opt" };

    for (size_t i = 0; i < SP_COUNT(all); i++)
        if (sp_str_is(dir, all[i]))
            return true;
    return sp_str_is(dir, "~/.config");
}

/* --- the trace ----------------------------------------------------------------------------- */

static void on_touch(void *arg, enum sp_touch touch, struct sp_str path)
{
    struct look *look = arg;
    struct touched *touched = sp_map_find(&look->paths, path);

    if (!touched) {
        touched = SP_ARENA_NEW(look->arena, struct touched, 1);
        sp_map_set(&look->paths, sp_arena_str(look->arena, path), touched);
    }
    switch (touch) {
    case SP_TOUCH_READ: touched->read = touched->read || !touched->written; return;
    case SP_TOUCH_WRITE: touched->written = true; return;
    case SP_TOUCH_MISSED: touched->missed = true; return;
    }
}

static struct sp_str trace_file(const struct sp_trial *trial)
{
    return sp_arena_join(trial->arena, trial->verify->dir, "/", SP_STR("trace.log"));
}

static bool read_trace(struct look *look, struct sp_err *err)
{
    sp_auto_buf struct sp_buf text = SP_BUF(TRACE_MAX);
    struct sp_strace *trace = sp_strace_new(look->trial->work, on_touch, look);
    enum sp_rc rc = sp_file_read(trace_file(look->trial).ptr, &text, err);

    for (struct sp_str rest = sp_buf_str(&text); rc == SP_OK && rest.ptr;)
        sp_strace_line(trace, sp_str_cut(&rest, '\n'));
    sp_strace_free(trace);
    return rc == SP_OK;
}

/* --- findings ------------------------------------------------------------------------------ */

static struct sp_value new_list(const struct look *look)
{
    return sp_list_new(look->arena);
}

/* The directory of a read, in the list of them. */
static struct sp_dict *group_of(const struct look *look, struct sp_value reads, struct sp_str dir)
{
    SP_LIST_EACH(item, reads.list)
    if (sp_str_eq(sp_dict_text(item->dict, "dir"), dir))
        return item->dict;
    struct sp_value group = sp_dict_new(look->arena);
    sp_dict_put_text(look->arena, group.dict, "dir", dir);
    sp_dict_put(look->arena, group.dict, "files", new_list(look));
    sp_dict_put(look->arena, group.dict, "count", sp_int(0));
    sp_list_add(look->arena, reads.list, group);
    return group.dict;
}

/* Of datasets, what is around all of their files; `names` are those of all reads. */
static struct sp_str group_dir(const struct sp_list *names, struct sp_str name)
{
    struct sp_str best = dir_of(name);

    SP_LIST_EACH(other, names)
    {
        struct sp_str dir = dir_of(other->text);
        if (dir.len < best.len && !is_too_much(dir) && sp_trial_is_below(best, dir))
            best = dir;
    }
    return best;
}

static void add_read(const struct look *look,
                     const struct sp_list *names,
                     struct sp_value reads,
                     struct sp_str name)
{
    struct sp_str dir = group_dir(names, name);
    /* Of these each file stands for itself. */
    struct sp_dict *group = group_of(look, reads, is_too_much(dir) ? name : dir);
    struct sp_list *files = sp_dict_get(group, "files")->list;
    int64_t count = sp_dict_get(group, "count")->integer + 1;

    sp_dict_put(look->arena, group, "count", sp_int(count));
    if (files->len < NAMED_MAX)
        sp_list_add(look->arena, files, sp_text(name));
}

static struct sp_value group_reads(const struct look *look, const struct sp_list *names)
{
    struct sp_value reads = new_list(look);

    SP_LIST_EACH(name, names)
    add_read(look, names, reads, name->text);
    return reads;
}

/* `path`: the directory, or the only file. */
static void name_groups(const struct look *look, struct sp_value reads)
{
    SP_LIST_EACH(item, reads.list)
    {
        const struct sp_list *files = sp_dict_get(item->dict, "files")->list;
        struct sp_str path = sp_dict_get(item->dict, "count")->integer > 1
                                 ? sp_dict_text(item->dict, "dir")
                                 : files->items[0].text;
        sp_dict_put_text(look->arena, item->dict, "path", path);
    }
}

static void add_write(const struct look *look,
                      struct sp_value writes,
                      struct sp_str name,
                      enum sp_file_kind kind)
{
    struct sp_value item = sp_dict_new(look->arena);

    SP_LIST_EACH(other, writes.list)
    if (sp_trial_is_below(name, sp_dict_text(other->dict, "path")))
        return; /* in a directory that is told */
    sp_dict_put_text(look->arena, item.dict, "path", name);
    sp_dict_put(look->arena, item.dict, "kind",
                sp_text(kind == SP_FILE_DIR ? SP_STR("Directory") : SP_STR("File")));
    sp_list_add(look->arena, writes.list, item);
}

static int by_path(const void *a, const void *b)
{
    struct sp_str left = ((const struct sp_map_entry *)a)->key;
    struct sp_str right = ((const struct sp_map_entry *)b)->key;
    int order = memcmp(left.ptr, right.ptr, SP_MIN(left.len, right.len));

    return order ? order : (left.len > right.len) - (left.len < right.len);
}

struct lists {
    struct sp_value reads; /* names of files */
    struct sp_value missed, writes;
};

/* In a box it would be gone afterwards; a workspace may lie there, too. */
static bool is_scratch(const struct look *look, struct sp_str path)
{
    return is_in_one(path, scratch_dirs, SP_COUNT(scratch_dirs)) &&
           !sp_trial_is_below(path, look->trial->verify->supplier.cwd);
}

/* In the workspace there is what the copies do not have. */
static bool is_missed(const struct look *look, struct sp_str path)
{
    struct sp_str cwd = look->trial->verify->supplier.cwd;

    if (!sp_trial_is_below(path, look->trial->work) || sp_str_starts(name_of(look, path), ".spoor"))
        return false;
    struct sp_str real = sp_arena_join(look->arena, cwd, "/", name_of(look, path));
    return sp_file_kind(real.ptr) != SP_FILE_NONE;
}

static void sort_in(struct look *look,
                    struct sp_str path,
                    const struct touched *touched,
                    struct lists *out)
{
    enum sp_file_kind kind = sp_file_kind(path.ptr);
    struct sp_str name = name_of(look, path);

    if (is_declared(look, path, touched->written) || is_within(look->trial->work, path))
        return;
    if (touched->written) {
        if (kind != SP_FILE_NONE && !is_scratch(look, path))
            add_write(look, out->writes, name, kind);
        return;
    }
    if (touched->read && kind == SP_FILE_REGULAR && !is_system(look, path))
        sp_list_add(look->arena, out->reads.list, sp_text(name));
    else if (touched->missed && is_missed(look, path))
        sp_list_add(look->arena, out->missed.list, sp_text(name));
}

static struct sp_value unused_inputs(const struct look *look)
{
    const struct sp_trial *trial = look->trial;
    struct sp_value unused = new_list(look);

    for (size_t i = 0; i < trial->len; i++) {
        const struct sp_role *role = &trial->replicas[i].role;
        if (look->opened[i] || role->kind != SP_ROLE_READS ||
            sp_file_kind(sp_arena_cstr(look->arena, role->real)) == SP_FILE_NONE)
            continue;
        struct sp_value item = sp_dict_new(look->arena);
        sp_dict_put_text(look->arena, item.dict, "input", role->name);
        sp_dict_put_text(look->arena, item.dict, "path", role->path);
        sp_list_add(look->arena, unused.list, item);
    }
    return unused;
}

/* --- one step ------------------------------------------------------------------------------ */

static const char **trace_command(void *arg, const struct sp_trial *trial, const char *const *argv)
{
    const struct audit *audit = arg;

    return sp_strace_wrap(trial->arena, audit->strace, trace_file(trial).ptr, argv);
}

static void find_all(struct look *look, struct sp_dict *out)
{
    struct lists lists = { new_list(look), new_list(look), new_list(look) };
    size_t len = look->paths.len;

    /* Directories before what is in them; the map is not asked any more. */
    if (len)
        qsort(look->paths.entries, len, sizeof *look->paths.entries, by_path);
    for (size_t i = 0; i < len; i++)
        sort_in(look, look->paths.entries[i].key, look->paths.entries[i].value, &lists);
    struct sp_value reads = group_reads(look, lists.reads.list);
    name_groups(look, reads);
    sp_dict_put(look->arena, out, "reads", reads);
    sp_dict_put(look->arena, out, "missed", lists.missed);
    sp_dict_put(look->arena, out, "writes", lists.writes);
    sp_dict_put(look->arena, out, "unused", unused_inputs(look));
}

static void put_reason(struct sp_arena *arena,
                       struct sp_dict *out,
                       const char *key,
                       const char *why)
{
    if (why)
        sp_dict_put_text(arena, out, key, sp_arena_str(arena, sp_str_of(why)));
}

static size_t count_of(const struct sp_dict *finding, const char *key)
{
    const struct sp_value *list = sp_dict_get(finding, key);

    return list ? list->list->len : 0;
}

static const struct sp_dict *judge(void *arg, struct sp_trial *trial)
{
    struct audit *audit = arg;
    struct sp_arena *arena = trial->arena;
    struct sp_dict *out = sp_dict_new(arena).dict;
    struct sp_err err = SP_ERR_INIT;
    struct look look = {
        .arena = arena,
        .trial = trial,
        .home = sp_real_path(arena, sp_env_get(SP_STR("HOME"))),
        .opened = SP_ARENA_NEW(arena, bool, trial->len + 1),
    };

    sp_dict_put_text(arena, out, "run", audit->options->run->id);
    sp_dict_put_text(arena, out, "task", trial->step->task);
    sp_dict_put_text(arena, out, "cab", trial->action->task->cab->name);
    if (!trial->unknown && !read_trace(&look, &err))
        trial->unknown = sp_arena_cstr(arena, sp_str_of(err.text));
    put_reason(arena, out, "unknown", trial->unknown);
    if (!trial->unknown) {
        put_reason(arena, out, "failed", trial->failed);
        find_all(&look, out);
    }
    sp_map_fini(&look.paths);
    audit->out->steps++;
    audit->out->unknown += trial->unknown != NULL;
    audit->out->findings +=
        count_of(out, "reads") + count_of(out, "missed") + count_of(out, "writes");
    return sp_value_copy(audit->options->workspace->arena,
                         (struct sp_value){ .kind = SP_DICT, .dict = out })
        .dict;
}

static bool is_wanted(void *arg, struct sp_str task)
{
    const struct audit *audit = arg;

    return audit->options->wanted(audit->options->arg, task);
}

static void tell(void *arg, const struct sp_dict *finding)
{
    const struct audit *audit = arg;

    audit->options->told(audit->options->arg, finding);
}

enum sp_rc sp_audit(const struct sp_audit_options *options,
                    struct sp_audit_result *out,
                    struct sp_err *err)
{
    static const struct sp_verify_watch watch = { .command = trace_command, .judge = judge };
    sp_auto_buf struct sp_buf program = SP_BUF(SP_BUF_SMALL);
    struct audit audit = { .options = options, .out = out };
    struct sp_verify_options asked = {
        .workspace = options->workspace,
        .run = options->run,
        .wanted = is_wanted,
        .told = tell,
        .arg = &audit,
        .watch = &watch,
        .keep = options->keep,
    };
    struct sp_verify_result result;

    *out = (struct sp_audit_result){ 0 };
    if (!sp_find_program("strace",
                         sp_arena_cstr(options->workspace->arena, sp_env_get(SP_STR("PATH"))),
                         &program))
        return sp_fail(err, SP_NOT_FOUND,
                       "there is no program 'strace' in PATH, which sees what a tool touches: "
                       "install it (apt install strace)");
    audit.strace = program.ptr;
    enum sp_rc rc = sp_verify(&asked, &result, err);
    out->interrupted = result.interrupted;
    return rc;
}
