/* SPDX-License-Identifier: BSD-3-Clause */
#include "lang/builtins.h"

#include "lang/lookup.h"
#include "lang/operators.h"
#include "lang/path.h"
#include "value/utf8.h"

/* --- lists -------------------------------------------------------------------------------- */

struct sp_value sp_builtin_list(struct sp_eval *eval, const struct sp_list *args)
{
    struct sp_value list = sp_list_new(eval->arena);

    SP_LIST_EACH(item, args)
    sp_list_add(eval->arena, list.list, *item);
    return sp_eval_weighed(eval, list);
}

struct sp_value sp_builtin_len(struct sp_eval *eval, const struct sp_list *args)
{
    struct sp_value value = args->items[0];

    if (sp_is_text(value))
        return sp_int((int64_t)sp_utf8_count(value.text));
    if (sp_is_list(value))
        return sp_int((int64_t)value.list->len);
    if (value.kind == SP_DICT)
        return sp_int((int64_t)value.dict->len);
    return sp_eval_error(eval, "LEN() expects a text, a list or a mapping, got %s",
                         sp_kind_name(value.kind));
}

/* Number of items of a range; false when there are too many. */
static bool range_length(int64_t from, int64_t to, int64_t step, size_t *count)
{
    int64_t distance;

    *count = 0;
    if (step > 0 ? from >= to : from <= to)
        return true;
    if (__builtin_sub_overflow(to, from, &distance))
        return false;
    uint64_t size = distance < 0 ? 0 - (uint64_t)distance : (uint64_t)distance;
    uint64_t stride = step < 0 ? 0 - (uint64_t)step : (uint64_t)step;
    uint64_t items = (size - 1) / stride + 1;
    *count = (size_t)items;
    return items <= SP_EVAL_LIST_MAX;
}

struct sp_value sp_builtin_range(struct sp_eval *eval, const struct sp_list *args)
{
    int64_t bounds[3] = { 0 };
    size_t count;

    for (size_t i = 0; i < args->len; i++) {
        struct sp_value arg = args->items[i];
        if (arg.kind != SP_INT && arg.kind != SP_BOOL)
            return sp_eval_error(eval, "RANGE() expects integers, got %s", sp_kind_name(arg.kind));
        bounds[i] = arg.kind == SP_INT ? arg.integer : arg.boolean;
    }
    int64_t from = args->len > 1 ? bounds[0] : 0;
    int64_t to = args->len > 1 ? bounds[1] : bounds[0];
    int64_t step = args->len > 2 ? bounds[2] : 1;
    if (step == 0)
        return sp_eval_error(eval, "RANGE() step must not be zero");
    if (!range_length(from, to, step, &count) || !sp_eval_charge(eval, count))
        return sp_eval_error(eval, "RANGE() gives more than %d items", SP_EVAL_LIST_MAX);
    struct sp_value list = sp_list_new(eval->arena);
    for (size_t i = 0; i < count; i++)
        sp_list_add(eval->arena, list.list, sp_int(from + (int64_t)i * step));
    return list;
}

static struct sp_value extreme(struct sp_eval *eval,
                               const struct sp_list *args,
                               const char *name,
                               enum sp_order wanted)
{
    const struct sp_list *items = args;

    if (args->len == 1) {
        if (!sp_is_list(args->items[0]))
            return sp_eval_error(eval, "%s() expects several arguments or a list, got %s", name,
                                 sp_kind_name(args->items[0].kind));
        items = args->items[0].list;
    }
    if (items->len == 0)
        return sp_eval_error(eval, "%s() of an empty list", name);
    struct sp_value best = items->items[0];
    for (size_t i = 1; i < items->len; i++) {
        enum sp_order order = sp_value_order(items->items[i], best);
        if (order == SP_ORDER_MISMATCH)
            return sp_eval_error(eval, "%s() cannot compare %s with %s", name,
                                 sp_kind_name(items->items[i].kind), sp_kind_name(best.kind));
        if (order == wanted)
            best = items->items[i];
    }
    return best;
}

struct sp_value sp_builtin_min(struct sp_eval *eval, const struct sp_list *args)
{
    return extreme(eval, args, "MIN", SP_ORDER_LESS);
}

struct sp_value sp_builtin_max(struct sp_eval *eval, const struct sp_list *args)
{
    return extreme(eval, args, "MAX", SP_ORDER_GREATER);
}

/* Stable merge sort of items[0..count), `spare` is as long; false on items of mixed kinds. */
static bool sort_items(struct sp_value *items,
                       struct sp_value *spare,
                       size_t count,
                       enum sp_order before)
{
    size_t half = count / 2;

    if (count < 2)
        return true;
    if (!sort_items(items, spare, half, before) ||
        !sort_items(items + half, spare, count - half, before))
        return false;
    memcpy(spare, items, half * sizeof *items);
    size_t left = 0;
    size_t right = half;
    for (size_t at = 0; left < half; at++) {
        enum sp_order order =
            right < count ? sp_value_order(items[right], spare[left]) : SP_ORDER_EQUAL;
        if (order == SP_ORDER_MISMATCH)
            return false;
        items[at] = order == before ? items[right++] : spare[left++];
    }
    return true;
}

static struct sp_value sorted(struct sp_eval *eval,
                              const struct sp_list *args,
                              const char *name,
                              enum sp_order before)
{
    struct sp_value value = args->items[0];

    if (!sp_is_list(value))
        return sp_eval_error(eval, "%s() expects a list, got %s", name, sp_kind_name(value.kind));
    struct sp_value result = sp_builtin_list(eval, value.list);
    /* Every item takes part in about log2(count) comparisons. */
    if (result.kind == SP_ERROR || !sp_eval_charge(eval, value.list->len * 4))
        return sp_eval_exhausted(eval);
    struct sp_value *spare = SP_ARENA_NEW(eval->arena, struct sp_value, value.list->len + 1);
    if (!sort_items(result.list->items, spare, result.list->len, before))
        return sp_eval_error(eval, "%s() cannot compare items of different kinds", name);
    return result;
}

struct sp_value sp_builtin_sort(struct sp_eval *eval, const struct sp_list *args)
{
    return sorted(eval, args, "SORT", SP_ORDER_LESS);
}

struct sp_value sp_builtin_rsort(struct sp_eval *eval, const struct sp_list *args)
{
    return sorted(eval, args, "RSORT", SP_ORDER_GREATER);
}

struct sp_value sp_builtin_getitem(struct sp_eval *eval, const struct sp_list *args)
{
    return sp_lookup_item(eval, args->items[0], args->items[1]);
}

struct sp_value sp_builtin_slice(struct sp_eval *eval, const struct sp_list *args)
{
    struct sp_value parts[3] = { 0 };

    for (size_t i = 1; i < args->len; i++)
        parts[i - 1] = args->items[i];
    return sp_lookup_slice(eval, args->items[0],
                           &(struct sp_slice){ parts[0], parts[1], parts[2] });
}

/* --- kinds -------------------------------------------------------------------------------- */

struct sp_value sp_builtin_is_str(struct sp_eval *eval, const struct sp_list *args)
{
    (void)eval;
    return sp_bool(args->items[0].kind == SP_TEXT);
}

struct sp_value sp_builtin_is_num(struct sp_eval *eval, const struct sp_list *args)
{
    enum sp_kind kind = args->items[0].kind;

    (void)eval;
    return sp_bool(kind == SP_BOOL || kind == SP_INT || kind == SP_FLOAT);
}

/* --- files -------------------------------------------------------------------------------- */

/* What the pattern matches; false with *failure when it cannot be said. */
static bool glob(struct sp_eval *eval,
                 const struct sp_list *args,
                 const char *name,
                 struct sp_paths *paths,
                 struct sp_value *failure)
{
    struct sp_value pattern = args->items[0];

    if (!sp_is_text(pattern))
        *failure =
            sp_eval_error(eval, "%s() expects a text, got %s", name, sp_kind_name(pattern.kind));
    else if (!eval->world || !eval->world->glob)
        *failure = sp_no_value(eval->arena, SP_UNRESOLVED, "%s() cannot look at files here", name);
    else
        *paths = eval->world->glob(eval->world->arg, pattern.text, eval->arena);
    if (paths->too_many)
        *failure = sp_eval_error(eval, "%s(): there are too many files to look at", name);
    return sp_is_text(pattern) && eval->world && eval->world->glob && !paths->too_many;
}

struct sp_value sp_builtin_glob(struct sp_eval *eval, const struct sp_list *args)
{
    struct sp_value list = sp_list_new(eval->arena);
    struct sp_paths paths = { 0 };

    if (!glob(eval, args, "GLOB", &paths, &list))
        return list;
    for (size_t i = 0; i < paths.len; i++)
        sp_list_add(eval->arena, list.list, sp_text(paths.items[i]));
    return list;
}

struct sp_value sp_builtin_exists(struct sp_eval *eval, const struct sp_list *args)
{
    struct sp_value failure;
    struct sp_paths paths = { 0 };

    if (!glob(eval, args, "EXISTS", &paths, &failure))
        return failure;
    return sp_bool(paths.len > 0);
}

static struct sp_value path_part(struct sp_eval *eval,
                                 const struct sp_list *args,
                                 const char *name,
                                 struct sp_str (*part)(struct sp_str path))
{
    if (!sp_is_text(args->items[0]))
        return sp_eval_error(eval, "%s() expects a text, got %s", name,
                             sp_kind_name(args->items[0].kind));
    return sp_text(part(args->items[0].text));
}

struct sp_value sp_builtin_dirname(struct sp_eval *eval, const struct sp_list *args)
{
    return path_part(eval, args, "DIRNAME", sp_path_dirname);
}

struct sp_value sp_builtin_basename(struct sp_eval *eval, const struct sp_list *args)
{
    return path_part(eval, args, "BASENAME", sp_path_basename);
}

struct sp_value sp_builtin_extension(struct sp_eval *eval, const struct sp_list *args)
{
    return path_part(eval, args, "EXTENSION", sp_path_extension);
}

struct sp_value sp_builtin_stripext(struct sp_eval *eval, const struct sp_list *args)
{
    return path_part(eval, args, "STRIPEXT", sp_path_stem);
}
