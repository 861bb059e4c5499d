/* SPDX-License-Identifier: BSD-3-Clause */
#include "lang/formula.h"
#include "recipe/pitfall_internal.h"

static const char *const namespaces[] = { "recipe", "root", "parent", "current", "previous",
                                          "steps",  "info", "self",   "config" };

static bool is_namespace(struct sp_str word)
{
    for (size_t i = 0; i < SP_COUNT(namespaces); i++)
        if (sp_str_is(word, namespaces[i]))
            return true;
    return false;
}

static bool is_number(struct sp_str word)
{
    for (size_t i = 0; i < word.len; i++)
        if (word.ptr[i] < '0' || word.ptr[i] > '9')
            return false;
    return word.len > 0;
}

/* The names among which component 1 of a reference is looked up; false: they are not known. */
static bool has_name(const struct sp_pitfalls *p,
                     struct sp_str space,
                     struct sp_str name,
                     bool *known)
{
    const struct sp_map *names = NULL;

    *known = true;
    if (sp_str_is(space, "recipe") && p->recipe)
        names = &p->names;
    else if (sp_str_is(space, "steps") && p->recipe)
        names = &p->labels;
    else if (sp_str_is(space, "current") && p->schema)
        names = &p->schema->params;
    *known = names != NULL;
    if (!names || sp_map_has(names, name))
        return names != NULL;
    if (sp_str_has_wildcard(name))
        SP_MAP_EACH (entry, names)
            if (sp_str_match(name, entry->key))
                return true;
    return false;
}

/* Was the operator at `at` of component `i` meant as such? Only if the name as it stands is not
 * there, and the part before it is, or the part behind it can be nothing else. */
static bool is_meant(const struct sp_pitfalls *p,
                     const struct sp_reference *ref,
                     size_t i,
                     size_t at)
{
    struct sp_str name = ref->items[i].name;
    struct sp_str left = sp_str_slice(name, 0, at);
    struct sp_str right = sp_str_slice(name, at + 1, name.len);
    bool known = false;
    bool whole = i == 1 && has_name(p, ref->items[0].name, name, &known);

    if (whole)
        return false;
    if (i + 1 < ref->len && is_namespace(right))
        return true;
    return known && is_number(right) && has_name(p, ref->items[0].name, left, &known);
}

static const char *blanks(struct sp_pitfalls *p, struct sp_str ref, size_t at)
{
    struct sp_str left = sp_str_slice(ref, 0, at);
    struct sp_str right = sp_str_slice(ref, at + 1, ref.len);

    return sp_arena_printf(p->search->diags->arena, "write blanks: " SP_STR_FMT " %c " SP_STR_FMT,
                           SP_STR_ARG(left), ref.ptr[at], SP_STR_ARG(right))
        .ptr;
}

/* That there is no such name may have been said already: then the reason is all that is missing. */
static struct sp_diag *find_error(const struct sp_pitfalls *p, struct sp_value text)
{
    const struct sp_diags *diags = p->search->diags;

    for (size_t i = 0; i < diags->len; i++)
        if (diags->items[i].code == SP_DIAG_SUBSTITUTION && text.origin &&
            diags->items[i].origin == text.origin)
            return &diags->items[i];
    return NULL;
}

void sp_pitfall_name(struct sp_pitfalls *p, struct sp_value text, const struct sp_reference *ref)
{
    for (size_t i = 1; i < ref->len; i++) {
        struct sp_str name = ref->items[i].name;
        for (size_t at = 1; at + 1 < name.len; at++) {
            char c = name.ptr[at];
            if ((c != '-' && c != '*') || !is_meant(p, ref, i, at))
                continue;
            size_t offset = (size_t)(name.ptr - text.text.ptr) + at;
            const char *hint = blanks(p, ref->text, (size_t)(name.ptr - ref->text.ptr) + at);
            struct sp_diag *error = find_error(p, text);
            if (error)
                error->hint = hint;
            else if (sp_pitfall(p, SP_DIAG_BLANKS, sp_pitfall_place(p, text, offset, 1),
                                "without blanks around it, '%c' belongs to the name '" SP_STR_FMT
                                "'",
                                c, SP_STR_ARG(name)))
                sp_diag_hint(p->search->diags, "%s", hint);
            return;
        }
    }
}
