/* SPDX-License-Identifier: BSD-3-Clause */
/* gc and fsck on a store on disk. */
#include "store/sweep.h"

#include "base/clock.h"
#include "base/fault.h"
#include "base/tap.h"

#include "store/fsck.h"
#include "sys/file.h"

#include <fcntl.h>
#include <stdlib.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

static char top[] = "/dev/shm/spoor-sweep-XXXXXX"; /* hundreds of stores: in memory if possible */
static const char elsewhere[] = "/tmp/spoor-sweep-XXXXXX";
static char dir[64];
static struct sp_arena *arena;
static struct sp_digest trees[3]; /* of s, a, b */

static const char *in(const char *name)
{
    return sp_arena_printf(arena, "%s/%s", top, name).ptr;
}

static struct sp_digest digest_of(const char *name)
{
    return sp_blake3(sp_str_of(name));
}

static const char *hex_of(const struct sp_digest *id)
{
    return sp_arena_printf(arena, "%s", sp_digest_hex(id).text).ptr;
}

static bool check(enum sp_rc rc, const struct sp_err *err)
{
    if (rc)
        printf("# %s: %s\n", sp_rc_name(rc), err->text);
    return rc == SP_OK;
}

/* --- a store: s is a source; a was made of it, b of a ---------------------------------------- */

static struct sp_store *open_store(enum sp_store_use use)
{
    struct sp_store *store = NULL;
    struct sp_err err = SP_ERR_INIT;
    struct sp_store_options options = { .run = "test", .no_sync = true };

    if (!check(sp_store_open(dir, use, &options, &store, &err), &err))
        exit(1);
    return store;
}

static void close_store(struct sp_store *store)
{
    struct sp_err err = SP_ERR_INIT;

    if (!check(sp_store_close(store, &err), &err))
        exit(1);
}

/* Without a sync: this is done hundreds of times. */
static bool put(const char *path, const char *text)
{
    sp_auto_fd int fd = open(path, O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0644);

    return fd >= 0 && write(fd, text, strlen(text)) == (ssize_t)strlen(text);
}

/* A directory of two files, one of which all states share. */
static struct sp_digest keep(struct sp_store *store, const char *text)
{
    struct sp_tree tree = { 0 };
    struct sp_digest id = { 0 };
    struct sp_err err = SP_ERR_INIT;

    if (!check(sp_make_dirs(in("x.ms"), &err), &err) ||
        !put(in("x.ms/shared"), "the same in all states") || !put(in("x.ms/own"), text) ||
        !check(sp_tree_scan(in("x.ms"), arena, &tree, &err), &err) ||
        !check(sp_store_keep(store, in("x.ms"), &tree, &id, &err), &err))
        exit(1);
    return id;
}

/* `states`: trees of what was read and what was made. */
static void record(struct sp_store *store,
                   const char *key,
                   const char *from,
                   const char *to,
                   const struct sp_digest *states)
{
    struct sp_digest id = digest_of(key), input = digest_of(from), output = digest_of(to);
    struct sp_err err = SP_ERR_INIT;
    struct sp_str text = sp_arena_printf(
        arena,
        "{\"v\":1,\"key\":\"%s\",\"task\":\"%s\",\"recipe\":\"r\",\"wall\":60.5,\"time\":\"%s\","
        "\"inputs\":[{\"role\":\"ms\",\"path\":\"x.ms\",\"version\":\"%s\"%s}],"
        "\"outputs\":[{\"role\":\"ms\",\"path\":\"x.ms\",\"version\":\"%s\",\"tree\":\"%s\","
        "\"kept\":true}]}",
        hex_of(&id), key, sp_clock_iso(sp_clock_realtime()).text, hex_of(&input),
        strcmp(from, "s") == 0
            ? sp_arena_printf(arena, ",\"source\":true,\"tree\":\"%s\"", hex_of(&states[0])).ptr
            : "",
        hex_of(&output), hex_of(&states[1]));

    if (!check(sp_store_put_record(store, &id, text, &err), &err))
        exit(1);
}

static void make_store(void)
{
    struct sp_err err = SP_ERR_INIT;

    if (!check(sp_remove_tree(dir, &err), &err))
        exit(1);
    struct sp_store *store = open_store(SP_STORE_RUN);
    trees[0] = keep(store, "s");
    trees[1] = keep(store, "a");
    trees[2] = keep(store, "b");
    record(store, "ka", "s", "a", trees);
    record(store, "kb", "a", "b", trees + 1);
    close_store(store);
}

/* --- gc ------------------------------------------------------------------------------------- */

static enum sp_rc collect(uint64_t goal, uint64_t *freed, struct sp_err *err)
{
    sp_auto_stock struct sp_stock *stock = sp_stock_new();
    struct sp_sweep_found found;
    struct sp_eviction_plan plan = { 0 };
    struct sp_store *store = NULL;
    struct sp_err ignored = SP_ERR_INIT;
    struct sp_store_options options = { .run = "gc", .no_sync = true };

    enum sp_rc rc = sp_store_open(dir, SP_STORE_ALONE, &options, &store, err);
    if (rc)
        return rc;
    rc = sp_sweep_read(store, stock, &found, err);
    if (rc == SP_OK) {
        struct sp_digest source = digest_of("s");
        sp_stock_add_hold(stock, &source, &trees[0], 0); /* as the ledger says */
        sp_stock_settle(stock);
        sp_eviction_plan(
            stock,
            &(struct sp_eviction_options){ .goal = goal,
                                           .now = sp_clock_realtime(),
                                           .keep_orphans = sp_sweep_is_damaged(&found) },
            &plan);
        *freed = plan.freed;
        rc = sp_sweep_carry_out(store, stock, &plan, err);
        sp_eviction_fini(&plan);
    }
    enum sp_rc closed = sp_store_close(store, rc ? &ignored : err);
    rc = rc ? rc : closed;
    return rc ? rc : sp_sweep_empty_trash(dir, NULL, err);
}

static bool says_kept(struct sp_store *store, const char *key)
{
    sp_auto_buf struct sp_buf text = SP_BUF(SP_BUF_SMALL);
    struct sp_digest id = digest_of(key);
    struct sp_err err = SP_ERR_INIT;

    enum sp_rc rc = sp_store_get_record(store, &id, &text, &err);
    if (rc == SP_NOT_FOUND || !check(rc, &err)) /* dropped: it vouches for nothing */
        return false;
    return strstr(text.ptr, "\"kept\":true");
}

/* What a record vouches for is there: the one thing that must hold at every instant. */
static bool is_sound(void)
{
    struct sp_store *store = open_store(SP_STORE_READ);
    bool good = sp_store_has(store, &trees[0]) &&
                (!says_kept(store, "ka") || sp_store_has(store, &trees[1])) &&
                (!says_kept(store, "kb") || sp_store_has(store, &trees[2]));

    close_store(store);
    return good;
}

static bool is_collected(void)
{
    struct sp_store *store = open_store(SP_STORE_READ);
    bool good = !says_kept(store, "ka") && !says_kept(store, "kb") &&
                !sp_store_has(store, &trees[1]) && !sp_store_has(store, &trees[2]);

    close_store(store);
    return good && is_sound();
}

static bool has_records(void)
{
    sp_auto_buf struct sp_buf text = SP_BUF(SP_BUF_SMALL);
    struct sp_digest a = digest_of("ka"), b = digest_of("kb");
    struct sp_err err = SP_ERR_INIT;
    struct sp_store *store = open_store(SP_STORE_READ);
    bool good = check(sp_store_get_record(store, &a, &text, &err), &err) &&
                check(sp_store_get_record(store, &b, &text, &err), &err);

    close_store(store);
    return good;
}

static void check_gc(void)
{
    struct sp_err err = SP_ERR_INIT;
    uint64_t freed = 0;

    make_store();
    tap_ok(check(collect(0, &freed, &err), &err) && freed == 0 && is_sound() && !is_collected(),
           "nothing to do");
    tap_ok(check(collect(UINT64_MAX, &freed, &err), &err) && freed > 0 && is_collected() &&
               has_records(),
           "states that can be computed again go, the source stays, records stay");
    tap_ok(check(collect(UINT64_MAX, &freed, &err), &err) && freed == 0 && is_sound(),
           "nothing is left to do");
    tap_ok(sp_file_kind(sp_arena_printf(arena, "%s/trash", dir).ptr) == SP_FILE_DIR &&
               rmdir(sp_arena_printf(arena, "%s/trash", dir).ptr) == 0,
           "the trash is empty");
}

static void check_orphans(void)
{
    struct sp_err err = SP_ERR_INIT;
    uint64_t freed = 0;

    make_store();
    struct sp_store *store = open_store(SP_STORE_RUN);
    struct sp_digest orphan = keep(store, "what an interrupted step has left");
    close_store(store);
    bool good = check(collect(0, &freed, &err), &err) && freed > 0;
    store = open_store(SP_STORE_READ);
    tap_ok(good && !sp_store_has(store, &orphan) && sp_store_has(store, &trees[2]),
           "what nobody names goes, and nothing else");
    close_store(store);
}

static void check_pin(void)
{
    struct sp_err err = SP_ERR_INIT;
    struct sp_digest a = digest_of("a"), key = digest_of("ka");
    uint64_t freed = 0;

    make_store();
    struct sp_store *store = open_store(SP_STORE_RUN);
    struct sp_str why = sp_arena_printf(arena, "why\ntree %s\n", hex_of(&trees[1]));
    bool good = check(sp_store_pin(store, &a, why, &err), &err);
    close_store(store);
    good = good && check(collect(UINT64_MAX, &freed, &err), &err);
    store = open_store(SP_STORE_RUN);
    tap_ok(good && sp_store_has(store, &trees[1]) && !sp_store_has(store, &trees[2]),
           "what is pinned stays");
    good = check(sp_store_drop_record(store, &key, &err), &err);
    close_store(store);
    good = good && check(collect(UINT64_MAX, &freed, &err), &err);
    store = open_store(SP_STORE_READ);
    tap_ok(good && sp_store_has(store, &trees[1]), "also when no record of it is left");
    close_store(store);
}

static void check_busy(void)
{
    struct sp_err err = SP_ERR_INIT;
    uint64_t freed = 0;

    struct sp_store *store = open_store(SP_STORE_RUN);
    enum sp_rc rc = collect(0, &freed, &err);
    tap_ok(rc == SP_BUSY && err.text[0], "a run is going: %s", err.text);
    close_store(store);
    store = open_store(SP_STORE_ALONE);
    err = SP_ERR_INIT;
    rc = collect(0, &freed, &err);
    tap_ok(rc == SP_BUSY && err.text[0], "another gc: %s", err.text);
    close_store(store);
}

/* Whatever fails: what the records vouch for is there, and doing it again succeeds. */
static void check_faults(void)
{
    for (unsigned nth = 1; nth < 400; nth++) {
        struct sp_err err = SP_ERR_INIT;
        uint64_t freed = 0;
        make_store();
        sp_fault_arm(nth);
        enum sp_rc rc = collect(UINT64_MAX, &freed, &err);
        const char *site = sp_fault_fired();
        sp_fault_arm(0);
        if (!site) {
            tap_ok(rc == SP_OK && is_collected(), "no fault left after %u", nth - 1);
            return;
        }
        bool good = (rc ? err.text[0] != 0 : true) && is_sound();
        err = SP_ERR_INIT;
        good = good && check(collect(UINT64_MAX, &freed, &err), &err) && is_collected();
        if (!good)
            tap_ok(false, "fault %u at %s: %d %s", nth, site, (int)rc, err.text);
    }
    tap_ok(false, "faults come to an end");
}

static void check_kills(void)
{
    unsigned nth = 0;
    bool killed = true, good = true;

    while (killed && nth++ < 400) {
        struct sp_err err = SP_ERR_INIT;
        uint64_t freed = 0;
        int status = 0;
        make_store();
        pid_t pid = fork();
        if (pid == 0) {
            sp_fault_arm_kill("*", nth);
            _exit(collect(UINT64_MAX, &freed, &err) ? 1 : 0);
        }
        (void)waitpid(pid, &status, 0);
        killed = WIFSIGNALED(status);
        bool fine = is_sound() && check(collect(UINT64_MAX, &freed, &err), &err) && is_collected();
        if (!fine)
            tap_ok(false, "killed at site %u", nth);
        good = good && fine;
    }
    tap_ok(good && nth > 5 && !killed, "killed at any of %u instants: sound, and the next finishes",
           nth - 1);
}

/* --- fsck ----------------------------------------------------------------------------------- */

static struct sp_fsck fsck;

static size_t examine(bool repair, bool data, size_t *open)
{
    struct sp_err err = SP_ERR_INIT;
    struct sp_store *store = open_store(repair ? SP_STORE_ALONE : SP_STORE_READ);
    struct sp_fsck_options options = { .repair = repair, .data = data };

    sp_fsck_fini(&fsck);
    fsck = (struct sp_fsck){ .arena = arena };
    bool good = check(sp_fsck_store(store, &options, &fsck, &err), &err);
    close_store(store);
    size_t count = sp_fsck_count(&fsck, open);
    return good ? count : 4711;
}

static const char *path_of(const char *kind, const struct sp_digest *id)
{
    struct sp_digest_text hex = sp_digest_hex(id);

    return sp_arena_printf(arena, "%s/%s/%.2s/%s", dir, kind, hex.text, hex.text + 2).ptr;
}

/* Object of x.ms/own in a tree. */
static const char *object_of(const struct sp_digest *tree_id)
{
    struct sp_store *store = open_store(SP_STORE_READ);
    struct sp_tree tree = { 0 };
    struct sp_err err = SP_ERR_INIT;
    const char *path = "";

    if (check(sp_store_fetch(store, tree_id, arena, &tree, &err), &err)) {
        const struct sp_tree_entry *entry = sp_tree_find(&tree, SP_STR("own"));
        path = entry ? sp_store_object_path(store, arena, &entry->object).ptr : "";
    }
    close_store(store);
    return path;
}

static bool damage(const char *path, const char *text)
{
    int fd = chmod(path, 0644) ? -1 : open(path, O_WRONLY | O_TRUNC | O_CLOEXEC);
    bool good = fd >= 0 && write(fd, text, strlen(text)) == (ssize_t)strlen(text);

    sp_fd_closep(&fd);
    return good;
}

/* Damage of each kind: found, taken out, and then nothing vouches for what is gone. */
static const struct {
    const char *name;

    enum {
        RECORD,
        TREE,
        OBJECT_SIZE,
        OBJECT_BITS,
        OBJECT_GONE,
        TREE_GONE
    } what;

    bool data;
    size_t count;
    bool keeps_b; /* afterwards its record still says so */
} damages[] = {
    { "a record", RECORD, false, 1, true },
    { "a manifest", TREE, false, 1, false },
    { "an object of another size", OBJECT_SIZE, false, 2, false },
    { "a flipped bit", OBJECT_BITS, true, 2, false },
    { "a lost object", OBJECT_GONE, false, 1, false },
    { "a lost manifest", TREE_GONE, false, 1, false },
};

static bool inflict(size_t i)
{
    struct sp_digest key = digest_of("ka");

    switch (damages[i].what) {
    case RECORD: return damage(path_of("records", &key), "{\"v\":1}\nrubbish");
    case TREE: return damage(path_of("trees", &trees[2]), "spoor-tree 1\nrubbish\n");
    case OBJECT_SIZE: return damage(object_of(&trees[2]), "too long");
    case OBJECT_BITS: return damage(object_of(&trees[2]), "B");
    case OBJECT_GONE: return unlink(object_of(&trees[2])) == 0;
    case TREE_GONE: return unlink(path_of("trees", &trees[2])) == 0;
    }
    return false;
}

static void check_damage(size_t i)
{
    size_t open = 0, found, repaired;

    make_store();
    size_t before = examine(false, true, &open);
    bool inflicted = inflict(i);
    found = examine(false, damages[i].data, &open);
    bool seen = found == damages[i].count && open == found;
    repaired = examine(true, damages[i].data, &open);
    bool done = repaired == damages[i].count && open == 0;
    size_t after = examine(false, damages[i].data, &open);
    struct sp_store *store = open_store(SP_STORE_READ);
    bool kept = says_kept(store, "kb");
    close_store(store);
    if (!tap_ok(before == 0 && inflicted && seen && done && after == 0 &&
                    kept == damages[i].keeps_b,
                "%s is found and taken out", damages[i].name)) {
        printf("# before %zu, inflicted %d, found %zu, repaired %zu, after %zu, kept %d\n", before,
               inflicted, found, repaired, after, kept);
        for (size_t k = 0; k < fsck.findings.len; k++)
            printf("#   %s: " SP_STR_FMT "\n", sp_fsck_kind_name(fsck.findings.items[k].kind),
                   SP_STR_ARG(fsck.findings.items[k].text));
    }
}

static void check_source(void)
{
    size_t open = 0;

    make_store();
    bool inflicted = damage(object_of(&trees[0]), "S");
    size_t found = examine(true, true, &open);
    struct sp_store *store = open_store(SP_STORE_READ);
    struct sp_tree tree = { 0 };
    struct sp_err err = SP_ERR_INIT;
    bool fetched = check(sp_store_fetch(store, &trees[0], arena, &tree, &err), &err);
    close_store(store);
    tap_ok(inflicted && found == 2 && open == 1 && fetched,
           "of a source the manifest stays, for the files that are good");
}

static void check_strays(void)
{
    size_t open = 0;
    struct sp_err err = SP_ERR_INIT;

    make_store();
    bool made = check(
        sp_file_write(sp_arena_printf(arena, "%s/objects/hello", dir).ptr, SP_STR(""), &err), &err);
    tap_ok(made && examine(true, false, &open) == 0 && fsck.findings.len == 1 &&
               fsck.findings.items[0].kind == SP_FSCK_STRAY,
           "a file that does not belong there is named, and stays");
}

static void check_ledger(void)
{
    struct sp_err err = SP_ERR_INIT;
    struct sp_fsck_options look = { 0 }, repair = { .repair = true };
    size_t open = 0;
    sp_auto_buf struct sp_buf text = SP_BUF(SP_BUF_SMALL);

    sp_fsck_fini(&fsck);
    fsck = (struct sp_fsck){ .arena = arena };
    tap_ok(check(sp_fsck_ledger(top, &look, &fsck, &err), &err) && fsck.lines == 0,
           "no ledger, no damage");
    /* xxhsum -H3 of "a\tb" and of nothing that begins the second line */
    struct sp_str ledger = SP_STR("rubbish\n0000000000000000\ttask\tx\n");
    tap_ok(check(sp_file_write(in("ledger"), ledger, &err), &err) &&
               check(sp_fsck_ledger(top, &look, &fsck, &err), &err) && fsck.lines == 2 &&
               sp_fsck_count(&fsck, &open) == 2 && open == 2,
           "two damaged lines");
    sp_fsck_fini(&fsck);
    tap_ok(check(sp_fsck_ledger(top, &repair, &fsck, &err), &err) &&
               sp_fsck_count(&fsck, &open) == 2 && open == 0 &&
               check(sp_file_read(in("ledger.damaged"), &text, &err), &err) &&
               sp_str_eq(sp_buf_str(&text), ledger) && sp_tree_size(in("ledger")) == 0,
           "they are put aside");
}

int main(void)
{
    struct sp_err err = SP_ERR_INIT;

    arena = sp_arena_new();
    if (!mkdtemp(top)) {
        memcpy(top, elsewhere, sizeof elsewhere);
        if (!mkdtemp(top))
            return 1;
    }
    (void)snprintf(dir, sizeof dir, "%s/store", top);
    check_gc();
    check_orphans();
    check_pin();
    check_busy();
    check_faults();
    check_kills();
    for (size_t i = 0; i < SP_COUNT(damages); i++)
        check_damage(i);
    check_source();
    check_strays();
    check_ledger();
    tap_ok(check(sp_remove_tree(top, &err), &err), "clean up");
    sp_fsck_fini(&fsck);
    sp_arena_free(arena);
    return tap_done();
}
