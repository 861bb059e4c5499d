/* SPDX-License-Identifier: BSD-3-Clause */
#include "draw/fits_scan.h"

#include "base/str.h"

#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#define BLOCK_SIZE   2880
#define CARD_SIZE    80
#define NAME_SIZE    8
#define BLOCKS_MAX   4096 /* of one header: 147,456 cards; long HISTORY is common, this is not */
#define HDUS_MAX     1000
#define CHUNK_BLOCKS 64

struct scanner {
    int fd;
    int64_t file_size;
    struct sp_err *err;
};

/* What a header says, as far as it matters here. */
struct header {
    bool ended;
    bool is_image; /* primary array or IMAGE extension */
    bool has_blank;
    int64_t blank;
    int64_t bitpix;
    int64_t naxis;
    int64_t shape[SP_FITS_NAXIS_MAX];
    int64_t pcount, gcount;
    int64_t npixels;
    int64_t data_size; /* bytes, without padding */
};

/* Exactly `size` bytes from `offset`. */
static enum sp_rc read_at(struct scanner *s, int64_t offset, unsigned char *to, size_t size)
{
    while (size > 0) {
        ssize_t n = pread(s->fd, to, size, (off_t)offset);
        if (n < 0 && errno == EINTR)
            continue;
        if (n < 0)
            return sp_fail_errno(s->err, "read FITS file");
        if (n == 0)
            return sp_fail(s->err, SP_CORRUPT, "FITS file became shorter while it was read");
        to += n;
        offset += n;
        size -= (size_t)n;
    }
    return SP_OK;
}

/* --- header ------------------------------------------------------------------------------- */

static bool card_is(const char *card, const char *name)
{
    size_t len = strlen(name);

    if (len > NAME_SIZE || memcmp(card, name, len) != 0)
        return false;
    for (size_t i = len; i < NAME_SIZE; i++)
        if (card[i] != ' ')
            return false;
    return true;
}

/* The value of a card without its comment. */
static struct sp_str card_value(const char *card)
{
    if (card[NAME_SIZE] != '=')
        return SP_STR("");
    struct sp_str value = { card + NAME_SIZE + 1, CARD_SIZE - NAME_SIZE - 1 };
    struct sp_str trimmed = sp_str_trim(value);
    if (trimmed.len > 0 && trimmed.ptr[0] == '\'') {
        size_t end = sp_str_find(sp_str_slice(trimmed, 1, trimmed.len), '\'');
        return sp_str_trim(sp_str_slice(trimmed, 1, end == SIZE_MAX ? trimmed.len : end + 1));
    }
    return sp_str_trim(sp_str_slice(value, 0, SP_MIN(sp_str_find(value, '/'), value.len)));
}

static enum sp_rc read_int(struct scanner *s, const char *card, int64_t *out)
{
    struct sp_str value = card_value(card);

    if (value.len > 0 && value.ptr[0] == '+')
        value = sp_str_slice(value, 1, value.len);
    if (sp_str_int(value, out))
        return SP_OK;
    return sp_fail(s->err, SP_CORRUPT, "FITS header: %.8s is not a whole number", card);
}

static enum sp_rc read_axis(struct scanner *s, const char *card, struct header *header)
{
    struct sp_str digits = sp_str_trim((struct sp_str){ card + 5, NAME_SIZE - 5 });
    int64_t number = 0;
    int64_t size = 0;

    if (!sp_str_int(digits, &number) || number < 1 || number > SP_FITS_NAXIS_MAX)
        return SP_OK; /* NAXISx of some dialect: not ours */
    enum sp_rc rc = read_int(s, card, &size);
    if (rc)
        return rc;
    if (size < 0)
        return sp_fail(s->err, SP_CORRUPT, "FITS header: %.8s is negative", card);
    header->shape[number - 1] = size;
    return SP_OK;
}

static enum sp_rc read_card(struct scanner *s, const char *card, struct header *header)
{
    const struct {
        const char *name;
        int64_t *value;
    } numbers[] = {
        { "BITPIX", &header->bitpix }, { "NAXIS", &header->naxis }, { "PCOUNT", &header->pcount },
        { "GCOUNT", &header->gcount }, { "BLANK", &header->blank },
    };

    for (size_t i = 0; i < SP_COUNT(numbers); i++) {
        if (!card_is(card, numbers[i].name))
            continue;
        header->has_blank |= numbers[i].value == &header->blank;
        return read_int(s, card, numbers[i].value);
    }
    if (card_is(card, "END"))
        header->ended = true;
    else if (card_is(card, "XTENSION"))
        header->is_image = sp_str_is(card_value(card), "IMAGE");
    else if (memcmp(card, "NAXIS", 5) == 0)
        return read_axis(s, card, header);
    return SP_OK;
}

static bool is_bitpix(int64_t bitpix)
{
    return bitpix == 8 || bitpix == 16 || bitpix == 32 || bitpix == 64 || bitpix == -32 ||
           bitpix == -64;
}

/* Fill npixels and data_size; refuse what cannot be. */
static enum sp_rc measure(struct scanner *s, struct header *header)
{
    int64_t count = header->naxis > 0;
    int64_t bytes = 0;

    if (!is_bitpix(header->bitpix))
        return sp_fail(s->err, SP_CORRUPT, "FITS header: BITPIX is %lld",
                       (long long)header->bitpix);
    if (header->naxis < 0 || header->naxis > SP_FITS_NAXIS_MAX)
        return sp_fail(s->err, SP_CORRUPT, "FITS header: NAXIS is %lld, known are 0 to %d",
                       (long long)header->naxis, SP_FITS_NAXIS_MAX);
    /* NAXIS1 = 0 with more axes: random groups, whose size is that of the other axes. */
    bool groups = header->naxis > 1 && header->shape[0] == 0;
    bool overflow = header->pcount < 0 || header->gcount < 0;
    for (int i = groups; i < header->naxis; i++)
        overflow |= __builtin_mul_overflow(count, header->shape[i], &count);
    int64_t width = header->bitpix < 0 ? -header->bitpix / 8 : header->bitpix / 8;
    overflow |= __builtin_add_overflow(count, header->pcount, &bytes);
    overflow |= __builtin_mul_overflow(bytes, header->gcount, &bytes);
    overflow |= __builtin_mul_overflow(bytes, width, &bytes);
    if (overflow || bytes > INT64_MAX - BLOCK_SIZE)
        return sp_fail(s->err, SP_CORRUPT, "FITS header: the sizes of the axes cannot be true");
    header->npixels = groups ? 0 : count;
    header->data_size = bytes;
    return SP_OK;
}

/* Read the header at *offset and move *offset behind it. */
static enum sp_rc read_header(struct scanner *s, int64_t *offset, struct header *header)
{
    char block[BLOCK_SIZE];

    *header = (struct header){ .is_image = *offset == 0, .gcount = 1 };
    for (int blocks = 0; !header->ended; blocks++) {
        if (blocks == BLOCKS_MAX || *offset > s->file_size - BLOCK_SIZE)
            return sp_fail(s->err, SP_CORRUPT, "FITS header has no END");
        enum sp_rc rc = read_at(s, *offset, (unsigned char *)block, sizeof block);
        for (int at = 0; rc == SP_OK && !header->ended && at < BLOCK_SIZE; at += CARD_SIZE)
            rc = read_card(s, block + at, header);
        if (rc)
            return rc;
        *offset += BLOCK_SIZE;
    }
    return measure(s, header);
}

/* --- pixels ------------------------------------------------------------------------------- */

static uint64_t big_endian(const unsigned char *bytes, int width)
{
    uint64_t value = 0;

    for (int i = 0; i < width; i++)
        value = value << 8 | bytes[i];
    return value;
}

static bool is_nan(uint64_t bits, int width)
{
    uint64_t exponent = width == 4 ? UINT64_C(0x7F800000) : UINT64_C(0x7FF0000000000000);
    uint64_t magnitude =
        width == 4 ? bits & UINT64_C(0x7FFFFFFF) : bits & UINT64_C(0x7FFFFFFFFFFFFFFF);

    return magnitude > exponent;
}

/* The pattern of BLANK in `width` bytes: unsigned for bytes, two's complement otherwise. */
static uint64_t blank_bits(int64_t blank, int width)
{
    return width == 8 ? (uint64_t)blank : (uint64_t)blank & ((UINT64_C(1) << (8 * width)) - 1);
}

static bool chunk_is_blank(const struct header *header, const unsigned char *bytes, size_t size)
{
    int width = (int)(header->bitpix < 0 ? -header->bitpix : header->bitpix) / 8;

    for (size_t at = 0; at + (size_t)width <= size; at += (size_t)width) {
        uint64_t bits = big_endian(bytes + at, width);
        bool blank =
            header->bitpix < 0 ? is_nan(bits, width) : bits == blank_bits(header->blank, width);
        if (!blank)
            return false;
    }
    return true;
}

static enum sp_rc scan_pixels(struct scanner *s,
                              const struct header *header,
                              int64_t offset,
                              bool *all_blank)
{
    unsigned char chunk[CHUNK_BLOCKS * BLOCK_SIZE];
    int64_t left = header->data_size;
    int64_t want = BLOCK_SIZE; /* the first block nearly always decides */

    *all_blank = header->bitpix < 0 || header->has_blank;
    while (*all_blank && left > 0) {
        size_t size = (size_t)SP_MIN(left, want);
        enum sp_rc rc = read_at(s, offset, chunk, size);
        if (rc)
            return rc;
        *all_blank = chunk_is_blank(header, chunk, size);
        offset += (int64_t)size;
        left -= (int64_t)size;
        want = sizeof chunk;
    }
    return SP_OK;
}

/* --- file --------------------------------------------------------------------------------- */

/* Is the card at `offset` the named one, with the given value (NULL: any)? */
static enum sp_rc starts_with(struct scanner *s,
                              int64_t offset,
                              const char *name,
                              const char *value,
                              bool *out)
{
    char card[CARD_SIZE];

    *out = false;
    if (offset > s->file_size - BLOCK_SIZE)
        return SP_OK;
    enum sp_rc rc = read_at(s, offset, (unsigned char *)card, sizeof card);
    if (rc)
        return rc;
    *out = card_is(card, name) && (!value || sp_str_is(card_value(card), value));
    return SP_OK;
}

static void describe(const struct header *header, bool all_blank, struct sp_fits_scan *out)
{
    *out = (struct sp_fits_scan){
        .is_image = true,
        .all_blank = all_blank,
        .npixels = header->npixels,
        .bitpix = (int)header->bitpix,
        .naxis = (int)header->naxis,
    };
    memcpy(out->shape, header->shape, (size_t)header->naxis * sizeof out->shape[0]);
}

static enum sp_rc scan_hdus(struct scanner *s, struct sp_fits_scan *out)
{
    int64_t offset = 0;

    for (int hdu = 0; hdu < HDUS_MAX; hdu++) {
        struct header header;
        bool more = true; /* whatever else follows an extension is not ours to judge */
        enum sp_rc rc = hdu == 0 ? SP_OK : starts_with(s, offset, "XTENSION", NULL, &more);
        if (rc == SP_OK && !more)
            break;
        rc = rc ? rc : read_header(s, &offset, &header);
        if (rc)
            return rc;
        if (header.data_size > s->file_size - offset)
            return sp_fail(s->err, SP_CORRUPT,
                           "FITS file is cut short: its header promises %lld bytes of data, %lld "
                           "are there",
                           (long long)header.data_size, (long long)(s->file_size - offset));
        if (header.is_image && header.npixels > 0) {
            bool all_blank = false;
            rc = scan_pixels(s, &header, offset, &all_blank);
            if (rc == SP_OK)
                describe(&header, all_blank, out);
            return rc;
        }
        offset += (header.data_size + BLOCK_SIZE - 1) / BLOCK_SIZE * BLOCK_SIZE;
    }
    *out = (struct sp_fits_scan){ 0 };
    return SP_OK;
}

enum sp_rc sp_fits_scan(int fd, struct sp_fits_scan *out, struct sp_err *err)
{
    struct scanner s = { .fd = fd, .err = err };
    struct stat info;
    bool is_fits = false;

    if (fstat(fd, &info) < 0)
        return sp_fail_errno(err, "examine FITS file");
    if (!S_ISREG(info.st_mode)) {
        *out = (struct sp_fits_scan){ 0 };
        return SP_OK;
    }
    s.file_size = info.st_size;
    enum sp_rc rc = starts_with(&s, 0, "SIMPLE", "T", &is_fits);
    if (rc)
        return rc;
    if (is_fits)
        return scan_hdus(&s, out);
    *out = (struct sp_fits_scan){ 0 };
    return SP_OK;
}
