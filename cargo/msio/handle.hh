/* SPDX-License-Identifier: BSD-3-Clause */
/* handle.hh - an open Measurement Set and what is known about it. */
#pragma once

#include "msio/border.hh"

#include <casacore/ms/MeasurementSets.h>
#include <string>
#include <vector>

struct ms {
    casacore::MeasurementSet table;
    std::string path;
    bool writable;
    std::string telescope;
    std::vector<double> freq, width;
    std::vector<int> corr_type;
    std::vector<struct ms_antenna> antennas;
    std::vector<struct ms_field> fields;
    struct ms_info info; /* points into the above */
    struct ms *next;     /* of those that could not be closed */
};
