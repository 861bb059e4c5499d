/* SPDX-License-Identifier: BSD-3-Clause */
/* symptom.h - what a tool that has failed ran out of, as its last lines and the disks tell. */
#pragma once

#include "base/arena.h"
#include "base/str.h"

enum sp_symptom_kind {
    SP_SYMPTOM_MEMORY,
    SP_SYMPTOM_DISK,
    SP_SYMPTOM_KINDS
};

struct sp_symptoms {
    size_t lines;                /* heard so far */
    size_t at[SP_SYMPTOM_KINDS]; /* number of the last line that told of it; 0: none */
    char said[SP_SYMPTOM_KINDS][160];
    uint64_t peak,
        limit; /* bytes of memory: that were seen in use, that it may have; 0: not known */
};

/* One line of its output. */
void sp_symptoms_hear(struct sp_symptoms *symptoms, struct sp_str line);

/* Why it has failed: "it ran out of memory: ..."; empty: of nothing that is known. `dirs`, ending
 * with NULL: where it writes. */
struct sp_str sp_symptoms_judge(const struct sp_symptoms *symptoms,
                                struct sp_arena *arena,
                                const char *const *dirs);
