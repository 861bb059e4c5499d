/* SPDX-License-Identifier: BSD-3-Clause */
/* Records are read back as they were written, with their pre-image or without. */
#include "engine/product.h"

#include "base/tap.h"

#include <inttypes.h>

static struct sp_arena *arena;

static struct sp_product sample(void)
{
    struct sp_product product = {
        .task = SP_STR("r.s"),
        .run = SP_STR("20261121-100000"),
        .preimage = sp_dict_new(arena).dict,
        .outputs = SP_ARENA_NEW(arena, struct sp_product_path, 1),
        .output_count = 1,
    };

    product.key.bytes[0] = 7;
    product.outputs[0] = (struct sp_product_path){ .role = SP_STR("out.to"), .path = SP_STR("x") };
    product.outputs[0].version.id.bytes[3] = 9;
    sp_dict_put(arena, (struct sp_dict *)product.preimage, "program",
                sp_text(SP_STR("{\"a\\\": }}")));
    sp_dict_put(arena, (struct sp_dict *)product.preimage, "format", sp_text(SP_STR("1")));
    return product;
}

static struct sp_str text_of(const struct sp_product *product)
{
    sp_auto_buf struct sp_buf text = SP_BUF(SP_BUF_LARGE);

    sp_product_write(arena, product, &text);
    return sp_arena_str(arena, sp_buf_str(&text));
}

static bool reads_back(struct sp_str text, enum sp_product_parts parts, struct sp_product *out)
{
    struct sp_err err = SP_ERR_INIT;

    return sp_product_read(text, parts, arena, out, &err) == SP_OK && sp_str_is(out->task, "r.s") &&
           sp_str_is(out->run, "20261121-100000") && out->key.bytes[0] == 7 &&
           out->output_count == 1 && sp_str_is(out->outputs[0].path, "x") &&
           out->outputs[0].version.id.bytes[3] == 9;
}

static void test_parts(void)
{
    struct sp_product product = sample();
    struct sp_product back;
    struct sp_str text = text_of(&product);

    tap_ok(reads_back(text, SP_PRODUCT_ALL, &back) && back.preimage && back.preimage->len == 2 &&
               sp_str_is(sp_dict_text(back.preimage, "program"), "{\"a\\\": }}"),
           "all of it");
    tap_ok(reads_back(text, SP_PRODUCT_RESULT, &back) && !back.preimage, "without the pre-image");
}

/* Numbers that are no sizes. */
static void test_sizes(void)
{
    static const struct {
        const char *written;
        uint64_t read;
    } table[] = {
        { "4096", 4096 }, { "0", 0 },     { "-1", 0 },       { "-1e300", 0 },
        { "1e300", 0 },   { "\"7\"", 0 }, { "1.5e3", 1500 },
    };
    struct sp_digest_text key = sp_digest_hex(&(struct sp_digest){ 0 });

    for (size_t i = 0; i < SP_COUNT(table); i++) {
        struct sp_err err = SP_ERR_INIT;
        struct sp_product back = { .memory = 42 };
        struct sp_str text =
            sp_arena_printf(arena,
                            "{\"key\": \"%s\", \"inputs\": [], \"outputs\": [], \"preimage\": {}, "
                            "\"memory\": %s}",
                            key.text, table[i].written);
        enum sp_rc rc = sp_product_read(text, SP_PRODUCT_ALL, arena, &back, &err);
        tap_ok(rc == SP_OK && back.memory == table[i].read, "memory %s: %" PRIu64 ", %s",
               table[i].written, back.memory, err.text);
    }
}

/* What only looks like the pre-image is not left out. */
static void test_lookalikes(void)
{
    struct sp_product product = sample();
    struct sp_value values = sp_dict_new(arena), inner = sp_dict_new(arena);
    struct sp_product back;

    sp_dict_put(arena, inner.dict, "a", sp_text(SP_STR("b")));
    sp_dict_put(arena, values.dict, "text", sp_text(SP_STR(", \"preimage\": {\"x\": \"y\"}}")));
    sp_dict_put(arena, values.dict, "preimage", inner);
    product.values = values.dict;
    tap_ok(reads_back(text_of(&product), SP_PRODUCT_RESULT, &back) && back.values &&
               back.values->len == 2,
           "a value called preimage");
    values.dict->len = 1;
    tap_ok(reads_back(text_of(&product), SP_PRODUCT_RESULT, &back) && !back.preimage &&
               sp_str_is(sp_dict_text(back.values, "text"), ", \"preimage\": {\"x\": \"y\"}}"),
           "a text that quotes one");
}

static void test_damage(void)
{
    struct sp_product product = sample();
    struct sp_str text = text_of(&product);
    struct sp_product back;
    size_t read = 0;

    for (size_t len = 0; len < text.len; len++) {
        struct sp_err err = SP_ERR_INIT;
        struct sp_str cut = sp_str_slice(text, 0, len);
        read += sp_product_read(cut, SP_PRODUCT_RESULT, arena, &back, &err) == SP_OK;
        read += sp_product_read(cut, SP_PRODUCT_ALL, arena, &back, &err) == SP_OK;
    }
    tap_ok(read == 0, "cut anywhere, it is none");
}

int main(void)
{
    arena = sp_arena_new();
    test_parts();
    test_lookalikes();
    test_damage();
    test_sizes();
    sp_arena_free(arena);
    return tap_done();
}
