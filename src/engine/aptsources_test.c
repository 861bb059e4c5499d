/* SPDX-License-Identifier: BSD-3-Clause */
#include "engine/aptsources.h"

#include "base/tap.h"

#define DEBIAN "Types: deb\nURIs: http://m/debian\nSuites: "

static const struct {
    const char *name;
    bool is_stanzas;
    const char *text, *want;
} cases[] = {
    { "a line", false, "deb http://m/debian bookworm main contrib\n",
      DEBIAN "bookworm\nComponents: main contrib\n\n" },
    { "with options", false,
      "deb [ arch=amd64 signed-by=/k.gpg trusted=yes ] http://m/debian bookworm main",
      DEBIAN "bookworm\nComponents: main\nSigned-By: /k.gpg\nTrusted: yes\n\n" },
    { "updates and security", false,
      "deb http://m/debian bookworm-updates main\ndeb http://m/debian bookworm-security main\n",
      DEBIAN "bookworm-updates\nComponents: main\n\n" DEBIAN
             "bookworm-security\nComponents: main\n\n" },
    { "sources, comments, other suites", false,
      "deb-src http://m/debian bookworm main\n# deb http://m/debian bookworm main\n"
      "deb http://m/debian trixie main\ndeb http://m/x bookworm-backports main\n"
      "deb http://m/x my-bookworm main\ndeb\n\n[\ndeb [ http://m/debian bookworm main",
      "" },
    { "a stanza", true,
      "# my mirror\nTypes: deb deb-src\n# http://snapshot\nURIs: http://m/debian\n"
      "Suites: bookworm trixie bookworm-updates\nComponents: main\nSigned-By: /k.gpg\n",
      DEBIAN "bookworm bookworm-updates\nComponents: main\nSigned-By: /k.gpg\n\n" },
    { "a key that is written out", true,
      "types: deb\nuris: http://m/debian\nsuites: bookworm\ncomponents: main\nsigned-by:\n"
      " -----BEGIN-----\n .\n abc\n",
      DEBIAN "bookworm\nComponents: main\nSigned-By: \n -----BEGIN-----\n .\n abc\n\n" },
    { "not enabled; no suite; two stanzas", true,
      "Enabled: no\nTypes: deb\nURIs: http://m/debian\nSuites: bookworm\n\n\n"
      "Types: deb\nURIs: http://m/debian\nSuites: sid\n\nnonsense\n next\n:\n\n"
      "Types: deb\nURIs: http://m/debian\nSuites: bookworm\nComponents: main",
      DEBIAN "bookworm\nComponents: main\n\n" },
    { "nothing", true, "", "" },
};

int main(void)
{
    for (size_t i = 0; i < SP_COUNT(cases); i++) {
        sp_auto_buf struct sp_buf out = SP_BUF(SP_BUF_SMALL);
        size_t count = sp_apt_sources_pick(sp_str_of(cases[i].text), cases[i].is_stanzas,
                                           SP_STR("bookworm"), &out);
        bool fine = strcmp(out.ptr, cases[i].want) == 0 && (count > 0) == (out.len > 0);
        if (!tap_ok(fine, "%s", cases[i].name))
            printf("# got %zu: %s\n", count, out.ptr);
    }
    return tap_done();
}
