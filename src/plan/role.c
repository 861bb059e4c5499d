/* SPDX-License-Identifier: BSD-3-Clause */
#include "plan/role.h"

#include "base/vec.h"

#include "plan/hidden.h"
#include "plan/inside.h"

struct collection {
    const struct sp_roles_request *request;
    struct sp_roles *out;
    SP_VEC(struct sp_role) roles;
    SP_VEC(struct sp_role_use) uses;
};

static enum sp_path_kind kind_of(const struct collection *all, struct sp_str path)
{
    const struct sp_world *world = all->request->world;

    return world->kind(world->arg, path);
}

static bool is_remote(struct sp_str path)
{
    return sp_str_find_str(path, SP_STR("://")) != SIZE_MAX;
}

/* Is the canonical `path` the directory `dir` or something in it? */
static bool is_inside(struct sp_str path, struct sp_str dir)
{
    if (path.len < dir.len || !sp_str_eq(sp_str_slice(path, 0, dir.len), dir))
        return false;
    return path.len == dir.len || sp_str_ends(dir, "/") || path.ptr[dir.len] == '/';
}

static bool is_written(const struct sp_role *role)
{
    return role->kind == SP_ROLE_WRITES || role->kind == SP_ROLE_MUTATES;
}

/* Does the task write `dir` or something in it? */
static bool writes_inside(const struct collection *all, struct sp_str dir)
{
    for (size_t i = 0; i < all->roles.len; i++)
        if (is_written(&all->roles.items[i]) && is_inside(all->roles.items[i].real, dir))
            return true;
    return false;
}

static struct sp_role *find_role(struct collection *all, struct sp_str real)
{
    for (size_t i = 0; i < all->roles.len; i++)
        if (sp_str_eq(all->roles.items[i].real, real))
            return &all->roles.items[i];
    return NULL;
}

static void refuse(struct collection *all, const char *fmt, ...) SP_PRINTF(2, 3);

static void refuse(struct collection *all, const char *fmt, ...)
{
    va_list args;

    if (all->out->unbounded.len)
        return;
    va_start(args, fmt);
    all->out->unbounded = sp_arena_vprintf(all->request->arena, fmt, args);
    va_end(args);
}

/* --- uses ---------------------------------------------------------------------------------- */

static enum sp_role_kind kind_of_use(const struct sp_param *param)
{
    if (!param)
        return SP_ROLE_HIDDEN;
    if (param->writable)
        return SP_ROLE_MUTATES;
    return param->is_output ? SP_ROLE_WRITES : SP_ROLE_READS;
}

/* What a second use makes of a role. */
static enum sp_role_kind stronger(enum sp_role_kind a, enum sp_role_kind b)
{
    bool both =
        (a <= SP_ROLE_READS && b == SP_ROLE_WRITES) || (a == SP_ROLE_WRITES && b <= SP_ROLE_READS);

    return both ? SP_ROLE_MUTATES : SP_MAX(a, b);
}

static void add_use(struct collection *all, struct sp_role_use use, struct sp_str path)
{
    struct sp_arena *arena = all->request->arena;
    const struct sp_world *world = all->request->world;
    struct sp_str real = world->real(world->arg, path, arena);
    enum sp_role_kind kind = kind_of_use(use.param);
    struct sp_role *role = find_role(all, real);

    use.name = sp_arena_str(arena, use.name);
    if (!role) {
        role = SP_VEC_ADD(&all->roles);
        *role = (struct sp_role){
            .kind = kind,
            .name = use.name,
            .path = sp_arena_str(arena, path),
            .real = real,
            .param = use.param,
            .by_text = use.by_text,
        };
    }
    role->kind = stronger(role->kind, kind);
    role->by_text = role->by_text && use.by_text;
    if (use.param && use.param->is_output) {
        role->is_output = true;
        role->must_exist = role->must_exist || use.param->must_exist == SP_YES;
    }
    use.role = (size_t)(role - all->roles.items);
    *SP_VEC_ADD(&all->uses) = use;
}

/* --- file-like parameters ------------------------------------------------------------------ */

typedef void (*leaf_fn)(struct collection *all,
                        const struct sp_param *param,
                        struct sp_str name,
                        struct sp_value value);

static void visit(struct collection *all,
                  const struct sp_param *param,
                  struct sp_str name,
                  struct sp_value value,
                  leaf_fn fn)
{
    struct sp_arena *arena = all->request->arena;

    if (sp_is_list(value)) {
        size_t i = 0;
        SP_LIST_EACH(item, value.list)
        visit(all, param, sp_arena_printf(arena, SP_STR_FMT "[%zu]", SP_STR_ARG(name), i++), *item,
              fn);
    } else if (value.kind == SP_DICT) {
        SP_DICT_EACH(entry, value.dict)
        visit(all, param,
              sp_arena_printf(arena, SP_STR_FMT "[" SP_STR_FMT "]", SP_STR_ARG(name),
                              SP_STR_ARG(entry->key)),
              entry->value, fn);
    } else {
        fn(all, param, name, value);
    }
}

static void visit_all(struct collection *all, leaf_fn fn)
{
    const struct sp_roles_request *request = all->request;

    SP_DICT_EACH(entry, request->values)
    {
        const struct sp_param *param = sp_schema_find(&request->cab->schema, entry->key);
        if (param &&
            (param->is_output || param->writable || !sp_effects_ignore(request->effects, param)))
            visit(all, param, param->name, entry->value, fn);
    }
}

/* In a type such as Union[str, File] a text may be a name or not. */
static bool is_path(const struct collection *all,
                    const struct sp_param *param,
                    struct sp_value value)
{
    if (!sp_is_text(value) || !value.text.len || is_remote(value.text))
        return false;
    if (value.kind == SP_PATH)
        return true;
    return sp_dtype_has_file(param->dtype) &&
           (param->is_output || kind_of(all, value.text) != SP_PATH_NONE);
}

/* An input that the box in an image has instead of the machine's. */
static bool is_own(const struct collection *all, const struct sp_param *param, struct sp_str path)
{
    const struct sp_world *world = all->request->world;

    return all->request->in_image && !param->is_output &&
           sp_inside_is_own(world->real(world->arg, path, all->request->arena));
}

static void collect_path(struct collection *all,
                         const struct sp_param *param,
                         struct sp_str name,
                         struct sp_value value)
{
    if (!param->is_output && !sp_is_value(value) && value.kind != SP_UNSET)
        refuse(all, "the value of '" SP_STR_FMT "' is not known yet", SP_STR_ARG(name));
    if (is_path(all, param, value) && !is_own(all, param, value.text))
        add_use(all, (struct sp_role_use){ .name = name, .param = param }, value.text);
}

/* An input directory that is made for the tool is where it puts things, not data: it counts by its
 * name. */
static bool is_place(const struct sp_role *role)
{
    return role->kind == SP_ROLE_READS && sp_dtype_is(role->param->dtype, "Directory") &&
           role->param->mkdir;
}

/* Take a role and its uses out. */
static void drop_role(struct collection *all, size_t at)
{
    size_t kept = 0;

    for (size_t i = 0; i < all->uses.len; i++) {
        struct sp_role_use use = all->uses.items[i];
        if (use.role == at)
            continue;
        use.role -= use.role > at;
        all->uses.items[kept++] = use;
    }
    all->uses.len = kept;
    all->roles.len--;
    memmove(&all->roles.items[at], &all->roles.items[at + 1],
            (all->roles.len - at) * sizeof *all->roles.items);
}

static void drop_places(struct collection *all)
{
    for (size_t i = all->roles.len; i-- > 0;) {
        const struct sp_role *role = &all->roles.items[i];
        if (is_place(role))
            drop_role(all, i);
        else if (role->kind == SP_ROLE_READS && writes_inside(all, role->real))
            refuse(all,
                   "it writes into its input '" SP_STR_FMT "' (" SP_STR_FMT
                   "), which is not declared writable",
                   SP_STR_ARG(role->name), SP_STR_ARG(role->path));
    }
}

/* --- words in texts ------------------------------------------------------------------------ */

static bool is_letter(char c)
{
    return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') ||
           (unsigned char)c >= 0x80;
}

/* What may stand in a file name that nobody quotes. */
static bool is_word_char(char c)
{
    return is_letter(c) || (c && strchr("/._-+~@%:#", c));
}

static bool has_letter(struct sp_str word)
{
    for (size_t i = 0; i < word.len; i++)
        if (is_letter(word.ptr[i]))
            return true;
    return false;
}

static bool is_known(const struct collection *all, struct sp_str real)
{
    for (size_t i = 0; i < all->roles.len; i++) {
        const struct sp_role *role = &all->roles.items[i];
        if (is_inside(real, role->real))
            return true;
    }
    return false;
}

static void add_word(struct collection *all,
                     const struct sp_param *param,
                     struct sp_str name,
                     struct sp_str word)
{
    const struct sp_world *world = all->request->world;

    if (!word.len || kind_of(all, word) == SP_PATH_NONE)
        return;
    struct sp_str real = world->real(world->arg, word, all->request->arena);
    if (is_known(all, real) || writes_inside(all, real) ||
        (all->request->in_image && !is_inside(real, world->cwd)))
        return;
    add_use(all, (struct sp_role_use){ .name = name, .param = param, .by_text = true },
            sp_arena_str(all->request->arena, word));
}

/* "obs.ms::ANTENNA" names obs.ms; "bands:a.fits" a.fits. */
static void add_word_parts(struct collection *all,
                           const struct sp_param *param,
                           struct sp_str name,
                           struct sp_str word)
{
    add_word(all, param, name, word);
    if (sp_str_find(word, ':') != SIZE_MAX)
        for (struct sp_str rest = word; rest.ptr;)
            add_word(all, param, name, sp_str_cut(&rest, ':'));
}

static void collect_words(struct collection *all,
                          const struct sp_param *param,
                          struct sp_str name,
                          struct sp_value value)
{
    size_t from = 0;

    if (param->is_output || param->choices || param->element_choices || !sp_is_text(value) ||
        is_path(all, param, value) || is_remote(value.text))
        return;
    struct sp_str text = sp_str_trim(value.text);
    add_word_parts(all, param, name, text);
    for (size_t i = 0; i <= text.len; i++) {
        if (i < text.len && is_word_char(text.ptr[i]))
            continue;
        struct sp_str word = sp_str_slice(text, from, i);
        if (word.len < text.len && has_letter(word))
            add_word_parts(all, param, name, word);
        from = i + 1;
    }
}

/* --- the rest ------------------------------------------------------------------------------ */

static void collect_hidden(struct collection *all)
{
    const struct sp_world *world = all->request->world;
    struct sp_list paths = { 0 };
    struct sp_str why = SP_STR("");

    if (!sp_hidden_paths(all->request, &paths, &why))
        refuse(all, SP_STR_FMT, SP_STR_ARG(why));
    SP_LIST_EACH(path, &paths)
    {
        struct sp_str real = world->real(world->arg, path->text, all->request->arena);
        const struct sp_role *role = find_role(all, real);
        /* What it reads and then writes itself is changed. */
        if ((role && role->kind == SP_ROLE_WRITES) ||
            (!is_known(all, real) && !writes_inside(all, real)))
            add_use(all, (struct sp_role_use){ .name = path->text }, path->text);
    }
}

static int by_name(const void *a, const void *b)
{
    return sp_str_cmp(*(const struct sp_str *)a, *(const struct sp_str *)b);
}

static void add_columns(struct sp_arena *arena,
                        const struct sp_list *names,
                        struct sp_str **items,
                        size_t *count)
{
    struct sp_str *all = SP_ARENA_NEW(arena, struct sp_str, *count + names->len);
    size_t len = *count;
    size_t kept = 0;

    if (len)
        memcpy(all, *items, len * sizeof *all);
    SP_LIST_EACH(name, names)
    all[len++] = sp_arena_str(arena, name->text);
    if (len)
        qsort(all, len, sizeof *all, by_name);
    for (size_t i = 0; i < len; i++)
        if (!kept || !sp_str_eq(all[kept - 1], all[i]))
            all[kept++] = all[i];
    *items = all;
    *count = kept;
}

/* Columns are known when every use of the table says which. Declared to write none, a table is
 * only read. */
static void resolve_columns(struct collection *all, size_t at)
{
    struct sp_role *role = &all->roles.items[at];
    bool reads = true;
    bool writes = true;

    for (size_t i = 0; i < all->uses.len && (reads || writes); i++) {
        const struct sp_role_use *use = &all->uses.items[i];
        struct sp_list names = { 0 };
        const struct sp_column_effects *columns =
            use->role == at && use->param ? sp_effects_columns(all->request->effects, use->param)
                                          : NULL;
        if (use->role != at)
            continue;
        reads = reads && columns && sp_hidden_columns(all->request, columns->reads, &names);
        if (reads)
            add_columns(all->request->arena, &names, &role->reads, &role->read_count);
        names.len = 0;
        writes = writes && columns && sp_hidden_columns(all->request, columns->writes, &names);
        if (writes)
            add_columns(all->request->arena, &names, &role->writes, &role->write_count);
    }
    if (!reads)
        role->read_count = 0;
    if (!writes)
        role->write_count = 0;
    if (writes && !role->write_count && role->kind == SP_ROLE_MUTATES && !role->is_output)
        role->kind = SP_ROLE_READS;
}

/* A whole workspace is more than anybody can answer for: Spoor's own files are in it. */
static void refuse_whole_workspace(struct collection *all)
{
    const struct sp_world *world = all->request->world;

    for (size_t i = 0; i < all->roles.len; i++) {
        const struct sp_role *role = &all->roles.items[i];
        if (is_inside(world->cwd, role->real))
            refuse(all, "'" SP_STR_FMT "' names the whole workspace (" SP_STR_FMT ")",
                   SP_STR_ARG(role->name), SP_STR_ARG(role->path));
    }
}

/* Arrays that outlive the collection. */
static void hand_over(struct collection *all)
{
    struct sp_arena *arena = all->request->arena;
    struct sp_roles *out = all->out;

    out->len = all->roles.len;
    out->items = SP_ARENA_NEW(arena, struct sp_role, out->len);
    if (out->len)
        memcpy(out->items, all->roles.items, out->len * sizeof *out->items);
    out->use_count = all->uses.len;
    out->uses = SP_ARENA_NEW(arena, struct sp_role_use, out->use_count);
    if (out->use_count)
        memcpy(out->uses, all->uses.items, out->use_count * sizeof *out->uses);
    SP_VEC_FINI(&all->roles);
    SP_VEC_FINI(&all->uses);
}

void sp_roles_collect(const struct sp_roles_request *request, struct sp_roles *out)
{
    struct collection all = { .request = request, .out = out };

    *out = (struct sp_roles){ 0 };
    visit_all(&all, collect_path);
    drop_places(&all);
    visit_all(&all, collect_words);
    collect_hidden(&all);
    for (size_t i = 0; i < all.roles.len; i++)
        resolve_columns(&all, i);
    refuse_whole_workspace(&all);
    hand_over(&all);
}

/* --- tables behind tables ------------------------------------------------------------------ */

/* Inside the workspace as a user would write it. */
static struct sp_str shown(const struct sp_world *world, struct sp_str real)
{
    if (is_inside(real, world->cwd) && real.len > world->cwd.len + 1)
        return sp_str_slice(real, world->cwd.len + 1, real.len);
    return real;
}

static size_t add_role(struct sp_arena *arena, struct sp_roles *roles, const struct sp_role *role)
{
    if (roles->len >= roles->capacity) {
        roles->capacity = 2 * roles->len + 8;
        struct sp_role *items = SP_ARENA_NEW(arena, struct sp_role, roles->capacity);
        if (roles->len)
            memcpy(items, roles->items, roles->len * sizeof *items);
        roles->items = items;
    }
    roles->items[roles->len] = *role;
    return roles->len++;
}

static void append_use(struct sp_arena *arena,
                       struct sp_roles *roles,
                       const struct sp_role_use *use)
{
    if (roles->use_count >= roles->use_capacity) {
        roles->use_capacity = 2 * roles->use_count + 8;
        struct sp_role_use *items = SP_ARENA_NEW(arena, struct sp_role_use, roles->use_capacity);
        if (roles->use_count)
            memcpy(items, roles->uses, roles->use_count * sizeof *items);
        roles->uses = items;
    }
    roles->uses[roles->use_count++] = *use;
}

void sp_roles_add_parent(const struct sp_roles_request *request,
                         struct sp_roles *roles,
                         size_t child,
                         struct sp_str path)
{
    struct sp_arena *arena = request->arena;
    const struct sp_world *world = request->world;
    struct sp_str real = world->real(world->arg, path, arena);
    struct sp_str name = shown(world, real);
    struct sp_role from = roles->items[child];
    size_t at = 0;

    while (at < roles->len && !sp_str_eq(roles->items[at].real, real))
        at++;
    if (at == child)
        return;
    if (at == roles->len)
        (void)add_role(arena, roles,
                       &(struct sp_role){ .kind = from.kind,
                                          .name = sp_arena_join(arena, from.name, ":", name),
                                          .path = name,
                                          .real = real,
                                          .param = from.param,
                                          .by_text = true,
                                          .by_table = true });
    struct sp_role *role = &roles->items[at];
    role->kind = stronger(role->kind, from.kind);
    role->read_count = role->write_count = 0; /* columns may have other names there */
    append_use(arena, roles,
               &(struct sp_role_use){
                   .name = from.name, .param = from.param, .role = at, .by_text = true });
}

void sp_roles_add_inside(const struct sp_roles_request *request,
                         struct sp_roles *roles,
                         size_t place,
                         struct sp_str path,
                         bool counts)
{
    struct sp_arena *arena = request->arena;
    struct sp_role from = roles->items[place];
    struct sp_str real = sp_arena_join(arena, from.real, "/", path);

    for (size_t i = 0; i < roles->len; i++) {
        struct sp_role *role = &roles->items[i];
        if (!sp_str_eq(role->real, real))
            continue;
        if (role->kind == SP_ROLE_READS && from.kind != SP_ROLE_READS) {
            role->kind = SP_ROLE_MUTATES; /* named by itself it is read */
            role->is_inside = true;
        }
        return;
    }
    size_t at = add_role(arena, roles,
                         &(struct sp_role){
                             .kind = from.kind == SP_ROLE_READS ? SP_ROLE_READS : SP_ROLE_MUTATES,
                             .name = sp_arena_join(arena, from.name, "/", path),
                             .path = path,
                             .real = real,
                             .param = from.param,
                             .by_text = true,
                             .is_inside = true,
                         });
    if (counts)
        append_use(arena, roles,
                   &(struct sp_role_use){
                       .name = from.name, .param = from.param, .role = at, .by_text = true });
}

const struct sp_role *sp_roles_find(const struct sp_roles *roles, struct sp_str real)
{
    for (size_t i = 0; i < roles->len; i++)
        if (sp_str_eq(roles->items[i].real, real))
            return &roles->items[i];
    return NULL;
}

struct sp_dict *sp_roles_values(struct sp_arena *arena, const struct sp_task *task)
{
    struct sp_dict *values = sp_dict_clone(arena, task->inputs);

    if (task->outputs)
        SP_DICT_EACH(entry, task->outputs)
    sp_dict_set_at(arena, values, entry->key, entry->origin, entry->value);
    return values;
}

/* --- whether there is a point -------------------------------------------------------------- */

/* Files that it makes, also those that only a pattern names; values that come from files. Those
 * that come from nothing (the time, the name of the machine) are another each time. */
static bool has_result(const struct sp_roles_request *request, const struct sp_roles *roles)
{
    bool reads = false;

    for (size_t i = 0; i < roles->len; i++) {
        if (is_written(&roles->items[i]))
            return true;
        reads = reads || roles->items[i].kind == SP_ROLE_READS;
    }
    SP_MAP_EACH (entry, &request->cab->schema.params) {
        const struct sp_param *param = entry->value;
        bool has_file = sp_dtype_has_file(param->dtype);
        if (param->is_output && (param->has_implicit ? has_file : reads && !has_file))
            return true;
    }
    return false;
}

bool sp_roles_reusable(const struct sp_roles_request *request,
                       const struct sp_roles *roles,
                       struct sp_str *why)
{
    *why = SP_STR("");
    if (request->effects->never)
        *why = sp_arena_printf(request->arena,
                               "cab '" SP_STR_FMT "' says that it is to run every time",
                               SP_STR_ARG(request->cab->name));
    else if (roles->unbounded.len)
        *why = roles->unbounded;
    else if (!has_result(request, roles))
        *why = SP_STR("it declares no output and changes nothing that Spoor knows of");
    return !why->len;
}
