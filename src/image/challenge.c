/* SPDX-License-Identifier: BSD-3-Clause */
#include "image/challenge.h"

#include "value/json.h"

/* --- the header ----------------------------------------------------------------------------- */

static bool is_token(char c)
{
    return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') ||
           (c && strchr("!#$%&'*+-.^_`|~", c));
}

static void skip_blanks(struct sp_str *rest)
{
    while (rest->len && (*rest->ptr == ' ' || *rest->ptr == '\t' || *rest->ptr == ','))
        *rest = sp_str_slice(*rest, 1, rest->len);
}

static struct sp_str take_token(struct sp_str *rest)
{
    size_t len = 0;

    while (len < rest->len && is_token(rest->ptr[len]))
        len++;
    struct sp_str token = sp_str_slice(*rest, 0, len);
    *rest = sp_str_slice(*rest, len, rest->len);
    return token;
}

/* "..." with \ in front of quotes; false if it does not end. */
static bool take_quoted(struct sp_arena *arena, struct sp_str *rest, struct sp_str *out)
{
    sp_auto_buf struct sp_buf text = SP_BUF(SP_BUF_SMALL);
    size_t at = 1;

    for (; at < rest->len && rest->ptr[at] != '"'; at++) {
        if (rest->ptr[at] == '\\' && at + 1 < rest->len)
            at++;
        sp_buf_addc(&text, rest->ptr[at]);
    }
    if (at >= rest->len || !sp_buf_ok(&text))
        return false;
    *rest = sp_str_slice(*rest, at + 1, rest->len);
    *out = sp_arena_str(arena, sp_buf_str(&text));
    return true;
}

static bool take_value(struct sp_arena *arena, struct sp_str *rest, struct sp_str *out)
{
    if (sp_str_starts(*rest, "\""))
        return take_quoted(arena, rest, out);
    *out = take_token(rest);
    return true;
}

/* Parameters up to the next scheme, which is a token that no '=' follows. */
static bool take_parameters(struct sp_arena *arena, struct sp_str *rest, struct sp_challenge *out)
{
    for (;;) {
        struct sp_str value, ahead;
        skip_blanks(rest);
        ahead = *rest;
        struct sp_str name = take_token(&ahead);
        if (!name.len || !sp_str_starts(ahead, "="))
            return true;
        *rest = sp_str_slice(ahead, 1, ahead.len);
        if (!take_value(arena, rest, &value))
            return false;
        if (sp_str_is_nocase(name, "realm"))
            out->realm = value;
        else if (sp_str_is_nocase(name, "service"))
            out->service = value;
        else if (sp_str_is_nocase(name, "scope"))
            out->scope = value;
    }
}

enum sp_rc sp_challenge_parse(struct sp_arena *arena,
                              struct sp_str header,
                              struct sp_challenge *out,
                              struct sp_err *err)
{
    struct sp_challenge basic;
    bool has_basic = false;
    struct sp_str rest = header;

    for (;;) {
        struct sp_challenge one = { 0 };
        skip_blanks(&rest);
        struct sp_str scheme = take_token(&rest);
        if (!scheme.len || !take_parameters(arena, &rest, &one))
            break;
        if (sp_str_is_nocase(scheme, "Bearer") && one.realm.len) {
            one.kind = SP_CHALLENGE_BEARER;
            *out = one;
            return SP_OK;
        }
        if (sp_str_is_nocase(scheme, "Basic")) {
            basic = one;
            has_basic = true;
        }
    }
    if (!has_basic)
        return sp_fail(err, SP_INVALID,
                       "it wants an identification of a kind that is not known: '" SP_STR_FMT "'",
                       SP_STR_ARG(sp_str_slice(header, 0, 200)));
    basic.kind = SP_CHALLENGE_BASIC;
    *out = basic;
    return SP_OK;
}

/* --- passwords ------------------------------------------------------------------------------ */

static int digit_of(char c)
{
    static const char digits[] = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";
    const char *at = c ? strchr(digits, c) : NULL;

    return at ? (int)(at - digits) : -1;
}

static bool decode_base64(struct sp_str text, struct sp_buf *out)
{
    uint32_t bits = 0;
    unsigned count = 0;

    while (sp_str_ends(text, "="))
        text = sp_str_slice(text, 0, text.len - 1);
    for (size_t i = 0; i < text.len; i++) {
        int digit = digit_of(text.ptr[i]);
        if (digit < 0)
            return false;
        bits = bits << 6 | (uint32_t)digit;
        count += 6;
        if (count >= 8) {
            count -= 8;
            sp_buf_addc(out, (char)(bits >> count & 0xff));
        }
    }
    return sp_buf_ok(out);
}

/* "https://h.org/v1/" is what docker login writes. */
static struct sp_str bare_key(struct sp_str key)
{
    size_t scheme = sp_str_find_str(key, SP_STR("://"));

    if (scheme == SIZE_MAX)
        return key;
    key = sp_str_slice(key, scheme + 3, key.len);
    return sp_str_slice(key, 0, sp_str_find(key, '/'));
}

static bool fits(struct sp_str key, struct sp_str name)
{
    return sp_str_eq(key, name) || (key.len < name.len && name.ptr[key.len] == '/' &&
                                    sp_str_eq(key, sp_str_slice(name, 0, key.len)));
}

static enum sp_rc read_auth(struct sp_arena *arena,
                            const struct sp_dict *entry,
                            struct sp_credentials *out,
                            struct sp_err *err)
{
    sp_auto_buf struct sp_buf text = SP_BUF(SP_BUF_SMALL);

    bool valid = decode_base64(sp_dict_text(entry, "auth"), &text);
    size_t colon = sp_str_find(sp_buf_str(&text), ':');
    if (!valid || colon == SIZE_MAX || memchr(text.ptr, '\0', text.len))
        return sp_fail(err, SP_INVALID, "auth: it is not USER:PASSWORD in base64");
    struct sp_str plain = sp_arena_str(arena, sp_buf_str(&text));
    out->user = sp_arena_str(arena, sp_str_slice(plain, 0, colon));
    out->password = sp_arena_str(arena, sp_str_slice(plain, colon + 1, plain.len));
    return SP_OK;
}

enum sp_rc sp_credentials_find(struct sp_arena *arena,
                               struct sp_str text,
                               struct sp_str host,
                               struct sp_str path,
                               struct sp_credentials *out,
                               struct sp_err *err)
{
    struct sp_str name = sp_arena_join(arena, host, "/", path);
    const struct sp_dict *best = NULL;
    size_t best_len = 0;
    struct sp_value value;

    enum sp_rc rc = sp_json_decode(arena, text, &value, err);
    if (rc)
        return rc;
    const struct sp_value *auths = value.kind == SP_DICT ? sp_dict_get(value.dict, "auths") : NULL;
    if (auths && auths->kind == SP_DICT)
        SP_DICT_EACH(entry, auths->dict)
        {
            struct sp_str key = bare_key(entry->key);
            if (entry->value.kind != SP_DICT || !fits(key, name) || key.len < best_len ||
                !sp_dict_text(entry->value.dict, "auth").len)
                continue;
            best = entry->value.dict;
            best_len = key.len;
        }
    if (!best)
        return sp_fail(err, SP_NOT_FOUND, "there is no password for '" SP_STR_FMT "'",
                       SP_STR_ARG(host));
    return read_auth(arena, best, out, err);
}
