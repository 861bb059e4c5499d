/* SPDX-License-Identifier: BSD-3-Clause */
#include "recipe/schema.h"

/* `dtype "help"`: cut the help off; the last two quotes count, also where the author meant the
 * quoted word as default (spec 2.2: recipes rely on it). */
static struct sp_str cut_info(struct sp_str text, struct sp_str *info)
{
    if (!sp_str_ends(text, "\""))
        return text;
    struct sp_str inner = sp_str_slice(text, 0, text.len - 1);
    size_t quote = sp_str_rfind(inner, '"');
    if (quote == SIZE_MAX)
        return text;
    *info = sp_str_slice(inner, quote + 1, inner.len);
    return sp_str_trim(sp_str_slice(inner, 0, quote));
}

static struct sp_str strip_quotes(struct sp_str text)
{
    if (text.len < 2)
        return text;
    char first = text.ptr[0];
    if ((first == '"' || first == '\'') && text.ptr[text.len - 1] == first)
        return sp_str_slice(text, 1, text.len - 1);
    return text;
}

bool sp_shorthand_parse(struct sp_str text, struct sp_shorthand *out)
{
    struct sp_shorthand found = { 0 };
    struct sp_str rest = cut_info(sp_str_trim(text), &found.info);
    size_t equals = sp_str_find(rest, '=');

    if (equals != SIZE_MAX) {
        found.has_default = true;
        found.default_text = strip_quotes(sp_str_trim(sp_str_slice(rest, equals + 1, rest.len)));
        rest = sp_str_slice(rest, 0, equals);
    } else if (sp_str_ends(rest, "*")) {
        found.required = true;
        rest = sp_str_slice(rest, 0, rest.len - 1);
    }
    found.dtype = sp_str_trim(rest);
    if (!found.dtype.len)
        return false;
    *out = found;
    return true;
}
