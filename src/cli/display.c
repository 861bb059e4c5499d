/* SPDX-License-Identifier: BSD-3-Clause */
#include "cli/display.h"

#include "base/clock.h"

#include "cli/panel.h"
#include "cli/table.h"
#include "engine/logbook.h"
#include "sys/tty.h"
#include "value/json.h"
#include "value/text.h"

#include <stdio.h>
#include <unistd.h>

/* One line of the final table. */
struct row {
    char *task, *why;
    bool skipped, refused, success, interrupted;
    struct sp_usage_stats usage;
};

#define TABLE_ROWS_MAX 50 /* what fails comes last; 'spoor status' has the others */

struct sp_display {
    struct sp_display_options options;
    bool live; /* a terminal: there is a panel */
    bool colour;
    sp_nsec flushed; /* when what was printed was last given away */
    struct sp_panel *panel;
    struct row rows[TABLE_ROWS_MAX]; /* the newest steps */
    size_t row_count;                /* of all */
    size_t unselected;
    struct sp_buf note; /* the last one: it need not be said twice */
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
    display->panel = sp_panel_new(display->colour);
    display->note = SP_BUF(SP_BUF_LARGE);
    return display;
}

static void clear_row(struct row *row)
{
    free(row->task);
    free(row->why);
    *row = (struct row){ 0 };
}

void sp_display_free(struct sp_display *display)
{
    if (!display)
        return;
    sp_panel_hide(display->panel);
    (void)fflush(stdout);
    for (size_t i = 0; i < TABLE_ROWS_MAX; i++)
        clear_row(&display->rows[i]);
    sp_panel_free(display->panel);
    sp_buf_fini(&display->note);
    free(display);
}

/* --- lines -------------------------------------------------------------------------------- */

static void print_line(struct sp_display *display, enum style style, struct sp_str text)
{
    bool styled = display->colour && style != PLAIN;

    sp_auto_buf struct sp_buf plain = SP_BUF(SP_BUF_LARGE);

    sp_panel_hide(display->panel);
    if (styled)
        (void)fputs(style_codes[style], stdout);
    /* Tools may colour what they print into a pipe; where colours are off, theirs are, too. */
    if (!display->colour && sp_str_find(text, '\033') != SIZE_MAX) {
        sp_buf_add_plain(&plain, text);
        text = sp_buf_str(&plain);
    }
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
    sp_buf_clear(&display->note);
    sp_buf_add(&display->note, event->text);
}

/* "[3/7] demo.image (2/3)  wsclean"; of iterations side by side, the task is named in full. */
static void set_title(struct sp_buf *title, const struct sp_run_event *event)
{
    const struct sp_position *position = event->position;

    if (event->total)
        sp_buf_addf(title, "[%zu/%zu] ", event->done + 1, event->total);
    sp_buf_add(title, position->worker.len ? position->taskname : position->fqname);
    if (position->loop_status.len)
        sp_buf_addf(title, " (" SP_STR_FMT ")", SP_STR_ARG(position->loop_status));
    sp_buf_addf(title, "  " SP_STR_FMT, SP_STR_ARG(position->title));
}

static void redraw(struct sp_display *display)
{
    if (display->live)
        sp_panel_draw(display->panel);
}

static void on_step(struct sp_display *display, const struct sp_run_event *event)
{
    const struct sp_position *position = event->position;
    struct sp_panel_tool *tool = sp_panel_add(display->panel, event);
    sp_auto_buf struct sp_buf line = SP_BUF(SP_BUF_LARGE);

    set_title(&tool->title, event);
    sp_buf_add(&line, sp_buf_str(&tool->title));
    if (position->info.len)
        sp_buf_addf(&line, ": " SP_STR_FMT, SP_STR_ARG(position->info));
    print_line(display, BOLD, sp_buf_str(&line));
    print_text(display, CYAN, SP_STR_FMT "$ " SP_STR_FMT, SP_STR_ARG(position->worker),
               SP_STR_ARG(event->task->command.display));
    redraw(display);
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

static void withhold(struct sp_panel_tool *tool, const struct sp_run_event *event)
{
    struct sp_buf *kept = &tool->withheld;

    sp_buf_addf(kept, SP_STR_FMT "# " SP_STR_FMT "\n", SP_STR_ARG(event->position->worker),
                SP_STR_ARG(event->text));
    if (kept->len > SP_BUF_SMALL) {
        struct sp_str rest = last_lines(sp_buf_str(kept), WITHHELD_LINES);
        memmove(kept->ptr, rest.ptr, rest.len + 1);
        kept->len = rest.len;
    }
}

/* Lines of iterations side by side begin with their counters: ".2# text". */
static void on_output(struct sp_display *display, const struct sp_run_event *event)
{
    struct sp_panel_tool *tool = sp_panel_find(display->panel, event);
    enum style style = event->marks_failure || event->level >= SP_LOG_ERROR ? RED
                       : event->level == SP_LOG_WARNING                     ? YELLOW
                       : event->highlighted                                 ? BOLD
                                                                            : DIM;
    const char *mark = event->marks_failure ? "!" : event->marks_success ? "+" : "#";

    if (tool)
        sp_buf_clear(&tool->progress);
    if (event->partial) {
        if (tool)
            sp_buf_add(&tool->progress, sp_str_trim(event->text));
        redraw(display);
        return;
    }
    if (tool && display->options.quiet && style == DIM) {
        withhold(tool, event);
        return;
    }
    print_text(display, style, SP_STR_FMT "%s " SP_STR_FMT, SP_STR_ARG(event->position->worker),
               mark, SP_STR_ARG(event->text));
}

static void on_tick(struct sp_display *display, const struct sp_run_event *event)
{
    struct sp_panel_tool *tool = sp_panel_find(display->panel, event);

    if (tool)
        tool->usage = event->usage;
    redraw(display);
}

static struct row *add_row(struct sp_display *display, const struct sp_run_event *event)
{
    struct row *row = &display->rows[display->row_count++ % TABLE_ROWS_MAX];

    clear_row(row);
    row->task = strndup(event->position->taskname.ptr, event->position->taskname.len);
    row->why = event->text.len ? strndup(event->text.ptr, event->text.len) : NULL;
    row->success = event->success;
    row->refused = event->refused;
    row->interrupted = event->interrupted;
    row->usage = event->usage;
    return row;
}

static void on_done(struct sp_display *display, const struct sp_run_event *event)
{
    struct sp_panel_tool *tool = sp_panel_find(display->panel, event);
    struct sp_str withheld = SP_STR("");

    (void)add_row(display, event);
    if (tool)
        withheld = last_lines(sp_buf_str(&tool->withheld), WITHHELD_LINES);
    if (!event->success && withheld.len)
        print_text(display, DIM, SP_STR_FMT, SP_STR_ARG(sp_str_trim(withheld)));
    if (!event->success && !event->refused && !sp_str_eq(event->text, sp_buf_str(&display->note)))
        print_text(display, RED, SP_STR_FMT ": " SP_STR_FMT,
                   SP_STR_ARG(event->position->worker.len ? event->position->taskname
                                                          : event->position->fqname),
                   SP_STR_ARG(event->text));
    if (tool)
        sp_panel_remove(display->panel, tool);
}

static void on_skip(struct sp_display *display, const struct sp_run_event *event)
{
    if (event->unselected) {
        display->unselected++;
        return;
    }
    add_row(display, event)->skipped = true;
    print_text(display, DIM, "skipping step '" SP_STR_FMT "': " SP_STR_FMT,
               SP_STR_ARG(event->position->fqname), SP_STR_ARG(event->text));
}

static void on_leave(struct sp_display *display, const struct sp_run_event *event)
{
    sp_auto_buf struct sp_buf text = SP_BUF(SP_BUF_LARGE);

    if (event->position->depth > 0 || !event->outputs)
        return;
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

/* Empty where the result says it; and of a step that could not start: a finding tells of it when
 * the run has ended, with the place in the recipe. */
static const char *row_why(const struct row *row)
{
    return row->why && !row->refused && strcmp(row->why, row_result(row)) != 0 ? row->why : "";
}

static void add_table_row(struct sp_table *table, const struct row *row, bool with_why)
{
    sp_nsec cpu = row->usage.cpu_user + row->usage.cpu_system;

    sp_table_add(table, "%s", row->task);
    sp_table_add(table, "%s", row_result(row));
    if (row->skipped || row->refused) {
        for (int i = 0; i < 5; i++)
            sp_table_add(table, "%s", "");
    } else {
        sp_table_add(table, "%s", sp_clock_duration(row->usage.wall).text);
        sp_table_add(table, "%s",
                     sp_share_text((double)cpu / 1e9, (double)row->usage.wall / 1e9).text);
        sp_table_add(table, "%s", sp_size_text(row->usage.peak_memory).text);
        sp_table_add(table, "%s", sp_size_text(row->usage.read_bytes).text);
        sp_table_add(table, "%s", sp_size_text(row->usage.write_bytes).text);
    }
    if (with_why)
        sp_table_add(table, "%s", row_why(row));
}

static void show_table(struct sp_display *display)
{
    static const struct sp_column columns[] = {
        { "step", false },  { "result", false }, { "time", true },    { "cpu", true },
        { "memory", true }, { "read", true },    { "written", true }, { "why", false },
    };
    sp_auto_buf struct sp_buf text = SP_BUF(SP_BUF_LARGE);
    size_t count = display->row_count;
    size_t first = count > TABLE_ROWS_MAX ? count - TABLE_ROWS_MAX : 0;
    bool with_why = false;

    if (count == 0)
        return;
    for (size_t i = first; i < count; i++)
        with_why = with_why || *row_why(&display->rows[i % TABLE_ROWS_MAX]);
    sp_auto_table struct sp_table *table = sp_table_new(columns, SP_COUNT(columns) - !with_why);
    if (first)
        print_text(display, DIM, "(the first %zu steps are left out; see 'spoor status')", first);
    for (size_t i = first; i < count; i++)
        add_table_row(table, &display->rows[i % TABLE_ROWS_MAX], with_why);
    sp_table_format(table, display->live ? sp_tty_width(STDOUT_FILENO) : 0, display->colour, &text);
    (void)fputs("\n", stdout);
    (void)fputs(text.ptr, stdout);
    (void)fputs("\n", stdout);
}

static void on_end(struct sp_display *display, const struct sp_run_event *event)
{
    struct sp_clock_text wall = sp_clock_hms(event->usage.wall);

    sp_panel_hide(display->panel);
    show_table(display);
    if (display->unselected)
        print_text(display, DIM, "%zu step%s not selected", display->unselected,
                   display->unselected == 1 ? "" : "s");
    if (event->reused)
        print_text(
            display, DIM,
            "%zu step%s not run again: nothing they depend on has changed ('spoor why STEP')",
            event->reused, event->reused == 1 ? "" : "s");
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
    if (event->position && event->position->worker.len)
        add_json_field(&line, "task", event->position->taskname);
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
    case SP_RUN_TICK: on_tick(display, event); break;
    case SP_RUN_DONE: on_done(display, event); break;
    case SP_RUN_SKIP: on_skip(display, event); break;
    case SP_RUN_LEAVE: on_leave(display, event); break;
    case SP_RUN_END: on_end(display, event); break;
    case SP_RUN_ENTER:
    case SP_RUN_ITERATION:
    case SP_RUN_REUSED: break;
    }
    flush_if_due(display, event);
}
