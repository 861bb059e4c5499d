/* SPDX-License-Identifier: BSD-3-Clause */
#include "sys/http.h"

#include "base/buf.h"
#include "base/fault.h"

#include "sys/sharedlib.h"

#include <curl/curl.h>
#include <stdio.h>
#include <stdlib.h>

#define REDIRECTS_MAX  5L
#define CONNECT_S      30L
#define PATIENCE_S     60L
#define HEADERS_MAX    ((size_t)256 * 1024)
#define STATUS_OK      200
#define STATUS_PARTIAL 206

#define CALLS(X)          \
    X(curl_easy_cleanup)  \
    X(curl_easy_getinfo)  \
    X(curl_easy_init)     \
    X(curl_easy_perform)  \
    X(curl_easy_reset)    \
    X(curl_easy_setopt)   \
    X(curl_easy_strerror) \
    X(curl_global_init)   \
    X(curl_slist_append)  \
    X(curl_slist_free_all)

static struct {
    CALLS(SP_SHAREDLIB_MEMBER)
} lib;

static const char *const names[] = { CALLS(SP_SHAREDLIB_NAME) NULL };

struct sp_http {
    CURL *curl;
};

/* One request on its way. */
struct transfer {
    CURL *curl;
    const struct sp_http_request *request;
    struct sp_buf headers, body;
    uint64_t skip;   /* bytes that came although they were not wanted */
    enum sp_rc sunk; /* what the sink has returned */
    CURLcode code;   /* of the options, then of the transfer */
    struct sp_err *err;
};

enum sp_rc sp_http_new(struct sp_http **out, struct sp_err *err)
{
    static bool ready;
    enum sp_rc rc = sp_sharedlib_load("libcurl.so.4", names, &lib, err);

    if (rc)
        return rc;
    if (!ready && lib.curl_global_init(CURL_GLOBAL_DEFAULT))
        return sp_fail(err, SP_IO, "libcurl does not start");
    ready = true;
    CURL *curl = SP_FAULT("http.new", ENOMEM) ? NULL : lib.curl_easy_init();
    if (!curl)
        return sp_fail(err, SP_IO, "libcurl does not start");
    *out = sp_alloc(sizeof **out);
    (*out)->curl = curl;
    return SP_OK;
}

void sp_http_free(struct sp_http *http)
{
    if (!http)
        return;
    lib.curl_easy_cleanup(http->curl);
    free(http);
}

/* --- what comes ------------------------------------------------------------------------------ */

static long status_of(const struct transfer *transfer)
{
    long status = 0;

    (void)lib.curl_easy_getinfo(transfer->curl, CURLINFO_RESPONSE_CODE, &status);
    return status;
}

static size_t on_header(char *data, size_t one, size_t len, void *arg)
{
    struct transfer *transfer = arg;

    (void)one;
    if (len > 5 && memcmp(data, "HTTP/", 5) == 0) /* of the next answer: it was a redirect */
        sp_buf_clear(&transfer->headers);
    sp_buf_add(&transfer->headers, (struct sp_str){ data, len });
    return sp_buf_ok(&transfer->headers) ? len : 0;
}

static size_t on_body(char *data, size_t one, size_t len, void *arg)
{
    struct transfer *transfer = arg;
    long status = status_of(transfer);
    struct sp_str part = { data, len };

    (void)one;
    if (transfer->request->sink && (status == STATUS_OK || status == STATUS_PARTIAL)) {
        size_t known = status == STATUS_OK ? (size_t)SP_MIN((uint64_t)len, transfer->skip) : 0;
        transfer->skip -= known;
        part = sp_str_slice(part, known, len);
        transfer->sunk = transfer->request->sink(transfer->request->arg, part, transfer->err);
        return transfer->sunk ? 0 : len;
    }
    sp_buf_add(&transfer->body, part);
    return sp_buf_ok(&transfer->body) ? len : 0;
}

/* --- what goes ------------------------------------------------------------------------------- */

/* The first option that is refused is remembered. */
static void set_number(struct transfer *transfer, CURLoption option, long value)
{
    if (transfer->code == CURLE_OK)
        transfer->code = lib.curl_easy_setopt(transfer->curl, option, value);
}

static void set_pointer(struct transfer *transfer, CURLoption option, const void *value)
{
    if (transfer->code == CURLE_OK)
        transfer->code = lib.curl_easy_setopt(transfer->curl, option, value);
}

static struct sp_str host_of(const char *url)
{
    struct sp_str rest = sp_str_of(url);
    size_t start = sp_str_find_str(rest, SP_STR("://"));

    rest = start == SIZE_MAX ? rest : sp_str_slice(rest, start + 3, rest.len);
    return sp_str_slice(rest, 0, sp_str_find(rest, '/'));
}

static void set_identity(struct transfer *transfer)
{
    const struct sp_http_request *request = transfer->request;

    if (request->bearer) {
        set_number(transfer, CURLOPT_HTTPAUTH, (long)CURLAUTH_BEARER);
        set_pointer(transfer, CURLOPT_XOAUTH2_BEARER, request->bearer);
    } else if (request->user) {
        set_number(transfer, CURLOPT_HTTPAUTH, (long)CURLAUTH_BASIC);
        set_pointer(transfer, CURLOPT_USERNAME, request->user);
        set_pointer(transfer, CURLOPT_PASSWORD, request->password ? request->password : "");
    }
}

static void set_callbacks(struct transfer *transfer)
{
    set_pointer(transfer, CURLOPT_HEADERDATA, transfer);
    set_pointer(transfer, CURLOPT_WRITEDATA, transfer);
    if (transfer->code == CURLE_OK)
        transfer->code = lib.curl_easy_setopt(transfer->curl, CURLOPT_HEADERFUNCTION, on_header);
    if (transfer->code == CURLE_OK)
        transfer->code = lib.curl_easy_setopt(transfer->curl, CURLOPT_WRITEFUNCTION, on_body);
}

/* Where to, and what for. */
static void set_request(struct transfer *transfer, const struct curl_slist *headers)
{
    const struct sp_http_request *request = transfer->request;
    bool secure = strncmp(request->url, "https:", strlen("https:")) == 0;
    char range[32]; /* libcurl makes a copy */

    set_pointer(transfer, CURLOPT_URL, request->url);
    set_pointer(transfer, CURLOPT_REDIR_PROTOCOLS_STR, secure ? "https" : "http,https");
    set_pointer(transfer, CURLOPT_HTTPHEADER, headers);
    set_number(transfer, CURLOPT_LOW_SPEED_TIME,
               request->patience_s ? (long)request->patience_s : PATIENCE_S);
    if (sp_http_is_loopback(host_of(request->url)))
        set_pointer(transfer, CURLOPT_NOPROXY, "*");
    if (request->data)
        set_pointer(transfer, CURLOPT_POSTFIELDS, request->data);
    if (request->from) { /* CURLOPT_RESUME_FROM would refuse the whole again */
        (void)snprintf(range, sizeof range, "%llu-", (unsigned long long)request->from);
        set_pointer(transfer, CURLOPT_RANGE, range);
    }
}

static void set_up(struct transfer *transfer, const struct curl_slist *headers, char *message)
{
    lib.curl_easy_reset(transfer->curl);
    set_pointer(transfer, CURLOPT_ERRORBUFFER, message);
    set_pointer(transfer, CURLOPT_PROTOCOLS_STR, "http,https");
    set_pointer(transfer, CURLOPT_USERAGENT, "spoor/" SPOOR_VERSION);
    set_number(transfer, CURLOPT_NOSIGNAL, 1);
    set_number(transfer, CURLOPT_FOLLOWLOCATION, 1);
    set_number(transfer, CURLOPT_MAXREDIRS, REDIRECTS_MAX);
    set_number(transfer, CURLOPT_CONNECTTIMEOUT, CONNECT_S);
    set_number(transfer, CURLOPT_LOW_SPEED_LIMIT, 1);
    set_callbacks(transfer);
    set_request(transfer, headers);
    set_identity(transfer);
}

static struct curl_slist *header_list(const char *const *headers)
{
    struct curl_slist *list = NULL;

    for (size_t i = 0; headers && headers[i]; i++) {
        struct curl_slist *longer = lib.curl_slist_append(list, headers[i]);
        if (!longer)
            break; /* out of memory: the server will say what is missing */
        list = longer;
    }
    return list;
}

/* --- together -------------------------------------------------------------------------------- */

static const struct {
    CURLcode code;
    enum sp_rc rc;
} faults[] = {
    { CURLE_COULDNT_RESOLVE_PROXY, SP_BUSY },
    { CURLE_COULDNT_RESOLVE_HOST, SP_BUSY },
    { CURLE_COULDNT_CONNECT, SP_BUSY },
    { CURLE_PARTIAL_FILE, SP_BUSY },
    { CURLE_OPERATION_TIMEDOUT, SP_BUSY },
    { CURLE_SSL_CONNECT_ERROR, SP_BUSY },
    { CURLE_GOT_NOTHING, SP_BUSY },
    { CURLE_SEND_ERROR, SP_BUSY },
    { CURLE_RECV_ERROR, SP_BUSY },
    { CURLE_HTTP2_STREAM, SP_BUSY },
    { CURLE_TOO_MANY_REDIRECTS, SP_LIMIT },
    { CURLE_URL_MALFORMAT, SP_INVALID },
    { CURLE_UNSUPPORTED_PROTOCOL, SP_INVALID },
    { CURLE_WEIRD_SERVER_REPLY, SP_INVALID },
    { CURLE_PEER_FAILED_VERIFICATION, SP_INVALID },
};

static enum sp_rc explain(const struct transfer *transfer, const char *message)
{
    enum sp_rc rc = SP_IO;

    if (transfer->sunk)
        return transfer->sunk;
    if (!sp_buf_ok(&transfer->body) || !sp_buf_ok(&transfer->headers))
        return sp_fail(transfer->err, SP_LIMIT, "%s: the answer is longer than %zu bytes",
                       transfer->request->url,
                       sp_buf_ok(&transfer->body) ? HEADERS_MAX : SP_HTTP_BODY_MAX);
    for (size_t i = 0; i < SP_COUNT(faults); i++)
        if (faults[i].code == transfer->code)
            rc = faults[i].rc;
    return sp_fail(transfer->err, rc, "%s: %s", transfer->request->url,
                   message[0] ? message : lib.curl_easy_strerror(transfer->code));
}

static void fill_reply(const struct transfer *transfer,
                       struct sp_arena *arena,
                       struct sp_http_reply *out)
{
    char *url = NULL;

    (void)lib.curl_easy_getinfo(transfer->curl, CURLINFO_EFFECTIVE_URL, &url);
    out->status = (int)status_of(transfer);
    out->headers = sp_arena_str(arena, sp_buf_str(&transfer->headers));
    out->body = sp_arena_str(arena, sp_buf_str(&transfer->body));
    out->url = sp_arena_str(arena, sp_str_of(url));
}

enum sp_rc sp_http_get(struct sp_http *http,
                       const struct sp_http_request *request,
                       struct sp_arena *arena,
                       struct sp_http_reply *out,
                       struct sp_err *err)
{
    sp_auto_free char *message = sp_alloc(CURL_ERROR_SIZE);
    struct curl_slist *headers = header_list(request->headers);
    struct transfer transfer = {
        .curl = http->curl,
        .request = request,
        .skip = request->from,
        .headers = SP_BUF(HEADERS_MAX),
        .body = SP_BUF(SP_HTTP_BODY_MAX),
        .err = err,
    };

    set_up(&transfer, headers, message);
    if (transfer.code == CURLE_OK)
        transfer.code =
            SP_FAULT("http.get", ECONNRESET) ? CURLE_RECV_ERROR : lib.curl_easy_perform(http->curl);
    enum sp_rc rc = transfer.code ? explain(&transfer, message) : SP_OK;
    if (rc == SP_OK)
        fill_reply(&transfer, arena, out);
    (void)lib.curl_easy_setopt(http->curl, CURLOPT_ERRORBUFFER, NULL);
    lib.curl_slist_free_all(headers);
    sp_buf_fini(&transfer.headers);
    sp_buf_fini(&transfer.body);
    return rc;
}

struct sp_str sp_http_header(const struct sp_http_reply *reply, const char *name)
{
    struct sp_str rest = reply->headers;

    while (rest.ptr) {
        struct sp_str line = sp_str_cut(&rest, '\n');
        size_t colon = sp_str_find(line, ':');
        if (colon != SIZE_MAX && sp_str_is_nocase(sp_str_slice(line, 0, colon), name))
            return sp_str_trim(sp_str_slice(line, colon + 1, line.len));
    }
    return SP_STR("");
}

bool sp_http_is_loopback(struct sp_str host)
{
    if (sp_str_starts(host, "["))
        return sp_str_is(sp_str_slice(host, 0, sp_str_find(host, ']')), "[::1");
    struct sp_str name = sp_str_slice(host, 0, sp_str_find(host, ':'));
    if (sp_str_is_nocase(name, "localhost"))
        return true;
    for (size_t i = 0; i < name.len; i++)
        if (name.ptr[i] != '.' && (name.ptr[i] < '0' || name.ptr[i] > '9'))
            return false; /* 127.evil.org */
    return sp_str_starts(name, "127.");
}
