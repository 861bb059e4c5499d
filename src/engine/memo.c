/* SPDX-License-Identifier: BSD-3-Clause */
/* A memo on disk is one file an entry, named by the digest of the entry's name:
 *
 *     spoor-memo 1 CHECKSUM-OF-THE-REST
 *     name NAME
 *     text TEXT
 *     DEV INO SIZE MTIME CTIME MODE DIGEST|- PATH      one line a file
 */
#include "engine/memo.h"

#include "base/checksum.h"
#include "base/clock.h"
#include "base/fault.h"
#include "base/map.h"
#include "base/vec.h"

#include "store/file_digest.h"
#include "sys/file.h"
#include "sys/witness.h"

#include <fcntl.h>
#include <inttypes.h>
#include <stdio.h>
#include <sys/stat.h>
#include <time.h>
#include <unistd.h>

#define TRUST      SP_NSEC_PER_SEC
#define MEMO_MAX   ((size_t)16 * 1024 * 1024)
#define COPY_BYTES ((size_t)256 * 1024)

struct mark {
    char *path;
    uint64_t dev, ino, size;
    int64_t modified, changed;
    uint32_t mode; /* 0: it is not there */
    bool has_digest;
    bool doubtful; /* it may change again without that showing */
    struct sp_digest digest;
};

struct sp_memo_entry {
    struct sp_memo *memo;
    struct sp_str name, text; /* owned */
    SP_VEC(struct mark) marks;
    struct sp_map by_path; /* path -> index + 1 */
    sp_nsec checked;       /* 0: not trusted */
    bool done;
};

struct sp_memo {
    char *dir;
    bool only_reads;
    struct sp_arena *arena; /* names of files */
    struct sp_map entries;  /* name -> struct sp_memo_entry * */
    struct sp_map files;    /* path -> struct mark *: digests that are known */
};

/* --- marks --------------------------------------------------------------------------------- */

static void look(const char *path, struct mark *out)
{
    struct stat st;
    int64_t now = sp_clock_files();

    sp_witness_times(path);
    *out = (struct mark){ 0 };
    if (stat(path, &st) < 0)
        return;
    out->dev = st.st_dev;
    out->ino = st.st_ino;
    out->size = (uint64_t)st.st_size;
    out->modified = sp_clock_nsec(st.st_mtim);
    out->changed = sp_clock_nsec(st.st_ctim);
    out->mode = st.st_mode;
    out->doubtful = out->changed >= now;
}

static bool same(const struct mark *a, const struct mark *b)
{
    return a->mode == b->mode && a->dev == b->dev && a->ino == b->ino && a->size == b->size &&
           a->modified == b->modified && a->changed == b->changed && !a->doubtful;
}

static bool still_holds(const struct sp_memo_entry *entry)
{
    struct mark now;

    for (size_t i = 0; i < entry->marks.len; i++) {
        look(entry->marks.items[i].path, &now);
        if (!same(&entry->marks.items[i], &now))
            return false;
    }
    return true;
}

/* --- life ---------------------------------------------------------------------------------- */

struct sp_memo *sp_memo_new(const char *dir)
{
    struct sp_memo *memo = sp_alloc(sizeof *memo);

    memo->arena = sp_arena_new();
    memo->dir = dir ? sp_arena_cstr(memo->arena, sp_str_of(dir)) : NULL;
    return memo;
}

void sp_memo_only_read(struct sp_memo *memo)
{
    memo->only_reads = true;
}

static void forget_marks(struct sp_memo_entry *entry)
{
    for (size_t i = 0; i < entry->marks.len; i++)
        free(entry->marks.items[i].path);
    SP_VEC_FINI(&entry->marks);
    sp_map_fini(&entry->by_path);
}

static void entry_free(struct sp_memo_entry *entry)
{
    if (!entry)
        return;
    forget_marks(entry);
    free((char *)(uintptr_t)entry->name.ptr);
    free((char *)(uintptr_t)entry->text.ptr);
    free(entry);
}

void sp_memo_free(struct sp_memo *memo)
{
    if (!memo)
        return;
    SP_MAP_EACH (entry, &memo->entries)
        entry_free(entry->value);
    sp_map_fini(&memo->entries);
    sp_map_fini(&memo->files);
    sp_arena_free(memo->arena);
    free(memo);
}

static struct sp_str owned(struct sp_str text)
{
    char *copy = sp_alloc(text.len + 1);

    memcpy(copy, text.ptr, text.len);
    return (struct sp_str){ copy, text.len };
}

static struct sp_memo_entry *entry_new(struct sp_memo *memo, struct sp_str name)
{
    struct sp_memo_entry *entry = sp_alloc(sizeof *entry);

    entry->memo = memo;
    entry->name = owned(name);
    entry->text = owned(SP_STR(""));
    return entry;
}

/* The digest of a file is of use to other entries, too. */
static void share(struct sp_memo *memo, const struct mark *mark)
{
    struct sp_str path = sp_str_of(mark->path);
    struct mark *known = sp_map_find(&memo->files, path);

    if (!mark->has_digest || mark->doubtful)
        return;
    if (!known) {
        known = SP_ARENA_NEW(memo->arena, struct mark, 1);
        sp_map_set(&memo->files, sp_arena_str(memo->arena, path), known);
    }
    *known = *mark;
    known->path = NULL;
}

static void install(struct sp_memo *memo, struct sp_memo_entry *entry)
{
    struct sp_memo_entry *old = sp_map_find(&memo->entries, entry->name);

    (void)sp_map_remove(&memo->entries, entry->name);
    entry_free(old);
    sp_map_set(&memo->entries, entry->name, entry);
    for (size_t i = 0; i < entry->marks.len; i++)
        share(memo, &entry->marks.items[i]);
}

/* --- on disk ------------------------------------------------------------------------------- */

static struct sp_str file_of(const struct sp_memo *memo, struct sp_arena *arena, struct sp_str name)
{
    struct sp_digest digest = sp_blake3(name);

    return sp_arena_printf(arena, "%s/%s", memo->dir, sp_digest_hex(&digest).text);
}

/* Paths with line ends are not kept: such an entry is found out each time. */
static bool is_one_line(struct sp_str text)
{
    return sp_str_find(text, '\n') == SIZE_MAX;
}

static bool encode(const struct sp_memo_entry *entry, struct sp_buf *out)
{
    if (!is_one_line(entry->name) || !is_one_line(entry->text))
        return false;
    sp_buf_addf(out, "name " SP_STR_FMT "\ntext " SP_STR_FMT "\n", SP_STR_ARG(entry->name),
                SP_STR_ARG(entry->text));
    for (size_t i = 0; i < entry->marks.len; i++) {
        const struct mark *mark = &entry->marks.items[i];
        if (mark->doubtful || !is_one_line(sp_str_of(mark->path)))
            return false;
        sp_buf_addf(
            out, "%" PRIu64 " %" PRIu64 " %" PRIu64 " %" PRId64 " %" PRId64 " %" PRIu32 " %s %s\n",
            mark->dev, mark->ino, mark->size, mark->modified, mark->changed, mark->mode,
            mark->has_digest ? sp_digest_hex(&mark->digest).text : "-", mark->path);
    }
    return sp_buf_ok(out);
}

static void save(const struct sp_memo_entry *entry)
{
    sp_auto_arena struct sp_arena *arena = sp_arena_new();
    sp_auto_buf struct sp_buf body = SP_BUF(MEMO_MAX);
    sp_auto_buf struct sp_buf text = SP_BUF(MEMO_MAX + SP_BUF_SMALL);
    struct sp_err err = SP_ERR_INIT;

    if (!entry->memo->dir || entry->memo->only_reads || !encode(entry, &body))
        return;
    sp_buf_addf(&text, "spoor-memo 1 %s\n", sp_checksum(sp_buf_str(&body)).text);
    sp_buf_add(&text, sp_buf_str(&body));
    if (SP_FAULT("memo.make", EACCES) || sp_make_dirs(entry->memo->dir, &err))
        return;
    struct sp_str path = file_of(entry->memo, arena, entry->name);
    if (sp_file_write(path.ptr, sp_buf_str(&text), &err)) {
        /* Nobody waits for it: it is found out again. */
    }
}

static bool take_number(struct sp_str *line, int64_t *out)
{
    return sp_str_int(sp_str_cut(line, ' '), out) && line->ptr;
}

static bool decode_mark(struct sp_str line, struct sp_memo_entry *entry)
{
    int64_t numbers[6];
    struct mark mark = { 0 };

    for (size_t i = 0; i < SP_COUNT(numbers); i++)
        if (!take_number(&line, &numbers[i]))
            return false;
    struct sp_str digest = sp_str_cut(&line, ' ');
    mark.has_digest = !sp_str_is(digest, "-");
    if (!line.len || (mark.has_digest && !sp_digest_parse(digest, &mark.digest)))
        return false;
    mark.dev = (uint64_t)numbers[0];
    mark.ino = (uint64_t)numbers[1];
    mark.size = (uint64_t)numbers[2];
    mark.modified = numbers[3];
    mark.changed = numbers[4];
    mark.mode = (uint32_t)numbers[5];
    mark.path = (char *)(uintptr_t)owned(line).ptr;
    *SP_VEC_ADD(&entry->marks) = mark;
    return true;
}

static bool decode(struct sp_str text, struct sp_memo_entry *entry)
{
    struct sp_str head = sp_str_cut(&text, '\n');

    if (!text.ptr || !sp_str_starts(head, "spoor-memo 1 ") ||
        !sp_str_ends(head, sp_checksum(text).text))
        return false;
    struct sp_str name = sp_str_cut(&text, '\n');
    struct sp_str value = sp_str_cut(&text, '\n');
    if (!sp_str_starts(name, "name ") || !sp_str_starts(value, "text ") ||
        !sp_str_eq(sp_str_slice(name, 5, name.len), entry->name))
        return false;
    free((char *)(uintptr_t)entry->text.ptr);
    entry->text = owned(sp_str_slice(value, 5, value.len));
    while (text.len)
        if (!decode_mark(sp_str_cut(&text, '\n'), entry))
            return false;
    return true;
}

/* Also what no longer holds is read: for the digests of the files that are as they were. */
static struct sp_memo_entry *load(struct sp_memo *memo, struct sp_str name)
{
    sp_auto_arena struct sp_arena *arena = sp_arena_new();
    sp_auto_buf struct sp_buf text = SP_BUF(MEMO_MAX);
    struct sp_err ignored = SP_ERR_INIT;

    if (!memo->dir || sp_file_read(file_of(memo, arena, name).ptr, &text, &ignored))
        return NULL;
    struct sp_memo_entry *entry = entry_new(memo, name);
    if (decode(sp_buf_str(&text), entry)) {
        entry->done = true;
        install(memo, entry);
        return entry;
    }
    entry_free(entry);
    return NULL;
}

/* --- asking -------------------------------------------------------------------------------- */

bool sp_memo_find(struct sp_memo *memo,
                  struct sp_str name,
                  struct sp_arena *arena,
                  struct sp_str *out)
{
    struct sp_memo_entry *entry = sp_map_find(&memo->entries, name);
    sp_nsec now = sp_clock_monotonic();

    if (!entry)
        entry = load(memo, name);
    if (!entry || !entry->done)
        return false;
    if (!entry->checked || now - entry->checked > TRUST) {
        if (!still_holds(entry))
            return false;
        entry->checked = now;
    }
    *out = sp_arena_str(arena, entry->text);
    return true;
}

struct sp_memo_entry *sp_memo_begin(struct sp_memo *memo, struct sp_str name)
{
    return entry_new(memo, name);
}

/* --- finding out --------------------------------------------------------------------------- */

static struct mark *note(struct sp_memo_entry *entry, const char *path)
{
    uintptr_t at = (uintptr_t)sp_map_find(&entry->by_path, sp_str_of(path));

    if (at)
        return &entry->marks.items[at - 1];
    struct mark *mark = SP_VEC_ADD(&entry->marks);
    look(path, mark);
    mark->path = (char *)(uintptr_t)owned(sp_str_of(path)).ptr;
    sp_map_set(&entry->by_path, sp_str_of(mark->path), (void *)(uintptr_t)entry->marks.len);
    return mark;
}

static bool read_digest(struct mark *mark)
{
    struct sp_file_hasher hasher;
    char *buffer = sp_alloc(COPY_BYTES);
    sp_auto_fd int fd = SP_FAULT("memo.open", EACCES) ? -1 : open(mark->path, O_RDONLY | O_CLOEXEC);
    uint64_t done = 0;
    ssize_t n = fd < 0 ? -1 : 1;

    sp_file_hasher_init(&hasher, mark->size);
    while (n > 0 && done < mark->size) {
        size_t want = (size_t)SP_MIN(mark->size - done, (uint64_t)COPY_BYTES);
        n = SP_FAULT("memo.read", EIO) ? -1 : read(fd, buffer, want);
        if (n > 0)
            sp_file_hasher_update(&hasher, buffer, (size_t)n);
        done += n > 0 ? (uint64_t)n : 0;
    }
    free(buffer);
    if (n < 0 || done != mark->size)
        return false;
    mark->digest = sp_file_hasher_end(&hasher);
    mark->has_digest = true;
    return true;
}

bool sp_memo_file(struct sp_memo_entry *entry, const char *path, struct sp_digest *out)
{
    struct mark *mark = note(entry, path);
    const struct mark *known = sp_map_find(&entry->memo->files, sp_str_of(path));
    struct mark after;

    if (!S_ISREG(mark->mode))
        return false;
    if (!mark->has_digest && known && same(known, mark)) {
        mark->digest = known->digest;
        mark->has_digest = true;
    }
    if (!mark->has_digest) {
        if (!read_digest(mark))
            return false;
        look(path, &after);
        mark->doubtful = mark->doubtful || !same(mark, &after);
        share(entry->memo, mark);
    }
    *out = mark->digest;
    return true;
}

void sp_memo_guard(struct sp_memo_entry *entry, const char *path)
{
    (void)note(entry, path);
}

void sp_memo_drop(struct sp_memo_entry *entry)
{
    entry_free(entry);
}

void sp_memo_end(struct sp_memo_entry *entry, struct sp_str text)
{
    free((char *)(uintptr_t)entry->text.ptr);
    entry->text = owned(text);
    entry->done = true;
    entry->checked = sp_clock_monotonic();
    install(entry->memo, entry);
    save(entry);
}
