/* SPDX-License-Identifier: BSD-3-Clause */
/* datadiff - how much do two images, tables or texts differ? */
#include "base/arena.h"

#include "datadiff/report.h"
#include "program/program.h"
#include "sys/file.h"

struct args {
    bool help, version, json;
    double relative, absolute;
};

static const struct sp_option options[] = {
    SP_OPT_FLAG("h", "help", struct args, help, "show this help"),
    SP_OPT_FLAG(NULL, "version", struct args, version, "show the version"),
    SP_OPT_FLOAT("r",
                 "relative",
                 struct args,
                 relative,
                 "R",
                 "differences up to R times the largest value are within the tolerance; of flags: "
                 "the fraction that may differ (default: 0)"),
    SP_OPT_FLOAT("a",
                 "absolute",
                 struct args,
                 absolute,
                 "A",
                 "and so are differences up to A (default: 0)"),
    SP_OPT_FLAG(NULL, "json", struct args, json, "print one JSON document"),
    SP_OPT_END,
};

static const struct sp_usage usage = {
    .name = "datadiff",
    .summary = "how much do two images, tables or texts differ?",
    .synopsis = "[OPTIONS] OLD NEW",
    .description =
        "FITS files are compared pixel by pixel and column by column, without the cards DATE, ORIGIN,\n"
        "CHECKSUM, DATASUM, COMMENT and HISTORY; casacore tables (Measurement Sets) column by column\n"
        "with their subtables, but for HISTORY; texts word by word, numbers in them by value. Exit\n"
        "status 0: the same, or within the tolerance; 1: they differ; 2: they cannot be compared.",
    .options = options,
    .examples = "  datadiff -r 1e-5 before.fits after.fits\n"
                "      the same to 1e-5 of the peak?\n"
                "  datadiff --json before.ms after.ms | jq '.parts[].name'\n"
                "      the columns that differ",
};

static enum sp_rc compare(const char *before,
                          const char *after,
                          struct diff_report *report,
                          struct sp_err *err)
{
    if (diff_is_table(before) && diff_is_table(after))
        return diff_tables(before, after, report, err);
    if (sp_file_kind(before) == SP_FILE_DIR || sp_file_kind(after) == SP_FILE_DIR)
        return sp_fail(err, SP_INVALID, "'%s' and '%s' are not both tables, nor both files", before,
                       after);
    if (diff_is_fits(before) && diff_is_fits(after))
        return diff_fits(before, after, report, err);
    return diff_plain(before, after, report, err);
}

static int run(const struct args *args, const struct sp_words *paths)
{
    sp_auto_arena struct sp_arena *arena = sp_arena_new();
    sp_auto_buf struct sp_buf text = SP_BUF(SP_BUF_LARGE);
    struct diff_report report = { .arena = arena,
                                  .relative = args->relative,
                                  .absolute = args->absolute };
    struct sp_err err = SP_ERR_INIT;

    if (paths->len != 2)
        return program_refuse(&usage, "which two? Give OLD and NEW, see datadiff --help");
    if (!(args->relative >= 0) || !(args->absolute >= 0))
        return program_refuse(&usage, "a tolerance cannot be negative");
    if (compare(paths->items[0], paths->items[1], &report, &err)) {
        report_fini(&report);
        return program_complain(&usage, &err, PROGRAM_USAGE);
    }
    report_write(&report, args->json, &text);
    int status = program_print(&usage, &text);
    if (status == PROGRAM_DONE && report_outcome(&report) == DIFF_DIFFERS)
        status = PROGRAM_FAILED;
    report_fini(&report);
    return status;
}

int main(int argc, char **argv)
{
    struct args args = { 0 };
    sp_auto_words struct sp_words paths = { 0 };
    struct sp_err err = SP_ERR_INIT;

    if (sp_option_parse(options, argc, argv, &args, &paths, &err))
        return program_complain(&usage, &err, PROGRAM_USAGE);
    if (args.help)
        return program_help(&usage);
    if (args.version)
        return program_version(&usage);
    return run(&args, &paths);
}
