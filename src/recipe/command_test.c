/* SPDX-License-Identifier: BSD-3-Clause */
#include "recipe/command.h"

#include "recipe/test_bed.h"

/* --- one cab, one set of values, one command line ----------------------------------------- */

struct case_text {
    const char *cab;    /* YAML of the cab */
    const char *params; /* YAML of the values */
    const char *want;   /* words joined by blanks, quoted where needed; NULL: refused */
    const char *fault;
};

/* Values as sp_params_validate() would leave them, without a world: defaults and types. */
static struct sp_dict *make_params(struct bed *bed, const struct sp_cab *cab, const char *text)
{
    struct sp_value given = bed_yaml(bed, text);
    struct sp_dict *params = sp_schema_flatten(bed->arena, &cab->schema, given.dict);
    struct sp_err err = SP_ERR_INIT;

    SP_MAP_EACH (entry, &cab->schema.params) {
        const struct sp_param *param = entry->value;
        if (param->has_default && !sp_dict_find(params, param->name))
            sp_dict_set(bed->arena, params, param->name, param->default_value);
        if (param->has_implicit)
            sp_dict_set(bed->arena, params, param->name, param->implicit);
        struct sp_value *value = sp_dict_find(params, param->name);
        if (value && value->kind != SP_NULL &&
            sp_dtype_coerce(bed->arena, param->dtype, *value, value, &err))
            tap_ok(false, "value of " SP_STR_FMT ": %s", SP_STR_ARG(param->name), err.text);
    }
    return params;
}

static enum sp_rc build(struct bed *bed,
                        const struct sp_cab *cab,
                        struct sp_dict *params,
                        struct sp_command *out,
                        struct sp_err *err)
{
    static const char config_text[] = "opts: {runtime: {casa: {wrapper: '', path: /opt/casa}}}";
    struct sp_scope scope = { 0 };
    struct sp_eval eval = { .arena = bed->arena, .scope = &scope };

    sp_scope_set(&scope, "current", params, true);
    if (cab->flavour == SP_FLAVOUR_CASA && sp_str_is(cab->info, "configured"))
        sp_scope_set(&scope, "config", bed_yaml(bed, config_text).dict, false);
    struct sp_command_request request = {
        .arena = bed->arena, .cab = cab, .params = params, .eval = &eval
    };
    return sp_command_build(&request, out, err);
}

static void check_case(const struct case_text *row)
{
    struct bed bed;
    struct sp_err err = SP_ERR_INIT;
    struct sp_command command = { .argc = 99 };

    bed_init(&bed);
    struct sp_cab *cab =
        sp_cab_load(bed.arena, SP_STR("tool"), bed_yaml(&bed, row->cab), &bed.diags);
    if (!cab || bed.diags.len) {
        tap_ok(false, "cab %s: %s", row->cab, bed_findings(&bed));
        sp_cab_fini(cab);
        bed_fini(&bed);
        return;
    }
    enum sp_rc rc = build(&bed, cab, make_params(&bed, cab, row->params), &command, &err);
    if (row->want) {
        if (!tap_ok(rc == SP_OK && sp_str_is(command.display, row->want) &&
                        command.argv[command.argc] == NULL,
                    "%s", row->want))
            printf("# got  " SP_STR_FMT "\n# %s\n", SP_STR_ARG(command.display), err.text);
    } else if (!tap_ok(rc == SP_INVALID && command.argc == 99 && strstr(err.text, row->fault),
                       "%s with %s is refused", row->cab, row->params)) {
        printf("# got %s\n", err.text);
    }
    if (rc == SP_OK)
        sp_command_fini(&command);
    sp_cab_fini(cab);
    bed_fini(&bed);
}

/* --- the tables of the specification, 3.5 ------------------------------------------------- */

#define CAB(input) "{command: t, inputs: {a: " input "}}"

static const struct case_text rows[] = {
    /* scalars */
    { CAB("str"), "{a: x}", "t --a x", NULL },
    { CAB("str"), "{}", "t", NULL },
    { CAB("str"), "{a: null}", "t", NULL },
    { CAB("str"), "{a: ''}", "t --a ''", NULL },
    { CAB("float"), "{a: 1}", "t --a 1.0", NULL },
    { CAB("float"), "{a: 1e-7}", "t --a 1e-07", NULL },
    { CAB("float"), "{a: 1e20}", "t --a 1e+20", NULL },
    { CAB("{dtype: Any, policies: {repeat: list}}"), "{a: [1, null, [2, x]]}",
      "t --a 1 None '[2, '\"'\"'x'\"'\"']'", NULL },
    { CAB("{policies: {key_value: true}}"), "{a: x}", "t --a=x", NULL },
    { CAB("{policies: {positional: true}}"), "{a: x}", "t x", NULL },
    { CAB("{policies: {positional: true, key_value: true}}"), "{a: x}", "t x", NULL },
    { CAB("{policies: {prefix: '-'}}"), "{a: x}", "t -a x", NULL },
    { CAB("{policies: {prefix: ''}}"), "{a: x}", "t a x", NULL },
    { CAB("{nom_de_guerre: b_b, policies: {replace: {_: '-'}}}"), "{a: x}", "t --b_b x", NULL },
    { "{command: t, policies: {replace: {_: '-', '-': '+'}}, inputs: {a_b: int}}", "{a_b: 1}",
      "t --a+b 1", NULL },
    { CAB("{policies: {format: '{0}:{}'}}"), "{a: x}", "t --a x:x", NULL },
    { CAB("{dtype: float, policies: {format: '{0:.2f}'}}"), "{a: 1}", "t --a 1.00", NULL },
    { "{command: t, inputs: {a: {policies: {format: '{0}-{b}'}}, b: int}}", "{a: x, b: 3}",
      "t --a x-3 --b 3", NULL },
    { CAB("{policies: {format: '{c}'}}"), "{a: x}", NULL, "there is no 'c'" },
    { CAB("{policies: {format: '{'}}"), "{a: x}", NULL, "single '{'" },

    /* bool as an option */
    { CAB("bool"), "{a: true}", "t --a", NULL },
    { CAB("bool"), "{a: false}", "t", NULL },
    { CAB("bool *"), "{a: true}", "t --a", NULL },
    { CAB("{dtype: bool, policies: {key_value: true}}"), "{a: true}", "t --a=True", NULL },
    { CAB("{dtype: bool, policies: {key_value: true}}"), "{a: false}", "t --a=False", NULL },
    { CAB("{dtype: bool, policies: {key_value: true, explicit_true: '1'}}"), "{a: true}", "t --a=1",
      NULL },
    { CAB("{dtype: bool, policies: {explicit_true: 'yes', explicit_false: ''}}"), "{a: true}",
      "t --a yes", NULL },
    { CAB("{dtype: bool, policies: {explicit_true: 'yes', explicit_false: ''}}"), "{a: false}",
      "t --a ''", NULL },
    { CAB("{dtype: bool, policies: {explicit_true: true, explicit_false: false}}"), "{a: false}",
      "t --a False", NULL },
    /* negate */
    { CAB("{dtype: bool, policies: {negate: no-}}"), "{a: false}", "t --no-a", NULL },
    { CAB("{dtype: bool, policies: {negate: no-}}"), "{a: true}", "t --a", NULL },
    { CAB("{dtype: bool, policies: {negate: no-}}"), "{a: null}", "t", NULL },
    { CAB("{dtype: bool, policies: {negate: no-}}"), "{}", "t", NULL },
    { CAB("{dtype: bool, policies: {negate: ''}}"), "{a: false}", "t", NULL },
    { CAB("{dtype: bool, nom_de_guerre: b_b, policies: {negate: 'no', prefix: '-'}}"), "{a: false}",
      "t -nob_b", NULL },
    { "{command: t, policies: {negate: no-, replace: {_: '-'}}, inputs: {a_b: bool, c: int}}",
      "{a_b: false, c: 0}", "t --no-a-b --c 0", NULL },
    { CAB("{dtype: bool, policies: {negate: no-, explicit_true: 'on', explicit_false: 'off'}}"),
      "{a: true}", "t --a on", NULL },
    { CAB("{dtype: bool, policies: {negate: no-, explicit_true: 'on', explicit_false: 'off'}}"),
      "{a: false}", "t --no-a", NULL },
    { CAB("{dtype: bool, policies: {negate: no-, key_value: true}}"), "{a: false}", "t --no-a",
      NULL },
    { CAB("{dtype: bool, policies: {negate: no-, positional: true}}"), "{a: false}", "t", NULL },
    { CAB("{dtype: 'Optional[bool]', policies: {negate: no-}}"), "{a: true}", "t --a", NULL },
    { CAB("{dtype: 'Optional[bool]', policies: {negate: no-}}"), "{a: false}", "t --no-a", NULL },
    { CAB("{dtype: 'Union[bool, str]', policies: {negate: no-}}"), "{a: x}", "t --a x", NULL },
    { CAB("{dtype: 'Optional[bool]', policies: {negate: no-, positional: true}}"), "{a: false}",
      "t False", NULL },
    /* bool as a positional */
    { CAB("{dtype: bool, policies: {positional: true}}"), "{a: true}", "t True", NULL },
    { CAB("{dtype: bool, policies: {positional: true}}"), "{a: false}", "t", NULL },
    { CAB("{dtype: bool, policies: {positional: true, explicit_false: x}}"), "{a: false}",
      "t False", NULL },
    /* other types that hold a bool */
    { CAB("'Optional[bool]'"), "{a: true}", "t --a True", NULL },
    { CAB("'Union[bool, str]'"), "{a: false}", "t --a False", NULL },

    /* repeat: list */
    { CAB("{dtype: 'List[int]', policies: {repeat: list}}"), "{a: [1, 2]}", "t --a 1 2", NULL },
    { CAB("{dtype: 'List[int]', policies: {repeat: list}}"), "{a: []}", "t --a", NULL },
    { CAB("{dtype: 'List[int]', policies: {repeat: list, positional: true}}"), "{a: [1, 2]}",
      "t 1 2", NULL },
    { CAB("{dtype: 'List[int]', policies: {repeat: list, positional: true}}"), "{a: []}", "t",
      NULL },
    { CAB("{dtype: 'List[int]', policies: {repeat: list, key_value: true}}"), "{a: [1]}", NULL,
      "cannot be combined with key_value" },
    /* repeat: [] */
    { CAB("{dtype: 'List[int]', policies: {repeat: '[]'}}"), "{a: [1, 2]}", "t --a '[1,2]'", NULL },
    { CAB("{dtype: 'List[int]', policies: {repeat: '[]'}}"), "{a: []}", "t --a '[]'", NULL },
    { CAB("{dtype: 'List[int]', policies: {repeat: '[]', positional: true}}"), "{a: [1, 2]}",
      "t '[1,2]'", NULL },
    { CAB("{dtype: 'List[int]', policies: {repeat: '[]', key_value: true}}"), "{a: [1, 2]}",
      "t '--a=[1,2]'", NULL },
    /* repeat: repeat */
    { CAB("{dtype: 'List[int]', policies: {repeat: repeat}}"), "{a: [1, 2]}", "t --a 1 --a 2",
      NULL },
    { CAB("{dtype: 'List[int]', policies: {repeat: repeat}}"), "{a: []}", "t", NULL },
    { CAB("{dtype: 'List[int]', policies: {repeat: repeat, positional: true}}"), "{a: [1, 2]}",
      "t 1 2", NULL },
    { CAB("{dtype: 'List[int]', policies: {repeat: repeat, key_value: true}}"), "{a: [1]}", NULL,
      "cannot be combined with key_value" },
    /* repeat: another text */
    { CAB("{dtype: 'List[int]', policies: {repeat: ','}}"), "{a: [1, 2]}", "t --a 1,2", NULL },
    { CAB("{dtype: 'List[int]', policies: {repeat: ','}}"), "{a: []}", "t --a ''", NULL },
    { CAB("{dtype: 'List[int]', policies: {repeat: ' ', positional: true}}"), "{a: [1, 2]}",
      "t '1 2'", NULL },
    { CAB("{dtype: 'List[int]', policies: {repeat: ',', key_value: true}}"), "{a: [1, 2]}",
      "t --a=1,2", NULL },
    { CAB("{dtype: 'List[int]', policies: {repeat: false}}"), "{a: [1, 2]}", "t --a 1False2",
      NULL },
    /* none */
    { CAB("'List[int]'"), "{a: [1]}", NULL,
      "list-type parameter 'a' does not have a repeat policy set" },
    { CAB("{dtype: 'List[int]', policies: {positional: true}}"), "{a: [1]}", NULL,
      "list-type parameter 'a' does not have a repeat policy set" },
    { CAB("{dtype: 'List[int]', policies: {key_value: true}}"), "{a: [1]}", NULL,
      "does not have a repeat policy set" },
    /* what else counts as list */
    { CAB("{dtype: 'Tuple[int, str]', policies: {repeat: list}}"), "{a: [1, x]}", "t --a 1 x",
      NULL },
    { CAB("{dtype: Dict, policies: {repeat: list}}"), "{a: {x: 1, y: 2}}", "t --a x y", NULL },
    { CAB("{policies: {split: ' ', repeat: list}}"), "{a: briggs 0}", "t --a briggs 0", NULL },
    { CAB("{policies: {split: ' '}}"), "{a: x}", NULL, "does not have a repeat policy" },
    { CAB("{dtype: int, policies: {split: ' '}}"), "{a: 1}", "t --a 1", NULL },
    { CAB("{dtype: 'List[int]', policies: {repeat: list, format: '<{0}>'}}"), "{a: [1, 2]}",
      "t --a '<1>' '<2>'", NULL },
    { CAB("{dtype: 'List[int]', policies: {repeat: list, format_list: ['{1}', '{0}x{1}']}}"),
      "{a: [1, 2]}", "t --a 2 1x2", NULL },
    { CAB("{dtype: 'List[int]', policies: {repeat: list, format_list: ['{2}']}}"), "{a: [1, 2]}",
      NULL, "there is no '2'" },
    { CAB("{dtype: int, policies: {repeat: list, format_list_scalar: ['{0}', '{0}']}}"),
      "{a: 1024}", "t --a 1024 1024", NULL },

    /* which parameters, and where they stand */
    { "{command: t, inputs: {a: {policies: {positional: true}}, b: str,"
      " c: {policies: {positional_head: true}}, d: str}}",
      "{d: 4, c: 3, b: 2, a: 1}", "t 3 --b 2 --d 4 1", NULL },
    { "{command: t, policies: {positional: true}, inputs: {a: {policies: {positional: false}}, b: "
      "str}}",
      "{a: 1, b: 2}", "t --a 1 2", NULL },
    { "{command: t, inputs: {a: str}, outputs: {o: File, v: str, l: 'List[File]'}}",
      "{a: 1, o: x, v: y, l: [z]}", "t --a 1 --o x", NULL },
    { "{command: t, outputs: {v: {policies: {skip: false}}}}", "{v: y}", "t --v y", NULL },
    { "{command: t, outputs: {o: {dtype: File, implicit: x}}}", "{}", "t", NULL },
    { "{command: t, outputs: {o: {dtype: File, implicit: x, policies: {skip: false}}}}", "{}",
      "t --o x", NULL },
    { "{command: t, inputs: {i: {implicit: x}}}", "{}", "t --i x", NULL },
    { "{command: t, policies: {skip_implicits: true}, inputs: {i: {implicit: x}, a: str}}",
      "{a: 1}", "t --a 1", NULL },
    { "{command: t, inputs: {i: {implicit: x, policies: {skip_implicits: true, skip: false}}}}",
      "{}", "t --i x", NULL },
    { CAB("{required: true, policies: {skip: true}}"), "{}", "t", NULL },
    { CAB("{required: true, policies: {skip: true}}"), "{a: 1}", "t", NULL },
    { "{command: t, outputs: {v: {required: true}}}", "{}", "t", NULL },
    { CAB("str *"), "{}", NULL, "required parameter 'a' is missing" },
    { "{command: t, outputs: {o: File *}}", "{}", NULL, "required parameter 'o' is missing" },
    { CAB("{policies: {pass_missing_as_none: true}}"), "{}", "t", NULL },

    /* the command itself */
    { "{command: 'echo {current.a} \"b c\"', inputs: {a: {policies: {skip: true}}}}", "{a: x y}",
      "echo x y 'b c'", NULL },
    { "{command: t, args: ['{current.a}', $HOME, 5], inputs: {a: {policies: {skip: true}}}}",
      "{a: x y}", "t 'x y' '$HOME' 5", NULL },
    { "{command: 't {current.b}', inputs: {a: str}}", "{}", NULL, "command of cab 'tool'" },
    { "{command: \"t 'x\"}", "{}", NULL, "not closed" },
    { "{command: \"''\"}", "{}", NULL, "is empty" },
    { "{command: t, parameter_passing: yaml, inputs: {a: 'List[int]', b: str, c: bool}}",
      "{a: [1, 2], c: true}", "t '{\"a\": [1, 2], \"c\": true}'", NULL },

    /* golden command lines of published cabs (spec 10.6), reduced to the parameters at stake */
    { "{command: wsclean, policies: {prefix: '-'}, inputs: {"
      " ms: {dtype: 'List[MS]', policies: {positional: true, repeat: list}},"
      " prefix: {nom_de_guerre: name},"
      " column: {nom_de_guerre: data-column, default: DATA},"
      " nchan: {dtype: int, nom_de_guerre: channels-out},"
      " pol: {dtype: 'Union[str, List[str]]', policies: {repeat: ','}},"
      " weight: {dtype: 'Union[str, Tuple[str, float]]', policies: {split: ' ', repeat: list}},"
      " size: {dtype: 'Union[int, Tuple[int, int]]', policies: {repeat: list,"
      "   format_list: ['{0}', '{1}'], format_list_scalar: ['{0}', '{0}']}},"
      " scale: str, niter: int, multiscale: bool, temp-dir: Directory}}",
      "{ms: [my.ms], prefix: im/x, size: 1024, scale: 1asec, weight: briggs 0, pol: IQ, nchan: 4,"
      " temp-dir: tmpd, multiscale: true}",
      "wsclean -name im/x -data-column DATA -channels-out 4 -pol IQ -weight briggs 0"
      " -size 1024 1024 -scale 1asec -multiscale -temp-dir tmpd my.ms",
      NULL },
    { "{command: wsclean, policies: {prefix: '-'}, inputs: {"
      " ms: {dtype: 'List[MS]', policies: {positional: true, repeat: list}},"
      " prefix: {nom_de_guerre: name},"
      " column: {nom_de_guerre: data-column, default: DATA},"
      " pol: {dtype: 'Union[str, List[str]]', policies: {repeat: ','}},"
      " size: {dtype: 'Union[int, Tuple[int, int]]', policies: {repeat: list,"
      "   format_list: ['{0}', '{1}'], format_list_scalar: ['{0}', '{0}']}},"
      " scale: str, niter: int}}",
      "{ms: [my.ms, my.ms], size: [10, 20], pol: [I, Q], niter: 5, scale: 1asec, prefix: im/x}",
      "wsclean -name im/x -data-column DATA -pol I,Q -size 10 20 -scale 1asec -niter 5 my.ms my.ms",
      NULL },
    { "{command: breizorro, policies: {replace: {_: '-'}}, inputs: {"
      " restored_image: File, threshold: float = 6.5, boxsize: int = 50,"
      " merge: {dtype: 'List[Union[File, str]]', policies: {repeat: '[]'}},"
      " remove_islands: {dtype: 'List[Union[int, str]]', policies: {repeat: '[]'}},"
      " invert: bool, dilate: int = 0}, outputs: {outfile: File}}",
      "{restored_image: my.fits, merge: [my.fits, my.fits], remove_islands: [1, 20h10m],"
      " invert: true, outfile: m.fits}",
      "breizorro --restored-image my.fits --threshold 6.5 --boxsize 50 --merge"
      " '[my.fits,my.fits]' --remove-islands '[1,20h10m]' --invert --dilate 0 --outfile m.fits",
      NULL },
    { "{command: gocubical, policies: {replace: {.: '-', _: '-'}, explicit_true: 'True',"
      " explicit_false: 'False'}, inputs: {"
      " parset: {dtype: File, policies: {positional_head: true}}, data.ms: MS,"
      " sol.jones: {dtype: 'List[str]', policies: {repeat: ','}}, debug.pdb: bool = false,"
      " g.time-int: int}}",
      "{parset: PARSET, data: {ms: my.ms}, sol: {jones: [G, B]}, g.time-int: 8}",
      "gocubical PARSET --data-ms my.ms --sol-jones G,B --debug-pdb False --g-time-int 8", NULL },
    { "{command: fitstool.py, inputs: {"
      " images: {dtype: 'List[File]', policies: {positional: true, repeat: list}}},"
      " outputs: {stack: {dtype: File, policies: {positional: true,"
      "   format: '--stack={0}:FREQ'}}}}",
      "{images: [my.fits, my.fits], stack: cube.fits}",
      "fitstool.py my.fits my.fits --stack=cube.fits:FREQ", NULL },
    { "{command: taql update, policies: {positional: true}, inputs: {ms: MS,"
      " query: {policies: {split: ' ', repeat: list}}}}",
      "{ms: my.ms, query: set A=1}", "taql update my.ms set A=1", NULL },
    { "{command: chgcentre -f, policies: {positional: true}, inputs: {ms: MS, ra: str, dec: str}}",
      "{ms: my.ms, ra: 00h00m00.0s, dec: 00d00m00.0s}",
      "chgcentre -f my.ms 00h00m00.0s 00d00m00.0s", NULL },
    { "{command: goquartical, policies: {prefix: '', key_value: true, repeat: '[]'}, inputs: {"
      " input_ms.path: MS, input_ms.data_column: str = DATA, input_ms.is_bda: bool = true,"
      " solver.terms: 'List[str] = [G]'}}",
      "{input_ms: {path: my.ms}}",
      "goquartical input_ms.path=my.ms input_ms.data_column=DATA input_ms.is_bda=True"
      " 'solver.terms=[G]'",
      NULL },
    /* the example of the specification, appendix D */
    { "{command: echo, policies: {prefix: '-', repeat: ','}, inputs: {"
      " word: {dtype: str, policies: {positional: true}}, n: int = 1,"
      " tags: 'List[str] = [a, b]'},"
      " outputs: {out: {dtype: File, must_exist: false, policies: {skip: true}}}}",
      "{word: yo-yo01, n: 10}", "echo -n 10 -tags a,b yo-yo01", NULL },

    /* CASA */
    { "{command: flagdata, flavour: casa-task, inputs: {vis: MS, mode: str, x: float, b: bool,"
      " l: 'List[str]', a-b: str}}",
      "{vis: my.ms, mode: \"it's\", x: 1, b: false, l: [a], a-b: null}",
      "xvfb-run -a casa --log2term --nologger --nologfile -c 'flagdata(**{'\"'\"'vis'\"'\"': "
      "'\"'\"'my.ms'\"'\"', '\"'\"'mode'\"'\"': \"it'\"'\"'s\", '\"'\"'x'\"'\"': 1.0, "
      "'\"'\"'b'\"'\"': False, '\"'\"'l'\"'\"': ['\"'\"'a'\"'\"'], '\"'\"'a_b'\"'\"': None})'",
      NULL },
    { "{command: t, flavour: {kind: casa-task, wrapper: '', path: 'c x', opts: [-q, a b]}}", "{}",
      "c x -q 'a b' -c 't(**{})'", NULL },
    { "{command: t, info: configured, flavour: casa-task}", "{}",
      "/opt/casa --log2term --nologger --nologfile -c 't(**{})'", NULL },

    /* Python: what people see */
    { "{command: pkg.mod.func, flavour: python, inputs: {a: int, x.y-z: str}}",
      "{a: 1, x: {y-z: s}}", "python -u -c ... # pkg.mod.func(a=1, x__y_z='s')", NULL },
    { "{command: 'x = 1', flavour: {kind: python-code, interpreter_binary: python3,"
      " interpreter_command: 'xvfb-run -a {python}'}}",
      "{}", "xvfb-run -a python3 -c ... # [python]()", NULL },
    { "{command: func, flavour: python}", "{}", NULL,
      "of the form module.function or (file.py)function" },
    { "{command: 'a.b; import os', flavour: python}", "{}", NULL,
      "of the form module.function or (file.py)function" },
    { "{command: a.b, flavour: {kind: python, interpreter_command: ''}}", "{}", NULL,
      "is not a command" },
};

/* --- the rest ----------------------------------------------------------------------------- */

static void check_environment(void)
{
    struct bed bed;
    struct sp_err err = SP_ERR_INIT;
    struct sp_command command = { 0 };
    static const char cab_text[] =
        "{command: t, management: {environment: {A: 1, B: '{current.a}/x', C: null}}, inputs: {a: "
        "{policies: {skip: true}}}}";

    bed_init(&bed);
    struct sp_cab *cab =
        sp_cab_load(bed.arena, SP_STR("tool"), bed_yaml(&bed, cab_text), &bed.diags);
    enum sp_rc rc = build(&bed, cab, make_params(&bed, cab, "{a: y}"), &command, &err);
    tap_ok(rc == SP_OK && strcmp(command.env[0], "A=1") == 0 &&
               strcmp(command.env[1], "B=y/x") == 0 && !command.env[2] &&
               sp_str_is(command.short_name, "t"),
           "environment of the cab, substituted");
    rc = build(&bed, cab, make_params(&bed, cab, "{}"), &command, &err);
    tap_ok(rc == SP_INVALID && strstr(err.text, "environment variable 'B'"),
           "environment that cannot be substituted");
    sp_cab_fini(cab);
    bed_fini(&bed);
}

/* Before a run some values are not known: they are shown by their names. */
static void check_unknown(void)
{
    struct bed bed;
    struct sp_err err = SP_ERR_INIT;
    struct sp_command command = { 0 };
    static const char cab_text[] =
        "{command: t, inputs: {a: str, b: bool, l: {dtype: 'List[str]', policies: {repeat: ','}}}}";

    bed_init(&bed);
    struct sp_cab *cab =
        sp_cab_load(bed.arena, SP_STR("tool"), bed_yaml(&bed, cab_text), &bed.diags);
    struct sp_dict *params = sp_dict_new(bed.arena).dict;
    struct sp_value unknown = sp_no_value(bed.arena, SP_UNRESOLVED, "later");
    struct sp_value list = sp_list_new(bed.arena);
    sp_list_add(bed.arena, list.list, unknown);
    sp_dict_set(bed.arena, params, SP_STR("a"), unknown);
    sp_dict_set(bed.arena, params, SP_STR("b"), unknown);
    sp_dict_set(bed.arena, params, SP_STR("l"), list);
    enum sp_rc rc = build(&bed, cab, params, &command, &err);
    tap_ok(rc == SP_OK && sp_str_is(command.display, "t --a '<a>' --b '<b>' --l '<l>'"),
           "what is not known is shown by name");
    sp_dict_set(bed.arena, params, SP_STR("a"), sp_text(SP_STR("x\0y")));
    rc = build(&bed, cab, params, &command, &err);
    tap_ok(rc == SP_INVALID && strstr(err.text, "NUL"), "a NUL byte is refused");
    sp_cab_fini(cab);
    bed_fini(&bed);
}

static void check_casa_errors(void)
{
    static const struct {
        const char *line, *error; /* NULL: none */
    } lines[] = {
        { "2024\tSEVERE\tflagdata::no such file", "CASA error: flagdata::no such file" },
        { "x\tSEVERE\t  MeasTable::dUTC(Double) leap seconds", NULL },
        { "task ABORTING now", "CASA error:  now" },
        { "*** Error *** bad", "CASA error:  bad" },
        { "SEVERE weather", NULL },
    };
    struct bed bed;
    struct sp_err err = SP_ERR_INIT;
    struct sp_command command = { 0 };

    bed_init(&bed);
    struct sp_cab *cab = sp_cab_load(
        bed.arena, SP_STR("tool"), bed_yaml(&bed, "{command: t, flavour: casa-task}"), &bed.diags);
    bool ok = build(&bed, cab, sp_dict_new(bed.arena).dict, &command, &err) == SP_OK;
    for (size_t i = 0; ok && i < SP_COUNT(lines); i++) {
        struct sp_verdict verdict = { .arena = bed.arena };
        struct sp_wrangled line;
        sp_wrangle(command.wranglers, sp_str_of(lines[i].line), &verdict, &line);
        tap_ok(lines[i].error
                   ? verdict.errors && sp_str_is(verdict.errors->items[0].text, lines[i].error)
                   : !verdict.errors && verdict.declared == 0,
               "CASA says <%s>", lines[i].line);
    }
    sp_command_fini(&command);
    sp_cab_fini(cab);
    bed_fini(&bed);
}

int main(void)
{
    for (size_t i = 0; i < SP_COUNT(rows); i++)
        check_case(&rows[i]);
    check_environment();
    check_unknown();
    check_casa_errors();
    return tap_done();
}
