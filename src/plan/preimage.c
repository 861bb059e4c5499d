/* SPDX-License-Identifier: BSD-3-Clause */
/* preimage.c - the list of components: its name, and its form in records; declared in key.h. */
#include "plan/key.h"

static int by_component(const void *a, const void *b)
{
    return sp_str_cmp(((const struct sp_key_part *)a)->component,
                      ((const struct sp_key_part *)b)->component);
}

void sp_preimage_seal(struct sp_arena *arena,
                      const struct sp_key_part *parts,
                      size_t len,
                      struct sp_preimage *out)
{
    struct sp_hasher hasher;

    *out =
        (struct sp_preimage){ .parts = SP_ARENA_NEW(arena, struct sp_key_part, len), .len = len };
    if (len) {
        memcpy(out->parts, parts, len * sizeof *parts);
        qsort(out->parts, len, sizeof *parts, by_component);
    }
    sp_hasher_init(&hasher, "spoor.key.1");
    sp_hasher_add_number(&hasher, len);
    for (size_t i = 0; i < len; i++) {
        sp_hasher_add(&hasher, out->parts[i].component);
        sp_hasher_add(&hasher, out->parts[i].text);
    }
    out->key = sp_hasher_end(&hasher);
}

struct sp_dict *sp_preimage_to_dict(struct sp_arena *arena, const struct sp_preimage *preimage)
{
    struct sp_dict *dict = sp_dict_new(arena).dict;

    for (size_t i = 0; i < preimage->len; i++)
        sp_dict_set(arena, dict, preimage->parts[i].component, sp_text(preimage->parts[i].text));
    return dict;
}

bool sp_preimage_from_dict(struct sp_arena *arena,
                           const struct sp_dict *dict,
                           struct sp_preimage *out)
{
    struct sp_key_part *parts = SP_ARENA_NEW(arena, struct sp_key_part, dict->len);
    size_t len = 0;

    SP_DICT_EACH(entry, dict)
    {
        if (!sp_is_text(entry->value) || !entry->key.len)
            return false;
        parts[len++] = (struct sp_key_part){ entry->key, entry->value.text };
    }
    if (!len)
        return false;
    sp_preimage_seal(arena, parts, len, out);
    return true;
}
