/* SPDX-License-Identifier: BSD-3-Clause */
#include "base/buf.h"

#include "cli/command.h"
#include "cli/journalview.h"
#include "engine/rundiff.h"
#include "sys/tty.h"
#include "value/json.h"
#include "value/text.h"

#include <stdio.h>
#include <unistd.h>

#define VALUE_MAX 200

struct diff_args {
    bool help;
    bool json;
};

static const struct sp_option options[] = {
    SP_HELP_OPTION(struct diff_args),
    SP_OPT_FLAG(NULL, "json", struct diff_args, json, "print one JSON document"),
    SP_OPT_END,
};

#define DIGEST_MIN   32 /* digits that nobody reads */
#define DIGEST_SHOWN 12

static size_t count_hex(struct sp_str text, size_t from)
{
    size_t end = from;

    while (end < text.len && text.ptr[end] && strchr("0123456789abcdef", text.ptr[end]))
        end++;
    return end - from;
}

/* Digests by their first digits, as other commands show them; of versions not the columns. */
static void add_brief(struct sp_str text, struct sp_buf *out)
{
    for (size_t i = 0; i < text.len;) {
        size_t hex = count_hex(text, i);
        sp_buf_add(out, sp_str_slice(text, i, i + (hex >= DIGEST_MIN ? DIGEST_SHOWN : hex)));
        i += hex;
        if (hex >= DIGEST_MIN && i < text.len && text.ptr[i] == ';')
            return;
        if (i < text.len)
            sp_buf_addc(out, text.ptr[i++]);
    }
}

static void add_side(const struct sp_dict *change, const char *side, struct sp_buf *out)
{
    const struct sp_value *value = sp_dict_get(change, side);

    if (!value)
        sp_buf_adds(out, "(none)");
    else if (sp_is_text(*value) && value->text.len >= DIGEST_MIN)
        add_brief(value->text, out);
    else
        sp_value_brief(*value, VALUE_MAX, out);
}

/* "    parameter n: 4 -> 5" */
static void print_change(int indent, const char *what, struct sp_str name, struct sp_value change)
{
    sp_auto_buf struct sp_buf line = SP_BUF(SP_BUF_LARGE);

    if (change.kind != SP_DICT)
        return;
    add_side(change.dict, "from", &line);
    sp_buf_adds(&line, " -> ");
    add_side(change.dict, "to", &line);
    (void)printf("%*s%s" SP_STR_FMT ": %s\n", indent, "", what, SP_STR_ARG(name), line.ptr);
}

static void print_changes(int indent, const char *what, const struct sp_value *section)
{
    if (section && section->kind == SP_DICT)
        SP_DICT_EACH(entry, section->dict)
    print_change(indent, what, entry->key, entry->value);
}

static void print_section(const struct sp_dict *diff, const char *name)
{
    const struct sp_value *section = sp_dict_get(diff, name);

    if (!section)
        return;
    (void)printf("%s\n", name);
    print_changes(2, "", section);
}

/* Added lines in green, removed ones in red, as everywhere. */
static void print_text_diff(struct sp_str text, bool colour)
{
    while (text.ptr && text.len) {
        struct sp_str line = sp_str_cut(&text, '\n');
        const char *start = !colour                    ? ""
                            : sp_str_starts(line, "+") ? "\033[32m"
                            : sp_str_starts(line, "-") ? "\033[31m"
                                                       : "";
        (void)printf("    %s" SP_STR_FMT "%s\n", start, SP_STR_ARG(line), *start ? "\033[0m" : "");
    }
}

static void print_files(const struct sp_dict *diff)
{
    const struct sp_value *files = sp_dict_get(diff, "files");

    if (!files)
        return;
    (void)printf("files\n");
    SP_LIST_EACH(file, files->list)
    {
        struct sp_str text = sp_dict_text(file->dict, "diff");
        (void)printf("  " SP_STR_FMT " " SP_STR_FMT "%s\n",
                     SP_STR_ARG(sp_dict_text(file->dict, "change")),
                     SP_STR_ARG(sp_dict_text(file->dict, "path")),
                     sp_dict_get(file->dict, "diff") ? "" : " (its content was not kept)");
        print_text_diff(text, sp_tty_colour(STDOUT_FILENO));
    }
}

static void print_step(const struct sp_dict *step)
{
    static const struct {
        const char *section, *what;
    } sections[] = {
        { "parameters", "parameter " },
        { "inputs", "input " },
        { "outputs", "output " },
        { "values", "value " },
    };

    static const char *const fields[] = { "result", "why", "cab", "program", "command", "key" };

    (void)printf("  " SP_STR_FMT ": " SP_STR_FMT "\n", SP_STR_ARG(sp_dict_text(step, "task")),
                 SP_STR_ARG(sp_dict_text(step, "change")));
    for (size_t i = 0; i < SP_COUNT(fields); i++) {
        const struct sp_value *field = sp_dict_get(step, fields[i]);
        if (field)
            print_change(4, "", sp_str_of(fields[i]), *field);
    }
    for (size_t i = 0; i < SP_COUNT(sections); i++)
        print_changes(4, sections[i].what, sp_dict_get(step, sections[i].section));
}

static void print_diff(const struct sp_dict *diff)
{
    const struct sp_value *steps = sp_dict_get(diff, "steps");
    const struct sp_value *recipe = sp_dict_get(diff, "recipe");

    (void)printf("runs " SP_STR_FMT " and " SP_STR_FMT ": %s\n",
                 SP_STR_ARG(sp_dict_text(diff, "from")), SP_STR_ARG(sp_dict_text(diff, "to")),
                 sp_dict_truth(diff, "same") ? "the same" : "different");
    if (recipe)
        print_change(0, "", SP_STR("recipe"), *recipe);
    print_files(diff);
    print_section(diff, "parameters");
    print_section(diff, "selection");
    print_section(diff, "settings");
    print_section(diff, "programs");
    if (steps) {
        (void)printf("steps\n");
        SP_LIST_EACH(step, steps->list)
        print_step(step->dict);
    }
    print_section(diff, "around");
}

static int run_diff(const struct sp_cli_command *self, int argc, char **argv)
{
    struct diff_args args = { 0 };
    sp_auto_words struct sp_words words = { 0 };
    sp_auto_arena struct sp_arena *arena = sp_arena_new();
    struct sp_workspace workspace;
    struct sp_run_summary from;
    struct sp_run_summary to;
    struct sp_value diff;
    struct sp_err err = SP_ERR_INIT;

    int status = sp_command_parse(self, argc, argv, &args, &words);
    if (status < 0)
        status = sp_command_refuse_words(self, &words, 2);
    if (status < 0)
        status = sp_journal_pick(arena, words.len ? words.items[0] : "last~1", SP_HISTORY_SPOTS,
                                 &workspace, &from);
    if (status < 0)
        status = sp_journal_pick(arena, words.len > 1 ? words.items[1] : NULL, SP_HISTORY_SPOTS,
                                 &workspace, &to);
    if (status >= 0)
        return status;
    if (sp_rundiff(&workspace, &from, &to, &diff, &err)) {
        (void)fprintf(stderr, "spoor: %s\n", err.text);
        return SP_EXIT_STORE;
    }
    if (args.json) {
        sp_auto_buf struct sp_buf text = SP_BUF(SP_BUF_LARGE);
        sp_json_encode(diff, SP_JSON_PRETTY, &text);
        (void)printf("%s\n", text.ptr);
    } else {
        print_diff(diff.dict);
    }
    return SP_EXIT_DONE;
}

const struct sp_cli_command sp_command_diff = {
    .usage = {
        .name = "spoor diff",
        .summary = "show what differs between two runs",
        .synopsis = "[--json] [RUN [RUN]]",
        .description = "Recipe files (line by line, when both contents are known), parameters, settings, programs,\n"
                       "and of each step its parameters, key and versions. Without RUN the last two runs are\n"
                       "compared, with one that one and the last. Costs are no difference.",
        .options = options,
        .examples = "  spoor diff\n"
                    "      what has changed since the run before\n"
                    "  spoor diff 20261120-1807 last --json\n"
                    "      an older run, by the beginning of its id, and the newest",
    },
    .run = run_diff,
};
