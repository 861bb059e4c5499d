/* SPDX-License-Identifier: BSD-3-Clause */
/* Scripts whose effect is known, and scripts that bash had better read (spec stimela2.md 7.2). */
#include "engine/venv.h"

#include "base/tap.h"

#define FUNCTION                                   \
    "deactivate () {\n"                            \
    "    if [ -n \"${X:-}\" ] ; then\n"            \
    "        PATH=\"${X:-}\"; anything --at all\n" \
    "    }\n"                                      \
    "}\n"

/* As python3 -m venv writes them. */
#define VENV_3_11                                             \
    "# This file must be used with \"source bin/activate\"\n" \
    "\n" FUNCTION "\n"                                        \
    "# unset irrelevant variables\n"                          \
    "deactivate nondestructive\n"                             \
    "\n"                                                      \
    "VIRTUAL_ENV=\"/home/a b/v\"\n"                           \
    "export VIRTUAL_ENV\n"                                    \
    "\n"                                                      \
    "_OLD_VIRTUAL_PATH=\"$PATH\"\n"                           \
    "PATH=\"$VIRTUAL_ENV/bin:$PATH\"\n"                       \
    "export PATH\n"                                           \
    "if [ -n \"${PYTHONHOME:-}\" ] ; then\n"                  \
    "    _OLD_VIRTUAL_PYTHONHOME=\"${PYTHONHOME:-}\"\n"       \
    "    unset PYTHONHOME\n"                                  \
    "fi\n"                                                    \
    "if [ -z \"${VIRTUAL_ENV_DISABLE_PROMPT:-}\" ] ; then\n"  \
    "    _OLD_VIRTUAL_PS1=\"${PS1:-}\"\n"                     \
    "    PS1=\"(v) ${PS1:-}\"\n"                              \
    "    export PS1\n"                                        \
    "    VIRTUAL_ENV_PROMPT=\"(v) \"\n"                       \
    "    export VIRTUAL_ENV_PROMPT\n"                         \
    "fi\n"                                                    \
    "hash -r 2> /dev/null\n"

#define VENV_3_12                                           \
    FUNCTION "deactivate nondestructive\n"                  \
             "if [ \"${OSTYPE:-}\" = \"cygwin\" ] ; then\n" \
             "    export VIRTUAL_ENV=$(cygpath \"/v\")\n"   \
             "else\n"                                       \
             "    export VIRTUAL_ENV=\"/v\"\n"              \
             "fi\n"                                         \
             "PATH=\"$VIRTUAL_ENV/\"bin\":$PATH\"\n"        \
             "export PATH\n"                                \
             "hash -r 2> /dev/null"

static const struct {
    const char *name, *script, *dir;
    bool plain;
} cases[] = {
    { "Python 3.11", VENV_3_11, "/home/a b/v", true },
    { "Python 3.12", VENV_3_12, "/v", true },
    { "single quotes", "VIRTUAL_ENV='/v'\n", "/v", true },
    { "no quotes", "VIRTUAL_ENV=/v\n", "/v", true },
    { "moved away", VENV_3_11, "/elsewhere", false },
    { "a line added at the end", VENV_3_11 "export CASADATA=/data\n", "/home/a b/v", false },
    { "a file sourced", ". /opt/setup.sh\n" VENV_3_11, "/home/a b/v", false },
    { "an assignment in a condition", VENV_3_11 "if [ -d /x ]; then A=1; fi\n", "/home/a b/v",
      false },
    { "another PATH", VENV_3_11 "PATH=\"/opt/bin:$PATH\"\n", "/home/a b/v", false },
    { "a function that does not end", "VIRTUAL_ENV=/v\ndeactivate () {\n", "/v", true },
    { "nothing", "", "/v", false },
    { "only comments", "# VIRTUAL_ENV=/v\n", "/v", false },
    { "conda", "export PATH=\"/opt/conda/bin:$PATH\"\n", "/opt/conda", false },
};

int main(void)
{
    for (size_t i = 0; i < SP_COUNT(cases); i++)
        tap_ok(sp_venv_is_plain(sp_str_of(cases[i].script), sp_str_of(cases[i].dir)) ==
                   cases[i].plain,
               "%s", cases[i].name);
    return tap_done();
}
