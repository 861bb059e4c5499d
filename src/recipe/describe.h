/* SPDX-License-Identifier: BSD-3-Clause */
/* describe.h - parameters as a person wants to read them (spec stimela2.md 6.5).
 *
 * Inputs first, then outputs, each in tables by category: required, optional, implicit, obscure.
 * A section of `extra_info` whose title ends in "inputs" or "outputs" stands with those tables.
 */
#pragma once

#include "recipe/prose.h"
#include "recipe/schema.h"

struct sp_description {
    const struct sp_schema *schema;
    const struct sp_dict *defaults;   /* win over those of the schema; may be NULL */
    const struct sp_dict *extra_info; /* title -> Markdown; may be NULL */
    enum sp_category detail;          /* tables up to this one; of later ones the number is given */
};

/* Tables and what belongs to them, indented by two columns. */
void sp_schema_describe(const struct sp_description *what, const struct sp_page *page);

/* The other sections of `extra_info`. */
void sp_extra_describe(const struct sp_description *what, const struct sp_page *page);

/* Title of a section, on a line of its own. */
void sp_heading_describe(const char *title, const struct sp_page *page);

/* Rows of a table: a name, a second word, and information that may take several lines. */
struct sp_columns {
    size_t second, info; /* where they begin */
};

/* For the widest name and second word; leaves room for information on the page. What does not fit
 * into its column pushes the information to the next line. */
struct sp_columns sp_columns_for(size_t name, size_t second, const struct sp_page *page);

/* `info` as sp_prose_inline makes it. */
void sp_row_describe(const struct sp_columns *columns,
                     struct sp_str name,
                     struct sp_str second,
                     struct sp_str info,
                     const struct sp_page *page);

/* All inputs (or all outputs) with everything that is known about them: a mapping. */
struct sp_value sp_schema_value(struct sp_arena *arena,
                                const struct sp_description *what,
                                bool outputs);
