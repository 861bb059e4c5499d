/* SPDX-License-Identifier: BSD-3-Clause */
#include "engine/debian.h"

#include "base/clock.h"
#include "base/fault.h"
#include "base/nearest.h"

#include "engine/aptsources.h"
#include "engine/chore.h"
#include "engine/tools.h"
#include "image/digest.h"
#include "image/layout.h"
#include "image/manifest.h"
#include "sys/file.h"
#include "sys/glob.h"

#include <fcntl.h>
#include <sched.h>
#include <stdlib.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#define WRAPPER       "setpriv" /* setpriv --pdeathsig TERM PROGRAM: it ends when we do */
#define WRAPPER_WORDS 3

#define LISTS_AGE (24 * 3600 * SP_NSEC_PER_SEC)
#define HOOKS     "/usr/share/mmdebstrap/hooks"
#define KEYRING   "/usr/share/keyrings/debian-archive-keyring.gpg"
#define ARCHIVES  "/var/cache/apt/archives" /* what the machine itself has fetched */

struct sp_debian {
    struct sp_debian_options options;
    const char *dir;      /* lists of these sources: CACHE/apt/HEX */
    const char *archives; /* CACHE/apt/archives */
    const char *conf;     /* for apt-get -c */
    const char *sources;
    size_t count, done; /* for progress */
};

static const char *path_of(struct sp_arena *arena, const char *dir, const char *name)
{
    return sp_arena_printf(arena, "%s/%s", dir, name).ptr;
}

/* --- programs ------------------------------------------------------------------------------- */

static enum sp_rc check_programs(const struct sp_debian_options *options, struct sp_err *err)
{
    if (!sp_tools_has("apt-get", options->path.ptr))
        return sp_fail(err, SP_NOT_FOUND,
                       "images are built from Debian packages, and there is no apt-get here: build "
                       "them on a Debian or Ubuntu and take them along with 'spoor image pull "
                       "oci-archive:FILE'");
    if (!sp_tools_has("mmdebstrap", options->path.ptr))
        return sp_fail(err, SP_NOT_FOUND,
                       "mmdebstrap is not installed: apt-get install mmdebstrap uidmap");
    if (geteuid() != 0 && !sp_tools_has("newuidmap", options->path.ptr))
        return sp_fail(err, SP_NOT_FOUND, "newuidmap is not installed: apt-get install uidmap");
    return SP_OK;
}

static enum sp_rc run(struct sp_debian *debian,
                      const char *const *argv,
                      const char *const *env,
                      struct sp_buf *out,
                      void (*line)(void *arg, struct sp_str text),
                      struct sp_err *err)
{
    const struct sp_chore chore = {
        .argv = argv,
        .env = env,
        .log_fd = debian->options.log_fd,
        .out = out,
        .line = line,
        .arg = debian,
    };
    const char *program = strcmp(argv[0], WRAPPER) == 0 ? argv[WRAPPER_WORDS] : argv[0];
    enum sp_rc rc = sp_chore_run(&chore, err);

    return rc && rc != SP_BUSY ? sp_err_wrap(err, "%s", program) : rc;
}

/* Ours, for proxies, but in English. */
static const char *const *apt_environment(const struct sp_debian *debian)
{
    static const char *const additions[] = { "LC_ALL=C", "DEBIAN_FRONTEND=noninteractive", NULL };

    return sp_tools_environment(debian->options.arena, debian->options.path, additions);
}

static void tell(const struct sp_debian *debian, const char *what, size_t done, size_t count)
{
    if (debian->options.progress)
        debian->options.progress(debian->options.arg, what, done, count);
}

/* --- sources -------------------------------------------------------------------------------- */

static size_t pick_file(const char *path, struct sp_str suite, struct sp_buf *out)
{
    sp_auto_buf struct sp_buf text = SP_BUF(SP_BUF_LARGE);
    struct sp_err err = SP_ERR_INIT;

    if (sp_file_read(path, &text, &err)) /* a file that only others may read says nothing to us */
        return 0;
    return sp_apt_sources_pick(sp_buf_str(&text), sp_str_ends(sp_str_of(path), ".sources"), suite,
                               out);
}

/* The stanzas of all mirrors that have the suite. */
static enum sp_rc find_sources(const struct sp_debian_options *options,
                               struct sp_buf *out,
                               struct sp_err *err)
{
    static const char *const patterns[] = {
        "/etc/apt/sources.list",
        "/etc/apt/sources.list.d/*.list",
        "/etc/apt/sources.list.d/*.sources",
    };
    size_t count = 0;

    if (options->mirror) {
        sp_buf_addf(out, "Types: deb\nURIs: %s\nSuites: " SP_STR_FMT "\nComponents: main\n",
                    options->mirror, SP_STR_ARG(options->suite));
        if (sp_file_kind(KEYRING) == SP_FILE_REGULAR)
            sp_buf_adds(out, "Signed-By: " KEYRING "\n");
        return SP_OK;
    }
    for (size_t i = 0; i < SP_COUNT(patterns); i++) {
        struct sp_glob files = sp_glob_find(options->arena, sp_str_of(patterns[i]));
        for (size_t j = 0; j < files.len; j++)
            count += pick_file(sp_arena_cstr(options->arena, files.items[j]), options->suite, out);
    }
    if (!count)
        return sp_fail(err, SP_NOT_FOUND,
                       "no mirror in /etc/apt/sources.list* has the suite '" SP_STR_FMT
                       "': name one, for instance --mirror http://deb.debian.org/debian",
                       SP_STR_ARG(options->suite));
    return SP_OK;
}

/* --- the configuration of apt --------------------------------------------------------------- */

/* Where apt keeps what it knows. */
static const struct {
    const char *key, *path;
} conf_paths[] = {
    { "Dir::Etc::SourceList", "debian.sources" },
    { "Dir::Etc::SourceParts", "none" },
    { "Dir::Etc::Preferences", "none/preferences" },
    { "Dir::Etc::PreferencesParts", "none" },
    { "Dir::State", "." },
    { "Dir::State::Lists", "lists" },
    { "Dir::State::status", "status" },
    { "Dir::State::extended_states", "extended" },
    { "Dir::Cache", "cache" },
    { "Dir::Cache::pkgcache", "cache/packages.bin" },
    { "Dir::Cache::srcpkgcache", "cache/sources.bin" },
};

/* What hooks of this machine do after an update is not wanted; what it says of proxies is. A list
 * of names that have to be essential, with none in it, keeps apt itself from being one. */
static const char conf_text[] = "#clear APT::Update::Post-Invoke;\n"
                                "#clear APT::Update::Post-Invoke-Success;\n"
                                "#clear APT::Default-Release;\n"
                                "#clear APT::Architectures;\n"
                                "Acquire::Languages \"none\";\n"
                                "Acquire::GzipIndexes \"false\";\n"
                                "Acquire::ForceHash \"SHA256\";\n"
                                "Acquire::IndexTargets::deb::DEP-11::DefaultEnabled \"false\";\n"
                                "Acquire::IndexTargets::deb::CNF::DefaultEnabled \"false\";\n"
                                "APT::Install-Recommends \"false\";\n"
                                "APT::Install-Suggests \"false\";\n"
                                "APT::Sandbox::User \"\";\n"
                                "APT::Get::Assume-Yes \"true\";\n"
                                "APT::Update::Error-Mode \"any\";\n"
                                "pkgCacheGen::ForceEssential \",\";\n";

static struct sp_str conf_of(const struct sp_debian *debian, struct sp_buf *out)
{
    sp_buf_adds(out, conf_text);
    sp_buf_addf(out, "APT::Architecture \"%s\";\n", sp_image_architecture());
    sp_buf_addf(out, "Dir::Cache::Archives \"%s\";\n", debian->archives);
    for (size_t i = 0; i < SP_COUNT(conf_paths); i++)
        sp_buf_addf(out, "%s \"%s/%s\";\n", conf_paths[i].key, debian->dir, conf_paths[i].path);
    return sp_buf_str(out);
}

static enum sp_rc write_conf(struct sp_debian *debian, struct sp_str sources, struct sp_err *err)
{
    static const char *const dirs[] = { "lists/partial", "cache", "none" };
    sp_auto_buf struct sp_buf conf = SP_BUF(SP_BUF_SMALL);
    struct sp_arena *arena = debian->options.arena;

    enum sp_rc rc = sp_make_dirs(path_of(arena, debian->archives, "partial"), err);
    for (size_t i = 0; i < SP_COUNT(dirs) && rc == SP_OK; i++)
        rc = sp_make_dirs(path_of(arena, debian->dir, dirs[i]), err);
    if (rc == SP_OK)
        rc = sp_file_write(debian->sources, sources, err);
    if (rc == SP_OK)
        rc = sp_file_write(path_of(arena, debian->dir, "status"), SP_STR(""), err);
    if (rc == SP_OK)
        rc = sp_file_write(debian->conf, conf_of(debian, &conf), err);
    return rc;
}

/* --- lists ---------------------------------------------------------------------------------- */

static enum sp_rc update(struct sp_debian *debian, struct sp_err *err)
{
    struct sp_arena *arena = debian->options.arena;
    const char *const argv[] = { "apt-get", "-c", debian->conf, "-q", "update", NULL };
    const char *stamp = path_of(arena, debian->dir, "updated");
    sp_nsec when = sp_file_kind(stamp) == SP_FILE_NONE ? 0 : sp_tree_mtime(stamp);
    bool fresh = when && sp_clock_realtime() - when < LISTS_AGE;

    if (fresh && !debian->options.refresh)
        return SP_OK;
    tell(debian, "asking the mirror what there is", 0, 0);
    enum sp_rc rc = run(debian, argv, apt_environment(debian), NULL, NULL, err);
    if (rc == SP_OK)
        return sp_file_write(stamp, SP_STR(""), err);
    if (rc == SP_BUSY || !when || debian->options.refresh)
        return rc;
    /* Those of yesterday are better than nothing, and nobody has asked for new ones. */
    *err = SP_ERR_INIT;
    return SP_OK;
}

enum sp_rc sp_debian_open(const struct sp_debian_options *options,
                          struct sp_debian **out,
                          struct sp_err *err)
{
    sp_auto_buf struct sp_buf sources = SP_BUF(SP_BUF_LARGE);
    struct sp_debian *debian = sp_arena_alloc(options->arena, sizeof *debian);

    enum sp_rc rc = check_programs(options, err);
    if (rc == SP_OK)
        rc = find_sources(options, &sources, err);
    if (rc)
        return rc;
    struct sp_sha_digest digest = sp_sha_of(sp_buf_str(&sources));
    *debian = (struct sp_debian){
        .options = *options,
        .dir = sp_arena_printf(options->arena, SP_STR_FMT "/apt/%.16s", SP_STR_ARG(options->cache),
                               digest.hex)
                   .ptr,
        .archives = sp_arena_join(options->arena, options->cache, "/", SP_STR("apt/archives")).ptr,
    };
    debian->conf = path_of(options->arena, debian->dir, "apt.conf");
    debian->sources = path_of(options->arena, debian->dir, "debian.sources");
    rc = write_conf(debian, sp_buf_str(&sources), err);
    if (rc == SP_OK)
        rc = update(debian, err);
    if (rc == SP_OK)
        *out = debian;
    return rc;
}

/* --- choosing ------------------------------------------------------------------------------- */

/* "'http://m/x_1%3a2-3_amd64.deb' x_1%3a2-3_amd64.deb 1234 SHA256:..." */
static bool read_package(struct sp_arena *arena, struct sp_str line, struct sp_debian_package *out)
{
    int64_t size;

    struct sp_str uri = sp_str_cut(&line, ' '), file = sp_str_cut(&line, ' ');
    struct sp_str bytes = sp_str_cut(&line, ' '), hash = sp_str_trim(line);
    if (!sp_str_starts(uri, "'") || !sp_str_ends(file, ".deb") || !sp_str_int(bytes, &size) ||
        !sp_str_starts(hash, "SHA256:"))
        return false;
    struct sp_str rest = sp_str_slice(file, 0, file.len - strlen(".deb"));
    *out = (struct sp_debian_package){
        .file = sp_arena_str(arena, file),
        .size = (uint64_t)size,
        .sha256 = sp_arena_str(arena, sp_str_slice(hash, strlen("SHA256:"), hash.len)),
    };
    out->name = sp_arena_str(arena, sp_str_cut(&rest, '_'));
    struct sp_str version = sp_str_cut(&rest, '_');
    out->architecture = sp_arena_str(arena, rest.ptr ? rest : SP_STR(""));
    size_t colon = sp_str_find_str(version, SP_STR("%3a"));
    out->version = colon == SIZE_MAX
                       ? sp_arena_str(arena, version)
                       : sp_arena_join(arena, sp_str_slice(version, 0, colon), ":",
                                       sp_str_slice(version, colon + strlen("%3a"), version.len));
    return out->name.len && out->version.len && out->architecture.len;
}

static int by_name(const void *a, const void *b)
{
    return sp_str_cmp(((const struct sp_debian_package *)a)->name,
                      ((const struct sp_debian_package *)b)->name);
}

static enum sp_rc read_choice(struct sp_arena *arena,
                              struct sp_str text,
                              struct sp_debian_choice *out,
                              struct sp_err *err)
{
    size_t lines = 1;

    for (size_t i = 0; i < text.len; i++)
        lines += text.ptr[i] == '\n';
    *out = (struct sp_debian_choice){
        .items = SP_ARENA_NEW(arena, struct sp_debian_package, lines),
    };
    while (text.ptr) {
        struct sp_str line = sp_str_cut(&text, '\n');
        if (!sp_str_starts(line, "'"))
            continue;
        if (!read_package(arena, line, &out->items[out->len++]))
            return sp_fail(err, SP_INVALID, "apt-get says what is not understood: " SP_STR_FMT,
                           SP_STR_ARG(line));
    }
    if (out->len)
        qsort(out->items, out->len, sizeof *out->items, by_name);
    return SP_OK;
}

/* "E: Unable to locate package x" */
static bool is_missing(const struct sp_err *err, struct sp_arena *arena, struct sp_str *out)
{
    static const char phrase[] = "Unable to locate package ";
    struct sp_str text = sp_str_of(err->text);
    size_t at = sp_str_find_str(text, sp_str_of(phrase));

    if (at == SIZE_MAX)
        return false;
    *out = sp_arena_str(arena, sp_str_trim(sp_str_slice(text, at + strlen(phrase), text.len)));
    return true;
}

/* To say what would be fetched, or to fetch it. */
static const char *const *install_command(const struct sp_debian *debian,
                                          const struct sp_debian_wish *wish,
                                          bool fetch)
{
    struct sp_arena *arena = debian->options.arena;
    const char **argv = SP_ARENA_NEW(arena, const char *, wish->packages->len + 16);
    size_t argc = 0;

    argv[argc++] = "apt-get";
    argv[argc++] = "-c";
    argv[argc++] = debian->conf;
    argv[argc++] = fetch ? "-q" : "-qq";
    argv[argc++] = fetch ? "--download-only" : "--print-uris";
    if (!fetch) { /* it would not name what it has */
        argv[argc++] = "-o";
        argv[argc++] = sp_arena_printf(arena, "Dir::Cache::Archives=%s/none", debian->dir).ptr;
    }
    if (wish->below) {
        argv[argc++] = "-o";
        argv[argc++] =
            sp_arena_printf(arena, "Dir::State::status=%s/var/lib/dpkg/status", wish->below).ptr;
    }
    argv[argc++] = "install";
    if (!wish->below) {
        argv[argc++] = "?essential";
        argv[argc++] = "usr-is-merged"; /* instead of usrmerge, which needs all of perl */
    }
    SP_LIST_EACH(item, wish->packages)
    argv[argc++] = sp_arena_cstr(arena, item->text);
    return argv;
}

enum sp_rc sp_debian_solve(struct sp_debian *debian,
                           const struct sp_debian_wish *wish,
                           struct sp_debian_choice *out,
                           struct sp_str *missing,
                           struct sp_err *err)
{
    sp_auto_buf struct sp_buf uris = SP_BUF(SP_BUF_LARGE);
    const char *const *argv = install_command(debian, wish, false);

    *missing = SP_STR("");
    enum sp_rc rc = run(debian, argv, apt_environment(debian), &uris, NULL, err);
    if (rc == SP_INVALID && is_missing(err, debian->options.arena, missing))
        err->code = SP_NOT_FOUND;
    return rc ? err->code : read_choice(debian->options.arena, sp_buf_str(&uris), out, err);
}

struct sp_str sp_debian_nearest(struct sp_debian *debian, struct sp_str name)
{
    const char *const argv[] = { "apt-cache", "-c", debian->conf, "pkgnames", NULL };
    sp_auto_buf struct sp_buf names = SP_BUF(SP_BUF_LARGE);
    struct sp_nearest nearest = SP_NEAREST(name);
    struct sp_err err = SP_ERR_INIT;

    if (run(debian, argv, apt_environment(debian), &names, NULL, &err))
        return SP_STR("");
    struct sp_str rest = sp_buf_str(&names);
    while (rest.ptr) {
        struct sp_str one = sp_str_trim(sp_str_cut(&rest, '\n'));
        if (one.len)
            sp_nearest_offer(&nearest, one);
    }
    return nearest.best.ptr ? sp_arena_str(debian->options.arena, nearest.best) : SP_STR("");
}

/* --- fetching ------------------------------------------------------------------------------- */

static void count_fetched(void *arg, struct sp_str text)
{
    struct sp_debian *debian = arg;

    if (sp_str_starts(text, "Get:"))
        tell(debian, "fetching packages", ++debian->done, debian->count);
}

static enum sp_rc copy_file(const char *from, const char *to, struct sp_err *err)
{
    sp_auto_buf struct sp_buf text = SP_BUF((size_t)2 * 1024 * 1024 * 1024);
    enum sp_rc rc;

    if (!SP_FAULT("debian.link", EXDEV) && link(from, to) == 0)
        return SP_OK;
    if (errno == EEXIST)
        return SP_OK;
    rc = sp_file_read(from, &text, err);
    return rc ? rc : sp_file_write(to, sp_buf_str(&text), err);
}

static bool has_size(const char *path, uint64_t size)
{
    return sp_file_kind(path) == SP_FILE_REGULAR && sp_tree_size(path) == size;
}

/* What the machine itself has fetched need not come again; apt-get compares the hashes. */
static bool is_here(const struct sp_debian *debian, const struct sp_debian_package *package)
{
    struct sp_arena *arena = debian->options.arena;
    const char *own = path_of(arena, debian->archives, package->file.ptr);
    const char *theirs = path_of(arena, ARCHIVES, package->file.ptr);
    struct sp_err err = SP_ERR_INIT;

    if (has_size(own, package->size))
        return true;
    return has_size(theirs, package->size) && copy_file(theirs, own, &err) == SP_OK;
}

enum sp_rc sp_debian_fetch(struct sp_debian *debian,
                           const struct sp_debian_wish *wish,
                           const struct sp_debian_choice *choice,
                           struct sp_err *err)
{
    size_t missing = 0;

    for (size_t i = 0; i < choice->len; i++)
        missing += !is_here(debian, &choice->items[i]);
    debian->count = missing;
    debian->done = 0;
    if (!missing)
        return SP_OK;
    tell(debian, "fetching packages", 0, missing);
    return run(debian, install_command(debian, wish, true), apt_environment(debian), NULL,
               count_fetched, err);
}

/* --- installing ----------------------------------------------------------------------------- */

/* Without the network: lists and packages are put where apt looks for them in the new system. */
static const char hook_text[] =
    "#!/bin/sh\n"
    "set -eu\n"
    "here=$(dirname \"$0\")/..\n"
    "[ ! -e \"$here/below.tar\" ] || tar --warning=no-unknown-keyword -C \"$1\" -xf \"$here/below.tar\"\n"
    "mkdir -p \"$1/var/lib/apt/lists\" \"$1/var/cache/apt/archives\"\n"
    "cp \"$here\"/lists/* \"$1/var/lib/apt/lists/\"\n"
    "cp \"$here\"/packages/* \"$1/var/cache/apt/archives/\"\n";

static enum sp_rc hash_part(void *arg, struct sp_str data, struct sp_err *err)
{
    (void)err;
    sp_sha_add(arg, data);
    return SP_OK;
}

static enum sp_rc stage_package(struct sp_debian *debian,
                                const struct sp_debian_package *package,
                                const char *dir,
                                struct sp_err *err)
{
    const char *from = path_of(debian->options.arena, debian->archives, package->file.ptr);
    sp_auto_sha struct sp_sha *sha = sp_sha_new();
    sp_auto_fd int fd = open(from, O_RDONLY | O_CLOEXEC);

    if (fd < 0)
        return sp_fail_errno(err, "open '%s'", from);
    enum sp_rc rc = sp_pour(fd, hash_part, sha, err);
    if (rc)
        return rc;
    if (!sp_str_is(package->sha256, sp_sha_end(sha).hex)) {
        (void)unlink(from);
        return sp_fail(err, SP_CORRUPT, "'%s' was damaged, and is removed: try again", from);
    }
    return copy_file(from, path_of(debian->options.arena, dir, package->file.ptr), err);
}

static enum sp_rc stage_lists(struct sp_debian *debian, const char *dir, struct sp_err *err)
{
    struct sp_arena *arena = debian->options.arena;
    const char *lists = path_of(arena, debian->dir, "lists");
    struct sp_glob files = sp_glob_find(arena, sp_str_of(path_of(arena, lists, "*_*")));
    enum sp_rc rc = SP_OK;

    for (size_t i = 0; i < files.len && rc == SP_OK; i++) {
        size_t slash = sp_str_rfind(files.items[i], '/');
        rc =
            copy_file(files.items[i].ptr, path_of(arena, dir, files.items[i].ptr + slash + 1), err);
    }
    return rc;
}

static enum sp_rc fill_stage(struct sp_debian *debian,
                             const struct sp_debian_job *job,
                             struct sp_err *err)
{
    static const char *const dirs[] = { "lists", "packages", "hooks", "work" };
    struct sp_arena *arena = debian->options.arena;
    const char *hook = path_of(arena, job->stage, "hooks/setup50-spoor.sh");
    const char *work = path_of(arena, job->stage, "work");
    enum sp_rc rc = SP_OK;

    for (size_t i = 0; i < SP_COUNT(dirs) && rc == SP_OK; i++)
        rc = sp_make_dirs(path_of(arena, job->stage, dirs[i]), err);
    if (rc == SP_OK)
        rc = sp_file_write(hook, sp_str_of(hook_text), err);
    if (rc == SP_OK && (chmod(hook, 0755) < 0 || chmod(work, 01777) < 0))
        rc = sp_fail_errno(err, "change modes in '%s'", job->stage);
    if (rc == SP_OK)
        rc = stage_lists(debian, path_of(arena, job->stage, "lists"), err);
    const char *packages = path_of(arena, job->stage, "packages");
    for (size_t i = 0; i < job->choice->len && rc == SP_OK; i++)
        rc = stage_package(debian, &job->choice->items[i], packages, err);
    return rc;
}

static void count_installed(void *arg, struct sp_str text)
{
    struct sp_debian *debian = arg;

    if (!sp_str_starts(text, "Setting up "))
        return;
    debian->done += debian->done < debian->count;
    tell(debian, "installing packages", debian->done, debian->count);
}

/* "x:amd64=1:2-3"; apt has packages for every machine under the plain name. */
static void add_exactly(struct sp_buf *out, const struct sp_debian_package *package)
{
    bool is_all = sp_str_is(package->architecture, "all");

    sp_buf_addf(out, "%s" SP_STR_FMT "%s" SP_STR_FMT "=" SP_STR_FMT, out->len ? "," : "",
                SP_STR_ARG(package->name), is_all ? "" : ":",
                SP_STR_ARG(is_all ? SP_STR("") : package->architecture),
                SP_STR_ARG(package->version));
}

/* What no tool reads. dpkg remembers that it left these files out. */
static const char *const dpkg_options[] = {
    "--dpkgopt=force-unsafe-io",
    "--dpkgopt=path-exclude=/usr/share/doc/*",
    "--dpkgopt=path-include=/usr/share/doc/*/copyright",
    "--dpkgopt=path-exclude=/usr/share/man/*",
    "--dpkgopt=path-exclude=/usr/share/info/*",
    "--dpkgopt=path-exclude=/usr/share/locale/*",
    "--dpkgopt=path-exclude=/usr/share/lintian/*",
    "--dpkgopt=path-exclude=/usr/share/bash-completion/*",
};

/* A mount namespace of its own also for root: whatever happens, nothing stays mounted. Where there
 * are none (some containers), root does without mounts. */
static bool can_unshare(void)
{
    int status = 0;
    pid_t child = fork();

    if (child == 0)
        _exit(unshare(CLONE_NEWNS | CLONE_NEWPID | CLONE_NEWUTS | CLONE_NEWIPC) == 0 ? 0 : 1);
    return child > 0 && waitpid(child, &status, 0) == child && status == 0;
}

static const char *mode_option(void)
{
    return geteuid() == 0 && !can_unshare() ? "--mode=root" : "--mode=unshare";
}

static const char *const *make_command(struct sp_debian *debian,
                                       const struct sp_debian_job *job,
                                       const char *packages)
{
    struct sp_arena *arena = debian->options.arena;
    const char **argv = SP_ARENA_NEW(arena, const char *, SP_COUNT(dpkg_options) + 24);
    size_t argc = 0;

    if (sp_tools_has(WRAPPER, debian->options.path.ptr)) {
        argv[argc++] = WRAPPER;
        argv[argc++] = "--pdeathsig";
        argv[argc++] = "TERM";
    }
    argv[argc++] = "mmdebstrap";
    argv[argc++] = mode_option();
    argv[argc++] = "--verbose";
    argv[argc++] = "--variant=custom";
    argv[argc++] = "--skip=update";
    argv[argc++] = "--format=tar";
    argv[argc++] = packages;
    for (size_t i = 0; i < SP_COUNT(dpkg_options); i++)
        argv[argc++] = dpkg_options[i];
    if (!job->below)
        argv[argc++] = "--hook-directory=" HOOKS "/merged-usr";
    argv[argc++] = sp_arena_printf(arena, "--hook-directory=%s/hooks", job->stage).ptr;
    argv[argc++] = "";
    argv[argc++] = path_of(arena, job->stage, "out.tar");
    argv[argc++] = debian->sources;
    return argv;
}

/* Nothing of ours: scripts of packages see it. */
static const char *const *make_environment(const struct sp_debian *debian, const char *stage)
{
    struct sp_arena *arena = debian->options.arena;
    const char **env = SP_ARENA_NEW(arena, const char *, 8);

    env[0] = sp_arena_printf(arena, "PATH=" SP_STR_FMT ":/usr/sbin:/usr/bin:/sbin:/bin",
                             SP_STR_ARG(debian->options.path))
                 .ptr;
    env[1] = "HOME=/";
    env[2] = "LC_ALL=C.UTF-8";
    env[3] = "DEBIAN_FRONTEND=noninteractive";
    env[4] = sp_arena_printf(arena, "SOURCE_DATE_EPOCH=%lld",
                             (long long)(SP_DEBIAN_EPOCH / SP_NSEC_PER_SEC))
                 .ptr;
    env[5] = sp_arena_printf(arena, "TMPDIR=%s/work", stage).ptr;
    return env;
}

enum sp_rc sp_debian_install(struct sp_debian *debian,
                             const struct sp_debian_job *job,
                             struct sp_err *err)
{
    sp_auto_buf struct sp_buf packages = SP_BUF(SP_BUF_LARGE);

    enum sp_rc rc = fill_stage(debian, job, err);
    if (rc)
        return rc;
    for (size_t i = 0; i < job->choice->len; i++)
        add_exactly(&packages, &job->choice->items[i]);
    debian->count = job->choice->len;
    debian->done = 0;
    tell(debian, "installing packages", 0, debian->count);
    const char *include = sp_arena_printf(debian->options.arena, "--include=%s", packages.ptr).ptr;
    return run(debian, make_command(debian, job, include), make_environment(debian, job->stage),
               NULL, count_installed, err);
}
