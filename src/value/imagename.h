/* SPDX-License-Identifier: BSD-3-Clause */
/* imagename.h - names of container images (doc/design/images.md 2):
 *
 *     [docker://][HOST[:PORT]/]PATH[:TAG][@sha256:HEX]
 *     oci:DIR[:TAG]   oci-archive:FILE[:TAG]   docker-archive:FILE[:NAME]
 *
 * The first component is a host if it has a '.' or a ':' or is "localhost". Parsed strictly: what
 * comes out can go into an URL and into a file name. How cabs name images is in recipe/image.h.
 */
#pragma once

#include "base/arena.h"
#include "base/err.h"

enum sp_image_transport {
    SP_IMAGE_REGISTRY,
    SP_IMAGE_OCI_DIR,
    SP_IMAGE_OCI_ARCHIVE,
    SP_IMAGE_DOCKER_ARCHIVE
};

/* All texts are views of what was parsed; empty: not given. */
struct sp_image_name {
    enum sp_image_transport transport;
    struct sp_str host;   /* with its port; empty: no registry */
    struct sp_str path;   /* "stimela2/wsclean" */
    struct sp_str tag;    /* never empty without a digest: "latest" */
    struct sp_str digest; /* "sha256:" and 64 digits */
    struct sp_str file;   /* of the other transports: what follows the colon, tag included */
};

#define SP_IMAGE_NAME_MAX 255 /* host and path */

/* SP_INVALID says the column, counted from 1, and what is allowed there. */
enum sp_rc sp_image_name_parse(struct sp_str text, struct sp_image_name *out, struct sp_err *err)
    SP_MUST_USE;

/* The whole name; a tag beside a digest is left out. */
struct sp_str sp_image_name_format(struct sp_arena *arena, const struct sp_image_name *name);

/* "sha256:" and 64 lower-case hexadecimal digits? */
bool sp_is_image_digest(struct sp_str text);

/* "oci", "docker-archive" ...; "docker" for a registry. */
const char *sp_image_transport_name(enum sp_image_transport transport);
