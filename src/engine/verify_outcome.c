/* SPDX-License-Identifier: BSD-3-Clause */
/* verify_outcome.c - what a second run of a step has come to. */
#include "engine/verify_internal.h"
#include "sys/file.h"
#include "value/text.h"

#include <math.h>

static void SP_PRINTF(2, 3) say(struct sp_trial *trial, const char *fmt, ...)
{
    va_list args;

    va_start(args, fmt);
    sp_list_add(trial->arena, trial->lines, sp_text(sp_arena_vprintf(trial->arena, fmt, args)));
    va_end(args);
}

static void settle_for(struct sp_trial *trial, enum sp_sameness outcome, double relative)
{
    trial->outcome = SP_MAX(trial->outcome, outcome);
    trial->relative = fmax(trial->relative, relative);
}

/* --- files -------------------------------------------------------------------------------- */

/* "images[2]" is an output "images". */
static struct sp_str base_name(struct sp_str role)
{
    size_t bracket = sp_str_find(role, '[');

    return bracket == SIZE_MAX ? role : sp_str_slice(role, 0, bracket);
}

/* What the command line says, else the cab, else exact. False: what the cab says is nonsense. */
static bool tolerance_for(struct sp_trial *trial, struct sp_str role, struct sp_tolerance *out)
{
    const struct sp_tolerance *given = trial->verify->options->tolerance;
    const struct sp_dict *compare = trial->effects->compare;
    const struct sp_value *text = compare ? sp_dict_find(compare, base_name(role)) : NULL;
    struct sp_err err = SP_ERR_INIT;

    *out = given ? *given : (struct sp_tolerance){ .exact = true };
    if (given || !text || !sp_is_text(*text) || sp_tolerance_parse(text->text, out, &err) == SP_OK)
        return true;
    trial->unknown = sp_arena_cstr(trial->arena, sp_str_of(err.text));
    return false;
}

/* The result that is remembered, at a place where it can be read. */
static bool find_stored(struct sp_trial *trial,
                        const struct sp_product_path *output,
                        struct sp_str *out)
{
    const struct sp_supplier *supplier = &trial->verify->supplier;
    struct sp_supply supply;
    struct sp_supply_wish wish = { .path = output->path,
                                   .version = &output->version,
                                   .tree = &output->tree };
    struct sp_err err = SP_ERR_INIT;

    sp_supply_find(supplier, &wish, &supply);
    *out = supply.path;
    if (supply.from == SP_SUPPLY_DISK)
        return true;
    if (supply.from == SP_SUPPLY_NOWHERE) {
        say(trial, SP_STR_FMT " was not kept: it is not compared", SP_STR_ARG(output->path));
        return false;
    }
    *out = sp_arena_printf(trial->arena, SP_STR_FMT "/stored/%zu", SP_STR_ARG(trial->verify->dir),
                           (size_t)(output - trial->product->outputs));
    struct sp_str dir = sp_arena_join(trial->arena, trial->verify->dir, "/", SP_STR("stored"));
    if (sp_supply_make_dirs(supplier, dir, &err) == SP_OK &&
        sp_supply_bring(supplier, &supply, out->ptr, &err) == SP_OK)
        return true;
    say(trial, SP_STR_FMT " is not compared: %s", SP_STR_ARG(output->path), err.text);
    return false;
}

static void take_comparison(struct sp_trial *trial,
                            const struct sp_product_path *output,
                            const struct sp_comparison *comparison)
{
    trial->compared++;
    settle_for(trial, comparison->outcome, comparison->relative);
    SP_LIST_EACH(line, comparison->lines)
    say(trial, SP_STR_FMT ": " SP_STR_FMT, SP_STR_ARG(output->path), SP_STR_ARG(line->text));
}

static void judge_output(struct sp_trial *trial, const struct sp_product_path *output)
{
    struct sp_str place = sp_trial_place(trial, output->role, output->path);
    struct sp_tolerance tolerance;
    struct sp_comparison comparison;
    struct sp_str stored;
    struct sp_err err = SP_ERR_INIT;

    if (output->absent) {
        trial->compared++;
        if (sp_file_kind(place.ptr) != SP_FILE_NONE) {
            say(trial, SP_STR_FMT ": it was not made then", SP_STR_ARG(output->path));
            settle_for(trial, SP_SAME_DIFFERS, (double)INFINITY);
        }
        return;
    }
    if (!tolerance_for(trial, output->role, &tolerance) || !find_stored(trial, output, &stored))
        return;
    if (sp_compare(trial->arena, stored.ptr, place.ptr, &tolerance, trial->verify->supplier.path,
                   &comparison, &err))
        say(trial, SP_STR_FMT " is not compared: %s", SP_STR_ARG(output->path), err.text);
    else
        take_comparison(trial, output, &comparison);
}

/* --- values ------------------------------------------------------------------------------- */

static struct sp_str brief(struct sp_trial *trial, const struct sp_value *value)
{
    sp_auto_buf struct sp_buf text = SP_BUF(SP_BUF_SMALL);

    if (!value)
        return SP_STR("nothing");
    sp_value_brief(*value, 60, &text);
    return sp_arena_str(trial->arena, sp_buf_str(&text));
}

static double as_number(const struct sp_value *value)
{
    return value->kind == SP_INT     ? (double)value->integer
           : value->kind == SP_FLOAT ? value->real
                                     : (double)NAN;
}

static void judge_value(struct sp_trial *trial,
                        struct sp_str name,
                        const struct sp_value *then,
                        const struct sp_value *now)
{
    struct sp_tolerance tolerance;

    if (!tolerance_for(trial, name, &tolerance))
        return;
    trial->compared++;
    if (now && sp_value_eq(*then, *now))
        return;
    double away = now ? fabs(as_number(now) - as_number(then)) : (double)NAN;
    double relative = away / fabs(as_number(then));
    bool within =
        !tolerance.exact && away <= tolerance.absolute + tolerance.relative * fabs(as_number(then));
    say(trial, SP_STR_FMT ": " SP_STR_FMT " -> " SP_STR_FMT, SP_STR_ARG(name),
        SP_STR_ARG(brief(trial, then)), SP_STR_ARG(brief(trial, now)));
    settle_for(trial, within ? SP_SAME_WITHIN : SP_SAME_DIFFERS,
               isfinite(relative) ? relative : (double)INFINITY);
}

/* --- the workspace ------------------------------------------------------------------------ */

static void check_untouched(struct sp_trial *trial)
{
    struct sp_err ignored = SP_ERR_INIT;
    struct sp_tree now;

    for (size_t i = 0; i < trial->len; i++) {
        struct sp_replica *replica = &trial->replicas[i];
        if (sp_tree_scan(sp_arena_cstr(trial->arena, replica->role.real), trial->arena, &now,
                         &ignored))
            continue;
        struct sp_tree before = replica->before;
        bool same = now.len == before.len;
        for (size_t k = 0; k < now.len && same; k++)
            same = sp_str_eq(now.entries[k].path, before.entries[k].path) &&
                   now.entries[k].ino == before.entries[k].ino &&
                   now.entries[k].changed == before.entries[k].changed;
        if (!same)
            say(trial, "the tool has changed " SP_STR_FMT " itself, not the copy that it was given",
                SP_STR_ARG(replica->role.path));
    }
}

void sp_trial_judge(struct sp_trial *trial, const struct sp_dict *values)
{
    check_untouched(trial);
    if (trial->failed)
        return;
    for (size_t i = 0; i < trial->product->output_count && !trial->unknown; i++)
        judge_output(trial, &trial->product->outputs[i]);
    if (trial->product->values)
        SP_DICT_EACH(entry, trial->product->values)
    judge_value(trial, entry->key, &entry->value, values ? sp_dict_find(values, entry->key) : NULL);
    if (!trial->compared && !trial->unknown)
        trial->unknown = "nothing of its result was kept";
}

/* --- telling -------------------------------------------------------------------------------- */

struct sp_dict *sp_trial_event(struct sp_trial *trial)
{
    struct sp_arena *arena = trial->verify->arena;
    struct sp_dict *event = sp_dict_new(arena).dict;
    const struct sp_step_summary *step = trial->step;
    const char *outcome = trial->unknown  ? "unknown"
                          : trial->failed ? "failed"
                                          : sp_sameness_name(trial->outcome);
    const char *why = trial->unknown ? trial->unknown : trial->failed;

    sp_dict_put_text(arena, event, "run", trial->verify->options->run->id);
    sp_dict_put_text(arena, event, "task", step->task);
    sp_dict_put_text(arena, event, "cab", trial->action->task->cab->name);
    if (trial->product)
        sp_dict_put_text(arena, event, "program", trial->product->program);
    if (step->key)
        sp_dict_put_text(arena, event, "key", sp_dict_text(step->key, "key"));
    sp_dict_put(arena, event, "outcome", sp_text(sp_str_of(outcome)));
    if (isfinite(trial->relative) && trial->relative > 0)
        sp_dict_put(arena, event, "relative", sp_float(trial->relative));
    sp_dict_put_text(arena, event, "why", sp_arena_str(arena, sp_str_of(why)));
    sp_dict_put(arena, event, "lines", (struct sp_value){ .kind = SP_LIST, .list = trial->lines });
    /* It outlives the trial, and the recipe. */
    return sp_value_copy(arena, (struct sp_value){ .kind = SP_DICT, .dict = event }).dict;
}
