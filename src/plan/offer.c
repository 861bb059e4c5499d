/* SPDX-License-Identifier: BSD-3-Clause */
#include "plan/offer.h"

#include "base/buf.h"

#include "value/text.h"

#define DEFAULT_SELECT "singularity,native"

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
        rest = SP_STR(DEFAULT_SELECT);
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

static const char *refusal_of(const struct sp_offer *offer,
                              const struct sp_dict *settings,
                              struct sp_str name,
                              bool has_image)
{
    if (is_disabled(settings, name))
        return "disabled";
    if (!offer)
        return "unknown backend";
    if (offer->refusal)
        return offer->refusal;
    if (offer->ask && offer->ask())
        return offer->ask();
    return offer->needs_image && !has_image ? "container image not specified by cab" : NULL;
}

void sp_offers_choose(struct sp_arena *arena,
                      const struct sp_offer *offers,
                      const struct sp_dict *settings,
                      bool has_image,
                      struct sp_choice *out)
{
    sp_auto_buf struct sp_buf reasons = SP_BUF(SP_BUF_SMALL);
    const struct sp_list *names = names_of(arena, settings);

    *out = (struct sp_choice){ 0 };
    SP_LIST_EACH(name, names)
    {
        struct sp_str real = real_name(name->text);
        const struct sp_offer *offer = find_offer(offers, real);
        const char *refusal = refusal_of(offer, settings, real, has_image);
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
