/* SPDX-License-Identifier: BSD-3-Clause */
/* origin.h - where things were written.
 *
 * Every node of a document carries a 32-bit origin: an index into this table. 0 means nowhere
 * (built in, or computed). Text given on the command line is a file called "<command line>".
 * One table for each load; lives as long as the recipe.
 */
#pragma once

#include "base/arena.h"

struct sp_origins;

struct sp_origin {
    struct sp_str file;   /* as a person would open it */
    unsigned line;        /* from 1; 0: the whole file */
    unsigned column;      /* from 1, in characters */
    unsigned length;      /* of the marked text on that line; at least 1 */
    struct sp_str source; /* that line of the file, without its end; may be empty */
};

struct sp_origins *sp_origins_new(void);

/* Accepts NULL. */
void sp_origins_free(struct sp_origins *origins);

/* Register a file; its text is copied. The id is for sp_origins_add. */
uint32_t sp_origins_add_file(struct sp_origins *origins, struct sp_str path, struct sp_str text);

/* New origin: byte offset `start` up to `end` of a registered file. */
uint32_t sp_origins_add(struct sp_origins *origins, uint32_t file, size_t start, size_t end);

/* Origin `inside` shifted: `start` bytes behind its beginning, `length` long (a part of a text). */
uint32_t sp_origins_part(struct sp_origins *origins, uint32_t inside, size_t start, size_t length);

/* False for 0 and for ids that are not there. */
bool sp_origins_get(const struct sp_origins *origins, uint32_t id, struct sp_origin *out);
