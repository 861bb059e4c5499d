/* SPDX-License-Identifier: BSD-3-Clause */
/* test_bed.h - what the tests of this layer stand on: values written as YAML, and the findings as
 * one text. For test programs only. */
#pragma once

#include "base/tap.h"

#include "lang/origin.h"
#include "lang/yaml.h"
#include "value/text.h"

struct bed {
    struct sp_arena *arena;
    struct sp_origins *origins;
    struct sp_diags diags;
};

static inline void bed_init(struct bed *bed)
{
    bed->arena = sp_arena_new();
    bed->origins = sp_origins_new();
    sp_diags_init(&bed->diags, bed->arena, bed->origins);
}

static inline void bed_fini(struct bed *bed)
{
    sp_diags_fini(&bed->diags);
    sp_origins_free(bed->origins);
    sp_arena_free(bed->arena);
}

/* Bad YAML gives null and a finding. */
static inline struct sp_value bed_yaml(struct bed *bed, const char *text)
{
    struct sp_err err = SP_ERR_INIT;
    struct sp_value value;

    if (sp_yaml_parse(bed->arena, bed->origins, SP_STR("test.yml"), sp_str_of(text), SP_YAML_CONFIG,
                      &bed->diags, &value, &err))
        return sp_null();
    return value;
}

/* All findings so far: "error|text|hint" and "warning|text|hint" lines. */
static inline const char *bed_findings(struct bed *bed)
{
    struct sp_str text = SP_STR("");

    for (size_t i = 0; i < bed->diags.len; i++) {
        const struct sp_diag *diag = &bed->diags.items[i];
        text = sp_arena_printf(bed->arena, SP_STR_FMT "%s|%s|%s\n", SP_STR_ARG(text),
                               diag->severity == SP_ERROR_FOUND ? "error" : "warning", diag->text,
                               diag->hint ? diag->hint : "");
    }
    return text.ptr;
}

static inline const char *bed_repr(struct bed *bed, struct sp_value value)
{
    sp_auto_buf struct sp_buf out = SP_BUF(SP_BUF_SMALL);

    sp_value_repr(value, &out);
    return sp_arena_cstr(bed->arena, sp_buf_str(&out));
}
