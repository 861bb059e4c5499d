/* SPDX-License-Identifier: BSD-3-Clause */
#include "base/clock.h"

#include "cli/imageargs.h"
#include "cli/table.h"
#include "engine/imagemake.h"
#include "image/root.h"
#include "sys/file.h"
#include "sys/tty.h"
#include "value/json.h"

#include <stdio.h>

#define LOG_LINES 8   /* shown of the log of a build that has failed */
#define LOG_WIDTH 200 /* bytes of each */

struct build_args {
    struct sp_image_args image;
    const char *as, *mirror;
    bool force;
    bool refresh;
    bool quiet;
};

static const struct sp_option options[] = {
    SP_OPT_FLAG("h", "help", struct build_args, image.load.help, "show this help"),
    SP_OPT_TEXT(NULL,
                "as",
                struct build_args,
                as,
                "NAME",
                "give the image this name, not that of the file"),
    SP_OPT_FLAG("f",
                "force",
                struct build_args,
                force,
                "build it, not what it stands on, although it is up to date"),
    SP_OPT_FLAG(NULL,
                "update",
                struct build_args,
                refresh,
                "ask the mirror for new versions (else once a day)"),
    SP_OPT_TEXT(NULL,
                "mirror",
                struct build_args,
                mirror,
                "URI",
                "packages from there, not from where this machine has its own from"),
    SP_OPT_FLAG("q", "quiet", struct build_args, quiet, "show no progress"),
    SP_OPT_FLAG(NULL, "json", struct build_args, image.load.json, "print one JSON document"),
    SP_IMAGES_OPTIONS,
    SP_LOAD_OPTIONS,
    SP_OPT_END,
};

struct building {
    const struct build_args *args;
    struct sp_session *session;
    struct sp_vault *vault;
    struct sp_maker *maker;
    struct sp_image_progress progress;
    const char *phase;       /* that was told last */
    struct sp_value results; /* for --json */
};

/* --- progress ------------------------------------------------------------------------------- */

static void show_progress(void *arg, const char *what, size_t done, size_t count)
{
    struct building *building = arg;
    sp_auto_buf struct sp_buf text = SP_BUF(SP_BUF_SMALL);

    if (building->args->quiet || !sp_tty_is(2))
        return;
    sp_buf_addf(&text, SP_STR_FMT ": %s", SP_STR_ARG(building->progress.name), what);
    if (count)
        sp_buf_addf(&text, ": %zu of %zu", done, count);
    if (building->phase != what) /* a new phase is shown at once */
        building->progress.shown = 0;
    building->phase = what;
    sp_image_progress_draw(&building->progress, text.ptr);
}

/* --- results -------------------------------------------------------------------------------- */

static void show_made(const struct building *building, const struct sp_made *made)
{
    const struct sp_image_found *image = &made->image;

    if (!made->built) {
        (void)printf(SP_STR_FMT ": up to date\n", SP_STR_ARG(image->name.name));
    } else {
        (void)printf(SP_STR_FMT "\n  digest  sha256:%s\n", SP_STR_ARG(image->name.name),
                     image->name.digest.hex);
        (void)printf("  size    %s in %zu layer%s, ", sp_size_text(image->bytes).text,
                     image->manifest.len, image->manifest.len == 1 ? "" : "s");
        (void)printf("its own %s with %zu package%s\n", sp_size_text(made->layer).text,
                     made->packages, made->packages == 1 ? "" : "s");
        (void)printf("  root    " SP_STR_FMT "\n", SP_STR_ARG(made->root.path));
        (void)printf("  took    %s\n", sp_clock_duration(made->took).text);
    }
    (void)fflush(stdout);
    (void)building;
}

static struct sp_value made_value(const struct building *building, const struct sp_made *made)
{
    struct sp_arena *arena = building->session->arena;
    struct sp_value dict = sp_image_value(arena, building->vault, &made->image);

    sp_dict_put(arena, dict.dict, "built", sp_bool(made->built));
    sp_dict_put(arena, dict.dict, "packages", sp_int((int64_t)made->packages));
    sp_dict_put(arena, dict.dict, "layer_bytes", sp_int((int64_t)made->layer));
    return dict;
}

/* The end of what programs have said. */
static void show_log(const char *path)
{
    sp_auto_buf struct sp_buf text = SP_BUF(SP_BUF_LARGE);
    struct sp_err err = SP_ERR_INIT;
    size_t lines = 0;

    if (sp_file_read(path, &text, &err) || !text.len)
        return;
    size_t from = text.len;
    while (from > 0 && lines <= LOG_LINES)
        lines += text.ptr[--from] == '\n';
    struct sp_str rest = sp_str_slice(sp_buf_str(&text), from, text.len);
    (void)fprintf(stderr, "the log ends with\n");
    while (rest.ptr) {
        struct sp_str line = sp_str_cut(&rest, '\n');
        struct sp_str shown = sp_str_slice(line, 0, LOG_WIDTH);
        if (line.len)
            (void)fprintf(stderr, "    " SP_STR_FMT "%s\n", SP_STR_ARG(shown),
                          shown.len < line.len ? "..." : "");
    }
    (void)fprintf(stderr, "all of it is in %s\n", path);
}

static int build_failed(const struct building *building,
                        const struct sp_err *err,
                        size_t findings,
                        bool has_log)
{
    if (building->session->diags.len > findings) {
        sp_show_findings(building->session);
        return SP_EXIT_FAILED;
    }
    (void)fprintf(stderr, "spoor: %s\n", err->text);
    if (err->code == SP_BUSY)
        return SP_EXIT_INTERRUPTED;
    if (has_log && err->code != SP_NOT_FOUND)
        show_log(sp_maker_log(building->maker));
    return err->code == SP_NOT_FOUND ? SP_EXIT_BACKEND
           : err->code == SP_IO      ? SP_EXIT_STORE
                                     : SP_EXIT_FAILED;
}

/* --- together ------------------------------------------------------------------------------- */

static int build_one(struct building *building, const char *path)
{
    size_t findings = building->session->diags.len;
    struct sp_err err = SP_ERR_INIT;
    struct sp_made made;

    building->progress.name = sp_str_of(path);
    enum sp_rc rc = sp_maker_make(building->maker, sp_str_of(path), &made, &err);
    sp_image_progress_end(&building->progress);
    if (rc)
        return build_failed(building, &err, findings, true);
    if (building->args->image.load.json)
        sp_list_add(building->session->arena, building->results.list, made_value(building, &made));
    else
        show_made(building, &made);
    return SP_EXIT_DONE;
}

static enum sp_rc open_maker(struct building *building, const char *dir, struct sp_err *err)
{
    struct sp_make_options make = {
        .mirror = building->args->mirror,
        .refresh = building->args->refresh,
        .force = building->args->force,
        .progress = show_progress,
        .arg = building,
    };
    enum sp_rc rc = SP_OK;

    if (building->args->as) {
        struct sp_image_name name;
        rc = sp_image_name_parse(sp_str_of(building->args->as), &name, err);
        if (rc == SP_OK && (name.transport || name.digest.len))
            rc = sp_fail(err, SP_INVALID, "--as takes a name with a tag: not '%s'",
                         building->args->as);
        if (rc)
            return rc;
        make.as = sp_image_name_format(building->session->arena, &name);
    }
    rc = sp_vault_open(dir, SP_VAULT_SHARE, &building->vault, err);
    return rc ? rc
              : sp_maker_open(building->session, building->vault, &make, &building->maker, err);
}

static int build_all(struct build_args *args, const struct sp_words *words)
{
    struct sp_session session = { 0 };
    struct building building = { .args = args, .session = &session };
    sp_auto_buf struct sp_buf text = SP_BUF(SP_BUF_LARGE);
    struct sp_err err = SP_ERR_INIT;
    const char *dir;

    int status = sp_image_args_load(&args->image, &session, &dir);
    if (status < 0 && open_maker(&building, dir, &err))
        status = build_failed(&building, &err, session.diags.len, false);
    if (status < 0) {
        status = SP_EXIT_DONE;
        building.results = sp_list_new(session.arena);
        for (size_t i = 0; i < words->len && status == SP_EXIT_DONE; i++)
            status = build_one(&building, words->items[i]);
        if (args->image.load.json) {
            sp_json_encode(building.results, SP_JSON_PRETTY, &text);
            (void)printf("%s\n", text.ptr);
        }
    }
    sp_maker_close(building.maker);
    sp_vault_close(building.vault);
    sp_session_fini(&session);
    return status;
}

static int run_build(const struct sp_cli_command *self, int argc, char **argv)
{
    struct build_args args = { 0 };
    sp_auto_words struct sp_words words = { 0 };
    struct sp_err err = SP_ERR_INIT;

    int status = sp_command_parse(self, argc, argv, &args, &words);
    if (status < 0 && !words.len)
        (void)sp_fail(&err, SP_INVALID, "which build file?");
    else if (status < 0 && words.len > 1 && args.as)
        (void)sp_fail(&err, SP_INVALID, "--as names one image, here are %zu", words.len);
    if (err.code)
        status = sp_command_fault(self, &err);
    if (status < 0)
        status = build_all(&args, &words);
    sp_load_args_fini(&args.image.load);
    return status;
}

const struct sp_cli_command sp_command_image_make = {
    .usage = {
        .name = "spoor image build",
        .summary = "build images from Debian packages, without any registry",
        .synopsis = "[OPTIONS] FILE.yml...",
        .description = "Each file says what an image is built from: packages, files and variables "
                       "(doc/manual/images.md).\nAn image that is up to date - the same file, the "
                       "same versions of all packages - is not built\nagain. Packages come from "
                       "the mirrors of this machine (/etc/apt); mmdebstrap installs them,\nalso "
                       "without being root.",
        .options = options,
        .examples = "  spoor image build images/wsclean.yml\n"
                    "      build it, and the image it stands on\n"
                    "  spoor image build images/*.yml\n"
                    "      those of Spoor's own cabs, as 'make images' does",
    },
    .run = run_build,
};
