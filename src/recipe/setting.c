/* SPDX-License-Identifier: BSD-3-Clause */
#include "recipe/setting.h"

#include "base/nearest.h"

#include "recipe/fields.h"

#define YES_NO SP_SETTING_BOOL
#define NUMBER SP_SETTING_INT
#define TEXT   SP_SETTING_TEXT
#define TEXTS  SP_SETTING_TEXTS
#define LEVEL  SP_SETTING_LEVEL
#define OPEN   SP_SETTING_OPEN

static const struct sp_setting settings[] = {
    { "opts.log.enable", YES_NO, "write log files" },
    { "opts.log.dir", TEXT, "directory of log files; may have {substitutions}" },
    { "opts.log.name", TEXT, "name of a log file, without its ending" },
    { "opts.log.ext", TEXT, "ending of log files" },
    { "opts.log.symlink", TEXT, "name of a link to the newest log directory" },
    { "opts.log.nest", NUMBER, "deeper steps write into the log of the step around them" },
    { "opts.log.level", LEVEL, "least important messages in the logs" },
    { "opts.log.purge", YES_NO, "read, and without effect: earlier logs stay, as NAME~" },
    { "opts.profile.print_depth", NUMBER, "nesting of the table of times at the end; 0: none" },
    { "opts.profile.unroll_loops", YES_NO, "a row for each iteration of a loop" },
    { "opts.disable_skips.fresh", YES_NO, "ignore 'skip_if_outputs: fresh'" },
    { "opts.disable_skips.exist", YES_NO, "ignore 'skip_if_outputs: exist'" },
    { "opts.store.enable", YES_NO, "remember results, and reuse them" },
    { "opts.store.dir", TEXT, "directory of the store; shared by all who name the same one" },
    { "opts.store.snapshot", TEXT, "auto, clone, copy, or none: keep no versions" },
    { "opts.store.edits", TEXT, "results changed by hand: refuse, adopt or restore" },
    { "opts.store.digest_limit", NUMBER, "GiB; larger sources are known by size and time" },
    { "opts.store.sync", YES_NO, "survive power cuts" },
    { "opts.store.salt", TEXT, "another text forgets all earlier results" },
    { "opts.store.budget", TEXT, "what 'spoor gc' lets the store have: 500G, 20%" },
    { "opts.store.keep_free", TEXT, "what it leaves free on the file system: 100G, 10%" },
    { "opts.include", TEXTS, "directories in which included files are looked for first" },
    { "opts.runtime.casa.path", TEXT, "the CASA program" },
    { "opts.runtime.casa.opts", TEXTS, "its options" },
    { "opts.runtime.casa.wrapper", TEXT, "program that starts it" },
    { "opts.runtime", OPEN, "settings of flavours" },
    { "opts.backend.select", TEXTS, "where tools run, in order of preference" },
    { "opts.backend.variety", TEXT, "name of settings under backend_varieties to add" },
    { "opts.backend.default_registry", TEXT, "registry of images that name none" },
    { "opts.backend.override_registries", OPEN, "registries to be replaced by others" },
    { "opts.backend.rlimits", OPEN, "limits of processes: NOFILE: 10000" },
    { "opts.backend.verbose", NUMBER, "above 0: show the settings in force" },
    { "opts.backend.native.enable", YES_NO, "run tools directly on this machine" },
    { "opts.backend.native.env", OPEN, "environment variables of tools" },
    { "opts.backend.native.virtual_env", TEXT, "virtual environment of Python" },
    { "opts.backend.singularity.enable", YES_NO, "run tools in Singularity or Apptainer" },
    { "opts.backend.singularity.executable", TEXT, "that program; else found in PATH" },
    { "opts.backend.singularity.image_dir", TEXT, "directory of built images" },
    { "opts.backend.singularity.auto_build", YES_NO, "build missing images when they are needed" },
    { "opts.backend.singularity.rebuild", YES_NO, "build images anew" },
    { "opts.backend.singularity.remote_only", YES_NO, "the program is on other machines only" },
    { "opts.backend.singularity.contain", YES_NO, "--contain" },
    { "opts.backend.singularity.containall", YES_NO, "--containall" },
    { "opts.backend.singularity.env", OPEN, "variables inside" },
    { "opts.backend.singularity.bind_tmp", TEXTS, "bind a temporary directory to /tmp" },
    { "opts.backend.singularity.clean_tmp", YES_NO, "remove temporary directories afterwards" },
    { "opts.backend.singularity.ephemeral", OPEN, "base directories of temporary ones" },
    { "opts.backend.singularity.bind_dirs", OPEN, "further directories to bind" },
    { "opts.backend.slurm.enable", YES_NO, "start tools through srun" },
    { "opts.backend.slurm.srun_path", TEXT, "the srun program" },
    { "opts.backend.slurm.srun_opts", OPEN, "options of srun" },
    { "opts.backend.slurm.srun_opts_build", OPEN, "those for building images" },
    { "opts.backend.slurm.build_local", YES_NO, "build images without srun" },
    { "opts.backend.kube", OPEN, "Kubernetes" },
    { "opts.backend.docker", OPEN, "Docker" },
    { "opts.backend_varieties", OPEN, "named backend settings" },
};

const struct sp_setting *sp_settings_known(size_t *count)
{
    *count = SP_COUNT(settings);
    return settings;
}

const char *sp_setting_kind_name(enum sp_setting_kind kind)
{
    static const char *const names[] = {
        [SP_SETTING_BOOL] = "true or false",
        [SP_SETTING_INT] = "a whole number",
        [SP_SETTING_TEXT] = "a text",
        [SP_SETTING_TEXTS] = "a text or a list of texts",
        [SP_SETTING_LEVEL] = "DEBUG, INFO, WARNING, ERROR or CRITICAL",
        [SP_SETTING_OPEN] = "a mapping",
    };

    return names[kind];
}

static const char *const levels[] = { "DEBUG", "INFO", "WARNING", "ERROR", "CRITICAL" };

static bool is_level(struct sp_value value)
{
    for (size_t i = 0; i < SP_COUNT(levels); i++)
        if (sp_is_text(value) && sp_str_is_nocase(value.text, levels[i]))
            return true;
    return false;
}

static bool is_texts(struct sp_value value)
{
    if (!sp_is_list(value))
        return value.kind != SP_DICT;
    SP_LIST_EACH(item, value.list)
    if (sp_is_list(*item) || item->kind == SP_DICT)
        return false;
    return true;
}

/* Text that is evaluated later may become anything. */
static bool is_deferred(struct sp_value value)
{
    return sp_is_text(value) &&
           (sp_str_starts(value.text, "=") || sp_str_find(value.text, '{') != SIZE_MAX);
}

static bool fits(enum sp_setting_kind kind, struct sp_value value)
{
    bool truth;

    if (value.kind == SP_NULL || is_deferred(value))
        return true;
    switch (kind) {
    case SP_SETTING_BOOL: return sp_field_bool(value, &truth);
    case SP_SETTING_INT: return value.kind == SP_INT;
    case SP_SETTING_TEXT: return value.kind != SP_DICT && !sp_is_list(value);
    case SP_SETTING_TEXTS: return is_texts(value);
    case SP_SETTING_LEVEL: return is_level(value);
    case SP_SETTING_OPEN: return value.kind == SP_DICT;
    }
    return false;
}

static enum sp_rc check_fit(const struct sp_setting *setting,
                            struct sp_value value,
                            struct sp_err *err)
{
    if (fits(setting->kind, value))
        return SP_OK;
    return sp_fail(err, SP_INVALID, "%s must be %s, not a %s", setting->path,
                   sp_setting_kind_name(setting->kind), sp_kind_name(value.kind));
}

/* Is `path` below `parent`? */
static bool is_below(struct sp_str path, const char *parent)
{
    size_t len = strlen(parent);

    return path.len > len + 1 && sp_str_starts(path, parent) && path.ptr[len] == '.';
}

static enum sp_rc unknown(struct sp_str path, struct sp_err *err)
{
    struct sp_nearest nearest = SP_NEAREST(path);

    for (size_t i = 0; i < SP_COUNT(settings); i++)
        sp_nearest_offer(&nearest, sp_str_of(settings[i].path));
    return sp_nearest_fail(&nearest, "'spoor config --known' lists all", err, SP_NOT_FOUND,
                           "there is no setting '" SP_STR_FMT "'", SP_STR_ARG(path));
}

enum sp_rc sp_setting_check(struct sp_str path, struct sp_value value, struct sp_err *err)
{
    static const char *const elsewhere[] = { "cabs", "lib", "run" };

    for (size_t i = 0; i < SP_COUNT(settings); i++)
        if (sp_str_is(path, settings[i].path))
            return check_fit(&settings[i], value, err);
    for (size_t i = 0; i < SP_COUNT(settings); i++)
        if (settings[i].kind == SP_SETTING_OPEN && is_below(path, settings[i].path))
            return SP_OK;
    for (size_t i = 0; i < SP_COUNT(elsewhere); i++)
        if (is_below(path, elsewhere[i]))
            return sp_fail(err, SP_INVALID, "'" SP_STR_FMT "' is not for 'spoor config': %s",
                           SP_STR_ARG(path),
                           i == 2 ? "'run' is found out at each start"
                                  : "write it into a recipe or configuration file");
    if (is_below(path, "vars") || is_below(path, "images"))
        return SP_OK;
    return unknown(path, err);
}

/* --- whole sections ------------------------------------------------------------------------ */

enum known {
    UNKNOWN,
    ALONE, /* a setting; what is in it is its own affair */
    SECTION,
};

/* Is there a setting `section`.`name`, or one below? */
static enum known find_below(struct sp_str section, struct sp_str name)
{
    for (size_t i = 0; i < SP_COUNT(settings); i++) {
        const char *path = settings[i].path;
        if (!sp_str_starts(sp_str_of(path), section.ptr) || path[section.len] != '.')
            continue;
        struct sp_str rest = sp_str_of(path + section.len + 1);
        struct sp_str head = sp_str_cut(&rest, '.');
        if (sp_str_eq(head, name))
            return rest.ptr ? SECTION : ALONE;
    }
    return UNKNOWN;
}

static void refuse_name(struct sp_diags *diags,
                        const char *what,
                        struct sp_str section,
                        const struct sp_dict_entry *entry)
{
    struct sp_nearest nearest = SP_NEAREST(entry->key);

    if (what)
        sp_diag_error(diags, SP_DIAG_UNKNOWN_KEY, entry->origin,
                      "unknown key '" SP_STR_FMT "' in '%s' of %s", SP_STR_ARG(entry->key),
                      section.ptr + strlen("opts."), what);
    else
        sp_diag_error(diags, SP_DIAG_UNKNOWN_KEY, entry->origin,
                      "unknown key '" SP_STR_FMT "' in '%s'", SP_STR_ARG(entry->key), section.ptr);
    for (size_t i = 0; i < SP_COUNT(settings); i++)
        if (is_below(sp_str_of(settings[i].path), section.ptr)) {
            struct sp_str rest = sp_str_of(settings[i].path + section.len + 1);
            sp_nearest_offer(&nearest, sp_str_cut(&rest, '.'));
        }
    sp_diag_hint_nearest(diags, &nearest);
}

static void check_section(struct sp_diags *diags,
                          const char *what,
                          const char *path,
                          struct sp_value section)
{
    if (section.kind != SP_DICT)
        return;
    SP_DICT_EACH(entry, section.dict)
    {
        sp_auto_buf struct sp_buf inner = SP_BUF(SP_BUF_SMALL);
        enum known known = find_below(sp_str_of(path), entry->key);
        if (known == UNKNOWN && sp_str_find(entry->key, '{') == SIZE_MAX)
            refuse_name(diags, what, sp_str_of(path), entry);
        if (known != SECTION)
            continue;
        sp_buf_addf(&inner, "%s." SP_STR_FMT, path, SP_STR_ARG(entry->key));
        check_section(diags, what, inner.ptr, entry->value);
    }
}

void sp_setting_check_backend(struct sp_diags *diags, const char *what, struct sp_value section)
{
    check_section(diags, what, "opts.backend", section);
}

bool sp_setting_check_level(struct sp_diags *diags,
                            const char *what,
                            struct sp_value value,
                            uint32_t origin)
{
    struct sp_str text = sp_is_text(value) ? value.text : SP_STR("");
    struct sp_nearest nearest = SP_NEAREST(text);

    if (fits(SP_SETTING_LEVEL, value))
        return true;
    for (size_t i = 0; i < SP_COUNT(levels); i++)
        sp_nearest_offer(&nearest, sp_str_of(levels[i]));
    sp_diag_error(diags, SP_DIAG_TYPE, value.origin ? value.origin : origin,
                  "%s must be %s, not '" SP_STR_FMT "'", what,
                  sp_setting_kind_name(SP_SETTING_LEVEL), SP_STR_ARG(text));
    sp_diag_hint_nearest(diags, &nearest);
    return false;
}
