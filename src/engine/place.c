/* SPDX-License-Identifier: BSD-3-Clause */
#include "engine/place.h"

#include "engine/package.h"
#include "sys/file.h"
#include "sys/witness.h"

#include <unistd.h>

static bool is_there(struct sp_str path)
{
    sp_witness_path(path.ptr);
    return access(path.ptr, R_OK | X_OK) == 0;
}

void sp_places_find(struct sp_arena *arena,
                    const char *const *first,
                    size_t first_len,
                    struct sp_places *out)
{
    sp_auto_buf struct sp_buf program = SP_BUF(SP_BUF_SMALL);
    struct sp_err err = SP_ERR_INIT;

    *out = (struct sp_places){ .program = SP_STR("spoor") };
    if (sp_program_path(&program, &err) == SP_OK)
        out->program = sp_arena_str(arena, sp_buf_str(&program));
    size_t slash = sp_str_rfind(out->program, '/');
    struct sp_str dir = slash == SIZE_MAX ? SP_STR(".") : sp_str_slice(out->program, 0, slash);

    out->cargo = sp_arena_printf(arena, SP_STR_FMT "/cargo", SP_STR_ARG(dir));
    if (!is_there(out->cargo))
        out->cargo = sp_arena_str(arena, dir);
    out->cabs = sp_arena_printf(arena, SP_STR_FMT "/../share/spoor/cabs", SP_STR_ARG(dir));
    if (!is_there(out->cabs))
        out->cabs = SP_STR(SPOOR_SOURCE_ROOT "/cabs");
    out->effects = sp_arena_join(arena, out->cabs, "/", SP_STR("effects.yml"));
    out->packages = sp_packages_new(arena, first, first_len, out->program);
}
