/* SPDX-License-Identifier: BSD-3-Clause */
#include "draw/picture.h"

#include "draw/font.h"

#include <math.h>

#define REFERENCE_WIDTH 1100.0 /* sizes below are pixels of a figure of this width */
#define PAD             14
#define TICK_SIZE       12.5
#define LABEL_SIZE      14.5
#define TITLE_SIZE      17
#define TICK_LENGTH     7
#define BAR_WIDTH       22
#define BAR_GAP         16
#define FRAME_MIN       64 /* pixels of the figure */
#define MEETINGS_MAX    128

static const struct sp_colour ink = { 25, 25, 30 };
static const struct sp_colour no_data = { 205, 205, 210 };

struct figure {
    const struct sp_picture *p;
    struct sp_canvas *canvas;
    double scale;         /* of all sizes */
    struct sp_rect frame; /* where the pixels go */
    struct sp_graticule graticule;
    struct sp_ticks pixel_ticks[2]; /* without a sky */
    struct sp_colour overlay;       /* for lines on the image */
    struct sp_ticks bar_ticks;      /* in the unit of the bar */
    double bar_factor;
    struct sp_buf bar_unit;
};

/* Room around the frame. */
struct margins {
    double left, right, top, bottom;
};

static struct sp_text_style text_style(const struct figure *f, double size)
{
    return (struct sp_text_style){ .size = size * f->scale, .colour = ink };
}

/* --- colour bar: unit and ticks ----------------------------------------------------------- */

double sp_picture_unit(struct sp_buf *out, struct sp_str unit, double high)
{
    static const struct {
        double least;
        const char *prefix;
        double factor;
    } prefixes[] = { { 1, "", 1 }, { 1e-3, "m", 1e3 }, { 1e-6, "µ", 1e6 }, { 0, "n", 1e9 } };

    size_t i = 0;

    if (sp_str_starts(unit, "Jy"))
        while (fabs(high) < prefixes[i].least)
            i++;
    sp_buf_addf(out, "%s" SP_STR_FMT, prefixes[i].prefix, SP_STR_ARG(unit));
    return prefixes[i].factor;
}

static double place_on_bar(double value, void *arg)
{
    const struct figure *f = arg;

    return sp_stretch_apply(&f->p->stretch, value / f->bar_factor);
}

static void plan_bar(struct figure *f)
{
    const struct sp_stretch *s = &f->p->stretch;
    double gap = 3.2 * TICK_SIZE * f->scale / (f->frame.y1 - f->frame.y0);
    double low = s->low * f->bar_factor;
    double high = s->high * f->bar_factor;

    if (s->kind == SP_STRETCH_LINEAR)
        sp_ticks_decimal(low, high, SP_MAX(2, (int)(0.5 / gap)), &f->bar_ticks);
    else
        sp_ticks_uneven(low, high, gap, place_on_bar, f, &f->bar_ticks);
}

static void add_bar_label(const struct figure *f, size_t tick, struct sp_buf *out)
{
    sp_axes_decimal(out, f->bar_ticks.at[tick], f->bar_ticks.step);
}

/* --- axes: ticks and labels --------------------------------------------------------------- */

static void add_axis_label(const struct figure *f,
                           enum sp_sky_axis axis,
                           size_t k,
                           struct sp_buf *out)
{
    const struct sp_ticks *ticks = f->p->sky ? &f->graticule.ticks[axis] : &f->pixel_ticks[axis];

    if (!f->p->sky)
        sp_axes_decimal(out, ticks->at[k], ticks->step);
    else if (axis == SP_SKY_RA)
        sp_axes_hours(out, ticks->at[k], ticks->step);
    else
        sp_axes_degrees(out, ticks->at[k], ticks->step);
}

static void plan_axes(struct figure *f)
{
    const struct sp_window *w = &f->p->window;
    const int wanted[] = { [SP_SKY_RA] = 6, [SP_SKY_DEC] = 7 };

    if (f->p->sky) {
        sp_graticule_init(&f->graticule, f->p->sky, *w, wanted);
        return;
    }
    sp_ticks_decimal(w->x0, w->x1, 8, &f->pixel_ticks[SP_SKY_RA]);
    sp_ticks_decimal(w->y0, w->y1, 8, &f->pixel_ticks[SP_SKY_DEC]);
}

/* Where ticks of an axis stand on a side; see sp_graticule_meet. */
static size_t meet(const struct figure *f,
                   enum sp_sky_axis axis,
                   enum sp_side side,
                   struct sp_meeting *out)
{
    const struct sp_window *w = &f->p->window;
    const struct sp_ticks *ticks = &f->pixel_ticks[axis];
    double low = axis == SP_SKY_RA ? w->x0 : w->y0;
    double high = axis == SP_SKY_RA ? w->x1 : w->y1;

    if (f->p->sky)
        return sp_graticule_meet(&f->graticule, axis, side, out, MEETINGS_MAX);
    for (size_t i = 0; i < ticks->len; i++)
        out[i] = (struct sp_meeting){ (ticks->at[i] - low) / (high - low), i };
    return ticks->len;
}

static double widest_label(const struct figure *f,
                           size_t count,
                           void (*add)(const struct figure *f, size_t k, struct sp_buf *out))
{
    sp_auto_buf struct sp_buf text = SP_BUF(SP_BUF_SMALL);
    double widest = 0;

    for (size_t k = 0; k < count; k++) {
        sp_buf_clear(&text);
        add(f, k, &text);
        widest = fmax(widest, sp_text_width(sp_buf_str(&text), TICK_SIZE * f->scale));
    }
    return widest;
}

static void add_dec_label(const struct figure *f, size_t k, struct sp_buf *out)
{
    add_axis_label(f, SP_SKY_DEC, k, out);
}

/* --- layout ------------------------------------------------------------------------------- */

static struct margins plan_margins(const struct figure *f)
{
    const struct sp_picture *p = f->p;
    size_t dec_count = p->sky ? f->graticule.ticks[SP_SKY_DEC].len : f->pixel_ticks[SP_SKY_DEC].len;
    double s = f->scale;
    struct margins m = {
        .left = 2.2 * PAD * s + LABEL_SIZE * s + widest_label(f, dec_count, add_dec_label),
        .right = 1.5 * PAD * s,
        .top = 1.4 * PAD * s,
        .bottom = 3.6 * PAD * s + (TICK_SIZE + LABEL_SIZE) * s,
    };

    if (p->flags & SP_PICTURE_BAR)
        m.right = (BAR_GAP + BAR_WIDTH + 2.6 * PAD + LABEL_SIZE) * s +
                  sp_text_width(SP_STR("−0.05"), TICK_SIZE * s);
    if (p->title || p->note)
        m.top = 2.2 * PAD * s + TITLE_SIZE * s;
    return m;
}

/* Fit the frame between the margins, keeping pixels square; decides the height of the figure. */
static enum sp_rc plan_frame(struct figure *f, int *height, struct sp_err *err)
{
    const struct sp_picture *p = f->p;
    struct margins m = plan_margins(f);
    double aspect = (p->window.y1 - p->window.y0) / (p->window.x1 - p->window.x0);
    double width = p->width - m.left - m.right;
    double room = p->height > 0 ? p->height - m.top - m.bottom : width * aspect;

    if (!(aspect > 0) || !isfinite(aspect))
        return sp_fail(err, SP_INVALID, "the part of the image to be shown is empty");
    width = fmin(width, room / aspect);
    if (width < FRAME_MIN || width * aspect < FRAME_MIN)
        return sp_fail(err, SP_INVALID,
                       "a figure of %d x %d pixels leaves no room for the image; make it larger",
                       p->width,
                       p->height > 0 ? p->height : (int)(width * aspect + m.top + m.bottom));
    double left = m.left + (p->width - m.left - m.right - width) / 2;
    f->frame.x0 = (int)lrint(left);
    f->frame.x1 = (int)lrint(left + width);
    f->frame.y0 = (int)lrint(m.top + (room - width * aspect) / 2);
    f->frame.y1 = f->frame.y0 + (int)fmin(rint(width * aspect), 1e6);
    *height = p->height > 0 ? p->height : (int)fmin(m.top + width * aspect + m.bottom, 1e6);
    return SP_OK;
}

/* Image pixels to the canvas. */
static double canvas_x(const struct figure *f, double x)
{
    const struct sp_window *w = &f->p->window;

    return f->frame.x0 + (x - w->x0) / (w->x1 - w->x0) * (f->frame.x1 - f->frame.x0);
}

static double canvas_y(const struct figure *f, double y)
{
    const struct sp_window *w = &f->p->window;

    return f->frame.y1 - (y - w->y0) / (w->y1 - w->y0) * (f->frame.y1 - f->frame.y0);
}

/* --- pixels ------------------------------------------------------------------------------- */

static float pixel(const struct sp_picture *p, int64_t x, int64_t y)
{
    return x < 0 || y < 0 || x >= p->columns || y >= p->rows ? NAN : p->pixels[y * p->columns + x];
}

/* How much of pixel number i (from i - 0.5 to i + 0.5) lies in an interval. */
static double overlap(int64_t i, double from, double to)
{
    return fmin(to, (double)i + 0.5) - fmax(from, (double)i - 0.5);
}

/* Mean over an area of more than a pixel; blank pixels do not count. */
static double mean_over(const struct sp_picture *p, const struct sp_window *area)
{
    double sum = 0;
    double weight = 0;

    for (int64_t y = llrint(area->y0); y <= llrint(area->y1); y++) {
        for (int64_t x = llrint(area->x0); x <= llrint(area->x1); x++) {
            double value = (double)pixel(p, x, y);
            double share = overlap(x, area->x0, area->x1) * overlap(y, area->y0, area->y1);
            if (!isfinite(value) || !(share > 0))
                continue;
            sum += share * value;
            weight += share;
        }
    }
    return weight > 0 ? sum / weight : (double)NAN;
}

/* Bilinear; the nearest pixel where a neighbour is blank or missing. */
static double between_pixels(const struct sp_picture *p, double x, double y)
{
    int64_t x0 = (int64_t)floor(x);
    int64_t y0 = (int64_t)floor(y);
    double a = x - (double)x0;
    double b = y - (double)y0;
    double value =
        (1 - b) * ((1 - a) * (double)pixel(p, x0, y0) + a * (double)pixel(p, x0 + 1, y0)) +
        b * ((1 - a) * (double)pixel(p, x0, y0 + 1) + a * (double)pixel(p, x0 + 1, y0 + 1));

    return isfinite(value) ? value : (double)pixel(p, llrint(x), llrint(y));
}

static struct sp_colour colour_of(const struct sp_picture *p, double value)
{
    if (!isfinite(value))
        return no_data;
    return sp_colormap_at(p->map, sp_stretch_apply(&p->stretch, value));
}

static void draw_pixels(struct figure *f)
{
    const struct sp_picture *p = f->p;
    double dx = (p->window.x1 - p->window.x0) / (f->frame.x1 - f->frame.x0);
    double dy = (p->window.y1 - p->window.y0) / (f->frame.y1 - f->frame.y0);

    for (int row = f->frame.y0; row < f->frame.y1; row++) {
        double y1 = p->window.y1 - (row - f->frame.y0) * dy;
        for (int column = f->frame.x0; column < f->frame.x1; column++) {
            double x0 = p->window.x0 + (column - f->frame.x0) * dx;
            struct sp_window area = { x0, y1 - dy, x0 + dx, y1 };
            double value =
                dx > 1 ? mean_over(p, &area) : between_pixels(p, x0 + dx / 2, y1 - dy / 2);
            sp_canvas_set(f->canvas, column, row, colour_of(p, value));
        }
    }
}

/* --- frame and coordinates ---------------------------------------------------------------- */

static void stroke_line(struct figure *f,
                        const double from[2],
                        const double to[2],
                        struct sp_pen pen)
{
    sp_auto_path struct sp_path path = { 0 };

    sp_path_move(&path, from[0], from[1]);
    sp_path_line(&path, to[0], to[1]);
    sp_canvas_stroke(f->canvas, &path, pen);
}

static void draw_outline(struct figure *f, struct sp_rect r, struct sp_colour colour)
{
    int w = SP_MAX(1, (int)lrint(1.3 * f->scale));

    sp_canvas_fill(f->canvas, (struct sp_rect){ r.x0 - w, r.y0 - w, r.x1 + w, r.y0 }, colour, 1);
    sp_canvas_fill(f->canvas, (struct sp_rect){ r.x0 - w, r.y1, r.x1 + w, r.y1 + w }, colour, 1);
    sp_canvas_fill(f->canvas, (struct sp_rect){ r.x0 - w, r.y0, r.x0, r.y1 }, colour, 1);
    sp_canvas_fill(f->canvas, (struct sp_rect){ r.x1, r.y0, r.x1 + w, r.y1 }, colour, 1);
}

/* Lines of one coordinate, broken where they leave the image's sky. */
static void draw_grid_lines(struct figure *f, enum sp_sky_axis axis)
{
    enum {
        STEPS = 240
    };
    sp_auto_path struct sp_path path = { 0 };

    for (size_t k = 0; k < f->graticule.ticks[axis].len; k++) {
        bool down = false;
        for (int i = 0; i <= STEPS; i++) {
            double x = 0;
            double y = 0;
            bool on_sky = sp_graticule_point(&f->graticule, axis, k, (double)i / STEPS, &x, &y);
            if (on_sky && down)
                sp_path_line(&path, canvas_x(f, x), canvas_y(f, y));
            else if (on_sky)
                sp_path_move(&path, canvas_x(f, x), canvas_y(f, y));
            down = on_sky;
        }
    }
    sp_canvas_stroke(f->canvas, &path, (struct sp_pen){ f->overlay, f->scale, 0.28 });
}

static void draw_grid(struct figure *f)
{
    f->canvas->clip = f->frame;
    draw_grid_lines(f, SP_SKY_RA);
    draw_grid_lines(f, SP_SKY_DEC);
    sp_canvas_unclip(f->canvas);
}

/* Ticks point inwards. */
static void draw_ticks(struct figure *f, enum sp_sky_axis axis, enum sp_side side)
{
    struct sp_meeting meetings[MEETINGS_MAX];
    size_t count = meet(f, axis, side, meetings);
    double length = TICK_LENGTH * f->scale;
    struct sp_pen pen = { f->overlay, 1.4 * f->scale, 0.95 };

    f->canvas->clip = f->frame;
    for (size_t i = 0; i < count; i++) {
        double x = f->frame.x0 + meetings[i].share * (f->frame.x1 - f->frame.x0);
        double y = f->frame.y1 - meetings[i].share * (f->frame.y1 - f->frame.y0);
        double from[4][2] = { [SP_SIDE_BOTTOM] = { x, f->frame.y1 },
                              [SP_SIDE_TOP] = { x, f->frame.y0 },
                              [SP_SIDE_LEFT] = { f->frame.x0, y },
                              [SP_SIDE_RIGHT] = { f->frame.x1, y } };
        double inward[4][2] = { [SP_SIDE_BOTTOM] = { 0, -length },
                                [SP_SIDE_TOP] = { 0, length },
                                [SP_SIDE_LEFT] = { length, 0 },
                                [SP_SIDE_RIGHT] = { -length, 0 } };
        double to[2] = { from[side][0] + inward[side][0], from[side][1] + inward[side][1] };
        stroke_line(f, from[side], to, pen);
    }
    sp_canvas_unclip(f->canvas);
}

/* Labels that would touch the one before are left out. */
static void draw_bottom_labels(struct figure *f)
{
    struct sp_meeting meetings[MEETINGS_MAX];
    size_t count = meet(f, SP_SKY_RA, SP_SIDE_BOTTOM, meetings);
    struct sp_text_style style = text_style(f, TICK_SIZE);
    sp_auto_buf struct sp_buf text = SP_BUF(SP_BUF_SMALL);
    double free_from = 0;

    style.across = 0.5;
    style.up = 1;
    for (size_t i = 0; i < count; i++) {
        double x = f->frame.x0 + meetings[i].share * (f->frame.x1 - f->frame.x0);
        sp_buf_clear(&text);
        add_axis_label(f, SP_SKY_RA, meetings[i].tick, &text);
        double half = sp_text_width(sp_buf_str(&text), style.size) / 2;
        if (x - half < free_from || x + half > f->canvas->width)
            continue;
        sp_text_draw(f->canvas, &style, x, f->frame.y1 + PAD * f->scale, sp_buf_str(&text));
        free_from = x + half + PAD * f->scale;
    }
}

static void draw_left_labels(struct figure *f)
{
    struct sp_meeting meetings[MEETINGS_MAX];
    size_t count = meet(f, SP_SKY_DEC, SP_SIDE_LEFT, meetings);
    struct sp_text_style style = text_style(f, TICK_SIZE);
    sp_auto_buf struct sp_buf text = SP_BUF(SP_BUF_SMALL);
    double last = (double)INFINITY;

    style.across = 1;
    style.up = 0.5;
    for (size_t i = 0; i < count; i++) {
        double y = f->frame.y1 - meetings[i].share * (f->frame.y1 - f->frame.y0);
        if (fabs(y - last) < 1.6 * style.size)
            continue;
        sp_buf_clear(&text);
        add_axis_label(f, SP_SKY_DEC, meetings[i].tick, &text);
        sp_text_draw(f->canvas, &style, f->frame.x0 - 0.6 * PAD * f->scale, y, sp_buf_str(&text));
        last = y;
    }
}

static void draw_axis_names(struct figure *f)
{
    struct sp_text_style style = text_style(f, LABEL_SIZE);
    double bottom = f->frame.y1 + (PAD + TICK_SIZE + 1.1 * PAD) * f->scale;

    style.across = 0.5;
    style.up = 1;
    sp_text_draw(f->canvas, &style, (f->frame.x0 + f->frame.x1) / 2.0, bottom,
                 sp_str_of(f->p->x_label));
    style.angle = 90;
    sp_text_draw(f->canvas, &style,
                 f->frame.x0 - (0.6 * PAD + 0.7 * PAD + LABEL_SIZE) * f->scale -
                     widest_label(f,
                                  f->p->sky ? f->graticule.ticks[SP_SKY_DEC].len
                                            : f->pixel_ticks[SP_SKY_DEC].len,
                                  add_dec_label),
                 (f->frame.y0 + f->frame.y1) / 2.0, sp_str_of(f->p->y_label));
}

static void draw_axes(struct figure *f)
{
    draw_ticks(f, SP_SKY_RA, SP_SIDE_BOTTOM);
    draw_ticks(f, SP_SKY_RA, SP_SIDE_TOP);
    draw_ticks(f, SP_SKY_DEC, SP_SIDE_LEFT);
    draw_ticks(f, SP_SKY_DEC, SP_SIDE_RIGHT);
    draw_outline(f, f->frame, ink);
    draw_bottom_labels(f);
    draw_left_labels(f);
    draw_axis_names(f);
}

/* --- colour bar --------------------------------------------------------------------------- */

static void draw_bar_labels(struct figure *f, const struct sp_rect *bar)
{
    struct sp_text_style style = text_style(f, TICK_SIZE);
    sp_auto_buf struct sp_buf text = SP_BUF(SP_BUF_SMALL);
    double length = 0.6 * TICK_LENGTH * f->scale;

    style.up = 0.5;
    for (size_t i = 0; i < f->bar_ticks.len; i++) {
        double share = place_on_bar(f->bar_ticks.at[i], f);
        double y = bar->y1 - share * (bar->y1 - bar->y0);
        stroke_line(f, (double[2]){ bar->x1, y }, (double[2]){ bar->x1 + length, y },
                    (struct sp_pen){ ink, 1.3 * f->scale, 1 });
        sp_buf_clear(&text);
        add_bar_label(f, i, &text);
        sp_text_draw(f->canvas, &style, bar->x1 + 2.2 * length, y, sp_buf_str(&text));
    }
}

static void draw_bar(struct figure *f)
{
    int x0 = f->frame.x1 + (int)lrint(BAR_GAP * f->scale);
    struct sp_rect bar = { x0, f->frame.y0, x0 + (int)lrint(BAR_WIDTH * f->scale), f->frame.y1 };
    struct sp_text_style style = text_style(f, LABEL_SIZE);

    for (int y = bar.y0; y < bar.y1; y++) {
        double share = (bar.y1 - y - 0.5) / (bar.y1 - bar.y0);
        struct sp_rect row = { bar.x0, y, bar.x1, y + 1 };
        sp_canvas_fill(f->canvas, row, sp_colormap_at(f->p->map, share), 1);
    }
    draw_outline(f, bar, ink);
    draw_bar_labels(f, &bar);
    style.angle = 90;
    style.across = 0.5;
    style.up = 1;
    double x = bar.x1 + 1.3 * TICK_LENGTH * f->scale + PAD * f->scale +
               widest_label(f, f->bar_ticks.len, add_bar_label);
    sp_text_draw(f->canvas, &style, x, (bar.y0 + bar.y1) / 2.0, sp_buf_str(&f->bar_unit));
}

/* --- beam, marks, title ------------------------------------------------------------------- */

/* Drawn to scale; a beam too small to be seen is magnified and says so. */
static void draw_beam(struct figure *f)
{
    double zoom = (f->frame.x1 - f->frame.x0) / (f->p->window.x1 - f->p->window.x0);
    struct sp_ellipse beam = f->p->beam;
    struct sp_text_style style = text_style(f, TICK_SIZE);
    sp_auto_buf struct sp_buf text = SP_BUF(SP_BUF_SMALL);
    double magnify = ceil(7 * f->scale / (beam.major * zoom));

    magnify = fmin(fmax(magnify, 1), 1000);
    beam.major *= zoom * magnify;
    beam.minor *= zoom * magnify;
    sp_buf_adds(&text, f->p->beam_label ? f->p->beam_label : "");
    if (magnify > 1)
        sp_buf_addf(&text, "  (drawn ×%.0f)", magnify);

    double pad = 0.7 * PAD * f->scale;
    double half = fmax(beam.major, style.size * 0.8);
    double left = f->frame.x0 + pad;
    double width = 3 * pad + 2 * half + sp_text_width(sp_buf_str(&text), style.size);
    double top = f->frame.y1 - pad - 2 * (half + pad * 0.7);
    struct sp_rect box = { (int)lrint(left), (int)lrint(top), (int)lrint(left + width),
                           (int)lrint(f->frame.y1 - pad) };
    sp_canvas_fill(f->canvas, box, SP_COLOUR_WHITE, 0.88);
    beam.x = left + pad + half;
    beam.y = (box.y0 + box.y1) / 2.0;
    sp_canvas_fill_ellipse(f->canvas, &beam, ink, 0.35);
    sp_auto_path struct sp_path outline = { 0 };
    sp_path_ellipse(&outline, &beam);
    sp_canvas_stroke(f->canvas, &outline, (struct sp_pen){ ink, 1.4 * f->scale, 1 });
    style.up = 0.5;
    sp_text_draw(f->canvas, &style, beam.x + half + pad, beam.y, sp_buf_str(&text));
}

static void draw_marks(struct figure *f, struct sp_colour colour)
{
    sp_auto_path struct sp_path path = { 0 };
    struct sp_text_style style = text_style(f, 0.8 * TICK_SIZE);
    double radius = 10 * f->scale;

    style.colour = colour;
    f->canvas->clip = f->frame;
    for (size_t i = 0; i < f->p->mark_count; i++) {
        const struct sp_mark *mark = &f->p->marks[i];
        double x = canvas_x(f, mark->x);
        double y = canvas_y(f, mark->y);
        struct sp_ellipse ring = { x, y, radius, radius, 0 };
        sp_path_ellipse(&path, &ring);
        if (mark->label)
            sp_text_draw(f->canvas, &style, x + 0.85 * radius, y - 0.85 * radius,
                         sp_str_of(mark->label));
    }
    sp_canvas_stroke(f->canvas, &path, (struct sp_pen){ colour, 1.5 * f->scale, 0.95 });
    sp_canvas_unclip(f->canvas);
}

static void draw_title(struct figure *f)
{
    struct sp_text_style style = text_style(f, TITLE_SIZE);
    double y = f->frame.y0 - 0.9 * PAD * f->scale;
    double room = f->frame.x1 - f->frame.x0;

    style.weight = 0.14;
    if (f->p->title) {
        double width = sp_text_width(sp_str_of(f->p->title), style.size);
        style.size *= fmin(1, room / width);
        sp_text_draw(f->canvas, &style, f->frame.x0, y, sp_str_of(f->p->title));
        room -= width + 2 * PAD * f->scale;
    }
    style = text_style(f, TICK_SIZE);
    style.across = 1;
    if (f->p->note && sp_text_width(sp_str_of(f->p->note), style.size) <= room)
        sp_text_draw(f->canvas, &style, f->frame.x1, y, sp_str_of(f->p->note));
}

/* --- the whole ---------------------------------------------------------------------------- */

static double brightness(struct sp_colour c)
{
    return 0.30 * c.red + 0.59 * c.green + 0.11 * c.blue;
}

static void draw_all(struct figure *f)
{
    bool dark = brightness(sp_colormap_at(f->p->map, 0.15)) < 128;

    f->overlay = dark ? SP_COLOUR_WHITE : ink;
    draw_pixels(f);
    if (f->p->sky && (f->p->flags & SP_PICTURE_GRID))
        draw_grid(f);
    draw_marks(f, dark ? (struct sp_colour){ 90, 225, 215 } : (struct sp_colour){ 0, 105, 135 });
    draw_axes(f);
    if (f->p->flags & SP_PICTURE_BAR)
        draw_bar(f);
    if ((f->p->flags & SP_PICTURE_BEAM) && f->p->beam.major > 0 && f->p->beam.minor > 0)
        draw_beam(f);
    draw_title(f);
}

enum sp_rc sp_picture_draw(const struct sp_picture *picture,
                           struct sp_canvas *out,
                           struct sp_err *err)
{
    struct figure f = { .p = picture, .scale = 1 };
    sp_auto_canvas struct sp_canvas canvas = { 0 };
    sp_auto_buf struct sp_buf unit = SP_BUF(SP_BUF_SMALL);
    int height = 0;

    f.canvas = &canvas;
    f.scale = picture->width / REFERENCE_WIDTH;
    plan_axes(&f);
    enum sp_rc rc = plan_frame(&f, &height, err);
    if (rc)
        return rc;
    rc = sp_canvas_init(&canvas, picture->width, height, SP_COLOUR_WHITE, err);
    if (rc)
        return rc;
    f.bar_factor = sp_picture_unit(&unit, sp_str_of(picture->unit), picture->stretch.high);
    f.bar_unit = unit;
    plan_bar(&f);
    draw_all(&f);
    *out = canvas;
    canvas = (struct sp_canvas){ 0 };
    return SP_OK;
}
