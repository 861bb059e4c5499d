/* SPDX-License-Identifier: BSD-3-Clause */
#include "cli/program.h"
#include "cli/table.h"
#include "engine/debris.h"
#include "engine/leftover.h"
#include "sys/file.h"

#include <stdio.h>

struct clean_args {
    struct sp_load_args load;
    bool remove;
    bool dry_run;
    int64_t runs;
};

static const struct sp_option options[] = {
    SP_OPT_FLAG("h", "help", struct clean_args, load.help, "show this help"),
    SP_OPT_FLAG(NULL, "remove", struct clean_args, remove, "remove what is listed"),
    SP_OPT_FLAG("d", "dry-run", struct clean_args, dry_run, "only list it: the default"),
    SP_OPT_INT(NULL,
               "runs",
               struct clean_args,
               runs,
               "N",
               "also journals and outputs of tools in .spoor/runs, but those of the newest N runs"),
    SP_LOAD_OPTIONS,
    SP_OPT_END,
};

/* A tool that outlived its engine may still be writing what is to be removed. */
static enum sp_rc end_tools(struct sp_workspace *workspace, struct sp_err *err)
{
    struct sp_list *lines = sp_list_new(workspace->arena).list;
    enum sp_rc rc = sp_lost_tools(workspace, lines, err);

    SP_LIST_EACH(line, lines)
    (void)printf(SP_STR_FMT "\n", SP_STR_ARG(line->text));
    return rc;
}

static enum sp_rc remove_items(const struct sp_debris_item *items, size_t count, struct sp_err *err)
{
    enum sp_rc rc = SP_OK;

    for (size_t i = 0; i < count && rc == SP_OK; i++)
        rc = sp_remove_tree(items[i].path.ptr, err);
    return rc;
}

static void list_items(const struct sp_debris_item *items, size_t count, bool removed)
{
    for (size_t i = 0; i < count; i++) {
        const struct sp_debris_item *item = &items[i];
        (void)printf("%s" SP_STR_FMT " (%s", removed ? "removed: " : "", SP_STR_ARG(item->path),
                     item->size ? sp_size_text(item->size).text : "empty");
        if (item->step.len)
            (void)printf(", step " SP_STR_FMT " of run " SP_STR_FMT " did not finish it",
                         SP_STR_ARG(item->step), SP_STR_ARG(item->run));
        (void)printf(")\n");
    }
}

static enum sp_rc clean(struct sp_workspace *workspace,
                        const struct clean_args *args,
                        struct sp_err *err)
{
    struct sp_debris debris = { 0 };
    struct sp_debris_item *runs = NULL;
    bool removes = args->remove && !args->dry_run;

    enum sp_rc rc = removes ? end_tools(workspace, err) : SP_OK;
    if (rc == SP_OK)
        rc = sp_debris_find(workspace, &debris, err);
    if (rc)
        return rc;
    size_t run_count =
        args->runs >= 0 ? sp_debris_old_runs(workspace, (size_t)args->runs, &runs) : 0;
    if (removes)
        rc = remove_items(debris.items, debris.len, err);
    if (rc == SP_OK && removes)
        rc = remove_items(runs, run_count, err);
    if (rc)
        return rc;
    list_items(debris.items, debris.len, removes);
    list_items(runs, run_count, removes);
    if (!debris.len && !run_count)
        (void)printf("nothing is left over\n");
    else if (!removes)
        (void)printf("'spoor clean --remove' removes %s\n",
                     debris.len + run_count == 1 ? "it" : "them");
    return SP_OK;
}

/* Stimela's `cleanup FILE...`: backends that leave things elsewhere. The files are loaded, so that
 * what is wrong with them is told. */
static int clean_backends(const struct sp_cli_command *self,
                          struct clean_args *args,
                          const struct sp_words *words)
{
    struct sp_session_options session_options = sp_load_args_session(&args->load);
    struct sp_session session;
    struct sp_err err = SP_ERR_INIT;

    sp_session_init(&session, &session_options);
    enum sp_rc rc = sp_session_add_words(&session, words->items, words->len, &err);
    sp_show_findings(&session);
    int status = rc == SP_OK            ? sp_findings_status(&session)
                 : session.diags.errors ? SP_EXIT_USAGE
                                        : sp_command_fault(self, &err);
    if (status == SP_EXIT_DONE)
        (void)printf("the native backend leaves nothing behind: nothing to clean up\n");
    sp_session_fini(&session);
    return status;
}

static int clean_workspace(const struct clean_args *args)
{
    sp_auto_arena struct sp_arena *arena = sp_arena_new();
    struct sp_workspace workspace = { 0 };
    struct sp_err err = SP_ERR_INIT;

    enum sp_rc rc = sp_workspace_read(arena, ".", &workspace, &err);
    if (rc == SP_NOT_FOUND) {
        (void)printf("nothing is left over: nothing was ever run here\n");
        return SP_EXIT_DONE;
    }
    /* The lock: a run that is going must not look like one that was killed. */
    if (rc == SP_OK)
        rc = sp_workspace_open(arena, ".", &workspace, &err);
    if (rc == SP_OK)
        rc = clean(&workspace, args, &err);
    sp_workspace_close(&workspace);
    if (rc == SP_OK)
        return SP_EXIT_DONE;
    (void)fprintf(stderr, "spoor: %s\n", err.text);
    return rc == SP_INVALID ? SP_EXIT_FAILED : SP_EXIT_STORE;
}

static int run_clean(const struct sp_cli_command *self, int argc, char **argv)
{
    struct clean_args args = { .runs = -1 };
    sp_auto_words struct sp_words words = { 0 };

    int status = sp_command_parse(self, argc, argv, &args, &words);
    if (status < 0)
        status = words.len ? clean_backends(self, &args, &words) : clean_workspace(&args);
    sp_load_args_fini(&args.load);
    return status;
}

const struct sp_cli_command sp_command_clean = {
    .usage = {
        .name = "spoor clean",
        .summary = "list what interrupted runs have left behind, or remove it",
        .synopsis = "[--remove] [--runs N] | FILE...",
        .description = "Left over is what a journal names: files that a tool was making when it "
                       "failed or was killed,\nif they were not there before, no later step has made "
                       "them good and nobody has changed\nthem since. Tools that outlived their "
                       "engine are ended by --remove. With FILEs, as in Stimela's\n'cleanup': "
                       "resources of other backends; there are none.",
        .options = options,
        .examples = "  spoor clean\n"
                    "      what is there to remove?\n"
                    "  spoor clean --remove --runs 10\n"
                    "      remove it, and all but the last ten journals",
    },
    .run = run_clean,
};
