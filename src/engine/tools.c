/* SPDX-License-Identifier: BSD-3-Clause */
#include "engine/tools.h"

#include "exec/backend.h"
#include "sys/env.h"
#include "sys/file.h"

#include <unistd.h>

struct sp_str sp_tools_path(struct sp_arena *arena, const struct sp_places *places)
{
    struct sp_str path = sp_env_get(SP_STR("PATH"));

    if (path.len == 0)
        path = SP_STR("/usr/local/bin:/usr/bin:/bin");
    return sp_arena_join(arena, places->cargo, ":", path);
}

bool sp_tools_has(const char *program, const char *path)
{
    sp_auto_buf struct sp_buf found = SP_BUF(SP_BUF_SMALL);

    return sp_find_program(program, path, &found);
}

enum sp_rc sp_tools_get(struct sp_str program, struct sp_str path, struct sp_err *err)
{
    sp_auto_buf struct sp_buf found = SP_BUF(SP_BUF_SMALL);

    return sp_program_get(program.ptr, path.ptr, NULL, &found, err);
}

static bool has_any(const char *const *programs, size_t count, struct sp_str path)
{
    for (size_t i = 0; i < count && programs[i]; i++)
        if (sp_tools_has(programs[i], path.ptr))
            return true;
    return false;
}

const struct sp_offer *sp_tools_offers(struct sp_arena *arena, struct sp_str path)
{
    static const struct {
        struct sp_offer offer;
        const char *programs[2]; /* without any of them the backend is not installed */
    } known[] = {
        { { .name = "native" }, { NULL, NULL } },
        { { .name = "sandbox", .confines = true, .runs_here = true }, { NULL, NULL } },
        { { .name = "container", .needs_image = true, .confines = true }, { NULL, NULL } },
        { { .name = "podman", .needs_image = true, .confines = true }, { "podman", NULL } },
        { { .name = "docker", .needs_image = true, .confines = true }, { "docker", NULL } },
        { { .name = "singularity", .needs_image = true, .confines = true },
          { "singularity", "apptainer" } },
        { { .name = "kube", .needs_image = true, .is_remote = true }, { "kubectl", NULL } },
    };
    struct sp_offer *offers = SP_ARENA_NEW(arena, struct sp_offer, SP_COUNT(known) + 1);

    for (size_t i = 0; i < SP_COUNT(known); i++) {
        offers[i] = known[i].offer;
        const struct sp_backend_ops *ops = sp_backend_find(known[i].offer.name);
        if (ops)
            offers[i].ask = ops->refusal;
        else
            offers[i].refusal = has_any(known[i].programs, SP_COUNT(known[i].programs), path)
                                    ? "not supported by this version of Spoor yet"
                                    : "not installed";
    }
    return offers;
}

const char *sp_tools_python(struct sp_str path)
{
    return !sp_tools_has("python", path.ptr) && sp_tools_has("python3", path.ptr) ? "python3"
                                                                                  : "python";
}

const char *sp_tools_remedy(struct sp_str program)
{
    /* What Debian has, and what comes from PyPI; others are better asked from their authors. */
    static const struct {
        const char *program, *remedy;
    } table[] = {
        { "wsclean", "apt-get install wsclean" },
        { "chgcentre", "apt-get install wsclean" },
        { "aoflagger", "apt-get install aoflagger" },
        { "taql", "apt-get install casacore-tools" },
        { "showtableinfo", "apt-get install casacore-tools" },
        { "source-extractor", "apt-get install source-extractor" },
        { "python3", "apt-get install python3" },
        { "python", "apt-get install python-is-python3" },
        { "xvfb-run", "apt-get install xvfb" },
        { "srun", "apt-get install slurm-client" },
        { "simms", "it comes with Spoor: build it with 'make'" },
        { "simulator", "it comes with Spoor: build it with 'make'" },
        { "fitspicture", "it comes with Spoor: build it with 'make'" },
        { "fluxcheck", "it comes with Spoor: build it with 'make'" },
        { "goquartical", "pip install quartical" },
        { "gocubical", "pip install cubical" },
        { "breizorro", "pip install breizorro" },
        { "crystalball", "pip install crystalball" },
        { "shadems", "pip install shadems" },
        { "tricolour", "pip install tricolour" },
        { "casa", "see casa.nrao.edu for installers" },
    };

    for (size_t i = 0; i < SP_COUNT(table); i++)
        if (sp_str_is(program, table[i].program))
            return table[i].remedy;
    return NULL;
}

/* Does the environment entry set the variable that `addition` sets? */
static bool same_variable(const char *entry, const char *addition)
{
    size_t len = strcspn(addition, "=");

    return strncmp(entry, addition, len) == 0 && entry[len] == '=';
}

static void set_variable(const char **entries, size_t *count, const char *addition)
{
    for (size_t i = 0; i < *count; i++)
        if (same_variable(entries[i], addition)) {
            entries[i] = addition;
            return;
        }
    entries[(*count)++] = addition;
}

const char *const *sp_tools_environment(struct sp_arena *arena,
                                        struct sp_str path,
                                        const char *const *additions)
{
    size_t inherited = 0;
    size_t added = 0;

    while (environ[inherited])
        inherited++;
    while (additions && additions[added])
        added++;

    const char **entries = SP_ARENA_NEW(arena, const char *, inherited + added + 3);
    size_t count = inherited;
    for (size_t i = 0; i < inherited; i++)
        entries[i] = environ[i];
    set_variable(entries, &count, sp_arena_printf(arena, "PATH=" SP_STR_FMT, SP_STR_ARG(path)).ptr);
    if (sp_env_get(SP_STR("HOME")).len == 0)
        set_variable(entries, &count, "HOME=/tmp");
    for (size_t i = 0; i < added; i++)
        set_variable(entries, &count, additions[i]);
    return entries;
}

const char *const *sp_tools_with_variable(struct sp_arena *arena,
                                          const char *const *env,
                                          const char *variable)
{
    size_t count = 0;

    while (env[count])
        count++;
    const char **entries = SP_ARENA_NEW(arena, const char *, count + 2);
    memcpy(entries, env, count * sizeof *entries);
    set_variable(entries, &count, variable);
    return entries;
}
