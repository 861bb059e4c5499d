/* SPDX-License-Identifier: BSD-3-Clause */
/* setting.h - the settings under `opts`: what they are called, what they take, what they do (spec
 * stimela2.md 1.9, 7). One table for `spoor config` and its checks. */
#pragma once

#include "base/buf.h"

#include "lang/diag.h"
#include "value/value.h"

enum sp_setting_kind {
    SP_SETTING_BOOL,
    SP_SETTING_INT,
    SP_SETTING_COUNT, /* a whole number that is not negative */
    SP_SETTING_TEXT,
    SP_SETTING_TEXTS, /* a text or a list of texts */
    SP_SETTING_WORD,  /* one of `words` */
    SP_SETTING_LEVEL, /* one of `words`, in any letter case */
    SP_SETTING_SIZE,  /* bytes, or a share: sp_amount_share */
    SP_SETTING_TIME,  /* seconds, or a duration: sp_setting_duration */
    SP_SETTING_OPEN,  /* a mapping with names of one's own */
};

struct sp_setting {
    const char *path; /* "opts.log.dir" */
    enum sp_setting_kind kind;
    const char *info;
    const char *const *words; /* NULL at the end; or NULL */
};

/* All of them, in the order of the manual; *count is set. */
const struct sp_setting *sp_settings_known(size_t *count);

/* Is `path` a setting, or inside an open one, and may it have that value? Null is allowed: it
 * takes a value away. Paths under `vars` and `images` are free. SP_NOT_FOUND with the nearest
 * name; SP_INVALID for a wrong type, and for what belongs into a recipe file (cabs, lib, run). */
enum sp_rc sp_setting_check(struct sp_str path, struct sp_value value, struct sp_err *err)
    SP_MUST_USE;

/* Is `value` fit for the setting `path`, which must be one? `what` is what people call it here:
 * "--edits". SP_INVALID: what can be, and the nearest word. */
enum sp_rc sp_setting_check_as(const char *path,
                               const char *what,
                               struct sp_value value,
                               struct sp_err *err) SP_MUST_USE;

/* Findings for the values of settings that cannot be. Nothing is said of names, nor of texts that
 * are evaluated for each step. Texts for true and false ("off") become what they mean. */
void sp_setting_check_values(struct sp_diags *diags, struct sp_value opts);

/* Findings for the names in a `backend` section that are no settings; `what` says whose it is:
 * "step 'demo.image'", NULL for opts.backend itself. Only names are looked at: values may depend on
 * what a run gives. */
void sp_setting_check_backend(struct sp_diags *diags, const char *what, struct sp_value section);

/* Is it a level of messages, or may it become one? If not, there is a finding. */
bool sp_setting_check_level(struct sp_diags *diags,
                            const char *what,
                            struct sp_value value,
                            uint32_t origin);

/* "2h", "90min", 30, "30": a number alone is of seconds. More than nothing. SP_INVALID. */
enum sp_rc sp_setting_duration(struct sp_value value, sp_nsec *out, struct sp_err *err) SP_MUST_USE;

/* Append what it can be: "true or false", "a whole number" ... */
void sp_setting_takes(const struct sp_setting *setting, struct sp_buf *out);
