/* SPDX-License-Identifier: BSD-3-Clause */
#include "engine/symptom.h"

#include "base/tap.h"

static const char *const dirs[] = { "/", NULL };

static bool judged(struct sp_arena *arena, const char *line, size_t after, const char *want)
{
    struct sp_symptoms symptoms = { 0 };

    sp_symptoms_hear(&symptoms, sp_str_of(line));
    for (size_t i = 0; i < after; i++)
        sp_symptoms_hear(&symptoms, SP_STR("and so on"));
    struct sp_str got = sp_symptoms_judge(&symptoms, arena, dirs);
    bool passed = want ? sp_str_find_str(got, sp_str_of(want)) != SIZE_MAX : !got.len;
    if (!passed)
        printf("# got '" SP_STR_FMT "'\n", SP_STR_ARG(got));
    return passed;
}

int main(void)
{
    static const struct {
        const char *line;
        size_t after; /* lines that follow */
        const char *want;
    } rows[] = {
        { "nothing wrong", 0, NULL },
        { "", 0, NULL },
        { "terminate called after throwing an instance of 'std::bad_alloc'", 0, "out of memory" },
        { "numpy.core._exceptions._ArrayMemoryError: Unable", 1, "out of memory" },
        { "MemoryError", 39, "out of memory" },
        { "MemoryError", 40, NULL },
        { "fork: Cannot allocate memory", 0, "'fork: Cannot allocate memory'" },
        { "RuntimeError: CUDA out of memory.", 0, "CUDA" },
        { "OSError: [Errno 28] No space left on device: 'x'", 3, "the disk is full, it said" },
        { "write: Disk quota exceeded", 0, "free in /" },
    };
    sp_auto_arena struct sp_arena *arena = sp_arena_new();
    struct sp_symptoms symptoms = { 0 };
    char lengthy[1000];

    for (size_t i = 0; i < SP_COUNT(rows); i++)
        tap_ok(judged(arena, rows[i].line, rows[i].after, rows[i].want), "'%s', %zu lines before",
               rows[i].line, rows[i].after);
    const struct sp_symptoms known = { .lines = 1,
                                       .at = { [SP_SYMPTOM_MEMORY] = 1 },
                                       .said = { [SP_SYMPTOM_MEMORY] = "bad_alloc" },
                                       .peak = 99000000,
                                       .limit = 100000000 };
    tap_ok(sp_str_is(sp_symptoms_judge(&known, arena, dirs),
                     "it ran out of memory (peak 99 MB of 100 MB), it said 'bad_alloc'"),
           "with what was used, and what it might use");
    memset(lengthy, 'x', sizeof lengthy);
    for (size_t i = 0; i < strlen("MemoryError"); i++)
        lengthy[900 + i] = "MemoryError"[i];
    sp_symptoms_hear(&symptoms, (struct sp_str){ lengthy, sizeof lengthy });
    tap_ok(strstr(symptoms.said[SP_SYMPTOM_MEMORY], "MemoryError"),
           "of a long line, the part that tells");
    return tap_done();
}
