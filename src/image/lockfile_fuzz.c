/* SPDX-License-Identifier: BSD-3-Clause */
/* lockfile_fuzz.c - a lock file that is read can be written, and is then read as the same; so can
 * the file of a name. */
#include "image/lockfile.h"
#include "image/vault.h"

#include <stdlib.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void require(bool ok)
{
    if (!ok)
        abort();
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    struct sp_str text = { (const char *)data, SP_MIN(size, (size_t)65536) };
    sp_auto_arena struct sp_arena *arena = sp_arena_new();
    sp_auto_buf struct sp_buf first = SP_BUF(SP_BUF_LARGE), second = SP_BUF(SP_BUF_LARGE);
    struct sp_lockfile lockfile, again;
    struct sp_vault_name name;
    struct sp_err err = SP_ERR_INIT;

    if (sp_vault_name_parse(arena, text, &name, &err) == SP_OK)
        require(name.name.len && strlen(name.digest.hex) == SP_SHA_HEX);
    else
        require(err.text[0]);
    err = SP_ERR_INIT;
    if (sp_lockfile_parse(arena, text, &lockfile, &err)) {
        require(err.text[0]);
        return 0;
    }
    sp_lockfile_format(&lockfile, &first);
    require(sp_lockfile_parse(arena, sp_buf_str(&first), &again, &err) == SP_OK);
    require(again.len == lockfile.len);
    sp_lockfile_format(&again, &second);
    require(sp_str_eq(sp_buf_str(&first), sp_buf_str(&second)));
    return 0;
}
