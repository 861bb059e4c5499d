/* SPDX-License-Identifier: BSD-3-Clause */
/* record.c - texts by key. A file holds the text, then a line with the XXH3 of all before it and of
 * the epoch, and the epoch: "<text>\n<16 hex> <epoch>\n". */
#include "base/checksum.h"
#include "base/fault.h"

#include "store/store_internal.h"
#include "sys/file.h"

#include <unistd.h>

static struct sp_checksum_text guard(struct sp_str text, struct sp_str epoch)
{
    sp_auto_buf struct sp_buf both = SP_BUF(SP_BUF_LARGE);

    sp_buf_add(&both, text);
    sp_buf_addc(&both, '\n');
    sp_buf_add(&both, epoch);
    return sp_checksum(sp_buf_str(&both));
}

bool sp_record_split(struct sp_str file, struct sp_str *text, struct sp_str *epoch)
{
    if (!sp_str_ends(file, "\n"))
        return false;
    file.len--;
    size_t at = sp_str_rfind(file, '\n');
    if (at == SIZE_MAX)
        return false;
    *text = sp_str_slice(file, 0, at);
    struct sp_str last = sp_str_slice(file, at + 1, file.len);
    struct sp_str sum = sp_str_cut(&last, ' ');
    if (!last.ptr)
        return false;
    *epoch = last;
    return sp_str_is(sum, guard(*text, *epoch).text);
}

enum sp_rc sp_store_get_record(struct sp_store *store,
                               const struct sp_digest *key,
                               struct sp_buf *out,
                               struct sp_err *err)
{
    struct sp_store_path path = sp_store_path(store, "records", key);
    sp_auto_buf struct sp_buf file = SP_BUF(SP_BUF_LARGE);
    struct sp_str text;
    struct sp_str epoch;

    enum sp_rc rc = sp_file_read(path.text, &file, err);
    if (rc)
        return rc;
    if (!sp_record_split(sp_buf_str(&file), &text, &epoch)) {
        sp_store_discard(store, path.text);
        return sp_fail(err, SP_CORRUPT, "the record '%s' is damaged", path.text);
    }
    sp_buf_add(out, text);
    return sp_buf_ok(out) ? SP_OK
                          : sp_fail(err, SP_LIMIT, "the record '%s' is too long", path.text);
}

enum sp_rc sp_store_put_record(struct sp_store *store,
                               const struct sp_digest *key,
                               struct sp_str text,
                               struct sp_err *err)
{
    struct sp_store_path path = sp_store_path(store, "records", key);
    sp_auto_buf struct sp_buf file = SP_BUF(SP_BUF_LARGE);

    enum sp_rc rc = sp_epoch_begin(store, err);
    if (rc)
        return sp_err_wrap(err, "keep a record");
    struct sp_str epoch = sp_str_of(sp_store_epoch(store));
    sp_buf_add(&file, text);
    sp_buf_addf(&file, "\n%s " SP_STR_FMT "\n", guard(text, epoch).text, SP_STR_ARG(epoch));
    if (!sp_buf_ok(&file))
        return sp_fail(err, SP_LIMIT, "the record is larger than %zu bytes", SP_BUF_LARGE);
    rc = sp_store_write(store, path.text, sp_buf_str(&file), err);
    if (rc)
        return sp_err_wrap(err, "keep a record");
    return sp_epoch_wrote(store, 1, err);
}

enum sp_rc sp_store_drop_record(struct sp_store *store,
                                const struct sp_digest *key,
                                struct sp_err *err)
{
    struct sp_store_path path = sp_store_path(store, "records", key);
    enum sp_rc rc = sp_store_check_writable(store, err);

    if (rc)
        return rc;
    if (SP_FAULT("record.unlink", EIO) || unlink(path.text) < 0)
        return sp_fail_errno(err, "drop the record '%s'", path.text);
    return SP_OK;
}

struct visit {
    sp_store_each_fn each;
    void *arg;
    size_t damaged;
};

static bool visit_record(void *arg, const struct sp_digest *key, const char *path)
{
    struct visit *visit = arg;
    sp_auto_buf struct sp_buf file = SP_BUF(SP_BUF_LARGE);
    struct sp_err err = SP_ERR_INIT;
    struct sp_str text;
    struct sp_str epoch;

    enum sp_rc rc = sp_file_read(path, &file, &err);
    if (rc == SP_NOT_FOUND)
        return true; /* dropped meanwhile */
    if (rc || !sp_record_split(sp_buf_str(&file), &text, &epoch)) {
        visit->damaged++;
        return true;
    }
    return visit->each(visit->arg, key, text);
}

enum sp_rc sp_store_each_record(struct sp_store *store,
                                sp_store_each_fn each,
                                void *arg,
                                size_t *damaged,
                                struct sp_err *err)
{
    struct visit visit = { .each = each, .arg = arg };
    enum sp_rc rc = sp_store_each_name(store, "records", visit_record, &visit, err);

    if (!rc)
        *damaged = visit.damaged;
    return rc;
}
