/* SPDX-License-Identifier: BSD-3-Clause */
/* variant.c - the builds of the kernels, and which of them this machine can run. */
#include "base/buf.h"

#include "rime/rime.h"

#define DECLARE(name)                                                                     \
    void rime_predict_##name(const struct rime_plan *plan, const struct rime_rows *rows); \
    void rime_normals_##name(uint64_t seed, uint64_t first, size_t count, float *out)

DECLARE(generic);

static bool always(void)
{
    return true;
}

#if defined(__x86_64__)
DECLARE(avx2);
DECLARE(avx512);

static bool has_avx2(void)
{
    return __builtin_cpu_supports("avx2") && __builtin_cpu_supports("fma");
}

static bool has_avx512(void)
{
    return has_avx2() && __builtin_cpu_supports("avx512f") && __builtin_cpu_supports("avx512dq") &&
           __builtin_cpu_supports("avx512vl") && __builtin_cpu_supports("avx512bw");
}
#endif

const struct rime_variant rime_variants[] = {
    { "generic", 4, rime_predict_generic, rime_normals_generic, always },
#if defined(__x86_64__)
    { "avx2", 8, rime_predict_avx2, rime_normals_avx2, has_avx2 },
    { "avx512", 16, rime_predict_avx512, rime_normals_avx512, has_avx512 },
#endif
};
const size_t rime_variant_count = SP_COUNT(rime_variants);

static enum sp_rc fail_unknown(const char *name, struct sp_err *err)
{
    sp_auto_buf struct sp_buf names = SP_BUF(SP_BUF_SMALL);

    for (size_t i = 0; i < rime_variant_count; i++)
        if (rime_variants[i].supported())
            sp_buf_addf(&names, " %s", rime_variants[i].name);
    return sp_fail(err, SP_NOT_FOUND, "kernel '%s': this machine can run:%s", name, names.ptr);
}

enum sp_rc rime_variant_find(const char *name, const struct rime_variant **out, struct sp_err *err)
{
    const bool any = !name || !*name || strcmp(name, "auto") == 0;

    for (size_t i = rime_variant_count; i-- > 0;) {
        const struct rime_variant *variant = &rime_variants[i];
        if (!variant->supported() || (!any && strcmp(variant->name, name) != 0))
            continue;
        *out = variant;
        return SP_OK;
    }
    return fail_unknown(name, err);
}

void rime_predict(const struct rime_variant *variant,
                  const struct rime_model *model,
                  const struct rime_rows *rows)
{
    variant->predict(rime_model_plan(model), rows);
}
