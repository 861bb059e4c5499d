/* SPDX-License-Identifier: BSD-3-Clause */
/* image.h - names of container images (spec stimela2.md 3.3, 7.3).
 *
 * A cab says `[registry/]name[:version][@digest]` or a mapping with `name`, `registry`, `version`
 * and `path` (an image file that is there already). Python cabs take what they leave out from
 * `images.default-python`; a casa-task without image has that of `images.default-casa`.
 *
 * A colon separates a version only behind the last slash, so that a registry may have a port.
 * With a digest the version is not part of the reference: container programs refuse both.
 */
#pragma once

#include "recipe/config.h"

struct sp_image {
    struct sp_str registry, name, version, digest, path; /* empty: not given */
};

/* From what a cab says. SP_NOT_FOUND for null or an empty text; SP_INVALID with the nearest key
 * for what is not an image. */
enum sp_rc sp_image_read(struct sp_arena *arena,
                         struct sp_value value,
                         struct sp_image *out,
                         struct sp_err *err) SP_MUST_USE;

/* The image of a cab, defaults filled in. SP_NOT_FOUND: it has none. */
enum sp_rc sp_image_of_cab(const struct sp_config *config,
                           const struct sp_cab *cab,
                           struct sp_image *out,
                           struct sp_err *err) SP_MUST_USE;

/* "registry/name:version" under backend settings (a mapping or null): no registry or DEFAULT is
 * `default_registry`, LOCAL is none, and `override_registries` renames what results. */
struct sp_str sp_image_reference(struct sp_arena *arena,
                                 const struct sp_image *image,
                                 struct sp_value backend);

/* File name of a built image: the reference with '-' for '/', and ".simg". */
struct sp_str sp_image_file_name(struct sp_arena *arena, struct sp_str reference);
