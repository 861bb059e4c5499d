/* SPDX-License-Identifier: BSD-3-Clause */
/* sky_plain.c - columns of numbers: ra_deg dec_deg I [Q U V [spi freq0 [emaj_asec emin_asec pa_deg
 * [name]]]]. A spectral index is a power of nu/freq0. */
#include "sky/sky_reader.h"

enum {
    RA,
    DEC,
    I,
    Q,
    U,
    V,
    SPI,
    FREQ0,
    MAJOR,
    MINOR,
    PA,
    NAME,
    COLUMNS
};

static const char *const column_names[COLUMNS] = {
    [RA] = "right ascension (degrees)",
    [DEC] = "declination (degrees)",
    [I] = "Stokes I (Jy)",
    [Q] = "Stokes Q (Jy)",
    [U] = "Stokes U (Jy)",
    [V] = "Stokes V (Jy)",
    [SPI] = "spectral index",
    [FREQ0] = "reference frequency (Hz)",
    [MAJOR] = "major axis (arcsec)",
    [MINOR] = "minor axis (arcsec)",
    [PA] = "position angle (degrees)",
    [NAME] = "name",
};

static bool guess(const char *path, struct sp_str text)
{
    (void)path;
    (void)text;
    return true; /* what nothing else claims */
}

static enum sp_rc parse_line(struct sky_reader *reader, struct sp_str line, struct sp_err *err)
{
    struct sp_str words[COLUMNS];
    double value[COLUMNS] = { 0 };
    const size_t count = sky_split_blanks(line, words, COLUMNS);

    if (count == 0)
        return SP_OK;
    if (count != 3 && count != 6 && count != 8 && count != 11 && count != 12)
        return sky_fail(reader, sp_str_trim(line), err,
                        "%zu columns; a plain sky model has 3, 6, 8, 11 or 12: ra_deg dec_deg I "
                        "[Q U V [spi freq0 [emaj_asec emin_asec pa_deg [name]]]]",
                        count);
    for (size_t i = 0; i < SP_MIN(count, (size_t)NAME); i++) {
        enum sp_rc rc = sky_number(reader, words[i], column_names[i], &value[i], err);
        if (rc)
            return rc;
    }
    struct sky_source source = {
        .name = count > NAME ? words[NAME] : (struct sp_str){ 0 },
        .ra = value[RA] * SKY_DEGREE,
        .dec = value[DEC] * SKY_DEGREE,
        .stokes = { value[I], value[Q], value[U], value[V] },
        .freq0 = value[FREQ0],
        .major = value[MAJOR] * SKY_DEGREE / 3600,
        .minor = value[MINOR] * SKY_DEGREE / 3600,
        .pa = value[PA] * SKY_DEGREE,
    };
    if (value[SPI] != 0) {
        source.spectrum = SKY_SPECTRUM_LN;
        source.ncoeff = 1;
        source.coeff[0] = value[SPI];
    }
    return sky_add(reader, &source, sp_str_trim(line), err);
}

static enum sp_rc parse(struct sky_reader *reader, struct sp_err *err)
{
    while (sky_next_line(reader)) {
        enum sp_rc rc =
            parse_line(reader, sp_str_slice(reader->line, 0, sp_str_find(reader->line, '#')), err);
        if (rc)
            return rc;
    }
    return SP_OK;
}

const struct sky_format sky_format_plain = { "plain", guess, parse };
