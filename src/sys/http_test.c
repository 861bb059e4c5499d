/* SPDX-License-Identifier: BSD-3-Clause */
/* What goes over a wire is tested with a registry: tests/cli/t41-registry.t. */
#include "sys/http.h"

#include "base/fault.h"
#include "base/tap.h"

static const struct {
    const char *host;
    bool loopback;
} hosts[] = {
    { "localhost", true },     { "LOCALHOST:5000", true }, { "127.0.0.1", true },
    { "127.1.2.3:80", true },  { "[::1]", true },          { "[::1]:5000", true },
    { "127.evil.org", false }, { "localhost.org", false }, { "h.org", false },
    { "128.0.0.1", false },    { "[::2]", false },         { "", false },
    { "1270.0.0.1", false },   { "[::1", true },
};

static void test_headers(void)
{
    const struct sp_http_reply reply = {
        .headers = SP_STR("HTTP/1.1 200 OK\r\nContent-Type:  text/html \r\nX: 1\r\nx: 2\r\n\r\n"),
    };

    tap_ok(sp_str_is(sp_http_header(&reply, "content-type"), "text/html"), "any case, no blanks");
    tap_ok(sp_str_is(sp_http_header(&reply, "X"), "1"), "the first");
    tap_ok(!sp_http_header(&reply, "Y").len, "there is none");
    tap_ok(!sp_http_header(&(struct sp_http_reply){ 0 }, "X").len, "no headers at all");
}

/* Nothing listens at port 1. */
static void test_faults(void)
{
    sp_auto_arena struct sp_arena *arena = sp_arena_new();
    struct sp_http *http = NULL;
    struct sp_http_request request = { .url = "http://127.0.0.1:1/x" };
    struct sp_http_reply reply = { .status = 7 };
    struct sp_err err = SP_ERR_INIT;

    sp_fault_arm(1);
    tap_ok(sp_http_new(&http, &err) == SP_IO && !http, "no memory");
    sp_fault_arm(0);
    if (!tap_ok(sp_http_new(&http, &err) == SP_OK, "a client"))
        return;
    tap_ok(sp_http_get(http, &request, arena, &reply, &err) == SP_BUSY && reply.status == 7 &&
               strstr(err.text, "http://127.0.0.1:1/x: "),
           "nobody there: again may work");
    sp_fault_arm(1);
    tap_ok(sp_http_get(http, &request, arena, &reply, &err) == SP_BUSY, "the connection breaks");
    sp_fault_arm(0);
    request.url = "file:///etc/passwd";
    tap_ok(sp_http_get(http, &request, arena, &reply, &err) == SP_INVALID, "files are not read");
    request.url = "http://";
    tap_ok(sp_http_get(http, &request, arena, &reply, &err) == SP_INVALID, "no host");
    sp_http_free(http);
    sp_http_free(NULL);
}

int main(void)
{
    for (size_t i = 0; i < SP_COUNT(hosts); i++)
        tap_ok(sp_http_is_loopback(sp_str_of(hosts[i].host)) == hosts[i].loopback, "'%s'",
               hosts[i].host);
    test_headers();
    test_faults();
    return tap_done();
}
