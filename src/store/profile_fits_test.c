/* SPDX-License-Identifier: BSD-3-Clause */
#include "base/buf.h"
#include "base/tap.h"

#include "store/file_digest.h"
#include "store/profile.h"

#include <stdlib.h>

/* Files are written as lists of cards, a '|' after each; "END" is added and all padded to blocks. A
 * file may have two headers, with data after each. */
struct file {
    const char *cards;
    size_t data; /* bytes, of which the padding is part */
    const char *more_cards;
    size_t more_data;
    int cut; /* bytes less at the end; more when negative */
};

#define IMAGE "SIMPLE  =  T|BITPIX  =  8|NAXIS   =  1|NAXIS1  =  100|"
#define TABLE                                                                                 \
    "XTENSION= 'BINTABLE'|BITPIX  =  8|NAXIS   =  2|NAXIS1  =  10|NAXIS2  =  3|PCOUNT  =  0|" \
    "GCOUNT  =  1|"
#define BLOCK ((size_t)SP_FITS_BLOCK)

static void add_header(struct sp_buf *out, const char *cards)
{
    struct sp_str rest = sp_str_of(cards);

    while (rest.len > 0) {
        struct sp_str card = sp_str_cut(&rest, '|');
        sp_buf_add(out, card);
        sp_buf_add_repeat(out, ' ', 80 - card.len);
    }
    sp_buf_adds(out, "END");
    sp_buf_add_repeat(out, ' ', 77);
    sp_buf_add_repeat(out, ' ', (BLOCK - out->len % BLOCK) % BLOCK);
}

static void write_file(const struct file *file, struct sp_buf *out)
{
    add_header(out, file->cards);
    sp_buf_add_repeat(out, 'd', file->data);
    if (file->more_cards) {
        add_header(out, file->more_cards);
        sp_buf_add_repeat(out, 'e', file->more_data);
    }
    if (file->cut > 0)
        sp_buf_truncate(out, out->len - (size_t)file->cut);
    else
        sp_buf_add_repeat(out, 'x', (size_t)-file->cut);
}

static bool read_str(void *arg, uint64_t at, char *buffer, size_t len)
{
    const struct sp_str *data = arg;

    if (at > data->len || len > data->len - at)
        return false;
    memcpy(buffer, data->ptr + at, len);
    return true;
}

/* Zero: not understood. */
static struct sp_digest meaning_of(struct sp_str data)
{
    struct sp_digest parts[8];
    struct sp_digest meaning = { { 0 } };
    struct sp_fits fits;

    if (!sp_fits_is(data) || !sp_profile_fits_scan(read_str, &data, data.len, &fits))
        return meaning;
    for (size_t i = 0; i < fits.len && i < SP_COUNT(parts); i++)
        parts[i] = sp_file_digest(
            (struct sp_str){ data.ptr + fits.parts[i].data_at, fits.parts[i].data_len });
    meaning = sp_fits_meaning(&fits, parts);
    sp_fits_fini(&fits);
    return meaning;
}

static struct sp_digest meaning_of_file(const struct file *file)
{
    sp_auto_buf struct sp_buf text = SP_BUF(SP_BUF_LARGE);

    write_file(file, &text);
    return meaning_of(sp_buf_str(&text));
}

static const struct {
    const char *label;
    struct file file;
    bool understood;
} layouts[] = {
    { "an image", { IMAGE, BLOCK }, true },
    { "no data", { "SIMPLE  = T|BITPIX  = 8|NAXIS   = 0|", 0 }, true },
    { "an empty axis", { "SIMPLE  = T|BITPIX  = 8|NAXIS   = 1|NAXIS1  = 0|", 0 }, true },
    { "an extension", { IMAGE, BLOCK, TABLE, BLOCK }, true },
    { "bytes behind", { IMAGE, BLOCK, .cut = -5 }, true },
    { "blocks behind", { IMAGE, BLOCK, .cut = -(int)BLOCK * 2 }, true },
    { "no padding", { IMAGE, BLOCK, .cut = 1 }, false },
    { "cut in the header", { IMAGE, 0, .cut = 80 }, false },
    { "cut in an extension", { IMAGE, BLOCK, TABLE, BLOCK, .cut = 1 }, false },
    { "an extension without a table", { IMAGE, BLOCK, "XTENSION= 'X'|", BLOCK }, false },
    { "not conforming", { "SIMPLE  =  F|BITPIX  =  8|NAXIS   =  0|", 0 }, false },
    { "no BITPIX", { "SIMPLE  =  T|NAXIS   =  0|BITPIX  =  8|", 0 }, false },
    { "odd BITPIX", { "SIMPLE  =  T|BITPIX  =  12|NAXIS   =  0|", 0 }, false },
    { "a missing axis", { "SIMPLE  =  T|BITPIX  =  8|NAXIS   =  2|NAXIS1  =  9|", BLOCK }, false },
    { "a negative axis",
      { "SIMPLE  =  T|BITPIX  =  8|NAXIS   =  1|NAXIS1  =  -9|", BLOCK },
      false },
    { "an axis too long",
      { "SIMPLE  =  T|BITPIX  =  64|NAXIS   =  2|NAXIS1  =  4294967296|NAXIS2  =  4294967296|",
        BLOCK },
      false },
    { "more axes than cards", { "SIMPLE  =  T|BITPIX  =  8|NAXIS   =  999|", 0 }, false },
    { "a control character", { IMAGE "OBJECT  = 'a\tb'|", BLOCK }, false },
    { "random groups",
      { "SIMPLE  = T|BITPIX  = 8|NAXIS   = 2|NAXIS1  = 0|NAXIS2  = 50|GROUPS  = T|PCOUNT  = 4|"
        "GCOUNT  = 100|",
        2 * BLOCK },
      true },
    { "random groups without PCOUNT",
      { "SIMPLE  = T|BITPIX  = 8|NAXIS   = 2|NAXIS1  = 0|NAXIS2  = 50|GROUPS  = T|", BLOCK },
      false },
    { "an image that says PCOUNT", { IMAGE "PCOUNT  = 4|", BLOCK }, false },
};

static void test_layouts(void)
{
    for (size_t i = 0; i < SP_COUNT(layouts); i++) {
        struct sp_digest meaning = meaning_of_file(&layouts[i].file);
        tap_ok(sp_digest_is_zero(&meaning) != layouts[i].understood, "%s: %s", layouts[i].label,
               layouts[i].understood ? "understood" : "counts by its bytes");
    }
}

/* A card more in an image; is it other data? */
static const struct {
    const char *cards;
    bool counts;
} cards[] = {
    { "DATE    = '2026-11-21'|", false },
    { "DATE-OBS= '2026-11-21'|", true },
    { "ORIGIN  = 'someone'|", false },
    { "CHECKSUM= 'abc'|DATASUM = '123'|", false },
    { "COMMENT   text|", false },
    { "HISTORY wsclean -j 2|", false },
    { "HISTORY   AIPSO is not AIPS|", true }, /* nearly: kept all the same */
    { "HISTORY AIPS   CLEAN BMAJ=  1.6667E-03|", true },
    { "COMMENT AIPS   CLEAN BMAJ=  1.6667E-03|", false },
    { "OBJECT  = 'x'|", true },
    { "|", true },
    { "HISTORYX= 1|", true },
    { "history small|", true },
    { "ORIGIN  = 'long&'|CONTINUE  'er'|", false },
    { "HISTORY x|CONTINUE  'er'|", false },
    { "CONTINUE  'of what?'|", true },
    { "OBJECT  = 'a&'|ORIGIN  = 'b'|CONTINUE  'c'|", true },
};

static void test_cards(void)
{
    struct sp_digest plain = meaning_of_file(&(struct file){ IMAGE, BLOCK });

    for (size_t i = 0; i < SP_COUNT(cards); i++) {
        char header[400];
        (void)snprintf(header, sizeof header, "%s%s", IMAGE, cards[i].cards);
        struct sp_digest got = meaning_of_file(&(struct file){ header, BLOCK });
        tap_ok(!sp_digest_is_zero(&got) && sp_digest_eq(&plain, &got) != cards[i].counts, "%s %s",
               cards[i].cards, cards[i].counts ? "counts" : "does not count");
    }
}

/* Pairs that must not be taken for each other. */
static void test_pairs(void)
{
    static const struct {
        const char *label;
        struct file one, two;
    } pairs[] = {
        { "a byte behind", { IMAGE, BLOCK }, { IMAGE, BLOCK, .cut = -1 } },
        { "data behind, data of an extension",
          { IMAGE, BLOCK, TABLE, BLOCK },
          { IMAGE, BLOCK, TABLE, BLOCK, .cut = -1 } },
        { "the card of a string that goes on",
          { IMAGE "OBJECT  = 'a&'|CONTINUE  'b'|", BLOCK },
          { IMAGE "OBJECT  = 'a&'|ORIGIN  = 'x'|CONTINUE  'b'|", BLOCK } },
        { "which header a card is in",
          { IMAGE "EXTNAME = 'x'|", BLOCK, TABLE, BLOCK },
          { IMAGE, BLOCK, TABLE "EXTNAME = 'x'|", BLOCK } },
        { "the order of cards",
          { IMAGE "A       = 1|B       = 2|", BLOCK },
          { IMAGE "B       = 2|A       = 1|", BLOCK } },
    };

    for (size_t i = 0; i < SP_COUNT(pairs); i++) {
        struct sp_digest one = meaning_of_file(&pairs[i].one);
        struct sp_digest two = meaning_of_file(&pairs[i].two);
        tap_ok(!sp_digest_eq(&one, &two), "%s", pairs[i].label);
    }
}

/* However long HISTORY is, what follows keeps its meaning. */
static void test_growth(void)
{
    sp_auto_buf struct sp_buf header = SP_BUF(SP_BUF_LARGE);
    struct sp_digest plain = meaning_of_file(&(struct file){ IMAGE, BLOCK, TABLE, BLOCK });

    sp_buf_adds(&header, IMAGE);
    for (int i = 0; i < 500; i++)
        sp_buf_addf(&header, "HISTORY line %d|", i);
    struct sp_digest got = meaning_of_file(&(struct file){ header.ptr, BLOCK, TABLE, BLOCK });
    tap_ok(sp_digest_eq(&plain, &got), "500 lines of HISTORY in front of the data");
}

/* Every byte of data, of padding and of kept cards counts. */
static void test_bytes(void)
{
    sp_auto_buf struct sp_buf text = SP_BUF(SP_BUF_LARGE);
    size_t same = 0;

    write_file(&(struct file){ IMAGE "OBJECT  = 'x'|", BLOCK, TABLE, BLOCK, .cut = -7 }, &text);
    struct sp_digest want = meaning_of(sp_buf_str(&text));
    for (size_t i = 0; i < text.len; i++) {
        text.ptr[i] ^= 1;
        struct sp_digest got = meaning_of(sp_buf_str(&text));
        same += sp_digest_eq(&want, &got);
        text.ptr[i] ^= 1;
    }
    tap_ok(same == 0, "each of %zu bytes counts: %zu do not", text.len, same);
}

int main(void)
{
    test_layouts();
    test_cards();
    test_pairs();
    test_growth();
    test_bytes();
    tap_ok(!sp_fits_is(SP_STR("SIMPLE  =")) && !sp_fits_is(SP_STR("\x1f\x8b\x08")) &&
               !sp_fits_is((struct sp_str){ NULL, 0 }),
           "too short, gzip, nothing");
    return tap_done();
}
