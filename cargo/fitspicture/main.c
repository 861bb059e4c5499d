/* SPDX-License-Identifier: BSD-3-Clause */
/* fitspicture - a FITS image as a picture with coordinates, colour bar and beam. */
#include "fitspicture/figure.h"
#include "fitspicture/save.h"
#include "program/program.h"

#include <math.h>
#include <stdio.h>

#define DEFAULT_WIDTH 1100

struct args {
    const char *output, *title, *cmap, *stretch, *size;
    int64_t width;
    double low, high, percentile;
    struct window_wish window;
    struct catalogue_wish marks;
    bool mark_names, beam, bar, grid, quiet, help, version;
};

static const struct sp_option options[] = {
    SP_OPT_TEXT("o",
                "output",
                struct args,
                output,
                "FILE",
                "where the picture goes (default: the name of the image with .png)"),
    SP_OPT_TEXT("t",
                "title",
                struct args,
                title,
                "TEXT",
                "title (default: the name of the file; '' for none)"),
    SP_OPT_INT("w", "width", struct args, width, "PIXELS", "width of the picture (default 1100)"),
    SP_OPT_TEXT("s",
                "size",
                struct args,
                size,
                "WIDTHxHEIGHT",
                "width and height of the picture; the image keeps its shape"),
    SP_OPT_GROUP("Colours"),
    SP_OPT_TEXT("c",
                "cmap",
                struct args,
                cmap,
                "NAME",
                "colour map: dusk (default), cubehelix, heat or grey; with -r behind the name "
                "backwards"),
    SP_OPT_TEXT(NULL,
                "stretch",
                struct args,
                stretch,
                "NAME",
                "asinh (default: linear in the noise, logarithmic above), linear, sqrt or log"),
    SP_OPT_FLOAT(NULL,
                 "vmin",
                 struct args,
                 low,
                 "VALUE",
                 "value of the first colour, in units of the image"),
    SP_OPT_FLOAT(NULL, "vmax", struct args, high, "VALUE", "value of the last colour"),
    SP_OPT_FLOAT("p",
                 "percentile",
                 struct args,
                 percentile,
                 "P",
                 "limits that hold P per cent of the pixels between them"),
    SP_OPT_GROUP("Part of the image"),
    SP_OPT_FLOAT("z", "zoom", struct args, window.zoom, "F", "show 1/F of the width and height"),
    SP_OPT_TEXT(NULL,
                "centre",
                struct args,
                window.centre,
                "J2000,RA,DEC",
                "what stands in the middle"),
    SP_OPT_TEXT(NULL,
                "radius",
                struct args,
                window.radius,
                "ANGLE",
                "half of the side that is shown, \"5arcmin\""),
    SP_OPT_GROUP("What is drawn"),
    SP_OPT_FLAG(NULL, "beam", struct args, beam, "the beam, bottom left (--no-beam: not)"),
    SP_OPT_FLAG(NULL, "bar", struct args, bar, "the colour bar (--no-bar: not)"),
    SP_OPT_FLAG(NULL, "grid", struct args, grid, "lines of coordinates (--no-grid: ticks only)"),
    SP_OPT_TEXT("m",
                "mark",
                struct args,
                marks.path,
                "CATALOGUE",
                "circles around the sources of a sky model"),
    SP_OPT_FLAG(NULL, "mark-names", struct args, mark_names, "names at the circles"),
    SP_OPT_TEXT(
        NULL,
        "mark-format",
        struct args,
        marks.format,
        "NAME",
        "format of the catalogue: plain, tigger, lsm.html, wsclean or bbs (default: guess)"),
    SP_OPT_FLAG(NULL,
                "recenter",
                struct args,
                marks.recenter,
                "move the catalogue's flux-weighted centre to the middle of the image"),
    SP_OPT_TEXT(NULL,
                "recenter-from",
                struct args,
                marks.from,
                "J2000,RA,DEC",
                "move this point of the catalogue instead"),
    SP_OPT_TEXT(NULL,
                "field-center",
                struct args,
                marks.from,
                "J2000,RA,DEC",
                "the same, as the simulator calls it"),
    SP_OPT_TEXT(NULL,
                "recenter-to",
                struct args,
                marks.to,
                "J2000,RA,DEC",
                "move it there instead"),
    SP_OPT_GROUP("General"),
    SP_OPT_FLAG("q", "quiet", struct args, quiet, "do not print the names of the pictures"),
    SP_OPT_FLAG("h", "help", struct args, help, "show this help"),
    SP_OPT_FLAG(NULL, "version", struct args, version, "show the version"),
    SP_OPT_END,
};

static const struct sp_usage usage = {
    .name = "fitspicture",
    .summary = "make pictures of FITS images",
    .synopsis = "[OPTIONS] IMAGE...",
    .description = "Draws each image as a PNG with a title, sky coordinates, a colour bar and the "
                   "restoring beam.",
    .options = options,
    .examples = "fitspicture field-image.fits\n"
                "    writes field-image.png\n"
                "fitspicture -o a.png --centre J2000,06h00m30s,-45d10m --radius 5arcmin a.fits\n"
                "    a part of the image\n"
                "fitspicture --mark nvss.txt --recenter-from J2000,0deg,-30deg a.fits\n"
                "    with the catalogue that was simulated\n",
};

static enum sp_rc parse_size(const struct args *args, struct figure_wish *wish, struct sp_err *err)
{
    struct sp_str rest = sp_str_of(args->size);
    int64_t width = args->width;
    int64_t height = 0;

    if (args->size) {
        struct sp_str first = sp_str_cut(&rest, 'x');
        if (!sp_str_int(first, &width) || !sp_str_int(rest, &height) || height < 1)
            return sp_fail(err, SP_INVALID, "--size '%s' is not like 1200x900", args->size);
    }
    if (width < 1 || width > SP_CANVAS_SIDE_MAX || height > SP_CANVAS_SIDE_MAX)
        return sp_fail(err, SP_INVALID, "sides of the picture may have 1 to %d pixels",
                       SP_CANVAS_SIDE_MAX);
    wish->width = (int)width;
    wish->height = (int)height;
    return SP_OK;
}

static enum sp_rc read_wish(const struct args *args, struct figure_wish *wish, struct sp_err *err)
{
    *wish = (struct figure_wish){
        .title = args->title,
        .stretch = { SP_STRETCH_ASINH, args->low, args->high, args->percentile },
        .window = args->window,
        .flags = (args->beam ? SP_PICTURE_BEAM : 0U) | (args->bar ? SP_PICTURE_BAR : 0U) |
                 (args->grid ? SP_PICTURE_GRID : 0U),
        .marks = args->marks,
        .mark_names = args->mark_names,
    };
    enum sp_rc rc = parse_size(args, wish, err);
    rc = rc ? rc : sp_colormap_get(sp_str_of(args->cmap), &wish->map, err);
    return rc ? rc : sp_stretch_kind_get(sp_str_of(args->stretch), &wish->stretch.kind, err);
}

/* "dir/a.fits" becomes "dir/a.png". */
static void picture_path(struct sp_buf *out, const struct args *args, const char *image)
{
    struct sp_str path = sp_str_of(image);

    if (args->output) {
        sp_buf_adds(out, args->output);
        return;
    }
    sp_buf_add(out, sp_str_ends(path, ".fits") ? sp_str_slice(path, 0, path.len - 5) : path);
    sp_buf_adds(out, ".png");
}

static int draw_one(const struct args *args, const struct figure_wish *wish, const char *image)
{
    struct sp_err err = SP_ERR_INIT;
    sp_auto_canvas struct sp_canvas canvas = { 0 };
    sp_auto_buf struct sp_buf path = SP_BUF(SP_BUF_SMALL);

    picture_path(&path, args, image);
    if (figure_draw(image, wish, &canvas, &err) || save_png(&canvas, path.ptr, wish->title, &err))
        return program_complain(&usage, &err, PROGRAM_FAILED);
    if (!args->quiet)
        (void)printf("%s\n", path.ptr);
    return PROGRAM_DONE;
}

static enum sp_rc check_numbers(const struct args *args, struct sp_err *err)
{
    if (!(args->window.zoom >= 1))
        return sp_fail(err, SP_INVALID, "--zoom %g: must be 1 or more", args->window.zoom);
    if (args->percentile <= 0 || args->percentile > 100)
        return sp_fail(err, SP_INVALID, "--percentile %g: must be above 0, and 100 at most",
                       args->percentile);
    return SP_OK;
}

static int draw_all(const struct args *args, const struct sp_words *images)
{
    struct sp_err err = SP_ERR_INIT;
    struct figure_wish wish;
    int status = PROGRAM_DONE;

    if (images->len == 0)
        return program_refuse(&usage, "which image? See fitspicture --help");
    if (args->output && images->len > 1)
        return program_refuse(&usage, "--output is for one image; %zu were given", images->len);
    if (check_numbers(args, &err) || read_wish(args, &wish, &err))
        return program_complain(&usage, &err, PROGRAM_USAGE);
    for (size_t i = 0; i < images->len; i++) {
        int one = draw_one(args, &wish, images->items[i]);
        status = SP_MAX(status, one);
    }
    return status;
}

int main(int argc, char **argv)
{
    struct args args = {
        .cmap = "dusk",
        .stretch = "asinh",
        .width = DEFAULT_WIDTH,
        .low = (double)NAN,
        .high = (double)NAN,
        .percentile = (double)NAN,
        .window.zoom = 1,
        .beam = true,
        .bar = true,
        .grid = true,
    };
    sp_auto_words struct sp_words images = { 0 };
    struct sp_err err = SP_ERR_INIT;

    if (sp_option_parse(options, argc, argv, &args, &images, &err))
        return program_complain(&usage, &err, PROGRAM_USAGE);
    if (args.help)
        return program_help(&usage);
    if (args.version)
        return program_version(&usage);
    return draw_all(&args, &images);
}
