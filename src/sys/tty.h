/* SPDX-License-Identifier: BSD-3-Clause */
/* tty.h - what kind of terminal output goes to. */
#pragma once

#include <stdbool.h>

/* From now on nothing is a terminal, and colours are never wanted. */
void sp_tty_be_plain(void);

/* Is `fd` a terminal that understands cursor movement (not TERM=dumb)? */
bool sp_tty_is(int fd);

/* Columns of the terminal; else $COLUMNS; else 80. */
int sp_tty_width(int fd);

/* Colours wanted: a terminal and NO_COLOR not set; or CLICOLOR_FORCE set. */
bool sp_tty_colour(int fd);
