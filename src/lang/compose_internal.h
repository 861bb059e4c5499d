/* SPDX-License-Identifier: BSD-3-Clause */
/* compose_internal.h - what the files of composition share: one call of sp_compose_*. */
#pragma once

#include "base/map.h"

#include "lang/compose.h"
#include "lang/directive.h"

/* One call. Findings go to the composer's diags; nothing here returns an error code. */
struct sp_composition {
    struct sp_composer *composer;
    struct sp_compose_sources sources; /* for _use, behind the document */
    struct sp_map loaded; /* path -> struct sp_value: included files, their includes resolved */
    size_t nodes;         /* values visited */
    unsigned depth;       /* of recursion */
    bool exhausted;       /* a limit was reached and reported */
};

/* A file being composed, and by which it is included. */
struct sp_config_file {
    struct sp_str path; /* as found */
    struct sp_str dir;  /* "" for the current directory */
    struct sp_str real; /* tells whether two paths are one file; empty for text in memory */
    const struct sp_config_file *includer;
    unsigned depth;
};

/* Read, parse and interpolate `file`; `origin`: of the directive that asks for it, or 0. */
bool sp_config_read(struct sp_composition *composition,
                    const struct sp_config_file *file,
                    uint32_t origin,
                    struct sp_value *out);

/* The same for a text in memory. */
bool sp_config_parse(struct sp_composition *composition,
                     const struct sp_config_file *file,
                     struct sp_str text,
                     struct sp_value *out);

/* Note a file that was read or looked for. */
void sp_composer_depend(struct sp_composer *composer, struct sp_str path, bool found);

/* "a" and "b" give "a/b", "" and "b" give "b". */
struct sp_str sp_config_join(struct sp_arena *arena, struct sp_str dir, struct sp_str name);

/* Directory part of a path, "" if it has none; its last part. */
struct sp_str sp_config_dirname(struct sp_str path);
struct sp_str sp_config_basename(struct sp_str path);

/* The path as a person would write it: without "./". */
struct sp_str sp_config_shown(struct sp_arena *arena, struct sp_str path);

/* "did you mean ...": offer the configuration files in a directory. */
struct sp_nearest;
void sp_config_offer(const struct sp_composer *composer,
                     struct sp_str dir,
                     struct sp_nearest *nearest);

/* --- resolving directives (resolve.c) ------------------------------------------------------- */

/* Work on the tree of one file. */
struct sp_resolver {
    struct sp_composition *composition;
    const struct sp_config_file *file;
    struct sp_dict *root; /* where _use looks first; NULL if the document is no mapping */
    bool uses;            /* false: _use stays as it is, for whoever includes this file */

    /* private */
    struct sp_map states; /* of the mappings with directives, by their address */
    size_t open;          /* mappings whose directives are being resolved */
    size_t strips;        /* how often one of these was met again */
};

/* The tree with all directives resolved. */
struct sp_value sp_resolve_tree(struct sp_composition *composition,
                                const struct sp_config_file *file,
                                struct sp_value tree,
                                bool uses);

/* The same for a part of it. */
struct sp_value sp_resolve_value(struct sp_resolver *resolver, struct sp_value value);

/* A mapping with its own directives resolved, but not those below. While they are being resolved:
 * what is known so far, without directives. */
struct sp_dict *sp_resolve_level(struct sp_resolver *resolver, struct sp_dict *dict);

/* --- what directives bring in --------------------------------------------------------------- */

/* Everything that an _include names, merged; null if that is nothing. */
struct sp_value sp_include_load(struct sp_resolver *resolver, const struct sp_dict_entry *entry);

/* Everything that a _use names, merged; null if that is nothing. */
struct sp_value sp_use_load(struct sp_resolver *resolver, const struct sp_dict_entry *entry);

/* Check _requires and _contingent in a composed tree, and take these keys out. */
struct sp_value sp_requires_apply(struct sp_composition *composition, struct sp_value tree);
