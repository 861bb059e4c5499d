/* SPDX-License-Identifier: BSD-3-Clause */
#include "engine/product.h"

#include "value/json.h"

#include <stddef.h>

/* Fields that are texts, in the order in which they are written. */
static const struct {
    const char *name;
    size_t offset;
} texts[] = {
    { "task", offsetof(struct sp_product, task) },
    { "recipe", offsetof(struct sp_product, recipe) },
    { "cab", offsetof(struct sp_product, cab) },
    { "run", offsetof(struct sp_product, run) },
    { "epoch", offsetof(struct sp_product, epoch) },
    { "host", offsetof(struct sp_product, host) },
    { "user", offsetof(struct sp_product, user) },
    { "time", offsetof(struct sp_product, time) },
    { "workspace", offsetof(struct sp_product, workspace) },
    { "program", offsetof(struct sp_product, program) },
    { "log", offsetof(struct sp_product, log) },
};

/* --- writing ------------------------------------------------------------------------------ */

static struct sp_value digest_value(struct sp_arena *arena, const struct sp_digest *digest)
{
    return sp_text(sp_arena_str(arena, sp_str_of(sp_digest_hex(digest).text)));
}

static struct sp_value version_value(struct sp_arena *arena, const struct sp_version *version)
{
    sp_auto_buf struct sp_buf text = SP_BUF(SP_BUF_SMALL);

    sp_version_write(version, &text);
    return sp_text(sp_arena_str(arena, sp_buf_str(&text)));
}

static void put_true(struct sp_arena *arena, struct sp_dict *dict, const char *key, bool value)
{
    if (value)
        sp_dict_put(arena, dict, key, sp_bool(true));
}

static struct sp_value path_value(struct sp_arena *arena,
                                  const struct sp_product_path *path,
                                  bool is_output)
{
    struct sp_value value = sp_dict_new(arena);
    struct sp_dict *dict = value.dict;

    sp_dict_put(arena, dict, "role", sp_text(path->role));
    sp_dict_put(arena, dict, "path", sp_text(path->path));
    if (is_output)
        sp_dict_put(arena, dict, "kind",
                    sp_text(sp_str_of(path->absent   ? "none"
                                      : path->is_dir ? "dir"
                                                     : "file")));
    put_true(arena, dict, "mutated", path->mutated);
    put_true(arena, dict, "source", path->is_source);
    if (path->absent)
        return value;
    sp_dict_put(arena, dict, "version", version_value(arena, &path->version));
    if (path->kept)
        sp_dict_put(arena, dict, "tree", digest_value(arena, &path->tree));
    if (is_output) {
        sp_dict_put(arena, dict, "bytes", sp_int((int64_t)path->bytes));
        sp_dict_put(arena, dict, "kept", sp_bool(path->kept));
    }
    return value;
}

struct sp_value sp_product_paths(struct sp_arena *arena,
                                 const struct sp_product_path *paths,
                                 size_t count,
                                 bool are_outputs)
{
    struct sp_value list = sp_list_new(arena);

    for (size_t i = 0; i < count; i++)
        sp_list_add(arena, list.list, path_value(arena, &paths[i], are_outputs));
    return list;
}

void sp_product_write(struct sp_arena *arena, const struct sp_product *product, struct sp_buf *out)
{
    struct sp_value value = sp_dict_new(arena);
    struct sp_dict *dict = value.dict;

    sp_dict_put(arena, dict, "v", sp_int(SP_PRODUCT_VERSION));
    sp_dict_put(arena, dict, "key", digest_value(arena, &product->key));
    for (size_t i = 0; i < SP_COUNT(texts); i++)
        sp_dict_put_text(arena, dict, texts[i].name,
                         *(const struct sp_str *)((const char *)product + texts[i].offset));
    sp_dict_put(arena, dict, "inputs",
                sp_product_paths(arena, product->inputs, product->input_count, false));
    sp_dict_put(arena, dict, "outputs",
                sp_product_paths(arena, product->outputs, product->output_count, true));
    if (product->values)
        sp_dict_put(
            arena, dict, "values",
            (struct sp_value){ .kind = SP_DICT, .dict = (struct sp_dict *)product->values });
    sp_dict_put(arena, dict, "wall", sp_float(product->wall));
    sp_dict_put(arena, dict, "cpu", sp_float(product->cpu));
    sp_dict_put(arena, dict, "memory", sp_int((int64_t)product->memory));
    if (product->argv)
        sp_dict_put(arena, dict, "argv",
                    (struct sp_value){ .kind = SP_LIST, .list = (struct sp_list *)product->argv });
    sp_dict_put(arena, dict, "preimage",
                (struct sp_value){ .kind = SP_DICT, .dict = (struct sp_dict *)product->preimage });
    sp_json_encode(value, SP_JSON_COMPACT, out);
}

/* --- reading ------------------------------------------------------------------------------ */

static const struct sp_value *find(const struct sp_dict *dict, const char *key, enum sp_kind kind)
{
    const struct sp_value *value = sp_dict_get(dict, key);

    return value && value->kind == kind ? value : NULL;
}

static bool read_digest(const struct sp_dict *dict, const char *key, struct sp_digest *out)
{
    const struct sp_value *value = find(dict, key, SP_TEXT);

    return value && sp_digest_parse(value->text, out);
}

/* What is no size is none. */
static uint64_t read_size(const struct sp_dict *dict, const char *key)
{
    double number = sp_dict_number(dict, key);

    return number >= 1 && number < 0x1p63 ? (uint64_t)number : 0;
}

static bool read_path(struct sp_arena *arena,
                      const struct sp_dict *dict,
                      struct sp_product_path *out)
{
    struct sp_str kind = sp_dict_text(dict, "kind");

    *out = (struct sp_product_path){
        .role = sp_dict_text(dict, "role"),
        .path = sp_dict_text(dict, "path"),
        .absent = sp_str_is(kind, "none") || !sp_dict_get(dict, "version"),
        .is_dir = sp_str_is(kind, "dir"),
        .mutated = sp_dict_truth(dict, "mutated"),
        .is_source = sp_dict_truth(dict, "source"),
        .bytes = read_size(dict, "bytes"),
    };
    /* `kept` is taken back when the data are given up; the name of the tree stays. */
    out->kept = read_digest(dict, "tree", &out->tree) && sp_dict_truth(dict, "kept");
    return out->role.len && out->path.len &&
           (out->absent || sp_version_read(sp_dict_text(dict, "version"), arena, &out->version));
}

static bool read_paths(struct sp_arena *arena,
                       const struct sp_dict *dict,
                       const char *key,
                       struct sp_product_path **out,
                       size_t *count)
{
    const struct sp_value *value = find(dict, key, SP_LIST);

    if (!value)
        return false;
    *count = 0;
    *out = SP_ARENA_NEW(arena, struct sp_product_path, value->list->len + 1);
    SP_LIST_EACH(item, value->list)
    if (item->kind != SP_DICT || !read_path(arena, item->dict, &(*out)[(*count)++]))
        return false;
    return true;
}

/* Does an object of texts begin here, and with it everything end? */
static bool is_last_object(struct sp_str rest)
{
    bool inside = false; /* of a text */

    for (size_t i = 1; i < rest.len; i++) {
        char c = rest.ptr[i];
        if (inside && c == '\\')
            i++;
        else if (c == '"')
            inside = !inside;
        else if (!inside && c == '{')
            return false;
        else if (!inside && c == '}')
            return sp_str_is(sp_str_slice(rest, i, rest.len), "}}");
    }
    return false;
}

/* The record without its pre-image, as sp_product_write has placed that: at the end. Quotes within
 * texts are escaped, so that no text looks like it. */
static struct sp_str leave_out_preimage(struct sp_arena *arena, struct sp_str text)
{
    static const char start[] = ", \"preimage\": ";
    size_t at = sp_str_find_str(text, sp_str_of(start));

    if (at == SIZE_MAX || !is_last_object(sp_str_slice(text, at + sizeof start - 1, text.len)))
        return text;
    return sp_arena_join(arena, sp_str_slice(text, 0, at), "", SP_STR("}"));
}

enum sp_rc sp_product_read(struct sp_str text,
                           enum sp_product_parts parts,
                           struct sp_arena *arena,
                           struct sp_product *out,
                           struct sp_err *err)
{
    struct sp_value value;
    struct sp_err cause = SP_ERR_INIT;

    if (parts == SP_PRODUCT_RESULT)
        text = leave_out_preimage(arena, text);
    if (sp_json_decode(arena, text, &value, &cause))
        return sp_fail(err, SP_CORRUPT, "damaged record: %s", cause.text);
    if (value.kind != SP_DICT)
        return sp_fail(err, SP_CORRUPT, "damaged record: it is not an object");
    const struct sp_dict *dict = value.dict;
    if (sp_dict_number(dict, "v") > SP_PRODUCT_VERSION)
        return sp_fail(err, SP_INVALID, "record written by a newer spoor");

    struct sp_product product = { 0 };
    const struct sp_value *values = find(dict, "values", SP_DICT);
    const struct sp_value *argv = find(dict, "argv", SP_LIST);
    const struct sp_value *preimage = find(dict, "preimage", SP_DICT);
    for (size_t i = 0; i < SP_COUNT(texts); i++)
        *(struct sp_str *)((char *)&product + texts[i].offset) = sp_dict_text(dict, texts[i].name);
    if ((!preimage && parts == SP_PRODUCT_ALL) || !read_digest(dict, "key", &product.key) ||
        !read_paths(arena, dict, "inputs", &product.inputs, &product.input_count) ||
        !read_paths(arena, dict, "outputs", &product.outputs, &product.output_count))
        return sp_fail(err, SP_CORRUPT, "damaged record: a field is missing");
    product.preimage = preimage ? preimage->dict : NULL;
    product.values = values ? values->dict : NULL;
    product.argv = argv ? argv->list : NULL;
    product.wall = sp_dict_number(dict, "wall");
    product.cpu = sp_dict_number(dict, "cpu");
    product.memory = read_size(dict, "memory");
    *out = product;
    return SP_OK;
}

const struct sp_product_path *sp_product_output(const struct sp_product *product,
                                                struct sp_str role)
{
    for (size_t i = 0; i < product->output_count; i++)
        if (sp_str_eq(product->outputs[i].role, role))
            return &product->outputs[i];
    return NULL;
}
