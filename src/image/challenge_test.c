/* SPDX-License-Identifier: BSD-3-Clause */
#include "image/challenge.h"

#include "base/tap.h"

static const struct {
    const char *header;
    int kind; /* -1: refused */
    const char *realm, *service, *scope;
} headers[] = {
    { "Bearer realm=\"https://h.org/token\",service=\"h.org\",scope=\"repository:x:pull\"",
      SP_CHALLENGE_BEARER, "https://h.org/token", "h.org", "repository:x:pull" },
    { "bearer REALM=\"https://h.org\"", SP_CHALLENGE_BEARER, "https://h.org", "", "" },
    { "Bearer realm=token", SP_CHALLENGE_BEARER, "token", "", "" },
    { "Bearer realm=\"a\\\"b\\\\c\"", SP_CHALLENGE_BEARER, "a\"b\\c", "", "" },
    { "Bearer   realm=\"a\" ,  service=\"b\"", SP_CHALLENGE_BEARER, "a", "b", "" },
    { "Bearer realm=\"a\",error=\"insufficient_scope\",scope=\"s, t\"", SP_CHALLENGE_BEARER, "a",
      "", "s, t" },
    { "Basic realm=\"x\"", SP_CHALLENGE_BASIC, "x", "", "" },
    { "Basic", SP_CHALLENGE_BASIC, "", "", "" },
    { "Negotiate, Basic realm=\"x\"", SP_CHALLENGE_BASIC, "x", "", "" },
    { "Basic realm=\"x\", Bearer realm=\"y\"", SP_CHALLENGE_BEARER, "y", "", "" },
    { "Bearer service=\"x\"", -1, NULL, NULL, NULL }, /* nowhere to go */
    { "Bearer realm=\"x", -1, NULL, NULL, NULL },
    { "Bearer realm=\"x\\", -1, NULL, NULL, NULL },
    { "Negotiate", -1, NULL, NULL, NULL },
    { "", -1, NULL, NULL, NULL },
    { "=", -1, NULL, NULL, NULL },
};

#define AUTH(key, value) "{\"auths\": {\"" key "\": {\"auth\": \"" value "\"}}}"
#define ADA              "YWRhOnMzY3JldA=="     /* ada:s3cret */
#define BOB              "Ym9iOnB3OndpdGg6Og==" /* bob:pw:with:: */

static const struct {
    const char *text;
    enum sp_rc rc;
    const char *user, *password;
} files[] = {
    { AUTH("h.org", ADA), SP_OK, "ada", "s3cret" },
    { AUTH("h.org", "YWRhOnMzY3JldA"), SP_OK, "ada", "s3cret" },
    { AUTH("h.org", BOB), SP_OK, "bob", "pw:with::" },
    { AUTH("https://h.org/v1/", ADA), SP_OK, "ada", "s3cret" },
    { AUTH("h.org/stimela2", ADA), SP_OK, "ada", "s3cret" },
    { "{\"auths\": {\"h.org\": {\"auth\": \"" ADA "\"}, \"h.org/stimela2\": {\"auth\": \"" BOB
      "\"}, \"other.org\": {\"auth\": \"" ADA "\"}}}",
      SP_OK, "bob", "pw:with::" },
    { AUTH("h.org.evil.com", ADA), SP_NOT_FOUND, NULL, NULL },
    { AUTH("h.or", ADA), SP_NOT_FOUND, NULL, NULL },
    { AUTH("h.org/stim", ADA), SP_NOT_FOUND, NULL, NULL },
    { AUTH("h.org", ""), SP_NOT_FOUND, NULL, NULL },
    { "{\"auths\": {\"h.org\": {}}, \"credsStore\": \"desktop\"}", SP_NOT_FOUND, NULL, NULL },
    { "{}", SP_NOT_FOUND, NULL, NULL },
    { "[]", SP_NOT_FOUND, NULL, NULL },
    { AUTH("h.org", "!!!!"), SP_INVALID, NULL, NULL },
    { AUTH("h.org", "YWRh"), SP_INVALID, NULL, NULL },     /* ada */
    { AUTH("h.org", "YTpiAGM="), SP_INVALID, NULL, NULL }, /* a NUL in it */
    { "{", SP_INVALID, NULL, NULL },
};

int main(void)
{
    sp_auto_arena struct sp_arena *arena = sp_arena_new();

    for (size_t i = 0; i < SP_COUNT(headers); i++) {
        struct sp_challenge challenge = { .realm = SP_STR("untouched") };
        struct sp_err err = SP_ERR_INIT;
        enum sp_rc rc = sp_challenge_parse(arena, sp_str_of(headers[i].header), &challenge, &err);
        if (headers[i].kind < 0)
            tap_ok(rc == SP_INVALID && sp_str_is(challenge.realm, "untouched"), "refused: '%s'",
                   headers[i].header);
        else
            tap_ok(rc == SP_OK && (int)challenge.kind == headers[i].kind &&
                       sp_str_is(challenge.realm, headers[i].realm) &&
                       sp_str_is(challenge.service, headers[i].service) &&
                       sp_str_is(challenge.scope, headers[i].scope),
                   "%s", headers[i].header);
    }
    for (size_t i = 0; i < SP_COUNT(files); i++) {
        struct sp_credentials got = { 0 };
        struct sp_err err = SP_ERR_INIT;
        enum sp_rc rc = sp_credentials_find(arena, sp_str_of(files[i].text), SP_STR("h.org"),
                                            SP_STR("stimela2/wsclean"), &got, &err);
        tap_ok(rc == files[i].rc && (rc || (sp_str_is(got.user, files[i].user) &&
                                            sp_str_is(got.password, files[i].password))),
               "%s", files[i].text);
    }
    return tap_done();
}
