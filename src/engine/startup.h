/* SPDX-License-Identifier: BSD-3-Clause */
/* startup.h - the configuration that is in force before any recipe is loaded.
 *
 * Later ones win; files that are not there are passed over:
 *
 *   built in
 *   /etc/spoor/spoor.conf             the site's
 *   (stimela)stimela.conf             of the Python package, if it is installed
 *   ./stimela.conf
 *   $VIRTUAL_ENV/stimela.conf
 *   ~/.stimela/stimela.conf
 *   (cultcargo)stimela.conf           brings its images, and lib.misc
 *   ~/.config/stimela.conf
 *   $XDG_CONFIG_HOME/spoor/spoor.conf, ~/.config without it
 *   ./spoor.conf
 *
 * Then the `run` section: date, time, machine, environment. A file that cannot be loaded counts as
 * not there, and a warning says so: a recipe can still run.
 */
#pragma once

#include "engine/session.h"

void sp_start_up(struct sp_session *session);

/* When also the files and settings of the command line are loaded: opts.include joins the places
 * in which relative includes are looked for (spec stimela2.md 1.8). */
void sp_start_up_done(struct sp_session *session);
