/* SPDX-License-Identifier: BSD-3-Clause */
/* Which backend a step gets (spec stimela2.md 7.1; section 9, backend validation), and what Slurm
 * makes of its command (7.4). */
#include "plan/offer.h"

#include "base/tap.h"

#include "plan/slurm.h"
#include "recipe/test_bed.h"

/* --- choosing ------------------------------------------------------------------------------ */

/* `present`: singularity is installed. Wanted: the backend's name, or the reasons. */
static const struct {
    const char *name, *settings;
    bool present;
    enum sp_image_claim image;
    const char *want;
} choices[] = {
    { "default, no image", "{}", true, SP_IMAGE_NONE, "sandbox" },
    { "default, image", "{}", true, SP_IMAGE_NAMED, "container" },
    { "default, spare image", "{}", true, SP_IMAGE_SPARE, "sandbox" },
    { "the default, written out", "{select: 'container,sandbox,native'}", true, SP_IMAGE_SPARE,
      "sandbox" },
    { "containers asked for, spare image", "{select: container}", true, SP_IMAGE_SPARE,
      "container" },
    { "containers preferred, spare image", "{select: 'container,native'}", true, SP_IMAGE_SPARE,
      "container" },
    { "containers asked for, no image", "{select: container}", true, SP_IMAGE_NONE,
      "(container: container image not specified by cab)" },
    { "default, slurm", "{slurm: {enable: true}}", true, SP_IMAGE_NAMED, "native" },
    { "only a box, slurm", "{select: sandbox, slurm: {enable: true}}", true, SP_IMAGE_NONE,
      "(sandbox: cannot be combined with slurm)" },
    { "native disabled, no image, default", "{native: {enable: false}}", true, SP_IMAGE_NONE,
      "(container: container image not specified by cab; sandbox: disabled; native: disabled)" },
    { "sandbox disabled", "{sandbox: {enable: false}}", true, SP_IMAGE_NONE, "native" },
    { "native preferred", "{select: [native, singularity]}", true, SP_IMAGE_NAMED, "native" },
    { "singularity preferred", "{select: 'singularity,native'}", true, SP_IMAGE_NAMED,
      "singularity" },
    { "singularity preferred, no image", "{select: 'singularity,native'}", true, SP_IMAGE_NONE,
      "native" },
    { "singularity only, no image", "{select: singularity}", true, SP_IMAGE_NONE,
      "(singularity: container image not specified by cab)" },
    { "singularity only, not installed", "{select: singularity}", false, SP_IMAGE_NAMED,
      "(singularity: not installed)" },
    { "singularity only, as a list", "{select: [singularity]}", true, SP_IMAGE_NAMED,
      "singularity" },
    { "native disabled, singularity not installed",
      "{select: 'native,singularity', native: {enable: false}}", false, SP_IMAGE_NAMED,
      "(native: disabled; singularity: not installed)" },
    { "both disabled",
      "{select: 'singularity,native', native: {enable: false}, singularity: {enable: false}}", true,
      SP_IMAGE_NAMED, "(singularity: disabled; native: disabled)" },
    { "apptainer", "{select: apptainer}", true, SP_IMAGE_NAMED, "singularity" },
    { "apptainer, disabled under its other name",
      "{select: apptainer, singularity: {enable: false}}", true, SP_IMAGE_NAMED,
      "(apptainer: disabled)" },
    { "an unknown one", "{select: ' natve , native'}", true, SP_IMAGE_NONE, "native" },
    { "only an unknown one", "{select: natve}", true, SP_IMAGE_NONE, "(natve: unknown backend)" },
    { "empty text means the default", "{select: ''}", false, SP_IMAGE_NONE, "sandbox" },
    { "an empty list means the default", "{select: []}", false, SP_IMAGE_NONE, "sandbox" },
    { "null means the default", "{select: null}", false, SP_IMAGE_NONE, "sandbox" },
    { "enabled by name", "{select: native, native: {enable: true}}", false, SP_IMAGE_NONE,
      "native" },
    { "a section without enable", "{select: native, native: {virtual_env: x}}", false,
      SP_IMAGE_NONE, "native" },
    { "a section that is null", "{select: native, native: null}", false, SP_IMAGE_NONE, "native" },
};

static void check_choice(size_t i)
{
    const struct sp_offer offers[] = {
        { .name = "native" },
        { .name = "sandbox", .confines = true, .runs_here = true },
        { .name = "container", .confines = true, .needs_image = true },
        { .name = "singularity",
          .refusal = choices[i].present ? NULL : "not installed",
          .needs_image = true },
        { NULL },
    };
    struct bed bed;
    struct sp_choice choice;

    bed_init(&bed);
    struct sp_value settings = bed_yaml(&bed, choices[i].settings);
    sp_offers_choose(bed.arena, offers, settings.dict, choices[i].image, &choice);
    const char *got =
        choice.offer
            ? choice.offer->name
            : sp_arena_printf(bed.arena, "(" SP_STR_FMT ")", SP_STR_ARG(choice.reasons)).ptr;
    if (!tap_ok(strcmp(got, choices[i].want) == 0, "%s", choices[i].name))
        printf("# got %s\n", got);
    bed_fini(&bed);
}

/* --- Slurm --------------------------------------------------------------------------------- */

static const struct {
    const char *name, *settings, *step, *want; /* NULL: refused */
} wraps[] = {
    { "name backwards", "{slurm: {enable: true}}", "top.loop.2.image",
      "srun -J image.2.loop.top tool 'a b'" },
    { "one name", "{slurm: {enable: true}}", "top", "srun -J top tool 'a b'" },
    { "options as written",
      "{slurm: {enable: true, srun_opts: {mem: 8GB, cpus_per_task: 4, x y: 'p q'}}}", "a.b",
      "srun -J b.a --mem 8GB --cpus_per_task 4 '--x y' 'p q' tool 'a b'" },
    { "flags", "{slurm: {enable: true, srun_opts: {exclusive: true, label: false, qos: null}}}",
      "a", "srun -J a --exclusive tool 'a b'" },
    { "path of srun", "{slurm: {enable: true, srun_path: /opt/slurm/bin/srun}}", "a",
      "/opt/slurm/bin/srun -J a tool 'a b'" },
    { "a list is no option", "{slurm: {enable: true, srun_opts: {mem: [1]}}}", "a", NULL },
};

static void check_wrap(size_t i)
{
    static const char *argv[] = { "tool", "a b", NULL };
    struct sp_command command = { .argv = argv, .argc = 2, .display = SP_STR("tool 'a b'") };
    struct sp_err err = SP_ERR_INIT;
    struct bed bed;

    bed_init(&bed);
    struct sp_value settings = bed_yaml(&bed, wraps[i].settings);
    enum sp_rc rc =
        sp_slurm_wrap(bed.arena, settings.dict, sp_str_of(wraps[i].step), &command, &err);
    bool fine = wraps[i].want ? rc == SP_OK && sp_str_is(command.display, wraps[i].want)
                              : rc == SP_INVALID && err.text[0] && command.argv == argv;
    tap_ok(fine && !command.argv[command.argc] &&
               strcmp(command.argv[command.argc - 1], "a b") == 0,
           "slurm: %s: " SP_STR_FMT, wraps[i].name, SP_STR_ARG(command.display));
    bed_fini(&bed);
}

static void check_enabled(const char *settings, bool want)
{
    struct bed bed;

    bed_init(&bed);
    tap_ok(sp_slurm_is_enabled(bed_yaml(&bed, settings).dict) == want, "slurm in %s", settings);
    bed_fini(&bed);
}

int main(void)
{
    for (size_t i = 0; i < SP_COUNT(choices); i++)
        check_choice(i);
    for (size_t i = 0; i < SP_COUNT(wraps); i++)
        check_wrap(i);
    check_enabled("{}", false);
    check_enabled("{slurm: null}", false);
    check_enabled("{slurm: {srun_opts: {}}}", false);
    check_enabled("{slurm: {enable: false}}", false);
    check_enabled("{slurm: {enable: true}}", true);
    return tap_done();
}
