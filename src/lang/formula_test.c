/* SPDX-License-Identifier: BSD-3-Clause */
/* formula_test.c DIR - runs the cases of every DIR/NAME.test.
 *
 *     # a remark
 *     @ {"recipe": {"a": 1}}        the namespaces from here on, as JSON
 *     ! tolerant                    or strict: the manner from here on
 *
 *     =recipe.a +                   a text; "json:" in front of a JSON string for odd ones
 *     ERROR: but the formula ends   what comes out: a repr, or the kind with part of the message
 *                ^                  where sp_eval_check sees the fault, if it does
 *
 * In the JSON {"$path": "a/b"} is a path value, {"$tuple": []} a tuple; {"$unset": ""},
 * {"$unresolved": "why"}, {"$skipped": "why"} and {"$error": "why"} are what their names say. */
#include "base/tap.h"
#include "base/vec.h"

#include "lang/eval.h"
#include "lang/world_fake.h"
#include "value/json.h"
#include "value/text.h"

#include <dirent.h>

static const struct sp_world_file world_files[] = {
    { "a.ms", NULL },      { "b.ms", NULL },      { "c.fits", "" },
    { "im/x-1.fits", "" }, { "im/x-2.fits", "" }, { "im/.hidden.fits", "" },
};

struct bench {
    struct sp_arena *arena;
    struct sp_world world;
    struct sp_scope scope;
    bool tolerant;
    struct sp_eval_cache *cache;
    const char *file;
    unsigned line;
};

/* --- namespaces --------------------------------------------------------------------------- */

/* {"$path": ...} and its like. */
static struct sp_value special(struct sp_arena *arena, struct sp_value value)
{
    static const struct {
        const char *key;
        enum sp_kind kind;
    } kinds[] = {
        { "$path", SP_PATH },       { "$unset", SP_UNSET }, { "$unresolved", SP_UNRESOLVED },
        { "$skipped", SP_SKIPPED }, { "$error", SP_ERROR },
    };

    if (value.dict->len != 1)
        return value;
    struct sp_dict_entry *entry = &value.dict->entries[0];
    if (sp_str_is(entry->key, "$tuple")) {
        entry->value.kind = SP_TUPLE;
        return entry->value;
    }
    for (size_t i = 0; i < SP_COUNT(kinds); i++)
        if (sp_str_is(entry->key, kinds[i].key))
            return (struct sp_value){ .kind = kinds[i].kind,
                                      .text = sp_value_text(arena, entry->value) };
    return value;
}

static struct sp_value prepare(struct sp_arena *arena, struct sp_value value)
{
    if (value.kind == SP_LIST) {
        SP_LIST_EACH(item, value.list)
        *item = prepare(arena, *item);
    } else if (value.kind == SP_DICT) {
        SP_DICT_EACH(entry, value.dict)
        entry->value = prepare(arena, entry->value);
        return special(arena, value);
    }
    return value;
}

static void set_namespaces(struct bench *bench, struct sp_str json)
{
    struct sp_err err = SP_ERR_INIT;
    struct sp_value all;

    bench->scope = (struct sp_scope){ 0 };
    if (sp_json_decode(bench->arena, json, &all, &err)) {
        tap_ok(false, "%s:%u: %s", bench->file, bench->line, err.text);
        return;
    }
    SP_DICT_EACH(space, all.dict)
    {
        const char *name = sp_arena_cstr(bench->arena, space->key);
        bool recursive = strstr("current recipe root parent", name) != NULL;
        struct sp_value dict = prepare(bench->arena, space->value);
        sp_scope_set(&bench->scope, name, dict.dict, recursive);
    }
}

/* --- cases -------------------------------------------------------------------------------- */

struct test_case {
    struct sp_str text, want, caret;
    unsigned line;
};

static const char *kind_label(struct sp_value value)
{
    static const char *const labels[] = { [SP_UNSET] = "UNSET",
                                          [SP_MISSING] = "MISSING: ",
                                          [SP_UNRESOLVED] = "UNRESOLVED: ",
                                          [SP_SKIPPED] = "SKIPPED: ",
                                          [SP_ERROR] = "ERROR: " };

    return labels[value.kind];
}

/* Does `got` come out as the line `want` says? */
static bool matches(struct sp_str want, struct sp_value got, struct sp_str repr)
{
    if (sp_is_value(got))
        return sp_str_eq(want, repr);
    const char *label = kind_label(got);
    if (got.kind == SP_UNSET)
        return sp_str_is(want, label);
    return sp_str_starts(want, label) &&
           sp_str_find_str(repr, sp_str_slice(want, strlen(label), want.len)) != SIZE_MAX;
}

static struct sp_value evaluate(struct bench *bench, struct sp_str text, bool cached)
{
    struct sp_eval eval = { .arena = bench->arena,
                            .world = &bench->world,
                            .scope = &bench->scope,
                            .tolerant = bench->tolerant,
                            .cache = cached ? bench->cache : NULL };
    struct sp_value value = sp_text(text);

    value.origin = 7;
    return sp_eval_value(&eval, value);
}

/* sp_eval_check and the evaluator agree on what can be parsed, and on where it breaks. */
static bool check_agrees(struct bench *bench, const struct test_case *test, struct sp_value got)
{
    struct sp_eval_fault fault = { 0 };
    bool good = sp_eval_check(bench->arena, test->text, &fault);
    bool syntax = got.kind == SP_ERROR && sp_str_starts(got.text, "error parsing");
    size_t caret = sp_str_find(test->caret, '^');

    if (good == syntax || (!good && (fault.message.len == 0 || fault.offset > test->text.len)))
        return false;
    if (test->caret.len && (good || fault.offset != caret)) {
        printf("# caret at %zu\n", fault.offset);
        return false;
    }
    return true;
}

static void run_case(struct bench *bench, const struct test_case *test)
{
    struct sp_str text = test->text;
    struct sp_err err = SP_ERR_INIT;
    struct sp_value decoded;

    if (sp_str_starts(text, "json:") &&
        !sp_json_decode(bench->arena, sp_str_slice(text, 5, text.len), &decoded, &err))
        text = decoded.text;
    struct test_case prepared = { text, test->want, test->caret, test->line };
    struct sp_value got = evaluate(bench, text, false);
    struct sp_value again = evaluate(bench, text, true);
    sp_auto_buf struct sp_buf repr = SP_BUF(SP_BUF_LARGE);
    sp_auto_buf struct sp_buf repr_again = SP_BUF(SP_BUF_LARGE);
    sp_value_repr(got, &repr);
    sp_value_repr(again, &repr_again);
    bool same = matches(test->want, got, sp_buf_str(&repr)) &&
                (got.origin == 7 || !sp_is_value(got)) && check_agrees(bench, &prepared, got) &&
                sp_str_eq(sp_buf_str(&repr), sp_buf_str(&repr_again));
    if (!tap_ok(same, "%s:%u: " SP_STR_FMT, bench->file, test->line, SP_STR_ARG(test->text)))
        printf("# want " SP_STR_FMT "\n# got  %s%s\n", SP_STR_ARG(test->want),
               sp_is_value(got) ? "" : kind_label(got), repr.ptr);
}

/* --- files -------------------------------------------------------------------------------- */

static struct sp_str next_line(struct bench *bench, struct sp_str *rest)
{
    bench->line++;
    return sp_str_cut(rest, '\n');
}

static void run_text(struct bench *bench, struct sp_str rest)
{
    while (rest.ptr) {
        struct sp_str line = next_line(bench, &rest);
        struct test_case test = { .text = line, .line = bench->line };
        if (line.len == 0 || line.ptr[0] == '#')
            continue;
        if (line.ptr[0] == '@') {
            set_namespaces(bench, sp_str_slice(line, 1, line.len));
            continue;
        }
        if (line.ptr[0] == '!') {
            bench->tolerant = sp_str_is(sp_str_trim(sp_str_slice(line, 1, line.len)), "tolerant");
            continue;
        }
        test.want = next_line(bench, &rest);
        struct sp_str ahead = rest;
        struct sp_str caret = ahead.ptr ? sp_str_cut(&ahead, '\n') : SP_STR("");
        if (sp_str_is(sp_str_trim(caret), "^")) {
            test.caret = caret;
            (void)next_line(bench, &rest);
        }
        run_case(bench, &test);
    }
}

static void run_file(struct bench *bench, const char *folder, const char *name)
{
    sp_auto_buf struct sp_buf path = SP_BUF(SP_BUF_SMALL);
    sp_auto_buf struct sp_buf text = SP_BUF(SP_BUF_LARGE);
    char piece[4096];

    sp_buf_addf(&path, "%s/%s", folder, name);
    FILE *file = fopen(path.ptr, "re");
    if (!tap_ok(file != NULL, "open %s", name))
        return;
    for (size_t got; (got = fread(piece, 1, sizeof piece, file)) > 0;)
        sp_buf_add(&text, (struct sp_str){ piece, got });
    (void)fclose(file);
    bench->file = name;
    bench->line = 0;
    bench->tolerant = false;
    bench->scope = (struct sp_scope){ 0 };
    run_text(bench, sp_buf_str(&text));
}

int main(int argc, char **argv)
{
    const char *folder = argc > 1 ? argv[1] : "tests/formulas";
    struct sp_world_fake fake = { .files = world_files, .len = SP_COUNT(world_files) };
    sp_auto_arena struct sp_arena *arena = sp_arena_new();
    struct bench bench = { .arena = arena, .cache = sp_eval_cache_new() };
    struct dirent **names = NULL;
    int count = scandir(folder, &names, NULL, alphasort);

    sp_world_fake_init(&bench.world, &fake);
    tap_ok(count > 0, "open %s", folder);
    for (int i = 0; i < count; i++) {
        if (sp_str_ends(sp_str_of(names[i]->d_name), ".test"))
            run_file(&bench, folder, names[i]->d_name);
        free(names[i]);
    }
    free(names);
    sp_eval_cache_free(bench.cache);
    sp_world_fake_fini(&fake);
    return tap_done();
}
