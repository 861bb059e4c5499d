/* SPDX-License-Identifier: BSD-3-Clause */
/* storage.cc - which column of a new MS lies where.
 *
 *  DATA FLAG WEIGHT_SPECTRUM UVW   TiledColumnStMan, one each: read and written in long pieces
 *  ANTENNA1 ANTENNA2 WEIGHT SIGMA  StandardStMan: differ in each row; WEIGHT and SIGMA have a
 *                                  fixed shape, else they cost a file of 35 MB and a second
 *  all other keys                  IncrementalStMan: stored where they change
 */
#include "msio/create.hh"

#include <algorithm>
#include <casacore/tables/DataMan/IncrementalStMan.h>
#include <casacore/tables/DataMan/StandardStMan.h>
#include <casacore/tables/DataMan/TiledColumnStMan.h>
#include <casacore/tables/Tables/SetupNewTab.h>
#include <casacore/tables/Tables/TableDesc.h>

using namespace casacore;

static const int default_tile_kib = 512;
static const int ssm_bucket_bytes = 65536;
static const int ism_bucket_bytes = 262144;

static void fix_shape(TableDesc &desc, const char *column, const IPosition &shape)
{
    ColumnDesc &cell = desc.rwColumnDesc(column);
    cell.setOptions(ColumnDesc::Direct | ColumnDesc::FixedShape);
    cell.setShape(shape);
}

static TableDesc describe(const struct ms_layout &layout)
{
    TableDesc desc = MS::requiredTableDesc();
    IPosition cell(2, layout.ncorr, layout.nchan);

    MS::addColumnToDesc(desc, MS::DATA, 2);
    fix_shape(desc, "DATA", cell);
    fix_shape(desc, "FLAG", cell);
    if (layout.weight_spectrum) {
        MS::addColumnToDesc(desc, MS::WEIGHT_SPECTRUM, 2);
        fix_shape(desc, "WEIGHT_SPECTRUM", cell);
    }
    fix_shape(desc, "WEIGHT", IPosition(1, layout.ncorr));
    fix_shape(desc, "SIGMA", IPosition(1, layout.ncorr));
    return desc;
}

static void bind_bulk(SetupNewTable &setup, const struct ms_layout &layout)
{
    static const struct {
        const char *column, *manager;
        int bits; /* of an element on disk */
    } bulk[] = {
        { "DATA", "TiledData", 64 },
        { "FLAG", "TiledFlag", 1 },
        { "WEIGHT_SPECTRUM", "TiledWeightSpectrum", 32 },
    };

    int64_t nrow = std::max<int64_t>(1, ms_layout_rows(&layout));
    int kib = layout.tile_kib ? layout.tile_kib : default_tile_kib;

    for (const auto &b : bulk) {
        if (!setup.tableDesc().isColumn(b.column))
            continue;
        TiledColumnStMan manager(b.manager,
                                 msio::tile_shape(layout.ncorr, layout.nchan, nrow, kib, b.bits));
        setup.bindColumn(b.column, manager);
    }
    int64_t uvw_rows = std::min<int64_t>(nrow, (int64_t)kib * 1024 / 24);
    TiledColumnStMan uvw("TiledUVW", IPosition(2, 3, std::max<int64_t>(1, uvw_rows)));
    setup.bindColumn("UVW", uvw);
}

namespace msio
{

IPosition tile_shape(int ncorr, int nchan, int64_t nrow, int tile_kib, int bits)
{
    int64_t elements = (int64_t)tile_kib * 1024 * 8 / bits;
    int64_t channels = std::clamp<int64_t>(elements / ncorr, 1, nchan);
    int64_t rows = elements / (ncorr * channels);

    /* Tiles of bits would hold 64 times the rows of tiles of DATA; 8 times is enough, so that
     * both are written in steps of similar length. */
    if (bits == 1)
        rows /= 8;
    rows = std::clamp<int64_t>(rows, 1, std::max<int64_t>(1, nrow));
    if (bits == 1) /* the bits of a tile fill whole bytes */
        rows = (rows + 7) / 8 * 8;
    return IPosition(3, ncorr, channels, rows);
}

MeasurementSet make_table(const char *path, const struct ms_layout &layout)
{
    TableDesc desc = describe(layout);
    SetupNewTable setup(path, desc, Table::New);
    StandardStMan standard("SSM", ssm_bucket_bytes);
    IncrementalStMan incremental("ISM", ism_bucket_bytes);

    setup.bindAll(incremental, False);
    for (const char *column : { "ANTENNA1", "ANTENNA2", "WEIGHT", "SIGMA" })
        setup.bindColumn(column, standard);
    bind_bulk(setup, layout);
    return MeasurementSet(setup, (rownr_t)ms_layout_rows(&layout));
}

} /* namespace msio */
