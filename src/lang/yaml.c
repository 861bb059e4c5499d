/* SPDX-License-Identifier: BSD-3-Clause */
#include "lang/yaml.h"

#include "lang/encoding.h"
#include "lang/quoted.h"
#include "lang/scalar.h"
#include "lang/tree.h"

#include <libfyaml.h>

#define TEXT_MAX  ((size_t)64 << 20)
#define BOM       "\xEF\xBB\xBF"
#define LONE_DASH 0x7F /* a control character: sp_encoding_check lets none through */

struct parse {
    struct sp_arena *arena;
    struct sp_origins *origins;
    struct sp_diags *diags;
    enum sp_yaml_dialect dialect;
    struct sp_str text;  /* the copy that the origins keep, behind a byte order mark */
    struct sp_str shown; /* what libfyaml reads: the text, with each lone '-' as LONE_DASH */
    size_t base;         /* bytes of the byte order mark */
    uint32_t file;
    struct sp_tree tree;
    size_t last_end; /* behind the last event that has a place */
    unsigned documents;
};

static uint32_t origin_at(struct parse *parse, size_t start, size_t end)
{
    return sp_origins_add(parse->origins, parse->file, parse->base + start, parse->base + end);
}

/* --- lines ---------------------------------------------------------------------------------- */

static size_t indent_at(struct sp_str text, size_t line_start)
{
    size_t at = line_start;

    while (at < text.len && (text.ptr[at] == ' ' || text.ptr[at] == '\t'))
        at++;
    return at - line_start;
}

static size_t line_start(struct sp_str text, size_t at)
{
    while (at > 0 && text.ptr[at - 1] != '\n')
        at--;
    return at;
}

static size_t next_line(struct sp_str text, size_t at)
{
    while (at < text.len && text.ptr[at] != '\n')
        at++;
    return SP_MIN(at + 1, text.len);
}

/* --- events -------------------------------------------------------------------------------- */

static struct sp_str token_text(struct fy_token *token)
{
    size_t len = 0;
    const char *text = token ? fy_token_get_text(token, &len) : NULL;

    return (struct sp_str){ text ? text : "", text ? len : 0 };
}

/* Remember where an event ends, and return that, or NULL for one without a place. */
static const struct fy_mark *note_end(struct parse *parse, struct fy_event *event)
{
    const struct fy_mark *end = fy_event_end_mark(event);

    if (end)
        parse->last_end = SP_MAX(parse->last_end, end->input_pos);
    return end;
}

static uint32_t event_origin(struct parse *parse, struct fy_event *event)
{
    const struct fy_mark *start = fy_event_start_mark(event);
    const struct fy_mark *end = note_end(parse, event);

    if (!start || !end)
        return origin_at(parse, parse->last_end, parse->last_end);
    return origin_at(parse, start->input_pos, end->input_pos);
}

static enum sp_scalar_style scalar_style(enum fy_scalar_style style)
{
    static const struct {
        enum fy_scalar_style theirs;
        enum sp_scalar_style ours;
    } styles[] = {
        { FYSS_PLAIN, SP_SCALAR_PLAIN },          { FYSS_SINGLE_QUOTED, SP_SCALAR_SINGLE },
        { FYSS_DOUBLE_QUOTED, SP_SCALAR_DOUBLE }, { FYSS_LITERAL, SP_SCALAR_LITERAL },
        { FYSS_FOLDED, SP_SCALAR_FOLDED },
    };

    for (size_t i = 0; i < SP_COUNT(styles); i++)
        if (styles[i].theirs == style)
            return styles[i].ours;
    return SP_SCALAR_EXACT;
}

/* Origin of a scalar. One that is empty stands where its key does, or behind what came last. */
static uint32_t scalar_origin(struct parse *parse, struct fy_event *event)
{
    const struct fy_mark *start = fy_event_start_mark(event);
    const struct fy_mark *end = note_end(parse, event);

    if (!start || !end) {
        uint32_t key = sp_tree_key_origin(&parse->tree);
        return key ? key : origin_at(parse, parse->last_end, parse->last_end);
    }
    return sp_origins_add_scalar(parse->origins, parse->file, parse->base + start->input_pos,
                                 parse->base + end->input_pos,
                                 scalar_style(fy_token_scalar_style(event->scalar.value)));
}

/* --- scalars ------------------------------------------------------------------------------- */

#define TAG_PREFIX "tag:yaml.org,2002:"

static bool refuse_tag(struct parse *parse, struct sp_str tag, uint32_t origin)
{
    if (sp_str_starts(tag, TAG_PREFIX))
        sp_diag_error(parse->diags, SP_DIAG_YAML, origin,
                      "tag '!!" SP_STR_FMT "' does not fit here",
                      SP_STR_ARG(sp_str_slice(tag, strlen(TAG_PREFIX), tag.len)));
    else
        sp_diag_error(parse->diags, SP_DIAG_YAML, origin, "unknown tag '" SP_STR_FMT "'",
                      SP_STR_ARG(tag));
    sp_diag_hint(parse->diags, "put a text that begins with '!' in quotes");
    return false;
}

/* Lists and mappings take no tag but their own. */
static bool check_tag(struct parse *parse, struct fy_token *tag, const char *own, uint32_t origin)
{
    struct sp_str text = token_text(tag);

    if (text.len == 0 || sp_str_is(text, "!") ||
        (sp_str_starts(text, TAG_PREFIX) &&
         sp_str_is(sp_str_slice(text, strlen(TAG_PREFIX), text.len), own)))
        return true;
    return refuse_tag(parse, text, origin);
}

/* Value of a scalar with a tag: !!str 12 */
static bool tagged_scalar(struct parse *parse,
                          struct sp_str tag,
                          struct sp_str text,
                          uint32_t origin,
                          struct sp_value *out)
{
    static const struct {
        const char *tag;
        enum sp_kind kind;
    } tags[] = {
        { TAG_PREFIX "null", SP_NULL },
        { TAG_PREFIX "bool", SP_BOOL },
        { TAG_PREFIX "int", SP_INT },
        { TAG_PREFIX "float", SP_FLOAT },
    };

    if (sp_str_is(tag, "!") || sp_str_is(tag, TAG_PREFIX "str")) {
        *out = sp_text(sp_arena_str(parse->arena, text));
        return true;
    }
    struct sp_value value = sp_yaml_scalar(parse->arena, text, SP_YAML_CONFIG);
    if (value.kind == SP_INT && sp_str_is(tag, TAG_PREFIX "float"))
        value = sp_float((double)value.integer);
    for (size_t i = 0; i < SP_COUNT(tags); i++) {
        if (sp_str_is(tag, tags[i].tag) && value.kind == tags[i].kind) {
            *out = value;
            return true;
        }
    }
    return refuse_tag(parse, tag, origin);
}

static struct sp_value plain_scalar(struct parse *parse, struct sp_str text, uint32_t origin)
{
    if (sp_scalar_is_reserved(text)) {
        sp_diag_error(parse->diags, SP_DIAG_YAML, origin, "'" SP_STR_FMT "' alone is not a value",
                      SP_STR_ARG(text));
        sp_diag_hint(parse->diags, "put it in quotes");
    } else if (sp_scalar_is_huge(text)) {
        sp_diag_warning(parse->diags, SP_DIAG_PITFALL, origin,
                        "this integer does not fit into 64 bits and is kept as text");
    }
    return sp_yaml_scalar(parse->arena, text, parse->dialect);
}

static bool add_key(struct parse *parse, struct sp_value value, struct sp_str text, uint32_t origin)
{
    struct sp_str key;

    /* Numbers that are no integers keep the form in which they were written. */
    if (value.kind == SP_FLOAT)
        return sp_tree_key(&parse->tree, sp_arena_str(parse->arena, text), origin);
    if (sp_tree_key_text(parse->arena, value, &key))
        return sp_tree_key(&parse->tree, key, origin);
    if (text.len)
        sp_diag_error(parse->diags, SP_DIAG_YAML, origin, "null cannot be a key");
    else
        sp_diag_error(parse->diags, SP_DIAG_YAML, origin, "there is no key before this ':'");
    sp_diag_hint(parse->diags, "put the key in quotes if it is a text");
    return false;
}

/* Whether the '-' at 'at' is all of a text between brackets, as in {prefix: -, repeat: list}. */
static bool is_lone_dash(struct sp_str text, size_t at)
{
    size_t before = at;

    if (at + 1 == text.len || !strchr(",[]{}", text.ptr[at + 1]))
        return false;
    while (before && strchr(" \t\r\n", text.ptr[before - 1]))
        before--;
    return before && strchr(",[{:", text.ptr[before - 1]);
}

/* libfyaml refuses a lone '-'; PyYAML does not. So it is shown a character that stands in no valid
 * text. */
static void hide_dashes(struct parse *parse)
{
    char *copy = NULL;

    parse->shown = parse->text;
    for (size_t at = 0; at < parse->text.len; at++) {
        if (parse->text.ptr[at] != '-' || !is_lone_dash(parse->text, at))
            continue;
        if (!copy) {
            copy = sp_arena_alloc(parse->arena, parse->text.len + 1);
            memcpy(copy, parse->text.ptr, parse->text.len);
            copy[parse->text.len] = '\0';
            parse->shown.ptr = copy;
        }
        copy[at] = LONE_DASH;
    }
}

/* A text from libfyaml as it stands in the file, in the arena if that differs. Of a block without a
 * line at the end of the file libfyaml makes the NUL behind it. */
static struct sp_str with_dashes(struct parse *parse, struct sp_str text)
{
    size_t nul = sp_str_find(text, '\0');

    if (nul != SIZE_MAX)
        text.len = nul;
    if (sp_str_find(text, LONE_DASH) == SIZE_MAX)
        return text;
    char *copy = sp_arena_alloc(parse->arena, text.len);
    for (size_t i = 0; i < text.len; i++)
        copy[i] = (char)(text.ptr[i] == LONE_DASH ? '-' : text.ptr[i]);
    return (struct sp_str){ copy, text.len };
}

/* The text of a scalar, in the arena if it is quoted. Most stand as they are in the source. */
static struct sp_str scalar_text(struct parse *parse, struct fy_event *event)
{
    enum fy_scalar_style style = fy_token_scalar_style(event->scalar.value);
    const struct fy_mark *start = fy_event_start_mark(event);
    const struct fy_mark *end = fy_event_end_mark(event);

    if (!start || !end)
        return token_text(event->scalar.value);
    struct sp_str source = sp_str_slice(parse->text, start->input_pos, end->input_pos);
    if (style == FYSS_SINGLE_QUOTED || style == FYSS_DOUBLE_QUOTED)
        return sp_quoted_decode(parse->arena, source, style == FYSS_SINGLE_QUOTED);
    bool one_line = sp_str_find(source, '\n') == SIZE_MAX && sp_str_find(source, '\r') == SIZE_MAX;
    if (style == FYSS_PLAIN && one_line)
        return source;
    return with_dashes(parse, token_text(event->scalar.value));
}

/* The column that the lines of a block must be behind, from the line with its '|' or '>'; SIZE_MAX
 * when that cannot be told. */
static size_t block_parent(struct sp_str text, size_t line)
{
    size_t column = indent_at(text, line);
    size_t dash = SIZE_MAX;
    struct sp_str header = sp_str_slice(text, line, next_line(text, line));

    while (column + 1 < header.len && header.ptr[column] == '-' && header.ptr[column + 1] == ' ') {
        dash = column;
        column += 1 + indent_at(header, column + 1);
    }
    for (size_t i = column + 1; i < header.len; i++)
        if (strchr("|>", header.ptr[i - 1]) && strchr("123456789", header.ptr[i]))
            return SIZE_MAX;
    bool has_key = column < header.len && !strchr("|>&!", header.ptr[column]);
    return has_key ? column : dash;
}

/* Behind the '|' of an empty text, libfyaml takes what follows for its lines. */
static bool swallows(struct parse *parse, struct fy_event *event)
{
    const struct fy_mark *start = fy_event_start_mark(event);
    const struct fy_mark *end = fy_event_end_mark(event);

    if (!start || !end || line_start(parse->text, start->input_pos) == 0)
        return false;
    size_t line = line_start(parse->text, start->input_pos);
    size_t parent = block_parent(parse->text, line_start(parse->text, line - 1));
    while (line + indent_at(parse->text, line) < end->input_pos &&
           strchr("\r\n", parse->text.ptr[line + indent_at(parse->text, line)]))
        line = next_line(parse->text, line);
    if (parent == SIZE_MAX || line + indent_at(parse->text, line) >= end->input_pos ||
        indent_at(parse->text, line) > parent)
        return false;
    size_t at = line + indent_at(parse->text, line);
    sp_diag_error(parse->diags, SP_DIAG_YAML, origin_at(parse, at, at + 1),
                  "the text block that begins on the line before has no lines");
    sp_diag_hint(parse->diags, "indent its lines more, or write '' in place of the '|' or '>'");
    return true;
}

static bool on_scalar(struct parse *parse, struct fy_event *event)
{
    struct sp_str text = scalar_text(parse, event);
    struct sp_str tag = token_text(event->scalar.tag);
    struct sp_str anchor = token_text(event->scalar.anchor);
    enum fy_scalar_style style = fy_token_scalar_style(event->scalar.value);
    bool quoted = style == FYSS_SINGLE_QUOTED || style == FYSS_DOUBLE_QUOTED;
    bool is_key = sp_tree_wants_key(&parse->tree);
    uint32_t origin = scalar_origin(parse, event);
    struct sp_value value;

    if (!quoted && style != FYSS_PLAIN && swallows(parse, event))
        return false;
    if (tag.len) {
        if (!tagged_scalar(parse, tag, text, origin, &value))
            return false;
    } else if (style != FYSS_PLAIN) {
        value = sp_text(quoted ? text : sp_arena_str(parse->arena, text));
    } else if (is_key && sp_scalar_is_reserved(text)) {
        if (text.len == 2)
            return sp_tree_merge_key(&parse->tree, origin);
        value = sp_text(SP_STR("="));
    } else {
        value = plain_scalar(parse, text, origin);
    }
    value.origin = origin;
    if (!is_key)
        return sp_tree_add(&parse->tree, value, anchor);
    sp_tree_anchor(&parse->tree, anchor, value);
    return add_key(parse, value, text, origin);
}

/* --- collections --------------------------------------------------------------------------- */

static bool open_collection(struct parse *parse,
                            struct fy_event *event,
                            enum sp_kind kind,
                            struct fy_token *tag,
                            struct fy_token *anchor)
{
    uint32_t origin = event_origin(parse, event);

    if (sp_tree_wants_key(&parse->tree)) {
        sp_diag_error(parse->diags, SP_DIAG_YAML, origin, "a %s cannot be a key",
                      kind == SP_DICT ? "mapping" : "list");
        sp_diag_hint(parse->diags, "put a text that begins with '{' or '[' in quotes");
        return false;
    }
    return check_tag(parse, tag, kind == SP_DICT ? "map" : "seq", origin) &&
           sp_tree_open(&parse->tree, kind, token_text(anchor), origin);
}

static bool on_document(struct parse *parse)
{
    if (++parse->documents == 1)
        return true;
    size_t at = parse->last_end;
    while (at < parse->text.len && strchr(" \t\r\n", parse->text.ptr[at]))
        at++;
    sp_diag_error(parse->diags, SP_DIAG_DOCUMENT, origin_at(parse, at, at + 3),
                  "a second document begins here, but a file can have only one");
    return false;
}

/* The place of an alias includes its '*'. */
static bool on_alias(struct parse *parse, struct fy_event *event)
{
    struct sp_str name = token_text(event->alias.anchor);
    (void)event_origin(parse, event);
    size_t start = parse->last_end - SP_MIN(parse->last_end, name.len + 1);

    return sp_tree_alias(&parse->tree, name, origin_at(parse, start, parse->last_end));
}

static bool on_event(struct parse *parse, struct fy_event *event)
{
    switch (event->type) {
    case FYET_DOCUMENT_START: return on_document(parse);
    case FYET_SCALAR: return on_scalar(parse, event);
    case FYET_ALIAS: return on_alias(parse, event);
    case FYET_SEQUENCE_START:
        return open_collection(parse, event, SP_LIST, event->sequence_start.tag,
                               event->sequence_start.anchor);
    case FYET_MAPPING_START:
        return open_collection(parse, event, SP_DICT, event->mapping_start.tag,
                               event->mapping_start.anchor);
    case FYET_SEQUENCE_END:
    case FYET_MAPPING_END: (void)note_end(parse, event); return sp_tree_close(&parse->tree);
    case FYET_NONE:
    case FYET_STREAM_START:
    case FYET_STREAM_END:
    case FYET_DOCUMENT_END: break;
    }
    return true;
}

/* --- syntax errors ------------------------------------------------------------------------- */

/* What libfyaml says, what we say, and what to do. */
static const struct {
    const char *fragment;
    const char *text; /* NULL: libfyaml's own */
    const char *hint;

    enum {
        AT_FAULT,
        AT_OPENING /* of the innermost collection */
    } where;
} faults[] = {
    { "tab character may not be used", "a tab is used as indentation",
      "YAML is indented with blanks only: replace the tab by blanks", AT_FAULT },
    { "invalid tab", "a tab is used as indentation",
      "YAML is indented with blanks only: replace the tab by blanks", AT_FAULT },
    { "nested block mapping on the same line", "a second ': ' on the same line",
      "put a text that contains ': ' in quotes, or begin the mapping on a new line", AT_FAULT },
    { "plain scalar cannot start with", NULL, "put a text that begins like this in quotes",
      AT_FAULT },
    { "without a closing bracket", "this bracket is not closed",
      "put a text that begins with '[' or '{' in quotes", AT_OPENING },
    { "missing comma in flow", "',' or a closing bracket is missing",
      "between brackets, put a text that contains ',' or a bracket in quotes", AT_FAULT },
    { "extra closing bracket", "there is no open bracket that this could close", NULL, AT_FAULT },
    { "mismatched flow", "this bracket closes another kind of bracket", NULL, AT_FAULT },
    { "at the end of block sequence", "a list item is expected here, not a key",
      "all items of a list begin with '- ', at the same indentation", AT_FAULT },
    { "missing document start", "there is more behind the end of the document",
      "if this is a mapping: a blank is missing behind ':'", AT_FAULT },
    { "did not find expected key", "a key is expected here, not a list item",
      "indent the '-' below the key that the list belongs to", AT_FAULT },
    { "invalid indentation in mapping", "this indentation matches no section above", NULL,
      AT_FAULT },
    { "trailing content after", "there is more behind the quoted text",
      "put the whole text in quotes", AT_FAULT },
    { "block sequence on the same line", "a list cannot begin on the line of its key",
      "begin it on the next line, or write [a, b]", AT_FAULT },
    { "scalar without closing quote", "this quoted text is not closed", NULL, AT_FAULT },
    { "wrongly indented double-quoted", "this quoted text is not closed",
      "or one of its lines is not indented", AT_FAULT },
    { "wrongly indented single-quoted", "this quoted text is not closed",
      "or one of its lines is not indented", AT_FAULT },
    { "invalid escape", NULL, "in single quotes a backslash is a backslash", AT_FAULT },
    { "block scalar no linebreak", "the text of a block begins on the next line", NULL, AT_FAULT },
};

/* Byte offset of a line and column as libfyaml counts them, both from 1. */
static size_t offset_of(const struct parse *parse, int line, int column)
{
    size_t at = 0;

    for (int i = 1; i < line && at < parse->text.len; i++) {
        size_t rest = sp_str_find(sp_str_slice(parse->text, at, parse->text.len), '\n');
        at = rest == SIZE_MAX ? parse->text.len : at + rest + 1;
    }
    for (int i = 1; i < column && at < parse->text.len && parse->text.ptr[at] != '\n'; i++) {
        at++;
        while (at < parse->text.len && ((unsigned char)parse->text.ptr[at] & 0xC0) == 0x80)
            at++;
    }
    return at;
}

/* "key" or "value" and then a line with ':': a text over two lines cannot be a key. Either the
 * next line is indented wrongly, or this one lacks its ':'. */
static void report_two_lines(struct parse *parse, size_t at)
{
    size_t next = next_line(parse->text, at);
    size_t here = indent_at(parse->text, line_start(parse->text, at));
    size_t there = indent_at(parse->text, next);

    if (memchr(parse->text.ptr + next, '\t', there)) {
        sp_diag_error(parse->diags, SP_DIAG_YAML, origin_at(parse, next, next + there),
                      "a tab is used as indentation");
        sp_diag_hint(parse->diags, "YAML is indented with blanks only: replace the tab by blanks");
    } else if (there > here) {
        sp_diag_error(
            parse->diags, SP_DIAG_YAML,
            origin_at(parse, next + there, next_line(parse->text, next)),
            "this line is indented deeper than the one before, which has a value already");
    } else {
        sp_diag_error(parse->diags, SP_DIAG_YAML,
                      origin_at(parse, at, next_line(parse->text, at) - 1),
                      "expected 'key: value'");
        sp_diag_hint(parse->diags, "a ':' and a blank are missing");
    }
}

/* Text behind a finished value: "{recipe.x}/foo", or a line without ':'. */
static void report_behind_value(struct parse *parse, size_t at)
{
    size_t first = line_start(parse->text, at);
    bool alone = first + indent_at(parse->text, first) == at;

    sp_diag_error(parse->diags, SP_DIAG_YAML, origin_at(parse, at, next_line(parse->text, at) - 1),
                  alone ? "expected 'key: value'" : "there is more behind the closing bracket");
    sp_diag_hint(parse->diags, alone ? "a ':' and a blank are missing"
                                     : "put a text that begins with '[' or '{' in quotes");
}

/* The caret goes to the quote, or to the wrong escape. */
static size_t adjust(const struct parse *parse, const char *message, size_t at)
{
    const char *letter = strstr(message, "invalid escape '");

    bool is_behind = strstr(message, "closing quote") || strstr(message, "invalid tab used");
    if (is_behind && at > 0)
        return at - 1;
    if (!letter)
        return at;
    char escape[] = { '\\', letter[strlen("invalid escape '")], '\0' };
    size_t found =
        sp_str_find_str(sp_str_slice(parse->text, at, parse->text.len), sp_str_of(escape));
    return found == SIZE_MAX ? at : at + found;
}

static void report_fault(struct parse *parse, const char *message, size_t at)
{
    at = adjust(parse, message, at);
    uint32_t origin = origin_at(parse, at, at + 1);

    for (size_t i = 0; i < SP_COUNT(faults); i++) {
        if (!strstr(message, faults[i].fragment))
            continue;
        if (faults[i].where == AT_OPENING && sp_tree_innermost(&parse->tree))
            origin = sp_tree_innermost(&parse->tree);
        sp_diag_error(parse->diags, SP_DIAG_YAML, origin, "%s",
                      faults[i].text ? faults[i].text : message);
        if (faults[i].hint)
            sp_diag_hint(parse->diags, "%s", faults[i].hint);
        return;
    }
    sp_diag_error(parse->diags, SP_DIAG_YAML, origin, "%s", message);
}

static void report_syntax(struct parse *parse, struct fy_diag *diag)
{
    void *previous = NULL;
    struct fy_diag_error *found;

    while ((found = fy_diag_errors_iterate(diag, &previous)) && found->type != FYET_ERROR)
        continue;
    if (!found) {
        sp_diag_error(parse->diags, SP_DIAG_YAML,
                      origin_at(parse, parse->last_end, parse->last_end), "malformed YAML");
        return;
    }
    size_t at = offset_of(parse, found->line, found->column);
    if (strstr(found->msg, "invalid multiline plain key"))
        report_two_lines(parse, at);
    else if (strstr(found->msg, "invalid value after mapping"))
        report_behind_value(parse, at);
    else
        report_fault(parse, found->msg, at);
}

/* --- the whole ----------------------------------------------------------------------------- */

static void parse_events(struct parse *parse, struct fy_parser *parser, struct fy_diag *diag)
{
    struct fy_event *event;
    bool going = true;

    while (going && (event = fy_parser_parse(parser))) {
        going = on_event(parse, event);
        fy_parser_event_free(parser, event);
    }
    if (going && fy_parser_get_stream_error(parser))
        report_syntax(parse, diag);
}

static void parse_text(struct parse *parse)
{
    struct fy_diag_cfg diag_config;

    fy_diag_cfg_default(&diag_config);
    diag_config.fp = NULL;
    struct fy_diag *diag = fy_diag_create(&diag_config);
    if (!diag)
        abort();
    fy_diag_set_collect_errors(diag, true);
    struct fy_parse_cfg config = {
        .flags = FYPCF_QUIET | FYPCF_DEFAULT_VERSION_1_1 | FYPCF_JSON_NONE |
                 FYPCF_SLOPPY_FLOW_INDENTATION,
        .diag = diag,
    };
    struct fy_parser *parser = fy_parser_create(&config);
    hide_dashes(parse);
    if (!parser || fy_parser_set_string(parser, parse->shown.ptr, parse->shown.len))
        abort();
    parse_events(parse, parser, diag);
    fy_parser_destroy(parser);
    fy_diag_destroy(diag);
}

static bool check_text(struct parse *parse)
{
    struct sp_encoding_fault fault;

    if (parse->text.len > TEXT_MAX) {
        sp_diag_error(parse->diags, SP_DIAG_YAML, origin_at(parse, 0, 1),
                      "the file is larger than %zu MiB", TEXT_MAX >> 20);
        return false;
    }
    if (sp_encoding_check(parse->text, &fault))
        return true;
    sp_diag_error(parse->diags, SP_DIAG_YAML,
                  origin_at(parse, fault.offset, fault.offset + fault.length), "%s", fault.message);
    return false;
}

/* NOLINTNEXTLINE(readability-function-size): where to put things, what to read, what comes out */
enum sp_rc sp_yaml_parse(struct sp_arena *arena,
                         struct sp_origins *origins,
                         struct sp_str name,
                         struct sp_str text,
                         enum sp_yaml_dialect dialect,
                         struct sp_diags *diags,
                         struct sp_value *out,
                         struct sp_err *err)
{
    uint32_t file = sp_origins_add_file(origins, name, text);
    struct parse parse = {
        .arena = arena,
        .origins = origins,
        .diags = diags,
        .dialect = dialect,
        .text = sp_origins_file_text(origins, file),
        .file = file,
    };
    size_t findings = diags->len;
    size_t errors = diags->errors;

    if (sp_str_starts(parse.text, BOM)) {
        parse.base = strlen(BOM);
        parse.text = sp_str_slice(parse.text, parse.base, parse.text.len);
    }
    sp_tree_init(&parse.tree, arena, diags);
    if (check_text(&parse) && parse.text.len)
        parse_text(&parse);
    struct sp_value root = parse.tree.root;
    sp_tree_fini(&parse.tree);
    if (diags->errors > errors)
        return sp_diags_fail(diags, findings, err);
    if (root.kind == SP_NULL && dialect == SP_YAML_CONFIG)
        root = sp_at(sp_dict_new(arena), root.origin);
    *out = root;
    return SP_OK;
}
