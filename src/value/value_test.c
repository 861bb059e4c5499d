/* SPDX-License-Identifier: BSD-3-Clause */
#include "value/value.h"

#include "base/tap.h"

#define MANY 200 /* well above the size from which a dictionary has an index */

static void test_records(struct sp_arena *arena)
{
    struct sp_dict *dict = sp_dict_new(arena).dict;

    sp_dict_put(arena, dict, "flag", sp_bool(true));
    sp_dict_put(arena, dict, "count", sp_int(3));
    sp_dict_put(arena, dict, "real", sp_float(0.5));
    sp_dict_put_text(arena, dict, "name", SP_STR("n"));
    sp_dict_put_text(arena, dict, "empty", SP_STR(""));

    tap_ok(dict->len == 4, "an empty text is left out");
    tap_ok(sp_str_is(sp_dict_text(dict, "name"), "n"), "a text");
    tap_ok(sp_dict_text(dict, "count").len == 0, "a number is no text");
    tap_ok(sp_dict_text(dict, "none").len == 0, "what is not there is empty text");
    tap_ok(sp_dict_number(dict, "count") > 2.9 && sp_dict_number(dict, "count") < 3.1,
           "an integer as a number");
    tap_ok(sp_dict_number(dict, "real") > 0.4 && sp_dict_number(dict, "real") < 0.6, "a number");
    tap_ok(!(sp_dict_number(dict, "name") > 0) && !(sp_dict_number(dict, "none") > 0),
           "neither a text nor what is not there is a number");
    tap_ok(sp_dict_truth(dict, "flag") && sp_dict_truth(dict, "name"), "true, and as good as true");
    tap_ok(!sp_dict_truth(dict, "none"), "what is not there is false");

    sp_dict_put(arena, dict, "name", sp_int(7));
    tap_ok(dict->len == 4 && sp_str_is(dict->entries[3].key, "name"),
           "a second value replaces the first in place");
}

/* Indexed or not, a dictionary finds what is in it, in the order of arrival. */
static void test_order(struct sp_arena *arena)
{
    struct sp_dict *dict = sp_dict_new(arena).dict;
    bool found = true;
    bool ordered = true;

    for (int i = 0; i < MANY; i++)
        sp_dict_set(arena, dict, sp_arena_printf(arena, "k%d", i), sp_int(i));
    for (int i = 0; i < MANY; i += 2)
        found = sp_dict_remove(arena, dict, sp_arena_printf(arena, "k%d", i)) && found;
    tap_ok(found && dict->len == MANY / 2, "what is there can be removed");
    tap_ok(!sp_dict_remove(arena, dict, SP_STR("k0")), "but once");
    for (int i = 0; i < MANY; i++) {
        const struct sp_value *value = sp_dict_find(dict, sp_arena_printf(arena, "k%d", i));
        found = found && (i % 2 ? value && value->integer == i : !value);
    }
    tap_ok(found, "the others are still found");
    for (size_t i = 0; i < dict->len; i++)
        ordered = ordered && dict->entries[i].value.integer == (int64_t)(2 * i + 1);
    tap_ok(ordered, "and in order");
}

static void test_walk(struct sp_arena *arena)
{
    struct sp_dict *outer = sp_dict_new(arena).dict;
    struct sp_value inner = sp_dict_new(arena);

    sp_dict_put(arena, inner.dict, "b", sp_int(1));
    sp_dict_put(arena, outer, "a", inner);
    sp_dict_put(arena, outer, "x", sp_int(2));
    const struct sp_value *value = sp_dict_walk(outer, SP_STR("a.b"));
    tap_ok(value && value->integer == 1, "a path of two names");
    tap_ok(!sp_dict_walk(outer, SP_STR("a.c")), "a name that is not there");
    tap_ok(!sp_dict_walk(outer, SP_STR("x.b")), "a name in what has no names");
    tap_ok(!sp_dict_walk(outer, SP_STR("")), "no name");
}

int main(void)
{
    sp_auto_arena struct sp_arena *arena = sp_arena_new();

    test_records(arena);
    test_order(arena);
    test_walk(arena);
    return tap_done();
}
