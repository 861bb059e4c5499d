/* SPDX-License-Identifier: BSD-3-Clause */
/* yaml_edit_fuzz.c - the first line is a path, the second a value, the rest a file. Either the new
 * text has that value at that path, also when it is set again, or nothing was written. */
#include "lang/origin.h"
#include "lang/yaml_edit.h"

#include <stdlib.h>

#define INPUT_MAX ((size_t)8192)

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void require(bool ok)
{
    if (!ok)
        abort();
}

static bool read_yaml(struct sp_arena *arena,
                      struct sp_str text,
                      enum sp_yaml_dialect dialect,
                      struct sp_value *out)
{
    struct sp_origins *origins = sp_origins_new();
    struct sp_diags diags;
    struct sp_err err = SP_ERR_INIT;

    sp_diags_init(&diags, arena, origins);
    enum sp_rc rc =
        sp_yaml_parse(arena, origins, SP_STR("fuzz.yml"), text, dialect, &diags, out, &err);
    sp_diags_fini(&diags);
    sp_origins_free(origins);
    return rc == SP_OK;
}

static void check_edited(struct sp_arena *arena,
                         struct sp_str text,
                         struct sp_str path,
                         struct sp_value value)
{
    struct sp_value document;
    struct sp_err err = SP_ERR_INIT;
    sp_auto_buf struct sp_buf again = SP_BUF(SP_BUF_LARGE);

    require(read_yaml(arena, text, SP_YAML_CONFIG, &document) && document.kind == SP_DICT);
    const struct sp_value *found = sp_dict_walk(document.dict, path);
    require(found && sp_value_eq(*found, value));
    /* A key that needs escapes is not found in its line; what looks like a comment is kept then. */
    if (sp_yaml_edit(arena, SP_STR("fuzz.yml"), text, path, value, &again, &err) != SP_OK) {
        require(again.len == 0 && err.code == SP_LIMIT);
        return;
    }
    require(read_yaml(arena, sp_buf_str(&again), SP_YAML_CONFIG, &document));
    found = sp_dict_walk(document.dict, path);
    require(found && sp_value_eq(*found, value));
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    struct sp_str rest = { (const char *)data, SP_MIN(size, INPUT_MAX) };
    sp_auto_arena struct sp_arena *arena = sp_arena_new();
    sp_auto_buf struct sp_buf out = SP_BUF(SP_BUF_LARGE);
    struct sp_err err = SP_ERR_INIT;
    struct sp_value value;

    struct sp_str path = sp_str_cut(&rest, '\n');
    struct sp_str written = sp_str_cut(&rest, '\n');
    struct sp_str text = rest.ptr ? rest : SP_STR("");
    /* NaN is not equal to itself, so that no file with it can be compared. */
    if (!path.len || !read_yaml(arena, written, SP_YAML_COMMAND_LINE, &value) ||
        !sp_value_eq(value, value))
        return 0;
    if (sp_yaml_edit(arena, SP_STR("fuzz.yml"), text, path, value, &out, &err) == SP_OK)
        check_edited(arena, sp_arena_str(arena, sp_buf_str(&out)), path, value);
    else
        require(out.len == 0 && err.text[0]);
    return 0;
}
