/* SPDX-License-Identifier: BSD-3-Clause */
#include "sys/witness.h"

#include "base/arena.h"
#include "base/blake3.h"
#include "base/clock.h"
#include "base/map.h"
#include "base/vec.h"

#include "sys/pool.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <sys/stat.h>
#include <unistd.h>

#define DEPTH_MAX 200                   /* of trees: as sys/file.h walks them */
#define TICK      (20 * SP_NSEC_PER_MS) /* longer than one of any kernel's clock */
#define PIECE     512                   /* questions that a thread asks at once */

enum kind {
    PATH = 'p',     /* what is there, a link itself */
    FOLLOWED = 'f', /* what the link points to */
    TIMES = 't',    /* the same as FOLLOWED, of a directory, with its times */
    NAMES = 'n',    /* in a directory, and what sort of thing has each */
    VARIABLE = 'e', /* of the environment; its name is the path */
};

struct question {
    enum kind kind;
    struct sp_str path;
    struct sp_digest answer;
    mode_t mode; /* of what is there; 0: nothing is */
};

struct witness {
    struct sp_arena *arena; /* NULL: nothing was begun */
    struct sp_map known;    /* "kPATH": number + 1 */
    struct sp_map walked;   /* path of a directory whose tree was asked about: 1, with times 2 */
    SP_VEC(struct question) questions;
    struct sp_str here; /* the working directory and a slash */
    sp_nsec begun, newest;
    bool blind;
    unsigned paused;
};

static _Thread_local struct witness witness;

/* --- answers ------------------------------------------------------------------------------ */

/* With its type: glob(3) never asks about a plain file where only a directory will do. A link that
 * takes the place of another is another file, whatever they point to. */
static struct sp_digest digest_of_entry(const struct dirent *entry)
{
    char text[1 + sizeof entry->d_ino + sizeof entry->d_name];
    ino_t number = entry->d_type == DT_LNK ? entry->d_ino : 0;
    size_t len = strlen(entry->d_name);

    text[0] = (char)entry->d_type;
    memcpy(text + 1, &number, sizeof number);
    memcpy(text + 1 + sizeof number, entry->d_name, len);
    return sp_blake3((struct sp_str){ text, 1 + sizeof number + len });
}

/* The order of the names on disk does not matter: their digests are added up. */
static struct sp_digest answer_names(const char *path)
{
    uint64_t sum[SP_DIGEST_SIZE / sizeof(uint64_t)] = { 0 };
    struct sp_digest out = { 0 };
    DIR *dir = opendir(path);

    if (!dir)
        return out;
    for (const struct dirent *entry; (entry = readdir(dir));) {
        struct sp_digest one = digest_of_entry(entry);
        uint64_t words[SP_COUNT(sum)];
        memcpy(words, one.bytes, sizeof words);
        for (size_t i = 0; i < SP_COUNT(sum); i++)
            sum[i] += words[i];
    }
    (void)closedir(dir);
    memcpy(out.bytes, sum, sizeof sum);
    return out;
}

static struct sp_digest digest_of(const struct stat *info, bool times)
{
    uint64_t facts[] = {
        info->st_mode,
        info->st_dev,
        info->st_ino,
        times ? (uint64_t)info->st_size : 0,
        times ? (uint64_t)sp_clock_nsec(info->st_mtim) : 0,
        times ? (uint64_t)sp_clock_nsec(info->st_ctim) : 0,
    };

    return sp_blake3((struct sp_str){ (const char *)facts, sizeof facts });
}

/* Set to nothing is not the same as not set. */
static struct sp_digest answer_variable(const char *name)
{
    const char *value = getenv(name);

    return value ? sp_blake3(sp_str_of(value)) : (struct sp_digest){ 0 };
}

/* What is there; `info` is all zero when there is nothing. */
static struct sp_digest answer(enum kind kind, const char *path, struct stat *info)
{
    *info = (struct stat){ 0 };
    if (kind == NAMES)
        return answer_names(path);
    if (kind == VARIABLE)
        return answer_variable(path);
    if (fstatat(AT_FDCWD, path, info, kind == PATH ? AT_SYMLINK_NOFOLLOW : 0) < 0)
        *info = (struct stat){ .st_ino = errno == ENOTDIR ? ENOENT : (ino_t)errno };
    return digest_of(info, kind == TIMES || !S_ISDIR(info->st_mode));
}

/* --- asking ------------------------------------------------------------------------------- */

static bool is_listening(void)
{
    return witness.arena && !witness.paused;
}

/* As short as possible: that is quicker to look up, and one name for "./a", "a" and "/here/a". */
static struct sp_str short_path(struct sp_str path)
{
    if (path.len > witness.here.len && memcmp(path.ptr, witness.here.ptr, witness.here.len) == 0)
        path = sp_str_slice(path, witness.here.len, path.len);
    while (sp_str_starts(path, "./") && path.len > 2)
        path = sp_str_slice(path, 2, path.len);
    return path.len ? path : SP_STR(".");
}

static const struct question *find(enum kind kind, struct sp_str path)
{
    sp_auto_buf struct sp_buf key = SP_BUF(SP_BUF_SMALL);

    sp_buf_addc(&key, (char)kind);
    sp_buf_add(&key, path);
    uintptr_t at = (uintptr_t)sp_map_find(&witness.known, sp_buf_str(&key));
    return at ? &witness.questions.items[at - 1] : NULL;
}

/* A path below a plain file: there is nothing, as long as that is a file. */
static bool is_below_file(struct sp_str path)
{
    size_t slash = sp_str_rfind(path, '/');
    const struct question *above =
        slash == SIZE_MAX ? NULL : find(PATH, sp_str_slice(path, 0, slash));

    return above && S_ISREG(above->mode);
}

/* Ask, unless that was done; the mode of what is there, links followed. */
static mode_t ask(enum kind kind, struct sp_str path)
{
    const struct question *known = find(kind, path);
    struct stat info;

    if (known)
        return S_ISLNK(known->mode) ? find(FOLLOWED, path)->mode : known->mode;
    if (kind != VARIABLE && is_below_file(path))
        return 0;
    struct sp_str key = sp_arena_printf(witness.arena, "%c" SP_STR_FMT, kind, SP_STR_ARG(path));
    struct question *question = SP_VEC_ADD(&witness.questions);
    question->kind = kind;
    question->path = sp_str_slice(key, 1, key.len);
    question->answer = answer(kind, question->path.ptr, &info);
    question->mode = info.st_mode;
    sp_map_set(&witness.known, key, (void *)(uintptr_t)witness.questions.len);
    if ((kind == TIMES || !S_ISDIR(info.st_mode)) && info.st_mode)
        witness.newest = SP_MAX(witness.newest, sp_clock_nsec(info.st_ctim));
    if (kind == PATH && S_ISLNK(info.st_mode))
        return ask(FOLLOWED, question->path);
    return info.st_mode;
}

void sp_witness_path(const char *path)
{
    if (is_listening())
        (void)ask(PATH, short_path(sp_str_of(path)));
}

void sp_witness_times(const char *path)
{
    if (is_listening() && S_ISDIR(ask(PATH, short_path(sp_str_of(path)))))
        (void)ask(TIMES, short_path(sp_str_of(path)));
}

void sp_witness_names(const char *path)
{
    if (is_listening() && S_ISDIR(ask(PATH, short_path(sp_str_of(path)))))
        (void)ask(NAMES, short_path(sp_str_of(path)));
}

static void ask_tree(struct sp_str path, bool times, bool is_top, unsigned depth);

static void ask_below(struct sp_str path, bool times, unsigned depth)
{
    DIR *dir = opendir(path.ptr);

    if (!dir)
        return;
    for (const struct dirent *entry; (entry = readdir(dir));) {
        if (strcmp(entry->d_name, ".") == 0 || strcmp(entry->d_name, "..") == 0)
            continue;
        struct sp_str below = sp_arena_join(witness.arena, path, "/", sp_str_of(entry->d_name));
        ask_tree(below, times, false, depth + 1);
    }
    (void)closedir(dir);
}

/* Its names alone may have been asked for before, or all of it without the times. */
static bool was_walked(struct sp_str path, bool times)
{
    uintptr_t how = times ? 2 : 1;

    if ((uintptr_t)sp_map_find(&witness.walked, path) >= how)
        return true;
    sp_map_set(&witness.walked, path, (void *)how);
    return false;
}

static void ask_tree(struct sp_str path, bool times, bool is_top, unsigned depth)
{
    mode_t mode = ask(PATH, path);

    if (!S_ISDIR(mode) || (!is_top && find(FOLLOWED, path)))
        return;
    if (depth >= DEPTH_MAX) {
        witness.blind = true;
        return;
    }
    if (was_walked(path, times))
        return;
    if (times)
        (void)ask(TIMES, path);
    (void)ask(NAMES, path);
    ask_below(path, times, depth);
}

void sp_witness_tree(const char *path, bool times)
{
    if (is_listening())
        ask_tree(sp_arena_str(witness.arena, short_path(sp_str_of(path))), times, true, 0);
}

void sp_witness_variable(struct sp_str name)
{
    if (is_listening() && name.len && !memchr(name.ptr, '=', name.len))
        (void)ask(VARIABLE, name);
}

void sp_witness_blind(void)
{
    if (is_listening())
        witness.blind = true;
}

unsigned *sp_witness_pause(void)
{
    witness.paused++;
    return &witness.paused;
}

void sp_witness_resume(unsigned **paused)
{
    (**paused)--;
}

/* --- testimony ---------------------------------------------------------------------------- */

void sp_witness_begin(void)
{
    char here[PATH_MAX];

    (void)sp_witness_end(NULL);
    witness.arena = sp_arena_new();
    witness.blind = !getcwd(here, sizeof here - 1);
    if (!witness.blind)
        witness.here = sp_arena_printf(witness.arena, "%s/", here);
    witness.begun = sp_clock_files();
}

/* One question: its kind, its path, a zero, the answer. */
static void write_question(const struct question *question, struct sp_buf *out)
{
    sp_buf_addc(out, (char)question->kind);
    sp_buf_add(out, question->path);
    sp_buf_addc(out, '\0');
    sp_buf_add(out, (struct sp_str){ (const char *)question->answer.bytes, SP_DIGEST_SIZE });
}

bool sp_witness_end(struct sp_buf *out)
{
    bool good = witness.arena && !witness.blind && witness.newest < witness.begun - TICK;

    for (size_t i = 0; good && out && i < witness.questions.len; i++)
        write_question(&witness.questions.items[i], out);
    SP_VEC_FINI(&witness.questions);
    sp_map_fini(&witness.known);
    sp_map_fini(&witness.walked);
    sp_arena_free(witness.arena);
    witness = (struct witness){ .paused = witness.paused };
    return good && out && sp_buf_ok(out);
}

/* --- asking again ------------------------------------------------------------------------- */

struct asked_again {
    const char **places; /* of the questions in the testimony */
    size_t len;
};

/* Where the next question starts; NULL: there is none as it should be. */
static const char *pass_question(const char *at, const char *end)
{
    const char *zero = memchr(at, '\0', (size_t)(end - at));

    if (!zero || zero - at < 2 || !strchr("pftne", *at) || end - zero <= SP_DIGEST_SIZE)
        return NULL;
    return zero + 1 + SP_DIGEST_SIZE;
}

static bool holds(const char *question)
{
    const char *path = question + 1;
    struct stat info;
    struct sp_digest now = answer((enum kind) * question, path, &info);

    return memcmp(now.bytes, path + strlen(path) + 1, SP_DIGEST_SIZE) == 0;
}

static bool ask_piece(void *arg, size_t piece, unsigned worker)
{
    const struct asked_again *again = arg;
    size_t end = SP_MIN((piece + 1) * PIECE, again->len);

    (void)worker;
    for (size_t i = piece * PIECE; i < end; i++)
        if (!holds(again->places[i]))
            return false;
    return true;
}

bool sp_witness_holds(struct sp_str testimony)
{
    SP_VEC(const char *) places = { 0 };
    const char *at = testimony.ptr, *end = testimony.ptr + testimony.len;
    bool good = testimony.len > 0;

    while (good && at < end) {
        *SP_VEC_ADD(&places) = at;
        at = pass_question(at, end);
        good = at != NULL;
    }
    struct asked_again again = { places.items, places.len };
    good =
        good && sp_pool_run((places.len + PIECE - 1) / PIECE, sp_pool_cores(), ask_piece, &again);
    SP_VEC_FINI(&places);
    return good;
}
