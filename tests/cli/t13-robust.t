#!/bin/sh
# SPDX-License-Identifier: BSD-3-Clause
# Whatever can be typed gives a result or a finding: no crash, no endless work, no endless memory.
# shellcheck source=tap.sh
. "$(dirname "$0")/tap.sh"

# Programs built with a sanitizer reserve more address space than there is memory.
limit=4000000
# shellcheck disable=SC3045 # dash, bash and busybox know -v
(ulimit -v $limit && "$SPOOR" --version) >/dev/null 2>&1 || limit=unlimited

# repeat COUNT TEXT
repeat() {
    awk -v n="$1" -v t="$2" 'BEGIN { for (i = 0; i < n; i++) printf "%s", t }'
}

# recipe: a recipe with one step, whose parameter x is what comes in
recipe() {
    printf 'cabs:\n  t: {command: "true", inputs: {x: Any, ls: {dtype: "List[str]"}}}\n'
    printf 'r:\n  inputs: {i: int = 1}\n  steps:\n    s:\n      cab: t\n      params:\n        x: '
    cat
    echo
}

# ends STATUS PATTERN NAME: check of r.yml (recipe r) ends in time, with this status and message
ends() {
    # shellcheck disable=SC2016 # for the inner shell
    try sh -c 'ulimit -v '"$limit"'; exec timeout 100 "$SPOOR" check r.yml r'
    [ "$rc" -eq "$1" ] && cat "$out" "$err" | grep -Eaq "$2"
    ok $? "$3" || { echo "# status $rc"; show | cut -c 1-300; }
}

# formula STATUS PATTERN FORMULA
formula() {
    printf "'%s'" "$3" | recipe >r.yml
    ends "$1" "$2" "$(printf '%s' "$3" | cut -c 1-60)"
}

# --- values ---------------------------------------------------------------------------------------
formula 1 'RANGE\(\) gives more than' '=RANGE(10**12)'
formula 1 'result is too large' '="x" * 10**12'
formula 1 'result is too large' '="x" * 1000000000'
formula 1 'result is too large' '=LIST(1) * 10**9'
formula 1 'integer overflow' '=10**10**10'
formula 1 'integer overflow' '=1 << 10**9'
formula 1 'out of range' '=RANGE(10)[10**18]'
formula 0 'fine' '="abc"[0:10**18]'
formula 1 'width and precision' '="{recipe.i:>1000000000}"'
formula 1 'width and precision' '="{recipe.i:.1000000000f}"'
formula 1 'does not have a repeat policy|too many files' '=GLOB(/**)'
formula 1 'nested deeper' "=$(repeat 3000 'IF(1==1, ')1$(repeat 3000 ', 0)')"
formula 0 'fine' "=$(repeat 200 'IF(1==1, ')1$(repeat 200 ', 0)')"
formula 1 'nested deeper' "=$(repeat 50000 '(')1$(repeat 50000 ')')"
formula 1 'error parsing' "$(repeat 50000 '{recipe.a')"
formula 1 'error parsing' "{recipe$(repeat 50000 '[a]')}"
formula 1 'is not set|there is no' "=recipe.$(repeat 30 'a*')b"

# 100^4 names, as long as nobody gives up
mkdir wide
(cd wide && for i in 0 1 2 3 4 5 6 7 8 9; do for k in 0 1 2 3 4 5 6 7 8 9; do ln -s . $i$k; done; done)
formula 1 'too many files' "=LEN(GLOB(wide/*/*/*/*/*))"
rm -rf wide

# --- YAML -----------------------------------------------------------------------------------------
{ repeat 100000 '['; repeat 100000 ']'; } | recipe >r.yml
ends 2 'nested deeper' "100,000 brackets"
repeat 100000 '{a: ' | recipe >r.yml
ends 2 'nested deeper' "100,000 braces, none closed"
{ printf '"'; repeat 1000000 xxxxxxxxxx; printf '"'; } | recipe >r.yml
ends 0 'fine' "a value of 10 MB"
{ printf '"='; repeat 1000000 xxxxxxxxxx; printf '"'; } | recipe >r.yml
ends 1 'error parsing' "a formula of 10 MB"
{ printf '{'; repeat 100000 kkkkkkkkkk; printf ': 1}'; } | recipe >r.yml
ends 1 'repeat policy' "a key of 1 MB"
awk 'BEGIN { print "vars:"; print "  a0: &a0 [x,x,x,x,x,x,x,x,x,x]"
    for (i = 1; i < 12; i++) { printf "  a%d: &a%d [", i, i
        for (k = 0; k < 10; k++) printf "%s*a%d", k ? "," : "", i - 1; print "]" } }' >bomb.yml
{ cat bomb.yml; echo '*a11' | recipe; } >r.yml
ends 2 'expands to more than' "an alias bomb"
{ echo 'a: &a [*a]'; echo 1 | recipe; } >r.yml
ends 2 'refers to the section' "an alias of itself"
{ printf 'a: &a\n  <<: *a\n  x: 1\n'; echo 1 | recipe; } >r.yml
ends 2 'refers to the section' "a merge key of itself"
printf 'r:\n  info: "\377\376\303"\n' >r.yml
ends 2 'not UTF-8' "bytes that are no UTF-8"
printf 'r:\n  info: "a\000b"\n' >r.yml
ends 2 'control character' "a NUL"
head -c 100000 "$SPOOR" >r.yml
ends 2 'UTF-8|control character' "a program instead of a recipe"
printf '"%s"' "$(repeat 5000 'List[')int$(repeat 5000 ']')" >dtype
printf 'r:\n  inputs: {x: %s}\n' "$(cat dtype)" >r.yml
ends 2 'not a valid dtype|nested deeper' "a dtype of 5,000 brackets"

# --- composition ----------------------------------------------------------------------------------
{ echo '_include: other.yml'; echo 1 | recipe; } >r.yml
echo '_include: r.yml' >other.yml
ends 2 'included recursively' "files that include each other"
awk 'BEGIN { print "lib:\n  misc:\n    a0: {x: 1}"
    for (i = 1; i < 40; i++) printf "    a%d: {l: {_use: lib.misc.a%d}, r: {_use: lib.misc.a%d}}\n",
        i, i - 1, i - 1 }' >uses
{ cat uses; echo 1 | recipe; } >r.yml
ends 2 'expand to more' "_use that doubles 40 times"
awk 'BEGIN { print "vars:\n  a0: xxxxxxxxxx"
    for (i = 1; i < 20; i++) { printf "  a%d: \"", i
        for (k = 0; k < 10; k++) printf "${vars.a%d}", i - 1; print "\"" } }' >vars
{ cat vars; echo 1 | recipe; } >r.yml
ends 2 'expand to too much' "\${} that grows tenfold 20 times"
# shellcheck disable=SC2016 # meant as it stands
{ printf 'a: "${b}"\nb: "${a}"\n'; echo 1 | recipe; } >r.yml
ends 2 'refers to itself' "\${} in a circle"

# --- recipes --------------------------------------------------------------------------------------
printf 'r: {steps: {s: {recipe: b}}}\nb: {steps: {s: {recipe: r}}}\n' >r.yml
ends 2 'contains itself' "recipes that contain each other"
awk 'BEGIN { print "cabs: {t: {command: \"true\"}}\nr0: {steps: {s: {cab: t}}}"
    for (i = 1; i < 60; i++) printf "%s: {steps: {a: {recipe: r%d}, b: {recipe: r%d}}}\n",
        i == 59 ? "r" : "r" i, i - 1, i - 1 }' >r.yml
ends 2 'more than 200000 steps' "recipes that double 60 times"
awk 'BEGIN { print "cabs: {t: {command: \"true\"}}\nr:\n  assign:\n    a0: xxxxxxxxxx"
    for (i = 1; i < 20; i++) { printf "    a%d: \"", i
        for (k = 0; k < 10; k++) printf "{recipe.a%d}", i - 1; print "\"" }
    print "  steps: {s: {cab: t}}" }' >r.yml
ends 1 'too large' "substitutions that grow tenfold 20 times"
printf 'cabs: {t: {command: "true"}}\nr:\n  assign: {a: "{recipe.b}", b: "{recipe.a}"}\n' >r.yml
printf '  steps: {s: {cab: t}}\n' >>r.yml
ends 1 'cyclic' "substitutions in a circle"
awk 'BEGIN { print "cabs: {t: {command: \"true\"}}\nr:\n  steps:"
    for (i = 0; i < 20000; i++) printf "    s%d: {cab: t, params: {y%d: 1}}\n", i, i }' >r.yml
ends 1 '20000 errors' "20,000 mistakes"
awk 'BEGIN { print "cabs: {t: {command: \"true\", inputs: {x: int}}}\nr:\n  aliases:"
    for (i = 0; i < 20000; i++) printf "    a%d: s%d.x\n", i, i
    print "  steps:"
    for (i = 0; i < 20000; i++) printf "    s%d: {cab: t}\n", i }' >r.yml
ends 0 'fine, 20000|missing 20000 required' "20,000 aliases"
steps=1000000
[ $limit = unlimited ] && steps=210000 # a sanitizer takes its time
awk -v n=$steps 'BEGIN { print "cabs: {t: {command: \"true\"}}\nr:\n  steps:"
    for (i = 0; i < n; i++) printf "    s%d: {cab: t}\n", i }' >r.yml
ends 2 'more than' "$steps steps"

# --- tools ----------------------------------------------------------------------------------------
cat >r.yml <<'END'
cabs:
  t:
    command: echo aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa!
    management: {wranglers: {'(a+)+$': ["HIGHLIGHT:red"]}}
r: {steps: {s: {cab: t}}}
END
try timeout 100 "$SPOOR" run r.yml r
[ "$rc" -le 1 ]
ok $? "a pattern that tries everything" || show

# --- words of the command line -----------------------------------------------------------------------
echo '"{recipe.i}"' | recipe >r.yml
# word STATUS PATTERN WORD
word() {
    try timeout 100 "$SPOOR" check r.yml r "$3"
    [ "$rc" -eq "$1" ] && cat "$out" "$err" | grep -Eaq "$2"
    ok $? "word $(printf '%s' "$3" | cut -c 1-40 | tr -cd '[:print:]')" || show
}
word 2 'nested deeper' "i=$(repeat 20000 '[')"
word 2 'refers to the section' "i=&a [*a]"
word 1 'int' "i=99999999999999999999999999"
word 2 'not UTF-8' "i=$(printf '\377\376')"
word 1 'int' "i=$(repeat 10000 x)"
word 1 'no value|unknown|no parameter' "$(repeat 10000 'a.')=1"
word 2 'cannot be a key' "i={{{"

finish
