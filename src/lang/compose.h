/* SPDX-License-Identifier: BSD-3-Clause */
/* compose.h - configuration files put together: ${...}, _include, _use, _scrub.
 *
 * The lenient union of Stimela 2.1 and 2.2 (spec stimela2.md 1.3-1.8): a directive after ordinary
 * keys counts as if it stood at the top and is reported as a warning; `strict` makes it an error.
 *
 * Order of work for one file: parse, interpolate ${...} against the file itself, resolve
 * _include (recursively, _use of included files stays), then _use against the sources: the
 * document, then `config`, then what was loaded before.
 *
 * Where a mapping of the document has both, _include and _use count in the order written. In an
 * included file, whose _use is resolved by the includer, _use lies below what _include brings.
 * Sections that are used or included more than once are shared by the places where they are used:
 * the result is constant, clone what you change.
 */
#pragma once

#include "lang/world.h"
#include "lang/yaml.h"

struct sp_dependency {
    struct sp_str path;
    bool found; /* false: an [optional] include that was not there */
};

/* Mappings in which _use looks names up after the document itself, in this order; any of them may
 * be NULL. Borrowed. */
struct sp_compose_sources {
    const struct sp_dict *const *items;
    size_t len;
};

#define SP_NO_SOURCES ((struct sp_compose_sources){ 0 })

struct sp_composer {
    struct sp_arena *arena;
    struct sp_origins *origins;
    struct sp_diags *diags;
    const struct sp_world *world;
    const struct sp_str *include_path; /* searched for relative includes, after cwd and file */
    size_t include_path_len;
    bool strict;
    struct sp_dependency *dependencies; /* filled: every file that was read */
    size_t dependency_count;
    size_t dependency_capacity; /* private */
};

/* Load and compose one file. On failure: findings in diags, and SP_INVALID. */
enum sp_rc sp_compose_file(struct sp_composer *composer,
                           struct sp_str path,
                           struct sp_compose_sources sources,
                           struct sp_value *out,
                           struct sp_err *err) SP_MUST_USE;

/* The same for a document in memory, shown as `name`; (.) and relative includes are relative to
 * `dir`. */
enum sp_rc sp_compose_text(struct sp_composer *composer,
                           struct sp_str name,
                           struct sp_str dir,
                           struct sp_str text,
                           struct sp_compose_sources sources,
                           struct sp_value *out,
                           struct sp_err *err) SP_MUST_USE;

/* Merge `overlay` over `base` (spec 1.4: mappings recursively, lists and scalars replaced, null
 * erases, "???" does not). Returns the result, which may share parts with both; base's mappings
 * are not changed. A list over a mapping or the reverse is a finding. */
struct sp_value sp_merge(struct sp_arena *arena,
                         struct sp_value base,
                         struct sp_value overlay,
                         struct sp_diags *diags);

/* Delete the keys that a _scrub pattern list names (spec 1.7). */
struct sp_value sp_scrub(struct sp_arena *arena,
                         struct sp_value tree,
                         struct sp_value patterns,
                         struct sp_diags *diags);

void sp_composer_fini(struct sp_composer *composer);
