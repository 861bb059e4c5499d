/* SPDX-License-Identifier: BSD-3-Clause */
/* doctor.c - what this machine offers. Everything is tried, with files of its own that are removed
 * again: where the store is or will be, and in the working directory. */
#include "base/clock.h"

#include "cli/storeargs.h"
#include "cli/table.h"
#include "exec/backend.h"
#include "store/store.h"
#include "sys/env.h"
#include "sys/file.h"
#include "sys/fstype.h"
#include "sys/lock.h"
#include "value/json.h"

#include <assert.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/stat.h>
#include <sys/statvfs.h>
#include <unistd.h>

#define SAMPLE_FILES 20
#define SAMPLE_SIZE  ((size_t)100 * 1000)
#define ROOM_MIN     ((uint64_t)1000 * 1000 * 1000)

static const struct sp_option options[] = {
    SP_OPT_FLAG("h", "help", struct sp_store_args, load.help, "show this help"),
    SP_OPT_FLAG(NULL, "json", struct sp_store_args, load.json, "print one JSON document"),
    SP_STORE_OPTIONS,
    SP_LOAD_OPTIONS,
    SP_OPT_END,
};

enum state {
    STATE_GOOD,
    STATE_MISSING, /* nothing needs it */
    STATE_BAD      /* Spoor cannot work like this */
};

static const char *const state_names[] = { "ok", "missing", "bad" };

struct finding {
    const char *name;
    enum state state;
    struct sp_str text;
};

struct examination {
    struct sp_arena *arena;
    const char *dir;           /* of the store */
    struct sp_str parent;      /* the nearest directory that is there */
    struct finding items[128]; /* some ten a backend */
    size_t len;
};

static void note(struct examination *exam, const char *name, enum state state, struct sp_str text)
{
    assert(exam->len < SP_COUNT(exam->items));
    exam->items[exam->len++] = (struct finding){ name, state, text };
}

/* --- the store ------------------------------------------------------------------------------- */

static struct sp_str nearest_directory(struct sp_arena *arena, const char *path)
{
    struct sp_str full = sp_real_path(arena, sp_str_of(path));

    while (full.len > 1 && sp_file_kind(full.ptr) != SP_FILE_DIR)
        full =
            sp_arena_str(arena, sp_str_slice(full, 0, SP_MAX(sp_str_rfind(full, '/'), (size_t)1)));
    return full;
}

static void examine_workspace(struct examination *exam)
{
    bool writable = sp_file_is_writable(".");

    note(exam, "workspace", writable ? STATE_GOOD : STATE_BAD,
         sp_arena_printf(exam->arena, "the working directory, on %s%s", sp_file_system_name("."),
                         writable ? "" : ": it cannot be written to, recipes cannot run here"));
}

static void examine_store(struct examination *exam)
{
    struct sp_store_options store_options = { .run = "doctor" };
    struct sp_store *store = NULL;
    struct sp_err err = SP_ERR_INIT;
    struct sp_err closing = SP_ERR_INIT;
    const char *type = sp_file_system_name(exam->parent.ptr);

    enum sp_rc rc = sp_store_open(exam->dir, SP_STORE_READ, &store_options, &store, &err);
    if (rc == SP_OK)
        rc = sp_store_close(store, &closing);
    bool writable = sp_file_is_writable(exam->parent.ptr);
    if (rc && rc != SP_NOT_FOUND)
        note(exam, "store", STATE_BAD, sp_arena_str(exam->arena, sp_str_of(err.text)));
    else if (!writable)
        note(exam, "store", STATE_BAD,
             sp_arena_printf(exam->arena, "'%s' cannot be written to: see opts.store.dir",
                             exam->parent.ptr));
    else
        note(exam, "store", STATE_GOOD,
             sp_arena_printf(exam->arena, "%s, on %s%s", exam->dir, type,
                             rc ? " (the first run makes it)" : ""));
}

static void examine_room(struct examination *exam)
{
    struct statvfs info;

    if (statvfs(exam->parent.ptr, &info) < 0)
        return;
    uint64_t avail = (uint64_t)info.f_bavail * info.f_frsize;
    note(exam, "room", avail >= ROOM_MIN ? STATE_GOOD : STATE_BAD,
         sp_arena_printf(exam->arena, "%s free for the store", sp_size_text(avail).text));
}

static void examine_locks(struct examination *exam)
{
    struct sp_err err = SP_ERR_INIT;
    bool works = false;

    if (sp_lock_probe(exam->parent.ptr, &works, &err))
        note(exam, "locks", STATE_BAD, sp_arena_str(exam->arena, sp_str_of(err.text)));
    else
        note(exam, "locks", works ? STATE_GOOD : STATE_BAD,
             works ? SP_STR("keep others out: the store can be shared")
                   : SP_STR("keep nobody out: two runs at once would disturb each other"));
}

/* --- snapshots, by doing it ------------------------------------------------------------------- */

static enum sp_rc make_sample(const char *dir, struct sp_err *err)
{
    sp_auto_free char *data = sp_alloc(SAMPLE_SIZE);
    enum sp_rc rc = sp_make_dirs(dir, err);

    for (int i = 0; !rc && i < SAMPLE_FILES; i++) {
        sp_auto_buf struct sp_buf path = SP_BUF(SP_BUF_SMALL);
        sp_buf_addf(&path, "%s/%d", dir, i);
        memset(data, 'a' + i, SAMPLE_SIZE);
        rc = sp_file_write(path.ptr, (struct sp_str){ data, SAMPLE_SIZE }, err);
    }
    return rc;
}

static enum sp_rc time_snapshot(struct examination *exam,
                                struct sp_store *store,
                                const char *sample,
                                struct sp_err *err)
{
    struct sp_tree tree;
    struct sp_digest id;

    enum sp_rc rc = sp_tree_scan(sample, exam->arena, &tree, err);
    if (rc)
        return rc;
    bool clones = sp_store_method(store, sample) == SP_SNAPSHOT_CLONE;
    sp_nsec start = sp_clock_monotonic();
    rc = sp_store_keep(store, sample, &tree, &id, err);
    if (rc)
        return rc;
    double each = (double)(sp_clock_monotonic() - start) / 1e6 / SAMPLE_FILES;
    note(exam, "snapshots", STATE_GOOD,
         sp_arena_printf(exam->arena,
                         clones ? "clones, which share their blocks: %.2f ms a file"
                                : "copies, %.2f ms a file of 0.1 MB; clones need data and "
                                  "store on one btrfs or XFS",
                         each));
    return SP_OK;
}

static enum sp_rc try_snapshots(struct examination *exam,
                                const char *dir,
                                const char *sample,
                                struct sp_err *err)
{
    struct sp_store_options store_options = { .run = "doctor", .no_sync = true };
    struct sp_store *store = NULL;
    struct sp_err closing = SP_ERR_INIT;

    enum sp_rc rc = make_sample(sample, err);
    if (!rc)
        rc = sp_store_open(dir, SP_STORE_RUN, &store_options, &store, err);
    if (rc)
        return rc;
    rc = time_snapshot(exam, store, sample, err);
    enum sp_rc closed = sp_store_close(store, &closing);
    if (!rc && closed)
        *err = closing;
    return rc ? rc : closed;
}

static void examine_snapshots(struct examination *exam)
{
    struct sp_err err = SP_ERR_INIT;
    char sample[] = ".spoor-doctor-XXXXXX";
    struct sp_str pattern =
        sp_arena_printf(exam->arena, "%s/.spoor-doctor-XXXXXX", exam->parent.ptr);
    char *dir = sp_arena_cstr(exam->arena, pattern);
    struct sp_err ignored = SP_ERR_INIT;

    if (!mkdtemp(sample) || !mkdtemp(dir)) {
        note(exam, "snapshots", STATE_BAD, SP_STR("no files can be made to try them"));
        (void)rmdir(sample);
        return;
    }
    if (try_snapshots(exam, dir, sample, &err))
        note(exam, "snapshots", STATE_BAD, sp_arena_str(exam->arena, sp_str_of(err.text)));
    if (sp_remove_tree(sample, &ignored) || sp_remove_tree(dir, &ignored))
        note(exam, "clean-up", STATE_BAD, sp_arena_str(exam->arena, sp_str_of(ignored.text)));
}

/* --- programs -------------------------------------------------------------------------------- */

static const struct {
    const char *name, *programs, *what;
} programs[] = {
    { "python", "python3", "cabs that are Python functions or packages" },
    { "containers", "apptainer singularity podman docker", "images of cabs" },
    { "slurm", "sbatch srun", "jobs on a cluster" },
    { "kubernetes", "kubectl", "jobs in a cloud" },
    { "wsclean", "wsclean", "imaging" },
    { "aoflagger", "aoflagger", "flagging" },
    { "dp3", "DP3", "calibration, averaging" },
    { "casa", "casa", "CASA tasks" },
};

static void examine_programs(struct examination *exam)
{
    const char *search = sp_env_get(SP_STR("PATH")).ptr;

    for (size_t i = 0; i < SP_COUNT(programs); i++) {
        sp_auto_buf struct sp_buf found = SP_BUF(SP_BUF_SMALL);
        struct sp_str rest = sp_str_of(programs[i].programs);
        while (rest.ptr) {
            char *name = sp_arena_cstr(exam->arena, sp_str_cut(&rest, ' '));
            if (found.len)
                sp_buf_add(&found, SP_STR(", "));
            size_t before = found.len;
            if (!sp_find_program(name, search, &found))
                sp_buf_truncate(&found, before >= 2 ? before - 2 : 0);
        }
        if (found.len)
            note(exam, programs[i].name, STATE_GOOD, sp_arena_str(exam->arena, sp_buf_str(&found)));
        else
            note(exam, programs[i].name, STATE_MISSING,
                 sp_arena_printf(exam->arena, "no %s in PATH: %s", programs[i].programs,
                                 programs[i].what));
    }
}

static void examine_casacore(struct examination *exam)
{
    static const char *const places[] = { "/usr/share/casacore/data", "/var/lib/casacore/data",
                                          "/usr/local/share/casacore/data" };

    for (size_t i = 0; i < SP_COUNT(places); i++) {
        struct sp_str geodetic = sp_arena_printf(exam->arena, "%s/geodetic", places[i]);
        if (sp_file_kind(geodetic.ptr) == SP_FILE_DIR) {
            note(exam, "casacore data", STATE_GOOD, sp_str_of(places[i]));
            return;
        }
    }
    note(exam, "casacore data", STATE_MISSING,
         SP_STR("no geodetic tables: install casacore-data, else measures cannot be converted"));
}

/* --- what is enforced ------------------------------------------------------------------------ */

static void examine_backends(struct examination *exam)
{
    for (size_t i = 0; sp_backends[i]; i++) {
        const struct sp_backend_ops *ops = sp_backends[i];
        const char *refusal = ops->refusal ? ops->refusal() : NULL;
        if (!ops->features)
            continue;
        note(exam, ops->name, refusal ? STATE_MISSING : STATE_GOOD,
             refusal ? sp_arena_printf(exam->arena, "cannot be used here: %s", refusal)
                     : sp_arena_printf(exam->arena, "--backend %s: what its boxes enforce follows",
                                       ops->name));
        for (const struct sp_backend_feature *f = ops->features(); f->name; f++)
            note(exam, f->name, f->enforced ? STATE_GOOD : STATE_MISSING,
                 sp_arena_printf(exam->arena, "%s%s",
                                 f->enforced ? "" : "not enforced: ", f->means));
    }
}

/* --- showing --------------------------------------------------------------------------------- */

/* Backends have features of the same names: those of the first one go by these alone. */
static const char *key_of(const struct examination *exam,
                          const struct sp_dict *report,
                          const struct finding *item,
                          const char *backend)
{
    return sp_dict_get(report, item->name)
               ? sp_arena_printf(exam->arena, "%s: %s", backend, item->name).ptr
               : item->name;
}

static void show_json(const struct examination *exam)
{
    const char *backend = "";
    struct sp_value report = sp_dict_new(exam->arena);
    sp_auto_buf struct sp_buf text = SP_BUF(SP_BUF_LARGE);

    for (size_t i = 0; i < exam->len; i++) {
        struct sp_value item = sp_dict_new(exam->arena);
        sp_dict_put(exam->arena, item.dict, "state",
                    sp_text(sp_str_of(state_names[exam->items[i].state])));
        sp_dict_put(exam->arena, item.dict, "text", sp_text(exam->items[i].text));
        if (sp_backend_find(exam->items[i].name))
            backend = exam->items[i].name;
        sp_dict_put(exam->arena, report.dict, key_of(exam, report.dict, &exam->items[i], backend),
                    item);
    }
    sp_json_encode(report, SP_JSON_PRETTY, &text);
    (void)printf("%s\n", text.ptr);
}

static void show(const struct examination *exam)
{
    for (size_t i = 0; i < exam->len; i++)
        (void)printf("%-8s %-15s " SP_STR_FMT "\n", state_names[exam->items[i].state],
                     exam->items[i].name, SP_STR_ARG(exam->items[i].text));
}

static int examine(const struct sp_store_args *args, struct sp_arena *arena, const char *dir)
{
    struct examination exam = { .arena = arena, .dir = dir };

    exam.parent = nearest_directory(arena, dir);
    examine_workspace(&exam);
    examine_store(&exam);
    examine_snapshots(&exam);
    examine_room(&exam);
    examine_locks(&exam);
    examine_backends(&exam);
    examine_programs(&exam);
    examine_casacore(&exam);
    if (args->load.json)
        show_json(&exam);
    else
        show(&exam);
    for (size_t i = 0; i < exam.len; i++)
        if (exam.items[i].state == STATE_BAD)
            return SP_EXIT_FAILED;
    return SP_EXIT_DONE;
}

static int run_doctor(const struct sp_cli_command *self, int argc, char **argv)
{
    struct sp_store_args args = { 0 };
    sp_auto_words struct sp_words words = { 0 };
    struct sp_session session = { 0 };
    const char *dir;

    int status = sp_command_parse(self, argc, argv, &args, &words);
    if (status < 0)
        status = sp_command_refuse_words(self, &words, 0);
    if (status < 0) {
        status = sp_store_args_load(&args, &session, &dir);
        if (status < 0)
            status = examine(&args, session.arena, dir);
        sp_session_fini(&session);
    }
    sp_load_args_fini(&args.load);
    return status;
}

const struct sp_cli_command sp_command_doctor = {
    .usage = {
        .name = "spoor doctor",
        .summary = "what this machine offers: store, snapshots, locks, tools",
        .synopsis = "",
        .description = "Tries what Spoor needs in this directory and for its store, and lists the tools "
                       "and backends that\nit finds. Files made for that are removed again.\n"
                       "Exit status: 0 when all that is needed is there, 1 else. What is missing is "
                       "needed by some recipes only.",
        .options = options,
        .examples = "  spoor doctor\n"
                    "      can recipes run here, and what do snapshots cost?\n"
                    "  spoor doctor --store /scratch/store --json\n"
                    "      the same for another store, for programs",
    },
    .run = run_doctor,
};
