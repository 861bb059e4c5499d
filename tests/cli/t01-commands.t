#!/bin/sh
# SPDX-License-Identifier: BSD-3-Clause
# What every command has: help, man page, completion, and answers to misspelt words.
# shellcheck source=tap.sh
. "$(dirname "$0")/tap.sh"

commands="run check plan doc build runs status log clean config completion help"

# --- the program itself -------------------------------------------------------------------------
try "$SPOOR" --version
status 0 "--version"
like "$out" '^spoor [0-9]+\.[0-9]+\.[0-9]+$' "--version is one line"
is "$(cat "$err")" "" "--version says nothing on stderr"

try "$SPOOR" --help
status 0 "--help"
for command in $commands; do
    like "$out" "^  $command  +[a-z]" "--help lists $command"
done
try "$SPOOR"
status 2 "no arguments"
like "$err" '^usage: spoor' "no arguments: usage on stderr"
is "$(cat "$out")" "" "no arguments: nothing on stdout"

try "$SPOOR" rnu
status 2 "unknown command"
like "$err" "no command 'rnu'; did you mean 'run'\?" "unknown command: nearest name"
try "$SPOOR" --vresion
status 2 "unknown global option"
like "$err" "unknown option --vresion; did you mean --version\?" "unknown global option: nearest"
try "$SPOOR" frobnicate
status 2 "command like no other"
unlike "$err" 'did you mean' "command like no other: no wild guess"

# --- each command ---------------------------------------------------------------------------------
"$SPOOR" completion bash >"$scratch/completion"
for command in $commands; do
    try "$SPOOR" "$command" --help
    status 0 "$command --help"
    like "$out" "^usage: spoor $command" "$command --help: usage"
    cp "$out" "$scratch/help"
    try "$SPOOR" "$command" -h
    is "$(cat "$out")" "$(cat "$scratch/help")" "$command -h is the same"
    try "$SPOOR" help "$command"
    is "$(cat "$out")" "$(cat "$scratch/help")" "help $command is the same"

    options=$(sed -n "s/^ *'$command') words='\(.*\)' ;;/\1/p" "$scratch/completion" | head -n 1)
    "$SPOOR" help --man "$command" >"$scratch/man"
    for option in $options; do
        like "$scratch/help" "(^|[ ,])$option( |$)" "$command --help has $option"
        like "$scratch/man" "$(echo "$option" | sed 's/-/\\\\-/g')" "man page of $command has $option"
    done

    try "$SPOOR" "$command" --hlep
    status 2 "$command with an unknown option"
    like "$err" 'did you mean --help\?' "$command: nearest option"
    like "$err" "Try 'spoor $command --help'" "$command: where to look"
    awk -v most=100 'length > most { exit 1 }' "$scratch/help"
    ok $? "$command --help fits a terminal"
done
try "$SPOOR" help rnu
status 2 "help of an unknown command"
like "$err" "did you mean 'run'\?" "help of an unknown command: nearest name"
try "$SPOOR" completion fish
status 2 "completion for another shell"
for words in "status a b" "runs a b" "log a b" "help run check" "completion bash zsh"; do
    # shellcheck disable=SC2086 # words on purpose
    try "$SPOOR" $words
    status 2 "too many words: $words"
done

# --- where nothing was run ------------------------------------------------------------------------
for command in runs status log; do
    try "$SPOOR" $command
    status 1 "$command where nothing was run"
    like "$err" 'nothing has been run' "$command says so"
done
is "$(listing | wc -l)" 1 "looking makes no files"

# --- man pages --------------------------------------------------------------------------------------
if command -v groff >/dev/null 2>&1; then
    for page in "" $commands; do
        # shellcheck disable=SC2086 # no word for the program itself
        "$SPOOR" help --man $page >"$scratch/page.1"
        try groff -man -Tutf8 -ww -z "$scratch/page.1"
        is "$(cat "$err")" "" "groff takes the man page '${page:-spoor}' without a warning"
    done
else
    skip "man pages through groff" "there is no groff"
fi
if command -v man >/dev/null 2>&1 && [ ! -L "$(command -v man)" ]; then
    "$SPOOR" help --man run >"$scratch/spoor-run.1"
    try man --warnings -l "$scratch/spoor-run.1"
    status 0 "man -l"
    like "$out" 'dry-run' "man -l shows the options"
    is "$(cat "$err")" "" "man -l has nothing to complain about"
else
    skip "man -l" "man is not installed"
fi

# --- completion -------------------------------------------------------------------------------------
complete_words() { # WORD...: what bash would offer for the last one
    # shellcheck disable=SC2016 # for bash, not for us
    PATH=$(dirname "$SPOOR"):$PATH bash -c '
        . "$1"; shift
        COMP_WORDS=(spoor "$@"); COMP_CWORD=$#
        _spoor
        printf "%s\n" "${COMPREPLY[@]}"' bash "$scratch/completion" "$@"
}
if command -v bash >/dev/null 2>&1; then
    try bash -n "$scratch/completion"
    status 0 "the bash script is valid"
    mkdir sub
    touch recipe.yml notes.txt
    is "$(complete_words st)" status "completes a command"
    is "$(complete_words run --dry)" --dry-run "completes an option"
    is "$(complete_words run re)" recipe.yml "completes a recipe file"
    is "$(complete_words check no)" "" "does not offer other files"
    is "$(complete_words run su)" sub "completes a directory"
    is "$(complete_words doc wsc)" wsclean "completes a cab"
    is "$(complete_words help comp)" completion "completes what help is asked about"
    is "$(complete_words status "")" "" "nothing to complete, no error"
    cat >steps.yml <<'END'
cabs: {say: {command: echo}}
inner: {steps: {deep: {cab: say, tags: [in]}}}
outer: {steps: {image: {cab: say, tags: [a, b]}, inside: {recipe: inner, tags: [a]}}}
END
    is "$(complete_words run steps.yml outer -s i)" "image
inside
inside.deep" "completes a step"
    is "$(complete_words run steps.yml outer -s image --skip-step inside.)" inside.deep "completes a step of a nested recipe"
    is "$(complete_words run steps.yml outer -t "")" "a
b
inside.in" "completes a tag"
    is "$(complete_words run nosuch.yml -s "")" "" "no such recipe: nothing, no error"
    is "$(complete_words run -s "")" "" "no recipe yet: nothing"
    "$SPOOR" completion zsh | sed 1d | cmp -s - "$scratch/completion"
    ok $? "zsh uses the same functions"
else
    skip "completion" "there is no bash"
fi

# --- doc ----------------------------------------------------------------------------------------------
try "$SPOOR" doc
status 0 "doc"
for cab in simms simulator wsclean fitspicture fluxcheck; do
    like "$out" "^$cab  +[A-Z]" "doc lists $cab with a line about it"
done
for cab in simms simulator wsclean fitspicture fluxcheck; do
    try "$SPOOR" doc $cab
    status 0 "doc $cab"
    like "$out" "^Cab: $cab" "doc $cab: heading"
    like "$out" 'inputs' "doc $cab: its inputs"
    cp "$out" "$scratch/normal"
    try "$SPOOR" doc --all $cab
    [ "$(wc -l <"$out")" -ge "$(wc -l <"$scratch/normal")" ]
    ok $? "doc --all $cab says at least as much"
    try "$SPOOR" doc --required $cab
    [ "$(wc -l <"$out")" -lt "$(wc -l <"$scratch/normal")" ]
    ok $? "doc --required $cab says less"
done
try "$SPOOR" doc wscleam
status 2 "doc of an unknown cab"
like "$err" "did you mean 'wsclean'\?" "doc of an unknown cab: nearest name"
try "$SPOOR" doc "$root/recipes/demo.yml" demo
status 0 "doc of a recipe"
for word in synthesis skymodel images 'simms  +simms' compare; do
    like "$out" "$word" "doc of a recipe has $word"
done

# --- lists -----------------------------------------------------------------------------------------
try "$SPOOR" help --functions
status 0 "help --functions"
like "$out" '^GLOB\(' "functions: GLOB"
try "$SPOOR" help --diagnostics
status 0 "help --diagnostics"
like "$out" '^R0201 ' "diagnostics: R0201"
is "$(cut -d' ' -f1 "$out" | sort | uniq -d)" "" "each code stands once"

# --- output that cannot be written ---------------------------------------------------------------
for words in --version --help "doc" "doc wsclean" "help --functions" "completion bash"; do
    if [ -c /dev/full ]; then
        # shellcheck disable=SC2086 # words on purpose
        "$SPOOR" $words >/dev/full 2>"$err"
        rc=$?
        status 1 "full device: $words"
        like "$err" 'cannot write to standard output' "full device: $words says so"
    fi
    # shellcheck disable=SC2086 # words on purpose
    "$SPOOR" $words >&- 2>"$err"
    rc=$?
    status 1 "closed stdout: $words"
done
finish
