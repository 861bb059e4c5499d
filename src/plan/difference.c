/* SPDX-License-Identifier: BSD-3-Clause */
/* difference.c - why two pre-images are not the same, for people; declared in key.h.
 *
 * Each kind of component has a function that says one difference; `old` or `now` is NULL for what
 * is only in the other. */
#include "plan/key.h"

#define LIKE_MAX 3  /* lines of one kind that are not summed up */
#define DIGITS   12 /* of an image */

struct telling {
    struct sp_arena *arena;
    const struct sp_roles *roles; /* NULL: not known */
    struct sp_list *lines;
};

typedef void (*tell_fn)(struct telling *telling,
                        struct sp_str name,
                        const struct sp_str *old,
                        const struct sp_str *now);

static void say(struct telling *telling, const char *fmt, ...) SP_PRINTF(2, 3);

static void say(struct telling *telling, const char *fmt, ...)
{
    va_list args;

    va_start(args, fmt);
    sp_list_add(telling->arena, telling->lines,
                sp_text(sp_arena_vprintf(telling->arena, fmt, args)));
    va_end(args);
}

/* --- lists of NAME:DIGEST ------------------------------------------------------------------ */

/* The digest behind "NAME:" (or "NAME=") in a list of words; false: it is not there. */
static bool find_word(struct sp_str words, struct sp_str name, char sep, struct sp_str *out)
{
    while (words.ptr) {
        struct sp_str word = sp_str_cut(&words, ' ');
        size_t at = sp_str_rfind(word, sep);
        if (at == SIZE_MAX || !sp_str_eq(sp_str_slice(word, 0, at), name))
            continue;
        *out = sp_str_slice(word, at + 1, word.len);
        return true;
    }
    return false;
}

static void tell_cab(struct telling *telling,
                     struct sp_str name,
                     const struct sp_str *old,
                     const struct sp_str *now)
{
    struct sp_str words = now ? *now : SP_STR("");
    bool outputs = sp_str_is(name, "outputs");

    if (!sp_str_is(name, "inputs") && !outputs) {
        say(telling, "the cab's definition has changed: " SP_STR_FMT, SP_STR_ARG(name));
        return;
    }
    size_t before = telling->lines->len;
    while (words.ptr) {
        struct sp_str word = sp_str_cut(&words, ' ');
        struct sp_str param = sp_str_slice(word, 0, sp_str_rfind(word, ':'));
        struct sp_str digest;
        bool known = find_word(old ? *old : SP_STR(""), param, ':', &digest);
        if (known && !sp_str_ends(word, sp_arena_cstr(telling->arena, digest)))
            say(telling, "the cab's definition has changed: " SP_STR_FMT "." SP_STR_FMT,
                SP_STR_ARG(name), SP_STR_ARG(param));
        else if (!known && outputs && word.len)
            say(telling, "the cab has a new output: " SP_STR_FMT, SP_STR_ARG(param));
    }
    /* An input that has a value, or has none any more, is told of as a parameter. */
    if (telling->lines->len == before && outputs)
        say(telling, "the cab has lost an output");
}

/* Parts of the identity of a program: what is said of one, and of many. */
static const struct {
    const char *kind, *before, *behind, *many;
} parts[] = {
    { "program:", "program ", " has changed", "programs have changed" },
    { "libraries:", "a library that ", " loads has changed", "programs load other libraries" },
    { "script:", "script ", " has changed", "scripts have changed" },
    { "module:", "Python module ", " has changed", "Python modules have changed" },
    { "packages:", "the Python packages of ", " have changed", "Pythons have other packages" },
};

static bool is_told(const struct sp_list *lines, struct sp_str text)
{
    SP_LIST_EACH(line, lines)
    if (sp_str_eq(line->text, text))
        return true;
    return false;
}

static void tell_part(struct telling *telling, struct sp_str what)
{
    for (size_t i = 0; i < SP_COUNT(parts); i++) {
        if (!sp_str_starts(what, parts[i].kind))
            continue;
        struct sp_str subject = sp_str_slice(what, strlen(parts[i].kind), what.len);
        struct sp_str text = sp_arena_printf(telling->arena, "%s" SP_STR_FMT "%s", parts[i].before,
                                             SP_STR_ARG(subject), parts[i].behind);
        if (!is_told(telling->lines, text)) /* several scripts have one interpreter */
            sp_list_add(telling->arena, telling->lines, sp_text(text));
    }
}

static bool has_word(struct sp_str words, struct sp_str word)
{
    while (words.ptr)
        if (sp_str_eq(sp_str_cut(&words, ' '), word))
            return true;
    return false;
}

/* The words of one that the other has not, each once: a shell line may name ten programs. */
static struct sp_str only_in(struct sp_arena *arena, struct sp_str words, struct sp_str other)
{
    struct sp_str all = words, found = SP_STR("");

    while (words.ptr) {
        struct sp_str word = sp_str_cut(&words, ' ');
        if (!has_word(other, word) && !has_word(found, word))
            found = found.len ? sp_arena_join(arena, found, " ", word) : word;
    }
    return found.len ? found : all;
}

/* Where a program runs, as its identity has it (engine/identity.h). */
struct whereabouts {
    struct sp_str tool, image; /* empty: in none */
    bool in_box;
};

static struct whereabouts whereabouts_of(const struct sp_str *words)
{
    struct whereabouts found = { .in_box = false };
    struct sp_str rest = words ? *words : SP_STR("");

    while (rest.ptr) {
        struct sp_str word = sp_str_cut(&rest, ' ');
        size_t equals = sp_str_rfind(word, '=');
        found.in_box = found.in_box || sp_str_starts(word, "in:");
        if (!sp_str_starts(word, "image:") || equals == SIZE_MAX)
            continue;
        found.tool = sp_str_slice(word, strlen("image:"), equals);
        found.image = sp_str_slice(word, equals + 1, word.len);
    }
    return found;
}

/* "sha256:0123456789ab..." */
static struct sp_str brief_image(struct sp_arena *arena, struct sp_str image)
{
    return sp_arena_printf(arena, "sha256:" SP_STR_FMT "...",
                           SP_STR_ARG(sp_str_slice(image, 0, DIGITS)));
}

/* True: it came or went with an image, and nothing else can be compared. */
static bool tell_move(struct telling *telling, const struct sp_str *old, const struct sp_str *now)
{
    struct whereabouts was = whereabouts_of(old), is = whereabouts_of(now);
    struct sp_str before = brief_image(telling->arena, was.image);
    struct sp_str after = brief_image(telling->arena, is.image);

    if (was.image.len && is.image.len && !sp_str_eq(was.image, is.image))
        say(telling, "the image of '" SP_STR_FMT "' is another one: %s was %s", SP_STR_ARG(is.tool),
            after.ptr, before.ptr);
    else if (is.image.len && !was.image.len)
        say(telling, "runs in image %s now, was on this machine", after.ptr);
    else if (was.image.len && !is.image.len)
        say(telling, "runs on this machine now, was in image %s", before.ptr);
    else if (is.in_box != was.in_box)
        say(telling, "runs %s now", is.in_box ? "in a box" : "without a box");
    else
        return false;
    return !is.image.len != !was.image.len;
}

static void tell_program(struct telling *telling,
                         struct sp_str name,
                         const struct sp_str *old,
                         const struct sp_str *now)
{
    struct sp_str words = now ? *now : SP_STR("");
    size_t before = telling->lines->len;
    (void)name;

    if (old && now && tell_move(telling, old, now))
        words = SP_STR(""); /* what belongs to one of the places is not in the other */
    while (words.ptr) {
        struct sp_str word = sp_str_cut(&words, ' ');
        struct sp_str what = sp_str_slice(word, 0, sp_str_rfind(word, '='));
        struct sp_str digest;
        if (find_word(old ? *old : SP_STR(""), what, '=', &digest) &&
            !sp_str_ends(word, sp_arena_cstr(telling->arena, digest)))
            tell_part(telling, what);
    }
    if (telling->lines->len > before)
        return;
    struct sp_str was = old ? *old : SP_STR("none"), is = now ? *now : SP_STR("none");
    struct sp_str gone = only_in(telling->arena, was, is);
    struct sp_str come = only_in(telling->arena, is, was);
    say(telling, "it is another program: " SP_STR_FMT " -> " SP_STR_FMT, SP_STR_ARG(gone),
        SP_STR_ARG(come));
}

/* Which of `parts` the line is about, and whose; SIZE_MAX: none. */
static size_t part_of(struct sp_str line, struct sp_str *subject)
{
    for (size_t i = 0; i < SP_COUNT(parts); i++)
        if (sp_str_starts(line, parts[i].before) && sp_str_ends(line, parts[i].behind)) {
            *subject =
                sp_str_slice(line, strlen(parts[i].before), line.len - strlen(parts[i].behind));
            return i;
        }
    return SIZE_MAX;
}

struct sp_list *sp_preimage_sum_up(struct sp_arena *arena, const struct sp_list *lines)
{
    struct telling telling = { .arena = arena, .lines = sp_list_new(arena).list };
    size_t counts[SP_COUNT(parts)] = { 0 };
    struct sp_str subject;

    SP_LIST_EACH(line, lines)
    {
        size_t part = part_of(line->text, &subject);
        if (part != SIZE_MAX)
            counts[part]++;
    }
    SP_LIST_EACH(line, lines)
    {
        size_t part = part_of(line->text, &subject);
        if (part == SIZE_MAX || (counts[part] && counts[part] <= LIKE_MAX)) {
            sp_list_add(arena, telling.lines, *line);
        } else if (counts[part]) {
            say(&telling, "%zu %s, first " SP_STR_FMT " (--json has all)", counts[part],
                parts[part].many, SP_STR_ARG(subject));
            counts[part] = 0; /* told */
        }
    }
    return telling.lines;
}

/* --- values -------------------------------------------------------------------------------- */

/* "int 1024" -> "1024"; lists keep their types. */
static struct sp_str plain(const struct sp_str *text)
{
    static const char *const kinds[] = { "bool ", "int ", "float ", "text ", "path " };

    if (!text)
        return SP_STR("not set");
    for (size_t i = 0; i < SP_COUNT(kinds); i++)
        if (sp_str_starts(*text, kinds[i]))
            return sp_str_slice(*text, strlen(kinds[i]), text->len);
    return *text;
}

static void tell_param(struct telling *telling,
                       struct sp_str name,
                       const struct sp_str *old,
                       const struct sp_str *now)
{
    struct sp_str before = plain(old);
    struct sp_str after = plain(now);

    if (sp_str_eq(before, after)) { /* another type of the same look */
        before = *old;
        after = *now;
    }
    say(telling, SP_STR_FMT ": " SP_STR_FMT " -> " SP_STR_FMT, SP_STR_ARG(name), SP_STR_ARG(before),
        SP_STR_ARG(after));
}

static void tell_variable(struct telling *telling,
                          struct sp_str name,
                          const struct sp_str *old,
                          const struct sp_str *now)
{
    say(telling, "variable " SP_STR_FMT ": " SP_STR_FMT " -> " SP_STR_FMT, SP_STR_ARG(name),
        SP_STR_ARG(old ? *old : SP_STR("not set")), SP_STR_ARG(now ? *now : SP_STR("not set")));
}

static void tell_salt(struct telling *telling,
                      struct sp_str name,
                      const struct sp_str *old,
                      const struct sp_str *now)
{
    say(telling, "%s: " SP_STR_FMT " -> " SP_STR_FMT,
        sp_str_is(name, "cab") ? "recompute.salt of the cab" : "opts.store.salt",
        SP_STR_ARG(old ? *old : SP_STR("not set")), SP_STR_ARG(now ? *now : SP_STR("not set")));
}

static void tell_command(struct telling *telling,
                         struct sp_str name,
                         const struct sp_str *old,
                         const struct sp_str *now)
{
    (void)name;
    say(telling, "the command: '" SP_STR_FMT "' -> '" SP_STR_FMT "'",
        SP_STR_ARG(old ? *old : SP_STR("")), SP_STR_ARG(now ? *now : SP_STR("")));
}

static void tell_format(struct telling *telling,
                        struct sp_str name,
                        const struct sp_str *old,
                        const struct sp_str *now)
{
    (void)name;
    (void)old;
    (void)now;
    say(telling, "another version of Spoor computes keys in another way");
}

/* --- paths --------------------------------------------------------------------------------- */

/* The first digits of a version, the last word of the text. */
static struct sp_str version_of(const struct sp_str *text)
{
    size_t blank = sp_str_rfind(*text, ' ');
    struct sp_str version = blank == SIZE_MAX ? *text : sp_str_slice(*text, blank + 1, text->len);

    return sp_str_slice(version, 0, 12);
}

static struct sp_str name_in(const struct sp_str *text)
{
    size_t blank = sp_str_rfind(*text, ' ');

    return blank == SIZE_MAX ? SP_STR("") : sp_str_slice(*text, 0, blank);
}

/* " of PATH", where that is known. */
static struct sp_str of_path(const struct telling *telling, struct sp_str name)
{
    for (size_t i = 0; telling->roles && i < telling->roles->len; i++)
        if (sp_str_eq(telling->roles->items[i].name, name))
            return sp_arena_join(telling->arena, SP_STR(" of"), " ", telling->roles->items[i].path);
    return SP_STR("");
}

static void tell_input(struct telling *telling,
                       struct sp_str name,
                       const struct sp_str *old,
                       const struct sp_str *now)
{
    if (!old || !now) {
        say(telling, SP_STR_FMT ": an input %s", SP_STR_ARG(name), old ? "less" : "more");
        return;
    }
    if (!sp_str_eq(version_of(old), version_of(now)) || sp_str_eq(name_in(old), name_in(now)))
        say(telling,
            SP_STR_FMT ": another version" SP_STR_FMT " (" SP_STR_FMT " -> " SP_STR_FMT ")",
            SP_STR_ARG(name), SP_STR_ARG(of_path(telling, name)), SP_STR_ARG(version_of(old)),
            SP_STR_ARG(version_of(now)));
    if (!sp_str_eq(name_in(old), name_in(now)))
        say(telling, SP_STR_FMT ": the name '" SP_STR_FMT "' -> '" SP_STR_FMT "'", SP_STR_ARG(name),
            SP_STR_ARG(name_in(old)), SP_STR_ARG(name_in(now)));
}

static void tell_output(struct telling *telling,
                        struct sp_str name,
                        const struct sp_str *old,
                        const struct sp_str *now)
{
    if (!old || !now)
        say(telling, SP_STR_FMT ": an output %s", SP_STR_ARG(name), old ? "less" : "more");
    else
        say(telling, SP_STR_FMT ": the name '" SP_STR_FMT "' -> '" SP_STR_FMT "'", SP_STR_ARG(name),
            SP_STR_ARG(*old), SP_STR_ARG(*now));
}

static void tell_hidden(struct telling *telling,
                        struct sp_str name,
                        const struct sp_str *old,
                        const struct sp_str *now)
{
    const char *what = !old ? "is read, too" : !now ? "is not read any more" : "has changed";

    say(telling, SP_STR_FMT " %s", SP_STR_ARG(name), what);
}

/* --- all of it ----------------------------------------------------------------------------- */

/* In the order in which they are told. */
static const struct {
    const char *space;
    tell_fn tell;
} kinds[] = {
    { "format", tell_format },   { "salt", tell_salt },       { "cab", tell_cab },
    { "command", tell_command }, { "program", tell_program }, { "hidden", tell_hidden },
    { "in", tell_input },        { "param", tell_param },     { "out", tell_output },
    { "env", tell_variable },
};

/* Is the component of this kind? *name is what is behind the dot. */
static bool is_of(struct sp_str component, const char *space, struct sp_str *name)
{
    size_t len = strlen(space);

    if (!sp_str_starts(component, space) || (component.len > len && component.ptr[len] != '.'))
        return false;
    *name = sp_str_slice(component, len + 1, component.len);
    return true;
}

static const struct sp_str *text_at(const struct sp_preimage *preimage, size_t i, bool here)
{
    return here ? &preimage->parts[i].text : NULL;
}

/* -1: only in `old`, 1: only in `now`, 0: in both. */
static int compare(const struct sp_preimage *old, size_t i, const struct sp_preimage *now, size_t k)
{
    if (i == old->len || k == now->len)
        return i == old->len ? 1 : -1;
    return sp_str_cmp(old->parts[i].component, now->parts[k].component);
}

static void tell_kind(struct telling *telling,
                      size_t kind,
                      const struct sp_preimage *old,
                      const struct sp_preimage *now)
{
    for (size_t i = 0, k = 0; i < old->len || k < now->len;) {
        int order = compare(old, i, now, k);
        const struct sp_str *before = text_at(old, i, order <= 0);
        const struct sp_str *after = text_at(now, k, order >= 0);
        struct sp_str component = order <= 0 ? old->parts[i].component : now->parts[k].component;
        struct sp_str name;
        i += order <= 0;
        k += order >= 0;
        if (is_of(component, kinds[kind].space, &name) &&
            !(before && after && sp_str_eq(*before, *after)))
            kinds[kind].tell(telling, name, before, after);
    }
}

struct sp_list *sp_preimage_differences(struct sp_arena *arena,
                                        const struct sp_preimage *old,
                                        const struct sp_preimage *now,
                                        const struct sp_roles *roles)
{
    struct telling telling = { arena, roles, sp_list_new(arena).list };

    for (size_t i = 0; i < SP_COUNT(kinds); i++)
        tell_kind(&telling, i, old, now);
    if (!telling.lines->len && !sp_digest_eq(&old->key, &now->key))
        say(&telling, "something that this version of Spoor does not know of");
    return telling.lines;
}
