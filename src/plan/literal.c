/* SPDX-License-Identifier: BSD-3-Clause */
#include "plan/literal.h"

#include "base/buf.h"

static void double_braces(struct sp_str text, struct sp_buf *out)
{
    for (size_t i = 0; i < text.len; i++) {
        if (text.ptr[i] == '{' || text.ptr[i] == '}')
            sp_buf_addc(out, text.ptr[i]);
        sp_buf_addc(out, text.ptr[i]);
    }
}

static struct sp_value literal_list(struct sp_arena *arena, struct sp_value value)
{
    struct sp_list *list = sp_list_new(arena).list;

    SP_LIST_EACH(item, value.list)
    sp_list_add(arena, list, sp_literal(arena, *item));
    value.list = list;
    return value;
}

struct sp_value sp_literal(struct sp_arena *arena, struct sp_value value)
{
    sp_auto_buf struct sp_buf out = SP_BUF(SP_BUF_LARGE);

    if (sp_is_list(value))
        return literal_list(arena, value);
    if (!sp_is_text(value))
        return value;
    bool formula = sp_str_starts(value.text, "=");
    bool braces = sp_str_find(value.text, '{') != SIZE_MAX;
    if (!formula && !braces)
        return value;
    if (formula)
        sp_buf_addc(&out, '=');
    if (braces)
        double_braces(value.text, &out);
    else
        sp_buf_add(&out, value.text);
    value.text = sp_arena_str(arena, sp_buf_str(&out));
    return value;
}
