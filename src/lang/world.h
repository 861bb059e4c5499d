/* SPDX-License-Identifier: BSD-3-Clause */
/* world.h - the only questions that the language may ask about the outside.
 *
 * lang, recipe and plan touch no file and no process: what they need to know comes through this
 * table, which the engine fills from src/sys and tests fill from memory. All paths are as
 * written, relative ones are relative to `cwd`.
 */
#pragma once

#include "base/arena.h"
#include "base/err.h"

enum sp_path_kind {
    SP_PATH_NONE,
    SP_PATH_FILE,
    SP_PATH_DIR,
    SP_PATH_OTHER
};

struct sp_paths {
    struct sp_str *items; /* arena */
    size_t len;
    bool too_many; /* the search was given up; there are more */
};

struct sp_world {
    void *arg; /* first argument of every function below */

    /* Whole content of a regular file, in `arena`. SP_NOT_FOUND, SP_LIMIT (over 64 MiB), SP_IO. */
    enum sp_rc (*read)(void *arg,
                       struct sp_str path,
                       struct sp_arena *arena,
                       struct sp_str *out,
                       struct sp_err *err);

    /* What is at `path`, symbolic links followed. */
    enum sp_path_kind (*kind)(void *arg, struct sp_str path);

    /* Newest modification time: of a file, or of anything in a directory's tree. 0 if absent. */
    sp_nsec (*mtime)(void *arg, struct sp_str path);

    /* May we write to the existing `path`? */
    bool (*writable)(void *arg, struct sp_str path);

    /* Absolute form with all symbolic links resolved as far as the path exists. */
    struct sp_str (*real)(void *arg, struct sp_str path, struct sp_arena *arena);

    /* Paths that match a shell pattern (* ? [...], no hidden files for *), sorted. */
    struct sp_paths (*glob)(void *arg, struct sp_str pattern, struct sp_arena *arena);

    /* Directory of a package (Python package, or "spoor" for our cab library). False if unknown. */
    bool (*package)(void *arg, struct sp_str name, struct sp_arena *arena, struct sp_str *out);

    /* Call a Python function: JSON {function, params, inputs, outputs} in, JSON {inputs, outputs}
     * out (spec stimela2.md 2.9). SP_INVALID: it failed. NULL: there is nobody to do it. */
    enum sp_rc (*call)(void *arg,
                       struct sp_str request,
                       struct sp_arena *arena,
                       struct sp_str *answer,
                       struct sp_err *err);

    /* Value of an environment variable, ptr NULL if not set. */
    struct sp_str (*env)(void *arg, struct sp_str name);

    /* A fact about this run is looked up, `config.run.NAME`: it may be another one in the next run.
     * NULL: nobody wants to know. */
    void (*fact)(void *arg, struct sp_str name);

    struct sp_str cwd;  /* absolute, links resolved */
    struct sp_str home; /* for "~" */
};
