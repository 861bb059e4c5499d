/* SPDX-License-Identifier: BSD-3-Clause */
#include "store/store.h"

#include "base/checksum.h"
#include "base/fault.h"
#include "base/tap.h"

#include "sys/file.h"
#include "sys/lock.h"

#include <fcntl.h>
#include <stdlib.h>
#include <sys/stat.h>
#include <unistd.h>

static char root[] = "/tmp/spoor-store-XXXXXX"; /* and working directory */

static enum sp_rc open_as(const char *dir,
                          enum sp_store_use use,
                          struct sp_store **store,
                          struct sp_err *err)
{
    struct sp_store_options options = { .run = "test/1" };

    *err = SP_ERR_INIT;
    return sp_store_open(dir, use, &options, store, err);
}

static void put(const char *path, const char *text)
{
    struct sp_err err = SP_ERR_INIT;

    if (sp_file_write(path, sp_str_of(text), &err))
        abort();
}

static struct sp_digest digest_of(const char *text)
{
    return sp_blake3(sp_str_of(text));
}

static void test_open(void)
{
    struct sp_store *store = NULL;
    struct sp_store *second = NULL;
    struct sp_err err = SP_ERR_INIT;

    tap_ok(open_as("s", SP_STORE_READ, &store, &err) == SP_NOT_FOUND && !store &&
               strstr(err.text, "no store"),
           "%s", err.text);
    tap_ok(open_as("s", SP_STORE_ALONE, &store, &err) == SP_NOT_FOUND, "%s", err.text);
    tap_ok(open_as("s", SP_STORE_RUN, &store, &err) == SP_OK, "made %s", err.text);
    tap_ok(open_as("s", SP_STORE_RUN, &second, &err) == SP_OK, "two may use it %s", err.text);
    tap_ok(sp_store_close(second, &err) == SP_OK, "the second is closed");
    tap_ok(open_as("s", SP_STORE_READ, &second, &err) == SP_OK, "and one may read %s", err.text);
    tap_ok(sp_store_close(second, &err) == SP_OK, "closed");
    tap_ok(open_as("s", SP_STORE_ALONE, &second, &err) == SP_BUSY, "%s", err.text);
    tap_ok(sp_store_close(store, &err) == SP_OK, "closed");
    tap_ok(open_as("s", SP_STORE_ALONE, &store, &err) == SP_OK, "alone %s", err.text);
    tap_ok(open_as("s", SP_STORE_RUN, &second, &err) == SP_BUSY, "%s", err.text);
    tap_ok(sp_store_close(store, &err) == SP_OK && sp_store_close(NULL, &err) == SP_OK, "closed");

    put("s/format", "spoor-store 2\n");
    tap_ok(open_as("s", SP_STORE_RUN, &store, &err) == SP_INVALID && strstr(err.text, "newer"),
           "%s", err.text);
    put("s/format", "rubbish\n");
    tap_ok(open_as("s", SP_STORE_READ, &store, &err) == SP_INVALID, "%s", err.text);
    (void)!mkdir("other", 0755);
    put("other/file", "x");
    tap_ok(open_as("other", SP_STORE_RUN, &store, &err) == SP_INVALID &&
               strstr(err.text, "not empty"),
           "%s", err.text);
    put("s/format", "spoor-store 1\n");
}

static void test_shared(void)
{
    struct sp_store_options options = { .shared = true };
    struct sp_store *store = NULL;
    struct sp_err err = SP_ERR_INIT;

    tap_ok(sp_store_open("s", SP_STORE_RUN, &options, &store, &err) == SP_OK &&
               sp_store_close(store, &err) == SP_OK,
           "locks work: shared %s", err.text);
    bool refused = false;
    for (unsigned nth = 1; !refused && nth < 500; nth++) {
        sp_fault_arm(nth);
        enum sp_rc rc = sp_store_open("s", SP_STORE_RUN, &options, &store, &err);
        const char *site = sp_fault_fired();
        sp_fault_arm(0);
        if (!rc)
            (void)!sp_store_close(store, &err);
        refused = site && strcmp(site, "store.probe-lock") == 0 && rc == SP_INVALID;
    }
    tap_ok(refused && strstr(err.text, "shared"), "%s", err.text);
}

static bool count_record(void *arg, const struct sp_digest *key, struct sp_str text)
{
    (void)key;
    (void)text;
    ++*(size_t *)arg;
    return true;
}

static void test_records(void)
{
    struct sp_store *store = NULL;
    struct sp_err err = SP_ERR_INIT;
    struct sp_digest key = digest_of("key");
    struct sp_digest other = digest_of("other");
    sp_auto_buf struct sp_buf text = SP_BUF(SP_BUF_SMALL);
    size_t count = 0;
    size_t damaged = 9;

    tap_ok(open_as("s", SP_STORE_RUN, &store, &err) == SP_OK, "open");
    tap_ok(sp_store_get_record(store, &key, &text, &err) == SP_NOT_FOUND, "%s", err.text);
    tap_ok(sp_store_put_record(store, &key, SP_STR("{\"v\":1}"), &err) == SP_OK &&
               sp_store_get_record(store, &key, &text, &err) == SP_OK &&
               strcmp(text.ptr, "{\"v\":1}") == 0,
           "put and got %s", err.text);
    sp_buf_clear(&text);
    tap_ok(sp_store_put_record(store, &key, SP_STR("two\nlines\n"), &err) == SP_OK &&
               sp_store_get_record(store, &key, &text, &err) == SP_OK &&
               strcmp(text.ptr, "two\nlines\n") == 0,
           "the newest counts, any text will do");
    tap_ok(strlen(sp_store_epoch(store)) > 40, "epoch %s", sp_store_epoch(store));
    tap_ok(sp_store_put_record(store, &other, SP_STR(""), &err) == SP_OK &&
               sp_store_each_record(store, count_record, &count, &damaged, &err) == SP_OK &&
               count == 2 && damaged == 0,
           "each");

    sp_auto_buf struct sp_buf path = SP_BUF(SP_BUF_SMALL);
    struct sp_digest_text hex = sp_digest_hex(&key);
    sp_buf_addf(&path, "s/records/%.2s/%s", hex.text, hex.text + 2);
    (void)chmod(path.ptr, 0644);
    put(path.ptr, "two\nlines!\n0123456789abcdef e\n");
    count = 0;
    tap_ok(sp_store_each_record(store, count_record, &count, &damaged, &err) == SP_OK &&
               count == 1 && damaged == 1,
           "damaged ones are counted");
    sp_buf_clear(&text);
    tap_ok(sp_store_get_record(store, &key, &text, &err) == SP_CORRUPT && text.len == 0, "%s",
           err.text);
    tap_ok(sp_store_get_record(store, &key, &text, &err) == SP_NOT_FOUND, "it is in trash/");
    bool dropped = sp_store_drop_record(store, &other, &err) == SP_OK;
    tap_ok(dropped && sp_store_drop_record(store, &other, &err) == SP_NOT_FOUND, "dropped");

    for (unsigned nth = 1;; nth++) {
        err = SP_ERR_INIT;
        sp_fault_arm(nth);
        enum sp_rc rc = sp_store_put_record(store, &key, SP_STR("new"), &err);
        const char *site = sp_fault_fired();
        sp_fault_arm(0);
        sp_buf_clear(&text);
        enum sp_rc got = sp_store_get_record(store, &key, &text, &err);
        if (!site) {
            tap_ok(rc == SP_OK && got == SP_OK && nth > 2, "no fault left after %u", nth - 1);
            break;
        }
        /* A folder that is not there yet makes the first rename fail, and is made. */
        if (rc ? got != SP_NOT_FOUND : got != SP_OK)
            tap_ok(false, "fault at %s: %s", site, err.text);
        if (rc == SP_OK)
            tap_ok(false, "fault at %s is not noticed", site);
    }
    tap_ok(sp_store_close(store, &err) == SP_OK, "close %s", err.text);
    tap_ok(open_as("s", SP_STORE_READ, &store, &err) == SP_OK, "read");
    tap_ok(sp_store_put_record(store, &key, SP_STR("x"), &err) == SP_INVALID, "%s", err.text);
    sp_buf_clear(&text);
    tap_ok(sp_store_get_record(store, &key, &text, &err) == SP_OK && strcmp(text.ptr, "new") == 0,
           "readable");
    tap_ok(sp_store_close(store, &err) == SP_OK, "close");
}

static size_t count_files(const char *path)
{
    sp_auto_arena struct sp_arena *arena = sp_arena_new();
    struct sp_tree tree = { 0 };
    struct sp_err err = SP_ERR_INIT;
    size_t files = 0;

    if (sp_tree_scan(path, arena, &tree, &err))
        abort();
    for (size_t i = 0; i < tree.len; i++)
        files += tree.entries[i].type == SP_TREE_FILE;
    return files;
}

/* A boot that ended without syncing: its records are dropped, torn files are recognised. */
static void test_power_cut(void)
{
    struct sp_store *store = NULL;
    struct sp_err err = SP_ERR_INIT;
    struct sp_digest keys[3] = { digest_of("1"), digest_of("2"), digest_of("3") };
    struct sp_digest whole;
    struct sp_digest torn;
    sp_auto_arena struct sp_arena *arena = sp_arena_new();
    sp_auto_buf struct sp_buf text = SP_BUF(SP_BUF_SMALL);
    char epoch[300];
    char dead[600];

    /* An epoch that is over. */
    bool good = open_as("p", SP_STORE_RUN, &store, &err) == SP_OK &&
                sp_store_put_record(store, &keys[0], SP_STR("old"), &err) == SP_OK &&
                sp_store_close(store, &err) == SP_OK;
    tap_ok(good && count_files("p/unsynced") == 0, "synced: no marker %s", err.text);

    /* One that is not: the lock is taken away by moving the marker, as a new boot would find it. */
    put("log", "some output\n");
    put("log2", "other output\n");
    good = open_as("p", SP_STORE_RUN, &store, &err) == SP_OK &&
           sp_store_put_file(store, "log", &whole, &err) == SP_OK &&
           sp_store_put_file(store, "log2", &torn, &err) == SP_OK &&
           sp_store_put_record(store, &keys[1], SP_STR("new"), &err) == SP_OK;
    tap_ok(good && count_files("p/unsynced") == 1, "a marker while something is not synced");
    struct sp_store *second = NULL;
    tap_ok(open_as("p", SP_STORE_RUN, &second, &err) == SP_OK &&
               sp_store_get_record(second, &keys[1], &text, &err) == SP_OK &&
               sp_store_close(second, &err) == SP_OK && count_files("p/unsynced") == 1,
           "who lives is left alone");
    (void)snprintf(epoch, sizeof epoch, "00000000-dead%s", sp_store_epoch(store) + 13);
    struct sp_str torn_path = sp_store_object_path(store, arena, &torn);
    struct sp_digest_text hex = sp_digest_hex(&keys[1]);
    char record[200];
    (void)snprintf(record, sizeof record, "p/records/%.2s/%s", hex.text, hex.text + 2);
    tap_ok(sp_store_close(store, &err) == SP_OK, "close");

    /* The marker of another boot, a record of that epoch, and an object without its bytes. */
    char text_of[400];
    char whole_of[500];
    (void)snprintf(text_of, sizeof text_of, "new\n%s", epoch);
    (void)snprintf(whole_of, sizeof whole_of, "new\n%s %s\n", sp_checksum(sp_str_of(text_of)).text,
                   epoch);
    (void)chmod(record, 0644);
    put(record, whole_of);
    (void)snprintf(dead, sizeof dead, "p/unsynced/%s", epoch);
    put(dead, "");
    (void)chmod(torn_path.ptr, 0644);
    put(torn_path.ptr, "");
    good = open_as("p", SP_STORE_RUN, &store, &err) == SP_OK;
    tap_ok(good && count_files("p/unsynced") == 0, "the marker is gone %s", err.text);
    tap_ok(access(torn_path.ptr, F_OK) < 0 &&
               access(sp_store_object_path(store, arena, &whole).ptr, F_OK) == 0,
           "torn objects are gone, whole ones stay");
    sp_buf_clear(&text);
    tap_ok(sp_store_get_record(store, &keys[0], &text, &err) == SP_OK, "older records stay");
    tap_ok(sp_store_get_record(store, &keys[1], &text, &err) == SP_NOT_FOUND,
           "records of that epoch are dropped");
    tap_ok(sp_store_close(store, &err) == SP_OK, "close");
}

static void test_claims(void)
{
    struct sp_store *one = NULL;
    struct sp_store *two = NULL;
    struct sp_lock *claim = NULL;
    struct sp_lock *other = NULL;
    struct sp_err err = SP_ERR_INIT;
    struct sp_digest key = digest_of("claimed");

    if (open_as("s", SP_STORE_RUN, &one, &err) || open_as("s", SP_STORE_RUN, &two, &err))
        abort();
    tap_ok(sp_store_claim(one, &key, &claim, &err) == SP_OK, "claimed");
    tap_ok(sp_store_claim(two, &key, &other, &err) == SP_BUSY && !other && strstr(err.text, "pid"),
           "%s", err.text);
    sp_store_unclaim(one, &key, claim);
    sp_store_unclaim(one, &key, NULL);
    tap_ok(sp_store_claim(two, &key, &other, &err) == SP_OK, "free again");
    sp_store_unclaim(two, &key, other);
    tap_ok(count_files("s/running") == 0, "nothing is left");

    tap_ok(!sp_store_is_pinned(one, &key) && sp_store_unpin(one, &key, &err) == SP_NOT_FOUND &&
               sp_store_pin(one, &key, SP_STR("paper"), &err) == SP_OK &&
               sp_store_is_pinned(two, &key) && sp_store_unpin(two, &key, &err) == SP_OK &&
               !sp_store_is_pinned(one, &key),
           "pinned and unpinned");
    if (sp_store_close(one, &err) || sp_store_close(two, &err))
        abort();
}

int main(void)
{
    struct sp_err err = SP_ERR_INIT;

    if (!mkdtemp(root) || chdir(root))
        return 1;
    test_open();
    test_shared();
    test_records();
    test_power_cut();
    test_claims();
    tap_ok(chdir("/") == 0 && sp_remove_tree(root, &err) == SP_OK, "clean up %s", err.text);
    return tap_done();
}
