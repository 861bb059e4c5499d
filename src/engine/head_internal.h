/* SPDX-License-Identifier: BSD-3-Clause */
/* head_internal.h - what the files of head share. */
#pragma once

#include "engine/head.h"

struct sp_heads {
    struct sp_heads_options options;
    struct sp_arena *arena;
    struct sp_map map;   /* path of the ledger -> struct sp_head */
    struct sp_map roots; /* private to head_twin.c */
    size_t unsettled;    /* heads that the disk does not hold */
    size_t turn;         /* see sp_heads_turn */
    bool disturbed;
};

void sp_head_free(struct sp_head *head);

/* Is `inner` in the directory `outer`, or the same? */
bool sp_path_is_within(struct sp_str inner, struct sp_str outer);
bool sp_paths_overlap(struct sp_str a, struct sp_str b);

void sp_heads_note(const struct sp_heads *heads, bool warning, struct sp_str text);
void sp_heads_tell(struct sp_heads *heads,
                   const char *name,
                   struct sp_str path,
                   const char *what,
                   struct sp_str text);

/* head->tree is what is on disk now. */
enum sp_rc sp_head_scan(struct sp_heads *heads, struct sp_head *head, struct sp_err *err);

/* What was scanned may be known by another path: then both are twins. */
void sp_head_find_twin(struct sp_heads *heads, struct sp_head *head);

/* The name of what is on disk, by its content. */
enum sp_rc sp_head_name(struct sp_heads *heads,
                        struct sp_head *head,
                        struct sp_version *out,
                        struct sp_err *err);

/* The ledger does not know what is on disk: the records may. *found: they do, and it is told to the
 * ledger. SP_BUSY: it has lost lines about this path, and they do not know either. */
enum sp_rc sp_head_relearn(struct sp_heads *heads,
                           struct sp_head *head,
                           bool *found,
                           struct sp_err *err);

/* The chain that led to `version` by the records, told to the ledger; head->index is its end.
 * *found: a step has made it. */
enum sp_rc sp_head_retrace(struct sp_heads *heads,
                           struct sp_head *head,
                           const struct sp_version *version,
                           bool *found,
                           struct sp_err *err);

/* What is on disk is a new beginning; the second: with a hold that the ledger does not know. */
enum sp_rc sp_head_begin_chain(struct sp_heads *heads, struct sp_head *head, struct sp_err *err);
enum sp_rc sp_head_begin_alone(struct sp_heads *heads, struct sp_head *head, struct sp_err *err);

/* Is it a state that the path has had before? Somebody has put it back. */
bool sp_hold_find_state(const struct sp_hold *hold,
                        const struct sp_version *version,
                        size_t *index);

/* What lstat finds changed is read: is it the same data all the same? `old` may be NULL. */
enum sp_rc sp_head_is_same(struct sp_heads *heads,
                           struct sp_head *head,
                           const struct sp_tree *old,
                           struct sp_version *now,
                           bool *same,
                           struct sp_err *err);

/* After everything that moves a head, or its disk. */
void sp_head_count(struct sp_heads *heads, struct sp_head *head);

void sp_heads_remove(struct sp_heads *heads, struct sp_head *head);

enum sp_rc sp_head_move_to_attic(struct sp_heads *heads, struct sp_head *head, struct sp_err *err);

/* Before what is on disk is replaced or removed: what is nowhere else goes into the store or to the
 * attic. */
enum sp_rc sp_head_secure(struct sp_heads *heads, struct sp_head *head, struct sp_err *err);

/* Before what an unfinished step has left is replaced: files that are not as they were go to the
 * attic, since somebody may have worked on them afterwards. */
enum sp_rc sp_head_put_aside(struct sp_heads *heads, struct sp_head *head, struct sp_err *err);

/* Has somebody written into HISTORY since the table was kept? That means nothing for results, but
 * is not to be lost. */
bool sp_head_has_remarks(const struct sp_heads *heads, const struct sp_head *head);
