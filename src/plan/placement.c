/* SPDX-License-Identifier: BSD-3-Clause */
#include "plan/placement.h"

#include "lang/path.h"
#include "plan/slurm.h"
#include "recipe/image.h"
#include "value/json.h"
#include "value/text.h"

/* A member of a section of the settings, or NULL. */
static const struct sp_value *find_in(const struct sp_walk *walk,
                                      struct sp_str section_name,
                                      const char *name)
{
    const struct sp_value *section = sp_dict_find(walk->task.backend.dict, section_name);
    const struct sp_value *value =
        section && section->kind == SP_DICT ? sp_dict_get(section->dict, name) : NULL;

    return value && value->kind != SP_NULL ? value : NULL;
}

static uint32_t origin_of(const struct sp_frame *frame, const struct sp_value *value)
{
    return value && value->origin ? value->origin : sp_frame_step(frame)->step->origin;
}

/* --- the backend --------------------------------------------------------------------------- */

static bool refuse(struct sp_walk *walk, const struct sp_frame *frame, struct sp_str text)
{
    sp_diag_error(walk->diags, SP_DIAG_BACKEND,
                  origin_of(frame, sp_dict_get(walk->task.backend.dict, "select")),
                  "step '" SP_STR_FMT "': " SP_STR_FMT, SP_STR_ARG(sp_frame_step(frame)->fqname),
                  SP_STR_ARG(text));
    return false;
}

/* Cabs of the other flavours have a default image; those that come with Spoor name images that
 * there may be (registry LOCAL, names below spoor/). */
static enum sp_image_claim claim_of(const struct sp_walk *walk, const struct sp_cab *cab)
{
    struct sp_image image;
    struct sp_err err = SP_ERR_INIT;

    if (cab->image.kind == SP_NULL)
        return cab->flavour == SP_FLAVOUR_BINARY ? SP_IMAGE_NONE : SP_IMAGE_SPARE;
    if (sp_image_read(walk->arena, cab->image, &image, &err) == SP_OK &&
        sp_str_is(image.registry, "LOCAL") && sp_str_starts(image.name, "spoor/") &&
        !image.digest.len)
        return SP_IMAGE_SPARE;
    return SP_IMAGE_NAMED;
}

static bool choose_backend(struct sp_walk *walk, struct sp_frame *frame)
{
    const struct sp_cab *cab = walk->task.cab;
    struct sp_choice choice;

    if (!walk->offers)
        return true;
    sp_offers_choose(walk->arena, walk->offers, walk->task.backend.dict, claim_of(walk, cab),
                     &choice);
    if (!choice.offer)
        return refuse(walk, frame,
                      sp_arena_printf(walk->arena, "unable to select a backend (" SP_STR_FMT ")",
                                      SP_STR_ARG(choice.reasons)));
    if (choice.offer->is_remote && sp_slurm_is_enabled(walk->task.backend.dict))
        return refuse(walk, frame,
                      sp_arena_printf(walk->arena, "slurm cannot be combined with backend '%s'",
                                      choice.offer->name));
    walk->task.backend_name = sp_str_of(choice.offer->name);
    return true;
}

/* --- the virtual environment --------------------------------------------------------------- */

static bool choose_virtual_env(struct sp_walk *walk, struct sp_frame *frame)
{
    const struct sp_value *value = find_in(walk, SP_STR("native"), "virtual_env");

    if (!value || !sp_is_text(*value) || !value->text.len)
        return true; /* none, or one that is not known yet */
    struct sp_str path = sp_path_expand_home(walk->arena, value->text, walk->outside->home);
    while (path.len > 1 && sp_str_ends(path, "/"))
        path = sp_str_slice(path, 0, path.len - 1);
    struct sp_str activate =
        sp_arena_printf(walk->arena, SP_STR_FMT "/bin/activate", SP_STR_ARG(path));
    if (walk->world.kind(walk->world.arg, activate) == SP_PATH_NONE) {
        sp_diag_error(walk->diags, SP_DIAG_BACKEND, origin_of(frame, value),
                      "step '" SP_STR_FMT "': virtual environment '" SP_STR_FMT
                      "' doesn't exist: there is no " SP_STR_FMT,
                      SP_STR_ARG(sp_frame_step(frame)->fqname), SP_STR_ARG(path),
                      SP_STR_ARG(activate));
        sp_diag_hint(walk->diags, "make it with: python3 -m venv " SP_STR_FMT, SP_STR_ARG(path));
        return false;
    }
    walk->task.virtual_env = path;
    return true;
}

/* --- telling ------------------------------------------------------------------------------- */

static void say(struct sp_walk *walk, struct sp_str text)
{
    walk->log(walk->log_arg, SP_LOG_INFO, text, 0);
}

/* backend.verbose: what all those layers of settings have come to. */
static void say_settings(struct sp_walk *walk)
{
    const struct sp_value *verbose = sp_dict_get(walk->task.backend.dict, "verbose");
    sp_auto_buf struct sp_buf text = SP_BUF(SP_BUF_LARGE);

    if (!walk->log || walk->mode != SP_MODE_RUN || !verbose || !sp_is_value(*verbose) ||
        !sp_truth(*verbose))
        return;
    sp_buf_addf(
        &text, "backend " SP_STR_FMT ", effective settings: ", SP_STR_ARG(walk->task.backend_name));
    sp_json_encode(walk->task.backend, SP_JSON_COMPACT, &text);
    say(walk, sp_buf_str(&text));
    sp_buf_clear(&text);
    sp_buf_addf(&text, "full command line is " SP_STR_FMT, SP_STR_ARG(walk->task.command.display));
    say(walk, sp_buf_str(&text));
}

/* Debian and others have no `python`. */
static void say_python(struct sp_walk *walk)
{
    const struct sp_cab *cab = walk->task.cab;
    bool python = cab->flavour == SP_FLAVOUR_PYTHON || cab->flavour == SP_FLAVOUR_PYTHON_CODE;

    if (walk->log && walk->mode == SP_MODE_RUN && python && !walk->task.virtual_env.len &&
        !(cab->flavour_options && sp_dict_get(cab->flavour_options, "interpreter_binary")) &&
        walk->python && strcmp(walk->python, "python") != 0)
        walk->log(walk->log_arg, SP_LOG_INFO,
                  sp_arena_printf(walk->arena,
                                  "there is no 'python' here: cabs that do not say "
                                  "which Python they want get '%s'",
                                  walk->python),
                  SP_LOG_ONCE);
}

/* --- variables ----------------------------------------------------------------------------- */

/* Put "NAME=value" in place of an entry of that name, or at the end. */
static size_t set_variable(const char **env, size_t len, const char *entry)
{
    size_t name = strcspn(entry, "=") + 1;
    size_t at = 0;

    while (at < len && strncmp(env[at], entry, name) != 0)
        at++;
    env[at] = entry;
    return SP_MAX(len, at + 1);
}

/* What runs programs of this machine has the settings of `native`. */
static struct sp_str section_of(const struct sp_walk *walk)
{
    const struct sp_offer *offer = walk->offers;

    for (; offer && offer->name; offer++)
        if (sp_str_is(walk->task.backend_name, offer->name) && offer->needs_image)
            return walk->task.backend_name;
    return SP_STR("native");
}

/* backend.NAME.env comes after management.environment and wins. */
static void add_variables(struct sp_walk *walk)
{
    const struct sp_value *more = find_in(walk, section_of(walk), "env");
    struct sp_command *command = &walk->task.command;
    size_t len = 0;

    if (!more || more->kind != SP_DICT)
        return;
    while (command->env && command->env[len])
        len++;
    const char **env = SP_ARENA_NEW(walk->arena, const char *, len + more->dict->len + 1);
    for (size_t i = 0; i < len; i++)
        env[i] = command->env[i];
    SP_DICT_EACH(entry, more->dict)
    if (sp_is_value(entry->value) && entry->value.kind != SP_NULL)
        len = set_variable(
            env, len,
            sp_arena_join(walk->arena, entry->key, "=", sp_value_text(walk->arena, entry->value))
                .ptr);
    command->env = env;
}

/* --- for the step -------------------------------------------------------------------------- */

bool sp_place(struct sp_walk *walk, struct sp_frame *frame)
{
    const struct sp_value *limits = sp_dict_get(walk->task.backend.dict, "rlimits");

    walk->task.limits = limits && limits->kind == SP_DICT ? limits->dict : NULL;
    return choose_backend(walk, frame) && choose_virtual_env(walk, frame);
}

bool sp_place_command(struct sp_walk *walk, struct sp_frame *frame)
{
    const struct sp_step_node *step = sp_frame_step(frame);
    struct sp_err err = SP_ERR_INIT;

    add_variables(walk);
    if (sp_slurm_is_enabled(walk->task.backend.dict)) {
        walk->task.is_wrapped = true;
        if (sp_slurm_wrap(walk->arena, walk->task.backend.dict, step->fqname, &walk->task.command,
                          &err))
            return refuse(walk, frame, sp_str_of(err.text));
    }
    say_settings(walk);
    say_python(walk);
    return true;
}
