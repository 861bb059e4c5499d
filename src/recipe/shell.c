/* SPDX-License-Identifier: BSD-3-Clause */
#include "base/buf.h"

#include "recipe/command.h"

struct splitter {
    struct sp_str text;
    size_t at;
    struct sp_buf word;
    bool in_word;
};

static bool is_blank(char c)
{
    return c == ' ' || c == '\t' || c == '\n' || c == '\r';
}

/* A backslash in double quotes is special only before these. */
static bool is_escapable(char c)
{
    return c == '"' || c == '\\' || c == '$' || c == '`';
}

static enum sp_rc take_backslash(struct splitter *split, bool quoted, struct sp_err *err)
{
    if (split->at == split->text.len)
        return sp_fail(err, SP_INVALID, "a backslash at the end escapes nothing");
    char c = split->text.ptr[split->at++];
    if (c == '\n')
        return SP_OK; /* a continued line */
    if (quoted && !is_escapable(c))
        sp_buf_addc(&split->word, '\\');
    sp_buf_addc(&split->word, c);
    split->in_word = true;
    return SP_OK;
}

static enum sp_rc take_quoted(struct splitter *split, char quote, struct sp_err *err)
{
    size_t start = split->at;

    split->in_word = true;
    while (split->at < split->text.len) {
        char c = split->text.ptr[split->at++];
        if (c == quote)
            return SP_OK;
        if (c != '\\' || quote == '\'') {
            sp_buf_addc(&split->word, c);
            continue;
        }
        enum sp_rc rc = take_backslash(split, true, err);
        if (rc)
            return rc;
    }
    return sp_fail(err, SP_INVALID, "the quote %c at character %zu is not closed", quote, start);
}

static enum sp_rc take_char(struct splitter *split, char c, struct sp_err *err)
{
    if (c == '\'' || c == '"')
        return take_quoted(split, c, err);
    if (c == '\\')
        return take_backslash(split, false, err);
    sp_buf_addc(&split->word, c);
    split->in_word = true;
    return SP_OK;
}

static void end_word(struct splitter *split, struct sp_arena *arena, struct sp_list *words)
{
    if (!split->in_word)
        return;
    sp_list_add(arena, words, sp_text(sp_arena_str(arena, sp_buf_str(&split->word))));
    sp_buf_clear(&split->word);
    split->in_word = false;
}

enum sp_rc sp_shell_split(struct sp_arena *arena,
                          struct sp_str text,
                          struct sp_list *words,
                          struct sp_err *err)
{
    struct splitter split = { .text = text, .word = SP_BUF(text.len + 1) };
    struct sp_list found = { 0 };
    enum sp_rc rc = SP_OK;

    while (rc == SP_OK && split.at < text.len) {
        char c = text.ptr[split.at++];
        if (is_blank(c))
            end_word(&split, arena, &found);
        else
            rc = take_char(&split, c, err);
    }
    if (rc == SP_OK) {
        end_word(&split, arena, &found);
        SP_LIST_EACH(word, &found)
        sp_list_add(arena, words, *word);
    }
    sp_buf_fini(&split.word);
    return rc;
}

/* Nothing that any shell treats specially; '~' and '=' only matter at the front or in assignments,
 * but quoting them costs nothing. */
static bool is_safe(char c)
{
    return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') ||
           (c && strchr("@%+=:,./_-", c)) || (unsigned char)c >= 0x80;
}

void sp_shell_quote(struct sp_str word, struct sp_buf *out)
{
    bool safe = word.len > 0;

    for (size_t i = 0; safe && i < word.len; i++)
        safe = is_safe(word.ptr[i]);
    if (safe) {
        sp_buf_add(out, word);
        return;
    }
    sp_buf_addc(out, '\'');
    for (size_t i = 0; i < word.len; i++)
        if (word.ptr[i] == '\'')
            sp_buf_adds(out, "'\"'\"'");
        else
            sp_buf_addc(out, word.ptr[i]);
    sp_buf_addc(out, '\'');
}

void sp_shell_join(const struct sp_list *words, struct sp_buf *out)
{
    SP_LIST_EACH(word, words)
    {
        if (word != words->items)
            sp_buf_addc(out, ' ');
        if (sp_is_text(*word))
            sp_shell_quote(word->text, out);
    }
}
