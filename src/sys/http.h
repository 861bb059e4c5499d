/* SPDX-License-Identifier: BSD-3-Clause */
/* http.h - fetch things over HTTP and HTTPS, through libcurl.
 *
 *     sp_http_new(&http, &err);
 *     struct sp_http_request get = { .url = "https://h.org/x", .sink = keep, .arg = file };
 *     sp_http_get(http, &get, arena, &reply, &err);      an answer of 404 is SP_OK too
 *     struct sp_str type = sp_http_header(&reply, "Content-Type");
 *
 * Certificates are checked against those of the system. Redirects are followed, five at most, never
 * from HTTPS to HTTP, and what says who we are goes to the first host only. Calls block. Proxies
 * are those of the environment ($https_proxy, $no_proxy), but for the loopback addresses.
 */
#pragma once

#include "base/arena.h"
#include "base/err.h"

struct sp_http;

/* Take a part of the body; anything but SP_OK ends the request with it. */
typedef enum sp_rc (*sp_http_sink)(void *arg, struct sp_str data, struct sp_err *err);

/* Everything is borrowed for the call. */
struct sp_http_request {
    const char *url;
    const char *const *headers; /* "Accept: x", ending with NULL; or NULL */
    const char *bearer;         /* token, or NULL */
    const char *user;           /* with `password`, for Basic; or NULL */
    const char *password;
    const char *data;  /* of a form: makes it a POST; or NULL */
    uint64_t from;     /* leave out so many bytes: the answer is then 206, or the whole again */
    int patience_s;    /* give up when so long nothing comes; 0: 60 */
    sp_http_sink sink; /* gets the body of 200 and 206; NULL: it is in the reply */
    void *arg;
};

struct sp_http_reply {
    int status;
    struct sp_str headers; /* of the last answer, lines as they came */
    struct sp_str body;    /* without a sink, or not 200 or 206; cut at SP_HTTP_BODY_MAX */
    struct sp_str url;     /* where it came from in the end */
};

#define SP_HTTP_BODY_MAX ((size_t)8 * 1024 * 1024)

/* The caller owns *out. */
enum sp_rc sp_http_new(struct sp_http **out, struct sp_err *err) SP_MUST_USE;
void sp_http_free(struct sp_http *http); /* accepts NULL */

/* SP_BUSY: no connection, or it broke: again may work. SP_LIMIT: too many redirects, or a body that
 * is too long to be kept. SP_INVALID: what sits there does not speak HTTP, or its certificate is
 * not to be trusted. What the sink has returned. The reply lives in `arena`. */
enum sp_rc sp_http_get(struct sp_http *http,
                       const struct sp_http_request *request,
                       struct sp_arena *arena,
                       struct sp_http_reply *out,
                       struct sp_err *err) SP_MUST_USE;

/* Value of the first header of that name (any case), blanks cut off; empty: there is none. */
struct sp_str sp_http_header(const struct sp_http_reply *reply, const char *name);

/* Is this host (with a port or without) a loopback address? "localhost", 127.x.x.x, [::1]. */
bool sp_http_is_loopback(struct sp_str host);
