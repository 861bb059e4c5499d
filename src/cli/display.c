/* SPDX-License-Identifier: BSD-3-Clause */
#include "cli/display.h"

#include "base/clock.h"
#include "base/vec.h"

#include "cli/table.h"
#include "engine/logbook.h"
#include "sys/tty.h"
#include "value/json.h"
#include "value/text.h"

#include <stdio.h>
#include <unistd.h>

/* One line of the final table. */
struct row {
    char *task, *cab, *why;
    bool skipped, success, interrupted;
    struct sp_usage_stats usage;
};

struct sp_display {
    struct sp_display_options options;
    bool live; /* a terminal: there is a status line */
    bool colour;
    bool status_shown;
    sp_nsec run_started, step_started; /* monotonic */
    sp_nsec flushed;                   /* when what was printed was last given away */
    struct sp_str run_id;
    struct sp_buf status;   /* its text, without what changes every tick */
    struct sp_buf progress; /* last partial line of the tool */
    struct sp_buf withheld; /* when quiet: the newest lines of the tool, in case it fails */
    SP_VEC(struct row) rows;
};

enum style {
    PLAIN,
    DIM,
    BOLD,
    RED,
    GREEN,
    YELLOW,
    CYAN
};

static const char *const style_codes[] = {
    [PLAIN] = "",         [DIM] = "\033[2m",     [BOLD] = "\033[1m",  [RED] = "\033[31m",
    [GREEN] = "\033[32m", [YELLOW] = "\033[33m", [CYAN] = "\033[36m",
};

struct sp_display *sp_display_new(const struct sp_display_options *options)
{
    struct sp_display *display = sp_alloc(sizeof *display);

    display->options = *options;
    display->live = !options->json && !options->plain && sp_tty_is(STDOUT_FILENO);
    display->colour = !options->json && sp_tty_colour(STDOUT_FILENO);
    display->status = SP_BUF(SP_BUF_SMALL);
    display->progress = SP_BUF(SP_BUF_SMALL);
    display->withheld = SP_BUF(SP_BUF_LARGE);
    display->run_started = display->step_started = sp_clock_monotonic();
    return display;
}

static void hide_status(struct sp_display *display)
{
    if (display->status_shown)
        (void)fputs("\r\033[K", stdout);
    display->status_shown = false;
}

void sp_display_free(struct sp_display *display)
{
    if (!display)
        return;
    hide_status(display);
    (void)fflush(stdout);
    for (size_t i = 0; i < display->rows.len; i++) {
        free(display->rows.items[i].task);
        free(display->rows.items[i].cab);
        free(display->rows.items[i].why);
    }
    SP_VEC_FINI(&display->rows);
    sp_buf_fini(&display->status);
    sp_buf_fini(&display->progress);
    sp_buf_fini(&display->withheld);
    free(display);
}

/* --- lines -------------------------------------------------------------------------------- */

static void print_line(struct sp_display *display, enum style style, struct sp_str text)
{
    bool styled = display->colour && style != PLAIN;

    hide_status(display);
    if (styled)
        (void)fputs(style_codes[style], stdout);
    (void)fwrite(text.ptr, 1, text.len, stdout);
    (void)fputs(styled ? "\033[0m\n" : "\n", stdout);
}

static SP_PRINTF(3, 4) void print_text(struct sp_display *display,
                                       enum style style,
                                       const char *fmt,
                                       ...)
{
    sp_auto_buf struct sp_buf line = SP_BUF(SP_BUF_LARGE);
    va_list args;

    va_start(args, fmt);
    sp_buf_addv(&line, fmt, args);
    va_end(args);
    print_line(display, style, sp_buf_str(&line));
}

/* --- the status line ---------------------------------------------------------------------- */

static void show_status(struct sp_display *display, const struct sp_run_event *event)
{
    sp_auto_buf struct sp_buf line = SP_BUF(SP_BUF_SMALL);
    sp_nsec now = sp_clock_monotonic();
    const struct sp_usage_stats *usage = &event->usage;

    if (!display->live || display->status.len == 0)
        return;
    sp_buf_add(&line, sp_buf_str(&display->status));
    sp_buf_addf(&line, "  %s", sp_clock_duration(now - display->step_started).text);
    if (usage->wall > 0) {
        double cpu = 100.0 * (double)(usage->cpu_user + usage->cpu_system) / (double)usage->wall;
        sp_buf_addf(&line, "  cpu %.0f%%", cpu);
    }
    if (usage->peak_memory)
        sp_buf_addf(&line, "  mem %s", sp_size_text(usage->peak_memory).text);
    sp_buf_addf(&line, "  total %s", sp_clock_duration(now - display->run_started).text);
    if (display->progress.len)
        sp_buf_addf(&line, "  | %s", display->progress.ptr);

    /* One column stays free: a full line would scroll on some terminals. */
    struct sp_str shown = sp_buf_str(&line);
    shown = sp_str_slice(shown, 0, (size_t)SP_MAX(sp_tty_width(STDOUT_FILENO) - 1, 10));
    (void)printf("\r\033[K%s" SP_STR_FMT "%s", display->colour ? "\033[7m" : "", SP_STR_ARG(shown),
                 display->colour ? "\033[0m" : "");
    (void)fflush(stdout);
    display->status_shown = true;
}

/* "[3/7] demo.image 2/3  wsclean" */
static void set_status(struct sp_display *display, const struct sp_run_event *event)
{
    const struct sp_position *position = event->position;

    sp_buf_clear(&display->status);
    sp_buf_clear(&display->progress);
    if (event->total)
        sp_buf_addf(&display->status, "[%zu/%zu] ", event->done + 1, event->total);
    sp_buf_add(&display->status, position->fqname);
    if (position->loop_status.len)
        sp_buf_addf(&display->status, " (" SP_STR_FMT ")", SP_STR_ARG(position->loop_status));
    sp_buf_addf(&display->status, "  " SP_STR_FMT, SP_STR_ARG(position->title));
}

/* --- events ------------------------------------------------------------------------------- */

static void on_start(struct sp_display *display, const struct sp_run_event *event)
{
    struct sp_buf id = SP_BUF(SP_BUF_SMALL);

    sp_buf_addf(&id, "run " SP_STR_FMT, SP_STR_ARG(event->run_id));
    if (event->total)
        sp_buf_addf(&id, ", %zu tool run%s", event->total, event->total == 1 ? "" : "s");
    print_line(display, DIM, sp_buf_str(&id));
    sp_buf_fini(&id);
}

static void on_note(struct sp_display *display, const struct sp_run_event *event)
{
    enum style style = event->level >= SP_LOG_ERROR     ? RED
                       : event->level == SP_LOG_WARNING ? YELLOW
                                                        : PLAIN;

    print_text(display, style, "%s%s" SP_STR_FMT,
               event->level >= SP_LOG_WARNING ? sp_log_level_name(event->level) : "",
               event->level >= SP_LOG_WARNING ? ": " : "", SP_STR_ARG(event->text));
}

static void on_step(struct sp_display *display, const struct sp_run_event *event)
{
    const struct sp_position *position = event->position;
    sp_auto_buf struct sp_buf line = SP_BUF(SP_BUF_LARGE);

    display->step_started = sp_clock_monotonic();
    set_status(display, event);
    sp_buf_add(&line, sp_buf_str(&display->status));
    if (position->info.len)
        sp_buf_addf(&line, ": " SP_STR_FMT, SP_STR_ARG(position->info));
    print_line(display, BOLD, sp_buf_str(&line));
    print_text(display, CYAN, "$ " SP_STR_FMT, SP_STR_ARG(event->task->command.display));
    show_status(display, event);
}

#define WITHHELD_LINES 10

/* The last lines of `text`, at most `count`. */
static struct sp_str last_lines(struct sp_str text, int count)
{
    size_t at = text.len;

    while (at > 0 && (at == text.len || text.ptr[at - 1] != '\n' || --count > 0))
        at--;
    return sp_str_slice(text, at, text.len);
}

static void withhold(struct sp_display *display, struct sp_str line)
{
    struct sp_buf *kept = &display->withheld;

    sp_buf_addf(kept, "# " SP_STR_FMT "\n", SP_STR_ARG(line));
    if (kept->len > SP_BUF_LARGE / 2) {
        struct sp_str rest = last_lines(sp_buf_str(kept), WITHHELD_LINES);
        memmove(kept->ptr, rest.ptr, rest.len + 1);
        kept->len = rest.len;
    }
}

static void on_output(struct sp_display *display, const struct sp_run_event *event)
{
    enum style style = event->marks_failure || event->level >= SP_LOG_ERROR ? RED
                       : event->level == SP_LOG_WARNING                     ? YELLOW
                       : event->highlighted                                 ? BOLD
                                                                            : DIM;
    const char *mark = event->marks_failure ? "!" : event->marks_success ? "+" : "#";

    sp_buf_clear(&display->progress);
    if (event->partial) {
        sp_buf_add(&display->progress, sp_str_trim(event->text));
        show_status(display, event);
        return;
    }
    if (display->options.quiet && style == DIM) {
        withhold(display, event->text);
        return;
    }
    print_text(display, style, "%s " SP_STR_FMT, mark, SP_STR_ARG(event->text));
}

static struct row *add_row(struct sp_display *display, const struct sp_run_event *event)
{
    struct row *row = SP_VEC_ADD(&display->rows);

    row->task = strndup(event->position->taskname.ptr, event->position->taskname.len);
    row->cab = strndup(event->position->title.ptr, event->position->title.len);
    row->why = event->text.len ? strndup(event->text.ptr, event->text.len) : NULL;
    row->success = event->success;
    row->interrupted = event->interrupted;
    row->usage = event->usage;
    return row;
}

static void on_done(struct sp_display *display, const struct sp_run_event *event)
{
    struct sp_str withheld = last_lines(sp_buf_str(&display->withheld), WITHHELD_LINES);

    (void)add_row(display, event);
    sp_buf_clear(&display->progress);
    if (!event->success && withheld.len)
        print_text(display, DIM, SP_STR_FMT, SP_STR_ARG(sp_str_trim(withheld)));
    sp_buf_clear(&display->withheld);
    if (!event->success)
        print_text(display, RED, SP_STR_FMT ": " SP_STR_FMT, SP_STR_ARG(event->position->fqname),
                   SP_STR_ARG(event->text));
}

static void on_skip(struct sp_display *display, const struct sp_run_event *event)
{
    add_row(display, event)->skipped = true;
    print_text(display, DIM, "skipping step '" SP_STR_FMT "': " SP_STR_FMT,
               SP_STR_ARG(event->position->fqname), SP_STR_ARG(event->text));
}

static void on_leave(struct sp_display *display, const struct sp_run_event *event)
{
    sp_auto_buf struct sp_buf text = SP_BUF(SP_BUF_LARGE);

    if (event->position->depth > 0 || !event->outputs)
        return;
    sp_buf_clear(&display->status);
    SP_DICT_EACH(entry, event->outputs)
    {
        sp_buf_clear(&text);
        sp_value_brief(entry->value, 1000, &text);
        print_text(display, PLAIN, SP_STR_FMT ": %s", SP_STR_ARG(entry->key), text.ptr);
    }
}

/* --- the end ------------------------------------------------------------------------------ */

static const char *row_result(const struct row *row)
{
    if (row->skipped)
        return "skipped";
    if (row->interrupted)
        return "interrupted";
    return row->success ? "done" : "failed";
}

static void add_table_row(struct sp_table *table, const struct row *row)
{
    sp_nsec cpu = row->usage.cpu_user + row->usage.cpu_system;

    sp_table_add(table, "%s", row->task);
    sp_table_add(table, "%s", row_result(row));
    if (row->skipped) {
        for (int i = 0; i < 5; i++)
            sp_table_add(table, "%s", "");
        return;
    }
    sp_table_add(table, "%s", sp_clock_duration(row->usage.wall).text);
    sp_table_add(table, "%s", sp_share_text((double)cpu / 1e9, (double)row->usage.wall / 1e9).text);
    sp_table_add(table, "%s", sp_size_text(row->usage.peak_memory).text);
    sp_table_add(table, "%s", sp_size_text(row->usage.read_bytes).text);
    sp_table_add(table, "%s", sp_size_text(row->usage.write_bytes).text);
}

#define TABLE_ROWS_MAX 200 /* a loop of thousands is summed up by 'spoor status' */

static void show_table(struct sp_display *display)
{
    static const struct sp_column columns[] = {
        { "step", false },  { "result", false }, { "time", true },    { "cpu", true },
        { "memory", true }, { "read", true },    { "written", true },
    };
    sp_auto_table struct sp_table *table = sp_table_new(columns, SP_COUNT(columns));
    sp_auto_buf struct sp_buf text = SP_BUF(SP_BUF_LARGE);
    size_t first = display->rows.len > TABLE_ROWS_MAX ? display->rows.len - TABLE_ROWS_MAX : 0;

    if (display->rows.len == 0)
        return;
    if (first)
        print_text(display, DIM, "(the first %zu steps are left out; see 'spoor status')", first);
    for (size_t i = first; i < display->rows.len; i++)
        add_table_row(table, &display->rows.items[i]);
    sp_table_format(table, display->live ? sp_tty_width(STDOUT_FILENO) : 0, display->colour, &text);
    (void)fputs("\n", stdout);
    (void)fputs(text.ptr, stdout);
    (void)fputs("\n", stdout);
}

static void on_end(struct sp_display *display, const struct sp_run_event *event)
{
    struct sp_clock_text wall = sp_clock_hms(event->usage.wall);

    hide_status(display);
    sp_buf_clear(&display->status);
    show_table(display);
    if (event->success)
        print_text(display, GREEN, "run successful after %s", wall.text);
    else if (event->interrupted)
        print_text(display, YELLOW, "run interrupted after %s", wall.text);
    else
        print_text(display, RED, "run failed after %s", wall.text);
    print_text(display, DIM, "last log directory was " SP_STR_FMT, SP_STR_ARG(event->log_dir));
}

static void add_json_field(struct sp_buf *line, const char *name, struct sp_str text)
{
    sp_buf_addf(line, "%s\"%s\": ", line->len > 1 ? ", " : "", name);
    sp_json_encode(sp_text(text), SP_JSON_COMPACT, line);
}

/* What is not in the journal, because the logs have it. */
static void print_json_text(const struct sp_run_event *event)
{
    sp_auto_buf struct sp_buf line = SP_BUF(SP_BUF_LARGE);

    if (event->partial)
        return;
    sp_buf_addc(&line, '{');
    add_json_field(&line, "event",
                   event->kind == SP_RUN_OUTPUT ? SP_STR("output") : SP_STR("note"));
    if (event->position)
        add_json_field(&line, "step", event->position->fqname);
    add_json_field(&line, "level", sp_str_of(sp_log_level_name(event->level)));
    add_json_field(&line, "text", event->text);
    (void)printf("%s}\n", line.ptr);
}

static void print_json(const struct sp_run_event *event)
{
    sp_auto_buf struct sp_buf line = SP_BUF(SP_BUF_LARGE);
    struct sp_value record = { .kind = SP_DICT };

    if (event->kind == SP_RUN_OUTPUT || event->kind == SP_RUN_NOTE)
        print_json_text(event);
    if (!event->event || !event->record)
        return;
    record.dict = (struct sp_dict *)event->record; /* only read */
    sp_json_encode(record, SP_JSON_COMPACT, &line);
    bool empty = event->record->len == 0;
    (void)printf("{\"event\": \"%s\"%s%s\n", event->event, empty ? "" : ", ", line.ptr + 1);
}

/* Readers of a pipe see lines at once, unless a tool floods them: then every half second. */
static void flush_if_due(struct sp_display *display, const struct sp_run_event *event)
{
    sp_nsec now = sp_clock_monotonic();

    if (event->kind == SP_RUN_OUTPUT && now - display->flushed < SP_NSEC_PER_SEC / 20)
        return;
    (void)fflush(stdout);
    display->flushed = now;
}

void sp_display_event(void *arg, const struct sp_run_event *event)
{
    struct sp_display *display = arg;

    if (display->options.json) {
        print_json(event);
        flush_if_due(display, event);
        return;
    }
    switch (event->kind) {
    case SP_RUN_START: on_start(display, event); break;
    case SP_RUN_NOTE: on_note(display, event); break;
    case SP_RUN_STEP: on_step(display, event); break;
    case SP_RUN_OUTPUT: on_output(display, event); break;
    case SP_RUN_TICK: show_status(display, event); break;
    case SP_RUN_DONE: on_done(display, event); break;
    case SP_RUN_SKIP: on_skip(display, event); break;
    case SP_RUN_LEAVE: on_leave(display, event); break;
    case SP_RUN_END: on_end(display, event); break;
    case SP_RUN_ENTER:
    case SP_RUN_ITERATION: break;
    }
    flush_if_due(display, event);
}
