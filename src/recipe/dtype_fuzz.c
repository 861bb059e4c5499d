/* SPDX-License-Identifier: BSD-3-Clause */
/* dtype_fuzz.c - first line: a shorthand definition; the rest: a value as YAML, or as text. */
#include "recipe/schema.h"
#include "recipe/yaml_value.h"
#include "value/text.h"

#include <stdlib.h>

#define INPUT_MAX 4096

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void require(bool ok)
{
    if (!ok)
        abort();
}

static bool is_part_of(struct sp_str part, struct sp_str whole)
{
    return !part.len || (part.ptr >= whole.ptr && part.ptr + part.len <= whole.ptr + whole.len);
}

static bool is_ascii(struct sp_str text)
{
    for (size_t i = 0; i < text.len; i++)
        if ((unsigned char)text.ptr[i] >= 0x80)
            return false;
    return true;
}

/* The canonical spelling reads back as itself. */
static void check_spelling(struct sp_arena *arena, const struct sp_dtype *dtype)
{
    sp_auto_buf struct sp_buf first = SP_BUF(SP_BUF_SMALL);
    sp_auto_buf struct sp_buf second = SP_BUF(SP_BUF_SMALL);
    struct sp_err err = SP_ERR_INIT;
    const struct sp_dtype *again;

    sp_dtype_format(dtype, &first);
    if (first.len > INPUT_MAX) /* spelling out may go over the limit */
        return;
    require(sp_dtype_parse(arena, sp_buf_str(&first), &again, &err) == SP_OK);
    sp_dtype_format(again, &second);
    require(sp_str_eq(sp_buf_str(&first), sp_buf_str(&second)));
}

/* What was converted once stays as it is; a refusal says why and touches nothing. */
static void check_conversion(struct sp_arena *arena,
                             const struct sp_dtype *dtype,
                             struct sp_value value)
{
    struct sp_err err = SP_ERR_INIT;
    struct sp_value once = sp_int(-42);
    struct sp_value twice;

    value.origin = 7;
    if (sp_dtype_coerce(arena, dtype, value, &once, &err)) {
        require(err.code == SP_INVALID && err.text[0] && once.integer == -42);
        return;
    }
    require(once.origin == 7);
    require(sp_dtype_coerce(arena, dtype, once, &twice, &err) == SP_OK);
    require(once.kind == twice.kind &&
            sp_str_eq(sp_value_text(arena, once), sp_value_text(arena, twice)));
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    struct sp_str text = { (const char *)data, SP_MIN(size, (size_t)INPUT_MAX) };
    struct sp_str rest = text;
    struct sp_str line = sp_str_cut(&rest, '\n');
    struct sp_shorthand found = { 0 };
    struct sp_err err = SP_ERR_INIT;
    const struct sp_dtype *dtype = NULL;
    struct sp_value value;

    if (!sp_shorthand_parse(line, &found))
        return 0;
    require(found.dtype.len && is_part_of(found.dtype, line) && is_part_of(found.info, line) &&
            is_part_of(found.default_text, line));

    sp_auto_arena struct sp_arena *arena = sp_arena_new();
    if (sp_dtype_parse(arena, found.dtype, &dtype, &err)) {
        require(!dtype && err.code == SP_INVALID && err.text[0]);
        return 0;
    }
    if (is_ascii(found.dtype)) /* bytes that are no UTF-8 are spelt as escapes */
        check_spelling(arena, dtype);
    if (found.has_default)
        check_conversion(arena, dtype, sp_text(found.default_text));
    if (rest.ptr && sp_yaml_value(arena, rest, 0, &value))
        check_conversion(arena, dtype, value);
    return 0;
}
