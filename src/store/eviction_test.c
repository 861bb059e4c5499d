/* SPDX-License-Identifier: BSD-3-Clause */
#include "store/eviction.h"

#include "base/clock.h"
#include "base/tap.h"

#include <math.h>
#include <stdlib.h>

#define DAY (24 * 3600 * SP_NSEC_PER_SEC)
#define NOW (1000 * DAY)

/* A store in a few words: things of which the names become digests.
 *
 *   o A 100            an object of 100 bytes           O A        the same, but not on disk
 *   t T A,B            a tree of two objects            T T        a damaged one
 *   r K 60 3 v,w x=T   a record: 60 s, 3 days ago, read v and w, made x, which is kept in T
 *                      (x:T: not kept any more; v!: a source; v!=T: its tree; -: nothing)
 *   h x T              a path holds x, stored in T (-: nowhere)
 *   b x T              a ledger has seen x; l K: the last run did this; p x: pinned; g A: a log
 */
static struct sp_digest digest_of(struct sp_str name)
{
    return sp_blake3(name);
}

static void add_tree(struct sp_stock *stock, struct sp_str name, struct sp_str parts, bool damaged)
{
    struct sp_tree_entry entries[16] = { 0 };
    struct sp_tree tree = { .entries = entries };
    struct sp_digest id = digest_of(name);

    while (parts.ptr && tree.len < SP_COUNT(entries)) {
        entries[tree.len].has = SP_TREE_OBJECT;
        entries[tree.len++].object = digest_of(sp_str_cut(&parts, ','));
    }
    sp_stock_add_tree(stock, &id,
                      &(struct sp_stock_file){ .tree = damaged ? NULL : &tree, .bytes = 1 });
}

static void add_end(struct sp_buf *json, struct sp_str item)
{
    struct sp_str version = item;
    size_t at = sp_str_find(item, '=');
    bool kept = at != SIZE_MAX;

    if (!kept)
        at = sp_str_find(item, ':');
    if (at != SIZE_MAX)
        version = sp_str_slice(item, 0, at);
    bool source = sp_str_ends(version, "!");
    if (source)
        version.len--;
    struct sp_digest id = digest_of(version);
    sp_buf_addf(json, "%s{\"role\":\"x\",\"version\":\"%s;DATA=00\"",
                json->ptr[json->len - 1] == '[' ? "" : ",", sp_digest_hex(&id).text);
    if (at != SIZE_MAX) {
        id = digest_of(sp_str_slice(item, at + 1, item.len));
        sp_buf_addf(json, ",\"tree\":\"%s\"", sp_digest_hex(&id).text);
    }
    sp_buf_addf(json, ",\"kept\":%s,\"source\":%s}", kept ? "true" : "false",
                source ? "true" : "false");
}

static void add_ends(struct sp_buf *json, const char *name, struct sp_str list)
{
    sp_buf_addf(json, ",\"%s\":[", name);
    while (list.ptr && !sp_str_is(list, "-"))
        add_end(json, sp_str_cut(&list, ','));
    sp_buf_addc(json, ']');
}

static void add_record(struct sp_stock *stock, struct sp_str *words)
{
    sp_auto_buf struct sp_buf json = SP_BUF(SP_BUF_SMALL);
    struct sp_err err = SP_ERR_INIT;
    struct sp_digest key = digest_of(words[1]);
    int64_t days = 0;

    (void)sp_str_int(words[3], &days);
    sp_buf_addf(&json, "{\"v\":1,\"wall\":" SP_STR_FMT ",\"time\":\"%s\"", SP_STR_ARG(words[2]),
                sp_clock_iso(NOW - days * DAY).text);
    add_ends(&json, "inputs", words[4]);
    add_ends(&json, "outputs", words[5]);
    sp_buf_addc(&json, '}');
    if (sp_stock_add_record(stock, &key, sp_buf_str(&json), &err))
        tap_ok(false, "record " SP_STR_FMT ": %s", SP_STR_ARG(words[1]), err.text);
}

static void add_line(struct sp_stock *stock, struct sp_str line)
{
    sp_auto_buf struct sp_buf json = SP_BUF(SP_BUF_SMALL);
    struct sp_str words[6];
    struct sp_err err = SP_ERR_INIT;
    int64_t bytes = 0;

    for (size_t i = 0; i < SP_COUNT(words); i++)
        words[i] = line.ptr ? sp_str_cut(&line, ' ') : SP_STR("");
    struct sp_digest id = digest_of(words[1]);
    struct sp_digest tree = digest_of(words[2]);
    const struct sp_digest *at = sp_str_is(words[2], "-") ? NULL : &tree;
    switch (words[0].ptr[0]) {
    case 'o':
        (void)sp_str_int(words[2], &bytes);
        sp_stock_add_object(stock, &id, (uint64_t)bytes);
        break;
    case 't':
    case 'T': add_tree(stock, words[1], words[2], words[0].ptr[0] == 'T'); break;
    case 'r': add_record(stock, words); break;
    case 'h': sp_stock_add_hold(stock, &id, at, SP_NEED_HEAD); break;
    case 'b': sp_stock_add_hold(stock, &id, at, 0); break;
    case 'l': sp_stock_need_record(stock, &id, SP_NEED_CONSUMED); break;
    case 'p': sp_stock_add_hold(stock, &id, NULL, SP_NEED_PIN); break;
    default: /* g */
        sp_buf_addf(&json, "{\"log\":\"%s\"}", sp_digest_hex(&id).text);
        if (sp_stock_add_record(stock, &id, sp_buf_str(&json), &err))
            tap_ok(false, "%s", err.text);
    }
}

static struct sp_stock *stock_of(const char *text)
{
    struct sp_stock *stock = sp_stock_new();
    struct sp_str rest = sp_str_of(text);

    while (rest.ptr) {
        struct sp_str line = sp_str_trim(sp_str_cut(&rest, ';'));
        if (line.len)
            add_line(stock, line);
    }
    sp_stock_settle(stock);
    return stock;
}

/* Name of a tree or object: one or two letters or digits are enough for tests. */
static void add_name(struct sp_buf *out, const struct sp_digest *id, const char *text)
{
    struct sp_str rest = sp_str_of(text);

    while (rest.ptr) {
        struct sp_str line = sp_str_trim(sp_str_cut(&rest, ';'));
        if (!line.len)
            continue;
        (void)sp_str_cut(&line, ' ');
        struct sp_str name = sp_str_cut(&line, ' ');
        struct sp_digest there = digest_of(name);
        if (!sp_digest_eq(&there, id))
            continue;
        sp_buf_addf(out, "%s" SP_STR_FMT, out->len ? " " : "", SP_STR_ARG(name));
        return;
    }
    sp_buf_adds(out, " ?");
}

#define ALL UINT64_MAX

/* x is a source of 100, y made of it in 10 s, z of y in 1000 s; all are stored. */
#define CHAIN \
    "o A 100; o B 100; o C 100; t X A; t Y B; t Z C; b x X; r k1 10 0 x!=X y=Y; r k2 1000 0 y z=Z;"

static const struct {
    const char *name, *store;
    uint64_t goal;
    unsigned ignore;
    int unused_days;
    const char *trees;
    uint64_t freed;
} cases[] = {
    { "an empty store", "", ALL, 0, 0, "", 0 },
    { "nothing to do", CHAIN, 0, 0, 0, "", 0 },
    { "the cheapest first", CHAIN, 1, 0, 0, "Y", 101 },
    { "as many as needed", CHAIN, 102, 0, 0, "Y Z", 202 },
    { "a source stays", CHAIN, ALL, 0, 0, "Y Z", 202 },
    { "a source goes when that is asked for", CHAIN, ALL, SP_NEED_SOURCE, 0, "Y Z X", 303 },
    { "the head of a path stays", CHAIN "h z Z", ALL, 0, 0, "Y", 101 },
    { "what is pinned stays", CHAIN "p y", ALL, 0, 0, "Z", 101 },
    { "what the last run read and made stays", CHAIN "l k2", ALL, 0, 0, "", 0 },
    { "unless that may go", CHAIN "l k2", ALL, SP_NEED_CONSUMED, 0, "Y Z", 202 },
    { "the only stored ancestor of a head stays",
      "o B 100; o A 100; t X A; t Y B; b x X; r k1 10 0 x!=X y=Y; r k2 9 0 y z:Z; h z -", ALL, 0, 0,
      "", 0 },
    { "only the nearest one",
      "o B 9; o A 9; o D 9; t X A; t Y B; t W D; b x X; r k1 1 0 x!=X y=Y; r k2 9 0 y w=W; "
      "r k3 9 0 w z:Z; h z -",
      ALL, 0, 0, "Y", 10 },
    { "all that is read on the way stays",
      "o B 9; o A 9; t X A; t Y B; b x X; r k1 1 0 x!=X y=Y; r k2 9 0 x!,y w:W; h w -", ALL, 0, 0,
      "", 0 },
    { "a source that is only on disk: what is made of it may go",
      "o B 100; t Y B; r k1 10 0 x! y=Y; h x -", ALL, 0, 0, "Y", 101 },
    { "what is made of a source that is nowhere stays", "o B 100; t Y B; r k1 10 0 x! y=Y", ALL, 0,
      0, "", 0 },
    { "a step that changes nothing makes no version of its own",
      "o A 100; t X A; r k1 10 0 x!=X x=X", ALL, 0, 0, "", 0 },
    { "a circle that nothing leads into stays",
      "o A 1; o B 1; t X A; t Y B; r k1 1 0 x y=Y; r k2 1 0 y x=X", ALL, 0, 0, "", 0 },
    { "made here, source there: can be computed",
      "o A 50; o B 50; t X A; t Y B; h s -; r k1 1 0 s! x=X; r k2 1 0 x!=X y=Y", ALL, 0, 0, "X Y",
      102 },
    { "by its size as well",
      "h s -; o A 10; o B 1000; t X A; t Y B; r a 10 0 s! x=X; r b 20 0 s! y=Y", 1, 0, 0, "Y",
      1001 },
    { "a month halves the price",
      "h s -; o A 10; o B 10; t X A; t Y B; r a 10 0 s! x=X; r b 19 30 s! y=Y", 1, 0, 0, "Y", 11 },
    { "it must be old", "h s -; o A 10; o B 10; t X A; t Y B; r a 10 29 s! x=X; r b 10 30 s! y=Y",
      ALL, 0, 30, "Y", 11 },
    { "read lately is not old", "h s -; o A 10; t X A; r a 10 90 s! x=X; r b 1 1 x y:Y", ALL, 0, 30,
      "", 0 },
    { "a shared file counts once",
      "h s -; o A 100; o B 1; o C 1; t X A,B; t Y A,C; r a 10 0 s! x=X; r b 10 0 s! y=Y", ALL, 0, 0,
      "X Y", 104 },
    { "a file that stays counts for nothing",
      "h s -; o A 100; o B 1; o C 2; t X A,B; t Y C; r a 10 0 s! x=X; r b 10 0 s! y=Y; "
      "t P A; b p P; r c 1 0 p!=P q:Q",
      1, 0, 0, "Y", 3 },
    { "a tree of which every file stays does not go",
      "h s -; o A 9; t X A; r a 1 0 s! x=X; t P A; "
      "b p P; r c 1 0 p!=P q:Q",
      ALL, 0, 0, "", 0 },
    { "one object twice in a tree", "h s -; o A 9; t X A,A; r a 1 0 s! x=X", ALL, 0, 0, "X", 10 },
    { "a big one makes small ones unnecessary",
      "h s -; o A 10; o B 1000; t X A; t Y B; r a 1 0 s! x=X; r b 999 0 s! y=Y", 900, 0, 0, "Y",
      1001 },
    { "prices rise with what goes before",
      "h s -; o A 9; o B 9; o C 9; t X A; t Y B; t Z C; r a 10 0 s! x=X; r b 1 0 x y=Y; "
      "r c 5 0 s! z=Z",
      11, 0, 0, "Y Z", 20 },
    { "a chain: the last one first, since what follows from it is gone already",
      "h s -; o A 9; o B 9; t X A; t Y B; r a 4 0 s! x=X; r b 5 0 x y=Y; p y", ALL, 0, 0, "X", 10 },
    { "orphans go, whatever the goal", "o A 5; o B 6; t X B", 0, 0, 0, "X", 12 },
    { "an object that is needed elsewhere is no orphan", "o A 5; t X A; t Y A; b y Y", 0, 0, 0, "X",
      1 },
    { "not kept any more: left over by a gc that was killed", "h s -; o A 5; t X A; r k 1 0 s! x:X",
      0, 0, 0, "X", 6 },
    { "damaged trees go, and what only they had", "h s -; o A 5; T X A; r k 1 0 s! x=X; h x X", 0,
      0, 0, "X", 6 },
    { "a log stays", "o A 7; g A", ALL, 0, 0, "", 0 },
    { "objects that are not there free nothing", "h s -; t X A; r a 1 0 s! x=X", ALL, 0, 0, "", 0 },
    { "two trees of one version: the other one is left",
      "h s -; o A 5; o B 5; t X A; t Y B; r a 100 0 s! x=X; r b 100 0 s! x=Y; o C 5; t Z C; "
      "r c 1 0 s! z=Z",
      6, 0, 0, "X", 6 },
};

static void check_plan(size_t i)
{
    sp_auto_stock struct sp_stock *stock = stock_of(cases[i].store);
    sp_auto_buf struct sp_buf trees = SP_BUF(SP_BUF_SMALL);
    struct sp_eviction_plan plan;
    struct sp_eviction_options options = { .goal = cases[i].goal,
                                           .ignore = cases[i].ignore,
                                           .now = NOW,
                                           .unused = cases[i].unused_days * DAY };
    uint64_t sum = 0, objects = 0;

    sp_eviction_plan(stock, &options, &plan);
    for (size_t k = 0; k < plan.len; k++) {
        add_name(&trees, &stock->trees[plan.items[k].tree].id, cases[i].store);
        sum += stock->trees[plan.items[k].tree].bytes;
    }
    for (size_t k = 0; k < plan.objects_len; k++)
        objects += stock->objects[plan.objects[k]].bytes;
    uint64_t kept = plan.kept.pinned + plan.kept.heads + plan.kept.consumed + plan.kept.ancestors +
                    plan.kept.sources + plan.kept.logs + plan.kept.rest;
    bool good = strcmp(trees.ptr, cases[i].trees) == 0 && plan.freed == cases[i].freed &&
                sum + objects == plan.freed && kept + plan.freed == plan.used;
    if (!tap_ok(good, "%s", cases[i].name))
        printf("# '%s' frees %ju (%ju + %ju), keeps %ju of %ju, want '%s' %ju\n", trees.ptr,
               (uintmax_t)plan.freed, (uintmax_t)sum, (uintmax_t)objects, (uintmax_t)kept,
               (uintmax_t)plan.used, cases[i].trees, (uintmax_t)cases[i].freed);
    sp_eviction_fini(&plan);
}

static void check_seconds(void)
{
    sp_auto_stock struct sp_stock *stock = stock_of(CHAIN);
    struct sp_eviction_plan plan;

    sp_eviction_plan(stock, &(struct sp_eviction_options){ .goal = ALL, .now = NOW }, &plan);
    tap_ok(plan.len == 2 && fabs(plan.items[0].seconds - 10) < 1e-9 &&
               fabs(plan.items[1].seconds - 1010) < 1e-9,
           "the time to compute it again is that of all that is gone");
    sp_eviction_fini(&plan);
}

static void check_keep(void)
{
    sp_auto_stock struct sp_stock *stock =
        stock_of("o A 5; o B 6; o C 7; t X B; T Y C; h s -; r k 1 0 s! z=Z; o D 8; t Z D");
    struct sp_eviction_plan plan;

    sp_eviction_plan(stock,
                     &(struct sp_eviction_options){ .goal = ALL, .now = NOW, .keep_orphans = true },
                     &plan);
    tap_ok(plan.freed == 9 && plan.orphans == 0 && plan.objects_len == 1 &&
               plan.kept.rest + plan.freed == plan.used,
           "while something is damaged orphans stay");
    sp_eviction_fini(&plan);
}

static void check_records(void)
{
    static const struct {
        const char *text, *why;
    } bad[] = {
        { "", "line 1" },
        { "{\"v\":1", "line 1" },
        { "[]", "no object" },
        { "{\"inputs\":{}}", "'inputs' is no list" },
        { "{\"outputs\":[1]}", "'outputs' has an item that is no object" },
        { "{\"inputs\":[{\"version\":\"abc\"}]}", "'inputs' has a version that is no digest" },
        { "{\"outputs\":[{\"tree\":\"abc\"}]}", "'outputs' has a tree that is no digest" },
    };
    struct sp_digest key = digest_of(SP_STR("k"));

    for (size_t i = 0; i < SP_COUNT(bad); i++) {
        sp_auto_stock struct sp_stock *stock = sp_stock_new();
        struct sp_err err = SP_ERR_INIT;
        enum sp_rc rc = sp_stock_add_record(stock, &key, sp_str_of(bad[i].text), &err);
        if (!tap_ok(rc == SP_INVALID && strstr(err.text, bad[i].why) && !stock->records_len &&
                        !stock->versions_len && !stock->claims_len,
                    "refused: '%s'", bad[i].text))
            printf("# %d '%s'\n", (int)rc, err.text);
    }
    sp_auto_stock struct sp_stock *stock = sp_stock_new();
    struct sp_err err = SP_ERR_INIT;
    tap_ok(sp_stock_add_record(stock, &key, SP_STR("{\"outputs\":[{\"role\":\"log\"}]}"), &err) ==
                   SP_OK &&
               stock->records_len == 1 && stock->records[0].outputs == 0,
           "an output without a version is none");
    tap_ok(sp_stock_add_record(stock, &key, SP_STR("{}"), &err) == SP_OK && stock->records_len == 1,
           "a record counts once");
}

int main(void)
{
    for (size_t i = 0; i < SP_COUNT(cases); i++)
        check_plan(i);
    check_seconds();
    check_keep();
    check_records();
    return tap_done();
}
