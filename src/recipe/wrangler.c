/* SPDX-License-Identifier: BSD-3-Clause */
#include "recipe/wrangler.h"

#include "base/nearest.h"

#include "recipe/dtype.h"
#include "recipe/regex.h"
#include "recipe/template.h"
#include "recipe/words.h"
#include "recipe/yaml_value.h"
#include "value/json.h"
#include "value/text.h"

#define HIGHLIGHTS_MAX 100 /* of one line */

struct action_type;
struct conversion;

struct action {
    const struct action_type *type;
    struct sp_str text;      /* behind the colon */
    enum sp_log_level level; /* SEVERITY */
    size_t group;            /* PARSE_OUTPUT */
    struct sp_str name;      /* PARSE_OUTPUT: of the output */
    const struct conversion *conversion;
};

struct rule {
    struct sp_str pattern;
    struct sp_regex *regex;
    struct action *actions;
    size_t action_count;
};

struct sp_wranglers {
    struct rule *rules;
    size_t rule_count;
};

/* One rule that matched one line. */
struct hit {
    const struct rule *rule;
    const struct action *action;
    const struct sp_match *match;
    struct sp_verdict *verdict;
    struct sp_wrangled *line;
};

/* --- values from text --------------------------------------------------------------------- */

typedef bool (*convert_fn)(struct sp_arena *arena, struct sp_str text, struct sp_value *out);

static bool convert_by_dtype(struct sp_arena *arena,
                             const char *name,
                             struct sp_str text,
                             struct sp_value *out)
{
    const struct sp_dtype *dtype;
    struct sp_err err = SP_ERR_INIT;

    return sp_dtype_parse(arena, sp_str_of(name), &dtype, &err) == SP_OK &&
           sp_dtype_coerce(arena, dtype, sp_text(text), out, &err) == SP_OK;
}

static bool to_str(struct sp_arena *arena, struct sp_str text, struct sp_value *out)
{
    (void)arena;
    *out = sp_text(text);
    return true;
}

/* Python's bool(text): anything but the empty text. */
static bool to_bool(struct sp_arena *arena, struct sp_str text, struct sp_value *out)
{
    (void)arena;
    *out = sp_bool(text.len > 0);
    return true;
}

static bool to_int(struct sp_arena *arena, struct sp_str text, struct sp_value *out)
{
    return sp_str_find(text, '.') == SIZE_MAX && convert_by_dtype(arena, "int", text, out);
}

static bool to_float(struct sp_arena *arena, struct sp_str text, struct sp_value *out)
{
    return convert_by_dtype(arena, "float", text, out);
}

static bool to_complex(struct sp_arena *arena, struct sp_str text, struct sp_value *out)
{
    return convert_by_dtype(arena, "complex", text, out);
}

static bool to_json(struct sp_arena *arena, struct sp_str text, struct sp_value *out)
{
    struct sp_err err = SP_ERR_INIT;

    return sp_json_decode(arena, text, out, &err) == SP_OK;
}

static bool to_yaml(struct sp_arena *arena, struct sp_str text, struct sp_value *out)
{
    return sp_yaml_value(arena, text, 0, out);
}

static const struct conversion {
    const char *name;
    convert_fn convert;
} conversions[] = {
    { "str", to_str },     { "bool", to_bool },       { "int", to_int },
    { "float", to_float }, { "complex", to_complex }, { "json", to_json },
    { "JSON", to_json },   { "yaml", to_yaml },       { "YAML", to_yaml },
};

/* --- what actions do ---------------------------------------------------------------------- */

static void raise_level(struct sp_wrangled *line, enum sp_log_level level)
{
    line->level = SP_MAX(line->level, level);
}

static void add_text(struct sp_verdict *verdict, struct sp_list **list, struct sp_str text)
{
    if (!*list)
        *list = sp_list_new(verdict->arena).list;
    sp_list_add(verdict->arena, *list, sp_text(sp_arena_str(verdict->arena, text)));
}

static void declare_failure(struct sp_verdict *verdict, struct sp_str why)
{
    verdict->declared = -1;
    add_text(verdict, &verdict->errors, why);
}

static void set_output(struct sp_verdict *verdict, struct sp_str name, struct sp_value value)
{
    if (!verdict->outputs)
        verdict->outputs = sp_dict_new(verdict->arena).dict;
    sp_dict_set(verdict->arena, verdict->outputs, sp_arena_str(verdict->arena, name),
                sp_value_copy(verdict->arena, value));
}

static bool find_group(void *arg, struct sp_str name, struct sp_value *out)
{
    const struct hit *hit = arg;
    size_t number = sp_regex_group(hit->rule->regex, name);

    if (number == SIZE_MAX)
        return false;
    *out = sp_text(sp_match_group(hit->match, number));
    return true;
}

/* The text of WARNING and ERROR; one that is no template is shown as it stands. */
static struct sp_str fill_in(const struct hit *hit, struct sp_str text)
{
    sp_auto_buf struct sp_buf out = SP_BUF(SP_BUF_SMALL);
    struct sp_err err = SP_ERR_INIT;
    struct hit groups = *hit;

    if (sp_template_format(text, find_group, &groups, &out, &err))
        return text;
    return sp_arena_str(hit->verdict->arena, sp_buf_str(&out));
}

static void do_replace(const struct hit *hit)
{
    sp_auto_buf struct sp_buf out = SP_BUF(SP_BUF_LARGE);
    struct sp_err err = SP_ERR_INIT;

    if (sp_regex_replace(hit->rule->regex, hit->line->text, hit->action->text, &out, &err) == SP_OK)
        hit->line->text = sp_arena_str(hit->verdict->arena, sp_buf_str(&out));
}

static void do_highlight(const struct hit *hit)
{
    hit->line->highlighted = true;
}

static void do_severity(const struct hit *hit)
{
    raise_level(hit->line, hit->action->level);
}

static void do_suppress(const struct hit *hit)
{
    hit->line->suppressed = true;
}

static void do_warning(const struct hit *hit)
{
    raise_level(hit->line, SP_LOG_WARNING);
    add_text(hit->verdict, &hit->verdict->warnings, fill_in(hit, hit->action->text));
}

static void do_error(const struct hit *hit)
{
    struct sp_str why =
        hit->action->text.len
            ? fill_in(hit, hit->action->text)
            : sp_arena_printf(hit->verdict->arena,
                              "cab marked as failed based on encountering '" SP_STR_FMT
                              "' in output",
                              SP_STR_ARG(hit->rule->pattern));

    raise_level(hit->line, SP_LOG_ERROR);
    hit->line->marks_failure = true;
    declare_failure(hit->verdict, why);
}

static void do_declare_success(const struct hit *hit)
{
    hit->line->marks_success = true;
    if (hit->verdict->declared == 0)
        hit->verdict->declared = 1;
}

static void fail_conversion(const struct hit *hit, struct sp_str text, const char *type)
{
    sp_auto_buf struct sp_buf brief = SP_BUF(SP_BUF_SMALL);

    sp_value_brief(sp_text(text), 80, &brief);
    raise_level(hit->line, SP_LOG_ERROR);
    declare_failure(hit->verdict,
                    sp_arena_printf(hit->verdict->arena,
                                    "output matching '" SP_STR_FMT "': '%s' is not %s",
                                    SP_STR_ARG(hit->rule->pattern), brief.ptr, type));
}

static bool took_part(const struct hit *hit, size_t group)
{
    return group < hit->match->count && hit->match->groups[group].start != SIZE_MAX;
}

static void do_parse_output(const struct hit *hit)
{
    const struct action *action = hit->action;
    struct sp_str text = sp_match_group(hit->match, action->group);
    struct sp_value value;

    if (!took_part(hit, action->group))
        return;
    if (action->conversion->convert(hit->verdict->arena, text, &value))
        set_output(hit->verdict, action->name, value);
    else
        fail_conversion(hit, text, action->conversion->name);
}

static void do_parse_json_outputs(const struct hit *hit)
{
    for (size_t i = 1; i < hit->match->count; i++) {
        struct sp_str name = sp_regex_group_name(hit->rule->regex, i);
        struct sp_str text = sp_match_group(hit->match, i);
        struct sp_value value;
        if (!name.len || !took_part(hit, i))
            continue;
        if (to_json(hit->verdict->arena, text, &value))
            set_output(hit->verdict, name, value);
        else
            fail_conversion(hit, text, "JSON");
    }
}

static void do_parse_json_output_dict(const struct hit *hit)
{
    struct sp_str text = sp_match_group(hit->match, 1);
    struct sp_value value;

    if (!to_json(hit->verdict->arena, text, &value) || value.kind != SP_DICT) {
        fail_conversion(hit, text, "a JSON object");
        return;
    }
    SP_DICT_EACH(entry, value.dict)
    set_output(hit->verdict, entry->key, entry->value);
}

/* --- reading actions ---------------------------------------------------------------------- */

struct loader {
    struct sp_arena *arena;
    struct sp_diags *diags;
    const struct rule *rule;
    uint32_t origin;
};

static bool refuse(struct loader *loader, struct sp_str action, const char *why)
{
    sp_diag_error(loader->diags, SP_DIAG_WRANGLER, loader->origin,
                  "'" SP_STR_FMT "' is not a valid wrangler specifier: %s", SP_STR_ARG(action),
                  why);
    return false;
}

struct action_type {
    const char *name;
    bool (*load)(struct loader *loader, struct action *action);
    void (*apply)(const struct hit *hit);
};

static bool load_nothing(struct loader *loader, struct action *action)
{
    return !action->text.ptr || refuse(loader, action->text, "nothing can follow the action");
}

static bool load_text(struct loader *loader, struct action *action)
{
    (void)loader;
    (void)action;
    return true;
}

static bool load_replace(struct loader *loader, struct action *action)
{
    sp_auto_buf struct sp_buf unused = SP_BUF(SP_BUF_SMALL);
    struct sp_err err = SP_ERR_INIT;

    if (!action->text.ptr)
        return refuse(loader, sp_str_of(action->type->name), "write REPLACE:text");
    return !sp_regex_replace(loader->rule->regex, SP_STR(""), action->text, &unused, &err) ||
           refuse(loader, action->text, err.text);
}

static bool load_needed_text(struct loader *loader, struct action *action)
{
    return action->text.len ||
           refuse(loader, sp_str_of(action->type->name), "it needs a colon and a text");
}

static bool load_severity(struct loader *loader, struct action *action)
{
    static const struct {
        const char *name;
        enum sp_log_level level;
    } levels[] = {
        { "DEBUG", SP_LOG_DEBUG }, { "INFO", SP_LOG_INFO },         { "WARNING", SP_LOG_WARNING },
        { "ERROR", SP_LOG_ERROR }, { "CRITICAL", SP_LOG_CRITICAL }, { "FATAL", SP_LOG_CRITICAL },
    };

    for (size_t i = 0; i < SP_COUNT(levels); i++)
        if (sp_str_is(action->text, levels[i].name)) {
            action->level = levels[i].level;
            return true;
        }
    return refuse(loader, action->text, "the severities are DEBUG INFO WARNING ERROR CRITICAL");
}

/* [name:]group:type */
static bool load_parse_output(struct loader *loader, struct action *action)
{
    size_t colon = sp_str_rfind(action->text, ':');
    struct sp_str whole = action->text;

    if (colon == SIZE_MAX)
        return refuse(loader, whole,
                      "write PARSE_OUTPUT:group:type or PARSE_OUTPUT:name:group:type");
    struct sp_str type = sp_str_slice(whole, colon + 1, whole.len);
    struct sp_str group = sp_str_slice(whole, 0, colon);
    size_t first = sp_str_find(group, ':');
    action->name = sp_str_slice(group, 0, first);
    if (first != SIZE_MAX)
        group = sp_str_slice(group, first + 1, group.len);
    action->group = sp_regex_group(loader->rule->regex, group);
    if (action->group == SIZE_MAX)
        return refuse(loader, whole, "the regular expression has no such group");
    for (size_t i = 0; i < SP_COUNT(conversions); i++)
        if (sp_str_is(type, conversions[i].name))
            action->conversion = &conversions[i];
    return action->conversion ||
           refuse(loader, whole, "the types are str bool int float complex json yaml");
}

static bool load_first_group(struct loader *loader, struct action *action)
{
    return load_nothing(loader, action) &&
           (sp_regex_group(loader->rule->regex, SP_STR("1")) != SIZE_MAX ||
            refuse(loader, SP_STR("PARSE_JSON_OUTPUT_DICT"),
                   "the regular expression has no group"));
}

static const struct action_type action_types[] = {
    { "REPLACE", load_replace, do_replace },
    { "HIGHLIGHT", load_needed_text, do_highlight },
    { "SEVERITY", load_severity, do_severity },
    { "SUPPRESS", load_nothing, do_suppress },
    { "WARNING", load_needed_text, do_warning },
    { "ERROR", load_text, do_error },
    { "DECLARE_SUCCESS", load_nothing, do_declare_success },
    { "PARSE_OUTPUT", load_parse_output, do_parse_output },
    { "PARSE_JSON_OUTPUTS", load_nothing, do_parse_json_outputs },
    { "PARSE_JSON_OUTPUT_DICT", load_first_group, do_parse_json_output_dict },
};

static bool load_action(struct loader *loader, struct sp_value value, struct action *out)
{
    if (!sp_is_text(value))
        return refuse(loader, sp_value_text(loader->arena, value), "an action is a text");
    size_t colon = sp_str_find(value.text, ':');
    struct sp_str name = sp_str_slice(value.text, 0, colon);
    struct sp_nearest nearest = SP_NEAREST(name);
    if (value.origin)
        loader->origin = value.origin;
    *out = (struct action){ 0 };
    if (colon != SIZE_MAX)
        out->text = sp_str_slice(value.text, colon + 1, value.text.len);
    for (size_t i = 0; i < SP_COUNT(action_types); i++) {
        if (sp_str_is(name, action_types[i].name)) {
            out->type = &action_types[i];
            return out->type->load(loader, out);
        }
        sp_nearest_offer(&nearest, sp_str_of(action_types[i].name));
    }
    (void)refuse(loader, value.text, "there is no such action");
    sp_diag_hint_nearest(loader->diags, &nearest);
    return false;
}

static void load_rule(struct loader *loader, const struct sp_dict_entry *entry, struct rule *rule)
{
    struct sp_list single = { .items = (struct sp_value[]){ entry->value }, .len = 1 };
    const struct sp_list *actions = sp_is_list(entry->value) ? entry->value.list : &single;
    struct sp_err err = SP_ERR_INIT;

    loader->rule = rule;
    loader->origin = entry->origin;
    rule->pattern = entry->key;
    rule->actions = SP_ARENA_NEW(loader->arena, struct action, actions->len);
    if (sp_regex_compile(loader->arena, entry->key, &rule->regex, &err)) {
        sp_diag_error(loader->diags, SP_DIAG_WRANGLER, entry->origin, "wrangler %s", err.text);
        return;
    }
    SP_LIST_EACH(action, actions)
    if (load_action(loader, *action, &rule->actions[rule->action_count]))
        rule->action_count++;
}

struct sp_wranglers *sp_wranglers_load(struct sp_arena *arena,
                                       const struct sp_dict *rules,
                                       struct sp_diags *diags)
{
    struct loader loader = { .arena = arena, .diags = diags };

    if (!rules || rules->len == 0)
        return NULL;
    struct sp_wranglers *wranglers = SP_ARENA_NEW(arena, struct sp_wranglers, 1);
    wranglers->rules = SP_ARENA_NEW(arena, struct rule, rules->len);
    SP_DICT_EACH(entry, rules)
    load_rule(&loader, entry, &wranglers->rules[wranglers->rule_count++]);
    return wranglers;
}

void sp_wranglers_free(struct sp_wranglers *wranglers)
{
    if (!wranglers)
        return;
    for (size_t i = 0; i < wranglers->rule_count; i++) {
        sp_regex_free(wranglers->rules[i].regex);
        wranglers->rules[i].regex = NULL;
    }
    wranglers->rule_count = 0;
}

/* --- one line ----------------------------------------------------------------------------- */

static void add_highlights(const struct rule *rule,
                           struct sp_str style,
                           struct sp_highlight *marks,
                           struct sp_wrangled *line)
{
    struct sp_match match;
    size_t from = 0;

    while (line->highlight_count < HIGHLIGHTS_MAX &&
           sp_regex_search(rule->regex, line->text, from, true, &match)) {
        from = match.groups[0].end;
        if (match.groups[0].start < match.groups[0].end)
            marks[line->highlight_count++] =
                (struct sp_highlight){ match.groups[0].start, from, style };
    }
}

/* On the final text, so that the marks fit it whatever was replaced. */
static void highlight(const struct sp_wranglers *wranglers,
                      struct sp_verdict *verdict,
                      struct sp_wrangled *line)
{
    struct sp_highlight marks[HIGHLIGHTS_MAX];

    for (size_t i = 0; i < wranglers->rule_count; i++) {
        const struct rule *rule = &wranglers->rules[i];
        for (size_t k = 0; rule->regex && k < rule->action_count; k++)
            if (rule->actions[k].type->apply == do_highlight)
                add_highlights(rule, rule->actions[k].text, marks, line);
    }
    struct sp_highlight *kept =
        SP_ARENA_NEW(verdict->arena, struct sp_highlight, line->highlight_count);
    memcpy(kept, marks, line->highlight_count * sizeof *kept);
    line->highlights = kept;
}

/* Once a cab; the line goes on as if the rule did not match. */
static void warn_given_up(const struct rule *rule, size_t length, struct sp_verdict *verdict)
{
    add_text(verdict, &verdict->warnings,
             sp_arena_printf(verdict->arena,
                             "wrangler '" SP_STR_FMT
                             "' was given up on a line of %zu bytes: it tries "
                             "too many ways to match; write it without repeats inside repeats",
                             SP_STR_ARG(rule->pattern), length));
}

void sp_wrangle(const struct sp_wranglers *wranglers,
                struct sp_str line,
                struct sp_verdict *verdict,
                struct sp_wrangled *out)
{
    *out = (struct sp_wrangled){ .text = line, .level = SP_LOG_INFO };
    if (!wranglers)
        return;
    for (size_t i = 0; i < wranglers->rule_count; i++) {
        const struct rule *rule = &wranglers->rules[i];
        struct sp_match match;
        struct hit hit = { .rule = rule, .match = &match, .verdict = verdict, .line = out };
        if (!rule->regex)
            continue;
        unsigned given_up = sp_regex_given_up(rule->regex);
        if (!sp_regex_search(rule->regex, out->text, 0, false, &match)) {
            if (given_up == 0 && sp_regex_given_up(rule->regex))
                warn_given_up(rule, out->text.len, verdict);
            continue;
        }
        for (size_t k = 0; k < rule->action_count; k++) {
            hit.action = &rule->actions[k];
            hit.action->type->apply(&hit);
        }
    }
    if (out->highlighted)
        highlight(wranglers, verdict, out);
}

const char *sp_wrangler_action_name(size_t i)
{
    return i < SP_COUNT(action_types) ? action_types[i].name : NULL;
}
