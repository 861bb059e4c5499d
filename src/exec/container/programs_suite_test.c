/* SPDX-License-Identifier: BSD-3-Clause */
/* programs_suite_test.c - the suite of all backends, for one that has containers made by another
 * program: the argument is its name. */
#include "base/tap.h"

#include "exec/backend_suite.h"
#include "exec/box.h"
#include "exec/children.h"
#include "exec/testroot.h"
#include "sys/file.h"

#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

static void hasten(struct sp_backend *backend)
{
    const struct sp_patience patience = {
        .terminate = 800 * SP_NSEC_PER_MS,
        .kill = 1600 * SP_NSEC_PER_MS,
        .silence = 50 * SP_NSEC_PER_MS,
        .linger = 300 * SP_NSEC_PER_MS,
    };

    sp_children_set_patience(backend, &patience);
}

int main(int argc, char **argv)
{
    static const char *const nothing[] = { NULL };
    static const char *const dirs[] = { "dev", "sys", "var", "var/tmp" };
    const struct sp_backend_ops *ops = argc > 1 ? sp_backend_find(argv[1]) : NULL;
    char top[] = "/tmp/spoor-programs-suite-XXXXXX";
    char path[sizeof top + 5]; /* "/root" */
    struct sp_err err = SP_ERR_INIT;

    if (!ops)
        return 2;
    if (ops->refusal()) {
        tap_skip(ops->refusal());
        return tap_done();
    }
    if (!mkdtemp(top))
        return 1;
    (void)snprintf(path, sizeof path, "%s/root", top);
    if (sp_testroot_make(path, &err)) {
        tap_ok(false, "%s", err.text);
        return tap_done();
    }
    /* Apptainer wants places for its own mounts. */
    for (size_t i = 0; i < SP_COUNT(dirs); i++) {
        char dir[sizeof path + 8];
        (void)snprintf(dir, sizeof dir, "%s/%s", path, dirs[i]);
        (void)mkdir(dir, 0755);
    }
    const struct sp_box_root root = { .path = path, .name = "busybox:test", .key = "0" };
    const struct sp_box box = { .root = &root, .writes = nothing, .shows = nothing };
    const struct sp_backend_suite suite = {
        .ops = ops,
        .hasten = hasten,
        .box = &box,
        .ends_with_first = true,
        .is_remote = strcmp(argv[1], "docker") == 0,
    };
    int status = sp_backend_suite_run(&suite);
    if (sp_remove_tree(top, &err))
        return 1;
    return status;
}
