/* SPDX-License-Identifier: BSD-3-Clause */
/* preflight.h - everything that can be found out before anything runs: a dry walk through the
 * recipe, and whether the tools are there. */
#pragma once

#include "engine/session.h"
#include "recipe/pitfall.h"

/* Called for each action of the dry walk; may be NULL. `outcome`: what a RUN is taken to come to,
 * which is nothing but success unless the function knows more. */
typedef void (*sp_preflight_fn)(void *arg,
                                const struct sp_action *action,
                                struct sp_outcome *outcome);

struct sp_preflight {
    size_t tasks; /* tool runs, as far as known; a loop over an unknown list counts once */
    size_t skipped;
    bool nothing; /* the selection leaves no step */
    bool exact;   /* no loop length was unknown */
};

/* Findings go to session->diags, among them pitfalls of these kinds (SP_PITFALLS_...); SP_INVALID
 * when there are errors. */
enum sp_rc sp_preflight(struct sp_session *session,
                        unsigned pitfalls,
                        sp_preflight_fn fn,
                        void *arg,
                        struct sp_preflight *out,
                        struct sp_err *err) SP_MUST_USE;
