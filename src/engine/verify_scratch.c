/* SPDX-License-Identifier: BSD-3-Clause */
/* verify_scratch.c - copies of all that a step reads, laid out as in the workspace. */
#include "engine/identity.h"
#include "engine/images.h"
#include "engine/verify_internal.h"
#include "lang/path.h"
#include "sys/file.h"

/* --- where things go ---------------------------------------------------------------------- */

bool sp_trial_is_below(struct sp_str path, struct sp_str dir)
{
    return path.len > dir.len && path.ptr[dir.len] == '/' &&
           sp_str_eq(sp_str_slice(path, 0, dir.len), dir);
}

/* "x.ms", "out/x.ms"; not "/x.ms" or "../x.ms" */
static bool is_plain(struct sp_str path)
{
    if (sp_str_starts(path, "/") || sp_str_starts(path, "~"))
        return false;
    for (struct sp_str rest = path; rest.ptr;)
        if (sp_str_is(sp_str_cut(&rest, '/'), ".."))
            return false;
    return true;
}

static struct sp_str place_of(const struct sp_trial *trial,
                              const struct sp_role *role,
                              size_t number)
{
    struct sp_str cwd = trial->verify->supplier.cwd;
    size_t slash = sp_str_rfind(role->real, '/');

    if (is_plain(role->path))
        return sp_arena_join(trial->arena, trial->work, "/", role->path);
    if (sp_trial_is_below(role->real, cwd))
        return sp_arena_join(trial->arena, trial->work, "",
                             sp_str_slice(role->real, cwd.len, role->real.len));
    return sp_arena_printf(trial->arena, SP_STR_FMT "/outside/%zu" SP_STR_FMT,
                           SP_STR_ARG(trial->verify->dir), number,
                           SP_STR_ARG(sp_str_slice(role->real, slash, role->real.len)));
}

static void collect(struct sp_trial *trial)
{
    const struct sp_task *task = trial->action->task;
    struct sp_roles roles;
    struct sp_roles_request request = {
        .arena = trial->arena,
        .world = &trial->verify->session.world,
        .cab = task->cab,
        .values = task->inputs,
        .effects = trial->effects,
        .in_image = sp_images_take(trial->verify->session.images, task),
    };

    sp_roles_collect(&request, &roles);
    trial->replicas = SP_ARENA_NEW(trial->arena, struct sp_replica, roles.len + 1);
    trial->len = roles.len;
    for (size_t i = 0; i < roles.len; i++) {
        const struct sp_role *role = &roles.items[i];
        bool outside =
            !is_plain(role->path) && !sp_trial_is_below(role->real, trial->verify->supplier.cwd);
        trial->replicas[i] = (struct sp_replica){
            .role = *role,
            .place = place_of(trial, role, i),
            .in_place = role->kind == SP_ROLE_HIDDEN ? !is_plain(role->path)
                                                     : outside && role->kind == SP_ROLE_READS,
        };
    }
}

static struct sp_replica *find_replica(const struct sp_trial *trial, struct sp_str role)
{
    for (size_t i = 0; i < trial->len; i++)
        if (sp_str_eq(trial->replicas[i].role.name, role))
            return &trial->replicas[i];
    return NULL;
}

struct sp_str sp_trial_place(const struct sp_trial *trial, struct sp_str role, struct sp_str path)
{
    const struct sp_replica *replica = find_replica(trial, role);

    if (replica)
        return replica->place;
    return sp_str_starts(path, "/") ? path : sp_arena_join(trial->arena, trial->work, "/", path);
}

/* --- command lines ------------------------------------------------------------------------ */

static bool is_word(char c)
{
    return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') || c == '_' ||
           c == '-' || (unsigned char)c >= 0x80;
}

/* Does the name `from` stand at `at`, as a name of its own or with more behind a slash? */
static bool stands_at(struct sp_str text, size_t at, struct sp_str from)
{
    size_t end = at + from.len;

    if (end > text.len || !sp_str_eq(sp_str_slice(text, at, end), from))
        return false;
    if (at > 0 && (is_word(text.ptr[at - 1]) || strchr("./", text.ptr[at - 1])))
        return false;
    return end == text.len || !is_word(text.ptr[end]);
}

/* What the text at this place is to be instead; *len: of what it is. Empty: it stays. */
static struct sp_str instead(const struct sp_trial *trial,
                             struct sp_str text,
                             size_t at,
                             size_t *len)
{
    struct sp_str cwd = trial->verify->supplier.cwd;
    struct sp_str found = SP_STR("");

    *len = 0;
    for (size_t i = 0; i < trial->len; i++) {
        const struct sp_replica *replica = &trial->replicas[i];
        struct sp_str name = replica->role.path;
        if (is_plain(name) || name.len <= *len || !stands_at(text, at, name))
            continue;
        found = replica->in_place ? replica->role.real : replica->place;
        *len = name.len;
    }
    if (!*len && stands_at(text, at, cwd)) {
        found = trial->work;
        *len = cwd.len;
    }
    return found;
}

struct sp_str sp_trial_translate(const struct sp_trial *trial, struct sp_str text)
{
    sp_auto_buf struct sp_buf out = SP_BUF(SP_BUF_LARGE);

    for (size_t at = 0; at < text.len;) {
        size_t len;
        struct sp_str other = instead(trial, text, at, &len);
        sp_buf_add(&out, len ? other : sp_str_slice(text, at, at + 1));
        at += len ? len : 1;
    }
    return sp_arena_str(trial->arena, sp_buf_str(&out));
}

/* --- data --------------------------------------------------------------------------------- */

bool sp_trial_give_up(struct sp_trial *trial, struct sp_str why)
{
    trial->unknown = sp_arena_cstr(trial->arena, why);
    return false;
}

static bool make_parent(struct sp_trial *trial, struct sp_str place)
{
    struct sp_err err = SP_ERR_INIT;
    struct sp_str dir = sp_str_slice(place, 0, sp_str_rfind(place, '/'));

    return sp_supply_make_dirs(&trial->verify->supplier, dir, &err) == SP_OK ||
           sp_trial_give_up(trial, sp_str_of(err.text));
}

/* As the ledger has it. */
static struct sp_str ledger_path(const struct sp_trial *trial, struct sp_str real)
{
    struct sp_str cwd = trial->verify->supplier.cwd;

    return sp_trial_is_below(real, cwd) ? sp_str_slice(real, cwd.len + 1, real.len) : real;
}

/* Where it is in this run; the record is of another perhaps, in which it lay elsewhere. */
static void find_input(const struct sp_trial *trial,
                       const struct sp_product_path *input,
                       const struct sp_replica *replica,
                       struct sp_supply *out)
{
    const struct sp_supplier *supplier = &trial->verify->supplier;
    struct sp_supply_wish wish = {
        .path = replica ? ledger_path(trial, replica->role.real) : input->path,
        .version = &input->version,
        .tree = &input->tree,
        .role = replica ? &replica->role : NULL,
    };

    sp_supply_find(supplier, &wish, out);
    wish.path = input->path;
    if (out->from == SP_SUPPLY_NOWHERE)
        sp_supply_find(supplier, &wish, out);
}

static struct sp_str absolute(const struct sp_trial *trial, struct sp_str path)
{
    struct sp_str cwd = trial->verify->supplier.cwd;

    return sp_str_starts(path, "/") ? path : sp_arena_join(trial->arena, cwd, "/", path);
}

/* "d:other": the table or the link in `d` leads there; NULL for an input of its own. */
static const struct sp_replica *leads_there(const struct sp_trial *trial, struct sp_str role)
{
    size_t colon = sp_str_find(role, ':');

    return find_replica(trial, role) || colon == SIZE_MAX
               ? NULL
               : find_replica(trial, sp_str_slice(role, 0, colon));
}

static bool is_as_then(struct sp_trial *trial,
                       const struct sp_product_path *input,
                       struct sp_str real)
{
    const struct sp_replica *replica = find_replica(trial, input->role);
    struct sp_supply supply;
    struct sp_supply_wish wish = {
        .path = ledger_path(trial, real),
        .version = &input->version,
        .tree = &input->tree,
        .role = replica ? &replica->role : NULL,
    };

    if (input->absent && sp_file_kind(sp_arena_cstr(trial->arena, real)) == SP_FILE_NONE)
        return true;
    if (!input->absent) {
        sp_supply_find(&trial->verify->supplier, &wish, &supply);
        if (supply.from == SP_SUPPLY_DISK)
            return true;
    }
    return sp_trial_give_up(
        trial, sp_arena_printf(trial->arena,
                               SP_STR_FMT " is read where it is, and is no longer what it was then",
                               SP_STR_ARG(real)));
}

bool sp_trial_stays(struct sp_trial *trial, struct sp_str real)
{
    const struct sp_product *product = trial->product;

    for (size_t i = 0; i < product->input_count; i++)
        if (sp_str_eq(absolute(trial, product->inputs[i].path), real))
            return is_as_then(trial, &product->inputs[i], real);
    return sp_trial_give_up(
        trial, sp_arena_printf(trial->arena, SP_STR_FMT " was not read then", SP_STR_ARG(real)));
}

static bool is_read_in_place(const struct sp_trial *trial, const struct sp_product_path *input)
{
    const struct sp_replica *replica = find_replica(trial, input->role);
    const struct sp_replica *from = leads_there(trial, input->role);

    if (replica)
        return replica->in_place;
    return (from && from->in_place) || sp_str_starts(input->path, "/");
}

/* It lies in another one, whose copy has it. */
static bool comes_along(const struct sp_trial *trial, const struct sp_product_path *input)
{
    struct sp_str place = sp_trial_place(trial, input->role, input->path);

    for (size_t i = 0; i < trial->product->input_count; i++) {
        const struct sp_product_path *other = &trial->product->inputs[i];
        if (!other->absent && !is_read_in_place(trial, other) &&
            sp_trial_is_below(place, sp_trial_place(trial, other->role, other->path)))
            return true;
    }
    return false;
}

static bool bring_copy(struct sp_trial *trial,
                       const struct sp_product_path *input,
                       struct sp_str place)
{
    const struct sp_supplier *supplier = &trial->verify->supplier;
    struct sp_replica *replica = find_replica(trial, input->role);
    struct sp_supply supply;
    struct sp_err err = SP_ERR_INIT;

    find_input(trial, input, replica, &supply);
    if (supply.from == SP_SUPPLY_NOWHERE)
        return sp_trial_give_up(
            trial, sp_arena_printf(trial->arena,
                                   SP_STR_FMT ", as it was then (version %.12s), is neither in "
                                              "the store nor on disk",
                                   SP_STR_ARG(replica ? replica->role.path : input->path),
                                   sp_digest_hex(&input->version.id).text));
    return make_parent(trial, place) &&
           (sp_supply_bring(supplier, &supply, place.ptr, &err) == SP_OK ||
            sp_trial_give_up(trial, sp_str_of(err.text)));
}

static bool does_change(const struct sp_trial *trial, const struct sp_product_path *input)
{
    const struct sp_replica *replica = find_replica(trial, input->role);
    const struct sp_replica *from = replica ? replica : leads_there(trial, input->role);

    return (from && from->role.kind >= SP_ROLE_WRITES) ||
           sp_product_output(trial->product, input->role);
}

static bool bring_input(struct sp_trial *trial, const struct sp_product_path *input)
{
    const struct sp_replica *replica = find_replica(trial, input->role);
    struct sp_copy copy = {
        .real = replica ? replica->role.real : absolute(trial, input->path),
        .place = sp_trial_place(trial, input->role, input->path),
        .changes = does_change(trial, input),
    };

    if (is_read_in_place(trial, input))
        return is_as_then(trial, input, copy.real);
    if (input->absent || comes_along(trial, input))
        return true;
    return bring_copy(trial, input, copy.place) && sp_trial_check_copy(trial, &copy);
}

/* --- what the tool is going to write ------------------------------------------------------ */

static bool is_named_by(const char *const *words, struct sp_str name)
{
    for (size_t i = 0; words && words[i]; i++) {
        struct sp_str word = sp_str_of(words[i]);
        for (size_t at = 0; at + name.len <= word.len; at++)
            if (stands_at(word, at, name))
                return true;
    }
    return false;
}

/* A name that leads to its place in the scratch directory: relative to the workspace, or one that
 * is found in the command line and replaced there. */
static bool is_led_here(const struct sp_trial *trial, const struct sp_role *role)
{
    const struct sp_command *command = &trial->action->task->command;
    struct sp_str cwd = trial->verify->supplier.cwd;

    return is_plain(role->path) || sp_trial_is_below(role->path, cwd) ||
           is_named_by(command->argv, role->path) || is_named_by(command->env, role->path);
}

static bool refuse_output(struct sp_trial *trial, struct sp_str path)
{
    return sp_trial_give_up(trial, sp_arena_printf(trial->arena,
                                                   "the tool would write to " SP_STR_FMT
                                                   ", outside of the workspace",
                                                   SP_STR_ARG(path)));
}

static bool check_outputs(struct sp_trial *trial)
{
    const struct sp_product *product = trial->product;

    for (size_t i = 0; i < trial->len; i++) {
        const struct sp_replica *replica = &trial->replicas[i];
        if (replica->role.kind < SP_ROLE_WRITES)
            continue;
        if (!is_led_here(trial, &replica->role))
            return refuse_output(trial, replica->role.path);
        if (!make_parent(trial, replica->place))
            return false;
        if (!sp_supply_may_write(&trial->verify->supplier, replica->place)) /* a link in a copy */
            return refuse_output(trial, replica->role.path);
    }
    for (size_t i = 0; i < product->output_count; i++)
        if (!find_replica(trial, product->outputs[i].role) &&
            sp_str_starts(product->outputs[i].path, "/"))
            return refuse_output(trial, product->outputs[i].path);
    return true;
}

/* Directories that are made for the tool to put things in (`mkdir`) are no roles. */
static bool check_places(struct sp_trial *trial)
{
    const struct sp_task *task = trial->action->task;

    SP_MAP_EACH (entry, &task->cab->schema.params) {
        const struct sp_param *param = entry->value;
        const struct sp_value *value = sp_dict_find(task->inputs, param->name);
        if (!param->mkdir || param->is_output || !value || !sp_is_text(*value))
            continue;
        struct sp_str place = sp_trial_translate(trial, value->text);
        if (!sp_str_starts(place, "/"))
            place = sp_arena_join(trial->arena, trial->work, "/", place);
        if (!sp_supply_may_write(&trial->verify->supplier, place))
            return refuse_output(trial, value->text);
    }
    return true;
}

/* What stays as it is has to be seen to stay so. */
static void look_before(struct sp_trial *trial)
{
    struct sp_err ignored = SP_ERR_INIT;

    for (size_t i = 0; i < trial->len; i++) {
        struct sp_replica *replica = &trial->replicas[i];
        if (sp_tree_scan(sp_arena_cstr(trial->arena, replica->role.real), trial->arena,
                         &replica->before, &ignored))
            replica->before = (struct sp_tree){ 0 };
    }
}

bool sp_trial_prepare(struct sp_trial *trial)
{
    struct sp_err err = SP_ERR_INIT;

    trial->work = sp_arena_join(trial->arena, trial->verify->dir, "/", SP_STR("work"));
    if (sp_remove_tree(trial->verify->dir.ptr, &err) ||
        sp_supply_make_dirs(&trial->verify->supplier, trial->work, &err))
        return sp_trial_give_up(trial, sp_str_of(err.text));
    collect(trial);
    look_before(trial);
    for (size_t i = 0; i < trial->product->input_count; i++)
        if (!bring_input(trial, &trial->product->inputs[i]))
            return false;
    return check_outputs(trial) && check_places(trial);
}
