/* SPDX-License-Identifier: BSD-3-Clause */
#include "cli/command.h"

#include "base/nearest.h"

#include "cli/program.h"
#include "sys/tty.h"

#include <stdio.h>
#include <unistd.h>

/* clang-format off */
const struct sp_cli_command *const sp_commands[] = {
    &sp_command_run,
    &sp_command_check,
    &sp_command_plan,
    &sp_command_doc,
    &sp_command_image,
    &sp_command_image_build,
    &sp_command_runs,
    &sp_command_status,
    &sp_command_log,
    &sp_command_why,
    &sp_command_verify,
    &sp_command_audit,
    &sp_command_versions,
    &sp_command_restore,
    &sp_command_show,
    &sp_command_diff,
    &sp_command_rerun,
    &sp_command_export,
    &sp_command_clean,
    &sp_command_gc,
    &sp_command_fsck,
    &sp_command_pin,
    &sp_command_unpin,
    &sp_command_forget,
    &sp_command_config,
    &sp_command_doctor,
    &sp_command_completion,
    &sp_command_help,
    NULL,
};

/* clang-format on */

const char *sp_command_word(const struct sp_cli_command *command)
{
    return command->usage.name + strlen("spoor ");
}

const char *sp_command_part_word(const struct sp_cli_command *part)
{
    return strrchr(part->usage.name, ' ') + 1;
}

/* Append the name of a command as it was called: "spoor run", "stimela run". */
static void add_name(const struct sp_usage *usage, struct sp_buf *out)
{
    const char *program = sp_program()->name;
    const char *rest = usage->name + strlen("spoor");

    sp_buf_addf(out, "%s%s", program, rest);
}

void sp_command_show_help(const struct sp_usage *usage, FILE *stream)
{
    sp_auto_buf struct sp_buf name = SP_BUF(SP_BUF_SMALL);
    sp_auto_buf struct sp_buf text = SP_BUF(SP_BUF_SMALL);
    struct sp_usage shown = *usage;

    add_name(usage, &name);
    shown.name = name.ptr;
    sp_usage_help(&shown, sp_tty_width(fileno(stream)), &text);
    (void)fputs(text.ptr, stream);
}

static void show_parts(const struct sp_cli_command *self, FILE *stream)
{
    sp_command_show_help(&self->usage, stream);
    (void)fprintf(stream, "\ncommands:\n");
    for (size_t i = 0; self->parts[i]; i++)
        (void)fprintf(stream, "  %-12s %s\n", sp_command_part_word(self->parts[i]),
                      self->parts[i]->usage.summary);
}

int sp_command_run_part(const struct sp_cli_command *self, int argc, char **argv)
{
    const struct sp_cli_command *part;
    struct sp_err err = SP_ERR_INIT;
    bool help = false;
    int used = 0;

    if (sp_option_parse_front(self->usage.options, argc, argv, &help, &used, &err))
        return sp_command_fault(self, &err);
    if (help || used == argc) {
        show_parts(self, help ? stdout : stderr);
        return help ? SP_EXIT_DONE : SP_EXIT_USAGE;
    }
    if (sp_command_get_part(self, argv[used], &part, &err))
        return sp_command_fault(self, &err);
    return part->run(part, argc - used, argv + used);
}

int sp_command_fault(const struct sp_cli_command *self, const struct sp_err *err)
{
    sp_auto_buf struct sp_buf name = SP_BUF(SP_BUF_SMALL);

    add_name(&self->usage, &name);
    (void)fprintf(stderr, "%s: %s\nTry '%s --help'.\n", name.ptr, err->text, name.ptr);
    return SP_EXIT_USAGE;
}

int sp_command_parse(const struct sp_cli_command *self,
                     int argc,
                     char **argv,
                     void *out,
                     struct sp_words *words)
{
    struct sp_err err = SP_ERR_INIT;

    if (sp_option_parse(self->usage.options, argc, argv, out, words, &err))
        return sp_command_fault(self, &err);
    if (!*(const bool *)out)
        return -1;
    sp_command_show_help(&self->usage, stdout);
    return SP_EXIT_DONE;
}

int sp_command_refuse_words(const struct sp_cli_command *self,
                            const struct sp_words *words,
                            size_t most)
{
    struct sp_err err = SP_ERR_INIT;

    if (words->len <= most)
        return -1;
    (void)sp_fail(&err, SP_INVALID, "unexpected '%s'", words->items[most]);
    return sp_command_fault(self, &err);
}

int sp_command_need_word(const struct sp_cli_command *self,
                         const struct sp_words *words,
                         const char *what)
{
    struct sp_err err = SP_ERR_INIT;

    if (words->len)
        return -1;
    (void)sp_fail(&err, SP_INVALID, "%s", what);
    return sp_command_fault(self, &err);
}

/* Aliases, assignments and unknown cabs are found when a recipe is put together, not when it is
 * read: no matter of structure. */
static bool is_structural(enum sp_diag_code code)
{
    return code < SP_DIAG_FORMULA && code != SP_DIAG_ALIAS && code != SP_DIAG_ASSIGN &&
           code != SP_DIAG_NOT_FOUND;
}

int sp_findings_status(const struct sp_session *session)
{
    int status = SP_EXIT_DONE;

    for (size_t i = 0; i < session->diags.len; i++) {
        const struct sp_diag *diag = &session->diags.items[i];
        if (diag->severity == SP_ERROR_FOUND)
            status = SP_MAX(status, is_structural(diag->code) ? SP_EXIT_USAGE : SP_EXIT_FAILED);
    }
    return status;
}

void sp_show_findings(const struct sp_session *session)
{
    sp_auto_buf struct sp_buf text = SP_BUF(SP_BUF_LARGE);

    sp_diags_format(&session->diags, sp_tty_colour(STDERR_FILENO), &text);
    (void)fputs(text.ptr, stderr);
}

void sp_load_args_fini(struct sp_load_args *args)
{
    sp_words_fini(&args->include);
    sp_words_fini(&args->config);
    sp_words_fini(&args->settings);
    sp_words_fini(&args->config_pairs);
    sp_words_fini(&args->parameter_files);
    sp_words_fini(&args->assign);
    sp_selection_fini(&args->select);
}

/* Options in front of the command come first: those of the command win. */
static void add_program_options(struct sp_load_args *args)
{
    const struct sp_load_args *front = &sp_program()->load;

    sp_words_put_first(&args->include, &front->include);
    sp_words_put_first(&args->config, &front->config);
    sp_words_put_first(&args->settings, &front->settings);
    if (!args->backend)
        args->backend = front->backend;
    args->no_system_config |= front->no_system_config;
    args->verbose |= front->verbose;
}

/* The backend that was asked for, or NULL. */
static const char *backend_of(const struct sp_load_args *args)
{
    if (args->native)
        return "native";
    if (args->singularity)
        return "singularity";
    if (args->kube)
        return "kube";
    return args->backend && strcmp(args->backend, "apptainer") == 0 ? "singularity" : args->backend;
}

/* A misspelt name would only show as tools that cannot be placed. */
static enum sp_rc check_backend(const char *name, struct sp_err *err)
{
    static const char *const known[] = { "native", "sandbox",     "container", "podman",
                                         "docker", "singularity", "kube" };
    struct sp_nearest nearest = SP_NEAREST(sp_str_of(name));

    for (size_t i = 0; i < SP_COUNT(known); i++) {
        if (strcmp(name, known[i]) == 0)
            return SP_OK;
        sp_nearest_offer(&nearest, sp_str_of(known[i]));
    }
    return sp_nearest_fail(&nearest,
                           "there are native, sandbox, container, podman, docker, singularity "
                           "(apptainer), kube",
                           err, SP_INVALID, "there is no backend '%s'", name);
}

struct sp_session_options sp_load_args_session(struct sp_load_args *args)
{
    add_program_options(args);
    return (struct sp_session_options){
        .include = args->include.items,
        .include_len = args->include.len,
        .config = args->config.items,
        .config_len = args->config.len,
        .settings = args->settings.items,
        .settings_len = args->settings.len,
        .settings_early = sp_program()->load.settings.len,
        .config_pairs = args->config_pairs.items,
        .config_pairs_len = args->config_pairs.len,
        .parameter_files = args->parameter_files.items,
        .parameter_files_len = args->parameter_files.len,
        .assign = args->assign.items,
        .assign_len = args->assign.len,
        .backend = backend_of(args),
        .slurm = args->slurm,
        .last_recipe = args->last_recipe,
        .verbose = args->verbose,
        .no_system_config = args->no_system_config,
        .strict = args->strict,
    };
}

/* Is `text` no more than a finding with its place, "recipe.yml:2:1: a tab is used ..."? */
static bool is_told(const struct sp_diags *diags, const char *text)
{
    for (size_t i = 0; i < diags->len; i++) {
        sp_auto_buf struct sp_buf line = SP_BUF(SP_BUF_LARGE);
        struct sp_origin at;
        if (!sp_origins_get(diags->origins, diags->items[i].origin, &at))
            continue;
        sp_buf_addf(&line, SP_STR_FMT ":%u:%u: %s", SP_STR_ARG(at.file), at.line, at.column,
                    diags->items[i].text);
        if (strcmp(line.ptr, text) == 0)
            return true;
    }
    return false;
}

int sp_command_load(const struct sp_cli_command *self,
                    struct sp_load_args *args,
                    const struct sp_words *words,
                    struct sp_session *session)
{
    struct sp_err err = SP_ERR_INIT;
    struct sp_session_options options = sp_load_args_session(args);

    if (options.backend && check_backend(options.backend, &err))
        return sp_command_fault(self, &err);
    sp_session_init(session, &options);
    session->selection = &args->select;
    enum sp_rc rc = sp_session_add_words(session, words->items, words->len, &err);
    if (rc == SP_OK)
        rc = sp_session_pick(session, &err);
    if (rc == SP_OK)
        return -1;
    sp_show_findings(session);
    if (session->diags.errors == 0)
        return sp_command_fault(self, &err);
    if (!is_told(&session->diags, err.text))
        (void)fprintf(stderr, "%s: %s\n", sp_program()->name, err.text);
    return SP_EXIT_USAGE;
}

int sp_command_act(const struct sp_cli_command *self,
                   int argc,
                   char **argv,
                   void *args,
                   sp_command_fn act)
{
    sp_auto_words struct sp_words words = { 0 };
    struct sp_session session = { 0 };

    int status = sp_command_parse(self, argc, argv, args, &words);
    if (status < 0) {
        status = sp_command_load(self, args, &words, &session);
        if (status < 0)
            status = act(self, &session, args);
        sp_session_fini(&session);
    }
    sp_load_args_fini(args);
    return status;
}

enum sp_rc sp_command_get(const char *word, const struct sp_cli_command **out, struct sp_err *err)
{
    struct sp_nearest nearest = SP_NEAREST(sp_str_of(word));

    for (size_t i = 0; sp_commands[i]; i++) {
        if (strcmp(sp_command_word(sp_commands[i]), word) == 0) {
            *out = sp_commands[i];
            return SP_OK;
        }
        sp_nearest_offer(&nearest, sp_str_of(sp_command_word(sp_commands[i])));
    }
    return sp_nearest_fail(&nearest, NULL, err, SP_NOT_FOUND, "there is no command '%s'", word);
}

enum sp_rc sp_command_get_part(const struct sp_cli_command *group,
                               const char *word,
                               const struct sp_cli_command **out,
                               struct sp_err *err)
{
    struct sp_nearest nearest = SP_NEAREST(sp_str_of(word));

    for (size_t i = 0; group->parts && group->parts[i]; i++) {
        const char *name = sp_command_part_word(group->parts[i]);
        if (strcmp(name, word) == 0) {
            *out = group->parts[i];
            return SP_OK;
        }
        sp_nearest_offer(&nearest, sp_str_of(name));
    }
    return sp_nearest_fail(&nearest, NULL, err, SP_NOT_FOUND, "there is no command '%s %s'",
                           sp_command_word(group), word);
}
