/* SPDX-License-Identifier: BSD-3-Clause */
#include "image/manifest.h"

#include "base/buf.h"
#include "base/tap.h"

#define HEX  "0123456789abcdef0123456789abcdef0123456789abcdef0123456789abcdef"
#define PART "{\"digest\":\"sha256:" HEX "\",\"size\":5,\"mediaType\":\""
#define OCI  "application/vnd.oci.image."
#define DESC PART OCI "config.v1+json\"}"
#define TAR  PART OCI "layer.v1.tar+gzip\"}"
#define V2   "{\"schemaVersion\":2,"

static const struct {
    const char *name, *text, *want; /* what is wrong, or NULL */
    bool is_index;
    size_t len;
} documents[] = {
    { "manifest", V2 "\"config\":" DESC ",\"layers\":[" TAR "," TAR "]}", NULL, false, 2 },
    { "no layers", V2 "\"config\":" DESC ",\"layers\":[]}", NULL, false, 0 },
    { "index", V2 "\"manifests\":[" DESC "]}", NULL, true, 1 },
    { "Docker's",
      V2 "\"mediaType\":\"application/vnd.docker.distribution.manifest.v2+json\","
         "\"config\":" DESC ",\"layers\":[" PART
         "application/vnd.docker.image.rootfs.diff.tar.gzip\"}]}",
      NULL, false, 1 },
    { "unknown keys", V2 "\"subject\":{},\"config\":" DESC ",\"layers\":[]}", NULL, false, 0 },
    { "no JSON", "<html>", "line 1", false, 0 },
    { "an array", "[]", "it is a list", false, 0 },
    { "version 1", "{\"schemaVersion\":1,\"fsLayers\":[]}", "schemaVersion: it is not 2", false,
      0 },
    { "no version", "{\"layers\":[]}", "schemaVersion", false, 0 },
    { "both", V2 "\"manifests\":[],\"layers\":[]}", "either 'layers'", false, 0 },
    { "neither", V2 "\"a\":1}", "either 'layers'", false, 0 },
    { "an index that says it is a manifest",
      V2 "\"mediaType\":\"" OCI "manifest.v1+json\",\"manifests\":[]}", "either 'layers'", false,
      0 },
    { "a manifest that says it is an index",
      V2 "\"mediaType\":\"" OCI "index.v1+json\",\"config\":" DESC ",\"layers\":[]}",
      "either 'layers'", false, 0 },
    { "no configuration", V2 "\"layers\":[]}", "config.digest: there is none", false, 0 },
    { "layers no list", V2 "\"config\":" DESC ",\"layers\":{}}", "layers: it is not a list", false,
      0 },
    { "layer no object", V2 "\"config\":" DESC ",\"layers\":[1]}",
      "layers[0].digest: there is none", false, 0 },
    { "bad digest", V2 "\"config\":" DESC ",\"layers\":[" TAR ",{\"digest\":\"sha256:12\"}]}",
      "layers[1].digest: it is not", false, 0 },
    { "path for a digest",
      V2
      "\"config\":{\"digest\":\"sha256:../../../../../../../../../../../../../../../../../../../etc/passwd\",\"size\":1},\"layers\":[]}",
      "config.digest: it is not", false, 0 },
    { "capitals",
      V2
      "\"config\":{\"digest\":\"sha256:0123456789ABCDEF0123456789abcdef0123456789abcdef0123456789abcdef\",\"size\":1},\"layers\":[]}",
      "digest: it is not", false, 0 },
    { "no size", V2 "\"config\":{\"digest\":\"sha256:" HEX "\"},\"layers\":[]}", "size: it is not",
      false, 0 },
    { "negative size", V2 "\"config\":{\"digest\":\"sha256:" HEX "\",\"size\":-1},\"layers\":[]}",
      "size: it is not", false, 0 },
    { "fractional size",
      V2 "\"config\":{\"digest\":\"sha256:" HEX "\",\"size\":1.5},\"layers\":[]}",
      "size: it is not", false, 0 },
    { "a layer that is none", V2 "\"config\":" DESC ",\"layers\":[" DESC "]}",
      "layers[0].mediaType: it is no layer", false, 0 },
};

static void test_documents(struct sp_arena *arena)
{
    for (size_t i = 0; i < SP_COUNT(documents); i++) {
        struct sp_image_document document = { .len = 77 };
        struct sp_err err = SP_ERR_INIT;
        enum sp_rc rc =
            sp_image_document_parse(arena, sp_str_of(documents[i].text), &document, &err);
        bool fine = documents[i].want
                        ? rc != SP_OK && strstr(err.text, documents[i].want) && document.len == 77
                        : rc == SP_OK && document.is_index == documents[i].is_index &&
                              document.len == documents[i].len;
        if (!tap_ok(fine, "%s", documents[i].name))
            printf("# %s\n", err.text);
    }
}

static void test_many_layers(struct sp_arena *arena)
{
    sp_auto_buf struct sp_buf text = SP_BUF(SP_MANIFEST_MAX);
    struct sp_image_document document;
    struct sp_err err = SP_ERR_INIT;

    sp_buf_adds(&text, V2 "\"config\":" DESC ",\"layers\":[");
    for (size_t i = 0; i <= SP_LAYERS_MAX; i++)
        sp_buf_addf(&text, "%s" TAR, i ? "," : "");
    sp_buf_adds(&text, "]}");
    tap_ok(sp_image_document_parse(arena, sp_buf_str(&text), &document, &err) == SP_LIMIT,
           "too many layers");
}

#define CONFIG(platform, ids) \
    "{" platform "\"rootfs\":{\"type\":\"layers\",\"diff_ids\":[" ids "]}}"

static const struct {
    const char *text, *want;
    size_t len;
} configs[] = {
    { CONFIG("\"os\":\"linux\",\"architecture\":\"amd64\",", "\"sha256:" HEX "\""), NULL, 1 },
    { CONFIG("", ""), NULL, 0 },
    { CONFIG("", "\"sha256:12\""), "rootfs.diff_ids[0]: it is not", 0 },
    { CONFIG("", "7"), "rootfs.diff_ids[0]: it is not", 0 },
    { "{}", "rootfs: it is not", 0 },
    { "{\"rootfs\":{\"type\":\"other\",\"diff_ids\":[]}}", "rootfs: it is not", 0 },
    { "{\"rootfs\":[]}", "rootfs: it is not", 0 },
    { "", "line", 0 },
};

static void test_configs(struct sp_arena *arena)
{
    for (size_t i = 0; i < SP_COUNT(configs); i++) {
        struct sp_image_config config = { .len = 77 };
        struct sp_err err = SP_ERR_INIT;
        enum sp_rc rc = sp_image_config_parse(arena, sp_str_of(configs[i].text), &config, &err);
        bool fine = configs[i].want
                        ? rc == SP_INVALID && strstr(err.text, configs[i].want) && config.len == 77
                        : rc == SP_OK && config.len == configs[i].len;
        if (!tap_ok(fine, "configuration %zu", i))
            printf("# %s\n", err.text);
    }
}

static void test_pick(void)
{
    struct sp_descriptor items[] = {
        { .media = SP_MEDIA_MANIFEST, .platform = { SP_STR("windows"), SP_STR("amd64"), { 0 } } },
        { .media = SP_MEDIA_MANIFEST,
          .platform = { SP_STR("linux"), SP_STR("arm"), SP_STR("v7") } },
        { .media = SP_MEDIA_MANIFEST, .platform = { SP_STR("unknown"), SP_STR("unknown"), { 0 } } },
        { .media = SP_MEDIA_TAR, .platform = { SP_STR("linux"), SP_STR("amd64"), { 0 } } },
        { .media = SP_MEDIA_MANIFEST,
          .platform = { SP_STR("linux"), SP_STR("amd64"), { 0 } },
          .size = 4 },
    };
    struct sp_image_document index = { .is_index = true, .items = items, .len = SP_COUNT(items) };
    struct sp_descriptor found = { .size = 99 };
    struct sp_err err = SP_ERR_INIT;

    tap_ok(sp_image_index_pick(&index, "amd64", &found, &err) == SP_OK && found.size == 4,
           "the manifest for Linux on this architecture");
    found.size = 99;
    tap_ok(sp_image_index_pick(&index, "s390x", &found, &err) == SP_NOT_FOUND &&
               strcmp(err.text, "there is no image for linux/s390x, only for windows/amd64, "
                                "linux/arm/v7, linux/amd64") == 0 &&
               found.size == 99,
           "none: which there are");
    index.len = 0;
    tap_ok(sp_image_index_pick(&index, "amd64", &found, &err) == SP_NOT_FOUND, "an empty index");
    tap_ok(sp_image_platform_check(&items[0].platform, "amd64", &err) == SP_INVALID,
           "another system");
    tap_ok(sp_image_platform_check(&(struct sp_platform){ 0 }, "amd64", &err) == SP_OK,
           "nothing said");
}

static void test_media(void)
{
    static const enum sp_media all[] = { SP_MEDIA_INDEX, SP_MEDIA_MANIFEST, SP_MEDIA_CONFIG,
                                         SP_MEDIA_TAR,   SP_MEDIA_TAR_GZIP, SP_MEDIA_TAR_ZSTD };

    for (size_t i = 0; i < SP_COUNT(all); i++)
        tap_ok(sp_media_of(sp_str_of(sp_media_type(all[i]))) == all[i], "%s",
               sp_media_type(all[i]));
    tap_ok(sp_media_of(SP_STR(OCI "index.v1+json; charset=utf-8")) == SP_MEDIA_INDEX, "parameters");
    tap_ok(sp_media_of(SP_STR("text/html")) == SP_MEDIA_OTHER, "others");
}

int main(void)
{
    sp_auto_arena struct sp_arena *arena = sp_arena_new();

    test_documents(arena);
    test_many_layers(arena);
    test_configs(arena);
    test_pick();
    test_media();
    return tap_done();
}
