/* SPDX-License-Identifier: BSD-3-Clause */
#include "store/ledger.h"

#include "base/fault.h"
#include "base/tap.h"

#include "sys/file.h"

#include <stdlib.h>
#include <unistd.h>

static char dir[] = "/tmp/spoor-ledger-XXXXXX";
static struct sp_arena *arena;
static struct sp_ledger *ledger;
static size_t damaged;

static const char *in(const char *name)
{
    return sp_arena_printf(arena, "%s/%s", dir, name).ptr;
}

static bool reopen(void)
{
    struct sp_err err = SP_ERR_INIT;

    sp_ledger_close(SP_TAKE(ledger));
    if (sp_ledger_open(dir, true, &ledger, &damaged, &err) == SP_OK)
        return true;
    printf("# %s\n", err.text);
    return false;
}

static bool sync_it(void)
{
    struct sp_err err = SP_ERR_INIT;

    if (sp_ledger_sync(ledger, &err) == SP_OK)
        return true;
    printf("# %s\n", err.text);
    return false;
}

static struct sp_version version(const char *text)
{
    return sp_version_plain(sp_blake3(sp_str_of(text)));
}

static struct sp_passage passage(const char *text, const char *recipe, const char *task)
{
    return (struct sp_passage){
        .version = version(text),
        .key = sp_blake3(sp_str_of(task)),
        .recipe = sp_str_of(recipe),
        .task = sp_str_of(task),
        .run = SP_STR("run 1"),
    };
}

static bool holds(const char *path, size_t len, size_t index, const char *what)
{
    const struct sp_hold *hold = sp_ledger_find(ledger, sp_str_of(path));
    struct sp_version wanted = version(what);

    return hold && hold->chain.len == len && hold->index == index &&
           sp_version_eq(&hold->version, &wanted);
}

static bool scan(const char *path, struct sp_tree *out)
{
    struct sp_err err = SP_ERR_INIT;

    return sp_tree_scan(path, arena, out, &err) == SP_OK;
}

static void check_chain(void)
{
    struct sp_version source = version("v0");
    struct sp_passage first = passage("v1", "A", "A.flag"), second = passage("v2", "A", "A.cal");
    struct sp_passage other = passage("v2'", "A", "A.cal");
    struct sp_err err = SP_ERR_INIT;
    struct sp_str path = SP_STR("a b%\n\xff.ms");
    struct sp_tree tree, back = { 0 };

    tap_ok(reopen() && !sp_ledger_find(ledger, path) && damaged == 0, "an empty one");
    struct sp_hold *hold = sp_ledger_source(ledger, path, &source);
    tap_ok(hold->state == SP_HOLD_CHANGING, "nobody vouches for a new path yet");
    sp_ledger_made(ledger, hold, 0, &first);
    sp_ledger_made(ledger, hold, 1, &second);
    tap_ok(scan(in("ledger_test.tmp"), &tree) && tree.len == 1 &&
               sp_ledger_hold(ledger, hold, 2, &tree, &err) == SP_OK && sync_it() && reopen() &&
               holds(path.ptr, 3, 2, "v2"),
           "a chain comes back");
    hold = sp_ledger_find(ledger, path);
    tap_ok(hold && hold->state == SP_HOLD_TRUSTED && sp_ledger_tree(ledger, hold, arena, &back) &&
               back.len == 1 && back.entries[0].ino == tree.entries[0].ino &&
               back.entries[0].changed == tree.entries[0].changed,
           "and with it what lstat said");
    if (!hold)
        return;
    sp_ledger_made(ledger, hold, 1, &other);
    tap_ok(hold->chain.len == 3 && holds(path.ptr, 3, 2, "v2"),
           "what it holds can be off the chain");
    tap_ok(sync_it() && reopen() && holds(path.ptr, 3, 2, "v2"), "also after a restart");
    hold = sp_ledger_find(ledger, path);
    sp_ledger_touch(ledger, hold, SP_HOLD_CHANGING, SP_STR("run 2"), SP_STR("A.cal"));
    sp_ledger_kept(ledger, hold, 1, &tree.entries[0].exact);
    tap_ok(sync_it() && reopen() && (hold = sp_ledger_find(ledger, path)) &&
               hold->state == SP_HOLD_CHANGING && sp_str_is(hold->run, "run 2") &&
               sp_str_is(hold->task, "A.cal") && hold->chain.items[1].kept &&
               !hold->chain.items[2].kept,
           "somebody is at it; one state is kept");
    tap_ok(sp_ledger_tree(ledger, hold, arena, &back) && back.len == 1,
           "what lstat said before is still known");
}

static void check_tasks(void)
{
    struct sp_digest key = sp_blake3(SP_STR("k")), found;

    tap_ok(!sp_ledger_key_of(ledger, SP_STR("A"), SP_STR("A.x"), &found), "no key yet");
    sp_ledger_task(ledger, SP_STR("A"), SP_STR("A.x"), &key, SP_STR("r"));
    tap_ok(sync_it() && reopen() && sp_ledger_key_of(ledger, SP_STR("A"), SP_STR("A.x"), &found) &&
               sp_digest_eq(&key, &found) &&
               !sp_ledger_key_of(ledger, SP_STR(""), SP_STR("A.x"), &found),
           "the key of a task of a recipe");
    sp_ledger_begun(ledger, SP_STR("A"), SP_STR("A.x"), 17);
    sp_ledger_begun(ledger, SP_STR("A"), SP_STR("A.y"), 18);
    sp_ledger_begun(ledger, SP_STR("A"), SP_STR("A.z"), 19);
    sp_ledger_begun(ledger, SP_STR("A"), SP_STR("A.z"), 0);
    tap_ok(sync_it() && reopen() && sp_ledger_begun_at(ledger, SP_STR("A"), SP_STR("A.x")) == 17 &&
               sp_ledger_begun_at(ledger, SP_STR("A"), SP_STR("A.y")) == 18 &&
               !sp_ledger_begun_at(ledger, SP_STR("A"), SP_STR("A.z")),
           "tasks that have begun and not ended");
    tap_ok(sp_ledger_key_of(ledger, SP_STR("A"), SP_STR("A.x"), &found) &&
               !sp_ledger_key_of(ledger, SP_STR("A"), SP_STR("A.y"), &found),
           "which have a key only if they had ended well before");
    sp_ledger_drop(ledger, SP_STR("a b%\n\xff.ms"));
    tap_ok(!sp_ledger_find(ledger, SP_STR("a b%\n\xff.ms")) && sync_it() && reopen() &&
               !sp_ledger_find(ledger, SP_STR("a b%\n\xff.ms")),
           "a forgotten path");
}

static bool write_ledger(struct sp_str text)
{
    struct sp_err err = SP_ERR_INIT;

    return sp_file_write(in("ledger"), text, &err) == SP_OK;
}

/* Whatever happens to one line, the others count. */
static void check_damage(void)
{
    sp_auto_buf struct sp_buf text = SP_BUF(SP_BUF_LARGE);
    struct sp_err err = SP_ERR_INIT;
    struct sp_version a = version("a"), b = version("b");
    size_t wrong = 0, torn = 0;

    sp_ledger_close(SP_TAKE(ledger));
    (void)unlink(in("ledger"));
    (void)reopen();
    struct sp_hold *first = sp_ledger_source(ledger, SP_STR("a"), &a);
    (void)!sp_ledger_hold(ledger, first, 0, NULL, &err);
    struct sp_hold *second = sp_ledger_source(ledger, SP_STR("b"), &b);
    (void)!sp_ledger_hold(ledger, second, 0, NULL, &err);
    tap_ok(sync_it() && sp_file_read(in("ledger"), &text, &err) == SP_OK, "four lines");
    size_t line = sp_str_find(sp_buf_str(&text), '\n');
    for (size_t i = 0; i < line; i++) {
        text.ptr[i] ^= 1;
        wrong += !write_ledger(sp_buf_str(&text)) || !reopen() || damaged < 1 ||
                 sp_ledger_find(ledger, SP_STR("a")) || !holds("b", 1, 0, "b");
        text.ptr[i] ^= 1;
    }
    tap_ok(wrong == 0, "every flipped bit of the first line is found: %zu were not", wrong);
    for (size_t len = 0; len < text.len; len++) {
        torn += !write_ledger(sp_str_slice(sp_buf_str(&text), 0, len)) || !reopen() || damaged;
        struct sp_hold *hold = sp_ledger_source(ledger, SP_STR("c"), &a);
        torn += sp_ledger_hold(ledger, hold, 0, NULL, &err) != SP_OK || !sync_it() || !reopen() ||
                damaged || !holds("c", 1, 0, "a");
    }
    tap_ok(torn == 0, "torn anywhere, it is read and goes on: %zu times not", torn);
}

static void check_compaction(void)
{
    struct sp_version a = version("a");
    struct sp_err err = SP_ERR_INIT;

    for (int i = 0; i < 1000; i++) {
        struct sp_hold *hold = sp_ledger_source(ledger, SP_STR("often"), &a);
        (void)!sp_ledger_hold(ledger, hold, 0, NULL, &err);
    }
    tap_ok(sync_it() && reopen() && sp_tree_size(in("ledger")) < 2000 &&
               holds("often", 1, 0, "a") && reopen() && holds("often", 1, 0, "a"),
           "what is out of date goes");

    struct sp_passage made = passage("b", "A", "A.flag");
    struct sp_hold *hold = sp_ledger_source(ledger, SP_STR("often"), &a);
    sp_ledger_made(ledger, hold, 0, &made);
    for (int i = 0; i < 1000; i++)
        (void)!sp_ledger_hold(ledger, hold, 1, NULL, &err);
    sp_ledger_touch(ledger, hold, SP_HOLD_CHANGING, SP_STR("run 2"), SP_STR("B.cal"));
    tap_ok(sync_it() && reopen() && sp_tree_size(in("ledger")) < 2000 &&
               holds("often", 2, 1, "b") && reopen() && holds("often", 2, 1, "b") &&
               sp_ledger_find(ledger, SP_STR("often"))->state == SP_HOLD_CHANGING,
           "also of what is being changed, which stays where it is on its chain");
}

static void check_large(void)
{
    struct sp_version a = version("a");
    struct sp_err err = SP_ERR_INIT;
    struct sp_tree tree, back;

    for (int i = 0; i < 100; i++) {
        const char *path = sp_arena_printf(arena, "%s/big/%d", dir, i).ptr;
        (void)!sp_make_dirs(in("big"), &err);
        (void)!sp_file_write(path, SP_STR("x"), &err);
    }
    struct sp_hold *hold = sp_ledger_source(ledger, SP_STR("big"), &a);
    tap_ok(scan(in("big"), &tree) && sp_ledger_hold(ledger, hold, 0, &tree, &err) == SP_OK &&
               sync_it() && reopen() && (hold = sp_ledger_find(ledger, SP_STR("big"))) &&
               sp_ledger_tree(ledger, hold, arena, &back) && back.len == 101,
           "a large tree is in a file of its own");
    tap_ok(sp_remove_tree(in("trees"), &err) == SP_OK &&
               !sp_ledger_tree(ledger, hold, arena, &back),
           "without which it is not known");
}

/* Each write fails in turn: what was said before stays. */
static void check_faults(void)
{
    struct sp_version a = version("a"), b = version("b");
    size_t wrong = 0, tried = 0;

    for (unsigned nth = 1;; nth++) {
        struct sp_err err = SP_ERR_INIT;
        (void)unlink(in("ledger"));
        (void)reopen();
        (void)!sp_ledger_hold(ledger, sp_ledger_source(ledger, SP_STR("p"), &a), 0, NULL, &err);
        (void)sync_it();
        (void)reopen();
        sp_fault_arm(nth);
        (void)!sp_ledger_hold(ledger, sp_ledger_source(ledger, SP_STR("p"), &b), 0, NULL, &err);
        enum sp_rc rc = sp_ledger_sync(ledger, &err);
        bool fired = sp_fault_fired() != NULL;
        sp_fault_arm(0);
        if (!fired)
            break;
        tried++;
        wrong += rc == SP_OK || !reopen() || damaged || !holds("p", 1, 0, "a");
    }
    tap_ok(tried >= 2 && wrong == 0, "%zu failing writes, %zu times something was lost", tried,
           wrong);
}

int main(void)
{
    struct sp_err err = SP_ERR_INIT;

    arena = sp_arena_new();
    if (!mkdtemp(dir) || sp_file_write(in("ledger_test.tmp"), SP_STR("hello"), &err))
        return 1;
    check_chain();
    check_tasks();
    check_damage();
    check_compaction();
    check_large();
    check_faults();
    sp_ledger_close(ledger);
    (void)!sp_remove_tree(dir, &err);
    sp_arena_free(arena);
    return tap_done();
}
