/* SPDX-License-Identifier: BSD-3-Clause */
/* Fuzz target: any bytes are either refused with a finding that has a place, or give a tree in
 * which every value and key has a place within the text. */
#include "lang/tree.h"
#include "lang/yaml.h"

#include <stdlib.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

#define WALK_MAX 20000 /* values; more would only be slower */

struct walk {
    struct sp_origins *origins;
    struct sp_str text;
    size_t left;
};

static void expect(bool truth)
{
    if (!truth)
        abort();
}

static void check_origin(const struct walk *walk, uint32_t id)
{
    struct sp_origin at;

    expect(sp_origins_get(walk->origins, id, &at));
    expect(at.line >= 1 && at.column >= 1 && at.length >= 1);
    expect(at.line <= walk->text.len + 1 && at.column <= at.source.len + 1);
    expect(at.source.len <= walk->text.len && sp_str_find(at.source, '\n') == SIZE_MAX);
}

/* Parts of a text stand in it, and later ones do not stand before earlier ones. */
static void check_parts(const struct walk *walk, struct sp_value value)
{
    struct sp_origin before = { .line = 1, .column = 1 };
    struct sp_origin at;

    for (size_t offset = 0; offset < SP_MIN(value.text.len, (size_t)40); offset += 3) {
        uint32_t part = sp_origins_part(walk->origins, value.origin, offset, 1);
        check_origin(walk, part);
        expect(sp_origins_get(walk->origins, part, &at));
        expect(at.line > before.line || (at.line == before.line && at.column >= before.column));
        before = at;
    }
}

static void check_value(struct walk *walk, struct sp_value value, size_t depth)
{
    if (walk->left == 0)
        return;
    walk->left--;
    expect(sp_is_value(value) && depth <= SP_TREE_DEPTH_MAX + 1);
    check_origin(walk, value.origin);
    if (value.kind == SP_TEXT) {
        check_parts(walk, value);
    } else if (value.kind == SP_LIST) {
        SP_LIST_EACH(item, value.list)
        check_value(walk, *item, depth + 1);
    } else if (value.kind == SP_DICT) {
        SP_DICT_EACH(entry, value.dict)
        {
            check_origin(walk, entry->origin);
            expect(sp_dict_find(value.dict, entry->key) == &entry->value);
            check_value(walk, entry->value, depth + 1);
        }
    }
}

static void check_findings(const struct sp_diags *diags, enum sp_rc rc)
{
    sp_auto_buf struct sp_buf shown = SP_BUF(SP_BUF_LARGE);

    expect((rc == SP_OK) == (diags->errors == 0));
    sp_diags_format(diags, true, &shown);
    expect(sp_buf_ok(&shown));
}

static void parse(struct sp_str text, enum sp_yaml_dialect dialect)
{
    struct sp_arena *arena = sp_arena_new();
    struct sp_origins *origins = sp_origins_new();
    struct sp_diags diags;
    struct sp_err err = SP_ERR_INIT;
    struct sp_value value = sp_int(42);

    sp_diags_init(&diags, arena, origins);
    enum sp_rc rc =
        sp_yaml_parse(arena, origins, SP_STR("f.yml"), text, dialect, &diags, &value, &err);
    expect(rc == SP_OK || (rc == SP_INVALID && err.text[0] && value.integer == 42));
    check_findings(&diags, rc);
    if (rc == SP_OK && value.origin) {
        struct walk walk = { .origins = origins, .text = text, .left = WALK_MAX };
        check_value(&walk, value, 0);
    }
    sp_diags_fini(&diags);
    sp_origins_free(origins);
    sp_arena_free(arena);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    struct sp_str text = { (const char *)data, size };

    parse(text, SP_YAML_CONFIG);
    parse(text, SP_YAML_COMMAND_LINE);
    return 0;
}
