/* SPDX-License-Identifier: BSD-3-Clause */
#include "store/roster.h"

#include "base/fault.h"
#include "base/tap.h"

#include "sys/file.h"

#include <stdlib.h>
#include <sys/stat.h>
#include <unistd.h>

static char dir[] = "/tmp/spoor-roster-XXXXXX";
static struct sp_arena *arena;
static struct sp_roster_entry *entries;
static size_t len;

static const char *in(const char *name)
{
    return sp_arena_printf(arena, "%s/%s", dir, name).ptr;
}

static bool reads(size_t count)
{
    struct sp_err err = SP_ERR_INIT;
    enum sp_rc rc = sp_roster_read(in("store"), arena, &entries, &len, &err);

    if (rc || len != count)
        printf("# %d %s, %zu entries\n", (int)rc, err.text, len);
    return rc == SP_OK && len == count;
}

static void check_states(void)
{
    struct sp_err err = SP_ERR_INIT;

    tap_ok(reads(0), "a store that nobody uses");
    tap_ok(sp_make_dirs(in("b/.spoor"), &err) == SP_OK &&
               sp_make_dirs(in("a/.spoor"), &err) == SP_OK && symlink(in("a"), in("link")) == 0 &&
               sp_roster_add(in("store"), in("b/.spoor"), &err) == SP_OK &&
               sp_roster_add(in("store"), in("a/.spoor"), &err) == SP_OK &&
               sp_roster_add(in("store"), in("link/.spoor"), &err) == SP_OK &&
               sp_roster_add(in("store"), in("b/.spoor"), &err) == SP_OK,
           "two workspaces, twice each %s", err.text);
    tap_ok(reads(2) && sp_str_is(entries[0].path, in("a/.spoor")) &&
               entries[0].state == SP_ROSTER_THERE && entries[1].state == SP_ROSTER_THERE,
           "both are there");
    tap_ok(sp_remove_tree(in("a"), &err) == SP_OK && reads(2) &&
               entries[0].state == SP_ROSTER_GONE && entries[1].state == SP_ROSTER_THERE,
           "one is gone");
    tap_ok(sp_file_write(entries[0].file.ptr,
                         sp_arena_printf(arena, "%s\n%s\n", in("a/.spoor"), dir), &err) == SP_OK &&
               reads(2) && entries[0].state == SP_ROSTER_HIDDEN &&
               sp_str_ends(entries[0].why, "is not mounted"),
           "one on a disk that is not mounted");
    tap_ok(sp_file_write(entries[0].file.ptr, SP_STR("rubbish"), &err) == SP_OK && reads(2) &&
               entries[1].state == SP_ROSTER_HIDDEN && sp_str_is(entries[1].why, "it is damaged"),
           "a damaged one is not forgotten");
    if (geteuid() == 0) {
        tap_skip("root may look anywhere");
        return;
    }
    tap_ok(chmod(in("b"), 0) == 0 && reads(2) && entries[0].state == SP_ROSTER_HIDDEN &&
               chmod(in("b"), 0700) == 0,
           "one that cannot be looked at");
}

static void check_faults(void)
{
    for (unsigned nth = 1; nth < 20; nth++) {
        struct sp_err err = SP_ERR_INIT;
        enum sp_rc rc = sp_remove_tree(in("store/workspaces"), &err);
        sp_fault_arm(nth);
        if (rc == SP_OK)
            rc = sp_roster_add(in("store"), in("b/.spoor"), &err);
        if (rc == SP_OK)
            rc = sp_roster_read(in("store"), arena, &entries, &len, &err);
        const char *site = sp_fault_fired();
        sp_fault_arm(0);
        if (!site) {
            tap_ok(rc == SP_OK && len == 1, "no fault left after %u", nth - 1);
            return;
        }
        /* what cannot be read is HIDDEN, what cannot be compared is written again */
        bool told = len == 1 && entries[0].state == SP_ROSTER_HIDDEN && entries[0].why.len;
        bool good = reads(1) && entries[0].state == SP_ROSTER_THERE;
        tap_ok(rc ? err.text[0] != 0 : told || good, "fault at %s: %s", site, err.text);
    }
    tap_ok(false, "faults come to an end");
}

int main(void)
{
    struct sp_err err = SP_ERR_INIT;

    arena = sp_arena_new();
    if (!mkdtemp(dir))
        return 1;
    check_states();
    check_faults();
    tap_ok(sp_remove_tree(dir, &err) == SP_OK, "clean up");
    sp_arena_free(arena);
    return tap_done();
}
