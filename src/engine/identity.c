/* SPDX-License-Identifier: BSD-3-Clause */
#include "engine/identity.h"

#include "engine/images.h"
#include "engine/jobspec.h"
#include "engine/loaded.h"
#include "engine/memo.h"
#include "engine/pysource.h"
#include "exec/backend.h"
#include "sys/env.h"
#include "sys/file.h"
#include "sys/witness.h"

#include <fcntl.h>
#include <unistd.h>

#define DEPTH_MAX 4 /* scripts that are run by scripts */
#define HEAD_MAX  512
#define DIGITS    32 /* of a digest: 128 bits */
#define WORDS_MAX 64 /* of a command that are looked at */

struct sp_identities {
    struct sp_memo *memo;
};

struct sp_identities *sp_identities_new(const char *dir)
{
    struct sp_identities *identities = sp_alloc(sizeof *identities);

    identities->memo = sp_memo_new(dir);
    return identities;
}

void sp_identities_only_read(struct sp_identities *identities)
{
    sp_memo_only_read(identities->memo);
}

void sp_identities_free(struct sp_identities *identities)
{
    if (!identities)
        return;
    sp_memo_free(identities->memo);
    free(identities);
}

/* What one task is made of, as it is found out. */
struct finding {
    struct sp_identities *identities;
    struct sp_arena *arena;
    const struct sp_session *session;
    const struct sp_task *task;
    struct sp_str path;  /* PATH of the job */
    struct sp_buf text;  /* of all parts so far */
    struct sp_map words; /* looked at so far */
    bool in_image;       /* only the working directory is seen of this machine */
    struct sp_err *err;
};

static struct sp_str base_name(struct sp_str path)
{
    size_t slash = sp_str_rfind(path, '/');

    return slash == SIZE_MAX ? path : sp_str_slice(path, slash + 1, path.len);
}

/* A variable of the job. */
static struct sp_str variable(const struct finding *finding, const char *name)
{
    const char *own = sp_env_find(finding->task->command.env, name);
    struct sp_str value = own ? sp_str_of(own) : sp_env_get(sp_str_of(name));

    return value.ptr ? value : SP_STR("");
}

/* Names go without blanks, so that the text can be taken apart again. */
static void add_part(struct sp_buf *out,
                     const char *kind,
                     struct sp_str name,
                     const struct sp_digest *digest)
{
    sp_buf_addf(out, "%s%s:", out->len ? " " : "", kind);
    for (size_t i = 0; i < name.len; i++)
        sp_buf_addc(out, name.ptr[i] == ' ' || name.ptr[i] == '=' ? '_' : name.ptr[i]);
    sp_buf_addf(out, "=%.*s", DIGITS, sp_digest_hex(digest).text);
}

/* --- programs ------------------------------------------------------------------------------ */

struct libraries {
    struct sp_memo_entry *entry;
    struct sp_digest *items; /* the first is the program */
    size_t len, capacity;
    bool unreadable;
};

static void add_object(void *arg, const char *path, bool content)
{
    struct libraries *all = arg;
    struct sp_digest digest;

    if (!content) {
        sp_memo_guard(all->entry, path);
        return;
    }
    if (!sp_memo_file(all->entry, path, &digest)) {
        all->unreadable = true;
        return;
    }
    all->items = sp_grow(all->items, &all->capacity, all->len + 1, sizeof *all->items);
    all->items[all->len++] = digest;
}

static int by_bytes(const void *a, const void *b)
{
    return memcmp(a, b, sizeof(struct sp_digest));
}

static enum sp_rc add_elf(struct finding *finding,
                          struct sp_memo_entry *entry,
                          const char *path,
                          struct sp_buf *out)
{
    struct libraries all = { .entry = entry };
    struct sp_str name = base_name(sp_str_of(path));
    struct sp_hasher hasher;

    sp_elf_each(path, variable(finding, "LD_LIBRARY_PATH"), variable(finding, "LD_PRELOAD"),
                add_object, &all);
    sp_hasher_init(&hasher, "spoor.libraries.1");
    if (all.len > 1)
        qsort(all.items + 1, all.len - 1, sizeof *all.items, by_bytes);
    for (size_t i = 1; i < all.len; i++)
        sp_hasher_add_digest(&hasher, &all.items[i]);
    struct sp_digest libraries = sp_hasher_end(&hasher);
    if (all.len) {
        add_part(out, "program", name, &all.items[0]);
        add_part(out, "libraries", name, &libraries);
    }
    free(all.items);
    return all.unreadable
               ? sp_fail(finding->err, SP_IO, "cannot read '%s', or a library that it loads", path)
               : SP_OK;
}

static enum sp_rc add_program(struct finding *finding,
                              struct sp_memo_entry *entry,
                              struct sp_str path,
                              int depth,
                              struct sp_buf *out);

/* The program that a script's first line names; false: none that could be told. */
static bool find_interpreter(struct finding *finding,
                             struct sp_memo_entry *entry,
                             struct sp_str line,
                             struct sp_str *out)
{
    sp_auto_buf struct sp_buf found = SP_BUF(SP_BUF_SMALL);
    struct sp_str path = finding->path;

    struct sp_str word = sp_str_cut(&line, ' ');
    if (sp_str_is(base_name(word), "env")) {
        do
            word = sp_str_trim(sp_str_cut(&line, ' '));
        while (line.ptr && (!word.len || word.ptr[0] == '-' || sp_str_find(word, '=') != SIZE_MAX));
        while (path.ptr) { /* another one could come before it, or be made a program */
            struct sp_str dir = sp_str_cut(&path, ':');
            struct sp_str other =
                sp_arena_join(finding->arena, dir.len ? dir : SP_STR("."), "/", word);
            sp_memo_guard(entry, other.ptr);
        }
    }
    if (!word.len ||
        !sp_find_program(sp_arena_cstr(finding->arena, word), finding->path.ptr, &found))
        return false;
    *out = sp_arena_str(finding->arena, sp_buf_str(&found));
    return true;
}

/* pyenv puts scripts into ROOT/shims that pick ROOT/versions/VERSION/bin/NAME. */
static bool find_behind_shim(struct finding *finding,
                             struct sp_memo_entry *entry,
                             struct sp_str path,
                             struct sp_str *out)
{
    size_t at = sp_str_find_str(path, SP_STR("/shims/"));
    sp_auto_buf struct sp_buf text = SP_BUF(SP_BUF_SMALL);
    struct sp_str version = variable(finding, "PYENV_VERSION");
    struct sp_err ignored = SP_ERR_INIT;

    if (at == SIZE_MAX)
        return false;
    struct sp_str root = sp_str_slice(path, 0, at);
    struct sp_str file = sp_arena_join(finding->arena, root, "/", SP_STR("version"));
    if (!version.len && sp_file_kind(".python-version") == SP_FILE_REGULAR)
        file = SP_STR(".python-version");
    sp_memo_guard(entry, file.ptr);
    sp_memo_guard(entry, ".python-version");
    if (!version.len && sp_file_read(file.ptr, &text, &ignored) == SP_OK) {
        struct sp_str rest = sp_buf_str(&text);
        version = sp_str_trim(sp_str_cut(&rest, '\n'));
    }
    *out = sp_arena_printf(finding->arena, SP_STR_FMT "/versions/" SP_STR_FMT "/bin/" SP_STR_FMT,
                           SP_STR_ARG(root), SP_STR_ARG(version), SP_STR_ARG(base_name(path)));
    return sp_file_kind(out->ptr) == SP_FILE_REGULAR;
}

static bool is_python(struct sp_str path)
{
    return sp_str_starts(base_name(path), "python") || sp_str_starts(base_name(path), "pypy");
}

/* What is in such a directory belongs to a distribution, which speaks for it. */
static bool is_installed(struct sp_str path)
{
    size_t slash = sp_str_rfind(path, '/');

    return slash != SIZE_MAX && sp_str_ends(sp_str_slice(path, 0, slash), "/bin");
}

/* With the modules beside it, which it may import. */
static enum sp_rc find_source(struct finding *finding,
                              struct sp_memo_entry *entry,
                              struct sp_str path,
                              struct sp_buf *out)
{
    struct sp_digest digest;
    enum sp_rc rc = sp_pysource_file(entry, finding->arena, path, &digest, finding->err);

    if (rc == SP_OK)
        add_part(out, "module", base_name(path), &digest);
    return rc;
}

static enum sp_rc add_script(struct finding *finding,
                             struct sp_memo_entry *entry,
                             struct sp_str path,
                             struct sp_str head,
                             int depth,
                             struct sp_buf *out)
{
    struct sp_str interpreter = SP_STR("/bin/sh");
    struct sp_str target;
    struct sp_digest digest;
    enum sp_rc rc = SP_OK;

    if (!sp_memo_file(entry, path.ptr, &digest))
        return sp_fail(finding->err, SP_IO, "cannot read '" SP_STR_FMT "'", SP_STR_ARG(path));
    add_part(out, "script", base_name(path), &digest);
    if (find_behind_shim(finding, entry, path, &target))
        return add_program(finding, entry, target, depth + 1, out);
    if (sp_str_starts(head, "#!")) {
        struct sp_str rest = sp_str_slice(head, 2, head.len);
        struct sp_str line = sp_str_trim(sp_str_cut(&rest, '\n'));
        if (!find_interpreter(finding, entry, line, &interpreter))
            return sp_fail(finding->err, SP_NOT_FOUND,
                           "the interpreter of '" SP_STR_FMT "' is not known: " SP_STR_FMT,
                           SP_STR_ARG(path), SP_STR_ARG(line));
    }
    if (depth >= DEPTH_MAX)
        return sp_fail(finding->err, SP_LIMIT, "'" SP_STR_FMT "' is a script for a script for ...",
                       SP_STR_ARG(path));
    rc = add_program(finding, entry, interpreter, depth + 1, out);
    if (rc == SP_OK && is_python(interpreter) && !is_installed(path))
        rc = find_source(finding, entry, path, out);
    return rc;
}

static struct sp_str read_head(const char *path, char head[HEAD_MAX])
{
    sp_witness_path(path);
    sp_auto_fd int fd = open(path, O_RDONLY | O_CLOEXEC);
    ssize_t n = fd < 0 ? -1 : read(fd, head, HEAD_MAX);

    return (struct sp_str){ head, n > 0 ? (size_t)n : 0 };
}

static enum sp_rc add_program(struct finding *finding,
                              struct sp_memo_entry *entry,
                              struct sp_str path,
                              int depth,
                              struct sp_buf *out)
{
    char bytes[HEAD_MAX];
    struct sp_digest packages;

    path = sp_arena_str(finding->arena, path);
    struct sp_str head = read_head(path.ptr, bytes);
    if (!sp_elf_is_program(head))
        return add_script(finding, entry, path, head, depth, out);
    enum sp_rc rc = add_elf(finding, entry, path.ptr, out);
    if (rc || !is_python(path))
        return rc;
    rc = sp_pysource_packages(entry, finding->arena, path, &packages, finding->err);
    if (rc == SP_OK)
        add_part(out, "packages", base_name(path), &packages);
    return rc;
}

/* --- parts, remembered --------------------------------------------------------------------- */

typedef enum sp_rc (*find_fn)(struct finding *finding,
                              struct sp_memo_entry *entry,
                              struct sp_str what,
                              struct sp_buf *out);

/* All that the answer depends on besides files. Programs are the same in every workspace, unless
 * something there chooses among their versions. */
static struct sp_str memory_name(const struct finding *finding,
                                 const char *kind,
                                 struct sp_str what)
{
    static const char *const names[] = { "LD_LIBRARY_PATH", "LD_PRELOAD", "PYENV_VERSION",
                                         "PYTHONPATH", "HOME" };
    bool local =
        strcmp(kind, "program") != 0 || sp_str_find_str(what, SP_STR("/shims/")) != SIZE_MAX;
    sp_auto_buf struct sp_buf text = SP_BUF(SP_BUF_LARGE);

    sp_buf_addf(&text, "%s " SP_STR_FMT "\t" SP_STR_FMT "\t" SP_STR_FMT, kind, SP_STR_ARG(what),
                SP_STR_ARG(finding->path),
                SP_STR_ARG(local ? finding->session->world.cwd : SP_STR("")));
    for (size_t i = 0; i < SP_COUNT(names); i++)
        sp_buf_addf(&text, "\t" SP_STR_FMT, SP_STR_ARG(variable(finding, names[i])));
    return sp_arena_str(finding->arena, sp_buf_str(&text));
}

/* Append the part of `what`, found out by `find` unless it is remembered. */
static enum sp_rc add_remembered(struct finding *finding,
                                 const char *kind,
                                 struct sp_str what,
                                 find_fn find)
{
    sp_auto_buf struct sp_buf part = SP_BUF(SP_BUF_SMALL);
    struct sp_memo *memo = finding->identities->memo;
    struct sp_str known;
    struct sp_str name = memory_name(finding, kind, what);

    if (!sp_memo_find(memo, name, finding->arena, &known)) {
        struct sp_memo_entry *entry = sp_memo_begin(memo, name);
        enum sp_rc rc = find(finding, entry, what, &part);
        if (rc) {
            sp_memo_drop(entry);
            return rc;
        }
        sp_memo_end(entry, sp_buf_str(&part));
        known = sp_buf_str(&part);
    }
    sp_buf_adds(&finding->text, finding->text.len && known.len ? " " : "");
    sp_buf_add(&finding->text, known);
    return SP_OK;
}

static enum sp_rc find_program(struct finding *finding,
                               struct sp_memo_entry *entry,
                               struct sp_str path,
                               struct sp_buf *out)
{
    return add_program(finding, entry, path, 0, out);
}

static enum sp_rc find_module(struct finding *finding,
                              struct sp_memo_entry *entry,
                              struct sp_str name,
                              struct sp_buf *out)
{
    struct sp_digest digest;
    enum sp_rc rc = sp_pysource_module(entry, finding->arena, finding->session->places.packages,
                                       name, &digest, finding->err);

    if (rc == SP_OK)
        add_part(out, "module", name, &digest);
    return rc;
}

static enum sp_rc find_file(struct finding *finding,
                            struct sp_memo_entry *entry,
                            struct sp_str path,
                            struct sp_buf *out)
{
    struct sp_digest digest;

    if (sp_str_ends(path, ".py"))
        return find_source(finding, entry, path, out);
    if (!sp_memo_file(entry, sp_arena_cstr(finding->arena, path), &digest))
        return sp_fail(finding->err, SP_IO, "cannot read '" SP_STR_FMT "'", SP_STR_ARG(path));
    add_part(out, "script", base_name(path), &digest);
    return SP_OK;
}

/* --- words of a command -------------------------------------------------------------------- */

static bool add_if_program(struct finding *finding, struct sp_str word, enum sp_rc *rc)
{
    sp_auto_buf struct sp_buf found = SP_BUF(SP_BUF_SMALL);

    if (finding->in_image || !word.len || word.ptr[0] == '-' ||
        sp_str_is(base_name(word), "srun") ||
        !sp_find_program(sp_arena_cstr(finding->arena, word), finding->path.ptr, &found))
        return false;
    *rc = add_remembered(finding, "program", sp_buf_str(&found), find_program);
    return true;
}

static bool is_name_char(char c)
{
    return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') ||
           (unsigned char)c >= 0x80 || (c && strchr("/._-+", c));
}

static bool has_text(struct sp_value value, struct sp_str word)
{
    if (sp_is_list(value))
        SP_LIST_EACH(item, value.list)
    if (has_text(*item, word))
        return true;
    return sp_is_text(value) && value.text.len && word.len >= value.text.len &&
           sp_str_eq(sp_str_slice(word, 0, value.text.len), value.text) &&
           (word.len == value.text.len || word.ptr[value.text.len] == '/');
}

/* What a parameter names, and what is in it, is data, though the command line names it, too: what
 * is read, changed or written is known by its version. */
static bool is_data(const struct sp_task *task, struct sp_str word)
{
    for (size_t i = 0; task->inputs && i < task->inputs->len; i++)
        if (has_text(task->inputs->entries[i].value, word))
            return true;
    return false;
}

/* Can whoever runs the task see the file `word`? */
static bool is_seen(const struct finding *finding, struct sp_str word)
{
    struct sp_str here = finding->session->world.cwd;

    return !finding->in_image || !sp_str_starts(word, "/") ||
           (sp_str_starts(word, sp_arena_cstr(finding->arena, here)) && word.len > here.len &&
            word.ptr[here.len] == '/');
}

static bool is_new_word(struct finding *finding, struct sp_str word)
{
    if (!word.len || sp_map_has(&finding->words, word))
        return false;
    sp_map_set(&finding->words, word, finding);
    return true;
}

/* Programs and scripts that fixed words of the command name: "nice wsclean", "python fit.py", the
 * text behind "bash -c". */
static enum sp_rc add_words(struct finding *finding, struct sp_str text, size_t *count)
{
    enum sp_rc rc = SP_OK;
    size_t from = 0;

    for (size_t i = 0; i <= text.len && rc == SP_OK; i++) {
        if (i < text.len && is_name_char(text.ptr[i]))
            continue;
        struct sp_str word = sp_str_slice(text, from, i);
        from = i + 1;
        if (!is_new_word(finding, word) || (*count)++ >= WORDS_MAX ||
            add_if_program(finding, word, &rc) || is_data(finding->task, word) ||
            !is_seen(finding, word))
            continue;
        if (sp_file_kind(sp_arena_cstr(finding->arena, word)) == SP_FILE_REGULAR)
            rc = add_remembered(finding, "file", word, find_file);
    }
    return rc;
}

static enum sp_rc add_command(struct finding *finding)
{
    sp_auto_buf struct sp_buf found = SP_BUF(SP_BUF_SMALL);

    enum sp_rc rc = sp_program_get(sp_arena_cstr(finding->arena, finding->task->command.short_name),
                                   finding->path.ptr, NULL, &found, finding->err);
    return rc ? rc : add_remembered(finding, "program", sp_buf_str(&found), find_program);
}

static enum sp_rc add_binary(struct finding *finding)
{
    const struct sp_task *task = finding->task;
    const struct sp_list *args = task->cab->args;
    const struct sp_list *resolved = task->command.resolved;
    struct sp_str command = sp_str_trim(task->cab->command);
    size_t count = 0;

    enum sp_rc rc = finding->in_image ? add_words(finding, task->command.short_name, &count)
                                      : add_command(finding);
    (void)sp_str_cut(&command, ' ');
    if (rc == SP_OK)
        rc = add_words(finding, command, &count);
    for (size_t i = 0; args && i < args->len && rc == SP_OK; i++)
        rc = add_words(finding, args->items[i].text, &count);
    for (size_t i = 0; resolved && i < resolved->len && rc == SP_OK; i++)
        rc = add_words(finding, resolved->items[i].text, &count);
    return rc;
}

/* Everything before "-c PROGRAM": wrappers, and what runs Python. */
static enum sp_rc add_interpreters(struct finding *finding)
{
    const struct sp_command *command = &finding->task->command;
    enum sp_rc rc = SP_OK;
    size_t end = command->argc;
    bool found = false;

    if (finding->in_image)
        return SP_OK;
    while (end > 0 && strcmp(command->argv[end - 1], "-c") != 0)
        end--;
    for (size_t i = 0; i + 1 < end && rc == SP_OK; i++)
        found = add_if_program(finding, sp_str_of(command->argv[i]), &rc) || found;
    if (rc == SP_OK && !found)
        rc = sp_fail(finding->err, SP_NOT_FOUND, "no program of '%s' is in PATH",
                     command->argc ? command->argv[0] : "");
    return rc;
}

/* "import a, b.c as d" and "from a.b import c": those that are in the working directory. */
static enum sp_rc add_local_imports(struct finding *finding, struct sp_str code)
{
    enum sp_rc rc = SP_OK;

    while (code.ptr && rc == SP_OK) {
        struct sp_str line = sp_str_trim(sp_str_cut(&code, '\n'));
        struct sp_str word = sp_str_cut(&line, ' ');
        bool from = sp_str_is(word, "from");
        if (!from && !sp_str_is(word, "import"))
            continue;
        while (line.ptr && rc == SP_OK) {
            struct sp_str piece = sp_str_trim(sp_str_cut(&line, from ? '\n' : ','));
            struct sp_str name = sp_str_cut(&piece, ' ');
            if (name.len && sp_pysource_is_own(finding->arena, name))
                rc = add_remembered(finding, "module", name, find_module);
        }
    }
    return rc;
}

static enum sp_rc add_python(struct finding *finding)
{
    struct sp_str command = sp_str_trim(finding->task->command.short_name);
    size_t close = sp_str_rfind(command, ')');
    enum sp_rc rc = add_interpreters(finding);

    if (rc)
        return rc;
    if (sp_str_starts(command, "(") && close != SIZE_MAX)
        return add_remembered(finding, "source", sp_str_trim(sp_str_slice(command, 1, close)),
                              find_source);
    if (finding->in_image && !sp_pysource_is_own(finding->arena, command))
        return SP_OK;
    return add_remembered(finding, "module", sp_str_slice(command, 0, sp_str_rfind(command, '.')),
                          find_module);
}

static enum sp_rc add_python_code(struct finding *finding)
{
    enum sp_rc rc = add_interpreters(finding);

    return rc ? rc : add_local_imports(finding, finding->task->cab->command);
}

static enum sp_rc (*const flavours[])(struct finding *finding) = {
    [SP_FLAVOUR_BINARY] = add_binary,
    [SP_FLAVOUR_PYTHON] = add_python,
    [SP_FLAVOUR_PYTHON_CODE] = add_python_code,
    [SP_FLAVOUR_CASA] = add_interpreters,
};

/* The tag and the name mean nothing, and who runs it neither. */
static enum sp_rc add_image(struct finding *finding, struct sp_images *images)
{
    const struct sp_step_image *image;
    struct sp_str tool = sp_identity_program(finding->task);

    enum sp_rc rc = sp_images_find(images, finding->task, &image, finding->err);
    if (rc)
        return rc;
    if (!image->manifest.hex[0])
        return sp_fail(finding->err, SP_NOT_FOUND,
                       "image '" SP_STR_FMT "' is not here: a run fetches it",
                       SP_STR_ARG(image->name));
    sp_buf_adds(&finding->text, "image:");
    for (size_t i = 0; i < tool.len; i++)
        sp_buf_addc(&finding->text, strchr(" =:", tool.ptr[i]) ? '_' : tool.ptr[i]);
    sp_buf_addf(&finding->text, "=%s", image->manifest.hex);
    return SP_OK;
}

enum sp_rc sp_identity_of(struct sp_identities *identities,
                          struct sp_arena *arena,
                          const struct sp_session *session,
                          struct sp_str path,
                          const struct sp_task *task,
                          struct sp_str *out,
                          struct sp_err *err)
{
    struct finding finding = {
        .identities = identities,
        .arena = arena,
        .session = session,
        .task = task,
        .path = sp_arena_str(arena, sp_jobspec_path(arena, session, path, task)),
        .text = SP_BUF(SP_BUF_LARGE),
        .err = err,
    };

    const struct sp_backend_ops *ops =
        sp_backend_find(task->backend_name.len ? task->backend_name.ptr : "native");
    enum sp_rc rc = SP_OK;
    finding.in_image = sp_images_take(session->images, task);
    if (finding.in_image)
        rc = add_image(&finding, session->images);
    else if (!ops || !ops->is_local)
        rc = sp_fail(err, SP_NOT_FOUND, "what backend " SP_STR_FMT " runs is not known",
                     SP_STR_ARG(task->backend_name));
    if (rc == SP_OK)
        rc = flavours[task->cab->flavour](&finding);
    /* A box hides what nobody has declared (variables, settings in the home directory): the same
     * program may make something else of the same inputs there. */
    if (rc == SP_OK && !finding.in_image && strcmp(ops->name, "native") != 0)
        sp_buf_addf(&finding.text, " in:%s", ops->name);
    if (rc == SP_OK)
        *out = sp_arena_str(arena, sp_buf_str(&finding.text));
    sp_buf_fini(&finding.text);
    sp_map_fini(&finding.words);
    return rc;
}

struct sp_str sp_identity_program(const struct sp_task *task)
{
    return base_name(task->command.short_name);
}
