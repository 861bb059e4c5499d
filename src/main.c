/* SPDX-License-Identifier: BSD-3-Clause */
#include "base/fault.h"

#include "cli/program.h"

#include <fcntl.h>
#include <locale.h>
#include <stdio.h>
#include <unistd.h>

/* A stream that was closed for us would hand its number to the next file we open, and what we
 * print would end up in a journal. Opened the wrong way round, it fails as it should. */
static void fill_streams(void)
{
    for (int fd = STDIN_FILENO; fd <= STDERR_FILENO; fd++)
        if (fcntl(fd, F_GETFD) < 0)
            (void)open("/dev/null", fd == STDIN_FILENO ? O_WRONLY : O_RDONLY);
}

int main(int argc, char **argv)
{
    fill_streams();
    const char *senseless = sp_fault_arm_environment();
    if (senseless) {
        (void)fprintf(stderr, "%s makes no sense: see base/fault.h\n", senseless);
        return SP_EXIT_USAGE;
    }
    /* Character types for terminals; numbers stay in the C locale, files depend on it. */
    (void)setlocale(LC_CTYPE, "");
    int status = sp_main(argc, argv);

    /* Output that could not be written is a failure, not a success nobody saw. */
    if (fflush(stdout) != 0 || ferror(stdout)) {
        (void)fprintf(stderr, "%s: cannot write to standard output\n", sp_program()->name);
        return status ? status : SP_EXIT_FAILED;
    }
    return status;
}
