/* SPDX-License-Identifier: BSD-3-Clause */
/* Works in a fresh directory under /tmp. */
#include "msio/msio.h"

#include "base/tap.h"

#include <dirent.h>
#include <fcntl.h>
#include <ftw.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mount.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#define NANTENNA 4
#define NCHAN    3
#define NCORR    4
#define NBASE    6
#define NROW     (NBASE * 7) /* 4 + 3 integrations */
#define CELL     (NCHAN * NCORR)

static const struct ms_antenna antennas[NANTENNA] = {
    { "M000", { 5109271.4974, 2006808.8930, -3239130.7361 }, 13.5, "ALT-AZ" },
    { "M001", { 5109284.8541, 2006824.2217, -3239100.1265 }, 13.5, "ALT-AZ" },
    { "M048", { 5111655.2609, 2004739.7495, -3236633.1052 }, 13.5, "ALT-AZ" },
    { "M060", { 5107254.0135, 2009699.3572, -3240542.5873 }, 13.5, "ALT-AZ" },
};
static const struct ms_field fields[2] = { { "zero", M_PI / 2, -M_PI / 4 }, { "one", 1.6, -0.7 } };
static const double start = 60383.7 * 86400;
static const double freq[NCHAN] = { 1e9, 1.1e9, 1.2e9 };
static const double width[NCHAN] = { 1e8, 1e8, 1e8 };
static const int linear[NCORR] = { 9, 10, 11, 12 };
static struct ms_scan scans[2] = { { 0, 0, 4 }, { 1, 0, 3 } };

static const struct ms_layout layout = {
    .telescope = "MeerKAT",
    .observer = "nobody",
    .antennas = antennas,
    .nantenna = NANTENNA,
    .fields = fields,
    .nfield = 2,
    .scans = scans,
    .nscan = 2,
    .interval = 10,
    .freq = freq,
    .width = width,
    .nchan = NCHAN,
    .corr_type = linear,
    .ncorr = NCORR,
    .weight_spectrum = true,
    .sigma = 2,
};

static int entries_of(const char *path)
{
    DIR *dir = opendir(path);
    int count = -2; /* . and .. */

    if (!dir)
        return -1;
    while (readdir(dir))
        count++;
    (void)closedir(dir);
    return count;
}

/* casacore forgets a table that it cannot open: damaged, or locked by another process. */
const char *__lsan_default_suppressions(void);

__attribute__((visibility("default"))) const char *__lsan_default_suppressions(void)
{
    return "leak:casacore::PlainTable::PlainTable\n";
}

static struct sp_err err;

static bool fine(enum sp_rc rc)
{
    if (rc)
        printf("# %s: %s\n", sp_rc_name(rc), err.text);
    return rc == SP_OK;
}

static bool fails(enum sp_rc rc, enum sp_rc want, const char *why)
{
    bool passed = rc == want && err.code == want && strstr(err.text, why);

    printf("# %s: %s\n", sp_rc_name(rc), err.text);
    err = SP_ERR_INIT;
    return passed;
}

static void count_rows(int64_t done, int64_t total, void *arg)
{
    int64_t *seen = arg;

    *seen = total == NROW && done > *seen ? done : -1;
}

static void test_create(void)
{
    int64_t seen = 0;

    tap_ok(fine(ms_create("a.ms", &layout, count_rows, &seen, &err)), "create");
    tap_ok(seen == NROW, "progress reaches the last row");
    tap_ok(entries_of(".") == 1, "nothing but the MS is left");
    tap_ok(ms_layout_rows(&layout) == NROW, "rows are foretold");
}

static void test_info(const struct ms_info *info)
{
    tap_ok(info->nrow == NROW && info->nchan == NCHAN && info->ncorr == NCORR, "shape");
    tap_ok(info->freq[2] == 1.2e9 && info->width[1] == 1e8, "channels");
    tap_ok(info->corr_type[0] == 9 && info->corr_type[3] == 12, "correlations");
    tap_ok(info->nantenna == NANTENNA && strcmp(info->antennas[2].name, "M048") == 0 &&
               info->antennas[3].position[2] == antennas[3].position[2] &&
               info->antennas[0].diameter == 13.5,
           "antennas");
    tap_ok(info->nfield == 2 && strcmp(info->fields[1].name, "one") == 0 &&
               fabs(info->fields[1].ra - 1.6) < 1e-14 && fabs(info->fields[1].dec + 0.7) < 1e-14,
           "fields");
    tap_ok(strcmp(info->telescope, "MeerKAT") == 0, "telescope");
}

static void test_keys(struct ms *ms)
{
    double time[NROW];
    double interval[NROW];
    int32_t a1[NROW], a2[NROW], field[NROW], scan[NROW];
    uint8_t flagged[NROW];
    struct ms_keys keys = { time, interval, a1, a2, field, scan, flagged };

    tap_ok(fine(ms_read_keys(ms, 0, NROW, &keys, &err)), "read keys");
    tap_ok(time[0] == start + 5 && time[NBASE - 1] == start + 5 && time[NBASE] == start + 15,
           "time stamps are in the middle of the integration");
    tap_ok(time[4 * NBASE] == start + 105 && time[NROW - 1] == start + 125, "second scan's times");
    tap_ok(interval[0] == 10 && interval[NROW - 1] == 10, "interval");
    tap_ok(a1[0] == 0 && a2[0] == 1 && a1[NBASE - 1] == 2 && a2[NBASE - 1] == 3, "antenna pairs");
    tap_ok(field[0] == 0 && field[4 * NBASE - 1] == 0 && field[4 * NBASE] == 1 &&
               field[NROW - 1] == 1,
           "fields of rows");
    tap_ok(scan[0] == 1 && scan[NROW - 1] == 2, "scan numbers");
    tap_ok(!flagged[0] && !flagged[NROW - 1], "no row is flagged");

    struct ms_keys some = { .antenna2 = a2 };
    tap_ok(fine(ms_read_keys(ms, 1, 1, &some, &err)) && a2[0] == 2, "some keys of one row");
    tap_ok(fails(ms_read_keys(ms, NROW, 1, &some, &err), SP_INVALID, "not within"),
           "rows behind the end");
    tap_ok(fine(ms_read_keys(ms, NROW, 0, &some, &err)), "no rows at the end are fine");
}

static double length(const double *v)
{
    return sqrt(v[0] * v[0] + v[1] * v[1] + v[2] * v[2]);
}

static void test_uvw(struct ms *ms)
{
    double uvw[NROW][3];
    double worst = 0;
    int row = 0;

    tap_ok(fine(ms_read_uvw(ms, 0, NROW, &uvw[0][0], &err)), "read UVW");
    for (int t = 0; t < 7; t++)
        for (int i = 0; i < NANTENNA; i++)
            for (int j = i + 1; j < NANTENNA; j++, row++) {
                double b[3];
                for (int k = 0; k < 3; k++)
                    b[k] = antennas[j].position[k] - antennas[i].position[k];
                worst = fmax(worst, fabs(length(uvw[row]) / length(b) - 1));
            }
    if (!tap_ok(worst < 1e-8, "UVW is as long as the baseline"))
        printf("# off by %g\n", worst);
    tap_ok(fabs(uvw[0][0] - uvw[NBASE][0]) > 1e-4, "UVW turns with time");
}

static void test_data(struct ms *ms)
{
    static float vis[NROW][CELL][2];
    static float got[NROW][CELL][2];
    static uint8_t flags[NROW][CELL];
    float sum = 0;

    vis[0][0][0] = got[0][0][0] = 7;
    tap_ok(fine(ms_read_vis(ms, "DATA", 0, NROW, &got[0][0][0], &err)) &&
               memcmp(vis[1], got[1], sizeof vis - sizeof vis[0]) == 0 && got[0][0][0] == 0,
           "DATA is zero");
    for (int i = 0; i < NROW; i++)
        for (int k = 0; k < CELL; k++)
            vis[i][k][0] = (float)(100 * i + k), vis[i][k][1] = -vis[i][k][0];
    tap_ok(fine(ms_write_vis(ms, "DATA", 0, NROW, &vis[0][0][0], &err)), "write DATA");
    tap_ok(fine(ms_read_vis(ms, "DATA", 5, 1, &got[0][0][0], &err)) && got[0][4][0] == 504 &&
               got[0][4][1] == -504,
           "one row comes back, channel by channel");
    memset(flags, 1, sizeof flags);
    tap_ok(fine(ms_read_flags(ms, 0, NROW, &flags[0][0], &err)), "read flags");
    for (int i = 0; i < NROW; i++)
        for (int k = 0; k < CELL; k++)
            sum += flags[i][k];
    tap_ok(sum == 0, "nothing is flagged");

    tap_ok(!ms_has_column(ms, "MODEL_DATA"), "no MODEL_DATA yet");
    tap_ok(fails(ms_read_vis(ms, "MODEL_DATA", 0, 1, &got[0][0][0], &err), SP_NOT_FOUND,
                 "no column MODEL_DATA (of that kind: DATA)"),
           "a missing column is named");
    tap_ok(fails(ms_read_vis(ms, "UVW", 0, 1, &got[0][0][0], &err), SP_INVALID, "another type"),
           "a column of another type");
    tap_ok(fine(ms_add_column(ms, "MODEL_DATA", &err)), "add MODEL_DATA");
    tap_ok(fine(ms_add_column(ms, "MODEL_DATA", &err)), "add it again");
    tap_ok(fails(ms_add_column(ms, "UVW", &err), SP_INVALID, "another type"), "add UVW");
    got[0][0][0] = 1;
    tap_ok(fine(ms_read_vis(ms, "MODEL_DATA", NROW - 1, 1, &got[0][0][0], &err)) &&
               got[0][0][0] == 0,
           "a new column is zero");
}

static void test_open_for_writing(void)
{
    static const float sigma[NCORR] = { 1, 2, 3, 4 };
    static const char *const words[] = { "test", "--all" };
    struct ms *ms = NULL;

    if (!tap_ok(fine(ms_open("a.ms", MS_WRITE, &ms, &err)), "open for writing"))
        return;
    test_info(ms_info(ms));
    test_keys(ms);
    test_uvw(ms);
    test_data(ms);
    tap_ok(fine(ms_write_sigma(ms, -1, sigma, &err)), "write SIGMA");
    tap_ok(fine(ms_add_history(ms, "test", "did this", 2, words, &err)), "add to HISTORY");
    tap_ok(fine(ms_close(ms, &err)), "close");
    tap_ok(fine(ms_close(NULL, &err)), "close nothing");
}

static void test_open_for_reading(void)
{
    struct ms *ms = NULL;
    float vis[CELL][2] = { { 0 } };

    if (!tap_ok(fine(ms_open("a.ms", MS_READ, &ms, &err)), "open for reading"))
        return;
    tap_ok(fine(ms_read_vis(ms, "DATA", 5, 1, &vis[0][0], &err)) && vis[4][0] == 504,
           "what was written is still there");
    tap_ok(fails(ms_write_vis(ms, "DATA", 5, 1, &vis[0][0], &err), SP_INVALID, "reading only"),
           "writing is refused");
    tap_ok(fails(ms_add_column(ms, "NEW", &err), SP_INVALID, "reading only"), "adding is refused");
    tap_ok(fine(ms_close(ms, &err)), "close");
}

static void test_open_failures(void)
{
    struct ms *ms = NULL;

    tap_ok(fails(ms_open("none.ms", MS_READ, &ms, &err), SP_NOT_FOUND, "'none.ms'"), "no such MS");
    (void)mkdir("dir", 0777);
    tap_ok(fails(ms_open("dir", MS_READ, &ms, &err), SP_INVALID, "not a Measurement Set"),
           "a directory");
    tap_ok(fails(ms_open("/dev/null", MS_READ, &ms, &err), SP_INVALID, "not a Measurement Set"),
           "a file");
    tap_ok(fails(ms_open("a.ms/ANTENNA", MS_READ, &ms, &err), SP_INVALID, "but not a"),
           "a subtable");
    FILE *file = fopen("dir/table.dat", "w");
    if (file)
        (void)fclose(file);
    tap_ok(fails(ms_open("dir", MS_READ, &ms, &err), SP_IO, "'dir'"), "an empty table.dat");
    tap_ok(ms == NULL, "nothing was given out");
}

/* What another process gets when it opens `path`. */
static int open_elsewhere(const char *path)
{
    char *const words[] = { (char *)"msio_test", (char *)(uintptr_t)path, NULL };
    int status = -1;

    (void)fflush(stdout);
    pid_t child = fork();
    if (child == 0) {
        execv("/proc/self/exe", words);
        _exit(99);
    }
    (void)waitpid(child, &status, 0);
    return WIFEXITED(status) ? WEXITSTATUS(status) : 99;
}

static void test_busy(void)
{
    struct ms *ms = NULL;

    if (!tap_ok(fine(ms_open("a.ms", MS_WRITE, &ms, &err)), "open for writing"))
        return;
    tap_ok(open_elsewhere("a.ms") == SP_BUSY, "another process finds it busy");
    tap_ok(fine(ms_close(ms, &err)), "close");
    tap_ok(open_elsewhere("a.ms") == SP_OK, "and then no longer");
}

static void test_create_failures(void)
{
    struct ms_layout bad = layout;
    int before = entries_of(".");
    int stop = 1;

    tap_ok(fails(ms_create("a.ms", &layout, NULL, NULL, &err), SP_EXISTS, "exists already"),
           "the MS exists");
    tap_ok(fails(ms_create("none/a.ms", &layout, NULL, NULL, &err), SP_NOT_FOUND, "'none/'"),
           "no such directory");
    tap_ok(fails(ms_create("~a.ms", &layout, NULL, NULL, &err), SP_INVALID, "cannot be part"),
           "a name that casacore would expand");
    tap_ok(fails(ms_create("", &layout, NULL, NULL, &err), SP_INVALID, "name"), "no name");
    bad.overwrite = true;
    tap_ok(fails(ms_create("dir", &bad, NULL, NULL, &err), SP_EXISTS, "stays untouched"),
           "only an MS is overwritten");
    bad = layout;
    bad.nantenna = 1;
    tap_ok(fails(ms_create("b.ms", &bad, NULL, NULL, &err), SP_INVALID, "no baseline"),
           "one antenna");
    bad = layout;
    bad.ncorr = 3;
    tap_ok(fails(ms_create("b.ms", &bad, NULL, NULL, &err), SP_INVALID, "1, 2 or 4"),
           "three correlations");
    bad = layout;
    bad.nscan = 0;
    tap_ok(fails(ms_create("b.ms", &bad, NULL, NULL, &err), SP_INVALID, "one scan"), "no scan");
    bad = layout;
    bad.stop = &stop;
    tap_ok(fails(ms_create("b.ms", &bad, NULL, NULL, &err), SP_IO, "interrupted"), "interrupted");
    bad = layout;
    struct ms_scan endless = { 0, start, 2000000000 };
    bad.scans = &endless;
    bad.nscan = 1;
    tap_ok(fails(ms_create("b.ms", &bad, NULL, NULL, &err), SP_IO, "the disk has"), "too large");
    tap_ok(entries_of(".") == before, "failures leave nothing behind");
}

static void test_overwrite(void)
{
    struct ms_layout other = layout;
    struct ms *ms = NULL;
    int before = entries_of(".");

    other.overwrite = true;
    other.nscan = 1;
    other.autocorr = true;
    other.weight_spectrum = false;
    tap_ok(fine(ms_create("a.ms/", &other, NULL, NULL, &err)), "overwrite");
    if (tap_ok(fine(ms_open("a.ms", MS_READ, &ms, &err)), "open it"))
        tap_ok(ms_info(ms)->nrow == 4 * 10, "it is the new one, with autocorrelations");
    tap_ok(fine(ms_close(ms, &err)), "close");
    tap_ok(entries_of(".") == before, "the old one is gone");
    tap_ok(fine(ms_create("c.ms", &other, NULL, NULL, &err)), "overwrite nothing");
}

#define WIDE 4096

/* Somebody else takes the rest of the disk. */
static void fill_disk(int64_t done, int64_t total, void *arg)
{
    static char block[1 << 16];
    int fd = open("small/other", O_WRONLY | O_CREAT | O_APPEND | O_CLOEXEC, 0666);

    (void)done, (void)total, (void)arg;
    while (fd >= 0 && write(fd, block, sizeof block) > 0)
        continue;
    (void)close(fd);
}

/* An MS that is there already survives a column that does not fit. */
static void test_full_disk_when_writing(struct ms_layout *big)
{
    struct ms *ms = NULL;
    enum sp_rc rc;

    tap_ok(fine(ms_create("small/b.ms", big, NULL, NULL, &err)), "an MS on the small disk");
    fill_disk(0, 0, NULL);
    if (tap_ok(fine(ms_open("small/b.ms", MS_WRITE, &ms, &err)), "open it")) {
        rc = ms_add_column(ms, "MODEL_DATA", &err);
        tap_ok(fails(rc, SP_IO, "full"), "no room for a column");
        tap_ok(fails(ms_close(ms, &err), SP_IO, "full"), "closing says so too");
    }
    (void)remove("small/other");
}

/* On a file system of its own, where that is permitted. */
static void test_full_disk(void)
{
    static double many[WIDE];
    struct ms_layout big = layout;
    struct ms_scan longer = { 0, start, 170 };

    for (int i = 0; i < WIDE; i++)
        many[i] = 1e9 + i * 1e5;
    big.scans = &longer;
    big.nscan = 1;
    big.freq = big.width = many;
    big.nchan = WIDE;
    (void)mkdir("small", 0777);
    if (mount("none", "small", "tmpfs", 0, "size=5m") < 0) {
        tap_skip("no file system can be mounted here");
        return;
    }
    tap_ok(fails(ms_create("small/a.ms", &big, NULL, NULL, &err), SP_IO, "MB left"), "too small");
    tap_ok(entries_of("small") == 0, "nothing is left on the small disk");
    tap_ok(mount("none", "small", "tmpfs", MS_REMOUNT, "size=300m") == 0, "a larger disk");
    tap_ok(fails(ms_create("small/a.ms", &big, fill_disk, NULL, &err), SP_IO, "disk is full"),
           "the disk fills up on the way");
    tap_ok(entries_of("small") == 1, "nothing is left on the full disk");
    (void)remove("small/other");
    test_full_disk_when_writing(&big);
    (void)umount2("small", MNT_DETACH); /* casacore holds files open */
}

static void test_measures(void)
{
    double ha = 9;
    double el = 9;

    tap_ok(fine(ms_hadec_el(antennas, NANTENNA, &fields[0], start, &ha, &el, &err)), "hour angle");
    double lat = atan2(-3239130.7361, hypot(5109271.4974, 2006808.8930));
    double want = asin(sin(lat) * sin(fields[0].dec) + cos(lat) * cos(fields[0].dec) * cos(ha));
    tap_ok(fabs(el - want) < 0.01, "elevation fits the hour angle");
}

static int remove_entry(const char *path, const struct stat *info, int type, struct FTW *where)
{
    (void)info, (void)type, (void)where;
    return remove(path);
}

int main(int argc, char **argv)
{
    char dir[] = "/tmp/msio_test.XXXXXX";

    if (argc > 1) { /* the other process of test_busy */
        struct ms *ms = NULL;
        enum sp_rc rc = ms_open(argv[1], MS_READ, &ms, &err);
        return (int)(rc ? rc : ms_close(ms, &err));
    }

    scans[0].start = start;
    scans[1].start = start + 100;
    if (!mkdtemp(dir) || chdir(dir) < 0)
        return 1;
    (void)unsetenv("HOME");
    test_create();
    test_open_for_writing();
    test_open_for_reading();
    test_open_failures();
    test_busy();
    test_create_failures();
    test_overwrite();
    test_full_disk();
    test_measures();
    if (nftw(dir, remove_entry, 16, FTW_DEPTH | FTW_PHYS) < 0)
        printf("# %s is left\n", dir);
    return tap_done();
}
