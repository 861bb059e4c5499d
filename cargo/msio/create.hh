/* SPDX-License-Identifier: BSD-3-Clause */
/* create.hh - the parts of making a Measurement Set. */
#pragma once

#include "msio/border.hh"

#include <casacore/ms/MeasurementSets.h>

namespace msio
{

/* Fill all subtables of a new MS. */
void write_subtables(casacore::MeasurementSet &ms, const struct ms_layout &layout);

/* One row of HISTORY, `time` in seconds of modified Julian day. */
struct history_entry {
    double time;
    const char *program;
    const char *message;
    casacore::Vector<casacore::String> command;
};

void append_history(casacore::MeasurementSet &ms, const struct history_entry &entry);

/* An empty table at `path` with all rows, its columns bound to their storage managers. */
casacore::MeasurementSet make_table(const char *path, const struct ms_layout &layout);

/* Bulk data of `rows` rows by the tile: shape of one tile of elements of `bits` bits. */
casacore::IPosition tile_shape(int ncorr, int nchan, int64_t nrow, int tile_kib, int bits);

} /* namespace msio */
