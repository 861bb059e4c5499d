/* SPDX-License-Identifier: BSD-3-Clause */
/* cab.h - the typed description of a tool (spec stimela2.md 3). */
#pragma once

#include "recipe/schema.h"
#include "recipe/wrangler.h"

struct sp_effects;

enum sp_flavour {
    SP_FLAVOUR_BINARY,
    SP_FLAVOUR_PYTHON,
    SP_FLAVOUR_PYTHON_CODE,
    SP_FLAVOUR_CASA
};

struct sp_cab {
    struct sp_str name; /* key under `cabs`, or "inline" */
    struct sp_str info;
    const struct sp_dict *extra_info; /* may be NULL, as all dicts here */
    struct sp_str command;
    uint32_t command_origin;
    const struct sp_list *args;
    enum sp_flavour flavour;
    const struct sp_dict *flavour_options; /* output, interpreter_binary, input_dict ... */
    struct sp_value image;                 /* null, text or mapping, as written */
    struct sp_schema schema;
    const struct sp_dict *defaults; /* flattened */
    struct sp_str dynamic_schema;   /* "module.function" or empty */
    struct sp_policies policies;
    bool pass_as_yaml; /* parameter_passing: yaml */
    const struct sp_dict *environment;
    struct sp_wranglers *wranglers;
    struct sp_value backend; /* null or mapping */
    const struct sp_dict *preamble, *epilogue;
    const struct sp_effects *effects; /* section `recompute`; NULL: there is none */
    const struct sp_dict *written;    /* all of it, as composed: for how it was written */
    uint32_t origin;
};

/* Build a cab from its mapping. Findings go to diags (unknown fields with the nearest name);
 * returns NULL only when `value` is not a mapping or has no command. */
struct sp_cab *sp_cab_load(struct sp_arena *arena,
                           struct sp_str name,
                           struct sp_value value,
                           struct sp_diags *diags);

/* Frees what is not in the arena (compiled wranglers). Accepts NULL. */
void sp_cab_fini(struct sp_cab *cab);
