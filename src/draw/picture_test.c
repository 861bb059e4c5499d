/* SPDX-License-Identifier: BSD-3-Clause */
#include "draw/picture.h"

#include "base/tap.h"

#include "draw/font.h"
#include "draw/png.h"

#include <fcntl.h>
#include <math.h>
#include <sys/mman.h>
#include <unistd.h>

static bool is_colour(const struct sp_canvas *canvas, int x, int y, int r, int g, int b)
{
    struct sp_colour c = sp_canvas_pixel(canvas, x, y);

    return c.red == r && c.green == g && c.blue == b;
}

static void test_canvas(void)
{
    struct sp_err err = SP_ERR_INIT;
    sp_auto_canvas struct sp_canvas canvas = { 0 };
    sp_auto_path struct sp_path path = { 0 };

    tap_ok(sp_canvas_init(&canvas, 0, 5, SP_COLOUR_WHITE, &err) == SP_INVALID && !canvas.pixels,
           "no canvas without pixels");
    tap_ok(sp_canvas_init(&canvas, 5, SP_CANVAS_SIDE_MAX + 1, SP_COLOUR_WHITE, &err) == SP_INVALID,
           "no canvas that is too high");
    if (!tap_ok(sp_canvas_init(&canvas, 40, 30, SP_COLOUR_WHITE, &err) == SP_OK, "a canvas"))
        return;
    sp_canvas_fill(&canvas, (struct sp_rect){ -5, -5, 2, 100 }, SP_COLOUR_BLACK, 1);
    tap_ok(is_colour(&canvas, 1, 29, 0, 0, 0) && is_colour(&canvas, 2, 0, 255, 255, 255),
           "filling is clipped");
    sp_path_move(&path, 10, 10.5);
    sp_path_line(&path, 30, 10.5);
    sp_path_line(&path, 10, 10.5); /* over itself: must not get darker */
    sp_canvas_stroke(&canvas, &path, (struct sp_pen){ SP_COLOUR_BLACK, 1, 0.5 });
    tap_ok(is_colour(&canvas, 20, 10, 128, 128, 128) && is_colour(&canvas, 20, 12, 255, 255, 255),
           "a translucent line covers once");
    sp_path_clear(&path);
    sp_path_move(&path, -1e300, (double)NAN);
    sp_path_line(&path, 1e300, (double)INFINITY);
    sp_canvas_stroke(&canvas, &path, (struct sp_pen){ SP_COLOUR_BLACK, 1, 1 });
    tap_ok(true, "absurd lines are survived");
    sp_canvas_fill_ellipse(&canvas, &(struct sp_ellipse){ 20, 20, 6, 3, M_PI_2 }, SP_COLOUR_BLACK,
                           1);
    tap_ok(is_colour(&canvas, 20, 15, 0, 0, 0) && is_colour(&canvas, 15, 20, 255, 255, 255),
           "an upright ellipse");
}

static void test_font(void)
{
    const char *all = "°±µ·×αδμσ–′″−ʰᵐˢ⁰¹²³⁻";
    struct sp_str text = sp_str_of(all);
    bool complete = true;

    for (uint32_t c = ' '; c < 127; c++)
        complete &= sp_font_has(c);
    tap_ok(complete, "all of ASCII has letters");
    tap_ok(sp_font_has(0x00B0) && sp_font_has(0x2033) && sp_font_has(0x02B0) &&
               !sp_font_has(0x4E00),
           "signs of the field");
    tap_ok(sp_text_width(text, 20) > 0 && sp_text_width(SP_STR(""), 20) == 0 &&
               sp_text_width(SP_STR("00"), 20) == 2 * sp_text_width(SP_STR("0"), 20),
           "widths add up");
    tap_ok(isfinite(sp_text_width(SP_STR("\xff\xc3\x80\xe2\x80"), 20)), "broken UTF-8 is survived");
}

static const struct {
    const char *unit;
    double high;
    const char *text;
    double factor;
} units[] = {
    { "Jy/beam", 2, "Jy/beam", 1 },
    { "Jy/beam", 0.3, "mJy/beam", 1e3 },
    { "Jy/beam", 9e-4, "µJy/beam", 1e6 },
    { "Jy/beam", 1e-9, "nJy/beam", 1e9 },
    { "Jy/beam", 0, "nJy/beam", 1e9 },
    { "K", 1e-3, "K", 1 },
    { "", 1e-3, "", 1 },
};

static void test_units(void)
{
    for (size_t i = 0; i < SP_COUNT(units); i++) {
        sp_auto_buf struct sp_buf text = SP_BUF(SP_BUF_SMALL);
        double factor = sp_picture_unit(&text, sp_str_of(units[i].unit), units[i].high);
        tap_ok(sp_str_is(sp_buf_str(&text), units[i].text) && factor == units[i].factor,
               "%g %s is in %s", units[i].high, units[i].unit, text.ptr);
    }
}

/* A flat sky around (ra0, dec0), a degree for 100 pixels, and one around the pole. */
static bool flat_to_sky(const void *arg, double x, double y, double *ra, double *dec)
{
    const double *centre = arg;

    *ra = fmod(centre[0] - (x - 50) / 100 + 360, 360);
    *dec = centre[1] + (y - 50) / 100;
    return true;
}

static bool flat_to_pixel(const void *arg, double ra, double dec, double *x, double *y)
{
    const double *centre = arg;
    double d = ra - centre[0];

    *x = 50 - 100 * (d - 360 * rint(d / 360));
    *y = 50 + 100 * (dec - centre[1]);
    return true;
}

static bool polar_to_sky(const void *arg, double x, double y, double *ra, double *dec)
{
    (void)arg;
    *ra = atan2(y - 50, x - 50) * 180 / M_PI;
    *dec = 90 - hypot(x - 50, y - 50) / 100;
    return true;
}

static bool polar_to_pixel(const void *arg, double ra, double dec, double *x, double *y)
{
    (void)arg;
    *x = 50 + 100 * (90 - dec) * cos(ra * M_PI / 180);
    *y = 50 + 100 * (90 - dec) * sin(ra * M_PI / 180);
    return true;
}

static const double at_zero_hours[2] = { 0, -30 };
static const struct sp_sky flat_sky = { flat_to_sky, flat_to_pixel, at_zero_hours };
static const struct sp_sky polar_sky = { polar_to_sky, polar_to_pixel, NULL };
static const struct sp_window whole = { -0.5, -0.5, 100.5, 100.5 };

static void test_graticule(void)
{
    struct sp_graticule g;
    struct sp_meeting meetings[100];
    const int wanted[] = { 5, 5 };

    sp_graticule_init(&g, &flat_sky, whole, wanted);
    size_t count = sp_graticule_meet(&g, SP_SKY_RA, SP_SIDE_BOTTOM, meetings, 100);
    tap_ok(count == g.ticks[SP_SKY_RA].len && count >= 4 && g.low[SP_SKY_RA] < 0 &&
               g.high[SP_SKY_RA] < 1,
           "right ascension runs over 0 h: %zu meetings of %zu ticks", count,
           g.ticks[SP_SKY_RA].len);
    count = sp_graticule_meet(&g, SP_SKY_DEC, SP_SIDE_BOTTOM, meetings, 100);
    tap_ok(count == 0, "level lines do not meet the bottom");
    count = sp_graticule_meet(&g, SP_SKY_DEC, SP_SIDE_LEFT, meetings, 2);
    tap_ok(count == 2, "no more meetings than asked for");
    sp_graticule_init(&g, &polar_sky, whole, wanted);
    tap_ok(g.high[SP_SKY_DEC] == 90 && g.high[SP_SKY_RA] - g.low[SP_SKY_RA] == 360,
           "with a pole inside all right ascensions are there");
}

/* 101 x 101 pixels: zero, one bright pixel in the middle, one blank corner. */
static enum sp_rc draw_sample(struct sp_picture *p, struct sp_canvas *canvas, struct sp_err *err)
{
    static float pixels[101 * 101];
    static struct sp_colormap map;

    pixels[5100] = 1;    /* row 50, column 50 */
    pixels[10100] = NAN; /* row 100, column 0 */
    if (sp_colormap_get(SP_STR("grey"), &map, err))
        return err->code;
    p->pixels = pixels;
    p->columns = p->rows = 101;
    p->map = &map;
    p->stretch = (struct sp_stretch){ SP_STRETCH_LINEAR, 0, 1, 1 };
    p->unit = "Jy/beam";
    p->x_label = "x";
    p->y_label = "y";
    return sp_picture_draw(p, canvas, err);
}

/* The extent of pixels of a colour. */
static struct sp_rect find_colour(const struct sp_canvas *canvas, int r, int g, int b)
{
    struct sp_rect box = { canvas->width, canvas->height, 0, 0 };

    for (int y = 0; y < canvas->height; y++) {
        for (int x = 0; x < canvas->width; x++) {
            if (!is_colour(canvas, x, y, r, g, b))
                continue;
            box.x0 = SP_MIN(box.x0, x);
            box.y0 = SP_MIN(box.y0, y);
            box.x1 = SP_MAX(box.x1, x + 1);
            box.y1 = SP_MAX(box.y1, y + 1);
        }
    }
    return box;
}

static void test_picture(void)
{
    struct sp_err err = SP_ERR_INIT;
    sp_auto_canvas struct sp_canvas canvas = { 0 };
    struct sp_picture p = { .window = whole, .width = 700, .title = "sample" };

    if (!tap_ok(draw_sample(&p, &canvas, &err) == SP_OK, "a picture %s", err.text))
        return;
    struct sp_rect image = find_colour(&canvas, 0, 0, 0);
    int side = image.x1 - image.x0;
    tap_ok(canvas.width == 700 && side > 500 && abs(side - (image.y1 - image.y0)) <= 1,
           "a square image stays square: %d pixels", side);
    tap_ok(sp_canvas_pixel(&canvas, (image.x0 + image.x1) / 2, (image.y0 + image.y1) / 2).red > 190,
           "the bright pixel is in the middle");
    struct sp_colour corner = sp_canvas_pixel(&canvas, image.x0 + 1, image.y0 + 1);
    tap_ok(corner.red == 205 && corner.blue == 210, "a blank pixel, top left, is grey");
    tap_ok(is_colour(&canvas, 0, 0, 255, 255, 255) && is_colour(&canvas, 699, 0, 255, 255, 255),
           "the paper is white");
}

static void test_options(void)
{
    static const struct sp_mark marks[] = { { 50, 50, "a" },
                                            { -1e9, 1e9, NULL },
                                            { (double)NAN, 0, "b" } };
    struct sp_err err = SP_ERR_INIT;

    for (int i = 0; i < 3; i++) {
        sp_auto_canvas struct sp_canvas canvas = { 0 };
        struct sp_picture p = {
            .window = whole,
            .width = 640,
            .height = i == 1 ? 400 : 0,
            .sky = i == 2 ? &polar_sky : &flat_sky,
            .flags = SP_PICTURE_GRID | SP_PICTURE_BAR | SP_PICTURE_BEAM,
            .beam = { .major = i ? 8 : 0.01, .minor = i ? 3 : 0.01, .angle = 1 },
            .beam_label = "beam",
            .marks = marks,
            .mark_count = SP_COUNT(marks),
        };
        enum sp_rc rc = draw_sample(&p, &canvas, &err);
        tap_ok(rc == SP_OK && canvas.width == 640 && (i != 1 || canvas.height == 400),
               "all there is to be drawn, %d: %d x %d", i, canvas.width, canvas.height);
    }
}

static void test_refused(void)
{
    struct sp_err err = SP_ERR_INIT;
    struct sp_canvas canvas = { 0 };
    struct sp_picture tiny = { .window = whole, .width = 60 };
    struct sp_picture narrow = { .window = { 0, 0, 1e5, 1 }, .width = 700 };
    struct sp_picture empty = { .window = { 3, 3, 3, 3 }, .width = 700 };

    tap_ok(draw_sample(&tiny, &canvas, &err) == SP_INVALID && !canvas.pixels, "%s", err.text);
    tap_ok(draw_sample(&narrow, &canvas, &err) == SP_INVALID && !canvas.pixels, "%s", err.text);
    tap_ok(draw_sample(&empty, &canvas, &err) == SP_INVALID && !canvas.pixels, "%s", err.text);
}

static void test_png(void)
{
    static const unsigned char start[] = { 0x89, 'P', 'N', 'G', 13, 10, 26, 10 };
    struct sp_err err = SP_ERR_INIT;
    sp_auto_canvas struct sp_canvas canvas = { 0 };
    unsigned char head[24] = { 0 };
    sp_auto_fd int fd = memfd_create("png", MFD_CLOEXEC);
    sp_auto_fd int full = open("/dev/full", O_WRONLY | O_CLOEXEC);

    if (sp_canvas_init(&canvas, 300, 200, SP_COLOUR_WHITE, &err))
        return;
    tap_ok(sp_png_write(&canvas, fd, "title µ", &err) == SP_OK &&
               pread(fd, head, sizeof head, 0) == sizeof head &&
               memcmp(head, start, sizeof start) == 0 && head[18] == 1 && head[19] == 44 &&
               head[23] == 200,
           "a PNG of the right size");
    tap_ok(full < 0 ||
               (sp_png_write(&canvas, full, NULL, &err) == SP_IO && err.sys_errno == ENOSPC),
           "full disk: %s", err.text);
}

int main(void)
{
    test_canvas();
    test_font();
    test_units();
    test_graticule();
    test_picture();
    test_options();
    test_refused();
    test_png();
    return tap_done();
}
