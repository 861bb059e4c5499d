/* SPDX-License-Identifier: BSD-3-Clause */
#include "base/nearest.h"

#include "cli/command.h"
#include "cli/docview.h"
#include "cli/table.h"
#include "sys/tty.h"
#include "value/json.h"

#include <stdio.h>
#include <unistd.h>

#define WIDTH_MAX 120 /* longer lines are hard to read */

struct doc_args {
    struct sp_load_args load;
    bool list;
    bool names;
    bool steps;
    bool tags;
    bool required;
    bool implicit;
    bool obscure;
    bool all;
};

static const struct sp_option options[] = {
    SP_OPT_FLAG("h", "help", struct doc_args, load.help, "show this help"),
    SP_OPT_FLAG(NULL, "json", struct doc_args, load.json, "print one JSON document"),
    SP_OPT_FLAG("l", "list", struct doc_args, list, "list all recipes and cabs, a line each"),
    SP_OPT_FLAG(NULL,
                "names",
                struct doc_args,
                names,
                "list their names only (with --steps: those of steps), one a line"),
    SP_OPT_FLAG(NULL,
                "steps",
                struct doc_args,
                steps,
                "list the steps of recipes, also of nested ones, as --step takes them"),
    SP_OPT_FLAG(NULL,
                "tags",
                struct doc_args,
                tags,
                "list the tags of steps, as --tags takes them"),
    SP_OPT_GROUP("detail"),
    SP_OPT_FLAG("R", "required", struct doc_args, required, "only required parameters"),
    SP_OPT_FLAG("I", "implicit", struct doc_args, implicit, "implicit parameters too"),
    SP_OPT_FLAG("O", "obscure", struct doc_args, obscure, "obscure parameters too"),
    SP_OPT_FLAG("A", "all", struct doc_args, all, "all parameters"),
    SP_LOAD_OPTIONS_AS(NULL),
    SP_OPT_END,
};

/* What is to be shown. */
struct doc {
    struct sp_session *session;
    const struct doc_args *args;
    struct sp_list *patterns; /* words that are no files */
    struct sp_list *recipes;  /* names that were chosen */
    struct sp_list *cabs;
};

static enum sp_category detail_of(const struct doc_args *args)
{
    if (args->all)
        return SP_HIDDEN;
    if (args->obscure)
        return SP_OBSCURE;
    if (args->implicit)
        return SP_IMPLICIT;
    return args->required ? SP_REQUIRED : SP_OPTIONAL;
}

/* --- what there is ------------------------------------------------------------------------ */

static const struct sp_dict *section(const struct doc *doc, const char *path)
{
    const struct sp_value *value = sp_dict_walk(doc->session->config.root, sp_str_of(path));
    static const struct sp_dict none;

    return value && value->kind == SP_DICT ? value->dict : &none;
}

static bool is_listed(const struct sp_list *names, struct sp_str name)
{
    SP_LIST_EACH(known, names)
    if (sp_str_eq(known->text, name))
        return true;
    return false;
}

static bool add_matches(struct doc *doc,
                        const struct sp_dict *dict,
                        struct sp_str pattern,
                        struct sp_list *out)
{
    bool found = false;

    SP_DICT_EACH(entry, dict)
    {
        if (!sp_str_match(pattern, entry->key))
            continue;
        found = true;
        if (!is_listed(out, entry->key))
            sp_list_add(doc->session->arena, out, sp_text(entry->key));
    }
    return found;
}

/* The cabs that come with us need no file; those of a file come first. */
static void load_library(struct doc *doc, struct sp_str pattern)
{
    if (!sp_str_has_wildcard(pattern)) {
        (void)sp_session_add_library(doc->session, pattern);
        return;
    }
    SP_LIST_EACH(name, sp_session_library(doc->session))
    if (sp_str_match(pattern, name->text) && !sp_dict_find(section(doc, "cabs"), name->text))
        (void)sp_session_add_library(doc->session, name->text);
}

static enum sp_rc no_match(const struct doc *doc, struct sp_str pattern, struct sp_err *err)
{
    struct sp_nearest nearest = SP_NEAREST(pattern);
    const char *sections[] = { "lib.recipes", "cabs" };

    for (size_t i = 0; i < SP_COUNT(sections); i++)
        SP_DICT_EACH(entry, section(doc, sections[i]))
    sp_nearest_offer(&nearest, entry->key);
    SP_LIST_EACH(name, sp_session_library(doc->session))
    sp_nearest_offer(&nearest, name->text);
    return sp_nearest_fail(&nearest, "'-l' lists those there are", err, SP_NOT_FOUND,
                           "no recipe or cab matches '" SP_STR_FMT "'", SP_STR_ARG(pattern));
}

static enum sp_rc choose_matches(struct doc *doc, struct sp_err *err)
{
    bool has_files = doc->session->files->len > 0;

    SP_LIST_EACH(pattern, doc->patterns)
    {
        if (!has_files)
            load_library(doc, pattern->text);
        bool found = add_matches(doc, section(doc, "lib.recipes"), pattern->text, doc->recipes);
        found = add_matches(doc, section(doc, "cabs"), pattern->text, doc->cabs) || found;
        if (!found && has_files) {
            load_library(doc, pattern->text);
            found = add_matches(doc, section(doc, "cabs"), pattern->text, doc->cabs);
        }
        if (!found)
            return no_match(doc, pattern->text, err);
    }
    return SP_OK;
}

/* DEFAULT, else the only recipe, else the only cab. False: there is no such thing, list all. */
static bool choose_default(struct doc *doc)
{
    const struct sp_config *config = &doc->session->config;
    const struct sp_dict *cabs = section(doc, "cabs");
    struct sp_str name = config->default_name;

    if (!name.len && config->top_level->len == 1)
        name = config->top_level->items[0].text;
    if (name.len)
        return add_matches(doc, section(doc, "lib.recipes"), name, doc->recipes) ||
               add_matches(doc, cabs, name, doc->cabs);
    if (config->top_level->len || cabs->len != 1)
        return false;
    return add_matches(doc, cabs, cabs->entries[0].key, doc->cabs);
}

/* --- lists -------------------------------------------------------------------------------- */

static struct sp_str line_about(const struct sp_dict *dict, struct sp_str name)
{
    const struct sp_value *item = sp_dict_find(dict, name);
    const struct sp_value *info =
        item && item->kind == SP_DICT ? sp_dict_get(item->dict, "info") : NULL;
    struct sp_str text = info && sp_is_text(*info) ? sp_str_trim(info->text) : SP_STR("");

    return sp_str_cut(&text, '\n');
}

static void list_section(const struct doc *doc,
                         const char *title,
                         const struct sp_dict *dict,
                         const struct sp_list *names,
                         struct sp_buf *out)
{
    const struct sp_column columns[] = { { title, false }, { "", false } };
    sp_auto_table struct sp_table *table = sp_table_new(columns, SP_COUNT(columns));
    sp_auto_buf struct sp_buf line = SP_BUF(SP_BUF_LARGE);
    int width = sp_tty_is(STDOUT_FILENO) ? sp_tty_width(STDOUT_FILENO) : 0;

    if (!names->len)
        return;
    SP_LIST_EACH(name, names)
    {
        sp_buf_clear(&line);
        sp_prose_inline(line_about(dict, name->text), false, &line);
        sp_table_add(table, SP_STR_FMT, SP_STR_ARG(name->text));
        sp_table_add(table, "%s", line.ptr);
    }
    if (doc->args->names)
        SP_LIST_EACH(name, names)
    sp_buf_addf(out, SP_STR_FMT "\n", SP_STR_ARG(name->text));
    else sp_table_format(table, width, sp_tty_colour(STDOUT_FILENO), out);
}

static struct sp_value lines_value(struct sp_arena *arena,
                                   const struct sp_dict *dict,
                                   const struct sp_list *names)
{
    struct sp_value list = sp_list_new(arena);

    SP_LIST_EACH(name, names)
    {
        struct sp_value item = sp_dict_new(arena);
        sp_dict_set(arena, item.dict, SP_STR("name"), sp_text(name->text));
        sp_dict_set(arena, item.dict, SP_STR("info"), sp_text(line_about(dict, name->text)));
        sp_list_add(arena, list.list, item);
    }
    return list;
}

static void print_value(struct doc *doc, struct sp_value recipes, struct sp_value cabs)
{
    sp_auto_buf struct sp_buf text = SP_BUF(SP_BUF_LARGE);
    struct sp_value all = sp_dict_new(doc->session->arena);

    sp_dict_set(doc->session->arena, all.dict, SP_STR("recipes"), recipes);
    sp_dict_set(doc->session->arena, all.dict, SP_STR("cabs"), cabs);
    sp_json_encode(all, SP_JSON_PRETTY, &text);
    (void)printf("%s\n", text.ptr);
}

/* All there is, or what the patterns have chosen. */
static void show_list(struct doc *doc)
{
    const struct sp_dict *recipes = section(doc, "lib.recipes");
    sp_auto_buf struct sp_buf text = SP_BUF(SP_BUF_LARGE);

    if (!doc->patterns->len) {
        if (!doc->session->files->len)
            load_library(doc, SP_STR("*"));
        (void)add_matches(doc, recipes, SP_STR("*"), doc->recipes);
        (void)add_matches(doc, section(doc, "cabs"), SP_STR("*"), doc->cabs);
    }
    const struct sp_dict *cabs = section(doc, "cabs"); /* the library may have brought some */
    if (doc->args->load.json) {
        print_value(doc, lines_value(doc->session->arena, recipes, doc->recipes),
                    lines_value(doc->session->arena, cabs, doc->cabs));
        return;
    }
    list_section(doc, "recipe", recipes, doc->recipes, &text);
    if (text.len && doc->cabs->len && !doc->args->names)
        sp_buf_addc(&text, '\n');
    list_section(doc, "cab", cabs, doc->cabs, &text);
    if (!doc->args->names)
        sp_buf_addf(&text, "\n'spoor doc %sNAME' explains one of them.\n",
                    doc->session->files->len ? "FILE " : "");
    (void)fputs(text.ptr, stdout);
}

/* --- pages -------------------------------------------------------------------------------- */

static void show_recipe(struct doc *doc, struct sp_recipe *recipe, const struct sp_page *page)
{
    const struct doc_args *args = doc->args;

    if (!args->tags && !args->names && page->out->len)
        sp_buf_addc(page->out, '\n');
    if (args->tags)
        sp_doc_tags(recipe, page->out);
    else if (args->names)
        sp_doc_step_names(recipe, SP_STR(""), page->out);
    else if (args->steps)
        sp_doc_steps(recipe, page);
    else
        sp_doc_recipe(doc->session, recipe, detail_of(args), page);
}

static void show_pages(struct doc *doc)
{
    sp_auto_buf struct sp_buf text = SP_BUF(SP_BUF_LARGE);
    struct sp_session *session = doc->session;
    int width = sp_tty_width(STDOUT_FILENO);
    struct sp_page page = {
        .out = &text,
        .width = (size_t)SP_MIN(SP_MAX(width, 20), WIDTH_MAX),
        .colour = sp_tty_colour(STDOUT_FILENO),
    };

    SP_LIST_EACH(name, doc->recipes)
    {
        struct sp_recipe *recipe = sp_config_recipe(&session->config, name->text);
        if (recipe)
            show_recipe(doc, recipe, &page);
    }
    SP_LIST_EACH(name, doc->cabs)
    {
        const struct sp_cab *cab = sp_config_cab(&session->config, name->text);
        if (!cab || doc->args->steps || doc->args->tags)
            continue;
        sp_buf_adds(&text, text.len ? "\n" : "");
        sp_doc_cab(session, cab, detail_of(doc->args), &page);
    }
    (void)fputs(text.ptr, stdout);
}

static void show_json(struct doc *doc)
{
    struct sp_session *session = doc->session;
    struct sp_value recipes = sp_list_new(session->arena);
    struct sp_value cabs = sp_list_new(session->arena);

    SP_LIST_EACH(name, doc->recipes)
    {
        struct sp_recipe *recipe = sp_config_recipe(&session->config, name->text);
        if (recipe)
            sp_list_add(session->arena, recipes.list, sp_doc_recipe_value(session, recipe));
    }
    SP_LIST_EACH(name, doc->cabs)
    {
        const struct sp_cab *cab = sp_config_cab(&session->config, name->text);
        if (cab)
            sp_list_add(session->arena, cabs.list, sp_doc_cab_value(session, cab));
    }
    print_value(doc, recipes, cabs);
}

/* --- the command -------------------------------------------------------------------------- */

static enum sp_rc load_words(struct doc *doc, const struct sp_words *words, struct sp_err *err)
{
    enum sp_rc rc = SP_OK;

    for (size_t i = 0; i < words->len && rc == SP_OK; i++) {
        struct sp_str word = sp_str_of(words->items[i]);
        if (sp_session_is_file(word) || sp_str_find(word, '=') != SIZE_MAX)
            rc = sp_session_add_words(doc->session, &words->items[i], 1, err);
        else
            sp_list_add(doc->session->arena, doc->patterns, sp_text(word));
    }
    return rc;
}

static int show(const struct sp_cli_command *self, struct doc *doc, const struct sp_words *words)
{
    struct sp_err err = SP_ERR_INIT;
    bool list = doc->args->list || (doc->args->names && !doc->args->steps && !doc->args->tags);

    enum sp_rc rc = load_words(doc, words, &err);
    if (rc == SP_OK)
        rc = choose_matches(doc, &err);
    if (rc) {
        sp_show_findings(doc->session);
        return doc->session->diags.errors ? SP_EXIT_USAGE : sp_command_fault(self, &err);
    }
    list = list || (!doc->patterns->len && !choose_default(doc));
    if (list)
        show_list(doc);
    else if (doc->args->load.json)
        show_json(doc);
    else
        show_pages(doc);
    sp_show_findings(doc->session);
    return sp_findings_status(doc->session);
}

static int run_doc(const struct sp_cli_command *self, int argc, char **argv)
{
    struct doc_args args = { 0 };
    sp_auto_words struct sp_words words = { 0 };
    struct sp_session session = { 0 };

    int status = sp_command_parse(self, argc, argv, &args, &words);
    if (status < 0) {
        struct sp_session_options session_options = sp_load_args_session(&args.load);
        sp_session_init(&session, &session_options);
        struct doc doc = {
            .session = &session,
            .args = &args,
            .patterns = sp_list_new(session.arena).list,
            .recipes = sp_list_new(session.arena).list,
            .cabs = sp_list_new(session.arena).list,
        };
        status = show(self, &doc, &words);
        sp_session_fini(&session);
    }
    sp_load_args_fini(&args.load);
    return status;
}

const struct sp_cli_command sp_command_doc = {
    .usage = {
        .name = "spoor doc",
        .summary = "explain cabs and recipes: parameters, types, defaults, steps",
        .synopsis = "[OPTIONS] [FILE...] [PATTERN...]",
        .description = "A pattern is the name of a recipe or cab, or has wildcards: 'cas*'. Without "
                       "one: the default\nrecipe of the files, else their only recipe or cab, else "
                       "a list. Cabs of the library need no file;\nwithout arguments the library is "
                       "listed.",
        .options = options,
        .examples = "  spoor doc wsclean\n"
                    "      the parameters of the cab 'wsclean'\n"
                    "  spoor doc recipe.yml\n"
                    "      the inputs, outputs and steps of a recipe\n"
                    "  spoor doc -l recipe.yml\n"
                    "      the recipes and cabs in that file and in what it includes\n"
                    "  spoor doc --steps recipe.yml\n"
                    "      all steps, those of nested recipes included",
    },
    .run = run_doc,
};
