/* SPDX-License-Identifier: BSD-3-Clause */
/* challenge.h - what a registry asks for before it answers: the header WWW-Authenticate (RFC 9110,
 * 11.6.1), and what there is to give: the files in which podman and docker keep passwords. */
#pragma once

#include "base/arena.h"
#include "base/err.h"

enum sp_challenge_kind {
    SP_CHALLENGE_BASIC,
    SP_CHALLENGE_BEARER
};

struct sp_challenge {
    enum sp_challenge_kind kind;
    struct sp_str realm; /* of Bearer: where tokens come from */
    struct sp_str service, scope;
};

/* `Bearer realm="https://h.org/token",service="h.org",scope="repository:x:pull"`. Other schemes in
 * the same header are passed over. SP_INVALID: none that we know. */
enum sp_rc sp_challenge_parse(struct sp_arena *arena,
                              struct sp_str header,
                              struct sp_challenge *out,
                              struct sp_err *err) SP_MUST_USE;

struct sp_credentials {
    struct sp_str user, password;
};

/* For `host` and `path` from a file like ~/.docker/config.json: {"auths": {"h.org/x": {"auth":
 * BASE64}}}; the longest name that fits. SP_NOT_FOUND: it has none; SP_INVALID: it is damaged. */
enum sp_rc sp_credentials_find(struct sp_arena *arena,
                               struct sp_str text,
                               struct sp_str host,
                               struct sp_str path,
                               struct sp_credentials *out,
                               struct sp_err *err) SP_MUST_USE;
