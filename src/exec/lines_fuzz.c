/* SPDX-License-Identifier: BSD-3-Clause */
/* The first two bytes choose the size of the reads; the rest is the stream. Properties: what is
 * delivered is short enough, valid UTF-8, and free of line ends; the whole lines do not depend on
 * how the stream was divided. */
#include "exec/lines.h"
#include "value/utf8.h"

#include <stdlib.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void check_line(void *arg, struct sp_str text, bool partial)
{
    size_t len;

    if (text.len > SP_LINE_MAX)
        abort();
    for (size_t at = 0; at < text.len; at += len) {
        uint32_t code = sp_utf8_decode(text, at, &len);
        if (code == SP_UTF8_BAD || code == '\n' || code == '\r')
            abort();
    }
    if (partial)
        return;
    sp_buf_add(arg, text);
    sp_buf_addc(arg, '\n');
}

static void split(struct sp_str bytes, size_t step, struct sp_buf *out)
{
    struct sp_lines lines;

    sp_lines_init(&lines, check_line, out);
    for (; bytes.len; bytes = sp_str_slice(bytes, step, bytes.len))
        sp_lines_feed(&lines, sp_str_slice(bytes, 0, step));
    sp_lines_end(&lines);
    sp_lines_fini(&lines);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    sp_auto_buf struct sp_buf once = SP_BUF(SP_BUF_LARGE);
    sp_auto_buf struct sp_buf stepwise = SP_BUF(SP_BUF_LARGE);

    if (size < 2)
        return 0;
    struct sp_str bytes = { (const char *)data + 2, size - 2 };
    split(bytes, SP_MAX(bytes.len, 1), &once);
    split(bytes, (size_t)data[0] + ((size_t)data[1] << 8) + 1, &stepwise);
    if (!sp_str_eq(sp_buf_str(&once), sp_buf_str(&stepwise)))
        abort();
    return 0;
}
