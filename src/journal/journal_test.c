/* SPDX-License-Identifier: BSD-3-Clause */
#include "journal/journal.h"

#include "base/fault.h"
#include "base/tap.h"

#include "sys/file.h"

#include <signal.h>
#include <stdlib.h>
#include <sys/resource.h>
#include <unistd.h>

static char dir[] = "/tmp/spoor-journal-XXXXXX";
static char path[64];

/* --- looking ------------------------------------------------------------------------------- */

/* The events as "name(field=value) ". */
static bool collect(const struct sp_dict *event, void *arg)
{
    struct sp_buf *out = arg;

    SP_DICT_EACH(entry, event)
    {
        if (sp_str_is(entry->key, "event"))
            sp_buf_add(out, entry->value.text);
        if (sp_str_is(entry->key, "n"))
            sp_buf_addf(out, "(%d)", (int)entry->value.integer);
        if (sp_str_is(entry->key, "text"))
            sp_buf_addf(out, "(" SP_STR_FMT ")", SP_STR_ARG(entry->value.text));
    }
    sp_buf_addc(out, ' ');
    return !sp_str_is(sp_dict_get(event, "event")->text, "stop");
}

static enum sp_rc read_events(struct sp_buf *out, struct sp_err *err)
{
    sp_auto_arena struct sp_arena *arena = sp_arena_new();

    return sp_journal_read(path, arena, collect, out, err);
}

static bool holds(const char *want)
{
    sp_auto_buf struct sp_buf got = SP_BUF(SP_BUF_SMALL);
    struct sp_err err = SP_ERR_INIT;
    enum sp_rc rc = read_events(&got, &err);

    if (rc == SP_OK && strcmp(got.ptr, want) == 0)
        return true;
    printf("# got %s, want %s, %s\n", got.ptr, want, err.text);
    return false;
}

static void set_file(const char *text)
{
    struct sp_err err = SP_ERR_INIT;

    if (sp_file_write(path, sp_str_of(text), &err))
        printf("# %s\n", err.text);
}

/* --- doing --------------------------------------------------------------------------------- */

static enum sp_rc append_number(struct sp_journal *journal, int n, struct sp_err *err)
{
    sp_auto_arena struct sp_arena *arena = sp_arena_new();
    struct sp_value fields = sp_dict_new(arena);

    sp_dict_set(arena, fields.dict, SP_STR("n"), sp_int(n));
    return sp_journal_append(journal, "tick", fields.dict, SP_JOURNAL_SYNC, err);
}

static void test_append(void)
{
    sp_auto_arena struct sp_arena *arena = sp_arena_new();
    struct sp_journal *journal = NULL;
    struct sp_journal *second = NULL;
    struct sp_err err = SP_ERR_INIT;
    struct sp_value fields = sp_dict_new(arena);

    tap_ok(sp_journal_create(path, &journal, &err) == SP_OK && holds(""), "a new one is empty");
    tap_ok(sp_journal_create(path, &second, &err) == SP_EXISTS && !second, "not created twice");
    tap_ok(sp_journal_append(journal, "bare", NULL, SP_JOURNAL_LAZY, &err) == SP_OK, "no fields");
    tap_ok(sp_journal_append(journal, "empty", fields.dict, SP_JOURNAL_LAZY, &err) == SP_OK,
           "empty fields");
    sp_dict_set(arena, fields.dict, SP_STR("text"), sp_text(SP_STR("a\n\"b\" \xc3\xa9")));
    tap_ok(sp_journal_append(journal, "full", fields.dict, SP_JOURNAL_LAZY, &err) == SP_OK, "text");
    tap_ok(holds("bare empty full(a\n\"b\" \xc3\xa9) "), "read back while it is open");

    sp_dict_set(arena, fields.dict, SP_STR("seq"), sp_int(7));
    err = SP_ERR_INIT;
    tap_ok(sp_journal_append(journal, "bad", fields.dict, SP_JOURNAL_LAZY, &err) == SP_INVALID &&
               strstr(err.text, "'seq'"),
           "fields of the envelope are refused");
    sp_journal_close(journal);
    sp_journal_close(NULL);

    tap_ok(sp_journal_open(path, &journal, &err) == SP_OK && !append_number(journal, 4, &err) &&
               holds("bare empty full(a\n\"b\" \xc3\xa9) tick(4) "),
           "opened again, it goes on");
    sp_journal_close(journal);
}

static void test_too_long(void)
{
    sp_auto_arena struct sp_arena *arena = sp_arena_new();
    sp_auto_free char *text = malloc(SP_JOURNAL_LINE_MAX);
    struct sp_journal *journal = NULL;
    struct sp_err err = SP_ERR_INIT;
    struct sp_value fields = sp_dict_new(arena);

    memset(text, 'x', SP_JOURNAL_LINE_MAX);
    sp_dict_set(arena, fields.dict, SP_STR("x"),
                sp_text((struct sp_str){ text, SP_JOURNAL_LINE_MAX }));
    (void)unlink(path);
    tap_ok(sp_journal_create(path, &journal, &err) == SP_OK &&
               sp_journal_append(journal, "long", fields.dict, SP_JOURNAL_LAZY, &err) == SP_LIMIT,
           "a line has a maximum");
    sp_dict_set(arena, fields.dict, SP_STR("x"),
                sp_text((struct sp_str){ text, SP_JOURNAL_LINE_MAX - 200 }));
    tap_ok(sp_journal_append(journal, "long", fields.dict, SP_JOURNAL_LAZY, &err) == SP_OK &&
               append_number(journal, 2, &err) == SP_OK && holds("long tick(2) "),
           "a little less is fine");
    sp_journal_close(journal);
}

/* --- files as they may be found ------------------------------------------------------------ */

#define LINE(n, event) "{\"v\":1,\"seq\":" #n ",\"time\":\"t\",\"event\":\"" event "\"}\n"

static const struct {
    const char *what;
    const char *text;
    enum sp_rc rc;
    const char *events; /* or a part of the message */
} files[] = {
    { "an empty file", "", SP_OK, "" },
    { "two lines", LINE(1, "a") LINE(2, "b"), SP_OK, "a b " },
    { "a reader that has enough", LINE(1, "a") LINE(2, "stop") LINE(3, "b"), SP_OK, "a stop " },
    { "fields in another order", "{\"event\":\"a\",\"time\":\"t\",\"seq\":1,\"v\":1}\n", SP_OK,
      "a " },
    { "a torn first line", "{\"v\":1,\"se", SP_OK, "" },
    { "a torn last line", LINE(1, "a") "{\"v\":1,\"se", SP_OK, "a " },
    { "a last line without its end",
      LINE(1, "a") "{\"v\":1,\"seq\":2,\"time\":\"t\",\"event\":\"b\"}", SP_OK, "a " },
    { "a bad last line", LINE(1, "a") "{\"v\":1,\n", SP_OK, "a " },
    { "an empty last line", LINE(1, "a") "\n", SP_OK, "a " },
    { "a last line out of sequence", LINE(1, "a") LINE(3, "b"), SP_OK, "a " },
    { "a bad line in the middle", LINE(1, "a") "{\"v\":1,\n" LINE(2, "b"), SP_CORRUPT, "line 2" },
    { "a bad line and a torn one", LINE(1, "a") "{\"v\":1,\n{", SP_CORRUPT, "line 2" },
    { "an empty line in the middle", LINE(1, "a") "\n" LINE(2, "b"), SP_CORRUPT, "line 2" },
    { "a gap", LINE(1, "a") LINE(3, "b") LINE(4, "c"), SP_CORRUPT, "number 3 instead of 2" },
    { "a repetition", LINE(1, "a") LINE(1, "a") LINE(2, "b"), SP_CORRUPT, "number 1 instead of 2" },
    { "no object", "[]\n" LINE(1, "a"), SP_CORRUPT, "not an object" },
    { "no version", "{}\n" LINE(1, "a"), SP_CORRUPT, "no version" },
    { "no number", "{\"v\":1,\"time\":\"t\",\"event\":\"a\"}\n" LINE(1, "a"), SP_CORRUPT,
      "no number" },
    { "no name", "{\"v\":1,\"seq\":1,\"time\":\"t\"}\n" LINE(1, "a"), SP_CORRUPT, "no name" },
    { "a newer version", "{\"v\":2,\"anything\":0}\n", SP_INVALID, "newer spoor (format 2" },
    { "a newer version behind", LINE(1, "a") "{\"v\":99}\n" LINE(3, "b"), SP_INVALID, "line 2" },
    { "two keys of one name", "{\"v\":1,\"v\":1}\n" LINE(1, "a"), SP_CORRUPT, "line 1" },
};

static void test_files(void)
{
    for (size_t i = 0; i < SP_COUNT(files); i++) {
        sp_auto_buf struct sp_buf got = SP_BUF(SP_BUF_SMALL);
        struct sp_journal *journal = NULL;
        struct sp_err err = SP_ERR_INIT;

        set_file(files[i].text);
        enum sp_rc rc = read_events(&got, &err);
        bool passed = rc == files[i].rc && rc == err.code &&
                      (rc ? strstr(err.text, files[i].events) && strstr(err.text, path)
                          : strcmp(got.ptr, files[i].events) == 0);
        if (!tap_ok(passed, "%s: %s", files[i].what, sp_rc_name(files[i].rc)))
            printf("# %s, %s, %s\n", sp_rc_name(rc), got.ptr, err.text);

        if (strstr(files[i].events, "stop"))
            continue;
        err = SP_ERR_INIT;
        rc = sp_journal_open(path, &journal, &err);
        if (rc) {
            tap_ok(rc == files[i].rc && !journal, "%s: cannot be continued", files[i].what);
            continue;
        }
        rc = append_number(journal, 5, &err);
        sp_journal_close(journal);
        sp_buf_clear(&got);
        sp_buf_addf(&got, "%stick(5) ", files[i].events);
        tap_ok(rc == SP_OK && files[i].rc == SP_OK && holds(got.ptr), "%s: can be continued",
               files[i].what);
    }
}

static void test_missing(void)
{
    struct sp_journal *journal = NULL;
    struct sp_err err = SP_ERR_INIT;
    sp_auto_buf struct sp_buf out = SP_BUF(SP_BUF_SMALL);

    (void)unlink(path);
    tap_ok(read_events(&out, &err) == SP_NOT_FOUND && strstr(err.text, path), "nothing to read");
    tap_ok(sp_journal_open(path, &journal, &err) == SP_NOT_FOUND && !journal, "nothing to open");
}

/* --- failures ------------------------------------------------------------------------------ */

/* Fail each system call of create, open and append in turn. After a failure the file is as
 * before, and going on works. */
static void test_every_fault(void)
{
    for (unsigned nth = 1; nth < 100; nth++) {
        struct sp_journal *journal = NULL;
        struct sp_err err = SP_ERR_INIT;
        int written = 0;

        (void)unlink(path);
        sp_fault_arm(nth);
        enum sp_rc rc = sp_journal_create(path, &journal, &err);
        if (!rc)
            rc = append_number(journal, ++written, &err);
        if (!rc)
            rc = append_number(journal, ++written, &err);
        sp_journal_close(SP_TAKE(journal));
        if (!rc)
            rc = sp_journal_open(path, &journal, &err);
        const char *site = sp_fault_fired();
        sp_fault_arm(0);

        if (!site) {
            tap_ok(rc == SP_OK && holds("tick(1) tick(2) "), "no fault left after %u", nth - 1);
            sp_journal_close(journal);
            return;
        }
        tap_ok(rc == SP_IO && err.code == SP_IO && !journal, "fault at %s: %s", site, err.text);
        if (written == 0) {
            tap_ok(access(path, F_OK) < 0, "fault at %s leaves nothing", site);
            continue;
        }
        bool appended = strncmp(site, "journal.open", 12) == 0 ||
                        strcmp(site, "journal.read") == 0 || strcmp(site, "journal.truncate") == 0;
        const char *want = appended ? "tick(1) tick(2) " : written == 2 ? "tick(1) " : "";
        tap_ok(holds(want), "fault at %s leaves whole lines", site);
    }
    tap_ok(false, "never succeeded");
}

/* A short write because the file may not grow any more: the kernel really writes a part. */
static void test_full(void)
{
    struct sp_journal *journal = NULL;
    struct sp_err err = SP_ERR_INIT;
    struct rlimit before;

    (void)unlink(path);
    (void)signal(SIGXFSZ, SIG_IGN);
    (void)getrlimit(RLIMIT_FSIZE, &before);
    bool passed = !sp_journal_create(path, &journal, &err) && !append_number(journal, 1, &err);
    struct rlimit small = before;
    small.rlim_cur = sp_tree_size(path) + 10;
    (void)setrlimit(RLIMIT_FSIZE, &small);
    tap_ok(passed && append_number(journal, 2, &err) == SP_IO && err.sys_errno != 0,
           "full: reported: %s", err.text);
    (void)setrlimit(RLIMIT_FSIZE, &before);
    tap_ok(sp_tree_size(path) + 10 == small.rlim_cur && holds("tick(1) "),
           "full: cut back to whole lines");
    tap_ok(append_number(journal, 3, &err) == SP_OK && holds("tick(1) tick(3) "),
           "full: when there is room again, it goes on");
    sp_journal_close(journal);
}

static enum sp_rc append_later(struct sp_journal *journal, int number, struct sp_err *err)
{
    sp_auto_arena struct sp_arena *arena = sp_arena_new();
    struct sp_value fields = sp_dict_new(arena);

    sp_dict_put(arena, fields.dict, "n", sp_int(number));
    return sp_journal_append(journal, "tick", fields.dict, SP_JOURNAL_LATER, err);
}

/* Lines that nobody waits for come with the next one, in order, also after a failure. */
static void test_later(void)
{
    struct sp_journal *journal = NULL;
    struct sp_err err = SP_ERR_INIT;
    struct sp_err refusal = SP_ERR_INIT;

    (void)unlink(path);
    tap_ok(!sp_journal_create(path, &journal, &err) && !append_later(journal, 1, &err) &&
               !append_later(journal, 2, &err) && holds(""),
           "later: kept back");
    tap_ok(!append_number(journal, 3, &err) && holds("tick(1) tick(2) tick(3) "),
           "later: written with the next");
    tap_ok(!append_later(journal, 4, &err), "later: once more");
    sp_fault_arm(1);
    tap_ok(append_number(journal, 5, &refusal) == SP_IO && holds("tick(1) tick(2) tick(3) "),
           "later: a failure leaves whole lines");
    sp_fault_arm(0);
    tap_ok(!append_number(journal, 6, &err) && holds("tick(1) tick(2) tick(3) tick(4) tick(6) "),
           "later: what was kept back is not lost by it");
    tap_ok(!append_later(journal, 7, &err), "later: the last one");
    sp_journal_close(journal);
    tap_ok(holds("tick(1) tick(2) tick(3) tick(4) tick(6) tick(7) "),
           "later: is written at the end");
    (void)unlink(path);
    tap_ok(!sp_journal_create(path, &journal, &err), "later: many");
    for (int i = 0; i < 10000 && !err.code; i++)
        (void)!append_later(journal, i, &err);
    tap_ok(!err.code && sp_tree_size(path) > 0, "later: many are not kept in memory");
    sp_journal_close(journal);
}

/* A journal of `lines` events, ended as they should be, at `model`. */
static bool write_model(const char *model, int lines)
{
    struct sp_journal *journal = NULL;
    struct sp_err err = SP_ERR_INIT;

    (void)unlink(model);
    if (sp_journal_create(model, &journal, &err))
        return false;
    for (int i = 1; i <= lines; i++)
        (void)!append_later(journal, i, &err);
    sp_journal_close(journal);
    return !err.code;
}

struct take_over_row {
    const char *name;
    int model, before; /* events of the other journal, and of this one */
    const char *torn;  /* behind those of the other */
    enum sp_rc rc;
    const char *want; /* with one more event behind */
};

static const struct take_over_row take_over_rows[] = {
    { "the inner ones", 4, 1, "", SP_OK, "tick(1) tick(2) tick(3) tick(9) " },
    { "nothing inside", 2, 1, "", SP_OK, "tick(1) tick(9) " },
    { "one line", 1, 1, "", SP_CORRUPT, "tick(1) tick(9) " },
    { "none", 0, 1, "", SP_CORRUPT, "tick(1) tick(9) " },
    { "it has not begun", 4, 0, "", SP_INVALID, "tick(9) " },
    { "it has begun already", 4, 2, "", SP_INVALID, "tick(1) tick(2) tick(9) " },
    { "a torn end", 4, 1, "{\"v\"", SP_CORRUPT, "tick(1) tick(9) " },
    { "another end", 4, 1, "what?\n", SP_CORRUPT, "tick(1) tick(9) " },
};

static void check_take_over(const struct take_over_row *row, const char *model)
{
    struct sp_journal *journal = NULL;
    struct sp_err err = SP_ERR_INIT, after = SP_ERR_INIT;

    (void)unlink(path);
    bool passed = write_model(model, row->model) && !sp_journal_create(path, &journal, &err);
    FILE *file = passed ? fopen(model, "ae") : NULL;
    passed = file && fputs(row->torn, file) >= 0 && fclose(file) == 0;
    for (int i = 1; i <= row->before; i++)
        passed = passed && !append_later(journal, i, &err);
    tap_ok(passed && sp_journal_take_over(journal, model, &err) == row->rc, "take over: %s: %s",
           row->name, err.text);
    tap_ok(!append_number(journal, 9, &after) && holds(row->want), "take over: %s: goes on",
           row->name);
    sp_journal_close(journal);
}

/* More than is written at once, with each fault in turn. */
static void test_take_much(const char *model)
{
    for (unsigned nth = 1; nth < 1000; nth += 29) { /* most are reads of one file */
        struct sp_journal *journal = NULL;
        struct sp_err err = SP_ERR_INIT, after = SP_ERR_INIT;
        (void)unlink(path);
        bool begun = write_model(model, 100000) && !sp_journal_create(path, &journal, &err) &&
                     !append_number(journal, 1, &err);
        sp_fault_arm(nth);
        enum sp_rc rc = begun ? sp_journal_take_over(journal, model, &err) : SP_INVALID;
        sp_fault_arm(0);
        bool goes_on = begun && (rc || !append_number(journal, 9, &after));
        sp_journal_close(journal);
        sp_auto_buf struct sp_buf got = SP_BUF(SP_BUF_LARGE);
        struct sp_err bad = SP_ERR_INIT;
        tap_ok(goes_on && read_events(&got, &bad) == SP_OK &&
                   (rc || sp_str_ends(sp_buf_str(&got), "tick(99999) tick(9) ")),
               "take over: much, fault %u leaves whole lines: %s", nth, err.text);
        if (rc == SP_OK)
            return;
    }
    tap_ok(false, "never succeeded");
}

static void test_take_over(void)
{
    char model[] = "journal-model.jsonl";

    for (size_t i = 0; i < SP_COUNT(take_over_rows); i++)
        check_take_over(&take_over_rows[i], model);
    test_take_much(model);
    (void)unlink(model);
}

/* What was read is not read again; what has come since is. */
static void test_read_on(void)
{
    sp_auto_buf struct sp_buf got = SP_BUF(SP_BUF_SMALL);
    sp_auto_arena struct sp_arena *arena = sp_arena_new();
    struct sp_journal_place place = { 0 };
    struct sp_journal *journal = NULL;
    struct sp_err err = SP_ERR_INIT;

    (void)unlink(path);
    tap_ok(!sp_journal_create(path, &journal, &err) && !append_number(journal, 1, &err) &&
               !append_number(journal, 2, &err),
           "two lines");
    tap_ok(!sp_journal_read_on(path, &place, arena, collect, &got, &err) && place.seq == 2 &&
               strcmp(got.ptr, "tick(1) tick(2) ") == 0,
           "both are read");
    sp_buf_clear(&got);
    tap_ok(!sp_journal_read_on(path, &place, arena, collect, &got, &err) && got.len == 0,
           "nothing more");
    tap_ok(!append_number(journal, 3, &err) &&
               !sp_journal_read_on(path, &place, arena, collect, &got, &err) && place.seq == 3 &&
               strcmp(got.ptr, "tick(3) ") == 0,
           "then the third");
    sp_journal_close(journal);
    place.seq = 7;
    place.offset = 0;
    set_file("{\"v\": 1, \"seq\": 1, \"time\": \"x\", \"event\": \"a\"}\n"
             "{\"v\": 1, \"seq\": 2, \"time\": \"x\", \"event\": \"a\"}\n");
    tap_ok(sp_journal_read_on(path, &place, arena, collect, &got, &err) == SP_CORRUPT,
           "another journal under that name");
}

/* Lines that nobody asks for are not taken apart, but still have to be whole and in order. */
static void test_scan(void)
{
    static const char *const wanted[] = { "a", NULL };

    static const struct {
        const char *what, *text;
        enum sp_rc rc;
        const char *events;
    } cases[] = {
        { "others are left out",
          "{\"v\": 1, \"seq\": 1, \"time\": \"x\", \"event\": \"a\"}\n"
          "{\"v\": 1, \"seq\": 2, \"time\": \"x\", \"event\": \"b\", \"n\": 1}\n"
          "{\"v\": 1, \"seq\": 3, \"time\": \"x\", \"event\": \"a\"}\n",
          SP_OK, "a a " },
        { "in another order of fields",
          "{\"seq\": 1, \"v\": 1, \"time\": \"x\", \"event\": \"a\"}\n"
          "{\"event\": \"a\", \"v\": 1, \"seq\": 2, \"time\": \"x\"}\n",
          SP_OK, "a a " },
        { "with a wrong number among them",
          "{\"v\": 1, \"seq\": 1, \"time\": \"x\", \"event\": \"b\"}\n"
          "{\"v\": 1, \"seq\": 3, \"time\": \"x\", \"event\": \"b\"}\n"
          "{\"v\": 1, \"seq\": 4, \"time\": \"x\", \"event\": \"a\"}\n",
          SP_CORRUPT, "" },
        { "one is cut",
          "{\"v\": 1, \"seq\": 1, \"time\": \"x\", \"event\": \"b\", \"n\n"
          "{\"v\": 1, \"seq\": 2, \"time\": \"x\", \"event\": \"a\"}\n",
          SP_CORRUPT, "" },
        { "of a newer format", "{\"v\": 2, \"seq\": 1, \"time\": \"x\", \"event\": \"b\"}\n",
          SP_INVALID, "" },
    };

    for (size_t i = 0; i < SP_COUNT(cases); i++) {
        sp_auto_buf struct sp_buf got = SP_BUF(SP_BUF_SMALL);
        struct sp_err err = SP_ERR_INIT;
        set_file(cases[i].text);
        enum sp_rc rc = sp_journal_scan(path, wanted, collect, &got, &err);
        sp_buf_adds(&got, "");
        tap_ok(rc == cases[i].rc && strcmp(got.len ? got.ptr : "", cases[i].events) == 0,
               "scan: %s: '%s' %s", cases[i].what, got.len ? got.ptr : "", err.text);
    }
}

int main(void)
{
    struct sp_err err = SP_ERR_INIT;

    if (!mkdtemp(dir))
        return 1;
    (void)snprintf(path, sizeof path, "%s/journal.jsonl", dir);
    test_append();
    test_too_long();
    test_files();
    test_missing();
    test_every_fault();
    test_full();
    test_later();
    test_take_over();
    test_read_on();
    test_scan();
    tap_ok(sp_remove_tree(dir, &err) == SP_OK, "clean up");
    return tap_done();
}
