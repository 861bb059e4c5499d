/* SPDX-License-Identifier: BSD-3-Clause */
#include "engine/boxspec.h"

#include "base/amount.h"
#include "base/vec.h"

#include "engine/imagebox.h"
#include "engine/litter.h"
#include "engine/tools.h"
#include "image/root.h"
#include "plan/inside.h"
#include "plan/measures.h"
#include "plan/paths.h"
#include "sys/env.h"
#include "sys/file.h"
#include "value/text.h"

#define PROCESSES 8192

struct making {
    const struct sp_boxspec_request *request;
    struct sp_box *box;
    struct sp_imagebox *imagebox; /* NULL: it is not in an image */
    SP_VEC(const char *) writes;
    SP_VEC(const char *) shows;
};

/* --- paths --------------------------------------------------------------------------------- */

static const char *real_of(const struct making *making, struct sp_str path)
{
    struct sp_arena *arena = making->request->arena;

    if (!sp_str_starts(path, "/"))
        path = sp_arena_join(arena, making->request->session->world.cwd, "/", path);
    return sp_real_path(arena, path).ptr;
}

/* With an image some directories are the box's own, whatever names them. */
static bool is_own(const struct making *making, const char *path)
{
    return making->imagebox && sp_inside_is_own(sp_str_of(path));
}

/* NOLINTBEGIN(bugprone-sizeof-expression): arrays of pointers */
static void add_write(struct making *making, struct sp_str path)
{
    const char *real = real_of(making, path);

    if (is_own(making, real))
        return;
    for (size_t i = 0; i < making->writes.len; i++)
        if (strcmp(making->writes.items[i], real) == 0)
            return;
    *SP_VEC_ADD(&making->writes) = real;
}

static void add_show(struct making *making, struct sp_str path)
{
    const char *name = sp_arena_cstr(making->request->arena, path);

    if (name[0] == '/' && sp_file_kind(name) != SP_FILE_NONE && !is_own(making, name))
        *SP_VEC_ADD(&making->shows) = name;
}

static const char *const *finish(struct sp_arena *arena, const char *const *items, size_t len)
{
    const char **all = SP_ARENA_NEW(arena, const char *, len + 1);

    if (len)
        memcpy(all, items, len * sizeof *all);
    return all;
}

/* NOLINTEND(bugprone-sizeof-expression) */

static bool is_place(const struct sp_param *param)
{
    return param->mkdir && sp_dtype_is(param->dtype, "Directory");
}

/* The path as the job has it may lead through links, of which an image knows nothing. */
static void name_path(struct making *making, struct sp_str path, bool writable)
{
    if (making->imagebox)
        sp_imagebox_name(making->imagebox, path, writable);
}

static struct sp_str parent_of(struct sp_arena *arena, struct sp_str path)
{
    size_t slash = sp_str_rfind(path, '/');

    return slash == SIZE_MAX ? SP_STR(".") : sp_arena_str(arena, sp_str_slice(path, 0, slash + 1));
}

static void add_parameter(void *arg, const struct sp_param *param, struct sp_str path)
{
    struct making *making = arg;
    struct sp_str parent = parent_of(making->request->arena, path);
    bool writable = param->is_output || param->writable || is_place(param);

    if (writable)
        add_write(making, path);
    else
        add_show(making, sp_str_of(real_of(making, path)));
    name_path(making, path, writable);
    if (param->paths.write_parent)
        add_write(making, parent);
    else if (param->paths.access_parent)
        add_show(making, sp_str_of(real_of(making, parent)));
    if (param->paths.write_parent || param->paths.access_parent)
        name_path(making, parent, param->paths.write_parent);
}

/* What no parameter names and the image has itself is its own business. */
static bool is_of_image(const struct making *making, const struct sp_role *role)
{
    return making->imagebox && role->kind == SP_ROLE_HIDDEN &&
           sp_root_has(making->request->image->root.path,
                       sp_arena_cstr(making->request->arena, role->path));
}

/* Also tables behind tables, and what no parameter names. */
static void add_roles(struct making *making)
{
    const struct sp_roles *roles = making->request->roles;

    for (size_t i = 0; roles && i < roles->len; i++) {
        const struct sp_role *role = &roles->items[i];
        bool writable = role->kind == SP_ROLE_WRITES || role->kind == SP_ROLE_MUTATES;
        if (is_of_image(making, role))
            continue;
        name_path(making, role->path, writable);
        if (writable) {
            add_write(making, role->real);
        } else {
            if (!making->imagebox)
                add_show(making, role->path);
            add_show(making, role->real);
        }
    }
}

/* Programs, scripts, libraries: the words of the command, an environment, what came with us. */
static void add_programs(struct making *making, const struct sp_job *job)
{
    const struct sp_boxspec_request *request = making->request;

    for (size_t i = 0; job->argv[i]; i++)
        add_show(making, sp_str_of(job->argv[i]));
    if (request->task->virtual_env.len)
        add_show(making, sp_str_of(real_of(making, request->task->virtual_env)));
    add_show(making, request->session->places.cargo);
    add_show(making, request->session->places.cabs);
}

static void add_paths(struct making *making, const struct sp_job *job)
{
    const struct sp_boxspec_request *request = making->request;
    const struct sp_task *task = request->task;

    if (task->inputs)
        sp_paths_each(&task->cab->schema, task->inputs, add_parameter, making);
    if (task->writes)
        SP_LIST_EACH(path, task->writes)
    add_write(making, path->text);
    add_roles(making);
    if (!making->imagebox)
        add_programs(making, job);
    making->box->writes = finish(request->arena, making->writes.items, making->writes.len);
    making->box->shows = finish(request->arena, making->shows.items, making->shows.len);
    SP_VEC_FINI(&making->writes);
    SP_VEC_FINI(&making->shows);
}

/* Are there outputs that are found by looking at what is there? */
static bool is_open(const struct sp_task *task)
{
    SP_MAP_EACH (entry, &task->cab->schema.params) {
        const struct sp_param *param = entry->value;
        if (param->is_output && param->has_implicit && sp_dtype_has_file(param->dtype) &&
            sp_is_text(param->implicit) && sp_str_starts(param->implicit.text, "="))
            return true;
    }
    return false;
}

/* --- settings ------------------------------------------------------------------------------ */

/* opts.backend.SECTION.NAME, or NULL. */
static const struct sp_value *find_in(const struct sp_task *task,
                                      const char *section_name,
                                      const char *name)
{
    const struct sp_value *section =
        task->backend.kind == SP_DICT ? sp_dict_get(task->backend.dict, section_name) : NULL;
    const struct sp_value *value =
        section && section->kind == SP_DICT ? sp_dict_get(section->dict, name) : NULL;

    return value && sp_is_value(*value) && value->kind != SP_NULL ? value : NULL;
}

static const struct sp_value *find_setting(const struct sp_task *task, const char *name)
{
    return find_in(task, "box", name);
}

static bool is_set(const struct sp_task *task, const char *name)
{
    const struct sp_value *value = find_setting(task, name);

    return value && sp_truth(*value);
}

static enum sp_rc read_size(const struct making *making,
                            const char *name,
                            uint64_t *out,
                            struct sp_err *err)
{
    const struct sp_value *value = find_setting(making->request->task, name);

    if (!value)
        return SP_OK;
    if (sp_amount_bytes(sp_value_text(making->request->arena, *value), out, err))
        return sp_err_wrap(err, "opts.backend.box.%s", name);
    return SP_OK;
}

static enum sp_rc read_processes(const struct making *making, struct sp_err *err)
{
    const struct sp_value *value = find_setting(making->request->task, "processes");

    making->box->processes = PROCESSES;
    if (!value)
        return SP_OK;
    if (value->kind != SP_INT || value->integer < 1 || value->integer > 4000000)
        return sp_fail(err, SP_INVALID,
                       "opts.backend.box.processes must be a number from 1 to 4000000");
    making->box->processes = (unsigned)value->integer;
    return SP_OK;
}

static enum sp_rc read_cpus(const struct making *making, struct sp_err *err)
{
    const struct sp_value *value = find_setting(making->request->task, "cpus");
    double count = !value                    ? 0
                   : value->kind == SP_INT   ? (double)value->integer
                   : value->kind == SP_FLOAT ? value->real
                                             : -1;

    if (value && !(count > 0 && count < 1e6))
        return sp_fail(err, SP_INVALID, "opts.backend.box.cpus must be a number above 0");
    making->box->cpus = count;
    return SP_OK;
}

/* What becomes of new files that are not declared. */
static enum sp_rc read_undeclared(const struct making *making, struct sp_err *err)
{
    static const char *const words[] = {
        [SP_UNDECLARED_FAIL] = "fail",
        [SP_UNDECLARED_DROP] = "drop",
        [SP_UNDECLARED_KEEP] = "keep",
    };
    const struct sp_boxspec_request *request = making->request;
    const struct sp_value *value = find_setting(request->task, "undeclared");
    size_t word = SP_UNDECLARED_FAIL;

    while (value && word < SP_COUNT(words) &&
           !(sp_is_text(*value) && sp_str_is(value->text, words[word])))
        word++;
    if (word == SP_COUNT(words))
        return sp_fail(err, SP_INVALID,
                       "opts.backend.box.undeclared must be fail, drop or keep, not '" SP_STR_FMT
                       "'",
                       SP_STR_ARG(sp_value_text(request->arena, *value)));
    making->box->undeclared = (enum sp_box_undeclared)word;
    making->box->keep = request->keep.len ? real_of(making, request->keep) : NULL;
    return sp_litter_patterns(request->arena, find_setting(request->task, "litter"),
                              &making->box->litter, err);
}

static enum sp_rc read_settings(const struct making *making, struct sp_err *err)
{
    static const struct {
        const char *name;
        unsigned flag;
    } switches[] = { { "network", SP_BOX_NETWORK }, { "lenient", SP_BOX_LENIENT } };
    const struct sp_task *task = making->request->task;
    struct sp_box *box = making->box;

    for (size_t i = 0; i < SP_COUNT(switches); i++)
        if (is_set(task, switches[i].name))
            box->flags |= switches[i].flag;
    if (is_open(task))
        box->flags |= SP_BOX_OPEN;
    enum sp_rc rc = read_processes(making, err);
    if (rc == SP_OK)
        rc = read_cpus(making, err);
    if (rc == SP_OK)
        rc = read_undeclared(making, err);
    if (rc == SP_OK)
        rc = read_size(making, "memory", &box->memory, err);
    if (rc == SP_OK)
        rc = read_size(making, "file_size", &box->file_size, err);
    return rc ? rc : read_size(making, "keep_free", &box->keep_free, err);
}

static const char *read_text(const struct making *making, const char *section, const char *name)
{
    const struct sp_value *value = find_in(making->request->task, section, name);

    return value ? sp_arena_cstr(making->request->arena,
                                 sp_value_text(making->request->arena, *value))
                 : NULL;
}

/* A list of words, or one text of words between blanks. */
static const char *const *read_words(const struct making *making,
                                     const char *section,
                                     const char *name)
{
    struct sp_arena *arena = making->request->arena;
    const struct sp_value *value = find_in(making->request->task, section, name);
    SP_VEC(const char *) words = { 0 };

    /* NOLINTBEGIN(bugprone-sizeof-expression): arrays of pointers */
    if (value && value->kind == SP_LIST) {
        for (size_t i = 0; i < value->list->len; i++)
            *SP_VEC_ADD(&words) = sp_arena_cstr(arena, sp_value_text(arena, value->list->items[i]));
    } else if (value) {
        for (struct sp_str rest = sp_value_text(arena, *value); rest.len;) {
            struct sp_str word = sp_str_cut(&rest, ' ');
            if (word.len)
                *SP_VEC_ADD(&words) = sp_arena_cstr(arena, word);
        }
    }
    const char *const *all = finish(arena, words.items, words.len);
    SP_VEC_FINI(&words);
    /* NOLINTEND(bugprone-sizeof-expression) */
    return all;
}

/* opts.backend.podman and the like: for the backend that the task has. */
static void read_program(const struct making *making)
{
    struct sp_arena *arena = making->request->arena;
    const char *name = sp_arena_cstr(arena, making->request->task->backend_name);
    struct sp_box_program *program = SP_ARENA_NEW(arena, struct sp_box_program, 1);

    program->executable = read_text(making, name, "executable");
    program->runtime = read_text(making, name, "runtime");
    program->options = read_words(making, name, "options");
    making->box->program = program;
}

/* --- the environment ----------------------------------------------------------------------- */

/* What says where programs are, in which language they talk, and how many threads they take.
 * Everything else is nobody's declaration. */
static const char *const passed[] = {
    "PATH",
    "LD_LIBRARY_PATH",
    "PYTHONPATH",
    "PYTHONUSERBASE",
    "VIRTUAL_ENV",
    "LANG",
    "LANGUAGE",
    "LC_*",
    "TZ",
    "TERM",
    "COLUMNS",
    "USER",
    "LOGNAME",
    "OMP_*",
    "OPENBLAS_NUM_THREADS",
    "MKL_NUM_THREADS",
    "NUMBA_NUM_THREADS",
    "CUDA_VISIBLE_DEVICES",
    NULL,
};

/* Into an image: an image says itself where its programs are. */
static const char *const passed_into_image[] = {
    "LANG",
    "LANGUAGE",
    "LC_*",
    "TZ",
    "TERM",
    "COLUMNS",
    "USER",
    "LOGNAME",
    "OMP_*",
    "OPENBLAS_NUM_THREADS",
    "MKL_NUM_THREADS",
    "NUMBA_NUM_THREADS",
    "CUDA_VISIBLE_DEVICES",
    NULL,
};

static bool is_passed(const struct making *making, struct sp_str name)
{
    const struct sp_effects *effects = making->request->effects;
    const char *const *own = making->request->task->command.env;
    const char *const *names = making->imagebox ? passed_into_image : passed;

    /* What is in the key has to be in the box. */
    for (size_t i = 0; sp_measures_variable(i); i++)
        if (sp_str_is(name, sp_measures_variable(i)))
            return true;
    for (; *names; names++)
        if (sp_str_match(sp_str_of(*names), name))
            return true;
    if (effects && effects->environment)
        SP_LIST_EACH(item, effects->environment)
    if (sp_str_eq(item->text, name))
        return true;
    for (size_t i = 0; own && own[i]; i++) {
        struct sp_str rest = sp_str_of(own[i]);
        if (sp_str_eq(sp_str_cut(&rest, '='), name))
            return true;
    }
    return false;
}

/* Packages that the user has installed for himself are looked for in the home directory, which is
 * another one in the box. */
static const char *user_base(const struct making *making)
{
    struct sp_arena *arena = making->request->arena;
    struct sp_str home = sp_env_get(SP_STR("HOME"));
    const char *path = sp_arena_join(arena, home, "/", SP_STR(".local")).ptr;

    if (!home.len || sp_env_get(SP_STR("PYTHONUSERBASE")).len || sp_file_kind(path) != SP_FILE_DIR)
        return NULL;
    return sp_arena_printf(arena, "PYTHONUSERBASE=%s", path).ptr;
}

static const char *const *clean(const struct making *making, const char *const *env)
{
    const char *base = making->imagebox ? NULL : user_base(making);
    size_t len = 0, kept = 0;

    while (env[len])
        len++;
    const char **all = SP_ARENA_NEW(making->request->arena, const char *, len + 2);
    for (size_t i = 0; i < len; i++) {
        struct sp_str rest = sp_str_of(env[i]);
        if (is_passed(making, sp_str_cut(&rest, '=')))
            all[kept++] = env[i];
    }
    if (base)
        all[kept] = base;
    return all;
}

/* --- the box ------------------------------------------------------------------------------- */

static enum sp_rc enter_image(struct making *making,
                              const struct sp_imagebox_request *request,
                              struct sp_job *job,
                              struct sp_err *err)
{
    enum sp_rc rc = sp_imagebox_bind(making->imagebox, err);

    if (rc)
        return rc;
    sp_imagebox_finish(making->imagebox, making->box);
    if (request->image)
        job->env = sp_imagebox_environment(request->arena, request->image->config, job->env);
    job->argv = sp_imagebox_command(request, job->argv, job->env);
    return SP_OK;
}

static enum sp_rc fill(struct making *making, struct sp_job *job, struct sp_err *err)
{
    const struct sp_boxspec_request *request = making->request;
    struct sp_imagebox_request inside = {
        .arena = request->arena,
        .session = request->session,
        .task = request->task,
        .image = request->image,
        .scratch = request->scratch,
        .temporaries = request->temporaries,
    };
    enum sp_rc rc = SP_OK;

    if (request->image)
        making->imagebox = sp_imagebox_new(&inside);
    read_program(making);
    making->box->scratch = real_of(making, request->scratch);
    add_paths(making, job);
    job->env = clean(making, job->env);
    job->box = making->box;
    if (making->imagebox)
        rc = enter_image(making, &inside, job, err);
    sp_imagebox_free(SP_TAKE(making->imagebox));
    return rc;
}

enum sp_rc sp_boxspec_make(const struct sp_boxspec_request *request,
                           struct sp_job *job,
                           struct sp_err *err)
{
    struct sp_box *box = SP_ARENA_NEW(request->arena, struct sp_box, 1);
    struct making making = { .request = request, .box = box };
    size_t slash = sp_str_rfind(request->scratch, '/');

    if (sp_str_starts(sp_env_get(SP_STR("HOME")), "/"))
        box->home = sp_arena_cstr(request->arena, sp_env_get(SP_STR("HOME")));
    enum sp_rc rc = read_settings(&making, err);
    if (rc == SP_OK)
        rc = sp_make_dirs(sp_arena_cstr(request->arena, sp_str_slice(request->scratch, 0, slash)),
                          err);
    return rc ? rc : fill(&making, job, err);
}
