/* SPDX-License-Identifier: BSD-3-Clause */
#include "lang/word.h"

#include "base/nearest.h"

#include "lang/compose_internal.h"
#include "lang/path.h"

/* --- what it is ---------------------------------------------------------------------------- */

static bool has_yaml_extension(struct sp_str path)
{
    size_t dot = sp_str_rfind(path, '.');
    struct sp_str extension = dot == SIZE_MAX ? SP_STR("") : sp_str_slice(path, dot, path.len);

    return sp_str_is_nocase(extension, ".yml") || sp_str_is_nocase(extension, ".yaml");
}

/* "(package)file" and "(package)/file" */
static enum sp_rc parse_bracket(struct sp_word *word, struct sp_err *err)
{
    size_t close = sp_str_find(word->text, ')');

    if (close == SIZE_MAX || close == 1)
        return sp_fail(err, SP_INVALID,
                       "'" SP_STR_FMT "': a package and a file are written (package)file",
                       SP_STR_ARG(word->text));
    word->kind = SP_WORD_FILE;
    word->module = sp_str_trim(sp_str_slice(word->text, 1, close));
    word->path = sp_str_slice(word->text, close + 1, word->text.len);
    if (sp_str_starts(word->path, "/"))
        word->path = sp_str_slice(word->path, 1, word->path.len);
    return SP_OK;
}

static bool is_module_char(char c)
{
    return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') || c == '_' ||
           c == '.';
}

/* "package::file" */
static bool parse_colons(struct sp_word *word)
{
    size_t end = 0;

    while (end < word->text.len && is_module_char(word->text.ptr[end]))
        end++;
    if (end == 0 || !sp_str_starts(sp_str_slice(word->text, end, word->text.len), "::"))
        return false;
    word->kind = SP_WORD_FILE;
    word->module = sp_str_slice(word->text, 0, end);
    word->path = sp_str_slice(word->text, end + 2, word->text.len);
    return true;
}

enum sp_rc sp_word_parse(struct sp_str text, struct sp_word *out, struct sp_err *err)
{
    struct sp_word word = { .kind = SP_WORD_NAME, .text = text, .name = text };
    size_t equals = sp_str_find(text, '=');
    enum sp_rc rc = SP_OK;

    if (text.len == 0)
        return sp_fail(err, SP_INVALID, "an empty word names nothing");
    if (equals == 0)
        return sp_fail(err, SP_INVALID, "'" SP_STR_FMT "': no name before '='", SP_STR_ARG(text));
    if (equals != SIZE_MAX) {
        word.kind = SP_WORD_ASSIGNMENT;
        word.name = sp_str_slice(text, 0, equals);
        word.value = sp_str_slice(text, equals + 1, text.len);
    } else if (text.ptr[0] == '(') {
        rc = parse_bracket(&word, err);
    } else if (!parse_colons(&word) &&
               (has_yaml_extension(text) || sp_str_find(text, '/') != SIZE_MAX ||
                sp_str_is(text, ".") || sp_str_is(text, ".."))) {
        word.kind = SP_WORD_FILE;
        word.path = text;
    }
    if (rc == SP_OK)
        *out = word;
    return rc;
}

/* --- its value ----------------------------------------------------------------------------- */

/* What substitutions start with. */
static const char *const namespaces[] = { "recipe.",   "root.", "steps.", "current.",
                                          "previous.", "self.", "info.",  "config." };

/* "{recipe.x}": one reference, maybe with a format, and nothing that makes it a mapping on
 * purpose. */
static bool is_substitution(struct sp_str text)
{
    size_t close = sp_str_find(text, '}');
    bool known = false;

    if (!sp_str_starts(text, "{") || close == SIZE_MAX)
        return false;
    struct sp_str inner = sp_str_slice(text, 1, close);
    for (size_t i = 0; i < SP_COUNT(namespaces) && !known; i++)
        known = sp_str_starts(inner, namespaces[i]);
    return known && sp_str_find(inner, ' ') == SIZE_MAX && sp_str_find(inner, ',') == SIZE_MAX;
}

enum sp_rc sp_word_value(struct sp_arena *arena,
                         struct sp_origins *origins,
                         struct sp_diags *diags,
                         struct sp_str text,
                         struct sp_value *out,
                         struct sp_err *err)
{
    static const char place[] = "<command line>";

    if (sp_str_is(text, "=UNSET")) {
        *out = sp_unset();
        return SP_OK;
    }
    if (is_substitution(text)) {
        struct sp_value value = sp_text(sp_arena_str(arena, text));
        uint32_t file = sp_origins_add_file(origins, sp_str_of(place), text);
        value.origin = sp_origins_add(origins, file, 0, text.len);
        *out = value;
        sp_diag_warning(diags, SP_DIAG_PITFALL, value.origin,
                        "'" SP_STR_FMT "' is a mapping in YAML; it is taken as text",
                        SP_STR_ARG(text));
        sp_diag_hint(diags, "write NAME='\"" SP_STR_FMT "\"', or a formula: NAME==...",
                     SP_STR_ARG(text));
        return SP_OK;
    }
    return sp_yaml_parse(arena, origins, sp_str_of(place), sp_arena_str(arena, text),
                         SP_YAML_COMMAND_LINE, diags, out, err);
}

/* --- the files it stands for ---------------------------------------------------------------- */

struct search {
    struct sp_arena *arena;
    const struct sp_world *world;
    struct sp_list *out;
};

static enum sp_path_kind kind_of(const struct search *search, struct sp_str path)
{
    return search->world->kind(search->world->arg, path);
}

/* Regular files only. What is there literally goes before what its wildcards match. */
static void add_matches(const struct search *search, struct sp_str pattern)
{
    if (kind_of(search, pattern) == SP_PATH_FILE) {
        sp_list_add(search->arena, search->out, sp_text(pattern));
        return;
    }
    if (!sp_str_has_wildcard(pattern))
        return;
    struct sp_paths paths = search->world->glob(search->world->arg, pattern, search->arena);
    for (size_t i = 0; i < paths.len; i++)
        if (kind_of(search, paths.items[i]) == SP_PATH_FILE)
            sp_list_add(search->arena, search->out, sp_text(paths.items[i]));
}

static enum sp_rc add_manifest(const struct search *search,
                               struct sp_str dir,
                               struct sp_str manifest,
                               struct sp_err *err)
{
    struct sp_str text;

    enum sp_rc rc = search->world->read(search->world->arg, manifest, search->arena, &text, err);
    while (rc == SP_OK && text.ptr) {
        struct sp_str line = sp_str_trim(sp_str_cut(&text, '\n'));
        if (line.len)
            add_matches(search, sp_config_join(search->arena, dir, line));
    }
    return rc;
}

static const char *const extensions[] = { ".yml", ".yaml" };

static enum sp_rc add_directory(const struct search *search, struct sp_str dir, struct sp_err *err)
{
    struct sp_str manifest = sp_config_join(search->arena, dir, SP_STR("MANIFEST.stimela"));

    if (kind_of(search, manifest) == SP_PATH_FILE)
        return add_manifest(search, dir, manifest, err);
    for (size_t i = 0; i < SP_COUNT(extensions); i++)
        add_matches(search, sp_config_join(search->arena, dir,
                                           sp_arena_printf(search->arena, "*%s", extensions[i])));
    return SP_OK;
}

static void add_file(const struct search *search, struct sp_str path)
{
    bool bare = sp_path_extension(path).len == 0;

    if (!bare || !sp_str_ends(path, "*"))
        add_matches(search, path);
    for (size_t i = 0; bare && i < SP_COUNT(extensions); i++)
        add_matches(search, sp_arena_printf(search->arena, SP_STR_FMT "%s", SP_STR_ARG(path),
                                            extensions[i]));
}

static enum sp_rc no_match(const struct search *search,
                           const struct sp_word *word,
                           struct sp_str path,
                           struct sp_err *err)
{
    struct sp_nearest nearest = SP_NEAREST(sp_config_basename(path));
    struct sp_str dir = sp_config_dirname(path);
    struct sp_str pattern = sp_config_join(search->arena, dir, SP_STR("*.y*ml"));
    sp_auto_buf struct sp_buf text = SP_BUF(SP_BUF_SMALL);

    sp_buf_addf(&text, "'" SP_STR_FMT "' ", SP_STR_ARG(word->text));
    if (word->module.len)
        sp_buf_addf(&text, "is '" SP_STR_FMT "', which ", SP_STR_ARG(path));
    else if (kind_of(search, path) == SP_PATH_DIR)
        sp_buf_adds(&text, "is a directory, which ");
    sp_buf_adds(&text, "doesn't match any YAML documents");
    if (!sp_str_has_wildcard(path)) {
        struct sp_paths near = search->world->glob(search->world->arg, pattern, search->arena);
        for (size_t i = 0; i < near.len; i++)
            sp_nearest_offer(&nearest, sp_config_basename(near.items[i]));
    }
    if (nearest.best.ptr)
        sp_buf_addf(&text, "; did you mean '" SP_STR_FMT "'?", SP_STR_ARG(nearest.best));
    return sp_fail(err, SP_NOT_FOUND, "%s", text.ptr);
}

enum sp_rc sp_word_files(struct sp_arena *arena,
                         const struct sp_world *world,
                         const struct sp_word *word,
                         struct sp_list *out,
                         struct sp_err *err)
{
    struct search search = { arena, world, out };
    size_t before = out->len;
    struct sp_str path = sp_arena_str(arena, word->path);
    struct sp_str dir;
    enum sp_rc rc = SP_OK;

    if (word->module.len) {
        if (!world->package(world->arg, word->module, arena, &dir))
            return sp_fail(err, SP_NOT_FOUND,
                           "'" SP_STR_FMT "': can't import package '" SP_STR_FMT
                           "'; is it installed, in the environment that is active?",
                           SP_STR_ARG(word->text), SP_STR_ARG(word->module));
        path = path.len ? sp_config_join(arena, dir, path) : dir;
    }
    if (kind_of(&search, path) == SP_PATH_DIR)
        rc = add_directory(&search, path, err);
    else
        add_file(&search, path);
    if (rc == SP_OK && out->len == before)
        return no_match(&search, word, path, err);
    return rc;
}
