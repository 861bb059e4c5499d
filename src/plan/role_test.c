/* SPDX-License-Identifier: BSD-3-Clause */
#include "plan/role.h"

#include "plan/key_bed.h"

/* One line a role: "KIND NAME PATH", and what else is known about it. */
static const char *show(struct sp_arena *arena, const struct sp_roles *roles)
{
    static const char *const kinds[] = { "hidden", "reads", "writes", "mutates" };
    struct sp_str text = SP_STR("");

    for (size_t i = 0; i < roles->len; i++) {
        const struct sp_role *role = &roles->items[i];
        text =
            sp_arena_printf(arena, SP_STR_FMT "%s" SP_STR_FMT "=" SP_STR_FMT " %s%s%s%s",
                            SP_STR_ARG(text), i ? ", " : "", SP_STR_ARG(role->name),
                            SP_STR_ARG(role->path), kinds[role->kind], role->by_text ? " text" : "",
                            role->is_output ? " out" : "", role->must_exist ? " must" : "");
        for (size_t k = 0; k < role->read_count; k++)
            text = sp_arena_printf(arena, SP_STR_FMT " <" SP_STR_FMT, SP_STR_ARG(text),
                                   SP_STR_ARG(role->reads[k]));
        for (size_t k = 0; k < role->write_count; k++)
            text = sp_arena_printf(arena, SP_STR_FMT " >" SP_STR_FMT, SP_STR_ARG(text),
                                   SP_STR_ARG(role->writes[k]));
    }
    return text.ptr;
}

/* A cab with these inputs and outputs, a step with these parameters. */
static const struct {
    const char *cab, *params, *roles, *why; /* why: not reusable; "": it is */
} cases[] = {
    { "inputs: {ms: MS, n: int}, outputs: {o: File}", "ms: x.ms, n: 1, o: o.txt",
      "ms=x.ms reads, o=o.txt writes out", "" },
    { "inputs: {ms: {dtype: MS, writable: true}}", "ms: x.ms", "ms=x.ms mutates", "" },
    { "inputs: {ms: MS}", "ms: x.ms", "ms=x.ms reads", "declares no output" },
    { "inputs: {ms: MS}, outputs: {rms: float}", "ms: x.ms", "ms=x.ms reads", "" },
    { "outputs: {ms: {dtype: MS, writable: true, must_exist: true}}", "ms: x.ms",
      "ms=x.ms mutates out must", "" },
    { "inputs: {ms: MS}, outputs: {out: MS}", "ms: x.ms, out: ./y/../x.ms", "ms=x.ms mutates out",
      "" },
    { "inputs: {ms: {dtype: 'List[MS]', policies: {repeat: list}}}, outputs: {o: File}",
      "'ms': [x.ms, y.ms], o: o", "ms[0]=x.ms reads, ms[1]=y.ms reads, o=o writes out", "" },
    { "inputs: {a: MS, b: MS}, outputs: {o: File}", "a: x.ms, b: ./x.ms, o: o",
      "a=x.ms reads, o=o writes out", "" },
    { "inputs: {a: {dtype: 'Union[str, File]'}}, outputs: {o: File}", "a: m.fits, o: o",
      "a=m.fits reads, o=o writes out", "" },
    { "inputs: {a: {dtype: 'Union[str, File]'}}, outputs: {o: File}", "a: natural, o: o",
      "o=o writes out", "" },
    { "inputs: {a: {dtype: 'Tuple[File, int]', policies: {repeat: list}}}, outputs: {o: File}",
      "'a': [m.fits, 1], o: o", "a[0]=m.fits reads, o=o writes out", "" },
    { "inputs: {u: URI}, outputs: {o: File}", "u: 's3://b/x.ms', o: o", "o=o writes out", "" },
    { "inputs: {f: {dtype: File, must_exist: false}}, outputs: {o: File}", "f: none.txt, o: o",
      "f=none.txt reads, o=o writes out", "" },
    { "outputs: {o: {dtype: File, implicit: '{current.p}.txt', must_exist: true}}, inputs: {p: str}",
      "p: a", "o=a.txt writes out must", "" },

    /* words in texts */
    { "inputs: {c: str}, outputs: {v: float}", "c: 'calc sum([select X from x.ms::ANTENNA])'",
      "c=x.ms reads text", "" },
    { "inputs: {c: str}, outputs: {v: float}", "c: 'a=m.fits,b=none'", "c=m.fits reads text", "" },
    { "inputs: {c: str}, outputs: {v: float}", "c: m.fits", "c=m.fits reads text", "" },
    { "inputs: {c: str}, outputs: {v: float}", "c: 'with blank.txt'", "c=with blank.txt reads text",
      "" },
    { "inputs: {c: {dtype: 'List[str]', policies: {repeat: list}}}, outputs: {v: float}",
      "'c': [none, m.fits]", "c[1]=m.fits reads text", "" },
    { "inputs: {c: str, ms: MS}, outputs: {v: float}", "c: 'from x.ms', ms: x.ms", "ms=x.ms reads",
      "" },
    { "inputs: {c: str}, outputs: {o: File}", "c: 'm.fits d', o: d/m.fits",
      "o=d/m.fits writes out, c=m.fits reads text", "" },
    { "inputs: {c: {dtype: str, choices: [m.fits]}}, outputs: {v: float}", "c: m.fits", "",
      "it declares no output and changes nothing that Spoor knows of" },
    { "inputs: {c: str}, outputs: {v: float}", "c: 'TIME / 2 . .. *'", "",
      "it declares no output and changes nothing that Spoor knows of" },
    { "inputs: {c: str}, outputs: {v: float}", "c: .", "c=. reads text",
      "'c' names the whole workspace (.)" },
    { "inputs: {c: str}, outputs: {o: File}", "c: ., o: o", "o=o writes out", "" },
    { "inputs: {c: str}, outputs: {v: float}", "c: 'http://m.fits'", "",
      "it declares no output and changes nothing that Spoor knows of" },

    /* directories */
    { "inputs: {d: Directory}, outputs: {o: File}", "d: d, o: o", "d=d reads, o=o writes out", "" },
    { "inputs: {d: {dtype: Directory, mkdir: true}}, outputs: {o: File}", "d: d, o: d/o",
      "o=d/o writes out", "" },
    { "inputs: {d: {dtype: Directory}}, outputs: {o: File}", "d: d, o: d/o",
      "d=d reads, o=d/o writes out", "it writes into its input 'd' (d), which is not declared" },
    { "inputs: {d: Directory}, outputs: {o: File}", "d: ., o: /tmp/o",
      "d=. reads, o=/tmp/o writes out", "'d' names the whole workspace" },

    /* recompute */
    { "inputs: {t: {dtype: Directory}}, outputs: {o: File}, recompute: {ignore: [t]}", "t: ., o: o",
      "o=o writes out", "" },
    { "inputs: {t: Directory, n: int}, outputs: {o: File}, recompute: {ignore: ['=IF(current.n > 1, "
      "\"t\", UNSET)']}",
      "t: ., n: 2, o: o", "o=o writes out", "" },
    { "inputs: {t: Directory, n: int}, outputs: {o: File}, recompute: {ignore: ['=IF(current.n > 1, "
      "\"t\", UNSET)']}",
      "t: ., n: 1, o: o", "t=. reads, o=o writes out", "it writes into its input" },
    { "inputs: {t: Directory}, outputs: {o: File}, recompute: {ignore: ['=current.nix']}",
      "t: ., o: o", "t=. reads, o=o writes out", "it writes into its input" },
    { "outputs: {o: File}, recompute: {reuse: false}", "o: o", "o=o writes out",
      "says that it is to run every time" },
    { "outputs: {o: File}, recompute: {reads: ['~/.rc', /etc/none, '*.fits', '=UNSET', m.fits]}",
      "o: o",
      "o=o writes out, /home/user/.rc=/home/user/.rc hidden, /etc/none=/etc/none hidden, "
      "m.fits=m.fits hidden",
      "" },
    { "inputs: {s: File}, outputs: {o: File}, recompute: {reads: ['{current.s}.idx', m.fits]}",
      "s: m.fits, o: o", "s=m.fits reads, o=o writes out, m.fits.idx=m.fits.idx hidden", "" },
    { "outputs: {o: File}, recompute: {reads: ['{current.o}', '{current.o}']}", "o: m.fits",
      "o=m.fits mutates out", "" },
    { "outputs: {o: File}, recompute: {reads: ['=current.nix + 1']}", "o: o", "o=o writes out",
      "recompute.reads of cab 'c': '=current.nix + 1': " },
    { "outputs: {o: File}, recompute: {reads: ['=5']}", "o: o", "o=o writes out",
      "it gives neither a text nor a list of texts" },
    { "inputs: {ms: {dtype: MS, writable: true}, col: str}, recompute: {columns: {ms: {reads: "
      "[FLAG, '{current.col}', FLAG], writes: ['=current.col']}}}",
      "ms: x.ms, col: DATA", "ms=x.ms mutates <DATA <FLAG >DATA", "" },
    { "inputs: {ms: {dtype: MS, writable: true}, col: str}, recompute: {columns: {ms: {reads: "
      "['{current.col}'], writes: [FLAG]}}}",
      "ms: x.ms", "ms=x.ms mutates >FLAG", "" },
    { "inputs: {ms: {dtype: MS, writable: true}}, outputs: {v: float}, recompute: {columns: {ms: "
      "{writes: []}}}",
      "ms: x.ms", "ms=x.ms reads", "" },
    { "inputs: {a: MS, b: MS}, outputs: {v: float}, recompute: {columns: {a: {reads: [DATA]}}}",
      "a: x.ms, b: x.ms", "a=x.ms reads", "" },
};

static void check_roles(void)
{
    for (size_t i = 0; i < SP_COUNT(cases); i++) {
        sp_auto_arena struct sp_arena *arena = sp_arena_new();
        struct bed_setting setting = {
            .recipe = sp_arena_printf(arena,
                                      "cabs: {c: {command: tool, %s}}\n"
                                      "r: {steps: {s: {cab: c, params: {%s}}}}\n",
                                      cases[i].cab, cases[i].params)
                          .ptr,
            .files = { { "x.ms", NULL },
                       { "x.ms/version", "1" },
                       { "y.ms", NULL },
                       { "m.fits", "2" },
                       { "d/m.fits", "2" },
                       { "with blank.txt", "3" },
                       { "/tmp", NULL } },
        };
        struct bed_result got = bed_run(arena, &setting);
        const char *roles = show(arena, &got.roles);
        bool why = *cases[i].why ? !got.reusable &&
                                       sp_str_find_str(got.why, sp_str_of(cases[i].why)) != SIZE_MAX
                                 : got.reusable;
        if (!tap_ok(got.ran && strcmp(roles, cases[i].roles) == 0 && why, "%s | %s", cases[i].cab,
                    cases[i].params))
            printf("# got:  %s\n# want: %s\n# why: " SP_STR_FMT "\n%s", roles, cases[i].roles,
                   SP_STR_ARG(got.why), got.findings);
    }
}

/* In an image; the working directory is /work. */
static const struct {
    const char *cab, *params, *roles;
} inside[] = {
    { "inputs: {c: str}", "c: /far/m.fits", "" },
    { "inputs: {c: str}", "c: 'if=/far/m.fits ls /bin/sh /'", "" },
    { "inputs: {c: str}", "c: ../far/m.fits", "" },
    { "inputs: {c: str}", "c: /tmp", "" },
    { "inputs: {c: str}", "c: 'a=m.fits'", "c=m.fits reads text" },
    { "inputs: {c: str}", "c: /work/m.fits", "c=/work/m.fits reads text" },
    { "inputs: {c: File}", "c: /far/m.fits", "c=/far/m.fits reads" },
    { "inputs: {c: 'Union[str, File]'}", "c: /far/m.fits", "c=/far/m.fits reads" },
    { "inputs: {c: {dtype: 'List[File]', policies: {repeat: list}}}", "'c': [/far/m.fits]",
      "c[0]=/far/m.fits reads" },
    { "inputs: {c: Directory}", "c: /tmp", "" },
    { "inputs: {c: Directory}", "c: /tmp/d", "c=/tmp/d reads" },
    { "outputs: {o: Directory}", "o: /tmp", "o=/tmp writes out" },
    { "recompute: {reads: [/far/m.fits]}", "", "/far/m.fits=/far/m.fits hidden" },
};

static void check_inside(void)
{
    for (size_t i = 0; i < SP_COUNT(inside); i++) {
        sp_auto_arena struct sp_arena *arena = sp_arena_new();
        struct bed_setting setting = {
            .recipe = sp_arena_printf(arena,
                                      "cabs: {c: {command: tool, %s}}\n"
                                      "r: {steps: {s: {cab: c, params: {%s}}}}\n",
                                      inside[i].cab, inside[i].params)
                          .ptr,
            .files = { { "m.fits", "1" },
                       { "/far/m.fits", "2" },
                       { "/bin/sh", "3" },
                       { "/tmp/d", NULL },
                       { "/tmp", NULL },
                       { "/", NULL } },
            .cwd = "/work",
            .in_image = true,
        };
        struct bed_result got = bed_run(arena, &setting);
        const char *roles = show(arena, &got.roles);
        if (!tap_ok(got.ran && strcmp(roles, inside[i].roles) == 0, "in an image: %s | %s",
                    inside[i].cab, inside[i].params))
            printf("# got:  %s\n# want: %s\n%s", roles, inside[i].roles, got.findings);
    }
}

/* Every resource file that could be there, and the directories that they and the variables name. */
static void check_measures(void)
{
    static const struct bed_setting settings[] = {
        { .files = { { "/home/user/.casarc",
                       "# measures.directory: /no\nmeasures.directory: ~/iers\n"
                       "other.directory: /no\nmeasures.DE200.directory:/de\n" } } },
        { .files = { { "/etc/rc", "*.directory: /m" } },
          .env = { { "CASARCFILES", "/etc/rc:/none" }, { "AIPSPATH", "/aips linux site" } } },
    };
    static const char *const want[] = {
        "/home/user/.casarc /home/user/iers /de /home/user/.casa/rc /home/user/.aipsrc "
        "/usr/share/casacore/data /var/lib/casacore/data ",
        "/etc/rc /m /none /aips/data /usr/share/casacore/data /var/lib/casacore/data ",
    };

    for (size_t i = 0; i < SP_COUNT(settings); i++) {
        sp_auto_arena struct sp_arena *arena = sp_arena_new();
        struct bed_setting setting = settings[i];
        struct sp_str text = SP_STR("");
        setting.recipe = "cabs: {c: {command: tool, outputs: {v: int}, recompute: {reads: "
                         "[measures]}}}\nr: {steps: {s: {cab: c}}}\n";
        struct bed_result got = bed_run(arena, &setting);
        for (size_t k = 0; k < got.roles.len; k++)
            text = sp_arena_printf(arena, SP_STR_FMT SP_STR_FMT " ", SP_STR_ARG(text),
                                   SP_STR_ARG(got.roles.items[k].path));
        if (!tap_ok(sp_str_is(text, want[i]), "measures data %zu", i))
            printf("# " SP_STR_FMT "\n", SP_STR_ARG(text));
    }
}

/* A table behind the first role: what there is before, and after. */
static void check_parents(void)
{
    static struct sp_str columns[] = { { "DATA", 4 } };

    static const struct {
        enum sp_role_kind child, other; /* of a second role, at "base.ms" or "x.ms" */
        const char *other_path, *parent, *want;
    } rows[] = {
        { SP_ROLE_READS, SP_ROLE_READS, "x.ms", "base.ms",
          "ms=ref.ms reads <DATA, b=x.ms reads <DATA, ms:base.ms=base.ms reads text" },
        { SP_ROLE_MUTATES, SP_ROLE_READS, "x.ms", "/far/base.ms",
          "ms=ref.ms mutates <DATA, b=x.ms reads <DATA, ms:/far/base.ms=/far/base.ms mutates text" },
        { SP_ROLE_MUTATES, SP_ROLE_READS, "base.ms", "./base.ms",
          "ms=ref.ms mutates <DATA, b=base.ms mutates" },
        { SP_ROLE_READS, SP_ROLE_WRITES, "base.ms", "base.ms",
          "ms=ref.ms reads <DATA, b=base.ms mutates" },
        { SP_ROLE_READS, SP_ROLE_MUTATES, "base.ms", "base.ms",
          "ms=ref.ms reads <DATA, b=base.ms mutates" },
        { SP_ROLE_READS, SP_ROLE_READS, "x.ms", "ref.ms",
          "ms=ref.ms reads <DATA, b=x.ms reads <DATA" },
    };
    struct sp_world_fake fake = { 0 };
    struct sp_world world;

    sp_world_fake_init(&world, &fake);
    for (size_t i = 0; i < SP_COUNT(rows); i++) {
        sp_auto_arena struct sp_arena *arena = sp_arena_new();
        struct sp_roles_request request = { .arena = arena, .world = &world };
        struct sp_role items[] = {
            { .kind = rows[i].child,
              .name = SP_STR("ms"),
              .path = SP_STR("ref.ms"),
              .reads = columns,
              .read_count = 1 },
            { .kind = rows[i].other,
              .name = SP_STR("b"),
              .path = sp_str_of(rows[i].other_path),
              .reads = columns,
              .read_count = 1 },
        };
        struct sp_roles roles = { .items = items, .len = SP_COUNT(items) };
        for (size_t k = 0; k < SP_COUNT(items); k++)
            items[k].real = world.real(world.arg, items[k].path, arena);
        sp_roles_add_parent(&request, &roles, 0, sp_str_of(rows[i].parent));
        if (!tap_ok(strcmp(show(arena, &roles), rows[i].want) == 0, "%s", rows[i].want))
            printf("# got: %s\n", show(arena, &roles));
    }
    sp_world_fake_fini(&fake);
}

int main(void)
{
    check_roles();
    check_inside();
    check_parents();
    check_measures();
    return tap_done();
}
