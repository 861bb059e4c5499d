/* SPDX-License-Identifier: BSD-3-Clause */
/* banned.h - included before every C file by the compiler's command line: functions whose use is
 * a mistake here become compile errors. Each has a better neighbour in base/ or libc. */
#pragma once

#ifndef __ASSEMBLER__
#    include <stdio.h>
#    include <stdlib.h>
#    include <string.h>
#    include <time.h>

#    pragma GCC poison strcpy strcat sprintf vsprintf strtok gets tmpnam mktemp
#    pragma GCC poison atoi atol atof gmtime localtime ctime asctime rand srand
#endif
