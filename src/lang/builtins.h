/* SPDX-License-Identifier: BSD-3-Clause */
/* builtins.h - functions of formulas that work on the values of their arguments. */
#pragma once

#include "lang/eval_internal.h"

struct sp_value sp_builtin_list(struct sp_eval *eval, const struct sp_list *args);
struct sp_value sp_builtin_len(struct sp_eval *eval, const struct sp_list *args);
struct sp_value sp_builtin_range(struct sp_eval *eval, const struct sp_list *args);
struct sp_value sp_builtin_min(struct sp_eval *eval, const struct sp_list *args);
struct sp_value sp_builtin_max(struct sp_eval *eval, const struct sp_list *args);
struct sp_value sp_builtin_sort(struct sp_eval *eval, const struct sp_list *args);
struct sp_value sp_builtin_rsort(struct sp_eval *eval, const struct sp_list *args);
struct sp_value sp_builtin_slice(struct sp_eval *eval, const struct sp_list *args);
struct sp_value sp_builtin_getitem(struct sp_eval *eval, const struct sp_list *args);
struct sp_value sp_builtin_is_str(struct sp_eval *eval, const struct sp_list *args);
struct sp_value sp_builtin_is_num(struct sp_eval *eval, const struct sp_list *args);
struct sp_value sp_builtin_glob(struct sp_eval *eval, const struct sp_list *args);
struct sp_value sp_builtin_exists(struct sp_eval *eval, const struct sp_list *args);
struct sp_value sp_builtin_dirname(struct sp_eval *eval, const struct sp_list *args);
struct sp_value sp_builtin_basename(struct sp_eval *eval, const struct sp_list *args);
struct sp_value sp_builtin_extension(struct sp_eval *eval, const struct sp_list *args);
struct sp_value sp_builtin_stripext(struct sp_eval *eval, const struct sp_list *args);
