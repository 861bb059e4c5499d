/* SPDX-License-Identifier: BSD-3-Clause */
#include "sys/zip.h"

#include "base/buf.h"
#include "base/fault.h"
#include "base/tap.h"

#include "sys/file.h"
#include "sys/glob.h"

#include <stdlib.h>

static char dir[] = "/tmp/spoor-zip-XXXXXX";
static char archive[64];
static char member[64];

static enum sp_rc make(struct sp_err *err)
{
    struct sp_zip *zip = NULL;

    enum sp_rc rc = sp_zip_create(archive, &zip, err);
    if (rc)
        return rc;
    rc = sp_zip_add_text(zip, SP_STR("dir/"), SP_STR(""), err);
    if (rc == SP_OK)
        rc = sp_zip_add_text(zip, SP_STR("dir/a.txt"), SP_STR("hello"), err);
    if (rc == SP_OK)
        rc = sp_zip_add_file(zip, SP_STR("b"), member, err);
    if (rc == SP_OK)
        return sp_zip_finish(zip, err);
    sp_zip_drop(zip);
    return rc;
}

static size_t files_in_dir(void)
{
    sp_auto_arena struct sp_arena *arena = sp_arena_new();

    return sp_glob_find(arena, sp_arena_printf(arena, "%s/*", dir)).len;
}

/* Number of `bytes` bytes at `at`, little endian. */
static uint64_t number(struct sp_str text, size_t at, unsigned bytes)
{
    uint64_t value = 0;

    for (unsigned i = 0; i < bytes && at + i < text.len; i++)
        value |= (uint64_t)(unsigned char)text.ptr[at + i] << (8 * i);
    return value;
}

/* Python's zipfile reads one in tests/cli; here is what a reader needs first. */
static void test_layout(void)
{
    sp_auto_buf struct sp_buf text = SP_BUF(SP_BUF_LARGE);
    struct sp_err err = SP_ERR_INIT;

    tap_ok(make(&err) == SP_OK && sp_file_read(archive, &text, &err) == SP_OK, "an archive");
    struct sp_str all = sp_buf_str(&text);
    size_t end = all.len - 22;
    tap_ok(number(all, end, 4) == 0x06054b50, "ends with its end record");
    tap_ok(number(all, end + 10, 2) == 3, "three members");
    size_t table = number(all, end + 16, 4);
    tap_ok(table + number(all, end + 12, 4) == end, "the table of contents is where it says");
    tap_ok(number(all, table, 4) == 0x02014b50, "and begins so");
    size_t second = table + 46 + 4;
    size_t at = number(all, second + 42, 4);
    tap_ok(number(all, second + 16, 4) == 0x3610a686, "CRC-32 of 'hello'");
    tap_ok(number(all, at, 4) == 0x04034b50 && number(all, at + 14, 4) == 0x3610a686,
           "also in front of it");
    tap_ok(sp_str_eq(sp_str_slice(all, at + 30 + 9, at + 30 + 9 + 5), SP_STR("hello")),
           "then the text");
}

static void test_faults(void)
{
    struct sp_err err = SP_ERR_INIT;
    unsigned n = 1;

    (void)remove(archive);
    for (;; n++) {
        sp_fault_arm(n);
        enum sp_rc rc = make(&err);
        const char *site = sp_fault_fired();
        sp_fault_arm(0);
        if (!site)
            break;
        tap_ok(rc != SP_OK && files_in_dir() == 1, "%s fails: nothing is left", site);
    }
    tap_ok(n > 8 && files_in_dir() == 2, "then it is made");
    tap_ok(make(&err) == SP_OK, "over an old one");
}

static void test_mistakes(void)
{
    struct sp_zip *zip = NULL;
    struct sp_err err = SP_ERR_INIT;

    tap_ok(sp_zip_create("/nowhere/at/all.zip", &zip, &err) == SP_NOT_FOUND, "no such directory");
    tap_ok(sp_zip_create(archive, &zip, &err) == SP_OK &&
               sp_zip_add_file(zip, SP_STR("x"), "/nowhere", &err) == SP_NOT_FOUND,
           "no such file");
    tap_ok(sp_zip_add_text(zip, SP_STR(""), SP_STR("x"), &err) == SP_INVALID, "no name");
    sp_zip_drop(zip);
    sp_zip_drop(NULL);
}

int main(void)
{
    struct sp_err err = SP_ERR_INIT;

    if (!mkdtemp(dir))
        return 1;
    (void)snprintf(archive, sizeof archive, "%s/a.zip", dir);
    (void)snprintf(member, sizeof member, "%s/b", dir);
    if (sp_file_write(member, SP_STR("some content\n"), &err))
        return 1;
    test_layout();
    test_faults();
    test_mistakes();
    if (sp_remove_tree(dir, &err))
        return 1;
    return tap_done();
}
