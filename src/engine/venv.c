/* SPDX-License-Identifier: BSD-3-Clause */
#include "engine/venv.h"

/* Lines of the scripts of Python 3.6 to 3.13 and of virtualenv 20, without what surrounds them. A
 * final '*' stands for any rest. */
static const char *const known_lines[] = {
    "#*",
    "else",
    "fi",
    "deactivate nondestructive",
    "export VIRTUAL_ENV",
    "export VIRTUAL_ENV=$(cygpath *",
    "VIRTUAL_ENV=$(cygpath *",
    "_OLD_VIRTUAL_PATH=\"$PATH\"",
    "PATH=\"$VIRTUAL_ENV/bin:$PATH\"",
    "PATH=\"$VIRTUAL_ENV/\"bin\":$PATH\"",
    "export PATH",
    "_OLD_VIRTUAL_PYTHONHOME=*",
    "unset PYTHONHOME",
    "_OLD_VIRTUAL_PS1=*",
    "PS1=*",
    "export PS1",
    "VIRTUAL_ENV_PROMPT=*",
    "export VIRTUAL_ENV_PROMPT",
    "hash -r*",
    "pydoc () {",
    "python -m pydoc \"$@\"",
    "alias pydoc 2>/dev/null >/dev/null && unalias pydoc || true",
    "}",
    "echo \"You must source this script*",
    "exit 33",
};

static bool is_known(struct sp_str line)
{
    for (size_t i = 0; i < SP_COUNT(known_lines); i++) {
        struct sp_str known = sp_str_of(known_lines[i]);
        bool open = sp_str_ends(known, "*");
        if (open)
            known.len--;
        if (open ? line.len >= known.len && memcmp(line.ptr, known.ptr, known.len) == 0
                 : sp_str_eq(line, known))
            return true;
    }
    return false;
}

/* A condition that does nothing else on its line. */
static bool is_condition(struct sp_str line)
{
    static const char *const starts[] = { "if [", "if ! [", "if ([" };

    for (size_t i = 0; i < SP_COUNT(starts); i++)
        if (sp_str_starts(line, starts[i]))
            return sp_str_ends(line, "then");
    return false;
}

/* VIRTUAL_ENV=DIR, exported or not, quoted or not. */
static bool names_dir(struct sp_str line, struct sp_str dir)
{
    if (sp_str_starts(line, "export "))
        line = sp_str_trim(sp_str_slice(line, strlen("export "), line.len));
    if (!sp_str_starts(line, "VIRTUAL_ENV="))
        return false;
    line = sp_str_slice(line, strlen("VIRTUAL_ENV="), line.len);
    if (line.len >= 2 && (line.ptr[0] == '"' || line.ptr[0] == '\'') &&
        line.ptr[line.len - 1] == line.ptr[0])
        line = sp_str_slice(line, 1, line.len - 1);
    return sp_str_eq(line, dir);
}

bool sp_venv_is_plain(struct sp_str script, struct sp_str dir)
{
    bool inside = false; /* the function deactivate, which nobody calls */
    bool named = false;

    while (script.len) {
        struct sp_str raw = sp_str_cut(&script, '\n');
        struct sp_str line = sp_str_trim(raw);
        if (sp_str_is(line, "deactivate () {")) {
            inside = true;
        } else if (inside) {
            inside = !sp_str_is(raw, "}");
        } else if (names_dir(line, dir)) {
            named = true;
        } else if (line.len &&
                   !(sp_str_starts(line, "if ") ? is_condition(line) : is_known(line))) {
            return false;
        }
    }
    return named;
}
