/* SPDX-License-Identifier: BSD-3-Clause */
/* The input is a record as it may be found. Properties: errors are reported and leave the output
 * alone; what can be read whole can be read without its pre-image, and says the same; what was read
 * is written so that it is read again, and written the same. */
#include "base/buf.h"

#include "engine/product.h"

#include <stdlib.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void require(bool ok)
{
    if (!ok)
        abort();
}

static bool read_product(struct sp_arena *arena,
                         struct sp_str text,
                         enum sp_product_parts parts,
                         struct sp_product *out)
{
    struct sp_err err = SP_ERR_INIT;
    struct sp_product before = { .input_count = 42 };

    *out = before;
    enum sp_rc rc = sp_product_read(text, parts, arena, out, &err);
    require(rc == err.code);
    if (rc)
        require(err.text[0] && out->input_count == 42 && !out->inputs && !out->preimage);
    return rc == SP_OK;
}

static struct sp_str text_of(struct sp_arena *arena, const struct sp_product *product)
{
    sp_auto_buf struct sp_buf text = SP_BUF(SP_BUF_LARGE);

    sp_product_write(arena, product, &text);
    require(sp_buf_ok(&text));
    return sp_arena_str(arena, sp_buf_str(&text));
}

static void check_paths(const struct sp_product *product)
{
    for (size_t i = 0; i < product->output_count; i++) {
        const struct sp_product_path *path = &product->outputs[i];
        const struct sp_product_path *found = sp_product_output(product, path->role);
        require(path->role.len && path->path.len);
        require(found && found <= path && sp_str_eq(found->role, path->role));
    }
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    sp_auto_arena struct sp_arena *arena = sp_arena_new();
    struct sp_str text = sp_arena_str(arena, (struct sp_str){ (const char *)data, size });
    struct sp_product all, result, again;
    bool is_whole = read_product(arena, text, SP_PRODUCT_ALL, &all);
    bool is_result = read_product(arena, text, SP_PRODUCT_RESULT, &result);

    require(!is_whole || is_result);
    if (is_result)
        check_paths(&result);
    if (!is_whole)
        return 0;
    result.preimage = all.preimage;
    struct sp_str first = text_of(arena, &all);
    require(sp_str_eq(first, text_of(arena, &result)));
    require(read_product(arena, first, SP_PRODUCT_ALL, &again));
    require(sp_str_eq(first, text_of(arena, &again)));
    return 0;
}
