/* SPDX-License-Identifier: BSD-3-Clause */
#include "engine/logbook.h"

#include "base/clock.h"
#include "base/fault.h"
#include "base/map.h"

#include "lang/path.h"
#include "sys/env.h"
#include "sys/file.h"
#include "sys/witness.h"
#include "value/text.h"

#include <ctype.h>
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

#define DEPTH_MAX 64                /* deeper nesting logs into the last one */
#define SESSION   (-1)              /* "depth" of the file of the session */
#define BLOCK_MAX ((size_t)1 << 20) /* bytes kept back where files are shared */
#define LINES_MAX ((size_t)1 << 14) /* and where they are not */

/* A file of this session, known to all books. */
struct shared_file {
    struct sp_str path;
    size_t users; /* books that have it in use */
    bool made;
};

/* What the books of a session have together. */
struct session_logs {
    struct sp_arena *arena;
    struct sp_map files; /* path -> struct shared_file * */
    const char *logger;
    struct sp_str dir; /* of the first file */
    struct sp_err failure;
};

/* A file as one book uses it. */
struct log_file {
    struct shared_file *shared;
    int depth;     /* of the recipe or step whose file it is */
    char *symlink; /* name of the link to a new directory, or NULL; owned */
    enum sp_log_level level;
    struct sp_buf pending; /* whole records */
};

struct sp_logbook {
    struct session_logs *session;
    bool is_fork;
    struct log_file files[DEPTH_MAX + 1];
    size_t depth;             /* files in use, one a depth at most; the last one gets the lines */
    struct sp_buf logger;     /* "SPOOR.demo.image": who speaks, whatever the file */
    struct sp_arena *scratch; /* for one call */
};

static const char *const level_names[] = {
    [SP_LOG_DEBUG] = "DEBUG", [SP_LOG_INFO] = "INFO",         [SP_LOG_WARNING] = "WARNING",
    [SP_LOG_ERROR] = "ERROR", [SP_LOG_CRITICAL] = "CRITICAL",
};

const char *sp_log_level_name(enum sp_log_level level)
{
    return level_names[level];
}

/* --- files --------------------------------------------------------------------------------- */

static void note_failure(struct sp_logbook *book, const char *what, struct sp_str path)
{
    if (book->session->failure.code == SP_OK)
        (void)sp_fail_errno(&book->session->failure, "%s log file %s", what, path.ptr);
}

/* Beside the new directory a link to it, in place of the one to the last; never of a real file. */
static void link_newest(struct sp_logbook *book, struct sp_str dir, const char *name)
{
    size_t slash = sp_str_rfind(dir, '/');
    size_t start = slash == SIZE_MAX ? 0 : slash + 1;
    struct sp_str link = sp_arena_printf(book->scratch, SP_STR_FMT "%s",
                                         SP_STR_ARG(sp_str_slice(dir, 0, start)), name);
    char target[2];

    if (readlink(link.ptr, target, sizeof target) > 0)
        (void)unlink(link.ptr);
    else if (sp_file_kind(link.ptr) != SP_FILE_NONE)
        return;
    if (symlink(sp_arena_cstr(book->scratch, sp_str_slice(dir, start, dir.len)), link.ptr) != 0)
        note_failure(book, "link", link);
}

static void make_directory(struct sp_logbook *book, const struct log_file *file)
{
    struct sp_str path = file->shared->path;
    struct sp_err err = SP_ERR_INIT;
    size_t slash = sp_str_rfind(path, '/');

    if (slash == SIZE_MAX || slash == 0)
        return;
    char *dir = sp_arena_cstr(book->scratch, sp_str_slice(path, 0, slash));
    bool is_new = sp_file_kind(dir) == SP_FILE_NONE;
    if (sp_make_dirs(dir, &err) == SP_OK) {
        if (is_new && file->symlink)
            link_newest(book, sp_str_of(dir), file->symlink);
    } else if (book->session->failure.code == SP_OK) {
        book->session->failure = err;
    }
}

/* What an earlier session has written is not lost. The one before that goes first: ext4 writes a
 * file to the disk, which takes milliseconds, when it is renamed over another. */
static void keep_earlier(struct sp_logbook *book, struct sp_str path)
{
    struct sp_str kept = sp_arena_printf(book->scratch, SP_STR_FMT "~", SP_STR_ARG(path));

    if (sp_file_kind(path.ptr) != SP_FILE_REGULAR)
        return;
    (void)unlink(kept.ptr);
    if (rename(path.ptr, kept.ptr) != 0)
        note_failure(book, "keep", path);
}

static int open_file(struct sp_logbook *book, const struct log_file *file)
{
    struct shared_file *shared = file->shared;
    int start = shared->made ? 0 : O_TRUNC;
    SP_WITNESS_PAUSED;

    if (!shared->made) {
        make_directory(book, file);
        keep_earlier(book, shared->path);
    }
    int fd = SP_FAULT("log.open", EACCES)
                 ? -1
                 : open(shared->path.ptr, O_WRONLY | O_CREAT | O_APPEND | O_CLOEXEC | start, 0666);
    if (fd < 0)
        note_failure(book, "open", shared->path);
    else
        shared->made = true;
    return fd;
}

static bool write_all(int fd, struct sp_str text)
{
    while (text.len) {
        ssize_t done = SP_FAULT("log.write", ENOSPC) ? -1 : write(fd, text.ptr, text.len);
        if (done < 0 && errno == EINTR)
            continue;
        if (done < 0)
            return false;
        text = sp_str_slice(text, (size_t)done, text.len);
    }
    return true;
}

static void flush_file(struct sp_logbook *book, struct log_file *file)
{
    if (!file->pending.len)
        return;
    sp_auto_fd int fd = open_file(book, file);
    if (fd >= 0 && !write_all(fd, sp_buf_str(&file->pending)))
        note_failure(book, "write", file->shared->path);
    sp_buf_clear(&file->pending);
}

/* Those of this depth, and of greater ones. */
static void close_files(struct sp_logbook *book, int depth)
{
    while (book->depth && book->files[book->depth - 1].depth >= depth) {
        struct log_file *file = &book->files[--book->depth];
        flush_file(book, file);
        file->shared->users--;
        sp_buf_fini(&file->pending);
        free(file->symlink);
        *file = (struct log_file){ 0 };
    }
}

static void add_file(struct sp_logbook *book,
                     struct shared_file *shared,
                     int depth,
                     struct sp_str symlink,
                     enum sp_log_level level)
{
    shared->users++;
    book->files[book->depth++] = (struct log_file){
        .shared = shared,
        .depth = depth,
        .symlink = symlink.len ? strndup(symlink.ptr, symlink.len) : NULL,
        .level = level,
        .pending = SP_BUF(SP_BUF_LARGE),
    };
}

static struct shared_file *find_file(struct sp_logbook *book, struct sp_str path)
{
    struct session_logs *session = book->session;
    struct shared_file *shared = sp_map_find(&session->files, path);

    if (!shared) {
        shared = SP_ARENA_NEW(session->arena, struct shared_file, 1);
        shared->path = sp_arena_str(session->arena, path);
        sp_map_set(&session->files, shared->path, shared);
    }
    return shared;
}

/* Of the first recipe, not of the session. */
static void note_dir(struct sp_logbook *book, struct sp_str path)
{
    size_t slash = sp_str_rfind(path, '/');

    if (!book->session->dir.ptr)
        book->session->dir = slash == SIZE_MAX ? SP_STR(".") : sp_str_slice(path, 0, slash);
}

/* --- books --------------------------------------------------------------------------------- */

static struct sp_logbook *new_book(struct session_logs *session)
{
    struct sp_logbook *book = sp_alloc(sizeof *book);

    book->session = session;
    book->logger = SP_BUF(SP_BUF_SMALL);
    book->scratch = sp_arena_new();
    return book;
}

struct sp_logbook *sp_logbook_new(const char *logger)
{
    struct session_logs *session = sp_alloc(sizeof *session);

    session->arena = sp_arena_new();
    session->logger = logger;
    return new_book(session);
}

struct sp_logbook *sp_logbook_fork(struct sp_logbook *book)
{
    struct sp_logbook *fork = new_book(book->session);

    fork->is_fork = true;
    sp_buf_add(&fork->logger, sp_buf_str(&book->logger));
    for (size_t i = 0; i < book->depth; i++) {
        struct log_file *file = &book->files[i];
        flush_file(book, file);
        add_file(fork, file->shared, file->depth, sp_str_of(file->symlink), file->level);
    }
    return fork;
}

void sp_logbook_free(struct sp_logbook *book)
{
    if (!book)
        return;
    close_files(book, SESSION);
    if (!book->is_fork) {
        sp_map_fini(&book->session->files);
        sp_arena_free(book->session->arena);
        free(book->session);
    }
    sp_buf_fini(&book->logger);
    sp_arena_free(book->scratch);
    free(book);
}

/* --- positions ----------------------------------------------------------------------------- */

static struct sp_str option_text(const struct sp_dict *log, const char *key, const char *otherwise)
{
    const struct sp_value *value = log ? sp_dict_get(log, key) : NULL;

    return value && sp_is_text(*value) ? value->text : sp_str_of(otherwise);
}

static bool option_enabled(const struct sp_dict *log)
{
    const struct sp_value *value = log ? sp_dict_get(log, "enable") : NULL;

    return !value || value->kind == SP_NULL || sp_truth(*value);
}

static int64_t option_nest(const struct sp_dict *log)
{
    const struct sp_value *value = log ? sp_dict_get(log, "nest") : NULL;

    return value && value->kind == SP_INT ? value->integer : 999;
}

static enum sp_log_level option_level(const struct sp_dict *log)
{
    struct sp_str name = option_text(log, "level", "INFO");

    for (size_t i = 0; i < SP_COUNT(level_names); i++)
        if (sp_str_is_nocase(name, level_names[i]))
            return (enum sp_log_level)i;
    return SP_LOG_INFO;
}

/* Letters, digits, everything outside ASCII, and what stands in names without need of quotes. */
static bool is_fine(char c)
{
    return c < 0 || isalnum((unsigned char)c) || strchr("_./-+@:,=%", c);
}

/* dir/name+ext; characters that shells stumble over become '_'. */
static struct sp_str log_path(struct sp_arena *arena,
                              const struct sp_dict *log,
                              struct sp_str fqname)
{
    struct sp_str dir = option_text(log, "dir", ".");
    struct sp_str name = option_text(log, "name", "");
    struct sp_str ext = option_text(log, "ext", ".txt");

    if (name.len == 0)
        name = sp_arena_printf(arena, "log-" SP_STR_FMT, SP_STR_ARG(fqname));
    bool here = dir.len == 0 || sp_str_is(dir, ".");
    struct sp_str path = sp_arena_printf(arena, SP_STR_FMT "%s" SP_STR_FMT SP_STR_FMT,
                                         SP_STR_ARG(here ? SP_STR("") : dir), here ? "" : "/",
                                         SP_STR_ARG(name), SP_STR_ARG(ext));
    char *clean =
        sp_arena_cstr(arena, sp_path_expand_home(arena, path, sp_env_get(SP_STR("HOME"))));
    for (char *c = clean; *c; c++)
        if (!is_fine(*c))
            *c = '_';
    return sp_str_of(clean);
}

static void use_file(struct sp_logbook *book,
                     const struct sp_dict *log,
                     int depth,
                     struct sp_str fqname)
{
    if (!option_enabled(log) || depth > option_nest(log))
        return;
    struct sp_str path = log_path(book->scratch, log, fqname);
    if (book->depth && sp_str_eq(path, book->files[book->depth - 1].shared->path))
        return; /* the same name as the enclosing one: one file */
    struct shared_file *shared = find_file(book, path);
    if (depth != SESSION)
        note_dir(book, shared->path);
    add_file(book, shared, depth, option_text(log, "symlink", ""), option_level(log));
}

static int depth_of(const struct sp_position *position)
{
    return (int)SP_MIN(position->depth, (unsigned)DEPTH_MAX - 1);
}

static struct sp_str name_of(const struct sp_position *position)
{
    return position->worker.len ? position->taskname : position->fqname;
}

static void set_logger(struct sp_logbook *book, struct sp_str name)
{
    sp_buf_clear(&book->logger);
    sp_buf_addf(&book->logger, "%s%s" SP_STR_FMT, book->session->logger, name.len ? "." : "",
                SP_STR_ARG(name));
}

void sp_logbook_begin(struct sp_logbook *book, const struct sp_dict *log, struct sp_str name)
{
    set_logger(book, SP_STR(""));
    use_file(book, log, SESSION, name);
}

void sp_logbook_end(struct sp_logbook *book)
{
    if (!book->depth || book->files[0].depth != SESSION)
        return;
    close_files(book, SESSION + 1);
    set_logger(book, SP_STR(""));
}

void sp_logbook_enter(struct sp_logbook *book, const struct sp_position *position)
{
    int depth = depth_of(position);

    close_files(book, depth);
    sp_arena_reset(book->scratch);
    set_logger(book, name_of(position));
    use_file(book, position->log, depth, position->fqname);
}

void sp_logbook_leave(struct sp_logbook *book, const struct sp_position *position)
{
    struct sp_str name = name_of(position);
    size_t own = position->label.len + 1; /* ".label" */

    close_files(book, depth_of(position));
    if (name.len > own &&
        sp_str_eq(sp_str_slice(name, name.len - position->label.len, name.len), position->label))
        set_logger(book, sp_str_slice(name, 0, name.len - own));
}

void sp_logbook_spare(struct sp_logbook *book, const struct sp_position *position)
{
    const struct log_file *own = book->depth > 1 ? &book->files[book->depth - 1] : NULL;

    if (own && own->depth == depth_of(position) && !own->shared->made && !own->pending.len)
        close_files(book, own->depth);
}

/* --- writing ------------------------------------------------------------------------------- */

void sp_logbook_write(struct sp_logbook *book, enum sp_log_level level, struct sp_str text)
{
    struct log_file *file = book->depth ? &book->files[book->depth - 1] : NULL;

    if (!file || level < file->level)
        return;
    struct sp_clock_text now = sp_clock_local(sp_clock_realtime());
    sp_buf_addf(&file->pending, "%s %s %s: ", now.text, book->logger.ptr, level_names[level]);
    sp_buf_add_plain(&file->pending, text);
    sp_buf_addc(&file->pending, '\n');
    size_t most = file->shared->users > 1 ? BLOCK_MAX : LINES_MAX;
    if (level >= SP_LOG_ERROR || file->pending.len > most)
        flush_file(book, file);
}

void sp_logbook_flush(struct sp_logbook *book)
{
    for (size_t i = 0; i < book->depth; i++)
        if (book->files[i].shared->users == 1)
            flush_file(book, &book->files[i]);
}

struct sp_str sp_logbook_logger(const struct sp_logbook *book)
{
    return sp_buf_str(&book->logger);
}

struct sp_str sp_logbook_path(const struct sp_logbook *book)
{
    return book->depth ? book->files[book->depth - 1].shared->path : SP_STR("");
}

const char *sp_logbook_error(const struct sp_logbook *book)
{
    return book->session->failure.code ? book->session->failure.text : NULL;
}

struct sp_str sp_logbook_dir(const struct sp_logbook *book)
{
    return book->session->dir.ptr ? book->session->dir : SP_STR(".");
}
