/* SPDX-License-Identifier: BSD-3-Clause */
/* regex.h - regular expressions as Python's `re` understands them, matched by PCRE2.
 *
 * Differences that are translated: \Z (end of the text) and {,n}. Matching is bounded: a pattern
 * that backtracks without end does not match, and after SP_REGEX_PATIENCE such texts it is not
 * tried any more. Bytes that are not UTF-8 match nothing but do no harm.
 */
#pragma once

#include "base/arena.h"
#include "base/buf.h"
#include "base/err.h"

struct sp_regex;

#define SP_REGEX_GROUPS_MAX 64
#define SP_REGEX_PATIENCE   20

/* Where the groups of one match are; group 0 is the whole. */
struct sp_match {
    struct sp_str subject;
    size_t count; /* groups of the pattern + 1 */

    struct {
        size_t start, end; /* SIZE_MAX: the group took no part */
    } groups[SP_REGEX_GROUPS_MAX];
};

/* SP_INVALID: not a regular expression; the message says what is wrong where. *out is freed with
 * sp_regex_free; not for several threads. */
enum sp_rc sp_regex_compile(struct sp_arena *arena,
                            struct sp_str pattern,
                            struct sp_regex **out,
                            struct sp_err *err) SP_MUST_USE;

/* Accepts NULL. */
void sp_regex_free(struct sp_regex *regex);

/* Number of a group given by name or number; SIZE_MAX if the pattern has no such group. */
size_t sp_regex_group(const struct sp_regex *regex, struct sp_str name);

/* Name of group `number`; empty if it has none. */
struct sp_str sp_regex_group_name(const struct sp_regex *regex, size_t number);

/* re.search() from byte `from` on. `not_empty`: a match of nothing right there does not count. */
bool sp_regex_search(const struct sp_regex *regex,
                     struct sp_str subject,
                     size_t from,
                     bool not_empty,
                     struct sp_match *match);

/* How often matching was given up, because the pattern backtracks without end on some text. */
unsigned sp_regex_given_up(const struct sp_regex *regex);

/* Text of a group, empty if it took no part. */
struct sp_str sp_match_group(const struct sp_match *match, size_t number);

/* re.sub(): every match replaced. The replacement may contain \1, \g<1>, \g<name>, \n, \t, \\.
 * SP_INVALID when it names an unknown group. */
enum sp_rc sp_regex_replace(const struct sp_regex *regex,
                            struct sp_str subject,
                            struct sp_str replacement,
                            struct sp_buf *out,
                            struct sp_err *err) SP_MUST_USE;
