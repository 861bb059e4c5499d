/* SPDX-License-Identifier: BSD-3-Clause */
#include "engine/litter.h"

/* Only what no tool would call its result, and what is of no use to anybody afterwards. */
static const char *const built_in[] = {
    "casa-*.log",          /* what CASA says, which is in our log */
    "casapy-*.log",        /* the same of older ones */
    "ipython-*.log",       /* the shell that CASA runs in */
    "*.last",              /* parameters of the last call of a CASA task */
    "core",                /* memory of a program that has crashed */
    "core.[0-9]*",         /* the same */
    ".nfs*",               /* removed while somebody had it open, on NFS */
    ".fuse_hidden*",       /* the same, on other network file systems */
    "TempLattice[0-9]*/",  /* casacore's own, of a program that was killed */
    "__pycache__/",        /* compiled modules */
    ".ipynb_checkpoints/", /* copies of notebooks */
    ".pytest_cache/",      /* of tests in packages that run them */
    "dask-worker-space/",  /* of workers that were killed */
    "dask-scratch-space/", /* the same of newer ones */
};

static void add_built_in(const char **all, size_t *len)
{
    for (size_t i = 0; i < SP_COUNT(built_in); i++)
        all[(*len)++] = built_in[i];
}

static enum sp_rc add(struct sp_arena *arena,
                      struct sp_value item,
                      const char **all,
                      size_t *len,
                      struct sp_err *err)
{
    if (!sp_is_text(item) || !item.text.len || sp_str_is(item.text, "/"))
        return sp_fail(err, SP_INVALID,
                       "opts.backend.box.litter must be a list of patterns of names: "
                       "'casa-*.log', 'dask-worker-space/'");
    if (sp_str_is(item.text, "default"))
        add_built_in(all, len);
    else
        all[(*len)++] = sp_arena_cstr(arena, item.text);
    return SP_OK;
}

enum sp_rc sp_litter_patterns(struct sp_arena *arena,
                              const struct sp_value *setting,
                              const char *const **out,
                              struct sp_err *err)
{
    size_t count = setting && sp_is_list(*setting) ? setting->list->len : 1;
    const char **all = SP_ARENA_NEW(arena, const char *, count *(SP_COUNT(built_in) + 1) + 1);
    size_t len = 0;
    enum sp_rc rc = SP_OK;

    if (!setting)
        add_built_in(all, &len);
    else if (!sp_is_list(*setting))
        rc = add(arena, *setting, all, &len, err);
    else
        for (size_t i = 0; i < count && rc == SP_OK; i++)
            rc = add(arena, setting->list->items[i], all, &len, err);
    if (rc == SP_OK)
        *out = all;
    return rc;
}
