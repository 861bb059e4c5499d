/* SPDX-License-Identifier: BSD-3-Clause */
#include "recipe/schema.h"

#include "recipe/cab.h"
#include "recipe/test_bed.h"

#include <assert.h>

/* Parameters as "name:dtype[*][=default]", outputs with ">" in front. */
static const char *summary(struct bed *bed, const struct sp_schema *schema)
{
    struct sp_str text = SP_STR("");

    SP_MAP_EACH (entry, &schema->params) {
        const struct sp_param *param = entry->value;
        sp_auto_buf struct sp_buf dtype = SP_BUF(SP_BUF_SMALL);
        sp_dtype_format(param->dtype, &dtype);
        text = sp_arena_printf(bed->arena, SP_STR_FMT "%s%s" SP_STR_FMT ":%s%s%s%s",
                               SP_STR_ARG(text), text.len ? " " : "", param->is_output ? ">" : "",
                               SP_STR_ARG(param->name), dtype.ptr,
                               param->required == SP_YES ? "*" : "", param->has_default ? "=" : "",
                               param->has_default ? bed_repr(bed, param->default_value) : "");
    }
    return text.ptr;
}

/* `yaml` has inputs and outputs; `finding` is part of the findings, NULL: none. */
static const struct {
    const char *yaml, *want, *finding;
} cases[] = {
    { "inputs: {a: int = 5, b: str *}", "a:int='5' b:str*", NULL },
    { "inputs: {a: {}}", "a:str", NULL },
    { "inputs: {a: {dtype: ' bool '}}", "a:bool", NULL },
    { "inputs: {a: {default: null}}", "a:str=None", NULL },
    { "inputs: {a: {default: UNSET}}", "a:str", NULL },
    { "inputs: {a: str = UNSET}", "a:str", NULL },
    { "inputs: {a: {dtype: int, default: 5, required: false}}", "a:int=5", NULL },
    { "inputs: {a: {required: 'yes'}}", "a:str*", NULL },
    { "inputs: {a: {required: null}}", "a:str", NULL },
    { "inputs: {a: {info: null}}", "a:str", NULL },
    { "inputs: {a: int}\noutputs: {b: File}", "a:int >b:File", NULL },
    /* nested sections */
    { "inputs: {g: {x: int, y: {dtype: str}}}", "g.x:int g.y:str", NULL },
    { "inputs: {g: {h: {x: int}}, g.z: str}", "g.h.x:int g.z:str", NULL },
    { "inputs: {g: {subsection: 5, x: int}, subsection: foo}", "g.x:int", NULL },
    { "inputs: {g: {dtype: str, column: str}}", "g.dtype:str g.column:str", NULL },
    /* a section whose entries are all called like fields is one parameter */
    { "inputs: {g: {info: str, default: str}}", "g:str='str'", NULL },
    { "inputs: {g: {x: foo}}", "g.x:Any", "there is no type 'foo'" },
    { "inputs: {g: {x: foo}}", "g.x:Any",
      "error|'g' was interpreted as nested section, but contains errors|" },
    { "inputs: {a: {info: some help, requird: true}}", "a.info:Any", "did you mean 'required'?" },
    { "inputs: {g: {x: 5}}", "", "is not a valid schema" },
    /* with dtype it is a parameter that has a slip */
    { "inputs: {a: {dtype: bool, action: store_true}}", "a:bool",
      "warning|unknown key 'action' of parameter 'a' is ignored" },
    { "inputs: {a: {dtype: int, requird: true}}", "a:int", "did you mean 'required'?" },
    /* wrong forms */
    { "inputs: {a: null}", "", "'a' of thing is not a valid schema, but null" },
    { "inputs: {a: 5}", "", "is not a valid schema, but int" },
    { "inputs: {a: [int]}", "", "is not a valid schema, but list" },
    { "inputs: {a: '\"help\"'}", "", "is not a valid dtype" },
    { "inputs: {a: itn}", "a:Any", "there is no type 'itn'; did you mean 'int'?" },
    { "inputs: {a: {choices: x}}", "a:str", "must be a list, not a text" },
    { "inputs: {a: {aliases: s.a}}", "a:str", "must be a list of texts" },
    { "inputs: {a: {writable: perhaps}}", "a:str", "must be true or false" },
    { "inputs: {a: {category: 7}}", "a:str", "must be Required, Optional" },
    { "inputs: {a: {path_policies: {mkdir: true}}}", "a:str", "unknown key 'mkdir'" },
    { "inputs: {a: {policies: {repaet: list}}}", "a:str", "did you mean 'repeat'?" },
    { "inputs: {a: {policies: {repeat: [1]}}}", "a:str", "policy 'repeat' must be a text" },
    { "inputs: {a: {policies: {skip: maybe}}}", "a:str", "must be true or false" },
    { "inputs: {a: {policies: {negate: no}}}", "a:str", "must be a text, such as 'no-'" },
    { "inputs: {a: {policies: {replace: x}}}", "a:str", "must be a mapping" },
    { "inputs: {a: {policies: {format_list: x}}}", "a:str", "must be a list" },
    /* twice */
    { "inputs: {a: int}\noutputs: {a: int}", "a:int",
      "parameter 'a' of thing is defined twice, as input and as output" },
    { "inputs: {a.b: int, a: {b: str}}", "a.b:int", "'a.b' of thing is defined twice" },
};

static const struct sp_dict *section(struct sp_value value, const char *name)
{
    const struct sp_value *found = sp_dict_get(value.dict, name);

    return found ? found->dict : NULL;
}

static void load(struct bed *bed, const char *yaml, struct sp_schema *schema)
{
    struct sp_value value = bed_yaml(bed, yaml);

    sp_schema_load(bed->arena, section(value, "inputs"), section(value, "outputs"), "thing", schema,
                   &bed->diags);
}

static void check_forms(void)
{
    for (size_t i = 0; i < SP_COUNT(cases); i++) {
        struct bed bed;
        struct sp_schema schema;
        bed_init(&bed);
        load(&bed, cases[i].yaml, &schema);
        const char *findings = bed_findings(&bed);
        bool found = cases[i].finding ? strstr(findings, cases[i].finding) != NULL : !*findings;
        if (!tap_ok(found && strcmp(summary(&bed, &schema), cases[i].want) == 0, "%s",
                    cases[i].yaml))
            printf("# got %s\n# %s\n", summary(&bed, &schema), findings);
        bool placed = true;
        for (size_t k = 0; k < bed.diags.len; k++)
            placed = placed && bed.diags.items[k].origin;
        tap_ok(placed, "every finding has a place");
        sp_schema_fini(&schema);
        bed_fini(&bed);
    }
}

static const char fields_yaml[] = "inputs:\n"
                                  "  a:\n"
                                  "    info: help\n"
                                  "    dtype: MS\n"
                                  "    implicit: '{current.b}.ms'\n"
                                  "    choices: [x, y]\n"
                                  "    element_choices: [1]\n"
                                  "    aliases: [s.a]\n"
                                  "    writable: true\n"
                                  "    must_exist: no\n"
                                  "    mkdir: 1\n"
                                  "    path_policies: {mkdir_parent: false, write_parent: true}\n"
                                  "    remove_if_exists: true\n"
                                  "    access_parent_dir: true\n"
                                  "    skip_freshness_checks: true\n"
                                  "    nom_de_guerre: alpha\n"
                                  "    policies: {positional: true}\n"
                                  "    metavar: A\n"
                                  "    abbreviation: a\n"
                                  "    tags: [x]\n"
                                  "    metadata: {x: 1}\n"
                                  "  r: str *\n"
                                  "  o: {category: Obscure}\n"
                                  "  h: {category: 4}\n"
                                  "  p: str\n";

static void check_fields(void)
{
    struct bed bed;
    struct sp_schema schema;

    bed_init(&bed);
    load(&bed, fields_yaml, &schema);
    const struct sp_param *a = sp_schema_find(&schema, SP_STR("a"));
    tap_ok(!*bed_findings(&bed) && a && schema.params.len == 5, "all fields are known");
    assert(a);
    tap_ok(sp_str_is(a->info, "help") && a->has_implicit && a->choices->len == 2 &&
               a->element_choices->len == 1 && a->aliases->len == 1 && a->writable &&
               a->must_exist == SP_NO && a->mkdir && a->skip_freshness_checks,
           "fields are read");
    tap_ok(!a->paths.mkdir_parent && a->paths.write_parent && a->paths.remove_if_exists &&
               a->paths.access_parent && a->paths.check_permissions,
           "path policies and their old spellings");
    tap_ok(sp_str_is(a->nom_de_guerre, "alpha") && sp_str_is(a->metavar, "A") &&
               sp_str_is(a->abbreviation, "a") &&
               sp_policy_is_set(&a->policies, NULL, SP_POLICY_POSITIONAL),
           "names and policies");
    tap_ok(a->category == SP_IMPLICIT && !a->has_category &&
               sp_schema_find(&schema, SP_STR("r"))->category == SP_REQUIRED &&
               sp_schema_find(&schema, SP_STR("o"))->category == SP_OBSCURE &&
               sp_schema_find(&schema, SP_STR("h"))->category == SP_HIDDEN &&
               sp_schema_find(&schema, SP_STR("p"))->category == SP_OPTIONAL,
           "categories, written and derived");
    tap_ok(sp_schema_is_field(SP_STR("nom_de_guerre")) && !sp_schema_is_field(SP_STR("action")),
           "names of fields");
    sp_schema_fini(&schema);
    bed_fini(&bed);
}

static const struct {
    const char *schema, *values, *want;
} flats[] = {
    { "{g.x: int, d: Dict}", "{g: {x: 1}, d: {x: 2}}", "{'g.x': 1, 'd': {'x': 2}}" },
    { "{g.h.x: int}", "{g: {h: {x: 1, y: 2}}, k: 3}", "{'g.h.x': 1, 'g.h.y': 2, 'k': 3}" },
    { "{g.h.x: int}", "{g.h: {x: 1}}", "{'g.h.x': 1}" },
    { "{gg.x: int}", "{g: {x: 1}}", "{'g': {'x': 1}}" },
    { "{a: int}", "{}", "{}" },
};

static void check_flatten(void)
{
    for (size_t i = 0; i < SP_COUNT(flats); i++) {
        struct bed bed;
        struct sp_schema schema;
        bed_init(&bed);
        load(&bed, sp_arena_printf(bed.arena, "inputs: %s", flats[i].schema).ptr, &schema);
        struct sp_value values = bed_yaml(&bed, flats[i].values);
        struct sp_value flat = { .kind = SP_DICT,
                                 .dict = sp_schema_flatten(bed.arena, &schema, values.dict) };
        bool placed = true;
        SP_DICT_EACH(entry, flat.dict)
        placed = placed && entry->origin && entry->value.origin;
        if (!tap_ok(placed && strcmp(bed_repr(&bed, flat), flats[i].want) == 0, "flatten %s",
                    flats[i].values))
            printf("# got %s\n", bed_repr(&bed, flat));
        sp_schema_fini(&schema);
        bed_fini(&bed);
    }
}

int main(void)
{
    check_forms();
    check_fields();
    check_flatten();
    return tap_done();
}
