/* SPDX-License-Identifier: BSD-3-Clause */
#include "engine/library.h"

#include "base/buf.h"
#include "base/tap.h"

static const struct {
    const char *text, *names;
} rows[] = {
    { "", "" },
    { "cabs:\n  a:\n    command: x\n  b.c:\n    command: y\n", "a b.c " },
    { "cabs:\n    a:\n        inputs:\n            x: str\nlib:\n    b: {}\n", "a " },
    { "_include: [x]\n\n# cabs:\n#  no:\ncabs:\n\n  # one\n  a: {command: x}\n", "a " },
    { "cabs:\n  _include: x\n  \"q r\":\n    command: x\n  's':\n", "q r s " },
    { "lib:\n  cabs:\n    a:\n      command: x\n", "" },
    { "cabs: {a: {command: x}}\n", "" },
    { "cabs:\n  a:\n    command: |\n      x:\n\ncabs2:\n  b:\n", "a " },
    { "cabs:\n  a:b: x\n", "" },
    { "cabs:\r\n  a:\r\n    command: x\r\n", "a " },
    { "cabs:\n - a\n:\n  \n :", "" },
};

/* The library that comes with Spoor: no findings, and what is known of some programs. */
static void check_effects(void)
{
    sp_auto_arena struct sp_arena *arena = sp_arena_new();
    struct sp_origins *origins = sp_origins_new();
    struct sp_effects_library library;
    struct sp_places places;
    struct sp_diags diags;

    sp_diags_init(&diags, arena, origins);
    sp_places_find(arena, NULL, 0, &places);
    sp_library_effects(arena, &places, origins, &library, &diags);
    for (size_t i = 0; i < diags.len; i++)
        printf("# %s\n", diags.items[i].text);
    const struct sp_effects *wsclean = sp_map_find(&library.by_program, SP_STR("wsclean"));
    const struct sp_effects *plotms = sp_map_find(&library.by_program, SP_STR("casa.plotms"));
    tap_ok(diags.len == 0 && wsclean && wsclean->ignore && wsclean->column_count == 1 && plotms &&
               plotms->never,
           "what programs do");
    sp_effects_library_fini(&library);
    places.effects = SP_STR("/nowhere/effects.yml");
    sp_library_effects(arena, &places, origins, &library, &diags);
    tap_ok(diags.errors == 1 && library.by_program.len == 0, "it is missed");
    sp_effects_library_fini(&library);
    sp_diags_fini(&diags);
    sp_origins_free(origins);
}

int main(void)
{
    for (size_t i = 0; i < SP_COUNT(rows); i++) {
        sp_auto_arena struct sp_arena *arena = sp_arena_new();
        sp_auto_buf struct sp_buf names = SP_BUF(SP_BUF_SMALL);
        struct sp_list *found = sp_list_new(arena).list;
        sp_library_scan(arena, sp_str_of(rows[i].text), found);
        SP_LIST_EACH(name, found)
        sp_buf_addf(&names, SP_STR_FMT " ", SP_STR_ARG(name->text));
        if (!tap_ok(strcmp(names.ptr ? names.ptr : "", rows[i].names) == 0, "scan %zu", i))
            printf("# got '%s', want '%s'\n", names.ptr, rows[i].names);
    }
    check_effects();
    return tap_done();
}
