/* SPDX-License-Identifier: BSD-3-Clause */
/* fits.c - two FITS files, part by part: cards, pixels, columns. */
#include "base/buf.h"

#include "datadiff/report.h"

#include <fitsio.h>
#include <unistd.h>

#define AXES_MAX 16
#define CHUNK    ((LONGLONG)1 << 16) /* values read at a time */

struct pair {
    fitsfile *before, *after;
    struct diff_report *report;
    int part; /* from 0, as people count them */
    int status;
};

bool diff_is_fits(const char *path)
{
    char head[9] = "";
    FILE *file = fopen(path, "re");
    bool is_fits = file && fread(head, 1, sizeof head, file) == sizeof head &&
                   memcmp(head, "SIMPLE  =", sizeof head) == 0;

    if (file)
        (void)fclose(file);
    return is_fits;
}

/* --- cards ----------------------------------------------------------------------------------- */

static bool is_noise(const char *name)
{
    static const char *const names[] = { "",        "DATE",     "ORIGIN",  "CHECKSUM", "DATASUM",
                                         "COMMENT", "CONTINUE", "HISTORY", "END" };

    for (size_t i = 0; i < SP_COUNT(names); i++)
        if (strcmp(name, names[i]) == 0)
            return true;
    return strncmp(name, "WSC", 3) == 0; /* how WSClean was called */
}

static void compare_card(struct pair *pair,
                         const char *name,
                         const char *value,
                         struct tally *tally)
{
    char other[FLEN_VALUE] = "";
    double a, b;
    int status = 0;

    (void)fits_read_keyword(pair->after, name, other, NULL, &status);
    if (status) {
        report_fault(pair->report, "HDU %d: card %s is gone", pair->part, name);
        return;
    }
    if (strcmp(value, other) == 0)
        return;
    if (sp_str_float(sp_str_of(value), &a) && sp_str_float(sp_str_of(other), &b)) {
        *tally = (struct tally){ 0 };
        if (tally_number(tally, a, b))
            tally_note_place(tally, "%s -> %s", value, other);
        report_part(pair->report, tally, "HDU %d card %s", pair->part, name);
        return;
    }
    report_fault(pair->report, "HDU %d: card %s: %s -> %s", pair->part, name, value, other);
}

static void compare_cards(struct pair *pair)
{
    int count = 0, other = 0;
    char name[FLEN_KEYWORD], value[FLEN_VALUE];
    struct tally tally;

    (void)fits_get_hdrspace(pair->before, &count, NULL, &pair->status);
    for (int i = 1; i <= count && !pair->status; i++)
        if (!fits_read_keyn(pair->before, i, name, value, NULL, &pair->status) && !is_noise(name))
            compare_card(pair, name, value, &tally);
    (void)fits_get_hdrspace(pair->after, &other, NULL, &pair->status);
    for (int i = 1; i <= other && !pair->status; i++) {
        int status = 0;
        if (fits_read_keyn(pair->after, i, name, value, NULL, &pair->status) || is_noise(name))
            continue;
        char old[FLEN_VALUE];
        if (fits_read_keyword(pair->before, name, old, NULL, &status))
            report_fault(pair->report, "HDU %d: card %s is new", pair->part, name);
    }
}

/* --- pixels ---------------------------------------------------------------------------------- */

static void note_pixel(struct tally *tally, LONGLONG index, int axes, const LONGLONG *shape)
{
    sp_auto_buf struct sp_buf text = SP_BUF(SP_BUF_SMALL);

    for (int i = 0; i < axes; i++) {
        sp_buf_addf(&text, "%s%lld", i ? "," : "", index % shape[i] + 1);
        index /= shape[i];
    }
    tally_note_place(tally, "pixel (%s)", text.ptr);
}

static bool read_pixels(struct pair *pair,
                        LONGLONG at,
                        LONGLONG count,
                        double *before,
                        double *after)
{
    /* Blank integers as NaN. The library wants to say whether there were any. */
    double blank = __builtin_nan("");
    int any;

    (void)fits_read_img(pair->before, TDOUBLE, at + 1, count, &blank, before, &any, &pair->status);
    (void)fits_read_img(pair->after, TDOUBLE, at + 1, count, &blank, after, &any, &pair->status);
    return !pair->status;
}

static void compare_pixels(struct pair *pair, int axes, const LONGLONG *shape)
{
    struct tally tally = { 0 };
    double *before = sp_alloc((size_t)CHUNK * sizeof *before);
    double *after = sp_alloc((size_t)CHUNK * sizeof *after);
    LONGLONG total = axes ? 1 : 0;

    for (int i = 0; i < axes; i++)
        total *= shape[i];
    for (LONGLONG at = 0; at < total; at += CHUNK) {
        LONGLONG count = SP_MIN(CHUNK, total - at);
        if (!read_pixels(pair, at, count, before, after))
            break;
        for (LONGLONG i = 0; i < count; i++)
            if (tally_number(&tally, before[i], after[i]))
                note_pixel(&tally, at + i, axes, shape);
    }
    report_part(pair->report, &tally, "HDU %d", pair->part);
    free(before);
    free(after);
}

static void compare_images(struct pair *pair)
{
    int types[2], axes[2];
    LONGLONG shapes[2][AXES_MAX] = { { 0 } };

    (void)fits_get_img_equivtype(pair->before, &types[0], &pair->status);
    (void)fits_get_img_equivtype(pair->after, &types[1], &pair->status);
    (void)fits_get_img_dim(pair->before, &axes[0], &pair->status);
    (void)fits_get_img_dim(pair->after, &axes[1], &pair->status);
    (void)fits_get_img_sizell(pair->before, AXES_MAX, shapes[0], &pair->status);
    (void)fits_get_img_sizell(pair->after, AXES_MAX, shapes[1], &pair->status);
    if (pair->status)
        return;
    if (axes[0] > AXES_MAX || axes[0] != axes[1] || types[0] != types[1] ||
        memcmp(shapes[0], shapes[1], sizeof shapes[0]) != 0)
        report_fault(pair->report, "HDU %d: the images are of different shape or type", pair->part);
    else
        compare_pixels(pair, axes[0], shapes[0]);
}

/* --- columns --------------------------------------------------------------------------------- */

struct column {
    int number, type;
    char name[FLEN_VALUE];
    LONGLONG rows, repeat, width;
};

static void compare_number_cells(struct pair *pair,
                                 const struct column *column,
                                 LONGLONG row,
                                 struct tally *tally)
{
    bool complex = column->type == TCOMPLEX || column->type == TDBLCOMPLEX;
    LONGLONG count = complex ? 2 * column->repeat : column->repeat;
    double *values = sp_alloc((size_t)(2 * count) * sizeof *values);
    double blank = __builtin_nan("");
    int any;
    int type = complex ? TDBLCOMPLEX : TDOUBLE;

    (void)fits_read_col(pair->before, type, column->number, row, 1, column->repeat, &blank, values,
                        &any, &pair->status);
    (void)fits_read_col(pair->after, type, column->number, row, 1, column->repeat, &blank,
                        values + count, &any, &pair->status);
    for (LONGLONG i = 0; i < count && !pair->status; i++)
        if (tally_number(tally, values[i], values[count + i]))
            tally_note_place(tally, "row %lld", row);
    free(values);
}

static void compare_flag_cells(struct pair *pair,
                               const struct column *column,
                               LONGLONG row,
                               struct tally *tally)
{
    char *values = sp_alloc((size_t)(2 * column->repeat));

    (void)fits_read_col(pair->before, TLOGICAL, column->number, row, 1, column->repeat, NULL,
                        values, NULL, &pair->status);
    (void)fits_read_col(pair->after, TLOGICAL, column->number, row, 1, column->repeat, NULL,
                        values + column->repeat, NULL, &pair->status);
    for (LONGLONG i = 0; i < column->repeat && !pair->status; i++)
        if (tally_equality(tally, values[i] == values[column->repeat + i]))
            tally_note_place(tally, "row %lld", row);
    free(values);
}

static void compare_text_cells(struct pair *pair,
                               const struct column *column,
                               LONGLONG row,
                               struct tally *tally)
{
    size_t width = (size_t)SP_MAX(column->repeat, column->width) + 1;
    char *texts[2] = { sp_alloc(width), sp_alloc(width) };
    char blank[] = "";
    int any;

    (void)fits_read_col(pair->before, TSTRING, column->number, row, 1, 1, blank, &texts[0], &any,
                        &pair->status);
    (void)fits_read_col(pair->after, TSTRING, column->number, row, 1, 1, blank, &texts[1], &any,
                        &pair->status);
    if (!pair->status && tally_equality(tally, strcmp(texts[0], texts[1]) == 0))
        tally_note_place(tally, "row %lld: %.60s -> %.60s", row, texts[0], texts[1]);
    free(texts[0]);
    free(texts[1]);
}

static void compare_column(struct pair *pair, const struct column *column)
{
    struct tally tally = { 0 };

    for (LONGLONG row = 1; row <= column->rows && !pair->status; row++)
        if (column->type == TSTRING)
            compare_text_cells(pair, column, row, &tally);
        else if (column->type == TLOGICAL || column->type == TBIT)
            compare_flag_cells(pair, column, row, &tally);
        else
            compare_number_cells(pair, column, row, &tally);
    if (column->type == TSTRING && tally.count)
        report_fault(pair->report, "HDU %d column %s: %llu texts differ, the first in %s",
                     pair->part, column->name, (unsigned long long)tally.count, tally.place);
    else
        report_part(pair->report, &tally, "HDU %d column %s", pair->part, column->name);
}

static bool describe_column(fitsfile *file, int number, struct column *out, int *status)
{
    char key[FLEN_KEYWORD];
    long repeat = 0, width = 0;

    *out = (struct column){ .number = number };
    (void)fits_make_keyn("TTYPE", number, key, status);
    (void)fits_read_key(file, TSTRING, key, out->name, NULL, status);
    (void)fits_get_coltype(file, number, &out->type, &repeat, &width, status);
    (void)fits_get_num_rowsll(file, &out->rows, status);
    out->repeat = repeat;
    out->width = width;
    return !*status;
}

static void compare_tables(struct pair *pair)
{
    int columns[2] = { 0 };

    (void)fits_get_num_cols(pair->before, &columns[0], &pair->status);
    (void)fits_get_num_cols(pair->after, &columns[1], &pair->status);
    if (columns[0] != columns[1])
        report_fault(pair->report, "HDU %d: %d columns -> %d", pair->part, columns[0], columns[1]);
    for (int i = 1; i <= columns[0] && columns[0] == columns[1] && !pair->status; i++) {
        struct column old, new;
        if (!describe_column(pair->before, i, &old, &pair->status) ||
            !describe_column(pair->after, i, &new, &pair->status))
            return;
        if (old.type < 0)
            report_fault(pair->report,
                         "HDU %d column %s: cells of variable length are not compared", pair->part,
                         old.name);
        else if (strcmp(old.name, new.name) != 0 || old.type != new.type || old.rows != new.rows ||
                 old.repeat != new.repeat)
            report_fault(pair->report, "HDU %d column %s: another name, type or number of rows",
                         pair->part, old.name);
        else
            compare_column(pair, &old);
    }
}

/* --- all of it ------------------------------------------------------------------------------- */

static void compare_part(struct pair *pair)
{
    int types[2] = { 0 };

    (void)fits_movabs_hdu(pair->before, pair->part + 1, &types[0], &pair->status);
    (void)fits_movabs_hdu(pair->after, pair->part + 1, &types[1], &pair->status);
    if (pair->status)
        return;
    if (types[0] != types[1]) {
        report_fault(pair->report, "HDU %d: a table has become an image, or the reverse",
                     pair->part);
        return;
    }
    compare_cards(pair);
    if (types[0] == IMAGE_HDU)
        compare_images(pair);
    else
        compare_tables(pair);
}

static void close_file(fitsfile *file)
{
    int ignored = 0;

    if (file)
        (void)fits_close_file(file, &ignored);
}

enum sp_rc diff_fits(const char *before,
                     const char *after,
                     struct diff_report *report,
                     struct sp_err *err)
{
    struct pair pair = { .report = report };
    int counts[2] = { 0 };
    char text[FLEN_STATUS];

    report->kind = "FITS";
    /* Not fits_open_file: names with brackets mean something to that. */
    (void)fits_open_diskfile(&pair.before, before, READONLY, &pair.status);
    (void)fits_open_diskfile(&pair.after, after, READONLY, &pair.status);
    if (!pair.status) {
        (void)fits_get_num_hdus(pair.before, &counts[0], &pair.status);
        (void)fits_get_num_hdus(pair.after, &counts[1], &pair.status);
    }
    if (counts[0] != counts[1])
        report_fault(report, "%d HDUs -> %d", counts[0], counts[1]);
    for (pair.part = 0; pair.part < SP_MIN(counts[0], counts[1]) && !pair.status; pair.part++)
        compare_part(&pair);
    close_file(pair.before);
    close_file(pair.after);
    if (!pair.status)
        return SP_OK;
    fits_get_errstatus(pair.status, text);
    return sp_fail(err, SP_INVALID, "compare '%s' with '%s': %s", before, after, text);
}
