/* SPDX-License-Identifier: BSD-3-Clause */
/* registry.c - the source for registries: OCI distribution specification 1.1, pulling only. */
#include "image/challenge.h"
#include "image/source.h"
#include "sys/file.h"
#include "sys/http.h"
#include "value/json.h"

#include <stdio.h>
#include <stdlib.h>
#include <time.h>

#define TRIES        4
#define FIRST_WAIT   (100 * SP_NSEC_PER_MS) /* then four times as long, each time */
#define MESSAGE_MAX  500
#define AUTH_MAX     ((size_t)1024 * 1024)
#define UNAUTHORIZED 401

struct registry {
    struct sp_image_source source;
    struct sp_arena *arena;
    struct sp_http *http;
    struct sp_str scheme, host, path, reference; /* of the URL */
    struct sp_str named;                         /* the host as people say it */
    const char *const *auth_files;
    struct sp_credentials credentials;
    bool looked; /* for credentials */
    const char *token;
    bool basic; /* it wants the password itself */
};

/* --- who we are ----------------------------------------------------------------------------- */

/* Passwords that cannot be read are a fault only when one is asked for. */
static enum sp_rc find_credentials(struct registry *registry, struct sp_err *err)
{
    for (size_t i = 0; registry->auth_files && registry->auth_files[i] && !registry->looked; i++) {
        sp_auto_buf struct sp_buf text = SP_BUF(AUTH_MAX);
        struct sp_err missing = SP_ERR_INIT;
        const char *file = registry->auth_files[i];
        if (sp_file_kind(file) == SP_FILE_NONE)
            continue;
        enum sp_rc rc = sp_file_read(file, &text, &missing);
        if (rc == SP_OK)
            rc = sp_credentials_find(
                registry->arena, sp_arena_str(registry->arena, sp_buf_str(&text)), registry->named,
                registry->path, &registry->credentials, &missing);
        if (rc == SP_OK)
            break;
        if (rc != SP_NOT_FOUND)
            return sp_fail(err, rc, "passwords in '%s': %s", file, missing.text);
    }
    registry->looked = true;
    return SP_OK;
}

/* Percent-encoded: what is no letter, digit, '-', '.', '_' or '~'. */
static void add_encoded(struct sp_buf *out, struct sp_str text)
{
    for (size_t i = 0; i < text.len; i++) {
        unsigned char c = (unsigned char)text.ptr[i];
        if ((c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') ||
            (c && strchr("-._~", c)))
            sp_buf_addc(out, (char)c);
        else
            sp_buf_addf(out, "%%%02X", c);
    }
}

/* What a registry says went wrong: {"errors": [{"message": ...}]}, or the begin of the text. */
static struct sp_str complaint(struct sp_arena *arena, const struct sp_http_reply *reply)
{
    sp_auto_buf struct sp_buf plain = SP_BUF(SP_BUF_SMALL);
    struct sp_err ignored = SP_ERR_INIT;
    struct sp_str text = sp_str_slice(sp_str_trim(reply->body), 0, MESSAGE_MAX);
    struct sp_value value;

    if (sp_json_decode(arena, reply->body, &value, &ignored) == SP_OK && value.kind == SP_DICT) {
        const struct sp_value *errors = sp_dict_get(value.dict, "errors");
        if (errors && errors->kind == SP_LIST && errors->list->len &&
            errors->list->items[0].kind == SP_DICT)
            text =
                sp_str_slice(sp_dict_text(errors->list->items[0].dict, "message"), 0, MESSAGE_MAX);
    }
    sp_buf_add_plain(&plain, text);
    for (size_t i = 0; i < plain.len; i++)
        if ((unsigned char)plain.ptr[i] < ' ')
            plain.ptr[i] = ' ';
    return sp_arena_str(arena, sp_buf_str(&plain));
}

static enum sp_rc read_token(struct registry *registry,
                             const struct sp_http_reply *reply,
                             struct sp_err *err)
{
    struct sp_value value;

    enum sp_rc rc = sp_json_decode(registry->arena, reply->body, &value, err);
    if (rc)
        return rc;
    struct sp_str token = value.kind == SP_DICT ? sp_dict_text(value.dict, "token") : SP_STR("");
    if (!token.len && value.kind == SP_DICT)
        token = sp_dict_text(value.dict, "access_token");
    if (!token.len)
        return sp_fail(err, SP_INVALID, "there is no token in the answer");
    for (size_t i = 0; i < token.len; i++)
        if (token.ptr[i] <= ' ' || token.ptr[i] > '~')
            return sp_fail(err, SP_INVALID, "the token has characters that no header may have");
    registry->token = sp_arena_cstr(registry->arena, token);
    return SP_OK;
}

static enum sp_rc fetch_token(struct registry *registry,
                              const struct sp_challenge *challenge,
                              struct sp_err *err)
{
    sp_auto_buf struct sp_buf url = SP_BUF(SP_BUF_SMALL);
    struct sp_http_reply reply;
    bool secure = sp_str_starts(challenge->realm, "https://");

    if (!secure &&
        (!sp_str_is(registry->scheme, "http") || !sp_str_starts(challenge->realm, "http://")))
        return sp_fail(err, SP_INVALID, "tokens come from '" SP_STR_FMT "', which is not HTTPS",
                       SP_STR_ARG(challenge->realm));
    sp_buf_add(&url, challenge->realm);
    sp_buf_adds(&url, sp_str_find(challenge->realm, '?') == SIZE_MAX ? "?" : "&");
    sp_buf_adds(&url, "service=");
    add_encoded(&url, challenge->service);
    sp_buf_adds(&url, "&scope=");
    if (challenge->scope.len)
        add_encoded(&url, challenge->scope);
    else
        sp_buf_addf(&url, "repository%%3A" SP_STR_FMT "%%3Apull", SP_STR_ARG(registry->path));
    struct sp_http_request request = { .url = url.ptr };
    if (registry->credentials.user.len) {
        request.user = registry->credentials.user.ptr;
        request.password = registry->credentials.password.ptr;
    }
    enum sp_rc rc = sp_http_get(registry->http, &request, registry->arena, &reply, err);
    if (rc == SP_OK && reply.status != 200)
        rc = sp_fail(err, SP_INVALID, "no token: the answer is %d: " SP_STR_FMT, reply.status,
                     SP_STR_ARG(complaint(registry->arena, &reply)));
    if (rc == SP_OK)
        rc = read_token(registry, &reply, err);
    return rc ? sp_err_wrap(err, "token from " SP_STR_FMT, SP_STR_ARG(challenge->realm)) : SP_OK;
}

/* Do what the answer asks for. */
static enum sp_rc identify(struct registry *registry,
                           const struct sp_http_reply *reply,
                           struct sp_err *err)
{
    struct sp_challenge challenge;

    enum sp_rc rc = sp_challenge_parse(registry->arena, sp_http_header(reply, "WWW-Authenticate"),
                                       &challenge, err);
    if (rc == SP_OK)
        rc = find_credentials(registry, err);
    if (rc)
        return rc;
    if (challenge.kind == SP_CHALLENGE_BEARER)
        return fetch_token(registry, &challenge, err);
    if (!registry->credentials.user.len)
        return sp_fail(err, SP_INVALID,
                       "it wants a password, and there is none: 'podman login " SP_STR_FMT
                       "' or 'docker login' stores one",
                       SP_STR_ARG(registry->named));
    registry->basic = true;
    return SP_OK;
}

/* --- requests ------------------------------------------------------------------------------- */

static enum sp_rc refuse(struct registry *registry,
                         const struct sp_http_reply *reply,
                         struct sp_err *err)
{
    static const struct {
        int status;
        enum sp_rc rc;
        const char *text;
    } rows[] = {
        { 401, SP_INVALID, "the password or token is not accepted" },
        { 403, SP_INVALID, "it is forbidden" },
        { 404, SP_NOT_FOUND, "there is no such image" },
        { 429, SP_BUSY, "too many requests" },
    };
    struct sp_str text = complaint(registry->arena, reply);
    enum sp_rc rc = reply->status >= 500 ? SP_BUSY : SP_INVALID;
    const char *what = reply->status >= 500 ? "the registry has failed" : "an unexpected answer";

    for (size_t i = 0; i < SP_COUNT(rows); i++)
        if (rows[i].status == reply->status) {
            rc = rows[i].rc;
            what = rows[i].text;
        }
    return sp_fail(err, rc, "%s (%d%s" SP_STR_FMT ")", what, reply->status, text.len ? ": " : "",
                   SP_STR_ARG(text));
}

/* One answer; when it asks who we are, once more. */
static enum sp_rc ask(struct registry *registry,
                      struct sp_http_request *request,
                      struct sp_http_reply *out,
                      struct sp_err *err)
{
    for (unsigned turn = 0;; turn++) {
        request->bearer = registry->token;
        request->user = registry->basic ? registry->credentials.user.ptr : NULL;
        request->password = registry->basic ? registry->credentials.password.ptr : NULL;
        enum sp_rc rc = sp_http_get(registry->http, request, registry->arena, out, err);
        if (rc)
            return rc;
        if (out->status == 200 || out->status == 206)
            return SP_OK;
        if (out->status != UNAUTHORIZED || turn > 0)
            return refuse(registry, out, err);
        rc = identify(registry, out, err);
        if (rc)
            return rc;
    }
}

/* What has come so far is not asked for again. */
struct passage {
    sp_blob_sink sink;
    void *arg;
    uint64_t received;
};

static enum sp_rc pass(void *arg, struct sp_str data, struct sp_err *err)
{
    struct passage *passage = arg;
    passage->received += data.len;
    return passage->sink(passage->arg, data, err);
}

static void wait_a_moment(unsigned turn)
{
    sp_nsec pause = FIRST_WAIT << (2 * turn);
    const struct timespec time = { .tv_sec = pause / SP_NSEC_PER_SEC,
                                   .tv_nsec = pause % SP_NSEC_PER_SEC };

    (void)nanosleep(&time, NULL);
}

/* With patience: connections break. The body goes to `passage`, if that is not NULL. */
static enum sp_rc fetch(struct registry *registry,
                        struct sp_http_request *request,
                        struct passage *passage,
                        struct sp_http_reply *out,
                        struct sp_err *err)
{
    for (unsigned turn = 0;; turn++) {
        struct sp_err now = SP_ERR_INIT;
        request->from = passage ? passage->received : 0;
        enum sp_rc rc = ask(registry, request, out, &now);
        if (rc == SP_OK)
            return SP_OK;
        if (rc != SP_BUSY || turn + 1 == TRIES) {
            *err = now;
            return rc;
        }
        wait_a_moment(turn);
    }
}

static const char *make_url(struct registry *registry, const char *kind, struct sp_str what)
{
    return sp_arena_printf(registry->arena,
                           SP_STR_FMT "://" SP_STR_FMT "/v2/" SP_STR_FMT "/%s/" SP_STR_FMT,
                           SP_STR_ARG(registry->scheme), SP_STR_ARG(registry->host),
                           SP_STR_ARG(registry->path), kind, SP_STR_ARG(what))
        .ptr;
}

/* --- the source ----------------------------------------------------------------------------- */

static enum sp_rc document(struct sp_image_source *source,
                           const struct sp_sha_digest *digest,
                           struct sp_arena *arena,
                           struct sp_str *out,
                           struct sp_err *err)
{
    static const char *const accept[] = {
        "Accept: application/vnd.oci.image.index.v1+json, "
        "application/vnd.oci.image.manifest.v1+json, "
        "application/vnd.docker.distribution.manifest.list.v2+json, "
        "application/vnd.docker.distribution.manifest.v2+json",
        NULL,
    };
    struct registry *registry = (struct registry *)source;
    struct sp_str reference =
        digest ? sp_arena_printf(arena, "sha256:%s", digest->hex) : registry->reference;
    struct sp_http_request request = {
        .url = make_url(registry, "manifests", reference),
        .headers = accept,
    };
    struct sp_http_reply reply;
    struct sp_sha_digest said;

    enum sp_rc rc = fetch(registry, &request, NULL, &reply, err);
    if (rc)
        return rc;
    if (reply.body.len > SP_MANIFEST_MAX)
        return sp_fail(err, SP_LIMIT, "the manifest has %zu bytes: %zu at most are read",
                       reply.body.len, SP_MANIFEST_MAX);
    struct sp_sha_digest got = sp_sha_of(reply.body);
    if (sp_sha_parse(sp_http_header(&reply, "Docker-Content-Digest"), &said) &&
        !sp_sha_eq(&said, &got))
        return sp_fail(err, SP_CORRUPT,
                       "the registry says the manifest's digest is sha256:%s, but it is sha256:%s",
                       said.hex, got.hex);
    *out = sp_arena_str(arena, reply.body);
    return SP_OK;
}

static enum sp_rc blob(struct sp_image_source *source,
                       const struct sp_descriptor *what,
                       sp_blob_sink sink,
                       void *arg,
                       struct sp_err *err)
{
    struct registry *registry = (struct registry *)source;
    struct passage passage = { .sink = sink, .arg = arg };
    struct sp_str digest = sp_arena_printf(registry->arena, "sha256:%s", what->digest.hex);
    struct sp_http_request request = {
        .url = make_url(registry, "blobs", digest),
        .sink = pass,
        .arg = &passage,
    };
    struct sp_http_reply reply;

    return fetch(registry, &request, &passage, &reply, err);
}

static void close_registry(struct sp_image_source *source)
{
    struct registry *registry = (struct registry *)source;

    sp_http_free(registry->http);
    sp_arena_free(registry->arena);
    free(registry);
}

static const struct sp_image_source_ops ops = { document, blob, close_registry };

/* Docker's own registry goes by another name than its images, and has some without a folder. */
static void find_host(struct registry *registry, const struct sp_image_name *name)
{
    registry->named = sp_arena_str(registry->arena, name->host);
    registry->host = registry->named;
    registry->path = sp_arena_str(registry->arena, name->path);
    if (!sp_str_is(name->host, "docker.io"))
        return;
    registry->host = SP_STR("registry-1.docker.io");
    registry->named = SP_STR("index.docker.io");
    if (sp_str_find(name->path, '/') == SIZE_MAX)
        registry->path = sp_arena_join(registry->arena, SP_STR("library"), "/", name->path);
}

enum sp_rc sp_registry_open(const struct sp_image_name *name,
                            const struct sp_source_options *options,
                            struct sp_image_source **out,
                            struct sp_err *err)
{
    if (!name->host.len)
        return sp_fail(err, SP_NOT_FOUND,
                       "the name has no registry, and no such image was fetched before");
    struct registry *registry = sp_alloc(sizeof *registry);
    registry->source.ops = &ops;
    registry->arena = sp_arena_new();
    registry->auth_files = options->auth_files;
    find_host(registry, name);
    registry->reference =
        sp_arena_str(registry->arena, name->digest.len ? name->digest : name->tag);
    registry->scheme =
        options->plain_http || sp_http_is_loopback(name->host) ? SP_STR("http") : SP_STR("https");
    enum sp_rc rc = sp_http_new(&registry->http, err);
    if (rc)
        close_registry(&registry->source);
    else
        *out = &registry->source;
    return rc;
}
