/* SPDX-License-Identifier: BSD-3-Clause */
#include "engine/python_call.h"

#include "sys/capture.h"
#include "sys/env.h"
#include "sys/file.h"
#include "sys/spawn.h"

#include <sys/mman.h>
#include <sys/wait.h>
#include <unistd.h>

#define PATIENCE   (60 * SP_NSEC_PER_SEC)
#define ANSWER_MAX ((size_t)16 * 1024 * 1024)
#define ERRORS_MAX ((size_t)64 * 1024)

/* What Python runs. The function may take and give back mappings, or objects with attributes, such
 * as scabha's Parameter; it gets the latter when its module uses scabha. What it prints goes to
 * stderr. */
static const char program[] =
    "import json, os, sys, traceback\n"
    "answer = os.fdopen(os.dup(1), 'w')\n"
    "os.dup2(2, 1)\n"
    "sys.path[:] = [p for p in sys.path if p] + [os.getcwd()]\n"
    "request = json.load(sys.stdin)\n"
    "class Definition(dict):\n"
    "    def __getattr__(self, name):\n"
    "        if name.startswith('__'):\n"
    "            raise AttributeError(name)\n"
    "        return self.get(name)\n"
    "    def __setattr__(self, name, value):\n"
    "        self[name] = value\n"
    "def fields(value):\n"
    "    if hasattr(value, 'items'):\n"
    "        return dict(value.items())\n"
    "    if hasattr(value, 'model_dump'):\n"
    "        return value.model_dump()\n"
    "    return getattr(value, '__dict__', None)\n"
    "def plain(value, depth=0):\n"
    "    if value is None or type(value) in (bool, int, float, str):\n"
    "        return value\n"
    "    if 'UNSET' in (type(value).__name__, getattr(value, '__name__', '')):\n" /* scabha's */
    "        return None\n"
    "    if hasattr(value, 'name') and hasattr(value, 'value') and hasattr(type(value), "
    "'__members__'):\n"
    "        return value.name\n"
    "    if isinstance(value, (list, tuple, set)) or type(value).__name__ == 'ListConfig':\n"
    "        return [plain(v, depth + 1) for v in value]\n"
    "    inside = fields(value)\n"
    "    if inside is None or depth > 20 or isinstance(value, type):\n"
    "        return str(value)\n"
    "    inside = {str(k): plain(v, depth + 1) for k, v in inside.items() if str(k)[:1] != '_'}\n"
    "    if isinstance(value, dict):\n"
    "        return inside\n"
    "    return {k: v for k, v in inside.items() if v is not None and v != {} and v != [] and v != "
    "''}\n"
    "def section(name):\n"
    "    made = {}\n"
    "    scabha = sys.modules.get('scabha.cargo')\n"
    "    for key, definition in request[name].items():\n"
    "        made[key] = Definition(definition)\n"
    "        try:\n"
    "            made[key] = scabha.Parameter(**definition)\n"
    "        except Exception:\n"
    "            pass\n"
    "    return made\n"
    "def changes(before, after):\n"
    "    done = {}\n"
    "    for key, value in after.items():\n"
    "        value = plain(value)\n"
    "        done[str(key)] = None if key in before and before[key] == value else value\n"
    "    return done\n"
    "def call():\n"
    "    import importlib\n"
    "    module, _, name = request['function'].rpartition('.')\n"
    "    function = getattr(importlib.import_module(module), name)\n"
    "    inputs, outputs = section('inputs'), section('outputs')\n"
    "    before = [{k: plain(v) for k, v in s.items()} for s in (inputs, outputs)]\n"
    "    after = function(request['params'], inputs, outputs)\n"
    "    inputs, outputs = after\n"
    "    return {'inputs': changes(before[0], inputs), 'outputs': changes(before[1], outputs)}\n"
    "try:\n"
    "    text = json.dumps(call())\n"
    "except BaseException as exc:\n"
    "    traceback.print_exc()\n"
    "    where = traceback.extract_tb(exc.__traceback__)[-1]\n"
    "    place = '' if where.filename[:1] == '<' else f' ({where.filename}:{where.lineno})'\n"
    "    print(traceback.format_exception_only(type(exc), exc)[-1].strip() + place, "
    "file=sys.stderr)\n"
    "    os._exit(1)\n"
    "answer.write(text)\n"
    "answer.close()\n";

/* --- starting ------------------------------------------------------------------------------ */

/* A file in memory: the request may be larger than a pipe holds. */
static enum sp_rc store_request(struct sp_str request, int *out, struct sp_err *err)
{
    sp_auto_fd int fd = memfd_create("request", MFD_CLOEXEC);

    if (fd < 0)
        return sp_fail_errno(err, "no memory for a request to Python");
    enum sp_rc rc = sp_write_all(fd, request, err);
    if (rc == SP_OK && lseek(fd, 0, SEEK_SET) < 0)
        rc = sp_fail_errno(err, "no memory for a request to Python");
    if (rc == SP_OK)
        *out = sp_take_fd(&fd);
    return rc;
}

static enum sp_rc start(struct sp_arena *arena,
                        int request,
                        struct sp_process *out,
                        struct sp_err *err)
{
    struct sp_str venv = sp_env_get(SP_STR("VIRTUAL_ENV"));
    const char *const names[] = {
        venv.len ? sp_arena_printf(arena, SP_STR_FMT "/bin/python", SP_STR_ARG(venv)).ptr
                 : "python3",
        "python3",
        "python",
    };
    enum sp_rc rc = SP_NOT_FOUND;

    for (size_t i = 0; i < SP_COUNT(names) && rc == SP_NOT_FOUND; i++) {
        const char *argv[] = { names[i], "-c", program, NULL };
        const struct sp_spawn what = { .argv = argv,
                                       .env = (const char *const *)environ,
                                       .stdin_fd = request };
        rc = sp_spawn(&what, out, err);
    }
    if (rc == SP_NOT_FOUND)
        return sp_fail(err, SP_INVALID, "it is a Python function, and there is no Python here");
    return rc;
}

/* --- the answer ----------------------------------------------------------------------------- */

static enum sp_rc judge(bool in_time, int status, struct sp_str errors, struct sp_err *err)
{
    struct sp_str why = sp_last_line(errors);

    if (!in_time)
        return sp_fail(err, SP_INVALID, "Python has not answered in %d s",
                       (int)(PATIENCE / SP_NSEC_PER_SEC));
    if (WIFEXITED(status) && WEXITSTATUS(status) == 0)
        return SP_OK;
    if (why.len)
        return sp_fail(err, SP_INVALID, SP_STR_FMT, SP_STR_ARG(why));
    return sp_fail(err, SP_INVALID, "Python ended with status %d", status);
}

enum sp_rc sp_python_call(void *arg,
                          struct sp_str request,
                          struct sp_arena *arena,
                          struct sp_str *answer,
                          struct sp_err *err)
{
    sp_auto_buf struct sp_buf out = SP_BUF(ANSWER_MAX);
    sp_auto_buf struct sp_buf errors = SP_BUF(ERRORS_MAX);
    sp_auto_fd int stored = -1;
    struct sp_process process;
    int status = 0;

    (void)arg;
    enum sp_rc rc = store_request(request, &stored, err);
    if (rc == SP_OK)
        rc = start(arena, stored, &process, err);
    if (rc)
        return rc;
    bool in_time = sp_capture(&process, PATIENCE, &out, &errors, &status);
    rc = judge(in_time, status, sp_buf_str(&errors), err);
    if (rc == SP_OK)
        *answer = sp_arena_str(arena, sp_buf_str(&out));
    return rc;
}
