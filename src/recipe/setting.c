/* SPDX-License-Identifier: BSD-3-Clause */
#include "recipe/setting.h"

#include "base/amount.h"
#include "base/nearest.h"

#include "recipe/fields.h"
#include "value/text.h"

#include <assert.h>

#define YES_NO SP_SETTING_BOOL
#define NUMBER SP_SETTING_INT
#define TEXT   SP_SETTING_TEXT
#define TEXTS  SP_SETTING_TEXTS
#define COUNT  SP_SETTING_COUNT
#define WORD   SP_SETTING_WORD
#define LEVEL  SP_SETTING_LEVEL
#define SIZE   SP_SETTING_SIZE
#define TIME   SP_SETTING_TIME
#define OPEN   SP_SETTING_OPEN

#define SHOWN_MAX 60 /* bytes of a value in a message */

static const char *const levels[] = { "DEBUG", "INFO", "WARNING", "ERROR", "CRITICAL", NULL };
static const char *const snapshots[] = { "auto", "clone", "copy", "none", NULL };
static const char *const undeclared[] = { "fail", "drop", "keep", NULL };
static const char *const edits[] = { "refuse", "adopt", "restore", NULL };

static const struct sp_setting settings[] = {
    { "opts.log.enable", YES_NO, "write log files" },
    { "opts.log.dir", TEXT, "directory of log files; may have {substitutions}" },
    { "opts.log.name", TEXT, "name of a log file, without its ending" },
    { "opts.log.ext", TEXT, "ending of log files" },
    { "opts.log.symlink", TEXT, "name of a link to the newest log directory" },
    { "opts.log.nest", NUMBER, "deeper steps write into the log of the step around them" },
    { "opts.log.level", LEVEL, "least important messages in the logs", levels },
    { "opts.log.purge", YES_NO, "read, and without effect: earlier logs stay, as NAME~" },
    { "opts.profile.print_depth", NUMBER, "nesting of the table of times at the end; 0: none" },
    { "opts.profile.unroll_loops", YES_NO, "a row for each iteration of a loop" },
    { "opts.disable_skips.fresh", YES_NO, "ignore 'skip_if_outputs: fresh'" },
    { "opts.disable_skips.exist", YES_NO, "ignore 'skip_if_outputs: exist'" },
    { "opts.store.enable", YES_NO, "remember results, and reuse them" },
    { "opts.store.dir", TEXT, "directory of the store; shared by all who name the same one" },
    { "opts.store.snapshot", WORD, "how versions are kept; none: they are not", snapshots },
    { "opts.store.edits", WORD, "what is done about results changed by hand", edits },
    { "opts.store.digest_limit", COUNT, "GiB; larger sources are known by size and time" },
    { "opts.store.sync", YES_NO, "survive power cuts" },
    { "opts.store.salt", TEXT, "another text forgets all earlier results" },
    { "opts.store.budget", SIZE, "what 'spoor gc' lets the store have" },
    { "opts.store.keep_free", SIZE, "what it leaves free on the file system" },
    { "opts.store.images", TEXT, "directory of container images, of 'spoor image'" },
    { "opts.store.plain_http", TEXTS, "hosts of registries that do not speak HTTPS" },
    { "opts.include", TEXTS, "directories in which included files are looked for first" },
    { "opts.runtime.casa.path", TEXT, "the CASA program" },
    { "opts.runtime.casa.opts", TEXTS, "its options" },
    { "opts.runtime.casa.wrapper", TEXT, "program that starts it" },
    { "opts.runtime", OPEN, "settings of flavours" },
    { "opts.backend.select", TEXTS, "where tools run, in order of preference" },
    { "opts.backend.variety", TEXT, "name of settings under backend_varieties to add" },
    { "opts.backend.default_registry", TEXT, "registry of images that name none" },
    { "opts.backend.override_registries", OPEN, "registries to be replaced by others" },
    { "opts.backend.timeout", TIME, "a step is ended after that time: 2h" },
    { "opts.backend.retries.infrastructure", COUNT, "after failures of machines and services; 2" },
    { "opts.backend.retries.resource", COUNT, "after memory, disk or time has run out; 0" },
    { "opts.backend.retries.tool", COUNT, "after all other failures of a step; 0" },
    { "opts.backend.rlimits", OPEN, "limits of processes: NOFILE: 10000" },
    { "opts.backend.verbose", NUMBER, "above 0: show the settings in force" },
    { "opts.backend.native.enable", YES_NO, "run tools directly on this machine" },
    { "opts.backend.native.env", OPEN, "environment variables of tools" },
    { "opts.backend.native.virtual_env", TEXT, "virtual environment of Python" },
    { "opts.backend.sandbox.enable", YES_NO, "run tools in boxes on this machine" },
    { "opts.backend.box.network", YES_NO, "let tools in boxes reach the network" },
    { "opts.backend.box.memory", TEXT, "of a step, at most: 16G" },
    { "opts.backend.box.cpus", NUMBER, "that a step may keep busy: 4" },
    { "opts.backend.box.processes", NUMBER, "and threads of a step, at most; 8192" },
    { "opts.backend.box.file_size", TEXT, "of one file, at most: 100G" },
    { "opts.backend.box.keep_free", TEXT, "what a step has to leave on the disk: 1G" },
    { "opts.backend.box.undeclared", WORD, "what new files mean that nobody declares", undeclared },
    { "opts.backend.box.litter", TEXTS, "names of files that nobody misses; 'default', '*.tmp'" },
    { "opts.backend.box.lenient", YES_NO, "run tools also where nothing can be enforced" },
    { "opts.backend.container.enable", YES_NO, "run images in boxes of Spoor's own" },
    { "opts.backend.container.env", OPEN, "variables inside" },
    { "opts.backend.container.bind_dirs", OPEN, "further directories to be seen inside" },
    { "opts.backend.podman.enable", YES_NO, "run images in Podman" },
    { "opts.backend.podman.executable", TEXT, "that program; else found in PATH" },
    { "opts.backend.podman.runtime", TEXT, "its OCI runtime; else one that works here" },
    { "opts.backend.podman.options", TEXTS, "further options of 'podman run'" },
    { "opts.backend.podman.env", OPEN, "variables inside" },
    { "opts.backend.podman.bind_dirs", OPEN, "further directories to be seen inside" },
    { "opts.backend.docker.enable", YES_NO, "run images in Docker" },
    { "opts.backend.docker.executable", TEXT, "that program; else found in PATH" },
    { "opts.backend.docker.options", TEXTS, "further options of 'docker run'" },
    { "opts.backend.docker.env", OPEN, "variables inside" },
    { "opts.backend.docker.bind_dirs", OPEN, "further directories to be seen inside" },
    { "opts.backend.singularity.enable", YES_NO, "run tools in Singularity or Apptainer" },
    { "opts.backend.singularity.executable", TEXT, "that program; else found in PATH" },
    { "opts.backend.singularity.options", TEXTS, "further options of its 'exec'" },
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
    { "opts.backend_varieties", OPEN, "named backend settings" },
};

const struct sp_setting *sp_settings_known(size_t *count)
{
    *count = SP_COUNT(settings);
    return settings;
}

/* "refuse, adopt or restore" */
static void list_words(const char *const *words, struct sp_buf *out)
{
    for (size_t i = 0; words[i]; i++)
        sp_buf_addf(out, "%s%s", i == 0 ? "" : (words[i + 1] ? ", " : " or "), words[i]);
}

void sp_setting_takes(const struct sp_setting *setting, struct sp_buf *out)
{
    static const char *const names[] = {
        [SP_SETTING_BOOL] = "true or false",
        [SP_SETTING_INT] = "a whole number",
        [SP_SETTING_COUNT] = "a whole number from 0",
        [SP_SETTING_TEXT] = "a text",
        [SP_SETTING_TEXTS] = "a text or a list of texts",
        [SP_SETTING_SIZE] = "a size (500G) or a share (20%)",
        [SP_SETTING_TIME] = "a time (2h, 30min) or a number of seconds",
        [SP_SETTING_OPEN] = "a mapping",
    };

    if (setting->words)
        list_words(setting->words, out);
    else
        sp_buf_adds(out, names[setting->kind]);
}

static bool is_word(const struct sp_setting *setting, struct sp_value value)
{
    for (const char *const *word = setting->words; *word && sp_is_text(value); word++)
        if (setting->kind == SP_SETTING_LEVEL ? sp_str_is_nocase(value.text, *word)
                                              : sp_str_is(value.text, *word))
            return true;
    return false;
}

static bool is_size(struct sp_value value)
{
    struct sp_err ignored = SP_ERR_INIT;
    uint64_t bytes;

    if (value.kind == SP_INT)
        return value.integer >= 0;
    return sp_is_text(value) &&
           (!value.text.len || sp_amount_share(value.text, 100, &bytes, &ignored) == SP_OK);
}

enum sp_rc sp_setting_duration(struct sp_value value, sp_nsec *out, struct sp_err *err)
{
    double seconds = value.kind == SP_INT     ? (double)value.integer
                     : value.kind == SP_FLOAT ? value.real
                                              : 0;

    if (sp_is_text(value) && !sp_str_float(sp_str_trim(value.text), &seconds)) {
        enum sp_rc rc = sp_amount_duration(value.text, out, err);
        return rc || *out > 0 ? rc : sp_fail(err, SP_INVALID, "it must be more than nothing");
    }
    if (!(seconds > 0 && seconds < 9e9))
        return sp_fail(err, SP_INVALID, "it must be a time (2h, 30min) or a number of seconds");
    *out = (sp_nsec)(seconds * 1e9);
    return SP_OK;
}

static bool is_time(struct sp_value value)
{
    struct sp_err ignored = SP_ERR_INIT;
    sp_nsec period;

    return sp_setting_duration(value, &period, &ignored) == SP_OK;
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

/* Is `path` below `parent`? */
static bool is_below(struct sp_str path, const char *parent)
{
    size_t len = strlen(parent);

    return path.len > len + 1 && sp_str_starts(path, parent) && path.ptr[len] == '.';
}

/* Text that is evaluated, for each step anew, may become anything. */
static bool is_deferred(const struct sp_setting *setting, struct sp_value value)
{
    static const char *const evaluated[] = { "opts.log", "opts.backend", "opts.runtime" };

    if (!sp_is_text(value) ||
        !(sp_str_starts(value.text, "=") || sp_str_find(value.text, '{') != SIZE_MAX))
        return false;
    for (size_t i = 0; i < SP_COUNT(evaluated); i++)
        if (is_below(sp_str_of(setting->path), evaluated[i]))
            return true;
    return false;
}

static bool fits(const struct sp_setting *setting, struct sp_value value)
{
    bool truth;

    if (value.kind == SP_NULL || is_deferred(setting, value))
        return true;
    switch (setting->kind) {
    case SP_SETTING_BOOL: return sp_field_bool(value, &truth);
    case SP_SETTING_INT: return value.kind == SP_INT;
    case SP_SETTING_COUNT: return value.kind == SP_INT && value.integer >= 0;
    case SP_SETTING_TEXT: return value.kind != SP_DICT && !sp_is_list(value);
    case SP_SETTING_TEXTS: return is_texts(value);
    case SP_SETTING_WORD:
    case SP_SETTING_LEVEL: return is_word(setting, value);
    case SP_SETTING_SIZE: return is_size(value);
    case SP_SETTING_TIME: return is_time(value);
    case SP_SETTING_OPEN: return value.kind == SP_DICT;
    }
    return false;
}

static void describe_value(struct sp_value value, struct sp_buf *out)
{
    if (value.kind == SP_DICT || sp_is_list(value)) {
        sp_buf_addf(out, "a %s", sp_kind_name(value.kind));
        return;
    }
    sp_buf_addc(out, '\'');
    sp_value_brief(value, SHOWN_MAX, out);
    sp_buf_addc(out, '\'');
}

/* "opts.log.level must be DEBUG, INFO ... or CRITICAL, not 'loud'" */
static void describe_misfit(const struct sp_setting *setting,
                            const char *what,
                            struct sp_value value,
                            struct sp_buf *out)
{
    sp_buf_addf(out, "%s must be ", what);
    sp_setting_takes(setting, out);
    sp_buf_adds(out, ", not ");
    describe_value(value, out);
}

static struct sp_nearest nearest_word(const struct sp_setting *setting, struct sp_value value)
{
    struct sp_nearest nearest = SP_NEAREST(sp_is_text(value) ? value.text : SP_STR(""));

    for (const char *const *word = setting->words; word && *word; word++)
        sp_nearest_offer(&nearest, sp_str_of(*word));
    return nearest;
}

static enum sp_rc check_fit(const struct sp_setting *setting,
                            const char *what,
                            struct sp_value value,
                            struct sp_err *err)
{
    sp_auto_buf struct sp_buf text = SP_BUF(SP_BUF_SMALL);
    struct sp_nearest nearest = nearest_word(setting, value);

    if (fits(setting, value))
        return SP_OK;
    describe_misfit(setting, what, value, &text);
    return sp_nearest_fail(&nearest, NULL, err, SP_INVALID, "%s", text.ptr);
}

/* Like check_fit, as a finding. */
static bool find_misfit(struct sp_diags *diags,
                        const struct sp_setting *setting,
                        const char *what,
                        struct sp_value value,
                        uint32_t origin)
{
    sp_auto_buf struct sp_buf text = SP_BUF(SP_BUF_SMALL);
    struct sp_nearest nearest = nearest_word(setting, value);

    if (fits(setting, value))
        return false;
    describe_misfit(setting, what, value, &text);
    sp_diag_error(diags, SP_DIAG_TYPE, value.origin ? value.origin : origin, "%s", text.ptr);
    sp_diag_hint_nearest(diags, &nearest);
    return true;
}

static const struct sp_setting *find_setting(struct sp_str path)
{
    for (size_t i = 0; i < SP_COUNT(settings); i++)
        if (sp_str_is(path, settings[i].path))
            return &settings[i];
    return NULL;
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

    const struct sp_setting *setting = find_setting(path);

    if (setting)
        return check_fit(setting, setting->path, value, err);
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

enum sp_rc sp_setting_check_as(const char *path,
                               const char *what,
                               struct sp_value value,
                               struct sp_err *err)
{
    const struct sp_setting *setting = find_setting(sp_str_of(path));

    assert(setting);
    return check_fit(setting, what, value, err);
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
    return !find_misfit(diags, find_setting(SP_STR("opts.log.level")), what, value, origin);
}

static void check_setting(struct sp_diags *diags, const char *path, struct sp_dict_entry *entry)
{
    const struct sp_setting *setting = find_setting(sp_str_of(path));
    bool truth;

    if (find_misfit(diags, setting, path, entry->value, 0))
        return;
    if (setting->kind == SP_SETTING_BOOL && sp_is_text(entry->value) &&
        sp_field_bool(entry->value, &truth))
        entry->value = sp_at(sp_bool(truth), entry->value.origin);
}

/* `opts.store: false`. Of a value of the command line nobody knows a place. */
static void refuse_section(struct sp_diags *diags, const char *path, struct sp_value value)
{
    sp_auto_buf struct sp_buf text = SP_BUF(SP_BUF_SMALL);

    describe_value(value, &text);
    sp_diag_error(diags, SP_DIAG_TYPE, value.origin, "%s must be a mapping, not %s", path,
                  text.ptr);
}

static void check_values(struct sp_diags *diags, const char *section, struct sp_dict *dict)
{
    SP_DICT_EACH(entry, dict)
    {
        sp_auto_buf struct sp_buf path = SP_BUF(SP_BUF_SMALL);
        enum known known = find_below(sp_str_of(section), entry->key);
        sp_buf_addf(&path, "%s." SP_STR_FMT, section, SP_STR_ARG(entry->key));
        if (known == ALONE)
            check_setting(diags, path.ptr, entry);
        else if (known == SECTION && entry->value.kind == SP_DICT)
            check_values(diags, path.ptr, entry->value.dict);
        else if (known == SECTION && entry->value.kind != SP_NULL)
            refuse_section(diags, path.ptr, entry->value);
    }
}

void sp_setting_check_values(struct sp_diags *diags, struct sp_value opts)
{
    if (opts.kind == SP_DICT)
        check_values(diags, "opts", opts.dict);
}
