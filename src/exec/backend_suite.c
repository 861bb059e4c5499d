/* SPDX-License-Identifier: BSD-3-Clause */
#include "exec/backend_suite.h"

#include "base/buf.h"
#include "base/clock.h"
#include "base/tap.h"

#include "exec/box.h"
#include "sys/env.h"
#include "sys/limit.h"
#include "sys/loop.h"
#include "sys/procmark.h"

#include <dirent.h>
#include <signal.h>
#include <stdlib.h>
#include <sys/wait.h>
#include <unistd.h>

#define PATIENCE_MS 30000 /* a test that takes so long has failed */
#define NO_STATUS   (-1000)

/* --- running one job and watching it ------------------------------------------------------- */

struct bench {
    const struct sp_backend_suite *suite;
    struct sp_loop *loop;
    struct sp_backend *backend;
};

/* Everything that was reported about one job. */
struct watched {
    struct bench *bench;
    struct sp_job job;
    struct sp_handle handle;
    struct sp_buf text[2]; /* whole lines end with '|', partial ones with '~' */
    unsigned running, done, lines;
    bool in_call;    /* submit has not returned */
    bool misordered; /* a rule about the order of reports was broken */
    int status;
    char reason[400];
    char left[100];
    bool was_ended;
    enum sp_failure_class failure;
    struct sp_usage_stats usage;
    bool cancel_at_first_line;
    bool only_count; /* the text is not kept */
    uint64_t bytes;
};

static void on_report(void *arg, const struct sp_report *report)
{
    struct watched *w = arg;

    w->misordered |= w->in_call || w->done;
    if (report->state == SP_JOB_RUNNING)
        w->running++;
    if (report->state != SP_JOB_DONE)
        return;
    w->misordered |= w->running != 1;
    w->done++;
    w->status = report->exit_status;
    w->usage = report->usage;
    (void)snprintf(w->reason, sizeof w->reason, "%s", report->reason ? report->reason : "");
    (void)snprintf(w->left, sizeof w->left, "%s", report->left ? report->left : "");
    w->was_ended = report->was_ended;
    w->failure = report->failure;
    /* Rule 3: after the end it is a no-op. */
    w->bench->suite->ops->cancel(w->bench->backend, &w->handle);
}

static void on_line(void *arg, enum sp_stream stream, struct sp_str text, bool partial)
{
    struct watched *w = arg;

    w->misordered |= w->in_call || w->done || !w->running;
    w->lines++;
    w->bytes += text.len;
    if (!w->only_count) {
        sp_buf_add(&w->text[stream], text);
        sp_buf_addc(&w->text[stream], partial ? '~' : '|');
    }
    if (w->cancel_at_first_line && w->lines == 1) {
        w->bench->suite->ops->cancel(w->bench->backend, &w->handle);
        w->bench->suite->ops->cancel(w->bench->backend, &w->handle);
    }
}

static void watched_fini(struct watched *w)
{
    sp_buf_fini(&w->text[0]);
    sp_buf_fini(&w->text[1]);
}

#define AUTO_WATCHED SP_CLEANUP(watched_fini) struct watched
#define WATCHED(bench_)                                                            \
    {                                                                              \
        .bench = (bench_), .text = { SP_BUF(SP_BUF_LARGE), SP_BUF(SP_BUF_LARGE) }, \
        .status = NO_STATUS                                                        \
    }

static enum sp_rc submit(struct watched *w, const struct sp_job *job, struct sp_err *err)
{
    const struct sp_observer observer = { w, on_report, on_line };

    w->job = *job;
    if (!w->job.box)
        w->job.box = w->bench->suite->box;
    w->in_call = true;
    enum sp_rc rc =
        w->bench->suite->ops->submit(w->bench->backend, &w->job, &observer, &w->handle, err);
    w->in_call = false;
    return rc;
}

static void run_to_end(struct watched *w)
{
    sp_nsec limit = sp_clock_monotonic() + PATIENCE_MS * SP_NSEC_PER_MS;

    while (!w->done && sp_clock_monotonic() < limit) {
        if (!sp_loop_turn(w->bench->loop, 1000))
            break;
    }
}

static const char *const default_env[] = { "PATH=/usr/local/bin:/usr/bin:/bin", "GREETING=hello",
                                           NULL };

/* Submit a job and wait for its end. */
static void run_job(struct watched *w, const struct sp_job *job)
{
    struct sp_err err = SP_ERR_INIT;

    if (submit(w, job, &err))
        printf("# submit: %s\n", err.text);
    else
        run_to_end(w);
}

static void run_script(struct watched *w, const char *script)
{
    const char *const argv[] = { "sh", "-c", script, NULL };
    const struct sp_job job = { "suite", argv, default_env, "/", .box = w->bench->suite->box };

    run_job(w, &job);
}

static bool was_orderly(const struct watched *w)
{
    return w->done == 1 && w->running == 1 && !w->misordered;
}

/* --- ends and output ----------------------------------------------------------------------- */

#define EXITED(code) ((code) << 8)

/* What does not differ between backends: how scripts end and what they print. */
static const struct {
    const char *script;
    int status;
    const char *out;
    const char *err;
} scripts[] = {
    { "true", EXITED(0), "", "" },
    { "false", EXITED(1), "", "" },
    { "exit 127", EXITED(127), "", "" },
    { "exit 255", EXITED(255), "", "" },
    { "kill -TERM $$", SIGTERM, "", "" },
    { "kill -KILL $$", SIGKILL, "", "" },
    { "echo one; echo two", EXITED(0), "one|two|", "" },
    { "echo one; echo bad >&2; exit 3", EXITED(3), "one|", "bad|" },
    { "printf 'no end'", EXITED(0), "no end|", "" },
    { "printf '\\n\\nx\\n'", EXITED(0), "||x|", "" },
    { "printf '10%%\\r20%%\\rdone\\n'", EXITED(0), "10%~20%~done|", "" },
    { "printf 'a\\r\\nb\\r\\n'", EXITED(0), "a|b|", "" },
    { "printf 'caf\\303\\251 \\377\\n'", EXITED(0), "caf\xc3\xa9 \xef\xbf\xbd|", "" },
    { "echo $GREETING; env | grep -c GREETING", EXITED(0), "hello|1|", "" },
    { "pwd", EXITED(0), "/|", "" },
    { "cat", EXITED(0), "", "" }, /* the input is empty, not ours */
    { "(echo from a child) & wait", EXITED(0), "from a child|", "" },
    { "trap 'echo caught' USR1; kill -USR1 $$", EXITED(0), "caught|", "" },
    { "exec 1>&- 2>&-; exit 4", EXITED(4), "", "" },
};

static void test_scripts(struct bench *bench)
{
    for (size_t i = 0; i < SP_COUNT(scripts); i++) {
        AUTO_WATCHED w = WATCHED(bench);
        run_script(&w, scripts[i].script);
        bool passed = was_orderly(&w) && w.status == scripts[i].status &&
                      strcmp(w.text[SP_STDOUT].ptr, scripts[i].out) == 0 &&
                      strcmp(w.text[SP_STDERR].ptr, scripts[i].err) == 0;
        if (!tap_ok(passed, "%s", scripts[i].script))
            printf("# status %d, stdout %s, stderr %s, running %u, done %u\n", w.status,
                   w.text[SP_STDOUT].ptr, w.text[SP_STDERR].ptr, w.running, w.done);
    }
}

static void test_reasons(struct bench *bench)
{
    AUTO_WATCHED ended = WATCHED(bench);
    AUTO_WATCHED killed = WATCHED(bench);

    run_script(&ended, "exit 2");
    tap_ok(ended.reason[0] == '\0', "an exit status needs no reason");
    run_script(&killed, "kill -SEGV $$");
    if (!tap_ok(strstr(killed.reason, "SIGSEGV") != NULL, "a signal is named"))
        printf("# %s\n", killed.reason);
}

static const struct {
    const char *script;
    enum sp_failure_class failure;
} failures[] = {
    { "true", SP_FAILURE_NONE },
    { "exit 3", SP_FAILURE_TOOL },
    { "kill -SEGV $$", SP_FAILURE_TOOL },
    { "kill -XCPU $$", SP_FAILURE_RESOURCE },
    { "kill -XFSZ $$", SP_FAILURE_RESOURCE },
};

static void test_failures(struct bench *bench)
{
    for (size_t i = 0; i < SP_COUNT(failures); i++) {
        AUTO_WATCHED w = WATCHED(bench);
        run_script(&w, failures[i].script);
        tap_ok(was_orderly(&w) && w.failure == failures[i].failure, "'%s' is a failure of class %d",
               failures[i].script, (int)w.failure);
    }
}

static void test_much_output(struct bench *bench)
{
    AUTO_WATCHED many = WATCHED(bench);
    AUTO_WATCHED one = WATCHED(bench);

    run_script(&many, "seq 100000");
    struct sp_str text = sp_buf_str(&many.text[SP_STDOUT]);
    tap_ok(was_orderly(&many) && many.lines == 100000 && sp_str_starts(text, "1|2|3|") &&
               sp_str_ends(text, "|99999|100000|"),
           "100000 lines arrive, in order");

    run_script(&one, "head -c 20000000 /dev/zero | tr '\\0' x");
    tap_ok(was_orderly(&one) && one.lines == 2 && one.text[SP_STDOUT].len == 20000002,
           "a line of 20000000 bytes comes in pieces");
}

/* 1024 lines of 1000 letters, 16 times, and that 64 times. */
#define FLOOD_LINES (1024UL * 16 * 64)
#define FLOOD_SCRIPT                                                                    \
    "f=$(mktemp) && l=0123456789 && l=$l$l$l$l$l$l$l$l$l$l && l=$l$l$l$l$l$l$l$l$l$l; " \
    "i=0; while [ $i -lt 1024 ]; do echo $l; i=$((i + 1)); done >$f; "                  \
    "f=\"$f $f $f $f\"; i=0; while [ $i -lt 64 ]; do cat $f $f $f $f; i=$((i + 1)); done; rm -f $f"

static void test_flood(struct bench *bench)
{
    AUTO_WATCHED w = WATCHED(bench);

    w.only_count = true;
    run_script(&w, FLOOD_SCRIPT);
    if (!tap_ok(was_orderly(&w) && w.status == 0 && w.lines == FLOOD_LINES &&
                    w.bytes == FLOOD_LINES * 1000,
                "1 GB of output arrives"))
        printf("# %u lines, %llu bytes, status %d\n", w.lines, (unsigned long long)w.bytes,
               w.status);
}

/* --- what cannot start --------------------------------------------------------------------- */

static const struct {
    const char *program;
    const char *cwd;
    enum sp_rc rc;
    const char *why;
} stillborn[] = {
    { "spoor-no-such-program", "/", SP_NOT_FOUND, "no program 'spoor-no-such-program' in PATH" },
    { "", "/", SP_NOT_FOUND, "empty" },
    { "/no/such/program", "/", SP_NOT_FOUND, "/no/such/program" },
    { "/", "/", SP_NOT_FOUND, "directory" },
    { "/etc/passwd", "/", SP_NOT_FOUND, "not executable" },
    { "true", "/no/such/dir", SP_INVALID, "/no/such/dir" },
};

static void test_stillborn(struct bench *bench)
{
    for (size_t i = 0; i < SP_COUNT(stillborn); i++) {
        AUTO_WATCHED w = WATCHED(bench);
        struct sp_err err = SP_ERR_INIT;
        const char *const argv[] = { stillborn[i].program, NULL };
        const struct sp_job job = { "suite", argv, default_env, stillborn[i].cwd,
                                    .box = bench->suite->box };

        enum sp_rc rc = submit(&w, &job, &err);
        (void)sp_loop_turn(bench->loop, 0);
        bool passed = rc == stillborn[i].rc && err.code == rc &&
                      strstr(err.text, stillborn[i].why) && w.handle.text[0] == '\0' &&
                      w.running + w.done == 0;
        if (!tap_ok(passed, "'%s' in %s does not start", stillborn[i].program, stillborn[i].cwd))
            printf("# %s: %s\n", sp_rc_name(rc), err.text);
    }
}

static void test_environment(struct bench *bench)
{
    AUTO_WATCHED w = WATCHED(bench);
    struct sp_err err = SP_ERR_INIT;
    static const char *const argv[] = { "true", NULL };
    static const char *const env[] = { "PATH=/nowhere", NULL };
    static const char *const empty[] = { NULL };
    const struct sp_job lost = { "suite", argv, env, "/", .box = bench->suite->box };
    const struct sp_job bare = { "suite", argv, empty, "/", .box = bench->suite->box };

    tap_ok(submit(&w, &lost, &err) == SP_NOT_FOUND, "the program is looked up in the job's PATH");
    run_job(&w, &bare);
    tap_ok(was_orderly(&w) && w.status == 0, "without PATH, the system's is used");
}

/* --- leftovers ----------------------------------------------------------------------------- */

static bool confines(const struct bench *bench)
{
    return bench->suite->ops->caps(bench->backend) & SP_BACKEND_CONFINES;
}

static void test_lingering(struct bench *bench)
{
    const struct sp_backend_ops *ops = bench->suite->ops;

    if (!bench->suite->hasten || !ops->is_alive) {
        tap_skip("cannot be hastened");
        return;
    }
    AUTO_WATCHED w = WATCHED(bench);
    run_script(&w, "sleep 1000 & echo started");
    tap_ok(was_orderly(&w) && w.status == 0 && strcmp(w.text[SP_STDOUT].ptr, "started|") == 0,
           "somebody who keeps the output open does not hold up the end");
    /* Of a box, only its first process knows who is in there. */
    const char *name = confines(bench) ? "in its box" : "sleep 1000";
    if (bench->suite->ends_with_first)
        tap_ok(!w.left[0], "with its first process a job has ended");
    else
        tap_ok(strstr(w.left, name) != NULL && w.was_ended, "it is mentioned: %s", w.left);
    tap_ok(!ops->is_alive(bench->backend, &w.handle), "and ended");
}

/* What a job leaves running is gone when its end is reported. */
static const struct {
    const char *what;
    const char *script;
    bool was_ended;
} lingering[] = {
    { "somebody who ends soon", "(sleep 0.1; : >late) >/dev/null 2>&1 &", false },
    { "somebody in a session of its own",
      "setsid sh -c 'sleep 0.1; : >late' >/dev/null 2>&1 </dev/null &", false },
    { "a daemon in a session of its own",
      "setsid sh -c 'while :; do : >late; sleep 0.01; done' >/dev/null 2>&1 & "
      "until [ -e late ]; do sleep 0.01; done",
      true },
    { "one that is deaf",
      "(trap '' TERM; while :; do : >late; sleep 0.01; done) >/dev/null 2>&1 & "
      "until [ -e late ]; do sleep 0.01; done",
      true },
};

static void test_left(struct bench *bench)
{
    char dir[] = "/tmp/spoor-left-XXXXXX";
    char late[sizeof dir + 5];
    static const char *const env[] = { "PATH=/usr/local/bin:/usr/bin:/bin",
                                       SP_PROCMARK_JOB "=suite@1:1", NULL };

    if (confines(bench) || !bench->suite->hasten || !mkdtemp(dir)) {
        tap_skip("cannot be hastened, or cannot write where these scripts do");
        return;
    }
    (void)snprintf(late, sizeof late, "%s/late", dir);
    for (size_t i = 0; i < SP_COUNT(lingering); i++) {
        const char *const argv[] = { "sh", "-c", lingering[i].script, NULL };
        const struct sp_job job = { "suite", argv, env, dir,
                                    .mark = env[1] + strlen(SP_PROCMARK_JOB "=") };
        AUTO_WATCHED w = WATCHED(bench);
        run_job(&w, &job);
        tap_ok(was_orderly(&w) && w.status == 0 && w.left[0] &&
                   w.was_ended == lingering[i].was_ended && access(late, F_OK) == 0,
               "%s has its time (%s)", lingering[i].what, w.left);
        (void)unlink(late);
        (void)usleep(100 * 1000);
        tap_ok(access(late, F_OK) != 0, "%s is gone", lingering[i].what);
        (void)unlink(late);
    }
    (void)rmdir(dir);
}

static void test_strange_handles(struct bench *bench)
{
    static const char *const handles[] = {
        "", "1", "1:1:1", "x:y:z", "99999999999:5:boot", "-5:7:b"
    };
    const struct sp_backend_ops *ops = bench->suite->ops;

    for (size_t i = 0; i < SP_COUNT(handles) && ops->is_alive; i++) {
        struct sp_handle handle;
        (void)snprintf(handle.text, sizeof handle.text, "%s", handles[i]);
        ops->kill(bench->backend, &handle);
        ops->cancel(bench->backend, &handle);
        tap_ok(!ops->is_alive(bench->backend, &handle), "handle '%s' means nothing", handles[i]);
    }
}

/* --- cancelling ---------------------------------------------------------------------------- */

/* No script here lets the shell start a foreground program at the moment of the interrupt: dash
 * forgets one that arrives between its vfork and the program. */
static const struct {
    const char *what;
    const char *script;
    int status;
    const char *out;
} cancelled[] = {
    { "a polite job", "trap 'echo bye; exit 5' INT; echo up; while :; do sleep 0.01; done",
      EXITED(5), "up|bye|" },
    { "a plain job", "echo up; exec sleep 1000", SIGINT, "up|" },
    { "a job deaf to interrupts", "trap '' INT; echo up; while :; do sleep 0.01; done", SIGTERM,
      "up|" },
    { "a stubborn job", "trap '' INT TERM; echo up; while :; do sleep 0.01; done", SIGKILL, "up|" },
    { "a stopped job",
      "trap 'exit 6' INT; (until grep -q '^State:.T' /proc/$$/status; do :; done; echo up) & "
      "kill -STOP $$; wait",
      EXITED(6), "up|" },
    { "a job whose child is stubborn",
      "(trap '' INT TERM; while :; do sleep 0.01; done) & echo up; wait", SIGINT, "up|" },
};

/* Asked for in the same turn as the job itself, before anything has been reported. */
static void test_cancel_at_once(struct bench *bench)
{
    AUTO_WATCHED w = WATCHED(bench);
    struct sp_err err = SP_ERR_INIT;
    static const char *const argv[] = { "sleep", "1000", NULL };
    const struct sp_job job = { "suite", argv, default_env, "/", .box = bench->suite->box };

    if (submit(&w, &job, &err)) {
        tap_ok(false, "%s", err.text);
        return;
    }
    bench->suite->ops->cancel(bench->backend, &w.handle);
    run_to_end(&w);
    tap_ok(was_orderly(&w) && w.status == SIGINT && sp_str_starts(sp_str_of(w.reason), "cancelled"),
           "a job is cancelled before it is running");
}

static void test_time_limit(struct bench *bench)
{
    AUTO_WATCHED w = WATCHED(bench);
    static const char *const argv[] = { "sh", "-c", "while :; do :; done", NULL };
    const struct sp_limit limit = { RLIMIT_CPU, 1 };
    const struct sp_job job = {
        "suite", argv, default_env, "/", &limit, 1, .box = bench->suite->box
    };

    run_job(&w, &job);
    tap_ok(was_orderly(&w) && WIFSIGNALED(w.status) &&
               (WTERMSIG(w.status) == SIGXCPU || WTERMSIG(w.status) == SIGKILL),
           "a job that takes more CPU time than it may is ended");
}

/* Twice at the same time, and cancelled twice each: they are two jobs. */
static void test_duplicates(struct bench *bench)
{
    const struct sp_backend_ops *ops = bench->suite->ops;
    AUTO_WATCHED one = WATCHED(bench);
    AUTO_WATCHED two = WATCHED(bench);
    struct sp_err err = SP_ERR_INIT;
    static const char *const argv[] = { "sleep", "1000", NULL };
    const struct sp_job job = { "suite", argv, default_env, "/" };

    if (submit(&one, &job, &err) || submit(&two, &job, &err)) {
        tap_ok(false, "%s", err.text);
        return;
    }
    tap_ok(strcmp(one.handle.text, two.handle.text) != 0, "the same job twice has two names");
    ops->cancel(bench->backend, &one.handle);
    ops->cancel(bench->backend, &one.handle);
    run_to_end(&one);
    tap_ok(was_orderly(&one) && one.status == SIGINT && !two.done,
           "one is cancelled, by two wishes, the other runs on");
    ops->cancel(bench->backend, &two.handle);
    run_to_end(&two);
    ops->cancel(bench->backend, &two.handle);
    tap_ok(was_orderly(&two) && two.status == SIGINT, "and is cancelled by its own name");
}

/* --- another engine ------------------------------------------------------------------------ */

/* The next one has the name of a job that still runs, and nothing else of it. */
static void test_successor(struct bench *bench)
{
    const struct sp_backend_ops *ops = bench->suite->ops;
    AUTO_WATCHED w = WATCHED(bench);
    struct sp_backend *next = NULL;
    struct sp_err err = SP_ERR_INIT;
    static const char *const argv[] = { "sleep", "1000", NULL };
    const struct sp_job job = { "suite", argv, default_env, "/" };

    if ((ops->caps(bench->backend) & SP_BACKEND_ADOPTS) || !ops->is_alive) {
        tap_skip("this backend adopts, or does not tell");
        return;
    }
    if (submit(&w, &job, &err) || ops->open(bench->loop, &next, &err)) {
        tap_ok(false, "%s", err.text);
        return;
    }
    tap_ok(ops->is_alive(next, &w.handle), "another instance sees that the job runs");
    ops->kill(next, &w.handle);
    ops->kill(next, &w.handle);
    run_to_end(&w);
    /* Of a box, the first process is what is killed: nobody is left to tell how the tool ended. */
    tap_ok(w.done == 1 && WIFSIGNALED(w.status) && WTERMSIG(w.status) == SIGKILL, "and can end it");
    tap_ok(!ops->is_alive(next, &w.handle), "then it does not run any more");
    ops->close(next);
}

/* --- boxes --------------------------------------------------------------------------------- */

static void test_undeclared_write(struct bench *bench)
{
    static const char *const nothing[] = { NULL };
    const struct sp_box *usual = bench->suite->box;
    const struct sp_box box = { .root = usual ? usual->root : NULL,
                                .writes = nothing,
                                .shows = nothing };
    const char *const argv[] = { "sh", "-c", "echo x >>/etc/spoor-no-such-file", NULL };
    const struct sp_job job = { "suite", argv, default_env, "/", .box = &box };

    if (!confines(bench)) {
        tap_skip("this backend does not confine");
        return;
    }
    AUTO_WATCHED w = WATCHED(bench);
    run_job(&w, &job);
    tap_ok(was_orderly(&w) && WIFEXITED(w.status) && WEXITSTATUS(w.status) != 0 &&
               access("/etc/spoor-no-such-file", F_OK) != 0,
           "what is not declared cannot be written");
}

static void test_missing_image(struct bench *bench)
{
    static const char *const nothing[] = { NULL };
    static const char *const argv[] = { "true", NULL };
    static const struct sp_box_root lost = { .path = "/no/such/root",
                                             .name = "lost:1",
                                             .key = "10" };
    const struct sp_box box = { .root = &lost, .writes = nothing, .shows = nothing };
    const struct sp_job job = { "suite", argv, default_env, "/", .box = &box };
    struct sp_err err = SP_ERR_INIT;

    if (!(bench->suite->ops->caps(bench->backend) & SP_BACKEND_CONTAINERS)) {
        tap_skip("this backend knows no images");
        return;
    }
    AUTO_WATCHED w = WATCHED(bench);
    enum sp_rc rc = submit(&w, &job, &err);
    if (rc == SP_OK)
        run_to_end(&w);
    if (!tap_ok((rc != SP_OK && strstr(err.text, "lost:1") && w.running + w.done == 0) ||
                    (rc == SP_OK && was_orderly(&w) && w.status != 0),
                "a root that is not there is named, or the job fails"))
        printf("# %s: %s\n", sp_rc_name(rc), err.text);
}

static void test_cancel(struct bench *bench)
{
    for (size_t i = 0; i < SP_COUNT(cancelled); i++) {
        if (!bench->suite->hasten) {
            tap_skip("cannot be hastened");
            continue;
        }
        AUTO_WATCHED w = WATCHED(bench);
        w.cancel_at_first_line = true;
        run_script(&w, cancelled[i].script);
        bool passed = was_orderly(&w) && w.status == cancelled[i].status &&
                      strcmp(w.text[SP_STDOUT].ptr, cancelled[i].out) == 0 &&
                      sp_str_starts(sp_str_of(w.reason), "cancelled") &&
                      w.failure == SP_FAILURE_NONE;
        if (!tap_ok(passed, "%s is cancelled", cancelled[i].what))
            printf("# status %d, stdout %s, reason %s\n", w.status, w.text[SP_STDOUT].ptr,
                   w.reason);
        if (bench->suite->ops->is_alive) {
            while (bench->suite->ops->is_alive(bench->backend, &w.handle))
                ; /* SIGKILL has been sent: a matter of microseconds */
            tap_ok(true, "%s leaves nothing behind", cancelled[i].what);
        }
    }
}

/* --- usage --------------------------------------------------------------------------------- */

#define USAGE_SCRIPT                                             \
    "head -c 50000000 /dev/zero | tail -c 50000000 >/dev/null; " \
    "i=0; while [ $i -lt 300000 ]; do i=$((i + 1)); done"

static void test_usage(struct bench *bench)
{
    AUTO_WATCHED w = WATCHED(bench);
    sp_nsec before = sp_clock_monotonic();

    run_script(&w, USAGE_SCRIPT);
    sp_nsec around = sp_clock_monotonic() - before;
    const struct sp_usage_stats *u = &w.usage;
    /* /proc/PID/io of a zombie is root's: for others the last sample counts. */
    bool exact = geteuid() == 0;
    bool passed = u->wall > 0 && u->wall <= around && u->cpu_user > 10 * SP_NSEC_PER_MS &&
                  u->cpu_user + u->cpu_system < 4 * around &&
                  (!exact || u->read_bytes >= 100000000) && u->read_bytes < 200000000 &&
                  (!exact || u->write_bytes >= 50000000) && u->write_bytes < 150000000;
    if (!tap_ok(passed, "usage counts the children too"))
        printf("# wall %.3f of %.3f s, cpu %.3f + %.3f s, read %.1f MB, written %.1f MB\n",
               (double)u->wall / 1e9, (double)around / 1e9, (double)u->cpu_user / 1e9,
               (double)u->cpu_system / 1e9, (double)u->read_bytes / 1e6,
               (double)u->write_bytes / 1e6);
}

#define HOLD_40_MB "x=$(head -c 40000000 /dev/zero | tr '\\0' x); "

/* Alone, and with three children that share all of it; the shell's own buffer may have been twice
 * as large for a moment. */
static const struct {
    const char *what;
    const char *script;
} holders[] = {
    { "one process", HOLD_40_MB "while :; do :; done" },
    { "four processes that share",
      HOLD_40_MB "for i in 1 2 3; do (while :; do sleep 0.01; done; :) & done; wait" },
};

static void test_memory(struct bench *bench, size_t which)
{
    const struct sp_backend_ops *ops = bench->suite->ops;
    AUTO_WATCHED w = WATCHED(bench);
    struct sp_usage_stats now = { 0 };
    struct sp_err err = SP_ERR_INIT;
    const char *const argv[] = { "sh", "-c", holders[which].script, NULL };
    const struct sp_job job = { "suite", argv, default_env, "/", .box = bench->suite->box };

    tap_ok(!ops->usage(bench->backend, &w.handle, &now), "no job, no usage");
    if (submit(&w, &job, &err)) {
        tap_ok(false, "%s", err.text);
        return;
    }
    sp_nsec limit = sp_clock_monotonic() + PATIENCE_MS * SP_NSEC_PER_MS;
    while (now.peak_memory < 40000000 && !w.done && sp_clock_monotonic() < limit) {
        (void)sp_loop_turn(bench->loop, 100);
        (void)ops->usage(bench->backend, &w.handle, &now);
    }
    tap_ok(now.peak_memory >= 40000000 && now.peak_memory < 125000000 && now.wall > 0 &&
               now.cpu_user + now.cpu_system > 0,
           "memory of a running job, %s: %.1f MB", holders[which].what,
           (double)now.peak_memory / 1e6);
    ops->cancel(bench->backend, &w.handle);
    run_to_end(&w);
    tap_ok(was_orderly(&w) && w.usage.peak_memory >= 40000000, "and at its end");
}

/* --- many ---------------------------------------------------------------------------------- */

enum {
    MANY = 20
};

static void test_together(struct bench *bench)
{
    struct watched jobs[MANY];
    char names[MANY][8];
    unsigned good = 0;

    for (unsigned i = 0; i < MANY; i++) {
        struct sp_err err = SP_ERR_INIT;
        (void)snprintf(names[i], sizeof names[i], "%u", i);
        const char *const argv[] = { "sh", "-c", "echo $0; exit $0", names[i], NULL };
        const struct sp_job job = { names[i], argv, default_env, "/", .box = bench->suite->box };
        jobs[i] = (struct watched)WATCHED(bench);
        if (submit(&jobs[i], &job, &err))
            printf("# %s\n", err.text);
    }
    for (unsigned i = 0; i < MANY; i++) {
        run_to_end(&jobs[i]);
        struct sp_str text = sp_buf_str(&jobs[i].text[SP_STDOUT]);
        good += was_orderly(&jobs[i]) && jobs[i].status == EXITED((int)i) &&
                sp_str_is(sp_str_slice(text, 0, text.len - 1), names[i]);
        watched_fini(&jobs[i]);
    }
    tap_ok(good == MANY, "%u of %u jobs at the same time do not mix", good, MANY);
}

static unsigned open_descriptors(void)
{
    unsigned count = 0;
    DIR *dir = opendir("/proc/self/fd");

    while (dir && readdir(dir))
        count++;
    if (dir)
        (void)closedir(dir);
    return count;
}

static void test_close_while_running(struct bench *bench)
{
    const struct sp_backend_ops *ops = bench->suite->ops;
    struct bench other = *bench;
    AUTO_WATCHED w = WATCHED(&other);
    struct sp_err err = SP_ERR_INIT;
    static const char *const argv[] = { "sleep", "1000", NULL };
    const struct sp_job job = { "suite", argv, default_env, "/", .box = bench->suite->box };

    if (ops->caps(bench->backend) & SP_BACKEND_ADOPTS) {
        tap_skip("jobs of this backend run on");
        return;
    }
    if (ops->open(bench->loop, &other.backend, &err) || submit(&w, &job, &err)) {
        tap_ok(false, "%s", err.text);
        return;
    }
    ops->close(other.backend);
    tap_ok(w.done == 0 && (!ops->is_alive || !ops->is_alive(bench->backend, &w.handle)),
           "closing kills what runs and reports nothing");
}

int sp_backend_suite_run(const struct sp_backend_suite *suite)
{
    struct bench bench = { .suite = suite };
    struct sp_err err = SP_ERR_INIT;
    unsigned before = open_descriptors();

    if (sp_loop_new(&bench.loop, &err) || suite->ops->open(bench.loop, &bench.backend, &err)) {
        tap_ok(false, "open: %s", err.text);
        return tap_done();
    }
    if (suite->hasten)
        suite->hasten(bench.backend);
    test_scripts(&bench);
    test_reasons(&bench);
    test_failures(&bench);
    test_much_output(&bench);
    test_flood(&bench);
    test_stillborn(&bench);
    test_environment(&bench);
    test_lingering(&bench);
    test_left(&bench);
    test_strange_handles(&bench);
    test_cancel(&bench);
    test_cancel_at_once(&bench);
    test_duplicates(&bench);
    test_successor(&bench);
    test_time_limit(&bench);
    test_undeclared_write(&bench);
    test_missing_image(&bench);
    if (suite->is_remote)
        tap_skip("nothing is known of what jobs use");
    else
        test_usage(&bench);
    for (size_t i = 0; i < SP_COUNT(holders) && !suite->is_remote; i++)
        test_memory(&bench, i);
    test_together(&bench);
    test_close_while_running(&bench);
    suite->ops->close(bench.backend);
    suite->ops->close(NULL);
    tap_ok(!sp_loop_turn(bench.loop, 0), "nothing stays registered in the loop");
    sp_loop_free(bench.loop);
    tap_ok(open_descriptors() == before, "no descriptor is left open");
    return tap_done();
}
