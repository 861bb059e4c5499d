/* SPDX-License-Identifier: BSD-3-Clause */
#include "engine/profile.h"

#include "base/tap.h"

#include "sys/file.h"
#include "value/text.h"

#include <stdlib.h>
#include <unistd.h>

static const char *const lines[] = {
    "'event': 'run-start', 'recipe': 'r'",
    "'event': 'step-start', 'step': 'r.make', 'task': 'r.make'",
    "'event': 'step-end', 'step': 'r.make', 'task': 'r.make', 'wall': 2.0, 'cpu': 3.0, 'memory': "
    "1000, 'read': 10, 'write': 400",
    "'event': 'step-start', 'step': 'r.loop.a', 'task': 'r.loop.0.a'",
    "'event': 'step-start', 'step': 'r.loop.a', 'task': 'r.loop.1.a'", /* scattered */
    "'event': 'step-end', 'step': 'r.loop.a', 'task': 'r.loop.1.a', 'wall': 1.0, 'cpu': 0.5, "
    "'memory': 5000, 'read': 0, 'write': 0",
    "'event': 'step-end', 'step': 'r.loop.a', 'task': 'r.loop.0.a', 'wall': 3.0, 'cpu': 1.0, "
    "'memory': 2000, 'read': 0, 'write': 0",
    "'event': 'step-end', 'step': 'r.none', 'task': 'r.none', 'wall': 9.0",
    "'event': 'run-end', 'success': true, 'wall': 6.5",
};

static void write_journal(const char *dir)
{
    sp_auto_buf struct sp_buf text = SP_BUF(SP_BUF_SMALL);
    sp_auto_buf struct sp_buf path = SP_BUF(SP_BUF_SMALL);
    struct sp_err err = SP_ERR_INIT;

    for (size_t i = 0; i < SP_COUNT(lines); i++) {
        sp_buf_addf(&text, "{\"v\": 1, \"seq\": %zu, \"time\": \"2026-02-28T23:59:5%zu.500Z\", ",
                    i + 1, i);
        for (const char *c = lines[i]; *c; c++)
            sp_buf_addc(&text, *c == '\'' ? '"' : *c);
        sp_buf_adds(&text, "}\n");
    }
    sp_buf_addf(&path, "%s/.spoor/runs/1", dir);
    if (sp_make_dirs(path.ptr, &err) == SP_OK) {
        sp_buf_adds(&path, "/journal.jsonl");
        (void)!sp_file_write(path.ptr, sp_buf_str(&text), &err);
    }
}

static const struct want {
    const char *path, *name;
    unsigned depth;
    size_t runs;
    double wall, cpu, peak_cpu;
    uint64_t write, memory;
} merged[] = {
    { "r", "r", 0, 3, 6.5, 4.5, 1.5, 400, 5000 },
    { "r.make", "make", 1, 1, 2, 3, 1.5, 400, 1000 },
    { "r.loop", "loop", 1, 2, 3, 1.5, 0.5, 0, 5000 },
    { "r.loop.a", "a", 2, 2, 4, 1.5, 0.5, 0, 5000 },
};

static const struct want unrolled[] = {
    { "r", "r", 0, 3, 6.5, 4.5, 1.5, 400, 5000 },
    { "r.make", "make", 1, 1, 2, 3, 1.5, 400, 1000 },
    { "r.loop", "loop", 1, 2, 3, 1.5, 0.5, 0, 5000 },
    { "r.loop.0", "(0)", 2, 1, 3, 1, 1.0 / 3, 0, 2000 },
    { "r.loop.0.a", "a", 3, 1, 3, 1, 1.0 / 3, 0, 2000 },
    { "r.loop.1", "(1)", 2, 1, 1, 0.5, 0.5, 0, 5000 },
    { "r.loop.1.a", "a", 3, 1, 1, 0.5, 0.5, 0, 5000 },
};

static void check(const struct sp_workspace *workspace,
                  bool unroll,
                  const struct want *want,
                  size_t count)
{
    struct sp_profile profile = { 0 };
    struct sp_err err = SP_ERR_INIT;

    enum sp_rc rc = sp_profile_run(workspace, SP_STR("1"), unroll, &profile, &err);
    tap_ok(rc == SP_OK && profile.len == count, "%zu rows: %s", count, err.text);
    for (size_t i = 0; i < SP_MIN(count, profile.len); i++) {
        const struct sp_profile_row *row = &profile.rows[i];
        bool same = sp_str_is(row->path, want[i].path) && sp_str_is(row->name, want[i].name) &&
                    row->depth == want[i].depth && row->runs == want[i].runs &&
                    row->wall > want[i].wall - 1e-6 && row->wall < want[i].wall + 1e-6 &&
                    row->cpu > want[i].cpu - 1e-6 && row->cpu < want[i].cpu + 1e-6 &&
                    row->peak_cpu > want[i].peak_cpu - 1e-6 &&
                    row->peak_cpu < want[i].peak_cpu + 1e-6 && row->write == want[i].write &&
                    row->peak_memory == want[i].memory;
        if (!tap_ok(same, "%s, unrolled: %d", want[i].path, unroll))
            printf("# got " SP_STR_FMT " depth %u runs %zu wall %g cpu %g peak %g\n",
                   SP_STR_ARG(row->path), row->depth, row->runs, row->wall, row->cpu,
                   row->peak_cpu);
    }
}

int main(void)
{
    sp_auto_arena struct sp_arena *arena = sp_arena_new();
    char dir[] = "/tmp/spoor-profile-XXXXXX";
    struct sp_workspace workspace;
    struct sp_profile profile = { 0 };
    struct sp_err err = SP_ERR_INIT;

    if (!mkdtemp(dir))
        return 1;
    write_journal(dir);
    if (!tap_ok(sp_workspace_read(arena, dir, &workspace, &err) == SP_OK, "workspace: %s",
                err.text))
        return tap_done();
    check(&workspace, false, merged, SP_COUNT(merged));
    check(&workspace, true, unrolled, SP_COUNT(unrolled));
    tap_ok(sp_profile_run(&workspace, SP_STR("2"), false, &profile, &err) == SP_NOT_FOUND,
           "a run that is not there");
    if (sp_remove_tree(dir, &err))
        printf("# %s\n", err.text);
    return tap_done();
}
