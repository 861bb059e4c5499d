/* SPDX-License-Identifier: BSD-3-Clause */
#include "engine/compare.h"

#include "engine/errand.h"
#include "store/tree.h"
#include "value/json.h"

#include <math.h>
#include <sys/wait.h>

#define LINES_MAX 20 /* of one result: more do not tell more */

struct comparing {
    struct sp_arena *arena;
    const char *before, *after;
    const struct sp_tolerance *tolerance;
    struct sp_str path;
    struct sp_comparison *out;
    struct sp_tree old, new;
    struct sp_str last_unit; /* tables are compared as a whole, once */
};

const char *sp_sameness_name(enum sp_sameness outcome)
{
    static const char *const names[] = { "bitwise", "meaning", "within", "differs" };

    return names[outcome];
}

/* --- tolerances --------------------------------------------------------------------------- */

static bool take_number(struct sp_str *rest, double *out)
{
    struct sp_str word = sp_str_cut(rest, ' ');

    return sp_str_float(word, out) && *out >= 0 && isfinite(*out);
}

enum sp_rc sp_tolerance_parse(struct sp_str text, struct sp_tolerance *out, struct sp_err *err)
{
    static const char *const kinds[] = { "fits", "casa", "text" };
    struct sp_str rest = sp_str_trim(text);
    struct sp_tolerance tolerance = { .exact = sp_str_is(rest, "exact") };

    if (tolerance.exact) {
        *out = tolerance;
        return SP_OK;
    }
    for (size_t i = 0; i < SP_COUNT(kinds); i++)
        if (sp_str_starts(rest, kinds[i]) && rest.len > 4 && rest.ptr[4] == ' ') {
            rest = sp_str_trim(sp_str_slice(rest, 5, rest.len));
            break;
        }
    bool fine = take_number(&rest, &tolerance.relative);
    if (fine && rest.len)
        fine = take_number(&rest, &tolerance.absolute);
    if (!fine || rest.len)
        return sp_fail(err, SP_INVALID,
                       "'" SP_STR_FMT
                       "' is no tolerance: write exact, or fits, casa or text with a "
                       "relative and perhaps an absolute number, as in 'fits 1e-5'",
                       SP_STR_ARG(text));
    *out = tolerance;
    return SP_OK;
}

/* --- what datadiff says ------------------------------------------------------------------- */

static void SP_PRINTF(2, 3) say(struct comparing *c, const char *fmt, ...)
{
    va_list args;

    if (c->out->lines->len > LINES_MAX)
        return;
    va_start(args, fmt);
    struct sp_str line = sp_arena_vprintf(c->arena, fmt, args);
    va_end(args);
    sp_list_add(c->arena, c->out->lines,
                sp_text(c->out->lines->len == LINES_MAX ? SP_STR("... and more") : line));
}

static void settle_for(struct comparing *c, enum sp_sameness outcome, double relative)
{
    c->out->outcome = SP_MAX(c->out->outcome, outcome);
    c->out->relative = fmax(c->out->relative, relative);
}

static const struct sp_list *list_in(const struct sp_dict *dict, const char *key)
{
    static const struct sp_list none;
    const struct sp_value *value = sp_dict_get(dict, key);

    return value && value->kind == SP_LIST ? value->list : &none;
}

static void say_part(struct comparing *c, struct sp_str unit, const struct sp_dict *part)
{
    struct sp_str place = sp_dict_text(part, "place");
    const struct sp_value *relative = sp_dict_get(part, "relative");

    say(c, SP_STR_FMT "%s" SP_STR_FMT ": %.0f of %.0f values differ%s%s" SP_STR_FMT,
        SP_STR_ARG(unit), unit.len ? ": " : "", SP_STR_ARG(sp_dict_text(part, "name")),
        sp_dict_number(part, "count"), sp_dict_number(part, "total"),
        relative ? sp_arena_printf(c->arena, ", at most by %.3g of the peak",
                                   sp_dict_number(part, "relative"))
                       .ptr
                 : ", some are no numbers",
        place.len ? ", at " : "", SP_STR_ARG(place));
}

static void take_report(struct comparing *c, struct sp_str unit, const struct sp_dict *report)
{
    struct sp_str outcome = sp_dict_text(report, "outcome");
    bool differs = sp_str_is(outcome, "differs");
    bool finite = sp_dict_get(report, "relative") && !list_in(report, "faults")->len;

    SP_LIST_EACH(fault, list_in(report, "faults"))
    say(c, SP_STR_FMT "%s" SP_STR_FMT, SP_STR_ARG(unit), unit.len ? ": " : "",
        SP_STR_ARG(fault->text));
    SP_LIST_EACH(part, list_in(report, "parts"))
    if (part->kind == SP_DICT)
        say_part(c, unit, part->dict);
    if (sp_str_is(outcome, "same"))
        settle_for(c, SP_SAME_MEANING, 0);
    else
        settle_for(c, differs || c->tolerance->exact ? SP_SAME_DIFFERS : SP_SAME_WITHIN,
                   finite ? sp_dict_number(report, "relative") : (double)INFINITY);
}

static struct sp_str below(struct comparing *c, const char *root, struct sp_str unit)
{
    return sp_str_is(unit, ".") ? sp_arena_str(c->arena, sp_str_of(root))
                                : sp_arena_join(c->arena, sp_str_of(root), "/", unit);
}

/* False: nobody can tell how much it differs. */
static bool measure(struct comparing *c, struct sp_str unit)
{
    struct sp_arena *arena = c->arena;
    const char *argv[] = {
        "datadiff",
        "--json",
        "-r",
        sp_arena_printf(arena, "%.17g", c->tolerance->relative).ptr,
        "-a",
        sp_arena_printf(arena, "%.17g", c->tolerance->absolute).ptr,
        below(c, c->before, unit).ptr,
        below(c, c->after, unit).ptr,
        NULL,
    };
    sp_auto_buf struct sp_buf answer = SP_BUF(SP_BUF_LARGE);
    struct sp_err err = SP_ERR_INIT;
    struct sp_str why = SP_STR("");
    struct sp_value report;
    int status = 0;

    if (sp_errand_run(arena, argv, c->path, &answer, &status, &why, &err) == SP_OK &&
        WIFEXITED(status) && WEXITSTATUS(status) <= 1 &&
        sp_json_decode(arena, sp_arena_str(arena, sp_buf_str(&answer)), &report, &err) == SP_OK &&
        report.kind == SP_DICT) {
        take_report(c, sp_str_is(unit, ".") ? SP_STR("") : unit, report.dict);
        return true;
    }
    say(c, SP_STR_FMT ": how much it differs is not known: %s", SP_STR_ARG(unit),
        why.len ? sp_arena_cstr(arena, why) : err.text);
    return false;
}

/* --- file by file ------------------------------------------------------------------------- */

/* The outermost table around a file, or the file itself. */
static struct sp_str unit_of(struct comparing *c, struct sp_str path)
{
    if (sp_tree_find(&c->old, SP_STR("table.dat")))
        return SP_STR(".");
    for (size_t i = 0; i < path.len; i++) {
        if (path.ptr[i] != '/')
            continue;
        struct sp_str dir = sp_str_slice(path, 0, i);
        if (sp_tree_find(&c->old, sp_arena_join(c->arena, dir, "/", SP_STR("table.dat"))))
            return dir;
    }
    return path;
}

static bool is_same_entry(const struct sp_tree_entry *a, const struct sp_tree_entry *b)
{
    if (a->type != b->type)
        return false;
    if (a->type == SP_TREE_LINK)
        return sp_str_eq(a->target, b->target);
    return a->type == SP_TREE_DIR || sp_digest_eq(&a->meaning, &b->meaning);
}

static bool is_noise(const struct sp_tree_entry *entry)
{
    return (entry->has & SP_TREE_MEANING) && sp_digest_is_zero(&entry->meaning);
}

/* Whether it is still to be looked at: a table is compared once, whichever of its files differ. */
static bool is_next_unit(struct comparing *c, struct sp_str path, struct sp_str *unit)
{
    *unit = unit_of(c, path);
    bool is_known = !sp_str_eq(*unit, path) && sp_str_eq(*unit, c->last_unit);

    c->last_unit = *unit;
    return !is_known;
}

static void differ(struct comparing *c, struct sp_str path, const char *how)
{
    say(c, SP_STR_FMT " %s", SP_STR_ARG(path), how);
    settle_for(c, SP_SAME_DIFFERS, (double)INFINITY);
}

static void compare_unit(struct comparing *c, struct sp_str unit)
{
    if (!measure(c, unit))
        settle_for(c, SP_SAME_DIFFERS, (double)INFINITY);
}

/* `how` it differs when it is a file of its own. */
static void take_single(struct comparing *c, const struct sp_tree_entry *entry, const char *how)
{
    struct sp_str unit;

    if (is_noise(entry) || !is_next_unit(c, entry->path, &unit))
        return;
    if (sp_str_eq(unit, entry->path))
        differ(c, unit, how);
    else
        compare_unit(c, unit);
}

static void take_pair(struct comparing *c,
                      const struct sp_tree_entry *old,
                      const struct sp_tree_entry *new)
{
    struct sp_str unit;

    if (is_same_entry(old, new) || !is_next_unit(c, old->path, &unit))
        return;
    if (sp_str_eq(unit, old->path) && (old->type != SP_TREE_FILE || new->type != SP_TREE_FILE))
        differ(c, unit, "is of another type");
    else
        compare_unit(c, unit);
}

/* Both are sorted by path. */
static void compare_entries(struct comparing *c)
{
    size_t i = 0, j = 0;

    while (i < c->old.len || j < c->new.len) {
        int order = i == c->old.len   ? 1
                    : j == c->new.len ? -1
                                      : sp_str_cmp(c->old.entries[i].path, c->new.entries[j].path);
        if (order < 0)
            take_single(c, &c->old.entries[i++], "is not made any more");
        else if (order > 0)
            take_single(c, &c->new.entries[j++], "is new");
        else
            take_pair(c, &c->old.entries[i++], &c->new.entries[j++]);
    }
}

static enum sp_rc look_at(struct comparing *c,
                          const char *path,
                          struct sp_tree *out,
                          struct sp_err *err)
{
    enum sp_rc rc = sp_tree_scan(path, c->arena, out, err);

    return rc || !out->len ? rc : sp_tree_digest(out, path, SP_TREE_EXACT | SP_TREE_MEANING, err);
}

static void judge(struct comparing *c)
{
    if (!c->old.len || !c->new.len) {
        say(c, c->new.len ? "it is new" : "it is not made any more");
        settle_for(c, SP_SAME_DIFFERS, (double)INFINITY);
        return;
    }
    struct sp_digest exact[] = { sp_tree_exact(&c->old), sp_tree_exact(&c->new) };
    struct sp_digest content[] = { sp_tree_content(&c->old), sp_tree_content(&c->new) };
    if (sp_digest_eq(&exact[0], &exact[1]))
        return;
    settle_for(c, SP_SAME_MEANING, 0);
    if (!sp_digest_eq(&content[0], &content[1]))
        compare_entries(c);
}

/* NOLINTNEXTLINE(readability-function-size): two things, how to compare them, what comes out */
enum sp_rc sp_compare(struct sp_arena *arena,
                      const char *before,
                      const char *after,
                      const struct sp_tolerance *tolerance,
                      struct sp_str path,
                      struct sp_comparison *out,
                      struct sp_err *err)
{
    struct comparing c = {
        .arena = arena,
        .before = before,
        .after = after,
        .tolerance = tolerance,
        .path = path,
        .out = out,
    };

    *out = (struct sp_comparison){ .lines = sp_list_new(arena).list };
    enum sp_rc rc = look_at(&c, before, &c.old, err);
    if (rc == SP_OK)
        rc = look_at(&c, after, &c.new, err);
    if (rc == SP_OK)
        judge(&c);
    return rc;
}
