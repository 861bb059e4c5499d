/* SPDX-License-Identifier: BSD-3-Clause */
#include "lang/merge.h"

/* OmegaConf's mark of a value that is still to be given: it overrides nothing. */
static bool is_placeholder(struct sp_value value)
{
    return value.kind == SP_TEXT && sp_str_is(value.text, "???");
}

static void report_clash(struct sp_diags *diags, struct sp_value base, struct sp_value overlay)
{
    struct sp_origin place;

    sp_diag_error(diags, SP_DIAG_MERGE, overlay.origin, "a %s cannot be merged with a %s",
                  sp_kind_name(overlay.kind), sp_kind_name(base.kind));
    if (diags->origins && sp_origins_get(diags->origins, base.origin, &place) && place.line)
        sp_diag_hint(diags, "the %s is in " SP_STR_FMT ", line %u", sp_kind_name(base.kind),
                     SP_STR_ARG(place.file), place.line);
}

struct sp_value sp_merge(struct sp_arena *arena,
                         struct sp_value base,
                         struct sp_value overlay,
                         struct sp_diags *diags)
{
    bool clash = (base.kind == SP_DICT && sp_is_list(overlay)) ||
                 (sp_is_list(base) && overlay.kind == SP_DICT);

    if (clash) {
        report_clash(diags, base, overlay);
        return base;
    }
    if (is_placeholder(overlay))
        return base;
    if (base.kind != SP_DICT || overlay.kind != SP_DICT)
        return overlay;
    if (base.dict == overlay.dict || overlay.dict->len == 0)
        return sp_at(base, overlay.origin);
    if (base.dict->len == 0)
        return overlay;
    struct sp_value merged = overlay;
    merged.dict = sp_dict_clone(arena, base.dict);
    sp_merge_into(arena, merged.dict, overlay.dict, diags);
    return merged;
}

void sp_merge_into(struct sp_arena *arena,
                   struct sp_dict *own,
                   const struct sp_dict *overlay,
                   struct sp_diags *diags)
{
    SP_DICT_EACH(entry, overlay)
    {
        const struct sp_value *base = sp_dict_find(own, entry->key);
        if (base && is_placeholder(entry->value))
            continue;
        struct sp_value value = base ? sp_merge(arena, *base, entry->value, diags) : entry->value;
        sp_dict_set_at(arena, own, entry->key, entry->origin, value);
    }
}
