/* SPDX-License-Identifier: BSD-3-Clause */
/* plain.c - files of no known format: texts word by word, numbers in them by value; all else byte
 * by byte. */
#include "base/buf.h"

#include "datadiff/report.h"
#include "sys/file.h"

#include <inttypes.h>

#define TEXT_MAX ((size_t)1 << 30)

static bool is_text(struct sp_str content)
{
    return !content.len || !memchr(content.ptr, '\0', content.len);
}

/* The next word of what is left; ptr NULL at the end. */
static struct sp_str next_word(struct sp_str *rest, size_t *line)
{
    size_t at = 0;

    while (at < rest->len && strchr(" \t\r\n,;=()[]{}", rest->ptr[at])) {
        *line += rest->ptr[at] == '\n';
        at++;
    }
    size_t end = at;
    while (end < rest->len && !strchr(" \t\r\n,;=()[]{}", rest->ptr[end]))
        end++;
    struct sp_str word = end > at ? sp_str_slice(*rest, at, end) : (struct sp_str){ 0 };
    *rest = sp_str_slice(*rest, end, rest->len);
    return word;
}

static void compare_texts(struct sp_str before, struct sp_str after, struct diff_report *report)
{
    struct tally numbers = { 0 };
    struct tally words = { 0 };
    size_t lines[2] = { 1, 1 };

    for (;;) {
        struct sp_str old = next_word(&before, &lines[0]);
        struct sp_str new = next_word(&after, &lines[1]);
        double a, b;
        if (!old.ptr && !new.ptr)
            break;
        if (!old.ptr || !new.ptr) {
            report_fault(report, "one ends at line %zu, the other goes on", lines[old.ptr ? 1 : 0]);
            break;
        }
        if (sp_str_float(old, &a) && sp_str_float(new, &b)) {
            if (tally_number(&numbers, a, b))
                tally_note_place(&numbers, "line %zu: " SP_STR_FMT " -> " SP_STR_FMT, lines[0],
                                 SP_STR_ARG(old), SP_STR_ARG(new));
        } else if (tally_equality(&words, sp_str_eq(old, new))) {
            tally_note_place(&words, "line %zu: " SP_STR_FMT " -> " SP_STR_FMT, lines[0],
                             SP_STR_ARG(old), SP_STR_ARG(new));
        }
    }
    report_part(report, &numbers, "numbers");
    if (words.count)
        report_fault(report, "%" PRIu64 " words differ, the first at %s", words.count, words.place);
}

static void compare_bytes(struct sp_str before, struct sp_str after, struct diff_report *report)
{
    struct tally bytes = { 0 };

    if (before.len != after.len) {
        report_fault(report, "%zu bytes -> %zu bytes", before.len, after.len);
        return;
    }
    for (size_t i = 0; i < before.len; i++)
        if (tally_equality(&bytes, before.ptr[i] == after.ptr[i]))
            tally_note_place(&bytes, "byte %zu", i);
    if (bytes.count)
        report_fault(report, "%" PRIu64 " bytes differ, the first is %s", bytes.count, bytes.place);
}

enum sp_rc diff_plain(const char *before,
                      const char *after,
                      struct diff_report *report,
                      struct sp_err *err)
{
    sp_auto_buf struct sp_buf old = SP_BUF(TEXT_MAX);
    sp_auto_buf struct sp_buf new = SP_BUF(TEXT_MAX);

    enum sp_rc rc = sp_file_read(before, &old, err);
    if (rc == SP_OK)
        rc = sp_file_read(after, &new, err);
    if (rc)
        return rc;
    bool texts = is_text(sp_buf_str(&old)) && is_text(sp_buf_str(&new));
    report->kind = texts ? "text" : "bytes";
    if (texts)
        compare_texts(sp_buf_str(&old), sp_buf_str(&new), report);
    else
        compare_bytes(sp_buf_str(&old), sp_buf_str(&new), report);
    return SP_OK;
}
