/* SPDX-License-Identifier: BSD-3-Clause */
#include "base/checksum.h"

#include "store/escape.h"
#include "store/ledger_internal.h"
#include "sys/file.h"

#include <inttypes.h>

#define FIELDS_MAX 10

/* --- lines -------------------------------------------------------------------------------- */

/* An empty field is "%". */
static void add_field(struct sp_buf *line, struct sp_str text)
{
    sp_buf_addc(line, '\t');
    if (!text.len)
        sp_buf_addc(line, '%');
    sp_escape_add(line, text);
}

static bool read_field(struct sp_arena *arena, struct sp_str field, struct sp_str *out)
{
    *out = SP_STR("");
    return sp_str_is(field, "%") || sp_escape_read(field, arena, out);
}

static void begin(struct sp_buf *line, const char *verb)
{
    sp_buf_clear(line);
    sp_buf_adds(line, verb);
}

static void end(struct sp_ledger *ledger, const struct sp_buf *line)
{
    sp_buf_adds(&ledger->said, sp_checksum(sp_buf_str(line)).text);
    sp_buf_addc(&ledger->said, '\t');
    sp_buf_add(&ledger->said, sp_buf_str(line));
    sp_buf_addc(&ledger->said, '\n');
}

static void add_number(struct sp_buf *line, size_t number)
{
    sp_buf_addf(line, "\t%zu", number);
}

static void add_version(struct sp_buf *line, bool absent, const struct sp_version *version)
{
    sp_auto_buf struct sp_buf text = SP_BUF(SP_BUF_SMALL);

    if (absent)
        sp_buf_adds(&text, "-");
    else
        sp_version_write(version, &text);
    add_field(line, sp_buf_str(&text));
}

static void add_digest(struct sp_buf *line, bool there, const struct sp_digest *digest)
{
    sp_buf_addf(line, "\t%s", there ? sp_digest_hex(digest).text : "-");
}

/* --- reading ------------------------------------------------------------------------------ */

static bool read_version(struct sp_ledger *ledger,
                         struct sp_str field,
                         bool *absent,
                         struct sp_version *out)
{
    *absent = sp_str_is(field, "-");
    *out = (struct sp_version){ 0 };
    return *absent || sp_version_read(field, ledger->arena, out);
}

static bool read_digest(struct sp_str field, bool *there, struct sp_digest *out)
{
    *there = !sp_str_is(field, "-");
    *out = (struct sp_digest){ 0 };
    return !*there || sp_digest_parse(field, out);
}

static bool read_index(struct sp_str field, size_t most, size_t *out)
{
    int64_t number;

    if (!sp_str_int(field, &number) || number < 0 || (uint64_t)number > most)
        return false;
    *out = (size_t)number;
    return true;
}

static bool read_source(struct sp_ledger *ledger, const struct sp_str *fields)
{
    struct sp_version version;
    struct sp_digest tree;
    bool absent, kept;

    if (!read_version(ledger, fields[1], &absent, &version) ||
        !read_digest(fields[2], &kept, &tree))
        return false;
    struct sp_hold *hold = sp_ledger_do_source(ledger, fields[0], absent ? NULL : &version);
    if (kept)
        sp_ledger_do_kept(hold, 0, &tree);
    return true;
}

static bool read_kept(struct sp_ledger *ledger, const struct sp_str *fields)
{
    struct sp_hold *hold = sp_ledger_find(ledger, fields[0]);
    struct sp_digest tree;
    size_t index;

    if (!hold || !read_index(fields[1], hold->chain.len - 1, &index) ||
        !sp_digest_parse(fields[2], &tree))
        return false;
    sp_ledger_do_kept(hold, index, &tree);
    return true;
}

static bool read_made(struct sp_ledger *ledger, const struct sp_str *fields)
{
    struct sp_hold *hold = sp_ledger_find(ledger, fields[0]);
    struct sp_passage passage = { .recipe = fields[5], .task = fields[6], .run = fields[7] };
    bool has_key;
    size_t after;

    if (!hold || !read_index(fields[1], hold->chain.len - 1, &after) ||
        !read_version(ledger, fields[2], &passage.absent, &passage.version) ||
        !read_digest(fields[3], &passage.kept, &passage.tree) ||
        !read_digest(fields[4], &has_key, &passage.key))
        return false;
    sp_ledger_do_made(ledger, hold, after, &passage);
    return true;
}

static bool read_hold(struct sp_ledger *ledger, const struct sp_str *fields)
{
    struct sp_hold *hold = sp_ledger_find(ledger, fields[0]);
    size_t index;

    if (!hold || !read_index(fields[1], hold->chain.len - 1, &index))
        return false;
    sp_ledger_do_hold(ledger, hold, index, fields[2]);
    return true;
}

static const char *const state_names[] = {
    [SP_HOLD_CHANGING] = "changing",
    [SP_HOLD_RESTORING] = "restoring",
    [SP_HOLD_LINKED] = "linked",
};

static bool read_touch(struct sp_ledger *ledger, const struct sp_str *fields)
{
    struct sp_hold *hold = sp_ledger_find(ledger, fields[0]);

    for (size_t i = 0; i < SP_COUNT(state_names) && hold; i++)
        if (state_names[i] && sp_str_is(fields[1], state_names[i])) {
            sp_ledger_do_touch(ledger, hold, (enum sp_hold_state)i, fields[2], fields[3]);
            return true;
        }
    return false;
}

static bool read_task(struct sp_ledger *ledger, const struct sp_str *fields)
{
    struct sp_str name = sp_ledger_task_name(ledger, fields[0], fields[1]);
    struct sp_digest key;

    if (sp_str_is(fields[2], "-"))
        return sp_str_int(fields[3], &sp_ledger_task_of(ledger, name)->begun);
    if (!sp_digest_parse(fields[2], &key))
        return false;
    sp_ledger_do_task(ledger, name, &key, fields[3]);
    return true;
}

static bool read_drop(struct sp_ledger *ledger, const struct sp_str *fields)
{
    sp_ledger_do_drop(ledger, fields[0]);
    return true;
}

static const struct {
    const char *verb;
    size_t fields;
    bool (*read)(struct sp_ledger *ledger, const struct sp_str *fields);
} verbs[] = {
    { "source", 3, read_source }, { "kept", 3, read_kept },   { "made", 8, read_made },
    { "hold", 3, read_hold },     { "touch", 4, read_touch }, { "task", 4, read_task },
    { "drop", 1, read_drop },
};

static bool read_statement(struct sp_ledger *ledger, struct sp_str line)
{
    struct sp_str fields[FIELDS_MAX];
    struct sp_str guard = sp_str_cut(&line, '\t');
    size_t len = 0;

    if (!line.ptr || !sp_str_is(guard, sp_checksum(line).text))
        return false;
    struct sp_str verb = sp_str_cut(&line, '\t');
    while (line.ptr && len < FIELDS_MAX)
        if (!read_field(ledger->arena, sp_str_cut(&line, '\t'), &fields[len++]))
            return false;
    for (size_t i = 0; i < SP_COUNT(verbs); i++)
        if (sp_str_is(verb, verbs[i].verb))
            return len == verbs[i].fields && verbs[i].read(ledger, fields);
    return false;
}

enum sp_rc sp_ledger_read(struct sp_ledger *ledger, size_t *damaged, struct sp_err *err)
{
    sp_auto_buf struct sp_buf text = SP_BUF(SP_BUF_LARGE);
    enum sp_rc rc = sp_file_read(ledger->path.ptr, &text, err);

    if (rc == SP_NOT_FOUND) {
        err->code = SP_OK;
        return SP_OK;
    }
    if (rc)
        return sp_err_wrap(err, "ledger of the workspace");
    struct sp_str rest = sp_buf_str(&text);
    for (size_t end = sp_str_find(rest, '\n'); end != SIZE_MAX; end = sp_str_find(rest, '\n')) {
        *damaged += !read_statement(ledger, sp_str_slice(rest, 0, end));
        rest = sp_str_slice(rest, end + 1, rest.len);
        ledger->lines++;
    }
    ledger->size = text.len - rest.len; /* what is behind is torn */
    return SP_OK;
}

/* --- writing ------------------------------------------------------------------------------ */

void sp_ledger_say_source(struct sp_ledger *ledger, const struct sp_hold *hold)
{
    sp_auto_buf struct sp_buf line = SP_BUF(SP_BUF_LARGE);
    const struct sp_passage *first = &hold->chain.items[0];

    begin(&line, "source");
    add_field(&line, hold->path);
    add_version(&line, first->absent, &first->version);
    add_digest(&line, first->kept, &first->tree);
    end(ledger, &line);
}

void sp_ledger_say_kept(struct sp_ledger *ledger, const struct sp_hold *hold, size_t index)
{
    sp_auto_buf struct sp_buf line = SP_BUF(SP_BUF_LARGE);

    begin(&line, "kept");
    add_field(&line, hold->path);
    add_number(&line, index);
    add_digest(&line, true, &hold->chain.items[index].tree);
    end(ledger, &line);
}

void sp_ledger_say_made(struct sp_ledger *ledger, const struct sp_hold *hold, size_t index)
{
    sp_auto_buf struct sp_buf line = SP_BUF(SP_BUF_LARGE);
    const struct sp_passage *passage = &hold->chain.items[index];

    begin(&line, "made");
    add_field(&line, hold->path);
    add_number(&line, index - 1);
    add_version(&line, passage->absent, &passage->version);
    add_digest(&line, passage->kept, &passage->tree);
    add_digest(&line, !sp_digest_is_zero(&passage->key), &passage->key);
    add_field(&line, passage->recipe);
    add_field(&line, passage->task);
    add_field(&line, passage->run);
    end(ledger, &line);
}

void sp_ledger_say_hold(struct sp_ledger *ledger, const struct sp_hold *hold)
{
    sp_auto_buf struct sp_buf line = SP_BUF(SP_BUF_LARGE);

    begin(&line, "hold");
    add_field(&line, hold->path);
    add_number(&line, hold->index);
    add_field(&line, hold->stat);
    end(ledger, &line);
}

void sp_ledger_say_touch(struct sp_ledger *ledger, const struct sp_hold *hold)
{
    sp_auto_buf struct sp_buf line = SP_BUF(SP_BUF_LARGE);

    begin(&line, "touch");
    add_field(&line, hold->path);
    sp_buf_addf(&line, "\t%s", state_names[hold->state]);
    add_field(&line, hold->run);
    add_field(&line, hold->task);
    end(ledger, &line);
}

void sp_ledger_say_drop(struct sp_ledger *ledger, struct sp_str path)
{
    sp_auto_buf struct sp_buf line = SP_BUF(SP_BUF_LARGE);

    begin(&line, "drop");
    add_field(&line, path);
    end(ledger, &line);
}

void sp_ledger_say_task(struct sp_ledger *ledger,
                        struct sp_str name,
                        const struct sp_digest *key,
                        struct sp_str text)
{
    sp_auto_buf struct sp_buf line = SP_BUF(SP_BUF_LARGE);
    struct sp_str recipe = sp_str_cut(&name, '\t');

    begin(&line, "task");
    add_field(&line, recipe);
    add_field(&line, name);
    add_digest(&line, key, key);
    add_field(&line, text);
    end(ledger, &line);
}

void sp_ledger_say_begun(struct sp_ledger *ledger, struct sp_str name, int64_t begun)
{
    sp_ledger_say_task(ledger, name, NULL, sp_arena_printf(ledger->arena, "%" PRId64, begun));
}

void sp_ledger_say_everything(struct sp_ledger *ledger)
{
    SP_MAP_EACH (entry, &ledger->holds) {
        const struct sp_hold *hold = entry->value;
        sp_ledger_say_source(ledger, hold);
        for (size_t i = 1; i < hold->chain.len; i++)
            sp_ledger_say_made(ledger, hold, i);
        sp_ledger_say_hold(
            ledger, hold); /* also where on its chain it was when somebody began to change it */
        if (hold->state != SP_HOLD_TRUSTED)
            sp_ledger_say_touch(ledger, hold);
    }
    SP_MAP_EACH (entry, &ledger->tasks) {
        const struct sp_ledger_newest *task = entry->value;
        if (!sp_digest_is_zero(&task->key))
            sp_ledger_say_task(ledger, entry->key, &task->key, task->run);
        if (task->begun)
            sp_ledger_say_begun(ledger, entry->key, task->begun);
    }
}
