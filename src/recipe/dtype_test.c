/* SPDX-License-Identifier: BSD-3-Clause */
#include "recipe/dtype.h"

#include "recipe/test_bed.h"

/* --- reading types ------------------------------------------------------------------------ */

static const struct {
    const char *text;
    const char *canonical; /* NULL: refused */
    const char *fault;
} types[] = {
    { "str", "str", NULL },
    { " int ", "int", NULL },
    { "float", "float", NULL },
    { "bool", "bool", NULL },
    { "complex", "complex", NULL },
    { "File", "File", NULL },
    { "Directory", "Directory", NULL },
    { "MS", "MS", NULL },
    { "URI", "URI", NULL },
    { "Any", "Any", NULL },
    { "any", "Any", NULL },
    { "None", "None", NULL },
    { "list", "List", NULL },
    { "List", "List", NULL },
    { "List[int]", "List[int]", NULL },
    { "list[int]", "List[int]", NULL },
    { "List[ int ]", "List[int]", NULL },
    { "Tuple", "Tuple", NULL },
    { "Tuple[int,int]", "Tuple[int, int]", NULL },
    { "Tuple[int, ...]", "Tuple[int, ...]", NULL },
    { "Tuple[()]", "Tuple[()]", NULL },
    { "Dict", "Dict", NULL },
    { "Dict[str,Any]", "Dict[str, Any]", NULL },
    { "Set[str]", "Set[str]", NULL },
    { "Optional[List[any]]", "Optional[List[Any]]", NULL },
    { "Union[str, Tuple[str, float]]", "Union[str, Tuple[str, float]]", NULL },
    { "Union[int,str,List[str],List[int]]", "Union[int, str, List[str], List[int]]", NULL },
    { "int | List[int] | None", "Union[int, List[int], None]", NULL },
    { "Literal['a', 2, True]", "Literal['a', 2, True]", NULL },
    { "Literal[']']", "Literal[']']", NULL },
    { "", NULL, "there is no type" },
    { "string", NULL, "there is no type 'string'; did you mean 'str" },
    { "Strin", NULL, "there is no type 'Strin'" },
    { "Lsit[int]", NULL, "did you mean 'List'?" },
    { "file", NULL, "did you mean 'File'?" },
    { "List[flaot]", NULL, "there is no type 'flaot'; did you mean 'float'?" },
    { "List[int", NULL, "']' or ',' expected" },
    { "List[]", NULL, "is not a valid dtype" },
    { "List[int, str]", NULL, "one element type" },
    { "Dict[str]", NULL, "key type and a value type" },
    { "Optional", NULL, "brackets are missing" },
    { "Union", NULL, "brackets are missing" },
    { "Literal", NULL, "brackets are missing" },
    { "Literal[]", NULL, "has values" },
    { "Literal[a]", NULL, "has values" },
    { "Optional[int, str]", NULL, "exactly one" },
    { "Tuple[int, str, ...]", NULL, "exactly one" },
    { "Tuple[...]", NULL, "exactly one" },
    { "int[3]", NULL, "only containers" },
    { "int str", NULL, "goes on" },
    { "int |", NULL, "is not a valid dtype" },
    { "\"foo\"", NULL, "is not a valid dtype" },
    { "store_true", NULL, "is not a valid dtype" },
};

static void check_types(void)
{
    for (size_t i = 0; i < SP_COUNT(types); i++) {
        sp_auto_arena struct sp_arena *arena = sp_arena_new();
        sp_auto_buf struct sp_buf text = SP_BUF(SP_BUF_SMALL);
        struct sp_err err = SP_ERR_INIT;
        const struct sp_dtype *dtype = NULL;
        enum sp_rc rc = sp_dtype_parse(arena, sp_str_of(types[i].text), &dtype, &err);
        if (!types[i].canonical) {
            if (!tap_ok(rc == SP_INVALID && !dtype && strstr(err.text, types[i].fault),
                        "<%s> is refused", types[i].text))
                printf("# got %s\n", err.text);
            continue;
        }
        if (rc == SP_OK)
            sp_dtype_format(dtype, &text);
        if (!tap_ok(rc == SP_OK && strcmp(text.ptr, types[i].canonical) == 0, "<%s>",
                    types[i].text))
            printf("# got %s %s\n", text.ptr, err.text);
    }
}

static void check_depth(void)
{
    sp_auto_arena struct sp_arena *arena = sp_arena_new();
    sp_auto_buf struct sp_buf text = SP_BUF(SP_BUF_SMALL);
    struct sp_err err = SP_ERR_INIT;
    const struct sp_dtype *dtype;

    for (int i = 0; i < 700; i++)
        sp_buf_adds(&text, "List[");
    tap_ok(sp_dtype_parse(arena, sp_buf_str(&text), &dtype, &err) == SP_INVALID &&
               strstr(err.text, "too deeply"),
           "very deep types are refused");
    sp_buf_add_repeat(&text, 'x', 5000);
    tap_ok(sp_dtype_parse(arena, sp_buf_str(&text), &dtype, &err) == SP_INVALID,
           "very long types are refused");
}

/* --- questions ---------------------------------------------------------------------------- */

static const struct {
    const char *text;
    bool file, file_list, directories, plain_files, list;
} questions[] = {
    { "File", true, false, false, true, false },
    { "MS", true, false, true, false, false },
    { "Directory", true, false, true, false, false },
    { "URI", true, false, false, false, false },
    { "List[File]", false, true, false, true, true },
    { "List[MS]", false, true, true, false, true },
    { "List[URI]", false, true, false, false, true },
    { "List", false, false, false, false, true },
    { "List[str]", false, false, false, false, true },
    { "Optional[File]", false, false, false, false, false },
    { "Union[File, str]", false, false, false, false, false },
    { "Tuple[File]", false, false, false, false, false },
    { "str", false, false, false, false, false },
};

static void check_questions(void)
{
    for (size_t i = 0; i < SP_COUNT(questions); i++) {
        sp_auto_arena struct sp_arena *arena = sp_arena_new();
        struct sp_err err = SP_ERR_INIT;
        const struct sp_dtype *dtype;
        if (sp_dtype_parse(arena, sp_str_of(questions[i].text), &dtype, &err)) {
            tap_ok(false, "%s", err.text);
            continue;
        }
        tap_ok(sp_dtype_is_file(dtype) == questions[i].file &&
                   sp_dtype_is_file_list(dtype) == questions[i].file_list,
               "%s: file or file list", questions[i].text);
        tap_ok(sp_dtype_of_directories(dtype) == questions[i].directories &&
                   sp_dtype_of_plain_files(dtype) == questions[i].plain_files &&
                   sp_dtype_is_list(dtype) == questions[i].list,
               "%s: kind of file", questions[i].text);
    }
}

/* --- conversions -------------------------------------------------------------------------- */

/* `want` is the result as Python shows it; NULL: refused, and `value` appears in the message or
 * `fault` does. Values are written as YAML. */
static const struct {
    const char *dtype, *value, *want, *fault;
} conversions[] = {
    { "str", "a", "'a'", NULL },
    { "str", "5", "'5'", NULL },
    { "str", "1.0", "'1.0'", NULL },
    { "str", "true", "'True'", NULL },
    { "str", "null", NULL, "expects a str, got nothing" },
    { "str", "[a]", NULL, "got list" },
    { "str", "{a: 1}", NULL, "got mapping" },
    { "str", "'[1, 2]'", "'[1, 2]'", NULL },

    { "int", "5", "5", NULL },
    { "int", "true", "1", NULL },
    { "int", "false", "0", NULL },
    { "int", "5.0", "5", NULL },
    { "int", "5.5", NULL, "expects an int, got float 5.5" },
    { "int", "' 5 '", "5", NULL },
    { "int", "'1_000'", "1000", NULL },
    { "int", "'5.0'", "5", NULL },
    { "int", "'-7'", "-7", NULL },
    { "int", "'+7'", "7", NULL },
    { "int", "'1e3'", NULL, "expects an int, got text '1e3'" },
    { "int", "'0x10'", NULL, "0x10" },
    { "int", "''", NULL, "expects an int" },
    { "int", "'_1'", NULL, "_1" },
    { "int", "'1__0'", NULL, "1__0" },
    { "int", "'5.'", NULL, "5." },
    { "int", "'.0'", NULL, ".0" },
    { "int", "'-'", NULL, "expects an int" },
    { "int", "null", NULL, "nothing" },
    { "int", "abc", NULL, "expects an int, got text 'abc'" },
    { "int", "'9223372036854775807'", "9223372036854775807", NULL },
    { "int", "'9223372036854775808'", NULL, "expects an int" },
    { "int", "9.3e18", NULL, "expects an int" },
    { "int", ".nan", NULL, "expects an int" },
    { "int", ".inf", NULL, "expects an int" },
    { "int", "[1]", NULL, "got list" },

    { "float", "1.5", "1.5", NULL },
    { "float", "5", "5.0", NULL },
    { "float", "true", "1.0", NULL },
    { "float", "'1e-3'", "0.001", NULL },
    { "float", "' 2.5 '", "2.5", NULL },
    { "float", "'1_0.5'", "10.5", NULL },
    { "float", "nan", "nan", NULL },
    { "float", "inf", "inf", NULL },
    { "float", "-inf", "-inf", NULL },
    { "float", "'0x10'", NULL, "0x10" },
    { "float", "abc", NULL, "expects a float, got text 'abc'" },
    { "float", "''", NULL, "expects a float" },
    { "float", "null", NULL, "nothing" },

    { "bool", "true", "True", NULL },
    { "bool", "0", "False", NULL },
    { "bool", "1", "True", NULL },
    { "bool", "1.0", "True", NULL },
    { "bool", "'TRUE'", "True", NULL },
    { "bool", "'Yes'", "True", NULL },
    { "bool", "'oN'", "True", NULL },
    { "bool", "'t'", "True", NULL },
    { "bool", "'Y'", "True", NULL },
    { "bool", "'1'", "True", NULL },
    { "bool", "'false'", "False", NULL },
    { "bool", "'no'", "False", NULL },
    { "bool", "'OFF'", "False", NULL },
    { "bool", "'f'", "False", NULL },
    { "bool", "'n'", "False", NULL },
    { "bool", "'0'", "False", NULL },
    { "bool", "2", NULL, "expects a bool, got int 2" },
    { "bool", "0.5", NULL, "expects a bool" },
    { "bool", "''", NULL, "expects a bool" },
    { "bool", "maybe", NULL, "expects a bool, got text 'maybe'" },
    { "bool", "null", NULL, "nothing" },

    { "complex", "1.5", "1.5", NULL },
    { "complex", "'1+2j'", "'1+2j'", NULL },
    { "complex", "'(1-2.5e3j)'", "'(1-2.5e3j)'", NULL },
    { "complex", "'j'", "'j'", NULL },
    { "complex", "'1+j'", "'1+j'", NULL },
    { "complex", "'1+2'", NULL, "complex" },
    { "complex", "abc", NULL, "complex" },

    { "Any", "null", "None", NULL },
    { "Any", "[1, a]", "[1, 'a']", NULL },
    { "any", "text", "'text'", NULL },
    { "None", "null", "None", NULL },
    { "None", "0", NULL, "expects a None" },

    { "Optional[int]", "null", "None", NULL },
    { "Optional[int]", "'5'", "5", NULL },
    { "Optional[int]", "x", NULL, "expects an int, got text 'x'" },
    { "Optional[str]", "true", "'True'", NULL },
    { "Optional[List[int]]", "'[1,2]'", "[1, 2]", NULL },

    { "List[int]", "[1, '2', 3.0]", "[1, 2, 3]", NULL },
    { "List[int]", "[1, x]", NULL, "element 2: expects an int, got text 'x'" },
    { "List[int]", "'[1,2]'", "[1, 2]", NULL },
    { "List[int]", "'(1,2)'", "[1, 2]", NULL },
    { "List[int]", "'1,2'", "[1, 2]", NULL },
    { "List[int]", "'- 1'", "[1]", NULL },
    { "List[int]", "[]", "[]", NULL },
    { "List[str]", "'[a, b]'", "['a', 'b']", NULL },
    { "List[str]", "[a, 1, 1.5]", "['a', '1', '1.5']", NULL },
    { "List[str]", "[true]", NULL, "element 1: expects a str, got bool" },
    { "List[str]", "[null]", NULL, "element 1: expects a str, got nothing" },
    { "List[str]", "word", NULL, "expects a List[str], got text 'word'" },
    { "List[str]", "5", NULL, "got int 5" },
    { "List[str]", "null", NULL, "nothing" },
    { "List[str]", "{a: 1}", NULL, "got mapping" },
    { "List[str]", "'{a: 1}'", NULL, "expects a List[str]" },
    { "list", "[1, [2], null]", "[1, [2], None]", NULL },
    { "List", "'[1, a]'", "[1, 'a']", NULL },

    { "Tuple[int, str]", "[1, a]", "(1, 'a')", NULL },
    { "Tuple[int, str]", "'(1, \"a\")'", "(1, 'a')", NULL },
    { "Tuple[int, int]", "[1]", NULL, "1 elements instead of 2" },
    { "Tuple[int, int]", "[1, 2, 3]", NULL, "3 elements instead of 2" },
    { "Tuple[int, ...]", "['1', 2, 3]", "(1, 2, 3)", NULL },
    { "Tuple[()]", "[]", "()", NULL },
    { "Tuple[()]", "[1]", NULL, "instead of 0" },
    { "Tuple", "[1, a]", "(1, 'a')", NULL },
    { "List[Tuple[float, float]]", "[[1, 2], [3, 4]]", "[(1.0, 2.0), (3.0, 4.0)]", NULL },
    { "Set[int]", "[1, '1', 2]", "[1, 2]", NULL },

    { "Dict[str, int]", "{a: '1'}", "{'a': 1}", NULL },
    { "Dict[str, int]", "'{a: 1}'", "{'a': 1}", NULL },
    { "Dict[str, int]", "{a: x}", NULL, "key 'a': expects an int" },
    { "Dict[int, int]", "{x: 1}", NULL, "key 'x': expects an int" },
    { "Dict", "{a: [1]}", "{'a': [1]}", NULL },
    { "Dict", "[a]", NULL, "expects a Dict, got list" },
    { "Dict", "a", NULL, "expects a Dict, got text 'a'" },

    { "Union[str, int]", "5", "5", NULL },
    { "Union[str, int]", "'5'", "'5'", NULL },
    { "Union[int, str]", "'5'", "'5'", NULL },
    { "Union[int, str]", "5", "5", NULL },
    { "Union[int, float]", "'5'", "5", NULL },
    { "Union[int, float]", "'5.5'", "5.5", NULL },
    { "Union[int, float]", "5", "5", NULL },
    { "Union[int, float]", "5.0", "5.0", NULL },
    { "Union[str, float]", "5", "5.0", NULL },
    { "Union[str, float]", "x", "'x'", NULL },
    { "Union[str, bool]", "true", "True", NULL },
    { "Union[str, List[str]]", "'[a,b]'", "['a', 'b']", NULL },
    { "Union[str, List[str]]", "a", "'a'", NULL },
    { "Union[str, List[str]]", "[a, b]", "['a', 'b']", NULL },
    { "Union[str, List[str]]", "'{a: b}'", "'{a: b}'", NULL },
    { "Union[int, List[int], List[float]]", "[1.5, 2]", "[1.5, 2.0]", NULL },
    { "Union[int, List[int], List[float]]", "[1, 2]", "[1, 2]", NULL },
    { "Union[int, List[int]]", "x", NULL, "expects int or List[int], got text 'x'" },
    { "Union[float, List[float]]", "'1.5'", "1.5", NULL },
    { "Union[str, Tuple[str, float]]", "[a, 1]", "('a', 1.0)", NULL },
    { "Union[int, str, List[str], List[int]]", "[1, 2]", "[1, 2]", NULL },
    { "Union[int, None]", "null", "None", NULL },
    { "int | None", "'5'", "5", NULL },
    { "List[Union[int, str]]", "[1, a, '2']", "[1, 'a', '2']", NULL },

    { "Literal['a', 2]", "a", "'a'", NULL },
    { "Literal['a', 2]", "2", "2", NULL },
    { "Literal['a', 2]", "'2'", NULL, "expects a Literal['a', 2]" },

    { "File", "a.txt", "'a.txt'", NULL },
    { "File", "5", NULL, "expects a File, got int 5" },
    { "MS", "null", NULL, "expects an MS, got nothing" },
    { "Union[MS, Directory]", "x.ms", "'x.ms'", NULL },
    { "Tuple[File, int]", "[a, 1]", "('a', 1)", NULL },
};

static void check_conversion(const char *dtype_text,
                             const char *text,
                             const char *want,
                             const char *fault)
{
    struct bed bed;
    struct sp_err err = SP_ERR_INIT;
    const struct sp_dtype *dtype;
    struct sp_value out = sp_at(sp_int(-42), 99);

    bed_init(&bed);
    struct sp_value value = bed_yaml(&bed, sp_arena_printf(bed.arena, "v: %s", text).ptr);
    const struct sp_value *given = sp_dict_get(value.dict, "v");
    enum sp_rc rc = sp_dtype_parse(bed.arena, sp_str_of(dtype_text), &dtype, &err);
    if (rc == SP_OK)
        rc = sp_dtype_coerce(bed.arena, dtype, *given, &out, &err);
    if (want) {
        if (!tap_ok(rc == SP_OK && strcmp(bed_repr(&bed, out), want) == 0 &&
                        out.origin == given->origin,
                    "%s from %s", dtype_text, text))
            printf("# got %s, want %s: %s\n", bed_repr(&bed, out), want, err.text);
    } else if (!tap_ok(rc == SP_INVALID && out.integer == -42 && strstr(err.text, fault),
                       "%s refuses %s", dtype_text, text)) {
        printf("# got %s: %s\n", bed_repr(&bed, out), err.text);
    }
    bed_fini(&bed);
}

static void check_kinds(void)
{
    struct bed bed;
    struct sp_err err = SP_ERR_INIT;
    const struct sp_dtype *file;
    const struct sp_dtype *either;
    struct sp_value out;

    bed_init(&bed);
    struct sp_value path = { .kind = SP_PATH, .text = SP_STR("a") };
    struct sp_value unknown = sp_no_value(bed.arena, SP_UNRESOLVED, "later");
    bool ok = !sp_dtype_parse(bed.arena, SP_STR("File"), &file, &err) &&
              !sp_dtype_parse(bed.arena, SP_STR("Union[File, str]"), &either, &err);
    tap_ok(ok && !sp_dtype_coerce(bed.arena, file, sp_text(SP_STR("a")), &out, &err) &&
               out.kind == SP_PATH,
           "a File is a path");
    tap_ok(ok && !sp_dtype_coerce(bed.arena, either, sp_text(SP_STR("a")), &out, &err) &&
               out.kind == SP_TEXT,
           "text stays text where str is allowed");
    tap_ok(ok && !sp_dtype_coerce(bed.arena, either, path, &out, &err) && out.kind == SP_PATH,
           "a path stays a path");
    tap_ok(ok && !sp_dtype_coerce(bed.arena, file, unknown, &out, &err) &&
               out.kind == SP_UNRESOLVED,
           "what is not known passes");
    bed_fini(&bed);
}

int main(void)
{
    check_types();
    check_depth();
    check_questions();
    for (size_t i = 0; i < SP_COUNT(conversions); i++)
        check_conversion(conversions[i].dtype, conversions[i].value, conversions[i].want,
                         conversions[i].fault);
    check_kinds();
    return tap_done();
}
