/* SPDX-License-Identifier: BSD-3-Clause */
/* identity.h - what makes one program differ from another of the same name (doc/design/store.md 5).
 *
 *   ELF program     the program and the shared objects that it loads
 *   script          the script and its interpreter
 *   python          the interpreter, the installed distributions, the source files of the module
 *   python-code     the interpreter and the installed distributions; the code is in the cab
 *   CASA task       the program `casa`
 *   in an image     the image, as "image:TOOL=" and the SHA-256 of its manifest for this machine;
 *                   besides that only scripts and modules in the working directory
 *
 * The text is "KIND:NAME=DIGEST ...", names without directories, so that the same program elsewhere
 * is the same. It is remembered in the process, and in files of `dir`, for as long as (path, dev,
 * ino, size, mtime, ctime) of every file involved stay; a file there that is damaged or out of date
 * is ignored.
 */
#pragma once

#include "engine/session.h"
#include "plan/walk.h"

struct sp_identities;

/* `dir` (STORE/identities) is made when something is written; NULL: nothing is kept on disk. */
struct sp_identities *sp_identities_new(const char *dir);

/* What is found out from now on is not kept on disk; what is there is used. */
void sp_identities_only_read(struct sp_identities *identities);

/* Accepts NULL. */
void sp_identities_free(struct sp_identities *identities);

/* Identity of what runs the task. `path`: PATH of the job without the virtual environment
 * (sp_jobspec_path adds that). *out lives in `arena`. SP_NOT_FOUND: there is no such program, or
 * the image has to be fetched first. */
enum sp_rc sp_identity_of(struct sp_identities *identities,
                          struct sp_arena *arena,
                          const struct sp_session *session,
                          struct sp_str path,
                          const struct sp_task *task,
                          struct sp_str *out,
                          struct sp_err *err) SP_MUST_USE;

/* Name of the tool's program, without directory: what cabs/effects.yml knows it by. */
struct sp_str sp_identity_program(const struct sp_task *task);
