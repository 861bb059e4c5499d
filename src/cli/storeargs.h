/* SPDX-License-Identifier: BSD-3-Clause */
/* storeargs.h - what the commands share that look after a store: gc, fsck, pin, forget. */
#pragma once

#include "cli/command.h"

/* The workspace is the current directory. */
#define SP_STATE_DIR ".spoor"

/* First member of the arguments. */
struct sp_store_args {
    struct sp_load_args load;
    const char *store;
};

#define SP_STORE_OPTIONS                                                              \
    SP_OPT_GROUP("which store"),                                                      \
        SP_OPT_TEXT(NULL, "store", struct sp_store_args, store, "DIR",                \
                    "the store in DIR; else that of this workspace: opts.store.dir, " \
                    ".spoor/store")

/* Load the settings and find the directory of the store; -1 to go on, else the exit status
 * (findings are shown). The session must be closed in any case. */
int sp_store_args_load(struct sp_store_args *args, struct sp_session *session, const char **dir);

/* Text of the setting `path`, empty if it is not set. */
struct sp_str sp_store_setting(const struct sp_session *session, const char *path);

/* Show what went wrong with a store; returns the exit status. */
int sp_store_fault(const struct sp_err *err);

/* Ask on the terminal whether to go on; -1 to go on, else the exit status. Without a terminal it
 * takes
 * --yes. */
int sp_store_confirm(const char *question, bool yes);
