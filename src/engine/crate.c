/* SPDX-License-Identifier: BSD-3-Clause */
#include "base/fault.h"

#include "engine/crate_internal.h"
#include "sys/file.h"
#include "sys/glob.h"
#include "sys/zip.h"

#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

#define METADATA   "ro-crate-metadata.json"
#define BLOCK_SIZE ((size_t)256 * 1024)

/* --- a ZIP file --------------------------------------------------------------------------------
 */

static enum sp_rc add_to_zip(struct sp_zip *zip,
                             const struct sp_crate_part *part,
                             struct sp_err *err)
{
    if (part->source.len && !sp_str_ends(part->name, "/"))
        return sp_zip_add_file(zip, part->name, part->source.ptr, err);
    return sp_zip_add_text(zip, part->name, part->text, err);
}

static enum sp_rc write_zip(const struct sp_crate *crate, const char *target, struct sp_err *err)
{
    struct sp_zip *zip = NULL;

    if (sp_file_kind(target) != SP_FILE_NONE)
        return sp_fail(err, SP_EXISTS, "%s is there already", target);
    enum sp_rc rc = sp_zip_create(target, &zip, err);
    if (rc)
        return rc;
    rc = sp_zip_add_text(zip, SP_STR(METADATA), sp_crate_describe(crate), err);
    for (size_t i = 0; i < crate->len && rc == SP_OK; i++)
        rc = add_to_zip(zip, &crate->items[i], err);
    if (rc == SP_OK)
        return sp_zip_finish(zip, err);
    sp_zip_drop(zip);
    return rc;
}

/* --- a directory --------------------------------------------------------------------------------
 */

static enum sp_rc copy_file(const char *from, const char *to, struct sp_err *err)
{
    sp_auto_fd int in = open(from, O_RDONLY | O_CLOEXEC);
    sp_auto_free char *block = sp_alloc(BLOCK_SIZE);

    if (in < 0)
        return sp_fail_errno(err, "read %s", from);
    sp_auto_fd int out = SP_FAULT("crate.create", ENOSPC)
                             ? -1
                             : open(to, O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, 0666);
    if (out < 0)
        return sp_fail_errno(err, "create %s", to);
    for (;;) {
        ssize_t got = SP_FAULT("crate.read", EIO) ? -1 : read(in, block, BLOCK_SIZE);
        if (got < 0 && errno == EINTR)
            continue;
        if (got < 0)
            return sp_fail_errno(err, "read %s", from);
        if (got == 0)
            return SP_OK;
        enum sp_rc rc = sp_write_all(out, (struct sp_str){ block, (size_t)got }, err);
        if (rc)
            return sp_err_wrap(err, "write %s", to);
    }
}

static enum sp_rc write_part(struct sp_arena *arena,
                             const char *dir,
                             const struct sp_crate_part *part,
                             struct sp_err *err)
{
    struct sp_str path = sp_arena_printf(arena, "%s/" SP_STR_FMT, dir, SP_STR_ARG(part->name));
    struct sp_str above = sp_str_slice(path, 0, sp_str_rfind(path, '/'));

    enum sp_rc rc = sp_make_dirs(sp_arena_cstr(arena, above), err);
    if (rc || sp_str_ends(part->name, "/"))
        return rc;
    return part->source.len ? copy_file(part->source.ptr, path.ptr, err)
                            : sp_file_write(path.ptr, part->text, err);
}

static enum sp_rc write_parts(const struct sp_crate *crate, const char *dir, struct sp_err *err)
{
    struct sp_crate_part metadata = { .name = SP_STR(METADATA), .text = sp_crate_describe(crate) };
    enum sp_rc rc = sp_make_dirs(dir, err);

    for (size_t i = 0; i < crate->len && rc == SP_OK; i++)
        rc = write_part(crate->arena, dir, &crate->items[i], err);
    return rc ? rc : write_part(crate->arena, dir, &metadata, err);
}

static enum sp_rc write_dir(const struct sp_crate *crate, const char *target, struct sp_err *err)
{
    struct sp_str name = sp_str_of(target);
    struct sp_err ignored = SP_ERR_INIT;

    while (name.len > 1 && name.ptr[name.len - 1] == '/')
        name.len--;
    const char *final = sp_arena_cstr(crate->arena, name);
    struct sp_str part = sp_arena_printf(crate->arena, "%s.part-%d", final, (int)getpid());
    /* An empty directory may be there: it is replaced. */
    if (sp_file_kind(final) != SP_FILE_NONE && rmdir(final) < 0)
        return sp_fail(err, SP_EXISTS, "%s is there already, and is no empty directory", final);
    enum sp_rc rc = write_parts(crate, part.ptr, err);
    if (rc == SP_OK && (SP_FAULT("crate.rename", EIO) || rename(part.ptr, final) < 0))
        rc = sp_fail_errno(err, "rename %s", part.ptr);
    if (rc && sp_remove_tree(part.ptr, &ignored))
        return rc;
    return rc;
}

/* Without a store, or a ledger, products are taken as they lie in the workspace. */
static void open_supplier(struct sp_crate *crate)
{
    struct sp_store_options options = { 0 };
    struct sp_ledger *ledger = NULL;
    struct sp_err none = SP_ERR_INIT;

    crate->supplier = (struct sp_supplier){
        .arena = crate->arena,
        .workspace = crate->workspace,
        .cwd = sp_real_path(crate->arena, SP_STR(".")),
    };
    if (!crate->options->store || sp_store_open(crate->options->store, SP_STORE_READ, &options,
                                                &crate->supplier.store, &none))
        return;
    if (sp_ledger_open(crate->workspace->dir.ptr, false, &ledger, NULL, &none) == SP_OK)
        crate->supplier.ledger = ledger;
}

static void close_supplier(struct sp_crate *crate)
{
    struct sp_err ignored = SP_ERR_INIT;

    sp_ledger_close((struct sp_ledger *)(uintptr_t)crate->supplier.ledger);
    (void)!sp_store_close(crate->supplier.store, &ignored);
}

enum sp_rc sp_crate_write(const struct sp_workspace *workspace,
                          const struct sp_run_summary *run,
                          const struct sp_crate_options *options,
                          const char *target,
                          struct sp_err *err)
{
    struct sp_crate crate = {
        .workspace = workspace, .run = run, .options = options, .arena = workspace->arena
    };

    open_supplier(&crate);
    enum sp_rc rc = sp_crate_find_parts(&crate, err);
    if (rc == SP_OK)
        rc = sp_str_ends(sp_str_of(target), ".zip") ? write_zip(&crate, target, err)
                                                    : write_dir(&crate, target, err);
    close_supplier(&crate);
    sp_map_fini(&crate.names);
    sp_map_fini(&crate.paths);
    free(crate.items);
    return rc;
}
