/* SPDX-License-Identifier: BSD-3-Clause */
/* cab_fuzz.c - YAML of a cab: loaded, described, built into a command line from its defaults,
 * and its wranglers fed with the text itself. */
#include "lang/origin.h"
#include "lang/yaml.h"
#include "recipe/command.h"
#include "recipe/describe.h"

#include <stdlib.h>

#define INPUT_MAX 16384

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void require(bool ok)
{
    if (!ok)
        abort();
}

/* Quoted, any text is one word of the shell: itself. */
static void check_quoting(struct sp_arena *arena, struct sp_str text)
{
    sp_auto_buf struct sp_buf quoted = SP_BUF(SP_BUF_LARGE);
    struct sp_value words = sp_list_new(arena);
    struct sp_err err = SP_ERR_INIT;

    sp_shell_quote(text, &quoted);
    require(sp_shell_split(arena, sp_buf_str(&quoted), words.list, &err) == SP_OK);
    require(words.list->len == 1 && sp_str_eq(words.list->items[0].text, text));
    struct sp_value raw = sp_list_new(arena);
    if (sp_shell_split(arena, text, raw.list, &err))
        require(err.text[0] && raw.list->len == 0);
}

static struct sp_dict *default_params(struct sp_arena *arena, const struct sp_cab *cab)
{
    struct sp_dict *params = sp_dict_new(arena).dict;
    struct sp_err err = SP_ERR_INIT;

    SP_MAP_EACH (entry, &cab->schema.params) {
        const struct sp_param *param = entry->value;
        struct sp_value value = param->has_implicit ? param->implicit : param->default_value;
        require(param->dtype && param->name.len == entry->key.len);
        if ((param->has_default || param->has_implicit) &&
            sp_dtype_coerce(arena, param->dtype, value, &value, &err) == SP_OK)
            sp_dict_set(arena, params, param->name, value);
    }
    return params;
}

static void check_command(struct sp_arena *arena, const struct sp_cab *cab)
{
    struct sp_dict *params = default_params(arena, cab);
    struct sp_scope scope = { 0 };
    struct sp_eval eval = { .arena = arena, .scope = &scope };
    struct sp_command command = { .argc = 42 };
    struct sp_err err = SP_ERR_INIT;

    sp_scope_set(&scope, "current", params, true);
    struct sp_command_request request = {
        .arena = arena, .cab = cab, .params = params, .eval = &eval
    };
    if (sp_command_build(&request, &command, &err)) {
        require(err.text[0] && command.argc == 42);
        return;
    }
    require(command.argc > 0 && !command.argv[command.argc] && command.display.len &&
            command.short_name.len && command.env);
    for (size_t i = 0; i < command.argc; i++)
        require(command.argv[i]);
    sp_command_fini(&command);
}

static void check_lines(struct sp_arena *arena, const struct sp_cab *cab, struct sp_str text)
{
    struct sp_verdict verdict = { .arena = arena };

    for (struct sp_str rest = text; rest.ptr;) {
        struct sp_wrangled line;
        sp_wrangle(cab->wranglers, sp_str_cut(&rest, '\n'), &verdict, &line);
        for (size_t i = 0; i < line.highlight_count; i++)
            require(line.highlights[i].end <= line.text.len);
    }
    require(verdict.declared >= 0 || (verdict.errors && verdict.errors->len));
}

static void check_cab(struct sp_arena *arena, const struct sp_cab *cab, struct sp_str text)
{
    sp_auto_buf struct sp_buf text_of_page = SP_BUF(SP_BUF_LARGE);
    struct sp_page page = { .out = &text_of_page, .width = 80 };
    struct sp_description what = {
        .schema = &cab->schema,
        .defaults = cab->defaults,
        .extra_info = cab->extra_info,
        .detail = SP_HIDDEN,
    };

    sp_extra_describe(&what, &page);
    sp_prose(&page, 2, cab->info);
    size_t before = text_of_page.len;
    sp_schema_describe(&what, &page);
    require(text_of_page.len > before || cab->schema.params.len == 0);
    check_command(arena, cab);
    check_lines(arena, cab, text);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    struct sp_str text = { (const char *)data, SP_MIN(size, (size_t)INPUT_MAX) };
    sp_auto_arena struct sp_arena *arena = sp_arena_new();
    struct sp_origins *origins = sp_origins_new();
    struct sp_diags diags;
    struct sp_err err = SP_ERR_INIT;
    struct sp_value value;

    sp_diags_init(&diags, arena, origins);
    check_quoting(arena, text);
    if (sp_yaml_parse(arena, origins, SP_STR("cab.yml"), text, SP_YAML_CONFIG, &diags, &value,
                      &err) == SP_OK) {
        struct sp_cab *cab = sp_cab_load(arena, SP_STR("tool"), value, &diags);
        require(cab || diags.errors);
        if (cab)
            check_cab(arena, cab, text);
        sp_cab_fini(cab);
    }
    for (size_t i = 0; i < diags.len; i++)
        require(diags.items[i].text && diags.items[i].text[0]);
    sp_diags_fini(&diags);
    sp_origins_free(origins);
    return 0;
}
