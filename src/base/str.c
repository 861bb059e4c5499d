/* SPDX-License-Identifier: BSD-3-Clause */
#include "base/str.h"

#include <ctype.h>
#include <errno.h>
#include <stdlib.h>
#include <strings.h>

bool sp_str_is(struct sp_str a, const char *text)
{
    return sp_str_eq(a, sp_str_of(text));
}

bool sp_str_is_nocase(struct sp_str a, const char *text)
{
    return a.len == strlen(text) && strncasecmp(a.ptr, text, a.len) == 0;
}

int sp_str_cmp(struct sp_str a, struct sp_str b)
{
    size_t shared = SP_MIN(a.len, b.len);
    int order = shared ? memcmp(a.ptr, b.ptr, shared) : 0;

    return order ? order : (a.len > b.len) - (a.len < b.len);
}

bool sp_str_starts(struct sp_str s, const char *prefix)
{
    size_t len = strlen(prefix);

    return s.len >= len && memcmp(s.ptr, prefix, len) == 0;
}

bool sp_str_ends(struct sp_str s, const char *suffix)
{
    size_t len = strlen(suffix);

    return s.len >= len && memcmp(s.ptr + s.len - len, suffix, len) == 0;
}

size_t sp_str_find(struct sp_str s, char c)
{
    const char *at = s.len ? memchr(s.ptr, c, s.len) : NULL;

    return at ? (size_t)(at - s.ptr) : SIZE_MAX;
}

size_t sp_str_rfind(struct sp_str s, char c)
{
    const char *at = s.len ? memrchr(s.ptr, c, s.len) : NULL;

    return at ? (size_t)(at - s.ptr) : SIZE_MAX;
}

size_t sp_str_find_str(struct sp_str s, struct sp_str needle)
{
    if (needle.len == 0)
        return 0;
    const char *at = s.len ? memmem(s.ptr, s.len, needle.ptr, needle.len) : NULL;
    return at ? (size_t)(at - s.ptr) : SIZE_MAX;
}

struct sp_str sp_str_slice(struct sp_str s, size_t from, size_t to)
{
    to = SP_MIN(to, s.len);
    from = SP_MIN(from, to);
    return (struct sp_str){ s.ptr + from, to - from };
}

static bool is_blank(char c)
{
    return c == ' ' || c == '\t' || c == '\n' || c == '\r';
}

struct sp_str sp_str_trim(struct sp_str s)
{
    while (s.len && is_blank(s.ptr[0]))
        s = sp_str_slice(s, 1, s.len);
    while (s.len && is_blank(s.ptr[s.len - 1]))
        s.len--;
    return s;
}

struct sp_str sp_str_cut(struct sp_str *rest, char sep)
{
    size_t at = sp_str_find(*rest, sep);
    struct sp_str head = *rest;

    if (at == SIZE_MAX) {
        *rest = (struct sp_str){ NULL, 0 };
        return head;
    }
    head.len = at;
    *rest = sp_str_slice(*rest, at + 1, rest->len);
    return head;
}

/* One [...] class at `p`; returns the position behind it, or 0 when it is not closed. */
static size_t match_class(struct sp_str pattern, size_t p, char c, bool *matched)
{
    size_t at = p + 1;
    bool negated = at < pattern.len && (pattern.ptr[at] == '!' || pattern.ptr[at] == '^');
    bool found = false;

    at += negated;
    for (size_t first = at; at < pattern.len && (pattern.ptr[at] != ']' || at == first);) {
        char low = pattern.ptr[at];
        char high = low;
        if (at + 2 < pattern.len && pattern.ptr[at + 1] == '-' && pattern.ptr[at + 2] != ']') {
            high = pattern.ptr[at + 2];
            at += 2;
        }
        found = found || (low <= c && c <= high);
        at++;
    }
    if (at >= pattern.len)
        return 0;
    *matched = found != negated;
    return at + 1;
}

/* Does one pattern element at `p` match `c`? Returns the position behind the element or 0. */
static size_t match_one(struct sp_str pattern, size_t p, char c)
{
    bool matched = false;

    if (pattern.ptr[p] == '?')
        return p + 1;
    if (pattern.ptr[p] == '[') {
        size_t end = match_class(pattern, p, c, &matched);
        if (end)
            return matched ? end : 0;
    }
    return pattern.ptr[p] == c ? p + 1 : 0;
}

bool sp_str_match(struct sp_str pattern, struct sp_str text)
{
    size_t p = 0;
    size_t t = 0;
    size_t star_p = SIZE_MAX;
    size_t star_t = 0;

    /* Linear with one point of return: a later star makes earlier ones irrelevant. */
    while (t < text.len) {
        size_t next =
            p < pattern.len && pattern.ptr[p] != '*' ? match_one(pattern, p, text.ptr[t]) : 0;
        if (p < pattern.len && pattern.ptr[p] == '*') {
            star_p = p++;
            star_t = t;
        } else if (next) {
            p = next;
            t++;
        } else if (star_p != SIZE_MAX) {
            p = star_p + 1;
            t = ++star_t;
        } else {
            return false;
        }
    }
    while (p < pattern.len && pattern.ptr[p] == '*')
        p++;
    return p == pattern.len;
}

bool sp_str_has_wildcard(struct sp_str s)
{
    return sp_str_find(s, '*') != SIZE_MAX || sp_str_find(s, '?') != SIZE_MAX ||
           sp_str_find(s, '[') != SIZE_MAX;
}

#define NUMBER_MAX 320 /* longer than any double or int64 that is written sensibly */

static bool copy_number(struct sp_str s, char text[static NUMBER_MAX + 1])
{
    if (s.len == 0 || s.len > NUMBER_MAX || isspace((unsigned char)s.ptr[0]))
        return false;
    memcpy(text, s.ptr, s.len);
    text[s.len] = '\0';
    return strlen(text) == s.len;
}

bool sp_str_int(struct sp_str s, int64_t *out)
{
    char text[NUMBER_MAX + 1];
    char *end;

    if (!copy_number(s, text))
        return false;
    errno = 0;
    long long number = strtoll(text, &end, 10);
    if (errno || *end || end == text)
        return false;
    *out = number;
    return true;
}

bool sp_str_float(struct sp_str s, double *out)
{
    char text[NUMBER_MAX + 1];
    char *end;

    if (!copy_number(s, text) || strpbrk(text, "xXpP"))
        return false;
    double number = strtod(text, &end);
    if (*end || end == text)
        return false;
    *out = number;
    return true;
}
