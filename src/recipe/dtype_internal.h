/* SPDX-License-Identifier: BSD-3-Clause */
/* dtype_internal.h - a parsed dtype, shared by its reader (dtype.c) and the conversions
 * (coerce.c). */
#pragma once

#include "recipe/dtype.h"

enum sp_dtype_kind {
    SP_DT_ANY,
    SP_DT_NONE,
    SP_DT_BOOL,
    SP_DT_INT,
    SP_DT_FLOAT,
    SP_DT_COMPLEX,
    SP_DT_STR,
    SP_DT_FILE,
    SP_DT_DIRECTORY,
    SP_DT_MS,
    SP_DT_URI,
    SP_DT_LIST,
    SP_DT_TUPLE,
    SP_DT_DICT,
    SP_DT_SET,
    SP_DT_OPTIONAL,
    SP_DT_UNION,
    SP_DT_LITERAL,
    SP_DT_COUNT
};

struct sp_dtype {
    enum sp_dtype_kind kind;
    const char *name;             /* canonical, "List" also for "list" */
    const struct sp_dtype **args; /* LIST, SET 0..1; DICT 0 or 2; OPTIONAL 1; TUPLE, UNION any */
    size_t arg_count;
    bool bare;                     /* container without brackets: anything inside */
    bool ellipsis;                 /* Tuple[T, ...] */
    const struct sp_list *choices; /* LITERAL */
};

static inline bool sp_dtype_kind_is_file(enum sp_dtype_kind kind)
{
    return kind >= SP_DT_FILE && kind <= SP_DT_URI;
}
