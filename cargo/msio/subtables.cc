/* SPDX-License-Identifier: BSD-3-Clause */
/* subtables.cc - what an MS says about its antennas, fields, channels and so on. One function a
 * table; all are written, because CASA wants also those that the imagers do without. */
#include "msio/create.hh"

#include <casacore/casa/Arrays/Matrix.h>
#include <casacore/casa/Arrays/Vector.h>
#include <casacore/measures/Measures/MDirection.h>
#include <casacore/measures/Measures/MFrequency.h>
#include <casacore/ms/MeasurementSets/MSColumns.h>
#include <cmath>

using namespace casacore;

/* casacore's Stokes codes: RR RL LR LL = 5 .. 8, XX XY YX YY = 9 .. 12. */
static const int first_linear = 9;

static double start_of(const struct ms_layout &layout)
{
    return layout.scans[0].start;
}

static double end_of(const struct ms_scan &scan, const struct ms_layout &layout)
{
    return scan.start + scan.ntime * layout.interval;
}

static void write_antennas(MSAntenna &table, const struct ms_layout &layout)
{
    table.addRow(layout.nantenna);
    MSAntennaColumns columns(table);

    for (int i = 0; i < layout.nantenna; i++) {
        const struct ms_antenna &antenna = layout.antennas[i];
        Vector<Double> position(3);
        for (int k = 0; k < 3; k++)
            position[k] = antenna.position[k];
        columns.name().put(i, antenna.name);
        columns.station().put(i, antenna.name);
        columns.type().put(i, "GROUND-BASED");
        columns.mount().put(i, antenna.mount);
        columns.dishDiameter().put(i, antenna.diameter);
        columns.position().put(i, position);
        columns.offset().put(i, Vector<Double>(3, 0.0));
        columns.flagRow().put(i, False);
    }
}

static void write_spectral_window(MSSpectralWindow &table, const struct ms_layout &layout)
{
    Vector<Double> freq(layout.nchan);
    Vector<Double> width(layout.nchan);
    Vector<Double> bandwidth(layout.nchan);
    double total = 0;

    for (int i = 0; i < layout.nchan; i++) {
        freq[i] = layout.freq[i];
        width[i] = layout.width[i];
        bandwidth[i] = std::fabs(layout.width[i]);
        total += bandwidth[i];
    }
    table.addRow(1);
    MSSpWindowColumns columns(table);
    columns.numChan().put(0, layout.nchan);
    columns.name().put(0, "SPW0");
    columns.refFrequency().put(0, freq[layout.nchan / 2]);
    columns.chanFreq().put(0, freq);
    columns.chanWidth().put(0, width);
    columns.effectiveBW().put(0, bandwidth);
    columns.resolution().put(0, bandwidth);
    columns.totalBandwidth().put(0, total);
    columns.measFreqRef().put(0, MFrequency::TOPO);
    columns.netSideband().put(0, 1);
    columns.ifConvChain().put(0, 0);
    columns.freqGroup().put(0, 0);
    columns.freqGroupName().put(0, "");
    columns.flagRow().put(0, False);
}

static void write_polarization(MSPolarization &table, const struct ms_layout &layout)
{
    Vector<Int> types(layout.ncorr);
    Matrix<Int> receptors(2, layout.ncorr);

    for (int i = 0; i < layout.ncorr; i++) {
        int product = (layout.corr_type[i] - 1) % 4; /* XX XY YX YY, RR RL LR LL: 0 1 2 3 */
        types[i] = layout.corr_type[i];
        receptors(0, i) = product / 2;
        receptors(1, i) = product % 2;
    }
    table.addRow(1);
    MSPolarizationColumns columns(table);
    columns.numCorr().put(0, layout.ncorr);
    columns.corrType().put(0, types);
    columns.corrProduct().put(0, receptors);
    columns.flagRow().put(0, False);
}

static void write_data_description(MSDataDescription &table)
{
    table.addRow(1);
    MSDataDescColumns columns(table);
    columns.spectralWindowId().put(0, 0);
    columns.polarizationId().put(0, 0);
    columns.flagRow().put(0, False);
}

static Vector<MDirection> direction_of(const struct ms_field &field)
{
    return Vector<MDirection>(1, MDirection(MVDirection(field.ra, field.dec), MDirection::J2000));
}

static void write_fields(MSField &table, const struct ms_layout &layout)
{
    table.addRow(layout.nfield);
    MSFieldColumns columns(table);

    for (int i = 0; i < layout.nfield; i++) {
        Vector<MDirection> direction = direction_of(layout.fields[i]);
        columns.name().put(i, layout.fields[i].name);
        columns.code().put(i, "");
        columns.time().put(i, start_of(layout));
        columns.numPoly().put(i, 0);
        columns.delayDirMeasCol().put(i, direction);
        columns.phaseDirMeasCol().put(i, direction);
        columns.referenceDirMeasCol().put(i, direction);
        columns.sourceId().put(i, -1);
        columns.flagRow().put(i, False);
    }
}

static void write_observation(MSObservation &table, const struct ms_layout &layout)
{
    Vector<Double> range(2);
    Vector<String> none(0);

    range[0] = start_of(layout);
    range[1] = end_of(layout.scans[layout.nscan - 1], layout);
    table.addRow(1);
    MSObservationColumns columns(table);
    columns.telescopeName().put(0, layout.telescope);
    columns.timeRange().put(0, range);
    columns.observer().put(0, layout.observer ? layout.observer : "");
    columns.project().put(0, "");
    columns.scheduleType().put(0, "");
    columns.schedule().put(0, none);
    columns.log().put(0, none);
    columns.releaseDate().put(0, 0.0);
    columns.flagRow().put(0, False);
}

static void write_feeds(MSFeed &table, const struct ms_layout &layout)
{
    bool linear = layout.corr_type[0] >= first_linear;
    Vector<String> receptors(2);
    Matrix<Complex> response(2, 2, Complex(0));

    receptors[0] = linear ? "X" : "R";
    receptors[1] = linear ? "Y" : "L";
    response(0, 0) = response(1, 1) = Complex(1);
    table.addRow(layout.nantenna);
    MSFeedColumns columns(table);
    for (int i = 0; i < layout.nantenna; i++) {
        columns.antennaId().put(i, i);
        columns.feedId().put(i, 0);
        columns.spectralWindowId().put(i, -1);
        columns.time().put(i, start_of(layout));
        columns.interval().put(i, 1e30); /* valid for ever */
        columns.numReceptors().put(i, 2);
        columns.beamId().put(i, -1);
        columns.beamOffset().put(i, Matrix<Double>(2, 2, 0.0));
        columns.polarizationType().put(i, receptors);
        columns.polResponse().put(i, response);
        columns.position().put(i, Vector<Double>(3, 0.0));
        columns.receptorAngle().put(i, Vector<Double>(2, 0.0));
    }
}

/* Each antenna points at the field's centre during the whole scan. */
static void write_pointing(MSPointing &table, const struct ms_layout &layout)
{
    table.addRow((rownr_t)layout.nantenna * layout.nscan);
    MSPointingColumns columns(table);
    rownr_t row = 0;

    for (int s = 0; s < layout.nscan; s++) {
        const struct ms_scan &scan = layout.scans[s];
        const struct ms_field &field = layout.fields[scan.field];
        Vector<MDirection> direction = direction_of(field);
        for (int i = 0; i < layout.nantenna; i++, row++) {
            columns.antennaId().put(row, i);
            columns.time().put(row, (scan.start + end_of(scan, layout)) / 2);
            columns.interval().put(row, scan.ntime * layout.interval);
            columns.name().put(row, field.name);
            columns.numPoly().put(row, 0);
            columns.timeOrigin().put(row, scan.start);
            columns.directionMeasCol().put(row, direction);
            columns.targetMeasCol().put(row, direction);
            columns.tracking().put(row, True);
        }
    }
}

static void write_processor_and_state(MeasurementSet &ms)
{
    ms.processor().addRow(1);
    MSProcessorColumns processor(ms.processor());
    processor.type().put(0, "CORRELATOR");
    processor.subType().put(0, "");
    processor.typeId().put(0, -1);
    processor.modeId().put(0, -1);
    processor.flagRow().put(0, False);

    ms.state().addRow(1);
    MSStateColumns state(ms.state());
    state.sig().put(0, True);
    state.ref().put(0, False);
    state.cal().put(0, 0.0);
    state.load().put(0, 0.0);
    state.subScan().put(0, 0);
    state.obsMode().put(0, "OBSERVE_TARGET.ON_SOURCE");
    state.flagRow().put(0, False);
}

namespace msio
{

void append_history(MeasurementSet &ms, const struct history_entry &entry)
{
    MSHistory &table = ms.history();
    rownr_t row = table.nrow();

    table.addRow(1);
    MSHistoryColumns columns(table);
    columns.time().put(row, entry.time);
    columns.observationId().put(row, 0);
    columns.message().put(row, entry.message);
    columns.priority().put(row, "NORMAL");
    columns.origin().put(row, entry.program);
    columns.objectId().put(row, -1);
    columns.application().put(row, entry.program);
    columns.cliCommand().put(row, entry.command);
    columns.appParams().put(row, Vector<String>(1, ""));
}

void write_subtables(MeasurementSet &ms, const struct ms_layout &layout)
{
    write_antennas(ms.antenna(), layout);
    write_spectral_window(ms.spectralWindow(), layout);
    write_polarization(ms.polarization(), layout);
    write_data_description(ms.dataDescription());
    write_fields(ms.field(), layout);
    write_observation(ms.observation(), layout);
    write_feeds(ms.feed(), layout);
    write_pointing(ms.pointing(), layout);
    write_processor_and_state(ms);

    struct history_entry made = {};
    made.time = end_of(layout.scans[layout.nscan - 1], layout);
    made.program = layout.program ? layout.program : "msio";
    made.message = "made this Measurement Set";
    made.command = Vector<String>(1, layout.command ? layout.command : "");
    append_history(ms, made);
}

} /* namespace msio */
