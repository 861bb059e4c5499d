/* SPDX-License-Identifier: BSD-3-Clause */
/* tree_text.c - trees as text: "spoor-tree 1" (manifests) or "spoor-tree 1 stat TIME" (with what
 * lstat said), then a line an entry:
 *
 *     type mode size mtime exact meaning object [dev ino ctime] path[ -> target]
 *
 * mode in octal, missing digests as "-", in texts the bytes up to space, "%" and DEL as %XX. One
 * tree has one text, so that the digest of the text names it.
 */
#include "store/escape.h"
#include "store/tree.h"

#include <inttypes.h>
#include <string.h>

#define HEADER      "spoor-tree 1"
#define HEADER_STAT HEADER " stat "

/* --- writing ------------------------------------------------------------------------------- */

static void add_digest(struct sp_buf *out, bool has, const struct sp_digest *digest)
{
    sp_buf_adds(out, has ? sp_digest_hex(digest).text : "-");
    sp_buf_addc(out, ' ');
}

static void write_entry(const struct sp_tree_entry *entry, bool with_stat, struct sp_buf *out)
{
    sp_buf_addf(out, "%c %" PRIo32 " %" PRIu64 " %" PRId64 " ", (char)entry->type, entry->mode,
                entry->size, entry->mtime);
    add_digest(out, entry->has & SP_TREE_EXACT, &entry->exact);
    add_digest(out, entry->has & SP_TREE_MEANING, &entry->meaning);
    add_digest(out, entry->has & SP_TREE_OBJECT, &entry->object);
    if (with_stat)
        sp_buf_addf(out, "%" PRIu64 " %" PRIu64 " %" PRId64 " ", entry->dev, entry->ino,
                    entry->changed);
    sp_escape_add(out, entry->path);
    if (entry->type == SP_TREE_LINK) {
        sp_buf_adds(out, " -> ");
        sp_escape_add(out, entry->target);
    }
    sp_buf_addc(out, '\n');
}

void sp_tree_write(const struct sp_tree *tree, bool with_stat, struct sp_buf *out)
{
    if (with_stat)
        sp_buf_addf(out, HEADER_STAT "%" PRId64 "\n", tree->scanned);
    else
        sp_buf_adds(out, HEADER "\n");
    for (size_t i = 0; i < tree->len; i++)
        write_entry(&tree->entries[i], with_stat, out);
}

/* --- reading ------------------------------------------------------------------------------- */

/* Digits of a number as printf writes it: no sign but "-", no leading zeros. */
static bool read_number(struct sp_str text, unsigned base, uint64_t *out)
{
    uint64_t value = 0;

    if (text.len == 0 || (text.ptr[0] == '0' && text.len > 1))
        return false;
    for (size_t i = 0; i < text.len; i++) {
        unsigned digit = (unsigned)(unsigned char)text.ptr[i] - '0';
        if (digit >= base || __builtin_mul_overflow(value, (uint64_t)base, &value) ||
            __builtin_add_overflow(value, (uint64_t)digit, &value))
            return false;
    }
    *out = value;
    return true;
}

static bool read_time(struct sp_str text, int64_t *out)
{
    bool negative = text.len > 0 && text.ptr[0] == '-';
    uint64_t value;

    if (!read_number(sp_str_slice(text, negative, text.len), 10, &value) || value > INT64_MAX ||
        (negative && value == 0))
        return false;
    *out = negative ? -(int64_t)value : (int64_t)value;
    return true;
}

static bool read_digest(struct sp_str text,
                        enum sp_tree_has which,
                        struct sp_tree_entry *entry,
                        struct sp_digest *out)
{
    if (sp_str_is(text, "-"))
        return true;
    entry->has |= which;
    return sp_digest_parse(text, out);
}

static bool read_type(struct sp_str text, enum sp_tree_type *out)
{
    if (text.len != 1 || sp_str_find(SP_STR("fdl"), text.ptr[0]) == SIZE_MAX)
        return false;
    *out = (enum sp_tree_type)text.ptr[0];
    return true;
}

/* Relative, and nowhere out of the tree. */
static bool is_inside(struct sp_str path)
{
    if (path.len == 0)
        return false;
    while (path.ptr) {
        struct sp_str part = sp_str_cut(&path, '/');
        if (part.len == 0 || sp_str_is(part, ".") || sp_str_is(part, ".."))
            return false;
    }
    return true;
}

static const char *read_names(struct sp_str rest,
                              struct sp_arena *arena,
                              struct sp_tree_entry *entry)
{
    if (entry->type == SP_TREE_LINK) {
        size_t arrow = sp_str_find_str(rest, SP_STR(" -> "));
        if (arrow == SIZE_MAX ||
            !sp_escape_read(sp_str_slice(rest, arrow + 4, rest.len), arena, &entry->target) ||
            entry->target.len == 0)
            return "a link has no target";
        rest = sp_str_slice(rest, 0, arrow);
    }
    return sp_escape_read(rest, arena, &entry->path) ? NULL : "its path is garbled";
}

/* NULL, or what is wrong with the line. */
static const char *read_entry(struct sp_str line,
                              bool with_stat,
                              struct sp_arena *arena,
                              struct sp_tree_entry *entry)
{
    uint64_t mode;

    if (!read_type(sp_str_cut(&line, ' '), &entry->type))
        return "its type is none of f, d, l";
    if (!read_number(sp_str_cut(&line, ' '), 8, &mode) || mode > 07777)
        return "its mode is no octal number up to 7777";
    entry->mode = (uint32_t)mode;
    if (!read_number(sp_str_cut(&line, ' '), 10, &entry->size) || entry->size > INT64_MAX ||
        (entry->type != SP_TREE_FILE && entry->size != 0))
        return "its size is no number";
    if (!read_time(sp_str_cut(&line, ' '), &entry->mtime))
        return "its time is no number";
    if (!read_digest(sp_str_cut(&line, ' '), SP_TREE_EXACT, entry, &entry->exact) ||
        !read_digest(sp_str_cut(&line, ' '), SP_TREE_MEANING, entry, &entry->meaning) ||
        !read_digest(sp_str_cut(&line, ' '), SP_TREE_OBJECT, entry, &entry->object))
        return "a digest is not 64 hexadecimal digits";
    if (with_stat && (!read_number(sp_str_cut(&line, ' '), 10, &entry->dev) ||
                      !read_number(sp_str_cut(&line, ' '), 10, &entry->ino) ||
                      !read_time(sp_str_cut(&line, ' '), &entry->changed)))
        return "device, inode or time of change is no number";
    if (!line.ptr)
        return "it has no path";
    return read_names(line, arena, entry);
}

/* NULL, or why the last entry cannot stand where it does. */
static const char *check_place(const struct sp_tree *tree)
{
    const struct sp_tree_entry *last = &tree->entries[tree->len - 1];
    struct sp_tree before = { .entries = tree->entries, .len = tree->len - 1 };

    if (before.len == 0)
        return !sp_str_is(last->path, ".")  ? "the first path is not '.'"
               : last->type == SP_TREE_LINK ? "the root is a link"
                                            : NULL;
    if (!is_inside(last->path))
        return "its path leads out of the tree";
    if (before.len > 1 && sp_str_cmp(before.entries[before.len - 1].path, last->path) >= 0)
        return "it is out of order";
    size_t slash = sp_str_rfind(last->path, '/');
    const struct sp_tree_entry *parent =
        slash == SIZE_MAX ? &tree->entries[0]
                          : sp_tree_find(&before, sp_str_slice(last->path, 0, slash));
    return parent && parent->type == SP_TREE_DIR ? NULL : "it is in no directory of this tree";
}

static bool read_header(struct sp_str line, bool *with_stat, int64_t *scanned)
{
    *with_stat = sp_str_starts(line, HEADER_STAT);
    if (*with_stat)
        return read_time(sp_str_slice(line, sizeof HEADER_STAT - 1, line.len), scanned);
    return sp_str_is(line, HEADER);
}

static size_t count_lines(struct sp_str text)
{
    size_t lines = 0;

    for (const char *at = text.ptr, *end = text.ptr + text.len;
         (at = memchr(at, '\n', (size_t)(end - at))); at++)
        lines++;
    return lines;
}

enum sp_rc sp_tree_read(struct sp_str text,
                        struct sp_arena *arena,
                        struct sp_tree *out,
                        struct sp_err *err)
{
    bool with_stat = false;
    struct sp_tree tree = { .arena = arena };

    if (text.len == 0 || text.ptr[text.len - 1] != '\n')
        return sp_fail(err, SP_INVALID, "the tree is cut off");
    tree.capacity = count_lines(text);
    tree.entries = SP_ARENA_NEW(arena, struct sp_tree_entry, tree.capacity);
    if (!read_header(sp_str_cut(&text, '\n'), &with_stat, &tree.scanned))
        return sp_fail(err, SP_INVALID, "line 1: not '" HEADER "': damaged, or by a newer spoor");
    while (text.len > 0) {
        struct sp_tree_entry *entry = &tree.entries[tree.len++];
        const char *wrong = read_entry(sp_str_cut(&text, '\n'), with_stat, arena, entry);
        if (!wrong)
            wrong = check_place(&tree);
        if (!wrong && __builtin_add_overflow(tree.bytes, entry->size, &tree.bytes))
            wrong = "the sum of all sizes is too large";
        if (wrong)
            return sp_fail(err, SP_INVALID, "line %zu: %s", tree.len + 1, wrong);
    }
    *out = tree;
    return SP_OK;
}
