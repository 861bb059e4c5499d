/* SPDX-License-Identifier: BSD-3-Clause */
#include "engine/verified.h"

#include "base/buf.h"

#include "journal/journal.h"

enum sp_verify_outcome sp_verified_outcome(const struct sp_dict *event)
{
    struct sp_str outcome = sp_dict_text(event, "outcome");

    if (sp_str_is(outcome, "unknown"))
        return SP_VERIFY_UNKNOWN;
    return sp_str_is(outcome, "differs") || sp_str_is(outcome, "failed") ? SP_VERIFY_DIFFERS
                                                                         : SP_VERIFY_SAME;
}

struct sp_str sp_verified_text(struct sp_arena *arena, const struct sp_dict *event)
{
    static const struct {
        const char *outcome, *text;
    } texts[] = {
        { "bitwise", "the same, byte by byte" },
        { "meaning", "the same data (time stamps, histories and the like differ)" },
        { "within", "the same within the tolerance" },
        { "differs", "differs" },
        { "failed", "the tool failed this time" },
        { "unknown", "cannot be verified" },
    };
    sp_auto_buf struct sp_buf out = SP_BUF(SP_BUF_SMALL);

    for (size_t i = 0; i < SP_COUNT(texts); i++)
        if (sp_str_is(sp_dict_text(event, "outcome"), texts[i].outcome))
            sp_buf_adds(&out, texts[i].text);
    if (sp_dict_get(event, "relative"))
        sp_buf_addf(&out, ", by %.3g", sp_dict_number(event, "relative"));
    if (sp_dict_get(event, "why"))
        sp_buf_addf(&out, ": " SP_STR_FMT, SP_STR_ARG(sp_dict_text(event, "why")));
    return sp_arena_str(arena, sp_buf_str(&out));
}

static struct sp_str file_of(const struct sp_workspace *workspace)
{
    return sp_arena_join(workspace->arena, workspace->dir, "/", SP_STR("verified.jsonl"));
}

enum sp_rc sp_verified_add(const struct sp_workspace *workspace,
                           const struct sp_dict *event,
                           struct sp_err *err)
{
    struct sp_str path = file_of(workspace);
    struct sp_journal *journal = NULL;
    enum sp_rc rc = sp_journal_open(path.ptr, &journal, err);

    if (rc == SP_NOT_FOUND)
        rc = sp_journal_create(path.ptr, &journal, err);
    if (rc == SP_OK)
        rc = sp_journal_append(journal, "verified", event, SP_JOURNAL_LAZY, err);
    sp_journal_close(journal);
    return rc;
}

struct fold {
    struct sp_arena *arena;
    struct sp_list *events;
};

static bool take(const struct sp_dict *event, void *arg)
{
    const struct fold *fold = arg;

    sp_list_add(fold->arena, fold->events,
                (struct sp_value){ .kind = SP_DICT, .dict = (struct sp_dict *)event });
    return true;
}

struct sp_list *sp_verified_read(const struct sp_workspace *workspace)
{
    struct fold fold = { workspace->arena, sp_list_new(workspace->arena).list };
    struct sp_err ignored = SP_ERR_INIT;

    /* A file that cannot be read tells nothing. */
    (void)!sp_journal_read(file_of(workspace).ptr, workspace->arena, take, &fold, &ignored);
    return fold.events;
}

const struct sp_dict *sp_verified_of(const struct sp_list *events,
                                     const struct sp_step_summary *step)
{
    struct sp_str program = step->key ? sp_dict_text(step->key, "program") : SP_STR("");
    const struct sp_dict *of_cab = NULL;

    for (size_t i = events->len; i-- > 0 && program.len;) {
        const struct sp_dict *event = events->items[i].dict;
        if (!sp_str_eq(sp_dict_text(event, "program"), program))
            continue;
        if (sp_str_eq(sp_dict_text(event, "task"), step->task))
            return event;
        if (!of_cab && step->cab.len && sp_str_eq(sp_dict_text(event, "cab"), step->cab))
            of_cab = event;
    }
    return of_cab;
}
