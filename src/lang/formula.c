/* SPDX-License-Identifier: BSD-3-Clause */
#include "lang/formula.h"

#include "base/nearest.h"

#include "lang/functions.h"
#include "lang/operators.h"

#include <ctype.h>
#include <stdarg.h>

#define NODE_DEPTH_MAX (SP_FORMULA_DEPTH_MAX * 2)

struct parser {
    struct sp_arena *arena;
    struct sp_str text;
    size_t at;
    unsigned depth;
    unsigned raw; /* inside this many NOSUBST() */
    struct sp_eval_fault *fault;
};

static struct sp_node *parse_level(struct parser *parser, unsigned level);

/* --- characters --------------------------------------------------------------------------- */

static bool is_name_start(char c)
{
    return isalpha((unsigned char)c) || c == '_';
}

static bool is_word(char c)
{
    return isalnum((unsigned char)c) || c == '_';
}

static bool is_name(char c)
{
    return is_word(c) || (c && strchr("@*?-", c));
}

static char char_at(const struct parser *parser, size_t at)
{
    if (at >= parser->text.len)
        return '\0';
    return parser->text.ptr[at];
}

static struct sp_str rest_of(const struct parser *parser)
{
    return sp_str_slice(parser->text, parser->at, parser->text.len);
}

static void skip_blanks(struct parser *parser)
{
    while (char_at(parser, parser->at) && strchr(" \t\r\n", char_at(parser, parser->at)))
        parser->at++;
}

static bool accept(struct parser *parser, char c)
{
    skip_blanks(parser);
    if (char_at(parser, parser->at) != c)
        return false;
    parser->at++;
    return true;
}

/* Bytes from `at` on that satisfy `belongs`. */
static struct sp_str run_of(const struct parser *parser, size_t at, bool (*belongs)(char c))
{
    size_t end = at;

    while (end < parser->text.len && belongs(parser->text.ptr[end]))
        end++;
    return sp_str_slice(parser->text, at, end);
}

/* --- faults and nodes --------------------------------------------------------------------- */

static SP_PRINTF(4, 5) void *fail_at(struct parser *parser,
                                     size_t at,
                                     size_t length,
                                     const char *fmt,
                                     ...)
{
    va_list args;

    va_start(args, fmt);
    parser->fault->message = sp_arena_vprintf(parser->arena, fmt, args);
    va_end(args);
    parser->fault->offset = SP_MIN(at, parser->text.len);
    parser->fault->length = SP_MAX(length, (size_t)1);
    return NULL;
}

/* NULL for a tree too deep to be walked. */
static struct sp_node *new_node(struct parser *parser, enum sp_node_kind kind, unsigned below)
{
    if (below >= NODE_DEPTH_MAX)
        return fail_at(parser, parser->at, 1, "formula nested deeper than %d levels",
                       SP_FORMULA_DEPTH_MAX);
    struct sp_node *node = SP_ARENA_NEW(parser->arena, struct sp_node, 1);
    node->kind = kind;
    node->at = parser->at;
    node->depth = below + 1;
    return node;
}

static struct sp_node *new_constant(struct parser *parser, struct sp_value value)
{
    struct sp_node *node = new_node(parser, SP_NODE_CONSTANT, 0);

    node->constant = value;
    return node;
}

/* What stands at the current position, for messages. */
static void *unexpected(struct parser *parser, const char *wanted)
{
    static const struct {
        const char *start, *hint;
    } hints[] = {
        { "{", "a lookup is written without braces, or in quotes: \"{recipe.name}\"" },
        { "[", "a list is written LIST(...)" },
        { "==", "'==' stands between two values" },
        { "=", "equality is '=='" },
        { "&", "write 'and'" },
        { "|", "write 'or'" },
        { "!", "write 'not'" },
        { "not", "put 'not ...' into parentheses" },
        { "if", "a choice is written IF(condition, then, else)" },
    };

    skip_blanks(parser);
    struct sp_str rest = rest_of(parser);
    if (rest.len == 0)
        return fail_at(parser, parser->text.len, 1, "expected %s, but the formula ends", wanted);
    for (size_t i = 0; i < SP_COUNT(hints); i++)
        if (sp_str_starts(rest, hints[i].start))
            return fail_at(parser, parser->at, strlen(hints[i].start), "expected %s; %s", wanted,
                           hints[i].hint);
    struct sp_str word = run_of(parser, parser->at, is_name);
    if (word.len == 0)
        word = sp_str_slice(rest, 0, 1);
    return fail_at(parser, parser->at, word.len, "expected %s, got '" SP_STR_FMT "'", wanted,
                   SP_STR_ARG(word));
}

/* --- numbers and texts -------------------------------------------------------------------- */

static bool is_digit(char c)
{
    return isdigit((unsigned char)c);
}

/* Integer, decimal or scientific number at the current position; the sign is an operator. */
static struct sp_str number_text(struct parser *parser)
{
    size_t start = parser->at;
    size_t end = start + run_of(parser, start, is_digit).len;

    if (char_at(parser, end) == '.')
        end += 1 + run_of(parser, end + 1, is_digit).len;
    if (tolower((unsigned char)char_at(parser, end)) == 'e') {
        size_t sign = char_at(parser, end + 1) == '-' || char_at(parser, end + 1) == '+';
        size_t digits = run_of(parser, end + 1 + sign, is_digit).len;
        end += digits ? 1 + sign + digits : 0;
    }
    return sp_str_slice(parser->text, start, end);
}

static struct sp_node *parse_number(struct parser *parser, bool negative)
{
    struct sp_str text = number_text(parser);
    int64_t integer = 0;
    double real;

    if (is_word(char_at(parser, parser->at + text.len))) {
        struct sp_str word = run_of(parser, parser->at, is_name);
        return fail_at(parser, parser->at, word.len, "malformed number '" SP_STR_FMT "'",
                       SP_STR_ARG(word));
    }
    if (sp_str_find(text, '.') != SIZE_MAX || sp_str_find(text, 'e') != SIZE_MAX ||
        sp_str_find(text, 'E') != SIZE_MAX) {
        if (!sp_str_float(text, &real))
            return fail_at(parser, parser->at, text.len, "malformed number");
        parser->at += text.len;
        return new_constant(parser, sp_float(negative ? -real : real));
    }
    for (size_t i = 0; i < text.len; i++) {
        int digit = text.ptr[i] - '0';
        if (__builtin_mul_overflow(integer, (int64_t)10, &integer) ||
            __builtin_add_overflow(integer, (int64_t)(negative ? -digit : digit), &integer))
            return fail_at(parser, parser->at, text.len, "integer does not fit into 64 bits");
    }
    parser->at += text.len;
    return new_constant(parser, sp_int(integer));
}

/* The four escapes that are converted in quoted texts; others stay as they are. */
static struct sp_str unescape(struct parser *parser, struct sp_str raw)
{
    static const char from[] = "ntrf";
    static const char to[] = "\n\t\r\f";

    if (sp_str_find(raw, '\\') == SIZE_MAX)
        return raw;
    char *text = sp_arena_alloc(parser->arena, raw.len + 1);
    size_t len = 0;
    for (size_t i = 0; i < raw.len; i++) {
        const char *escape = raw.ptr[i] == '\\' && i + 1 < raw.len && raw.ptr[i + 1]
                                 ? strchr(from, raw.ptr[i + 1])
                                 : NULL;
        text[len] = raw.ptr[i];
        if (escape)
            text[len] = to[escape - from];
        len++;
        i += escape != NULL;
    }
    return (struct sp_str){ text, len };
}

/* A text node for `raw`, which starts at byte `start` of the formula. */
static struct sp_node *new_text(struct parser *parser, struct sp_str raw, size_t start)
{
    struct sp_node *node = new_node(parser, SP_NODE_TEXT, 0);

    node->text.raw = raw;
    if (sp_str_find(raw, '{') == SIZE_MAX || parser->raw)
        return node;
    node->text.template = sp_template_parse(parser->arena, raw, parser->fault);
    if (node->text.template)
        return node;
    parser->fault->offset = SP_MIN(parser->fault->offset + start, parser->text.len);
    return NULL;
}

static struct sp_node *parse_text(struct parser *parser)
{
    size_t start = parser->at + 1;
    struct sp_str rest = sp_str_slice(parser->text, start, parser->text.len);
    size_t end = sp_str_find(rest, char_at(parser, parser->at));
    size_t line = sp_str_find(rest, '\n');

    if (end == SIZE_MAX || line < end)
        return fail_at(parser, parser->at, 1, "text without closing quote");
    parser->at = start + end + 1;
    return new_text(parser, unescape(parser, sp_str_slice(rest, 0, end)), start);
}

/* --- calls -------------------------------------------------------------------------------- */

/* Text without quotes up to the closing parenthesis, as in GLOB(*.ms). */
static struct sp_node *parse_any_text(struct parser *parser)
{
    size_t end = parser->at;

    while (end < parser->text.len && parser->text.ptr[end] != ',' && parser->text.ptr[end] != ')')
        end++;
    struct sp_str whole = sp_str_slice(parser->text, parser->at, end);
    struct sp_str text = sp_str_trim(whole);
    if (text.len == 0 || char_at(parser, end) != ')')
        return NULL; /* the fault of reading it as an expression stands */
    size_t start = (size_t)(text.ptr - parser->text.ptr);
    parser->at = end;
    return new_text(parser, text, start);
}

/* An expression if it can be read as one. */
static struct sp_node *parse_loose_argument(struct parser *parser)
{
    struct parser start = *parser;
    struct sp_node *node = parse_level(parser, SP_LEVEL_LOGIC);

    skip_blanks(parser);
    if (node && char_at(parser, parser->at) == ')')
        return node;
    if (node)
        (void)unexpected(parser, "')'");
    *parser = start;
    return parse_any_text(parser);
}

static struct sp_node *parse_argument(struct parser *parser, const struct sp_function *function)
{
    skip_blanks(parser);
    struct sp_str word = run_of(parser, parser->at, is_word);
    if (sp_str_is(word, "SELF")) {
        parser->at += word.len;
        return new_node(parser, SP_NODE_SELF, 0);
    }
    if (function->flags & SP_FUNCTION_ANY_TEXT)
        return parse_loose_argument(parser);
    return parse_level(parser, SP_LEVEL_LOGIC);
}

static bool add_argument(struct parser *parser, struct sp_node *call, size_t *capacity)
{
    struct sp_node *argument = parse_argument(parser, call->call.function);

    if (!argument)
        return false;
    if (call->call.len == *capacity) {
        *capacity = SP_MAX(*capacity * 2, (size_t)4);
        const struct sp_node **args =
            SP_ARENA_NEW(parser->arena, const struct sp_node *, *capacity);
        for (size_t i = 0; i < call->call.len; i++)
            args[i] = call->call.args[i];
        call->call.args = args;
    }
    call->call.args[call->call.len++] = argument;
    call->depth = SP_MAX(call->depth, argument->depth + 1);
    if (call->depth > NODE_DEPTH_MAX)
        return fail_at(parser, parser->at, 1, "formula nested deeper than %d levels",
                       SP_FORMULA_DEPTH_MAX) != NULL;
    return true;
}

static bool check_arguments(struct parser *parser, const struct sp_node *call, size_t start)
{
    const struct sp_function *function = call->call.function;
    size_t count = call->call.len;

    for (size_t i = 0; i < count; i++)
        if (call->call.args[i]->kind == SP_NODE_SELF &&
            (i != 1 || strcmp(function->name, "IFSET") != 0))
            return fail_at(parser, start, strlen(function->name),
                           "SELF can only be the second argument of IFSET()") != NULL;
    if (count >= function->min && count <= function->max)
        return true;
    bool few = count < function->min;
    unsigned limit = few ? function->min : function->max;
    const char *bound = function->min == function->max ? "" : few ? "at least " : "at most ";
    return fail_at(parser, start, strlen(function->name), "%s() expects %s%u argument%s, got %zu",
                   function->name, bound, limit, limit == 1 ? "" : "s", count) != NULL;
}

/* From the opening parenthesis on. */
static struct sp_node *parse_call(struct parser *parser,
                                  const struct sp_function *function,
                                  size_t start)
{
    struct sp_node *call = new_node(parser, SP_NODE_CALL, 0);
    size_t capacity = 0;
    bool raw = function->flags & SP_FUNCTION_RAW;

    call->call.function = function;
    call->at = start;
    parser->raw += raw;
    (void)accept(parser, '(');
    if (!accept(parser, ')')) {
        do
            if (!add_argument(parser, call, &capacity))
                return NULL;
        while (accept(parser, ','));
        if (!accept(parser, ')'))
            return unexpected(parser, "',' or ')'");
    }
    parser->raw -= raw;
    return check_arguments(parser, call, start) ? call : NULL;
}

static void *unknown_function(struct parser *parser, struct sp_str name)
{
    struct sp_nearest nearest = SP_NEAREST(name);

    sp_function_offer(&nearest);
    if (!nearest.best.ptr)
        return fail_at(parser, parser->at, name.len, "unknown function '" SP_STR_FMT "'",
                       SP_STR_ARG(name));
    return fail_at(parser, parser->at, name.len,
                   "unknown function '" SP_STR_FMT "'; did you mean '" SP_STR_FMT "'?",
                   SP_STR_ARG(name), SP_STR_ARG(nearest.best));
}

/* --- words -------------------------------------------------------------------------------- */

static const struct {
    const char *word;
    struct sp_value value;
} constants[] = {
    { "True", { .kind = SP_BOOL, .boolean = true } },
    { "true", { .kind = SP_BOOL, .boolean = true } },
    { "False", { .kind = SP_BOOL, .boolean = false } },
    { "false", { .kind = SP_BOOL, .boolean = false } },
    { "UNSET", { .kind = SP_UNSET, .text = { "UNSET", 5 } } },
    { "EMPTY", { .kind = SP_TEXT, .text = { "", 0 } } },
};

static void *bare_name(struct parser *parser, struct sp_str name)
{
    struct sp_nearest nearest = SP_NEAREST(name);

    for (size_t i = 0; i < SP_COUNT(constants) && !nearest.best.ptr; i++)
        if (sp_str_is_nocase(name, constants[i].word))
            nearest.best = sp_str_of(constants[i].word);
    if (nearest.best.ptr)
        return fail_at(parser, parser->at, name.len,
                       "'" SP_STR_FMT "' is not a value; did you mean '" SP_STR_FMT "'?",
                       SP_STR_ARG(name), SP_STR_ARG(nearest.best));
    if (char_at(parser, parser->at + name.len) == '.')
        return fail_at(parser, parser->at + name.len, 1,
                       "a name must follow this dot, of letters a to z, digits and _ only; others "
                       "need a text, as in \"{recipe.other}\"");
    return fail_at(parser, parser->at, name.len,
                   "'" SP_STR_FMT "' is not a value: a lookup needs a namespace, as in "
                   "recipe." SP_STR_FMT ", and a text needs quotes",
                   SP_STR_ARG(name), SP_STR_ARG(name));
}

/* Position of the next name behind blanks, a dot and blanks, or SIZE_MAX. */
static size_t next_name(const struct parser *parser, size_t at)
{
    struct parser ahead = *parser;

    ahead.at = at;
    if (!accept(&ahead, '.'))
        return SIZE_MAX;
    skip_blanks(&ahead);
    return is_name_start(char_at(&ahead, ahead.at)) ? ahead.at : SIZE_MAX;
}

static struct sp_node *parse_lookup(struct parser *parser)
{
    struct sp_component items[SP_REFERENCE_MAX];
    size_t start = parser->at;
    size_t end = start;
    size_t len = 0;

    for (size_t at = start; at != SIZE_MAX; at = next_name(parser, end)) {
        struct sp_str name = run_of(parser, at, is_name);
        if (len == SP_REFERENCE_MAX)
            return fail_at(parser, start, 1, "lookup of more than %d names", SP_REFERENCE_MAX);
        items[len++] = (struct sp_component){ .name = name };
        end = at + name.len;
    }
    if (len < 2)
        return bare_name(parser, run_of(parser, start, is_name));
    struct sp_node *node = new_node(parser, SP_NODE_LOOKUP, 0);
    node->lookup.text = sp_str_slice(parser->text, start, end);
    node->lookup.items = SP_ARENA_NEW(parser->arena, struct sp_component, len);
    memcpy(node->lookup.items, items, len * sizeof *items);
    node->lookup.len = len;
    parser->at = end;
    return node;
}

/* Keyword constant, call or lookup. Keywords end where a letter, digit or '_' does not follow,
 * names go on over "-*?@": "True-1" is a difference, "r.True-1" a name. */
static struct sp_node *parse_word(struct parser *parser)
{
    struct sp_str word = run_of(parser, parser->at, is_word);
    size_t start = parser->at;

    for (size_t i = 0; i < SP_COUNT(constants); i++) {
        if (!sp_str_is(word, constants[i].word))
            continue;
        struct sp_node *node = new_constant(parser, constants[i].value);
        parser->at += word.len;
        return node;
    }
    struct parser ahead = *parser;
    ahead.at += word.len;
    if (!accept(&ahead, '('))
        return parse_lookup(parser);
    const struct sp_function *function = sp_function_find(word);
    if (!function)
        return unknown_function(parser, word);
    parser->at += word.len;
    return parse_call(parser, function, start);
}

/* --- expressions -------------------------------------------------------------------------- */

static struct sp_node *parse_atom(struct parser *parser)
{
    skip_blanks(parser);
    char c = char_at(parser, parser->at);
    if (is_digit(c) || (c == '.' && is_digit(char_at(parser, parser->at + 1))))
        return parse_number(parser, false);
    if (c == '"' || c == '\'')
        return parse_text(parser);
    if (is_name_start(c))
        return parse_word(parser);
    if (!accept(parser, '('))
        return unexpected(parser, "a value");
    struct sp_node *inner = parse_level(parser, SP_LEVEL_LOGIC);
    if (inner && !accept(parser, ')'))
        return unexpected(parser, "')'");
    return inner;
}

/* An index or a part of a slice; NULL where one of `ends` stands instead. */
static bool parse_bound(struct parser *parser, const char *ends, const struct sp_node **out)
{
    skip_blanks(parser);
    char c = char_at(parser, parser->at);
    *out = NULL;
    if (c && strchr(ends, c))
        return true;
    *out = parse_level(parser, SP_LEVEL_LOGIC);
    return *out != NULL;
}

static unsigned depth_of(const struct sp_node *node)
{
    return node ? node->depth : 0;
}

/* Behind the "[" of x[i], x[i:j] or x[i:j:k]. */
static struct sp_node *parse_item(struct parser *parser, const struct sp_node *base)
{
    const struct sp_node *from;
    const struct sp_node *to = NULL;
    const struct sp_node *step = NULL;

    if (!parse_bound(parser, ":", &from))
        return NULL;
    bool slice = accept(parser, ':');
    if (slice && !parse_bound(parser, ":]", &to))
        return NULL;
    if (slice && accept(parser, ':') && !parse_bound(parser, "]", &step))
        return NULL;
    if (!accept(parser, ']'))
        return unexpected(parser, "']'");
    unsigned bounds = SP_MAX(depth_of(from), depth_of(to));
    unsigned below = SP_MAX(base->depth, bounds);
    below = SP_MAX(below, depth_of(step));
    struct sp_node *node = new_node(parser, slice ? SP_NODE_SLICE : SP_NODE_INDEX, below);
    if (node) {
        node->item.base = base;
        node->item.from = from;
        node->item.to = to;
        node->item.step = step;
    }
    return node;
}

static struct sp_node *parse_postfix(struct parser *parser)
{
    struct sp_node *node = parse_atom(parser);

    while (node && accept(parser, '['))
        node = parse_item(parser, node);
    return node;
}

/* "-" and the largest number behind it: the one integer whose size alone does not fit. */
static bool is_smallest_integer(struct parser *parser)
{
    struct parser ahead = *parser;

    if (!accept(&ahead, '-'))
        return false;
    skip_blanks(&ahead);
    struct sp_str number = number_text(&ahead);
    if (!sp_str_is(number, "9223372036854775808"))
        return false;
    parser->at = ahead.at;
    return true;
}

static struct sp_node *parse_prefix(struct parser *parser, unsigned level)
{
    size_t len;

    skip_blanks(parser);
    if (is_smallest_integer(parser))
        return parse_number(parser, true);
    const struct sp_operator *op = sp_operator_prefix(rest_of(parser), &len);
    if (!op)
        return parse_postfix(parser);
    if (op->level < level && op->level == SP_LEVEL_NOT)
        return unexpected(parser, "a value");
    parser->at += len;
    struct sp_node *operand = parse_level(
        parser, op->level == SP_LEVEL_SIGN ? SP_MAX(level, (unsigned)SP_LEVEL_POWER) : op->level);
    struct sp_node *node = operand ? new_node(parser, SP_NODE_PREFIX, operand->depth) : NULL;
    if (node) {
        node->prefix.op = op;
        node->prefix.operand = operand;
    }
    return node;
}

static void add_link(struct parser *parser, struct sp_node *chain, struct sp_link link)
{
    if (chain->chain.len == chain->chain.capacity) {
        size_t capacity = SP_MAX(chain->chain.capacity * 2, (size_t)2);
        struct sp_link *links = SP_ARENA_NEW(parser->arena, struct sp_link, capacity);
        if (chain->chain.len)
            memcpy(links, chain->chain.links, chain->chain.len * sizeof *links);
        chain->chain.links = links;
        chain->chain.capacity = capacity;
    }
    chain->chain.links[chain->chain.len++] = link;
    chain->depth = SP_MAX(chain->depth, link.operand->depth + 1);
}

/* Operators of at least `level`, with `left` in front of them. */
static struct sp_node *parse_operators(struct parser *parser, struct sp_node *left, unsigned level)
{
    unsigned open = 0; /* level of the chain that `left` is, 0 if it is none */

    for (;;) {
        size_t len;
        skip_blanks(parser);
        const struct sp_operator *op = sp_operator_binary(rest_of(parser), &len);
        if (!op || op->level < level)
            return left;
        size_t at = parser->at;
        parser->at += len;
        struct sp_node *operand = parse_level(parser, op->level + 1U);
        if (!operand)
            return NULL;
        if (open != op->level) {
            struct sp_node *chain =
                new_node(parser, SP_NODE_CHAIN, SP_MAX(left->depth, operand->depth));
            if (!chain)
                return NULL;
            chain->chain.first = left;
            left = chain;
            open = op->level;
        }
        add_link(parser, left, (struct sp_link){ op, at, operand });
    }
}

static struct sp_node *parse_level(struct parser *parser, unsigned level)
{
    if (parser->depth >= SP_FORMULA_DEPTH_MAX)
        return fail_at(parser, parser->at, 1, "formula nested deeper than %d levels",
                       SP_FORMULA_DEPTH_MAX);
    parser->depth++;
    struct sp_node *node = parse_prefix(parser, level);
    if (node)
        node = parse_operators(parser, node, level);
    parser->depth--;
    return node;
}

struct sp_node *sp_formula_parse(struct sp_arena *arena,
                                 struct sp_str text,
                                 struct sp_eval_fault *fault)
{
    struct parser parser = { .arena = arena, .text = text, .fault = fault };

    if (text.len > SP_FORMULA_MAX)
        return fail_at(&parser, 0, 1, "formula longer than %zu bytes", SP_FORMULA_MAX);
    struct sp_node *node = parse_level(&parser, SP_LEVEL_LOGIC);
    skip_blanks(&parser);
    if (node && parser.at < text.len)
        return unexpected(&parser, "an operator or the end of the formula");
    return node;
}

/* --- references --------------------------------------------------------------------------- */

static void visit(const struct sp_node *node, sp_reference_fn each, void *arg)
{
    if (node)
        sp_formula_references(node, each, arg);
}

void sp_formula_references(const struct sp_node *node, sp_reference_fn each, void *arg)
{
    switch (node->kind) {
    case SP_NODE_LOOKUP: each(arg, &node->lookup); break;
    case SP_NODE_TEXT:
        if (node->text.template)
            sp_template_references(node->text.template, each, arg);
        break;
    case SP_NODE_PREFIX: visit(node->prefix.operand, each, arg); break;
    case SP_NODE_CHAIN:
        visit(node->chain.first, each, arg);
        for (size_t i = 0; i < node->chain.len; i++)
            visit(node->chain.links[i].operand, each, arg);
        break;
    case SP_NODE_INDEX:
    case SP_NODE_SLICE:
        visit(node->item.base, each, arg);
        visit(node->item.from, each, arg);
        visit(node->item.to, each, arg);
        visit(node->item.step, each, arg);
        break;
    case SP_NODE_CALL:
        for (size_t i = 0; i < node->call.len; i++)
            visit(node->call.args[i], each, arg);
        break;
    case SP_NODE_CONSTANT:
    case SP_NODE_SELF: break;
    }
}
