/* SPDX-License-Identifier: BSD-3-Clause */
#include "base/nearest.h"

#include "lang/compose_internal.h"

struct search {
    struct sp_resolver *resolver;
    struct sp_str name;
    struct sp_str missing; /* the part that was not there, in the source where it went furthest */
    const struct sp_dict *among; /* the mapping that does not have it */
};

/* Walk "a.b.c" key by key. In our own document (`own`) the directives of each mapping on the way
 * are resolved first; other sources have none left. */
static bool walk(struct search *search, const struct sp_dict *level, bool own, struct sp_value *out)
{
    struct sp_str rest = search->name;

    for (;;) {
        struct sp_str key = sp_str_cut(&rest, '.');
        const struct sp_value *found = sp_dict_find(level, key);
        if (!found || found->kind == SP_NULL || (rest.ptr && found->kind != SP_DICT)) {
            if (!search->among || key.ptr > search->missing.ptr) {
                search->missing = key;
                search->among = level;
            }
            return false;
        }
        if (!rest.ptr) {
            *out = *found;
            return true;
        }
        level = own ? sp_resolve_level(search->resolver, found->dict) : found->dict;
    }
}

static void report_unknown(const struct search *search, uint32_t origin)
{
    struct sp_diags *diags = search->resolver->composition->composer->diags;
    struct sp_nearest nearest = SP_NEAREST(search->missing);
    size_t before = search->among ? (size_t)(search->missing.ptr - search->name.ptr) : 0;
    size_t behind = before + search->missing.len;

    sp_diag_error(diags, SP_DIAG_USE, origin, "unknown key '" SP_STR_FMT "' in _use",
                  SP_STR_ARG(search->name));
    if (!search->among)
        return;
    SP_DICT_EACH(entry, search->among)
    sp_nearest_offer(&nearest, entry->key);
    if (nearest.best.ptr)
        sp_diag_hint(diags, "did you mean '" SP_STR_FMT SP_STR_FMT SP_STR_FMT "'?",
                     SP_STR_ARG(sp_str_slice(search->name, 0, before)), SP_STR_ARG(nearest.best),
                     SP_STR_ARG(sp_str_slice(search->name, behind, search->name.len)));
    else if (before > 0)
        sp_diag_hint(diags, "'" SP_STR_FMT "' has no '" SP_STR_FMT "'",
                     SP_STR_ARG(sp_str_slice(search->name, 0, before - 1)),
                     SP_STR_ARG(search->missing));
}

/* Facts about the run are among what can be used. */
static void report_fact(const struct sp_world *world, struct sp_str name)
{
    struct sp_str key = sp_str_cut(&name, '.');

    if (sp_str_is(key, "run") && world && world->fact)
        world->fact(world->arg, SP_STR(""));
}

static bool find_section(struct sp_resolver *resolver, struct sp_value name, struct sp_value *out)
{
    const struct sp_composition *composition = resolver->composition;
    struct search search = { .resolver = resolver, .name = name.text };
    bool found =
        resolver->root && walk(&search, sp_resolve_level(resolver, resolver->root), true, out);

    for (size_t i = 0; !found && i < composition->sources.len; i++)
        found = composition->sources.items[i] &&
                walk(&search, composition->sources.items[i], false, out);
    if (!found) {
        report_unknown(&search, name.origin);
        return false;
    }
    report_fact(composition->composer->world, name.text);
    if (out->kind == SP_DICT)
        return true;
    sp_diag_error(composition->composer->diags, SP_DIAG_USE, name.origin,
                  "'" SP_STR_FMT "' is a %s, but _use takes a section", SP_STR_ARG(name.text),
                  sp_kind_name(out->kind));
    return false;
}

/* Merge one named section over what there is. */
static void add_section(struct sp_resolver *resolver, struct sp_value name, struct sp_value *sum)
{
    struct sp_composer *composer = resolver->composition->composer;
    struct sp_value section;

    if (name.kind != SP_TEXT) {
        sp_diag_error(composer->diags, SP_DIAG_USE, name.origin,
                      "_use takes the name of a section or a list of names, not a value of type %s",
                      sp_kind_name(name.kind));
        return;
    }
    if (!find_section(resolver, name, &section))
        return;
    section = sp_resolve_value(resolver, section);
    *sum =
        sum->kind == SP_DICT ? sp_merge(composer->arena, *sum, section, composer->diags) : section;
}

struct sp_value sp_use_load(struct sp_resolver *resolver, const struct sp_dict_entry *entry)
{
    struct sp_value sum = sp_null();

    if (sp_is_list(entry->value)) {
        SP_LIST_EACH(name, entry->value.list)
        add_section(resolver, *name, &sum);
    } else if (entry->value.kind != SP_NULL) {
        add_section(resolver, entry->value, &sum);
    }
    return sum;
}
