/* SPDX-License-Identifier: BSD-3-Clause */
/* tree_digest.c - reading what has no digest yet.
 *
 * 1. The casacore tables of the tree are looked at: their table.dat, table.lock, table.info. Their
 *    meaning is made anew every time, because it depends on several files, of which carrying may
 * have kept one and not the other.
 * 2. From them follows which entries mean nothing (HISTORY, table.dat_tmp).
 * 3. All other files that lack a digest are read: those of up to one chunk as a whole, longer ones
 *    chunk by chunk, by as many threads as there are cores; by more when the bytes come from a
 * disk, so that it always has several requests to choose from.
 *
 * A job touches its own entry, or its own slot of a long file, and nothing else.
 */
#include "base/defs.h"
#include "base/fault.h"
#include "base/vec.h"

#include "store/file_digest.h"
#include "store/profile.h"
#include "store/tree_reader.h"
#include "store/tree_tables.h"
#include "sys/pool.h"

#include <sys/uio.h>
#include <unistd.h>

#define SMALL_FILE  ((uint64_t)64 * 1024)
#define FEW_JOBS    16 /* so many, of so many bytes, are not worth a thread (50 us) */
#define FEW_BYTES   ((uint64_t)1 << 20)
#define BUFFER_MIN  ((size_t)64 * 1024)
#define PROBES      8
#define FITS_HEAD   10 /* bytes that tell FITS */
#define COLD_FACTOR 4  /* threads a core for bytes from a disk (measured: doc/design/store.md 3) */

struct job {
    size_t entry;
    uint64_t at;
    uint32_t len;
    bool whole;             /* `slot` is of a file, not of a chunk of one */
    struct sp_digest *slot; /* NULL: a file of at most one chunk, all of it */
};

/* A file of more than a chunk. Of FITS files the digests of the data of each part follow those of
 * the chunks of the file: they start where the data start, so that headers may grow. */
struct longfile {
    size_t entry;
    bool exact, fits; /* what is made */
    struct sp_fits layout;
    struct sp_digest *slots;
    size_t chunks;
};

struct worker {
    char *buffer; /* of at most one chunk; NULL until it is needed */
    size_t size;  /* of it */
    struct sp_err err;
    size_t failed; /* number of the job that filled `err` */
};

struct digest {
    struct sp_tree *tree;
    unsigned wanted;
    uint64_t limit; /* larger files are not read */
    struct sp_tree_reader reader;
    struct sp_tree_tables tables;
    SP_VEC(struct job) jobs;
    SP_VEC(struct longfile) longfiles;
    struct worker workers[SP_POOL_MAX];
};

static bool lacks(const struct sp_tree_entry *entry, unsigned wanted)
{
    return (entry->has & wanted) != wanted;
}

/* --- files ------------------------------------------------------------------------------ */

/* As large as need be: clearing 4 MiB takes longer than reading a small file. */
static enum sp_rc buffer_of(struct worker *worker, size_t size, char **out, struct sp_err *err)
{
    if (!worker->buffer || worker->size < size) {
        free(worker->buffer);
        worker->size = SP_MAX(size, BUFFER_MIN);
        worker->buffer = SP_FAULT("digest.memory", ENOMEM) ? NULL : sp_try_alloc(worker->size, 1);
    }
    if (!worker->buffer)
        return sp_fail(err, SP_LIMIT, "no memory to read files");
    *out = worker->buffer;
    return SP_OK;
}

struct memory {
    const char *ptr;
    size_t len;
};

static bool read_memory(void *arg, uint64_t at, char *buffer, size_t len)
{
    const struct memory *memory = arg;

    if (at > memory->len || len > memory->len - at)
        return false;
    memcpy(buffer, memory->ptr + at, len);
    return true;
}

/* Meaning of a whole file in memory. */
static struct sp_digest meaning_of(struct sp_str data, const struct sp_digest *exact)
{
    struct memory memory = { data.ptr, data.len };
    struct sp_fits layout;

    if (!sp_fits_is(data) || !sp_profile_fits_scan(read_memory, &memory, data.len, &layout))
        return *exact;
    struct sp_digest *parts = sp_alloc(layout.len * sizeof *parts);
    for (size_t i = 0; i < layout.len; i++)
        parts[i] = sp_file_digest(
            (struct sp_str){ data.ptr + layout.parts[i].data_at, layout.parts[i].data_len });
    struct sp_digest meaning = sp_fits_meaning(&layout, parts);
    free(parts);
    sp_fits_fini(&layout);
    return meaning;
}

/* A file of at most a chunk. When its exact digest is there already, a look at its first bytes
 * mostly tells that its meaning is the same. */
static enum sp_rc digest_file(const struct digest *digest,
                              struct worker *worker,
                              struct sp_tree_entry *entry,
                              struct sp_err *err)
{
    const struct sp_tree_reader *reader = &digest->reader;
    sp_auto_fd int fd = -1;
    char *buffer;
    size_t head = lacks(entry, SP_TREE_EXACT) ? 0 : SP_MIN(entry->size, (uint64_t)FITS_HEAD);

    if (buffer_of(worker, SP_MAX(entry->size, head), &buffer, err) ||
        sp_tree_reader_file(reader, entry, &fd, err) ||
        sp_tree_reader_read(reader, entry, fd, 0, buffer, head, err))
        return err->code;
    bool all = lacks(entry, SP_TREE_EXACT) || sp_fits_is((struct sp_str){ buffer, head });
    if ((all && sp_tree_reader_read(reader, entry, fd, 0, buffer, entry->size, err)) ||
        sp_tree_reader_check(reader, entry, fd, err))
        return err->code;
    struct sp_str data = { buffer, all ? entry->size : head };
    if (lacks(entry, SP_TREE_EXACT))
        sp_tree_set_exact(entry, sp_file_digest(data));
    if (lacks(entry, digest->wanted & SP_TREE_MEANING))
        sp_tree_set_meaning(entry, meaning_of(data, &entry->exact));
    return SP_OK;
}

static enum sp_rc digest_piece(const struct digest *digest,
                               struct worker *worker,
                               const struct job *job,
                               struct sp_err *err)
{
    const struct sp_tree_reader *reader = &digest->reader;
    const struct sp_tree_entry *entry = &digest->tree->entries[job->entry];
    sp_auto_fd int fd = -1;
    char *buffer;

    if (buffer_of(worker, job->len, &buffer, err) || sp_tree_reader_file(reader, entry, &fd, err) ||
        sp_tree_reader_read(reader, entry, fd, job->at, buffer, job->len, err) ||
        sp_tree_reader_check(reader, entry, fd, err))
        return err->code;
    struct sp_str data = { buffer, job->len };
    *job->slot = job->whole ? sp_file_digest(data) : sp_chunk_digest(data);
    return SP_OK;
}

/* --- long files: what is to be read ---------------------------------------------------------- */

struct source {
    const struct sp_tree_reader *reader;
    const struct sp_tree_entry *entry;
    int fd;
    struct sp_err *err;
};

static bool read_source(void *arg, uint64_t at, char *buffer, size_t len)
{
    struct source *source = arg;

    if (at > source->entry->size || len > source->entry->size - at)
        return false;
    return sp_tree_reader_read(source->reader, source->entry, source->fd, at, buffer, len,
                               source->err) == SP_OK;
}

/* Does the file have parts? Failing to read is not "no". */
static enum sp_rc find_parts(const struct digest *digest,
                             const struct sp_tree_entry *entry,
                             struct longfile *out,
                             struct sp_err *err)
{
    sp_auto_fd int fd = -1;
    struct sp_err failed = SP_ERR_INIT;
    char head[FITS_HEAD];

    if (entry->size < sizeof head)
        return SP_OK;
    if (sp_tree_reader_file(&digest->reader, entry, &fd, err))
        return err->code;
    struct source source = { &digest->reader, entry, fd, &failed };
    if (read_source(&source, 0, head, sizeof head) &&
        sp_fits_is((struct sp_str){ head, sizeof head }))
        out->fits = sp_profile_fits_scan(read_source, &source, entry->size, &out->layout);
    if (failed.code == SP_OK && sp_tree_reader_check(&digest->reader, entry, fd, &failed) == SP_OK)
        return SP_OK;
    if (out->fits)
        sp_fits_fini(&out->layout);
    *err = failed;
    return err->code;
}

static size_t chunks_of(uint64_t len)
{
    return (size_t)(len / SP_CHUNK_SIZE + (len % SP_CHUNK_SIZE != 0));
}

static void add_jobs(struct digest *digest,
                     size_t entry,
                     uint64_t at,
                     uint64_t len,
                     struct sp_digest *slots)
{
    bool whole = len <= SP_CHUNK_SIZE;

    for (uint64_t done = 0; done < len; done += SP_CHUNK_SIZE)
        *SP_VEC_ADD(&digest->jobs) = (struct job){
            .entry = entry,
            .at = at + done,
            .len = (uint32_t)SP_MIN(SP_CHUNK_SIZE, len - done),
            .whole = whole,
            .slot = slots++,
        };
}

static int by_position(const void *a, const void *b)
{
    const struct job *one = a;
    const struct job *two = b;

    return (one->at > two->at) - (one->at < two->at);
}

/* Slots and jobs of a long file; what is read for both digests is read at about the same time, so
 * that the second comes from memory. */
static enum sp_rc add_longfile(struct digest *digest, struct longfile *file, struct sp_err *err)
{
    const struct sp_tree_entry *entry = &digest->tree->entries[file->entry];
    size_t first = digest->jobs.len;
    size_t count;

    file->chunks = file->exact ? chunks_of(entry->size) : 0;
    count = file->chunks;
    for (size_t i = 0; i < file->layout.len; i++)
        count += chunks_of(file->layout.parts[i].data_len);
    file->slots =
        SP_FAULT("digest.memory", ENOMEM) ? NULL : sp_try_alloc(count + 1, sizeof *file->slots);
    if (!file->slots)
        return sp_fail(err, SP_LIMIT, "no memory for the digests of a file of %llu bytes",
                       (unsigned long long)entry->size);
    struct sp_digest *slots = file->slots;
    if (file->exact)
        add_jobs(digest, file->entry, 0, entry->size, slots);
    slots += file->chunks;
    for (size_t i = 0; i < file->layout.len; i++) {
        const struct sp_fits_part *part = &file->layout.parts[i];
        add_jobs(digest, file->entry, part->data_at, part->data_len, slots);
        slots += chunks_of(part->data_len);
    }
    if (file->fits)
        qsort(digest->jobs.items + first, digest->jobs.len - first, sizeof *digest->jobs.items,
              by_position);
    return SP_OK;
}

static struct sp_digest join(const struct sp_digest *slots, uint64_t len)
{
    if (len == 0)
        return sp_file_digest((struct sp_str){ "", 0 });
    return len <= SP_CHUNK_SIZE ? *slots : sp_chunks_digest(len, slots, chunks_of(len));
}

/* All slots are filled. */
static void end_longfile(struct digest *digest, struct longfile *file)
{
    struct sp_tree_entry *entry = &digest->tree->entries[file->entry];
    const struct sp_digest *slots = file->slots + file->chunks;

    if (file->exact)
        sp_tree_set_exact(entry, sp_chunks_digest(entry->size, file->slots, file->chunks));
    if (!(digest->wanted & SP_TREE_MEANING))
        return;
    if (!file->fits) {
        sp_tree_set_meaning(entry, entry->exact);
        return;
    }
    struct sp_digest *parts = sp_alloc(file->layout.len * sizeof *parts);
    for (size_t i = 0; i < file->layout.len; i++) {
        uint64_t len = file->layout.parts[i].data_len;
        parts[i] = join(slots, len);
        slots += chunks_of(len);
    }
    sp_tree_set_meaning(entry, sp_fits_meaning(&file->layout, parts));
    free(parts);
}

static enum sp_rc plan_long(struct digest *digest, size_t index, struct sp_err *err)
{
    const struct sp_tree_entry *entry = &digest->tree->entries[index];
    struct longfile file = { .entry = index, .exact = lacks(entry, SP_TREE_EXACT) };

    if ((digest->wanted & SP_TREE_MEANING) && lacks(entry, SP_TREE_MEANING) &&
        find_parts(digest, entry, &file, err))
        return err->code;
    *SP_VEC_ADD(&digest->longfiles) = file;
    return add_longfile(digest, &digest->longfiles.items[digest->longfiles.len - 1], err);
}

static enum sp_rc plan(struct digest *digest, struct sp_err *err)
{
    for (size_t i = 0; i < digest->tree->len; i++) {
        const struct sp_tree_entry *entry = &digest->tree->entries[i];
        if (entry->type != SP_TREE_FILE || !lacks(entry, digest->wanted) ||
            entry->size > digest->limit)
            continue;
        if (entry->size <= SP_CHUNK_SIZE)
            *SP_VEC_ADD(&digest->jobs) = (struct job){ .entry = i, .len = (uint32_t)entry->size };
        else if (plan_long(digest, i, err))
            return err->code;
    }
    return SP_OK;
}

/* --- threads ------------------------------------------------------------------------------- */

static bool end_job(struct worker *worker, size_t number, enum sp_rc rc)
{
    if (rc)
        worker->failed = number;
    return rc == SP_OK;
}

static bool run_table(void *arg, size_t number, unsigned thread)
{
    struct digest *digest = arg;
    struct worker *worker = &digest->workers[thread];

    return end_job(worker, number, sp_tree_tables_read(&digest->tables, number, &worker->err));
}

static bool run_job(void *arg, size_t number, unsigned thread)
{
    struct digest *digest = arg;
    struct worker *worker = &digest->workers[thread];
    const struct job *job = &digest->jobs.items[number];
    enum sp_rc rc =
        job->slot ? digest_piece(digest, worker, job, &worker->err)
                  : digest_file(digest, worker, &digest->tree->entries[job->entry], &worker->err);

    return end_job(worker, number, rc);
}

/* Is the first byte of this job in memory? What cannot say (network file systems) counts as far
 * away. */
static bool is_cold(const struct digest *digest, const struct job *job)
{
    const struct sp_tree_entry *entry = &digest->tree->entries[job->entry];
    struct sp_err none = SP_ERR_INIT;
    sp_auto_fd int fd = -1;
    char byte;
    struct iovec part = { &byte, 1 };

    if (job->len == 0 || sp_tree_reader_file(&digest->reader, entry, &fd, &none))
        return false; /* the job itself will say what is wrong */
    return preadv2(fd, &part, 1, (off_t)job->at, RWF_NOWAIT) != 1;
}

static unsigned threads_for(const struct digest *digest)
{
    size_t count = digest->jobs.len;
    unsigned cores = sp_pool_cores();
    uint64_t bytes = 0;

    for (size_t i = 0; i < count && bytes < FEW_BYTES; i++)
        bytes += digest->jobs.items[i].len;
    if (count <= 1 || (count <= FEW_JOBS && bytes < FEW_BYTES) || sp_fault_armed_count != 0)
        return 1;
    for (size_t i = 0; i < PROBES; i++)
        if (is_cold(digest, &digest->jobs.items[i * (count - 1) / PROBES]))
            return cores * COLD_FACTOR;
    return cores;
}

/* The failure of the first job that failed: the same one however many threads there are. */
static enum sp_rc first_failure(const struct digest *digest, struct sp_err *err)
{
    const struct worker *first = NULL;

    for (size_t i = 0; i < SP_COUNT(digest->workers); i++) {
        const struct worker *worker = &digest->workers[i];
        if (worker->err.code != SP_OK && (!first || worker->failed < first->failed))
            first = worker;
    }
    *err = first->err;
    return err->code;
}

static enum sp_rc digest_tables(struct digest *digest, struct sp_err *err)
{
    sp_tree_tables_find(&digest->tables, digest->tree, &digest->reader);
    size_t count = digest->tables.len;
    if (!sp_pool_run(count, count > FEW_JOBS ? sp_pool_cores() * COLD_FACTOR : 1, run_table,
                     digest))
        return first_failure(digest, err);
    sp_tree_tables_leave_out(&digest->tables);
    return SP_OK;
}

static enum sp_rc digest_all(struct digest *digest, struct sp_err *err)
{
    if ((digest->wanted & SP_TREE_MEANING) && digest_tables(digest, err))
        return err->code;
    if (plan(digest, err))
        return err->code;
    if (!sp_pool_run(digest->jobs.len, threads_for(digest), run_job, digest))
        return first_failure(digest, err);
    for (size_t i = 0; i < digest->longfiles.len; i++)
        end_longfile(digest, &digest->longfiles.items[i]);
    return SP_OK;
}

static void fini(struct digest *digest)
{
    for (size_t i = 0; i < digest->longfiles.len; i++) {
        free(digest->longfiles.items[i].slots);
        sp_fits_fini(&digest->longfiles.items[i].layout);
    }
    for (size_t i = 0; i < SP_COUNT(digest->workers); i++)
        free(digest->workers[i].buffer);
    SP_VEC_FINI(&digest->longfiles);
    SP_VEC_FINI(&digest->jobs);
    sp_tree_tables_fini(&digest->tables);
    sp_tree_reader_close(&digest->reader);
}

static enum sp_rc digest_up_to(struct sp_tree *tree,
                               const char *path,
                               unsigned wanted,
                               uint64_t limit,
                               struct sp_err *err)
{
    struct digest *digest = sp_alloc(sizeof *digest);

    digest->tree = tree;
    digest->wanted = wanted & (SP_TREE_EXACT | SP_TREE_MEANING);
    digest->limit = limit;
    enum sp_rc rc = sp_tree_reader_open(tree, path, &digest->reader, err);
    if (rc == SP_OK) {
        rc = digest_all(digest, err);
        fini(digest);
    }
    free(digest);
    return rc;
}

enum sp_rc sp_tree_digest(struct sp_tree *tree,
                          const char *path,
                          unsigned wanted,
                          struct sp_err *err)
{
    return digest_up_to(tree, path, wanted, UINT64_MAX, err);
}

enum sp_rc sp_tree_digest_small(struct sp_tree *tree, const char *path, struct sp_err *err)
{
    return digest_up_to(tree, path, SP_TREE_MEANING, SMALL_FILE, err);
}
