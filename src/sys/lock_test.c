/* SPDX-License-Identifier: BSD-3-Clause */
#include "sys/lock.h"

#include "base/buf.h"
#include "base/fault.h"
#include "base/tap.h"

#include "sys/file.h"

#include <stdlib.h>
#include <sys/wait.h>
#include <unistd.h>

static char dir[] = "/tmp/spoor-lock-XXXXXX";
static char path[64];

/* Whether another process can take it: 0, or the code. */
static int try_elsewhere(void)
{
    int status = -1;
    pid_t pid = fork();

    if (pid == 0) {
        struct sp_lock *lock = NULL;
        struct sp_err err = SP_ERR_INIT;
        _exit((int)sp_lock_take(path, &lock, &err)); /* ended without releasing it */
    }
    (void)waitpid(pid, &status, 0);
    return WEXITSTATUS(status);
}

static void test_shared(void)
{
    struct sp_lock *first = NULL;
    struct sp_lock *second = NULL;
    struct sp_lock *alone = NULL;
    struct sp_err err = SP_ERR_INIT;
    bool works = false;

    tap_ok(sp_lock_share(path, &first, &err) == SP_OK &&
               sp_lock_share(path, &second, &err) == SP_OK,
           "two share");
    tap_ok(sp_lock_take(path, &alone, &err) == SP_BUSY && !alone, "%s", err.text);
    sp_lock_release(first);
    tap_ok(sp_lock_take(path, &alone, &err) == SP_BUSY, "one of them is left");
    sp_lock_release(second);
    tap_ok(sp_lock_take(path, &alone, &err) == SP_OK, "none is left");
    tap_ok(sp_lock_share(path, &first, &err) == SP_BUSY && strstr(err.text, "pid"), "%s", err.text);
    sp_lock_release(alone);
    tap_ok(sp_lock_probe(dir, &works, &err) == SP_OK && works, "locks work here");
    tap_ok(sp_lock_probe("/nowhere", &works, &err) == SP_NOT_FOUND, "%s", err.text);
}

int main(void)
{
    struct sp_lock *lock = NULL;
    struct sp_lock *second = NULL;
    struct sp_lock_holder holder = { 0 };
    struct sp_err err = SP_ERR_INIT;
    char pid[32];

    if (!mkdtemp(dir))
        return 1;
    (void)snprintf(path, sizeof path, "%s/lock", dir);
    (void)snprintf(pid, sizeof pid, "(pid %d on ", (int)getpid());

    tap_ok(!sp_lock_find_holder(path, &holder), "nobody holds what is not there");
    tap_ok(sp_lock_take(path, &lock, &err) == SP_OK, "taken");
    tap_ok(sp_lock_find_holder(path, &holder) && holder.pid == getpid() && holder.since[0] &&
               holder.host[0],
           "held by %d on %s since %s", holder.pid, holder.host, holder.since);
    tap_ok(sp_lock_take(path, &second, &err) == SP_BUSY && !second && strstr(err.text, pid), "%s",
           err.text);
    tap_ok(try_elsewhere() == SP_BUSY, "another process is refused too");
    sp_lock_release(lock);
    sp_lock_release(NULL);
    tap_ok(!sp_lock_find_holder(path, &holder), "given back");
    tap_ok(try_elsewhere() == SP_OK, "now it can be taken");
    tap_ok(!sp_lock_find_holder(path, &holder), "whoever has died holds nothing");

    for (unsigned nth = 1; nth < 10; nth++) {
        err = SP_ERR_INIT;
        sp_fault_arm(nth);
        enum sp_rc rc = sp_lock_take(path, &lock, &err);
        const char *site = sp_fault_fired();
        sp_fault_arm(0);
        if (!site) {
            tap_ok(rc == SP_OK, "no fault left after %u", nth - 1);
            sp_lock_release(lock);
            break;
        }
        tap_ok(rc == SP_IO && !sp_lock_find_holder(path, &holder), "fault at %s: %s", site,
               err.text);
    }
    tap_ok(sp_file_write(path, SP_STR("rubbish"), &err) == SP_OK &&
               sp_lock_take(path, &lock, &err) == SP_OK,
           "what the file says does not matter");
    sp_lock_release(lock);
    test_shared();
    tap_ok(sp_remove_tree(dir, &err) == SP_OK, "clean up");
    return tap_done();
}
