/* SPDX-License-Identifier: BSD-3-Clause */
#include "datadiff/report.h"

#include "base/arena.h"
#include "base/buf.h"

#include "value/json.h"

#include <inttypes.h>
#include <math.h>

void report_fini(struct diff_report *report)
{
    SP_VEC_FINI(&report->parts);
    SP_VEC_FINI(&report->faults);
}

void report_part(struct diff_report *report, const struct tally *tally, const char *fmt, ...)
{
    va_list args;

    if (!tally->count)
        return;
    struct diff_part *part = SP_VEC_ADD(&report->parts);
    va_start(args, fmt);
    part->name = sp_arena_vprintf(report->arena, fmt, args).ptr;
    va_end(args);
    part->tally = *tally;
    part->within = tally_is_within(tally, report->relative, report->absolute);
}

void report_fault(struct diff_report *report, const char *fmt, ...)
{
    va_list args;

    va_start(args, fmt);
    *SP_VEC_ADD(&report->faults) = sp_arena_vprintf(report->arena, fmt, args).ptr;
    va_end(args);
}

enum diff_outcome report_outcome(const struct diff_report *report)
{
    bool within = !report->faults.len;

    for (size_t i = 0; i < report->parts.len; i++)
        within = within && report->parts.items[i].within;
    if (!within)
        return DIFF_DIFFERS;
    return report->parts.len ? DIFF_WITHIN : DIFF_SAME;
}

static const char *const
    outcomes[] = { [DIFF_SAME] = "same", [DIFF_WITHIN] = "within", [DIFF_DIFFERS] = "differs" };

/* The relative tolerance that all parts need. */
static double needs(const struct diff_report *report)
{
    double most = 0;

    for (size_t i = 0; i < report->parts.len; i++)
        most = fmax(most, tally_needs(&report->parts.items[i].tally, report->absolute));
    return most;
}

/* --- for people ------------------------------------------------------------------------------ */

static void write_part(const struct diff_report *report,
                       const struct diff_part *part,
                       struct sp_buf *out)
{
    const struct tally *tally = &part->tally;

    sp_buf_addf(out, "  %s: %" PRIu64 " of %" PRIu64 " values differ", part->name, tally->count,
                tally->total);
    if (tally->is_number && isinf(tally->largest))
        sp_buf_adds(out, ", some of them are no numbers");
    else if (tally->is_number)
        sp_buf_addf(out, ", at most by %.3g, %.3g of the peak", tally->largest,
                    tally_needs(tally, report->absolute));
    sp_buf_addf(out, "%s%s%s\n", tally->place[0] ? ", at " : "", tally->place,
                part->within ? "" : " (too much)");
}

static void write_text(const struct diff_report *report, struct sp_buf *out)
{
    sp_buf_addf(out, "%s: %s", report->kind, outcomes[report_outcome(report)]);
    if (report->parts.len && isfinite(needs(report)))
        sp_buf_addf(out, ", by %.3g", needs(report));
    sp_buf_addc(out, '\n');
    for (size_t i = 0; i < report->faults.len; i++)
        sp_buf_addf(out, "  %s\n", report->faults.items[i]);
    for (size_t i = 0; i < report->parts.len; i++)
        write_part(report, &report->parts.items[i], out);
}

/* --- for programs ---------------------------------------------------------------------------- */

static struct sp_value text(const char *words)
{
    return sp_text(sp_str_of(words));
}

/* JSON has no infinity: then the field is left out. */
static void put_number(struct sp_arena *arena, struct sp_dict *dict, const char *name, double value)
{
    if (isfinite(value))
        sp_dict_put(arena, dict, name, sp_float(value));
}

static struct sp_value part_value(const struct diff_report *report, const struct diff_part *part)
{
    struct sp_arena *arena = report->arena;
    struct sp_value value = sp_dict_new(arena);
    const struct tally *tally = &part->tally;

    sp_dict_put(arena, value.dict, "name", text(part->name));
    sp_dict_put(arena, value.dict, "count", sp_int((int64_t)tally->count));
    sp_dict_put(arena, value.dict, "total", sp_int((int64_t)tally->total));
    sp_dict_put(arena, value.dict, "within", sp_bool(part->within));
    put_number(arena, value.dict, "relative", tally_needs(tally, report->absolute));
    if (tally->is_number) {
        put_number(arena, value.dict, "difference", tally->largest);
        put_number(arena, value.dict, "peak", tally->peak);
    }
    if (tally->place[0])
        sp_dict_put(arena, value.dict, "place", text(tally->place));
    return value;
}

static void write_json(const struct diff_report *report, struct sp_buf *out)
{
    struct sp_arena *arena = report->arena;
    struct sp_value value = sp_dict_new(arena);
    struct sp_value faults = sp_list_new(arena);
    struct sp_value parts = sp_list_new(arena);

    for (size_t i = 0; i < report->faults.len; i++)
        sp_list_add(arena, faults.list, text(report->faults.items[i]));
    for (size_t i = 0; i < report->parts.len; i++)
        sp_list_add(arena, parts.list, part_value(report, &report->parts.items[i]));
    sp_dict_put(arena, value.dict, "kind", text(report->kind));
    sp_dict_put(arena, value.dict, "outcome", text(outcomes[report_outcome(report)]));
    put_number(arena, value.dict, "relative", needs(report));
    sp_dict_put(arena, value.dict, "faults", faults);
    sp_dict_put(arena, value.dict, "parts", parts);
    sp_json_encode(value, SP_JSON_PRETTY, out);
    sp_buf_addc(out, '\n');
}

void report_write(const struct diff_report *report, bool json, struct sp_buf *out)
{
    if (json)
        write_json(report, out);
    else
        write_text(report, out);
}
