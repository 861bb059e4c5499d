/* SPDX-License-Identifier: BSD-3-Clause */
#include "sys/tty.h"

#include "sys/env.h"
#include "sys/witness.h"

#include <sys/ioctl.h>
#include <unistd.h>

#define WIDTH_UNKNOWN 80
#define WIDTH_MIN     20
#define WIDTH_MAX     1000

static bool plain;

/* How something is shown does not change what it is. */
static struct sp_str look_up(struct sp_str variable)
{
    SP_WITNESS_PAUSED;

    return sp_env_get(variable);
}

void sp_tty_be_plain(void)
{
    plain = true;
}

bool sp_tty_is(int fd)
{
    return !plain && isatty(fd) && !sp_str_is(look_up(SP_STR("TERM")), "dumb");
}

int sp_tty_width(int fd)
{
    struct winsize size;
    int64_t columns = 0;

    if (ioctl(fd, TIOCGWINSZ, &size) == 0 && size.ws_col > 0)
        columns = size.ws_col;
    else if (!sp_str_int(look_up(SP_STR("COLUMNS")), &columns) || columns <= 0)
        columns = WIDTH_UNKNOWN;
    return (int)SP_MIN(SP_MAX(columns, WIDTH_MIN), WIDTH_MAX);
}

bool sp_tty_colour(int fd)
{
    struct sp_str force = look_up(SP_STR("CLICOLOR_FORCE"));

    if (plain)
        return false;
    if (force.len && !sp_str_is(force, "0"))
        return true;
    /* no-color.org: an empty value does not count */
    return look_up(SP_STR("NO_COLOR")).len == 0 && sp_tty_is(fd);
}
