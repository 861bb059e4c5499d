/* SPDX-License-Identifier: BSD-3-Clause */
/* select.h - which steps of a recipe are to run (spec stimela2.md 6.4, Appendix A).
 *
 * Options name steps by their place ("s2.t7.r1"), ranges of steps ("s2:", ":t4", "s2.r1:r3"), or
 * tags ("s2.imaging"). The tags "always" and "never" count also without any option.
 *
 * What comes out does not depend on the order of the options:
 *  1. the strongest mark of a step counts: off, on, weakly off, weakly on;
 *  2. what is off is off with everything in it; what is on switches on the steps around it, but
 *     not their other steps;
 *  3. the same for the weak marks;
 *  4. a step without a mark does as the step around it; where that is only on because of
 *     something in it, and at top level: on unless some option said what to run.
 */
#pragma once

#include "base/option.h"

#include "plan/node.h"

/* As given on a command line. Each word may be several, separated by commas. */
struct sp_selection {
    struct sp_words steps;      /* run only these */
    struct sp_words skip_steps; /* run all but these */
    struct sp_words tags;       /* run only steps with these tags */
    struct sp_words skip_tags;
    struct sp_words enable; /* `skip` and `skip_if_outputs` of these do not count */
    bool ignore_fresh;      /* `skip_if_outputs: fresh` does not count */
    bool ignore_exist;
};

/* Is nothing asked for? Accepts NULL. */
bool sp_selection_is_empty(const struct sp_selection *selection);

void sp_selection_fini(struct sp_selection *selection);

/* Set `disabled` and `unskip` of every step under `root`. `selection` may be NULL: only the tags
 * count. False: an option names no step or tag; what is wrong is in nodes->diags. */
bool sp_select_steps(struct sp_nodes *nodes,
                     struct sp_recipe_node *root,
                     const struct sp_selection *selection);
