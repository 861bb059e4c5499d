/* SPDX-License-Identifier: BSD-3-Clause */
#include "base/nearest.h"

#include "recipe/params_internal.h"
#include "recipe/yaml_value.h"
#include "value/text.h"

/* --- existence ---------------------------------------------------------------------------- */

static enum sp_path_kind kind_of(const struct sp_params_check *check, struct sp_str path)
{
    return check->world->kind(check->world->arg, path);
}

/* Also in a directory that will be there: what a step puts there, nobody knows before. */
static bool is_promised(const struct sp_params_check *check, struct sp_str path)
{
    if (!check->promised || !check->promised->len)
        return false;
    for (size_t at = path.len; at > 0; at--)
        if ((at == path.len || path.ptr[at] == '/') &&
            sp_map_has(check->promised, sp_str_slice(path, 0, at)))
            return true;
    return false;
}

static bool must_exist(const struct sp_params_check *check, const struct sp_param *param)
{
    if (param->is_output)
        return (check->flags & SP_PARAMS_OUTPUTS_EXIST) && param->must_exist == SP_YES;
    return (check->flags & SP_PARAMS_INPUTS_EXIST) && param->must_exist != SP_NO;
}

static struct sp_str parent_of(struct sp_str path)
{
    size_t slash = sp_str_rfind(path, '/');

    if (slash == SIZE_MAX)
        return SP_STR("");
    return sp_str_slice(path, 0, slash ? slash : 1);
}

/* "did you mean ...?" from what is in the directory, or that there is no such directory. */
static void hint_missing(const struct sp_params_check *check, struct sp_str path)
{
    const struct sp_world *world = check->world;
    struct sp_str dir = parent_of(path);
    struct sp_nearest nearest = SP_NEAREST(path);

    if (dir.len && kind_of(check, dir) != SP_PATH_DIR) {
        sp_diag_hint(check->diags, "there is no directory '" SP_STR_FMT "'", SP_STR_ARG(dir));
        return;
    }
    if (sp_str_has_wildcard(dir))
        return;
    bool slash = dir.len && !sp_str_ends(dir, "/");
    struct sp_str pattern =
        sp_arena_printf(check->arena, SP_STR_FMT "%s*", SP_STR_ARG(dir), slash ? "/" : "");
    struct sp_paths siblings = world->glob(world->arg, pattern, check->arena);
    for (size_t i = 0; i < siblings.len; i++)
        sp_nearest_offer(&nearest, siblings.items[i]);
    sp_diag_hint_nearest(check->diags, &nearest);
}

static bool may_appear(const struct sp_params_check *check, const struct sp_param *param)
{
    return !param->is_output && (check->flags & SP_PARAMS_MAY_APPEAR);
}

static void report_missing(const struct sp_params_check *check,
                           const struct sp_param *param,
                           const struct sp_value *value,
                           const struct sp_list *missing)
{
    sp_auto_buf struct sp_buf names = SP_BUF(SP_BUF_SMALL);

    SP_LIST_EACH(path, missing)
    {
        if (path != missing->items)
            sp_buf_addc(&names, ',');
        sp_buf_add(&names, path->text);
    }
    if (may_appear(check, param)) {
        sp_diag_warning(check->diags, SP_DIAG_PATH, sp_params_origin(check, param, value),
                        "'%s': %s doesn't exist, and no step before says that it makes it",
                        sp_params_full_name(check, param), names.len ? names.ptr : "file");
        sp_diag_hint(check->diags, "if a step makes it, declare it as an output there");
        return;
    }
    sp_diag_error(check->diags, SP_DIAG_PATH, sp_params_origin(check, param, value),
                  "'%s': %s doesn't exist", sp_params_full_name(check, param),
                  names.len ? names.ptr : "file");
    if (missing->len)
        hint_missing(check, missing->items[0].text);
}

/* --- the right kind ----------------------------------------------------------------------- */

/* Message if what exists at `path` is of the wrong kind; NULL if all is well. */
static const char *wrong_kind(const struct sp_params_check *check,
                              const struct sp_param *param,
                              struct sp_str path)
{
    enum sp_path_kind kind = kind_of(check, path);
    bool list = sp_dtype_is_file_list(param->dtype);

    if (kind == SP_PATH_NONE)
        return NULL;
    if (sp_dtype_of_plain_files(param->dtype) && kind != SP_PATH_FILE)
        return list ? "contains non-files" : "is not a regular file";
    if (sp_dtype_of_directories(param->dtype) && kind != SP_PATH_DIR)
        return list ? "contains non-directories" : "is not a directory";
    return NULL;
}

/* Nothing where an existing file is wanted: as a path this is the current directory, which hardly
 * anybody means, and which a tool would be started with. */
static bool is_empty_path(const struct sp_params_check *check,
                          const struct sp_param *param,
                          struct sp_str text)
{
    return !sp_str_trim(text).len && must_exist(check, param) &&
           !sp_dtype_is(param->dtype, "Directory") && !sp_dtype_is(param->dtype, "URI");
}

static bool refuse_empty(const struct sp_params_check *check,
                         const struct sp_param *param,
                         const struct sp_value *value)
{
    sp_diag_error(check->diags, SP_DIAG_PATH, sp_params_origin(check, param, value),
                  "'%s': the file name is empty", sp_params_full_name(check, param));
    sp_diag_hint(check->diags, "'.' is the current directory%s",
                 param->required == SP_YES ? "" : "; UNSET leaves the parameter out");
    return false;
}

static bool check_path(const struct sp_params_check *check,
                       const struct sp_param *param,
                       const struct sp_value *value,
                       struct sp_str path,
                       struct sp_list *missing)
{
    const char *why;

    if (is_promised(check, path))
        return true;
    if (must_exist(check, param) && kind_of(check, path) == SP_PATH_NONE) {
        struct sp_value text = sp_text(path);
        sp_list_add(check->arena, missing, text);
        return true; /* reported with the others */
    }
    why = wrong_kind(check, param, path);
    if (!why)
        return true;
    sp_diag_error(check->diags, SP_DIAG_PATH, sp_params_origin(check, param, value),
                  "'%s': '" SP_STR_FMT "' %s", sp_params_full_name(check, param), SP_STR_ARG(path),
                  why);
    return false;
}

/* --- the value as list of paths ----------------------------------------------------------- */

static bool refuse(const struct sp_params_check *check,
                   const struct sp_param *param,
                   const struct sp_value *value,
                   const char *expected)
{
    sp_auto_buf struct sp_buf brief = SP_BUF(SP_BUF_SMALL);

    sp_value_brief(*value, 80, &brief);
    if (value->kind == SP_NULL) {
        sp_diag_error(check->diags, SP_DIAG_VALUE, sp_params_origin(check, param, value),
                      "'%s': expects %s, got nothing (null)", sp_params_full_name(check, param),
                      expected);
        return false;
    }
    sp_diag_error(check->diags, SP_DIAG_VALUE, sp_params_origin(check, param, value),
                  "'%s': expects %s, got %s '%s'", sp_params_full_name(check, param), expected,
                  sp_kind_name(value->kind), brief.ptr);
    return false;
}

/* One text, a list of texts, or a text that is a YAML list ("[a, b]"). */
static bool as_list(const struct sp_params_check *check,
                    const struct sp_param *param,
                    const struct sp_value *value,
                    struct sp_list *out)
{
    bool wants_list = sp_dtype_is_file_list(param->dtype);
    struct sp_value given = *value;
    struct sp_value parsed;

    if (given.kind == SP_TEXT &&
        (sp_str_starts(given.text, "[") || sp_str_starts(given.text, "- ")))
        if (sp_yaml_value(check->arena, given.text, given.origin, &parsed) && sp_is_list(parsed))
            given = parsed;
    if (sp_is_list(given)) {
        SP_LIST_EACH(item, given.list)
        {
            if (!sp_is_text(*item))
                return refuse(check, param, item, "file paths (an invalid element in file list)");
            sp_list_add(check->arena, out, *item);
        }
        return true;
    }
    if (!sp_is_text(given))
        return refuse(check, param, value,
                      wants_list ? "a list of file paths" : "a file path (string)");
    sp_list_add(check->arena, out, given);
    return true;
}

static struct sp_value rewrite(const struct sp_params_check *check,
                               struct sp_value text,
                               bool *remote)
{
    struct sp_value path = text;

    path.kind = SP_PATH;
    path.text = sp_path_normalise(check->arena, check->world, text.text, remote);
    return path;
}

/* Stimela starts the tool; tools tend to say something obscure, or nothing. */
static void warn_of_no_files(const struct sp_params_check *check,
                             const struct sp_param *param,
                             const struct sp_value *value)
{
    if (!must_exist(check, param) || may_appear(check, param))
        return;
    sp_diag_warning(check->diags, SP_DIAG_PATH, sp_params_origin(check, param, value),
                    "'%s': required, but the list of files is empty",
                    sp_params_full_name(check, param));
}

bool sp_params_check_paths(const struct sp_params_check *check,
                           const struct sp_param *param,
                           struct sp_value *value)
{
    struct sp_value paths = sp_list_new(check->arena);
    struct sp_list missing = { 0 };
    bool single = sp_dtype_is_file(param->dtype);
    bool ok = as_list(check, param, value, paths.list);

    SP_LIST_EACH(path, paths.list)
    {
        bool remote;
        if (is_empty_path(check, param, path->text)) {
            ok = refuse_empty(check, param, value);
            continue;
        }
        *path = rewrite(check, *path, &remote);
        if (!remote)
            ok = check_path(check, param, value, path->text, &missing) && ok;
    }
    if (ok && !single && paths.list->len == 0 && param->required == SP_YES && !param->is_output)
        warn_of_no_files(check, param, value);
    bool nothing = ok && single && paths.list->len == 0 && must_exist(check, param);
    if (missing.len || nothing) {
        report_missing(check, param, value, &missing);
        ok = ok && may_appear(check, param);
    }
    if (ok && single && paths.list->len > 1) {
        sp_diag_error(check->diags, SP_DIAG_PATH, sp_params_origin(check, param, value),
                      "'%s': multiple files given", sp_params_full_name(check, param));
        ok = false;
    }
    if (!ok)
        return false;
    if (!single)
        *value = sp_at(paths, value->origin);
    else if (paths.list->len)
        *value = sp_at(paths.list->items[0], value->origin);
    else
        *value = (struct sp_value){ .kind = SP_PATH, .origin = value->origin, .text = SP_STR("") };
    return true;
}

void sp_params_rewrite_paths(const struct sp_params_check *check, struct sp_value *value)
{
    bool remote;

    if (value->kind == SP_PATH) {
        *value = rewrite(check, *value, &remote);
    } else if (sp_is_list(*value)) {
        SP_LIST_EACH(item, value->list)
        sp_params_rewrite_paths(check, item);
    } else if (value->kind == SP_DICT) {
        SP_DICT_EACH(entry, value->dict)
        sp_params_rewrite_paths(check, &entry->value);
    }
}

/* --- directories to make ------------------------------------------------------------------ */

static void add_dir(struct sp_params_check *check, struct sp_str dir)
{
    if (!dir.len || kind_of(check, dir) == SP_PATH_DIR)
        return;
    if (!check->make_dirs)
        check->make_dirs = sp_list_new(check->arena).list;
    SP_LIST_EACH(known, check->make_dirs)
    if (sp_str_eq(known->text, dir))
        return;
    sp_list_add(check->arena, check->make_dirs, sp_text(dir));
}

void sp_params_collect_dirs(struct sp_params_check *check,
                            const struct sp_param *param,
                            struct sp_value value)
{
    bool remote;

    if (sp_is_list(value)) {
        SP_LIST_EACH(item, value.list)
        sp_params_collect_dirs(check, param, *item);
        return;
    }
    if (value.kind != SP_PATH || !value.text.len)
        return;
    struct sp_str path = sp_path_normalise(check->arena, check->world, value.text, &remote);
    if (remote)
        return;
    if (param->mkdir && sp_dtype_is(param->dtype, "Directory"))
        add_dir(check, path);
    else if (param->paths.mkdir_parent)
        add_dir(check, parent_of(path));
}
