/* SPDX-License-Identifier: BSD-3-Clause */
/* str.h - a read-only stretch of bytes with its length.
 *
 * Not terminated, never owned: it points into something that lives longer (a file's text, an
 * arena, a literal). Text is UTF-8. For building text see buf.h, for keeping it arena.h.
 */
#pragma once

#include "base/defs.h"

#include <string.h>

struct sp_str {
    const char *ptr;
    size_t len;
};

#define SP_STR(literal) ((struct sp_str){ "" literal, sizeof(literal) - 1 })
#define SP_STR_FMT      "%.*s"
#define SP_STR_ARG(s)   (int)(s).len, (s).ptr

/* NULL gives the empty text. */
static inline struct sp_str sp_str_of(const char *text)
{
    return (struct sp_str){ text ? text : "", text ? strlen(text) : 0 };
}

static inline bool sp_str_eq(struct sp_str a, struct sp_str b)
{
    return a.len == b.len && (a.len == 0 || memcmp(a.ptr, b.ptr, a.len) == 0);
}

bool sp_str_is(struct sp_str a, const char *text);
bool sp_str_is_nocase(struct sp_str a, const char *text); /* ASCII letters only */
int sp_str_cmp(struct sp_str a, struct sp_str b);         /* byte order, as memcmp */
bool sp_str_starts(struct sp_str s, const char *prefix);
bool sp_str_ends(struct sp_str s, const char *suffix);

/* Position of the first (last) occurrence, or SIZE_MAX. */
size_t sp_str_find(struct sp_str s, char c);
size_t sp_str_rfind(struct sp_str s, char c);
size_t sp_str_find_str(struct sp_str s, struct sp_str needle);

/* The part from `from` up to but not including `to`; both are clamped to the length. */
struct sp_str sp_str_slice(struct sp_str s, size_t from, size_t to);

/* Without blanks, tabs, newlines and carriage returns at both ends. */
struct sp_str sp_str_trim(struct sp_str s);

/* Cut the text before the first `sep` off the front of *rest and return it; when there is no
 * `sep`, return all and leave *rest empty with ptr NULL. Loop: `while (rest.ptr)`. */
struct sp_str sp_str_cut(struct sp_str *rest, char sep);

/* fnmatch-style pattern: * ? [...] ; case-sensitive, '*' also matches '/' and a leading dot. */
bool sp_str_match(struct sp_str pattern, struct sp_str text);
bool sp_str_has_wildcard(struct sp_str s); /* contains * ? or [ */

/* Exactly a number and nothing else, in the C locale, without blanks around: true and *out. */
bool sp_str_int(struct sp_str s, int64_t *out);
bool sp_str_float(struct sp_str s, double *out);
