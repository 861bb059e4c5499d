/* SPDX-License-Identifier: BSD-3-Clause */
#include "recipe/describe.h"

#include "recipe/cab.h"
#include "recipe/test_bed.h"

static const char cab_text[] =
    "{command: x, info: Tool,"
    " extra_info: {See also: 'the *page*', Notes on Outputs: 'they *come*', Gone: null},"
    " defaults: {opt: 6},"
    " inputs: {ms: {dtype: MS, required: true, writable: true, info: 'The **data**'},"
    " opt: {dtype: int, default: 5, choices: [5, 6], info: 'A number of words that is long enough'},"
    " empty: {dtype: str, default: ''},"
    " dark: {dtype: str, category: Obscure, info: 'rare'},"
    " none: {dtype: str, category: Hidden}},"
    " outputs: {out: {dtype: File, implicit: x.fits, info: Result}}}";

static const char wide[] = "\n  Required inputs:\n"
                           "    ms  MS  The data [changed in place]\n"
                           "\n  Optional inputs:\n"
                           "    opt    int  A number of words that is long enough [default: 6;\n"
                           "                choices: 5, 6]\n"
                           "    empty  str  [default: '']\n"
                           "\n  Obscure inputs: omitting 1\n"
                           "\n  Notes on Outputs:\n"
                           "    they come\n"
                           "\n  Implicit outputs:\n"
                           "    out  File  Result [implicit: x.fits]\n";

static const char narrow[] = "\n  Required inputs:\n"
                             "    ms  MS\n"
                             "        The data [changed in\n"
                             "        place]\n"
                             "\n  Optional inputs: omitting 2\n"
                             "\n  Obscure inputs: omitting 1\n"
                             "\n  Notes on Outputs:\n"
                             "    they come\n"
                             "\n  Implicit outputs: omitting 1\n";

static const struct {
    const char *name;
    enum sp_category detail;
    size_t width;
    const char *want;
} pages[] = {
    { "80 columns", SP_IMPLICIT, 70, wide },
    { "a narrow page", SP_REQUIRED, 30, narrow },
};

static void test_pages(const struct sp_description *given)
{
    for (size_t i = 0; i < SP_COUNT(pages); i++) {
        sp_auto_buf struct sp_buf out = SP_BUF(SP_BUF_SMALL);
        struct sp_page page = { .out = &out, .width = pages[i].width };
        struct sp_description what = *given;
        what.detail = pages[i].detail;
        sp_schema_describe(&what, &page);
        if (!tap_ok(strcmp(out.ptr, pages[i].want) == 0, "%s", pages[i].name))
            printf("%s", out.ptr);
    }
}

static void test_extremes(const struct sp_description *given)
{
    sp_auto_buf struct sp_buf out = SP_BUF(SP_BUF_SMALL);
    struct sp_description what = *given;
    struct sp_page page = { .out = &out, .width = 0, .colour = true };

    what.detail = SP_HIDDEN;
    sp_schema_describe(&what, &page);
    tap_ok(strstr(out.ptr, "none") && strstr(out.ptr, "\033[1m"), "everything, in colour");
    sp_buf_clear(&out);
    page = (struct sp_page){ .out = &out, .width = 80 };
    sp_extra_describe(&what, &page);
    tap_ok(strcmp(out.ptr, "\n  See also:\n    the page\n") == 0, "sections of their own");
    sp_buf_clear(&out);
    struct sp_columns columns = sp_columns_for(3, 3, &page);
    sp_row_describe(&columns, SP_STR("a-name-longer-than-said"), SP_STR("s"), SP_STR("i\033[m"),
                    &page);
    tap_ok(strcmp(out.ptr, "    a-name-longer-than-said  s\n              i\033[m\n") == 0,
           "a name that is too long");
}

static void test_value(struct bed *bed, const struct sp_description *what)
{
    tap_ok(strcmp(bed_repr(bed, sp_schema_value(bed->arena, what, true)),
                  "{'out': {'dtype': 'File', 'category': 'Implicit', 'required': False, 'info': "
                  "'Result', 'implicit': 'x.fits'}}") == 0,
           "outputs as a value");
    struct sp_value inputs = sp_schema_value(bed->arena, what, false);
    const struct sp_value *opt = sp_dict_walk(inputs.dict, SP_STR("opt.default"));
    tap_ok(inputs.dict->len == 5 && opt && opt->integer == 6,
           "inputs as a value, with the cab's default");
}

int main(void)
{
    struct bed bed;

    bed_init(&bed);
    struct sp_cab *cab =
        sp_cab_load(bed.arena, SP_STR("tool"), bed_yaml(&bed, cab_text), &bed.diags);
    struct sp_description what = {
        .schema = &cab->schema,
        .defaults = cab->defaults,
        .extra_info = cab->extra_info,
    };
    test_pages(&what);
    test_extremes(&what);
    test_value(&bed, &what);
    sp_cab_fini(cab);
    bed_fini(&bed);
    return tap_done();
}
