/* SPDX-License-Identifier: BSD-3-Clause */
#include "recipe/effects.h"

#include "recipe/cab.h"
#include "recipe/test_bed.h"

#define CAB(recompute)                                                                  \
    "{command: tool, recompute: " recompute ", inputs: {ms: {dtype: MS}, n-iter: int, " \
    "j: {dtype: int, nom_de_guerre: threads}}, outputs: {image: {dtype: File}}}"

static const struct {
    const char *recompute;
    const char *finding; /* NULL: none */
} cases[] = {
    { "null", NULL },
    { "{}", NULL },
    { "{reads: [/etc/x, '~/y*'], environment: [A], ignore: [j], salt: 2, reuse: yes}", NULL },
    { "{ignore: [threads, n_iter]}", NULL },
    { "{columns: {ms: {reads: [DATA], writes: []}}, path_sensitive: true, compare: {image: fits}}",
      NULL },
    { "[]", "error|'recompute' in cab 'tool' must be a mapping, not a list" },
    { "{raeds: [x]}", "unknown key 'raeds' in recompute of cab 'tool'|did you mean 'reads'?" },
    { "{reads: x}", "'reads' in recompute of cab 'tool' must be a list of texts" },
    { "{reads: [[a]]}", "must be a list of texts" },
    { "{reads: ['=IF(']}", "error|recompute of cab 'tool': '=IF(': " },
    { "{columns: {ms: {writes: ['{a']}}}", "error|recompute of cab 'tool': '{a': " },
    { "{reuse: maybe}", "'reuse' in recompute of cab 'tool' must be true or false" },
    { "{ignore: [niter]}", "warning|recompute.ignore names 'niter', which is no parameter of cab "
                           "'tool'|did you mean 'n-iter'?" },
    { "{columns: {mss: {reads: [DATA]}}}", "recompute.columns names 'mss'" },
    { "{columns: {ms: [DATA]}}",
      "recompute.columns.ms of cab 'tool' must be a mapping of reads and writes" },
    { "{columns: {ms: {read: [DATA]}}}",
      "unknown key 'read' in recompute.columns.ms of cab 'tool'|did you mean 'reads'?" },
    { "{columns: {ms: {reads: DATA}}}", "must be a list of texts" },
    { "{compare: {imag: fits}}",
      "recompute.compare names 'imag', which is no output of cab 'tool'|did you mean 'image'?" },
    { "{compare: {ms: fits}}", "names 'ms', which is no output" },
    { "{compare: {image: [1]}}", "must be a text such as 'fits 1e-5'" },
};

static void check_findings(void)
{
    for (size_t i = 0; i < SP_COUNT(cases); i++) {
        struct bed bed;
        char text[600];
        bed_init(&bed);
        (void)snprintf(text, sizeof text, CAB("%s"), cases[i].recompute);
        struct sp_cab *cab =
            sp_cab_load(bed.arena, SP_STR("tool"), bed_yaml(&bed, text), &bed.diags);
        const char *findings = bed_findings(&bed);
        bool placed = true;
        for (size_t k = 0; k < bed.diags.len; k++)
            placed = placed && bed.diags.items[k].origin;
        if (!tap_ok(
                cab && placed &&
                    (cases[i].finding ? strstr(findings, cases[i].finding) != NULL : !*findings),
                "%s", cases[i].recompute))
            printf("# %s\n", findings);
        sp_cab_fini(cab);
        bed_fini(&bed);
    }
}

static struct sp_cab *load(struct bed *bed, const char *text)
{
    struct sp_cab *cab = sp_cab_load(bed->arena, SP_STR("tool"), bed_yaml(bed, text), &bed->diags);

    if (!tap_ok(cab != NULL && bed->diags.len == 0, "cab is loaded"))
        printf("# %s\n", bed_findings(bed));
    return cab;
}

static void check_ignore(void)
{
    static const struct {
        const char *param;
        bool ignored;
    } rows[] = { { "ms", false }, { "n-iter", true }, { "j", true }, { "image", false } };
    struct bed bed;

    bed_init(&bed);
    struct sp_cab *cab = load(&bed, CAB("{ignore: [n_iter, threads]}"));
    for (size_t i = 0; i < SP_COUNT(rows); i++)
        tap_ok(sp_effects_ignore(cab->effects,
                                 sp_schema_find(&cab->schema, sp_str_of(rows[i].param))) ==
                   rows[i].ignored,
               "%s is %s", rows[i].param, rows[i].ignored ? "ignored" : "not ignored");
    sp_cab_fini(cab);
    bed_fini(&bed);
}

/* What a cab says itself goes before the library, field by field. */
static void check_library(void)
{
    struct bed bed;
    struct sp_effects_library library;

    bed_init(&bed);
    sp_effects_library_load(
        bed.arena,
        bed_yaml(&bed, "{effects: {tool: {ignore: [threads], reads: [/a], reuse: false}, b: 5}}"),
        &library, &bed.diags);
    tap_ok(strstr(bed_findings(&bed), "program 'b' must be a mapping") != NULL,
           "a program of another kind is a finding");
    bed.diags.len = 0;
    struct sp_cab *cab = load(&bed, CAB("{reads: [/b], reuse: true}"));
    struct sp_cab *silent = load(&bed, "{command: tool}");
    const struct sp_effects *both =
        sp_effects_of(bed.arena, &library, cab, SP_STR("/usr/bin/tool"));
    const struct sp_effects *general = sp_effects_of(bed.arena, &library, silent, SP_STR("tool"));
    const struct sp_effects *other = sp_effects_of(bed.arena, &library, cab, SP_STR("tools"));
    const struct sp_effects *none = sp_effects_of(bed.arena, NULL, silent, SP_STR("tool"));

    tap_ok(both->ignore && both->reads->len == 1 && sp_str_is(both->reads->items[0].text, "/b") &&
               !both->never,
           "the cab's own fields count, the library fills in");
    tap_ok(general->never && general->reads && general->ignore, "a cab that says nothing");
    tap_ok(other == cab->effects && !other->ignore, "another program");
    tap_ok(none && !none->reads && !none->never, "nobody says anything");
    sp_cab_fini(cab);
    sp_cab_fini(silent);
    sp_effects_library_fini(&library);
    bed_fini(&bed);
}

/* For a task of CASA: what is said of it, then of CASA; a program of the same name is another one.
 */
static void check_casa(void)
{
    struct bed bed;
    struct sp_effects_library library;

    bed_init(&bed);
    sp_effects_library_load(
        bed.arena,
        bed_yaml(&bed, "{effects: {casa: {reads: [/a]}, casa.split: {salt: x}, split: {salt: y}}}"),
        &library, &bed.diags);
    struct sp_cab *task = load(&bed, "{command: split, flavour: casa-task}");
    struct sp_cab *program = load(&bed, "{command: split}");
    const struct sp_effects *one = sp_effects_of(bed.arena, &library, task, SP_STR("split"));
    const struct sp_effects *other = sp_effects_of(bed.arena, &library, task, SP_STR("ft"));
    const struct sp_effects *plain = sp_effects_of(bed.arena, &library, program, SP_STR("split"));

    tap_ok(one->reads && sp_str_is(one->salt, "x"), "a task that is known");
    tap_ok(other->reads && !other->salt.len, "another task");
    tap_ok(!plain->reads && sp_str_is(plain->salt, "y"), "a program of that name");
    sp_cab_fini(task);
    sp_cab_fini(program);
    sp_effects_library_fini(&library);
    bed_fini(&bed);
}

static void check_bad_library(void)
{
    static const char *const texts[] = { "[a]", "{programs: {}}", "{effects: [a]}", "x" };

    for (size_t i = 0; i < SP_COUNT(texts); i++) {
        struct bed bed;
        struct sp_effects_library library;
        bed_init(&bed);
        sp_effects_library_load(bed.arena, bed_yaml(&bed, texts[i]), &library, &bed.diags);
        tap_ok(bed.diags.errors == 1 && library.by_program.len == 0, "library %s is refused",
               texts[i]);
        sp_effects_library_fini(&library);
        bed_fini(&bed);
    }
}

int main(void)
{
    check_findings();
    check_ignore();
    check_library();
    check_casa();
    check_bad_library();
    return tap_done();
}
