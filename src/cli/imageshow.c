/* SPDX-License-Identifier: BSD-3-Clause */
#include "cli/imageargs.h"
#include "cli/table.h"
#include "value/json.h"

#include <stdio.h>

struct show_args {
    struct sp_image_args image;
    bool verify;
};

static const struct sp_option options[] = {
    SP_OPT_FLAG("h", "help", struct show_args, image.load.help, "show this help"),
    SP_OPT_FLAG(NULL,
                "verify",
                struct show_args,
                verify,
                "read all its layers and compare them with their digests"),
    SP_OPT_FLAG(NULL, "json", struct show_args, image.load.json, "print one JSON document"),
    SP_IMAGES_OPTIONS,
    SP_LOAD_OPTIONS,
    SP_OPT_END,
};

/* What it says of itself, as text: only what is there. */
static void add_run(struct sp_arena *arena,
                    const struct sp_image_found *image,
                    struct sp_value *dict)
{
    static const struct {
        const char *key, *name;
    } rows[] = {
        { "Entrypoint", "entrypoint" },
        { "Cmd", "command" },
        { "WorkingDir", "directory" },
        { "User", "user" },
        { "Env", "env" },
        { "Labels", "labels" },
    };

    for (size_t i = 0; image->config.run && i < SP_COUNT(rows); i++) {
        const struct sp_value *value = sp_dict_get(image->config.run, rows[i].key);
        if (value && value->kind != SP_NULL)
            sp_dict_put(arena, dict->dict, rows[i].name, *value);
    }
}

static struct sp_value describe(struct sp_arena *arena,
                                const struct sp_vault *vault,
                                const struct sp_image_found *image)
{
    struct sp_value dict = sp_image_value(arena, vault, image), layers = sp_list_new(arena);

    for (size_t i = 0; i < image->manifest.len; i++) {
        struct sp_value layer = sp_dict_new(arena);
        sp_dict_put(arena, layer.dict, "digest",
                    sp_digest_value(arena, &image->manifest.items[i].digest));
        sp_dict_put(arena, layer.dict, "diff_id",
                    sp_digest_value(arena, &image->config.diff_ids[i]));
        sp_dict_put(arena, layer.dict, "bytes", sp_int((int64_t)image->manifest.items[i].size));
        sp_list_add(arena, layers.list, layer);
    }
    sp_dict_put(arena, dict.dict, "layers", layers);
    add_run(arena, image, &dict);
    return dict;
}

static void print_value(const char *key, struct sp_value value)
{
    sp_auto_buf struct sp_buf text = SP_BUF(SP_BUF_LARGE);
    sp_auto_buf struct sp_buf plain = SP_BUF(SP_BUF_LARGE);

    if (sp_is_text(value))
        sp_buf_add(&text, value.text);
    else
        sp_json_encode(value, SP_JSON_COMPACT, &text);
    sp_buf_add_plain(&plain, sp_buf_str(&text));
    (void)printf("%-13s %s\n", key, plain.ptr);
}

static void print_people(const struct sp_dict *dict)
{
    SP_DICT_EACH(entry, dict)
    {
        char key[32];
        (void)snprintf(key, sizeof key, SP_STR_FMT, SP_STR_ARG(entry->key));
        if (sp_str_is(entry->key, "layers")) {
            SP_LIST_EACH(layer, entry->value.list)
            (void)printf("%-13s " SP_STR_FMT "  %s\n", "layer",
                         SP_STR_ARG(sp_dict_text(layer->dict, "digest")),
                         sp_size_text((uint64_t)sp_dict_number(layer->dict, "bytes")).text);
        } else if (strcmp(key, "bytes") == 0 || strcmp(key, "root_bytes") == 0) {
            (void)printf("%-13s %s\n", key, sp_size_text((uint64_t)entry->value.integer).text);
        } else {
            print_value(key, entry->value);
        }
    }
}

static enum sp_rc verify(const struct sp_vault *vault,
                         const struct sp_image_found *image,
                         struct sp_err *err)
{
    enum sp_rc rc = sp_vault_verify(vault, &image->manifest.config.digest, err);

    for (size_t i = 0; i < image->manifest.len && rc == SP_OK; i++)
        rc = sp_vault_verify(vault, &image->manifest.items[i].digest, err);
    return rc;
}

static enum sp_rc show(struct sp_session *session,
                       const char *dir,
                       const struct show_args *args,
                       const char *word,
                       struct sp_err *err)
{
    sp_auto_vault struct sp_vault *vault = NULL;
    sp_auto_buf struct sp_buf text = SP_BUF(SP_BUF_LARGE);
    struct sp_image_found image;
    struct sp_image_name name;
    struct sp_str full;

    enum sp_rc rc = sp_gallery_name(session, sp_str_of(word), &name, &full, err);
    if (rc == SP_OK)
        rc = sp_vault_open(dir, SP_VAULT_READ, &vault, err);
    if (rc == SP_OK)
        rc = sp_image_find(vault, full, session->arena, &image, err);
    if (rc == SP_OK && args->verify)
        rc = verify(vault, &image, err);
    if (rc)
        return rc;
    struct sp_value dict = describe(session->arena, vault, &image);
    if (args->verify)
        sp_dict_put(session->arena, dict.dict, "verified", sp_bool(true));
    if (args->image.load.json) {
        sp_json_encode(dict, SP_JSON_PRETTY, &text);
        (void)printf("%s\n", text.ptr);
    } else {
        print_people(dict.dict);
    }
    return SP_OK;
}

static int run_show(const struct sp_cli_command *self, int argc, char **argv)
{
    struct show_args args = { 0 };
    sp_auto_words struct sp_words words = { 0 };
    struct sp_session session = { 0 };
    struct sp_err err = SP_ERR_INIT;
    const char *dir;

    int status = sp_command_parse(self, argc, argv, &args, &words);
    if (status < 0 && !words.len) {
        (void)sp_fail(&err, SP_INVALID, "which image? 'spoor image list' shows those there are");
        status = sp_command_fault(self, &err);
    }
    if (status < 0)
        status = sp_command_refuse_words(self, &words, 1);
    if (status < 0) {
        status = sp_image_args_load(&args.image, &session, &dir);
        if (status < 0)
            status = show(&session, dir, &args, words.items[0], &err) ? sp_image_fault(&err)
                                                                      : SP_EXIT_DONE;
        sp_session_fini(&session);
    }
    sp_load_args_fini(&args.image.load);
    return status;
}

const struct sp_cli_command sp_command_image_show = {
    .usage = {
        .name = "spoor image show",
        .summary = "show an image that was fetched: digests, layers, what it says of itself",
        .synopsis = "[OPTIONS] NAME",
        .options = options,
        .examples = "  spoor image show wsclean:cc0.2.1 --verify\n"
                    "      is it still what its digests say?",
    },
    .run = run_show,
};
