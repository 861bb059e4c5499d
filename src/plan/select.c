/* SPDX-License-Identifier: BSD-3-Clause */
#include "plan/select.h"

#include "base/nearest.h"
#include "base/vec.h"

/* Strongest first. A step may have several until they are resolved. */
enum mark {
    MARK_OFF = 1 << 0,
    MARK_ON = 1 << 1,
    MARK_WEAKLY_OFF = 1 << 2,
    MARK_WEAKLY_ON = 1 << 3,
    MARK_AROUND = 1 << 4, /* only because something in it is on; no option gives it */
};

#define MARKS_ON (MARK_ON | MARK_WEAKLY_ON | MARK_AROUND)

/* The outermost recipe and every step, depth first: a step stands before what is in it. */
struct item {
    struct sp_step_node *step;           /* NULL: the outermost recipe */
    const struct sp_recipe_node *inside; /* NULL: a cab */
    size_t parent;
    unsigned marks;
};

struct selecting {
    struct sp_diags *diags;
    SP_VEC(struct item) items;
    bool fine;
};

/* Items first to last; with `skips_around` without the steps around the last one. */
struct range {
    size_t first, last;
    bool is_single, skips_around;
};

static struct item *item_at(const struct selecting *s, size_t index)
{
    return &s->items.items[index];
}

static struct sp_str label_of(const struct selecting *s, size_t index)
{
    return item_at(s, index)->step->step->label;
}

static struct sp_str name_of(const struct selecting *s, size_t index)
{
    const struct item *item = item_at(s, index);

    return item->step ? item->step->fqname : item->inside->fqname;
}

static void add_items(struct selecting *s, const struct sp_recipe_node *node, size_t parent)
{
    for (size_t i = 0; i < node->step_count; i++) {
        struct sp_step_node *step = &node->steps[i];
        size_t index = s->items.len;
        *SP_VEC_ADD(&s->items) = (struct item){ step, step->recipe, parent, 0 };
        if (step->recipe)
            add_items(s, step->recipe, index);
    }
}

/* --- names --------------------------------------------------------------------------------- */

/* The step called `label` in a recipe, or 0. */
static size_t find_step(const struct selecting *s, size_t recipe, struct sp_str label)
{
    for (size_t i = recipe + 1; i < s->items.len; i++)
        if (item_at(s, i)->parent == recipe && sp_str_eq(label_of(s, i), label))
            return i;
    return 0;
}

/* The nested recipe that `spec` leads into, the longest label first since labels may have dots;
 * *rest is what is behind it. 0: there is none. */
static size_t find_inner(const struct selecting *s,
                         size_t recipe,
                         struct sp_str spec,
                         struct sp_str *rest)
{
    size_t best = 0;

    for (size_t i = recipe + 1; i < s->items.len; i++) {
        const struct item *item = item_at(s, i);
        if (item->parent != recipe || !item->inside)
            continue;
        struct sp_str label = label_of(s, i);
        bool leads = spec.len > label.len && spec.ptr[label.len] == '.' &&
                     memcmp(spec.ptr, label.ptr, label.len) == 0;
        if (leads && (!best || label.len > label_of(s, best).len))
            best = i;
    }
    if (best)
        *rest = sp_str_slice(spec, label_of(s, best).len + 1, spec.len);
    return best;
}

/* Go into nested recipes as far as the dots lead; *spec becomes what is left. */
static size_t find_recipe(const struct selecting *s, struct sp_str *spec)
{
    size_t recipe = 0;

    while (!find_step(s, recipe, *spec)) {
        size_t inner = find_inner(s, recipe, *spec, spec);
        if (!inner)
            break;
        recipe = inner;
    }
    return recipe;
}

/* How an option is written for this step: its full name without that of the outermost recipe. */
static struct sp_str spec_of(const struct selecting *s, size_t index)
{
    struct sp_str name = name_of(s, index);

    return sp_str_slice(name, name_of(s, 0).len + 1, name.len);
}

/* A step of that very name somewhere else, or one of the same recipe with a similar name. */
static void hint_step(struct selecting *s, size_t recipe, struct sp_str label)
{
    struct sp_nearest nearest = SP_NEAREST(label);

    for (size_t i = 1; i < s->items.len && !nearest.best.ptr; i++)
        if (sp_str_eq(label_of(s, i), label))
            nearest.best = spec_of(s, i);
    bool elsewhere = nearest.best.ptr;
    for (size_t i = recipe + 1; i < s->items.len; i++)
        if (item_at(s, i)->parent == recipe && !elsewhere)
            sp_nearest_offer(&nearest, label_of(s, i));
    if (nearest.best.ptr)
        sp_diag_hint_nearest(s->diags, &nearest);
    else
        sp_diag_hint(s->diags, "'spoor plan' lists the steps");
}

static void no_such_step(struct selecting *s, size_t recipe, struct sp_str spec, struct sp_str part)
{
    s->fine = false;
    sp_diag_error(s->diags, SP_DIAG_SELECTION, 0,
                  "Step/steps '" SP_STR_FMT "' not in '" SP_STR_FMT "'", SP_STR_ARG(spec),
                  SP_STR_ARG(name_of(s, recipe)));
    hint_step(s, recipe, part);
}

/* One end of a range; an empty one is the end of the whole tree, not of the recipe. */
static size_t find_end(struct selecting *s,
                       size_t recipe,
                       struct sp_str spec,
                       struct sp_str label,
                       size_t open_end)
{
    size_t found = label.len ? find_step(s, recipe, label) : open_end;

    if (!found)
        no_such_step(s, recipe, spec, label);
    return found;
}

static bool find_range(struct selecting *s, struct sp_str whole, struct range *out)
{
    struct sp_str spec = whole;
    size_t recipe = find_recipe(s, &spec);
    struct sp_str stop = spec;
    struct sp_str start = sp_str_cut(&stop, ':');

    if (!stop.ptr || find_step(s, recipe, spec)) {
        *out = (struct range){ .is_single = true };
        out->first = out->last = find_step(s, recipe, spec);
        if (!out->first)
            no_such_step(s, recipe, spec, spec);
        return out->first;
    }
    *out = (struct range){ .skips_around = !start.len };
    out->first = find_end(s, recipe, spec, start, 1);
    if (out->first)
        out->last = find_end(s, recipe, spec, stop, s->items.len - 1);
    if (out->first && out->last && out->first > out->last) {
        s->fine = false;
        sp_diag_error(s->diags, SP_DIAG_SELECTION, 0,
                      "there is no step in the range '" SP_STR_FMT "': '" SP_STR_FMT
                      "' comes after '" SP_STR_FMT "'",
                      SP_STR_ARG(whole), SP_STR_ARG(start), SP_STR_ARG(stop));
        sp_diag_hint(s->diags, "turn it round: '" SP_STR_FMT ":" SP_STR_FMT "'", SP_STR_ARG(stop),
                     SP_STR_ARG(start));
    }
    return s->fine && out->first && out->last;
}

/* --- options ------------------------------------------------------------------------------- */

static bool is_around(const struct selecting *s, size_t outer, size_t inner)
{
    while (inner && inner != outer)
        inner = item_at(s, inner)->parent;
    return inner == outer;
}

typedef void (*spec_fn)(struct selecting *s, struct sp_str spec, unsigned marks);

static void each_spec(struct selecting *s, const struct sp_words *words, spec_fn fn, unsigned marks)
{
    for (size_t i = 0; i < words->len; i++) {
        struct sp_str rest = sp_str_of(words->items[i]);
        while (rest.ptr) {
            struct sp_str spec = sp_str_trim(sp_str_cut(&rest, ','));
            if (spec.len)
                fn(s, spec, marks);
        }
    }
}

/* Steps named one by one get the strong mark, ranges the weak one. */
/* Of items first to last: does it belong to the range? */
static bool is_in_range(const struct selecting *s, const struct range *range, size_t item)
{
    return !range->skips_around || item == range->last || !is_around(s, item, range->last);
}

static void mark_steps(struct selecting *s, struct sp_str spec, unsigned strong)
{
    unsigned weak = strong == MARK_ON ? MARK_WEAKLY_ON : MARK_WEAKLY_OFF;
    struct range range;

    if (!find_range(s, spec, &range))
        return;
    for (size_t i = range.first; i <= range.last; i++)
        if (is_in_range(s, &range, i))
            item_at(s, i)->marks |= range.is_single ? strong : weak;
    if (range.is_single && strong == MARK_ON)
        item_at(s, range.first)->step->unskip = true;
}

static void unskip_steps(struct selecting *s, struct sp_str spec, unsigned ignored)
{
    struct range range;
    (void)ignored;

    if (!find_range(s, spec, &range))
        return;
    for (size_t i = range.first; i <= range.last; i++)
        if (is_in_range(s, &range, i))
            item_at(s, i)->step->unskip = true;
}

static bool has_tag(const struct item *item, struct sp_str tag)
{
    if (item->step && item->step->step->tags)
        SP_LIST_EACH(known, item->step->step->tags)
    if (sp_str_eq(known->text, tag))
        return true;
    return false;
}

static void hint_tag(struct selecting *s, size_t recipe, struct sp_str tag)
{
    struct sp_nearest nearest = SP_NEAREST(tag);
    size_t elsewhere = 0;

    for (size_t i = 1; i < s->items.len; i++) {
        const struct sp_list *tags = item_at(s, i)->step->step->tags;
        if (item_at(s, i)->parent == recipe && tags)
            SP_LIST_EACH(known, tags)
        sp_nearest_offer(&nearest, known->text);
        if (!elsewhere && has_tag(item_at(s, i), tag))
            elsewhere = item_at(s, i)->parent;
    }
    if (nearest.best.ptr)
        sp_diag_hint_nearest(s->diags, &nearest);
    else if (elsewhere)
        sp_diag_hint(s->diags, "did you mean '" SP_STR_FMT "." SP_STR_FMT "'?",
                     SP_STR_ARG(spec_of(s, elsewhere)), SP_STR_ARG(tag));
}

static void mark_tags(struct selecting *s, struct sp_str spec, unsigned mark)
{
    struct sp_str tag = spec;
    size_t recipe = 0, inner, found = 0;

    while ((inner = find_inner(s, recipe, tag, &tag)))
        recipe = inner;
    for (size_t i = recipe + 1; i < s->items.len; i++) {
        if (item_at(s, i)->parent != recipe || !has_tag(item_at(s, i), tag))
            continue;
        item_at(s, i)->marks |= mark;
        found++;
    }
    if (found)
        return;
    s->fine = false;
    sp_diag_error(s->diags, SP_DIAG_SELECTION, 0,
                  "'" SP_STR_FMT "' is not a valid tag of '" SP_STR_FMT "'", SP_STR_ARG(tag),
                  SP_STR_ARG(name_of(s, recipe)));
    hint_tag(s, recipe, tag);
}

static void mark_special_tags(struct selecting *s)
{
    for (size_t i = 1; i < s->items.len; i++) {
        if (has_tag(item_at(s, i), SP_STR("always")))
            item_at(s, i)->marks |= MARK_WEAKLY_ON;
        if (has_tag(item_at(s, i), SP_STR("never")))
            item_at(s, i)->marks |= MARK_WEAKLY_OFF;
    }
}

/* --- resolution ---------------------------------------------------------------------------- */

static void keep_strongest(struct selecting *s)
{
    for (size_t i = 0; i < s->items.len; i++)
        item_at(s, i)->marks &= -item_at(s, i)->marks;
}

/* What is `off` hands that down, what is `on` switches on what is around it, up to something that
 * is on by itself (`enough`). */
static void spread(struct selecting *s, unsigned off, unsigned on, unsigned enough)
{
    for (size_t i = 1; i < s->items.len; i++) {
        struct item *item = item_at(s, i);
        if (item_at(s, item->parent)->marks == off)
            item->marks = off;
        if (item->marks != on)
            continue;
        for (size_t outer = item->parent;; outer = item_at(s, outer)->parent) {
            if (item_at(s, outer)->marks & enough)
                break;
            item_at(s, outer)->marks = MARK_AROUND;
            if (!outer)
                break;
        }
    }
}

static void fill_in(struct selecting *s, unsigned unmarked)
{
    if (!item_at(s, 0)->marks)
        item_at(s, 0)->marks = unmarked;
    for (size_t i = 1; i < s->items.len; i++) {
        struct item *item = item_at(s, i);
        if (item->marks && item->marks != MARK_AROUND)
            continue;
        if (item_at(s, item->parent)->marks & (MARK_ON | MARK_WEAKLY_ON))
            item->marks = MARK_WEAKLY_ON;
        else if (!item->marks)
            item->marks = unmarked;
    }
}

static void resolve(struct selecting *s, bool chosen)
{
    keep_strongest(s);
    spread(s, MARK_OFF, MARK_ON, MARK_ON);
    spread(s, MARK_WEAKLY_OFF, MARK_WEAKLY_ON, MARK_ON | MARK_WEAKLY_ON);
    fill_in(s, chosen ? MARK_WEAKLY_OFF : MARK_WEAKLY_ON);
    for (size_t i = 1; i < s->items.len; i++)
        item_at(s, i)->step->disabled = !(item_at(s, i)->marks & MARKS_ON);
}

bool sp_selection_is_empty(const struct sp_selection *selection)
{
    return !selection ||
           !(selection->steps.len || selection->skip_steps.len || selection->tags.len ||
             selection->skip_tags.len || selection->enable.len);
}

void sp_selection_fini(struct sp_selection *selection)
{
    sp_words_fini(&selection->steps);
    sp_words_fini(&selection->skip_steps);
    sp_words_fini(&selection->tags);
    sp_words_fini(&selection->skip_tags);
    sp_words_fini(&selection->enable);
}

static bool select_of_cab(struct sp_nodes *nodes, const struct sp_selection *selection)
{
    if (sp_selection_is_empty(selection))
        return true;
    sp_diag_error(
        nodes->diags, SP_DIAG_SELECTION, 0,
        "steps or tags are selected, but what is to run is a single cab: it has no steps");
    return false;
}

bool sp_select_steps(struct sp_nodes *nodes,
                     struct sp_recipe_node *root,
                     const struct sp_selection *selection)
{
    static const struct sp_selection none;
    struct selecting s = { .diags = nodes->diags, .fine = true };

    if (root->bare)
        return select_of_cab(nodes, selection);
    if (!selection)
        selection = &none;
    *SP_VEC_ADD(&s.items) = (struct item){ .inside = root };
    add_items(&s, root, 0);
    mark_special_tags(&s);
    each_spec(&s, &selection->tags, mark_tags, MARK_ON);
    each_spec(&s, &selection->skip_tags, mark_tags, MARK_OFF);
    each_spec(&s, &selection->steps, mark_steps, MARK_ON);
    each_spec(&s, &selection->skip_steps, mark_steps, MARK_OFF);
    each_spec(&s, &selection->enable, unskip_steps, 0);
    resolve(&s, selection->steps.len || selection->tags.len);
    SP_VEC_FINI(&s.items);
    return s.fine;
}
