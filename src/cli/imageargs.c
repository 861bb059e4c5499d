/* SPDX-License-Identifier: BSD-3-Clause */
#include "cli/imageargs.h"

#include "base/clock.h"

#include "cli/table.h"
#include "image/root.h"
#include "sys/tty.h"

#include <stdio.h>
#include <unistd.h>

#define REDRAW (100 * SP_NSEC_PER_MS)

const char *sp_image_args_dir(const struct sp_image_args *args, const struct sp_session *session)
{
    return args->images ? args->images : sp_gallery_dir(session).ptr;
}

int sp_image_args_load(struct sp_image_args *args, struct sp_session *session, const char **dir)
{
    struct sp_session_options options = sp_load_args_session(&args->load);

    sp_session_init(session, &options);
    sp_show_findings(session);
    *dir = sp_image_args_dir(args, session);
    return session->diags.errors ? sp_findings_status(session) : -1;
}

int sp_image_fault(const struct sp_err *err)
{
    (void)fprintf(stderr, "spoor: %s\n", err->text);
    return err->code == SP_IO || err->code == SP_BUSY ? SP_EXIT_STORE : SP_EXIT_FAILED;
}

struct sp_value sp_digest_value(struct sp_arena *arena, const struct sp_sha_digest *digest)
{
    return sp_text(sp_arena_printf(arena, "sha256:%s", digest->hex));
}

struct sp_value sp_image_value(struct sp_arena *arena,
                               const struct sp_vault *vault,
                               const struct sp_image_found *image)
{
    struct sp_value dict = sp_dict_new(arena);
    struct sp_root root;
    struct sp_err err = SP_ERR_INIT;
    bool there = sp_root_find(vault, &image->chain, arena, &root, &err) == SP_OK;

    sp_dict_put_text(arena, dict.dict, "name", image->name.name);
    sp_dict_put(arena, dict.dict, "digest", sp_digest_value(arena, &image->name.digest));
    sp_dict_put(arena, dict.dict, "manifest", sp_digest_value(arena, &image->name.manifest));
    sp_dict_put(arena, dict.dict, "chain", sp_digest_value(arena, &image->chain));
    sp_dict_put_text(arena, dict.dict, "os", image->config.platform.os);
    sp_dict_put_text(arena, dict.dict, "architecture", image->config.platform.architecture);
    sp_dict_put(arena, dict.dict, "layers", sp_int((int64_t)image->manifest.len));
    sp_dict_put(arena, dict.dict, "bytes", sp_int((int64_t)image->bytes));
    sp_dict_put_text(arena, dict.dict, "fetched",
                     sp_arena_printf(arena, "%s", sp_clock_iso(image->name.time).text));
    sp_dict_put(arena, dict.dict, "root", there ? sp_text(root.path) : sp_null());
    if (there) {
        sp_dict_put(arena, dict.dict, "root_files", sp_int((int64_t)root.files));
        sp_dict_put(arena, dict.dict, "root_bytes", sp_int((int64_t)root.bytes));
        sp_dict_put(arena, dict.dict, "root_skipped", sp_int((int64_t)root.skipped));
    }
    return dict;
}

/* --- progress ------------------------------------------------------------------------------- */

void sp_image_progress_draw(struct sp_image_progress *progress, const char *text)
{
    sp_nsec now = sp_clock_monotonic();

    if (progress->line && now - progress->shown < REDRAW)
        return;
    progress->line = true;
    progress->shown = now;
    (void)fprintf(stderr, "\r\033[K%.*s", sp_tty_width(STDERR_FILENO) - 1, text);
    (void)fflush(stderr);
}

void sp_image_progress_pull(void *arg, const struct sp_pull_progress *progress)
{
    struct sp_image_progress *shown = arg;
    sp_auto_buf struct sp_buf text = SP_BUF(SP_BUF_SMALL);

    sp_buf_addf(&text, SP_STR_FMT ": part %zu of %zu: ", SP_STR_ARG(shown->name), progress->part,
                progress->parts);
    if (sp_tty_is(STDERR_FILENO)) {
        sp_buf_addf(&text, "%s of %s", sp_size_text(progress->done).text,
                    sp_size_text(progress->bytes).text);
        sp_image_progress_draw(shown, text.ptr);
    } else if (progress->done == progress->bytes && !progress->known) {
        (void)fprintf(stderr, "%s%s\n", text.ptr, sp_size_text(progress->bytes).text);
    }
}

void sp_image_progress_layer(void *arg, size_t number, size_t count)
{
    struct sp_image_progress *shown = arg;
    sp_auto_buf struct sp_buf text = SP_BUF(SP_BUF_SMALL);

    if (!sp_tty_is(STDERR_FILENO))
        return;
    sp_buf_addf(&text, SP_STR_FMT ": unpacking layer %zu of %zu", SP_STR_ARG(shown->name), number,
                count);
    sp_image_progress_draw(shown, text.ptr);
}

void sp_image_progress_end(struct sp_image_progress *progress)
{
    if (progress->line)
        (void)fputs("\r\033[K", stderr);
    progress->line = false;
}
