/* SPDX-License-Identifier: BSD-3-Clause */
#include "fits/fits.h"

#include <fcntl.h>
#include <fitsio.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#define AXES_MAX 9
#define DEGREE   (M_PI / 180)
#define SIDE_MAX (1L << 20)

struct reader {
    fitsfile *file;
    const char *path;
    int naxis;
    long shape[AXES_MAX];
    char ctype[AXES_MAX][FLEN_VALUE];
    struct sp_err *err;
};

/* --- errors ------------------------------------------------------------------------------- */

static enum sp_rc fail_fits(struct reader *r, int status, const char *what)
{
    char text[FLEN_STATUS] = "";

    fits_get_errstatus(status, text);
    fits_clear_errmsg();
    return sp_fail(r->err, SP_CORRUPT, "%s: %s: %s", r->path, what, text);
}

/* cfitsio's own messages for a missing file or a directory help nobody. */
static enum sp_rc check_file(struct reader *r)
{
    char start[9] = "";
    sp_auto_fd int fd = open(r->path, O_RDONLY | O_CLOEXEC);
    ssize_t n = fd < 0 ? -1 : read(fd, start, sizeof start);

    if (n < 0)
        return sp_fail_errno(r->err, "read image %s", r->path);
    if ((size_t)n < sizeof start || memcmp(start, "SIMPLE  =", sizeof start) != 0)
        return sp_fail(r->err, SP_INVALID, "%s is not a FITS file", r->path);
    return SP_OK;
}

/* --- header ------------------------------------------------------------------------------- */

static double key_number(struct reader *r, const char *name, double fallback)
{
    double value = fallback;
    int status = 0;

    if (fits_read_key(r->file, TDOUBLE, name, &value, NULL, &status)) {
        fits_clear_errmsg();
        return fallback;
    }
    return value;
}

static double indexed_number(struct reader *r, const char *stem, int axis, double fallback)
{
    char name[FLEN_KEYWORD];

    (void)snprintf(name, sizeof name, "%s%d", stem, axis + 1);
    return key_number(r, name, fallback);
}

static void key_text(struct reader *r, const char *name, char *out, size_t size)
{
    char value[FLEN_VALUE] = "";
    int status = 0;

    if (fits_read_key(r->file, TSTRING, name, value, NULL, &status))
        fits_clear_errmsg();
    (void)snprintf(out, size, "%s", value);
}

static int find_axis(const struct reader *r, const char *name)
{
    for (int i = 0; i < r->naxis; i++)
        if (strncmp(r->ctype[i], name, strlen(name)) == 0)
            return i;
    return -1;
}

/* CD, or CDELT with PC or CROTA2: pixels to degrees. */
static void read_matrix(struct reader *r, double matrix[4])
{
    double cdelt[2] = { indexed_number(r, "CDELT", 0, 1), indexed_number(r, "CDELT", 1, 1) };
    double rotation = key_number(r, "CROTA2", 0) * DEGREE;
    double pc[4] = { cos(rotation), -sin(rotation) * cdelt[1] / cdelt[0],
                     sin(rotation) * cdelt[0] / cdelt[1], cos(rotation) };
    bool has_cd =
        !isnan(key_number(r, "CD1_1", (double)NAN)) || !isnan(key_number(r, "CD2_2", (double)NAN));

    for (int i = 0; i < 4; i++) {
        char name[FLEN_KEYWORD];
        (void)snprintf(name, sizeof name, "%s%d_%d", has_cd ? "CD" : "PC", i / 2 + 1, i % 2 + 1);
        matrix[i] = has_cd ? key_number(r, name, 0) : cdelt[i / 2] * key_number(r, name, pc[i]);
    }
}

/* Why the coordinates cannot be used, or NULL. */
static enum sp_rc read_sky(struct reader *r, struct wcs *wcs, struct sp_err *err)
{
    struct sp_str ctype = sp_str_of(r->ctype[0]);
    size_t dash = sp_str_rfind(ctype, '-');

    if (find_axis(r, "RA--") != 0 || find_axis(r, "DEC-") != 1 || dash == SIZE_MAX)
        return sp_fail(err, SP_NOT_FOUND, "axes 1 and 2 are not right ascension and declination");
    enum sp_rc rc =
        wcs_projection_get(sp_str_slice(ctype, dash + 1, ctype.len), &wcs->projection, err);
    if (rc)
        return rc;
    if (key_number(r, "PV2_1", 0) != 0 || key_number(r, "PV2_2", 0) != 0)
        return sp_fail(err, SP_NOT_FOUND, "slant projections (PV2_1, PV2_2) are not known");
    if (fabs(key_number(r, "LONPOLE", 180) - 180) > 1e-9)
        return sp_fail(err, SP_NOT_FOUND, "LONPOLE other than 180 is not known");
    wcs->ra0 = indexed_number(r, "CRVAL", 0, 0) * DEGREE;
    wcs->dec0 = indexed_number(r, "CRVAL", 1, 0) * DEGREE;
    wcs->x0 = indexed_number(r, "CRPIX", 0, 1) - 1;
    wcs->y0 = indexed_number(r, "CRPIX", 1, 1) - 1;
    read_matrix(r, wcs->to_plane);
    for (int i = 0; i < 4; i++)
        wcs->to_plane[i] *= DEGREE;
    return wcs_prepare(wcs, err);
}

static void read_frame(struct reader *r, char *out, size_t size)
{
    char system[FLEN_VALUE];
    double equinox = key_number(r, "EQUINOX", key_number(r, "EPOCH", 2000));

    key_text(r, "RADESYS", system, sizeof system);
    bool icrs = strcmp(system, "ICRS") == 0;
    (void)snprintf(out, size, "%s", icrs ? "ICRS" : equinox == 1950 ? "B1950" : "J2000");
}

static void read_spectrum(struct reader *r, struct fits_image *image)
{
    int axis = find_axis(r, "FREQ");

    image->freq = key_number(r, "RESTFRQ", key_number(r, "RESTFREQ", 0));
    if (axis < 0)
        return;
    double width = indexed_number(r, "CDELT", axis, 0);
    image->freq =
        indexed_number(r, "CRVAL", axis, 0) + (1 - indexed_number(r, "CRPIX", axis, 1)) * width;
    image->bandwidth = fabs(width);
}

static void read_stokes(struct reader *r, struct fits_image *image)
{
    static const char *const names[] = { "I", "Q", "U", "V" };
    int axis = find_axis(r, "STOKES");
    double code =
        axis < 0 ? 0
                 : indexed_number(r, "CRVAL", axis, 0) + (1 - indexed_number(r, "CRPIX", axis, 1)) *
                                                             indexed_number(r, "CDELT", axis, 1);

    if (code >= 1 && code <= 4)
        (void)snprintf(image->stokes, sizeof image->stokes, "%s", names[(int)code - 1]);
}

/* Programs disagree on the case of "Jy". */
static void read_unit(struct reader *r, struct fits_image *image)
{
    static const char *const known[] = { "Jy/beam", "Jy/pixel", "Jy" };

    key_text(r, "BUNIT", image->unit, sizeof image->unit);
    for (size_t i = 0; i < SP_COUNT(known); i++)
        if (sp_str_is_nocase(sp_str_of(image->unit), known[i]))
            (void)snprintf(image->unit, sizeof image->unit, "%s", known[i]);
}

static void read_header(struct reader *r, struct fits_image *image)
{
    struct sp_err problem = SP_ERR_INIT;

    for (int i = 0; i < r->naxis; i++) {
        char name[FLEN_KEYWORD];
        (void)snprintf(name, sizeof name, "CTYPE%d", i + 1);
        key_text(r, name, r->ctype[i], sizeof r->ctype[i]);
    }
    image->has_sky = read_sky(r, &image->wcs, &problem) == SP_OK;
    (void)snprintf(image->sky_problem, sizeof image->sky_problem, "%.*s", 119, problem.text);
    read_frame(r, image->frame, sizeof image->frame);
    read_unit(r, image);
    read_spectrum(r, image);
    read_stokes(r, image);
    key_text(r, "OBJECT", image->object, sizeof image->object);
    key_text(r, "WSCWEIGH", image->weighting, sizeof image->weighting);
    image->beam_major = key_number(r, "BMAJ", 0) * DEGREE;
    image->beam_minor = key_number(r, "BMIN", 0) * DEGREE;
    image->beam_pa = key_number(r, "BPA", 0) * DEGREE;
}

/* --- pixels ------------------------------------------------------------------------------- */

/* Go to the first HDU that is an image with two axes of pixels. */
static enum sp_rc find_image(struct reader *r)
{
    int count = 0;
    int status = 0;

    fits_get_num_hdus(r->file, &count, &status);
    for (int hdu = 1; status == 0 && hdu <= count; hdu++) {
        int type = 0;
        fits_movabs_hdu(r->file, hdu, &type, &status);
        if (status || type != IMAGE_HDU)
            continue;
        fits_get_img_dim(r->file, &r->naxis, &status);
        r->naxis = SP_MIN(r->naxis, AXES_MAX);
        fits_get_img_size(r->file, AXES_MAX, r->shape, &status);
        if (status == 0 && r->naxis >= 2 && r->shape[0] > 0 && r->shape[1] > 0)
            return SP_OK;
    }
    if (status)
        return fail_fits(r, status, "reading the header");
    return sp_fail(r->err, SP_INVALID, "%s has no image of two axes", r->path);
}

static enum sp_rc read_pixels(struct reader *r, struct fits_image *image)
{
    long first[AXES_MAX] = { 1, 1, 1, 1, 1, 1, 1, 1, 1 };
    float blank = NAN;
    int any_blank = 0; /* not optional: cfitsio 4.2 sets it unasked when it meets a NaN */
    int status = 0;

    if (r->shape[0] > SIDE_MAX || r->shape[1] > SIDE_MAX)
        return sp_fail(r->err, SP_LIMIT, "%s: sides of more than %ld pixels are not supported",
                       r->path, SIDE_MAX);
    image->columns = r->shape[0];
    image->rows = r->shape[1];
    image->pixels = sp_try_alloc((size_t)image->columns, (size_t)image->rows * sizeof(float));
    if (!image->pixels)
        return sp_fail(r->err, SP_LIMIT, "%s: no memory for %lld x %lld pixels", r->path,
                       (long long)image->columns, (long long)image->rows);
    fits_read_pix(r->file, TFLOAT, first, image->columns * image->rows, &blank, image->pixels,
                  &any_blank, &status);
    return status ? fail_fits(r, status, "reading the pixels") : SP_OK;
}

static enum sp_rc read_open_file(struct reader *r, struct fits_image *out)
{
    struct fits_image image = { 0 };

    enum sp_rc rc = find_image(r);
    if (rc == SP_OK)
        rc = read_pixels(r, &image);
    if (rc) {
        fits_image_fini(&image);
        return rc;
    }
    read_header(r, &image);
    *out = image;
    return SP_OK;
}

enum sp_rc fits_image_read(const char *path, struct fits_image *out, struct sp_err *err)
{
    struct reader r = { .path = path, .err = err };
    int status = 0;

    enum sp_rc rc = check_file(&r);
    if (rc)
        return rc;
    /* "diskfile": the name is a name, without cfitsio's [filters] and URLs. */
    if (fits_open_diskfile(&r.file, path, READONLY, &status))
        return fail_fits(&r, status, "opening");
    rc = read_open_file(&r, out);
    status = 0;
    fits_close_file(r.file, &status);
    return rc;
}

void fits_image_fini(struct fits_image *image)
{
    free(image->pixels);
    *image = (struct fits_image){ 0 };
}
