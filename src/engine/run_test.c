/* SPDX-License-Identifier: BSD-3-Clause */
/* Whole runs of a small recipe: what a run leaves behind, undisturbed and with each risky
 * operation failing in turn. */
#include "engine/run.h"

#include "base/fault.h"
#include "base/tap.h"

#include "engine/history.h"
#include "engine/leftover.h"
#include "sys/file.h"

#include <dirent.h>
#include <errno.h>
#include <signal.h>
#include <stdlib.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#define FAULTS_MAX 500

static const char recipe[] =
    "cabs:\n"
    "  make:\n"
    "    command: /bin/sh -c\n"
    "    policies: {positional: true}\n"
    "    inputs: {script: str}\n"
    "    outputs: {value: float}\n"
    "    management: {wranglers: {'v=(?P<value>\\S+)': ['PARSE_OUTPUT:value:float']}}\n"
    "small:\n"
    "  inputs: {word: str = x}\n"
    "  steps:\n"
    "    one: {cab: make, params: {script: 'echo v=2.5; echo {recipe.word} >one.dat'}}\n"
    "    two: {cab: make, params: {script: 'echo v=1; echo {steps.one.value} >two.dat'}}\n"
    "    none: {cab: make, skip: true, params: {script: 'touch never.dat'}}\n";

/* What one call of sp_run gave, and what the watcher saw. */
struct outcome {
    enum sp_rc rc;
    struct sp_err err;
    struct sp_run_result result;
    unsigned seen[SP_RUN_END + 1];
    bool told_success;
    bool warned;
    const char *fired; /* site of the fault */
    size_t findings;
};

static void watch(void *arg, const struct sp_run_event *event)
{
    struct outcome *outcome = arg;

    outcome->seen[event->kind]++;
    if (event->kind == SP_RUN_NOTE && event->level == SP_LOG_WARNING)
        outcome->warned = true;
    if (event->kind == SP_RUN_END)
        outcome->told_success = event->success;
}

static void write_file(const char *path, const char *text)
{
    FILE *file = fopen(path, "we");

    if (!file || fputs(text, file) < 0 || fclose(file) != 0)
        abort();
}

static bool file_has(const char *path, const char *text)
{
    sp_auto_buf struct sp_buf content = SP_BUF(SP_BUF_SMALL);
    struct sp_err err = SP_ERR_INIT;

    return sp_file_read(path, &content, &err) == SP_OK && strcmp(content.ptr, text) == 0;
}

/* Run ./r.yml in the current directory with the nth risky operation failing; 0: none. */
static void run_once(unsigned nth, struct outcome *out)
{
    static const char *const words[] = { "r.yml" };
    char name[] = "run_test";
    char *argv[] = { name, NULL };
    struct sp_session_options session_options = { .no_system_config = true, .backend = "native" };
    struct sp_run_options options = { .watch = watch, .arg = out, .argc = 1, .argv = argv };
    struct sp_session session;

    *out = (struct outcome){ .err = SP_ERR_INIT };
    sp_session_init(&session, &session_options);
    out->rc = sp_session_add_words(&session, words, 1, &out->err);
    if (out->rc == SP_OK)
        out->rc = sp_session_pick(&session, &out->err);
    if (out->rc == SP_OK) {
        sp_fault_arm(nth);
        out->rc = sp_run(&session, &options, &out->result, &out->err);
        out->fired = sp_fault_fired();
        sp_fault_arm(0);
    }
    out->findings = session.diags.errors;
    sp_session_fini(&session);
}

static size_t count_fds(void)
{
    DIR *dir = opendir("/proc/self/fd");
    size_t count = 0;

    while (dir && readdir(dir))
        count++;
    if (dir)
        (void)closedir(dir);
    return count;
}

/* The newest run as its journal tells it; false when there is none or it cannot be read. */
static bool newest_run(struct sp_arena *arena, struct sp_run_summary *out)
{
    struct sp_workspace workspace;
    struct sp_err err = SP_ERR_INIT;

    if (sp_workspace_read(arena, ".", &workspace, &err))
        return false;
    struct sp_str id = sp_history_last(&workspace);
    return id.len && sp_history_run(&workspace, id, SP_HISTORY_EVENTS, out, &err) == SP_OK;
}

/* --- undisturbed --------------------------------------------------------------------------------
 */

static void test_whole_run(void)
{
    sp_auto_arena struct sp_arena *arena = sp_arena_new();
    struct sp_run_summary run = { 0 };
    struct outcome outcome;

    run_once(0, &outcome);
    if (!tap_ok(outcome.rc == SP_OK, "a run"))
        printf("# %s\n", outcome.err.text);
    tap_ok(outcome.result.done == 2 && outcome.result.skipped == 1,
           "two tools ran, one was skipped");
    tap_ok(outcome.seen[SP_RUN_START] == 1 && outcome.seen[SP_RUN_STEP] == 2 &&
               outcome.seen[SP_RUN_DONE] == 2 && outcome.seen[SP_RUN_SKIP] == 1 &&
               outcome.seen[SP_RUN_END] == 1 && outcome.told_success,
           "the watcher is told of each");
    tap_ok(file_has("one.dat", "x\n") && file_has("two.dat", "2.5\n"),
           "a value that a tool printed reaches the next one");
    tap_ok(newest_run(arena, &run) && run.state == SP_RUN_SUCCEEDED && run.done == 2 &&
               run.step_count == 3,
           "history");
}

static void test_failing_tool(void)
{
    sp_auto_arena struct sp_arena *arena = sp_arena_new();
    struct sp_run_summary run = { 0 };
    struct outcome outcome;

    write_file("r.yml", "cabs: {nope: {command: /bin/false}}\nr: {steps: {a: {cab: nope}}}\n");
    run_once(0, &outcome);
    tap_ok(outcome.rc == SP_INVALID && strstr(outcome.err.text, "returns error code 1"),
           "a tool that fails");
    tap_ok(outcome.seen[SP_RUN_END] == 1 && !outcome.told_success && outcome.findings == 1,
           "its failure is told, once");
    tap_ok(newest_run(arena, &run) && run.state == SP_RUN_FAILED && run.failed == 1, "and kept");
    write_file("r.yml",
               "cabs: {nope: {command: /nowhere/to/be/found}}\nr: {steps: {a: {cab: nope}}}\n");
    run_once(0, &outcome);
    tap_ok(outcome.rc == SP_INVALID && outcome.result.id.len == 0 &&
               outcome.seen[SP_RUN_START] == 0,
           "what can be known before makes no run");
}

/* --- one fault after the other ------------------------------------------------------------- */

/* A log or raw output that cannot be written fails no step, but must be told. */
static bool is_told(const struct outcome *outcome)
{
    struct sp_str site = sp_str_of(outcome->fired);

    return outcome->warned || !(sp_str_starts(site, "log.") || sp_str_starts(site, "output."));
}

/* Whatever failed: the caller hears of it or nothing is lost, and the journals tell the truth. */
static bool is_sound(const struct outcome *outcome, size_t fds)
{
    sp_auto_arena struct sp_arena *arena = sp_arena_new();
    struct sp_run_summary run = { 0 };
    bool known = newest_run(arena, &run);
    bool products = file_has("one.dat", "x\n") && file_has("two.dat", "2.5\n");

    if (outcome->rc == SP_OK)
        return products && known && run.state == SP_RUN_SUCCEEDED && is_told(outcome);
    if (outcome->err.text[0] == '\0' || (known && run.state == SP_RUN_SUCCEEDED) ||
        (known && run.state == SP_RUN_GOING))
        return false;
    if (outcome->seen[SP_RUN_END] && outcome->told_success)
        return false;
    /* No descriptor, no process is left. */
    return count_fds() == fds && waitpid(-1, NULL, WNOHANG) < 0 && errno == ECHILD;
}

/* In a directory of its own; false when there are not that many risky operations. */
static bool test_fault(unsigned nth)
{
    struct outcome outcome;
    struct outcome again;
    char dir[16];

    (void)snprintf(dir, sizeof dir, "fault-%03u", nth);
    if (mkdir(dir, 0777) < 0 || chdir(dir) < 0)
        abort();
    write_file("r.yml", recipe);
    size_t fds = count_fds();
    run_once(nth, &outcome);
    const char *site = outcome.fired ? outcome.fired : "none";
    bool sound = is_sound(&outcome, fds);
    run_once(0, &again);
    bool works = again.rc == SP_OK && is_sound(&again, fds);
    if (!tap_ok(sound && works, "fault %u, %s: %s", nth, site, sp_rc_name(outcome.rc)))
        printf("# %s; end told: %u\n# again: %s\n", outcome.err.text, outcome.seen[SP_RUN_END],
               again.rc ? again.err.text : "fine");
    if (chdir("..") < 0)
        abort();
    return outcome.fired != NULL;
}

int main(void)
{
    char dir[] = "/tmp/spoor-run-test-XXXXXX";
    struct sp_err err = SP_ERR_INIT;
    unsigned faults = 1;

    if (!mkdtemp(dir) || chdir(dir) < 0)
        return 1;
    write_file("r.yml", recipe);
    test_whole_run();
    test_failing_tool();
    while (faults < FAULTS_MAX && test_fault(faults))
        faults++;
    tap_ok(faults > 20 && faults < FAULTS_MAX, "there were %u faults", faults - 1);
    tap_ok(chdir("/") == 0 && sp_remove_tree(dir, &err) == SP_OK, "cleaned up");
    return tap_done();
}
