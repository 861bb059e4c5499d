/* SPDX-License-Identifier: BSD-3-Clause */
#include "exec/shortage.h"

#include "sys/oom.h"

#include <stdio.h>
#include <string.h>
#include <sys/wait.h>

void sp_shortage_hear(struct sp_shortage *shortage, struct sp_str line)
{
    size_t at = shortage->heard++ % SP_LAST_LINES;
    size_t len = SP_MIN(line.len, sizeof shortage->lines[at].text);

    shortage->lines[at].len = (unsigned char)len;
    if (len)
        memcpy(shortage->lines[at].text, line.ptr, len);
}

/* --- what was said --------------------------------------------------------------------------- */

enum thing {
    NOTHING,
    MEMORY,
    DISK,
    PROCESSES
};

static const struct {
    const char *words;
    enum thing thing;
} signs[] = {
    { "Cannot allocate memory", MEMORY },
    { "bad_alloc", MEMORY },
    { "MemoryError", MEMORY },
    { "ArrayMemoryError", MEMORY },
    { "Unable to allocate", MEMORY },
    { "emory exhausted", MEMORY },
    { "ut of memory", MEMORY },
    { "No space left on device", DISK },
    { "Disk quota exceeded", DISK },
    { "File too large", DISK },
    { "annot fork", PROCESSES },
    { "an't fork", PROCESSES },
    { "ork: Resource temporarily unavailable", PROCESSES },
    { "ork: retry: Resource temporarily unavailable", PROCESSES },
};

/* The newest line that tells of one. */
static enum thing find_sign(const struct sp_shortage *shortage, struct sp_str *line)
{
    size_t count = SP_MIN(shortage->heard, (size_t)SP_LAST_LINES);

    for (size_t i = 1; i <= count; i++) {
        size_t at = (shortage->heard - i) % SP_LAST_LINES;
        *line = (struct sp_str){ shortage->lines[at].text, shortage->lines[at].len };
        for (size_t k = 0; k < SP_COUNT(signs); k++)
            if (sp_str_find_str(*line, sp_str_of(signs[k].words)) != SIZE_MAX)
                return signs[k].thing;
    }
    return NOTHING;
}

/* --- figures --------------------------------------------------------------------------------- */

struct figures {
    char text[160];
};

static struct figures figures_of(const struct sp_shortage *shortage, uint64_t peak)
{
    struct figures figures;
    char used[64] = "";

    if (peak)
        (void)snprintf(used, sizeof used, "%.0f MB were seen in use, ", (double)peak / 1e6);
    if (shortage->limit)
        (void)snprintf(figures.text, sizeof figures.text,
                       "%s%.0f MB is its limit (opts.backend.box.memory)", used,
                       (double)shortage->limit / 1e6);
    else
        (void)snprintf(figures.text, sizeof figures.text, "%sthere are %.0f MB here", used,
                       (double)sp_memory_total() / 1e6);
    return figures;
}

bool sp_shortage_explain(const struct sp_shortage *shortage,
                         int status,
                         uint64_t peak,
                         char *text,
                         size_t size)
{
    static const char *const things[] = {
        [MEMORY] = "memory",
        [DISK] = "room on a disk, or a file may not be so large",
        [PROCESSES] = "processes that it may have (opts.backend.box.processes)"
    };
    struct figures figures = figures_of(shortage, peak);
    struct sp_str line;

    enum thing thing = find_sign(shortage, &line);
    if (thing == NOTHING)
        return false;
    line = sp_str_trim(line);
    (void)snprintf(text, size, "%sit ran out of %s: %s%sit said '" SP_STR_FMT "'",
                   WIFSIGNALED(status) ? "ended: " : "", things[thing],
                   thing == MEMORY ? figures.text : "", thing == MEMORY ? "; " : "",
                   SP_STR_ARG(line));
    return true;
}
