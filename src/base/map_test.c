/* SPDX-License-Identifier: BSD-3-Clause */
#include "base/map.h"

#include "base/tap.h"
#include "base/vec.h"

#define MANY 5000

static char names[MANY][16];

static void test_small(void)
{
    sp_auto_map struct sp_map map = { 0 };
    int one = 1;
    int two = 2;

    tap_ok(!sp_map_find(&map, SP_STR("a")) && !sp_map_remove(&map, SP_STR("a")), "empty map");
    sp_map_set(&map, SP_STR("b"), &one);
    sp_map_set(&map, SP_STR("a"), &one);
    sp_map_set(&map, SP_STR("b"), &two);
    tap_ok(map.len == 2 && sp_map_find(&map, SP_STR("b")) == &two, "replace");
    tap_ok(sp_str_is(map.entries[0].key, "b"), "a replaced key keeps its place");
    sp_map_set(&map, SP_STR("n"), NULL);
    tap_ok(sp_map_has(&map, SP_STR("n")) && !sp_map_find(&map, SP_STR("n")), "NULL is a value");
    tap_ok(sp_map_remove(&map, SP_STR("b")) && map.len == 2 && sp_str_is(map.entries[0].key, "a") &&
               sp_map_has(&map, SP_STR("a")) && !sp_map_has(&map, SP_STR("b")),
           "remove keeps the order of the others");
}

static void test_many(void)
{
    sp_auto_map struct sp_map map = { 0 };
    bool found = true;
    size_t in_order = 0;

    for (size_t i = 0; i < MANY; i++) {
        (void)snprintf(names[i], sizeof names[i], "key-%zu", i * 7919 % MANY);
        sp_map_set(&map, sp_str_of(names[i]), names[i]);
    }
    for (size_t i = 0; i < MANY; i++)
        found = found && sp_map_find(&map, sp_str_of(names[i])) == names[i];
    tap_ok(found && map.len == MANY, "%d keys are found", MANY);
    SP_MAP_EACH (entry, &map)
        in_order += entry->value == names[in_order];
    tap_ok(in_order == MANY, "iteration is in order of insertion");
}

static void test_vec(void)
{
    SP_VEC(int) vec = { 0 };

    for (int i = 0; i < 1000; i++)
        *SP_VEC_ADD(&vec) += i;
    tap_ok(vec.len == 1000 && vec.items[999] == 999 && vec.items[0] == 0, "vec grows, zeroed");
    SP_VEC_FINI(&vec);
    tap_ok(vec.len == 0 && !vec.items, "vec is empty after fini");
}

int main(void)
{
    test_small();
    test_many();
    test_vec();
    return tap_done();
}
