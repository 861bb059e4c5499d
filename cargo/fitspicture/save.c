/* SPDX-License-Identifier: BSD-3-Clause */
#include "fitspicture/save.h"

#include "base/buf.h"
#include "base/fault.h"

#include "draw/png.h"

#include <fcntl.h>
#include <unistd.h>

static enum sp_rc write_file(const struct sp_canvas *canvas,
                             const char *path,
                             const char *title,
                             struct sp_err *err)
{
    int flags = O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC;
    sp_auto_fd int fd = SP_FAULT("save.open", EACCES) ? -1 : open(path, flags, 0666);

    if (fd < 0)
        return sp_fail_errno(err, "create %s", path);
    enum sp_rc rc = sp_png_write(canvas, fd, title, err);
    /* Some file systems tell only now that the disk is full. */
    if (rc == SP_OK && (SP_FAULT("save.close", ENOSPC) || close(sp_take_fd(&fd)) < 0))
        rc = sp_fail_errno(err, "write %s", path);
    if (rc)
        (void)unlink(path);
    return rc;
}

enum sp_rc save_png(const struct sp_canvas *canvas,
                    const char *path,
                    const char *title,
                    struct sp_err *err)
{
    sp_auto_buf struct sp_buf temporary = SP_BUF(SP_BUF_SMALL);

    sp_buf_addf(&temporary, "%s.%ld.part", path, (long)getpid());
    enum sp_rc rc = write_file(canvas, temporary.ptr, title, err);
    if (rc)
        return sp_err_wrap(err, "picture %s", path);
    if (SP_FAULT("save.rename", EACCES) || rename(temporary.ptr, path) < 0) {
        rc = sp_fail_errno(err, "picture %s: rename", path);
        (void)unlink(temporary.ptr);
    }
    return rc;
}
