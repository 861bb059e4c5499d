/* SPDX-License-Identifier: BSD-3-Clause */
/* columns.cc - bulk reading and writing. The caller's memory is lent to casacore (SHARE), so that
 * nothing is copied on the way. */
#include "msio/create.hh"
#include "msio/handle.hh"

#include <algorithm>
#include <casacore/casa/Arrays/Matrix.h>
#include <casacore/tables/DataMan/TiledColumnStMan.h>
#include <casacore/tables/Tables/ArrColDesc.h>
#include <casacore/tables/Tables/ArrayColumn.h>
#include <casacore/tables/Tables/ScalarColumn.h>
#include <ctime>
#include <vector>

using namespace casacore;

static_assert(sizeof(Bool) == 1 && sizeof(Complex) == 8 && sizeof(Int) == 4, "types of msio.h");

static const int64_t fill_bytes = 32 << 20;
static const int column_tile_kib = 512;

/* Rows [row, row + count) of a column, for the length of one call. */
struct stretch {
    struct ms *ms;
    const char *column;
    int64_t row, count;
    struct sp_err *err;
};

static enum sp_rc check_rows(const struct stretch &s)
{
    int64_t nrow = s.ms->info.nrow;

    if (s.row < 0 || s.count < 0 || s.row > nrow || s.count > nrow - s.row)
        return sp_fail(s.err, SP_INVALID, "rows %lld to %lld are not within its %lld rows",
                       (long long)s.row, (long long)(s.row + s.count), (long long)nrow);
    return SP_OK;
}

static enum sp_rc check_column(const struct stretch &s, DataType type)
{
    const TableDesc &desc = s.ms->table.tableDesc();

    if (!desc.isColumn(s.column)) {
        std::string found;
        for (uInt i = 0; i < desc.ncolumn(); i++)
            if (desc[i].dataType() == type && desc[i].isArray())
                found += (found.empty() ? "" : ", ") + desc[i].name();
        return sp_fail(s.err, SP_NOT_FOUND, "it has no column %s (of that kind: %s)", s.column,
                       found.empty() ? "none" : found.c_str());
    }
    if (desc[s.column].dataType() != type)
        return sp_fail(s.err, SP_INVALID, "column %s holds another type of data", s.column);
    return SP_OK;
}

/* The first row speaks for all; casacore objects to the others when it comes to them. */
template <class T>
static void check_cell(const struct stretch &s, ArrayColumn<T> &column, const IPosition &cell)
{
    if (!column.isDefined(s.row) || column.shape(s.row).isEqual(cell))
        return;
    std::string is = column.shape(s.row).toString();
    std::string needed = cell.toString();
    throw msio::failure{ sp_fail(s.err, SP_INVALID,
                                 "row %lld is of shape %s (correlations, channels); after the "
                                 "subtables of the MS it should be %s",
                                 (long long)s.row, is.c_str(), needed.c_str()) };
}

static Slicer rows_of(const struct stretch &s)
{
    return Slicer(IPosition(1, s.row), IPosition(1, s.count));
}

enum direction {
    READ,
    WRITE
};

template <class T>
static enum sp_rc move(const struct stretch &s,
                       const IPosition &cell,
                       T *buffer,
                       enum direction way)
{
    enum sp_rc rc = check_rows(s);

    if (!rc)
        rc = check_column(s, whatType(buffer));
    if (!rc && way == WRITE && !s.ms->writable)
        rc = sp_fail(s.err, SP_INVALID, "it was opened for reading only");
    if (!rc && s.count > 0)
        rc = msio::guarded(s.err, [&] {
            IPosition shape = cell;
            shape.append(IPosition(1, s.count));
            Array<T> array(shape, buffer, SHARE);
            ArrayColumn<T> column(s.ms->table, s.column);
            check_cell(s, column, cell);
            if (way == READ)
                column.getColumnRange(rows_of(s), array);
            else
                column.putColumnRange(rows_of(s), array);
        });
    if (!rc)
        return SP_OK;
    return sp_err_wrap(s.err, "cannot %s %s of MS '%s'", way == READ ? "read" : "write", s.column,
                       s.ms->path.c_str());
}

static IPosition cell_of(const struct ms *ms)
{
    return IPosition(2, ms->info.ncorr, ms->info.nchan);
}

enum sp_rc ms_read_uvw(struct ms *ms, int64_t row, int64_t count, double *uvw, struct sp_err *err)
{
    return move<Double>({ ms, "UVW", row, count, err }, IPosition(1, 3), uvw, READ);
}

enum sp_rc ms_read_vis(struct ms *ms,
                       const char *column,
                       int64_t row,
                       int64_t count,
                       float *vis,
                       struct sp_err *err)
{
    return move({ ms, column, row, count, err }, cell_of(ms), (Complex *)vis, READ);
}

enum sp_rc ms_write_vis(struct ms *ms,
                        const char *column,
                        int64_t row,
                        int64_t count,
                        const float *vis,
                        struct sp_err *err)
{
    return move({ ms, column, row, count, err }, cell_of(ms), (Complex *)(uintptr_t)vis, WRITE);
}

enum sp_rc ms_read_flags(struct ms *ms,
                         int64_t row,
                         int64_t count,
                         uint8_t *flags,
                         struct sp_err *err)
{
    return move({ ms, "FLAG", row, count, err }, cell_of(ms), (Bool *)flags, READ);
}

template <class T> static void read_scalars(struct stretch s, const char *column, T *out)
{
    if (!out)
        return;
    Vector<T> values(IPosition(1, s.count), out, SHARE);
    ScalarColumn<T>(s.ms->table, column).getColumnRange(rows_of(s), values);
}

enum sp_rc ms_read_keys(struct ms *ms,
                        int64_t row,
                        int64_t count,
                        const struct ms_keys *out,
                        struct sp_err *err)
{
    struct stretch s = { ms, "", row, count, err };
    enum sp_rc rc = check_rows(s);

    if (!rc && count > 0)
        rc = msio::guarded(err, [&] {
            read_scalars(s, "TIME", out->time);
            read_scalars(s, "INTERVAL", out->interval);
            read_scalars(s, "ANTENNA1", out->antenna1);
            read_scalars(s, "ANTENNA2", out->antenna2);
            read_scalars(s, "FIELD_ID", out->field);
            read_scalars(s, "SCAN_NUMBER", out->scan);
            read_scalars(s, "FLAG_ROW", (Bool *)out->flag_row);
        });
    return rc ? sp_err_wrap(err, "cannot read the keys of MS '%s'", ms->path.c_str()) : SP_OK;
}

/* --- whole columns ------------------------------------------------------------------------ */

static int64_t rows_a_step(const struct ms *ms, int64_t cell_bytes)
{
    return std::clamp<int64_t>(fill_bytes / cell_bytes, 1, std::max<int64_t>(1, ms->info.nrow));
}

struct run {
    int64_t from, count;
};

/* Rows of a field in stretches without gaps; of all fields when it is negative. */
static std::vector<struct run> rows_of_field(const struct ms *ms, int field)
{
    std::vector<struct run> runs;

    if (field < 0) {
        runs.push_back({ 0, ms->info.nrow });
        return runs;
    }
    Vector<Int> fields = ScalarColumn<Int>(ms->table, "FIELD_ID").getColumn();
    for (int64_t row = 0; row < ms->info.nrow; row++) {
        if (fields[row] != field)
            continue;
        if (!runs.empty() && runs.back().from + runs.back().count == row)
            runs.back().count++;
        else
            runs.push_back({ row, 1 });
    }
    return runs;
}

/* Put the same cell into the rows of `runs`. */
template <class T>
static void fill_column(struct ms *ms,
                        const char *name,
                        const Array<T> &cell,
                        const std::vector<struct run> &runs)
{
    int64_t size = (int64_t)cell.nelements();
    int64_t step = rows_a_step(ms, size * (int64_t)sizeof(T));
    IPosition shape = cell.shape();
    ArrayColumn<T> column(ms->table, name);

    shape.append(IPosition(1, step));
    Array<T> values(shape);
    for (int64_t i = 0; i < step; i++)
        std::copy(cell.begin(), cell.end(), values.data() + i * size);
    for (const struct run &run : runs)
        for (int64_t at = 0; at < run.count; at += step) {
            shape[shape.size() - 1] = std::min(step, run.count - at);
            Slicer where(IPosition(1, run.from + at), IPosition(1, shape[shape.size() - 1]));
            column.putColumnRange(where, Array<T>(shape, values.data(), SHARE));
        }
}

enum sp_rc ms_add_column(struct ms *ms, const char *column, struct sp_err *err)
{
    struct stretch s = { ms, column, 0, 0, err };
    enum sp_rc rc = SP_OK;

    if (ms_has_column(ms, column))
        rc = check_column(s, TpComplex);
    else if (!ms->writable)
        rc = sp_fail(err, SP_INVALID, "it was opened for reading only");
    else
        rc = msio::guarded(err, [&] {
            int ncorr = ms->info.ncorr;
            int nchan = ms->info.nchan;
            ArrayColumnDesc<Complex> desc(column, cell_of(ms),
                                          ColumnDesc::Direct | ColumnDesc::FixedShape);
            TiledColumnStMan manager(
                std::string("Tiled_") + column,
                msio::tile_shape(ncorr, nchan, ms->info.nrow, column_tile_kib, 64));
            ms->table.addColumn(desc, manager);
            fill_column(ms, column, Array<Complex>(cell_of(ms), Complex(0)), rows_of_field(ms, -1));
        });
    if (rc)
        return sp_err_wrap(err, "cannot add column %s to MS '%s'", column, ms->path.c_str());
    return SP_OK;
}

enum sp_rc ms_write_sigma(struct ms *ms, int field, const float *sigma, struct sp_err *err)
{
    enum sp_rc rc = msio::guarded(err, [&] {
        int ncorr = ms->info.ncorr;
        Vector<Float> sigmas(ncorr);
        Vector<Float> weights(ncorr);
        Matrix<Float> spectrum(ncorr, ms->info.nchan);
        for (int i = 0; i < ncorr; i++) {
            sigmas[i] = sigma[i];
            weights[i] = 1 / (sigma[i] * sigma[i]);
            spectrum.row(i) = weights[i];
        }
        std::vector<struct run> runs = rows_of_field(ms, field);
        fill_column(ms, "SIGMA", sigmas, runs);
        fill_column(ms, "WEIGHT", weights, runs);
        if (ms_has_column(ms, "WEIGHT_SPECTRUM"))
            fill_column(ms, "WEIGHT_SPECTRUM", spectrum, runs);
    });
    return rc ? sp_err_wrap(err, "cannot write SIGMA of MS '%s'", ms->path.c_str()) : SP_OK;
}

enum sp_rc ms_add_history(struct ms *ms,
                          const char *program,
                          const char *message,
                          int argc,
                          const char *const *argv,
                          struct sp_err *err)
{
    enum sp_rc rc = msio::guarded(err, [&] {
        static const double epoch_1970 = 40587.0 * 86400;
        std::string command;
        for (int i = 0; i < argc; i++)
            command += (i ? " " : "") + std::string(argv[i]);
        struct msio::history_entry entry = {};
        entry.time = epoch_1970 + (double)time(nullptr);
        entry.program = program;
        entry.message = message;
        entry.command = Vector<String>(1, command);
        msio::append_history(ms->table, entry);
    });
    return rc ? sp_err_wrap(err, "cannot add to HISTORY of MS '%s'", ms->path.c_str()) : SP_OK;
}
