/* SPDX-License-Identifier: BSD-3-Clause */
#include "lang/functions.h"

#include "base/nearest.h"

#include "lang/builtins.h"
#include "value/text.h"

/* Unset in the sense of IF and IFSET: nothing is there. */
static bool is_unset(struct sp_value value)
{
    return !sp_is_value(value) && value.kind != SP_ERROR;
}

/* Not known yet, but it will be: no decision can be based on it. */
static bool is_open(const struct sp_eval *eval, struct sp_value value)
{
    return eval->tolerant && value.kind == SP_UNRESOLVED;
}

static struct sp_value argument(struct sp_eval *eval, const struct sp_node *call, size_t index)
{
    return sp_eval_node(eval, call->call.args[index]);
}

/* --- decisions ---------------------------------------------------------------------------- */

static struct sp_value eval_if(struct sp_eval *eval, const struct sp_node *call)
{
    struct sp_value condition = argument(eval, call, 0);

    if (condition.kind == SP_ERROR || is_open(eval, condition))
        return condition;
    if (is_unset(condition))
        return call->call.len > 3 ? argument(eval, call, 3) : condition;
    if (sp_truth(condition))
        return argument(eval, call, 1);
    return call->call.len > 2 ? argument(eval, call, 2) : sp_bool(true);
}

/* The word SELF, quoted or not. */
static bool is_self(const struct sp_node *node)
{
    return node->kind == SP_NODE_SELF ||
           (node->kind == SP_NODE_TEXT && sp_str_is(node->text.raw, "SELF"));
}

static struct sp_value eval_ifset(struct sp_eval *eval, const struct sp_node *call)
{
    struct sp_value value = argument(eval, call, 0);

    if (value.kind == SP_ERROR || is_open(eval, value))
        return value;
    if (is_unset(value))
        return call->call.len > 2 ? argument(eval, call, 2) : sp_unset();
    if (call->call.len < 2 || is_self(call->call.args[1]))
        return value;
    return argument(eval, call, 1);
}

static struct sp_value eval_cases(struct sp_eval *eval, const struct sp_node *call)
{
    size_t pairs = call->call.len / 2;

    for (size_t i = 0; i < pairs; i++) {
        struct sp_value condition = argument(eval, call, 2 * i);
        if (condition.kind == SP_ERROR || is_open(eval, condition))
            return condition;
        if (sp_truth(condition))
            return argument(eval, call, 2 * i + 1);
    }
    if (call->call.len % 2)
        return argument(eval, call, call->call.len - 1);
    return sp_no_value(eval->arena, SP_MISSING, "no match in CASES()");
}

static struct sp_value eval_try(struct sp_eval *eval, const struct sp_node *call)
{
    struct sp_value value = sp_unset();

    for (size_t i = 0; i < call->call.len; i++) {
        value = argument(eval, call, i);
        if (!is_unset(value) || is_open(eval, value))
            return value;
    }
    return value;
}

static struct sp_value eval_valid(struct sp_eval *eval, const struct sp_node *call)
{
    struct sp_value value = argument(eval, call, 0);

    if (is_open(eval, value) || (value.kind == SP_ERROR && eval->final))
        return value;
    return sp_is_value(value) ? value : sp_bool(false);
}

static struct sp_value eval_nosubst(struct sp_eval *eval, const struct sp_node *call)
{
    bool raw = eval->raw;

    eval->raw = true;
    struct sp_value value = argument(eval, call, 0);
    eval->raw = raw;
    return value;
}

/* --- messages ----------------------------------------------------------------------------- */

/* ERROR() and ABORT(). Before a run they may well stand in a branch that will not be taken. */
static struct sp_value give_up(struct sp_eval *eval, const struct sp_node *call, const char *word)
{
    struct sp_value message = argument(eval, call, 0);

    if (message.kind == SP_ERROR)
        return message;
    struct sp_str text = sp_value_text(eval->arena, message);
    if (eval->tolerant)
        return sp_no_value(eval->arena, SP_UNRESOLVED, "%s: " SP_STR_FMT, word, SP_STR_ARG(text));
    eval->final = true;
    return sp_eval_error(eval, "%s: " SP_STR_FMT, word, SP_STR_ARG(text));
}

static struct sp_value eval_error(struct sp_eval *eval, const struct sp_node *call)
{
    return give_up(eval, call, "ERROR");
}

static struct sp_value eval_abort(struct sp_eval *eval, const struct sp_node *call)
{
    struct sp_value value = give_up(eval, call, "ABORT");

    eval->aborted =
        eval->aborted || (value.kind == SP_ERROR && sp_str_starts(value.text, "ABORT: "));
    return value;
}

struct log_options {
    int level; /* -1 while not given */
    unsigned set, clear;
};

static bool take_log_word(struct log_options *options, struct sp_str word)
{
    static const char *const levels[] = {
        [SP_LOG_DEBUG] = "debug", [SP_LOG_INFO] = "info",         [SP_LOG_WARNING] = "warning",
        [SP_LOG_ERROR] = "error", [SP_LOG_CRITICAL] = "critical",
    };

    static const struct {
        const char *word;
        unsigned set, clear;
    } words[] = {
        { "no-repeat", SP_LOG_NO_REPEAT, 0 },
        { "summary", SP_LOG_SUMMARY, 0 },
        { "no-summary", 0, SP_LOG_SUMMARY },
        { "only-summary", SP_LOG_SUMMARY | SP_LOG_SUMMARY_ONLY, 0 },
    };

    for (size_t i = 0; i < SP_COUNT(levels); i++) {
        if (!sp_str_is(word, levels[i]))
            continue;
        bool first = options->level < 0;
        options->level = (int)i;
        return first;
    }
    for (size_t i = 0; i < SP_COUNT(words); i++) {
        if (!sp_str_is(word, words[i].word))
            continue;
        options->set |= words[i].set;
        options->clear |= words[i].clear;
        return true;
    }
    return false;
}

/* Options behind the message; false with *failure set. */
static bool read_log_options(struct sp_eval *eval,
                             const struct sp_list *args,
                             struct log_options *options,
                             struct sp_value *failure)
{
    for (size_t i = 1; i < args->len; i++) {
        struct sp_str rest = sp_value_text(eval->arena, args->items[i]);
        while (rest.ptr) {
            struct sp_str word = sp_str_trim(sp_str_cut(&rest, ','));
            if (word.len && !take_log_word(options, word)) {
                *failure = sp_eval_error(
                    eval,
                    "LOG(): unknown or second level in option '" SP_STR_FMT
                    "' (debug info warning error critical no-repeat summary no-summary "
                    "only-summary)",
                    SP_STR_ARG(word));
                return false;
            }
        }
    }
    return true;
}

static struct sp_value log_message(struct sp_eval *eval, const struct sp_list *args, int level)
{
    struct log_options options = { .level = level };
    struct sp_value failure;

    if (!read_log_options(eval, args, &options, &failure))
        return failure;
    int chosen = options.level < 0 ? SP_LOG_INFO : options.level;
    unsigned flags = chosen >= SP_LOG_WARNING ? SP_LOG_SUMMARY : 0;
    flags = (flags | options.set) & ~options.clear;
    /* Before a run everything is evaluated for the first of several times. */
    if (eval->log && !eval->tolerant)
        eval->log(eval->log_arg, (enum sp_log_level)chosen,
                  sp_value_text(eval->arena, args->items[0]), flags);
    return args->items[0];
}

static struct sp_value builtin_log(struct sp_eval *eval, const struct sp_list *args)
{
    return log_message(eval, args, -1);
}

static struct sp_value builtin_log_info(struct sp_eval *eval, const struct sp_list *args)
{
    return log_message(eval, args, SP_LOG_INFO);
}

static struct sp_value builtin_log_warning(struct sp_eval *eval, const struct sp_list *args)
{
    return log_message(eval, args, SP_LOG_WARNING);
}

static struct sp_value builtin_log_error(struct sp_eval *eval, const struct sp_list *args)
{
    return log_message(eval, args, SP_LOG_ERROR);
}

static struct sp_value builtin_log_critical(struct sp_eval *eval, const struct sp_list *args)
{
    return log_message(eval, args, SP_LOG_CRITICAL);
}

/* --- the table ---------------------------------------------------------------------------- */

#define ANY 1000

/* Name, fewest and most arguments, flags, implementation; arguments and summary for people. */
#define FUNCTIONS(X)                                                                         \
    X("IF", 2, 4, 0, LAZY(eval_if), "condition, then[, else[, unset]]",                      \
      "then or else (True if not given) by the condition; unset if that is not set")         \
    X("IFSET", 1, 3, 0, LAZY(eval_ifset), "value[, set[, unset]]",                           \
      "value (or set) if value is set, else unset, or UNSET if that is not given")           \
    X("CASES", 1, ANY, 0, LAZY(eval_cases), "condition, value, ...[, default]",              \
      "value behind the first condition that is true")                                       \
    X("TRY", 1, ANY, 0, LAZY(eval_try), "value, value, ...", "first value that is set")      \
    X("VALID", 1, 1, 0, LAZY(eval_valid), "value",                                           \
      "the value; False if it is unset or cannot be computed")                               \
    X("ERROR", 1, 1, SP_FUNCTION_ANY_TEXT, LAZY(eval_error), "message",                      \
      "fail with this message; quotes may be omitted")                                       \
    X("ABORT", 1, 1, SP_FUNCTION_ANY_TEXT, LAZY(eval_abort), "message",                      \
      "end the recipe with this message; quotes may be omitted")                             \
    X("LOG", 1, ANY, 0, EAGER(builtin_log), "message[, \"options\"]",                        \
      "write to the log and return the message; options: a level, no-repeat, "               \
      "summary, no-summary, only-summary")                                                   \
    X("LOG_INFO", 1, ANY, 0, EAGER(builtin_log_info), "message[, \"options\"]",              \
      "LOG at level info")                                                                   \
    X("LOG_WARNING", 1, ANY, 0, EAGER(builtin_log_warning), "message[, \"options\"]",        \
      "LOG at level warning")                                                                \
    X("LOG_ERROR", 1, ANY, 0, EAGER(builtin_log_error), "message[, \"options\"]",            \
      "LOG at level error")                                                                  \
    X("LOG_CRITICAL", 1, ANY, 0, EAGER(builtin_log_critical), "message[, \"options\"]",      \
      "LOG at level critical")                                                               \
    X("LIST", 0, ANY, 0, EAGER(sp_builtin_list), "[item, ...]", "list of the arguments")     \
    X("LEN", 1, 1, 0, EAGER(sp_builtin_len), "value",                                        \
      "number of characters of a text, of items of a list or mapping")                       \
    X("RANGE", 1, 3, 0, EAGER(sp_builtin_range), "[from, ]to[, step]",                       \
      "list of integers, to not included")                                                   \
    X("MIN", 1, ANY, 0, EAGER(sp_builtin_min), "value, ... or list", "smallest")             \
    X("MAX", 1, ANY, 0, EAGER(sp_builtin_max), "value, ... or list", "largest")              \
    X("SORT", 1, 1, 0, EAGER(sp_builtin_sort), "list", "in ascending order")                 \
    X("RSORT", 1, 1, 0, EAGER(sp_builtin_rsort), "list", "in descending order")              \
    X("SLICE", 2, 4, 0, EAGER(sp_builtin_slice), "list, from[, to[, step]]",                 \
      "list[from:to:step]; also of a text")                                                  \
    X("GETITEM", 2, 2, 0, EAGER(sp_builtin_getitem), "value, key", "value[key]")             \
    X("IS_STR", 1, 1, 0, EAGER(sp_builtin_is_str), "value", "is it a text (not a path)?")    \
    X("IS_NUM", 1, 1, 0, EAGER(sp_builtin_is_num), "value", "is it a number or boolean?")    \
    X("GLOB", 1, 1, SP_FUNCTION_ANY_TEXT, EAGER(sp_builtin_glob), "pattern",                 \
      "sorted list of files that match; quotes may be omitted")                              \
    X("EXISTS", 1, 1, SP_FUNCTION_ANY_TEXT, EAGER(sp_builtin_exists), "pattern",             \
      "does any file match? quotes may be omitted")                                          \
    X("DIRNAME", 1, 1, 0, EAGER(sp_builtin_dirname), "path", "folder of a path")             \
    X("BASENAME", 1, 1, 0, EAGER(sp_builtin_basename), "path", "last component of a path")   \
    X("EXTENSION", 1, 1, 0, EAGER(sp_builtin_extension), "path",                             \
      "extension of a path with its dot, or empty text")                                     \
    X("STRIPEXT", 1, 1, 0, EAGER(sp_builtin_stripext), "path", "path without its extension") \
    X("NOSUBST", 1, 1, SP_FUNCTION_RAW, LAZY(eval_nosubst), "value",                         \
      "the value without {}-substitution")

#define EAGER(func) .eager = (func)
#define LAZY(func)  .lazy = (func)

#define ROW(name_, min_, max_, flags_, how, arguments_, summary_) \
    { .name = (name_), .min = (min_), .max = (max_), .flags = (flags_), how },
#define HELP(name_, min_, max_, flags_, how, arguments_, summary_) \
    { .name = (name_), .arguments = (arguments_), .summary = (summary_) },

static const struct sp_function functions[] = { FUNCTIONS(ROW) };
static const struct sp_function_help helps[] = { FUNCTIONS(HELP) };

const struct sp_function *sp_function_find(struct sp_str name)
{
    for (size_t i = 0; i < SP_COUNT(functions); i++)
        if (sp_str_is(name, functions[i].name))
            return &functions[i];
    return NULL;
}

void sp_function_offer(struct sp_nearest *nearest)
{
    for (size_t i = 0; i < SP_COUNT(functions); i++) {
        sp_nearest_offer(nearest, sp_str_of(functions[i].name));
        if (sp_str_is_nocase(nearest->wanted, functions[i].name)) {
            nearest->best = sp_str_of(functions[i].name);
            return; /* short names differ by all their letters */
        }
    }
}

const struct sp_function_help *sp_eval_functions(size_t *count)
{
    *count = SP_COUNT(helps);
    return helps;
}

struct sp_value sp_function_call(struct sp_eval *eval, const struct sp_node *call)
{
    const struct sp_function *function = call->call.function;
    struct sp_value args = sp_list_new(eval->arena);
    struct sp_value unset = sp_null();

    if (function->lazy)
        return function->lazy(eval, call);
    if (!sp_eval_charge(eval, call->call.len))
        return sp_eval_exhausted(eval);
    for (size_t i = 0; i < call->call.len; i++) {
        struct sp_value value = argument(eval, call, i);
        if (value.kind == SP_ERROR)
            return value;
        if (!sp_is_value(value) && sp_is_value(unset))
            unset = value;
        sp_eval_touch(eval, value);
        sp_list_add(eval->arena, args.list, value);
    }
    return sp_is_value(unset) ? function->eager(eval, args.list) : unset;
}
