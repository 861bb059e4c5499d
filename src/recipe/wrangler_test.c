/* SPDX-License-Identifier: BSD-3-Clause */
#include "recipe/wrangler.h"

#include "recipe/regex.h"
#include "recipe/test_bed.h"

/* --- regular expressions ------------------------------------------------------------------ */

/* Values that Python's re.sub() gives; want NULL: refused at compilation. */
static const struct {
    const char *pattern, *subject, *replacement, *want;
} subs[] = {
    { "b", "abcb", "x", "axcx" },
    { "x*", "abxd", "-", "-a-b--d-" },
    { "", "ab", "-", "-a-b-" },
    { "(?P<n>\\d+)", "a12b3", "<\\g<n>>", "a<12>b<3>" },
    { "(a)(b)?", "ab a", "[\\1\\2]", "[ab] [a]" },
    { "(a)", "a", "\\g<1>0", "a0" },
    { "(a)", "a", "\\g<0>\\g<0>", "aa" },
    { "(?P<q>['\"]).*?(?P=q)", "x 'y' z", "Q", "x Q z" },
    { "a", "a", "\\\\ \\n|\\t", "\\ \n|\t" },
    { "a", "a", "\\d\\", "\\d\\" },
    { "a\\Z", "aa", "x", "ax" },
    { "\\[x\\]", "[x] [y]", "z", "z [y]" },
    { "[]x]+", "a]xb", "-", "a-b" },
    { "[^]]+", "a]b", "-", "-]-" },
    { "[\\]Z]", "a]Z", "-", "a--" },
    { "a{,2}b", "aaab b", "x", "ax x" },
    { "(?i)FOO", "foo", "x", "x" },
    { "\\bé\\b", "é è", "e", "e è" },
    { "\\u00e9", "é", "e", "e" },
    { ".", "\xff\xc3\xa9", "x",
      "\xff"
      "x" },
    { "(", "a", "", NULL },
    { "a**", "a", "", NULL },
    { "(?P<n>a)(?P<n>b)", "a", "", NULL },
    { "[a", "a", "", NULL },
};

static void check_subs(void)
{
    for (size_t i = 0; i < SP_COUNT(subs); i++) {
        sp_auto_arena struct sp_arena *arena = sp_arena_new();
        sp_auto_buf struct sp_buf out = SP_BUF(SP_BUF_SMALL);
        struct sp_err err = SP_ERR_INIT;
        struct sp_regex *regex = NULL;
        enum sp_rc rc = sp_regex_compile(arena, sp_str_of(subs[i].pattern), &regex, &err);
        if (!subs[i].want) {
            tap_ok(rc == SP_INVALID && !regex && strstr(err.text, "not a regular expression"),
                   "/%s/ is refused", subs[i].pattern);
            continue;
        }
        if (rc == SP_OK)
            rc = sp_regex_replace(regex, sp_str_of(subs[i].subject), sp_str_of(subs[i].replacement),
                                  &out, &err);
        if (!tap_ok(rc == SP_OK && strcmp(out.ptr, subs[i].want) == 0, "s/%s/%s/ on %s",
                    subs[i].pattern, subs[i].replacement, subs[i].subject))
            printf("# got <%s> %s\n", out.ptr, err.text);
        sp_regex_free(regex);
    }
}

static void check_regex_limits(void)
{
    sp_auto_arena struct sp_arena *arena = sp_arena_new();
    struct sp_err err = SP_ERR_INIT;
    struct sp_regex *regex = NULL;
    struct sp_match match;
    struct sp_str subject = SP_STR("aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaab");

    bool ok = sp_regex_compile(arena, SP_STR("(a+)+$"), &regex, &err) == SP_OK;
    tap_ok(ok && !sp_regex_search(regex, subject, 0, false, &match),
           "endless backtracking is no match");
    sp_regex_free(regex);
    sp_regex_free(NULL);

    sp_auto_buf struct sp_buf many = SP_BUF(SP_BUF_SMALL);
    for (int i = 0; i < SP_REGEX_GROUPS_MAX; i++)
        sp_buf_adds(&many, "(a)");
    tap_ok(sp_regex_compile(arena, sp_buf_str(&many), &regex, &err) == SP_LIMIT,
           "too many groups are refused");

    ok = sp_regex_compile(arena, SP_STR("(?P<n>a)(b)?"), &regex, &err) == SP_OK;
    tap_ok(
        ok && sp_regex_group(regex, SP_STR("n")) == 1 && sp_regex_group(regex, SP_STR("2")) == 2 &&
            sp_regex_group(regex, SP_STR("3")) == SIZE_MAX &&
            sp_regex_group(regex, SP_STR("x")) == SIZE_MAX &&
            sp_regex_group(regex, SP_STR("")) == SIZE_MAX &&
            sp_str_is(sp_regex_group_name(regex, 1), "n") && sp_regex_group_name(regex, 2).len == 0,
        "groups by name and number");
    tap_ok(ok && sp_regex_search(regex, SP_STR("xa"), 0, false, &match) && match.count == 3 &&
               sp_str_is(sp_match_group(&match, 1), "a") && sp_match_group(&match, 2).len == 0,
           "groups of a match");
    sp_regex_free(regex);
}

/* --- actions ------------------------------------------------------------------------------ */

/* Lines go through the rules one by one; the outcome is written as
 * "LEVEL[s][!][+] text|..." then declared, errors, warnings, outputs. */
static const struct {
    const char *rules;
    const char *lines; /* separated by '\n' */
    const char *want;
} cases[] = {
    { "{}", "a", "1 a; 0" },
    { "{'(a)': 'REPLACE:<\\1>'}", "b", "1 b; 0" },
    { "{'a(.)': 'REPLACE:<\\1>'}", "xabac", "1 x<b><c>; 0" },
    { "{'(?P<w>fox)': 'REPLACE:Michael J. \\g<w>'}", "the fox", "1 the Michael J. fox; 0" },
    { "{a: 'REPLACE:', b: 'REPLACE:c'}", "ab", "1 c; 0" },
    { "{a: 'REPLACE:b', b: 'REPLACE:c'}", "a", "1 c; 0" },
    { "{a: SUPPRESS}", "a\nb", "1s a|1 b; 0" },
    { "{a: 'SEVERITY:WARNING'}", "a\nb", "2 a|1 b; 0" },
    { "{a: 'SEVERITY:DEBUG'}", "a", "1 a; 0" },
    { "{a: ['SEVERITY:FATAL', 'SEVERITY:INFO']}", "a", "4 a; 0" },
    { "{a: 'WARNING:low on fuel'}", "a\na", "2 a|2 a; 0 warnings=['low on fuel', 'low on fuel']" },
    { "{a: ERROR}", "a",
      "3! a; -1 errors=[\"cab marked as failed based on encountering 'a' in output\"]" },
    { "{'(?P<what>fox)': 'ERROR:Nobody expected the {what}!'}", "fox",
      "3! fox; -1 errors=['Nobody expected the fox!']" },
    { "{'(fox)': 'ERROR:a {1} and {other} {'}", "fox",
      "3! fox; -1 errors=['a {1} and {other} {']" },
    { "{a: DECLARE_SUCCESS}", "b\na", "1 b|1+ a; 1" },
    /* failure is sticky, whatever comes first */
    { "{a: DECLARE_SUCCESS, b: 'ERROR:x'}", "a\nb", "1+ a|3! b; -1 errors=['x']" },
    { "{a: DECLARE_SUCCESS, b: 'ERROR:x'}", "b\na", "3! b|1+ a; -1 errors=['x']" },
    /* later rules still see a line that failed */
    { "{a: 'ERROR:x', '(?P<n>\\d)': 'PARSE_OUTPUT:n:int'}", "a 5",
      "3! a 5; -1 errors=['x'] outputs={'n': 5}" },
    { "{a: [SUPPRESS, 'ERROR:x']}", "a", "3s! a; -1 errors=['x']" },
    /* values */
    { "{'n=(?P<n>\\S+)': 'PARSE_OUTPUT:n:int'}", "n=42", "1 n=42; 0 outputs={'n': 42}" },
    { "{'n=(?P<n>\\S+)': 'PARSE_OUTPUT:count:n:int'}", "n=42", "1 n=42; 0 outputs={'count': 42}" },
    { "{'n=(\\S+)': 'PARSE_OUTPUT:count:1:float'}", "n=1e3",
      "1 n=1e3; 0 outputs={'count': 1000.0}" },
    { "{'(\\d)': 'PARSE_OUTPUT:1:str'}", "7", "1 7; 0 outputs={'1': '7'}" },
    { "{'(.*)': 'PARSE_OUTPUT:b:1:bool'}", "False", "1 False; 0 outputs={'b': True}" },
    { "{'x(.*)': 'PARSE_OUTPUT:b:1:bool'}", "x", "1 x; 0 outputs={'b': False}" },
    { "{'(.+)': 'PARSE_OUTPUT:z:1:complex'}", "1+2j", "1 1+2j; 0 outputs={'z': '1+2j'}" },
    { "{'(.+)': 'PARSE_OUTPUT:l:1:json'}", "[true,false]",
      "1 [true,false]; 0 outputs={'l': [True, False]}" },
    { "{'(.+)': 'PARSE_OUTPUT:l:1:YAML'}", "{a: [x, 1]}",
      "1 {a: [x, 1]}; 0 outputs={'l': {'a': ['x', 1]}}" },
    { "{'(\\S+)': 'PARSE_OUTPUT:n:1:int'}", "5.0",
      "3 5.0; -1 errors=[\"output matching '(\\\\S+)': '5.0' is not int\"]" },
    { "{'(.+)': 'PARSE_OUTPUT:l:1:JSON'}", "[1,",
      "3 [1,; -1 errors=[\"output matching '(.+)': '[1,' is not JSON\"]" },
    { "{'a(b)?': 'PARSE_OUTPUT:n:1:int'}", "a", "1 a; 0" },
    { "{'(?P<a>\\S+) (?P<b>\\S+)?(x)?': PARSE_JSON_OUTPUTS}", "1 \"y\"",
      "1 1 \"y\"; 0 outputs={'a': 1, 'b': 'y'}" },
    { "{'(?P<a>\\S+)': PARSE_JSON_OUTPUTS}", "oops",
      "3 oops; -1 errors=[\"output matching '(?P<a>\\\\S+)': 'oops' is not JSON\"]" },
    { "{'out: (.*)': PARSE_JSON_OUTPUT_DICT}", "out: {\"a\": [1], \"b\": null}",
      "1 out: {\"a\": [1], \"b\": null}; 0 outputs={'a': [1], 'b': None}" },
    { "{'out: (.*)': PARSE_JSON_OUTPUT_DICT}", "out: [1]",
      "3 out: [1]; -1 errors=[\"output matching 'out: (.*)': '[1]' is not a JSON object\"]" },
    { "{'out: (.*)': PARSE_JSON_OUTPUT_DICT}", "out: {",
      "3 out: {; -1 errors=[\"output matching 'out: (.*)': '{' is not a JSON object\"]" },
    /* brackets reach the expression as the tool wrote them */
    { "{'\\[(?P<v>[^]]*)\\]': 'PARSE_OUTPUT:v:str'}", "[bold] \\x",
      "1 [bold] \\x; 0 outputs={'v': 'bold'}" },
    { "{a: 'HIGHLIGHT:bold red', b: 'REPLACE:xx'}", "b a a",
      "1 xx a a <3-4 bold red><5-6 bold red>; 0" },
};

static struct sp_str add_verdict(struct bed *bed,
                                 struct sp_str text,
                                 const struct sp_verdict *verdict)
{
    struct sp_value errors = { .kind = SP_LIST, .list = verdict->errors };
    struct sp_value warnings = { .kind = SP_LIST, .list = verdict->warnings };
    struct sp_value outputs = { .kind = SP_DICT, .dict = verdict->outputs };

    text = sp_arena_printf(bed->arena, SP_STR_FMT "; %d", SP_STR_ARG(text), verdict->declared);
    if (errors.list)
        text = sp_arena_printf(bed->arena, SP_STR_FMT " errors=%s", SP_STR_ARG(text),
                               bed_repr(bed, errors));
    if (warnings.list)
        text = sp_arena_printf(bed->arena, SP_STR_FMT " warnings=%s", SP_STR_ARG(text),
                               bed_repr(bed, warnings));
    if (outputs.dict)
        text = sp_arena_printf(bed->arena, SP_STR_FMT " outputs=%s", SP_STR_ARG(text),
                               bed_repr(bed, outputs));
    return text;
}

static struct sp_str add_line(struct bed *bed, struct sp_str text, const struct sp_wrangled *line)
{
    text = sp_arena_printf(bed->arena, SP_STR_FMT "%s%d%s%s%s " SP_STR_FMT, SP_STR_ARG(text),
                           text.len ? "|" : "", (int)line->level, line->suppressed ? "s" : "",
                           line->marks_failure ? "!" : "", line->marks_success ? "+" : "",
                           SP_STR_ARG(line->text));
    for (size_t i = 0; i < line->highlight_count; i++)
        text = sp_arena_printf(bed->arena, SP_STR_FMT "%s<%zu-%zu " SP_STR_FMT ">",
                               SP_STR_ARG(text), i ? "" : " ", line->highlights[i].start,
                               line->highlights[i].end, SP_STR_ARG(line->highlights[i].style));
    return text;
}

static void check_case(const char *rules, const char *lines, const char *want)
{
    struct bed bed;
    struct sp_str got = SP_STR("");

    bed_init(&bed);
    struct sp_verdict verdict = { .arena = bed.arena };
    struct sp_value dict = bed_yaml(&bed, rules);
    struct sp_wranglers *wranglers = sp_wranglers_load(bed.arena, dict.dict, &bed.diags);
    for (struct sp_str rest = sp_str_of(lines); rest.ptr;) {
        struct sp_wrangled line;
        sp_wrangle(wranglers, sp_str_cut(&rest, '\n'), &verdict, &line);
        got = add_line(&bed, got, &line);
    }
    got = add_verdict(&bed, got, &verdict);
    if (!tap_ok(sp_str_is(got, want) && !bed.diags.errors, "%s on %s", rules, lines))
        printf("# got  %s\n# want %s\n# %s\n", got.ptr, want, bed_findings(&bed));
    sp_wranglers_free(wranglers);
    bed_fini(&bed);
}

static const struct {
    const char *rules, *finding;
} faults[] = {
    { "{'(': SUPPRESS}", "is not a regular expression" },
    { "{a: SUPRESS}", "did you mean 'SUPPRESS'?" },
    { "{a: suppress}", "is not a valid wrangler specifier" },
    { "{a: 'SUPPRESS:x'}", "nothing can follow" },
    { "{a: REPLACE}", "write REPLACE:text" },
    { "{a: 'REPLACE:\\1'}", "no group '1'" },
    { "{a: 'REPLACE:\\g<n>'}", "no group 'n'" },
    { "{a: HIGHLIGHT}", "needs a colon" },
    { "{a: 'WARNING'}", "needs a colon" },
    { "{a: 'SEVERITY:LOUD'}", "the severities are" },
    { "{a: SEVERITY}", "the severities are" },
    { "{a: PARSE_OUTPUT}", "write PARSE_OUTPUT" },
    { "{a: 'PARSE_OUTPUT:n:int'}", "no such group" },
    { "{'(?P<n>a)': 'PARSE_OUTPUT:n:number'}", "the types are" },
    { "{'(?P<n>a)': 'PARSE_OUTPUT:n'}", "write PARSE_OUTPUT" },
    { "{a: PARSE_JSON_OUTPUT_DICT}", "has no group" },
    { "{a: 5}", "an action is a text" },
    { "{a: [SUPPRESS, null]}", "an action is a text" },
};

static void check_faults(void)
{
    for (size_t i = 0; i < SP_COUNT(faults); i++) {
        struct bed bed;
        struct sp_wrangled line;
        bed_init(&bed);
        struct sp_verdict verdict = { .arena = bed.arena };
        struct sp_value dict = bed_yaml(&bed, faults[i].rules);
        struct sp_wranglers *wranglers = sp_wranglers_load(bed.arena, dict.dict, &bed.diags);
        sp_wrangle(wranglers, SP_STR("a"), &verdict, &line);
        if (!tap_ok(bed.diags.errors == 1 && bed.diags.items[0].origin &&
                        strstr(bed_findings(&bed), faults[i].finding),
                    "%s is refused", faults[i].rules))
            printf("# %s\n", bed_findings(&bed));
        sp_wranglers_free(wranglers);
        bed_fini(&bed);
    }
}

/* A catastrophic pattern is given up, said once, and does not make a chatty tool slow. */
static void check_patience(void)
{
    struct bed bed;
    struct sp_wrangled line;

    bed_init(&bed);
    struct sp_verdict verdict = { .arena = bed.arena };
    struct sp_value rules = bed_yaml(&bed, "{'(a+)+$': SUPPRESS, b: 'SEVERITY:ERROR'}");
    struct sp_wranglers *wranglers = sp_wranglers_load(bed.arena, rules.dict, &bed.diags);
    bool kept = true;
    for (int i = 0; i < 2000; i++) {
        sp_wrangle(wranglers, SP_STR("aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaab"), &verdict, &line);
        kept = kept && !line.suppressed && line.level == SP_LOG_ERROR;
    }
    tap_ok(kept && verdict.warnings && verdict.warnings->len == 1 &&
               sp_str_find_str(verdict.warnings->items[0].text, SP_STR("was given up on a line")) !=
                   SIZE_MAX,
           "given up once, other rules go on");
    sp_wranglers_free(wranglers);
    bed_fini(&bed);
}

/* 10 MB in one line: a catalogue as JSON, and one rule that looks at all of it. */
static void check_long_line(void)
{
    struct bed bed;
    struct sp_wrangled line;
    sp_auto_buf struct sp_buf text = SP_BUF(SP_BUF_LARGE);

    bed_init(&bed);
    struct sp_verdict verdict = { .arena = bed.arena };
    struct sp_value rules =
        bed_yaml(&bed, "{'^OUT (.*)': [PARSE_JSON_OUTPUT_DICT, SUPPRESS], 'x(?=y)': SUPPRESS}");
    struct sp_wranglers *wranglers = sp_wranglers_load(bed.arena, rules.dict, &bed.diags);
    sp_buf_adds(&text, "OUT {\"x\": [0");
    while (text.len < 10000000)
        sp_buf_adds(&text, ", 1.25");
    sp_buf_adds(&text, "]}");
    sp_wrangle(wranglers, sp_buf_str(&text), &verdict, &line);
    const struct sp_value *x = verdict.outputs ? sp_dict_get(verdict.outputs, "x") : NULL;
    tap_ok(line.suppressed && x && x->list->len > 1600000 && !verdict.errors, "a line of 10 MB");
    sp_wranglers_free(wranglers);
    bed_fini(&bed);
}

int main(void)
{
    check_subs();
    check_patience();
    check_long_line();
    check_regex_limits();
    for (size_t i = 0; i < SP_COUNT(cases); i++)
        check_case(cases[i].rules, cases[i].lines, cases[i].want);
    check_case("{}", "", "1 ; 0");
    check_faults();
    sp_wranglers_free(NULL);
    return tap_done();
}
