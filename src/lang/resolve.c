/* SPDX-License-Identifier: BSD-3-Clause */
/* Directives of one tree.
 *
 * A mapping with directives is cut into pieces at them; what they bring in takes their place, and
 * the pieces are merged: top, middle in the order written, end. Trees are never changed, only
 * rebuilt where something differs, because anchors and included files are shared.
 *
 * _use may name a section that is itself not resolved yet, also one that contains the _use. Each
 * mapping is therefore resolved when it is first needed, and remembered; one that is needed while
 * it is being resolved shows what it has so far, without directives (so that x: {_use: x} is x).
 * What was built from such a half-finished state is right for its place, but is not remembered.
 */
#include "base/vec.h"

#include "lang/compose_internal.h"
#include "lang/merge.h"

#define ROUNDS_MAX 20      /* included files may bring directives that bring directives ... */
#define DEPTH_MAX  600     /* sections within sections, through any number of _use */
#define NODES_MAX  8000000 /* values visited in one composition */

struct state {
    const struct sp_dict *key; /* whose state this is: the map's key is this pointer's bytes */
    struct sp_dict *level;     /* with its own directives resolved, once known */
    struct sp_dict *deep;      /* and all below */
    struct sp_dict *view;      /* while open: what is known so far */
    bool open;
};

struct piece {
    struct sp_directive directive; /* NONE for ordinary keys */
    const struct sp_dict_entry *entry;
    struct sp_dict *content; /* NULL while unknown, or nothing */
};

struct pieces {
    struct piece *items;
    size_t len;
    size_t capacity;
};

static struct sp_arena *arena_of(const struct sp_resolver *resolver)
{
    return resolver->composition->composer->arena;
}

static struct sp_diags *diags_of(const struct sp_resolver *resolver)
{
    return resolver->composition->composer->diags;
}

/* Stop everything: said once. */
static void exhaust(struct sp_resolver *resolver, uint32_t origin, const char *why)
{
    if (!resolver->composition->exhausted) {
        sp_diag_error(diags_of(resolver), SP_DIAG_USE, origin, "%s", why);
        sp_diag_hint(diags_of(resolver), "check your _use and _include statements");
    }
    resolver->composition->exhausted = true;
}

/* --- state of a mapping -------------------------------------------------------------------- */

static struct state *state_of(struct sp_resolver *resolver, const struct sp_dict *dict)
{
    struct sp_str key = { (const char *)&dict, sizeof(const struct sp_dict *) };
    struct state *state = sp_map_find(&resolver->states, key);

    if (state)
        return state;
    state = SP_ARENA_NEW(arena_of(resolver), struct state, 1);
    state->key = dict;
    key.ptr = (const char *)&state->key;
    sp_map_set(&resolver->states, key, state);
    return state;
}

/* Is this a key that we act on, rather than one that stays? */
static bool is_active(const struct sp_resolver *resolver,
                      const struct sp_dict *dict,
                      struct sp_directive directive)
{
    switch (directive.kind) {
    case SP_DIRECTIVE_NONE: return false;
    case SP_DIRECTIVE_INCLUDE:
    case SP_DIRECTIVE_FLATTEN: return true;
    case SP_DIRECTIVE_USE: return resolver->uses;
    case SP_DIRECTIVE_SCRUB: break;
    }
    /* In an included file the _scrub of an _include is used up, that of a _use stays with it. */
    directive.kind = SP_DIRECTIVE_INCLUDE;
    return resolver->uses || sp_directive_has(dict, directive);
}

static bool has_active(const struct sp_resolver *resolver, const struct sp_dict *dict)
{
    SP_DICT_EACH(entry, dict)
    {
        struct sp_directive directive = sp_directive_of(entry->key);
        if (directive.kind != SP_DIRECTIVE_NONE && is_active(resolver, dict, directive))
            return true;
    }
    return false;
}

/* --- pieces -------------------------------------------------------------------------------- */

static struct piece *add_piece(struct pieces *pieces)
{
    return SP_VEC_ADD(pieces);
}

static void add_content(struct sp_arena *arena,
                        struct pieces *pieces,
                        const struct sp_dict_entry *entry)
{
    struct piece *last = pieces->len ? &pieces->items[pieces->len - 1] : NULL;

    if (!last || last->entry) {
        last = add_piece(pieces);
        last->directive.place = SP_DIRECTIVE_MIDDLE;
        last->content = sp_dict_new(arena).dict;
    }
    sp_dict_set_at(arena, last->content, entry->key, entry->origin, entry->value);
}

static void cut(struct sp_resolver *resolver, const struct sp_dict *dict, struct pieces *pieces)
{
    SP_DICT_EACH(entry, dict)
    {
        struct sp_directive directive = sp_directive_of(entry->key);
        if (!is_active(resolver, dict, directive)) {
            add_content(arena_of(resolver), pieces, entry);
        } else if (directive.kind == SP_DIRECTIVE_INCLUDE || directive.kind == SP_DIRECTIVE_USE) {
            struct piece *piece = add_piece(pieces);
            piece->directive = directive;
            piece->entry = entry;
        }
    }
}

static struct sp_dict *join(struct sp_resolver *resolver, const struct pieces *pieces)
{
    struct sp_dict *joined = sp_dict_new(arena_of(resolver)).dict;

    for (enum sp_directive_place place = SP_DIRECTIVE_TOP; place <= SP_DIRECTIVE_END; place++)
        for (size_t i = 0; i < pieces->len; i++)
            if (pieces->items[i].directive.place == place && pieces->items[i].content)
                sp_merge_into(arena_of(resolver), joined, pieces->items[i].content,
                              diags_of(resolver));
    return joined;
}

/* Fill in what the directives of one kind bring. */
static void load(struct sp_resolver *resolver,
                 const struct sp_dict *dict,
                 struct pieces *pieces,
                 enum sp_directive_kind kind)
{
    for (size_t i = 0; i < pieces->len; i++) {
        struct piece *piece = &pieces->items[i];
        if (piece->directive.kind != kind)
            continue;
        struct sp_value loaded = kind == SP_DIRECTIVE_INCLUDE
                                     ? sp_include_load(resolver, piece->entry)
                                     : sp_use_load(resolver, piece->entry);
        const struct sp_dict_entry *scrub = sp_directive_scrub(dict, piece->directive);
        if (scrub && loaded.kind == SP_DICT)
            loaded = sp_scrub(arena_of(resolver), loaded, scrub->value, diags_of(resolver));
        if (loaded.kind == SP_DICT)
            piece->content = loaded.dict;
    }
}

/* Includes first, so that a _use at the same level can find what they bring. */
static struct sp_dict *resolve_round(struct sp_resolver *resolver,
                                     struct state *state,
                                     const struct sp_dict *dict)
{
    struct pieces pieces = { 0 };

    cut(resolver, dict, &pieces);
    state->view = join(resolver, &pieces);
    load(resolver, dict, &pieces, SP_DIRECTIVE_INCLUDE);
    struct sp_dict *joined = join(resolver, &pieces);
    if (resolver->uses) {
        state->view = joined;
        load(resolver, dict, &pieces, SP_DIRECTIVE_USE);
        joined = join(resolver, &pieces);
    }
    SP_VEC_FINI(&pieces);
    return joined;
}

struct sp_dict *sp_resolve_level(struct sp_resolver *resolver, struct sp_dict *dict)
{
    if (!has_active(resolver, dict))
        return dict;
    struct state *state = state_of(resolver, dict);
    if (state->level)
        return state->level;
    if (state->open) {
        resolver->strips++;
        return state->view;
    }
    size_t strips = resolver->strips;
    struct sp_dict *level = dict;
    state->open = true;
    resolver->open++;
    for (unsigned round = 0; has_active(resolver, level); round++) {
        if (round == ROUNDS_MAX)
            exhaust(resolver, dict->entries[0].origin, "recursion limit exceeded");
        if (round == ROUNDS_MAX || resolver->composition->exhausted)
            break;
        level = resolve_round(resolver, state, level);
    }
    state->open = false;
    resolver->open--;
    if (strips == resolver->strips || resolver->open == 0)
        state->level = level;
    return level;
}

/* --- trees --------------------------------------------------------------------------------- */

static bool is_same(struct sp_value a, struct sp_value b)
{
    return a.kind == SP_DICT ? a.dict == b.dict : !sp_is_list(a) || a.list == b.list;
}

static struct sp_dict *resolve_entries(struct sp_resolver *resolver, struct sp_dict *dict)
{
    struct sp_dict *copy = NULL;

    SP_DICT_EACH(entry, dict)
    {
        struct sp_value now = sp_resolve_value(resolver, entry->value);
        if (is_same(entry->value, now))
            continue;
        if (!copy)
            copy = sp_dict_clone(arena_of(resolver), dict);
        sp_dict_set(arena_of(resolver), copy, entry->key, now);
    }
    return copy ? copy : dict;
}

static struct sp_dict *resolve_dict(struct sp_resolver *resolver, struct sp_dict *dict)
{
    if (!has_active(resolver, dict))
        return resolve_entries(resolver, dict);
    struct state *state = state_of(resolver, dict);
    if (state->deep)
        return state->deep;
    size_t strips = resolver->strips;
    struct sp_dict *deep = resolve_entries(resolver, sp_resolve_level(resolver, dict));
    if (strips == resolver->strips || resolver->open == 0)
        state->deep = deep;
    return deep;
}

static struct sp_list *resolve_list(struct sp_resolver *resolver, struct sp_list *list)
{
    struct sp_list *copy = NULL;

    for (size_t i = 0; i < list->len; i++) {
        struct sp_value now = sp_resolve_value(resolver, list->items[i]);
        if (!copy && is_same(list->items[i], now))
            continue;
        if (!copy) {
            copy = sp_list_new(arena_of(resolver)).list;
            for (size_t k = 0; k < i; k++)
                sp_list_add(arena_of(resolver), copy, list->items[k]);
        }
        sp_list_add(arena_of(resolver), copy, now);
    }
    return copy ? copy : list;
}

struct sp_value sp_resolve_value(struct sp_resolver *resolver, struct sp_value value)
{
    struct sp_composition *composition = resolver->composition;

    if (value.kind != SP_DICT && !sp_is_list(value))
        return value;
    size_t size = value.kind == SP_DICT ? value.dict->len : value.list->len;
    composition->nodes += size + 1;
    if (composition->nodes > NODES_MAX)
        exhaust(resolver, value.origin, "the sections used expand to more than can be handled");
    if (composition->depth >= DEPTH_MAX)
        exhaust(resolver, value.origin, "recursion limit exceeded");
    if (composition->exhausted)
        return value;
    composition->depth++;
    if (value.kind == SP_DICT)
        value.dict = resolve_dict(resolver, value.dict);
    else
        value.list = resolve_list(resolver, value.list);
    composition->depth--;
    return value;
}

struct sp_value sp_resolve_tree(struct sp_composition *composition,
                                const struct sp_config_file *file,
                                struct sp_value tree,
                                bool uses)
{
    struct sp_resolver resolver = {
        .composition = composition,
        .file = file,
        .root = tree.kind == SP_DICT ? tree.dict : NULL,
        .uses = uses,
    };
    struct sp_value resolved = sp_resolve_value(&resolver, tree);

    sp_map_fini(&resolver.states);
    return resolved;
}
