/* SPDX-License-Identifier: BSD-3-Clause */
/* arguments.c - parameters as words of a command line (spec stimela2.md 3.4, 3.5). */
#include "recipe/command_internal.h"
#include "recipe/template.h"
#include "value/json.h"
#include "value/text.h"

#define WORD_MAX ((size_t)1 << 20)

/* --- which parameters --------------------------------------------------------------------- */

static bool has_policy(const struct sp_building *build,
                       const struct sp_param *param,
                       enum sp_policy_id id)
{
    return sp_policy_is_set(&param->policies, &build->cab->policies, id);
}

static struct sp_value policy(const struct sp_building *build,
                              const struct sp_param *param,
                              enum sp_policy_id id)
{
    return sp_policy(&param->policies, &build->cab->policies, id);
}

/* Which setting decides whether the parameter is passed on: `skip`, for implicit ones else
 * `skip_implicits`. */
static enum sp_policy_id skip_policy(const struct sp_building *build, const struct sp_param *param)
{
    bool undecided = policy(build, param, SP_POLICY_SKIP).kind == SP_NULL;

    return undecided && param->has_implicit ? SP_POLICY_SKIP_IMPLICITS : SP_POLICY_SKIP;
}

static bool is_passed(const struct sp_building *build, const struct sp_param *param)
{
    enum sp_policy_id id = skip_policy(build, param);
    bool is_set = policy(build, param, id).kind != SP_NULL;

    if (is_set)
        return !has_policy(build, param, id);
    return !param->is_output || sp_param_is_named_output(param);
}

/* What is not known before a run is shown as its name in angle brackets. */
static struct sp_value shown(struct sp_arena *arena,
                             const struct sp_param *param,
                             struct sp_value value)
{
    if (sp_is_value(value))
        return value;
    return sp_text(sp_arena_printf(arena, "<" SP_STR_FMT ">", SP_STR_ARG(param->name)));
}

enum sp_rc sp_arguments_select(struct sp_building *build, struct sp_passed_list *out)
{
    const struct sp_map *schema = &build->cab->schema.params;
    struct sp_passed_list list = { SP_ARENA_NEW(build->arena, struct sp_passed, schema->len), 0 };

    SP_MAP_EACH (entry, schema) {
        const struct sp_param *param = entry->value;
        const struct sp_value *value = sp_dict_find(build->params, param->name);
        if (!is_passed(build, param))
            continue;
        if (!value || value->kind == SP_UNSET) {
            /* The value of other outputs is what the tool will tell. */
            bool given = !param->is_output || sp_param_is_named_output(param);
            if (param->required == SP_YES && given)
                return sp_fail(build->err, SP_INVALID,
                               "required parameter '" SP_STR_FMT "' is missing",
                               SP_STR_ARG(param->name));
            if (has_policy(build, param, SP_POLICY_PASS_MISSING_AS_NONE))
                list.items[list.len++] = (struct sp_passed){ param, sp_null() };
            continue;
        }
        list.items[list.len++] = (struct sp_passed){ param, shown(build->arena, param, *value) };
    }
    *out = list;
    return SP_OK;
}

/* --- names -------------------------------------------------------------------------------- */

static struct sp_str replace_all(struct sp_arena *arena,
                                 struct sp_str text,
                                 struct sp_str from,
                                 struct sp_str to)
{
    sp_auto_buf struct sp_buf out = SP_BUF(WORD_MAX);
    size_t at = 0;

    if (!from.len)
        return text;
    for (;;) {
        struct sp_str rest = sp_str_slice(text, at, text.len);
        size_t found = sp_str_find_str(rest, from);
        sp_buf_add(&out, sp_str_slice(rest, 0, found));
        if (found == SIZE_MAX)
            break;
        sp_buf_add(&out, to);
        at += found + from.len;
    }
    return sp_arena_str(arena, sp_buf_str(&out));
}

/* `negation` stands between prefix and name. */
static struct sp_str negated_name(const struct sp_building *build,
                                  const struct sp_param *param,
                                  struct sp_str negation)
{
    struct sp_value prefix = policy(build, param, SP_POLICY_PREFIX);
    struct sp_value replace = policy(build, param, SP_POLICY_REPLACE);
    struct sp_str name = param->nom_de_guerre.len ? param->nom_de_guerre : param->name;
    struct sp_str dashes =
        prefix.kind == SP_NULL ? SP_STR("--") : sp_value_text(build->arena, prefix);

    if (!param->nom_de_guerre.len && replace.kind == SP_DICT)
        SP_DICT_EACH(entry, replace.dict)
    name = replace_all(build->arena, name, entry->key, sp_value_text(build->arena, entry->value));
    if (negation.len)
        name = sp_arena_join(build->arena, negation, "", name);
    return sp_arena_join(build->arena, dashes, "", name);
}

static struct sp_str option_name(const struct sp_building *build, const struct sp_param *param)
{
    return negated_name(build, param, SP_STR(""));
}

/* --- templates ---------------------------------------------------------------------------- */

/* What {0}, {1} ... and {other} mean. */
struct fields {
    const struct sp_building *build;
    const struct sp_passed_list *others;
    const struct sp_value *items;
    size_t len;
};

static bool find_field(void *arg, struct sp_str name, struct sp_value *out)
{
    const struct fields *fields = arg;
    int64_t number = 0;

    if (!name.len || sp_str_int(name, &number)) {
        if (number < 0 || (size_t)number >= fields->len)
            return false;
        *out = fields->items[number];
        return true;
    }
    for (size_t i = 0; i < fields->others->len; i++) {
        const struct sp_passed *other = &fields->others->items[i];
        if (!sp_str_eq(other->param->name, name))
            continue;
        *out = other->value;
        return !has_policy(fields->build, other->param, SP_POLICY_POSITIONAL) &&
               !has_policy(fields->build, other->param, SP_POLICY_POSITIONAL_HEAD);
    }
    return false;
}

static enum sp_rc add_formatted(struct sp_building *build,
                                struct fields *fields,
                                struct sp_value template,
                                struct sp_list *pieces)
{
    sp_auto_buf struct sp_buf out = SP_BUF(WORD_MAX);
    enum sp_rc rc = sp_template_format(sp_value_text(build->arena, template), find_field, fields,
                                       &out, build->err);

    if (rc == SP_OK)
        sp_list_add(build->arena, pieces, sp_text(sp_arena_str(build->arena, sp_buf_str(&out))));
    return rc;
}

/* --- values ------------------------------------------------------------------------------- */

/* One parameter on its way to words. */
struct argument {
    const struct sp_param *param;
    struct sp_value value;
    const struct sp_passed_list *others;
    struct sp_list pieces; /* texts */
    bool is_list;          /* the pieces need a repeat policy */
};

static void split_text(struct sp_arena *arena,
                       struct sp_str text,
                       struct sp_str separator,
                       struct sp_list *out)
{
    for (;;) {
        size_t found = sp_str_find_str(text, separator);
        sp_list_add(arena, out, sp_text(sp_str_slice(text, 0, found)));
        if (found == SIZE_MAX)
            return;
        text = sp_str_slice(text, found + separator.len, text.len);
    }
}

/* The elements of what counts as a list: lists, keys of mappings, split texts. NULL otherwise. */
static struct sp_list *elements_of(const struct sp_building *build, const struct argument *arg)
{
    struct sp_value split = policy(build, arg->param, SP_POLICY_SPLIT);
    struct sp_value value = arg->value;
    struct sp_list *list = sp_list_new(build->arena).list;

    if (sp_is_list(value))
        return value.list;
    if (value.kind == SP_DICT) {
        SP_DICT_EACH(entry, value.dict)
        sp_list_add(build->arena, list, sp_text(entry->key));
        return list;
    }
    if (!sp_is_text(value) || split.kind == SP_NULL)
        return NULL;
    struct sp_str separator = sp_value_text(build->arena, split);
    if (!separator.len)
        return NULL;
    split_text(build->arena, value.text, separator, list);
    return list;
}

static enum sp_rc format_each(struct sp_building *build,
                              struct argument *arg,
                              const struct sp_list *templates,
                              const struct sp_value *items,
                              size_t len)
{
    struct fields fields = { build, arg->others, items, len };

    SP_LIST_EACH(template, templates)
    {
        enum sp_rc rc = add_formatted(build, &fields, *template, &arg->pieces);
        if (rc)
            return rc;
    }
    return SP_OK;
}

static enum sp_rc format_one(struct sp_building *build, struct argument *arg, struct sp_value item)
{
    struct sp_value format = policy(build, arg->param, SP_POLICY_FORMAT);
    struct fields fields = { build, arg->others, &item, 1 };

    if (format.kind != SP_NULL)
        return add_formatted(build, &fields, format, &arg->pieces);
    struct sp_value known = shown(build->arena, arg->param, item);
    sp_list_add(build->arena, &arg->pieces, sp_text(sp_value_text(build->arena, known)));
    return SP_OK;
}

/* Value to texts. */
static enum sp_rc make_pieces(struct sp_building *build, struct argument *arg)
{
    struct sp_value by_list = policy(build, arg->param, SP_POLICY_FORMAT_LIST);
    struct sp_value by_scalar = policy(build, arg->param, SP_POLICY_FORMAT_LIST_SCALAR);
    const struct sp_list *elements = elements_of(build, arg);

    arg->is_list = elements || by_scalar.kind != SP_NULL;
    if (!elements)
        return by_scalar.kind != SP_NULL ? format_each(build, arg, by_scalar.list, &arg->value, 1)
                                         : format_one(build, arg, arg->value);
    if (by_list.kind != SP_NULL)
        return format_each(build, arg, by_list.list, elements->items, elements->len);
    SP_LIST_EACH(item, elements)
    {
        enum sp_rc rc = format_one(build, arg, *item);
        if (rc)
            return rc;
    }
    return SP_OK;
}

/* --- words -------------------------------------------------------------------------------- */

/* Name and value of an option in one word or two; a positional is its value alone. */
static void add_pair(struct sp_building *build, const struct argument *arg, struct sp_str value)
{
    struct sp_str name = option_name(build, arg->param);

    if (has_policy(build, arg->param, SP_POLICY_KEY_VALUE)) {
        sp_building_add(build, sp_arena_join(build->arena, name, "=", value));
        return;
    }
    sp_building_add(build, name);
    sp_building_add(build, value);
}

static struct sp_str join(struct sp_arena *arena,
                          const struct sp_list *pieces,
                          struct sp_str separator,
                          bool brackets)
{
    sp_auto_buf struct sp_buf out = SP_BUF(WORD_MAX);

    if (brackets)
        sp_buf_addc(&out, '[');
    SP_LIST_EACH(piece, pieces)
    {
        if (piece != pieces->items)
            sp_buf_add(&out, separator);
        sp_buf_add(&out, piece->text);
    }
    if (brackets)
        sp_buf_addc(&out, ']');
    return sp_arena_str(arena, sp_buf_str(&out));
}

static enum sp_rc refuse_repeat(struct sp_building *build,
                                const struct argument *arg,
                                const char *repeat)
{
    return sp_fail(build->err, SP_INVALID,
                   "parameter '" SP_STR_FMT
                   "': repeat policy '%s' cannot be combined with key_value",
                   SP_STR_ARG(arg->param->name), repeat);
}

static void add_all(struct sp_building *build, const struct argument *arg)
{
    SP_LIST_EACH(piece, &arg->pieces)
    sp_building_add(build, piece->text);
}

static void add_repeated(struct sp_building *build, const struct argument *arg)
{
    SP_LIST_EACH(piece, &arg->pieces)
    add_pair(build, arg, piece->text);
}

/* A list, the way `repeat` says. */
static enum sp_rc add_list(struct sp_building *build, const struct argument *arg, bool positional)
{
    struct sp_value written = policy(build, arg->param, SP_POLICY_REPEAT);
    bool key_value = !positional && has_policy(build, arg->param, SP_POLICY_KEY_VALUE);

    if (written.kind == SP_NULL)
        return sp_fail(
            build->err, SP_INVALID,
            "list-type parameter '" SP_STR_FMT
            "' does not have a repeat policy set; give it one, such as policies: {repeat: list}",
            SP_STR_ARG(arg->param->name));
    struct sp_str repeat = sp_value_text(build->arena, written);
    bool as_words = sp_str_is(repeat, "list");
    if (as_words || sp_str_is(repeat, "repeat")) {
        if (key_value)
            return refuse_repeat(build, arg, as_words ? "list" : "repeat");
        if (!positional && !as_words) {
            add_repeated(build, arg);
            return SP_OK;
        }
        if (!positional)
            sp_building_add(build, option_name(build, arg->param));
        add_all(build, arg);
        return SP_OK;
    }
    bool brackets = sp_str_is(repeat, "[]");
    struct sp_str joined =
        join(build->arena, &arg->pieces, brackets ? SP_STR(",") : repeat, brackets);
    if (positional)
        sp_building_add(build, joined);
    else
        add_pair(build, arg, joined);
    return SP_OK;
}

/* What policy `negate` puts before the name of a false flag; empty: the policy does not apply. */
static struct sp_str negation_of(const struct sp_building *build, const struct argument *arg)
{
    struct sp_value negate = policy(build, arg->param, SP_POLICY_NEGATE);

    return negate.kind == SP_NULL ? SP_STR("") : sp_value_text(build->arena, negate);
}

/* Is the option there or not, rather than followed by a value? */
static bool is_flag(const struct sp_building *build, const struct argument *arg, bool positional)
{
    if (arg->value.kind != SP_BOOL)
        return false;
    if (sp_dtype_is(arg->param->dtype, "bool"))
        return true;
    return !positional && negation_of(build, arg).len > 0;
}

/* An option that is there or not, unless policies make it explicit. */
static void add_bool(struct sp_building *build, const struct argument *arg, bool positional)
{
    bool yes = sp_truth(arg->value);
    struct sp_value text =
        policy(build, arg->param, yes ? SP_POLICY_EXPLICIT_TRUE : SP_POLICY_EXPLICIT_FALSE);
    bool is_explicit = text.kind != SP_NULL;
    struct sp_str word =
        is_explicit ? sp_value_text(build->arena, text) : sp_value_text(build->arena, arg->value);

    if (positional) {
        if (yes || is_explicit)
            sp_building_add(build, sp_value_text(build->arena, arg->value));
    } else if (!yes && negation_of(build, arg).len) {
        sp_building_add(build, negated_name(build, arg->param, negation_of(build, arg)));
    } else if (is_explicit || has_policy(build, arg->param, SP_POLICY_KEY_VALUE)) {
        add_pair(build, arg, word);
    } else if (yes) {
        sp_building_add(build, option_name(build, arg->param));
    }
}

static enum sp_rc add_argument(struct sp_building *build,
                               const struct sp_passed *passed,
                               const struct sp_passed_list *others,
                               bool positional)
{
    struct argument arg = { .param = passed->param, .value = passed->value, .others = others };

    if (passed->value.kind == SP_NULL)
        return SP_OK;
    if (is_flag(build, &arg, positional)) {
        add_bool(build, &arg, positional);
        return SP_OK;
    }
    enum sp_rc rc = make_pieces(build, &arg);
    if (rc)
        return sp_err_wrap(build->err, "parameter '" SP_STR_FMT "'",
                           SP_STR_ARG(passed->param->name));
    if (arg.is_list)
        return add_list(build, &arg, positional);
    if (positional)
        sp_building_add(build, arg.pieces.items[0].text);
    else
        add_pair(build, &arg, arg.pieces.items[0].text);
    return SP_OK;
}

enum place {
    PLACE_HEAD,
    PLACE_OPTIONS,
    PLACE_TAIL,
    PLACE_COUNT
};

static enum place place_of(const struct sp_building *build, const struct sp_param *param)
{
    if (has_policy(build, param, SP_POLICY_POSITIONAL_HEAD))
        return PLACE_HEAD;
    return has_policy(build, param, SP_POLICY_POSITIONAL) ? PLACE_TAIL : PLACE_OPTIONS;
}

/* All parameters as one word: JSON, which every reader of YAML understands. */
static enum sp_rc build_yaml(struct sp_building *build)
{
    struct sp_dict *dict;
    sp_auto_buf struct sp_buf text = SP_BUF(WORD_MAX);
    enum sp_rc rc = sp_arguments_keywords(build, false, &dict);

    if (rc)
        return rc;
    sp_json_encode((struct sp_value){ .kind = SP_DICT, .dict = dict }, SP_JSON_COMPACT, &text);
    sp_building_add(build, sp_arena_str(build->arena, sp_buf_str(&text)));
    return SP_OK;
}

enum sp_rc sp_arguments_build(struct sp_building *build)
{
    struct sp_passed_list list;

    if (build->cab->pass_as_yaml)
        return build_yaml(build);
    enum sp_rc rc = sp_arguments_select(build, &list);
    for (unsigned place = PLACE_HEAD; rc == SP_OK && place < PLACE_COUNT; place++)
        for (size_t i = 0; rc == SP_OK && i < list.len; i++)
            if (place_of(build, list.items[i].param) == place)
                rc = add_argument(build, &list.items[i], &list, place != PLACE_OPTIONS);
    return rc;
}

/* --- keywords ----------------------------------------------------------------------------- */

struct sp_str sp_arguments_identifier(struct sp_arena *arena, struct sp_str name)
{
    struct sp_str dashed = replace_all(arena, name, SP_STR("-"), SP_STR("_"));

    return replace_all(arena, dashed, SP_STR("."), SP_STR("__"));
}

enum sp_rc sp_arguments_keywords(struct sp_building *build, bool identifiers, struct sp_dict **out)
{
    struct sp_passed_list list;
    struct sp_dict *dict = sp_dict_new(build->arena).dict;
    enum sp_rc rc = sp_arguments_select(build, &list);

    if (rc)
        return rc;
    for (size_t i = 0; i < list.len; i++) {
        const struct sp_param *param = list.items[i].param;
        struct sp_str name = param->nom_de_guerre.len ? param->nom_de_guerre : param->name;
        if (identifiers)
            name = sp_arguments_identifier(build->arena, name);
        sp_dict_set(build->arena, dict, name, list.items[i].value);
    }
    *out = dict;
    return SP_OK;
}
