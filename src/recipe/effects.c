/* SPDX-License-Identifier: BSD-3-Clause */
#include "recipe/effects.h"

#include "base/nearest.h"

#include "lang/eval.h"
#include "recipe/cab.h"
#include "recipe/fields.h"
#include "recipe/words.h"

/* --- the tables ---------------------------------------------------------------------------- */

struct written {
    struct sp_effects effects;
    const struct sp_dict *columns;
    enum sp_tristate reuse;
};

/* clang-format off */
#define FIELD(name, kind, member) { (name), kind, offsetof(struct written, member) }
/* clang-format on */

static const struct sp_field effects_fields[] = {
    [SP_EFFECTS_READS] = FIELD("reads", SP_FIELD_TEXTS, effects.reads),
    [SP_EFFECTS_ENVIRONMENT] = FIELD("environment", SP_FIELD_TEXTS, effects.environment),
    [SP_EFFECTS_IGNORE] = FIELD("ignore", SP_FIELD_TEXTS, effects.ignore),
    [SP_EFFECTS_COLUMNS] = FIELD("columns", SP_FIELD_MAPPING, columns),
    [SP_EFFECTS_PATH_SENSITIVE] = FIELD("path_sensitive", SP_FIELD_BOOL, effects.path_sensitive),
    [SP_EFFECTS_REUSE] = FIELD("reuse", SP_FIELD_TRISTATE, reuse),
    [SP_EFFECTS_SALT] = FIELD("salt", SP_FIELD_TEXT, effects.salt),
    [SP_EFFECTS_COMPARE] = FIELD("compare", SP_FIELD_MAPPING, effects.compare),
};

#undef FIELD

static const struct sp_field column_fields[] = {
    { "reads", SP_FIELD_TEXTS, offsetof(struct sp_column_effects, reads) },
    { "writes", SP_FIELD_TEXTS, offsetof(struct sp_column_effects, writes) },
};

const char *sp_effects_field_name(size_t i)
{
    return i < SP_COUNT(effects_fields) ? effects_fields[i].name : NULL;
}

const char *sp_column_field_name(size_t i)
{
    return i < SP_COUNT(column_fields) ? column_fields[i].name : NULL;
}

/* --- names --------------------------------------------------------------------------------- */

/* '-' and '_' are the same: cabs of one tool differ in that. */
static bool same_name(struct sp_str a, struct sp_str b)
{
    if (a.len != b.len)
        return false;
    for (size_t i = 0; i < a.len; i++) {
        char left = a.ptr[i] == '-' ? '_' : a.ptr[i];
        char right = b.ptr[i] == '-' ? '_' : b.ptr[i];
        if (left != right)
            return false;
    }
    return true;
}

static bool is_named(const struct sp_param *param, struct sp_str name)
{
    return same_name(param->name, name) ||
           (param->nom_de_guerre.len && same_name(param->nom_de_guerre, name));
}

/* Where names are checked; schema NULL: they are not. */
struct checking {
    const struct sp_schema *schema;
    const char *what;
    struct sp_diags *diags;
};

static void check_name(const struct checking *checking,
                       const char *field,
                       struct sp_str name,
                       uint32_t origin,
                       bool outputs_only)
{
    struct sp_nearest nearest = SP_NEAREST(name);

    if (!checking->schema)
        return;
    SP_MAP_EACH (entry, &checking->schema->params) {
        const struct sp_param *param = entry->value;
        if (outputs_only && !param->is_output)
            continue;
        if (is_named(param, name))
            return;
        sp_nearest_offer(&nearest, param->name);
    }
    sp_diag_warning(checking->diags, SP_DIAG_UNKNOWN_PARAM, origin,
                    "recompute.%s names '" SP_STR_FMT "', which is no %s of %s", field,
                    SP_STR_ARG(name), outputs_only ? "output" : "parameter", checking->what);
    sp_diag_hint_nearest(checking->diags, &nearest);
}

static void check_names(const struct checking *checking, const struct sp_effects *effects)
{
    if (effects->ignore)
        SP_LIST_EACH(name, effects->ignore)
    if (!sp_str_starts(name->text, "="))
        check_name(checking, "ignore", name->text, name->origin, false);
    if (effects->compare)
        SP_DICT_EACH(entry, effects->compare)
    check_name(checking, "compare", entry->key, entry->origin, true);
}

/* --- formulas ------------------------------------------------------------------------------ */

static void check_formulas(struct sp_arena *arena,
                           const struct checking *checking,
                           const struct sp_list *texts)
{
    struct sp_eval_fault fault;

    if (texts)
        SP_LIST_EACH(item, texts)
    if (!sp_eval_check(arena, item->text, &fault))
        sp_diag_error(checking->diags, SP_DIAG_FORMULA, item->origin,
                      "recompute of %s: '" SP_STR_FMT "': " SP_STR_FMT, checking->what,
                      SP_STR_ARG(item->text), SP_STR_ARG(fault.message));
}

/* --- loading ------------------------------------------------------------------------------- */

static void load_columns(struct sp_arena *arena,
                         const struct sp_dict *dict,
                         const struct checking *checking,
                         struct sp_effects *out)
{
    out->columns = SP_ARENA_NEW(arena, struct sp_column_effects, dict->len);
    SP_DICT_EACH(entry, dict)
    {
        struct sp_column_effects *columns = &out->columns[out->column_count];
        struct sp_fields fields = { column_fields, SP_COUNT(column_fields),
                                    sp_arena_printf(arena, "recompute.columns." SP_STR_FMT " of %s",
                                                    SP_STR_ARG(entry->key), checking->what)
                                        .ptr };
        if (entry->value.kind != SP_DICT) {
            sp_diag_error(checking->diags, SP_DIAG_TYPE,
                          entry->value.origin ? entry->value.origin : entry->origin,
                          "%s must be a mapping of reads and writes", fields.what);
            continue;
        }
        check_name(checking, "columns", entry->key, entry->origin, false);
        sp_fields_read(arena, &fields, entry->value.dict, columns, checking->diags);
        check_formulas(arena, checking, columns->reads);
        check_formulas(arena, checking, columns->writes);
        columns->param = entry->key;
        out->column_count++;
    }
}

static void check_compare(const struct checking *checking, const struct sp_dict *compare)
{
    SP_DICT_EACH(entry, compare)
    if (!sp_is_text(entry->value))
        sp_diag_error(checking->diags, SP_DIAG_TYPE, entry->origin,
                      "recompute.compare." SP_STR_FMT " of %s must be a text such as 'fits 1e-5'",
                      SP_STR_ARG(entry->key), checking->what);
}

struct sp_effects *sp_effects_load(struct sp_arena *arena,
                                   const struct sp_dict *dict,
                                   const struct sp_schema *schema,
                                   const char *what,
                                   struct sp_diags *diags)
{
    struct written *written = SP_ARENA_NEW(arena, struct written, 1);
    struct sp_effects *effects = &written->effects;
    struct sp_fields fields = { effects_fields, SP_COUNT(effects_fields),
                                sp_arena_printf(arena, "recompute of %s", what).ptr };
    struct checking checking = { schema, what, diags };

    sp_fields_read(arena, &fields, dict, written, diags);
    for (size_t i = 0; i < SP_COUNT(effects_fields); i++) {
        const struct sp_value *value = sp_dict_get(dict, effects_fields[i].name);
        if (value && value->kind != SP_NULL)
            effects->written |= 1U << i;
    }
    effects->never = written->reuse == SP_NO;
    if (written->columns)
        load_columns(arena, written->columns, &checking, effects);
    if (effects->compare)
        check_compare(&checking, effects->compare);
    check_formulas(arena, &checking, effects->reads);
    check_formulas(arena, &checking, effects->ignore);
    check_names(&checking, effects);
    return effects;
}

/* --- the library --------------------------------------------------------------------------- */

void sp_effects_library_load(struct sp_arena *arena,
                             struct sp_value document,
                             struct sp_effects_library *out,
                             struct sp_diags *diags)
{
    const struct sp_value *programs =
        document.kind == SP_DICT ? sp_dict_get(document.dict, "effects") : NULL;

    *out = (struct sp_effects_library){ 0 };
    if (!programs || programs->kind != SP_DICT) {
        sp_diag_error(diags, SP_DIAG_DOCUMENT, document.origin,
                      "expects a mapping 'effects' of programs");
        return;
    }
    SP_DICT_EACH(entry, programs->dict)
    {
        struct sp_str what =
            sp_arena_printf(arena, "program '" SP_STR_FMT "'", SP_STR_ARG(entry->key));
        if (entry->value.kind == SP_DICT)
            sp_map_set(&out->by_program, entry->key,
                       sp_effects_load(arena, entry->value.dict, NULL, what.ptr, diags));
        else
            sp_diag_error(diags, SP_DIAG_TYPE, entry->origin, "%s must be a mapping", what.ptr);
    }
}

void sp_effects_library_fini(struct sp_effects_library *library)
{
    sp_map_fini(&library->by_program);
}

/* --- what goes for a cab ------------------------------------------------------------------- */

static bool is_written(const struct sp_effects *effects, enum sp_effects_field field)
{
    return (effects->written & (1U << field)) != 0;
}

/* `own`, and from `general` what it does not say. */
static const struct sp_effects *merge(struct sp_arena *arena,
                                      const struct sp_effects *own,
                                      const struct sp_effects *general)
{
    struct sp_effects *out = SP_ARENA_NEW(arena, struct sp_effects, 1);

    *out = *general;
    out->written |= own->written;
    if (is_written(own, SP_EFFECTS_READS))
        out->reads = own->reads;
    if (is_written(own, SP_EFFECTS_ENVIRONMENT))
        out->environment = own->environment;
    if (is_written(own, SP_EFFECTS_IGNORE))
        out->ignore = own->ignore;
    if (is_written(own, SP_EFFECTS_COLUMNS)) {
        out->columns = own->columns;
        out->column_count = own->column_count;
    }
    if (is_written(own, SP_EFFECTS_PATH_SENSITIVE))
        out->path_sensitive = own->path_sensitive;
    if (is_written(own, SP_EFFECTS_REUSE))
        out->never = own->never;
    if (is_written(own, SP_EFFECTS_SALT))
        out->salt = own->salt;
    if (is_written(own, SP_EFFECTS_COMPARE))
        out->compare = own->compare;
    return out;
}

static const struct sp_effects *find(const struct sp_effects_library *library, struct sp_str name)
{
    return library ? sp_map_find(&library->by_program, name) : NULL;
}

/* A task of CASA has the name of some other program, often ("split"). */
static const struct sp_effects *find_casa(struct sp_arena *arena,
                                          const struct sp_effects_library *library,
                                          struct sp_str task)
{
    const struct sp_effects *all = find(library, SP_STR("casa"));
    const struct sp_effects *one =
        find(library, sp_arena_join(arena, SP_STR("casa"), ".", sp_str_trim(task)));

    return one && all ? merge(arena, one, all) : one ? one : all;
}

const struct sp_effects *sp_effects_of(struct sp_arena *arena,
                                       const struct sp_effects_library *library,
                                       const struct sp_cab *cab,
                                       struct sp_str program)
{
    static const struct sp_effects nothing;
    const struct sp_effects *own = cab->effects ? cab->effects : &nothing;
    size_t slash = sp_str_rfind(program, '/');
    struct sp_str name =
        slash == SIZE_MAX ? program : sp_str_slice(program, slash + 1, program.len);
    const struct sp_effects *general =
        cab->flavour == SP_FLAVOUR_CASA ? find_casa(arena, library, name) : find(library, name);

    return general ? merge(arena, own, general) : own;
}

bool sp_effects_ignore(const struct sp_effects *effects, const struct sp_param *param)
{
    if (effects->ignore)
        SP_LIST_EACH(name, effects->ignore)
    if (is_named(param, name->text))
        return true;
    return false;
}

const struct sp_column_effects *sp_effects_columns(const struct sp_effects *effects,
                                                   const struct sp_param *param)
{
    for (size_t i = 0; i < effects->column_count; i++)
        if (is_named(param, effects->columns[i].param))
            return &effects->columns[i];
    return NULL;
}
