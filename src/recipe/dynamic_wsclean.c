/* SPDX-License-Identifier: BSD-3-Clause */
/* The images that wsclean writes depend on how many channels, intervals and polarisations are
 * asked for (spec stimela2.md 10.5). */
#include "lang/yaml.h"
#include "recipe/dynamic_internal.h"

struct settings {
    bool multi_channel, multi_time, multi_stokes;
    bool cleans;            /* residual and model must be there */
    struct sp_list *stokes; /* texts, as in file names */
};

/* A kind of image: the name of the parameter, and how the file name ends. */
struct image {
    const char *name, *file;
    bool must_exist;
};

/* How many? What is not a whole number yet may be any number. */
static bool exceeds(const struct sp_dynamic_call *call, const char *name, int64_t limit)
{
    const struct sp_value *found = sp_dynamic_value(call, name);

    if (!found)
        return false;
    struct sp_value value = *found;
    if (sp_is_text(value))
        value = sp_yaml_scalar(call->arena, sp_str_trim(value.text), SP_YAML_CONFIG);
    if (value.kind == SP_INT)
        return value.integer > limit;
    return value.kind != SP_FLOAT || value.real > (double)limit;
}

static char upper(char c)
{
    return (char)(c >= 'a' && c <= 'z' ? c - 'a' + 'A' : c);
}

static char lower(char c)
{
    return (char)(c >= 'A' && c <= 'Z' ? c - 'A' + 'a' : c);
}

static struct sp_str map_letters(struct sp_arena *arena, struct sp_str text, char (*change)(char))
{
    char *copy = sp_arena_cstr(arena, text);

    for (size_t i = 0; i < text.len; i++)
        copy[i] = change(copy[i]);
    return (struct sp_str){ copy, text.len };
}

static bool is_stokes(struct sp_str text)
{
    for (size_t i = 0; i < text.len; i++)
        if (!strchr("IQUV", text.ptr[i]))
            return false;
    return true;
}

/* "IQ" is two of them; "XX" and "XX,YY" are one. */
static struct sp_list *list_stokes(const struct sp_dynamic_call *call)
{
    const struct sp_value *pol = sp_dynamic_value(call, "pol");
    struct sp_list *stokes = sp_list_new(call->arena).list;

    if (pol && sp_is_list(*pol)) {
        SP_LIST_EACH(item, pol->list)
        if (sp_is_text(*item))
            sp_list_add(call->arena, stokes, *item);
        return stokes;
    }
    struct sp_str text =
        map_letters(call->arena, pol && sp_is_text(*pol) ? pol->text : SP_STR("I"), upper);
    if (!is_stokes(text)) {
        sp_list_add(call->arena, stokes, sp_text(text));
        return stokes;
    }
    for (size_t i = 0; i < text.len; i++)
        sp_list_add(call->arena, stokes, sp_text(sp_str_slice(text, i, i + 1)));
    return stokes;
}

static struct settings read_settings(const struct sp_dynamic_call *call)
{
    struct settings settings = { .stokes = list_stokes(call) };

    settings.multi_channel = sp_dynamic_value(call, "multi.chan")
                                 ? sp_dynamic_flag(call, "multi.chan")
                                 : exceeds(call, "nchan", 1);
    /* The function reads multi.stokes, the cab declares multi.pol. */
    settings.multi_stokes = sp_dynamic_flag(call, "multi.stokes") ||
                            sp_dynamic_flag(call, "multi.pol") || settings.stokes->len > 1;
    settings.multi_time =
        sp_dynamic_flag(call, "multi.interval") || exceeds(call, "intervals-out", 1);
    settings.cleans = exceeds(call, "niter", 0);
    return settings;
}

/* --- one output ---------------------------------------------------------------------------- */

/* `band`: "per-band", "mfs", or NULL; `stokes`: empty for images of no particular one. */
static void add_output(struct sp_dynamic_call *call,
                       const struct settings *settings,
                       const struct image *image,
                       struct sp_str stokes,
                       const char *band)
{
    struct sp_arena *arena = call->arena;
    bool per_band = band && *band == 'p';
    bool many = per_band || settings->multi_time;
    struct sp_str small = map_letters(arena, stokes, lower);
    struct sp_str name = sp_arena_printf(
        arena, "%s%s" SP_STR_FMT "%s%s%s", image->name, stokes.len ? "." : "", SP_STR_ARG(small),
        settings->multi_time ? ".per-interval" : "", band ? "." : "", band ? band : "");
    struct sp_str file = sp_arena_printf(arena, "{current.prefix}%s%s%s" SP_STR_FMT "-%s.fits",
                                         settings->multi_time ? "-t[0-9][0-9][0-9][0-9]" : "",
                                         per_band ? "-[0-9][0-9][0-9][0-9]"
                                         : band   ? "-MFS"
                                                  : "",
                                         stokes.len ? "-" : "", SP_STR_ARG(stokes), image->file);
    struct sp_str info =
        sp_arena_printf(arena, "%s image%s%s" SP_STR_FMT "%s%s", image->name, many ? "s" : "",
                        stokes.len ? " in " : "", SP_STR_ARG(stokes),
                        per_band ? ", one for each output channel"
                        : band   ? ", all channels together"
                                 : "",
                        settings->multi_time ? ", one for each time interval" : "");
    struct sp_dict *definition = sp_dict_new(arena).dict;

    if (many)
        file = sp_arena_printf(arena, "=GLOB(" SP_STR_FMT ")", SP_STR_ARG(file));
    sp_dict_set(arena, definition, SP_STR("info"), sp_text(info));
    sp_dict_set(arena, definition, SP_STR("dtype"),
                sp_text(many ? SP_STR("List[File]") : SP_STR("File")));
    sp_dict_set(arena, definition, SP_STR("implicit"), sp_text(file));
    sp_dict_set(arena, definition, SP_STR("mkdir"), sp_bool(true));
    sp_dict_set(arena, definition, SP_STR("must_exist"), sp_bool(image->must_exist));
    sp_dict_set(arena, call->outputs, name,
                (struct sp_value){ .kind = SP_DICT, .dict = definition });
}

static void add_bands(struct sp_dynamic_call *call,
                      const struct settings *settings,
                      const struct image *image,
                      struct sp_str stokes)
{
    if (settings->multi_channel) {
        add_output(call, settings, image, stokes, "per-band");
        add_output(call, settings, image, stokes, "mfs");
    } else {
        add_output(call, settings, image, stokes, NULL);
    }
}

static void add_image(struct sp_dynamic_call *call,
                      const struct settings *settings,
                      const struct image *image,
                      bool polarised)
{
    if (!settings->multi_stokes || !polarised) {
        add_bands(call, settings, image, SP_STR(""));
        return;
    }
    SP_LIST_EACH(stokes, settings->stokes)
    add_bands(call, settings, image, stokes->text);
}

enum sp_rc sp_dynamic_wsclean(struct sp_dynamic_call *call, struct sp_err *err)
{
    const struct settings settings = read_settings(call);
    bool psf_only = sp_dynamic_flag(call, "make-psf-only");
    const struct image images[] = {
        { "dirty", "dirty", true },
        { "psf", "psf", true },
        { "restored", "image", true },
        { "residual", "residual", settings.cleans },
        { "model", "model", settings.cleans },
    };

    (void)err;
    if (sp_dynamic_flag(call, "predict"))
        return SP_OK;
    for (size_t i = 0; i < SP_COUNT(images); i++) {
        bool is_psf = i == 1;
        if (is_psf ? !psf_only && !sp_dynamic_flag(call, "make-psf")
                   : psf_only || (i == 0 && sp_dynamic_flag(call, "no-dirty")))
            continue;
        add_image(call, &settings, &images[i], !is_psf);
    }
    return SP_OK;
}
