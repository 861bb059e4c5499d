/* SPDX-License-Identifier: BSD-3-Clause */
#include "fluxcheck/report.h"

#include <fcntl.h>
#include <math.h>
#include <stdio.h>
#include <unistd.h>

#define ARCSEC         (M_PI / 180 / 3600)
#define SIDE_BY_SIDE   3
#define NAME_MAX_WIDTH 24

static const char *const state_names[] = {
    [SOURCE_MEASURED] = "measured",
    [SOURCE_OUTSIDE] = "outside",
    [SOURCE_LOST] = "lost",
};

/* --- table -------------------------------------------------------------------------------- */

static void add_name(struct sp_buf *out, const struct sky_model *model, size_t i)
{
    struct sp_str name = model->sources[i].name;

    if (name.len > 0)
        sp_buf_add(out, name);
    else
        sp_buf_addf(out, "#%zu", i + 1);
}

static int name_width(const struct sky_model *model)
{
    size_t width = strlen("source");

    for (size_t i = 0; i < model->len; i++) {
        sp_auto_buf struct sp_buf name = SP_BUF(SP_BUF_SMALL);
        add_name(&name, model, i);
        width = SP_MAX(width, name.len);
    }
    return (int)SP_MIN(width, (size_t)NAME_MAX_WIDTH);
}

/* Columns of one image; each heading and each cell is as wide as the other: 34. */
static void add_heading(struct sp_buf *out)
{
    sp_buf_addf(out, "  |%9s%7s%7s%8s%6s", "flux", "ratio", "s/n", "offset", "off/");
}

static void add_units(struct sp_buf *out)
{
    sp_buf_addf(out, "  |%9s%7s%7s%8s%6s", "Jy", "", "", "arcsec", "err");
}

static void add_cell(struct sp_buf *out, const struct source_result *s)
{
    if (s->state != SOURCE_MEASURED) {
        sp_buf_addf(out, "  |%9s%7s%7s%8s%6s", state_names[s->state], "-", "-", "-", "-");
        return;
    }
    sp_buf_addf(out, "  |%9.5f%7.3f%7.0f%8.3f%6.1f", s->flux, s->flux / s->catalogue_flux, s->snr,
                s->offset / ARCSEC, s->offset / s->offset_error);
}

static void add_row(struct sp_buf *out, const struct report *r, size_t i, size_t from, size_t to)
{
    sp_auto_buf struct sp_buf name = SP_BUF(SP_BUF_SMALL);
    int width = name_width(r->model);

    add_name(&name, r->model, i);
    sp_buf_truncate(&name, (size_t)width);
    sp_buf_addf(out, "%-*s%10.5f", width, name.ptr, r->images[from].sources[i].catalogue_flux);
    for (size_t k = from; k < to; k++)
        add_cell(out, &r->images[k].sources[i]);
    sp_buf_addc(out, '\n');
}

/* Images [from, to) side by side. */
static void add_block(struct sp_buf *out, const struct report *r, size_t from, size_t to)
{
    int width = name_width(r->model);

    sp_buf_addf(out, "%-*s%10s", width, "", "");
    for (size_t k = from; k < to; k++)
        sp_buf_addf(out, k + 1 < to ? "  |  image %-29zu" : "  |  image %zu", k + 1);
    sp_buf_addf(out, "\n%-*s%10s", width, "source", "catalogue");
    for (size_t k = from; k < to; k++)
        add_heading(out);
    sp_buf_addf(out, "\n%-*s%10s", width, "", "Jy");
    for (size_t k = from; k < to; k++)
        add_units(out);
    sp_buf_addc(out, '\n');
    for (size_t i = 0; i < r->model->len; i++)
        add_row(out, r, i, from, to);
}

/* Means over the measured sources. */
struct summary {
    size_t measured;
    double ratio, scatter, offset; /* mean, rms about it, rms */
};

static struct summary summarise(const struct report *r, const struct image_result *image)
{
    struct summary s = { 0 };
    double sum = 0;
    double squares = 0;
    double offsets = 0;

    for (size_t i = 0; i < r->model->len; i++) {
        const struct source_result *source = &image->sources[i];
        double ratio = source->flux / source->catalogue_flux;
        if (source->state != SOURCE_MEASURED || !isfinite(ratio))
            continue;
        s.measured++;
        sum += ratio;
        squares += ratio * ratio;
        offsets += source->offset * source->offset;
    }
    double n = (double)s.measured;
    s.ratio = sum / n;
    s.scatter = sqrt(fmax(0, squares / n - s.ratio * s.ratio));
    s.offset = sqrt(offsets / n);
    return s;
}

static void add_noise(struct sp_buf *out, const struct image_result *image)
{
    sp_buf_addf(out, "  noise %.1f uJy/beam", image->noise * 1e6);
    if (!isnan(image->residual_noise))
        sp_buf_addf(out, ", of the residual %.1f", image->residual_noise * 1e6);
    if (!isnan(image->expected_noise))
        sp_buf_addf(out, ", expected %.1f, measured/expected %.3f", image->expected_noise * 1e6,
                    image->noise / image->expected_noise);
    sp_buf_addc(out, '\n');
}

static void add_image(struct sp_buf *out, const struct report *r, size_t k)
{
    const struct image_result *image = &r->images[k];
    struct summary s = summarise(r, image);

    sp_buf_addf(out, "image %zu: %s\n", k + 1, image->path);
    if (image->image->freq > 0)
        sp_buf_addf(out, "  %.6g MHz,", image->image->freq / 1e6);
    sp_buf_addf(out, "  beam %.2f x %.2f arcsec, position angle %.1f deg",
                image->image->beam_major / ARCSEC, image->image->beam_minor / ARCSEC,
                image->image->beam_pa * 180 / M_PI);
    if (image->image->weighting[0])
        sp_buf_addf(out, ", weights %s", image->image->weighting);
    sp_buf_addc(out, '\n');
    add_noise(out, image);
    sp_buf_addf(out, "  %zu of %zu sources measured", s.measured, r->model->len);
    if (s.measured > 0)
        sp_buf_addf(out, ": flux/catalogue %.4f, scatter %.4f; offset %.3f arcsec rms", s.ratio,
                    s.scatter, s.offset / ARCSEC);
    sp_buf_addc(out, '\n');
}

void report_table(const struct report *r, struct sp_buf *out)
{
    for (size_t from = 0; from < r->count; from += SIDE_BY_SIDE) {
        add_block(out, r, from, SP_MIN(from + SIDE_BY_SIDE, r->count));
        sp_buf_addc(out, '\n');
    }
    for (size_t k = 0; k < r->count; k++)
        add_image(out, r, k);
}

/* --- JSON --------------------------------------------------------------------------------- */

static void add_json_text(struct sp_buf *out, struct sp_str text)
{
    sp_buf_addc(out, '"');
    for (size_t i = 0; i < text.len; i++) {
        unsigned char c = (unsigned char)text.ptr[i];
        if (c == '"' || c == '\\')
            sp_buf_addf(out, "\\%c", c);
        else if (c < 0x20)
            sp_buf_addf(out, "\\u%04x", c);
        else
            sp_buf_addc(out, (char)c);
    }
    sp_buf_addc(out, '"');
}

/* A member of an object, with the comma before it unless it is the first. */
static void add_json_number(struct sp_buf *out, const char *name, double value)
{
    if (out->len > 0 && out->ptr[out->len - 1] != '{')
        sp_buf_adds(out, ", ");
    if (isfinite(value))
        sp_buf_addf(out, "\"%s\": %.9g", name, value);
    else
        sp_buf_addf(out, "\"%s\": null", name);
}

static void add_json_source(struct sp_buf *out, const struct source_result *s)
{
    bool there = s->state == SOURCE_MEASURED;

    sp_buf_addc(out, '{');
    add_json_number(out, "catalogue_flux", s->catalogue_flux);
    sp_buf_addf(out, ", \"state\": \"%s\"", state_names[s->state]);
    add_json_number(out, "flux", there ? s->flux : (double)NAN);
    add_json_number(out, "flux_error", there ? s->flux_error : (double)NAN);
    add_json_number(out, "ratio", there ? s->flux / s->catalogue_flux : (double)NAN);
    add_json_number(out, "snr", there ? s->snr : (double)NAN);
    add_json_number(out, "offset", there ? s->offset / ARCSEC : (double)NAN);
    add_json_number(out, "offset_error", there ? s->offset_error / ARCSEC : (double)NAN);
    sp_buf_addc(out, '}');
}

static void add_json_image(struct sp_buf *out, const struct report *r, size_t k)
{
    const struct image_result *image = &r->images[k];
    struct summary s = summarise(r, image);

    sp_buf_adds(out, k ? ",\n    {\"path\": " : "\n    {\"path\": ");
    add_json_text(out, sp_str_of(image->path));
    add_json_number(out, "frequency", image->image->freq);
    sp_buf_adds(out, ", \"weighting\": ");
    add_json_text(out, sp_str_of(image->image->weighting));
    sp_buf_adds(out, ", \"beam\": {");
    add_json_number(out, "major", image->image->beam_major / ARCSEC);
    add_json_number(out, "minor", image->image->beam_minor / ARCSEC);
    add_json_number(out, "pa", image->image->beam_pa * 180 / M_PI);
    sp_buf_adds(out, "}");
    add_json_number(out, "noise", image->noise);
    add_json_number(out, "residual_noise", image->residual_noise);
    add_json_number(out, "expected_noise", image->expected_noise);
    add_json_number(out, "noise_ratio", image->noise / image->expected_noise);
    add_json_number(out, "measured", (double)s.measured);
    add_json_number(out, "flux_ratio", s.ratio);
    add_json_number(out, "flux_scatter", s.scatter);
    add_json_number(out, "offset_rms", s.offset / ARCSEC);
    sp_buf_addc(out, '}');
}

void report_json(const struct report *r, struct sp_buf *out)
{
    sp_buf_adds(out, "{\"catalogue\": ");
    add_json_text(out, sp_str_of(r->catalogue));
    sp_buf_adds(out, ",\n  \"images\": [");
    for (size_t k = 0; k < r->count; k++)
        add_json_image(out, r, k);
    sp_buf_adds(out, "],\n  \"sources\": [");
    for (size_t i = 0; i < r->model->len; i++) {
        sp_auto_buf struct sp_buf name = SP_BUF(SP_BUF_SMALL);
        add_name(&name, r->model, i);
        sp_buf_adds(out, i ? ",\n    {\"name\": " : "\n    {\"name\": ");
        add_json_text(out, sp_buf_str(&name));
        add_json_number(out, "ra", r->model->sources[i].ra * 180 / M_PI);
        add_json_number(out, "dec", r->model->sources[i].dec * 180 / M_PI);
        sp_buf_adds(out, ", \"images\": [");
        for (size_t k = 0; k < r->count; k++) {
            sp_buf_adds(out, k ? ",\n      " : "\n      ");
            add_json_source(out, &r->images[k].sources[i]);
        }
        sp_buf_adds(out, "]}");
    }
    sp_buf_adds(out, "]}\n");
}

/* --- file --------------------------------------------------------------------------------- */

static enum sp_rc write_file(const char *path, struct sp_str text, struct sp_err *err)
{
    sp_auto_fd int fd = open(path, O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, 0666);

    if (fd < 0)
        return sp_fail_errno(err, "create %s", path);
    while (text.len > 0) {
        ssize_t n = write(fd, text.ptr, text.len);
        if (n < 0 && errno == EINTR)
            continue;
        if (n < 0)
            return sp_fail_errno(err, "write %s", path);
        text = sp_str_slice(text, (size_t)n, text.len);
    }
    /* Some file systems tell only now that the disk is full. */
    return close(sp_take_fd(&fd)) < 0 ? sp_fail_errno(err, "write %s", path) : SP_OK;
}

enum sp_rc report_save(const struct report *report, const char *path, struct sp_err *err)
{
    sp_auto_buf struct sp_buf text = SP_BUF(SP_BUF_LARGE);
    sp_auto_buf struct sp_buf temporary = SP_BUF(SP_BUF_SMALL);

    report_json(report, &text);
    sp_buf_addf(&temporary, "%s.%ld.part", path, (long)getpid());
    enum sp_rc rc = write_file(temporary.ptr, sp_buf_str(&text), err);
    if (rc == SP_OK && rename(temporary.ptr, path) < 0)
        rc = sp_fail_errno(err, "rename %s to %s", temporary.ptr, path);
    if (rc)
        (void)unlink(temporary.ptr);
    return rc;
}
