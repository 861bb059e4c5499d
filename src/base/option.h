/* SPDX-License-Identifier: BSD-3-Clause */
/* option.h - command lines described by tables.
 *
 * One table gives parsing, --help, the man page and shell completion, so that they cannot
 * disagree. Used by the commands of spoor and by the cargo programs alike.
 *
 *     struct args { bool verbose; int64_t threads; const char *name; struct sp_words ms; };
 *     static const struct sp_option options[] = {
 *         SP_OPT_FLAG("v", "verbose", struct args, verbose, "say more"),
 *         SP_OPT_INT("j", "threads", struct args, threads, "N", "use N threads"),
 *         SP_OPT_END,
 *     };
 *
 * Accepted on a command line: --name VALUE, --name=VALUE, -n VALUE, -nVALUE, flags in one word
 * (-vj4), --no-name for flags, and -- to end the options. A name may be shortened when that is
 * not ambiguous. Options and other words may be mixed. A short form of two letters (-pf) is a word
 * of its own, before the same letters as two flags: -pf VALUE, -pf=VALUE. "--help" and "-h" belong
 * to the caller's table like any other flag.
 */
#pragma once

#include "base/buf.h"

enum sp_option_kind {
    SP_OPTION_END,
    SP_OPTION_FLAG,  /* bool */
    SP_OPTION_TEXT,  /* const char *, borrowed from argv */
    SP_OPTION_MAYBE, /* const char *: --name=VALUE, or --name alone, which is "" */
    SP_OPTION_INT,   /* int64_t */
    SP_OPTION_FLOAT, /* double */
    SP_OPTION_WORDS, /* struct sp_words; may be repeated */
    SP_OPTION_PAIRS, /* struct sp_words, two words each time; may be repeated */
    SP_OPTION_GROUP, /* a heading in the help */
};

struct sp_option {
    enum sp_option_kind kind;
    const char *letters; /* short form without the dash, one letter or two; or NULL */
    const char *name;    /* long form without the dashes; or NULL */
    size_t offset;       /* of the field in the caller's struct */
    const char *metavar; /* "FILE"; NULL for flags */
    const char *help;    /* one or two sentences, no full stop needed */
};

#define SP_OPT_FLAG(letters, name, type, field, help)                    \
    {                                                                    \
        SP_OPTION_FLAG, letters, name, offsetof(type, field), NULL, help \
    }
#define SP_OPT_TEXT(letters, name, type, field, metavar, help)              \
    {                                                                       \
        SP_OPTION_TEXT, letters, name, offsetof(type, field), metavar, help \
    }
#define SP_OPT_MAYBE(name, type, field, metavar, help)                    \
    {                                                                     \
        SP_OPTION_MAYBE, NULL, name, offsetof(type, field), metavar, help \
    }
#define SP_OPT_INT(letters, name, type, field, metavar, help)              \
    {                                                                      \
        SP_OPTION_INT, letters, name, offsetof(type, field), metavar, help \
    }
#define SP_OPT_FLOAT(letters, name, type, field, metavar, help)              \
    {                                                                        \
        SP_OPTION_FLOAT, letters, name, offsetof(type, field), metavar, help \
    }
#define SP_OPT_WORDS(letters, name, type, field, metavar, help)              \
    {                                                                        \
        SP_OPTION_WORDS, letters, name, offsetof(type, field), metavar, help \
    }
#define SP_OPT_PAIRS(letters, name, type, field, metavar, help)              \
    {                                                                        \
        SP_OPTION_PAIRS, letters, name, offsetof(type, field), metavar, help \
    }
#define SP_OPT_GROUP(title)                         \
    {                                               \
        SP_OPTION_GROUP, NULL, NULL, 0, NULL, title \
    }
#define SP_OPT_END                               \
    {                                            \
        SP_OPTION_END, NULL, NULL, 0, NULL, NULL \
    }

/* Words in order, borrowed from argv. */
struct sp_words {
    const char **items;
    size_t len;
    size_t capacity;
};

void sp_words_add(struct sp_words *words, const char *word);
void sp_words_fini(struct sp_words *words);

/* Words of `front` before those that are there. */
void sp_words_put_first(struct sp_words *words, const struct sp_words *front);
#define sp_auto_words SP_CLEANUP(sp_words_fini)

/* Everything that describes one program or command to a person. */
struct sp_usage {
    const char *name;        /* "spoor run", "simms" */
    const char *summary;     /* one line, lower case, no full stop */
    const char *synopsis;    /* what follows the name: "[OPTIONS] FILE..." */
    const char *description; /* paragraphs, lines of at most 90 characters; or NULL */
    const struct sp_option *options;
    const char *examples; /* lines "command" and "    what it does"; or NULL */
};

/* Read argv[1..] into `out` (defaults are what it holds already) and the other words into
 * `words`. SP_INVALID with the nearest valid name for an unknown or ambiguous option, a missing
 * or malformed value; `out` may then hold some values. */
enum sp_rc sp_option_parse(const struct sp_option *options,
                           int argc,
                           char **argv,
                           void *out,
                           struct sp_words *words,
                           struct sp_err *err) SP_MUST_USE;

/* The same for options in front of a command: ends before the first word that is no option (and
 * behind "--"). *used: how many words of argv were read, argv[0] included. */
enum sp_rc sp_option_parse_front(const struct sp_option *options,
                                 int argc,
                                 char **argv,
                                 void *out,
                                 int *used,
                                 struct sp_err *err) SP_MUST_USE;

/* Append the help text; `width` is that of the terminal (80 when unknown). */
void sp_usage_help(const struct sp_usage *usage, int width, struct sp_buf *out);

/* Append the name of the man page: "spoor-run". */
void sp_usage_page_name(const struct sp_usage *usage, struct sp_buf *out);

/* Append the body of a man page (roff): from .SH NAME to EXAMPLES. */
void sp_usage_man(const struct sp_usage *usage, struct sp_buf *out);
