/* SPDX-License-Identifier: BSD-3-Clause */
/* wrangler.h - rules that read the output of a tool: highlight, suppress, replace, declare
 * success or failure, parse values (spec stimela2.md 3.9). Regular expressions are Python's
 * (regex.h) and see the line as the tool wrote it. */
#pragma once

#include "lang/diag.h"
#include "lang/eval.h"
#include "value/value.h"

struct sp_wranglers; /* compiled rules, immutable; in an arena, freed with sp_wranglers_free */

/* From `management: wranglers:` (NULL: none). Bad rules are findings (R0206). */
struct sp_wranglers *sp_wranglers_load(struct sp_arena *arena,
                                       const struct sp_dict *rules,
                                       struct sp_diags *diags);
void sp_wranglers_free(struct sp_wranglers *wranglers);

/* What the lines of one run of a tool have said. `(struct sp_verdict){ 0 }` plus an arena. */
struct sp_verdict {
    struct sp_arena *arena;
    int declared;             /* 0 undecided, +1 success, -1 failure (sticky) */
    struct sp_list *errors;   /* texts; NULL: none */
    struct sp_list *warnings; /* texts; NULL: none */
    struct sp_dict *outputs;  /* values found; NULL: none */
};

/* A stretch of the (changed) text to be shown in a terminal style ("bold red"). */
struct sp_highlight {
    size_t start, end;
    struct sp_str style;
};

struct sp_wrangled {
    struct sp_str text; /* possibly changed; arena of the verdict */
    enum sp_log_level level;
    bool suppressed;
    bool highlighted;
    const struct sp_highlight *highlights; /* in order of the rules; arena of the verdict */
    size_t highlight_count;
    bool marks_failure, marks_success; /* shown with "!" and "+" */
};

/* Apply all rules to one line. `wranglers` may be NULL. */
void sp_wrangle(const struct sp_wranglers *wranglers,
                struct sp_str line,
                struct sp_verdict *verdict,
                struct sp_wrangled *out);
