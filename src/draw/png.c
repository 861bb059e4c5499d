/* SPDX-License-Identifier: BSD-3-Clause */
#include "draw/png.h"

#include "base/fault.h"

#include <png.h>
#include <setjmp.h>
#include <unistd.h>

/* What libpng's callbacks need, and where they leave what went wrong. */
struct writer {
    int fd;
    int sys_errno;
    char text[200];
};

static void on_error(png_structp png, png_const_charp text)
{
    struct writer *writer = png_get_error_ptr(png);

    (void)snprintf(writer->text, sizeof writer->text, "%s", text);
    png_longjmp(png, 1);
}

static void on_warning(png_structp png, png_const_charp text)
{
    (void)png;
    (void)text;
}

static void on_write(png_structp png, png_bytep data, size_t size)
{
    struct writer *writer = png_get_io_ptr(png);

    while (size > 0) {
        ssize_t n = SP_FAULT("png.write", ENOSPC) ? -1 : write(writer->fd, data, size);
        if (n < 0 && errno == EINTR)
            continue;
        if (n < 0) {
            writer->sys_errno = errno;
            png_error(png, "write");
        }
        data += n;
        size -= (size_t)n;
    }
}

static void on_flush(png_structp png)
{
    (void)png;
}

static void write_picture(png_structp png,
                          png_infop info,
                          const struct sp_canvas *canvas,
                          const char *title)
{
    png_text text[2] = {
        { .compression = PNG_TEXT_COMPRESSION_NONE,
          .key = (char *)"Software",
          .text = (char *)"Spoor " SPOOR_VERSION },
        { .compression = PNG_ITXT_COMPRESSION_NONE, .key = (char *)"Title", .text = (char *)title }
    };

    png_set_IHDR(png, info, (png_uint_32)canvas->width, (png_uint_32)canvas->height, 8,
                 PNG_COLOR_TYPE_RGB, PNG_INTERLACE_NONE, PNG_COMPRESSION_TYPE_DEFAULT,
                 PNG_FILTER_TYPE_DEFAULT);
    png_set_text(png, info, text, title ? 2 : 1);
    png_write_info(png, info);
    for (int y = 0; y < canvas->height; y++)
        png_write_row(png, canvas->pixels + 3 * (size_t)y * (size_t)canvas->width);
    png_write_end(png, info);
}

enum sp_rc sp_png_write(const struct sp_canvas *canvas,
                        int fd,
                        const char *title,
                        struct sp_err *err)
{
    struct writer writer = { .fd = fd };
    png_structp png = png_create_write_struct(PNG_LIBPNG_VER_STRING, &writer, on_error, on_warning);
    png_infop info = png ? png_create_info_struct(png) : NULL;

    if (!info) {
        png_destroy_write_struct(&png, NULL);
        return sp_fail(err, SP_LIMIT, "no memory to write a PNG");
    }
    /* Nothing that lives in this frame changes between here and the jump back. */
    if (setjmp(png_jmpbuf(png))) {
        png_destroy_write_struct(&png, &info);
        errno = writer.sys_errno;
        return writer.sys_errno ? sp_fail_errno(err, "write PNG")
                                : sp_fail(err, SP_IO, "write PNG: %s", writer.text);
    }
    png_set_write_fn(png, &writer, on_write, on_flush);
    write_picture(png, info, canvas, title);
    png_destroy_write_struct(&png, &info);
    return SP_OK;
}
