/* SPDX-License-Identifier: BSD-3-Clause */
/* features.h - what boxes enforce on this machine, for people. Both end with a name of NULL. */
#pragma once

#include "exec/backend.h"

const struct sp_backend_feature *sp_features(void);

/* The same of boxes in the file system of an image. */
const struct sp_backend_feature *sp_features_of_roots(void);
