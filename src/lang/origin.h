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

/* How a text stands in its file: tells where a part of its value stands (sp_origins_part). */
enum sp_scalar_style {
    SP_SCALAR_EXACT, /* as it is, byte for byte */
    SP_SCALAR_PLAIN, /* the YAML styles: lines are folded, quotes and escapes taken away ... */
    SP_SCALAR_SINGLE,
    SP_SCALAR_DOUBLE,
    SP_SCALAR_LITERAL,
    SP_SCALAR_FOLDED,
};

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

/* The copy of the text. */
struct sp_str sp_origins_file_text(const struct sp_origins *origins, uint32_t file);

/* New origin: byte offset `start` up to `end` of a registered file. `start` SIZE_MAX: the file as
 * a whole. */
uint32_t sp_origins_add(struct sp_origins *origins, uint32_t file, size_t start, size_t end);

/* The same for the source of a YAML scalar, without quotes; of a block the lines below its
 * header. */
uint32_t sp_origins_add_scalar(struct sp_origins *origins,
                               uint32_t file,
                               size_t start,
                               size_t end,
                               enum sp_scalar_style style);

/* Origin of a part of the text at `inside`: `length` bytes of its value from byte `start` on. */
uint32_t sp_origins_part(struct sp_origins *origins, uint32_t inside, size_t start, size_t length);

/* False for 0 and for ids that are not there. */
bool sp_origins_get(const struct sp_origins *origins, uint32_t id, struct sp_origin *out);
