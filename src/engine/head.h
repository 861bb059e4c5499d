/* SPDX-License-Identifier: BSD-3-Clause */
/* head.h - what the paths of a workspace are in the course of a run (doc/design/store.md 7, 8).
 *
 * The head of a path is the version that the steps so far have given it. It need not be on disk:
 * reused results only move the head. `sp_heads_settle` brings it there, which is needed before a
 * tool runs on it, and at the end of the run.
 *
 *     sp_heads_touch(heads, real, &head, &err)     compare what is on disk with the ledger
 *     sp_head_passage(head)                        the version that the path has now
 *     sp_heads_advance(heads, head, &passage)      a reused result
 *     sp_heads_settle(heads, head, &err)           on disk as it should be
 *     sp_heads_keep(heads, head, &err)             in the store before it is changed
 *     sp_heads_changing(heads, head, task)         a tool is about to change it
 *     sp_heads_arrive(heads, head, &passage, ...)  it has; this is what is there now
 */
#pragma once

#include "store/ledger.h"
#include "store/store.h"
#include "value/value.h"

/* What to do with a product that somebody has changed by hand. */
enum sp_edits {
    SP_EDITS_REFUSE,
    SP_EDITS_ADOPT,
    SP_EDITS_RESTORE
};

enum sp_disk {
    SP_DISK_HELD,    /* what hold->version says */
    SP_DISK_GONE,    /* nothing is there */
    SP_DISK_UNKNOWN, /* what an interrupted step of ours, or of an unknown kind, has left */
    SP_DISK_FOREIGN  /* somebody else's work: not to be lost */
};

struct sp_head {
    struct sp_str path; /* as in the ledger: relative to the workspace when inside */
    struct sp_hold *hold;
    size_t index; /* entry of hold->chain that the path is at, in this run */
    size_t start; /* and where it was at its beginning */
    enum sp_disk disk;
    bool composite;         /* inside or around another artefact: by content, every time */
    bool adopted;           /* an edit was adopted in this run */
    struct sp_tree tree;    /* what is on disk */
    struct sp_arena *arena; /* of the tree */
    size_t readers;
    bool writer;        /* tools that use it right now */
    size_t changes;     /* how often its data became others without a tool that may change it */
    struct sp_str twin; /* private: another path of the same directory; empty: none is known */
    bool claimed;       /* private: a task of this run may change it */
    bool counted;       /* private: among the unsettled ones */
    size_t turn;        /* private: in which the disk was looked at */
};

struct sp_heads_options {
    struct sp_ledger *ledger;
    struct sp_store *store;
    struct sp_str cwd;    /* of the workspace, absolute */
    struct sp_str attic;  /* directory for what is in the way */
    struct sp_str recipe; /* whose chain is rolled back; empty: none */
    struct sp_str run;
    enum sp_edits edits;
    uint64_t digest_limit;              /* sources with more bytes are named by their listing */
    bool on_top;                        /* everything as it is */
    const struct sp_recipe *definition; /* which steps it has now; NULL: none is rolled back */
    bool keeps;     /* sources go into the store before something else takes their place */
    bool dry;       /* nothing is brought to disk, nor much read */
    bool forgetful; /* the ledger has lost lines: what it does not know, records may */
    bool shared;    /* the store has records of other workspaces, too */
    void (*note)(void *arg, bool warning, struct sp_str text);
    void (*event)(void *arg, const char *name, struct sp_dict *fields); /* for the journal */
    void *arg;
};

struct sp_heads;

struct sp_heads *sp_heads_new(const struct sp_heads_options *options);

/* Accepts NULL. */
void sp_heads_free(struct sp_heads *heads);

/* The head of a canonical, absolute path. The first time in a run the disk is compared with the
 * ledger. SP_BUSY: it was edited, and the policy is to refuse; err says which files and what to do.
 * SP_LIMIT: dry, and it would take long to tell. */
enum sp_rc sp_heads_touch(struct sp_heads *heads,
                          struct sp_str real,
                          struct sp_head **out,
                          struct sp_err *err) SP_MUST_USE;

/* A task names it, and may change it or not. SP_EXISTS: another path, which a task has named, too,
 * is the same directory (a bind mount), and one of them is changed: nobody could tell what it holds
 * when. */
enum sp_rc sp_heads_claim(struct sp_heads *heads,
                          struct sp_head *head,
                          bool changes,
                          struct sp_err *err) SP_MUST_USE;

/* As sp_heads_touch, for what a tool has made where nothing was when it started. */
enum sp_rc sp_heads_appear(struct sp_heads *heads,
                           struct sp_str real,
                           struct sp_head **out,
                           struct sp_err *err) SP_MUST_USE;

/* Does the ledger know the path? */
bool sp_heads_is_known(const struct sp_heads *heads, struct sp_str real);

/* What is there is nobody's, and not to be relied on: what an unfinished step has left. */
void sp_heads_disown(struct sp_heads *heads, struct sp_str real);

/* Was it touched in this run? `path` is as in the ledger. */
bool sp_heads_has(const struct sp_heads *heads, struct sp_str path);

/* The same without looking: NULL when it was not touched. */
struct sp_head *sp_heads_find(const struct sp_heads *heads, struct sp_str real);

/* Does the path lie outside of what can be an artefact: the workspace itself, or around it? */
bool sp_heads_is_outside(const struct sp_heads *heads, struct sp_str real);

/* Is the path the head's, or in it? */
bool sp_head_contains(const struct sp_heads *heads, const struct sp_head *head, struct sp_str real);

const struct sp_passage *sp_head_passage(const struct sp_head *head);

/* Is the head what the disk holds? */
bool sp_head_is_settled(const struct sp_head *head);

/* Can it be brought to disk, without doing so? False: that version is not kept; *lost as below. */
bool sp_heads_can_settle(const struct sp_heads *heads,
                         const struct sp_head *head,
                         struct sp_digest *lost);

/* SP_NOT_FOUND: that version is not kept; *lost is then the key under which it was made (zero: a
 * source). */
enum sp_rc sp_heads_settle(struct sp_heads *heads,
                           struct sp_head *head,
                           struct sp_digest *lost,
                           struct sp_err *err) SP_MUST_USE;

/* All of them; `below` (canonical, absolute; may be empty): only those in that directory, or around
 * it. */
enum sp_rc sp_heads_settle_all(struct sp_heads *heads,
                               struct sp_str below,
                               struct sp_digest *lost,
                               struct sp_err *err) SP_MUST_USE;

/* After that, when the run has ended well: where a step made again what was there already, the path
 * is where the head is on its chain; the disk needed nothing. */
enum sp_rc sp_heads_conclude(struct sp_heads *heads, struct sp_err *err) SP_MUST_USE;

/* A new turn begins: what was seen of the disk in earlier ones may be out of date. */
void sp_heads_turn(struct sp_heads *heads);

/* Before a tool is let at it: is the disk still as it was when it was last looked at? Settling does
 * so, too. Looks once a turn. SP_BUSY: no; what has been decided so far may be wrong, and heads are
 * `disturbed`. */
enum sp_rc sp_heads_check(struct sp_heads *heads, struct sp_head *head, struct sp_err *err)
    SP_MUST_USE;
bool sp_heads_are_disturbed(const struct sp_heads *heads);

/* How many heads the disk does not hold; and which: `for (size_t at = 0;
 * sp_heads_each_unsettled(heads, &at, &head);)`. */
size_t sp_heads_unsettled(const struct sp_heads *heads);
bool sp_heads_each_unsettled(const struct sp_heads *heads, size_t *at, struct sp_head **out);

/* Out of the way of a tool that writes it anew: our own is removed, anything else goes to the
 * attic. */
enum sp_rc sp_heads_clear(struct sp_heads *heads, struct sp_head *head, struct sp_err *err)
    SP_MUST_USE;

/* The settled head is in the store afterwards. SP_LIMIT: no room. */
enum sp_rc sp_heads_keep(struct sp_heads *heads, struct sp_head *head, struct sp_err *err)
    SP_MUST_USE;

/* Before `task` may write into it: files that have other names become copies of these. SP_LIMIT: no
 * room. */
enum sp_rc sp_heads_unshare(struct sp_heads *heads,
                            struct sp_head *head,
                            struct sp_str task,
                            struct sp_err *err) SP_MUST_USE;

void sp_heads_changing(struct sp_heads *heads, struct sp_head *head, struct sp_str task);

/* What `task` has left there is a link: nothing is brought back in this run. */
void sp_heads_let_go(struct sp_heads *heads, struct sp_head *head, struct sp_str task);

/* A result that is reused: the head moves, the disk does not. */
void sp_heads_advance(struct sp_heads *heads,
                      struct sp_head *head,
                      const struct sp_passage *passage);

/* Whatever is on disk is what the path holds: nobody but its owner changes it. */
enum sp_rc sp_heads_take_disk(struct sp_heads *heads, struct sp_head *head, struct sp_err *err)
    SP_MUST_USE;

/* By hand: the head goes to a state, on its chain if it is there. Else, if a task has made it
 * (passage->task), on the chain that the records tell of; else a chain starts from it. It is not on
 * disk yet. */
enum sp_rc sp_heads_place(struct sp_heads *heads,
                          struct sp_head *head,
                          const struct sp_passage *passage,
                          struct sp_err *err) SP_MUST_USE;

/* A step that was left out: the head moves as it did when `task` last started from there. False: it
 * never did. */
bool sp_heads_follow(struct sp_heads *heads, struct sp_head *head, struct sp_str task);

/* A tool that was free to write it has ended. *untouched: it did not, and the head is what it was.
 */
enum sp_rc sp_heads_recheck(struct sp_heads *heads,
                            struct sp_head *head,
                            bool *untouched,
                            struct sp_err *err) SP_MUST_USE;

/* A tool has made it: `tree` (whose memory `arena` the head takes over) is on disk. */
enum sp_rc sp_heads_arrive(struct sp_heads *heads,
                           struct sp_head *head,
                           const struct sp_passage *passage,
                           struct sp_tree *tree,
                           struct sp_err *err) SP_MUST_USE;

/* Look at the disk again, after `task` has run, which should not have changed it. *changed: its
 * content is another one: the head moves there, or, when what it was before is not kept, that is a
 * new source. `file` (may be NULL): the first that differs. */
enum sp_rc sp_heads_review(struct sp_heads *heads,
                           struct sp_head *head,
                           struct sp_str task,
                           bool *changed,
                           struct sp_str *file,
                           struct sp_err *err) SP_MUST_USE;

/* Does the recipe have the step that `task` is a run of? */
bool sp_heads_have_task(const struct sp_heads *heads, struct sp_str task);

/* Name in the ledger of a canonical, absolute path: inside the workspace relative to it, so that a
 * workspace can be moved. */
struct sp_str sp_heads_path(const struct sp_heads *heads, struct sp_str real);

/* Absolute name of a path of the ledger. */
struct sp_str sp_heads_absolute(const struct sp_heads *heads,
                                struct sp_arena *arena,
                                struct sp_str path);
