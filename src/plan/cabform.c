/* SPDX-License-Identifier: BSD-3-Clause */
#include "plan/cabform.h"

#include "recipe/words.h"
#include "value/text.h"

static const char domain[] = "spoor.cab.1";

static struct sp_form_text end(struct sp_hasher *hasher)
{
    struct sp_digest digest = sp_hasher_end(hasher);
    struct sp_digest_text hex = sp_digest_hex(&digest);
    struct sp_form_text out = { "" };

    memcpy(out.text, hex.text, sizeof out.text - 1);
    return out;
}

/* --- values as written --------------------------------------------------------------------- */

static void add_value(struct sp_hasher *hasher, struct sp_value value);

static int by_key(const void *a, const void *b)
{
    return sp_str_cmp(((const struct sp_dict_entry *)a)->key,
                      ((const struct sp_dict_entry *)b)->key);
}

/* The order of keys does not matter. */
static void add_dict(struct sp_hasher *hasher, const struct sp_dict *dict)
{
    sp_auto_arena struct sp_arena *arena = sp_arena_new();
    struct sp_dict_entry *sorted = SP_ARENA_NEW(arena, struct sp_dict_entry, dict->len);

    if (dict->len) {
        memcpy(sorted, dict->entries, dict->len * sizeof *sorted);
        qsort(sorted, dict->len, sizeof *sorted, by_key);
    }
    for (size_t i = 0; i < dict->len; i++) {
        sp_hasher_add(hasher, sorted[i].key);
        add_value(hasher, sorted[i].value);
    }
}

static void add_scalar(struct sp_hasher *hasher, struct sp_value value)
{
    sp_auto_buf struct sp_buf text = SP_BUF(SP_BUF_LARGE);

    sp_value_str(value, &text);
    sp_hasher_add(hasher, sp_buf_str(&text));
}

static void add_value(struct sp_hasher *hasher, struct sp_value value)
{
    sp_hasher_add_number(hasher, value.kind);
    if (sp_is_list(value)) {
        sp_hasher_add_number(hasher, value.list->len);
        SP_LIST_EACH(item, value.list)
        add_value(hasher, *item);
    } else if (value.kind == SP_DICT) {
        sp_hasher_add_number(hasher, value.dict->len);
        add_dict(hasher, value.dict);
    } else {
        add_scalar(hasher, value);
    }
}

static void add_policies(struct sp_hasher *hasher, const struct sp_policies *policies)
{
    for (size_t i = 0; i < SP_POLICY_COUNT; i++) {
        if (policies->items[i].kind == SP_NULL)
            continue;
        sp_hasher_add(hasher, sp_str_of(sp_policy_name(i)));
        add_value(hasher, policies->items[i]);
    }
}

/* --- the parts of a cab -------------------------------------------------------------------- */

static struct sp_form_text form_of_command(const struct sp_cab *cab)
{
    struct sp_hasher hasher;

    sp_hasher_init(&hasher, domain);
    sp_hasher_add(&hasher, cab->command);
    sp_hasher_add_number(&hasher, cab->args ? cab->args->len : 0);
    if (cab->args)
        SP_LIST_EACH(arg, cab->args)
    add_value(&hasher, *arg);
    return end(&hasher);
}

static struct sp_form_text form_of_flavour(const struct sp_cab *cab)
{
    struct sp_hasher hasher;

    sp_hasher_init(&hasher, domain);
    sp_hasher_add(&hasher, sp_str_of(sp_flavour_name(cab->flavour)));
    sp_hasher_add_number(&hasher, cab->pass_as_yaml);
    if (cab->flavour_options)
        SP_DICT_EACH(entry, cab->flavour_options)
    if (!sp_str_is(entry->key, "kind")) {
        sp_hasher_add(&hasher, entry->key);
        add_value(&hasher, entry->value);
    }
    return end(&hasher);
}

static struct sp_form_text form_of_policies(const struct sp_cab *cab)
{
    struct sp_hasher hasher;

    sp_hasher_init(&hasher, domain);
    add_policies(&hasher, &cab->policies);
    return end(&hasher);
}

/* They make outputs out of what the tool prints, and decide whether it has failed. */
static struct sp_form_text form_of_wranglers(const struct sp_cab *cab)
{
    const struct sp_value *management =
        cab->written ? sp_dict_get(cab->written, "management") : NULL;
    const struct sp_value *rules = management && management->kind == SP_DICT
                                       ? sp_dict_get(management->dict, "wranglers")
                                       : NULL;
    struct sp_hasher hasher;

    sp_hasher_init(&hasher, domain);
    if (rules && rules->kind == SP_DICT) /* their order matters */
        SP_DICT_EACH(entry, rules->dict)
        {
            sp_hasher_add(&hasher, entry->key);
            add_value(&hasher, entry->value);
        }
    return end(&hasher);
}

static struct sp_form_text form_of_param(const struct sp_param *param)
{
    sp_auto_buf struct sp_buf dtype = SP_BUF(SP_BUF_SMALL);
    struct sp_hasher hasher;

    sp_dtype_format(param->dtype, &dtype);
    sp_hasher_init(&hasher, domain);
    sp_hasher_add(&hasher, param->name);
    sp_hasher_add(&hasher, sp_buf_str(&dtype));
    sp_hasher_add(&hasher, param->nom_de_guerre);
    sp_hasher_add_number(&hasher, param->is_output);
    sp_hasher_add_number(&hasher, param->writable);
    sp_hasher_add_number(&hasher, param->must_exist);
    sp_hasher_add_number(&hasher, param->mkdir);
    sp_hasher_add_number(&hasher, param->paths.mkdir_parent);
    sp_hasher_add_number(&hasher, param->paths.remove_if_exists);
    sp_hasher_add_number(&hasher, param->has_implicit);
    if (param->has_implicit && param->is_output) /* that of an input is its value */
        add_value(&hasher, param->implicit);
    add_policies(&hasher, &param->policies);
    return end(&hasher);
}

struct sp_cab_form *sp_cab_form_make(struct sp_arena *arena, const struct sp_cab *cab)
{
    struct sp_cab_form *form = SP_ARENA_NEW(arena, struct sp_cab_form, 1);

    form->command = form_of_command(cab);
    form->flavour = form_of_flavour(cab);
    form->policies = form_of_policies(cab);
    form->wranglers = form_of_wranglers(cab);
    SP_MAP_EACH (entry, &cab->schema.params) {
        struct sp_form_text *text = SP_ARENA_NEW(arena, struct sp_form_text, 1);
        *text = form_of_param(entry->value);
        sp_map_set(&form->params, entry->key, text);
    }
    return form;
}

void sp_cab_form_fini(struct sp_cab_form *form)
{
    sp_map_fini(&form->params);
}
