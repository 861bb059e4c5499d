/* SPDX-License-Identifier: BSD-3-Clause */
/* Golden walks: every directory of tests/recipes has a recipe.yml, an expect.txt and optionally
 * `args`, sections of lines separated by "---":
 *
 *     recipe NAME | cab NAME      what to walk through; default: the first recipe at top level
 *     set NAME=VALUE              as on the command line
 *     config A.B=VALUE            a setting
 *     select steps|skip_steps|tags|skip_tags|enable SPEC
 *     mode dry | run | scatter    default: dry and run; scatter: run, with the iterations of
 *                                 scattered loops side by side, an action of each in turn
 *     file PATH [mtime]           is there from the start; a directory when it ends in "/"
 *     read-only PATH              is there and cannot be written
 *     fails STEP why              this step's tool fails (full name, with or without counters)
 *     finds STEP NAME=VALUE       what wranglers find in its output
 *     lazy STEP                   this step's tool does not make its outputs
 *     show log                    print where each step logs to
 *
 * What happens is written as text and compared. `walk_test --update DIR` writes the expectation. */
#include "plan/walk.h"

#include "base/tap.h"
#include "base/vec.h"

#include "lang/compose.h"
#include "lang/world_fake.h"
#include "plan/select.h"
#include "value/text.h"

#include <dirent.h>
#include <stdlib.h>

#define MAX_FILES   256
#define MAX_ACTIONS 100000

struct fix {
    struct sp_str kind, step, rest;
};

struct golden {
    struct sp_arena *arena;
    struct sp_origins *origins;
    struct sp_str recipe, cab, mode;
    struct sp_dict *params;
    struct sp_selection selection;
    SP_VEC(struct fix) fixes;
    SP_VEC(struct sp_str) settings;
    struct sp_world_file files[MAX_FILES];
    size_t file_count;
    bool show_log;
    bool side_by_side;
    bool check_last; /* what a dry walk has not looked at */
    struct sp_buf *out;
};

/* --- one section of args -------------------------------------------------------------------------
 */

static void add_file(struct golden *g, struct sp_str path, sp_nsec mtime, bool read_only)
{
    bool dir = sp_str_ends(path, "/");

    if (g->file_count == MAX_FILES)
        return;
    if (dir)
        path.len--;
    g->files[g->file_count++] = (struct sp_world_file){
        .path = sp_arena_cstr(g->arena, path),
        .text = dir ? NULL : "",
        .mtime = mtime,
        .read_only = read_only,
    };
}

static void set_param(struct golden *g, struct sp_str word)
{
    struct sp_str value = word;
    struct sp_str name = sp_str_cut(&value, '=');
    struct sp_diags diags;
    struct sp_err err = SP_ERR_INIT;
    struct sp_value parsed = sp_unset();

    sp_diags_init(&diags, g->arena, g->origins);
    if (!sp_str_is(value, "=UNSET"))
        (void)!sp_yaml_parse(g->arena, g->origins, SP_STR("<command line>"),
                             sp_arena_printf(g->arena, "v: " SP_STR_FMT, SP_STR_ARG(value)),
                             SP_YAML_COMMAND_LINE, &diags, &parsed, &err);
    if (parsed.kind == SP_DICT)
        parsed = parsed.dict->entries[0].value;
    sp_dict_set(g->arena, g->params, name, parsed);
    sp_diags_fini(&diags);
}

static void add_fix(struct golden *g, struct sp_str kind, struct sp_str rest)
{
    struct sp_str step = sp_str_cut(&rest, ' ');

    *SP_VEC_ADD(&g->fixes) = (struct fix){ kind, step, rest.ptr ? rest : SP_STR("") };
}

static void add_selection(struct golden *g, struct sp_str rest)
{
    const struct {
        const char *name;
        struct sp_words *words;
    } kinds[] = {
        { "steps", &g->selection.steps },           { "tags", &g->selection.tags },
        { "skip_steps", &g->selection.skip_steps }, { "skip_tags", &g->selection.skip_tags },
        { "enable", &g->selection.enable },
    };
    struct sp_str kind = sp_str_cut(&rest, ' ');

    for (size_t i = 0; i < SP_COUNT(kinds); i++)
        if (sp_str_is(kind, kinds[i].name))
            sp_words_add(kinds[i].words, sp_arena_cstr(g->arena, rest));
}

static void read_line(struct golden *g, struct sp_str line)
{
    struct sp_str rest = line;
    struct sp_str word = sp_str_cut(&rest, ' ');

    if (sp_str_is(word, "recipe"))
        g->recipe = rest;
    else if (sp_str_is(word, "cab"))
        g->cab = rest;
    else if (sp_str_is(word, "mode"))
        g->mode = rest;
    else if (sp_str_is(word, "set"))
        set_param(g, rest);
    else if (sp_str_is(word, "config"))
        *SP_VEC_ADD(&g->settings) = rest;
    else if (sp_str_is(word, "select"))
        add_selection(g, rest);
    else if (sp_str_is(word, "show"))
        g->show_log = true;
    else if (sp_str_is(word, "read-only"))
        add_file(g, rest, 1, true);
    else if (sp_str_is(word, "file")) {
        struct sp_str path = sp_str_cut(&rest, ' ');
        int64_t mtime = 1;
        if (rest.ptr)
            (void)sp_str_int(rest, &mtime);
        add_file(g, path, mtime, false);
    } else if (word.len)
        add_fix(g, word, rest);
}

/* A step is meant by its full name, with or without counters. */
static bool is_for(const struct fix *fix, const char *kind, const struct sp_position *position)
{
    return sp_str_is(fix->kind, kind) &&
           (sp_str_eq(fix->step, position->fqname) || sp_str_eq(fix->step, position->taskname));
}

static const struct fix *find_fix(const struct golden *g,
                                  const char *kind,
                                  const struct sp_position *position)
{
    for (size_t i = 0; g->fixes.items && i < g->fixes.len; i++) /* items: for the analyzer */
        if (is_for(&g->fixes.items[i], kind, position))
            return &g->fixes.items[i];
    return NULL;
}

/* --- what happens, as text ----------------------------------------------------------------- */

static void show_dict(struct golden *g, const struct sp_dict *dict)
{
    const char *sep = " ";

    SP_DICT_EACH(entry, dict)
    {
        sp_buf_addf(g->out, "%s" SP_STR_FMT "=", sep, SP_STR_ARG(entry->key));
        if (sp_is_value(entry->value))
            sp_value_repr(entry->value, g->out);
        else
            sp_buf_addf(g->out, "<%s>", sp_kind_name(entry->value.kind));
        sep = ", ";
    }
}

static void show_texts(struct golden *g, const char *title, const struct sp_list *texts)
{
    if (!texts || !texts->len)
        return;
    sp_buf_addf(g->out, "      %s", title);
    SP_LIST_EACH(text, texts)
    sp_buf_addf(g->out, " " SP_STR_FMT, SP_STR_ARG(text->text));
    sp_buf_addc(g->out, '\n');
}

static void show_log(struct golden *g, const struct sp_position *at)
{
    static const char *const keys[] = { "dir", "name", "ext" };

    if (!g->show_log)
        return;
    sp_buf_adds(g->out, "      log");
    for (size_t i = 0; i < SP_COUNT(keys); i++) {
        const struct sp_value *value = at->log ? sp_dict_get(at->log, keys[i]) : NULL;
        sp_buf_addc(g->out, ' ');
        if (value)
            sp_value_str(*value, g->out);
    }
    sp_buf_addc(g->out, '\n');
}

static void show_run(struct golden *g, const struct sp_task *task)
{
    sp_buf_adds(g->out, "    run");
    for (size_t i = 0; i < task->command.argc; i++) {
        sp_buf_addc(g->out, ' ');
        sp_buf_adds(g->out, task->command.argv[i]);
    }
    sp_buf_addc(g->out, '\n');
    show_texts(g, "mkdir", task->make_dirs);
    show_texts(g, "remove", task->remove);
    show_texts(g, "writes", task->writes);
}

static void show(struct golden *g, const struct sp_action *action)
{
    const struct sp_position *at = action->position;
    static const char *const names[] = {
        [SP_ACTION_ENTER] = "enter",     [SP_ACTION_ITERATION] = "iteration",
        [SP_ACTION_STEP] = "step",       [SP_ACTION_RUN] = "run",
        [SP_ACTION_SKIP] = "skip",       [SP_ACTION_END] = "end",
        [SP_ACTION_FAIL] = "fail",       [SP_ACTION_LEAVE] = "leave",
        [SP_ACTION_SCATTER] = "scatter",
    };

    if (action->kind == SP_ACTION_RUN) {
        show_run(g, action->task);
        return;
    }
    sp_buf_addf(g->out, "  %s " SP_STR_FMT, names[action->kind], SP_STR_ARG(at->taskname));
    if (action->kind == SP_ACTION_ITERATION)
        sp_buf_addf(g->out, " (" SP_STR_FMT ")", SP_STR_ARG(at->loop_status));
    if (action->kind == SP_ACTION_SCATTER)
        sp_buf_addf(g->out, " %zu, at most %zu at a time", action->count, action->width);
    if (action->kind == SP_ACTION_SKIP)
        sp_buf_addf(g->out, ": " SP_STR_FMT, SP_STR_ARG(action->reason));
    if (action->kind == SP_ACTION_END)
        show_dict(g, action->task->outputs);
    if (action->kind == SP_ACTION_LEAVE)
        show_dict(g, action->outputs);
    sp_buf_addc(g->out, '\n');
    if (action->kind == SP_ACTION_STEP || action->kind == SP_ACTION_ENTER ||
        action->kind == SP_ACTION_ITERATION)
        show_log(g, at);
}

static void show_findings(struct golden *g, const struct sp_diags *diags)
{
    static const char *const severities[] = {
        [SP_ERROR_FOUND] = "error", [SP_WARNING] = "warning", [SP_NOTE] = "note"
    };

    for (size_t i = 0; i < diags->len; i++) {
        const struct sp_diag *diag = &diags->items[i];
        struct sp_origin at = { 0 };
        (void)sp_origins_get(g->origins, diag->origin, &at);
        sp_buf_addf(g->out, "  %s %s line %u: %s\n", severities[diag->severity],
                    sp_diag_code_text(diag->code), at.line, diag->text);
        if (diag->hint)
            sp_buf_addf(g->out, "    hint: %s\n", diag->hint);
    }
}

/* --- the fake run -------------------------------------------------------------------------- */

static sp_nsec fake_now;

static void make_files(struct golden *g, const struct sp_list *writes)
{
    if (!writes)
        return;
    SP_LIST_EACH(path, writes)
    {
        bool dir = sp_str_ends(path->text, ".ms") || sp_str_ends(path->text, "plots");
        add_file(g,
                 sp_arena_printf(g->arena, SP_STR_FMT "%s", SP_STR_ARG(path->text), dir ? "/" : ""),
                 ++fake_now, false);
    }
}

static void answer(struct golden *g, struct sp_walk *walk, const struct sp_action *action, bool dry)
{
    const struct sp_position *step = action->position;
    const struct fix *fails = find_fix(g, "fails", step);
    struct sp_outcome outcome = { .success = dry || !fails };
    struct sp_dict *found = sp_dict_new(g->arena).dict;
    struct sp_dict *saved = g->params;

    if (!dry && fails)
        outcome.why = sp_arena_cstr(g->arena, fails->rest);
    g->params = found;
    for (size_t i = 0; i < g->fixes.len && !dry; i++)
        if (is_for(&g->fixes.items[i], "finds", step))
            set_param(g, g->fixes.items[i].rest);
    g->params = saved;
    outcome.outputs = found->len ? found : NULL;
    if (!dry && !find_fix(g, "lazy", step))
        make_files(g, action->task->writes);
    sp_walk_done(walk, &outcome);
}

static void take_turns(struct golden *g, struct sp_walk *walk, size_t count, size_t width);

/* False: the walk is over. */
static bool one_action(struct golden *g, struct sp_walk *walk, bool dry)
{
    struct sp_action action;

    if (!sp_walk_next(walk, &action))
        return false;
    show(g, &action);
    if (action.kind == SP_ACTION_RUN)
        answer(g, walk, &action, dry);
    if (action.kind == SP_ACTION_SCATTER)
        take_turns(g, walk, action.count, action.width);
    return true;
}

/* Scattered iterations, `width` of them under way, each doing one thing in turn. */
static void take_turns(struct golden *g, struct sp_walk *walk, size_t count, size_t width)
{
    struct sp_walk **children = SP_ARENA_NEW(g->arena, struct sp_walk *, count);
    size_t first = 0;
    size_t next = 0;

    while (first < count) {
        while (next < count && next < first + width) {
            children[next] = sp_walk_fork(walk, next);
            next++;
        }
        for (size_t i = first; i < next; i++)
            if (children[i] && !one_action(g, children[i], false))
                sp_walk_join(walk, SP_TAKE(children[i]), NULL);
        while (first < next && !children[first])
            first++;
    }
}

static void on_log(void *arg, enum sp_log_level level, struct sp_str text, unsigned flags)
{
    struct golden *g = arg;

    sp_buf_addf(g->out, "    log %d: " SP_STR_FMT "%s\n", (int)level, SP_STR_ARG(text),
                flags & SP_LOG_SUMMARY ? " (again at the end)" : "");
}

static struct sp_str first_recipe(const struct golden *g, const struct sp_config *config)
{
    if (g->recipe.len)
        return g->recipe;
    if (config->default_name.len)
        return config->default_name;
    return config->top_level->len ? config->top_level->items[0].text : SP_STR("");
}

static void set_config(struct golden *g, struct sp_config *config)
{
    struct sp_err err = SP_ERR_INIT;

    for (size_t i = 0; i < g->settings.len; i++) {
        struct sp_str value = g->settings.items[i];
        struct sp_str name = sp_str_cut(&value, '=');
        if (sp_config_set(config, name, sp_yaml_scalar(g->arena, value, SP_YAML_CONFIG), &err))
            sp_buf_addf(g->out, "  config: %s\n", err.text);
    }
}

static void walk_through(struct golden *g,
                         struct sp_config *config,
                         const struct sp_world *world,
                         bool dry)
{
    struct sp_walk_options options = {
        .config = config,
        .world = world,
        .diags = config->diags,
        .params = g->params,
        .selection = &g->selection,
        .dry = dry,
        .prepare = g->check_last,
        .parallel = g->side_by_side,
        .spare = 1, /* memory is renewed as often as can be */
        .log = on_log,
        .log_arg = g,
    };
    struct sp_walk *walk = NULL;
    struct sp_err err = SP_ERR_INIT;

    if (g->cab.len)
        options.cab = sp_config_cab(config, g->cab);
    else
        options.recipe = sp_config_recipe(config, first_recipe(g, config));
    if (!options.cab && !options.recipe) {
        sp_buf_adds(g->out, "  nothing to walk through\n");
        return;
    }
    enum sp_rc rc = sp_walk_new(&options, &walk, &err);
    if (rc)
        sp_buf_addf(g->out, "  cannot: %s\n", err.text);
    for (int i = 0; i < MAX_ACTIONS && one_action(g, walk, dry); i++) {}
    if (rc == SP_OK && g->check_last)
        sp_walk_check_rest(walk);
    sp_walk_free(walk);
}

static void play(struct golden *g, struct sp_str text, bool dry)
{
    struct sp_world_fake fake = { .files = g->files, .len = MAX_FILES };
    struct sp_world world;
    struct sp_diags diags;
    struct sp_config config;
    struct sp_value document = sp_null();
    struct sp_err err = SP_ERR_INIT;
    size_t kept = g->file_count;

    sp_buf_addf(g->out, "%s\n", dry ? "dry" : g->side_by_side ? "scatter" : "run");
    for (size_t i = g->file_count; i < MAX_FILES; i++)
        g->files[i] = (struct sp_world_file){ .path = "/nowhere", .text = "" };
    fake_now = 1000;
    sp_world_fake_init(&world, &fake);
    sp_diags_init(&diags, g->arena, g->origins);
    sp_config_init(&config, g->arena, &diags);
    struct sp_composer composer = {
        .arena = g->arena, .origins = g->origins, .diags = &diags, .world = &world
    };
    if (sp_compose_text(&composer, SP_STR("recipe.yml"), SP_STR("/work"), text, SP_NO_SOURCES,
                        &document, &err) == SP_OK) {
        sp_config_add(&config, document);
        set_config(g, &config);
        walk_through(g, &config, &world, dry);
    }
    show_findings(g, &diags);
    sp_composer_fini(&composer);
    sp_config_fini(&config);
    sp_diags_fini(&diags);
    sp_world_fake_fini(&fake);
    g->file_count = kept;
}

/* --- checking last ------------------------------------------------------------------------- */

struct lines {
    SP_VEC(struct sp_str) all;
};

static int compare_lines(const void *a, const void *b)
{
    return sp_str_cmp(*(const struct sp_str *)a, *(const struct sp_str *)b);
}

/* Lines that tell of findings, sorted. */
static struct lines findings_in(struct sp_str text)
{
    struct lines lines = { 0 };

    while (text.ptr) {
        struct sp_str line = sp_str_cut(&text, '\n');
        if (sp_str_starts(line, "  error ") || sp_str_starts(line, "  warning "))
            *SP_VEC_ADD(&lines.all) = line;
    }
    if (lines.all.len)
        qsort(lines.all.items, lines.all.len, sizeof *lines.all.items, compare_lines);
    return lines;
}

static bool are_same(const struct lines *a, const struct lines *b)
{
    bool same = a->all.len == b->all.len;

    for (size_t i = 0; same && i < a->all.len; i++)
        same = sp_str_eq(a->all.items[i], b->all.items[i]);
    return same;
}

/* A dry walk with sp_walk_check_rest finds what one with a check before it does. */
static void compare_orders(struct golden *g, struct sp_str recipe, struct sp_str checked_first)
{
    sp_auto_buf struct sp_buf text = SP_BUF(SP_BUF_LARGE);
    struct sp_buf *out = g->out;

    g->out = &text;
    g->check_last = true;
    play(g, recipe, true);
    g->check_last = false;
    g->out = out;
    struct lines want = findings_in(checked_first);
    struct lines got = findings_in(sp_buf_str(&text));
    if (!are_same(&want, &got))
        sp_buf_addf(out, "  CHECKED LAST, THE FINDINGS ARE OTHERS:\n" SP_STR_FMT,
                    SP_STR_ARG(sp_buf_str(&text)));
    SP_VEC_FINI(&want.all);
    SP_VEC_FINI(&got.all);
}

/* --- cases --------------------------------------------------------------------------------- */

static void play_dry(struct golden *g, struct sp_str recipe)
{
    size_t before = g->out->len;

    play(g, recipe, true);
    sp_auto_arena struct sp_arena *arena = sp_arena_new();
    struct sp_str shown = sp_str_slice(sp_buf_str(g->out), before, g->out->len);
    compare_orders(g, recipe, sp_arena_str(arena, shown));
}

static void play_section(struct sp_str section, struct sp_str recipe, struct sp_buf *out)
{
    struct golden g = { .arena = sp_arena_new(), .origins = sp_origins_new(), .out = out };

    g.params = sp_dict_new(g.arena).dict;
    for (struct sp_str rest = section; rest.ptr;) {
        struct sp_str line = sp_str_trim(sp_str_cut(&rest, '\n'));
        if (line.len && line.ptr[0] == '#')
            sp_buf_addf(out, SP_STR_FMT "\n", SP_STR_ARG(line));
        else
            read_line(&g, line);
    }
    g.side_by_side = sp_str_is(g.mode, "scatter");
    if (!sp_str_is(g.mode, "run") && !g.side_by_side)
        play_dry(&g, recipe);
    if (!sp_str_is(g.mode, "dry"))
        play(&g, recipe, false);
    SP_VEC_FINI(&g.fixes);
    SP_VEC_FINI(&g.settings);
    sp_selection_fini(&g.selection);
    sp_origins_free(g.origins);
    sp_arena_free(g.arena);
}

static struct sp_str cut_section(struct sp_str *rest)
{
    size_t at = sp_str_find_str(*rest, SP_STR("\n---\n"));
    struct sp_str section = sp_str_slice(*rest, 0, at);

    *rest = at == SIZE_MAX ? (struct sp_str){ 0 } : sp_str_slice(*rest, at + 5, rest->len);
    return section;
}

static char *read_file(const char *dir, const char *name)
{
    sp_auto_buf struct sp_buf path = SP_BUF(SP_BUF_SMALL);
    sp_auto_buf struct sp_buf text = SP_BUF(SP_BUF_LARGE);
    char block[4096];
    size_t got;

    sp_buf_addf(&path, "%s/%s", dir, name);
    FILE *file = fopen(path.ptr, "r");
    if (!file)
        return NULL;
    while ((got = fread(block, 1, sizeof block, file)) > 0)
        sp_buf_add(&text, (struct sp_str){ block, got });
    (void)fclose(file);
    return text.len ? sp_buf_take(&text) : sp_strdup("");
}

static void write_expectation(const char *dir, struct sp_str text)
{
    sp_auto_buf struct sp_buf path = SP_BUF(SP_BUF_SMALL);

    sp_buf_addf(&path, "%s/expect.txt", dir);
    FILE *file = fopen(path.ptr, "w");
    if (!file)
        return;
    (void)fwrite(text.ptr, 1, text.len, file);
    (void)fclose(file);
}

static void show_difference(struct sp_str want, struct sp_str got)
{
    unsigned line = 1;

    for (; want.ptr || got.ptr; line++) {
        struct sp_str a = want.ptr ? sp_str_cut(&want, '\n') : SP_STR("<end>");
        struct sp_str b = got.ptr ? sp_str_cut(&got, '\n') : SP_STR("<end>");
        if (sp_str_eq(a, b))
            continue;
        printf("# line %u\n#   want: " SP_STR_FMT "\n#   got:  " SP_STR_FMT "\n", line,
               SP_STR_ARG(a), SP_STR_ARG(b));
        return;
    }
}

static void play_case(const char *dir, bool update)
{
    sp_auto_free char *recipe = read_file(dir, "recipe.yml");
    sp_auto_free char *args = read_file(dir, "args");
    sp_auto_free char *expect = read_file(dir, "expect.txt");
    sp_auto_buf struct sp_buf out = SP_BUF(SP_BUF_LARGE);

    if (!recipe)
        return;
    for (struct sp_str rest = sp_str_of(args); rest.ptr;)
        play_section(cut_section(&rest), sp_str_of(recipe), &out);
    if (update)
        write_expectation(dir, sp_buf_str(&out));
    else if (!tap_ok(expect && sp_str_is(sp_buf_str(&out), expect), "%s", dir))
        show_difference(sp_str_of(expect), sp_buf_str(&out));
}

static int by_name(const struct dirent **a, const struct dirent **b)
{
    return strcmp((*a)->d_name, (*b)->d_name);
}

int main(int argc, char **argv)
{
    bool update = argc > 2 && strcmp(argv[1], "--update") == 0;
    const char *root = argc > 1 ? argv[argc - 1] : ".";
    struct dirent **entries = NULL;
    int count = scandir(root, &entries, NULL, by_name);

    tap_ok(count > 0, "there are cases in %s", root);
    for (int i = 0; i < count; i++) {
        sp_auto_buf struct sp_buf path = SP_BUF(SP_BUF_SMALL);
        sp_buf_addf(&path, "%s/%s", root, entries[i]->d_name);
        if (entries[i]->d_name[0] != '.')
            play_case(path.ptr, update);
        free(entries[i]);
    }
    free(entries);
    return tap_done();
}
