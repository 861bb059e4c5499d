/* SPDX-License-Identifier: BSD-3-Clause */
#include "engine/loaded.h"

#include "base/map.h"
#include "base/vec.h"

#include "sys/file.h"
#include "sys/witness.h"

#include <elf.h>
#include <fcntl.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <unistd.h>

/* --- one object ---------------------------------------------------------------------------- */

struct image {
    struct sp_str bytes; /* mapped */
};

static bool image_open(const char *path, struct image *out)
{
    struct stat st;

    sp_witness_path(path);
    sp_auto_fd int fd = open(path, O_RDONLY | O_CLOEXEC);
    if (fd < 0 || fstat(fd, &st) < 0 || !S_ISREG(st.st_mode) || st.st_size <= 0)
        return false;
    void *bytes = mmap(NULL, (size_t)st.st_size, PROT_READ, MAP_PRIVATE, fd, 0);
    if (bytes == MAP_FAILED)
        return false;
    out->bytes = (struct sp_str){ bytes, (size_t)st.st_size };
    return true;
}

static void image_close(struct image *image)
{
    if (image->bytes.ptr)
        (void)munmap((void *)(uintptr_t)image->bytes.ptr, image->bytes.len);
    image->bytes.ptr = NULL;
}

/* Copy `size` bytes at `offset`; false when they are not all there. */
static bool fetch(struct sp_str bytes, uint64_t offset, void *out, size_t size)
{
    if (offset > bytes.len || bytes.len - offset < size)
        return false;
    memcpy(out, bytes.ptr + offset, size);
    return true;
}

static bool read_header(struct sp_str bytes, Elf64_Ehdr *out)
{
    static const unsigned char order =
        __BYTE_ORDER__ == __ORDER_LITTLE_ENDIAN__ ? ELFDATA2LSB : ELFDATA2MSB;

    return fetch(bytes, 0, out, sizeof *out) && memcmp(out->e_ident, ELFMAG, SELFMAG) == 0 &&
           out->e_ident[EI_CLASS] == ELFCLASS64 && out->e_ident[EI_DATA] == order &&
           (out->e_type == ET_EXEC || out->e_type == ET_DYN) &&
           out->e_phentsize == sizeof(Elf64_Phdr);
}

bool sp_elf_is_program(struct sp_str content)
{
    Elf64_Ehdr header;

    return read_header(content, &header);
}

static bool read_segment(struct sp_str bytes, const Elf64_Ehdr *header, size_t i, Elf64_Phdr *out)
{
    return fetch(bytes, header->e_phoff + i * sizeof *out, out, sizeof *out);
}

/* Where in the file the byte at an address is. */
static bool find_offset(struct sp_str bytes,
                        const Elf64_Ehdr *header,
                        uint64_t address,
                        uint64_t *out)
{
    Elf64_Phdr segment;

    for (size_t i = 0; i < header->e_phnum && read_segment(bytes, header, i, &segment); i++) {
        if (segment.p_type != PT_LOAD || address < segment.p_vaddr ||
            address - segment.p_vaddr >= segment.p_filesz)
            continue;
        *out = segment.p_offset + (address - segment.p_vaddr);
        return true;
    }
    return false;
}

/* A text in the file that ends with NUL. */
static struct sp_str text_at(struct sp_str bytes, uint64_t offset)
{
    if (offset >= bytes.len)
        return SP_STR("");
    return (struct sp_str){ bytes.ptr + offset, strnlen(bytes.ptr + offset, bytes.len - offset) };
}

/* What the section `dynamic` says. */
struct dynamic {
    SP_VEC(uint64_t) needed; /* offsets into the table of texts */
    uint64_t texts, rpath, runpath;
    bool has_texts, has_rpath, has_runpath;
};

static void read_entry(struct dynamic *dynamic, const Elf64_Dyn *entry)
{
    if (entry->d_tag == DT_NEEDED) {
        *SP_VEC_ADD(&dynamic->needed) = entry->d_un.d_val;
    } else if (entry->d_tag == DT_STRTAB) {
        dynamic->texts = entry->d_un.d_ptr;
        dynamic->has_texts = true;
    } else if (entry->d_tag == DT_RPATH) {
        dynamic->rpath = entry->d_un.d_val;
        dynamic->has_rpath = true;
    } else if (entry->d_tag == DT_RUNPATH) {
        dynamic->runpath = entry->d_un.d_val;
        dynamic->has_runpath = true;
    }
}

static void read_dynamic(struct sp_str bytes,
                         const Elf64_Ehdr *header,
                         struct dynamic *out,
                         struct sp_str *interpreter)
{
    Elf64_Phdr segment;
    Elf64_Dyn entry;

    for (size_t i = 0; i < header->e_phnum && read_segment(bytes, header, i, &segment); i++) {
        if (segment.p_type == PT_INTERP)
            *interpreter = text_at(bytes, segment.p_offset);
        if (segment.p_type != PT_DYNAMIC)
            continue;
        for (uint64_t at = 0;
             at + sizeof entry <= segment.p_filesz &&
             fetch(bytes, segment.p_offset + at, &entry, sizeof entry) && entry.d_tag != DT_NULL;
             at += sizeof entry)
            read_entry(out, &entry);
    }
    uint64_t offset = 0;
    out->has_texts = out->has_texts && find_offset(bytes, header, out->texts, &offset);
    out->texts = offset;
}

/* --- the cache of ld.so -------------------------------------------------------------------- */

#define CACHE_FILE  "/etc/ld.so.cache"
#define CACHE_MAGIC "glibc-ld.so.cache1.1"

struct cache_header {
    char magic[20];
    uint32_t count, text_size;
    uint32_t unused[5];
};

struct cache_entry {
    int32_t flags;
    uint32_t name, path;
    uint32_t os_version;
    uint64_t hardware;
};

/* --- searching ----------------------------------------------------------------------------- */

struct search {
    struct sp_arena *arena;
    struct sp_str library_path;
    struct image cache;
    struct sp_str rpaths; /* of all objects so far: those of the loading object count, too */
    struct sp_map seen;   /* real paths */
    SP_VEC(struct sp_str) queue;
    uint16_t machine; /* of the program; 0: not known yet */
    sp_elf_fn fn;
    void *arg;
};

static void guard(struct search *search, struct sp_str path)
{
    struct sp_str name = sp_arena_join(search->arena, SP_STR("guard"), ":", path);

    if (sp_map_has(&search->seen, name))
        return;
    sp_map_set(&search->seen, name, search);
    search->fn(search->arg, sp_arena_cstr(search->arena, path), false);
}

/* An object of the right kind? Then it is one of those that are loaded. */
static bool try_path(struct search *search, struct sp_str path)
{
    const char *file = sp_arena_cstr(search->arena, path);
    struct image image = { { NULL, 0 } };
    Elf64_Ehdr header;

    if (!image_open(file, &image))
        return false;
    bool fits = read_header(image.bytes, &header) &&
                (!search->machine || header.e_machine == search->machine);
    image_close(&image);
    if (!fits)
        return false;
    struct sp_str real = sp_real_path(search->arena, path);
    if (!sp_map_has(&search->seen, real)) {
        sp_map_set(&search->seen, real, search);
        *SP_VEC_ADD(&search->queue) = real;
    }
    return true;
}

static bool try_dirs(struct search *search, struct sp_str dirs, struct sp_str name)
{
    while (dirs.ptr) {
        struct sp_str dir = sp_str_cut(&dirs, ':');
        if (!dir.len)
            continue;
        guard(search, dir);
        if (try_path(search, sp_arena_join(search->arena, dir, "/", name)))
            return true;
    }
    return false;
}

/* All entries of that name: which one is taken depends on the processor. */
static bool try_cache(struct search *search, struct sp_str name)
{
    struct sp_str bytes = search->cache.bytes;
    struct cache_header header;
    struct cache_entry entry;
    bool found = false;

    if (!fetch(bytes, 0, &header, sizeof header) ||
        memcmp(header.magic, CACHE_MAGIC, sizeof header.magic) != 0)
        return false;
    for (uint64_t i = 0;
         i < header.count && fetch(bytes, sizeof header + i * sizeof entry, &entry, sizeof entry);
         i++)
        if (sp_str_eq(text_at(bytes, entry.name), name))
            found = try_path(search, text_at(bytes, entry.path)) || found;
    return found;
}

/* $ORIGIN and ${ORIGIN} are the directory of the object. */
static struct sp_str with_origin(struct search *search, struct sp_str dirs, struct sp_str object)
{
    static const char *const names[] = { "${ORIGIN}", "$ORIGIN" };
    struct sp_str dir = sp_str_slice(object, 0, sp_str_rfind(object, '/'));
    struct sp_str out = SP_STR("");

    while (dirs.len) {
        size_t skip = 1;
        struct sp_str piece = sp_str_slice(dirs, 0, 1);
        for (size_t i = 0; i < SP_COUNT(names) && skip == 1; i++)
            if (sp_str_starts(dirs, names[i])) {
                skip = strlen(names[i]);
                piece = dir;
            }
        out = sp_arena_join(search->arena, out, "", piece);
        dirs = sp_str_slice(dirs, skip, dirs.len);
    }
    return out;
}

static void find_library(struct search *search,
                         struct sp_str name,
                         struct sp_str rpath,
                         struct sp_str runpath)
{
    if (sp_str_find(name, '/') != SIZE_MAX) {
        (void)try_path(search, name);
        return;
    }
    (void)((rpath.len && !runpath.len && try_dirs(search, rpath, name)) ||
           (search->library_path.len && try_dirs(search, search->library_path, name)) ||
           (runpath.len && try_dirs(search, runpath, name)) ||
           try_dirs(search, search->rpaths, name) || try_cache(search, name) ||
           try_dirs(search, SP_STR("/lib64:/usr/lib64:/lib:/usr/lib"), name));
}

static void load(struct search *search, struct sp_str path)
{
    struct image image = { { NULL, 0 } };
    struct dynamic dynamic = { 0 };
    struct sp_str interpreter = SP_STR("");
    Elf64_Ehdr header;

    if (image_open(path.ptr, &image) && read_header(image.bytes, &header)) {
        search->machine = header.e_machine;
        read_dynamic(image.bytes, &header, &dynamic, &interpreter);
        struct sp_str rpath =
            dynamic.has_rpath ? text_at(image.bytes, dynamic.texts + dynamic.rpath) : SP_STR("");
        struct sp_str runpath = dynamic.has_runpath
                                    ? text_at(image.bytes, dynamic.texts + dynamic.runpath)
                                    : SP_STR("");
        rpath = with_origin(search, rpath, path);
        runpath = with_origin(search, runpath, path);
        if (rpath.len)
            search->rpaths = sp_arena_join(search->arena, search->rpaths, ":", rpath);
        if (interpreter.len)
            (void)try_path(search, interpreter);
        for (size_t i = 0; i < dynamic.needed.len && dynamic.has_texts; i++)
            find_library(search, text_at(image.bytes, dynamic.texts + dynamic.needed.items[i]),
                         rpath, runpath);
    }
    SP_VEC_FINI(&dynamic.needed);
    image_close(&image);
}

void sp_elf_each(const char *path,
                 struct sp_str library_path,
                 struct sp_str preload,
                 sp_elf_fn fn,
                 void *arg)
{
    sp_auto_arena struct sp_arena *arena = sp_arena_new();
    struct search search = { .arena = arena, .library_path = library_path, .fn = fn, .arg = arg };

    (void)image_open(CACHE_FILE, &search.cache);
    guard(&search, SP_STR(CACHE_FILE));
    guard(&search, SP_STR("/etc/ld.so.preload"));
    (void)try_path(&search, sp_str_of(path));
    while (preload.ptr) {
        struct sp_str name = sp_str_trim(sp_str_cut(&preload, ':'));
        if (name.len)
            find_library(&search, name, SP_STR(""), SP_STR(""));
    }
    for (size_t i = 0; i < search.queue.len; i++) {
        struct sp_str object = search.queue.items[i];
        fn(arg, object.ptr, true);
        load(&search, object);
    }
    SP_VEC_FINI(&search.queue);
    sp_map_fini(&search.seen);
    image_close(&search.cache);
}
