/* SPDX-License-Identifier: BSD-3-Clause */
#include "engine/logbook.h"

#include "base/clock.h"
#include "base/fault.h"
#include "base/map.h"

#include "sys/env.h"
#include "sys/file.h"
#include "value/text.h"

#include <ctype.h>
#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

#define DEPTH_MAX 64 /* files open at a time; deeper nesting logs into the last one */

struct log_file {
    FILE *stream;
    struct sp_str path;    /* arena */
    struct sp_str symlink; /* name of the link to a new directory; may be empty */
    enum sp_log_level level;
    bool opened; /* or failed to: not tried again */
};

struct sp_logbook {
    struct sp_arena *arena;
    struct log_file files[DEPTH_MAX];
    size_t depth;         /* files in use; the last one gets the lines */
    struct sp_str logger; /* "SPOOR.demo.image": who speaks, whatever the file */
    struct sp_map seen;   /* paths opened in this session */
    struct sp_err failure;
};

static const char *const level_names[] = {
    [SP_LOG_DEBUG] = "DEBUG", [SP_LOG_INFO] = "INFO",         [SP_LOG_WARNING] = "WARNING",
    [SP_LOG_ERROR] = "ERROR", [SP_LOG_CRITICAL] = "CRITICAL",
};

const char *sp_log_level_name(enum sp_log_level level)
{
    return level_names[level];
}

struct sp_logbook *sp_logbook_new(void)
{
    struct sp_logbook *book = sp_alloc(sizeof *book);

    book->arena = sp_arena_new();
    return book;
}

static void note_failure(struct sp_logbook *book, const char *what, struct sp_str path)
{
    if (book->failure.code == SP_OK)
        (void)sp_fail_errno(&book->failure, "%s log file %s", what, path.ptr);
}

static void close_files(struct sp_logbook *book, size_t keep)
{
    while (book->depth > keep) {
        struct log_file *file = &book->files[--book->depth];
        if (file->stream && fclose(file->stream) != 0)
            note_failure(book, "write", file->path);
        *file = (struct log_file){ 0 };
    }
}

void sp_logbook_free(struct sp_logbook *book)
{
    if (!book)
        return;
    close_files(book, 0);
    sp_map_fini(&book->seen);
    sp_arena_free(book->arena);
    free(book);
}

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

/* "~/x" -> "/home/me/x". */
static struct sp_str expand_home(struct sp_arena *arena, struct sp_str path)
{
    struct sp_str home = sp_env_get(SP_STR("HOME"));

    if (!home.len || (!sp_str_is(path, "~") && !sp_str_starts(path, "~/")))
        return path;
    return sp_arena_printf(arena, SP_STR_FMT SP_STR_FMT, SP_STR_ARG(home),
                           SP_STR_ARG(sp_str_slice(path, 1, path.len)));
}

/* dir/name+ext; characters that shells and grep stumble over become '_'. */
static struct sp_str log_path(struct sp_arena *arena, const struct sp_position *position)
{
    struct sp_str dir = option_text(position->log, "dir", ".");
    struct sp_str name = option_text(position->log, "name", "");
    struct sp_str ext = option_text(position->log, "ext", ".txt");

    if (name.len == 0)
        name = sp_arena_printf(arena, "log-" SP_STR_FMT, SP_STR_ARG(position->fqname));
    bool here = dir.len == 0 || sp_str_is(dir, ".");
    struct sp_str path = sp_arena_printf(arena, SP_STR_FMT "%s" SP_STR_FMT SP_STR_FMT,
                                         SP_STR_ARG(here ? SP_STR("") : dir), here ? "" : "/",
                                         SP_STR_ARG(name), SP_STR_ARG(ext));
    char *clean = sp_arena_cstr(arena, expand_home(arena, path));
    for (char *c = clean; *c; c++)
        if (!isalnum((unsigned char)*c) && !strchr("_./-", *c))
            *c = '_';
    return sp_str_of(clean);
}

void sp_logbook_enter(struct sp_logbook *book, const struct sp_position *position)
{
    size_t depth = SP_MIN((size_t)position->depth, (size_t)DEPTH_MAX - 1);

    close_files(book, depth);
    book->logger = sp_arena_printf(book->arena, "SPOOR." SP_STR_FMT, SP_STR_ARG(position->fqname));
    if (!option_enabled(position->log) || (int64_t)depth > option_nest(position->log))
        return;
    struct sp_str path = log_path(book->arena, position);
    if (book->depth && sp_str_eq(path, book->files[book->depth - 1].path))
        return; /* the same name as the enclosing one: one file */
    book->files[book->depth++] = (struct log_file){
        .path = path,
        .symlink = option_text(position->log, "symlink", ""),
        .level = option_level(position->log),
    };
}

/* Beside the new directory a link to it, in place of the one to the last; never of a real file. */
static void link_newest(struct sp_logbook *book, struct sp_str dir, struct sp_str name)
{
    size_t slash = sp_str_rfind(dir, '/');
    size_t start = slash == SIZE_MAX ? 0 : slash + 1;
    struct sp_str link = sp_arena_printf(book->arena, SP_STR_FMT SP_STR_FMT,
                                         SP_STR_ARG(sp_str_slice(dir, 0, start)), SP_STR_ARG(name));
    char target[2];

    if (readlink(link.ptr, target, sizeof target) > 0)
        (void)unlink(link.ptr);
    else if (sp_file_kind(link.ptr) != SP_FILE_NONE)
        return;
    if (symlink(sp_arena_cstr(book->arena, sp_str_slice(dir, start, dir.len)), link.ptr) != 0)
        note_failure(book, "link", link);
}

static void make_directory(struct sp_logbook *book, const struct log_file *file)
{
    struct sp_err err = SP_ERR_INIT;
    size_t slash = sp_str_rfind(file->path, '/');

    if (slash == SIZE_MAX || slash == 0)
        return;
    char *dir = sp_arena_cstr(book->arena, sp_str_slice(file->path, 0, slash));
    bool is_new = sp_file_kind(dir) == SP_FILE_NONE;
    if (sp_make_dirs(dir, &err) == SP_OK) {
        if (is_new && file->symlink.len)
            link_newest(book, sp_str_of(dir), file->symlink);
    } else if (book->failure.code == SP_OK) {
        book->failure = err;
    }
}

static void open_file(struct sp_logbook *book, struct log_file *file)
{
    file->opened = true;
    make_directory(book, file);
    bool again = sp_map_has(&book->seen, file->path);
    file->stream = SP_FAULT("log.open", EACCES) ? NULL : fopen(file->path.ptr, again ? "ae" : "we");
    if (!file->stream) {
        note_failure(book, "open", file->path);
        return;
    }
    sp_map_set(&book->seen, file->path, book);
}

void sp_logbook_write(struct sp_logbook *book, enum sp_log_level level, struct sp_str text)
{
    if (book->depth == 0)
        return;
    struct log_file *file = &book->files[book->depth - 1];
    if (level < file->level)
        return;
    if (!file->opened)
        open_file(book, file);
    if (!file->stream)
        return;
    struct sp_clock_text now = sp_clock_local(sp_clock_realtime());
    if (SP_FAULT("log.write", ENOSPC) ||
        fprintf(file->stream, "%s " SP_STR_FMT " %s: " SP_STR_FMT "\n", now.text,
                SP_STR_ARG(book->logger), level_names[level], SP_STR_ARG(text)) < 0)
        note_failure(book, "write", file->path);
    if (level >= SP_LOG_ERROR)
        sp_logbook_flush(book);
}

void sp_logbook_flush(struct sp_logbook *book)
{
    for (size_t i = 0; i < book->depth; i++)
        if (book->files[i].stream && fflush(book->files[i].stream) != 0)
            note_failure(book, "write", book->files[i].path);
}

struct sp_str sp_logbook_path(const struct sp_logbook *book)
{
    return book->depth ? book->files[book->depth - 1].path : SP_STR("");
}

const char *sp_logbook_error(const struct sp_logbook *book)
{
    return book->failure.code ? book->failure.text : NULL;
}
