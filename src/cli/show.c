/* SPDX-License-Identifier: BSD-3-Clause */
#include "base/buf.h"
#include "base/clock.h"

#include "cli/jsonstream.h"
#include "cli/question.h"
#include "cli/table.h"
#include "engine/dossier.h"
#include "engine/verified.h"
#include "journal/journal.h"
#include "plan/key.h"
#include "value/json.h"
#include "value/text.h"

#include <stdio.h>

#define SHORT_DIGEST 12 /* digits of a version for people */
#define VALUE_MAX    200

struct show_args {
    bool help;
    bool json;
};

static const struct sp_option options[] = {
    SP_HELP_OPTION(struct show_args),
    SP_OPT_FLAG(NULL, "json", struct show_args, json, "print one JSON document, nothing shortened"),
    SP_OPT_END,
};

/* --- pieces -------------------------------------------------------------------------------- */

static void print_fact(const char *name, struct sp_str text)
{
    if (text.len)
        (void)printf("  %-10s " SP_STR_FMT "\n", name, SP_STR_ARG(text));
}

static void print_values(const char *title, const struct sp_dict *dict)
{
    sp_auto_buf struct sp_buf text = SP_BUF(SP_BUF_LARGE);

    if (!dict->len)
        return;
    (void)printf("%s\n", title);
    SP_DICT_EACH(entry, dict)
    {
        sp_buf_clear(&text);
        sp_value_brief(entry->value, VALUE_MAX, &text);
        (void)printf("  " SP_STR_FMT " = %s\n", SP_STR_ARG(entry->key), text.ptr);
    }
}

static const struct sp_dict *dict_of(const struct sp_dict *dict, const char *key)
{
    static const struct sp_dict none;
    const struct sp_value *value = sp_dict_get(dict, key);

    return value && value->kind == SP_DICT ? value->dict : &none;
}

static const struct sp_list *list_of(const struct sp_dict *dict, const char *key)
{
    static const struct sp_list none;
    const struct sp_value *value = sp_dict_get(dict, key);

    return value && sp_is_list(*value) ? value->list : &none;
}

/* --- the run ------------------------------------------------------------------------------- */

static void print_run(struct sp_arena *arena,
                      const struct sp_run_summary *run,
                      const struct sp_dict *facts)
{
    (void)printf("run " SP_STR_FMT " of '" SP_STR_FMT "': %s, %zu tool run%s", SP_STR_ARG(run->id),
                 SP_STR_ARG(run->recipe), sp_run_state_name(run->state), run->done,
                 run->done == 1 ? "" : "s");
    if (run->reused)
        (void)printf(", %zu reused", run->reused);
    if (run->wall > 0)
        (void)printf(", %s", sp_clock_duration((sp_nsec)(run->wall * 1e9)).text);
    (void)printf("\n");
    print_fact("why", run->why);
    print_fact("time", run->time);
    print_fact("command", sp_history_command(arena, facts, "command"));
    print_fact("rerun of", sp_dict_text(facts, "rerun"));
    print_fact("host", run->host);
    print_fact("directory", run->cwd);
    print_fact("spoor", sp_dict_text(facts, "spoor"));
}

static void print_files(const struct sp_dict *facts)
{
    const struct sp_list *files = list_of(facts, "files");

    if (files->len)
        (void)printf("files\n");
    SP_LIST_EACH(file, files)
    if (file->kind == SP_DICT)
        (void)printf("  " SP_STR_FMT "  sha256 %.*s\n",
                     SP_STR_ARG(sp_dict_text(file->dict, "path")), SHORT_DIGEST,
                     sp_dict_text(file->dict, "sha256").len ? sp_dict_text(file->dict, "sha256").ptr
                                                            : "unknown");
}

static void print_programs(const struct sp_dict *facts)
{
    const struct sp_dict *programs = dict_of(facts, "programs");

    if (programs->len)
        (void)printf("programs\n");
    SP_DICT_EACH(entry, programs)
    (void)printf("  " SP_STR_FMT "  %.*s\n", SP_STR_ARG(entry->key), SHORT_DIGEST,
                 sp_is_text(entry->value) && entry->value.text.len ? entry->value.text.ptr : "-");
}

/* --- steps --------------------------------------------------------------------------------- */

static void print_versions(const char *title, const struct sp_list *artefacts)
{
    SP_LIST_EACH(artefact, artefacts)
    {
        if (artefact->kind != SP_DICT)
            continue;
        struct sp_str version = sp_dict_text(artefact->dict, "version");
        (void)printf("    %-8s " SP_STR_FMT " = " SP_STR_FMT "  version " SP_STR_FMT "%s%s\n",
                     title, SP_STR_ARG(sp_dict_text(artefact->dict, "role")),
                     SP_STR_ARG(sp_dict_text(artefact->dict, "path")),
                     SP_STR_ARG(sp_str_slice(version, 0, SHORT_DIGEST)),
                     sp_dict_truth(artefact->dict, "source") ? "  source" : "",
                     sp_dict_truth(artefact->dict, "mutated") ? "  changed in place" : "");
    }
}

static void print_detail(const char *title, struct sp_str text)
{
    if (text.len)
        (void)printf("    %-8s " SP_STR_FMT "\n", title, SP_STR_ARG(text));
}

static void print_image(struct sp_arena *arena, const struct sp_dict *image)
{
    if (image->len)
        print_detail("image", sp_arena_join(arena, sp_dict_text(image, "name"), "  ",
                                            sp_dict_text(image, "digest")));
}

/* Those before the last. */
static void print_attempts(const struct sp_list *attempts)
{
    SP_LIST_EACH(attempt, attempts)
    if (attempt->kind == SP_DICT)
        (void)printf("    attempt %td: " SP_STR_FMT "\n", attempt - attempts->items + 1,
                     SP_STR_ARG(sp_dict_text(attempt->dict, "why")));
}

static void print_step(struct sp_arena *arena,
                       const struct sp_step_summary *summary,
                       const struct sp_dict *step)
{
    const struct sp_list *reasons = sp_preimage_sum_up(arena, list_of(step, "reasons"));

    (void)printf("  " SP_STR_FMT ": " SP_STR_FMT, SP_STR_ARG(summary->task),
                 SP_STR_ARG(sp_dict_text(step, "result")));
    if (summary->spots[SP_STEP_END].size)
        (void)printf(", %s, memory %s", sp_clock_duration((sp_nsec)(summary->wall * 1e9)).text,
                     sp_size_text(summary->memory).text);
    (void)printf("\n");
    print_detail("why", summary->why);
    print_detail("failure", sp_dict_text(step, "failure"));
    print_attempts(list_of(step, "attempts"));
    print_detail("$", sp_history_command(arena, step, "command"));
    print_image(arena, dict_of(step, "image"));
    print_detail("program", sp_dict_text(step, "program"));
    print_detail("key", sp_str_slice(sp_dict_text(step, "key"), 0, SHORT_DIGEST));
    SP_LIST_EACH(reason, reasons)
    print_detail("ran as", reason->text);
    print_versions("in", list_of(step, "inputs"));
    print_versions("out", list_of(step, "outputs"));
    if (dict_of(step, "verified")->len)
        (void)printf("    verified " SP_STR_FMT "\n",
                     SP_STR_ARG(sp_verified_text(arena, dict_of(step, "verified"))));
    print_detail("log", summary->log);
}

static void print_event(const struct sp_dict *event, const char *what)
{
    (void)printf("  " SP_STR_FMT ": " SP_STR_FMT " %s" SP_STR_FMT "\n",
                 SP_STR_ARG(sp_dict_text(event, "path")), SP_STR_ARG(sp_dict_text(event, "found")),
                 what, SP_STR_ARG(sp_dict_text(event, "action")));
}

/* The steps of a run, one after another: of many, the events do not go into memory at once. */
struct steps {
    const struct sp_run_summary *run;
    const struct sp_list *verified; /* whether they give the same each time, as far as known */
    struct sp_journal_picker *events;
    struct sp_err err;
};

static bool step_facts(void *arg, size_t i, struct sp_arena *arena, struct sp_value *out)
{
    struct steps *steps = arg;
    struct sp_step_summary step;

    if (sp_history_load(steps->events, &steps->run->steps[i], arena, &step, &steps->err))
        return false;
    *out = sp_dossier_step(arena, steps->run, &step);
    const struct sp_dict *event = sp_verified_of(steps->verified, &step);
    if (event)
        sp_dict_put(arena, out->dict, "verified",
                    (struct sp_value){ .kind = SP_DICT, .dict = (struct sp_dict *)event });
    return true;
}

static bool print_steps(struct steps *steps)
{
    sp_auto_arena struct sp_arena *arena = sp_arena_new();

    if (steps->run->step_count)
        (void)printf("steps\n");
    for (size_t i = 0; i < steps->run->step_count; i++) {
        struct sp_value facts;
        sp_arena_reset(arena);
        if (!step_facts(steps, i, arena, &facts))
            return false;
        print_step(arena, &steps->run->steps[i], facts.dict);
    }
    return true;
}

static bool print_all(struct sp_arena *arena, const struct sp_dict *facts, struct steps *steps)
{
    print_run(arena, steps->run, facts);
    print_files(facts);
    print_values("parameters", dict_of(facts, "parameters"));
    print_values("settings", sp_dossier_flat(arena, dict_of(facts, "settings")).dict);
    print_programs(facts);
    if (!print_steps(steps))
        return false;
    if (list_of(facts, "edits")->len)
        (void)printf("edits\n");
    SP_LIST_EACH(edit, list_of(facts, "edits"))
    print_event(edit->dict, "");
    if (list_of(facts, "restores")->len)
        (void)printf("restored\n");
    SP_LIST_EACH(restore, list_of(facts, "restores"))
    print_event(restore->dict, "brought back");
    print_values("outputs", dict_of(facts, "outputs"));
    return true;
}

static bool show(struct sp_question *question, bool json, struct steps *steps)
{
    struct sp_value facts = sp_dossier_outline(question->arena, &question->run);
    const struct sp_json_stream stream = {
        .key = "steps", .count = question->run.step_count, .arg = steps, .item = step_facts
    };

    return json ? sp_json_stream(facts.dict, &stream)
                : print_all(question->arena, facts.dict, steps);
}

static int run_show(const struct sp_cli_command *self, int argc, char **argv)
{
    struct show_args args = { 0 };
    sp_auto_question struct sp_question question;
    struct steps steps = { .err = SP_ERR_INIT };

    int status = sp_question_read(&question, self, argc, argv, &args);
    if (status < 0)
        status = sp_question_pick(&question, question.word, SP_HISTORY_SPOTS);
    if (status >= 0)
        return status;
    steps.run = &question.run;
    steps.verified = sp_verified_read(&question.workspace);
    bool whole =
        sp_history_open(&question.workspace, steps.run, &steps.events, &steps.err) == SP_OK &&
        show(&question, args.json, &steps);
    sp_journal_picker_close(steps.events);
    if (whole)
        return SP_EXIT_DONE;
    (void)fprintf(stderr, "spoor: %s\n", steps.err.text);
    return SP_EXIT_STORE;
}

const struct sp_cli_command sp_command_show = {
    .usage = {
        .name = "spoor show",
        .summary = "show what a run was made of, and what each step read and left",
        .synopsis = "[--json] [RUN]",
        .description = "Command line, host, files with their digests, parameters, settings, programs, and of each\n"
                       "step its command, key, versions and cost. RUN is an id, the beginning of one, 'last' (the\n"
                       "default), or 'last~1' for the run before.",
        .options = options,
        .examples = "  spoor show\n"
                    "      the newest run\n"
                    "  spoor show last~1 --json | jq '.files[].sha256'\n"
                    "      digests of the recipe files of the run before",
    },
    .run = run_show,
};
