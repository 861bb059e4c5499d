/* SPDX-License-Identifier: BSD-3-Clause */
#include "engine/supply.h"

#include "engine/errand.h"
#include "sys/file.h"

#include <sys/stat.h>
#include <sys/wait.h>

static bool is_wanted(const struct sp_supply_wish *wish, const struct sp_version *version)
{
    const struct sp_role *role = wish->role;

    if (sp_version_eq(wish->version, version))
        return true;
    if (!role || role->kind != SP_ROLE_READS || !role->read_count)
        return false;
    struct sp_digest want = sp_version_view(wish->version, role->reads, role->read_count);
    struct sp_digest have = sp_version_view(version, role->reads, role->read_count);
    return sp_digest_eq(&want, &have);
}

/* --- on disk ------------------------------------------------------------------------------ */

static struct sp_str absolute(const struct sp_supplier *supplier, struct sp_str path)
{
    if (sp_str_starts(path, "/"))
        return sp_arena_str(supplier->arena, path);
    return sp_arena_join(supplier->arena, supplier->cwd, "/", path);
}

/* Is it as the ledger has it, and is that what is wanted? */
static bool is_vouched_for(const struct sp_supplier *supplier,
                           const struct sp_supply_wish *wish,
                           struct sp_tree *now)
{
    const struct sp_hold *hold = sp_ledger_find(supplier->ledger, wish->path);
    struct sp_tree then = { 0 };

    if (!hold || !sp_ledger_tree(supplier->ledger, hold, supplier->arena, &then))
        return false;
    size_t changed = sp_tree_carry(now, &then, NULL);
    return hold->state == SP_HOLD_TRUSTED && !hold->absent && !changed &&
           !sp_tree_difference(now, &then, NULL).len && is_wanted(wish, &hold->version);
}

static bool is_on_disk(const struct sp_supplier *supplier,
                       const struct sp_supply_wish *wish,
                       struct sp_str path)
{
    struct sp_err err = SP_ERR_INIT;
    struct sp_tree now;

    if (sp_tree_scan(path.ptr, supplier->arena, &now, &err) || !now.len)
        return false;
    if (is_vouched_for(supplier, wish, &now))
        return true;
    struct sp_digest listing = sp_tree_listing(&now);
    if (sp_digest_eq(&listing, &wish->version->id))
        return true;
    if (sp_tree_digest(&now, path.ptr, SP_TREE_MEANING, &err))
        return false;
    struct sp_version found = sp_version_plain(sp_tree_content(&now));
    return is_wanted(wish, &found);
}

/* --- in the store ------------------------------------------------------------------------- */

static bool is_kept(const struct sp_supplier *supplier, const struct sp_digest *tree)
{
    return supplier->store && sp_store_has(supplier->store, tree);
}

/* Some run, or the ledger, may know where it is kept. */
static bool find_kept(const struct sp_supplier *supplier,
                      const struct sp_supply_wish *wish,
                      struct sp_digest *out)
{
    struct sp_err err = SP_ERR_INIT;
    struct sp_versions versions;

    if (wish->tree && !sp_digest_is_zero(wish->tree) && is_kept(supplier, wish->tree)) {
        *out = *wish->tree;
        return true;
    }
    if (sp_versions_read(supplier->workspace, supplier->ledger, absolute(supplier, wish->path),
                         &versions, &err))
        return false;
    for (size_t i = 0; i < versions.len; i++)
        if (versions.items[i].has_tree && is_wanted(wish, &versions.items[i].version) &&
            is_kept(supplier, &versions.items[i].tree)) {
            *out = versions.items[i].tree;
            return true;
        }
    return false;
}

void sp_supply_find(const struct sp_supplier *supplier,
                    const struct sp_supply_wish *wish,
                    struct sp_supply *out)
{
    *out = (struct sp_supply){ .path = absolute(supplier, wish->path) };
    if (is_on_disk(supplier, wish, out->path))
        out->from = SP_SUPPLY_DISK;
    else if (find_kept(supplier, wish, &out->tree))
        out->from = SP_SUPPLY_STORE;
}

/* --- bringing ----------------------------------------------------------------------------- */

bool sp_supply_may_write(const struct sp_supplier *supplier, struct sp_str path)
{
    struct sp_str real = sp_real_path(supplier->arena, path);
    struct sp_str scratch = supplier->scratch;

    return scratch.len && real.len > scratch.len && real.ptr[scratch.len] == '/' &&
           sp_str_eq(sp_str_slice(real, 0, scratch.len), scratch);
}

static enum sp_rc check_target(const struct sp_supplier *supplier,
                               struct sp_str path,
                               struct sp_err *err)
{
    if (sp_supply_may_write(supplier, path))
        return SP_OK;
    return sp_fail(err, SP_INVALID,
                   "'" SP_STR_FMT "' is not in '" SP_STR_FMT "': nothing is written there",
                   SP_STR_ARG(path), SP_STR_ARG(supplier->scratch));
}

enum sp_rc sp_supply_make_dirs(const struct sp_supplier *supplier,
                               struct sp_str path,
                               struct sp_err *err)
{
    enum sp_rc rc = check_target(supplier, path, err);

    return rc ? rc : sp_make_dirs(sp_arena_cstr(supplier->arena, path), err);
}

static enum sp_rc copy_tree(const struct sp_supplier *supplier,
                            const char *from,
                            const char *to,
                            struct sp_err *err)
{
    /* Links inside stay links; the one that leads there is followed. */
    const char *argv[] = { "cp", "-a", "-H", "--reflink=auto", "-T", "--", from, to, NULL };
    struct sp_str why;
    int status = 0;

    enum sp_rc rc = sp_errand_run(supplier->arena, argv, supplier->path, NULL, &status, &why, err);
    if (rc == SP_OK && !(WIFEXITED(status) && WEXITSTATUS(status) == 0))
        rc = sp_fail(err, SP_IO, "copy '%s': " SP_STR_FMT, from, SP_STR_ARG(why));
    return rc;
}

enum sp_rc sp_supply_bring(const struct sp_supplier *supplier,
                           const struct sp_supply *supply,
                           const char *to,
                           struct sp_err *err)
{
    const struct sp_tree nothing = { 0 };
    struct sp_tree wanted;
    struct stat info;
    enum sp_rc rc = check_target(supplier, sp_str_of(to), err);

    if (rc == SP_OK && lstat(to, &info) == 0)
        rc = sp_fail(err, SP_INVALID, "'%s' is there already", to);
    if (rc)
        return rc;
    if (supply->from == SP_SUPPLY_DISK)
        return copy_tree(supplier, supply->path.ptr, to, err);
    rc = sp_store_fetch(supplier->store, &supply->tree, supplier->arena, &wanted, err);
    return rc ? rc : sp_store_restore(supplier->store, &wanted, to, &nothing, err);
}
