/* SPDX-License-Identifier: BSD-3-Clause */
/* offer.h - the backends there are, and which of them a step gets (spec stimela2.md 7.1).
 *
 * Who has backends says so in a table; the rule that picks one knows none of them by name. */
#pragma once

#include "base/arena.h"

#include "value/value.h"

#include <stdbool.h>

struct sp_offer {
    const char *name;         /* as in `select`; NULL ends the table */
    const char *refusal;      /* why it cannot be used here: "not installed"; NULL: it can */
    const char *(*ask)(void); /* the same, asked when it would be chosen; may be NULL */
    bool needs_image;         /* runs nothing but containers */
    bool is_remote;           /* has machines of its own */
    bool confines;            /* keeps a step to what it declares; so it has to start it itself */
    bool runs_here;           /* programs of this machine: goes when `native` is disabled */
};

/* Whose image a step has. */
enum sp_image_claim {
    SP_IMAGE_NONE,
    SP_IMAGE_SPARE, /* of the flavour, or of a cab of ours: used where `select` says so */
    SP_IMAGE_NAMED
};

struct sp_choice {
    const struct sp_offer *offer; /* NULL: none can be used */
    struct sp_str reasons;        /* then: "singularity: not installed; native: disabled" */
};

/* What is used where nobody says anything. */
#define SP_SELECT_DEFAULT "container,sandbox,native"

/* The first of `select` (a comma list or a list; without it the default) that is on offer, not
 * disabled (`NAME: {enable: false}`), and has the image that it needs. */
void sp_offers_choose(struct sp_arena *arena,
                      const struct sp_offer *offers,
                      const struct sp_dict *settings,
                      enum sp_image_claim image,
                      struct sp_choice *out);
