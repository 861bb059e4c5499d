/* SPDX-License-Identifier: BSD-3-Clause */
#include "plan/slurm.h"

#include "value/text.h"

static const struct sp_dict *section_of(const struct sp_dict *settings)
{
    const struct sp_value *section = sp_dict_get(settings, "slurm");

    return section && section->kind == SP_DICT ? section->dict : NULL;
}

bool sp_slurm_is_enabled(const struct sp_dict *settings)
{
    const struct sp_dict *section = section_of(settings);
    const struct sp_value *enable = section ? sp_dict_get(section, "enable") : NULL;

    return enable && sp_is_value(*enable) && sp_truth(*enable);
}

/* "demo.image.2" -> "2.image.demo" */
static struct sp_str reversed(struct sp_arena *arena, struct sp_str name)
{
    sp_auto_buf struct sp_buf out = SP_BUF(SP_BUF_SMALL);

    while (name.len) {
        size_t dot = sp_str_rfind(name, '.');
        size_t start = dot == SIZE_MAX ? 0 : dot + 1;
        if (out.len)
            sp_buf_addc(&out, '.');
        sp_buf_add(&out, sp_str_slice(name, start, name.len));
        name = sp_str_slice(name, 0, start ? dot : 0);
    }
    return sp_arena_str(arena, sp_buf_str(&out));
}

static enum sp_rc add_options(struct sp_arena *arena,
                              const struct sp_dict *options,
                              struct sp_list *words,
                              struct sp_err *err)
{
    SP_DICT_EACH(entry, options)
    {
        struct sp_value value = entry->value;
        if (value.kind == SP_NULL || (value.kind == SP_BOOL && !sp_truth(value)))
            continue;
        if (value.kind == SP_DICT || sp_is_list(value))
            return sp_fail(err, SP_INVALID,
                           "slurm.srun_opts." SP_STR_FMT " must be a text, not a %s",
                           SP_STR_ARG(entry->key), sp_kind_name(value.kind));
        sp_list_add(arena, words,
                    sp_text(sp_arena_printf(arena, "--" SP_STR_FMT, SP_STR_ARG(entry->key))));
        if (value.kind != SP_BOOL)
            sp_list_add(arena, words, sp_text(sp_value_text(arena, value)));
    }
    return SP_OK;
}

static void prepend(struct sp_arena *arena, const struct sp_list *words, struct sp_command *command)
{
    sp_auto_buf struct sp_buf display = SP_BUF(SP_BUF_LARGE);
    const char **argv = SP_ARENA_NEW(arena, const char *, words->len + command->argc + 1);

    for (size_t i = 0; i < words->len; i++)
        argv[i] = sp_arena_cstr(arena, words->items[i].text);
    sp_shell_join(words, &display);
    sp_buf_addc(&display, ' ');
    for (size_t i = 0; i < command->argc; i++)
        argv[words->len + i] = command->argv[i];
    sp_buf_add(&display, command->display);
    command->argv = argv;
    command->argc += words->len;
    command->display = sp_arena_str(arena, sp_buf_str(&display));
}

enum sp_rc sp_slurm_wrap(struct sp_arena *arena,
                         const struct sp_dict *settings,
                         struct sp_str step,
                         struct sp_command *command,
                         struct sp_err *err)
{
    const struct sp_dict *section = section_of(settings);
    const struct sp_value *path = sp_dict_get(section, "srun_path");
    const struct sp_value *options = sp_dict_get(section, "srun_opts");
    struct sp_list *words = sp_list_new(arena).list;
    enum sp_rc rc = SP_OK;

    sp_list_add(arena, words,
                path && sp_is_text(*path) && path->text.len ? *path : sp_text(SP_STR("srun")));
    sp_list_add(arena, words, sp_text(SP_STR("-J")));
    sp_list_add(arena, words, sp_text(reversed(arena, step)));
    if (options && options->kind == SP_DICT)
        rc = add_options(arena, options->dict, words, err);
    if (rc == SP_OK)
        prepend(arena, words, command);
    return rc;
}
