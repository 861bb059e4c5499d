/* SPDX-License-Identifier: BSD-3-Clause */
/* measures.cc - where antennas and sources are, by casacore Measures. */
#include "msio/border.hh"

#include <casacore/measures/Measures/MBaseline.h>
#include <casacore/measures/Measures/MCBaseline.h>
#include <casacore/measures/Measures/MCDirection.h>
#include <casacore/measures/Measures/MCEpoch.h>
#include <casacore/measures/Measures/MCPosition.h>
#include <casacore/measures/Measures/MDirection.h>
#include <casacore/measures/Measures/MEpoch.h>
#include <casacore/measures/Measures/MPosition.h>
#include <casacore/measures/Measures/MeasConvert.h>
#include <casacore/measures/Measures/MeasFrame.h>
#include <casacore/measures/Measures/Muvw.h>

using namespace casacore;

static MPosition centre_of(const struct ms_antenna *antennas, int nantenna)
{
    double sum[3] = { 0, 0, 0 };

    for (int i = 0; i < nantenna; i++)
        for (int k = 0; k < 3; k++)
            sum[k] += antennas[i].position[k] / nantenna;
    return MPosition(MVPosition(sum[0], sum[1], sum[2]), MPosition::ITRF);
}

static MEpoch epoch_of(double time)
{
    return MEpoch(MVEpoch(time / 86400), MEpoch::UTC);
}

static MDirection direction_of(const struct ms_field *field)
{
    return MDirection(MVDirection(field->ra, field->dec), MDirection::J2000);
}

/* Antenna by antenna, not baseline by baseline: N instead of N(N-1)/2 conversions. The conversion
 * is not exactly linear (aberration turns the vector and its length is put back), and casacore's
 * own mscal.uvwj2000() does it this way too. */
static void uvw_at(const struct ms_antenna *antennas,
                   int nantenna,
                   const MDirection &direction,
                   MBaseline::Convert &to_j2000,
                   MeasFrame &frame,
                   double *out)
{
    const double *origin = antennas[0].position;

    for (int i = 0; i < nantenna; i++) {
        const double *p = antennas[i].position;
        MVBaseline vector(MVPosition(p[0] - origin[0], p[1] - origin[1], p[2] - origin[2]));
        MBaseline baseline(vector, MBaseline::Ref(MBaseline::ITRF, frame));
        MVuvw uvw(to_j2000(baseline).getValue(), direction.getValue());
        for (int k = 0; k < 3; k++)
            out[3 * i + k] = uvw.getVector()[k];
    }
}

enum sp_rc ms_uvw_j2000(const struct ms_antenna *antennas,
                        int nantenna,
                        const struct ms_field *field,
                        const double *times,
                        int ntime,
                        double *out,
                        struct sp_err *err)
{
    return msio::guarded(err, [&] {
        if (nantenna < 1 || ntime < 1)
            return;
        MDirection direction = direction_of(field);
        MeasFrame frame(centre_of(antennas, nantenna), direction, epoch_of(times[0]));
        MBaseline::Convert to_j2000(MBaseline(MVBaseline(), MBaseline::ITRF),
                                    MBaseline::Ref(MBaseline::J2000, frame));
        for (int i = 0; i < ntime; i++) {
            frame.resetEpoch(epoch_of(times[i]));
            uvw_at(antennas, nantenna, direction, to_j2000, frame, out + 3L * nantenna * i);
        }
    });
}

enum sp_rc ms_hadec_el(const struct ms_antenna *antennas,
                       int nantenna,
                       const struct ms_field *field,
                       double time,
                       double *hour_angle,
                       double *elevation,
                       struct sp_err *err)
{
    return msio::guarded(err, [&] {
        MDirection direction = direction_of(field);
        MeasFrame frame(centre_of(antennas, nantenna), direction, epoch_of(time));
        MDirection hadec =
            MDirection::Convert(direction, MDirection::Ref(MDirection::HADEC, frame))();
        MDirection azel =
            MDirection::Convert(direction, MDirection::Ref(MDirection::AZEL, frame))();
        *hour_angle = hadec.getValue().getLong();
        *elevation = azel.getValue().getLat();
    });
}
