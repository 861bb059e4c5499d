/* SPDX-License-Identifier: BSD-3-Clause */
/* replay.c - main() of a fuzz target that is run as a normal test: feeds every file of the
 * directories and files named on the command line to the target. */
#include "base/tap.h"

#include <dirent.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#define INPUT_MAX ((size_t)1 << 20)

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void replay_file(int dir_fd, const char *name)
{
    sp_auto_fd int fd = openat(dir_fd, name, O_RDONLY | O_CLOEXEC);
    struct stat info;

    if (fd < 0 || fstat(fd, &info) < 0 || !S_ISREG(info.st_mode))
        return;
    /* Exactly as large as the input, so that a read behind the end is seen. */
    size_t size = SP_MIN((size_t)info.st_size, INPUT_MAX);
    sp_auto_free uint8_t *data = malloc(size ? size : 1);
    ssize_t got = data ? read(fd, data, size) : -1;
    if (got >= 0)
        (void)LLVMFuzzerTestOneInput(data, (size_t)got);
    tap_ok(got >= 0, "%s", name);
}

int main(int argc, char **argv)
{
    for (int i = 1; i < argc; i++) {
        DIR *dir = opendir(argv[i]);
        if (!dir) {
            tap_ok(false, "open corpus %s", argv[i]);
            continue;
        }
        for (struct dirent *entry; (entry = readdir(dir));)
            replay_file(dirfd(dir), entry->d_name);
        (void)closedir(dir);
    }
    return tap_done();
}
