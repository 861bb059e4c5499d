/* SPDX-License-Identifier: BSD-3-Clause */
/* image_fuzz.c - YAML of an image, as a cab says it. What is read has a name or a path; its
 * reference, read again, is that reference, if it is of ordinary letters; its file name is in no
 * other directory. */
#include "lang/origin.h"
#include "lang/yaml.h"
#include "recipe/image.h"

#include <ctype.h>
#include <stdlib.h>

#define INPUT_MAX ((size_t)4096)

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void require(bool ok)
{
    if (!ok)
        abort();
}

/* Blanks at an end are cut off, and a second ':' or '@' moves from one part into the next. */
static bool is_ordinary(struct sp_str text)
{
    for (size_t i = 0; i < text.len; i++)
        if (!isalnum((unsigned char)text.ptr[i]) && !strchr("._-/", text.ptr[i]))
            return false;
    return true;
}

static void check_image(struct sp_arena *arena, const struct sp_image *image)
{
    struct sp_image again = { 0 };
    struct sp_err err = SP_ERR_INIT;

    require(image->name.len || image->path.len);
    if (!image->name.len)
        return;
    struct sp_str reference = sp_image_reference(arena, image, sp_null());
    struct sp_str file = sp_image_file_name(arena, reference);
    require(reference.len && sp_str_find(file, '/') == SIZE_MAX);
    if (is_ordinary(image->name) && is_ordinary(image->registry) &&
        is_ordinary(image->digest.len ? image->digest : image->version) &&
        sp_image_read(arena, sp_text(reference), &again, &err) == SP_OK)
        require(sp_str_eq(sp_image_reference(arena, &again, sp_null()), reference));
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    struct sp_str text = { (const char *)data, SP_MIN(size, INPUT_MAX) };
    sp_auto_arena struct sp_arena *arena = sp_arena_new();
    struct sp_origins *origins = sp_origins_new();
    struct sp_diags diags;
    struct sp_image image = { 0 };
    struct sp_err err = SP_ERR_INIT;
    struct sp_value value;

    sp_diags_init(&diags, arena, origins);
    if (sp_yaml_parse(arena, origins, SP_STR("fuzz.yml"), text, SP_YAML_COMMAND_LINE, &diags,
                      &value, &err) == SP_OK) {
        enum sp_rc rc = sp_image_read(arena, value, &image, &err);
        if (rc == SP_OK)
            check_image(arena, &image);
        else
            require(err.text[0] && !image.name.len && !image.path.len);
    }
    sp_diags_fini(&diags);
    sp_origins_free(origins);
    return 0;
}
