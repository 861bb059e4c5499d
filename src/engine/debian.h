/* SPDX-License-Identifier: BSD-3-Clause */
/* debian.h - Debian packages as directories: apt-get chooses and fetches them, mmdebstrap(1)
 * installs them.
 *
 *     sp_debian_open(&options, &debian, &err);      which mirrors, and their lists
 *     sp_debian_solve(debian, &wish, &choice, &missing, &err);
 *     sp_debian_fetch(debian, &wish, &choice, &err);
 *     sp_debian_install(debian, &job, &err);        without the network
 *
 * Mirrors, keys and proxies are those of this machine's /etc/apt; lists and packages are kept in a
 * directory of our own, so that nobody has to be root. The lists are asked for again when they are
 * a day old. What is made does not depend on the moment, and says nothing of this machine.
 */
#pragma once

#include "base/arena.h"
#include "base/err.h"

#include "value/value.h"

struct sp_debian;

/* How far a piece of work is: `done` of `count`; 0 of 0: nobody knows. */
typedef void (*sp_debian_progress_fn)(void *arg, const char *what, size_t done, size_t count);

struct sp_debian_options {
    struct sp_arena *arena; /* borrowed: everything lives there */
    struct sp_str path;     /* PATH of programs */
    struct sp_str cache;    /* directory for lists and packages; made */
    struct sp_str suite;    /* "bookworm" */
    const char *mirror;     /* an URI in place of the mirrors of this machine; NULL */
    bool refresh;           /* ask for new lists whatever their age */
    int log_fd;             /* what programs say goes there */
    sp_debian_progress_fn progress;
    void *arg;
};

/* A package of a certain version. */
struct sp_debian_package {
    struct sp_str name, version, architecture; /* "all" too */
    struct sp_str file;                        /* "x_1%3a2-3_amd64.deb" */
    struct sp_str sha256;
    uint64_t size;
};

struct sp_debian_choice {
    struct sp_debian_package *items; /* in the order of their names */
    size_t len;
};

/* SP_NOT_FOUND: a program or a mirror is missing, the text says how to get it. SP_INVALID: there
 * are no lists, nor can they be had. SP_BUSY: interrupted. */
enum sp_rc sp_debian_open(const struct sp_debian_options *options,
                          struct sp_debian **out,
                          struct sp_err *err) SP_MUST_USE;

struct sp_debian_wish {
    const struct sp_list *packages; /* texts: "x", "x=1:2-3" */
    const char *below; /* the directory that they are to be added to; NULL: none, and then the
                          essential packages come too */
};

/* What has to be installed for that. SP_INVALID; SP_NOT_FOUND: there is no such package: *missing
 * is it. */
enum sp_rc sp_debian_solve(struct sp_debian *debian,
                           const struct sp_debian_wish *wish,
                           struct sp_debian_choice *out,
                           struct sp_str *missing,
                           struct sp_err *err) SP_MUST_USE;

/* The name of a package nearest to this; empty. */
struct sp_str sp_debian_nearest(struct sp_debian *debian, struct sp_str name);

/* Have the files of all of them; those that are here are not fetched again. */
enum sp_rc sp_debian_fetch(struct sp_debian *debian,
                           const struct sp_debian_wish *wish,
                           const struct sp_debian_choice *choice,
                           struct sp_err *err) SP_MUST_USE;

struct sp_debian_job {
    const struct sp_debian_choice *choice; /* fetched */
    const char *below; /* a tar archive of the directory to begin with; NULL: nothing */
    const char *stage; /* an empty directory that everybody may enter, for all that is made */
};

/* STAGE/out.tar is the directory. */
enum sp_rc sp_debian_install(struct sp_debian *debian,
                             const struct sp_debian_job *job,
                             struct sp_err *err) SP_MUST_USE;

/* No time in an image is later: 2024-01-01. */
#define SP_DEBIAN_EPOCH (INT64_C(1704067200) * SP_NSEC_PER_SEC)
