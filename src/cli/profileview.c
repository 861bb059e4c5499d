/* SPDX-License-Identifier: BSD-3-Clause */
#include "cli/profileview.h"

#include "base/clock.h"

#include "cli/table.h"

#include <stdio.h>

#define SIDE_BY_SIDE 118 /* columns */

static void add_rate(struct sp_table *table, double bytes, double seconds)
{
    double rate = seconds >= 0.01 ? bytes / seconds : 0;

    if (rate < 1)
        sp_table_add(table, "-");
    else
        sp_table_add(table, "%s/s", sp_size_text((uint64_t)rate).text);
}

static void add_task(struct sp_table *table, const struct sp_profile_row *row)
{
    sp_table_add(table, "%*s" SP_STR_FMT, (int)row->depth * 2, "", SP_STR_ARG(row->name));
}

static void add_averages(struct sp_table *table, const struct sp_profile_row *row)
{
    sp_table_add(table, "%zu", row->runs);
    sp_table_add(table, "%s", sp_clock_duration((sp_nsec)(row->wall * 1e9)).text);
    sp_table_add(table, "%s", sp_share_text(row->cpu, row->wall).text);
    add_rate(table, (double)row->read, row->wall);
    add_rate(table, (double)row->write, row->wall);
    sp_table_add(table, "%s", sp_size_text(row->read).text);
    sp_table_add(table, "%s", sp_size_text(row->write).text);
}

static void add_peaks(struct sp_table *table, const struct sp_profile_row *row)
{
    sp_table_add(table, "%s", sp_size_text(row->peak_memory).text);
    sp_table_add(table, "%s", row->peak_cpu > 0 ? sp_share_text(row->peak_cpu, 1).text : "-");
    add_rate(table, row->peak_read, 1);
    add_rate(table, row->peak_write, 1);
}

/* The columns: averages and sums, peaks, or both. */
enum part {
    AVERAGES = 1,
    PEAKS = 2
};

static const struct sp_column columns[] = {
    { "task", false },    { "runs", true },        { "time", true },
    { "cpu", true },      { "read/s", true },      { "written/s", true },
    { "read", true },     { "written", true },     { "peak memory", true },
    { "peak cpu", true }, { "peak read/s", true }, { "peak written/s", true },
};

static void show_part(const struct sp_profile *profile, int64_t depth, unsigned parts, bool colour)
{
    struct sp_column chosen[SP_COUNT(columns)];
    sp_auto_buf struct sp_buf text = SP_BUF(SP_BUF_LARGE);
    size_t count = 0;

    for (size_t i = 0; i < SP_COUNT(columns); i++)
        if (i == 0 || (parts & (i < 8 ? AVERAGES : PEAKS)))
            chosen[count++] = columns[i];
    sp_auto_table struct sp_table *table = sp_table_new(chosen, count);
    for (size_t i = 0; i < profile->len; i++) {
        const struct sp_profile_row *row = &profile->rows[i];
        if ((int64_t)row->depth >= depth)
            continue;
        add_task(table, row);
        if (parts & AVERAGES)
            add_averages(table, row);
        if (parts & PEAKS)
            add_peaks(table, row);
    }
    sp_table_format(table, 0, colour, &text);
    (void)printf("\n%s%s%s\n%s", parts & AVERAGES ? "averages & total I/O" : "",
                 parts == (AVERAGES | PEAKS) ? ", " : "", parts & PEAKS ? "peaks" : "", text.ptr);
}

void sp_profile_show(const struct sp_profile *profile, int64_t depth, int width, bool colour)
{
    if (depth <= 0 || !profile->len)
        return;
    if (width == 0 || width >= SIDE_BY_SIDE) {
        show_part(profile, depth, AVERAGES | PEAKS, colour);
        return;
    }
    show_part(profile, depth, AVERAGES, colour);
    show_part(profile, depth, PEAKS, colour);
}
