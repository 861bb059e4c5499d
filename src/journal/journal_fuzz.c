/* SPDX-License-Identifier: BSD-3-Clause */
/* The input is a journal as it may be found. Properties: errors are reported, events come with
 * consecutive numbers; what can be read can be continued, and then holds one event more; what
 * cannot be read cannot be continued. */
#include "journal/journal.h"

#include <stdio.h>
#include <stdlib.h>
#include <sys/mman.h>
#include <unistd.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static bool check_number(const struct sp_dict *event, void *arg)
{
    int64_t *last = arg;

    if (sp_dict_get(event, "seq")->integer != ++*last)
        abort();
    return true;
}

/* Number of events, or -1. */
static int64_t count_events(const char *path)
{
    sp_auto_arena struct sp_arena *arena = sp_arena_new();
    struct sp_err err = SP_ERR_INIT;
    int64_t count = 0;
    enum sp_rc rc = sp_journal_read(path, arena, check_number, &count, &err);

    if (rc != err.code || (rc && err.text[0] == '\0'))
        abort();
    return rc ? -1 : count;
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    struct sp_err err = SP_ERR_INIT;
    struct sp_journal *journal = NULL;
    char path[64];
    sp_auto_fd int fd = memfd_create("journal", MFD_CLOEXEC);

    if (fd < 0 || write(fd, data, size) != (ssize_t)size)
        return 0;
    (void)snprintf(path, sizeof path, "/proc/self/fd/%d", fd);
    int64_t before = count_events(path);
    enum sp_rc rc = sp_journal_open(path, &journal, &err);
    if ((before < 0) != (rc != SP_OK))
        abort();
    if (rc)
        return 0;
    if (sp_journal_append(journal, "more", NULL, SP_JOURNAL_LAZY, &err))
        abort();
    sp_journal_close(journal);
    if (count_events(path) != before + 1)
        abort();
    return 0;
}
