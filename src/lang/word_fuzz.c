/* SPDX-License-Identifier: BSD-3-Clause */
/* Fuzz target: a word of the command line. Its parts are stretches of it that put it together
 * again; a value is refused with a finding or given; files are among those that there are. */
#include "lang/word.h"
#include "lang/world_fake.h"
#include "value/text.h"

#include <stdlib.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

#define INPUT_MAX ((size_t)4096)

static void expect(bool truth)
{
    if (!truth)
        abort();
}

static void check_value(struct sp_arena *arena, const struct sp_word *word)
{
    struct sp_origins *origins = sp_origins_new();
    struct sp_diags diags;
    struct sp_value value = sp_int(42);
    struct sp_err err = SP_ERR_INIT;
    sp_auto_buf struct sp_buf text = SP_BUF(SP_BUF_LARGE);

    expect(word->name.len > 0 && word->name.len + 1 + word->value.len == word->text.len);
    sp_diags_init(&diags, arena, origins);
    enum sp_rc rc = sp_word_value(arena, origins, &diags, word->value, &value, &err);
    expect((rc == SP_OK) == (diags.errors == 0));
    expect(rc == SP_OK || (err.text[0] && value.integer == 42));
    sp_diags_format(&diags, false, &text);
    sp_value_repr(value, &text);
    sp_diags_fini(&diags);
    sp_origins_free(origins);
}

static void check_files(struct sp_arena *arena, const struct sp_word *word)
{
    static const struct sp_world_file files[] = {
        { "a.yml", "" },
        { "d/b.yaml", "" },
        { "d/MANIFEST.stimela", "*.y*ml\n../a.yml\n" },
        { "/p/c.yml", "" },
    };
    static const struct sp_world_pair packages[] = { { "p", "/p" } };
    struct sp_world_fake fake = { .files = files,
                                  .len = SP_COUNT(files),
                                  .packages = packages,
                                  .packages_len = SP_COUNT(packages) };
    struct sp_world world;
    struct sp_list *out = sp_list_new(arena).list;
    struct sp_err err = SP_ERR_INIT;

    expect(word->module.len + word->path.len <= word->text.len);
    sp_world_fake_init(&world, &fake);
    enum sp_rc rc = sp_word_files(arena, &world, word, out, &err);
    expect((rc == SP_OK) == (out->len > 0) || rc == SP_IO);
    SP_LIST_EACH(file, out)
    expect(world.kind(world.arg, file->text) == SP_PATH_FILE);
    sp_world_fake_fini(&fake);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    sp_auto_arena struct sp_arena *arena = sp_arena_new();
    struct sp_word word = { 0 };
    struct sp_err err = SP_ERR_INIT;

    /* Words of a command line have no NUL in them. */
    if (size > INPUT_MAX || (size && memchr(data, '\0', size)))
        return 0;
    struct sp_str text = sp_arena_str(arena, (struct sp_str){ (const char *)data, size });
    enum sp_rc rc = sp_word_parse(text, &word, &err);
    expect(rc == SP_OK ? sp_str_eq(word.text, text) : rc == SP_INVALID && err.text[0]);
    if (rc == SP_OK && word.kind == SP_WORD_ASSIGNMENT)
        check_value(arena, &word);
    else if (rc == SP_OK && word.kind == SP_WORD_FILE)
        check_files(arena, &word);
    else if (rc == SP_OK)
        expect(sp_str_eq(word.name, text));
    return 0;
}
