/* SPDX-License-Identifier: BSD-3-Clause */
#include "recipe/describe.h"

#include "value/text.h"

#define INDENT     ((size_t)4)
#define INFO_MIN   30  /* columns; with fewer, information stands below the name */
#define STACKED_AT 8   /* where it then begins */
#define BRIEF_MAX  200 /* bytes of a default */
#define PLAIN      "\033[0m"

static void styled(const struct sp_page *page, const char *style, struct sp_str text)
{
    if (page->colour)
        sp_buf_addf(page->out, "\033[%sm", style);
    sp_prose_plain(text, page->out);
    if (page->colour)
        sp_buf_adds(page->out, PLAIN);
}

void sp_heading_describe(const char *title, const struct sp_page *page)
{
    sp_buf_adds(page->out, "\n  ");
    styled(page, "1", sp_str_of(title));
    sp_buf_addc(page->out, '\n');
}

/* --- one parameter ------------------------------------------------------------------------ */

static struct sp_value default_of(const struct sp_description *what, const struct sp_param *param)
{
    const struct sp_value *given =
        what->defaults ? sp_dict_find(what->defaults, param->name) : NULL;

    if (given)
        return *given;
    return param->has_default ? param->default_value : sp_unset();
}

static void add_attribute(struct sp_buf *out, const char *label, struct sp_value value)
{
    sp_auto_buf struct sp_buf text = SP_BUF(SP_BUF_SMALL);

    if (sp_is_text(value) && !sp_str_trim(value.text).len)
        sp_value_repr(value, &text);
    else
        sp_value_brief(value, BRIEF_MAX, &text);
    sp_buf_addf(out, "%s%s: ", out->len ? "; " : "", label);
    sp_prose_plain(sp_buf_str(&text), out);
}

static void add_choices(struct sp_buf *out, const char *label, const struct sp_list *choices)
{
    sp_auto_buf struct sp_buf text = SP_BUF(SP_BUF_SMALL);

    if (!choices)
        return;
    for (size_t i = 0; i < choices->len; i++) {
        sp_buf_adds(&text, i ? ", " : "");
        sp_value_str(choices->items[i], &text);
    }
    sp_buf_addf(out, "%s%s: ", out->len ? "; " : "", label);
    sp_prose_plain(sp_buf_str(&text), out);
}

static void add_attributes(const struct sp_description *what,
                           const struct sp_param *param,
                           struct sp_buf *out)
{
    struct sp_value otherwise = default_of(what, param);

    if (param->has_implicit)
        add_attribute(out, "implicit", param->implicit);
    else if (otherwise.kind != SP_UNSET)
        add_attribute(out, "default", otherwise);
    add_choices(out, "choices", param->choices);
    add_choices(out, "elements", param->element_choices);
    if (param->writable)
        sp_buf_addf(out, "%schanged in place", out->len ? "; " : "");
}

static void describe_param(const struct sp_description *what,
                           const struct sp_param *param,
                           const struct sp_columns *columns,
                           const struct sp_page *page)
{
    sp_auto_buf struct sp_buf info = SP_BUF(SP_BUF_LARGE);
    sp_auto_buf struct sp_buf attributes = SP_BUF(SP_BUF_LARGE);

    sp_prose_inline(sp_str_trim(param->info), page->colour, &info);
    add_attributes(what, param, &attributes);
    if (attributes.len)
        sp_buf_addf(&info, "%s%s[%s]%s", info.len ? " " : "", page->colour ? "\033[2m" : "",
                    attributes.ptr, page->colour ? PLAIN : "");
    sp_row_describe(columns, param->name, param->dtype_text, sp_buf_str(&info), page);
}

/* --- tables ------------------------------------------------------------------------------- */

struct sp_columns sp_columns_for(size_t name, size_t second, const struct sp_page *page)
{
    struct sp_columns columns;

    name = SP_MIN(name, SP_MAX(page->width / 4, (size_t)16));
    second = SP_MIN(second, SP_MAX(page->width / 5, (size_t)12));
    columns.second = INDENT + name + 2;
    columns.info = columns.second + second + 2;
    if (columns.info + INFO_MIN > page->width)
        columns.info = STACKED_AT;
    return columns;
}

void sp_row_describe(const struct sp_columns *columns,
                     struct sp_str name,
                     struct sp_str second,
                     struct sp_str info,
                     const struct sp_page *page)
{
    size_t end = INDENT + sp_prose_width(name);
    size_t start = SP_MAX(columns->second, end + 2);
    size_t at = second.len ? start + sp_prose_width(second) : end;
    bool stacked = columns->info == STACKED_AT || at + 2 > columns->info;

    sp_buf_add_repeat(page->out, ' ', INDENT);
    styled(page, "1", name);
    if (second.len) {
        sp_buf_add_repeat(page->out, ' ', start - end);
        styled(page, "2", second);
    }
    if (!info.len || stacked)
        sp_buf_addc(page->out, '\n');
    if (!info.len)
        return;
    sp_buf_add_repeat(page->out, ' ', stacked ? columns->info : columns->info - at);
    sp_prose_fill(page, columns->info, columns->info, info);
}

static bool is_in(const struct sp_param *param, enum sp_category category, bool outputs)
{
    return param->category == category && param->is_output == outputs;
}

static struct sp_columns measure(const struct sp_description *what,
                                 enum sp_category category,
                                 bool outputs,
                                 const struct sp_page *page)
{
    size_t name = 0;
    size_t dtype = 0;

    SP_MAP_EACH (entry, &what->schema->params) {
        const struct sp_param *param = entry->value;
        if (!is_in(param, category, outputs))
            continue;
        name = SP_MAX(name, sp_prose_width(param->name));
        dtype = SP_MAX(dtype, sp_prose_width(param->dtype_text));
    }
    return sp_columns_for(name, dtype, page);
}

static size_t count(const struct sp_description *what, enum sp_category category, bool outputs)
{
    size_t found = 0;

    SP_MAP_EACH (entry, &what->schema->params)
        found += is_in(entry->value, category, outputs);
    return found;
}

static void describe_table(const struct sp_description *what,
                           enum sp_category category,
                           bool outputs,
                           const struct sp_page *page)
{
    size_t found = count(what, category, outputs);
    const char *kind = outputs ? "outputs" : "inputs";
    sp_auto_buf struct sp_buf title = SP_BUF(SP_BUF_SMALL);

    if (!found || (category == SP_HIDDEN && what->detail < SP_HIDDEN))
        return; /* hidden means hidden */
    if (category > what->detail) {
        sp_buf_addf(page->out, "\n  %s%s %s: omitting %zu%s\n", page->colour ? "\033[2m" : "",
                    sp_category_name(category), kind, found, page->colour ? PLAIN : "");
        return;
    }
    sp_buf_addf(&title, "%s %s:", sp_category_name(category), kind);
    sp_heading_describe(title.ptr, page);
    struct sp_columns columns = measure(what, category, outputs, page);
    SP_MAP_EACH (entry, &what->schema->params)
        if (is_in(entry->value, category, outputs))
            describe_param(what, entry->value, &columns, page);
}

/* --- further sections --------------------------------------------------------------------- */

static bool ends_in(struct sp_str title, const char *word)
{
    size_t len = strlen(word);

    return title.len >= len &&
           sp_str_is_nocase(sp_str_slice(title, title.len - len, title.len), word);
}

static void describe_extra(const struct sp_description *what,
                           const char *kind, /* NULL: neither */
                           const struct sp_page *page)
{
    sp_auto_buf struct sp_buf text = SP_BUF(SP_BUF_LARGE);

    if (!what->extra_info)
        return;
    SP_DICT_EACH(entry, what->extra_info)
    {
        bool wanted = kind ? ends_in(entry->key, kind)
                           : !ends_in(entry->key, "inputs") && !ends_in(entry->key, "outputs");
        if (!wanted || entry->value.kind == SP_NULL)
            continue;
        sp_buf_clear(&text);
        sp_prose_plain(entry->key, &text);
        sp_buf_addc(&text, ':');
        sp_heading_describe(text.ptr, page);
        sp_buf_clear(&text);
        sp_value_str(entry->value, &text);
        sp_prose(page, INDENT, sp_buf_str(&text));
    }
}

void sp_extra_describe(const struct sp_description *what, const struct sp_page *page)
{
    describe_extra(what, NULL, page);
}

void sp_schema_describe(const struct sp_description *what, const struct sp_page *page)
{
    for (int outputs = 0; outputs < 2; outputs++) {
        describe_extra(what, outputs ? "outputs" : "inputs", page);
        for (unsigned category = 0; category < SP_CATEGORIES; category++)
            describe_table(what, category, outputs, page);
    }
}

/* --- as a value --------------------------------------------------------------------------- */

static void put_list(struct sp_arena *arena,
                     struct sp_value dict,
                     const char *key,
                     const struct sp_list *list)
{
    struct sp_value copy = sp_list_new(arena);

    if (!list)
        return;
    SP_LIST_EACH(item, list)
    sp_list_add(arena, copy.list, *item);
    sp_dict_put(arena, dict.dict, key, copy);
}

static struct sp_value param_value(struct sp_arena *arena,
                                   const struct sp_description *what,
                                   const struct sp_param *param)
{
    struct sp_value dict = sp_dict_new(arena);
    struct sp_value otherwise = default_of(what, param);

    sp_dict_put(arena, dict.dict, "dtype", sp_text(param->dtype_text));
    sp_dict_put(arena, dict.dict, "category",
                sp_text(sp_str_of(sp_category_name(param->category))));
    sp_dict_put(arena, dict.dict, "required", sp_bool(param->category == SP_REQUIRED));
    sp_dict_put_text(arena, dict.dict, "info", param->info);
    if (otherwise.kind != SP_UNSET)
        sp_dict_put(arena, dict.dict, "default", otherwise);
    if (param->has_implicit)
        sp_dict_put(arena, dict.dict, "implicit", param->implicit);
    put_list(arena, dict, "choices", param->choices);
    put_list(arena, dict, "element_choices", param->element_choices);
    put_list(arena, dict, "aliases", param->aliases);
    if (param->writable)
        sp_dict_put(arena, dict.dict, "writable", sp_bool(true));
    if (param->must_exist != SP_UNDECIDED)
        sp_dict_put(arena, dict.dict, "must_exist", sp_bool(param->must_exist == SP_YES));
    sp_dict_put_text(arena, dict.dict, "nom_de_guerre", param->nom_de_guerre);
    sp_dict_put_text(arena, dict.dict, "metavar", param->metavar);
    sp_dict_put_text(arena, dict.dict, "abbreviation", param->abbreviation);
    return dict;
}

struct sp_value sp_schema_value(struct sp_arena *arena,
                                const struct sp_description *what,
                                bool outputs)
{
    struct sp_value dict = sp_dict_new(arena);

    SP_MAP_EACH (entry, &what->schema->params) {
        const struct sp_param *param = entry->value;
        if (param->is_output == outputs)
            sp_dict_set(arena, dict.dict, param->name, param_value(arena, what, param));
    }
    return dict;
}
