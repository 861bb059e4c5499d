/* SPDX-License-Identifier: BSD-3-Clause */
/* flavour_python.c - Python functions and inline Python code (spec stimela2.md 3.6, 3.7).
 *
 * Both run `INTERPRETER -c PROGRAM PARAMETERS`. The parameters are plain JSON: compressed they
 * would depend on the version of zlib, and the command line is part of what a result is known by.
 * What the code returns comes back as lines of output that start with YIELD and are taken out of
 * the log by a wrangler.
 *
 * The names that start with _sp_ in the programs are ours; `sys` and `json` are imported under
 * their own names because inline code in published cabs counts on that. */
#include "recipe/command_internal.h"
#include "value/json.h"
#include "value/text.h"

#define YIELD       "### YIELDING CAB OUTPUT ##"
#define PROGRAM_MAX ((size_t)1 << 20)

static const char prologue[] =
    "import sys, json\n"
    "def _sp_plain(value):\n"
    "    for name in ('tolist', 'item'):\n"
    "        if hasattr(value, name):\n"
    "            return getattr(value, name)()\n"
    "    return list(value) if isinstance(value, (set, frozenset)) else str(value)\n"
    "def _sp_yield(outputs, _dumps=json.dumps, _out=sys.stdout):\n"
    "    _out.write('" YIELD " ' + _dumps(outputs, default=_sp_plain) + '\\n')\n"
    "    _out.flush()\n";

static const char *const yield_actions[] = { "PARSE_JSON_OUTPUT_DICT", "SUPPRESS", NULL };

/* --- shared by both ----------------------------------------------------------------------- */

static struct sp_str option_text(const struct sp_building *build,
                                 const char *name,
                                 const char *fallback)
{
    const struct sp_value *value = sp_building_option(build, name);

    return value ? sp_value_text(build->arena, *value) : sp_str_of(fallback);
}

static bool option_flag(const struct sp_building *build, const char *name, bool fallback)
{
    const struct sp_value *value = sp_building_option(build, name);

    return value ? sp_truth(*value) : fallback;
}

/* Words of `interpreter_command`, in which {python} stands for `interpreter_binary`. */
static enum sp_rc add_interpreter(struct sp_building *build)
{
    struct sp_str binary = option_text(build, "interpreter_binary", "python");
    struct sp_str command = option_text(build, "interpreter_command", "{python} -u");
    sp_auto_buf struct sp_buf text = SP_BUF(SP_BUF_SMALL);

    for (;;) {
        size_t found = sp_str_find_str(command, SP_STR("{python}"));
        sp_buf_add(&text, sp_str_slice(command, 0, found));
        if (found == SIZE_MAX)
            break;
        sp_buf_add(&text, binary);
        command = sp_str_slice(command, found + strlen("{python}"), command.len);
    }
    enum sp_rc rc = sp_shell_split(build->arena, sp_buf_str(&text), build->words, build->err);
    if (rc || !build->words->len)
        return sp_fail(build->err, SP_INVALID,
                       "interpreter_command of cab '" SP_STR_FMT "' is not a command: %s",
                       SP_STR_ARG(build->cab->name), text.ptr);
    return SP_OK;
}

/* pre_commands or post_commands: label -> code. */
static void add_commands(const struct sp_building *build, const char *name, struct sp_buf *program)
{
    const struct sp_value *commands = sp_building_option(build, name);

    if (!commands || commands->kind != SP_DICT)
        return;
    SP_DICT_EACH(entry, commands->dict)
    {
        sp_value_str(entry->value, program);
        sp_buf_addc(program, '\n');
    }
}

static void add_code(struct sp_str code, struct sp_buf *program)
{
    sp_buf_add(program, code);
    if (!sp_str_ends(code, "\n"))
        sp_buf_addc(program, '\n');
}

/* "f(a=1, b='x')" behind the abbreviated command, as a comment for people who paste it. */
static void set_display(struct sp_building *build, const struct sp_dict *params)
{
    sp_auto_buf struct sp_buf text = SP_BUF(PROGRAM_MAX);

    SP_LIST_EACH(word, build->words)
    {
        sp_shell_quote(word->text, &text);
        sp_buf_addc(&text, ' ');
    }
    sp_buf_adds(&text, "-c ... # ");
    sp_buf_add(&text, build->short_name);
    sp_buf_addc(&text, '(');
    SP_DICT_EACH(entry, params)
    {
        sp_buf_addf(&text, "%s" SP_STR_FMT "=", entry == params->entries ? "" : ", ",
                    SP_STR_ARG(entry->key));
        sp_value_repr(entry->value, &text);
    }
    sp_buf_addc(&text, ')');
    build->display = sp_arena_str(build->arena, sp_buf_str(&text));
}

/* Interpreter words are there already. */
static enum sp_rc finish(struct sp_building *build,
                         const struct sp_buf *program,
                         struct sp_dict *params,
                         bool yields)
{
    sp_auto_buf struct sp_buf json = SP_BUF(PROGRAM_MAX);

    set_display(build, params);
    sp_json_encode((struct sp_value){ .kind = SP_DICT, .dict = params }, SP_JSON_COMPACT, &json);
    if (!sp_buf_ok(program) || !sp_buf_ok(&json))
        return sp_fail(build->err, SP_LIMIT,
                       "cab '" SP_STR_FMT "': program or parameters are longer "
                       "than %zu bytes",
                       SP_STR_ARG(build->cab->name), PROGRAM_MAX);
    sp_building_add(build, SP_STR("-c"));
    sp_building_add(build, sp_arena_str(build->arena, sp_buf_str(program)));
    sp_building_add(build, sp_arena_str(build->arena, sp_buf_str(&json)));
    if (yields)
        build->wranglers = sp_building_wranglers(build, "^" YIELD " (.*)", yield_actions);
    return SP_OK;
}

/* --- python: a function ------------------------------------------------------------------- */

static void add_call(const struct sp_building *build,
                     struct sp_str module,
                     struct sp_str function,
                     struct sp_buf *program)
{
    const struct sp_value *output = sp_building_option(build, "output");

    sp_buf_addf(program, "from " SP_STR_FMT " import " SP_STR_FMT " as _sp_function\n",
                SP_STR_ARG(module), SP_STR_ARG(function));
    sp_buf_adds(program, "if 'click' in sys.modules:\n"
                         "    import click as _sp_click\n"
                         "    if isinstance(_sp_function, _sp_click.Command):\n"
                         "        _sp_function = _sp_function.callback\n"
                         "_sp_result = _sp_function(**_sp_params)\n");
    if (option_flag(build, "output_dict", false)) {
        sp_buf_adds(program, "_sp_yield(_sp_result)\n");
    } else if (output) {
        sp_buf_adds(program, "_sp_yield({");
        sp_value_repr(sp_text(sp_value_text(build->arena, *output)), program);
        sp_buf_adds(program, ": _sp_result})\n");
    }
}

static bool is_dotted_name(struct sp_str name)
{
    for (size_t i = 0; i < name.len; i++) {
        char c = name.ptr[i];
        bool letter = (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || c == '_' ||
                      (unsigned char)c >= 0x80;
        if (!letter && !(c >= '0' && c <= '9') && c != '.')
            return false;
    }
    return name.len > 0;
}

enum sp_rc sp_flavour_python(struct sp_building *build)
{
    sp_auto_buf struct sp_buf program = SP_BUF(PROGRAM_MAX);
    struct sp_dict *params;
    struct sp_str command;
    enum sp_rc rc =
        sp_building_subst(build, build->cab->command, build->cab->command_origin, &command);

    if (rc)
        return rc;
    command = sp_str_trim(command);
    size_t dot = sp_str_rfind(command, '.');
    if (dot == SIZE_MAX || dot == 0 || dot + 1 == command.len || !is_dotted_name(command))
        return sp_fail(build->err, SP_INVALID,
                       "command of cab '" SP_STR_FMT
                       "' must be of the form module.function, not '" SP_STR_FMT "'",
                       SP_STR_ARG(build->cab->name), SP_STR_ARG(command));
    build->short_name = command;
    if ((rc = sp_arguments_keywords(build, true, &params)) || (rc = add_interpreter(build)))
        return rc;
    sp_buf_adds(&program, prologue);
    sp_buf_adds(&program, "sys.path.append('.')\n_sp_params = json.loads(sys.argv[1])\n");
    add_commands(build, "pre_commands", &program);
    add_call(build, sp_str_slice(command, 0, dot), sp_str_slice(command, dot + 1, command.len),
             &program);
    add_commands(build, "post_commands", &program);
    bool yields = sp_building_option(build, "output") || option_flag(build, "output_dict", false);
    return finish(build, &program, params, yields);
}

/* --- python-code -------------------------------------------------------------------------- */

/* One assignment a parameter. */
static void add_input_vars(const struct sp_building *build,
                           struct sp_str dict_name,
                           const struct sp_dict *params,
                           struct sp_buf *program)
{
    SP_DICT_EACH(entry, params)
    {
        struct sp_str variable = sp_arguments_identifier(build->arena, entry->key);
        sp_buf_addf(program, SP_STR_FMT " = " SP_STR_FMT "[", SP_STR_ARG(variable),
                    SP_STR_ARG(dict_name));
        sp_value_repr(sp_text(entry->key), program);
        sp_buf_adds(program, "]\n");
    }
}

/* Outputs whose value only the code can tell. Returns how many. */
static size_t add_output_vars(const struct sp_building *build, struct sp_buf *program)
{
    size_t count = 0;

    SP_MAP_EACH (entry, &build->cab->schema.params) {
        const struct sp_param *param = entry->value;
        if (!param->is_output || param->has_implicit || sp_param_is_named_output(param))
            continue;
        struct sp_str name = param->nom_de_guerre.len ? param->nom_de_guerre : param->name;
        struct sp_str variable = sp_arguments_identifier(build->arena, name);
        sp_buf_adds(program, "_sp_yield({");
        sp_value_repr(sp_text(param->name), program);
        sp_buf_addf(program, ": " SP_STR_FMT "})\n", SP_STR_ARG(variable));
        count++;
    }
    return count;
}

enum sp_rc sp_flavour_python_code(struct sp_building *build)
{
    sp_auto_buf struct sp_buf program = SP_BUF(PROGRAM_MAX);
    struct sp_str dict_name = option_text(build, "input_dict", "_sp_params");
    struct sp_str code = build->cab->command;
    struct sp_dict *params;
    enum sp_rc rc = SP_OK;
    bool yields = false;

    if (option_flag(build, "subst", false))
        rc = sp_building_subst(build, code, build->cab->command_origin, &code);
    if (rc)
        return rc;
    build->short_name = SP_STR("[python]");
    if ((rc = sp_arguments_keywords(build, false, &params)) || (rc = add_interpreter(build)))
        return rc;
    sp_buf_adds(&program, prologue);
    sp_buf_addf(&program, SP_STR_FMT " = json.loads(sys.argv[1])\n", SP_STR_ARG(dict_name));
    add_commands(build, "pre_commands", &program);
    if (option_flag(build, "input_vars", true))
        add_input_vars(build, dict_name, params, &program);
    add_code(code, &program);
    if (option_flag(build, "output_vars", true))
        yields = add_output_vars(build, &program) > 0;
    add_commands(build, "post_commands", &program);
    return finish(build, &program, params, yields);
}
