/* SPDX-License-Identifier: BSD-3-Clause */
/* open.cc - opening a Measurement Set, what it says about itself, closing it. */
#include "msio/handle.hh"

#include <casacore/measures/Measures/MDirection.h>
#include <casacore/ms/MeasurementSets/MSColumns.h>
#include <casacore/tables/Tables/ScalarColumn.h>
#include <cstring>
#include <memory>
#include <sys/stat.h>

using namespace casacore;

static void copy_name(char (&out)[MS_NAME_MAX], const std::string &name)
{
    size_t len = std::min(name.size(), sizeof out - 1);

    memcpy(out, name.data(), len);
    out[len] = '\0';
}

static void read_antennas(struct ms *ms)
{
    MSAntennaColumns columns(ms->table.antenna());

    for (rownr_t i = 0; i < columns.nrow(); i++) {
        struct ms_antenna antenna = {};
        Vector<Double> position = columns.position()(i);
        copy_name(antenna.name, columns.name()(i));
        copy_name(antenna.mount, columns.mount()(i));
        antenna.diameter = columns.dishDiameter()(i);
        for (int k = 0; k < 3; k++)
            antenna.position[k] = position[k];
        ms->antennas.push_back(antenna);
    }
}

/* UVW are in the frame of the phase centre: turning that alone into J2000 would not do. ICRS and
 * J2000 are the same within 0.03 arcsec. */
static void check_frame(const MDirection &direction, const char *field, struct sp_err *err)
{
    uInt frame = direction.getRef().getType();

    if (frame == MDirection::J2000 || frame == MDirection::ICRS)
        return;
    throw msio::failure{ sp_fail(
        err, SP_INVALID, "the phase centre of field '%s' is in %s coordinates; J2000 is needed",
        field, MDirection::showType(frame).c_str()) };
}

static void read_fields(struct ms *ms, struct sp_err *err)
{
    MSFieldColumns columns(ms->table.field());

    for (rownr_t i = 0; i < columns.nrow(); i++) {
        struct ms_field field = {};
        MDirection measure = columns.phaseDirMeas(i);
        MVDirection direction = measure.getValue();
        copy_name(field.name, columns.name()(i));
        check_frame(measure, field.name, err);
        field.ra = direction.getLong();
        field.dec = direction.getLat();
        ms->fields.push_back(field);
    }
}

/* The only DATA_DESC_ID that the rows use. */
static int find_description(struct ms *ms, struct sp_err *err)
{
    ScalarColumn<Int> column(ms->table, "DATA_DESC_ID");

    if (ms->table.dataDescription().nrow() == 1)
        return 0;
    Vector<Int> ids = column.getColumn();
    for (Int id : ids)
        if (id != ids[0]) {
            (void)sp_fail(err, SP_INVALID,
                          "it mixes several spectral windows or polarisation set-ups; split it "
                          "into one MS for each");
            throw msio::failure{ SP_INVALID };
        }
    if (ids.empty()) {
        (void)sp_fail(err, SP_INVALID, "it has no rows");
        throw msio::failure{ SP_INVALID };
    }
    return ids[0];
}

static void read_shape(struct ms *ms, struct sp_err *err)
{
    int id = find_description(ms, err);
    MSDataDescColumns description(ms->table.dataDescription());
    MSSpWindowColumns windows(ms->table.spectralWindow());
    MSPolarizationColumns polarization(ms->table.polarization());
    Int window = description.spectralWindowId()(id);

    ms->freq = windows.chanFreq()(window).tovector();
    ms->width = windows.chanWidth()(window).tovector();
    ms->corr_type = polarization.corrType()(description.polarizationId()(id)).tovector();
}

static void read_info(struct ms *ms, struct sp_err *err)
{
    MSObservationColumns observation(ms->table.observation());

    read_shape(ms, err);
    read_antennas(ms);
    read_fields(ms, err);
    ms->telescope = observation.nrow() > 0 ? observation.telescopeName()(0) : String();

    ms->info.nrow = (int64_t)ms->table.nrow();
    ms->info.nchan = (int)ms->freq.size();
    ms->info.ncorr = (int)ms->corr_type.size();
    ms->info.nantenna = (int)ms->antennas.size();
    ms->info.nfield = (int)ms->fields.size();
    ms->info.freq = ms->freq.data();
    ms->info.width = ms->width.data();
    ms->info.corr_type = ms->corr_type.data();
    ms->info.antennas = ms->antennas.data();
    ms->info.fields = ms->fields.data();
    ms->info.telescope = ms->telescope.c_str();
}

static enum sp_rc check_path(const std::string &path, struct sp_err *err)
{
    struct stat info;

    if (stat(path.c_str(), &info) < 0)
        return sp_fail_errno(err, "it cannot be found");
    if (!S_ISDIR(info.st_mode) || stat((path + "/table.dat").c_str(), &info) < 0)
        return sp_fail(err, SP_INVALID, "it is not a Measurement Set (a directory with table.dat)");
    return SP_OK;
}

enum sp_rc ms_open(const char *path, enum ms_mode mode, struct ms **out, struct sp_err *err)
{
    std::unique_ptr<struct ms> ms;
    enum sp_rc rc = check_path(path, err);

    if (!rc)
        rc = msio::guarded(err, [&] {
            /* Not before: it holds a casacore object, and those need the preparations. */
            ms.reset(new struct ms());
            ms->path = path;
            ms->writable = mode == MS_WRITE;
            Table table(path, TableLock(TableLock::PermanentLocking),
                        mode == MS_WRITE ? Table::Update : Table::Old);
            for (const char *name : { "ANTENNA", "DATA_DESCRIPTION", "FIELD", "SPECTRAL_WINDOW" })
                if (!table.keywordSet().isDefined(name)) {
                    (void)sp_fail(err, SP_INVALID, "it is a table, but not a Measurement Set");
                    throw msio::failure{ SP_INVALID };
                }
            ms->table = MeasurementSet(table);
            read_info(ms.get(), err);
        });
    if (rc)
        return sp_err_wrap(err, "cannot open MS '%s'", path);
    *out = ms.release();
    return SP_OK;
}

enum sp_rc ms_close(struct ms *ms, struct sp_err *err)
{
    if (!ms)
        return SP_OK;
    enum sp_rc rc = msio::guarded(err, [&] {
        if (!ms->writable)
            return;
        msio::need_room(ms->path.c_str(), err);
        ms->table.flush();
    });
    if (rc) {
        /* What could not be written now cannot be written by a destructor either: casacore would
         * end the program there. The tables stay as they are until the process ends. */
        static struct ms *unfinished;
        ms->next = unfinished;
        unfinished = ms;
        return sp_err_wrap(err, "cannot finish writing MS '%s'", ms->path.c_str());
    }
    delete ms;
    return SP_OK;
}

const struct ms_info *ms_info(const struct ms *ms)
{
    return &ms->info;
}

bool ms_has_column(const struct ms *ms, const char *column)
{
    return ms->table.tableDesc().isColumn(column);
}
