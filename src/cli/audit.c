/* SPDX-License-Identifier: BSD-3-Clause */
#include "engine/audit.h"

#include "cli/journalview.h"
#include "cli/question.h"
#include "value/json.h"

#include <stdio.h>

struct audit_args {
    bool help;
    bool json;
    bool yaml;
    bool keep;
    const char *run;
};

static const struct sp_option options[] = {
    SP_HELP_OPTION(struct audit_args),
    SP_OPT_TEXT("r", "run", struct audit_args, run, "RUN", "of this run (default: the newest)"),
    SP_OPT_FLAG(NULL,
                "yaml",
                struct audit_args,
                yaml,
                "print what the cabs lack, to be pasted there"),
    SP_OPT_FLAG("k", "keep", struct audit_args, keep, "leave copies and trace in .spoor/verify"),
    SP_OPT_FLAG(NULL, "json", struct audit_args, json, "print one JSON document"),
    SP_OPT_END,
};

struct view {
    struct sp_arena *arena;
    const struct audit_args *args;
    struct sp_map wanted; /* tasks */
    struct sp_list *told;
};

static bool is_wanted(void *arg, struct sp_str task)
{
    const struct view *view = arg;

    return sp_map_has(&view->wanted, task);
}

/* --- showing ------------------------------------------------------------------------------- */

static const struct sp_list *list_of(const struct sp_dict *dict, const char *key)
{
    static const struct sp_list none;
    const struct sp_value *value = sp_dict_get(dict, key);

    return value && value->kind == SP_LIST ? value->list : &none;
}

static bool is_in_workspace(struct sp_str path)
{
    return !sp_str_starts(path, "/") && !sp_str_starts(path, "~");
}

static void show_reads(const struct sp_dict *finding)
{
    SP_LIST_EACH(read, list_of(finding, "reads"))
    {
        struct sp_str path = sp_dict_text(read->dict, "path");
        long long count = (long long)sp_dict_get(read->dict, "count")->integer;
        (void)printf("  reads   " SP_STR_FMT, SP_STR_ARG(path));
        if (count > 1)
            (void)printf(" (%lld files)", count);
        (void)printf("\n          %s recompute: {reads: [" SP_STR_FMT "]}\n",
                     is_in_workspace(path) ? "an input of dtype File or Directory, or"
                                           : "say so in the cab:",
                     SP_STR_ARG(path));
    }
    SP_LIST_EACH(path, list_of(finding, "missed"))
    (void)printf("  looks for " SP_STR_FMT ", which is in the workspace and was not given to it\n"
                 "          an input of dtype File or Directory, or recompute: {reads: [" SP_STR_FMT
                 "]}\n",
                 SP_STR_ARG(path->text), SP_STR_ARG(path->text));
}

static void show_writes(const struct sp_dict *finding)
{
    SP_LIST_EACH(write, list_of(finding, "writes"))
    (void)printf("  writes  " SP_STR_FMT "\n"
                 "          an output: {dtype: " SP_STR_FMT ", implicit: " SP_STR_FMT "}\n",
                 SP_STR_ARG(sp_dict_text(write->dict, "path")),
                 SP_STR_ARG(sp_dict_text(write->dict, "kind")),
                 SP_STR_ARG(sp_dict_text(write->dict, "path")));
}

static void show(const struct sp_dict *finding)
{
    struct sp_str unknown = sp_dict_text(finding, "unknown");
    struct sp_str failed = sp_dict_text(finding, "failed");
    bool clean = !list_of(finding, "reads")->len && !list_of(finding, "missed")->len &&
                 !list_of(finding, "writes")->len;

    (void)printf(SP_STR_FMT " (cab " SP_STR_FMT ")", SP_STR_ARG(sp_dict_text(finding, "task")),
                 SP_STR_ARG(sp_dict_text(finding, "cab")));
    if (unknown.len)
        (void)printf(": not audited: " SP_STR_FMT, SP_STR_ARG(unknown));
    else if (failed.len)
        (void)printf(": it has failed, " SP_STR_FMT, SP_STR_ARG(failed));
    else if (clean)
        (void)printf(": touches what its cab declares, nothing else");
    (void)printf("\n");
    show_reads(finding);
    show_writes(finding);
    SP_LIST_EACH(input, list_of(finding, "unused"))
    (void)printf("  (does not open its input " SP_STR_FMT " = " SP_STR_FMT ")\n",
                 SP_STR_ARG(sp_dict_text(input->dict, "input")),
                 SP_STR_ARG(sp_dict_text(input->dict, "path")));
    (void)fflush(stdout);
}

/* --- YAML ---------------------------------------------------------------------------------- */

/* JSON is YAML, too. */
static void add_quoted(struct sp_buf *out, struct sp_str text)
{
    sp_json_encode(sp_text(text), SP_JSON_COMPACT, out);
}

/* "stray_log" for stray.log: a name of a parameter. */
static void add_parameter(struct sp_buf *out, struct sp_str path)
{
    struct sp_str base = sp_str_slice(path, sp_str_rfind(path, '/') + 1, path.len);

    for (size_t i = 0; i < base.len; i++) {
        char c = base.ptr[i];
        bool is_letter = (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || c == '_';
        bool is_digit = c >= '0' && c <= '9';
        if (is_digit && i == 0)
            sp_buf_addc(out, '_');
        sp_buf_addc(out, is_letter || is_digit ? c : '_');
    }
}

static void add_reads(struct sp_buf *out, const struct sp_dict *finding)
{
    const struct sp_list *reads = list_of(finding, "reads");
    const struct sp_list *missed = list_of(finding, "missed");

    if (!reads->len && !missed->len)
        return;
    sp_buf_adds(out, "    recompute:\n      reads:\n");
    SP_LIST_EACH(read, reads)
    {
        sp_buf_adds(out, "        - ");
        add_quoted(out, sp_dict_text(read->dict, "path"));
        sp_buf_addc(out, '\n');
    }
    SP_LIST_EACH(path, missed)
    {
        sp_buf_adds(out, "        - ");
        add_quoted(out, path->text);
        sp_buf_addc(out, '\n');
    }
}

static void add_writes(struct sp_buf *out, const struct sp_dict *finding)
{
    const struct sp_list *writes = list_of(finding, "writes");

    if (writes->len)
        sp_buf_adds(out, "    outputs:\n");
    SP_LIST_EACH(write, writes)
    {
        sp_buf_adds(out, "      ");
        add_parameter(out, sp_dict_text(write->dict, "path"));
        sp_buf_addf(out, ": {dtype: " SP_STR_FMT ", implicit: ",
                    SP_STR_ARG(sp_dict_text(write->dict, "kind")));
        add_quoted(out, sp_dict_text(write->dict, "path"));
        sp_buf_adds(out, "}\n");
    }
}

static void show_yaml(const struct sp_list *told)
{
    sp_auto_buf struct sp_buf out = SP_BUF(SP_BUF_LARGE);
    sp_auto_buf struct sp_buf body = SP_BUF(SP_BUF_LARGE);

    SP_LIST_EACH(finding, told)
    {
        sp_buf_clear(&body);
        add_reads(&body, finding->dict);
        add_writes(&body, finding->dict);
        if (!body.len)
            continue;
        sp_buf_addf(&out, "%s  " SP_STR_FMT ": # step " SP_STR_FMT "\n", out.len ? "" : "cabs:\n",
                    SP_STR_ARG(sp_dict_text(finding->dict, "cab")),
                    SP_STR_ARG(sp_dict_text(finding->dict, "task")));
        sp_buf_add(&out, sp_buf_str(&body));
    }
    (void)fputs(out.ptr, stdout);
}

static void on_told(void *arg, const struct sp_dict *finding)
{
    struct view *view = arg;

    sp_list_add(view->arena, view->told,
                (struct sp_value){ .kind = SP_DICT, .dict = (struct sp_dict *)finding });
    if (!view->args->json && !view->args->yaml)
        show(finding);
}

static int finish(const struct view *view, const struct sp_audit_result *result)
{
    sp_auto_buf struct sp_buf text = SP_BUF(SP_BUF_LARGE);

    if (view->args->json) {
        sp_json_encode((struct sp_value){ .kind = SP_LIST, .list = view->told }, SP_JSON_PRETTY,
                       &text);
        (void)printf("%s\n", text.ptr);
    } else if (view->args->yaml) {
        show_yaml(view->told);
    } else {
        (void)printf("%zu step%s, %zu finding%s, %zu not audited\n", result->steps,
                     result->steps == 1 ? "" : "s", result->findings,
                     result->findings == 1 ? "" : "s", result->unknown);
    }
    if (result->interrupted)
        return SP_EXIT_INTERRUPTED;
    return result->findings || result->unknown || !result->steps ? SP_EXIT_FAILED : SP_EXIT_DONE;
}

/* --- asking -------------------------------------------------------------------------------- */

/* False: there is no such step. */
static bool choose(struct view *view, const struct sp_run_summary *run, const char *wanted)
{
    bool found = false;

    for (size_t i = 0; i < run->step_count; i++) {
        const struct sp_step_summary *step = &run->steps[i];
        if (wanted ? !sp_journal_is_meant(step->task, wanted) : !step->key || step->skipped)
            continue;
        sp_map_set(&view->wanted, step->task, view);
        found = true;
    }
    return found || !wanted;
}

static int audit_steps(struct view *view,
                       const struct sp_workspace *workspace,
                       const struct sp_run_summary *run)
{
    struct sp_audit_options asked = {
        .workspace = workspace,
        .run = run,
        .wanted = is_wanted,
        .told = on_told,
        .arg = view,
        .keep = view->args->keep,
    };
    struct sp_audit_result result;
    struct sp_err err = SP_ERR_INIT;

    enum sp_rc rc = sp_audit(&asked, &result, &err);
    if (rc == SP_OK)
        return finish(view, &result);
    (void)fprintf(stderr, "spoor: %s\n", err.text);
    return rc == SP_NOT_FOUND             ? SP_EXIT_BACKEND
           : rc == SP_BUSY || rc == SP_IO ? SP_EXIT_STORE
                                          : SP_EXIT_FAILED;
}

static int run_audit(const struct sp_cli_command *self, int argc, char **argv)
{
    struct audit_args args = { 0 };
    sp_auto_words struct sp_words words = { 0 };
    sp_auto_arena struct sp_arena *arena = sp_arena_new();
    struct view view = { .arena = arena, .args = &args, .told = sp_list_new(arena).list };
    struct sp_workspace workspace = { 0 };
    struct sp_run_summary run;

    int status = sp_command_parse(self, argc, argv, &args, &words);
    if (status < 0)
        status = sp_journal_pick(arena, args.run, SP_HISTORY_EVENTS, &workspace, &run);
    for (size_t i = 0; status < 0 && i < words.len; i++)
        if (!choose(&view, &run, words.items[i]))
            status = sp_journal_no_such_step(&run, words.items[i]);
    if (status < 0 && !words.len)
        (void)choose(&view, &run, NULL);
    if (status < 0)
        status = audit_steps(&view, &workspace, &run);
    sp_map_fini(&view.wanted);
    return status;
}

const struct sp_cli_command sp_command_audit = {
    .usage = {
        .name = "spoor audit",
        .summary = "run a step again on copies, and tell what it touches undeclared",
        .synopsis = "[OPTIONS] [STEP...]",
        .description = "The step runs as in that run, on copies of what it read then, in .spoor/verify, under strace,\n"
                       "natively whatever its backend was. Told are files that it reads, or makes, and that its cab does\n"
                       "not declare: hidden inputs (Spoor does not see it when these change), files that a box would not\n"
                       "let out; and declared inputs that it never opens. What belongs to the system and to the program\n"
                       "itself is left out. The step must have ended well in that run. Exit status 0: nothing was found,\n"
                       "1: something, or a step could not be audited, 3: there is no strace.",
        .options = options,
        .examples = "  spoor audit flag image\n"
                    "      what do these steps of the newest run touch?\n"
                    "  spoor audit --yaml image\n"
                    "      as lines for the cabs",
    },
    .run = run_audit,
};
