/* SPDX-License-Identifier: BSD-3-Clause */
#include "recipe/regex.h"

#define PCRE2_CODE_UNIT_WIDTH 8
#include <assert.h>
#include <pcre2.h>

/* Steps of one match; some 50 ms at worst. */
#define MATCH_LIMIT 1000000
#define DEPTH_LIMIT 20000
#define HEAP_LIMIT  (64 * 1024) /* KiB */

struct sp_regex {
    pcre2_code *code;
    pcre2_match_data *data; /* scratch of the match in progress */
    pcre2_match_context *limits;
    struct sp_arena *arena;
    unsigned *given_up; /* counted by searches, which change nothing else */
    size_t group_count;
    struct sp_str names[SP_REGEX_GROUPS_MAX];
};

static bool is_digit(char c)
{
    return c >= '0' && c <= '9';
}

/* "{,5}" starts at `at`: a quantifier for Python, plain text for PCRE2 before 10.43. */
static bool is_open_quantifier(struct sp_str text, size_t at)
{
    if (!sp_str_starts(sp_str_slice(text, at, text.len), "{,"))
        return false;
    size_t end = at + 2;
    while (end < text.len && is_digit(text.ptr[end]))
        end++;
    return end > at + 2 && end < text.len && text.ptr[end] == '}';
}

static void translate(struct sp_str pattern, struct sp_buf *out)
{
    bool in_class = false;

    for (size_t i = 0; i < pattern.len; i++) {
        char c = pattern.ptr[i];
        if (c == '\\' && i + 1 < pattern.len) {
            char next = pattern.ptr[++i];
            sp_buf_addc(out, '\\');
            sp_buf_addc(out, (char)(next == 'Z' && !in_class ? 'z' : next));
            continue;
        }
        if (!in_class && is_open_quantifier(pattern, i)) {
            sp_buf_adds(out, "{0");
            continue;
        }
        if (c == '[' && !in_class) {
            in_class = true;
            /* "]" right behind "[" or "[^" is a member */
            size_t first = i + 1 < pattern.len && pattern.ptr[i + 1] == '^' ? i + 2 : i + 1;
            if (first < pattern.len && pattern.ptr[first] == ']') {
                sp_buf_add(out, sp_str_slice(pattern, i, first + 1));
                i = first;
                continue;
            }
        } else if (c == ']') {
            in_class = false;
        }
        sp_buf_addc(out, c);
    }
}

static void load_names(struct sp_regex *regex)
{
    uint32_t count = 0;
    uint32_t groups = 0;
    uint32_t size = 0;
    PCRE2_SPTR table = NULL;

    (void)pcre2_pattern_info(regex->code, PCRE2_INFO_CAPTURECOUNT, &groups);
    (void)pcre2_pattern_info(regex->code, PCRE2_INFO_NAMECOUNT, &count);
    (void)pcre2_pattern_info(regex->code, PCRE2_INFO_NAMEENTRYSIZE, &size);
    (void)pcre2_pattern_info(regex->code, PCRE2_INFO_NAMETABLE, &table);
    regex->group_count = groups;
    for (uint32_t i = 0; i < count && table; i++) {
        PCRE2_SPTR entry = table + (size_t)i * size;
        size_t number = (size_t)entry[0] << 8 | entry[1];
        if (number < SP_REGEX_GROUPS_MAX)
            regex->names[number] = sp_arena_str(regex->arena, sp_str_of((const char *)entry + 2));
    }
}

static enum sp_rc refuse(struct sp_str pattern, int code, size_t offset, struct sp_err *err)
{
    char why[160] = "";

    (void)pcre2_get_error_message(code, (PCRE2_UCHAR *)why, sizeof why);
    return sp_fail(err, SP_INVALID,
                   "'" SP_STR_FMT "' is not a regular expression: %s (at byte %zu)",
                   SP_STR_ARG(pattern), why, offset);
}

enum sp_rc sp_regex_compile(struct sp_arena *arena,
                            struct sp_str pattern,
                            struct sp_regex **out,
                            struct sp_err *err)
{
    sp_auto_buf struct sp_buf text = SP_BUF(SP_BUF_SMALL);
    struct sp_regex *regex = SP_ARENA_NEW(arena, struct sp_regex, 1);
    int code = 0;
    size_t offset = 0;

    translate(pattern, &text);
    if (!sp_buf_ok(&text))
        return sp_fail(err, SP_LIMIT, "a regular expression of %zu bytes is too long", pattern.len);
    regex->arena = arena;
    regex->given_up = SP_ARENA_NEW(arena, unsigned, 1);
    regex->code = pcre2_compile((PCRE2_SPTR)text.ptr, text.len,
                                PCRE2_UTF | PCRE2_UCP | PCRE2_MATCH_INVALID_UTF | PCRE2_ALT_BSUX |
                                    PCRE2_NEVER_BACKSLASH_C,
                                &code, &offset, NULL);
    if (!regex->code)
        return refuse(pattern, code, offset, err);
    load_names(regex);
    regex->data = pcre2_match_data_create_from_pattern(regex->code, NULL);
    regex->limits = pcre2_match_context_create(NULL);
    if (!regex->data || !regex->limits || regex->group_count >= SP_REGEX_GROUPS_MAX) {
        sp_regex_free(regex);
        return sp_fail(err, SP_LIMIT, "'" SP_STR_FMT "' has more than %d groups",
                       SP_STR_ARG(pattern), SP_REGEX_GROUPS_MAX - 1);
    }
    (void)pcre2_set_match_limit(regex->limits, MATCH_LIMIT);
    (void)pcre2_set_depth_limit(regex->limits, DEPTH_LIMIT);
    (void)pcre2_set_heap_limit(regex->limits, HEAP_LIMIT);
    *out = regex;
    return SP_OK;
}

void sp_regex_free(struct sp_regex *regex)
{
    if (!regex)
        return;
    pcre2_match_context_free(regex->limits);
    pcre2_match_data_free(regex->data);
    pcre2_code_free(regex->code);
    regex->limits = NULL;
    regex->data = NULL;
    regex->code = NULL;
}

size_t sp_regex_group(const struct sp_regex *regex, struct sp_str name)
{
    int64_t number;

    if (sp_str_int(name, &number))
        return number >= 0 && (size_t)number <= regex->group_count ? (size_t)number : SIZE_MAX;
    for (size_t i = 1; i <= regex->group_count; i++)
        if (name.len && sp_str_eq(regex->names[i], name))
            return i;
    return SIZE_MAX;
}

struct sp_str sp_regex_group_name(const struct sp_regex *regex, size_t number)
{
    return number <= regex->group_count ? regex->names[number] : (struct sp_str){ 0 };
}

bool sp_regex_search(const struct sp_regex *regex,
                     struct sp_str subject,
                     size_t from,
                     bool not_empty,
                     struct sp_match *match)
{
    if (*regex->given_up >= SP_REGEX_PATIENCE)
        return false;
    PCRE2_SPTR bytes = (PCRE2_SPTR)(subject.ptr ? subject.ptr : "");
    int count = pcre2_match(regex->code, bytes, subject.len, from,
                            not_empty ? PCRE2_NOTEMPTY_ATSTART : 0, regex->data, regex->limits);

    if (count == PCRE2_ERROR_MATCHLIMIT || count == PCRE2_ERROR_DEPTHLIMIT ||
        count == PCRE2_ERROR_HEAPLIMIT)
        ++*regex->given_up;
    if (count <= 0)
        return false;
    const PCRE2_SIZE *ends = pcre2_get_ovector_pointer(regex->data);
    match->subject = subject;
    match->count = regex->group_count + 1;
    assert(match->count > 0 && match->count <= SP_REGEX_GROUPS_MAX);
    for (size_t i = 0; i < match->count; i++) {
        match->groups[i].start = ends[2 * i];
        match->groups[i].end = ends[2 * i + 1];
    }
    /* \K may put the start behind the end; Python has no \K. */
    if (match->groups[0].start > match->groups[0].end)
        match->groups[0].start = match->groups[0].end;
    return true;
}

unsigned sp_regex_given_up(const struct sp_regex *regex)
{
    return *regex->given_up;
}

struct sp_str sp_match_group(const struct sp_match *match, size_t number)
{
    if (number >= match->count || match->groups[number].start == SIZE_MAX)
        return SP_STR("");
    return sp_str_slice(match->subject, match->groups[number].start, match->groups[number].end);
}

/* --- replacing ---------------------------------------------------------------------------- */

/* What stands behind a backslash at *at; moves *at behind it. */
static enum sp_rc expand_escape(const struct sp_regex *regex,
                                const struct sp_match *match,
                                struct sp_str text,
                                size_t *at,
                                struct sp_buf *out,
                                struct sp_err *err)
{
    static const char letters[] = "nrtfva\\";
    static const char meanings[] = "\n\r\t\f\v\a\\";
    char c = (char)(*at < text.len ? text.ptr[*at] : '\0');
    const char *letter = c ? strchr(letters, c) : NULL;
    struct sp_str name = { 0 };

    if (letter) {
        sp_buf_addc(out, meanings[letter - letters]);
        ++*at;
        return SP_OK;
    }
    if (is_digit(c)) {
        size_t end = *at + 1;
        end += end < text.len && is_digit(text.ptr[end]) ? 1 : 0;
        name = sp_str_slice(text, *at, end);
        *at = end;
    } else if (sp_str_starts(sp_str_slice(text, *at, text.len), "g<")) {
        struct sp_str rest = sp_str_slice(text, *at + 2, text.len);
        name = sp_str_slice(rest, 0, sp_str_find(rest, '>'));
        *at = SP_MIN(*at + 2 + name.len + 1, text.len);
    } else {
        sp_buf_addc(out, '\\');
        return SP_OK;
    }
    size_t number = sp_regex_group(regex, name);
    if (number == SIZE_MAX)
        return sp_fail(err, SP_INVALID, "the regular expression has no group '" SP_STR_FMT "'",
                       SP_STR_ARG(name));
    if (match)
        sp_buf_add(out, sp_match_group(match, number));
    return SP_OK;
}

static enum sp_rc expand(const struct sp_regex *regex,
                         const struct sp_match *match,
                         struct sp_str text,
                         struct sp_buf *out,
                         struct sp_err *err)
{
    enum sp_rc rc = SP_OK;

    for (size_t at = 0; rc == SP_OK && at < text.len;) {
        char c = text.ptr[at++];
        if (c == '\\')
            rc = expand_escape(regex, match, text, &at, out, err);
        else
            sp_buf_addc(out, c);
    }
    return rc;
}

enum sp_rc sp_regex_replace(const struct sp_regex *regex,
                            struct sp_str subject,
                            struct sp_str replacement,
                            struct sp_buf *out,
                            struct sp_err *err)
{
    struct sp_match match;
    size_t copied = 0;
    size_t from = 0;
    bool after_empty = false;

    /* An unknown group is a fault even where nothing matches. */
    sp_auto_buf struct sp_buf unused = SP_BUF(SP_BUF_SMALL);
    enum sp_rc rc = expand(regex, NULL, replacement, &unused, err);
    while (rc == SP_OK && sp_buf_ok(out) &&
           sp_regex_search(regex, subject, from, after_empty, &match)) {
        sp_buf_add(out, sp_str_slice(subject, copied, match.groups[0].start));
        rc = expand(regex, &match, replacement, out, err);
        copied = from = match.groups[0].end;
        after_empty = match.groups[0].start == match.groups[0].end;
    }
    sp_buf_add(out, sp_str_slice(subject, copied, subject.len));
    return rc;
}
