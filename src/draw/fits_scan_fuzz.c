/* SPDX-License-Identifier: BSD-3-Clause */
/* Fuzz target: any bytes give an answer that is consistent with itself and with the file size. */
#include "draw/fits_scan.h"

#include <stdlib.h>
#include <sys/mman.h>
#include <unistd.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void check_answer(const struct sp_fits_scan *scan, size_t size)
{
    int64_t product = 1;
    int width = abs(scan->bitpix) / 8;

    for (int i = 0; i < scan->naxis; i++)
        product *= scan->shape[i];
    if (scan->is_image && (product != scan->npixels || scan->npixels < 1 || scan->naxis < 1 ||
                           scan->npixels > (int64_t)size / width))
        abort();
    if (!scan->is_image && (scan->all_blank || scan->npixels != 0))
        abort();
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    struct sp_err err = SP_ERR_INIT;
    struct sp_fits_scan scan = { 0 };
    sp_auto_fd int fd = memfd_create("fuzz", MFD_CLOEXEC);

    if (fd < 0 || write(fd, data, size) != (ssize_t)size)
        return 0;
    enum sp_rc rc = sp_fits_scan(fd, &scan, &err);
    if (rc != err.code || (rc != SP_OK && err.text[0] == '\0'))
        abort();
    if (rc == SP_OK)
        check_answer(&scan, size);
    return 0;
}
