/* SPDX-License-Identifier: BSD-3-Clause */
#include "engine/chronicle.h"

#include "base/map.h"

#include "sys/witness.h"

struct said {
    struct sp_str text;
    enum sp_log_level level;
    bool again; /* at the end */
};

void sp_chronicle_init(struct sp_chronicle *chronicle,
                       const struct sp_run_options *options,
                       struct sp_run_result *result)
{
    *chronicle = (struct sp_chronicle){
        .options = options,
        .result = result,
        .arena = sp_arena_new(),
    };
}

void sp_chronicle_fini(struct sp_chronicle *chronicle)
{
    sp_journal_close(chronicle->journal);
    sp_map_fini(&chronicle->said);
    sp_arena_free(chronicle->arena);
}

struct sp_run_event sp_chronicle_event(const struct sp_chronicle *chronicle,
                                       enum sp_run_event_kind kind,
                                       const struct sp_action *action)
{
    return (struct sp_run_event){
        .kind = kind,
        .position = action ? action->position : NULL,
        .task = action ? action->task : NULL,
        .level = SP_LOG_INFO,
        .done = chronicle->result->done,
        .reused = chronicle->result->reused,
        .total = chronicle->total,
        .run_id = chronicle->result->id,
    };
}

void sp_chronicle_tell(const struct sp_chronicle *chronicle, const struct sp_run_event *event)
{
    if (chronicle->options->watch)
        chronicle->options->watch(chronicle->options->arg, event);
}

enum sp_rc sp_chronicle_add(struct sp_chronicle *chronicle,
                            const char *name,
                            const struct sp_dict *record,
                            enum sp_journal_sync sync,
                            struct sp_err *err)
{
    enum sp_rc rc = sp_journal_append(chronicle->journal, name, record, sync, err);

    if (rc)
        chronicle->result->workspace_failed = true;
    return rc;
}

/* Every line of a step that runs is with the kernel before we go on, so that a killed engine loses
 * none. Against power cuts the first one that starts is synced (with the beginning of the run), and
 * the end. What is only reused could be found out again: those lines go to the kernel many at a
 * time, and a run that has nothing else is not synced at all. */
static enum sp_journal_sync urgency_of(struct sp_chronicle *chronicle,
                                       const struct sp_run_event *event)
{
    bool first = event->kind == SP_RUN_STEP && !chronicle->has_run;

    if (event->kind == SP_RUN_REUSED)
        return SP_JOURNAL_LATER;
    chronicle->has_run = chronicle->has_run || first;
    return first || (event->kind == SP_RUN_END && chronicle->has_run) ? SP_JOURNAL_SYNC
                                                                      : SP_JOURNAL_LAZY;
}

enum sp_rc sp_chronicle_write(struct sp_chronicle *chronicle,
                              struct sp_run_event *event,
                              const char *name,
                              const struct sp_dict *record,
                              struct sp_err *err)
{
    enum sp_rc rc = sp_chronicle_add(chronicle, name, record, urgency_of(chronicle, event), err);

    if (rc)
        return rc;
    event->event = name;
    event->record = record;
    sp_chronicle_tell(chronicle, event);
    return SP_OK;
}

/* --- for people --------------------------------------------------------------------------- */

void sp_chronicle_note(struct sp_chronicle *chronicle,
                       struct sp_logbook *book,
                       enum sp_log_level level,
                       struct sp_str text)
{
    struct sp_run_event event = sp_chronicle_event(chronicle, SP_RUN_NOTE, NULL);

    event.text = text;
    event.level = level;
    sp_witness_blind(); /* it will want to be said again */
    sp_logbook_write(book, level, text);
    sp_chronicle_tell(chronicle, &event);
}

void sp_chronicle_say(struct sp_chronicle *chronicle,
                      struct sp_logbook *book,
                      enum sp_log_level level,
                      struct sp_str text,
                      unsigned flags)
{
    sp_auto_buf struct sp_buf key = SP_BUF(SP_BUF_LARGE);

    sp_witness_blind();
    if (!(flags & SP_LOG_ONCE))
        sp_buf_add(&key, sp_logbook_logger(book));
    sp_buf_addc(&key, '\n');
    sp_buf_add(&key, text);
    struct said *said = sp_map_find(&chronicle->said, sp_buf_str(&key));
    if (said && (flags & (SP_LOG_NO_REPEAT | SP_LOG_ONCE)))
        return;
    if (!said && (flags & (SP_LOG_SUMMARY | SP_LOG_NO_REPEAT | SP_LOG_ONCE))) {
        struct sp_str kept = sp_arena_str(chronicle->arena, sp_buf_str(&key));
        said = SP_ARENA_NEW(chronicle->arena, struct said, 1);
        *said = (struct said){ sp_str_slice(kept, kept.len - text.len, kept.len), level,
                               flags & SP_LOG_SUMMARY };
        sp_map_set(&chronicle->said, kept, said);
    }
    if (!(flags & SP_LOG_SUMMARY_ONLY))
        sp_chronicle_note(chronicle, book, level, text);
}

void sp_chronicle_repeat(struct sp_chronicle *chronicle, struct sp_logbook *book)
{
    bool first = true;

    SP_MAP_EACH (entry, &chronicle->said) {
        const struct said *said = entry->value;
        if (!said->again)
            continue;
        if (first)
            sp_chronicle_note(chronicle, book, SP_LOG_INFO,
                              SP_STR("accumulated warnings and errors"));
        first = false;
        sp_chronicle_note(chronicle, book, said->level, said->text);
    }
}
