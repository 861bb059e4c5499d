/* SPDX-License-Identifier: BSD-3-Clause */
#include "draw/fits_scan.h"

#include "base/tap.h"

#include <math.h>
#include <string.h>
#include <sys/mman.h>
#include <unistd.h>

#define BLOCK 2880

/* A file under construction. */
struct file {
    unsigned char bytes[64 * BLOCK];
    size_t len;
};

static void add_header(struct file *file, const char *cards)
{
    size_t start = file->len;

    for (const char *at = cards; *at;) {
        const char *end = strchr(at, '\n');
        size_t len = end ? (size_t)(end - at) : strlen(at);
        memset(file->bytes + file->len, ' ', 80);
        memcpy(file->bytes + file->len, at, len);
        file->len += 80;
        at += len + (end != NULL);
    }
    while ((file->len - start) % BLOCK != 0)
        file->bytes[file->len++] = ' ';
}

static void add_floats(struct file *file, size_t count, float value, size_t odd_at, float odd)
{
    size_t start = file->len;

    for (size_t i = 0; i < count; i++) {
        float number = i == odd_at ? odd : value;
        uint32_t bits = 0;
        memcpy(&bits, &number, sizeof bits);
        for (int shift = 24; shift >= 0; shift -= 8)
            file->bytes[file->len++] = (unsigned char)(bits >> shift);
    }
    while ((file->len - start) % BLOCK != 0)
        file->bytes[file->len++] = 0;
}

static void add_bytes(struct file *file, size_t count, unsigned char value)
{
    memset(file->bytes + file->len, value, count);
    file->len += (count + BLOCK - 1) / BLOCK * BLOCK;
}

static int open_file(const struct file *file)
{
    int fd = memfd_create("fits", MFD_CLOEXEC);

    if (fd >= 0 && write(fd, file->bytes, file->len) != (ssize_t)file->len)
        sp_fd_closep(&fd);
    return fd;
}

#define FLOATS "SIMPLE  =                    T / standard\nBITPIX  =                  -32\n"
#define GRID                                                           \
    "NAXIS   =                    2\nNAXIS1  =                   30\n" \
    "NAXIS2  =                   50 / rows\n"

enum data {
    NONE,
    ALL_NAN,
    FIRST_FINITE,
    LAST_FINITE,
    LAST_INF,
    ZEROS,
    SEVENS
};

static const struct {
    const char *name;
    const char *header;
    enum data data;
    size_t cut; /* bytes off the end */
    enum sp_rc rc;
    bool is_image, all_blank;
    int64_t npixels;
    const char *why;
} cases[] = {
    { "all NaN", FLOATS GRID "END", ALL_NAN, 0, SP_OK, true, true, 1500, NULL },
    { "first pixel finite", FLOATS GRID "END", FIRST_FINITE, 0, SP_OK, true, false, 1500, NULL },
    { "last pixel finite", FLOATS GRID "END", LAST_FINITE, 0, SP_OK, true, false, 1500, NULL },
    { "infinity is no blank", FLOATS GRID "END", LAST_INF, 0, SP_OK, true, false, 1500, NULL },
    { "zeros are no blanks", FLOATS GRID "END", ZEROS, 0, SP_OK, true, false, 1500, NULL },
    { "no padding behind the data", FLOATS GRID "END", ALL_NAN, 2640, SP_OK, true, true, 1500, 0 },
    { "data cut by a byte", FLOATS GRID "END", ALL_NAN, 2641, SP_CORRUPT, 0, 0, 0, "cut short" },
    { "degenerate axes",
      FLOATS "NAXIS   =                    4\nNAXIS1  = 30\nNAXIS2  = 50\nNAXIS3  = 1\n"
             "NAXIS4  = 1\nEND",
      ALL_NAN, 0, SP_OK, true, true, 1500, NULL },
    { "bytes without BLANK", "SIMPLE  = T\nBITPIX  = 8\n" GRID "END", SEVENS, 0, SP_OK, true, false,
      1500, NULL },
    { "bytes, all BLANK", "SIMPLE  = T\nBITPIX  = 8\nBLANK   = 7\n" GRID "END", SEVENS, 0, SP_OK,
      true, true, 1500, NULL },
    { "empty primary array", FLOATS "NAXIS   = 0\nEND", NONE, 0, SP_OK, false, false, 0, NULL },
    { "random groups",
      FLOATS "NAXIS   = 2\nNAXIS1  = 0\nNAXIS2  = 5\nGROUPS  = T\nPCOUNT  = 6\n"
             "GCOUNT  = 3\nEND",
      ZEROS, 0, SP_OK, false, false, 0, NULL },
    { "not FITS", "SIMPLY  = T\nEND", NONE, 0, SP_OK, false, false, 0, NULL },
    { "SIMPLE = F", "SIMPLE  = F\nEND", NONE, 0, SP_OK, false, false, 0, NULL },
    { "too short", FLOATS GRID "END", NONE, 1, SP_OK, false, false, 0, NULL },

    { "no END", FLOATS GRID, NONE, 0, SP_CORRUPT, 0, 0, 0, "no END" },
    { "no BITPIX", "SIMPLE  = T\n" GRID "END", ZEROS, 0, SP_CORRUPT, 0, 0, 0, "BITPIX is 0" },
    { "wrong BITPIX", "SIMPLE  = T\nBITPIX  = -33\nEND", NONE, 0, SP_CORRUPT, 0, 0, 0, "-33" },
    { "BITPIX is text", "SIMPLE  = T\nBITPIX  = 'x'\nEND", NONE, 0, SP_CORRUPT, 0, 0, 0, "whole" },
    { "negative NAXIS", FLOATS "NAXIS   = -1\nEND", NONE, 0, SP_CORRUPT, 0, 0, 0, "NAXIS is -1" },
    { "NAXIS 17", FLOATS "NAXIS   = 17\nEND", NONE, 0, SP_CORRUPT, 0, 0, 0, "NAXIS is 17" },
    { "negative axis", FLOATS "NAXIS   = 1\nNAXIS1  = -4\nEND", NONE, 0, SP_CORRUPT, 0, 0, 0,
      "negative" },
    { "absurd axes",
      FLOATS "NAXIS   = 2\nNAXIS1  = 9223372036854775807\nNAXIS2  = 9223372036854775807\nEND", NONE,
      0, SP_CORRUPT, 0, 0, 0, "cannot be true" },
    { "large axes in a small file", FLOATS "NAXIS   = 2\nNAXIS1  = 99999\nNAXIS2  = 99999\nEND",
      ALL_NAN, 0, SP_CORRUPT, 0, 0, 0, "cut short" },
};

static void add_data(struct file *file, enum data data)
{
    switch (data) {
    case NONE: break;
    case ALL_NAN: add_floats(file, 1500, NAN, 0, NAN); break;
    case FIRST_FINITE: add_floats(file, 1500, NAN, 0, 1.0F); break;
    case LAST_FINITE: add_floats(file, 1500, -NAN, 1499, 0.0F); break;
    case LAST_INF: add_floats(file, 1500, NAN, 1499, INFINITY); break;
    case ZEROS: add_floats(file, 1500, 0.0F, 0, 0.0F); break;
    case SEVENS: add_bytes(file, 1500, 7); break;
    }
}

static void test_cases(void)
{
    for (size_t i = 0; i < SP_COUNT(cases); i++) {
        static struct file file;
        struct sp_err err = SP_ERR_INIT;
        struct sp_fits_scan got = { .bitpix = -1 };

        file.len = 0;
        add_header(&file, cases[i].header);
        add_data(&file, cases[i].data);
        file.len -= cases[i].cut;
        sp_auto_fd int fd = open_file(&file);
        enum sp_rc rc = sp_fits_scan(fd, &got, &err);
        bool passed = rc == cases[i].rc && rc == err.code;
        if (rc == SP_OK)
            passed = passed && got.is_image == cases[i].is_image &&
                     got.all_blank == cases[i].all_blank && got.npixels == cases[i].npixels;
        else
            passed = passed && got.bitpix == -1 && cases[i].why && strstr(err.text, cases[i].why);
        if (!tap_ok(passed, "%s", cases[i].name))
            printf("# got %s, image %d, blank %d, %lld pixels: %s\n", sp_rc_name(rc), got.is_image,
                   got.all_blank, (long long)got.npixels, err.text);
    }
}

/* An empty primary array, a table, then the image: what some tools write. */
static void test_extension(void)
{
    static struct file file;
    struct sp_err err = SP_ERR_INIT;
    struct sp_fits_scan got = { 0 };

    add_header(&file, "SIMPLE  = T\nBITPIX  = 8\nNAXIS   = 0\nEND");
    add_header(&file,
               "XTENSION= 'BINTABLE'\nBITPIX  = 8\nNAXIS   = 2\nNAXIS1  = 100\nNAXIS2  = 40\n"
               "PCOUNT  = 50\nGCOUNT  = 1\nEND");
    add_bytes(&file, 4050, 1);
    add_header(&file,
               "XTENSION= 'IMAGE   '\nBITPIX  = -32\nNAXIS   = 2\nNAXIS1  = 30\nNAXIS2  = 50\n"
               "PCOUNT  = 0\nGCOUNT  = 1\nEND");
    add_floats(&file, 1500, NAN, 0, NAN);
    sp_auto_fd int fd = open_file(&file);
    enum sp_rc rc = sp_fits_scan(fd, &got, &err);
    tap_ok(rc == SP_OK && got.is_image && got.all_blank && got.bitpix == -32 && got.naxis == 2 &&
               got.shape[0] == 30 && got.shape[1] == 50,
           "image in an extension");
    tap_ok(lseek(fd, 0, SEEK_CUR) == (off_t)file.len, "the position of the file did not move");
}

static void test_not_a_file(void)
{
    struct sp_err err = SP_ERR_INIT;
    struct sp_fits_scan got = { .is_image = true };
    int ends[2] = { -1, -1 };

    tap_ok(sp_fits_scan(-1, &got, &err) == SP_IO && got.is_image, "no file: an error");
    if (pipe(ends) == 0)
        tap_ok(sp_fits_scan(ends[0], &got, &err) == SP_OK && !got.is_image, "a pipe is no image");
    sp_fd_closep(&ends[0]);
    sp_fd_closep(&ends[1]);
}

int main(void)
{
    test_cases();
    test_extension();
    test_not_a_file();
    return tap_done();
}
