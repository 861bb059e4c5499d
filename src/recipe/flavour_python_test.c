/* SPDX-License-Identifier: BSD-3-Clause */
/* The generated programs, run by a real Python where there is one. */
#include "recipe/command.h"
#include "recipe/test_bed.h"

#include <fcntl.h>
#include <spawn.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

/* --- running ------------------------------------------------------------------------------ */

/* Standard output and error of a command in `out`; its exit status, or -1. */
static int run(const struct sp_command *command, struct sp_buf *out)
{
    posix_spawn_file_actions_t actions;
    int ends[2];
    pid_t pid;
    int status = -1;
    char bytes[4096];

    if (pipe2(ends, O_CLOEXEC) < 0)
        return -1;
    posix_spawn_file_actions_init(&actions);
    posix_spawn_file_actions_adddup2(&actions, ends[1], 1);
    posix_spawn_file_actions_adddup2(&actions, ends[1], 2);
    bool started = posix_spawnp(&pid, command->argv[0], &actions, NULL,
                                (char *const *)(uintptr_t)command->argv, environ) == 0;
    posix_spawn_file_actions_destroy(&actions);
    (void)close(ends[1]);
    for (ssize_t got; started && (got = read(ends[0], bytes, sizeof bytes)) > 0;)
        sp_buf_add(out, (struct sp_str){ bytes, (size_t)got });
    (void)close(ends[0]);
    if (!started || waitpid(pid, &status, 0) < 0 || !WIFEXITED(status))
        return -1;
    return WEXITSTATUS(status);
}

static bool has_python(void)
{
    static const char *argv[] = { "python3", "-c", "", NULL };
    struct sp_command command = { .argv = argv, .argc = 3 };
    sp_auto_buf struct sp_buf out = SP_BUF(SP_BUF_SMALL);

    return run(&command, &out) == 0;
}

/* --- cases -------------------------------------------------------------------------------- */

/* `params` go in as they are. Wanted: exit status, lines that people see, outputs. */
static const struct {
    const char *name, *cab, *params;
    int status;
    const char *shown, *outputs;
} cases[] = {
    { "output of a function",
      "{command: textwrap.shorten, flavour: {kind: python, interpreter_binary: python3, output: "
      "short}, inputs: {text: str, width: int, max-lines: str}, outputs: {short: str}}",
      "{text: one two three, width: 10}", 0, "", "{'short': 'one [...]'}" },
    { "dictionary of outputs, all kinds of values",
      "{command: builtins.dict, flavour: {kind: python, interpreter_binary: python3, output_dict: "
      "true}, inputs: {a: Any, b.c-d: Any, e: {nom_de_guerre: f}, t: Any, n: Any}}",
      "{a: [1, x, {k: 2.5}], b.c-d: true, e: \"it's \\\"q\\\" é\", n: null}", 0, "",
      "{'a': [1, 'x', {'k': 2.5}], 'b__c_d': True, 'f': 'it\\'s \"q\" é', 'n': None}" },
    { "missing ones as None",
      "{command: builtins.dict, policies: {pass_missing_as_none: true}, flavour: {kind: python, "
      "interpreter_binary: python3, output_dict: true}, inputs: {a: str, b: str}}",
      "{b: 1}", 0, "", "{'a': None, 'b': 1}" },
    { "a function without output, code before and after",
      "{command: builtins.print, flavour: {kind: python, interpreter_binary: python3, "
      "pre_commands: {a: 'x = 1', b: 'print(x)'}, post_commands: {c: \"print('post')\"}}, inputs: "
      "{sep: str}}",
      "{sep: y}", 0, "1||post", NULL },
    { "a module that is not there",
      "{command: no_such_module_at_all.f, flavour: {kind: python, interpreter_binary: python3}}",
      "{}", 1, NULL, NULL },
    { "code without a newline at its end",
      "{command: 'y = x * 2; print(sys.version_info[0] >= 3, json.dumps(x))', flavour: {kind: "
      "python-code, interpreter_binary: python3}, inputs: {x: int}, outputs: {y: int}}",
      "{x: 21}", 0, "True 21", "{'y': 42}" },
    { "names that are no identifiers, outputs that are no variables",
      "{command: \"version_list = [a__b_c]\\nfile = 1\\n\", flavour: {kind: python-code, "
      "interpreter_binary: python3}, inputs: {a.b-c: str}, outputs: {version-list: List, file: "
      "File, im: {implicit: x}}}",
      "{a.b-c: v}", 0, "", "{'version-list': ['v']}" },
    { "parameters in a dictionary only",
      "{command: \"y = sorted(inp) + ['a' in globals()]\", flavour: {kind: python-code, "
      "interpreter_binary: python3, input_dict: inp, input_vars: false}, inputs: {a: str, b.c: "
      "{nom_de_guerre: d}}, outputs: {y: List}}",
      "{a: 1, b.c: 2}", 0, "", "{'y': ['a', 'd', False]}" },
    { "a function in a file, which imports its neighbour",
      "{command: (dir.d/tools.py)twice, flavour: {kind: python, interpreter_binary: python3, output: "
      "y}, inputs: {x: int}, outputs: {y: int}}",
      "{x: 4}", 0, "", "{'y': 8}" },
    { "a method of a class in a file",
      "{command: (dir.d/tools.py)Tool.name, flavour: {kind: python, interpreter_binary: python3, "
      "output: y}, outputs: {y: str}}",
      "{}", 0, "", "{'y': 'tools'}" },
    { "a file that is not there",
      "{command: (dir.d/none.py)f, flavour: {kind: python, interpreter_binary: python3}}", "{}", 1,
      NULL, NULL },
    { "what is no number in JSON",
      "{command: \"y = [float('nan'), {'a': -float('inf')}, 1.5, 'NaN']\", flavour: {kind: "
      "python-code, interpreter_binary: python3}, outputs: {y: List}}",
      "{}", 0, "", "{'y': ['nan', {'a': '-inf'}, 1.5, 'NaN']}" },
    { "what is no number as an input",
      "{command: 'y = [x != x, z > 1e300]', flavour: {kind: python-code, interpreter_binary: "
      "python3}, inputs: {x: float, z: float}, outputs: {y: List}}",
      "{x: .nan, z: .inf}", 0, "", "{'y': [True, True]}" },
    { "click commands are called by their callback",
      "{command: (dir.d/clicks.py)main, flavour: {kind: python, interpreter_binary: python3, "
      "output: y}, inputs: {x: int}, outputs: {y: int}}",
      "{x: 4}", 0, "", "{'y': 5}" },
    { "an implicit output may be the one that is returned (spec 11.1 row 366)",
      "{command: builtins.str, flavour: {kind: python, interpreter_binary: python3, output: "
      "y}, outputs: {y: {dtype: File, implicit: out.txt}}}",
      "{}", 0, "", "{'y': ''}" },
    { "no outputs wanted",
      "{command: 'y = 1', flavour: {kind: python-code, interpreter_binary: python3, output_vars: "
      "false}, outputs: {y: int}}",
      "{}", 0, "", NULL },
    { "code with substitution",
      "{command: \"y = '{current.x}' + str({{}})\", flavour: {kind: python-code, "
      "interpreter_binary: python3, subst: true}, inputs: {x: str}, outputs: {y: str}}",
      "{x: q}", 0, "", "{'y': 'q{}'}" },
    { "code with braces, not substituted",
      "{command: \"y = {'a': '{x}'}\", flavour: {kind: python-code, interpreter_binary: python3}, "
      "outputs: {y: Dict}}",
      "{}", 0, "", "{'y': {'a': '{x}'}}" },
    { "values that JSON does not know",
      "{command: \"class N:\\n  def tolist(self): return [1]\\ny = [N(), {2}, 1j]\", flavour: {kind: "
      "python-code, interpreter_binary: python3}, outputs: {y: List}}",
      "{}", 0, "", "{'y': [[1], [2], '1j']}" },
    { "an output that was not set",
      "{command: 'x = 1', flavour: {kind: python-code, interpreter_binary: python3}, outputs: {y: "
      "int}}",
      "{}", 1, NULL, NULL },
};

/* Lines that are not suppressed, joined by "|". */
static struct sp_str wrangle(struct bed *bed,
                             const struct sp_command *command,
                             struct sp_str output,
                             struct sp_verdict *verdict)
{
    struct sp_str shown = SP_STR("");

    for (struct sp_str rest = output; rest.len;) {
        struct sp_wrangled line;
        sp_wrangle(command->wranglers, sp_str_cut(&rest, '\n'), verdict, &line);
        if (!line.suppressed)
            shown = sp_arena_printf(bed->arena, SP_STR_FMT "%s" SP_STR_FMT, SP_STR_ARG(shown),
                                    shown.ptr[0] || shown.len ? "|" : "", SP_STR_ARG(line.text));
    }
    return shown;
}

static void check_case(size_t i)
{
    struct bed bed;
    struct sp_err err = SP_ERR_INIT;
    struct sp_command command = { 0 };
    struct sp_scope scope = { 0 };
    sp_auto_buf struct sp_buf out = SP_BUF(SP_BUF_SMALL);

    bed_init(&bed);
    struct sp_verdict verdict = { .arena = bed.arena };
    struct sp_eval eval = { .arena = bed.arena, .scope = &scope };
    struct sp_cab *cab =
        sp_cab_load(bed.arena, SP_STR("tool"), bed_yaml(&bed, cases[i].cab), &bed.diags);
    struct sp_value params = bed_yaml(&bed, cases[i].params);
    sp_scope_set(&scope, "current", params.dict, true);
    struct sp_command_request request = {
        .arena = bed.arena, .cab = cab, .params = params.dict, .eval = &eval
    };
    enum sp_rc rc = cab ? sp_command_build(&request, &command, &err) : SP_INVALID;
    if (rc) {
        tap_ok(false, "%s: %s %s", cases[i].name, err.text, bed_findings(&bed));
    } else {
        int status = run(&command, &out);
        struct sp_str shown = wrangle(&bed, &command, sp_buf_str(&out), &verdict);
        struct sp_value got = { .kind = SP_DICT, .dict = verdict.outputs };
        const char *outputs = got.dict ? bed_repr(&bed, got) : "";
        const char *want = cases[i].outputs ? cases[i].outputs : "";
        if (!tap_ok(status == cases[i].status && strcmp(outputs, want) == 0 &&
                        (!cases[i].shown || sp_str_is(shown, cases[i].shown)) &&
                        verdict.declared == 0,
                    "%s", cases[i].name))
            printf("# status %d, outputs %s\n# %s\n", status, outputs, shown.ptr);
        sp_command_fini(&command);
    }
    sp_cab_fini(cab);
    bed_fini(&bed);
}

/* click is a package of its own; this is what matters of it. */
static void write_files(void)
{
    static const struct {
        const char *name, *text;
    } files[] = {
        { "dir.d/two.py", "factor = 2\n" },
        { "dir.d/tools.py", "from two import factor\ndef twice(x):\n    return x * factor\n"
                            "class Tool:\n    @staticmethod\n    def name():\n"
                            "        return __name__\n" },
        { "dir.d/click.py", "class Command:\n    def __init__(self, callback):\n"
                            "        self.callback = callback\n" },
        { "dir.d/clicks.py", "import click\n@click.Command\ndef main(x):\n    return x + 1\n" },
    };

    (void)mkdir("dir.d", 0777);
    for (size_t i = 0; i < SP_COUNT(files); i++) {
        FILE *file = fopen(files[i].name, "we");
        if (!file || fputs(files[i].text, file) < 0 || fclose(file) != 0)
            tap_ok(false, "cannot write %s", files[i].name);
    }
}

static void enter_scratch(void)
{
    static char dir[] = "/tmp/flavour-XXXXXX";

    if (!mkdtemp(dir) || chdir(dir) < 0)
        tap_ok(false, "no directory for the test");
}

int main(void)
{
    enter_scratch();
    write_files();
    if (!has_python()) {
        tap_skip("there is no python3 here");
        return tap_done();
    }
    for (size_t i = 0; i < SP_COUNT(cases); i++)
        check_case(i);
    return tap_done();
}
