/* SPDX-License-Identifier: BSD-3-Clause */
/* tally.h - how much two sequences of values differ: the old ones, and the new ones in the same
 * order.
 *
 *     struct tally tally = { 0 };
 *     if (tally_number(&tally, a, b)) tally_note_place(&tally, "pixel (%ld,%ld)", x, y);
 *
 * Numbers are within a tolerance when |new - old| <= absolute + relative * peak, where the peak is
 * the largest |old|. Two that are no number are the same; a number and none are infinitely far from
 * each other. Of what is no number (flags) the fraction that differs is compared with the relative
 * tolerance.
 */
#pragma once

#include "base/defs.h"

#include <stdbool.h>
#include <stdint.h>

struct tally {
    uint64_t count;  /* values that differ */
    uint64_t total;  /* of so many */
    bool is_number;  /* `largest` and `peak` mean something */
    double largest;  /* difference */
    double peak;     /* largest |old| */
    char place[160]; /* of the largest difference; of texts: the first */
};

/* True: this is where they differ most so far. */
bool tally_number(struct tally *tally, double before, double after);

/* Texts, flags, bytes. True: it is the first that differs. */
bool tally_equality(struct tally *tally, bool same);

void tally_note_place(struct tally *tally, const char *fmt, ...) SP_PRINTF(2, 3);

/* The relative tolerance that would just do; 0: they are the same. */
double tally_needs(const struct tally *tally, double absolute);

bool tally_is_within(const struct tally *tally, double relative, double absolute);
