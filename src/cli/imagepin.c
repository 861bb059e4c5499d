/* SPDX-License-Identifier: BSD-3-Clause */
#include "base/clock.h"

#include "cli/imageargs.h"
#include "image/lockfile.h"
#include "sys/file.h"
#include "value/json.h"

#include <stdio.h>

struct pin_args {
    struct sp_image_args image;
    const char *lock;
    bool update, all_steps, dry_run;
};

static const struct sp_option options[] = {
    SP_OPT_FLAG("h", "help", struct pin_args, image.load.help, "show this help"),
    SP_OPT_FLAG("u",
                "update",
                struct pin_args,
                update,
                "ask the registries again for what is pinned already"),
    SP_OPT_TEXT(NULL, "lock", struct pin_args, lock, "FILE", "write FILE, not RECIPE.lock"),
    SP_OPT_FLAG("a", "all-steps", struct pin_args, all_steps, "also for steps that are skipped"),
    SP_OPT_FLAG("d", "dry-run", struct pin_args, dry_run, "show what would be written"),
    SP_OPT_FLAG(NULL, "json", struct pin_args, image.load.json, "print one JSON document"),
    SP_IMAGES_OPTIONS,
    SP_SELECT_OPTIONS,
    SP_ASSIGN_OPTIONS_AS(NULL),
    SP_LOAD_OPTIONS,
    SP_OPT_END,
};

enum change {
    CHANGE_NONE,
    CHANGE_NEW,
    CHANGE_OTHER
};

static const char *const change_names[] = {
    [CHANGE_NONE] = "unchanged",
    [CHANGE_NEW] = "pinned",
    [CHANGE_OTHER] = "changed",
};

struct pinning {
    struct sp_session *session;
    const struct pin_args *args;
    struct sp_vault *vault;
    struct sp_lockfile old, new;
    struct sp_value results;
};

static void tell(const struct pinning *pinning,
                 const struct sp_pinned_image *image,
                 const char *change)
{
    struct sp_arena *arena = pinning->session->arena;
    struct sp_value dict = sp_dict_new(arena);

    if (!pinning->args->image.load.json) {
        (void)printf(SP_STR_FMT "\n  sha256:%s  %s\n", SP_STR_ARG(image->name), image->digest.hex,
                     change);
        return;
    }
    sp_dict_put_text(arena, dict.dict, "name", image->name);
    sp_dict_put(arena, dict.dict, "digest", sp_digest_value(arena, &image->digest));
    sp_dict_put_text(arena, dict.dict, "change", sp_str_of(change));
    sp_list_add(arena, pinning->results.list, dict);
}

/* What is pinned stays; what is new, or to be renewed, is asked for. Without an answer an image
 * that was fetched is good enough, but not for a renewal. */
static enum sp_rc find_digest(struct pinning *pinning,
                              struct sp_str full,
                              struct sp_sha_digest *out,
                              struct sp_err *err)
{
    struct sp_image_name name;
    struct sp_image_found image;
    struct sp_err here = SP_ERR_INIT;

    enum sp_rc rc = sp_image_name_parse(full, &name, err);
    if (rc)
        return rc;
    if (!pinning->args->update &&
        sp_image_find(pinning->vault, full, pinning->session->arena, &image, &here) == SP_OK) {
        *out = image.name.digest;
        return SP_OK;
    }
    struct sp_source_options source = sp_gallery_source(pinning->session, &name);
    return sp_image_resolve(pinning->vault, &name, &source, out, err);
}

static enum sp_rc pin_one(struct pinning *pinning, struct sp_str full, struct sp_err *err)
{
    const struct sp_pinned_image *old = sp_lockfile_find(&pinning->old, full);
    struct sp_pinned_image image = { .name = full };
    enum change change = CHANGE_NONE;

    if (old)
        image = *old;
    if (!old || pinning->args->update) {
        enum sp_rc rc = find_digest(pinning, full, &image.digest, err);
        if (rc)
            return rc;
        change = !old ? CHANGE_NEW
                      : (sp_sha_eq(&old->digest, &image.digest) ? CHANGE_NONE : CHANGE_OTHER);
        if (change)
            image.pinned = sp_arena_printf(pinning->session->arena, "%s",
                                           sp_clock_iso(sp_clock_realtime()).text);
    }
    sp_lockfile_set(&pinning->new, &image);
    tell(pinning, &image, change_names[change]);
    return SP_OK;
}

static enum sp_rc pin_all(struct pinning *pinning,
                          const struct sp_gallery *gallery,
                          const char *path,
                          struct sp_err *err)
{
    enum sp_rc rc = sp_lockfile_read(path, pinning->session->arena, &pinning->old, err);

    if (rc == SP_NOT_FOUND) {
        *err = SP_ERR_INIT;
        rc = SP_OK;
    }
    for (size_t i = 0; i < gallery->len && rc == SP_OK; i++)
        rc = pin_one(pinning, gallery->names[i], err);
    for (size_t i = 0; i < pinning->old.len && rc == SP_OK; i++)
        if (!sp_lockfile_find(&pinning->new, pinning->old.items[i].name))
            tell(pinning, &pinning->old.items[i], "removed: the recipe does not name it");
    if (rc || pinning->args->dry_run || (!pinning->new.len && !pinning->old.len))
        return rc;
    return sp_lockfile_write(&pinning->new, path, err);
}

/* Beside the first recipe file. */
static const char *lock_path(const struct sp_session *session, const struct pin_args *args)
{
    if (args->lock)
        return args->lock;
    if (!session->files->len || !sp_is_text(session->files->items[0]))
        return NULL;
    return sp_lockfile_path(session->arena, session->files->items[0].text).ptr;
}

static enum sp_rc carry_out(struct sp_session *session,
                            const struct pin_args *args,
                            const struct sp_gallery *gallery,
                            const char *path,
                            struct sp_err *err)
{
    struct pinning pinning = {
        .session = session,
        .args = args,
        .old = { .arena = session->arena },
        .new = { .arena = session->arena },
        .results = sp_list_new(session->arena),
    };
    sp_auto_buf struct sp_buf text = SP_BUF(SP_BUF_LARGE);

    enum sp_rc rc = sp_vault_open(sp_image_args_dir(&args->image, session), SP_VAULT_SHARE,
                                  &pinning.vault, err);
    if (rc == SP_OK)
        rc = pin_all(&pinning, gallery, path, err);
    sp_vault_close(pinning.vault);
    if (rc)
        return rc;
    if (args->image.load.json) {
        sp_json_encode(pinning.results, SP_JSON_PRETTY, &text);
        (void)printf("%s\n", text.ptr);
    } else if (!gallery->len) {
        (void)printf("no step names an image: nothing to pin\n");
    } else {
        (void)printf("%s %s\n", args->dry_run ? "would write" : "wrote", path);
    }
    return SP_OK;
}

static int pin(const struct sp_cli_command *self, struct sp_session *session, const void *given)
{
    const struct pin_args *args = given;
    struct sp_gallery gallery;
    struct sp_err err = SP_ERR_INIT;

    const char *path = lock_path(session, args);
    if (!path) {
        (void)sp_fail(&err, SP_INVALID, "there is no recipe file to put a lock file beside");
        return sp_command_fault(self, &err);
    }
    enum sp_rc rc = sp_gallery_list(session, args->all_steps, &gallery, &err);
    sp_show_findings(session);
    if (rc) {
        (void)fprintf(stderr, "spoor: %s\n", err.text);
        return SP_MAX(sp_findings_status(session), SP_EXIT_FAILED);
    }
    return carry_out(session, args, &gallery, path, &err) ? sp_image_fault(&err) : SP_EXIT_DONE;
}

static int run_pin(const struct sp_cli_command *self, int argc, char **argv)
{
    struct pin_args args = { 0 };

    return sp_command_act(self, argc, argv, &args, pin);
}

const struct sp_cli_command sp_command_image_pin = {
    .usage = {
        .name = "spoor image pin",
        .summary = "write down which images a recipe means, by their digests",
        .synopsis = "[OPTIONS] FILE... [RECIPE] [NAME=VALUE...]",
        .description = "Writes FILE.lock beside the recipe: the digest of each image that a selected "
                       "step names. What is\npinned stays as it is, whatever the registry has under "
                       "that tag by now, until --update.",
        .options = options,
        .examples = "  spoor image pin recipe.yml\n"
                    "      writes recipe.yml.lock\n"
                    "  spoor image pin --update recipe.yml\n"
                    "      take what the registries have today",
    },
    .run = run_pin,
};
