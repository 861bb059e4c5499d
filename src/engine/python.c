/* SPDX-License-Identifier: BSD-3-Clause */
#include "engine/python.h"

#include "base/buf.h"

#include "sys/capture.h"
#include "sys/env.h"
#include "sys/spawn.h"

#include <unistd.h>

#define PATIENCE (10 * SP_NSEC_PER_SEC)

/* The working directory is no place for packages, as for any installed program. */
static const char question[] =
    "import importlib.util, os, sys\n"
    "sys.path[:] = [p for p in sys.path if p]\n"
    "spec = importlib.util.find_spec(sys.argv[1])\n"
    "where = list(spec.submodule_search_locations or []) or [os.path.dirname(spec.origin)]\n"
    "print(where[0])\n";

bool sp_python_package(struct sp_arena *arena, struct sp_str name, struct sp_str *out)
{
    const char *argv[] = { "python3", "-c", question, sp_arena_cstr(arena, name), NULL };
    const struct sp_spawn what = { .argv = argv, .env = (const char *const *)environ };
    sp_auto_buf struct sp_buf answer = SP_BUF(SP_BUF_SMALL);
    struct sp_process process;
    struct sp_err err = SP_ERR_INIT;
    int status = 0;

    if (sp_spawn(&what, &process, &err))
        return false;
    if (!sp_capture(&process, PATIENCE, &answer, NULL, &status))
        return false;
    struct sp_str line = sp_str_trim(sp_buf_str(&answer));
    if (line.len == 0 || line.ptr[0] != '/')
        return false;
    *out = sp_arena_str(arena, line);
    return true;
}
