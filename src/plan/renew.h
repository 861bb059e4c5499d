/* SPDX-License-Identifier: BSD-3-Clause */
/* renew.h - values that move from one arena to another.
 *
 * An arena gives nothing back singly. Between two iterations of a loop, what the walk still needs
 * is copied into a new arena and the old one is freed; this is done only when there is more
 * garbage than what is copied, so that its cost does not show. The same way takes the results of a
 * scattered iteration over into the loop that it came from.
 */
#pragma once

#include "plan/state.h"

/* Old objects are overwritten with their new address: `from` must be freed after the moves. What
 * is not in `from` stays where it is. */
struct sp_mover {
    struct sp_arena *from, *to;
};

struct sp_value sp_move_value(const struct sp_mover *mover, struct sp_value value);

/* With all frames around it as far as they are in `from`. */
struct sp_frame *sp_move_frame(const struct sp_mover *mover, struct sp_frame *frame);

/* Between two iterations, if it is worth it: pointers to frames are no longer valid. The top one
 * is returned. */
struct sp_frame *sp_walk_renew(struct sp_walk *walk);
