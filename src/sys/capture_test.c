/* SPDX-License-Identifier: BSD-3-Clause */
#include "sys/capture.h"

#include "base/tap.h"

#include "sys/spawn.h"

#include <errno.h>
#include <sys/wait.h>
#include <unistd.h>

#define SHORT (SP_NSEC_PER_SEC / 5)
#define LONG  (60 * SP_NSEC_PER_SEC)
#define MUCH  200000 /* bytes: more than a pipe holds */

struct row {
    const char *name, *script;
    sp_nsec patience;
    bool in_time;
    int exit_status; /* when in time */
    size_t out, errors;
};

static const struct row rows[] = {
    { "nothing", ":", LONG, true, 0, 0, 0 },
    { "both streams, and a status", "echo out; echo error >&2; exit 3", LONG, true, 3, 4, 6 },
    { "for ever", "echo out", SP_CAPTURE_FOR_EVER, true, 0, 4, 0 },
    { "much on both, one after the other", "head -c 200000 /dev/zero >&2; head -c 200000 /dev/zero",
      LONG, true, 0, MUCH, MUCH },
    { "too long", "echo out; exec sleep 1000", SHORT, false, 0, 4, 0 },
    { "streams closed, and on it goes", "echo out; exec >&- 2>&-; sleep 1000", SHORT, false, 0, 4,
      0 },
    { "a child of the child holds the streams", "sleep 1000 & echo out", SHORT, false, 0, 4, 0 },
};

static bool start(const char *script, struct sp_process *process)
{
    const char *const argv[] = { "sh", "-c", script, NULL };
    const struct sp_spawn what = { .argv = argv, .env = (const char *const *)environ };
    struct sp_err err = SP_ERR_INIT;

    return sp_spawn(&what, process, &err) == SP_OK;
}

static void check_row(const struct row *row)
{
    sp_auto_buf struct sp_buf out = SP_BUF(SP_BUF_LARGE);
    sp_auto_buf struct sp_buf errors = SP_BUF(SP_BUF_LARGE);
    struct sp_process process;
    int status = -1;

    if (!tap_ok(start(row->script, &process), "%s: starts", row->name))
        return;
    bool in_time = sp_capture(&process, row->patience, &out, &errors, &status);
    tap_ok(in_time == row->in_time && out.len == row->out && errors.len == row->errors,
           "%s: %zu and %zu bytes", row->name, out.len, errors.len);
    tap_ok(!in_time || (WIFEXITED(status) && WEXITSTATUS(status) == row->exit_status),
           "%s: status %d", row->name, status);
    tap_ok(waitpid(process.pid, &status, WNOHANG) < 0 && errno == ECHILD, "%s: reaped", row->name);
}

static void check_unkept(void)
{
    sp_auto_buf struct sp_buf small = SP_BUF(10);
    struct sp_process process;
    int status = -1;

    tap_ok(start("head -c 200000 /dev/zero; head -c 200000 /dev/zero >&2", &process) &&
               sp_capture(&process, LONG, &small, NULL, &status) && status == 0 &&
               !sp_buf_ok(&small),
           "what is not kept is read all the same");
}

static void check_last_line(void)
{
    static const struct {
        const char *text, *last;
    } lines[] = { { "", "" }, { "\n\n", "" }, { "one", "one" }, { "one\ntwo\n\n", "two" } };

    for (size_t i = 0; i < SP_COUNT(lines); i++)
        tap_ok(sp_str_is(sp_last_line(sp_str_of(lines[i].text)), lines[i].last), "last line %zu",
               i);
}

int main(void)
{
    for (size_t i = 0; i < SP_COUNT(rows); i++)
        check_row(&rows[i]);
    check_unkept();
    check_last_line();
    return tap_done();
}
