/* SPDX-License-Identifier: BSD-3-Clause */
/* tool.c - the tool of the property test: what it makes follows from what it is given and reads.
 *
 *     property_tool --name=a --value=1 --in=p.txt --change=x.ms --out=q.txt
 *
 * Words are --KEY=VALUE. `name`, `value`, `prefix`, `word` count by their text; `in`, `ins` (a list
 * with commas), `opt` (need not exist) and `change` by the digest of what is there. Results:
 *
 * - out=PATH: a file; with `maybe=1` only when `value` is odd, with `coarse=1` one of three;
 * - table=PATH: a dataset, from nothing;
 * - dir=PATH: as many files in a directory, which may be there, as the last two bits of `value`
 * say;
 * - prefix=TEXT: as many files TEXT-0.txt ...;
 * - change=PATH: a file or a dataset, in place;
 * - say=1: "val: N" on stdout.
 *
 * $PROPERTY_LOG gets one line a call: all that counts. $PROPERTY_NOTES: the artefacts that it reads
 * ("r") and writes ("w", "d" for a directory, "g" for a prefix, "m" for what it may write but does
 * not). A value of 13 fails half way.
 * $PROPERTY_KILL ("N:tool", "N:engine", "N:both"): in the N-th call that the log has, it dies half
 * way, or kills the spoor that has started it, and then goes on. */
#include <dirent.h>
#include <fcntl.h>
#include <ftw.h>
#include <signal.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

static char line[8194];
static char notes[8192];
static int calls;

static void die(const char *what)
{
    perror(what);
    exit(1);
}

/* --- digests ------------------------------------------------------------------------------ */

static uint64_t mix(uint64_t hash, const void *bytes, size_t len)
{
    const unsigned char *c = bytes;

    for (size_t i = 0; i < len; i++)
        hash = (hash ^ c[i]) * 1099511628211u;
    return hash ^ (hash >> 29);
}

static uint64_t mix_text(uint64_t hash, const char *text)
{
    return mix(hash, text, strlen(text) + 1);
}

static int by_name(const void *a, const void *b)
{
    return strcmp(*(char *const *)a, *(char *const *)b);
}

static uint64_t digest(const char *path);

static uint64_t digest_dir(const char *path)
{
    char *names[256];
    size_t count = 0;
    uint64_t hash = mix_text(7, "dir");
    DIR *dir = opendir(path);

    if (!dir)
        die(path);
    for (struct dirent *entry = readdir(dir); entry && count < 256; entry = readdir(dir))
        if (entry->d_name[0] != '.')
            names[count++] = strdup(entry->d_name);
    (void)closedir(dir);
    qsort(names, count, sizeof *names, by_name);
    for (size_t i = 0; i < count; i++) {
        char inner[1024];
        (void)snprintf(inner, sizeof inner, "%s/%s", path, names[i]);
        uint64_t of = digest(inner);
        hash = mix(mix_text(hash, names[i]), &of, sizeof of);
        free(names[i]);
    }
    return hash;
}

static uint64_t digest(const char *path)
{
    char bytes[4096];
    struct stat info;
    uint64_t hash = mix_text(7, "file");

    if (stat(path, &info) < 0)
        die(path);
    if (S_ISDIR(info.st_mode))
        return digest_dir(path);
    FILE *file = fopen(path, "r");
    if (!file)
        die(path);
    for (size_t len = fread(bytes, 1, sizeof bytes, file); len;
         len = fread(bytes, 1, sizeof bytes, file))
        hash = mix(hash, bytes, len);
    (void)fclose(file);
    return hash;
}

/* --- arguments ---------------------------------------------------------------------------- */

static const char *word(char **argv, const char *key)
{
    size_t len = strlen(key);

    for (char **arg = argv + 1; *arg; arg++)
        if (strncmp(*arg, "--", 2) == 0 && strncmp(*arg + 2, key, len) == 0 &&
            (*arg)[len + 2] == '=')
            return *arg + len + 3;
    return NULL;
}

static int number(const char *text)
{
    int value = 0;

    for (; *text >= '0' && *text <= '9'; text++)
        value = value * 10 + (*text - '0');
    return value;
}

static void add(char *text, size_t size, const char *key, const char *value)
{
    size_t len = strlen(text);

    (void)snprintf(text + len, size - len, "%s %s\n", key, value);
}

static void saw(const char *key, const char *path, bool must_exist)
{
    char text[64] = "nothing";
    size_t len = strlen(line);

    /* An empty directory is as good as none. */
    if (must_exist || (access(path, F_OK) == 0 && digest(path) != mix_text(7, "dir")))
        (void)snprintf(text, sizeof text, "%016llx", (unsigned long long)digest(path));
    (void)snprintf(line + len, sizeof line - 2 - len, " %s:%s", key, text);
    add(notes, sizeof notes, "r", path);
}

/* Is `path` one of those in the list? */
static bool names(const char *list, const char *path)
{
    size_t len = strlen(path);

    for (const char *one = list; one; one = strchr(one, ','), one = one ? one + 1 : NULL)
        if (strncmp(one, path, len) == 0 && (one[len] == 0 || one[len] == ','))
            return true;
    return false;
}

/* What it reads and writes at the same path is something else than what it reads here and writes
 * there. */
static void compare(char **argv)
{
    static const char *const inputs[] = { "in", "opt", "ins", "table_in" };
    static const char *const results[] = { "out", "change", "table" };

    for (size_t i = 0; i < sizeof inputs / sizeof *inputs; i++)
        for (size_t k = 0; k < sizeof results / sizeof *results; k++) {
            const char *in = word(argv, inputs[i]);
            const char *out = word(argv, results[k]);
            size_t len = strlen(line);
            if (in && out && names(in, out))
                (void)snprintf(line + len, sizeof line - 2 - len, " %s=%s", inputs[i], results[k]);
        }
}

static void look(char **argv)
{
    static const char *const texts[] = {
        "name", "value", "prefix", "word", "maybe", "coarse", "say"
    };
    static const char *const kinds[] = { "out", "table", "dir", "change" };
    const char *ins = word(argv, "ins");

    for (size_t i = 0; i < sizeof texts / sizeof *texts; i++) {
        size_t len = strlen(line);
        if (word(argv, texts[i]))
            (void)snprintf(line + len, sizeof line - 2 - len, "%s%s=%s", len ? " " : "", texts[i],
                           word(argv, texts[i]));
    }
    for (size_t i = 0; i < sizeof kinds / sizeof *kinds; i++) {
        size_t len = strlen(line);
        if (word(argv, kinds[i]))
            (void)snprintf(line + len, sizeof line - 2 - len, " %s", kinds[i]);
    }
    if (word(argv, "in"))
        saw("in", word(argv, "in"), true);
    if (word(argv, "table_in"))
        saw("table_in", word(argv, "table_in"), true);
    if (word(argv, "dir_in"))
        saw("dir_in", word(argv, "dir_in"), true);
    if (word(argv, "dir"))
        saw("dir", word(argv, "dir"), false);
    if (word(argv, "opt"))
        saw("opt", word(argv, "opt"), false);
    if (word(argv, "change"))
        saw("change", word(argv, "change"), true);
    for (const char *end; ins && *ins; ins = *end ? end + 1 : end) {
        char one[1024];
        end = strchrnul(ins, ',');
        (void)snprintf(one, sizeof one, "%.*s", (int)(end - ins), ins);
        saw("ins", one, true);
    }
}

/* --- the log ------------------------------------------------------------------------------ */

/* One write a line; the number of lines so far is the number of the call. */
static void tell(const char *variable, const char *text)
{
    const char *path = getenv(variable);
    int fd = path ? open(path, O_RDWR | O_CREAT | O_APPEND, 0666) : -1;

    if (fd < 0)
        return;
    if (write(fd, text, strlen(text)) < 0)
        die(path);
    (void)close(fd);
}

static int count_lines(const char *variable)
{
    const char *path = getenv(variable);
    FILE *file = path ? fopen(path, "r") : NULL;
    int count = 0;

    for (int c = file ? getc(file) : EOF; c != EOF; c = getc(file))
        count += c == '\n';
    if (file)
        (void)fclose(file);
    return count;
}

/* --- dying -------------------------------------------------------------------------------- */

static pid_t parent_of(pid_t pid, char name[static 64])
{
    char path[64];
    char text[512] = "";

    /* "12 (spoor) S 11 ..." */
    (void)snprintf(path, sizeof path, "/proc/%d/stat", (int)pid);
    FILE *file = fopen(path, "r");
    if (!file || !fgets(text, sizeof text, file))
        text[0] = 0;
    if (file)
        (void)fclose(file);
    char *from = strchr(text, '(');
    char *to = from ? strchr(from, ')') : NULL;
    if (!to || strlen(to) < 4)
        return 0;
    (void)snprintf(name, 64, "%.*s", (int)(to - from - 1), from + 1);
    return number(to + 4);
}

static void kill_engine(void)
{
    char name[64];

    for (pid_t pid = getppid(); pid > 1; pid = parent_of(pid, name)) {
        pid_t next = parent_of(pid, name);
        if (next && strncmp(name, "spoor", 5) == 0)
            (void)kill(pid, SIGKILL);
    }
}

static void half_way(char **argv)
{
    const char *order = getenv("PROPERTY_KILL");
    const char *value = word(argv, "value");

    if (value && strcmp(value, "13") == 0) {
        (void)fputs("13 is no good\n", stderr);
        exit(1);
    }
    if (!order || number(order) != calls)
        return;
    if (!strstr(order, "tool"))
        kill_engine();
    if (!strstr(order, "engine"))
        _exit(9);
}

/* --- results ------------------------------------------------------------------------------ */

static void put(const char *path, uint64_t hash)
{
    FILE *file = fopen(path, "w");

    if (!file || fprintf(file, "%016llx\n", (unsigned long long)hash) < 0 || fclose(file) != 0)
        die(path);
}

static void put_in(const char *dir, const char *name, uint64_t hash)
{
    char path[1024];

    (void)snprintf(path, sizeof path, "%s/%s", dir, name);
    put(path, hash);
}

static int remove_one(const char *path, const struct stat *info, int type, struct FTW *walk)
{
    (void)info;
    (void)type;
    (void)walk;
    return remove(path);
}

static void remove_all(const char *path)
{
    if (access(path, F_OK) == 0 && nftw(path, remove_one, 16, FTW_DEPTH | FTW_PHYS) != 0)
        die(path);
}

static void make_table(const char *path, uint64_t hash, char **argv)
{
    remove_all(path);
    if (mkdir(path, 0777) < 0)
        die(path);
    put_in(path, "table.dat", hash);
    half_way(argv);
    put_in(path, "column", hash + 1);
    if (hash % 2)
        put_in(path, "extra", hash + 2);
}

static void change(const char *path, uint64_t hash, char **argv)
{
    char inner[1024];
    struct stat info;

    if (stat(path, &info) < 0)
        die(path);
    if (!S_ISDIR(info.st_mode)) {
        put(path, 0);
        half_way(argv);
        put(path, hash);
        return;
    }
    put_in(path, "column", hash);
    half_way(argv);
    (void)snprintf(inner, sizeof inner, "%s/file%d", path, (int)(hash % 3));
    if (hash % 5 == 0)
        (void)unlink(inner);
    else
        put(inner, hash + 1);
    (void)snprintf(inner, sizeof inner, "%s/sub", path);
    if (hash % 2)
        (void)mkdir(inner, 0777);
    if (access(inner, F_OK) == 0)
        put_in(inner, "cell", hash + 2);
}

/* WHERE/part0 ... or WHERE-0.txt ... */
static void make_some(bool in_dir, const char *where, int count, uint64_t hash, char **argv)
{
    char path[1024];

    for (int i = 0; i < count; i++) {
        (void)snprintf(path, sizeof path, "%s%s%d%s", where, in_dir ? "/part" : "-", i,
                       in_dir ? "" : ".txt");
        put(path, hash + (uint64_t)i);
        if (i == 0)
            half_way(argv);
    }
}

static bool makes_out(char **argv)
{
    const char *value = word(argv, "value");

    return !word(argv, "maybe") || (value && number(value) % 2);
}

static void make(char **argv, uint64_t hash, int value)
{
    const char *out = word(argv, "out");
    const char *dir = word(argv, "dir");

    if (out && makes_out(argv)) {
        put(out, 0);
        half_way(argv);
        put(out, word(argv, "coarse") ? hash % 3 : hash);
    }
    if (word(argv, "table"))
        make_table(word(argv, "table"), hash, argv);
    if (word(argv, "change"))
        change(word(argv, "change"), hash, argv);
    if (word(argv, "prefix"))
        make_some(false, word(argv, "prefix"), value % 4, hash, argv);
    if (dir) {
        (void)mkdir(dir, 0777);
        make_some(true, dir, value % 4, hash, argv);
    }
    if (word(argv, "say"))
        (void)printf("val: %d\n", (int)(hash % 5));
}

/* What will really be written of what is only named as a whole. */
static void note_some(char **argv, int count)
{
    static const char *const formats[][3] = { { "dir", "/part", "" }, { "prefix", "-", ".txt" } };
    char path[1024];

    for (size_t k = 0; k < 2; k++)
        for (int i = 0; i < count && word(argv, formats[k][0]); i++) {
            (void)snprintf(path, sizeof path, "%s%s%d%s", word(argv, formats[k][0]), formats[k][1],
                           i, formats[k][2]);
            add(notes, sizeof notes, "w", path);
        }
}

/* With the line that they belong to, in one write. */
static void tell_notes(void)
{
    static char all[sizeof line + sizeof notes + 8];

    (void)snprintf(all, sizeof all, "l %s%s", line, notes);
    tell("PROPERTY_NOTES", all);
}

int main(int argc, char **argv)
{
    static const char *const results[][2] = {
        { "out", "w" }, { "table", "w" }, { "change", "w" }, { "dir", "d" }, { "prefix", "g" },
    };
    const char *value = word(argv, "value");

    (void)argc;
    look(argv);
    compare(argv);
    for (size_t i = 0; i < sizeof results / sizeof *results; i++)
        if (word(argv, results[i][0]) && (i > 0 || makes_out(argv)))
            add(notes, sizeof notes, results[i][1], word(argv, results[i][0]));
    note_some(argv, value ? number(value) % 4 : 1);
    if (word(argv, "out") && !makes_out(argv))
        add(notes, sizeof notes, "m", word(argv, "out"));
    uint64_t hash = mix_text(7, line);
    line[strlen(line)] = '\n'; /* snprintf leaves the last byte alone: `line` is one longer */
    tell("PROPERTY_LOG", line);
    tell_notes();
    calls = count_lines("PROPERTY_LOG");
    make(argv, hash, value ? number(value) : 1);
    half_way(argv);
    return 0;
}
