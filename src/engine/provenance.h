/* SPDX-License-Identifier: BSD-3-Clause */
/* provenance.h - what a run was put together from (spec stimela2.md 8.6). */
#pragma once

#include "engine/session.h"
#include "engine/workspace.h"

/* Every configuration and recipe file that was read, in order: a list of mappings `path`, `mtime`
 * (ISO 8601), `sha256`. */
struct sp_value sp_provenance_files(const struct sp_session *session);

/* Keep the contents of these files in the workspace (engine/recorded.h). */
enum sp_rc sp_provenance_keep(const struct sp_session *session,
                              const struct sp_workspace *workspace,
                              struct sp_err *err) SP_MUST_USE;

/* What the command line said about loading, as far as it said anything (`given` of run-start). */
struct sp_value sp_provenance_given(const struct sp_session *session);

/* Directories of the packages that were asked for by name (`packages` of run-start). */
struct sp_value sp_provenance_packages(const struct sp_session *session);
