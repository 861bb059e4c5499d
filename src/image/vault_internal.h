/* SPDX-License-Identifier: BSD-3-Clause */
/* vault_internal.h - what vault.c and blob.c share. */
#pragma once

#include "image/vault.h"

struct sp_vault {
    char *dir;
    struct sp_lock *lock;
};

/* A moment, until somebody else may be ready. */
void sp_vault_wait(void);
