/* SPDX-License-Identifier: BSD-3-Clause */
/* pitfall_test.c - pitfall_test FILE...: each line of a recipe that ends in "# R07xx" has that
 * finding, and no other line has any. */
#include "recipe/pitfall.h"

#include "recipe/test_bed.h"

#include <stdio.h>

/* "12 R0703" for each expected finding, in the order of lines. */
static void expected(struct sp_str text, struct sp_buf *out)
{
    for (unsigned line = 1; text.ptr; line++) {
        struct sp_str one = sp_str_cut(&text, '\n');
        size_t mark = sp_str_find_str(one, SP_STR("# R07"));
        if (mark != SIZE_MAX)
            sp_buf_addf(out, "%u " SP_STR_FMT "\n", line,
                        SP_STR_ARG(sp_str_trim(sp_str_slice(one, mark + 2, one.len))));
    }
}

/* The same of what was found. */
static void found(const struct bed *bed, struct sp_buf *out)
{
    for (unsigned line = 1; line < 100; line++)
        for (size_t i = 0; i < bed->diags.len; i++) {
            const struct sp_diag *diag = &bed->diags.items[i];
            struct sp_origin place;
            if (sp_origins_get(bed->origins, diag->origin, &place) && place.line == line)
                sp_buf_addf(out, "%u %s\n", line, sp_diag_code_text(diag->code));
        }
}

static void look(struct bed *bed, struct sp_value document)
{
    struct sp_config config;

    sp_config_init(&config, bed->arena, &bed->diags);
    sp_config_add(&config, document);
    struct sp_pitfall_search search = {
        .arena = bed->arena,
        .origins = bed->origins,
        .diags = &bed->diags,
        .recipe = sp_config_recipe(&config, SP_STR("r")),
        .flags = SP_PITFALLS_RESULTS | SP_PITFALLS_OTHER,
    };
    if (search.recipe)
        sp_pitfalls_find(&search);
    sp_config_fini(&config);
}

static void check_file(const char *path)
{
    sp_auto_buf struct sp_buf text = SP_BUF(SP_BUF_SMALL);
    sp_auto_buf struct sp_buf want = SP_BUF(SP_BUF_SMALL);
    sp_auto_buf struct sp_buf got = SP_BUF(SP_BUF_SMALL);
    char part[4096];
    struct bed bed;
    FILE *file = fopen(path, "re");

    if (!tap_ok(file != NULL, "%s can be read", path))
        return;
    for (size_t len; (len = fread(part, 1, sizeof part, file)) > 0;)
        sp_buf_add(&text, (struct sp_str){ part, len });
    (void)fclose(file);
    bed_init(&bed);
    look(&bed, bed_yaml(&bed, text.ptr));
    expected(sp_buf_str(&text), &want);
    found(&bed, &got);
    if (!tap_ok(want.len > 0 && strcmp(want.ptr, got.ptr) == 0, "%s", path))
        (void)printf("want:\n%sgot:\n%s%s", want.ptr, got.ptr, bed_findings(&bed));
    bed_fini(&bed);
}

int main(int argc, char **argv)
{
    for (int i = 1; i < argc; i++)
        check_file(argv[i]);
    return tap_done();
}
