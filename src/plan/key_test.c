/* SPDX-License-Identifier: BSD-3-Clause */
/* What makes another key and what does not (recompute.md A8, tests 9 and 12), and what people are
 * told. */
#include "plan/key.h"

#include "plan/key_bed.h"

/* The way it is; every case below changes something. */
#define CAB_START    "cabs:\n  c:\n    command: tool -x\n    info: what it does\n    image: tool:1\n"
#define CAB_POLICIES "    policies: {prefix: '-'}\n"
#define CAB_INPUTS                                                                  \
    "    inputs:\n"                                                                 \
    "      ms: {dtype: MS, required: true, writable: true}\n"                       \
    "      size: int = 512 'pixels'\n"                                              \
    "      scale: {dtype: float, default: 0.1}\n"                                   \
    "      weight: {dtype: str, default: briggs, choices: [briggs, natural, m2]}\n" \
    "      mask: File\n"                                                            \
    "      threads: {dtype: int, nom_de_guerre: j}\n"                               \
    "      flag: bool\n"
#define CAB_OUTPUTS "    outputs: {image: File, plot: {dtype: File, must_exist: false}}\n"
#define CAB_REST                                                                               \
    "    management: {wranglers: {'bad': 'ERROR:bad'}, environment: {OMP_NUM_THREADS: '4'}}\n" \
    "    recompute:\n"                                                                         \
    "      ignore: [j]\n"                                                                      \
    "      reads: [/etc/strategy.lua, measures]\n"                                             \
    "      environment: [MODE]\n"
#define CAB          CAB_START CAB_POLICIES CAB_INPUTS CAB_OUTPUTS CAB_REST
#define STEP(params) "r: {steps: {s: {cab: c, params: {" params "}}}}\n"
#define PARAMS       "ms: x.ms, size: 1024, image: i.fits"

#define FILES                                                                               \
    { "x.ms", NULL }, { "x.ms/version", "11" }, { "y.ms", NULL }, { "y.ms/version", "11" }, \
        { "z.ms", NULL }, { "z.ms/version", "22" }, { "m.fits", "33" },                     \
        { "/etc/strategy.lua", "44" }, { "/usr/share/casacore/data", NULL },                \
    {                                                                                       \
        "/usr/share/casacore/data/version", "55"                                            \
    }

static const struct bed_setting base = {
    .recipe = CAB STEP(PARAMS),
    .files = { FILES },
    .program = "program:tool=aa libraries:tool=bb",
};

/* --- hits ---------------------------------------------------------------------------------- */

static const struct {
    const char *what;
    struct bed_setting setting;
} hits[] = {
    { "an int as a text", { .recipe = CAB STEP("ms: x.ms, size: '1024', image: i.fits") } },
    { "an int as a float", { .recipe = CAB STEP("ms: x.ms, size: 1024.0, image: i.fits") } },
    { "an int in digits with a sign",
      { .recipe = CAB STEP("ms: x.ms, size: '+1024', image: i.fits") } },
    { "a formula", { .recipe = CAB STEP("ms: x.ms, size: '=2 ** 10 / 1 - 0', image: i.fits") } },
    { "order of parameters", { .recipe = CAB STEP("image: i.fits, size: 1024, ms: x.ms") } },
    { "defaults made explicit", { .recipe = CAB STEP(PARAMS ", weight: briggs, scale: 0.1") } },
    { "a default in other digits", { .recipe = CAB STEP(PARAMS ", scale: '1e-1'") } },
    { "null for no value", { .recipe = CAB STEP(PARAMS ", mask: =UNSET") } },
    { "number of threads", { .recipe = CAB STEP(PARAMS ", threads: 8") } },
    { "another name of an equal input",
      { .recipe = CAB STEP("ms: y.ms, size: 1024, image: i.fits") } },
    { "a longer way to it",
      { .recipe = CAB STEP("ms: ./x.ms/../x.ms, size: 1024, image: i.fits") } },
    { "another name of the output",
      { .recipe = CAB STEP("ms: x.ms, size: 1024, image: d/k.fits") } },
    { "another working directory", { .cwd = "/elsewhere/it" } },
    { "another user", { .home = "/home/other" } },
    { "variables nobody asks for",
      { .env = { { "USER", "u" }, { "OMP_NUM_THREADS", "9" }, { "HOME", "/h" } } } },
    { "name of the step's recipe and its texts",
      { .recipe = CAB "r: {info: y, steps: {s: {info: x, tags: [t], cab: c, params: {" PARAMS
                      "}}}}\n" } },
    { "backend settings", { .recipe = CAB "opts: {log: {dir: l}}\n" STEP(PARAMS) } },
    { "help, image, choices and defaults of the cab",
      { .recipe = "cabs:\n  c:\n    command: tool -x\n    info: other\n    image: tool:2\n"
                  "    backend: {native: {}}\n" CAB_POLICIES "    inputs:\n"
                  "      size: {dtype: int, required: true, info: x}\n"
                  "      ms: {dtype: MS, writable: true}\n"
                  "      scale: float = 0.1\n"
                  "      weight: {dtype: str, default: briggs}\n"
                  "      mask: {dtype: File, category: Obscure}\n"
                  "      threads: {dtype: int, nom_de_guerre: j}\n"
                  "      new-one: str\n" CAB_OUTPUTS CAB_REST STEP(PARAMS) } },
    { "definition of an input without value",
      { .recipe = CAB_START CAB_POLICIES CAB_INPUTS
        "      other: {dtype: int}\n" CAB_OUTPUTS CAB_REST STEP(PARAMS) } },
    { "harmless variables that the cab sets",
      { .recipe = CAB_START CAB_POLICIES CAB_INPUTS CAB_OUTPUTS
        "    management: {wranglers: {'bad': 'ERROR:bad'}, environment: {OMP_NUM_THREADS: "
        "'16', TMPDIR: /t}}\n    recompute: {ignore: [threads], environment: [MODE], reads: "
        "[measures, /etc/strategy.lua]}\n" STEP(PARAMS) } },
};

/* --- misses -------------------------------------------------------------------------------- */

static const struct {
    const char *what;
    struct bed_setting setting;
    const char *line; /* what people are told */
} misses[] = {
    { "a parameter",
      { .recipe = CAB STEP("ms: x.ms, size: 2048, image: i.fits") },
      "size: 1024 -> 2048" },
    { "a parameter more", { .recipe = CAB STEP(PARAMS ", flag: true") }, "flag: not set -> True" },
    { "a text",
      { .recipe = CAB STEP(PARAMS ", weight: natural") },
      "weight: \"briggs\" -> \"natural\"" },
    { "a default of the cab",
      { .recipe = CAB_START CAB_POLICIES
        "    inputs:\n"
        "      ms: {dtype: MS, required: true, writable: true}\n"
        "      size: int = 512\n"
        "      scale: {dtype: float, default: 0.2}\n"
        "      weight: {dtype: str, default: briggs}\n"
        "      threads: {dtype: int, nom_de_guerre: j}\n" CAB_OUTPUTS CAB_REST STEP(PARAMS) },
      "scale: 0.1 -> 0.2" },
    { "content of an input",
      { .recipe = CAB STEP("ms: z.ms, size: 1024, image: i.fits") },
      "ms: another version of z.ms (11 -> 22)" },
    { "an input more", { .recipe = CAB STEP(PARAMS ", mask: m.fits") }, "mask: an input more" },
    { "another ending",
      { .recipe = CAB STEP("ms: x.ms, size: 1024, image: i.png") },
      "image: the name '.fits' -> '.png'" },
    { "an output more", { .recipe = CAB STEP(PARAMS ", plot: p.png") }, "plot: an output more" },
    { "the program",
      { .program = "program:tool=ac libraries:tool=bb" },
      "program tool has changed" },
    { "a library",
      { .program = "program:tool=aa libraries:tool=bc" },
      "a library that tool loads has changed" },
    { "another program",
      { .program = "script:tool=dd" },
      "it is another program: program:tool=aa libraries:tool=bb -> script:tool=dd" },
    { "one program of two",
      { .program = "script:tool=dd libraries:tool=bb" },
      "it is another program: program:tool=aa -> script:tool=dd" },
    { "an image",
      { .program = "image:tool=0123456789abcdef" },
      "runs in image sha256:0123456789ab... now, was on this machine" },
    { "a box", { .program = "program:tool=aa libraries:tool=bb in:sandbox" }, "runs in a box now" },
    { "the strategy",
      { .files = { { "x.ms", NULL },
                   { "x.ms/version", "11" },
                   { "/etc/strategy.lua", "45" },
                   { "/usr/share/casacore/data", NULL },
                   { "/usr/share/casacore/data/version", "55" } } },
      "/etc/strategy.lua has changed" },
    { "measures data",
      { .files = { { "x.ms", NULL },
                   { "x.ms/version", "11" },
                   { "/etc/strategy.lua", "44" },
                   { "/usr/share/casacore/data", NULL },
                   { "/usr/share/casacore/data/version", "56" } } },
      "/usr/share/casacore/data has changed" },
    { "a resource file that appears",
      { .files = { FILES, { "/home/user/.casarc", "66" } } },
      "~/.casarc has changed" },
    { "measures data elsewhere",
      { .files = { FILES, { "/home/user/.casarc", "measures.directory: /m" } } },
      "/m is read, too" },
    { "a variable that the cab asks for",
      { .env = { { "MODE", "2" } } },
      "variable MODE: not set -> 2" },
    { "the language", { .env = { { "LC_ALL", "C" } } }, "variable LC_ALL: not set -> C" },
    { "where measures data are",
      { .env = { { "AIPSPATH", "/a" } } },
      "variable AIPSPATH: not set -> /a" },
    { "the workspace's salt", { .salt = "7" }, "opts.store.salt: not set -> 7" },
    { "the cab's salt",
      { .recipe = CAB "      salt: 3\n" STEP(PARAMS) },
      "recompute.salt of the cab: not set -> 3" },
    { "the command",
      { .recipe = "cabs:\n  c:\n    command: tool -y\n" CAB_POLICIES CAB_INPUTS CAB_OUTPUTS CAB_REST
            STEP(PARAMS) },
      "the cab's definition has changed: command" },
    { "args of the command",
      { .recipe = CAB "    args: ['-z']\n" STEP(PARAMS) },
      "the cab's definition has changed: command" },
    { "policies",
      { .recipe = CAB_START CAB_INPUTS CAB_OUTPUTS CAB_REST STEP(PARAMS) },
      "the cab's definition has changed: policies" },
    { "parameter passing",
      { .recipe = CAB "    parameter_passing: yaml\n" STEP(PARAMS) },
      "the cab's definition has changed: flavour" },
    { "wranglers",
      { .recipe = CAB_START CAB_POLICIES CAB_INPUTS CAB_OUTPUTS
        "    management: {wranglers: {'bad': 'ERROR:worse'}}\n"
        "    recompute: {ignore: [j], reads: [/etc/strategy.lua, measures], environment: "
        "[MODE]}\n" STEP(PARAMS) },
      "the cab's definition has changed: wranglers" },
    { "an input's option",
      { .recipe = CAB_START CAB_POLICIES
        "    inputs:\n"
        "      ms: {dtype: MS, required: true, writable: true}\n"
        "      size: {dtype: int, default: 512, nom_de_guerre: npix}\n"
        "      scale: {dtype: float, default: 0.1}\n"
        "      weight: {dtype: str, default: briggs}\n" CAB_OUTPUTS CAB_REST STEP(PARAMS) },
      "the cab's definition has changed: inputs.size" },
    { "a new output",
      { .recipe = CAB_START CAB_POLICIES CAB_INPUTS
        "    outputs: {image: File, plot: {dtype: File, must_exist: false}, rms: float}\n" CAB_REST
            STEP(PARAMS) },
      "the cab has a new output: rms" },
    { "a lost output",
      { .recipe = CAB_START CAB_POLICIES CAB_INPUTS
        "    outputs: {image: File}\n" CAB_REST STEP(PARAMS) },
      "the cab has lost an output" },
    { "another output",
      { .recipe = CAB_START CAB_POLICIES CAB_INPUTS
        "    outputs: {image: File, plot: {dtype: File, must_exist: true}}\n" CAB_REST STEP(
            PARAMS) },
      "the cab's definition has changed: outputs.plot" },
    { "a variable that the cab sets",
      { .recipe = CAB_START CAB_POLICIES CAB_INPUTS CAB_OUTPUTS
        "    management: {wranglers: {'bad': 'ERROR:bad'}, environment: {A: b}}\n"
        "    recompute: {ignore: [j], reads: [/etc/strategy.lua, measures], environment: "
        "[MODE]}\n" STEP(PARAMS) },
      "variable A: not set -> b" },
    { "names that matter",
      { .recipe = CAB "      path_sensitive: true\n" STEP(PARAMS) },
      "image: the name '.fits' -> 'i.fits'" },
    { "what a substitution in the command gives",
      { .recipe = "cabs:\n  c:\n    command: tool {recipe.n}\n" CAB_POLICIES CAB_INPUTS CAB_OUTPUTS
            CAB_REST "r: {assign: {n: 7}, steps: {s: {cab: c, params: {" PARAMS "}}}}\n" },
      "the command: '' -> 'tool 7'" },
};

/* Fields that a case leaves out are those of the base. */
static struct bed_setting completed(struct bed_setting setting)
{
    if (!setting.recipe)
        setting.recipe = base.recipe;
    if (!setting.files[0].path)
        memcpy(setting.files, base.files, sizeof setting.files);
    if (!setting.program)
        setting.program = base.program;
    return setting;
}

static const char *join(struct sp_arena *arena, const struct sp_list *lines)
{
    struct sp_str text = SP_STR("");

    SP_LIST_EACH(line, lines)
    text = sp_arena_printf(arena, SP_STR_FMT "# " SP_STR_FMT "\n", SP_STR_ARG(text),
                           SP_STR_ARG(line->text));
    return text.ptr;
}

static bool has_line(const struct sp_list *lines, const char *text)
{
    SP_LIST_EACH(line, lines)
    if (sp_str_is(line->text, text))
        return true;
    return false;
}

static void check_hits(struct sp_arena *arena, const struct bed_result *was)
{
    for (size_t i = 0; i < SP_COUNT(hits); i++) {
        struct bed_setting setting = completed(hits[i].setting);
        struct bed_result got = bed_run(arena, &setting);
        struct sp_list *lines =
            got.ran ? sp_preimage_differences(arena, &was->preimage, &got.preimage, NULL) : NULL;
        if (!tap_ok(got.ran && sp_digest_eq(&got.preimage.key, &was->preimage.key) && !lines->len,
                    "hit: %s", hits[i].what))
            printf("%s%s", lines ? join(arena, lines) : "", got.findings);
    }
}

static void check_misses(struct sp_arena *arena, const struct bed_result *was)
{
    for (size_t i = 0; i < SP_COUNT(misses); i++) {
        struct bed_setting setting = completed(misses[i].setting);
        struct bed_result got = bed_run(arena, &setting);
        struct sp_list *lines =
            got.ran ? sp_preimage_differences(arena, &was->preimage, &got.preimage, &got.roles)
                    : NULL;
        if (!tap_ok(got.ran && !sp_digest_eq(&got.preimage.key, &was->preimage.key) &&
                        has_line(lines, misses[i].line),
                    "miss: %s: %s", misses[i].what, misses[i].line))
            printf("%s%s", lines ? join(arena, lines) : "", got.findings);
    }
}

/* --- pairs that are not the base ----------------------------------------------------------- */

#define TWO(cab, params) \
    "cabs: {c: {command: t, " cab "}}\nr: {steps: {s: {cab: c, params: {" params "}}}}\n"

static const struct {
    const char *what, *one, *other;
    bool same;
} pairs[] = {
    { "one path as two inputs, or two of equal content",
      TWO("inputs: {a: File, b: File}, outputs: {v: int}", "a: m.fits, b: m.fits"),
      TWO("inputs: {a: File, b: File}, outputs: {v: int}", "a: m.fits, b: n.fits"), true },
    { "inputs swapped",
      TWO("inputs: {a: File, b: File}, outputs: {v: int}", "a: m.fits, b: o.fits"),
      TWO("inputs: {a: File, b: File}, outputs: {v: int}", "a: o.fits, b: m.fits"), false },
    { "an output over the input",
      TWO("inputs: {a: File}, outputs: {b: File}", "a: m.fits, b: x.fits"),
      TWO("inputs: {a: File}, outputs: {b: File}", "a: m.fits, b: m.fits"), false },
    { "order of a list",
      TWO("inputs: {a: {dtype: 'List[File]', policies: {repeat: list}}}, outputs: "
          "{v: int}",
          "'a': [m.fits, o.fits]"),
      TWO("inputs: {a: {dtype: 'List[File]', policies: {repeat: list}}}, outputs: {v: int}",
          "'a': [o.fits, m.fits]"),
      false },
    { "a list, and its items in one text",
      TWO("inputs: {a: {dtype: 'List[str]', policies: {repeat: list}}}, outputs: {v: int}",
          "'a': ['p, q']"),
      TWO("inputs: {a: {dtype: 'List[str]', policies: {repeat: list}}}, outputs: {v: int}",
          "'a': [p, q]"),
      false },
    { "a quote in a list",
      TWO("inputs: {a: {dtype: 'List[str]', policies: {repeat: list}}}, outputs: {v: int}",
          "'a': ['p\", text \"q']"),
      TWO("inputs: {a: {dtype: 'List[str]', policies: {repeat: list}}}, outputs: {v: int}",
          "'a': [p, q]"),
      false },
    { "a number and its text", TWO("inputs: {a: Any}, outputs: {v: int}", "a: 1"),
      TWO("inputs: {a: Any}, outputs: {v: int}", "a: '1'"), false },
    { "a word in a text is an input",
      TWO("inputs: {a: str}, outputs: {v: int}", "a: 'from m.fits'"),
      TWO("inputs: {a: str}, outputs: {v: int}", "a: 'from q.fits'"), false },
    { "a remote file is a value", TWO("inputs: {a: URI}, outputs: {v: int}", "a: 's3://a/b'"),
      TWO("inputs: {a: URI}, outputs: {v: int}", "a: 's3://a/c'"), false },
    { "a path that is not there, or is empty",
      TWO("inputs: {a: {dtype: File, must_exist: false}}, outputs: {v: int}", "a: m.fits"),
      TWO("inputs: {a: {dtype: File, must_exist: false}}, outputs: {v: int}", "a: q.fits"), false },
    { "a place by its name",
      TWO("inputs: {a: {dtype: Directory, mkdir: true}}, outputs: {v: int}", "a: d"),
      TWO("inputs: {a: {dtype: Directory, mkdir: true}}, outputs: {v: int}", "a: e"), false },
    { "an implicit output says nothing new",
      TWO("inputs: {p: str}, outputs: {o: {dtype: 'List[File]', implicit: '=GLOB({current.p}*.fits)'}}",
          "p: m"),
      TWO("inputs: {p: str}, outputs: {o: {dtype: 'List[File]', implicit: '=GLOB({current.p}*.fits)'}}",
          "p: 'm'"),
      true },
    { "the rule of an implicit output",
      TWO("inputs: {p: str}, outputs: {o: {dtype: File, implicit: '{current.p}.a'}}", "p: m"),
      TWO("inputs: {p: str}, outputs: {o: {dtype: File, implicit: '{current.p}.b'}}", "p: m"),
      false },
    { "columns that are declared",
      TWO("inputs: {a: MS, c: str = X}, outputs: {v: int}, recompute: {ignore: [c], columns: {a: "
          "{reads: ['{current.c}']}}}",
          "a: x.ms"),
      TWO("inputs: {a: MS, c: str = X}, outputs: {v: int}, recompute: {ignore: [c], columns: {a: "
          "{reads: ['{current.c}']}}}",
          "a: x.ms, c: Y"),
      false },
    { "flavour", TWO("flavour: python-code, outputs: {v: int}", ""),
      TWO("flavour: {kind: python-code, output_vars: false}, outputs: {v: int}", ""), false },
    { "a flavour written in another way", TWO("flavour: python-code, outputs: {v: int}", ""),
      TWO("flavour: {kind: python-code}, outputs: {v: int}", ""), true },
    { "an input that Python is given as None",
      TWO("flavour: python-code, inputs: {a: {dtype: int, policies: {pass_missing_as_none: true}}}, "
          "outputs: {v: int}",
          ""),
      TWO("flavour: python-code, inputs: {b: {dtype: int, policies: {pass_missing_as_none: true}}}, "
          "outputs: {v: int}",
          ""),
      false },
};

static void check_pairs(struct sp_arena *arena)
{
    for (size_t i = 0; i < SP_COUNT(pairs); i++) {
        struct bed_setting setting = {
            .files = { { "m.fits", "1" },
                       { "n.fits", "1" },
                       { "o.fits", "2" },
                       { "d/x", "" },
                       { "e/x", "" },
                       { "x.ms", NULL },
                       { "x.ms/version", "3" } },
        };
        setting.recipe = pairs[i].one;
        struct bed_result one = bed_run(arena, &setting);
        setting.recipe = pairs[i].other;
        struct bed_result other = bed_run(arena, &setting);
        bool same = sp_digest_eq(&one.preimage.key, &other.preimage.key);
        struct sp_list *lines =
            one.ran && other.ran
                ? sp_preimage_differences(arena, &one.preimage, &other.preimage, NULL)
                : NULL;
        if (!tap_ok(lines && same == pairs[i].same && (lines->len == 0) == same, "%s: %s key",
                    pairs[i].what, pairs[i].same ? "the same" : "another"))
            printf("%s%s%s", lines ? join(arena, lines) : "", one.findings, other.findings);
    }
}

/* --- in records ---------------------------------------------------------------------------- */

static void check_dict(struct sp_arena *arena, const struct bed_result *was)
{
    struct sp_dict *dict = sp_preimage_to_dict(arena, &was->preimage);
    struct sp_preimage back;

    tap_ok(sp_preimage_from_dict(arena, dict, &back) &&
               sp_digest_eq(&back.key, &was->preimage.key) && back.len == was->preimage.len,
           "a pre-image survives its record");
    sp_dict_put(arena, dict, "param.size", sp_text(SP_STR("int 1")));
    tap_ok(sp_preimage_from_dict(arena, dict, &back) &&
               !sp_digest_eq(&back.key, &was->preimage.key),
           "a forged record is another key");
    sp_dict_put(arena, dict, "param.size", sp_int(1));
    tap_ok(!sp_preimage_from_dict(arena, dict, &back), "a number is no text");
    tap_ok(!sp_preimage_from_dict(arena, sp_dict_new(arena).dict, &back),
           "nothing is no pre-image");
}

/* "a","bc" is not "ab","c". */
static void check_borders(struct sp_arena *arena)
{
    struct sp_key_part one[] = { { SP_STR("a"), SP_STR("bc") } };
    struct sp_key_part two[] = { { SP_STR("ab"), SP_STR("c") } };
    struct sp_key_part both[] = { { SP_STR("b"), SP_STR("2") }, { SP_STR("a"), SP_STR("1") } };
    struct sp_key_part turned[] = { { SP_STR("a"), SP_STR("1") }, { SP_STR("b"), SP_STR("2") } };
    struct sp_preimage a, b;

    sp_preimage_seal(arena, one, 1, &a);
    sp_preimage_seal(arena, two, 1, &b);
    tap_ok(!sp_digest_eq(&a.key, &b.key), "components end where they end");
    sp_preimage_seal(arena, both, 2, &a);
    sp_preimage_seal(arena, turned, 2, &b);
    tap_ok(sp_digest_eq(&a.key, &b.key) && sp_str_is(a.parts[0].component, "a"),
           "their order does not matter");
    struct sp_list *lines = sp_preimage_differences(arena, &a, &b, NULL);
    tap_ok(lines->len == 0, "nothing to tell");
    sp_preimage_seal(arena, one, 1, &b);
    lines = sp_preimage_differences(arena, &a, &b, NULL);
    tap_ok(lines->len == 1 && sp_str_starts(lines->items[0].text, "something that this version"),
           "of components that nobody knows it is said that there is something");
}

/* Lines about programs, more than three of a kind. */
static void check_sums(struct sp_arena *arena)
{
    static const struct {
        const char *program, *was, *want;
    } rows[] = {
        { "script:a=2 script:b=2 script:c=2", "script:a=1 script:b=1 script:c=1",
          "# script a has changed\n# script b has changed\n# script c has changed\n" },
        { "script:a=2 script:b=2 libraries:sh=2 script:c=2 script:d=2 program:sh=2",
          "script:a=1 script:b=1 libraries:sh=1 script:c=1 script:d=1 program:sh=1",
          "# 4 scripts have changed, first a (--json has all)\n# a library that sh loads has "
          "changed\n# program sh has changed\n" },
        { "libraries:a=2 libraries:b=2 libraries:c=2 libraries:d=2 libraries:e=2",
          "libraries:a=1 libraries:b=1 libraries:c=1 libraries:d=1 libraries:e=1",
          "# 5 programs load other libraries, first a (--json has all)\n" },
        { "image:a=2222222222222 script:b=1", "image:a=1111111111111 script:b=1",
          "# the image of 'a' is another one: sha256:222222222222... was "
          "sha256:111111111111...\n" },
        { "image:a=2222222222222 script:b=2", "image:a=2222222222222 script:b=1",
          "# script b has changed\n" },
        { "image:a=2 script:b=2", "image:a=1 script:b=1",
          "# the image of 'a' is another one: sha256:2... was sha256:1...\n# script b has "
          "changed\n" },
        { "program:a=1 libraries:a=2", "image:a=1111111111111",
          "# runs on this machine now, was in image sha256:111111111111...\n" },
        { "program:a=1 libraries:a=2", "program:a=1 libraries:a=1 in:sandbox",
          "# runs without a box now\n# a library that a loads has changed\n" },
        /* One interpreter of several scripts is told of once. */
        { "script:a=1 program:sh=2 script:b=1 program:sh=2",
          "script:a=1 program:sh=1 script:b=1 program:sh=1", "# program sh has changed\n" },
    };

    for (size_t i = 0; i < SP_COUNT(rows); i++) {
        struct bed_setting before = completed((struct bed_setting){ .program = rows[i].was });
        struct bed_setting after = completed((struct bed_setting){ .program = rows[i].program });
        struct bed_result was = bed_run(arena, &before);
        struct bed_result now = bed_run(arena, &after);
        struct sp_list *lines = sp_preimage_differences(arena, &was.preimage, &now.preimage, NULL);
        const char *got = join(arena, sp_preimage_sum_up(arena, lines));
        if (!tap_ok(strcmp(got, rows[i].want) == 0, "summed up: %s", rows[i].program))
            printf("%s", got);
    }
}

int main(void)
{
    sp_auto_arena struct sp_arena *arena = sp_arena_new();
    struct bed_result was = bed_run(arena, &base);

    if (!tap_ok(was.ran && was.reusable, "the base"))
        printf("%s", was.findings);
    if (was.ran) {
        check_hits(arena, &was);
        check_misses(arena, &was);
        check_dict(arena, &was);
    }
    check_pairs(arena);
    check_borders(arena);
    check_sums(arena);
    return tap_done();
}
