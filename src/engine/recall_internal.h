/* SPDX-License-Identifier: BSD-3-Clause */
/* recall_internal.h - what the files of recall share. */
#pragma once

#include "engine/recall.h"

struct sp_recall {
    struct sp_recall_options options;
    struct sp_arena *arena;
    const char *off; /* why nothing is remembered; NULL: it is */
    struct sp_store *store;
    struct sp_str store_dir;
    struct sp_ledger *ledger;
    struct sp_heads *heads;
    struct sp_heads_options heads_options;
    struct sp_identities *identities;
    struct sp_key_memo key_memo;
    struct sp_effects_library library;
    bool has_library;
    struct sp_str salt;
    struct sp_str host, user; /* for people */
    enum sp_snapshot_method method;
    bool shared;          /* others use the store */
    struct sp_map forced; /* keys, as text, whose tasks have to run; see recall.c */
    struct sp_map
        unborn; /* dry: ids of versions that tasks would make -> struct sp_str, by which */
    bool starts_over;
    int64_t begun;         /* when the task that begins had begun without ending well; 0: never */
    unsigned disturbances; /* how often somebody else has been at our files in this run */
    struct sp_map links;   /* paths, absolute -> struct sp_str: see recall_links.c */
    struct sp_map plain;   /* manifests, as text, of tables without parents */
    struct sp_world world; /* see recall_world.c */
};

/* Fill recall->world. */
void sp_recall_open_world(struct sp_recall *recall);

/* What is said about well-known programs; read when it is first asked for. */
const struct sp_effects_library *sp_recall_library(struct sp_recall *recall);

/* What is needed under the key `lost` is not kept: its task has to run, and the walk starts over.
 * False: nobody can make it. */
bool sp_recall_force(struct sp_recall *recall, const struct sp_digest *lost);
bool sp_recall_is_forced(const struct sp_recall *recall, const struct sp_digest *key);

/* It has run: if that is what was asked for, once is enough. */
void sp_recall_has_run(struct sp_recall *recall, const struct sp_product *product);

/* The heads are disturbed, as err tells: the walk starts over, and looks at everything again.
 * False: they are not, or have been too often. */
bool sp_recall_is_disturbed(struct sp_recall *recall, struct sp_err *err);

/* Steps of ours have made all that was in the place, and it is gone: so is the directory, which the
 * tool then finds as in a clean run. */
enum sp_rc sp_recall_clear_place(struct sp_recall *recall,
                                 struct sp_arena *arena,
                                 const struct sp_role *role,
                                 struct sp_err *err);

void sp_recall_note(struct sp_recall *recall, bool warning, struct sp_str text);

/* Tables that the table of role `child`, whose head is `head`, refers to become roles, too. */
enum sp_rc sp_recall_add_parents(struct sp_recall *recall,
                                 struct sp_arena *arena,
                                 struct sp_roles *roles,
                                 size_t child,
                                 const struct sp_head *head,
                                 struct sp_err *err) SP_MUST_USE;

/* Names of all that is in a directory, now or in an earlier run, relative to it. *is_place: false
 * for what is one artefact, such as a dataset. */
enum sp_rc sp_recall_list_place(struct sp_recall *recall,
                                struct sp_arena *arena,
                                struct sp_str real,
                                struct sp_list *out,
                                bool *is_place,
                                struct sp_err *err) SP_MUST_USE;

/* What is at `real` may be what an unfinished run of the task that begins has left there: then it
 * is nobody's. */
void sp_recall_disown(struct sp_recall *recall, struct sp_str real);

/* Does the task write what nobody can name beforehand? */
bool sp_recall_is_open(const struct sp_recalled *recalled);

/* If role `at` is a directory whose contents are artefacts, these become roles. */
enum sp_rc sp_recall_enter_place(struct sp_recall *recall,
                                 struct sp_arena *arena,
                                 struct sp_roles *roles,
                                 size_t at,
                                 struct sp_err *err) SP_MUST_USE;

/* Links that tasks of earlier runs have left where their results should be: when this run begins.
 */
void sp_recall_find_links(struct sp_recall *recall);

/* As world.real, but they are not followed. */
struct sp_str sp_recall_real(struct sp_recall *recall, struct sp_str path, struct sp_arena *arena);

/* The task will not run: those that it has left are followed again. */
void sp_recall_keep_links(struct sp_recall *recall, struct sp_str task);

/* A task that has to do with it comes up: the link is taken away. */
enum sp_rc sp_recall_drop_link(struct sp_recall *recall,
                               struct sp_arena *arena,
                               const struct sp_role *role,
                               struct sp_err *err) SP_MUST_USE;

/* Links that the tool has made in the place of its results: these are no outputs any more in
 * `after`. False: there are none. */
bool sp_recall_take_out_links(struct sp_recall *recall,
                              struct sp_arena *arena,
                              struct sp_recalled *recalled,
                              const struct sp_position *position,
                              struct sp_roles *after);

/* Is it the task `name`, or one in it? */
bool sp_recall_is_task_of(struct sp_str task, struct sp_str name);

/* Says which data are as steps have left them that the recipe has no more. At the end. */
void sp_recall_note_gone(struct sp_recall *recall);

/* Where the output of the record that was found belongs now. */
struct sp_str sp_recall_place_of(struct sp_recall *recall,
                                 struct sp_arena *arena,
                                 const struct sp_recalled *recalled,
                                 const struct sp_product_path *made);

/* Why what was found under the key can not be used for this task; NULL: it can. */
const char *sp_recall_misfit(struct sp_recall *recall,
                             struct sp_arena *arena,
                             const struct sp_recalled *recalled);

/* Does the task write or change it? */
bool sp_role_changes(const struct sp_role *role);

/* Does the disk have the columns that a reader of some needs? */
bool sp_recall_has_columns(const struct sp_role *role, const struct sp_head *head);

/* Dry: does the task depend on what is not known before others have run? Then recalled->why says
 * so. */
bool sp_recall_awaits(struct sp_recall *recall,
                      struct sp_arena *arena,
                      const struct sp_action *action,
                      struct sp_recalled *recalled);

/* Dry: the task would run; `anew`: what it makes is not known. */
void sp_recall_foresee(struct sp_recall *recall,
                       const struct sp_position *position,
                       struct sp_recalled *recalled,
                       bool anew);

/* Dry: can all heads be brought to disk? Else a task is forced, and *over. */
void sp_recall_foresee_end(struct sp_recall *recall, bool *over);

/* The task does not use its paths any more; nobody has to wait for its result. */
void sp_recall_vacate(struct sp_recalled *recalled);
void sp_recall_unclaim(struct sp_recall *recall, struct sp_recalled *recalled);
