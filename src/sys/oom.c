/* SPDX-License-Identifier: BSD-3-Clause */
#include "sys/oom.h"

#include "base/arena.h"
#include "base/buf.h"

#include <fcntl.h>
#include <unistd.h>

#define TEXT_MAX ((size_t)64 * 1024)

/* These files are there or not; a failure means nothing to anybody. */
static bool read_text(const char *path, struct sp_buf *out)
{
    sp_auto_fd int fd = open(path, O_RDONLY | O_CLOEXEC);
    char block[4096];
    ssize_t got = -1;

    sp_buf_clear(out);
    while (fd >= 0 && (got = read(fd, block, sizeof block)) > 0)
        sp_buf_add(out, (struct sp_str){ block, (size_t)got });
    return got == 0;
}

uint64_t sp_oom_parse(struct sp_str text)
{
    int64_t number;

    while (text.ptr) {
        struct sp_str line = sp_str_cut(&text, '\n');
        struct sp_str name = sp_str_cut(&line, ' ');
        if (sp_str_is(name, "oom_kill") && sp_str_int(sp_str_trim(line), &number) && number > 0)
            return (uint64_t)number;
    }
    return 0;
}

/* --- our control group --------------------------------------------------------------------- */

struct group {
    struct sp_str path;  /* below the mount; ptr NULL: there is none */
    struct sp_str path1; /* of version 1 */
};

/* "0::/user.slice", "7:memory:/docker/1234" */
static void find_group(struct sp_str text, struct group *out)
{
    *out = (struct group){ 0 };
    while (text.ptr) {
        struct sp_str line = sp_str_cut(&text, '\n');
        struct sp_str number = sp_str_cut(&line, ':');
        struct sp_str kind = sp_str_cut(&line, ':');
        if (sp_str_is(number, "0") && !kind.len)
            out->path = line;
        else if (sp_str_is(kind, "memory"))
            out->path1 = line;
    }
}

/* The first of the places where a file of the group may be. */
static bool read_of_group(const char *name, const char *name1, struct sp_buf *out)
{
    sp_auto_arena struct sp_arena *arena = sp_arena_new();
    sp_auto_buf struct sp_buf text = SP_BUF(TEXT_MAX);
    struct group group;

    if (!read_text("/proc/self/cgroup", &text))
        return false;
    find_group(sp_buf_str(&text), &group);

    const struct {
        const char *mount;
        struct sp_str path;
        const char *name;
    } places[] = {
        { "/sys/fs/cgroup/memory", group.path1, name1 },
        { "/sys/fs/cgroup/memory", SP_STR(""), name1 }, /* a container sees its own as the root */
        { "/sys/fs/cgroup", group.path, name },
        { "/sys/fs/cgroup", SP_STR(""), name },
    };

    for (size_t i = 0; i < SP_COUNT(places); i++)
        if (places[i].path.ptr &&
            read_text(sp_arena_printf(arena, "%s" SP_STR_FMT "/%s", places[i].mount,
                                      SP_STR_ARG(places[i].path), places[i].name)
                          .ptr,
                      out))
            return true;
    return false;
}

/* --- asking -------------------------------------------------------------------------------- */

uint64_t sp_oom_kills(void)
{
    sp_auto_buf struct sp_buf text = SP_BUF(TEXT_MAX);
    uint64_t count = read_text("/proc/vmstat", &text) ? sp_oom_parse(sp_buf_str(&text)) : 0;

    if (read_of_group("memory.events", "memory.oom_control", &text))
        count += sp_oom_parse(sp_buf_str(&text));
    return count;
}

uint64_t sp_memory_total(void)
{
    sp_auto_buf struct sp_buf text = SP_BUF(TEXT_MAX);
    long pages = sysconf(_SC_PHYS_PAGES), size = sysconf(_SC_PAGESIZE);
    uint64_t total = pages > 0 && size > 0 ? (uint64_t)pages * (uint64_t)size : 0;
    int64_t limit;

    if (read_of_group("memory.max", "memory.limit_in_bytes", &text) &&
        sp_str_int(sp_str_trim(sp_buf_str(&text)), &limit) && limit > 0 && (uint64_t)limit < total)
        total = (uint64_t)limit;
    return total;
}
