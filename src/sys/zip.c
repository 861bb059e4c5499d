/* SPDX-License-Identifier: BSD-3-Clause */
#include "sys/zip.h"

#include "base/buf.h"
#include "base/fault.h"
#include "base/vec.h"

#include "sys/file.h"

#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

#define BLOCK_SIZE   ((size_t)256 * 1024)
#define LIMIT_32     UINT32_C(0xffffffff) /* this and beyond: in a ZIP64 field */
#define LIMIT_16     UINT32_C(0xffff)
#define UTF8_NAMES   0x0800
#define FIRST_DAY    0x21 /* 1980-01-01 */
#define MADE_BY_UNIX (3 << 8)

struct member {
    char *name;
    size_t name_len;
    uint64_t offset, size;
    uint32_t crc;
};

struct sp_zip {
    int fd;
    char *path, *temporary;
    uint64_t size; /* written so far */
    uint32_t table[256];
    SP_VEC(struct member) members;
};

/* --- checksums and numbers ------------------------------------------------------------------ */

static void fill_table(uint32_t *table)
{
    for (uint32_t i = 0; i < 256; i++) {
        uint32_t c = i;
        for (int bit = 0; bit < 8; bit++)
            c = c & 1 ? UINT32_C(0xedb88320) ^ (c >> 1) : c >> 1;
        table[i] = c;
    }
}

static uint32_t add_crc(const struct sp_zip *zip, uint32_t crc, const char *data, size_t len)
{
    crc = ~crc;
    for (size_t i = 0; i < len; i++)
        crc = zip->table[(crc ^ (unsigned char)data[i]) & 0xff] ^ (crc >> 8);
    return ~crc;
}

/* Little endian, so many bytes. */
static void put(struct sp_buf *out, uint64_t number, unsigned bytes)
{
    for (unsigned i = 0; i < bytes; i++)
        sp_buf_addc(out, (char)(number >> (8 * i)));
}

/* --- writing -------------------------------------------------------------------------------- */

static enum sp_rc write_bytes(struct sp_zip *zip, struct sp_str data, struct sp_err *err)
{
    if (SP_FAULT("zip.write", ENOSPC))
        return sp_fail_errno(err, "write %s", zip->temporary);
    enum sp_rc rc = sp_write_all(zip->fd, data, err);
    if (rc)
        return sp_err_wrap(err, "write %s", zip->temporary);
    zip->size += data.len;
    return SP_OK;
}

enum sp_rc sp_zip_create(const char *path, struct sp_zip **out, struct sp_err *err)
{
    struct sp_zip *zip = sp_alloc(sizeof *zip);
    sp_auto_buf struct sp_buf name = SP_BUF(SP_BUF_SMALL);

    sp_buf_addf(&name, "%s.part-%d", path, (int)getpid());
    zip->path = sp_strdup(path);
    zip->temporary = sp_buf_take(&name);
    fill_table(zip->table);
    zip->fd = SP_FAULT("zip.create", EACCES)
                  ? -1
                  : open(zip->temporary, O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0666);
    if (zip->fd < 0) {
        (void)sp_fail_errno(err, "create %s", zip->temporary);
        sp_zip_drop(zip);
        return err->code;
    }
    *out = zip;
    return SP_OK;
}

static void free_zip(struct sp_zip *zip)
{
    for (size_t i = 0; i < zip->members.len; i++)
        free(zip->members.items[i].name);
    SP_VEC_FINI(&zip->members);
    sp_fd_closep(&zip->fd);
    free(zip->path);
    free(zip->temporary);
    free(zip);
}

void sp_zip_drop(struct sp_zip *zip)
{
    if (!zip)
        return;
    if (zip->fd >= 0)
        (void)unlink(zip->temporary);
    free_zip(zip);
}

/* What stands in front of a member, and again in the table of contents. */
static void put_common(struct sp_buf *out, const struct member *member, bool large)
{
    put(out, large ? 45 : 20, 2); /* version needed */
    put(out, UTF8_NAMES, 2);
    put(out, 0, 2); /* not compressed */
    put(out, 0, 2); /* time */
    put(out, FIRST_DAY, 2);
    put(out, member->crc, 4);
    put(out, large ? LIMIT_32 : member->size, 4);
    put(out, large ? LIMIT_32 : member->size, 4);
    put(out, member->name_len, 2);
}

static void put_local(struct sp_buf *out, const struct member *member)
{
    bool large = member->size >= LIMIT_32;

    put(out, 0x04034b50, 4);
    put_common(out, member, large);
    put(out, large ? 20 : 0, 2);
    sp_buf_add(out, (struct sp_str){ member->name, member->name_len });
    if (large) {
        put(out, 1, 2);
        put(out, 16, 2);
        put(out, member->size, 8);
        put(out, member->size, 8);
    }
}

static void put_entry(struct sp_buf *out, const struct member *member)
{
    bool large = member->size >= LIMIT_32;
    bool far = member->offset >= LIMIT_32;
    bool dir = member->name[member->name_len - 1] == '/';
    unsigned extra = (large ? 16U : 0) + (far ? 8U : 0);

    put(out, 0x02014b50, 4);
    put(out, MADE_BY_UNIX | 45, 2);
    put_common(out, member, large);
    put(out, extra ? extra + 4 : 0, 2);
    put(out, 0, 2); /* comment */
    put(out, 0, 2); /* disk */
    put(out, 0, 2);
    put(out, dir ? UINT32_C(040755) << 16 | 0x10 : UINT32_C(0100644) << 16, 4);
    put(out, far ? LIMIT_32 : member->offset, 4);
    sp_buf_add(out, (struct sp_str){ member->name, member->name_len });
    if (extra) {
        put(out, 1, 2);
        put(out, extra, 2);
    }
    if (large) {
        put(out, member->size, 8);
        put(out, member->size, 8);
    }
    if (far)
        put(out, member->offset, 8);
}

static enum sp_rc begin_member(struct sp_zip *zip,
                               struct sp_str name,
                               uint64_t size,
                               uint32_t crc,
                               struct sp_err *err)
{
    sp_auto_buf struct sp_buf header = SP_BUF(SP_BUF_LARGE);

    if (!name.len || name.len >= LIMIT_16)
        return sp_fail(err, SP_INVALID, "a name of %zu bytes cannot be in an archive", name.len);
    struct member *member = SP_VEC_ADD(&zip->members);
    *member = (struct member){ strndup(name.ptr, name.len), name.len, zip->size, size, crc };
    put_local(&header, member);
    return write_bytes(zip, sp_buf_str(&header), err);
}

enum sp_rc sp_zip_add_text(struct sp_zip *zip,
                           struct sp_str name,
                           struct sp_str text,
                           struct sp_err *err)
{
    enum sp_rc rc = begin_member(zip, name, text.len, add_crc(zip, 0, text.ptr, text.len), err);

    return rc ? rc : write_bytes(zip, text, err);
}

/* Copy all of `fd`, which must have as many bytes as were promised. */
static enum sp_rc copy_content(struct sp_zip *zip, const char *path, int fd, struct sp_err *err)
{
    struct member *member = &zip->members.items[zip->members.len - 1];
    sp_auto_free char *block = sp_alloc(BLOCK_SIZE);
    uint64_t done = 0;

    for (;;) {
        ssize_t got = SP_FAULT("zip.read", EIO) ? -1 : read(fd, block, BLOCK_SIZE);
        if (got < 0 && errno == EINTR)
            continue;
        if (got < 0)
            return sp_fail_errno(err, "read %s", path);
        if (got == 0)
            break;
        member->crc = add_crc(zip, member->crc, block, (size_t)got);
        done += (size_t)got;
        enum sp_rc rc = write_bytes(zip, (struct sp_str){ block, (size_t)got }, err);
        if (rc)
            return rc;
    }
    return done == member->size ? SP_OK
                                : sp_fail(err, SP_BUSY, "%s has changed while it was read", path);
}

/* The checksum is known only now. */
static enum sp_rc patch_header(struct sp_zip *zip, struct sp_err *err)
{
    const struct member *member = &zip->members.items[zip->members.len - 1];
    sp_auto_buf struct sp_buf header = SP_BUF(SP_BUF_LARGE);

    put_local(&header, member);
    if (SP_FAULT("zip.patch", EIO) ||
        pwrite(zip->fd, header.ptr, header.len, (off_t)member->offset) != (ssize_t)header.len)
        return sp_fail_errno(err, "write %s", zip->temporary);
    return SP_OK;
}

enum sp_rc sp_zip_add_file(struct sp_zip *zip,
                           struct sp_str name,
                           const char *path,
                           struct sp_err *err)
{
    sp_auto_fd int fd = open(path, O_RDONLY | O_CLOEXEC);
    off_t size = fd < 0 ? -1 : lseek(fd, 0, SEEK_END);

    if (size < 0 || lseek(fd, 0, SEEK_SET) < 0)
        return sp_fail_errno(err, "read %s", path);
    enum sp_rc rc = begin_member(zip, name, (uint64_t)size, 0, err);
    if (rc == SP_OK)
        rc = copy_content(zip, path, fd, err);
    return rc ? rc : patch_header(zip, err);
}

/* --- the table of contents -------------------------------------------------------------------- */

static void put_end(struct sp_buf *out, size_t count, uint64_t start, uint64_t len)
{
    bool large = count >= LIMIT_16 || start >= LIMIT_32 || len >= LIMIT_32;

    if (large) {
        uint64_t at = start + len;
        put(out, 0x06064b50, 4);
        put(out, 44, 8);
        put(out, MADE_BY_UNIX | 45, 2);
        put(out, 45, 2);
        put(out, 0, 8); /* disks */
        put(out, count, 8);
        put(out, count, 8);
        put(out, len, 8);
        put(out, start, 8);
        put(out, 0x07064b50, 4);
        put(out, 0, 4);
        put(out, at, 8);
        put(out, 1, 4);
    }
    put(out, 0x06054b50, 4);
    put(out, 0, 4); /* disks */
    put(out, large ? LIMIT_16 : count, 2);
    put(out, large ? LIMIT_16 : count, 2);
    put(out, large ? LIMIT_32 : len, 4);
    put(out, large ? LIMIT_32 : start, 4);
    put(out, 0, 2);
}

static enum sp_rc write_contents(struct sp_zip *zip, struct sp_err *err)
{
    sp_auto_buf struct sp_buf table = SP_BUF(SP_BUF_LARGE);
    sp_auto_buf struct sp_buf end = SP_BUF(SP_BUF_SMALL);

    for (size_t i = 0; i < zip->members.len; i++)
        put_entry(&table, &zip->members.items[i]);
    put_end(&end, zip->members.len, zip->size, table.len);
    if (!sp_buf_ok(&table))
        return sp_fail(err, SP_LIMIT, "%s: too many members", zip->path);
    enum sp_rc rc = write_bytes(zip, sp_buf_str(&table), err);
    return rc ? rc : write_bytes(zip, sp_buf_str(&end), err);
}

enum sp_rc sp_zip_finish(struct sp_zip *zip, struct sp_err *err)
{
    enum sp_rc rc = write_contents(zip, err);

    if (rc == SP_OK && (SP_FAULT("zip.sync", EIO) || fsync(zip->fd) < 0))
        rc = sp_fail_errno(err, "sync %s", zip->temporary);
    if (rc == SP_OK && (SP_FAULT("zip.rename", EIO) || rename(zip->temporary, zip->path) < 0))
        rc = sp_fail_errno(err, "rename %s", zip->temporary);
    if (rc)
        sp_zip_drop(zip);
    else
        free_zip(zip);
    return rc;
}
