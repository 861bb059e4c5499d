/* SPDX-License-Identifier: BSD-3-Clause */
/* layer_fuzz.c - a layer of any bytes, unpacked over a small tree: nothing outside changes, and
 * there are only files, directories and links. The first byte says how it is compressed. */
#include "image/unpack.h"
#include "sys/file.h"

#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <unistd.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static char top[64]; /* "outside" and "root" lie in there */

static void require(bool ok)
{
    if (!ok)
        abort();
}

static void clean_up(void)
{
    struct sp_err err = SP_ERR_INIT;

    if (sp_remove_tree(top, &err))
        (void)fprintf(stderr, "%s\n", err.text);
}

static int path_fd(const char *name)
{
    char path[128];

    (void)snprintf(path, sizeof path, "%s/%s", top, name);
    return open(path, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
}

/* A tree to start from: it has a link out of the root. */
static void begin(void)
{
    char path[128];
    struct sp_err err = SP_ERR_INIT;

    if (!top[0]) {
        (void)snprintf(top, sizeof top, "%s/spoor-layer-XXXXXX",
                       access("/dev/shm", W_OK) == 0 ? "/dev/shm" : "/tmp");
        require(mkdtemp(top) != NULL);
        (void)atexit(clean_up);
    }
    (void)snprintf(path, sizeof path, "%s/root", top);
    require(sp_remove_tree(path, &err) == SP_OK);
    (void)snprintf(path, sizeof path, "%s/root/d/e", top);
    require(sp_make_dirs(path, &err) == SP_OK);
    (void)snprintf(path, sizeof path, "%s/outside", top);
    require(sp_make_dirs(path, &err) == SP_OK);
    (void)snprintf(path, sizeof path, "%s/outside/victim", top);
    require(sp_file_write(path, SP_STR("precious"), &err) == SP_OK);
    (void)snprintf(path, sizeof path, "%s/root/out", top);
    require(symlink("../outside", path) == 0);
}

static void check_outside(void)
{
    sp_auto_buf struct sp_buf text = SP_BUF(SP_BUF_SMALL);
    char path[128];
    struct stat info;
    struct sp_err err = SP_ERR_INIT;

    (void)snprintf(path, sizeof path, "%s/outside/victim", top);
    require(sp_file_read(path, &text, &err) == SP_OK && sp_str_is(sp_buf_str(&text), "precious"));
    require(stat(path, &info) == 0 && info.st_nlink == 1);
    (void)snprintf(path, sizeof path, "%s/outside", top);
    require(stat(path, &info) == 0 && sp_tree_size(path) == 8);
    require(stat(top, &info) == 0 && info.st_nlink == 4); /* two directories in it */
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    static const enum sp_media media[] = { SP_MEDIA_TAR, SP_MEDIA_TAR_GZIP, SP_MEDIA_TAR_ZSTD,
                                           SP_MEDIA_OTHER };
    struct sp_err err = SP_ERR_INIT;

    if (size < 2)
        return 0;
    begin();
    sp_auto_fd int root = path_fd("root");
    sp_auto_fd int fd = memfd_create("layer", MFD_CLOEXEC);
    require(root >= 0 && fd >= 0);
    require(sp_write_all(fd, (struct sp_str){ (const char *)data + 1, size - 1 }, &err) == SP_OK);
    struct sp_unpack unpack = { .root_fd = root, .max_entries = 200, .max_bytes = 1 << 20 };
    for (int files = 0; files < 2; files++) {
        sp_auto_layer struct sp_layer *layer = NULL;
        struct sp_sha_digest digest;
        require(lseek(fd, 0, SEEK_SET) == 0);
        enum sp_rc rc = sp_layer_open(fd, media[data[0] % SP_COUNT(media)], &layer, &err);
        if (rc == SP_OK)
            rc = files ? sp_unpack_files(&unpack, layer, &err)
                       : sp_unpack_whiteouts(&unpack, layer, &err);
        if (rc == SP_OK)
            rc = sp_layer_finish(layer, &digest, &err);
        require(rc == SP_OK || err.text[0]);
        err = SP_ERR_INIT;
    }
    check_outside();
    require(unpack.entries <= 201 && unpack.bytes <= (1 << 20) + 262144);
    return 0;
}
