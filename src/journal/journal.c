/* SPDX-License-Identifier: BSD-3-Clause */
#include "journal/journal.h"

#include "base/clock.h"
#include "base/fault.h"

#include "sys/file.h"
#include "value/json.h"

#include <fcntl.h>
#include <inttypes.h>
#include <sys/stat.h>
#include <unistd.h>

#define BLOCK_SIZE ((size_t)64 * 1024)
#define LATER_MAX  ((size_t)256 * 1024) /* bytes of lines that are kept back */

struct sp_journal {
    int fd; /* O_APPEND */
    char *path;
    uint64_t seq;  /* of the last line */
    uint64_t size; /* of the whole lines; what is behind is to be cut off */
    bool torn;     /* something is behind */
    bool is_new;   /* its name is not durable yet */
    struct sp_buf line;
    struct sp_buf later; /* whole lines, to be written with the next */
};

/* --- lines --------------------------------------------------------------------------------- */

/* Fields that every event has; the caller's may not be called like them. */
static const char *const envelope[] = { "v", "seq", "time", "event" };

static enum sp_rc check_envelope(const struct sp_dict *event, uint64_t seq, struct sp_err *err)
{
    const struct sp_value *version = sp_dict_get(event, "v");
    const struct sp_value *number = sp_dict_get(event, "seq");
    const struct sp_value *time = sp_dict_get(event, "time");
    const struct sp_value *name = sp_dict_get(event, "event");

    if (!version || version->kind != SP_INT || version->integer < 1)
        return sp_fail(err, SP_CORRUPT, "it has no version");
    if (version->integer > SP_JOURNAL_VERSION)
        return sp_fail(err, SP_INVALID,
                       "written by a newer spoor (format %" PRId64
                       ", this one knows %d): use that one",
                       version->integer, SP_JOURNAL_VERSION);
    if (!time || time->kind != SP_TEXT || !name || name->kind != SP_TEXT)
        return sp_fail(err, SP_CORRUPT, "it has no time or no name");
    if (!number || number->kind != SP_INT || number->integer < 1)
        return sp_fail(err, SP_CORRUPT, "it has no number");
    if ((uint64_t)number->integer != seq)
        return sp_fail(err, SP_CORRUPT, "it has number %" PRId64 " instead of %" PRIu64,
                       number->integer, seq);
    return SP_OK;
}

/* One line without its end; `seq` is the number it must have. SP_INVALID only for a newer version,
 * otherwise SP_CORRUPT. */
static enum sp_rc parse_line(struct sp_arena *arena,
                             struct sp_str line,
                             uint64_t seq,
                             struct sp_dict **out,
                             struct sp_err *err)
{
    struct sp_err cause = SP_ERR_INIT;
    struct sp_value value;

    if (sp_json_decode(arena, line, &value, &cause))
        return sp_fail(err, SP_CORRUPT, "%s", cause.text);
    if (value.kind != SP_DICT)
        return sp_fail(err, SP_CORRUPT, "it is not an object");
    enum sp_rc rc = check_envelope(value.dict, seq, err);
    if (!rc)
        *out = value.dict;
    return rc;
}

/* --- reading ------------------------------------------------------------------------------- */

/* The lines of a file from its start, in blocks. */
struct reader {
    int fd;
    struct sp_buf text; /* unread lines and the beginning of the next */
    size_t at;          /* where the next line starts */
    uint64_t offset;    /* of that place in the file */
    bool ended;
    char block[BLOCK_SIZE];
};

static enum sp_rc open_reader(const char *path,
                              uint64_t offset,
                              struct reader **out,
                              struct sp_err *err)
{
    int fd = SP_FAULT("journal.open-read", EMFILE) ? -1 : open(path, O_RDONLY | O_CLOEXEC);

    if (fd < 0)
        return sp_fail_errno(err, "open");
    if (offset && lseek(fd, (off_t)offset, SEEK_SET) < 0) {
        (void)sp_fail_errno(err, "seek");
        close(fd);
        return err->code;
    }
    struct reader *reader = sp_alloc(sizeof *reader);
    reader->fd = fd;
    reader->offset = offset;
    reader->text = SP_BUF(SP_JOURNAL_LINE_MAX + BLOCK_SIZE);
    *out = reader;
    return SP_OK;
}

static void close_reader(struct reader **reader)
{
    if (!*reader)
        return;
    sp_fd_closep(&(*reader)->fd);
    sp_buf_fini(&(*reader)->text);
    free(*reader);
}

/* More of the file behind what is there. */
static enum sp_rc fill(struct reader *reader, struct sp_err *err)
{
    struct sp_buf *text = &reader->text;
    ssize_t got;

    memmove(text->ptr, text->ptr + reader->at, text->len - reader->at);
    sp_buf_truncate(text, text->len - reader->at);
    reader->at = 0;
    if (text->len > SP_JOURNAL_LINE_MAX)
        return sp_fail(err, SP_CORRUPT, "it is longer than %zu bytes", SP_JOURNAL_LINE_MAX);
    do {
        got = SP_FAULT("journal.read", EIO) ? -1 : read(reader->fd, reader->block, BLOCK_SIZE);
    } while (got < 0 && errno == EINTR);
    if (got < 0)
        return sp_fail_errno(err, "read");
    reader->ended = got == 0;
    sp_buf_add(text, (struct sp_str){ reader->block, (size_t)got });
    return SP_OK;
}

/* The next line that has an end, in *out, valid until the next call; ptr NULL when there is none.
 */
static enum sp_rc next_line(struct reader *reader, struct sp_str *out, struct sp_err *err)
{
    for (size_t searched = 0;;) {
        struct sp_str rest = sp_str_slice(sp_buf_str(&reader->text), reader->at, SIZE_MAX);
        size_t end = sp_str_find(sp_str_slice(rest, searched, rest.len), '\n');
        if (end != SIZE_MAX) {
            end += searched;
            *out = sp_str_slice(rest, 0, end);
            reader->at += end + 1;
            reader->offset += end + 1;
            return SP_OK;
        }
        searched = rest.len;
        if (reader->ended) {
            *out = (struct sp_str){ NULL, 0 };
            return SP_OK;
        }
        enum sp_rc rc = fill(reader, err);
        if (rc)
            return rc;
    }
}

/* A bad line is an error only if something follows it: then it was not the last one written. */
static enum sp_rc check_bad(const struct reader *reader,
                            struct sp_str next,
                            const struct sp_err *bad,
                            struct sp_err *err)
{
    bool followed = next.ptr || reader->at < reader->text.len;

    if (bad->code == SP_INVALID || (bad->code && followed))
        return sp_fail(err, bad->code, "%s", bad->text);
    return SP_OK;
}

static bool cut_text(struct sp_str *line, const char *text)
{
    size_t len = strlen(text);

    if (!sp_str_starts(*line, text))
        return false;
    *line = sp_str_slice(*line, len, line->len);
    return true;
}

/* Is the line one of ours, as build_line writes them, of a kind that nobody asks for? */
static bool is_unwanted(struct sp_str line, const char *const *wanted, uint64_t seq)
{
    char begin[64];

    (void)snprintf(begin, sizeof begin, "{\"v\": %d, \"seq\": %" PRIu64 ", \"time\": \"",
                   SP_JOURNAL_VERSION, seq);
    if (!sp_str_ends(line, "}") || !cut_text(&line, begin))
        return false;
    (void)sp_str_cut(&line, '"');
    if (!line.ptr || !cut_text(&line, ", \"event\": \""))
        return false;
    struct sp_str name = sp_str_cut(&line, '"');
    for (size_t i = 0; wanted[i]; i++)
        if (sp_str_is(name, wanted[i]))
            return false;
    return line.ptr && sp_str_find(name, '\\') == SIZE_MAX;
}

/* What to do with the lines of a journal. */
struct visit {
    struct sp_arena *arena;    /* NULL: nothing is kept */
    const char *const *wanted; /* NULL: all */
    sp_journal_fn fn;
    void *arg;
};

/* All good lines in order, from where the reader stands: at *out. */
static enum sp_rc walk(struct reader *reader,
                       const struct visit *visit,
                       struct sp_journal_place *out,
                       struct sp_err *err)
{
    struct sp_err bad = SP_ERR_INIT; /* what is wrong with the line before, if anything */
    sp_auto_arena struct sp_arena *scratch = visit->arena ? NULL : sp_arena_new();

    for (;;) {
        struct sp_dict *event = NULL;
        struct sp_str line;
        enum sp_rc rc = next_line(reader, &line, err);
        if (!rc)
            rc = check_bad(reader, line, &bad, err);
        if (rc)
            return sp_err_wrap(err, "line %" PRIu64, out->seq + 1);
        if (!line.ptr)
            break;
        if (scratch)
            sp_arena_reset(scratch);
        bool skipped = visit->wanted && is_unwanted(line, visit->wanted, out->seq + 1);
        if (!skipped &&
            parse_line(scratch ? scratch : visit->arena, line, out->seq + 1, &event, &bad))
            continue;
        out->seq++;
        out->offset = reader->offset;
        if (!skipped && visit->fn && !visit->fn(event, visit->arg))
            break;
    }
    return SP_OK;
}

static enum sp_rc walk_file(const char *path,
                            const struct visit *visit,
                            struct sp_journal_place *out,
                            struct sp_err *err)
{
    SP_CLEANUP(close_reader) struct reader *reader = NULL;

    enum sp_rc rc = open_reader(path, out->offset, &reader, err);
    return rc ? rc : walk(reader, visit, out, err);
}

enum sp_rc sp_journal_read(const char *path,
                           struct sp_arena *arena,
                           sp_journal_fn fn,
                           void *arg,
                           struct sp_err *err)
{
    struct sp_journal_place place = { 0 };

    return sp_journal_read_on(path, &place, arena, fn, arg, err);
}

enum sp_rc sp_journal_read_on(const char *path,
                              struct sp_journal_place *place,
                              struct sp_arena *arena,
                              sp_journal_fn fn,
                              void *arg,
                              struct sp_err *err)
{
    const struct visit visit = { .arena = arena, .fn = fn, .arg = arg };
    enum sp_rc rc = walk_file(path, &visit, place, err);

    return rc ? sp_err_wrap(err, "journal '%s'", path) : SP_OK;
}

enum sp_rc sp_journal_scan(const char *path,
                           const char *const *wanted,
                           sp_journal_fn fn,
                           void *arg,
                           struct sp_err *err)
{
    const struct visit visit = { .wanted = wanted, .fn = fn, .arg = arg };
    struct sp_journal_place place = { 0 };
    enum sp_rc rc = walk_file(path, &visit, &place, err);

    return rc ? sp_err_wrap(err, "journal '%s'", path) : SP_OK;
}

/* The end of a file, at most a block; a line that begins before it is not seen whole. */
static enum sp_rc read_tail(const char *path, struct sp_buf *out, struct sp_err *err)
{
    sp_auto_fd int fd = open(path, O_RDONLY | O_CLOEXEC);
    sp_auto_free char *block = sp_alloc(BLOCK_SIZE);
    struct stat info;

    if (fd < 0 || fstat(fd, &info) < 0)
        return sp_fail_errno(err, "open");
    off_t from = info.st_size > (off_t)BLOCK_SIZE ? info.st_size - (off_t)BLOCK_SIZE : 0;
    ssize_t got = pread(fd, block, BLOCK_SIZE, from);
    if (got < 0)
        return sp_fail_errno(err, "read");
    sp_buf_add(out, (struct sp_str){ block, (size_t)got });
    return SP_OK;
}

enum sp_rc sp_journal_last(const char *path,
                           struct sp_arena *arena,
                           const struct sp_dict **out,
                           struct sp_err *err)
{
    sp_auto_buf struct sp_buf tail = SP_BUF(BLOCK_SIZE);
    struct sp_value value;

    if (read_tail(path, &tail, err))
        return sp_fail(err, SP_NOT_FOUND, "journal '%s' cannot be read", path);
    struct sp_str text = sp_buf_str(&tail);
    if (!sp_str_ends(text, "\n"))
        return sp_fail(err, SP_NOT_FOUND, "the last line of journal '%s' is torn", path);
    text.len--;
    size_t start = sp_str_rfind(text, '\n');
    text = sp_str_slice(text, start == SIZE_MAX ? 0 : start + 1, text.len);
    /* Without a line end before it, it is the whole file, or not a whole line: no JSON then. */
    if (sp_json_decode(arena, sp_arena_str(arena, text), &value, err) || value.kind != SP_DICT)
        return sp_fail(err, SP_NOT_FOUND, "the last line of journal '%s' is bad", path);
    *out = value.dict;
    return SP_OK;
}

/* --- single events ------------------------------------------------------------------------- */

struct sp_journal_picker {
    int fd;
    struct sp_buf line;
};

enum sp_rc sp_journal_picker_open(const char *path,
                                  struct sp_journal_picker **out,
                                  struct sp_err *err)
{
    int fd = SP_FAULT("journal.open-pick", EMFILE) ? -1 : open(path, O_RDONLY | O_CLOEXEC);

    if (fd < 0)
        return sp_fail_errno(err, "journal '%s': open", path);
    *out = sp_alloc(sizeof **out);
    **out = (struct sp_journal_picker){ fd, SP_BUF(SP_JOURNAL_LINE_MAX) };
    return SP_OK;
}

void sp_journal_picker_close(struct sp_journal_picker *picker)
{
    if (!picker)
        return;
    sp_fd_closep(&picker->fd);
    sp_buf_fini(&picker->line);
    free(picker);
}

static enum sp_rc read_line(struct sp_journal_picker *picker,
                            uint64_t offset,
                            uint64_t end,
                            struct sp_err *err)
{
    char block[4096];

    sp_buf_clear(&picker->line);
    while (offset < end && sp_buf_ok(&picker->line)) {
        ssize_t got = SP_FAULT("journal.pick", EIO)
                          ? -1
                          : pread(picker->fd, block, SP_MIN(sizeof block, (size_t)(end - offset)),
                                  (off_t)offset);
        if (got < 0 && errno == EINTR)
            continue;
        if (got < 0)
            return sp_fail_errno(err, "read");
        if (got == 0)
            return sp_fail(err, SP_CORRUPT, "it has become shorter");
        sp_buf_add(&picker->line, (struct sp_str){ block, (size_t)got });
        offset += (uint64_t)got;
    }
    return sp_buf_ok(&picker->line) ? SP_OK : sp_fail(err, SP_CORRUPT, "it is too long");
}

enum sp_rc sp_journal_picker_get(struct sp_journal_picker *picker,
                                 const struct sp_journal_place *from,
                                 const struct sp_journal_place *to,
                                 struct sp_arena *arena,
                                 const struct sp_dict **out,
                                 struct sp_err *err)
{
    struct sp_dict *event = NULL;
    enum sp_rc rc = read_line(picker, from->offset, to->offset, err);

    if (rc == SP_OK) /* a text of the decoder may lie in what it was given */
        rc = parse_line(arena, sp_arena_str(arena, sp_str_trim(sp_buf_str(&picker->line))),
                        from->seq + 1, &event, err);
    if (rc)
        return sp_err_wrap(err, "journal: line %" PRIu64, from->seq + 1);
    *out = event;
    return SP_OK;
}

/* --- writing ------------------------------------------------------------------------------- */

static struct sp_journal *new_journal(const char *path, int fd, struct sp_journal_place extent)
{
    struct sp_journal *journal = sp_alloc(sizeof *journal);

    journal->fd = fd;
    journal->path = sp_strdup(path);
    journal->seq = extent.seq;
    journal->size = extent.offset;
    journal->line = SP_BUF(SP_JOURNAL_LINE_MAX);
    journal->later = SP_BUF(SP_JOURNAL_LINE_MAX + LATER_MAX);
    return journal;
}

/* A new name is durable only when its directory is. */
static enum sp_rc sync_parent(const char *path, struct sp_err *err)
{
    sp_auto_free char *dir = sp_strdup(path);
    char *slash = strrchr(dir, '/');

    if (slash)
        slash[slash == dir] = '\0';
    sp_auto_fd int fd = open(slash ? dir : ".", O_RDONLY | O_DIRECTORY | O_CLOEXEC);
    if (fd < 0 || SP_FAULT("journal.sync-dir", EIO) || fsync(fd) < 0)
        return sp_fail_errno(err, "sync of its directory");
    return SP_OK;
}

enum sp_rc sp_journal_create(const char *path, struct sp_journal **out, struct sp_err *err)
{
    sp_auto_fd int fd = SP_FAULT("journal.create", ENOSPC)
                            ? -1
                            : open(path, O_WRONLY | O_APPEND | O_CREAT | O_EXCL | O_CLOEXEC, 0666);
    if (fd < 0)
        return sp_fail_errno(err, "journal '%s': create", path);
    *out = new_journal(path, sp_take_fd(&fd), (struct sp_journal_place){ 0 });
    (*out)->is_new = true;
    return SP_OK;
}

/* Cut off whatever is behind the whole lines. */
static enum sp_rc cut_tail(struct sp_journal *journal, struct sp_err *err)
{
    if (SP_FAULT("journal.truncate", EIO) || ftruncate(journal->fd, (off_t)journal->size) < 0)
        return sp_fail_errno(err, "cut off a torn line");
    journal->torn = false;
    return SP_OK;
}

enum sp_rc sp_journal_open(const char *path, struct sp_journal **out, struct sp_err *err)
{
    struct sp_journal_place extent = { 0 };

    enum sp_rc rc = walk_file(path, &(struct visit){ 0 }, &extent, err);
    if (rc)
        return sp_err_wrap(err, "journal '%s'", path);
    sp_auto_fd int fd =
        SP_FAULT("journal.open", EMFILE) ? -1 : open(path, O_WRONLY | O_APPEND | O_CLOEXEC);
    if (fd < 0)
        return sp_fail_errno(err, "journal '%s': open for appending", path);

    struct sp_journal *journal = new_journal(path, sp_take_fd(&fd), extent);
    rc = cut_tail(journal, err);
    if (rc) {
        sp_journal_close(journal);
        return sp_err_wrap(err, "journal '%s'", path);
    }
    *out = journal;
    return SP_OK;
}

static enum sp_rc build_line(struct sp_journal *journal,
                             const char *event,
                             const struct sp_dict *fields,
                             struct sp_err *err)
{
    struct sp_buf *line = &journal->line;

    for (size_t i = 0; fields && i < SP_COUNT(envelope); i++) {
        if (sp_dict_get(fields, envelope[i]))
            return sp_fail(err, SP_INVALID, "an event's field cannot be called '%s'", envelope[i]);
    }
    sp_buf_clear(line);
    sp_buf_addf(line, "{\"v\": %d, \"seq\": %" PRIu64 ", \"time\": \"%s\", \"event\": ",
                SP_JOURNAL_VERSION, journal->seq + 1, sp_clock_iso(sp_clock_realtime()).text);
    sp_json_quote(sp_str_of(event), line);
    if (fields && fields->len) {
        /* The encoder's opening brace becomes our comma. */
        size_t brace = line->len;
        struct sp_value value = { .kind = SP_DICT, .dict = (struct sp_dict *)fields };
        sp_json_encode(value, SP_JSON_COMPACT, line);
        if (sp_buf_ok(line))
            line->ptr[brace] = ',';
    } else {
        sp_buf_addc(line, '}');
    }
    sp_buf_addc(line, '\n');
    if (!sp_buf_ok(line))
        return sp_fail(err, SP_LIMIT, "event '%s' is longer than %zu bytes", event,
                       SP_JOURNAL_LINE_MAX);
    return SP_OK;
}

static enum sp_rc sync_journal(struct sp_journal *journal, struct sp_err *err)
{
    if (SP_FAULT("journal.sync", EIO) || fdatasync(journal->fd) < 0)
        return sp_fail_errno(err, "sync");
    enum sp_rc rc = journal->is_new ? sync_parent(journal->path, err) : SP_OK;
    if (rc == SP_OK)
        journal->is_new = false;
    return rc;
}

/* J1: with one write, or not at all. */
static enum sp_rc put_lines(struct sp_journal *journal,
                            enum sp_journal_sync sync,
                            struct sp_err *err)
{
    const struct sp_buf *lines = &journal->later;
    ssize_t put;

    do {
        put = SP_FAULT("journal.write", ENOSPC) ? -1 : write(journal->fd, lines->ptr, lines->len);
    } while (put < 0 && errno == EINTR);
    journal->torn = put != 0;
    if (put >= 0 && ((size_t)put < lines->len || SP_FAULT("journal.short-write", ENOSPC))) {
        errno = ENOSPC; /* the usual reason; the next write would say so */
        return sp_fail_errno(err, "write");
    }
    if (put < 0)
        return sp_fail_errno(err, "write");
    enum sp_rc rc = sync == SP_JOURNAL_SYNC ? sync_journal(journal, err) : SP_OK;
    journal->torn = rc != SP_OK;
    return rc;
}

/* All lines that were kept back; of a failure nothing stays in the file. */
static enum sp_rc flush(struct sp_journal *journal, enum sp_journal_sync sync, struct sp_err *err)
{
    struct sp_err ignored = SP_ERR_INIT;

    enum sp_rc rc = journal->torn ? cut_tail(journal, err) : SP_OK;
    if (!rc)
        rc = put_lines(journal, sync, err);
    if (rc) {
        if (journal->torn)
            (void)cut_tail(journal, &ignored); /* if not now, then before the next append */
        return rc;
    }
    journal->size += journal->later.len;
    sp_buf_clear(&journal->later);
    return SP_OK;
}

enum sp_rc sp_journal_append(struct sp_journal *journal,
                             const char *event,
                             const struct sp_dict *fields,
                             enum sp_journal_sync sync,
                             struct sp_err *err)
{
    size_t before = journal->later.len;

    enum sp_rc rc = build_line(journal, event, fields, err);
    if (!rc) {
        sp_buf_add(&journal->later, sp_buf_str(&journal->line));
        if (sync != SP_JOURNAL_LATER || journal->later.len > LATER_MAX)
            rc = flush(journal, sync, err);
    }
    if (rc) {
        sp_buf_truncate(&journal->later, before);
        return sp_err_wrap(err, "journal '%s'", journal->path);
    }
    journal->seq++;
    return SP_OK;
}

/* --- another journal ----------------------------------------------------------------------- */

#define PIECE_SIZE ((size_t)4 * 1024 * 1024) /* written at once */

/* As many whole lines from the front of *rest as make a piece; empty when the first is too long. */
static struct sp_str cut_piece(struct sp_str *rest)
{
    size_t most = SP_MIN(rest->len, SP_JOURNAL_LINE_MAX);
    size_t end = SP_MIN(rest->len, PIECE_SIZE);
    const char *last = rest->ptr ? memrchr(rest->ptr, '\n', end) : NULL;

    if (!last && rest->ptr)
        last = memchr(rest->ptr, '\n', most);
    size_t len = last ? (size_t)(last - rest->ptr) + 1 : 0;
    struct sp_str piece = sp_str_slice(*rest, 0, len);
    *rest = sp_str_slice(*rest, len, rest->len);
    return piece;
}

static enum sp_rc append_lines(struct sp_journal *journal, struct sp_str lines, struct sp_err *err)
{
    enum sp_rc rc = SP_OK;

    while (rc == SP_OK && lines.len) {
        struct sp_str piece = cut_piece(&lines);
        if (!piece.len)
            return sp_fail(err, SP_LIMIT, "a line is longer than %zu bytes", SP_JOURNAL_LINE_MAX);
        sp_buf_add(&journal->later, piece);
        rc = flush(journal, SP_JOURNAL_LAZY, err);
    }
    if (rc)
        sp_buf_clear(&journal->later);
    return rc;
}

/* What is between the first line and the last; ptr NULL: there are no two lines. */
static struct sp_str inner_lines(struct sp_str text)
{
    const char *first = memchr(text.ptr, '\n', text.len);
    const char *last = text.len > 1 ? memrchr(text.ptr, '\n', text.len - 1) : NULL;

    if (!first || !last || text.ptr[text.len - 1] != '\n')
        return (struct sp_str){ 0 };
    return sp_str_slice(text, (size_t)(first - text.ptr) + 1, (size_t)(last - text.ptr) + 1);
}

static enum sp_rc take_inner_lines(struct sp_journal *journal, const char *path, struct sp_err *err)
{
    sp_auto_buf struct sp_buf text = SP_BUF(SIZE_MAX / 2);
    sp_auto_arena struct sp_arena *arena = sp_arena_new();
    const struct sp_dict *last = NULL;

    enum sp_rc rc = sp_journal_last(path, arena, &last, err);
    if (rc == SP_OK)
        rc = sp_file_read(path, &text, err);
    const struct sp_value *seq = rc == SP_OK ? sp_dict_get(last, "seq") : NULL;
    struct sp_str lines = rc == SP_OK ? inner_lines(sp_buf_str(&text)) : (struct sp_str){ 0 };

    if (rc && rc != SP_NOT_FOUND)
        return rc;
    if (!lines.ptr || !seq || seq->kind != SP_INT || seq->integer < 2)
        return sp_fail(err, SP_CORRUPT, "'%s' is no journal that has ended", path);
    rc = append_lines(journal, lines, err);
    if (rc == SP_OK)
        journal->seq = (uint64_t)seq->integer - 1;
    return rc;
}

enum sp_rc sp_journal_take_over(struct sp_journal *journal, const char *path, struct sp_err *err)
{
    enum sp_rc rc = journal->later.len ? flush(journal, SP_JOURNAL_LAZY, err) : SP_OK;

    if (rc == SP_OK && journal->seq != 1)
        rc = sp_fail(err, SP_INVALID, "it has more than a first event");
    if (rc == SP_OK)
        rc = take_inner_lines(journal, path, err);
    return rc ? sp_err_wrap(err, "journal '%s'", journal->path) : SP_OK;
}

void sp_journal_close(struct sp_journal *journal)
{
    struct sp_err ignored = SP_ERR_INIT;

    if (!journal)
        return;
    if (journal->later.len)
        (void)flush(journal, SP_JOURNAL_LAZY, &ignored);
    sp_fd_closep(&journal->fd);
    sp_buf_fini(&journal->line);
    sp_buf_fini(&journal->later);
    free(journal->path);
    free(journal);
}
