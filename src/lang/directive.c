/* SPDX-License-Identifier: BSD-3-Clause */
#include "lang/directive.h"

#include "lang/origin.h"

static const struct {
    const char *name;
    enum sp_directive_kind kind;
} names[] = {
    { "_include", SP_DIRECTIVE_INCLUDE },
    { "_use", SP_DIRECTIVE_USE },
    { "_scrub", SP_DIRECTIVE_SCRUB },
};

struct sp_directive sp_directive_of(struct sp_str key)
{
    struct sp_directive none = { SP_DIRECTIVE_NONE, SP_DIRECTIVE_MIDDLE, SP_STR("") };

    if (!sp_str_starts(key, "_"))
        return none;
    if (sp_str_is(key, "_flatten"))
        return (struct sp_directive){ SP_DIRECTIVE_FLATTEN, SP_DIRECTIVE_TOP, SP_STR("") };
    for (size_t i = 0; i < SP_COUNT(names); i++) {
        if (!sp_str_starts(key, names[i].name))
            continue;
        struct sp_str suffix = sp_str_slice(key, strlen(names[i].name), key.len);
        if (suffix.len == 0)
            return (struct sp_directive){ names[i].kind, SP_DIRECTIVE_TOP, suffix };
        if (suffix.ptr[0] != '_')
            return none;
        suffix = sp_str_slice(suffix, 1, suffix.len);
        return (struct sp_directive){
            .kind = names[i].kind,
            .place = sp_str_is(suffix, "post") ? SP_DIRECTIVE_END : SP_DIRECTIVE_MIDDLE,
            .suffix = suffix,
        };
    }
    return none;
}

static const struct sp_dict_entry *find_directive(const struct sp_dict *dict,
                                                  enum sp_directive_kind kind,
                                                  struct sp_str suffix)
{
    SP_DICT_EACH(entry, dict)
    {
        struct sp_directive directive = sp_directive_of(entry->key);
        if (directive.kind == kind && sp_str_eq(directive.suffix, suffix))
            return entry;
    }
    return NULL;
}

bool sp_directive_has(const struct sp_dict *dict, struct sp_directive directive)
{
    return find_directive(dict, directive.kind, directive.suffix);
}

const struct sp_dict_entry *sp_directive_scrub(const struct sp_dict *dict,
                                               struct sp_directive directive)
{
    if (directive.kind == SP_DIRECTIVE_USE &&
        find_directive(dict, SP_DIRECTIVE_INCLUDE, directive.suffix))
        return NULL;
    return find_directive(dict, SP_DIRECTIVE_SCRUB, directive.suffix);
}

/* --- placement ----------------------------------------------------------------------------- */

static void report(struct sp_diags *diags,
                   bool strict,
                   const struct sp_dict_entry *entry,
                   const char *text)
{
    sp_diag_say(diags, strict ? SP_ERROR_FOUND : SP_WARNING, SP_DIAG_PLACEMENT, entry->origin,
                "'" SP_STR_FMT "' %s", SP_STR_ARG(entry->key), text);
}

static struct sp_str file_of(const struct sp_diags *diags, uint32_t id)
{
    struct sp_origin origin;

    return sp_origins_get(diags->origins, id, &origin) ? origin.file : SP_STR("");
}

/* Whoever reads the findings cannot change the files of an installed package. */
static bool is_installed(struct sp_str file)
{
    return sp_str_find_str(file, SP_STR("/site-packages/")) != SIZE_MAX ||
           sp_str_find_str(file, SP_STR("/dist-packages/")) != SIZE_MAX;
}

/* One warning a file is enough: nothing goes wrong, and whole libraries are written like this. */
static bool is_known(const struct sp_diags *diags, uint32_t id)
{
    struct sp_str file = file_of(diags, id);

    for (size_t i = 0; i < diags->len; i++)
        if (diags->items[i].code == SP_DIAG_PLACEMENT &&
            sp_str_eq(file_of(diags, diags->items[i].origin), file))
            return true;
    return is_installed(file);
}

static void report_place(struct sp_diags *diags,
                         bool strict,
                         const struct sp_dict_entry *entry,
                         const char *text)
{
    if (strict || !is_known(diags, entry->origin))
        report(diags, strict, entry, text);
}

static bool is_loading(struct sp_directive directive)
{
    return directive.kind == SP_DIRECTIVE_INCLUDE || directive.kind == SP_DIRECTIVE_USE;
}

static bool has_partner(const struct sp_dict *dict, struct sp_directive scrub)
{
    return find_directive(dict, SP_DIRECTIVE_INCLUDE, scrub.suffix) ||
           find_directive(dict, SP_DIRECTIVE_USE, scrub.suffix);
}

static void check_mapping(const struct sp_dict *dict, bool strict, struct sp_diags *diags)
{
    bool content_before = false;
    size_t last_other = 0; /* 1 + number of the last key that is no _post directive */

    for (size_t i = 0; i < dict->len; i++)
        if (sp_directive_of(dict->entries[i].key).place != SP_DIRECTIVE_END)
            last_other = i + 1;
    for (size_t i = 0; i < dict->len; i++) {
        const struct sp_dict_entry *entry = &dict->entries[i];
        struct sp_directive directive = sp_directive_of(entry->key);
        if (directive.kind == SP_DIRECTIVE_NONE)
            content_before = true;
        else if (directive.kind == SP_DIRECTIVE_SCRUB && !has_partner(dict, directive))
            report(diags, strict, entry, "has no matching _include or _use directive");
        else if (is_loading(directive) && directive.place == SP_DIRECTIVE_TOP && content_before)
            report_place(diags, strict, entry,
                         "must appear at the top of the mapping before any content keys");
        else if (is_loading(directive) && directive.place == SP_DIRECTIVE_END && i < last_other)
            report_place(diags, strict, entry,
                         "must appear at the bottom of the mapping after all content keys");
    }
}

void sp_directive_check(struct sp_value tree, bool strict, struct sp_diags *diags)
{
    if (tree.kind == SP_DICT) {
        check_mapping(tree.dict, strict, diags);
        SP_DICT_EACH(entry, tree.dict)
        sp_directive_check(entry->value, strict, diags);
    } else if (sp_is_list(tree)) {
        SP_LIST_EACH(item, tree.list)
        sp_directive_check(*item, strict, diags);
    }
}
