/* SPDX-License-Identifier: BSD-3-Clause */
#include "cli/imageargs.h"
#include "cli/table.h"
#include "image/root.h"
#include "value/json.h"

#include <stdio.h>

struct pull_args {
    struct sp_image_args image;
    const char *as, *architecture;
    bool quiet;
    bool unpack;
};

static const struct sp_option options[] = {
    SP_OPT_FLAG("h", "help", struct pull_args, image.load.help, "show this help"),
    SP_OPT_TEXT(NULL,
                "as",
                struct pull_args,
                as,
                "NAME",
                "give it this name here: for images that come from a file"),
    SP_OPT_TEXT(NULL,
                "arch",
                struct pull_args,
                architecture,
                "NAME",
                "for machines of this kind (amd64, arm64), not for this one"),
    SP_OPT_FLAG(NULL,
                "unpack",
                struct pull_args,
                unpack,
                "unpack it at once (this is so; --no-unpack leaves it to its first use)"),
    SP_OPT_FLAG("q", "quiet", struct pull_args, quiet, "show no progress"),
    SP_OPT_FLAG(NULL, "json", struct pull_args, image.load.json, "print one JSON document"),
    SP_IMAGES_OPTIONS,
    SP_LOAD_OPTIONS,
    SP_OPT_END,
};

struct pulling {
    const struct pull_args *args;
    struct sp_session *session;
    struct sp_vault *vault;
    struct sp_value results; /* for --json */
};

/* Options of a pull of `name`: `as` is checked like any other name. */
static enum sp_rc prepare(const struct pulling *pulling,
                          const struct sp_image_name *name,
                          struct sp_pull_options *out,
                          struct sp_err *err)
{
    struct sp_image_name as;

    out->source = sp_gallery_source(pulling->session, name);
    out->architecture = pulling->args->architecture;
    if (!pulling->args->as)
        return SP_OK;
    enum sp_rc rc =
        sp_gallery_name(pulling->session, sp_str_of(pulling->args->as), &as, &out->as, err);
    if (rc == SP_OK && (as.transport || as.digest.len))
        rc = sp_fail(err, SP_INVALID, "--as takes a name with a tag: not '%s'", pulling->args->as);
    return rc;
}

static enum sp_rc pull_image(const struct pulling *pulling,
                             struct sp_str text,
                             struct sp_image_progress *progress,
                             struct sp_image_found *image,
                             struct sp_root *root,
                             struct sp_err *err)
{
    struct sp_pull_options pull = { 0 };
    struct sp_root_options unpack = { 0 };
    struct sp_image_name name;

    enum sp_rc rc = sp_gallery_name(pulling->session, text, &name, &progress->name, err);
    if (rc == SP_OK)
        rc = prepare(pulling, &name, &pull, err);
    if (!pulling->args->quiet) {
        pull.progress = sp_image_progress_pull;
        unpack.layer = sp_image_progress_layer;
        pull.arg = unpack.arg = progress;
    }
    if (rc == SP_OK)
        rc = sp_image_pull(pulling->vault, &name, &pull, pulling->session->arena, image, err);
    if (rc == SP_OK && pulling->args->unpack)
        rc = sp_root_make(pulling->vault, image, &unpack, pulling->session->arena, root, err);
    sp_image_progress_end(progress);
    return rc;
}

static int pull_one(struct pulling *pulling, const char *word)
{
    struct sp_image_progress progress = { 0 };
    struct sp_image_found image;
    struct sp_root root = { 0 };
    struct sp_err err = SP_ERR_INIT;

    if (pull_image(pulling, sp_str_of(word), &progress, &image, &root, &err))
        return sp_image_fault(&err);
    if (pulling->args->image.load.json) {
        sp_list_add(pulling->session->arena, pulling->results.list,
                    sp_image_value(pulling->session->arena, pulling->vault, &image));
        return SP_EXIT_DONE;
    }
    (void)printf(SP_STR_FMT "\n  digest  sha256:%s\n  size    %s in %zu layer%s\n",
                 SP_STR_ARG(image.name.name), image.name.digest.hex, sp_size_text(image.bytes).text,
                 image.manifest.len, image.manifest.len == 1 ? "" : "s");
    if (root.path.len)
        (void)printf("  root    " SP_STR_FMT "\n", SP_STR_ARG(root.path));
    if (root.skipped)
        (void)printf("          %llu device%s left out\n", (unsigned long long)root.skipped,
                     root.skipped == 1 ? " was" : "s were");
    (void)fflush(stdout);
    return SP_EXIT_DONE;
}

static int pull_all(struct pull_args *args, const struct sp_words *words)
{
    struct sp_session session = { 0 };
    struct pulling pulling = { .args = args, .session = &session };
    sp_auto_buf struct sp_buf text = SP_BUF(SP_BUF_LARGE);
    sp_auto_vault struct sp_vault *vault = NULL;
    struct sp_err err = SP_ERR_INIT;
    const char *dir;

    int status = sp_image_args_load(&args->image, &session, &dir);
    if (status < 0 && sp_vault_open(dir, SP_VAULT_SHARE, &vault, &err))
        status = sp_image_fault(&err);
    if (status < 0) {
        status = SP_EXIT_DONE;
        pulling.vault = vault;
        pulling.results = sp_list_new(session.arena);
        for (size_t i = 0; i < words->len; i++) {
            int one = pull_one(&pulling, words->items[i]);
            status = SP_MAX(status, one);
        }
        if (args->image.load.json) {
            sp_json_encode(pulling.results, SP_JSON_PRETTY, &text);
            (void)printf("%s\n", text.ptr);
        }
    }
    sp_session_fini(&session);
    return status;
}

static int run_pull(const struct sp_cli_command *self, int argc, char **argv)
{
    struct pull_args args = { .unpack = true };
    sp_auto_words struct sp_words words = { 0 };
    struct sp_err err = SP_ERR_INIT;

    int status = sp_command_parse(self, argc, argv, &args, &words);
    if (status < 0 && !words.len)
        (void)sp_fail(&err, SP_INVALID, "which image?");
    else if (status < 0 && words.len > 1 && args.as)
        (void)sp_fail(&err, SP_INVALID, "--as names one image, here are %zu", words.len);
    if (err.code)
        status = sp_command_fault(self, &err);
    if (status < 0)
        status = pull_all(&args, &words);
    sp_load_args_fini(&args.image.load);
    return status;
}

const struct sp_cli_command sp_command_image_pull = {
    .usage = {
        .name = "spoor image pull",
        .summary = "fetch images from a registry, a directory or an archive, and unpack them",
        .synopsis = "[OPTIONS] NAME...",
        .description = "NAME is [HOST[:PORT]/]PATH[:TAG][@sha256:...], completed as for cabs "
                       "with\nopts.backend.default_registry; or oci:DIR[:TAG], "
                       "oci-archive:FILE[:TAG],\ndocker-archive:FILE[:NAME]. Every layer is checked "
                       "against its digest; those that are\nthere are not fetched again. Passwords "
                       "are those that 'podman login' and 'docker login'\nhave stored.",
        .options = options,
        .examples = "  spoor image pull quay.io/stimela2/wsclean:cc0.2.1\n"
                    "      from a registry\n"
                    "  spoor image pull docker-archive:wsclean.tar --as quay.io/stimela2/wsclean:1\n"
                    "      what 'docker save' or 'podman save' has written",
    },
    .run = run_pull,
};
