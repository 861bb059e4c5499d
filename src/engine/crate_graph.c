/* SPDX-License-Identifier: BSD-3-Clause */
#include "base/clock.h"

#include "engine/crate_internal.h"
#include "engine/dossier.h"
#include "recipe/command.h"
#include "sys/file.h"
#include "value/json.h"
#include "value/text.h"

#define RO_CRATE  "https://w3id.org/ro/crate/1.1"
#define PROCESS   "https://w3id.org/ro/wfrun/process/0.5"
#define WORKFLOW  "https://w3id.org/ro/wfrun/workflow/0.5"
#define HUB       "https://w3id.org/workflowhub/workflow-ro-crate/1.0"
#define FORMAL    "https://bioschemas.org/profiles/FormalParameter/1.0-RELEASE"
#define VALUE_MAX 10000

struct graph {
    const struct sp_crate *crate;
    struct sp_arena *arena;
    struct sp_list *entities;
    struct sp_map known;    /* id -> struct sp_dict * */
    struct sp_str workflow; /* id of the recipe, or of the cab that was run directly */
    bool is_workflow;       /* its file is in the crate */
};

/* --- small parts -------------------------------------------------------------------------------
 */

/* Relative address of a file: what RFC 3986 does not allow in a path is escaped. */
static struct sp_str escaped(struct sp_arena *arena, struct sp_str name)
{
    static const char plain[] =
        "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789-._~/";
    sp_auto_buf struct sp_buf out = SP_BUF(SP_BUF_LARGE);

    for (size_t i = 0; i < name.len; i++)
        if (name.ptr[i] && strchr(plain, name.ptr[i]))
            sp_buf_addc(&out, name.ptr[i]);
        else
            sp_buf_addf(&out, "%%%02X", (unsigned)(unsigned char)name.ptr[i]);
    return sp_arena_str(arena, sp_buf_str(&out));
}

/* "#KIND-NAME" */
static struct sp_str local_id(struct sp_arena *arena, const char *kind, struct sp_str name)
{
    return sp_arena_printf(arena, "#%s-" SP_STR_FMT, kind, SP_STR_ARG(escaped(arena, name)));
}

static void put(struct graph *graph, struct sp_dict *dict, const char *key, struct sp_str text)
{
    if (text.len)
        sp_dict_put(graph->arena, dict, key, sp_text(text));
}

static struct sp_value ref(struct graph *graph, struct sp_str id)
{
    struct sp_value dict = sp_dict_new(graph->arena);

    put(graph, dict.dict, "@id", id);
    return dict;
}

static void put_ref(struct graph *graph, struct sp_dict *dict, const char *key, struct sp_str id)
{
    sp_dict_put(graph->arena, dict, key, ref(graph, id));
}

static struct sp_list *list_in(struct graph *graph, struct sp_dict *dict, const char *key)
{
    const struct sp_value *list = sp_dict_get(dict, key);

    if (!list)
        sp_dict_put(graph->arena, dict, key, sp_list_new(graph->arena));
    return sp_dict_get(dict, key)->list;
}

/* One more in a list of references, which is not there yet. */
static void append_ref(struct graph *graph, struct sp_dict *dict, const char *key, struct sp_str id)
{
    sp_list_add(graph->arena, list_in(graph, dict, key), ref(graph, id));
}

/* The same unless it is there. */
static void add_ref(struct graph *graph, struct sp_dict *dict, const char *key, struct sp_str id)
{
    SP_LIST_EACH(known, list_in(graph, dict, key))
    if (sp_str_eq(sp_dict_text(known->dict, "@id"), id))
        return;
    append_ref(graph, dict, key, id);
}

static struct sp_dict *find_entity(const struct graph *graph, struct sp_str id)
{
    return sp_map_find(&graph->known, id);
}

/* A new entity; `types` ends with NULL. */
static struct sp_dict *add_entity(struct graph *graph, struct sp_str id, const char *const *types)
{
    struct sp_value entity = sp_dict_new(graph->arena);
    struct sp_value list = sp_list_new(graph->arena);

    for (size_t i = 0; types[i]; i++)
        sp_list_add(graph->arena, list.list, sp_text(sp_str_of(types[i])));
    put(graph, entity.dict, "@id", id);
    sp_dict_put(graph->arena, entity.dict, "@type",
                list.list->len == 1 ? list.list->items[0] : list);
    sp_list_add(graph->arena, graph->entities, entity);
    sp_map_set(&graph->known, id, entity.dict);
    return entity.dict;
}

static struct sp_dict *add_one(struct graph *graph, struct sp_str id, const char *type)
{
    const char *const types[] = { type, NULL };

    return add_entity(graph, id, types);
}

static struct sp_str shown_value(struct graph *graph, struct sp_value value)
{
    sp_auto_buf struct sp_buf text = SP_BUF(SP_BUF_LARGE);

    sp_value_brief(value, VALUE_MAX, &text);
    return sp_arena_str(graph->arena, sp_buf_str(&text));
}

/* --- the crate itself ----------------------------------------------------------------------------
 */

static void add_profile(struct graph *graph, struct sp_dict *root, const char *id, const char *name)
{
    struct sp_dict *profile = add_one(graph, sp_str_of(id), "CreativeWork");
    struct sp_str version = sp_str_of(strrchr(id, '/') + 1);

    put(graph, profile, "name", sp_str_of(name));
    put(graph, profile, "version", version);
    append_ref(graph, root, "conformsTo", sp_str_of(id));
}

static bool is_address(const char *text)
{
    return strstr(text, "://") != NULL;
}

static void add_license(struct graph *graph, struct sp_dict *root)
{
    const char *license = graph->crate->options->license;
    struct sp_str id = license && is_address(license) ? sp_str_of(license) : SP_STR("#license");
    struct sp_dict *entity = add_one(graph, id, "CreativeWork");

    put(graph, entity, "name", license ? sp_str_of(license) : SP_STR("No licence stated"));
    put(graph, entity, "description",
        license ? SP_STR("Terms under which this crate may be used")
                : SP_STR("Whoever made this crate has not said under which terms it may be used."));
    put_ref(graph, root, "license", id);
}

static void add_author(struct graph *graph, struct sp_dict *root)
{
    const char *author = graph->crate->options->author;

    if (!author)
        return;
    put(graph, add_one(graph, SP_STR("#author"), "Person"), "name", sp_str_of(author));
    put_ref(graph, root, "author", SP_STR("#author"));
}

static struct sp_dict *add_root(struct graph *graph)
{
    const struct sp_run_summary *run = graph->crate->run;
    const char *name = graph->crate->options->name;
    struct sp_dict *descriptor = add_one(graph, SP_STR("ro-crate-metadata.json"), "CreativeWork");
    struct sp_dict *root = add_one(graph, SP_STR("./"), "Dataset");

    put_ref(graph, descriptor, "about", SP_STR("./"));
    put_ref(graph, descriptor, "conformsTo", SP_STR(RO_CRATE));
    put(graph, root, "name",
        name ? sp_str_of(name)
             : sp_arena_printf(graph->arena, "Run " SP_STR_FMT " of " SP_STR_FMT,
                               SP_STR_ARG(run->id), SP_STR_ARG(run->recipe)));
    put(graph, root, "description",
        sp_arena_printf(graph->arena,
                        "What was run, with what, and what came of it: recipe files, parameters, "
                        "settings, journal and logs of run " SP_STR_FMT " of the recipe " SP_STR_FMT
                        ", which was %s.",
                        SP_STR_ARG(run->id), SP_STR_ARG(run->recipe),
                        sp_run_state_name(run->state)));
    put(graph, root, "datePublished", run->time);
    put(graph, root, "identifier", run->id);
    add_license(graph, root);
    add_author(graph, root);
    add_profile(graph, root, PROCESS, "Process Run Crate");
    return root;
}

/* --- files
 * ---------------------------------------------------------------------------------------- */

static void add_language(struct graph *graph)
{
    struct sp_dict *language = add_one(graph, SP_STR("#stimela"), "ComputerLanguage");

    put(graph, language, "name", SP_STR("Stimela recipe"));
    put(graph, language, "description",
        SP_STR("Pipelines in YAML: steps, each a tool or another recipe, with typed parameters"));
    put(graph, language, "url", SP_STR("https://stimela.readthedocs.io/"));
}

static void add_workflow_facts(struct graph *graph, struct sp_dict *root, struct sp_dict *file)
{
    put_ref(graph, file, "programmingLanguage", SP_STR("#stimela"));
    put_ref(graph, root, "mainEntity", graph->workflow);
    add_profile(graph, root, WORKFLOW, "Workflow Run Crate");
    add_profile(graph, root, HUB, "Workflow RO-Crate");
    add_language(graph);
}

static void add_part(struct graph *graph, struct sp_dict *root, const struct sp_crate_part *part)
{
    static const char *const workflow[] = { "File", "SoftwareSourceCode", "ComputationalWorkflow",
                                            NULL };
    static const char *const file[] = { "File", NULL };
    static const char *const dataset[] = { "Dataset", NULL };
    struct sp_str id = escaped(graph->arena, part->name);
    bool is_dir = sp_str_ends(part->name, "/");
    struct sp_dict *entity = add_entity(graph, id, is_dir ? dataset : part->main ? workflow : file);
    uint64_t size = part->size         ? part->size
                    : part->source.len ? sp_tree_size(part->source.ptr)
                                       : part->text.len;

    put(graph, entity, "name", part->title.len ? part->title : part->name);
    sp_dict_put(graph->arena, entity, "contentSize",
                sp_text(sp_arena_printf(graph->arena, "%llu", (unsigned long long)size)));
    put(graph, entity, "encodingFormat", sp_str_of(part->format));
    if (part->role == SP_CRATE_RECIPE)
        put(graph, entity, "alternateName", part->about);
    append_ref(graph, root, "hasPart", id);
    if (part->main)
        add_workflow_facts(graph, root, entity);
}

/* --- parameters and data ------------------------------------------------------------------------
 */

static void add_parameter(struct graph *graph,
                          struct sp_dict *action,
                          struct sp_str name,
                          struct sp_value value)
{
    static const char *const types[] = {
        [SP_BOOL] = "Boolean", [SP_INT] = "Integer", [SP_FLOAT] = "Float", [SP_TEXT] = "Text"
    };
    struct sp_str id = local_id(graph->arena, "value", name);
    struct sp_str formal_id = local_id(graph->arena, "parameter", name);
    struct sp_dict *entity = add_one(graph, id, "PropertyValue");

    put(graph, entity, "name", name);
    put(graph, entity, "value", shown_value(graph, value));
    add_ref(graph, action, "object", id);
    if (!graph->is_workflow)
        return;
    put_ref(graph, entity, "exampleOfWork", formal_id);
    struct sp_dict *formal = add_one(graph, formal_id, "FormalParameter");
    put(graph, formal, "name", name);
    put(graph, formal, "additionalType",
        sp_str_of(value.kind < SP_COUNT(types) && types[value.kind] ? types[value.kind] : "Text"));
    put_ref(graph, formal, "conformsTo", SP_STR(FORMAL));
    put_ref(graph, formal, "workExample", id);
    add_ref(graph, find_entity(graph, graph->workflow), "input", formal_id);
}

/* What is not in the crate is described, version by version: it is no data entity. */
static struct sp_str data_id(struct graph *graph, struct sp_str path, struct sp_str version)
{
    const struct sp_str *name = sp_map_find(&graph->crate->paths, path);

    if (name)
        return escaped(graph->arena, *name);
    struct sp_str id = version.len
                           ? sp_arena_printf(graph->arena, SP_STR_FMT "-" SP_STR_FMT,
                                             SP_STR_ARG(local_id(graph->arena, "data", path)),
                                             SP_STR_ARG(sp_str_slice(version, 0, 16)))
                           : local_id(graph->arena, "data", path);
    if (!find_entity(graph, id)) {
        struct sp_dict *entity = add_one(graph, id, "CreativeWork");
        put(graph, entity, "name", path);
        put(graph, entity, "version", version);
        put(graph, entity, "description",
            SP_STR("Data at this path of the workspace; not in this crate"));
    }
    return id;
}

static void add_artefacts(struct graph *graph,
                          struct sp_dict *action,
                          const char *key,
                          const struct sp_dict *event,
                          const char *field)
{
    const struct sp_value *list = event ? sp_dict_get(event, field) : NULL;

    if (!list || !sp_is_list(*list))
        return;
    SP_LIST_EACH(item, list->list)
    {
        struct sp_str path = item->kind == SP_DICT ? sp_dict_text(item->dict, "path")
                             : sp_is_text(*item)   ? item->text
                                                   : SP_STR("");
        struct sp_str version =
            item->kind == SP_DICT ? sp_dict_text(item->dict, "version") : SP_STR("");
        if (path.len)
            add_ref(graph, action, key, data_id(graph, path, version));
    }
}

/* --- actions ------------------------------------------------------------------------------------
 */

static void put_status(struct graph *graph, struct sp_dict *action, bool success, struct sp_str why)
{
    put_ref(graph, action, "actionStatus",
            success ? SP_STR("http://schema.org/CompletedActionStatus")
                    : SP_STR("http://schema.org/FailedActionStatus"));
    if (!success)
        put(graph, action, "error", why.len ? why : SP_STR("it did not end"));
}

/* The program that a step has run: by identity, where that is known. */
static struct sp_str program_of(struct graph *graph, const struct sp_step_summary *step)
{
    const struct sp_value *argv = step->start ? sp_dict_get(step->start, "argv") : NULL;
    struct sp_str identity = step->key ? sp_dict_text(step->key, "program") : SP_STR("");
    struct sp_str name =
        argv && sp_is_list(*argv) && argv->list->len && sp_is_text(argv->list->items[0])
            ? argv->list->items[0].text
            : step->cab;
    struct sp_str id = local_id(graph->arena, "program", identity.len ? identity : name);

    if (!find_entity(graph, id)) {
        struct sp_dict *program = add_one(graph, id, "SoftwareApplication");
        put(graph, program, "name", name.len ? name : SP_STR("unknown"));
        put(graph, program, "softwareVersion", identity);
    }
    return id;
}

/* The image that it ran in. */
static void add_image(struct graph *graph,
                      struct sp_dict *action,
                      const struct sp_step_summary *step)
{
    const struct sp_dict *event = step->start ? step->start : step->key;
    const struct sp_value *image = event ? sp_dict_get(event, "image") : NULL;

    if (!image || image->kind != SP_DICT)
        return;
    struct sp_str digest = sp_dict_text(image->dict, "digest");
    struct sp_str id = local_id(graph->arena, "image", digest);
    if (!find_entity(graph, id)) {
        struct sp_dict *entity = add_one(graph, id, "ContainerImage");
        put(graph, entity, "name", sp_dict_text(image->dict, "name"));
        put_ref(graph, entity, "additionalType",
                SP_STR("https://w3id.org/ro/terms/workflow-run#DockerImage"));
        put(graph, entity, "sha256", sp_str_slice(digest, strlen("sha256:"), digest.len));
    }
    put_ref(graph, action, "containerImage", id);
}

static struct sp_str end_time(struct sp_arena *arena, struct sp_str start, double wall)
{
    sp_nsec begin;

    if (!sp_clock_parse_iso(start, &begin))
        return SP_STR("");
    return sp_arena_str(arena, sp_str_of(sp_clock_iso(begin + (sp_nsec)(wall * 1e9)).text));
}

static void add_step(struct graph *graph, struct sp_dict *root, size_t number)
{
    const struct sp_step_summary *step = &graph->crate->run->steps[number];
    const struct sp_dict *first = step->start ? step->start : step->key;
    struct sp_str id = sp_arena_printf(graph->arena, "#step-%zu", number + 1);
    struct sp_str start = first ? sp_dict_text(first, "time") : SP_STR("");

    if (step->skipped || step->refused)
        return;
    struct sp_dict *action = add_one(graph, id, "CreateAction");
    put(graph, action, "name", step->task);
    put(graph, action, "description", step->reused ? step->why : step->command);
    put_ref(graph, action, "instrument", program_of(graph, step));
    add_image(graph, action, step);
    put(graph, action, "startTime", start);
    if (step->end)
        put(graph, action, "endTime", sp_dict_text(step->end, "time"));
    put_status(graph, action, step->success, step->why);
    add_artefacts(graph, action, "object", step->key, "inputs");
    add_artefacts(graph, action, "result", step->versions, "outputs");
    if (!step->versions && step->success)
        add_artefacts(graph, action, "result", step->start, "writes");
    const struct sp_str *logs[] = { sp_map_find(&graph->crate->paths, step->output),
                                    sp_map_find(&graph->crate->paths, step->log) };
    for (size_t i = 0; i < SP_COUNT(logs); i++)
        if (logs[i])
            add_ref(graph, action, "subjectOf", escaped(graph->arena, *logs[i]));
    append_ref(graph, root, "mentions", id);
}

static void add_engine(struct graph *graph)
{
    struct sp_dict *engine = add_one(graph, SP_STR("#spoor"), "SoftwareApplication");

    put(graph, engine, "name", SP_STR("Spoor"));
    put(graph, engine, "softwareVersion", sp_dict_text(graph->crate->run->start, "spoor"));
}

static void add_run(struct graph *graph, struct sp_dict *root)
{
    const struct sp_run_summary *run = graph->crate->run;
    struct sp_dict *action = add_one(graph, SP_STR("#run"), "CreateAction");
    const struct sp_value *params = sp_dict_get(run->start, "params");

    put(graph, action, "name", run->id);
    put(graph, action, "startTime", run->time);
    put(graph, action, "endTime", end_time(graph->arena, run->time, run->wall));
    put_ref(graph, action, "instrument", graph->workflow);
    put_status(graph, action, run->state == SP_RUN_SUCCEEDED, run->why);
    if (graph->crate->options->author)
        put_ref(graph, action, "agent", SP_STR("#author"));
    if (run->host.len) {
        put(graph, add_one(graph, SP_STR("#host"), "Place"), "name", run->host);
        put_ref(graph, action, "location", SP_STR("#host"));
    }
    if (params && params->kind == SP_DICT)
        SP_DICT_EACH(entry, params->dict)
    add_parameter(graph, action, entry->key, entry->value);
    for (size_t i = 0; i < graph->crate->len; i++)
        if (graph->crate->items[i].role == SP_CRATE_PRODUCT && !graph->crate->items[i].inner)
            add_ref(graph, action, "result", escaped(graph->arena, graph->crate->items[i].name));
    append_ref(graph, root, "mentions", SP_STR("#run"));
    for (size_t i = 0; i < run->step_count; i++)
        add_step(graph, root, i);
}

/* A cab that was run directly, or a recipe of which there is no copy. */
static void add_plain_instrument(struct graph *graph)
{
    struct sp_dict *entity = add_one(graph, graph->workflow, "SoftwareApplication");

    put(graph, entity, "name", graph->crate->run->recipe);
    put(graph, entity, "description", SP_STR("Recipe or cab of that name"));
}

struct sp_str sp_crate_describe(const struct sp_crate *crate)
{
    struct sp_value entities = sp_list_new(crate->arena);
    struct graph graph = { .crate = crate, .arena = crate->arena, .entities = entities.list };
    struct sp_value document = sp_dict_new(crate->arena);
    struct sp_value context = sp_list_new(crate->arena);
    sp_auto_buf struct sp_buf text = SP_BUF(SP_BUF_LARGE);

    sp_list_add(crate->arena, context.list, sp_text(SP_STR(RO_CRATE "/context")));
    sp_list_add(crate->arena, context.list,
                sp_text(SP_STR("https://w3id.org/ro/terms/workflow-run/context")));
    graph.workflow = local_id(crate->arena, "instrument", crate->run->recipe);
    for (size_t i = 0; i < crate->len; i++)
        if (crate->items[i].main) {
            graph.workflow = escaped(crate->arena, crate->items[i].name);
            graph.is_workflow = true;
        }
    struct sp_dict *root = add_root(&graph);
    for (size_t i = 0; i < crate->len; i++)
        if (!crate->items[i].inner)
            add_part(&graph, root, &crate->items[i]);
    if (!graph.is_workflow)
        add_plain_instrument(&graph);
    add_engine(&graph);
    if (graph.is_workflow)
        add_ref(&graph, find_entity(&graph, graph.workflow), "softwareRequirements",
                SP_STR("#spoor"));
    add_run(&graph, root);
    sp_dict_put(crate->arena, document.dict, "@context", context);
    sp_dict_put(crate->arena, document.dict, "@graph", entities);
    sp_json_encode(document, SP_JSON_PRETTY, &text);
    sp_buf_addc(&text, '\n');
    sp_map_fini(&graph.known);
    return sp_arena_str(crate->arena, sp_buf_str(&text));
}
