/* SPDX-License-Identifier: BSD-3-Clause */
/* probe.h - which features of the kernel a box can have here. */
#pragma once

#include "base/defs.h"

struct sp_box_probe {
    unsigned features; /* enum sp_box_features */
    int landlock;      /* version; 0: none */
    char why[160];     /* what was wrong with the first trial that failed */
    char proc[160];    /* and with the last one */
};

/* Tried once; the same answer from then on. */
const struct sp_box_probe *sp_box_probe(void);

/* Why a box cannot have the file system of an image here, though there are namespaces; NULL: it
 * can. Tried once, too. */
const char *sp_box_probe_root(void);
