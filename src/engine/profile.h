/* SPDX-License-Identifier: BSD-3-Clause */
/* profile.h - what a run has used, summed up by recipes and steps: a fold over its journal (spec
 * stimela2.md 8.5).
 *
 * Rows are in the order in which tasks began, each recipe before its steps. The iterations of a
 * loop are one row, or one each when loops are unrolled.
 *
 * What is counted: time, processor time and bytes read and written are those of the tools and
 * their children (not of the machine); memory is the largest sum over the processes of one tool,
 * shared pages counted once. The time of a step is that of its tool runs together, the time of a
 * recipe from its first start to its last end. Peaks are the largest of single tool runs.
 */
#pragma once

#include "engine/workspace.h"
#include "value/value.h"

struct sp_profile_row {
    struct sp_str name; /* last part: "image", "(2)" */
    struct sp_str path; /* "demo.image" */
    unsigned depth;     /* 0: the recipe that was run */
    size_t runs;        /* of tools */
    double wall;        /* seconds */
    double cpu;         /* seconds */
    uint64_t read, write;
    double peak_cpu;              /* share of one processor: 1.5 is 150% */
    double peak_read, peak_write; /* bytes a second */
    uint64_t peak_memory;
};

struct sp_profile {
    struct sp_profile_row *rows; /* arena */
    size_t len;
};

enum sp_rc sp_profile_run(const struct sp_workspace *workspace,
                          struct sp_str id,
                          bool unroll_loops,
                          struct sp_profile *out,
                          struct sp_err *err) SP_MUST_USE;

/* The same as a list of mappings, for --json. */
struct sp_value sp_profile_value(struct sp_arena *arena, const struct sp_profile *profile);
