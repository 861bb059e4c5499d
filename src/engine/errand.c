/* SPDX-License-Identifier: BSD-3-Clause */
#include "engine/errand.h"

#include "engine/tools.h"
#include "sys/capture.h"
#include "sys/spawn.h"

/* NOLINTNEXTLINE(readability-function-size): what to run, and the three things it says */
enum sp_rc sp_errand_run(struct sp_arena *arena,
                         const char *const *argv,
                         struct sp_str path,
                         struct sp_buf *out,
                         int *status,
                         struct sp_str *complaint,
                         struct sp_err *err)
{
    sp_auto_buf struct sp_buf complaints = SP_BUF(SP_BUF_LARGE);
    const struct sp_spawn what = { .argv = argv, .env = sp_tools_environment(arena, path, NULL) };
    struct sp_process process;
    enum sp_rc rc = sp_spawn(&what, &process, err);

    if (rc)
        return rc;
    (void)sp_capture(&process, SP_CAPTURE_FOR_EVER, out, &complaints, status);
    *complaint = sp_arena_str(arena, sp_last_line(sp_buf_str(&complaints)));
    return SP_OK;
}
