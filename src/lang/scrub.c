/* SPDX-License-Identifier: BSD-3-Clause */
#include "base/nearest.h"

#include "lang/compose.h"

struct scrub {
    struct sp_arena *arena;
    struct sp_diags *diags;
    struct sp_value pattern; /* the whole of it, for messages */
};

static struct sp_dict *scrub_dict(const struct scrub *scrub,
                                  struct sp_dict *dict,
                                  struct sp_str path);

/* Below a matching key: what remains of the pattern goes on in its section. */
static struct sp_value scrub_entry(const struct scrub *scrub,
                                   const struct sp_dict_entry *entry,
                                   struct sp_str rest,
                                   bool is_pattern)
{
    struct sp_value value = entry->value;

    if (value.kind == SP_DICT)
        value.dict = scrub_dict(scrub, value.dict, rest);
    else if (!is_pattern)
        sp_diag_error(scrub->diags, SP_DIAG_SCRUB, scrub->pattern.origin,
                      "'" SP_STR_FMT "' does not refer to a subsection, so '" SP_STR_FMT
                      "' cannot be scrubbed from it",
                      SP_STR_ARG(entry->key), SP_STR_ARG(rest));
    return value;
}

static void report_nothing(const struct scrub *scrub,
                           const struct sp_dict *dict,
                           struct sp_str name)
{
    struct sp_nearest nearest = SP_NEAREST(name);

    SP_DICT_EACH(entry, dict)
    sp_nearest_offer(&nearest, entry->key);
    sp_diag_error(scrub->diags, SP_DIAG_SCRUB, scrub->pattern.origin,
                  "no entry matching '" SP_STR_FMT "' to scrub", SP_STR_ARG(name));
    sp_diag_hint_nearest(scrub->diags, &nearest);
}

/* The mapping without what `path` names; the same mapping if nothing matches. */
static struct sp_dict *scrub_dict(const struct scrub *scrub,
                                  struct sp_dict *dict,
                                  struct sp_str path)
{
    struct sp_str rest = path;
    struct sp_str name = sp_str_cut(&rest, '.');
    bool is_pattern = sp_str_has_wildcard(name);
    struct sp_dict *left = sp_dict_new(scrub->arena).dict;
    bool any = false;

    SP_DICT_EACH(entry, dict)
    {
        bool match = is_pattern ? sp_str_match(name, entry->key) : sp_str_eq(name, entry->key);
        struct sp_value value = entry->value;
        any = any || match;
        if (match && !rest.ptr)
            continue;
        if (match)
            value = scrub_entry(scrub, entry, rest, is_pattern);
        sp_dict_set_at(scrub->arena, left, entry->key, entry->origin, value);
    }
    if (!any && !is_pattern)
        report_nothing(scrub, dict, name);
    return any ? left : dict;
}

static struct sp_value scrub_one(struct sp_arena *arena,
                                 struct sp_value tree,
                                 struct sp_value pattern,
                                 struct sp_diags *diags)
{
    struct scrub scrub = { .arena = arena, .diags = diags, .pattern = pattern };

    if (pattern.kind != SP_TEXT || pattern.text.len == 0)
        sp_diag_error(diags, SP_DIAG_SCRUB, pattern.origin,
                      "_scrub takes names of keys, not a value of type %s",
                      sp_kind_name(pattern.kind));
    else
        tree.dict = scrub_dict(&scrub, tree.dict, pattern.text);
    return tree;
}

struct sp_value sp_scrub(struct sp_arena *arena,
                         struct sp_value tree,
                         struct sp_value patterns,
                         struct sp_diags *diags)
{
    if (tree.kind != SP_DICT || patterns.kind == SP_NULL)
        return tree;
    if (!sp_is_list(patterns))
        return scrub_one(arena, tree, patterns, diags);
    SP_LIST_EACH(pattern, patterns.list)
    tree = scrub_one(arena, tree, *pattern, diags);
    return tree;
}
