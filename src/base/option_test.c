/* SPDX-License-Identifier: BSD-3-Clause */
#include "base/option.h"

#include "base/tap.h"

struct args {
    bool verbose, dry;
    int64_t threads;
    double gain;
    const char *name;
    struct sp_words include;
    struct sp_words assign;
};

static const struct sp_option options[] = {
    SP_OPT_FLAG("v", "verbose", struct args, verbose, "say more"),
    SP_OPT_FLAG("d", "dry-run", struct args, dry, "run nothing"),
    SP_OPT_GROUP("tuning"),
    SP_OPT_INT("j", "threads", struct args, threads, "N", "use N threads"),
    SP_OPT_FLOAT("g", "gain", struct args, gain, "G", "loop gain"),
    SP_OPT_TEXT("pf", "name", struct args, name, "NAME", "a name"),
    SP_OPT_MAYBE("maybe", struct args, name, "NAME", "a name, or none"),
    SP_OPT_PAIRS("a", "assign", struct args, assign, "NAME VALUE", "set NAME"),
    SP_OPT_WORDS("I", "include", struct args, include, "DIR", "look in DIR"),
    SP_OPT_END,
};

#define WORDS_MAX 8

struct row {
    const char *words[WORDS_MAX];
    const char *fault; /* part of the message, NULL: parses */
    struct args want;
    size_t rest; /* other words */
};

static const struct row rows[] = {
    { { NULL }, NULL, { 0 }, 0 },
    { { "-v" }, NULL, { .verbose = true }, 0 },
    { { "-vdj4" }, NULL, { .verbose = true, .dry = true, .threads = 4 }, 0 },
    { { "-j", "4" }, NULL, { .threads = 4 }, 0 },
    { { "--threads=4", "--gain", "0.5" }, NULL, { .threads = 4, .gain = 0.5 }, 0 },
    { { "--thr", "2" }, NULL, { .threads = 2 }, 0 },
    { { "-pf", "x" }, NULL, { .name = "x" }, 0 },
    { { "-pf=x" }, NULL, { .name = "x" }, 0 },
    { { "-pf=" }, NULL, { .name = "" }, 0 },
    { { "-pf" }, "option -pf needs a value: NAME", { 0 }, 0 },
    { { "-a", "x", "-v" }, NULL, { 0 }, 0 },
    { { "-a", "x" }, "option -a needs two values: NAME VALUE", { 0 }, 0 },
    { { "--assign=x" }, "option --assign=x needs two values", { 0 }, 0 },
    { { "--assign=x", "y", "z" }, NULL, { 0 }, 1 },
    { { "--name", "--verbose" }, NULL, { .name = "--verbose" }, 0 },
    { { "-v", "--no-verbose" }, NULL, { 0 }, 0 },
    { { "a", "-v", "b=c" }, NULL, { .verbose = true }, 2 },
    { { "--", "-v" }, NULL, { 0 }, 1 },
    { { "-5", "-" }, NULL, { 0 }, 2 },
    { { "--threds", "4" }, "did you mean --threads?", { 0 }, 0 },
    { { "--xyz" }, "unknown option --xyz", { 0 }, 0 },
    { { "-x" }, "unknown option -x", { 0 }, 0 },
    { { "--threads" }, "needs a value: N", { 0 }, 0 },
    { { "--threads", "four" }, "'four' is not a whole number", { 0 }, 0 },
    { { "--gain=x" }, "'x' is not a number", { 0 }, 0 },
    { { "--verbose=1" }, "takes no value", { 0 }, 0 },
    { { "--maybe", "x" }, NULL, { .name = "" }, 1 },
    { { "--maybe=x" }, NULL, { .name = "x" }, 0 },
    { { "--maybe=" }, NULL, { .name = "" }, 0 },
    { { "--=1" }, "unknown option", { 0 }, 0 },
};

static bool same_text(const char *a, const char *b)
{
    return (!a && !b) || (a && b && strcmp(a, b) == 0);
}

static void test_row(const struct row *row)
{
    char copies[WORDS_MAX][32];
    char *argv[WORDS_MAX + 1] = { (char *)"program" };
    int argc = 1;
    struct args got = { 0 };
    sp_auto_words struct sp_words rest = { 0 };
    struct sp_err err = SP_ERR_INIT;

    for (; argc <= WORDS_MAX && row->words[argc - 1]; argc++) {
        (void)snprintf(copies[argc - 1], sizeof copies[0], "%s", row->words[argc - 1]);
        argv[argc] = copies[argc - 1];
    }
    enum sp_rc rc = sp_option_parse(options, argc, argv, &got, &rest, &err);
    bool passed = row->fault ? rc == SP_INVALID && strstr(err.text, row->fault)
                             : rc == SP_OK && got.verbose == row->want.verbose &&
                                   got.dry == row->want.dry && got.threads == row->want.threads &&
                                   got.gain <= row->want.gain && got.gain >= row->want.gain &&
                                   same_text(got.name, row->want.name) && rest.len == row->rest;
    sp_words_fini(&got.assign);
    if (!tap_ok(passed, "%s %s", argc > 1 ? argv[1] : "(nothing)", argc > 2 ? argv[2] : ""))
        printf("# got %s '%s', %zu words\n", sp_rc_name(rc), err.text, rest.len);
}

struct front_row {
    const char *words[WORDS_MAX];
    const char *fault;
    int used;
};

/* Options of a program stand before the command. */
static const struct front_row front_rows[] = {
    { { NULL }, NULL, 1 },
    { { "run", "-v" }, NULL, 1 },
    { { "-v", "run", "-v" }, NULL, 2 },
    { { "-j", "4", "-d", "run", "--xyz" }, NULL, 4 },
    { { "-I", "run", "run" }, NULL, 3 },
    { { "-v", "--", "-x" }, NULL, 3 },
    { { "-", "-v" }, NULL, 1 },
    { { "-x", "run" }, "unknown option -x", 0 },
};

static void test_front(const struct front_row *row)
{
    char *argv[WORDS_MAX + 1] = { (char *)"program" };
    int argc = 1;
    int used = 0;
    struct args got = { 0 };
    struct sp_err err = SP_ERR_INIT;

    for (; argc <= WORDS_MAX && row->words[argc - 1]; argc++)
        argv[argc] = (char *)row->words[argc - 1];
    enum sp_rc rc = sp_option_parse_front(options, argc, argv, &got, &used, &err);
    bool passed = row->fault ? rc == SP_INVALID && strstr(err.text, row->fault)
                             : rc == SP_OK && used == row->used;
    if (!tap_ok(passed, "front: %s", argc > 1 ? argv[1] : "(nothing)"))
        printf("# got %s '%s', %d words\n", sp_rc_name(rc), err.text, used);
    sp_words_fini(&got.include);
}

static void test_pairs(void)
{
    char *argv[] = { (char *)"program",  (char *)"-a", (char *)"x", (char *)"-v",
                     (char *)"--assign", (char *)"y",  (char *)"2", NULL };
    struct args got = { 0 };
    sp_auto_words struct sp_words rest = { 0 };
    struct sp_err err = SP_ERR_INIT;

    enum sp_rc rc = sp_option_parse(options, 7, argv, &got, &rest, &err);
    tap_ok(rc == SP_OK && got.assign.len == 4 && strcmp(got.assign.items[1], "-v") == 0 &&
               strcmp(got.assign.items[2], "y") == 0 && !got.verbose,
           "pairs collect two words each time, whatever they look like");
    sp_words_fini(&got.assign);
}

static void test_texts(void)
{
    static const struct sp_usage usage = {
        .name = "spoor try",
        .summary = "try things",
        .synopsis = "[OPTIONS]",
        .options = options,
        .examples = "  spoor try -v",
    };
    sp_auto_buf struct sp_buf help = SP_BUF(SP_BUF_SMALL);
    sp_auto_buf struct sp_buf man = SP_BUF(SP_BUF_SMALL);

    sp_usage_help(&usage, 80, &help);
    tap_ok(strstr(help.ptr, "usage: spoor try [OPTIONS]") && strstr(help.ptr, "-j, --threads N") &&
               strstr(help.ptr, "\ntuning:\n"),
           "help has usage, options and groups");
    sp_usage_man(&usage, &man);
    tap_ok(strstr(man.ptr, ".SH NAME\nspoor-try \\- try things") &&
               strstr(man.ptr, "\\-\\-threads"),
           "man page has name and escaped options");
}

int main(void)
{
    for (size_t i = 0; i < SP_COUNT(rows); i++)
        test_row(&rows[i]);

    for (size_t i = 0; i < SP_COUNT(front_rows); i++)
        test_front(&front_rows[i]);
    test_pairs();

    char a[] = "-Ia";
    char b[] = "-I";
    char c[] = "b";
    char *argv[] = { a, a, b, c, NULL };
    struct args got = { 0 };
    sp_auto_words struct sp_words rest = { 0 };
    struct sp_err err = SP_ERR_INIT;
    enum sp_rc rc = sp_option_parse(options, 4, argv, &got, &rest, &err);
    tap_ok(rc == SP_OK && got.include.len == 2 && strcmp(got.include.items[0], "a") == 0 &&
               strcmp(got.include.items[1], "b") == 0,
           "a repeated option collects its values");
    sp_words_fini(&got.include);
    test_texts();
    return tap_done();
}
