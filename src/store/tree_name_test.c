/* SPDX-License-Identifier: BSD-3-Clause */
#include "base/tap.h"

#include "store/tree.h"

#define DIGEST(n) ((struct sp_digest){ { (n) } })
#define BOTH      (SP_TREE_EXACT | SP_TREE_MEANING)

static struct sp_tree_entry file_of(struct sp_str path, unsigned char exact, unsigned char meaning)
{
    return (struct sp_tree_entry){ .path = path,
                                   .type = SP_TREE_FILE,
                                   .has = BOTH,
                                   .mode = 0644,
                                   .size = 7,
                                   .mtime = 5,
                                   .exact = DIGEST(exact),
                                   .meaning = DIGEST(meaning) };
}

enum {
    ROOT,
    FILE_A,
    LINK_B,
    FILE_C,
    COUNT
};

static void fill(struct sp_tree_entry entries[COUNT])
{
    entries[ROOT] = (struct sp_tree_entry){ .path = SP_STR("."), .type = SP_TREE_DIR };
    entries[FILE_A] = file_of(SP_STR("a"), 1, 2);
    entries[LINK_B] =
        (struct sp_tree_entry){ .path = SP_STR("b"), .type = SP_TREE_LINK, .target = SP_STR("a") };
    entries[FILE_C] = file_of(SP_STR("c"), 3, 4);
}

#define CHANGE(what, statement)                                    \
    static void change_##what(struct sp_tree_entry entries[COUNT]) \
    {                                                              \
        statement;                                                 \
    }

CHANGE(nothing, entries[ROOT].mode = 0755)
CHANGE(inode, (entries[FILE_A].ino = 9, entries[FILE_A].changed = 9))
CHANGE(group_mode, entries[FILE_A].mode = 0600)
CHANGE(executable, entries[FILE_A].mode = 0744)
CHANGE(mtime, entries[FILE_A].mtime = 6)
CHANGE(size, entries[FILE_A].size = 8)
CHANGE(exact, entries[FILE_A].exact = DIGEST(9))
CHANGE(meaning, entries[FILE_A].meaning = DIGEST(9))
CHANGE(left_out, entries[FILE_C].meaning = DIGEST(0))
CHANGE(path, entries[FILE_A].path = SP_STR("A"))
CHANGE(target, entries[LINK_B].target = SP_STR("c"))
CHANGE(target_ends, entries[LINK_B].target = SP_STR("aa"))
CHANGE(type, entries[ROOT].type = SP_TREE_LINK)

/* One difference each, and which of the three names it changes. */
static const struct {
    const char *label;
    void (*change)(struct sp_tree_entry entries[COUNT]);
    bool exact, content, listing;
} cases[] = {
    { "nothing that counts", change_nothing, false, false, false },
    { "inode, ctime", change_inode, false, false, false },
    { "mode of the group", change_group_mode, false, false, false },
    { "executable", change_executable, true, true, true },
    { "mtime", change_mtime, false, false, true },
    { "size", change_size, false, false, true },
    { "bytes without meaning", change_exact, true, false, false },
    { "meaning", change_meaning, false, true, false },
    { "an entry is left out", change_left_out, false, true, false },
    { "path", change_path, true, true, true },
    { "where a link points to", change_target, true, true, true },
    { "length of a link", change_target_ends, true, true, true },
    { "type", change_type, true, true, true },
};

static void test_cases(void)
{
    struct sp_tree_entry one[COUNT], two[COUNT];
    struct sp_tree a = { .entries = one, .len = COUNT };
    struct sp_tree b = { .entries = two, .len = COUNT };

    for (size_t i = 0; i < SP_COUNT(cases); i++) {
        fill(one);
        fill(two);
        cases[i].change(two);
        struct sp_digest exact[] = { sp_tree_exact(&a), sp_tree_exact(&b) };
        struct sp_digest content[] = { sp_tree_content(&a), sp_tree_content(&b) };
        struct sp_digest listing[] = { sp_tree_listing(&a), sp_tree_listing(&b) };
        tap_ok(sp_digest_eq(&exact[0], &exact[1]) != cases[i].exact, "exact: %s", cases[i].label);
        tap_ok(sp_digest_eq(&content[0], &content[1]) != cases[i].content, "content: %s",
               cases[i].label);
        tap_ok(sp_digest_eq(&listing[0], &listing[1]) != cases[i].listing, "listing: %s",
               cases[i].label);
        tap_ok(sp_tree_is_same(&a, &b) != cases[i].content, "entry by entry: %s", cases[i].label);
        tap_ok(!sp_digest_eq(&exact[0], &content[0]) && !sp_digest_eq(&exact[0], &listing[0]) &&
                   !sp_digest_eq(&content[0], &listing[0]),
               "the three differ");
    }
}

/* What is left out is as if it were not there, be it a file or a directory. */
static void test_left_out(void)
{
    struct sp_tree_entry with[COUNT], without[COUNT];
    struct sp_tree a = { .entries = with, .len = COUNT };
    struct sp_tree b = { .entries = without, .len = COUNT - 1 };

    fill(with);
    fill(without);
    with[FILE_C].meaning = DIGEST(0);
    struct sp_digest one = sp_tree_content(&a);
    struct sp_digest two = sp_tree_content(&b);
    tap_ok(sp_digest_eq(&one, &two), "a file without meaning");
    with[FILE_C] =
        (struct sp_tree_entry){ .path = SP_STR("c"), .type = SP_TREE_DIR, .has = SP_TREE_MEANING };
    one = sp_tree_content(&a);
    tap_ok(sp_digest_eq(&one, &two), "a directory without meaning");
    with[FILE_C].has = 0;
    one = sp_tree_content(&a);
    tap_ok(!sp_digest_eq(&one, &two), "an empty directory counts");

    struct sp_tree none = { .len = 0 };
    one = sp_tree_content(&none);
    two = sp_tree_exact(&none);
    tap_ok(!sp_digest_is_zero(&one) && !sp_digest_eq(&one, &two), "nothing there has names too");
}

/* A file counts as the same by what is known of it on both sides. */
static void test_same_by(void)
{
    static const struct {
        unsigned one, two; /* digests that are known */
        bool meanings_differ, objects_differ, exacts_differ;
        bool same;
        const char *label;
    } rows[] = {
        { SP_TREE_OBJECT, SP_TREE_OBJECT, false, false, false, true, "the same object" },
        { SP_TREE_OBJECT, SP_TREE_OBJECT, false, true, false, false, "another object" },
        { SP_TREE_EXACT, SP_TREE_EXACT, false, false, false, true, "the same bytes" },
        { SP_TREE_EXACT, SP_TREE_EXACT, false, false, true, false, "other bytes" },
        { BOTH, BOTH, true, false, false, false, "another meaning of the same bytes" },
        { BOTH, SP_TREE_EXACT, true, false, false, true, "a meaning that one alone has" },
        { SP_TREE_OBJECT, SP_TREE_EXACT, false, false, false, false, "nothing to compare" },
        { 0, 0, false, false, false, false, "nothing known" },
    };
    struct sp_tree_entry one[COUNT], two[COUNT];
    struct sp_tree a = { .entries = one, .len = COUNT };
    struct sp_tree b = { .entries = two, .len = COUNT };

    for (size_t i = 0; i < SP_COUNT(rows); i++) {
        fill(one);
        fill(two);
        one[FILE_A].has = rows[i].one;
        two[FILE_A].has = rows[i].two;
        two[FILE_A].meaning = DIGEST(rows[i].meanings_differ ? 9 : 2);
        two[FILE_A].object = DIGEST(rows[i].objects_differ ? 9 : 0);
        two[FILE_A].exact = DIGEST(rows[i].exacts_differ ? 9 : 1);
        tap_ok(sp_tree_is_same(&a, &b) == rows[i].same && sp_tree_is_same(&b, &a) == rows[i].same,
               "entry by entry: %s", rows[i].label);
    }
    fill(one);
    fill(two);
    b.len--;
    tap_ok(!sp_tree_is_same(&a, &b) && !sp_tree_is_same(&b, &a), "an entry more");
    one[FILE_C].meaning = DIGEST(0);
    tap_ok(sp_tree_is_same(&a, &b) && sp_tree_is_same(&b, &a), "which is left out");
}

int main(void)
{
    test_same_by();
    test_cases();
    test_left_out();
    return tap_done();
}
