/* SPDX-License-Identifier: BSD-3-Clause */
/* A table of two storage managers, 0 with A and B, 1 with C; the role writes what a row says. */
#include "engine/columns.h"

#include "base/tap.h"

static void add_number(struct sp_buf *out, uint64_t number)
{
    for (int shift = 24; shift >= 0; shift -= 8)
        sp_buf_addc(out, (char)(number >> shift));
}

static void add_string(struct sp_buf *out, const char *text)
{
    add_number(out, strlen(text));
    sp_buf_adds(out, text);
}

static void add_object(struct sp_buf *out, const char *name, unsigned version, struct sp_buf *body)
{
    add_number(out, 4 + 4 + strlen(name) + 4 + body->len);
    add_string(out, name);
    add_number(out, version);
    sp_buf_add(out, sp_buf_str(body));
    sp_buf_clear(body);
}

/* As much of a table.dat as is looked at. */
static void write_dat(struct sp_buf *out)
{
    static const struct {
        const char *name;
        unsigned manager;
    } columns[] = { { "A", 0 }, { "B", 0 }, { "C", 1 } };
    sp_auto_buf struct sp_buf body = SP_BUF(SP_BUF_SMALL);
    sp_auto_buf struct sp_buf desc = SP_BUF(SP_BUF_SMALL);
    sp_auto_buf struct sp_buf record = SP_BUF(SP_BUF_SMALL);

    for (int i = 0; i < 3; i++)
        add_string(&desc, "");
    add_object(&desc, "TableRecord", 1, &record);
    add_object(&desc, "TableRecord", 1, &record);
    add_number(&desc, SP_COUNT(columns));
    add_number(&body, 7);
    add_number(&body, 1);
    add_string(&body, "PlainTable");
    add_object(&body, "TableDesc", 2, &desc);
    add_number(&body, (uint32_t)-2);
    add_number(&body, 7);
    add_number(&body, 2);
    add_number(&body, 0);
    for (size_t i = 0; i < SP_COUNT(columns); i++) {
        add_number(&body, 2);
        add_string(&body, columns[i].name);
        add_number(&body, 1);
        add_number(&body, columns[i].manager);
    }
    sp_buf_adds(out, "\xbe\xbe\xbe\xbe");
    add_object(out, "Table", 2, &body);
}

static const struct {
    const char *writes, *file;
    unsigned known; /* digests */
    const char *want;
} cases[] = {
    { "A", "table.f0", SP_TREE_MEANING, "" }, /* shared with B: nobody can tell */
    { "C", "table.f0", SP_TREE_MEANING, "A, B (table.f0)" },
    { "A", "table.f1_TSM0", SP_TREE_MEANING, "C (table.f1_TSM0)" },
    { "A", "table.f1_TSM0", SP_TREE_EXACT, "C (table.f1_TSM0)" },
    { "A", "table.f1_TSM0", 0, "" },
    { "C", "table.f1_TSM0", SP_TREE_MEANING, "" },
    { "A", "table.f10_TSM0", SP_TREE_MEANING, "" },
    { "A", "table.f", SP_TREE_MEANING, "" },
    { "A", "table.dat", SP_TREE_MEANING, "" },
    { "A", "ANTENNA/table.f0", SP_TREE_MEANING, "ANTENNA/table.f0" },
    { "A", "HISTORY/table.f0", SP_TREE_MEANING, "" },
    { "A", "QUALITY_TIME_STATISTIC/table.f0", SP_TREE_MEANING, "" },
};

int main(void)
{
    sp_auto_arena struct sp_arena *arena = sp_arena_new();
    sp_auto_buf struct sp_buf dat = SP_BUF(SP_BUF_SMALL);

    write_dat(&dat);
    for (size_t i = 0; i < SP_COUNT(cases); i++) {
        struct sp_tree_entry entries[] = {
            { .path = sp_str_of(cases[i].file), .type = SP_TREE_FILE, .has = cases[i].known },
            { .path = sp_str_of(cases[i].file), .type = SP_TREE_FILE, .has = cases[i].known },
        };
        entries[1].exact.bytes[0] = entries[1].meaning.bytes[0] = 1;
        struct sp_tree before = { .entries = &entries[0], .len = 1 };
        struct sp_tree now = { .entries = &entries[1], .len = 1 };
        struct sp_str writes = sp_str_of(cases[i].writes);
        struct sp_role role = { .writes = &writes, .write_count = 1 };
        struct sp_str got = sp_columns_undeclared(arena, &role, &before, &now, sp_buf_str(&dat));
        struct sp_str same = sp_columns_undeclared(arena, &role, &now, &now, sp_buf_str(&dat));
        if (!tap_ok(sp_str_is(got, cases[i].want) && !same.len, "writes %s, %s changed",
                    cases[i].writes, cases[i].file))
            printf("# got " SP_STR_FMT "\n", SP_STR_ARG(got));
    }
    return tap_done();
}
