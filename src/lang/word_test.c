/* SPDX-License-Identifier: BSD-3-Clause */
/* Words of the command line (spec stimela2.md 6.3). */
#include "lang/word.h"

#include "base/tap.h"

#include "lang/world_fake.h"
#include "value/text.h"

#include <string.h>

/* --- kinds --------------------------------------------------------------------------------- */

struct kind_row {
    const char *text;
    int kind;                   /* -1: refused */
    const char *first, *second; /* name and value; module and path */
};

static const struct kind_row kind_rows[] = {
    { "x=1", SP_WORD_ASSIGNMENT, "x", "1" },
    { "x=", SP_WORD_ASSIGNMENT, "x", "" },
    { "x==y", SP_WORD_ASSIGNMENT, "x", "=y" },
    { "s.x=a.yml", SP_WORD_ASSIGNMENT, "s.x", "a.yml" },
    { "dir/x=1", SP_WORD_ASSIGNMENT, "dir/x", "1" },
    { "(p)x=1", SP_WORD_ASSIGNMENT, "(p)x", "1" },
    { "=1", -1, NULL, NULL },
    { "", -1, NULL, NULL },
    { "name", SP_WORD_NAME, "name", NULL },
    { "lib.recipes.x", SP_WORD_NAME, "lib.recipes.x", NULL },
    { "x.json", SP_WORD_NAME, "x.json", NULL },
    { "yml", SP_WORD_NAME, "yml", NULL },
    { ".yml", SP_WORD_FILE, "", ".yml" },
    { "a.yml", SP_WORD_FILE, "", "a.yml" },
    { "a.YAML", SP_WORD_FILE, "", "a.YAML" },
    { "a.Yml", SP_WORD_FILE, "", "a.Yml" },
    { "*.yml", SP_WORD_FILE, "", "*.yml" },
    { "./a", SP_WORD_FILE, "", "./a" },
    { "a/", SP_WORD_FILE, "", "a/" },
    { ".", SP_WORD_FILE, "", "." },
    { "..", SP_WORD_FILE, "", ".." },
    { "...", SP_WORD_NAME, "...", NULL },
    { "(p)a", SP_WORD_FILE, "p", "a" },
    { "(p.q)/a.yml", SP_WORD_FILE, "p.q", "a.yml" },
    { "(p)", SP_WORD_FILE, "p", "" },
    { "(p)/", SP_WORD_FILE, "p", "" },
    { "()a", -1, NULL, NULL },
    { "(p", -1, NULL, NULL },
    { "p::a", SP_WORD_FILE, "p", "a" },
    { "p.q::", SP_WORD_FILE, "p.q", "" },
    { "p:a", SP_WORD_NAME, "p:a", NULL },
    { "::a", SP_WORD_NAME, "::a", NULL },
    { "p-q::a", SP_WORD_NAME, "p-q::a", NULL },
};

static void test_kind(const struct kind_row *row)
{
    struct sp_word word = { 0 };
    struct sp_err err = SP_ERR_INIT;
    enum sp_rc rc = sp_word_parse(sp_str_of(row->text), &word, &err);
    struct sp_str first = word.kind == SP_WORD_FILE ? word.module : word.name;
    struct sp_str second = word.kind == SP_WORD_FILE ? word.path : word.value;
    bool right = row->kind < 0
                     ? rc == SP_INVALID && err.text[0] && !word.text.ptr
                     : rc == SP_OK && (int)word.kind == row->kind && sp_str_is(first, row->first) &&
                           sp_str_is(second, row->second ? row->second : "");

    if (!tap_ok(right, "'%s'", row->text))
        printf("# got kind %d, '" SP_STR_FMT "' and '" SP_STR_FMT "', %s\n", (int)word.kind,
               SP_STR_ARG(first), SP_STR_ARG(second), err.text);
}

/* --- values -------------------------------------------------------------------------------- */

struct value_row {
    const char *text;
    const char *want; /* as Python writes it; NULL: refused */
    bool warns;
};

static const struct value_row value_rows[] = {
    { "=UNSET", "UNSET", false },
    { "UNSET", "'UNSET'", false },
    { "=UNSET ", "'=UNSET'", false },
    { "=recipe.y+1", "'=recipe.y+1'", false },
    { "", "None", false },
    { "~", "None", false },
    { "5", "5", false },
    { "1e3", "'1e3'", false },
    { "1.0e+3", "1000.0", false },
    { "2024-01-01", "'2024-01-01'", false },
    { "yes", "True", false },
    { "[1, a]", "[1, 'a']", false },
    { "{a: 1}", "{'a': 1}", false },
    { "{a}", "{'a': None}", false },
    { "\"{recipe.y}\"", "'{recipe.y}'", false },
    { "{recipe.y}", "'{recipe.y}'", true },
    { "{recipe.loop:02d}", "'{recipe.loop:02d}'", true },
    { "{recipe.y}/x-{self.label}", "'{recipe.y}/x-{self.label}'", true },
    { "{recipe.y: 1}", "{'recipe.y': 1}", false },
    { "{recipe.y, b}", "{'recipe.y': None, 'b': None}", false },
    { "{recipe}", "{'recipe': None}", false },
    { "x{recipe.y}", "'x{recipe.y}'", false },
    { "[1, 2", NULL, false },
    { "{recipe.y", NULL, false },
    { "a: b: c", NULL, false },
    { "'x", NULL, false },
};

static void test_value(const struct value_row *row)
{
    sp_auto_arena struct sp_arena *arena = sp_arena_new();
    struct sp_origins *origins = sp_origins_new();
    struct sp_diags diags;
    struct sp_value value = sp_int(42);
    struct sp_err err = SP_ERR_INIT;
    sp_auto_buf struct sp_buf got = SP_BUF(SP_BUF_SMALL);

    sp_diags_init(&diags, arena, origins);
    enum sp_rc rc = sp_word_value(arena, origins, &diags, sp_str_of(row->text), &value, &err);
    sp_value_repr(value, &got);
    bool right = row->want ? rc == SP_OK && strcmp(got.ptr, row->want) == 0 && diags.errors == 0 &&
                                 (diags.len > 0) == row->warns
                           : rc == SP_INVALID && diags.errors == 1 && value.integer == 42;
    if (!tap_ok(right, "value '%s'", row->text))
        printf("# got %s '%s', %zu findings\n", sp_rc_name(rc), got.ptr, diags.len);
    sp_diags_fini(&diags);
    sp_origins_free(origins);
}

/* --- files --------------------------------------------------------------------------------- */

static const struct sp_world_file files[] = {
    { "a.yml", "" },
    { "b.yaml", "" },
    { "bare", "" },
    { "bare.yml", "" },
    { "dir.yml/in.yml", "" },
    { "two/b.yml", "" },
    { "two/a.yaml", "" },
    { "two/note.txt", "" },
    { "none/note.txt", "" },
    { "listed/MANIFEST.stimela", "z.yml\n\n  sub/*.yml  \r\nmissing.yml" },
    { "listed/a.yml", "" },
    { "listed/z.yml", "" },
    { "listed/sub/b.yml", "" },
    { "listed/sub/a.yml", "" },
    { "[x].yml", "" },
    { "x.yml", "" },
    { "/lib/pack/c.yml", "" },
    { "/lib/pack/d.txt", "" },
};

static const struct sp_world_pair packages[] = { { "pack", "/lib/pack" } };

struct file_row {
    const char *text;
    const char *want; /* names in order; NULL: refused */
    const char *fault;
};

static const struct file_row file_rows[] = {
    { "a.yml", "a.yml", NULL },
    { "./a", "./a.yml", NULL },
    { "./b", "./b.yaml", NULL },
    { "./bare", "./bare ./bare.yml", NULL }, /* all that match, as the reference */
    { "./ba*", "./bare.yml", NULL },         /* a wildcard at the end: never without extension */
    { "*.yml", "[x].yml a.yml bare.yml x.yml", NULL }, /* dir.yml is a directory */
    { "[x].yml", "[x].yml", NULL },                    /* what is there literally wins */
    { "two/", "two/b.yml two/a.yaml", NULL },
    { "./two", "./two/b.yml ./two/a.yaml", NULL },
    { "listed/", "listed/z.yml listed/sub/a.yml listed/sub/b.yml", NULL },
    { "none/", NULL, "'none/' is a directory, which doesn't match any YAML documents" },
    { "c.yml", NULL, "'c.yml' doesn't match any YAML documents" },
    { "bre.yml", NULL, "did you mean 'bare.yml'?" },
    { "q*.yml", NULL, "'q*.yml' doesn't match any YAML documents" },
    { "two/note.txt", "two/note.txt", NULL },
    { "(pack)c.yml", "/lib/pack/c.yml", NULL },
    { "pack::c", "/lib/pack/c.yml", NULL },
    { "(pack)", "/lib/pack/c.yml", NULL },
    { "(pack)*", "/lib/pack/c.yml", NULL },
    { "(pack)z.yml", NULL, "'(pack)z.yml' is '/lib/pack/z.yml', which doesn't match any YAML" },
    { "(gone)c.yml", NULL, "can't import package 'gone'" },
};

static void test_files(const struct file_row *row)
{
    sp_auto_arena struct sp_arena *arena = sp_arena_new();
    struct sp_world_fake fake = { .files = files,
                                  .len = SP_COUNT(files),
                                  .packages = packages,
                                  .packages_len = SP_COUNT(packages) };
    struct sp_world world;
    struct sp_word word;
    struct sp_err err = SP_ERR_INIT;
    struct sp_list *out = sp_list_new(arena).list;
    sp_auto_buf struct sp_buf got = SP_BUF(SP_BUF_SMALL);

    sp_world_fake_init(&world, &fake);
    enum sp_rc rc = sp_word_parse(sp_str_of(row->text), &word, &err);
    if (rc == SP_OK)
        rc = sp_word_files(arena, &world, &word, out, &err);
    SP_LIST_EACH(file, out)
    sp_buf_addf(&got, "%s" SP_STR_FMT, got.len ? " " : "", SP_STR_ARG(file->text));
    bool right = row->want ? rc == SP_OK && strcmp(got.ptr, row->want) == 0
                           : rc == SP_NOT_FOUND && strstr(err.text, row->fault);
    if (!tap_ok(right, "file '%s'", row->text))
        printf("# got %s '%s' %s\n", sp_rc_name(rc), got.ptr, err.text);
    sp_world_fake_fini(&fake);
}

int main(void)
{
    for (size_t i = 0; i < SP_COUNT(kind_rows); i++)
        test_kind(&kind_rows[i]);
    for (size_t i = 0; i < SP_COUNT(value_rows); i++)
        test_value(&value_rows[i]);
    for (size_t i = 0; i < SP_COUNT(file_rows); i++)
        test_files(&file_rows[i]);
    return tap_done();
}
