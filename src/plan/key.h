/* SPDX-License-Identifier: BSD-3-Clause */
/* key.h - everything that the result of a task depends on, as text, and the name of that
 * (doc/design/store.md 5).
 *
 * The pre-image is a list of components; the key is BLAKE3 over it. Two tasks of one key give the
 * same result, so whatever can reach the tool must be in it, and little else should be. PURE:
 * versions of paths and the identity of the program are asked from the caller.
 *
 *     sp_key_make(&request, &preimage);
 *     sp_preimage_to_dict(arena, &preimage)            for the record
 *     sp_preimage_differences(arena, &old, &preimage)  "size: 1024 -> 2048", for people
 */
#pragma once

#include "base/blake3.h"

#include "plan/role.h"

struct sp_key_part {
    struct sp_str component; /* "param.size", "in.ms", "program" ... */
    struct sp_str text;
};

struct sp_preimage {
    struct sp_key_part *parts; /* sorted by component */
    size_t len;
    struct sp_digest key;
};

/* Sort the parts (each component once, texts are borrowed) and name them. */
void sp_preimage_seal(struct sp_arena *arena,
                      const struct sp_key_part *parts,
                      size_t len,
                      struct sp_preimage *out);

/* What cabs look like to their tools, computed once for each cab. `{ 0 }` is an empty one; it must
 * not outlive the cabs. */
struct sp_key_memo {
    struct sp_map cabs;     /* private */
    struct sp_arena *arena; /* private; owned */
};

void sp_key_memo_fini(struct sp_key_memo *memo);

/* Text that names what the path of a role that is read or changed holds before the run, restricted
 * to role->reads if there are any: usually 64 digits. Empty: nothing is there. Lives in `arena`. */
typedef struct sp_str (*sp_key_version_fn)(void *arg,
                                           struct sp_arena *arena,
                                           const struct sp_role *role);

struct sp_key_request {
    struct sp_arena *arena;
    struct sp_key_memo *memo;
    const struct sp_task *task;   /* before its run */
    const struct sp_roles *roles; /* of task->inputs */
    const struct sp_effects *effects;
    const struct sp_world *world; /* for variables of the environment */
    sp_key_version_fn version;
    void *version_arg;
    struct sp_str program; /* of engine/identity */
    struct sp_str salt;    /* opts.store.salt */
};

void sp_key_make(const struct sp_key_request *request, struct sp_preimage *out);

/* An object component -> text; texts are shared with the pre-image. */
struct sp_dict *sp_preimage_to_dict(struct sp_arena *arena, const struct sp_preimage *preimage);

/* False: it is not one. Texts are shared with `dict`. */
bool sp_preimage_from_dict(struct sp_arena *arena,
                           const struct sp_dict *dict,
                           struct sp_preimage *out);

/* What is not the same, a line each, for people; causes (the cab, the program) before values.
 * Empty: the keys are the same. `roles` of `now` (may be NULL) tell which paths are meant. */
struct sp_list *sp_preimage_differences(struct sp_arena *arena,
                                        const struct sp_preimage *old,
                                        const struct sp_preimage *now,
                                        const struct sp_roles *roles);

/* The same lines, but more than three of a kind about programs are one: when a package is upgraded,
 * many change. */
struct sp_list *sp_preimage_sum_up(struct sp_arena *arena, const struct sp_list *lines);
