/* SPDX-License-Identifier: BSD-3-Clause */
/* table.dat and table.lock of whoever; the last two bytes say how long the table.lock at the end
 * is. Whatever it is, at most two numbers of rows in table.dat do not count. */
#include "store/profile.h"
#include "sys/file.h"

#include <stdlib.h>
#include <unistd.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

#define FLIPS_MAX 2000 /* longer input is not tried byte by byte */

static void check_flips(struct sp_str dat, struct sp_str lock, const struct sp_digest *want)
{
    char *copy = sp_alloc(dat.len);
    size_t same = 0;

    memcpy(copy, dat.ptr, dat.len);
    for (size_t i = 0; i < dat.len; i++) {
        struct sp_digest got;
        copy[i] ^= 1;
        same += sp_casa_meaning((struct sp_str){ copy, dat.len }, lock, &got) &&
                sp_digest_eq(want, &got);
        copy[i] ^= 1;
    }
    free(copy);
    if (same > 16)
        abort();
}

static void check_columns(struct sp_str dat)
{
    sp_auto_arena struct sp_arena *arena = sp_arena_new();
    struct sp_casa_columns columns;

    if (sp_casa_columns(dat, arena, &columns))
        for (size_t i = 0; i < columns.len; i++)
            if (columns.items[i].name.ptr < dat.ptr && columns.items[i].name.len)
                abort();
}

static void check_parents(struct sp_str dat)
{
    static char dir[] = "/tmp/spoor-fuzz-casa-XXXXXX";
    static bool made;
    sp_auto_arena struct sp_arena *arena = sp_arena_new();
    struct sp_casa_parents parents;
    struct sp_err err = SP_ERR_INIT;

    made = made || mkdtemp(dir);
    struct sp_str path = sp_arena_printf(arena, "%s/table.dat", dir);
    FILE *file = fopen(path.ptr, "we");
    if (!file)
        return;
    (void)fwrite(dat.ptr, 1, dat.len, file);
    (void)fclose(file);
    if (sp_casa_parents(dir, arena, &parents, &err) == SP_OK)
        for (size_t i = 0; i < parents.len; i++)
            if (parents.items[i].len != strlen(parents.items[i].ptr))
                abort();
    (void)unlink(path.ptr);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    if (size < 2)
        return 0;
    size -= 2;
    size_t lock_len = SP_MIN((size_t)(data[size] * 256 + data[size + 1]), size);
    struct sp_str dat = { (const char *)data, size - lock_len };
    struct sp_str lock = { (const char *)data + dat.len, lock_len };
    struct sp_digest meaning;

    if (sp_casa_meaning(dat, lock, &meaning) && dat.len <= FLIPS_MAX)
        check_flips(dat, lock, &meaning);
    (void)sp_casa_info_meaning(dat, &meaning);
    (void)sp_casa_has_history(dat);
    (void)sp_casa_is_history(dat);
    check_parents(dat);
    check_columns(dat);
    return 0;
}
