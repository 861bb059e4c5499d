/* SPDX-License-Identifier: BSD-3-Clause */
#include "cli/panel.h"

#include "base/clock.h"
#include "base/vec.h"

#include "cli/table.h"
#include "sys/tty.h"

#include <stdio.h>
#include <unistd.h>

struct sp_panel {
    bool colour;
    size_t shown;                         /* lines on the terminal */
    sp_nsec started;                      /* monotonic */
    SP_VEC(struct sp_panel_tool *) tools; /* in the order in which they began */
};

struct sp_panel *sp_panel_new(bool colour)
{
    struct sp_panel *panel = sp_alloc(sizeof *panel);

    panel->colour = colour;
    panel->started = sp_clock_monotonic();
    return panel;
}

void sp_panel_free(struct sp_panel *panel)
{
    if (!panel)
        return;
    while (panel->tools.len)
        sp_panel_remove(panel, panel->tools.items[0]);
    SP_VEC_FINI(&panel->tools);
    free(panel);
}

struct sp_panel_tool *sp_panel_add(struct sp_panel *panel, const struct sp_run_event *event)
{
    struct sp_panel_tool *tool = sp_alloc(sizeof *tool);

    tool->task = SP_BUF(SP_BUF_SMALL);
    tool->title = SP_BUF(SP_BUF_SMALL);
    tool->progress = SP_BUF(SP_BUF_SMALL);
    tool->withheld = SP_BUF(SP_BUF_LARGE);
    tool->started = sp_clock_monotonic();
    sp_buf_add(&tool->task, event->position->taskname);
    *SP_VEC_ADD(&panel->tools) = tool; /* NOLINT(bugprone-sizeof-expression): pointers */
    return tool;
}

struct sp_panel_tool *sp_panel_find(struct sp_panel *panel, const struct sp_run_event *event)
{
    for (size_t i = panel->tools.len; i-- > 0 && event->position;)
        if (sp_str_eq(sp_buf_str(&panel->tools.items[i]->task), event->position->taskname))
            return panel->tools.items[i];
    return NULL;
}

void sp_panel_remove(struct sp_panel *panel, struct sp_panel_tool *tool)
{
    size_t at = 0;

    while (panel->tools.items[at] != tool)
        at++;
    panel->tools.len--;
    for (; at < panel->tools.len; at++)
        panel->tools.items[at] = panel->tools.items[at + 1];
    sp_buf_fini(&tool->task);
    sp_buf_fini(&tool->title);
    sp_buf_fini(&tool->progress);
    sp_buf_fini(&tool->withheld);
    free(tool);
}

/* --- drawing ------------------------------------------------------------------------------ */

static void add_usage(struct sp_buf *line, const struct sp_usage_stats *usage)
{
    if (usage->wall > 0)
        sp_buf_addf(line, "  cpu %.0f%%",
                    100.0 * (double)(usage->cpu_user + usage->cpu_system) / (double)usage->wall);
    if (usage->peak_memory)
        sp_buf_addf(line, "  mem %s", sp_size_text(usage->peak_memory).text);
}

static void put_line(struct sp_panel *panel, const struct sp_buf *line)
{
    struct sp_str shown = sp_buf_str(line);

    /* One column stays free: a full line would scroll on some terminals. */
    shown = sp_str_slice(shown, 0, (size_t)SP_MAX(sp_tty_width(STDOUT_FILENO) - 1, 10));
    (void)printf("%s\r\033[K%s" SP_STR_FMT "%s", panel->shown ? "\n" : "",
                 panel->colour ? "\033[7m" : "", SP_STR_ARG(shown), panel->colour ? "\033[0m" : "");
    panel->shown++;
}

static void put_tool(struct sp_panel *panel, const struct sp_panel_tool *tool)
{
    sp_auto_buf struct sp_buf line = SP_BUF(SP_BUF_SMALL);
    sp_nsec now = sp_clock_monotonic();

    sp_buf_addf(&line, "%s  %s", tool->title.ptr, sp_clock_duration(now - tool->started).text);
    add_usage(&line, &tool->usage);
    if (panel->tools.len == 1)
        sp_buf_addf(&line, "  total %s", sp_clock_duration(now - panel->started).text);
    if (tool->progress.len)
        sp_buf_addf(&line, "  | %s", tool->progress.ptr);
    put_line(panel, &line);
}

static void put_totals(struct sp_panel *panel)
{
    sp_auto_buf struct sp_buf line = SP_BUF(SP_BUF_SMALL);
    struct sp_usage_stats sum = { 0 };

    for (size_t i = 0; i < panel->tools.len; i++) {
        const struct sp_usage_stats *usage = &panel->tools.items[i]->usage;
        sum.cpu_user += usage->cpu_user;
        sum.cpu_system += usage->cpu_system;
        sum.peak_memory += usage->peak_memory;
        sum.wall = SP_MAX(sum.wall, usage->wall);
    }
    sp_buf_addf(&line, "%zu tools", panel->tools.len);
    add_usage(&line, &sum);
    sp_buf_addf(&line, "  total %s", sp_clock_duration(sp_clock_monotonic() - panel->started).text);
    put_line(panel, &line);
}

void sp_panel_draw(struct sp_panel *panel)
{
    sp_panel_hide(panel);
    for (size_t i = 0; i < panel->tools.len && i < SP_PANEL_LINES; i++)
        put_tool(panel, panel->tools.items[i]);
    if (panel->tools.len > 1)
        put_totals(panel);
    (void)fflush(stdout);
}

void sp_panel_hide(struct sp_panel *panel)
{
    for (; panel->shown > 1; panel->shown--)
        (void)fputs("\r\033[K\033[A", stdout);
    if (panel->shown)
        (void)fputs("\r\033[K", stdout);
    panel->shown = 0;
}
