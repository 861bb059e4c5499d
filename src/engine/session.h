/* SPDX-License-Identifier: BSD-3-Clause */
/* session.h - everything loaded for one command: configuration, recipes, parameters.
 *
 *     struct sp_session session;
 *     sp_session_init(&session, &options);
 *     sp_session_add_words(&session, words, count, &err);
 *     sp_session_pick(&session, &err);          now session.recipe or session.cab is set
 *     ...
 *     sp_session_fini(&session);
 *
 * Findings collect in session.diags; the caller shows them. Everything lives in session.arena.
 */
#pragma once

#include "engine/past.h"
#include "engine/place.h"
#include "engine/world.h"
#include "lang/compose.h"
#include "plan/select.h"
#include "plan/walk.h"

struct sp_images;
struct sp_replay;

/* What the command line says besides words. All texts and arrays are borrowed. */
struct sp_session_options {
    const char *const *include; /* directories for relative includes, and of packages */
    size_t include_len;
    const char *const *config; /* configuration files; also settings, "opts.log.dir=logs" */
    size_t config_len;
    const char *const *settings; /* "opts.log.dir=logs" */
    size_t settings_len;
    size_t settings_early;           /* so many of them give way to what recipe files say */
    const char *const *config_pairs; /* "opts.log.dir", "logs", ... */
    size_t config_pairs_len;
    const char *const *parameter_files; /* YAML files of parameters */
    size_t parameter_files_len;
    const char *const *assign; /* "ms", "my.ms", ... */
    size_t assign_len;
    const char *backend; /* opts.backend.select; NULL: as configured */
    bool slurm;          /* opts.backend.slurm.enable */
    bool last_recipe;    /* without a name: the last recipe, not DEFAULT or the only one */
    bool verbose;        /* opts.log.level=DEBUG */
    bool no_system_config;
    bool strict;
    struct sp_replay *replay;     /* files are those of an earlier run; NULL: today's */
    const struct sp_dict *images; /* name -> "sha256:...", the images of that run; may be NULL */
    const char *images_of;        /* that run, for people */
};

struct sp_session {
    struct sp_arena *arena;
    struct sp_origins *origins;
    struct sp_diags diags;
    struct sp_world world;
    struct sp_world files_world; /* what the composer asks: with a replay not the world of today */
    struct sp_places places;
    struct sp_asked asked; /* variables of the environment, so far */
    struct sp_composer composer;
    struct sp_config config;
    struct sp_dict *loaded;               /* documents so far, merged: for _use in later files */
    struct sp_list *files;                /* recipe files given by the caller (texts) */
    struct sp_dict *params;               /* parameter files and NAME=VALUE: dotted names */
    struct sp_session_options *options;   /* a copy */
    struct sp_past_runs *past;            /* of the workspace "." */
    struct sp_images *images;             /* that steps run in (engine/images.h) */
    const struct sp_selection *selection; /* which steps; borrowed, may be NULL */
    bool planning;                        /* what this machine lacks is no error: see plan/walk.h */
    struct sp_str name;                   /* the recipe or cab asked for; empty: the default one */
    struct sp_recipe *recipe;             /* after pick: exactly one of recipe and cab */
    struct sp_cab *cab;
};

/* Start-up configuration is loaded; problems in it are findings. */
void sp_session_init(struct sp_session *session, const struct sp_session_options *options);
void sp_session_fini(struct sp_session *session);

/* Load one more configuration or recipe file. Findings are in diags. */
enum sp_rc sp_session_load(struct sp_session *session, struct sp_str path, struct sp_err *err)
    SP_MUST_USE;

/* Does a word name a file ("x.yml", "dir/x", "(pkg)x"), not a recipe or cab? */
bool sp_session_is_file(struct sp_str word);

/* Words as people give them (lang/word.h), in any order: files, NAME=VALUE, and at most one name
 * of a recipe or cab. What the options say about parameters comes first. Once a session.
 * SP_INVALID, SP_NOT_FOUND. */
enum sp_rc sp_session_add_words(struct sp_session *session,
                                const char *const *words,
                                size_t count,
                                struct sp_err *err) SP_MUST_USE;

/* Choose what to run: the name, else DEFAULT, else the only recipe, else the only cab; or the last
 * recipe, if that is asked for. A recipe goes before a cab of the same name. Cabs of
 * our library are found by name without a file. */
enum sp_rc sp_session_pick(struct sp_session *session, struct sp_err *err) SP_MUST_USE;

/* A walk of what was picked: what is loaded, chosen and given; all else is left to the caller. */
struct sp_walk_options sp_session_walk_options(struct sp_session *session);

/* Load the file of the cab library, or of cult-cargo, that defines this cab, if there is one. */
bool sp_session_add_library(struct sp_session *session, struct sp_str name);

/* Names of all cabs in the library (texts, sorted). */
struct sp_list *sp_session_library(struct sp_session *session);
