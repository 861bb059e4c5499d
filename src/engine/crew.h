/* SPDX-License-Identifier: BSD-3-Clause */
/* crew.h - the lanes of a run: the main one, and those of scattered loops inside each other.
 *
 * A scattered loop has at most as many iterations under way as it says, and all loops of a run
 * together at most SP_CREW_MAX that do not wait for iterations of their own; inner loops come
 * first. All iterations run, also when some fail. Once the run is interrupted, or the journal
 * cannot be written, no more are begun and the running tools are stopped.
 */
#pragma once

#include "engine/lane.h"

/* Tools at a time, whatever a recipe says. A tool takes four descriptors; 1024 is the usual limit.
 */
#define SP_CREW_MAX 128

struct sp_crew;

/* `works` is borrowed. */
struct sp_crew *sp_crew_new(struct sp_works *works);

/* Accepts NULL. */
void sp_crew_free(struct sp_crew *crew);

/* Go through the walk to its end; walk and book are borrowed. *why: the first thing that went
 * wrong, NULL for nothing; the crew's. On failure the journal could not be written. */
enum sp_rc sp_crew_run(struct sp_crew *crew,
                       struct sp_walk *walk,
                       struct sp_logbook *book,
                       const char **why,
                       struct sp_err *err) SP_MUST_USE;

/* After sp_crew_run: what went wrong is only that a result is needed that was not kept; the walk
 * has to be walked again from its beginning (engine/recall.h). */
bool sp_crew_starts_over(const struct sp_crew *crew);

/* Somebody wants the run to stop: ask all tools to; asked again, kill them. From the event loop. */
void sp_crew_interrupt(struct sp_crew *crew);
