/* SPDX-License-Identifier: BSD-3-Clause */
#include "recipe/image.h"

#include "recipe/test_bed.h"

static const char settings[] = "{default_registry: quay.io/std, override_registries: {"
                               "quay.io/std: mirror:5000/std, ghcr.io: local.net/gh}}";

/* Spec 3.3. */
static const struct {
    const char *image, *backend;
    const char *reference; /* NULL: not accepted, or none */
    const char *error;
} cases[] = {
    { "wsclean", "null", "wsclean:latest", NULL },
    { "wsclean:3.4", "null", "wsclean:3.4", NULL },
    { "wsclean", "{default_registry: quay.io/std}", "quay.io/std/wsclean:latest", NULL },
    { "DEFAULT/wsclean:cc0.2", "{default_registry: quay.io/std}", "quay.io/std/wsclean:cc0.2",
      NULL },
    { "LOCAL/wsclean", "{default_registry: quay.io/std}", "wsclean:latest", NULL },
    { "docker.io/a/b:1", "{default_registry: quay.io/std}", "docker.io/a/b:1", NULL },
    { "host:5000/tool", "null", "host:5000/tool:latest", NULL },
    { "host:5000/tool:2", "null", "host:5000/tool:2", NULL },
    { "ghcr.io/x", settings, "local.net/gh/x:latest", NULL },
    { "x", settings, "mirror:5000/std/x:latest", NULL },
    { "LOCAL/x", settings, "x:latest", NULL },
    { "r/x@sha256:ab12", "null", "r/x@sha256:ab12", NULL },
    { "r/x:1@sha256:ab12", "null", "r/x@sha256:ab12", NULL },
    { "host:5000/x@sha256:ab12", "null", "host:5000/x@sha256:ab12", NULL },
    { "{name: x}", "null", "x:latest", NULL },
    { "{name: x, registry: r, version: 5}", "null", "r/x:5", NULL },
    { "{name: 'x@sha256:ab', registry: r}", "null", "r/x@sha256:ab", NULL },
    { "{path: /data/tool.sif}", "null", "tool.sif:latest", NULL },
    { "{path: tool.sif, name: t}", "null", "t:latest", NULL },
    { "{}", "null", NULL, "needs a name or a path" },
    { "{nam: x}", "null", NULL, "did you mean 'name'?" },
    { "{name: [x]}", "null", NULL, "must be a text, not a list" },
    { "[x]", "null", NULL, "must be a text or a mapping, not a list" },
    { "'r/:1'", "null", NULL, "has no name" },
    { "':1'", "null", NULL, "has no name" },
    { "' '", "null", NULL, "no image" },
};

static void test_references(void)
{
    for (size_t i = 0; i < SP_COUNT(cases); i++) {
        struct bed bed;
        struct sp_image image;
        struct sp_err err = SP_ERR_INIT;
        bed_init(&bed);
        enum sp_rc rc = sp_image_read(bed.arena, bed_yaml(&bed, cases[i].image), &image, &err);
        struct sp_str got =
            rc ? sp_str_of(err.text)
               : sp_image_reference(bed.arena, &image, bed_yaml(&bed, cases[i].backend));
        bool fine = cases[i].reference ? rc == SP_OK && sp_str_is(got, cases[i].reference)
                                       : rc != SP_OK && strstr(err.text, cases[i].error);
        if (!tap_ok(fine, "%s under %s", cases[i].image, cases[i].backend))
            printf("# got " SP_STR_FMT "\n", SP_STR_ARG(got));
        bed_fini(&bed);
    }
}

static const char defaults[] =
    "images: {default-python: {registry: quay.io/s, name: py, version: v1},"
    " default-casa: quay.io/s/casa:6}";

static const struct {
    const char *config, *cab, *reference;
} owners[] = {
    { defaults, "{command: x}", NULL },
    { defaults, "{command: x, image: r/x:1}", "r/x:1" },
    { defaults, "{command: m.f, flavour: python}", "quay.io/s/py:v1" },
    { defaults, "{command: m.f, flavour: python, image: mine:2}", "quay.io/s/mine:2" },
    { defaults, "{command: m.f, flavour: python, image: mine}", "quay.io/s/mine:latest" },
    { defaults, "{command: m.f, flavour: python, image: {name: mine}}", "quay.io/s/mine:v1" },
    { defaults, "{command: m.f, flavour: python, image: {version: v9, name: py}}",
      "quay.io/s/py:v9" },
    { defaults, "{command: m.f, flavour: python, image: r/x@sha256:ab}", "r/x@sha256:ab" },
    { defaults, "{command: 'print()', flavour: python-code}", "quay.io/s/py:v1" },
    { defaults, "{command: listobs, flavour: casa-task}", "quay.io/s/casa:6" },
    { defaults, "{command: listobs, flavour: casa-task, image: {name: c}}", "c:latest" },
    { "{}", "{command: m.f, flavour: python}", NULL },
};

static void test_defaults(void)
{
    for (size_t i = 0; i < SP_COUNT(owners); i++) {
        struct bed bed;
        struct sp_config config;
        struct sp_image image;
        struct sp_err err = SP_ERR_INIT;
        bed_init(&bed);
        sp_config_init(&config, bed.arena, &bed.diags);
        sp_config_add(&config, bed_yaml(&bed, owners[i].config));
        struct sp_cab *cab =
            sp_cab_load(bed.arena, SP_STR("c"), bed_yaml(&bed, owners[i].cab), &bed.diags);
        enum sp_rc rc = sp_image_of_cab(&config, cab, &image, &err);
        struct sp_str got =
            rc ? sp_str_of(err.text) : sp_image_reference(bed.arena, &image, sp_null());
        bool fine = owners[i].reference ? rc == SP_OK && sp_str_is(got, owners[i].reference)
                                        : rc == SP_NOT_FOUND;
        if (!tap_ok(fine, "%s", owners[i].cab))
            printf("# got " SP_STR_FMT "\n", SP_STR_ARG(got));
        sp_cab_fini(cab);
        sp_config_fini(&config);
        bed_fini(&bed);
    }
}

static void test_file_names(void)
{
    sp_auto_arena struct sp_arena *arena = sp_arena_new();

    tap_ok(sp_str_is(sp_image_file_name(arena, SP_STR("myorg/tool:1.2")), "myorg-tool:1.2.simg"),
           "slashes become dashes (7.3)");
    tap_ok(
        sp_str_is(sp_image_file_name(arena, SP_STR("h:5/a/b@sha256:1")), "h:5-a-b@sha256:1.simg"),
        "port and digest stay");
}

int main(void)
{
    test_references();
    test_defaults();
    test_file_names();
    return tap_done();
}
