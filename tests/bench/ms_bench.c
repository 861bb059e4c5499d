/* SPDX-License-Identifier: BSD-3-Clause */
/* ms_bench.c - writing visibilities into a Measurement Set against writing the same bytes to a
 * plain file, in one run: how near casacore's tiled storage comes to the file system.
 *
 *     ms_bench [DIR]      needs about 1 GB there; default /tmp
 */
#include "base/clock.h"

#include "msio/msio.h"

#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#define ANTENNAS 32
#define TIMES    32
#define CHANNELS 512
#define CORRS    4
#define ROWS     (ANTENNAS * (ANTENNAS - 1) / 2 * TIMES)
#define BLOCK    ((int64_t)1024)
#define ROUNDS   3

static float *data;

static void fill_layout(struct ms_layout *layout,
                        struct ms_antenna *antennas,
                        double *freq,
                        double *width)
{
    static const struct ms_field field = { .name = "bench", .ra = 1.5, .dec = -0.7 };
    static const struct ms_scan scan = { .start = 5217091200.0, .ntime = TIMES };
    static const int corr_type[CORRS] = { 9, 10, 11, 12 };

    for (int i = 0; i < ANTENNAS; i++) {
        (void)snprintf(antennas[i].name, sizeof antennas[i].name, "A%02d", i);
        antennas[i].position[0] = 5109271.5 + 37.0 * i;
        antennas[i].position[1] = 2006808.9 + 11.0 * i * i;
        antennas[i].position[2] = -3239130.7 + 53.0 * i;
        antennas[i].diameter = 13.5;
        (void)snprintf(antennas[i].mount, sizeof antennas[i].mount, "ALT-AZ");
    }
    for (int i = 0; i < CHANNELS; i++) {
        freq[i] = 1e9 + 1e6 * i;
        width[i] = 1e6;
    }
    *layout = (struct ms_layout){
        .telescope = "MeerKAT",
        .observer = "bench",
        .antennas = antennas,
        .nantenna = ANTENNAS,
        .fields = &field,
        .nfield = 1,
        .scans = &scan,
        .nscan = 1,
        .interval = 8,
        .freq = freq,
        .width = width,
        .nchan = CHANNELS,
        .corr_type = corr_type,
        .ncorr = CORRS,
    };
}

static void stop(const struct sp_err *err)
{
    (void)fprintf(stderr, "ms_bench: %s\n", err->text);
    exit(1);
}

static double write_ms(const char *path)
{
    struct sp_err err = SP_ERR_INIT;
    struct ms *ms;
    sp_nsec start = sp_clock_monotonic();

    if (ms_open(path, MS_WRITE, &ms, &err))
        stop(&err);
    for (int64_t row = 0; row < ROWS; row += BLOCK)
        if (ms_write_vis(ms, "DATA", row, SP_MIN(BLOCK, ROWS - row), data, &err))
            stop(&err);
    if (ms_close(ms, &err))
        stop(&err);
    return (double)(sp_clock_monotonic() - start) / 1e9;
}

static double write_file(const char *path)
{
    const size_t row_bytes = (size_t)CHANNELS * CORRS * 8;
    sp_nsec start = sp_clock_monotonic();
    sp_auto_fd int fd = open(path, O_WRONLY | O_CREAT | O_CLOEXEC, 0666);

    for (int64_t row = 0; row < ROWS; row += BLOCK) {
        size_t bytes = (size_t)SP_MIN(BLOCK, ROWS - row) * row_bytes;
        if (write(fd, data, bytes) != (ssize_t)bytes)
            exit(1);
    }
    return (double)(sp_clock_monotonic() - start) / 1e9;
}

int main(int argc, char **argv)
{
    static struct ms_antenna antennas[ANTENNAS];
    static double freq[CHANNELS];
    static double width[CHANNELS];
    struct ms_layout layout;
    struct sp_err err = SP_ERR_INIT;
    char ms_path[4096];
    char file_path[4096];
    double best[2] = { 1e9, 1e9 };
    const char *dir = argc > 1 ? argv[1] : "/tmp";

    (void)snprintf(ms_path, sizeof ms_path, "%s/spoor-bench-%d.ms", dir, (int)getpid());
    (void)snprintf(file_path, sizeof file_path, "%s/spoor-bench-%d.raw", dir, (int)getpid());
    data = malloc((size_t)BLOCK * CHANNELS * CORRS * 8);
    for (size_t i = 0; i < (size_t)BLOCK * CHANNELS * CORRS * 2; i++)
        data[i] = (float)i;
    fill_layout(&layout, antennas, freq, width);
    if (ms_create(ms_path, &layout, NULL, NULL, &err))
        stop(&err);
    (void)write_file(file_path); /* both sides overwrite what is there */
    for (int i = 0; i < ROUNDS; i++) {
        double took = write_ms(ms_path);
        best[0] = SP_MIN(best[0], took);
        took = write_file(file_path);
        best[1] = SP_MIN(best[1], took);
    }
    double gigabytes = (double)ROWS * CHANNELS * CORRS * 8 / 1e9;
    (void)printf("DATA column, %.2f GB: %.2f GB/s; plain file: %.2f GB/s; ratio %.2f\n", gigabytes,
                 gigabytes / best[0], gigabytes / best[1], best[0] / best[1]);
    (void)unlink(file_path);
    (void)fflush(stdout); /* exec forgets what is buffered */
    return execlp("rm", "rm", "-rf", ms_path, (char *)NULL);
}
