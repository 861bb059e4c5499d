/* SPDX-License-Identifier: BSD-3-Clause */
/* Fuzz target; also built without a fuzzer and fed the saved corpus by the normal test suite. */
#include "sky/skymodel.h"

#include <math.h>
#include <stdlib.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static const char *const formats[] = { NULL, "plain", "tigger", "lsm.html", "wsclean", "bbs" };

/* What a reader promises of every source it returns. */
static void check_source(const struct sky_source *s)
{
    const double turn = 2 * 3.14159265358979323846;

    if (!(s->ra >= 0 && s->ra < turn + 1e-12) || !(fabs(s->dec) <= turn / 4 + 1e-8) ||
        s->name.len == 0 || s->line < 1 || s->ncoeff < 0 || s->ncoeff > SKY_SPECTRUM_MAX ||
        !(s->major >= 0) || !(s->minor >= 0) ||
        (s->spectrum != SKY_SPECTRUM_FLAT && !(s->freq0 > 0)))
        abort();
    for (int k = 0; k < 4; k++)
        if (!isfinite(s->stokes[k]))
            abort();
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    for (size_t f = 0; f < SP_COUNT(formats); f++) {
        struct sp_err err = SP_ERR_INIT;
        struct sky_model model = { .len = 777 };
        struct sp_arena *arena = sp_arena_new();
        enum sp_rc rc = sky_model_parse(arena, "fuzz", (struct sp_str){ (const char *)data, size },
                                        formats[f], &model, &err);

        if (rc != err.code || (rc && (err.text[0] == '\0' || model.len != 777)) ||
            (!rc && model.len == 0))
            abort();
        for (size_t i = 0; !rc && i < model.len; i++)
            check_source(&model.sources[i]);
        sp_arena_free(arena);
    }
    return 0;
}
