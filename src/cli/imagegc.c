/* SPDX-License-Identifier: BSD-3-Clause */
#include "base/amount.h"
#include "base/clock.h"

#include "cli/imageargs.h"
#include "cli/table.h"
#include "image/vaultgc.h"
#include "value/json.h"

#include <stdio.h>

struct gc_args {
    struct sp_image_args image;
    struct sp_words drop;
    const char *older_than;
    bool damaged, dry_run;
};

static const struct sp_option options[] = {
    SP_OPT_FLAG("h", "help", struct gc_args, image.load.help, "show this help"),
    SP_OPT_WORDS(NULL, "drop", struct gc_args, drop, "NAME", "forget this image; may be repeated"),
    SP_OPT_TEXT(NULL,
                "older-than",
                struct gc_args,
                older_than,
                "TIME",
                "forget images that were fetched longer ago than TIME (30d, 12h, 2w)"),
    SP_OPT_FLAG(NULL,
                "damaged",
                struct gc_args,
                damaged,
                "read all layers, and remove those that are not what their digests say"),
    SP_OPT_FLAG("d", "dry-run", struct gc_args, dry_run, "only say what would go"),
    SP_OPT_FLAG(NULL, "json", struct gc_args, image.load.json, "print one JSON document"),
    SP_IMAGES_OPTIONS,
    SP_LOAD_OPTIONS,
    SP_OPT_END,
};

static void show(const struct gc_args *args, const struct sp_vault_swept *swept)
{
    if (args->image.load.json)
        (void)printf("{\"names\": %zu, \"blobs\": %zu, \"roots\": %zu, \"bytes\": %llu, "
                     "\"dry_run\": %s}\n",
                     swept->names, swept->blobs, swept->roots, (unsigned long long)swept->bytes,
                     args->dry_run ? "true" : "false");
    else
        (void)printf("%s %zu name%s, %zu unpacked image%s and %zu blob%s: %s\n",
                     args->dry_run ? "would remove" : "removed", swept->names,
                     swept->names == 1 ? "" : "s", swept->roots, swept->roots == 1 ? "" : "s",
                     swept->blobs, swept->blobs == 1 ? "" : "s", sp_size_text(swept->bytes).text);
}

/* Names are completed as everywhere. */
static enum sp_rc read_options(const struct gc_args *args,
                               struct sp_session *session,
                               struct sp_vault_sweep_options *out,
                               struct sp_err *err)
{
    struct sp_str *names = SP_ARENA_NEW(session->arena, struct sp_str, args->drop.len + 1);
    struct sp_image_name parsed;
    sp_nsec age = 0;
    enum sp_rc rc = SP_OK;

    for (size_t i = 0; i < args->drop.len && rc == SP_OK; i++)
        rc = sp_gallery_name(session, sp_str_of(args->drop.items[i]), &parsed, &names[i], err);
    if (rc == SP_OK && args->older_than) {
        rc = sp_amount_duration(sp_str_of(args->older_than), &age, err);
        out->before = sp_clock_realtime() - age;
    }
    out->drop = names;
    out->drop_len = args->drop.len;
    out->damaged = args->damaged;
    out->dry_run = args->dry_run;
    return rc;
}

static enum sp_rc collect(const struct gc_args *args,
                          struct sp_session *session,
                          const char *dir,
                          struct sp_err *err)
{
    sp_auto_vault struct sp_vault *vault = NULL;
    struct sp_vault_sweep_options sweep = { 0 };
    struct sp_vault_swept swept = { 0 };
    struct sp_err none = SP_ERR_INIT;

    enum sp_rc rc = read_options(args, session, &sweep, err);
    if (rc)
        return rc;
    /* Where nothing was ever fetched nothing is made either. */
    rc = sp_vault_open(dir, SP_VAULT_READ, &vault, &none);
    if (rc == SP_OK && !args->dry_run) {
        sp_vault_close(SP_TAKE(vault));
        rc = sp_vault_open(dir, SP_VAULT_ALONE, &vault, &none);
    }
    if (rc && rc != SP_NOT_FOUND) {
        *err = none;
        return rc;
    }
    rc = vault ? sp_vault_sweep(vault, &sweep, &swept, err) : SP_OK;
    if (rc == SP_OK)
        show(args, &swept);
    return rc;
}

static int run_gc(const struct sp_cli_command *self, int argc, char **argv)
{
    struct gc_args args = { 0 };
    sp_auto_words struct sp_words words = { 0 };
    struct sp_session session = { 0 };
    struct sp_err err = SP_ERR_INIT;
    const char *dir;

    int status = sp_command_parse(self, argc, argv, &args, &words);
    if (status < 0)
        status = sp_command_refuse_words(self, &words, 0);
    if (status < 0) {
        status = sp_image_args_load(&args.image, &session, &dir);
        if (status < 0)
            status = collect(&args, &session, dir, &err) ? sp_image_fault(&err) : SP_EXIT_DONE;
        sp_session_fini(&session);
    }
    sp_words_fini(&args.drop);
    sp_load_args_fini(&args.image.load);
    return status;
}

const struct sp_cli_command sp_command_image_gc = {
    .usage = {
        .name = "spoor image gc",
        .summary = "remove layers and unpacked images that no name leads to",
        .synopsis = "[OPTIONS]",
        .description = "A name that was fetched again leaves what it stood for before. Images are "
                       "not removed while\nanybody fetches or uses one.",
        .options = options,
        .examples = "  spoor image gc --older-than 90d --dry-run\n"
                    "      what would go?\n"
                    "  spoor image gc --drop quay.io/stimela2/wsclean:cc0.2.1\n"
                    "      remove this one",
    },
    .run = run_gc,
};
