/* SPDX-License-Identifier: BSD-3-Clause */
#include "lang/lookup.h"

#include "base/buf.h"
#include "base/nearest.h"

#include "lang/params.h"
#include "lang/path.h"
#include "value/text.h"
#include "value/utf8.h"

/* --- variables of the environment ---------------------------------------------------------- */

static void ask_variable(const struct sp_eval *eval, struct sp_str name)
{
    if (eval->world && eval->world->env)
        (void)eval->world->env(eval->world->arg, name);
}

/* Do the first `at` names lead to config.run.env? */
static bool is_environment(const struct sp_reference *reference, size_t at)
{
    static const char *const names[] = { "config", "run", "env" };

    if (at != SP_COUNT(names))
        return false;
    for (size_t i = 0; i < at; i++)
        if (!sp_str_is(reference->items[i].name, names[i]))
            return false;
    return true;
}

/* --- items -------------------------------------------------------------------------------- */

static bool is_integer(struct sp_value value)
{
    return value.kind == SP_INT || value.kind == SP_BOOL;
}

static int64_t integer_of(struct sp_value value)
{
    return value.kind == SP_BOOL ? value.boolean : value.integer;
}

static size_t length_of(struct sp_value value)
{
    return sp_is_list(value) ? value.list->len : sp_utf8_count(value.text);
}

/* Character `at` of a text. */
static struct sp_value character(struct sp_str text, size_t at)
{
    return sp_text(sp_str_slice(text, sp_utf8_offset(text, at), sp_utf8_offset(text, at + 1)));
}

static struct sp_value item_of_dict(struct sp_eval *eval,
                                    const struct sp_dict *dict,
                                    struct sp_value key)
{
    struct sp_nearest nearest = SP_NEAREST(SP_STR(""));

    if (!sp_is_text(key) && !is_integer(key))
        return sp_eval_error(eval, "a %s cannot be the key of a mapping", sp_kind_name(key.kind));
    nearest.wanted = sp_value_text(eval->arena, key);
    if (dict == eval->variables)
        ask_variable(eval, nearest.wanted);
    const struct sp_value *value = sp_dict_find(dict, nearest.wanted);
    if (value)
        return *value;
    SP_DICT_EACH(entry, dict)
    sp_nearest_offer(&nearest, entry->key);
    return sp_eval_error(eval, "no key '" SP_STR_FMT "' in the mapping%s" SP_STR_FMT "%s",
                         SP_STR_ARG(nearest.wanted), nearest.best.ptr ? "; did you mean '" : "",
                         SP_STR_ARG(nearest.best), nearest.best.ptr ? "'?" : "");
}

struct sp_value sp_lookup_item(struct sp_eval *eval, struct sp_value base, struct sp_value index)
{
    if (base.kind == SP_DICT)
        return item_of_dict(eval, base.dict, index);
    if (!sp_is_list(base) && !sp_is_text(base))
        return sp_eval_error(eval, "%s has no items", sp_kind_name(base.kind));
    if (!is_integer(index))
        return sp_eval_error(eval, "%s indices must be integers, not %s", sp_kind_name(base.kind),
                             sp_kind_name(index.kind));
    int64_t len = (int64_t)length_of(base);
    int64_t at = integer_of(index) < 0 ? integer_of(index) + len : integer_of(index);
    if (at < 0 || at >= len)
        return sp_eval_error(eval, "%s index out of range: %lld of %lld items",
                             sp_kind_name(base.kind), (long long)integer_of(index), (long long)len);
    if (sp_is_list(base))
        return base.list->items[at];
    return character(base.text, (size_t)at);
}

/* The items of a slice: `first`, `first + step` ..., `count` of them. */
struct stride {
    int64_t first, step;
    size_t count;
};

static int64_t clamped(int64_t value, int64_t low, int64_t high)
{
    return SP_MIN(SP_MAX(value, low), high);
}

/* One bound, as Python takes it: from the end when negative, between `low` and `high`. */
static bool slice_bound(struct sp_value bound,
                        int64_t missing,
                        const struct stride *range,
                        int64_t len,
                        int64_t *out)
{
    int64_t low = range->step < 0 ? -1 : 0;

    *out = missing;
    if (bound.kind == SP_NULL)
        return true;
    if (!is_integer(bound))
        return false;
    int64_t at = integer_of(bound);
    *out = clamped(at < 0 ? at + len : at, low, low + len);
    return true;
}

/* NULL, or what is wrong with the slice. */
static const char *slice_stride(const struct sp_slice *slice, size_t count, struct stride *out)
{
    int64_t len = (int64_t)count;
    int64_t end;

    *out = (struct stride){ .step = 1 };
    if (slice->step.kind != SP_NULL) {
        if (!is_integer(slice->step))
            return "the step of a slice must be an integer";
        /* A step over all items is as good as any longer one, and cannot overflow. */
        out->step = clamped(integer_of(slice->step), -len - 1, len + 1);
    }
    if (out->step == 0)
        return "the step of a slice cannot be 0";
    bool back = out->step < 0;
    if (!slice_bound(slice->from, back ? len - 1 : 0, out, len, &out->first) ||
        !slice_bound(slice->to, back ? -1 : len, out, len, &end))
        return "bounds of a slice must be integers";
    int64_t distance = back ? out->first - end : end - out->first;
    int64_t step = back ? -out->step : out->step;
    out->count = distance > 0 ? (size_t)((distance + step - 1) / step) : 0;
    return NULL;
}

static struct sp_value slice_text(struct sp_eval *eval,
                                  struct sp_str text,
                                  const struct stride *stride,
                                  size_t len)
{
    size_t *offsets = SP_ARENA_NEW(eval->arena, size_t, len + 1);
    char *out = sp_arena_alloc(eval->arena, text.len + 1);
    size_t used = 0;

    for (size_t i = 0; i < len; i++)
        offsets[i + 1] = offsets[i] + sp_utf8_offset(sp_str_slice(text, offsets[i], text.len), 1);
    for (size_t i = 0; i < stride->count; i++) {
        size_t at = (size_t)(stride->first + (int64_t)i * stride->step);
        size_t size = offsets[at + 1] - offsets[at];
        memcpy(out + used, text.ptr + offsets[at], size);
        used += size;
    }
    return sp_text((struct sp_str){ out, used });
}

struct sp_value sp_lookup_slice(struct sp_eval *eval,
                                struct sp_value base,
                                const struct sp_slice *slice)
{
    struct stride stride;

    if (!sp_is_list(base) && !sp_is_text(base))
        return sp_eval_error(eval, "%s cannot be sliced", sp_kind_name(base.kind));
    size_t len = length_of(base);
    const char *wrong = slice_stride(slice, len, &stride);
    if (wrong)
        return sp_eval_error(eval, "%s", wrong);
    if (!sp_eval_charge(eval, len))
        return sp_eval_exhausted(eval);
    if (sp_is_text(base))
        return slice_text(eval, base.text, &stride, len);
    struct sp_value result = sp_list_new(eval->arena);
    result.kind = base.kind;
    for (size_t i = 0; i < stride.count; i++)
        sp_list_add(eval->arena, result.list,
                    base.list->items[stride.first + (int64_t)i * stride.step]);
    return result;
}

/* --- walking ------------------------------------------------------------------------------ */

/* A reference being followed. */
struct walk {
    struct sp_eval *eval;
    const struct sp_reference *reference;
    enum sp_lookup_style style;
    size_t at;                     /* components used so far */
    struct sp_value value;         /* what they lead to */
    bool recursive;                /* texts found are substituted */
    enum sp_param_state state;     /* of the parameter on the way */
    const struct sp_dict *choices; /* where the last search failed: for "did you mean" */
};

/* The reference up to and including component `at`, for messages. */
static struct sp_str path_to(const struct walk *walk, size_t at)
{
    const struct sp_reference *reference = walk->reference;
    struct sp_component last = reference->items[at];

    return sp_str_slice(reference->text, 0,
                        (size_t)(last.name.ptr + last.name.len - reference->text.ptr) +
                            last.bracket);
}

static struct sp_str whole_path(const struct walk *walk)
{
    return path_to(walk, walk->reference->len - 1);
}

/* What a name that is not there gives: the last one of a formula's lookup is merely missing. */
static struct sp_value not_there(struct walk *walk)
{
    struct sp_arena *arena = walk->eval->arena;
    struct sp_str name = walk->reference->items[walk->at].name;
    struct sp_nearest nearest = SP_NEAREST(name);
    struct sp_str hint = SP_STR("");

    if (walk->choices) {
        SP_DICT_EACH(entry, walk->choices)
        sp_nearest_offer(&nearest, entry->key);
    } else {
        for (size_t i = 0; i < walk->eval->scope->len; i++)
            sp_nearest_offer(&nearest, walk->eval->scope->items[i].name);
    }
    if (nearest.best.ptr)
        hint = sp_arena_printf(arena, "; did you mean '" SP_STR_FMT "'?", SP_STR_ARG(nearest.best));
    struct sp_str path = whole_path(walk);
    if (walk->style == SP_LOOKUP_FIELD)
        return sp_no_value(arena, SP_UNRESOLVED,
                           "{" SP_STR_FMT "}: invalid key " SP_STR_FMT SP_STR_FMT, SP_STR_ARG(path),
                           SP_STR_ARG(name), SP_STR_ARG(hint));
    if (walk->at + 1 == walk->reference->len)
        return sp_no_value(arena, SP_MISSING, "'" SP_STR_FMT "' is not set" SP_STR_FMT,
                           SP_STR_ARG(path), SP_STR_ARG(hint));
    return sp_no_value(arena, SP_UNRESOLVED,
                       "'" SP_STR_FMT "' undefined (in '" SP_STR_FMT "')" SP_STR_FMT,
                       SP_STR_ARG(name), SP_STR_ARG(path), SP_STR_ARG(hint));
}

static struct sp_value lookup_error(struct walk *walk, const char *what)
{
    struct sp_str path = whole_path(walk);
    bool field = walk->style == SP_LOOKUP_FIELD;

    return sp_eval_error(walk->eval, "%s" SP_STR_FMT "%s: %s", field ? "{" : "'", SP_STR_ARG(path),
                         field ? "}" : "'", what);
}

/* Last key in alphabetical order that matches; ptr NULL if none does. */
static struct sp_str last_match(const struct sp_dict *dict, struct sp_str pattern)
{
    struct sp_str best = { NULL, 0 };

    if (sp_str_find(pattern, '*') == SIZE_MAX && sp_str_find(pattern, '?') == SIZE_MAX)
        return best;
    SP_DICT_EACH(entry, dict)
    if (sp_str_match(pattern, entry->key) && (!best.ptr || sp_str_cmp(entry->key, best) > 0))
        best = entry->key;
    return best;
}

/* Key of `dict` that the next components name, and in *used how many they are: a single one, or
 * several joined by dots where the key itself has dots, or a pattern. ptr NULL if there is none. */
static struct sp_str find_key(const struct walk *walk, const struct sp_dict *dict, size_t *used)
{
    const struct sp_component *items = walk->reference->items;
    size_t left = walk->reference->len - walk->at;
    struct sp_str first = items[walk->at].name;
    const struct sp_value *value = sp_dict_find(dict, first);
    bool leads_on = value && (value->kind == SP_DICT || left == 1 || items[walk->at + 1].bracket ||
                              value->kind == SP_PATH || !sp_is_value(*value));

    *used = 1;
    if (leads_on)
        return first;
    for (size_t count = 2; count <= left && !items[walk->at + count - 1].bracket; count++) {
        struct sp_str last = items[walk->at + count - 1].name;
        struct sp_str joined = { first.ptr, (size_t)(last.ptr + last.len - first.ptr) };
        if (!sp_dict_find(dict, joined))
            continue;
        *used = count;
        return joined;
    }
    return value ? first : last_match(dict, first);
}

/* "config.run.date" and the like, also by a pattern. */
static void report_fact(const struct walk *walk, struct sp_str key)
{
    const struct sp_reference *reference = walk->reference;
    const struct sp_world *world = walk->eval->world;

    if (walk->eval->for_log || !world || !world->fact || walk->at != 1 ||
        !sp_str_is(reference->items[0].name, "config") || !sp_str_is(key, "run"))
        return;
    world->fact(world->arg, reference->len > 2 ? reference->items[2].name : SP_STR(""));
}

static bool step_into_dict(struct walk *walk, struct sp_value *failure)
{
    const struct sp_dict *dict = walk->value.dict;
    size_t used;
    struct sp_str key = find_key(walk, dict, &used);

    walk->choices = dict;
    if (is_environment(walk->reference, walk->at))
        ask_variable(walk->eval, key.ptr ? key : walk->reference->items[walk->at].name);
    report_fact(walk, key);
    if (key.ptr) {
        enum sp_param_state state = sp_params_demand(walk->eval, dict, key);
        walk->state = state == SP_PARAM_NONE ? walk->state : state;
    }
    const struct sp_value *value = key.ptr ? sp_dict_find(dict, key) : NULL;
    if (!value) { /* or it was there and removed itself by UNSET */
        *failure = not_there(walk);
        return false;
    }
    walk->at += used;
    walk->value = *value;
    return true;
}

static bool step_into_items(struct walk *walk, struct sp_value *failure)
{
    struct sp_str name = walk->reference->items[walk->at].name;
    int64_t index;

    if (name.ptr[0] == '-' || !sp_str_int(name, &index)) {
        *failure = lookup_error(walk, "list indices must be integers, counted from 0");
        return false;
    }
    if ((uint64_t)index >= length_of(walk->value)) {
        *failure = lookup_error(walk, "list index out of range");
        return false;
    }
    walk->value = sp_lookup_item(walk->eval, walk->value, sp_int(index));
    walk->at++;
    return true;
}

/* --- attributes of paths ------------------------------------------------------------------ */

static struct sp_value whole(struct sp_eval *eval, struct sp_str path)
{
    (void)eval;
    return sp_text(path);
}

static struct sp_value name_of(struct sp_eval *eval, struct sp_str path)
{
    (void)eval;
    return sp_text(sp_path_basename(path));
}

static struct sp_value folder_of(struct sp_eval *eval, struct sp_str path)
{
    struct sp_str folder = sp_path_dirname(path);

    (void)eval;
    return sp_text(folder.len ? folder : SP_STR("."));
}

static struct sp_value base_path_of(struct sp_eval *eval, struct sp_str path)
{
    (void)eval;
    return sp_text(sp_path_stem(path));
}

static struct sp_value base_name_of(struct sp_eval *eval, struct sp_str path)
{
    (void)eval;
    return sp_text(sp_path_stem(sp_path_basename(path)));
}

static struct sp_value extension_of(struct sp_eval *eval, struct sp_str path)
{
    (void)eval;
    return sp_text(sp_path_extension(path));
}

static struct sp_value exists(struct sp_eval *eval, struct sp_str path)
{
    if (!eval->world || !eval->world->kind)
        return sp_no_value(eval->arena, SP_UNRESOLVED, "EXISTS: cannot look at files here");
    return sp_bool(eval->world->kind(eval->world->arg, path) != SP_PATH_NONE);
}

static const struct {
    const char *name;
    struct sp_value (*get)(struct sp_eval *eval, struct sp_str path);
} attributes[] = {
    { "NAME", name_of },          { "PATH", whole },
    { "DIR", folder_of },         { "BASEPATH", base_path_of },
    { "BASENAME", base_name_of }, { "EXT", extension_of },
    { "EXISTS", exists },
};

static bool step_into_path(struct walk *walk, struct sp_value *failure)
{
    struct sp_str name = walk->reference->items[walk->at].name;

    for (size_t i = 0; i < SP_COUNT(attributes); i++) {
        if (!sp_str_is(name, attributes[i].name))
            continue;
        walk->value = attributes[i].get(walk->eval, walk->value.text);
        walk->at++;
        walk->recursive = false;
        return true;
    }
    *failure = lookup_error(
        walk, "a path has NAME, PATH, DIR, BASEPATH, BASENAME, EXT and EXISTS, nothing else");
    return false;
}

/* --- the whole way ------------------------------------------------------------------------ */

/* A stored value that never came about. */
static struct sp_value unresolved(struct walk *walk)
{
    struct sp_arena *arena = walk->eval->arena;
    struct sp_str path = path_to(walk, walk->at - 1);
    struct sp_str reason = walk->value.text;
    bool lost = walk->value.kind == SP_SKIPPED && walk->eval->skips_are_final;

    return sp_no_value(arena, lost ? SP_ERROR : SP_UNRESOLVED,
                       "unresolved substitution for " SP_STR_FMT "%s" SP_STR_FMT "%s",
                       SP_STR_ARG(path), reason.len ? " (" : "", SP_STR_ARG(reason),
                       reason.len ? ")" : "");
}

/* A text on the way: raw ones are evaluated first. */
static struct sp_value resolve_text(struct walk *walk)
{
    struct sp_eval *eval = walk->eval;
    struct sp_value text = walk->value;

    if (text.kind != SP_TEXT || eval->raw)
        return text;
    if (walk->state == SP_PARAM_RUNNING)
        return sp_eval_named(eval, text, path_to(walk, walk->at - 1));
    if (walk->state == SP_PARAM_DONE || !walk->recursive || sp_str_starts(text.text, "="))
        return text;
    return sp_eval_named_subst(eval, text, path_to(walk, walk->at - 1));
}

static bool step(struct walk *walk, struct sp_value *failure)
{
    struct sp_component next = walk->reference->items[walk->at];

    if (walk->value.kind == SP_DICT)
        return step_into_dict(walk, failure);
    if (next.bracket && (sp_is_list(walk->value) || sp_is_text(walk->value)))
        return step_into_items(walk, failure);
    if (walk->value.kind == SP_PATH)
        return step_into_path(walk, failure);
    *failure =
        walk->style == SP_LOOKUP_FIELD
            ? lookup_error(walk, sp_arena_cstr(walk->eval->arena,
                                               sp_arena_printf(walk->eval->arena,
                                                               "invalid key " SP_STR_FMT
                                                               ", a %s has no such parts",
                                                               SP_STR_ARG(next.name),
                                                               sp_kind_name(walk->value.kind))))
            : lookup_error(walk, "only mappings can be looked up by name");
    return false;
}

static struct sp_value follow(struct walk *walk)
{
    struct sp_value failure;

    if (walk->at == walk->reference->len)
        return walk->value;
    while (walk->at < walk->reference->len) {
        if (!sp_eval_charge(walk->eval, 1))
            return sp_eval_exhausted(walk->eval);
        if (!step(walk, &failure))
            return failure;
        walk->value = walk->value.kind == SP_TEXT ? resolve_text(walk) : walk->value;
        if (walk->value.kind == SP_ERROR && walk->eval->final)
            return walk->value;
        if (!sp_is_value(walk->value))
            return unresolved(walk);
    }
    if (walk->value.kind == SP_DICT && is_environment(walk->reference, walk->at))
        walk->eval->variables = walk->value.dict;
    return walk->value;
}

struct sp_value sp_lookup(struct sp_eval *eval,
                          const struct sp_reference *reference,
                          enum sp_lookup_style style)
{
    struct walk walk = { .eval = eval, .reference = reference, .style = style };
    struct sp_namespace *space =
        eval->scope ? sp_scope_find(eval->scope, reference->items[0].name) : NULL;

    if (space && space->dict && reference->len == 1 && eval->world && eval->world->fact &&
        sp_str_is(reference->items[0].name, "config")) /* all of it */
        eval->world->fact(eval->world->arg, SP_STR(""));
    if (!space || !space->dict)
        return eval->scope ? not_there(&walk)
                           : sp_no_value(eval->arena, SP_UNRESOLVED, "no names are known here");
    walk.at = 1;
    walk.recursive = space->recursive;
    walk.value = (struct sp_value){ .kind = SP_DICT, .dict = space->dict };
    return follow(&walk);
}
