/* SPDX-License-Identifier: BSD-3-Clause */
/* wrangler_fuzz.c - the rules as YAML, a line of three dashes, then what a tool says (spec
 * stimela2.md 3.9). */
#include "recipe/test_bed.h"
#include "recipe/wrangler.h"

#include <stdlib.h>

#define INPUT_MAX 4096
#define LINES_MAX 200

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void require(bool ok)
{
    if (!ok)
        abort();
}

static size_t length_of(const struct sp_list *list)
{
    return list ? list->len : 0;
}

/* A verdict only grows, failure is for ever, and marks lie inside the text. */
static void check_line(const struct sp_wranglers *wranglers,
                       struct sp_str text,
                       struct sp_verdict *verdict)
{
    struct sp_verdict before = *verdict;
    size_t errors = length_of(before.errors);
    size_t warnings = length_of(before.warnings);
    struct sp_wrangled line;

    sp_wrangle(wranglers, text, verdict, &line);
    require(line.text.ptr || !line.text.len);
    require(line.highlighted || !line.highlight_count);
    for (size_t i = 0; i < line.highlight_count; i++)
        require(line.highlights[i].start < line.highlights[i].end &&
                line.highlights[i].end <= line.text.len);
    require(before.declared >= 0 || verdict->declared < 0);
    require(length_of(verdict->errors) >= errors && length_of(verdict->warnings) >= warnings);
    require((verdict->declared < 0) == (length_of(verdict->errors) > 0));
    require(!line.marks_failure || verdict->declared < 0);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    struct sp_str input = { (const char *)data, SP_MIN(size, (size_t)INPUT_MAX) };
    size_t cut = sp_str_find_str(input, SP_STR("\n---\n"));
    struct sp_str rules = sp_str_slice(input, 0, cut);
    struct sp_str rest = cut == SIZE_MAX ? (struct sp_str){ 0 }
                                         : sp_str_slice(input, cut + strlen("\n---\n"), input.len);
    struct bed bed;

    bed_init(&bed);
    if (!memchr(rules.len ? rules.ptr : "", '\0', rules.len)) {
        struct sp_value value = bed_yaml(&bed, sp_arena_cstr(bed.arena, rules));
        struct sp_verdict verdict = { .arena = bed.arena };
        struct sp_wranglers *wranglers =
            sp_wranglers_load(bed.arena, value.kind == SP_DICT ? value.dict : NULL, &bed.diags);
        for (size_t i = 0; rest.ptr && i < LINES_MAX; i++)
            check_line(wranglers, sp_str_cut(&rest, '\n'), &verdict);
        sp_wranglers_free(wranglers);
    }
    bed_fini(&bed);
    return 0;
}
