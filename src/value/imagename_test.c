/* SPDX-License-Identifier: BSD-3-Clause */
#include "value/imagename.h"

#include "base/tap.h"

#define HEX "0123456789abcdef0123456789abcdef0123456789abcdef0123456789abcdef"
#define A64 "aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa"

static const struct {
    const char *text, *host, *path, *tag, *digest, *format;
} good[] = {
    { "busybox", "", "busybox", "latest", "", "busybox:latest" },
    { "busybox:1.35", "", "busybox", "1.35", "", "busybox:1.35" },
    { "stimela2/wsclean", "", "stimela2/wsclean", "latest", "", "stimela2/wsclean:latest" },
    { "quay.io/stimela2/wsclean:cc0.2.1", "quay.io", "stimela2/wsclean", "cc0.2.1", "",
      "quay.io/stimela2/wsclean:cc0.2.1" },
    { "localhost/x", "localhost", "x", "latest", "", "localhost/x:latest" },
    { "localhost:5000/x", "localhost:5000", "x", "latest", "", "localhost:5000/x:latest" },
    { "h.org:65535/a/b/c:T_1.-x", "h.org:65535", "a/b/c", "T_1.-x", "",
      "h.org:65535/a/b/c:T_1.-x" },
    { "[::1]:5000/x:y", "[::1]:5000", "x", "y", "", "[::1]:5000/x:y" },
    { "[fe80::1]/x", "[fe80::1]", "x", "latest", "", "[fe80::1]/x:latest" },
    { "docker://h.org/x", "h.org", "x", "latest", "", "h.org/x:latest" },
    { "h.org/oci", "h.org", "oci", "latest", "", "h.org/oci:latest" },
    { "x@sha256:" HEX, "", "x", "", "sha256:" HEX, "x@sha256:" HEX },
    { "h.org/x:t@sha256:" HEX, "h.org", "x", "t", "sha256:" HEX, "h.org/x@sha256:" HEX },
    { "f---g/a__b--c.d_e", "", "f---g/a__b--c.d_e", "latest", "", "f---g/a__b--c.d_e:latest" },
    { "x--1.h.org/y", "x--1.h.org", "y", "latest", "", "x--1.h.org/y:latest" },
};

static const struct {
    const char *text, *want;
} bad[] = {
    { "", "has no name" },
    { "docker://", "has no name" },
    { "oci", "column 1: this word in front of a ':'" },
    { "docker://oci-archive:1", "column 10: this word in front of a ':'" },
    { "oci:", "has no name" },
    { "Busybox", "column 1: names of images have no capital" },
    { "h.org/", "column 7: a part of the name is empty" },
    { "h.org//x", "column 7: a part of the name is empty" },
    { "/x", "column 1: a part of the name is empty" },
    { "a/b/", "column 5: a part of the name is empty" },
    { "x:", "column 3: a tag must follow" },
    { "x:y:z", "column 4: a tag has" },
    { "x:.y", "column 3: a tag has" },
    { "x:-y", "column 3: a tag has" },
    { "x y", "column 2: names have letters" },
    { "x\ny", "column 2: names have letters" },
    { "../x", "column 1: a letter or digit" },
    { "a/../b", "column 3: one '.'" },
    { "a/.b", "column 3: a letter or digit must stand at both ends" },
    { "a/b.", "column 4: a letter or digit must stand at both ends" },
    { "a..b", "column 2: one '.'" },
    { "a___b", "column 2: one '.'" },
    { "a._b", "column 3: a lower-case letter or digit" },
    { "h.org:/x", "column 7: a port is a number from" },
    { "h.org:0/x", "column 7: a port is a number from" },
    { "h.org:65536/x", "column 7: a port is a number from" },
    { "h.org:5k/x", "column 8: a port is a number" },
    { "h.org:99999999999999999999/x", "column 7: a port is a number from" },
    { "-h.org/x", "column 1: a letter or digit" },
    { "h..org/x", "column 3: a letter or digit" },
    { "h_x.org/x", "column 2: the name of a host" },
    { "user:pw@h.org/x", "column 9: a digest begins" },
    { "[::1/x", "column 1: this '[' is not closed" },
    { "[]/x", "column 1: there is no address" },
    { "[::g]/x", "column 4: an address" },
    { "[::1]5000/x", "column 6: ':' and a port" },
    { "x@", "column 3: a digest begins" },
    { "x@md5:" HEX, "column 3: a digest begins" },
    { "x@sha256:0123", "column 14: the digest ends too early" },
    { "x@sha256:" HEX "0", "column 74: a digest has 64" },
    { "x@sha256:A" HEX, "column 10: a digest has 64" },
    { "X@sha256:0123", "column 1: names of images have no capital" },
    { "x:" A64 A64 "b", "column 131: a tag has 128" },
    { A64 "/" A64 "/" A64 "/" A64, "longer than 255" },
};

static const struct {
    const char *text;
    enum sp_image_transport transport;
    const char *file;
} files[] = {
    { "oci:dir", SP_IMAGE_OCI_DIR, "dir" },
    { "oci:/a b/dir:tag", SP_IMAGE_OCI_DIR, "/a b/dir:tag" },
    { "oci-archive:x.tar", SP_IMAGE_OCI_ARCHIVE, "x.tar" },
    { "docker-archive:X.tar:n:t", SP_IMAGE_DOCKER_ARCHIVE, "X.tar:n:t" },
};

static void test_good(struct sp_arena *arena)
{
    for (size_t i = 0; i < SP_COUNT(good); i++) {
        struct sp_image_name name;
        struct sp_err err = SP_ERR_INIT;
        if (!tap_ok(sp_image_name_parse(sp_str_of(good[i].text), &name, &err) == SP_OK, "%s",
                    good[i].text)) {
            printf("# %s\n", err.text);
            continue;
        }
        struct sp_str format = sp_image_name_format(arena, &name);
        if (!tap_ok(sp_str_is(name.host, good[i].host) && sp_str_is(name.path, good[i].path) &&
                        sp_str_is(name.tag, good[i].tag) &&
                        sp_str_is(name.digest, good[i].digest) && sp_str_is(format, good[i].format),
                    "%s: its parts", good[i].text))
            printf("# " SP_STR_FMT "\n", SP_STR_ARG(format));
    }
}

static void test_bad(void)
{
    for (size_t i = 0; i < SP_COUNT(bad); i++) {
        struct sp_image_name name = { .host = SP_STR("untouched") };
        struct sp_err err = SP_ERR_INIT;
        enum sp_rc rc = sp_image_name_parse(sp_str_of(bad[i].text), &name, &err);
        if (!tap_ok(rc == SP_INVALID && strstr(err.text, bad[i].want) &&
                        sp_str_is(name.host, "untouched"),
                    "refused: '%s'", bad[i].text))
            printf("# got %s\n", err.text);
    }
    struct sp_image_name name;
    struct sp_err err = SP_ERR_INIT;
    tap_ok(sp_image_name_parse((struct sp_str){ "a\0b", 3 }, &name, &err) == SP_INVALID, "NUL");
}

static void test_files(struct sp_arena *arena)
{
    for (size_t i = 0; i < SP_COUNT(files); i++) {
        struct sp_image_name name;
        struct sp_err err = SP_ERR_INIT;
        tap_ok(sp_image_name_parse(sp_str_of(files[i].text), &name, &err) == SP_OK &&
                   name.transport == files[i].transport && sp_str_is(name.file, files[i].file) &&
                   sp_str_is(sp_image_name_format(arena, &name), files[i].text),
               "%s", files[i].text);
    }
}

int main(void)
{
    sp_auto_arena struct sp_arena *arena = sp_arena_new();

    test_good(arena);
    test_bad();
    test_files(arena);
    tap_ok(sp_is_image_digest(SP_STR("sha256:" HEX)) &&
               !sp_is_image_digest(SP_STR("sha256:" A64 "A")) && !sp_is_image_digest(SP_STR("")),
           "digests");
    return tap_done();
}
