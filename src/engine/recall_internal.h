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
    enum sp_snapshot_method method;
    bool shared;          /* others use the store */
    struct sp_map forced; /* keys, as text, whose tasks have to run */
    bool starts_over;
    struct sp_world world; /* see recall_world.c */
};

/* Fill recall->world. */
void sp_recall_open_world(struct sp_recall *recall);

/* What is said about well-known programs; read when it is first asked for. */
const struct sp_effects_library *sp_recall_library(struct sp_recall *recall);

/* What is needed under the key `lost` is not kept: its task has to run, and the walk starts over.
 * False: nobody can make it. */
bool sp_recall_force(struct sp_recall *recall, const struct sp_digest *lost);

void sp_recall_note(struct sp_recall *recall, bool warning, struct sp_str text);

/* Does the task write or change it? */
bool sp_role_changes(const struct sp_role *role);

/* The task does not use its paths any more; nobody has to wait for its result. */
void sp_recall_vacate(struct sp_recalled *recalled);
void sp_recall_unclaim(struct sp_recall *recall, struct sp_recalled *recalled);
