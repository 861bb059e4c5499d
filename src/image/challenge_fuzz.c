/* SPDX-License-Identifier: BSD-3-Clause */
/* challenge_fuzz.c - the header WWW-Authenticate up to the first NUL, a file of passwords behind
 * it. */
#include "image/challenge.h"

#include <stdlib.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void require(bool ok)
{
    if (!ok)
        abort();
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    struct sp_str rest = { (const char *)data, SP_MIN(size, (size_t)65536) };
    sp_auto_arena struct sp_arena *arena = sp_arena_new();
    struct sp_challenge challenge;
    struct sp_credentials credentials;
    struct sp_err err = SP_ERR_INIT;

    if (!size)
        return 0;
    struct sp_str header = sp_str_cut(&rest, '\0');
    if (sp_challenge_parse(arena, header, &challenge, &err) == SP_OK)
        require(challenge.kind == SP_CHALLENGE_BASIC || challenge.realm.len);
    else
        require(err.code == SP_INVALID && err.text[0]);
    err = SP_ERR_INIT;
    if (sp_credentials_find(arena, rest.ptr ? rest : SP_STR(""), SP_STR("h.org"), SP_STR("x"),
                            &credentials, &err) == SP_OK) {
        require(!memchr(credentials.user.ptr, '\0', credentials.user.len));
        require(sp_str_find(credentials.user, ':') == SIZE_MAX);
    } else {
        require(err.text[0]);
    }
    return 0;
}
