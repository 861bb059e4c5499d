#!/bin/sh
# SPDX-License-Identifier: BSD-3-Clause
# What the documentation says is true: recipes in it load, generated pages are up to date, the
# installed program works.
# shellcheck source=tap.sh
. "$(dirname "$0")/tap.sh"

build=$(dirname "$SPOOR")
manual=$root/doc/manual

# --- blocks of YAML ---------------------------------------------------------------------------------
# blocks FILE: writes each ```yaml block to block-N.yml in the current directory
blocks() {
    awk '/^```yaml$/ { n++; inside = 1; next }
         /^```/ { inside = 0 }
         inside { print > ("block-" n ".yml") }' "$1"
}

blocks "$root/README.md"
grep -v '^#' "$root/recipes/quick-look.yml" | diff - block-1.yml >"$out"
ok $? "the README's recipe is recipes/quick-look.yml" || show
rm -f block-*.yml

# Tools that are not installed here are no fault of the manual.
loads() { # FILE NAME
    if grep -q '^ *steps:' "$1"; then
        try "$SPOOR" check "$1"
    else
        printf 'cabs: {nothing: {command: "true"}}\nr: {steps: {a: {cab: nothing}}}\n' >any.yml
        try "$SPOOR" check any.yml --config "$1"
    fi
    ! grep ': error: ' "$err" | grep -qv 'R0601'
    ok $? "$2 loads" || show
}
for page in "$manual"/*.md; do
    blocks "$page"
    for block in block-*.yml; do
        [ -e "$block" ] || continue
        loads "$block" "$(basename "$page") ${block%.yml}"
    done
    rm -f block-*.yml
done
for recipe in "$root"/recipes/*.yml; do
    cp "$recipe" "$root"/recipes/*.txt .
    loads "$(basename "$recipe")" "recipes/$(basename "$recipe")"
    try "$SPOOR" doc "$(basename "$recipe")"
    [ "$rc" -eq 0 ] || [ "$rc" -eq 2 ]
    ok $? "doc of recipes/$(basename "$recipe")"
done
rm -f ./*.txt ./*.yml

# The example of cabs.md gives the command line that it says it gives.
blocks "$manual/cabs.md"
# shellcheck disable=SC2016 # backquotes are meant
want=$(sed -n 's/^runs `\(.*\)`\.$/\1/p' "$manual/cabs.md")
try "$SPOOR" plan block-1.yml
like "$out" "^ *\\\$ $want\$" "cabs.md: '$want'"
rm -f block-*.yml

# --- generated pages ----------------------------------------------------------------------------------
for page in commands functions cargo; do
    "$root/tools/gen-docs" "$build" $page >"$scratch/page" 2>&1
    diff -u "$manual/$page.md" "$scratch/page" >"$out"
    ok $? "$page.md is up to date (else: tools/gen-docs BUILD)" || show
done
unlike "$manual/cargo.md" '/(tmp|home|work|root)/' "no places of one machine in the manual"

# --- findings -----------------------------------------------------------------------------------------
"$SPOOR" help --diagnostics | cut -d' ' -f1 | sort >"$scratch/codes"
sed -n 's/^| \(R[0-9]*\) |.*/\1/p' "$manual/diagnostics.md" | sort >"$scratch/rows"
is "$(cat "$scratch/rows")" "$(cat "$scratch/codes")" "diagnostics.md has a row for each code"

# --- links -----------------------------------------------------------------------------------------------
for page in "$root"/*.md "$manual"/*.md "$root"/doc/design/*.md; do
    grep -o '](\([^)#: ]*\)' "$page" | sed 's/^](//' | while read -r target; do
        [ -z "$target" ] || [ -e "$(dirname "$page")/$target" ] || echo "$target"
    done >"$scratch/broken"
    is "$(cat "$scratch/broken")" "" "links of $(basename "$page")"
done

# --- installation -------------------------------------------------------------------------------------------
if command -v meson >/dev/null 2>&1 && [ -f "$build/build.ninja" ]; then
    try meson install -C "$build" --no-rebuild --quiet --destdir "$scratch/dest"
    status 0 "meson install"
    bin=$(dirname "$(find "$scratch/dest" -type f -name spoor -path '*/bin/*')")
    for program in spoor simms simulator fitspicture fluxcheck; do
        [ -x "$bin/$program" ]
        ok $? "installed: $program"
    done
    share=$(dirname "$bin")/share
    for file in man/man1/spoor.1 man/man1/spoor-run.1 bash-completion/completions/spoor \
        spoor/cabs/simms.yml spoor/recipes/demo.yml; do
        [ -s "$share/$file" ]
        ok $? "installed: $file"
    done
    try "$bin/spoor" --version
    status 0 "the installed program"
    try strace -f -e trace=openat -o "$scratch/trace" "$bin/spoor" doc simms
    if [ "$rc" -eq 0 ]; then
        like "$scratch/trace" "bin/\.\./share/spoor/cabs/simms.yml" "the installed program reads the installed cabs"
    fi
    cp "$share/spoor/recipes/quick-look.yml" "$share/spoor/recipes/nvss-1deg.txt" .
    try "$bin/spoor" plan quick-look.yml
    like "$out" '\$ simms ' "the installed program plans an installed recipe"
    rm -f ./*.yml ./*.txt
    try "$bin/spoor" run simms msname=tiny.ms telescope=meerkat direction=J2000,0deg,-30deg \
        synthesis=0.01 dtime=10s freq0=1GHz nchan=1
    status 0 "the installed program runs an installed tool"
    [ -e tiny.ms/table.dat ]
    ok $? "which makes what it should"
else
    skip "installation" "no meson, or not its build directory"
fi
finish
