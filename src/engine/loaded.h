/* SPDX-License-Identifier: BSD-3-Clause */
/* loaded.h - which shared objects a program loads, found as ld.so(8) finds them, without running
 * it.
 *
 * Only what is linked: objects that a program loads by itself later (dlopen) are not seen. 64-bit
 * objects of this machine's byte order only; others load nothing.
 */
#pragma once

#include "base/arena.h"

/* A program that can be loaded: ELF, 64 bits. */
bool sp_elf_is_program(struct sp_str content);

/* Called for every file that is loaded, once (`path` is real, valid during the call), and for every
 * file or directory whose change could lead elsewhere (`content` false). */
typedef void (*sp_elf_fn)(void *arg, const char *path, bool content);

/* Everything that loading the program at `path` brings in, itself included. `library_path`:
 * LD_LIBRARY_PATH of the process, `preload`: its LD_PRELOAD; may be empty. */
void sp_elf_each(const char *path,
                 struct sp_str library_path,
                 struct sp_str preload,
                 sp_elf_fn fn,
                 void *arg);
