/* SPDX-License-Identifier: BSD-3-Clause */
#include "lang/compose.h"

#include "base/tap.h"

#include "lang/world_fake.h"
#include "value/text.h"

#define FILES_MAX 8

struct row {
    const char *name;
    struct sp_world_file files[FILES_MAX]; /* the first one is composed */
    const char *want;                      /* repr; NULL: it fails */
    const char *finding;                   /* "file:line:column severity text", the first one */
};

struct bench {
    struct sp_arena *arena;
    struct sp_origins *origins;
    struct sp_diags diags;
    struct sp_world_fake fake;
    struct sp_world world;
    struct sp_composer composer;
    struct sp_err err;
};

static const struct sp_world_pair packages[] = { { "cultcargo", "/opt/cultcargo" } };
static struct sp_str include_path[] = { { "/lib/stimela", 12 } };

static void open_bench(struct bench *bench, const struct sp_world_file *files)
{
    *bench = (struct bench){ .arena = sp_arena_new(), .origins = sp_origins_new() };
    bench->err = SP_ERR_INIT;
    bench->fake = (struct sp_world_fake){
        .files = files,
        .packages = packages,
        .packages_len = SP_COUNT(packages),
    };
    while (bench->fake.len < FILES_MAX && files[bench->fake.len].path)
        bench->fake.len++;
    sp_world_fake_init(&bench->world, &bench->fake);
    sp_diags_init(&bench->diags, bench->arena, bench->origins);
    bench->composer = (struct sp_composer){
        .arena = bench->arena,
        .origins = bench->origins,
        .diags = &bench->diags,
        .world = &bench->world,
        .include_path = include_path,
        .include_path_len = SP_COUNT(include_path),
    };
}

static void close_bench(struct bench *bench)
{
    sp_composer_fini(&bench->composer);
    sp_world_fake_fini(&bench->fake);
    sp_diags_fini(&bench->diags);
    sp_origins_free(bench->origins);
    sp_arena_free(bench->arena);
}

static enum sp_rc compose(struct bench *bench, const char *path, struct sp_value *out)
{
    return sp_compose_file(&bench->composer, sp_str_of(path), SP_NO_SOURCES, out, &bench->err);
}

static struct sp_str describe(struct bench *bench, size_t number)
{
    static const char *const severities[] = { "error", "warning", "note" };
    struct sp_origin at = { 0 };

    if (number >= bench->diags.len)
        return SP_STR("none");
    const struct sp_diag *diag = &bench->diags.items[number];
    (void)sp_origins_get(bench->origins, diag->origin, &at);
    return sp_arena_printf(bench->arena, SP_STR_FMT ":%u:%u %s %s", SP_STR_ARG(at.file), at.line,
                           at.column, severities[diag->severity], diag->text);
}

static void check_row(const struct row *row, bool strict)
{
    struct bench bench;
    struct sp_value value = sp_text(SP_STR("untouched"));
    sp_auto_buf struct sp_buf got = SP_BUF(SP_BUF_SMALL);

    open_bench(&bench, row->files);
    bench.composer.strict = strict;
    enum sp_rc rc = compose(&bench, row->files[0].path, &value);
    sp_value_repr(value, &got);
    struct sp_str finding = describe(&bench, 0);
    bool right = row->want ? rc == SP_OK && strcmp(got.ptr, row->want) == 0
                           : rc == SP_INVALID && strcmp(got.ptr, "'untouched'") == 0;
    if (!tap_ok(right && sp_str_is(finding, row->finding ? row->finding : "none"), "%s",
                row->name)) {
        printf("# got %s (%s)\n# finding " SP_STR_FMT "\n", got.ptr, bench.err.text,
               SP_STR_ARG(finding));
        for (size_t i = 1; i < bench.diags.len; i++)
            printf("# and " SP_STR_FMT "\n", SP_STR_ARG(describe(&bench, i)));
    }
    close_bench(&bench);
}

/* --- _include ------------------------------------------------------------------------------ */

static const struct row includes[] = {
    { "one file",
      { { "r.yml", "_include: A.yml\nx: 1\n" }, { "A.yml", "x: 0\ny: 2\n" } },
      "{'x': 1, 'y': 2}",
      NULL },
    { "included keys come first",
      { { "r.yml", "_include: A.yml\nb: 1\na: 2\n" }, { "A.yml", "a: 0\nc: 3\n" } },
      "{'a': 2, 'c': 3, 'b': 1}",
      NULL },
    { "several, later ones win; nested lists",
      { { "r.yml", "_include: [A, [B.yml, [sub/C]]]\n" },
        { "A.yml", "x: a\nk: a\n" },
        { "B.yml", "x: b\n" },
        { "sub/C.yaml", "x: c\n" } },
      "{'x': 'c', 'k': 'a'}",
      NULL },
    { "a mapping is a prefix",
      { { "r.yml", "_include: {sub: [C.yml, {deep: D}], .: A.yml}\n" },
        { "sub/C.yml", "c: 1\n" },
        { "sub/deep/D.yml", "d: 1\n" },
        { "A.yml", "a: 1\n" } },
      "{'c': 1, 'd': 1, 'a': 1}",
      NULL },
    { "a package as key in a list",
      { { "r.yml", "_include:\n  - (cultcargo): [x.yml, sub/y]\n  - (cultcargo)z.yml\n" },
        { "/opt/cultcargo/x.yml", "x: 1\n" },
        { "/opt/cultcargo/sub/y.yml", "_include: (.)beside.yml\ny: 1\n" },
        { "/opt/cultcargo/sub/beside.yml", "b: 1\n" },
        { "/opt/cultcargo/z.yml", "_include: (./sub)/beside\nz: 1\n" } },
      "{'x': 1, 'b': 1, 'y': 1, 'z': 1}",
      NULL },
    { "(..) is above the including file",
      { { "r.yml", "_include: sub/a.yml\n" },
        { "sub/a.yml", "_include: (..)top.yml\n" },
        { "top.yml", "t: 1\n" } },
      "{'t': 1}",
      NULL },
    { "home and absolute paths",
      { { "r.yml", "_include: [~/h.yml, /abs/a]\n" },
        { "/home/user/h.yml", "h: 1\n" },
        { "/abs/a.yml", "a: 1\n" } },
      "{'h': 1, 'a': 1}",
      NULL },
    { "the current directory wins over that of the file",
      { { "sub/r.yml", "_include: A.yml\n" },
        { "A.yml", "x: cwd\n" },
        { "sub/A.yml", "x: sub\n" } },
      "{'x': 'cwd'}",
      NULL },
    { "then the file's directory, then the include path",
      { { "sub/r.yml", "_include: [A.yml, B.yml]\n" },
        { "sub/A.yml", "a: sub\n" },
        { "/lib/stimela/A.yml", "a: lib\n" },
        { "/lib/stimela/B.yml", "b: lib\n" } },
      "{'a': 'sub', 'b': 'lib'}",
      NULL },
    { "a name with an extension is tried alone, one without has itself first",
      { { "r.yml", "_include: [v1.2, plain]\n" },
        { "v1.2", "a: 1\n" },
        { "plain", "b: 1\n" },
        { "plain.yml", "b: 2\n" } },
      "{'a': 1, 'b': 1}",
      NULL },
    { "null and nothing include nothing",
      { { "r.yml", "_include:\nx: {_include: []}\ny: 1\n" } },
      "{'x': {}, 'y': 1}",
      NULL },
    { "in a section, with its own includes",
      { { "r.yml", "s:\n  _include: A.yml\n  x: 1\n" },
        { "A.yml", "_include: B.yml\na: {p: 1}\n" },
        { "B.yml", "a: {q: 2}\n" } },
      "{'s': {'a': {'q': 2, 'p': 1}, 'x': 1}}",
      NULL },
    { "in an element of a list",
      { { "r.yml", "l: [{_include: A.yml, x: 1}, 2]\n" }, { "A.yml", "a: 1\n" } },
      "{'l': [{'a': 1, 'x': 1}, 2]}",
      NULL },
    { "an empty file",
      { { "r.yml", "_include: A.yml\nx: 1\n" }, { "A.yml", "" } },
      "{'x': 1}",
      NULL },
    { "a lone word is a key",
      { { "r.yml", "_include: A.yml\n" }, { "A.yml", "word\n" } },
      "{'word': None}",
      NULL },
    { "the same file twice",
      { { "r.yml", "a: {_include: A.yml}\nb: {_include: A.yml, x: 2}\n" }, { "A.yml", "x: 1\n" } },
      "{'a': {'x': 1}, 'b': {'x': 2}}",
      NULL },
    { "null erases what was included",
      { { "r.yml", "_include: A.yml\ns:\n" }, { "A.yml", "s: {x: 1}\n" } },
      "{'s': None}",
      NULL },
    { "_include_post wins",
      { { "r.yml", "x: 1\ny: 1\n_include_post: A.yml\n" }, { "A.yml", "x: 2\nz: 2\n" } },
      "{'x': 2, 'y': 1, 'z': 2}",
      NULL },
    { "_include_SUFFIX wins over what stands before it",
      { { "r.yml", "b: 1\n_include_mid: A.yml\na: 1\n" }, { "A.yml", "b: 2\na: 2\nm: 2\n" } },
      "{'b': 2, 'a': 1, 'm': 2}",
      NULL },
    { "_include_SUFFIX inserts at its place",
      { { "r.yml", "first: 1\n_include_mid: A.yml\nlast: 1\n" }, { "A.yml", "mid: 2\n" } },
      "{'first': 1, 'mid': 2, 'last': 1}",
      NULL },
    { "a _scrub goes with its directive",
      { { "r.yml", "a: 1\n_include_mid: A.yml\n_scrub_mid: [drop, s.x]\n" },
        { "A.yml", "drop: 1\nkeep: 2\ns: {x: 1, y: 2}\n" } },
      "{'a': 1, 'keep': 2, 's': {'y': 2}}",
      NULL },
    { "_flatten does nothing",
      { { "r.yml", "a: {_flatten: 1, b: 2}\n" } },
      "{'a': {'b': 2}}",
      NULL },
    { "underscored keys that are no directives stay",
      { { "r.yml", "_includes: 1\n_user: 2\n_x: 3\n" } },
      "{'_includes': 1, '_user': 2, '_x': 3}",
      NULL },
    { "[optional] may be missing",
      { { "r.yml", "_include: ['no.yml [optional]', '(nopkg)x [Optional]', '(.)n [ optional ]',\n"
                   "  '/n [optional,other]']\nx: 1\n" } },
      "{'x': 1}",
      NULL },
    { "[warn] says so",
      { { "r.yml", "_include: no.yml [optional, warn]\nx: 1\n" } },
      "{'x': 1}",
      "r.yml:1:11 warning optional _include file 'no.yml' was not found" },
    { "flags of a file that is there",
      { { "r.yml", "_include: A.yml[optional]\n" }, { "A.yml", "a: 1\n" } },
      "{'a': 1}",
      NULL },
    { "a missing file",
      { { "sub/r.yml", "x: 1\ns:\n  _include: [no.yml]\n" } },
      NULL,
      "sub/r.yml:3:14 error _include file 'no.yml' not found in ., sub, /lib/stimela" },
    { "a missing file in a package",
      { { "r.yml", "_include: (cultcargo)no.yml\n" } },
      NULL,
      "r.yml:1:11 error _include file 'no.yml' not found in /opt/cultcargo" },
    { "a missing package",
      { { "r.yml", "_include_post: (nopkg)x.yml\n" } },
      NULL,
      "r.yml:1:16 error _include_post '(nopkg)x.yml': can't import package 'nopkg'" },
    { "a directory is no file",
      { { "r.yml", "_include: d\n" }, { "d/x.yml", "" } },
      NULL,
      "r.yml:1:11 error _include file 'd' not found in ., /lib/stimela" },
    { "an empty name",
      { { "r.yml", "_include: ['']\n" } },
      NULL,
      "r.yml:1:13 error empty _include specifier" },
    { "a number",
      { { "r.yml", "_include: 5\n" } },
      NULL,
      "r.yml:1:11 error _include takes names of files, not a value of type int" },
    { "a file that includes itself",
      { { "r.yml", "_include: r.yml\n" } },
      NULL,
      "r.yml:1:11 error 'r.yml' is included recursively" },
    { "files that include each other",
      { { "r.yml", "_include: sub/A.yml\n" }, { "sub/A.yml", "_include: (..)r.yml\n" } },
      NULL,
      "sub/A.yml:1:11 error 'sub/../r.yml' is included recursively" },
    { "a list cannot be included",
      { { "r.yml", "_include: A.yml\n" }, { "A.yml", "[1]\n" } },
      NULL,
      "r.yml:1:11 error 'A.yml' holds a list and cannot be included" },
    { "nor a number",
      { { "r.yml", "_include: A.yml\n" }, { "A.yml", "12\n" } },
      NULL,
      "A.yml:1:1 error the document is a int, but must be a mapping" },
    { "a fault in an included file",
      { { "r.yml", "_include: sub/A.yml\n" }, { "sub/A.yml", "a: 1\n  b: 2\n" } },
      NULL,
      "sub/A.yml:2:3 error this line is indented deeper than the one before, which has a value "
      "already" },
    { "sections that do not fit together",
      { { "r.yml", "_include: A.yml\nx: [1]\n" }, { "A.yml", "x: {a: 1}\n" } },
      NULL,
      "r.yml:2:4 error a list cannot be merged with a mapping" },
    { "a scrub that names nothing",
      { { "r.yml", "_include: A.yml\n_scrub: cabz\n" }, { "A.yml", "cabs: 1\n" } },
      NULL,
      "r.yml:2:9 error no entry matching 'cabz' to scrub" },
};

/* --- _use ---------------------------------------------------------------------------------- */

static const struct row uses[] = {
    { "a section of the document",
      { { "r.yml", "lib: {a: {x: 1, y: 1}}\ns: {_use: lib.a, y: 2}\n" } },
      "{'lib': {'a': {'x': 1, 'y': 1}}, 's': {'x': 1, 'y': 2}}",
      NULL },
    { "several, later ones win, deeply",
      { { "r.yml", "a: {p: {x: 1}}\nb: {p: {x: 2, y: 2}}\ns: {_use: [a, b], p: {z: 3}}\n" } },
      "{'a': {'p': {'x': 1}}, 'b': {'p': {'x': 2, 'y': 2}}, 's': {'p': {'x': 2, 'y': 2, 'z': 3}}}",
      NULL },
    { "a section that stands behind",
      { { "r.yml", "s: {_use: a}\na: {x: 1}\n" } },
      "{'s': {'x': 1}, 'a': {'x': 1}}",
      NULL },
    { "a section that itself uses",
      { { "r.yml", "a: {_use: b, x: 1}\nb: {_use: c, y: 1}\nc: {z: 1}\n" } },
      "{'a': {'z': 1, 'y': 1, 'x': 1}, 'b': {'z': 1, 'y': 1}, 'c': {'z': 1}}",
      NULL },
    { "of what an include brings, also a later one",
      { { "r.yml", "s: {_use: lib.a.b}\nlib: {_include: A.yml}\n" },
        { "A.yml", "a: {b: {x: 1}}\n" } },
      "{'s': {'x': 1}, 'lib': {'a': {'b': {'x': 1}}}}",
      NULL },
    { "through a section that uses",
      { { "r.yml", "s: {_use: t.p}\nt: {_use: u}\nu: {p: {x: 1}}\n" } },
      "{'s': {'x': 1}, 't': {'p': {'x': 1}}, 'u': {'p': {'x': 1}}}",
      NULL },
    { "in an included file: looked up where it is included",
      { { "r.yml", "_include: [A.yml, B.yml]\n" },
        { "A.yml", "cab: {_use: lib.p, a: 1}\n" },
        { "B.yml", "lib: {p: {x: 1}}\n" } },
      "{'cab': {'x': 1, 'a': 1}, 'lib': {'p': {'x': 1}}}",
      NULL },
    { "at the top of an included file",
      { { "r.yml", "_include: A.yml\nlib: {p: {x: 1, y: 1}}\ny: 2\n" },
        { "A.yml", "_use: lib.p\na: 1\n" } },
      "{'x': 1, 'y': 2, 'a': 1, 'lib': {'p': {'x': 1, 'y': 1}}}",
      NULL },
    { "at the top of the document",
      { { "r.yml", "_use: lib.p\nlib: {p: {x: 1}}\n" } },
      "{'x': 1, 'lib': {'p': {'x': 1}}}",
      NULL },
    { "of itself", { { "r.yml", "x: {_use: x, a: 1}\n" } }, "{'x': {'a': 1}}", NULL },
    { "of each other",
      { { "r.yml", "a: {_use: b, x: 1}\nb: {_use: a, y: 1}\n" } },
      "{'a': {'x': 1, 'y': 1}, 'b': {'x': 1, 'y': 1}}",
      NULL },
    { "of the section around it",
      { { "r.yml", "x: {y: {_use: x}, z: 1}\n" } },
      "{'x': {'y': {'y': {}, 'z': 1}, 'z': 1}}",
      NULL },
    { "in an element of a list",
      { { "r.yml", "a: {x: 1}\nl: [[{_use: a, y: 1}], 2]\n" } },
      "{'a': {'x': 1}, 'l': [[{'x': 1, 'y': 1}], 2]}",
      NULL },
    { "scrubbed",
      { { "r.yml", "a: {x: 1, y: {p: 1, q: 1}}\ns: {_use: a, _scrub: [x, y.p]}\n" } },
      "{'a': {'x': 1, 'y': {'p': 1, 'q': 1}}, 's': {'y': {'q': 1}}}",
      NULL },
    { "_scrub belongs to _include where there are both",
      { { "r.yml", "_include: A.yml\n_use: a\n_scrub: x\na: {x: 1, y: 1}\n" },
        { "A.yml", "x: 2\nz: 2\n" } },
      "{'z': 2, 'x': 1, 'y': 1, 'a': {'x': 1, 'y': 1}}",
      NULL },
    { "nothing", { { "r.yml", "a: {_use: }\nb: {_use: []}\n" } }, "{'a': {}, 'b': {}}", NULL },
    { "_use_post wins",
      { { "r.yml", "a: {x: 1, y: 1}\ns: {x: 0, _use_post: a}\n" } },
      "{'a': {'x': 1, 'y': 1}, 's': {'x': 1, 'y': 1}}",
      NULL },
    { "_use_SUFFIX by place, in order",
      { { "r.yml", "a: {before: 1, after: 1, mid: 1}\ns: {before: 0, _use_m: a, after: 0}\n" } },
      "{'a': {'before': 1, 'after': 1, 'mid': 1}, 's': {'before': 1, 'after': 0, 'mid': 1}}",
      NULL },
    { "_include and _use in the order written",
      { { "r.yml", "u: {k: use}\ns: {_include: A.yml, _use: u}\nt: {_use: u, _include: A.yml}\n" },
        { "A.yml", "k: include\n" } },
      "{'u': {'k': 'use'}, 's': {'k': 'use'}, 't': {'k': 'include'}}",
      NULL },
    { "an unknown name",
      { { "r.yml", "lib: {params: {image: {x: 1}}}\ns: {_use: [lib.params.imge]}\n" } },
      NULL,
      "r.yml:2:12 error unknown key 'lib.params.imge' in _use" },
    { "null does not count",
      { { "r.yml", "a:\ns: {_use: a}\n" } },
      NULL,
      "r.yml:2:11 error unknown key 'a' in _use" },
    { "a list is no section",
      { { "r.yml", "a: [1]\ns: {_use: a}\n" } },
      NULL,
      "r.yml:2:11 error 'a' is a list, but _use takes a section" },
    { "a mapping is no name",
      { { "r.yml", "s: {_use: {a: b}}\n" } },
      NULL,
      "r.yml:1:11 error _use takes the name of a section or a list of names, not a value of type "
      "mapping" },
    { "a number is no name",
      { { "r.yml", "s: {_use: [1]}\n" } },
      NULL,
      "r.yml:1:12 error _use takes the name of a section or a list of names, not a value of type "
      "int" },
};

/* --- placement ----------------------------------------------------------------------------- */

/* As a warning, or as an error if strict. */
static const struct row placements[] = {
    { "_use after ordinary keys counts as if it stood at the top",
      { { "r.yml", "a: {x: 1}\ns: {x: 2, y: 3, _use: a}\n" } },
      "{'a': {'x': 1}, 's': {'x': 2, 'y': 3}}",
      "r.yml:2:17 warning '_use' must appear at the top of the mapping before any content keys" },
    { "_include after ordinary keys",
      { { "r.yml", "x: 1\n_include: A.yml\n" }, { "A.yml", "x: 2\ny: 2\n" } },
      "{'x': 1, 'y': 2}",
      "r.yml:2:1 warning '_include' must appear at the top of the mapping before any content keys" },
    { "in an included file",
      { { "r.yml", "_include: A.yml\na: {x: 1}\n" },
        { "A.yml", "cab:\n  command: c\n  _use: a\n" } },
      "{'cab': {'x': 1, 'command': 'c'}, 'a': {'x': 1}}",
      "A.yml:3:3 warning '_use' must appear at the top of the mapping before any content keys" },
    { "one warning a file",
      { { "r.yml", "a: {x: 1}\ns: {x: 2, _use: a}\nt: {x: 3, _use: a}\n" } },
      "{'a': {'x': 1}, 's': {'x': 2}, 't': {'x': 3}}",
      "r.yml:2:11 warning '_use' must appear at the top of the mapping before any content keys" },
    { "_include_post before the end",
      { { "r.yml", "_include_post: A.yml\nx: 1\n" }, { "A.yml", "x: 2\n" } },
      "{'x': 2}",
      "r.yml:1:1 warning '_include_post' must appear at the bottom of the mapping after all content "
      "keys" },
    { "a _scrub without partner",
      { { "r.yml", "a: 1\n_scrub_foo: x\n" } },
      "{'a': 1}",
      "r.yml:2:1 warning '_scrub_foo' has no matching _include or _use directive" },
    { "only the file's own order counts, not that after merging",
      { { "r.yml", "cabs:\n  _include: A.yml\n  c: {_use: u, image: i}\nu: {e: 1}\n" },
        { "A.yml", "c: {command: x}\n" } },
      "{'cabs': {'c': {'e': 1, 'command': 'x', 'image': 'i'}}, 'u': {'e': 1}}",
      NULL },
};

static void check_strict(const struct row *row)
{
    struct bench bench;
    struct sp_value value = sp_null();

    open_bench(&bench, row->files);
    bench.composer.strict = true;
    enum sp_rc rc = compose(&bench, row->files[0].path, &value);
    tap_ok(row->finding ? rc == SP_INVALID && bench.diags.items[0].severity == SP_ERROR_FOUND
                        : rc == SP_OK,
           "strict: %s", row->name);
    close_bench(&bench);
}

/* --- requirements, interpolation, documents ------------------------------------------------- */

static const struct row others[] = {
    { "no warning about the order of keys in an installed package",
      { { "r.yml", "_include: /p/site-packages/A.yml\n" },
        { "/p/site-packages/A.yml", "x: 1\n_include: /B.yml\n" },
        { "/B.yml", "y: 1\n" } },
      "{'y': 1, 'x': 1}",
      NULL },
    { "_requires that are met",
      { { "r.yml", "_requires: [a.b, c]\na: {b: 1, _requires: .b}\nc: 1\n" } },
      "{'a': {'b': 1}, 'c': 1}",
      NULL },
    { "_requires that are not",
      { { "r.yml", "s:\n  _requires: [c, a.b]\nc: 1\n" } },
      NULL,
      "r.yml:2:18 error configuration has missing requirements: 'a.b'" },
    { "relative _requires",
      { { "r.yml", "s: {_requires: .x}\nx: 1\n" } },
      NULL,
      "r.yml:1:16 error configuration has missing requirements: '.x'" },
    { "_contingent that is met",
      { { "r.yml", "a: 1\ns: {_contingent: a, x: 1}\n" } },
      "{'a': 1, 's': {'x': 1}}",
      NULL },
    { "_contingent that is not",
      { { "r.yml", "s: {_contingent: a, x: 1}\nl: [{_contingent: a}, 1]\nt: 1\n" } },
      "{'l': [1], 't': 1}",
      "r.yml:1:18 warning section 's' is left out, because there is no 'a'" },
    { "_contingent at the top",
      { { "r.yml", "_contingent: a\nx: 1\n" } },
      NULL,
      "r.yml:1:14 error configuration has missing requirements: 'a'" },
    { "${} before includes, of the file as found",
      { { "r.yml", "_include: ${dir}/A\ndir: sub\nf: ${self:path}\n" },
        { "sub/A.yml", "p: ${self:path}\nd: ${self:dirname}\nb: ${self:basename}\n" } },
      "{'p': './sub/A.yml', 'd': './sub', 'b': 'A.yml', 'dir': 'sub', 'f': 'r.yml'}",
      NULL },
    { "the folder of a file in the current one",
      { { "r.yml", "f: ${self:dirname}/x\n" } },
      "{'f': './x'}",
      NULL },
    { "${} does not see included content",
      { { "r.yml", "_include: A.yml\nx: ${a}\n" }, { "A.yml", "a: 1\n" } },
      NULL,
      "r.yml:2:4 error this file has no key 'a'" },
    { "a list as document",
      { { "r.yml", "- {_include: A.yml}\n- 2\n" }, { "A.yml", "a: 1\n" } },
      "[{'a': 1}, 2]",
      NULL },
    { "an empty document", { { "r.yml", "" } }, "{}", NULL },
    { "a number as document",
      { { "r.yml", "3.5\n" } },
      NULL,
      "r.yml:1:1 error the document is a float, but must be a mapping" },
    { "a document that is not there",
      { { "no.yml", NULL } },
      NULL,
      ":0:0 error cannot read 'no.yml': it is a directory" },
    { "numbers as keys",
      { { "r.yml", "3: a\ntrue: {_use: '3s'}\n3s: {b: 1}\n" } },
      "{'3': 'a', 'True': {'b': 1}, '3s': {'b': 1}}",
      NULL },
};

static void test_rows(const struct row *rows, size_t count)
{
    for (size_t i = 0; i < count; i++)
        check_row(&rows[i], false);
}

/* --- sources, origins, dependencies ---------------------------------------------------------- */

static void test_sources(void)
{
    static const struct sp_world_file files[FILES_MAX] = {
        { "r.yml", "_requires: vars.v\na: {x: 0}\ns: {_use: [a, lib.p, only]}\n" },
        { "config.yml", "lib: {p: {x: 1}}\nvars: {v: 1}\na: {x: 9, y: 9}\n" },
        { "earlier.yml", "only: {z: 1}\nlib: {p: {x: 8}}\n" },
    };
    struct bench bench;
    struct sp_value config = sp_null();
    struct sp_value earlier = sp_null();
    struct sp_value value = sp_null();
    sp_auto_buf struct sp_buf got = SP_BUF(SP_BUF_SMALL);

    open_bench(&bench, files);
    if (compose(&bench, "config.yml", &config) || compose(&bench, "earlier.yml", &earlier))
        printf("# %s\n", bench.err.text);
    const struct sp_dict *items[] = { config.dict, NULL, earlier.dict };
    struct sp_compose_sources sources = { items, SP_COUNT(items) };
    tap_ok(sp_compose_file(&bench.composer, SP_STR("r.yml"), sources, &value, &bench.err) == SP_OK,
           "_use of other sources");
    sp_value_repr(value, &got);
    tap_ok(strcmp(got.ptr, "{'a': {'x': 0}, 's': {'x': 1, 'z': 1}}") == 0,
           "document first, then sources in order");
    tap_ok(bench.composer.dependency_count == 3, "every file is a dependency");
    close_bench(&bench);
}

static void test_text(void)
{
    static const struct sp_world_file files[FILES_MAX] = { { "sub/A.yml", "a: 1\n" } };
    struct bench bench;
    struct sp_value value = sp_null();
    sp_auto_buf struct sp_buf got = SP_BUF(SP_BUF_SMALL);

    open_bench(&bench, files);
    tap_ok(sp_compose_text(&bench.composer, SP_STR("cell 3"), SP_STR("sub"),
                           SP_STR("_include: [(.)A, A]\nn: ${self:path} ${self:dirname}\n"),
                           SP_NO_SOURCES, &value, &bench.err) == SP_OK,
           "a document in memory");
    sp_value_repr(value, &got);
    if (!tap_ok(strcmp(got.ptr, "{'a': 1, 'n': 'cell 3 sub'}") == 0, "its includes and names"))
        printf("# got %s\n", got.ptr);
    tap_ok(sp_compose_text(&bench.composer, SP_STR("cell 3"), SP_STR(""), SP_STR("a: [\n"),
                           SP_NO_SOURCES, &value, &bench.err) == SP_INVALID &&
               strncmp(bench.err.text, "cell 3:1:4: ", 12) == 0,
           "its faults");
    close_bench(&bench);
}

static void check_origin(struct bench *bench, uint32_t id, const char *want)
{
    struct sp_origin at = { 0 };

    (void)sp_origins_get(bench->origins, id, &at);
    struct sp_str got =
        sp_arena_printf(bench->arena, SP_STR_FMT ":%u:%u", SP_STR_ARG(at.file), at.line, at.column);
    if (!tap_ok(sp_str_is(got, want), "origin %s", want))
        printf("# got " SP_STR_FMT "\n", SP_STR_ARG(got));
}

static void test_origins(void)
{
    static const struct sp_world_file files[FILES_MAX] = {
        { "r.yml",
          "_include: sub/A.yml\ns:\n  mine: 1\n  both: {q: 1}\nt:\n  _use: s\n  own: 1\n" },
        { "sub/A.yml", "s:\n  theirs: 2\n  both: {p: 2}\n" },
    };
    struct bench bench;
    struct sp_value value = sp_null();

    open_bench(&bench, files);
    if (compose(&bench, "r.yml", &value))
        printf("# %s\n", bench.err.text);
    const struct sp_dict *s = sp_dict_get(value.dict, "s")->dict;
    const struct sp_dict *t = sp_dict_get(value.dict, "t")->dict;
    check_origin(&bench, sp_dict_get(s, "theirs")->origin, "sub/A.yml:2:11");
    check_origin(&bench, sp_dict_entry_of(s, SP_STR("theirs"))->origin, "sub/A.yml:2:3");
    check_origin(&bench, sp_dict_get(s, "mine")->origin, "r.yml:3:9");
    check_origin(&bench, sp_dict_entry_of(s, SP_STR("both"))->origin, "r.yml:4:3");
    check_origin(&bench, sp_dict_get(sp_dict_get(s, "both")->dict, "p")->origin, "sub/A.yml:3:13");
    check_origin(&bench, sp_dict_get(t, "mine")->origin, "r.yml:3:9");
    check_origin(&bench, sp_dict_entry_of(t, SP_STR("own"))->origin, "r.yml:7:3");
    close_bench(&bench);
}

static void test_dependencies(void)
{
    static const struct sp_world_file files[FILES_MAX] = {
        { "r.yml", "_include: [A.yml, A.yml, 'gone.yml [optional]']\n" },
        { "A.yml", "a: 1\n" },
    };
    struct bench bench;
    struct sp_value value = sp_null();

    open_bench(&bench, files);
    tap_ok(compose(&bench, "r.yml", &value) == SP_OK, "dependencies");
    const struct sp_dependency *found = bench.composer.dependencies;
    tap_ok(bench.composer.dependency_count == 3 && sp_str_is(found[0].path, "r.yml") &&
               found[0].found && sp_str_is(found[1].path, "./A.yml") && found[1].found &&
               sp_str_is(found[2].path, "gone.yml") && !found[2].found,
           "files read and looked for");
    close_bench(&bench);
}

/* --- messages as people see them, limits ----------------------------------------------------- */

static void test_golden(void)
{
    static const struct sp_world_file files[FILES_MAX] = {
        { "r.yml", "_include:\n  - wsclen.yml\nlib: {params: {image: {x: 1}}}\n"
                   "steps:\n  one:\n    cab: a\n    _use: lib.parms.image\n" },
        { "wsclean.yml", "" },
    };
    struct bench bench;
    struct sp_value value = sp_null();
    sp_auto_buf struct sp_buf got = SP_BUF(SP_BUF_SMALL);

    open_bench(&bench, files);
    (void)compose(&bench, "r.yml", &value);
    sp_diags_format(&bench.diags, false, &got);
    const char *want =
        "r.yml:7:5: warning: '_use' must appear at the top of the mapping before any content keys "
        "[R0107]\n"
        "    7 |     _use: lib.parms.image\n"
        "      |     ^~~~\n"
        "r.yml:2:5: error: _include file 'wsclen.yml' not found in ., /lib/stimela [R0101]\n"
        "    2 |   - wsclen.yml\n"
        "      |     ^~~~~~~~~~\n"
        "hint: did you mean 'wsclean.yml'?\n"
        "r.yml:7:11: error: unknown key 'lib.parms.image' in _use [R0102]\n"
        "    7 |     _use: lib.parms.image\n"
        "      |           ^~~~~~~~~~~~~~~\n"
        "hint: did you mean 'lib.params.image'?\n";
    if (!tap_ok(strcmp(got.ptr, want) == 0, "all findings of a file at once"))
        printf("# got:\n%s", got.ptr);
    close_bench(&bench);
}

static void check_limit(const char *name, const struct sp_world_file *files, const char *want)
{
    struct bench bench;
    struct sp_value value = sp_null();

    open_bench(&bench, files);
    enum sp_rc rc = compose(&bench, files[0].path, &value);
    if (!tap_ok(want ? rc == SP_INVALID && strstr(bench.err.text, want) : rc == SP_OK, "%s", name))
        printf("# got %s\n", bench.err.text);
    close_bench(&bench);
}

static void test_limits(void)
{
    sp_auto_buf struct sp_buf text = SP_BUF(SP_BUF_LARGE);
    struct sp_world_file files[FILES_MAX] = { { "r.yml", NULL } };

    for (int i = 0; i < 40; i++)
        sp_buf_addf(&text, "a%d: {x: {_use: a%d}, y: {_use: a%d}}\n", i, i + 1, i + 1);
    sp_buf_adds(&text, "a40: {z: 1}\n");
    files[0].text = text.ptr;
    check_limit("sections that double", files, "expand to more than");
    sp_buf_clear(&text);
    for (int i = 0; i < 24; i++) {
        sp_buf_addf(&text, "a%d: {", i);
        for (int k = 0; k < 24; k++)
            sp_buf_addf(&text, "%sk%d: {_use: a%d}", k ? ", " : "", k, k);
        sp_buf_adds(&text, "}\n");
    }
    files[0].text = text.ptr;
    check_limit("sections that all use each other", files, "recursion limit exceeded");
    sp_buf_clear(&text);
    for (int i = 0; i < 3000; i++)
        sp_buf_addf(&text, "a%d: {x: {_use: a%d}}\n", i, i + 1);
    sp_buf_adds(&text, "a3000: {z: 1}\n");
    files[0].text = text.ptr;
    check_limit("a long chain of sections", files, "recursion limit exceeded");
}

int main(void)
{
    test_rows(includes, SP_COUNT(includes));
    test_rows(uses, SP_COUNT(uses));
    test_rows(placements, SP_COUNT(placements));
    test_rows(others, SP_COUNT(others));
    for (size_t i = 0; i < SP_COUNT(placements); i++)
        check_strict(&placements[i]);
    test_sources();
    test_text();
    test_origins();
    test_dependencies();
    test_golden();
    test_limits();
    return tap_done();
}
