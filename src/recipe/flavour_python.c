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

#define LOAD        "json.loads(''.join(sys.argv[1:]))"
#define YIELD       "### YIELDING CAB OUTPUT ##"
#define PROGRAM_MAX ((size_t)1 << 20)
#define WORD_MAX    ((size_t)64 * 1024)
#define SHOWN_MAX   ((size_t)160) /* of one value in the log */

static const char prologue[] = "import sys, json\n";

/* Of programs that return something. */
static const char yield_functions[] =
    "def _sp_plain(value):\n"
    "    for name in ('tolist', 'item'):\n"
    "        if hasattr(value, name):\n"
    "            return getattr(value, name)()\n"
    "    return list(value) if isinstance(value, (set, frozenset)) else str(value)\n"
    "def _sp_finite(value):\n" /* NaN and infinity are no JSON: as texts they can be read back */
    "    if isinstance(value, dict):\n"
    "        return {key: _sp_finite(value[key]) for key in value}\n"
    "    if isinstance(value, (list, tuple)):\n"
    "        return [_sp_finite(item) for item in value]\n"
    "    odd = isinstance(value, float) and value - value != 0\n"
    "    return str(value) if odd else value\n"
    "def _sp_yield(outputs, _dumps=json.dumps, _loads=json.loads, _out=sys.stdout):\n"
    "    text = _dumps(outputs, default=_sp_plain)\n"
    "    if 'NaN' in text or 'Infinity' in text:\n"
    "        text = _dumps(_sp_finite(_loads(text)))\n"
    "    _out.write('" YIELD " ' + text + '\\n')\n"
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

/* What {python} stands for: the cab's choice, else that of the machine, in the virtual environment
 * if there is one (which always has a `python`). */
static void add_binary(const struct sp_building *build, struct sp_buf *out)
{
    bool isolated = build->virtual_env.len > 0;
    sp_auto_buf struct sp_buf path = SP_BUF(SP_BUF_SMALL);

    if (isolated)
        sp_buf_addf(&path, SP_STR_FMT "/bin/", SP_STR_ARG(build->virtual_env));
    sp_buf_add(&path,
               option_text(build, "interpreter_binary", isolated ? "python" : build->python));
    if (isolated)
        sp_shell_quote(sp_buf_str(&path), out);
    else
        sp_buf_add(out, sp_buf_str(&path));
}

/* Words of `interpreter_command`. */
static enum sp_rc add_interpreter(struct sp_building *build)
{
    struct sp_str command = option_text(build, "interpreter_command", "{python} -u");
    sp_auto_buf struct sp_buf text = SP_BUF(SP_BUF_SMALL);

    for (;;) {
        size_t found = sp_str_find_str(command, SP_STR("{python}"));
        sp_buf_add(&text, sp_str_slice(command, 0, found));
        if (found == SIZE_MAX)
            break;
        add_binary(build, &text);
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

/* As in Python, but what is long is cut: a log is no place for a catalogue. */
static void add_brief(struct sp_value value, struct sp_buf *out)
{
    sp_auto_buf struct sp_buf whole = SP_BUF(PROGRAM_MAX);

    sp_value_repr(value, &whole);
    if (sp_buf_ok(&whole) && whole.len <= SHOWN_MAX)
        sp_buf_add(out, sp_buf_str(&whole));
    else
        sp_value_brief(value, SHOWN_MAX, out);
}

/* "f(a=1, b='x')" behind the abbreviated command, as a comment for people who paste it. */
static void set_display(struct sp_building *build, const struct sp_dict *params)
{
    sp_auto_buf struct sp_buf text = SP_BUF(PROGRAM_MAX);

    sp_shell_join(build->words, &text);
    sp_buf_adds(&text, " -c ... # ");
    sp_buf_add(&text, build->short_name);
    sp_buf_addc(&text, '(');
    SP_DICT_EACH(entry, params)
    {
        sp_buf_addf(&text, "%s" SP_STR_FMT "=", entry == params->entries ? "" : ", ",
                    SP_STR_ARG(entry->key));
        add_brief(entry->value, &text);
    }
    sp_buf_addc(&text, ')');
    build->display = sp_arena_str(build->arena, sp_buf_str(&text));
}

/* The kernel takes words of up to 128 KiB: what is longer becomes several, cut where Python will
 * not see half a character. */
static void add_json(struct sp_building *build, struct sp_str json)
{
    while (json.len > WORD_MAX) {
        size_t end = WORD_MAX;
        while (end > 1 && (unsigned char)json.ptr[end] >= 0x80)
            end--;
        sp_building_add(build, sp_arena_str(build->arena, sp_str_slice(json, 0, end)));
        json = sp_str_slice(json, end, json.len);
    }
    sp_building_add(build, sp_arena_str(build->arena, json));
}

/* Interpreter words are there already. */
static enum sp_rc finish(struct sp_building *build,
                         const struct sp_buf *program,
                         struct sp_dict *params)
{
    sp_auto_buf struct sp_buf json = SP_BUF(PROGRAM_MAX);

    set_display(build, params);
    sp_json_encode((struct sp_value){ .kind = SP_DICT, .dict = params }, SP_JSON_PYTHON, &json);
    if (!sp_buf_ok(program) || !sp_buf_ok(&json))
        return sp_fail(build->err, SP_LIMIT,
                       "cab '" SP_STR_FMT "': program or parameters are longer "
                       "than %zu bytes",
                       SP_STR_ARG(build->cab->name), PROGRAM_MAX);
    sp_building_add(build, SP_STR("-c"));
    sp_building_add(build, sp_arena_str(build->arena, sp_buf_str(program)));
    add_json(build, sp_buf_str(&json));
    /* Always: the code may print such lines itself, through Stimela's cab_utils. */
    build->wranglers = sp_building_wranglers(build, "^" YIELD " (.*)", yield_actions);
    return SP_OK;
}

/* --- python: a function ------------------------------------------------------------------- */

/* Where a function is. Exactly one of file and module is set. */
struct callable {
    struct sp_str file;     /* "dir/tools.py" */
    struct sp_str module;   /* "package.module" */
    struct sp_str function; /* in a file it may be dotted: a method of a class */
};

static void add_import(const struct callable *callable, struct sp_buf *program)
{
    if (!callable->file.len) {
        sp_buf_addf(program, "from " SP_STR_FMT " import " SP_STR_FMT " as _sp_function\n",
                    SP_STR_ARG(callable->module), SP_STR_ARG(callable->function));
        return;
    }
    /* Modules next to the file can be imported by it, as if it were the script. */
    sp_buf_adds(program, "import importlib.util as _sp_util, operator as _sp_operator, os\n"
                         "_sp_file = os.path.abspath(");
    sp_value_repr(sp_text(callable->file), program);
    sp_buf_adds(program, ")\n"
                         "sys.path.insert(1, os.path.dirname(_sp_file))\n"
                         "_sp_name = os.path.splitext(os.path.basename(_sp_file))[0]\n"
                         "_sp_spec = _sp_util.spec_from_file_location(_sp_name, _sp_file)\n"
                         "_sp_module = _sp_util.module_from_spec(_sp_spec)\n"
                         "sys.modules[_sp_name] = _sp_module\n"
                         "_sp_spec.loader.exec_module(_sp_module)\n"
                         "_sp_function = _sp_operator.attrgetter(");
    sp_value_repr(sp_text(callable->function), program);
    sp_buf_adds(program, ")(_sp_module)\n");
}

static void add_call(const struct sp_building *build, struct sp_buf *program)
{
    const struct sp_value *output = sp_building_option(build, "output");

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

/* "package.module.function" or "(dir/file.py)function". */
static bool parse_callable(struct sp_str command, struct callable *out)
{
    size_t close = sp_str_rfind(command, ')');
    size_t dot = sp_str_rfind(command, '.');

    if (sp_str_starts(command, "(") && close != SIZE_MAX) {
        *out = (struct callable){
            .file = sp_str_trim(sp_str_slice(command, 1, close)),
            .function = sp_str_trim(sp_str_slice(command, close + 1, command.len)),
        };
        return out->file.len && is_dotted_name(out->function);
    }
    *out = (struct callable){ .module = sp_str_slice(command, 0, dot),
                              .function = sp_str_slice(command, dot + 1, command.len) };
    return dot != SIZE_MAX && dot > 0 && out->function.len && is_dotted_name(command);
}

enum sp_rc sp_flavour_python(struct sp_building *build)
{
    bool yields = sp_building_option(build, "output") || option_flag(build, "output_dict", false);
    struct callable callable;
    sp_auto_buf struct sp_buf program = SP_BUF(PROGRAM_MAX);
    struct sp_dict *params;
    struct sp_str command;
    enum sp_rc rc =
        sp_building_subst(build, build->cab->command, build->cab->command_origin, &command);

    if (rc)
        return rc;
    command = sp_str_trim(command);
    if (!parse_callable(command, &callable))
        return sp_fail(
            build->err, SP_INVALID,
            "command of cab '" SP_STR_FMT
            "' must be of the form module.function or (file.py)function, not '" SP_STR_FMT "'",
            SP_STR_ARG(build->cab->name), SP_STR_ARG(command));
    build->short_name = command;
    if ((rc = sp_arguments_keywords(build, true, &params)) || (rc = add_interpreter(build)))
        return rc;
    sp_buf_adds(&program, prologue);
    sp_buf_adds(&program, yields ? yield_functions : "");
    sp_buf_adds(&program, "sys.path.append('.')\n_sp_params = " LOAD "\n");
    add_commands(build, "pre_commands", &program);
    add_import(&callable, &program);
    add_call(build, &program);
    add_commands(build, "post_commands", &program);
    return finish(build, &program, params);
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

/* An output whose value only the code can tell. */
static bool is_variable(const struct sp_param *param)
{
    return param->is_output && !param->has_implicit && !sp_param_is_named_output(param);
}

static bool has_output_vars(const struct sp_building *build)
{
    SP_MAP_EACH (entry, &build->cab->schema.params)
        if (is_variable(entry->value))
            return true;
    return false;
}

static void add_output_vars(const struct sp_building *build, struct sp_buf *program)
{
    SP_MAP_EACH (entry, &build->cab->schema.params) {
        const struct sp_param *param = entry->value;
        if (!is_variable(param))
            continue;
        struct sp_str name = param->nom_de_guerre.len ? param->nom_de_guerre : param->name;
        struct sp_str variable = sp_arguments_identifier(build->arena, name);
        sp_buf_adds(program, "_sp_yield({");
        sp_value_repr(sp_text(param->name), program);
        sp_buf_addf(program, ": " SP_STR_FMT "})\n", SP_STR_ARG(variable));
    }
}

enum sp_rc sp_flavour_python_code(struct sp_building *build)
{
    sp_auto_buf struct sp_buf program = SP_BUF(PROGRAM_MAX);
    struct sp_str dict_name = option_text(build, "input_dict", "_sp_params");
    struct sp_str code = build->cab->command;
    struct sp_dict *params;
    enum sp_rc rc = SP_OK;

    if (option_flag(build, "subst", false))
        rc = sp_building_subst(build, code, build->cab->command_origin, &code);
    if (rc)
        return rc;
    build->short_name = SP_STR("[python]");
    if ((rc = sp_arguments_keywords(build, false, &params)) || (rc = add_interpreter(build)))
        return rc;
    sp_buf_adds(&program, prologue);
    bool yields = option_flag(build, "output_vars", true) && has_output_vars(build);
    sp_buf_adds(&program, yields ? yield_functions : "");
    sp_buf_addf(&program, SP_STR_FMT " = " LOAD "\n", SP_STR_ARG(dict_name));
    add_commands(build, "pre_commands", &program);
    if (option_flag(build, "input_vars", true))
        add_input_vars(build, dict_name, params, &program);
    add_code(code, &program);
    if (yields)
        add_output_vars(build, &program);
    add_commands(build, "post_commands", &program);
    return finish(build, &program, params);
}
