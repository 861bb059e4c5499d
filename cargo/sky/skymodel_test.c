/* SPDX-License-Identifier: BSD-3-Clause */
#include "sky/skymodel.h"

#include "base/tap.h"

#include <math.h>
#include <stdio.h>
#include <unistd.h>

#define DEG (M_PI / 180)

static bool near(double a, double b, double tolerance)
{
    return fabs(a - b) <= tolerance;
}

/* One line a case: text, and the first source that must come out of it. */
static const struct good {
    const char *name, *path, *format; /* format: what it must be read as */
    const char *text;
    size_t len;
    const char *source;
    double ra_deg, dec_deg, flux;
    double freq, factor; /* flux at this frequency over that given; 0: not checked */
    double major_asec, pa_deg;
} good[] = {
    { "three columns", "a.txt", "plain", "# comment\n\n10.5 -30.25 0.5 # bright\n", 1, "1", 10.5,
      -30.25, 0.5, 1e9, 1, 0, 0 },
    { "no newline at the end, CRLF", "a.txt", "plain", "1 2 3\r\n4 5 6", 2, "1", 1, 2, 3, 0, 0, 0,
      0 },
    { "eleven columns and a name", "a.txt", "plain", "10 -30 2 0 0 0 -0.7 1e9 20 10 45 3C1", 1,
      "3C1", 10, -30, 2, 2e9, 0.61557220667245814, 20, 45 },
    { "RA below zero", "a.txt", "plain", "-10 -30 2\n", 1, "1", 350, -30, 2, 0, 0, 0, 0 },
    { "Tigger, sexagesimal", "a.txt", "tigger",
      "#format: name ra_h ra_m ra_s dec_d dec_m dec_s i q u v spi freq0 emaj_s emin_s pa_d tags...\n"
      "# a comment\n"
      "A 1 30 0 -0 30 36 2 0.1 0.2 0.3 -1 1e9 3600 60 30 dE x\n",
      1, "A", 22.5, -0.51, 2, 2e9, 0.5, 3600, 30 },
    { "Tigger, degrees, columns unknown to us", "a.txt", "tigger",
      "#format:name - ra_d dec_d i whatever\nB 9 180 45 1.5 foo\n", 1, "B", 180, 45, 1.5, 0, 0, 0,
      0 },
    { "Tigger, curvature in natural logarithms", "a.txt", "tigger",
      "#format: ra_rad dec_rad i spi spi2 freq0\n0 0 1 -0.5 0.3 1e9\n", 1, "1", 0, 0, 1, 3e9,
      0.8292600714, 0, 0 },
    { "WSClean", "a.txt", "wsclean",
      "Format = Name, Type, Ra, Dec, I, SpectralIndex, LogarithmicSI, "
      "ReferenceFrequency='125584411.621094', MajorAxis, MinorAxis, Orientation\n"
      "s0c0,POINT,-00:00:12.3,-29.57.59.96,0.25,[-0.7,0.1],true,1e8,,,\n"
      "s0c1,GAUSSIAN,08:28:05.152,39.35.08.511,0.1,[],false,126e6,83.6,5.5,58.8\n",
      2, "s0c0", 359.94875, -29.9666555556, 0.25, 2e8, 0.6285515604, 0, 0 },
    { "WSClean, default frequency, linear spectrum", "a.txt", "wsclean",
      "Format = Name, Type, Ra, Dec, I, SpectralIndex='[]', LogarithmicSI, "
      "ReferenceFrequency='1e9'\nx,POINT,1:0:0,1.0.0,2,[1.0,0.5],false,\n",
      1, "x", 15, 1, 2, 3e9, 3, 0, 0 },
    { "WSClean Gaussian", "a.txt", "wsclean",
      "Format = Name, Type, Ra, Dec, I, MajorAxis, MinorAxis, Orientation\n"
      "g,GAUSSIAN,1h0m0s,1d0m0s,2,30,20,10\n",
      1, "g", 15, 1, 2, 0, 0, 30, 10 },
    { "BBS with patches", "a.txt", "bbs",
      "# (Name, Type, Patch, Ra, Dec, I, Q, U, V, SpectralIndex='[]', ReferenceFrequency='6e7') = "
      "format\n\n, , P1, 12:00:00, +10.00.00\n"
      "S1, POINT, P1, 12:30:00.0, -10.30.00.0, 3.5, , , , [-1]\n",
      1, "S1", 187.5, -10.5, 3.5, 6e8, 0.1, 0, 0 },
    { "BBS by its patches", "a.txt", "bbs",
      "FORMAT = Name, Type, Patch, Ra, Dec, I\nS1, POINT, P1, 12:30:00.0, -10.30.00.0, 3.5\n", 1,
      "S1", 187.5, -10.5, 3.5, 0, 0, 0, 0 },
    { "lsm.html", "a.lsm.html", "lsm.html",
      "<HTML><BODY mdltype=SkyModel>\n<TABLE mdltype=list mdlattr=\"sources\">\n"
      "<TR mdltype=Source ><TD mdltype=str mdlval=\"'0A'\"><A>name:0A</A> </TD>\n"
      "<TD mdltype=Position ><A mdltype=float mdlval=\"0.5\"><A>ra:0.5</A> </A> "
      "<A mdltype=float mdlval=\"-0.25\"></A></TD>\n"
      "<TD mdltype=Polarization ><A mdltype=float mdlval=\"1.25\"></A> <A mdltype=float "
      "mdlval=\"0.1\"></A><A mdltype=float mdlval=\"0.0\"></A><A mdltype=float mdlval=\"0.0\"></A>"
      "</TD>\n"
      "<TD mdltype=SpectralIndex mdlattr=\"spectrum\" ><A mdltype=float mdlval=\"-1.0\"></A>"
      "<A mdltype=float mdlval=\"1000000000.0\"></A></TD>"
      "<TD mdltype=Gaussian mdlattr=\"shape\" ><A mdltype=float mdlval=\"4.84813681109536e-05\"></A>"
      "<A mdltype=float mdlval=\"0.0\"></A><A mdltype=float mdlval=\"0.7853981633974483\"></A></TD>"
      "<TD mdltype=float mdlattr=\"r\" mdlval=\"0.001\"></TD></TR>\n</TABLE></BODY></HTML>\n",
      1, "0A", 28.6478897565, -14.3239448783, 1.25, 2e9, 0.5, 10, 45 },
    { "lsm.html, a list of spectral terms", "a.lsm.html", "lsm.html",
      "<TR mdltype=Source><TD mdltype=str mdlval=\"'x>y'\"></TD><TD mdltype=Position><A mdltype=int "
      "mdlval=\"0\"></A><A mdltype=int mdlval=\"1\"></A></TD><TD mdltype=Flux><A mdltype=int "
      "mdlval=\"2\"></A></TD><TD mdltype=SpectralIndex mdlattr=spectrum><A mdltype=list><A>spi:</A>"
      "<A mdltype=float mdlval=\"-0.5\"></A><A mdltype=float mdlval=\"0.3\"></A></A><A mdltype=float "
      "mdlval=\"1e9\"></A></TD></TR>",
      1, "x>y", 0, 57.2957795131, 2, 3e9, 0.8292600714, 0, 0 },
};

static void test_good(void)
{
    for (size_t i = 0; i < SP_COUNT(good); i++) {
        const struct good *g = &good[i];
        sp_auto_arena struct sp_arena *arena = sp_arena_new();
        struct sp_err err = SP_ERR_INIT;
        struct sky_model model = { 0 };
        enum sp_rc rc = sky_model_parse(arena, g->path, sp_str_of(g->text), NULL, &model, &err);

        if (rc || model.len == 0) {
            tap_ok(false, "%s: %s", g->name, err.text);
            continue;
        }
        const struct sky_source *s = &model.sources[0];
        bool passed = model.len == g->len && strcmp(model.format, g->format) == 0 &&
                      sp_str_is(s->name, g->source) && near(s->ra / DEG, g->ra_deg, 1e-8) &&
                      near(s->dec / DEG, g->dec_deg, 1e-8) && near(s->stokes[0], g->flux, 1e-12) &&
                      near(s->major / DEG * 3600, g->major_asec, 1e-8) &&
                      near(s->pa / DEG, g->pa_deg, 1e-9);
        if (g->factor != 0)
            passed = passed && near(sky_source_flux_factor(s, g->freq), g->factor, 1e-7);
        if (!tap_ok(passed, "%s", g->name))
            printf("# %s, %zu sources, '" SP_STR_FMT
                   "' %.10g %.10g %g, %g\" %g deg, factor %.10g\n",
                   model.format, model.len, SP_STR_ARG(s->name), s->ra / DEG, s->dec / DEG,
                   s->stokes[0], s->major / DEG * 3600, s->pa / DEG,
                   sky_source_flux_factor(s, g->freq));
    }
}

static const struct bad {
    const char *name, *path, *format, *text;
    const char *why; /* part of the message: place and cause */
} bad[] = {
    { "empty", "e.txt", NULL, "", "e.txt: no sources" },
    { "comments only", "e.txt", NULL, "# nothing\n\n", "no sources" },
    { "binary", "e.txt", "plain", NULL, "not a text file" },
    { "unknown format", "e.txt", "tiger", "1 2 3", "did you mean 'tigger'" },
    { "a word for a number", "e.txt", NULL, "1 2 3\n10 x5 3\n", "e.txt:2:4: 'x5'" },
    { "not a number", "e.txt", NULL, "1 2 nan\n", "e.txt:1:5: 'nan'" },
    { "four columns", "e.txt", NULL, "\n  1 2 3 4\n", "e.txt:2:3: '1 2 3 4': 4 columns" },
    { "beyond the pole", "e.txt", NULL, "10 -91 1\n", "e.txt:1:1: '10 -91 1': declination -91" },
    { "no reference frequency", "e.txt", NULL, "10 -9 1 0 0 0 -0.7 0\n", "reference frequency" },
    { "negative axis", "e.txt", NULL, "10 -9 1 0 0 0 0 0 -1 0 0\n", "negative axis" },
    { "Tigger without flux", "e.txt", NULL, "#format: name ra_d dec_d\nA 1 2\n", "the flux (i)" },
    { "Tigger without position", "e.txt", NULL, "#format: name ra_m dec_d i\nA 1 2 3\n",
      "right ascension" },
    { "Tigger, column twice", "e.txt", NULL, "#format: ra_d dec_d i ra_d\n", "e.txt:1:23: 'ra_d'" },
    { "Tigger, short line", "e.txt", NULL, "#format: name ra_d dec_d i\nA 1 2\n",
      "e.txt:2:1: 'A 1 2': 3 columns, but the format names 4" },
    { "Tigger, rotation measure", "e.txt", NULL, "#format: ra_d dec_d i rm\n1 2 3 4\n",
      "e.txt:2:7: '4': rotation measures" },
    { "WSClean, no Dec", "e.txt", NULL, "Format = Name, Type, Ra, I\n", "has no Dec" },
    { "WSClean, bad angle", "e.txt", NULL,
      "Format = Name, Type, Ra, Dec, I\na,POINT,25:00,1.2.3,1\n",
      "e.txt:2:9: '25:00': not an angle" },
    { "WSClean, minutes beyond 59", "e.txt", NULL,
      "Format = Name, Type, Ra, Dec, I\na,POINT,1:60:0,1.2.3,1\n", "'1:60:0': not an angle" },
    { "WSClean, bare number as angle", "e.txt", NULL,
      "Format = Name, Type, Ra, Dec, I\na,POINT,1.5,1.2.3,1\n", "'1.5': not an angle" },
    { "WSClean, shapelet", "e.txt", NULL,
      "Format = Name, Type, Ra, Dec, I\na,SHAPELET,1:2:3,1.2.3,1\n", "only POINT and GAUSSIAN" },
    { "WSClean, too many items", "e.txt", NULL,
      "Format = Name, Type, Ra, Dec, I\na,POINT,1:2:3,1.2.3,1,2\n",
      "6 items, but the format names 5" },
    { "WSClean, no flux", "e.txt", NULL, "Format = Name, Type, Ra, Dec, I\na,POINT,1:2:3,1.2.3,\n",
      "e.txt:2:" },
    { "WSClean, bad spectrum", "e.txt", NULL,
      "Format = Name, Type, Ra, Dec, I, SpectralIndex\na,POINT,1:2:3,1.2.3,1,[-0.7;1]\n",
      "'-0.7;1': spectral term" },
    { "WSClean, bad truth value", "e.txt", NULL,
      "Format = Name, Type, Ra, Dec, I, LogarithmicSI\na,POINT,1:2:3,1.2.3,1,maybe\n",
      "'maybe': must be true or false" },
    { "BBS, sources before the format", "e.txt", "bbs", "a,POINT,1:2:3,1.2.3,1\n",
      "there must be a line 'Format" },
    { "lsm.html, image", "e.lsm.html", NULL,
      "<TR mdltype=Source>\n<TD mdltype=FITSImage mdlattr=shape></TD></TR>", "e.lsm.html:2:13" },
    { "lsm.html, no position", "e.lsm.html", NULL,
      "<TR mdltype=Source><TD mdltype=Flux><A mdltype=float mdlval=\"1\"></A></TD></TR>",
      "without position" },
    { "lsm.html, cut", "e.lsm.html", NULL, "<TR mdltype=Source><TD mdltype=Flux>",
      "ends within this source" },
    { "lsm.html, not a number", "e.lsm.html", NULL,
      "<TR mdltype=Source>\n<TD mdltype=Position><A mdltype=float mdlval=\"?\"></A></TD></TR>",
      "e.lsm.html:2:47: '?'" },
};

static void test_bad(void)
{
    for (size_t i = 0; i < SP_COUNT(bad); i++) {
        const struct bad *b = &bad[i];
        sp_auto_arena struct sp_arena *arena = sp_arena_new();
        struct sp_err err = SP_ERR_INIT;
        struct sky_model model = { .len = 777 };
        struct sp_str text = b->text ? sp_str_of(b->text) : (struct sp_str){ "1 2\0 3", 6 };
        enum sp_rc rc = sky_model_parse(arena, b->path, text, b->format, &model, &err);

        tap_ok(rc != SP_OK && rc == err.code && model.len == 777 && strstr(err.text, b->why),
               "%s: %s", b->name, err.text);
    }
}

static void test_files(const char *nvss)
{
    sp_auto_arena struct sp_arena *arena = sp_arena_new();
    struct sp_err err = SP_ERR_INIT;
    struct sky_model model = { 0 };

    tap_ok(sky_model_read(arena, "/nonexistent/sky.txt", NULL, &model, &err) == SP_NOT_FOUND,
           "no file: %s", err.text);
    tap_ok(sky_model_read(arena, "/", NULL, &model, &err) == SP_INVALID, "a folder: %s", err.text);
    if (nvss)
        tap_ok(sky_model_read(arena, nvss, NULL, &model, &err) == SP_OK && model.len == 17 &&
                   model.sources[0].line == 3,
               "the NVSS field has 17 sources");
}

static double distance(const struct sky_source *a, const struct sky_source *b)
{
    const double x = cos(a->dec) * cos(a->ra) - cos(b->dec) * cos(b->ra);
    const double y = cos(a->dec) * sin(a->ra) - cos(b->dec) * sin(b->ra);
    const double z = sin(a->dec) - sin(b->dec);

    return 2 * asin(sqrt(x * x + y * y + z * z) / 2);
}

static const struct {
    double ra, dec;
} places[] = { { 90, -45 }, { 0, -30 }, { 359, 89.5 }, { 180, -89.99 }, { 10, 0 } };

/* Moved as a whole: mutual distances, and directions in the (l, m) plane, stay. */
static void test_recentre(void)
{
    for (size_t k = 0; k < SP_COUNT(places); k++) {
        struct sky_source before[5], after[5];
        struct sky_model model = { after, 5, "test" };
        double worst = 0, worst_lmn = 0, worst_pa = 0;

        for (int i = 0; i < 5; i++)
            before[i] = (struct sky_source){ .ra = (359.5 + 0.3 * i) * DEG,
                                             .dec = (-30 + 0.2 * (i % 3)) * DEG,
                                             .stokes = { 1 },
                                             .major = 1,
                                             .pa = 0.1 * i };
        memcpy(after, before, sizeof after);
        sky_model_recentre(&model, 0, -30 * DEG, places[k].ra * DEG, places[k].dec * DEG);
        for (int i = 0; i < 5; i++) {
            double a[3], b[3];
            sky_lmn(before[i].ra, before[i].dec, 0, -30 * DEG, a);
            sky_lmn(after[i].ra, after[i].dec, places[k].ra * DEG, places[k].dec * DEG, b);
            for (int c = 0; c < 3; c++)
                worst_lmn = fmax(worst_lmn, fabs(a[c] - b[c]));
            const double turn =
                before[i].pa + sky_north_angle(before[i].ra, before[i].dec, 0, -30 * DEG) -
                after[i].pa -
                sky_north_angle(after[i].ra, after[i].dec, places[k].ra * DEG, places[k].dec * DEG);
            worst_pa = fmax(worst_pa, fabs(sin(turn)));
            for (int j = 0; j < i; j++)
                worst = fmax(
                    worst, fabs(distance(&before[i], &before[j]) - distance(&after[i], &after[j])));
        }
        tap_ok(worst < 1e-12 && worst_lmn < 1e-12 && worst_pa < 1e-9,
               "recentre at %g, %g: distances to %.0e, l m n to %.0e, position angles to %.0e",
               places[k].ra, places[k].dec, worst, worst_lmn, worst_pa);
    }
}

static void test_geometry(void)
{
    struct sky_source sources[2] = { { .ra = 359 * DEG, .dec = 10 * DEG, .stokes = { 1 } },
                                     { .ra = 1 * DEG, .dec = 10 * DEG, .stokes = { 1 } } };
    const struct sky_model model = { sources, 2, "test" };
    double lmn[3], ra, dec;

    sky_lmn(1e-9, 0, 0, 0, lmn);
    tap_ok(near(lmn[0], 1e-9, 1e-20) && near(lmn[2], -5e-19, 1e-25), "n - 1 keeps its digits");
    sky_lmn(0.1, 0.2, 0.1, 0.2, lmn);
    tap_ok(lmn[0] == 0 && near(lmn[1], 0, 1e-16) && near(lmn[2], 0, 1e-30), "the centre");
    sky_lmn(M_PI, 0, 0, 0, lmn);
    tap_ok(near(lmn[2], -2, 1e-12), "what lies behind has n - 1 below -1");
    sky_model_centre(&model, &ra, &dec);
    tap_ok((near(ra, 0, 1e-9) || near(ra, 2 * M_PI, 1e-9)) && near(dec / DEG, 10.0, 0.01),
           "the centre of a model across RA 0");
    tap_ok(near(sky_north_angle(1 * DEG, 60 * DEG, 0, 60 * DEG), -sin(60 * DEG) * DEG, 1e-5),
           "meridians converge to the pole");
}

int main(int argc, char **argv)
{
    test_good();
    test_bad();
    test_files(argc > 1 ? argv[1] : NULL);
    test_recentre();
    test_geometry();
    return tap_done();
}
