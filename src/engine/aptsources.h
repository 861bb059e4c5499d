/* SPDX-License-Identifier: BSD-3-Clause */
/* aptsources.h - where this machine gets Debian packages from: the files of sources.list(5), both
 * of "deb [OPTIONS] URI SUITE COMPONENT..." and of deb822 stanzas. */
#pragma once

#include "base/buf.h"

/* Append, as stanzas, the mirrors of binary packages that have `suite`, SUITE-updates or
 * SUITE-security, without the other suites that stand beside these. `is_stanzas`: `text` is that of
 * a file *.sources. Returns how many there are. */
size_t sp_apt_sources_pick(struct sp_str text,
                           bool is_stanzas,
                           struct sp_str suite,
                           struct sp_buf *out);
