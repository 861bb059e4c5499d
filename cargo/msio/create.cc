/* SPDX-License-Identifier: BSD-3-Clause */
/* create.cc - a new Measurement Set, whole or not at all. */
#include "msio/create.hh"

#include <algorithm>
#include <casacore/casa/Arrays/Cube.h>
#include <casacore/casa/Arrays/Matrix.h>
#include <casacore/ms/MeasurementSets/MSColumns.h>
#include <casacore/tables/Tables/ArrayColumn.h>
#include <fcntl.h>
#include <filesystem>
#include <fstream>
#include <sys/stat.h>
#include <sys/statvfs.h>
#include <unistd.h>
#include <vector>

using namespace casacore;

static const int64_t block_bytes = 32 << 20; /* of visibilities written at once */

static int64_t baselines_of(const struct ms_layout *layout)
{
    int64_t n = layout->nantenna;
    return n * (n - 1) / 2 + (layout->autocorr ? n : 0);
}

int64_t ms_layout_rows(const struct ms_layout *layout)
{
    int64_t ntime = 0;

    for (int i = 0; i < layout->nscan; i++)
        ntime += layout->scans[i].ntime;
    return ntime * baselines_of(layout);
}

int64_t ms_layout_bytes(const struct ms_layout *layout)
{
    /* UVW, antenna numbers, WEIGHT and SIGMA; DATA, flags and WEIGHT_SPECTRUM; the subtables. */
    double keys = 3 * 8 + 2 * 4 + 2 * 4.0 * layout->ncorr;
    double cell = 8 + 1 / 8.0 + (layout->weight_spectrum ? 4 : 0);
    double row = keys + cell * layout->ncorr * layout->nchan;
    double subtables = 1e6 + 64.0 * layout->nchan + 2e3 * layout->nantenna;

    return (int64_t)((double)ms_layout_rows(layout) * row + subtables);
}

static enum sp_rc check_layout(const struct ms_layout *layout, struct sp_err *err)
{
    if (baselines_of(layout) < 1)
        return sp_fail(err, SP_INVALID, "%d antennas have no baseline", layout->nantenna);
    if (layout->nfield < 1 || layout->nscan < 1)
        return sp_fail(err, SP_INVALID, "there must be at least one field and one scan");
    if (layout->nchan < 1)
        return sp_fail(err, SP_INVALID, "there must be at least one channel");
    if (layout->ncorr != 1 && layout->ncorr != 2 && layout->ncorr != 4)
        return sp_fail(err, SP_INVALID, "%d correlations: there can be 1, 2 or 4", layout->ncorr);
    if (!(layout->interval > 0))
        return sp_fail(err, SP_INVALID, "the integration time must be positive");
    for (int i = 0; i < layout->nscan; i++) {
        const struct ms_scan *scan = &layout->scans[i];
        if (scan->ntime < 1 || scan->field < 0 || scan->field >= layout->nfield)
            return sp_fail(err, SP_INVALID, "scan %d has no integration or no field", i + 1);
    }
    return SP_OK;
}

/* --- the rows ----------------------------------------------------------------------------- */

struct rows {
    MeasurementSet &ms;
    const struct ms_layout &layout;
    ms_progress_fn progress;
    void *arg;
    struct sp_err *err;
    MSMainColumns columns;
    int64_t done, total;
    Matrix<Float> weight, sigma;
    Cube<Bool> flag;
    Cube<Complex> data;
    Cube<Float> weight_spectrum;
};

static int64_t rows_a_block(const struct ms_layout &layout)
{
    int64_t row_bytes = (int64_t)8 * layout.nchan * layout.ncorr;
    return std::clamp<int64_t>(block_bytes / row_bytes, 1, ms_layout_rows(&layout));
}

static void check_stop(const struct rows &rows)
{
    if (!rows.layout.stop || !*rows.layout.stop)
        return;
    (void)sp_fail(rows.err, SP_IO, "interrupted");
    rows.err->sys_errno = EINTR;
    throw msio::failure{ SP_IO };
}

template <class T>
static void put_front(ArrayColumn<T> &column, const Slicer &where, Cube<T> &values, int64_t count)
{
    IPosition shape = values.shape();
    shape[2] = count;
    column.putColumnRange(where, Array<T>(shape, values.data(), SHARE));
}

/* Zero visibilities, no flags, and weights, for `count` rows, by the block. */
static void write_bulk(struct rows &rows, int64_t first, int64_t count)
{
    int64_t step = rows.data.shape()[2];

    for (int64_t at = 0; at < count; at += step) {
        int64_t n = std::min(step, count - at);
        Slicer where(IPosition(1, first + at), IPosition(1, n));
        check_stop(rows);
        put_front(rows.columns.data(), where, rows.data, n);
        put_front(rows.columns.flag(), where, rows.flag, n);
        if (rows.layout.weight_spectrum)
            put_front(rows.columns.weightSpectrum(), where, rows.weight_spectrum, n);
        rows.done += n;
        if (rows.progress)
            rows.progress(rows.done, rows.total, rows.arg);
    }
}

/* Antenna numbers and UVW of all baselines at `ntime` times from `uvw`[time][antenna][3]. */
static void write_baselines(struct rows &rows, int64_t first, int ntime, const double *uvw)
{
    int nantenna = rows.layout.nantenna;
    int64_t count = ntime * baselines_of(&rows.layout);
    Vector<Int> antenna1(count);
    Vector<Int> antenna2(count);
    Matrix<Double> differences(3, count);
    double *out = differences.data();
    int64_t row = 0;

    for (int t = 0; t < ntime; t++, uvw += 3L * nantenna)
        for (int i = 0; i < nantenna; i++)
            for (int j = i + (rows.layout.autocorr ? 0 : 1); j < nantenna; j++, row++) {
                antenna1[row] = i;
                antenna2[row] = j;
                for (int k = 0; k < 3; k++)
                    *out++ = uvw[3 * j + k] - uvw[3 * i + k];
            }
    Slicer where(IPosition(1, first), IPosition(1, count));
    rows.columns.antenna1().putColumnRange(where, antenna1);
    rows.columns.antenna2().putColumnRange(where, antenna2);
    rows.columns.uvw().putColumnRange(where, differences);
    rows.columns.weight().putColumnRange(
        where, Matrix<Float>(rows.layout.ncorr, count, rows.weight(0, 0)));
    rows.columns.sigma().putColumnRange(where,
                                        Matrix<Float>(rows.layout.ncorr, count, rows.sigma(0, 0)));
}

static int64_t write_scan(struct rows &rows, int index, int64_t row)
{
    const struct ms_scan &scan = rows.layout.scans[index];
    const struct ms_field &field = rows.layout.fields[scan.field];
    int nantenna = rows.layout.nantenna;
    int64_t baselines = baselines_of(&rows.layout);
    int step = (int)std::clamp<int64_t>(rows_a_block(rows.layout) / baselines, 1, scan.ntime);
    std::vector<double> times(step);
    std::vector<double> uvw((size_t)step * nantenna * 3);

    /* In the incremental manager a value holds until the next one. */
    rows.columns.fieldId().put(row, scan.field);
    rows.columns.scanNumber().put(row, index + 1);
    for (int from = 0; from < scan.ntime; from += step) {
        int n = std::min(step, scan.ntime - from);
        for (int i = 0; i < n; i++) {
            times[i] = scan.start + (from + i + 0.5) * rows.layout.interval;
            rows.columns.time().put(row + i * baselines, times[i]);
            rows.columns.timeCentroid().put(row + i * baselines, times[i]);
        }
        check_stop(rows);
        msio::need(ms_uvw_j2000(rows.layout.antennas, nantenna, &field, times.data(), n, uvw.data(),
                                rows.err));
        write_baselines(rows, row, n, uvw.data());
        write_bulk(rows, row, n * baselines);
        row += n * baselines;
    }
    return row;
}

static void write_constant_keys(struct rows &rows)
{
    MSMainColumns &columns = rows.columns;

    columns.exposure().put(0, rows.layout.interval);
    columns.interval().put(0, rows.layout.interval);
    columns.arrayId().put(0, 0);
    columns.dataDescId().put(0, 0);
    columns.feed1().put(0, 0);
    columns.feed2().put(0, 0);
    columns.observationId().put(0, 0);
    columns.processorId().put(0, 0);
    columns.stateId().put(0, 0);
    columns.flagRow().put(0, False);
}

static void write_rows(MeasurementSet &ms,
                       const struct ms_layout &layout,
                       ms_progress_fn progress,
                       void *arg,
                       struct sp_err *err)
{
    int64_t block = rows_a_block(layout);
    float sigma = layout.sigma > 0 ? (float)layout.sigma : 1.0F;
    float weight = 1 / (sigma * sigma);
    struct rows rows = { ms,
                         layout,
                         progress,
                         arg,
                         err,
                         MSMainColumns(ms),
                         0,
                         ms_layout_rows(&layout),
                         Matrix<Float>(1, 1, weight),
                         Matrix<Float>(1, 1, sigma),
                         Cube<Bool>(layout.ncorr, layout.nchan, block, False),
                         Cube<Complex>(layout.ncorr, layout.nchan, block, Complex(0)),
                         Cube<Float>() };

    if (layout.weight_spectrum)
        rows.weight_spectrum.reference(Cube<Float>(layout.ncorr, layout.nchan, block, weight));
    write_constant_keys(rows);
    int64_t row = 0;
    for (int i = 0; i < layout.nscan; i++)
        row = write_scan(rows, i, row);
}

/* --- the whole ---------------------------------------------------------------------------- */

/* Makes the tables of an unfinished MS close without writing: flushing to a full disk from a
 * destructor would end the program. */
class abandon
{
  public:
    explicit abandon(MeasurementSet &table) : table(table) {}

    ~abandon()
    {
        if (finished)
            return;
        const TableRecord &keywords = table.keywordSet();
        for (uInt i = 0; i < keywords.nfields(); i++)
            if (keywords.dataType(i) == TpTable)
                keywords.asTable(i).markForDelete();
        table.markForDelete();
    }

    bool finished = false;

  private:
    MeasurementSet &table;
};

static void build(const std::string &path,
                  const struct ms_layout &layout,
                  ms_progress_fn progress,
                  void *arg,
                  struct sp_err *err)
{
    MeasurementSet table = msio::make_table(path.c_str(), layout);
    abandon guard(table);

    table.createDefaultSubtables(Table::New);
    table.initRefs();
    msio::write_subtables(table, layout);
    write_rows(table, layout, progress, arg, err);
    msio::need_room(path.c_str(), err);
    table.flush(); /* with all subtables */
    table.unlock();
    guard.finished = true;
}

/* A directory of our own beside the target; it goes away with everything in it. */
struct scratch {
    std::string dir;

    ~scratch()
    {
        std::error_code ignored;
        if (!dir.empty())
            std::filesystem::remove_all(dir, ignored);
    }

    std::string inner() const { return dir + "/ms"; }
};

static enum sp_rc make_scratch(const std::string &target, struct scratch *out, struct sp_err *err)
{
    size_t slash = target.rfind('/');
    std::string parent = slash == std::string::npos ? "." : target.substr(0, slash + 1);
    std::string name = slash == std::string::npos ? target : target.substr(slash + 1);
    /* After kill -9 it stays; its name says what it is, and nobody else looks at it. */
    std::string dir = parent + "/." + name + ".unfinished-XXXXXX";

    if (!mkdtemp(dir.data()))
        return sp_fail_errno(err, "no directory can be made in '%s'", parent.c_str());
    out->dir = dir;
    return SP_OK;
}

static enum sp_rc check_space(const std::string &dir, int64_t need, struct sp_err *err)
{
    struct statvfs fs;

    if (statvfs(dir.c_str(), &fs) < 0)
        return SP_OK; /* the write will tell */
    double free_bytes = (double)fs.f_bavail * (double)fs.f_frsize;
    if ((double)need <= free_bytes)
        return SP_OK;
    (void)sp_fail(err, SP_IO, "it needs about %.1f MB, the disk has %.1f MB left",
                  (double)need / 1e6, free_bytes / 1e6);
    err->sys_errno = ENOSPC;
    return SP_IO;
}

/* Give the finished MS its name. */
static enum sp_rc publish(const std::string &from,
                          const std::string &to,
                          bool overwrite,
                          struct sp_err *err)
{
    /* What was there comes to lie in the scratch directory and goes with it. */
    if (overwrite && renameat2(AT_FDCWD, from.c_str(), AT_FDCWD, to.c_str(), RENAME_EXCHANGE) == 0)
        return SP_OK;
    if (renameat2(AT_FDCWD, from.c_str(), AT_FDCWD, to.c_str(), RENAME_NOREPLACE) == 0)
        return SP_OK;
    /* Some network file systems know neither flag; rename() replaces no directory with content. */
    if ((errno == EINVAL || errno == ENOSYS) && rename(from.c_str(), to.c_str()) == 0)
        return SP_OK;
    return sp_fail_errno(err, "rename to '%s'", to.c_str());
}

/* True for a directory whose table.info says so. */
static bool is_measurement_set(const std::string &path)
{
    std::ifstream file(path + "/table.info");
    std::string line;

    return std::getline(file, line) && line.find("Measurement Set") != std::string::npos;
}

static enum sp_rc check_target(const std::string &path, bool overwrite, struct sp_err *err)
{
    struct stat info;

    if (path.empty())
        return sp_fail(err, SP_INVALID, "it needs a name");
    /* casacore would take these for a home directory and an environment variable. */
    if (path[0] == '~' || path.find('$') != std::string::npos)
        return sp_fail(err, SP_INVALID, "'~' in front and '$' cannot be part of its name");
    if (lstat(path.c_str(), &info) < 0)
        return SP_OK;
    if (!overwrite)
        return sp_fail(err, SP_EXISTS, "it exists already");
    if (!is_measurement_set(path))
        return sp_fail(err, SP_EXISTS,
                       "what is there is not a Measurement Set; it stays untouched");
    return SP_OK;
}

static enum sp_rc create(const std::string &path,
                         const struct ms_layout *layout,
                         ms_progress_fn progress,
                         void *arg,
                         struct sp_err *err)
{
    struct scratch scratch;

    if (check_target(path, layout->overwrite, err) || check_layout(layout, err) ||
        make_scratch(path, &scratch, err) || check_space(scratch.dir, ms_layout_bytes(layout), err))
        return err->code;
    enum sp_rc rc =
        msio::guarded(err, [&] { build(scratch.inner(), *layout, progress, arg, err); });
    return rc ? rc : publish(scratch.inner(), path, layout->overwrite, err);
}

enum sp_rc ms_create(const char *path,
                     const struct ms_layout *layout,
                     ms_progress_fn progress,
                     void *arg,
                     struct sp_err *err)
{
    std::string target = path;

    while (target.size() > 1 && target.back() == '/')
        target.pop_back();
    if (create(target, layout, progress, arg, err))
        return sp_err_wrap(err, "cannot make MS '%s'", target.c_str());
    return SP_OK;
}
