/* SPDX-License-Identifier: BSD-3-Clause */
/* word.h - a word on the command line of run, check, plan and doc (spec stimela2.md 6.3).
 *
 *     x=VALUE                     sets a parameter; split at the first '='
 *     (package)file  package::file     a file in a Python package; without `file` all of it
 *     a.yml  A.YAML  dir/a  .  ..      a file, or the files of a directory; wildcards allowed
 *     anything else               the name of a recipe or cab
 *
 * So `x`, and even `x` beside a file x.yml, is a name; `./x` is a file.
 */
#pragma once

#include "lang/world.h"
#include "lang/yaml.h"

enum sp_word_kind {
    SP_WORD_ASSIGNMENT,
    SP_WORD_FILE,
    SP_WORD_NAME
};

/* Parts of the text that was parsed: borrowed from it. */
struct sp_word {
    enum sp_word_kind kind;
    struct sp_str text;   /* the whole */
    struct sp_str name;   /* ASSIGNMENT, NAME */
    struct sp_str value;  /* ASSIGNMENT: what follows the '=' */
    struct sp_str module; /* FILE: the package, or empty */
    struct sp_str path;   /* FILE: within the package if there is one, then maybe empty */
};

/* SP_INVALID: empty, nothing before '=', or "(" without a package name and ")". */
enum sp_rc sp_word_parse(struct sp_str text, struct sp_word *out, struct sp_err *err) SP_MUST_USE;

/* The value that `text` stands for: YAML as PyYAML reads it (1e3 and dates are text), nothing is
 * null, "=UNSET" takes the parameter away. In YAML "{recipe.x}" is a mapping; as nobody means
 * that, it is taken as the text, a substitution, and a warning says so. SP_INVALID: malformed; a
 * finding is in `diags`. */
enum sp_rc sp_word_value(struct sp_arena *arena,
                         struct sp_origins *origins,
                         struct sp_diags *diags,
                         struct sp_str text,
                         struct sp_value *out,
                         struct sp_err *err) SP_MUST_USE;

/* The documents that a FILE word stands for, as texts in the order in which they are to be loaded:
 * the file itself; with .yml or .yaml added if it has no extension; all that match its wildcards;
 * of a directory those in its MANIFEST.stimela (a pattern a line), or else *.yml and *.yaml.
 * SP_NOT_FOUND: the word matches no YAML documents; with the nearest name. */
enum sp_rc sp_word_files(struct sp_arena *arena,
                         const struct sp_world *world,
                         const struct sp_word *word,
                         struct sp_list *out,
                         struct sp_err *err) SP_MUST_USE;
