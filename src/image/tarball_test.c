/* SPDX-License-Identifier: BSD-3-Clause */
#include "image/tarball.h"

#include "base/fault.h"
#include "base/tap.h"

#include "image/layer.h"
#include "image/unpack.h"
#include "sys/file.h"

#include <fcntl.h>
#include <stdlib.h>
#include <sys/stat.h>
#include <unistd.h>

/* A line of a tree: "d 755 usr", "f 644 usr/a text", "l 0 usr/b target", "h 0 usr/c usr/a". */
static void put_line(struct sp_arena *arena, const char *dir, struct sp_str line)
{
    struct sp_err err = SP_ERR_INIT;
    struct sp_str kind = sp_str_cut(&line, ' '), mode = sp_str_cut(&line, ' ');
    struct sp_str name = sp_str_cut(&line, ' ');
    const char *path = sp_arena_printf(arena, "%s/" SP_STR_FMT, dir, SP_STR_ARG(name)).ptr;
    mode_t bits = (mode_t)strtoul(sp_arena_cstr(arena, mode), NULL, 8);
    const char *rest = sp_arena_cstr(arena, line);
    bool fine = true;

    if (sp_str_is(kind, "d"))
        fine = sp_make_dirs(path, &err) == SP_OK && chmod(path, bits) == 0;
    else if (sp_str_is(kind, "f"))
        fine = sp_file_write(path, line, &err) == SP_OK && chmod(path, bits) == 0;
    else if (sp_str_is(kind, "l"))
        fine = symlink(rest, path) == 0;
    else if (sp_str_is(kind, "p"))
        fine = mkfifo(path, bits) == 0;
    else
        fine = link(sp_arena_printf(arena, "%s/%s", dir, rest).ptr, path) == 0;
    if (!fine)
        tap_ok(false, "make %s", path);
}

static const char *put_tree(struct sp_arena *arena, const char *dir, const char *lines)
{
    struct sp_err err = SP_ERR_INIT;
    struct sp_str rest = sp_str_of(lines);

    if (sp_make_dirs(dir, &err))
        tap_ok(false, "make %s", dir);
    while (rest.ptr && rest.len)
        put_line(arena, dir, sp_str_cut(&rest, '\n'));
    return dir;
}

/* --- written -------------------------------------------------------------------------------- */

static enum sp_rc keep(void *arg, struct sp_str data, struct sp_err *err)
{
    (void)err;
    sp_buf_add(arg, data);
    return SP_OK;
}

static enum sp_rc write_tarball(const char *tree,
                                const char *lower,
                                enum sp_media media,
                                struct sp_buf *out,
                                struct sp_sha_digest *diff_id,
                                struct sp_err *err)
{
    sp_auto_fd int upper = open(tree, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
    sp_auto_fd int below = lower ? open(lower, O_RDONLY | O_DIRECTORY | O_CLOEXEC) : -1;
    const struct sp_tarball tarball = {
        .tree_fd = upper,
        .lower_fd = below,
        .media = media,
        .latest = 1000 * SP_NSEC_PER_SEC,
    };

    sp_buf_clear(out);
    return sp_tarball_write(&tarball, keep, out, diff_id, err);
}

/* Names and types of what is in it: "d usr/;f usr/a;" */
static struct sp_str list(struct sp_arena *arena,
                          const char *file,
                          const struct sp_buf *archive,
                          enum sp_media media,
                          struct sp_sha_digest *diff_id)
{
    static const char kinds[] = "fdlho";
    sp_auto_buf struct sp_buf out = SP_BUF(SP_BUF_SMALL);
    sp_auto_layer struct sp_layer *layer = NULL;
    struct sp_layer_entry entry;
    struct sp_err err = SP_ERR_INIT;
    bool more = true;

    enum sp_rc rc = sp_file_write(file, sp_buf_str(archive), &err);
    sp_auto_fd int fd = open(file, O_RDONLY | O_CLOEXEC);
    if (rc == SP_OK)
        rc = sp_layer_open(fd, media, &layer, &err);
    while (rc == SP_OK && (rc = sp_layer_next(layer, &entry, &more, &err)) == SP_OK && more) {
        sp_buf_addf(&out, "%c%s " SP_STR_FMT, kinds[entry.type],
                    entry.mtime > 1000 * SP_NSEC_PER_SEC ? "(late)" : "", SP_STR_ARG(entry.path));
        if (entry.target.len)
            sp_buf_addf(&out, ">" SP_STR_FMT, SP_STR_ARG(entry.target));
        sp_buf_addc(&out, ';');
    }
    if (rc == SP_OK)
        rc = sp_layer_finish(layer, diff_id, &err);
    if (rc)
        sp_buf_adds(&out, err.text);
    return sp_arena_str(arena, sp_buf_str(&out));
}

static const struct {
    const char *name, *lower, *upper, *want;
} cases[] = {
    { "a tree alone, in order", NULL,
      "d 755 b\nf 644 b/y 1\nf 755 b/x 2\nl 0 a b/x\nh 0 c b/x\nd 700 b/e\np 644 z",
      "l a>b/x;d b/;d b/e/;f b/x;f b/y;h c>b/x;" },
    { "what is alike is left out", "d 755 d\nf 644 d/a 1\nf 644 d/b 1\nl 0 d/l x",
      "d 755 d\nf 644 d/a 1\nf 644 d/b 2\nl 0 d/l x", "f d/b;" },
    { "modes and targets count", "d 755 d\nf 644 d/a 1\nl 0 d/l x",
      "d 700 d\nf 755 d/a 1\nl 0 d/l y", "d d/;f d/a;l d/l>y;" },
    { "what vanished", "d 755 d\nf 644 d/a 1\nd 755 e\nf 644 e/f 1\nf 644 g 1",
      "d 755 d\nf 644 g 1", "f .wh.e;f d/.wh.a;" },
    { "another type", "d 755 d\nf 644 d/a 1\nf 644 e 1\nl 0 f d",
      "f 644 d 1\nd 755 e\nf 644 e/x 1\nd 755 f", "f d;d e/;f e/x;d f/;" },
    { "names of any bytes", "", "f 644 caf\xc3\xa9 1\nf 644 \xff 2", "f caf\xc3\xa9;f \xff;" },
    { "nothing", "f 644 a 1", "f 644 a 1", "" },
};

static void run_case(size_t number, enum sp_media media)
{
    sp_auto_arena struct sp_arena *arena = sp_arena_new();
    sp_auto_buf struct sp_buf archive = SP_BUF(SP_BUF_LARGE), again = SP_BUF(SP_BUF_LARGE);
    const char *dir = sp_arena_printf(arena, "tarball-test.%zu", number).ptr;
    const char *upper = sp_arena_printf(arena, "%s/upper", dir).ptr;
    const char *lower = sp_arena_printf(arena, "%s/lower", dir).ptr;
    const char *file = sp_arena_printf(arena, "%s/archive", dir).ptr;
    struct sp_sha_digest ours, theirs = { "" }, second;
    struct sp_err err = SP_ERR_INIT;
    bool has_lower = cases[number].lower != NULL;

    (void)put_tree(arena, upper, cases[number].upper);
    (void)put_tree(arena, lower, has_lower ? cases[number].lower : "");
    enum sp_rc rc = write_tarball(upper, has_lower ? lower : NULL, media, &archive, &ours, &err);
    if (!tap_ok(rc == SP_OK, "%s: written", cases[number].name))
        printf("# %s\n", err.text);
    struct sp_str got = list(arena, file, &archive, media, &theirs);
    if (!tap_ok(sp_str_is(got, cases[number].want), "%s: %s", cases[number].name,
                cases[number].want))
        printf("# got %s\n", got.ptr);
    tap_ok(sp_sha_eq(&ours, &theirs), "%s: its diff id", cases[number].name);
    rc = write_tarball(upper, has_lower ? lower : NULL, media, &again, &second, &err);
    tap_ok(rc == SP_OK && sp_str_eq(sp_buf_str(&archive), sp_buf_str(&again)),
           "%s: the same bytes again", cases[number].name);
    if (sp_remove_tree(dir, &err))
        tap_ok(false, "remove %s", dir);
}

static void test_refused(void)
{
    sp_auto_arena struct sp_arena *arena = sp_arena_new();
    sp_auto_buf struct sp_buf archive = SP_BUF(SP_BUF_LARGE);
    struct sp_sha_digest digest;
    struct sp_err err = SP_ERR_INIT, ignored = SP_ERR_INIT;
    const char *dir = put_tree(arena, "tarball-test.bad", "d 755 d\nf 644 d/.wh.x 1");

    enum sp_rc rc = write_tarball(dir, NULL, SP_MEDIA_TAR, &archive, &digest, &err);
    tap_ok(rc == SP_INVALID && strstr(err.text, "'/d/.wh.x': ") != NULL, "whiteout: %s", err.text);
    if (sp_remove_tree(dir, &ignored))
        tap_ok(false, "remove %s", dir);
}

/* Each site fails in turn: told, and never a digest. */
static void test_faults(void)
{
    sp_auto_arena struct sp_arena *arena = sp_arena_new();
    sp_auto_buf struct sp_buf archive = SP_BUF(SP_BUF_LARGE);
    struct sp_err err = SP_ERR_INIT;
    const char *lower = put_tree(arena, "tarball-test.low", "f 644 a 1\nf 644 b 1");
    const char *upper = put_tree(arena, "tarball-test.up", "f 644 a 1\nf 644 b 2");

    for (unsigned nth = 1;; nth++) {
        struct sp_sha_digest digest = { "untouched" };
        struct sp_err failed = SP_ERR_INIT;
        sp_fault_arm(nth);
        enum sp_rc rc = write_tarball(upper, lower, SP_MEDIA_TAR_ZSTD, &archive, &digest, &failed);
        const char *site = sp_fault_fired();
        sp_fault_arm(0);
        if (!site) {
            tap_ok(rc == SP_OK && nth > 4, "no fault left after %u", nth - 1);
            break;
        }
        tap_ok(rc == SP_IO && strcmp(digest.hex, "untouched") == 0, "fault at %s: %s", site,
               failed.text);
    }
    if (sp_remove_tree(lower, &err) || sp_remove_tree(upper, &err))
        tap_ok(false, "remove: %s", err.text);
}

int main(void)
{
    static const enum sp_media media[] = { SP_MEDIA_TAR, SP_MEDIA_TAR_GZIP, SP_MEDIA_TAR_ZSTD };

    for (size_t i = 0; i < SP_COUNT(cases); i++)
        run_case(i, media[i % SP_COUNT(media)]);
    test_refused();
    test_faults();
    return tap_done();
}
