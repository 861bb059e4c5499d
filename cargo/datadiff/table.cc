/* SPDX-License-Identifier: BSD-3-Clause */
/* table.cc - two casacore tables, column by column, with their subtables. */
extern "C" {
#include "datadiff/report.h"
}

#include <casacore/casa/Arrays/Array.h>
#include <casacore/tables/Tables/ArrayColumn.h>
#include <casacore/tables/Tables/ScalarColumn.h>
#include <casacore/tables/Tables/Table.h>
#include <casacore/tables/Tables/TableColumn.h>
#include <casacore/tables/Tables/TableDesc.h>
#include <casacore/tables/Tables/TableLock.h>
#include <casacore/tables/Tables/TableRecord.h>
#include <sstream>
#include <string>
#include <unistd.h>

using namespace casacore;

namespace
{

struct tables {
    Table before, after;
    std::string name; /* "MAIN", "ANTENNA" */
    struct diff_report *report;
};

/* --- values ---------------------------------------------------------------------------------- */

void note_row(struct tally &tally, rownr_t row)
{
    tally_note_place(&tally, "row %llu", (unsigned long long)row);
}

template <typename T> void add(struct tally &tally, rownr_t row, const T &before, const T &after)
{
    if (tally_number(&tally, static_cast<double>(before), static_cast<double>(after)))
        note_row(tally, row);
}

template <> void add(struct tally &tally, rownr_t row, const Bool &before, const Bool &after)
{
    if (tally_equality(&tally, before == after))
        note_row(tally, row);
}

template <> void add(struct tally &tally, rownr_t row, const String &before, const String &after)
{
    if (tally_equality(&tally, before == after))
        note_row(tally, row);
}

/* The length of the difference of two complex numbers, beside the length of the old one. */
template <typename T>
void add_complex(struct tally &tally, rownr_t row, const T &before, const T &after)
{
    add(tally, row, before.real(), after.real());
    add(tally, row, before.imag(), after.imag());
}

template <> void add(struct tally &tally, rownr_t row, const Complex &before, const Complex &after)
{
    add_complex(tally, row, before, after);
}

template <>
void add(struct tally &tally, rownr_t row, const DComplex &before, const DComplex &after)
{
    add_complex(tally, row, before, after);
}

/* --- columns --------------------------------------------------------------------------------- */

struct columns {
    const struct tables &tables;
    const std::string name;
    struct tally tally;
    uint64_t shapes; /* cells of another shape */
};

template <typename T> void compare_scalars(struct columns &columns)
{
    ScalarColumn<T> before(columns.tables.before, columns.name);
    ScalarColumn<T> after(columns.tables.after, columns.name);

    for (rownr_t row = 0; row < columns.tables.before.nrow(); row++)
        add<T>(columns.tally, row, before(row), after(row));
}

template <typename T> void compare_arrays(struct columns &columns)
{
    ArrayColumn<T> before(columns.tables.before, columns.name);
    ArrayColumn<T> after(columns.tables.after, columns.name);

    for (rownr_t row = 0; row < columns.tables.before.nrow(); row++) {
        bool there[] = { static_cast<bool>(before.isDefined(row)),
                         static_cast<bool>(after.isDefined(row)) };
        if (!there[0] && !there[1])
            continue;
        if (there[0] != there[1] || !before.shape(row).isEqual(after.shape(row))) {
            columns.shapes++;
            continue;
        }
        Array<T> old = before(row);
        Array<T> now = after(row);
        auto other = now.cbegin();
        for (auto value = old.cbegin(); value != old.cend(); ++value, ++other)
            add<T>(columns.tally, row, *value, *other);
    }
}

template <typename T> void compare_as(struct columns &columns, bool is_scalar)
{
    if (is_scalar)
        compare_scalars<T>(columns);
    else
        compare_arrays<T>(columns);
}

/* False: nobody knows how to compare such values. */
bool compare_values(struct columns &columns, const ColumnDesc &desc)
{
    bool scalar = desc.isScalar();

    switch (desc.dataType()) {
    case TpBool: compare_as<Bool>(columns, scalar); return true;
    case TpUChar: compare_as<uChar>(columns, scalar); return true;
    case TpShort: compare_as<Short>(columns, scalar); return true;
    case TpUShort: compare_as<uShort>(columns, scalar); return true;
    case TpInt: compare_as<Int>(columns, scalar); return true;
    case TpUInt: compare_as<uInt>(columns, scalar); return true;
    case TpInt64: compare_as<Int64>(columns, scalar); return true;
    case TpFloat: compare_as<Float>(columns, scalar); return true;
    case TpDouble: compare_as<Double>(columns, scalar); return true;
    case TpComplex: compare_as<Complex>(columns, scalar); return true;
    case TpDComplex: compare_as<DComplex>(columns, scalar); return true;
    case TpString: compare_as<String>(columns, scalar); return true;
    default: return false;
    }
}

void compare_column(const struct tables &tables, const std::string &name)
{
    const ColumnDesc &before = tables.before.tableDesc()[name];
    const ColumnDesc &after = tables.after.tableDesc()[name];
    struct columns columns = { tables, name, {}, 0 };
    struct diff_report *report = tables.report;

    if (before.dataType() != after.dataType() || before.isScalar() != after.isScalar()) {
        report_fault(report, "%s.%s: another type", tables.name.c_str(), name.c_str());
        return;
    }
    if (!compare_values(columns, before)) {
        report_fault(report, "%s.%s: values of this type are not compared", tables.name.c_str(),
                     name.c_str());
        return;
    }
    if (columns.shapes)
        report_fault(report, "%s.%s: %llu cells are of another shape", tables.name.c_str(),
                     name.c_str(), (unsigned long long)columns.shapes);
    if (before.dataType() == TpString && columns.tally.count)
        report_fault(report, "%s.%s: %llu texts differ, the first in %s", tables.name.c_str(),
                     name.c_str(), (unsigned long long)columns.tally.count, columns.tally.place);
    else
        report_part(report, &columns.tally, "%s.%s", tables.name.c_str(), name.c_str());
}

/* --- tables ---------------------------------------------------------------------------------- */

/* Keywords without the subtables, as text. */
std::string keywords(const TableRecord &record)
{
    std::ostringstream text;

    text.precision(17);
    for (uInt i = 0; i < record.nfields(); i++) {
        if (record.dataType(i) == TpTable)
            continue;
        TableRecord one;
        one.mergeField(record, i, RecordInterface::OverwriteDuplicates);
        text << one << '\n';
    }
    return text.str();
}

void compare_keywords(const struct tables &tables,
                      const char *of,
                      const TableRecord &before,
                      const TableRecord &after)
{
    if (keywords(before) != keywords(after))
        report_fault(tables.report, "%s%s%s: the keywords differ", tables.name.c_str(),
                     *of ? "." : "", of);
}

void compare_tables(const struct tables &tables);

/* HISTORY tells when and how, not what. */
void compare_subtables(const struct tables &tables)
{
    const TableRecord &before = tables.before.keywordSet();
    const TableRecord &after = tables.after.keywordSet();

    for (uInt i = 0; i < before.nfields(); i++) {
        std::string name = before.name(i);
        if (before.dataType(i) != TpTable || name == "HISTORY")
            continue;
        if (!after.isDefined(name) || after.dataType(name) != TpTable) {
            report_fault(tables.report, "subtable %s is gone", name.c_str());
            continue;
        }
        compare_tables({ before.asTable(i), after.asTable(name), name, tables.report });
    }
    for (uInt i = 0; i < after.nfields(); i++)
        if (after.dataType(i) == TpTable && !before.isDefined(after.name(i)))
            report_fault(tables.report, "subtable %s is new", after.name(i).c_str());
}

void compare_tables(const struct tables &tables)
{
    const TableDesc &before = tables.before.tableDesc();
    const TableDesc &after = tables.after.tableDesc();

    if (tables.before.nrow() != tables.after.nrow()) {
        report_fault(tables.report, "%s: %llu rows -> %llu", tables.name.c_str(),
                     (unsigned long long)tables.before.nrow(),
                     (unsigned long long)tables.after.nrow());
        return;
    }
    for (uInt i = 0; i < before.ncolumn(); i++) {
        const std::string name = before[i].name();
        if (!after.isColumn(name)) {
            report_fault(tables.report, "%s.%s: the column is gone", tables.name.c_str(),
                         name.c_str());
            continue;
        }
        compare_column(tables, name);
        compare_keywords(tables, name.c_str(), TableColumn(tables.before, name).keywordSet(),
                         TableColumn(tables.after, name).keywordSet());
    }
    for (uInt i = 0; i < after.ncolumn(); i++)
        if (!before.isColumn(after[i].name()))
            report_fault(tables.report, "%s.%s: the column is new", tables.name.c_str(),
                         after[i].name().c_str());
    compare_keywords(tables, "", tables.before.keywordSet(), tables.after.keywordSet());
    compare_subtables(tables);
}

} // namespace

bool diff_is_table(const char *path)
{
    return access((std::string(path) + "/table.dat").c_str(), F_OK) == 0;
}

enum sp_rc diff_tables(const char *before,
                       const char *after,
                       struct diff_report *report,
                       struct sp_err *err)
{
    report->kind = "table";
    try {
        TableLock lock(TableLock::NoLocking);
        compare_tables({ Table(before, lock), Table(after, lock), "MAIN", report });
        return SP_OK;
    } catch (const std::exception &problem) {
        return sp_fail(err, SP_INVALID, "compare '%s' with '%s': %s", before, after,
                       problem.what());
    }
}
