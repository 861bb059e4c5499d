/* SPDX-License-Identifier: BSD-3-Clause */
#include "recipe/template.h"

#include "value/text.h"

/* "name!r:spec" without the braces. */
static enum sp_rc format_field(struct sp_str field,
                               sp_template_fn find,
                               void *arg,
                               struct sp_buf *out,
                               struct sp_err *err)
{
    struct sp_str spec = { 0 };
    struct sp_str name = field;
    struct sp_value value;
    bool as_repr = false;
    size_t colon = sp_str_find(field, ':');

    if (colon != SIZE_MAX) {
        spec = sp_str_slice(field, colon + 1, field.len);
        name = sp_str_slice(field, 0, colon);
    }
    if (name.len >= 2 && name.ptr[name.len - 2] == '!') {
        as_repr = name.ptr[name.len - 1] != 's';
        name = sp_str_slice(name, 0, name.len - 2);
    }
    if (!find(arg, name, &value))
        return sp_fail(err, SP_INVALID, "there is no '" SP_STR_FMT "' to put in here",
                       SP_STR_ARG(name));
    if (!as_repr)
        return sp_value_format(value, spec, out, err);

    sp_auto_buf struct sp_buf text = SP_BUF(SP_BUF_SMALL);
    sp_value_repr(value, &text);
    return sp_value_format(sp_text(sp_buf_str(&text)), spec, out, err);
}

enum sp_rc sp_template_format(struct sp_str text,
                              sp_template_fn find,
                              void *arg,
                              struct sp_buf *out,
                              struct sp_err *err)
{
    for (size_t at = 0; at < text.len;) {
        char c = text.ptr[at++];
        if (c != '{' && c != '}') {
            sp_buf_addc(out, c);
            continue;
        }
        if (at < text.len && text.ptr[at] == c) {
            sp_buf_addc(out, c);
            at++;
            continue;
        }
        struct sp_str rest = sp_str_slice(text, at, text.len);
        size_t end = sp_str_find(rest, '}');
        if (c == '}' || end == SIZE_MAX)
            return sp_fail(err, SP_INVALID, "single '%c' in '" SP_STR_FMT "'; write it twice", c,
                           SP_STR_ARG(text));
        enum sp_rc rc = format_field(sp_str_slice(rest, 0, end), find, arg, out, err);
        if (rc)
            return sp_err_wrap(err, "'" SP_STR_FMT "'", SP_STR_ARG(text));
        at += end + 1;
    }
    return SP_OK;
}
