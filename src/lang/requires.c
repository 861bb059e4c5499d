/* SPDX-License-Identifier: BSD-3-Clause */
#include "lang/compose_internal.h"

struct requires {
    struct sp_composition *composition;
    struct sp_value root;
};

/* One section on the way down. */
struct section {
    const struct section *up;
    struct sp_str name;
    struct sp_dict *dict;
};

static bool is_there(const struct sp_dict *dict, struct sp_str name)
{
    const struct sp_value *found = dict ? sp_dict_walk(dict, name) : NULL;

    return found && found->kind != SP_NULL;
}

/* ".a" is in this section, "a" in the document or in the configuration. */
static bool is_met(const struct requires *requires,
                   const struct section *section,
                   struct sp_str name)
{
    const struct sp_composition *composition = requires->composition;

    if (sp_str_starts(name, "."))
        return is_there(section->dict, sp_str_slice(name, 1, name.len));
    if (requires->root.kind == SP_DICT && is_there(requires->root.dict, name))
        return true;
    for (size_t i = 0; i < composition->sources.len; i++)
        if (is_there(composition->sources.items[i], name))
            return true;
    return false;
}

/* The first unmet name of a directive (a text or a list of texts), or NULL. */
static const struct sp_value *find_unmet(const struct requires *requires,
                                         const struct section *section,
                                         const struct sp_value *names)
{
    if (!names)
        return NULL;
    if (names->kind == SP_TEXT)
        return is_met(requires, section, names->text) ? NULL : names;
    if (!sp_is_list(*names))
        return NULL;
    SP_LIST_EACH(name, names->list)
    if (name->kind != SP_TEXT || !is_met(requires, section, name->text))
        return name;
    return NULL;
}

static void report_unmet(const struct requires *requires, const struct sp_value *name)
{
    bool text = name->kind == SP_TEXT;

    sp_diag_error(requires->composition->composer->diags, SP_DIAG_REQUIRES, name->origin,
                  "configuration has missing requirements: '" SP_STR_FMT "'",
                  SP_STR_ARG(text ? name->text : sp_str_of(sp_kind_name(name->kind))));
}

static bool apply(const struct requires *requires,
                  const struct section *up,
                  struct sp_str name,
                  struct sp_value *value);

/* Is this section to be left out? */
static bool is_contingent(const struct requires *requires, const struct section *section)
{
    const struct sp_value *names = sp_dict_get(section->dict, "_contingent");
    const struct sp_value *unmet = find_unmet(requires, section, names);

    if (!unmet)
        return false;
    if (!section->up || unmet->kind != SP_TEXT) {
        report_unmet(requires, unmet);
        return false;
    }
    sp_diag_warning(requires->composition->composer->diags, SP_DIAG_REQUIRES, unmet->origin,
                    "section '" SP_STR_FMT "' is left out, because there is no '" SP_STR_FMT "'",
                    SP_STR_ARG(section->name), SP_STR_ARG(unmet->text));
    return true;
}

static bool is_requirement(struct sp_str key)
{
    return sp_str_is(key, "_requires") || sp_str_is(key, "_contingent");
}

static struct sp_dict *apply_dict(const struct requires *requires, const struct section *section)
{
    struct sp_arena *arena = requires->composition->composer->arena;
    const struct sp_value *unmet =
        find_unmet(requires, section, sp_dict_get(section->dict, "_requires"));
    struct sp_dict *copy = NULL;

    if (unmet)
        report_unmet(requires, unmet);
    for (size_t i = 0; i < section->dict->len; i++) {
        const struct sp_dict_entry *entry = &section->dict->entries[i];
        struct sp_value now = entry->value;
        bool keep = !is_requirement(entry->key) && apply(requires, section, entry->key, &now);
        bool same =
            keep && (now.kind == SP_DICT ? now.dict == entry->value.dict
                                         : !sp_is_list(now) || now.list == entry->value.list);
        if (same)
            continue;
        if (!copy)
            copy = sp_dict_clone(arena, section->dict);
        if (keep)
            sp_dict_set(arena, copy, entry->key, now);
        else
            (void)sp_dict_remove(arena, copy, entry->key);
    }
    return copy ? copy : section->dict;
}

static struct sp_list *apply_list(const struct requires *requires,
                                  const struct section *up,
                                  struct sp_list *list)
{
    struct sp_arena *arena = requires->composition->composer->arena;
    struct sp_list *copy = sp_list_new(arena).list;
    bool changed = false;

    SP_LIST_EACH(item, list)
    {
        struct sp_value now = *item;
        bool keep = apply(requires, up, SP_STR("list item"), &now);
        if (keep)
            sp_list_add(arena, copy, now);
        changed = changed || !keep || (now.kind == SP_DICT && now.dict != item->dict) ||
                  (sp_is_list(now) && now.list != item->list);
    }
    return changed ? copy : list;
}

/* False: leave it out. */
static bool apply(const struct requires *requires,
                  const struct section *up,
                  struct sp_str name,
                  struct sp_value *value)
{
    if (value->kind == SP_DICT) {
        struct section section = { .up = up, .name = name, .dict = value->dict };
        if (is_contingent(requires, &section))
            return false;
        value->dict = apply_dict(requires, &section);
    } else if (sp_is_list(*value)) {
        value->list = apply_list(requires, up, value->list);
    }
    return true;
}

struct sp_value sp_requires_apply(struct sp_composition *composition, struct sp_value tree)
{
    struct requires requires = { .composition = composition, .root = tree };

    (void)apply(&requires, NULL, SP_STR(""), &tree);
    return tree;
}
