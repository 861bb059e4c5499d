/* SPDX-License-Identifier: BSD-3-Clause */
/* diag.h - findings about what a person wrote.
 *
 * Checking goes on after each finding, so that all of them are shown at once. Codes are stable
 * (doc/manual/diagnostics.md has a paragraph on each). Printed as
 *
 *     recipe.yml:12:7: error: unknown parameter 'telescop' of cab 'simms' [R0201]
 *        12 |       telescop: meerkat
 *           |       ^~~~~~~~
 *     hint: did you mean 'telescope'?
 */
#pragma once

#include "base/buf.h"
#include "base/map.h"

#include "lang/origin.h"

#include <stdarg.h>

enum sp_severity {
    SP_ERROR_FOUND,
    SP_WARNING,
    SP_NOTE
};

/* X-macro: name, code text, title. Ranges: 00xx loading, 01xx composition, 02xx cabs and
 * schemas, 03xx recipes, 04xx formulas, 05xx parameters, 06xx running, 07xx pitfalls: valid, but
 * hardly what was meant, or not the same in Stimela. */
#define SP_DIAG_CODES(X)                                                                   \
    X(SP_DIAG_YAML, "R0001", "malformed YAML")                                             \
    X(SP_DIAG_FILE, "R0002", "file cannot be read")                                        \
    X(SP_DIAG_DOCUMENT, "R0003", "document has the wrong structure")                       \
    X(SP_DIAG_DUPLICATE_KEY, "R0004", "duplicate key")                                     \
    X(SP_DIAG_INCLUDE, "R0101", "_include cannot be resolved")                             \
    X(SP_DIAG_USE, "R0102", "_use cannot be resolved")                                     \
    X(SP_DIAG_SCRUB, "R0103", "_scrub matches nothing")                                    \
    X(SP_DIAG_INTERPOLATION, "R0104", "${...} cannot be resolved")                         \
    X(SP_DIAG_MERGE, "R0105", "sections cannot be merged")                                 \
    X(SP_DIAG_REQUIRES, "R0106", "requirement is not met")                                 \
    X(SP_DIAG_PLACEMENT, "R0107", "directive stands after ordinary keys")                  \
    X(SP_DIAG_UNKNOWN_KEY, "R0201", "unknown key")                                         \
    X(SP_DIAG_TYPE, "R0202", "wrong type")                                                 \
    X(SP_DIAG_DTYPE, "R0203", "not a valid dtype")                                         \
    X(SP_DIAG_SCHEMA, "R0204", "parameter schema is not valid")                            \
    X(SP_DIAG_CAB, "R0205", "cab is not valid")                                            \
    X(SP_DIAG_WRANGLER, "R0206", "wrangler is not valid")                                  \
    X(SP_DIAG_POLICY, "R0207", "argument policy is not valid")                             \
    X(SP_DIAG_DYNAMIC, "R0208", "dynamic schema cannot be evaluated")                      \
    X(SP_DIAG_RECIPE, "R0301", "recipe is not valid")                                      \
    X(SP_DIAG_STEP, "R0302", "step is not valid")                                          \
    X(SP_DIAG_ALIAS, "R0303", "alias is not valid")                                        \
    X(SP_DIAG_LOOP, "R0304", "for_loop is not valid")                                      \
    X(SP_DIAG_ASSIGN, "R0305", "assignment is not valid")                                  \
    X(SP_DIAG_NOT_FOUND, "R0306", "unknown cab or recipe")                                 \
    X(SP_DIAG_FORMULA, "R0401", "formula cannot be parsed")                                \
    X(SP_DIAG_EVALUATION, "R0402", "evaluation failed")                                    \
    X(SP_DIAG_SUBSTITUTION, "R0403", "substitution cannot be resolved")                    \
    X(SP_DIAG_UNKNOWN_PARAM, "R0501", "unknown parameter")                                 \
    X(SP_DIAG_MISSING_PARAM, "R0502", "required parameter is missing")                     \
    X(SP_DIAG_VALUE, "R0503", "value does not fit the parameter")                          \
    X(SP_DIAG_CHOICE, "R0504", "value is not one of the choices")                          \
    X(SP_DIAG_PATH, "R0505", "file is missing or of the wrong kind")                       \
    X(SP_DIAG_IMPLICIT, "R0506", "implicit parameter was supplied")                        \
    X(SP_DIAG_SELECTION, "R0600", "selection names no step")                               \
    X(SP_DIAG_TOOL, "R0601", "tool is not installed")                                      \
    X(SP_DIAG_OUTPUT, "R0602", "output is missing or unusable")                            \
    X(SP_DIAG_FAILED, "R0603", "a step has failed")                                        \
    X(SP_DIAG_BACKEND, "R0604", "no backend can run the step")                             \
    X(SP_DIAG_PITFALL, "R0701", "this does something surprising")                          \
    X(SP_DIAG_SKIP_TEXT, "R0702", "text decides whether a step is skipped")                \
    X(SP_DIAG_BLANKS, "R0703", "operator without blanks is part of a name")                \
    X(SP_DIAG_STRAY_KEY, "R0704", "stray key turns a parameter into a section")            \
    X(SP_DIAG_FIELD_NAMES, "R0705", "section is read as one parameter")                    \
    X(SP_DIAG_REPEAT, "R0706", "'repeat: false' is a separator")                           \
    X(SP_DIAG_QUOTED_DEFAULT, "R0707", "quoted default is not the default")                \
    X(SP_DIAG_ALIAS_DEFAULT, "R0708", "default of the recipe beats the value of the step") \
    X(SP_DIAG_NEAR_NAME, "R0709", "variable has nearly the name of an input")              \
    X(SP_DIAG_REQUIRED_SKIP, "R0710", "required parameter that the tool never gets")       \
    X(SP_DIAG_EMPTY, "R0711", "EMPTY is another text in Stimela")                          \
    X(SP_DIAG_COMPARE_CHAIN, "R0712", "chain of comparisons")                              \
    X(SP_DIAG_LOGIC_MIX, "R0713", "'and' after 'or' without parentheses")                  \
    X(SP_DIAG_POWER_CHAIN, "R0714", "powers of powers go from left to right")              \
    X(SP_DIAG_IF_WITHOUT_ELSE, "R0715", "IF() without a third argument")                   \
    X(SP_DIAG_CASES_UNSET, "R0716", "condition of CASES() may be unset")                   \
    X(SP_DIAG_FILE_INSIDE, "R0717", "file type inside another type")                       \
    X(SP_DIAG_FILE_NAME, "R0718", "file name that Stimela reads otherwise")                \
    X(SP_DIAG_NESTED_ASSIGN, "R0719", "nested assignment that Stimela ignores")            \
    X(SP_DIAG_NO_EFFECT, "R0720", "setting without effect")                                \
    X(SP_DIAG_NO_FILES, "R0721", "skip_if_outputs without file outputs")                   \
    X(SP_DIAG_ORDER, "R0722", "value depends on the order of parameters in Stimela")       \
    X(SP_DIAG_BRACES, "R0723", "braces without quotes are a mapping")                      \
    X(SP_DIAG_YAML_WORD, "R0724", "word that YAML takes for true or false")                \
    X(SP_DIAG_CALLER_SCOPE, "R0725", "default of a nested recipe reads the calling recipe")

enum sp_diag_code {
#define SP_DIAG_ENUM(name, code, title) name,
    SP_DIAG_CODES(SP_DIAG_ENUM)
#undef SP_DIAG_ENUM
};

struct sp_diag {
    enum sp_severity severity;
    enum sp_diag_code code;
    uint32_t origin;
    const char *text; /* one line, no full stop */
    const char *hint; /* may be NULL */
};

/* The findings of one load or run, in order; texts live in its arena. */
struct sp_diags {
    struct sp_arena *arena;           /* borrowed */
    const struct sp_origins *origins; /* borrowed; may be NULL */
    struct sp_diag *items;
    size_t len;
    size_t capacity;
    size_t errors;       /* how many are SP_ERROR_FOUND */
    size_t last;         /* private: number of the finding that a hint belongs to */
    struct sp_map known; /* private: what was found, to find it only once */
};

void sp_diags_init(struct sp_diags *diags,
                   struct sp_arena *arena,
                   const struct sp_origins *origins);
void sp_diags_fini(struct sp_diags *diags);

/* Add a finding; of two that are the same at the same place the second is dropped. */
void sp_diag_say(struct sp_diags *diags,
                 enum sp_severity severity,
                 enum sp_diag_code code,
                 uint32_t origin,
                 const char *fmt,
                 ...) SP_PRINTF(5, 6);

#define sp_diag_error(diags, code, origin, ...) \
    sp_diag_say((diags), SP_ERROR_FOUND, (code), (origin), __VA_ARGS__)
#define sp_diag_warning(diags, code, origin, ...) \
    sp_diag_say((diags), SP_WARNING, (code), (origin), __VA_ARGS__)
#define sp_diag_note(diags, code, origin, ...) \
    sp_diag_say((diags), SP_NOTE, (code), (origin), __VA_ARGS__)

void sp_diag_add(struct sp_diags *diags,
                 enum sp_severity severity,
                 enum sp_diag_code code,
                 uint32_t origin,
                 const char *fmt,
                 va_list args) SP_PRINTF(5, 0);

/* Take back the warnings and notes with this code ("R0703"); errors stay. False: no such code. */
bool sp_diags_ignore(struct sp_diags *diags, struct sp_str code);

/* Keep the first `len` findings: what led to the others is tried once more. */
void sp_diags_truncate(struct sp_diags *diags, size_t len);

/* Set the hint of the finding added last. */
void sp_diag_hint(struct sp_diags *diags, const char *fmt, ...) SP_PRINTF(2, 3);

/* Hint "did you mean 'x'?" on the finding added last, if a name is near enough. */
struct sp_nearest;
void sp_diag_hint_nearest(struct sp_diags *diags, const struct sp_nearest *nearest);

/* Fail with the first error that was added when there were already `before` findings:
 * "recipe.yml:12:7: text". */
enum sp_rc sp_diags_fail(const struct sp_diags *diags, size_t before, struct sp_err *err);

/* "R0201" and the title of a code. */
const char *sp_diag_code_text(enum sp_diag_code code);
const char *sp_diag_code_title(enum sp_diag_code code);

/* Append all findings as people read them; colours only when asked for. */
void sp_diags_format(const struct sp_diags *diags, bool colour, struct sp_buf *out);
