/* SPDX-License-Identifier: BSD-3-Clause */
/* profile_fits.c - headers of FITS files, read strictly: a file that is not laid out as the
 * standard says (version 4.0, chapters 3 and 4) is not understood, and its bytes count as they are.
 */
#include "store/profile.h"

#define CARD      80
#define PARTS_MAX 10000
#define CARDS_MAX 1000000 /* in all headers together */
#define AXES_MAX  999

static const struct {
    const char *name;     /* 8 characters */
    struct sp_str unless; /* kept if its text starts with this */
} noise[] = {
    { "DATE    ", { NULL, 0 } }, { "ORIGIN  ", { NULL, 0 } }, { "CHECKSUM", { NULL, 0 } },
    { "DATASUM ", { NULL, 0 } }, { "COMMENT ", { NULL, 0 } }, { "HISTORY ", { "AIPS", 4 } },
};

/* One header while it is read. */
struct header {
    struct sp_hasher kept;
    size_t cards;      /* seen so far */
    bool extension;    /* XTENSION, not SIMPLE */
    bool noise_before; /* CONTINUE belongs to a card that is left out */
    bool ended;
    int64_t bitpix, axes, pcount, gcount;
    uint64_t elements;            /* product of the axes, without a first one of 0 */
    bool first_zero;              /* NAXIS1 is 0: random groups, or no data */
    int groups, pcounts, gcounts; /* cards of that name in a primary header */
};

static bool is_key(const char *card, const char *key)
{
    return memcmp(card, key, 8) == 0;
}

static bool is_noise(const char *card)
{
    for (size_t i = 0; i < SP_COUNT(noise); i++) {
        if (!is_key(card, noise[i].name))
            continue;
        struct sp_str text = sp_str_trim((struct sp_str){ card + 8, CARD - 8 });
        struct sp_str unless = noise[i].unless;
        return !unless.ptr || text.len < unless.len ||
               memcmp(text.ptr, unless.ptr, unless.len) != 0;
    }
    return false;
}

/* Value of "KEY     =  123 / comment". */
static bool read_int(const char *card, int64_t *out)
{
    struct sp_str rest = { card + 10, CARD - 10 };

    if (card[8] != '=' || card[9] != ' ')
        return false;
    return sp_str_int(sp_str_trim(sp_str_cut(&rest, '/')), out);
}

static bool read_true(const char *card)
{
    struct sp_str rest = { card + 10, CARD - 10 };

    return card[8] == '=' && sp_str_eq(sp_str_trim(sp_str_cut(&rest, '/')), SP_STR("T"));
}

static bool take_axis(struct header *header, const char *card, int64_t number)
{
    char key[32];
    int64_t length;

    (void)snprintf(key, sizeof key, "NAXIS%-8lld", (long long)number);
    if (!is_key(card, key) || !read_int(card, &length) || length < 0)
        return false;
    if (number == 1 && length == 0) {
        header->first_zero = true;
        return true;
    }
    return !__builtin_mul_overflow(header->elements, (uint64_t)length, &header->elements);
}

/* The cards whose place is fixed. */
static bool take_fixed(struct header *header, const char *card)
{
    int64_t at = (int64_t)header->cards;

    if (at == 0)
        return is_key(card, header->extension ? "XTENSION" : "SIMPLE  ") && card[8] == '=' &&
               (header->extension || read_true(card));
    if (at == 1)
        return is_key(card, "BITPIX  ") && read_int(card, &header->bitpix) &&
               (header->bitpix == 8 || header->bitpix == 16 || header->bitpix == 32 ||
                header->bitpix == 64 || header->bitpix == -32 || header->bitpix == -64);
    if (at == 2)
        return is_key(card, "NAXIS   ") && read_int(card, &header->axes) && header->axes >= 0 &&
               header->axes <= AXES_MAX;
    if (at < 3 + header->axes)
        return take_axis(header, card, at - 2);
    if (header->extension && at == 3 + header->axes)
        return is_key(card, "PCOUNT  ") && read_int(card, &header->pcount) && header->pcount >= 0;
    if (header->extension && at == 4 + header->axes)
        return is_key(card, "GCOUNT  ") && read_int(card, &header->gcount) && header->gcount >= 0;
    return true;
}

/* Cards that say how much data there is, and whose place is free: those of random groups. */
static bool take_free(struct header *header, const char *card)
{
    if (header->extension)
        return true;
    if (is_key(card, "GROUPS  ") && read_true(card))
        header->groups++;
    if (is_key(card, "PCOUNT  ")) {
        header->pcounts++;
        return read_int(card, &header->pcount) && header->pcount >= 0;
    }
    if (is_key(card, "GCOUNT  ")) {
        header->gcounts++;
        return read_int(card, &header->gcount) && header->gcount >= 0;
    }
    return true;
}

/* Random groups are those that say so in every respect; what is half of it is not understood. */
static bool groups_agree(const struct header *header)
{
    if (header->extension)
        return true;
    if (header->groups > 0)
        return header->groups == 1 && header->pcounts == 1 && header->gcounts == 1 &&
               header->first_zero && header->axes > 1;
    return header->pcount == 0 && header->gcount == 1;
}

static bool take_card(struct header *header, const char *card)
{
    for (size_t i = 0; i < CARD; i++)
        if (card[i] < 0x20 || card[i] > 0x7e)
            return false;
    if (!take_fixed(header, card) || !take_free(header, card))
        return false;
    if (!is_key(card, "CONTINUE"))
        header->noise_before = is_noise(card);
    if (!header->noise_before)
        sp_hasher_update(&header->kept, card, CARD);
    header->cards++;
    return true;
}

static bool is_blank(const char *text, size_t len)
{
    for (size_t i = 0; i < len; i++)
        if (text[i] != ' ')
            return false;
    return true;
}

/* Cards up to END, after which there are blanks only. */
static bool take_block(struct header *header, const char *block)
{
    for (size_t at = 0; at < SP_FITS_BLOCK; at += CARD) {
        const char *card = block + at;
        if (is_key(card, "END     ")) {
            header->ended = true;
            return (int64_t)header->cards >= 3 + header->axes + (header->extension ? 2 : 0) &&
                   groups_agree(header) && is_blank(card + 8, SP_FITS_BLOCK - at - 8);
        }
        if (!take_card(header, card))
            return false;
    }
    return header->cards <= CARDS_MAX;
}

/* Bytes of data, padding included. */
static bool data_size(const struct header *header, uint64_t *out)
{
    uint64_t size = header->elements;
    uint64_t item = (uint64_t)(header->bitpix < 0 ? -header->bitpix : header->bitpix) / 8;

    if (header->axes == 0) {
        *out = 0;
        return true;
    }
    if (header->first_zero && header->groups == 0)
        size = 0; /* an empty array, and only PCOUNT is left */
    if (__builtin_add_overflow(size, (uint64_t)header->pcount, &size) ||
        __builtin_mul_overflow(size, (uint64_t)header->gcount, &size) ||
        __builtin_mul_overflow(size, item, &size) || size > UINT64_MAX - SP_FITS_BLOCK)
        return false;
    *out = (size + SP_FITS_BLOCK - 1) / SP_FITS_BLOCK * SP_FITS_BLOCK;
    return true;
}

/* Header at *at; *at is then where its data start. */
static bool read_header(sp_fits_read_fn read, void *arg, uint64_t *at, struct header *header)
{
    char block[SP_FITS_BLOCK];

    sp_hasher_init(&header->kept, "spoor.fits.cards.1");
    while (!header->ended) {
        if (!read(arg, *at, block, sizeof block) || !take_block(header, block))
            return false;
        *at += sizeof block;
    }
    return true;
}

static void add_part(struct sp_fits *fits, struct sp_digest cards, uint64_t at, uint64_t len)
{
    fits->parts = sp_grow(fits->parts, &fits->capacity, fits->len + 1, sizeof *fits->parts);
    fits->parts[fits->len++] =
        (struct sp_fits_part){ .cards = cards, .data_at = at, .data_len = len };
}

/* The next header and its data. */
static bool add_next(sp_fits_read_fn read,
                     void *arg,
                     uint64_t size,
                     uint64_t *at,
                     struct sp_fits *fits)
{
    struct header header = { .extension = fits->len > 0, .elements = 1, .gcount = 1 };
    uint64_t data;

    if (fits->len == PARTS_MAX || !read_header(read, arg, at, &header) ||
        !data_size(&header, &data) || data > size - *at)
        return false;
    add_part(fits, sp_hasher_end(&header.kept), *at, data);
    *at += data;
    return true;
}

static bool starts_with(sp_fits_read_fn read, void *arg, uint64_t size, uint64_t at)
{
    char head[9];

    return size - at >= SP_FITS_BLOCK && read(arg, at, head, sizeof head) &&
           memcmp(head, "XTENSION=", sizeof head) == 0;
}

bool sp_fits_is(struct sp_str head)
{
    return head.len >= 10 && memcmp(head.ptr, "SIMPLE  = ", 10) == 0;
}

bool sp_profile_fits_scan(sp_fits_read_fn read, void *arg, uint64_t size, struct sp_fits *out)
{
    struct sp_fits fits = { 0 };
    uint64_t at = 0;

    do {
        if (size - at < SP_FITS_BLOCK || !add_next(read, arg, size, &at, &fits)) {
            sp_fits_fini(&fits);
            return false;
        }
    } while (starts_with(read, arg, size, at));
    if (at < size)
        add_part(&fits, (struct sp_digest){ { 0 } }, at, size - at);
    *out = fits;
    return true;
}

void sp_fits_fini(struct sp_fits *fits)
{
    free(fits->parts);
    *fits = (struct sp_fits){ 0 };
}

struct sp_digest sp_fits_meaning(const struct sp_fits *fits, const struct sp_digest *data)
{
    struct sp_hasher hasher;

    sp_hasher_init(&hasher, "spoor.fits.1");
    for (size_t i = 0; i < fits->len; i++) {
        sp_hasher_add_digest(&hasher, &fits->parts[i].cards);
        sp_hasher_add_number(&hasher, fits->parts[i].data_len);
        sp_hasher_add_digest(&hasher, &data[i]);
    }
    return sp_hasher_end(&hasher);
}
