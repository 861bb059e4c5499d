/* SPDX-License-Identifier: BSD-3-Clause */
/* provenance.h - what a run was put together from (spec stimela2.md 8.6). */
#pragma once

#include "engine/session.h"

/* Every configuration and recipe file that was read, in order: a list of mappings `path`, `mtime`
 * (ISO 8601), `sha256`. */
struct sp_value sp_provenance_files(const struct sp_session *session);
