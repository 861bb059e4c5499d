/* SPDX-License-Identifier: BSD-3-Clause */
/* The input is a manifest or a stat index as it may be found. Properties: errors are reported; what
 * can be read is written again byte by byte, is sorted, and every path in it is found. */
#include "store/tree.h"

#include <stdlib.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    sp_auto_arena struct sp_arena *arena = sp_arena_new();
    sp_auto_buf struct sp_buf again = SP_BUF(SP_BUF_LARGE);
    struct sp_str text = { (const char *)data, size };
    struct sp_err err = SP_ERR_INIT;
    struct sp_tree tree = { 0 };
    enum sp_rc rc = sp_tree_read(text, arena, &tree, &err);

    if (rc != err.code || (rc && err.text[0] == '\0'))
        abort();
    if (rc)
        return 0;
    for (size_t i = 0; i < tree.len; i++)
        if (sp_tree_find(&tree, tree.entries[i].path) != &tree.entries[i])
            abort();
    sp_tree_write(&tree, sp_str_starts(text, "spoor-tree 1 stat "), &again);
    if (!sp_str_eq(text, sp_buf_str(&again)))
        abort();
    return 0;
}
