/* SPDX-License-Identifier: BSD-3-Clause */
/* slurm.h - commands handed to Slurm's `srun` (spec stimela2.md 7.4): a prefix, nothing more. */
#pragma once

#include "recipe/command.h"

/* Does the section `slurm` of the backend settings (may be NULL) ask for it? */
bool sp_slurm_is_enabled(const struct sp_dict *settings);

/* Put "SRUN -J NAME --OPTION VALUE ..." in front of the command. The job's name is that of the
 * step read backwards ("image.demo"), because lists of jobs cut names at the end. Options come from
 * `srun_opts` as they are written; true stands for an option without a value, false and null for
 * none. SP_INVALID: an option that is a list or mapping. */
enum sp_rc sp_slurm_wrap(struct sp_arena *arena,
                         const struct sp_dict *settings,
                         struct sp_str step,
                         struct sp_command *command,
                         struct sp_err *err) SP_MUST_USE;
