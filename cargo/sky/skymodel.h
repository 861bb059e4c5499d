/* SPDX-License-Identifier: BSD-3-Clause */
/* skymodel.h - lists of sources, in the formats that the field uses.
 *
 *   plain       columns ra_deg dec_deg I [Q U V [spi freq0 [emaj_asec emin_asec pa_deg [name]]]];
 *               '#' starts a comment
 *   Tigger text "#format: name ra_h ra_m ra_s dec_d dec_m dec_s i spi freq0 ..."
 *   .lsm.html   what Tigger saves
 *   WSClean     "Format = Name, Type, Ra, Dec, I, SpectralIndex, LogarithmicSI, ..."
 *   BBS         the same family, of LOFAR's makesourcedb
 *
 * Spectra: which polynomial a source has depends on the format (ln x for Tigger and plain, log10 x
 * for BBS and WSClean with LogarithmicSI=true, powers of (x - 1) otherwise). All Stokes parameters
 * of a source have the same spectrum. Rotation measures, images and shapelets are refused.
 */
#pragma once

#include "base/arena.h"
#include "base/err.h"

#define SKY_SPECTRUM_MAX 8

enum sky_spectrum_kind {
    SKY_SPECTRUM_FLAT,
    SKY_SPECTRUM_LN,     /* S = S0 x^(c0 + c1 ln x + ...), x = nu/nu0 */
    SKY_SPECTRUM_LOG10,  /* S = S0 10^(c0 L + c1 L^2 + ...), L = log10(nu/nu0) */
    SKY_SPECTRUM_LINEAR, /* S = S0 + sum c_k (nu/nu0 - 1)^(k+1) */
};

struct sky_source {
    struct sp_str name;
    double ra, dec;   /* J2000, radians */
    double stokes[4]; /* I Q U V, Jy at freq0 */
    enum sky_spectrum_kind spectrum;
    int ncoeff;
    double coeff[SKY_SPECTRUM_MAX];
    double freq0;            /* Hz; 0 when flat */
    double major, minor, pa; /* Gaussian FWHM and position angle (N through E), radians;
                                0 0 0: a point */
    bool pa_of_field;        /* pa counts from the north of the field's centre (WSClean
                                and BBS), not from the north at the source */
    int line;                /* in the file, for messages */
};

struct sky_model {
    struct sky_source *sources; /* arena */
    size_t len;
    const char *format; /* "plain", "tigger", "lsm.html", "wsclean", "bbs" */
};

/* Read `path`, guessing the format from name and content (`format` NULL) or taking it as told.
 * Errors name file, line, column and the offending text. */
enum sp_rc sky_model_read(struct sp_arena *arena,
                          const char *path,
                          const char *format,
                          struct sky_model *out,
                          struct sp_err *err) SP_MUST_USE;

/* The same from memory; `path` is for messages and for guessing. */
enum sp_rc sky_model_parse(struct sp_arena *arena,
                           const char *path,
                           struct sp_str text,
                           const char *format,
                           struct sky_model *out,
                           struct sp_err *err) SP_MUST_USE;

/* Factor by which the flux at `freq` differs from that at freq0. */
double sky_source_flux_factor(const struct sky_source *source, double freq);

/* Move all sources as a rigid whole on the sphere so that the point (from_ra, from_dec) comes to
 * (to_ra, to_dec), north staying north there. */
void sky_model_recentre(struct sky_model *model,
                        double from_ra,
                        double from_dec,
                        double to_ra,
                        double to_dec);

/* Flux-weighted centre of the model. */
void sky_model_centre(const struct sky_model *model, double *ra, double *dec);

/* Direction of the local north at a position in the (l, m) plane of a phase centre: angle from m
 * through l, radians. A position angle at the source plus this is one in that plane. */
double sky_north_angle(double ra, double dec, double ra0, double dec0);

/* Direction cosines l, m, and n - 1 of a position relative to a phase centre;
 * n - 1 is below -1 for what lies behind (more than 90 degrees away). */
void sky_lmn(double ra, double dec, double ra0, double dec0, double lmn[3]);
