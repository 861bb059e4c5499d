/* SPDX-License-Identifier: BSD-3-Clause */
#include "plan/offer.h"

#include "base/buf.h"

#include "plan/slurm.h"
#include "value/text.h"

/* What is asked of the offers. */
struct asking {
    const struct sp_dict *settings;
    enum sp_image_claim image;
    bool by_default; /* nobody has said where */
    bool slurm;
};

/* The names in `select`, in order. */
static struct sp_list *names_of(struct sp_arena *arena, const struct sp_dict *settings)
{
    const struct sp_value *select = sp_dict_get(settings, "select");
    struct sp_list *names = sp_list_new(arena).list;
    struct sp_str rest = SP_STR("");

    if (select && sp_is_list(*select))
        SP_LIST_EACH(item, select->list)
    sp_list_add(arena, names, sp_text(sp_str_trim(sp_value_text(arena, *item))));
    if (select && sp_is_text(*select))
        rest = sp_str_trim(select->text);
    if (!rest.len && !names->len)
        rest = SP_STR(SP_SELECT_DEFAULT);
    while (rest.len)
        sp_list_add(arena, names, sp_text(sp_str_trim(sp_str_cut(&rest, ','))));
    return names;
}

/* One program under two names, and one section of settings. */
static struct sp_str real_name(struct sp_str name)
{
    return sp_str_is(name, "apptainer") ? SP_STR("singularity") : name;
}

static const struct sp_offer *find_offer(const struct sp_offer *offers, struct sp_str name)
{
    for (; offers->name; offers++)
        if (sp_str_is(name, offers->name))
            return offers;
    return NULL;
}

static bool is_disabled(const struct sp_dict *settings, struct sp_str name)
{
    const struct sp_value *section = sp_dict_find(settings, name);
    const struct sp_value *enable =
        section && section->kind == SP_DICT ? sp_dict_get(section->dict, "enable") : NULL;

    return enable && sp_is_value(*enable) && !sp_truth(*enable);
}

static bool is_default(const struct sp_dict *settings)
{
    const struct sp_value *select = sp_dict_get(settings, "select");

    return !select || select->kind == SP_NULL || (sp_is_list(*select) && select->list->len == 0) ||
           (sp_is_text(*select) &&
            (!sp_str_trim(select->text).len || sp_str_is(select->text, SP_SELECT_DEFAULT)));
}

/* Why this offer does not suit the step. */
static const char *mismatch_of(const struct sp_offer *offer, const struct asking *asking)
{
    if (offer->confines && asking->slurm)
        return "cannot be combined with slurm";
    if (!offer->needs_image || asking->image == SP_IMAGE_NAMED)
        return NULL;
    if (asking->image == SP_IMAGE_NONE)
        return "container image not specified by cab";
    return asking->by_default ? "the image is used only where containers are asked for" : NULL;
}

static const char *refusal_of(const struct sp_offer *offer,
                              const struct asking *asking,
                              struct sp_str name)
{
    if (is_disabled(asking->settings, name) ||
        (offer && offer->runs_here && is_disabled(asking->settings, SP_STR("native"))))
        return "disabled";
    if (!offer)
        return "unknown backend";
    if (offer->refusal)
        return offer->refusal;
    const char *mismatch = mismatch_of(offer, asking);
    return !mismatch && offer->ask ? offer->ask() : mismatch;
}

void sp_offers_choose(struct sp_arena *arena,
                      const struct sp_offer *offers,
                      const struct sp_dict *settings,
                      enum sp_image_claim image,
                      struct sp_choice *out)
{
    sp_auto_buf struct sp_buf reasons = SP_BUF(SP_BUF_SMALL);
    const struct sp_list *names = names_of(arena, settings);
    const struct asking asking = { .settings = settings,
                                   .image = image,
                                   .by_default = is_default(settings),
                                   .slurm = sp_slurm_is_enabled(settings) };

    *out = (struct sp_choice){ 0 };
    SP_LIST_EACH(name, names)
    {
        struct sp_str real = real_name(name->text);
        const struct sp_offer *offer = find_offer(offers, real);
        const char *refusal = refusal_of(offer, &asking, real);
        if (!refusal) {
            out->offer = offer;
            return;
        }
        sp_buf_adds(&reasons, reasons.len ? "; " : "");
        sp_buf_add(&reasons, name->text);
        sp_buf_adds(&reasons, ": ");
        sp_buf_adds(&reasons, refusal);
    }
    out->reasons = sp_arena_str(arena, sp_buf_str(&reasons));
}
