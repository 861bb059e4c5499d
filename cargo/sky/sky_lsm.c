/* SPDX-License-Identifier: BSD-3-Clause */
/* sky_lsm.c - the .lsm.html files of Tigger.
 *
 * A web page whose elements carry the model: mdltype="Source", "Position", "Polarization" ...
 * hold items, mdlval="..." is a value. An item with mdlattr is named, others count by position:
 * Source (name, pos, flux), Position (ra, dec), Polarization (I, Q, U, V), SpectralIndex (spi,
 * freq0), Gaussian (ex, ey, pa); all in radians, Jy and Hz. spi may be a list: powers of ln x. */
#include "sky/sky_reader.h"

#define DEPTH_MAX 128

/* The elements that matter. */
enum kind {
    OTHER,
    SOURCE,
    POSITION,
    FLUX,
    SPECTRUM,
    SHAPE,
    LIST, /* of spectral terms */
    REFUSED,
};

static const struct {
    const char *type;
    enum kind kind;
} kinds[] = {
    { "Source", SOURCE },
    { "Position", POSITION },
    { "Flux", FLUX },
    { "Polarization", FLUX },
    { "PolarizationWithRM", FLUX },
    { "SpectralIndex", SPECTRUM },
    { "Gaussian", SHAPE },
    { "list", LIST },
    { "tuple", LIST },
    { "FITSImage", REFUSED },
    { "Shapelet", REFUSED },
};

/* Where the items of an element go. */
enum target {
    NOWHERE,
    NAME,
    RA,
    DEC,
    I,
    Q,
    U,
    V,
    RM,
    RM_FREQ0,
    SPI,
    FREQ0,
    MAJOR,
    MINOR,
    PA
};

static const struct {
    enum kind kind;
    int position; /* among the items without a name */
    const char *name;
    enum target target;
} items[] = {
    { SOURCE, 0, "name", NAME },
    { POSITION, 0, "ra", RA },
    { POSITION, 1, "dec", DEC },
    { FLUX, 0, "I", I },
    { FLUX, 1, "Q", Q },
    { FLUX, 2, "U", U },
    { FLUX, 3, "V", V },
    { FLUX, 4, "rm", RM },
    { FLUX, 5, "freq0", RM_FREQ0 },
    { SPECTRUM, 0, "spi", SPI },
    { SPECTRUM, 1, "freq0", FREQ0 },
    { SHAPE, 0, "ex", MAJOR },
    { SHAPE, 1, "ey", MINOR },
    { SHAPE, 2, "pa", PA },
};

struct element {
    struct sp_str tag;
    enum kind kind;
    int unnamed; /* items without a name so far */
};

struct tag {
    struct sp_str text; /* all between < and > */
    struct sp_str name;
    bool closing;
    struct sp_str type, attr, value; /* mdltype, mdlattr, mdlval; ptr NULL when not there */
};

struct state {
    struct sky_reader *reader;
    struct element stack[DEPTH_MAX];
    size_t depth;
    struct sky_source source;
    bool in_source, has_position, has_flux;
    struct sp_str source_at;
    const char *counted; /* up to here lines have been counted */
};

static bool guess(const char *path, struct sp_str text)
{
    return sp_str_ends(sp_str_of(path), ".lsm.html") ||
           sp_str_find_str(text, SP_STR("mdltype=")) != SIZE_MAX;
}

static bool is_space(char c)
{
    return c == ' ' || c == '\t' || c == '\n' || c == '\r';
}

/* The value that begins at `start`, quoted or not; *end is where the text after it begins. */
static struct sp_str cut_value(struct sp_str text, size_t start, size_t *end)
{
    const char quote = (char)(start < text.len ? text.ptr[start] : '\0');
    size_t i = start;

    if (quote != '"' && quote != '\'') {
        while (i < text.len && !is_space(text.ptr[i]))
            i++;
        *end = i;
        return sp_str_slice(text, start, i);
    }
    for (i++; i < text.len && text.ptr[i] != quote;)
        i += text.ptr[i] == '\\' ? 2 : 1;
    *end = SP_MIN(i + 1, text.len);
    return sp_str_slice(text, start + 1, i);
}

/* Cut "name=value", "name='value'" or "name" off the front of an element. */
static bool next_attribute(struct sp_str *rest, struct sp_str *name, struct sp_str *value)
{
    size_t start = 0;

    while (start < rest->len && is_space(rest->ptr[start]))
        start++;
    if (start == rest->len)
        return false;
    size_t end = start;
    while (end < rest->len && !is_space(rest->ptr[end]) && rest->ptr[end] != '=')
        end++;
    *name = sp_str_slice(*rest, start, end);
    *value = (struct sp_str){ rest->ptr + end, 0 };
    if (end < rest->len && rest->ptr[end] == '=')
        *value = cut_value(*rest, end + 1, &end);
    *rest = sp_str_slice(*rest, end, SIZE_MAX);
    return true;
}

/* The end of an element that begins at `start`: the next '>' outside quotes. */
static size_t find_close(struct sp_str text, size_t start)
{
    char quote = '\0';

    for (size_t i = start; i < text.len; i++) {
        const char c = text.ptr[i];

        if (quote && c == '\\')
            i++;
        else if (quote)
            quote = (char)(c == quote ? '\0' : quote);
        else if (c == '>')
            return i;
        else if ((c == '"' || c == '\'') && i > start && text.ptr[i - 1] == '=')
            quote = c;
    }
    return SIZE_MAX;
}

/* Cut the next element off the text; false when there is none. */
static bool next_tag(struct sp_str *rest, struct tag *tag)
{
    const size_t open = sp_str_find(*rest, '<');
    if (open == SIZE_MAX)
        return false;
    const size_t close = find_close(*rest, open + 1);
    if (close == SIZE_MAX)
        return false;

    struct sp_str name, value;
    struct sp_str inside = sp_str_slice(*rest, open + 1, close);
    *tag = (struct tag){ .text = inside };
    *rest = sp_str_slice(*rest, close + 1, SIZE_MAX);
    if (sp_str_starts(inside, "/")) {
        tag->closing = true;
        inside = sp_str_slice(inside, 1, SIZE_MAX);
    }
    if (next_attribute(&inside, &name, &value))
        tag->name = name;
    while (next_attribute(&inside, &name, &value)) {
        if (sp_str_is_nocase(name, "mdltype"))
            tag->type = value;
        else if (sp_str_is_nocase(name, "mdlattr"))
            tag->attr = value;
        else if (sp_str_is_nocase(name, "mdlval"))
            tag->value = value;
    }
    return true;
}

static enum kind kind_of(struct sp_str type)
{
    for (size_t i = 0; type.ptr && i < SP_COUNT(kinds); i++)
        if (sp_str_is(type, kinds[i].type))
            return kinds[i].kind;
    return OTHER;
}

static enum target find_target(const struct element *parent, struct sp_str attr)
{
    for (size_t i = 0; i < SP_COUNT(items); i++)
        if (items[i].kind == parent->kind &&
            (attr.ptr ? sp_str_is(attr, items[i].name) : items[i].position == parent->unnamed))
            return items[i].target;
    return NOWHERE;
}

static enum sp_rc add_term(struct state *state, struct sp_str value, struct sp_err *err)
{
    struct sky_source *source = &state->source;

    if (source->ncoeff == SKY_SPECTRUM_MAX)
        return sky_fail(state->reader, value, err, "more than %d spectral terms", SKY_SPECTRUM_MAX);
    source->spectrum = SKY_SPECTRUM_LN;
    return sky_number(state->reader, value, "spectral term", &source->coeff[source->ncoeff++], err);
}

static struct sp_str python_text(struct sp_str value)
{
    if (value.len >= 2 && (value.ptr[0] == '\'' || value.ptr[0] == '"'))
        return sp_str_slice(value, 1, value.len - 1);
    return value;
}

static enum sp_rc store_item(struct state *state,
                             enum target target,
                             struct sp_str value,
                             struct sp_err *err)
{
    struct sky_source *s = &state->source;
    double rotation = 0, ignored;
    double *const places[] = {
        [RA] = &s->ra,       [DEC] = &s->dec,     [I] = &s->stokes[0], [Q] = &s->stokes[1],
        [U] = &s->stokes[2], [V] = &s->stokes[3], [RM] = &rotation,    [RM_FREQ0] = &ignored,
        [FREQ0] = &s->freq0, [MAJOR] = &s->major, [MINOR] = &s->minor, [PA] = &s->pa,
    };

    if (target == NAME) {
        s->name = python_text(value);
        return SP_OK;
    }
    if (target == SPI)
        return add_term(state, value, err);
    if (sp_str_is(value, "None"))
        return SP_OK;
    enum sp_rc rc = sky_number(state->reader, value, "the value", places[target], err);
    if (rc)
        return rc;
    if (rotation != 0)
        return sky_fail(state->reader, value, err, "rotation measures are not supported");
    state->has_position |= target == DEC;
    state->has_flux |= target == I;
    return SP_OK;
}

static enum sp_rc end_source(struct state *state, struct sp_err *err)
{
    state->in_source = false;
    if (!state->has_position || !state->has_flux)
        return sky_fail(state->reader, state->source_at, err, "a source without %s",
                        state->has_position ? "flux" : "position");
    return sky_add(state->reader, &state->source, state->source_at, err);
}

static void begin_source(struct state *state, const struct tag *tag)
{
    state->in_source = true;
    state->has_position = state->has_flux = false;
    state->source = (struct sky_source){ 0 };
    state->source_at = tag->text;
    for (; state->counted < tag->text.ptr; state->counted++)
        state->reader->line_number += *state->counted == '\n';
    state->source.line = state->reader->line_number;
}

/* Read what an opening element says, given the element around it. */
static enum sp_rc read_item(struct state *state,
                            struct element *parent,
                            const struct tag *tag,
                            struct sp_err *err)
{
    enum sp_rc rc = SP_OK;

    if (!parent || !state->in_source || !tag->type.ptr)
        return SP_OK;
    if (parent->kind == LIST && state->depth >= 2 &&
        state->stack[state->depth - 2].kind == SPECTRUM && tag->value.ptr) {
        rc = add_term(state, tag->value, err);
    } else if (tag->value.ptr) {
        enum target target = find_target(parent, tag->attr);
        if (target != NOWHERE)
            rc = store_item(state, target, tag->value, err);
    }
    if (!tag->attr.ptr)
        parent->unnamed++;
    return rc;
}

static enum sp_rc open_element(struct state *state, const struct tag *tag, struct sp_err *err)
{
    const enum kind kind = kind_of(tag->type);
    struct element *parent = state->depth > 0 ? &state->stack[state->depth - 1] : NULL;

    if (state->depth == DEPTH_MAX)
        return sky_fail(state->reader, tag->text, err, "elements nested deeper than %d", DEPTH_MAX);
    if (kind == REFUSED && state->in_source)
        return sky_fail(state->reader, tag->type, err,
                        "sources of this shape are not supported; points and Gaussians are");
    enum sp_rc rc = read_item(state, parent, tag, err);
    if (rc)
        return rc;
    if (kind == SOURCE)
        begin_source(state, tag);
    state->stack[state->depth++] = (struct element){ .tag = tag->name, .kind = kind };
    return SP_OK;
}

/* Back to the element that is closed; those within it that have no end of their own go too. */
static enum sp_rc close_element(struct state *state, const struct tag *tag, struct sp_err *err)
{
    size_t depth = state->depth;

    while (depth > 0 && !sp_str_is_nocase(state->stack[depth - 1].tag, "") &&
           !(state->stack[depth - 1].tag.len == tag->name.len &&
             strncasecmp(state->stack[depth - 1].tag.ptr, tag->name.ptr, tag->name.len) == 0))
        depth--;
    if (depth == 0)
        return SP_OK; /* closes nothing that is open: web pages have that */
    for (size_t i = state->depth; i-- > depth - 1;) {
        state->depth = i;
        if (state->stack[i].kind != SOURCE)
            continue;
        enum sp_rc rc = end_source(state, err);
        if (rc)
            return rc;
    }
    return SP_OK;
}

static enum sp_rc parse(struct sky_reader *reader, struct sp_err *err)
{
    struct state state = { .reader = reader, .counted = reader->text.ptr };
    struct sp_str rest = reader->text;
    struct tag tag;
    enum sp_rc rc = SP_OK;

    reader->line_number = 1;
    while (!rc && next_tag(&rest, &tag)) {
        if (tag.name.len == 0 || tag.name.ptr[0] == '!')
            continue;
        rc = tag.closing ? close_element(&state, &tag, err) : open_element(&state, &tag, err);
    }
    if (!rc && state.in_source)
        rc = sky_fail(reader, state.source_at, err, "the file ends within this source");
    return rc;
}

const struct sky_format sky_format_lsm = { "lsm.html", guess, parse };
