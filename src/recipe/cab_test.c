/* SPDX-License-Identifier: BSD-3-Clause */
#include "recipe/cab.h"

#include "recipe/test_bed.h"

#include <assert.h>

static const struct {
    const char *yaml;
    bool loaded;
    const char *finding; /* NULL: none */
} cases[] = {
    { "{command: echo}", true, NULL },
    { "{command: echo, inputs: null, outputs: null, policies: null, management: null}", true,
      NULL },
    { "{command: 5}", true, NULL },
    { "{info: x}", false, "cab 'tool' has no command" },
    { "{command: null}", false, "has no command" },
    { "{command: ' '}", false, "has no command" },
    { "{command: [a]}", false, "has no command" },
    { "[a]", false, "must be a mapping, not a list" },
    { "{command: a, imputs: {}}", true,
      "error|unknown key 'imputs' in cab 'tool'|did you mean 'inputs'?" },
    { "{command: a, inputs: x}", true, "'inputs' in cab 'tool' must be a mapping" },
    { "{command: a, args: x}", true, "must be a list of texts" },
    { "{command: a, virtual_env: v}", true, "warning|'virtual_env' of cab 'tool' is obsolete" },
    { "{command: a, policies: {prefx: '-'}}", true, "did you mean 'prefix'?" },
    { "{command: a, parameter_passing: jsn}", true, "must be args or yaml, not 'jsn'" },
    { "{command: a, management: {wranglers: {'(': SUPPRESS}}}", true, "regular expression" },
    { "{command: a, management: {wrangler: {}}}", true, "did you mean 'wranglers'?" },
    { "{command: a, flavour: bynary}", true,
      "cab 'tool' has unknown flavour 'bynary'|did you mean 'binary'?" },
    { "{command: a, flavour: {knid: python}}", true, "has no 'kind'" },
    { "{command: a, flavour: {kind: python, ouput: x}}", true, "did you mean 'output'?" },
    { "{command: a, flavour: {kind: python, subst: true}}", true,
      "unknown option 'subst' of flavour python" },
    { "{command: a.b, flavour: {kind: python, output: x, output_dict: true}}", true,
      "both output and output_dict" },
    { "{command: a, defaults: {x: 1}}", true, "warning|default for 'x'" },
    { "{command: a, dynamic_schema: m.f, defaults: {x: 1}}", true, NULL },
    { "{command: a, inputs: {x: {implicit: 1}}, defaults: {x: 2}}", true,
      "implicit parameter 'x' of cab 'tool' cannot have a default" },
    { "{command: a, inputs: {x: foo}}", true, "parameter 'x' of cab 'tool'" },
};

static void check_cases(void)
{
    for (size_t i = 0; i < SP_COUNT(cases); i++) {
        struct bed bed;
        bed_init(&bed);
        struct sp_cab *cab =
            sp_cab_load(bed.arena, SP_STR("tool"), bed_yaml(&bed, cases[i].yaml), &bed.diags);
        const char *findings = bed_findings(&bed);
        bool found = cases[i].finding ? strstr(findings, cases[i].finding) != NULL : !*findings;
        bool placed = true;
        for (size_t k = 0; k < bed.diags.len; k++)
            placed = placed && bed.diags.items[k].origin;
        if (!tap_ok((cab != NULL) == cases[i].loaded && found && placed, "%s", cases[i].yaml))
            printf("# %s\n", findings);
        sp_cab_fini(cab);
        bed_fini(&bed);
    }
}

static const char full[] = "name: cosmetic\n"
                           "info: Says something\n"
                           "extra_info: {Notes: text}\n"
                           "command: echo\n"
                           "args: [-n, 5]\n"
                           "image: {name: x}\n"
                           "flavour: {kind: python-code, subst: true}\n"
                           "inputs:\n"
                           "  g: {x: int, y: str}\n"
                           "outputs: {o: File}\n"
                           "defaults: {g: {x: 3}}\n"
                           "dynamic_schema: m.f\n"
                           "policies: {prefix: '-'}\n"
                           "parameter_passing: yaml\n"
                           "management:\n"
                           "  environment: {A: 1}\n"
                           "  cleanup: {}\n"
                           "  wranglers: {a: SUPPRESS}\n"
                           "backend: {native: {enable: true}}\n"
                           "preamble: {a: ['=true']}\n"
                           "epilogue: {b: ['=true']}\n";

static void check_full(void)
{
    struct bed bed;

    bed_init(&bed);
    struct sp_cab *cab = sp_cab_load(bed.arena, SP_STR("tool"), bed_yaml(&bed, full), &bed.diags);
    if (!tap_ok(cab && bed.diags.len == 0, "every field is known")) {
        printf("# %s\n", bed_findings(&bed));
        bed_fini(&bed);
        return;
    }
    assert(cab);
    tap_ok(sp_str_is(cab->name, "tool") && sp_str_is(cab->info, "Says something") &&
               cab->extra_info && sp_str_is(cab->command, "echo") && cab->command_origin &&
               cab->args->len == 2 && sp_str_is(cab->args->items[1].text, "5"),
           "texts");
    tap_ok(cab->flavour == SP_FLAVOUR_PYTHON_CODE && sp_dict_get(cab->flavour_options, "subst") &&
               cab->image.kind == SP_DICT && cab->backend.kind == SP_DICT,
           "flavour, image, backend");
    tap_ok(cab->schema.params.len == 3 && sp_dict_get(cab->defaults, "g.x") && cab->pass_as_yaml &&
               sp_str_is(cab->dynamic_schema, "m.f"),
           "parameters and flattened defaults");
    tap_ok(cab->environment && cab->wranglers && cab->preamble && cab->epilogue &&
               sp_str_is(cab->policies.items[SP_POLICY_PREFIX].text, "-") && cab->origin,
           "management, policies, preamble");
    sp_cab_fini(cab);
    sp_cab_fini(NULL);
    bed_fini(&bed);
}

int main(void)
{
    check_cases();
    check_full();
    return tap_done();
}
