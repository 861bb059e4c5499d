/* SPDX-License-Identifier: BSD-3-Clause */
#include "store/checked.h"

#include "base/arena.h"
#include "base/checksum.h"
#include "base/fault.h"
#include "base/map.h"

#include "store/file_digest.h"
#include "sys/file.h"

#include <fcntl.h>
#include <stdlib.h>
#include <sys/stat.h>
#include <unistd.h>

#define BLOCK ((size_t)1024 * 1024)

/* OBJECT and EXACT with a blank between. */
#define PAIR (2 * (size_t)SP_DIGEST_HEX + 1)

struct known {
    struct sp_digest exact;
    bool met, good;
    bool first; /* nobody has said what it should be */
};

struct sp_checked {
    struct sp_arena *arena;
    struct sp_str path;
    struct sp_map objects; /* name -> struct known */
    bool changed;
};

static struct known *remember(struct sp_checked *checked, struct sp_str hex)
{
    struct known *known = SP_ARENA_NEW(checked->arena, struct known, 1);

    sp_map_set(&checked->objects, sp_arena_str(checked->arena, hex), known);
    return known;
}

static void read_line(struct sp_checked *checked, struct sp_str line)
{
    struct sp_digest exact;

    if (line.len != SP_CHECKSUM_HEX + 1 + PAIR)
        return;
    struct sp_str pair = sp_str_slice(line, SP_CHECKSUM_HEX + 1, line.len);
    if (memcmp(sp_checksum(pair).text, line.ptr, SP_CHECKSUM_HEX) == 0 &&
        sp_digest_parse(sp_str_slice(pair, SP_DIGEST_HEX + 1, PAIR), &exact)) {
        struct known *known = remember(checked, sp_str_slice(pair, 0, SP_DIGEST_HEX));
        known->exact = exact;
        known->first = true;
    }
}

struct sp_checked *sp_checked_open(const char *store)
{
    struct sp_checked *checked = sp_alloc(sizeof *checked);
    sp_auto_buf struct sp_buf text = SP_BUF(SP_BUF_LARGE);
    struct sp_err ignored = SP_ERR_INIT;

    checked->arena = sp_arena_new();
    checked->path = sp_arena_printf(checked->arena, "%s/checked", store);
    if (sp_file_read(checked->path.ptr, &text, &ignored) == SP_OK) {
        struct sp_str rest = sp_buf_str(&text);
        while (rest.ptr)
            read_line(checked, sp_str_cut(&rest, '\n'));
    }
    return checked;
}

void sp_checked_close(struct sp_checked *checked)
{
    if (!checked)
        return;
    sp_map_fini(&checked->objects);
    sp_arena_free(checked->arena);
    free(checked);
}

static enum sp_rc digest_file(const char *path, struct sp_digest *out, struct sp_err *err)
{
    sp_auto_free char *block = sp_alloc(BLOCK);
    struct sp_file_hasher hasher;
    struct stat info;
    uint64_t done = 0;
    sp_auto_fd int fd = SP_FAULT("checked.open", EMFILE) ? -1 : open(path, O_RDONLY | O_CLOEXEC);

    if (fd < 0 || fstat(fd, &info) < 0)
        return sp_fail_errno(err, "open '%s'", path);
    uint64_t size = (uint64_t)info.st_size;
    sp_file_hasher_init(&hasher, size);
    while (done < size) {
        ssize_t len = SP_FAULT("checked.read", EIO) ? -1 : read(fd, block, BLOCK);
        if (len < 0 && errno == EINTR)
            continue;
        if (len < 0)
            return sp_fail_errno(err, "read '%s'", path);
        if (len == 0 || (uint64_t)len > size - done)
            return sp_fail(err, SP_BUSY, "'%s' changed while it was read", path);
        sp_file_hasher_update(&hasher, block, (size_t)len);
        done += (uint64_t)len;
    }
    *out = sp_file_hasher_end(&hasher);
    return SP_OK;
}

enum sp_rc sp_checked_file(struct sp_checked *checked,
                           const char *path,
                           const struct sp_digest *object,
                           const struct sp_digest *exact,
                           enum sp_checked_state *out,
                           struct sp_err *err)
{
    struct sp_digest_text hex = sp_digest_hex(object);
    struct known *known = sp_map_find(&checked->objects, sp_str_of(hex.text));
    struct sp_digest digest;

    if (known && known->met) {
        *out = known->good ? SP_CHECKED_BEFORE : SP_CHECKED_BAD;
        return SP_OK;
    }
    enum sp_rc rc = digest_file(path, &digest, err);
    if (rc)
        return rc;
    bool is_first = !known && !exact;
    if (!known)
        known = remember(checked, sp_str_of(hex.text));
    const struct sp_digest *wanted = exact ? exact : is_first ? &digest : &known->exact;
    known->met = true;
    known->good = sp_digest_eq(wanted, &digest);
    known->first = !exact;
    known->exact = *wanted;
    checked->changed |= is_first;
    *out = !known->good ? SP_CHECKED_BAD : is_first ? SP_CHECKED_FIRST : SP_CHECKED_GOOD;
    return SP_OK;
}

enum sp_rc sp_checked_save(struct sp_checked *checked, struct sp_err *err)
{
    sp_auto_buf struct sp_buf text = SP_BUF(SP_BUF_LARGE);

    if (!checked->changed)
        return SP_OK;
    SP_MAP_EACH (entry, &checked->objects) {
        const struct known *known = entry->value;
        char pair[PAIR + 1];
        if (!known->met || !known->first)
            continue;
        memcpy(pair, entry->key.ptr, SP_DIGEST_HEX);
        pair[SP_DIGEST_HEX] = ' ';
        memcpy(pair + SP_DIGEST_HEX + 1, sp_digest_hex(&known->exact).text, SP_DIGEST_HEX + 1);
        sp_buf_addf(&text, "%s\t%s\n", sp_checksum(sp_str_of(pair)).text, pair);
    }
    if (!sp_buf_ok(&text))
        return sp_fail(err, SP_LIMIT, "too many objects for '%s'", checked->path.ptr);
    enum sp_rc rc = sp_file_write(checked->path.ptr, sp_buf_str(&text), err);
    checked->changed = rc != SP_OK;
    return rc;
}
