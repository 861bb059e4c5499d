/* SPDX-License-Identifier: BSD-3-Clause */
#include "lang/scalar.h"

#include "base/tap.h"

#include "value/text.h"

static const struct {
    const char *text;
    const char *config;       /* repr in files */
    const char *command_line; /* repr on the command line; NULL: the same */
} rows[] = {
    /* words */
    { "yes", "True", NULL },
    { "Yes", "True", NULL },
    { "YES", "True", NULL },
    { "no", "False", NULL },
    { "NO", "False", NULL },
    { "on", "True", NULL },
    { "Off", "False", NULL },
    { "true", "True", NULL },
    { "TRUE", "True", NULL },
    { "False", "False", NULL },
    { "tRue", "'tRue'", NULL },
    { "y", "'y'", NULL },
    { "n", "'n'", NULL },
    { "", "None", NULL },
    { "~", "None", NULL },
    { "null", "None", NULL },
    { "Null", "None", NULL },
    { "NULL", "None", NULL },
    { "nuLL", "'nuLL'", NULL },
    { "None", "'None'", NULL },
    { "<<", "'<<'", NULL },
    { "=", "'='", NULL },
    /* integers */
    { "0", "0", NULL },
    { "-0", "0", NULL },
    { "+12", "12", NULL },
    { "-12", "-12", NULL },
    { "017", "15", NULL },
    { "-017", "-15", NULL },
    { "0o17", "'0o17'", NULL },
    { "08", "'08'", NULL },
    { "0x1F", "31", NULL },
    { "0x", "'0x'", NULL },
    { "0b101", "5", NULL },
    { "0b102", "'0b102'", NULL },
    { "1_000", "1000", NULL },
    { "0_1", "1", NULL },
    { "0_", "0", NULL },
    { "_1", "'_1'", NULL },
    { "1:30", "90", NULL },
    { "-1:30", "-90", NULL },
    { "12:34:56", "45296", NULL },
    { "1:60", "'1:60'", NULL },
    { "0:30", "'0:30'", NULL },
    { "1:", "'1:'", NULL },
    { "9223372036854775807", "9223372036854775807", NULL },
    { "-9223372036854775808", "-9223372036854775808", NULL },
    { "9223372036854775808", "'9223372036854775808'", NULL },
    { "0xFFFFFFFFFFFFFFFFFF", "'0xFFFFFFFFFFFFFFFFFF'", NULL },
    /* floats */
    { "1e3", "1000.0", "'1e3'" },
    { "1e-3", "0.001", "'1e-3'" },
    { "1E5", "100000.0", "'1E5'" },
    { "12e03", "12000.0", "'12e03'" },
    { "1.e3", "1000.0", "'1.e3'" },
    { "1.5e3", "1500.0", "'1.5e3'" },
    { "1.5e+3", "1500.0", NULL },
    { "1.0e-3", "0.001", NULL },
    { "-1.5", "-1.5", NULL },
    { "+1.5", "1.5", NULL },
    { "5.", "5.0", NULL },
    { ".5", "0.5", NULL },
    { ".5e3", "'.5e3'", NULL },
    { ".5e+3", "500.0", NULL },
    { "+.5", "'+.5'", NULL },
    { "-.5", "'-.5'", NULL },
    { "1_0.5", "10.5", NULL },
    { "1:30.5", "90.5", NULL },
    { "-1:30.5", "-90.5", NULL },
    { "190:20:30.15", "685230.15", NULL },
    { ".inf", "inf", NULL },
    { "-.INF", "-inf", NULL },
    { "+.Inf", "inf", NULL },
    { ".nan", "nan", NULL },
    { ".NaN", "nan", NULL },
    { ".Nan", "'.Nan'", NULL },
    { "-.nan", "'-.nan'", NULL },
    { "inf", "'inf'", NULL },
    { "1e", "'1e'", NULL },
    { "e5", "'e5'", NULL },
    { "1e3.5", "'1e3.5'", NULL },
    { "1,000", "'1,000'", NULL },
    { "0.1.2", "'0.1.2'", NULL },
    { "1.5GHz", "'1.5GHz'", NULL },
    { ".", "'.'", NULL },
    { "-", "'-'", NULL },
    { "1e400", "inf", "'1e400'" },
    /* no dates */
    { "2024-01-01", "'2024-01-01'", NULL },
    { "2001-12-14t21:59:43.10-05:00", "'2001-12-14t21:59:43.10-05:00'", NULL },
    /* texts */
    { "foo", "'foo'", NULL },
    { "J2000,90deg", "'J2000,90deg'", NULL },
    { "1 2", "'1 2'", NULL },
};

static void check(struct sp_arena *arena, size_t i, enum sp_yaml_dialect dialect)
{
    const char *want = rows[i].config;

    if (dialect == SP_YAML_COMMAND_LINE && rows[i].command_line)
        want = rows[i].command_line;
    struct sp_value value = sp_yaml_scalar(arena, sp_str_of(rows[i].text), dialect);
    sp_auto_buf struct sp_buf got = SP_BUF(SP_BUF_SMALL);
    sp_value_repr(value, &got);
    if (!tap_ok(strcmp(got.ptr, want) == 0, "'%s' %s", rows[i].text,
                dialect == SP_YAML_CONFIG ? "in a file" : "on the command line"))
        printf("# want %s, got %s\n", want, got.ptr);
}

static void check_long(struct sp_arena *arena)
{
    char digits[4001];

    memset(digits, '1', sizeof digits - 1);
    digits[sizeof digits - 1] = '\0';
    struct sp_value value = sp_yaml_scalar(arena, sp_str_of(digits), SP_YAML_CONFIG);
    tap_ok(value.kind == SP_TEXT && value.text.len == sizeof digits - 1,
           "an endless integer stays text");
    digits[2000] = '.';
    value = sp_yaml_scalar(arena, sp_str_of(digits), SP_YAML_CONFIG);
    tap_ok(value.kind == SP_TEXT, "so does an endless float");
}

int main(void)
{
    sp_auto_arena struct sp_arena *arena = sp_arena_new();

    for (size_t i = 0; i < SP_COUNT(rows); i++) {
        check(arena, i, SP_YAML_CONFIG);
        check(arena, i, SP_YAML_COMMAND_LINE);
    }
    check_long(arena);
    tap_ok(sp_scalar_is_reserved(SP_STR("<<")) && sp_scalar_is_reserved(SP_STR("=")) &&
               !sp_scalar_is_reserved(SP_STR("==")),
           "reserved words");
    tap_ok(sp_scalar_is_huge(SP_STR("9223372036854775808")) &&
               !sp_scalar_is_huge(SP_STR("9223372036854775807")),
           "huge integers");
    return tap_done();
}
