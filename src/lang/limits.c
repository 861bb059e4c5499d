/* SPDX-License-Identifier: BSD-3-Clause */
/* limits.c - so that every evaluation ends, in bounded memory.
 *
 * Work is counted in steps. Values are shared, not copied: twenty lists that each hold the next
 * one twice have a million items to whoever writes, compares or copies them. So a list is weighed
 * with everything in it when it is built. */
#include "base/buf.h"

#include "lang/eval_internal.h"
#include "value/text.h"

#include <stdarg.h>

struct sp_value sp_eval_error(struct sp_eval *eval, const char *fmt, ...)
{
    struct sp_value value = { .kind = SP_ERROR };
    va_list args;

    va_start(args, fmt);
    value.text = sp_arena_vprintf(eval->arena, fmt, args);
    va_end(args);
    return value;
}

bool sp_eval_charge(struct sp_eval *eval, size_t steps)
{
    eval->steps += steps;
    return eval->steps <= SP_EVAL_STEPS_MAX;
}

void sp_eval_touch(struct sp_eval *eval, struct sp_value value)
{
    if (sp_is_text(value))
        eval->steps += value.text.len / 64;
    else if (sp_is_list(value))
        eval->steps += value.list->len / 8;
    else if (value.kind == SP_DICT)
        eval->steps += value.dict->len / 8;
}

static bool weigh(struct sp_eval *eval, struct sp_value value, unsigned depth)
{
    size_t weight = 1 + (sp_is_text(value) ? value.text.len / 64 : 0);

    if (depth > SP_EVAL_NEST_MAX || !sp_eval_charge(eval, weight))
        return false;
    if (sp_is_list(value)) {
        SP_LIST_EACH(item, value.list)
        if (!weigh(eval, *item, depth + 1))
            return false;
    } else if (value.kind == SP_DICT) {
        SP_DICT_EACH(entry, value.dict)
        if (!weigh(eval, entry->value, depth + 1))
            return false;
    }
    return true;
}

bool sp_eval_weigh(struct sp_eval *eval, struct sp_value value)
{
    return weigh(eval, value, 0);
}

struct sp_value sp_eval_weighed(struct sp_eval *eval, struct sp_value value)
{
    return sp_eval_weigh(eval, value) ? value : sp_eval_exhausted(eval);
}

bool sp_eval_charge_text(struct sp_eval *eval, size_t bytes)
{
    return sp_eval_charge(eval, bytes / 16);
}

struct sp_value sp_eval_exhausted(struct sp_eval *eval)
{
    eval->final = true;
    if (eval->steps > SP_EVAL_STEPS_MAX)
        return sp_eval_error(eval, "evaluation takes more than %llu steps",
                             (unsigned long long)SP_EVAL_STEPS_MAX);
    return sp_eval_error(
        eval, "result is too large: a text may have %zu MiB, a list %d items and %d levels",
        SP_EVAL_TEXT_MAX >> 20, SP_EVAL_LIST_MAX, SP_EVAL_NEST_MAX);
}

struct sp_str sp_eval_brief(struct sp_eval *eval, struct sp_str text)
{
    sp_auto_buf struct sp_buf brief = SP_BUF(SP_BUF_SMALL);

    sp_value_brief(sp_text(text), 120, &brief);
    return sp_arena_str(eval->arena, sp_buf_str(&brief));
}

struct sp_value sp_eval_settle(struct sp_eval *eval, struct sp_value value)
{
    bool soft = value.kind == SP_UNRESOLVED || value.kind == SP_SKIPPED;

    if (soft)
        value.kind = eval->tolerant ? SP_UNRESOLVED : SP_ERROR;
    return value;
}
