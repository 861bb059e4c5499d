/* SPDX-License-Identifier: BSD-3-Clause */
#include "store/copy.h"

#include "base/fault.h"

#include "store/file_digest.h"
#include "sys/file.h"

#include <unistd.h>

#define BLOCK_SIZE ((size_t)1024 * 1024)

struct copy {
    int from, to;
    uint64_t size;
    char *block;
    struct sp_file_hasher hasher;
};

enum sp_rc sp_room_error(struct sp_err *err)
{
    if (err->sys_errno == ENOSPC || err->sys_errno == EDQUOT)
        err->code = SP_LIMIT;
    return err->code;
}

static enum sp_rc read_block(struct copy *copy,
                             off_t at,
                             size_t want,
                             size_t *got,
                             struct sp_err *err)
{
    for (;;) {
        ssize_t len = SP_FAULT("copy.read", EIO) ? -1 : pread(copy->from, copy->block, want, at);
        if (len < 0 && errno == EINTR)
            continue;
        if (len < 0)
            return sp_fail_errno(err, "read");
        if (len == 0)
            return sp_fail(err, SP_BUSY, "it became shorter while it was copied");
        *got = (size_t)len;
        return SP_OK;
    }
}

static enum sp_rc copy_data(struct copy *copy, off_t at, off_t end, struct sp_err *err)
{
    if (lseek(copy->to, at, SEEK_SET) < 0)
        return sp_fail_errno(err, "seek");
    while (at < end) {
        size_t got = 0;
        size_t want = (size_t)SP_MIN((off_t)BLOCK_SIZE, end - at);
        enum sp_rc rc = read_block(copy, at, want, &got, err);
        if (!rc)
            rc = sp_write_all(copy->to, (struct sp_str){ copy->block, got }, err);
        if (rc)
            return sp_room_error(err);
        sp_file_hasher_update(&copy->hasher, copy->block, got);
        at += (off_t)got;
    }
    return SP_OK;
}

static void hash_hole(struct copy *copy, off_t at, off_t end)
{
    static const char zeros[64 * 1024];

    while (at < end) {
        size_t len = (size_t)SP_MIN((off_t)sizeof zeros, end - at);
        sp_file_hasher_update(&copy->hasher, zeros, len);
        at += (off_t)len;
    }
}

static enum sp_rc copy_all(struct copy *copy, struct sp_err *err)
{
    off_t size = (off_t)copy->size;

    if (SP_FAULT("copy.size", ENOSPC) || ftruncate(copy->to, size) < 0) {
        (void)sp_fail_errno(err, "set its size");
        return sp_room_error(err);
    }
    for (off_t at = 0; at < size;) {
        off_t data = lseek(copy->from, at, SEEK_DATA);
        if (data < 0)
            data = errno == ENXIO ? size : at; /* no data to the end; or holes are unknown here */
        data = SP_MIN(data, size);
        hash_hole(copy, at, data);
        off_t hole = data < size ? lseek(copy->from, data, SEEK_HOLE) : size;
        hole = hole < 0 || hole > size ? size : hole;
        enum sp_rc rc = copy_data(copy, data, hole, err);
        if (rc)
            return rc;
        at = hole;
    }
    return SP_OK;
}

enum sp_rc sp_copy_file(int from,
                        int to,
                        uint64_t size,
                        struct sp_digest *exact,
                        struct sp_err *err)
{
    struct copy copy = { .from = from, .to = to, .size = size };

    sp_auto_free char *block = sp_alloc(SP_MIN(BLOCK_SIZE, (size_t)size + 1));
    copy.block = block;
    sp_file_hasher_init(&copy.hasher, size);
    enum sp_rc rc = copy_all(&copy, err);
    if (!rc)
        *exact = sp_file_hasher_end(&copy.hasher);
    return rc;
}
