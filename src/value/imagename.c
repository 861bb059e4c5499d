/* SPDX-License-Identifier: BSD-3-Clause */
#include "value/imagename.h"

#define DIGEST_PREFIX "sha256:"
#define DIGEST_HEX    64
#define TAG_MAX       128
#define PORT_MAX      65535

static const struct {
    const char *prefix;
    enum sp_image_transport transport;
} transports[] = {
    { "docker://", SP_IMAGE_REGISTRY },
    { "oci:", SP_IMAGE_OCI_DIR },
    { "oci-archive:", SP_IMAGE_OCI_ARCHIVE },
    { "docker-archive:", SP_IMAGE_DOCKER_ARCHIVE },
};

static bool is_lower(char c)
{
    return c >= 'a' && c <= 'z';
}

static bool is_digit(char c)
{
    return c >= '0' && c <= '9';
}

static bool is_alnum(char c)
{
    return is_lower(c) || is_digit(c) || (c >= 'A' && c <= 'Z');
}

static bool is_hex(char c)
{
    return is_digit(c) || (c >= 'a' && c <= 'f');
}

/* `at` points into the name that is parsed. */
struct parser {
    struct sp_str text;
    struct sp_err *err;
};

static enum sp_rc refuse(const struct parser *parser, const char *at, const char *what)
{
    return sp_fail(parser->err, SP_INVALID, "image '" SP_STR_FMT "', column %zu: %s",
                   SP_STR_ARG(parser->text), (size_t)(at - parser->text.ptr) + 1, what);
}

/* --- parts ---------------------------------------------------------------------------------- */

static enum sp_rc check_port(const struct parser *parser, struct sp_str port)
{
    int64_t number = 0;

    for (size_t i = 0; i < port.len; i++)
        if (!is_digit(port.ptr[i]))
            return refuse(parser, port.ptr + i, "a port is a number");
    if (!sp_str_int(port, &number) || number < 1 || number > PORT_MAX)
        return refuse(parser, port.ptr, "a port is a number from 1 to 65535");
    return SP_OK;
}

/* "[IPv6]" with a port or without; *rest is what follows the bracket. */
static enum sp_rc check_bracket(const struct parser *parser,
                                struct sp_str host,
                                struct sp_str *rest)
{
    size_t end = sp_str_find(host, ']');

    if (end == SIZE_MAX)
        return refuse(parser, host.ptr, "this '[' is not closed");
    for (size_t i = 1; i < end; i++)
        if (!is_hex(host.ptr[i]) && host.ptr[i] != ':' && host.ptr[i] != '.')
            return refuse(parser, host.ptr + i,
                          "an address in brackets has digits, a to f and ':'");
    if (end < 3)
        return refuse(parser, host.ptr, "there is no address in the brackets");
    *rest = sp_str_slice(host, end + 1, host.len);
    return SP_OK;
}

static enum sp_rc check_labels(const struct parser *parser, struct sp_str host)
{
    for (size_t i = 0; i < host.len; i++) {
        char before = i ? host.ptr[i - 1] : '.';
        if (!is_alnum(host.ptr[i]) && host.ptr[i] != '.' && host.ptr[i] != '-')
            return refuse(parser, host.ptr + i,
                          "the name of a host has letters, digits, '.' and '-'");
        if (!is_alnum(host.ptr[i]) && !is_alnum(before) && before != '-')
            return refuse(parser, host.ptr + i, "a letter or digit must stand here");
    }
    if (!host.len || !is_alnum(host.ptr[host.len - 1]))
        return refuse(parser, host.ptr + host.len, "the name of the host ends too early");
    return SP_OK;
}

static enum sp_rc check_host(const struct parser *parser, struct sp_str host)
{
    struct sp_str rest = SP_STR("");

    if (sp_str_starts(host, "[")) {
        enum sp_rc rc = check_bracket(parser, host, &rest);
        if (rc)
            return rc;
        if (rest.len && rest.ptr[0] != ':')
            return refuse(parser, rest.ptr, "':' and a port, or '/', must follow the bracket");
    } else {
        size_t colon = sp_str_find(host, ':');
        enum sp_rc rc = check_labels(parser, sp_str_slice(host, 0, colon));
        if (rc)
            return rc;
        rest = sp_str_slice(host, colon, host.len);
    }
    return rest.len ? check_port(parser, sp_str_slice(rest, 1, rest.len)) : SP_OK;
}

/* How many characters from `at` on separate two runs of letters; 0: this is no separator. */
static size_t separator(struct sp_str part, size_t at)
{
    size_t end = at;

    while (end < part.len && part.ptr[end] == part.ptr[at])
        end++;
    switch (part.ptr[at]) {
    case '.': return end - at == 1;
    case '_': return end - at <= 2 ? end - at : 0;
    case '-': return end - at;
    default: return 0;
    }
}

static enum sp_rc check_component(const struct parser *parser, struct sp_str part)
{
    if (!part.len)
        return refuse(parser, part.ptr, "a part of the name is empty");
    for (size_t i = 0; i < part.len;) {
        char c = part.ptr[i];
        if (is_lower(c) || is_digit(c)) {
            i++;
            continue;
        }
        if (c >= 'A' && c <= 'Z')
            return refuse(parser, part.ptr + i,
                          "names of images have no capital letters (tags may have)");
        size_t len = separator(part, i);
        if (!len && !strchr("._-", c))
            return refuse(parser, part.ptr + i,
                          "names have letters, digits, '.', '_', '-' and '/'");
        if (!len)
            return refuse(parser, part.ptr + i, "one '.', '_', '__' or dashes separate words");
        if (i == 0 || i + len == part.len)
            return refuse(parser, part.ptr + i, "a letter or digit must stand at both ends");
        i += len;
        if (!is_lower(part.ptr[i]) && !is_digit(part.ptr[i]))
            return refuse(parser, part.ptr + i, "a lower-case letter or digit must stand here");
    }
    return SP_OK;
}

static enum sp_rc check_path(const struct parser *parser, struct sp_str path)
{
    while (path.ptr) {
        enum sp_rc rc = check_component(parser, sp_str_cut(&path, '/'));
        if (rc)
            return rc;
    }
    return SP_OK;
}

static enum sp_rc check_tag(const struct parser *parser, struct sp_str tag)
{
    if (!tag.len)
        return refuse(parser, tag.ptr, "a tag must follow the ':'");
    if (tag.len > TAG_MAX)
        return refuse(parser, tag.ptr + TAG_MAX, "a tag has 128 characters at most");
    for (size_t i = 0; i < tag.len; i++)
        if (!is_alnum(tag.ptr[i]) && tag.ptr[i] != '_' &&
            (i == 0 || (tag.ptr[i] != '.' && tag.ptr[i] != '-')))
            return refuse(parser, tag.ptr + i,
                          "a tag has letters, digits, '_', and behind the first also '.' and '-'");
    return SP_OK;
}

static enum sp_rc check_digest(const struct parser *parser, struct sp_str digest)
{
    size_t prefix = strlen(DIGEST_PREFIX);

    if (!sp_str_starts(digest, DIGEST_PREFIX))
        return refuse(parser, digest.ptr, "a digest begins with 'sha256:'");
    for (size_t i = prefix; i < digest.len; i++)
        if (!is_hex(digest.ptr[i]) || i - prefix == DIGEST_HEX)
            return refuse(parser, digest.ptr + i, "a digest has 64 digits, 0 to 9 and a to f");
    if (digest.len != prefix + DIGEST_HEX)
        return refuse(parser, digest.ptr + digest.len,
                      "the digest ends too early: it has 64 digits");
    return SP_OK;
}

/* --- whole ---------------------------------------------------------------------------------- */

static bool is_host(struct sp_str part)
{
    return sp_str_find(part, '.') != SIZE_MAX || sp_str_find(part, ':') != SIZE_MAX ||
           sp_str_starts(part, "[") || sp_str_is(part, "localhost");
}

/* "oci" would be written "oci:latest", which is a directory. */
static bool is_transport(struct sp_str path)
{
    for (size_t i = 0; i < SP_COUNT(transports); i++)
        if (strlen(transports[i].prefix) == path.len + 1 &&
            memcmp(transports[i].prefix, path.ptr, path.len) == 0)
            return true;
    return false;
}

static void cut_host(struct sp_str *rest, struct sp_image_name *out)
{
    size_t slash = sp_str_find(*rest, '/');
    struct sp_str first = sp_str_slice(*rest, 0, slash);

    if (slash == SIZE_MAX || !is_host(first))
        return;
    out->host = first;
    *rest = sp_str_slice(*rest, slash + 1, rest->len);
}

static enum sp_rc parse_registry(const struct parser *parser,
                                 struct sp_str rest,
                                 struct sp_image_name *out)
{
    size_t at = sp_str_find(rest, '@');
    enum sp_rc rc = SP_OK;

    if (at != SIZE_MAX) {
        out->digest = sp_str_slice(rest, at + 1, rest.len);
        rc = check_digest(parser, out->digest);
        rest = sp_str_slice(rest, 0, at);
    }
    cut_host(&rest, out);
    size_t slash = sp_str_rfind(rest, '/');
    struct sp_str last = slash == SIZE_MAX ? rest : sp_str_slice(rest, slash + 1, rest.len);
    size_t colon = sp_str_find(last, ':');
    if (colon != SIZE_MAX)
        out->tag = sp_str_slice(last, colon + 1, last.len);
    out->path = sp_str_slice(rest, 0, rest.len - (colon == SIZE_MAX ? 0 : last.len - colon));
    if (!out->host.len && is_transport(out->path))
        return refuse(parser, rest.ptr,
                      "this word in front of a ':' reads files: no image without a "
                      "registry can have this name");
    /* The leftmost fault is the one to be said. */
    enum sp_rc later = rc;
    struct sp_err behind = *parser->err;
    rc = out->host.len ? check_host(parser, out->host) : SP_OK;
    if (rc == SP_OK)
        rc = check_path(parser, out->path);
    if (rc == SP_OK && out->host.len + out->path.len + (out->host.len > 0) > SP_IMAGE_NAME_MAX)
        rc = refuse(parser, rest.ptr, "it is longer than 255 characters");
    if (rc == SP_OK && colon != SIZE_MAX)
        rc = check_tag(parser, out->tag);
    if (rc == SP_OK && later) {
        *parser->err = behind;
        rc = later;
    }
    if (!out->digest.len && !out->tag.len)
        out->tag = SP_STR("latest");
    return rc;
}

enum sp_rc sp_image_name_parse(struct sp_str text, struct sp_image_name *out, struct sp_err *err)
{
    const struct parser parser = { text, err };
    struct sp_image_name name = { .transport = SP_IMAGE_REGISTRY };
    struct sp_str rest = text;

    for (size_t i = 0; i < SP_COUNT(transports); i++)
        if (sp_str_starts(text, transports[i].prefix)) {
            name.transport = transports[i].transport;
            rest = sp_str_slice(text, strlen(transports[i].prefix), text.len);
        }
    if (!rest.len)
        return sp_fail(err, SP_INVALID, "image '" SP_STR_FMT "' has no name", SP_STR_ARG(text));
    if (memchr(rest.ptr, '\0', rest.len))
        return sp_fail(err, SP_INVALID, "the name of an image has a NUL byte in it");
    if (name.transport == SP_IMAGE_REGISTRY) {
        enum sp_rc rc = parse_registry(&parser, rest, &name);
        if (rc)
            return rc;
    } else {
        name.file = rest;
    }
    *out = name;
    return SP_OK;
}

bool sp_is_image_digest(struct sp_str text)
{
    struct sp_err ignored = SP_ERR_INIT;
    const struct parser parser = { text, &ignored };

    return check_digest(&parser, text) == SP_OK;
}

const char *sp_image_transport_name(enum sp_image_transport transport)
{
    static const char *const names[] = {
        [SP_IMAGE_REGISTRY] = "docker",
        [SP_IMAGE_OCI_DIR] = "oci",
        [SP_IMAGE_OCI_ARCHIVE] = "oci-archive",
        [SP_IMAGE_DOCKER_ARCHIVE] = "docker-archive",
    };

    return names[transport];
}

struct sp_str sp_image_name_format(struct sp_arena *arena, const struct sp_image_name *name)
{
    if (name->transport != SP_IMAGE_REGISTRY)
        return sp_arena_printf(arena, "%s:" SP_STR_FMT, sp_image_transport_name(name->transport),
                               SP_STR_ARG(name->file));
    return sp_arena_printf(arena, SP_STR_FMT "%s" SP_STR_FMT "%s" SP_STR_FMT,
                           SP_STR_ARG(name->host), name->host.len ? "/" : "",
                           SP_STR_ARG(name->path), name->digest.len ? "@" : ":",
                           SP_STR_ARG(name->digest.len ? name->digest : name->tag));
}
