/* SPDX-License-Identifier: BSD-3-Clause */
/* world_fake.h - a world in memory. For tests only; link with world_fake_dep.
 *
 *     static const struct sp_world_file files[] = {
 *         { "recipe.yml", "a: 1\n" },
 *         { "obs.ms", NULL },                         a directory
 *         { "/data/old.fits", "", .mtime = 1, .read_only = true },
 *     };
 *     struct sp_world_fake fake = { .files = files, .len = SP_COUNT(files) };
 *     struct sp_world world;
 *     sp_world_fake_init(&world, &fake);
 *
 * The directories above a file exist too. There are no symbolic links: the real path is the
 * absolute one without "." and "..".
 */
#pragma once

#include "lang/world.h"

struct sp_world_file {
    const char *path;   /* absolute, or relative to cwd */
    const char *text;   /* content; NULL: a directory */
    sp_nsec mtime;      /* 0 counts as 1, so that what exists has a time */
    bool read_only;     /* not writable */
    size_t text_length; /* for content with NUL bytes; 0: up to the NUL */
};

struct sp_world_pair {
    const char *name, *value;
};

struct sp_world_fake {
    const struct sp_world_file *files;
    size_t len;
    const char *cwd;                 /* NULL: "/work" */
    const char *home;                /* NULL: "/home/user" */
    const struct sp_world_pair *env; /* environment variables */
    size_t env_len;
    const struct sp_world_pair *packages; /* name and directory */
    size_t packages_len;

    /* private */
    struct sp_arena *scratch; /* made by init, freed by fini */
};

/* Fill `world`; `fake` is borrowed and must outlive it; its tables may change in between. */
void sp_world_fake_init(struct sp_world *world, struct sp_world_fake *fake);

/* Give the scratch memory back. */
void sp_world_fake_fini(struct sp_world_fake *fake);
