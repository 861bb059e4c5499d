/* SPDX-License-Identifier: BSD-3-Clause */
#include "cli/command.h"
#include "cli/table.h"
#include "sys/tty.h"

#include <stdio.h>
#include <unistd.h>

struct doc_args {
    struct sp_load_args load;
    bool required;
    bool implicit;
    bool obscure;
    bool all;
};

static const struct sp_option options[] = {
    SP_OPT_FLAG("h", "help", struct doc_args, load.help, "show this help"),
    SP_OPT_GROUP("detail"),
    SP_OPT_FLAG("R", "required", struct doc_args, required, "only required parameters"),
    SP_OPT_FLAG("M", "implicit", struct doc_args, implicit, "implicit parameters too"),
    SP_OPT_FLAG("O", "obscure", struct doc_args, obscure, "obscure parameters too"),
    SP_OPT_FLAG("A", "all", struct doc_args, all, "all parameters"),
    SP_LOAD_OPTIONS,
    SP_OPT_END,
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

/* Paragraphs of free text, wrapped. */
static void add_text(struct sp_buf *out, struct sp_str text, int indent, int width)
{
    for (struct sp_str rest = sp_str_trim(text); rest.ptr;) {
        struct sp_str line = sp_str_cut(&rest, '\n');
        sp_buf_add_repeat(out, ' ', (size_t)indent);
        sp_wrap(out, line, indent, width);
        sp_buf_addc(out, '\n');
    }
}

static void add_heading(struct sp_buf *out, bool colour, const char *kind, struct sp_str name)
{
    sp_buf_addf(out, "%s%s: " SP_STR_FMT "%s\n", colour ? "\033[1m" : "", kind, SP_STR_ARG(name),
                colour ? "\033[0m" : "");
}

static void add_extra(struct sp_buf *out, const struct sp_dict *extra, int width)
{
    if (!extra)
        return;
    SP_DICT_EACH(entry, extra)
    {
        sp_buf_addf(out, "\n" SP_STR_FMT ":\n", SP_STR_ARG(entry->key));
        if (sp_is_text(entry->value))
            add_text(out, entry->value.text, 2, width);
    }
}

static struct sp_str first_line(struct sp_str text)
{
    return sp_str_cut(&text, '\n');
}

static void describe_cab(const struct sp_cab *cab,
                         const struct doc_args *args,
                         bool colour,
                         int width,
                         struct sp_buf *out)
{
    add_heading(out, colour, "Cab", cab->name);
    add_text(out, cab->info, 2, width);
    struct sp_str command = first_line(cab->command);
    sp_buf_addf(out, "  command: " SP_STR_FMT "\n\n", SP_STR_ARG(command));
    sp_schema_describe(&cab->schema, detail_of(args), colour, width, out);
    add_extra(out, cab->extra_info, width);
}

static void add_steps(const struct sp_recipe *recipe, struct sp_buf *out)
{
    static const struct sp_column columns[] = {
        { "step", false },
        { "runs", false },
        { "", false },
    };
    sp_auto_table struct sp_table *table = sp_table_new(columns, SP_COUNT(columns));

    for (size_t i = 0; i < recipe->step_count; i++) {
        const struct sp_step *step = &recipe->steps[i];
        sp_table_add(table, "  " SP_STR_FMT, SP_STR_ARG(step->label));
        sp_table_add(table, SP_STR_FMT, SP_STR_ARG(step->target));
        sp_table_add(table, SP_STR_FMT, SP_STR_ARG(step->info));
    }
    sp_buf_addc(out, '\n');
    sp_table_format(table, 0, false, out);
}

/* With aliases and automatic parameters: what a person may set. */
static void describe_recipe(struct sp_session *session,
                            const struct doc_args *args,
                            bool colour,
                            int width,
                            struct sp_buf *out)
{
    struct sp_recipe *recipe = session->recipe;
    struct sp_diags ignored;
    struct sp_walk *walk = NULL;
    struct sp_err err = SP_ERR_INIT;

    /* What is missing or wrong is for `check` to say. */
    sp_diags_init(&ignored, session->arena, session->origins);
    struct sp_walk_options walk_options = {
        .config = &session->config,
        .world = &session->world,
        .diags = &ignored,
        .recipe = recipe,
        .params = session->params,
        .dry = true,
    };
    enum sp_rc rc = sp_walk_new(&walk_options, &walk, &err);
    add_heading(out, colour, "Recipe", recipe->title);
    add_text(out, recipe->info, 2, width);
    sp_buf_addc(out, '\n');
    /* With errors there is a walk all the same, if not with all parameters. */
    const struct sp_schema *schema = rc == SP_OK || walk ? sp_walk_schema(walk) : &recipe->schema;
    sp_schema_describe(schema, detail_of(args), colour, width, out);
    if (recipe->loop.present)
        sp_buf_addf(out, "\n  loops over '" SP_STR_FMT "'\n", SP_STR_ARG(recipe->loop.var));
    add_steps(recipe, out);
    add_extra(out, recipe->extra_info, width);
    sp_walk_free(walk);
    sp_diags_fini(&ignored);
}

/* Without words: what the library has. */
static int list_library(struct doc_args *args)
{
    static const struct sp_column columns[] = { { "cab", false }, { "", false } };
    sp_auto_table struct sp_table *table = sp_table_new(columns, SP_COUNT(columns));
    sp_auto_buf struct sp_buf text = SP_BUF(SP_BUF_LARGE);
    struct sp_session session;
    struct sp_session_options session_options = { .no_system_config = args->load.no_system_config };

    sp_session_init(&session, &session_options);
    SP_LIST_EACH(name, sp_session_library(&session))
    (void)sp_session_add_library(&session, name->text);
    const struct sp_value *cabs = sp_dict_get(session.config.root, "cabs");
    if (cabs && cabs->kind == SP_DICT)
        SP_DICT_EACH(entry, cabs->dict)
        {
            const struct sp_value *info =
                entry->value.kind == SP_DICT ? sp_dict_get(entry->value.dict, "info") : NULL;
            struct sp_str line = first_line(info && sp_is_text(*info) ? info->text : SP_STR(""));
            sp_table_add(table, SP_STR_FMT, SP_STR_ARG(entry->key));
            sp_table_add(table, SP_STR_FMT, SP_STR_ARG(line));
        }
    sp_table_format(table, sp_tty_is(STDOUT_FILENO) ? sp_tty_width(STDOUT_FILENO) : 0,
                    sp_tty_colour(STDOUT_FILENO), &text);
    (void)printf("%s\n'spoor doc CAB' explains one of them.\n", text.ptr);
    sp_show_findings(&session);
    sp_session_fini(&session);
    return SP_EXIT_DONE;
}

static int describe(struct sp_session *session, const struct doc_args *args)
{
    sp_auto_buf struct sp_buf text = SP_BUF(SP_BUF_LARGE);
    bool colour = sp_tty_colour(STDOUT_FILENO);
    int width = SP_MIN(sp_tty_width(STDOUT_FILENO), 110);

    if (session->cab)
        describe_cab(session->cab, args, colour, width, &text);
    else
        describe_recipe(session, args, colour, width, &text);
    (void)fputs(text.ptr, stdout);
    sp_show_findings(session);
    return session->diags.errors ? SP_EXIT_FAILED : SP_EXIT_DONE;
}

static int run_doc(const struct sp_cli_command *self, int argc, char **argv)
{
    struct doc_args args = { 0 };
    sp_auto_words struct sp_words words = { 0 };
    struct sp_session session = { 0 };

    int status = sp_command_parse(self, argc, argv, &args, &words);
    if (status < 0 && words.len == 0) {
        status = list_library(&args);
    } else if (status < 0) {
        status = sp_command_load(self, &args.load, &words, &session);
        if (status < 0)
            status = describe(&session, &args);
        sp_session_fini(&session);
    }
    sp_load_args_fini(&args.load);
    return status;
}

const struct sp_cli_command sp_command_doc = {
    .usage = {
        .name = "spoor doc",
        .summary = "explain a cab or a recipe: its parameters, types, defaults",
        .synopsis = "[OPTIONS] [FILE...] [CAB|RECIPE]",
        .description = "Cabs of the library need no file. Without arguments the library is listed.",
        .options = options,
        .examples = "  spoor doc wsclean\n"
                    "      the parameters of the cab 'wsclean'\n"
                    "  spoor doc recipe.yml\n"
                    "      the inputs, outputs and steps of a recipe",
    },
    .run = run_doc,
};
