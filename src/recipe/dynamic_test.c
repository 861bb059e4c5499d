/* SPDX-License-Identifier: BSD-3-Clause */
/* Spec stimela2.md 2.9 and 10.5. */
#include "recipe/dynamic.h"

#include "lang/world_fake.h"
#include "recipe/test_bed.h"

#define WSCLEAN   "cultcargo.genesis.wsclean.make_stimela_schema"
#define QUARTICAL "cultcargo.genesis.quartical.external.make_stimela_schema"
#define CUBICAL   "cultcargo.genesis.cubical.make_stimela_schema.make_stimela_schema"
#define EXAMPLE   "tests.example_dynschema.cubical_schema"

static const struct sp_world_file files[] = {
    { "/pkg/quartical/gain_schema.yaml",
      "gain:\n  type: {dtype: str, default: complex, choices: [complex, phase]}\n"
      "  time_interval: {dtype: str, default: '1'}\n" },
    { "/pkg/cubical/schema_JONES_TEMPLATE.yaml",
      "JONES_TEMPLATE:\n  time-int: {dtype: int}\n  type: {info: kind of matrix}\n" },
    { "/broken/gain_schema.yaml", "gains: {}\n" },
};

static const struct sp_world_pair packages[] = {
    { "cultcargo.genesis.quartical", "/pkg/quartical" },
    { "cultcargo.genesis.cubical", "/pkg/cubical" },
};

static const struct sp_world_pair broken_packages[] = {
    { "cultcargo.genesis.quartical", "/broken" },
};

struct fixture {
    struct bed bed;
    struct sp_world_fake fake;
    struct sp_world world;
    struct sp_dynamic *dynamic;
    struct sp_cab *cab;
};

static void set_up(struct fixture *fixture, const char *function, const char *inputs)
{
    *fixture = (struct fixture){ .fake = { .files = files,
                                           .len = SP_COUNT(files),
                                           .packages = packages,
                                           .packages_len = SP_COUNT(packages) } };
    bed_init(&fixture->bed);
    sp_world_fake_init(&fixture->world, &fixture->fake);
    fixture->dynamic = sp_dynamic_new(fixture->bed.arena, &fixture->world);
    const char *text = sp_arena_printf(fixture->bed.arena,
                                       "{command: tool, dynamic_schema: %s, inputs: %s, "
                                       "outputs: {first: File}}",
                                       function, inputs)
                           .ptr;
    fixture->cab = sp_cab_load(fixture->bed.arena, SP_STR("tool"), bed_yaml(&fixture->bed, text),
                               &fixture->bed.diags);
}

static void tear_down(struct fixture *fixture)
{
    sp_dynamic_free(fixture->dynamic);
    sp_cab_fini(fixture->cab);
    sp_world_fake_fini(&fixture->fake);
    bed_fini(&fixture->bed);
}

/* "name dtype implicit must_exist" of everything that was added, a line each. */
static const char *added(struct fixture *fixture, const struct sp_cab *variant)
{
    struct sp_arena *arena = fixture->bed.arena;
    struct sp_str text = SP_STR("");

    SP_MAP_EACH (entry, &variant->schema.params) {
        const struct sp_param *param = entry->value;
        if (sp_schema_find(&fixture->cab->schema, param->name))
            continue;
        text = sp_arena_printf(arena, SP_STR_FMT SP_STR_FMT " " SP_STR_FMT "%s%s%s\n",
                               SP_STR_ARG(text), SP_STR_ARG(param->name),
                               SP_STR_ARG(param->dtype_text), param->has_implicit ? " " : "",
                               param->has_implicit ? bed_repr(&fixture->bed, param->implicit) : "",
                               param->must_exist == SP_NO ? " may be missing" : "");
    }
    return text.ptr;
}

/* --- wsclean ------------------------------------------------------------------------------- */

#define T4                     "[0-9][0-9][0-9][0-9]"
#define ONE(name, file, rest)  name " File '{current.prefix}" file ".fits'" rest "\n"
#define MANY(name, file, rest) name " List[File] '=GLOB({current.prefix}" file ".fits)'" rest "\n"
#define MAYBE                  " may be missing"
#define BASIC                  \
    ONE("dirty", "-dirty", "") \
    ONE("restored", "-image", "") ONE("residual", "-residual", MAYBE) ONE("model", "-model", MAYBE)
#define CLEANED                \
    ONE("dirty", "-dirty", "") \
    ONE("restored", "-image", "") ONE("residual", "-residual", "") ONE("model", "-model", "")
#define BANDS(name, file) \
    MANY(name ".per-band", "-" T4 "-" file, "") ONE(name ".mfs", "-MFS-" file, "")
#define BANDS_ALL           \
    BANDS("dirty", "dirty") \
    BANDS("restored", "image") BANDS("residual", "residual") BANDS("model", "model")
#define IQ(name, file, rest) ONE(name ".i", "-I-" file, rest) ONE(name ".q", "-Q-" file, rest)
#define IQ_ALL               \
    IQ("dirty", "dirty", "") \
    IQ("restored", "image", "") IQ("residual", "residual", MAYBE) IQ("model", "model", MAYBE)
#define TIMES                                                 \
    MANY("dirty.per-interval", "-t" T4 "-dirty", "")          \
    MANY("restored.per-interval", "-t" T4 "-image", "")       \
    MANY("residual.per-interval", "-t" T4 "-residual", MAYBE) \
    MANY("model.per-interval", "-t" T4 "-model", MAYBE)
#define CUBE(name, stokes, file)                                            \
    MANY(name ".per-interval.per-band", "-t" T4 "-" T4 stokes "-" file, "") \
    MANY(name ".per-interval.mfs", "-t" T4 "-MFS" stokes "-" file, "")
#define CUBE_IV(name, file) CUBE(name ".i", "-I", file) CUBE(name ".v", "-V", file)

static const struct {
    const char *params, *want;
} wsclean_cases[] = {
    { "{}", BASIC },
    { "{pol: xx}", BASIC },
    { "{pol: 'XX,YY'}", BASIC },
    { "{pol: i}", BASIC },
    { "{niter: 0}", BASIC },
    { "{niter: 10}", CLEANED },
    { "{niter: '10'}", CLEANED },
    { "{niter: =recipe.niter}", CLEANED },
    { "{nchan: 4, niter: 1}", BANDS_ALL },
    { "{nchan: =recipe.n, niter: 1}", BANDS_ALL },
    { "{multi.chan: true, niter: 1}", BANDS_ALL },
    { "{nchan: 4, multi.chan: false}", BASIC },
    { "{nchan: '1'}", BASIC },
    { "{pol: IQ}", IQ_ALL },
    { "{pol: iq}", IQ_ALL },
    { "{pol: [I, Q]}", IQ_ALL },
    { "{intervals-out: 3}", TIMES },
    { "{multi.interval: true}", TIMES },
    { "{intervals-out: 1, multi.interval: false}", BASIC },
    { "{nchan: 2, intervals-out: 3, pol: IV, make-psf: true, niter: 5}",
      CUBE_IV("dirty", "dirty") CUBE("psf", "", "psf") CUBE_IV("restored", "image")
          CUBE_IV("residual", "residual") CUBE_IV("model", "model") },
    { "{make-psf-only: true, nchan: 1}", ONE("psf", "-psf", "") },
    { "{make-psf-only: true, pol: IQ}", ONE("psf", "-psf", "") },
    { "{no-dirty: true, niter: 1}",
      ONE("restored", "-image", "") ONE("residual", "-residual", "") ONE("model", "-model", "") },
    { "{multi.stokes: true, no-dirty: true, niter: 1}",
      ONE("restored.i", "-I-image", "") ONE("residual.i", "-I-residual", "")
          ONE("model.i", "-I-model", "") },
    { "{multi.pol: true, make-psf-only: true}", ONE("psf", "-psf", "") },
    { "{predict: true, nchan: 4}", "" },
};

/* What is added for these parameters, or the error. */
static const char *ask(struct fixture *fixture, const char *params)
{
    struct sp_err err = SP_ERR_INIT;
    const struct sp_cab *variant;
    struct sp_value value = bed_yaml(&fixture->bed, params);

    if (sp_dynamic_variant(fixture->dynamic, fixture->cab, value.dict, &variant, &err))
        return sp_arena_printf(fixture->bed.arena, "%s", err.text).ptr;
    return added(fixture, variant);
}

static void expect(struct fixture *fixture, const char *params, const char *want)
{
    const char *got = ask(fixture, params);

    if (!tap_ok(strcmp(got, want) == 0, SP_STR_FMT " %s", SP_STR_ARG(fixture->cab->dynamic_schema),
                params))
        printf("# got %s# want %s", got, want);
}

static void test_wsclean(void)
{
    for (size_t i = 0; i < SP_COUNT(wsclean_cases); i++) {
        struct fixture fixture;
        set_up(&fixture, WSCLEAN, "{prefix: str, ms: MS}");
        expect(&fixture, wsclean_cases[i].params, wsclean_cases[i].want);
        tear_down(&fixture);
    }
}

/* --- terms --------------------------------------------------------------------------------- */

#define SOLVER       "{'solver.terms': {dtype: 'List[str]', default: [G]}}"
#define JONES        "{'sol.jones': 'List[str]'}"
#define GAIN(term)   term ".type str\n" term ".time_interval str\n"
#define MATRIX(term) term ".time-int int\n" term ".type str\n"
#define EITHER(term) term ".t_int Union[str, int]\n" term ".f_int Union[str, int]\n"

static const struct {
    const char *function, *inputs, *params, *want;
} term_cases[] = {
    { QUARTICAL, SOLVER, "{}", GAIN("G") },
    { QUARTICAL, SOLVER, "{solver.terms: [K, G]}", GAIN("K") GAIN("G") },
    { QUARTICAL, SOLVER, "{solver.terms: []}", "" },
    { QUARTICAL, SOLVER, "{solver.terms: =recipe.terms}", "" },
    { QUARTICAL, "{'solver.terms': 'List[str] = [B]'}", "{}", GAIN("B") },
    { CUBICAL, JONES, "{}", "" },
    { CUBICAL, JONES, "{sol.jones: [G, dE]}", MATRIX("g") MATRIX("de") },
    { CUBICAL, JONES, "{sol.jones: 'G,B'}", MATRIX("g") MATRIX("b") },
    { CUBICAL, JONES, "{sol.jones: ' [G, B] '}", MATRIX("g") MATRIX("b") },
    { CUBICAL, JONES, "{sol.jones: ['G', 5, null]}", MATRIX("g") },
    { EXAMPLE, "{jones: 'List[str]'}", "{jones: [G, B]}", EITHER("G") EITHER("B") },
    { EXAMPLE, "{jones: 'List[str]'}", "{}", "" },
};

static void test_terms(void)
{
    for (size_t i = 0; i < SP_COUNT(term_cases); i++) {
        struct fixture fixture;
        set_up(&fixture, term_cases[i].function, term_cases[i].inputs);
        expect(&fixture, term_cases[i].params, term_cases[i].want);
        tear_down(&fixture);
    }
}

static void test_missing_template(void)
{
    struct fixture fixture;

    set_up(&fixture, QUARTICAL, SOLVER);
    fixture.fake.packages_len = 0;
    const char *got = ask(&fixture, "{}");
    tap_ok(strstr(got, "error evaluating dynamic schema " QUARTICAL
                       ": there is no Python package 'cultcargo.genesis.quartical'") != NULL,
           "no package: %s", got);
    fixture.fake.packages = broken_packages;
    fixture.fake.packages_len = 1;
    got = ask(&fixture, "{}");
    tap_ok(strstr(got, "/broken/gain_schema.yaml: there is no section 'gain'") != NULL,
           "no section: %s", got);
    fixture.fake.len = 0;
    got = ask(&fixture, "{}");
    tap_ok(strstr(got, "/broken/gain_schema.yaml") != NULL, "no file: %s", got);
    tear_down(&fixture);
}

/* --- equal questions ----------------------------------------------------------------------- */

static const struct sp_cab *variant_of(struct fixture *fixture, const char *params)
{
    struct sp_err err = SP_ERR_INIT;
    const struct sp_cab *variant = NULL;
    struct sp_value value = bed_yaml(&fixture->bed, params);
    enum sp_rc rc = sp_dynamic_variant(fixture->dynamic, fixture->cab, value.dict, &variant, &err);

    return rc ? NULL : variant;
}

static void test_same_variant(void)
{
    struct fixture fixture;

    set_up(&fixture, WSCLEAN, "{prefix: str, nchan: int}");
    const struct sp_cab *first = variant_of(&fixture, "{prefix: a, nchan: 4}");
    tap_ok(first && first == variant_of(&fixture, "{nchan: 4, prefix: b}"),
           "what the function does not look at makes no new schema");
    tap_ok(first != variant_of(&fixture, "{nchan: 1}"), "what it looks at does");
    tap_ok(sp_dynamic_looks_at(fixture.cab, SP_STR("nchan")) &&
               !sp_dynamic_looks_at(fixture.cab, SP_STR("prefix")),
           "the names are known");
    tear_down(&fixture);
}

/* --- functions of somebody else ------------------------------------------------------------ */

struct answers {
    const char *text; /* NULL: it fails */
    unsigned asked;
    struct sp_str request;
};

static enum sp_rc answer(void *arg,
                         struct sp_str request,
                         struct sp_arena *arena,
                         struct sp_str *out,
                         struct sp_err *err)
{
    struct answers *answers = arg;

    answers->asked++;
    answers->request = sp_arena_str(arena, request);
    if (!answers->text)
        return sp_fail(err, SP_INVALID, "ValueError: no");
    *out = sp_str_of(answers->text);
    return SP_OK;
}

static const struct {
    const char *answer, *want;
} foreign_cases[] = {
    { "{\"inputs\": {\"x\": null, \"y\": {\"dtype\": \"int\"}}, \"outputs\": {\"first\": null}}",
      "y int\n" },
    { "{\"inputs\": {\"y\": \"int = 5\"}, \"outputs\": {\"z\": {\"dtype\": \"File\", \"implicit\": "
      "\"a\"}}}",
      "y int\nz File 'a'\n" },
    { NULL, "error evaluating dynamic schema m.f: ValueError: no" },
    { "{\"inputs\": {}}", "error evaluating dynamic schema m.f: its answer has no mapping of "
                          "outputs" },
    { "[]", "error evaluating dynamic schema m.f: its answer is not a mapping" },
    { "{\"inputs\": {\"y\": {\"dtype\": \"nit\"}}, \"outputs\": {}}", NULL },
    { "{\"inputs\": {\"y\": null}, \"outputs\": {}}", NULL },
    { "{", NULL },
};

static void test_foreign(void)
{
    for (size_t i = 0; i < SP_COUNT(foreign_cases); i++) {
        struct fixture fixture;
        struct answers answers = { .text = foreign_cases[i].answer };
        set_up(&fixture, "m.f", "{x: 'int = 3'}");
        fixture.world.arg = &answers;
        fixture.world.call = answer;
        if (foreign_cases[i].want)
            expect(&fixture, "{x: 1}", foreign_cases[i].want);
        else
            tap_ok(strstr(ask(&fixture, "{x: 1}"), "error evaluating dynamic schema m.f: ") != NULL,
                   "answer %s", foreign_cases[i].answer);
        tear_down(&fixture);
    }
}

static void test_request(void)
{
    struct fixture fixture;
    struct answers answers = { .text = "{\"inputs\": {\"x\": null}, \"outputs\": {}}" };

    set_up(&fixture, "m.f", "{x: 'int = 3'}");
    fixture.world.arg = &answers;
    fixture.world.call = answer;
    const struct sp_cab *variant = variant_of(&fixture, "{x: 1, y: UNSET}");
    tap_ok(variant && !sp_schema_find(&variant->schema, SP_STR("first")),
           "what the answer does not name is gone");
    tap_ok(variant && sp_schema_find(&variant->schema, SP_STR("x")) ==
                          sp_schema_find(&fixture.cab->schema, SP_STR("x")),
           "null stands for what was there");
    tap_ok(variant == variant_of(&fixture, "{x: 1, y: UNSET}") && answers.asked == 1,
           "the same question is asked once");
    static const char want[] = "{\"function\": \"m.f\", \"params\": {\"x\": 1}, \"inputs\": "
                               "{\"x\": {\"dtype\": \"int\", \"default\": \"3\"}}, "
                               "\"outputs\": {\"first\": {\"dtype\": \"File\"}}}";
    if (!tap_ok(sp_str_is(answers.request, want), "the request"))
        printf("# " SP_STR_FMT "\n", SP_STR_ARG(answers.request));
    fixture.world.call = NULL;
    tap_ok(!variant_of(&fixture, "{x: 2}"), "nobody to ask");
    tear_down(&fixture);
}

int main(void)
{
    test_wsclean();
    test_terms();
    test_missing_template();
    test_same_variant();
    test_foreign();
    test_request();
    return tap_done();
}
