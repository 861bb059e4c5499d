/* SPDX-License-Identifier: BSD-3-Clause */
/* imagename_fuzz.c - a name that is taken can be written and read again, to the same parts, and has
 * nothing in it that a URL or a file name could stumble over. */
#include "value/imagename.h"

#include <stdlib.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void require(bool ok)
{
    if (!ok)
        abort();
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    struct sp_str text = { (const char *)data, SP_MIN(size, (size_t)2048) };
    sp_auto_arena struct sp_arena *arena = sp_arena_new();
    struct sp_image_name name, again;
    struct sp_err err = SP_ERR_INIT;

    if (sp_image_name_parse(text, &name, &err)) {
        require(err.code == SP_INVALID && err.text[0]);
        return 0;
    }
    struct sp_str format = sp_image_name_format(arena, &name);
    require(sp_image_name_parse(format, &again, &err) == SP_OK);
    require(sp_str_eq(sp_image_name_format(arena, &again), format));
    if (name.transport != SP_IMAGE_REGISTRY)
        return 0;
    require(sp_str_eq(name.host, again.host) && sp_str_eq(name.path, again.path));
    require(sp_str_find_str(name.path, SP_STR("..")) == SIZE_MAX);
    require(sp_str_find_str(name.path, SP_STR("//")) == SIZE_MAX);
    for (size_t i = 0; i < format.len; i++)
        require(format.ptr[i] > ' ' && format.ptr[i] < 127 && !strchr("?#%\\\"&", format.ptr[i]));
    return 0;
}
