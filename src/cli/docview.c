/* SPDX-License-Identifier: BSD-3-Clause */
#include "cli/docview.h"

#include "base/map.h"

#include "recipe/image.h"
#include "value/text.h"

#define NESTING_MAX 16 /* a recipe that contains itself is a finding, not a reason to hang */
#define BRIEF_MAX   200

static struct sp_str first_line(struct sp_str text)
{
    text = sp_str_trim(text);
    return sp_str_cut(&text, '\n');
}

static void add_heading(const char *kind, struct sp_str name, const struct sp_page *page)
{
    sp_buf_addf(page->out, "%s%s: ", page->colour ? "\033[1m" : "", kind);
    sp_prose_plain(name, page->out);
    sp_buf_addf(page->out, "%s\n", page->colour ? "\033[0m" : "");
}

static void add_fact(const char *label, struct sp_str text, const struct sp_page *page)
{
    if (!text.len)
        return;
    sp_buf_addf(page->out, "  %s: ", label);
    sp_prose_plain(text, page->out);
    sp_buf_addc(page->out, '\n');
}

static void add_description(struct sp_str info, const struct sp_page *page)
{
    if (!sp_str_trim(info).len)
        return;
    sp_heading_describe("Description:", page);
    sp_prose(page, 4, info);
}

static void add_dynamic(struct sp_str function, const struct sp_page *page)
{
    sp_auto_buf struct sp_buf text = SP_BUF(SP_BUF_SMALL);

    if (!function.len)
        return;
    sp_heading_describe("Dynamic schema:", page);
    sp_buf_addf(&text,
                "Values given to some parameters add others: `" SP_STR_FMT
                "` decides. The tables show those that are there in any case.",
                SP_STR_ARG(function));
    sp_prose(page, 4, sp_buf_str(&text));
}

/* --- cabs --------------------------------------------------------------------------------- */

static struct sp_str image_of(const struct sp_session *session, const struct sp_cab *cab)
{
    const struct sp_value *options = sp_config_option(&session->config, "backend");
    struct sp_value backend = options ? *options : sp_null();
    struct sp_image image;
    struct sp_err err = SP_ERR_INIT;

    enum sp_rc rc = sp_image_of_cab(&session->config, cab, &image, &err);
    if (rc)
        return rc == SP_NOT_FOUND ? SP_STR("") : sp_arena_str(session->arena, sp_str_of(err.text));
    if (image.path.len)
        return image.path;
    return sp_image_reference(session->arena, &image, backend);
}

static const char *flavour_name(const struct sp_cab *cab)
{
    static const char *const names[] = {
        [SP_FLAVOUR_BINARY] = "binary",
        [SP_FLAVOUR_PYTHON] = "python",
        [SP_FLAVOUR_PYTHON_CODE] = "python-code",
        [SP_FLAVOUR_CASA] = "casa-task",
    };

    return names[cab->flavour];
}

void sp_doc_cab(const struct sp_session *session,
                const struct sp_cab *cab,
                enum sp_category detail,
                const struct sp_page *page)
{
    struct sp_description what = { &cab->schema, cab->defaults, cab->extra_info, detail };
    struct sp_str line = first_line(cab->command);
    bool cut = line.len < sp_str_trim(cab->command).len;

    add_heading("Cab", cab->name, page);
    add_fact("command",
             cut ? sp_arena_printf(session->arena, SP_STR_FMT " ...", SP_STR_ARG(line)) : line,
             page);
    if (cab->flavour != SP_FLAVOUR_BINARY)
        add_fact("flavour", sp_str_of(flavour_name(cab)), page);
    add_fact("image", image_of(session, cab), page);
    add_description(cab->info, page);
    sp_extra_describe(&what, page);
    add_dynamic(cab->dynamic_schema, page);
    sp_schema_describe(&what, page);
}

/* --- recipes ------------------------------------------------------------------------------ */

/* With aliases and automatic parameters: what a person may set. The walk that knows them must
 * outlive their use. */
static const struct sp_schema *prepared_schema(struct sp_session *session,
                                               struct sp_recipe *recipe,
                                               struct sp_diags *ignored,
                                               struct sp_walk **walk)
{
    struct sp_err err = SP_ERR_INIT;
    struct sp_walk_options options = {
        .config = &session->config,
        .world = &session->world,
        .diags = ignored,
        .recipe = recipe,
        .params = session->params,
        .dry = true,
    };

    *walk = NULL;
    /* With errors, which are for `check` to say, there is a walk all the same, if not with all
     * parameters. */
    enum sp_rc rc = sp_walk_new(&options, walk, &err);
    return rc == SP_OK || *walk ? sp_walk_schema(*walk) : &recipe->schema;
}

static void add_loop(const struct sp_for_loop *loop, const struct sp_page *page)
{
    if (!loop->present)
        return;
    sp_heading_describe("For loop:", page);
    sp_buf_adds(page->out, "    over ");
    if (sp_is_text(loop->over))
        sp_prose_plain(loop->over.text, page->out);
    else
        sp_value_brief(loop->over, BRIEF_MAX, page->out);
    sp_buf_adds(page->out, " as ");
    sp_prose_plain(loop->var, page->out);
    if (loop->scatter < 0)
        sp_buf_adds(page->out, ", all at the same time");
    else if (loop->scatter > 1)
        sp_buf_addf(page->out, ", %lld at a time", (long long)loop->scatter);
    sp_buf_addc(page->out, '\n');
}

/* "skipped", "skipped if =recipe.quick", or empty. */
static void add_skip(const struct sp_step *step, struct sp_buf *out)
{
    static const char *const when[] = { [SP_SKIP_EXIST] = "exist", [SP_SKIP_FRESH] = "are fresh" };
    bool is_text = sp_is_text(step->skip);

    if (step->skip.kind == SP_BOOL ? step->skip.boolean
                                   : is_text && sp_str_is_nocase(step->skip.text, "true")) {
        sp_buf_adds(out, " [skipped]");
    } else if (is_text && step->skip.text.len && !sp_str_is_nocase(step->skip.text, "false")) {
        sp_buf_adds(out, " [skipped if ");
        sp_prose_plain(step->skip.text, out);
        sp_buf_adds(out, "]");
    }
    if (step->skip_if_outputs != SP_SKIP_NEVER)
        sp_buf_addf(out, " [skipped if outputs %s]", when[step->skip_if_outputs]);
}

static void add_tags(const struct sp_step *step, struct sp_buf *out)
{
    if (!step->tags || !step->tags->len)
        return;
    sp_buf_adds(out, " [tags: ");
    for (size_t i = 0; i < step->tags->len; i++) {
        sp_buf_adds(out, i ? ", " : "");
        sp_prose_plain(step->tags->items[i].text, out);
    }
    sp_buf_adds(out, "]");
}

static struct sp_str step_target(const struct sp_step *step)
{
    return step->target.len ? step->target : SP_STR("inline");
}

struct step_row {
    struct sp_str label; /* dotted */
    const struct sp_step *step;
};

static void add_row(const struct step_row *row,
                    const struct sp_columns *columns,
                    const struct sp_page *page)
{
    sp_auto_buf struct sp_buf info = SP_BUF(SP_BUF_LARGE);

    sp_prose_inline(sp_str_trim(row->step->info), page->colour, &info);
    sp_buf_adds(&info, page->colour ? "\033[2m" : "");
    add_tags(row->step, &info);
    add_skip(row->step, &info);
    sp_buf_adds(&info, page->colour ? "\033[0m" : "");
    sp_row_describe(columns, row->label, step_target(row->step),
                    info.len ? sp_str_trim(sp_buf_str(&info)) : SP_STR(""), page);
}

static void add_steps(const struct sp_recipe *recipe, const struct sp_page *page)
{
    size_t label = 0;
    size_t target = 0;

    if (!recipe->step_count)
        return;
    sp_heading_describe("Steps:", page);
    for (size_t i = 0; i < recipe->step_count; i++) {
        label = SP_MAX(label, sp_prose_width(recipe->steps[i].label));
        target = SP_MAX(target, sp_prose_width(step_target(&recipe->steps[i])));
    }
    struct sp_columns columns = sp_columns_for(label, target, page);
    for (size_t i = 0; i < recipe->step_count; i++)
        add_row(&(struct step_row){ recipe->steps[i].label, &recipe->steps[i] }, &columns, page);
}

void sp_doc_recipe(struct sp_session *session,
                   struct sp_recipe *recipe,
                   enum sp_category detail,
                   const struct sp_page *page)
{
    struct sp_diags ignored;
    struct sp_walk *walk;

    sp_diags_init(&ignored, session->arena, session->origins);
    struct sp_description what = {
        .schema = prepared_schema(session, recipe, &ignored, &walk),
        .defaults = recipe->defaults,
        .extra_info = recipe->extra_info,
        .detail = detail,
    };
    add_heading("Recipe", recipe->title, page);
    if (!sp_str_eq(recipe->title, recipe->name))
        add_fact("section", recipe->name, page);
    add_description(recipe->info, page);
    sp_extra_describe(&what, page);
    add_dynamic(recipe->dynamic_schema, page);
    sp_schema_describe(&what, page);
    add_loop(&recipe->loop, page);
    add_steps(recipe, page);
    sp_walk_free(walk);
    sp_diags_fini(&ignored);
}

/* --- all steps ---------------------------------------------------------------------------- */

static void list_steps(const struct sp_recipe *recipe,
                       struct sp_str prefix,
                       int depth,
                       struct sp_arena *arena,
                       const struct sp_page *page)
{
    struct sp_columns columns = sp_columns_for(page->width, page->width, page);

    for (size_t i = 0; depth < NESTING_MAX && i < recipe->step_count; i++) {
        const struct sp_step *step = &recipe->steps[i];
        struct step_row row = {
            sp_arena_join(arena, prefix, "", step->label),
            step,
        };
        add_row(&row, &columns, page);
        if (step->recipe)
            list_steps(step->recipe, sp_arena_printf(arena, SP_STR_FMT ".", SP_STR_ARG(row.label)),
                       depth + 1, arena, page);
    }
}

void sp_doc_steps(const struct sp_recipe *recipe, const struct sp_page *page)
{
    sp_auto_arena struct sp_arena *arena = sp_arena_new();

    add_heading("Recipe", recipe->title, page);
    list_steps(recipe, SP_STR(""), 0, arena, page);
}

void sp_doc_step_names(const struct sp_recipe *recipe, struct sp_str prefix, struct sp_buf *out)
{
    for (size_t i = 0; i < recipe->step_count; i++) {
        const struct sp_step *step = &recipe->steps[i];
        sp_auto_buf struct sp_buf name = SP_BUF(SP_BUF_SMALL);
        sp_buf_addf(&name, SP_STR_FMT SP_STR_FMT, SP_STR_ARG(prefix), SP_STR_ARG(step->label));
        sp_buf_addf(out, "%s\n", name.ptr);
        sp_buf_addc(&name, '.');
        if (step->recipe)
            sp_doc_step_names(step->recipe, sp_buf_str(&name), out);
    }
}

/* Each once, in the order in which they occur. */
static void collect_tags(const struct sp_recipe *recipe,
                         struct sp_str prefix,
                         struct sp_arena *arena,
                         struct sp_map *tags)
{
    static char present;

    for (size_t i = 0; i < recipe->step_count; i++) {
        const struct sp_step *step = &recipe->steps[i];
        for (size_t t = 0; step->tags && t < step->tags->len; t++)
            sp_map_set(tags,
                       sp_arena_printf(arena, SP_STR_FMT SP_STR_FMT, SP_STR_ARG(prefix),
                                       SP_STR_ARG(step->tags->items[t].text)),
                       &present);
        if (step->recipe)
            collect_tags(step->recipe,
                         sp_arena_printf(arena, SP_STR_FMT SP_STR_FMT ".", SP_STR_ARG(prefix),
                                         SP_STR_ARG(step->label)),
                         arena, tags);
    }
}

void sp_doc_tags(const struct sp_recipe *recipe, struct sp_buf *out)
{
    sp_auto_arena struct sp_arena *arena = sp_arena_new();
    struct sp_map tags = { 0 };

    collect_tags(recipe, SP_STR(""), arena, &tags);
    SP_MAP_EACH (entry, &tags)
        sp_buf_addf(out, SP_STR_FMT "\n", SP_STR_ARG(entry->key));
    sp_map_fini(&tags);
}

/* --- as values ---------------------------------------------------------------------------- */

static void put(struct sp_arena *arena,
                struct sp_value dict,
                const char *key,
                struct sp_value value)
{
    if (value.kind != SP_NULL)
        sp_dict_put(arena, dict.dict, key, value);
}

/* Borrowed parts are only read. */
static struct sp_value dict_value(const struct sp_dict *dict)
{
    return dict ? (struct sp_value){ .kind = SP_DICT, .dict = (struct sp_dict *)dict } : sp_null();
}

static struct sp_value list_value(const struct sp_list *list)
{
    return list ? (struct sp_value){ .kind = SP_LIST, .list = (struct sp_list *)list } : sp_null();
}

static void put_parameters(struct sp_arena *arena,
                           struct sp_value dict,
                           const struct sp_description *what)
{
    put(arena, dict, "extra_info", dict_value(what->extra_info));
    put(arena, dict, "inputs", sp_schema_value(arena, what, false));
    put(arena, dict, "outputs", sp_schema_value(arena, what, true));
}

struct sp_value sp_doc_cab_value(const struct sp_session *session, const struct sp_cab *cab)
{
    struct sp_arena *arena = session->arena;
    struct sp_value dict = sp_dict_new(arena);
    struct sp_description what = { &cab->schema, cab->defaults, cab->extra_info, SP_HIDDEN };

    sp_dict_put_text(arena, dict.dict, "name", cab->name);
    sp_dict_put_text(arena, dict.dict, "command", cab->command);
    sp_dict_put_text(arena, dict.dict, "flavour", sp_str_of(flavour_name(cab)));
    sp_dict_put_text(arena, dict.dict, "image", image_of(session, cab));
    sp_dict_put_text(arena, dict.dict, "info", cab->info);
    sp_dict_put_text(arena, dict.dict, "dynamic_schema", cab->dynamic_schema);
    put(arena, dict, "backend", cab->backend);
    put_parameters(arena, dict, &what);
    return dict;
}

static struct sp_value steps_value(struct sp_arena *arena,
                                   const struct sp_recipe *recipe,
                                   int depth)
{
    static const char *const names[] = {
        [SP_SKIP_NEVER] = "", [SP_SKIP_EXIST] = "exist", [SP_SKIP_FRESH] = "fresh"
    };
    struct sp_value list = sp_list_new(arena);

    for (size_t i = 0; i < recipe->step_count && depth < NESTING_MAX; i++) {
        const struct sp_step *step = &recipe->steps[i];
        struct sp_value dict = sp_dict_new(arena);
        sp_dict_put_text(arena, dict.dict, "label", step->label);
        sp_dict_put_text(arena, dict.dict, step->recipe ? "recipe" : "cab", step_target(step));
        sp_dict_put_text(arena, dict.dict, "info", step->info);
        put(arena, dict, "tags", list_value(step->tags));
        put(arena, dict, "skip", step->skip);
        sp_dict_put_text(arena, dict.dict, "skip_if_outputs",
                         sp_str_of(names[step->skip_if_outputs]));
        if (step->recipe)
            put(arena, dict, "steps", steps_value(arena, step->recipe, depth + 1));
        sp_list_add(arena, list.list, dict);
    }
    return list;
}

static struct sp_value loop_value(struct sp_arena *arena, const struct sp_for_loop *loop)
{
    struct sp_value dict = sp_dict_new(arena);

    sp_dict_put_text(arena, dict.dict, "var", loop->var);
    put(arena, dict, "over", loop->over);
    put(arena, dict, "scatter", sp_int(loop->scatter));
    return dict;
}

struct sp_value sp_doc_recipe_value(struct sp_session *session, struct sp_recipe *recipe)
{
    struct sp_arena *arena = session->arena;
    struct sp_value dict = sp_dict_new(arena);
    struct sp_diags ignored;
    struct sp_walk *walk;

    sp_diags_init(&ignored, arena, session->origins);
    struct sp_description what = {
        .schema = prepared_schema(session, recipe, &ignored, &walk),
        .defaults = recipe->defaults,
        .extra_info = recipe->extra_info,
        .detail = SP_HIDDEN,
    };
    sp_dict_put_text(arena, dict.dict, "name", recipe->name);
    sp_dict_put_text(arena, dict.dict, "title", recipe->title);
    sp_dict_put_text(arena, dict.dict, "info", recipe->info);
    sp_dict_put_text(arena, dict.dict, "dynamic_schema", recipe->dynamic_schema);
    put_parameters(arena, dict, &what);
    if (recipe->loop.present)
        put(arena, dict, "for_loop", loop_value(arena, &recipe->loop));
    put(arena, dict, "steps", steps_value(arena, recipe, 0));
    dict = sp_value_copy(arena, dict); /* the walk takes its parameters along */
    sp_walk_free(walk);
    sp_diags_fini(&ignored);
    return dict;
}
