/* SPDX-License-Identifier: BSD-3-Clause */
/* ledger_internal.h - what the files of ledger.h share: the model in memory (ledger_model.c), its
 * statements as text (ledger_text.c), and the file (ledger.c). */
#pragma once

#include "store/ledger.h"

/* Of a task. */
struct sp_ledger_newest {
    struct sp_digest key; /* zero: it has never ended well */
    struct sp_str run;
    int64_t begun; /* it has not ended well since; 0: it has */
};

struct sp_ledger {
    struct sp_arena *arena;
    struct sp_str dir, path;
    int fd; /* O_APPEND; -1: for reading, or nothing was said yet */
    bool writing;
    struct sp_map holds; /* path -> struct sp_hold */
    struct sp_map tasks; /* "recipe\ttask" -> struct sp_ledger_newest */
    struct sp_buf said;  /* lines not written yet */
    size_t lines;        /* in the file */
    uint64_t size;       /* of its whole lines */
};

/* --- the model: what a statement does, without saying it ------------------------------------- */

struct sp_hold *sp_ledger_do_source(struct sp_ledger *ledger,
                                    struct sp_str path,
                                    const struct sp_version *version);
void sp_ledger_do_kept(struct sp_hold *hold, size_t index, const struct sp_digest *tree);
void sp_ledger_do_made(struct sp_ledger *ledger,
                       struct sp_hold *hold,
                       size_t after,
                       const struct sp_passage *passage);
void sp_ledger_do_hold(struct sp_ledger *ledger,
                       struct sp_hold *hold,
                       size_t index,
                       struct sp_str stat);
void sp_ledger_do_touch(struct sp_ledger *ledger,
                        struct sp_hold *hold,
                        enum sp_hold_state state,
                        struct sp_str run,
                        struct sp_str task);
void sp_ledger_do_drop(struct sp_ledger *ledger, struct sp_str path);

/* How the tasks of the model are named; in the arena of the ledger. */
struct sp_str sp_ledger_task_name(struct sp_ledger *ledger,
                                  struct sp_str recipe,
                                  struct sp_str task);

/* Made if it is not there. */
struct sp_ledger_newest *sp_ledger_task_of(struct sp_ledger *ledger, struct sp_str name);
void sp_ledger_do_task(struct sp_ledger *ledger,
                       struct sp_str name,
                       const struct sp_digest *key,
                       struct sp_str run);

/* --- the text -------------------------------------------------------------------------------- */

/* Do all that the file says; `damaged` counts the lines that were lost. No file: nothing. */
enum sp_rc sp_ledger_read(struct sp_ledger *ledger, size_t *damaged, struct sp_err *err)
    SP_MUST_USE;

/* Add a line for what the model says now to ledger->said. */
void sp_ledger_say_source(struct sp_ledger *ledger, const struct sp_hold *hold);
void sp_ledger_say_kept(struct sp_ledger *ledger, const struct sp_hold *hold, size_t index);
void sp_ledger_say_made(struct sp_ledger *ledger, const struct sp_hold *hold, size_t index);
void sp_ledger_say_hold(struct sp_ledger *ledger, const struct sp_hold *hold);
void sp_ledger_say_touch(struct sp_ledger *ledger, const struct sp_hold *hold);
void sp_ledger_say_drop(struct sp_ledger *ledger, struct sp_str path);

/* `key` NULL: when it has begun. */
void sp_ledger_say_task(struct sp_ledger *ledger,
                        struct sp_str name,
                        const struct sp_digest *key,
                        struct sp_str text);
void sp_ledger_say_begun(struct sp_ledger *ledger, struct sp_str name, int64_t begun);

/* All that is known, as few lines as possible. */
void sp_ledger_say_everything(struct sp_ledger *ledger);
