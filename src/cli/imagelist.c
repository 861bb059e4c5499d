/* SPDX-License-Identifier: BSD-3-Clause */
#include "base/clock.h"

#include "cli/imageargs.h"
#include "cli/table.h"
#include "image/root.h"
#include "sys/tty.h"
#include "value/json.h"

#include <stdio.h>
#include <unistd.h>

struct list_args {
    struct sp_image_args image;
    bool names;
};

static const struct sp_option options[] = {
    SP_OPT_FLAG("h", "help", struct list_args, image.load.help, "show this help"),
    SP_OPT_FLAG(NULL, "names", struct list_args, names, "the names only, one a line"),
    SP_OPT_FLAG(NULL, "json", struct list_args, image.load.json, "print one JSON document"),
    SP_IMAGES_OPTIONS,
    SP_LOAD_OPTIONS,
    SP_OPT_END,
};

static void add_row(struct sp_table *table,
                    const struct sp_vault *vault,
                    const struct sp_image_found *image)
{
    sp_table_add(table, SP_STR_FMT, SP_STR_ARG(image->name.name));
    sp_table_add(table, "%.12s", image->name.digest.hex);
    sp_table_add(table, "%s", sp_size_text(image->bytes).text);
    sp_table_add(table, "%s", sp_root_is_there(vault, &image->chain) ? "yes" : "no");
    sp_table_add(table, "%s", sp_clock_local(image->name.time).text);
}

/* An image of which something is missing is listed all the same: its name is there. */
static void add_broken(struct sp_table *table, const struct sp_vault_name *name)
{
    sp_table_add(table, SP_STR_FMT, SP_STR_ARG(name->name));
    sp_table_add(table, "%.12s", name->digest.hex);
    sp_table_add(table, "-");
    sp_table_add(table, "damaged");
    sp_table_add(table, "%s", sp_clock_local(name->time).text);
}

static struct sp_value broken_value(struct sp_arena *arena,
                                    const struct sp_vault_name *name,
                                    const char *why)
{
    struct sp_value dict = sp_dict_new(arena);

    sp_dict_put_text(arena, dict.dict, "name", name->name);
    sp_dict_put(arena, dict.dict, "digest", sp_digest_value(arena, &name->digest));
    sp_dict_put_text(arena, dict.dict, "damaged", sp_arena_printf(arena, "%s", why));
    return dict;
}

static enum sp_rc show(const struct sp_vault *vault,
                       const struct list_args *args,
                       struct sp_arena *arena,
                       struct sp_err *err)
{
    static const struct sp_column columns[] = {
        { "name", false },     { "digest", false },  { "size", true },
        { "unpacked", false }, { "fetched", false },
    };
    sp_auto_table struct sp_table *table = sp_table_new(columns, SP_COUNT(columns));
    sp_auto_buf struct sp_buf text = SP_BUF(SP_BUF_LARGE);
    struct sp_value results = sp_list_new(arena);
    struct sp_vault_names names;

    enum sp_rc rc = sp_vault_list_names(vault, arena, &names, err);
    if (rc)
        return rc;
    for (size_t i = 0; i < names.len; i++) {
        struct sp_image_found image;
        struct sp_err broken = SP_ERR_INIT;
        if (args->names) {
            (void)printf(SP_STR_FMT "\n", SP_STR_ARG(names.items[i].name));
        } else if (sp_image_find(vault, names.items[i].name, arena, &image, &broken) == SP_OK) {
            sp_list_add(arena, results.list, sp_image_value(arena, vault, &image));
            add_row(table, vault, &image);
        } else {
            sp_list_add(arena, results.list, broken_value(arena, &names.items[i], broken.text));
            add_broken(table, &names.items[i]);
        }
    }
    if (names.damaged)
        (void)fprintf(stderr, "spoor: %zu name%s cannot be read: 'spoor image gc --damaged'\n",
                      names.damaged, names.damaged == 1 ? "" : "s");
    if (args->names)
        return SP_OK;
    if (args->image.load.json)
        sp_json_encode(results, SP_JSON_PRETTY, &text);
    else
        sp_table_format(table, sp_tty_is(STDOUT_FILENO) ? sp_tty_width(STDOUT_FILENO) : 0,
                        sp_tty_colour(STDOUT_FILENO), &text);
    if (args->image.load.json)
        (void)printf("%s\n", text.ptr);
    else
        (void)fputs(names.len ? text.ptr : "there are no images\n", stdout);
    return SP_OK;
}

static int list(struct list_args *args)
{
    struct sp_session session = { 0 };
    sp_auto_vault struct sp_vault *vault = NULL;
    struct sp_err err = SP_ERR_INIT;
    const char *dir;

    int status = sp_image_args_load(&args->image, &session, &dir);
    if (status < 0) {
        enum sp_rc rc = sp_vault_open(dir, SP_VAULT_READ, &vault, &err);
        if (rc == SP_NOT_FOUND) { /* nothing was ever fetched: an answer */
            if (!args->names)
                (void)puts(args->image.load.json ? "[]" : "there are no images");
            rc = SP_OK;
        } else if (rc == SP_OK) {
            rc = show(vault, args, session.arena, &err);
        }
        status = rc ? sp_image_fault(&err) : SP_EXIT_DONE;
    }
    sp_session_fini(&session);
    return status;
}

static int run_list(const struct sp_cli_command *self, int argc, char **argv)
{
    struct list_args args = { 0 };
    sp_auto_words struct sp_words words = { 0 };

    int status = sp_command_parse(self, argc, argv, &args, &words);
    if (status < 0)
        status = sp_command_refuse_words(self, &words, 0);
    if (status < 0)
        status = list(&args);
    sp_load_args_fini(&args.image.load);
    return status;
}

const struct sp_cli_command sp_command_image_list = {
    .usage = {
        .name = "spoor image list",
        .summary = "list the images that were fetched",
        .synopsis = "[OPTIONS]",
        .options = options,
        .examples = "  spoor image list --json\n"
                    "      with whole digests, and where they are unpacked",
    },
    .run = run_list,
};
