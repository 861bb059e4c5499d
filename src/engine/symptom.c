/* SPDX-License-Identifier: BSD-3-Clause */
#include "engine/symptom.h"

#include "base/amount.h"

#include <stdio.h>
#include <sys/statvfs.h>

#define LAST_LINES 40                  /* a trace back of Python is longer than a few lines */
#define SCARCE     ((uint64_t)1 << 20) /* bytes: nothing can be written with less */

/* What programs say, in the words of libc, libstdc++, Python, Java, CUDA and Fortran. */
static const struct {
    const char *text;
    enum sp_symptom_kind kind;
} phrases[] = {
    { "bad_alloc", SP_SYMPTOM_MEMORY },
    { "MemoryError", SP_SYMPTOM_MEMORY },
    { "Cannot allocate memory", SP_SYMPTOM_MEMORY },
    { "Unable to allocate", SP_SYMPTOM_MEMORY }, /* numpy */
    { "out of memory", SP_SYMPTOM_MEMORY },
    { "Out of memory", SP_SYMPTOM_MEMORY },
    { "OutOfMemory", SP_SYMPTOM_MEMORY },
    { "emory exhausted", SP_SYMPTOM_MEMORY },
    { "ENOMEM", SP_SYMPTOM_MEMORY },
    { "No space left on device", SP_SYMPTOM_DISK },
    { "Disk quota exceeded", SP_SYMPTOM_DISK },
    { "ENOSPC", SP_SYMPTOM_DISK },
};

void sp_symptoms_hear(struct sp_symptoms *symptoms, struct sp_str line)
{
    symptoms->lines++;
    for (size_t i = 0; i < SP_COUNT(phrases); i++) {
        enum sp_symptom_kind kind = phrases[i].kind;
        size_t at = sp_str_find_str(line, sp_str_of(phrases[i].text));
        if (at == SIZE_MAX)
            continue;
        char *said = symptoms->said[kind];
        size_t from = at > 60 ? at - 60 : 0; /* around it, of long lines */
        struct sp_str part = sp_str_trim(
            sp_str_slice(line, from, SP_MIN(line.len, from + sizeof symptoms->said[kind] - 1)));
        symptoms->at[kind] = symptoms->lines;
        (void)snprintf(said, sizeof symptoms->said[kind], SP_STR_FMT, SP_STR_ARG(part));
        return;
    }
}

static bool was_heard(const struct sp_symptoms *symptoms, enum sp_symptom_kind kind)
{
    return symptoms->at[kind] && symptoms->lines - symptoms->at[kind] < LAST_LINES;
}

/* The directory on the disk with the least room. */
static const char *scarcest(const char *const *dirs, uint64_t *room)
{
    const char *found = NULL;

    *room = UINT64_MAX;
    for (; *dirs; dirs++) {
        struct statvfs info;
        if (statvfs(*dirs, &info) < 0)
            continue;
        uint64_t bytes = (uint64_t)info.f_bavail * info.f_frsize;
        /* Without a size are those that have none, as /proc. */
        if (info.f_blocks && bytes < *room) {
            *room = bytes;
            found = *dirs;
        }
    }
    return found;
}

static const char *figures_of(const struct sp_symptoms *symptoms, struct sp_arena *arena)
{
    if (!symptoms->limit || !symptoms->peak) /* a short job has no peak that is known */
        return "";
    return sp_arena_printf(arena, " (peak %s of %s)", sp_amount_text(symptoms->peak).text,
                           sp_amount_text(symptoms->limit).text)
        .ptr;
}

struct sp_str sp_symptoms_judge(const struct sp_symptoms *symptoms,
                                struct sp_arena *arena,
                                const char *const *dirs)
{
    uint64_t room;
    const char *dir = scarcest(dirs, &room);
    struct sp_amount_text free = sp_amount_text(room);

    if (was_heard(symptoms, SP_SYMPTOM_DISK) && dir)
        return sp_arena_printf(arena, "the disk is full, it said '%s'; %s free in %s",
                               symptoms->said[SP_SYMPTOM_DISK], free.text, dir);
    if (was_heard(symptoms, SP_SYMPTOM_MEMORY))
        return sp_arena_printf(arena, "it ran out of memory%s, it said '%s'",
                               figures_of(symptoms, arena), symptoms->said[SP_SYMPTOM_MEMORY]);
    if (dir && room < SCARCE)
        return sp_arena_printf(arena, "the disk is full: %s free in %s", free.text, dir);
    return SP_STR("");
}
