/* SPDX-License-Identifier: BSD-3-Clause */
#include "lang/interpolate.h"

#include "base/buf.h"
#include "base/nearest.h"

#include "lang/yaml.h"
#include "value/text.h"

/* Texts may refer to texts; these bounds keep small files from standing for endless work. */
#define CHAIN_MAX 64                      /* ${} that need other ${} */
#define DEPTH_MAX 400                     /* sections and ${} within each other */
#define NODES_MAX 2000000                 /* values visited */
#define TEXT_MAX  ((size_t)1024 * 1024)   /* bytes of one text */
#define TOTAL_MAX ((size_t)16 * TEXT_MAX) /* bytes of all texts made */

/* A node and those above it, for ${.relative} references. */
struct place {
    const struct place *up;
    struct sp_value node;
};

/* A text whose ${} are being resolved: to meet it again is a cycle. */
struct chain {
    const struct chain *up;
    const char *text;
    unsigned depth;
};

struct work {
    const struct sp_interpolation *how;
    struct sp_value root;
    size_t nodes;
    size_t bytes;
    unsigned depth;
    bool exhausted;
};

/* What a ${} needs to know about where it stands. */
struct reference {
    struct work *work;
    const struct place *place; /* of the text */
    const struct chain *chain;
    uint32_t origin; /* of this ${} */
};

static struct sp_value resolve_value(struct work *work,
                                     const struct place *up,
                                     const struct chain *chain,
                                     struct sp_value value);

static bool has_reference(struct sp_value value)
{
    return value.kind == SP_TEXT && sp_str_find_str(value.text, SP_STR("${")) != SIZE_MAX;
}

static struct sp_value fail(const struct reference *reference, const char *what, struct sp_str name)
{
    sp_diag_error(reference->work->how->diags, SP_DIAG_INTERPOLATION, reference->origin,
                  "%s '" SP_STR_FMT "'", what, SP_STR_ARG(name));
    return (struct sp_value){ .kind = SP_ERROR };
}

static void exhaust(struct work *work, uint32_t origin)
{
    if (!work->exhausted)
        sp_diag_error(work->how->diags, SP_DIAG_INTERPOLATION, origin,
                      "the ${...} of this file expand to too much");
    work->exhausted = true;
}

/* One level deeper; false when that is too deep. The caller leaves it with work->depth--. */
static bool enter(struct work *work, uint32_t origin)
{
    if (++work->depth <= DEPTH_MAX)
        return true;
    work->depth--;
    exhaust(work, origin);
    return false;
}

/* --- nodes: ${a.b} ------------------------------------------------------------------------- */

/* Next step of "a.b[0]"; *rest becomes what follows. */
static struct sp_str next_step(struct sp_str *rest)
{
    size_t at = 0;

    while (at < rest->len && !strchr(".[]", rest->ptr[at]))
        at++;
    struct sp_str step = sp_str_slice(*rest, 0, at);
    while (at < rest->len && strchr(".[]", rest->ptr[at]))
        at++;
    *rest = sp_str_slice(*rest, at, rest->len);
    return step;
}

static const struct sp_value *child(struct sp_value node, struct sp_str step)
{
    int64_t index;

    if (node.kind == SP_DICT)
        return sp_dict_find(node.dict, step);
    if (!sp_is_list(node) || !sp_str_int(step, &index))
        return NULL;
    if (index < 0)
        index += (int64_t)node.list->len;
    return index >= 0 && (size_t)index < node.list->len ? &node.list->items[index] : NULL;
}

static const struct place *add_place(struct work *work,
                                     const struct place *up,
                                     struct sp_value node)
{
    struct place *place = SP_ARENA_NEW(work->how->arena, struct place, 1);

    *place = (struct place){ .up = up, .node = node };
    return place;
}

static void hint_child(const struct reference *reference, struct sp_value node, struct sp_str step)
{
    struct sp_diags *diags = reference->work->how->diags;
    struct sp_nearest nearest = SP_NEAREST(step);

    if (node.kind == SP_DICT) {
        SP_DICT_EACH(entry, node.dict)
        sp_nearest_offer(&nearest, entry->key);
    }
    if (nearest.best.ptr)
        sp_diag_hint_nearest(diags, &nearest);
    else
        sp_diag_hint(diags, "an ordinary '${' is written '\\${'");
}

/* Where a path starts: the root, or for each leading dot one level up from the text. */
static const struct place *start_of(const struct reference *reference, struct sp_str *path)
{
    const struct place *place = reference->place;

    if (!sp_str_starts(*path, "."))
        return add_place(reference->work, NULL, reference->work->root);
    while (sp_str_starts(*path, ".")) {
        place = place ? place->up : NULL;
        *path = sp_str_slice(*path, 1, path->len);
    }
    return place;
}

/* The node at `path`, its own ${} resolved. `missing`: what to say (NULL: MISSING, silently). */
static struct sp_value find_node(const struct reference *reference,
                                 struct sp_str path,
                                 const char *missing)
{
    struct work *work = reference->work;
    struct sp_str rest = sp_str_trim(path);
    const struct place *place = start_of(reference, &rest);

    while (place && rest.len) {
        struct sp_str step = next_step(&rest);
        const struct sp_value *found = child(place->node, step);
        if (!found && missing) {
            struct sp_value failed = fail(reference, missing, path);
            hint_child(reference, place->node, step);
            return failed;
        }
        if (!found)
            return (struct sp_value){ .kind = SP_MISSING };
        struct sp_value node = *found;
        if (rest.len && has_reference(node))
            node = resolve_value(work, place, reference->chain, node);
        place = add_place(work, place, node);
    }
    if (!place)
        return fail(reference, "there is nothing above the top of the file for", path);
    return resolve_value(work, place->up, reference->chain, place->node);
}

static struct sp_value resolve_node(const struct reference *reference, struct sp_str path)
{
    return find_node(reference, path, "this file has no key");
}

/* --- resolvers: ${name:argument,argument} --------------------------------------------------- */

static bool is_quoted(struct sp_str text)
{
    return text.len >= 2 && (text.ptr[0] == '\'' || text.ptr[0] == '"') &&
           text.ptr[text.len - 1] == text.ptr[0];
}

static struct sp_str unquote(struct sp_str text)
{
    text = sp_str_trim(text);
    return is_quoted(text) ? sp_str_slice(text, 1, text.len - 1) : text;
}

/* Cut the text before the first comma outside of quotes and brackets. */
static struct sp_str cut_argument(struct sp_str *rest)
{
    char quote = '\0';
    int depth = 0;

    for (size_t i = 0; i < rest->len; i++) {
        char c = rest->ptr[i];
        if (quote) {
            quote = (char)(c == quote ? '\0' : quote);
        } else if (c == '\'' || c == '"') {
            quote = c;
        } else if (c == ',' && depth == 0) {
            struct sp_str head = sp_str_slice(*rest, 0, i);
            *rest = sp_str_slice(*rest, i + 1, rest->len);
            return head;
        } else {
            depth += (c == '[' || c == '{') - (c == ']' || c == '}');
        }
    }
    struct sp_str head = *rest;
    *rest = (struct sp_str){ NULL, 0 };
    return head;
}

/* A value written in an argument: quoted text, a scalar, a list or a mapping. */
static struct sp_value decode(const struct reference *reference, struct sp_str text)
{
    const struct sp_interpolation *how = reference->work->how;
    struct sp_value value;
    struct sp_err err = SP_ERR_INIT;

    text = sp_str_trim(text);
    if (is_quoted(text))
        return sp_text(sp_arena_str(how->arena, unquote(text)));
    if (!sp_str_starts(text, "[") && !sp_str_starts(text, "{"))
        return sp_yaml_scalar(how->arena, text, SP_YAML_CONFIG);
    if (sp_yaml_parse(how->arena, how->origins, SP_STR("${...}"), text, SP_YAML_CONFIG, how->diags,
                      &value, &err))
        return (struct sp_value){ .kind = SP_ERROR };
    return value;
}

static struct sp_value resolve_self(const struct reference *reference, struct sp_str rest)
{
    const struct sp_interpolation *how = reference->work->how;
    size_t slash = sp_str_rfind(how->path, '/');
    struct sp_str base =
        slash == SIZE_MAX ? how->path : sp_str_slice(how->path, slash + 1, how->path.len);

    /* Never empty: '${self:dirname}/x' must not be '/x'. */
    struct sp_str dir = how->dir.len ? how->dir : SP_STR(".");

    const struct {
        const char *name;
        struct sp_str value;
    } names[] = { { "path", how->path }, { "dirname", dir }, { "basename", base } };

    rest = sp_str_trim(rest);
    for (size_t i = 0; i < SP_COUNT(names); i++)
        if (sp_str_is(rest, names[i].name))
            return sp_text(sp_arena_str(how->arena, names[i].value));
    struct sp_value failed = fail(reference, "${self:...} does not know", rest);
    sp_diag_hint(how->diags, "it knows path, dirname and basename");
    return failed;
}

static struct sp_value resolve_env(const struct reference *reference, struct sp_str rest)
{
    const struct sp_interpolation *how = reference->work->how;
    struct sp_str name = unquote(cut_argument(&rest));
    struct sp_str value = { NULL, 0 };

    if (how->world)
        value = how->world->env(how->world->arg, name);
    if (value.ptr)
        return sp_text(sp_arena_str(how->arena, value));
    if (!rest.ptr) {
        struct sp_value failed = fail(reference, "environment variable is not set:", name);
        sp_diag_hint(how->diags, "a default can be given: ${oc.env:" SP_STR_FMT ",default}",
                     SP_STR_ARG(name));
        return failed;
    }
    struct sp_value fallback = decode(reference, rest);
    if (fallback.kind == SP_NULL || fallback.kind == SP_ERROR)
        return fallback;
    return sp_text(sp_arena_str(how->arena, unquote(rest)));
}

static struct sp_value resolve_select(const struct reference *reference, struct sp_str rest)
{
    struct sp_str path = unquote(cut_argument(&rest));
    struct sp_value found = find_node(reference, path, NULL);

    if (found.kind != SP_MISSING)
        return found;
    return rest.ptr ? decode(reference, rest) : sp_null();
}

static struct sp_value resolve_dict(const struct reference *reference,
                                    struct sp_str rest,
                                    bool keys)
{
    struct sp_arena *arena = reference->work->how->arena;
    struct sp_value found = resolve_node(reference, unquote(rest));
    struct sp_value list = sp_list_new(arena);

    if (found.kind == SP_ERROR)
        return found;
    if (found.kind != SP_DICT)
        return fail(reference, "this is not a mapping:", rest);
    SP_DICT_EACH(entry, found.dict)
    sp_list_add(arena, list.list, keys ? sp_at(sp_text(entry->key), entry->origin) : entry->value);
    return list;
}

static struct sp_value resolve_keys(const struct reference *reference, struct sp_str rest)
{
    return resolve_dict(reference, rest, true);
}

static struct sp_value resolve_values(const struct reference *reference, struct sp_str rest)
{
    return resolve_dict(reference, rest, false);
}

static struct sp_value resolve_deprecated(const struct reference *reference, struct sp_str rest)
{
    struct sp_str path = unquote(cut_argument(&rest));

    sp_diag_warning(reference->work->how->diags, SP_DIAG_INTERPOLATION, reference->origin,
                    "this key is deprecated, use '" SP_STR_FMT "'", SP_STR_ARG(path));
    return resolve_node(reference, path);
}

static const struct {
    const char *name;
    struct sp_value (*resolve)(const struct reference *reference, struct sp_str rest);
} resolvers[] = {
    { "self", resolve_self },
    { "oc.env", resolve_env },
    { "oc.select", resolve_select },
    { "oc.decode", decode },
    { "oc.create", decode },
    { "oc.dict.keys", resolve_keys },
    { "oc.dict.values", resolve_values },
    { "oc.deprecated", resolve_deprecated },
};

static struct sp_value resolve_inner(const struct reference *reference, struct sp_str inner)
{
    struct sp_str rest = inner;
    struct sp_str name = sp_str_trim(sp_str_cut(&rest, ':'));

    if (!rest.ptr)
        return resolve_node(reference, inner);
    for (size_t i = 0; i < SP_COUNT(resolvers); i++)
        if (sp_str_is(name, resolvers[i].name))
            return resolvers[i].resolve(reference, rest);

    struct sp_nearest nearest = SP_NEAREST(name);
    for (size_t i = 0; i < SP_COUNT(resolvers); i++)
        sp_nearest_offer(&nearest, sp_str_of(resolvers[i].name));
    struct sp_value failed = fail(reference, "unknown resolver", name);
    sp_diag_hint_nearest(reference->work->how->diags, &nearest);
    return failed;
}

/* --- texts --------------------------------------------------------------------------------- */

/* Position of the '}' that ends the ${ at `at`, or SIZE_MAX. */
static size_t find_end(struct sp_str text, size_t at)
{
    char quote = '\0';
    int depth = 1;

    for (size_t i = at + 2; i < text.len; i++) {
        char c = text.ptr[i];
        if (quote)
            quote = (char)(c == quote ? '\0' : quote);
        else if (c == '\'' || c == '"')
            quote = c;
        else if (c == '{')
            depth++;
        else if (c == '}' && --depth == 0)
            return i;
    }
    return SIZE_MAX;
}

struct texts {
    struct work *work;
    const struct place *place;
    const struct chain *chain;
    struct sp_value value; /* the text being resolved */
};

static struct sp_value resolve_text(const struct texts *texts, struct sp_str text);

/* A text within ${} is part of the whole, and stands in it. */
static size_t offset_in(const struct texts *texts, struct sp_str text)
{
    return (size_t)(text.ptr - texts->value.text.ptr);
}

/* One ${...} from `at` to `end` of the text. */
static struct sp_value resolve_one(const struct texts *texts,
                                   struct sp_str text,
                                   size_t at,
                                   size_t end)
{
    struct work *work = texts->work;
    struct reference reference = {
        .work = work,
        .place = texts->place,
        .chain = texts->chain,
        .origin = sp_origins_part(work->how->origins, texts->value.origin,
                                  offset_in(texts, text) + at, end + 1 - at),
    };
    struct sp_str inner = sp_str_slice(text, at + 2, end);

    if (sp_str_find_str(inner, SP_STR("${")) != SIZE_MAX) {
        if (!enter(work, reference.origin))
            return (struct sp_value){ .kind = SP_ERROR };
        struct sp_value made = resolve_text(texts, inner);
        work->depth--;
        if (!sp_is_value(made))
            return made;
        inner = sp_value_text(work->how->arena, made);
    }
    return resolve_inner(&reference, inner);
}

/* Backslashes right before a ${: two make one, an odd one takes its meaning away. Adds them to
 * `out` in place of those at its end and says whether the ${ is an ordinary text. */
static bool fold_escapes(struct sp_buf *out, size_t count)
{
    sp_buf_truncate(out, out->len - count);
    sp_buf_add_repeat(out, '\\', count / 2);
    return count % 2;
}

static size_t count_backslashes(struct sp_str text, size_t from, size_t at)
{
    size_t count = 0;

    while (at - count > from && text.ptr[at - count - 1] == '\\')
        count++;
    return count;
}

static bool add_value(const struct texts *texts,
                      struct sp_value value,
                      uint32_t origin,
                      struct sp_buf *out)
{
    if (!sp_is_value(value))
        return false;
    if (value.kind == SP_DICT || sp_is_list(value)) {
        sp_diag_error(texts->work->how->diags, SP_DIAG_INTERPOLATION, origin,
                      "a %s cannot be put into a text", sp_kind_name(value.kind));
        return false;
    }
    sp_value_str(value, out);
    return true;
}

static struct sp_value finish_text(const struct texts *texts, struct sp_buf *out)
{
    struct work *work = texts->work;

    work->bytes += out->len;
    if (!sp_buf_ok(out) || work->bytes > TOTAL_MAX) {
        exhaust(work, texts->value.origin);
        return (struct sp_value){ .kind = SP_ERROR };
    }
    return sp_text(sp_arena_str(work->how->arena, sp_buf_str(out)));
}

/* Resolve all ${} in a text: one alone gives its value, otherwise a text. */
static struct sp_value resolve_text(const struct texts *texts, struct sp_str text)
{
    sp_auto_buf struct sp_buf out = SP_BUF(TEXT_MAX);
    size_t done = 0; /* bytes that were dealt with */

    for (;;) {
        size_t found = sp_str_find_str(sp_str_slice(text, done, text.len), SP_STR("${"));
        if (found == SIZE_MAX)
            break;
        size_t at = done + found;
        sp_buf_add(&out, sp_str_slice(text, done, at));
        if (sp_buf_ok(&out) && fold_escapes(&out, count_backslashes(text, done, at))) {
            sp_buf_adds(&out, "${");
            done = at + 2;
            continue;
        }
        size_t end = find_end(text, at);
        uint32_t origin = sp_origins_part(texts->work->how->origins, texts->value.origin,
                                          offset_in(texts, text) + at, 2);
        if (end == SIZE_MAX) {
            sp_diag_error(texts->work->how->diags, SP_DIAG_INTERPOLATION, origin,
                          "this '${' is not closed");
            sp_diag_hint(texts->work->how->diags, "an ordinary '${' is written '\\${'");
            return (struct sp_value){ .kind = SP_ERROR };
        }
        struct sp_value value = resolve_one(texts, text, at, end);
        if (at == 0 && end + 1 == text.len)
            return value;
        if (!add_value(texts, value, origin, &out))
            return (struct sp_value){ .kind = SP_ERROR };
        done = end + 1;
    }
    sp_buf_add(&out, sp_str_slice(text, done, text.len));
    return finish_text(texts, &out);
}

static bool is_on_chain(const struct chain *chain, const char *text)
{
    for (; chain; chain = chain->up)
        if (chain->text == text)
            return true;
    return false;
}

static struct sp_value resolve_scalar(struct work *work,
                                      const struct place *up,
                                      const struct chain *chain,
                                      struct sp_value value)
{
    struct chain link = {
        .up = chain,
        .text = value.text.ptr,
        .depth = chain ? chain->depth + 1 : 1,
    };
    struct place here = { .up = up, .node = value };
    struct texts texts = { .work = work, .place = &here, .chain = &link, .value = value };

    if (is_on_chain(chain, value.text.ptr) || link.depth > CHAIN_MAX) {
        sp_diag_error(work->how->diags, SP_DIAG_INTERPOLATION, value.origin,
                      link.depth > CHAIN_MAX ? "${...} refers to ${...} more than %d times"
                                             : "this ${...} refers to itself",
                      CHAIN_MAX);
        return (struct sp_value){ .kind = SP_ERROR };
    }
    struct sp_value result = resolve_text(&texts, value.text);
    return sp_is_value(result) ? sp_at(result, value.origin) : result;
}

/* --- trees --------------------------------------------------------------------------------- */

static bool is_same(struct sp_value a, struct sp_value b)
{
    if (a.kind != b.kind)
        return false;
    if (a.kind == SP_DICT)
        return a.dict == b.dict;
    if (sp_is_list(a))
        return a.list == b.list;
    return a.kind != SP_TEXT || a.text.ptr == b.text.ptr;
}

static struct sp_value resolve_mapping(struct work *work,
                                       const struct place *here,
                                       const struct chain *chain,
                                       struct sp_value value)
{
    struct sp_dict *copy = NULL;

    SP_DICT_EACH(entry, value.dict)
    {
        struct sp_value now = resolve_value(work, here, chain, entry->value);
        if (!sp_is_value(now) || is_same(now, entry->value))
            continue;
        if (!copy)
            copy = sp_dict_clone(work->how->arena, value.dict);
        sp_dict_set(work->how->arena, copy, entry->key, now);
    }
    if (copy)
        value.dict = copy;
    return value;
}

static struct sp_value resolve_list(struct work *work,
                                    const struct place *here,
                                    const struct chain *chain,
                                    struct sp_value value)
{
    struct sp_value copy = sp_list_new(work->how->arena);
    bool changed = false;

    SP_LIST_EACH(item, value.list)
    {
        struct sp_value now = resolve_value(work, here, chain, *item);
        bool keep = !sp_is_value(now);
        changed = changed || (!keep && !is_same(now, *item));
        sp_list_add(work->how->arena, copy.list, keep ? *item : now);
    }
    if (changed)
        value.list = copy.list;
    return value;
}

/* A value with all its ${} resolved; not a value if it is a text whose ${} cannot be resolved. */
static struct sp_value resolve_value(struct work *work,
                                     const struct place *up,
                                     const struct chain *chain,
                                     struct sp_value value)
{
    struct place here = { .up = up, .node = value };
    struct sp_value result = value;

    if (work->exhausted || ++work->nodes > NODES_MAX || !enter(work, value.origin)) {
        exhaust(work, value.origin);
        return (struct sp_value){ .kind = SP_ERROR };
    }
    if (value.kind == SP_DICT)
        result = resolve_mapping(work, &here, chain, value);
    else if (sp_is_list(value))
        result = resolve_list(work, &here, chain, value);
    else if (has_reference(value))
        result = resolve_scalar(work, up, chain, value);
    work->depth--;
    return result;
}

struct sp_value sp_interpolate(const struct sp_interpolation *how, struct sp_value root)
{
    struct work work = { .how = how, .root = root };
    struct sp_value result = resolve_value(&work, NULL, NULL, root);

    return sp_is_value(result) ? result : root;
}
