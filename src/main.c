/* SPDX-License-Identifier: BSD-3-Clause */
#include "cli/command.h"

#include <locale.h>
#include <stdio.h>

int main(int argc, char **argv)
{
    /* Character types for terminals; numbers stay in the C locale, files depend on it. */
    (void)setlocale(LC_CTYPE, "");
    int status = sp_main(argc, argv);

    /* Output that could not be written is a failure, not a success nobody saw. */
    if (fflush(stdout) != 0 || ferror(stdout)) {
        (void)fprintf(stderr, "spoor: cannot write to standard output\n");
        return status ? status : SP_EXIT_FAILED;
    }
    return status;
}
