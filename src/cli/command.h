/* SPDX-License-Identifier: BSD-3-Clause */
/* command.h - a command is one file with one const table row.
 *
 * What comes before the command on the command line is in cli/program.h. */
#pragma once

#include "base/option.h"

#include "engine/session.h"

#include <stdio.h>

/* Exit statuses; 0, 1 and 2 mean what they mean in Stimela. */
enum sp_exit {
    SP_EXIT_DONE = 0,
    SP_EXIT_FAILED = 1,  /* validation or a step failed */
    SP_EXIT_USAGE = 2,   /* usage, loading or structure of the recipe */
    SP_EXIT_BACKEND = 3, /* backend unavailable */
    SP_EXIT_STORE = 4,   /* workspace or store unavailable or corrupt */
    SP_EXIT_INTERNAL = 70,
    SP_EXIT_INTERRUPTED = 130,
};

struct sp_cli_command {
    struct sp_usage usage;                                                /* name "spoor run" */
    int (*run)(const struct sp_cli_command *self, int argc, char **argv); /* argv[0]: the command */
    const struct sp_cli_command *const *parts; /* of a group ("spoor image"): ends with NULL */
};

extern const struct sp_cli_command sp_command_run, sp_command_check, sp_command_plan,
    sp_command_doc, sp_command_clean, sp_command_image, sp_command_image_build, sp_command_config,
    sp_command_doctor, sp_command_runs, sp_command_status, sp_command_log, sp_command_show,
    sp_command_diff, sp_command_rerun, sp_command_export, sp_command_gc, sp_command_fsck,
    sp_command_pin, sp_command_unpin, sp_command_forget, sp_command_why, sp_command_verify,
    sp_command_audit, sp_command_versions, sp_command_restore, sp_command_completion,
    sp_command_help;

/* All commands in the order of the help, ending with NULL. */
extern const struct sp_cli_command *const sp_commands[];

/* By the word after "spoor"; SP_NOT_FOUND with the nearest name. */
enum sp_rc sp_command_get(const char *word, const struct sp_cli_command **out, struct sp_err *err)
    SP_MUST_USE;

/* Word of a command: what follows "spoor ". */
const char *sp_command_word(const struct sp_cli_command *command);

/* Of a group, by the word behind it; SP_NOT_FOUND with the nearest name. */
enum sp_rc sp_command_get_part(const struct sp_cli_command *group,
                               const char *word,
                               const struct sp_cli_command **out,
                               struct sp_err *err) SP_MUST_USE;

/* The last word: "pull" of "spoor image pull". */
const char *sp_command_part_word(const struct sp_cli_command *part);

/* What a group runs: the command that the next word names. */
int sp_command_run_part(const struct sp_cli_command *self, int argc, char **argv);

/* Options that all commands have which load recipes, and those that choose steps. Embed as first
 * member of the arguments. */
struct sp_load_args {
    bool help;
    bool json;
    bool strict;
    bool no_system_config;
    bool verbose;
    bool last_recipe;
    bool native, singularity, kube, slurm;
    const char *backend;
    struct sp_words include;
    struct sp_words config;
    struct sp_words settings;
    struct sp_words config_pairs;
    struct sp_words parameter_files;
    struct sp_words assign;
    struct sp_selection select; /* with SP_SELECT_OPTIONS */
};

#define SP_LOAD_OPTIONS SP_LOAD_OPTIONS_AS("I")

/* For commands to which -I means something else. */
#define SP_LOAD_OPTIONS_AS(include_letter)                                           \
    SP_OPT_GROUP("loading"),                                                         \
        SP_OPT_WORDS(include_letter, "include", struct sp_load_args, include, "DIR", \
                     "look for included files in DIR as well; may be repeated"),     \
        SP_OPT_WORDS("c", "config", struct sp_load_args, config, "A.B=VALUE|FILE",   \
                     "change a setting, e.g. opts.log.dir=logs, or load this "       \
                     "configuration file too; may be repeated"),                     \
        SP_OPT_WORDS(NULL, "set", struct sp_load_args, settings, "A.B=VALUE",        \
                     "change a setting; may be repeated"),                           \
        SP_OPT_FLAG(NULL, "no-sys-config", struct sp_load_args, no_system_config,    \
                    "load no start-up configuration: neither stimela.conf nor "      \
                    "spoor.conf, wherever they are"),                                \
        SP_OPT_FLAG(NULL, "strict", struct sp_load_args, strict,                     \
                    "refuse what only newer or older Stimela versions accept")

/* Which steps: for the commands that run, plan, check or build. Begins a group of the help. */
#define SP_SELECT_OPTIONS                                                                    \
    SP_OPT_GROUP("choosing steps"),                                                          \
        SP_OPT_WORDS("s", "step", struct sp_load_args, select.steps, "STEP",                 \
                     "run only this step, also if it is marked 'skip'; or a range of steps " \
                     "FROM:TO, FROM: or :TO. Steps of nested recipes are OUTER.INNER. All "  \
                     "of these may be repeated, or hold several names with commas between"), \
        SP_OPT_WORDS("k", "skip-step", struct sp_load_args, select.skip_steps, "STEP",       \
                     "do not run this step or range"),                                       \
        SP_OPT_WORDS("t", "tags", struct sp_load_args, select.tags, "TAG",                   \
                     "run only steps with this tag, and those tagged 'always'"),             \
        SP_OPT_WORDS(NULL, "skip-tags", struct sp_load_args, select.skip_tags, "TAG",        \
                     "do not run steps with this tag"),                                      \
        SP_OPT_WORDS("e", "enable-step", struct sp_load_args, select.enable, "STEP",         \
                     "ignore 'skip' and 'skip_if_outputs' of this step or range"),           \
        SP_OPT_FLAG("f", "disable-fresh-skips", struct sp_load_args, select.ignore_fresh,    \
                    "ignore 'skip_if_outputs: fresh' of all steps"),                         \
        SP_OPT_FLAG("F", "disable-exist-skips", struct sp_load_args, select.ignore_exist,    \
                    "ignore 'skip_if_outputs: exist' of all steps")

/* For commands that put a run together. */
#define SP_ASSIGN_OPTIONS SP_ASSIGN_OPTIONS_AS("a")

/* For commands to which -a means something else. */
#define SP_ASSIGN_OPTIONS_AS(assign_letter)                                                \
    SP_OPT_GROUP("parameters and settings"),                                               \
        SP_OPT_PAIRS(assign_letter, "assign", struct sp_load_args, assign, "NAME VALUE",   \
                     "the same as NAME=VALUE, but shells complete it; may be repeated"),   \
        SP_OPT_WORDS("pf", "parameter-file", struct sp_load_args, parameter_files, "FILE", \
                     "take parameters from a YAML file; -a and NAME=VALUE win over it; "   \
                     "may be repeated"),                                                   \
        SP_OPT_PAIRS("C", "config-assign", struct sp_load_args, config_pairs, "A.B VALUE", \
                     "the same as --config A.B=VALUE; may be repeated"),                   \
        SP_OPT_FLAG("l", "last-recipe", struct sp_load_args, last_recipe,                  \
                    "of several recipes take the last, whatever DEFAULT says"),            \
        SP_OPT_GROUP("where tools run"),                                                   \
        SP_OPT_TEXT("b", "backend", struct sp_load_args, backend, "NAME",                  \
                    "set opts.backend.select"),                                            \
        SP_OPT_FLAG("N", "native", struct sp_load_args, native, "the same as -b native"),  \
        SP_OPT_FLAG("S", "singularity", struct sp_load_args, singularity,                  \
                    "the same as -b singularity"),                                         \
        SP_OPT_FLAG("K", "kube", struct sp_load_args, kube, "the same as -b kube"),        \
        SP_OPT_FLAG(NULL, "slurm", struct sp_load_args, slurm,                             \
                    "run tools through Slurm: opts.backend.slurm.enable")

#define SP_HELP_OPTION(type) SP_OPT_FLAG("h", "help", type, help, "show this help")

/* Parse the options of a command; -1 to go on, else the exit status (help or fault shown).
 * `out` begins with `bool help`. */
int sp_command_parse(const struct sp_cli_command *self,
                     int argc,
                     char **argv,
                     void *out,
                     struct sp_words *words);

/* Fault of usage when there are more than `most` words; -1 to go on, else the exit status. */
int sp_command_refuse_words(const struct sp_cli_command *self,
                            const struct sp_words *words,
                            size_t most);

/* Fault of usage, "what? ...", when there is no word; -1 to go on, else the exit status. */
int sp_command_need_word(const struct sp_cli_command *self,
                         const struct sp_words *words,
                         const char *what);

/* Show the help. */
void sp_command_show_help(const struct sp_usage *usage, FILE *stream);

/* Print a fault of usage and return SP_EXIT_USAGE. */
int sp_command_fault(const struct sp_cli_command *self, const struct sp_err *err);

/* What a session is to be opened with: these options, behind those in front of the command.
 * Borrows from `args`, which is changed: once. */
struct sp_session_options sp_load_args_session(struct sp_load_args *args);

/* Open a session, load the words, pick what to run. Findings and faults are shown on stderr;
 * -1 to go on, else the exit status. The session must be closed in any case. */
int sp_command_load(const struct sp_cli_command *self,
                    struct sp_load_args *args,
                    const struct sp_words *words,
                    struct sp_session *session);
void sp_load_args_fini(struct sp_load_args *args);

/* What most commands are: parse the options, load the words, pick, then `act`, and give everything
 * back. `args` begins with struct sp_load_args, whose words are freed; other words in it are the
 * caller's. Returns the exit status, that of `act` if it comes so far. */
typedef int (*sp_command_fn)(const struct sp_cli_command *self,
                             struct sp_session *session,
                             const void *args);
int sp_command_act(const struct sp_cli_command *self,
                   int argc,
                   char **argv,
                   void *args,
                   sp_command_fn act);

/* Exit status that the errors found so far call for: SP_EXIT_USAGE for files that cannot be loaded
 * and recipes whose structure is wrong, else SP_EXIT_FAILED (both as in Stimela); SP_EXIT_DONE
 * without errors. */
int sp_findings_status(const struct sp_session *session);

/* Show all findings of the session on stderr. */
void sp_show_findings(const struct sp_session *session);
