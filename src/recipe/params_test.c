/* SPDX-License-Identifier: BSD-3-Clause */
#include "recipe/params.h"

#include "lang/world_fake.h"
#include "recipe/test_bed.h"

#define UNKNOWN   SP_PARAMS_UNKNOWN
#define REQUIRED  SP_PARAMS_REQUIRED
#define IN_EXIST  SP_PARAMS_INPUTS_EXIST
#define OUT_EXIST SP_PARAMS_OUTPUTS_EXIST
#define MKDIRS    SP_PARAMS_MKDIR
#define STRICT    SP_PARAMS_STRICT
#define INPUTS    SP_PARAMS_INPUTS
#define OUTPUTS   SP_PARAMS_OUTPUTS

static const struct sp_world_file files[] = {
    { .path = "obs.ms" },
    { .path = "sky/nvss-1deg.txt", .text = "x" },
    { .path = "a.txt", .text = "x" },
    { .path = "b.txt", .text = "x" },
    { .path = "/data/c.txt", .text = "x" },
};

struct row {
    const char *schema; /* of inputs (and outputs) */
    const char *params;
    unsigned flags;
    const char *want;    /* values afterwards */
    const char *finding; /* part of the findings; NULL: none at all */
};

static const struct row rows[] = {
    /* names */
    { "inputs: {telescope: str}", "{telescop: x}", UNKNOWN, "{'telescop': 'x'}",
      "error|unknown parameter 'demo.s.telescop'|did you mean 'telescope'? ('spoor doc tool' shows "
      "all parameters)" },
    { "inputs: {a: str}", "{zzzzzz: x, qqqqqq: y}", UNKNOWN, "{'zzzzzz': 'x', 'qqqqqq': 'y'}",
      "unknown parameter 'demo.s.qqqqqq'|'spoor doc tool' shows all parameters" },
    { "inputs: {a: str}", "{b: x}", 0, "{'b': 'x'}", NULL },

    /* defaults: the cab's `defaults` is {d: 7} */
    { "inputs: {a: int = 5, b: str, c: {default: null}}", "{}", 0, "{'a': 5, 'c': None}", NULL },
    { "inputs: {d: int = 5}", "{}", 0, "{'d': 7}", NULL },
    { "inputs: {d: int = 5}", "{d: 9}", 0, "{'d': 9}", NULL },
    { "inputs: {a: int = 5, b: str}", "{b: x}", 0, "{'b': 'x', 'a': 5}", NULL },
    { "inputs: {a: int = 5}", "{a: =UNSET}", 0, "{'a': 5}", NULL },
    { "inputs: {a: int}", "{a: =UNSET}", 0, "{}", NULL },
    { "inputs: {a: int = x}", "{}", 0, "{'a': invalid value}",
      "'demo.s.a': expects an int, got text 'x'" },

    /* references */
    { "inputs: {a: str, b: {default: '{current.a}!'}}", "{a: x}", STRICT, "{'a': 'x', 'b': 'x!'}",
      NULL },
    { "inputs: {a: str, b: int}", "{a: '=current.b + 1', b: 2}", STRICT, "{'a': '3', 'b': 2}",
      NULL },
    { "inputs: {a: str}", "{a: '{current.nope}'}", STRICT, NULL, "error|'demo.s.a': " },
    { "inputs: {a: str}", "{a: '=current.nope'}", STRICT, NULL, "error|'demo.s.a': " },
    { "inputs: {a: str}", "{a: '{current.a}'}", STRICT, NULL, "error|'demo.s.a': " },
    { "inputs: {a: str}", "{a: '{current.nope}'}", 0, NULL, NULL },

    /* implicit values */
    { "inputs: {a: str}\noutputs: {o: {dtype: File, implicit: '{current.a}.fits'}}", "{a: x}",
      UNKNOWN, "{'a': 'x', 'o': 'x.fits'}", NULL },
    { "outputs: {o: {dtype: File, implicit: x}}", "{o: y}", UNKNOWN, "{'o': 'x'}",
      "error|implicit parameter demo.s.o was supplied explicitly|" },
    { "outputs: {o: {dtype: File, implicit: x}}", "{o: x}", UNKNOWN, "{'o': 'x'}", NULL },
    { "outputs: {o: {dtype: File, implicit: x}}", "{o: y}", 0, "{'o': 'x'}", NULL },

    /* required */
    { "inputs: {a: MS * \"the data\", b: str *, c: str}", "{}", REQUIRED, "{}",
      "error|demo.s: missing required parameters: 'a', 'b'|'a' (MS): the data; 'b' (str)" },
    { "inputs: {a: MS *}", "{}", 0, "{}", NULL },
    { "inputs: {a: str *}", "{a: null}", REQUIRED, "{'a': invalid value}",
      "expects a str, got nothing" },
    { "inputs: {a: str *}", "{a: =UNSET}", REQUIRED, "{}", "missing required parameters: 'a'" },
    { "inputs: {a: str *}", "{a: '{steps.x.y}'}", REQUIRED, NULL, NULL },
    { "outputs: {o: File *}", "{}", REQUIRED, "{}", "missing required parameters: 'o'" },
    { "outputs: {v: int *}", "{}", REQUIRED, "{}", NULL },
    { "outputs: {v: int *}", "{}", REQUIRED | OUTPUTS | OUT_EXIST, "{}",
      "missing required parameters: 'v'" },
    { "inputs: {a: str *}\noutputs: {o: File *}", "{}", REQUIRED | OUTPUTS, "{}", NULL },

    /* types */
    { "inputs: {a: int}", "{a: abc}", 0, "{'a': invalid value}",
      "error|'demo.s.a': expects an int, got text 'abc'|" },
    { "inputs: {a: 'List[int]'}", "{a: [1, x]}", 0, NULL,
      "'demo.s.a': element 2: expects an int, got text 'x'" },
    { "inputs: {a: int, b: int}", "{a: x, b: '5'}", 0, "{'a': invalid value, 'b': 5}",
      "'demo.s.a'" },

    /* choices */
    { "inputs: {a: {choices: [one, two]}}", "{a: tow}", 0, "{'a': 'tow'}",
      "error|'demo.s.a': invalid value 'tow'|did you mean 'two'? The choices are one, two" },
    { "inputs: {a: {choices: [one, two]}}", "{a: xyzxyz}", 0, "{'a': 'xyzxyz'}",
      "|the choices are one, two" },
    { "inputs: {a: {choices: [1, 2]}}", "{a: 2}", 0, "{'a': '2'}", NULL },
    { "inputs: {a: {choices: [one], default: null}}", "{}", 0, "{'a': None}", NULL },
    { "inputs: {a: {dtype: 'List[str]', element_choices: [x, y]}}", "{a: [x, z]}", 0,
      "{'a': ['x', 'z']}", "'demo.s.a': invalid list element 'z'" },
    { "inputs: {a: {dtype: 'List[str]', element_choices: [x, y]}}", "{a: [x, y]}", 0,
      "{'a': ['x', 'y']}", NULL },
    { "inputs: {a: {element_choices: [x, y]}}", "{a: z}", 0, "{'a': 'z'}", "invalid value 'z'" },

    /* paths */
    { "inputs: {a: File}", "{a: ./a.txt}", IN_EXIST, "{'a': 'a.txt'}", NULL },
    { "inputs: {a: File}", "{a: 'a.txt '}", IN_EXIST, NULL, "doesn't exist|did you mean 'a.txt'?" },
    { "inputs: {a: File}", "{a: sky/nvss.txt}", IN_EXIST, NULL,
      "error|'demo.s.a': sky/nvss.txt doesn't exist|did you mean 'sky/nvss-1deg.txt'?" },
    { "inputs: {a: File}", "{a: skies/nvss.txt}", IN_EXIST, NULL,
      "skies/nvss.txt doesn't exist|there is no directory 'skies'" },
    { "inputs: {a: File}", "{a: nope}", 0, "{'a': 'nope'}", NULL },
    { "inputs: {a: {dtype: File, must_exist: false}}", "{a: nope}", IN_EXIST, "{'a': 'nope'}",
      NULL },
    { "inputs: {a: File}", "{a: promised.txt}", IN_EXIST, "{'a': 'promised.txt'}", NULL },
    { "inputs: {a: MS}", "{a: promised.txt}", IN_EXIST, "{'a': 'promised.txt'}", NULL },
    { "inputs: {a: File}", "{a: promised.txt/part1}", IN_EXIST, "{'a': 'promised.txt/part1'}",
      NULL },
    { "inputs: {a: File}", "{a: 's3://b/x'}", IN_EXIST, "{'a': 's3://b/x'}", NULL },
    { "inputs: {a: File}", "{a: 'x:y'}", IN_EXIST, NULL, "'demo.s.a': x:y doesn't exist" },
    { "inputs: {a: File}", "{a: obs.ms}", 0, NULL, "'demo.s.a': 'obs.ms' is not a regular file" },
    { "inputs: {a: MS}", "{a: a.txt}", 0, NULL, "'demo.s.a': 'a.txt' is not a directory" },
    { "inputs: {a: Directory}", "{a: obs.ms/}", 0, "{'a': 'obs.ms'}", NULL },
    { "inputs: {a: URI}", "{a: obs.ms}", IN_EXIST, "{'a': 'obs.ms'}", NULL },
    { "inputs: {a: File}", "{a: '[a.txt]'}", IN_EXIST, "{'a': 'a.txt'}", NULL },
    { "inputs: {a: File}", "{a: [a.txt, b.txt]}", IN_EXIST, NULL,
      "'demo.s.a': multiple files given" },
    { "inputs: {a: File}", "{a: []}", IN_EXIST, NULL, "'demo.s.a': file doesn't exist" },
    { "inputs: {a: File}", "{a: []}", 0, "{'a': ''}", NULL },
    { "inputs: {a: MS *}", "{a: ''}", IN_EXIST, NULL, "'demo.s.a': the file name is empty" },
    { "inputs: {a: File}", "{a: ' '}", IN_EXIST, NULL, "'demo.s.a': the file name is empty" },
    { "inputs: {a: 'List[MS]'}", "{a: ['']}", IN_EXIST, NULL, "the file name is empty" },
    { "inputs: {a: MS}", "{a: ''}", 0, "{'a': '.'}", NULL },
    { "inputs: {a: {dtype: MS, must_exist: false}}", "{a: ''}", IN_EXIST, "{'a': '.'}", NULL },
    { "inputs: {a: Directory}", "{a: ''}", IN_EXIST, "{'a': '.'}", NULL },
    { "inputs: {a: MS *}", "{a: null}", IN_EXIST, NULL,
      "expects a file path (string), got nothing (null)" },
    { "inputs: {a: File}", "{a: 5}", 0, NULL, "expects a file path (string), got int '5'" },
    { "inputs: {a: {dtype: File, default: null}}", "{}", IN_EXIST, "{'a': None}", NULL },
    { "inputs: {a: 'List[File]'}", "{a: a.txt}", IN_EXIST, "{'a': ['a.txt']}", NULL },
    { "inputs: {a: 'List[File]'}", "{a: '[a.txt, /data/c.txt]'}", IN_EXIST,
      "{'a': ['a.txt', '/data/c.txt']}", NULL },
    { "inputs: {a: 'List[File]'}", "{a: [a.txt, x, y]}", IN_EXIST, NULL,
      "'demo.s.a': x,y doesn't exist" },
    { "inputs: {a: 'List[File]'}", "{a: [obs.ms]}", 0, NULL, "'obs.ms' contains non-files" },
    { "inputs: {a: 'List[MS]'}", "{a: [a.txt]}", 0, NULL, "'a.txt' contains non-directories" },
    { "inputs: {a: 'List[File]'}", "{a: []}", IN_EXIST, "{'a': []}", NULL },
    { "inputs: {a: {dtype: 'List[File]', must_exist: true}}", "{a: '=GLOB(*.nothing)'}", IN_EXIST,
      "{'a': []}", NULL },
    { "inputs: {a: 'List[File]'}", "{a: '=GLOB(*.txt)'}", IN_EXIST, "{'a': ['a.txt', 'b.txt']}",
      NULL },
    { "inputs: {a: 'List[File]'}", "{a: [a.txt, 5]}", 0, NULL, "an invalid element in file list" },
    { "inputs: {a: 'List[File]'}", "{a: 5}", 0, NULL, "expects a list of file paths, got int" },
    { "inputs: {a: 'Optional[File]', b: 'Tuple[File, int]'}", "{a: ./x, b: [/work/y, 1]}", IN_EXIST,
      "{'a': 'x', 'b': ('y', 1)}", NULL },

    /* outputs */
    { "outputs: {o: File}", "{o: new.txt}", IN_EXIST, "{'o': 'new.txt'}", NULL },
    { "outputs: {o: {dtype: File, must_exist: true}}", "{o: new.txt}", IN_EXIST, "{'o': 'new.txt'}",
      NULL },
    { "outputs: {o: {dtype: File, must_exist: true}}", "{o: new.txt}", OUT_EXIST | OUTPUTS, NULL,
      "'demo.s.o': new.txt doesn't exist" },
    { "outputs: {o: File}", "{o: new.txt}", OUT_EXIST | OUTPUTS, "{'o': 'new.txt'}", NULL },
    { "outputs: {o: File}", "{o: obs.ms}", 0, NULL, "is not a regular file" },

    /* which ones */
    { "inputs: {a: int}\noutputs: {o: File, v: int}", "{a: '1', o: ./x, v: '2'}", INPUTS,
      "{'a': 1, 'o': 'x', 'v': '2'}", NULL },
    { "inputs: {a: int}\noutputs: {o: File, v: int}", "{a: '1', o: ./x, v: '2'}", OUTPUTS,
      "{'a': '1', 'o': './x', 'v': 2}", NULL },
    { "inputs: {a: int}\noutputs: {o: File, v: int}", "{a: '1', o: ./x, v: '2'}", INPUTS | OUTPUTS,
      "{'a': 1, 'o': 'x', 'v': 2}", NULL },

    /* directories to make */
    { "outputs: {o: File}", "{o: out/sub/x.fits}", MKDIRS, "{'o': 'out/sub/x.fits'} mkdir out/sub",
      NULL },
    { "outputs: {o: File}", "{o: obs.ms/x}", MKDIRS, "{'o': 'obs.ms/x'}", NULL },
    { "outputs: {o: File}", "{o: x}", MKDIRS, "{'o': 'x'}", NULL },
    { "outputs: {o: {dtype: File, mkdir: true}}", "{o: out/x}", MKDIRS, "{'o': 'out/x'} mkdir out",
      NULL },
    { "outputs: {o: {dtype: Directory, mkdir: true}}", "{o: out/d}", MKDIRS,
      "{'o': 'out/d'} mkdir out/d", NULL },
    { "outputs: {o: {dtype: 'List[Directory]', mkdir: true}}", "{o: [p/d, q]}", MKDIRS,
      "{'o': ['p/d', 'q']} mkdir p/d mkdir q", NULL },
    { "outputs: {o: {dtype: MS, mkdir: true}}", "{o: out/d.ms}", MKDIRS,
      "{'o': 'out/d.ms'} mkdir out", NULL },
    { "outputs: {o: {dtype: File, path_policies: {mkdir_parent: false}}}", "{o: out/x}", MKDIRS,
      "{'o': 'out/x'}", NULL },
    { "outputs: {o: 'List[File]'}", "{o: [p/x, q/y, p/z, 's3://b/c']}", MKDIRS,
      "{'o': ['p/x', 'q/y', 'p/z', 's3://b/c']} mkdir p mkdir q", NULL },
    { "inputs: {a: File}", "{a: out/x}", MKDIRS, "{'a': 'out/x'}", NULL },
};

/* --- one row ------------------------------------------------------------------------------ */

struct stage {
    struct bed bed;
    struct sp_world_fake fake;
    struct sp_world world;
    struct sp_schema schema;
    struct sp_map promised;
    struct sp_scope scope;
    struct sp_eval eval;
    struct sp_params_check check;
};

static const struct sp_dict *section(struct sp_value value, const char *name)
{
    const struct sp_value *found = value.kind == SP_DICT ? sp_dict_get(value.dict, name) : NULL;

    return found ? found->dict : NULL;
}

static void stage_init(struct stage *stage, const char *schema, unsigned flags)
{
    *stage = (struct stage){ .fake = { .files = files, .len = SP_COUNT(files) } };
    bed_init(&stage->bed);
    sp_world_fake_init(&stage->world, &stage->fake);
    struct sp_value value = bed_yaml(&stage->bed, schema);
    sp_schema_load(stage->bed.arena, section(value, "inputs"), section(value, "outputs"), "tool",
                   &stage->schema, &stage->bed.diags);
    sp_map_set(&stage->promised, SP_STR("promised.txt"), stage);
    sp_scope_set(&stage->scope, "steps", sp_dict_new(stage->bed.arena).dict, false);
    stage->eval = (struct sp_eval){ .arena = stage->bed.arena,
                                    .world = &stage->world,
                                    .scope = &stage->scope,
                                    .tolerant = !(flags & SP_PARAMS_STRICT) };
    stage->check = (struct sp_params_check){
        .arena = stage->bed.arena,
        .world = &stage->world,
        .diags = &stage->bed.diags,
        .schema = &stage->schema,
        .defaults = bed_yaml(&stage->bed, "{d: 7}").dict,
        .owner = "demo.s",
        .doc_name = "tool",
        .flags = flags,
        .promised = &stage->promised,
    };
}

static void stage_fini(struct stage *stage)
{
    sp_map_fini(&stage->promised);
    sp_schema_fini(&stage->schema);
    sp_world_fake_fini(&stage->fake);
    bed_fini(&stage->bed);
}

/* Values, and the directories to make. */
static const char *outcome(struct stage *stage, struct sp_value params)
{
    struct sp_str text = sp_str_of(bed_repr(&stage->bed, params));

    if (stage->check.make_dirs)
        SP_LIST_EACH(dir, stage->check.make_dirs)
    text = sp_arena_printf(stage->bed.arena, SP_STR_FMT " mkdir " SP_STR_FMT, SP_STR_ARG(text),
                           SP_STR_ARG(dir->text));
    return text.ptr;
}

static void check_row(const struct row *row)
{
    struct stage stage;

    stage_init(&stage, row->schema, row->flags);
    struct sp_value params = bed_yaml(&stage.bed, row->params);
    size_t before = stage.bed.diags.errors;
    size_t errors = sp_params_validate(&stage.check, &stage.eval, params.dict);
    const char *findings = bed_findings(&stage.bed);
    const char *got = outcome(&stage, params);
    bool found = row->finding ? errors > 0 && strstr(findings, row->finding) : !*findings;
    bool placed = true;
    for (size_t i = 0; i < stage.bed.diags.len; i++)
        placed = placed && stage.bed.diags.items[i].origin;
    if (!tap_ok(found && placed && errors == stage.bed.diags.errors - before &&
                    (!row->want || strcmp(got, row->want) == 0),
                "%s with %s", row->schema, row->params))
        printf("# got %s\n# %s%s\n", got, findings, placed ? "" : "# no origin");
    stage_fini(&stage);
}

/* --- several validations of one set ------------------------------------------------------- */

/* Before a run and after it: paths are evaluated once, implicit ones again. */
static void check_twice(void)
{
    static const char schema[] =
        "inputs: {a: File, t: str}\n"
        "outputs: {o: File, i: {dtype: 'List[File]', implicit: '=GLOB(*.txt)'}}";
    struct stage stage;

    stage_init(&stage, schema, UNKNOWN | STRICT | INPUTS | OUTPUTS);
    struct sp_value params = bed_yaml(&stage.bed, "{a: 'a.txt', o: '{current.t}{{x}}', t: x}");
    size_t errors = sp_params_validate(&stage.check, &stage.eval, params.dict);
    tap_ok(errors == 0 && strcmp(outcome(&stage, params), "{'a': 'a.txt', 'o': 'x{x}', 't': 'x', "
                                                          "'i': ['a.txt', 'b.txt']}") == 0,
           "before a run: %s", outcome(&stage, params));
    stage.fake.len--;
    stage.fake.len--; /* b.txt is gone */
    stage.check.flags = UNKNOWN | STRICT | OUTPUTS | SP_PARAMS_OUTPUTS_EXIST;
    errors = sp_params_validate(&stage.check, &stage.eval, params.dict);
    if (!tap_ok(errors == 0 && strcmp(outcome(&stage, params),
                                      "{'a': 'a.txt', 'o': 'x{x}', 't': 'x', 'i': ['a.txt']}") == 0,
                "after the run: %s", outcome(&stage, params)))
        printf("# %s\n", bed_findings(&stage.bed));
    stage_fini(&stage);
}

static void check_no_values(void)
{
    static const struct {
        enum sp_kind kind;
        unsigned flags;
        bool tolerant;
        size_t errors;
        const char *text;
    } kinds[] = {
        { SP_UNRESOLVED, STRICT, true, 0, NULL },
        { SP_UNRESOLVED, STRICT, false, 1, "unresolved {}-substitution(s): why" },
        { SP_UNRESOLVED, 0, false, 0, NULL },
        { SP_SKIPPED, STRICT, false, 1, "a step was skipped: why" },
        { SP_SKIPPED, 0, false, 0, NULL },
        { SP_ERROR, STRICT, true, 1, "'demo.s.a': why" },
        { SP_ERROR, 0, true, 0, NULL },
        { SP_MISSING, STRICT, true, 1, "'demo.s.a': why" },
    };

    for (size_t i = 0; i < SP_COUNT(kinds); i++) {
        struct stage stage;
        stage_init(&stage, "inputs: {a: File}", kinds[i].flags | IN_EXIST);
        stage.eval.tolerant = kinds[i].tolerant;
        struct sp_dict *params = sp_dict_new(stage.bed.arena).dict;
        sp_dict_set(stage.bed.arena, params, SP_STR("a"),
                    sp_no_value(stage.bed.arena, kinds[i].kind, "why"));
        size_t errors = sp_params_validate(&stage.check, &stage.eval, params);
        const char *findings = bed_findings(&stage.bed);
        struct sp_value *left = sp_dict_get(params, "a");
        if (!tap_ok(errors == kinds[i].errors && left && !sp_is_value(*left) &&
                        (!kinds[i].text || strstr(findings, kinds[i].text)),
                    "%s, flags %u", sp_kind_name(kinds[i].kind), kinds[i].flags))
            printf("# %zu errors: %s\n", errors, findings);
        stage_fini(&stage);
    }
}

int main(void)
{
    for (size_t i = 0; i < SP_COUNT(rows); i++)
        check_row(&rows[i]);
    check_twice();
    check_no_values();
    return tap_done();
}
